"""Tree kernels: the best trees of one and two levels of cuts for a set of cases, compiled.

In: what each resolution falls short of a case's best one, the cases in order of every fact. Out: the least shortfall
for every number of leaves, a bound that no tree falls below, the cuts. Left to others: the third level of cuts, money,
thresholds that people can read (`trees`).

Shortfalls are 0 or more, so a set of cases never falls short by less than a part of it. Whatever the cut between two
others of the same fact, the cases below the lower one stay below and those above the upper one stay above: what these
two sets come to bounds all cuts in between. Two levels are bounded that way on a grid first, from one table for every
pair of facts, and then cut by cut where anything better may lie.

numba's cache notices changes of one file only, the one that a function is in. So nothing that is compiled here calls
another module, or takes a constant from one.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAVES", "CaseSet", "best_of_one_cut", "best_of_two_levels", "part"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

#: Leaves of two levels of cuts; arrays with an axis of leaf counts have one place more, and the first is not used.
LEAVES = 4
#: Minimum and sums may be taken in any order: nothing here is no number, or without end.
_FAST = {"nnan", "ninf", "nsz", "reassoc", "contract"}
_BLOCK = 16  # cuts between two that are always looked at
_MOST_BINS = 40
_BELOW, _ABOVE = 0, 1


class CaseSet(NamedTuple):
    """Cases and their facts; n cases in all, m of them in the set, p facts, A resolutions (padded).

    order (p, m) the cases of the set in order of each fact; rank (p, n) place of a case's value among all values of the
    fact; cost (n, A) by how much a resolution falls short of the case's best one; least, cases that a leaf must hold.
    """

    order: Places
    rank: Places
    cost: Floats
    least: int


@numba.njit(cache=True, nogil=True)
def part(order: Places, rank: Places, fact: int, cut: int) -> tuple[Places, Places]:
    """Part a set of cases: below are those whose rank of the fact is less than the cut, in order of each fact."""
    p, m = order.shape
    count = 0
    for n in range(m):
        count += rank[fact, order[fact, n]] < cut
    below, above = np.empty((p, count), dtype=np.int32), np.empty((p, m - count), dtype=np.int32)
    for f in range(p):
        b, a = 0, 0
        for n in range(m):
            i = order[f, n]
            if rank[fact, i] < cut:
                below[f, b] = i
                b += 1
            else:
                above[f, a] = i
                a += 1
    return below, above


@numba.njit(nogil=True, fastmath=_FAST)
def _least(sums: Floats) -> float:
    least = sums[0]
    for a in range(sums.shape[0]):
        least = sums[a] if sums[a] < least else least
    return least


@numba.njit(nogil=True, fastmath=_FAST)
def _least_between(low: Floats, high: Floats) -> float:
    least = high[0] - low[0]
    for a in range(low.shape[0]):
        between = high[a] - low[a]
        least = between if between < least else least
    return least


@numba.njit(nogil=True, fastmath=_FAST)
def _add(sums: Floats, more: Floats) -> None:
    for a in range(sums.shape[0]):
        sums[a] += more[a]


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def best_of_one_cut(cases: CaseSet, out: Floats, cut: Ints) -> None:
    """Find the best single cut of a set of cases.

    Parameters
    ----------
    out
        (3,) shortfall of one leaf, of at most two, and of at most two where a leaf may hold however few.
    cut
        (2,) fact and rank of the cut with enough cases on both sides; fact -1 where none is better than one leaf.
    """
    order, cost = cases.order, cases.cost
    p, m = order.shape
    total = np.zeros(cost.shape[1])
    for n in range(m):
        _add(total, cost[order[0, n]])
    out[:] = _least(total)
    cut[:] = -1
    count = (m + _BLOCK - 1) // _BLOCK
    edges = np.zeros((count + 1, cost.shape[1]))
    below, above = np.zeros(count + 1), np.zeros(count + 1)
    for f in range(p):
        if m == 0 or cases.rank[f, order[f, 0]] == cases.rank[f, order[f, m - 1]]:
            continue
        edges[0] = 0.0
        for b in range(count):
            edges[b + 1] = edges[b]
            for n in range(b * _BLOCK, min(m, (b + 1) * _BLOCK)):
                _add(edges[b + 1], cost[order[f, n]])
            below[b + 1], above[b] = _least(edges[b + 1]), _least_between(edges[b], total)
        for b in range(count):
            if below[b] + above[b + 1] < out[1]:
                _look_into_block(cases, f, b * _BLOCK, edges[b], total, out, cut)


@numba.njit(nogil=True, fastmath=_FAST)
def _look_into_block(cases: CaseSet, f: int, first: int, sums: Floats, total: Floats, out: Floats, cut: Ints) -> None:
    """Try the cuts of a block behind its first case and up to behind its last; `sums` are those before it, and move."""
    order, rank = cases.order[f], cases.rank[f]
    m = order.shape[0]
    for n in range(first + 1, min(m, first + _BLOCK + 1)):
        _add(sums, cases.cost[order[n - 1]])
        if n == m or rank[order[n]] == rank[order[n - 1]]:
            continue
        value = _least(sums) + _least_between(sums, total)
        out[2] = min(out[2], value)
        if value < out[1] and n >= cases.least and m - n >= cases.least:
            out[1] = value
            cut[0], cut[1] = f, rank[order[n]]


class _Grid(NamedTuple):
    """Bins of every fact, and what is known of the cuts between them (edges); p facts, Q bins at most.

    count (p,) bins; start (p, Q + 1) place in the order of the fact at which a bin starts, m behind the last; whole
    (p, Q) whether a bin holds one value only; bin_of (p, n).
    By side of an edge (2, p, Q + 1): one, the shortfall of one leaf; two, of the best two that were found; sure, no two
    leaves of the edge's own cases fall below; grown, nor do two leaves of these cases and any others.
    cut (2, p, Q + 1, 2) fact and rank of the two leaves found.
    """

    count: Places
    start: Places
    whole: NDArray[np.bool_]
    bin_of: NDArray[np.uint8]
    one: Floats
    two: Floats
    sure: Floats
    grown: Floats
    cut: Places


@numba.njit(nogil=True)
def _grid_of(cases: CaseSet) -> _Grid:
    order, rank = cases.order, cases.rank
    p, m = order.shape
    most = min(_MOST_BINS, max(4, int(0.5 * np.sqrt(m))))
    count, start = np.zeros(p, dtype=np.int32), np.full((p, _MOST_BINS + 1), m, dtype=np.int32)
    whole = np.zeros((p, _MOST_BINS), dtype=np.bool_)
    bin_of = np.zeros(rank.shape, dtype=np.uint8)
    for f in range(p):
        values = 1
        for n in range(1, m):
            values += rank[f, order[f, n]] != rank[f, order[f, n - 1]]
        bins = values if values <= _MOST_BINS and values * values <= 2 * m + 64 else most
        b = 0
        start[f, 0] = 0
        whole[f, 0] = True
        for n in range(m):
            is_new = n > 0 and rank[f, order[f, n]] != rank[f, order[f, n - 1]]
            if is_new and (bins == values or n * bins >= (b + 1) * m):
                b = b + 1 if bins == values else n * bins // m
                count[f] += 1
                start[f, count[f]] = n
                whole[f, count[f]] = True
            elif is_new:
                whole[f, count[f]] = False
            bin_of[f, order[f, n]] = count[f]
        count[f] += 1
        start[f, count[f] :] = m
    shape = (2, p, _MOST_BINS + 1)
    return _Grid(
        count,
        start,
        whole,
        bin_of,
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.full((2, p, _MOST_BINS + 1, 2), -1, dtype=np.int32),
    )


@numba.njit(nogil=True)
def _learn(grid: _Grid, side: int, f: int, e: int, g: int, rank: int, value: float, is_allowed: bool) -> None:
    """Take in what a grid's cut of one side of an edge comes to."""
    grid.grown[side, f, e] = min(grid.grown[side, f, e], value)
    if is_allowed:
        grid.sure[side, f, e] = min(grid.sure[side, f, e], value)
        if value < grid.two[side, f, e]:
            grid.two[side, f, e] = value
            grid.cut[side, f, e, 0], grid.cut[side, f, e, 1] = g, rank


