// Playbook: what to give, in rules: found, shown as a tree, changed one by one, each with its money.
// In: a reading. Out: its section. Left to others: the tree (rule_tree.js), what rules bring (Python).

/** @import { Bench, Effect, Guidance, Reading, Yearly } from "./types.js" */
import { button, node, options } from "./elements.js";
import { unknownWords } from "./gap.js";
import { ruleTree } from "./rule_tree.js";
import { section } from "./section.js";
import { fill } from "./tables.js";

const HELP =
  "A rule says what to give where it holds; the first that holds counts. It is given where whoever decides may give it and the customer accepts it: a rule never widens a limit. Money: what the rules bring a year with this one, less what they bring without it, as many people follow as assumed. ● sure; ◐ another resolution is nearly as good; ○ brings nothing that can be told; ? too few cases.";
const HEADS = ["For", "give", "money a year", "from", "to", "of cases", "can be followed", "as today", "how sure"];
const WITHIN = [{ name: "best", title: "the best limits" }, { name: "own", title: "the limits on screen" }];

/** @param {Bench} bench */
export function playbookOf(bench) {
  const part = section("playbook", bench.id, HELP, false);
  const within = node("select", { id: `${bench.id}-within` }, ...options(WITHIN));
  const find = button("Find the rules", { class: "ps-main-button" }, () => bench.acts.findRules(within.value === "best"));
  const take = button("Take the rules that were found", { class: "ps-link", hidden: "" }, () => bench.acts.takeFound());
  const controls = node("div", { class: "ps-find" }, find, node("label", { for: within.id }, "within"), within, take);
  const lead = node("p", { class: "ps-lead" });
  const effect = node("div", { class: "ps-effect", "aria-live": "polite", "data-effect": "" });
  const top = node("div", {}, effect);
  const tree = node("div");
  part.body.replaceChildren(tree);
  part.note.before(lead);
  part.note.after(controls, top);
  let drawn = "";

  /** Make the tree anew where anything in it has changed; whoever is in it stays where they are. @param {Reading} reading */
  function redraw(reading) {
    const { view, editing, playbook } = reading.state;
    const book = view?.book;
    if (!book || !reading.isViewFresh) return;
    const { guidance } = reading.state;
    const isFresh = guidance?.context === reading.context;
    // what each rule brought before stays, faded, until what they bring now is there
    const rows = isFresh || guidance?.rows.length === book.rules.length ? (guidance?.rows ?? []) : [];
    const key = JSON.stringify([book, rows, isFresh, editing, playbook]);
    if (key === drawn) return;
    drawn = key;
    const isOpen = editing !== null && Boolean(book.rules[editing]);
    const focused = tree.contains(document.activeElement) ? (document.activeElement?.id ?? "") : "";
    const made = ruleTree(bench, reading, book, rows, isFresh, effect);
    if (!isOpen) top.replaceChildren(effect);
    tree.replaceChildren(made);
    if (focused) document.getElementById(focused)?.focus();
    fill(part.table, HEADS, book.rules.map((rule, n) => cellsOf(reading, rule, rows[n])));
  }

  return {
    part,
    /** @param {Reading} reading */
    show(reading) {
      const { state, frame } = reading;
      const isStale = state.found !== null && state.found.assumed !== JSON.stringify(state.assumed);
      part.title.textContent = "Rules on what to give";
      find.disabled = state.seeking !== null;
      controls.hidden = Boolean(frame.has_fixed_rules);
      take.hidden = !state.found || state.seeking !== null || state.playbook !== null;
      lead.replaceChildren(...leadOf(reading));
      lead.classList.toggle("ps-old", Boolean(state.playbook && state.guidance && state.guidance.context !== reading.context));
      part.note.textContent = state.seeking ? "Being looked for; Cancel stands above." : noteOf(reading, isStale);
      const isFresh = state.effect?.context === reading.context;
      effect.dataset.effect = isFresh && state.effect?.effect ? String(state.effect.effect.change) : "";
      effect.replaceChildren(...effectOf(bench, reading, isFresh ? (state.effect?.effect ?? null) : undefined));
      tree.classList.toggle("ps-old", !reading.isViewFresh);
      redraw(reading);
    },
  };
}

