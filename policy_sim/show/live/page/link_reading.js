// Reading a link: what a link says as far as it fits; whoever wrote it, the panel opens.
// In: the address of the page, and the state. Out: parts of the state, and what was left out and why. Left to others:
// single parts (link_parts.js), assumptions and facts of rules, which Python judges.

/** @import { State } from "./types.js" */
import { baselineIn, isContent, limitsIn, rulesIn } from "./link_parts.js";
import { PERIODS } from "./reading.js";

const MOST_LETTERS = 100_000; // of a link: no page makes a longer one
const MOST_TEXT = 40; // letters of an assumption that is written out: "5 to 9"
const KNOWN = ["limits", "playbook", "baseline", "hand", "tab", "per", "assumed", "budget"];

/** @param {string} text */
function decoded(text) {
  if (text.length > MOST_LETTERS || !/^[\w-]+$/.test(text)) throw new Error("no link of ours");
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/**
 * What a link says, as parts of the state; null where the address holds none.
 * @param {string} hash
 * @param {State} state
 * @returns {{ part: Partial<State>, assumed: Record<string, number | string>, left: string[] } | null}
 * @throws where the link cannot be read at all
 */
export function screenIn(hash, state) {
  const text = /[#&]ps=([^&]*)/.exec(hash)?.[1];
  if (text === undefined) return null;
  const content = decoded(text);
  if (!isContent(content)) throw new Error("no link of ours");
  /** @type {string[]} */
  const left = [];
  const leave = (/** @type {string} */ why) => void left.push(why);
  for (const name of Object.keys(content)) if (!KNOWN.includes(name)) leave(`“${name.slice(0, MOST_TEXT)}” is nothing that this page knows`);
  const has = (/** @type {string} */ name) => Object.hasOwn(content, name);
  /** @type {Partial<State>} */
  const part = {
    ...(has("limits") ? { limits: limitsIn(content.limits, state, leave) } : {}),
    ...(has("playbook") ? { playbook: rulesIn(content.playbook, state, leave) } : {}),
    ...(has("baseline") ? baselineIn(content.baseline, state, leave) : {}),
    ...placesIn(content, state, leave),
  };
  return { part, assumed: has("assumed") ? assumedIn(content.assumed, leave) : {}, left };
}

/**
 * Where the screen stands: limit in hand, tab, period, budget.
 * @param {Readonly<Record<string, any>>} content
 * @param {State} state
 * @param {(why: string) => void} leave
 * @returns {Partial<State>}
 */
function placesIn({ hand, tab, per, budget }, { levers, frame }, leave) {
  /** @type {Partial<State>} */
  const part = {};
  const lever = isContent(hand) ? levers.find(({ tier, limit }) => tier === hand.tier && limit === hand.limit) : undefined;
  if (lever) Object.assign(part, { hand: { tier: lever.tier, limit: lever.limit } });
  else if (hand !== undefined) leave("the limit in hand is none that there is");
  if (tab === "limits" || tab === "rules" || tab === "months") Object.assign(part, { tab });
  else if (tab !== undefined) leave("there is no such tab");
  if (typeof per === "string" && Object.hasOwn(PERIODS, per)) Object.assign(part, { per });
  else if (per !== undefined) leave("money is told per case, month or year");
  if (Number.isFinite(budget) && budget >= frame.budgets[0] && budget <= frame.budgets[1]) Object.assign(part, { budget });
  else if (budget !== undefined && budget !== null) leave("the budget is no amount that anybody means");
  return part;
}

/**
 * Assumptions: numbers, and short texts such as "5 to 9"; Python judges them.
 * @param {unknown} assumed
 * @param {(why: string) => void} leave
 * @returns {Record<string, number | string>}
 */
function assumedIn(assumed, leave) {
  if (!isContent(assumed)) {
    leave("the assumptions are none that can be read");
    return {};
  }
  const fits = (/** @type {unknown} */ value) => Number.isFinite(value) || (typeof value === "string" && value !== "" && value.length <= MOST_TEXT);
  return Object.fromEntries(
    Object.entries(assumed).filter(([name, value]) => {
      if (fits(value)) return true;
      leave(`assumption “${name.slice(0, MOST_TEXT)}” is neither a number nor a short text`);
      return false;
    }),
  );
}
