"""Histories: frequency, recency, age and mean spend of each customer, from the log of purchases.

In: transactions, and the day up to which customers were observed. Out: `CustomerSummary`, all that the models need to
know of customers. Left to others: what customers do next (the models).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from policy_sim.border import InputError, plain_rows
from policy_sim.orders.dates import Day, day_of, weeks_of
from policy_sim.orders.sorting import begins_run
from policy_sim.orders.transactions import Transactions

__all__ = ["CustomerSummary", "end_of_observation", "histories_after", "summarise", "summary_of"]

Vector = NDArray[np.float64]


def summarise(transactions: Transactions, until: Day | None = None) -> CustomerSummary:
    """Return frequency, recency, age and mean spend of each customer, observed up to a day.

    Parameters
    ----------
    transactions
        The purchases.
    until
        Last day of observation, inclusive ('1997-09-30'); None for the last date in the log. Customers whose first
        purchase is later are left out.

    Raises
    ------
    InputError
        If `until` is not a date, or lies before the first purchase.
    """
    end = end_of_observation(transactions, until)
    observed = transactions.date <= end
    orders = slice(None) if observed.all() else observed  # which spares copies
    order_customer, order_date, order_amount = (
        transactions.customer[orders],
        transactions.date[orders],
        transactions.amount[orders],
    )
    is_first = begins_run(order_customer)
    starts = np.flatnonzero(is_first)
    ends = np.append(starts[1:], order_customer.size) - 1
    counts_as_spend = ~is_first & (order_amount > 0)
    spend_count = np.add.reduceat(counts_as_spend, starts, dtype=np.float64)
    spend = np.add.reduceat(np.where(counts_as_spend, order_amount, 0.0), starts)
    mean_spend = np.full(starts.size, np.nan)
    np.divide(spend, spend_count, out=mean_spend, where=spend_count > 0)
    return CustomerSummary(
        labels=transactions.labels[order_customer[starts]],
        frequency=(ends - starts).astype(np.float64),
        recency_weeks=weeks_of(order_date[ends] - order_date[starts]),
        age_weeks=weeks_of(end - order_date[starts]),
        mean_spend=mean_spend,
        spend_count=spend_count,
        until=end,
        currency=transactions.currency,
    )


def histories_after(transactions: Transactions, orders: NDArray[np.intp]) -> CustomerSummary:
    """Return the histories of customers right after orders of theirs, knowing nothing of what came later.

    Parameters
    ----------
    transactions
        The purchases.
    orders
        (n,) places of the orders in it, rising.

    Returns
    -------
    One row for each order: recency and age are the weeks from the customer's first purchase to it, the frequency and
    the mean spend count it.
    """
    starts = np.flatnonzero(begins_run(transactions.customer))[transactions.customer[orders]]
    counts_as_spend = ~begins_run(transactions.customer) & (transactions.amount > 0)
    spend_count = _sums(counts_as_spend.astype(np.float64), starts, orders)
    spend = _sums(np.where(counts_as_spend, transactions.amount, 0.0), starts, orders)
    mean_spend = np.full(orders.size, np.nan)
    np.divide(spend, spend_count, out=mean_spend, where=spend_count > 0)
    age = weeks_of(transactions.date[orders] - transactions.date[starts])
    return CustomerSummary(
        labels=transactions.labels[transactions.customer[orders]],
        frequency=(orders - starts).astype(np.float64),
        recency_weeks=age,
        age_weeks=age,
        mean_spend=mean_spend,
        spend_count=spend_count,
        until=np.datetime64("NaT", "D"),
        currency=transactions.currency,
    )


def _sums(values: Vector, first: NDArray[np.intp], last: NDArray[np.intp]) -> Vector:
    """Return the sums of values from each first place to its last, which counts."""
    if not first.size:
        return np.zeros(0)
    bounds = np.column_stack([first, last + 1]).ravel()
    return np.asarray(np.add.reduceat(np.append(values, 0.0), bounds)[::2], dtype=np.float64)


def summary_of(source: CustomerSummary | Transactions) -> CustomerSummary:
    """Return a summary as it is, and that of a log up to its last date.

    Functions that take either call this; who needs several of them summarises once, and passes the summary on.
    """
    return summarise(source) if isinstance(source, Transactions) else source


def end_of_observation(transactions: Transactions, until: Day | None = None) -> np.datetime64:
    """Return the last day of observation: `until`, or the last date in the log where that is None.

    Raises
    ------
    InputError
        If `until` is not a date, or lies before the first purchase.
    """
    if until is None:
        return np.datetime64(transactions.date.max())
    end, first = day_of(until), transactions.date.min()
    if first > end:
        raise InputError(f"until is {end}, before the first purchase on {first}; give a later day, or none")
    return end


@dataclass(frozen=True, eq=False)
class CustomerSummary:
    """Frequency, recency, age and mean spend of customers, observed up to a day; arrays are (n_customers,).

    Attributes
    ----------
    labels
        Customer ids, sorted as text.
    frequency
        x: repeat purchases, that is days with a purchase after the first such day.
    recency_weeks
        t_x: weeks from the first to the last purchase; 0 without a repeat purchase. (In this literature recency is
        the customer's age at the last purchase, not the time since.)
    age_weeks
        T: weeks from the first purchase to `until`.
    mean_spend
        Mean amount of the repeat purchases with a positive amount, in money; NaN where there is none.
    spend_count
        How many these are.
    until
        Last day of observation.
    currency
        Code of the currency of the amounts.
    """

    labels: NDArray[np.str_]
    frequency: Vector
    recency_weeks: Vector
    age_weeks: Vector
    mean_spend: Vector
    spend_count: Vector
    until: np.datetime64
    currency: str = "USD"

    @classmethod
    def of_histories(
        cls, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike, labels: ArrayLike | None = None
    ) -> CustomerSummary:
        """Return a summary of histories without amounts, such as simulated ones; the labels are 1, 2, ... if None."""
        x = np.asarray(frequency, dtype=np.float64)
        names = np.arange(1, x.size + 1) if labels is None else np.asarray(labels)
        return cls(
            labels=names.astype(np.str_),
            frequency=x,
            recency_weeks=np.asarray(recency_weeks, dtype=np.float64),
            age_weeks=np.asarray(age_weeks, dtype=np.float64),
            mean_spend=np.full(x.size, np.nan),
            spend_count=np.zeros(x.size),
            until=np.datetime64("NaT", "D"),
        )

    @property
    def paid_share(self) -> float:
        """Share of the repeat purchases for which money stayed: those with a positive amount; 1 where there are none.

        Mean spend is of these alone, since Gamma-Gamma knows no amounts of 0; free and refunded orders count here.
        """
        count = float(self.frequency.sum())
        return float(self.spend_count.sum()) / count if count and self.spend_count.any() else 1.0

    @property
    def history(self) -> tuple[Vector, Vector, Vector]:
        """Frequency, recency and age: what the predictions of models of purchases take."""
        return self.frequency, self.recency_weeks, self.age_weeks

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each customer: customer (the label), then the arrays under their own names."""
        names = ("frequency", "recency_weeks", "age_weeks", "mean_spend", "spend_count")
        return pd.DataFrame({"customer": self.labels, **{name: getattr(self, name) for name in names}})

    def to_dict(self) -> dict[str, object]:
        """Return until (last day of observation), currency and the rows of `to_frame` (customers), as plain data."""
        return {
            "until": None if np.isnat(self.until) else str(self.until),
            "currency": self.currency,
            "customers": plain_rows(self.to_frame()),
        }
