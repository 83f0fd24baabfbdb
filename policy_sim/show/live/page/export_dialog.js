// Export: everything that should be seen before a policy is published.
// In: what Python found: what is wrong, what changes. Out: what the dialog holds. Left to others: writing (Python).

/** @import { Bench, Exported, Frame, Reading, Review } from "./types.js" */
import { button, node, scrolling } from "./elements.js";
import { capital } from "./numbers.js";
import { sureness } from "./sureness.js";
import { fill } from "./tables.js";

/** @param {Bench} bench */
export function exportDialog(bench) {
  bench.ask({ ask: "review" });
  return [node("h3", {}, "Export for agents"), node("p", { class: "ps-muted" }, "Checking …")];
}

/**
 * @param {Bench} bench
 * @param {Review} review
 * @param {string} line what the policy in hand is
 */
export function reviewDialog(bench, review, line) {
  const reading = bench.read();
  const { state, frame } = reading;
  const boxes = review.formats.map(({ name, title, is_usual, problem }) => {
    const box = node("input", { type: "checkbox", value: name, id: `${bench.id}-format-${name}` });
    box.checked = is_usual;
    box.disabled = Boolean(problem);
    return { box, root: node("div", {}, box, " ", node("label", { for: box.id, title: problem || null }, title)) };
  });
  const put = button(frame.is_writing ? "Write the files" : "Download", { class: "ps-main-button" }, () => {
    const formats = boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
    if (!formats.length) return;
    bench.closeDialog();
    bench.ask({ ask: "export", formats });
  });
  put.disabled = Boolean(state.pending) || state.isDirty || review.findings.some(isError);
  const about = `${review.name}, version ${review.version} · assumptions ${frame.scenario_fingerprint} · ${line}`;
  return [
    node("h3", {}, "Export for agents"),
    node("p", { class: "ps-muted" }, about),
    findingsOf(review),
    node("p", {}, node("b", {}, capital(review.verdict)), effectOf(reading)),
    ...(review.rules.length ? [rulesOf(review)] : []),
    ...(review.steps.length ? [scrolling("What changes", stepsOf(review), " ps-steps")] : []),
    node("div", { class: "ps-formats", role: "group", "aria-label": "Formats" }, ...boxes.map(({ root }) => root)),
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

/** @param {{ readonly severity: string }} finding */
const isError = ({ severity }) => severity === "error";

/** @param {Review} review */
function findingsOf({ findings }) {
  if (!findings.length)
    return node("p", {}, "✓ Every case has one rule that decides it, limits never fall from a tier to the next, nothing else was found.");
  const lines = findings.map((finding) => {
    const text = `${isError(finding) ? "Mend first: " : "Mind: "}${finding.words}`;
    return node("li", { class: isError(finding) ? "ps-problem" : null }, text);
  });
  return node("ul", { class: "ps-findings" }, ...lines);
}

/** @param {Reading} reading */
function effectOf(reading) {
  const { frame, state } = reading;
  const now = reading.read(frame.value);
  const effect = now ? sureness(reading, frame.value, now).words : "being worked out";
  const caveat = Object.keys(state.assumed).length ? " Assumptions were changed: the effect holds under these." : "";
  return `. ${reading.valueTitle} ${reading.period} against ${reading.theBase}: ${effect}.${caveat}`;
}

/** How what to give differs. @param {Review} review */
const rulesOf = ({ rules }) =>
  scrolling("Rules that change", node("ul", { class: "ps-findings" }, ...rules.map((words) => node("li", {}, capital(words)))), " ps-steps");

/** @param {Review} review */
function stepsOf({ steps }) {
  const table = node("table");
  const rows = steps.map((step) => [step.words, step.more_generous, step.example]);
  fill(table, ["What changes", "May do more", "For example"], rows);
  return table;
}
