// Rule tree: what to give, failure by failure, as a tree with a rule at each leaf.
// In: a reading. Out: a list in lists. Left to others: changing a rule (rule_editor.js), what each brings (Python).

/** @import { Bench, Branch, Book, Reading, RuleRow } from "./types.js" */
import { button, node } from "./elements.js";
import { capital, share } from "./numbers.js";
import { ruleEditor } from "./rule_editor.js";

/**
 * @param {Bench} bench
 * @param {Reading} reading
 * @param {Book} book
 * @param {readonly RuleRow[]} rows what each rule brings, or brought before; none where that is not known
 * @param {boolean} isFresh whether that holds for these rules
 * @param {HTMLElement} effect is shown with the rule that is being changed
 */
export function ruleTree(bench, reading, book, rows, isFresh, effect) {
  const leaf = (/** @type {number} */ n) => leafOf(bench, reading, book, n, rows[n], isFresh, effect);
  return node("ul", { class: "ps-tree", "aria-label": "Rules by failure" }, ...book.failures.map((failure) => failureOf(failure, reading, rows, leaf)));
}

/**
 * @param {Branch} failure
 * @param {Reading} reading
 * @param {readonly RuleRow[]} rows
 * @param {(n: number) => HTMLElement[]} leaf
 */
function failureOf(failure, reading, rows, leaf) {
  const own = rulesIn(failure).map((n) => rows[n]).filter(Boolean);
  const sum = own.reduce((total, row) => total + row.change, 0);
  const cases = own.reduce((total, row) => total + row.share, 0);
  const words = own.length > 1 ? `${reading.cash(sum, true)} a year, ${share(cases)} of cases` : "";
  const head = node("div", { class: "ps-branch" }, node("b", {}, failure.words), node("span", { class: "ps-muted" }, words));
  return node("li", { class: "ps-failure" }, head, ...below(failure, leaf));
}

/** @param {Branch} branch @returns {number[]} */
const rulesIn = (branch) => (branch.rule === undefined ? (branch.children ?? []).flatMap(rulesIn) : [branch.rule]);

/** @param {Branch} branch @param {(n: number) => HTMLElement[]} leaf @returns {Node[]} */
function below(branch, leaf) {
  const children = branch.children ?? [];
  // a failure with one rule for all of its cases has no branches
  if (children.length === 1 && children[0].rule !== undefined && !children[0].words) return leaf(children[0].rule);
  return children.length ? [node("ul", {}, ...children.map((child) => branchOf(child, leaf)))] : [];
}

/** @param {Branch} branch @param {(n: number) => HTMLElement[]} leaf @returns {HTMLElement} */
function branchOf(branch, leaf) {
  const words = node("div", { class: "ps-branch" }, capital(branch.words));
  return node("li", {}, words, ...(branch.rule === undefined ? below(branch, leaf) : leaf(branch.rule)));
}

/**
 * @param {Bench} bench
 * @param {Reading} reading
 * @param {Book} book
 * @param {number} n
 * @param {RuleRow | undefined} row
 * @param {boolean} isFresh
 * @param {HTMLElement} effect
 */
function leafOf(bench, reading, book, n, row, isFresh, effect) {
  const rule = book.rules[n];
  const { editing, frame } = reading.state;
  const isOpen = editing === n;
  const name = [rule.failure_title, rule.when].filter(Boolean).join(", ");
  const toggle = button(isOpen ? "Done" : "Change", {
    class: "ps-link",
    id: `${bench.id}-rule-${n}`,
    "aria-expanded": String(isOpen),
    "aria-label": `${isOpen ? "Done with" : "Change"} the rule for ${name}`,
  }, () => bench.acts.editRule(isOpen ? null : n));
  const leaf = node(
    "div",
    { class: "ps-leaf", "data-rule": n },
    node("div", { class: "ps-row ps-give" }, node("b", {}, rule.give), ...(frame.has_fixed_rules ? [] : [toggle])),
    ...(row ? [node("div", { class: isFresh ? null : "ps-old" }, ...figuresOf(reading, row))] : []),
    ...(rule.why ? [node("div", { class: "ps-muted" }, rule.why)] : []),
  );
  return isOpen ? [leaf, ruleEditor(bench, reading, rule, n, effect)] : [leaf];
}

/** What a rule brings, of how many cases, and how sure it is. @param {Reading} reading @param {RuleRow} row */
function figuresOf(reading, row) {
  const possible = `${share(row.share)} of cases; can be followed in ${share(row.possible)} of them`;
  return [
    node("span", { class: "ps-strong-word" }, `${reading.cash(row.change, true)} a year`),
    node("span", { class: "ps-muted" }, ` · ${possible}`),
    node("div", { class: "ps-sure" }, node("span", { "aria-hidden": "true" }, `${row.mark} `), capital(row.sureness)),
  ];
}
