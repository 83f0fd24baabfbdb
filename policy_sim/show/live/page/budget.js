// Budget: what remedies may cost a year, as a target that a policy meets or is over; nothing is held back by it.
// In: a reading; an amount as people type it. Out: how far a policy is from the target, in words. Left to others: where
// it stands (budget_line.js, tiles.js, frontier.js), asking for it (budget_dialog.js).

/** @import { Frame, Reading } from "./types.js" */

const NOTHING = 0.005; // money: less is rounding
const SIZES = { "": 1, k: 1e3, thousand: 1e3, m: 1e6, mn: 1e6, million: 1e6, bn: 1e9, billion: 1e9 };
const PERIODS = { "": 1, year: 1, month: 12 };

/**
 * An amount of money a year as people type it: "300k", "$300,000", "0.3M", "25,000 a month", "25000/month".
 * @param {string} text
 * @param {Pick<Frame, "currency" | "budgets">} frame
 * @returns {{ amount: number | null } | { problem: string }} null where the text is empty
 */
export function amountIn(text, { currency: { code, sign }, budgets: [least, most] }) {
  const typed = text.trim();
  if (!typed) return { amount: null };
  const bare = typed.replace(sign.trim(), "").replace(new RegExp(`\\b${code}\\b`, "i"), "");
  const parts = /^\s*([\d.,]+)\s*([a-z]*?)\s*(?:(?:\/|\ba|\bper|\beach)\s*([a-z]+))?\s*$/i.exec(bare);
  const example = `write it like ${sign}300,000 or 300k`;
  if (!parts) return { problem: `“${shortened(typed)}” is no amount of money; ${example}` };
  const [, figures, size, period = ""] = parts.map((part) => part?.toLowerCase());
  if (!Object.hasOwn(SIZES, size)) return { problem: `“${shortened(size)}” is no size of amounts; write k, M or bn` };
  if (!Object.hasOwn(PERIODS, period)) return { problem: `“${shortened(period)}” is no period; write a year or a month` };
  if (!/^(\d+|\d{1,3}(,\d{3})+)(\.\d*)?$|^\.\d+$/.test(figures)) return { problem: `“${shortened(typed)}” is no amount of money; ${example}` };
  if (!size && /^\d{1,3}\.\d{3}$/.test(figures)) return { problem: `“${figures}” can be read in two ways; ${example}` };
  const amount = Number(figures.replaceAll(",", "")) * SIZES[/** @type {keyof typeof SIZES} */ (size)] * PERIODS[/** @type {keyof typeof PERIODS} */ (period)];
  if (!(amount >= least && amount <= most)) {
    const ends = `${sign}${least} to ${sign}${(most / SIZES.bn).toLocaleString("en-US")}bn`;
    return { problem: `A budget is from ${ends} a year` };
  }
  return { amount };
}

/** @param {string} text */
const shortened = (text) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

/**
 * How far a remedy cost is from the target: money a year over it, and in words; null where there is no target.
 * @param {Reading} reading
 * @param {number} cost per case
 */
export function towardsBudget(reading, cost) {
  const { budget } = reading.state;
  if (budget === null) return null;
  const over = cost * reading.frame.cases_per_year - budget;
  const isOver = over > NOTHING;
  return { over, isOver, words: isOver ? `over by ${reading.cash(over)}` : `within, ${reading.cash(Math.max(-over, 0))} left` };
}

/** The same of the policy in hand; null also where nothing is known of it yet. @param {Reading} reading */
export function budgetNow(reading) {
  const now = reading.isKnown ? reading.read(reading.frame.spend) : null;
  return now && towardsBudget(reading, now.level);
}

/** What the policy in hand comes to against the budget, in one sentence; empty without a budget. @param {Reading} reading */
export function budgetSentence(reading) {
  const { budget } = reading.state;
  const { spend } = reading.frame;
  if (budget === null) return "";
  const now = budgetNow(reading);
  const level = reading.isKnown ? reading.read(spend)?.level : undefined;
  const target = `budget ${reading.cash(budget)}`;
  if (!now || level === undefined) return `${reading.spendTitle} a year is being worked out, ${target}`;
  return `${reading.spendTitle} a year ${reading.cash(level * reading.frame.cases_per_year)}, ${target}: ${now.words}`;
}

/** What a policy to go to is over the budget; empty where it is not. @param {Reading} reading @param {string} preset */
export function overBudgetWords(reading, preset) {
  const point = reading.frame.points.find(({ name }) => name === preset);
  const towards = point ? towardsBudget(reading, point[reading.frame.spend]) : null;
  return towards?.isOver ? `${towards.words}` : "";
}

/** The sign and the words of being over or within: told apart without colour. @param {HTMLElement} element @param {{ isOver: boolean, words: string } | null} now */
export function showTowards(element, now) {
  element.hidden = !now;
  element.textContent = now ? `${now.isOver ? "▲" : "✓"} ${now.words}` : "";
  element.className = `ps-target ${now?.isOver ? "ps-over" : ""}`;
}
