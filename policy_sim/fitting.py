"""Fitting: whether the parts of a scenario fit together, every fault of it in one go.

In: a scenario whose parts are right in themselves. Out: what it must assume; each `Fault` with its place in the file.
Left to others: reading parts (`failures`, `uncertain`), faults of a file that is no scenario yet (`faults`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_sim.border import unknown
from policy_sim.failures import ACTS, Remedy
from policy_sim.segments import check_segments
from policy_sim.words import ASKS, COLUMNS

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario
    from policy_sim.uncertain import Assumption

__all__ = [
    "NEEDED",
    "NEEDED_PER_FAILURE",
    "NEEDED_PER_TIER",
    "SHARES_OF_ONE",
    "Fault",
    "Place",
    "faults_of",
    "shares_of_one",
]

#: Where something stands in a file: the keys that lead to it, positions in lists among them.
Place = tuple[str | int, ...]

#: What each part of a scenario must assume; the group of the assumption is the name of the part.
NEEDED = {
    "shop": (
        "cases_per_year",
        "margin_share",
        "discount_rate_per_year",
        "future_value_factor",
        "unit_cost_share",
        "salvage_share",
        "label_cost",
        "outbound_cost",
        "inspection_cost",
        "sample_price_factor",
    ),
    "cases": (
        "severity_mean",
        "severity_concentration",
        "hours_open_median",
        "hours_open_spread",
        "days_since_purchase_median",
        "days_since_purchase_spread",
        "failures_per_order",
        "claims_per_failure",
        "days_since_failure_median",
        "days_since_failure_spread",
        "suspicious_share",
        "live_share",
        "insists_share",
        "firmness_mean",
        "firmness_concentration",
        "asked_on_top",
        "part_gone_share",
        "first_order_share",
    ),
    "response": (
        "churn_without_failure",
        "severity_weight",
        "wait_weight",
        "effort_weight",
        "base_effort",
        "repeat_weight",
        "double_deviation_weight",
        "double_deviation_half_life_days",
        "bond_weight",
        "first_order_weight",
        "over_compensation_weight",
        "insult_weight",
        "insult_below",
        "mismatch_share",
        "proactive_weight",
        "suspected_weight",
        "paradox",
        "deterred_per_lost",
        "gained_per_delighted",
    ),
    "claiming": ("spread", "publicity", "temptation", "repeat_share", "visible_share", "refused_share"),
    "queue": ("staff", "hours_per_year", "patience_hours"),
}
NEEDED_PER_FAILURE = (
    "share_of_cases",
    *(ask.assumption for ask in ASKS.values() if ask.assumption),
    "out_of_stock_share",
    "surfaces_share",
    "loss_share",
    "entitlement",
    "churn_without_remedy",
    "compensation_weight",
    "gesture_weight",
    "spend_drop",
)
#: No number of a service is nearer to 0 than this where it has to stay above 0.
_TINY = 1e-12
#: Assumptions that are divided by, or whose logit is taken.
_ABOVE_ZERO = (
    "cases_per_year",
    "loss_share",
    "temptation",
    "churn_without_remedy",
    "severity_mean",
    "severity_concentration",
    "firmness_mean",
    "firmness_concentration",
    "double_deviation_half_life_days",
    "insult_below",
    "sample_price_factor",
    "staff",
    "hours_per_year",
    "patience_hours",
)
#: Shares of the same people: in any group that holds them they may not add up to more than 1.
SHARES_OF_ONE = ("generous_share", "thrifty_share")
_BELOW_ONE = ("churn_without_remedy", "severity_mean", "firmness_mean", "repeat_share", "first_order_share")
#: Parts of a scenario: more than anybody could follow.
_MOST_PARTS = {"tiers": 20, "segments": 50, "failures": 200, "remedies": 1_000, "rules": 1_000, "assumptions": 1_000}
NEEDED_PER_TIER = (
    "minutes",
    "wait_hours",
    "live_wait_hours",
    "cost_per_minute",
    "lost_contact_share",
    "generous_share",
    "thrifty_share",
)


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a scenario.

    Attributes
    ----------
    place
        Where it stands, or should stand: ("assumptions", "shop", "label_cost").
    words
        What is wrong, what was expected and how to mend it, in one line.
    is_missing
        Whether nothing stands there.
    """

    place: Place
    words: str
    is_missing: bool = False


