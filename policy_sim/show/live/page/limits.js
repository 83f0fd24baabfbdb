// Limits: where they lie, where their sliders can stand, what the tiers beside them allow.
// In: limits and levers of the frame. Out: places and bounds. Left to others: what a limit brings (curves.js).

/** @import { Frame, Lever, Limit, Limits, State } from "./types.js" */

/** @param {Limit} limit */
export const order = (limit) => (limit === "ask" ? -Infinity : limit === "no_limit" ? Infinity : limit);

/** @param {string} tier @param {string} limit */
export const keyOf = (tier, limit) => `${tier}.${limit}`;

/**
 * The levers of a frame, each with its key and the places of its slider.
 * @param {Pick<Frame, "levers">} frame
 * @returns {Lever[]}
 */
export const leversOf = (frame) =>
  frame.levers.map((lever) => ({ ...lever, key: keyOf(lever.tier, lever.limit), places: ["ask", ...lever.stops, "no_limit"] }));

/**
 * Tiers with limits, in order.
 * @param {State} state
 */
export const tiersOf = (state) => [...new Set(state.levers.map((lever) => lever.tier))];

/**
 * Other limits with one of them moved.
 * @param {Limits} limits
 * @param {Lever} lever
 * @param {Limit} limit
 * @returns {Limits}
 */
export const withLimit = (limits, { tier, limit: name }, limit) => ({ ...limits, [tier]: { ...limits[tier], [name]: limit } });

/**
 * The place of a slider that is nearest to a limit.
 * @param {readonly Limit[]} places
 * @param {Limit} limit
 */
export function nearestPlace(places, limit) {
  const exact = places.indexOf(limit);
  if (exact >= 0) return exact;
  const off = (/** @type {number} */ i) => Math.abs(order(places[i]) - order(limit));
  let best = 1;
  for (let i = 1; i < places.length - 1; i++) if (off(i) < off(best)) best = i;
  return best;
}

/**
 * Where a limit stands on its slider, 0 to 1: the thumb stops at every place, evenly.
 * @param {Lever} lever
 * @param {Limit} limit
 */
export function alongSlider({ places, top }, limit) {
  const exact = places.indexOf(limit);
  if (exact >= 0) return exact / (places.length - 1);
  const value = order(limit);
  if (value > top) return (places.length - 2) / (places.length - 1);
  let i = 1;
  while (i < places.length - 2 && order(places[i + 1]) <= value) i++;
  const [from, to] = [order(places[i]), order(places[i + 1])];
  const gap = i + 1 < places.length - 1 ? (value - from) / (to - from) : 0;
  return (i + gap) / (places.length - 1);
}

/**
 * What the tiers beside a limit's own allow it: never less than the one below, never more than the one above.
 * @param {State} state
 * @param {Lever} lever
 * @returns {{ lowest: Limit, highest: Limit, below: string, above: string }}
 */
export function boundsOf(state, lever) {
  const tiers = tiersOf(state);
  const k = tiers.indexOf(lever.tier);
  const lowest = k > 0 ? state.limits[tiers[k - 1]][lever.limit] : "ask";
  const highest = k + 1 < tiers.length ? state.limits[tiers[k + 1]][lever.limit] : "no_limit";
  return { lowest, highest, below: tiers[k - 1], above: tiers[k + 1] };
}

/**
 * What holds a limit where it is: the limit of the tier above or below.
 * @param {State} state
 * @param {Lever} lever
 */
export function heldBy(state, lever) {
  const { lowest, highest, below, above } = boundsOf(state, lever);
  const limit = state.limits[lever.tier][lever.limit];
  if (highest !== "no_limit" && limit === highest) return `the ${above}’s limit`;
  return lowest !== "ask" && limit === lowest ? `the ${below}’s limit` : "";
}
