// Tiles: what the policy brings, each outcome with its change and how sure that is.
// In: a reading. Out: its element. Left to others: which outcomes have a tile (the frame).

/** @import { Bench, Reading } from "./types.js" */
import { showTowards, towardsBudget } from "./budget.js";
import { cleared, draw, hatch, picture } from "./drawing.js";
import { button, node } from "./elements.js";
import { sureness } from "./sureness.js";

const SPEAK_MS = 400; // of rest, until changes are spoken

/** @typedef {ReturnType<typeof tileOf>} Tile */

/** @param {Bench} bench */
export function tilesOf(bench) {
  const { frame } = bench.store.state;
  const tiles = Object.fromEntries(frame.tiles.map((name) => [name, tileOf(bench, name)]));
  const row = node("div", { class: "ps-tiles", role: "group", "aria-label": "What the policy brings" });
  row.append(...Object.values(tiles).map((tile) => tile.root));
  const spoken = node("div", { "aria-live": "polite", class: "ps-hidden" });
  let width = 120;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let speak;

  return {
    roots: [row, spoken],

    /** @param {Reading} reading where something is known */
    show(reading) {
      row.classList.toggle("ps-with-budget", reading.state.budget !== null);
      for (const [name, tile] of Object.entries(tiles)) showTile(tile, reading, name, width);
      clearTimeout(speak);
      speak = setTimeout(() => {
        const { change, likely } = tiles[frame.value];
        spoken.textContent = `${reading.valueTitle} ${reading.period} against ${reading.baseTitle}: ${change.textContent} ${likely.textContent}`;
      }, SPEAK_MS);
    },

    measure() {
      width = Math.max((row.firstElementChild?.clientWidth ?? 0) - 16, 60);
    },

    end: () => clearTimeout(speak),
  };
}

/** @param {Bench} bench @param {string} name of an outcome */
function tileOf({ id, ask }, name) {
  const title = node("span", { class: "ps-muted" });
  const figure = node("strong", { "data-tile": name });
  const change = node("span", { class: "ps-change", "data-change": name });
  const svg = picture();
  const likely = node("span", { class: "ps-muted ps-likely", "data-likely": name });
  const target = node("span", { class: "ps-target", hidden: "" });
  const root = button("", { class: "ps-tile", title: "How it comes about" }, () => ask({ ask: "chain", outcome: name }));
  root.append(title, node("span", {}, figure, " ", change), svg, likely, target);
  return { root, title, figure, change, svg, likely, target, hatchId: `${id}-${name}` };
}

/**
 * @param {Tile} tile
 * @param {Reading} reading
 * @param {string} name
 * @param {number} width
 */
function showTile(tile, reading, name, width) {
  const now = reading.read(name);
  if (!now) return;
  const { level, change, low, high, too_few } = now;
  const outcome = reading.frame.outcomes[name];
  const times = reading.timesOf(name);
  const sure = sureness(reading, name, now);
  const isStill = sure.words === "no change";
  const isUnsure = too_few || Number.isNaN(low) || (low <= 0 && high >= 0);
  const isWorse = (outcome.less_is_better ? 1 : -1) * change > 0;
  tile.title.textContent = outcome.title + (outcome.adds_up ? ` ${reading.period}` : "");
  tile.figure.textContent = reading.format(name, level);
  tile.figure.dataset.value = String(level * times);
  tile.change.textContent = isStill ? "" : reading.format(name, change, true);
  tile.change.dataset.value = String(change * times);
  tile.change.className = `ps-change ${isStill || isUnsure ? "" : isWorse ? "ps-worse" : "ps-better"}`;
  if (sure.ends) tile.likely.replaceChildren("likely ", node("span", {}, sure.ends[0]), " to ", node("span", {}, sure.ends[1]));
  else tile.likely.textContent = sure.words;
  tile.likely.dataset.low = String(low * times);
  tile.likely.dataset.high = String(high * times);
  if (name === reading.frame.spend) showTowards(tile.target, towardsBudget(reading, level));
  const said = [tile.title, tile.figure, tile.change, tile.likely, tile.target].map(({ textContent }) => textContent).filter(Boolean);
  tile.root.setAttribute("aria-label", `${said.join(", ")}, how it comes about`);
  drawInterval(tile, width, isStill || Number.isNaN(low) ? null : { change, low, high, isUnsure, isWorse });
}

/**
 * The interval of a change around a tick at no change: solid where better, hatched where worse, hollow where unsure.
 * @param {Tile} tile
 * @param {number} width
 * @param {{ change: number, low: number, high: number, isUnsure: boolean, isWorse: boolean } | null} interval
 */
function drawInterval({ svg, hatchId }, width, interval) {
  cleared(svg, width, 14);
  draw(svg, "path", { d: `M0 7H${width}`, class: "ps-grid" });
  if (interval) {
    const { change, low, high, isUnsure, isWorse } = interval;
    const far = Math.max(Math.abs(low), Math.abs(high), 1e-12) * 1.25;
    const x = (/** @type {number} */ value) => width / 2 + (value / far) * (width / 2 - 2);
    const isHatched = isWorse && !isUnsure;
    if (isHatched) hatch(svg, hatchId);
    const kind = isUnsure ? "ps-hollow" : isWorse ? "" : "ps-gain-fill";
    const bar = draw(svg, "rect", { x: x(low), y: 3, width: Math.max(x(high) - x(low), 2), height: 8, class: kind });
    if (isHatched) bar.setAttribute("fill", `url(#${hatchId})`);
    draw(svg, "path", { d: `M${x(change)} 3v8`, class: "ps-middle" });
  }
  draw(svg, "path", { d: `M${width / 2} 0v14`, class: "ps-zero" });
}