def faults_of(scenario: Scenario) -> Iterator[Fault]:
    """Yield all that does not fit together, in the order in which it should be mended.

    Parameters
    ----------
    scenario
        Its parts are right in themselves; it may lack what it needs.
    """
    for part, most in _MOST_PARTS.items():
        count = len(getattr(scenario, part))
        if count > most:
            words = f"the scenario has {count:,} {part}; it must have at most {most:,}, take some out"
            yield Fault((part,), words)
    yield from _of_assumptions(scenario)
    for name, remedy in scenario.remedies.items():
        yield from _of_remedy(scenario, name, remedy)
    yield from _of_names_of_remedies(scenario)
    yield from _of_tiers_and_segments(scenario)
    yield from _of_joint_values(scenario)
    for name, remedy in scenario.remedies.items():
        if remedy.does_nothing:
            words = (
                f"remedies.{name} has no worth, gesture or cost, nor anything else that counts, so giving it would "
                "change nothing; give it a worth, a gesture or a cost, or take it out"
            )
            yield Fault(("remedies", name), words)


def _of_assumptions(scenario: Scenario) -> Iterator[Fault]:
    needed = dict(NEEDED)
    needed |= dict.fromkeys(scenario.failures, NEEDED_PER_FAILURE)
    needed |= dict.fromkeys(scenario.tiers, NEEDED_PER_TIER)
    for group, names in needed.items():
        for name in names:
            place = ("assumptions", group, name)
            own = scenario.assumptions.get(group, {}).get(name)
            if own is None:
                words = f"the assumption '{group}.{name}' is missing; add it under assumptions.{group}"
                yield Fault(place, words, is_missing=True)
            else:
                yield from (Fault((*place, "range"), words) for words in _domain_faults(f"{group}.{name}", own.range))


def _domain_faults(name: str, bounds: tuple[float, float]) -> Iterator[str]:
    low, high = bounds
    member = name.split(".")[1]
    if member in _ABOVE_ZERO and low < _TINY:
        yield f"the range of '{name}' is [{low:g}, {high:g}]; it is divided by, so it must stay above 0"
    if member in _BELOW_ONE and high >= 1:
        yield f"the range of '{name}' is [{low:g}, {high:g}]; it must stay below 1, as nothing is certain"


def _of_remedy(scenario: Scenario, name: str, remedy: Remedy) -> Iterator[Fault]:
    place: Place = ("remedies", name)
    columns = [*COLUMNS, "amount"]
    if remedy.amounts and remedy.shares_of_price:
        yield Fault((*place, "amounts"), f"remedies.{name} has both amounts and shares_of_price; keep one of them")
    if len(set(scenario.variants(name))) < len(scenario.variants(name)):
        yield Fault(place, f"remedies.{name} has an amount twice; remove one")
    coefficients: dict[Place, str] = {}
    for form_name, form in remedy.forms().items():
        where = f"remedies.{name}.{form_name}"
        for column, coefficient in form.items():
            here = (*place, *form_name.split("."), column)
            if column not in columns:
                yield Fault(here, str(unknown("column", column, columns, where)))
            if column == "amount" and not (remedy.amounts or remedy.shares_of_price):
                yield Fault(here, f"{where} uses 'amount', but the remedy has no amounts; add them")
            coefficients[here] = coefficient
    coefficients |= {(*place, act): getattr(remedy, act) for act in ACTS if getattr(remedy, act) is not None}
    for here, coefficient in coefficients.items():
        bare = coefficient.removeprefix("-")
        if bare != "1" and bare not in scenario.assumption_names:
            yield Fault(here, str(unknown("assumption", bare, scenario.assumption_names, ".".join(map(str, here)))))


