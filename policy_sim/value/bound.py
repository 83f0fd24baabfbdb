"""Bound: no limits of a kind can bring more than this, so that the best that were found are known to be near it.

In: a search (tables of expected payoffs, prices), the limits that may move, the best ones found. Out: `Bound`. Left to
others: finding limits (`search`), what is said of the gap (`show`).

Branch and bound. All limits that may move lie between a lowest and a highest value each: a box. Under any limits of a
box a case gets at most the best that they might permit and that some style would then choose. The box with the highest
sum is cut in two where one limit keeps most money open, again and again. What is left bounds all limits there are, and
is exact once no box is open.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import ASK, NO_LIMIT, NO_LIMIT_CENTS, Lever, Policy, to_cents
from policy_sim.value.bound_kernels import NOTHING_OPEN, BoundTables, bound_cases
from policy_sim.value.choice_kernels import PolicyArrays, orders_at
from policy_sim.value.expected import QUANTITIES, Expected
from policy_sim.value.handling import policy_arrays_of
from policy_sim.value.payoffs import in_blocks
from policy_sim.value.places import cells_moved
from policy_sim.value.search import Search
from policy_sim.words import LIMITS

__all__ = ["Bound", "bound_limits"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_PASSES = 200  # over all cases, at most, that a bound may take
_NEAR_ENOUGH = 0.01  # money a case: a gap that nobody needs to have closed


class Bound(NamedTuple):
    """What no limits bring more than (mean money a case, less what is priced), and the best that were come across."""

    value: float
    at: Policy


def bound_limits(
    best: Policy,
    search: Search,
    levers: Sequence[Lever],
    passes: float = _PASSES,
    near_enough: float = _NEAR_ENOUGH,
) -> Bound:
    """Bound what any amounts of the limits that may move bring, in order of the tiers, on the tables of a search.

    Parameters
    ----------
    best
        The best limits known: boxes that cannot hold better ones are not looked at.
    search
        Tables and prices. Caps are left out of account: put prices on what they cap, each times its cap to be added.
    levers
        General limits that may move.
    passes
        How often all cases may be gone through, at most.
    near_enough
        Money a case by which the bound may be above `best`, so that it is cut no further.
    """
    box = _Boxes.of(best, search.expected, levers, search.prices)
    count = len(box.tables.start)
    highest = search.value(best) * count
    enough = near_enough * count
    root = box.measure(box.low, box.high, np.arange(count), 0.0)
    at: Ints | None = None
    if root.least > highest:
        highest, at = root.least, root.low
    order = itertools.count()
    heap = [(-root.most, next(order), root)]
    closed, work = -np.inf, count
    while heap and work < passes * count and -heap[0][0] > highest + enough:
        _, _, node = heapq.heappop(heap)
        if node.cut is None:
            closed = max(closed, node.most)
        for low, high in box.halves(node):
            half = box.measure(low, high, node.open_rows, node.closed)
            work += len(node.open_rows)
            if half.least > highest:
                highest, at = half.least, low
            if half.most > highest + enough:
                heapq.heappush(heap, (-half.most, next(order), half))
            else:
                closed = max(closed, half.most)
    value = max(highest, closed, *(-entry[0] for entry in heap[:1]))
    return Bound(value / count, best if at is None else _put(best, levers, at))


class _Node(NamedTuple):
    """A box of limits, (tiers but the last, L) cents each, and what it holds.

    most and least are what no limits of it bring more than, and what its lowest limits bring, sums over all cases;
    open_rows the cases that are not the same throughout it, and closed what all others come to; cut the tier, the limit
    and the value (cents) at which it is cut, none where nothing is to be gained by it.
    """

    low: Ints
    high: Ints
    most: float
    least: float
    open_rows: Ints
    closed: float
    cut: tuple[int, int, int] | None


class _Boxes(NamedTuple):
    """What boxes are measured with.

    fixed (T, cells, L) limits in cents where no lever moves them, moved (T, cells, L) where one does, is_lever (T, L);
    low and high (T, L) are the box of all limits that keep the tiers in order. T tiers: all of the policy but the last.
    """

    tables: BoundTables
    fixed: Ints
    moved: Bools
    is_lever: Bools
    low: Ints
    high: Ints

    @classmethod
    def of(cls, policy: Policy, expected: Expected, levers: Sequence[Lever], prices: Mapping[str, float]) -> _Boxes:
        """Lay out tables and the box of all limits."""
        payoffs = expected.payoffs
        arrays = policy_arrays_of(policy, payoffs)
        weights = np.array([1.0 if name == "net_value" else -prices.get(name, 0.0) for name in QUANTITIES])
        moved = np.zeros(arrays.limits[:-1].shape, dtype=np.bool_)
        is_lever = np.zeros((len(moved), len(LIMITS)), dtype=np.bool_)
        low, high = (np.zeros(is_lever.shape, dtype=np.int64) for _ in range(2))
        tight, loose = policy, policy
        for lever in levers:
            tight, loose = tight.with_limit(lever, ASK), loose.with_limit(lever, NO_LIMIT)
        for lever in levers:
            k, d = policy.tier_names.index(lever.tier), LIMITS.index(lever.limit)
            moved[k, :, d], is_lever[k, d] = cells_moved(policy, payoffs, lever), True
            low[k, d], high[k, d] = to_cents(tight.bounds(lever)[0]), to_cents(loose.bounds(lever)[1])
            if low[k, d] > high[k, d]:  # what is fixed beside it leaves it no room: it stays
                low[k, d] = high[k, d] = to_cents(policy.limit(lever.tier, lever.limit))
        tables = BoundTables(
            arrays.start,
            arrays.cell,
            payoffs.choice_sets.uses,
            _orders(arrays, expected),
            expected.table @ weights,
            (expected.last @ weights).sum(axis=1),
        )
        return cls(tables, arrays.limits[:-1], moved, is_lever, low, high)

    def measure(self, low: Ints, high: Ints, rows: Ints, closed: float) -> _Node:
        """Measure a box, in which only some rows are open; the others come to `closed`."""
        most, least = np.empty((2, len(rows)))
        blamed, use = np.empty((2, len(rows)), dtype=np.int64)
        lowest, highest = (np.where(self.moved, end[:, None], self.fixed) for end in (low, high))

        def work(first: int, last: int) -> None:
            part = slice(first, last)
            bound_cases(rows[part], self.tables, lowest, highest, most[part], least[part], blamed[part], use[part])

        in_blocks(work, len(rows))
        is_open = blamed != NOTHING_OPEN
        closed += float(most[~is_open].sum())
        upper, lower = (closed + float(values[is_open].sum()) for values in (most, least))
        return _Node(low, high, upper, lower, rows[is_open], closed, _cut(blamed, use, most - least, low.shape[1]))

    def halves(self, node: _Node) -> list[tuple[Ints, Ints]]:
        """Return a box cut in two, each as small as the order of the tiers makes it; none that is empty."""
        if node.cut is None:
            return []
        k, d, use = node.cut
        below, above = (node.low, node.high.copy()), (node.low.copy(), node.high)
        for j in range(k, -1, -1):
            if not self.is_lever[j, d]:
                break
            below[1][j, d] = min(below[1][j, d], use - 1)
        for j in range(k, len(self.is_lever)):
            if not self.is_lever[j, d]:
                break
            above[0][j, d] = max(above[0][j, d], use)
        return [half for half in (below, above) if (half[0] <= half[1]).all()]


def _cut(blamed: Ints, use: Ints, width: Floats, limit_count: int) -> tuple[int, int, int] | None:
    """Return the limit that keeps most money open, and the use in the middle of that money."""
    if not (blamed >= 0).any():
        return None
    worst = int(np.bincount(blamed[blamed >= 0], width[blamed >= 0]).argmax())
    rows = np.flatnonzero(blamed == worst)
    rows = rows[np.argsort(use[rows], kind="stable")]
    money = np.cumsum(width[rows])
    return *divmod(worst, limit_count), int(use[rows[np.searchsorted(money, money[-1] / 2)]])


def _orders(arrays: PolicyArrays, expected: Expected) -> NDArray[np.int16]:
    """Return (T, styles, N, A or more) what may be chosen at each tier as each style prefers it, -1 behind the last."""
    sets = expected.payoffs.choice_sets
    orders = []
    for tier, choosable in zip(arrays.tiers[:-1], expected.choosable, strict=True):
        for order in orders_at(tier, sets, arrays):
            is_choosable = np.take_along_axis(choosable, np.maximum(order, 0).astype(np.int64), axis=1) & (order >= 0)
            first = np.argsort(~is_choosable, axis=1, kind="stable")
            orders.append(np.where(np.take_along_axis(is_choosable, first, 1), np.take_along_axis(order, first, 1), -1))
    whole = np.stack(orders).astype(np.int16)
    return whole.reshape(len(expected.choosable), -1, *whole.shape[1:])


def _put(policy: Policy, levers: Sequence[Lever], cents: Ints) -> Policy:
    for lever in levers:
        amount = int(cents[policy.tier_names.index(lever.tier), LIMITS.index(lever.limit)])
        limit = ASK if amount < 0 else NO_LIMIT if amount >= NO_LIMIT_CENTS else amount / 100
        policy = policy.with_limit(lever, limit)
    return policy
