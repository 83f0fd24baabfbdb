// Answers: what Python says, and how it changes the state.
// In: messages. Out: the changed state, shown. Left to others: what was asked (acts.js).

/** @import { AssumptionRow, Bench, CaseView, CurveContent, Frame, MindRow, Point, Review, Terms, Trust, View } from "./types.js" */
import { assumptionDialog } from "./assumption_dialog.js";
import { readCurve } from "./curves.js";
import { reviewDialog } from "./export_dialog.js";
import { keyOf, leversOf } from "./limits.js";
import { capital } from "./numbers.js";
import { ruleAnswersOf } from "./rule_answers.js";
import { save } from "./saving.js";
import { contextOf } from "./state.js";

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
      store.change({ view: { ...message, context: contextOf(store.state, asked) } });
      screen.root.dataset.viewMs = (performance.now() - asked.at).toFixed(0);
      if (store.state.isDirty) acts.send();
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
      const { id, count, isDirty, orders, shownCase } = store.state;
      if (order !== `${id}:${count}` || isDirty) return;
      store.change({ isSettled: true });
      if (shownCase) bench.ask({ ask: "case", facts: shownCase.facts });
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

    presets(/** @type {Pick<Frame, "presets" | "points" | "levers">} */ { presets, points, levers }) {
      store.change({ frame: { ...store.state.frame, presets, points, levers }, levers: leversOf({ levers }) });
      screen.limits.refit(bench.read());
      screen.header.listPolicies(store.state.frame);
      bench.show();
    },

    frontier(/** @type {{ points: Point[] }} */ { points }) {
      store.change({ frontier: points });
      bench.show();
    },

    case(/** @type {CaseView} */ message) {
      store.change({ shownCase: message });
      screen.oneCase.choose(message);
      screen.oneCase.show(bench.read());
    },

    assumptions: (/** @type {{ rows: AssumptionRow[], trusts: Trust[], before: string }} */ message) =>
      bench.open(assumptionDialog(bench, message)),

    before(/** @type {{ words: string }} */ { words }) {
      const line = screen.root.querySelector("[data-before]");
      if (line) line.textContent = words;
    },

    assumed(/** @type {{ frame: Frame, values: Record<string, number> }} */ { frame, values }) {
      const { shownCase } = store.state;
      store.change({ frame, levers: leversOf(frame), assumed: values, curves: new Map(), frontier: null, onBudget: {}, lookedAt: "" });
      screen.begin(bench.read());
      acts.changed(Object.keys(values).length ? "Assumptions changed" : "Assumptions as the scenario has them");
      bench.ask({ ask: "study" });
      if (shownCase) bench.ask({ ask: "case", facts: shownCase.facts });
    },

    review: (/** @type {Review} */ review) => screen.dialog.isOpen() && bench.open(reviewDialog(bench, review, screen.header.line())),

    exported(/** @type {{ files: string[], place: string }} */ { files, place }, buffers) {
      files.forEach((file, i) => save(file, buffers[i], "application/octet-stream"));
      bench.say(`Written to ${place}, and downloaded: ${files.join(", ")}.`);
    },

    loaded: (/** @type {Terms & { name: string }} */ { name, ...terms }) => acts.setTerms(terms, `Opened ${name}`),
    busy: (message) => screen.status.showBusy(message),
    over: () => screen.status.showOver(),

    problem(/** @type {{ words: string } & Ordered} */ { words, order }) {
      // nothing will come of what was asked; the next move asks anew
      if (!order || order === store.state.pending) store.change({ pending: "", isSettled: true });
      bench.show();
      bench.say(capital(words), true);
    },

    note: (/** @type {{ words: string }} */ { words }) => bench.say(words),
  };
}
