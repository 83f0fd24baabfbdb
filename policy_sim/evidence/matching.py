"""Matching: the order behind a ticket, the ticket behind a refund, and what its customer did before.

In: tickets, orders and refunds. Out: for each ticket the row of its order, for each refund the row of its ticket, how
each was found, counts of what came before. Left to others: reading them (`tickets`, `refunds`), what it means
(`joining`).

Everything is looked up in sorted whole numbers: texts that are looked for are numbered once, and a customer's orders
are a stretch of one array, in which a day is found by bisection. Customers and e-mails are asked for only where numbers
of orders tell nothing: a log may have millions of each.
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
    "named_in",
    "numbered",
    "order_key",
    "purchases_until",
]

Places = NDArray[np.int64]
SmallPlaces = NDArray[np.int32]
Counts = NDArray[np.float32]  # whole numbers, NaN where nobody knows
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: How something was found: not at all, by the number of the order, by the customer, by the e-mail.
HOW = ("not found", "order number", "customer", "e-mail")
_TEXT = pd.ArrowDtype(pa.string())
_DAY = 86_400
#: Days since 1970, and room for all of them in a key; of 64 bits, lest a product with a shorter number run over.
_EARLIEST, _SPAN = np.int64(-100_000), np.int64(1_000_000)
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
    has_number
        (n,) whether the ticket names the number of an order.
    """

    order: SmallPlaces
    how: NDArray[np.int8]
    is_ambiguous: Flags
    customer: SmallPlaces
    is_later: Flags
    has_number: Flags


@dataclass(frozen=True, eq=False)
class RefundMatch:
    """The ticket behind each refund: (n_refunds,) as in `OrderMatch`."""

    ticket: Places
    how: NDArray[np.int8]
    is_ambiguous: Flags


@dataclass(frozen=True, eq=False)
class Before:
    """What came before each ticket: (n,) counts, days since the failure before; NaN where nobody knows."""

    failures: Counts
    claims: Counts
    days_since_failure: Floats


def order_key(column: pd.Series) -> pd.Series:
    """Return numbers of orders as they are compared: without a leading #, in small letters, 1001 for 1001.0."""
    texts = _chunked(column)
    plain = pc.replace_substring_regex(pc.utf8_lower(pc.utf8_trim_whitespace(texts)), r"^#\s*|\.0+$", "")
    return pd.Series(plain, dtype=_TEXT)


def numbered(*columns: pd.Series) -> list[Places]:
    """Return for each column the number of each of its texts, alike in all of them; -1 for ""."""
    whole = pa.chunked_array([chunk for column in columns for chunk in _chunked(column).chunks], pa.string())
    codes, _ = _encoded(whole)
    return np.split(codes.astype(np.int64), np.cumsum([len(column) for column in columns])[:-1])


def named_in(column: pd.Series, *others: pd.Series) -> list[SmallPlaces]:
    """Return `numbered` of a column, and of each other column which of these texts stand there; -1 for all else."""
    codes, distinct = _encoded(_chunked(column))
    found = [codes]
    for other in others:
        places = pc.index_in(_chunked(other), value_set=distinct)
        found.append(np.asarray(pc.fill_null(places, -1).to_numpy(), dtype=np.int32))
    return found


def _encoded(texts: pa.ChunkedArray) -> tuple[SmallPlaces, pa.Array]:
    """Return the number of each text, -1 for "", and the texts by their numbers, null for ""."""
    encoded = texts.dictionary_encode().combine_chunks()
    codes = np.array(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int32)
    distinct = encoded.dictionary
    blank = pc.index(distinct, "").as_py()
    if blank >= 0:
        codes[codes == blank] = -1
        distinct = pc.if_else(pc.equal(distinct, ""), None, distinct)
    return codes, distinct


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
    has_number = (tickets.order != "").to_numpy(dtype=bool)
    if orders is None or not len(orders):
        nobody, none = np.full(count, -1, dtype=np.int32), np.zeros(count, dtype=np.bool_)
        return OrderMatch(nobody, np.zeros(count, dtype=np.int8), none, nobody, none, has_number)
    candidates, low, several = _by_number(tickets, orders)
    is_settled = several == 1
    order = np.full(count, -1, dtype=np.int32)
    order[is_settled] = candidates[low[is_settled]]
    how = is_settled.astype(np.int8)
    is_ambiguous = np.zeros(count, dtype=np.bool_)
    customer = np.where(order >= 0, orders.customer[order], -1).astype(np.int32)
    opened, day = _days(tickets.opened), orders.day.astype(np.int64)

    rows = np.flatnonzero(~is_settled)
    people = _People.of(tickets, orders, rows)
    asked = _Asked(order[rows], how[rows], is_ambiguous[rows])
    asked.choose(people, candidates, low[rows], several[rows], opened[rows], day)
    for place, (codes, of_orders) in enumerate(people.ways, start=2):
        asked.take_latest(place, codes, of_orders, opened[rows], day, window_days)
    order[rows], how[rows], is_ambiguous[rows] = asked.order, asked.how, asked.is_ambiguous
    customer[rows] = people.customers(orders, asked.order)
    is_later = (order >= 0) & (day[order] > opened + _CLOCK_DAYS)
    return OrderMatch(order, how, is_ambiguous, customer, is_later, has_number)


