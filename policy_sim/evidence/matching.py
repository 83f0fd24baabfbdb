"""Matching: the order behind a ticket, the ticket behind a refund, and what its customer did before.

In: tickets, orders and refunds. Out: for each ticket the row of its order, for each refund the row of its ticket, how
each was found, counts of what came before. Left to others: reading them (`tickets`, `refunds`), what it means
(`joining`).

Everything is looked up in sorted whole numbers: texts are numbered once, and a customer's orders are a stretch of one
array, in which a day is found by bisection.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.evidence.refunds import Refunds
from policy_sim.evidence.tickets import Tickets
from policy_sim.orders import OrderRows
from policy_sim.words import DAYS_PER_YEAR

__all__ = [
    "HOW",
    "Before",
    "OrderMatch",
    "RefundMatch",
    "cases_before",
    "match_orders",
    "match_refunds",
    "numbered",
    "order_key",
    "purchases_until",
    "texts_of_labels",
]

Places = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: How something was found: not at all, by the number of the order, by the customer, by the e-mail.
HOW = ("not found", "order number", "customer", "e-mail")
_TEXT = pd.ArrowDtype(pa.string())
_DAY = 86_400
_EARLIEST, _SPAN = -100_000, 1_000_000  # days since 1970, and room for all of them in a key
_EARLY_SECONDS, _SPAN_SECONDS = _EARLIEST * _DAY, _SPAN * _DAY
_BEFORE_SECONDS = _DAY  # a refund may be entered so long before its ticket is opened
_CLOCK_DAYS = 1  # an order may be dated so long after its ticket: days of shops are not those of UTC


@dataclass(frozen=True, eq=False)
class OrderMatch:
    """The order behind each ticket.

    Attributes
    ----------
    order
        (n,) row in the orders, -1 where none was found.
    how
        (n,) place in `HOW`.
    is_ambiguous
        (n,) whether others would have fitted as well; the latest one before the ticket was taken.
    customer
        (n,) place among the labels of the orders; -1 where the customer is not among them.
    is_later
        (n,) whether the order is dated after the ticket.
    """

    order: Places
    how: Places
    is_ambiguous: Flags
    customer: Places
    is_later: Flags


@dataclass(frozen=True, eq=False)
class RefundMatch:
    """The ticket behind each refund: (n_refunds,) as in `OrderMatch`."""

    ticket: Places
    how: Places
    is_ambiguous: Flags


@dataclass(frozen=True, eq=False)
class Before:
    """What came before each ticket: (n,) counts, days since the failure before; NaN where nobody knows."""

    failures: Floats
    claims: Floats
    days_since_failure: Floats


def order_key(column: pd.Series) -> pd.Series:
    """Return numbers of orders as they are compared: without a leading #, in small letters, 1001 for 1001.0."""
    texts = _chunked(column)
    plain = pc.replace_substring_regex(pc.utf8_lower(pc.utf8_trim_whitespace(texts)), r"^#\s*|\.0+$", "")
    return pd.Series(plain, dtype=_TEXT)


def numbered(*columns: pd.Series) -> list[Places]:
    """Return for each column the number of each of its texts, alike in all of them; -1 for ""."""
    whole = pa.chunked_array([chunk for column in columns for chunk in _chunked(column).chunks], pa.string())
    encoded = whole.dictionary_encode().combine_chunks()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    blank = pc.index(encoded.dictionary, "").as_py()
    if blank >= 0:
        codes[codes == blank] = -1
    return np.split(codes, np.cumsum([len(column) for column in columns])[:-1])


def _chunked(column: pd.Series) -> pa.ChunkedArray:
    array = pa.array(column.array) if isinstance(column.dtype, pd.ArrowDtype) else pa.array(column, pa.string())
    return (
        array.cast(pa.string()) if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array.cast(pa.string())])
    )


def match_orders(tickets: Tickets, orders: OrderRows | None, window_days: int) -> OrderMatch:
    """Find the order behind each ticket.

    By its number; else the latest one of the customer, else of the e-mail, that is dated at most so many days before
    the ticket was opened.
    """
    count = len(tickets)
    nobody = np.full(count, -1, dtype=np.int64)
    if orders is None:
        none = np.zeros(count, dtype=np.bool_)
        return OrderMatch(nobody, np.zeros(count, dtype=np.int64), none, nobody, none)
    number, of_order = numbered(order_key(tickets.order), order_key(orders.number))
    own_id, labels = numbered(_as_id(tickets.customer), pd.Series(texts_of_labels(orders), dtype=_TEXT))
    email, of_email = numbered(tickets.email, _emails(orders))
    opened = _days(tickets.opened)
    by_label = labels[orders.customer]
    day = orders.day.astype(np.int64)

    order, is_ambiguous = _by_number(number, of_order, opened, day, own_id, by_label, email, of_email)
    how = np.where(order >= 0, 1, 0)
    for place, (codes, of_orders) in enumerate(((own_id, by_label), (email, of_email)), start=2):
        rest = (how == 0) & (codes >= 0)
        found, several = _latest(codes[rest], opened[rest], of_orders, day, window_days)
        where = np.flatnonzero(rest)[found >= 0]
        order[where], how[where] = found[found >= 0], place
        is_ambiguous[where] = several[found >= 0]
    customer = _customers(own_id, labels, email, of_email, orders, order)
    is_later = (order >= 0) & (day[order] > opened + _CLOCK_DAYS)
    return OrderMatch(order, how, is_ambiguous, customer, is_later)


