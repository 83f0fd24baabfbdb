"""Guarantees: what holds of any policy, scenario and cases, whatever the numbers are.

In: random policies and levers on small settings. Out: limits, oracle, prices, threads, adding up, order, units.
Not here: what the numbers should be (the oracle of `test_evaluation`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import Scenario, draw_assumptions
from policy_sim.policy import NO_LIMIT, Lever, load_policy
from policy_sim.service import read_cases
from policy_sim.value import best_limits, decide, evaluate, frontier, payoffs, threshold_curve, value_cases
from policy_sim.value.choice_kernels import STYLES
from policy_sim.value.expected import Expected
from policy_sim.value.handling import Handling, policy_arrays_of
from policy_sim.value.response_kernels import LANES
from policy_sim.words import LIMITS, OUTCOMES

MONEY = [name for name, outcome in OUTCOMES.items() if outcome.unit == "money"]


def permitted(policy, valued):
    """Return (tiers, N, A) which adequate resolutions a tier may give."""
    rules = policy_arrays_of(policy, valued)
    limits = rules.limits[:, rules.cell]
    within = (valued.choice_sets.uses <= limits[:, :, None, :]).all(axis=-1)
    return within & valued.choice_sets.adequate


@pytest.mark.parametrize("seed", range(12))
def test_a_higher_limit_takes_nothing_away(shipped_payoffs, random_policy, random_lever, random_limit, seed):
    rng = np.random.default_rng([seed, 31])
    policy = random_policy(rng, shipped_payoffs)
    lever = random_lever(rng, policy, shipped_payoffs)
    low, high = sorted(random_limit(rng, np.arange(0, 20_000, 50)) for _ in range(2))
    tight, loose = (policy.with_limit(lever, value) for value in (low, high))
    may_before, may_now = permitted(tight, shipped_payoffs), permitted(loose, shipped_payoffs)
    assert not (may_before & ~may_now).any()
    before, now = Handling.of(tight, shipped_payoffs), Handling.of(loose, shipped_payoffs)
    # whoever could settle a case still can
    assert (now.tier <= before.tier).all()
    # by its own lights, no style does worse with more to choose from
    same = np.flatnonzero((now.tier == before.tier) & may_before.any(axis=(0, 2)))
    seen = shipped_payoffs.agent_view
    at = before.arrays.tiers[before.tier[same]]
    for style, preference_order in zip(STYLES, (None, seen.worth, -seen.cost), strict=True):
        s = STYLES.index(style)
        was, is_now = (
            seen.payoff[at, same, each.choice[same, s]]
            if preference_order is None
            else preference_order[same, each.choice[same, s]]
            for each in (before, now)
        )
        assert (is_now >= was).all(), style


@pytest.mark.parametrize("seed", range(6))
def test_no_policy_beats_the_oracle(shipped_payoffs, unmet_payoffs, random_policy, seed):
    rng = np.random.default_rng([seed, 32])
    valued = (shipped_payoffs, unmet_payoffs)[seed % 2]
    policy = random_policy(rng, valued)
    expected = Expected.of(policy, valued)
    highest = expected.oracle()
    for _ in range(5):
        for tier in policy.tier_names[:-1]:
            for limit in LIMITS:
                policy = policy.with_limit(Lever(tier, limit), float(rng.choice([0.0, 10.0, 30.0, NO_LIMIT])))
        assert expected.of_policy(policy)[:, 0].sum() <= highest + 1e-6


@pytest.fixture(scope="module")
def free(scenario, shipped_payoffs):
    return best_limits(load_policy("current", scenario), shipped_payoffs)


def test_bounds_that_do_not_bind_have_no_price(scenario, shipped_payoffs, free):
    used = evaluate(free.policy, shipped_payoffs)
    bounds = {"budget": "remedy_cost", "escalation_minutes": "supervisor_minutes"}
    ample = {bound: 1.5 * used.per_year(outcome).mean() for bound, outcome in bounds.items()}
    found = best_limits(load_policy("current", scenario), shipped_payoffs, **ample)
    assert (found.binding, found.shadow_price) == ("", 0.0)
    # as good: the two searches begin elsewhere, and may end on neighbouring tops
    net = evaluate(found.policy, shipped_payoffs).per_case().mean()
    assert net == pytest.approx(used.per_case().mean(), rel=1e-3)


def test_a_budget_that_binds_has_a_price_and_is_spent(scenario, shipped_payoffs, free):
    best = evaluate(free.policy, shipped_payoffs)
    budget = 0.9 * best.per_year("remedy_cost").mean()
    found = best_limits(load_policy("current", scenario), shipped_payoffs, budget=budget)
    outcome = evaluate(found.policy, shipped_payoffs)
    assert found.binding == "budget"
    assert found.shadow_price > 0
    assert 0.9 * budget <= outcome.per_year("remedy_cost").mean() <= budget * (1 + 1e-9)
    assert outcome.per_year().mean() < best.per_year().mean()


def test_threads_change_nothing(monkeypatch, scenario, random_cases):
    cases = random_cases(scenario, np.random.default_rng(33), 90)
    draws = draw_assumptions(scenario, LANES + 1, seed=5)
    policy = load_policy("current", scenario)
    # small blocks: several for each thread
    for name in ("_ROWS_IN_A_BLOCK", "_CASES_IN_A_BLOCK"):
        monkeypatch.setattr(payoffs, name, 40)

    def work(threads):
        monkeypatch.setattr(payoffs, "cpu_count", lambda: threads)
        valued = value_cases(scenario, cases, draws)
        best = best_limits(policy, valued)
        return (
            valued.agent_view.payoff.tobytes(),
            evaluate(policy, valued).sums.tobytes(),
            threshold_curve(evaluate(policy, valued), Lever("agent", "refund")).sums.tobytes(),
            best.policy,
            best.simplicity.to_csv(),
            frontier(policy, valued, points=2).to_frame().to_csv(),
        )

    assert work(1) == work(2)


@pytest.mark.parametrize("seed", range(3))
def test_cases_add_up(shipped_payoffs, random_policy, seed):
    rng = np.random.default_rng([seed, 34])
    policy = random_policy(rng, shipped_payoffs)
    count = len(shipped_payoffs.cases)
    first = np.sort(rng.permutation(count)[: count // 3])
    parts = [first, np.setdiff1d(np.arange(count), first)]
    whole = evaluate(policy, shipped_payoffs)
    for name in OUTCOMES:
        added = sum(evaluate(policy, shipped_payoffs.take(each)).per_case(name) * len(each) for each in parts)
        np.testing.assert_allclose(added / count, whole.per_case(name), rtol=1e-10)


def test_the_order_of_failures_does_not_matter(scenario, random_cases):
    table = random_cases(scenario, np.random.default_rng(35), 60).to_frame()
    turned = scenario.model_copy(update={"failures": dict(reversed(scenario.failures.items()))})
    results = []
    for each in (scenario, turned):
        valued = value_cases(each, read_cases(table, each), draw_assumptions(each, 4, seed=1))
        policy = load_policy("current", each)
        best = best_limits(policy, valued)
        results.append((evaluate(policy, valued), decide(policy, valued), best.policy))
    (outcome, table, best), (other, turned_table, turned_best) = results
    for name in OUTCOMES:
        np.testing.assert_allclose(outcome.per_case(name), other.per_case(name), rtol=1e-10)
    np.testing.assert_allclose(outcome.sums, other.sums[::-1], rtol=1e-9, atol=1e-9)
    pd.testing.assert_frame_equal(table, turned_table)
    assert best == turned_best


def in_cents(scenario):
    """Return the scenario with all money a hundredfold."""
    content = scenario.model_dump(mode="json")
    for group in content["assumptions"].values():
        for assumption in group.values():
            if assumption["unit"].startswith("USD"):
                assumption["value"] *= 100
                assumption["range"] = [100 * each for each in assumption["range"]]
    new_names = {}
    for name, remedy in content["remedies"].items():
        new_names |= {f"{name}_{amount:g}": f"{name}_{100 * amount:g}" for amount in remedy["amounts"]}
        remedy["amounts"] = [100 * amount for amount in remedy["amounts"]]

    def renamed(part):
        if isinstance(part, list):
            return [renamed(each) for each in part]
        return new_names.get(part, part) if isinstance(part, str) else part

    for failure in content["failures"].values():
        failure["resolutions"] = {part: renamed(each) for part, each in failure["resolutions"].items()}
    content["rules"] = [{key: renamed(each) for key, each in rule.items() if each} for rule in content["rules"]]
    return Scenario.model_validate(content)


@pytest.mark.parametrize("name", ["current", "generous", "ask_first"])
def test_money_has_no_unit(scenario, random_cases, name):
    small = random_cases(scenario, np.random.default_rng(36), 150).to_frame()
    # whole prices of tens: nothing is ever rounded to a cent
    small["item_price"] = np.ceil(small["item_price"] / 10) * 10
    columns = ["item_price", "future_value", "unit_cost", "salvage_value"]
    columns += ["return_shipping", "outbound_shipping", "restocking", "new_customer_value"]
    big = small.assign(**{column: 100 * small[column] for column in columns})
    policy = load_policy(name, scenario)
    dear = policy
    for tier in policy.tiers[:-1]:
        for limit, value in tier.limits.items():
            dear = dear.with_limit(Lever(tier.name, limit), 100 * value if 0 < value < NO_LIMIT else value)
    outcomes = [
        evaluate(each, value_cases(of, read_cases(cases, of), draw_assumptions(of, 5, seed=2)))
        for each, of, cases in ((policy, scenario, small), (dear, in_cents(scenario), big))
    ]
    for outcome in OUTCOMES:
        factor = 100 if outcome in MONEY else 1
        np.testing.assert_allclose(outcomes[1].per_case(outcome), factor * outcomes[0].per_case(outcome), rtol=1e-9)
