import functools
import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import roots_jacobi

from policy_sim.border import InputError
from policy_sim.clv import BoundaryWarning, DiscreteSummary
from policy_sim.clv.bg_bb import BgBbFit, _log_likelihoods, _Terms, fit_bg_bb

DONATIONS = Path(__file__).resolve().parents[2] / "data" / "donations" / "donations.csv"
PUBLISHED = BgBbFit(1.204, 0.750, 0.657, 2.783)


@pytest.fixture(scope="module")
def donations():
    table = pd.read_csv(DONATIONS)
    return DiscreteSummary(**{name: table[name].to_numpy() for name in table.columns})


@pytest.fixture(scope="module")
def fitted(donations):
    return fit_bg_bb(donations)


def terms_of(x, t_x, n):
    return _Terms.of_rows(*(np.atleast_1d(np.asarray(column, dtype=float)) for column in (x, t_x, n)))


@functools.cache
def beta_rule(a, b):
    """Return nodes and weights of Gauss and Jacobi: exact means of polynomials over Beta(a, b)."""
    nodes, weights = roots_jacobi(40, b - 1, a - 1)
    return (nodes + 1) / 2, weights / weights.sum()


def mixture(fit, x, t_x, n, value):
    """Return E[value(p, theta) 1(alive)] and the likelihood: plain products, averaged over both Beta densities."""
    (p, p_weight), (theta, theta_weight) = beta_rule(fit.alpha, fit.beta), beta_rule(fit.gamma, fit.delta)
    p, theta = p[:, None], theta[None, :]
    weight = p_weight[:, None] * theta_weight[None, :]
    alive = p**x * (1 - p) ** (n - x) * (1 - theta) ** n
    gone = sum(p**x * (1 - p) ** (m - x) * theta * (1 - theta) ** m for m in range(t_x, n))
    return (weight * alive * value(p, theta)).sum(), (weight * (alive + gone)).sum()


HISTORIES = [(0, 0, 6), (2, 4, 6), (6, 6, 6), (1, 1, 6), (3, 7, 11), (0, 0, 0)]
PARAMETERS = [(1.204, 0.750, 0.657, 2.783), (0.4, 6.0, 1.0, 0.6), (5.0, 2.0, 3.0, 30.0)]


class TestDonations:
    def test_fit(self, fitted):
        assert [round(value, 3) for value in fitted.parameters.values()] == [1.204, 0.750, 0.657, 2.783]
        assert round(fitted.log_likelihood, 2) == -33225.58
        assert fitted.customer_count == 11_104
        assert fitted.message.startswith("converged")

    def test_published_chances_to_be_there_next_year(self, fitted):
        alive = fitted.probability_alive([0, 2, 6], [0, 4, 6], 6, ahead=1)
        assert alive.round(2).tolist() == [0.11, 0.59, 0.93]

    def test_published_expectations_over_five_years(self, fitted, donations):
        history = (donations.frequency, donations.recency, donations.opportunities)
        assert fitted.expected_purchases(5, [0, 6], [0, 6], 6).round(2).tolist() == [0.07, 3.75]
        total = fitted.expected_purchases(5, *history) @ donations.customer_count
        assert total == pytest.approx(12884.2, abs=0.1)

    def test_published_counts_of_never_and_always(self, fitted, donations):
        height = _log_likelihoods(np.log(list(fitted.parameters.values())), terms_of([0, 6], [0, 6], [6, 6]))[0]
        np.testing.assert_allclose(11_104 * np.exp(height), [3454.9, 1253.1], atol=0.05)

    def test_one_row_for_each_customer_gives_the_same(self, fitted, donations):
        copies = donations.customer_count.astype(int)
        columns = (donations.frequency, donations.recency, donations.opportunities)
        single = fit_bg_bb(DiscreteSummary(*(np.repeat(column, copies) for column in columns)))
        assert single.log_likelihood == pytest.approx(fitted.log_likelihood, rel=1e-12)
        np.testing.assert_allclose(list(single.parameters.values()), list(fitted.parameters.values()), rtol=1e-6)


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize(("x", "t_x", "n"), HISTORIES)
class TestAgainstPlainMixture:
    def test_likelihood_and_alive(self, parameters, x, t_x, n):
        fit = BgBbFit(*parameters)
        alive, likelihood = mixture(fit, x, t_x, n, lambda p, theta: 1.0)
        height, _, chance = _log_likelihoods(np.log(parameters), terms_of(x, t_x, n))
        assert height[0] == pytest.approx(math.log(likelihood), rel=1e-9, abs=1e-12)
        assert chance[0] == fit.probability_alive(x, t_x, n) == pytest.approx(alive / likelihood, rel=1e-9)
        later, _ = mixture(fit, x, t_x, n, lambda p, theta: (1 - theta) ** 3)
        assert fit.probability_alive(x, t_x, n, 3) == pytest.approx(later / likelihood, rel=1e-9)

    def test_predictions(self, parameters, x, t_x, n):
        fit = BgBbFit(*parameters)
        wanted, likelihood = mixture(fit, x, t_x, n, lambda p, theta: sum(p * (1 - theta) ** k for k in range(1, 8)))
        assert fit.expected_purchases(7, x, t_x, n) == pytest.approx(wanted / likelihood, rel=1e-9)
        discounted = sum(
            (fit.expected_purchases(k, x, t_x, n) - fit.expected_purchases(k - 1, x, t_x, n)) / 1.5**k
            for k in range(1, 75)
        )
        assert fit.dert(0.5, x, t_x, n) == pytest.approx(float(discounted), rel=1e-9)


