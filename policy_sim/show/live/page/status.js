// Status: the line that says what goes on, how far it is, and beside it what came of something or went wrong.
// In: words. Out: its element. Left to others: what happened (answers.js, line.js).

/** @import { Bench } from "./types.js" */
import { button, node } from "./elements.js";

/**
 * @param {Bench} bench
 * @param {() => void} onReconnect
 */
export function statusLine(bench, onReconnect) {
  const progress = node("progress", { max: 1, "aria-label": "Progress", hidden: "" });
  const doing = node("span", { hidden: "" });
  const status = node("span", { role: "status" });
  const cancel = button("Cancel", { class: "ps-link", hidden: "" }, () => bench.acts.cancel());
  const reconnect = button("Reconnect", { class: "ps-link", hidden: "" }, onReconnect);

  function say(/** @type {string} */ text, isProblem = false) {
    status.textContent = text;
    status.classList.toggle("ps-problem", isProblem);
  }

  return {
    root: node("div", { class: "ps-status" }, progress, doing, cancel, status, reconnect),
    say,
    showSilence() {
      say("The calculation does not answer: it is busy with something else, or gone. Your limits are kept.", true);
      reconnect.hidden = false;
    },
    showHeard() {
      if (!reconnect.hidden) say("");
      reconnect.hidden = true;
    },
    /** @param {{ words: string, share: number, left: number | null }} message */
    showBusy({ words, share, left }) {
      progress.hidden = false;
      progress.value = share;
      if (share === 0) progress.removeAttribute("value");
      doing.hidden = false;
      doing.textContent = `${words}${left === null ? "" : `, about ${Math.max(1, Math.round(left))} s left`} …`;
      cancel.hidden = false;
    },
    showOver() {
      [progress, doing, cancel].forEach((part) => (part.hidden = true));
    },
  };
}
