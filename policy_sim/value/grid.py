"""Grid: every pair of policies of the two lowest tiers, and what each comes to, by a matrix product.

In: tables of expected payoffs, the limits that may move. Out: `Grid`. Left to others: making the best of it
(`best_limits`), trading one thing against another (`frontier`).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import ASK, NO_LIMIT, Lever, Policy, to_cents
from policy_sim.value.choice_kernels import PolicyArrays
from policy_sim.value.expected import QUANTITIES, Expected
from policy_sim.value.grid_kernels import grid_values
from policy_sim.value.handling import policy_arrays_of
from policy_sim.value.payoffs import in_blocks
from policy_sim.words import LIMIT_KINDS, LIMITS

__all__ = ["Grid", "enumerate_pairs"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """All pairs of policies of the two lowest tiers on a grid, and what each pair comes to.

    Attributes
    ----------
    levels
        For each of `LIMITS` the values on the grid, money.
    combinations
        (G, limits) the position of each combination's limits in `levels`.
    totals
        By name of quantity (G, G) means per case; rows are the first tier's combination, columns the second's.
    is_in_order
        (G, G) whether no limit falls.
    """

    policy: Policy
    tiers: tuple[str, ...]
    levels: tuple[Floats, ...]
    combinations: tuple[Ints, ...]
    totals: Mapping[str, NDArray[np.float32]]
    is_in_order: NDArray[np.bool_]

    def pair(self, place: int) -> tuple[int, ...]:
        """Return the combinations of each tier at a place in the flattened totals."""
        row, column = divmod(place, self.is_in_order.shape[1])
        return (row, column)[: len(self.tiers)]

    def policy_at(self, pair: tuple[int, ...]) -> Policy:
        """Return the policy of a pair."""
        policy = self.policy
        for tier, combinations, place in zip(self.tiers, self.combinations, pair, strict=True):
            for d, limit in enumerate(LIMITS):
                policy = policy.with_limit(Lever(tier, limit), float(self.levels[d][combinations[place, d]]))
        return policy


def enumerate_pairs(
    policy: Policy, expected: Expected, levers: Sequence[Lever], quantities: Sequence[str] = ("net_value",)
) -> Grid:
    """Work out every pair of grid policies of the two lowest tiers.

    Of a pair (p, q) every case comes to its value at the first tier under p if that one settles it, else to its value
    from the second tier up under q: a sum and a matrix product. Exceptions are left out of account.

    Parameters
    ----------
    policy
        Sets the limits that do not move, tiers and guards.
    expected
        Tables of its cases.
    levers
        General limits that may move.
    quantities
        Which of `QUANTITIES` to work out.
    """
    payoffs = expected.payoffs
    tiers = policy.tier_names[:-1][:2]
    bare = policy.model_copy(update={"exceptions": ()})
    uses = payoffs.choice_sets.uses[payoffs.choice_sets.adequate]
    levels = tuple(_grid_levels(limit, uses[:, d], bare, tiers, levers) for d, limit in enumerate(LIMITS))
    rules = policy_arrays_of(bare, payoffs)
    above = expected.of_policy(bare, lowest=len(tiers))
    combinations = tuple(_combinations(tier, bare, levels, levers) for tier in tiers)
    in_cents = _padded_levels(levels)
    totals: dict[str, NDArray[np.float32]] = {}
    for name in quantities:
        q = QUANTITIES.index(name)
        parts = [_settled(expected, k, q, in_cents, combinations[k], rules) for k in range(len(tiers))]
        settled, values = ([part[n] for part in parts] for n in range(2))
        rest = above[:, q]
        if len(tiers) == 2:
            passed_on = values[1] + (1 - settled[1]) * rest[:, None].astype(np.float32)
            total = _product(1 - settled[0], passed_on)
        else:
            total = _product(1 - settled[0], rest[:, None])
        total += values[0].sum(axis=0, dtype=np.float64)[:, None].astype(np.float32)
        totals[name] = np.divide(total, np.float32(len(payoffs.cases)), out=total)
    return Grid(bare, tiers, levels, combinations, totals, _in_order(combinations))


def _settled(
    expected: Expected, k: int, q: int, levels: Ints, grid: Ints, rules: PolicyArrays
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (N, combinations) whether the k-th tier settles each case, and what that comes to in a quantity."""
    payoffs = expected.payoffs
    settled, value = (np.empty((len(payoffs.cases), len(grid)), dtype=np.float32) for _ in range(2))
    table = np.ascontiguousarray(expected.table[k][..., q])
    scenario_tier, reaches = int(rules.tiers[k]), rules.start <= k

    def work(first: int, last: int) -> None:
        options, choosable = payoffs.choice_sets, expected.choosable[k]
        grid_values(
            scenario_tier, levels, grid, reaches, options, choosable, rules.book, table, first, last, settled, value
        )

    in_blocks(work, len(payoffs.cases), 250)
    return settled, value


def _product(left: NDArray[np.float32], right: Floats | NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(left.T @ right.astype(np.float32, copy=False), dtype=np.float32)


def _in_order(combinations: Sequence[Ints]) -> NDArray[np.bool_]:
    if len(combinations) == 1:
        return np.ones((len(combinations[0]), 1), dtype=np.bool_)
    first, second = combinations
    in_order = np.ones((len(first), len(second)), dtype=np.bool_)
    for d in range(first.shape[1]):
        in_order &= first[:, None, d] <= second[None, :, d]
    return in_order


def _grid_levels(limit: str, uses: Ints, policy: Policy, tiers: Sequence[str], levers: Sequence[Lever]) -> Floats:
    """Return the values (money, rising) of a limit on the grid: those in force, ask, no limit, some between."""
    in_force = [policy.limit(tier, limit) for tier in tiers]
    if LIMIT_KINDS[limit].grid_points == 0 or not any(lever.limit == limit for lever in levers):
        return np.unique(in_force)
    drawn = uses[uses > 0]
    shares = np.linspace(0.1, 0.9, LIMIT_KINDS[limit].grid_points) if drawn.size else np.empty(0)
    between = np.ceil(np.quantile(drawn, shares) / 100) if drawn.size else shares
    return np.unique(np.concatenate([[ASK, NO_LIMIT], in_force, between]))


def _combinations(tier: str, policy: Policy, levels: Sequence[Floats], levers: Sequence[Lever]) -> Ints:
    """Return (combinations, limits) all positions in the levels for a tier; limits that do not move have one."""
    moved = {lever.limit for lever in levers if lever.tier == tier and LIMIT_KINDS[lever.limit].grid_points > 0}
    choices = [
        range(len(levels[d])) if limit in moved else [int(np.searchsorted(levels[d], policy.limit(tier, limit)))]
        for d, limit in enumerate(LIMITS)
    ]
    return np.array(list(itertools.product(*choices)), dtype=np.int64)


def _padded_levels(levels: Sequence[Floats]) -> Ints:
    width = max(len(values) for values in levels)
    cents = [[to_cents(float(value)) for value in values] for values in levels]
    return np.array([row + row[-1:] * (width - len(row)) for row in cents], dtype=np.int64)
