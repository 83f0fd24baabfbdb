"""Pictures: what a weight of the response does to a typical customer, in customers of 100.

In: a scenario, one of its assumptions that has a picture. Out: how many more customers of 100 are lost as the facts of
the picture move, or at which value as many are as somebody says. Left to others: the response (`response`), how it is
said (`show.assumption_words`).
"""

from __future__ import annotations

import inspect

import numpy as np

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError
from policy_sim.service.facts import by_failure
from policy_sim.service.response import (
    chance_lost,
    compensation_effect,
    insult,
    over_compensation,
    recency_of_failure,
)

__all__ = ["TYPICAL_ORDERS", "customers_moved", "value_that_moves"]

#: Earlier orders of a typical customer: those at which `response.chance_lost` adds nothing for the bond.
TYPICAL_ORDERS = 3.0
#: Weights of the response: of the whole scenario under `response`, two of each failure.
_WEIGHTS = tuple(name for name in inspect.signature(chance_lost).parameters if name.endswith("_weight"))
_OF_FAILURE = ("compensation_weight", "gesture_weight")
#: A weight beyond which nothing is meant: it multiplies the odds of losing a customer by more than 10^21.
_HEAVIEST = 50.0


def customers_moved(scenario: Scenario, name: str, value: float | None = None) -> float:
    """Return how many more of 100 customers are lost at the second end of an assumption's picture than at the first.

    A typical case is one of a customer with 3 earlier orders whose order failed for the first time, who gets nothing:
    its severity, the hours since it went wrong and the effort are the scenario's `cases.severity_mean`,
    `cases.hours_open_median` and `response.base_effort`, the days since an earlier failure, if the picture has one,
    `cases.days_since_failure_median`. The picture moves some of these facts. All assumptions but the one asked about
    are at their central values. An assumption of a failure is looked at in that failure, any other in the mix of
    failures by their `share_of_cases`.

    Parameters
    ----------
    scenario, name
        Whose assumption, by full name.
    value
        The assumption's value, in its unit; the central one by default.

    Returns
    -------
    float
        -100 to 100; below 0 where fewer are lost.

    Raises
    ------
    InputError
        If the assumption is unknown, or has no picture.
    """
    picture = scenario.said(name).picture
    if picture is None:
        raise InputError(f"assumption '{name}' has no picture; give it one, with a sentence that holds {{customers}}")
    moved = {} if value is None else {name: value}
    group = name.partition(".")[0]
    failures = [group] if group in scenario.failures else list(scenario.failures)
    shares = by_failure(scenario, "share_of_cases") if len(failures) > 1 else None
    first, second = (
        np.array([_chance(scenario, failure, facts, moved) for failure in failures])
        for facts in ({str(fact): ends[end] for fact, ends in picture.items()} for end in (0, 1))
    )
    return float(100 * np.average(second - first, weights=shares))


def value_that_moves(scenario: Scenario, name: str, customers: float) -> float:
    """Return the value of an assumption at which its picture moves so many of 100 customers.

    It is the inverse of `customers_moved`, in the direction in which the central value moves them.

    Parameters
    ----------
    scenario, name
        Whose assumption, by full name; all others are at their central values.
    customers
        How many of 100, 0 or more.

    Raises
    ------
    InputError
        If the assumption is unknown or has no picture; if no weight moves so many, which says how many it can move.
    """
    sign = np.sign(customers_moved(scenario, name, scenario.assumption(name).range[1])) or 1.0

    def beyond(value: float) -> float:
        return float(sign * customers_moved(scenario, name, value) - customers)

    least, most = beyond(0.0) + customers, beyond(_HEAVIEST) + customers
    if not least <= customers <= most:
        raise InputError(
            f"{customers:.3g} of 100 customers are not to be had; expected a number from {max(least, 0.0):.3g} to "
            f"{most:.3g} of 100, as others leave or stay whatever this is"
        )
    from scipy.optimize import brentq  # takes its time to load

    return float(brentq(beyond, 0.0, _HEAVIEST, xtol=1e-9))


def _chance(scenario: Scenario, failure: str, facts: dict[str, float], moved: dict[str, float]) -> float:
    """Return the chance (0-1) that the customer of a typical case of a failure is lost, with some facts moved."""

    def value(name: str) -> float:
        return moved[name] if name in moved else scenario.value(name)

    compensation, prior = facts.get("compensation", 0.0), facts.get("prior_failures", 0.0)
    days = facts.get("days_since_failure", value("cases.days_since_failure_median"))
    weights = {name: value(f"{failure if name in _OF_FAILURE else 'response'}.{name}") for name in _WEIGHTS}
    return float(
        chance_lost(
            effect=compensation_effect(compensation, scenario.failures[failure].shape),
            over=over_compensation(compensation),
            insulted=facts.get("insult", insult(compensation, value("response.insult_below"))),
            gesture=facts.get("gesture", 0.0),
            proactive=facts.get("proactive", 0.0),
            suspected=facts.get("suspected", 0.0),
            severity=facts.get("severity", value("cases.severity_mean")),
            hours=facts.get("hours", value("cases.hours_open_median")),
            effort=facts.get("effort", value("response.base_effort")),
            prior_failures=prior,
            recent_failure=recency_of_failure(prior, days, value("response.double_deviation_half_life_days")),
            prior_purchases=facts.get("prior_purchases", TYPICAL_ORDERS),
            churn_without_failure=value("response.churn_without_failure"),
            churn_without_remedy=value(f"{failure}.churn_without_remedy"),
            **weights,
        )
    )
