"""Facts: what cases are like, drawn as a scenario describes them.

In: a scenario, random numbers, how many. Out: arrays, one entry for each case.
Left to others: whose orders fail (`cases`, `evidence`), what is done about it (`remedies`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario
from policy_sim.service.claiming import GENUINE_SCORE, OPPORTUNIST_SCORE
from policy_sim.words import ASKS

__all__ = ["by_failure", "draw_asks", "draw_failures", "draw_lognormal", "draw_severity", "draw_suspicion"]

Floats = NDArray[np.float64]


def by_failure(scenario: Scenario, member: str) -> Floats:
    """Return an assumption of each failure (failures,), such as "share_of_cases"."""
    return np.array([scenario.value(f"{failure}.{member}") for failure in scenario.failures])


def draw_failures(rng: np.random.Generator, scenario: Scenario, count: int) -> NDArray[np.int64]:
    """Draw which failure it is: indices among those of the scenario, by their shares of cases."""
    shares = by_failure(scenario, "share_of_cases")
    return np.asarray(rng.choice(len(shares), size=count, p=shares / shares.sum()), dtype=np.int64)


def draw_severity(rng: np.random.Generator, scenario: Scenario, count: int) -> Floats:
    """Draw how severe they are, 0-1."""
    mean, concentration = scenario.value("cases.severity_mean"), scenario.value("cases.severity_concentration")
    return np.asarray(rng.beta(mean * concentration, (1 - mean) * concentration, count))


def draw_lognormal(rng: np.random.Generator, scenario: Scenario, name: str, count: int) -> Floats:
    """Draw a lognormal quantity of which the scenario has NAME_median and NAME_spread: "cases.hours_open"."""
    median, spread = scenario.value(f"{name}_median"), scenario.value(f"{name}_spread")
    return np.asarray(median * np.exp(spread * rng.standard_normal(count)))


def draw_suspicion(rng: np.random.Generator, looks_suspicious: NDArray[np.bool_]) -> Floats:
    """Draw suspicion scores, 0-1, of customers who look like an opportunist and of those who do not."""
    count = len(looks_suspicious)
    return np.where(looks_suspicious, rng.beta(*OPPORTUNIST_SCORE, count), rng.beta(*GENUINE_SCORE, count))


def draw_asks(scenario: Scenario, failure: NDArray[np.int64], rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Draw what customers ask for, how firmly, and what there is to give them: columns of `Cases` by name."""
    count = len(failure)
    shares = np.array(
        [
            [scenario.value(f"{name}.{ask.assumption}") if ask.assumption else 0.0 for ask in ASKS.values()]
            for name in scenario.failures
        ]
    )
    # the first asks for nothing in particular: whoever is left
    shares[:, 0] = 1 - shares.sum(axis=1)
    mean, concentration = scenario.value("cases.firmness_mean"), scenario.value("cases.firmness_concentration")
    insists = rng.random(count) < scenario.value("cases.insists_share")
    firmness = rng.beta(mean * concentration, (1 - mean) * concentration, count)
    out_of_stock = by_failure(scenario, "out_of_stock_share")[failure]
    live = rng.random(count) < scenario.value("cases.live_share")
    return {
        "live": live.astype(np.float64),
        "ask": (rng.random(count)[:, None] >= np.cumsum(shares[failure], axis=1)).sum(axis=1).clip(0, len(ASKS) - 1),
        "firmness": np.where(insists, 1.0, firmness),
        "in_stock": (rng.random(count) >= out_of_stock).astype(np.float64),
        "part_available": (rng.random(count) >= scenario.value("cases.part_gone_share")).astype(np.float64),
    }
