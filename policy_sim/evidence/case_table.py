"""Case table: the columns of a case log, worked out from a ticket and all that belongs to it.

In: tickets, their orders, what was given. Out: a table with one row a case, and remarks on what looks wrong.
Left to others: finding what belongs together (`joining`), writing it (`case_files`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from policy_sim.assumptions import Scenario
from policy_sim.evidence.build_report import examples
from policy_sim.evidence.matching import HOW, OrderMatch, cases_before, named_in, numbered, purchases_until
from policy_sim.evidence.moments import iso_texts
from policy_sim.evidence.resolutions import AMOUNTS, FOUND, Given
from policy_sim.evidence.tickets import Tickets
from policy_sim.orders import OrderRows, Remark
from policy_sim.orders.reading import counted
from policy_sim.words import ASKS

__all__ = ["case_table"]

Floats = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

_TEXT = pd.ArrowDtype(pa.string())
_ALWAYS = ("case", "customer", "order", "failure", "resolution", "tier", "agent", "opened", "resolved", "channel")


def case_table(
    tickets: Tickets,
    match: OrderMatch,
    given: Given,
    orders: OrderRows | None,
    columns: dict[str, pd.Series | Floats],
    scenario: Scenario,
) -> tuple[pd.DataFrame, list[Remark]]:
    """Return the log, and what looks wrong or is assumed. Columns that say the same again and again are categories.

    Parameters
    ----------
    tickets, match, given
        What is known of each ticket (n,), the order behind it, what was given.
    orders
        All orders, for what customers bought before.
    columns
        Put together from several files: price, order, customer; agent of the refund and discretion, where known. They
        are taken out as they are used, as are the amounts of `given`: a log may have millions of rows.
    scenario
        Names failures and tiers.
    """
    stays = tickets.reasons.stays
    remarks = _Remarks(tickets.case, stays)
    worked_out = _times(tickets, match, orders, remarks) | _history(tickets, match, orders, columns["customer"])
    escalated = np.where(np.isnan(tickets.escalated) & (tickets.tier >= 0), tickets.tier > 0, tickets.escalated)
    # made one after the other, and only for cases
    made: dict[str, Callable[[], pd.Series | Floats]] = {
        "case": lambda: tickets.case,
        "customer": lambda: columns.pop("customer"),
        "order": lambda: columns.pop("order"),
        "failure": lambda: _named(tickets.failure, tuple(scenario.failures)),
        "resolution": lambda: _resolutions(tickets, given),
        "tier": lambda: _named(tickets.tier, scenario.tiers),
        "agent": lambda: _agents(tickets.agent, columns.pop("refund_agent", None)),
        "opened": lambda: iso_texts(tickets.opened),
        "resolved": lambda: iso_texts(tickets.resolved),
        "channel": lambda: tickets.channel,
        "satisfied": lambda: iso_texts(tickets.satisfied),
        "escalated": lambda: escalated,
        "exception": lambda: tickets.exception,
        **{name: functools.partial(_rounded, given.amounts, name) for name in AMOUNTS},
        "item_price": lambda: columns.pop("price"),
        "severity": lambda: tickets.severity,
        "suspicion": lambda: tickets.suspicion,
        **{name: functools.partial(_rounded, worked_out, name) for name in worked_out},
        "live": lambda: tickets.live,
        "ask": lambda: _named(tickets.ask, tuple(ASKS)),
        "discretion": lambda: columns.pop("discretion", np.broadcast_to(np.nan, len(tickets))),
    }
    _tell(remarks, tickets, match, given)
    rows = np.flatnonzero(stays)
    kept: dict[str, pd.Series | Floats] = {}
    empty = []
    if np.isnat(tickets.satisfied).all():
        empty.append("satisfied")
        del made["satisfied"]
    for name in list(made):
        column = made.pop(name)()
        column = column.iloc[rows].reset_index(drop=True) if isinstance(column, pd.Series) else column[rows]
        if name in _ALWAYS or not _is_empty(column):
            kept[name] = column
        else:
            empty.append(name)
    if empty:
        listed = ", ".join(empty)
        says = f"nothing is known of {listed}: left out; what a run needs of them is filled from the scenario"
        remarks.listed.append(Remark("columns", says))
    currency = pd.Series(pd.Categorical.from_codes(np.zeros(len(rows), dtype=np.int8), pd.Index([scenario.currency])))
    return pd.DataFrame(kept | {"currency": currency}, copy=False), remarks.listed


@dataclass
class _Remarks:
    """Remarks on cases, with the ids of the first few."""

    ids: pd.Series
    stays: Flags
    listed: list[Remark] = field(default_factory=list)

    def add(self, where: Flags, says: str) -> None:
        """Say something of some cases; "{}" in it stands for "2 cases"."""
        where = where & self.stays
        count = int(where.sum())
        if count:
            self.listed.append(
                Remark("cases", says.format(counted(count, "case", "cases")), count, examples(self.ids, where))
            )


def _named(codes: NDArray[np.integer[Any]], names: tuple[str, ...]) -> pd.Series:
    """Return the names of codes as categories, "" for -1; each name once, whatever codes it has."""
    distinct = list(dict.fromkeys((*names, "")))
    places = np.array([distinct.index(name) for name in (*names, "")])
    return pd.Series(pd.Categorical.from_codes(places[codes], categories=pd.Index(distinct, dtype=_TEXT)))


def _agents(own: pd.Series, of_refund: pd.Series | Floats | None) -> pd.Series:
    """Return who decided: the agent of the ticket, else of the refund."""
    if not isinstance(of_refund, pd.Series):
        return own
    both = pd.Series(union_categoricals([own, of_refund]))
    own, of_refund = both.iloc[: len(own)], both.iloc[len(own) :].reset_index(drop=True)
    return own.where((own != "") | of_refund.isna(), of_refund)


def _rounded(columns: MutableMapping[str, Any], name: str) -> Floats:
    """Take a column out, without what reckoning adds behind the sixth decimal."""
    return np.asarray(np.round(columns.pop(name), 6))


def _resolutions(tickets: Tickets, given: Given) -> pd.Series:
    """Return the resolution of each case as text, "" where it is unknown."""
    names = [name for of_failure in given.names for name in of_failure]
    starts = np.cumsum([0, *map(len, given.names)])[:-1]
    place = np.where(given.resolution >= 0, starts[np.maximum(tickets.failure, 0)] + given.resolution, -1)
    return _named(place, tuple(names))


def _is_empty(column: pd.Series | Floats) -> bool:
    return bool((column == "").all() if isinstance(column, pd.Series) else np.isnan(column).all())


def _times(tickets: Tickets, match: OrderMatch, orders: OrderRows | None, remarks: _Remarks) -> dict[str, Floats]:
    """Return hours since the failure was noticed, and days since the order."""
    hours = (tickets.opened - tickets.noticed) / np.timedelta64(1, "h")
    remarks.add(hours < 0, "{} opened before the failure was noticed; the hours are left empty")
    days = np.full(len(tickets), np.nan, dtype=np.float32)
    if orders is not None and len(orders):
        passed = (tickets.opened.astype("datetime64[D]") - orders.day[match.order]).astype(np.float32)
        days = np.where((match.order >= 0) & ~match.is_later, np.maximum(passed, 0), np.float32(np.nan))
        remarks.add(match.is_later, "{} opened before the order was made; the days are left empty")
    return {"hours_open": np.where(hours >= 0, hours, np.nan), "days_since_purchase": days}


def _history(
    tickets: Tickets, match: OrderMatch, orders: OrderRows | None, customer: pd.Series | Floats
) -> dict[str, Floats]:
    """Return what the customer bought and complained about before."""
    purchases = np.full(len(tickets), np.nan, dtype=np.float32)
    if orders is not None and len(orders):
        opened = tickets.opened.astype("datetime64[D]").astype(np.int64)
        failed = orders.day.astype(np.int64)[match.order]
        until = np.where((match.order >= 0) & ~match.is_later, failed, np.where(np.isnat(tickets.opened), 0, opened))
        purchases = purchases_until(orders, match.customer, until)
    assert isinstance(customer, pd.Series)
    before = cases_before(_persons(customer, match, orders), tickets.opened, tickets.reasons.stays)
    return {
        "prior_purchases": purchases,
        "prior_failures": before.failures,
        "prior_claims": before.claims,
        "days_since_failure": before.days_since_failure,
    }


def _persons(customer: pd.Series, match: OrderMatch, orders: OrderRows | None) -> NDArray[np.int64]:
    """Return a number for each customer, -1 for "": that among the orders, so that few texts have to be compared."""
    if orders is None:
        return numbered(customer)[0]
    person = match.customer.astype(np.int64)
    rest = np.flatnonzero(person < 0)
    own, labels = named_in(customer.iloc[rest], orders.labels)
    number = len(labels) + np.arange(int(own.max(initial=-1)) + 2)
    number[-1] = -1  # of ""
    known = np.flatnonzero(labels >= 0)
    number[labels[known]] = known
    person[rest] = number[own]
    return person


def _tell(remarks: _Remarks, tickets: Tickets, match: OrderMatch, given: Given) -> None:
    """Say what was decided or assumed, and what looks wrong."""
    by_number = match.how == HOW.index("order number")
    remarks.add(match.is_ambiguous & by_number, "the order's number of {} stands for several orders; the latest "
                "one before the case was taken")  # fmt: skip
    remarks.add(match.is_ambiguous & ~by_number, "the customers of {} without a number of an order had several "
                "orders within the window; the latest was taken")  # fmt: skip
    remarks.add(match.has_number & ~by_number, "{} with the number of an order that is not among the orders")
    remarks.add(given.found == FOUND.index("inferred"), "what was given is inferred from the money in {}")
    remarks.add(given.is_far, "in {} of these the money is more than a tenth of the price off the nearest resolution")
    nearest = given.found == FOUND.index("said, nearest taken")
    remarks.add(nearest, "what was given in {} is no resolution of the scenario; the nearest one was taken")
    remarks.add(given.is_return_guessed, "nothing says whether the item came back in {}; what is usual was taken")
    said = (tickets.given >= 0) & (given.resolution < 0)
    remarks.add(said, "{} in which something was given, but not how much: what was given is left empty")
    remarks.add(tickets.resolved < tickets.opened, "{} closed before being opened; correct the dates")
    remarks.add((tickets.tier < 0), "nobody knows which tier decided {}; it is left empty")
