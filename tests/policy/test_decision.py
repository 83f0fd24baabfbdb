import numpy as np
import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.policy import ASK, Decider, Lever, authority, decide_table
from policy_sim.policy.decision import amount_in_cents, decision_of
from policy_sim.words import ASKED_FOR


@pytest.fixture
def rich(current):
    policy = current.with_limit(Lever("agent", "refund", "wrong_item", "loyal"), 50.0)
    return policy.with_limit(Lever("agent", "credit", None, "first_time"), 0.0)


@pytest.fixture
def decider(rich, scenario, segments):
    return Decider(rich, scenario.failures, segments)


@pytest.fixture
def cases(scenario, segments):
    rng = np.random.default_rng(3)
    count = 3000
    return pd.DataFrame(
        {
            "failure": rng.choice(list(scenario.failures), count),
            "segment": rng.choice(segments, count),
            "asked_for": rng.choice(ASKED_FOR, count),
            "amount": rng.choice([0, 0.01, 9.99, 10, 10.01, 25, 25.01, 50, 50.01, 150, 150.01, 1e6], count),
            "suspicion": rng.choice([0, 0.59, 0.6, 1], count),
            "prior_claims": rng.choice([0, 3, 4], count),
        },
        index=np.arange(count) + 7,
    )


FACTS = ("suspicion", "prior_claims")


def test_one_by_one_and_all_at_once_say_what_authority_says(rich, decider, cases):
    table = decide_table(decider, cases)
    assert list(table.index) == list(cases.index)
    for row, case in enumerate(cases.to_dict("records")):
        facts = {fact: case[fact] for fact in FACTS}
        expected = decision_of(
            authority(rich, case["failure"], case["segment"], facts), case["asked_for"], case["amount"]
        )
        assert decider.decide(case["failure"], case["segment"], case["asked_for"], case["amount"], facts) == expected
        limit = expected.limit if isinstance(expected.limit, str) else f"{expected.limit:g}"
        assert tuple(table.iloc[row]) == tuple(expected._replace(limit=limit))


def test_categories_are_read_too(decider, cases):
    coded = cases.astype({"failure": "category", "segment": "category", "asked_for": "category"})
    pd.testing.assert_frame_equal(decide_table(decider, coded), decide_table(decider, cases))


def test_what_is_asked_for_costs_something(current, scenario, segments):
    asking = current.with_limit(Lever("agent", "total_cost"), ASK)
    decision = Decider(asking, scenario.failures, segments).decide(
        "wrong_item", "loyal", "refund", 0, dict.fromkeys(FACTS, 0)
    )
    assert (decision.tier, decision.starts_at) == ("lead", "agent")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"failure": "wrong_itm"}, r"unknown failure 'wrong_itm' \(did you mean 'wrong_item'\?\)"),
        ({"segment": "loyl"}, "unknown segment 'loyl'"),
        ({"asked_for": "refnd"}, "unknown .*'refnd'"),
        ({"amount": -0.01}, "amount is -0.01"),
        ({"amount": 25.005}, "amount is 25.005.*whole cents"),
        ({"suspicion": float("nan")}, "suspicion"),
    ],
)
def test_cases_that_are_refused(decider, cases, change, expected):
    case = cases.iloc[0].to_dict() | change
    with pytest.raises(InputError, match=expected):
        decider.decide(
            case["failure"], case["segment"], case["asked_for"], case["amount"], {fact: case[fact] for fact in FACTS}
        )
    with pytest.raises(InputError, match=expected):
        decide_table(decider, pd.concat([cases, pd.DataFrame([case])]))


def test_what_is_missing(decider, cases):
    with pytest.raises(InputError, match="the fact 'suspicion' of the case is missing; a guard of the policy looks"):
        decider.decide("wrong_item", "loyal", "refund", 5)
    with pytest.raises(InputError, match="cases have no column 'prior_claims'"):
        decide_table(decider, cases.drop(columns="prior_claims"))
    with pytest.raises(InputError, match="column 'amount' of the cases holds text"):
        decide_table(decider, cases.assign(amount="much"))


@pytest.mark.parametrize(("amount", "whole"), [(0.1 + 0.2, 30), (25, 2500), (8.34 + 8.33 + 8.34, 2501), (1e9, 10**11)])
def test_whole_cents(amount, whole):
    assert amount_in_cents(amount) == whole


@pytest.mark.parametrize("amount", [None, "25", float("nan"), float("inf"), -1, 1e300, 0.005])
def test_no_money(amount):
    with pytest.raises(InputError, match="amount is"):
        amount_in_cents(amount)
