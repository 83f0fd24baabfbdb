// Curves: what follows from one limit at every value of it.
// In: a curve as it comes from Python: what describes it, and raw float64. Out: arrays to read from; how sure they are
// comes after the means. Left to others: for which limits a curve holds (state.js), drawing (curve.js, sparks.js).

/** @import { Curve, CurveContent, Limit } from "./types.js" */
import { order } from "./limits.js";

const NEARLY = 1e-7; // of money: a limit that was typed is where a step begins
let curveCount = 0;

/**
 * @param {CurveContent} content
 * @param {readonly (DataView | ArrayBuffer | Float64Array)[]} buffers
 * @returns {Curve}
 */
export function readCurve(content, buffers) {
  /** @type {Record<string, Record<string, Float64Array>>} */
  const byKind = { level: {}, low: {}, high: {} };
  /** @type {Record<string, Float64Array>} */
  const own = {};
  content.arrays.forEach((name, i) => {
    const [, outcome, kind] = /^(.*)_(level|low|high)$/.exec(name) ?? [];
    if (kind) byKind[kind][outcome] = numbersIn(buffers[i]);
    else own[name] = numbersIn(buffers[i]);
  });
  const { level, low, high } = byKind;
  const { best, flat } = content;
  return { best, flat, level, low, high, limits: own.limits, ahead: own.ahead ?? null, steps: own.limits.length, serial: ++curveCount };
}

/** @param {DataView | ArrayBuffer | Float64Array} buffer */
function numbersIn(buffer) {
  if (buffer instanceof ArrayBuffer) return new Float64Array(buffer);
  const { byteOffset, byteLength } = buffer;
  return new Float64Array(/** @type {ArrayBuffer} */ (buffer.buffer.slice(byteOffset, byteOffset + byteLength)));
}

/**
 * The step of a curve that holds at a limit.
 * @param {Pick<Curve, "limits" | "steps">} curve
 * @param {Limit} limit
 */
export function stepAt(curve, limit) {
  let low = 0;
  let high = curve.steps;
  const value = order(limit) + NEARLY;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (curve.limits[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return Math.max(low - 1, 0);
}
