import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_sim.assumptions import load_scenario
from policy_sim.service import (
    chance_lost,
    compensation_effect,
    insult,
    over_compensation,
    recency_of_failure,
    spend_multiplier,
)

#: MATHEMATICS.md D: delta with nothing, c = 1, c = 1.5, c = 1.5 and a full gesture. For the broken part it prints .2811
#: at c = 1, which is what shape S gives; its row says C, and so do the text and the scenario. By hand for C:
#: logit(.35) - 1.2 (1 - (1/3)^2) = -1.68571, logistic .15634, .11 + .89 * .15634 = .2491.
DELTAS = {
    "late_delivery": (0.2435, 0.1810, 0.1754, 0.1571),
    "wrong_item": (0.4215, 0.2719, 0.2239, 0.1862),
    "defective_item": (0.4660, 0.3021, 0.2468, 0.2024),
    "lost_parcel": (0.5995, 0.3695, 0.2862, 0.2310),
    "broken_part": (0.4215, 0.2491, 0.2342, 0.1934),
    "poor_service": (0.3770, 0.2764, 0.2662, 0.1951),
}
WEIGHTS = ("severity", "wait", "effort", "repeat", "double_deviation", "bond", "first_order")
WEIGHTS += ("over_compensation", "insult", "proactive", "suspected")


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("online_retail")


def delta(scenario, failure, compensation, gesture=0.0, **facts):
    shape = scenario.failures[failure].shape
    of_failure = ("churn_without_remedy", "compensation_weight", "gesture_weight")
    shared = ("churn_without_failure", *(f"{name}_weight" for name in WEIGHTS))
    plain = {"severity": 0.5, "hours": 24.0, "effort": 0.5, "prior_failures": 0.0, "prior_purchases": 3.0}
    plain |= {"recent_failure": 0.0, "proactive": False, "suspected": False}
    plain |= {"insulted": insult(compensation, scenario.value("response.insult_below"))}
    return chance_lost(
        effect=compensation_effect(compensation, shape),
        over=over_compensation(compensation),
        gesture=gesture,
        **(plain | facts),
        **{name: scenario.value(f"{failure}.{name}") for name in of_failure},
        **{name: scenario.value(f"response.{name}") for name in shared},
    )


@pytest.mark.parametrize("failure", DELTAS)
def test_published_chances(scenario, failure):
    pairs = [(0.0, 0.0), (1.0, 0.0), (1.5, 0.0), (1.5, 1.0)]
    computed = [float(delta(scenario, failure, c, gesture)) for c, gesture in pairs]
    np.testing.assert_allclose(computed, DELTAS[failure], atol=5e-5 + 1e-12)


def test_the_printed_chance_of_a_broken_part_belongs_to_the_other_shape(scenario):
    rejected = scenario.failures["broken_part"].model_copy(update={"shape": "rejected"})
    other = scenario.model_copy(update={"failures": {**scenario.failures, "broken_part": rejected}})
    assert delta(other, "broken_part", 1.0) == pytest.approx(0.2811, abs=5e-5)


def test_one_chance_by_hand(scenario):
    # lost parcel, c = .75: q = .5, effect 15/16 - 24/32 + 10/64 = .34375
    # severity .9, 5 days, effort .7, 5 failures (3 count), 7 orders
    eta = np.log(0.55 / 0.45) + 1.2 * 0.4 + 0.35 * np.log(6 / 2) + 0.5 * 0.2 + 0.35 * 3 - 0.15 * np.log(8 / 4)
    eta -= 1.6 * 0.34375 + 0.45 * 0.5
    facts = {"severity": 0.9, "hours": 120, "effort": 0.7, "prior_failures": 5, "prior_purchases": 7}
    computed = delta(scenario, "lost_parcel", 0.75, gesture=0.5, **facts)
    assert computed == pytest.approx(0.11 + 0.89 / (1 + np.exp(-eta)), rel=1e-12)


def logits(scenario, failure, compensation, **facts):
    """Return eta, the logit of the loss that the failure causes."""
    floor = scenario.value("response.churn_without_failure")
    caused = (delta(scenario, failure, compensation, **facts) - floor) / (1 - floor)
    return np.log(caused / (1 - caused))


