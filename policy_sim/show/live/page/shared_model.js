// The other side of the panel in a shared file: answers what the panel asks from what the file holds.
// In: the content of the file. Out: a `model` as the panel expects it. Left to others: the numbers (shared_outcomes.js,
// shared_curves.js); the page says where they are not exact.

/** @import { Baseline, Limits, Listen, Model } from "./types.js" */
/** @import { Content } from "./shared_outcomes.js" */
/** @import { Arrays } from "./shared_table.js" */
import { leversOf } from "./limits.js";
import { money } from "./numbers.js";
import { sharedCurve } from "./shared_curves.js";
import { outcomesIn } from "./shared_outcomes.js";

const NOT_SHARED = "this file knows that of the shared policy alone; go back to it, or move limits in the workbench";
const NO_FILES = "this file shows; the workbench writes files for agents. Copy the link or print the page instead";

const UNKNOWN = "Known for the shared policy alone; the workbench works it out for any.";

/** @typedef {{ order: string, limits: Limits, baseline: Baseline, hand: string[] }} Asked */

/** @param {Content} content @param {Arrays} arrays @returns {Model} */
export function sharedModel(content, arrays) {
  const { frame } = content;
  const levers = leversOf(frame);
  const outcomes = outcomesIn(content, arrays);
  /** @type {Set<Listen>} */
  const listeners = new Set();
  let newest = "";
  let isShared = true; // whether the policy on screen is the one that was shared
  let isStart = true; // and is compared as it was

  const answer = (/** @type {object} */ message, /** @type {Float64Array[]} */ buffers = []) =>
    setTimeout(() => listeners.forEach((listen) => listen(message, buffers)));
  const refuse = (/** @type {string} */ words) => () => answer({ kind: "problem", words });

  const tellShared = (/** @type {object} */ message) => answer(isStart ? message : { kind: "problem", words: NOT_SHARED });

  /** @param {Asked} asked */
  function show({ order, limits, baseline, hand }) {
    const estimate = outcomes.outcomesOf(limits, baseline);
    const total = estimate.outcomes[frame.value].change;
    isShared = !outcomes.movedFromStart(limits).length;
    isStart = !outcomes.movedFromStart(limits).length && outcomes.isShared(baseline);
    const split = (/** @type {"failures" | "segments"} */ axis) => outcomes.splitBy(axis, limits, baseline, total);
    const view = isStart ? content.view : (outcomes.knownOf(limits, baseline) ?? { failures: split("failures"), segments: split("segments"), fingerprint: "", book: content.view.book });
    answer({ kind: "effect", order, effect: null });
    answer({ ...view, kind: "view", order, outcomes: estimate.outcomes, ahead: estimate.ahead });
    newest = order;
    const inHand = (/** @type {{ tier: string, limit: string }} */ { tier, limit }) => tier === hand[0] && limit === hand[1];
    const sorted = [...levers].sort((one, other) => Number(inHand(other)) - Number(inHand(one)));
    // one after the other, so that the next move need not wait for all of them
    const tell = (/** @type {number} */ n) => {
      if (newest !== order) return;
      if (n === sorted.length) {
        answer({ kind: "settled", order });
        return;
      }
      const { content: curve, buffers } = sharedCurve(content, arrays, outcomes, sorted[n], limits, baseline);
      answer({ ...curve, kind: "curve", order }, buffers);
      setTimeout(() => tell(n + 1));
    };
    setTimeout(() => tell(0));
    const known = { rows: content.breakEvens };
    const unknown = { rows: [], words: UNKNOWN };
    answer({ kind: "break_evens", order, ...(isStart ? known : unknown) });
    const off = money(estimate.off * frame.cases_per_year, frame.currency);
    answer({ kind: "note", words: estimate.isExact ? content.exactly : `${content.roughly} ±${off} a year.` });
  }

  /** @type {Record<string, (message: any) => unknown>} */
  const answers = {
    show,
    study() {
      answer({ kind: "doubts", rows: content.doubts });
      answer({ kind: "frontier", points: content.frontier });
    },
    rules({ order }) {
      if (!isShared) return;
      if (content.guidance) answer({ ...content.guidance, kind: "rules", order });
      if (content.gap) answer({ ...content.gap, kind: "gap", order });
    },
    months: ({ order }) => answer({ ...(isStart ? content.shared.months : { problem: UNKNOWN }), kind: "months", order }),
    find_rules: refuse("finding rules needs the workbench; this file holds those it was shared with"),
    case({ facts, order }) {
      const shown = content.cases[facts.story];
      if (shown) answer({ ...shown, kind: "case", facts, order, ...(isShared ? {} : { unknown: UNKNOWN }) });
      else answer({ kind: "problem", order, words: "a case of your own needs the workbench; this file holds the six stories" });
    },
    assumptions: refuse("changing assumptions needs the workbench; this file holds what follows from one scenario"),
    within_budget: refuse("searching needs the workbench"),
    assume_what_fits() {
      answer({ kind: "left_out", parts: ["its assumptions, for changing them needs the workbench"] });
      answers.study({});
    },
    load: refuse("opening a policy needs the workbench"),
    chain: ({ outcome, preset }) => (preset ? answer({ ...content.why, kind: "chain", outcome }) : tellShared({ ...content.shared.chain, kind: "chain", outcome })),
    reproduce: () => tellShared({ ...content.shared.reproduce, kind: "reproduce" }),
    review: refuse(NO_FILES),
    export: refuse(NO_FILES),
  };

  return {
    get: () => frame,
    send(/** @type {any} */ message) {
      answer({ kind: "heard" });
      answers[message.ask]?.(message);
    },
    on: (_, listen) => listeners.add(listen),
    off: (_, listen) => listeners.delete(listen),
  };
}
