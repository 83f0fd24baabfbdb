"""Authority: what each tier may do for one case, and the rule that says so, in plain words.

In: a policy and the facts of a case that an agent has. Out: `Authority`, which is what gets published.
Left to others: which resolution to choose (`value`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from policy_sim.border import unknown
from policy_sim.currencies import amount_words
from policy_sim.policy.limits import ASK, NO_LIMIT, Guard, LimitException, Policy, Tier, limit_content
from policy_sim.policy.versions import Versions
from policy_sim.words import GUARD_FACTS, GUARDS, LIMITS, RULE_FACTS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Authority", "InForce", "authority", "guard_words", "limit_words", "rule_words", "start_words"]


@dataclass(frozen=True)
class InForce:
    """One limit in force: its value in money (`ASK`, `NO_LIMIT`) and the rule that set it, in plain words."""

    value: float
    rule: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the limit as it stands in files, and its rule."""
        return {"value": limit_content(self.value), "rule": self.rule}


@dataclass(frozen=True)
class Authority:
    """What each tier may do for one case.

    Attributes
    ----------
    starts_at
        The tier that looks at the case first.
    because
        The rule that says so, in plain words.
    limits
        For each tier from there on, each limit in force.
    """

    starts_at: str
    because: str
    limits: Mapping[str, Mapping[str, InForce]]

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each tier and limit: tier, limit, value (money, `ASK`, `NO_LIMIT`), rule."""
        import pandas as pd

        rows = [
            (tier, name, limit.value, limit.rule)
            for tier, limits in self.limits.items()
            for name, limit in limits.items()
        ]
        return pd.DataFrame(rows, columns=["tier", "limit", "value", "rule"])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data; limits as they stand in files."""
        limits = {
            tier: {name: limit.to_dict() for name, limit in limits.items()} for tier, limits in self.limits.items()
        }
        return {"starts_at": self.starts_at, "because": self.because, "limits": limits}


def authority(
    policy: Policy | Versions,
    failure: str,
    segment: str,
    facts: Mapping[str, float] | None = None,
    as_of: date | str | None = None,
) -> Authority:
    """Return the limits in force for one case, with the rule that set each.

    Parameters
    ----------
    policy
        The policy to read, or its versions, of which the date of the order chooses one.
    failure, segment
        What went wrong, for whom.
    facts
        Numbers that guards look at (`suspicion`, `prior_claims` ...); a fact that is not given trips no guard.
    as_of
        Date of the order: an order placed while a version was live keeps that version. Today where versions are given
        without it.

    Raises
    ------
    InputError
        If a fact is not one that guards, or rules of a playbook, know, or no version was live on that day.
    """
    if isinstance(policy, Versions) or as_of is not None:
        versions = policy if isinstance(policy, Versions) else Versions((policy,))
        policy = versions.in_force(date.today() if as_of is None else as_of)
    facts = facts or {}
    for fact in facts:
        # rules of the playbook look at some that no guard does
        if fact not in GUARD_FACTS and fact not in RULE_FACTS:
            raise unknown("fact", fact, list(dict.fromkeys((*GUARD_FACTS, *RULE_FACTS))))
    start, because = 0, start_words(policy.tier_names[0])
    for guard in policy.guards:
        target = policy.tier_names.index(guard.to)
        if guard.fact in facts and facts[guard.fact] >= guard.at_least and target > start:
            start, because = target, guard_words(guard, policy.currency)
    limits = {
        tier: {name: _in_force(policy, tier, name, failure, segment) for name in LIMITS}
        for tier in policy.tier_names[start:]
    }
    return Authority(policy.tier_names[start], because, limits)


def limit_words(name: str, value: float, currency: str) -> str:
    """Return a limit as an agent would read it: "credit up to 25 USD"."""
    spoken = name.replace("_", " ")
    if value == ASK:
        return f"{spoken}: ask first"
    if value == NO_LIMIT:
        return f"{spoken}: any amount"
    return f"{spoken} up to {value:,.2f}".removesuffix(".00") + f" {currency}"


def guard_words(guard: Guard, currency: str) -> str:
    """Return a guard as people read it: "looks suspicious (score 0.6 or more): goes to the lead"."""
    fact = GUARDS[guard.fact]
    value = amount_words(guard.at_least, currency) if fact.unit == "money" else f"{guard.at_least:g}"
    return f"{fact.catches.format(value)}: goes to the {guard.to}"


def start_words(tier: str) -> str:
    """Return why a case that no guard catches starts where it does, as an agent would read it."""
    return f"every case starts with the {tier}"


def rule_words(rule: LimitException | Tier) -> str:
    """Return the rule that sets a limit as an agent would read it; the last tier, which has no limits, is one too."""
    if isinstance(rule, LimitException):
        only = " and ".join(part.replace("_", " ") for part in (rule.failure, rule.segment) if part)
        return f"exception of the {rule.tier} for {only}"
    return f"general limit of the {rule.name}" if rule.limits else f"the {rule.name} decides everything"


def _in_force(policy: Policy, tier: str, name: str, failure: str, segment: str) -> InForce:
    rule = policy.rule_for(tier, name, failure, segment)
    # the last tier has no limits
    return InForce(rule.limits.get(name, NO_LIMIT), rule_words(rule))
