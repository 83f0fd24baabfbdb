"""Policies: tiers with limits, exceptions by failure and segment, guards.

In: a policy file (YAML, or the JSON that we export), or its content. Out: `Policy`, checked and frozen.
Left to others: what a policy is worth (`value`); which limits hold for one case in words (`authority`).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from policy_sim.assumptions import LIMITS, Name, Scenario
from policy_sim.border import InputError, find_file, nearest, parse_model, read_yaml, shipped, unknown

__all__ = [
    "ASK",
    "FILE_FORMAT",
    "NO_LIMIT",
    "Guard",
    "Lever",
    "LimitException",
    "Policy",
    "Tier",
    "load_policy",
    "load_shipped_policies",
    "parse_lever",
]

#: No authority: whatever draws on this limit, even by nothing, must be asked for. 0 permits what draws nothing.
ASK = -math.inf
#: Any amount.
NO_LIMIT = math.inf

#: What an exported policy says of itself; a later format will have another number.
FILE_FORMAT = "policy_sim.policy/1"

#: Facts of a case that a guard may look at.
GUARD_FACTS = ("suspicion", "prior_claims", "prior_failures", "item_price", "days_since_purchase", "severity")


def _limit(value: object) -> float:
    if value == "ask":
        return ASK
    if value == "no_limit":
        return NO_LIMIT
    if isinstance(value, bool) or not isinstance(value, Real):
        hint = nearest(value, ["ask", "no_limit"]) if isinstance(value, str) else ""
        raise ValueError(f"limit is {value!r}{hint}; it must be a number of money, 'ask' or 'no_limit'")
    number = float(value)
    if math.isnan(number) or (number < 0 and number != ASK):
        raise ValueError(f"limit is {number:g}; it must be 0 or more, 'ask' or 'no_limit'")
    # what is drawn on a limit is whole cents, so a fraction of one permits nothing more
    return number if math.isinf(number) else math.floor(100 * number + 1e-6) / 100


def limit_content(value: float) -> float | str:
    """Return a limit as it stands in files: a number, "ask" or "no_limit"."""
    return {ASK: "ask", NO_LIMIT: "no_limit"}.get(value, value)


Limit = Annotated[float, BeforeValidator(_limit), PlainSerializer(limit_content)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _check_limit_names(limits: object) -> object:
    if isinstance(limits, Mapping):
        for name in limits:
            if name not in LIMITS:
                raise ValueError(str(unknown("limit", name, LIMITS)))
    return limits


Limits = Annotated[Mapping[str, Limit], BeforeValidator(_check_limit_names)]


class Tier(_Frozen):
    """Who decides, with the most that may be given in each dimension without asking; the last tier has no limits."""

    name: Name
    limits: Limits = {}


class LimitException(_Frozen):
    """Other limits of a tier for one failure, one segment, or both; the most specific one wins."""

    tier: Name
    failure: Name | None = None
    segment: Name | None = None
    limits: Annotated[Limits, Field(min_length=1)]

    @model_validator(mode="after")
    def _names_what_it_is_for(self) -> Self:
        if self.failure is None and self.segment is None:
            raise ValueError("an exception must name a failure, a segment or both; otherwise change the tier's limits")
        return self

    def is_at(self, tier: str, failure: str | None, segment: str | None) -> bool:
        """Tell whether the exception is for just this tier, failure and segment."""
        return (self.tier, self.failure, self.segment) == (tier, failure, segment)


class Guard(_Frozen):
    """A condition that takes a case out of a tier's hands: at this value or above, it goes straight to another tier."""

    fact: str
    at_least: Annotated[float, Field(allow_inf_nan=False)]
    to: Name

    @model_validator(mode="after")
    def _looks_at_a_known_fact(self) -> Self:
        if self.fact not in GUARD_FACTS:
            raise ValueError(str(unknown("fact", self.fact, GUARD_FACTS)))
        return self


