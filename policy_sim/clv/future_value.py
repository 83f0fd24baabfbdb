"""Future value: what each customer is worth from now on.

In: customers' histories, a fitted model of purchases and one of spend, margin and discount. Out: the future value of
each customer, on the last day and right after an order. Left to others: what a failure or a remedy does to it.
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
from policy_sim.clv.histories import CustomerSummary, histories_after, summary_of
from policy_sim.clv.pareto_nbd_covariates import ParetoNbdCustomers
from policy_sim.clv.recent_orders import RecentOrders
from policy_sim.orders.transactions import Transactions

__all__ = ["FutureValues", "OrderValues", "draw_value_ratios", "future_values", "order_values", "values_after"]

Vector = NDArray[np.float64]
FitOf = TypeVar("FitOf", bound=Fit)

_COLUMNS = (
    "prior_purchases",
    "probability_alive",
    "orders_per_year",
    "expected_spend",
    "dert",
    "future_value",
    "value_after_order",
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

    With an order more on the last day, the customer has one repeat purchase more, the last of them now (x+1, t_x = T).
    """
    summary = summary_of(source)
    return _values(summary, summary.paid_share, purchases, spend, margin_share, discount_rate_per_year)


def order_values(
    transactions: Transactions,
    recent: RecentOrders,
    purchases: PurchaseFit,
    spend: GammaGammaFit,
    *,
    margin_share: float,
    discount_rate_per_year: float,
    count: int,
    rng: np.random.Generator,
) -> OrderValues:
    """Draw recent orders of a log, and return what their customers are worth right after them.

    Parameters
    ----------
    transactions, recent
        The log, and its orders that stand for a year to come.
    purchases, spend, margin_share, discount_rate_per_year
        As for `future_values`.
    count, rng
        How many orders to draw (`RecentOrders.draw`), and random numbers.

    Raises
    ------
    InputError
        As `future_values` does.

    Notes
    -----
    DERT is that of x repeat purchases, this order among them unless it is the first, with t_x = T at the order. The
    chance that a customer leaves after it though nothing went wrong is in it. Nothing that came later is known, nor
    what the customer spent later; right after a first order the value is `FutureValues.new_customer_value`.
    """
    place, row = np.unique(recent.place[recent.draw(count, rng)], return_inverse=True)
    at_order = histories_after(transactions, place)
    values = values_after(
        transactions,
        at_order,
        purchases,
        spend,
        margin_share=margin_share,
        discount_rate_per_year=discount_rate_per_year,
    )
    return OrderValues(recent, place, row, at_order, values)


def values_after(
    transactions: Transactions,
    at_order: CustomerSummary,
    purchases: PurchaseFit,
    spend: GammaGammaFit,
    *,
    margin_share: float,
    discount_rate_per_year: float,
) -> FutureValues:
    """Return what customers are worth right after orders of theirs, knowing nothing of what came later.

    Parameters
    ----------
    transactions
        The log, which says which share of orders is paid.
    at_order
        Their histories then (`histories_after`); the values are `future_value` of what is returned.
    purchases, spend, margin_share, discount_rate_per_year
        As for `future_values`.
    """
    paid_share = summary_of(transactions).paid_share
    return _values(at_order, paid_share, purchases, spend, margin_share, discount_rate_per_year)


def _values(
    summary: CustomerSummary,
    paid_share: float,
    purchases: PurchaseFit | ParetoNbdCustomers,
    spend: GammaGammaFit,
    margin_share: float,
    discount_rate_per_year: float,
) -> FutureValues:
    refuse_margin(margin_share)
    x, _, T = summary.history
    dert = purchases.dert(discount_rate_per_year, *summary.history)
    after_order = purchases.dert(discount_rate_per_year, x + 1.0, T, T)
    expected_spend = paid_share * spend.expected_spend(summary.mean_spend, summary.spend_count)
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
        value_after_order=margin_share * expected_spend * after_order,
        margin_share=margin_share,
        discount_rate_per_year=discount_rate_per_year,
        currency=summary.currency,
        new_customer_value=margin_share * paid_share * spend.population_mean * new_customer_dert,
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
    (n_customers, count) a customer's future value under drawn parameters, over that under the estimated ones.

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

    def log_value_of_purchases(fit: PurchaseFit) -> Vector:
        return np.log(fit.dert(discount_rate_per_year, *summary.history))

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
    value_after_order
        The same right after one more order on the last day, whose own margin is not in it: what a case carries that
        arises from it. It holds that the customer may leave after that order though nothing goes wrong.
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
    value_after_order: Vector
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


@dataclass(frozen=True, eq=False)
class OrderValues:
    """Orders drawn from a log, and what their customers are worth right after them.

    Attributes
    ----------
    recent
        The orders of the log that they were drawn from.
    place
        (n_orders,) places in the log of the orders that were drawn, rising, each once.
    row
        (count,) which of these each draw is.
    summary, future_values
        The customers' histories, and what they are worth, right after each of the n_orders.
    """

    recent: RecentOrders
    place: NDArray[np.intp]
    row: NDArray[np.intp]
    summary: CustomerSummary
    future_values: FutureValues

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each order, as `FutureValues.to_frame`, with times_drawn."""
        return self.future_values.to_frame().assign(times_drawn=np.bincount(self.row, minlength=len(self.place)))

    def to_dict(self) -> dict[str, object]:
        """Return what orders they were drawn from, as `RecentOrders.to_dict` does."""
        return self.recent.to_dict()


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
