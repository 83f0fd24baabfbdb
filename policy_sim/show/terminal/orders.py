"""Orders: what was read from a log, for a terminal.

In: transactions. Out: lines and tables. Left to others: reading the log (`orders`).
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from policy_sim.orders import Remark, Transactions
from policy_sim.orders.reading import counted
from policy_sim.show.terminal.tables import prose

__all__ = ["of_transactions"]


def of_transactions(transactions: Transactions) -> list[str | Table]:
    """Return what counts as an order, what was set aside, and what looks wrong, with the first few places."""
    reading, amount = transactions.reading, transactions.amount
    parts: list[str | Table] = [
        f"{counted(len(transactions.labels), 'customer', 'customers')}, {counted(len(amount), 'order', 'orders')}, "
        f"{reading.first_date} to {reading.last_date}, {amount.sum():,.2f} {transactions.currency} in all",
        f"{reading.rows:,} rows read, {reading.rows_kept:,} of them in orders; customer '{reading.customer_column}', "
        f"date '{reading.date_column}', amount '{reading.amount_column}'"
        + (f" ({reading.shape})" if reading.shape else ""),
    ]
    remarked = {remark.says for remark in (*reading.set_aside, *reading.warnings)}
    plain = tuple(Remark("orders", sentence) for sentence in reading.sentences if sentence not in remarked)
    for title, remarks in (("Set aside", reading.set_aside), ("Looked at", (*plain, *reading.warnings))):
        parts += [prose(f"\n{title}", _in_lines(remarks))] if remarks else []
    return parts


def _in_lines(remarks: Sequence[Remark]) -> str:
    return "\n".join(
        f"- {remark.says}" + "".join(f"\n    {example}" for example in remark.examples) for remark in remarks
    )
