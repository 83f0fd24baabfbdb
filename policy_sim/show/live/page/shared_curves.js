// Curves in a shared file: as they are in it, or worked out from its cases where other limits have moved.
// In: a limit, all limits, a baseline. Out: a curve as the panel takes it. Left to others: outcomes (shared_outcomes.js).

/** @import { Baseline, CurveContent, Lever, Level, Limit, Limits } from "./types.js" */
/** @import { Content, Outcomes } from "./shared_outcomes.js" */
/** @import { Arrays } from "./shared_table.js" */
import { withLimit } from "./limits.js";

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
  for (let i = 0; i < places.length; i++) {
    const estimate = outcomes.outcomesOf(withLimit(limits, lever, placeOf(places, i)), baseline);
    for (const name of names) {
      const [, outcome, kind] = /^(.*)_(level|low|high)$/.exec(name) ?? [];
      made[name][i] = name === "limits" ? places[i] : name === "ahead" ? estimate.ahead : estimate.outcomes[outcome][/** @type {keyof Level} */ (kind)];
    }
  }
  return { content: { ...shared, ...bestOf(made[`${content.frame.value}_level`], places) }, buffers: names.map((name) => made[name]) };
}

/**
 * The limit of a place, "no_limit" behind the last.
 * @param {Float64Array} places
 * @param {number} i
 * @returns {Limit}
 */
const placeOf = (places, i) => (i >= places.length || places[i] === Infinity ? "no_limit" : places[i] < 0 ? "ask" : places[i]);

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
  return { best: placeOf(places, best), flat: /** @type {[Limit, Limit]} */ ([placeOf(places, from), placeOf(places, to + 1)]) };
}
