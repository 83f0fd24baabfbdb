// Gap: what keeps the policy in hand from the best resolution of every case, part by part, in money a year.
// In: a reading. Out: its section. Left to others: the parts (Python), how bars are drawn (waterfall.js).

/** @import { Bench, Reading } from "./types.js" */
import { sized } from "./drawing.js";
import { section } from "./section.js";
import { fill } from "./tables.js";
import { drawWaterfall } from "./waterfall.js";

const [LINE, THICK] = [44, 14];
const HELP =
  "One obstacle after the other is taken away, and the same cases are valued again: each bar is what there would be more without it. What a part comes to depends on that order; that they add up does not. The lines hold nine in ten of the ways the assumptions may turn out.";
const HEADS = ["What stands in the way", "money a year", "from", "to", "Without it"];

/** @param {Bench} bench */
export function gapOf(bench) {
  const part = section("gap", bench.id, HELP);
  return {
    part,
    /** @param {Reading} reading */
    show(reading) {
      const { gap } = reading.state;
      const isFresh = gap?.context === reading.context;
      part.title.textContent = "What is left to gain";
      part.body.classList.toggle("ps-old", !isFresh);
      part.note.textContent = isFresh || !gap ? noteOf(reading) : unknownWords(reading);
      part.svg.toggleAttribute("hidden", !gap);
      if (!gap) return;
      let sum = 0;
      /** @type {import("./waterfall.js").Row[]} */
      const rows = gap.rows.map(({ title, change, low, high }) => {
        const from = sum;
        sum += change;
        return { title, change, from, to: sum, likely: [from + low, from + high] };
      });
      rows.push({ title: "In all, to the best of every case", change: sum, from: 0, to: sum, isTotal: true });
      const width = sized(part, LINE * rows.length);
      const text = (/** @type {number} */ change) => reading.cash(change, true);
      drawWaterfall(part.svg, rows, { hatchId: `${bench.id}-gap-hatch`, width, lineHeight: LINE, thick: THICK, hasJoins: true, text });
      part.svg.setAttribute("aria-label", rows.map(({ title, change }) => `${title}: ${text(change)}`).join(". "));
      const cells = gap.rows.map((row) => [row.title, text(row.change), text(row.low), text(row.high), row.sentence]);
      fill(part.table, HEADS, [...cells, ["In all", text(sum), "", "", "every case gets what is best for it"]]);
    },
  };
}

/** What stands in place of what is not worked out for these limits, or not yet. @param {Reading} reading */
export const unknownWords = ({ frame }) =>
  frame.has_fixed_rules ? "Known for the shared policy alone; the workbench works it out for any." : "Being worked out when the limits rest …";

/** @param {Reading} reading */
function noteOf(reading) {
  const { gap, lookedAt } = reading.state;
  if (gap) return `What this policy would bring more without each obstacle, a year; of ${gap.cases.toLocaleString("en-US")} cases.`;
  if (reading.frame.has_fixed_rules) return unknownWords(reading);
  return lookedAt ? "Being worked out …" : "Worked out once the limits rest.";
}
