// Export answers: what Python says of files: what should be seen before they are written, what was written, what was read.
// In: messages. Out: a dialog, a download, changed limits. Left to others: what was asked (export_dialog.js, policy_menu.js).

/** @import { Bench, Exported, Review, Terms } from "./types.js" */
import { exportedWords, reviewDialog } from "./export_dialog.js";
import { save } from "./saving.js";

/**
 * @param {Bench} bench
 * @param {Pick<import("./answers.js").Screen, "dialog" | "header">} screen
 */
export const exportAnswersOf = (bench, { dialog, header }) => ({
  review: (/** @type {Review} */ review) => dialog.isOpen() && bench.open(reviewDialog(bench, review, header.line())),

  exported(/** @type {Exported} */ message, /** @type {readonly any[]} */ buffers) {
    save(message.download, buffers[0], "application/octet-stream");
    bench.say(exportedWords(message, bench.store.state.frame));
  },

  loaded: (/** @type {Terms & { name: string }} */ { name, ...terms }) => bench.acts.setTerms(terms, `Opened ${name}`),
});
