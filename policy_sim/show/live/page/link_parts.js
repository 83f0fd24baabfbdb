// Parts of a link: limits, rules and a baseline, each as far as it fits.
// In: what somebody's link says: anything may stand there. Out: what fits, and by `leave` what does not and why. Left to
// others: the rest of a link (link_reading.js); facts of rules, which Python judges.

/** @import { Lever, Limit, Limits, Playbook, Rule, State } from "./types.js" */
import { order, tiersOf, withLimit } from "./limits.js";
import { limitText, plural } from "./numbers.js";

/** @typedef {(why: string) => void} Leave */
/** @typedef {Readonly<Record<string, any>>} Anything with names */

const MOST = 1e9; // money, as a limit
const MOST_TEXT = 40; // letters of what is quoted
const MOST_WHY = 200; // letters of a reason

/** Whether something has names and values of its own. @param {unknown} value @returns {value is Anything} */
export const isContent = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {unknown} limit @returns {limit is Limit} */
const isLimit = (limit) => limit === "ask" || limit === "no_limit" || (Number.isFinite(limit) && Number(limit) >= 0 && Number(limit) <= MOST);

/** @param {unknown} value */
const quoted = (value) => {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  return `“${text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text}”`;
};

/** @param {Anything} content @param {string} name */
const own = (content, name) => (Object.hasOwn(content, name) ? content[name] : undefined);

/**
 * Limits: those that fit, the others as in the policy in force.
 * @param {unknown} given
 * @param {State} state
 * @param {Leave} leave
 * @param {(lever: Lever) => void} miss called for each limit of which nothing is said
 * @returns {Limits}
 */
export function limitsIn(given, state, leave, miss = () => {}) {
  const { frame, levers } = state;
  if (!isContent(given)) {
    leave(`limits are ${quoted(given)}, which are none`);
    return frame.limits;
  }
  let { limits } = frame;
  for (const lever of levers) {
    const ofTier = own(given, lever.tier);
    const limit = isContent(ofTier) ? own(ofTier, lever.limit) : undefined;
    if (isLimit(limit)) limits = withLimit(limits, lever, limit);
    else if (limit === undefined) miss(lever);
    else leave(`${plural(lever.tier)}, ${lever.title.toLowerCase()}: ${quoted(limit)} is no limit`);
  }
  for (const [tier, ofTier] of Object.entries(given)) leaveUnknown(tier, ofTier, levers, leave);
  return inOrder(limits, state, leave);
}

/** @param {string} tier @param {unknown} ofTier @param {readonly Lever[]} levers @param {Leave} leave */
function leaveUnknown(tier, ofTier, levers, leave) {
  const names = levers.filter((lever) => lever.tier === tier).map((lever) => lever.limit);
  if (!names.length) leave(`there is no tier ${quoted(tier)} with limits`);
  else if (!isContent(ofTier)) leave(`limits of ${plural(tier)} are ${quoted(ofTier)}, which are none`);
  else for (const name of Object.keys(ofTier)) if (!names.includes(name)) leave(`${plural(tier)} have no limit ${quoted(name)}`);
}

/** Limits never fall from a tier to the next: where they do, they are those in force. @param {Limits} limits @param {State} state @param {Leave} leave */
function inOrder(limits, state, leave) {
  const tiers = tiersOf(state);
  let ordered = limits;
  for (const name of new Set(state.levers.map((lever) => lever.limit))) {
    const column = tiers.map((tier) => limits[tier][name]);
    const k = column.findIndex((limit, i) => i > 0 && order(limit) < order(column[i - 1]));
    if (k < 0) continue;
    const mine = state.levers.filter((lever) => lever.limit === name);
    const words = (/** @type {number} */ i) => `the ${tiers[i]}’s ${limitText(column[i], state.frame.currency)}`;
    leave(`${mine[0].title.toLowerCase()}: ${words(k)} is below ${words(k - 1)}`);
    for (const lever of mine) ordered = withLimit(ordered, lever, state.frame.limits[lever.tier][name]);
  }
  return ordered;
}

/**
 * What is compared with: a policy that is there, or limits and rules of its own, which are pinned.
 * @param {unknown} given
 * @param {State} state
 * @param {Leave} leave
 * @returns {Partial<State>}
 */
export function baselineIn(given, state, leave) {
  const about = (/** @type {string} */ why) => leave(`what is compared with: ${why}`);
  if (isContent(given) && isContent(own(given, "limits"))) {
    /** @type {Lever[]} */
    const missing = [];
    const limits = limitsIn(given.limits, state, about, (lever) => missing.push(lever));
    if (missing.length < state.levers.length) {
      if (missing.length) about(`${missing.length} limit${missing.length > 1 ? "s are" : " is"} missing, those in force stand for them`);
      const pinned = { limits, playbook: rulesIn(own(given, "playbook") ?? null, state, about) };
      return { pinned, baseline: { ...pinned } };
    }
  }
  const preset = isContent(given) ? own(given, "preset") : undefined;
  if (state.frame.presets.some(({ name }) => name === preset)) return { baseline: { preset } };
  about(typeof preset === "string" ? `there is no policy ${quoted(preset)} here` : "no limits that can be read");
  return {};
}

/**
 * Rules: those that fit; null where there are none.
 * @param {unknown} given
 * @param {State} state
 * @param {Leave} leave
 * @returns {Playbook | null}
 */
export function rulesIn(given, { frame }, leave) {
  if (frame.has_fixed_rules) return frame.playbook;
  if (given === null || given === undefined) return null;
  if (!isContent(given) || !Array.isArray(given.rules)) {
    leave("the rules on what to give are none that can be read");
    return null;
  }
  const rules = given.rules.filter((rule, i) => {
    if (isRule(rule, frame.menus)) return true;
    leave(`rule ${i + 1} on what to give fits nothing that can be given`);
    return false;
  });
  return rules.length ? { rules: rules.map(({ failure, when, asks, give, why }) => ({ failure, when, asks, give, why })) } : null;
}

/** @param {unknown} rule @param {State["frame"]["menus"]} menus @returns {rule is Rule} */
function isRule(rule, menus) {
  if (!isContent(rule) || !Object.hasOwn(menus, rule.failure) || !areTexts(rule.give)) return false;
  const given = JSON.stringify([...rule.give].sort());
  const isPossible = menus[rule.failure].some(({ give }) => JSON.stringify([...give].sort()) === given);
  const isStretch = (/** @type {unknown} */ stretch) => isContent(stretch) && Object.values(stretch).every(Number.isFinite);
  const hasWhen = rule.when === undefined || (isContent(rule.when) && Object.values(rule.when).every(isStretch));
  const hasWhy = rule.why === undefined || (typeof rule.why === "string" && rule.why.length <= MOST_WHY);
  return isPossible && hasWhen && hasWhy && (rule.asks === undefined || areTexts(rule.asks));
}

/** @param {unknown} value @returns {value is string[]} */
const areTexts = (value) => Array.isArray(value) && value.every((text) => typeof text === "string");
