// Doubts: which assumption could make the limits in force the better ones, whatever is in hand.
// In: a reading. Out: what the dialog holds. Left to others: the rows (Python), those of the policy in hand (mind.js).

/** @import { Reading } from "./types.js" */
import { button, node, scrolling } from "./elements.js";
import { cellsOf, HEADS, sentenceOf } from "./mind.js";
import { tornado } from "./mind_dialog.js";
import { fill } from "./tables.js";

const [SHOWN, WIDTH] = [4, 640];
const WAITING = "Being worked out: each assumption alone, from one end of what is plausible to the other …";

/** @param {Reading} reading @param {() => void} onStudy to have it worked out, where that was given up */
export function doubtsDialog(reading, onStudy = () => {}) {
  const heading = node("h3", {}, "What if we are wrong?");
  const { doubts, isStudyCancelled } = reading.state;
  if (!doubts && isStudyCancelled) return [heading, node("p", {}, "Not worked out: cancelled. ", button("Work it out", { class: "ps-link" }, onStudy))];
  if (!doubts) return [heading, node("p", { "data-doubts": "" }, WAITING)];
  const turning = doubts.filter((row) => row.turns_at !== null).length;
  const force = `“${reading.approved.title}”`;
  const words = turning
    ? `${turning} of ${doubts.length} assumptions, each alone, could make ${force} the better choice.`
    : `No assumption alone, wherever it lies in what is plausible, makes ${force} the better choice.`;
  const width = Math.min(WIDTH, window.innerWidth - 64);
  const table = node("table");
  fill(table, HEADS, doubts.map((row) => cellsOf(reading, row)));
  return [
    heading,
    node("p", {}, words),
    node("div", { class: "ps-sentences" }, ...doubts.slice(0, SHOWN).map((row) => sentenceOf(row, force, width))),
    node("h4", {}, "What moves the gain most"),
    scrolling("What moves the gain most", tornado(reading, doubts)),
    scrolling("All assumptions", table),
  ];
}
