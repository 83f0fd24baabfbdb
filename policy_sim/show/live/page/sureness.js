// Sureness: how sure a change of an outcome is, in words.
// In: a change with the ends of its interval. Out: words. Left to others: the interval (Python).

/** @import { Level, Reading } from "./types.js" */

/**
 * How sure a change is; `ends` are those of its interval where the words say it.
 * @param {Reading} reading
 * @param {string} name of an outcome
 * @param {Pick<Level, "change" | "low" | "high" | "too_few">} level
 * @returns {{ words: string, ends?: [string, string] }}
 */
export function sureness(reading, name, { change, low, high, too_few }) {
  const text = (/** @type {number} */ value) => reading.format(name, value, true);
  const nothing = text(0);
  if (Number.isNaN(low)) return { words: "how sure: in a moment" };
  if ([change, low, high].every((value) => text(value) === nothing)) return { words: "no change" };
  if (too_few) return { words: "too few cases to tell" };
  if (text(low) === text(high)) return { words: "the same nearly always" };
  if (low <= 0 && high >= 0) return { words: "cannot be told apart" };
  return { words: `likely ${text(low)} to ${text(high)}`, ends: [text(low), text(high)] };
}
