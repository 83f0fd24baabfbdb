"""Bounds of what limits bring: true on random small settings, held against every vector of limits; exact at the end."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from policy_sim.assumptions import draw_assumptions
from policy_sim.policy import ASK, NO_LIMIT, Lever, load_policy
from policy_sim.value import best_limits, evaluate, value_cases
from policy_sim.value.bound import bound_limits
from policy_sim.value.evaluation import measure
from policy_sim.value.handling import Handling
from policy_sim.value.scoring import measures_by_case
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
    advised = evaluate(best.policy, shipped_payoffs).per_case().mean()
    assert best.found - best.forgone == pytest.approx(advised, rel=1e-9)
    assert best.found <= best.bound
    # of what they gain over the policy in force, little is left open
    before = evaluate(policy, shipped_payoffs).per_case().mean()
    assert best.bound - best.found < 0.2 * (best.found - before)


def test_free_and_instant_supervisors_are_asked_everything(scenario, random_cases):
    # whoever decides last chooses best: where asking costs nothing, nothing beats it
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


def test_ask_is_not_advised_where_nobody_would_be_asked(scenario, with_styles, random_cases):
    # generous agents take the remedy that is worth most: "ask" for one keeps them from it, and nothing goes up
    generous = with_styles(scenario, 0.8, 0.0)
    payoffs = value_cases(
        generous, random_cases(generous, np.random.default_rng(8), 150), draw_assumptions(generous, 4)
    )
    policy = load_policy("generous", generous)
    best = best_limits(policy, payoffs, ("refund", "replacement"))
    before, after = best.found, evaluate(best.policy, payoffs).per_case().mean()
    assert after == pytest.approx(before - best.forgone, rel=1e-9)
    everything = Handling.of(best.policy, payoffs).tier
    for limit in ("refund", "replacement"):
        lever = Lever("agent", limit)
        opened = best.policy.with_limit(lever, best.policy.bounds(lever)[1])
        goes_up = everything > Handling.of(opened, payoffs).tier
        if best.policy.limit("agent", limit) == ASK:
            # what is asked is worth asking
            asked, free = (measures_by_case(one, payoffs) for one in (best.policy, opened))
            gain = measure(asked, "net_value")[goes_up].mean(axis=1) - measure(free, "net_value")[goes_up].mean(axis=1)
            assert gain.sum() > 0
        else:
            assert lever not in best.not_asking or best.policy.limit("agent", limit) > 0
    assert best.not_asking  # the setting has some


def test_the_best_lies_in_its_stretch_and_that_in_the_joint_one(scenario, shipped_payoffs):
    policy = load_policy("current", scenario)
    spent = evaluate(policy, shipped_payoffs).per_year("remedy_cost").mean()
    for wish in ({}, {"round_to": 5.0}, {"budget": 1.05 * spent}):
        best = best_limits(policy, shipped_payoffs, ("credit", "refund", "keep_item"), **wish)
        for lever, (low, high) in best.regions.items():
            assert low <= best.policy.limit(lever.tier, lever.limit) < high or high == NO_LIMIT
            joint_low, joint_high = best.joint_regions.get(lever, (low, high))
            assert joint_low <= low
            assert joint_high >= high
