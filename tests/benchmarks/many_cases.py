"""What a case costs in time and memory as logs grow; run by hand, prints a table.

Makes synthetic logs of as many rows as named (`python tests/benchmarks/many_cases.py 1e5 1e6 1e7 2e7`; the first two
if none are) in a temporary folder, evaluates a policy on each (not with `--curves`), and draws the four curves of the
agents (not with `--no-curves`). Times are of this machine in this minute; what matters is that neither column grows
with the rows.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from policy_sim import Lever, load_policy, load_scenario
from policy_sim.assumptions import Scenario, central
from policy_sim.sweep.many_cases import curves_of_many, evaluate_many, open_case_log

ROWS_IN_A_GROUP = 100_000
LEVERS = [Lever("agent", limit) for limit in ("keep_item", "credit", "refund", "replacement")]


def write_log(path: Path, scenario: Scenario, rows: int) -> None:
    rng = np.random.default_rng(0)
    writer = None
    for first in range(0, rows, ROWS_IN_A_GROUP):
        count = min(ROWS_IN_A_GROUP, rows - first)
        columns = {
            "failure": pa.array(rng.choice(list(scenario.failures), count)),
            "item_price": np.round(rng.lognormal(3.5, 0.9, count), 2),
            "future_value": np.round(rng.lognormal(3.5, 1.2, count), 2),
            "severity": rng.random(count),
            "prior_purchases": rng.integers(1, 9, count),
            "suspicion": rng.random(count) ** 3,
        }
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def main(words: list[str]) -> None:
    scenario = load_scenario("online_retail")
    policy = load_policy("current", scenario)
    sizes = [int(float(word)) for word in words if not word.startswith("-")] or [100_000, 1_000_000]
    console = Console()
    table = Table("rows", "what", "seconds", "CPU, µs a row", "most memory, MiB", title="one draw, in blocks")
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            path = Path(folder) / "log.parquet"
            write_log(path, scenario, rows)
            log = open_case_log(path)
            works = {}
            if "--curves" not in words:
                works["evaluate"] = lambda log=log: evaluate_many([policy], log, scenario, central(scenario))
            if "--no-curves" not in words:
                works["four curves"] = lambda log=log: curves_of_many(policy, log, scenario, central(scenario), LEVERS)
            for what, work in works.items():
                began, cpu = time.perf_counter(), time.process_time()
                work()
                seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
                memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                row = (f"{rows:,}", what, f"{seconds:.1f}", f"{cpu / rows * 1e6:.1f}", f"{memory:,.0f}")
                console.print(*row)
                table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
