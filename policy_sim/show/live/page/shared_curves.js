// Curves in a shared file: as they are in it, or worked out from its cases where other limits have moved.
// In: a limit, all limits, a baseline. Out: a curve as the panel takes it. Left to others: outcomes (shared_outcomes.js).

/** @import { Baseline, CurveContent, Lever, Level, Limit, Limits } from "./types.js" */
/** @import { Content, Outcomes } from "./shared_outcomes.js" */
/** @import { Arrays } from "./shared_table.js" */
import { withLimit } from "./limits.js";
import { apartAlong, evaluateAlong, placeOf } from "./shared_along.js";
import { carriedOn } from "./shared_error.js";

const ENOUGH = 0.01; // of what a limit can gain

/**
 * @param {Content} content
 * @param {Arrays} arrays
 * @param {Outcomes} outcomes
 * @param {Lever} lever
 * @param {Limits} limits
 * @param {Baseline} baseline
 * @returns {{ content: CurveContent, buffers: Float64Array[] }}
 */
export function sharedCurve(content, arrays, outcomes, lever, limits, baseline) {
  const shared = /** @type {CurveContent} */ (content.curves.find((curve) => curve.tier === lever.tier && curve.limit === lever.limit));
  const read = (/** @type {string} */ name) => arrays[`${lever.tier}.${lever.limit}.${name}`];
  const others = outcomes.movedFromStart(limits).filter((moved) => moved.tier !== lever.tier || moved.limit !== lever.limit);
  const names = shared.arrays;
  if (outcomes.isShared(baseline) && !others.length) return { content: shared, buffers: names.map((name) => Float64Array.from(read(name))) };
  const places = read("limits");
  const made = Object.fromEntries(names.map((name) => [name, new Float64Array(places.length)]));
  const parts = names.map((name) => /^(.*)_(level|low|high)$/.exec(name) ?? []);
  estimatesAlong(content, arrays, outcomes, lever, limits, baseline, others).forEach((estimate, i) => {
    names.forEach((name, n) => {
      const [, outcome, kind] = parts[n];
      made[name][i] = name === "limits" ? places[i] : name === "ahead" ? estimate.ahead : estimate.outcomes[outcome][/** @type {keyof Level} */ (kind)];
    });
  });
  return { content: { ...shared, ...bestOf(made[`${content.frame.value}_level`], places) }, buffers: names.map((name) => made[name]) };
}

/**
 * What `outcomesOf` says at every place of a limit.
 * @param {Content} content
 * @param {Arrays} arrays
 * @param {Outcomes} outcomes
 * @param {Lever} lever
 * @param {Limits} limits
 * @param {Baseline} baseline
 * @param {Lever[]} others that have moved
 */
function estimatesAlong(content, arrays, outcomes, lever, limits, baseline, others) {
  const { table } = content;
  const { start, exactly, score } = outcomes;
  const places = arrays[`${lever.tier}.${lever.limit}.limits`];
  const near = others.length ? outcomes.nearestExact(limits, lever) : null;
  const [mine, own] = [limits, start].map((these) => evaluateAlong(table, arrays, these, lever, places));
  const base = outcomes.isShared(baseline) ? null : score(outcomes.limitsOf(baseline));
  const [fromNear, fromBase] = [near, base].map((from) => from && ("net" in from ? from : score(from.limits)));
  const gaps = (/** @type {any} */ from) => apartAlong(mine, from, places.length);
  const [toBase, toNear, toOwn] = [fromBase && gaps(fromBase.net), fromNear && gaps(fromNear.net), gaps(own)];
  const at = (/** @type {Float64Array} */ totals, /** @type {number} */ i) => totals.subarray(i * table.measures.length, (i + 1) * table.measures.length);
  return Array.from(places, (place, i) => {
    const limit = placeOf(/** @type {number} */ (place));
    const single = exactly(lever, limit);
    const isMoved = limit !== start[lever.tier][lever.limit];
    const away = near ? outcomes.differing(near.limits, withLimit(limits, lever, limit)) : Infinity;
    if (!base && near && away === 0) return { ...near, isExact: true, off: 0 };
    const isNearer = others.length < away || (others.length === away && isMoved && near !== null && outcomes.far(single) > outcomes.far(near));
    const isOwn = !near || !fromNear || !toNear || isNearer;
    const from = isOwn ? { totals: at(own.totals, i), ...toOwn[i] } : { totals: fromNear.totals, ...toNear[i] };
    const other = fromBase && toBase ? { totals: fromBase.totals, ...toBase[i] } : null;
    return carriedOn(content, isOwn ? single : near, at(mine.totals, i), from, other);
  });
}

/**
 * The best limit, and from where to below where a limit is nearly as good.
 * @param {Float64Array} net
 * @param {Float64Array} places
 */
function bestOf(net, places) {
  let best = 0;
  net.forEach((value, i) => {
    if (value > net[best] + 1e-9) best = i;
  });
  const enough = net[best] - ENOUGH * (net[best] - Math.min(...net));
  let [from, to] = [best, best];
  while (from > 0 && net[from - 1] >= enough) from--;
  while (to + 1 < net.length && net[to + 1] >= enough) to++;
  return { best: placeOf(places[best]), flat: /** @type {[Limit, Limit]} */ ([placeOf(places[from]), to + 1 < places.length ? placeOf(places[to + 1]) : "no_limit"]) };
}
