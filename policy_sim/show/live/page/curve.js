// Curve: what the limit in hand does, all others as they are.
// In: a reading. Out: its section. Left to others: axes and line (curve_ground.js), dragging (dragging.js).

/** @import { Bench, Curve, Limit, Reading, Section } from "./types.js" */
import { drawGround } from "./curve_ground.js";
import { stepAt } from "./curves.js";
import { diamond, draw, ground, niceTicks, sized } from "./drawing.js";
import { placer } from "./lettering.js";
import { followPointer } from "./dragging.js";
import { boundsOf, order } from "./limits.js";
import { plural } from "./numbers.js";
import { section } from "./section.js";
import { fill } from "./tables.js";

const HEIGHT = 256;
const HELP =
  "What this one limit does, all others as they are. The line is the mean over all the ways the assumptions may turn out, the shaded band holds nine in ten of them. Filled dot: now. Hollow dot: the policy it is compared with. Diamond: best. Grey stretch: as good as the best within 1 %. Dotted: beyond what the next tier may give.";

/** @param {Bench} bench */
export function curveOf(bench) {
  const part = section("curve", bench.id, HELP);
  return {
    part,
    /** @param {Reading} reading where something is known */
    show(reading) {
      part.title.textContent = titleOf(reading);
      part.note.textContent = noteOf(reading);
      const width = sized(part, HEIGHT);
      if (reading.curve) showCurve(bench, part, reading, reading.curve, width);
      else draw(part.svg, "text", { x: width / 2, y: HEIGHT / 2, "text-anchor": "middle" }, "Working out the exact curve …");
    },
  };
}

/** @param {Reading} reading */
function titleOf(reading) {
  const { lever } = reading;
  const limit = reading.limitOf(lever);
  const who = plural(lever.tier);
  if (limit === "ask") return `${who} ask first: ${lever.title.toLowerCase()}`;
  return limit === "no_limit" ? `${who} ${lever.does} without limit` : `${who} ${lever.does} up to ${reading.words(limit)}`;
}

/** @param {Reading} reading */
function noteOf(reading) {
  const { change, low, high, ahead, too_few } = reading.now;
  if (Number.isNaN(low)) return `${reading.worth(change, true)} ${reading.period} against ${reading.theBase}; how sure: in a moment`;
  const isStill = reading.worth(change, true) === reading.worth(0, true) && reading.worth(high - low) === reading.worth(0);
  if (isStill) return `Same value as ${reading.theBase}`;
  const sure = ahead >= 0.995 ? "over 99%" : ahead <= 0.005 ? "less than 1%" : `${Math.round(100 * ahead)}%`;
  if (too_few) return `${reading.worth(change, true)} ${reading.period} against ${reading.theBase}: too few cases to tell`;
  const verdict = low <= 0 && high >= 0 ? "cannot be told apart" : `${sure} sure to be ahead`;
  const likely = `likely ${reading.worth(low, true)} to ${reading.worth(high, true)} (90%, shaded)`;
  return `${reading.worth(change, true)} ${reading.period} against ${reading.theBase}, ${likely}; ${verdict}`;
}

/**
 * @param {Bench} bench
 * @param {Section} part
 * @param {Reading} reading
 * @param {Curve} curve
 * @param {number} width
 */
