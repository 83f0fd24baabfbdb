"""Pareto/NBD: who is still a customer, and how often will they buy, where one may leave at any time.

In: each customer's frequency, recency and age. Out: the fitted model and its predictions.
Left to others: covariates (`pareto_nbd_covariates`), what a purchase is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, exprel

from policy_sim.border import InputError
from policy_sim.clv.discounting import discount_per_week, refuse_horizon
from policy_sim.clv.exponential_integral import scaled_exponential_integral
from policy_sim.clv.fit import (
    PurchaseFit,
    checked_history,
    checked_summary,
    refuse_unless_converged,
    warn_at_boundary,
)
from policy_sim.clv.histories import CustomerSummary
from policy_sim.clv.likelihood import Maximum
from policy_sim.clv.no_drop_out import not_identified
from policy_sim.clv.pareto_nbd_likelihood import find_maximum, log_likelihoods, log_odds_of_death, nobody_leaves
from policy_sim.orders.transactions import Transactions

__all__ = ["ParetoNbdFit", "ParetoNbdPredictions", "fit_pareto_nbd"]

Vector = NDArray[np.float64]


def fit_pareto_nbd(source: CustomerSummary | Transactions) -> ParetoNbdFit:
    """Fit the Pareto/NBD model to a group of customers by maximum likelihood.

    Parameters
    ----------
    source
        Customers with frequency, recency and age, or a log, which is summarised up to its last date.

    Returns
    -------
    The fitted model.

    Raises
    ------
    InputError
        If there is only one customer, if nobody bought twice, or if there is no maximum.

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
    no_covariates = np.empty((summary.labels.size, 0))
    maximum = find_maximum(summary, no_covariates, no_covariates)
    refuse_unless_converged(maximum, summary.labels.size, ParetoNbdFit.model)
    _warn_at_boundary(maximum, summary)
    return ParetoNbdFit.at_maximum(maximum, summary.labels.size)


class ParetoNbdPredictions:
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
        refuse_horizon(horizon_weeks)
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
            d, above 0: .15 for 15 %. It is applied continuously at `discount_per_week`.
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
            refuse_horizon(horizon_weeks)
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
        ages = np.atleast_1d(np.asarray(age_weeks, dtype=np.float64))
        _, _, age, alpha, beta = self._customers(0.0, 0.0, ages)
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
        """Return frequency, recency, age, alpha and beta of each customer, as arrays of one shape."""
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
        odds, _ = log_odds_of_death(self.r, self.s, *columns, with_averages=False)
        return np.asarray(expit(-odds).reshape(x.shape), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class ParetoNbdFit(ParetoNbdPredictions, PurchaseFit):
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
        log_parameters = np.log(list(self.parameters.values()))
        return log_likelihoods(log_parameters[:, None], counts, place, t_x.ravel(), T.ravel())[0].reshape(x.shape)


def _warn_at_boundary(maximum: Maximum, summary: CustomerSummary) -> None:
    undetermined = [ParetoNbdFit.parameter_names[k] for k in maximum.undetermined]
    at_limit = nobody_leaves(maximum, summary)
    if not (at_limit or undetermined):
        at_limit = not_identified(summary, maximum.log_likelihood)
    warn_at_boundary(ParetoNbdFit.model, undetermined, at_limit)