def test_likelihood_sums_to_one_over_all_histories():
    total = 0.0
    for used in itertools.product((0, 1), repeat=7):
        last = max((k + 1 for k, is_used in enumerate(used) if is_used), default=0)
        total += math.exp(_log_likelihoods(np.log([0.8, 1.7, 0.6, 2.0]), terms_of(sum(used), last, 7))[0][0])
    assert total == pytest.approx(1.0, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_gradient(log_parameters, x, idle, after):
    at, terms = np.array(log_parameters), terms_of(x, x + idle if x else 0, x + idle + after)
    slope = _log_likelihoods(at, terms)[1]
    for k in range(4):
        step = np.eye(4)[k] * 1e-5
        difference = _log_likelihoods(at + step, terms)[0] - _log_likelihoods(at - step, terms)[0]
        assert slope[k, 0] == pytest.approx(difference[0] / 2e-5, rel=1e-5, abs=1e-7)


def test_long_histories_do_not_underflow():
    height, slope, alive = _log_likelihoods(np.log([0.2, 9.0, 1e-4, 50.0]), terms_of(900, 1000, 4000))
    assert np.isfinite(height).all()
    assert np.isfinite(slope).all()
    assert 0 <= alive[0] < 1e-6


def test_dert_against_a_simulation():
    rng = np.random.default_rng(2)
    count = 50_000
    p, theta = rng.beta(1.2, 0.8, count), rng.beta(0.7, 2.5, count)
    total, is_there = np.zeros(count), np.ones(count, dtype=bool)
    for k in range(1, 120):
        is_there &= rng.random(count) >= theta
        total += is_there * (rng.random(count) < p) / 1.1**k
    error = total.std() / math.sqrt(count)
    assert abs(BgBbFit(1.2, 0.8, 0.7, 2.5).dert(0.1, 0, 0, 0) - total.mean()) < 4 * error


extreme = st.floats(-4, 4).map(lambda power: 10.0**power)


@settings(max_examples=40, deadline=None)
@given(extreme, extreme, extreme, extreme, st.integers(0, 30), st.integers(0, 20), st.floats(0.001, 5))
def test_predictions_hold_at_extreme_parameters(alpha, beta, gamma, delta, x, after, d):
    fit, row = BgBbFit(alpha, beta, gamma, delta), (x, x, x + after)
    alive = fit.probability_alive(*row)
    assert 0 <= alive <= 1
    short, long = fit.expected_purchases(3, *row), fit.expected_purchases(30, *row)
    assert 0 <= short <= long <= 30 * alive * (1 + 1e-9)
    dert = fit.dert(d, *row)
    assert fit.expected_purchases(1, *row) / (1 + d) * (1 - 1e-9) <= dert <= alive / d * (1 + 1e-9)


def test_shapes():
    dert = PUBLISHED.dert(0.1, [[3, 0], [1, 3]], [[4, 0], [2, 4]], 6)
    assert dert.shape == (2, 2)
    assert dert[0, 0] == dert[1, 1]
    assert PUBLISHED.expected_purchases(0, 3, 4, 6) == 0
    assert PUBLISHED.dert(0.1, [], [], []).shape == PUBLISHED.probability_alive([], [], []).shape == (0,)


def test_parameters_come_back_from_a_simulation():
    truth, rng = BgBbFit(1.2, 0.75, 0.66, 2.8), np.random.default_rng(6)
    drawn = truth.simulate(rng.integers(3, 9, 20_000), rng)
    fit = fit_bg_bb(drawn)
    for name, value in truth.parameters.items():
        assert abs(getattr(fit, name) - value) < 4 * fit.standard_errors[name]
    assert drawn.frequency.mean() == pytest.approx(
        np.mean([truth.expected_purchases(n, 0, 0, 0) for n in range(3, 9)]), abs=0.05
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (([0, 1, 1, 2], [0, 1, 2, 2], [2, 2, 2, 2], [50, 30, 20, 10]), "do not determine .*delta.* too few"),
        (([4, 4, 4], [4, 4, 4], [4, 4, 4]), "drop-out chance went to 0"),
    ],
)
def test_boundaries(rows, message):
    with pytest.warns(BoundaryWarning, match=f"BG/BB: .*{message}"):
        fit_bg_bb(DiscreteSummary(*rows))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_bg_bb(DiscreteSummary([1], [1], [3])), "found 1, expected at least 2"),
        (lambda: fit_bg_bb(DiscreteSummary([0, 0], [0, 0], [3, 3])), "none of the 2 customers used an opportunity"),
        (lambda: DiscreteSummary([0, 1], [0], [3, 3]), "expected one entry each per row"),
        (lambda: DiscreteSummary([0, 1], [0, 1], [3, 3], [1, -1]), "customer_count of a row is -1"),
        (lambda: DiscreteSummary([2], [1], [3]), "frequency 2, recency 1, opportunities 3; expected whole numbers"),
        (lambda: DiscreteSummary([0], [1], [3]), "frequency 0, recency 1, opportunities 3"),
        (lambda: PUBLISHED.dert(0.1, 1, 4, 3), "recency 4, opportunities 3"),
        (lambda: PUBLISHED.dert(0.1, 0.5, 4, 6), "frequency 0.5"),
        (lambda: PUBLISHED.dert(0, 1, 2, 3), "discount_rate_per_opportunity is 0; it must be above 0"),
        (lambda: PUBLISHED.expected_purchases(1.5, 1, 2, 3), "horizon_opportunities is 1.5"),
        (lambda: PUBLISHED.probability_alive(1, 2, 3, -1), "ahead is -1"),
        (lambda: BgBbFit(1, 1, 0, 1), "parameter gamma of BG/BB is 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
