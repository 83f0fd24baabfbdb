"""Curve kernels: running sums along a limit, and reading between points, compiled.

In: arrays. Out: arrays. Left to others: what is summed (`response_kernels`), and what the points are.

numba's cache notices changes of one file only. So nothing that is compiled here calls another module.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["add_along", "read_between", "weigh_nodes"]

Floats = NDArray[np.float64]


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
