"""Files: a policy as other tools read it, and back.

In: a policy. Out: text that says what it is and how to read it. Left to others: who may decide what (`policy`).
"""

from __future__ import annotations

import json
from pathlib import Path

from policy_sim.assumptions import Scenario
from policy_sim.border import unknown, write_whole
from policy_sim.policy import FILE_FORMAT, Policy, load_policy

__all__ = ["FORMATS", "export_policy", "import_policy"]

FORMATS = ("json",)


def export_policy(policy: Policy, path: str | Path | None = None, format: str = "json") -> str:  # noqa: A002
    """Return a policy as text, and write it where a path is given; money is in the policy's currency.

    Raises
    ------
    InputError
        If the format is unknown or the path cannot be written.
    """
    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    text = json.dumps({"format": FILE_FORMAT, **policy.model_dump()}, indent=2, ensure_ascii=False) + "\n"
    if path is not None:
        write_whole(Path(path), text)
    return text


def import_policy(path: str | Path, scenario: Scenario) -> Policy:
    """Read back an exported policy; nothing is lost on the way.

    Raises
    ------
    InputError
        If the file is missing or does not hold a policy of this scenario.
    """
    return load_policy(path, scenario)
