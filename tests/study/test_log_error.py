"""The error of the log: its customers drawn anew; what the draws hold already is not counted twice."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.policy import load_policy
from policy_sim.study import Sample, case_error, prepare
from policy_sim.study.log_error import _drawn_again, error_of_log
from policy_sim.study.optimum import find_optimum
from policy_sim.value import evaluate, groups_of


@pytest.fixture(scope="module")
def setting():
    return prepare(load_scenario("online_retail"), sample=Sample(cases=400, draws=12, seed=1))


def test_a_log_drawn_again_is_whole_customers(setting):
    log = setting.customers.transactions
    again = _drawn_again(log, np.random.default_rng(3))
    assert len(again.labels) == len(log.labels) == len(np.unique(again.labels))
    orders = {
        tuple(zip(one.date[one.customer == k], one.amount[one.customer == k], strict=True))
        for one in (log,)
        for k in range(len(log.labels))
    }
    for k in range(0, len(again.labels), 97):
        rows = again.customer == k
        assert tuple(zip(again.date[rows], again.amount[rows], strict=True)) in orders


def test_the_error_of_the_log_is_more_than_that_of_the_cases_drawn_from_it(setting):
    new, base = (load_policy(name, setting.scenario) for name in ("generous", "current"))
    outcomes = [evaluate(policy, setting.payoffs) for policy in (new, base)]
    # of some hundred cases the drawing of cases is most of it: both hold it
    of_log = error_of_log(setting.payoffs, setting.customers, new, base, logs=8)
    assert of_log > 0.5 * case_error(*outcomes).from_cases
    assert error_of_log(setting.payoffs, setting.customers, new, new, logs=3) == 0
    # a case log has no customers to draw
    assert np.isnan(case_error(*outcomes).from_log)


def test_halves_share_no_customer(setting):
    optimum = find_optimum(
        load_policy("current", setting.scenario), setting.payoffs, limits=("credit",), tiers=("agent",)
    )
    halves = [half.outcome.payoffs.cases for half in optimum.held_out.fitted]
    assert sum(map(len, halves)) == len(setting.payoffs.cases)
    assert not set(halves[0].buyer) & set(halves[1].buyer)
    assert groups_of(setting.payoffs.cases).units == len(np.unique(setting.payoffs.cases.buyer))