@numba.njit(nogil=True)
def _learn_bound(grid: _Grid, side: int, f: int, e: int, value: float) -> None:
    """Take in that no cut within a bin falls below."""
    grid.grown[side, f, e] = min(grid.grown[side, f, e], value)
    grid.sure[side, f, e] = min(grid.sure[side, f, e], value)


@numba.njit(nogil=True)
def _bound_by_one_fact(cases: CaseSet, grid: _Grid, f: int) -> None:
    """Fill what one leaf comes to on both sides of a fact's edges, and two leaves by a second cut of the same fact."""
    count, start = grid.count[f], grid.start[f]
    order = cases.order[f]
    sums = np.zeros((count + 1, cases.cost.shape[1]))
    for e in range(count):
        sums[e + 1] = sums[e]
        for n in range(start[e], start[e + 1]):
            _add(sums[e + 1], cases.cost[order[n]])
    between = np.zeros((count + 1, count + 1))
    for e in range(count):
        for d in range(e + 1, count + 1):
            between[e, d] = _least_between(sums[e], sums[d])
    for e in range(count + 1):
        for known in (grid.one, grid.two, grid.sure, grid.grown):
            known[_BELOW, f, e], known[_ABOVE, f, e] = between[0, e], between[e, count]
    for e in range(1, count):
        _cut_again(cases, grid, f, e, between)


