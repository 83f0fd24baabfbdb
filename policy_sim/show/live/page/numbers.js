// Numbers as people read them, the same as policy_sim.show.wording.
// In: numbers, and the currency of the frame. Out: short texts. Left to others: which quantity is read how (reading.js).

/** @import { Currency, Limit } from "./types.js" */

const MINUS = "−";

/**
 * Money in three figures: "$63k", "−$1.38".
 * @param {number} value
 * @param {Currency} currency
 */
export function money(value, currency, signed = false) {
  const size = Math.abs(value);
  const [unit, by] = size >= 999.5e6 ? ["bn", 1e9] : size >= 999.5e3 ? ["M", 1e6] : size >= 999.5 ? ["k", 1e3] : ["", 1];
  const scaled = size / Number(by);
  let figures = scaled < 9.995 ? scaled.toFixed(2) : scaled < 99.95 ? scaled.toFixed(1) : scaled.toFixed(0);
  if (unit === "" && scaled >= 9.995) figures = scaled < 99.995 ? scaled.toFixed(2) : scaled.toFixed(0);
  const sign = figures === "0.00" ? "" : value < 0 ? MINUS : signed && value > 0 ? "+" : "";
  return sign + currency.sign + figures + unit;
}

/**
 * A share (0-1) in percent: "12.7%", "55%".
 * @param {number} value
 */
export function share(value, signed = false) {
  const figures = Math.abs(100 * value).toFixed(1).replace(/\.0$/, "");
  const sign = figures === "0" ? "" : value < 0 ? MINUS : signed ? "+" : "";
  return `${sign}${figures}%`;
}

/**
 * A change of a share: "+1.4 pts".
 * @param {number} value
 */
export const points = (value) => `${share(value, true).replace("%", "")} pts`;

/**
 * A count with thousands separated: "35,923".
 * @param {number} value
 */
export function number(value, signed = false) {
  const size = Math.abs(value);
  const figures = size >= 100 ? Math.round(size).toLocaleString("en-US") : size.toFixed(1);
  const sign = Number(figures.replaceAll(",", "")) === 0 ? "" : value < 0 ? MINUS : signed ? "+" : "";
  return sign + figures;
}

/**
 * A limit: "$25", "$11.47", "no limit", "ask first".
 * @param {Limit} limit
 * @param {Currency} currency
 */
export function limitText(limit, currency) {
  if (limit === "ask") return "ask first";
  if (limit === "no_limit") return "no limit";
  const figures = limit.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return currency.sign + figures.replace(/\.00$/, "");
}

/**
 * Money at a tick of an axis: as short as it can be.
 * @param {number} value
 * @param {Currency} currency
 */
export function tickText(value, currency) {
  if (value === 0) return `${currency.sign}0`;
  return money(value, currency)
    .replace(/\.0+(?=[a-zA-Z]|$)/, "")
    .replace(/(\.\d)0(?=[a-zA-Z]|$)/, "$1");
}

/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
/** @param {string} text */
export const lowered = (text) => text.charAt(0).toLowerCase() + text.slice(1);
/** @param {string} word */
export const plural = (word) => `${capital(word)}s`;
