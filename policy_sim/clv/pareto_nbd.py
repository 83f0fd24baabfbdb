"""Pareto/NBD: who is still a customer, and how often will they buy, where one may leave at any time.

In: what each customer's purchases come down to (frequency, recency, age), and, where wanted, what else is known of
each customer. Out: the fitted model and its predictions.
Left to others: what a purchase is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, expit, exprel, gammaln

from policy_sim.border import InputError
from policy_sim.clv.exponential_integral import scaled_exponential_integral
from policy_sim.clv.fit import (
    ALMOST_NEVER,
    AS_IT_IS,
    LOGARITHM,
    NOBODY_LEAVES,
    Fit,
    PurchaseFit,
    Scale,
    checked_history,
    checked_summary,
    discount_per_week,
    refuse_unless_converged,
    warn_at_boundary,
)
from policy_sim.clv.likelihood import Maximum, maximise_likelihood, one_plus_odds, unique_rows
from policy_sim.clv.transactions import CustomerSummary, Transactions

__all__ = [
    "ParetoNbdCovariatesFit",
    "ParetoNbdCustomers",
    "ParetoNbdFit",
    "fit_pareto_nbd",
    "fit_pareto_nbd_covariates",
]

Vector = NDArray[np.float64]
Covariates = pd.DataFrame | ArrayLike

_DROP = 45.0  # the integral over the time of death ends where one of its powers has fallen by e^-45
_LONGEST = 600.0  # exponent, so that nothing overflows
_FARTHEST = 100.0  # logarithm of a customer's alpha and beta, likewise
_NODES_UP_TO = ((10, 2.0, 6.0), (24, 4.0, 70.0), (64, np.inf, np.inf))  # of a length and a fall
_NODES = {n: ((nodes + 1) / 2, weights / 2) for n, _, _ in _NODES_UP_TO for nodes, weights in [leggauss(n)]}
_VALUES_AT_ONCE = 14_000  # of the integrand in one array, so that it stays in the processor's cache


def fit_pareto_nbd(source: CustomerSummary | Transactions) -> ParetoNbdFit:
    """Fit the Pareto/NBD model to a group of customers by maximum likelihood.

    Parameters
    ----------
    source
        Customers with frequency, recency and age, or the transactions to summarise up to the last date in the log.

    Returns
    -------
    The fitted model.

    Raises
    ------
    InputError
        If there is only one customer, if nobody bought twice, or if no maximum was found.

    Warns
    -----
    BoundaryWarning
        If almost nobody ever leaves (s -> 0), or the data leave a parameter undetermined.

    Notes
    -----
    While alive, a customer buys at rate lambda ~ Gamma(r, alpha); her lifetime is exponential with rate
    mu ~ Gamma(s, beta). With x repeat purchases, the last at t_x, observed for T,

        ll = ln G(r+x)/G(r) + r ln alpha - (r+x) ln(alpha+T) + s ln(beta/(beta+T)) + ln(1 + A)
        A  = int_tx^T s/(beta+u) ((alpha+T)/(alpha+u))^(r+x) ((beta+T)/(beta+u))^s du

    where A, the odds of having left at some time u, is integrated numerically in ln(min(alpha, beta) + u).

    References
    ----------
    Schmittlein, Morrison & Colombo (1987), Counting your customers: who are they and what will they do next?,
    Management Science 33(1); Fader & Hardie (2005), A note on deriving the Pareto/NBD model.
    """
    summary = checked_summary(source, ParetoNbdFit.model)
    nothing = np.empty((summary.labels.size, 0))
    maximum = _maximum(summary, nothing, nothing, [])
    refuse_unless_converged(maximum, summary.labels.size, ParetoNbdFit.model)
    _warn_at_boundary(ParetoNbdFit.model, ParetoNbdFit.parameter_names, maximum, summary)
    return ParetoNbdFit.at_maximum(maximum, summary.labels.size)


def fit_pareto_nbd_covariates(
    summary: CustomerSummary, purchase_covariates: Covariates, dropout_covariates: Covariates | None = None
) -> ParetoNbdCovariatesFit:
    """Fit a Pareto/NBD model whose customers differ by what is known of them and does not change with time.

    Parameters
    ----------
    summary
        Customers with frequency, recency and age.
    purchase_covariates, dropout_covariates
        What purchasing and leaving depend on: an array (n_customers, k) in the order of `summary.labels`, or a table
        whose index holds the customers' labels, in any order. Where the second is not given, leaving depends on the
        same as purchasing; an array of no columns says that it depends on nothing.

    Returns
    -------
    The fitted model.

    Raises
    ------
    InputError
        If a customer has no covariates, if these are not numbers, do not vary or repeat each other, and for the
        reasons that `fit_pareto_nbd` has.

    Warns
    -----
    BoundaryWarning
        If almost nobody ever leaves (s -> 0), or the data leave a parameter undetermined.

    Notes
    -----
    The rate parameters become alpha_i = alpha exp(-gamma_purchase . z_i) and beta_i = beta exp(-gamma_dropout . z_i),
    so that a coefficient of .1 raises the mean rate of purchasing (or of leaving) by a factor of e^.1 for each unit.

    References
    ----------
    Fader & Hardie (2007), Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models.
    """
    model = ParetoNbdCovariatesFit.model
    checked = checked_summary(summary, model)
    purchase, purchase_names = _aligned(purchase_covariates, checked.labels, "purchase_covariates")
    if dropout_covariates is None:
        dropout, dropout_names = purchase, purchase_names
    else:
        dropout, dropout_names = _aligned(dropout_covariates, checked.labels, "dropout_covariates")
    purchase_middle, purchase_spread = _scaling(purchase, purchase_names, "purchase_covariates")
    dropout_middle, dropout_spread = _scaling(dropout, dropout_names, "dropout_covariates")
    nothing = np.empty((checked.labels.size, 0))
    plain = _maximum(checked, nothing, nothing, [])
    maximum = _maximum(
        checked,
        (purchase - purchase_middle) / purchase_spread,
        (dropout - dropout_middle) / dropout_spread,
        [] if plain.undetermined or not plain.has_converged else [plain.log_parameters],
    )
    refuse_unless_converged(maximum, checked.labels.size, model)
    names = _parameter_names(purchase_names, dropout_names)
    _warn_at_boundary(model, names, maximum, checked)

    # back from covariates with mean 0 and spread 1: linear, so the covariance follows exactly
    back = np.diag(np.concatenate((np.ones(4), 1 / purchase_spread, 1 / dropout_spread)))
    first_dropout = 4 + len(purchase_names)
    back[1, 4:first_dropout] = purchase_middle / purchase_spread
    back[3, first_dropout:] = dropout_middle / dropout_spread
    working = back @ maximum.log_parameters
    r, alpha, s, beta = (float(value) for value in np.exp(working[:4]))
    return ParetoNbdCovariatesFit(
        r=r,
        alpha_weeks=alpha,
        s=s,
        beta_weeks=beta,
        purchase_coefficients=working[4:first_dropout],
        dropout_coefficients=working[first_dropout:],
        purchase_names=purchase_names,
        dropout_names=dropout_names,
        log_likelihood=maximum.log_likelihood,
        covariance=back @ maximum.covariance @ back.T,
        customer_count=checked.labels.size,
        iteration_count=maximum.iteration_count,
        message=maximum.message,
    )


class _Predictions:
    """What can be said of customers once r, alpha, s and beta are known; alpha and beta may differ by customer."""

    r: float
    alpha_weeks: float | Vector
    s: float
    beta_weeks: float | Vector

    def probability_alive(self, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike) -> Vector:
        """Return the chance that each customer has not left."""
        x, t_x, T, alpha, beta = self._customers(frequency, recency_weeks, age_weeks)
        return self._alive(x, t_x, T, alpha, beta)

    def expected_purchases(
        self, horizon_weeks: float, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike
    ) -> Vector:
        """Return how many purchases to expect of each customer within the next `horizon_weeks` (0 or more).

        Notes
        -----
        P(alive) (r+x)/(alpha+T) (beta+T) (1 - ((beta+T)/(beta+T+t))^(s-1))/(s-1), where the last quotient is
        h exprel((1-s) h) with h = ln(1 + t/(beta+T)) and exprel(y) = (e^y - 1)/y, which is smooth at s = 1.
        """
        _check_horizon(horizon_weeks)
        x, t_x, T, alpha, beta = self._customers(frequency, recency_weeks, age_weeks)
        h = np.log1p(horizon_weeks / (beta + T))
        weeks_alive = (beta + T) * h * exprel((1.0 - self.s) * h)
        purchases = self._alive(x, t_x, T, alpha, beta) * (self.r + x) / (alpha + T) * weeks_alive
        return np.asarray(purchases, dtype=np.float64)

    def dert(
        self, discount_rate_per_year: float, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike
    ) -> Vector:
        """Return the discounted expected residual transactions of each customer, from now for ever.

        Parameters
        ----------
        discount_rate_per_year
            d, above 0: .15 for 15 %. It is applied continuously at delta = ln(1+d)/52 a week.
        frequency, recency_weeks, age_weeks
            As everywhere in this class.

        Notes
        -----
        P(alive) (r+x)/(alpha+T) (beta+T) f(s, delta (beta+T)) with f(s, z) = e^z E_s(z).
        """
        return self.discounted_purchases(discount_rate_per_year, None, frequency, recency_weeks, age_weeks)

    def discounted_purchases(
        self,
        discount_rate_per_year: float,
        horizon_weeks: float | None,
        frequency: ArrayLike,
        recency_weeks: ArrayLike,
        age_weeks: ArrayLike,
    ) -> Vector:
        """Return the discounted purchases of each customer within a horizon, or for ever where it is None.

        Notes
        -----
        What comes after the horizon H is that of a customer H weeks older, with b = beta+T: from b f(s, delta b) goes
        e^(-delta H) (b/(b+H))^s (b+H) f(s, delta (b+H)).
        """
        delta = discount_per_week(discount_rate_per_year)
        if horizon_weeks is not None:
            _check_horizon(horizon_weeks)
        x, t_x, T, alpha, beta = self._customers(frequency, recency_weeks, age_weeks)
        ages, place = np.unique((beta + T).ravel(), return_inverse=True)
        weeks_alive = ages * scaled_exponential_integral(self.s, delta * ages)
        if horizon_weeks is not None:
            later = ages + horizon_weeks
            fading = np.exp(-delta * horizon_weeks - self.s * np.log1p(horizon_weeks / ages))
            weeks_alive = weeks_alive - fading * later * scaled_exponential_integral(self.s, delta * later)
        discounted_weeks = weeks_alive[place].reshape(x.shape)
        purchases = self._alive(x, t_x, T, alpha, beta) * (self.r + x) / (alpha + T) * discounted_weeks
        return np.asarray(purchases, dtype=np.float64)

    def simulate(self, age_weeks: ArrayLike, rng: np.random.Generator) -> CustomerSummary:
        """Draw customers from the model, one for each age: from their first purchase on, observed so long."""
        given = np.atleast_1d(np.asarray(age_weeks, dtype=np.float64))
        _, _, age, alpha, beta = self._customers(0.0, 0.0, given)
        rate = rng.gamma(self.r, 1.0, age.size) / alpha
        leaving = rng.gamma(self.s, 1.0, age.size) / beta
        with np.errstate(divide="ignore"):
            observed = np.minimum(rng.exponential(1.0, age.size) / leaving, age)
        frequency = rng.poisson(rate * observed).astype(np.float64)
        # the latest of x moments that are spread evenly over the observed life
        latest = rng.random(age.size) ** (1.0 / np.maximum(frequency, 1.0))
        return CustomerSummary.of_histories(frequency, np.where(frequency > 0, observed * latest, 0.0), age)

    def _customers(
        self, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike
    ) -> tuple[Vector, Vector, Vector, Vector, Vector]:
        x, t_x, T = checked_history(frequency, recency_weeks, age_weeks)
        try:
            x, t_x, T, alpha, beta = np.broadcast_arrays(x, t_x, T, self.alpha_weeks, self.beta_weeks)
        except ValueError:
            raise InputError(
                f"histories have shape {x.shape}, but covariates were given for {np.size(self.alpha_weeks):,} "
                "customers; expected one history for each of them, in the same order"
            ) from None
        return x, t_x, T, alpha, beta

    def _alive(self, x: Vector, t_x: Vector, T: Vector, alpha: Vector, beta: Vector) -> Vector:
        columns = (alpha.ravel(), beta.ravel(), x.ravel(), t_x.ravel(), T.ravel())
        odds, _ = _log_odds_of_death(self.r, self.s, *columns, with_averages=False)
        return np.asarray(expit(-odds).reshape(x.shape), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class ParetoNbdFit(_Predictions, PurchaseFit):
    """A fitted Pareto/NBD model.

    Attributes
    ----------
    r, alpha_weeks
        Shape and rate of the Gamma distribution of purchase rates; the mean rate is r / alpha_weeks a week.
    s, beta_weeks
        Shape and rate of the Gamma distribution of the rates of leaving; the mean rate is s / beta_weeks a week.
    """

    model: ClassVar[str] = "Pareto/NBD"
    parameter_names: ClassVar[tuple[str, ...]] = ("r", "alpha_weeks", "s", "beta_weeks")

    r: float
    alpha_weeks: float
    s: float
    beta_weeks: float

    def log_likelihoods(self, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike) -> Vector:
        """Return the log-likelihood of each customer's history under these parameters."""
        x, t_x, T = checked_history(frequency, recency_weeks, age_weeks)
        counts, place = np.unique(x.ravel(), return_inverse=True)
        middle = np.log(list(self.parameters.values()))
        return _log_likelihood(middle[:, None], counts, place, t_x.ravel(), T.ravel())[0].reshape(x.shape)


