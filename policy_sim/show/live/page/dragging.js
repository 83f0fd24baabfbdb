// Dragging: a limit follows a pointer along its curve.
// In: a pointer that goes down on the picture of a curve. Out: moves. Left to others: what a move does (acts.js).

/** @import { Bench, Lever } from "./types.js" */
import { nearestPlace } from "./limits.js";

/**
 * The limit follows a pointer until it is let go.
 * @param {Bench} bench
 * @param {SVGSVGElement} svg
 * @param {PointerEvent} event
 * @param {Lever} lever
 * @param {{ left: number, right: number, x0: number }} field
 */
export function followPointer({ acts, read }, svg, event, lever, { left, right, x0 }) {
  event.preventDefault();
  const { places, top } = lever;
  const go = (/** @type {PointerEvent} */ moved) => {
    const at = moved.clientX - svg.getBoundingClientRect().left;
    const share = (Math.min(Math.max(at, x0), right) - x0) / (right - x0);
    const limit = at < (left + x0) / 2 ? "ask" : at > right + 20 ? "no_limit" : places[nearestPlace(places, share * top)];
    if (limit !== read().limitOf(lever)) acts.move(lever, limit);
  };
  const release = () => {
    window.removeEventListener("pointermove", go);
    acts.moved(lever);
  };
  go(event);
  window.addEventListener("pointermove", go);
  window.addEventListener("pointerup", release, { once: true });
}
