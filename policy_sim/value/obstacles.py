"""Obstacles: what keeps a resolution from being given in one case: what is not there, the customer, limits of tiers.

In: a policy, payoffs, a case and a resolution. Out: `Obstacle`s. Left to others: what is chosen (`evaluation`), words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from policy_sim.assumptions import central
from policy_sim.policy import NO_LIMIT_CENTS, Policy
from policy_sim.value.handling import cells_of, limits_in_cents
from policy_sim.value.payoffs import Payoffs
from policy_sim.words import ASKS, LIMITS, NEEDS

__all__ = ["Obstacle", "obstacles_of"]

_HALF = 0.5
_HALF_A_CENT = 0.005


@dataclass(frozen=True)
class Obstacle:
    """One thing that keeps a resolution from being given.

    Attributes
    ----------
    kind
        "lacks": what it needs is not there; "late": it would have had to be given before the customer asked; "owed": it
        is worth less than the customer is entitled to; "asked": the customer asked for something else; "limit": it is
        beyond a limit of a tier.
    name
        What lacks (of `NEEDS`), what is asked for (of `ASKS`), or which limit (of `LIMITS`).
    tier
        Whose limit it is.
    most
        What is owed, or that limit (money); below 0 where the tier has to ask first.
    by
        How far it falls short of what is owed, or is beyond the limit (money).
    """

    kind: str
    name: str = ""
    tier: str = ""
    most: float = 0.0
    by: float = 0.0


def obstacles_of(policy: Policy, payoffs: Payoffs, case: int, resolution: int, tier: int) -> list[Obstacle]:
    """Return all that keeps a resolution from being given in a case at a tier, and at the tiers below it.

    Parameters
    ----------
    policy, payoffs
        The policy, and the valued cases.
    case, resolution
        Places of the case, and of the resolution in the menu of its failure.
    tier
        Place of the tier in the policy, which decides the case.
    """
    cases, menu = payoffs.cases, payoffs.menu
    f = int(cases.failure[case])
    found = [
        Obstacle("lacks", name)
        for name, needed in zip(NEEDS, menu.needs[f, resolution], strict=True)
        if needed and cases.columns[name][case] < _HALF
    ]
    if menu.proactive[f, resolution] and cases.surfaces[case] >= 1:
        found.append(Obstacle("late"))
    owed, promised = _owed_and_promised(payoffs, case, resolution)
    if promised < owed - _HALF_A_CENT:
        found.append(Obstacle("owed", most=owed, by=owed - promised))
    if not found and not payoffs.adequate[case, resolution]:
        found.append(Obstacle("asked", list(ASKS)[int(cases.ask[case])]))
    limits = limits_in_cents(policy, payoffs)[: tier + 1, cells_of(payoffs)[case]]
    for k, of_tier in enumerate(limits):
        for d, name in enumerate(LIMITS):
            used, most = int(payoffs.uses[case, resolution, d]), int(of_tier[d])
            if k < len(policy.tiers) - 1 and most < NO_LIMIT_CENTS and used > most:
                found.append(Obstacle("limit", name, policy.tier_names[k], most / 100, (used - max(most, 0)) / 100))
    return found


def _owed_and_promised(payoffs: Payoffs, case: int, resolution: int) -> tuple[float, float]:
    """Return what a customer is entitled to and what a resolution gives (money), by the central assumptions."""
    scenario, cases = payoffs.scenario, payoffs.cases
    f = int(cases.failure[case])
    failure = cases.failures[f]
    share = scenario.value(f"{failure}.entitlement") * scenario.value(f"{failure}.loss_share")
    money = payoffs.case_arrays.money[case] * cases.column_factors(central(scenario))[:, 0]
    promised = np.dot(money, payoffs.menu.worth[f, resolution, :, 0])
    return float(share * cases.item_price[case]), float(promised)
