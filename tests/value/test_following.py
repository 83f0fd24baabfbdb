"""Who follows a playbook, what it says of each case, what that costs: against a plain reading of the rules."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim import InputError, evaluate, load_policy
from policy_sim.assumptions import Draws
from policy_sim.policy import ASK, Playbook
from policy_sim.value import Handling, book_of, compare, everybody_follows, rules_of, with_playbook
from policy_sim.words import ASKS, OUTCOMES

STYLES = 3


@pytest.fixture(scope="module")
def playbook(scenario):
    """A rule with a stretch, one for all cases, one for some asks, one that gives nothing."""
    some = {failure: scenario.resolutions(failure) for failure in scenario.failures}
    rules = [
        {"failure": "wrong_item", "when": {"item_price": {"below": 20}}, "give": some["wrong_item"][-1]},
        {"failure": "wrong_item", "give": ("apology_note", "store_credit_10")},
        {"failure": "defective_item", "asks": ("money", "more"), "give": some["defective_item"][3]},
        {"failure": "late_delivery", "give": ()},
    ]
    return Playbook.model_validate({"rules": rules})


@pytest.fixture(scope="module")
def policies(scenario, playbook):
    without = load_policy("current", scenario)
    return without, with_playbook(without, playbook)


def test_the_first_rule_that_holds_says_what_to_give(shipped_payoffs, random_policy):
    rng, payoffs = np.random.default_rng(5), shipped_payoffs
    drawn = (random_policy(rng, payoffs).playbook for _ in range(12))
    cases = payoffs.cases
    for playbook in filter(None, drawn):
        rules, book = rules_of(playbook, payoffs), book_of(playbook, payoffs)
        for i in range(0, len(cases), 7):
            failure = cases.failures[cases.failure[i]]
            facts = {name: float(column[i]) for name, column in cases.columns.items()}
            n = playbook.rule_for(failure, facts, list(ASKS)[cases.ask[i]])
            assert rules[i] == (-1 if n is None else n)
            said = -1
            if n is not None:
                bundles = [set(bundle) for bundle in payoffs.scenario.resolutions(failure)]
                place = bundles.index(set(playbook.rules[n].give))
                said = place if payoffs.adequate[i, place] else -1
            assert book[i] == said
    assert (book_of(None, payoffs) == -1).all()


def test_if_nobody_follows_only_the_training_is_paid(shipped_payoffs, policies):
    nobody = everybody_follows(shipped_payoffs, 0.0)
    before, after = (evaluate(policy, nobody) for policy in policies)
    training = nobody.draws["playbook.training_cost"] / nobody.draws["shop.cases_per_year"]
    for name in OUTCOMES:
        cost = {"labour": training, "net_value": -training}.get(name, 0.0)
        np.testing.assert_allclose(after.per_case(name), before.per_case(name) + cost, rtol=1e-9, atol=1e-9)


def test_value_is_straight_in_the_share_who_follow(shipped_payoffs, policies):
    none, some, everybody = (
        evaluate(policies[1], everybody_follows(shipped_payoffs, share)) for share in (0.0, 0.25, 1.0)
    )
    for name in OUTCOMES:
        straight = 0.75 * none.per_case(name) + 0.25 * everybody.per_case(name)
        np.testing.assert_allclose(some.per_case(name), straight, rtol=1e-9, atol=1e-9)
    assert np.abs(everybody.per_case() - none.per_case()).min() > 0.01


def test_looking_up_takes_minutes_of_those_who_follow(shipped_payoffs, policies):
    """With rules that nobody may follow, what is left is what the playbook costs."""
    without = policies[0]
    limits = dict.fromkeys(without.tiers[0].limits, ASK)
    asks = without.as_draft().model_copy(
        update={"tiers": tuple(tier.model_copy(update={"limits": limits}) for tier in without.tiers[:-1])
                + without.tiers[-1:]}
    )  # fmt: skip
    nothing = Playbook.model_validate({"rules": [{"failure": "lost_parcel", "give": ()}]})
    payoffs = shipped_payoffs
    # nothing is never adequate for a lost parcel, so that nobody changes what they choose
    assert not payoffs.adequate[payoffs.cases.failure == payoffs.cases.failures.index("lost_parcel"), 0].any()
    difference = compare(evaluate(with_playbook(asks, nothing), payoffs), evaluate(asks, payoffs))
    draws = payoffs.draws
    minutes = draws["playbook.followed_share"] * draws["playbook.lookup_minutes"] * payoffs.cases.surfaces.mean()
    training = draws["playbook.training_cost"] / draws["shop.cases_per_year"]
    np.testing.assert_allclose(difference.per_case("minutes"), minutes, rtol=1e-9)
    labour = minutes * draws["agent.cost_per_minute"] + training
    np.testing.assert_allclose(difference.per_case("labour"), labour, rtol=1e-9)
    np.testing.assert_allclose(difference.per_case(), -labour, rtol=1e-8)
    np.testing.assert_allclose(difference.per_case("remedy_cost"), 0, atol=1e-9)


def test_a_rule_widens_no_limit_and_changes_nobody_s_tier(shipped_payoffs, random_policy):
    rng, payoffs = np.random.default_rng(8), shipped_payoffs
    seen = 0
    while seen < 3:
        policy = random_policy(rng, payoffs)
        if policy.playbook is None:
            continue
        seen += 1
        own, free = Handling.of(policy, payoffs), Handling.of(with_playbook(policy, None), payoffs)
        np.testing.assert_array_equal(own.tier, free.tier)
        np.testing.assert_array_equal(own.choice[:, :STYLES], free.choice)
        book = book_of(policy.playbook, payoffs)
        followed, same = own.choice[:, STYLES:] == book[:, None], own.choice[:, STYLES:] == free.choice
        # a case is followed by all styles, or by none
        assert (followed.all(axis=1) | same.all(axis=1)).all()
        rows = np.flatnonzero(followed.all(axis=1) & ~same.all(axis=1))
        limits = own.arrays.limits[own.tier[rows], own.arrays.cell[rows]]
        within = (payoffs.uses[rows, book[rows]] <= limits).all(axis=1)
        assert (within | (own.tier[rows] == len(policy.tiers) - 1)).all()


def test_a_scenario_that_says_nothing_of_playbooks_is_refused(shipped_payoffs, policies):
    draws = shipped_payoffs.draws
    kept = [j for j, name in enumerate(draws.names) if name != "playbook.followed_share"]
    few = shipped_payoffs.take(np.arange(5))
    object.__setattr__(few, "draws", Draws(tuple(draws.names[j] for j in kept), draws.values[:, kept]))
    with pytest.raises(InputError, match=r"does not say 'playbook.followed_share'; add it"):
        evaluate(policies[1], few)


@pytest.mark.parametrize("share", [-0.1, 1.5, np.nan])
def test_shares_are_from_none_to_all(shipped_payoffs, share):
    with pytest.raises(InputError, match="from 0 to 1"):
        everybody_follows(shipped_payoffs, share)
