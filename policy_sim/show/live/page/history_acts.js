// History acts: going to any point at which the policy stood, under the assumptions of then.
// In: an entry of the history, what everything was valued by. Out: the changed state, shown and sent. Left to others: what
// is an entry (changes.js), the list of them (history.js).

/** @import { Assumed, Bench } from "./types.js" */
import { same } from "./state.js";

/**
 * @param {Bench} bench
 * @param {ReturnType<typeof import("./changes.js").changesOf>} changes
 */
export function historyActsOf(bench, { send, showAndSend, changed }) {
  const { store } = bench;
  return {
    /**
     * Go to an entry of the history.
     * @param {number} to
     */
    go(to) {
      const entry = store.state.history[to];
      if (!entry) return;
      const { at, returning } = store.state;
      // what was asked for last may still be on its way
      const isReassumed = !isSameAssumed(entry.assumed, returning?.assumed ?? store.state.assumed);
      const { limits, playbook, baseline, budget } = entry;
      store.change({ at: to, limits, playbook, baseline, budget, aside: null, editing: null, isDirty: true });
      if (isReassumed) store.change({ returning: { assumed: entry.assumed, from: returning?.from ?? at } });
      if (isReassumed) bench.ask({ ask: "assume", values: entry.assumed });
      bench.say("");
      bench.show();
      if (!store.state.pending && !store.state.returning) send();
    },

    /** Have everything valued by other assumptions. @param {Assumed} values */
    assume(values) {
      store.change({ returning: null });
      bench.ask({ ask: "assume", values });
    },

    /** Everything is valued by some assumptions: by new ones, or by those of the entry that was gone to. @param {Assumed} values */
    reassumed(values) {
      const { returning } = store.state;
      if (!returning) {
        changed(Object.keys(values).length ? "Assumptions changed" : "Assumptions as the scenario has them");
        return;
      }
      if (isSameAssumed(values, returning.assumed)) store.change({ returning: null });
      showAndSend();
    },

    /** Have the answer, what could turn it and the frontier worked out, as far as they are not. */
    study() {
      store.change({ isStudyCancelled: false });
      bench.ask({ ask: "study" });
      bench.show();
    },

    /** Go on with what there is: what takes long is given up, and with it an entry that needs other assumptions. */
    cancel() {
      const { returning } = store.state;
      bench.ask({ ask: "cancel" });
      store.change({ isStudyCancelled: true });
      if (!returning) {
        bench.show();
        return;
      }
      store.change({ returning: null });
      bench.acts.go(returning.from);
    },
  };
}

/** @param {Assumed} one @param {Assumed} other */
const isSameAssumed = (one, other) => same(Object.entries(one).sort(), Object.entries(other).sort());
