"""Schema: the JSON Schema of a policy file, for editors and for tools that check before they read.

In: nothing. Out: JSON Schema (draft 2020-12). Left to others: what a schema cannot say, such as that limits may not
fall (`check`).
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import ConfigDict, Field

from policy_sim.policy import FILE_FORMAT, Policy, Provenance, Seal

__all__ = ["render_schema"]

_ID = "urn:policy-sim:policy:1"


class PolicyFile(Policy):
    """A policy as JSON and YAML files hold it: what a tier may give without asking, in the policy's currency."""

    model_config = ConfigDict(title="Policy file")

    schema_: str = Field(default="", alias="$schema")
    format: Literal["policy_sim.policy/1"] = "policy_sim.policy/1"
    provenance: Provenance = Provenance()
    seal: Seal | None = None


def render_schema() -> str:
    """Return the schema as JSON."""
    schema: dict[str, Any] = PolicyFile.model_json_schema()
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": _ID, **schema}
    content["properties"]["format"] = {"const": FILE_FORMAT}
    return json.dumps(content, indent=2) + "\n"