def _as_id(column: pd.Series) -> pd.Series:
    """Return ids of customers as the orders have them: e-mails in small letters."""
    return column.where(~column.str.contains("@", regex=False), column.str.lower())


def _days(at: NDArray[np.datetime64]) -> Places:
    """Return days since 1970; of what is no time a day before all others."""
    return np.where(np.isnat(at), _EARLIEST, at.astype("datetime64[D]").astype(np.int64))


def _by_number(tickets: Tickets, orders: OrderRows) -> tuple[Places, Places, Places]:
    """Return orders sorted by number, and for each ticket where those of its number begin, and how many there are."""
    number, of_order = named_in(order_key(tickets.order), order_key(orders.number))
    named = np.flatnonzero(of_order >= 0)
    keys = of_order[named]
    ranked = np.argsort(keys, kind="stable")
    times = np.bincount(keys, minlength=int(number.max(initial=-1)) + 1)
    starts = np.cumsum(times) - times
    has_number = number >= 0
    low, several = np.zeros(len(number), dtype=np.int64), np.zeros(len(number), dtype=np.int64)
    low[has_number], several[has_number] = starts[number[has_number]], times[number[has_number]]
    return named[ranked], low, several


@dataclass(frozen=True, eq=False)
class _People:
    """Who some tickets are of, and who all orders: (n,) and (n_orders,) numbers of ids, and of e-mails."""

    own_id: SmallPlaces
    labels: SmallPlaces
    by_label: SmallPlaces
    email: SmallPlaces
    of_email: SmallPlaces

    @classmethod
    def of(cls, tickets: Tickets, orders: OrderRows, rows: Places) -> _People:
        """Number ids and e-mails of some tickets, and find them among the orders.

        The e-mail of an order is the one beside it, or the id of its customer where that is one.
        """
        own_id, labels = named_in(_as_id(tickets.customer.iloc[rows]), orders.labels)
        as_emails = orders.labels.where(orders.labels.str.contains("@", regex=False), "").str.lower()
        email, beside, as_label = named_in(tickets.email.iloc[rows], orders.email, as_emails)
        is_blank = (orders.email == "").to_numpy(dtype=bool)
        of_email = np.where(is_blank, as_label[orders.customer], beside)
        return cls(own_id, labels, labels[orders.customer], email, of_email)

    @property
    def ways(self) -> tuple[tuple[SmallPlaces, SmallPlaces], ...]:
        """What tickets and orders are compared by, the surest first."""
        return (self.own_id, self.by_label), (self.email, self.of_email)

    def customers(self, orders: OrderRows, order: SmallPlaces) -> SmallPlaces:
        """Return which customer of the orders each ticket is of: by its order, its own id, or its e-mail."""
        customer = np.full(len(order), -1, dtype=np.int64)
        places, every = np.arange(len(self.labels)), orders.customer
        for codes, of_all, label in ((self.email, self.of_email, every), (self.own_id, self.labels, places)):
            label_of = np.full(int(max(codes.max(initial=-1), of_all.max(initial=-1))) + 2, -1, dtype=np.int64)
            label_of[of_all[of_all >= 0]] = label[of_all >= 0]
            found = label_of[codes]  # of -1 the last one, which nobody is
            customer = np.where(found >= 0, found, customer)
        return np.where(order >= 0, orders.customer[order], customer).astype(np.int32)


