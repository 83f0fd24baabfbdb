// Sparks: the curve of a limit in small, above its slider and along its places.
// In: a curve and its limit. Out: a picture. Left to others: the curve in large (curve.js).

/** @import { Curve, Lever, Limit } from "./types.js" */
import { stepAt } from "./curves.js";
import { cleared, diamond, draw } from "./drawing.js";
import { alongSlider } from "./limits.js";

const HEIGHT = 24;

/**
 * @param {SVGSVGElement} svg
 * @param {Curve} curve
 * @param {Lever} lever
 * @param {number} width
 * @param {string} value name of what is drawn
 */
export function drawSpark(svg, curve, lever, width, value) {
  cleared(svg, width, HEIGHT + 12);
  const x = (/** @type {Limit} */ limit) => 8 + alongSlider(lever, limit) * (width - 16);
  const values = curve.level[value];
  const last = stepAt(curve, lever.top);
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i <= last; i++) [low, high] = [Math.min(low, values[i]), Math.max(high, values[i])];
  const y = (/** @type {number} */ step) =>
    high > low ? HEIGHT - 4 - ((values[step] - low) / (high - low)) * (HEIGHT - 10) : HEIGHT / 2;
  const [from, to] = curve.flat;
  draw(svg, "rect", { x: x(from), y: 2, width: Math.max(x(to) - x(from), 3), height: HEIGHT - 2, class: "ps-flat" });
  let path = `M${x("ask")} ${y(0)}H${x(0)}`;
  let before = x(0);
  for (let i = stepAt(curve, 0); i < curve.steps && curve.limits[i] <= lever.top; i++) {
    const here = x(Math.max(curve.limits[i], 0));
    if (here - before < 0.7 && i + 1 < curve.steps && curve.limits[i + 1] <= lever.top && i > 0) continue;
    path += `H${here.toFixed(1)}V${y(i).toFixed(1)}`;
    before = here;
  }
  draw(svg, "path", { d: `${path}H${x(lever.top)}V${y(curve.steps - 1)}H${x("no_limit")}`, class: "ps-line" });
  diamond(svg, x(curve.best), y(stepAt(curve, curve.best)), 4, "ps-best");
  draw(svg, "path", { d: `M0 ${HEIGHT - 5}v10`, class: "ps-tick" });
}
