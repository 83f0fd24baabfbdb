// Acts: what a person does.
// In: a limit moved, a choice made. Out: the changed state, shown. Left to others: history and sending (changes.js),
// what comes back (answers.js).

/** @import { Bench, Lever, Limit, Per, Split } from "./types.js" */
import { budgetDialog } from "./budget_dialog.js";
import { budgetActsOf } from "./budget_line.js";
import { caseActsOf } from "./case_asking.js";
import { changesOf } from "./changes.js";
import { leftOutActsOf } from "./left_out.js";
import { keyOf, withLimit } from "./limits.js";
import { plural } from "./numbers.js";
import { withinReach } from "./reach.js";
import { ruleActsOf } from "./rule_acts.js";

/** @param {Bench} bench */
export function actsOf(bench) {
  const { store } = bench;
  const changes = changesOf(bench);
  return {
    ...changes,
    ...ruleActsOf(bench, changes),
    ...budgetActsOf(bench, changes, budgetDialog),
    ...caseActsOf(bench),
    ...leftOutActsOf(bench, changes),

    /** Take a limit in hand. @param {Lever} lever */
    take(lever) {
      const { hand, pending, id, count } = store.state;
      if (keyOf(hand.tier, hand.limit) === lever.key) return;
      store.change({ hand: { tier: lever.tier, limit: lever.limit } });
      if (!bench.read().curve) bench.ask({ ask: "take", hand: [lever.tier, lever.limit], order: pending || `${id}:${count}` });
      bench.show();
    },

    /** Move a limit, as far as it goes. @param {Lever} lever @param {Limit} wanted */
    move(lever, wanted) {
      const limit = withinReach(store.state, lever, wanted);
      store.change({ hand: { tier: lever.tier, limit: lever.limit }, limits: withLimit(store.state.limits, lever, limit) });
      changes.showAndSend();
    },

    /** Note that a limit has been moved. @param {Lever} lever */
    moved(lever, byKeysOn = "") {
      const reading = bench.read();
      const text = `${plural(lever.tier)}, ${lever.title.toLowerCase()}: ${reading.words(reading.limitOf(lever))}`;
      if (changes.note(text, byKeysOn)) bench.show();
    },

    /** @param {string} name of a preset, or A */
    compareWith(name) {
      const { pinned } = store.state;
      store.change({ baseline: name === "A" && pinned ? { ...pinned } : { preset: name } });
      changes.changed(`Compared with ${bench.read().baseTitle}`);
    },

    pin() {
      const { limits, playbook } = store.state;
      store.change({ pinned: { limits, playbook }, aside: null, baseline: { limits, playbook } });
      changes.changed("Pinned as A");
    },

    /** @param {"A" | "B"} side */
    showSide(side) {
      const { pinned, aside, limits, playbook } = store.state;
      if (!pinned || (side === "A") === Boolean(aside)) return;
      if (aside) store.change({ aside: null, ...aside });
      else store.change({ aside: { limits, playbook }, ...pinned });
      changes.changed(`Showing ${side}`);
    },

    /** @param {Per} per */
    tellPer(per) {
      store.change({ per });
      bench.show();
    },

    /** @param {Split} split */
    splitBy(split) {
      store.change({ split });
      bench.show();
    },
  };
}
