"""Samples: the points of a design in the unit cube.

In: how many factors, how many points, a seed. Out: arrays (points, factors) within 0 and 1.
Left to others: what a factor is and what its values are (`design`), the analysis of results (`sensitivity`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["latin_hypercube", "morris_trajectories", "saltelli", "sobol_sequence"]

Floats = NDArray[np.float64]


def latin_hypercube(factors: int, count: int, seed: int) -> Floats:
    """Return (count, factors): the range of each factor is cut into `count` slices, each of which has one point."""
    return np.asarray(stats.qmc.LatinHypercube(d=factors, rng=np.random.default_rng([seed, 5])).random(count))


def sobol_sequence(factors: int, count: int, seed: int) -> Floats:
    """Return (count, factors): scrambled Sobol points, which fill the cube evenly; count is a power of 2."""
    sampler = stats.qmc.Sobol(d=factors, scramble=True, rng=np.random.default_rng([seed, 6]))
    return np.asarray(sampler.random_base2(count.bit_length() - 1))


def saltelli(factors: int, count: int, seed: int) -> Floats:
    """Return (count * (factors + 2), factors): points from which Sobol's indices are estimated; count is a power of 2.

    For each of `count` pairs of points A and B: A, then A with one factor after the other taken from B, then B.

    References
    ----------
    Saltelli et al. 2010.
    """
    both = sobol_sequence(2 * factors, count, seed)
    a, b = both[:, :factors], both[:, factors:]
    mixed = np.repeat(a[:, None, :], factors + 2, axis=1)
    mixed[:, 1 : factors + 1][:, np.arange(factors), np.arange(factors)] = b
    mixed[:, -1] = b
    return mixed.reshape(-1, factors)


def morris_trajectories(factors: int, count: int, levels: int, seed: int) -> Floats:
    """Return (count * (factors + 1), factors): random trajectories on a grid that move one factor at a time.

    Each factor has `levels` (even) values from 0 to 1; a step is a little over half of the range.

    References
    ----------
    Morris 1991.
    """
    rng = np.random.default_rng([seed, 7])
    step = morris_step(levels)
    low = rng.integers(0, levels // 2, (count, factors)) / (levels - 1)
    rises = rng.random((count, factors)) < 0.5
    start, end = np.where(rises, low, low + step), np.where(rises, low + step, low)
    turn = np.argsort(rng.random((count, factors)), axis=1).argsort(axis=1)
    moved = np.arange(factors + 1)[:, None] > turn[:, None, :]
    return np.where(moved, end[:, None, :], start[:, None, :]).reshape(-1, factors)


def morris_step(levels: int) -> float:
    """Return the length of a step, as a share of the range."""
    return levels / (2 * (levels - 1))
