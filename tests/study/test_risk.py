"""Risk by hand, and the error from the sample of cases against every case scored on its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policy_sim.assumptions import central, load_scenario
from policy_sim.border import InputError
from policy_sim.policy import load_policy
from policy_sim.study import Errors, Sample, case_error, net_benefits, prepare, risk_table, spread_of_cases
from policy_sim.value import compare, evaluate, measure, measures_by_case, value_cases
from policy_sim.words import MEASURES


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("online_retail")


@pytest.fixture(scope="module")
def payoffs(scenario):
    return prepare(scenario, sample=Sample(cases=300, draws=50, seed=5)).payoffs


@pytest.fixture(scope="module")
def outcomes(scenario, payoffs):
    return [evaluate(load_policy(name, scenario), payoffs) for name in ("current", "ask_first", "generous")]


def made_up(outcome, yearly):
    """An outcome with these net values a year in each draw."""
    sums = np.zeros((1, 1, len(MEASURES), len(yearly)))
    sums[0, 0, MEASURES.index("retained")] = yearly
    count = int(outcome.payoffs.scenario.value("shop.cases_per_year"))
    surely = replace(outcome.groups, sums=0 * outcome.groups.sums)  # as if the cases were all there are
    return replace(outcome, sums=sums, counts=np.array([[count]]), groups=surely)


def test_by_hand(outcomes):
    base = made_up(outcomes[0], np.array([0.0, 10.0, 20.0, 30.0, 40.0]))
    ahead = made_up(outcomes[1], np.array([1.0, 12.0, 23.0, 34.0, 45.0]))
    mixed = made_up(outcomes[2], np.array([1.0, 0.0, 30.0, 0.0, 49.0]))
    table = risk_table([base, ahead, mixed], base, tail=0.3)
    assert table["net_value"].tolist() == pytest.approx([20, 23, 16])
    assert table["difference"].tolist() == pytest.approx([0, 3, -4])
    assert table["verdict"].tolist() == ["in force", "better", "cannot be told apart"]
    # best in each draw: both, second, third, second, third
    assert table["chance_best"].tolist() == pytest.approx([0, 0.5, 0.5])
    # the worst 1.5 draws: the worst one, and half of the next
    assert table["cvar"].tolist() == pytest.approx([10 * 0.5 / 1.5, (1 + 12 * 0.5) / 1.5, 0])
    assert table["mean_regret"].tolist() == pytest.approx([(1 + 2 + 10 + 4 + 9) / 5, (7 + 4) / 5, (12 + 34) / 5])
    assert table["largest_regret"].tolist() == pytest.approx([10, 7, 34])
    assert table["difference_low"][1] == pytest.approx(np.quantile([1, 2, 3, 4, 5], 0.05))


def test_it_is_what_comparing_says(outcomes):
    table = risk_table(outcomes, outcomes[0]).set_index("policy")
    assert list(table.index) == ["current", "ask_first", "generous"]
    for outcome in outcomes[1:]:
        difference = compare(outcome, outcomes[0])
        row = table.loc[outcome.policy.name]
        assert row["difference"] == pytest.approx(difference.per_year().mean())
        assert (row["verdict"] in ("better", "worse")) == difference.told_apart()
    assert table["chance_best"].sum() == pytest.approx(1)
    np.testing.assert_allclose(net_benefits(outcomes).mean(axis=0), table["net_value"])
    lows = np.quantile(net_benefits(outcomes), 0.05, axis=0)
    assert (table["cvar"] <= lows + 1e-6).sum() >= 2
    assert (table["net_value_low"] < lows).all()
    assert (table["mean_regret"] >= 0).all()


def test_a_worse_policy_is_called_worse(outcomes):
    base = made_up(outcomes[0], np.arange(5.0))
    assert risk_table([base, made_up(outcomes[1], np.arange(5.0) - 1)], base)["verdict"][1] == "worse"


@pytest.mark.parametrize("names", [("generous", "current"), ("ask_first", "generous")])
def test_error_of_cases_is_that_of_each_case_on_its_own(payoffs, scenario, names):
    new, base = (evaluate(load_policy(name, scenario), payoffs) for name in names)
    mine, other = (measure(measures_by_case(outcome.policy, payoffs), "net_value") for outcome in (new, base))
    errors = case_error(new, base)
    assert errors.difference == pytest.approx(compare(new, base).per_year().mean())
    assert errors.difference == pytest.approx(20_000 * (mine - other).mean())
    # of 64 random groups of customers, the error is known within a ninth or so
    alone = 20_000 * np.sqrt((mine - other).var(axis=0, ddof=1).mean() / 300)
    assert errors.from_cases == pytest.approx(alone, rel=0.3)
    assert errors.from_assumptions == pytest.approx(compare(new, base).per_year().std(ddof=1))


def test_other_cases_scatter_by_that_error(scenario):
    new, base = (load_policy(name, scenario) for name in ("generous", "current"))
    gains, errors = [], []
    cases = prepare(scenario, sample=Sample(cases=6000, draws=1, seed=8)).payoffs.cases
    for first in range(0, 6000, 200):
        payoffs = value_cases(scenario, cases.take(slice(first, first + 200)), central(scenario))
        outcome, other = (evaluate(policy, payoffs) for policy in (new, base))
        parts = case_error(outcome, other)
        gains.append(parts.difference)
        errors.append(parts.from_cases)
        assert parts.from_assumptions == 0
    assert np.std(gains, ddof=1) == pytest.approx(np.mean(errors), rel=0.35)


def test_more_cases_matter_where_their_error_is_large():
    assert Errors(1.0, 4.0, 6.0).cases_matter
    assert not Errors(1.0, 1.0, 6.0).cases_matter


def test_spread_of_cases(outcomes):
    outcome = outcomes[0]
    values, chance_kept = outcome.payoffs.cases.future_value, outcome.per_case("customers_kept").mean()
    rng = np.random.default_rng(1)
    lived = rng.choice(values, 400_000) * (rng.random(400_000) < chance_kept)
    assert spread_of_cases(outcome) == pytest.approx(lived.std(), rel=0.02)


def test_what_cannot_be_used(outcomes, scenario, payoffs):
    other = prepare(scenario, sample=Sample(cases=20, draws=50, seed=6)).payoffs
    stranger = evaluate(load_policy("current", scenario), other)
    with pytest.raises(InputError, match="different payoffs"):
        risk_table([*outcomes, stranger], outcomes[0])
    with pytest.raises(InputError, match="no outcome"):
        net_benefits([])
    with pytest.raises(InputError, match="tail is 0"):
        risk_table(outcomes, outcomes[0], tail=0)
    alone = value_cases(scenario, payoffs.cases.take(slice(0, 1)), central(scenario))
    single = [evaluate(load_policy(name, scenario), alone) for name in ("current", "generous")]
    with pytest.raises(InputError, match="one case only"):
        case_error(*single)
