// Parts: where the difference in net value comes from: its parts, or failures, or kinds of customers.
// In: a reading. Out: its section. Left to others: what net value is made of (the frame).

/** @import { Bench, LevelNow, Reading, Section, Split } from "./types.js" */
import { draw, hatch, sized } from "./drawing.js";
import { press, segmented } from "./elements.js";
import { section } from "./section.js";
import { fill } from "./tables.js";

const HEIGHT = 224;
const NOTHING = 1e-7; // of the net value: what rounding leaves, for which no bar is drawn
const HELP =
  "How much of the difference comes from each part. Solid bars add to net value, hatched ones take from it; the line through the last bar holds nine draws in ten.";
/** @type {readonly (readonly [Split, string])[]} */
const SPLITS = [["parts", "parts"], ["failures", "failures"], ["segments", "customers"]];

/** @typedef {{ title: string, change: number, from: number, to: number, isTotal?: boolean }} Row */

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
      rows.push({ title: `${reading.valueTitle} ${reading.period}`, change: now.change, from: 0, to: now.change, isTotal: true });
      if (rows.every((row) => Math.abs(row.change) <= NOTHING * Math.abs(now.level))) rows.forEach((row) => (row.change = 0));
      const width = sized(part, HEIGHT);
      hatch(part.svg, `${bench.id}-parts-hatch`);
      drawRows(part, reading, rows, now, width);
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

/**
 * @param {Section} part
 * @param {Reading} reading
 * @param {readonly Row[]} rows
 * @param {LevelNow} total
 * @param {number} width
 */
function drawRows({ svg }, reading, rows, total, width) {
  const areParts = reading.state.split === "parts";
  const [lineHeight, thick] = areParts ? [44, 14] : [28, 7];
  const ends = [...rows.flatMap((row) => [row.from, row.to]), total.low, total.high, 0];
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const isNothing = rows.every((row) => row.change === 0);
  const x = (/** @type {number} */ value) => 2 + ((value - least) / (most - least || 1)) * (width - 4);
  rows.forEach((row, i) => {
    const y = i * lineHeight;
    const figure = row.isTotal ? "ps-strong ps-word-now" : "ps-strong";
    draw(svg, "text", { x: 0, y: y + 13, class: row.isTotal ? "ps-strong" : "" }, row.title);
    draw(svg, "text", { x: width, y: y + 13, "text-anchor": "end", class: figure }, reading.worth(row.change, true));
    if (isNothing) return;
    const [a, b] = [Math.min(x(row.from), x(row.to)), Math.max(x(row.from), x(row.to))];
    const isHatched = row.change < 0 && !row.isTotal;
    const kind = row.isTotal ? "ps-accent-fill" : isHatched ? "" : "ps-gain-fill";
    const bar = draw(svg, "rect", { x: a, y: y + 19, width: Math.max(b - a, 0.5), height: thick, class: kind });
    if (isHatched) bar.setAttribute("fill", `url(#${reading.state.id}-parts-hatch)`);
    draw(svg, "path", { d: `M${x(0)} ${y + 17}v${thick + 4}`, class: "ps-zero" });
    if (row.isTotal) drawWhisker(svg, x(total.low), x(total.high), y + 19, thick);
    else if (areParts && i + 1 < rows.length)
      draw(svg, "path", { d: `M${x(row.to)} ${y + 19 + thick}v${lineHeight - thick}`, class: "ps-join" });
  });
}

/** @param {SVGSVGElement} svg @param {number} low @param {number} high @param {number} y @param {number} thick */
const drawWhisker = (svg, low, high, y, thick) =>
  draw(svg, "path", { d: `M${low} ${y + thick / 2}H${high}M${low} ${y}v${thick}M${high} ${y}v${thick}`, class: "ps-whisker" });
