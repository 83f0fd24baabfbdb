"""Means over the Beta distribution of drop-out chances, and predictions for many customers at once.

In: a function of the drop-out chance, or of frequency and age. Out: its mean over a Beta distribution, its values for
many customers. Left to others: which function.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy.special import expit, log_expit

__all__ = ["beta_expectation", "by_frequency"]

Vector = NDArray[np.float64]

_DROP = 40.0  # the density of p is followed until its logarithm has dropped by this much
_SPACING = 0.2  # of the nodes in logit p, at most
_NODES_AT_LEAST = 41
_DEGREES = (15, 31, 63)  # of the polynomials in ln(alpha + T), tried in turn
_ACCURACY = 1e-12  # of the logarithm of what is interpolated
_ROWS_AT_ONCE = 5_000  # whose nodes are held in memory together
_READ_AT_ONCE = 10_000  # ages that fit into the cache while a polynomial is read


def by_frequency(compute: Callable[[Vector, Vector], Vector], frequency: Vector, shifted_age: Vector) -> Vector:
    """Return compute(frequency, shifted_age) for each row, worked out for few of them where there are many.

    Parameters
    ----------
    compute
        Takes and returns arrays (rows,); positive, and smooth in the logarithm of the age.
    frequency, shifted_age
        (rows,) repeat purchases; alpha + T, above 0.

    Notes
    -----
    Rows of one frequency with more ages than a polynomial has nodes are read from one: Chebyshev's, of the logarithm
    of the values in the logarithm of the age, of the first degree whose last coefficients are below 1e-12. Where none
    is, every row is worked out.
    """
    order, counts, edges = _sorted_by(frequency)
    result = np.empty(frequency.size)
    for count, first, last in zip(counts, edges[:-1], edges[1:], strict=True):
        rows = order[first:last]
        result[rows] = _along_age(compute, count, shifted_age[rows])
    return result


def _sorted_by(frequency: Vector) -> tuple[NDArray[np.intp], Vector, NDArray[np.intp]]:
    """Return an order that sorts frequencies, the distinct ones, and where each begins in that order."""
    short = frequency.astype(np.uint16, copy=False) if frequency.max(initial=0.0) < 2**16 else frequency
    keys = short if np.array_equal(short, frequency) else frequency  # short whole numbers are sorted by their digits
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    begins = np.flatnonzero(np.append(True, in_order[1:] != in_order[:-1])) if frequency.size else np.empty(0, np.intp)
    return order, in_order[begins].astype(np.float64), np.append(begins, frequency.size)


def _along_age(compute: Callable[[Vector, Vector], Vector], count: float, age: Vector) -> Vector:
    low, high = float(age.min()), float(age.max())
    for degree in _DEGREES if high > low else ():
        if age.size <= 2 * degree:
            break
        middle, half = (np.log(high) + np.log(low)) / 2, (np.log(high) - np.log(low)) / 2
        nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
        at_nodes = compute(np.full(degree + 1, count), np.exp(middle + half * nodes))
        if not (np.isfinite(at_nodes) & (at_nodes > 0)).all():
            break
        coefficients = chebyshev.chebfit(nodes, np.log(at_nodes), degree)
        if np.abs(coefficients[-3:]).max() < _ACCURACY:
            count_needed = int(np.flatnonzero(np.abs(coefficients) > _ACCURACY / 10).max(initial=0)) + 1
            values = np.empty(age.size)
            for first in range(0, age.size, _READ_AT_ONCE):
                portion = slice(first, first + _READ_AT_ONCE)
                at = (np.log(age[portion]) - middle) / half
                np.exp(chebyshev.chebval(at, coefficients[:count_needed]), out=values[portion])
            return values
    ages, place = np.unique(age, return_inverse=True)
    blocks = [ages[first : first + _ROWS_AT_ONCE] for first in range(0, ages.size, _ROWS_AT_ONCE)]
    values = np.concatenate([compute(np.full(block.size, count), block) for block in blocks])
    return np.asarray(values[place], dtype=np.float64)


def beta_expectation(
    if_p: Callable[[Vector, Vector, Vector], Vector],
    a: float,
    b: Vector,
    s: Vector,
    beta: Vector,
    flat_below: Callable[[Vector, Vector], Vector],
) -> Vector:
    """Return E[if_p(ln p, s, beta)] over p ~ Beta(a, b) for each row, by the trapezoid rule in y = logit p.

    The rule converges exponentially, since density and integrand are analytic in a strip around the axis. The
    window ends where the log-density has dropped by 40, or earlier where the density is a pure exponential in y and
    the integrand constant (below p = 1e-16 flat_below); there the rest of the infinite sum is a geometric series, so
    that tiny a or b cost nothing. The weights are normalised by their own sum.
    """
    size = a + b
    lower_edge = -37.0 - np.log(np.maximum(np.maximum(1.0, size), 1.0 / flat_below(s, beta)))
    upper_edge = 37.0 + np.log(np.maximum(1.0, size))
    left = _descend(lower_edge, a, b)
    right = -_descend(-upper_edge, b, a)
    node_count = max(_NODES_AT_LEAST, int(np.ceil(np.max(right - left) / _SPACING)) + 1)
    spacing = (right - left) / (node_count - 1)
    y = left[:, None] + spacing[:, None] * np.arange(node_count)
    log_p = log_expit(y)
    log_density = a * log_p + b[:, None] * log_expit(-y)
    weight = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    weight[:, 0] /= -np.expm1(-a * spacing)
    weight[:, -1] /= -np.expm1(-b * spacing)
    values = if_p(log_p, s[:, None], beta[:, None])
    return np.asarray((weight * values).sum(axis=1) / weight.sum(axis=1), dtype=np.float64)


def _descend(start: Vector, a: float | Vector, b: float | Vector) -> Vector:
    """Return the y left of the mode where the log-density a ln p + b ln(1-p) is 40 below it, or `start` if later.

    Newton's method on a concave function comes from the outside and never steps over the root.
    """
    target = a * log_expit(np.log(a / b)) + b * log_expit(np.log(b / a)) - _DROP
    y = start
    for _ in range(40):
        below = target - (a * log_expit(y) + b * log_expit(-y))
        step = np.where(below > 0, below / (a * expit(-y) - b * expit(y)), 0.0)
        y = y + np.where(below > 0, step, 0.0)
        if not np.any(step > 1e-3):
            break
    return np.asarray(y, dtype=np.float64)
