// State: everything that changes while somebody works with the panel, in one place.
// In: the frame; parts of a new state. Out: the state, frozen; nobody changes it but by `change`. Left to others: what
// follows from it (reading.js), when it changes (acts.js, answers.js).

/** @import { Baseline, Frame, State, Store, Terms } from "./types.js" */
import { leversOf } from "./limits.js";

const MOST_WORTHS = 300; // as many as a history may hold, and what was moved past

/**
 * @param {unknown} one
 * @param {unknown} other
 */
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/**
 * @param {Frame} frame
 * @param {string} id
 * @returns {State}
 */
export const firstState = (frame, id) => ({
  id,
  frame,
  levers: leversOf(frame),
  limits: frame.limits,
  playbook: frame.playbook,
  baseline: { preset: frame.approved },
  hand: frame.hand,
  tab: "limits",
  per: "year",
  split: "parts",
  assumed: {},
  budget: null,
  seekingWithin: null,
  leftOut: [],
  pinned: null,
  aside: null,
  history: [],
  at: 0,
  worths: new Map(),
  returning: null,
  count: 0,
  orders: new Map(),
  pending: "",
  isDirty: false,
  isSettled: false,
  curves: new Map(),
  view: null,
  frontier: null,
  doubts: null,
  isStudyCancelled: false,
  minds: { rows: [], context: "" },
  shownCase: null,
  askedCase: null,
  seeking: null,
  found: null,
  editing: null,
  following: null,
  effect: null,
  guidance: null,
  gap: null,
  months: null,
  lookedAt: "",
});

/**
 * @param {State} first
 * @returns {Store}
 */
export function storeOf(first) {
  let state = Object.freeze(first);
  return {
    get state() {
      return state;
    },
    change(part) {
      state = Object.freeze({ ...state, ...part });
    },
  };
}

/**
 * What the worth of a policy hangs on, for a place to keep it in.
 * @param {Terms & { readonly assumed: State["assumed"] }} terms
 */
export const termsKey = ({ limits, playbook, assumed }) => JSON.stringify([limits, playbook, assumed]);

/**
 * What policies are known to be worth, with one more of some net value per case; the oldest are forgotten.
 * @param {State} state
 * @param {Terms} terms
 * @param {number} level
 */
export const worthsWith = ({ worths, frame, assumed }, { limits, playbook }, level) =>
  new Map([...[...worths].slice(1 - MOST_WORTHS), [termsKey({ limits, playbook, assumed }), level - frame.base[frame.value]]]);

/**
 * What an answer holds for: the limits but the one of which it is the curve, the rules, the baseline, the assumptions.
 * @param {State} state
 * @param {Terms & { readonly baseline: Baseline }} asked
 * @param {string} except key of a limit
 */
export const contextOf = (state, { limits, playbook, baseline }, except = "") =>
  JSON.stringify([state.levers.map((lever) => (lever.key === except ? 0 : limits[lever.tier][lever.limit])), playbook, baseline, state.assumed]);
