"""A table of all that may be chosen comes to what evaluation comes to."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim import ASK, NO_LIMIT, Lever, evaluate, load_policy, load_scenario
from policy_sim.assumptions import Scenario
from policy_sim.policy import Policy
from policy_sim.study import Sample, prepare
from policy_sim.value import Payoffs, choice_table
from policy_sim.value.handling import limits_in_cents
from policy_sim.words import LIMITS, MEASURES


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    whole = load_scenario("online_retail")
    # shares of styles that no draw moves, nobody waiting: then means may be taken apart
    fixed = {
        f"{tier}.{style}_share": share for tier in whole.tiers for style, share in (("generous", 0.3), ("thrifty", 0.1))
    }
    changed = {
        group: {
            name: each.model_copy(
                update={"distribution": "chosen", "value": fixed[f"{group}.{name}"], "range": (0.0, 0.5)}
            )
            if f"{group}.{name}" in fixed
            else each
            for name, each in members.items()
        }
        for group, members in whole.assumptions.items()
    }
    return whole.model_copy(update={"assumptions": changed}).with_values({"queue.staff": 1000.0})


@pytest.fixture(scope="module")
def payoffs(scenario: Scenario) -> Payoffs:
    return prepare(scenario, sample=Sample(cases=250, draws=9, seed=3)).payoffs


def policies(policy: Policy, count: int) -> list[Policy]:
    rng = np.random.default_rng(5)
    found = []
    for _ in range(count):
        drawn = policy
        for limit in LIMITS:
            low, high = np.sort(rng.choice([ASK, 0.0, 5.0, 12.5, 20.0, 35.0, 60.0, 150.0, NO_LIMIT], 2))
            drawn = drawn.with_limit(Lever("agent", limit), low).with_limit(Lever("lead", limit), high)
        if rng.random() < 0.5:
            drawn = drawn.with_limit(Lever("agent", "refund", failure="wrong_item"), 17.0)
        found.append(drawn)
    return found


def test_a_table_comes_to_what_evaluation_comes_to(scenario: Scenario, payoffs: Payoffs) -> None:
    policy = load_policy("current", scenario)
    for each in policies(policy, 12):
        table = choice_table(each, payoffs)
        outcome = evaluate(each, payoffs)
        found = dict(zip(MEASURES, table.evaluate(limits_in_cents(each, payoffs)[:-1]), strict=True))
        for name in MEASURES:
            assert found[name] == pytest.approx(outcome.per_case(name).mean(), rel=1e-6, abs=1e-9), name


def test_one_table_serves_many_limits(scenario: Scenario, payoffs: Payoffs) -> None:
    policy = load_policy("current", scenario)
    table = choice_table(policy, payoffs)
    for each in policies(policy, 12):
        found = dict(zip(MEASURES, table.evaluate(limits_in_cents(each, payoffs)[:-1]), strict=True))
        outcome = evaluate(each, payoffs)
        assert found["remedy_cost"] == pytest.approx(outcome.per_case("remedy_cost").mean(), rel=1e-6)
        assert found["customers_kept"] == pytest.approx(outcome.per_case("customers_kept").mean(), rel=1e-6)
