// One case: what agents may do in it, and the money on both sides.
// In: a case as Python tells it. Out: its section. Left to others: a case of one's own (case_dialog.js).

/** @import { Bench, CaseView, Reading, Resolution, Section } from "./types.js" */
import { caseDialog } from "./case_dialog.js";
import { draw, hatch, sized } from "./drawing.js";
import { node, options } from "./elements.js";
import { fitted } from "./lettering.js";
import { capital, lowered, money } from "./numbers.js";
import { section } from "./section.js";
import { fill } from "./tables.js";

const SHOWN = 4;
const OWN = { name: "own", title: "A case of your own …" };
const HELP =
  "What agents may do in one case, and the money on both sides: what it costs, and what keeping the customer is worth, as far as the central assumptions go.";
const HEADS = ["Resolution", "costs us", "value kept", "net", "allowed"];

/** @param {Bench} bench */
export function oneCaseOf(bench) {
  const part = section("case", bench.id, HELP);
  const cases = node("select", { "aria-label": "Choose a case" });
  const verdict = node("p", { class: "ps-verdict" });
  part.note.before(cases);
  part.note.after(verdict);
  cases.addEventListener("change", () => {
    if (cases.value === OWN.name) bench.open(caseDialog(bench));
    else bench.ask({ ask: "case", facts: { story: cases.value } });
  });
  return {
    part,
    /** @param {Reading} reading */
    begin: ({ frame }) => cases.replaceChildren(...options([...frame.stories, OWN])),
    /** @param {CaseView} shown */
    choose({ facts }) {
      if (facts.story) cases.value = facts.story;
    },
    /** @param {Reading} reading */
    show({ state, frame }) {
      part.title.textContent = "One case";
      const shown = state.shownCase;
      if (!shown) return;
      const chosen = shown.resolutions.find((resolution) => resolution.is_chosen);
      part.note.textContent = shown.words;
      part.note.title = shown.words;
      const isSettled = shown.is_first ? "The agent may settle this on the spot." : `This goes to the ${shown.tier}.`;
      verdict.replaceChildren(
        node("b", { class: shown.is_first ? "ps-better" : "ps-worse" }, isSettled),
        ` Recommended: ${lowered(chosen?.title ?? "")}.`,
      );
      const list = shown.resolutions.slice(0, SHOWN);
      const width = sized(part, 28 + list.length * 42);
      hatch(part.svg, `${bench.id}-case-hatch`);
      drawScales(part, shown, list, frame.tiers[0], width, `${bench.id}-case-hatch`);
      fill(part.table, HEADS, shown.resolutions.map((resolution) => cellsOf(resolution, shown)));
    },
  };
}

/**
 * @param {Section} part
 * @param {CaseView} shown
 * @param {readonly Resolution[]} list
 * @param {string} first tier, whose limits are told
 * @param {number} width
 * @param {string} hatchId
 */
function drawScales({ svg }, { currency }, list, first, width, hatchId) {
  const sum = (/** @type {number} */ value, signed = false) => money(value, currency, signed);
  const mostCost = Math.max(...list.map((resolution) => Math.max(resolution.cost, 0)), 1);
  const mostKept = Math.max(...list.map((resolution) => Math.max(resolution.kept, 0)), 1);
  const room = width - 150;
  const zero = 62 + (mostCost / (mostCost + mostKept)) * room;
  const scale = room / (mostCost + mostKept);
  draw(svg, "text", { x: zero - 6, y: 12, "text-anchor": "end" }, "costs us");
  draw(svg, "text", { x: zero + 6, y: 12 }, "value kept");
  draw(svg, "text", { x: width, y: 12, "text-anchor": "end" }, "net");
  list.forEach(({ title, over, is_adequate, is_chosen, cost, kept, net }, i) => {
    const y = 20 + i * 42;
    const why = over.length ? `: over the ${first}’s ${over.join(", ")} limit` : is_adequate ? "" : ": less than is owed";
    const text = draw(svg, "text", { x: 0, y: y + 13, class: is_chosen ? "ps-strong" : "" }, fitted(capital(title + why), width - 72));
    draw(text, "title", {}, title + why);
    draw(svg, "text", { x: width, y: y + 13, "text-anchor": "end", class: "ps-strong" }, sum(net, true));
    const [left, right] = [Math.max(cost, 0) * scale, Math.max(kept, 0) * scale];
    draw(svg, "rect", { x: zero - left, y: y + 20, width: left, height: 11, fill: `url(#${hatchId})` });
    draw(svg, "rect", { x: zero, y: y + 20, width: right, height: 11, class: "ps-gain-fill" });
    draw(svg, "path", { d: `M${zero} ${y + 18}v15`, class: "ps-zero" });
    draw(svg, "text", { x: zero - left - 5, y: y + 30, "text-anchor": "end" }, sum(cost));
    draw(svg, "text", { x: zero + right + 5, y: y + 30 }, sum(kept));
  });
  const words = list.map(({ title, cost, kept, net }) => `${title}: costs ${sum(cost)}, keeps ${sum(kept)}, net ${sum(net, true)}`);
  svg.setAttribute("aria-label", words.join(". "));
}

/** @param {Resolution} resolution @param {CaseView} shown */
function cellsOf({ title, cost, kept, net, over, is_adequate }, { currency }) {
  const allowed = over.length ? `over ${over.join(", ")}` : is_adequate ? "yes" : "less than is owed";
  return [title, money(cost, currency), money(kept, currency), money(net, currency, true), allowed];
}
