"""Order rows: every order of a log by itself, with its number, for whoever has to find the order behind something.

In: files of orders. Out: `OrderRows`, one row an order, and an account of the reading.
Left to others: what a history is (`transactions` merges the orders of a day), what is looked up (`evidence`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.orders.dates import parse_dates
from policy_sim.orders.lines import filled_from_siblings, orders_of_rows, without_totals
from policy_sim.orders.mapping import LogMapping
from policy_sim.orders.money import money_of_rows, one_currency
from policy_sim.orders.people import settle_customers
from policy_sim.orders.reading import Remark, counted
from policy_sim.orders.status import without_no_sales
from policy_sim.orders.table import LogTable, SetAside, read_log_table

__all__ = ["OrderRows", "read_order_rows"]

Places = NDArray[np.intp]
_TEXT = pd.ArrowDtype(pa.string())


@dataclass(frozen=True, eq=False)
class OrderRows:
    """Orders, one row each, in the order of the log.

    Attributes
    ----------
    number
        (n_orders,) number of the order as it was written, without spaces around it; "" where it has none.
    customer
        (n_orders,) position of the buyer in `labels`.
    labels
        (n_customers,) ids of customers, each once, as text in compiled memory.
    email
        (n_orders,) the e-mail that stands beside the order, in small letters; "" where none does.
    day
        (n_orders,) datetime64[D].
    amount
        (n_orders,) money, 0 or more, before anything was paid back.
    currency
        Code of the currency of the amounts.
    rows
        How many rows the log has.
    remarks
        What was decided on the way.
    unused
        The rows that are set aside, by reason.
    """

    number: pd.Series
    customer: NDArray[np.int32]
    labels: pd.Series
    email: pd.Series
    day: NDArray[np.datetime64]
    amount: NDArray[np.float64]
    currency: str
    rows: int
    remarks: tuple[Remark, ...] = ()
    unused: tuple[SetAside, ...] = ()

    def __len__(self) -> int:
        return len(self.amount)


def read_order_rows(
    source: Path | Sequence[Path] | pd.DataFrame,
    *,
    mapping: LogMapping | None = None,
    day_first: bool = False,
    currency: str = "USD",
) -> OrderRows:
    """Read orders one by one.

    What was paid back stays in the amount, and an order whose money went back stays an order: it was bought, whatever
    became of it. Cancelled and unpaid ones are none.

    Parameters
    ----------
    source
        Path of a file of orders, several, or a table.
    mapping
        Names of columns by role; None to find them.
    day_first
        Whether 03/04/1997 is the 3rd of April. Needed only if no date of the column settles it.
    currency
        Code of the currency of the amounts.

    Raises
    ------
    InputError
        As `read_transactions`.
    """
    table = read_log_table(source, dict(mapping.columns) if mapping is not None else {})
    if not len(table):
        raise InputError(f"{table.where} holds no rows; expected one row for each order")
    rows = len(table)
    aside: list[SetAside] = []
    table = replace(table, columns={role: column for role, column in table.columns.items() if role != "paid_back"})
    table, dropped = without_totals(table)
    aside += dropped
    counting = mapping.count if mapping is not None else None
    table, dropped, remarks = without_no_sales(filled_from_siblings(table), counting, with_returned=True)
    aside += dropped
    table, dropped, more = settle_customers(table)
    aside, remarks = aside + dropped, remarks + more
    amount, more = money_of_rows(table, currency)
    remarks += more
    table, amount, dropped, more = one_currency(table, amount, currency, None, None)
    aside, remarks = aside + dropped, remarks + more
    day, more = parse_dates(table, day_first)
    remarks += more
    customers = pa.table({"customer": table.columns["customer"]})["customer"].combine_chunks()
    customer = customers.indices.to_numpy()
    orders = orders_of_rows(table, customer, amount)
    is_order = orders.amount >= 0
    kept = orders.rows[is_order]
    if (~is_order).any():
        out = orders.rows[~is_order]
        says = f"{counted(out.size)} of money that went back, of no order of this log, left out"
        aside.append(SetAside.of(table, out, "refunds", says, "amount" if table.has("amount") else "customer"))
    return OrderRows(
        _text(table, "order", kept),
        customer[kept].astype(np.int32),
        pd.Series(customers.dictionary, dtype=_TEXT),
        _text(table, "email", kept).str.lower(),
        day[kept],
        orders.amount[is_order],
        currency,
        rows,
        (*table.remarks, *remarks, *orders.remarks),
        tuple(aside),
    )


def _text(table: LogTable, role: str, rows: Places) -> pd.Series:
    """Return a column as text, "" where nothing stands there or there is no such column."""
    if not table.has(role):
        return pd.Series(pa.nulls(rows.size, pa.string()).fill_null(""), dtype=_TEXT)
    column = table.columns[role]
    if column.dtype == _TEXT:  # hardly any stands there twice
        return column.iloc[rows].fillna("").str.strip().reset_index(drop=True)
    texts = table.text(role)
    return texts.text.astype(_TEXT).iloc[texts.codes[rows]].reset_index(drop=True)
