"""Pareto k: whether draws from an approximation can stand for the posterior, told by the tail of their weights.

In: log importance ratios. Out: smoothed weights and k. Left to others: what is done where k is high (`calibration`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["RELIABLE", "smoothed_weights"]

Floats = NDArray[np.float64]

#: k up to which weighted means can be relied on (Vehtari et al. 2024).
RELIABLE = 0.7

_FEWEST_IN_TAIL = 5
_PRIOR_DRAWS, _PRIOR_K = 10.0, 0.5  # of Vehtari et al. 2024, for small tails


def smoothed_weights(log_ratios: Floats) -> tuple[Floats, float]:
    """Return weights (draws,) that add up to 1, the largest smoothed, and the Pareto k of their tail.

    The largest min(.2 S, 3 sqrt(S)) of S ratios are replaced by the expected order statistics of a generalised Pareto
    distribution that is fitted to them; k above .7 says that weighted means are not to be relied on. Not a number
    where there are too few draws.

    References
    ----------
    Vehtari, Simpson, Gelman, Yao and Gabry 2024, Pareto smoothed importance sampling; Zhang and Stephens 2009 (fit).
    """
    ratios = np.exp(log_ratios - log_ratios.max())
    count = len(ratios)
    tail = int(min(0.2 * count, 3 * np.sqrt(count)))
    if tail < _FEWEST_IN_TAIL:
        return ratios / ratios.sum(), float("nan")
    order = np.argsort(ratios, kind="stable")
    largest, cutoff = order[-tail:], ratios[order[-tail - 1]]
    excess = ratios[largest] - cutoff
    if excess[-1] <= 0 or np.ptp(excess) == 0:
        return ratios / ratios.sum(), 0.0 if np.ptp(ratios) == 0 else float("nan")
    k, sigma = _fit_generalised_pareto(excess)
    places = (np.arange(tail) + 0.5) / tail
    expected = sigma * (np.expm1(-k * np.log1p(-places)) / k if abs(k) > 1e-9 else -np.log1p(-places))
    ratios[largest] = np.minimum(cutoff + expected, 1.0)
    return ratios / ratios.sum(), k


def _fit_generalised_pareto(excess: Floats) -> tuple[float, float]:
    """Return k and sigma of excesses (rising, above 0), k drawn towards a half as small tails need it."""
    count = len(excess)
    grid = 30 + int(np.sqrt(count))
    quartile = excess[int(count / 4 + 0.5) - 1]
    places = np.arange(1, grid + 1) - 0.5
    theta = 1 / excess[-1] + (1 - np.sqrt(grid / places)) / (3 * max(quartile, 1e-300))
    k = np.log1p(-theta[:, None] * excess).mean(axis=1)
    profile = count * (np.log(-theta / k) - k - 1)
    weight = 1 / np.exp(profile - profile[:, None]).sum(axis=1)
    best = float((theta * weight).sum() / weight.sum())
    shape = float(np.log1p(-best * excess).mean())
    sigma = -shape / best
    shape = (shape * count + _PRIOR_K * _PRIOR_DRAWS) / (count + _PRIOR_DRAWS)
    return shape, sigma
