import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import beta as beta_function
from scipy.special import gammaln, hyp2f1
from scipy.stats import nbinom

from policy_sim.border import InputError
from policy_sim.clv import BgNbdFit, BoundaryWarning, CustomerSummary, fit_bg_nbd, fit_mbg_nbd, fit_pareto_nbd
from policy_sim.clv.beta_geometric import log_likelihoods, total_log_likelihood
from policy_sim.clv.no_drop_out import fit_without_drop_out

PUBLISHED = BgNbdFit(0.243, 4.414, 0.793, 2.426)


def summary_of(frequency, recency_weeks, age_weeks):
    count = len(frequency)
    return CustomerSummary(
        labels=np.array([f"{k:06d}" for k in range(count)]),
        frequency=np.asarray(frequency, dtype=float),
        recency_weeks=np.asarray(recency_weeks, dtype=float),
        age_weeks=np.asarray(age_weeks, dtype=float),
        mean_spend=np.full(count, np.nan),
        spend_count=np.zeros(count),
        until=np.datetime64("2020-01-01"),
    )


def simulated(count, r, alpha, a, b, seed):
    """Return customers who live by the model's story, one purchase at a time."""
    rng = np.random.default_rng(seed)
    rate, leaving = rng.gamma(r, 1 / alpha, count), rng.beta(a, b, count)
    age = rng.uniform(26, 52, count)
    time, frequency, recency = np.zeros(count), np.zeros(count), np.zeros(count)
    is_alive = np.ones(count, dtype=bool)
    while is_alive.any():
        time = time + rng.exponential(1 / rate)
        is_alive &= time <= age
        frequency += is_alive
        recency = np.where(is_alive, time, recency)
        is_alive &= rng.random(count) >= leaving
    return summary_of(frequency, recency, age)


def textbook_log_likelihood(r, alpha, a, b, x, t_x, T):
    """The likelihood as published: two beta terms, plain powers, one customer at a time."""
    arrivals = math.gamma(r + x) * alpha**r / math.gamma(r)
    survived = beta_function(a, b + x) / beta_function(a, b) / (alpha + T) ** (r + x)
    left = beta_function(a + 1, b + x - 1) / beta_function(a, b) / (alpha + t_x) ** (r + x) if x > 0 else 0.0
    return math.log(arrivals * (survived + left))


def textbook_expected_purchases(fit, t, x, t_x, T):
    """The published conditional expectation, with its 2F1 and its division by a - 1."""
    r, alpha, a, b = fit.r, fit.alpha_weeks, fit.a, fit.b
    decay = ((alpha + T) / (alpha + T + t)) ** (r + x)
    hypergeometric = hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + T + t))
    left = a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x) if x > 0 else 0.0
    return (a + b + x - 1) / (a - 1) * (1 - decay * hypergeometric) / (1 + left)


def height_and_slope(log_parameters, x, t_x, T):
    """Return the log-likelihood of one row and its gradient."""
    height, slope = total_log_likelihood(x, t_x, T, 0)(log_parameters)
    np.testing.assert_allclose(log_likelihoods(log_parameters, x, t_x, T, 0).sum(), height, rtol=1e-12, atol=1e-12)
    return height, slope


def test_cdnow(cdnow_calibration):
    fit = fit_bg_nbd(cdnow_calibration)
    assert (round(fit.r, 3), round(fit.alpha_weeks, 3), round(fit.a, 3), round(fit.b, 3)) == (
        0.243,
        4.414,
        0.793,
        2.426,
    )
    assert round(fit.log_likelihood, 1) == -9582.4
    assert fit.customer_count == 2357
    assert fit.message.startswith("converged")


def test_cdnow_with_times_rounded_as_in_the_published_summary(cdnow_calibration):
    rounded = replace(
        cdnow_calibration,
        recency_weeks=cdnow_calibration.recency_weeks.round(2),
        age_weeks=cdnow_calibration.age_weeks.round(2),
    )
    fit = fit_bg_nbd(rounded)
    assert fit.log_likelihood == pytest.approx(-9582.42556, abs=5e-6)
    parameters = (fit.r, fit.alpha_weeks, fit.a, fit.b)
    assert parameters == pytest.approx((0.24259, 4.41353, 0.79289, 2.42575), abs=5e-6)


