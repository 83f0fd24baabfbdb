// Screen: all parts of the panel, in their places.
// In: a reading. Out: the element of the panel, and its parts. Left to others: what each part shows.

/** @import { Bench, Reading } from "./types.js" */
import { answerOf } from "./answer.js";
import { citationOf } from "./citing.js";
import { curveOf } from "./curve.js";
import { dialogOf } from "./dialog.js";
import { node } from "./elements.js";
import { followingOf } from "./following.js";
import { frontierOf } from "./frontier.js";
import { gapOf } from "./gap.js";
import { leftOutLine } from "./left_out.js";
import { headerOf } from "./header.js";
import { mindOf } from "./mind.js";
import { monthsOf } from "./months.js";
import { oneCaseOf } from "./one_case.js";
import { partsOf } from "./parts.js";
import { playbookOf } from "./playbook.js";
import { slidersOf } from "./sliders.js";
import { statusLine } from "./status.js";
import { tabsOf } from "./tabs.js";
import { tilesOf } from "./tiles.js";

/**
 * @param {Bench} bench
 * @param {() => void} onReconnect
 */
export function screenOf(bench, onReconnect) {
  const header = headerOf(bench);
  const status = statusLine(bench, onReconnect);
  const leftOut = leftOutLine(bench);
  const answer = answerOf(bench);
  const limits = slidersOf(bench);
  const tiles = tilesOf(bench);
  const [curve, parts, frontier] = [curveOf(bench), partsOf(bench), frontierOf(bench)];
  const mind = mindOf(bench);
  const oneCase = oneCaseOf(bench);
  const dialog = dialogOf(bench.id);
  const sections = [curve, parts, frontier, mind, oneCase].map(({ part }) => part);
  const foot = node("p", { class: "ps-foot ps-muted" });
  const rows = node("div", { class: "ps-rows" }, ...sections.map((part) => part.root));
  const [playbook, following, gap] = [playbookOf(bench), followingOf(bench), gapOf(bench)];
  const guidance = [playbook, following, gap].map(({ part }) => part);
  const beside = node("div", { class: "ps-beside" }, gap.part.root, following.part.root);
  const guided = node("div", { class: "ps-guided" }, playbook.part.root, beside);
  const months = monthsOf(bench);
  const monthly = node("div", { class: "ps-monthly" }, months.part.root);
  const tabs = tabsOf(bench, { limits: rows, rules: guided, months: monthly }, () => measureParts());
  const main = node("div", { class: "ps-main" }, ...tiles.roots, tabs.root, rows, guided, monthly);
  const body = node("div", { class: "ps-body" }, limits.root, main);
  const root = node(
    "div",
    { class: "ps", role: "group", "aria-label": "Policy workbench", "aria-busy": "true" },
    ...[header.root, status.root, leftOut.root, answer.root, body, foot, dialog.root],
  );

  function measureParts() {
    for (const part of [...sections, ...guidance, months.part]) if (part.root.offsetParent) part.width = part.body.clientWidth;
  }

  /** Show everything that the state holds. */
  function show(/** @type {Reading} */ reading) {
    const began = performance.now();
    const { pending, isDirty, isSettled, askedCase } = reading.state;
    limits.show(reading);
    header.show(reading);
    leftOut.show(reading.state.leftOut);
    answer.show(reading);
    tabs.show(reading);
    root.dataset.source = citationOf(reading);
    root.classList.toggle("ps-stale", !reading.isKnown);
    root.setAttribute("aria-busy", String(Boolean(pending) || isDirty || !isSettled || askedCase !== null));
    if (reading.isKnown) for (const part of [tiles, curve, parts, frontier]) part.show(reading);
    mind.show(reading);
    oneCase.mark(reading);
    if (!guided.hidden) for (const part of [playbook, following, gap]) part.show(reading);
    if (!monthly.hidden) months.show(reading);
    root.dataset.drawMs = (performance.now() - began).toFixed(2);
  }

  return {
    ...{ root, header, status, limits, mind, oneCase, dialog, show },

    /** Show what the frame holds: to be called anew where it has changed. @param {Reading} reading */
    begin(reading) {
      limits.begin(reading);
      oneCase.begin(reading);
      foot.textContent = footOf(reading);
      header.listPolicies(reading.frame);
    },

    /** Sizes are read when they change, not when something is drawn: reading one makes the browser lay out the page. */
    measure() {
      limits.measure();
      tiles.measure();
      measureParts();
    },

    /** Draw everything in its new size. @param {Reading} reading */
    redraw(reading) {
      limits.redraw(reading);
      show(reading);
      oneCase.show(reading);
    },

    /** Paper holds both screens, where there are rules. @param {Reading} reading @param {boolean} isPaper */
    toPaper(reading, isPaper) {
      if (!isPaper || reading.state.playbook) [rows, guided].forEach((panel, i) => (panel.hidden = !isPaper && reading.state.tab !== (i ? "rules" : "limits")));
    },

    end: tiles.end,
  };
}

/** @param {Reading} reading */
function footOf({ frame }) {
  const count = (/** @type {number} */ value) => value.toLocaleString("en-US");
  return [
    `${frame.scenario}, assumptions ${frame.scenario_fingerprint}`,
    `${count(frame.cases)} cases, each looked at under ${count(frame.draws)} ways the assumptions may turn out`,
    frame.year,
    `money in ${frame.currency.code}`,
    "“likely” holds nine in ten of these ways",
    `policy_sim ${frame.version}`,
  ].join(" · ");
}