def _as_id(column: pd.Series) -> pd.Series:
    """Return ids of customers as the orders have them: e-mails in small letters."""
    return column.where(~column.str.contains("@", regex=False), column.str.lower())


def _emails(orders: OrderRows) -> pd.Series:
    """Return the e-mail of each order: the one beside it, or the id of its customer where that is one."""
    labels = texts_of_labels(orders)
    as_label = pc.if_else(pc.match_substring(labels, "@"), labels, "").take(pa.array(orders.customer))
    beside = _chunked(orders.email).combine_chunks()
    return pd.Series(
        pc.if_else(pc.equal(beside, ""), pc.utf8_lower(as_label), beside), dtype=pd.ArrowDtype(pa.string())
    )


def texts_of_labels(orders: OrderRows) -> pa.Array:
    """Return the ids of customers as text in compiled memory."""
    return pa.array(orders.labels.astype(object), pa.string())


def _days(at: NDArray[np.datetime64]) -> Places:
    """Return days since 1970; of what is no time a day before all others."""
    return np.where(np.isnat(at), _EARLIEST, at.astype("datetime64[D]").astype(np.int64))


def _by_number(
    number: Places, of_order: Places, opened: Places, day: Places,
    own_id: Places, by_label: Places, email: Places, of_email: Places,
) -> tuple[Places, Flags]:  # fmt: skip
    """Return the order of that number, and whether there are others of it that fit as well.

    Of several it is one of the same customer, and of those the latest one before the ticket.
    """
    sorted_places = np.argsort(of_order, kind="stable")
    keys = of_order[sorted_places]
    low = np.searchsorted(keys, number, side="left")
    several = np.searchsorted(keys, number, side="right") - low
    several = np.where(number >= 0, several, 0)
    order = np.where(several == 1, sorted_places[np.minimum(low, len(keys) - 1)] if len(keys) else -1, -1)
    is_ambiguous = np.zeros(len(number), dtype=np.bool_)
    crowd = np.flatnonzero(several > 1)
    if crowd.size:
        times = several[crowd]
        ticket = np.repeat(crowd, times)
        within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        candidate = sorted_places[np.repeat(low[crowd], times) + within]
        is_same = ((own_id[ticket] >= 0) & (own_id[ticket] == by_label[candidate])) | (
            (email[ticket] >= 0) & (email[ticket] == of_email[candidate])
        )
        fits = is_same.astype(np.int64) * 2 + (day[candidate] <= opened[ticket] + _CLOCK_DAYS)
        ranked = np.lexsort((day[candidate], fits, ticket))
        last = np.append(ticket[ranked][1:] != ticket[ranked][:-1], True)
        best = ranked[last]
        order[ticket[best]] = candidate[best]
        best_fit = np.repeat(fits[best], times)
        is_ambiguous[crowd] = np.bincount(np.repeat(np.arange(crowd.size), times), fits == best_fit) > 1
    return order, is_ambiguous


def _latest(codes: Places, at: Places, of_orders: Places, day: Places, window_days: int) -> tuple[Places, Flags]:
    """Return the latest order of each person up to a day, within a window, and whether there is another one in it."""
    usable = np.flatnonzero(of_orders >= 0)
    keys = of_orders[usable] * _SPAN + (day[usable] - _EARLIEST)
    ranked = np.argsort(keys, kind="stable")
    keys, places = keys[ranked], usable[ranked]
    wanted = codes * _SPAN + (at + _CLOCK_DAYS - _EARLIEST)
    earliest = codes * _SPAN + np.maximum(at - window_days - _EARLIEST, 0)
    last = np.searchsorted(keys, wanted, side="right")
    first = np.searchsorted(keys, earliest, side="left")
    count = last - first
    found = np.where(count > 0, places[np.maximum(last - 1, 0)] if len(places) else -1, -1)
    return found, count > 1


def _customers(
    own_id: Places, labels: Places, email: Places, of_email: Places, orders: OrderRows, order: Places
) -> Places:
    """Return which customer of the orders each ticket is of: by its order, its own id, or its e-mail."""
    top = int(max(own_id.max(initial=-1), labels.max(initial=-1), email.max(initial=-1), of_email.max(initial=-1))) + 2
    label_of_id = np.full(top, -1, dtype=np.int64)
    label_of_id[labels] = np.arange(len(labels))
    label_of_email = np.full(top, -1, dtype=np.int64)
    has_email = of_email >= 0
    label_of_email[of_email[has_email]] = orders.customer[has_email]
    by_id = np.where(own_id >= 0, label_of_id[own_id], -1)
    by_email = np.where(email >= 0, label_of_email[email], -1)
    by_order = np.where(order >= 0, orders.customer[order] if len(orders) else -1, -1)
    return np.where(by_order >= 0, by_order, np.where(by_id >= 0, by_id, by_email))


