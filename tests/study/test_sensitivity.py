"""One assumption at a time, against a scenario of its own for each value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import central, load_scenario
from policy_sim.border import InputError
from policy_sim.policy import load_policy
from policy_sim.service import read_cases
from policy_sim.study import Sample, one_at_a_time, prepare
from policy_sim.study.sensitivity import _sign_change
from policy_sim.value import evaluate, value_cases

#: A filled column of the cases, learned claiming, the escalation queue, and a share of agents.
NAMES = ("shop.unit_cost_share", "claiming.spread", "lead.minutes", "agent.generous_share", "remedy.return_trouble")


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("online_retail")


@pytest.fixture(scope="module")
def cases(scenario):
    return prepare(scenario, sample=Sample(cases=250, draws=1, seed=4)).payoffs.cases


@pytest.fixture(scope="module")
def policies(scenario):
    return {name: load_policy(name, scenario) for name in ("current", "generous", "ask_first")}


@pytest.fixture(scope="module")
def sensitivity(scenario, cases, policies):
    return one_at_a_time(scenario, cases, policies["generous"], policies["current"], list(policies.values()), NAMES)


def net_values(scenario, cases, policies, name, value):
    """Brute force: the draws of a scenario that has this value, valued on their own."""
    changed = scenario.with_values({name: value})
    payoffs = value_cases(scenario, cases, central(changed))
    outcomes = {key: evaluate(policy, payoffs) for key, policy in policies.items()}
    yearly = changed.value("shop.cases_per_year")
    return {
        key: (float(o.per_case()[0]) * yearly, float(o.per_case("customers_kept")[0])) for key, o in outcomes.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_tornado_is_brute_force(scenario, cases, policies, sensitivity, name):
    row = sensitivity.tornado().set_index("assumption").loc[name]
    ends = scenario.assumption(name).quantile(np.array([0.1, 0.9]))
    for end, value in zip(("low", "high"), ends, strict=True):
        assert row[f"{end}_value"] == pytest.approx(value)
        brute = net_values(scenario, cases, policies, name, value)
        ahead = {key: net - brute["current"][0] for key, (net, _) in brute.items()}
        assert row[f"difference_{end}"] == pytest.approx(ahead["generous"], rel=1e-9, abs=1e-6)
        assert row[f"customers_kept_{end}"] == pytest.approx(brute["generous"][1] - brute["current"][1])
        best = max(ahead, key=ahead.__getitem__)
        assert row[f"best_policy_{end}"] == best
        assert row[f"best_{end}"] == pytest.approx(ahead[best], rel=1e-9, abs=1e-6)
    today = net_values(scenario, cases, policies, name, scenario.value(name))
    assert row["difference_today"] == pytest.approx(today["generous"][0] - today["current"][0])
    assert row["swing"] == pytest.approx(abs(row["difference_high"] - row["difference_low"]))


def test_tornado_is_in_order_and_today_is_one(sensitivity):
    table = sensitivity.tornado()
    assert table["swing"].is_monotonic_decreasing
    assert np.ptp(table["difference_today"]) < 1e-6
    assert set(table["assumption"]) == set(NAMES)


def test_break_even_is_where_the_sign_changes(scenario, cases, policies):
    sensitivity = one_at_a_time(scenario, cases, policies["generous"], policies["current"], list(policies.values()))
    shifted = sensitivity.net_value.copy()
    # bring the two policies so near to each other that assumptions turn the choice
    shifted[..., 0] += 0.97 * sensitivity.difference[0, sensitivity._place(0, scenario.value(sensitivity.names[0]))]
    near = type(sensitivity)(**(vars(sensitivity) | {"net_value": shifted}))
    table = near.break_evens()
    flips = table.dropna(subset="break_even")
    assert 0 < len(flips) < len(table)
    offset = 0.97 * sensitivity.tornado()["difference_today"].iloc[0]
    for row in flips.head(4).to_dict("records"):
        low, high = scenario.assumption(row["assumption"]).range
        assert low <= row["break_even"] <= high
        assert row["side"] == ("above" if row["break_even"] > row["today"] else "below")
        assert row["words"].startswith(f"flips if {row['assumption']} is {row['side']} ")
        brute = net_values(scenario, cases, policies, row["assumption"], row["break_even"])
        # straight lines between points: near to nothing, measured by what the assumption moves
        left = brute["generous"][0] - brute["current"][0] - offset
        swing = np.ptp(sensitivity.difference[sensitivity.names.index(row["assumption"])])
        assert abs(left) < 0.05 * swing
    never = table[table["break_even"].isna()].iloc[0]
    assert never["words"].startswith("never within its range: ")


def test_break_even_against_another_candidate(sensitivity, policies):
    table = sensitivity.break_evens(policies["ask_first"])
    assert len(table) == len(NAMES)
    assert sensitivity.break_evens(policies["generous"])["break_even"].isna().all()
    with pytest.raises(InputError, match="unknown policy 'other'"):
        sensitivity.break_evens(policies["current"].model_copy(update={"name": "other"}))


def test_sign_change():
    points = np.array([0.0, 1, 2, 3, 4])
    assert _sign_change(points, np.array([1.0, 1, 1, 1, -1]), 1) == pytest.approx(3.5)
    assert _sign_change(points, np.array([-3.0, 1, 1, 1, 1]), 3) == pytest.approx(0.75)
    # the nearest of two, on either side
    assert _sign_change(points, np.array([-1.0, 1, 1, 1, -3]), 2) == pytest.approx(3.25)
    assert _sign_change(points, np.array([-1.0, -2, -1, 2, -1]), 2) == pytest.approx(2 + 1 / 3)
    assert _sign_change(points, np.array([1.0, 2, 3, 2, 1]), 2) is None
    assert _sign_change(points, np.zeros(5), 2) is None


def test_known_numbers_are_left_alone_unless_asked(scenario, cases, policies):
    asked = ("shop.cases_per_year", "claiming.spread")
    pair = (policies["generous"], policies["current"])
    assert one_at_a_time(scenario, cases, *pair, names=asked).names == ("claiming.spread",)
    with_them = one_at_a_time(scenario, cases, *pair, names=asked, include_chosen=True)
    row = with_them.tornado().set_index("assumption").loc["shop.cases_per_year"]
    assert 2_000 < row["low_value"] < row["high_value"] < 200_000
    two = {name: policies[name] for name in ("generous", "current")}
    brute = net_values(scenario, cases, two, "shop.cases_per_year", row["high_value"])
    assert row["difference_high"] == pytest.approx(brute["generous"][0] - brute["current"][0])
    with pytest.raises(InputError, match="no assumption is left"):
        one_at_a_time(scenario, cases, *pair, names=asked[:1])


def test_columns_of_a_log_do_not_move(scenario, policies):
    table = pd.DataFrame({"failure": ["wrong_item"] * 3, "item_price": [20, 50, 90], "future_value": [100, 40, 250]})
    pair, names = (policies["generous"], policies["current"]), ["shop.unit_cost_share"]
    filled = one_at_a_time(scenario, read_cases(table, scenario), *pair, names=names)
    unmoved = one_at_a_time(
        scenario, read_cases(table.assign(unit_cost=10, salvage_value=4), scenario), *pair, names=names
    )
    assert np.ptp(filled.net_value[..., 0]) > 0
    assert np.ptp(unmoved.net_value[..., 0]) == pytest.approx(0, abs=1e-6)


def test_what_cannot_be_used(scenario, cases, policies):
    with pytest.raises(InputError, match="compared with itself"):
        one_at_a_time(scenario, cases, policies["current"], policies["current"])
    with pytest.raises(InputError, match="unknown assumption"):
        one_at_a_time(scenario, cases, policies["generous"], policies["current"], names=["claiming.spred"])


def test_progress_is_reported(scenario, cases, policies):
    reports = []
    one_at_a_time(
        scenario, cases, policies["generous"], policies["current"], names=["claiming.spread"],
        on_progress=lambda *report: reports.append(report),
    )  # fmt: skip
    words = "Moving one assumption at a time"
    assert reports == [(words, 1, 2), (words, 2, 2)]
