// Following: what the rules bring, by how many people follow them.
// In: a reading. Out: its section, with a slider. Left to others: the numbers (Python), assuming one (rule_acts.js).

/** @import { Bench, Guidance, Reading, Section, Yearly } from "./types.js" */
import { gainAxis, ticksBelow } from "./axes.js";
import { draw, pathOf, sized } from "./drawing.js";
import { button, figure, node } from "./elements.js";
import { section } from "./section.js";
import { fill } from "./tables.js";

const [HEIGHT, LEFT, TOP, BOTTOM] = [176, 64, 8, 28];
const HELP =
  "Rules bring something only where people follow them. The line: what these rules bring on top of the limits, a year, for every share of people who follow; the band holds nine in ten of the ways the assumptions may turn out. Training is paid for whether anybody follows or not.";
const HEADS = ["Of 100 people follow", "the rules bring, a year", "from", "to"];

/** @param {Bench} bench */
export function followingOf(bench) {
  const part = section("following", bench.id, HELP);
  const slider = node("input", { type: "range", id: `${bench.id}-follow`, min: 0, max: 100, step: 1 });
  const shown = node("output", { for: slider.id });
  const label = node("label", { for: slider.id }, "Of 100 people, so many follow the rules");
  const assume = button("", { class: "ps-link", hidden: "" }, () => bench.acts.assumeFollowed(Number(slider.value) / 100));
  const words = node("p", { class: "ps-sub", "aria-live": "polite" });
  slider.addEventListener("keydown", (event) => event.stopPropagation()); // JupyterLab takes the arrow keys otherwise
  slider.addEventListener("input", () => bench.acts.follow(Number(slider.value) / 100));
  part.body.append(node("div", { class: "ps-follow" }, node("div", { class: "ps-row" }, label, shown), slider), words, assume);
  return {
    part,
    /** @param {Reading} reading */
    show(reading) {
      const { guidance, following, playbook } = reading.state;
      part.title.textContent = "If more people followed";
      part.root.hidden = !playbook || !guidance?.shares.length;
      if (!guidance?.shares.length || guidance.followed === null || !playbook) return;
      part.body.classList.toggle("ps-old", guidance.context !== reading.context);
      const share = following ?? guidance.followed;
      const count = Math.round(100 * share);
      const assumed = Math.round(100 * guidance.followed);
      const [least, most] = (guidance.followed_range ?? [share, share]).map((end) => Math.round(100 * end));
      part.note.textContent = `Assumed: ${assumed} of 100 follow the rules, ${least} to ${most} plausible; the others choose as they do now.`;
      slider.value = String(count);
      slider.setAttribute("aria-valuetext", `${count} of 100 people`);
      shown.textContent = String(count);
      const here = at(guidance, share);
      const brings = `${here.change < 0 ? "lose" : "bring"} ${reading.cash(Math.abs(here.change))}`;
      const ends = [here.low, here.high].map((value) => figure(reading.cash(value, true)));
      words.replaceChildren(`If ${count} of 100 follow, the rules ${brings} a year, likely `, ends[0], " to ", ends[1], ".");
      assume.hidden = count === assumed;
      assume.textContent = `Assume ${count} of 100 everywhere`;
      drawLine(part, reading, guidance, share);
      const row = (/** @type {Guidance["shares"][number]} */ one) => [one.change, one.low, one.high].map((value) => reading.cash(value, true));
      fill(part.table, HEADS, guidance.shares.map((one) => [String(Math.round(100 * one.share)), ...row(one)]));
    },
  };
}

/**
 * What the rules bring if a share of people follow: between the shares that were worked out, in proportion.
 * @param {Guidance} guidance
 * @param {number} share
 * @returns {Omit<Yearly, "doubt">}
 */
function at({ shares }, share) {
  const next = Math.max(1, shares.findIndex((one) => one.share >= share));
  const [before, after] = [shares[next - 1], shares[next]];
  const along = (share - before.share) / (after.share - before.share);
  const read = (/** @type {"change" | "low" | "high"} */ name) => before[name] + along * (after[name] - before[name]);
  return { change: read("change"), low: read("low"), high: read("high") };
}

/** @param {Section} part @param {Reading} reading @param {Guidance} guidance @param {number} share */
function drawLine(part, reading, guidance, share) {
  const width = sized(part, HEIGHT);
  const { svg } = part;
  const { shares } = guidance;
  const ends = [0, ...shares.flatMap(({ low, high }) => [low, high])];
  const room = 0.06 * (Math.max(...ends) - Math.min(...ends)) || 1;
  const field = { left: LEFT, right: width - 16, top: TOP, bottom: HEIGHT - BOTTOM, width };
  const layer = draw(svg, "g", {});
  // the axis tells money a year, whatever the rest of the screen tells
  const yearly = { ...reading, times: 1 };
  const y = gainAxis(layer, /** @type {Reading} */ (yearly), field, Math.min(...ends) - room, Math.max(...ends) + room);
  const x = (/** @type {number} */ one) => field.left + one * (field.right - field.left);
  const band = [...shares.map((one) => [x(one.share), y(one.high)]), ...shares.map((one) => [x(one.share), y(one.low)]).reverse()];
  draw(svg, "path", { d: `M${pathOf(band)}Z`, class: "ps-band" });
  draw(svg, "path", { d: `M${pathOf(shares.map((one) => [x(one.share), y(one.change)]))}`, class: "ps-hand" });
  ticksBelow(layer, field.bottom, [0, 25, 50, 75, 100].map((tick) => [x(tick / 100), String(tick)]));
  const here = at(guidance, share);
  draw(svg, "path", { d: `M${x(share)} ${field.top}V${field.bottom}`, class: "ps-bound" });
  draw(svg, "circle", { cx: x(share), cy: y(here.change), r: 7, class: "ps-now" });
  const words = shares.map((one) => `${Math.round(100 * one.share)} of 100: ${reading.cash(one.change, true)}`).join(". ");
  svg.setAttribute("aria-label", `What the rules bring a year by how many people follow. ${words}`);
}
