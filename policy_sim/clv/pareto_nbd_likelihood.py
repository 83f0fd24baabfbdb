"""The likelihood of Pareto/NBD, with and without covariates, and its maximum.

In: each customer's frequency, recency and age, and covariates as numbers. Out: the maximum over the log-parameters, the
log-likelihood of each customer, the odds of having left. Left to others: predictions (`pareto_nbd`), what covariates
mean (`pareto_nbd_covariates`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from policy_sim.clv.fit import ALMOST_NEVER, NOBODY_LEAVES
from policy_sim.clv.histories import CustomerSummary
from policy_sim.clv.likelihood import Maximum, maximise_likelihood, one_plus_odds, unique_rows

__all__ = ["find_maximum", "log_likelihoods", "log_odds_of_death", "nobody_leaves", "total_log_likelihood"]

Vector = NDArray[np.float64]

_DROP = 45.0  # the integral over the time of death ends where one of its powers has fallen by e^-45
_LARGEST_EXPONENT = 600.0  # so that nothing overflows
_LARGEST_LOG_RATE = 100.0  # logarithm of a customer's alpha and beta, likewise
_NODES_UP_TO = ((10, 2.0, 6.0), (24, 4.0, 70.0), (64, np.inf, np.inf))  # of a length and a fall
_NODES = {n: ((nodes + 1) / 2, weights / 2) for n, _, _ in _NODES_UP_TO for nodes, weights in [leggauss(n)]}
_VALUES_AT_ONCE = 14_000  # of the integrand in one array, so that it stays in the processor's cache


def find_maximum(summary: CustomerSummary, purchase: Vector, dropout: Vector, starts: Sequence[Vector] = ()) -> Maximum:
    """Find the maximum over the logarithms of r, alpha, s and beta, followed by the coefficients of the covariates.

    Parameters
    ----------
    summary
        Customers with frequency, recency and age.
    purchase, dropout
        (n_customers, k) covariates of purchasing and of leaving, of mean 0 and standard deviation 1; k may be 0.
    starts
        Log-parameters without coefficients from which to start before the usual ones.
    """
    mean_age = max(float(summary.age_weeks.mean()), 1e-9)
    rate = float(summary.frequency.mean()) / mean_age
    shapes = ((0.6, 0.6, 0.3), (1.0, 0.3, 1.0), (0.3, 1.0, 0.5), (3.0, 2.0, 3.0), (1.0, 0.1, 0.1))
    usual = [np.log([r, r / rate / 1.5, s, ages * mean_age]) for r, s, ages in shapes]
    no_effect = np.zeros(purchase.shape[1] + dropout.shape[1])
    return maximise_likelihood(
        total_log_likelihood(summary, purchase, dropout),
        [np.concatenate((start, no_effect)) for start in (*starts, *usual)],
        summary.labels.size,
    )


def nobody_leaves(maximum: Maximum, summary: CustomerSummary) -> str:
    """Return a warning where the rate of leaving went to 0 at a maximum; else an empty text."""
    s, beta = np.exp(maximum.log_parameters[2:4])
    if -np.expm1(-s * np.log1p(summary.age_weeks.mean() / beta)) < ALMOST_NEVER:
        return f"the rate of leaving went to 0 (s = {s:.2g}, beta = {beta:.2g} weeks), {NOBODY_LEAVES}"
    return ""


def total_log_likelihood(
    summary: CustomerSummary, purchase: Vector, dropout: Vector
) -> Callable[[Vector], tuple[float, Vector]]:
    """Return the log-likelihood of all customers with its gradient, as a function of what `find_maximum` varies."""
    columns = (*summary.history, *purchase.T, *dropout.T)
    rows, weight, _ = unique_rows(*columns)
    frequency, recency, age = rows[:3]
    first_dropout = 3 + purchase.shape[1]
    z_purchase, z_dropout = np.array(rows[3:first_dropout]), np.array(rows[first_dropout:])
    counts, place = np.unique(frequency, return_inverse=True)

    def total(working: Vector) -> tuple[float, Vector]:
        gamma_purchase, gamma_dropout = np.split(working[4:], [purchase.shape[1]])
        logs = np.empty((4, frequency.size if working.size > 4 else 1))
        logs[:] = working[:4, None]
        if gamma_purchase.size:
            logs[1] -= gamma_purchase @ z_purchase
        if gamma_dropout.size:
            logs[3] -= gamma_dropout @ z_dropout
        np.clip(logs, -_LARGEST_LOG_RATE, _LARGEST_LOG_RATE, out=logs)
        values, gradients = log_likelihoods(logs, counts, place, recency, age)
        gradients *= weight
        parts = [gradients.sum(axis=1)]
        if gamma_purchase.size:
            parts.append(-z_purchase @ gradients[1])
        if gamma_dropout.size:
            parts.append(-z_dropout @ gradients[3])
        return float(weight @ values), np.concatenate(parts)

    return total


def log_likelihoods(
    log_parameters: Vector, counts: Vector, place: NDArray[np.intp], t_x: Vector, T: Vector
) -> tuple[Vector, Vector]:
    """Return the log-likelihood of each row, and its gradient (4, n_rows) on the log-parameters.

    The log-parameters, (4, 1) or (4, n_rows), may differ by row in alpha and beta, not in r and s. The frequency of
    each row is `counts[place]`: counts are few however many rows there are, so the costly functions see each of them
    once.
    """
    r, s = np.exp(log_parameters[[0, 2], 0])
    alpha, beta = np.exp(log_parameters[[1, 3]])
    x = counts[place]
    odds, (log_alpha, log_beta, inverse_alpha, inverse_beta) = log_odds_of_death(r, s, alpha, beta, x, t_x, T)
    log_total, dead = one_plus_odds(odds)
    alive = 1.0 - dead
    purchase_age, dropout_age = np.log(1.0 + T / alpha), s * np.log(1.0 + T / beta)
    of_count = gammaln(r + counts) - gammaln(r)
    slope_of_count = digamma(r + counts) - digamma(r)
    values = of_count[place] - (r + x) * purchase_age - x * log_parameters[1] - dropout_age + log_total
    gradients = np.empty((4, x.size))
    gradients[0] = r * (slope_of_count[place] - purchase_age + dead * log_alpha)
    gradients[1] = r - alpha * (r + x) * (alive / (alpha + T) + dead * inverse_alpha)
    gradients[2] = dead * (1.0 + s * log_beta) - dropout_age
    gradients[3] = s - beta * (alive * s / (beta + T) + dead * (s + 1.0) * inverse_beta)
    return values, gradients


def log_odds_of_death(
    r: float, s: float, alpha: Vector, beta: Vector, x: Vector, t_x: Vector, T: Vector, *, with_averages: bool = True
) -> tuple[Vector, Vector]:
    """Return ln A for each row, the log-odds of having left by T; -inf where T = t_x.

    Also, (4, n_rows), the averages of ln (alpha+T)/(alpha+u), ln (beta+T)/(beta+u), 1/(alpha+u) and 1/(beta+u) over
    the time of death u of a customer who has left (empty unless `with_averages`).

    Notes
    -----
    In w = ln (m+u)/(m+t_x), with m the smaller of alpha and beta and M the larger, the integrand is
    e^(-p w) ((M+u)/(M+t_x))^-q with p, q = r+x-1, s+1 where alpha is the smaller, s, r+x where beta is. It is analytic
    for |Im w| < pi, so that the rule of Gauss and Legendre converges fast; how many nodes a row takes depends on the
    length of its interval and on how far the integrand falls over it.
    """
    alpha_is_smaller = alpha <= beta
    power = r + x
    start_alpha, start_beta = alpha + t_x, beta + t_x
    log_alpha, log_beta = np.log1p((T - t_x) / start_alpha), np.log1p((T - t_x) / start_beta)
    small, large = np.minimum(start_alpha, start_beta), np.maximum(start_alpha, start_beta)
    p = np.where(alpha_is_smaller, power - 1.0, s)
    q = np.where(alpha_is_smaller, s + 1.0, power)
    length = np.maximum(log_alpha, log_beta)
    fall = np.abs(p) * length + q * np.minimum(log_alpha, log_beta)
    steep = np.flatnonzero(fall > _DROP)
    if steep.size:
        reach = start_alpha[steep] * np.expm1(np.minimum(_DROP / power[steep], _LARGEST_EXPONENT))
        reach = np.minimum(reach, start_beta[steep] * np.expm1(min(_DROP / s, _LARGEST_EXPONENT)))
        length[steep] = np.minimum(length[steep], np.log1p(reach / small[steep]))
        fall[steep] = np.abs(p[steep]) * length[steep] + q[steep] * np.log1p(reach / large[steep])
    integrals = np.empty((5 if with_averages else 1, x.size))
    for portion, node_count in _by_node_count(length, fall):
        integrals[:, portion] = _average_over_deaths(
            node_count, length[portion], p[portion], q[portion], small[portion], large[portion], with_averages
        )
    with np.errstate(divide="ignore"):
        odds = np.log(s * integrals[0] * length * (small / start_beta)) + power * log_alpha + s * log_beta
    averages = integrals[1:]
    if with_averages:
        if not alpha_is_smaller.all():
            averages = np.where(alpha_is_smaller, averages, averages[[1, 0, 3, 2]])
        averages[0] = log_alpha - averages[0]
        averages[1] = log_beta - averages[1]
    return odds, averages


def _average_over_deaths(
    node_count: int, length: Vector, p: Vector, q: Vector, small: Vector, large: Vector, with_averages: bool
) -> Vector:
    """Return the mean of the integrand over w in [0, length], and, if asked for, averages weighted by it.

    These are of w, of ln (M+u)/(M+t_x), of 1/(m+u) and of 1/(M+u), where `small` and `large` are m+t_x and M+t_x.
    """
    nodes, weights = _NODES[node_count]
    w = nodes[:, None] * length
    growth = np.exp(w)
    large_growth = growth - 1.0  # from here on in place: as many arrays as fit into the cache, and no more
    large_growth *= small / large
    large_growth += 1.0
    log_large = np.log(large_growth)
    density = -p * w
    density -= q * log_large
    np.exp(density, out=density)
    density *= weights[:, None]
    # sums not by @, whose threads would cost more than they save
    averages = np.empty((5 if with_averages else 1, length.size))
    averages[0] = density.sum(axis=0)
    if with_averages:
        np.einsum("kn,kn->n", density, w, out=averages[1])
        np.einsum("kn,kn->n", density, log_large, out=averages[2])
        averages[3] = np.divide(density, growth, out=growth).sum(axis=0) / small
        averages[4] = np.divide(density, large_growth, out=large_growth).sum(axis=0) / large
        averages[1:] /= averages[0]
    return averages


def _by_node_count(length: Vector, fall: Vector) -> list[tuple[NDArray[np.intp], int]]:
    """Return portions of rows with how many nodes bring the relative error of their integrals below 1e-11."""
    is_left = np.ones(length.size, dtype=bool)
    portions: list[tuple[NDArray[np.intp], int]] = []
    for node_count, longest, deepest in _NODES_UP_TO:
        chosen = is_left & (length < longest) & (fall < deepest)
        is_left &= ~chosen
        rows, row_count = np.flatnonzero(chosen), _VALUES_AT_ONCE // node_count
        portions += [(rows[k : k + row_count], node_count) for k in range(0, rows.size, row_count)]
    return portions
