// Budget line: the target under the heading, whether it is met, and the search for the best limits within it.
// In: a reading; what comes of the search. Out: an element, what a person does. Left to others: how far a policy is from
// the target (budget.js), asking for it (budget_dialog.js), the search (Python).

/** @import { Bench, Reading } from "./types.js" */
import { budgetNow, showTowards } from "./budget.js";
import { button, node } from "./elements.js";
import { same } from "./state.js";

/** The line of the header. @param {Bench} bench */
export function budgetLine(bench) {
  const words = node("span", {});
  const towards = node("b", { class: "ps-target", "data-budget": "" });
  const search = button("", { class: "ps-link" }, () => bench.acts.findWithin());
  const change = button("Change", { class: "ps-link", "aria-label": "Change the budget" }, () => bench.acts.openBudget());
  const root = node("p", { class: "ps-budget-line", hidden: "" }, words, towards, search, change);
  return {
    root,
    /** @param {Reading} reading */
    show(reading) {
      const { budget, seekingWithin } = reading.state;
      root.hidden = budget === null;
      if (budget === null) return;
      const now = budgetNow(reading);
      words.textContent = `Budget ${reading.cash(budget)} a year:${now ? "" : " being compared …"}`;
      showTowards(towards, now);
      search.hidden = Boolean(reading.frame.is_shared);
      search.textContent = `Best within ${reading.cash(budget)}`;
      search.disabled = seekingWithin !== null;
    },
  };
}

/**
 * What a person does with a budget.
 * @param {Bench} bench
 * @param {ReturnType<typeof import("./changes.js").changesOf>} changes
 * @param {(bench: Bench) => readonly Node[]} dialogOf
 */
export function budgetActsOf(bench, changes, dialogOf) {
  const { store } = bench;
  return {
    openBudget: () => bench.open(dialogOf(bench)),

    /** @param {number | null} budget money a year */
    setBudget(budget) {
      store.change({ budget });
      changes.note(budget === null ? "No budget" : `Budget: ${bench.read().cash(budget)} a year`);
      bench.show();
    },

    /** Have the best limits within the budget found, and go to them. */
    findWithin() {
      const { limits, playbook, budget } = store.state;
      if (budget === null || store.state.seekingWithin) return;
      store.change({ seekingWithin: { limits, playbook } });
      bench.ask({ ask: "within_budget", budget });
      bench.show();
    },
  };
}

/**
 * What comes of the search.
 * @param {Bench} bench
 */
export const budgetAnswersOf = (bench) => ({
  /** It is over; it found nothing where it was given up. */
  found_within(/** @type {{ preset: string }} */ { preset }) {
    const { store } = bench;
    const { seekingWithin, limits, playbook } = store.state;
    if (!seekingWithin) return;
    store.change({ seekingWithin: null });
    const found = bench.read().preset(preset);
    // whoever has moved something since goes there by the menu
    if (found && same(seekingWithin, { limits, playbook })) {
      bench.acts.setTerms(found, `Went to “${found.title}”`);
      bench.say("The best limits within the budget are on screen; Undo brings back what was there.");
    } else bench.show();
  },
});
