import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from policy_sim.assumptions import Draws
from policy_sim.border import InputError
from policy_sim.policy import ASK, NO_LIMIT, NO_LIMIT_CENTS, Lever, Policy, Tier, load_policy, to_cents
from policy_sim.value import evaluate, threshold_curve
from policy_sim.value.choice_kernels import ChoiceSets, PolicyArrays, choose, put_in_order, stages_along
from policy_sim.value.curves import best_step, stages_of_lever
from policy_sim.value.handling import Handling, policy_arrays_of
from policy_sim.value.payoffs import Payoffs
from policy_sim.value.response_kernels import (
    FACTS,
    FORMS,
    LANES,
    PER_FAILURE,
    PER_TIER,
    SHARED,
    STAFF,
    CaseArrays,
    DrawArrays,
)
from policy_sim.words import COLUMNS, LIMITS, OUTCOMES

#: Trials for each of the ten settings: 400 in all, three limits each.
TRIALS = 40


@pytest.fixture(scope="module")
def current(scenario):
    return load_policy("current", scenario)


@pytest.fixture(scope="module")
def curve(current, shipped_payoffs):
    return threshold_curve(evaluate(current, shipped_payoffs), Lever("agent", "refund"))


def worst_error(found, expected):
    """Return the largest error relative to the amount, or to a cent where the amount is smaller than that.

    A curve adds up thousands of changes to get to a value, `evaluate` adds up the cases: both carry rounding errors of
    the size of what is added up, not of the sum. Where that is money, a mean below a cent a case is a difference of
    amounts of many dollars; a relative error of it would measure the cancellation and not the method.
    """
    return np.max(np.abs(found - expected) / np.maximum(np.abs(expected), 0.01))


def test_curve_is_evaluate_at_every_limit(payoffs, random_policy, random_lever, random_limit):
    rng = np.random.default_rng(31)
    for trial in range(TRIALS):
        policy = random_policy(rng, payoffs)
        lever = random_lever(rng, policy, payoffs)
        curve = threshold_curve(evaluate(policy, payoffs), lever)
        points = curve.cents[curve.cents >= 0]
        points = points if len(points) else np.array([1000])
        # one anywhere, one on a breakpoint of the curve, one beside it
        at = rng.choice(points) / 100
        beside = (0.01, -0.01, 0.004, -0.004)[rng.integers(0, 4)]
        for limit in (random_limit(rng, points), at, max(at + beside, 0.0)):
            # a curve is known between cents too, where a limit cannot stand: there it is as at the cent below
            cents = np.floor(100 * limit + 1e-6) / 100 if np.isfinite(limit) else limit
            expected = evaluate(policy.with_limit(lever, cents), payoffs)
            for name in OUTCOMES:
                error = worst_error(curve.at(limit, name), expected.per_case(name))
                assert error <= 1e-9, f"trial {trial}, {lever} at {limit}: {name} is off by {error}"


def test_curve_is_evaluate_at_the_ends(payoffs, random_policy):
    rng = np.random.default_rng(32)
    policy = random_policy(rng, payoffs)
    for tier in policy.tier_names[:-1]:
        for limit_name in LIMITS:
            lever = Lever(tier, limit_name)
            curve = threshold_curve(evaluate(policy, payoffs), lever)
            for limit in (ASK, 0.0, policy.limit(tier, limit_name), NO_LIMIT):
                expected = evaluate(policy.with_limit(lever, limit), payoffs).per_case()
                assert worst_error(curve.at(limit), expected) <= 1e-9


def test_breakpoints_are_complete(current, shipped_payoffs, curve):
    # between two breakpoints nothing changes, and at each of them something does
    assert curve.cents[0] == -1
    assert (np.diff(curve.cents) > 0).all()
    for step in range(1, len(curve.cents), 7):
        assert curve.step(curve.limits[step]) == step
        assert curve.step(curve.limits[step] - 0.01) == step - 1 or curve.cents[step - 1] == curve.cents[step] - 1
        low, high = curve.stretch(step)
        assert low == curve.limits[step]
        if np.isfinite(high):
            just_below = current.with_limit(curve.lever, high - 0.01)
            np.testing.assert_allclose(evaluate(just_below, shipped_payoffs).per_case(), curve.per_case()[step], 1e-9)
    assert curve.step(ASK) == 0
    assert curve.stretch(len(curve.cents) - 1)[1] == NO_LIMIT


