"""What is kept from move to move gives what a policy worked out from nothing gives."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim.assumptions import draw_assumptions, load_scenario
from policy_sim.policy import ASK, NO_LIMIT, Lever, Playbook, PlaybookRule, Policy, load_policy, to_cents
from policy_sim.value import (
    MeanCurves,
    Places,
    RunningOutcome,
    evaluate,
    threshold_curve,
    threshold_curves,
    value_cases,
)
from policy_sim.value import mean_curves as module
from policy_sim.words import LIMITS, OUTCOMES

CASES, DRAWS, MOVES = 400, 9, 12


@pytest.fixture(scope="module", params=[2, 1000], ids=["a long queue", "nobody waits"])
def payoffs(request, random_cases):
    scenario = load_scenario("online_retail").with_values({"queue.staff": request.param})
    cases = random_cases(scenario, np.random.default_rng(5), CASES)
    return value_cases(scenario, cases, draw_assumptions(scenario, DRAWS, seed=3))


def moved(rng, policy: Policy) -> Policy:
    """Move one general limit of any tier but the last, anywhere."""
    lever = Lever(str(rng.choice(policy.tier_names[:-1])), LIMITS[rng.integers(len(LIMITS))])
    return policy.with_limit(lever, (ASK, NO_LIMIT, *rng.integers(0, 120, 6).astype(float))[rng.integers(8)])


def policies(rng, payoffs, random_policy):
    """Give policies as somebody moves through them: limits one by one, now and then another policy or playbook."""
    policy = random_policy(rng, payoffs)
    for n in range(MOVES):
        if n == MOVES // 3:
            rule = PlaybookRule(
                failure="wrong_item", give=("full_refund", "send_back"), when={"item_price": {"below": 60.0}}
            )
            policy = policy.model_copy(update={"playbook": Playbook(rules=(rule,))})
        if n == 2 * MOVES // 3:
            policy = random_policy(rng, payoffs)
        yield policy
        policy = moved(rng, policy)


@pytest.mark.parametrize("seed", range(4))
def test_a_running_outcome_is_the_outcome(payoffs, random_policy, seed):
    running = RunningOutcome(payoffs)
    for policy in policies(np.random.default_rng(seed), payoffs, random_policy):
        mine, exact = running.evaluate(policy), evaluate(policy, payoffs)
        size = np.abs(exact.sums).max()
        np.testing.assert_allclose(mine.sums, exact.sums, rtol=1e-9, atol=1e-11 * size)
        np.testing.assert_allclose(mine.groups.sums, exact.groups.sums, rtol=1e-9, atol=1e-11 * size)
        np.testing.assert_allclose(mine.groups_by_cell.sums, exact.groups_by_cell.sums, rtol=1e-9, atol=1e-11 * size)
        assert mine.counts.tolist() == exact.counts.tolist()
        assert mine.queue.mean_wait_hours.tolist() == exact.queue.mean_wait_hours.tolist()
        for name in OUTCOMES:
            assert mine.interval(name) == pytest.approx(exact.interval(name), rel=1e-9, abs=1e-11 * size)


def places_of(policy: Policy, payoffs) -> Places:
    levers = [Lever(tier, name) for tier in policy.tier_names[:-1] for name in LIMITS]
    limits = (ASK, NO_LIMIT, *np.arange(0.0, 121.0, 5.0))
    cents = {
        lever: np.unique([to_cents(limit) for limit in (*limits, policy.limit(lever.tier, lever.limit))])
        for lever in levers
    }
    return Places.of(policy, payoffs, cents)


@pytest.mark.parametrize("seed", range(3))
def test_means_along_limits_are_those_of_the_curve(payoffs, random_policy, seed):
    """To rounding where nobody waits; with a queue where the limit stands, and close to it elsewhere."""
    means = MeanCurves(payoffs)
    is_without_queue = payoffs.scenario.value("queue.staff") == 1000
    for policy in policies(np.random.default_rng(10 + seed), payoffs, random_policy):
        places, outcome = places_of(policy, payoffs), evaluate(policy, payoffs)
        found = means.along(places, outcome)
        some = list(zip(places.levers, places.cents, places.parts, strict=True))[::3]
        curves = threshold_curves(outcome, {lever: cents for lever, cents, _ in some})
        for lever, cents, part in some:
            exact = curves[lever].sums.mean(axis=-1) / CASES
            if is_without_queue:
                np.testing.assert_allclose(found[part], exact, rtol=1e-8, atol=1e-8)
            now = np.searchsorted(cents, to_cents(policy.limit(lever.tier, lever.limit)))
            np.testing.assert_allclose(found[part][now], outcome.sums.sum((0, 1)).mean(axis=-1) / CASES, rtol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_curves_at_places_are_the_curves_there(payoffs, random_policy, seed):
    rng = np.random.default_rng(20 + seed)
    policy = random_policy(rng, payoffs)
    outcome = evaluate(policy, payoffs)
    places = places_of(policy, payoffs)
    some = dict(list(zip(places.levers, places.cents, strict=True))[::2])
    curves = threshold_curves(outcome, some)
    for lever, cents in some.items():
        whole, at_places = threshold_curve(outcome, lever), curves[lever]
        steps = np.searchsorted(whole.cents, cents, side="right") - 1
        size = np.abs(whole.sums).max()
        off = 2e-4 * CASES + 1e-12 * size  # as much as is promised
        np.testing.assert_allclose(at_places.sums, whole.sums[steps], rtol=1e-7, atol=off)
        alone = threshold_curves(outcome, {lever: cents})[lever]
        np.testing.assert_allclose(at_places.sums, alone.sums, rtol=1e-7, atol=2 * off)
        for one, other in zip(at_places.intervals(), alone.intervals(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-3)


def test_what_is_kept_stays_within_bounds(payoffs, monkeypatch):
    policy = load_policy("current", payoffs.scenario)
    means = MeanCurves(payoffs)
    means.along(places_of(policy, payoffs), evaluate(policy, payoffs))
    needed = means.bytes
    monkeypatch.setattr(module, "MOST_BYTES", int(1.05 * needed))
    rng = np.random.default_rng(0)
    for _ in range(MOVES):
        policy = moved(rng, policy)
        places, outcome = places_of(policy, payoffs), evaluate(policy, payoffs)
        found = means.along(places, outcome)
        # with a queue it is told from another wait
        close = 1e-6 if payoffs.scenario.value("queue.staff") == 1000 else 1e-2
        anew = MeanCurves(payoffs).along(places, outcome)
        np.testing.assert_allclose(found, anew, rtol=close, atol=10 * close)
        assert means.bytes <= 1.6 * needed


def test_what_is_worked_out_ahead_is_what_is_asked_for_later(payoffs):
    policy = load_policy("current", payoffs.scenario)
    one, other = MeanCurves(payoffs), MeanCurves(payoffs)
    places, outcome = places_of(policy, payoffs), evaluate(policy, payoffs)
    for means in (one, other):
        means.along(places, outcome)
    pieces = one.ahead(places.arrays)
    assert pieces
    for piece in pieces:
        one.learnt(policy, places.arrays, *piece)
    assert not one.ahead(places.arrays)
    policy = policy.with_limit(Lever("agent", "credit"), 25.0)
    places, outcome = places_of(policy, payoffs), evaluate(policy, payoffs)
    np.testing.assert_allclose(one.along(places, outcome), other.along(places, outcome), rtol=1e-12)
