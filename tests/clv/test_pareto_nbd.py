import math
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln, hyp2f1

from policy_sim.border import InputError
from policy_sim.clv import BoundaryWarning, CustomerSummary, PurchaseFit
from policy_sim.clv.pareto_nbd import (
    ParetoNbdCovariatesFit,
    ParetoNbdFit,
    _log_likelihood,
    _log_odds_of_death,
    _total_log_likelihood,
    fit_pareto_nbd,
    fit_pareto_nbd_covariates,
)

PUBLISHED = ParetoNbdFit(0.553, 10.578, 0.606, 11.669)
ROWS = ([2, 0, 26], [30.43, 0, 38], [38.86, 38.86, 39])
DELTA = math.log(1.15) / 52


def rows_of(summary):
    return summary.frequency, summary.recency_weeks, summary.age_weeks


def textbook_log_likelihood(r, alpha, s, beta, x, t_x, T):
    """The likelihood as published, with two 2F1; one customer at a time."""
    order, near, far = r + s + x, max(alpha, beta), abs(alpha - beta)
    second = s + 1 if alpha >= beta else r + x

    def piece(t):
        return hyp2f1(order, second, order + 1, far / (near + t)) / (near + t) ** order

    alive = 1 / ((alpha + T) ** (r + x) * (beta + T) ** s)
    brackets = alive + s / order * (piece(t_x) - piece(T))
    return gammaln(r + x) - gammaln(r) + r * math.log(alpha) + s * math.log(beta) + math.log(brackets)


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


def height_and_slope(log_parameters, x, t_x, T):
    counts, place = np.unique(x, return_inverse=True)
    return _log_likelihood(np.asarray(log_parameters)[:, None] + np.zeros(len(x)), counts, place, t_x, T)


def customers_with_groups(count, seed):
    """Return simulated customers of whom two things are known, and the model they come from."""
    rng = np.random.default_rng(seed)
    known = pd.DataFrame(
        {"is_member": rng.integers(0, 2, count), "distance_km": rng.gamma(4, 5, count)}, index=np.arange(1, count + 1)
    )
    truth = ParetoNbdCovariatesFit(
        0.8, 6.0, 0.7, 9.0, [0.6, -0.02], [-0.8, 0.03], tuple(known.columns), tuple(known.columns)
    )
    return truth.at(known).simulate(rng.uniform(40, 80, count), rng), known, truth


@pytest.fixture(scope="module")
def groups():
    return customers_with_groups(1_500, seed=5)