def test_raising_a_limit_never_raises_the_escalated_share(payoffs, random_policy):
    rng = np.random.default_rng(33)
    for _ in range(10):
        policy = random_policy(rng, payoffs)
        # what the lead gives is escalated even where no agent looks first, and may reach more customers or fewer
        while policy.tier_names[0] != "agent":
            policy = random_policy(rng, payoffs)
        curve = threshold_curve(evaluate(policy, payoffs), Lever("agent", LIMITS[rng.integers(0, len(LIMITS))]))
        escalated = curve.per_case("escalated")
        assert (np.diff(escalated, axis=0) <= 1e-12).all()
        assert (escalated >= -1e-12).all()


def test_a_limit_of_the_lead_does_not_change_who_is_escalated(payoffs, random_policy):
    rng = np.random.default_rng(34)
    policy = random_policy(rng, payoffs)
    while len(policy.tiers) < 3:
        policy = random_policy(rng, payoffs)
    # a lead who may do more may tell customers before they ask, who are then escalated without asking: all ask here
    facts = payoffs.case_arrays.facts.copy()
    facts[:, FACTS.index("surfaces")] = 1.0
    all_ask = replace(payoffs, case_arrays=payoffs.case_arrays._replace(facts=facts))
    escalated = threshold_curve(evaluate(policy, all_ask), Lever("lead", "refund")).per_case("escalated")
    np.testing.assert_allclose(escalated, escalated[:1].repeat(len(escalated), axis=0), rtol=1e-12, atol=1e-12)
    handled_above = (Handling.of(policy, payoffs).tier > policy.tier_names.index("agent")).mean()
    np.testing.assert_allclose(escalated, handled_above, rtol=1e-12, atol=1e-12)
    # otherwise those are an upper bound
    some_ask = threshold_curve(evaluate(policy, payoffs), Lever("lead", "refund")).per_case("escalated")
    assert (some_ask <= handled_above + 1e-12).all()


def test_whoever_may_do_more_does_better_by_what_they_look_at(payoffs, random_policy, random_lever):
    # the choice at a tier: guided agents never get a lower payoff (as believed), generous ones never give less worth,
    # thrifty ones never spend more
    rng = np.random.default_rng(35)
    seen = payoffs.agent_view
    for _ in range(10):
        policy = random_policy(rng, payoffs)
        lever = random_lever(rng, policy, payoffs)
        assignments, _ = stages_of_lever(policy, payoffs, lever, policy_arrays_of(policy, payoffs))
        k = payoffs.scenario.tiers.index(lever.tier)
        follows = (assignments.case[1:] == assignments.case[:-1]) & (assignments.tier[:-1] == k)
        assert (assignments.tier[1:][follows] == k).all()
        for s, values in enumerate((seen.payoff[k], seen.worth, -seen.cost)):
            chosen = values[assignments.case, assignments.choice[:, s]]
            assert (np.diff(chosen)[follows] >= 0).all()


def test_same_bits_twice(current, shipped_payoffs, curve):
    again = threshold_curve(evaluate(current, shipped_payoffs), Lever("agent", "refund"))
    np.testing.assert_array_equal(again.sums, curve.sums)
    np.testing.assert_array_equal(again.cents, curve.cents)


def test_draws_do_not_depend_on_how_many_are_scored_together(payoffs, random_policy):
    policy = random_policy(np.random.default_rng(36), payoffs)
    lever = Lever(policy.tier_names[0], "refund")
    style = payoffs.style.copy()
    style[..., 1:] = 0.0
    first = replace(payoffs, draws=Draws(payoffs.draws.names, payoffs.draws.values[:1]), style=style)
    one, all_of_them = (threshold_curve(evaluate(policy, each), lever) for each in (first, payoffs))
    np.testing.assert_array_equal(one.sums, all_of_them.sums[..., :1])


