"""Policies: tiers with limits, exceptions by failure and segment, guards, and what to give within them.

In: the content of a policy file. Out: `Policy`, checked and frozen, with its version, owner, status and dates.
Left to others: files (`record`); which limits hold for one case in words (`authority`); worth (`value`).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from numbers import Real
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from policy_sim.border import InputError, nearest, unknown
from policy_sim.currencies import decimals_of
from policy_sim.policy.one_line import Frozen, OneLine
from policy_sim.policy.playbook import Playbook
from policy_sim.words import GUARD_FACTS, LIMITS, Name

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario

__all__ = [
    "ASK",
    "MOST_VERSIONS",
    "NO_LIMIT",
    "Guard",
    "Lever",
    "LimitException",
    "Policy",
    "Status",
    "Tier",
    "is_whole_cents",
    "limit_content",
    "limit_contents",
    "most_specific_first",
    "parse_lever",
]

#: No authority: whatever draws on this limit, even by nothing, must be asked for. 0 permits what draws nothing.
ASK = -math.inf
#: Any amount.
NO_LIMIT = math.inf
#: The highest limit in numbers.
_HIGHEST = 1e18
#: The highest number of a version.
MOST_VERSIONS = 10**6


def _limit(value: object) -> float:
    if value == "ask":
        return ASK
    if value == "no_limit":
        return NO_LIMIT
    if isinstance(value, bool) or not isinstance(value, Real):
        hint = nearest(value, ["ask", "no_limit"]) if isinstance(value, str) else ""
        raise ValueError(f"limit is {value!r}{hint}; it must be a number of money, 'ask' or 'no_limit'")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(f"limit is beyond all money; it must be at most {_HIGHEST:g}, or 'no_limit'") from None
    if math.isnan(number) or (number < 0 and number != ASK):
        raise ValueError(f"limit is {number:g}; it must be 0 or more, 'ask' or 'no_limit'")
    if math.isinf(number):
        return number
    if number > _HIGHEST:
        raise ValueError(f"limit is {number:g}; it must be at most {_HIGHEST:g}, or 'no_limit'")
    if not is_whole_cents(number):
        # what is drawn on a limit is whole cents: cut or rounded, it would be another limit than the one that was meant
        low = math.floor(100 * number)
        raise ValueError(f"limit is {number!r}; it must be whole cents, write {low / 100:g} or {(low + 1) / 100:g}")
    return round(100 * number) / 100


def is_whole_cents(amount: float) -> bool:
    """Tell whether a finite amount of money holds no fraction of a cent, but for what binary numbers add to it."""
    exact = 100 * amount
    return abs(exact - round(exact)) <= 1e-6 * max(1.0, abs(exact) * 1e-6)


def limit_content(value: float) -> float | str:
    """Return a limit as it stands in files: a number, "ask" or "no_limit"."""
    return {ASK: "ask", NO_LIMIT: "no_limit"}.get(value, value)


def limit_contents(limits: Mapping[str, float]) -> dict[str, float | str]:
    """Return limits by name as they stand in files."""
    return {name: limit_content(value) for name, value in limits.items()}


_LIMIT_SCHEMA = {
    "description": "Money, ask (not even nothing without asking) or no_limit; whole cents.",
    "anyOf": [{"type": "number", "minimum": 0}, {"enum": ["ask", "no_limit"]}],
}

Limit = Annotated[float, BeforeValidator(_limit), PlainSerializer(limit_content), WithJsonSchema(_LIMIT_SCHEMA)]


#: Parts of a policy: more than anybody could follow.
_MOST_PARTS = {"tiers": 20, "exceptions": 1_000, "guards": 100}

#: Where a policy stands in its life. What is live now, or was until it was retired, decides cases by order date.
Status = Literal["draft", "approved", "live", "retired"]


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"date is '{value}'; it must be year-month-day, for example 2026-12-01") from None
    if value is None or type(value) is date:
        return value
    raise ValueError(f"date is {value!r}; it must be year-month-day, for example 2026-12-01")


Day = Annotated[date | None, BeforeValidator(_day)]


def _check_limit_names(limits: object) -> object:
    if isinstance(limits, Mapping):
        for name in limits:
            if name not in LIMITS:
                raise ValueError(str(unknown("limit", name, LIMITS)))
    return limits


Limits = Annotated[
    Mapping[str, Limit],
    BeforeValidator(_check_limit_names),
    WithJsonSchema(
        {"type": "object", "properties": dict.fromkeys(LIMITS, _LIMIT_SCHEMA), "additionalProperties": False}
    ),
]


class Tier(Frozen):
    """Who decides, with the most that may be given in each dimension without asking; the last tier has no limits."""

    name: Name = Field(description="As the scenario calls it.")
    limits: Limits = Field(
        default_factory=dict, description="By limit, the most that may be given without asking; all of them, or none."
    )


class LimitException(Frozen):
    """Other limits of a tier for one failure, one segment, or both; the most specific one wins."""

    tier: Name = Field(description="Whose limits these are; not the last tier's, which has none.")
    failure: Name | None = Field(None, description="The failure that it is for; any where left out.")
    segment: Name | None = Field(None, description="The segment that it is for; any where left out.")
    limits: Annotated[Limits, Field(min_length=1)] = Field(description="The limits that are others then.")

    @model_validator(mode="after")
    def _names_what_it_is_for(self) -> Self:
        if self.failure is None and self.segment is None:
            raise ValueError("an exception must name a failure, a segment or both; otherwise change the tier's limits")
        return self

    def is_at(self, tier: str, failure: str | None, segment: str | None) -> bool:
        """Tell whether the exception is for just this tier, failure and segment."""
        return (self.tier, self.failure, self.segment) == (tier, failure, segment)


class Guard(Frozen):
    """A condition that takes a case out of a tier's hands: at this value or above, it goes straight to another tier."""

    fact: Annotated[str, Field(json_schema_extra={"enum": list(GUARD_FACTS)})] = Field(
        description="What of the case is looked at."
    )
    at_least: Annotated[float, Field(allow_inf_nan=False)] = Field(description="From which value on.")
    to: Name = Field(description="The tier that decides then; not the first.")

    @model_validator(mode="after")
    def _looks_at_a_known_fact(self) -> Self:
        if self.fact not in GUARD_FACTS:
            raise ValueError(str(unknown("fact", self.fact, GUARD_FACTS)))
        return self


