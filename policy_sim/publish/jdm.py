"""JDM: a policy as a decision table of GoRules (JSON Decision Model).

In: a policy with its provenance, failures and segments. Out: JSON with the same table as the DMN.
Left to others: what the rows are (`table`); running it (`engines`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from policy_sim.border import InputError
from policy_sim.policy import Policy, Provenance, Record, record_content
from policy_sim.publish.dmn import table_cells
from policy_sim.publish.table import OUTPUTS, Vocabulary, held_policy, input_names

__all__ = ["parse_jdm", "render_jdm"]

OWN = "policy_sim"


def render_jdm(policy: Policy, vocabulary: Vocabulary, provenance: Provenance | None = None) -> str:
    """Return a JDM graph: input, decision table, output."""
    inputs = input_names(policy)
    names = (*inputs, *OUTPUTS)
    ids = {name: f"{'in' if k < len(inputs) else 'out'}_{name}" for k, name in enumerate(names)}
    rules = [
        # here an empty cell stands for any value, and "-" is a fault
        {"_id": f"rule_{number}", "_description": ""}
        | {ids[name]: "" if cell == "-" else cell for name, cell in zip(names, cells, strict=True)}
        for number, cells in enumerate(table_cells(policy, vocabulary), start=1)
    ]
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": ids[name], "name": name.replace("_", " "), "field": name} for name in inputs],
        "outputs": [{"id": ids[name], "name": name.replace("_", " "), "field": name} for name in OUTPUTS],
        "rules": rules,
    }
    nodes = [
        {"id": "case", "name": "case", "type": "inputNode", "position": {"x": 80, "y": 120}},
        {
            "id": "authority",
            "name": "authority",
            "type": "decisionTableNode",
            "position": {"x": 400, "y": 120},
            "content": table,
        },
        {"id": "decision", "name": "decision", "type": "outputNode", "position": {"x": 720, "y": 120}},
    ]
    edges = [
        {"id": "case_to_authority", "type": "edge", "sourceId": "case", "targetId": "authority"},
        {"id": "authority_to_decision", "type": "edge", "sourceId": "authority", "targetId": "decision"},
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
