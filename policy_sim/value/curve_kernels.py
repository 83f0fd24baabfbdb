"""Curve kernels: what changes along a limit added up, running sums, and reading between points, compiled.

In: arrays. Out: arrays. Left to others: what is summed (`response_kernels`), and what the points are.

numba's cache notices changes of one file only. So nothing that is compiled here calls another module.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["add_along", "add_means_along", "add_weights_along", "find_unknown", "read_between", "weigh_nodes"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]

_UNKNOWN, _WANTED = -1, -2


@numba.njit(cache=True, nogil=True, error_model="numpy")
def add_along(changes: Floats, weight: Floats, out: Floats) -> None:
    """Add to out the running sums of changes (places, measures, lanes), times a weight (places, lanes that count)."""
    running = np.zeros(changes.shape[1:])
    for place in range(changes.shape[0]):
        for q in range(changes.shape[1]):
            for j in range(weight.shape[1]):
                running[q, j] += changes[place, q, j]
                out[place, q, j] += weight[place, j] * running[q, j]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def weigh_nodes(at: Floats, nodes: Floats) -> Floats:
    """Return weights (nodes, steps, draws) of the polynomial through Chebyshev's nodes, read at (steps, draws).

    Both between -1 and 1. The barycentric formula (Berrut and Trefethen 2004, section 5).
    """
    count = nodes.shape[0]
    out = np.empty((count, at.shape[0], at.shape[1]))
    factor = (1.0 - 2.0 * (np.arange(count) % 2)) * np.sqrt(1.0 - nodes * nodes)
    total = np.empty(at.shape[1])
    for step in range(at.shape[0]):
        total[:] = 0.0
        for n in range(count):
            node, above = nodes[n], factor[n]
            for j in range(at.shape[1]):
                distance = at[step, j] - node
                # on a node: as near as makes no difference
                distance = distance if abs(distance) > 1e-14 else 1e-14
                out[n, step, j] = above / distance
                total[j] += above / distance
        for n in range(count):
            for j in range(at.shape[1]):
                out[n, step, j] /= total[j]
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def read_between(values: Floats, place: Floats) -> Floats:
    """Return (steps, draws) values (points, draws) at places (steps, draws) between 0 and the last point, at least 0.

    By the cubic through the four points nearest.
    """
    out = np.empty(place.shape)
    for n in range(place.shape[0]):
        for j in range(place.shape[1]):
            first = min(max(int(np.floor(place[n, j])) - 1, 0), values.shape[0] - 4)
            t = place[n, j] - first
            found = -values[first, j] * (t - 1) * (t - 2) * (t - 3) / 6
            found += values[first + 1, j] * t * (t - 2) * (t - 3) / 2
            found -= values[first + 2, j] * t * (t - 1) * (t - 3) / 2
            found += values[first + 3, j] * t * (t - 1) * (t - 2) / 6
            out[n, j] = max(found, 0.0)
    return out


@numba.njit(cache=True, nogil=True)
def find_unknown(case: Ints, tier: Ints, choice: Ints, row_of: Rows) -> tuple[Ints, Ints, Ints]:
    """Return what assignments choose that row_of (K, N, A) has no row for, each once: case, resolution, tier.

    They are marked there, so that assignments of other cases may be looked through at the same time.
    """
    count = 0
    for n in range(case.shape[0]):
        for s in range(choice.shape[1]):
            if row_of[tier[n], case[n], choice[n, s]] == _UNKNOWN:
                row_of[tier[n], case[n], choice[n, s]] = _WANTED
                count += 1
    whose, what, where = (
        np.empty(count, dtype=np.int64),
        np.empty(count, dtype=np.int64),
        np.empty(count, dtype=np.int64),
    )
    found = 0
    for n in range(case.shape[0]):
        for s in range(choice.shape[1]):
            if found < count and row_of[tier[n], case[n], choice[n, s]] == _WANTED:
                row_of[tier[n], case[n], choice[n, s]] = _UNKNOWN
                whose[found], what[found], where[found] = case[n], choice[n, s], tier[n]
                found += 1
    return whose, what, where


@numba.njit(cache=True, nogil=True, error_model="numpy")
def add_means_along(
    case: Ints, tier: Ints, choice: Ints, place: Ints, row_of: Rows, table: Floats, out: Floats
) -> None:
    """Add to out (places, measures) by how much means change from each assignment to the next.

    Assignments are as in `response_kernels.Assignments`; table (rows, styles, measures) holds what a row comes to times
    the share of each style, and row_of (K, N, A) says which row is whose.
    """
    for n in range(case.shape[0]):
        begins = n == 0 or case[n - 1] != case[n] or place[n] < place[n - 1]
        for s in range(choice.shape[1]):
            if not begins and tier[n] == tier[n - 1] and choice[n, s] == choice[n - 1, s]:
                continue
            now = row_of[tier[n], case[n], choice[n, s]]
            for q in range(out.shape[1]):
                out[place[n], q] += table[now, s, q]
            if not begins:
                before = row_of[tier[n - 1], case[n], choice[n - 1, s]]
                for q in range(out.shape[1]):
                    out[place[n], q] -= table[before, s, q]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def add_weights_along(
    case: Ints, tier: Ints, choice: Ints, place: Ints, failure: Ints, kind_of: Ints, weights: Floats, out: Floats
) -> None:
    """Add to out (places, kinds, styles, columns) by how much weights change from each assignment to the next.

    kind_of (K, F, A) says of which kind it is to give something for a failure at a tier, -1 for none that counts;
    failure is (N,), weights are (N, columns).
    """
    for n in range(case.shape[0]):
        i = case[n]
        begins = n == 0 or case[n - 1] != i or place[n] < place[n - 1]
        for s in range(choice.shape[1]):
            now = kind_of[tier[n], failure[i], choice[n, s]]
            before = -1 if begins else kind_of[tier[n - 1], failure[i], choice[n - 1, s]]
            if now == before:
                continue
            for x in range(weights.shape[1]):
                if now >= 0:
                    out[place[n], now, s, x] += weights[i, x]
                if before >= 0:
                    out[place[n], before, s, x] -= weights[i, x]