class Policy(Frozen):
    """Tiers in order with their limits, exceptions and guards, perhaps a playbook; it knows no payoffs."""

    name: Name = Field(description="By which commands and files name it.")
    title: Annotated[OneLine, Field(min_length=1, max_length=200)] = Field(description="What people read.")
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field(
        description="Three letters, as in ISO 4217; all its limits are in it."
    )
    version: Annotated[int, Field(ge=1, le=MOST_VERSIONS, strict=True)] = Field(
        1, description="Stands for one content; a later one has a higher number."
    )
    owner: Annotated[OneLine, Field(max_length=200)] = Field("", description="Whom to ask about it.")
    status: Status = Field("draft", description="Where it stands; what is live, or was, decides cases by order date.")
    effective_from: Day = Field(None, description="First day on which an order must be placed to be decided by it.")
    effective_until: Day = Field(None, description="Last such day.")
    approved_by: Annotated[OneLine, Field(max_length=200)] = Field("", description="Who approved it; not for a draft.")
    approved_on: Day = Field(None, description="On which day.")
    tiers: Annotated[tuple[Tier, ...], Field(min_length=2)] = Field(
        description="Who decides, from the front line up; the last one decides everything and has no limits."
    )
    exceptions: tuple[LimitException, ...] = Field(
        (), description="Other limits for a failure or a segment; the most specific one holds."
    )
    guards: tuple[Guard, ...] = Field((), description="What takes a case out of a tier's hands.")
    playbook: Playbook | None = Field(None, description="What to give within the limits.")

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        for part, most in _MOST_PARTS.items():
            count = len(getattr(self, part))
            if count > most:
                raise ValueError(f"the policy has {count:,} {part}; it must have at most {most:,}, take some out")
        self._check_tiers()
        self._check_exceptions()
        self._check_amounts()
        for position, guard in enumerate(self.guards):
            if guard.to not in self.tier_names[1:]:
                raise ValueError(str(unknown("tier", guard.to, self.tier_names[1:], f"guards[{position}]")))
        return self

    def _check_tiers(self) -> None:
        names = self.tier_names
        if len(set(names)) < len(names):
            raise ValueError("two tiers have the same name; rename one")
        for tier in self.tiers[:-1]:
            missing = next((kind for kind in LIMITS if kind not in tier.limits), None)
            if missing is not None:
                raise ValueError(
                    f"the {missing} limit of tier '{tier.name}' is missing; give a number, ask or no_limit"
                )
        if self.tiers[-1].limits:
            raise ValueError(f"the last tier '{names[-1]}' has limits; it decides everything, remove them")

    def _check_exceptions(self) -> None:
        limited = self.tier_names[:-1]
        seen = set()
        for position, exception in enumerate(self.exceptions):
            if exception.tier not in limited:
                raise ValueError(str(unknown("tier", exception.tier, limited, f"exceptions[{position}]")))
            for kind in exception.limits:
                key = (exception.tier, exception.failure, exception.segment, kind)
                if key in seen:
                    raise ValueError(f"exceptions[{position}] sets the same {kind} limit a second time; remove one")
                seen.add(key)

    def _check_amounts(self) -> None:
        if decimals_of(self.currency) > 0:
            return
        for limits in [part.limits for part in self.tiers] + [part.limits for part in self.exceptions]:
            for kind, value in limits.items():
                if math.isfinite(value) and value != round(value):
                    raise ValueError(f"{kind} limit is {value:g}; {self.currency} has whole amounts only, round it")

    @model_validator(mode="after")
    def _life_makes_sense(self) -> Self:
        first, last = self.effective_from, self.effective_until
        if self.status != "draft" and not (self.approved_by.strip() and self.approved_on):
            raise ValueError(f"status is {self.status}, but approved_by and approved_on are missing; approve it first")
        if self.status in ("live", "retired") and first is None:
            raise ValueError(f"status is {self.status}, but effective_from is missing; give the first day")
        if self.status == "retired" and last is None:
            raise ValueError("status is retired, but effective_until is missing; give the last day")
        if first is not None and last is not None and last < first:
            raise ValueError(f"effective_until {last} is before effective_from {first}; exchange or correct them")
        return self

    @property
    def tier_names(self) -> tuple[str, ...]:
        """Names of the tiers in order."""
        return tuple(tier.name for tier in self.tiers)

    def tier(self, name: str) -> Tier:
        """Return the tier of that name.

        Raises
        ------
        InputError
            If there is none.
        """
        if name not in self.tier_names:
            raise unknown("tier", name, self.tier_names, f"policy {self.name}")
        return self.tiers[self.tier_names.index(name)]

    def rule_for(self, tier: str, limit: str, failure: str | None, segment: str | None) -> LimitException | Tier:
        """Return the most specific rule that sets a limit: failure and segment, failure, segment, the tier itself."""
        for place in most_specific_first(failure, segment):
            for exception in self.exceptions:
                if exception.is_at(tier, *place) and limit in exception.limits:
                    return exception
        return self.tier(tier)

    def is_moved(self, lever: Lever, failure: str | None, segment: str | None) -> bool:
        """Tell whether a lever sets, or would set, the limit in force for a failure and segment."""
        places = most_specific_first(failure, segment)
        own = (lever.failure, lever.segment)
        more_specific = places if own == (None, None) else places[: places.index(own)] if own in places else None
        return more_specific is not None and not any(
            exception.is_at(lever.tier, *place) and lever.limit in exception.limits
            for place in more_specific
            for exception in self.exceptions
        )

    def limit(self, tier: str, limit: str, failure: str | None = None, segment: str | None = None) -> float:
        """Return the limit in force in money; `NO_LIMIT` for the last tier."""
        if tier == self.tier_names[-1]:
            return NO_LIMIT
        return self.rule_for(tier, limit, failure, segment).limits[limit]

    def with_limit(self, lever: Lever, value: float) -> Policy:
        """Return a copy in which one lever has another value (money, `ASK` or `NO_LIMIT`).

        Raises
        ------
        InputError
            If there is no such lever, or the value is negative or not a number.
        """
        self.check_lever(lever)
        try:
            number = _limit(value)
        except ValueError as error:
            raise InputError(f"{lever}: {error}") from None
        if lever.failure is None and lever.segment is None:
            tiers = tuple(
                tier.model_copy(update={"limits": {**tier.limits, lever.limit: number}})
                if tier.name == lever.tier
                else tier
                for tier in self.tiers
            )
            return self.as_draft().model_copy(update={"tiers": tiers})
        place = (lever.tier, lever.failure, lever.segment)
        # one exception for each place, whatever a file had
        limits: dict[str, float] = {}
        others = []
        for exception in self.exceptions:
            if exception.is_at(*place):
                limits.update(exception.limits)
            else:
                others.append(exception)
        limits[lever.limit] = number
        changed = LimitException(tier=place[0], failure=place[1], segment=place[2], limits=limits)
        return self.as_draft().model_copy(update={"exceptions": (*others, changed)})

    def as_draft(self) -> Policy:
        """Return a draft that nobody has approved yet: of the next version, unless this is a draft itself."""
        if self.status == "draft":
            return self
        return self.model_copy(
            update={
                "version": self.version + 1,
                "status": "draft",
                "effective_from": None,
                "effective_until": None,
                "approved_by": "",
                "approved_on": None,
            }
        )

    def as_next_version_of(self, before: Policy) -> Policy:
        """Return a draft of the version after that of another policy; the other itself, if this one says the same."""
        own = ("version", *_STATE)
        if self.model_copy(update={name: getattr(before, name) for name in own}) == before:
            return before
        return self.as_draft().model_copy(update={"version": before.version + 1})

    def bounds(self, lever: Lever) -> tuple[float, float]:
        """Return the lowest and highest value (money) of a lever that keep the tiers in order, whatever the case."""
        k = self.tier_names.index(lever.tier)
        # a failure or segment that no exception names is like any other such: None stands for it
        failures = {None, lever.failure, *(exception.failure for exception in self.exceptions)}
        segments = {None, lever.segment, *(exception.segment for exception in self.exceptions)}
        cells = [
            (failure, segment) for failure in failures for segment in segments if self.is_moved(lever, failure, segment)
        ]
        below = [self.limit(self.tier_names[k - 1], lever.limit, *cell) for cell in cells if k > 0]
        above = [self.limit(self.tier_names[k + 1], lever.limit, *cell) for cell in cells]
        return max(below, default=ASK), min(above, default=NO_LIMIT)

    def check_lever(self, lever: Lever) -> None:
        """See that a lever is a limit of a tier other than the last.

        Raises
        ------
        InputError
            Naming what is unknown, with the nearest valid name.
        """
        if lever.tier not in self.tier_names[:-1]:
            raise unknown("tier", lever.tier, self.tier_names[:-1], f"policy {self.name}")
        if lever.limit not in LIMITS:
            raise unknown("limit", lever.limit, LIMITS)

    def check_order(self, failures: Iterable[str], segments: Iterable[str], where: str) -> None:
        """See that no limit falls from a tier to a higher one, for any failure and segment.

        Raises
        ------
        InputError
            Naming the first limit that falls.
        """
        segments = list(segments)
        for failure in failures:
            for segment in segments:
                for name in LIMITS:
                    in_force = [self.limit(tier, name, failure, segment) for tier in self.tier_names]
                    for k in range(len(in_force) - 1):
                        if in_force[k] > in_force[k + 1]:
                            low, high = self.tier_names[k : k + 2]
                            raise InputError(
                                f"{name} limit falls from {limit_content(in_force[k])} for tier '{low}' to "
                                f"{limit_content(in_force[k + 1])} for tier '{high}' ({failure}, {segment}); a higher "
                                f"tier may not have less, raise it or lower the other ({where})"
                            )

    def check_names(self, scenario: Scenario, where: str) -> None:
        """See that tiers, failures and segments are those of the scenario, and the currency too.

        Raises
        ------
        InputError
            Naming the first that is unknown, with the nearest valid one.
        """
        for tier in self.tier_names:
            if tier not in scenario.tiers:
                raise unknown("tier", tier, scenario.tiers, where)
        order = [scenario.tiers.index(tier) for tier in self.tier_names]
        if order != sorted(order):
            raise InputError(
                f"tiers are in the order {', '.join(self.tier_names)}; expected {', '.join(scenario.tiers)} ({where})"
            )
        for exception in self.exceptions:
            scenario.check_cell(exception.failure, exception.segment, where)
        if self.playbook is not None:
            self.playbook.check_names(scenario, where)
        if self.currency != scenario.currency:
            raise InputError(
                f"policy '{self.name}' is in {self.currency}, scenario '{scenario.name}' in {scenario.currency}; "
                f"convert the limits or choose another scenario ({where})"
            )

    @property
    def content(self) -> dict[str, object]:
        """The policy as plain data: numbers, text, lists and mappings, in one form whatever file it came from."""
        content = dict(_plain(self.model_dump(mode="json", exclude=None if self.playbook else {"playbook"})))
        if self.playbook is not None:
            rules = [rule.model_dump(mode="json", exclude_defaults=True) for rule in self.playbook.rules]
            content["playbook"] = _plain({"rules": rules})
        return content

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that change with any content of the policy."""
        return _digest(self.content)

    @property
    def rules_fingerprint(self) -> str:
        """The same of what it says, whatever its state: it stays as the policy is approved, live and retired."""
        return _digest({name: value for name, value in self.content.items() if name not in _STATE})


#: What approving changes of a policy.
_STATE = ("status", "effective_from", "effective_until", "approved_by", "approved_on")


def _digest(content: Mapping[str, object]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _plain(value: Any) -> Any:
    """Write whole numbers without a point, as every language's JSON can."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def most_specific_first(failure: str | None, segment: str | None) -> list[tuple[str | None, str | None]]:
    """Return what an exception that holds for a failure and segment may be for: both, the failure, the segment.

    The first that sets a limit wins; the tier's own limit comes after all of them.
    """
    places = [(failure, segment), (failure, None), (None, segment)]
    return [place for place in dict.fromkeys(places) if place != (None, None)]


@dataclass(frozen=True)
class Lever:
    """One limit that can be moved: of a tier other than the last, for all cases or for one failure, segment or both."""

    tier: str
    limit: str
    failure: str | None = None
    segment: str | None = None

    def __str__(self) -> str:
        """Return the lever as it is written on the command line, what it is for in brackets."""
        only = ", ".join(part for part in (self.failure, self.segment) if part)
        return f"{self.tier}.{self.limit}" + (f" ({only})" if only else "")


def parse_lever(
    text: str, policy: Policy, scenario: Scenario, failure: str | None = None, segment: str | None = None
) -> Lever:
    """Read a lever as it is written: "agent.keep_item".

    Raises
    ------
    InputError
        If there is no such lever, tier, failure or segment; the nearest valid name is suggested.
    """
    levers = [f"{tier}.{limit}" for tier in policy.tier_names[:-1] for limit in LIMITS]
    if text not in levers:
        raise unknown("lever", text, levers)
    scenario.check_cell(failure, segment)
    tier, limit = text.split(".")
    return Lever(tier, limit, failure, segment)