def test_cdnow(cdnow_calibration):
    fit = fit_pareto_nbd(cdnow_calibration)
    found = [round(value, 3) for value in fit.parameters.values()]
    assert found == [0.553, 10.578, 0.606, 11.669]
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


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-2.0, 2.5), min_size=4, max_size=4), st.integers(0, 12), st.floats(0, 1), st.floats(0.1, 60))
def test_likelihood_and_gradient(log_parameters, x, share, T):
    at = np.array(log_parameters)
    t_x = share * T if x else 0.0
    row = (np.array([float(x)]), np.array([t_x]), np.array([T]))
    height, slope = height_and_slope(at, *row)
    expected = textbook_log_likelihood(*np.exp(at), x, t_x, T)
    assert height[0] == pytest.approx(expected, rel=1e-8, abs=1e-8)
    for k in range(4):
        step = np.eye(4)[k] * 1e-4
        difference = height_and_slope(at + step, *row)[0] - height_and_slope(at - step, *row)[0]
        assert slope[k, 0] == pytest.approx(difference[0] / 2e-4, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("x", [0, 1, 7])
@pytest.mark.parametrize(
    "parameters", [(0.55, 10.6, 0.61, 11.7), (2.3, 40.0, 0.4, 6.0), (0.8, 6.0, 1.0, 30.0), (0.6, 5, 2.5, 60)]
)
def test_likelihood_and_predictions_against_brute_force(x, parameters):
    fit = ParetoNbdFit(*parameters)
    row = (x, 21.0 if x else 0.0, 35.0)
    height, alive, purchases, discounted, dert = by_brute_force(fit, *row, 80)
    found = height_and_slope(np.log(parameters), *np.array(row)[:, None])[0]
    assert found[0] == pytest.approx(height, rel=1e-9)
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


def test_integral_over_the_time_of_death_at_extreme_parameters():
    rng = np.random.default_rng(2)
    count = 400
    alpha, beta = 10 ** rng.uniform(-4, 5, (2, count))
    x = np.where(rng.random(count) < 0.3, 0.0, np.floor(10 ** rng.uniform(0, 2.5, count)))
    T = 10 ** rng.uniform(-1, 3.3, count)
    t_x = np.where(x > 0, T * rng.random(count) ** rng.choice([0.1, 1.0, 10.0], count), 0.0)
    panels, nodes = 60, np.polynomial.legendre.leggauss(40)
    for r, s in ((0.01, 0.002), (0.5, 0.6), (300.0, 0.1), (0.2, 500.0)):
        odds, _ = _log_odds_of_death(r, s, alpha, beta, x, t_x, T, with_averages=False)
        # the same integral over ln(min(alpha, beta) + u), in many panels over the whole of it
        small = np.minimum(alpha, beta)
        length = np.log1p((T - t_x) / (small + t_x))
        total = np.zeros(count)
        for panel in range(panels):
            w = ((nodes[0][:, None] + 1) / 2 + panel) / panels * length
            later = (small + t_x) * np.expm1(w)  # u - t_x
            logs = -(r + x) * np.log1p(later / (alpha + t_x)) - s * np.log1p(later / (beta + t_x))
            density = np.exp(logs) * s * (small + t_x + later) / (beta + t_x + later)
            total += nodes[1] / 2 @ density * length / panels
        expected = np.log(total) + (r + x) * np.log((alpha + T) / (alpha + t_x)) + s * np.log((beta + T) / (beta + t_x))
        np.testing.assert_allclose(odds, expected, rtol=1e-11, atol=1e-9)


def test_likelihood_stays_finite_where_plain_powers_overflow():
    height, slope = height_and_slope(np.log([0.2, 0.1, 1e-5, 1e-5]), *np.array([[900.0, 0], [1.0, 0], [500.0, 0]]))
    assert np.isfinite(height).all()
    assert np.isfinite(slope).all()


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
    found = PUBLISHED.dert(0.15, frequency, np.where(frequency > 0, 10.0, 0.0), 20.0)
    assert found.shape == (2, 2)
    assert found[0, 0] == found[1, 1]
    assert PUBLISHED.expected_purchases(0, 3, 10, 20) == 0
    assert PUBLISHED.dert(0.15, [], [], []).shape == (0,)


def test_simulated_customers_do_as_expected():
    rng = np.random.default_rng(4)
    summary = PUBLISHED.simulate(np.full(100_000, 60.0), rng)
    x, t_x, T = rows_of(summary)
    mean, error = x.mean(), x.std() / math.sqrt(x.size)
    assert abs(mean - PUBLISHED.expected_purchases(60, 0, 0, 0)) < 4 * error
    assert (t_x <= T).all()
    assert ((t_x > 0) == (x > 0)).all()
    # the likelihood weighs histories as they come: each score has mean 0 at the truth
    _, slope = height_and_slope(np.log([0.553, 10.578, 0.606, 11.669]), x, t_x, T)
    assert (np.abs(slope.mean(axis=1)) < 4 * slope.std(axis=1) / math.sqrt(x.size)).all()


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


def test_covariates_with_coefficients_of_zero_are_the_plain_model():
    fit = ParetoNbdCovariatesFit(
        *PUBLISHED.parameters.values(), np.zeros(2), np.zeros(1), ("region", "tenure"), ("tenure",)
    )
    customers = fit.at([[1.0, 2], [3, 4], [5, 6]], [[1.0], [2], [3]])
    for call in (
        lambda model: model.probability_alive(*ROWS),
        lambda model: model.expected_purchases(52, *ROWS),
        lambda model: model.dert(0.15, *ROWS),
        lambda model: model.discounted_purchases(0.15, 26, *ROWS),
    ):
        np.testing.assert_allclose(call(customers), call(PUBLISHED), rtol=1e-14)


def test_each_customer_is_predicted_with_her_own_rates(groups):
    _, known, truth = groups
    found = truth.at(known[:3]).dert(0.15, 2, 10, 30)
    for k, (member, distance) in enumerate(known[:3].to_numpy()):
        alpha, beta = 6 / math.exp(0.6 * member - 0.02 * distance), 9 / math.exp(-0.8 * member + 0.03 * distance)
        assert found[k] == pytest.approx(float(ParetoNbdFit(0.8, alpha, 0.7, beta).dert(0.15, 2, 10, 30)), rel=1e-12)


def test_coefficients_come_back_from_a_simulation(groups):
    summary, known, truth = groups
    fit = fit_pareto_nbd_covariates(summary, known.to_numpy())
    assert list(fit.parameters)[4:] == ["purchase_z1", "purchase_z2", "dropout_z1", "dropout_z2"]
    pairs = zip(fit.parameters.values(), truth.parameters.values(), fit.standard_errors.values(), strict=True)
    for found, expected, error in pairs:
        assert abs(found - expected) < 3 * error
    assert fit.standard_errors["purchase_z1"] < 0.15
    assert fit.log_likelihood > fit_pareto_nbd(summary).log_likelihood + 20
    assert fit.aic == pytest.approx(16 - 2 * fit.log_likelihood)
    assert fit.bic == pytest.approx(8 * math.log(1_500) - 2 * fit.log_likelihood)


def test_gradient_with_covariates(groups):
    summary, known, _ = groups
    z = (known.to_numpy() - known.to_numpy().mean(axis=0)) / known.to_numpy().std(axis=0)
    total = _total_log_likelihood(summary, z, z[:, 1:])
    at = np.array([-0.3, 1.9, -0.2, 2.0, 0.4, -0.3, 0.2])
    slope = total(at)[1]
    for k in range(7):
        step = np.eye(7)[k] * 1e-4
        assert slope[k] == pytest.approx((total(at + step)[0] - total(at - step)[0]) / 2e-4, rel=1e-6, abs=1e-4)


def test_the_covariate_fit_is_a_maximum_of_the_textbook_likelihood(groups):
    summary, known, _ = groups
    few = slice(0, 300)
    some = CustomerSummary.of_histories(*(column[few] for column in rows_of(summary)))
    z = known.to_numpy()[few]
    fit = fit_pareto_nbd_covariates(some, z, z[:, :1])

    def height(values):
        model = fit.with_parameters(values)
        customers = model.at(z, z[:, :1])
        rows = zip(customers.alpha_weeks, customers.beta_weeks, *rows_of(some), strict=True)
        return sum(textbook_log_likelihood(model.r, alpha, model.s, beta, *row) for alpha, beta, *row in rows)

    best = np.array(list(fit.parameters.values()))
    assert height(best) == pytest.approx(fit.log_likelihood, rel=1e-10)
    errors = np.array(list(fit.standard_errors.values()))
    for k in range(7):
        step = np.eye(7)[k] * errors * 1e-3
        # 1e-4 of a standard error off would show as a slope of 1e-4 of the curvature
        assert abs(height(best + step) - height(best - step)) < 2e-7


def test_covariance_is_on_the_working_scale(groups):
    summary, known, _ = groups
    fit = fit_pareto_nbd_covariates(summary, known, known[["is_member"]])
    drawn = fit.draw_parameters(np.random.default_rng(1), 4_000)
    assert list(fit.parameters)[4:] == ["purchase_is_member", "purchase_distance_km", "dropout_is_member"]
    working = np.array([list(each.parameters.values()) for each in drawn])
    working[:, :4] = np.log(working[:, :4])
    np.testing.assert_allclose(np.cov(working.T), fit.covariance, rtol=0.15, atol=0.06 * np.sqrt(fit.covariance.max()))
    np.testing.assert_allclose(working.std(axis=0), np.sqrt(np.diag(fit.covariance)), rtol=0.05)
    assert fit.standard_errors["s"] == pytest.approx(fit.s * math.sqrt(fit.covariance[2, 2]))


def test_units_of_covariates_do_not_matter(groups):
    summary, known, _ = groups
    in_km = fit_pareto_nbd_covariates(summary, known)
    in_m = fit_pareto_nbd_covariates(summary, known.assign(distance_km=known.distance_km * 1000 - 7000))
    assert in_m.log_likelihood == pytest.approx(in_km.log_likelihood, abs=1e-6)
    assert in_m.dropout_coefficients[1] * 1000 == pytest.approx(in_km.dropout_coefficients[1], rel=1e-5)
    shifted = in_km.at(pd.DataFrame({"is_member": [0], "distance_km": [7.0]}))
    assert in_m.alpha_weeks == pytest.approx(shifted.alpha_weeks[0], rel=1e-5)


def test_tables_are_matched_by_customer(groups):
    summary, known, _ = groups
    shuffled = known.sample(frac=1, random_state=1)
    in_order, by_name = (
        fit_pareto_nbd_covariates(summary, known.to_numpy()),
        fit_pareto_nbd_covariates(summary, shuffled),
    )
    assert list(by_name.parameters.values()) == list(in_order.parameters.values())
    turned = by_name.at(shuffled[["distance_km", "is_member"]])
    np.testing.assert_array_equal(turned.alpha_weeks, in_order.at(shuffled.to_numpy()).alpha_weeks)


def test_without_covariates_it_is_the_plain_fit(groups):
    summary, known, _ = groups
    nothing = np.empty((summary.labels.size, 0))
    fit, plain = fit_pareto_nbd_covariates(summary, nothing), fit_pareto_nbd(summary)
    assert fit.parameters == pytest.approx(plain.parameters, rel=1e-6)
    only_purchase = fit_pareto_nbd_covariates(summary, known.to_numpy(), nothing)
    assert len(only_purchase.parameters) == 6


def test_a_group_that_never_leaves_is_said_to_be_undetermined():
    rng = np.random.default_rng(9)
    group = np.arange(600) % 2
    x, t_x, T = rows_of(ParetoNbdFit(1.0, 5.0, 1.0, 8.0).simulate(np.full(600, 50.0), rng))
    bought_just_now = CustomerSummary.of_histories(x + group, np.where(group, T, t_x), T)
    with pytest.warns(BoundaryWarning, match="do not determine .*dropout_z1"):
        fit = fit_pareto_nbd_covariates(bought_just_now, group[:, None])
    assert fit.dropout_coefficients[0] < -4


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
    with pytest.raises(InputError, match=message.replace("Pareto/NBD", "Pareto/NBD with covariates")):
        fit_pareto_nbd_covariates(summary, np.ones((summary.labels.size, 1)))


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


FIVE = CustomerSummary.of_histories([1, 0, 3, 2, 1], [5, 0, 9, 4, 8], [20] * 5, labels=list("abcde"))
TABLE = pd.DataFrame({"age": [1.0, 2, 3, 4, 6], "is_new": [0, 1, 0, 0, 1]}, index=list("abcde"))


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        (TABLE[:3], r"purchase_covariates lack customer 'd' \(2 of 5 are missing\)"),
        (pd.concat([TABLE, TABLE[:1]]), "name customer 'a' twice"),
        (TABLE.to_numpy()[:4], "have 4 rows for 5 customers"),
        (TABLE["age"].to_numpy(), r"have shape \(5,\); expected a row for each customer"),
        (TABLE.assign(age="old"), "hold something that is not a number; write categories as columns of 0 and 1"),
        (TABLE.assign(age=[1, 2, np.nan, 4, 5]), "hold nan .customer 'c', column 'age'.; expected finite numbers"),
        (np.array([[1.0], [2], [np.inf], [4], [5]]), "hold inf .row 2, column 0, counted from 0"),
        (TABLE.assign(is_new=1), r"'is_new' is the same for all customers \(1\)"),
        (TABLE.assign(twice=lambda table: 3 - 2 * table.age), "'twice' follows from the columns before it"),
        (TABLE.set_axis(["age", "age"], axis=1), "two columns of one name"),
    ],
)
def test_bad_covariates(covariates, message):
    with pytest.raises(InputError, match=message):
        fit_pareto_nbd_covariates(FIVE, covariates)
    with pytest.raises(InputError, match=message.replace("purchase", "dropout")):
        fit_pareto_nbd_covariates(FIVE, TABLE, covariates)