function showCurve(bench, part, reading, curve, width) {
  const { lever, frame, state, now } = reading;
  const [limit, other] = [reading.limitOf(lever), reading.limitOf(lever, reading.baseLimits)];
  const base = now.level - now.change;
  const bounds = boundsOf(state, lever);
  const { lowest, highest, above } = bounds;
  const field = { left: 68, right: width - 60, top: 26, bottom: HEIGHT - 44, x0: 108, width, height: HEIGHT };
  const key = JSON.stringify([curve.serial, lever.top, width, state.per, base.toPrecision(9), order(lowest), order(highest)]);
  const { x, y } = ground(part, key, (layer) => drawGround(layer, reading, curve, field, base, bounds));
  const gainAt = (/** @type {Limit} */ at) => curve.level[frame.value][stepAt(curve, at)] - base;
  const spot = (/** @type {Limit} */ at) => /** @type {const} */ ([x(at), y(gainAt(at))]);

  const { svg } = part;
  const marks = { now: spot(limit), force: spot(other), best: spot(curve.best) };
  draw(svg, "path", { d: `M${marks.now[0]} ${marks.now[1]}V${field.bottom}`, class: "ps-drop" });
  draw(svg, "circle", { cx: marks.force[0], cy: marks.force[1], r: 5, class: "ps-force" });
  diamond(svg, ...marks.best, 7, "ps-best");
  draw(svg, "circle", { cx: marks.now[0], cy: marks.now[1], r: 7, class: "ps-now", "data-marker": "now" });

  const words = placer(field.left, width, field.bottom);
  for (const [mx, my] of Object.values(marks)) words.hold(mx, my);
  const nowWords = `Now ${reading.words(limit)}: ${reading.worth(now.change, true)}`;
  const bestWords = `Best ${reading.words(curve.best)}`;
  const zone = zoneOf(reading, curve);
  const middle = Math.min(Math.max((x(curve.flat[0]) + x(curve.flat[1])) / 2, field.left + 90), width - 90);
  words.put(svg, nowWords, around(marks.now), "ps-word-now");
  words.put(svg, zone, [[middle, field.top - 8, "middle"]]);
  if (other !== limit) words.put(svg, `${reading.baseTitle} ${reading.words(other)}`, around(marks.force));
  if (curve.best !== limit) words.put(svg, bestWords, around(marks.best));
  if (highest !== "no_limit") {
    const [left, right] = [x(highest) - 6, x(highest) + 6];
    const text = `${above}’s limit ${reading.words(highest)}`;
    words.put(svg, text, [[right, field.top + 14, "start"], [left, field.top + 14, "end"], [right, field.bottom - 8, "start"]]);
  }
  const best = `${bestWords}: ${reading.worth(gainAt(curve.best), true)}`;
  svg.setAttribute("aria-label", `${part.title.textContent}. ${nowWords}. ${best}. As good: ${zone}.`);
  svg.onpointerdown = (event) => followPointer(bench, svg, event, lever, field);
  showTable(part, reading, curve, base);
}

/** @param {readonly [number, number]} mark @returns {import("./lettering.js").Spot[]} */
const around = ([x, y]) => [
  [x, y - 14, "middle"],
  [x + 12, y - 10, "start"],
  [x - 12, y - 10, "end"],
  [x + 12, y + 20, "start"],
  [x - 12, y + 20, "end"],
  [x, y + 30, "middle"],
  [x, y - 34, "middle"],
];

/** @param {Reading} reading @param {Curve} curve */
function zoneOf(reading, { flat: [from, to] }) {
  if (to !== "no_limit") return `${reading.words(from)} to ${reading.words(to)}: as good`;
  return from === "ask" ? "any limit is as good" : `from ${reading.words(from)}: as good`;
}

/** @param {Section} part @param {Reading} reading @param {Curve} curve @param {number} base */
function showTable(part, reading, curve, base) {
  const { lever, frame } = reading;
  const { value, curve_columns } = frame;
  const heads = ["", "Limit", `${reading.valueTitle} ${reading.period}`, "likely from", "to"];
  /** @type {[string, Limit][]} */
  const named = [["Now", reading.limitOf(lever)], ["Best", curve.best], [reading.baseTitle, reading.limitOf(lever, reading.baseLimits)]];
  /** @type {Limit[]} */
  const limits = ["ask", ...niceTicks(0, lever.top, 8), "no_limit"];
  const rows = [...named, ...limits.map((limit) => /** @type {[string, Limit]} */ (["", limit]))].map(([word, limit]) => {
    const i = stepAt(curve, limit);
    const worths = [curve.level[value][i] - base, ...(curve.ahead ? [curve.low[value][i], curve.high[value][i]] : [])];
    const columns = curve_columns.map((name) => reading.format(name, curve.level[name][i]));
    const known = worths.map((worth) => reading.worth(worth, true));
    return [word, reading.words(limit), ...known, ...(curve.ahead ? [] : ["…", "…"]), ...columns];
  });
  fill(part.table, [...heads, ...curve_columns.map((name) => frame.outcomes[name].title)], rows);
}
