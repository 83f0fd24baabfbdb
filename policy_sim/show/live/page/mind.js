// Mind: what would change our mind: how far each assumption alone moves the difference, and where it turns.
// In: a reading. Out: its section. Left to others: the rows (Python), all of them at once (mind_dialog.js).

/** @import { Bench, MindRow, Reading } from "./types.js" */
import { isInHand } from "./against_itself.js";
import { draw, picture } from "./drawing.js";
import { button, node } from "./elements.js";
import { mindDialog } from "./mind_dialog.js";
import { section } from "./section.js";
import { fill } from "./tables.js";

const SHOWN = 4;
const HELP =
  "One assumption moved at a time, all others as they are. Grey: its plausible range. Dot: what is assumed. Mark: where the other policy would be ahead.";
export const HEADS = ["Assumption", "today", "from", "to", "turns at", "at its low end", "at its high end"];

/** @param {Bench} bench */
export function mindOf(bench) {
  const part = section("mind", bench.id, HELP, false);
  const sentences = node("div", { class: "ps-sentences" });
  part.body.replaceChildren(sentences);
  const all = button("All assumptions", { class: "ps-link" }, () => bench.open(mindDialog(bench.read(), part.table)));
  return {
    part,
    /** @param {Reading} reading */
    show(reading) {
      const { minds } = reading.state;
      const isSame = isInHand(reading, { limits: reading.baseLimits, playbook: reading.basePlaybook });
      const isFresh = minds.context === reading.context;
      part.title.textContent = "What would change our mind";
      sentences.classList.toggle("ps-old", !isFresh);
      part.note.replaceChildren(noteOf(reading, isSame, isFresh), ...(minds.rows.length && !isSame ? [all] : []));
      if (isSame) sentences.replaceChildren();
      else if (isFresh || !sentences.childElementCount) {
        const winner = reading.isKnown && reading.now.change > 0 ? reading.theBase : "this policy";
        sentences.replaceChildren(...minds.rows.slice(0, SHOWN).map((row) => sentenceOf(row, winner, part.width)));
        fill(part.table, HEADS, minds.rows.map((row) => cellsOf(reading, row)));
      }
    },
  };
}

/** @param {Reading} reading @param {boolean} isSame @param {boolean} isFresh */
function noteOf({ state: { minds } }, isSame, isFresh) {
  if (isSame) return "The two policies are the same: nothing to weigh.";
  if (!isFresh) return "Being worked out when the limits rest …";
  if (minds.words) return minds.words;
  const count = minds.rows.filter((row) => row.turns_at !== null).length;
  return count ? `${count} of ${minds.rows.length} assumptions could, each alone. ` : "No assumption could, each alone within its range. ";
}

/** @param {Reading} reading @param {MindRow} row */
export const cellsOf = (reading, row) => [
  row.unit ? `${row.title} (${row.unit})` : row.title,
  row.today_words,
  row.low_words,
  row.high_words,
  row.turns_at === null ? "never" : row.turns_at_words,
  reading.cash(row.difference_low, true),
  reading.cash(row.difference_high, true),
];

/**
 * @param {MindRow} row
 * @param {string} winner which policy is the better one where it turns
 * @param {number} partWidth
 */
export function sentenceOf(row, winner, partWidth) {
  const width = Math.max(partWidth, 200);
  const svg = picture();
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", "14");
  const pad = 0.15 * (row.high - row.low);
  const x = (/** @type {number} */ value) => ((value - row.low + pad) / (row.high - row.low + 2 * pad)) * width;
  draw(svg, "path", { d: `M0 7H${width}`, class: "ps-grid" });
  draw(svg, "rect", { x: x(row.low), y: 4, width: x(row.high) - x(row.low), height: 6, class: "ps-plausible" });
  draw(svg, "circle", { cx: x(row.today), cy: 7, r: 4, class: "ps-dot" });
  if (row.turns_at !== null) draw(svg, "path", { d: `M${x(row.turns_at)} 0v14`, class: "ps-turn" });
  return node("div", { class: "ps-sentence" }, node("p", {}, ...wordsOf(row, winner)), svg);
}

/** @param {MindRow} row @param {string} winner */
function wordsOf(row, winner) {
  const today = row.sentence || `it is ${row.today_picture}`;
  const title = node("b", {}, `${row.title}: `);
  if (row.turns_at === null) return [title, `today ${today}; nothing from ${row.between} would change the choice.`];
  return [title, `today ${today}; ${winner} wins if it is ${row.turns}.`];
}
