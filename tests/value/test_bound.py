"""Bounds of what limits bring: true on random small settings, by every vector of limits; exact where nothing is open."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from policy_sim.policy import ASK, NO_LIMIT, Lever, load_policy
from policy_sim.value import best_limits, evaluate
from policy_sim.value.bound import bound_limits
from policy_sim.value.search import Search, moving_levers
from policy_sim.words import LIMITS, MOVED

SETTINGS = [(("refund", "credit"), ("agent",)), (("keep_item",), None), (("replacement", "total_cost"), ("agent",))]


def all_vectors(policy, payoffs, levers):
    """Return the policy under every vector of limits at which anything may change, in order of the tiers."""
    axes = []
    for lever in levers:
        uses = payoffs.choice_sets.uses[payoffs.choice_sets.adequate][:, LIMITS.index(lever.limit)]
        axes.append([ASK, *(float(use) / 100 for use in np.unique(uses) if use >= 0), NO_LIMIT])
    for amounts in itertools.product(*axes):
        tried = policy
        for lever, amount in zip(levers, amounts, strict=True):
            tried = tried.with_limit(lever, amount)
        if all(
            low <= tried.limit(lever.tier, lever.limit) <= high
            for lever in levers
            for low, high in [tried.bounds(lever)]
        ):
            yield tried


@pytest.mark.parametrize(("limits", "tiers"), SETTINGS)
def test_no_vector_of_limits_brings_more(payoffs, random_policy, limits, tiers):
    rng = np.random.default_rng(61)
    few = payoffs.take(rng.choice(len(payoffs.cases), 6, replace=False))
    policy = random_policy(rng, few)
    while policy.tier_names[0] != "agent":
        policy = random_policy(rng, few)
    policy = policy.model_copy(update={"exceptions": policy.exceptions[:1]})
    levers = moving_levers(policy, limits, tiers)
    search = Search.of(policy, few, limits, {})
    priced = Search(search.expected, {}, {"remedy_cost": 0.3, "supervisor_minutes": 0.2})
    for one in (search.idle(policy), priced):
        vectors = list(itertools.islice(all_vectors(policy, few, levers), 600))
        highest = max(map(one.value, vectors), default=one.value(policy))
        bound = bound_limits(policy, one, levers, passes=10_000, near_enough=0.0)
        assert bound.value >= highest - 1e-9 * abs(highest)
        # and it is reached: by what it came across, which keeps the tiers in order unless what was given did not
        assert max(one.value(bound.at), one.value(policy)) == pytest.approx(bound.value, rel=1e-9)
        hasty = bound_limits(policy, one, levers, passes=3, near_enough=0.0)
        assert hasty.value >= bound.value - 1e-9 * abs(bound.value)


def test_what_is_found_is_within_its_bound(scenario, shipped_payoffs):
    policy = load_policy("current", scenario)
    best = best_limits(policy, shipped_payoffs, MOVED[:-1])
    assert best.found == pytest.approx(evaluate(best.policy, shipped_payoffs).per_case().mean(), rel=1e-9)
    assert best.found <= best.bound
    # of what they gain over the policy in force, little is left open
    before = evaluate(policy, shipped_payoffs).per_case().mean()
    assert best.bound - best.found < 0.1 * (best.found - before)


def test_free_and_instant_supervisors_are_asked_everything(scenario, random_cases):
    # whoever decides last chooses best: where asking costs nothing, nothing beats it
    from policy_sim.assumptions import draw_assumptions
    from policy_sim.value import value_cases

    free = scenario.with_values(
        {
            f"{tier}.{name}": 0.0
            for tier in scenario.tiers[1:]
            for name in ("minutes", "wait_hours", "cost_per_minute", "lost_contact_share")
        }
    )
    draws = draw_assumptions(free, 8, 1)
    values = draws.values.copy()
    for name in free.assumption_names:
        if name.split(".")[0] in free.tiers[1:]:
            values[:, draws.names.index(name)] = 0.0
    payoffs = value_cases(free, random_cases(free, np.random.default_rng(4), 200), type(draws)(draws.names, values))
    policy = load_policy("current", free)
    asking = policy
    for lever in moving_levers(policy, MOVED, None):
        asking = asking.with_limit(lever, ASK)
    best = best_limits(policy, payoffs)
    found = evaluate(best.policy, payoffs).per_case().mean()
    assert found + best.forgone >= evaluate(asking, payoffs).per_case().mean() - 1e-9
    # nor is "ask" refused where what goes up is worth more there
    assert (
        best.policy.limit("agent", "total_cost") == ASK or found >= evaluate(asking, payoffs).per_case().mean() - 1e-9
    )
    assert Lever("agent", "total_cost") not in best.not_asking