@dataclass(eq=False)
class _Asked:
    """Tickets that the number of an order does not settle, and what is found for them: (n,) as in `OrderMatch`."""

    order: SmallPlaces
    how: NDArray[np.int8]
    is_ambiguous: Flags

    def choose(
        self, people: _People, candidates: Places, low: Places, several: Places, opened: Places, day: Places
    ) -> None:
        """Choose among several orders of one number.

        It is one of the same customer, and of those the latest one before the ticket.
        """
        crowd = np.flatnonzero(several > 1)
        if not crowd.size:
            return
        times = several[crowd]
        ticket = np.repeat(crowd, times)
        within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        candidate = candidates[np.repeat(low[crowd], times) + within]
        is_same = np.zeros(len(ticket), dtype=np.bool_)
        for codes, of_orders in people.ways:
            is_same |= (codes[ticket] >= 0) & (codes[ticket] == of_orders[candidate])
        fits = is_same.astype(np.int64) * 2 + (day[candidate] <= opened[ticket] + _CLOCK_DAYS)
        ranked = np.lexsort((day[candidate], fits, ticket))
        last = np.append(ticket[ranked][1:] != ticket[ranked][:-1], True)
        best = ranked[last]
        self.order[ticket[best]], self.how[ticket[best]] = candidate[best], 1
        best_fit = np.repeat(fits[best], times)
        self.is_ambiguous[crowd] = np.bincount(np.repeat(np.arange(crowd.size), times), fits == best_fit) > 1

    def take_latest(
        self, place: int, codes: SmallPlaces, of_orders: SmallPlaces, opened: Places, day: Places, window_days: int
    ) -> None:
        """Take the latest order of the same person, within a window, where none is found yet."""
        rest = np.flatnonzero((self.how == 0) & (codes >= 0))
        found, several = _latest(codes[rest], opened[rest], of_orders, day, window_days)
        where = rest[found >= 0]
        self.order[where], self.how[where] = found[found >= 0], place
        self.is_ambiguous[where] = several[found >= 0]


def _latest(
    codes: SmallPlaces, at: Places, of_orders: SmallPlaces, day: Places, window_days: int
) -> tuple[Places, Flags]:
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


def purchases_until(orders: OrderRows, customer: SmallPlaces, day: Places) -> Counts:
    """Return on how many days up to one each customer had bought; NaN for who is not among the orders.

    Orders of one day are one purchase, as in `policy_sim.orders.Transactions`.
    """
    keys = np.sort(orders.customer * _SPAN + (orders.day.astype(np.int64) - _EARLIEST))
    keys = keys[np.append(True, keys[1:] != keys[:-1])]
    first = customer * _SPAN
    until = np.searchsorted(keys, first + (day - _EARLIEST), side="right")
    until -= np.searchsorted(keys, first, side="left")
    return np.where(customer >= 0, until.astype(np.float32), np.float32(np.nan))


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
    how = np.zeros(len(refunds), dtype=np.int8)
    is_ambiguous = np.zeros(len(refunds), dtype=np.bool_)
    until = (
        np.where(np.isnat(tickets.resolved), tickets.opened, tickets.resolved).astype("datetime64[s]").astype(np.int64)
    )
    until += refund_days * _DAY
    ways = ((order, refunds.order, order_key), (tickets.customer, refunds.customer, _as_id),
            (tickets.email, refunds.email, None))  # fmt: skip
    for place, (of_tickets, of_refunds, as_key) in enumerate(ways, start=1):
        rest = np.flatnonzero((ticket < 0) & refunds.reasons.stays & (is_dated | (place == 1)))
        if not rest.size:
            continue
        keys_of_rest = of_refunds.iloc[rest]
        if as_key is not None:
            keys_of_rest, of_tickets = as_key(keys_of_rest), as_key(of_tickets)
        wanted, codes = named_in(keys_of_rest, of_tickets)
        usable = np.flatnonzero(stays & (codes >= 0))
        keys = tickets.opened[usable].astype(np.int64) - _EARLY_SECONDS
        keys += codes[usable] * _SPAN_SECONDS
        ranked = np.argsort(keys, kind="stable")
        keys, rows = keys[ranked], usable[ranked]
        rest, of_rest = rest[wanted >= 0], wanted[wanted >= 0] * _SPAN_SECONDS
        if not rest.size or not rows.size:
            continue
        at = np.where(is_dated[rest], given[rest] + _BEFORE_SECONDS, _EARLY_SECONDS + _SPAN_SECONDS - 1)
        last = np.searchsorted(keys, of_rest + (at - _EARLY_SECONDS), side="right")
        first = np.searchsorted(keys, of_rest, side="left")
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
    failures, claims = (np.full(count, np.nan, dtype=np.float32) for _ in range(2))
    days = np.full(count, np.nan)
    rows = np.flatnonzero(is_case & (person >= 0) & ~np.isnat(opened))
    keys = opened[rows].astype("datetime64[s]").astype(np.int64) - _EARLY_SECONDS
    keys += person[rows] * _SPAN_SECONDS
    ranked = np.argsort(keys, kind="stable")
    keys, rows = keys[ranked], rows[ranked]
    del ranked
    place = np.arange(len(rows), dtype=np.int32)
    first = np.searchsorted(keys, keys - keys % _SPAN_SECONDS, side="left").astype(np.int32)
    failures[rows] = place - first
    has_before = np.flatnonzero(place > first)
    days[rows[has_before]] = (keys[has_before] - keys[has_before - 1]) / _DAY
    year = np.searchsorted(keys, keys - int(DAYS_PER_YEAR * _DAY), side="left")
    claims[rows] = place - np.maximum(year, first)
    return Before(failures, claims, days)
