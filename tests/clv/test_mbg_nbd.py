import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import beta as beta_function
from scipy.special import betaln, gammaln, hyp2f1

from policy_sim.border import InputError
from policy_sim.clv import BgNbdFit, BoundaryWarning, CustomerSummary
from policy_sim.clv.beta_geometric import log_likelihoods, total_log_likelihood
from policy_sim.clv.mbg_nbd import MbgNbdFit, fit_mbg_nbd

PUBLISHED = MbgNbdFit(0.525, 6.183, 0.891, 1.614)


def textbook_likelihood(r, alpha, a, b, x, t_x, T):
    """Two ways the data can come about: still there, or gone right after the last purchase."""
    purchases = math.exp(gammaln(r + x) - gammaln(r)) * alpha**r
    alive = beta_function(a, b + x + 1) / beta_function(a, b) / (alpha + T) ** (r + x)
    gone = beta_function(a + 1, b + x) / beta_function(a, b) / (alpha + t_x) ** (r + x)
    return purchases * (alive + gone)


def textbook_expected_purchases(fit, t, x, t_x, T):
    """The published conditional expectation, with its 2F1 and its division by a - 1."""
    r, alpha, a, b = fit.r, fit.alpha_weeks, fit.a, fit.b
    decay = ((alpha + T) / (alpha + T + t)) ** (r + x)
    left = a / (b + x) * ((alpha + T) / (alpha + t_x)) ** (r + x)
    hypergeometric = hyp2f1(r + x, b + x + 1, a + b + x, t / (alpha + T + t))
    return (a + b + x) / (a - 1) * (1 - decay * hypergeometric) / (1 + left)


def height_and_slope(log_parameters, x, t_x, T):
    """Return the log-likelihood of one row and its gradient."""
    height, slope = total_log_likelihood(x, t_x, T, 1)(log_parameters)
    np.testing.assert_allclose(log_likelihoods(log_parameters, x, t_x, T, 1).sum(), height, rtol=1e-12, atol=1e-12)
    return height, slope


def lives(count, r, alpha, a, b, age, rng):
    """Yield time, chance to leave and who is there after each purchase, one purchase of everybody at a time."""
    rate, leaving = rng.gamma(r, 1 / alpha, count), rng.beta(a, b, count)
    time, is_there = np.zeros(count), rng.random(count) >= leaving
    for _ in range(600):
        time = time + rng.exponential(1 / rate)
        buys = is_there & (time <= age)
        if not buys.any():
            return
        yield time, buys
        is_there = buys & (rng.random(count) >= leaving)


def test_cdnow(cdnow_calibration):
    fit = fit_mbg_nbd(cdnow_calibration)
    assert [round(value, 3) for value in fit.parameters.values()] == [0.525, 6.183, 0.891, 1.614]
    assert fit.log_likelihood == pytest.approx(-9582.1357, abs=5e-5)
    assert fit.customer_count == 2357
    assert fit.message.startswith("converged")


def test_cdnow_likelihood_in_plain_powers(cdnow_calibration):
    fit = fit_mbg_nbd(cdnow_calibration)
    rows = zip(cdnow_calibration.frequency, cdnow_calibration.recency_weeks, cdnow_calibration.age_weeks, strict=True)
    total = sum(math.log(textbook_likelihood(*fit.parameters.values(), *row)) for row in rows)
    assert fit.log_likelihood == pytest.approx(total, rel=1e-12)


def test_likelihood_is_a_mixture_over_chances_to_leave():
    r, alpha, a, b, x, t_x, T = 0.7, 5.0, 1.3, 2.2, 3, 12.0, 30.0

    def given_leaving(p):
        stays = (1 - p) ** (x + 1) / (alpha + T) ** (r + x) + p * (1 - p) ** x / (alpha + t_x) ** (r + x)
        return stays * p ** (a - 1) * (1 - p) ** (b - 1)

    mixed = quad(given_leaving, 0, 1, epsabs=0, epsrel=1e-12)[0] / beta_function(a, b)
    mixed *= math.gamma(r + x) / math.gamma(r) * alpha**r
    height = height_and_slope(np.log([r, alpha, a, b]), np.array([3.0]), np.array([t_x]), np.array([T]))[0]
    assert height == pytest.approx(math.log(mixed), rel=1e-10)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-2.5, 2.5), min_size=4, max_size=4), st.integers(0, 12), st.floats(0, 1), st.floats(0, 60))