@numba.njit(nogil=True)
def _cut_again(cases: CaseSet, grid: _Grid, f: int, e: int, between: Floats) -> None:
    """Take in what an edge comes to with a second cut of the same fact; between (Q + 1, Q + 1) one leaf, two edges."""
    count, start, least = grid.count[f], grid.start[f], cases.least
    for d in range(1, count):
        rank = cases.rank[f, cases.order[f, start[d]]]
        if d < e:
            is_allowed = start[d] >= least and start[e] - start[d] >= least
            _learn(grid, _BELOW, f, e, f, rank, between[0, d] + between[d, e], is_allowed)
        elif d > e:
            is_allowed = start[d] - start[e] >= least and start[count] - start[d] >= least
            _learn(grid, _ABOVE, f, e, f, rank, between[e, d] + between[d, count], is_allowed)
    for d in range(count):
        if grid.whole[f, d]:
            continue
        if d < e:
            _learn_bound(grid, _BELOW, f, e, between[0, d] + between[d + 1, e])
        else:
            _learn_bound(grid, _ABOVE, f, e, between[e, d] + between[d + 1, count])


@numba.njit(nogil=True, fastmath=_FAST)
def _pair_sums(cases: CaseSet, grid: _Grid, f: int, g: int, sums: Floats, held: Places) -> None:
    """Fill sums of cost and numbers of cases below edge i of one fact and below edge j of another."""
    rows, columns, width = grid.count[f], grid.count[g], cases.cost.shape[1]
    sums[: rows + 1, : columns + 1] = 0.0
    held[: rows + 1, : columns + 1] = 0
    of_f, of_g = grid.bin_of[f], grid.bin_of[g]
    for i in cases.order[f]:
        _add(sums[of_f[i] + 1, of_g[i] + 1], cases.cost[i])
        held[of_f[i] + 1, of_g[i] + 1] += 1
    for i in range(1, rows + 1):
        for j in range(2, columns + 1):
            held[i, j] += held[i, j - 1]
            for a in range(width):
                sums[i, j, a] += sums[i, j - 1, a]
    for i in range(2, rows + 1):
        for j in range(1, columns + 1):
            held[i, j] += held[i - 1, j]
            for a in range(width):
                sums[i, j, a] += sums[i - 1, j, a]


