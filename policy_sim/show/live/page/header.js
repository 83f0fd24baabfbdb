// Header: what is shown and compared, money per what, undo, two policies side by side, the menu.
// In: a reading. Out: its element. Left to others: entries of the menu (policy_menu.js).

/** @import { Bench, Frame, Per, Reading } from "./types.js" */
import { budgetLine } from "./budget_line.js";
import { button, node, options, press, segmented } from "./elements.js";
import { exportDialog } from "./export_dialog.js";
import { historyOf } from "./history.js";
import { policyMenu } from "./policy_menu.js";
import { sureness } from "./sureness.js";

/** @type {readonly (readonly [Per, string])[]} */
const PER = [["case", "case"], ["month", "month"], ["year", "year"]];
/** @type {readonly (readonly ["A" | "B", string])[]} */
const SIDES = [["A", "A"], ["B", "B"]];

/** @param {Bench} bench */
export function headerOf(bench) {
  const { acts, store } = bench;
  const print = node("p", { class: "ps-muted ps-print-line" });
  const compare = node("select", { "aria-label": "Compare with" });
  compare.addEventListener("change", () => acts.compareWith(compare.value));
  const per = segmented("Money per", PER, acts.tellPer);
  const undo = button("↶", { "aria-label": "Undo", title: "Undo" }, () => acts.go(store.state.at - 1));
  const redo = button("↷", { "aria-label": "Redo", title: "Redo" }, () => acts.go(store.state.at + 1));
  const past = historyOf(bench);
  const pin = button("Pin as A", { class: "ps-plain" }, acts.pin);
  const sides = segmented("Show policy", SIDES, acts.showSide);
  const menu = policyMenu(bench);
  const toExport = button("Export", { class: "ps-main-button", "aria-label": "Export for agents" }, () => bench.open(exportDialog(bench)));
  toExport.append(node("span", { class: "ps-wide" }, " for agents"));
  const budget = budgetLine(bench);
  const name = node("h2", {}, "How far may agents go without asking?");
  const said = node("p", { class: "ps-said" });
  const label = (/** @type {string} */ text) => node("span", { class: "ps-muted" }, text);
  const money = label("Money per");
  money.setAttribute("aria-hidden", "true");
  const root = node(
    "div",
    { class: "ps-top" },
    node("div", { class: "ps-name" }, name, print),
    node(
      "div",
      { class: "ps-controls" },
      node("label", { class: "ps-control" }, label("Compare with"), compare),
      node("div", { class: "ps-control" }, money, per),
    ),
    node("div", { class: "ps-acts" }, said, undo, redo, past.root, pin, sides, menu.root, toExport, menu.loader),
    budget.root,
  );

  return {
    root,
    closeMenu: menu.close,
    /** @param {Frame} frame */
    listPolicies: (frame) => menu.listPolicies(frame),
    /** What the policy in hand is, in a line. */
    line: () => print.textContent ?? "",

    /** @param {Reading} reading */
    show(reading) {
      const { state, frame } = reading;
      const { pinned, aside, at, history, baseline } = state;
      press(per, state.per);
      press(sides, pinned ? (aside ? "A" : "B") : "");
      sides.querySelectorAll("button").forEach((side) => (side.disabled = !pinned));
      sides.hidden = !pinned;
      undo.disabled = at <= 0;
      redo.disabled = at >= history.length - 1;
      past.show(reading);
      const choices = [...frame.presets, ...(pinned ? [{ name: "A", title: "A (pinned)" }] : [])];
      if (compare.childElementCount !== choices.length) compare.replaceChildren(...options(choices));
      compare.value = baseline.limits ? "A" : (baseline.preset ?? "");
      print.textContent = lineOf(reading);
      budget.show(reading);
      menu.show(reading);
      said.textContent = saidOf(reading);
    },
  };
}

/** What the limits in hand bring, in a line, where sliders and tiles are not seen together. @param {Reading} reading */
function saidOf(reading) {
  if (!reading.isKnown) return "";
  const { value } = reading.frame;
  return `${reading.valueTitle} ${reading.period}: ${reading.worth(reading.now.level)}, ${sureness(reading, value, reading.now).words}`;
}

/** @param {Reading} reading */
function lineOf(reading) {
  const { state, approved } = reading;
  const moved = state.levers.filter((lever) => reading.limitOf(lever) !== reading.limitOf(lever, approved.limits)).length;
  const fingerprint = state.view && reading.isViewFresh && state.view.fingerprint ? ` · policy ${state.view.fingerprint}` : "";
  const changes = moved ? `${moved} change${moved > 1 ? "s" : ""} to` : "As";
  const count = state.playbook?.rules.length ?? 0;
  const rules = count ? ` · ${count} rule${count > 1 ? "s" : ""} on what to give` : "";
  return `${changes} “${approved.title}”${rules}${fingerprint}${Object.keys(state.assumed).length ? " · assumptions changed" : ""}`;
}
