// Dialog: the one window of the panel that opens above it.
// In: what it holds, a heading first. Out: its element. Left to others: what is in it.

import { button, node } from "./elements.js";

/** @param {string} id of the panel */
export function dialogOf(id) {
  const root = node("dialog", { class: "ps-dialog" });
  root.addEventListener("keydown", (event) => event.stopPropagation());
  return {
    root,
    close: () => root.close(),
    isOpen: () => root.open,
    /** @param {readonly Node[]} content */
    open(content) {
      root.replaceChildren(...content, button("Close", { class: "ps-close" }, () => root.close()));
      const heading = /** @type {HTMLElement} */ (root.querySelector("h3"));
      heading.id = `${id}-dialog`;
      root.setAttribute("aria-labelledby", heading.id);
      // what had the focus in a dialog that is filled anew is gone
      heading.tabIndex = -1;
      if (root.open) heading.focus();
      else root.showModal();
      root.scrollTop = 0; // what takes the focus may stand far down
    },
  };
}
