import pytest

from policy_sim.border import InputError
from policy_sim.policy import ASK, NO_LIMIT, Guard, InForce, Lever, authority, limit_words
from policy_sim.words import LIMITS


def test_every_tier_says_what_it_may_do(current):
    may = authority(current, "wrong_item", "loyal")
    assert may.starts_at == "agent"
    assert may.because == "every case starts with the agent"
    assert list(may.limits) == ["agent", "lead", "manager"]
    assert all(list(limits) == list(LIMITS) for limits in may.limits.values())
    assert may.limits["agent"]["refund"] == InForce(25, "general limit of the agent")
    assert may.limits["agent"]["keep_item"].value == ASK
    assert may.limits["manager"]["refund"] == InForce(NO_LIMIT, "the manager decides everything")


def test_exceptions_are_named(current):
    policy = current.with_limit(Lever("agent", "refund", "wrong_item", "loyal"), 50.0)
    policy = policy.with_limit(Lever("agent", "credit", "wrong_item"), 5.0)
    policy = policy.with_limit(Lever("lead", "credit", None, "first_time"), 60.0)
    may = authority(policy, "wrong_item", "loyal").limits["agent"]
    assert may["refund"] == InForce(50, "exception of the agent for wrong item and loyal")
    assert may["credit"] == InForce(5, "exception of the agent for wrong item")
    assert may["replacement"] == InForce(50, "general limit of the agent")
    may = authority(policy, "lost_parcel", "first_time").limits
    assert may["lead"]["credit"] == InForce(60, "exception of the lead for first time")
    assert may["agent"]["credit"] == InForce(10, "general limit of the agent")


@pytest.mark.parametrize(
    ("facts", "start", "because"),
    [
        ({}, "agent", "every case starts with the agent"),
        ({"suspicion": 0.59, "prior_claims": 3}, "agent", "every case starts with the agent"),
        ({"suspicion": 0.6}, "lead", "looks suspicious (score 0.6 or more): goes to the lead"),
        ({"prior_claims": 4}, "manager", "4 claims or more in 12 months: goes to the manager"),
        ({"suspicion": 1, "prior_claims": 9}, "manager", "4 claims or more in 12 months: goes to the manager"),
        ({"item_price": 1e9}, "agent", "every case starts with the agent"),
        ({"suspicion": float("nan")}, "agent", "every case starts with the agent"),
    ],
)
def test_guards_move_the_start(current, facts, start, because):
    may = authority(current, "wrong_item", "loyal", facts)
    assert (may.starts_at, may.because) == (start, because)
    assert list(may.limits) == list(current.tier_names[current.tier_names.index(start) :])


def test_the_highest_guard_wins_whatever_the_order(current):
    turned = current.model_copy(update={"guards": current.guards[::-1]})
    facts = {"suspicion": 1.0, "prior_claims": 9}
    assert authority(turned, "wrong_item", "loyal", facts).starts_at == "manager"
    twice = (*current.guards, Guard(fact="suspicion", at_least=0.9, to="lead"))
    both = current.model_copy(update={"guards": twice})
    # of two that say the same, the first one is named
    assert "0.6" in authority(both, "wrong_item", "loyal", {"suspicion": 1.0}).because


def test_an_unknown_fact(current):
    with pytest.raises(InputError, match=r"unknown fact 'suspicon' \(did you mean 'suspicion'\?\)"):
        authority(current, "wrong_item", "loyal", {"suspicon": 1.0})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (ASK, "keep item: ask first"),
        (NO_LIMIT, "keep item: any amount"),
        (0.0, "keep item up to 0 USD"),
        (25.0, "keep item up to 25 USD"),
        (12.5, "keep item up to 12.50 USD"),
        (1234.56, "keep item up to 1,234.56 USD"),
        (12000.0, "keep item up to 12,000 USD"),
    ],
)
def test_words(value, words):
    assert limit_words("keep_item", value, "USD") == words
