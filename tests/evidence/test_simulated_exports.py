"""Exports of a simulated firm have the shapes of the programs, and hold what the log holds."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError
from policy_sim.evidence.export_shapes import SHAPES, shape_of
from policy_sim.evidence.simulated_exports import ORDER_SHAPES, refund_table, ticket_table, write_exports
from policy_sim.evidence.simulated_world import simulate_log
from policy_sim.orders import read_transactions
from policy_sim.policy import load_policy

TICKETS = [name for name, shape in SHAPES.items() if shape.kind == "tickets"]
REFUNDS = [name for name, shape in SHAPES.items() if shape.kind == "refunds"]


@pytest.fixture(scope="module")
def log():
    scenario = load_scenario("online_retail")
    return simulate_log(scenario, load_policy("current", scenario), cases=120, seed=5)


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_four_files_are_written(log, tmp_path):
    paths = write_exports(log, tmp_path / "firm")
    assert [path.name for path in paths] == ["tickets.csv", "refunds.csv", "orders.csv", "truth.json"]
    assert json.loads(paths[-1].read_text()) == log.to_dict()
    assert shape_of(list(read(paths[0]).columns)).name == "zendesk"
    assert shape_of(list(read(paths[1]).columns)).name == "shopify_refunds"
    again = write_exports(log, tmp_path / "again")
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]


@pytest.mark.parametrize("name", TICKETS)
def test_tickets(log, name):
    shape = SHAPES[name]
    table = ticket_table(log, shape, "#{}")
    assert shape_of(list(table.columns)) is shape
    fields = shape.fields_of(list(table.columns))
    column = {field: table.iloc[:, place] for field, place in fields.items()}
    assert column["case"].to_list() == log.cases["case"].to_list()
    assert column["order"].to_list() == [f"#{order}" for order in log.cases["order"]]
    assert column["reason"].to_list() == log.cases["failure"].to_list()
    assert column["remedy"].to_list() == log.cases["resolution"].to_list()
    assert column["group"].to_list() == log.cases["tier"].to_list()
    assert column["email"].to_list() == [f"{customer}@example.com" for customer in log.cases["customer"]]
    opened = pd.to_datetime(column["opened"], format=shape.date_form)
    minute = np.timedelta64(60, "s")
    assert (np.abs(opened.to_numpy() - log.cases["opened"].to_numpy()) < minute).all()
    hours = (opened - pd.to_datetime(column["noticed"], format=shape.date_form)) / pd.Timedelta(hours=1)
    np.testing.assert_allclose(hours, log.cases["hours_open"], atol=2 / 60)
    assert (column["escalated"] == "yes").sum() == log.cases["escalated"].sum()
    credited = pd.to_numeric(column["credited"], errors="coerce").fillna(0)
    assert credited.to_numpy() == pytest.approx(log.cases["credit"].to_numpy())
    assert (column["paid_back"] == "").all()


@pytest.mark.parametrize("name", REFUNDS)
def test_refunds(log, name):
    shape = SHAPES[name]
    table = refund_table(log, shape, "#{}")
    assert shape_of(list(table.columns)) is shape
    column = {field: table.iloc[:, place] for field, place in shape.fields_of(list(table.columns)).items()}
    amount = pd.to_numeric(column["amount"], errors="coerce").groupby(column["order"]).sum()
    given = log.cases[log.cases["refund"] > 0].set_index("order")["refund"]
    given.index = [f"#{order}" for order in given.index]
    pd.testing.assert_series_equal(
        (amount / (100 if shape.cents else 1)).sort_index(), given.sort_index(), check_names=False
    )
    if "calculated" in column:
        numbers = {
            field: pd.to_numeric(column[field], errors="coerce").groupby(column["order"]).sum()
            for field in ("calculated", "adjustment")
        }
        difference = numbers["calculated"] - numbers["adjustment"]
        assert difference.sort_index().to_numpy() == pytest.approx(given.sort_index().to_numpy())


@pytest.mark.parametrize("name", list(ORDER_SHAPES))
def test_orders(log, name, tmp_path):
    path = write_exports(log, tmp_path, orders=name)[2]
    found = read_transactions(path)
    back = log.cases["refund"].sum() if name == "shopify" else 0.0
    assert found.reading.rows == len(log.orders)
    assert found.reading.set_aside == ()
    assert found.amount.sum() == pytest.approx(log.orders["amount"].sum() - back, abs=10)
    assert found.reading.first_date == log.orders["date"].min().date()
    assert len(found.labels) == log.counts["customers"]


def test_severity_comes_down_to_the_nearest_priority(log):
    table = ticket_table(log, SHAPES["zendesk"])
    severity = log.cases["severity"]
    assert set(table["Priority"]) == {"low", "normal", "high", "urgent"}
    assert severity[table["Priority"] == "low"].max() <= 0.375
    assert severity[table["Priority"] == "urgent"].min() >= 0.875


def test_unknown_programs_are_refused(log, tmp_path):
    for option, words in (
        ({"tickets": "zendsk"}, r"unknown shape of tickets 'zendsk'.*did you mean 'zendesk'"),
        ({"refunds": "paypal"}, "unknown shape of refunds 'paypal'"),
        ({"orders": "magneto"}, "unknown shape of orders 'magneto'"),
    ):
        with pytest.raises(InputError, match=words):
            write_exports(log, tmp_path / "none", **option)
    assert not (tmp_path / "none").exists()
