"""Transactions: a log of purchases, read and checked.

In: a file or table as companies keep it. Out: `Transactions`, one purchase for each customer and day, with an account
of the reading. Left to others: what each customer's history is (`clv.histories`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, plain_rows, unknown
from policy_sim.orders.compact import give_room_back
from policy_sim.orders.dates import far_dates, parse_dates
from policy_sim.orders.lines import filled_from_siblings, orders_of_rows, without_copies, without_totals
from policy_sim.orders.mapping import LogMapping, read_mapping
from policy_sim.orders.money import money_of_rows, one_currency, read_rates
from policy_sim.orders.people import number_customers, settle_customers, without_unused
from policy_sim.orders.reading import Reading, Remark, counted
from policy_sim.orders.sorting import begins_run, sorted_with_places
from policy_sim.orders.status import without_no_sales
from policy_sim.orders.table import LogTable, SetAside, read_log_table

__all__ = ["Transactions", "read_transactions"]

Vector = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Places = NDArray[np.intp]

_RETURNS = ("drop", "net")
_AN_AMOUNT = "a number such as 1234.50"


def read_transactions(
    source: str | Path | Sequence[str | Path] | pd.DataFrame,
    *,
    customer_column: str | None = None,
    date_column: str | None = None,
    amount_column: str | None = None,
    status_column: str | None = None,
    order_column: str | None = None,
    mapping: str | Path | LogMapping | None = None,
    day_first: bool = False,
    currency: str = "USD",
    returns: Literal["drop", "net"] = "drop",
    count: Sequence[str] | None = None,
    only_currency: str | None = None,
    rates: str | Path | Mapping[str, float] | None = None,
) -> Transactions:
    """Read a transaction log.

    Parameters
    ----------
    source
        Path of a .csv, .tsv or .txt file (also with .gz), of a .xlsx or .parquet file; several paths; or a table.
    customer_column, date_column, amount_column, status_column, order_column
        Names of the columns; None to find them by their usual names, or by the export that the file is.
    mapping
        Names of columns by role, or the file with them that a person corrected; what is named above comes first.
    day_first
        Whether 03/04/1997 is the 3rd of April. Needed only if no date of the column settles it.
    currency
        Code of the currency of the amounts.
    returns
        What becomes of negative amounts that belong to no order by number: "drop" leaves them out, "net" takes them off
        the customer's latest purchases up to that day (a purchase stays one, if of amount 0). Either way they are
        counted.
    count
        Statuses that count as sales, as they stand in the log; None to go by usual words.
    only_currency, rates
        The currency whose rows count; or by currency how much of the log's currency one unit is worth, or a file with
        that (CSV: currency, rate).

    Returns
    -------
    The purchases, with an account of what was left out, joined or decided in `reading`.

    Raises
    ------
    InputError
        If the file or a column is missing or ambiguous, a date or an amount cannot be read (the message names the
        line), there are several currencies, or nothing is left.

    Notes
    -----
    Rows with the number of one order are one purchase, and so are purchases of one customer on one day, their amounts
    added. Dates lose their time of day; the day is the one that is written, whatever its offset from UTC.
    """
    if returns not in _RETURNS:
        raise unknown("treatment of returns", returns, _RETURNS, "returns=...")
    if isinstance(mapping, str | Path):
        mapping = read_mapping(mapping)
    if isinstance(rates, str | Path):
        rates = read_rates(rates)
    chosen: dict[str, str | None] = dict(mapping.columns) if mapping is not None else {}
    named = {"customer": customer_column, "date": date_column, "amount": amount_column}
    named |= {"status": status_column, "order": order_column}
    chosen |= {role: name for role, name in named.items() if name is not None}
    if count is None and mapping is not None:
        count = mapping.count
    rows = _read_rows(_paths_of(source), chosen, day_first, currency, count, only_currency, rates)
    _refuse_only_returns(rows)
    return _account(rows, currency, returns)


@dataclass(frozen=True, eq=False)
class Transactions:
    """Purchases, one for each customer and day, sorted by customer and date.

    Attributes
    ----------
    labels
        (n_customers,) customer ids, sorted as text.
    customer
        (n_orders,) position of the buyer in `labels`.
    date
        (n_orders,) datetime64[D].
    amount
        (n_orders,) money, 0 or more.
    currency
        Code of the currency of the amounts.
    reading
        What happened while the log was read.
    unused
        The rows that are set aside, by reason.
    """

    labels: NDArray[np.str_]
    customer: Places
    date: Dates
    amount: Vector
    currency: str
    reading: Reading
    unused: tuple[SetAside, ...] = ()

    def unused_to_frame(self) -> pd.DataFrame:
        """Return one row for each row of the log that was set aside: place, reason, and its columns as written."""
        frames = [aside.to_frame() for aside in self.unused]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["place", "reason"])

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each purchase: customer (the label), date, amount."""
        return pd.DataFrame({"customer": self.labels[self.customer], "date": self.date, "amount": self.amount})

    def summary_to_dict(self) -> dict[str, object]:
        """Return customers, orders, money, first and last day, what was set aside and what looks wrong."""
        reading = self.reading.to_dict()
        return {
            "customers": len(self.labels),
            "orders": len(self.amount),
            "amount": round(float(self.amount.sum()), 2),
            "currency": self.currency,
            "first": reading["first_date"],
            "last": reading["last_date"],
            "rows": self.reading.rows,
            "shape": self.reading.shape,
            "columns": {role: reading[f"{role}_column"] for role in ("customer", "date", "amount")},
            "set_aside": reading["set_aside"],
            "warnings": reading["warnings"],
        }

    def to_dict(self) -> dict[str, object]:
        """Return currency, reading and the rows of `to_frame` (orders), as plain data."""
        return {
            "currency": self.currency,
            "reading": self.reading.to_dict(),
            "orders": plain_rows(self.to_frame().assign(date=self.date.astype(str))),
        }


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows that stand for orders, or the orders that they are merged into.

    `labels` are the customers' ids, `count` is how many rows the log has; of `whole`, the log as it was read, and of
    `table`, which has the columns that were gone by, only the names are left.
    """

    customer: Places
    day: Dates
    amount: Vector
    labels: NDArray[np.str_]
    count: int
    whole: LogTable
    table: LogTable
    aside: list[SetAside]
    remarks: list[Remark]

    def where(self, chosen: NDArray[np.bool_]) -> _Rows:
        return replace(self, customer=self.customer[chosen], day=self.day[chosen], amount=self.amount[chosen])


def _paths_of(source: str | Path | Sequence[str | Path] | pd.DataFrame) -> Path | list[Path] | pd.DataFrame:
    if isinstance(source, pd.DataFrame):
        return source
    if isinstance(source, str | Path):
        return Path(source)
    return [Path(path) for path in source]


def _read_rows(
    source: Path | Sequence[Path] | pd.DataFrame,
    chosen: Mapping[str, str | None],
    day_first: bool,
    currency: str,
    count: Sequence[str] | None,
    only_currency: str | None,
    rates: Mapping[str, float] | None,
) -> _Rows:
    """Look at the whole log: what is no sale, whose rows are, how much, when; then make orders of rows."""
    table = read_log_table(source, chosen)
    if not len(table):
        raise InputError(f"{table.where} holds no rows; expected one row for each purchase")
    count_of_all, whole = len(table), table.without_rows()
    remarks: list[Remark] = []
    table, aside = without_totals(table)
    table, dropped, more = without_no_sales(filled_from_siblings(table), count)
    aside, remarks = aside + dropped, remarks + more
    table, dropped, more = settle_customers(table)
    aside, remarks = aside + dropped, remarks + more
    give_room_back()
    amount, more = money_of_rows(table, currency)
    remarks += more
    table, amount, dropped, more = one_currency(table, amount, currency, only_currency, rates)
    aside, remarks = aside + dropped, remarks + more
    if not table.has("order"):
        table.refuse_unreadable("amount" if table.has("amount") else "unit_price", np.isnan(amount), _AN_AMOUNT)
    day, more = parse_dates(table, day_first)
    remarks += more
    customer, labels = number_customers(table.columns["customer"])
    give_room_back()
    stays, copies = without_copies(table, customer, day, amount)
    is_far = far_dates(day) & stays
    if is_far.any():
        where = np.flatnonzero(is_far)
        are = "is" if where.size == 1 else "are"
        says = f"{counted(int(where.size))} {are} dated years away from the rest and left out; correct the date"
        copies.append(SetAside.of(table, where, "dates", says, "date"))
    rest = np.flatnonzero(stays & ~is_far)
    if rest.size < len(table):
        table, customer, day, amount = table.take(rest), customer[rest], day[rest], amount[rest]
    table = table.without("customer", "date", "currency")  # there may be millions of them
    orders = orders_of_rows(table, customer, amount)
    table.refuse_unreadable(
        "amount" if table.has("amount") else "unit_price",
        _is_without_amount(orders.amount, len(table), orders.rows),
        _AN_AMOUNT,
    )
    rows = orders.rows
    if rows.size < len(table):
        customer, day = customer[rows], day[rows]
    told = [*remarks, *orders.remarks]
    return _Rows(
        customer, day, orders.amount, labels, count_of_all, whole, table.without_rows(), [*aside, *copies], told
    )


def _account(rows: _Rows, currency: str, returns: str) -> Transactions:
    """Merge what was bought on one day, see to returns, and say what happened to the rows of a log."""
    orders, duplicates = _merge_days(rows)
    returned = rows.where(rows.amount < 0)
    netted_count, netted_amount = _net_returns(orders, returned) if returns == "net" else (0, 0.0)
    labels, order_customer = without_unused(rows.labels, orders.customer)
    return_count = returned.amount.size
    dropped_amount = float(returned.amount.sum()) + netted_amount
    reading = Reading(
        rows=rows.count,
        rows_kept=rows.count - sum(aside.remark.rows for aside in rows.aside) - return_count,
        merged_same_day=rows.amount.size - return_count - orders.amount.size,
        dropped_negative=return_count - netted_count,
        dropped_negative_amount=dropped_amount if abs(dropped_amount) >= 0.005 else 0.0,
        customer_column=rows.table.name_of("customer"),
        date_column=rows.whole.name_of("date"),
        amount_column=rows.whole.name_of("amount"),
        first_date=orders.day.min().item(),
        last_date=orders.day.max().item(),
        currency=currency,
        netted_negative=netted_count,
        netted_negative_amount=-netted_amount,
        duplicates=duplicates,
        shape=rows.whole.shape,
        set_aside=tuple(aside.remark for aside in rows.aside),
        warnings=(*rows.whole.remarks, *rows.remarks),
    )
    return Transactions(labels, order_customer, orders.day, orders.amount, currency, reading, tuple(rows.aside))


def _is_without_amount(amount: Vector, count: int, rows: Places) -> NDArray[np.bool_]:
    missing = np.zeros(count, dtype=np.bool_)
    missing[rows[np.isnan(amount)]] = True
    return missing


def _refuse_only_returns(rows: _Rows) -> None:
    if (rows.amount < 0).all():
        raise InputError(
            f"{rows.table.where}: all {rows.amount.size:,} amounts in column '{rows.table.name_of('amount')}' are "
            "negative (returns), so no purchase is left; expected purchases as positive amounts; turn the sign, or "
            "name another column with --amount-column"
        )


def _merge_days(rows: _Rows) -> tuple[_Rows, int]:
    """Return one order for each customer and day with a purchase, sorted by both, and how many rows repeat another."""
    first = rows.day.min()
    day_count = int((rows.day.max() - first).astype(np.int64)) + 1
    key = rows.customer * day_count
    key += (rows.day - first).astype(np.int64)
    key, places = sorted_with_places(key)
    amount = rows.amount[places]
    del places  # of all this there may be tens of millions
    duplicates = _count_duplicates(key, amount)

    is_purchase = amount >= 0
    if not is_purchase.all():
        key, amount = key[is_purchase], amount[is_purchase]
    starts = np.flatnonzero(begins_run(key))
    customer, offset = np.divmod(key[starts], day_count)
    merged = replace(rows, customer=customer, day=first + offset, amount=np.add.reduceat(amount, starts))
    return merged, duplicates


def _count_duplicates(key: NDArray[np.int64], amount: Vector) -> int:
    """Return how many rows have the key and the amount of an earlier one; keys are sorted."""
    is_new = begins_run(key)
    is_alone = is_new & np.append(is_new[1:], True)
    return int(pd.DataFrame({"key": key[~is_alone], "amount": amount[~is_alone]}).duplicated().sum())


def _net_returns(orders: _Rows, returned: _Rows) -> tuple[int, float]:
    """Take returns off the orders before them, in place; return how many met an order, and the sum taken off."""
    count, total = 0, 0.0
    first = np.searchsorted(orders.customer, returned.customer, side="left")
    for n in np.argsort(returned.day, kind="stable"):
        last = np.searchsorted(orders.customer, returned.customer[n], side="right")
        order = int(first[n] + np.searchsorted(orders.day[first[n] : last], returned.day[n], side="right")) - 1
        back = -float(returned.amount[n])
        left = back
        while left > 0 and order >= first[n]:
            taken = min(left, float(orders.amount[order]))
            orders.amount[order] -= taken
            left -= taken
            order -= 1
        total += back - left
        count += int(left < back)
    return count, total