@dataclass(frozen=True, eq=False)
class ParetoNbdCustomers(_Predictions):
    """Customers whose covariates are known: the predictions of `ParetoNbdFit`, each with an alpha and beta of her own.

    The histories that the methods take stand in the order of the covariates, or hold for all where they are numbers.

    Attributes
    ----------
    r, s
        Shapes of the Gamma distributions of the rates of purchasing and leaving.
    alpha_weeks, beta_weeks
        (n_customers,) their rates.
    """

    r: float
    alpha_weeks: Vector
    s: float
    beta_weeks: Vector


@dataclass(frozen=True, eq=False)
class ParetoNbdCovariatesFit(Fit):
    """A fitted Pareto/NBD model with covariates that do not change with time.

    Attributes
    ----------
    r, alpha_weeks, s, beta_weeks
        As in `ParetoNbdFit`, for a customer whose covariates are all 0.
    purchase_coefficients, dropout_coefficients
        By how much the logarithm of the rate of purchasing (leaving) grows with each unit of each covariate.
    purchase_names, dropout_names
        Names of the covariates.
    """

    model: ClassVar[str] = "Pareto/NBD with covariates"
    parameter_names: ClassVar[tuple[str, ...]] = ParetoNbdFit.parameter_names

    r: float
    alpha_weeks: float
    s: float
    beta_weeks: float
    purchase_coefficients: Vector
    dropout_coefficients: Vector
    purchase_names: tuple[str, ...]
    dropout_names: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("purchase_coefficients", "dropout_coefficients"):
            given = np.atleast_1d(np.asarray(getattr(self, name), dtype=np.float64))
            expected = len(getattr(self, name.replace("coefficients", "names")))
            if given.shape != (expected,) or not np.isfinite(given).all():
                raise InputError(f"{name} of {self.model} are {given}; expected {expected} finite numbers, one a name")
            object.__setattr__(self, name, given)
        super().__post_init__()

    @property
    def parameters(self) -> dict[str, float]:
        """The four parameters and the coefficients ("purchase_..." and "dropout_...") by name."""
        names = _parameter_names(self.purchase_names, self.dropout_names)
        values = (*super().parameters.values(), *self.purchase_coefficients, *self.dropout_coefficients)
        return {name: float(value) for name, value in zip(names, values, strict=True)}

    @property
    def scales(self) -> tuple[Scale, ...]:
        """Logarithms of the four parameters, coefficients as they are."""
        return (*(LOGARITHM,) * 4, *(AS_IT_IS,) * (len(self.parameters) - 4))

    def at(self, purchase_covariates: Covariates, dropout_covariates: Covariates | None = None) -> ParetoNbdCustomers:
        """Return customers with these covariates, whose future can be asked for.

        Parameters
        ----------
        purchase_covariates, dropout_covariates
            (n_customers, k) as an array, or as a table whose columns have the names of the fit; the rows are taken
            in the order in which they stand. Without the second, both processes take the same.

        Raises
        ------
        InputError
            If a covariate is missing or not a number, or the two differ in their number of customers.
        """
        if dropout_covariates is None:
            if self.purchase_names != self.dropout_names:
                raise InputError(
                    "dropout_covariates are missing; the fit has other covariates for leaving "
                    f"({', '.join(self.dropout_names) or 'none'}) than for purchasing "
                    f"({', '.join(self.purchase_names) or 'none'}); give both"
                )
            dropout_covariates = purchase_covariates
        purchase = _named_columns(purchase_covariates, self.purchase_names, "purchase_covariates")
        dropout = _named_columns(dropout_covariates, self.dropout_names, "dropout_covariates")
        if len(purchase) != len(dropout):
            raise InputError(
                f"purchase_covariates have {len(purchase):,} rows and dropout_covariates {len(dropout):,}; "
                "expected one row for each customer in both"
            )
        alpha = self.alpha_weeks * np.exp(-purchase @ self.purchase_coefficients)
        beta = self.beta_weeks * np.exp(-dropout @ self.dropout_coefficients)
        return ParetoNbdCustomers(self.r, alpha, self.s, beta)

    def with_parameters(self, values: ArrayLike) -> Self:
        """Return the same fit with other parameters and coefficients, in the order of `parameters`."""
        given = np.asarray(values, dtype=np.float64)
        if given.shape != (len(self.parameters),):
            raise InputError(f"values have shape {given.shape}; expected one for each of {', '.join(self.parameters)}")
        purchase, dropout = np.split(given[4:], [len(self.purchase_names)])
        return replace(super().with_parameters(given[:4]), purchase_coefficients=purchase, dropout_coefficients=dropout)


