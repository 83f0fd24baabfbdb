"""How what is typed for assumptions on the page is read."""

from __future__ import annotations

from typing import Any

import pytest

from policy_sim import load_scenario
from policy_sim.assumptions import Scenario
from policy_sim.service import customers_moved, value_that_moves
from policy_sim.show.live.assumed import assumption_rows
from policy_sim.show.live.assuming import most_moving, read_assumed, with_texts


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("online_retail")


def test_every_fault_is_found_each_with_its_assumption(scenario: Scenario) -> None:
    asks = ("late_delivery.asks_money_share", "late_delivery.asks_thing_share")
    readings = read_assumed(
        scenario,
        {
            "shop.label_cost": "5 to 9",
            "shop.margin_share": "30 to 40%",
            "shop.outbound_cost": "7%",
            "queue.staff": "2.5",
            **dict.fromkeys(asks, "90%"),
            "claiming.temptation": "0 to 9",
            "lead.generous_share": "60",
            "lead.thrifty_share": "0.6",
            "shop.inspection_cost": -1,
            "no.such_thing": 3,
        },
    )
    assert readings.words == {"shop.label_cost": "$5 to $9, most likely $6, as before"}
    wanted = {
        "shop.margin_share": "'30 to 40%' is a range, but cases are drawn once",
        "shop.outbound_cost": "'7%' has another unit than this has",
        "queue.staff": "must be a whole number of people",
        **dict.fromkeys(asks, "add up to"),
        "claiming.temptation": "it must stay above 0",
        "lead.generous_share": "may not add up to more than 1",
        "lead.thrifty_share": "may not add up to more than 1",
        "shop.inspection_cost": "goes below 0",
    }
    assert readings.problems.keys() == wanted.keys()
    for name, words in wanted.items():
        assert words in readings.problems[name]
        assert not any(known in readings.problems[name] for known in scenario.assumption_names)
        assert readings.problems[name][0] in "'“" or readings.problems[name][0].isupper()
    assert readings.problem == "There is no assumption 'no.such_thing'"
    assert not readings.is_fit


def test_what_is_as_the_scenario_has_it_is_not_assumed_otherwise(scenario: Scenario) -> None:
    low, high = scenario.assumption("shop.label_cost").range
    readings = read_assumed(
        scenario, {"shop.label_cost": f"{low} to {high}", "shop.unit_cost_share": "50", "queue.staff": 2}
    )
    assert readings.is_fit
    assert readings.assumed == {}
    assert readings.words["shop.unit_cost_share"] == "50%, as the scenario has it"


def test_shares_that_have_to_be_lower_are_said(scenario: Scenario) -> None:
    readings = read_assumed(scenario, {"agent.generous_share": "95"})
    assert readings.assumed == {"agent.generous_share": 0.95}
    assert "is taken to be 0.05 at most, not 0.3" in readings.content["remark"]
    assert "thrifty_share" not in readings.content["remark"]


@pytest.mark.parametrize("values", ["abc", 5, None, [], True])
def test_what_is_no_mapping_is_refused(scenario: Scenario, values: object) -> None:
    assert "expected a number or a text for each name" in read_assumed(scenario, values).problem


@pytest.mark.parametrize(
    "value",
    [None, True, [], {}, "", "x" * 5000, "<img src=x onerror=alert(1)>", "5 to", float("nan"), float("inf"), -1, 1e300,
     "\u202e7", "7\n8", "__proto__"],
)  # fmt: skip
def test_hostile_values_are_refused_in_a_line(scenario: Scenario, value: Any) -> None:
    readings = read_assumed(scenario, {"shop.label_cost": value})
    (problem,) = readings.problems.values()
    assert problem
    assert len(problem) < 250
    assert problem.isprintable()


@pytest.mark.parametrize("name", ["", "x" * 5000, "shop.label_cost.more", "shop", "\x1b[31m", "__proto__"])
def test_hostile_names_are_refused_in_a_line(scenario: Scenario, name: str) -> None:
    readings = read_assumed(scenario, {name: 7, "shop.label_cost": 7})
    assert readings.problem.startswith("There is no assumption")
    assert len(readings.problem) < 200
    assert readings.problem.isprintable()
    assert readings.words == {"shop.label_cost": "$7"}


