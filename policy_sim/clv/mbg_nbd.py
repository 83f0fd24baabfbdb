"""MBG/NBD: who is still a customer, where one may leave right after the first purchase, too.

In: each customer's frequency, recency and age. Out: the fitted model and its predictions.
Left to others: what a purchase is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policy_sim.clv.beta_geometric import find_maximum, log_likelihoods, probability_alive
from policy_sim.clv.bg_nbd import BgNbdFit
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

__all__ = ["MbgNbdFit", "fit_mbg_nbd"]

Vector = NDArray[np.float64]

_FIRST_CHANCES = 1  # to leave, before any repeat purchase


def fit_mbg_nbd(source: CustomerSummary | Transactions) -> MbgNbdFit:
    """Fit the MBG/NBD model to a group of customers by maximum likelihood.

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
    While alive, a customer buys at rate lambda ~ Gamma(r, alpha); after each purchase, the first included, she drops
    out with chance p ~ Beta(a, b). With x repeat purchases, the last at t_x, observed for T,

        ll = ln G(r+x)/G(r) + r ln alpha - (r+x) ln(alpha+T) + ln B(a, b+x+1)/B(a, b) + ln(1 + u)
        u  = a/(b+x) ((alpha+T)/(alpha+t_x))^(r+x)

    References
    ----------
    Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models for customer base analysis,
    International Journal of Research in Marketing 24(3).
    Hoppe & Wagner (2007), Customer base analysis: the case for a central variant of the Betageometric/NBD model,
    Marketing JRM 3(2).
    """
    model = MbgNbdFit.model
    summary = checked_summary(source, model)
    customer_count = summary.labels.size
    maximum = find_maximum(summary, _FIRST_CHANCES)
    refuse_unless_converged(maximum, customer_count, model)
    fit = MbgNbdFit.at_maximum(maximum, customer_count)
    _warn_at_boundary(fit, summary, maximum.undetermined)
    return fit


@dataclass(frozen=True, eq=False)
class MbgNbdFit(PurchaseFit):
    """A fitted MBG/NBD model.

    Attributes
    ----------
    r, alpha_weeks
        Shape and rate of the Gamma distribution of purchase rates; the mean rate is r / alpha_weeks a week.
    a, b
        The Beta distribution of the chance to drop out after a purchase; its mean is a / (a+b).
    """

    model: ClassVar[str] = "MBG/NBD"
    parameter_names: ClassVar[tuple[str, ...]] = ("r", "alpha_weeks", "a", "b")

    r: float
    alpha_weeks: float
    a: float
    b: float

    def probability_alive(self, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike) -> Vector:
        """Return the chance that each customer has not dropped out; below 1 even without a repeat purchase."""
        x, t_x, T = checked_history(frequency, recency_weeks, age_weeks)
        return probability_alive(self.r, self.alpha_weeks, self.a, self.b, x, t_x, T, _FIRST_CHANCES)

    def expected_purchases(
        self, horizon_weeks: float, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike
    ) -> Vector:
        """Return how many purchases to expect of each customer within the next `horizon_weeks` (0 or more).

        Notes
        -----
        Whoever is alive after x repeat purchases has stayed at x+1 chances to leave, so p ~ Beta(a, b+x+1): from here
        on she is a customer of BG/NBD(r, alpha, a, b+1) who is known to be alive.
        """
        x, t_x, T = checked_history(frequency, recency_weeks, age_weeks)
        alike = self._alike()
        if_alive = alike.expected_purchases(horizon_weeks, x, T, T) / alike.probability_alive(x, T, T)
        return self.probability_alive(x, t_x, T) * if_alive

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
        Given that she is alive, a customer is one of BG/NBD(r, alpha, a, b+1), as in `expected_purchases`.
        """
        x, t_x, T = checked_history(frequency, recency_weeks, age_weeks)
        alike = self._alike()
        if_alive = alike.dert(discount_rate_per_year, x, T, T) / alike.probability_alive(x, T, T)
        return self.probability_alive(x, t_x, T) * if_alive

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
        x, t_x, T = checked_history(frequency, recency_weeks, age_weeks)
        # of customers who are alive only x and T matter; a BG/NBD customer who has just bought is alive but for p
        alike = self._alike()
        if_alive = alike.discounted_purchases(discount_rate_per_year, horizon_weeks, x, T, T)
        return self.probability_alive(x, t_x, T) * if_alive / alike.probability_alive(x, T, T)

    def simulate(self, age_weeks: ArrayLike, rng: np.random.Generator) -> CustomerSummary:
        """Draw customers from the model, one for each age: from their first purchase on, observed so long."""
        age = np.atleast_1d(np.asarray(age_weeks, dtype=np.float64))
        rate = rng.gamma(self.r, 1 / self.alpha_weeks, age.size)
        leaving = rng.beta(self.a, self.b, age.size)
        frequency, recency = np.zeros(age.size), np.zeros(age.size)
        time = np.zeros(age.size)
        active = np.flatnonzero(rng.random(age.size) >= leaving)
        while active.size:
            with np.errstate(divide="ignore"):  # a rate that is too small to be told from 0 never leads to a purchase
                time[active] += rng.exponential(1 / rate[active])
            active = active[time[active] <= age[active]]
            frequency[active] += 1
            recency[active] = time[active]
            active = active[rng.random(active.size) >= leaving[active]]
        return CustomerSummary.of_histories(frequency, recency, age)

    def _alike(self) -> BgNbdFit:
        return BgNbdFit(self.r, self.alpha_weeks, self.a, self.b + 1.0)


def _warn_at_boundary(fit: MbgNbdFit, summary: CustomerSummary, undetermined: tuple[int, ...]) -> None:
    at_zero = f"the drop-out chance went to 0 (a = {fit.a:.2g}, b = {fit.b:.2g}), {NOBODY_LEAVES}"
    is_at_zero = fit.a / (fit.a + fit.b) < ALMOST_NEVER
    at_limit = at_zero if is_at_zero else "" if undetermined else not_identified(summary, fit.log_likelihood)
    warn_at_boundary(fit.model, [fit.parameter_names[k] for k in undetermined], at_limit)
