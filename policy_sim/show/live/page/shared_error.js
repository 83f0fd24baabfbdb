// Error in a shared file: what rounding and a small sample of cases make of a difference.
// In: two policies on the cases of the file. Out: their difference, nothing where it is below what the file holds; how
// far sampling makes it unsure. Left to others: choosing (shared_table.js), levels (shared_outcomes.js).

/** @import { Score, Table } from "./shared_table.js" */
import { STEPS } from "./shared_table.js";

/** @param {Table} table @param {Score} score @param {string} name @param {string} value what the others add up to */
const totalOf = ({ signs, measures }, { totals }, name, value) =>
  name === value ? signs.reduce((sum, sign, q) => sum + sign * totals[q], 0) : totals[measures.indexOf(name)];

/**
 * The difference of two policies; what rounding alone may have made is none.
 * @param {Table} table
 * @param {Score} mine
 * @param {Score} other
 * @param {string} name
 * @param {string} value what the others add up to
 */
export function differenceOf(table, mine, other, name, value) {
  const difference = totalOf(table, mine, name, value) - totalOf(table, other, name, value);
  return Math.abs(difference) <= resolution(table, name, value) * changedShare(mine.net, other.net) ? 0 : difference;
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

/** In which share of the cases something else comes about. @param {Float64Array} mine @param {Float64Array} other */
const changedShare = (mine, other) => mine.reduce((count, value, i) => count + Number(value !== other[i]), 0) / mine.length;

/** @param {Float64Array} mine @param {Float64Array} other */
export function samplingError(mine, other) {
  let [mean, square] = [0, 0];
  mine.forEach((value, i) => {
    mean += (value - other[i]) / mine.length;
    square += (value - other[i]) ** 2 / mine.length;
  });
  return 1.645 * Math.sqrt(Math.max(square - mean ** 2, 0) / mine.length);
}
