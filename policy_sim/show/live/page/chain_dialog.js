// Chain: how a number on a tile comes about: a picture of the steps, each with its formula, what it rests on and where
// that comes from.
// In: the steps (Python), which outcome is asked for. Out: what the dialog holds. Left to others: the picture
// (chain_picture.js).

/** @import { Bench, Chain, Step } from "./types.js" */
import { chainPicture, isTwofold } from "./chain_picture.js";
import { node, scrolling } from "./elements.js";
import { fill } from "./tables.js";

const [MOST_WIDE, SHARE_OF_PAGE, NARROW, EDGES] = [712, 0.62, 640, 48];

/**
 * @param {Bench} _bench
 * @param {Chain & { readonly outcome: string }} content
 */
export function chainDialog(_bench, content) {
  const { outcome, outcomes, policy, baseline, is_compared } = content;
  const steps = leadingTo(outcome, content.steps);
  const end = steps[steps.length - 1];
  const details = new Map(steps.map((step) => [step.name, stepOf(step, content)]));
  const choose = (/** @type {string} */ name) => {
    const chosen = details.get(name);
    if (!chosen) return;
    chosen.open = true;
    chosen.querySelector("summary")?.focus();
    chosen.scrollIntoView({ block: "nearest" });
  };
  const against = is_compared ? `, ${end.base_words} with “${baseline}”: ${outcomes[outcome].summary}` : "";
  const legend = is_compared ? `Bold: “${policy}”; below it, where it differs: “${baseline}”. ` : "";
  const room = window.innerWidth < NARROW ? window.innerWidth - EDGES : Math.min(MOST_WIDE, SHARE_OF_PAGE * window.innerWidth - EDGES);
  return [
    node("h3", {}, `${end.title} a year: how it comes about`),
    node("p", {}, node("b", {}, `${end.mine_words}`), ` with “${policy}”${against}.`),
    chainPicture(content, steps, outcome, Math.max(room, 300), choose),
    node("p", { class: "ps-muted" }, `${legend}Numbers are of a year, in the mean of all the ways the assumptions may turn out. Open a step for its formula and what it rests on.`),
    ...[...steps].reverse().map(({ name }) => /** @type {HTMLElement} */ (details.get(name))),
    node("h4", {}, "By what went wrong"),
    scrolling("By what went wrong", failuresOf(content)),
  ];
}

/**
 * The steps that lead to one, and that one last.
 * @param {string} end
 * @param {readonly Step[]} steps
 */
function leadingTo(end, steps) {
  const wanted = new Set([end]);
  let count = 0;
  while (wanted.size !== count) {
    count = wanted.size;
    for (const { name, links, factor } of steps)
      if (wanted.has(name)) for (const from of [...links, ...(factor ? [factor.of] : [])]) wanted.add(from);
  }
  return [...steps.filter(({ name }) => wanted.has(name) && name !== end), ...steps.filter(({ name }) => name === end)];
}

/** @param {Step} step @param {Chain} chain */
function stepOf(step, chain) {
  const { policy, baseline, assumptions } = chain;
  const isTwo = isTwofold(chain, step);
  const numbers = isTwo ? `${step.mine_words} (${baseline}: ${step.base_words})` : step.mine_words;
  const root = node("details", { class: "ps-step", "data-step": step.name }, node("summary", {}, node("b", {}, step.title), node("span", {}, numbers)));
  const worked = step.worked.slice(0, isTwo ? 2 : 1).map((words, i) => `${isTwo ? `${i ? baseline : policy}: ` : ""}${words} = ${i ? step.base_words : step.mine_words}`);
  const formula = step.formula ? [node("p", {}, `${step.title} = ${step.formula}`), ...worked.map((text) => node("p", { class: "ps-muted" }, text))] : [];
  root.append(...formula, node("p", {}, step.why));
  root.addEventListener("toggle", () => {
    if (!root.open || !step.rests_on.length || root.querySelector("ul")) return;
    const rows = step.rests_on.map((name) => sourceOf(assumptions[name]));
    root.append(scrolling(`What is assumed for ${step.title}`, node("ul", {}, ...rows)));
  });
  return root;
}

/** @param {Chain["assumptions"][string]} assumption */
function sourceOf({ title, value, sentence, range, source, trust }) {
  const plausible = range ? `, plausible ${range}` : ", a decision or a known fact";
  return node("li", {}, node("b", {}, title), `: ${sentence || value}${plausible}`, node("div", { class: "ps-muted" }, `${trust}: ${source}`));
}

/** @param {Chain & { readonly outcome: string }} content */
function failuresOf({ outcomes, outcome, policy, baseline, is_compared }) {
  const table = node("table");
  const heads = ["Failure", "a year", policy, ...(is_compared ? [baseline] : [])];
  const rows = outcomes[outcome].failures.map((row) => [row.title, row.cases_words, row.mine_words, ...(is_compared ? [row.base_words] : [])]);
  fill(table, heads, rows);
  return table;
}
