// Line: to whoever answers: the kernel, or in a shared file the table.
// In: questions. Out: messages, and a word where no answer comes. Left to others: the answers (answers.js).

/** @import { Model } from "./types.js" */

const SILENT_MS = 5000; // without an answer, until we say that there is none

/**
 * @param {Model} model
 * @param {() => void} onSilence
 */
export function lineTo(model, onSilence) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;
  return {
    /** @param {object} message */
    ask(message) {
      clearTimeout(silence);
      silence = setTimeout(onSilence, SILENT_MS);
      model.send({ order: "", ...message });
    },
    /** Something has come: nobody need be told of silence. */
    heard: () => clearTimeout(silence),
  };
}
