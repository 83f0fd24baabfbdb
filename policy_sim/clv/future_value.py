"""Future value: what each customer is worth from now on.

In: customers' histories, a fitted model of purchases and one of spend, margin and discount. Out: the future value of
each customer. Left to others: what a failure or a remedy does to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import plain_rows
from policy_sim.clv.discounting import PUBLISHED_WEEKS_PER_YEAR, refuse_margin
from policy_sim.clv.fit import Fit, PurchaseFit
from policy_sim.clv.gamma_gamma import GammaGammaFit
from policy_sim.clv.histories import CustomerSummary, summary_of
from policy_sim.clv.pareto_nbd_covariates import ParetoNbdCustomers
from policy_sim.orders.transactions import Transactions

__all__ = ["FutureValues", "draw_value_ratios", "future_values"]

Vector = NDArray[np.float64]
FitOf = TypeVar("FitOf", bound=Fit)

_COLUMNS = (
    "prior_purchases",
    "probability_alive",
    "orders_per_year",
    "expected_spend",
    "dert",
    "future_value",
)


def future_values(
    source: CustomerSummary | Transactions,
    purchases: PurchaseFit | ParetoNbdCustomers,
    spend: GammaGammaFit,
    *,
    margin_share: float,
    discount_rate_per_year: float,
) -> FutureValues:
    """Return the expected discounted margin of each customer from the end of observation on.

    Parameters
    ----------
    source
        Customers with their histories, or a log, which is summarised up to its last date.
    purchases, spend
        Models of how often and for how much customers buy; with covariates, those of the same customers in the order
        of their labels.
    margin_share
        Share of an order's amount that is earned, above 0 and at most 1.
    discount_rate_per_year
        Above 0: .15 for 15 %.

    Raises
    ------
    InputError
        If the margin or the discount is out of range, or if the mean spend does not exist (q <= 1).

    Notes
    -----
    future value = margin_share * expected spend * DERT, where expected spend is that of an order with money in it
    (Gamma-Gamma) times the share of repeat purchases that have any. The two models are taken as independent: how often
    a customer buys says nothing about how much.
    """
    refuse_margin(margin_share)
    summary = summary_of(source)
    dert = purchases.dert(discount_rate_per_year, *summary.history)
    expected_spend = summary.paid_share * spend.expected_spend(summary.mean_spend, summary.spend_count)
    # one number, or with covariates one for each customer: a newcomer is like one of them
    new_customer_dert = float(np.mean(purchases.dert(discount_rate_per_year, 0.0, 0.0, 0.0)))
    return FutureValues(
        labels=summary.labels,
        prior_purchases=summary.frequency + 1.0,
        probability_alive=purchases.probability_alive(*summary.history),
        orders_per_year=purchases.expected_purchases(PUBLISHED_WEEKS_PER_YEAR, *summary.history),
        expected_spend=expected_spend,
        dert=dert,
        future_value=margin_share * expected_spend * dert,
        margin_share=margin_share,
        discount_rate_per_year=discount_rate_per_year,
        currency=summary.currency,
        new_customer_value=margin_share * summary.paid_share * spend.population_mean * new_customer_dert,
    )


def draw_value_ratios(
    source: CustomerSummary | Transactions,
    purchases: PurchaseFit,
    spend: GammaGammaFit,
    *,
    discount_rate_per_year: float,
    rng: np.random.Generator,
    count: int,
) -> Vector:
    """Draw by how much each customer's value may be off because the two models were estimated.

    Parameters
    ----------
    source, purchases, spend, discount_rate_per_year
        As for `future_values`.
    rng, count
        Random numbers, and how many draws.

    Returns
    -------
    (n_customers, count) a customer's value if alive, under drawn parameters, over that under the estimated ones.

    Raises
    ------
    InputError
        If the errors of a model are unknown.

    Notes
    -----
    The logarithms of the parameters are normal with the covariance of the fits. A customer's log value is followed
    to first order in them, by central differences of one standard error. That leaves out the mean effect of the
    curvature, and costs two predictions for each parameter instead of one for each draw.
    """
    summary = summary_of(source)
    # as if each had just bought: of a customer who is alive, the last purchase says nothing more
    history = (summary.frequency, summary.age_weeks, summary.age_weeks)

    def log_value_of_purchases(fit: PurchaseFit) -> Vector:
        alive = fit.probability_alive(*history)
        return np.log(fit.dert(discount_rate_per_year, *history) / alive)

    def log_spend(fit: GammaGammaFit) -> Vector:
        return np.log(fit.expected_spend(summary.mean_spend, summary.spend_count))

    log_ratios = _first_order(purchases, log_value_of_purchases, rng, count) + _first_order(
        spend, log_spend, rng, count
    )
    return np.asarray(np.exp(log_ratios), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class FutureValues:
    """What to expect of each customer; arrays are (n_customers,).

    Attributes
    ----------
    labels
        Customer ids.
    prior_purchases
        Days with a purchase so far, the first one included.
    probability_alive
        Chance that the customer has not dropped out.
    orders_per_year
        Purchases to expect in the next 52 weeks.
    expected_spend
        Amount to expect of an order, in money.
    dert
        Discounted expected residual transactions, from now for ever.
    future_value
        margin_share * expected_spend * dert, in money.
    margin_share, discount_rate_per_year, currency
        What it was computed with.
    new_customer_value
        Future value of somebody who has just made a first purchase; the margin of that purchase is not in it.
    """

    labels: NDArray[np.str_]
    prior_purchases: Vector
    probability_alive: Vector
    orders_per_year: Vector
    expected_spend: Vector
    dert: Vector
    future_value: Vector
    margin_share: float
    discount_rate_per_year: float
    currency: str
    new_customer_value: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each customer: customer (the label), then the arrays under their own names."""
        return pd.DataFrame({"customer": self.labels, **{name: getattr(self, name) for name in _COLUMNS}})

    def to_dict(self) -> dict[str, object]:
        """Return the numbers that hold for all, and the rows of `to_frame` (customers), as plain data."""
        return {
            "currency": self.currency,
            "margin_share": self.margin_share,
            "discount_rate_per_year": self.discount_rate_per_year,
            "new_customer_value": self.new_customer_value,
            "customers": plain_rows(self.to_frame()),
        }


def _first_order(fit: FitOf, log_value: Callable[[FitOf], Vector], rng: np.random.Generator, count: int) -> Vector:
    """Return (n_customers, count): the change of log values under drawn parameters, to first order."""
    drawn = np.array([draw.working_parameters for draw in fit.draw_parameters(rng, count)])
    middle = fit.working_parameters
    steps = np.sqrt(np.diag(fit.covariance))
    slopes = []
    for k, step in enumerate(steps):
        shift = step * (np.arange(len(steps)) == k)
        up, down = (log_value(fit.at_working(middle + sign * shift)) for sign in (1, -1))
        slopes.append((up - down) / (2 * step))
    return np.asarray(np.array(slopes).T @ (drawn - middle).T, dtype=np.float64)