GIVEN = ParetoNbdCovariatesFit(0.5, 10, 0.6, 12, [0.1], [0.2, 0.3], ("age",), ("age", "is_new"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GIVEN.at(TABLE), r"dropout_covariates are missing; .* \(age, is_new\) than for purchasing \(age\)"),
        (lambda: GIVEN.at(TABLE[["is_new"]], TABLE), "purchase_covariates lack the column 'age'; expected age"),
        (lambda: GIVEN.at([[1.0, 2.0]], TABLE), "purchase_covariates have 2 columns; expected 1: age"),
        (lambda: GIVEN.at([[1.0]], TABLE), "purchase_covariates have 1 rows and dropout_covariates 5"),
        (lambda: GIVEN.at(TABLE, TABLE).dert(0.15, [1, 2], [3, 4], 9), r"shape \(2,\), but .* given for 5 customers"),
        (
            lambda: GIVEN.draw_parameters(np.random.default_rng(0), 3),
            "errors of Pareto/NBD with covariates are unknown",
        ),
        (lambda: GIVEN.with_parameters([1, 2, 3]), r"values have shape \(3,\)"),
        (lambda: GIVEN.with_parameters([0, 2, 3, 4, 0, 0, 0]), "parameter r of Pareto/NBD with covariates is 0"),
        (lambda: replace(GIVEN, purchase_coefficients=[1, 2]), "purchase_coefficients .* expected 1 finite number"),
    ],
)
def test_bad_input_to_a_fit_with_covariates(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_given_parameters_say_so():
    assert "not fitted" in PUBLISHED.message
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(PUBLISHED.standard_errors["r"])
        assert np.isnan(GIVEN.standard_errors["dropout_is_new"])