def _maximum(summary: CustomerSummary, purchase: Vector, dropout: Vector, starts: Sequence[Vector]) -> Maximum:
    """Find the maximum over the logarithms of the four parameters, followed by the coefficients of the covariates."""
    mean_age = max(float(summary.age_weeks.mean()), 1e-9)
    rate = float(summary.frequency.mean()) / mean_age
    shapes = ((0.6, 0.6, 0.3), (1.0, 0.3, 1.0), (0.3, 1.0, 0.5), (3.0, 2.0, 3.0), (1.0, 0.1, 0.1))
    usual = [np.log([r, r / rate / 1.5, s, ages * mean_age]) for r, s, ages in shapes]
    no_effect = np.zeros(purchase.shape[1] + dropout.shape[1])
    return maximise_likelihood(
        _total_log_likelihood(summary, purchase, dropout),
        [np.concatenate((start, no_effect)) for start in (*starts, *usual)],
        summary.labels.size,
    )


def _total_log_likelihood(
    summary: CustomerSummary, purchase: Vector, dropout: Vector
) -> Callable[[Vector], tuple[float, Vector]]:
    """Return the log-likelihood of all customers with its gradient, as a function of what `_maximum` searches over."""
    columns = (summary.frequency, summary.recency_weeks, summary.age_weeks, *purchase.T, *dropout.T)
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
        np.clip(logs, -_FARTHEST, _FARTHEST, out=logs)
        height, slope = _log_likelihood(logs, counts, place, recency, age)
        slope *= weight
        parts = [slope.sum(axis=1)]
        if gamma_purchase.size:
            parts.append(-z_purchase @ slope[1])
        if gamma_dropout.size:
            parts.append(-z_dropout @ slope[3])
        return float(weight @ height), np.concatenate(parts)

    return total


