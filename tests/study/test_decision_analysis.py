"""The study as a whole holds what its parts say."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError
from policy_sim.policy import load_policy
from policy_sim.study import (
    Sample,
    analyse_decision,
    case_error,
    evpi,
    net_benefits,
    one_at_a_time,
    pilot_for_share,
    prepare,
    spread_of_cases,
    thinned,
)
from policy_sim.study.information import pilot_for_mean
from policy_sim.value import compare, evaluate


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("online_retail")


@pytest.fixture(scope="module")
def payoffs(scenario):
    return prepare(scenario, sample=Sample(cases=300, draws=60, seed=2)).payoffs


@pytest.fixture(scope="module")
def policies(scenario):
    return {name: load_policy(name, scenario) for name in ("current", "generous", "ask_first")}


@pytest.fixture(scope="module")
def matters(payoffs, policies):
    return analyse_decision(payoffs, policies["generous"], policies["current"], [policies["ask_first"]], 200)


def test_parts(payoffs, policies, matters):
    new, base = (evaluate(policies[name], payoffs) for name in ("generous", "current"))
    assert [outcome.policy.name for outcome in matters.outcomes] == ["current", "ask_first", "generous"]
    assert matters.errors == case_error(new, base)
    assert matters.evpi == evpi(net_benefits(matters.outcomes))
    # not knowing costs what the best policy regrets
    assert matters.evpi.value == pytest.approx(matters.risk["mean_regret"].min())
    assert matters.runner_up.name in ("current", "ask_first")
    assert matters.sensitivity.case_count == 200
    ranked = matters.evppi if matters.evppi["evppi"][0] > 0 else matters.sensitivity.tornado()
    assert matters.pilot_on == ranked["assumption"][0]
    assert set(matters.evppi["assumption"]) == set(matters.sensitivity.names)
    alone = one_at_a_time(
        payoffs.scenario, thinned(payoffs, 200, 1).cases, new.policy, base.policy, names=["claiming.spread"]
    )
    row, same = (
        analysis.tornado().set_index("assumption").loc["claiming.spread"] for analysis in (matters.sensitivity, alone)
    )
    assert row["swing"] == pytest.approx(same["swing"])


def test_pilots(payoffs, matters):
    plans = matters.pilots.set_index(["about", "outcome", "weeks"])
    new, base = matters.outcomes[-1], matters.outcomes[0]
    gain = compare(new, base)
    at = {"cases_per_agent_week": 40.0, "weeks": 13.0}
    by_share = pilot_for_share(
        float(base.per_case("customers_kept").mean()), float(gain.per_case("customers_kept").mean()), **at
    )
    net = pilot_for_mean(spread_of_cases(base), float(gain.per_case().mean()), **at)
    assert plans.loc[("gain", "customers_kept", 13), "agents"] == by_share.agents
    assert plans.loc[("gain", "net_value", 13), "cases"] == net.cases
    assert plans.loc[("gain", "net_value", 13), "cases_there_are"] == round(20_000 * 13 * 7 / 365.25)
    row = matters.sensitivity.tornado().set_index("assumption").loc[matters.pilot_on]
    swing = plans.loc[(matters.pilot_on, "net_value", 4), "difference"]
    assert abs(swing) == pytest.approx(row["swing"] / 20_000)


def test_the_same_policy_once(payoffs, policies):
    reports = []
    study = analyse_decision(
        payoffs, policies["generous"], policies["current"], list(policies.values()), 50,
        on_progress=lambda *report: reports.append(report),
    )  # fmt: skip
    assert [outcome.policy.name for outcome in study.outcomes] == ["current", "ask_first", "generous"]
    steps = [
        *["Evaluating policies"] * 3,
        "Separating the sources of error",
        "Moving one assumption at a time",
        "Working out what is worth knowing",
    ]
    assert reports == [*((words, done, 6) for done, words in enumerate(steps)), (steps[-1], 6, 6)]


def test_what_cannot_be_used(payoffs, policies):
    with pytest.raises(InputError, match="compared with itself"):
        analyse_decision(payoffs, policies["current"], policies["current"])
    with pytest.raises(InputError, match="in a week are 0"):
        analyse_decision(payoffs, policies["generous"], policies["current"], cases_per_agent_week=0)


def test_thinned(payoffs, policies):
    fewer = thinned(payoffs, 100, 7)
    assert (len(fewer.cases), len(fewer.draws)) == (100, 7)
    np.testing.assert_array_equal(fewer.draws.values, payoffs.draws.values[:7])
    assert (fewer.cases.case[0], fewer.cases.case[-1]) == ("case-1", "case-300")
    assert thinned(payoffs, 300, 60) is payoffs
    # the errors of the customer models come along
    first = thinned(payoffs, 300, 7)
    np.testing.assert_allclose(
        evaluate(policies["current"], first).per_case(), evaluate(policies["current"], payoffs).per_case()[:7]
    )
    with pytest.raises(InputError, match="number of draws to keep is 0"):
        thinned(payoffs, 10, 0)
