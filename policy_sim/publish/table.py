"""Table: the one partition of all cases that engines, checks and differences read.

In: a policy, the failures and segments that there are. Out: rows that do not overlap and leave no case out, in the
words of the case's facts. Left to others: how a format writes a row (`dmn`, `jdm`, `spreadsheet`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from policy_sim.policy import ASK, Policy, authority, guard_words, limit_content
from policy_sim.policy.decision import limit_cents
from policy_sim.words import ASKED_FOR, GUARD_FACTS, LIMITS

__all__ = [
    "NOT_DECIDED",
    "NOT_DECIDED_RULE",
    "OUTPUTS",
    "Region",
    "Row",
    "Vocabulary",
    "decision_rows",
    "guard_regions",
    "input_names",
    "limit_text",
    "money_text",
    "number_text",
]

#: The tier of a case that no row fits: a name that no tier can bear.
NOT_DECIDED = "not decided"
NOT_DECIDED_RULE = (
    "this case cannot be decided: a fact is missing, unknown, negative or no number, or the currency is another"
)

#: What every row says: as in `Decision`, then what the tier that looks first may do alone, all as text but the waiver.
OUTPUTS = ("tier", "limit", "rule", "return_waived", "starts_at", "because", *(f"{name}_limit" for name in LIMITS))


@dataclass(frozen=True)
class Vocabulary:
    """All failures and segments that there are, in order."""

    failures: tuple[str, ...]
    segments: tuple[str, ...]


#: From (0 or more) up to, but without; None where there is no upper end.
Interval = tuple[float, float | None]


@dataclass(frozen=True)
class Region:
    """Cases that start with the same tier for the same reason: an interval of each fact that guards look at."""

    facts: Mapping[str, Interval]
    starts_at: str
    because: str


@dataclass(frozen=True)
class Row:
    """Cases that the same rule decides.

    `amount` is in whole cents, from and up to, but without; `outputs` are those of `OUTPUTS`, all text, but
    `return_waived`.
    """

    failures: tuple[str, ...]
    segments: tuple[str, ...]
    asked_for: tuple[str, ...]
    amount: tuple[int, int | None]
    facts: Mapping[str, Interval]
    outputs: Mapping[str, str | bool]

    def holds(self, case: Mapping[str, object], amount: int) -> bool:
        """Tell whether a case (names and facts; amount in cents) is one of the row's."""
        return (
            case["failure"] in self.failures
            and case["segment"] in self.segments
            and case["asked_for"] in self.asked_for
            and _lies_in(amount, self.amount)
            and all(_lies_in(float(str(case[fact])), interval) for fact, interval in self.facts.items())
        )


def decision_rows(policy: Policy, vocabulary: Vocabulary) -> list[Row]:
    """Return the rows; facts and amounts are 0 or more.

    Failures and segments for which the policy says the same share a row.
    """
    rows = []
    blocks = _blocks(policy, vocabulary)
    for region in guard_regions(policy):
        if region.starts_at == policy.tier_names[-1]:
            # for whoever decides everything, nothing else matters
            rows += _rows_of(policy, region, vocabulary.failures, vocabulary.segments)
            continue
        for failures, segments in blocks:
            rows += _rows_of(policy, region, failures, segments)
    return rows


def guard_regions(policy: Policy) -> list[Region]:
    """Return who looks first, as intervals of facts that do not overlap: the highest tier's guards come first."""
    names = policy.tier_names
    passed: dict[str, float] = {}
    regions = []
    for guard in sorted(policy.guards, key=lambda each: -names.index(each.to)):
        below = passed.get(guard.fact)
        low = max(guard.at_least, 0.0)
        if below is not None and low >= below:
            continue
        own = {fact: (0.0, high) for fact, high in passed.items()} | {guard.fact: (low, below)}
        regions.append(Region(_in_order(own), guard.to, guard_words(guard)))
        passed[guard.fact] = low
        if low == 0:
            return regions
    rest = {fact: (0.0, high) for fact, high in passed.items()}
    return [*regions, Region(_in_order(rest), names[0], f"every case starts with the {names[0]}")]


