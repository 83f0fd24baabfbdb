// Assumptions: all of them, with ranges and sources, to look at and to change.
// In: their rows. Out: what the dialog holds. Left to others: valuing everything anew (Python).

/** @import { AssumptionRow, Bench } from "./types.js" */
import { button, node, scrolling } from "./elements.js";
import { capital } from "./numbers.js";

const HEADS = ["Assumption", "Value", "Unit", "Plausible", "Source"];

/**
 * @param {Bench} bench
 * @param {readonly AssumptionRow[]} rows
 */
export function assumptionDialog(bench, rows) {
  const values = { ...bench.store.state.assumed };
  const lines = rows.map((row) => lineOf(row, values));
  const search = node("input", { type: "search", "aria-label": "Find an assumption", placeholder: "Find" });
  search.addEventListener("input", () => lines.forEach(({ text, root }) => (root.hidden = !text.includes(search.value.toLowerCase()))));
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
    search,
    scrolling("Assumptions", node("table", { class: "ps-assumptions" }, head, body)),
    assume("Value everything anew", "ps-main-button", values),
    assume("As the scenario has them", "ps-plain", {}),
  ];
}

/**
 * @param {AssumptionRow} row
 * @param {Record<string, number>} values what is changed, by name
 */
function lineOf(row, values) {
  const title = `${row.group}: ${row.title}`;
  const field = node("input", {
    type: "number",
    step: "any",
    min: 0,
    value: row.value,
    "aria-label": title,
    "data-assumption": row.name,
  });
  field.addEventListener("input", () => {
    if (field.value !== "" && Number(field.value) !== row.value) values[row.name] = Number(field.value);
    else delete values[row.name];
  });
  const root = node(
    "tr",
    {},
    node("th", { scope: "row" }, title),
    node("td", {}, field),
    node("td", {}, row.unit),
    node("td", {}, row.words),
    node("td", { class: "ps-source" }, `${capital(row.trust)}. ${row.source}`),
  );
  return { text: `${row.group} ${row.title}`.toLowerCase(), root };
}
