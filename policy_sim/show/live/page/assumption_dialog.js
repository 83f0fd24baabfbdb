// Assumptions: those that matter most, then all, with ranges and sources and how far each can be trusted, to change.
// In: their rows, which matter most, counts by trust, what came of earlier changes. Out: what the dialog holds.
// Left to others: one row (assumption_row.js), reading what was typed and valuing everything anew (Python).

/** @import { AssumptionRow, Assumed, Bench, Matter, Readings, Trust } from "./types.js" */
import { assumptionRow, HEADS } from "./assumption_row.js";
import { button, node, press, scrolling, segmented } from "./elements.js";
import { capital, lowered } from "./numbers.js";
import { same } from "./state.js";

const [ALL, MATTER, CHANGED] = ["all", "matter", "changed"];
const REST_MS = 150; // after the last letter, until what was typed is read
const HELP =
  "Type a number (7%): its plausible range grows to hold it. Or type a range (5% to 9%): nothing outside it is looked at. What moves customers is typed like “6 of 100”. An empty field is as the scenario has it.";

/** @typedef {{ rows: readonly AssumptionRow[], trusts: readonly Trust[], before: string, changed: string, matter: Matter }} Content */

/** @param {Bench} bench @param {Content} content */
export function assumptionDialog(bench, { rows, trusts, before, changed, matter }) {
  const { assumed } = bench.store.state;
  const values = { ...assumed };
  const lines = rows.map((row) => assumptionRow(bench.id, row, trusts, { type, enter: () => assume(values) }));
  const search = node("input", { type: "search", "aria-label": "Find an assumption", placeholder: "Find" });
  const kinds = kindsOf(rows, trusts, (name) => show(name));
  const about = node("p", { class: "ps-muted" });
  const problem = node("p", { class: "ps-problem", role: "alert" });
  const remark = node("p", { "aria-live": "polite" });
  const body = node("tbody");
  let shown = ALL;
  let ranked = matter;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let rest;

  /** @param {AssumptionRow} row @param {string} text */
  function type(row, text) {
    if (text === row.text && row.name in assumed) values[row.name] = assumed[row.name];
    else if (text === "" || text === row.text || text === row.own) delete values[row.name];
    else values[row.name] = text;
    clearTimeout(rest);
    rest = setTimeout(read, REST_MS);
  }

  const read = () => bench.ask({ ask: "read_assumed", values });

  function assume(/** @type {Assumed} */ chosen) {
    clearTimeout(rest);
    if (same(chosen, assumed)) {
      bench.closeDialog();
      bench.say("No assumption was changed.");
    } else bench.acts.assume(chosen);
  }

  function sift() {
    const wanted = search.value.trim().toLowerCase();
    const isOfKind = (/** @type {AssumptionRow} */ row) =>
      shown === ALL || (shown === MATTER && ranked.names.includes(row.name)) || (shown === CHANGED && row.name in values) || row.trust === shown;
    for (const line of lines) line.root.hidden = !line.hasProblem() && !(line.words.includes(wanted) && isOfKind(line.row));
  }

  function show(/** @type {string} */ name) {
    shown = name;
    press(kinds, name);
    const rank = (/** @type {{ row: AssumptionRow }} */ { row }) => (ranked.names.indexOf(row.name) + lines.length) % lines.length;
    const sorted = name === MATTER ? [...lines].sort((one, other) => rank(one) - rank(other)) : lines;
    body.replaceChildren(...sorted.map(({ root }) => root));
    sift();
  }

  /** @param {Matter} known */
  function showMatter(known) {
    ranked = known;
    const first = /** @type {HTMLElement} */ (kinds.querySelector(`[data-choice=${MATTER}]`));
    first.hidden = !ranked.names.length;
    first.textContent = `The ${ranked.names.length} that matter most`;
    about.textContent = ranked.names.length ? `Their ranges move most ${ranked.of}.` : "Which of them matter most is being worked out …";
  }

  search.addEventListener("input", () => (shown === MATTER ? show(ALL) : sift()));
  showMatter(matter);
  show(matter.names.length ? MATTER : ALL);
  if (Object.keys(values).length) read();

  const head = node("thead", {}, node("tr", {}, ...HEADS.map((text) => node("th", { scope: "col" }, text))));
  return {
    /** Nothing jumps: what is shown first stays so. @param {Matter} known */
    showMatter: (known) => ranked.names.length || showMatter(known),

    /** @param {Readings} readings */
    showReadings({ words, problems, problem: general, remark: further, is_refused: isRefused }) {
      for (const line of lines) {
        const { name, own } = line.row;
        const asOwn = line.field.value.trim() === "" ? `${own}, as the scenario has it` : "";
        line.say(name in values ? (words[name] ?? "") : asOwn, name in values ? (problems[name] ?? "") : "");
      }
      problem.textContent = general;
      remark.textContent = further;
      /** @type {HTMLElement} */ (kinds.querySelector(`[data-choice=${CHANGED}]`)).hidden = !Object.keys(values).length;
      if (!isRefused) return;
      sift();
      lines.find((line) => line.hasProblem())?.field.focus();
    },

    content: [
      node("h3", {}, "Assumptions"),
      node("p", { class: "ps-muted" }, HELP),
      ...(changed ? [node("p", {}, `Last change: ${lowered(changed)}`)] : []),
      ...(before ? [node("p", { "data-before": "", "aria-live": "polite" }, before)] : []),
      kinds,
      search,
      about,
      scrolling("Assumptions", node("table", { class: "ps-assumptions" }, head, body)),
      remark,
      problem,
      button("Value everything anew", { class: "ps-main-button" }, () => assume(values)),
      button("As the scenario has them", { class: "ps-plain" }, () => assume({})),
    ],
  };
}

/**
 * Which assumptions are shown.
 * @param {readonly AssumptionRow[]} rows
 * @param {readonly Trust[]} trusts
 * @param {(name: string) => void} onChoose
 */
function kindsOf(rows, trusts, onChoose) {
  /** @type {(readonly [string, string])[]} */
  const choices = [[MATTER, ""], [CHANGED, "Changed"], [ALL, `All ${rows.length} assumptions`], ...trusts.map(faceOf)];
  const kinds = segmented("Show assumptions that are", choices, onChoose);
  for (const name of [MATTER, CHANGED]) /** @type {HTMLElement} */ (kinds.querySelector(`[data-choice=${name}]`)).hidden = true;
  return kinds;
}

/**
 * @param {Trust} trust
 * @returns {readonly [string, string]}
 */
const faceOf = (trust) => [trust.name, `${trust.mark} ${capital(trust.words)}: ${trust.count}`];
