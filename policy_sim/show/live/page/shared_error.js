// Error in a shared file: what rounding and a small sample of cases make of a difference.
// In: two policies on the cases of the file, perhaps an exact one. Out: their difference, nothing where it is below what the
// file holds; how far sampling makes it unsure; an exact policy carried on. Left to others: choosing (shared_table.js),
// which exact policy (shared_outcomes.js).

/** @import { Level } from "./types.js" */
/** @import { Content, Estimate } from "./shared_outcomes.js" */
/** @import { Table } from "./shared_table.js" */
import { STEPS } from "./shared_table.js";

/**
 * A policy as seen from another one: what it comes to, in which share of the cases something else comes about, and how
 * far sampling may be off (1.645 standard errors).
 * @typedef {{ totals: ArrayLike<number>, changed: number, off: number }} Distance
 */

/** @param {Table} table @param {ArrayLike<number>} totals @param {string} name @param {string} value what the others add up to */
const totalOf = ({ signs, measures }, totals, name, value) =>
  name === value ? signs.reduce((sum, sign, q) => sum + sign * totals[q], 0) : totals[measures.indexOf(name)];

/**
 * The difference of two policies; what rounding alone may have made is none.
 * @param {Table} table
 * @param {ArrayLike<number>} mine totals
 * @param {Distance} other
 * @param {string} name
 * @param {string} value what the others add up to
 */
function differenceOf(table, mine, other, name, value) {
  const difference = totalOf(table, mine, name, value) - totalOf(table, other.totals, name, value);
  return Math.abs(difference) <= resolution(table, name, value) * other.changed ? 0 : difference;
}

/**
 * How far rounding to steps may have moved the difference of two policies, in a case that they decide otherwise.
 * @param {Table} table
 * @param {string} name
 * @param {string} value what the others add up to
 */
function resolution({ signs, measures, low, high }, name, value) {
  const step = (/** @type {number} */ q) => (high[q] - low[q]) / STEPS;
  return name === value ? signs.reduce((sum, sign, q) => sum + Math.abs(sign) * step(q), 0) : step(measures.indexOf(name));
}

/** What lies between two policies, by their net value in every case. @param {Float64Array} mine @param {Float64Array} other */
export function apart(mine, other) {
  let [sum, squares, changed] = [0, 0, 0];
  mine.forEach((value, i) => {
    const gap = value - other[i];
    sum += gap;
    squares += gap ** 2;
    changed += Number(gap !== 0);
  });
  return spread(sum, squares, changed, mine.length);
}

/**
 * @param {number} sum of the differences by case
 * @param {number} squares sum of their squares
 * @param {number} changed how many are none
 * @param {number} count of cases
 */
export const spread = (sum, squares, changed, count) => ({
  changed: changed / count,
  off: 1.645 * Math.sqrt(Math.max(squares / count - (sum / count) ** 2, 0) / count),
});

/**
 * What is known of an exact policy carried on by what the cases of the file say.
 * @param {Content} content
 * @param {{ outcomes: Record<string, Level> }} near the exact policy
 * @param {ArrayLike<number>} mine totals of the limits
 * @param {Distance} from that policy
 * @param {Distance | null} other what the limits are compared with where that is another one
 * @returns {Estimate}
 */
export function carriedOn({ frame: { base, value }, table }, near, mine, from, other) {
  const { off } = other ?? from;
  const step = (/** @type {Distance} */ to, /** @type {string} */ name) => differenceOf(table, mine, to, name, value);
  /** @type {Record<string, Level>} */
  const outcomes = {};
  for (const name of Object.keys(base)) {
    const there = near.outcomes[name];
    const further = step(from, name);
    const change = other ? step(other, name) : there.change + further;
    const room = name === value && (other ? change : further) ? off : 0;
    const [low, high] = other ? [change, change] : [there.low + further, there.high + further];
    outcomes[name] = { level: there.level + further, change, low: low - room, high: high + room };
  }
  const { change, low, high } = outcomes[value];
  // as if normal: the logistic curve is off by less than .01
  const ahead = high > low ? 1 / (1 + Math.exp((-1.702 * change) / ((high - low) / 3.29))) : Number(change > 0);
  return { outcomes, ahead, isExact: false, off };
}
