// Links: a screen in the address of the page.
// In: a state. Out: a link. Left to others: reading one (link_reading.js), showing what it says (panel.js).

/** @import { State } from "./types.js" */

const MOST_LETTERS = 8000; // of a link that everything takes that links go through

/**
 * A link to the screen; where the rules would make it too long, one without them. What is compared with travels along
 * where it was found by a search: whoever opens the link may not have it.
 * @param {State} state
 * @returns {{ link: string, hasRules: boolean }}
 */
export function linkOf({ frame, limits, playbook, baseline, hand, tab, per, assumed, budget }) {
  const found = frame.presets.find(({ name, is_found }) => is_found && name === baseline.preset);
  const base = found ? { limits: found.limits, playbook: found.playbook } : baseline;
  const places = { hand, tab, per, assumed, ...(budget === null ? {} : { budget }) };
  const whole = encoded({ limits, playbook, baseline: base, ...places });
  if (whole.length <= MOST_LETTERS) return { link: whole, hasRules: true };
  return { link: encoded({ limits, baseline: { ...base, playbook: null }, ...places }), hasRules: false };
}

/** @param {object} content */
function encoded(content) {
  const text = btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(content))));
  return `ps=${text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}
