// Links: a screen in the address of the page, and back.
// In: a state, or an address. Out: a link, or what it says. Left to others: showing it (panel.js).

/** @import { Limit, Playbook, State } from "./types.js" */
import { withLimit } from "./limits.js";
import { PERIODS } from "./reading.js";

const MOST_LETTERS = 8000; // of a link that everything takes that links go through

/**
 * A link to the screen; where the rules would make it too long, one without them.
 * @param {State} state
 * @returns {{ link: string, hasRules: boolean }}
 */
export function linkOf({ limits, playbook, baseline, hand, tab, per, assumed }) {
  const whole = encoded({ limits, playbook, baseline, hand, tab, per, assumed });
  if (whole.length <= MOST_LETTERS) return { link: whole, hasRules: true };
  return { link: encoded({ limits, baseline: { ...baseline, playbook: null }, hand, tab, per, assumed }), hasRules: false };
}

/** @param {object} content */
function encoded(content) {
  const text = btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(content))));
  return `ps=${text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** @param {string} text */
function decoded(text) {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** @param {unknown} limit @returns {limit is Limit} */
const isLimit = (limit) => limit === "ask" || limit === "no_limit" || (Number.isFinite(limit) && Number(limit) >= 0);

/** @param {any} playbook @returns {Playbook | null} what is not one is none; Python looks at its rules */
const playbookIn = (playbook) => (Array.isArray(playbook?.rules) && playbook.rules.length ? playbook : null);

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
  const { hand, tab, per, baseline } = content;
  const pinned = baseline?.limits ? { limits: baseline.limits, playbook: playbookIn(baseline.playbook) } : null;
  const isKnown = state.levers.some((lever) => lever.tier === hand?.tier && lever.limit === hand?.limit);
  const isPreset = state.frame.presets.some((preset) => preset.name === baseline?.preset);
  /** @type {Partial<State>} */
  const part = {
    limits,
    ...("playbook" in content ? { playbook: playbookIn(content.playbook) } : {}),
    ...(tab === "rules" || tab === "months" ? { tab } : {}),
    ...(isKnown ? { hand } : {}),
    ...(per in PERIODS ? { per } : {}),
    ...(isPreset ? { baseline: { preset: baseline.preset } } : {}),
    ...(pinned ? { pinned, baseline: { ...pinned } } : {}),
  };
  return { part, assumed: content.assumed ?? {} };
}
