// Reach: how far a limit may be moved.
// In: where a person wants it. Out: where it goes. Left to others: what is then shown (acts.js).

/** @import { Lever, Limit, Reading } from "./types.js" */
import { stepAt } from "./curves.js";
import { boundsOf, nearestPlace, order } from "./limits.js";

/**
 * Hold a limit within what the tiers beside it and the budget allow.
 * @param {Reading} reading
 * @param {Lever} lever
 * @param {Limit} wanted
 */
export function withinReach(reading, lever, wanted) {
  const { frame, state } = reading;
  const { budget } = state;
  const { lowest, highest } = boundsOf(state, lever);
  const limit = order(wanted) >= order(highest) ? highest : order(wanted) <= order(lowest) ? lowest : wanted;
  const curve = reading.curveOf(lever);
  if (budget === null || !curve) return { limit, isOnBudget: false };
  const costs = (/** @type {Limit} */ at) => curve.level[frame.spend][stepAt(curve, at)] * frame.cases_per_year;
  if (costs(limit) <= budget) return { limit, isOnBudget: false };
  let place = nearestPlace(lever.places, limit);
  while (place > 0 && costs(lever.places[place]) > budget && order(lever.places[place]) > order(lowest)) place--;
  return { limit: lever.places[place], isOnBudget: true };
}
