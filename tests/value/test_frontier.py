"""Frontier: concave, never below a policy placed beside it, the hull against a plain one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_sim.border import InputError
from policy_sim.policy import load_policy, load_shipped_policies
from policy_sim.value import evaluate
from policy_sim.value.frontier import frontier, upper_hull
from policy_sim.words import SPARED


@pytest.mark.parametrize("over", list(SPARED))
def test_it_is_concave_and_nothing_lies_above_it(scenario, shipped_payoffs, over):
    policy = load_policy("current", scenario)
    found = frontier(policy, shipped_payoffs, over, beside=load_shipped_policies(scenario, besides=policy))
    spared = np.array([each.per_case(SPARED[over].outcome).mean() for each in found.outcomes])
    net = np.array([each.per_case().mean() for each in found.outcomes])
    assert (np.diff(spared) > 0).all()
    assert (np.diff(net) > 0).all()
    assert (np.diff(found.prices) < 1e-9).all()
    for other in found.beside:
        x, y = other.per_case(SPARED[over].outcome).mean(), other.per_case().mean()
        if spared[0] <= x <= spared[-1]:
            # a cent: corners are polished, what lies between them is a mixture
            assert y <= np.interp(x, spared, net) + 0.05
    table = found.to_frame()
    assert table["on_frontier"].sum() == len(found.outcomes)
    np.testing.assert_allclose(table["net_value"][0], found.outcomes[0].per_year().mean())


def test_policies_of_the_frontier_are_in_order(scenario, shipped_payoffs):
    found = frontier(load_policy("current", scenario), shipped_payoffs, points=4)
    for outcome in found.outcomes:
        outcome.policy.check_order(scenario.failures, [each.name for each in scenario.segments], "frontier")
        np.testing.assert_array_equal(evaluate(outcome.policy, shipped_payoffs).sums, outcome.sums)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=30))
def test_hull_against_every_mixture(points):
    x, y = np.array(points, dtype=float).T
    corners = upper_hull(x, y)
    assert (np.diff(x[corners]) > 0).all()
    assert (np.diff(y[corners]) > 0).all()
    assert y[corners[-1]] == y.max()
    assert x[corners[0]] == x.min()
    assert (y <= np.interp(x, x[corners], y[corners]) + 1e-9).all()


def test_unknown_quantity(scenario, shipped_payoffs):
    with pytest.raises(InputError, match=r"unknown quantity to spare 'budgt' \(did you mean 'budget'\?\)"):
        frontier(load_policy("current", scenario), shipped_payoffs, "budgt")


@pytest.mark.parametrize("points", [1, 0, -3])
def test_a_frontier_has_two_ends(scenario, shipped_payoffs, points):
    with pytest.raises(InputError, match=f"a frontier of {points} policies has no two ends; ask for 2 or more"):
        frontier(load_policy("current", scenario), shipped_payoffs, points=points)
