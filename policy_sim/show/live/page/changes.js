// Changes: other limits on screen, noted in the history and sent to Python.
// In: limits. Out: the changed state, shown and sent. Left to others: what a person does (acts.js), what comes back
// (answers.js).

/** @import { Bench, Entry, Terms } from "./types.js" */
import { withLimit } from "./limits.js";
import { same, worthsWith } from "./state.js";

const MOST_ORDERS = 50; // that an answer may still come to
export const MOST_ENTRIES = 100; // of the history

/** @param {Bench} bench */
export function changesOf(bench) {
  const { store } = bench;

  /** Ask for what the limits come to now. */
  function send() {
    const { id, limits, playbook, baseline, hand } = store.state;
    const count = store.state.count + 1;
    const pending = `${id}:${count}`;
    const orders = new Map([...store.state.orders].slice(1 - MOST_ORDERS));
    orders.set(pending, { limits, playbook, baseline, at: performance.now() });
    store.change({ isDirty: false, isSettled: false, count, pending, orders });
    bench.ask({ ask: "show", order: pending, limits, playbook, baseline, hand: [hand.tier, hand.limit] });
  }

  /** Show what has moved, and send it unless an answer is still awaited; what was said was of what was there before. */
  function showAndSend() {
    bench.say("");
    store.change({ isDirty: true });
    bench.show();
    if (!store.state.pending) send();
  }

  /**
   * Note a change that is over: one entry of the history. Keys pressed one after the other on the same limit are one.
   * @param {string} text
   * @returns {boolean} whether there was one
   */
  function note(text, byKeysOn = "") {
    const { limits, playbook, baseline, assumed, budget, history, at } = store.state;
    /** @type {Entry} */
    const entry = { text, byKeysOn, limits, playbook, baseline, assumed, budget };
    if (history.length && same({ ...history[at], text, byKeysOn }, entry)) return false;
    const before = byKeysOn && history[at].byKeysOn === byKeysOn ? at : at + 1;
    const now = bench.read().read(store.state.frame.value); // where a limit was moved, from its curve
    if (now) store.change({ worths: worthsWith(store.state, entry, now.level) });
    const kept = [...history.slice(0, before), entry].slice(-MOST_ENTRIES);
    store.change({ history: kept, at: kept.length - 1 });
    return true;
  }

  /** @param {string} text */
  function changed(text) {
    note(text);
    showAndSend();
  }

  return {
    send,
    showAndSend,
    note,
    changed,

    /** Begin anew with what is in hand: nothing that was there before holds. */
    restart() {
      const { limits, playbook, baseline, budget, history } = store.state;
      store.change({ history: [{ ...history[0], limits, playbook, baseline, budget }], at: 0 });
      bench.show();
      send();
    },

    /**
     * Show some limits, as far as they are on screen, and rules.
     * @param {Terms} terms
     * @param {string} text
     */
    setTerms({ limits, playbook }, text) {
      let moved = store.state.limits;
      for (const lever of store.state.levers) {
        const limit = limits[lever.tier]?.[lever.limit];
        if (limit !== undefined) moved = withLimit(moved, lever, limit);
      }
      const rules = store.state.frame.has_fixed_rules ? store.state.playbook : playbook;
      store.change({ limits: moved, playbook: rules, aside: null, editing: null });
      changed(text);
    },

    /**
     * Go to an entry of the history.
     * @param {number} to
     */
    go(to) {
      const entry = store.state.history[to];
      if (!entry) return;
      const isReassumed = !same(entry.assumed, store.state.assumed);
      const { limits, playbook, baseline, budget } = entry;
      store.change({ at: to, limits, playbook, baseline, budget, aside: null, editing: null, isDirty: true });
      if (isReassumed) bench.ask({ ask: "assume", values: entry.assumed });
      bench.say("");
      bench.show();
      if (!store.state.pending && !isReassumed) send();
    },
  };
}
