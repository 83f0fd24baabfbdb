// Saving: files that somebody takes away from the page.
// In: content, or a picture on screen. Out: a download. Left to others: what is in it (tables.js, drawing.js).

import { SVG } from "./drawing.js";
import { node } from "./elements.js";

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

/**
 * A picture that stands alone: what the style sheet says of each part goes into the part.
 * @param {SVGSVGElement} svg
 */
export function standalone(svg) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const parts = (/** @type {SVGSVGElement} */ whole) => /** @type {SVGElement[]} */ ([whole, ...whole.querySelectorAll("*")]);
  const to = parts(copy);
  parts(svg).forEach((part, i) => {
    const style = getComputedStyle(part);
    for (const name of STYLES) to[i].style.setProperty(name, style.getPropertyValue(name));
    to[i].removeAttribute("class");
  });
  const { width, height } = svg.getBoundingClientRect();
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const paper = document.createElementNS(SVG, "rect");
  const fill = getComputedStyle(/** @type {Element} */ (svg.closest(".ps"))).backgroundColor;
  for (const [name, value] of Object.entries({ width, height, fill })) paper.setAttribute(name, String(value));
  copy.prepend(paper);
  return { text: new XMLSerializer().serializeToString(copy), width, height };
}

/**
 * @param {SVGSVGElement} svg
 * @param {string} name
 */
export function savePng(svg, name) {
  const { text, width, height } = standalone(svg);
  const image = new Image();
  image.onload = () => {
    const canvas = node("canvas", { width: 2 * width, height: 2 * height });
    canvas.getContext("2d")?.drawImage(image, 0, 0, 2 * width, 2 * height);
    canvas.toBlob((blob) => blob && save(name, blob, "image/png"));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}
