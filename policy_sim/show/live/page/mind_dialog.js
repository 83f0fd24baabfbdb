// All assumptions: how far each alone moves the difference, those that move it most first.
// In: a reading, and the table of all. Out: what the dialog holds. Left to others: the rows (Python).

/** @import { MindRow, Reading } from "./types.js" */
import { draw, picture } from "./drawing.js";
import { node, scrolling } from "./elements.js";
import { fitted } from "./lettering.js";
import { copied } from "./tables.js";

const SHOWN = 10;
const [WIDTH, LEFT, LINE] = [700, 310, 22];

/** @param {Reading} reading @param {HTMLTableElement} table */
export function mindDialog(reading, table) {
  const what = `Difference in ${reading.valueTitle.toLowerCase()} a year against ${reading.theBase} with one assumption at a time at each end of what is plausible`;
  return [
    node("h3", {}, "All assumptions"),
    node("p", { class: "ps-muted" }, `${what}: those that move it most, then all, those that come nearest to turning it first.`),
    tornado(reading, reading.state.minds.rows),
    scrolling("All assumptions", copied(table)),
  ];
}

/** Those that move it most, most first. @param {Reading} reading @param {readonly MindRow[]} all */
export function tornado(reading, all) {
  const swing = (/** @type {MindRow} */ row) => Math.abs(row.difference_high - row.difference_low);
  const rows = [...all].sort((one, other) => swing(other) - swing(one)).slice(0, SHOWN);
  const height = LINE * rows.length + 24;
  const cash = (/** @type {number} */ value) => reading.cash(value, true);
  const svg = picture(rows.map((row) => `${row.title}: ${cash(row.difference_low)} to ${cash(row.difference_high)}`).join(". "));
  svg.setAttribute("width", String(WIDTH));
  svg.setAttribute("height", String(height));
  const ends = rows.flatMap((row) => [row.difference_low, row.difference_high, row.difference_today, 0]);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const x = (/** @type {number} */ value) => LEFT + 56 + ((value - least) / (most - least || 1)) * (WIDTH - LEFT - 112);
  rows.forEach((row, i) => {
    const y = LINE * i;
    const [from, to] = [Math.min(row.difference_low, row.difference_high), Math.max(row.difference_low, row.difference_high)];
    draw(svg, "text", { x: 0, y: y + 14 }, fitted(row.title, LEFT - 16));
    draw(svg, "rect", { x: x(from), y: y + 5, width: Math.max(x(to) - x(from), 1), height: 10, class: "ps-accent-fill" });
    draw(svg, "text", { x: x(from) - 6, y: y + 14, "text-anchor": "end" }, cash(from));
    draw(svg, "text", { x: x(to) + 6, y: y + 14 }, cash(to));
  });
  if (rows.length) {
    const today = x(rows[0].difference_today);
    draw(svg, "path", { d: `M${today} 0V${height - 20}`, class: "ps-bound" });
    draw(svg, "text", { x: today, y: height - 6, "text-anchor": "middle" }, "as assumed");
    draw(svg, "path", { d: `M${x(0)} 0V${height - 20}`, class: "ps-zero" });
  }
  return svg;
}
