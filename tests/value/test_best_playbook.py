"""The best playbooks: against all rules of a kind tried one by one, and what must hold of any."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from policy_sim import InputError, evaluate, load_policy
from policy_sim.policy import Playbook
from policy_sim.value import (
    best_limits,
    best_playbooks,
    book_of,
    chosen_alike,
    everybody_follows,
    limits_and_playbook,
    measure,
    measures_by_case,
    runners_up,
    with_playbook,
    worst,
)
from policy_sim.words import LIMITS

MONEY = 1e-6  # money a case: less is a rounding error


@pytest.fixture(scope="module")
def policy(scenario):
    return load_policy("generous", scenario)


@pytest.fixture(scope="module")
def few(shipped_payoffs):
    return shipped_payoffs.take(np.arange(0, 300, 5))


@pytest.fixture(scope="module")
def best(policy, shipped_payoffs):
    return best_playbooks(policy, shipped_payoffs, 6, 2)


def table_of(policy, payoffs):
    """Return net value of each case (N,) without rules, and (N, A) under a rule for its failure that gives this."""
    everybody = everybody_follows(payoffs)
    without = measure(measures_by_case(policy, everybody), "net_value").mean(axis=-1)
    gained = np.zeros(payoffs.adequate.shape)
    for f, failure in enumerate(payoffs.scenario.failures):
        rows = payoffs.cases.failure == f
        for a, give in enumerate(payoffs.scenario.resolutions(failure)):
            ruled = with_playbook(policy, Playbook.model_validate({"rules": [{"failure": failure, "give": give}]}))
            gained[rows, a] = measure(measures_by_case(ruled, everybody), "net_value").mean(axis=-1)[rows]
    return without, gained


@pytest.fixture(scope="module")
def table(policy, few):
    return table_of(policy, few)


def best_by_all_cuts(rows, gained, without, facts):
    """Return what no rule, one, and two rules parted by one cut bring to these cases, at most."""
    if not rows.any():
        return [0.0, 0.0, 0.0]
    own = gained[rows]
    found = [without[rows].sum(), own.sum(axis=0).max()]
    two = found[1]
    for column in facts:
        values = column[rows]
        for cut in np.unique(values)[1:]:
            two = max(two, own[values < cut].sum(axis=0).max() + own[values >= cut].sum(axis=0).max())
    return [found[0], max(found[:2]), max(found[0], two)]


def most_together(values, count):
    """Return the most that failures bring together with so many rules, every way of giving them out tried."""
    ways = itertools.product(*(range(len(of_failure)) for of_failure in values))
    return max(
        sum(of_failure[n] for of_failure, n in zip(values, way, strict=True)) for way in ways if sum(way) <= count
    )


@pytest.mark.parametrize("depth", [0, 1])
def test_no_other_rules_bring_more(policy, few, table, depth):
    without, gained = table
    facts = ("item_price", "prior_purchases")
    found = best_playbooks(policy, few, 5, depth, facts=facts)
    # what is looked up and trained for costs the same whatever the rules are
    everybody = everybody_follows(few)
    cost = _cost_of(few, everybody)
    by_failure = [
        best_by_all_cuts(few.cases.failure == f, gained + cost[:, None], without,
                         [few.cases.columns[name] for name in facts])[: 2 + depth]
        for f in range(len(few.scenario.failures))
    ]  # fmt: skip
    for count in range(6):
        most = most_together(by_failure, count) / len(few.cases) - (cost.mean() if found.playbooks[count] else 0.0)
        assert found.found[count] == pytest.approx(most, abs=MONEY)
        assert found.bounds[count] >= most - MONEY


def _cost_of(payoffs, everybody):
    """Return (N,) what a playbook costs each case, in the mean over the draws."""
    draws = everybody.draws
    minutes = draws["playbook.lookup_minutes"] * draws["agent.cost_per_minute"]
    training = draws["playbook.training_cost"] / draws["shop.cases_per_year"]
    return payoffs.cases.surfaces * minutes.mean() + training.mean()


def test_what_is_found_is_what_the_policy_brings_if_everybody_follows(best, shipped_payoffs):
    everybody = everybody_follows(shipped_payoffs)
    for count, playbook in enumerate(best.playbooks):
        policy = best.policy_with(count)
        assert policy.playbook == playbook
        assert len(playbook.rules if playbook else ()) <= count
        assert evaluate(policy, everybody).per_case().mean() == pytest.approx(best.found[count], abs=MONEY)
    assert (np.diff(best.found[1:]) >= -MONEY).all()
    assert (best.bounds >= best.found - MONEY).all()
    assert best.best_of_all >= best.bounds[-1]
    assert best.found[-1] > best.found[0] + 1


def test_the_same_payoffs_give_the_same_rules(best, policy, shipped_payoffs):
    again = best_playbooks(policy, shipped_payoffs, 6, 2)
    assert again.playbooks == best.playbooks
    np.testing.assert_array_equal(again.found, best.found)


def test_rules_hang_on_what_they_may_only(policy, few):
    playbook = best_playbooks(policy, few, 12, 1, facts=("severity",)).playbook
    assert {fact for rule in playbook.rules for fact in rule.when} == {"severity"}
    assert not any(rule.asks for rule in playbook.rules)


def test_a_budget_is_kept_to(policy, shipped_payoffs, best):
    payoffs = shipped_payoffs
    yearly = payoffs.scenario.value("shop.cases_per_year")
    everybody = everybody_follows(payoffs)

    def spent(policy):
        return float(evaluate(policy, everybody).per_case("remedy_cost").mean()) * yearly

    free = spent(best.policy_with())
    frugal = best_playbooks(policy, payoffs, 6, 1, budget=0.8 * free)
    assert spent(frugal.policy_with()) <= 0.8 * free
    ample = best_playbooks(policy, payoffs, 6, 2, budget=2 * free)
    assert ample.playbooks == best.playbooks
    net = [evaluate(each.policy_with(), everybody).per_case().mean() for each in (frugal, ample)]
    assert net[0] < net[1]
    with pytest.raises(InputError, match="no rules keep to a budget of 1 a year"):
        best_playbooks(policy, payoffs, 2, 0, budget=1)


def test_robust_rules_are_no_worse_by_their_own_measure(policy, shipped_payoffs):
    everybody = everybody_follows(shipped_payoffs)
    net = {}
    for robust in ("mean", "cvar", "regret"):
        found = best_playbooks(policy, shipped_payoffs, 4, 1, robust=robust)
        net[robust] = evaluate(found.policy_with(), everybody).per_case()
    assert worst(net["cvar"]) >= worst(net["mean"]) - MONEY
    top = np.max(list(net.values()), axis=0)
    assert (top - net["regret"]).max() <= (top - net["mean"]).max() + MONEY
    assert net["mean"].mean() >= max(each.mean() for each in net.values()) - MONEY


def test_together_is_no_worse_than_limits_first(policy, few):
    limits, rules = limits_and_playbook(policy, few, 3, 1, facts=("item_price",))
    first = best_limits(policy, few, round_to=1.0)
    after = best_playbooks(first.policy, few, 3, 1, facts=("item_price",))
    together, apart = (evaluate(each.policy_with(), few).per_case().mean() for each in (rules, after))
    assert together >= apart - MONEY
    assert rules.policy.tiers == limits.policy.tiers


def test_who_gives_it_today_and_who_may(oracle, best, few):
    policy = best.policy_with()
    alike, possible, whose = chosen_alike(policy, few)
    book, draw = book_of(policy.playbook, few), oracle.all_draws(few)
    bare = with_playbook(policy, None)
    for i in range(len(few.cases)):
        k, choice = oracle.handle(bare, few, i, LIMITS)
        tier = policy.tiers[k].name
        generous, thrifty = (float(draw[f"{tier}.{style}_share"].mean()) for style in ("generous", "thrifty"))
        shares = (1 - generous - thrifty, generous, thrifty)
        assert alike[i] == pytest.approx(sum(share for a, share in zip(choice, shares, strict=True) if a == book[i]))
        assert possible[i] == (oracle.by_the_book(policy, few, i, k, LIMITS) is not None)
    assert set(whose) <= set(range(-1, len(policy.playbook.rules)))


def test_the_runner_up_is_the_next_best(policy, few, table):
    _, gained = table
    failure = "wrong_item"
    bundles, rows = few.scenario.resolutions(failure), few.cases.failure == few.cases.failures.index(failure)
    order = np.argsort(-gained[rows, : len(bundles)].sum(axis=0), kind="stable")
    playbook = Playbook.model_validate({"rules": [{"failure": failure, "give": bundles[order[0]]}]})
    (runner_up,) = runners_up(with_playbook(policy, playbook), few)
    assert runner_up == bundles[order[1]]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("number of rules", {"most_rules": 0}),
        ("measure 'median'", {"robust": "median"}),
        ("fact 'mood'", {"facts": ("mood",)}),
        ("budget is 0", {"budget": 0.0}),
        ("depth", {"depth": 4}),
    ],
)
def test_what_cannot_be_asked_for_is_said(policy, few, words, options):
    with pytest.raises(InputError, match=words):
        best_playbooks(policy, few, **{"most_rules": 2, "depth": 0} | options)