def test_standard_errors_match_a_second_difference_of_the_textbook_likelihood(cdnow_calibration):
    few = slice(0, 400)
    summary = summary_of(
        cdnow_calibration.frequency[few], cdnow_calibration.recency_weeks[few], cdnow_calibration.age_weeks[few]
    )
    fit = fit_bg_nbd(summary)
    natural = np.array([fit.r, fit.alpha_weeks, fit.a, fit.b])

    def height(at):
        rows = zip(summary.frequency, summary.recency_weeks, summary.age_weeks, strict=True)
        return sum(textbook_log_likelihood(*at, *row) for row in rows)

    width = natural * 2e-3
    information = np.empty((4, 4))
    for i in range(4):
        for j in range(4):
            di, dj = np.eye(4)[i] * width, np.eye(4)[j] * width
            corners = height(natural + di + dj) - height(natural + di - dj)
            corners -= height(natural - di + dj) - height(natural - di - dj)
            information[i, j] = -corners / (4 * width[i] * width[j])
    expected = np.sqrt(np.diag(np.linalg.inv(information)))
    assert list(fit.standard_errors) == ["r", "alpha_weeks", "a", "b"]
    np.testing.assert_allclose(list(fit.standard_errors.values()), expected, rtol=2e-3)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-2.5, 2.5), min_size=4, max_size=4),
    st.integers(0, 12),
    st.floats(0, 1),
    st.floats(0, 60),
)
def test_likelihood_and_gradient(log_parameters, x, share, T):
    at = np.array(log_parameters)
    t_x = share * T if x else 0.0
    row = (np.array([float(x)]), np.array([t_x]), np.array([T]))
    height, slope = height_and_slope(at, *row)
    assert height == pytest.approx(textbook_log_likelihood(*np.exp(at), x, t_x, T), rel=1e-9, abs=1e-9)
    for k in range(4):
        step = np.eye(4)[k] * 1e-5
        difference = height_and_slope(at + step, *row)[0] - height_and_slope(at - step, *row)[0]
        assert slope[k] == pytest.approx(difference / 2e-5, rel=1e-5, abs=1e-7)


def test_likelihood_stays_finite_where_plain_powers_overflow():
    height, slope = height_and_slope(np.log([0.2, 0.1, 1e-6, 1e-6]), *np.array([[400.0], [1.0], [500.0]]))
    assert np.isfinite(height).all()
    assert np.isfinite(slope).all()


def test_parameters_come_back_from_a_simulation():
    fit = fit_bg_nbd(simulated(20_000, 0.6, 5.0, 0.8, 2.5, seed=7))
    for name, truth in zip(("r", "alpha_weeks", "a", "b"), (0.6, 5.0, 0.8, 2.5), strict=True):
        assert abs(getattr(fit, name) - truth) < 4 * fit.standard_errors[name]


def test_published_predictions():
    rows = ([2, 0, 26], [30.43, 0, 38], [38.86, 38.86, 39])
    np.testing.assert_allclose(PUBLISHED.dert(0.15, *rows), [5.1695539284, 1.0187461946, 62.9149606], rtol=1e-9)
    assert PUBLISHED.probability_alive(2, 30.43, 38.86) == pytest.approx(0.7265785701, abs=5e-11)
    assert PUBLISHED.probability_alive(0, 0, 38.86) == 1.0


# a, b, s, beta, expected purchases in 52 weeks and DERT at 15 % a year, given alive; by nested adaptive quadrature
GIVEN_ALIVE = [
    (0.51748, 8.0316, 1.2879, 20.5, 2.8528492517954279, 12.444637434213109),
    (7.5363, 0.16957, 0.10952, 102.9, 0.044004594933502086, 0.12933103414553403),
    (0.59988, 0.66093, 97.036, 8.1431, 21.009798658037812, 41.590785495447002),
    (32.314, 4.6477, 8.2643, 0.89505, 1.1484224308615858, 1.1479840042485526),
    (8.0275, 109.18, 3.7115, 52.937, 3.1404640898104812, 9.2158562109789413),
]