def test_where_a_limit_is_not_in_force_the_curve_is_flat(current, shipped_payoffs):
    for failure in shipped_payoffs.cases.failures:
        current = current.with_limit(Lever("agent", "refund", failure), 10.0)
    curve = threshold_curve(evaluate(current, shipped_payoffs), Lever("agent", "refund"))
    assert list(curve.cents) == [-1]
    np.testing.assert_allclose(curve.at(50.0), evaluate(current, shipped_payoffs).per_case(), 1e-9)
    assert curve.flat_region() == (ASK, NO_LIMIT)


def test_curve_of_the_last_tier_is_refused(current, shipped_payoffs):
    with pytest.raises(InputError, match="manager"):
        threshold_curve(evaluate(current, shipped_payoffs), Lever("manager", "refund"))


@pytest.mark.parametrize(
    "lever", [Lever("agnet", "refund"), Lever("agent", "refnd"), Lever("agent", "refund", "wrong_itm")]
)
def test_curve_of_an_unknown_lever_is_refused(current, shipped_payoffs, lever):
    with pytest.raises(InputError, match="unknown"):
        threshold_curve(evaluate(current, shipped_payoffs), lever)


def test_the_table(curve, shipped_payoffs):
    table = curve.to_frame()
    assert len(table) == len(curve.cents)
    assert np.isnan(table["limit"][0])
    np.testing.assert_array_equal(table["limit"][1:], curve.limits[1:])
    np.testing.assert_allclose(table["net_value"], curve.per_case().mean(axis=1))
    np.testing.assert_allclose(table["escalated_share"], curve.per_case("escalated").mean(axis=1))
    assert (table["net_value_low"] <= table["net_value_high"]).all()


def test_the_best_limit_is_best_within_its_bounds(payoffs, random_policy, random_lever):
    rng = np.random.default_rng(37)
    tried = 0
    while tried < 20:
        policy = random_policy(rng, payoffs)
        lever = random_lever(rng, policy, payoffs)
        low, high = policy.bounds(lever)
        if low > high:
            continue
        tried += 1
        curve = threshold_curve(evaluate(policy, payoffs), lever)
        best = curve.best_limit
        assert low <= best <= high
        net = curve.per_case().mean(axis=1)
        inside = (curve.limits >= low) & (curve.limits <= high)
        # what holds at the lowest limit allowed may have begun below it
        inside[curve.step(low)] = True
        assert curve.at(best).mean() == net[inside].max()


def test_the_flat_region_holds_what_it_says(payoffs, random_policy, random_lever):
    rng = np.random.default_rng(38)
    tried = 0
    while tried < 10:
        policy = random_policy(rng, payoffs)
        lever = random_lever(rng, policy, payoffs)
        low, high = policy.bounds(lever)
        if low > high or low == NO_LIMIT:
            continue
        tried += 1
        curve = threshold_curve(evaluate(policy, payoffs), lever)
        net = curve.per_case().mean(axis=1)
        best = curve.at(curve.best_limit).mean()
        for within in (0.0, 0.01, 0.3, 1.0):
            first, last = curve.flat_region(within)
            assert first <= curve.best_limit <= last
            enough = best - within * (best - net.min())
            inside = (curve.limits >= first) & (curve.limits < last)
            assert inside.any()
            assert (net[inside] >= enough).all()
            # the step before it and the one from its end on give up more
            before, after = curve.step(first) - 1, int(np.searchsorted(curve.limits, last))
            assert before < 0 or net[before] < enough
            assert after == len(net) or net[after] < enough
        assert curve.flat_region(1.0)[0] <= curve.flat_region(0.01)[0]
        assert curve.flat_region(1.0)[1] >= curve.flat_region(0.01)[1]


#: Steps that hold from ask, 0, 7.13, 24.99, 103.50 on.
_CENTS = np.array([-1, 0, 713, 2499, 10350])