@numba.njit(nogil=True, fastmath=_FAST)
def _quadrants(sums: Floats, rows: int, columns: int, least: Floats) -> None:
    """Fill (4, rows + 1, columns + 1) what one leaf comes to in each of the four parts at two edges."""
    for i in range(rows + 1):
        for j in range(columns + 1):
            low, row, column, total = sums[i, j], sums[i, columns], sums[rows, j], sums[rows, columns]
            ll, lh, hl, hh = low[0], row[0] - low[0], column[0] - low[0], total[0] - row[0] - column[0] + low[0]
            for a in range(low.shape[0]):
                x, y, z = low[a], row[a] - low[a], column[a] - low[a]
                w = total[a] - row[a] - z
                ll = x if x < ll else ll
                lh = y if y < lh else lh
                hl = z if z < hl else hl
                hh = w if w < hh else hh
            least[0, i, j], least[1, i, j], least[2, i, j], least[3, i, j] = ll, lh, hl, hh


@numba.njit(nogil=True)
def _bound_by_two_facts(cases: CaseSet, grid: _Grid, f: int, g: int, quarter: Floats, held: Places) -> None:
    """Take in what the edges of one fact come to with a second cut by another, either way round."""
    rows, columns, least = grid.count[f], grid.count[g], cases.least
    total = held[rows, columns]
    for i in range(1, rows):
        r = cases.rank[f, cases.order[f, grid.start[f, i]]]
        for j in range(1, columns):
            ll, lh, hl, hh = quarter[0, i, j], quarter[1, i, j], quarter[2, i, j], quarter[3, i, j]
            n = held[i, j]
            has_ll, has_lh = n >= least, held[i, columns] - n >= least
            has_hl, has_hh = held[rows, j] - n >= least, total - held[i, columns] - held[rows, j] + n >= least
            s = cases.rank[g, cases.order[g, grid.start[g, j]]]
            _learn(grid, _BELOW, f, i, g, s, ll + lh, has_ll and has_lh)
            _learn(grid, _ABOVE, f, i, g, s, hl + hh, has_hl and has_hh)
            _learn(grid, _BELOW, g, j, f, r, ll + hl, has_ll and has_hl)
            _learn(grid, _ABOVE, g, j, f, r, lh + hh, has_lh and has_hh)
    for i in range(1, rows):
        for j in range(columns):
            if not grid.whole[g, j]:
                _learn_bound(grid, _BELOW, f, i, quarter[0, i, j] + quarter[1, i, j + 1])
                _learn_bound(grid, _ABOVE, f, i, quarter[2, i, j] + quarter[3, i, j + 1])
    for j in range(1, columns):
        for i in range(rows):
            if not grid.whole[f, i]:
                _learn_bound(grid, _BELOW, g, j, quarter[0, i, j] + quarter[2, i + 1, j])
                _learn_bound(grid, _ABOVE, g, j, quarter[1, i, j] + quarter[3, i + 1, j])


@numba.njit(nogil=True)
def _fill(cases: CaseSet, grid: _Grid) -> None:
    p = grid.count.shape[0]
    most = np.max(grid.count) + 1
    sums = np.empty((most, most, cases.cost.shape[1]))
    held = np.empty((most, most), dtype=np.int32)
    quarter = np.empty((4, most, most))
    for f in range(p):
        _bound_by_one_fact(cases, grid, f)
    for f in range(p):
        for g in range(f + 1, p):
            if grid.count[f] > 1 and grid.count[g] > 1:
                _pair_sums(cases, grid, f, g, sums, held)
                _quadrants(sums, grid.count[f], grid.count[g], quarter)
                _bound_by_two_facts(cases, grid, f, g, quarter, held)


class _Items(NamedTuple):
    """Stretches of cuts that may hold something better: cuts [low, high] of a fact, as places in its order.

    value (capacity, 4): no less than this falls short below with one leaf, and with two; above with one, and with two.
    """

    fact: Places
    low: Places
    high: Places
    value: Floats


@numba.njit(nogil=True)
def _no_items(capacity: int) -> _Items:
    return _Items(
        np.empty(capacity, dtype=np.int32),
        np.empty(capacity, dtype=np.int32),
        np.empty(capacity, dtype=np.int32),
        np.empty((capacity, 4)),
    )


@numba.njit(nogil=True)
def _copy(items: _Items, source: int, target_items: _Items, target: int) -> None:
    target_items.fact[target] = items.fact[source]
    target_items.low[target] = items.low[source]
    target_items.high[target] = items.high[source]
    target_items.value[target] = items.value[source]


