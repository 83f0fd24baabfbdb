"""Tree search: where to cut the cases of one group, level by level, so that they fall least short of their best.

In: what every resolution brings in every case of a group, and facts. Out: for each number of leaves the cuts with the
least shortfall that was found, and what no tree falls below. Left to others: two levels of cuts (`tree_kernels`),
thresholds and money (`trees`).

Of three levels, cuts of the first are looked at where most may be gained: what the cases below a cut fall short of
their best resolutions, with the best tree of two levels, bounds what they and any more cases fall short; so two cuts of
a fact bound all cuts between them. Looking ends where no stretch of cuts may bring more than what was found.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_sim.border.progress import Progress
from policy_sim.value.tree_kernels import LEAVES, CaseSet, best_of_two_levels, part

__all__ = ["DEEPEST", "NONE", "Group", "TreeSearch"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Levels of cuts at most.
DEEPEST = 3
#: In place of the fact of a cut: there is none.
NONE = -1
#: Cuts of the first level that are looked at together; the same on every machine, so that results are.
_TOGETHER = 4
_THREADS = 2
#: How exactly the two sides of a cut are looked at while cuts beside it may hold more: a share of what may be gained.
_SLACK = 0.02
#: Sums in another order differ by so much of all that is added up.
_ROUNDING = 1e-11
_REPORT_SECONDS = 0.2
_PARTS = 100  # of the way, in reports


@dataclass(frozen=True)
class Group:
    """The cases as the kernels take them: n cases, p facts that differ, resolutions that are not always beaten.

    facts (p,) their columns; values: for each its distinct values in order; best, the sum of what the best resolution
    brings in every case.
    """

    payoff: Floats
    all_facts: Floats
    facts: tuple[int, ...]
    values: tuple[Floats, ...]
    cases: CaseSet
    tolerance: float

    @classmethod
    def of(cls, payoff: Floats, facts: Floats, least_cases: int) -> Group:
        """Prepare payoffs (cases, resolutions) and facts (cases, facts)."""
        kept, values, ranks = [], [], []
        for column in range(facts.shape[1]):
            distinct, places = np.unique(facts[:, column], return_inverse=True)
            if len(distinct) > 1:
                kept.append(column)
                values.append(distinct)
                ranks.append(places.reshape(-1))
        rank: NDArray[np.int32] = np.array(ranks, dtype=np.int32).reshape(len(kept), len(facts))
        order: NDArray[np.int32] = np.asarray(np.argsort(rank, axis=1, kind="stable"), dtype=np.int32)
        cost = _shortfall(payoff)
        tolerance = _ROUNDING * float(cost.max(axis=1).sum())
        return cls(payoff, facts, tuple(kept), tuple(values), CaseSet(order, rank, cost, least_cases), tolerance)

    @property
    def best(self) -> float:
        """What the best resolution of every case brings together, those left out that have none."""
        most = self.payoff.max(axis=1)
        return float(most[np.isfinite(most)].sum())


def _shortfall(payoff: Floats) -> Floats:
    """Return (n, A) by how much resolutions fall short of the best one of a case, padded to a multiple of eight.

    One that is not possible falls short by more than all that is possible together; where nothing is, all are equal.
    """
    most = payoff.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        cost = np.where(np.isneginf(most), 0.0, most - payoff)
    is_possible = np.isfinite(cost)
    if not is_possible.all():
        largest = np.where(is_possible, cost, 0.0).max(axis=1).sum()
        cost = np.where(is_possible, cost, 2 * largest + 1)
    kept = _unbeaten(cost)
    width = -(-len(kept) // 8) * 8
    kept = np.concatenate([kept, np.repeat(kept[:1], width - len(kept))])
    return np.ascontiguousarray(cost[:, kept])


def _unbeaten(cost: Floats) -> Ints:
    """Return the resolutions that no other one equals or beats in every case; of equal ones the first."""
    kept = np.ones(cost.shape[1], dtype=bool)
    for a in range(cost.shape[1]):
        for b in np.flatnonzero(kept):
            if a != b and (cost[:, b] <= cost[:, a]).all() and (b < a or (cost[:, b] < cost[:, a]).any()):
                kept[a] = False
                break
    return np.flatnonzero(kept)


@dataclass(frozen=True)
class _Stretch:
    """Cuts [low, high] of a fact, as places in its order; below, above: (leaves + 1,) what bounds the two sides."""

    fact: int
    low: int
    high: int
    below: Floats
    above: Floats


class TreeSearch:
    """Looks for the best trees of a group; everything is a shortfall here, by number of leaves from 1 (place 0 idle).

    found, bound
        (count + 1,) the least that was found, and what no tree falls below.
    cuts
        (count + 1, 7, 2) fact and rank of the cuts, from the root on level by level; fact -1 for a leaf.
    """

    def __init__(
        self, group: Group, count: int, near_enough: float, seconds: float | None, on_progress: Progress | None
    ) -> None:
        self.group, self.count, self.slack = group, count, near_enough + group.tolerance
        self.found = np.full(count + 1, group.cases.cost.sum(axis=0).min())
        self.bound = self.found.copy()
        self.cuts = np.full((count + 1, 2**DEEPEST - 1, 2), NONE)
        self.stop = np.zeros(1, dtype=np.bool_)
        self._until = math.inf if seconds is None else time.monotonic() + seconds
        self._on_progress = on_progress
        self._pushed, self._done = 0, 0

    def cut_once(self) -> None:
        """Find the best single cut."""
        cases, n = self.group.cases, len(self.group.payoff)
        if self.count == 1:
            return
        for f, order in enumerate(cases.order):
            ranks = cases.rank[f, order]
            places = 1 + np.flatnonzero(ranks[1:] != ranks[:-1])
            places = places[(places >= cases.least) & (places <= n - cases.least)]
            sums = np.cumsum(cases.cost[order], axis=0)
            short = sums[places - 1].min(axis=1) + (sums[-1] - sums[places - 1]).min(axis=1)
            if len(places) and short.min() < self.found[2]:
                self.found[2] = self.bound[2] = short.min()
                self.cuts[2, 0] = f, ranks[places[short.argmin()]]

    def cut_twice(self, is_a_start: bool) -> None:
        """Find the best trees of two levels, roughly where they are a start only."""
        if not self.group.facts or self.count == 1:
            return
        target, found, bound = np.full(LEAVES + 1, np.inf), np.empty(LEAVES + 1), np.empty(LEAVES + 1)
        target[self.count + 1 :] = -np.inf
        tree = np.empty((LEAVES + 1, 3, 2), dtype=np.int32)
        slack = self.found[1] * _SLACK if is_a_start else self.slack
        with ThreadPoolExecutor(1) as pool:
            work = [pool.submit(best_of_two_levels, self.group.cases, target, slack, self.stop, found, bound, tree)]
            self._wait(work)
        for count in range(2, self.count + 1):
            few = min(count, LEAVES)
            self.found[count], self.cuts[count, :3] = found[few], tree[few]
            self.bound[count] = bound[few]

    def cut_on(self) -> None:
        """Find the best trees of three levels."""
        if not self.group.facts or self.count == 1:
            return
        idle = np.zeros(LEAVES + 1)
        least, n = self.group.cases.least, len(self.group.payoff)
        queue: list[tuple[float, int, _Stretch]] = []
        self.bound = self.found.copy()
        for f in range(len(self.group.facts)):
            self._push(queue, _Stretch(f, least, n - least, idle, idle))
        with ThreadPoolExecutor(_THREADS) as pool:
            try:
                first = -queue[0][0] if queue else 0.0
                while queue and not self.stop[0]:
                    self._done = max(self._done, int(_PARTS * (1 - (-queue[0][0] - self.slack) / first)))
                    looks = self._next(queue)
                    work = [pool.submit(_look, self, stretch) for stretch in looks]
                    self._wait(work)
                    for stretch, done in zip(looks, work, strict=True):
                        self._take(queue, stretch, done.result())
            finally:
                self.stop[0] = True
        for _, _, stretch in queue:
            self._close(stretch)
        self.bound = np.minimum(self.bound, self.found)

    def bounds_of(self, below: Floats, above: Floats) -> Floats:
        """Return (count + 1,) what trees fall short whose sides fall short by (leaves + 1,) each; inf for one leaf."""
        together = np.full(self.count + 1, np.inf)
        for b in range(1, LEAVES + 1):
            for a in range(1, min(LEAVES, self.count - b) + 1):
                together[a + b] = min(together[a + b], below[b] + above[a])
        return np.minimum.accumulate(together)

    def gain(self, below: Floats, above: Floats) -> float:
        """Return by how much trees may fall below what was found, with any number of leaves."""
        return float((self.found - self.bounds_of(below, above))[2:].max())

    def _push(self, queue: list[tuple[float, int, _Stretch]], stretch: _Stretch) -> None:
        if stretch.low > stretch.high:
            return
        gain = self.gain(stretch.below, stretch.above)
        if gain <= self.slack:
            self._close(stretch)
            return
        self._pushed += 1
        heapq.heappush(queue, (-gain, self._pushed, stretch))

    def _close(self, stretch: _Stretch) -> None:
        self.bound = np.minimum(self.bound, self.bounds_of(stretch.below, stretch.above))

    def _next(self, queue: list[tuple[float, int, _Stretch]]) -> list[_Stretch]:
        """Take the stretches that may hold most; gains fall as better trees are found, so they are worked out again."""
        taken: list[_Stretch] = []
        while queue and len(taken) < _TOGETHER:
            key, number, stretch = heapq.heappop(queue)
            gain = self.gain(stretch.below, stretch.above)
            if gain <= self.slack:
                self._close(stretch)
            elif gain < -key and queue and gain < -queue[0][0]:
                heapq.heappush(queue, (-gain, number, stretch))
            else:
                taken.append(stretch)
        return taken

    def _take(self, queue: list[tuple[float, int, _Stretch]], stretch: _Stretch, look: _Look) -> None:
        """Take in what a look at a cut found, and what is left to look at of its stretch."""
        if look.place < 0:
            return
        for b in range(1, LEAVES + 1):
            for a in range(1, min(LEAVES, self.count - b) + 1):
                value = look.below.found[b] + look.above.found[a]
                for count in range(a + b, self.count + 1):
                    if value < self.found[count] - self.group.tolerance:
                        self.found[count] = value
                        self.cuts[count] = look.cuts(b, a)
        self._push(
            queue,
            _Stretch(
                stretch.fact, stretch.low, look.place - 1, stretch.below, np.maximum(stretch.above, look.above.grown)
            ),
        )
        self._push(
            queue,
            _Stretch(
                stretch.fact, look.place + 1, stretch.high, np.maximum(stretch.below, look.below.grown), stretch.above
            ),
        )
        below = np.maximum(stretch.below, look.below.bound)
        above = np.maximum(stretch.above, look.above.bound)
        here = _Stretch(stretch.fact, look.place, look.place, below, above)
        if look.is_exact:
            self._close(here)
        else:
            self._push(queue, here)

    def _wait(self, work: Sequence[Future[Any]]) -> None:
        """Wait for work, report, and have it end where time is up or somebody cancels."""
        waiting: set[Future[Any]] = set(work)
        try:
            while waiting:
                _, waiting = wait(waiting, timeout=_REPORT_SECONDS)
                if time.monotonic() > self._until:
                    self.stop[0] = True
                if self._on_progress is not None:
                    self._on_progress("Looking for the best trees", self._done, _PARTS)
        except BaseException:
            self.stop[0] = True
            raise


@dataclass(frozen=True)
class _Side:
    """The best trees of one side of a cut, (leaves + 1,): found, bound for its cases, bound for more cases too."""

    found: Floats
    bound: Floats
    grown: Floats
    tree: NDArray[np.int32]


@dataclass(frozen=True)
class _Look:
    """What is known of a cut after it was looked at; place in the order of its fact, -1 where there is no such cut."""

    place: int
    root: tuple[int, int]
    below: _Side
    above: _Side
    is_exact: bool

    def cuts(self, below: int, above: int) -> Ints:
        """Return (7, 2) the cuts of the tree with so many leaves on each side."""
        cuts = np.full((2**DEEPEST - 1, 2), NONE)
        cuts[0] = self.root
        for first, tree in ((1, self.below.tree[below]), (2, self.above.tree[above])):
            cuts[first] = tree[0]
            cuts[2 * first + 1 : 2 * first + 3] = tree[1:]
        return cuts


def _look(search: TreeSearch, stretch: _Stretch) -> _Look:
    """Look at the cut in the middle of a stretch: the best trees of both sides, as exactly as is of use."""
    group, count = search.group, search.count
    order, rank = group.cases.order, group.cases.rank
    place, is_exact = _middle_cut(rank[stretch.fact, order[stretch.fact]], stretch.low, stretch.high)
    cut = int(rank[stretch.fact, order[stretch.fact, place]]) if place >= 0 else 0
    low, high = part(order, rank, stretch.fact, cut)
    slack = 0.0 if is_exact else _SLACK * search.gain(stretch.below, stretch.above)
    more = (stretch.high - place, place - stretch.low)
    sides: list[_Side] = []
    for cases, other, extra in ((low, stretch.above, more[0]), (high, stretch.below, more[1])):
        target = np.full(LEAVES + 1, -np.inf)
        for leaves_here in range(1, LEAVES + 1):
            for there in range(1, min(LEAVES, count - leaves_here) + 1):
                target[leaves_here] = max(target[leaves_here], search.found[leaves_here + there] - other[there])
        sides.append(_side(search, cases, target, slack, extra))
    return _Look(place, (stretch.fact, cut), sides[0], sides[1], is_exact)


def _side(search: TreeSearch, order: NDArray[np.int32], target: Floats, slack: float, extra: int) -> _Side:
    """Find the best trees of a set of cases to which at most `extra` more may come."""
    cases = search.group.cases
    found, bound = np.empty(LEAVES + 1), np.empty(LEAVES + 1)
    tree = np.empty((LEAVES + 1, 3, 2), dtype=np.int32)
    best_of_two_levels(
        CaseSet(order, cases.rank, cases.cost, cases.least), target, slack, search.stop, found, bound, tree
    )
    grown = bound
    if cases.least > 1 and extra:
        grown, other_tree, of_no_use = np.empty(LEAVES + 1), np.empty_like(tree), np.empty(LEAVES + 1)
        least = max(1, cases.least - extra)
        part_of = CaseSet(order, cases.rank, cases.cost, least)
        best_of_two_levels(part_of, target, slack, search.stop, of_no_use, grown, other_tree)
    return _Side(found, bound, grown, tree)


def _middle_cut(ranks: NDArray[np.int32], low: int, high: int) -> tuple[int, bool]:
    """Return the place within [low, high] nearest to the middle at which the rank changes, and whether it is the last.

    The place is -1 where there is none.
    """
    changes = low + np.flatnonzero(ranks[low : high + 1] != ranks[low - 1 : high])
    place = int(changes[np.abs(changes - (low + high) / 2).argmin()]) if len(changes) else NONE
    return place, len(changes) <= 1