@pytest.mark.parametrize(
    ("value", "bounds", "expected"),
    [
        ([9, 1, 2, 3, 4], (ASK, NO_LIMIT), (0, ASK)),
        ([1, 9, 2, 3, 4], (ASK, NO_LIMIT), (1, 0.0)),
        ([1, 2, 9, 3, 4], (ASK, NO_LIMIT), (2, 10.0)),  # 7.13 up to 24.98: 10 is the roundest
        ([1, 2, 3, 9, 4], (ASK, NO_LIMIT), (3, 100.0)),
        ([1, 2, 3, 4, 9], (ASK, NO_LIMIT), (4, NO_LIMIT)),  # nothing changes any more: no limit
        ([1, 9, 2, 9, 4], (ASK, NO_LIMIT), (1, 0.0)),  # the lowest of equals
        ([9, 1, 2, 3, 4], (0.0, NO_LIMIT), (4, NO_LIMIT)),
        ([1, 2, 3, 4, 9], (ASK, 20.0), (2, 20.0)),  # no change below 20 any more: as far as 20
        ([1, 2, 9, 4, 3], (12.0, 20.0), (2, 20.0)),
        ([1, 2, 9, 4, 3], (12.0, 50.0), (2, 20.0)),
        ([1, 2, 9, 4, 3], (24.98, 50.0), (2, 24.98)),
        ([1, 9, 3, 4, 2], (ASK, ASK), (0, ASK)),
        ([1, 9, 3, 4, 2], (0.0, 0.0), (1, 0.0)),
        ([1, 2, 3, 4, 9], (NO_LIMIT, NO_LIMIT), (4, NO_LIMIT)),
    ],
)
def test_best_step_by_hand(value, bounds, expected):
    assert best_step(_CENTS, np.array(value, dtype=float), bounds) == expected


def test_the_best_limit_where_only_no_limit_is_in_order(current, shipped_payoffs):
    # in the shipped policy the agent has no limit on total_cost, so the lead can have none either
    assert threshold_curve(evaluate(current, shipped_payoffs), Lever("lead", "total_cost")).best_limit == NO_LIMIT


# The example of MATHEMATICS.md C by hand. One limited tier and the last, with both styles at each: half of the people
# generous, half guided; pay at the last tier 6 less.
#
#   case 1: uses 0, 10, 30; adequate no, yes, yes; pay 0, 20, 5; worth 0, 10, 30
#   case 2: uses 5, 20, 20; adequate yes, yes, no; pay 8, 12, 0; worth 5, 20, 50
#
#   limit       case 1                                          case 2                                          sum
#   below 5     last tier: (20 + 5) / 2 - 6 = 6.5               last tier, both second: 12 - 6                   12.5
#   from 5      as before: 6.5                                  agent, first (the only one): 8                   14.5
#   from 10     agent, second (the only one): 20                8                                                28
#   from 20     20                                              guided second: 12, generous second (20 > 5): 12  32
#   from 30     guided second: 20, generous third: 5; 12.5      12                                               24.5
_HAND_USES = ((0, 10, 30), (5, 20, 20))
_HAND_ADEQUATE = ((False, True, True), (True, True, False))
_HAND_PAY = ((0, 20, 5), (8, 12, 0))
_HAND_WORTH = ((0, 10, 30), (5, 20, 50))
_HAND_SUMS = [
    (ASK, 12.5),
    (0, 12.5),
    (4.99, 12.5),
    (5, 14.5),
    (9.99, 14.5),
    (10, 28),
    (20, 32),
    (29.99, 32),
    (30, 24.5),
]
_REFUND = LIMITS.index("refund")


def hand_options():
    uses = np.full((2, 3, len(LIMITS)), -1)
    uses[..., _REFUND] = 100 * np.array(_HAND_USES)
    pay = np.array(_HAND_PAY, dtype=float)
    worth, adequate = np.array(_HAND_WORTH, dtype=float), np.array(_HAND_ADEQUATE)
    preference_order = np.zeros((4, 2, 3), dtype=np.int16)
    # the third style is thrifty, here the one that gives the least worth
    put_in_order(np.stack([pay, pay - 6]), worth, worth, adequate, uses, preference_order)
    return ChoiceSets(np.array([3, 3]), uses, adequate, preference_order, np.array([2, 2], dtype=np.int16))


def hand_rules(limit):
    limits = np.full((2, 1, len(LIMITS)), to_cents(NO_LIMIT))
    limits[0, 0, _REFUND] = to_cents(limit)
    nobody, everywhere = np.zeros(2, dtype=np.bool_), np.zeros(2, dtype=np.int64)
    no_book, style = np.full(2, -1), np.zeros((2, 3, LANES))
    style[:, :2, 0] = 0.5
    return PolicyArrays(everywhere, everywhere, limits, np.array([0, 1]), nobody, np.ones(LANES), no_book, style)


