"""What customers ask for: who insists gets that, what is not there is not given, and the rule says who decides."""

from dataclasses import replace

import numpy as np
import pytest

from policy_sim import evaluate, load_policy
from policy_sim.policy import authority
from policy_sim.value import value_cases
from policy_sim.value.handling import Handling
from policy_sim.words import ASKS, GUARD_FACTS, LIMITS

MONEY, THING, MORE = (list(ASKS).index(name) for name in ("money", "thing", "more"))


def remedies_of(payoffs, i, a):
    """Return the remedies of a resolution of case i."""
    scenario = payoffs.scenario
    name = payoffs.menu.names[payoffs.cases.failure[i]][a]
    variants = () if name == "nothing" else name.split(" + ")
    return [scenario.remedies[scenario.remedy_of_variant[variant]] for variant in variants]


def permits(limits, uses):
    """Tell whether every use (cents, below 0: none) is within the limits in force."""
    return all(cents < 0 or cents <= 100 * limits[name].value + 1e-6 for name, cents in zip(LIMITS, uses, strict=True))


def with_asks(payoffs, ask, firmness):
    """Return the payoffs of the same cases if all asked for one thing, that firmly."""
    count = len(payoffs.cases)
    cases = replace(payoffs.cases.with_columns({"firmness": np.full(count, firmness)}), ask=np.full(count, ask))
    return value_cases(payoffs.scenario, cases, payoffs.draws)


def test_the_tier_that_decides_is_the_one_that_the_rule_names_for_what_is_given(payoffs, random_policy):
    rng = np.random.default_rng(51)
    cases = payoffs.cases
    for _ in range(4):
        policy = random_policy(rng, payoffs)
        handling = Handling.of(policy, payoffs)
        for i in rng.integers(0, len(cases), 40):
            facts = {fact: float(cases.columns[fact][i]) for fact in GUARD_FACTS}
            may = authority(policy, cases.failures[cases.failure[i]], cases.segments[cases.segment[i]], facts)
            for a in set(handling.choice[i]):
                if not payoffs.adequate[i, a]:
                    continue
                permitting = [tier for tier, limits in may.limits.items() if permits(limits, payoffs.uses[i, a])]
                assert permitting[0] == policy.tier_names[handling.tier[i]]


@pytest.mark.parametrize(("ask", "kind"), [(MONEY, "money"), (THING, "goods")])
def test_who_insists_gets_what_they_ask_for_where_it_is_to_be_had(shipped_payoffs, ask, kind):
    insisting = with_asks(shipped_payoffs, ask, 1.0)
    cases, policy = insisting.cases, load_policy("current", insisting.scenario)
    choice = Handling.of(policy, insisting).choice
    served = 0
    for i in range(len(cases)):
        adequate = np.flatnonzero(insisting.adequate[i])
        is_served = [any(remedy.kind == kind for remedy in remedies_of(insisting, i, a)) for a in adequate]
        assert all(is_served) or not any(is_served)
        served += all(is_served)
        assert set(choice[i]) <= set(adequate)
    assert served > len(cases) / 3


def test_who_can_be_won_over_takes_no_more_than_the_others_want(shipped_payoffs):
    # the firmer, the less is accepted
    before = None
    for firmness in (0.0, 0.5, 0.9, 1.0):
        adequate = with_asks(shipped_payoffs, MONEY, firmness).adequate
        possible = with_asks(shipped_payoffs, 0, firmness).adequate
        assert (adequate <= possible).all()
        # where nothing is accepted, what is possible comes back
        narrowed = (adequate != possible).any(axis=1)
        if before is not None:
            assert (adequate[narrowed] <= before[narrowed]).all()
        before = adequate


def test_what_is_not_there_is_not_given(shipped_payoffs):
    cases = shipped_payoffs.cases
    nothing = np.zeros(len(cases))
    without = cases.with_columns({"in_stock": nothing, "part_available": nothing})
    payoffs = value_cases(shipped_payoffs.scenario, without, shipped_payoffs.draws)
    choice = Handling.of(load_policy("generous", payoffs.scenario), payoffs).choice
    chosen = {remedy.needs for i in range(len(cases)) for a in choice[i] for remedy in remedies_of(payoffs, i, a)}
    assert chosen == {None}


def test_the_more_insist_the_more_are_passed_on(shipped_payoffs):
    policy = load_policy("current", shipped_payoffs.scenario)
    asked = [
        evaluate(policy, with_asks(shipped_payoffs, MONEY, firmness)).per_case("escalated").mean()
        for firmness in (0.0, 0.5, 1.0)
    ]
    assert asked[0] < asked[1] < asked[2]


def test_who_asks_for_more_is_not_content_with_what_was_lost(shipped_payoffs):
    greedy, plain = (with_asks(shipped_payoffs, ask, 1.0) for ask in (MORE, 0))
    view, cases = greedy.agent_view, greedy.cases
    scenario = greedy.scenario
    lost = np.array([scenario.value(f"{name}.loss_share") for name in cases.failures])[cases.failure] * cases.item_price
    enough = (1 + scenario.value("cases.asked_on_top")) * lost
    narrowed = (greedy.adequate != plain.adequate).any(axis=1)
    assert narrowed.mean() > 0.2
    assert (view.worth >= enough[:, None] - 0.006)[narrowed][greedy.adequate[narrowed]].all()
