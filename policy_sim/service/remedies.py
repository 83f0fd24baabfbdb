"""Remedies and resolutions: what can be done about each failure, compiled to arrays.

In: a scenario and draws of its assumptions. Out: `Menu`, the resolutions of every failure as linear forms in the case's
columns. Left to others: the cases they are applied to (`value`), how customers answer (`response`).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import COLUMNS, LIMITS, Draws, Scenario

__all__ = ["Menu", "compile_menu"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Menu:
    """The resolutions of every failure; shapes: F failures, A resolutions (padded), C columns, L limits, M draws.

    Attributes
    ----------
    names
        For each failure the names of its resolutions, remedies joined by " + "; "nothing" where there is none.
    counts
        (F,) number of resolutions of each failure.
    cost, worth, trouble, gain
        (F, A, C, M) coefficients of the linear forms, money.
    uses
        (F, A, L, C, M) coefficients of what is drawn from each limit; the last limit, total_cost, draws the cost.
    touches
        (F, A, L) whether a resolution draws on a limit at all.
    minutes, effort, gesture
        (F, A, M) minutes of staff, effort asked of the customer (0-1), strength of the gesture (0-1).
    """

    names: tuple[tuple[str, ...], ...]
    counts: NDArray[np.int64]
    cost: Floats
    worth: Floats
    trouble: Floats
    gain: Floats
    uses: Floats
    touches: NDArray[np.bool_]
    minutes: Floats
    effort: Floats
    gesture: Floats


def compile_menu(scenario: Scenario, draws: Draws) -> Menu:
    """Compose the resolutions of every failure and put all numbers of the draws into them.

    Parameters
    ----------
    scenario
        Remedies, failures and their parts; one alternative from each part makes a resolution.
    draws
        M joint draws of the assumptions.
    """
    acts = {
        variant: _Act(scenario, name, variant, draws)
        for name in scenario.remedies
        for variant in scenario.variants(name)
    }
    bundles = [_bundles(failure.resolutions) for failure in scenario.failures.values()]
    shape = (len(bundles), max(map(len, bundles)))
    money = (*shape, len(COLUMNS), len(draws))
    menu = Menu(
        names=tuple(tuple(" + ".join(bundle) or "nothing" for bundle in each) for each in bundles),
        counts=np.array([len(each) for each in bundles]),
        cost=np.zeros(money),
        worth=np.zeros(money),
        trouble=np.zeros(money),
        gain=np.zeros(money),
        uses=np.zeros((*shape, len(LIMITS), len(COLUMNS), len(draws))),
        touches=np.zeros((*shape, len(LIMITS)), dtype=np.bool_),
        minutes=np.zeros((*shape, len(draws))),
        effort=np.zeros((*shape, len(draws))),
        gesture=np.zeros((*shape, len(draws))),
    )
    for f, each in enumerate(bundles):
        for a, bundle in enumerate(each):
            for act in (acts[name] for name in bundle):
                menu.cost[f, a] += act.cost
                menu.worth[f, a] += act.worth
                menu.trouble[f, a] += act.trouble
                menu.gain[f, a] += act.gain
                menu.minutes[f, a] += act.minutes
                menu.effort[f, a] += act.effort
                menu.gesture[f, a] += act.gesture
                for limit, form in act.uses.items():
                    menu.uses[f, a, LIMITS.index(limit)] += form
                    menu.touches[f, a, LIMITS.index(limit)] = True
            menu.uses[f, a, LIMITS.index("total_cost")] = menu.cost[f, a]
            menu.touches[f, a, LIMITS.index("total_cost")] = True
    np.minimum(menu.gesture, 1.0, out=menu.gesture)
    return menu


def _bundles(parts: Mapping[str, tuple[tuple[str, ...], ...]]) -> list[tuple[str, ...]]:
    return [tuple(itertools.chain(*combination)) for combination in itertools.product(*parts.values())]


class _Act:
    """One variant of a remedy with the numbers of all draws: forms (C, M), quantities (M,)."""

    def __init__(self, scenario: Scenario, name: str, variant: str, draws: Draws) -> None:
        remedy = scenario.remedies[name]
        position = scenario.variants(name).index(variant)
        if remedy.shares_of_price:
            amount = ("item_price", remedy.shares_of_price[position])
        else:
            amount = ("constant", remedy.amounts[position] if remedy.amounts else 0.0)

        def number(coefficient: str | None) -> Floats:
            if coefficient is None:
                return np.zeros(len(draws))
            sign = -1.0 if coefficient.startswith("-") else 1.0
            bare = coefficient.removeprefix("-")
            return sign * (np.ones(len(draws)) if bare == "1" else draws[bare])

        def form(coefficients: Mapping[str, str]) -> Floats:
            compiled = np.zeros((len(COLUMNS), len(draws)))
            for column, coefficient in coefficients.items():
                target, size = amount if column == "amount" else (column, 1.0)
                compiled[COLUMNS.index(target)] += size * number(coefficient)
            return compiled

        self.cost = form(remedy.cost)
        self.worth = form(remedy.worth)
        self.trouble = form(remedy.trouble)
        self.gain = self.worth if remedy.gain is None else form(remedy.gain)
        self.uses = {limit: form(coefficients) for limit, coefficients in remedy.uses.items()}
        self.minutes = number(remedy.minutes)
        self.effort = number(remedy.effort)
        self.gesture = number(remedy.gesture)