/** @param {Reading} reading */
function leadOf(reading) {
  const { guidance, playbook } = reading.state;
  const count = playbook?.rules.length ?? 0;
  if (!count) return ["This policy says how far agents may go, not what to give: each chooses by their own lights."];
  const rules = count > 1 ? `these ${count} rules` : "this rule";
  if (!guidance?.rules || !guidance.rules_if_all || guidance.followed === null) return [`What ${rules} bring is being worked out …`];
  const more = (/** @type {number} */ value) => (value < 0 ? `lose ${reading.cash(-value)}` : `bring ${reading.cash(value)} more`);
  const { change } = guidance.limits;
  const limits = Math.abs(change) < 0.5 ? "The limits are as in force" : `${change < 0 ? "These limits lose" : "Better limits bring"} ${reading.cash(Math.abs(change))} a year`;
  const people = `${Math.round(100 * guidance.followed)} of 100 people follow`;
  const all = guidance.rules_if_all.change;
  return [node("b", {}, `${limits}; ${rules} ${more(guidance.rules.change)} if ${people}, ${all < 0 ? `lose ${reading.cash(-all)}` : reading.cash(all)} if all do.`)];
}

/** @param {Reading} reading @param {boolean} isStale */
function noteOf(reading, isStale) {
  if (isStale) return "Assumptions have changed since these rules were found: find them anew.";
  const { guidance } = reading.state;
  if (!reading.state.playbook || !guidance?.rules || !guidance.rules_if_all) return "Rules are fitted to the same cases and assumptions as the limits: eight at most, two questions deep.";
  if (guidance.context !== reading.context) return unknownWords(reading);
  const likely = (/** @type {string} */ what, /** @type {Yearly} */ { low, high, doubt }) =>
    `${what}, ${doubt || `likely ${reading.cash(low, true)} to ${reading.cash(high, true)}`}`;
  return `How sure: ${likely("the limits", guidance.limits)}; ${likely("the rules", guidance.rules)}; ${likely("if all follow", guidance.rules_if_all)}.`;
}

/**
 * What the change costs or brings, and why.
 * @param {Bench} bench
 * @param {Reading} reading
 * @param {Effect | null | undefined} effect null where there is none, undefined where that is not known yet
 */
function effectOf(bench, reading, effect) {
  const { state, frame } = reading;
  const isAwaited = effect === undefined && state.playbook && !frame.has_fixed_rules && !bench.acts.hasBestRules();
  if (!effect) return isAwaited ? ["Working out what this change brings …"] : [];
  const { change, low, high, doubt, against } = effect;
  const verb = change < 0 ? "costs" : "brings";
  const sure = doubt || `likely ${reading.cash(low, true)} to ${reading.cash(high, true)}`;
  const sentence = node("b", {}, `Against ${against} this ${verb} ${reading.cash(Math.abs(change))} a year`);
  const back = button(`Back to ${against}`, { class: "ps-link" }, () => bench.acts.backToBest());
  return [node("p", {}, sentence, ` (${sure}).`), ...effect.words.map((words) => node("p", {}, words)), back];
}

/**
 * @param {Reading} reading
 * @param {import("./types.js").RuleWords} rule
 * @param {Guidance["rows"][number] | undefined} row
 */
function cellsOf(reading, rule, row) {
  const name = [rule.failure_title, rule.when].filter(Boolean).join(", ");
  const percent = (/** @type {number} */ value) => `${Math.round(100 * value)}%`;
  if (!row) return [name, rule.give];
  const figures = [row.change, row.low, row.high].map((value) => reading.cash(value, true));
  return [name, rule.give, ...figures, percent(row.share), percent(row.possible), percent(row.as_today), row.sureness];
}