def purchases_until(orders: OrderRows, customer: Places, day: Places) -> Floats:
    """Return on how many days up to one each customer had bought; NaN for who is not among the orders.

    Orders of one day are one purchase, as in `policy_sim.orders.Transactions`.
    """
    keys = np.sort(orders.customer * _SPAN + (orders.day.astype(np.int64) - _EARLIEST))
    keys = keys[np.append(True, keys[1:] != keys[:-1])]
    until = np.searchsorted(keys, customer * _SPAN + (day - _EARLIEST), side="right")
    before = np.searchsorted(keys, customer * _SPAN, side="left")
    return np.where(customer >= 0, (until - before).astype(np.float64), np.nan)


def match_refunds(tickets: Tickets, order: pd.Series, refunds: Refunds, refund_days: int) -> RefundMatch:
    """Find the ticket behind each refund.

    Of the tickets with its order, else of its customer, else of its e-mail, it is the latest one that was opened before
    the refund (or a day after it), if the refund came at most so many days after the ticket was closed (opened, where
    it is not closed). A refund without a date belongs to the only ticket of its order. `order` (n,) holds numbers of
    the orders behind the tickets.
    """
    stays = tickets.reasons.stays & ~np.isnat(tickets.opened)
    given = refunds.given.astype(np.int64)
    is_dated = ~np.isnat(refunds.given)
    ticket = np.full(len(refunds), -1, dtype=np.int64)
    how = np.zeros(len(refunds), dtype=np.int64)
    is_ambiguous = np.zeros(len(refunds), dtype=np.bool_)
    orders = numbered(order_key(order), order_key(refunds.order))
    customers = numbered(_as_id(tickets.customer), _as_id(refunds.customer))
    emails = numbered(tickets.email, refunds.email)
    until = (
        np.where(np.isnat(tickets.resolved), tickets.opened, tickets.resolved).astype("datetime64[s]").astype(np.int64)
    )
    until += refund_days * _DAY
    for place, (codes, wanted) in enumerate((orders, customers, emails), start=1):
        usable = np.flatnonzero(stays & (codes >= 0))
        keys = codes[usable] * _SPAN_SECONDS + (tickets.opened[usable].astype(np.int64) - _EARLY_SECONDS)
        ranked = np.argsort(keys, kind="stable")
        keys, rows = keys[ranked], usable[ranked]
        rest = np.flatnonzero((ticket < 0) & refunds.reasons.stays & (wanted >= 0) & (is_dated | (place == 1)))
        if not rest.size or not rows.size:
            continue
        at = np.where(is_dated[rest], given[rest] + _BEFORE_SECONDS, _EARLY_SECONDS + _SPAN_SECONDS - 1)
        last = np.searchsorted(keys, wanted[rest] * _SPAN_SECONDS + (at - _EARLY_SECONDS), side="right")
        first = np.searchsorted(keys, wanted[rest] * _SPAN_SECONDS, side="left")
        candidate = rows[np.maximum(last - 1, 0)]
        fits = (last > first) & (~is_dated[rest] | (given[rest] <= until[candidate]))
        fits &= is_dated[rest] | (last - first == 1)
        before = rows[np.maximum(last - 2, 0)]
        also = (last - first > 1) & (given[rest] <= until[before])
        ticket[rest[fits]], how[rest[fits]] = candidate[fits], place
        is_ambiguous[rest[fits]] = also[fits]
    return RefundMatch(ticket, how, is_ambiguous)


def cases_before(person: Places, opened: NDArray[np.datetime64], is_case: Flags) -> Before:
    """Count the cases of each person before each case: ever, and within the year before it.

    Parameters
    ----------
    person
        (n,) who it is; -1 where unknown.
    opened
        (n,) when the case was opened.
    is_case
        (n,) whether the row counts.
    """
    count = len(person)
    failures, claims, days = (np.full(count, np.nan) for _ in range(3))
    rows = np.flatnonzero(is_case & (person >= 0) & ~np.isnat(opened))
    seconds = opened[rows].astype("datetime64[s]").astype(np.int64) - _EARLY_SECONDS
    keys = person[rows] * _SPAN_SECONDS + seconds
    ranked = np.argsort(keys, kind="stable")
    keys, rows, seconds = keys[ranked], rows[ranked], seconds[ranked]
    first = np.searchsorted(keys, person[rows] * _SPAN_SECONDS, side="left")
    year = np.searchsorted(keys, keys - int(DAYS_PER_YEAR * _DAY), side="left")
    place = np.arange(len(rows))
    failures[rows] = place - first
    claims[rows] = place - np.maximum(year, first)
    has_before = place > first
    days[rows[has_before]] = (seconds[has_before] - seconds[place[has_before] - 1]) / _DAY
    return Before(failures, claims, days)
