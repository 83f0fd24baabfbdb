// Rule editor: one rule, to be changed: what it gives, where its stretch ends, or taken out.
// In: a rule in words. Out: its fields. Left to others: what a change does (rule_acts.js), what that brings (Python).

/** @import { Bench, Reading, RuleWords } from "./types.js" */
import { button, node, options } from "./elements.js";

/**
 * @param {Bench} bench
 * @param {Reading} reading
 * @param {RuleWords} rule
 * @param {number} n its place
 * @param {HTMLElement} effect what the change costs or brings
 */
export function ruleEditor(bench, reading, rule, n, effect) {
  const { acts, id } = bench;
  const { playbook, frame } = reading.state;
  const menu = frame.menus[rule.failure] ?? [];
  const keyOf = (/** @type {readonly string[]} */ give) => [...give].sort().join("+");
  const now = keyOf(playbook?.rules[n]?.give ?? []);
  const give = node("select", { id: `${id}-rule-${n}-give` }, ...options(menu.map((choice) => ({ name: keyOf(choice.give), title: choice.title }))));
  give.value = now;
  give.addEventListener("change", () => {
    const chosen = menu.find((choice) => keyOf(choice.give) === give.value);
    if (chosen) acts.giveByRule(n, chosen.give);
  });
  const numbers = rule.numbers.map((number) => {
    const field = node("input", { type: "number", step: "any", min: 0, value: number.value, id: `${id}-rule-${n}-${number.fact}-${number.end}` });
    field.addEventListener("change", () => field.value !== "" && acts.moveNumber(n, number, Number(field.value)));
    return fieldOf(number.title, field);
  });
  const out = button("Take this rule out", { class: "ps-link", id: `${id}-rule-${n}-out` }, () => acts.dropRule(n));
  const beside = numbers.length ? [node("p", { class: "ps-muted" }, "Rules that begin where this one ends move along.")] : [];
  const root = node("div", { class: "ps-editor" }, fieldOf("Give", give), ...numbers, ...beside, out, effect);
  root.addEventListener("keydown", (event) => event.stopPropagation()); // JupyterLab takes keys otherwise
  return root;
}

/** @param {string} text @param {HTMLElement} field */
const fieldOf = (text, field) => node("div", { class: "ps-field" }, node("label", { for: field.id }, text), field);