def test_likelihood_and_gradient(log_parameters, x, share, T):
    at = np.array(log_parameters)
    t_x = share * T if x else 0.0
    row = (np.array([float(x)]), np.array([t_x]), np.array([T]))
    height, slope = height_and_slope(at, *row)
    expected = math.log(textbook_likelihood(*np.exp(at), x, t_x, T))
    assert height == pytest.approx(expected, rel=1e-9, abs=1e-9)
    for k in range(4):
        step = np.eye(4)[k] * 1e-5
        difference = height_and_slope(at + step, *row)[0] - height_and_slope(at - step, *row)[0]
        assert slope[k] == pytest.approx(difference / 2e-5, rel=1e-5, abs=1e-7)


def test_likelihood_stays_finite_where_plain_powers_overflow():
    height, slope = height_and_slope(np.log([0.2, 0.1, 1e-6, 1e-6]), *np.array([[400.0], [1.0], [500.0]]))
    assert np.isfinite(height).all()
    assert np.isfinite(slope).all()


def test_parameters_come_back_from_a_simulation():
    truth = MbgNbdFit(0.6, 5.0, 0.8, 2.5)
    rng = np.random.default_rng(7)
    fit = fit_mbg_nbd(truth.simulate(rng.uniform(26, 52, 8_000), rng))
    for name, value in truth.parameters.items():
        assert abs(getattr(fit, name) - value) < 4 * fit.standard_errors[name]


def test_simulation_against_one_purchase_at_a_time():
    rng = np.random.default_rng(5)
    count, age = 40_000, 40.0
    truth = MbgNbdFit(0.7, 5.0, 0.9, 1.8)
    summary = truth.simulate(np.full(count, age), rng)
    frequency, recency = np.zeros(count), np.zeros(count)
    for time, buys in lives(count, 0.7, 5.0, 0.9, 1.8, age, rng):
        frequency += buys
        recency = np.where(buys, time, recency)
    for drawn, plain in ((summary.frequency, frequency), (summary.recency_weeks, recency)):
        error = math.sqrt((drawn.var() + plain.var()) / count)
        assert abs(drawn.mean() - plain.mean()) < 4 * error
    assert (frequency == 0).mean() == pytest.approx((summary.frequency == 0).mean(), abs=0.012)
    assert summary.frequency.mean() == pytest.approx(
        textbook_expected_purchases(truth, age, 0, 0, 0), rel=0.03
    )  # the formula counts from the first purchase, after which she may have left


def test_probability_alive():
    a, b = PUBLISHED.a, PUBLISHED.b
    assert PUBLISHED.probability_alive(0, 0, 0) == pytest.approx(b / (a + b), rel=1e-12)
    odds = a / (b + 2) * ((6.183 + 38.86) / (6.183 + 30.43)) ** 2.525
    assert PUBLISHED.probability_alive(2, 30.43, 38.86) == pytest.approx(1 / (1 + odds), rel=1e-12)
    assert (np.diff(PUBLISHED.probability_alive(0, 0, [0, 10, 40, 400])) < 0).all()


def test_predictions_by_nested_quadrature():
    r, alpha, a, b, x, t_x, T, horizon = 0.7, 5.0, 1.3, 2.2, 3, 12.0, 20.0, 52.0
    fit = MbgNbdFit(r, alpha, a, b)
    s, beta, delta = r + x, alpha + T, math.log(1.15) / 52

    def over_leaving(value):
        density = math.exp(-betaln(a, b + x + 1))
        return quad(lambda p: value(p) * density * p ** (a - 1) * (1 - p) ** (b + x), 0, 1, epsrel=1e-11)[0]

    alive = fit.probability_alive(x, t_x, T)
    purchases = over_leaving(lambda p: (1 - (beta / (beta + p * horizon)) ** s) / p)
    assert fit.expected_purchases(horizon, x, t_x, T) == pytest.approx(alive * purchases, rel=1e-9)

    def discounted(p):  # over t, the density of the next purchases of a thinned gamma process
        return quad(lambda t: s / beta * math.exp(-delta * t) * (beta / (beta + p * t)) ** (s + 1), 0, math.inf)[0]

    assert fit.dert(0.15, x, t_x, T) == pytest.approx(alive * over_leaving(discounted), rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.floats(1.1, 6), st.floats(0.2, 8), st.floats(0.2, 4), st.floats(1, 20), st.integers(0, 20), st.floats(1, 150))
def test_expected_purchases_against_the_textbook(a, b, r, alpha, x, horizon):
    fit = MbgNbdFit(r, alpha, a, b)
    t_x, T = (15.0 if x else 0.0), 20.0
    expected = textbook_expected_purchases(fit, horizon, x, t_x, T)
    assert fit.expected_purchases(horizon, x, t_x, T) == pytest.approx(expected, rel=1e-7)


def test_dert_against_a_simulation():
    rng = np.random.default_rng(11)
    count, delta = 40_000, math.log(1.15) / 52
    total = np.zeros(count)
    for time, buys in lives(count, 0.8, 6.0, 1.2, 3.0, math.inf, rng):
        total += buys * np.exp(-delta * time)
    error = total.std() / math.sqrt(count)
    assert abs(MbgNbdFit(0.8, 6.0, 1.2, 3.0).dert(0.15, 0, 0, 0) - total.mean()) < 4 * error