def test_fields_show_what_is_and_what_the_scenario_has(scenario: Scenario) -> None:
    assumed: dict[str, float | str] = {"shop.label_cost": "$5 to $9", "agent.generous_share": 0.95}
    changed, _ = scenario.changed_by(assumed)
    rows = {str(row["name"]): row for row in with_texts(assumption_rows(changed), scenario, assumed)}
    shown = {name: (row["text"], row["own"]) for name, row in rows.items()}
    assert shown["shop.label_cost"] == ("$5 to $9", "$6")
    assert shown["agent.generous_share"] == ("95%", "30%")
    assert shown["agent.thrifty_share"] == ("5%", "10%")  # had to be lowered
    assert shown["shop.cases_per_year"] == ("20,000", "20,000")


def test_the_ten_that_move_most() -> None:
    rows = [{"name": f"n{i}", "difference_low": 0.0, "difference_high": (-1.0) ** i * i} for i in range(20)]
    assert most_moving(rows) == [f"n{i}" for i in range(19, 9, -1)]
    assert most_moving(rows[:2]) == ["n1"]  # what moves nothing does not matter


def test_a_weight_is_typed_and_told_as_customers_of_100(scenario: Scenario) -> None:
    name = "response.wait_weight"
    (row,) = [row for row in with_texts(assumption_rows(scenario), scenario, {}) if row["name"] == name]
    assert (row["text"], row["own"], row["unit"]) == ("4.1 of 100", "4.1 of 100", "customers")
    assert row["words"] == "1.2 to 7.7 of 100 customers"
    readings = read_assumed(scenario, {name: "6 of 100"})
    weight = readings.assumed[name]
    assert isinstance(weight, float)
    assert customers_moved(scenario, name, weight) == pytest.approx(6, abs=1e-4)
    assert readings.words[name] == "6 of 100 customers; plausible 1.2 to 7.7 of 100 customers (a weight of 0.531)"
    # the number itself is taken as ever, and said to be the same
    assert read_assumed(scenario, {name: weight}).words == readings.words
    spread = read_assumed(scenario, {name: "3 to 6 of 100 customers"})
    changed, _ = scenario.changed_by(spread.assumed)
    ends = [customers_moved(changed, name, end) for end in changed.assumption(name).range]
    assert ends == pytest.approx([3, 6], abs=1e-3)
    (row,) = [row for row in with_texts(assumption_rows(changed), scenario, spread.assumed) if row["name"] == name]
    assert row["text"] == "3 to 6 of 100"


def test_customers_of_100_hold_with_all_else_as_assumed(scenario: Scenario) -> None:
    name = "response.wait_weight"
    readings = read_assumed(scenario, {name: "6 of 100", "cases.severity_mean": 0.9})
    changed, _ = scenario.changed_by(readings.assumed)
    assert customers_moved(changed, name) == pytest.approx(6, abs=1e-4)
    assert readings.assumed[name] != read_assumed(scenario, {name: "6 of 100"}).assumed[name]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("99 of 100", "99 of 100 customers are not to be had; expected a number from 0 to"),
        ("-3 of 100", "is below 0"),
        ("6 to 3 of 100", "falls"),
        ("6% of 100", "or type customers, like 4.1 of 100 customers"),
        ("of 100", "or type customers, like"),
    ],
)
def test_customers_that_cannot_be_are_refused(scenario: Scenario, typed: str, words: str) -> None:
    readings = read_assumed(scenario, {"response.wait_weight": typed})
    assert words in readings.problems["response.wait_weight"]
    assert not readings.assumed


def test_every_weight_is_found_again_from_its_customers(scenario: Scenario) -> None:
    for name in scenario.assumption_names:
        if scenario.said(name).placeholder == "customers":
            count = abs(customers_moved(scenario, name))
            assert value_that_moves(scenario, name, count) == pytest.approx(scenario.value(name), abs=1e-6), name
