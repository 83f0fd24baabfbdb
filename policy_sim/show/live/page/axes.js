// Axes: lines, ticks and words around a picture of money.
// In: where a picture's field lies, and what its axes run over. Out: what is drawn, and scales. Left to others: what is
// in the field (curve.js, frontier.js).

/** @import { Frame } from "./types.js" */
import { draw, niceTicks } from "./drawing.js";
import { tickText } from "./numbers.js";

/** @typedef {{ left: number, right: number, top: number, bottom: number }} Field edges, from the picture's corner */

/**
 * The axis of what is gained, per case inside and over the period on the ticks: lines across, nothing in bold.
 * @param {SVGElement} layer
 * @param {{ readonly times: number, readonly frame: Frame }} reading
 * @param {Field & { width: number }} field
 * @param {number} low
 * @param {number} high
 */
export function gainAxis(layer, { times, frame }, { left, width, top, bottom }, low, high) {
  const y = (/** @type {number} */ gain) => top + ((high - gain) / (high - low)) * (bottom - top);
  for (const tick of niceTicks(low * times, high * times, 4)) {
    const at = y(tick / times);
    draw(layer, "line", { x1: left, x2: width, y1: at, y2: at, class: tick === 0 ? "ps-zero" : "ps-grid" });
    const text = tickText(tick, frame.currency);
    draw(layer, "text", { x: left - 8, y: at + 4, "text-anchor": "end" }, tick > 0 ? `+${text}` : text);
  }
  return y;
}

/**
 * Ticks and words below a picture.
 * @param {SVGElement} layer
 * @param {number} y of the axis
 * @param {readonly (readonly [x: number, text: string])[]} ticks
 */
export function ticksBelow(layer, y, ticks) {
  for (const [x, text] of ticks) {
    draw(layer, "path", { d: `M${x} ${y}v4`, class: "ps-zero" });
    wordBelow(layer, x, y + 18, text);
  }
}

/** @param {SVGElement} layer @param {number} x @param {number} y @param {string} text */
export const wordBelow = (layer, x, y, text) => draw(layer, "text", { x, y, "text-anchor": "middle" }, text);
