"""Approval: who approved a policy and when, from which day it decides orders, and until when.

In: a policy and what a person says of it. Out: the policy in its next state. Left to others: whether it is sound
(`check`), writing it (`files`).
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from policy_sim.border import InputError, parse_model
from policy_sim.policy import Policy

__all__ = ["approve"]

Next = Literal["approved", "live", "retired"]

_BEFORE: dict[Next, tuple[str, ...]] = {
    "approved": ("draft", "approved"),
    "live": ("draft", "approved", "live"),
    "retired": ("live", "retired"),
}


def approve(
    policy: Policy,
    by: str,
    on: date | None = None,
    status: Next = "approved",
    effective_from: date | None = None,
    effective_until: date | None = None,
) -> Policy:
    """Return the policy as approved, live or retired, with who said so and when.

    Parameters
    ----------
    policy
        A draft, or one that is further on.
    by, on
        Who approves, and on which day (today).
    status
        Its next state. One that is live decides the orders placed from `effective_from` (that day) on; a retired one
        goes on deciding those placed until `effective_until` (that day).

    Raises
    ------
    InputError
        If it cannot go from its state to that one, nobody is named, or the dates make no sense.
    """
    if not by.strip():
        raise InputError("nobody is named as approving; give a name with --by")
    if policy.status not in _BEFORE[status]:
        expected = " or ".join(_BEFORE[status])
        raise InputError(
            f"policy '{policy.name}' is {policy.status}, so it cannot become {status}; expected {expected}"
        )
    day = on or date.today()
    first = effective_from or policy.effective_from or (day if status == "live" else None)
    last = effective_until or policy.effective_until or (day if status == "retired" else None)
    content = policy.content | {
        "status": status,
        "approved_by": by.strip(),
        "approved_on": day,
        "effective_from": first,
        "effective_until": last,
    }
    return parse_model(Policy, content, f"policy {policy.name}")
