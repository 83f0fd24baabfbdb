// Reach: how far a limit may be moved.
// In: where a person wants it. Out: where it goes. Left to others: what is then shown (acts.js).

/** @import { Lever, Limit, State } from "./types.js" */
import { boundsOf, nearestPlace, order } from "./limits.js";

/**
 * Hold a limit within what the tiers beside it allow; a budget is a target and holds nothing.
 * @param {State} state
 * @param {Lever} lever
 * @param {Limit} wanted
 * @returns {Limit}
 */
export function withinReach(state, lever, wanted) {
  const { lowest, highest } = boundsOf(state, lever);
  if (order(wanted) >= order(highest)) return highest;
  return order(wanted) <= order(lowest) ? lowest : wanted;
}

/**
 * Where a slider wants its limit: the next place from where the limit is, which may lie between two places.
 * @param {Lever} lever
 * @param {Limit} limit where it is
 * @param {number} to which place the slider went
 * @returns {Limit}
 */
export function nextPlace({ places }, limit, to) {
  const at = nearestPlace(places, limit);
  const isOneDown = to === at - 1 && order(places[at]) < order(limit);
  const isOneUp = to === at + 1 && order(places[at]) > order(limit);
  return places[isOneDown || isOneUp ? at : to];
}
