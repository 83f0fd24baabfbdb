"""Opportunities: how often each customer bought where she could do so once a period.

In: transactions, and what a period is (a year, a month, some weeks). Out: `DiscreteSummary`, how many opportunities
each customer had, how many she used, and the last of these. Left to others: what she does next (`bg_bb`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from policy_sim.border import InputError, plain_rows, unknown
from policy_sim.clv.discounting import PUBLISHED_WEEKS_PER_YEAR
from policy_sim.clv.histories import end_of_observation
from policy_sim.orders.dates import DAYS_PER_WEEK, Day
from policy_sim.orders.sorting import begins_run
from policy_sim.orders.transactions import Transactions

__all__ = [
    "DiscreteSummary",
    "checked_opportunities",
    "discount_per_opportunity",
    "opportunities_per_year",
    "summarise_opportunities",
]

Vector = NDArray[np.float64]

_MOST_WEEKS = 5_200  # a century
_MONTHS = {"year": 12, "quarter": 3, "month": 1}


def summarise_opportunities(transactions: Transactions, period: str | int, until: Day | None = None) -> DiscreteSummary:
    """Return how many periods each customer had after the one of her first purchase, and in which she bought.

    Parameters
    ----------
    transactions
        The purchases.
    period
        'year', 'quarter' or 'month' of the calendar, or a number of weeks, counted from the first day in the log.
    until
        Last day of observation, inclusive; None for the last date in the log. The period it lies in counts only if
        this is its last day: where a log of whole years ends with a purchase on 29 December, say '2001-12-31'.

    Returns
    -------
    One row for each customer whose first purchase lies in a whole period; those of the last whole period have had no
    opportunity yet (they tell the fit nothing, but can be predicted).

    Raises
    ------
    InputError
        If the period or `until` is unknown, or no period is whole.
    """
    end = end_of_observation(transactions, until)
    first_day = transactions.date.min()
    number = _numbers_of_periods(transactions.date, period, first_day)
    last = int(_numbers_of_periods(np.array([end + np.timedelta64(1, "D")]), period, first_day)[0]) - 1
    counted = (transactions.date <= end) & (number <= last)
    if not counted.any():
        raise InputError(
            f"no period of {_in_words(period)} is whole between {first_day} and {end}; expected at least one; choose a "
            "shorter period or a longer log"
        )
    customer, number = transactions.customer[counted], number[counted]
    is_new = begins_run(customer) | begins_run(number)
    customer, number = customer[is_new], number[is_new]
    starts = np.flatnonzero(begins_run(customer))
    ends = np.append(starts[1:], customer.size) - 1
    return DiscreteSummary(
        frequency=(ends - starts).astype(np.float64),
        recency=(number[ends] - number[starts]).astype(np.float64),
        opportunities=(last - number[starts]).astype(np.float64),
        labels=transactions.labels[customer[starts]],
    )


def opportunities_per_year(period: str | int) -> float:
    """Return how many periods a year has: 1 for 'year', 4 for 'quarter', 12 for 'month', 52 over a number of weeks.

    Raises
    ------
    InputError
        If the period is unknown.
    """
    if isinstance(period, str) and period in _MONTHS:
        return 12 / _MONTHS[period]
    if isinstance(period, str):
        raise unknown("period", period, [*_MONTHS, "a number of weeks"])
    if isinstance(period, bool) or not (1 <= period <= _MOST_WEEKS and period == int(period)):
        raise InputError(
            f"period is {period}; expected 'year', 'quarter', 'month' or a whole number of weeks from 1 to "
            f"{_MOST_WEEKS:,}"
        )
    return PUBLISHED_WEEKS_PER_YEAR / period


def discount_per_opportunity(discount_rate_per_year: float, period: str | int) -> float:
    """Return the discount from one period to the next that makes up a discount rate a year."""
    return float((1.0 + discount_rate_per_year) ** (1.0 / opportunities_per_year(period)) - 1.0)


@dataclass(frozen=True, eq=False)
class DiscreteSummary:
    """How many opportunities customers had, how many they used, and the last of these; arrays are (n_rows,).

    Attributes
    ----------
    frequency
        x: opportunities used; the first purchase, which made her a customer, is none.
    recency
        t_x: number of the last opportunity used, counted from 1; 0 where none was.
    opportunities
        n: how many there were.
    customer_count
        How many customers a row stands for; 1 by default.
    labels
        Customer ids, or names of the rows; numbers from 1 by default.

    Raises
    ------
    InputError
        If the arrays differ in length, a number is negative or not whole, x > t_x or t_x > n, or only one of x and
        t_x is 0.
    """

    frequency: Vector
    recency: Vector
    opportunities: Vector
    customer_count: Vector = field(default_factory=lambda: np.empty(0))
    labels: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, dtype=np.str_))

    def __post_init__(self) -> None:
        columns = [np.atleast_1d(np.asarray(column)) for column in (self.frequency, self.recency, self.opportunities)]
        size = columns[0].size
        counts = np.asarray(self.customer_count, dtype=np.float64) if np.size(self.customer_count) else np.ones(size)
        labels = np.asarray(self.labels) if np.size(self.labels) else np.arange(1, size + 1)
        shapes = [column.shape for column in (*columns, counts, labels)]
        if any(shape != (size,) for shape in shapes):
            raise InputError(
                "frequency, recency, opportunities, customer_count and labels have the shapes "
                f"{', '.join(str(shape) for shape in shapes)}; expected one entry each per row"
            )
        wrong = ~(np.isfinite(counts) & (counts >= 0))
        if wrong.any():
            raise InputError(f"customer_count of a row is {counts[wrong][0]:g}; expected a number, 0 or more")
        x, t_x, n = checked_opportunities(*columns)
        for name, value in (("frequency", x), ("recency", t_x), ("opportunities", n), ("customer_count", counts)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "labels", labels.astype(np.str_))

    @property
    def history(self) -> tuple[Vector, Vector, Vector]:
        """Frequency, recency and opportunities: what the predictions of `BgBbFit` take."""
        return self.frequency, self.recency, self.opportunities

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each row of the summary: customer (the label), then the arrays under their own names."""
        names = ("frequency", "recency", "opportunities", "customer_count")
        return pd.DataFrame({"customer": self.labels, **{name: getattr(self, name) for name in names}})

    def to_dict(self) -> dict[str, object]:
        """Return the rows of `to_frame` (customers), as plain data."""
        return {"customers": plain_rows(self.to_frame())}


