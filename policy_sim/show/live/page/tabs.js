// Tabs: screens below the same tiles: how far agents may go, what they should give, what that costs month by month.
// In: panels by tab. Out: the row of tabs. Left to others: what the panels show.

/** @import { Bench, Reading, Tab } from "./types.js" */
import { button, node } from "./elements.js";

/** @type {readonly (readonly [Tab, string])[]} */
const TABS = [["limits", "How far to go"], ["rules", "What to give"], ["months", "Month by month"]];

/**
 * @param {Bench} bench
 * @param {Record<Tab, HTMLElement>} panels
 * @param {() => void} onShown
 */
export function tabsOf(bench, panels, onShown) {
  let shown = "";
  const tabs = TABS.map(([name, text]) => {
    const id = `${bench.id}-tab-${name}`;
    panels[name].id = `${id}-panel`;
    panels[name].setAttribute("role", "tabpanel");
    panels[name].setAttribute("aria-labelledby", id);
    return button(text, { id, role: "tab", "data-tab": name, "aria-controls": `${id}-panel` }, () => bench.acts.showTab(name));
  });
  const root = node("div", { class: "ps-tabs", role: "tablist", "aria-label": "Screens" }, ...tabs);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    event.stopPropagation();
    const next = tabs[(tabs.findIndex((tab) => tab === document.activeElement) + 1) % tabs.length];
    next.focus();
    next.click();
  });
  return {
    root,
    /** @param {Reading} reading */
    show({ state: { tab } }) {
      if (tab === shown) return;
      shown = tab;
      tabs.forEach((one) => {
        const isShown = one.dataset.tab === tab;
        one.setAttribute("aria-selected", String(isShown));
        one.tabIndex = isShown ? 0 : -1;
        panels[/** @type {Tab} */ (one.dataset.tab)].hidden = !isShown;
      });
      onShown();
    },
  };
}
