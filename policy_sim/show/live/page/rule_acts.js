// Rule acts: what a person does with rules on what to give: has them found, takes them, changes one.
// In: a choice made. Out: the changed state, shown and sent. Left to others: limits (acts.js), answers (rule_answers.js).

/** @import { Bench, Playbook, Rule, RuleNumber, Tab } from "./types.js" */
import { monthActsOf } from "./month_acts.js";
import { same } from "./state.js";

/**
 * @param {Bench} bench
 * @param {ReturnType<typeof import("./changes.js").changesOf>} changes
 */
export function ruleActsOf(bench, changes) {
  const { store } = bench;

  /** @param {readonly Rule[]} rules @param {string} text @param {string} key of what is being changed, step by step */
  function setRules(rules, text, key = "") {
    store.change({ playbook: rules.length ? { ...store.state.playbook, rules } : null });
    changes.note(text, key);
    changes.showAndSend();
  }

  /** What is said of a rule in the history. @param {number} n */
  const nameOf = (n) => {
    const rule = store.state.view?.book.rules[n];
    return rule ? `Rule ${n + 1}, ${rule.failure_title.toLowerCase()}` : `Rule ${n + 1}`;
  };
  const rulesNow = () => /** @type {Playbook} */ (store.state.playbook).rules;

  /** Ask what each rule brings and what is left to gain, or what happens month by month, where somebody looks and the limits rest. */
  function lookAtRules() {
    lookAtMonths();
    const { tab, isSettled, lookedAt, id, count } = store.state;
    const { context } = bench.read();
    if (tab !== "rules" || !isSettled || lookedAt === context) return;
    store.change({ lookedAt: context });
    bench.ask({ ask: "rules", order: `${id}:${count}` });
  }

  const { lookAtMonths } = monthActsOf(bench);
  return {
    lookAtRules,

    /** @param {Tab} tab */
    showTab(tab) {
      store.change({ tab });
      bench.show();
      lookAtRules();
    },

    /** @param {boolean} areLimitsBest whether limits may move to the best ones */
    findRules(areLimitsBest) {
      const { limits, playbook } = store.state;
      store.change({ seeking: { limits, playbook } });
      bench.ask({ ask: "find_rules", are_limits_best: areLimitsBest });
      bench.show();
    },

    /** Take the limits and rules that were found. */
    takeFound() {
      const preset = bench.read().preset(store.state.found?.preset);
      if (preset) changes.setTerms(preset, `Took ${preset.playbook?.rules.length ?? 0} rules that were found`);
    },

    /** The rules that were found, or those in force, within the limits as they are. */
    backToBest() {
      const { frame, found } = store.state;
      const preset = bench.read().preset(found?.preset ?? frame.approved);
      store.change({ editing: null });
      setRules(preset?.playbook?.rules ?? [], found ? "Back to the best rules" : "Back to the rules in force");
    },

    /** @param {number | null} editing */
    editRule(editing) {
      store.change({ editing });
      bench.show();
    },

    /** @param {number} n @param {readonly string[]} give */
    giveByRule(n, give) {
      const rules = rulesNow().map((rule, i) => (i === n ? { ...rule, give } : rule));
      setRules(rules, `${nameOf(n)}: something else to give`, `rule ${n} gives`);
    },

    /**
     * Move an end of a rule's stretch, and that of the rules beside it, which begin where this one ends.
     * @param {number} n
     * @param {RuleNumber} number
     * @param {number} to
     */
    moveNumber(n, { fact, end, value, title }, to) {
      const { failure } = rulesNow()[n];
      const moved = (/** @type {Rule} */ rule) => {
        const stretch = rule.when?.[fact];
        if (rule.failure !== failure || !stretch) return rule;
        const ends = Object.entries(stretch).map(([name, at]) => [name, at === value ? to : at]);
        return { ...rule, when: { ...rule.when, [fact]: Object.fromEntries(ends) } };
      };
      setRules(rulesNow().map(moved), `${nameOf(n)}: ${title.toLowerCase()} ${to}`, `rule ${n} ${fact} ${end}`);
    },

    /** @param {number} n */
    dropRule(n) {
      const text = `${nameOf(n)}: taken out`;
      store.change({ editing: null });
      setRules(rulesNow().filter((_, i) => i !== n), text);
    },

    /** Look at what follows if another share of people follows. @param {number} share */
    follow(share) {
      store.change({ following: share });
      bench.show();
    },

    /** Assume that so many people follow. @param {number} share */
    assumeFollowed(share) {
      const { assumed, frame } = store.state;
      bench.acts.assume({ ...assumed, [frame.followed]: share });
    },

    /** Whether the rules in hand are those that were found. */
    hasBestRules() {
      const { playbook, found, frame } = store.state;
      return same(playbook, bench.read().preset(found?.preset ?? frame.approved)?.playbook ?? null);
    },
  };
}
