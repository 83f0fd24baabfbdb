// Outcomes in a shared file: exact while one limit moves; where several have moved, the difference to the nearest exact
// policy is worked out from the cases of the file.
// In: limits and a baseline. Out: level and change of every outcome. Left to others: choosing (shared_table.js).

/** @import { Baseline, CaseView, Chain, CurveContent, Frame, GapView, Guidance, Lever, Level, Limit, Limits, MindRow, MonthsView, Point, Reproduced, SplitRow, View } from "./types.js" */
/** @import { Arrays, Score, Table } from "./shared_table.js" */
import { stepAt } from "./curves.js";
import { leversOf, withLimit } from "./limits.js";
import { same } from "./state.js";
import { apart, carriedOn } from "./shared_error.js";
import { evaluateHere } from "./shared_table.js";

const MOST_SCORES = 600;

/**
 * @typedef {object} Content
 * @property {Frame} frame
 * @property {Table} table
 * @property {View} view
 * @property {{ limits: Limits, view: View }[]} known policies that one may go to
 * @property {CurveContent[]} curves
 * @property {Point[]} frontier
 * @property {MindRow[]} breakEvens
 * @property {Record<string, CaseView>} cases
 * @property {Guidance | null} guidance what the rules bring that the file was shared with
 * @property {GapView} gap
 * @property {MindRow[]} doubts what could turn the answer
 * @property {Chain | null} why how the answer comes to what it is worth
 * @property {{ months: MonthsView, reproduce: Reproduced, chain: Chain }} shared what is known of the shared policy alone
 * @property {string} exactly
 * @property {string} roughly
 */
/** @typedef {{ outcomes: Record<string, Level>, ahead: number, isExact: boolean, off: number }} Estimate */
/** @typedef {ReturnType<typeof outcomesIn>} Outcomes */

/** @param {Content} content @param {Arrays} arrays */
export function outcomesIn(content, arrays) {
  const { frame, table, known } = content;
  const { limits: start, value } = frame;
  const levers = leversOf(frame);
  /** @type {Map<string, Score>} */
  const scores = new Map();

  const limitOf = (/** @type {Lever} */ lever, /** @type {Limits} */ limits) => limits[lever.tier][lever.limit];
  const movedFromStart = (/** @type {Limits} */ limits) => levers.filter((lever) => limitOf(lever, limits) !== limitOf(lever, start));
  const isShared = (/** @type {Baseline} */ baseline) => same(baseline, { preset: frame.approved });
  const limitsOf = (/** @type {Baseline} */ baseline) =>
    /** @type {Limits} */ (baseline.limits ?? frame.presets.find((preset) => preset.name === baseline.preset)?.limits);

  /** @param {Limits} limits */
  function score(limits) {
    const key = JSON.stringify(limits);
    const before = scores.get(key);
    if (before) return before;
    if (scores.size > MOST_SCORES) scores.clear();
    const fresh = evaluateHere(table, arrays, limits);
    scores.set(key, fresh);
    return fresh;
  }

  /** What one moved limit comes to, exactly. @param {Lever} lever @param {Limit} limit */
  function exactly(lever, limit) {
    const read = (/** @type {string} */ name) => arrays[`${lever.tier}.${lever.limit}.${name}`];
    const places = read("limits");
    const step = stepAt({ limits: places, steps: places.length }, limit);
    /** @type {Record<string, Level>} */
    const outcomes = {};
    for (const [name, base] of Object.entries(frame.base)) {
      const level = read(`${name}_level`)[step];
      outcomes[name] = { level, change: level - base, low: read(`${name}_low`)?.[step], high: read(`${name}_high`)?.[step] };
    }
    return { outcomes, ahead: read("ahead")[step] };
  }

  /** What some limits bring, exactly, where the file knows that. @param {Limits} limits @param {Baseline} baseline */
  const knownOf = (limits, baseline) => (isShared(baseline) ? known.find((policy) => differing(policy.limits, limits) === 0)?.view : undefined);

  /** How many limits differ, but for one. @param {Limits} one @param {Limits} other @param {Lever} [but] */
  const differing = (one, other, but) => levers.filter((lever) => lever.key !== but?.key && limitOf(lever, one) !== limitOf(lever, other)).length;

  /** How much value lies between an exact policy and the shared one. @param {{ outcomes: Record<string, Level> }} policy */
  const far = ({ outcomes }) => Math.abs(outcomes[value].level - content.view.outcomes[value].level);

  /**
   * The exact policy from which to go on: that from which the fewest limits differ, of these the one that matters most.
   * @param {Limits} limits
   * @param {Lever} [but] a limit that may stand anywhere
   */
  function nearestExact(limits, but) {
    const moved = movedFromStart(limits).filter((lever) => lever.key !== but?.key);
    const singles = (moved.length || but ? moved : [levers[0]]).map((lever) => {
      const limit = limitOf(lever, limits);
      return { ...exactly(lever, limit), limits: withLimit(start, lever, limit) };
    });
    const all = [...singles, ...known.map((policy) => ({ ...policy.view, limits: policy.limits }))];
    const ranked = all.map((policy) => ({ policy, off: differing(policy.limits, limits, but), far: far(policy) }));
    return ranked.reduce((best, next) => (next.off < best.off || (next.off === best.off && next.far > best.far) ? next : best)).policy;
  }

  /**
   * Level and change of every outcome for some limits.
   * @param {Limits} limits
   * @param {Baseline} baseline
   * @returns {Estimate}
   */
  function outcomesOf(limits, baseline) {
    const view = knownOf(limits, baseline);
    if (view) return { outcomes: view.outcomes, ahead: view.ahead, isExact: true, off: 0 };
    const moved = movedFromStart(limits);
    if (isShared(baseline) && moved.length <= 1) {
      const lever = moved[0] ?? levers[0];
      return { ...exactly(lever, limitOf(lever, limits)), isExact: true, off: 0 };
    }
    const near = nearestExact(limits);
    const [mine, from, other] = [score(limits), score(near.limits), isShared(baseline) ? null : score(limitsOf(baseline))];
    const distanceTo = (/** @type {Score} */ to) => ({ totals: to.totals, ...apart(mine.net, to.net) });
    return carriedOn(content, near, mine.totals, distanceTo(from), other && distanceTo(other));
  }

  /**
   * The change by failure or segment, on the cases of the file; brought to the change in all.
   * @param {"failures" | "segments"} axis
   * @param {Limits} limits
   * @param {Baseline} baseline
   * @param {number} total
   * @returns {SplitRow[]}
   */
  function splitBy(axis, limits, baseline, total) {
    const [mine, other] = [score(limits), score(limitsOf(baseline))];
    const rows = content.view[axis].map((row) => ({ ...row, change: 0 }));
    const segmentCount = content.view.segments.length;
    mine.net.forEach((worth, i) => {
      const cell = arrays.cell[i];
      const row = rows[axis === "failures" ? Math.floor(cell / segmentCount) : cell % segmentCount];
      row.change += (worth - other.net[i]) / mine.net.length;
    });
    const missing = total - rows.reduce((sum, row) => sum + row.change, 0);
    return rows.map((row) => ({ ...row, change: row.change + missing * row.share }));
  }

  return { outcomesOf, splitBy, movedFromStart, isShared, knownOf, differing, far, nearestExact, limitsOf, score, exactly, start };
}
