"""Intervals hold the sample of cases: closed forms, customers, coverage, too few to tell."""

import json

import numpy as np
import pytest
from scipy.stats import t as student

from policy_sim.assumptions import draw_assumptions
from policy_sim.policy import Lever, load_policy
from policy_sim.study import Sample, prepare
from policy_sim.value import (
    GroupSums,
    compare,
    evaluate,
    interval,
    measure,
    measures_by_case,
    threshold_curve,
    value_cases,
    widened,
)
from policy_sim.value.sampling import GROUPS, groups_of, too_few
from policy_sim.words import OUTCOMES


@pytest.fixture(scope="module")
def valued(scenario, random_cases):
    def make(count, draws, seed=1):
        cases = random_cases(scenario, np.random.default_rng(seed), count)
        return value_cases(scenario, cases, draw_assumptions(scenario, draws, seed))

    return make


@pytest.fixture(scope="module")
def policies(scenario):
    return load_policy("generous", scenario), load_policy("current", scenario)


def difference_of(policies, payoffs):
    return compare(*(evaluate(policy, payoffs) for policy in policies))


def paired(policies, payoffs, name):
    """The plainest way: what every single case comes to under both policies, (cases, draws)."""
    mine, other = (measure(measures_by_case(policy, payoffs), name) for policy in policies)
    return mine - other


@pytest.mark.parametrize("count", [2, 10, GROUPS])
def test_with_one_draw_it_is_the_interval_of_a_mean_of_pairs(valued, policies, count):
    payoffs = valued(count, 1)
    difference = difference_of(policies, payoffs)
    for name in OUTCOMES:
        gains = paired(policies, payoffs, name)[:, 0]
        error = gains.std(ddof=1) / np.sqrt(count)
        assert difference.error(name) == pytest.approx(error, rel=1e-9, abs=1e-12)
        reach = student.ppf(0.95, count - 1) * error
        expected = (gains.mean() - reach, gains.mean() + reach)
        assert difference.interval(name) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_many_cases_are_judged_by_random_groups_of_them(valued, policies):
    payoffs = valued(3000, 60)
    difference = difference_of(policies, payoffs)
    for name in ("net_value", "remedy_cost", "customers_kept"):
        gains = paired(policies, payoffs, name)
        plain = np.sqrt(gains.var(axis=0, ddof=1).mean() / 3000)
        # of 64 groups, an error is known within a ninth or so
        assert difference.error(name) == pytest.approx(plain, rel=0.3)


def test_sums_are_those_of_all_groups(valued, policies):
    outcome = evaluate(policies[0], valued(500, 70))
    totals = outcome.sums.sum((0, 1))[:, :52]
    np.testing.assert_allclose(outcome.groups.sums.sum(axis=0), totals, rtol=1e-12)
    cells = outcome.groups_by_cell.sums.sum(axis=0)
    np.testing.assert_allclose(cells, measure(outcome.sums, "net_value")[..., :52], rtol=1e-9, atol=1e-9)
    assert outcome.groups.counts.sum() == 500


def test_cases_of_one_customer_are_one_observation(scenario, policies):
    payoffs = prepare(scenario, sample=Sample(cases=60, draws=1, seed=4)).payoffs
    customer = np.arange(60) // 3
    payoffs.cases.buyer[:] = customer
    difference = difference_of(policies, payoffs)
    gains = paired(policies, payoffs, "net_value")[:, 0]
    centred = np.bincount(customer, gains - gains.mean())
    assert difference.error() == pytest.approx(np.sqrt(20 / 19 * (centred**2).sum()) / 60)
    assert groups_of(payoffs.cases).units == 20


def test_drawing_more_cases_does_not_outgrow_the_customers_of_the_log(scenario, policies):
    errors = [
        difference_of(policies, prepare(scenario, sample=Sample(cases=count, draws=1, seed=2)).payoffs).error()
        for count in (2_000, 32_000)
    ]
    # as if cases were independent it would be a quarter
    assert errors[1] > 0.4 * errors[0]


