"""In how many cases another decides, or gives something else: against a plain count, case by case."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim import Lever, compare, evaluate, load_policy
from policy_sim.assumptions import draw_assumptions
from policy_sim.policy import Playbook
from policy_sim.value import Handling, decide, decision_change, everybody_follows, value_cases, with_playbook


def counted(policy, baseline, payoffs):
    """Return the same by going through the cases, draws and kinds of people."""
    scenario, cases = payoffs.scenario, payoffs.cases
    handlings = [Handling.of(either, payoffs) for either in (policy, baseline)]
    lower = higher = given = 0.0
    for i in range(len(cases)):
        decides = [
            either.tier_names[handling.tier[i]] for either, handling in zip((policy, baseline), handlings, strict=True)
        ]
        after, before = map(scenario.tiers.index, decides)
        f, people = cases.failure[i], max(handling.choice.shape[1] for handling in handlings)
        guide = max(handlings, key=lambda handling: handling.choice.shape[1])
        for person in range(people):
            # whoever follows a playbook chooses by their own style where there is none
            new, old = (handling.choice[i, person % handling.choice.shape[1]] for handling in handlings)
            share = np.mean([guide.arrays.style[after, person, m] for m in range(len(payoffs.draws))])
            reached = [1.0 if payoffs.menu.proactive[f, a] else cases.surfaces[i] for a in (new, old)]
            alone = max(reached) - min(reached)
            if after == before:
                given += share * max(reached) * (new != old)
                continue
            lower += share * min(reached) * (after < before)
            higher += share * min(reached) * (after > before)
            given += share * alone * (new != old)
    yearly = scenario.value("shop.cases_per_year") / len(cases)
    return lower * yearly, higher * yearly, given * yearly


def test_against_a_plain_count(payoffs, random_policy):
    rng, differing = np.random.default_rng(11), 0
    for _ in range(8):
        policy, baseline = random_policy(rng, payoffs), random_policy(rng, payoffs)
        change = decision_change(policy, baseline, payoffs)
        assert (change.lower, change.higher, change.given_otherwise) == pytest.approx(
            counted(policy, baseline, payoffs), rel=1e-9, abs=1e-9
        )
        differing += change.total > 0
    assert differing > 4


def test_against_what_decide_says_where_all_are_guided(scenario, with_styles, random_cases):
    guided = with_styles(scenario, 0, 0)
    rng = np.random.default_rng(3)
    payoffs = value_cases(guided, random_cases(guided, rng, 120), draw_assumptions(guided, 3, seed=3))
    baseline = load_policy("current", guided)
    policy = baseline.with_limit(Lever("agent", "refund"), 60.0).with_limit(Lever("agent", "keep_item"), 40.0)
    after, before = (decide(either, payoffs) for either in (policy, baseline))
    order = {tier: rank for rank, tier in enumerate(guided.tiers)}
    names = [payoffs.menu.names[f] for f in payoffs.cases.failure]
    lower = given = 0.0
    for i in range(len(after)):
        reached = [
            1.0
            if payoffs.menu.proactive[payoffs.cases.failure[i], names[i].index(table.recommended[i])]
            else payoffs.cases.surfaces[i]
            for table in (after, before)
        ]
        is_lower = order[after.tier[i]] < order[before.tier[i]]
        assert order[after.tier[i]] <= order[before.tier[i]]
        lower += min(reached) * is_lower
        if after.recommended[i] != before.recommended[i]:
            given += max(reached) - min(reached) * is_lower
    yearly = guided.value("shop.cases_per_year") / len(after)
    change = decision_change(policy, baseline, payoffs)
    assert change.lower > 0
    assert change.given_otherwise > 0
    assert (change.lower, change.higher, change.given_otherwise) == pytest.approx((lower * yearly, 0, given * yearly))


def test_what_no_longer_goes_up_is_what_fewer_ask(shipped_payoffs, scenario):
    """Where whoever decides gives on request, fewer cases with a supervisor are those that a lower tier decides."""
    baseline = load_policy("current", scenario)
    policy = baseline.with_limit(Lever("agent", "refund"), 60.0)
    change = decision_change(policy, baseline, shipped_payoffs)
    escalated = compare(evaluate(policy, shipped_payoffs), evaluate(baseline, shipped_payoffs)).per_year("escalated")
    assert change.lower == pytest.approx(-escalated.mean(), rel=0.02)


def test_nothing_changes_and_what_a_result_says(shipped_payoffs, scenario):
    policy = load_policy("current", scenario)
    nothing = decision_change(policy, policy, shipped_payoffs)
    assert (nothing.total, nothing.error) == (0.0, 0.0)
    assert nothing.to_dict()["total"] == 0.0


def test_followers_of_a_playbook_are_counted_by_their_share(shipped_payoffs, scenario):
    rules = [{"failure": "wrong_item", "give": ("apology_note", "store_credit_10")}]
    baseline = load_policy("current", scenario)
    policy = with_playbook(baseline, Playbook.model_validate({"rules": rules}))
    half, all_of_them = (everybody_follows(shipped_payoffs, share) for share in (0.5, 1.0))
    some, most = (decision_change(policy, baseline, payoffs) for payoffs in (half, all_of_them))
    assert some.given_otherwise > 0
    assert some.given_otherwise == pytest.approx(most.given_otherwise / 2)
    assert some.lower == some.higher == 0
