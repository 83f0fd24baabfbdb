import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln

from policy_sim.border import InputError
from policy_sim.clv import BoundaryWarning, CustomerSummary, PurchaseFit
from policy_sim.clv.pareto_nbd import ParetoNbdFit, fit_pareto_nbd
from policy_sim.clv.pareto_nbd_likelihood import log_likelihoods

PUBLISHED = ParetoNbdFit(0.553, 10.578, 0.606, 11.669)
ROWS = ([2, 0, 26], [30.43, 0, 38], [38.86, 38.86, 39])
DELTA = math.log(1.15) / 52


def by_brute_force(fit, x, t_x, T, horizon):
    """Likelihood, P(alive), expected, discounted and residual purchases: sums over a grid of both rates."""
    step = 0.08
    logs = np.arange(-70, 9, step)
    rate, leaving = np.exp(logs)[:, None], np.exp(logs)[None, :]
    prior = fit.r * np.log(fit.alpha_weeks * rate) - fit.alpha_weeks * rate - gammaln(fit.r)
    prior = prior + fit.s * np.log(fit.beta_weeks * leaving) - fit.beta_weeks * leaving - gammaln(fit.s)
    weight = np.exp(prior + x * np.log(rate)) * step**2
    both = rate + leaving
    left = leaving / both * (np.exp(-both * t_x) - np.exp(-both * T))
    stayed = weight * np.exp(-both * T)
    total = (weight * left).sum() + stayed.sum()

    def mean(purchases):
        return (stayed * purchases).sum() / total

    return (
        math.log(total),
        stayed.sum() / total,
        mean(rate * -np.expm1(-leaving * horizon) / leaving),
        mean(rate * -np.expm1(-(leaving + DELTA) * horizon) / (leaving + DELTA)),
        mean(rate / (leaving + DELTA)),
    )


def test_cdnow(cdnow_calibration):
    fit = fit_pareto_nbd(cdnow_calibration)
    rounded = [round(value, 3) for value in fit.parameters.values()]
    assert rounded == [0.553, 10.578, 0.606, 11.669]
    assert round(fit.log_likelihood, 1) == -9595.0
    assert fit.customer_count == 2357
    assert fit.message.startswith("converged")


def test_cdnow_with_times_rounded_as_in_the_published_summary(cdnow_calibration):
    rounded = replace(
        cdnow_calibration,
        recency_weeks=cdnow_calibration.recency_weeks.round(2),
        age_weeks=cdnow_calibration.age_weeks.round(2),
    )
    assert round(fit_pareto_nbd(rounded).log_likelihood, 3) == -9594.974


def test_published_predictions():
    np.testing.assert_allclose(PUBLISHED.dert(0.15, *ROWS), [6.5017305376, 0.4784576695, 76.4332405821], rtol=2e-10)
    assert PUBLISHED.probability_alive(2, 30.43, 38.86) == pytest.approx(0.8691675592, abs=5e-11)


@pytest.mark.parametrize("x", [0, 1, 7])
@pytest.mark.parametrize(
    "parameters", [(0.55, 10.6, 0.61, 11.7), (2.3, 40.0, 0.4, 6.0), (0.8, 6.0, 1.0, 30.0), (0.6, 5, 2.5, 60)]
)
def test_likelihood_and_predictions_against_brute_force(x, parameters):
    fit = ParetoNbdFit(*parameters)
    row = (x, 21.0 if x else 0.0, 35.0)
    value, alive, purchases, discounted, dert = by_brute_force(fit, *row, 80)
    assert fit.log_likelihoods(*row) == pytest.approx(value, rel=1e-9)
    assert fit.probability_alive(*row) == pytest.approx(alive, rel=1e-8)
    assert fit.expected_purchases(80, *row) == pytest.approx(purchases, rel=1e-8)
    assert fit.discounted_purchases(0.15, 80, *row) == pytest.approx(discounted, rel=1e-8)
    assert fit.dert(0.15, *row) == pytest.approx(dert, rel=1e-8)


