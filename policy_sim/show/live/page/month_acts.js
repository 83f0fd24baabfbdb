// Month acts: asking what a policy costs month by month.
// In: a tab that is opened, limits that rest. Out: questions. Left to others: what comes back (rule_answers.js).

/** @import { Bench } from "./types.js" */

/** @param {Bench} bench */
export const monthActsOf = (bench) => ({
  /** Ask where somebody looks, the limits rest and it is not known. */
  lookAtMonths() {
    const { tab, isSettled, months, id, count } = bench.store.state;
    if (tab === "months" && isSettled && months?.context !== bench.read().context) bench.ask({ ask: "months", order: `${id}:${count}` });
  },
});
