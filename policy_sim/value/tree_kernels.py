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

__all__ = ["LEAVES", "CaseSet", "best_of_two_levels", "part"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

#: Leaves of two levels of cuts; arrays with an axis of leaf counts have one place more, and the first is not used.
LEAVES = 4
#: Minimum and sums may be taken in any order: nothing here is no number, or without end.
_FAST = {"nnan", "ninf", "nsz", "reassoc", "contract"}
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
    return float(least)


@numba.njit(nogil=True, fastmath=_FAST)
def _least_between(low: Floats, high: Floats) -> float:
    least = high[0] - low[0]
    for a in range(low.shape[0]):
        between = high[a] - low[a]
        least = between if between < least else least
    return float(least)


@numba.njit(nogil=True, fastmath=_FAST)
def _add(sums: Floats, more: Floats) -> None:
    for a in range(sums.shape[0]):
        sums[a] += more[a]


class _Grid(NamedTuple):
    """Bins of every fact, and what is known of the cuts between them (edges); p facts, Q bins at most.

    bins (p,) how many; start (p, Q + 1) place in the order of the fact at which a bin starts, m behind the last; whole
    (p, Q) whether a bin holds one value only; bin_of (p, n).
    By side of an edge (2, p, Q + 1): one, the shortfall of one leaf; two, of the best two that were found; sure, no two
    leaves of the edge's own cases fall below; grown, nor do two leaves of these cases and any others.
    cut (2, p, Q + 1, 2) fact and rank of the two leaves found.
    by (2, p, Q + 1, p) as grown, of two leaves by a cut of one fact.
    line (p, Q + 1, A) sums of cost below each edge. Below edge i of a fact f and edge j of a later one g, at place
    offset[f, g] + i * (bins of g + 1) + j: sums (.., A) of cost, held (..,) number of cases; nothing is kept of them
    where all bins are whole.
    """

    bins: Places
    start: Places
    whole: NDArray[np.bool_]
    bin_of: NDArray[np.uint8]
    one: Floats
    two: Floats
    sure: Floats
    grown: Floats
    cut: Places
    by: Floats
    line: Floats
    offset: Ints
    sums: Floats
    held: Places


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
    return _empty_grid(count, start, whole, bin_of, cases.cost.shape[1])


@numba.njit(nogil=True)
def _empty_grid(count: Places, start: Places, whole: NDArray[np.bool_], bin_of: NDArray[np.uint8], width: int) -> _Grid:
    p, places, largest, is_kept = len(count), 0, 0, False
    offset = np.zeros((p, p), dtype=np.int64)
    for f in range(p):
        for b in range(count[f]):
            is_kept |= not whole[f, b]
        for g in range(f + 1, p):
            offset[f, g] = places
            size = (count[f] + 1) * (count[g] + 1)
            places += size
            largest = max(largest, size)
    if not is_kept:
        offset[:] = 0
        places = largest
    edges = np.max(count) + 1
    shape = (2, p, edges)
    return _Grid(
        count,
        start,
        whole,
        bin_of,
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.full((2, p, edges, 2), -1, dtype=np.int32),
        np.zeros((2, p, edges, p)),
        np.zeros((p, edges, width)),
        offset,
        np.empty((places, width)),
        np.empty(places, dtype=np.int32),
    )


@numba.njit(nogil=True)
def _learn(grid: _Grid, side: int, f: int, e: int, g: int, rank: int, value: float, is_allowed: bool) -> None:
    """Take in what a grid's cut of one side of an edge comes to."""
    grid.by[side, f, e, g] = min(grid.by[side, f, e, g], value)
    if is_allowed:
        grid.sure[side, f, e] = min(grid.sure[side, f, e], value)
        if value < grid.two[side, f, e]:
            grid.two[side, f, e] = value
            grid.cut[side, f, e, 0], grid.cut[side, f, e, 1] = g, rank


@numba.njit(nogil=True)
def _learn_bound(grid: _Grid, side: int, f: int, e: int, g: int, value: float) -> None:
    """Take in that no cut within a bin of a fact falls below."""
    grid.by[side, f, e, g] = min(grid.by[side, f, e, g], value)
    grid.sure[side, f, e] = min(grid.sure[side, f, e], value)


@numba.njit(nogil=True)
def _bound_by_one_fact(cases: CaseSet, grid: _Grid, f: int) -> None:
    """Fill what one leaf comes to on both sides of a fact's edges, and two leaves by a second cut of the same fact."""
    count, start = grid.bins[f], grid.start[f]
    order = cases.order[f]
    sums = grid.line[f]
    for e in range(count):
        sums[e + 1] = sums[e]
        for n in range(start[e], start[e + 1]):
            _add(sums[e + 1], cases.cost[order[n]])
    between = np.zeros((count + 1, count + 1))
    for e in range(count):
        for d in range(e + 1, count + 1):
            between[e, d] = _least_between(sums[e], sums[d])
    for e in range(count + 1):
        for known in (grid.one, grid.two, grid.sure):
            known[_BELOW, f, e], known[_ABOVE, f, e] = between[0, e], between[e, count]
        grid.by[_BELOW, f, e], grid.by[_ABOVE, f, e] = between[0, e], between[e, count]
    for e in range(1, count):
        _cut_again(cases, grid, f, e, between)


@numba.njit(nogil=True)
def _cut_again(cases: CaseSet, grid: _Grid, f: int, e: int, between: Floats) -> None:
    """Take in what an edge comes to with a second cut of the same fact; between (Q + 1, Q + 1) one leaf, two edges."""
    count, start, least = grid.bins[f], grid.start[f], cases.least
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
            _learn_bound(grid, _BELOW, f, e, f, between[0, d] + between[d + 1, e])
        else:
            _learn_bound(grid, _ABOVE, f, e, f, between[e, d] + between[d + 1, count])


@numba.njit(nogil=True, fastmath=_FAST)
def _pair_sums(cases: CaseSet, grid: _Grid, f: int, g: int, sums: Floats, held: Places) -> None:
    """Fill sums of cost and numbers of cases below edge i of one fact and below edge j of another."""
    rows, columns, width = grid.bins[f], grid.bins[g], cases.cost.shape[1]
    sums[:] = 0.0
    held[:] = 0
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
    rows, columns, least = grid.bins[f], grid.bins[g], cases.least
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
                _learn_bound(grid, _BELOW, f, i, g, quarter[0, i, j] + quarter[1, i, j + 1])
                _learn_bound(grid, _ABOVE, f, i, g, quarter[2, i, j] + quarter[3, i, j + 1])
    for j in range(1, columns):
        for i in range(rows):
            if not grid.whole[f, i]:
                _learn_bound(grid, _BELOW, g, j, f, quarter[0, i, j] + quarter[2, i + 1, j])
                _learn_bound(grid, _ABOVE, g, j, f, quarter[1, i, j] + quarter[3, i + 1, j])


@numba.njit(nogil=True)
def _fill(cases: CaseSet, grid: _Grid) -> None:
    p = grid.bins.shape[0]
    most = np.max(grid.bins) + 1
    quarter = np.empty((4, most, most))
    for f in range(p):
        _bound_by_one_fact(cases, grid, f)
    for f in range(p):
        for g in range(f + 1, p):
            rows, columns = grid.bins[f], grid.bins[g]
            first, last = grid.offset[f, g], grid.offset[f, g] + (rows + 1) * (columns + 1)
            sums = grid.sums[first:last].reshape((rows + 1, columns + 1, cases.cost.shape[1]))
            held = grid.held[first:last].reshape((rows + 1, columns + 1))
            if rows > 1 and columns > 1:
                _pair_sums(cases, grid, f, g, sums, held)
                _quadrants(sums, rows, columns, quarter)
                _bound_by_two_facts(cases, grid, f, g, quarter, held)
    for side in range(2):
        for f in range(p):
            for e in range(grid.bins[f] + 1):
                grid.grown[side, f, e] = np.min(grid.by[side, f, e])


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
    return float(max(two, three, four))


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
    items, count = _no_items(2 * int(np.sum(grid.bins)) + 2), 0
    below, above, root = np.empty(2), np.empty(2), np.empty(2, dtype=np.int32)
    cuts = np.empty((2, 2), dtype=np.int32)
    for f in range(p):
        for e in range(1, grid.bins[f]):
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
        for e in range(grid.bins[f]):
            low = max(grid.start[f, e] + 1, cases.least)
            high = min(grid.start[f, e + 1] - 1, m - cases.least)
            if grid.whole[f, e] or low > high:
                continue
            items.fact[count], items.low[count], items.high[count] = f, low, high
            items.value[count, 0], items.value[count, 1] = grid.one[_BELOW, f, e], grid.grown[_BELOW, f, e]
            items.value[count, 2], items.value[count, 3] = grid.one[_ABOVE, f, e + 1], grid.grown[_ABOVE, f, e + 1]
            count += 1
    return items, count


class _Side(NamedTuple):
    """One side of a cut of fact f before place n of its order, which lies in bin b (or is its edge).

    is_below, which side; edge: of f, at which the side without the cases from first to last in f's order ends; total
    (A,) sums of cost.
    """

    f: int
    rank: int
    is_below: bool
    edge: int
    first: int
    last: int
    total: Floats


class _Desk(NamedTuple):
    """Room to work: sums (Q + 1, A) of cost below each edge of a fact, held (Q + 1,) numbers of cases; low, high."""

    sums: Floats
    held: Ints
    low: Floats
    high: Floats
    between: Floats


@numba.njit(nogil=True)
def _side_of(cases: CaseSet, grid: _Grid, f: int, n: int, is_below: bool) -> _Side:
    order = cases.order[f]
    b = grid.bin_of[f, order[n]]
    edge, first, last = b, grid.start[f, b], n
    if not is_below and n > first:
        edge, first, last = b + 1, n, grid.start[f, b + 1]
    total = grid.line[f, edge].copy() if is_below else grid.line[f, grid.bins[f]] - grid.line[f, edge]
    if not is_below and n == grid.start[f, b]:
        last = first
    for k in range(first, last):
        _add(total, cases.cost[order[k]])
    return _Side(f, cases.rank[f, order[n]], is_below, edge, first, last, total)


@numba.njit(nogil=True, fastmath=_FAST)
def _sum_up(cases: CaseSet, grid: _Grid, side: _Side, g: int, desk: _Desk) -> None:
    """Fill sums and numbers of the side's cases below each edge of another fact, or of the same."""
    f, bins, width = side.f, grid.bins[g], cases.cost.shape[1]
    sums, held = desk.sums, desk.held
    sums[0], held[0] = 0.0, 0
    sums[1 : bins + 1], held[1 : bins + 1] = 0.0, 0
    of_g, order = grid.bin_of[g], cases.order[f]
    for k in range(side.first, side.last):
        _add(sums[of_g[order[k]] + 1], cases.cost[order[k]])
        held[of_g[order[k]] + 1] += 1
    for j in range(1, bins + 1):
        held[j] += held[j - 1]
        for a in range(width):
            sums[j, a] += sums[j - 1, a]
    step = grid.bins[max(f, g)] + 1
    for j in range(1, bins + 1):
        if f == g:
            here = min(j, side.edge) if side.is_below else max(j, side.edge)
            low, high = grid.line[f, 0 if side.is_below else side.edge], grid.line[f, here]
            held[j] += grid.start[f, here] - grid.start[f, 0 if side.is_below else side.edge]
        else:
            place = grid.offset[f, g] + side.edge * step + j if f < g else grid.offset[g, f] + j * step + side.edge
            full = grid.offset[f, g] + grid.bins[f] * step + j if f < g else grid.offset[g, f] + (j + 1) * step - 1
            low, high = (grid.line[f, 0], grid.sums[place]) if side.is_below else (grid.sums[place], grid.sums[full])
            held[j] += grid.held[place] if side.is_below else grid.held[full] - grid.held[place]
        for a in range(width):
            sums[j, a] += high[a] - low[a]


@numba.njit(nogil=True, fastmath=_FAST)
def _cut_side(cases: CaseSet, grid: _Grid, side: _Side, enough: float, desk: _Desk, out: Floats, cut: Places) -> None:
    """Find the best cut of a side, by fact and rank; bins that bring enough are not looked into.

    out (4,) what falls short: one leaf; two; no two leaves of these cases and any others; no two leaves of these.
    """
    out[:] = _least(side.total)
    cut[:] = -1
    by = grid.by[_BELOW if side.is_below else _ABOVE, side.f, side.edge]
    likely = int(np.argmin(by))
    for k in range(len(by)):
        g = likely if k == 0 else k - 1 if k <= likely else k
        if by[g] >= enough:
            out[2], out[3] = min(out[2], by[g]), min(out[3], by[g])
        elif grid.bins[g] > 1 and by[g] < out[1]:
            _cut_by(cases, grid, side, g, enough, desk, out, cut)


@numba.njit(nogil=True, fastmath=_FAST)
def _cut_by(
    cases: CaseSet, grid: _Grid, side: _Side, g: int, enough: float, desk: _Desk, out: Floats, cut: Places
) -> None:
    """Try the cuts of one fact, of the cases of a side."""
    bins = grid.bins[g]
    _sum_up(cases, grid, side, g, desk)
    for j in range(bins + 1):
        desk.low[j], desk.high[j] = _least(desk.sums[j]), _least_between(desk.sums[j], side.total)
    for j in range(1, bins):
        value = desk.low[j] + desk.high[j]
        out[2] = min(out[2], value)
        if value < out[1] and min(desk.held[j], desk.held[bins] - desk.held[j]) >= cases.least:
            out[1], out[3] = value, min(out[3], value)
            cut[0], cut[1] = g, cases.rank[g, cases.order[g, grid.start[g, j]]]
    for j in range(bins):
        value = desk.low[j] + desk.high[j + 1]
        if grid.whole[g, j] or value >= out[1]:
            continue
        if value >= enough:
            out[2], out[3] = min(out[2], value), min(out[3], value)
        else:
            _cut_bin(cases, grid, side, g, j, desk, out, cut)


@numba.njit(nogil=True, fastmath=_FAST)
def _cut_bin(cases: CaseSet, grid: _Grid, side: _Side, g: int, j: int, desk: _Desk, out: Floats, cut: Places) -> None:
    """Try the cuts within a bin of a fact, of the cases of a side."""
    sums, held, is_first = desk.between, desk.held[j], True
    sums[:] = desk.sums[j]
    rank, total, last = cases.rank[g], desk.held[grid.bins[g]], 0
    for n in range(grid.start[g, j], grid.start[g, j + 1]):
        i = cases.order[g, n]
        if (cases.rank[side.f, i] < side.rank) != side.is_below:
            continue
        if not is_first and rank[i] != last:
            value = _least(sums) + _least_between(sums, side.total)
            out[2] = min(out[2], value)
            if value < out[1] and min(held, total - held) >= cases.least:
                out[1], out[3] = value, min(out[3], value)
                cut[0], cut[1] = g, rank[i]
        _add(sums, cases.cost[i])
        held += 1
        last, is_first = rank[i], False


@numba.njit(nogil=True)
def _look(
    cases: CaseSet, grid: _Grid, desk: _Desk, f: int, n: int, until: Floats, slack: float, tree: Places, value: Floats
) -> None:
    """Find the best cuts on both sides of a cut, as exactly as until (3, leaves) asks: found, target, bound.

    value (4,) is what bounds the stretch that the cut is of, and becomes what bounds sets that hold more, as in
    `_Items`.
    """
    root = np.array([f, cases.rank[f, cases.order[f, n]]], dtype=np.int32)
    below, above, here = np.empty(4), np.empty(4), value.copy()
    cuts = np.empty((2, 2), dtype=np.int32)
    three, four = min(until[0, 3], until[1, 3]) - slack, min(until[0, 4], until[1, 4]) - slack
    enough = max(four - value[3], three - value[2])
    _cut_side(cases, grid, _side_of(cases, grid, f, n, True), enough, desk, below, cuts[0])
    value[0], value[1] = below[0], max(value[1], below[2])
    here[0], here[1] = below[0], max(here[1], below[3])
    enough = max(four - here[1], three - here[0])
    _cut_side(cases, grid, _side_of(cases, grid, f, n, False), enough, desk, above, cuts[1])
    value[2], value[3] = above[0], max(value[3], above[2])
    here[2], here[3] = above[0], max(here[3], above[3])
    _try(below, above, cuts, root, until[0], tree)
    _close(here, until[2])


@numba.njit(nogil=True)
def _keep(items: _Items, count: int, f: int, low: int, high: int, value: Floats, until: Floats, slack: float) -> int:
    """Add a stretch, unless nothing better can lie in it: then it enters the bound; until as in `_look`."""
    if low > high:
        return count
    if _gain(value, until[0], until[1]) <= slack:
        _close(value, until[2])
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
    until = np.full((3, LEAVES + 1), grid.one[_ABOVE, 0, 0])
    until[1] = target
    items, count = _first_items(cases, grid, until[0], tree)
    most, width, looked = np.max(grid.bins) + 1, cases.cost.shape[1], 0
    desk = _Desk(
        np.empty((most, width)), np.empty(most, dtype=np.int64), np.empty(most), np.empty(most), np.empty(width)
    )
    while count > 0:
        place, count = _most_to_gain(items, count, until, slack)
        if place < 0 or stop[0]:
            break
        f, low, high, known = items.fact[place], items.low[place], items.high[place], items.value[place].copy()
        count -= 1
        _copy(items, count, items, place)
        n = _cut_within(cases, f, low, high, (low + high) // 2)
        if n < 0:
            continue
        value = known.copy()
        _look(cases, grid, desk, f, n, until, slack, tree, value)
        looked += 1
        if count + 2 > items.fact.shape[0]:
            items = _more_room(items, count)
        right = known.copy()
        right[:2], known[2:] = value[:2], value[2:]
        count = _keep(items, count, f, low, n - 1, known, until, slack)
        count = _keep(items, count, f, n + 1, high, right, until, slack)
    for n in range(count):
        _close(items.value[n], until[2])
    found[:], bound[:] = until[0], np.minimum(until[0], until[2])
    return looked


@numba.njit(nogil=True)
def _most_to_gain(items: _Items, count: int, until: Floats, slack: float) -> tuple[int, int]:
    """Return the place of the stretch that may hold most, -1 for none, and how many are left: others are closed."""
    most, place, n = slack, -1, 0
    while n < count:
        gain = _gain(items.value[n], until[0], until[1])
        if gain <= slack:
            _close(items.value[n], until[2])
            count -= 1
            _copy(items, count, items, n)
            continue
        if gain > most:
            most, place = gain, n
        n += 1
    return place, count


@numba.njit(nogil=True)
def _more_room(items: _Items, count: int) -> _Items:
    more = _no_items(2 * count + 2)
    for n in range(count):
        _copy(items, n, more, n)
    return more