def test_dert_against_quadrature():
    # by parts: int e^(-delta t) dN(t) = delta int e^(-delta t) N(t) dt
    for row in zip(*ROWS, strict=True):
        expected = quad(
            lambda u, row=row: math.exp(-u) * float(PUBLISHED.expected_purchases(u / DELTA, *row)),
            0,
            60,
            epsabs=0,
            epsrel=1e-10,
            limit=200,
        )[0]
        assert PUBLISHED.dert(0.15, *row) == pytest.approx(expected, rel=1e-8)


def test_discounted_purchases_grow_towards_dert():
    dert = PUBLISHED.dert(0.15, *ROWS)
    np.testing.assert_array_equal(PUBLISHED.discounted_purchases(0.15, None, *ROWS), dert)
    np.testing.assert_allclose(PUBLISHED.discounted_purchases(0.15, 15_000, *ROWS), dert, rtol=1e-9)
    within = [PUBLISHED.discounted_purchases(0.15, weeks, *ROWS) for weeks in (0, 1, 10, 100, 1_000)]
    np.testing.assert_array_equal(within[0], 0)
    assert (np.diff([*within, dert], axis=0) > 0).all()
    by_parts = PurchaseFit.discounted_purchases(PUBLISHED, 0.15, 100, *ROWS)
    np.testing.assert_allclose(within[3], by_parts, rtol=1e-10)


def test_expected_purchases_where_the_textbook_divides_by_zero():
    below, at, above = (
        float(ParetoNbdFit(0.5, 5, s, 8).expected_purchases(52, 3, 20, 30)) for s in (1 - 1e-6, 1, 1 + 1e-6)
    )
    assert below > at > above
    assert at == pytest.approx((below + above) / 2, rel=1e-10)
    alive = ParetoNbdFit(0.5, 5, 1, 8).probability_alive(3, 20, 30)
    assert at == pytest.approx(float(alive) * 3.5 / 35 * 38 * math.log(90 / 38), rel=1e-13)


extreme = st.floats(-4, 4).map(lambda power: 10.0**power)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.05, 20), st.floats(0.2, 300), extreme, extreme, st.integers(0, 60), st.floats(0.01, 0.9))
def test_predictions_hold_at_extreme_parameters(r, alpha, s, beta, x, discount):
    fit = ParetoNbdFit(r, alpha, s, beta)
    row = (x, 25.0 if x else 0.0, 30.0)
    assert 0 <= fit.probability_alive(*row) <= 1
    short, long = fit.expected_purchases(10, *row), fit.expected_purchases(200, *row)
    # nobody can buy more often than if they never left
    assert 0 <= short <= long * (1 + 1e-12) <= (r + x) / (alpha + 30) * 200 * (1 + 1e-9)
    dert, dearer = fit.dert(discount, *row), fit.dert(discount + 0.05, *row)
    assert 0 <= dearer <= dert * (1 + 1e-12) <= (r + x) / (alpha + 30) / (math.log1p(discount) / 52) * (1 + 1e-9)
    assert fit.discounted_purchases(discount, 50, *row) <= dert * (1 + 1e-12)


def test_nobody_leaves_in_the_limit():
    fit = ParetoNbdFit(0.5, 5.0, 1e-10, 3.0)
    assert fit.probability_alive(4, 20, 30) == pytest.approx(1, abs=1e-7)
    assert fit.expected_purchases(52, 4, 20, 30) == pytest.approx(4.5 / 35 * 52, rel=1e-6)
    assert fit.dert(0.15, 4, 20, 30) == pytest.approx(4.5 / 35 / DELTA, rel=1e-6)


def test_seen_just_now():
    assert PUBLISHED.probability_alive(4, 20, 20) == 1.0
    assert PUBLISHED.probability_alive(0, 0, 0) == 1.0


