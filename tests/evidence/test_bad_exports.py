"""Exports that cannot be used: one line, with what, where, what was found, what was expected and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError
from policy_sim.evidence import build_log

TICKETS = """Id,Requester,Requester email,Assignee,Group,Status,Priority,Via,Created at,Solved at,Order number [txt],\
Failure reason [list],Resolution [list]
1,Ann,ann@x.org,Joe,Support,Closed,High,Mail,2024-01-12 10:00:00,2024-01-12 12:00:00,1001,Lost in transit,full refund
"""
REFUNDS = (
    "Refund ID,Order name,Created at,Total refunded,Restock type\nr1,1001,2024-01-12 11:00:00 +0000,20.00,RETURN\n"
)
Put = Callable[..., Path]


def the_line(scenario: Scenario, places: object, mapping: object = None, draft: Path | None = None) -> str:
    with pytest.raises(InputError) as caught:
        build_log(places, scenario, mapping, draft=draft)  # type: ignore[arg-type]
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_places_that_are_not_there_or_empty(scenario: Scenario, tmp_path: Path) -> None:
    assert "'nowhere' does not exist; give folders or files" in the_line(scenario, "nowhere")
    (tmp_path / "notes.md").write_text("x")
    assert "holds no table; expected exports" in the_line(scenario, tmp_path)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "no file holds tickets; found: tickets.csv, orders.csv"),
        (TICKETS.replace("Closed,High", "Closed,High,1").encode(), "tickets.csv, line 2: found more fields than"),
        (b"\x00\x01\x02", "no file holds tickets"),
        (TICKETS.splitlines()[0].encode(), "no file holds tickets"),
        (b"a,b\n1,2\n", "no file holds tickets; found: tickets.csv, orders.csv; expected an export of Zendesk"),
        (TICKETS.replace("Lost in transit", "Wrong colour").encode(), "none of 1 tickets can be a case"),
        (TICKETS.replace("2024-01-12 10", "soon").encode(), "holds no moment such as 2024-03-17 09:05:00"),
        (
            (TICKETS + TICKETS.splitlines()[1] + "\n")
            .replace("2024-01-12 10:00:00", "13/01/2024", 1)
            .replace("2024-01-12 10:00:00", "01/13/2024", 1)
            .encode(),
            "column 'Created at' of tickets.csv: '13/01/2024' has the day first, '01/13/2024' has the month first",
        ),
    ],
)
def test_tickets_that_cannot_be_used(put: Put, scenario: Scenario, content: bytes, wanted: str) -> None:
    folder = put(tickets=content, orders="customer,order,date,amount\nann,1001,2024-01-01,20\n")
    assert wanted in the_line(scenario, folder)


@pytest.mark.parametrize(
    ("orders", "wanted"),
    [
        ("customer,order,date,amount\nann,1001,2024-01-01,twenty\n", "orders.csv, line 2: found amount 'twenty'"),
        ("customer,order,date,amount\nann,1001,soon,20\n", "orders.csv, line 2: found date 'soon'"),
        ("customer,order,date,amount\n", "orders.csv"),
        (
            "customer,order,date,amount,currency\nann,1001,2024-01-01,20,USD\nbob,2,2024-01-01,20,EUR\n",
            "amounts in 2 currencies",
        ),
    ],
)
def test_orders_that_cannot_be_used(put: Put, scenario: Scenario, orders: str, wanted: str) -> None:
    assert wanted in the_line(scenario, put(tickets=TICKETS, orders=orders))


def test_a_refund_that_cannot_be_read_is_set_aside(put: Put, scenario: Scenario) -> None:
    orders = "customer,order,date,amount\nann,1001,2024-01-01,20\n"
    for cell, why in (
        ("twenty", "column 'Total refunded' holds no amount such as 12.50"),
        ("", "it does not say how much was paid back"),
        ("0", "nothing was paid back"),
        ("=1+1", "column 'Total refunded' holds no amount such as 12.50"),
    ):
        refunds = REFUNDS.replace("20.00,RETURN", f"{cell},")
        log = build_log(put(tickets=TICKETS, refunds=refunds, orders=orders), scenario)
        assert log.set_aside["why"].tolist() == [why]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("failures: {Lost in transit: lost_parcell}", "unknown failure 'lost_parcell' (did you mean 'lost_parcel'?)"),
        ("tiers: {Support: agnt}", "unknown tier 'agnt' (did you mean 'agent'?)"),
        ("asks: {x: gold}", "unknown ask 'gold'"),
        ("remedies: {x: full_refnd + keep_item}", "unknown remedy 'full_refnd' (did you mean 'full_refund'?)"),
        ("priorities: {x: 7}", "priorities.x is 7; it must be a number from 0 to 1"),
        ("window_days: 0", "window_days"),
        ("time_zone: Mars/North", "unknown time zone 'Mars/North'"),
        ("windw_days: 3", "windw_days"),
        ("files: {ticket.csv: {kind: none}}", "file 'ticket.csv', which is not there (did you mean 'tickets.csv'?)"),
        ("files: {tickets.csv: {shape: zendes}}", "unknown shape of an export 'zendes' (did you mean 'zendesk'?)"),
        ("files: {tickets.csv: {columns: {case: Number}}}", "'tickets.csv' has no column 'Number'"),
        ("files: {tickets.csv: {columns: {cas: Id}}}", "names the field 'cas' (did you mean 'case'?)"),
        ("failures: [", "did not find expected node content"),
    ],
)
def test_mappings_that_cannot_be_used(put: Put, scenario: Scenario, tmp_path: Path, text: str, wanted: str) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(text)
    folder = put(tickets=TICKETS, orders="customer,order,date,amount\nann,1001,2024-01-01,20\n")
    assert wanted in the_line(scenario, folder, mapping)


def test_a_draft_is_written_before_the_line(put: Put, scenario: Scenario, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    folder = put(tickets=TICKETS.replace("Lost in transit", "Wrong colour"))
    assert "what is not understood stands in" in the_line(scenario, folder, draft=draft)
    assert "Wrong colour: '?' # 1" in draft.read_text()
    (folder / "tickets.csv").write_text("Nr,Ärger\n1,x\n")
    assert "which was written, and give it back with --mapping" in the_line(scenario, folder, draft=draft)
    assert "tickets.csv: # has the columns Nr, Ärger" in draft.read_text(encoding="utf-8")


def test_queries_that_cannot_be_used(put: Put, scenario: Scenario) -> None:
    pytest.importorskip("duckdb")
    folder = put(tickets=TICKETS)
    for query, wanted in (
        ("select * from 'nothing.csv'", "query 'q.sql' cannot be read"),
        ("select * from read_csv('/etc/passwd')", "file system operations are disabled"),
        ("copy (select 1) to 'x.csv'", "syntax error"),
        ("select", "query 'q.sql' cannot be read"),
    ):
        (folder / "q.sql").write_text(query)
        assert wanted in the_line(scenario, folder / "q.sql")
    assert not (folder / "x.csv").exists()


def test_without_duckdb_there_is_one_line(put: Put, scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    folder = put(tickets=TICKETS)
    (folder / "q.sql").write_text("select 1")
    assert "DuckDB, which runs queries, is not installed; install it" in the_line(scenario, folder / "q.sql")
