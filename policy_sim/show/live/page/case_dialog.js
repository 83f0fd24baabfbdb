// A case of one's own: its facts, asked for in a form.
// In: which facts the frame asks for. Out: what the dialog holds. Left to others: what may be done (Python).

/** @import { Bench, CaseField } from "./types.js" */
import { button, node, options } from "./elements.js";

/** @param {CaseField} field */
function inputOf({ name: _, title: __, choices, ...attributes }) {
  return choices ? node("select", {}, ...options(choices)) : node("input", { type: "number", ...attributes });
}

/** @param {Bench} bench */
export function caseDialog(bench) {
  const fields = bench.store.state.frame.case_fields.map((field) => {
    const input = inputOf(field);
    input.id = `${bench.id}-fact-${field.name}`;
    const root = node("div", { class: "ps-field" }, node("label", { for: input.id }, field.title), input);
    const read = () => (field.choices ? input.value : Number(input.value));
    return { name: field.name, root, read };
  });
  const put = button("Show this case", { class: "ps-main-button" }, () => {
    const facts = Object.fromEntries(fields.map(({ name, read }) => [name, read()]));
    bench.closeDialog();
    bench.acts.askCase(facts);
  });
  return [node("h3", {}, "A case of your own"), ...fields.map(({ root }) => root), put];
}
