"""Gamma-Gamma: how much a customer spends on an order.

In: the mean amount of each customer's repeat purchases, and how many they are. Out: the fitted model, expected spend.
Left to others: how many orders there will be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaln

from policy_sim.border import InputError
from policy_sim.clv.fit import Fit, warn_at_boundary
from policy_sim.clv.histories import CustomerSummary, summary_of
from policy_sim.clv.likelihood import maximise_likelihood, unique_rows
from policy_sim.orders.transactions import Transactions

__all__ = ["GammaGammaFit", "fit_gamma_gamma"]

Vector = NDArray[np.float64]

_BUYERS_AT_LEAST = 10


def fit_gamma_gamma(source: CustomerSummary | Transactions) -> GammaGammaFit:
    """Fit the Gamma-Gamma model of spend to the customers with repeat purchases, by maximum likelihood.

    Parameters
    ----------
    source
        Customers with mean spend and spend count, or a log, which is summarised up to its last date. Customers
        without a repeat purchase of positive amount are left aside.

    Returns
    -------
    The fitted model.

    Raises
    ------
    InputError
        If fewer than 10 customers have repeat spend, if all spend the same, or if there is no maximum.

    Warns
    -----
    BoundaryWarning
        If q <= 1, where the mean over all customers does not exist, or the data leave a parameter undetermined.

    Notes
    -----
    The amounts of one customer are Gamma(p, nu) with nu ~ Gamma(q, v) over customers, independently of how often
    they buy. With mean z over x purchases,

        ll = ln G(px+q)/(G(px) G(q)) - ln z - px ln(1 + v/(xz)) - q ln(1 + xz/v)

    References
    ----------
    Fader, Hardie & Lee (2005), RFM and CLV: using iso-value curves for customer base analysis, Journal of Marketing
    Research 42(4); Fader & Hardie (2013), The Gamma-Gamma model of monetary value.
    """
    summary = summary_of(source)
    has_spend = summary.spend_count > 0
    buyer_count = int(has_spend.sum())
    if buyer_count < _BUYERS_AT_LEAST:
        raise InputError(
            f"Gamma-Gamma learns from customers with repeat purchases of positive amount; found {buyer_count}, "
            f"expected at least {_BUYERS_AT_LEAST}; use a longer log"
        )
    (mean_spend, spend_count), weight, _ = unique_rows(summary.mean_spend[has_spend], summary.spend_count[has_spend])
    if np.ptp(mean_spend) <= 1e-9 * mean_spend.max():
        raise InputError(
            f"all amounts are equal ({mean_spend[0]:.10g}), so there is nothing to estimate; expected amounts that "
            "differ; use that amount as everybody's spend, or check --amount-column"
        )
    scale = float(weight @ mean_spend / buyer_count)

    def total(log_parameters: Vector) -> tuple[float, Vector]:
        values, gradients = _log_likelihoods(log_parameters, mean_spend / scale, spend_count)
        return float(weight @ values), gradients @ weight

    starts = [np.log([p, q, (q - 1.0) / p]) for p, q in ((2.0, 4.0), (6.0, 2.5), (1.0, 10.0), (30.0, 5.0))]
    maximum = maximise_likelihood(total, starts, buyer_count)
    if not maximum.has_converged:
        raise InputError(
            f"Gamma-Gamma {maximum.message} for {buyer_count:,} customers; "
            "expected an inner maximum; use a longer log, or check --amount-column for outliers"
        )
    fit = GammaGammaFit.at_maximum(maximum, buyer_count)
    _warn_at_boundary(fit, maximum.undetermined)
    # fitted to amounts in units of `scale`
    return replace(fit, v=fit.v * scale, log_likelihood=fit.log_likelihood - buyer_count * float(np.log(scale)))


@dataclass(frozen=True, eq=False)
class GammaGammaFit(Fit):
    """A fitted Gamma-Gamma model of spend; its customers are those with repeat spend.

    Attributes
    ----------
    p
        Shape of the amounts of one customer: their coefficient of variation is 1/sqrt(p).
    q
        Shape of the differences between customers; the smaller, the more they differ.
    v
        Scale, in money.
    """

    model: ClassVar[str] = "Gamma-Gamma"
    parameter_names: ClassVar[tuple[str, ...]] = ("p", "q", "v")

    p: float
    q: float
    v: float

    @property
    def population_mean(self) -> float:
        """Mean spend on an order over all customers: p v / (q - 1).

        Raises
        ------
        InputError
            If q <= 1, where this mean does not exist.
        """
        if self.q <= 1.0:
            raise InputError(
                f"the mean spend over all customers does not exist, since q of Gamma-Gamma is {self.q:.3g}; expected "
                "q above 1; check --amount-column for a few huge amounts"
            )
        return self.p * self.v / (self.q - 1.0)

    def expected_spend(self, mean_spend: ArrayLike, spend_count: ArrayLike) -> Vector:
        """Return the amount to expect of each customer's next order.

        Parameters
        ----------
        mean_spend
            Mean amount of the repeat purchases, above 0; ignored (it may be NaN) where `spend_count` is 0.
        spend_count
            How many these were; where 0, the population mean is returned.

        Raises
        ------
        InputError
            If a customer has spend counted but no positive mean, or if q <= 1 and one of them has none.

        Notes
        -----
        p (v + x z) / (p x + q - 1): the customer's own mean z and the population mean, weighed by p x and q - 1.
        """
        z, x = np.broadcast_arrays(np.asarray(mean_spend, dtype=np.float64), np.asarray(spend_count, dtype=np.float64))
        wrong = ~((x == 0) | ((x > 0) & (z > 0) & np.isfinite(z) & np.isfinite(x)))
        if wrong.any():
            raise InputError(
                f"a customer has mean spend {z[wrong][0]:g} over {x[wrong][0]:g} purchases; expected an amount above "
                "0 wherever there are purchases"
            )
        has_spend = x > 0
        if not has_spend.all() or np.any(self.p * x + self.q <= 1.0):
            _ = self.population_mean  # raises where it does not exist
        spent = x * np.where(has_spend, z, 0.0)
        return np.asarray(self.p * (self.v + spent) / (self.p * x + self.q - 1.0), dtype=np.float64)


def _log_likelihoods(log_parameters: Vector, z: Vector, x: Vector) -> tuple[Vector, Vector]:
    """Return the log-likelihood of each row, and its gradient (3, n_rows) on the log-parameters."""
    p, q, v = np.exp(log_parameters)
    px = p * x
    own = np.log1p(v / (x * z))
    other = np.log1p(x * z / v)
    values = gammaln(px + q) - gammaln(px) - gammaln(q) - np.log(z) - px * own - q * other
    both = digamma(px + q)
    gradients = np.array(
        [
            px * (both - digamma(px) - own),
            q * (both - digamma(q) - other),
            q - (px + q) * v / (v + x * z),
        ]
    )
    return values, gradients


def _warn_at_boundary(fit: GammaGammaFit, undetermined: tuple[int, ...]) -> None:
    no_mean = (
        f"q = {fit.q:.3g} is not above 1, so the mean spend over all customers does not exist (a few huge amounts "
        "dominate); check --amount-column for outliers"
    )
    warn_at_boundary(
        fit.model,
        [fit.parameter_names[k] for k in undetermined],
        no_mean if fit.q <= 1.0 else "",
        cause="amounts may differ too little, within or between customers",
        advice="the expected spend may still serve, standard errors do not",
    )
