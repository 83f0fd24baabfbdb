// Parts: where the difference in net value comes from: its parts, or failures, or kinds of customers.
// In: a reading. Out: its section. Left to others: what net value is made of (the frame).

/** @import { Bench, LevelNow, Reading, Split } from "./types.js" */
import { draw, sized } from "./drawing.js";
import { press, segmented } from "./elements.js";
import { section } from "./section.js";
import { fill } from "./tables.js";
import { drawWaterfall } from "./waterfall.js";

const HEIGHT = 224;
const NOTHING = 1e-7; // of the net value: what rounding leaves, for which no bar is drawn
const HELP =
  "How much of the difference comes from each part. Solid bars add to net value, hatched ones take from it; the line through the last bar holds nine in ten of the ways the assumptions may turn out.";
/** @type {readonly (readonly [Split, string])[]} */
const SPLITS = [["parts", "parts"], ["failures", "failures"], ["segments", "customers"]];

/** @typedef {import("./waterfall.js").Row} Row */

/** @param {Bench} bench */
export function partsOf(bench) {
  const part = section("parts", bench.id, HELP);
  const splits = segmented("Split by", SPLITS, bench.acts.splitBy);
  part.note.after(splits);
  return {
    part,
    /** @param {Reading} reading where something is known */
    show(reading) {
      const { split } = reading.state;
      press(splits, split);
      part.title.textContent = "Where the difference comes from";
      part.note.textContent = `${reading.valueTitle} ${reading.period} against ${reading.theBase}`;
      const rows = split === "parts" ? partRows(reading) : splitRows(reading, split);
      const { now } = reading;
      const { change, low, high } = now;
      rows.push({ title: `${reading.valueTitle} ${reading.period}`, change, from: 0, to: change, isTotal: true, likely: [low, high] });
      if (rows.every((row) => Math.abs(row.change) <= NOTHING * Math.abs(now.level))) rows.forEach((row) => (row.change = 0));
      const width = sized(part, HEIGHT);
      const [lineHeight, thick] = split === "parts" ? [44, 14] : [28, 7];
      const look = { hatchId: `${bench.id}-parts-hatch`, width, lineHeight, thick, hasJoins: split === "parts" };
      drawWaterfall(part.svg, rows, { ...look, text: (/** @type {number} */ worth) => reading.worth(worth, true) });
      if (split !== "parts" && !reading.isViewFresh)
        draw(part.svg, "text", { x: width / 2, y: HEIGHT / 2, "text-anchor": "middle" }, "Working it out …");
      const texts = rows.map((row) => [row.title, reading.worth(row.change, true)]);
      part.svg.setAttribute("aria-label", texts.map(([title, text]) => `${title}: ${text}`).join(". "));
      fill(part.table, ["Part", part.note.textContent], texts);
    },
  };
}

/**
 * Each part from where the one before it ends: what is added up is the change in all.
 * @param {Reading} reading
 * @returns {Row[]}
 */
function partRows(reading) {
  let sum = 0;
  return reading.frame.parts.map((name) => {
    const { title, note, sign } = reading.frame.outcomes[name];
    const change = sign * /** @type {LevelNow} */ (reading.read(name)).change;
    const from = sum;
    sum += change;
    return { title: note ? `${title}, ${note}` : title, change, from, to: sum };
  });
}

/** @param {Reading} reading @param {"failures" | "segments"} split @returns {Row[]} */
function splitRows({ state, isViewFresh }, split) {
  const rows = state.view && isViewFresh ? state.view[split] : [];
  return rows.map(({ title, change }) => ({ title, change, from: 0, to: change }));
}
