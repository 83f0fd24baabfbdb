// One case: what agents may do in it, and the money on both sides.
// In: a case as Python tells it. Out: its section. Left to others: a case of one's own (case_dialog.js).

/** @import { Bench, CaseView, Reading, Resolution, Section } from "./types.js" */
import { isCaseCurrent } from "./case_asking.js";
import { caseDialog } from "./case_dialog.js";
import { draw, hatch, sized } from "./drawing.js";
import { node, options } from "./elements.js";
import { wrapped } from "./lettering.js";
import { capital, lowered, money } from "./numbers.js";
import { section } from "./section.js";
import { fill } from "./tables.js";

const SHOWN = 4;
const [LINE, BAR] = [16, 30];
const OWN = { name: "own", title: "A case of your own …" };
const HELP =
  "What agents may do in one case, and the money on both sides: what it costs, and what keeping the customer is worth, as far as the central assumptions go. Below each: what keeps it from being given.";
const OWN_ASSUMPTIONS = " A story keeps the assumptions of its own shop.";
const HEADS = ["Resolution", "costs us", "value kept", "net", "what stops it"];

/** @param {Bench} bench */
export function oneCaseOf(bench) {
  const part = section("case", bench.id, HELP);
  const cases = node("select", { "aria-label": "Choose a case" });
  const verdict = node("p", { class: "ps-verdict" });
  part.note.before(cases);
  part.note.after(verdict);
  cases.addEventListener("change", () => {
    if (cases.value === OWN.name) bench.open(caseDialog(bench));
    else bench.acts.askCase({ story: cases.value });
  });
  return {
    part,
    /** @param {Reading} reading */
    begin: ({ frame }) => cases.replaceChildren(...options([...frame.stories, OWN])),
    /** @param {CaseView} shown */
    choose({ facts }) {
      if (facts.story) cases.value = facts.story;
    },
    /** Dim what holds for other limits than those in hand. @param {Reading} reading */
    mark({ state }) {
      const isOld = state.shownCase !== null && !isCaseCurrent(state);
      part.title.textContent = isOld ? "One case · being asked anew …" : "One case";
      for (const element of [verdict, part.body, part.table]) element.classList.toggle("ps-old", isOld);
    },

    /** @param {Reading} reading */
    show({ state }) {
      part.title.textContent = "One case";
      const shown = state.shownCase;
      if (!shown) return;
      part.note.textContent = shown.words;
      part.note.title = shown.words;
      if (shown.unknown) {
        verdict.replaceChildren(shown.unknown);
        sized(part, 0);
        fill(part.table, HEADS, []);
        return;
      }
      const isStory = Boolean(shown.facts.story) && Object.keys(state.assumed).length > 0;
      verdict.replaceChildren(...verdictOf(shown), ...(isStory ? [OWN_ASSUMPTIONS] : []));
      drawScales(part, shown, shown.resolutions.slice(0, SHOWN), `${bench.id}-case-hatch`);
      fill(part.table, HEADS, shown.resolutions.map((resolution) => cellsOf(resolution, shown)));
    },
  };
}

/** @param {CaseView} shown */
function verdictOf({ is_first, tier, because, rule, follows, resolutions }) {
  const chosen = resolutions.find((resolution) => resolution.is_chosen);
  const settled = is_first ? "The agent may settle this on the spot." : `This goes to the ${tier}.`;
  const why = because ? ` ${capital(because)}.` : "";
  const told = follows ? `The rule for it: ${rule}.` : `The rule for it cannot be followed here: ${rule}.`;
  return [
    node("b", { class: is_first ? "ps-better" : "ps-worse" }, settled),
    `${why} Recommended: ${lowered(chosen?.title ?? "")}.`,
    ...(rule ? [node("span", { class: "ps-rule-said" }, told)] : []),
  ];
}

/**
 * @param {Section} part
 * @param {CaseView} shown
 * @param {readonly Resolution[]} list
 * @param {string} hatchId
 */
function drawScales(part, { currency }, list, hatchId) {
  const sum = (/** @type {number} */ value, signed = false) => money(value, currency, signed);
  const texts = list.map(({ title, stops }) => ({
    names: wrapped(capital(title), Math.max(part.width, 240) - 76),
    stops: stops.length ? wrapped(capital(stops.join("; ")), Math.max(part.width, 240) - 8) : [],
  }));
  const heights = texts.map(({ names, stops }) => LINE * (names.length + stops.length) + BAR);
  const width = sized(part, 20 + heights.reduce((total, height) => total + height, 0));
  const { svg } = part;
  hatch(svg, hatchId);
  const mostCost = Math.max(...list.map((resolution) => Math.max(resolution.cost, 0)), 1);
  // room for the words above it, however little is kept
  const mostKept = Math.max(...list.map((resolution) => resolution.kept), mostCost / 2);
  const room = width - 150;
  const zero = 62 + (mostCost / (mostCost + mostKept)) * room;
  const scale = room / (mostCost + mostKept);
  draw(svg, "text", { x: zero - 6, y: 12, "text-anchor": "end" }, "costs us");
  draw(svg, "text", { x: zero + 6, y: 12 }, "value kept");
  draw(svg, "text", { x: width, y: 12, "text-anchor": "end" }, "net");
  let y = 20;
  list.forEach(({ is_chosen, cost, kept, net }, i) => {
    const { names, stops } = texts[i];
    names.forEach((line, k) => draw(svg, "text", { x: 0, y: y + 13 + LINE * k, class: is_chosen ? "ps-strong" : "ps-plain-word" }, line));
    draw(svg, "text", { x: width, y: y + 13, "text-anchor": "end", class: "ps-strong" }, sum(net, true));
    stops.forEach((line, k) => draw(svg, "text", { x: 0, y: y + 13 + LINE * (names.length + k) }, line));
    const bar = y + LINE * (names.length + stops.length) + 4;
    const [left, right] = [Math.max(cost, 0) * scale, Math.max(kept, 0) * scale];
    draw(svg, "rect", { x: zero - left, y: bar, width: left, height: 11, fill: `url(#${hatchId})` });
    draw(svg, "rect", { x: zero, y: bar, width: right, height: 11, class: "ps-gain-fill" });
    draw(svg, "path", { d: `M${zero} ${bar - 2}v15`, class: "ps-zero" });
    draw(svg, "text", { x: zero - left - 5, y: bar + 10, "text-anchor": "end" }, sum(cost));
    draw(svg, "text", { x: zero + right + 5, y: bar + 10 }, sum(kept));
    y += heights[i];
  });
  const words = list.map(({ title, stops, cost, kept, net }) => {
    const stopped = stops.length ? ` (${stops.join("; ")})` : "";
    return `${title}${stopped}: costs ${sum(cost)}, keeps ${sum(kept)}, net ${sum(net, true)}`;
  });
  svg.setAttribute("aria-label", words.join(". "));
}

/** @param {Resolution} resolution @param {CaseView} shown */
function cellsOf({ title, words, cost, kept, net, stops }, { currency }) {
  const given = title === words ? capital(words) : `${capital(title)} (${words})`;
  return [given, money(cost, currency), money(kept, currency), money(net, currency, true), stops.join("; ") || "nothing"];
}