def _of_names_of_remedies(scenario: Scenario) -> Iterator[Fault]:
    counts = Counter(variant for name in scenario.remedies for variant in scenario.variants(name))
    for variant, count in counts.items():
        if count > 1:
            words = f"remedies has two variants '{variant}' (a name, and an amount); rename one"
            yield Fault(("remedies", scenario.remedy_of_variant[variant]), words)
    for failure, described in scenario.failures.items():
        for part, alternatives in described.resolutions.items():
            where = f"failures.{failure}.resolutions.{part}"
            for position, alternative in enumerate(alternatives):
                for name in alternative:
                    if name not in counts:
                        here = ("failures", failure, "resolutions", part, position)
                        yield Fault(here, str(unknown("remedy", name, list(counts), where)))
    for position, rule in enumerate(scenario.rules):
        for name in rule.names:
            if name not in counts and name not in scenario.remedies:
                words = str(
                    unknown("remedy", name, list(dict.fromkeys([*scenario.remedies, *counts])), f"rules[{position}]")
                )
                yield Fault(("rules", position), words)


def _of_tiers_and_segments(scenario: Scenario) -> Iterator[Fault]:
    for kind, names in (("tiers", scenario.tiers), ("segments", tuple(part.name for part in scenario.segments))):
        if len(set(names)) < len(names):
            yield Fault((kind,), f"{kind} holds a name twice ({', '.join(names)}); rename or remove one")
    try:
        check_segments(scenario.segments)
    except ValueError as error:
        yield Fault(("segments",), str(error))


def _of_joint_values(scenario: Scenario) -> Iterator[Fault]:
    values = {
        f"{group}.{name}": own.value for group, members in scenario.assumptions.items() for name, own in members.items()
    }
    shares = [values.get(f"{failure}.share_of_cases") for failure in scenario.failures]
    if all(share is not None and share <= 0 for share in shares):
        place = ("assumptions", next(iter(scenario.failures)), "share_of_cases")
        yield Fault(place, "every failure has a share_of_cases of 0; give one of them a share above 0")
    for failure in scenario.failures:
        asks = [f"{failure}.{ask.assumption}" for ask in ASKS.values() if ask.assumption]
        asking = sum(values.get(name, 0.0) for name in asks)
        if asking > 1 + 1e-12:
            words = (
                f"the shares of what customers ask for after {failure} ({', '.join(asks)}) add up to {asking:g}; "
                "they must add up to at most 1, lower one of them"
            )
            yield Fault(("assumptions", *asks[0].split(".")), words)
    for name in scenario.correlation.names if scenario.correlation else ():
        if name not in values:
            yield Fault(("correlation",), str(unknown("assumption", name, list(values), "correlation")))
    staff = values.get("queue.staff", 1.0)
    if staff != round(staff):
        words = f"queue.staff is {staff:g}; it must be a whole number of people, round it"
        yield Fault(("assumptions", "queue", "staff"), words)
    for group, members in shares_of_one(scenario).items():
        if sum(share.highest for share in members.values()) > 1 + 1e-12:
            tops = " and ".join(f"{group}.{name} (up to {share.highest:g})" for name, share in members.items())
            words = f"the ranges of {tops} may not add up to more than 1; lower one of them"
            yield Fault(("assumptions", group, next(iter(members))), words)


def shares_of_one(scenario: Scenario) -> Mapping[str, Mapping[str, Assumption]]:
    """Return by group the shares of styles, which all are shares of the same people."""
    groups = {
        group: {name: members[name] for name in SHARES_OF_ONE if name in members}
        for group, members in scenario.assumptions.items()
    }
    return {group: shares for group, shares in groups.items() if len(shares) > 1}
