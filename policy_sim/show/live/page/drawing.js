// Drawing: marks, axes and layers of pictures.
// In: an SVG element and where things go. Out: what is drawn. Left to others: words in pictures (lettering.js).

/** @import { Section } from "./types.js" */

export const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {Element} parent
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
export function draw(parent, tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

/**
 * A picture; without a label it is there for the eye alone.
 * @param {string} label
 * @returns {SVGSVGElement}
 */
export function picture(label = "") {
  const element = document.createElementNS(SVG, "svg");
  if (label) element.setAttribute("role", "img");
  else element.setAttribute("aria-hidden", "true");
  if (label) element.setAttribute("aria-label", label);
  return element;
}

/**
 * @param {SVGSVGElement} svg
 * @param {number} width
 * @param {number} height
 */
export function cleared(svg, width, height) {
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(height));
  svg.replaceChildren();
  return svg;
}

/**
 * Clear the picture of a section; returns its width.
 * @param {Section} part
 * @param {number} height
 */
export function sized(part, height) {
  const width = Math.max(part.width, 240);
  cleared(part.svg, width, height);
  return width;
}

/**
 * What does not change while a limit is dragged is drawn once: `paint` draws it and returns what the rest goes by.
 * @template T
 * @param {Section} part
 * @param {string} key
 * @param {(layer: SVGElement) => T} paint
 * @returns {T}
 */
export function ground(part, key, paint) {
  if (part.ground?.key !== key) {
    const layer = document.createElementNS(SVG, "g");
    part.ground = { key, layer, scale: paint(layer) };
  }
  part.svg.append(part.ground.layer);
  return part.ground.scale;
}

/**
 * Points that no eye tells apart from the one before are left out.
 * @param {number[][]} spots
 */
function thinned(spots) {
  let last = [-Infinity, -Infinity];
  return spots.filter((spot, i) => {
    const isKept = i === spots.length - 1 || Math.abs(spot[0] - last[0]) + Math.abs(spot[1] - last[1]) > 0.4;
    if (isKept) last = spot;
    return isKept;
  });
}

/**
 * The points of a path, after its first letter.
 * @param {number[][]} spots
 */
export const pathOf = (spots) =>
  thinned(spots)
    .map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`)
    .join("L");

/**
 * @param {number} low
 * @param {number} high
 * @param {number} count
 */
export function niceTicks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= 0.7 * rough) ?? 10 * power;
  const ticks = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) ticks.push(Math.abs(at) < step / 1e6 ? 0 : at);
  return ticks;
}

/**
 * @param {Element} parent
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {string} kind
 */
export const diamond = (parent, x, y, size, kind) =>
  draw(parent, "path", { d: `M${x} ${y - size}l${size} ${size}l${-size} ${size}l${-size} ${-size}z`, class: kind });

/**
 * @param {Element} svg
 * @param {string} id
 */
export function hatch(svg, id) {
  const defs = draw(svg, "defs", {});
  const pattern = draw(defs, "pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  draw(pattern, "rect", { width: 6, height: 6, class: "ps-hatch-ground" });
  draw(pattern, "rect", { width: 3, height: 6, class: "ps-cost-fill" });
}
