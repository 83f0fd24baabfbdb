// Waterfall: bars of which each begins where the one before it ends.
// In: rows with their ends. Out: what is drawn. Left to others: what the rows are (parts.js, gap.js).

import { draw, hatch } from "./drawing.js";

/**
 * @typedef {object} Row
 * @property {string} title
 * @property {number} change
 * @property {number} from
 * @property {number} to
 * @property {boolean} [isTotal]
 * @property {readonly [number, number]} [likely] ends of its interval, on the same scale as `from`
 */
/**
 * @typedef {object} Look
 * @property {string} hatchId
 * @property {number} width
 * @property {number} lineHeight
 * @property {number} thick
 * @property {boolean} hasJoins
 * @property {(change: number) => string} text
 */

/**
 * Bars that add to what is gained are solid, those that take from it hatched.
 * @param {SVGSVGElement} svg
 * @param {readonly Row[]} rows
 * @param {Look} look
 */
export function drawWaterfall(svg, rows, { hatchId, width, lineHeight, thick, hasJoins, text }) {
  hatch(svg, hatchId);
  const ends = [...rows.flatMap((row) => [row.from, row.to, ...(row.likely ?? [])]), 0];
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const isNothing = rows.every((row) => row.change === 0);
  const x = (/** @type {number} */ value) => 2 + ((value - least) / (most - least || 1)) * (width - 4);
  rows.forEach((row, i) => {
    const y = i * lineHeight;
    const figure = `ps-halo ps-strong${row.isTotal ? " ps-word-now" : ""}`;
    draw(svg, "text", { x: 0, y: y + 13, class: `ps-halo${row.isTotal ? " ps-strong" : ""}` }, row.title);
    draw(svg, "text", { x: width, y: y + 13, "text-anchor": "end", class: figure }, text(row.change));
    if (isNothing) return;
    const [a, b] = [Math.min(x(row.from), x(row.to)), Math.max(x(row.from), x(row.to))];
    const isHatched = row.change < 0 && !row.isTotal;
    const kind = row.isTotal ? "ps-accent-fill" : isHatched ? "" : "ps-gain-fill";
    const bar = draw(svg, "rect", { x: a, y: y + 19, width: Math.max(b - a, 0.5), height: thick, class: kind });
    if (isHatched) bar.setAttribute("fill", `url(#${hatchId})`);
    draw(svg, "path", { d: `M${x(0)} ${y + 17}v${thick + 4}`, class: "ps-zero" });
    if (row.likely) drawWhisker(svg, x(row.likely[0]), x(row.likely[1]), y + 19, thick);
    if (hasJoins && !row.isTotal && i + 1 < rows.length)
      draw(svg, "path", { d: `M${x(row.to)} ${y + 19 + thick}v${lineHeight - thick}`, class: "ps-join" });
  });
}

/** @param {SVGSVGElement} svg @param {number} low @param {number} high @param {number} y @param {number} thick */
const drawWhisker = (svg, low, high, y, thick) =>
  draw(svg, "path", { d: `M${low} ${y + thick / 2}H${high}M${low} ${y}v${thick}M${high} ${y}v${thick}`, class: "ps-whisker" });
