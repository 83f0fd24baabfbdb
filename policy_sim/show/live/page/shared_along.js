// One limit of a shared file at all its places: each case is gone through once, with the few amounts that its rows draw.
// In: the content of the file, limits, which of them rises. Out: what that comes to on the cases of the file, and how far
// sampling may be off. Left to others: what it says of all cases (shared_curves.js).

/** @import { Limit, Limits } from "./types.js" */
/** @import { Arrays, Table } from "./shared_table.js" */
import { spread } from "./shared_error.js";
import { cents, decide, limitsInForce, worthOf } from "./shared_table.js";

/** @param {number} place money, below zero for "ask" @returns {Limit} */
export const placeOf = (place) => (place === Infinity ? "no_limit" : place < 0 ? "ask" : place);

/**
 * What limits come to on the cases of the file while one of them rises: the mean of each measure at each place, and for
 * every case the net value from each place on where it changes (`at` and `net`, those of case i from `from[i]` on).
 * @typedef {{ totals: Float64Array, from: Int32Array, at: number[], net: number[] }} Along
 * @param {Table} table
 * @param {Arrays} arrays
 * @param {Limits} limits
 * @param {{ tier: string, limit: string }} lever
 * @param {ArrayLike<number>} places money, rising from below zero, which is "ask"
 * @returns {Along}
 */
export function evaluateAlong(table, arrays, limits, { tier, limit }, places) {
  const [k, d] = [table.tiers.indexOf(tier), table.names.indexOf(limit)];
  const inForce = limitsInForce(table, limits);
  const [count, q] = [arrays.cell.length, table.measures.length];
  const amounts = Array.from(places, (place) => cents(placeOf(place)));
  const totals = new Float64Array(amounts.length * q);
  const from = new Int32Array(count + 1);
  /** @type {number[]} */
  const at = [];
  /** @type {number[]} */
  const net = [];
  const best = new Int32Array(table.styles[0].length);
  const [now, before] = [new Float64Array(q), new Float64Array(q)];
  for (let i = 0; i < count; i++) {
    before.fill(0);
    const change = (/** @type {number} */ place, /** @type {number} */ decided) => {
      at.push(place);
      net.push(worthOf(table, arrays, i, decided, best, now));
      for (let m = 0; m < q; m++) totals[place * q + m] += (now[m] - before[m]) / count;
      before.set(now);
    };
    const isMoved = arrays.start[i] <= k && table.overrides[k][arrays.cell[i]][d] === null;
    const below = decide(arrays, inForce, i, arrays.start[i], isMoved ? k : inForce.length, best);
    if (below >= 0 || !isMoved) change(0, below);
    else climb(arrays, inForce, i, k, d, amounts, best, change);
    from[i + 1] = at.length;
  }
  for (let n = q; n < totals.length; n++) totals[n] += totals[n - q];
  return { totals, from, at, net };
}

/**
 * Tell every place from which a case is handled otherwise while a limit of a tier rises.
 * @param {Arrays} arrays
 * @param {number[][][]} inForce
 * @param {number} i which case
 * @param {number} k tier
 * @param {number} d limit
 * @param {number[]} amounts cents at each place
 * @param {Int32Array} best
 * @param {(place: number, tier: number) => void} change
 */
function climb(arrays, inForce, i, k, d, amounts, best, change) {
  const { uses, rank, offset } = arrays;
  const [limits, rowCount] = [inForce[k][arrays.cell[i]], uses.length / inForce[k][arrays.cell[i]].length];
  const size = limits.length;
  /** @type {number[]} */
  const rows = [];
  for (let row = offset[i]; row < offset[i + 1]; row++) {
    let isPermitted = true;
    for (let e = 0; e < size && isPermitted; e++) isPermitted = e === d || uses[row * size + e] <= limits[e];
    if (isPermitted) rows.push(row);
  }
  const useOf = (/** @type {number} */ row) => uses[row * size + d];
  rows.sort((one, other) => useOf(one) - useOf(other));
  if (!rows.length || useOf(rows[0]) > amounts[0]) change(0, decide(arrays, inForce, i, k + 1, inForce.length, best));
  best.fill(-1);
  let place = 0;
  for (let n = 0; n < rows.length; ) {
    while (place < amounts.length && amounts[place] < useOf(rows[n])) place++;
    if (place === amounts.length) return;
    let isBetter = false;
    for (; n < rows.length && useOf(rows[n]) <= amounts[place]; n++)
      for (let s = 0; s < best.length; s++) {
        const ranks = (k * best.length + s) * rowCount;
        if (best[s] >= 0 && rank[ranks + rows[n]] >= rank[ranks + best[s]]) continue;
        best[s] = rows[n];
        isBetter = true;
      }
    if (isBetter) change(place, k);
  }
}

/**
 * What lies at each place between limits of which one rises and others that stay as they are, or rise with it.
 * @param {Along} mine
 * @param {Along | Float64Array} other net value of each case where it stays
 * @param {number} places
 */
export function apartAlong(mine, other, places) {
  const [sums, squares, changed] = [new Float64Array(places), new Float64Array(places), new Float64Array(places)];
  const count = mine.from.length - 1;
  for (let i = 0; i < count; i++) {
    let n = mine.from[i];
    let m = other instanceof Float64Array ? 0 : other.from[i];
    const end = other instanceof Float64Array ? 0 : other.from[i + 1];
    let [a, b, before] = [0, other instanceof Float64Array ? other[i] : 0, 0];
    while (n < mine.from[i + 1] || m < end) {
      const place = Math.min(n < mine.from[i + 1] ? mine.at[n] : Infinity, !(other instanceof Float64Array) && m < end ? other.at[m] : Infinity);
      if (n < mine.from[i + 1] && mine.at[n] === place) a = mine.net[n++];
      if (!(other instanceof Float64Array) && m < end && other.at[m] === place) b = other.net[m++];
      sums[place] += a - b - before;
      squares[place] += (a - b) ** 2 - before ** 2;
      changed[place] += Number(a !== b) - Number(before !== 0);
      before = a - b;
    }
  }
  let [sum, square, differ] = [0, 0, 0];
  return Array.from(sums, (_, place) => {
    sum += sums[place];
    square += squares[place];
    differ += changed[place];
    return spread(sum, square, differ, count);
  });
}
