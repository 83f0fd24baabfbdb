"""JDM: a policy as a decision table of GoRules (JSON Decision Model).

In: a policy with its provenance, failures and segments. Out: JSON with the same tables as the DMN.
Left to others: what the rows are (`table`, `give_table`); running it (`engines`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from policy_sim.border import InputError
from policy_sim.policy import Policy, Provenance, Record, record_content
from policy_sim.publish.dmn import FeelTable, tables_of
from policy_sim.publish.table import Vocabulary, held_policy

__all__ = ["parse_jdm", "render_jdm"]

OWN = "policy_sim"


def render_jdm(policy: Policy, vocabulary: Vocabulary, provenance: Provenance | None = None) -> str:
    """Return a JDM graph: input, a decision table (with a playbook a second one beside it), output."""
    tables = tables_of(policy, vocabulary)
    ends = {"case": ("inputNode", 80), "decision": ("outputNode", 720)}
    nodes: list[dict[str, object]] = [
        {"id": name, "name": name, "type": kind, "position": {"x": x, "y": 120}} for name, (kind, x) in ends.items()
    ]
    nodes[1:1] = [
        {
            "id": table.name,
            "name": table.name.replace("_", " "),
            "type": "decisionTableNode",
            "position": {"x": 400, "y": 120 + 160 * k},
            "content": _table(table),
        }
        for k, table in enumerate(tables)
    ]
    edges = [
        {"id": f"{source}_to_{target}", "type": "edge", "sourceId": source, "targetId": target}
        for table in tables
        for source, target in (("case", table.name), (table.name, "decision"))
    ]
    content = {
        "contentType": "application/vnd.gorules.decision",
        "nodes": nodes,
        "edges": edges,
        OWN: {
            "failures": vocabulary.failures,
            "segments": vocabulary.segments,
            "record": record_content(policy, provenance),
        },
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _table(table: FeelTable) -> dict[str, object]:
    """Return a table as JDM holds it."""
    ids = {name: f"{'in' if name in table.inputs else 'out'}_{name}" for name in table.names}
    rules = [
        # here an empty cell stands for any value, and "-" is a fault
        {"_id": f"{table.prefix}rule_{number}", "_description": ""}
        | {ids[name]: "" if cell == "-" else cell for name, cell in zip(table.names, cells, strict=True)}
        for number, cells in enumerate(table.cells, start=1)
    ]
    return {
        "hitPolicy": "first",
        "inputs": [{"id": ids[name], "name": name.replace("_", " "), "field": name} for name in table.inputs],
        "outputs": [{"id": ids[name], "name": name.replace("_", " "), "field": name} for name in table.outputs],
        "rules": rules,
    }


def parse_jdm(content: object, where: str) -> tuple[Record, Vocabulary]:
    """Read the policy that a JDM file of ours was written for; its table is for engines, and is not read.

    Raises
    ------
    InputError
        If it is no JDM that we wrote.
    """
    held = content.get(OWN) if isinstance(content, Mapping) else None
    if not isinstance(held, Mapping) or "record" not in held:
        raise InputError(f"{where} holds no {OWN}.record; only JDM that policy-sim exported can be checked")
    return held_policy(held, f"{where}, {OWN}")
