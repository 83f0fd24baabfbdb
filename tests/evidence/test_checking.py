"""Checking a log of cases: what is wrong with it, found where it was put, and which questions it can answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError
from policy_sim.evidence import LogCheck, check_log


def a_log(count: int = 800) -> pd.DataFrame:
    """Return a log without a fault: two years, forty agents, a customer for two cases, an order for each."""
    rng = np.random.default_rng(1)
    opened = np.datetime64("2023-01-01T08:00:00") + (np.arange(count) * 700 * 86_400 // count).astype("timedelta64[s]")
    hours = rng.exponential(20, count).round(2) + 0.1
    resolved = opened + (hours * 3600).astype("timedelta64[s]")
    price = rng.gamma(3, 20, count).round(2) + 5
    kinds = np.array(["nothing", "full_refund + send_back", "full_refund + keep_item"])[np.arange(count) % 3]
    return pd.DataFrame(
        {
            "case": [f"c{k}" for k in range(count)],
            "customer": [f"k{k // 2}" for k in range(count)],
            "order": [f"o{k}" for k in range(count)],
            "failure": np.array(["wrong_item", "defective_item"])[np.arange(count) % 2],
            "resolution": kinds,
            "tier": np.array(["agent", "lead"])[(np.arange(count) % 5 == 0).astype(int)],
            "agent": [f"a{k % 20}" for k in range(count)],
            "opened": [f"{moment}Z" for moment in opened],
            "resolved": [f"{moment}Z" for moment in resolved],
            "channel": "email",
            "escalated": (np.arange(count) % 5 == 0).astype(int),
            "exception": 0,
            "refund": np.where(kinds == "nothing", 0, price),
            "item_price": price,
            "severity": rng.choice([0.25, 0.5, 0.75], count),
            "hours_open": rng.exponential(24, count).round(2),
            "days_since_purchase": rng.integers(5, 30, count),
            "prior_purchases": 1 + np.arange(count) % 2,
            "prior_failures": np.arange(count) % 2,
            "ask": np.array(["money", "thing", ""])[np.arange(count) % 3],
            "currency": "USD",
        }
    )


def orders_of(log: pd.DataFrame, coming_back: bool = True) -> pd.DataFrame:
    """Return the order behind each case, and one 60 days after those of every other customer."""
    opened = pd.to_datetime(log["opened"]).dt.tz_localize(None)
    first = pd.DataFrame({"customer": log["customer"], "order": log["order"], "amount": log["item_price"],
                          "date": (opened - pd.Timedelta(days=10)).dt.date})  # fmt: skip
    if not coming_back:
        return first
    again = first.assign(order=first["order"] + "b", date=(opened + pd.Timedelta(days=60)).dt.date)
    return pd.concat([first, again[np.arange(len(log)) // 2 % 2 == 0]], ignore_index=True)


def checked(log: pd.DataFrame, folder: Path, scenario: Scenario, orders: pd.DataFrame | None = None) -> LogCheck:
    path = folder / "cases.csv"
    log.to_csv(path, index=False)
    if orders is None:
        return check_log(path, scenario)
    orders.to_csv(folder / "orders.csv", index=False)
    return check_log(path, scenario, folder / "orders.csv")


def of_kind(check: LogCheck, kind: str) -> list[tuple[str, int]]:
    return [(finding.column, finding.rows) for finding in check.findings if finding.kind == kind]


def answers(check: LogCheck) -> dict[str, str]:
    return {question.asks: question.answer for question in check.questions}


def test_a_log_without_a_fault(scenario: Scenario, tmp_path: Path) -> None:
    log = a_log()
    check = checked(log, tmp_path, scenario, orders_of(log))
    assert {finding.kind for finding in check.findings} == {"censoring"}
    assert (check.cases, check.customers, check.agents) == (800, 400, 20)
    assert (check.first, check.last) == ("2023-01-01", "2024-11-30")
    said = answers(check)
    assert said["whether customers come back within 90 days"] == "yes"
    assert said["what an agent's generosity buys"] == "yes"
    assert said["whether waiting drives customers away"] == "yes"
    assert said["whether a second failure weighs more than the first"] == "yes"
    assert said["how failures differ"] == "in part"
    columns = check.to_frame().set_index("name")
    assert columns.loc["ask", ["filled", "missing"]].tolist() == [534, 266]
    assert columns.loc["credit", "missing"] == 800
    json.dumps(check.to_dict())


def test_the_same_from_parquet_and_a_workbook(scenario: Scenario, tmp_path: Path) -> None:
    log = a_log(60)
    expected = checked(log, tmp_path, scenario).to_dict()
    log.to_parquet(tmp_path / "cases.parquet")
    log.to_excel(tmp_path / "cases.xlsx", index=False)
    typed = log.assign(opened=pd.to_datetime(log["opened"]), failure=log["failure"].astype("category"))
    typed.to_parquet(tmp_path / "typed.parquet")
    for name in ("cases.parquet", "cases.xlsx", "typed.parquet"):
        found = check_log(tmp_path / name, scenario).to_dict() | {"where": "cases.csv"}
        assert found == expected, name


FAULTS = [
    ("failure", "wrong_itm", "impossible", "did you mean 'wrong_item'?"),
    ("tier", "boss", "impossible", "expected agent, lead, manager"),
    ("resolution", "full_refund", "impossible", "the scenario has no such resolution of the failure"),
    ("resolution", "{0} + %s", "impossible", "such as '{0} + %s' of wrong_item"),
    ("ask", "gold", "impossible", "expected anything, money"),
    ("currency", "EUR", "impossible", "expected USD"),
    ("opened", "soon", "impossible", "it is no moment"),
    ("opened", "", "missing", "that do not say when they were opened"),
    ("item_price", "-5", "impossible", "below 0"),
    ("item_price", "0", "impossible", "the price is 0"),
    ("item_price", "", "missing", "without a price"),
    ("item_price", "abc", "impossible", "it is no number"),
    ("item_price", "9000000", "outliers", "such as 9,000,000 where the middle is"),
    ("refund", "5000", "outliers", "more than one and a half of the price"),
    ("severity", "1.5", "impossible", "it is a share from 0 to 1"),
    ("escalated", "0.5", "impossible", "neither 0 nor 1"),
    ("case", "c1", "duplicates", "with the number of an earlier one"),
    ("case", "", "missing", "without a number"),
    ("resolved", "2020-01-01T00:00:00Z", "leakage", "closed before being opened"),
]


@pytest.mark.parametrize(("column", "cell", "kind", "wanted"), FAULTS)
def test_a_fault_is_found_where_it_is(
    scenario: Scenario, tmp_path: Path, column: str, cell: str, kind: str, wanted: str
) -> None:
    log = a_log(200).astype(object)
    log.loc[100, column] = cell
    found = [finding for finding in checked(log, tmp_path, scenario).findings if wanted in finding.says]
    assert [(finding.column, finding.kind, finding.rows) for finding in found] == [(column, kind, 1)]
    assert found[0].examples == (cell if column == "case" else "c100",)


def test_units(scenario: Scenario, tmp_path: Path) -> None:
    log = a_log(200)
    orders = orders_of(log, coming_back=False)

    def units(changed: pd.DataFrame) -> list[str]:
        check = checked(changed, tmp_path, scenario, orders)
        return [f"{finding.column}: {finding.says}" for finding in check.findings if finding.kind == "units"]

    assert units(log) == []
    assert "look like minutes; divide by 60" in units(log.assign(hours_open=log["hours_open"] * 60))[0]
    assert "looks like percent" in units(log.assign(severity=log["severity"] * 100))[0]
    in_cents = units(log.assign(item_price=(log["item_price"] * 100).round()))
    assert in_cents[0].startswith("item_price: it is 100 times the amounts of their orders")
    in_cents = units(log.assign(refund=(log["refund"] * 100).round()))
    assert in_cents[0].startswith("refund: it is 100 times the prices in the middle: it looks like cents")


def test_outcomes_known_before_the_remedy(scenario: Scenario, tmp_path: Path) -> None:
    log = a_log(100)
    late = log.assign(satisfied=log["resolved"])
    late.loc[7, "satisfied"] = late.loc[7, "opened"]
    assert of_kind(checked(late, tmp_path, scenario), "leakage") == [("satisfied", 1)]
    slow = log.copy()
    slow.loc[4, "resolved"] = "2023-06-30T00:00:00Z"  # the customer ordered in between
    orders = pd.concat([orders_of(log, coming_back=False), pd.DataFrame(
        {"customer": ["k2"], "order": ["x"], "amount": [9], "date": ["2023-05-01"]})])  # fmt: skip
    assert of_kind(checked(slow, tmp_path, scenario, orders), "leakage") == [("resolved", 1)]


def test_customers_whose_time_is_not_over_and_strangers(scenario: Scenario, tmp_path: Path) -> None:
    """By hand: cases are closed on the days 0, 100 and 200, orders are seen to day 250."""
    log = a_log(3).assign(customer=["a", "b", "c"])
    log["opened"] = ["2024-01-01T10:00:00Z", "2024-04-10T10:00:00Z", "2024-07-19T10:00:00Z"]
    log["resolved"] = log["opened"]
    orders = pd.DataFrame({"customer": ["a", "a", "b"], "order": ["1", "2", "3"], "amount": [1, 2, 3],
                           "date": ["2023-12-01", "2024-03-01", "2024-09-07"]})  # fmt: skip
    check = checked(log, tmp_path, scenario, orders)
    assert of_kind(check, "censoring") == [("resolved", 1), ("resolved", 2)]
    assert of_kind(check, "missing") == [("customer", 1)]
    said = {question.asks: question.because for question in check.questions}
    assert said["whether customers come back within 90 days"] == (
        "2 of 3 cases were watched so long; 1 customers came back"
    )


def test_agents_with_few_cases_and_split_cases(scenario: Scenario, tmp_path: Path) -> None:
    log = a_log(100).assign(agent=["a"] * 60 + ["b"] * 29 + ["c"] * 11)
    log.loc[11, ["customer", "order", "failure", "opened"]] = log.loc[9, ["customer", "order", "failure", "opened"]]
    check = checked(log, tmp_path, scenario)
    assert of_kind(check, "agents") == [("agent", 40)]
    assert "2 agents of 3 with fewer than 30 cases (40 in all)" in check.findings[-1].says
    assert of_kind(check, "duplicates") == [("customer, order, failure, opened", 1)]


def test_questions_that_a_log_cannot_answer(scenario: Scenario, tmp_path: Path) -> None:
    log = a_log(400)
    log.loc[:331, "resolved"] = ""
    log = log.drop(columns=["refund", "ask"]).assign(resolution="", severity=0.5)
    check = checked(log, tmp_path, scenario)
    said = {question.asks: (question.answer, question.because) for question in check.questions}
    assert said["whether waiting drives customers away"] == ("no", "resolved is missing in 83%")
    assert said["what an agent's generosity buys"] == ("no", "neither what was given nor any amount is known")
    assert said["whether the harm drives customers away"] == ("no", "severity is the same in all of 400 cases")
    assert said["what customers ask for"] == ("no", "ask is missing in 100%")
    assert said["whether customers come back within 180 days"][0] == "no"


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("case,failure\n1,x\n", "has no column 'opened'; found: case, failure; expected what policy-sim log build"),
        ("case,failure,opened\n", "cases.csv"),
        ("case,failure,opened,OPENED\n1,x,,\n", "has two columns 'opened'"),
        ("case,failure,opened\n1,wrong_item,13/01/2024\n2,wrong_item,01/13/2024\n", "has the day first"),
        ("", "cases.csv"),
    ],
)
def test_logs_that_cannot_be_used(scenario: Scenario, tmp_path: Path, content: str, wanted: str) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=wanted) as caught:
        check_log(path, scenario)
    assert "\n" not in str(caught.value)


def test_a_log_that_is_not_there(scenario: Scenario) -> None:
    with pytest.raises(InputError, match=r"log of cases 'none\.csv' does not exist"):
        check_log("none.csv", scenario)
