"""DMN: a policy as a decision table that rules engines execute (DMN 1.3), and back.

In: a policy with its provenance, failures and segments. Out: XML with a table in the simplest FEEL there is, and a
second one that says what to give where the policy has a playbook. Left to others: what the rows are (`table`,
`give_table`); running it (`engines`).
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as Tree
from typing import NamedTuple

from policy_sim.border import InputError, guarded, parse_json
from policy_sim.policy import (
    GIVEN,
    NOT_DECIDED,
    NOT_DECIDED_RULE,
    Policy,
    Provenance,
    Record,
    record_content,
)
from policy_sim.publish.give_table import GIVE_DECISION, NOTHING_SAID, give_input_names, give_rows
from policy_sim.publish.table import (
    OUTPUTS,
    Row,
    Vocabulary,
    decision_rows,
    held_policy,
    input_names,
    money_text,
    number_text,
)
from policy_sim.words import GUARD_FACTS, RULE_FACTS

__all__ = ["FeelTable", "parse_dmn", "render_dmn", "tables_of"]

MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/"
OWN = "urn:policy-sim:policy:1"
_INTERCHANGE = "https://www.omg.org/spec/DMN/20191111/DMNDI/"
_SHAPES = "http://www.omg.org/spec/DMN/20180521/DC/"
_NUMBERS = ("amount", *GUARD_FACTS, *RULE_FACTS)
_ANY = "-"
_MOST_DEPTH = 20


class FeelTable(NamedTuple):
    """A decision table in FEEL: its name, its columns, its cells, and what the ids of its parts begin with."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    cells: list[list[str]]
    prefix: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns: inputs, then outputs."""
        return (*self.inputs, *self.outputs)


def render_dmn(policy: Policy, vocabulary: Vocabulary, provenance: Provenance | None = None) -> str:
    """Return DMN 1.3 XML with a decision table, `authority`, and with a playbook a second one, `what_to_give`.

    The last row of each says that a case cannot be decided.
    """
    Tree.register_namespace("", MODEL)
    Tree.register_namespace("policy", OWN)
    Tree.register_namespace("dmndi", _INTERCHANGE)
    Tree.register_namespace("dc", _SHAPES)
    tables = tables_of(policy, vocabulary)
    root = Tree.Element(f"{{{MODEL}}}definitions", id="definitions", name=policy.name, namespace=OWN)
    _add(root, "description", text=f"{policy.name}, version {policy.version}, {policy.status}")
    extension = _add(root, "extensionElements")
    held = Tree.SubElement(extension, f"{{{OWN}}}record")
    held.text = json.dumps(
        {
            "failures": vocabulary.failures,
            "segments": vocabulary.segments,
            "record": record_content(policy, provenance),
        },
        ensure_ascii=False,
    )
    for name in dict.fromkeys(name for table in tables for name in table.inputs):
        data = _add(root, "inputData", id=f"input_{name}", name=name)
        _add(data, "variable", id=f"variable_{name}", name=name, typeRef=_type(name))
    for table in tables:
        _add_decision(root, table)
    _draw(root, tables)
    Tree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Tree.tostring(root, encoding="unicode") + "\n"


def parse_dmn(data: bytes, where: str) -> tuple[Record, Vocabulary]:
    """Read back what `render_dmn` wrote: the policy that it holds, and what it was written for.

    Raises
    ------
    InputError
        If it is no DMN that we wrote, would construct entities, or its table is not the one of the policy that it
        holds; the first cell that differs is named.
    """
    root = _parse(data, where)
    held = root.find(f"{{{MODEL}}}extensionElements/{{{OWN}}}record")
    if held is None or not held.text:
        raise InputError(f"{where} holds no policy:record; only DMN that policy-sim exported can be read back")
    place = f"{where}, policy:record"
    record, vocabulary = held_policy(parse_json(held.text, place), place)
    tables = tables_of(record.policy, vocabulary)
    decisions = {decision.get("id", ""): decision for decision in root.iter(f"{{{MODEL}}}decision")}
    if list(decisions) != [table.name for table in tables]:
        raise InputError(
            f"{where}: the file has the decisions {', '.join(decisions) or 'none'}, the policy that it holds "
            f"{', '.join(table.name for table in tables)}; {_MEND}"
        )
    for table in tables:
        cells = [
            [(entry.findtext(f"{{{MODEL}}}text") or "").strip() for entry in rule if entry.tag.endswith("Entry")]
            for rule in decisions[table.name].iter(f"{{{MODEL}}}rule")
        ]
        _compare(cells, table, where)
    return record, vocabulary


def tables_of(policy: Policy, vocabulary: Vocabulary) -> list[FeelTable]:
    """Return what a policy says as tables in FEEL: who decides, and what to give where it has a playbook."""
    tables = [FeelTable("authority", input_names(policy), OUTPUTS, table_cells(policy, vocabulary), "")]
    if policy.playbook is not None:
        tables.append(
            FeelTable(GIVE_DECISION, give_input_names(policy), GIVEN, give_cells(policy, vocabulary), "give_")
        )
    return tables


def table_cells(policy: Policy, vocabulary: Vocabulary) -> list[list[str]]:
    """Return the cells of the table in FEEL: inputs, then outputs; the last row is for what no other row fits."""
    inputs = input_names(policy)
    rows = [[*_conditions(row, policy, inputs), *_literals(row)] for row in decision_rows(policy, vocabulary)]
    last = [*[_ANY] * len(inputs), *(_not_decided(name) for name in OUTPUTS)]
    return [*rows, last]


def give_cells(policy: Policy, vocabulary: Vocabulary) -> list[list[str]]:
    """Return the cells of the table that says what to give, as `table_cells` does."""
    inputs = give_input_names(policy)
    rows = []
    for row in give_rows(policy, vocabulary):
        cells = {"currency": f'"{policy.currency}"', "failure": _any_of(row.failures)}
        if row.asks is not None:
            cells["ask"] = _any_of(row.asks)
        for fact, interval in row.facts.items():
            cells[fact] = _interval(*(None if end is None else number_text(end) for end in interval))
        rows.append([*(cells.get(name, _ANY) for name in inputs), *(f'"{text}"' for text in row.said)])
    return [*rows, [*[_ANY] * len(inputs), *(f'"{text}"' for text in NOTHING_SAID)]]


def _add_decision(root: Tree.Element, content: FeelTable) -> None:
    """Add a decision with its table; `prefix` keeps the ids of several apart."""
    prefix = content.prefix
    decision = _add(root, "decision", id=content.name, name=content.name)
    _add(decision, "variable", id=f"variable_{content.name}", name=content.name)
    for name in content.inputs:
        need = _add(decision, "informationRequirement", id=f"{prefix}requirement_{name}")
        _add(need, "requiredInput", href=f"#input_{name}")
    table = _add(decision, "decisionTable", id=f"{prefix}table", hitPolicy="FIRST")
    # no labels: some engines take them for the names of the facts
    for name in content.inputs:
        column = _add(table, "input", id=f"{prefix}column_{name}")
        expression = _add(column, "inputExpression", id=f"{prefix}expression_{name}", typeRef=_type(name))
        _add(expression, "text", text=name)
    for name in content.outputs:
        kind = "boolean" if name == "return_waived" else "string"
        _add(table, "output", id=f"output_{name}", name=name, typeRef=kind)
    for number, cells in enumerate(content.cells, start=1):
        rule = _add(table, "rule", id=f"{prefix}rule_{number}")
        for name, cell in zip(content.names, cells, strict=True):
            is_input = name in content.inputs
            kind = "inputEntry" if is_input else "outputEntry"
            entry = _add(rule, kind, id=f"{prefix}{'in' if is_input else 'out'}_{number}_{name}")
            _add(entry, "text", text=cell)


def _draw(root: Tree.Element, tables: list[FeelTable]) -> None:
    """Add where a modeler shows the decisions and their inputs."""
    inputs = list(dict.fromkeys(name for table in tables for name in table.inputs))
    interchange = Tree.SubElement(root, f"{{{_INTERCHANGE}}}DMNDI")
    diagram = Tree.SubElement(interchange, f"{{{_INTERCHANGE}}}DMNDiagram", id="diagram")
    middle = 20 + 70 * (len(inputs) - 1)
    places = [(table.name, middle + 260 * k, 20, 180, 80) for k, table in enumerate(tables)]
    places += [(f"input_{name}", 20 + 140 * k, 180, 125, 45) for k, name in enumerate(inputs)]
    for element, x, y, width, height in places:
        shape = Tree.SubElement(diagram, f"{{{_INTERCHANGE}}}DMNShape", id=f"shape_{element}", dmnElementRef=element)
        bounds = {"x": x, "y": y, "width": width, "height": height}
        Tree.SubElement(shape, f"{{{_SHAPES}}}Bounds", {name: str(value) for name, value in bounds.items()})


def _conditions(row: Row, policy: Policy, inputs: tuple[str, ...]) -> list[str]:
    cells = {
        "currency": f'"{policy.currency}"',
        "failure": _any_of(row.failures),
        "segment": _any_of(row.segments),
        "asked_for": _any_of(row.asked_for),
        "amount": _interval(*(None if cents is None else money_text(cents) for cents in row.amount)),
    }
    for fact, interval in row.facts.items():
        cells[fact] = _interval(*(None if end is None else number_text(end) for end in interval))
    return [cells.get(name, _ANY) for name in inputs]


def _any_of(names: tuple[str, ...]) -> str:
    return ",".join(f'"{name}"' for name in names)


def _interval(low: str | None, high: str | None) -> str:
    return f">= {low}" if high is None else f"[{low}..{high})"


def _literals(row: Row) -> list[str]:
    return [str(value).lower() if isinstance(value, bool) else f'"{value}"' for value in row.outputs.values()]


def _not_decided(name: str) -> str:
    if name == "return_waived":
        return "false"
    return f'"{NOT_DECIDED_RULE if name in ("rule", "because") else NOT_DECIDED}"'


def _type(name: str) -> str:
    return "number" if name in _NUMBERS else "string"


def _add(parent: Tree.Element, tag: str, text: str | None = None, **attributes: str) -> Tree.Element:
    element = Tree.SubElement(parent, f"{{{MODEL}}}{tag}", attributes)
    element.text = text
    return element


def _parse(data: bytes, where: str) -> Tree.Element:
    import defusedxml
    import defusedxml.ElementTree as SafeTree

    with guarded(where, "XML as it was exported"):
        try:
            root: Tree.Element = SafeTree.fromstring(data, forbid_dtd=True)
        except defusedxml.DefusedXmlException:
            raise InputError(f"{where} declares a DTD or entities; expected plain XML, remove them") from None
        except (Tree.ParseError, ValueError, LookupError) as error:
            raise InputError(f"{where} is not XML: {error}; export it again") from None
    if root.tag != f"{{{MODEL}}}definitions":
        raise InputError(f"{where} is not DMN 1.3 (its root is {root.tag!r}); expected <definitions> of {MODEL}")
    level, depth = [root], 1
    while level := [child for element in level for child in element]:
        depth += 1
        if depth > _MOST_DEPTH:
            raise InputError(f"{where} is nested more than {_MOST_DEPTH} deep; expected a decision table")
    return root


#: How to change what a table of DMN says.
_MEND = "change limits and the playbook in the YAML, CSV or XLSX file, and export again"


def _compare(rules: list[list[str]], table: FeelTable, where: str) -> None:
    """See that the cells of a table are the expected ones."""
    expected, names, mend = table.cells, table.names, _MEND
    where = where if table.name == "authority" else f"{where}, {table.name}"
    if len(rules) != len(expected):
        raise InputError(f"{where}: the table has {len(rules)} rules, the policy that it holds {len(expected)}; {mend}")
    for number, (cells, meant) in enumerate(zip(rules, expected, strict=True), start=1):
        if len(cells) != len(meant):
            raise InputError(f"{where}: rule {number} has {len(cells)} cells; expected {len(meant)}; {mend}")
        for name, cell, own in zip(names, cells, meant, strict=True):
            if cell != own:
                raise InputError(
                    f"{where}: this file was changed after export: rule {number}, {name} {own} -> {cell}; {mend}"
                )
