"""Lines: which rows of a log make one order.

In: rows with customer, day and amount, the numbers of orders. Out: one row for each order, with its amount.
Left to others: whose and when (`people`, `dates`), orders of the same day (`transactions`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.orders.compact import are_distinct
from policy_sim.orders.reading import Remark, counted
from policy_sim.orders.roles import normalised
from policy_sim.orders.status import refund_rows
from policy_sim.orders.table import LogTable, SetAside

__all__ = ["filled_from_siblings", "orders_of_rows", "without_copies", "without_totals"]

Vector = NDArray[np.float64]
Places = NDArray[np.intp]
Flags = NDArray[np.bool_]

_FILLED = ("customer", "email", "other_customer", "date", "status", "currency", "cancelled")
_TOTAL = r"^(?:grand\s*)?(?:totals?|sums?|gesamt|summe|suma|somme)\b|records?(?:\(s\))?\s+(?:downloaded|total)"
_OF_ORDERS = ("total", "grand", "order", "gross", "collected", "paid")
_OF_LINES = ("line", "item", "price", "unit")
_MOSTLY = 0.5
_FEWEST_COPIES = 3  # rows of a file that may have been exported twice


def without_totals(table: LogTable) -> tuple[LogTable, list[SetAside]]:
    """Return the table without rows that sum others up or say how many there are: no date, and a word for it.

    Raises
    ------
    InputError
        If no other row is there.
    """
    dates = table.columns["date"]
    blank = _blank(dates)
    if not blank.any():
        return table, []
    is_total = np.zeros(len(table), dtype=np.bool_)
    where = np.flatnonzero(blank)
    for column in table.columns.values():
        texts = column.iloc[where].astype(str).str.strip().str.lower()
        is_total[where] |= texts.str.contains(_TOTAL).to_numpy(bool)
    customers = table.columns.get("customer")
    if customers is not None and not table.has("order"):
        nobody = (customers.iloc[where].isna() | (customers.iloc[where].astype(str).str.strip() == "")).to_numpy(bool)
        is_total[where] |= nobody
    out = np.flatnonzero(is_total)
    if not out.size:
        return table, []
    if out.size == len(table):
        raise InputError(
            f"{table.place(0)}: neither date nor customer ({counted(len(table))} in all, as of totals); expected a row "
            "for each purchase; name other columns with --date-column and --customer-column"
        )
    says = f"{counted(int(out.size))} without a date and a customer, as of totals, left out"
    shown = "customer" if table.has("customer") else "date"
    return table.take(np.flatnonzero(~is_total)), [SetAside.of(table, out, "lines", says, shown)]


def filled_from_siblings(table: LogTable) -> LogTable:
    """Return the table with what only the first line of an order says filled in on its other lines."""
    if not table.has("order"):
        return table
    blank_cells = {role: _blank(table.columns[role]) for role in _FILLED if table.has(role)}
    blank_cells = {role: blank for role, blank in blank_cells.items() if blank.any() and not blank.all()}
    if not blank_cells:
        return table
    codes, _ = pd.factorize(table.columns["order"])
    columns = dict(table.columns)
    for role, blank in blank_cells.items():
        filled = np.flatnonzero(~blank & (codes >= 0))
        first = pd.Series(filled, index=codes[filled]).groupby(level=0).first()
        rows = np.flatnonzero(blank & (codes >= 0))
        source = first.reindex(codes[rows]).to_numpy(dtype=np.float64)
        has_sibling = ~np.isnan(source)
        values = columns[role].to_numpy(dtype=object).copy()
        values[rows[has_sibling]] = values[source[has_sibling].astype(np.intp)]
        columns[role] = pd.Series(values, dtype=object)
    return replace(table, columns=columns)


def _blank(column: pd.Series) -> Flags:
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.isna().to_numpy(bool)
    return np.asarray(column.isna().to_numpy(bool) | (column == "").fillna(False).to_numpy(bool))


def without_copies(
    table: LogTable, customer: Places, day: NDArray[np.datetime64], amount: Vector
) -> tuple[Flags, list[SetAside]]:
    """Return (n_rows,) which rows stay, and the second copies of a log of which every row stands there twice."""
    everything = np.ones(len(table), dtype=np.bool_)
    if len(table) < 2 * _FEWEST_COPIES or len(table) % 2:
        return everything, []
    keys = {"customer": customer, "day": day.astype(np.int64), "amount": amount}
    half = len(table) // 2
    # a file that was appended to itself, or one whose rows all stand there twice, one below the other
    for first, second in ((slice(0, half), slice(half, None)), (slice(0, None, 2), slice(1, None, 2))):
        if not all(np.array_equal(key[first], key[second], equal_nan=key.dtype.kind == "f") for key in keys.values()):
            continue
        if not all(
            table.columns[role].iloc[first].astype(str).to_numpy().tolist()
            == table.columns[role].iloc[second].astype(str).to_numpy().tolist()
            for role in ("order", "quantity", "unit_price")
            if table.has(role)
        ):
            continue
        if first.step and table.has("order"):
            continue  # lines of one order may well be alike
        if not table.has("order") and pd.DataFrame({name: key[first] for name, key in keys.items()}).duplicated().any():
            continue  # neither are all rows of a half different: people may well buy the same again
        stays = np.zeros(len(table), dtype=np.bool_)
        stays[first] = True
        says = f"every row stands in the log twice; {counted(half)} that repeat another are left out"
        return stays, [SetAside.of(table, np.flatnonzero(~stays), "lines", says, "customer")]
    return everything, []


class Orders(NamedTuple):
    """Which rows stand for an order (their positions, rising), and its amount; negative where only money came back."""

    rows: Places
    amount: Vector
    remarks: list[Remark]


def orders_of_rows(table: LogTable, customer: Places, amount: Vector) -> Orders:
    """Return one row for each order; where there are no numbers of orders, each row is one.

    Rows of one number and one customer are one order: totals that its lines repeat count once, other amounts are added
    up; refunds are taken off.
    """
    is_refund = refund_rows(table)
    if is_refund.any():
        amount = np.where(is_refund, -np.abs(amount), amount)
    everything = np.arange(len(table))
    if not table.has("order"):
        return Orders(everything, amount, [])
    number = table.columns["order"]
    if table.has("reference") and is_refund.any():
        reference = table.columns["reference"].astype(str).str.strip()
        number = number.where(~(is_refund & (reference != "").to_numpy(bool)), reference)
    if are_distinct(number):
        return Orders(everything, np.nan_to_num(amount) if np.isnan(amount).any() else amount, [])
    codes, unique = pd.factorize(number)
    is_blank = np.append(pd.Series(unique).astype(str).str.strip().eq("").to_numpy(bool), True)[codes]
    codes = np.where(is_blank, len(unique) + everything, codes)
    _, first, group = np.unique(codes.astype(np.int64) * (int(customer.max()) + 1) + customer, return_index=True,
                                return_inverse=True)  # fmt: skip
    if first.size == len(table):
        return Orders(everything, np.nan_to_num(amount), [])
    rows_of = np.bincount(group)
    positive, negative = amount >= 0, amount < 0
    remarks: list[Remark] = []
    sums = np.bincount(group, np.where(positive, amount, 0.0))
    total = sums
    repeats, words = _repeated(table, group, rows_of, amount, positive)
    if repeats is not None:
        most = np.full(first.size, -np.inf)
        np.maximum.at(most, group[positive], amount[positive])
        total = np.where(repeats, most, sums)
        total = np.where(np.isfinite(total), total, 0.0)
    lines, several = int(rows_of[rows_of > 1].sum()), counted(int((rows_of > 1).sum()), "order", "orders")
    says = f"{counted(lines)} are lines of {several} by column '{table.names['order']}'; {words}"
    remarks.append(Remark("lines", says, lines, table.examples("order", np.flatnonzero(rows_of[group] > 1))))
    back = np.bincount(group, np.where(negative, amount, 0.0))
    has_sale = np.bincount(group, positive) > 0
    matched = negative & has_sale[group]
    if matched.any():
        taken = np.minimum(-back, total)[has_sale].sum()
        rows = counted(int(matched.sum()))
        says = f"{rows} of money that went back ({taken:,.2f}) taken off the orders with the same number"
        remarks.append(Remark("refunds", says, int(matched.sum()), table.examples("order", np.flatnonzero(matched))))
    amount_of = np.where(has_sale, np.maximum(total + back, 0.0), back)
    order = np.argsort(first)
    return Orders(first[order], amount_of[order], remarks)


def _repeated(
    table: LogTable, group: Places, rows_of: NDArray[np.int64], amount: Vector, positive: Flags
) -> tuple[Flags | None, str]:
    """Return (orders,) in which all lines repeat the total, None where amounts are of lines; and that in words."""
    if not table.has("amount"):
        return None, "their amounts were added up"
    several = np.bincount(group, positive) > 1
    if not several.any():
        return None, "one of them has the total, the others are blank"
    low, high = np.full(rows_of.size, np.inf), np.full(rows_of.size, -np.inf)
    np.minimum.at(low, group[positive], amount[positive])
    np.maximum.at(high, group[positive], amount[positive])
    alike = several & (low == high)
    share = alike.sum() / several.sum()
    name = normalised(table.names["amount"])
    if any(word in name for word in _OF_LINES):
        return None, "their amounts were added up"
    if share > _MOSTLY and (any(word in name for word in _OF_ORDERS) or (share == 1 and several.sum() > 1)):
        words = "the total that they repeat counts once"
        return alike, words if share == 1 else f"{words}, and where they differ they were added up"
    return None, "their amounts were added up"
