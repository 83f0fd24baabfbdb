// Export: everything that should be seen before a policy is published, for those who decide before those who build.
// In: what Python found: the card, what changes, what to mind. Out: what the dialog holds. Left to others: writing (Python).

/** @import { Bench, Exported, Frame, Reading, Review } from "./types.js" */
import { budgetNow, budgetSentence } from "./budget.js";
import { cardView } from "./card_view.js";
import { button, node, scrolling } from "./elements.js";
import { capital } from "./numbers.js";
import { fill, refill } from "./tables.js";

const CHECKING = "Checking the limits, counting the cases that come out otherwise, and laying out the card …";

/** @param {Bench} bench */
export function exportDialog(bench) {
  bench.ask({ ask: "review" });
  return [node("h3", {}, "Export for agents"), bodyOf(node("p", { class: "ps-muted", role: "status", "data-checking": "" }, CHECKING))];
}

/**
 * @param {Bench} bench
 * @param {Review} review
 * @param {string} line what the policy in hand is
 */
export function reviewDialog(bench, review, line) {
  const reading = bench.read();
  const { state, frame } = reading;
  const about = `${review.name}, version ${review.version} · assumptions ${frame.scenario_fingerprint} · ${line}`;
  const card = node("section", {}, node("h4", {}, "The card that agents get"), cardView(review.card));
  const { root: systems, chosen } = systemsOf(bench, review);
  const said = node("section", {}, ...changesOf(review), ...mindOf(review, reading), ...behind(review), systems);
  const put = button(frame.is_writing ? "Write the files" : "Download", { class: "ps-main-button" }, () => {
    if (!chosen().length) return;
    bench.closeDialog();
    bench.ask({ ask: "export", formats: chosen(), budget: state.budget });
  });
  put.disabled = Boolean(state.pending) || state.isDirty || review.warnings.some(isError);
  return [
    node("h3", {}, "Export for agents"),
    bodyOf(node("p", { class: "ps-muted" }, about), node("div", { class: "ps-review" }, card, said)),
    put,
  ];
}

/**
 * What came of an export, and where it is.
 * @param {Exported} exported
 * @param {Frame} frame
 */
export function exportedWords({ files, place, download }, { has_visitors: hasVisitors }) {
  const isTogether = !files.includes(download);
  const where = hasVisitors ? `${place}, where policy-sim app runs` : place;
  if (place) return `Written to ${where}: ${files.join(", ")}. Downloaded: ${download}.`;
  return `Downloaded: ${download}${isTogether ? `, with ${files.join(", ")}` : ""}.`;
}

/** What scrolls above the buttons, as high before it is filled as after. @param {readonly Node[]} content */
const bodyOf = (...content) => node("div", { class: "ps-review-body", tabindex: "0", role: "region", "aria-label": "What would be published" }, ...content);

/** @param {{ readonly severity: string }} warning */
const isError = ({ severity }) => severity === "error";

/** What it is worth, and a sentence for each thing that changes. @param {Review} review */
function changesOf({ worth, changes, together }) {
  const lines = changes.map(({ words, is_loss }) => node("li", { class: is_loss ? "ps-loss" : null }, words));
  return [
    node("h4", {}, "What changes"),
    ...(worth ? [node("p", {}, node("b", {}, worth))] : []),
    lines.length ? node("ul", { class: "ps-findings" }, ...lines) : node("p", {}, "Nothing: this is the policy in force."),
    ...(together ? [node("p", {}, together)] : []),
  ];
}

/**
 * What somebody loses, what is in doubt, what is wrong.
 * @param {Review} review
 * @param {Reading} reading
 */
function mindOf({ warnings }, reading) {
  const lines = [...warnings.filter(isError), ...overBudget(reading), ...warnings.filter((warning) => !isError(warning))];
  const heading = node("h4", {}, "What to mind");
  if (!lines.length) return [heading, node("p", {}, "✓ Every case has one rule that decides it, nobody loses anything, and nothing else was found.")];
  const items = lines.map((warning) => {
    const first = isError(warning) ? "Mend first: " : "";
    return node("li", { class: isError(warning) ? "ps-problem" : null }, `${first}${first ? warning.words : capital(warning.words)}`);
  });
  return [heading, node("ul", { class: "ps-findings", "data-mind": "" }, ...items)];
}

/** Where the budget is passed. @param {Reading} reading */
function overBudget(reading) {
  return budgetNow(reading)?.isOver ? [{ severity: "warning", words: `${budgetSentence(reading)}.` }] : [];
}

/** Every difference, with a case that shows it. @param {Review} review */
function behind({ steps, rules, verdict }) {
  if (!steps.length && !rules.length) return [];
  const table = node("table");
  const rows = steps.map((step) => [step.words, step.more_generous, step.example]);
  /** @type {HTMLElement[]} */
  const parts = [node("p", {}, `${capital(verdict)}.`)];
  if (rules.length) parts.push(node("ul", { class: "ps-findings" }, ...rules.map((words) => node("li", {}, capital(words)))));
  if (steps.length) parts.push(scrolling("Every difference", table, " ps-steps"));
  const root = node("details", { class: "ps-fold" }, node("summary", {}, "The table behind: every difference, with a case for each"), ...parts);
  fill(table, ["What changes", "May do more", "For example"], rows);
  refill(table);
  return [root];
}

/**
 * The formats, of which the usual ones are chosen.
 * @param {Bench} bench
 * @param {Review} review
 */
function systemsOf(bench, { formats }) {
  const boxes = formats.map(({ name, title, is_usual, problem }) => {
    const box = node("input", { type: "checkbox", value: name, id: `${bench.id}-format-${name}` });
    box.checked = is_usual;
    box.disabled = Boolean(problem);
    box.addEventListener("change", tell);
    const why = problem ? [node("span", { class: "ps-muted" }, ` (${problem})`)] : [];
    return { box, title, root: node("div", {}, box, " ", node("label", { for: box.id }, title), ...why) };
  });
  const summary = node("summary");
  const list = node("div", { class: "ps-formats", role: "group", "aria-label": "Formats" }, ...boxes.map(({ root }) => root));
  const root = node("details", { class: "ps-fold" }, summary, list);

  function tell() {
    const titles = boxes.filter(({ box }) => box.checked).map(({ title }) => title);
    summary.textContent = `For systems: ${titles.join("; ") || "nothing is chosen"}`;
  }
  tell();
  return { root, chosen: () => boxes.filter(({ box }) => box.checked).map(({ box }) => box.value) };
}
