"""Follow-up: what the customers of a log of cases did before and afterwards, from the log of orders.

In: a log of cases, a log of orders. Out: `FollowUp`: for each case the order that failed, whether and when its customer
came back, what they spent; for each customer the history that the models of buying need; and `Returns`, who came back
of the cases of a log that nobody has looked at yet. Left to others: what is learned from it (`calibration`), what is
wrong with the log (`checking`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.clv import CustomerSummary
from policy_sim.evidence.case_log import CaseLog
from policy_sim.orders import Transactions
from policy_sim.orders.compact import text_array
from policy_sim.orders.sorting import begins_run

__all__ = ["FollowUp", "Returns", "before_cases", "follow_up", "returns_of", "running_spend"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SECONDS_PER_DAY = 86_400.0
_DAYS_PER_WEEK = 7.0
#: Days after which it is told who came back.
WINDOWS = (30, 90, 180)


@dataclass(frozen=True)
class FollowUp:
    """What customers did; arrays are (cases,).

    Attributes
    ----------
    transactions
        The orders.
    rows
        (cases,) rows of the log of cases that were matched; the arrays below are of these.
    place
        Place among the orders of the one that failed: the customer's last one up to the day on which the case was
        opened.
    dead_weeks
        Weeks from that order to the answer, in which nobody decides whether to come back; at most to the next order.
    is_last
        Whether the customer has not ordered since.
    weeks_until_return, weeks_observed
        Weeks from the answer to the next order (not a number where there is none), and to the end of the log.
    later_count, later_spend
        Orders with money in them after this one and before the customer's next one that failed, and their sum.
    unmatched
        (cases of the log,) why a case has no order, "" where it has one.
    """

    transactions: Transactions
    rows: Ints
    place: Ints
    dead_weeks: Floats
    is_last: NDArray[np.bool_]
    weeks_until_return: Floats
    weeks_observed: Floats
    later_count: Ints
    later_spend: Floats
    unmatched: NDArray[np.object_]

    def to_frame(self, log: CaseLog) -> pd.DataFrame:
        """Return one row for each matched case: case, days until return, days observed, back within 30, 90, 180 days.

        Whether somebody came back within a window is missing where the window is not over yet and they have not.
        """
        days = self.weeks_until_return * _DAYS_PER_WEEK
        observed = self.weeks_observed * _DAYS_PER_WEEK
        table = pd.DataFrame({"case": log.cases.case[self.rows], "days_until_return": days, "days_observed": observed})
        for window in WINDOWS:
            came = pd.array((days <= window).astype(np.int64), dtype="Int64")
            came[~(days <= window) & (observed < window)] = pd.NA
            table[f"came_back_{window}"] = came
        return table.assign(later_orders=self.later_count, later_spend=self.later_spend)


def follow_up(log: CaseLog, transactions: Transactions) -> FollowUp:
    """Find the order of each case, and what its customer did afterwards.

    Raises
    ------
    InputError
        If no case has an order.
    """
    orders = _Orders.of(transactions)
    customer = orders.customers(pd.Series(log.customer))
    unmatched = np.full(len(log), "", dtype=object)
    unmatched[customer < 0] = "its customer has no order"
    opened = np.where(np.isnat(log.opened), log.resolved, log.opened).astype("datetime64[s]")
    unmatched[(unmatched == "") & np.isnat(opened)] = "it does not say when it was opened"
    known = np.flatnonzero(unmatched == "")
    place = orders.last(customer[known], orders.days(opened[known]))
    has_order = transactions.customer[np.maximum(place, 0)] == customer[known]
    has_order &= place >= 0
    unmatched[known[~has_order]] = "its customer had not ordered before it was opened"
    rows, place = known[has_order], place[has_order]
    place = place - _is_next_order(log, transactions, rows, place)
    rows, place = _one_case_an_order(rows, place, unmatched)
    if not rows.size:
        raise InputError(
            f"{log.source}: no case has an order in the log of orders ({unmatched[0]}); expected the same customer ids "
            "in both; build the log of cases with these orders (policy-sim log build)"
        )
    return _after(log, transactions, rows, place, unmatched)


@dataclass(frozen=True, eq=False)
class Returns:
    """Who came back, of the cases of a log as it stands; arrays are (cases,).

    Attributes
    ----------
    amount
        Money of the customer's last order up to the day on which the case was opened; NaN where there is none.
    days_watched
        Days from the closing of the case (its opening, where that is not said) to the last order of anybody; NaN where
        the case has no date.
    days_until_next
        Days from then until the customer's next order; NaN where there is none.
    came_back_early
        Whether the customer ordered again before the case was closed.
    is_known
        Whether the customer is among the orders.
    """

    amount: Floats
    days_watched: Floats
    days_until_next: Floats
    came_back_early: NDArray[np.bool_]
    is_known: NDArray[np.bool_]


def returns_of(
    customer: pd.Series,
    opened: NDArray[np.datetime64],
    resolved: NDArray[np.datetime64],
    transactions: Transactions,
) -> Returns:
    """Look for the next order of the customer of each case.

    Parameters
    ----------
    customer
        (cases,) ids as text.
    opened, resolved
        (cases,) datetime64[s]; not a time where it is not known.
    """
    orders = _Orders.of(transactions)
    who = orders.customers(customer)
    closed = orders.days(np.where(np.isnat(resolved), opened, resolved))
    has_date = ~(np.isnat(opened) & np.isnat(resolved))
    end = int((transactions.date.max() - orders.first).astype(np.int64))
    before = orders.last(who, orders.days(np.where(np.isnat(opened), resolved, opened)))
    following = orders.last(who, closed) + 1
    until_next = orders.day[np.minimum(following, len(orders.day) - 1)] - closed
    is_own = (who >= 0) & (following < len(orders.day))
    is_own &= transactions.customer[np.minimum(following, len(orders.day) - 1)] == who
    bought = (who >= 0) & (before >= 0) & (transactions.customer[np.maximum(before, 0)] == who)
    return Returns(
        amount=np.where(bought, transactions.amount[np.maximum(before, 0)], np.nan),
        days_watched=np.where(has_date, end - closed, np.nan),
        days_until_next=np.where(is_own & has_date, until_next, np.nan),
        # between the day of opening and that of closing
        came_back_early=(who >= 0) & has_date & (orders.last(who, closed - 1) > before),
        is_known=who >= 0,
    )


@dataclass(frozen=True, eq=False)
class _Orders:
    """Orders as they are looked up: sorted by customer and day, one number that rises along them."""

    labels: NDArray[np.str_]
    first: np.datetime64
    day: Ints  # since the first
    key: Ints
    span: int

    @classmethod
    def of(cls, transactions: Transactions) -> _Orders:
        first = transactions.date.min()
        day = (transactions.date - first).astype(np.int64)
        span = int(day.max()) + 2
        return cls(transactions.labels, first, day, transactions.customer * span + day + 1, span)

    def customers(self, ids: pd.Series) -> Ints:
        """Return the place of each id among the labels of the orders; -1 for those that are not there."""
        codes, words = pd.factorize(ids)
        # in compiled code, as there may be millions of both
        place = pc.index_in(text_array(pd.Series(words)), value_set=pa.array(self.labels, pa.string()))
        return np.asarray(pc.fill_null(place, -1).to_numpy(), dtype=np.int64)[codes]

    def days(self, moments: NDArray[np.datetime64]) -> Ints:
        """Return days since the first order; of what is no time the day before."""
        days = (moments.astype("datetime64[D]") - self.first).astype(np.int64)
        return np.where(np.isnat(moments), -1, days)

    def last(self, customer: Ints, day: Ints) -> Ints:
        """Return the place of each customer's last order up to a day; one before her first where she has none."""
        wanted = customer * self.span + np.clip(day + 1, 0, self.span - 1)
        return np.asarray(np.searchsorted(self.key, wanted, side="right") - 1, dtype=np.int64)