extreme = st.floats(-4, 4).map(lambda power: 10.0**power)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 20), st.floats(0.2, 300), extreme, extreme, st.integers(0, 60), st.floats(0.01, 0.9))
def test_predictions_hold_at_extreme_parameters(r, alpha, a, b, x, discount):
    fit = MbgNbdFit(r, alpha, a, b)
    row = (x, 25.0 if x else 0.0, 30.0)
    short, long = fit.expected_purchases(10, *row), fit.expected_purchases(200, *row)
    assert 0 <= short <= long <= (r + x) / (alpha + 30) * 200 * (1 + 1e-9)
    dert, dearer = fit.dert(discount, *row), fit.dert(discount + 0.05, *row)
    assert 0 <= dearer <= dert <= (r + x) / (alpha + 30) / (math.log1p(discount) / 52) * (1 + 1e-9)
    assert 0 <= fit.probability_alive(*row) <= 1


def test_nobody_leaves_in_the_limit_and_then_it_is_bg_nbd():
    row = (4, 20, 30)
    assert MbgNbdFit(0.5, 5.0, 1e-9, 3.0).expected_purchases(52, *row) == pytest.approx(4.5 / 35 * 52, rel=1e-6)
    here, there = MbgNbdFit(0.5, 5.0, 1e-9, 3.0).dert(0.15, *row), BgNbdFit(0.5, 5.0, 1e-9, 3.0).dert(0.15, *row)
    assert here == pytest.approx(there, rel=1e-7)


def test_shapes():
    frequency = np.array([[3, 0], [5, 3]])
    dert = PUBLISHED.dert(0.15, frequency, np.where(frequency > 0, 10.0, 0.0), 20.0)
    assert dert.shape == (2, 2)
    assert dert[0, 0] == dert[1, 1]
    assert PUBLISHED.expected_purchases(0, 3, 10, 20) == 0
    assert PUBLISHED.dert(0.15, [], [], []).shape == (0,)


def test_fits_the_transactions_themselves(cdnow):
    assert fit_mbg_nbd(cdnow).customer_count == 2357


def test_nobody_left():
    rng = np.random.default_rng(3)
    age = rng.uniform(30, 52, 800)
    frequency = rng.poisson(rng.gamma(2.0, 0.1, 800) * age).astype(float)
    recency = np.where(frequency > 0, age * rng.random(800) ** (1 / np.maximum(frequency, 1)), 0.0)
    with pytest.warns(BoundaryWarning, match="MBG/NBD: the drop-out chance went to 0 .*; use a longer log"):
        fit = fit_mbg_nbd(CustomerSummary.of_histories(frequency, recency, age))
    assert fit.a / (fit.a + fit.b) < 1e-4
    assert np.isfinite(fit.log_likelihood)


def test_customers_too_alike():
    with pytest.warns(BoundaryWarning, match="MBG/NBD: these customers do not determine r.*; means may still serve"):
        fit_mbg_nbd(CustomerSummary.of_histories([1, 1, 2, 1, 2, 0], [5, 6, 9, 4, 8, 0], np.full(6, 20)))


@pytest.mark.parametrize(
    ("histories", "message"),
    [
        (([2], [3], [5]), "MBG/NBD needs a group of customers; found 1, expected at least 2"),
        (([0, 0, 0], [0, 0, 0], [5, 6, 7]), "none of the 3 customers bought on a second day"),
    ],
)
def test_nothing_to_learn_from(histories, message):
    with pytest.raises(InputError, match=message):
        fit_mbg_nbd(CustomerSummary.of_histories(*histories))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MbgNbdFit(0.2, 1, 0, 1), "parameter a of MBG/NBD is 0; it must be a number above 0"),
        (lambda: PUBLISHED.dert(0, 1, 2, 3), "discount_rate_per_year is 0; it must be above 0"),
        (lambda: PUBLISHED.expected_purchases(-1, 1, 2, 3), "horizon_weeks is -1"),
        (lambda: PUBLISHED.probability_alive(1, 4, 3), "recency 4 weeks, age 3 weeks; expected"),
        (lambda: PUBLISHED.dert(0.1, -1, 2, 3), "frequency -1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_rounded_times_leave_the_printed_digits(cdnow_calibration):
    rounded = replace(
        cdnow_calibration,
        recency_weeks=cdnow_calibration.recency_weeks.round(2),
        age_weeks=cdnow_calibration.age_weeks.round(2),
    )
    assert [round(value, 3) for value in fit_mbg_nbd(rounded).parameters.values()] == [0.525, 6.183, 0.891, 1.614]