def test_hand_example_by_liking():
    # adequate ones; at the last tier all is worth 6 less, which changes no order; what uses more and is liked less is
    # never chosen
    assert hand_options().preference_order.tolist() == [
        [[1, -1, -1], [1, 0, -1]],
        [[1, -1, -1], [1, 0, -1]],
        [[2, 1, -1], [1, 0, -1]],
        [[1, -1, -1], [0, -1, -1]],
    ]


@pytest.mark.parametrize(("limit", "expected"), _HAND_SUMS)
def test_hand_example_by_choices(limit, expected):
    options = hand_options()
    tier, choice = np.empty(2, dtype=np.int64), np.empty((2, 3), dtype=np.int64)
    choose(hand_rules(limit), options, 0, 2, tier, choice)
    half = [(_HAND_PAY[i][choice[i, s]] - 6 * tier[i]) / 2 for i in (0, 1) for s in (0, 1)]
    assert sum(half) == expected


def test_hand_example_by_states():
    everywhere = np.array([True])
    case, tier, choice, cents = stages_along(0, _REFUND, everywhere, hand_rules(20.0), hand_options(), 0, 2)
    assignments = list(zip(case, cents, tier, map(tuple, choice), strict=True))
    assert assignments == [
        (0, -1, 1, (1, 2, 1)),
        (0, 1000, 0, (1, 1, 1)),
        (0, 3000, 0, (1, 2, 1)),
        (1, -1, 1, (1, 1, 0)),
        (1, 500, 0, (0, 0, 0)),
        (1, 2000, 0, (1, 1, 0)),
    ]


def hand_payoffs(scenario, shipped_payoffs):
    """Put the example into arrays in which customers and labour bring nothing: payoff = -cost, 6 less at the end.

    Two failures with one case each, all cost in the constant column; the last tier takes 6 minutes at 1 a minute.
    """
    failures = {name: scenario.failures[name] for name in ("late_delivery", "wrong_item")}
    small = scenario.model_copy(update={"failures": failures, "tiers": ("agent", "manager")})
    cases = shipped_payoffs.cases.take(slice(0, 2))
    cases = type(cases)(**(vars(cases) | {"failure": np.array([0, 1]), "failures": tuple(failures), "assumed": {}}))
    forms = np.zeros((2, 3, len(FORMS), len(COLUMNS), LANES))
    forms[:, :, 0, 0, :] = -np.array(_HAND_PAY, dtype=float)[..., None]
    staff = np.zeros((2, 3, 2, len(STAFF), LANES))
    staff[:, :, 1] = 6.0
    per_failure = np.zeros((2, len(PER_FAILURE), LANES))
    per_failure[:, PER_FAILURE.index("loss_share")] = 1.0
    shared = np.zeros((len(SHARED), LANES))
    shared[[SHARED.index(name) for name in ("insult_scale", "temptation_scale")]] = 1.0
    money = np.column_stack([np.ones(2), np.zeros((2, len(COLUMNS) - 1))])
    facts = np.zeros((2, len(FACTS)))
    facts[:, FACTS.index("surfaces")] = 1.0
    style = np.zeros((2, 3, LANES))
    style[:, :2, 0] = 0.5
    return Payoffs(
        scenario=small,
        cases=cases,
        draws=Draws(shipped_payoffs.draws.names, shipped_payoffs.draws.values[:1]),
        menu=replace(shipped_payoffs.menu, in_line=np.zeros((2, 3), dtype=np.bool_)),
        case_arrays=CaseArrays(np.array([0, 1]), np.zeros(2, dtype=np.int64), money, facts),
        draw_arrays=DrawArrays(
            forms=forms,
            active=(forms != 0).any(axis=-1),
            push=np.zeros((2, 3, LANES)),
            lead_hours=np.zeros((2, 3, LANES)),
            staff=staff,
            proactive=np.zeros((2, 3), dtype=np.bool_),
            in_line=np.zeros((2, 3), dtype=np.bool_),
            timing=np.zeros((2, 3), dtype=np.int64),
            rejected=np.array([False, True]),
            failures=per_failure,
            tiers=np.zeros((2, len(PER_TIER), LANES)),
            shared=shared,
            value_ratios=np.ones((1, LANES)),
        ),
        choice_sets=hand_options(),
        style=style,
    )


