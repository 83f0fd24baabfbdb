"""Commands about the log of orders: orders.

In: files and options. Out: what counts as an order, what was set aside, what looks wrong. Left to others: reading
(`orders`), how it reads (`show`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from policy_sim.cli.console import note, print_json, print_parts, progress_bar
from policy_sim.cli.options import AsJson, LogReading

__all__ = ["orders"]


def orders(
    files: Annotated[list[Path], typer.Argument(help="Transaction logs (CSV, XLSX, Parquet); several are one log.")],
    *,
    reading: LogReading,
    currency: Annotated[str, typer.Option(help="Currency of the amounts.")] = "USD",
    set_aside: Annotated[
        Path | None, typer.Option("--set-aside", help="File (CSV) for the rows that are not used, with the reason.")
    ] = None,
    write_mapping: Annotated[
        Path | None, typer.Option("--write-mapping", help="Write which column is what, for you to correct, and stop.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at a log before anything is worked out: what counts as an order, what was set aside, what looks wrong."""
    from policy_sim import orders as log
    from policy_sim.border import write_whole
    from policy_sim.show.terminal.orders import of_transactions

    if write_mapping is not None:
        note(f"Wrote {log.write_mapping(files[0], write_mapping)}; correct it, and give it back with --mapping")
        return
    with progress_bar(1) as begin:
        begin("Reading transactions")
        transactions = log.read_transactions(files, currency=currency, **reading.arguments())
    if set_aside is not None:
        unused = transactions.unused_to_frame()
        write_whole(set_aside, unused.to_csv(index=False))
        note(f"Wrote {len(unused):,} rows to {set_aside}")
    if as_json:
        print_json(transactions.summary_to_dict())
    else:
        print_parts(of_transactions(transactions))