@pytest.mark.parametrize(("a", "b", "s", "beta", "purchases", "dert"), GIVEN_ALIVE)
def test_predictions_against_high_precision(a, b, s, beta, purchases, dert):
    fit = BgNbdFit(s, beta, a, b)  # a customer seen just now has s = r, beta = alpha
    assert fit.expected_purchases(52, 0, 0, 0) == pytest.approx(purchases, rel=1e-12)
    assert fit.dert(0.15, 0, 0, 0) == pytest.approx(dert, rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.floats(1.1, 6), st.floats(0.2, 8), st.floats(0.2, 4), st.floats(1, 20), st.integers(0, 20), st.floats(1, 150))
def test_expected_purchases_against_the_textbook(a, b, r, alpha, x, horizon):
    fit = BgNbdFit(r, alpha, a, b)
    t_x, T = (15.0 if x else 0.0), 20.0
    expected = textbook_expected_purchases(fit, horizon, x, t_x, T)
    assert fit.expected_purchases(horizon, x, t_x, T) == pytest.approx(expected, rel=1e-7)


def test_expected_purchases_where_the_textbook_divides_by_zero():
    below, at, above = (
        float(BgNbdFit(0.5, 5, a, 2).expected_purchases(52, 3, 20, 30)) for a in (1 - 1e-6, 1, 1 + 1e-6)
    )
    assert below > at > above
    assert at == pytest.approx((below + above) / 2, rel=1e-10)


def test_dert_is_the_discounted_sum_of_purchases_to_come():
    fit = BgNbdFit(0.6, 5.0, 1.7, 2.5)
    delta = math.log(1.15) / 52
    # by parts: int e^(-delta t) dN(t) = delta int e^(-delta t) N(t) dt
    expected = quad(
        lambda u: math.exp(-u) * textbook_expected_purchases(fit, u / delta, 3, 20.0, 30.0), 0, 45, limit=200
    )[0]
    assert fit.dert(0.15, 3, 20, 30) == pytest.approx(expected, rel=1e-7)


def test_dert_against_a_simulation():
    rng = np.random.default_rng(11)
    count, delta = 200_000, math.log(1.15) / 52
    rate, leaving = rng.gamma(0.8, 1 / 6.0, count), rng.beta(1.2, 3.0, count)
    time, total, is_alive = np.zeros(count), np.zeros(count), np.ones(count, dtype=bool)
    for _ in range(400):
        time = time + rng.exponential(1 / rate)
        total += is_alive * np.exp(-delta * time)
        is_alive &= rng.random(count) >= leaving
    error = total.std() / math.sqrt(count)
    assert abs(BgNbdFit(0.8, 6.0, 1.2, 3.0).dert(0.15, 0, 0, 0) - total.mean()) < 4 * error


extreme = st.floats(-4, 4).map(lambda power: 10.0**power)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 20), st.floats(0.2, 300), extreme, extreme, st.integers(0, 60), st.floats(0.01, 0.9))
def test_predictions_hold_at_extreme_parameters(r, alpha, a, b, x, discount):
    fit = BgNbdFit(r, alpha, a, b)
    row = (x, 25.0 if x else 0.0, 30.0)
    short, long = fit.expected_purchases(10, *row), fit.expected_purchases(200, *row)
    # nobody can buy more often than if they never left
    assert 0 <= short <= long <= (r + x) / (alpha + 30) * 200 * (1 + 1e-9)
    dert, dearer = fit.dert(discount, *row), fit.dert(discount + 0.05, *row)
    assert 0 <= dearer <= dert <= (r + x) / (alpha + 30) / (math.log1p(discount) / 52) * (1 + 1e-9)
    assert 0 <= fit.probability_alive(*row) <= 1


def test_nobody_leaves_in_the_limit():
    fit = BgNbdFit(0.5, 5.0, 1e-9, 3.0)
    assert fit.expected_purchases(52, 4, 20, 30) == pytest.approx(4.5 / 35 * 52, rel=1e-6)
    assert fit.dert(0.15, 4, 20, 30) == pytest.approx(4.5 / 35 / (math.log(1.15) / 52), rel=1e-6)