@numba.njit(nogil=True)
def _gain(value: Floats, found: Floats, target: Floats) -> float:
    """Return by how much a stretch may fall below what is found, or asked for, with any number of leaves."""
    two = min(found[2], target[2]) - (value[0] + value[2])
    three = min(found[3], target[3]) - min(value[0] + value[3], value[1] + value[2])
    four = min(found[4], target[4]) - (value[1] + value[3])
    return max(two, three, four)


@numba.njit(nogil=True)
def _close(value: Floats, bound: Floats) -> None:
    """Take a stretch that nobody looks at any more into the bound."""
    bound[2] = min(bound[2], value[0] + value[2])
    bound[3] = min(bound[3], value[0] + value[3], value[1] + value[2])
    bound[4] = min(bound[4], value[1] + value[3])


@numba.njit(nogil=True)
def _try(below: Floats, above: Floats, cuts: Places, root: Places, found: Floats, tree: Places) -> None:
    """Take in a cut whose sides come to (one leaf, two leaves); cuts (2, 2) are those of the sides."""
    for b in range(2):
        for a in range(2):
            leaves = b + a + 2
            value = below[b] + above[a]
            for more in range(leaves, LEAVES + 1):
                if value < found[more]:
                    found[more] = value
                    tree[more] = -1
                    tree[more, 0] = root
                    if b == 1:
                        tree[more, 1] = cuts[0]
                    if a == 1:
                        tree[more, 2] = cuts[1]


@numba.njit(nogil=True)
def _cut_within(cases: CaseSet, f: int, low: int, high: int, middle: int) -> int:
    """Return the place of a cut within [low, high] near the middle, -1 where there is none."""
    order, rank = cases.order[f], cases.rank[f]
    for away in range(high - low + 1):
        for n in (middle - away, middle + away):
            if low <= n <= high and rank[order[n]] != rank[order[n - 1]]:
                return n
    return -1


@numba.njit(nogil=True)
def _first_items(cases: CaseSet, grid: _Grid, found: Floats, tree: Places) -> tuple[_Items, int]:
    """Try every edge, and return all edges and bins as stretches."""
    p, m = cases.order.shape
    items, count = _no_items(2 * int(np.sum(grid.count)) + 2), 0
    below, above, root = np.empty(2), np.empty(2), np.empty(2, dtype=np.int32)
    cuts = np.empty((2, 2), dtype=np.int32)
    for f in range(p):
        for e in range(1, grid.count[f]):
            n = grid.start[f, e]
            if n < cases.least or m - n < cases.least:
                continue
            below[0], below[1] = grid.one[_BELOW, f, e], grid.two[_BELOW, f, e]
            above[0], above[1] = grid.one[_ABOVE, f, e], grid.two[_ABOVE, f, e]
            root[0], root[1] = f, cases.rank[f, cases.order[f, n]]
            cuts[0], cuts[1] = grid.cut[_BELOW, f, e], grid.cut[_ABOVE, f, e]
            _try(below, above, cuts, root, found, tree)
            items.fact[count], items.low[count], items.high[count] = f, n, n
            items.value[count, 0], items.value[count, 1] = grid.one[_BELOW, f, e], grid.sure[_BELOW, f, e]
            items.value[count, 2], items.value[count, 3] = grid.one[_ABOVE, f, e], grid.sure[_ABOVE, f, e]
            count += 1
        for e in range(grid.count[f]):
            low = max(grid.start[f, e] + 1, cases.least)
            high = min(grid.start[f, e + 1] - 1, m - cases.least)
            if grid.whole[f, e] or low > high:
                continue
            items.fact[count], items.low[count], items.high[count] = f, low, high
            items.value[count, 0], items.value[count, 1] = grid.one[_BELOW, f, e], grid.grown[_BELOW, f, e]
            items.value[count, 2], items.value[count, 3] = grid.one[_ABOVE, f, e + 1], grid.grown[_ABOVE, f, e + 1]
            count += 1
    return items, count


