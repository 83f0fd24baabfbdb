"""Playbook: what to give, in a short list of rules, as limits say how far one may go.

In: the playbook of a policy file, a case with what is known of it. Out: `Playbook`, checked and frozen; which rule is
for a case. Left to others: which rules are best (`value.playbook`), whether a tier may give it (`limits`, `decision`).

A rule never widens a limit: what it says is given where the tier that decides may give it, and where the customer
accepts it. Elsewhere, and where no rule is for a case, people choose as they would without a playbook.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from policy_sim.border import InputError, unknown
from policy_sim.policy.one_line import Frozen, OneLine
from policy_sim.words import ASKS, RULE_FACTS, Name, resolution_name

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario

__all__ = ["Playbook", "PlaybookRule", "Stretch"]

#: More than anybody could follow.
_MOST_RULES = 200
_MOST_GIVEN = 20

Number = Annotated[float, Field(allow_inf_nan=False, ge=0, strict=True)]


class Stretch(Frozen):
    """From which value of a fact on, and below which one, a rule holds; either end may be left open."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    at_least: Number | None = Field(None, description="From this value on; open where left out.")
    below: Number | None = Field(None, description="Below this value; open where left out.")

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        low, high = self.ends
        if self.at_least is None and self.below is None:
            raise ValueError("neither at_least nor below is given; give one of them, or leave the fact out")
        if high <= 0:
            raise ValueError("below is 0; facts are 0 or more, so no case can be below it, raise it")
        if low >= high:
            raise ValueError(f"at_least {low:g} is not below {high:g}; no case can be both, exchange or correct them")
        return self

    @property
    def ends(self) -> tuple[float, float]:
        """From where on, and below what: -inf and inf where an end is open."""
        return -math.inf if self.at_least is None else self.at_least, math.inf if self.below is None else self.below

    def holds(self, value: float) -> bool:
        """Tell whether a value is within."""
        low, high = self.ends
        return low <= value < high


def _check_facts(when: object) -> object:
    if isinstance(when, Mapping):
        for name in when:
            if name not in RULE_FACTS:
                raise ValueError(str(unknown("fact", name, list(RULE_FACTS))))
    return when


When = Annotated[
    Mapping[str, Stretch],
    BeforeValidator(_check_facts),
    Field(json_schema_extra={"propertyNames": {"enum": list(RULE_FACTS)}}),
]
#: What customers ask for with whom a rule holds.
Ask = Annotated[Name, Field(json_schema_extra={"enum": list(ASKS)})]


class PlaybookRule(Frozen):
    """What to give for a failure, where all that it hangs on holds."""

    failure: Name = Field(description="What went wrong.")
    when: When = Field(
        default_factory=dict,
        description=f"By fact, the stretch in which the rule holds; facts are {', '.join(RULE_FACTS)}.",
    )
    asks: tuple[Ask, ...] = Field(
        (), description=f"What customers ask for with whom it holds: {', '.join(ASKS)}; whatever it is where left out."
    )
    give: Annotated[tuple[Name, ...], Field(max_length=_MOST_GIVEN)] = Field(
        description="Variants of remedies that together are one of the failure's resolutions; [] for nothing."
    )
    why: Annotated[OneLine, Field(max_length=200)] = Field("", description="A reason, for people.")

    @model_validator(mode="after")
    def _asks_are_known(self) -> Self:
        for ask in self.asks:
            if ask not in ASKS:
                raise ValueError(str(unknown("ask", ask, list(ASKS))))
        if len(set(self.asks)) < len(self.asks) or len(set(self.give)) < len(self.give):
            raise ValueError("the same name stands twice; remove one")
        return self

    @property
    def resolution(self) -> str:
        """Name of what is given, as menus have it: remedies joined by " + "."""
        return resolution_name(self.give)

    def holds(self, failure: str, facts: Mapping[str, float], ask: str) -> bool:
        """Tell whether the rule is for a case; `facts` has all that it hangs on."""
        return (
            failure == self.failure
            and (not self.asks or ask in self.asks)
            and all(stretch.holds(facts[fact]) for fact, stretch in self.when.items())
        )


class Playbook(Frozen):
    """Rules in order: the first that holds says what to give."""

    rules: Annotated[tuple[PlaybookRule, ...], Field(min_length=1, max_length=_MOST_RULES)] = Field(
        description="In order: the first that holds says what to give."
    )

    def facts_of(self, failure: str) -> tuple[str, ...]:
        """Return what has to be known of a case of a failure, of `RULE_FACTS`, besides what the customer asks for."""
        own = [rule for rule in self.rules if rule.failure == failure]
        return tuple(fact for fact in RULE_FACTS if any(fact in rule.when for rule in own))

    def hangs_on_ask(self, failure: str) -> bool:
        """Tell whether what to give for a failure hangs on what the customer asks for."""
        return any(rule.asks for rule in self.rules if rule.failure == failure)

    def rule_for(self, failure: str, facts: Mapping[str, float], ask: str = "anything") -> int | None:
        """Return the place of the first rule that is for a case, None where there is none.

        Parameters
        ----------
        failure
            What went wrong.
        facts
            All of `facts_of` that failure.
        ask
            What the customer asks for, of `ASKS`.

        Raises
        ------
        InputError
            If a fact is missing, or the ask is unknown.
        """
        if ask not in ASKS:
            raise unknown("ask", ask, list(ASKS))
        for fact in self.facts_of(failure):
            if fact not in facts:
                raise InputError(f"the fact '{fact}' of the case is missing; a rule of the playbook looks at it")
        return next((n for n, rule in enumerate(self.rules) if rule.holds(failure, facts, ask)), None)

    def check_names(self, scenario: Scenario, where: str) -> None:
        """See that failures are known and that what is given is one of their resolutions.

        Raises
        ------
        InputError
            Naming the first that is not, with the nearest valid one.
        """
        for fault in self.faults(scenario, where):
            raise fault

    def faults(self, scenario: Scenario, where: str) -> Iterator[InputError]:
        """Yield what `check_names` refuses, of every rule."""
        menus: dict[str, list[tuple[str, ...]]] = {}
        for number, rule in enumerate(self.rules, start=1):
            place = f"{where}, playbook rule {number}"
            if rule.failure not in scenario.failures:
                yield unknown("failure", rule.failure, list(scenario.failures), place)
                continue
            if rule.failure not in menus:
                menus[rule.failure] = scenario.resolutions(rule.failure)
            valid = menus[rule.failure]
            if not any(set(rule.give) == set(bundle) for bundle in valid):
                names = [resolution_name(bundle) for bundle in valid]
                yield unknown(f"resolution of {rule.failure}", rule.resolution, names, place)
