// Card view: the card that agents get, as it will be, a page at a time and as large as there is room.
// In: the card as a page of its own. Out: an element. Left to others: what the card says and how it looks (publish).

import { button, node } from "./elements.js";
import { capital } from "./numbers.js";

const PAPER = 794; // pixels across A4

/**
 * The card is in a frame, so that neither page changes how the other looks; nothing in it can run.
 * @param {string} card HTML
 */
export function cardView(card) {
  const frame = node("iframe", { title: "The card that agents get", sandbox: "allow-same-origin", srcdoc: card, tabindex: "-1" });
  const pane = node("div", { class: "ps-card-window" }, frame);
  const pages = node("div", { class: "ps-seg", role: "group", "aria-label": "Page of the card" });
  const address = URL.createObjectURL(new Blob([card], { type: "text/html" }));
  const alone = node("a", { class: "ps-link", href: address, target: "_blank", rel: "noopener" }, "Open it by itself");
  const root = node("div", { class: "ps-card" }, node("div", { class: "ps-card-head" }, pages, alone), pane);
  let shown = 0;

  const sheets = () => /** @type {HTMLElement[]} */ ([...(frame.contentDocument?.querySelectorAll(".page") ?? [])]);

  /** Scale the page that is shown to the width there is. */
  function fit() {
    const sheet = sheets()[shown];
    if (!sheet || !pane.clientWidth) return;
    const scale = pane.clientWidth / PAPER;
    frame.style.height = `${frame.contentDocument?.documentElement.scrollHeight ?? 0}px`;
    frame.style.transform = `scale(${scale}) translateY(${-sheet.offsetTop}px)`;
    pane.style.height = `${sheet.offsetHeight * scale}px`;
    pages.querySelectorAll("button").forEach((choice, i) => choice.setAttribute("aria-pressed", String(i === shown)));
  }

  frame.addEventListener("load", () => {
    const choices = sheets().map((sheet, i) =>
      button(nameOf(sheet), { "aria-pressed": "false" }, () => {
        shown = i;
        fit();
      }),
    );
    pages.replaceChildren(...choices);
    fit();
  });
  new ResizeObserver(fit).observe(pane);
  return root;
}

/** Whose page it is; its back says what to give. @param {HTMLElement} sheet */
function nameOf(sheet) {
  const tier = (sheet.getAttribute("aria-label") ?? "").replace(/^.*card of the /i, "");
  return sheet.classList.contains("back") ? "Back" : capital(tier);
}
