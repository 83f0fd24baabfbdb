"""The likelihood that BG/NBD and MBG/NBD have in common, and its maximum.

In: each customer's frequency, recency and age; whether customers may leave after their very first purchase.
Out: the maximum, the log-likelihood of each customer or of all, and the chance to be alive. Left to others: predictions
(`bg_nbd`, `mbg_nbd`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from policy_sim.clv.histories import CustomerSummary
from policy_sim.clv.likelihood import Maximum, maximise_likelihood, one_plus_odds, unique_rows

__all__ = ["find_maximum", "log_likelihoods", "probability_alive", "total_log_likelihood"]

Vector = NDArray[np.float64]

_ROWS_AT_ONCE = 8_000  # few enough to stay in the processor's cache


def find_maximum(summary: CustomerSummary, first_chances: int) -> Maximum:
    """Find the maximum over the logarithms of r, alpha, a and b.

    Parameters
    ----------
    summary
        Customers with frequency, recency and age.
    first_chances
        How often customers could leave before any repeat purchase: 1 where they may after the very first, else 0.
    """
    total = total_log_likelihood(*summary.history, first_chances)
    rate = float(summary.frequency.sum()) / max(float(summary.age_weeks.sum()), 1e-9)
    shapes = ((0.5, 1.0, 2.5), (1.0, 0.3, 3.0), (0.25, 0.8, 1.0), (3.0, 0.1, 5.0), (1.0, 1.0, 1.0))
    starts = [np.log([r, r / rate / 2.0, a, b]) for r, a, b in shapes]
    return maximise_likelihood(total, starts, summary.labels.size)


def log_likelihoods(log_parameters: Vector, x: Vector, t_x: Vector, T: Vector, first_chances: int) -> Vector:
    """Return the log-likelihood of each row.

    Parameters
    ----------
    log_parameters
        (4,) logarithms of r, alpha, a and b.
    x, t_x, T
        Repeat purchases, the time of the last, the age; arrays of one shape.
    first_chances
        As for `find_maximum`.

    Notes
    -----
    With c = x + first_chances,

        ll = ln G(r+x)/G(r) - x ln alpha - (r+x) ln(1 + T/alpha) + ln B(a, b+c)/B(a, b) + ln(1 + u)
        u  = [c > 0] a/(b+c-1) ((alpha+T)/(alpha+t_x))^(r+x)
    """
    r, alpha, a, b = np.exp(log_parameters)
    counts, place = np.unique(x, return_inverse=True)
    (bought, stayed, drawn), _ = _rising_factorials(r, a, b, counts, first_chances)
    odds = np.where(x + first_chances > 0, _log_odds_of_death(r, alpha, a, b, x, t_x, T, first_chances), -np.inf)
    active = (bought + stayed - drawn)[place] - x * log_parameters[1] - (r + x) * np.log1p(T / alpha)
    return np.asarray(active + one_plus_odds(odds)[0], dtype=np.float64)


def total_log_likelihood(
    x: Vector, t_x: Vector, T: Vector, first_chances: int
) -> Callable[[Vector], tuple[float, Vector]]:
    """Return the sum of `log_likelihoods` with its gradient, as a function of the log-parameters.

    Most of it depends on few distinct counts and times, and is worked out once for each; only the odds of having left
    need every distinct row.
    """
    (x, t_x, T), weight, _ = unique_rows(x, t_x, T)
    counts, count_place = np.unique(x, return_inverse=True)
    ages, age_place = np.unique(T, return_inverse=True)
    of_count, of_age = np.bincount(count_place, weight), np.bincount(age_place, weight)
    purchases_of_age = np.bincount(age_place, weight * x)
    purchase_count = float(weight @ x)

    may_have_left = x + first_chances > 0
    x, t_x, weight = x[may_have_left], t_x[may_have_left], weight[may_have_left]
    count_place, age_place = count_place[may_have_left], age_place[may_have_left]
    recencies, recency_place = np.unique(t_x, return_inverse=True)
    chances_before = np.maximum(counts + first_chances - 1.0, 0.0)

    def total(log_parameters: Vector) -> tuple[float, Vector]:
        r, alpha, a, b = np.exp(log_parameters).tolist()
        log_age, log_recency = np.log1p(ages / alpha), np.log1p(recencies / alpha)
        age_share, recency_share = ages / (alpha + ages), recencies / (alpha + recencies)
        events_of_age = r * of_age + purchases_of_age
        logs, slopes = _rising_factorials(r, a, b, counts, first_chances)
        bought, stayed, drawn = (logs @ of_count).tolist()
        bought_slope, stayed_slope, drawn_slope = (slopes @ of_count).tolist()

        s = r + x
        log_growth = log_age[age_place] - log_recency[recency_place]
        odds = np.log(a / (b + chances_before))[count_place] + s * log_growth
        log_total, chance = one_plus_odds(odds)
        dead = weight * chance
        dead_of_count = np.bincount(count_place, dead, minlength=counts.size)
        share_gap = recency_share[recency_place] - age_share[age_place]

        value = bought + stayed - drawn - purchase_count * log_parameters[1]
        value += weight @ log_total - events_of_age @ log_age
        gradient = [
            r * (bought_slope - of_age @ log_age + dead @ log_growth),
            events_of_age @ age_share - purchase_count + (dead * s) @ share_gap,
            dead_of_count.sum() - a * drawn_slope,
            b * (stayed_slope - drawn_slope - dead_of_count @ (1.0 / (b + chances_before))),
        ]
        return float(value), np.array(gradient)

    return total


def probability_alive(
    r: float, alpha: float, a: float, b: float, x: Vector, t_x: Vector, T: Vector, first_chances: int
) -> Vector:
    """Return the chance 1/(1 + u) of each row, an array of any shape, that the customer has not dropped out."""
    alive = np.empty(x.size)
    columns = (x.ravel(), t_x.ravel(), T.ravel())
    for first in range(0, x.size, _ROWS_AT_ONCE):
        portion = slice(first, first + _ROWS_AT_ONCE)
        some_x, some_t_x, some_T = (column[portion] for column in columns)
        odds = _log_odds_of_death(r, alpha, a, b, some_x, some_t_x, some_T, first_chances)
        with np.errstate(over="ignore"):  # at infinite odds nobody is left
            np.exp(odds, out=odds)
        odds += 1.0
        # whoever had no chance to leave is there
        np.maximum(1.0 / odds, some_x + first_chances <= 0, out=alive[portion])
    return alive.reshape(x.shape)


def _log_odds_of_death(
    r: float, alpha: float, a: float, b: float, x: Vector, t_x: Vector, T: Vector, first_chances: int
) -> Vector:
    """Return ln u, the log-odds of having left after the last purchase, which mean nothing where nobody could."""
    odds = np.log((alpha + T) / (alpha + t_x))
    odds *= r + x
    odds += np.log(a)
    odds -= np.log(np.maximum(x + (b + first_chances - 1.0), b))
    return np.asarray(odds, dtype=np.float64)


def _rising_factorials(r: float, a: float, b: float, counts: Vector, first_chances: int) -> tuple[Vector, Vector]:
    """Return ln G(z+n)/G(z) for each count and its slopes in z, (3, n_counts) each.

    Here z and n are r and the purchases, b and the chances to leave, a+b and the same chances: what depends on the
    frequency alone is the first, plus the second, minus the third.
    """
    start = np.array([[r], [b], [a + b]])
    end = start + np.array([counts, counts + first_chances, counts + first_chances])
    return gammaln(end) - gammaln(start), digamma(end) - digamma(start)
