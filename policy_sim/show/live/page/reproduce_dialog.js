// Reproduce: the screen as command lines and as lines of Python, to copy.
// In: blocks of text from Python. Out: what the dialog holds. Left to others: the texts (Python), citing (citing.js).

/** @import { Bench, Reproduced } from "./types.js" */
import { citationOf } from "./citing.js";
import { copyText } from "./copying.js";
import { button, node, scrolling } from "./elements.js";

/**
 * @param {Bench} bench
 * @param {Reproduced} content
 */
export function reproduceDialog(bench, { blocks, notes }) {
  const cite = { name: "cite", title: "Cite", about: "What this screen is, in a line.", text: citationOf(bench.read()) };
  return [
    node("h3", {}, "Reproduce this screen"),
    node("p", { class: "ps-muted" }, "The same figures without this page, each block by itself."),
    ...[...blocks, cite].flatMap(blockOf),
    ...notes.map((note) => node("p", { class: "ps-muted" }, note)),
  ];
}

/** @param {Reproduced["blocks"][number]} block */
function blockOf({ name, title, about, text }) {
  const copy = button("Copy", { class: "ps-plain", "aria-label": `Copy: ${title}` }, () => copyText(copy, text));
  const code = node("pre", { class: "ps-code", "data-block": name }, text.trimEnd());
  return [
    node("div", { class: "ps-block-head" }, node("h4", {}, title), copy),
    node("p", { class: "ps-muted" }, about),
    scrolling(title, code, " ps-block"),
  ];
}
