// Sliders: every limit with its slider and its curve in small, tier by tier.
// In: a reading. Out: its element. Left to others: the small curves (sparks.js), what a move does (acts.js).

/** @import { Bench, Lever, Limit, Reading } from "./types.js" */
import { picture } from "./drawing.js";
import { node } from "./elements.js";
import { alongSlider, heldBy, nearestPlace } from "./limits.js";
import { plural } from "./numbers.js";
import { nextPlace } from "./reach.js";
import { drawSpark } from "./sparks.js";

/** @typedef {ReturnType<typeof blockOf>} Block */

/** @param {Bench} bench */
export function slidersOf(bench) {
  const column = node("div", { class: "ps-sticky" });
  const root = node("div", { class: "ps-limits", role: "group", "aria-label": "Limits" }, column);
  /** @type {Record<string, Block>} */
  let blocks = {};
  let width = 240;

  /** @param {Reading} reading @param {Lever} lever */
  function spark(reading, lever) {
    const known = reading.state.curves.get(lever.key);
    if (!known) return;
    drawSpark(blocks[lever.key].spark, known.curve, lever, width, reading.frame.value);
    showLimit(blocks[lever.key], reading, lever, width);
  }

  return {
    root,

    /** Make a slider for each limit. @param {Reading} reading */
    begin(reading) {
      const { levers } = reading.state;
      const tiers = [...new Set(levers.map((lever) => lever.tier))];
      blocks = Object.fromEntries(levers.map((lever) => [lever.key, blockOf(bench, lever)]));
      const groups = tiers.map((tier, k) => [
        node("h3", {}, k ? `${plural(tier)} decide, up to` : `${plural(tier)} decide alone, up to`),
        ...levers.filter((lever) => lever.tier === tier).map((lever) => blocks[lever.key].root),
      ]);
      column.replaceChildren(...groups.flat(), ...rulesOf(reading));
    },

    /** @param {Reading} reading */
    show: (reading) => reading.state.levers.forEach((lever) => showLimit(blocks[lever.key], reading, lever, width)),

    /** Show the curve of a limit, where there is one. @param {Reading} reading @param {string} key */
    showCurve: (reading, key) => reading.state.levers.filter((lever) => lever.key === key).forEach((lever) => spark(reading, lever)),

    /** The places of sliders have changed. @param {Reading} reading */
    refit(reading) {
      for (const lever of reading.state.levers) {
        blocks[lever.key].slider.max = String(lever.places.length - 1);
        spark(reading, lever);
      }
    },

    /** @param {Reading} reading */
    redraw: (reading) => reading.state.levers.forEach((lever) => spark(reading, lever)),

    measure() {
      width = Math.max(Object.values(blocks)[0].root.clientWidth - 32, 120);
    },
  };
}

/** @param {Reading} reading */
function rulesOf({ frame }) {
  const last = frame.tiers[frame.tiers.length - 1];
  const rules = [...frame.exceptions, ...frame.guards];
  const list = node("ul", { class: "ps-rules" }, ...rules.map((rule) => node("li", {}, rule)));
  return [
    node("p", { class: "ps-last" }, node("b", {}, plural(last)), " have no limits"),
    ...(rules.length ? [node("h3", {}, "Exceptions and guards"), list] : []),
    node("p", { class: "ps-legend ps-muted" }, "◇ best  ▬ as good  | compared with"),
  ];
}

/** @param {Bench} bench @param {Lever} lever */
function blockOf(bench, { key, tier, limit, title, places }) {
  const { acts } = bench;
  const slider = node("input", {
    type: "range",
    id: `${bench.id}-${key}`,
    "data-limit": limit,
    "data-tier": tier,
    min: 0,
    step: 1,
    max: places.length - 1,
  });
  const label = node("label", { for: slider.id }, node("span", { class: "ps-hidden" }, `${plural(tier)}: `), title);
  const note = node("span", { class: "ps-note" });
  const shown = node("output", { for: slider.id });
  const spark = picture();
  const root = node("div", { class: "ps-limit" }, node("div", { class: "ps-row" }, label, note, shown), spark, slider);

  const lever = () => /** @type {Lever} */ (bench.store.state.levers.find((other) => other.key === key));
  let byKeysOn = "";
  slider.addEventListener("keydown", (event) => {
    event.stopPropagation(); // JupyterLab takes the arrow keys otherwise
    byKeysOn = key;
  });
  slider.addEventListener("focus", () => acts.take(lever()));
  slider.addEventListener("pointerdown", () => {
    byKeysOn = "";
    acts.take(lever());
  });
  slider.addEventListener("input", () => acts.move(lever(), nextPlace(lever(), bench.read().limitOf(lever()), Number(slider.value))));
  slider.addEventListener("change", () => acts.moved(lever(), byKeysOn));
  return { root, slider, note, shown, spark };
}

/**
 * @param {Block} block
 * @param {Reading} reading
 * @param {Lever} lever
 * @param {number} width of the slider
 */
function showLimit({ root, slider, note, shown }, reading, lever, width) {
  const limit = reading.limitOf(lever);
  const held = heldBy(reading.state, lever);
  shown.textContent = reading.words(limit);
  note.textContent = held;
  slider.value = String(nearestPlace(lever.places, limit));
  slider.setAttribute("aria-valuetext", `${lever.title} limit, ${spokenOf(reading, limit)}${held ? `, at ${held}` : ""}`);
  root.classList.toggle("ps-in-hand", lever.key === reading.lever.key);
  root.style.setProperty("--now", String(alongSlider(lever, limit)));
  const from = alongSlider(lever, reading.limitOf(lever, reading.baseLimits));
  root.querySelector(".ps-tick")?.setAttribute("transform", `translate(${8 + from * (width - 16)} 0)`);
}

/** @param {Reading} reading @param {Limit} limit */
const spokenOf = (reading, limit) =>
  typeof limit === "number" ? `${limit.toLocaleString("en-US")} ${reading.frame.currency.spoken}` : reading.words(limit);
