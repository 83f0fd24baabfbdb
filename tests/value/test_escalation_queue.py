"""Escalation queue: the load is what the oracle counts, the wait reaches payoffs, curves meet `evaluate` under it."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim.assumptions import draw_assumptions
from policy_sim.policy import Lever, load_policy
from policy_sim.value import evaluate, threshold_curve, value_cases
from policy_sim.value.curves import stages_of_lever
from policy_sim.value.escalation_queue import WaitNodes, escalation_queue, hours_waited_along, supervisor_minutes
from policy_sim.value.handling import policy_arrays_of
from policy_sim.words import LIMITS, OUTCOMES


@pytest.fixture(scope="module", params=[(2, 700.0), (1, 400.0), (5, 60.0)], ids=["busy", "overloaded", "a few hours"])
def short_of_staff(request, scenario, random_cases):
    """Valued cases of a service whose supervisors have too little time."""
    staff, hours = request.param
    scarce = scenario.with_values({"queue.staff": staff, "queue.hours_per_year": hours})
    return value_cases(scarce, random_cases(scarce, np.random.default_rng(4), 120), draw_assumptions(scarce, 5, 3))


def test_agrees_with_the_oracle(short_of_staff, random_policy, oracle):
    rng = np.random.default_rng(6)
    for _ in range(3):
        policy = random_policy(rng, short_of_staff)
        outcome = evaluate(policy, short_of_staff)
        expected = oracle.evaluate_plainly(policy, short_of_staff, LIMITS)
        for name in OUTCOMES:
            np.testing.assert_allclose(outcome.per_case(name), expected[name], rtol=1e-9, atol=1e-9)


def test_curves_meet_evaluate(short_of_staff, random_policy, random_lever, random_limit):
    rng = np.random.default_rng(8)
    for _ in range(6):
        policy = random_policy(rng, short_of_staff)
        lever = random_lever(rng, policy, short_of_staff)
        curve = threshold_curve(evaluate(policy, short_of_staff), lever)
        points = curve.cents[curve.cents >= 0] if (curve.cents >= 0).any() else np.array([1000])
        for limit in (random_limit(rng, points), rng.choice(points) / 100):
            expected = evaluate(policy.with_limit(lever, limit), short_of_staff)
            # a thousandth of a cent a case: what waits is followed by a polynomial in the load
            np.testing.assert_allclose(curve.at(limit), expected.per_case(), atol=1e-5)
            np.testing.assert_allclose(
                curve.at(limit, "customers_kept"), expected.per_case("customers_kept"), atol=1e-6
            )


def test_more_to_decide_for_agents_empties_the_line(short_of_staff):
    scenario = short_of_staff.scenario
    asking, generous = (evaluate(load_policy(name, scenario), short_of_staff) for name in ("ask_first", "generous"))
    assert (asking.queue.occupancy >= generous.queue.occupancy - 1e-9).all()
    assert (asking.queue.mean_wait_hours > generous.queue.mean_wait_hours).all()
    assert (asking.per_case("supervisor_minutes") > generous.per_case("supervisor_minutes")).all()


def test_waiting_for_it_loses_customers(scenario, random_cases):
    cases = random_cases(scenario, np.random.default_rng(4), 120)
    kept = []
    for hours in (10_000.0, 300.0, 100.0):
        scarce = scenario.with_values({"queue.staff": 1, "queue.hours_per_year": hours})
        payoffs = value_cases(scarce, cases, draw_assumptions(scarce, 3, 3))
        outcome = evaluate(load_policy("ask_first", scarce), payoffs)
        kept.append(outcome.per_case("customers_kept").mean())
    assert kept == sorted(kept, reverse=True)
    assert outcome.queue.is_overloaded.all()


def test_with_supervisors_enough_nothing_changes(shipped_payoffs):
    lever = Lever("agent", "refund")
    policy = load_policy("current", shipped_payoffs.scenario)
    outcome, other = (evaluate(each, shipped_payoffs) for each in (policy, policy.with_limit(lever, 60.0)))
    assert (outcome.queue.mean_wait_hours < 1e-12).all()
    np.testing.assert_allclose(threshold_curve(outcome, lever).at(60.0), other.per_case(), rtol=1e-12)


def test_hours_along_a_limit_are_those_of_the_queue(short_of_staff, random_policy, random_lever):
    rng = np.random.default_rng(9)
    for _ in range(6):
        policy = random_policy(rng, short_of_staff)
        lever, rules = random_lever(rng, policy, short_of_staff), policy_arrays_of(policy, short_of_staff)
        assignments, steps = stages_of_lever(policy, short_of_staff, lever, rules)
        changes = supervisor_minutes(short_of_staff, rules.style, assignments, len(steps))
        minutes = np.cumsum(changes, axis=0) / len(short_of_staff.cases)
        expected = escalation_queue(short_of_staff, minutes).mean_wait_hours
        np.testing.assert_allclose(hours_waited_along(short_of_staff, minutes), expected, rtol=1e-7, atol=1e-4)


@pytest.mark.parametrize(("span", "count"), [(0.0, 1), (0.001, 2), (0.5, 4), (8.0, 7), (60.0, 8)])
def test_nodes_of_a_wait_have_every_polynomial_of_their_number(span, count):
    low, high = np.array([0.1, 3.0]), np.array([0.1, 3.0 + span])
    nodes = WaitNodes.between(low, high)
    assert len(nodes.places) == count
    wait = low + (high - low) * np.linspace(0, 1, 7)[:, None]
    weights = nodes.weights(wait)
    np.testing.assert_allclose(weights.sum(axis=0), 1.0, rtol=1e-12)
    for power in range(count):
        at_nodes, expected = ((hours - low) / (high - low + 1) for hours in (nodes.hours[:, None], wait))
        found = (weights * at_nodes**power).sum(axis=0)
        np.testing.assert_allclose(found, expected**power, atol=1e-12)
    # part of the draws: the same
    np.testing.assert_array_equal(nodes.weights(wait, slice(1, 2)), weights[..., 1:])
    # where few wait, fewer nodes are as good
    assert len(WaitNodes.between(low, high, 1e-4).places) <= count
