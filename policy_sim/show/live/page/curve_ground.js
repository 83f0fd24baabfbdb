// Ground of the curve: what stays while its limit is dragged: axes, the line, its band, what is as good as the best.
// In: a curve and its limit. Out: what is drawn, and scales. Left to others: marks and words (curve.js).

/** @import { Curve, Lever, Limit, Reading } from "./types.js" */
import { gainAxis, ticksBelow, wordBelow } from "./axes.js";
import { stepAt } from "./curves.js";
import { draw, niceTicks, pathOf } from "./drawing.js";
import { tickText } from "./numbers.js";

/** @typedef {{ left: number, right: number, top: number, bottom: number, x0: number, width: number, height: number }} Field */
/** @typedef {(value: any) => number} Scale */

/**
 * @param {SVGElement} layer
 * @param {Reading} reading
 * @param {Curve} curve
 * @param {Field} field
 * @param {number} base
 * @param {{ lowest: Limit, highest: Limit }} bounds
 * @returns {{ x: Scale, y: Scale }}
 */
export function drawGround(layer, reading, curve, field, base, { lowest, highest }) {
  const { lever, frame } = reading;
  const { left, right, top, bottom, x0, width, height } = field;
  const [least, most] = rangeOf(curve, lever, frame.value, base);
  const x = (/** @type {Limit} */ limit) => {
    if (limit === "ask" || (limit !== "no_limit" && limit < 0)) return left + 14;
    return limit === "no_limit" || limit > lever.top ? width - 18 : x0 + (limit / lever.top) * (right - x0);
  };
  const [from, to] = curve.flat.map(x);
  draw(layer, "rect", { x: from, y: top, width: Math.max(to - from, 2), height: bottom - top, class: "ps-flat" });
  draw(layer, "path", { d: `M${from} ${top}H${Math.max(to, from + 2)}`, class: "ps-zero" });
  const y = gainAxis(layer, reading, field, least, most);
  drawShape(layer, curve, lever, frame.value, x, y, base);
  // beyond what the tiers beside it allow
  for (const [a, b] of [
    [x(highest), width],
    [left, lowest === "ask" ? left : x(lowest)],
  ])
    if (b > a + 1) draw(layer, "rect", { x: a, y: top, width: b - a, height: bottom - top, class: "ps-veil" });
  if (highest !== "no_limit") draw(layer, "path", { d: `M${x(highest)} ${top}V${bottom}`, class: "ps-bound" });
  const ticks = niceTicks(0, lever.top, Math.max(2, Math.floor((right - x0) / 70)));
  ticksBelow(layer, bottom, ticks.map((tick) => [x(tick), tickText(tick, frame.currency)]));
  wordBelow(layer, x("ask"), bottom + 18, "ask");
  wordBelow(layer, x("no_limit"), bottom + 18, "any");
  wordBelow(layer, (x0 + right) / 2, height - 6, lever.axis);
  return { x, y };
}

/** @typedef {{ serial: number, isSure: boolean, range: [number, number] }} Drawn */
/** What was drawn last of each limit. @type {Map<string, Drawn>} */
const drawn = new Map();
const ROOM = 0.06;
const BAND = 0.25; // of the height of a line: room for a band that is not known yet
const NOT_TOO_WIDE = 1.6; // times what is needed, where it saves a jump

/**
 * Least and most that the picture has to hold, with some room. Where the band comes after its line, nothing moves for it
 * as long as it fits.
 * @param {Curve} curve
 * @param {Lever} lever
 * @param {string} value
 * @param {number} base
 */
function rangeOf(curve, lever, value, base) {
  let [least, most] = [0, 0];
  for (const i of [...Array(stepAt(curve, lever.top) + 1).keys(), curve.steps - 1]) {
    least = Math.min(least, curve.ahead ? curve.low[value][i] : curve.level[value][i] - base);
    most = Math.max(most, curve.ahead ? curve.high[value][i] : curve.level[value][i] - base);
  }
  const before = drawn.get(lever.key);
  const fits = before && before.range[0] <= least && before.range[1] >= most;
  const isNear = fits && before.range[1] - before.range[0] < NOT_TOO_WIDE * (most - least);
  const isHeld = before && (before.serial === curve.serial || (isNear && !(before.isSure && curve.ahead)));
  const room = (curve.ahead ? ROOM : BAND) * (most - least) || 1;
  /** @type {[number, number]} */
  const range = isHeld ? before.range : [least - room, most + room];
  drawn.set(lever.key, { serial: curve.serial, isSure: Boolean(curve.ahead), range });
  return range;
}

/**
 * @param {SVGElement} layer
 * @param {Curve} curve
 * @param {Lever} lever
 * @param {string} value
 * @param {Scale} x
 * @param {Scale} y
 * @param {number} base
 */
function drawShape(layer, curve, lever, value, x, y, base) {
  const outline = (/** @type {ArrayLike<number>} */ values, /** @type {number} */ offset) => {
    const spots = [[x("ask"), y(values[0] - offset)]];
    let i = stepAt(curve, 0);
    let here = x(0);
    let height = y(values[i] - offset);
    spots.push([here - 12, spots[0][1]], [here, height]);
    for (i += 1; i < curve.steps && curve.limits[i] <= lever.top; i++) {
      here = x(curve.limits[i]);
      spots.push([here, height]);
      height = y(values[i] - offset);
      spots.push([here, height]);
    }
    spots.push([x(lever.top), height], [x("no_limit"), y(values[curve.steps - 1] - offset)]);
    return spots;
  };
  if (curve.ahead) {
    const band = [...outline(curve.high[value], 0), ...outline(curve.low[value], 0).reverse()];
    draw(layer, "path", { d: `M${pathOf(band)}Z`, class: "ps-band" });
  }
  draw(layer, "path", { d: `M${pathOf(outline(curve.level[value], base))}`, class: "ps-hand" });
}