def _log_likelihood(
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
    odds, (log_alpha, log_beta, inverse_alpha, inverse_beta) = _log_odds_of_death(r, s, alpha, beta, x, t_x, T)
    log_total, dead = one_plus_odds(odds)
    alive = 1.0 - dead
    purchase_age, dropout_age = np.log(1.0 + T / alpha), s * np.log(1.0 + T / beta)
    of_count = gammaln(r + counts) - gammaln(r)
    slope_of_count = digamma(r + counts) - digamma(r)
    height = of_count[place] - (r + x) * purchase_age - x * log_parameters[1] - dropout_age + log_total
    slope = np.empty((4, x.size))
    slope[0] = r * (slope_of_count[place] - purchase_age + dead * log_alpha)
    slope[1] = r - alpha * (r + x) * (alive / (alpha + T) + dead * inverse_alpha)
    slope[2] = dead * (1.0 + s * log_beta) - dropout_age
    slope[3] = s - beta * (alive * s / (beta + T) + dead * (s + 1.0) * inverse_beta)
    return height, slope


def _log_odds_of_death(
    r: float, s: float, alpha: Vector, beta: Vector, x: Vector, t_x: Vector, T: Vector, *, with_averages: bool = True
) -> tuple[Vector, Vector]:
    """Return ln A for each row, the log-odds of having left by T; -inf where T = t_x.

    Also, (4, n_rows), the averages of ln (alpha+T)/(alpha+u), ln (beta+T)/(beta+u), 1/(alpha+u) and 1/(beta+u) over
    the time of death u, given that the customer has left (empty where not asked for).

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
        reach = start_alpha[steep] * np.expm1(np.minimum(_DROP / power[steep], _LONGEST))
        reach = np.minimum(reach, start_beta[steep] * np.expm1(min(_DROP / s, _LONGEST)))
        length[steep] = np.minimum(length[steep], np.log1p(reach / small[steep]))
        fall[steep] = np.abs(p[steep]) * length[steep] + q[steep] * np.log1p(reach / large[steep])
    found = np.empty((5 if with_averages else 1, x.size))
    for portion, node_count in _by_node_count(length, fall):
        found[:, portion] = _average_over_deaths(
            node_count, length[portion], p[portion], q[portion], small[portion], large[portion], with_averages
        )
    with np.errstate(divide="ignore"):
        odds = np.log(s * found[0] * length * (small / start_beta)) + power * log_alpha + s * log_beta
    averages = found[1:]
    if with_averages:
        if not alpha_is_smaller.all():
            averages = np.where(alpha_is_smaller, averages, averages[[1, 0, 3, 2]])
        averages[0] = log_alpha - averages[0]
        averages[1] = log_beta - averages[1]
    return odds, averages


def _average_over_deaths(
    node_count: int, length: Vector, p: Vector, q: Vector, small: Vector, large: Vector, with_averages: bool
) -> Vector:
    """Return the mean of the integrand over w in [0, length], and, where asked for, averages weighted by it.

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
    """Return portions of rows with the nodes that keep the relative error of their integrals below 1e-11."""
    is_left = np.ones(length.size, dtype=bool)
    portions: list[tuple[NDArray[np.intp], int]] = []
    for node_count, longest, deepest in _NODES_UP_TO:
        chosen = is_left & (length < longest) & (fall < deepest)
        is_left &= ~chosen
        rows, row_count = np.flatnonzero(chosen), _VALUES_AT_ONCE // node_count
        portions += [(rows[k : k + row_count], node_count) for k in range(0, rows.size, row_count)]
    return portions


def _check_horizon(horizon_weeks: float) -> None:
    if not (np.isfinite(horizon_weeks) and horizon_weeks >= 0):
        raise InputError(f"horizon_weeks is {horizon_weeks}; it must be a number of weeks, 0 or more")


def _warn_at_boundary(model: str, names: Sequence[str], maximum: Maximum, summary: CustomerSummary) -> None:
    s, beta = np.exp(maximum.log_parameters[2:4])
    at_zero = f"the rate of leaving went to 0 (s = {s:.2g}, beta = {beta:.2g} weeks), {NOBODY_LEAVES}"
    is_at_zero = -np.expm1(-s * np.log1p(summary.age_weeks.mean() / beta)) < ALMOST_NEVER
    warn_at_boundary(model, [names[k] for k in maximum.undetermined], at_zero if is_at_zero else "")


def _parameter_names(purchase_names: Sequence[str], dropout_names: Sequence[str]) -> tuple[str, ...]:
    of_purchase = (f"purchase_{name}" for name in purchase_names)
    return (*ParetoNbdFit.parameter_names, *of_purchase, *(f"dropout_{name}" for name in dropout_names))


def _aligned(given: Covariates, labels: NDArray[np.str_], argument: str) -> tuple[Vector, tuple[str, ...]]:
    """Return covariates (n_customers, k) in the order of the labels, and their names."""
    if not isinstance(given, pd.DataFrame):
        values = _numbers(given, argument)
        if len(values) != labels.size:
            raise InputError(
                f"{argument} have {len(values):,} rows for {labels.size:,} customers; expected one for each, "
                "in the order of the summary's labels"
            )
        return values, tuple(f"z{k + 1}" for k in range(values.shape[1]))
    index = pd.Index(given.index.astype(str))
    if index.has_duplicates:
        raise InputError(
            f"{argument} name customer '{index[index.duplicated()][0]}' twice; expected one row for each customer"
        )
    place = index.get_indexer(pd.Index(labels.astype(object)))
    if (place < 0).any():
        raise InputError(
            f"{argument} lack customer '{labels[place < 0][0]}' ({int((place < 0).sum()):,} of {labels.size:,} are "
            "missing); expected the customers' labels as the index of the table; add rows, or set the index"
        )
    return _numbers(given.iloc[place], argument), tuple(str(name) for name in given.columns)


def _named_columns(given: Covariates, names: tuple[str, ...], argument: str) -> Vector:
    """Return covariates (n_customers, k) with their columns in the order of the names."""
    if isinstance(given, pd.DataFrame):
        columns = [str(name) for name in given.columns]
        missing = next((name for name in names if name not in columns), None)
        if missing is not None:
            raise InputError(f"{argument} lack the column '{missing}'; expected {', '.join(names)}")
        return _numbers(given.iloc[:, [columns.index(name) for name in names]], argument)
    values = _numbers(given, argument)
    if values.shape[1] != len(names):
        raise InputError(
            f"{argument} have {values.shape[1]} columns; expected {len(names)}: {', '.join(names) or 'none'}"
        )
    return values


def _numbers(given: Covariates, argument: str) -> Vector:
    """Return a table as finite numbers."""
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{argument} hold something that is not a number; write categories as columns of 0 and 1"
        ) from None
    if values.ndim != 2:
        raise InputError(
            f"{argument} have shape {values.shape}; expected a row for each customer and a column for each covariate"
        )
    wrong = np.argwhere(~np.isfinite(values))
    if wrong.size:
        row, column = wrong[0]
        where = (
            f"customer '{given.index[row]}', column '{given.columns[column]}'"
            if isinstance(given, pd.DataFrame)
            else f"row {row}, column {column}, counted from 0"
        )
        raise InputError(
            f"{argument} hold {values[row, column]} ({where}); expected finite numbers; fill it in, or leave the "
            "customer or the column out"
        )
    return values


def _scaling(values: Vector, names: tuple[str, ...], argument: str) -> tuple[Vector, Vector]:
    """Return the mean and spread of each covariate, if these vary and none follows from those before it."""
    if len(set(names)) < len(names):
        raise InputError(f"{argument} have two columns of one name among {', '.join(names)}; rename one")
    middle, spread = values.mean(axis=0), values.std(axis=0)
    constant = np.flatnonzero(spread <= 1e-10 * np.abs(values).max(axis=0, initial=0.0))
    if constant.size:
        raise InputError(
            f"{argument}: '{names[constant[0]]}' is the same for all customers ({values[0, constant[0]]:g}), so it "
            "explains no difference between them; leave it out"
        )
    left_over = (values - middle) / (spread * np.sqrt(len(values)))
    for k, name in enumerate(names):
        length = np.linalg.norm(left_over[:, k])
        if length < 1e-6:
            raise InputError(
                f"{argument}: '{name}' follows from the columns before it, so their effects cannot be told apart; "
                "leave one out (of the 0-1 columns of a category, too)"
            )
        direction = left_over[:, k] / length
        left_over[:, k + 1 :] -= np.outer(direction, direction @ left_over[:, k + 1 :])
    return middle, spread
