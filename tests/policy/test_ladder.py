"""The ladder against the plain reference: `authority` and `decision_of`, one case at a time."""

from __future__ import annotations

import random

import numpy as np
import pytest

from policy_sim.policy import (
    ASK,
    ASK_CENTS,
    NO_LIMIT,
    NO_LIMIT_CENTS,
    Decider,
    Guard,
    Ladder,
    Lever,
    LimitException,
    Policy,
    Tier,
    authority,
    to_cents,
)
from policy_sim.policy.decision import MOST_CENTS, decision_of
from policy_sim.words import ASKED_FOR, EVERYTHING, GUARD_FACTS, LIMITS

POLICY_COUNT = 400
#: The last of each is named by no exception.
FAILURES = ("late_delivery", "wrong_item", "lost_parcel")
SEGMENTS = ("first_time", "loyal", "returning")
THRESHOLDS = (0.0, 0.3, 0.6, 1.0, 4.0)


def random_limit(draw: random.Random) -> float:
    kind = draw.randrange(6)
    return [ASK, NO_LIMIT, 0.0, 0.01, float(draw.randrange(200)), draw.randrange(30_000) / 100][kind]


def random_policy(draw: random.Random) -> Policy:
    """Any policy that can be written: of two to four tiers, whose limits may even fall."""
    tiers = [f"tier_{k}" for k in range(draw.randint(2, 4))]
    places = [(tier, f, s) for tier in tiers[:-1] for f in (None, *FAILURES[:-1]) for s in (None, *SEGMENTS[:-1])]
    exceptions = [
        LimitException(
            tier=tier,
            failure=failure,
            segment=segment,
            limits={kind: random_limit(draw) for kind in draw.sample(LIMITS, draw.randint(1, len(LIMITS)))},
        )
        for tier, failure, segment in draw.sample(places, draw.randrange(len(places) + 1))
        if failure or segment
    ]
    guards = [
        Guard(fact=draw.choice(GUARD_FACTS), at_least=draw.choice(THRESHOLDS), to=draw.choice(tiers[1:]))
        for _ in range(draw.randrange(5))
    ]
    general = [Tier(name=tier, limits={kind: random_limit(draw) for kind in LIMITS}) for tier in tiers[:-1]]
    return Policy(
        name="random",
        title="Random",
        currency="USD",
        tiers=(*general, Tier(name=tiers[-1])),
        exceptions=tuple(exceptions),
        guards=tuple(guards),
    )


def amounts_around(policy: Policy) -> list[int]:
    """Return amounts in cents: on, just below and just above every limit, and the least and most there is."""
    limits = [limits for rule in (*policy.tiers, *policy.exceptions) for limits in rule.limits.values()]
    around = {to_cents(limit) + step for limit in limits if limit not in (ASK, NO_LIMIT) for step in (-1, 0, 1)}
    return sorted(cents for cents in {0, MOST_CENTS, *around} if cents >= 0)


@pytest.fixture(scope="module")
def policies() -> list[Policy]:
    draw = random.Random(20)
    return [random_policy(draw) for _ in range(POLICY_COUNT)]


def test_starts_are_those_of_authority(policies):
    draw = random.Random(21)
    for policy in policies:
        ladder = Ladder(policy)
        assert set(ladder.facts) == {guard.fact for guard in policy.guards}
        cases = [{fact: draw.choice((*THRESHOLDS, 0.29, 0.61, 3.0)) for fact in GUARD_FACTS} for _ in range(12)]
        columns = {fact: np.array([case[fact] for case in cases]) for fact in GUARD_FACTS}
        places = ladder.start_places(columns, len(cases))
        positions = ladder.start_positions(columns, len(cases))
        for case, place, position in zip(cases, places, positions, strict=True):
            may = authority(policy, FAILURES[0], SEGMENTS[0], case)
            start = ladder.start(case)
            assert (ladder.tiers[start.position], start.because) == (may.starts_at, may.because)
            assert ladder.starts[place] == start
            assert position == start.position


def test_a_fact_that_is_missing_trips_no_guard(policies):
    for policy in policies:
        assert Ladder(policy).start({}) == (0, authority(policy, FAILURES[0], SEGMENTS[0]).because)


def test_rungs_are_what_authority_says_of_every_cell(policies):
    for policy in policies:
        ladder = Ladder(policy)
        for failure in FAILURES:
            for segment in SEGMENTS:
                may = authority(policy, failure, segment)
                in_cents = ladder.limits_in_cents(failure, segment)
                for kind in LIMITS:
                    rungs = ladder.rungs(failure, segment, kind)
                    assert [rung.tier for rung in rungs] == list(may.limits)
                    for rung, own in zip(rungs, in_cents, strict=True):
                        in_force = may.limits[rung.tier][kind]
                        assert (rung.limit, rung.rule) == (in_force.value, in_force.rule)
                        assert own[LIMITS.index(kind)] == to_cents(in_force.value)
                        must_ask = may.limits[rung.tier][EVERYTHING].value == ASK
                        assert rung.most_cents == (ASK_CENTS if must_ask else to_cents(in_force.value))


def test_decisions_are_those_of_the_reference_on_and_around_every_limit(policies):
    draw = random.Random(22)
    compared = 0
    for policy in policies:
        decider = Decider(policy, FAILURES, SEGMENTS)
        amounts = amounts_around(policy)
        for failure in FAILURES:
            for segment in SEGMENTS:
                facts = {fact: draw.choice(THRESHOLDS) for fact in GUARD_FACTS}
                may = authority(policy, failure, segment, facts)
                for asked_for in ASKED_FOR:
                    for cents in draw.sample(amounts, min(len(amounts), 25)):
                        decision = decider.decide(failure, segment, asked_for, cents / 100, facts)
                        assert decision == decision_of(may, asked_for, cents / 100)
                        compared += 1
    assert compared > 200_000


def test_without_a_failure_or_segment_the_general_limits_hold(policies):
    for policy in policies:
        for kind in LIMITS:
            limits = [rung.limit for rung in Ladder(policy).rungs(None, None, kind)]
            assert limits == [*(tier.limits[kind] for tier in policy.tiers[:-1]), NO_LIMIT]


def test_ask_on_the_limit_of_everything_leaves_no_authority(current):
    asking = current.with_limit(Lever("agent", EVERYTHING, "wrong_item"), ASK)
    for kind in LIMITS:
        agent, lead, _ = Ladder(asking).rungs("wrong_item", "loyal", kind)
        assert agent.most_cents == ASK_CENTS
        assert lead.most_cents >= 0
    refund = Ladder(asking).rungs("wrong_item", "loyal", "refund")[0]
    assert (refund.limit, refund.rule) == (25.0, "general limit of the agent")
    # valuation meets that limit in what each resolution costs
    assert Ladder(asking).limits_in_cents("wrong_item", "loyal")[0][LIMITS.index("refund")] == 2500


@pytest.mark.parametrize(
    ("limit", "cents"),
    [
        (ASK, ASK_CENTS),
        (NO_LIMIT, NO_LIMIT_CENTS),
        (0.0, 0),
        (0.01, 1),
        (0.105, 10),
        (0.29, 29),
        (1.15, 115),
        (19.99, 1999),
        (1234.56, 123_456),
        (1e300, NO_LIMIT_CENTS),
    ],
)
def test_limits_in_cents(limit, cents):
    assert to_cents(limit) == cents
    assert np.iinfo(np.int64).max == NO_LIMIT_CENTS
