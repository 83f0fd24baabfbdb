// Saving: files that somebody takes away from the page.
// In: content, or a picture on screen. Out: a download. Left to others: what is in it (tables.js, drawing.js).

import { draw, SVG } from "./drawing.js";
import { node } from "./elements.js";
import { wrapped } from "./lettering.js";

const [LINE, SMALL_LINE, EDGE] = [18, 15, 12];

const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "font-weight", "paint-order"];

/**
 * @param {string} name
 * @param {BlobPart} content
 * @param {string} type
 */
export function save(name, content, type) {
  const link = node("a", { download: name, href: URL.createObjectURL(new Blob([content], { type })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** @typedef {{ readonly title: string, readonly note: string, readonly source: string }} About */

/**
 * A picture that stands alone: what the style sheet says of each part goes into the part, and what it is of and where
 * it comes from stand above and below.
 * @param {SVGSVGElement} svg
 * @param {About} about
 */
export function standalone(svg, about) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const parts = (/** @type {SVGSVGElement} */ whole) => /** @type {SVGElement[]} */ ([whole, ...whole.querySelectorAll("*")]);
  const to = parts(copy);
  parts(svg).forEach((part, i) => {
    const style = getComputedStyle(part);
    for (const name of STYLES) to[i].style.setProperty(name, style.getPropertyValue(name));
    to[i].removeAttribute("class");
  });
  const { width, height } = svg.getBoundingClientRect();
  const { color, fontFamily, backgroundColor } = getComputedStyle(/** @type {Element} */ (svg.closest(".ps")));
  const lines = linesAround(about, width);
  const head = EDGE + LINE * lines.above.length;
  const whole = { width: width + 2 * EDGE, height: head + height + SMALL_LINE * lines.below.length + 2 * EDGE };
  const page = document.createElementNS(SVG, "svg");
  page.setAttribute("xmlns", SVG);
  for (const [name, value] of Object.entries({ ...whole, viewBox: `0 0 ${whole.width} ${whole.height}` })) page.setAttribute(name, String(value));
  draw(page, "title", {}, about.title);
  draw(page, "rect", { ...whole, fill: backgroundColor });
  const style = { x: EDGE, fill: color, "font-family": fontFamily };
  lines.above.forEach(([text, size, weight], i) => draw(page, "text", { ...style, y: EDGE + LINE * (i + 1) - 4, "font-size": size, "font-weight": weight }, text));
  for (const [name, value] of Object.entries({ x: EDGE, y: head, width, height, viewBox: `0 0 ${width} ${height}` })) copy.setAttribute(name, String(value));
  page.append(copy);
  lines.below.forEach((text, i) => draw(page, "text", { ...style, y: head + height + SMALL_LINE * (i + 1) + 4, "font-size": 11, opacity: 0.75 }, text));
  return { text: new XMLSerializer().serializeToString(page), ...whole };
}

/** @param {About} about @param {number} width */
function linesAround({ title, note, source }, width) {
  const above = [...wrapped(title, width).map((text) => /** @type {const} */ ([text, 15, 600])), ...wrapped(note, width).map((text) => /** @type {const} */ ([text, 12, 400]))];
  return { above: above.filter(([text]) => text), below: wrapped(source, width) };
}

/**
 * @param {SVGSVGElement} svg
 * @param {About} about
 * @param {string} name
 */
export function savePng(svg, about, name) {
  const { text, width, height } = standalone(svg, about);
  const image = new Image();
  image.onload = () => {
    const canvas = node("canvas", { width: 2 * width, height: 2 * height });
    canvas.getContext("2d")?.drawImage(image, 0, 0, 2 * width, 2 * height);
    canvas.toBlob((blob) => blob && save(name, blob, "image/png"));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}