def test_shapes_and_order():
    frequency = np.array([[3, 0], [5, 3]])
    dert = PUBLISHED.dert(0.15, frequency, np.where(frequency > 0, 10.0, 0.0), 20.0)
    assert dert.shape == (2, 2)
    assert dert[0, 0] == dert[1, 1]
    assert PUBLISHED.expected_purchases(0, 3, 10, 20) == 0
    assert PUBLISHED.dert(0.15, [], [], []).shape == (0,)


def test_fits_the_transactions_themselves(cdnow):
    assert fit_bg_nbd(cdnow).customer_count == 2357


def test_nobody_left():
    rng = np.random.default_rng(3)
    age = rng.uniform(30, 52, 800)
    frequency = rng.poisson(rng.gamma(2.0, 0.1, 800) * age).astype(float)
    recency = np.where(frequency > 0, age * rng.random(800) ** (1 / np.maximum(frequency, 1)), 0.0)
    with pytest.warns(BoundaryWarning, match="drop-out chance went to 0") as caught:
        fit = fit_bg_nbd(summary_of(frequency, recency, age))
    assert "use a longer log" in str(caught[0].message)
    assert fit.a / (fit.a + fit.b) < 1e-4
    assert np.isfinite(fit.log_likelihood)


def test_customers_too_alike():
    with pytest.warns(BoundaryWarning, match="do not determine .*; means may still serve"):
        fit_bg_nbd(summary_of([1, 1, 2, 1, 2, 0], [5, 6, 9, 4, 8, 0], [20, 20, 20, 20, 20, 20]))


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        (summary_of([2], [3], [5]), "found 1, expected at least 2"),
        (summary_of([0, 0, 0], [0, 0, 0], [5, 6, 7]), "none of the 3 customers bought on a second day"),
    ],
)
def test_nothing_to_learn_from(summary, message):
    with pytest.raises(InputError, match=message):
        fit_bg_nbd(summary)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BgNbdFit(0.2, -1, 1, 1), "parameter alpha_weeks of BG/NBD is -1; it must be a number above 0"),
        (lambda: PUBLISHED.dert(0, 1, 2, 3), "discount_rate_per_year is 0; it must be above 0"),
        (lambda: PUBLISHED.expected_purchases(-1, 1, 2, 3), "horizon_weeks is -1"),
        (lambda: PUBLISHED.probability_alive(1, 4, 3), "recency 4 weeks, age 3 weeks; expected"),
        (lambda: PUBLISHED.probability_alive(-1, 2, 3), "frequency -1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_given_parameters_say_so():
    assert "not fitted" in PUBLISHED.message
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(PUBLISHED.standard_errors["r"])


def test_published_conditional_expectation():
    # the customer who is quoted wherever this model is explained: 26 repeat purchases in 31 weeks
    expected = PUBLISHED.expected_purchases(52, 26, 30.857, 31)
    assert expected == pytest.approx(25.757, abs=0.01)
    assert PUBLISHED.probability_alive(26, 30.857, 31) == pytest.approx(0.96885, abs=1e-4)


def test_future_value_is_margin_times_spend_times_discounted_purchases():
    rows = ([2, 0, 26], [30.43, 0, 38], [38.86, 38.86, 39])
    spend = np.array([20.0, 35.0, 50.0])
    for_ever = PUBLISHED.future_value(spend, *rows, margin_share=0.3, discount_rate_per_year=0.15)
    np.testing.assert_allclose(for_ever, 0.3 * spend * PUBLISHED.dert(0.15, *rows))
    year = PUBLISHED.future_value(spend, *rows, margin_share=0.3, discount_rate_per_year=0.15, horizon_weeks=52)
    delta = np.log(1.15) / 52
    for k, row in enumerate(zip(*rows, strict=True)):
        inner, _ = quad(lambda t, row=row: np.exp(-delta * t) * float(PUBLISHED.expected_purchases(t, *row)), 0, 52)
        total = np.exp(-delta * 52) * float(PUBLISHED.expected_purchases(52, *row)) + delta * inner
        assert year[k] == pytest.approx(0.3 * spend[k] * total, rel=1e-9)
    with pytest.raises(InputError, match=r"margin_share is 1\.3"):
        PUBLISHED.future_value(spend, *rows, margin_share=1.3, discount_rate_per_year=0.15)


def test_a_million_customers_are_read_as_exactly_as_one():
    rng = np.random.default_rng(4)
    x = rng.integers(0, 12, 20_000).astype(float)
    T = rng.uniform(5, 80, x.size)
    t_x = np.where(x > 0, T * rng.uniform(0.2, 1, x.size), 0.0)
    many = PUBLISHED.dert(0.15, x, t_x, T)
    some = rng.integers(0, x.size, 60)
    one_by_one = [float(PUBLISHED.dert(0.15, x[i], t_x[i], T[i])) for i in some]
    np.testing.assert_allclose(many[some], one_by_one, rtol=1e-11)


def test_drawn_parameters_spread_as_the_errors_say(cdnow_calibration):
    fit = fit_bg_nbd(cdnow_calibration)
    drawn = np.log([list(draw.parameters.values()) for draw in fit.draw_parameters(np.random.default_rng(1), 4_000)])
    np.testing.assert_allclose(np.cov(drawn.T), fit.covariance, rtol=0.15, atol=8e-4)
    assert fit.aic == pytest.approx(8 - 2 * fit.log_likelihood)
    assert fit.bic == pytest.approx(4 * np.log(2357) - 2 * fit.log_likelihood)


def test_simulate_gives_back_the_parameters():
    fit = BgNbdFit(0.6, 5.0, 0.8, 2.5)
    again = fit_bg_nbd(fit.simulate(np.full(20_000, 60.0), np.random.default_rng(3)))
    for name, truth in fit.parameters.items():
        assert abs(again.parameters[name] - truth) < 4 * again.standard_errors[name]


def never_leaving(seed, count=1500):
    """Customers who buy at rates of their own and never leave."""
    rng = np.random.default_rng(seed)
    rate, age = rng.gamma(0.8, 1 / 6.0, count), rng.uniform(5, 53, count)
    frequency = rng.poisson(rate * age).astype(float)
    last = age * rng.random(count) ** (1 / np.maximum(frequency, 1))
    return summary_of(frequency, np.where(frequency > 0, last, 0.0), age)


# of these logs the fit ends inside, with a drop-out chance of .1 % to 1.3 %: by itself nothing looks odd
@pytest.mark.parametrize("seed", [4, 9, 11])
def test_says_so_where_nothing_shows_that_customers_leave(seed):
    with pytest.warns(BoundaryWarning, match=r"nothing in this log shows that customers leave \(log-likelihood [01]\."):
        fit = fit_bg_nbd(never_leaving(seed))
    assert fit.a / (fit.a + fit.b) > 5e-4
    assert all(np.isfinite(error) for error in fit.standard_errors.values())


@pytest.mark.parametrize("seed", range(10))
def test_is_never_silent_of_customers_who_never_leave(seed):
    with pytest.warns(BoundaryWarning):
        fit_bg_nbd(never_leaving(seed))


def test_is_silent_where_customers_leave():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_bg_nbd(simulated(1500, 0.8, 6.0, 0.8, 2.5, seed=3))


def test_without_drop_out_it_is_the_negative_binomial():
    summary = never_leaving(0, 400)
    x, T = summary.frequency, summary.age_weeks

    def minus(parameters):
        r, alpha = np.exp(parameters)
        counts = nbinom.logpmf(x, r, alpha / (alpha + T))
        # times of purchases besides their number
        return -(counts + gammaln(x + 1) - x * np.log(T)).sum()

    best = -minimize(minus, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10}).fun
    assert fit_without_drop_out(summary) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("fit", [fit_mbg_nbd, fit_pareto_nbd])
def test_so_do_its_relatives(fit):
    for seed in (4, 9, 11):
        with pytest.warns(BoundaryWarning):
            fit(never_leaving(seed))