def input_names(policy: Policy) -> tuple[str, ...]:
    """Return what has to be known of a case: names, the amount, and the facts that guards look at."""
    looked_at = {guard.fact for guard in policy.guards}
    facts = [fact for fact in GUARD_FACTS if fact in looked_at]
    return ("currency", "failure", "segment", "asked_for", "amount", *facts)


def number_text(number: float) -> str:
    """Return a number without an exponent, which rules engines do not know."""
    text = format(Decimal(repr(float(number))), "f")
    return text.removesuffix(".0")


def money_text(cents: int) -> str:
    """Return whole cents as money: 25, 25.01."""
    whole, rest = divmod(cents, 100)
    return f"{whole}.{rest:02d}" if rest else str(whole)


def limit_text(limit: float | str) -> str:
    """Return a limit as text: 25, ask, no_limit."""
    if isinstance(limit, str):
        return limit
    return money_text(limit_cents(limit)) if limit < 1e13 else number_text(limit)


def _rows_of(policy: Policy, region: Region, failures: tuple[str, ...], segments: tuple[str, ...]) -> list[Row]:
    may = authority(policy, failures[0], segments[0])
    names = policy.tier_names
    start = names.index(region.starts_at)
    together: dict[_Said, list[str]] = {}
    for asked_for in ASKED_FOR:
        low = 0
        for tier in names[start:]:
            limits = may.limits[tier]
            limit = limits[asked_for]
            most = -1 if limits["total_cost"].value == ASK else limit_cents(limit.value)
            is_last = tier == names[-1]
            if most < low and not is_last:
                continue
            # beyond what any case may ask for there is no boundary
            high = None if is_last or most > 10**15 else most + 1
            said = _Said(low, high, tier, limit_text(limit_content(limit.value)), limit.rule, asked_for == "keep_item")
            together.setdefault(said, []).append(asked_for)
            if high is None:
                break
            low = high
    first = {"starts_at": region.starts_at, "because": region.because}
    own = {f"{name}_limit": limit_text(limit_content(may.limits[region.starts_at][name].value)) for name in LIMITS}
    shared: dict[str, str | bool] = {**first, **own}
    return [
        Row(
            failures,
            segments,
            tuple(asked),
            (said.low, said.high),
            region.facts,
            {"tier": said.tier, "limit": said.limit, "rule": said.rule, "return_waived": said.return_waived, **shared},
        )
        for said, asked in together.items()
    ]


class _Said(NamedTuple):
    """What a row says, but for what the whole region shares."""

    low: int
    high: int | None
    tier: str
    limit: str
    rule: str
    return_waived: bool


def _blocks(policy: Policy, vocabulary: Vocabulary) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return failures and segments for which the policy says the same, as blocks that do not overlap."""
    said = {
        (failure, segment): tuple(
            (each.value, each.rule)
            for limits in authority(policy, failure, segment).limits.values()
            for each in limits.values()
        )
        for failure in vocabulary.failures
        for segment in vocabulary.segments
    }
    lines: dict[object, list[str]] = {}
    for failure in vocabulary.failures:
        lines.setdefault(tuple(said[failure, segment] for segment in vocabulary.segments), []).append(failure)
    blocks = []
    for failures in lines.values():
        alike: dict[object, list[str]] = {}
        for segment in vocabulary.segments:
            alike.setdefault(said[failures[0], segment], []).append(segment)
        blocks += [(tuple(failures), tuple(segments)) for segments in alike.values()]
    return blocks


def _in_order(facts: Mapping[str, Interval]) -> dict[str, Interval]:
    return {fact: facts[fact] for fact in GUARD_FACTS if fact in facts}


def _lies_in(value: float, interval: Sequence[float | None]) -> bool:
    low, high = interval
    return (low is None or value >= low) and (high is None or value < high)
