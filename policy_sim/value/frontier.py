"""Frontier: the highest net value for each amount of spend, of supervisors' time, or of learned claiming.

In: a policy, payoffs, what is to be spared. Out: `Frontier`, policies from the thriftiest to the best, none of which
can be beaten on both counts by mixing others. Left to others: one bound kept exactly (`best_limits` with `budget`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, Progress, plain_rows, unknown
from policy_sim.policy import Policy, limit_content
from policy_sim.value.evaluation import Outcome, compare, evaluate
from policy_sim.value.expected import Expected, load_of
from policy_sim.value.grid import enumerate_pairs
from policy_sim.value.payoffs import Payoffs, spread
from policy_sim.value.search import Search, moving_levers
from policy_sim.words import MOVED, SPARED

__all__ = ["Frontier", "frontier"]

Floats = NDArray[np.float64]

_CASES = 2_000  # at most, that the policies are found on


@dataclass(frozen=True)
class Frontier:
    """Policies along the frontier, and others placed beside it, all evaluated on the same cases and draws.

    Attributes
    ----------
    over
        What is spared, a name of `words.SPARED`.
    outcomes
        Of the policies on the frontier, from the one that spares most to the one with the highest net value.
    beside
        Of the given policy, and of the others that were to be placed.
    prices
        (outcomes - 1,) what a unit more brings between one and the next: money for each money, or minute.
    """

    over: str
    outcomes: tuple[Outcome, ...]
    beside: tuple[Outcome, ...]
    prices: Floats

    def to_frame(self) -> pd.DataFrame:
        """Return one row per policy: what is spared and net value, a year (money, or minutes), limits, on the frontier.

        `gain` is how far it is ahead of the given policy, a year (money), paired; `price` what a unit more brings since
        the policy before on the frontier. Money has its 90 % interval; `too_few_cases` to trust that of the gain.
        """
        rows = []
        prices = [np.nan, *self.prices, *[np.nan] * len(self.beside)]
        for outcome, price in zip((*self.outcomes, *self.beside), prices, strict=True):
            net, gain = outcome.per_year(), compare(outcome, self.beside[0])
            (low, high), (gain_low, gain_high) = outcome.interval_per_year(), gain.interval_per_year()
            rows.append(
                {
                    "policy": outcome.policy.name,
                    "on_frontier": outcome in self.outcomes,
                    SPARED[self.over].outcome: float(outcome.per_year(SPARED[self.over].outcome).mean()),
                    "net_value": float(net.mean()),
                    "net_value_low": low,
                    "net_value_high": high,
                    "gain": float(gain.per_year().mean()),
                    "gain_low": gain_low,
                    "gain_high": gain_high,
                    "too_few_cases": gain.too_few(),
                    "price": price,
                }
                | {
                    f"{tier.name}.{name}": value
                    for tier in outcome.policy.tiers[:-1]
                    for name, value in tier.limits.items()
                }
            )
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data; limits as they stand in files."""
        return {"over": self.over, "policies": plain_rows(self.to_frame(), limit_content)}


def frontier(
    policy: Policy,
    payoffs: Payoffs,
    over: str = "budget",
    limits: Sequence[str] = MOVED,
    beside: Sequence[Policy] = (),
    points: int = 8,
    on_progress: Progress | None = None,
) -> Frontier:
    """Find the policies with the highest net value for each amount of what is to be spared.

    Parameters
    ----------
    policy
        Sets tiers, guards and the limits that do not move; it is placed beside the frontier.
    payoffs
        The valued cases. The policies are found on 2,000 of them at most, and evaluated on all.
    over
        "budget" (remedy cost), "escalation_minutes" (supervisor minutes) or "learned_claiming".
    limits
        Which limits may move, of every tier but the last.
    beside
        Other policies to place.
    points
        At most so many policies, evenly spread; 2 or more.
    on_progress
        Called as policies are found.

    Raises
    ------
    InputError
        If a name is unknown, or there are fewer than two points.

    Notes
    -----
    A price on what is spared singles out the pair of tiers' policies on a grid that is best at that price; all prices
    together give the corners of the upper hull. Each corner is polished on exact curves at a price where it is best.
    """
    if over not in SPARED:
        raise unknown("quantity to spare", over, list(SPARED))
    if points < 2:
        raise InputError(f"a frontier of {points} policies has no two ends; ask for 2 or more (points)")
    name = SPARED[over].outcome
    levers = moving_levers(policy, limits, None)
    few = payoffs.take(spread(len(payoffs.cases), _CASES))
    expected = Expected.of(policy, few, load_of(policy, few), limits)
    grid = enumerate_pairs(policy, expected, levers, ("net_value", name))
    allowed = np.flatnonzero(grid.is_in_order.ravel())
    spared, net = (grid.totals[quantity].ravel()[allowed].astype(np.float64) for quantity in (name, "net_value"))
    corners = upper_hull(spared, net)
    chosen = np.unique(np.linspace(0, len(corners) - 1, points).astype(np.int64)).tolist()
    report = on_progress or (lambda words, done, of: None)
    outcomes: list[Outcome] = []
    for n, k in enumerate(chosen):
        search = Search(expected, {}, {name: _price_at(spared[corners], net[corners], k)})
        best, _ = search.climb(grid.policy_at(grid.pair(int(allowed[corners[k]]))), levers)
        outcomes.append(evaluate(best, payoffs))
        report("Searching the frontier", n + 1, len(chosen))
    at = np.array([[outcome.per_case(name).mean(), outcome.per_case().mean()] for outcome in outcomes])
    on_hull = upper_hull(at[:, 0], at[:, 1])
    prices = np.diff(at[on_hull, 1]) / np.maximum(np.diff(at[on_hull, 0]), 1e-12)
    others = [evaluate(other, payoffs) for other in (policy, *beside)]
    along = [replace(outcomes[k], policy=_named(outcomes[k].policy, n)) for n, k in enumerate(on_hull.tolist())]
    return Frontier(over, tuple(along), tuple(others), prices)


def upper_hull(x: Floats, y: Floats) -> NDArray[np.int64]:
    """Return the places of the corners of the upper hull of points, from the lowest x to the highest y."""
    order = np.lexsort((-y, x))
    corners: list[int] = []
    for place in order.tolist():
        if corners and y[place] <= y[corners[-1]]:
            continue
        while len(corners) > 1 and _turns_up(x, y, corners[-2], corners[-1], place):
            corners.pop()
        if len(corners) == 1 and x[place] <= x[corners[0]]:
            corners.pop()
        corners.append(place)
    return np.array(corners, dtype=np.int64)


def _turns_up(x: Floats, y: Floats, first: int, middle: int, last: int) -> bool:
    return bool((y[middle] - y[first]) * (x[last] - x[middle]) <= (y[last] - y[middle]) * (x[middle] - x[first]))


def _price_at(spared: Floats, net: Floats, k: int) -> float:
    """Return a price at which the k-th corner is best: between the slopes to its neighbours, 0 for the last."""
    if k == len(net) - 1:
        return 0.0
    slopes = np.diff(net) / np.maximum(np.diff(spared), 1e-12)
    before = slopes[k - 1] if k > 0 else 2 * slopes[0]
    return float((before + slopes[k]) / 2)


def _named(policy: Policy, n: int) -> Policy:
    return policy.model_copy(update={"name": f"frontier_{n + 1}", "title": f"On the frontier, {n + 1}"})
