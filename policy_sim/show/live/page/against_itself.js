// Against itself: a policy that is compared with itself changes nothing, whatever rounding leaves behind.
// In: what is in hand and what it is compared with, or terms. Out: whether they are the same. Left to others: all that
// follows from the state (reading.js).

/** @import { LevelNow, Terms } from "./types.js" */
import { same } from "./state.js";

/**
 * Whether what is in hand is what it is compared with. Limits and rules are all that a pinned policy and the one in
 * force have; other presets may have exceptions and guards of their own.
 * @param {import("./types.js").Reading} reading
 */
export function isAgainstItself(reading) {
  const { baseline } = reading.state;
  if (!baseline.limits && baseline.preset !== reading.frame.approved) return false;
  return isInHand(reading, { limits: reading.baseLimits, playbook: reading.basePlaybook });
}

/**
 * Whether these limits, as far as they are on screen, and rules are in hand.
 * @param {import("./types.js").Reading} reading
 * @param {Terms} terms
 */
export function isInHand(reading, { limits, playbook }) {
  const { levers, playbook: own } = reading.state;
  return levers.every((lever) => reading.limitOf(lever) === reading.limitOf(lever, limits)) && same(own, playbook);
}

/** @param {LevelNow} level @param {boolean} isSame @returns {LevelNow} */
export const still = (level, isSame) => (isSame ? { ...level, change: 0, low: 0, high: 0 } : level);
