"""Curve kernels: what changes along a limit added up, running sums, and reading between points, compiled.

In: arrays. Out: arrays. Left to others: what is summed (`response_kernels`), and what the points are.

numba's cache notices changes of one file only. So nothing that is compiled here calls another module.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["Telling", "add_along", "add_means_along", "find_unknown", "read_between", "weigh_nodes"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
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
def find_unknown(case: Ints, tier: Ints, choice: Ints, row_of: Rows) -> Ints:
    """Return what assignments choose that row_of (K, N, A) has no row for, each once: (3, rows) case, resolution, tier.

    They are marked there, so that assignments of other cases may be looked through at the same time.
    """
    count = 0
    for n in range(case.shape[0]):
        for s in range(choice.shape[1]):
            if row_of[tier[n], case[n], choice[n, s]] == _UNKNOWN:
                row_of[tier[n], case[n], choice[n, s]] = _WANTED
                count += 1
    out = np.empty((3, count), dtype=np.int64)
    found = 0
    for n in range(case.shape[0]):
        for s in range(choice.shape[1]):
            if found < count and row_of[tier[n], case[n], choice[n, s]] == _WANTED:
                row_of[tier[n], case[n], choice[n, s]] = _UNKNOWN
                out[0, found], out[1, found], out[2, found] = case[n], choice[n, s], tier[n]
                found += 1
    return out


class Telling(NamedTuple):
    """What tells of a case how many ask, who waits, and what waiting does; N cases, K tiers, F failures.

    failure (N,); facts (N, facts) of those who wait; surfaces (N,) the chance that the customer asks; share (K, styles)
    of who chooses how; kind (K, F, A) of which kind it is to give something, -1 for none that counts; on_request and
    waits (kinds,) whether only who asks gets it, and whether they wait; told (measures,) of what those who wait come to
    is added up as well.
    """

    failure: Ints
    facts: Floats
    surfaces: Floats
    share: Floats
    kind: Ints
    on_request: Bools
    waits: Bools
    told: Ints


@numba.njit(cache=True, nogil=True, error_model="numpy")
def add_means_along(
    case: Ints,
    tier: Ints,
    choice: Ints,
    place: Ints,
    row_of: Rows,
    table: Floats,
    telling: Telling,
    means: Floats,
    asked: Floats,
    waiting: Floats,
) -> None:
    """Add by how much sums change from each assignment to the next, at its place.

    Parameters
    ----------
    case, tier, choice, place
        As in `response_kernels.Assignments`.
    row_of, table
        (K, N, A) which row of (rows, styles, measures), what it comes to times the share of each style, is whose.
    means, asked, waiting
        (places, measures); (places, kinds, styles) how many get something of a kind; (places, K, facts and measures
        told) of those who wait.
    """
    for n in range(case.shape[0]):
        begins = n == 0 or case[n - 1] != case[n] or place[n] < place[n - 1]
        for s in range(choice.shape[1]):
            if begins or tier[n] != tier[n - 1] or choice[n, s] != choice[n - 1, s]:
                row = row_of[tier[n], case[n], choice[n, s]]
                _add_row(
                    1.0, case[n], tier[n], choice[n, s], s, place[n], table[row, s], telling, means, asked, waiting
                )
                if not begins:
                    k, a = tier[n - 1], choice[n - 1, s]
                    row = row_of[k, case[n], a]
                    _add_row(-1.0, case[n], k, a, s, place[n], table[row, s], telling, means, asked, waiting)


@numba.njit(error_model="numpy", forceinline=True)
def _add_row(
    factor: float,
    i: int,
    k: int,
    a: int,
    s: int,
    at: int,
    row: Floats,
    telling: Telling,
    means: Floats,
    asked: Floats,
    waiting: Floats,
) -> None:
    """Add a factor times what a style's choice comes to (measures,) at a place."""
    for q in range(means.shape[1]):
        means[at, q] += factor * row[q]
    kind = telling.kind[k, telling.failure[i], a]
    if kind < 0:
        return
    asked[at, kind, s] += factor * (telling.surfaces[i] if telling.on_request[kind] else 1.0)
    if telling.waits[kind]:
        facts = telling.facts.shape[1]
        for x in range(facts):
            waiting[at, k, x] += factor * telling.share[k, s] * telling.facts[i, x]
        for x in range(telling.told.shape[0]):
            waiting[at, k, facts + x] += factor * row[telling.told[x]]
