// Frontier: cost against value: the best policies, those to compare with, and where the limit in hand can take this one.
// In: a reading. Out: its section. Left to others: axes and lines (frontier_ground.js), which policies are best
// (Python).

/** @import { Bench, LevelNow, Point, Reading, Section } from "./types.js" */
import { diamond, draw, ground, sized } from "./drawing.js";
import { BOTTOM, drawFrontier, HEIGHT, LEFT, trailOf } from "./frontier_ground.js";
import { button } from "./elements.js";
import { placer } from "./lettering.js";
import { boundsOf, order } from "./limits.js";
import { section } from "./section.js";
import { fill } from "./tables.js";

const HELP =
  "Each point of the line is the policy with the most net value for that cost. Dotted: where the limit in hand can take this policy.";

/** @typedef {import("./frontier_ground.js").Spot} Spot */
/** @typedef {Spot & { title: string, kind: "now" | "best" | "force" }} Mark */

/** @param {Bench} bench */
export function frontierOf(bench) {
  const part = section("frontier", bench.id, HELP);
  const again = button("Work it out", { class: "ps-link" }, () => bench.acts.study());
  return {
    part,
    /** @param {Reading} reading where something is known */
    show(reading) {
      const { frame, state, now, lever } = reading;
      const base = now.level - now.change;
      const spotOf = (/** @type {Point} */ point) => ({ cost: point[frame.spend], gain: point[frame.value] - base });
      const line = (state.frontier ?? []).map(spotOf);
      const me = { cost: /** @type {LevelNow} */ (reading.read(frame.spend)).level, gain: now.change };
      /** @type {Mark[]} */
      const others = frame.points.map((point) => ({
        ...spotOf(point),
        title: point.title ?? "",
        kind: point.is_recommended ? "best" : "force",
      }));
      part.title.textContent = "Cost against value";
      part.note.textContent = noteOf(reading, line);
      if (!state.frontier && state.isStudyCancelled) part.note.append(again);
      const width = sized(part, HEIGHT);
      const bounds = boundsOf(state, lever);
      const { lowest, highest } = bounds;
      const position = reading.curve ? reading.curve.serial : me;
      const sizes = [lever.top, width, state.per, state.budget, base.toPrecision(9), order(lowest), order(highest), line.length, others.length];
      const { x, y, mark } = ground(part, JSON.stringify([position, ...sizes]), (layer) => {
        const trail = trailOf(reading, base, bounds);
        return drawFrontier(layer, reading, width, line, trail, [...others, ...line, ...trail, ...(reading.curve ? [] : [me])]);
      });
      /** @type {Mark[]} */
      const marks = [...others, { ...me, title: "This policy", kind: "now" }];
      showMarks(part, marks, { x, y, mark }, width);
      showTable(part, reading, marks.reverse(), line);
    },
  };
}

/** @param {Reading} reading @param {readonly Spot[]} line */
function noteOf({ state, now }, line) {
  if (!state.frontier && state.isStudyCancelled) return "The line of the best policies was not worked out: cancelled. ";
  if (!state.frontier) return "The line of the best policies is being worked out …";
  if (now.change <= 0) return "Line: the best for each cost. This policy brings no gain.";
  const reached = Math.min(100, Math.round((100 * now.change) / Math.max(...line.map((spot) => spot.gain))));
  return `Line: the best for each cost. This policy reaches ${reached}% of the top.`;
}

/**
 * @param {Section} part
 * @param {readonly Mark[]} marks the policy in hand last
 * @param {{ x: (cost: number) => number, y: (gain: number) => number, mark: { x: number, words: string } | null }} scales
 * @param {number} width
 */
function showMarks({ svg }, marks, { x, y, mark }, width) {
  const words = placer(LEFT, width, HEIGHT - BOTTOM);
  const places = marks.map((one) => ({ ...one, px: x(one.cost), py: y(one.gain) }));
  for (const { px, py, kind } of places) {
    if (kind === "best") diamond(svg, px, py, 7, "ps-best");
    else draw(svg, "circle", { cx: px, cy: py, r: kind === "now" ? 7 : 5, class: `ps-${kind}` });
    words.hold(px, py);
  }
  const me = places[places.length - 1];
  for (const { px, py, kind, title } of places.reverse()) {
    const isHidden = kind !== "now" && Math.hypot(px - me.px, py - me.py) < 4;
    if (!isHidden) words.put(svg, title, around(px, py), kind === "now" ? "ps-word-now" : "");
  }
  if (mark) words.put(svg, mark.words, beside(mark.x), "ps-over-word");
}

/** Places for words along a line that goes up. @param {number} x */
const beside = (x) =>
  [32, HEIGHT - BOTTOM - 6, 56, 80, 112, 144].flatMap((y) => /** @type {import("./lettering.js").Spot[]} */ ([[x + 6, y, "start"], [x - 6, y, "end"]]));

/** @param {number} x @param {number} y @returns {import("./lettering.js").Spot[]} */
const around = (x, y) => [
  [x + 11, y + 4, "start"],
  [x - 11, y + 4, "end"],
  [x, y - 12, "middle"],
  [x, y + 22, "middle"],
  [x + 10, y + 20, "start"],
  [x - 10, y + 20, "end"],
];

/** @param {Section} part @param {Reading} reading @param {readonly Mark[]} marks @param {readonly Spot[]} line */
function showTable({ svg, table }, reading, marks, line) {
  const figures = (/** @type {Spot} */ spot) => [reading.spend(spot.cost), reading.worth(spot.gain, true)];
  const words = marks.map((mark) => `${mark.title}: ${figures(mark).join(", ")}`).join(". ");
  svg.setAttribute("aria-label", `${reading.spendTitle} and ${reading.valueTitle.toLowerCase()} ${reading.period}. ${words}`);
  const heads = ["Policy", `${reading.spendTitle} ${reading.period}`, `${reading.valueTitle} gained`];
  const rows = [...marks.map((mark) => [mark.title, ...figures(mark)]), ...line.map((spot, i) => [`On the line, ${i + 1}`, ...figures(spot)])];
  fill(table, heads, rows);
}