@pytest.mark.parametrize("failure", DELTAS)
@pytest.mark.parametrize(
    ("facts", "added"),
    [
        ({"recent_failure": 1.0}, 0.4),
        ({"recent_failure": 0.25}, 0.1),
        ({"proactive": True}, -0.25),
        ({"suspected": True}, 0.3),
        # one order instead of three: the bond of two orders less, and the regret of a first order
        ({"prior_purchases": 1.0}, 0.15 * np.log(4 / 2) + 0.15),
        ({"prior_purchases": 0.0}, 0.15 * np.log(4 / 1) + 0.15),
        # a second order is no first one
        ({"prior_purchases": 2.0}, 0.15 * np.log(4 / 3)),
        # the worst token, at a third of .25: what little it compensates is left out here
        ({"insulted": 1.0}, 0.15),
        ({"insulted": 0.5}, 0.075),
        ({"recent_failure": 1.0, "prior_failures": 1.0}, 0.4 + 0.35),
        ({"proactive": True, "suspected": True, "recent_failure": 0.5}, -0.25 + 0.3 + 0.2),
    ],
)
def test_each_term_adds_its_logits(scenario, failure, facts, added):
    for compensation in (0.0, 0.8, 1.5):
        plain = logits(scenario, failure, compensation, insulted=0.0)
        computed = logits(scenario, failure, compensation, **({"insulted": 0.0} | facts))
        assert computed - plain == pytest.approx(added, abs=1e-12)


@pytest.mark.parametrize("failure", ["wrong_item", "defective_item", "lost_parcel"])
def test_a_token_is_worse_than_nothing_where_the_first_dollars_do_little(scenario, failure):
    nothing, token, enough = (delta(scenario, failure, c) for c in (0.0, 0.25 / 3, 0.5))
    assert enough < nothing < token
    # without the insult it would have helped a little
    assert delta(scenario, failure, 0.25 / 3, insulted=0.0) < nothing


def test_without_compensation_the_failure_alone_is_lost(scenario):
    for failure in scenario.failures:
        churn = scenario.value(f"{failure}.churn_without_remedy")
        assert delta(scenario, failure, 0.0) == pytest.approx(0.11 + 0.89 * churn, rel=1e-12)


@pytest.mark.parametrize(("shape", "half"), [("rejected", 0.34375), ("accepted", 0.75)])
def test_effect_of_compensation(shape, half):
    c = np.linspace(-1, 3, 401)
    effect = compensation_effect(c, shape)
    assert (effect[c <= 0] == 0).all()
    np.testing.assert_allclose(effect[c >= 1.5], 1, rtol=1e-12)
    assert (np.diff(effect) >= -1e-15).all()
    assert compensation_effect(0.75, shape) == pytest.approx(half)


def test_rejected_service_is_steepest_at_nine_tenths_of_the_loss():
    c = np.linspace(0, 1.5, 150_001)
    slope = np.diff(compensation_effect(c, "rejected"))
    assert c[np.argmax(slope)] == pytest.approx(0.9, abs=0.005)
    # a small token hardly helps: a tenth of the loss has less than a thousandth of the full effect
    assert compensation_effect(0.1, "rejected") < 1e-3


def test_accepted_service_answers_to_the_first_dollars_most():
    slope = np.diff(compensation_effect(np.linspace(0, 1.5, 1001), "accepted"))
    assert (np.diff(slope) < 0).all()


@pytest.mark.parametrize("failure", DELTAS)
def test_the_chance_is_lowest_at_the_peak_and_rises_beyond(scenario, failure):
    c = np.linspace(0, 6, 6001)
    lost = delta(scenario, failure, c)
    assert c[np.argmin(lost)] == pytest.approx(1.5, abs=0.0011)
    assert (np.diff(lost[c >= 1.51]) > 0).all()
    # what is lost again is at most the share of the compensation weight that the scenario says
    full = scenario.value(f"{failure}.compensation_weight")
    worst = np.log((lost[-1] - 0.11) / (1 - lost[-1])) - np.log((lost.min() - 0.11) / (1 - lost.min()))
    assert 0 < worst < 0.12 * full


def test_over_compensation():
    np.testing.assert_array_equal(over_compensation(np.array([-1, 0, 1, 1.5])), 0)
    assert over_compensation(2.5) == 0.5
    assert over_compensation(1e9) == pytest.approx(1)


def test_insult():
    for below in (0.1, 0.25, 1.0):
        t = np.linspace(0, 1, 30_001)
        computed = insult(below * t, below)
        assert computed[0] == 0
        assert computed[-1] == 0
        assert t[np.argmax(computed)] == pytest.approx(1 / 3, abs=1e-4)
        assert insult(below / 3, below) == pytest.approx(1, rel=1e-12)
        assert (np.diff(computed[t <= 1 / 3]) > 0).all()
        assert (np.diff(computed[t >= 1 / 3 + 1e-4]) < 0).all()
        # nothing, or less than nothing, offends nobody, nor does what is enough
        np.testing.assert_array_equal(insult(np.array([-5.0, -below, 0.0, below, 2 * below, 50.0]), below), 0)
    # 6.75 * .5 * .25
    assert insult(0.1, 0.2) == pytest.approx(0.84375)
    # each customer may be offended below another compensation
    np.testing.assert_allclose(insult(0.1, np.array([0.1, 0.2, 0.3])), [0, 0.84375, 1], atol=1e-12)


