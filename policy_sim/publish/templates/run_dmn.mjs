// Runs every decision table of a DMN file on cases. In (standard input): {xml, cases}. Out (standard output): for each
// case the outputs of the first rule of each that fits, or null where none does.
import { DmnModdle } from "dmn-moddle";
import { evaluate, unaryTest } from "@bpmn-io/feelin";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { xml, cases } = JSON.parse(Buffer.concat(chunks).toString("utf8"));

const { rootElement, warnings } = await new DmnModdle().fromXML(xml);
if (warnings.length) throw new Error(warnings[0].message);
const decisions = rootElement.drgElement.filter((each) => each.$type === "dmn:Decision");
if (!decisions.length) throw new Error("Error: no decision");
const tables = decisions.map((each) => each.decisionLogic);
for (const table of tables) {
  if (table.hitPolicy !== "FIRST") throw new Error(`Error: hit policy ${table.hitPolicy}, expected FIRST`);
}

const known = new Map();
function fits(test, value) {
  const key = `${test}\u0000${JSON.stringify(value ?? null)}`;
  if (!known.has(key)) known.set(key, unaryTest(test, { "?": value ?? null }).value === true);
  return known.get(key);
}

function outputs(table, facts) {
  const values = table.input.map((each) => evaluate(each.inputExpression.text, facts).value);
  const rule = table.rule.find((each) => each.inputEntry.every((entry, k) => fits(entry.text, values[k])));
  if (!rule) return null;
  return Object.fromEntries(table.output.map((each, k) => [each.name, evaluate(rule.outputEntry[k].text, {}).value]));
}

const answers = cases.map((facts) => {
  const said = tables.map((table) => outputs(table, facts));
  return said.includes(null) ? null : Object.assign({}, ...said);
});
process.stdout.write(JSON.stringify(answers));
