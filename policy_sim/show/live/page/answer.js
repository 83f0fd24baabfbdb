// Answer: what the limits should be, what that is worth, and the limits that it hangs on; the first thing on the screen.
// In: a reading. Out: its element. Left to others: the words (Python), what is behind the buttons.

/** @import { AnswerMove, AnswerView, Bench, Reading } from "./types.js" */
import { overBudgetWords } from "./budget.js";
import { isInHand } from "./against_itself.js";
import { doubtsDialog } from "./doubts_dialog.js";
import { cleared, draw, picture } from "./drawing.js";
import { button, node } from "./elements.js";
import { plural } from "./numbers.js";

const SCALE = 1000; // of a bar, which is stretched to the room that it has
const SEARCHING = "The best limits are being searched; what you can do meanwhile is all below.";
const CANCELLED = "Not worked out: cancelled. ";

/** @param {Bench} bench */
export function answerOf(bench) {
  const { acts } = bench;
  const sentence = node("p", { class: "ps-answer-words", id: `${bench.id}-answer` });
  const over = node("p", { class: "ps-over", hidden: "" });
  const see = button("See it", { class: "ps-main-button" }, () => {
    const { presets, approved } = bench.read().frame;
    const preset = presets.find(({ name }) => name === (isSeen(bench.read()) ? approved : bench.read().frame.answer?.preset));
    if (preset) acts.setTerms(preset, `Went to “${preset.title}”`);
  });
  const why = button("Why", { class: "ps-plain" }, () => {
    const { answer, value } = bench.read().frame;
    bench.ask({ ask: "chain", outcome: value, preset: answer?.preset });
  });
  const openDoubts = () => bench.open(doubtsDialog(bench.read(), askAgain));
  const askAgain = () => {
    acts.study();
    openDoubts();
  };
  const wrong = button("What if we are wrong", { class: "ps-plain" }, openDoubts);
  const buttons = [see, why, wrong];
  const does = node("div", { class: "ps-answer-acts" }, ...buttons);
  const rows = node("ul", { class: "ps-answer-rows", "aria-label": "What it is worth, and the limits that matter most" });
  const root = node("section", { class: "ps-answer", "aria-labelledby": sentence.id }, node("div", {}, sentence, over, does), rows);
  const again = button("Work it out", { class: "ps-link" }, () => acts.study());
  /** @type {AnswerView | boolean | undefined} what is shown: an answer, or whether it was given up */
  let shown;

  return {
    root,
    /** @param {Reading} reading */
    show(reading) {
      const { answer } = reading.frame;
      see.textContent = answer && isSeen(reading) ? "Back to today" : "See it";
      const words = answer ? overBudgetWords(reading, answer.preset) : "";
      over.hidden = !words;
      over.textContent = words ? `▲ Against the budget of ${reading.cash(reading.state.budget ?? 0)}: ${words}.` : "";
      const stands = answer ?? reading.state.isStudyCancelled;
      if (stands === shown) return;
      shown = stands;
      root.setAttribute("aria-busy", String(stands === false));
      for (const choice of buttons) choice.disabled = !answer?.moves.length;
      if (stands === true) sentence.replaceChildren(CANCELLED, again);
      else if (!answer) sentence.replaceChildren(SEARCHING);
      else if (!answer.worth) sentence.replaceChildren(`${answer.sentence}.`);
      else sentence.replaceChildren(`${answer.sentence}: `, node("strong", {}, answer.worth), ".");
      rows.replaceChildren(...(answer ? rowsOf(answer, reading) : []));
    },
  };
}

/** Whether the recommended policy is what is on the screen. @param {Reading} reading */
function isSeen(reading) {
  const preset = reading.preset(reading.frame.answer?.preset);
  return preset !== undefined && isInHand(reading, preset);
}

/** @param {AnswerView} answer @param {Reading} reading */
function rowsOf(answer, reading) {
  const { moves, others, change, low, high, is_told_apart } = answer;
  const everything = { title: "All together", words: "", worth: reading.cash(change, true), change, low, high, is_told_apart };
  const limits = moves.map((/** @type {AnswerMove} */ move) => ({
    ...move,
    title: `${plural(move.tier)}: ${move.title.toLowerCase()}`,
    words: `${move.from} → ${move.to}`,
  }));
  if (!moves.length) return [];
  const bars = [everything, ...limits];
  const ends = bars.flatMap((bar) => [bar.low ?? bar.change, bar.high ?? bar.change, 0]);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const x = (/** @type {number} */ value) => ((value - least) / (most - least || 1)) * SCALE;
  const list = bars.map((bar) => {
    const svg = cleared(picture(), SCALE, 12);
    svg.setAttribute("viewBox", `0 0 ${SCALE} 12`);
    svg.setAttribute("preserveAspectRatio", "none");
    const [from, to] = [bar.low ?? bar.change, bar.high ?? bar.change];
    draw(svg, "path", { d: `M0 6H${SCALE}`, class: "ps-grid" });
    draw(svg, "rect", { x: x(from), y: 1, width: Math.max(x(to) - x(from), 4), height: 10, class: bar.is_told_apart ? "ps-gain-fill" : "ps-hollow" });
    draw(svg, "path", { d: `M${x(bar.change)} 0v12`, class: bar.is_told_apart ? "ps-answer-mean" : "ps-middle" });
    draw(svg, "path", { d: `M${x(0)} 0v12`, class: "ps-zero" });
    const likely = bar.low === null || bar.high === null ? "" : `, likely ${reading.cash(bar.low)} to ${reading.cash(bar.high)}`;
    const spoken = node("span", { class: "ps-hidden" }, `${likely}${bar.is_told_apart ? "" : ", alone not told apart from nothing"}`);
    return node("li", {}, node("span", {}, node("b", {}, bar.title), " ", node("span", { class: "ps-muted" }, bar.words)), svg, node("b", {}, bar.worth, spoken));
  });
  const more = `And ${others} more limit${others > 1 ? "s that weigh" : " that weighs"} less`;
  return others ? [...list, node("li", { class: "ps-muted" }, more)] : list;
}
