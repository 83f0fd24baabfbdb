"""Values of information against closed forms, pilots against textbook numbers and a simulation."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy import stats

from policy_sim.assumptions import Draws
from policy_sim.border import InputError
from policy_sim.study import evpi, evppi, pilot_for_mean, pilot_for_share

X = np.array([0.0, 0, 0, 0, 1, 1, 1, 1])
V = np.array([1.0, 3, -1, 1, -1, -3, 1, -1])


def value_of(table, name):
    return table.set_index("assumption").loc[name]


def test_unit_values():
    benefits = np.column_stack([np.zeros(8), V])
    assert evpi(benefits).value == pytest.approx(0.75)
    # two values of x: the regression is the two means; many times the same, and one policy a little ahead
    many = np.tile(X, 500)[:, None]
    ahead = np.column_stack([np.zeros(4000), np.tile(V, 500) - 0.2])
    table = evppi(ahead, Draws(("x",), many))
    assert table["evppi"][0] == pytest.approx(0.4)
    assert table["share_of_evpi"][0] == pytest.approx(0.4 / evpi(ahead).value)


def unit_normal_loss(scale, mean):
    """E max(0, N(mean, scale^2)) - max(0, mean)."""
    z = mean / scale
    return scale * stats.norm.pdf(z) + mean * stats.norm.cdf(z) - max(0.0, mean)


def two_actions(count, seed):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((count, 3))
    benefits = np.column_stack([np.zeros(count), 0.3 + 1.5 * values[:, 0] + 0.6 * values[:, 1]])
    return benefits, Draws(("much", "little", "none"), values)


def test_two_actions():
    benefits, draws = two_actions(20_000, 1)
    everything = evpi(benefits)
    assert everything.value == pytest.approx(
        unit_normal_loss(math.hypot(1.5, 0.6), 0.3), abs=4 * everything.standard_error
    )
    table = evppi(benefits, draws)
    for name, scale in (("much", 1.5), ("little", 0.6)):
        row = value_of(table, name)
        assert row["evppi"] == pytest.approx(unit_normal_loss(scale, 0.3), abs=4 * row["standard_error"])
        assert row["standard_error"] < 0.02
    assert value_of(table, "none")["evppi"] < 0.005
    assert table["assumption"].tolist() == ["much", "little", "none"]


@pytest.mark.parametrize("count", [400, 1000])
def test_near_a_tie(count):
    # E max(0, N(0, s^2)) = s phi(0): .1995 and .5984; what is worth nothing comes out at nothing. With
    # shuffled data taken off it was .159 and .552 at 1,000 draws.
    exact = {"little": 0.5 * stats.norm.pdf(0), "much": 1.5 * stats.norm.pdf(0), "none": 0.0}
    estimates, errors = ({name: [] for name in exact} for _ in range(2))
    for seed in range(40):
        values = np.random.default_rng(seed).standard_normal((count, 4))
        benefits = np.column_stack([np.zeros(count), 0.5 * values[:, 0] + 1.5 * values[:, 1] + 0.6 * values[:, 3]])
        table = evppi(benefits, Draws(("little", "much", "none"), values[:, :3]), seed=seed)
        for name in exact:
            estimates[name].append(value_of(table, name)["evppi"])
            errors[name].append(value_of(table, name)["standard_error"])
    for name, value in exact.items():
        of_mean = np.std(estimates[name]) / math.sqrt(40)
        # none can come out below 0, so that nothing comes out as a little
        slack = 0.5 * np.mean(errors[name]) if name == "none" else 0.01
        assert np.mean(estimates[name]) == pytest.approx(value, abs=3 * of_mean + slack)
        # the interval says the rest: made for 90 %, a little short at an exact tie
        holds = np.abs(np.array(estimates[name]) - value) <= 1.645 * np.array(errors[name])
        assert holds.mean() >= 0.7


def test_a_quantity_to_hit():
    # whoever knows a part of x + 2 y saves its variance: 1, 4, and 5 for both
    rng = np.random.default_rng(2)
    values = rng.standard_normal((20_000, 2))
    aims = np.linspace(-9, 9, 61)
    benefits = -((aims - (values[:, [0]] + 2 * values[:, [1]])) ** 2)
    everything = evpi(benefits)
    assert everything.value == pytest.approx(5, abs=0.15)
    table = evppi(benefits, Draws(("x", "y"), values))
    assert value_of(table, "x")["evppi"] == pytest.approx(1, abs=0.1)
    assert value_of(table, "y")["evppi"] == pytest.approx(4, abs=0.15)


def test_a_bend_that_a_line_would_miss():
    # net benefit x^2 - 1: no slope, but worth knowing; E max(0, x^2 - 1) = 2 phi(1)
    values = np.random.default_rng(3).standard_normal((20_000, 1))
    table = evppi(np.column_stack([np.zeros(20_000), values[:, 0] ** 2 - 1]), Draws(("x",), values))
    assert table["evppi"][0] == pytest.approx(2 * stats.norm.pdf(1), rel=0.08)


@pytest.mark.parametrize("seed", range(5))
def test_between_nothing_and_everything(seed):
    rng = np.random.default_rng(seed)
    values = rng.random((60, 12))
    values[:, 3] = 0.5
    values[:, 4] = values[:, 4] > 0.7
    benefits = rng.standard_normal((60, 3)) + values[:, :3] * seed
    table = evppi(benefits, Draws(tuple("abcdefghijkl"), values), seed=seed)
    assert (table["evppi"] >= 0).all()
    assert (table["evppi"] <= evpi(benefits).value).all()
    assert value_of(table, "d")["evppi"] == 0 == value_of(table, "d")["standard_error"]
    # what all policies share is worth nothing to know, units carry through
    same = evppi(1000 * (benefits + 5 * values[:, [0]]), Draws(tuple("abcdefghijkl"), values), seed=seed)
    merged = table.merge(same, on="assumption")
    np.testing.assert_allclose(merged["evppi_y"], 1000 * merged["evppi_x"], atol=1e-6)


def test_standard_error_is_that_of_repetitions():
    estimates, errors = [], []
    for seed in range(80):
        benefits, draws = two_actions(400, seed)
        row = evppi(benefits, draws, ["much"], seed=seed).loc[0]
        estimates.append(row["evppi"])
        errors.append(row["standard_error"])
    assert np.std(estimates) == pytest.approx(np.mean(errors), rel=0.3)


def test_one_policy_has_nothing_to_choose():
    assert evpi(np.arange(5.0)[:, None]) == (0, 0)
    table = evppi(np.arange(5.0)[:, None], Draws(("x",), np.arange(5.0)[:, None]))
    assert table["evppi"][0] == table["share_of_evpi"][0] == 0


def test_a_thousand_draws_of_a_hundred_assumptions_take_little_time():
    rng = np.random.default_rng(4)
    draws = Draws(tuple(f"a{k}" for k in range(100)), rng.random((1000, 100)))
    begun = time.perf_counter()
    assert len(evppi(rng.standard_normal((1000, 5)), draws)) == 100
    assert time.perf_counter() - begun < 4


def test_what_cannot_be_used():
    draws = Draws(("x",), X[:, None])
    with pytest.raises(InputError, match="shape"):
        evpi(np.zeros(3))
    with pytest.raises(InputError, match="not finite"):
        evpi(np.array([[0.0, np.nan]]))
    with pytest.raises(InputError, match="9 draws, the assumptions have 8"):
        evppi(np.zeros((9, 2)), draws)
    with pytest.raises(InputError, match="unknown assumption 'y'"):
        evppi(np.zeros((8, 2)), draws, ["y"])


WEEKLY = {"cases_per_agent_week": 10.0, "weeks": 2.0}


def test_textbook_sample_sizes():
    # 50 % against 60 %: 384.6 in each group; half a standard deviation: 62.8 (two-sided 5 %, power 80 %)
    alone = WEEKLY | {"intraclass_correlation": 0.0}
    assert pilot_for_share(0.5, 0.1, **alone).cases_if_independent == 2 * 385
    assert pilot_for_mean(1.0, 0.5, **alone).cases_if_independent == 2 * 63
    assert pilot_for_mean(1.0, 0.5, **alone, power=0.9).cases_if_independent == 2 * 85
    plan = pilot_for_share(0.5, 0.1, **alone)
    assert plan.design_effect == 1
    assert plan.agents == 2 * (math.ceil(384.6 / 20) + 1)
    assert plan.cases == plan.agents * 20


def test_agents_alike_in_themselves_take_more():
    plan = pilot_for_mean(1.0, -0.5, **WEEKLY, intraclass_correlation=0.05, size_variation=0.0)
    assert plan.design_effect == pytest.approx(1 + 19 * 0.05)
    assert plan.agents == 2 * (math.ceil(62.79 * 1.95 / 20) + 1)
    assert plan.difference == 0.5
    uneven = pilot_for_mean(1.0, 0.5, **WEEKLY, intraclass_correlation=0.05, size_variation=0.6)
    assert uneven.design_effect == pytest.approx(1 + (1.36 * 20 - 1) * 0.05)
    # however long it runs, so many agents are needed
    for_ever = pilot_for_mean(1.0, 0.5, cases_per_agent_week=10.0, weeks=1e9, intraclass_correlation=0.05)
    assert for_ever.agents == for_ever.fewest_agents
    assert uneven.agents >= uneven.fewest_agents


def test_a_pilot_of_that_size_sees_the_difference_four_times_in_five():
    plan = pilot_for_share(0.7, 0.1, **WEEKLY, intraclass_correlation=0.05, size_variation=0.4)
    rng = np.random.default_rng(7)
    agents, repetitions = plan.agents // 2, 1500

    def halves(share):
        # beta-binomial: an intraclass correlation of .05; sizes vary by .4
        spread = 1 / 0.05 - 1
        own = rng.beta(share * spread, (1 - share) * spread, (repetitions, agents))
        sizes = np.maximum(rng.gamma(1 / 0.4**2, 20 * 0.4**2, (repetitions, agents)).round(), 1).astype(int)
        return rng.binomial(sizes, own) / sizes

    seen = stats.ttest_ind(halves(0.8), halves(0.7), axis=1).pvalue < 0.05
    assert 0.74 < seen.mean() < 0.92


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"difference": 0.0}, "difference to detect"),
        ({"difference": 0.5}, "shares are 0.7 and 1.2"),
        ({"weeks": 0.0}, "weeks of a pilot is 0"),
        ({"cases_per_agent_week": -1.0}, "cases_per_agent_week"),
        ({"intraclass_correlation": 2.0}, "intraclass_correlation"),
        ({"size_variation": -0.1}, "size_variation"),
        ({"power": 1.0}, "power"),
        ({"level": 0.0}, "level"),
    ],
)
def test_pilots_that_cannot_be(changed, message):
    with pytest.raises(InputError, match=message):
        pilot_for_share(**({"share": 0.7, "difference": 0.1} | WEEKLY | changed))


def test_a_mean_needs_a_spread():
    with pytest.raises(InputError, match="standard deviation is 0"):
        pilot_for_mean(0.0, 1.0, **WEEKLY)
