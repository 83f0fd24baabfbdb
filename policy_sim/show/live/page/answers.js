// Answers: what Python says, and how it changes the state.
// In: messages. Out: the changed state, shown. Left to others: what was asked (acts.js).

/** @import { Bench, CurveContent, Frame, MindRow, Point, View } from "./types.js" */
import { assumptionAnswersOf } from "./assumption_answers.js";
import { budgetAnswersOf } from "./budget_line.js";
import { caseAnswersOf } from "./case_asking.js";
import { readCurve } from "./curves.js";
import { doubtsDialog } from "./doubts_dialog.js";
import { exportAnswersOf } from "./export_answers.js";
import { keyOf, leversOf } from "./limits.js";
import { capital } from "./numbers.js";
import { ruleAnswersOf } from "./rule_answers.js";
import { contextOf, worthsWith } from "./state.js";

/** @typedef {ReturnType<typeof import("./screen.js").screenOf>} Screen */
/** @typedef {{ readonly order: string }} Ordered */

/**
 * @param {Bench} bench
 * @param {Screen} screen
 * @returns {Record<string, (message: any, buffers: readonly any[]) => void>}
 */
export function answersOf(bench, screen) {
  const { store, acts } = bench;
  return {
    heard: () => screen.status.showHeard(),

    view(/** @type {View & Ordered} */ message) {
      const asked = store.state.orders.get(message.order);
      if (!asked) return;
      if (message.order === store.state.pending) store.change({ pending: "" });
      const worths = worthsWith(store.state, asked, message.outcomes[store.state.frame.value].level);
      store.change({ view: { ...message, context: contextOf(store.state, asked) }, worths });
      screen.root.dataset.viewMs = (performance.now() - asked.at).toFixed(0);
      if (store.state.isDirty) acts.send();
      else acts.refreshCase();
      bench.show();
    },

    curve(/** @type {CurveContent & Ordered} */ message, buffers) {
      const asked = store.state.orders.get(message.order);
      if (!asked) return;
      const key = keyOf(message.tier, message.limit);
      const curve = readCurve(message, buffers);
      if (!curve.ahead) screen.root.dataset.meansMs = (performance.now() - asked.at).toFixed(0);
      store.change({ curves: new Map([...store.state.curves, [key, { curve, context: contextOf(store.state, asked, key) }]]) });
      screen.limits.showCurve(bench.read(), key);
      if (key === bench.read().lever.key) bench.show();
    },

    settled(/** @type {Ordered} */ { order }) {
      const { id, count, isDirty, orders } = store.state;
      if (order !== `${id}:${count}` || isDirty) return;
      store.change({ isSettled: true });
      acts.lookAtRules();
      screen.root.dataset.settledMs = (performance.now() - (orders.get(order)?.at ?? NaN)).toFixed(0);
      bench.show();
    },

    break_evens(/** @type {{ rows: MindRow[], words?: string } & Ordered} */ { rows, words, order }) {
      const asked = store.state.orders.get(order);
      if (asked) store.change({ minds: { rows, words, context: contextOf(store.state, asked) } });
      screen.mind.show(bench.read());
    },

    ...ruleAnswersOf(bench),
    ...budgetAnswersOf(bench),
    ...caseAnswersOf(bench, screen.oneCase),
    ...assumptionAnswersOf(bench, screen),

    presets(/** @type {Pick<Frame, "presets" | "points" | "levers">} */ { presets, points, levers }) {
      store.change({ frame: { ...store.state.frame, presets, points, levers }, levers: leversOf({ levers }) });
      screen.limits.refit(bench.read());
      screen.header.listPolicies(store.state.frame);
      bench.show();
    },

    answer(/** @type {Pick<Frame, "answer">} */ { answer }) {
      store.change({ frame: { ...store.state.frame, answer } });
      bench.show();
    },

    doubts(/** @type {{ rows: MindRow[] }} */ { rows }) {
      store.change({ doubts: rows });
      if (screen.dialog.isOpen() && screen.root.querySelector("[data-doubts]")) bench.open(doubtsDialog(bench.read()));
    },

    frontier(/** @type {{ points: Point[] }} */ { points }) {
      store.change({ frontier: points });
      bench.show();
    },

    ...exportAnswersOf(bench, screen),

    busy: (message) => screen.status.showBusy(message),
    over: () => screen.status.showOver(),

    problem(/** @type {{ words: string } & Ordered} */ { words, order }) {
      const { pending, askedCase, isDirty } = store.state;
      if (order && order === askedCase?.order) store.change({ askedCase: null });
      if (order && order === pending) {
        // nothing will come of what was asked; the next move asks anew
        store.change({ pending: "", isSettled: true });
        if (acts.retreat(words)) return;
        if (isDirty) acts.send();
      }
      bench.show();
      bench.say(capital(words), true);
      const checking = screen.root.querySelector("[data-checking]"); // what stands behind a dialog is not seen
      if (checking) checking.textContent = capital(words);
    },

    left_out: (/** @type {{ parts: string[] }} */ { parts }) => acts.leaveOut(parts),
    note: (/** @type {{ words: string }} */ { words }) => bench.say(words),
  };
}
