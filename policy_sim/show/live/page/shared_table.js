// Table of a shared file: some cases with all that may be chosen for them.
// In: the content of the file, limits. Out: what the limits come to on these cases. Left to others: what that says of
// all cases (shared_outcomes.js), and one limit at all its places (shared_along.js).

/** @import { Limit, Limits } from "./types.js" */

/**
 * @typedef {object} Table
 * @property {string[]} tiers
 * @property {string[]} names of limits
 * @property {string[]} measures
 * @property {number[]} signs
 * @property {number[][]} styles share of each, by tier
 * @property {string[]} cells
 * @property {(Limit | null)[][][]} overrides limits of exceptions, by tier, cell and limit
 * @property {number[]} low
 * @property {number[]} high
 */
/** @typedef {{ totals: Float64Array, net: Float64Array }} Score */
/** @typedef {Record<string, any>} Arrays */

const TYPES = { f8: Float64Array, f4: Float32Array, u2: Uint16Array, u1: Uint8Array, i4: Int32Array };
export const STEPS = 65535;

/** @typedef {{ name: string, type: keyof typeof TYPES, at: number, count: number }} Entry where an array stands */

/**
 * @param {{ packed: string, directory: Entry[] }} content
 * @returns {Promise<Arrays>}
 */
export async function unpack({ packed, directory }) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const arrayOf = (/** @type {Entry} */ { type, at, count }) => new TYPES[type](buffer.slice(at, at + count * TYPES[type].BYTES_PER_ELEMENT));
  return Object.fromEntries(directory.map((entry) => [entry.name, arrayOf(entry)]));
}

/**
 * Levels of seven figures are stored as the change to the policy in force; brings them back to levels.
 * @param {Arrays} arrays
 * @param {Readonly<Record<string, number>>} base
 * @returns {Arrays}
 */
export const wholeLevels = (arrays, base) =>
  Object.fromEntries(
    Object.entries(arrays).map(([name, values]) => {
      const outcome = /\.([^.]*)_level$/.exec(name)?.[1];
      const isChange = outcome !== undefined && values instanceof Float32Array;
      return [name, isChange ? Float64Array.from(values, (change) => change + base[outcome]) : values];
    }),
  );

/** @param {Limit} limit */
export const cents = (limit) => (limit === "ask" ? -1 : limit === "no_limit" ? Infinity : Math.floor(100 * limit + 1e-6));

/**
 * What a policy comes to on the cases of the file: the mean of each measure, and the net value of every case.
 * @param {Table} table
 * @param {Arrays} arrays
 * @param {Limits} limits
 * @returns {Score}
 */
export function evaluateHere(table, arrays, limits) {
  const inForce = limitsInForce(table, limits);
  const count = arrays.cell.length;
  const totals = new Float64Array(table.measures.length);
  const net = new Float64Array(count);
  const best = new Int32Array(table.styles[0].length);
  const values = new Float64Array(totals.length);
  for (let i = 0; i < count; i++) {
    const tier = decide(arrays, inForce, i, arrays.start[i], inForce.length, best);
    net[i] = worthOf(table, arrays, i, tier, best, values);
    for (let q = 0; q < values.length; q++) totals[q] += values[q] / count;
  }
  return { totals, net };
}

/** Cents by tier, cell and limit. @param {Table} table @param {Limits} limits */
export const limitsInForce = ({ tiers, names, overrides, cells }, limits) =>
  tiers.map((tier, k) => cells.map((_, cell) => names.map((name, d) => cents(overrides[k][cell][d] ?? limits[tier][name]))));

/**
 * The measures of a case, put into `values`, and its net value.
 * @param {Table} table
 * @param {Arrays} arrays
 * @param {number} i which case
 * @param {number} tier that decides, -1 for the last one
 * @param {Int32Array} best row that each style chooses
 * @param {Float64Array} values
 */
export function worthOf({ measures, styles, low, high, signs, names }, arrays, i, tier, best, values) {
  const [count, rowCount] = [arrays.cell.length, arrays.uses.length / names.length];
  let net = 0;
  for (let q = 0; q < measures.length; q++) {
    let value = 0;
    if (tier < 0) value = arrays.last[q * count + i];
    else for (let s = 0; s < best.length; s++) value += styles[tier][s] * arrays.value[(tier * measures.length + q) * rowCount + best[s]];
    values[q] = low[q] + (value / STEPS) * (high[q] - low[q]);
    net += signs[q] * values[q];
  }
  return net;
}

/**
 * The tier that handles a case, -1 where none of those from `first` to before `end` does; `best` takes the row that each
 * style chooses there.
 * @param {Arrays} arrays
 * @param {number[][][]} inForce cents, by tier, cell and limit
 * @param {number} i which case
 * @param {number} first
 * @param {number} end
 * @param {Int32Array} best
 */
export function decide(arrays, inForce, i, first, end, best) {
  const { uses, rank, offset } = arrays;
  for (let k = first; k < end; k++) {
    best.fill(-1);
    const most = inForce[k][arrays.cell[i]];
    const rowCount = uses.length / most.length;
    for (let row = offset[i]; row < offset[i + 1]; row++) {
      let isPermitted = true;
      for (let d = 0; d < most.length && isPermitted; d++) isPermitted = uses[row * most.length + d] <= most[d];
      if (!isPermitted) continue;
      for (let s = 0; s < best.length; s++) {
        const ranks = (k * best.length + s) * rowCount;
        if (best[s] < 0 || rank[ranks + row] < rank[ranks + best[s]]) best[s] = row;
      }
    }
    if (best[0] >= 0) return k;
  }
  return -1;
}