def checked_opportunities(
    frequency: ArrayLike, recency: ArrayLike, opportunities: ArrayLike
) -> tuple[Vector, Vector, Vector]:
    """Return frequency, recency and opportunities as arrays of one shape.

    Raises
    ------
    InputError
        If one is negative or not whole, x > t_x or t_x > n, or only one of x and t_x is 0.
    """
    x, t_x, n = np.broadcast_arrays(
        np.asarray(frequency, dtype=np.float64),
        np.asarray(recency, dtype=np.float64),
        np.asarray(opportunities, dtype=np.float64),
    )
    whole = np.isfinite(n) & (x == np.floor(x)) & (t_x == np.floor(t_x)) & (n == np.floor(n))
    wrong = ~(whole & (x >= 0) & (x <= t_x) & (t_x <= n) & ((x > 0) == (t_x > 0)))
    if wrong.any():
        raise InputError(
            f"a customer has frequency {x[wrong][0]:g}, recency {t_x[wrong][0]:g}, opportunities {n[wrong][0]:g}; "
            "expected whole numbers with 0 <= frequency <= recency <= opportunities, and recency 0 only where "
            "frequency is 0"
        )
    return x, t_x, n


def _numbers_of_periods(days: NDArray[np.datetime64], period: str | int, first_day: np.datetime64) -> NDArray[np.int64]:
    """Return the number of the period in which each day lies."""
    opportunities_per_year(period)  # refuses what is no period
    if isinstance(period, str):
        return days.astype("datetime64[M]").astype(np.int64) // _MONTHS[period]
    return (days - first_day).astype("timedelta64[D]").astype(np.int64) // (DAYS_PER_WEEK * int(period))


def _in_words(period: str | int) -> str:
    return f"a {period}" if isinstance(period, str) else f"{period} week{'s' if period > 1 else ''}"
