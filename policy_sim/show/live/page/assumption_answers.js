// Assumption answers: what Python says of assumptions, and how it changes the state.
// In: messages. Out: the changed state, shown; the dialog. Left to others: everything else that is said (answers.js).

/** @import { Assumed, Bench, Frame, Matter, Readings } from "./types.js" */
import { assumptionDialog } from "./assumption_dialog.js";
import { leversOf } from "./limits.js";

/** @param {Bench} bench @param {import("./answers.js").Screen} screen */
export function assumptionAnswersOf(bench, screen) {
  const { store, acts } = bench;
  /** @type {ReturnType<typeof assumptionDialog> | undefined} what was opened last */
  let dialog;
  return {
    assumptions(/** @type {import("./assumption_dialog.js").Content} */ message) {
      dialog = assumptionDialog(bench, message);
      bench.open(dialog.content);
    },

    matter: (/** @type {{ matter: Matter }} */ { matter }) => dialog?.showMatter(matter),

    readings(/** @type {Readings} */ message) {
      if (screen.dialog.isOpen()) dialog?.showReadings(message);
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
      const { shownCase } = store.state;
      store.change({ frame, levers: leversOf(frame), assumed: values, curves: new Map(), frontier: null, onBudget: {}, lookedAt: "" });
      screen.begin(bench.read());
      acts.changed(Object.keys(values).length ? "Assumptions changed" : "Assumptions as the scenario has them");
      bench.say(words);
      bench.ask({ ask: "study" });
      if (shownCase) bench.ask({ ask: "case", facts: shownCase.facts });
    },
  };
}
