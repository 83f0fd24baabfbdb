"""Table: all cases cut into rows that do not overlap and leave none out, each with who decides it.

In: a policy, the failures and segments that there are. Out: rows, as ranges of what is known of a case: its names, the
amount, the facts that guards look at. Left to others: how a format writes a row (`dmn`, `jdm`, `spreadsheet`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from policy_sim.border import InputError, parse_model
from policy_sim.policy import Ladder, Policy, Record, limit_content, parse_record, to_cents
from policy_sim.policy.decision import MOST_CENTS
from policy_sim.words import ASKED_FOR, GUARD_FACTS, LIMIT_KINDS, LIMITS, Name

__all__ = [
    "ALWAYS_KNOWN",
    "OUTPUTS",
    "Region",
    "Row",
    "Vocabulary",
    "decision_rows",
    "guard_regions",
    "held_policy",
    "input_names",
    "limit_text",
    "money_text",
    "number_text",
]

_MOST_ROWS = 5_000

#: What has to be known of every case, whatever the policy.
ALWAYS_KNOWN = ("currency", "failure", "segment", "asked_for", "amount")
#: What every row says: as in `Decision`, then what the tier that looks first may do alone, all as text but the waiver.
OUTPUTS = ("tier", "limit", "rule", "return_waived", "starts_at", "because", *(f"{name}_limit" for name in LIMITS))


@dataclass(frozen=True)
class Vocabulary:
    """All failures and segments that there are, in order."""

    failures: tuple[str, ...]
    segments: tuple[str, ...]


class _Held(BaseModel):
    """What a file for rules engines holds of us besides its table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    failures: Annotated[tuple[Name, ...], Field(min_length=1, max_length=200)]
    segments: Annotated[tuple[Name, ...], Field(min_length=1, max_length=50)]
    record: dict[str, Any]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        for kind, names in (("failures", self.failures), ("segments", self.segments)):
            if len(set(names)) < len(names):
                raise ValueError(f"{kind} holds a name twice; export the policy again")
        return self


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


def held_policy(content: object, where: str) -> tuple[Record, Vocabulary]:
    """Return the policy that a file for rules engines was written for, and the names that it was written for.

    Raises
    ------
    InputError
        If they are not what we write into such a file.
    """
    held = parse_model(_Held, content, where)
    return parse_record(held.record, where), Vocabulary(held.failures, held.segments)


def decision_rows(policy: Policy, vocabulary: Vocabulary) -> list[Row]:
    """Return the rows; facts and amounts are 0 or more.

    Failures and segments for which the policy says the same share a row.

    Raises
    ------
    InputError
        If there are more than anybody could look through, or an engine be asked to.
    """
    rows: list[Row] = []
    ladder = Ladder(policy)
    blocks = _blocks(ladder, vocabulary)
    for region in _regions(ladder):
        if region.starts_at == ladder.tiers[-1]:
            # for whoever decides everything, nothing else matters
            rows += _rows_of(ladder, region, vocabulary.failures, vocabulary.segments)
            continue
        for failures, segments in blocks:
            rows += _rows_of(ladder, region, failures, segments)
            if len(rows) > _MOST_ROWS:
                raise InputError(
                    f"policy '{policy.name}' makes more than {_MOST_ROWS:,} rows; expected fewer, take exceptions or "
                    "guards out"
                )
    return rows


def guard_regions(policy: Policy) -> list[Region]:
    """Return who looks first, as intervals of facts that do not overlap: the highest tier's guards come first."""
    return _regions(Ladder(policy))


def input_names(policy: Policy) -> tuple[str, ...]:
    """Return what has to be known of a case: names, the amount, and the facts that guards look at."""
    return (*ALWAYS_KNOWN, *Ladder(policy).facts)


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
    return money_text(to_cents(limit)) if limit < 1e13 else number_text(limit)


