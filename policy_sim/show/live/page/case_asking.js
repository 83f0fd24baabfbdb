// Asking about a case: whenever limits, rules or assumptions are others, the case on screen is asked about anew.
// In: the case that somebody chose, and what has changed. Out: questions, and for what their answers hold. Left to
// others: how an answer looks (one_case.js).

/** @import { Bench, CaseView, Order, State, Terms } from "./types.js" */

/**
 * What an answer holds for: limits, rules and assumptions; what is compared with has no say in it.
 * @param {State} state
 * @param {Terms} terms
 */
export const caseContextOf = (state, { limits, playbook }) =>
  JSON.stringify([state.levers.map(({ tier, limit }) => limits[tier][limit]), playbook, state.assumed]);

/** Whether the answer on screen holds for what is in hand. @param {State} state */
export const isCaseCurrent = (state) => state.shownCase?.context === caseContextOf(state, state);

/** @param {Bench} bench */
export function caseActsOf({ store, ask, show }) {
  let count = 0;

  /** What Python was last told is in hand. */
  const sent = () => /** @type {Order} */ (store.state.orders.get(`${store.state.id}:${store.state.count}`));

  /** @param {Readonly<Record<string, any>>} facts of a story or a case of one's own */
  function askCase(facts) {
    const order = `case ${++count}`;
    store.change({ askedCase: { order, facts, context: caseContextOf(store.state, sent()) } });
    ask({ ask: "case", facts, order });
    show();
  }

  return {
    askCase,

    /** Ask anew where neither the answer on screen nor the one that is awaited holds for what is in hand. */
    refreshCase() {
      const { askedCase, shownCase, isDirty } = store.state;
      const context = caseContextOf(store.state, sent());
      const last = askedCase ?? shownCase;
      if (!last || isDirty || last.context === context) return;
      askCase(last.facts);
    },
  };
}

/**
 * What Python says of a case.
 * @param {Bench} bench
 * @param {ReturnType<typeof import("./one_case.js").oneCaseOf>} oneCase
 */
export const caseAnswersOf = ({ store, read, show }, oneCase) => ({
  case(/** @type {CaseView & { readonly order: string }} */ message) {
    const asked = store.state.askedCase;
    if (!asked || asked.order !== message.order) return; // another one was asked about since
    store.change({ shownCase: { ...message, context: asked.context }, askedCase: null });
    oneCase.choose(message);
    oneCase.show(read());
    show();
  },
});