def test_recency_of_failure():
    days = np.array([0.0, 60.0, 120.0, 600.0])
    np.testing.assert_allclose(recency_of_failure(np.ones(4), days, 60.0), [1, 0.5, 0.25, 2.0**-10], rtol=1e-12)
    # how many there were does not matter here, only whether there was one
    np.testing.assert_array_equal(recency_of_failure(5.0, days, 60.0), recency_of_failure(1.0, days, 60.0))
    np.testing.assert_array_equal(recency_of_failure(0.0, days, 60.0), 0)
    assert recency_of_failure(1.0, 30.0, 30.0) == pytest.approx(0.5)


quantity = st.floats(0, 1)


@settings(derandomize=True, deadline=None, database=None, max_examples=300)
@given(
    compensation=st.floats(-2, 20),
    shape=st.sampled_from(["rejected", "accepted"]),
    gesture=quantity,
    severity=quantity,
    hours=st.floats(0, 5000),
    effort=st.floats(0, 2),
    failures=st.integers(0, 50),
    purchases=st.integers(0, 500),
    floor=st.floats(0.01, 0.5),
    churn=st.floats(0.01, 0.99),
    recent_failure=quantity,
    proactive=st.booleans(),
    suspected=st.booleans(),
    below=st.floats(0.01, 1),
    weights=st.tuples(*[st.floats(0, 3)] * (2 + len(WEIGHTS))),
)
def test_no_remedy_beats_that_nothing_had_gone_wrong(
    compensation,
    shape,
    gesture,
    severity,
    hours,
    effort,
    failures,
    purchases,
    floor,
    churn,
    recent_failure,
    proactive,
    suspected,
    below,
    weights,
):
    computed = chance_lost(
        effect=compensation_effect(compensation, shape),
        over=over_compensation(compensation),
        insulted=insult(compensation, below),
        gesture=gesture,
        proactive=proactive,
        suspected=suspected,
        recent_failure=recent_failure,
        severity=severity,
        hours=hours,
        effort=effort,
        prior_failures=failures,
        prior_purchases=purchases,
        churn_without_failure=floor,
        churn_without_remedy=churn,
        compensation_weight=weights[0],
        gesture_weight=weights[1],
        **{f"{name}_weight": weight for name, weight in zip(WEIGHTS, weights[2:], strict=True)},
    )
    assert floor <= computed <= 1


@pytest.mark.parametrize(
    ("fact", "low", "high"),
    [
        ("severity", 0.1, 0.9),
        ("hours", 1, 100),
        ("effort", 0.2, 0.9),
        ("prior_failures", 0, 2),
        ("recent_failure", 0.1, 0.9),
        ("suspected", False, True),
        ("insulted", 0.0, 0.7),
    ],
)
def test_what_makes_it_worse(scenario, fact, low, high):
    for failure in scenario.failures:
        assert delta(scenario, failure, 0.5, **{fact: low}) < delta(scenario, failure, 0.5, **{fact: high})


def test_what_makes_it_better(scenario):
    for failure in scenario.failures:
        assert delta(scenario, failure, 0.5, prior_purchases=1) > delta(scenario, failure, 0.5, prior_purchases=20)
        assert delta(scenario, failure, 0.5, gesture=0.0) > delta(scenario, failure, 0.5, gesture=1.0)
        assert delta(scenario, failure, 0.5, proactive=False) > delta(scenario, failure, 0.5, proactive=True)
        # more than three earlier failures make no difference any more
        assert delta(scenario, failure, 0.5, prior_failures=3) == delta(scenario, failure, 0.5, prior_failures=9)


def test_the_aggregate_that_the_numbers_were_set_to(scenario):
    # MATHEMATICS.md D: "e-commerce 32 % against 11 %: model 33 %", read as half of the customers made whole
    shares = np.array([scenario.value(f"{failure}.share_of_cases") for failure in DELTAS])
    nothing, whole = (np.array([row[n] for row in DELTAS.values()]) for n in (0, 1))
    assert 0.25 < shares @ whole / shares.sum() < 0.33 < shares @ nothing / shares.sum() < 0.42


def test_spend_of_survivors():
    assert spend_multiplier(0.0, 0.07, 0.02) == pytest.approx(0.93)
    assert spend_multiplier(1.0, 0.07, 0.02) == pytest.approx(1.02)
    np.testing.assert_allclose(spend_multiplier(np.array([0.0, 0.5, 1.0]), 0.1, 0.0), [0.9, 0.95, 1.0])
