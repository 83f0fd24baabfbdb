// Section: a part of the screen with a heading, a line below it, a picture, and behind that its table and help.
// In: which part, and its help. Out: its elements, for the part to fill. Left to others: what it shows.

/** @import { Section } from "./types.js" */
import { copyText } from "./copying.js";
import { picture } from "./drawing.js";
import { button, menuOf, node } from "./elements.js";
import { save, savePng, standalone } from "./saving.js";
import { csvOf, refill } from "./tables.js";

/**
 * @param {string} kind names the part in classes, files and labels
 * @param {string} id of the panel
 * @param {string} help
 * @param {boolean} hasPicture
 * @returns {Section}
 */
export function section(kind, id, help, hasPicture = true) {
  const title = node("h3", { id: `${id}-${kind}` });
  const note = node("p", { class: "ps-muted ps-sub" });
  const svg = picture(" ");
  const table = node("table");
  const box = node("div", { class: "ps-table", role: "region", "aria-label": `Table of ${kind}`, tabindex: "0", hidden: "" }, table);
  const what = node("p", { class: "ps-help", hidden: "" }, help);
  const citation = node("p", { class: "ps-muted", "data-cite": "" });
  const copy = button("Copy", { class: "ps-link", "aria-label": `Copy the citation of ${kind}` }, () => copyText(copy, citation.textContent ?? ""));
  const cite = node("div", { class: "ps-cite", hidden: "" }, citation, copy);
  /** What the picture is of: the panel says it of the screen. */
  const about = () => ({ title: title.textContent ?? "", note: note.textContent ?? "", source: root.closest(".ps")?.getAttribute("data-source") ?? "" });
  const flip = (/** @type {HTMLElement} */ element) => () => {
    element.hidden = !element.hidden;
    menu.open = false;
    if (!box.hidden) refill(table);
    citation.textContent = `${about().title}. ${about().source}`;
  };
  const pictures = [
    button("Save the picture (SVG)", {}, () => save(`${kind}.svg`, standalone(svg, about()).text, "image/svg+xml")),
    button("Save the picture (PNG)", {}, () => savePng(svg, about(), `${kind}.png`)),
  ];
  const entries = [
    button("Show or hide the table", {}, flip(box)),
    button("Save the table (CSV)", {}, () => save(`${kind}.csv`, csvOf(table), "text/csv")),
    ...(hasPicture ? pictures : []),
    button("Cite", {}, flip(cite)),
    button("How to read this", {}, flip(what)),
  ];
  const menu = menuOf(`Table, picture and help of ${kind}`, "⋯", entries, "ps-more");
  const body = node("div", { class: "ps-picture" }, svg);
  const root = node("section", { class: `ps-part ps-${kind}`, "aria-labelledby": title.id }, title, menu, note, what, cite, body, box);
  return { root, title, note, svg, table, body, width: 0, ground: null };
}
