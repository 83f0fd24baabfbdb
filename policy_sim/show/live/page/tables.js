// Tables: the numbers behind a picture, to read or to take away.
// In: heads and rows of texts. Out: a table, made when somebody looks at it; CSV. Left to others: what is in them.

import { node } from "./elements.js";

/** @typedef {{ readonly heads: readonly string[], readonly rows: readonly (readonly string[])[] }} TableContent */

/** @type {WeakMap<HTMLTableElement, TableContent>} */
const contents = new WeakMap();

/**
 * @param {HTMLTableElement} table
 * @param {readonly string[]} heads
 * @param {readonly (readonly string[])[]} rows
 */
export function fill(table, heads, rows) {
  contents.set(table, { heads, rows });
  if (!table.closest("[hidden]")) refill(table);
}

/**
 * Make the rows of what a table was last filled with.
 * @param {HTMLTableElement} table
 */
export function refill(table) {
  const content = contents.get(table);
  if (!content) return;
  const head = node("tr", {}, ...content.heads.map((text) => node("th", { scope: "col" }, text)));
  const cells = (/** @type {readonly string[]} */ row) => row.map((text, i) => (i ? node("td", {}, text) : node("th", { scope: "row" }, text)));
  const body = node("tbody", {}, ...content.rows.map((row) => node("tr", {}, ...cells(row))));
  table.replaceChildren(node("thead", {}, head), body);
}

/**
 * A table of its own with the content of another.
 * @param {HTMLTableElement} table
 */
export function copied(table) {
  const { heads, rows } = contents.get(table) ?? { heads: [], rows: [] };
  const copy = node("table");
  fill(copy, heads, rows);
  return copy;
}

/**
 * A cell that a spreadsheet would take for a formula is given a leading apostrophe; numbers are left alone.
 * @param {HTMLTableElement} table
 */
export function csvOf(table) {
  const cell = (/** @type {string} */ text) => {
    const safe = /^[=+@\t]|^-(?![\d.])/.test(text) && !/^\+[^a-zA-Z]*\d/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = [...copied(table).querySelectorAll("tr")].map((row) => [...row.children].map((one) => cell(one.textContent ?? "")).join(","));
  return lines.join("\n") + "\n";
}
