"""Money: the amount of each row in one currency, with what was paid back taken off.

In: the columns of a log with amounts, prices, pieces, refunds and currencies. Out: an amount for each row, what had to
be decided. Left to others: how amounts are written (`amounts`), which rows make an order (`lines`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from policy_sim.border import InputError, read_columns
from policy_sim.orders.amounts import parse_amounts
from policy_sim.orders.reading import Remark, counted
from policy_sim.orders.table import LogTable, SetAside

__all__ = ["money_of_rows", "one_currency", "read_rates"]

Vector = NDArray[np.float64]


def money_of_rows(table: LogTable, currency: str) -> tuple[Vector, list[Remark]]:
    """Return (n_rows,) the amount of each row less what was paid back on it, NaN where it is blank, and remarks.

    Raises
    ------
    InputError
        If an amount cannot be read.
    """
    if table.has("amount"):
        amount, remarks = parse_amounts(table, currency)
    else:
        price, remarks = parse_amounts(table, currency, "unit_price")
        pieces, _ = parse_amounts(table, currency, "quantity")
        amount = price * pieces
    if table.has("paid_back"):
        refund, _ = parse_amounts(table, currency, "paid_back")
        back = np.minimum(np.abs(np.nan_to_num(refund)), np.maximum(np.nan_to_num(amount), 0.0))
        rows = np.flatnonzero(back > 0)
        if rows.size:
            says = (
                f"{back.sum():,.2f} {currency} paid back on {counted(int(rows.size))} was taken off, by column "
                f"'{table.names['paid_back']}'"
            )
            remarks.append(Remark("refunds", says, int(rows.size), table.examples("paid_back", rows)))
            amount = amount - back
    return amount, remarks


def one_currency(
    table: LogTable, amount: Vector, currency: str, only: str | None, rates: Mapping[str, float] | None
) -> tuple[LogTable, Vector, list[SetAside], list[Remark]]:
    """Return table and amounts in one currency, rows in others that are left out, and what was decided.

    Parameters
    ----------
    only
        The currency whose rows count, if others are to be left out.
    rates
        By currency how much of the log's currency one unit is worth.

    Raises
    ------
    InputError
        If there are several currencies and nobody said what to do, or a rate is missing.
    """
    if not table.has("currency"):
        return table, amount, [], []
    texts = table.text("currency")
    codes = texts.text.str.upper().to_numpy(dtype=object)
    there = sorted({str(code) for code in codes} - {"", "NAN", "NONE"})
    name = table.names["currency"]
    if only is None and rates is None and len(there) < 2:
        if there and there[0] != currency.upper():
            says = f"column '{name}' says {there[0]}, but amounts are taken as {currency}; nothing was converted"
            return table, amount, [], [Remark("currency", says, len(table))]
        return table, amount, [], []
    row_codes = codes[texts.codes]
    if only is not None:
        if only.upper() not in there:
            raise InputError(f"no row of {table.where} is in {only.upper()}; column '{name}' has: {', '.join(there)}")
        out = np.flatnonzero(row_codes != only.upper())
        if not out.size:
            return table, amount, [], []
        says = f"{counted(int(out.size))} in another currency than {only.upper()} are left out"
        wanted = np.flatnonzero(row_codes == only.upper())
        return table.take(wanted), amount[wanted], [SetAside.of(table, out, "currency", says, "currency")], []
    if rates is not None:
        known = {code.upper(): rate for code, rate in rates.items()} | {currency.upper(): 1.0}
        missing = [code for code in there if code not in known]
        if missing:
            raise InputError(f"no rate for {missing[0]}, which column '{name}' of {table.where} has; add a line for it")
        factor = np.array([known.get(str(code), 1.0) for code in codes])[texts.codes]
        changed = int((factor != 1.0).sum())
        says = f"amounts of {counted(changed)} were converted to {currency} by the given rates"
        return table, amount * factor, [], [Remark("currency", says, changed)] if changed else []
    sums = {code: float(np.nansum(amount[row_codes == code])) for code in there}
    listed = ", ".join(f"{code} {total:,.2f}" for code, total in sums.items())
    raise InputError(
        f"{table.where} holds amounts in {len(there)} currencies by column '{name}' ({listed}); they cannot be "
        "added up: choose one with --only-currency, or give rates with --rates"
    )


def read_rates(path: str | Path) -> dict[str, float]:
    """Read what one unit of each currency is worth: a CSV with the columns currency and rate.

    Raises
    ------
    InputError
        If it cannot be read, or a rate is no number above 0.
    """
    table = read_columns("rates", path, ("currency", "rate"))
    rates = {}
    for code, text in zip(table["currency"].astype(str), table["rate"], strict=True):
        try:
            rate = float(text)
        except (TypeError, ValueError):
            rate = 0.0
        if not 0 < rate < np.inf:
            raise InputError(f"rates '{path}': the rate of {code} is '{text}'; expected a number above 0")
        rates[code.strip().upper()] = rate
    return rates