def test_reaches_add_up_in_squares_on_each_side():
    values = np.linspace(-1, 3, 401)
    assert interval(values) == pytest.approx((-0.8, 2.8))
    assert interval(values, 2.4) == pytest.approx((1 - np.hypot(1.8, 2.4), 1 + np.hypot(1.8, 2.4)))
    skewed = np.array([0.0, 0.0, 1.0, 5.0, 9.0])
    low, high = np.quantile(skewed, [0.05, 0.95])
    assert interval(skewed) == (low, high)
    assert [float(end) for end in widened(skewed, np.asarray(0.0))] == [low, high]


@pytest.mark.parametrize("count", [10, 30, 200])
@pytest.mark.parametrize("of_assumptions", [0.0, 0.1])
def test_it_covers_what_it_promises(count, of_assumptions):
    rng = np.random.default_rng(count)
    covered = 0
    for _ in range(1500):
        # what is assumed is off by as much as the draws vary; single cases scatter by 1
        truth = rng.normal(0, of_assumptions)
        cases = rng.normal(0, 1, count)
        draws = cases.mean() + of_assumptions * rng.standard_normal(200)
        place = rng.permutation(count) % GROUPS
        sums = GroupSums(np.bincount(place, cases)[:, None], np.bincount(place).astype(float), count)
        low, high = interval(draws, float(sums.reach()))
        covered += low <= truth <= high
    assert covered / 1500 == pytest.approx(0.9, abs=0.025)


def of_units(values):
    return GroupSums(np.asarray(values, dtype=float)[:, None], np.ones(len(values)), len(values))


def test_fewer_than_28_are_too_few():
    spread = np.array([-1.0, 1.0, 0.5, -0.5])
    for count, expected in ((2, True), (27, True), (28, False), (60, False)):
        values = np.resize(spread, count)
        assert too_few(np.array([values.mean()]), of_units(values)) is expected


def test_few_that_make_the_difference_are_too_few():
    rare, common = np.zeros(60), np.zeros(60)
    rare[:3], common[:30] = 1.0, 1.0
    assert too_few(np.array([0.05]), of_units(rare))
    assert not too_few(np.array([0.5]), of_units(common))
    # where assumptions matter far more than the sample it makes no difference
    assert not too_few(np.array([-9.0, 0.0, 9.0]), of_units(rare))
    # nor where nobody is treated otherwise
    assert not too_few(np.array([0.0]), of_units(np.zeros(3)))


def test_three_cases_tell_nothing(valued, policies):
    difference = difference_of(policies, valued(3, 50))
    assert difference.too_few()
    assert not any(difference.told_apart(name) for name in OUTCOMES)
    assert difference.effect_per_year()["too_few_cases"] is True
    row = difference.to_frame().set_index("outcome").loc["net_value"]
    # wider than what the draws alone say
    low, high = np.quantile(difference.per_case(), [0.05, 0.95])
    assert row["per_case_low"] < low
    assert row["per_case_high"] > high


def test_one_case_has_no_interval(valued, policies):
    difference = difference_of(policies, valued(1, 20))
    assert difference.interval() == (-np.inf, np.inf)
    assert difference.too_few()
    effect = difference.effect_per_year()
    assert (effect["low"], effect["high"], effect["told_apart"]) == (None, None, False)
    assert json.loads(json.dumps(difference.to_dict(), allow_nan=False))["net_value"]["per_case_low"] is None


@pytest.mark.parametrize("limit", ["credit", "keep_item", "refund"])
def test_curves_have_the_same_intervals(valued, policies, limit):
    payoffs = valued(300, 60)
    outcome, baseline = evaluate(policies[0], payoffs), evaluate(policies[1], payoffs)
    lever = Lever("agent", limit)
    curve = threshold_curve(outcome, lever)
    step = curve.step(outcome.policy.limit("agent", limit))
    for name in ("net_value", "remedy_cost"):
        low, high = curve.intervals(name, baseline)
        assert (low[step], high[step]) == pytest.approx(compare(outcome, baseline).interval(name), rel=1e-6)
        alone = curve.intervals(name)
        assert (alone[0][step], alone[1][step]) == pytest.approx(outcome.interval(name), rel=1e-6)
    for knot in curve.knots[[0, -1]]:
        there = evaluate(outcome.policy.with_limit(lever, float(curve.limits[knot])), payoffs)
        low, high = curve.intervals("net_value", baseline)
        assert (low[knot], high[knot]) == pytest.approx(compare(there, baseline).interval(), rel=1e-4, abs=1e-4)
