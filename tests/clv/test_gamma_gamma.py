from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma

from policy_sim.border import InputError
from policy_sim.clv import BoundaryWarning, CustomerSummary, GammaGammaFit, fit_gamma_gamma
from policy_sim.clv.gamma_gamma import _log_likelihoods

PUBLISHED = GammaGammaFit(6.25, 3.74, 15.44)


def summary_of(mean_spend, spend_count):
    spend_count = np.asarray(spend_count, dtype=float)
    return CustomerSummary(
        labels=np.array([f"{k:06d}" for k in range(spend_count.size)]),
        frequency=spend_count,
        recency_weeks=spend_count,
        age_weeks=spend_count,
        mean_spend=np.asarray(mean_spend, dtype=float),
        spend_count=spend_count,
        until=np.datetime64("2020-01-01"),
    )


def simulated(count, p, q, v, seed):
    rng = np.random.default_rng(seed)
    rate = rng.gamma(q, 1 / v, count)
    orders = rng.integers(1, 9, count)
    return summary_of(rng.gamma(p * orders, 1 / (rate * orders)), orders)


def plain_log_likelihood(p, q, v, z, x):
    """Integrate over the customer's own rate nu instead of using the closed form."""
    middle = (p * x + q) / (v + x * z)
    joint = quad(
        lambda nu: gamma.pdf(z, p * x, scale=1 / (nu * x)) * gamma.pdf(nu, q, scale=1 / v),
        0,
        middle * 60,
        points=[middle / 2, middle, middle * 2, middle * 6],
        limit=300,
        epsabs=0,
    )[0]
    return np.log(joint)


def test_cdnow(cdnow_calibration):
    fit = fit_gamma_gamma(cdnow_calibration)
    assert (round(fit.p, 2), round(fit.q, 2), round(fit.v, 2)) == (6.25, 3.74, 15.44)
    assert round(fit.log_likelihood, 2) == -4055.92
    assert fit.customer_count == 946
    assert fit.population_mean == pytest.approx(35.17, abs=0.01)


def test_another_currency_scales_money_and_nothing_else(cdnow_calibration):
    fit = fit_gamma_gamma(cdnow_calibration)
    cents = fit_gamma_gamma(replace(cdnow_calibration, mean_spend=cdnow_calibration.mean_spend * 100))
    assert (cents.p, cents.q, cents.v) == pytest.approx((fit.p, fit.q, fit.v * 100), rel=1e-7)
    assert cents.log_likelihood == pytest.approx(fit.log_likelihood - 946 * np.log(100), rel=1e-10)


def test_parameters_come_back_from_a_simulation():
    fit = fit_gamma_gamma(simulated(20_000, 6.0, 4.0, 15.0, seed=2))
    for name, truth in zip(("p", "q", "v"), (6.0, 4.0, 15.0), strict=True):
        assert abs(getattr(fit, name) - truth) < 4 * fit.standard_errors[name]


@pytest.mark.parametrize(("z", "x"), [(12.0, 1), (35.0, 3), (80.0, 7)])
def test_likelihood_against_plain_integration(z, x):
    height, _ = _log_likelihoods(np.log([6.25, 3.74, 15.44]), np.array([z]), np.array([float(x)]))
    assert height[0] == pytest.approx(plain_log_likelihood(6.25, 3.74, 15.44, z, x), abs=1e-7)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-2, 4), min_size=3, max_size=3), st.floats(0.01, 1e4), st.integers(1, 50))
def test_gradient(log_parameters, z, x):
    at, row = np.array(log_parameters), (np.array([z]), np.array([float(x)]))
    height, slope = _log_likelihoods(at, *row)
    scale = 1 + abs(height[0])
    for k in range(3):
        step = np.eye(3)[k] * 1e-5
        difference = (_log_likelihoods(at + step, *row)[0] - _log_likelihoods(at - step, *row)[0])[0] / 2e-5
        assert slope[k, 0] == pytest.approx(difference, rel=1e-5, abs=1e-7 * scale)


def test_expected_spend_is_the_posterior_mean():
    z, x = 20.0, 4
    p, q, v = PUBLISHED.p, PUBLISHED.q, PUBLISHED.v
    posterior = gamma(p * x + q, scale=1 / (v + x * z))
    expected = quad(lambda nu: p / nu * posterior.pdf(nu), 0, posterior.ppf(1 - 1e-13), epsabs=0, limit=200)[0]
    assert PUBLISHED.expected_spend(z, x) == pytest.approx(expected, rel=1e-8)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 1e4), st.integers(1, 200))
def test_expected_spend_lies_between_the_own_and_the_population_mean(z, x):
    spend = PUBLISHED.expected_spend(z, x)
    low, high = sorted((z, PUBLISHED.population_mean))
    assert low * (1 - 1e-12) <= spend <= high * (1 + 1e-12)


def test_no_repeat_spend_means_the_population_mean():
    spend = PUBLISHED.expected_spend([np.nan, 20.0], [0, 3])
    assert spend[0] == pytest.approx(PUBLISHED.population_mean)
    assert PUBLISHED.population_mean == pytest.approx(6.25 * 15.44 / 2.74)


def test_no_population_mean():
    with pytest.warns(BoundaryWarning, match="is not above 1, so the mean spend over all customers does not exist"):
        fit = fit_gamma_gamma(simulated(2_000, 6.0, 0.6, 15.0, seed=4))
    with pytest.raises(InputError, match="expected q above 1; check --amount-column"):
        _ = fit.population_mean
    with pytest.raises(InputError, match="does not exist"):
        fit.expected_spend([np.nan], [0])
    assert np.isfinite(fit.expected_spend([20.0], [3])).all()


def test_customers_who_differ_by_chance_alone():
    rng = np.random.default_rng(5)
    orders = rng.integers(1, 9, 500)
    with pytest.warns(BoundaryWarning, match="do not determine"):
        fit = fit_gamma_gamma(summary_of(rng.gamma(5.0 * orders, 8.0 / orders), orders))
    assert fit.population_mean == pytest.approx(40, rel=0.05)


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        (summary_of([20.0] * 12, [1] * 12), r"all amounts are equal \(20\), so there is nothing to estimate"),
        (summary_of([20.0, 30.0, np.nan], [1, 2, 0]), "found 2, expected at least 10; use a longer log"),
    ],
)
def test_nothing_to_learn_from(summary, message):
    with pytest.raises(InputError, match=message):
        fit_gamma_gamma(summary)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GammaGammaFit(6, 0, 15), "parameter q of Gamma-Gamma is 0; it must be a number above 0"),
        (
            lambda: PUBLISHED.expected_spend([np.nan], [2]),
            "mean spend nan over 2 purchases; expected an amount above 0",
        ),
        (lambda: PUBLISHED.expected_spend([5.0], [-1]), "over -1 purchases"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
