// Assumption answers: what Python says of assumptions, and how it changes the state.
// In: messages. Out: the changed state, shown; what stands in the dialog. Left to others: the dialog
// (assumption_dialog.js), what was asked (acts.js).

/** @import { Assumed, Bench, Frame, Matter, Readings } from "./types.js" */
import { assumptionDialog } from "./assumption_dialog.js";
import { leversOf } from "./limits.js";

/**
 * @param {Bench} bench
 * @param {import("./answers.js").Screen} screen
 * @returns {Record<string, (message: any) => void>}
 */
export function assumptionAnswersOf(bench, screen) {
  const { store, acts } = bench;
  /** @type {ReturnType<typeof assumptionDialog> | undefined} what was opened last */
  let assumptions;
  return {
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
      if (!store.state.frontier) acts.study();
      if (store.state.isDirty && !store.state.pending) acts.send();
    },

    before(/** @type {{ words: string }} */ { words }) {
      const line = screen.root.querySelector("[data-before]");
      if (line) line.textContent = words;
    },

    assumed(/** @type {{ frame: Frame, values: Assumed, words: string }} */ { frame, values, words }) {
      store.change({ frame, levers: leversOf(frame), assumed: values, curves: new Map(), frontier: null, doubts: null, lookedAt: "" });
      screen.begin(bench.read());
      acts.reassumed(values);
      bench.say(words);
      acts.study();
    },
  };
}
