// Assumptions: all of them, with ranges, sources and how far they can be trusted, to look at and to change.
// In: their rows, counts by trust, what the net value was before they were measured here. Out: what the dialog holds. Left to others: valuing everything anew (Python).

/** @import { AssumptionRow, Bench, Trust } from "./types.js" */
import { button, node, press, scrolling, segmented } from "./elements.js";
import { capital } from "./numbers.js";

const HEADS = ["Assumption", "Value", "Unit", "Plausible", "Source"];
const ALL = "all";

/**
 * @param {Bench} bench
 * @param {{ rows: readonly AssumptionRow[], trusts: readonly Trust[], before: string }} content
 */
export function assumptionDialog(bench, { rows, trusts, before }) {
  const values = { ...bench.store.state.assumed };
  const lines = rows.map((row) => lineOf(row, trusts, values));
  const search = node("input", { type: "search", "aria-label": "Find an assumption", placeholder: "Find" });
  let shown = ALL;
  const sift = () =>
    lines.forEach(({ text, trust, root }) => (root.hidden = !(text.includes(search.value.toLowerCase()) && (shown === ALL || trust === shown))));
  search.addEventListener("input", sift);
  /** @type {readonly (readonly [string, string])[]} */
  const choices = [[ALL, `All: ${rows.length}`], ...trusts.map(faceOf)];
  const kinds = segmented("Show assumptions that are", choices, (name) => {
    shown = name;
    press(kinds, name);
    sift();
  });
  press(kinds, ALL);
  const assume = (/** @type {string} */ text, /** @type {string} */ kind, /** @type {Record<string, number>} */ chosen) =>
    button(text, { class: kind }, () => {
      bench.closeDialog();
      bench.ask({ ask: "assume", values: chosen });
    });
  const head = node("thead", {}, node("tr", {}, ...HEADS.map((text) => node("th", { scope: "col" }, text))));
  const body = node("tbody", {}, ...lines.map(({ root }) => root));
  return [
    node("h3", {}, "Assumptions"),
    node(
      "p",
      { class: "ps-muted" },
      "Change a number and everything follows. Its range grows to hold it, and its source then says that you set it.",
    ),
    ...(before ? [node("p", { "data-before": "", "aria-live": "polite" }, before)] : []),
    kinds,
    search,
    scrolling("Assumptions", node("table", { class: "ps-assumptions" }, head, body)),
    assume("Value everything anew", "ps-main-button", values),
    assume("As the scenario has them", "ps-plain", {}),
  ];
}

/**
 * @param {Trust} trust
 * @returns {readonly [string, string]}
 */
const faceOf = (trust) => [trust.name, `${trust.mark} ${capital(trust.words)}: ${trust.count}`];

/**
 * @param {AssumptionRow} row
 * @param {readonly Trust[]} trusts
 * @param {Record<string, number>} values what is changed, by name
 */
function lineOf(row, trusts, values) {
  const field = node("input", {
    type: "number",
    step: "any",
    min: 0,
    value: row.value,
    "aria-label": row.title,
    "data-assumption": row.name,
  });
  field.addEventListener("input", () => {
    if (field.value !== "" && Number(field.value) !== row.value) values[row.name] = Number(field.value);
    else delete values[row.name];
  });
  const root = node(
    "tr",
    {},
    node("th", { scope: "row" }, row.title, ...(row.sentence ? [node("span", { class: "ps-muted ps-meaning" }, `Now ${row.sentence}.`)] : [])),
    node("td", {}, field),
    node("td", {}, row.unit),
    node("td", {}, row.words),
    node("td", { class: "ps-source" }, ...sourceOf(row, trusts)),
  );
  return { text: `${row.group} ${row.title} ${row.sentence}`.toLowerCase(), trust: row.trust, root };
}

/**
 * How far it can be trusted, as a mark and in words, and where it is from.
 * @param {AssumptionRow} row
 * @param {readonly Trust[]} trusts
 */
function sourceOf(row, trusts) {
  const trust = trusts.find(({ name }) => name === row.trust);
  if (!trust) return [row.source];
  const mark = node("span", { "aria-hidden": "true" }, `${trust.mark} `);
  return [node("span", { class: "ps-trust" }, mark, capital(trust.words)), ` ${row.source}`];
}