class Policy(_Frozen):
    """Tiers in order with their limits, exceptions and guards; it knows no payoffs."""

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=200)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=2)]
    exceptions: tuple[LimitException, ...] = ()
    guards: tuple[Guard, ...] = ()

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        names = self.tier_names
        if len(set(names)) < len(names):
            raise ValueError("two tiers have the same name; rename one")
        for tier in self.tiers[:-1]:
            for missing in (name for name in LIMITS if name not in tier.limits):
                raise ValueError(
                    f"the {missing} limit of tier '{tier.name}' is missing; give a number, ask or no_limit"
                )
        if self.tiers[-1].limits:
            raise ValueError(f"the last tier '{names[-1]}' has limits; it decides everything, remove them")
        seen = set()
        for position, exception in enumerate(self.exceptions):
            if exception.tier not in names[:-1]:
                raise ValueError(str(unknown("tier", exception.tier, names[:-1], f"exceptions[{position}]")))
            for limit in exception.limits:
                key = (exception.tier, exception.failure, exception.segment, limit)
                if key in seen:
                    raise ValueError(f"exceptions[{position}] sets the same {limit} limit a second time; remove one")
                seen.add(key)
        for position, guard in enumerate(self.guards):
            if guard.to not in names[1:]:
                raise ValueError(str(unknown("tier", guard.to, names[1:], f"guards[{position}]")))
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
        for place in _places(failure, segment):
            for exception in self.exceptions:
                if exception.is_at(tier, *place) and limit in exception.limits:
                    return exception
        return self.tier(tier)

    def is_moved(self, lever: Lever, failure: str | None, segment: str | None) -> bool:
        """Tell whether a lever sets, or would set, the limit in force for a failure and segment."""
        places = _places(failure, segment)
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
            return self.model_copy(update={"tiers": tiers})
        place = (lever.tier, lever.failure, lever.segment)
        # one exception for each place, whatever a file had
        there = [each for each in self.exceptions if each.is_at(*place)]
        limits = {name: value for each in there for name, value in each.limits.items()} | {lever.limit: number}
        added = LimitException(tier=place[0], failure=place[1], segment=place[2], limits=limits)
        others = tuple(each for each in self.exceptions if not each.is_at(*place))
        return self.model_copy(update={"exceptions": (*others, added)})

    def bounds(self, lever: Lever) -> tuple[float, float]:
        """Return the lowest and highest value (money) of a lever that keep the tiers in order, whatever the case."""
        k = self.tier_names.index(lever.tier)
        # a failure or segment that no exception names is like any other such: None stands for it
        failures = {None, lever.failure, *(each.failure for each in self.exceptions)}
        segments = {None, lever.segment, *(each.segment for each in self.exceptions)}
        cells = [(f, s) for f in failures for s in segments if self.is_moved(lever, f, s)]
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
        if self.currency != scenario.currency:
            raise InputError(
                f"policy '{self.name}' is in {self.currency}, scenario '{scenario.name}' in {scenario.currency}; "
                f"convert the limits or choose another scenario ({where})"
            )

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that change with any content of the policy."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:8]


def _places(failure: str | None, segment: str | None) -> list[tuple[str | None, str | None]]:
    """Return where an exception for a failure and segment may stand, the most specific place first."""
    places = [(failure, segment), (failure, None), (None, segment)]
    return [place for place in dict.fromkeys(places) if place != (None, None)]


def load_policy(policy: str | Path, scenario: Scenario) -> Policy:
    """Read a policy: the path of a YAML or JSON file, or the name of one that travels with the package.

    Parameters
    ----------
    policy
        Path or name.
    scenario
        Its tiers, failures and segments are the ones that the policy may name.

    Raises
    ------
    InputError
        If the file is missing or anything in it does not fit; the message names the place.
    """
    path = find_file("policy", policy, "data/policies", ".yaml")
    content: Any = read_yaml(path)
    if isinstance(content, Mapping):
        found = content.get("format", FILE_FORMAT)
        if found != FILE_FORMAT:
            raise InputError(f"{path.name} has the format '{found}'; expected '{FILE_FORMAT}', export it again")
        content = {key: value for key, value in content.items() if key != "format"}
    read = parse_model(Policy, content, path.name)
    read.check_names(scenario, path.name)
    read.check_order(scenario.failures, [segment.name for segment in scenario.segments], path.name)
    return read


def load_shipped_policies(scenario: Scenario, besides: Policy) -> list[Policy]:
    """Return the policies that travel with the package and fit the scenario, other than one of the same name."""
    policies = []
    for path in sorted(shipped("data/policies").glob("*.yaml")):
        # one in another currency, or with other tiers, is no fault of whoever brings a scenario of their own
        with suppress(InputError):
            policies.append(load_policy(path.stem, scenario))
    return [policy for policy in policies if policy.name != besides.name]


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
