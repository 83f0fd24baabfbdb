import pytest

from policy_sim.border import InputError
from policy_sim.policy import ASK, Decider, Lever
from policy_sim.policy.decision import amount_in_cents


@pytest.fixture
def rich(current):
    policy = current.with_limit(Lever("agent", "refund", "wrong_item", "loyal"), 50.0)
    return policy.with_limit(Lever("agent", "credit", None, "first_time"), 0.0)


FACTS = ("suspicion", "prior_claims")


@pytest.fixture
def decider(rich, scenario, segments):
    return Decider(rich, scenario.failures, segments)


def test_what_is_asked_for_costs_something(current, scenario, segments):
    asking = current.with_limit(Lever("agent", "total_cost"), ASK)
    decision = Decider(asking, scenario.failures, segments).decide(
        "wrong_item", "loyal", "refund", 0, dict.fromkeys(FACTS, 0)
    )
    assert (decision.tier, decision.starts_at) == ("lead", "agent")


CASE = {"failure": "wrong_item", "segment": "loyal", "asked_for": "refund", "amount": 5, "suspicion": 0.1}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"failure": "wrong_itm"}, r"unknown failure 'wrong_itm' \(did you mean 'wrong_item'\?\)"),
        ({"segment": "loyl"}, "unknown segment 'loyl'"),
        ({"asked_for": "refnd"}, "unknown .*'refnd'"),
        ({"amount": -0.01}, "amount is -0.01"),
        ({"amount": 25.005}, "amount is 25.005.*whole cents"),
        ({"suspicion": float("nan")}, "the fact 'suspicion' of the case is missing"),
        ({"suspicion": None}, "the fact 'suspicion' of the case is missing; a guard of the policy looks"),
        ({"suspicion": -0.1}, "the fact 'suspicion' of the case is -0.1; it must be a number, 0 or more"),
        ({"suspicion": float("inf")}, "the fact 'suspicion' of the case is inf"),
        ({"suspicion": "much"}, "the fact 'suspicion' of the case is 'much'"),
    ],
)
def test_cases_that_are_refused(decider, change, expected):
    case = CASE | change
    facts = {"suspicion": case["suspicion"], "prior_claims": 0}
    with pytest.raises(InputError, match=expected):
        decider.decide(case["failure"], case["segment"], case["asked_for"], case["amount"], facts)


def test_a_fact_is_needed_only_where_no_guard_before_it_catches(decider):
    # guards to the manager are asked first: prior_claims before suspicion
    assert decider.decide("wrong_item", "loyal", "refund", 5, {"prior_claims": 4}).tier == "manager"
    for facts in ({}, {"suspicion": 0.9}, {"prior_claims": 3}):
        with pytest.raises(InputError, match="is missing; a guard of the policy looks at it"):
            decider.decide("wrong_item", "loyal", "refund", 5, facts)


@pytest.mark.parametrize(("amount", "whole"), [(0.1 + 0.2, 30), (25, 2500), (8.34 + 8.33 + 8.34, 2501), (1e9, 10**11)])
def test_whole_cents(amount, whole):
    assert amount_in_cents(amount) == whole


@pytest.mark.parametrize("amount", [None, "25", float("nan"), float("inf"), -1, 1e300, 0.005])
def test_no_money(amount):
    with pytest.raises(InputError, match="amount is"):
        amount_in_cents(amount)
