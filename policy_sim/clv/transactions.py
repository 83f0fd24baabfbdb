"""Transactions: a log of purchases, read and checked.

In: a file or table with customer, date and amount, as companies keep them. Out: `Transactions`, one purchase for each
customer and day, with an account of the reading. Left to others: what each customer's history is (`histories`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, plain_rows, unknown
from policy_sim.clv.amounts import parse_amounts
from policy_sim.clv.columns import LogColumns, read_log_columns
from policy_sim.clv.customer_ids import number_customers, without_unused
from policy_sim.clv.dates import parse_dates
from policy_sim.clv.sorting import begins_run, sorted_with_places

__all__ = ["Reading", "Transactions", "read_transactions"]

Vector = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Places = NDArray[np.intp]

_RETURNS = ("drop", "net")


def read_transactions(
    source: str | Path | pd.DataFrame,
    *,
    customer_column: str | None = None,
    date_column: str | None = None,
    amount_column: str | None = None,
    day_first: bool = False,
    currency: str = "USD",
    returns: Literal["drop", "net"] = "drop",
) -> Transactions:
    """Read a transaction log.

    Parameters
    ----------
    source
        Path of a .csv, .tsv or .txt file (also with .gz), of a .parquet file, or a table.
    customer_column, date_column, amount_column
        Names of the columns; None to find them by their usual names.
    day_first
        Whether 03/04/1997 is the 3rd of April. Needed only if no date of the column settles it.
    currency
        Code of the currency of the amounts.
    returns
        What becomes of negative amounts: "drop" leaves them out, "net" takes them off the customer's latest purchases
        up to that day (a purchase stays one, if of amount 0). Either way they are counted.

    Returns
    -------
    The purchases, with an account of what was left out, merged or decided in `reading`.

    Raises
    ------
    InputError
        If the file or a column is missing or ambiguous, a date, an amount or a customer id cannot be read (the
        message names the line), or nothing is left.

    Notes
    -----
    Purchases of one customer on one day are merged, their amounts added. Negative amounts are returns. Dates lose their
    time of day; times with a zone are converted to UTC first.
    """
    chosen = {"customer": customer_column, "date": date_column, "amount": amount_column}
    columns = read_log_columns(source if isinstance(source, pd.DataFrame) else Path(source), chosen)
    if not columns.rows.size:
        raise InputError(f"{columns.where} holds no rows; expected one row for each purchase")
    customer, labels = number_customers(columns)
    day, date_notes = parse_dates(columns, day_first)
    amount, amount_notes = parse_amounts(columns, currency)
    _refuse_only_returns(columns, amount)
    if returns not in _RETURNS:
        raise unknown("treatment of returns", returns, _RETURNS, "returns=...")

    rows = _Rows(customer, day, amount)
    orders, duplicates = _merge_days(rows)
    returned = rows.where(amount < 0)
    netted_count, netted_amount = _net_returns(orders, returned) if returns == "net" else (0, 0.0)
    labels, order_customer = without_unused(labels, orders.customer)
    return_count = returned.amount.size
    dropped_amount = float(returned.amount.sum()) + netted_amount
    reading = Reading(
        rows=amount.size,
        rows_kept=amount.size - return_count,
        merged_same_day=amount.size - return_count - orders.amount.size,
        dropped_negative=return_count - netted_count,
        dropped_negative_amount=dropped_amount if abs(dropped_amount) >= 0.005 else 0.0,
        customer_column=columns.names["customer"],
        date_column=columns.names["date"],
        amount_column=columns.names["amount"],
        first_date=orders.day.min().item(),
        last_date=orders.day.max().item(),
        currency=currency,
        notes=(*columns.notes, *date_notes, *amount_notes),
        netted_negative=netted_count,
        netted_negative_amount=-netted_amount,
        duplicates=duplicates,
    )
    return Transactions(labels, order_customer, orders.day, orders.amount, currency, reading)


@dataclass(frozen=True)
class Reading:
    """What happened while a log was read.

    Attributes
    ----------
    rows, rows_kept
        Rows in the log (blank ones aside); rows left without the returns.
    merged_same_day
        How many rows went into another one of the same customer and day.
    dropped_negative, dropped_negative_amount
        Rows with negative amounts (returns) that are left out, and their sum in money (0 or below).
    netted_negative, netted_negative_amount
        Rows with negative amounts that were taken off earlier purchases, and the sum taken off (0 or below).
    duplicates
        Rows that are an exact copy of an earlier one (same customer, day and amount); they count as purchases.
    customer_column, date_column, amount_column
        Names of the columns that were used.
    first_date, last_date
        Of the purchases that are left.
    currency
        Of the amounts.
    notes
        Anything that had to be decided on the way, in plain words.
    """

    rows: int
    rows_kept: int
    merged_same_day: int
    dropped_negative: int
    dropped_negative_amount: float
    customer_column: str
    date_column: str
    amount_column: str
    first_date: date
    last_date: date
    currency: str = "USD"
    notes: tuple[str, ...] = ()
    netted_negative: int = 0
    netted_negative_amount: float = 0.0
    duplicates: int = 0

    @property
    def sentences(self) -> tuple[str, ...]:
        """Everything noteworthy, one plain sentence each; empty where there is nothing to note."""
        lines = []
        if self.dropped_negative:
            rows, were = ("row", "was") if self.dropped_negative == 1 else ("rows", "were")
            lines.append(
                f"{self.dropped_negative:,} {rows} with negative amounts (returns, "
                f"{self.dropped_negative_amount:,.2f} {self.currency} in all) {were} left out"
            )
        if self.netted_negative:
            rows, were = ("row", "was") if self.netted_negative == 1 else ("rows", "were")
            lines.append(
                f"{self.netted_negative:,} {rows} with negative amounts (returns, "
                f"{self.netted_negative_amount:,.2f} {self.currency} in all) {were} taken off earlier purchases"
            )
        if self.duplicates:
            rows, are = ("row", "is an exact copy") if self.duplicates == 1 else ("rows", "are exact copies")
            lines.append(f"{self.duplicates:,} {rows} {are} of an earlier one and kept; remove them if they are errors")
        if self.merged_same_day:
            rows, were = ("row", "was") if self.merged_same_day == 1 else ("rows", "were")
            lines.append(
                f"{self.merged_same_day:,} {rows} {were} merged into another purchase of the same customer on the "
                "same day"
            )
        return (*lines, *self.notes)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each entry of `to_dict`: entry, value."""
        return pd.DataFrame(
            {"entry": list(self.to_dict()), "value": pd.Series(list(self.to_dict().values()), dtype=object)}
        )

    def to_dict(self) -> dict[str, object]:
        """Return the attributes by name, as plain data; days as text, notes as a list."""
        days = {"first_date": str(self.first_date), "last_date": str(self.last_date)}
        return asdict(self) | days | {"notes": list(self.notes)}


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
    """

    labels: NDArray[np.str_]
    customer: Places
    date: Dates
    amount: Vector
    currency: str
    reading: Reading

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each purchase: customer (the label), date, amount."""
        return pd.DataFrame({"customer": self.labels[self.customer], "date": self.date, "amount": self.amount})

    def to_dict(self) -> dict[str, object]:
        """Return currency, reading and the rows of `to_frame` (orders), as plain data."""
        return {
            "currency": self.currency,
            "reading": self.reading.to_dict(),
            "orders": plain_rows(self.to_frame().assign(date=self.date.astype(str))),
        }


