// Ground of the frontier: what stays while the limit in hand is dragged: axes, the line of the best, the trail.
// In: where policies lie. Out: what is drawn, and scales. Left to others: marks and words (frontier.js).

/** @import { Limit, Reading } from "./types.js" */
import { gainAxis, ticksBelow, wordBelow } from "./axes.js";
import { stepAt } from "./curves.js";
import { draw, niceTicks, pathOf } from "./drawing.js";
import { tickText } from "./numbers.js";

export const HEIGHT = 232;
export const LEFT = 68;
export const BOTTOM = 44;
const [RIGHT, TOP] = [20, 20];
const NEAR = 1; // spans of cost beside the picture, within which it grows to hold the budget

/** @typedef {{ cost: number, gain: number }} Spot */

/**
 * Where the limit in hand can take this policy.
 * @param {Reading} reading
 * @param {number} base
 * @param {{ lowest: Limit, highest: Limit }} bounds
 */
export function trailOf({ curve, frame, lever }, base, { lowest, highest }) {
  if (!curve) return [];
  const trail = [];
  for (let i = stepAt(curve, lowest); i <= Math.min(stepAt(curve, highest), stepAt(curve, lever.top)); i++)
    trail.push({ cost: curve.level[frame.spend][i], gain: curve.level[frame.value][i] - base });
  return trail;
}

/**
 * @param {SVGElement} layer
 * @param {Reading} reading
 * @param {number} width
 * @param {readonly Spot[]} line
 * @param {readonly Spot[]} trail
 * @param {readonly Spot[]} everything that has to be in the picture
 */
export function drawFrontier(layer, reading, width, line, trail, everything) {
  const { times, frame } = reading;
  const budget = budgetCost(reading);
  const [least, most] = withBudget(span(everything.map((spot) => spot.cost)), budget);
  const [low, high] = span(everything.map((spot) => spot.gain));
  const bottom = HEIGHT - BOTTOM;
  const x = (/** @type {number} */ cost) => LEFT + ((cost - least) / (most - least)) * (width - LEFT - RIGHT);
  const y = gainAxis(layer, reading, { left: LEFT, width, top: TOP, bottom, right: width - RIGHT }, low, high);
  const ticks = niceTicks(least * times, most * times, Math.max(2, Math.floor((width - LEFT) / 90)));
  ticksBelow(layer, bottom, ticks.map((tick) => [x(tick / times), tickText(tick, frame.currency)]));
  wordBelow(layer, (LEFT + width) / 2, HEIGHT - 6, `${reading.spendTitle} ${reading.period}`);
  draw(layer, "text", { x: LEFT, y: 10 }, `${reading.valueTitle} gained`);
  const path = (/** @type {readonly Spot[]} */ spots) => `M${pathOf(spots.map((spot) => [x(spot.cost), y(spot.gain)]))}`;
  if (line.length) draw(layer, "path", { d: path(line), class: "ps-front-line" });
  if (trail.length) draw(layer, "path", { d: path(trail), class: "ps-trail" });
  const mark = budget === null ? null : markOf(reading, Math.min(Math.max(x(budget), LEFT), width - RIGHT), budget < least, budget > most);
  if (mark) draw(layer, "path", { d: `M${mark.x} ${TOP}V${bottom}`, class: "ps-budget-mark" });
  return { x, y, mark };
}

/** The budget per case, as costs are. @param {Reading} reading */
const budgetCost = ({ state, frame }) => (state.budget === null ? null : state.budget / frame.cases_per_year);

/**
 * The span of costs with the budget in it, unless that is far off.
 * @param {number[]} span
 * @param {number | null} budget
 */
function withBudget([least, most], budget) {
  const room = NEAR * (most - least);
  if (budget === null || budget < least - room || budget > most + room) return [least, most];
  return [Math.min(least, budget - 0.05 * (most - least)), Math.max(most, budget + 0.05 * (most - least))];
}

/**
 * Where the line of the budget is, or the edge behind which it would be, and what stands beside it.
 * @param {Reading} reading
 * @param {number} x
 * @param {boolean} isLeft
 * @param {boolean} isRight
 */
function markOf(reading, x, isLeft, isRight) {
  const words = `budget ${reading.cash(/** @type {number} */ (reading.state.budget))} a year`;
  return { x, words: `${isLeft ? "◂ " : ""}${words}${isRight ? " ▸" : ""}` };
}

/** @param {readonly number[]} values */
function span(values) {
  const [least, most] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const room = 0.1 * (most - least) || 1;
  return [least - room, most + room];
}
