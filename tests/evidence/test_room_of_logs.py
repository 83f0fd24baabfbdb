"""How much room a log of cases takes: what repeats is not held as text, what has been read is let go of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from policy_sim.assumptions import Scenario
from policy_sim.evidence import BuiltLog, build_log, joining
from policy_sim.evidence.case_files import write_table
from policy_sim.evidence.case_log import read_case_log
from policy_sim.evidence.exports import ExportTable
from policy_sim.evidence.matching import purchases_until
from policy_sim.evidence.simulated_exports import write_exports
from policy_sim.evidence.simulated_world import simulate_log
from policy_sim.evidence.tickets import Tickets, read_tickets
from policy_sim.orders import OrderRows
from policy_sim.policy import load_policy

CASES = 2_000
#: Of a case in the log: its ids and two moments as text make up a third.
MOST_BYTES_A_CASE = 230
MOST_BYTES_A_TICKET = 190


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, scenario: Scenario) -> tuple[BuiltLog, Tickets, list[ExportTable]]:
    """A log joined from the exports of a simulated firm, its tickets, and what is left of the table they came from."""
    folder = tmp_path_factory.mktemp("exports")
    write_exports(simulate_log(scenario, load_policy("current", scenario), cases=CASES, seed=0), folder)
    seen: list[tuple[Tickets, list[ExportTable]]] = []

    def spied(tables: Iterable[ExportTable], *others: object) -> Tickets:
        kept = list(tables)
        seen.append((read_tickets(kept, *others), kept))  # type: ignore[arg-type]
        return seen[0][0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joining, "read_tickets", spied)
        log = build_log(folder, scenario)
    return log, *seen[0]


def test_what_repeats_is_held_as_categories(built: tuple[BuiltLog, Tickets, list[ExportTable]]) -> None:
    table = built[0].table
    for name in ("failure", "resolution", "tier", "agent", "channel", "ask", "currency"):
        assert isinstance(table[name].dtype, pd.CategoricalDtype), name
    for name in ("escalated", "exception", "live", "days_since_purchase", "prior_purchases", "prior_claims"):
        assert table[name].dtype == np.float32, name  # whole numbers, and gaps
    assert table["case"].dtype == pd.ArrowDtype(pa.string())


def test_bytes_of_a_case_and_of_a_ticket(built: tuple[BuiltLog, Tickets, list[ExportTable]]) -> None:
    log, tickets, _ = built
    assert log.table.memory_usage(index=False, deep=True).sum() < MOST_BYTES_A_CASE * CASES
    total = 0
    for value in vars(tickets).values():
        if isinstance(value, pd.Series):
            total += value.memory_usage(index=False, deep=True)
        elif isinstance(value, np.ndarray):
            total += value.nbytes if value.strides[0] else 0
    assert total < MOST_BYTES_A_TICKET * CASES


def test_columns_are_let_go_of_once_they_are_read(built: tuple[BuiltLog, Tickets, list[ExportTable]]) -> None:
    (table,) = built[2]
    assert not {"case", "order", "customer", "email", "opened", "resolved", "reason", "remedy"} & set(table.columns)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_the_file_of_a_log_says_what_one_of_plain_text_says(
    built: tuple[BuiltLog, Tickets, list[ExportTable]], ending: str, tmp_path: Path, scenario: Scenario
) -> None:
    table = built[0].table
    plain = table.astype(dict.fromkeys(table.select_dtypes("category"), object))
    cases = []
    for name, frame in (("log", table), ("plain", plain)):
        path = tmp_path / f"{name}{ending}"
        write_table(frame, path)
        cases.append(read_case_log(path, scenario)[0])
    one, other = (vars(case) for case in cases)
    for name, value in one.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, other[name], err_msg=name)
    if ending == ".csv":
        assert (tmp_path / "log.csv").read_bytes() == plain.to_csv(index=False).encode()


def test_purchases_of_many_customers() -> None:
    count = 5_000  # times a million it is no number of 32 bits
    customer = np.tile(np.arange(count, dtype=np.int32), 2)
    day = np.repeat(np.array(["2024-01-01", "2024-02-01"], dtype="datetime64[D]"), count)
    text = pd.Series(customer.astype(str), dtype=pd.ArrowDtype(pa.string()))
    orders = OrderRows(text, customer, text.iloc[:count], text, day, np.ones(2 * count), "USD", 2 * count)
    until = np.datetime64("2024-01-15").astype(np.int64)
    assert purchases_until(orders, customer, np.full(2 * count, until)).tolist() == [1.0] * 2 * count
    assert purchases_until(orders, customer, np.full(2 * count, until + 60)).tolist() == [2.0] * 2 * count


def test_agents_of_tickets_and_of_refunds(build: Callable[..., BuiltLog]) -> None:
    tickets = """Id,Requester,Requester email,Assignee,Group,Status,Priority,Via,Created at,Solved at,\
Order number [txt],Failure reason [list]
1,Ann,ann@x.org,,Support,Closed,High,Mail,2024-01-12 10:00:00,2024-01-12 12:00:00,1001,Wrong item
2,Bob,bob@x.org,Sue,Support,Closed,High,Mail,2024-02-12 10:00:00,2024-02-12 12:00:00,1002,Wrong item
3,Ann,ann@x.org,,Support,Closed,High,Mail,2024-03-12 10:00:00,2024-03-12 12:00:00,1003,Wrong item
"""
    refunds = """Refund ID,Order name,Email,Created at,Total refunded,Calculated refund,Order adjustment,Restock type,\
Staff member,Note,Gateway,Currency
r1,#1001,ann@x.org,2024-01-12 11:00:00 +0000,20.00,20.00,0.00,RETURN,Joe,,card,USD
r2,#1002,bob@x.org,2024-02-12 11:00:00 +0000,20.00,20.00,0.00,RETURN,Joe,,card,USD
"""
    log = build(tickets=tickets, refunds=refunds)
    assert log.table["agent"].tolist() == ["Joe", "Sue", ""]