def before_cases(follow: FollowUp) -> CustomerSummary:
    """Return what customers had spent on orders after their first one and before the first that failed.

    No failure has moved it, and no refund has lowered it.
    """
    log = follow.transactions
    first = np.flatnonzero(begins_run(log.customer))
    stop = np.append(first[1:], len(log.customer)) - 1
    buyer, first_case = np.unique(log.customer[follow.place], return_index=True)
    stop[buyer] = np.maximum(follow.place[first_case] - 1, first[buyer])
    sums, counts = running_spend(log)
    count = (counts[stop + 1] - counts[first + 1]).astype(np.float64)
    mean = np.full(len(first), np.nan)
    np.divide(sums[stop + 1] - sums[first + 1], count, out=mean, where=count > 0)
    nothing = np.zeros(len(first))
    summary = CustomerSummary.of_histories(count, nothing, nothing, labels=log.labels)
    return replace(summary, mean_spend=mean, spend_count=count, currency=log.currency)


def running_spend(log: Transactions) -> tuple[Floats, Ints]:
    """Return the sum, and the number, of amounts above 0 before each place of a log of orders (orders + 1,)."""
    has_money = log.amount > 0
    sums = np.append(0.0, np.cumsum(np.where(has_money, log.amount, 0.0)))
    return sums, np.append(0, np.cumsum(has_money)).astype(np.int64)


