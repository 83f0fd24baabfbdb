// Answers: what Python says, and how it changes the state.
// In: messages. Out: the changed state, shown. Left to others: what was asked (acts.js).

/** @import { Assumed, Bench, CurveContent, Exported, Frame, Matter, MindRow, Point, Readings, Review, Terms, View } from "./types.js" */
import { assumptionDialog } from "./assumption_dialog.js";
import { budgetAnswersOf } from "./budget_line.js";
import { caseAnswersOf } from "./case_asking.js";
import { readCurve } from "./curves.js";
import { exportedWords, reviewDialog } from "./export_dialog.js";
import { keyOf, leversOf } from "./limits.js";
import { capital } from "./numbers.js";
import { ruleAnswersOf } from "./rule_answers.js";
import { save } from "./saving.js";
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
  /** @type {ReturnType<typeof assumptionDialog> | undefined} what was opened last */
  let assumptions;
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

    frontier(/** @type {{ points: Point[] }} */ { points }) {
      store.change({ frontier: points });
      bench.show();
    },

    assumptions(/** @type {import("./assumption_dialog.js").Content} */ message) {
      assumptions = assumptionDialog(bench, message);
      bench.open(assumptions.content);
    },

    matter: (/** @type {{ matter: Matter }} */ { matter }) => assumptions?.showMatter(matter),

    readings(/** @type {Readings} */ message) {
      if (screen.dialog.isOpen()) assumptions?.showReadings(message);
      if (message.is_taken) bench.closeDialog();
      if (!message.is_refused || screen.dialog.isOpen()) return;
      // from a link, or from where nobody typed anything
      bench.say(`What was assumed cannot be used: ${Object.values(message.problems)[0] ?? message.problem}`, true);
      if (!store.state.frontier) bench.ask({ ask: "study" });
      if (store.state.isDirty && !store.state.pending) acts.send();
    },

    before(/** @type {{ words: string }} */ { words }) {
      const line = screen.root.querySelector("[data-before]");
      if (line) line.textContent = words;
    },

    assumed(/** @type {{ frame: Frame, values: Assumed, words: string }} */ { frame, values, words }) {
      store.change({ frame, levers: leversOf(frame), assumed: values, curves: new Map(), frontier: null, lookedAt: "" });
      screen.begin(bench.read());
      acts.changed(Object.keys(values).length ? "Assumptions changed" : "Assumptions as the scenario has them");
      bench.say(words);
      bench.ask({ ask: "study" });
    },

    review: (/** @type {Review} */ review) => screen.dialog.isOpen() && bench.open(reviewDialog(bench, review, screen.header.line())),

    exported(/** @type {Exported} */ message, buffers) {
      save(message.download, buffers[0], "application/octet-stream");
      bench.say(exportedWords(message, store.state.frame));
    },

    loaded: (/** @type {Terms & { name: string }} */ { name, ...terms }) => acts.setTerms(terms, `Opened ${name}`),
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
