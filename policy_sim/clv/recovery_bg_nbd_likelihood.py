"""The likelihood of the recovery-aware BG/NBD, and its maximum.

In: each customer's frequency, recency, age and chances to drop out by class. Out: the maximum over the working
parameters, the log-likelihood of all customers, the odds of having dropped out. Left to others: predictions
(`recovery_bg_nbd`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, expit, gammaln, logit

from policy_sim.clv.likelihood import Maximum, maximise_likelihood, unique_rows
from policy_sim.clv.recoveries import RecoverySummary

__all__ = ["UniqueCustomers", "find_maximum", "log_odds_of_death", "natural_parameters", "total_log_likelihood"]

Vector = NDArray[np.float64]
Places = NDArray[np.intp]

_PRIOR_MEAN = float(np.log(3.0))  # of ln k
_PRIOR_DEVIATION = 1.4


def find_maximum(summary: RecoverySummary, customers: UniqueCustomers, concentration_prior: bool) -> Maximum:
    """Find the maximum over the working parameters.

    These are ln r, ln alpha, the logits of the K+1 mean drop-out chances, and the logarithms of the concentrations: k_0
    of class 0, and the one k of all failure classes.

    Parameters
    ----------
    summary, customers
        The customers, as they are and by distinct rows.
    concentration_prior
        Whether both concentrations k = a+b have the weak prior ln k ~ Normal(ln 3, standard deviation 1.4).
    """
    class_count = len(summary.class_names)

    def penalised(working: Vector) -> tuple[float, Vector]:
        value, gradient = total_log_likelihood(working, customers)
        if concentration_prior:
            distance = (working[2 + class_count :] - _PRIOR_MEAN) / _PRIOR_DEVIATION
            value -= 0.5 * float(distance @ distance)
            gradient[2 + class_count :] -= distance / _PRIOR_DEVIATION
        return value, gradient

    rate = float(summary.frequency.sum() / max(float(summary.age_weeks.sum()), 1e-9))
    shapes = ((0.5, 1.0, 2.5), (1.0, 0.3, 3.0), (0.25, 0.8, 1.0), (3.0, 0.1, 5.0), (1.0, 1.0, 1.0))
    failures = class_count - 1
    starts = [
        np.array(
            [
                np.log(r),
                np.log(r / rate / 2.0),
                np.log(a / b),
                *[logit(0.3)] * failures,
                np.log(a + b),
                *[np.log(3.0)] * (failures > 0),
            ]
        )
        for r, a, b in shapes
    ]
    return maximise_likelihood(penalised, starts, summary.frequency.size)


def natural_parameters(working: Vector, class_count: int) -> tuple[float, float, Vector, Vector]:
    """Return r, alpha, a and b from the working parameters of `find_maximum`."""
    means, sizes = working[2 : 2 + class_count], np.exp(working[2 + class_count :])
    size = np.full(class_count, sizes[-1])
    size[0] = sizes[0]
    return float(np.exp(working[0])), float(np.exp(working[1])), size * expit(means), size * expit(-means)


def total_log_likelihood(working: Vector, customers: UniqueCustomers) -> tuple[float, Vector]:
    """Return the log-likelihood of all customers, without the prior, and its gradient on the working parameters."""
    class_count = len(customers.counts)
    r, alpha, a, b = natural_parameters(working, class_count)
    x, t_x, T, weight = customers.x, customers.t_x, customers.T, customers.weight
    s = r + x
    log_age = np.log(alpha + T)
    odds = log_odds_of_death(r, alpha, a, b, x, t_x, T, customers.last, customers.of_last)
    dead = weight * expit(odds)
    frequency, times = customers.frequencies
    value = weight @ (r * working[1] - s * log_age + np.logaddexp(0.0, odds))
    value += times @ (gammaln(r + frequency) - gammaln(r))
    slope_r = times @ (digamma(r + frequency) - digamma(r)) + weight @ (working[1] - log_age)
    slope_r += dead @ (log_age - np.log(alpha + t_x))
    slope_alpha = weight @ (r / alpha - s / (alpha + T)) - dead @ (s * (T - t_x) / ((alpha + T) * (alpha + t_x)))

    slope_a, slope_b = np.empty(class_count), np.empty(class_count)
    for c, (count, times) in enumerate(customers.counts):
        size = a[c] + b[c]
        value += times @ (gammaln(b[c] + count) - gammaln(b[c]) - gammaln(size + count) + gammaln(size))
        both = digamma(size) - digamma(size + count)
        is_last = customers.last == c
        slope_a[c] = times @ both + dead[is_last].sum() / a[c]
        slope_b[c] = times @ (both + digamma(b[c] + count) - digamma(b[c]))
        slope_b[c] -= (dead[is_last] / (b[c] + customers.of_last[is_last] - 1.0)).sum()
    of_means = a * b / (a + b) * (slope_a - slope_b)
    of_sizes = a * slope_a + b * slope_b
    of_failures = [of_sizes[1:].sum()] if class_count > 1 else []
    return float(value), np.array([slope_r * r, slope_alpha * alpha, *of_means, of_sizes[0], *of_failures])


def log_odds_of_death(
    r: float,
    alpha: float,
    a: Vector,
    b: Vector,
    x: Vector,
    t_x: Vector,
    T: Vector,
    last: Places,
    of_last: Vector,
) -> Vector:
    """Return ln u, the log-odds of having dropped out at the last purchase; -inf where that was no chance to.

    Parameters
    ----------
    r, alpha, a, b
        The parameters; a and b are (K+1,), one for each class of chances to drop out.
    x, t_x, T
        (n_rows,) frequency, recency and age.
    last, of_last
        (n_rows,) class of the last chance, -1 where the last purchase was none; how many chances of it there were.
    """
    place = np.maximum(last, 0)
    odds = np.log(a[place] / (b[place] + np.maximum(of_last, 1.0) - 1.0)) + (r + x) * np.log(
        (alpha + T) / (alpha + t_x)
    )
    return np.where(last >= 0, odds, -np.inf)


@dataclass(frozen=True, eq=False)
class UniqueCustomers:
    """The distinct customers, as the likelihood needs them: whatever is equal is worked out once.

    Attributes
    ----------
    x, t_x, T, last, of_last, weight
        (n_rows,) the distinct rows of frequency, recency, age, class of the last chance and chances of that class,
        and how many customers have each.
    frequencies
        The distinct frequencies, and how many customers have each.
    counts
        The same for the chances of each class.
    """

    x: Vector
    t_x: Vector
    T: Vector
    last: Places
    of_last: Vector
    weight: Vector
    frequencies: tuple[Vector, Vector]
    counts: tuple[tuple[Vector, Vector], ...]

    @classmethod
    def of(cls, summary: RecoverySummary) -> UniqueCustomers:
        """Return the distinct customers of a summary."""
        (x, t_x, T, last, of_last), weight, _ = unique_rows(
            summary.frequency,
            summary.recency_weeks,
            summary.age_weeks,
            summary.last.astype(np.float64),
            summary.of_last,
        )
        return cls(
            x,
            t_x,
            T,
            last.astype(np.intp),
            of_last,
            weight,
            _tally(summary.frequency),
            tuple(_tally(column) for column in summary.chances.T),
        )


def _tally(values: Vector) -> tuple[Vector, Vector]:
    distinct, times = np.unique(values, return_counts=True)
    return distinct, times.astype(np.float64)
