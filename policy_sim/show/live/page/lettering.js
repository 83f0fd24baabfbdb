// Lettering: words in pictures, where there is room for them.
// In: words and places. Out: texts that overlap nothing. Left to others: marks and lines (drawing.js).

import { draw } from "./drawing.js";

/** @typedef {readonly [x: number, y: number, anchor: "start" | "middle" | "end"]} Spot */

const ink = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
ink.font = '600 13px "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", system-ui, sans-serif';

/** @param {string} text */
const widthOf = (text) => ink.measureText(text).width * 1.04;

/**
 * As much of a text as fits into a width.
 * @param {string} text
 * @param {number} width
 */
export function fitted(text, width) {
  if (widthOf(text) <= width) return text;
  let end = text.length;
  while (end > 1 && widthOf(`${text.slice(0, end)}…`) > width) end--;
  return `${text.slice(0, end).trimEnd()}…`;
}

/**
 * A text in lines that fit into a width, broken between words.
 * @param {string} text
 * @param {number} width
 */
export function wrapped(text, width) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && widthOf(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(fitted(word, width));
  }
  return lines;
}

/**
 * Words get the first free place of a short list; where none is free they are left out (the table has them).
 * @param {number} left
 * @param {number} right
 * @param {number} bottom
 */
export function placer(left, right, bottom) {
  /** @type {number[][]} */
  const taken = [];
  const isFree = (/** @type {number[]} */ [x0, y0, x1, y1]) =>
    x0 >= left && x1 <= right && y0 >= 0 && y1 <= bottom && taken.every((box) => x1 < box[0] || x0 > box[2] || y1 < box[1] || y0 > box[3]);
  return {
    /**
     * Hold a place around a mark.
     * @param {number} x
     * @param {number} y
     */
    hold: (x, y, size = 7) => taken.push([x - size, y - size, x + size, y + size]),
    /**
     * @param {Element} parent
     * @param {string} text
     * @param {readonly Spot[]} places
     */
    put(parent, text, places, kind = "") {
      const width = widthOf(text);
      for (const [x, y, anchor] of places) {
        const from = anchor === "end" ? x - width : anchor === "middle" ? x - width / 2 : x;
        const box = [from, y - 12, from + width, y + 4];
        if (!isFree(box)) continue;
        taken.push(box);
        draw(parent, "text", { x, y, "text-anchor": anchor, class: `ps-word ${kind}` }, text);
        return;
      }
    },
  };
}
