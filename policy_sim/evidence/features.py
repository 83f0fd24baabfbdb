"""Features: what of each case and of what was given bears on the customer's answer.

In: a log of cases, the scenario's central assumptions. Out: `Features`, the terms of the response model (cases,).
Left to others: how much each weighs (`calibration`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario, central
from policy_sim.evidence.case_log import UNKNOWN, CaseLog
from policy_sim.failures import ACTS
from policy_sim.service import compensation_effect, compile_menu, insult, over_compensation, recency_of_failure

__all__ = ["Features", "features_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_A_CENT = 0.01


@dataclass(frozen=True)
class Features:
    """Terms of the response model for cases of which is known what was given; arrays (cases,).

    Attributes
    ----------
    failure
        Index of the failure.
    item_price
        Of what failed, money.
    compensation
        What was given over what was lost, both in money, net of the customer's trouble.
    effect, over, insulted
        Of that compensation (0-1): `service.response`.
    gesture
        How strong a gesture it was (0-1).
    weighted
        What the weights of the group "response" multiply, by the name of the weight: added to the logits of loss.
    assumed_hours
        Whether the hours until the answer are the scenario's, as the log does not say them.
    """

    failure: Ints
    item_price: Floats
    compensation: Floats
    effect: Floats
    over: Floats
    insulted: Floats
    gesture: Floats
    weighted: Mapping[str, Floats]
    assumed_hours: NDArray[np.bool_]


def features_of(log: CaseLog, scenario: Scenario) -> Features:
    """Work out the terms of the response model (`service.chance_lost`) for cases of a log.

    Assumptions that no log of cases tells (what a credit is worth to a customer, how long parcels take) are at their
    central values. The wait is that from the failure until the answer as the log has it, and then until what was given
    arrives.

    Parameters
    ----------
    log
        Cases, all of them with a known resolution.
    """
    if (log.resolution == UNKNOWN).any():
        raise ValueError("a case without a resolution has no features")
    cases, draw = log.cases, central(scenario)
    menu = compile_menu(scenario, draw)
    place = (cases.failure, log.resolution)
    columns = cases.money_columns() * cases.column_factors(draw)[:, 0]
    net = ((menu.felt - menu.trouble)[place][..., 0] * columns).sum(axis=1)
    loss_share = np.array([scenario.value(f"{failure}.loss_share") for failure in scenario.failures])
    compensation = net / (loss_share[cases.failure] * np.maximum(cases.item_price, _A_CENT))
    is_rejected = np.array([failure.shape == "rejected" for failure in scenario.failures.values()])[cases.failure]
    acts = {name: menu.acts[(*place, number, 0)] for number, name in enumerate(ACTS)}
    answered, assumed = _hours_until_the_answer(log, scenario)
    hours = cases.hours_open + answered + acts["lead_hours"]
    effort = scenario.value("response.base_effort") + acts["effort"]
    half_life = scenario.value("response.double_deviation_half_life_days")
    recent = recency_of_failure(cases.prior_failures, cases.days_since_failure, half_life)
    return Features(
        failure=cases.failure,
        item_price=cases.item_price,
        compensation=compensation,
        effect=np.where(
            is_rejected, compensation_effect(compensation, "rejected"), compensation_effect(compensation, "accepted")
        ),
        over=over_compensation(compensation),
        insulted=insult(compensation, scenario.value("response.insult_below")),
        gesture=acts["gesture"],
        weighted={
            "severity_weight": cases.severity - 0.5,
            "wait_weight": np.log((1 + hours / 24) / 2),
            "effort_weight": effort - 0.5,
            "repeat_weight": np.minimum(cases.prior_failures, 3.0),
            "double_deviation_weight": recent,
            "bond_weight": -np.log((1 + cases.prior_purchases) / 4),
            "first_order_weight": (cases.prior_purchases <= 1).astype(np.float64),
        },
        assumed_hours=assumed,
    )


def _hours_until_the_answer(log: CaseLog, scenario: Scenario) -> tuple[Floats, NDArray[np.bool_]]:
    """Return hours from opening a case to its answer, and where they are the scenario's."""
    seconds = (log.resolved - log.opened).astype("timedelta64[s]").astype(np.float64)
    seconds[np.isnat(log.resolved) | np.isnat(log.opened)] = np.nan
    of_tier = {
        name: np.array([scenario.value(f"{tier}.{name}") for tier in scenario.tiers])[log.tier]
        for name in ("live_wait_hours", "wait_hours")
    }
    expected = np.where(log.cases.live >= 0.5, of_tier["live_wait_hours"], of_tier["wait_hours"])
    expected = np.where(log.tier == UNKNOWN, 0.0, expected)
    assumed = ~(seconds >= 0)
    return np.where(assumed, expected, seconds / 3600), assumed