def _regions(ladder: Ladder) -> list[Region]:
    passed: dict[str, float] = {}  # no case that is left reaches these values
    regions = []
    for guard, start in zip(ladder.guards, ladder.starts[:-1], strict=True):
        below = passed.get(guard.fact)
        low = max(guard.at_least, 0.0)
        if below is not None and low >= below:
            continue
        facts = {fact: (0.0, high) for fact, high in passed.items()} | {guard.fact: (low, below)}
        regions.append(Region(_in_order(facts), ladder.tiers[start.position], start.because))
        passed[guard.fact] = low
        if low == 0:
            return regions
    facts = {fact: (0.0, high) for fact, high in passed.items()}
    start = ladder.starts[-1]
    return [*regions, Region(_in_order(facts), ladder.tiers[start.position], start.because)]


def _rows_of(ladder: Ladder, region: Region, failures: tuple[str, ...], segments: tuple[str, ...]) -> list[Row]:
    """Return the rows of one region, for failures and segments for which the policy says the same."""
    start = ladder.tiers.index(region.starts_at)
    cell = (failures[0], segments[0])
    # what is asked for, by what is said of it: kinds of which the same is said share a row
    together: dict[_Answer, list[str]] = {}
    for asked_for in ASKED_FOR:
        for answer in _answers(ladder, start, cell, asked_for):
            together.setdefault(answer, []).append(asked_for)
    alone = {kind: ladder.rungs(*cell, kind)[start].limit for kind in LIMITS}
    shared: dict[str, str | bool] = {
        "starts_at": region.starts_at,
        "because": region.because,
        **{f"{kind}_limit": limit_text(limit_content(limit)) for kind, limit in alone.items()},
    }
    rows = []
    for answer, asked in together.items():
        outputs = {
            "tier": answer.tier,
            "limit": answer.limit,
            "rule": answer.rule,
            "return_waived": answer.return_waived,
            **shared,
        }
        rows.append(Row(failures, segments, tuple(asked), (answer.low, answer.high), region.facts, outputs))
    return rows


def _answers(ladder: Ladder, start: int, cell: tuple[str, str], asked_for: str) -> Iterator[_Answer]:
    """Yield who decides about one thing asked for, as ranges of the amount, from the tier that looks first on."""
    low = 0
    for rung in ladder.rungs(*cell, asked_for)[start:]:
        is_last = rung.tier == ladder.tiers[-1]
        if rung.most_cents < low and not is_last:
            continue
        # beyond what any case may ask for there is no boundary
        high = None if is_last or rung.most_cents > MOST_CENTS else rung.most_cents + 1
        limit = limit_text(limit_content(rung.limit))
        yield _Answer(low, high, rung.tier, limit, rung.rule, LIMIT_KINDS[asked_for].waives_return)
        if high is None:
            return
        low = high


class _Answer(NamedTuple):
    """What is said of amounts from `low` up to, but without, `high` (whole cents)."""

    low: int
    high: int | None
    tier: str
    limit: str
    rule: str
    return_waived: bool


def _blocks(ladder: Ladder, vocabulary: Vocabulary) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return failures and segments for which the policy says the same, as blocks that do not overlap."""
    said = {
        (failure, segment): tuple(ladder.rungs(failure, segment, kind) for kind in LIMITS)
        for failure in vocabulary.failures
        for segment in vocabulary.segments
    }
    failures_alike: dict[object, list[str]] = {}
    for failure in vocabulary.failures:
        of_failure = tuple(said[failure, segment] for segment in vocabulary.segments)
        failures_alike.setdefault(of_failure, []).append(failure)
    blocks = []
    for failures in failures_alike.values():
        segments_alike: dict[object, list[str]] = {}
        for segment in vocabulary.segments:
            segments_alike.setdefault(said[failures[0], segment], []).append(segment)
        blocks += [(tuple(failures), tuple(segments)) for segments in segments_alike.values()]
    return blocks


def _in_order(facts: Mapping[str, Interval]) -> dict[str, Interval]:
    return {fact: facts[fact] for fact in GUARD_FACTS if fact in facts}


def _lies_in(value: float, interval: Sequence[float | None]) -> bool:
    low, high = interval
    return (low is None or value >= low) and (high is None or value < high)
