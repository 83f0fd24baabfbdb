// Budget dialog: asks what remedies may cost a year.
// In: what is typed. Out: what the dialog holds. Left to others: what an amount is, what follows from it (budget.js).

/** @import { Bench } from "./types.js" */
import { amountIn } from "./budget.js";
import { button, node } from "./elements.js";

/** @param {Bench} bench */
export function budgetDialog(bench) {
  const reading = bench.read();
  const { frame, spendTitle } = reading;
  const { budget } = bench.store.state;
  const id = `${bench.id}-budget`;
  const problem = node("span", { id: `${id}-problem`, class: "ps-problem", role: "alert" });
  const typed = budget === null ? "" : frame.currency.sign + budget.toLocaleString("en-US", { maximumFractionDigits: 2 });
  const field = node("input", { type: "text", id, value: typed, size: 14, autocomplete: "off", "aria-describedby": problem.id, placeholder: "300k" });

  function put() {
    const read = amountIn(field.value, frame);
    const words = "problem" in read ? read.problem : "";
    problem.textContent = words;
    field.setAttribute("aria-invalid", String(Boolean(words)));
    if ("problem" in read) {
      field.focus();
      return;
    }
    bench.closeDialog();
    bench.acts.setBudget(read.amount);
    const target = `${spendTitle} a year is held against`;
    bench.say(read.amount === null ? "No budget." : `${target} ${reading.cash(read.amount)}; limits stay free to move.`);
  }

  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // or the button that takes the focus back is pressed by the same key
    put();
  });
  const spend = reading.isKnown ? reading.read(frame.spend) : null;
  const now = spend ? reading.cash(spend.level * frame.cases_per_year) : "being worked out";
  return [
    node("h3", {}, "Budget"),
    node("p", { class: "ps-muted" }, `A target: nothing is held back by it. ${spendTitle} now is ${now} a year. Leave empty for none.`),
    node("label", { for: id }, `${spendTitle} a year, at most (${frame.currency.code}) `),
    field,
    button("Set", { class: "ps-main-button" }, put),
    node("p", {}, problem),
  ];
}
