"""Remedies and resolutions: what can be done about each failure, compiled to arrays.

In: a scenario and draws of its assumptions. Out: `Menu`, the resolutions of every failure as linear forms in the case's
columns. Left to others: the cases they are applied to (`value`), how customers answer (`response`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import Draws, Scenario
from policy_sim.failures import ACTS
from policy_sim.words import COLUMNS, EVERYTHING, GOODWILL, LIMIT_KINDS, LIMITS, NEEDS, resolution_name

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
    cost, worth, felt, trouble, gain
        (F, A, C, M) coefficients of the linear forms, money. `felt` is the worth that counts for the customer's answer:
        less than `worth` where a remedy is not of a kind that matches the loss.
    uses
        (F, A, L, C, M) coefficients of what a resolution uses of each limit; its whole cost for total_cost; for
        goodwill what it is worth, credit at what is written on it, but for items that are kept, which have a limit of
        their own.
    gesture_cost
        (F, A, C, M) what its service costs, and the time of supervisors: goodwill, whatever is owed.
    brings_item_back
        (F, A) whether the item comes back.
    touches
        (F, A, L) whether a resolution uses a limit at all.
    acts
        (F, A, acts, M) as named in `ACTS`: minutes, minutes of supervisors, hours until the last of it arrives, effort
        asked of the customer, strength of the gesture (at most 1).
    money_worth
        (F, A, C, M) the part of `worth` that is given in money.
    goods
        (F, A) whether a resolution puts the thing right: it holds goods.
    needs
        (F, A, columns) whether it needs each of `NEEDS`.
    proactive
        (F, A) whether a resolution is given before anybody asks.
    in_line
        (F, A) whether the customer has to wait for a supervisor.
    """

    names: tuple[tuple[str, ...], ...]
    counts: NDArray[np.int64]
    cost: Floats
    worth: Floats
    felt: Floats
    trouble: Floats
    gain: Floats
    uses: Floats
    touches: NDArray[np.bool_]
    acts: Floats
    gesture_cost: Floats
    brings_item_back: NDArray[np.bool_]
    money_worth: Floats
    goods: NDArray[np.bool_]
    needs: NDArray[np.bool_]
    proactive: NDArray[np.bool_]
    in_line: NDArray[np.bool_]


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
    bundles = [scenario.resolutions(failure) for failure in scenario.failures]
    shape = (len(bundles), max(map(len, bundles)))
    money = (*shape, len(COLUMNS), len(draws))
    menu = Menu(
        names=tuple(tuple(resolution_name(bundle) for bundle in of_failure) for of_failure in bundles),
        counts=np.array([len(of_failure) for of_failure in bundles]),
        cost=np.zeros(money),
        worth=np.zeros(money),
        felt=np.zeros(money),
        trouble=np.zeros(money),
        gain=np.zeros(money),
        uses=np.zeros((*shape, len(LIMITS), len(COLUMNS), len(draws))),
        touches=np.zeros((*shape, len(LIMITS)), dtype=np.bool_),
        acts=np.zeros((*shape, len(ACTS), len(draws))),
        gesture_cost=np.zeros(money),
        brings_item_back=np.zeros(shape, dtype=np.bool_),
        money_worth=np.zeros(money),
        goods=np.zeros(shape, dtype=np.bool_),
        needs=np.zeros((*shape, len(NEEDS)), dtype=np.bool_),
        proactive=np.zeros(shape, dtype=np.bool_),
        in_line=np.zeros(shape, dtype=np.bool_),
    )
    lead = ACTS.index("lead_hours")
    gesture = ACTS.index("gesture")
    for f, (failure, of_failure) in enumerate(zip(scenario.failures.values(), bundles, strict=True)):
        for a, bundle in enumerate(of_failure):
            for act in (acts[name] for name in bundle):
                menu.cost[f, a] += act.cost
                menu.worth[f, a] += act.worth
                matches = act.kind is None or act.kind in failure.matched_by
                menu.felt[f, a] += act.worth * (1.0 if matches else 1.0 - draws["response.mismatch_share"])
                menu.trouble[f, a] += act.trouble
                menu.gain[f, a] += act.gain
                menu.acts[f, a] += act.acts
                if act.kind == "money":
                    menu.money_worth[f, a] += act.worth
                menu.goods[f, a] |= act.kind == "goods"
                menu.needs[f, a] |= act.needs
                menu.proactive[f, a] |= act.proactive
                menu.in_line[f, a] |= act.in_line
                menu.gesture_cost[f, a] += act.gesture_cost
                menu.brings_item_back[f, a] |= act.brings_item_back
                if not act.waives_return:
                    menu.uses[f, a, LIMITS.index(GOODWILL)] += act.face
                for limit, form in act.uses.items():
                    menu.uses[f, a, LIMITS.index(limit)] += form
                    menu.touches[f, a, LIMITS.index(limit)] = True
            menu.acts[f, a, lead] = _hours_until_the_last([acts[name] for name in bundle], len(draws))
            menu.uses[f, a, LIMITS.index(EVERYTHING)] = menu.cost[f, a]
            menu.touches[f, a, LIMITS.index(EVERYTHING)] = True
    np.minimum(menu.acts[:, :, gesture], 1.0, out=menu.acts[:, :, gesture])
    return menu


def _hours_until_the_last(bundle: Sequence[_Act], draw_count: int) -> Floats:
    """Return the hours (draws,) until the last of what is given together arrives, after what has to come first."""
    hours = np.zeros((2, draw_count))
    for act in bundle:
        place = 0 if act.comes_first else 1
        hours[place] = np.maximum(hours[place], act.acts[ACTS.index("lead_hours")])
    return np.asarray(hours.sum(axis=0))


class _Act:
    """One variant of a remedy with the numbers of all draws: forms (C, M), acts (acts, M)."""

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

        self.kind = remedy.kind
        self.waives_return, self.brings_item_back = remedy.waives_return, remedy.brings_item_back
        self.needs = np.array([need == remedy.needs for need in NEEDS])
        self.proactive = remedy.proactive
        self.in_line = remedy.in_line
        self.comes_first = remedy.comes_first
        self.cost = form(remedy.cost)
        self.worth = form(remedy.worth)
        self.trouble = form(remedy.trouble)
        self.gain = self.worth if remedy.gain is None else form(remedy.gain)
        self.uses = {limit: form(coefficients) for limit, coefficients in remedy.uses.items()}
        written = (form for limit, form in self.uses.items() if not LIMIT_KINDS[limit].counts_item_price)
        self.face = next(written, self.worth)
        self.acts = np.array([number(getattr(remedy, name)) for name in ACTS])
        self.gesture_cost = self.cost.copy() if remedy.kind == "service" else np.zeros_like(self.cost)
        of_supervisors = self.acts[ACTS.index("supervisor_minutes")] * draws[f"{scenario.tiers[1]}.cost_per_minute"]
        self.gesture_cost[COLUMNS.index("constant")] += of_supervisors
