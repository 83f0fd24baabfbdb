// Assumption row: one assumption of the dialog, with a field for a number or a range, and what was read in it.
// In: a row. Out: its element; what somebody typed. Left to others: reading it (Python), all rows (assumption_dialog.js).

/** @import { AssumptionRow, Trust } from "./types.js" */
import { node } from "./elements.js";
import { capital } from "./numbers.js";

export const HEADS = ["Assumption, and where its number is from", "Value or range", "Plausible"];
const MOST_LETTERS = 60;

/**
 * @param {string} id of the panel
 * @param {AssumptionRow} row
 * @param {readonly Trust[]} trusts
 * @param {{ type: (row: AssumptionRow, text: string) => void, enter: () => void }} acts
 */
export function assumptionRow(id, row, trusts, { type, enter }) {
  const title = `${row.group}: ${row.title}`;
  const said = node("span", { class: "ps-read", id: `${id}-said-${row.name}` });
  const field = node("input", {
    type: "text",
    value: row.text,
    maxlength: MOST_LETTERS,
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": title,
    "aria-describedby": said.id,
    "data-assumption": row.name,
  });
  field.addEventListener("input", () => {
    said.setAttribute("aria-live", "polite"); // of the one in hand alone
    type(row, field.value.trim());
  });
  field.addEventListener("keydown", ({ key }) => key === "Enter" && enter());
  const meaning = row.sentence ? [node("span", { class: "ps-meaning" }, row.sentence)] : [];
  const unit = node("span", { class: "ps-unit" }, row.unit);
  const root = node(
    "tr",
    {},
    node("th", { scope: "row" }, node("b", {}, title), ...meaning, node("span", { class: "ps-source" }, ...sourceOf(row, trusts))),
    node("td", {}, field, unit, said),
    node("td", { "data-head": `${HEADS[2]}: ` }, row.words),
  );
  return {
    ...{ row, field, root },
    words: `${title} ${row.sentence ?? ""}`.toLowerCase(),

    /** Say how it was read, or what is wrong with it. @param {string} words @param {string} problem */
    say(words, problem) {
      said.textContent = problem || (words && `Read as ${words}`);
      said.classList.toggle("ps-problem", Boolean(problem));
      if (problem) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    },
    hasProblem: () => field.hasAttribute("aria-invalid"),
  };
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
