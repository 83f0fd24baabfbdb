// Links: a screen in the address of the page, and back.
// In: a state, or an address. Out: a link, or what it says. Left to others: showing it (panel.js).

/** @import { Limit, State } from "./types.js" */
import { withLimit } from "./limits.js";
import { PERIODS } from "./reading.js";

/** @param {State} state */
export function linkOf({ limits, baseline, hand, per, assumed }) {
  const bytes = new TextEncoder().encode(JSON.stringify({ limits, baseline, hand, per, assumed }));
  const text = btoa(String.fromCharCode(...bytes));
  return `ps=${text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** @param {string} text */
function decoded(text) {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** @param {unknown} limit @returns {limit is Limit} */
const isLimit = (limit) => limit === "ask" || limit === "no_limit" || (Number.isFinite(limit) && Number(limit) >= 0);

/**
 * What a link says, as parts of the state; what does not fit is left out. Null where the address holds none.
 * @param {string} hash
 * @param {State} state
 * @returns {{ part: Partial<State>, assumed: Record<string, number> } | null}
 * @throws where the link cannot be read
 */
export function screenIn(hash, state) {
  const text = /[#&]ps=([\w-]+)/.exec(hash)?.[1];
  if (!text) return null;
  const content = decoded(text);
  let { limits } = state;
  for (const lever of state.levers) {
    const limit = content.limits?.[lever.tier]?.[lever.limit];
    if (isLimit(limit)) limits = withLimit(limits, lever, limit);
  }
  const { hand, per, baseline } = content;
  const isKnown = state.levers.some((lever) => lever.tier === hand?.tier && lever.limit === hand?.limit);
  const isPreset = state.frame.presets.some((preset) => preset.name === baseline?.preset);
  /** @type {Partial<State>} */
  const part = {
    limits,
    ...(isKnown ? { hand } : {}),
    ...(per in PERIODS ? { per } : {}),
    ...(isPreset ? { baseline: { preset: baseline.preset } } : {}),
    ...(baseline?.limits ? { pinned: baseline.limits, baseline: { limits: baseline.limits } } : {}),
  };
  return { part, assumed: content.assumed ?? {} };
}
