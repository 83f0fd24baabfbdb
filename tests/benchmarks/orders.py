"""How fast and how large reading a log of orders is, beside what polars takes for the same file; run by hand.

Times are of this machine in this minute; only the ratios mean something. `python tests/benchmarks/orders.py memory`
reads ten million rows and prints the most memory that it took.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from timing import shortest

from policy_sim.clv import summarise
from policy_sim.orders import read_transactions

ROWS, CUSTOMERS = 692_000, 235_000
MANY = 10_000_000


def write_log(path: Path, rows: int, customers: int) -> None:
    rng = np.random.default_rng(0)
    day = np.datetime64("2022-01-01") + rng.integers(0, 900, rows).astype("timedelta64[D]")
    pd.DataFrame(
        {
            "order_id": np.arange(rows),
            "customer_id": rng.integers(0, customers, rows),
            "order_date": day.astype(str),
            "status": rng.choice(["completed", "cancelled", "processing"], rows, p=[0.9, 0.05, 0.05]),
            "currency": "USD",
            "order_total": rng.gamma(2, 20, rows).round(2),
        }
    ).to_csv(path, index=False)


def with_polars(path: Path) -> object:
    import polars as pl

    orders = (
        pl.read_csv(path, try_parse_dates=True)
        .filter(pl.col("status") != "cancelled")
        .group_by("customer_id", "order_date")
        .agg(pl.col("order_total").sum())
    )
    return orders.group_by("customer_id").agg(
        pl.len(), pl.col("order_date").min(), pl.col("order_date").max().alias("last"), pl.col("order_total").mean()
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        write_log(path, ROWS, CUSTOMERS)
        other, own = shortest(lambda: with_polars(path), 5), shortest(lambda: summarise(read_transactions(path)), 5)
        table = Table("what", "against", "seconds", "seconds of the other", "ratio", title=f"{ROWS:,} rows")
        table.add_row(
            "log to summary, with all looks",
            "polars, no looks",
            f"{own:.2f}",
            f"{other:.2f}",
            f"{own / other:.1f}x as long",
        )
        Console().print(table)
    # a process of its own: a child begins with the most memory that its parent has taken
    subprocess.run([sys.executable, __file__, "memory"], check=True)


def print_memory() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        subprocess.run([sys.executable, __file__, "write", str(path)], check=True)
        log = read_transactions(path)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{MANY:,} rows, {len(log.labels):,} customers: {most / 2**20:.1f} GiB at most (4 GiB wanted)")


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write_log(Path(sys.argv[2]), MANY, MANY // 3)
    elif sys.argv[1:] == ["memory"]:
        print_memory()
    else:
        main()
