// Rule answers: what Python says of rules on what to give, and how it changes the state.
// In: messages. Out: the changed state, shown. Left to others: what was asked (rule_acts.js).

/** @import { Bench, Effect, GapView, Guidance } from "./types.js" */
import { behindAnswersOf } from "./behind_answers.js";
import { contextOf, same } from "./state.js";

/** @typedef {{ readonly order: string }} Ordered */

/**
 * @param {Bench} bench
 * @returns {Record<string, (message: any, buffers: readonly any[]) => void>}
 */
export function ruleAnswersOf(bench) {
  const { store } = bench;
  const contextFor = (/** @type {string} */ order) => {
    const asked = store.state.orders.get(order);
    return asked ? contextOf(store.state, asked) : "";
  };
  return {
    effect(/** @type {{ effect: Effect | null } & Ordered} */ { effect, order }) {
      store.change({ effect: { effect, context: contextFor(order) } });
      bench.show();
    },

    rules(/** @type {Guidance & Ordered} */ { order, ...guidance }) {
      store.change({ guidance: { ...guidance, context: contextFor(order) } });
      bench.show();
    },

    gap(/** @type {GapView & Ordered} */ { order, ...gap }) {
      store.change({ gap: { ...gap, context: contextFor(order) } });
      bench.show();
    },

    ...behindAnswersOf(bench, contextFor),

    /** The search is over; it found nothing where it was given up. */
    found(/** @type {{ preset: string }} */ { preset }) {
      const { seeking, limits, playbook, assumed } = store.state;
      if (!seeking) return;
      store.change({ seeking: null, ...(preset ? { found: { preset, assumed: JSON.stringify(assumed) } } : {}) });
      // whoever has moved something since is asked first
      if (preset && same(seeking, { limits, playbook })) {
        bench.acts.takeFound();
        bench.say("The limits and rules that were found are on screen; Undo brings back what was there.");
      } else bench.show();
    },
  };
}
