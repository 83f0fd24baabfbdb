// Months: what the policy in hand costs as it starts and brings later: cash so far, and in each month.
// In: a reading. Out: its section. Left to others: the numbers and their words (Python).

/** @import { Bench, MonthsView, Reading, Section } from "./types.js" */
import { gainAxis, ticksBelow, wordBelow } from "./axes.js";
import { draw, hatch, pathOf, sized } from "./drawing.js";
import { node } from "./elements.js";
import { fitted, placer } from "./lettering.js";
import { capital, lowered, number } from "./numbers.js";
import { section } from "./section.js";
import { fill } from "./tables.js";

const HEIGHT = 444;
const HELP =
  "The policy takes the place of the other today. Line: cash more or less so far, with the band that holds nine in ten of the ways the assumptions may turn out; where it crosses nothing, the policy has paid back. Bars: what comes in and goes out in each month; solid adds to cash, hatched takes from it. Not discounted; the luck of the customers who are followed is not in the band.";

/** @param {Bench} bench */
export function monthsOf(bench) {
  const part = section("months", bench.id, HELP);
  const sentence = node("p", { class: "ps-headline", "aria-live": "polite" });
  part.note.before(sentence);
  return {
    part,
    /** @param {Reading} reading */
    show(reading) {
      const { months } = reading.state;
      const isFresh = months?.context === reading.context;
      part.title.textContent = `Month by month against ${reading.theBase}`;
      part.body.classList.toggle("ps-old", !isFresh);
      part.note.textContent = !isFresh ? "Being worked out when the limits rest …" : (months.problem ?? months.about);
      sentence.textContent = isFresh ? (months.sentence ?? "") : "";
      const isShown = Boolean(months && !months.problem);
      part.svg.toggleAttribute("hidden", !isShown);
      if (!months || !isShown) return;
      drawMonths(part, bench.id, reading, months);
      part.svg.setAttribute("aria-label", months.sentence);
      showTable(part, reading, months);
    },
  };
}

/** @param {Section} part @param {string} id @param {Reading} reading @param {MonthsView} months */
function drawMonths(part, id, reading, months) {
  const width = sized(part, HEIGHT);
  const { svg } = part;
  const [left, right] = [68, width - 16];
  const x = (/** @type {number} */ month) => left + (month / months.rows.length) * (right - left);
  const heading = (/** @type {number} */ y, /** @type {string} */ text) => draw(svg, "text", { x: 0, y, class: "ps-strong" }, text);
  heading(14, "So far");
  drawSoFar(svg, reading, months, { left, right, top: 30, bottom: 240, width }, x);
  hatch(svg, `${id}-months-hatch`);
  const [bought, ...spent] = months.parts;
  const outgoings = spent.map(({ title }) => lowered(title)).join(", ");
  heading(272, fitted(`In each month: ${lowered(bought.title)} (left), ${outgoings} (right)`, width));
  const bars = months.rows.map((row) => ({ month: row.month, gains: [row[bought.name], spent.reduce((sum, { name }) => sum + row[name], 0)] }));
  drawBars(svg, reading, bars, { left, right, top: 288, bottom: HEIGHT - 44, width }, x, `url(#${id}-months-hatch)`);
  const step = right - left < 420 ? 6 : 3;
  const ticks = months.rows.filter(({ month }) => month % step === 0).map(({ month }) => /** @type {const} */ ([x(month), String(month)]));
  ticksBelow(svg, HEIGHT - 40, [[x(0), "start"], ...ticks]);
  wordBelow(svg, (left + right) / 2, HEIGHT - 6, "Months since the policy began");
}

/** @typedef {import("./axes.js").Field & { width: number }} Field */
/** @typedef {(month: number) => number} Across */

/** @param {readonly number[]} ends of what is drawn @returns {[number, number]} with some room, and nothing in between */
function span(ends) {
  const [low, high] = [Math.min(...ends, 0), Math.max(...ends, 0)];
  const pad = 0.06 * (high - low || 1);
  return [low - pad, high + pad];
}

/** @param {SVGSVGElement} svg @param {Reading} reading @param {MonthsView} months @param {Field} field @param {Across} x */
function drawSoFar(svg, reading, { rows, even, even_words }, field, x) {
  const ends = span(rows.flatMap((row) => [row.cash_so_far_low, row.cash_so_far_high]));
  const y = gainAxis(svg, { times: 1, frame: reading.frame }, field, ...ends);
  const line = (/** @type {string} */ name) => [[x(0), y(0)], ...rows.map((row) => [x(row.month), y(row[name])])];
  draw(svg, "path", { d: `M${pathOf([...line("cash_so_far_low"), ...line("cash_so_far_high").reverse()])}Z`, class: "ps-band" });
  draw(svg, "path", { d: `M${pathOf(line("cash_so_far"))}`, class: "ps-hand" });
  const words = placer(field.left, field.width, field.bottom);
  const last = rows[rows.length - 1];
  const [endX, endY] = [x(last.month), y(last.cash_so_far)];
  draw(svg, "circle", { cx: endX, cy: endY, r: 4, class: "ps-dot" });
  words.hold(endX, endY);
  const text = `${reading.cash(last.cash_so_far, true)} after ${last.month} months`;
  words.put(svg, text, [[endX - 12, endY - 10, "end"], [endX - 12, endY + 20, "end"]], "ps-word-now");
  if (!even) return;
  draw(svg, "path", { d: `M${x(even)} ${y(0) - 8}v16`, class: "ps-turn" });
  const places = [x(even) + 8, x(even) - 8].flatMap((at, i) => [-12, 22].map((by) => /** @type {const} */ ([at, y(0) + by, i ? "end" : "start"])));
  words.put(svg, capital(even_words.replace(/ \(.*/, "").replace(/^is /, "")), places);
}

/**
 * @param {SVGSVGElement} svg
 * @param {Reading} reading
 * @param {readonly { month: number, gains: readonly number[] }[]} bars
 * @param {Field} field
 * @param {Across} x
 * @param {string} hatched
 */
function drawBars(svg, reading, bars, field, x, hatched) {
  const y = gainAxis(svg, { times: 1, frame: reading.frame }, field, ...span(bars.flatMap(({ gains }) => gains)));
  const thick = Math.max(0.36 * (x(1) - x(0)), 1.5);
  for (const { month, gains } of bars)
    gains.forEach((gain, i) => {
      const place = { x: x(month - 0.5) + (i - 1) * thick, y: Math.min(y(gain), y(0)), width: thick, height: Math.max(Math.abs(y(gain) - y(0)), 0.5) };
      draw(svg, "rect", { ...place, ...(gain < 0 ? { fill: hatched } : { class: "ps-gain-fill" }) });
    });
}

/** @param {Section} part @param {Reading} reading @param {MonthsView} months */
function showTable(part, reading, { rows, parts }) {
  const cash = (/** @type {number} */ value) => reading.cash(value, true);
  const heads = ["Month", ...parts.map(({ title }) => title), "Cash", "So far", "likely from", "to", "Customers more"];
  const cells = rows.map((row) => [
    String(row.month),
    ...parts.map(({ name }) => cash(row[name])),
    ...[row.cash, row.cash_so_far, row.cash_so_far_low, row.cash_so_far_high].map(cash),
    number(row.customers, true),
  ]);
  fill(part.table, heads, cells);
}