def test_hand_example_by_curve_and_evaluation(scenario, shipped_payoffs):
    payoffs = hand_payoffs(scenario, shipped_payoffs)
    open_ = dict.fromkeys(LIMITS, NO_LIMIT)
    policy = Policy(
        name="hand", title="Hand", currency="USD", tiers=(Tier(name="agent", limits=open_), Tier(name="manager"))
    )
    lever = Lever("agent", "refund")
    curve = threshold_curve(evaluate(policy, payoffs), lever)
    assert list(curve.cents) == [-1, 500, 1000, 2000, 3000]
    np.testing.assert_allclose(2 * curve.per_case()[:, 0], [12.5, 14.5, 28, 32, 24.5], rtol=1e-14)
    np.testing.assert_allclose(2 * curve.per_case("escalated")[:, 0], [2, 1, 0, 0, 0], rtol=1e-14, atol=1e-14)
    for limit, expected in _HAND_SUMS:
        assert 2 * curve.at(limit)[0] == pytest.approx(expected, rel=1e-14)
        found = evaluate(policy.with_limit(lever, limit), payoffs).per_case()[0]
        assert 2 * found == pytest.approx(expected, rel=1e-14)
    assert curve.best_limit == 25.0  # the roundest from 20 up to 30
    assert curve.flat_region(0.0) == (20.0, 30.0)
    assert curve.flat_region(0.5) == (10.0, NO_LIMIT)  # 22.25 or more: half of what is between 12.5 and 32


def best_multiple_by_list(cents, value, low, high, every):
    """The plainest way: list every multiple. Returns the step and the limit in cents, None for as high as allowed."""
    top = min(high, int(cents[-1]) + every)
    multiples = range(-(-max(low, 0) // every) * every, top + 1, every)
    limits = [*([-1] if low < 0 else []), *multiples, *([high] if high > top else [])] or [high]
    steps = np.searchsorted(cents, limits, side="right") - 1
    best = int(steps[int(np.argmax(value[steps]))])
    round_cents = (10_000, 5_000, 2_500, 1_000, 500, 100, 50, 10, 5, 1)
    as_good = [limit for limit, step in zip(limits, steps, strict=True) if step == best]
    return best, min(as_good, key=lambda limit: next(k for k, step in enumerate(round_cents) if limit % step == 0))


def test_best_multiples_are_those_of_a_list_of_all():
    rng = np.random.default_rng(1)
    for _ in range(3000):
        points = rng.integers(0, rng.choice([30, 400, 30_000]), rng.integers(0, 8))
        cents = np.unique(np.append(points, -1))
        value = rng.integers(0, 4, len(cents)).astype(float)
        low = int(rng.choice([-1, 0, rng.integers(0, 500)]))
        high = int(rng.choice([NO_LIMIT_CENTS, low, low + rng.integers(0, 3000)]))
        every = int(rng.choice([1, 5, 7, 50, 100, 250, 500]))
        bounds = tuple(
            ASK if bound < 0 else NO_LIMIT if bound == NO_LIMIT_CENTS else bound / 100 for bound in (low, high)
        )
        step, limit = best_multiple_by_list(cents, value, low, high, every)
        expected = ASK if limit < 0 else bounds[1] if limit == high else limit / 100
        assert best_step(cents, value, bounds, every) == (step, expected)


@pytest.mark.parametrize("price", [1e2, 1e7, 1e9, 1e12])
def test_best_multiples_do_not_cost_more_where_amounts_are_larger(price):
    cents = np.array([-1, 0, int(40 * price), int(100 * price)])
    value = np.array([0.0, 1.0, 3.0, 2.0])
    tracemalloc.start()
    step, limit = best_step(cents, value, (ASK, NO_LIMIT), 500)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # from 0.4 of the price to below all of it, whole hundreds if there are any
    assert (step, limit) == (2, 50.0 if price == 1e2 else 0.4 * price)
    assert most < 20_000
