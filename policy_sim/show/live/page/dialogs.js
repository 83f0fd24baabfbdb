// Dialogs: two policies side by side.
// In: a reading. Out: what a dialog holds. Left to others: opening it (dialog.js).

/** @import { Reading } from "./types.js" */
import { node, scrolling } from "./elements.js";
import { plural } from "./numbers.js";
import { sureness } from "./sureness.js";
import { fill } from "./tables.js";

/** @param {Reading} reading where something is known */
export function sidesDialog(reading) {
  const { frame, state } = reading;
  const table = node("table");
  const outcomes = frame.tiles.map((name) => {
    const now = reading.read(name);
    if (!now) return [frame.outcomes[name].title];
    const { level, change } = now;
    const [mine, other] = [reading.format(name, level), reading.format(name, level - change)];
    return [frame.outcomes[name].title, other, mine, reading.format(name, change, true), sureness(reading, name, now).words];
  });
  const limits = state.levers.map((lever) => {
    const [mine, other] = [reading.limitOf(lever), reading.limitOf(lever, reading.baseLimits)];
    return [`${plural(lever.tier)}: ${lever.title.toLowerCase()}`, reading.words(other), reading.words(mine), "", ""];
  });
  const counts = [reading.basePlaybook, state.playbook].map((playbook) => String(playbook?.rules.length ?? 0));
  const rules = counts.every((count) => count === "0") ? [] : [["Rules on what to give", ...counts, "", ""]];
  const isPinned = Boolean(state.baseline.limits);
  fill(table, ["", isPinned ? "A" : reading.baseTitle, isPinned ? "B" : "This policy", "Difference", ""], [...outcomes, ...limits, ...rules]);
  return [
    node("h3", {}, "Side by side"),
    node("p", { class: "ps-muted" }, `Money ${reading.period}; the same cases and assumptions.`),
    scrolling("Side by side", table),
  ];
}
