// History: every point at which the policy stood, to go to in one step.
// In: a reading. Out: its element. Left to others: what is an entry, and going there (changes.js).

/** @import { Bench, Reading, State } from "./types.js" */
import { MOST_ENTRIES } from "./changes.js";
import { button, menuOf, node } from "./elements.js";
import { capital } from "./numbers.js";
import { termsKey } from "./state.js";

/** @param {Bench} bench */
export function historyOf(bench) {
  const list = node("ol");
  const note = node("p", { class: "ps-muted" });
  const root = menuOf("History of changes", " ▾", [note, list], "ps-history");
  root.querySelector("summary")?.prepend(node("span", { class: "ps-wide" }, "History"));
  /** @type {Partial<State>} */
  let shown = {};

  /** @param {Reading} reading */
  function show(reading) {
    const { history, at, worths } = reading.state;
    if (!root.open || (shown.history === history && shown.at === at && shown.worths === worths)) return;
    shown = { history, at, worths };
    note.textContent = noteOf(reading);
    list.replaceChildren(...history.map((_, i) => node("li", {}, entryOf(reading, i))));
  }

  /** @param {Reading} reading @param {number} i */
  function entryOf(reading, i) {
    const { history, at, worths } = reading.state;
    const worth = worths.get(termsKey(history[i]));
    const year = worth === undefined ? "" : reading.cash(worth * reading.frame.cases_per_year, true);
    const go = () => {
      root.open = false;
      root.querySelector("summary")?.focus();
      if (i !== bench.store.state.at) bench.acts.go(i);
    };
    const entry = button("", { "aria-current": i === at ? "step" : null, title: history[i].text }, go);
    entry.append(node("span", {}, capital(history[i].text)), node("span", { class: "ps-muted" }, year));
    return entry;
  }

  root.addEventListener("toggle", () => {
    shown = {};
    show(bench.read());
    const current = list.querySelector("[aria-current]");
    if (root.open) current?.scrollIntoView({ block: "nearest" });
  });
  return { root, show };
}

/** @param {Reading} reading */
function noteOf({ valueTitle, approved, state }) {
  const full = state.history.length < MOST_ENTRIES ? "" : ` The last ${MOST_ENTRIES} are kept.`;
  return `Choose a point to go back, or forward, to it. ${valueTitle} a year against “${approved.title}”.${full}`;
}