class _Rows(NamedTuple):
    """Rows of a log, or the orders they are merged into."""

    customer: Places
    day: Dates
    amount: Vector

    def where(self, chosen: NDArray[np.bool_]) -> _Rows:
        return _Rows(self.customer[chosen], self.day[chosen], self.amount[chosen])


def _refuse_only_returns(columns: LogColumns, amount: Vector) -> None:
    if (amount < 0).all():
        raise InputError(
            f"{columns.where}: all {amount.size:,} amounts in column '{columns.names['amount']}' are negative "
            "(returns), so no purchase is left; expected purchases as positive amounts; turn the sign, or name "
            "another column with --amount-column"
        )


def _merge_days(rows: _Rows) -> tuple[_Rows, int]:
    """Return one order for each customer and day with a purchase, sorted by both, and how many rows repeat another."""
    first = rows.day.min()
    offset = (rows.day - first).astype(np.int64)
    day_count = int(offset.max()) + 1
    key, places = sorted_with_places(rows.customer * day_count + offset)
    amount = rows.amount[places]
    duplicates = _count_duplicates(key, amount)

    is_purchase = amount >= 0
    key, amount = key[is_purchase], amount[is_purchase]
    starts = np.flatnonzero(begins_run(key))
    customer, offset = np.divmod(key[starts], day_count)
    return _Rows(customer, first + offset, np.add.reduceat(amount, starts)), duplicates


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