def test_shapes_and_order():
    frequency = np.array([[3, 0], [5, 3]])
    dert = PUBLISHED.dert(0.15, frequency, np.where(frequency > 0, 10.0, 0.0), 20.0)
    assert dert.shape == (2, 2)
    assert dert[0, 0] == dert[1, 1]
    assert PUBLISHED.expected_purchases(0, 3, 10, 20) == 0
    assert PUBLISHED.dert(0.15, [], [], []).shape == (0,)


def test_simulated_customers_do_as_expected():
    rng = np.random.default_rng(4)
    summary = PUBLISHED.simulate(np.full(100_000, 60.0), rng)
    x, t_x, T = summary.history
    mean, error = x.mean(), x.std() / math.sqrt(x.size)
    assert abs(mean - PUBLISHED.expected_purchases(60, 0, 0, 0)) < 4 * error
    assert (t_x <= T).all()
    assert ((t_x > 0) == (x > 0)).all()
    # the likelihood weighs histories as they come: each score has mean 0 at the truth
    counts, place = np.unique(x, return_inverse=True)
    log_parameters = np.log([0.553, 10.578, 0.606, 11.669])
    _, scores = log_likelihoods(log_parameters[:, None] + np.zeros(x.size), counts, place, t_x, T)
    assert (np.abs(scores.mean(axis=1)) < 4 * scores.std(axis=1) / math.sqrt(x.size)).all()


def test_parameters_come_back_from_a_simulation():
    rng = np.random.default_rng(7)
    truth = ParetoNbdFit(0.8, 6.0, 0.7, 9.0)
    fit = fit_pareto_nbd(truth.simulate(rng.uniform(40, 80, 6_000), rng))
    for name, value in truth.parameters.items():
        assert abs(fit.parameters[name] - value) < 3 * fit.standard_errors[name]
        assert fit.standard_errors[name] < 0.35 * value


def test_fits_the_transactions_themselves(cdnow):
    assert fit_pareto_nbd(cdnow).customer_count == 2357


def test_nobody_left():
    rng = np.random.default_rng(3)
    age = rng.uniform(30, 52, 800)
    frequency = rng.poisson(rng.gamma(2.0, 0.1, 800) * age).astype(float)
    recency = np.where(frequency > 0, age * rng.random(800) ** (1 / np.maximum(frequency, 1)), 0.0)
    with pytest.warns(BoundaryWarning, match="rate of leaving went to 0") as caught:
        fit = fit_pareto_nbd(CustomerSummary.of_histories(frequency, recency, age))
    assert "use a longer log" in str(caught[0].message)
    assert caught[0].filename == __file__
    assert fit.probability_alive(2, 20, 50) > 0.99
    assert np.isfinite(fit.log_likelihood)


def test_customers_too_alike():
    alike = CustomerSummary.of_histories([1, 1, 2, 1, 2, 0], [5, 6, 9, 4, 8, 0], [20] * 6)
    with pytest.warns(BoundaryWarning, match="do not determine .*; means may still serve"):
        fit_pareto_nbd(alike)


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        (CustomerSummary.of_histories([2], [3], [5]), "Pareto/NBD needs a group of customers; found 1, expected"),
        (CustomerSummary.of_histories([0, 0], [0, 0], [5, 6]), "none of the 2 customers bought on a second day"),
    ],
)
def test_nothing_to_learn_from(summary, message):
    with pytest.raises(InputError, match=message):
        fit_pareto_nbd(summary)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ParetoNbdFit(0.2, -1, 1, 1), "parameter alpha_weeks of Pareto/NBD is -1; it must be a number above 0"),
        (lambda: PUBLISHED.dert(0, 1, 2, 3), "discount_rate_per_year is 0; it must be above 0"),
        (lambda: PUBLISHED.expected_purchases(-1, 1, 2, 3), "horizon_weeks is -1"),
        (lambda: PUBLISHED.discounted_purchases(0.1, -1, 1, 2, 3), "horizon_weeks is -1"),
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
