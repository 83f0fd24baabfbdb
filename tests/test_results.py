"""Results know themselves: each has a table, and plain data that JSON can hold, without infinite numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import Scenario, load_scenario
from policy_sim.evidence import simulate_log
from policy_sim.policy import ASK, NO_LIMIT, Lever, Policy, authority, load_policy
from policy_sim.policy.decision import decision_of
from policy_sim.publish import Conformity, check, difference, policy_changes
from policy_sim.study import (
    InformationValue,
    Pilot,
    Sample,
    Setting,
    analyse_decision,
    case_error,
    find_optimum,
    load_story,
    one_at_a_time,
    prepare,
    recommend,
    replay,
    study_playbook,
)
from policy_sim.study.journey import follow_customers
from policy_sim.sweep.discovery import Box, Discovery
from policy_sim.sweep.folder import SweepEstimate, SweepSummary
from policy_sim.sweep.many_cases import CandidateCurve
from policy_sim.value import (
    best_limits,
    compare,
    decision_change,
    evaluate,
    find_gap,
    frontier,
    keep_or_return,
    threshold_curve,
)

LEVER = Lever("agent", "credit")


class World:
    """Two policies and a small setting, made once."""

    def __init__(self) -> None:
        self.scenario: Scenario = load_scenario("online_retail")
        self.setting: Setting = prepare(self.scenario, sample=Sample(cases=200, draws=24, seed=1))
        self.policy, self.other = (load_policy(name, self.scenario) for name in ("current", "generous"))
        self.payoffs = self.setting.payoffs
        self.outcomes = [evaluate(policy, self.payoffs) for policy in (self.policy, self.other)]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def _broken(policy: Policy) -> Policy:
    return policy.model_copy(update={"tiers": (policy.tiers[1], policy.tiers[0], policy.tiers[2])})


BOX = Box({"agent.refund": (1.0, 2.0), "scenario": ("one", "two")}, 0.5, 0.6, 0.7, "words")
RESULTS: dict[str, Callable[[World], Any]] = {
    "outcome": lambda world: world.outcomes[0],
    "difference": lambda world: compare(*world.outcomes[::-1]),
    "curve": lambda world: threshold_curve(world.outcomes[0], LEVER),
    "best limits": lambda world: best_limits(world.policy, world.payoffs, ("credit",)),
    "frontier": lambda world: frontier(world.policy, world.payoffs, limits=("credit",), points=2),
    "keep or return": lambda world: keep_or_return(world.payoffs, "wrong_item"),
    "recommendation": lambda world: recommend(world.policy, world.payoffs, [world.other]),
    "optimum": lambda world: find_optimum(world.policy, world.payoffs, limits=("credit",), tiers=("agent",)),
    "held out": lambda world: find_optimum(world.policy, world.payoffs, limits=("credit",), tiers=("agent",)).held_out,
    "gap": lambda world: find_gap(world.policy, world.payoffs),
    "playbook": lambda world: study_playbook(world.policy, world.payoffs, 1, 0, limits="given"),
    "decision analysis": lambda world: analyse_decision(world.payoffs, world.other, world.policy, cases_at_a_time=40),
    "sensitivity": lambda world: one_at_a_time(
        world.scenario, world.payoffs.cases.take(np.arange(20)), world.other, world.policy
    ),
    "errors": lambda world: case_error(*world.outcomes),
    "worth": lambda world: InformationValue(1.0, 0.5),
    "pilot": lambda world: Pilot(10, 4.0, 400, 300, 1.2, 6, 0.1),
    "story": lambda world: replay(load_story("wrong_dresses"), draws=10),
    "keep until": lambda world: replay(load_story("wrong_dresses"), draws=10).keep,
    "journey": lambda world: follow_customers(world.setting, [world.policy], months=2, count=50)[0],
    "sweep": lambda world: SweepSummary(world.scenario.name, 3, 3, 0, 1, 0, False, ("one error",)),  # type: ignore[arg-type]
    "foresight": lambda world: SweepEstimate(3, 0, 1, 2.0, 100.0),
    "box": lambda world: BOX,
    "discovery": lambda world: Discovery("Bad", 0.2, 100, (BOX,)),
    "curve over many cases": lambda world: CandidateCurve(
        world.policy, world.scenario, LEVER, np.array([ASK, 5.0]), np.ones((2, 8, 4))
    ),
    "finding": lambda world: check(_broken(world.policy), world.scenario)[0],
    "conformity": lambda world: Conformity("engine", 10, 1, 10),
    "simulated log": lambda world: simulate_log(world.scenario, world.policy, cases=20),
    "difference in rules": lambda world: difference(world.policy, world.other, world.scenario),
    "what changes": lambda world: policy_changes(world.policy, world.other, world.scenario, world.payoffs),
    "change": lambda world: policy_changes(world.policy, world.other, world.scenario).changes[0],
    "decision change": lambda world: decision_change(world.other, world.policy, world.payoffs),
    "step": lambda world: difference(world.policy, world.other, world.scenario).steps[0],
    "authority": lambda world: authority(world.policy, "wrong_item", "loyal", {}),
    "limit in force": lambda world: authority(world.policy, "wrong_item", "loyal", {}).limits["manager"]["credit"],
    "decision": lambda world: decision_of(authority(world.policy, "wrong_item", "loyal", {}), "credit", 5.0),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_a_table_and_plain_data(name: str, world: World) -> None:
    result = RESULTS[name](world)
    table, content = result.to_frame(), result.to_dict()
    assert isinstance(table, pd.DataFrame)
    assert not table.empty
    assert json.loads(json.dumps(content, allow_nan=False))


def test_a_setting_says_what_it_rests_on(world: World) -> None:
    content = world.setting.to_dict()
    assert (content["cases"], content["draws"], content["seed"]) == (200, 24, 1)
    assert json.loads(json.dumps(content, allow_nan=False))["customers"]["count"] == 2357


def test_limits_stand_as_in_files(world: World) -> None:
    curve = threshold_curve(world.outcomes[0], LEVER)
    assert curve.limits[0] == ASK
    assert curve.to_dict()["steps"][0]["limit"] is None  # type: ignore[index]
    region = keep_or_return(world.payoffs, "wrong_item")
    assert region.to_dict()["simulated_until"] == (
        "no_limit" if region.simulated_until == NO_LIMIT else region.simulated_until
    )
