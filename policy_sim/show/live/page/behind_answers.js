// Behind answers: what Python says of what is behind the screen: how a number comes about, what gives the same figures
// again, what happens month by month.
// In: messages. Out: a dialog, or the changed state. Left to others: what was asked (tiles.js, policy_menu.js,
// month_acts.js).

/** @import { Bench, Chain, MonthsView, Reproduced } from "./types.js" */
import { chainDialog } from "./chain_dialog.js";
import { reproduceDialog } from "./reproduce_dialog.js";

/**
 * @param {Bench} bench
 * @param {(order: string) => string} contextFor
 */
export const behindAnswersOf = (bench, contextFor) => ({
  chain: (/** @type {Chain & { outcome: string }} */ message) => bench.open(chainDialog(bench, message)),

  reproduce: (/** @type {Reproduced} */ message) => bench.open(reproduceDialog(bench, message)),

  months(/** @type {MonthsView & { readonly order: string }} */ { order, ...months }) {
    bench.store.change({ months: { ...months, context: contextFor(order) } });
    bench.show();
  },
});