@numba.njit(nogil=True)
def _look(cases: CaseSet, f: int, n: int, found: Floats, tree: Places, value: Floats) -> None:
    """Find the best cuts on both sides of a cut; value (4,) is what bounds sets that hold more, as in `_Items`."""
    root = np.array([f, cases.rank[f, cases.order[f, n]]], dtype=np.int32)
    low, high = part(cases.order, cases.rank, f, root[1])
    below, above = np.empty(3), np.empty(3)
    cut, cuts = np.empty(2, dtype=np.int64), np.empty((2, 2), dtype=np.int32)
    best_of_one_cut(CaseSet(low, cases.rank, cases.cost, cases.least), below, cut)
    cuts[0] = cut
    best_of_one_cut(CaseSet(high, cases.rank, cases.cost, cases.least), above, cut)
    cuts[1] = cut
    _try(below, above, cuts, root, found, tree)
    value[0], value[1], value[2], value[3] = below[0], below[2], above[0], above[2]


@numba.njit(nogil=True)
def _keep(
    cases: CaseSet, items: _Items, count: int, f: int, low: int, high: int, value: Floats, until: Floats, slack: float
) -> int:
    """Add a stretch, unless nothing better can lie in it (then it is left in the bound); until (3, leaves)."""
    found, target, bound = until[0], until[1], until[2]
    if low > high:
        return count
    if _gain(value, found, target) <= slack:
        _close(value, bound)
        return count
    items.fact[count], items.low[count], items.high[count] = f, low, high
    items.value[count] = value
    return count + 1


@numba.njit(cache=True, nogil=True)
def best_of_two_levels(
    cases: CaseSet, target: Floats, slack: float, stop: NDArray[np.bool_], found: Floats, bound: Floats, tree: Places
) -> int:
    """Find the best trees of up to four leaves and two levels of cuts; returns how many cuts were looked at.

    Parameters
    ----------
    target
        (5,) by number of leaves: nobody needs to know what falls short by more.
    slack
        By how much the bound may stay below what is found, or below the target.
    stop
        (1,) looking ends soon after this is set; the bound holds all the same.
    found, bound
        (5,) by number of leaves: least shortfall found, and one that no tree falls below.
    tree
        (5, 3, 2) by number of leaves fact and rank of the cuts: root, below, above; fact -1 for a leaf.
    """
    grid = _grid_of(cases)
    _fill(cases, grid)
    tree[:] = -1
    found[:] = grid.one[_ABOVE, 0, 0]
    bound[:] = found
    items, count = _first_items(cases, grid, found, tree)
    value, looked, until = np.empty(4), 0, np.empty((3, LEAVES + 1))
    while count > 0:
        most, place, n = slack, -1, 0
        while n < count:
            gain = _gain(items.value[n], found, target)
            if gain <= slack:
                _close(items.value[n], bound)
                count -= 1
                _copy(items, count, items, n)
                continue
            if gain > most:
                most, place = gain, n
            n += 1
        if place < 0 or stop[0]:
            break
        f, low, high = items.fact[place], items.low[place], items.high[place]
        known = items.value[place].copy()
        count -= 1
        _copy(items, count, items, place)
        n = _cut_within(cases, f, low, high, (low + high) // 2)
        if n < 0:
            continue
        _look(cases, f, n, found, tree, value)
        looked += 1
        if count + 2 > items.fact.shape[0]:
            more = _no_items(2 * items.fact.shape[0] + 2)
            for k in range(count):
                _copy(items, k, more, k)
            items = more
        until[0], until[1], until[2] = found, target, bound
        right = known.copy()
        right[0], right[1] = max(value[0], known[0]), max(value[1], known[1])
        known[2], known[3] = max(value[2], known[2]), max(value[3], known[3])
        count = _keep(cases, items, count, f, low, n - 1, known, until, slack)
        count = _keep(cases, items, count, f, n + 1, high, right, until, slack)
        bound[:] = until[2]
    for n in range(count):
        _close(items.value[n], bound)
    for leaves in range(1, LEAVES + 1):
        bound[leaves] = min(bound[leaves], found[leaves])
    return looked