def _is_next_order(log: CaseLog, transactions: Transactions, rows: Ints, place: Ints) -> NDArray[np.bool_]:
    """Say of which cases the order found is the customer's next one, placed after the answer on the same day.

    It is if the log says how many days before it was opened the case's own order was placed, and the one before is of
    that day.
    """
    customer, date = transactions.customer, transactions.date
    opened = log.opened[rows]
    days = log.cases.days_since_purchase[rows]
    placed = opened - np.round(days * _SECONDS_PER_DAY).astype("timedelta64[s]")
    before = np.maximum(place - 1, 0)
    is_own = (customer[before] == customer[place]) & (date[before] == placed.astype("datetime64[D]")) & (place > 0)
    return np.asarray(is_own & (date[place] == opened.astype("datetime64[D]")))


def _one_case_an_order(rows: Ints, place: Ints, unmatched: NDArray[np.object_]) -> tuple[Ints, Ints]:
    """Keep the last case of each order: what came before it was no end."""
    order = np.argsort(place, kind="stable")
    rows, place = rows[order], place[order]
    is_last = np.append(place[1:] != place[:-1], True)
    unmatched[rows[~is_last]] = "a later case is about the same order"
    return rows[is_last], place[is_last]


def _after(
    log: CaseLog, transactions: Transactions, rows: Ints, place: Ints, unmatched: NDArray[np.object_]
) -> FollowUp:
    customer, date = transactions.customer, transactions.date.astype("datetime64[s]")
    last_place = np.searchsorted(customer, customer[place], side="right") - 1
    is_last = place == last_place
    end = date.max() + np.timedelta64(43_200, "s")  # orders come at any hour of their days
    answered = np.where(np.isnat(log.resolved[rows]), log.opened[rows], log.resolved[rows]).astype("datetime64[s]")
    weeks = _SECONDS_PER_DAY * _DAYS_PER_WEEK
    until_next = np.where(is_last, end, date[np.minimum(place + 1, len(date) - 1)])
    gap = (until_next - date[place]).astype(np.float64) / weeks
    dead = np.clip((answered - date[place]).astype(np.float64) / weeks, 0.0, gap)
    observed = np.maximum((end - date[place]).astype(np.float64) / weeks - dead, 0.0)
    # orders after this case and before the customer's next one
    following = np.append(place[1:], len(customer))
    same = np.append(customer[place[1:]] == customer[place[:-1]], False)
    stop = np.where(same, following - 1, last_place)  # money for an order that failed may not have stayed
    sums, counts = running_spend(transactions)
    return FollowUp(
        transactions=transactions,
        rows=rows,
        place=place,
        dead_weeks=dead,
        is_last=is_last,
        weeks_until_return=np.where(is_last, np.nan, gap - dead),
        weeks_observed=observed,
        later_count=np.asarray(counts[stop + 1] - counts[place + 1], dtype=np.int64),
        later_spend=np.asarray(sums[stop + 1] - sums[place + 1]),
        unmatched=unmatched,
    )
