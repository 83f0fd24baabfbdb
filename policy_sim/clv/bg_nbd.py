"""BG/NBD: who is still a customer, and how often will they buy.

In: each customer's frequency, recency and age. Out: the fitted model and its predictions.
Left to others: what a purchase is worth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policy_sim.clv.beta_geometric import find_maximum, log_likelihoods, probability_alive
from policy_sim.clv.beta_mixture import beta_expectation, by_frequency
from policy_sim.clv.discounting import discount_per_week, discount_weights, refuse_horizon
from policy_sim.clv.exponential_integral import scaled_exponential_integral
from policy_sim.clv.fit import (
    ALMOST_NEVER,
    NOBODY_LEAVES,
    PurchaseFit,
    checked_history,
    checked_summary,
    refuse_unless_converged,
    warn_at_boundary,
)
from policy_sim.clv.histories import CustomerSummary
from policy_sim.clv.no_drop_out import not_identified
from policy_sim.orders.transactions import Transactions

__all__ = ["BgNbdFit", "fit_bg_nbd"]

Vector = NDArray[np.float64]

_FIRST_CHANCES = 0  # to leave, before any repeat purchase


def fit_bg_nbd(source: CustomerSummary | Transactions) -> BgNbdFit:
    """Fit the BG/NBD model to a group of customers by maximum likelihood.

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
        If almost nobody ever drops out (a -> 0), nothing shows that anybody does, or the data leave a parameter
        undetermined.

    Notes
    -----
    While alive, a customer buys at rate lambda ~ Gamma(r, alpha); after each repeat purchase she drops out with
    chance p ~ Beta(a, b). With x repeat purchases, the last at t_x, observed for T,

        ll = ln G(r+x)/G(r) + r ln alpha - (r+x) ln(alpha+T) + ln B(a, b+x)/B(a, b) + ln(1 + u)
        u  = [x > 0] a/(b+x-1) ((alpha+T)/(alpha+t_x))^(r+x)

    References
    ----------
    Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2).
    """
    model = BgNbdFit.model
    summary = checked_summary(source, model)
    customer_count = summary.labels.size
    maximum = find_maximum(summary, _FIRST_CHANCES)
    refuse_unless_converged(maximum, customer_count, model)
    fit = BgNbdFit.at_maximum(maximum, customer_count)
    _warn_at_boundary(fit, summary, maximum.undetermined)
    return fit


@dataclass(frozen=True, eq=False)
class BgNbdFit(PurchaseFit):
    """A fitted BG/NBD model.

    Attributes
    ----------
    r, alpha_weeks
        Shape and rate of the Gamma distribution of purchase rates; the mean rate is r / alpha_weeks a week.
    a, b
        The Beta distribution of the chance to drop out after a repeat purchase; its mean is a / (a+b).
    """

    model: ClassVar[str] = "BG/NBD"
    parameter_names: ClassVar[tuple[str, ...]] = ("r", "alpha_weeks", "a", "b")

    r: float
    alpha_weeks: float
    a: float
    b: float

    def probability_alive(self, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike) -> Vector:
        """Return the chance that each customer has not dropped out; 1 where there is no repeat purchase."""
        x, t_x, T = checked_history(frequency, recency_weeks, age_weeks)
        return self._alive(x, t_x, T)

    def expected_purchases(
        self, horizon_weeks: float, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike
    ) -> Vector:
        """Return how many purchases to expect of each customer within the next `horizon_weeks` (0 or more).

        Notes
        -----
        Given that she is alive, and p, it is (1 - (beta/(beta + p t))^s)/p with s = r+x and beta = alpha+T; the
        expectation over p ~ Beta(a, b+x) is an integral over logit p, which also holds at and below a = 1, where
        the closed form divides by zero.
        """
        refuse_horizon(horizon_weeks)

        def if_p(log_p: Vector, s: Vector, beta: Vector) -> Vector:
            p = np.exp(log_p)
            purchases = -np.expm1(-s * np.log1p(p * (horizon_weeks / beta))) / p
            return np.asarray(purchases, dtype=np.float64)

        def flat_below(s: Vector, beta: Vector) -> Vector:
            return beta / ((s + 1.0) * max(horizon_weeks, 1e-9))

        return self._expect(if_p, flat_below, frequency, recency_weeks, age_weeks)

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
        Given that she is alive, and p, it is (s/p) f(s+1, beta delta/p) with f(s, z) = e^z E_s(z), s = r+x and
        beta = alpha+T; the expectation over p ~ Beta(a, b+x) is an integral over logit p.
        """
        delta = discount_per_week(discount_rate_per_year)

        def if_p(log_p: Vector, s: Vector, beta: Vector) -> Vector:
            z = beta * delta * np.exp(-log_p)
            return s / (beta * delta) * z * scaled_exponential_integral(s + 1.0, z)

        def flat_below(s: Vector, beta: Vector) -> Vector:
            return beta * delta / (s + 1.0)

        return self._expect(if_p, flat_below, frequency, recency_weeks, age_weeks)

    def log_likelihoods(self, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike) -> Vector:
        """Return the log-likelihood of each customer's history under these parameters."""
        x, t_x, T = checked_history(frequency, recency_weeks, age_weeks)
        return log_likelihoods(np.log(list(self.parameters.values())), x, t_x, T, _FIRST_CHANCES)

    def discounted_purchases(
        self,
        discount_rate_per_year: float,
        horizon_weeks: float | None,
        frequency: ArrayLike,
        recency_weeks: ArrayLike,
        age_weeks: ArrayLike,
    ) -> Vector:
        """Return the discounted purchases of each customer within a horizon, or for ever where it is None."""
        if horizon_weeks is None:
            return self.dert(discount_rate_per_year, frequency, recency_weeks, age_weeks)
        weights, horizons = discount_weights(discount_rate_per_year, horizon_weeks)

        def if_p(log_p: Vector, s: Vector, beta: Vector) -> Vector:
            p = np.exp(log_p)
            terms = (w * -np.expm1(-s * np.log1p(p * (t / beta))) for w, t in zip(weights, horizons, strict=True))
            return np.asarray(sum(terms) / p, dtype=np.float64)

        def flat_below(s: Vector, beta: Vector) -> Vector:
            return beta / ((s + 1.0) * max(horizon_weeks, 1e-9))

        return self._expect(if_p, flat_below, frequency, recency_weeks, age_weeks)

    def simulate(self, age_weeks: ArrayLike, rng: np.random.Generator) -> CustomerSummary:
        """Draw customers from the model, one for each age: from their first purchase on, observed so long."""
        age = np.atleast_1d(np.asarray(age_weeks, dtype=np.float64))
        rate = rng.gamma(self.r, 1 / self.alpha_weeks, age.size)
        leaving = rng.beta(self.a, self.b, age.size)
        frequency, recency = np.zeros(age.size), np.zeros(age.size)
        active = np.arange(age.size)
        time = np.zeros(age.size)
        while active.size:
            time[active] += rng.exponential(1 / rate[active])
            active = active[time[active] <= age[active]]
            frequency[active] += 1
            recency[active] = time[active]
            active = active[rng.random(active.size) >= leaving[active]]
        return CustomerSummary.of_histories(frequency, recency, age)

    def _alive(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        return probability_alive(self.r, self.alpha_weeks, self.a, self.b, x, t_x, T, _FIRST_CHANCES)

    def _expect(
        self,
        if_p: Callable[[Vector, Vector, Vector], Vector],
        flat_below: Callable[[Vector, Vector], Vector],
        frequency: ArrayLike,
        recency_weeks: ArrayLike,
        age_weeks: ArrayLike,
    ) -> Vector:
        """Return P(alive) E[if_p] over p ~ Beta(a, b+x); of customers who are alive, only x and T matter."""
        x, t_x, T = checked_history(frequency, recency_weeks, age_weeks)

        def if_alive(x: Vector, beta: Vector) -> Vector:
            return beta_expectation(if_p, self.a, self.b + x, self.r + x, beta, flat_below)

        expected = by_frequency(if_alive, x.ravel(), self.alpha_weeks + T.ravel()).reshape(x.shape)
        expected *= self._alive(x, t_x, T)
        return expected


def _warn_at_boundary(fit: BgNbdFit, summary: CustomerSummary, undetermined: tuple[int, ...]) -> None:
    at_zero = f"the drop-out chance went to 0 (a = {fit.a:.2g}, b = {fit.b:.2g}), {NOBODY_LEAVES}"
    is_at_zero = fit.a / (fit.a + fit.b) < ALMOST_NEVER
    at_limit = at_zero if is_at_zero else "" if undetermined else not_identified(summary, fit.log_likelihood)
    warn_at_boundary(fit.model, [fit.parameter_names[k] for k in undetermined], at_limit)
