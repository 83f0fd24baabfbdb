// Chain picture: boxes from orders to money, with what bears on what.
// In: steps with their places, which one is asked for. Out: a picture. Left to others: formulas and sources
// (chain_dialog.js).

/** @import { Chain, Step } from "./types.js" */
import { draw, picture } from "./drawing.js";
import { wrapped } from "./lettering.js";

const [COLUMNS, GAP, BETWEEN, PAD, LINE] = [4, 14, 26, 6, 15];
const [NARROW, ROOMIER] = [480, 1.28]; // there letters are smaller, and more of them fit

/**
 * @param {Chain} chain
 * @param {readonly Step[]} steps that are shown
 * @param {string} end
 * @param {number} width
 * @param {(name: string) => void} onChoose
 */
export function chainPicture(chain, steps, end, width, onChoose) {
  const svg = picture(steps.map(({ title, mine_words }) => `${title}: ${mine_words}`).join(". "));
  const wide = (width - GAP * (COLUMNS - 1)) / COLUMNS;
  const lines = new Map(steps.map((step) => [step.name, wrapped(step.title, (wide - 2 * PAD) * (width < NARROW ? ROOMIER : 1))]));
  if (width < NARROW) svg.classList.add("ps-small");
  const rows = [...new Set(steps.map(({ place }) => place[1]))].sort((one, other) => one - other);
  /** @type {Map<number, { y: number, height: number }>} */
  const levels = new Map();
  let y = 1;
  for (const row of rows) {
    const most = Math.max(...steps.filter(({ place }) => place[1] === row).map(({ name }) => lines.get(name)?.length ?? 1));
    const height = 2 * PAD + LINE * most + 20 + (chain.is_compared ? LINE : 0);
    levels.set(row, { y, height });
    y += height + BETWEEN;
  }
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(y - BETWEEN + 1));
  const boxes = new Map(steps.map(({ name, place: [column, row] }) => [name, { x: column * (wide + GAP), wide, ...at(levels, row) }]));
  for (const { name, links } of steps) for (const from of links) arrow(svg, boxes.get(from), boxes.get(name));
  for (const step of steps) {
    const box = boxes.get(step.name);
    if (!box) continue;
    const group = draw(svg, "g", { class: `ps-box${step.name === end ? " ps-box-end" : ""}`, "data-box": step.name });
    group.addEventListener("click", () => onChoose(step.name));
    draw(group, "rect", { x: box.x + 1, y: box.y, width: box.wide - 2, height: box.height, rx: 6 });
    const words = lines.get(step.name) ?? [];
    const put = (/** @type {number} */ line, /** @type {string} */ text, kind = "") => draw(group, "text", { x: box.x + PAD + 1, y: line, class: kind }, text);
    words.forEach((text, i) => put(box.y + PAD + 11 + LINE * i, text));
    const number = box.y + PAD + LINE * words.length + 15;
    put(number, step.mine_words, "ps-strong");
    if (isTwofold(chain, step)) put(number + LINE, step.base_words, "ps-quiet");
  }
  return svg;
}

/** Whether there are two numbers to show. @param {Chain} chain @param {Step} step */
export const isTwofold = (chain, step) => chain.is_compared && step.mine_words !== step.base_words;

/** @typedef {{ x: number, wide: number, y: number, height: number }} Box */

/** @param {Map<number, { y: number, height: number }>} levels @param {number} row */
const at = (levels, row) => levels.get(row) ?? { y: 0, height: 0 };

/** From the side of one box to the nearest side of another. @param {Element} svg @param {Box | undefined} from @param {Box | undefined} to */
function arrow(svg, from, to) {
  if (!from || !to) return;
  if (from.y === to.y) {
    const right = to.x > from.x;
    const [x0, x1, y] = [right ? from.x + from.wide : from.x, right ? to.x : to.x + to.wide, from.y + from.height / 2];
    draw(svg, "path", { d: `M${x0} ${y}H${x1}`, class: "ps-arrow" });
    draw(svg, "path", { d: `M${x1} ${y}l${right ? -6 : 6} -4v8z`, class: "ps-arrow-head" });
    return;
  }
  const [x0, y0, x1, y1] = [from.x + from.wide / 2, from.y + from.height, to.x + to.wide / 2, to.y];
  const bend = BETWEEN * 0.8;
  draw(svg, "path", { d: `M${x0} ${y0}C${x0} ${y0 + bend} ${x1} ${y1 - bend} ${x1} ${y1 - 4}`, class: "ps-arrow" });
  draw(svg, "path", { d: `M${x1} ${y1}l-4 -6h8z`, class: "ps-arrow-head" });
}
