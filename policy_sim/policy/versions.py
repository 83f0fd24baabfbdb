"""Versions: those of one policy, and which of them decides an order placed on a given day.

In: policies. Out: `Versions`, in force by the date of the order.
Left to others: what the one in force says (`authority`), approving, writing and reading versions (`publish`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from policy_sim.border import InputError
from policy_sim.policy.limits import Policy

__all__ = ["Versions", "order_date"]


@dataclass(frozen=True)
class Versions:
    """Versions of one policy, each version once, the lowest first."""

    policies: tuple[Policy, ...]

    def __post_init__(self) -> None:
        names = sorted({policy.name for policy in self.policies})
        if len(names) != 1:
            raise InputError(f"expected versions of one policy, found {len(names)}: {', '.join(names) or 'none'}")
        numbers = [policy.version for policy in self.policies]
        if numbers != sorted(set(numbers)):
            raise InputError(f"versions of policy '{names[0]}' are {numbers}; expected each once, the lowest first")

    def in_force(self, as_of: date | str) -> Policy:
        """Return the policy that decides an order placed on that day: the newest that was live then.

        Raises
        ------
        InputError
            If no version was live on that day.
        """
        day = order_date(as_of)
        for policy in reversed(self.policies):
            if _was_live(policy, day):
                return policy
        lives = "; ".join(_life_words(policy) for policy in self.policies)
        raise InputError(
            f"no version of policy '{self.policies[0].name}' was live on {day} (found: {lives}); an order of that day "
            "has to be decided by hand, or a version made live from then on"
        )


def order_date(day: date | str) -> date:
    """Return a day from a date or its text: "2026-12-01".

    Raises
    ------
    InputError
        If it is no day of the calendar.
    """
    if isinstance(day, date):
        return date(day.year, day.month, day.day)
    try:
        return date.fromisoformat(str(day))
    except ValueError:
        raise InputError(f"date of the order is '{day}'; expected year-month-day, for example 2026-12-01") from None


def _was_live(policy: Policy, day: date) -> bool:
    first, last = policy.effective_from, policy.effective_until
    return policy.status in ("live", "retired") and (first is None or first <= day) and (last is None or day <= last)


def _life_words(policy: Policy) -> str:
    dates = [f"from {policy.effective_from}"] if policy.effective_from else []
    dates += [f"until {policy.effective_until}"] if policy.effective_until else []
    return " ".join([f"version {policy.version} {policy.status}", *dates])
