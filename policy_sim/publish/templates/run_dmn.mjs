// Runs every decision table of a DMN file on cases. In (standard input): {xml, cases}. Out (standard output): for each
// case the outputs of the first rule that fits, or null where none does.
import { DmnModdle } from "dmn-moddle";
import { evaluate, unaryTest } from "@bpmn-io/feelin";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { xml, cases } = JSON.parse(Buffer.concat(chunks).toString("utf8"));

const { rootElement, warnings } = await new DmnModdle().fromXML(xml);
if (warnings.length) throw new Error(warnings[0].message);
const decisions = rootElement.drgElement.filter((each) => each.$type === "dmn:Decision");
if (decisions.length !== 1) throw new Error(`Error: ${decisions.length} decisions, expected 1`);
const table = decisions[0].decisionLogic;
if (table.hitPolicy !== "FIRST") throw new Error(`Error: hit policy ${table.hitPolicy}, expected FIRST`);

const known = new Map();
function fits(test, value) {
  const key = `${test}\u0000${JSON.stringify(value ?? null)}`;
  if (!known.has(key)) known.set(key, unaryTest(test, { "?": value ?? null }).value === true);
  return known.get(key);
}

const expressions = table.input.map((each) => each.inputExpression.text);
const answers = cases.map((facts) => {
  const values = expressions.map((text) => evaluate(text, facts).value);
  const rule = table.rule.find((each) => each.inputEntry.every((entry, k) => fits(entry.text, values[k])));
  if (!rule) return null;
  return Object.fromEntries(table.output.map((each, k) => [each.name, evaluate(rule.outputEntry[k].text, {}).value]));
});
process.stdout.write(JSON.stringify(answers));
