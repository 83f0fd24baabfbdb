import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import beta as beta_function
from scipy.special import hyp2f1

from policy_sim.border import InputError
from policy_sim.clv import BoundaryWarning, ContractSummary
from policy_sim.clv.shifted_beta_geometric import (
    ShiftedBetaGeometricFit,
    _log_likelihood,
    fit_shifted_beta_geometric,
)

# survivors of 1,000 after 0, ..., 12 renewals; the published fits use the first eight numbers
HIGH_END = np.array([1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394])
REGULAR = np.array([1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173])


def textbook_log_likelihood(alpha, beta, summary):
    """The published probabilities by their recursion, one customer group at a time."""
    total, lost, survival = 0.0, alpha / (alpha + beta), 1.0
    for k, (lost_count, active_count) in enumerate(zip(summary.lost, summary.active, strict=True), start=1):
        if active_count:
            total += active_count * math.log(survival)
        if lost_count:
            total += lost_count * math.log(lost)
        survival -= lost
        lost *= (beta + k - 1) / (alpha + beta + k)
    return total


@pytest.mark.parametrize(
    ("survivors", "alpha", "beta", "log_likelihood"),
    [(HIGH_END, 0.668, 3.806, -1611.158), (REGULAR, 0.704, 1.182, -1680.265)],
)
class TestPublished:
    def test_fit(self, survivors, alpha, beta, log_likelihood):
        fit = fit_shifted_beta_geometric(survivors[:8])
        assert (round(fit.alpha, 3), round(fit.beta, 3)) == (alpha, beta)
        assert round(fit.log_likelihood, 3) == log_likelihood
        assert fit.customer_count == 1000
        assert fit.message.startswith("converged")

    def test_years_held_out(self, survivors, alpha, beta, log_likelihood):
        fit = fit_shifted_beta_geometric(survivors[:8])
        np.testing.assert_allclose(fit.survival(np.arange(8)), survivors[:8] / 1000, atol=0.02)
        predicted = fit.survival(np.arange(8, 13))
        assert np.abs(predicted - survivors[8:] / 1000).max() < 0.017
        np.testing.assert_allclose(predicted, survivors[8:] / 1000, rtol=0.042)

    def test_standard_errors(self, survivors, alpha, beta, log_likelihood):
        fit = fit_shifted_beta_geometric(survivors[:8])
        summary, natural = ContractSummary.of_survivors(survivors[:8]), np.array([fit.alpha, fit.beta])
        width = natural * 1e-3
        information = np.empty((2, 2))
        for i in range(2):
            for j in range(2):
                di, dj = np.eye(2)[i] * width, np.eye(2)[j] * width
                corners = [
                    sign * textbook_log_likelihood(*(natural + shift), summary)
                    for sign, shift in ((1, di + dj), (-1, di - dj), (-1, dj - di), (1, -di - dj))
                ]
                information[i, j] = -sum(corners) / (4 * width[i] * width[j])
        expected = np.sqrt(np.diag(np.linalg.inv(information)))
        np.testing.assert_allclose(list(fit.standard_errors.values()), expected, rtol=1e-3)


def test_published_residual_lifetimes():
    derl = ShiftedBetaGeometricFit(3.80, 15.20).derl(0.10, np.arange(5))
    assert derl.round(2).tolist() == [3.31, 3.45, 3.59, 3.72, 3.84]


def counts_at_random(seed):
    rng = np.random.default_rng(seed)
    return ContractSummary(rng.integers(0, 30, 9), rng.integers(0, 30, 9))


@settings(max_examples=40, deadline=None)
@given(st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 1000))
def test_likelihood_and_gradient(log_alpha, log_beta, seed):
    summary, at = counts_at_random(seed), np.array([log_alpha, log_beta])
    height, slope = _log_likelihood(at, summary.lost, summary.active)
    assert height == pytest.approx(textbook_log_likelihood(*np.exp(at), summary), rel=1e-8, abs=1e-9)
    for k in range(2):
        step = np.eye(2)[k] * 1e-5
        ends = [_log_likelihood(at + sign * step, summary.lost, summary.active)[0] for sign in (1, -1)]
        assert slope[k] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-5, abs=1e-4)


def test_retention_and_survival():
    fit = ShiftedBetaGeometricFit(0.668, 3.806)
    renewals = np.arange(30)
    expected = [beta_function(0.668, 3.806 + k) / beta_function(0.668, 3.806) for k in renewals]
    np.testing.assert_allclose(fit.survival(renewals), expected, rtol=1e-12)
    np.testing.assert_allclose(fit.retention_rate(renewals[:-1]), np.array(expected[1:]) / expected[:-1], rtol=1e-12)
    assert (np.diff(fit.retention_rate(renewals)) > 0).all()
    assert fit.survival([[3, 0], [0, 3]]).tolist() == [[fit.survival(3), 1], [1, fit.survival(3)]]
    assert fit.derl(0.1, []).shape == fit.survival([]).shape == (0,)


def test_residual_lifetime_is_the_discounted_sum_of_renewals_to_come():
    fit = ShiftedBetaGeometricFit(1.7, 2.3)
    survival = fit.survival(np.arange(600))
    for k in (0, 1, 7):
        later = survival[k + 1 :] / survival[k]
        assert fit.derl(0.25, k) == pytest.approx(later @ 1.25 ** -np.arange(later.size), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 8), st.floats(0.1, 8), st.floats(0.05, 1), st.integers(0, 15))
def test_residual_lifetime_against_the_closed_form(alpha, beta, d, k):
    closed = hyp2f1(1, beta + k + 1, alpha + beta + k + 1, 1 / (1 + d)) * (beta + k) / (alpha + beta + k)
    assert ShiftedBetaGeometricFit(alpha, beta).derl(d, k) == pytest.approx(closed, rel=1e-9)


def test_residual_lifetime_by_quadrature_where_the_closed_form_is_slow():
    alpha, beta, d = 1.5, 40.0, 1e-4
    mixed = quad(
        lambda y: math.exp(-1.5 * y) * (1 - math.exp(-y)) ** beta * (1 + d) / (d + math.exp(-y)), 0, 60, epsrel=1e-11
    )[0]
    expected = mixed / beta_function(alpha, beta)
    assert ShiftedBetaGeometricFit(alpha, beta).derl(d, 0) == pytest.approx(expected, rel=1e-8)


extreme = st.floats(-5, 5).map(lambda power: 10.0**power)


@settings(max_examples=40, deadline=None)
@given(extreme, extreme, extreme, st.integers(0, 40))
def test_predictions_hold_at_extreme_parameters(alpha, beta, d, k):
    fit = ShiftedBetaGeometricFit(alpha, beta)
    now, later = fit.derl(d, [k, k + 1])
    rate = fit.retention_rate(k)
    assert rate * (1 - 1e-9) <= now <= rate * (1 + d) / d * (1 + 1e-9)
    # a renewal now, and then the rest one period later
    assert now == pytest.approx(rate * (1 + later / (1 + d)), rel=1e-9)
    assert 0 <= fit.survival(k) <= 1


@pytest.mark.parametrize("k", [0, 1, 5])
def test_right_after_a_payment_the_next_one_is_a_period_away(k):
    fit = ShiftedBetaGeometricFit(0.668, 3.806)
    # customers who have paid k renewals, followed until hardly anything is left of their money
    rng = np.random.default_rng(1)
    leaving = rng.beta(fit.alpha, fit.beta + k, 100_000)
    worth = (1 - leaving) / (0.2 + leaving)  # sum over j of ((1 - leaving) / 1.2)^j
    assert fit.derl_after_payment(0.2, k) == pytest.approx(worth.mean(), rel=0.01)


def test_future_value():
    fit = ShiftedBetaGeometricFit(0.7, 1.2)
    np.testing.assert_allclose(fit.future_value(40.0, 0.1, [0, 3]), 40.0 * fit.derl(0.1, [0, 3]))


def test_parameters_come_back_from_a_simulation_with_staggered_starts():
    rng = np.random.default_rng(4)
    truth = ShiftedBetaGeometricFit(0.7, 1.2)
    drawn = truth.simulate(rng.integers(0, 12, 20_000), rng)
    assert drawn.customer_count == 20_000
    fit = fit_shifted_beta_geometric(drawn)
    for name, value in truth.parameters.items():
        assert abs(getattr(fit, name) - value) < 4 * fit.standard_errors[name]


def test_simulated_survival():
    fit = ShiftedBetaGeometricFit(0.7, 1.2)
    drawn = fit.simulate(np.full(50_000, 6), np.random.default_rng(8))
    left = 1 - np.cumsum(drawn.lost) / 50_000
    np.testing.assert_allclose(left[:6], fit.survival(np.arange(1, 7)), atol=0.01)
    assert drawn.active[:6].sum() == 0


def test_three_ways_to_give_the_same_customers():
    of_survivors = ContractSummary.of_survivors([5, 3, 2])
    of_customers = ContractSummary.of_customers([0, 0, 1, 2, 2], [False, False, False, True, True])
    for summary in (of_survivors, of_customers):
        assert summary.lost.tolist() == [2, 1, 0]
        assert summary.active.tolist() == [0, 0, 2]
    given_counts = fit_shifted_beta_geometric(ContractSummary([131, 126, 90, 0], [0, 0, 0, 653]))
    assert given_counts.parameters == fit_shifted_beta_geometric(HIGH_END[:4]).parameters


@pytest.mark.parametrize(
    ("survivors", "finding"),
    [
        ([1000, 800, 640, 512, 410], r"every customer seems to leave with the same chance, 0.2 at each renewal"),
        ([100, 90, 70, 40, 10], r"every customer seems to leave with the same chance"),
        ([100, 50, 50, 50], r"leave at the first renewal or never"),
        ([100, 80], r"renewals are too few"),
        ([100, 0], r"renewals are too few"),
    ],
)
def test_undetermined(survivors, finding):
    with pytest.warns(BoundaryWarning, match=f"do not determine alpha and beta .*{finding}"):
        fit = fit_shifted_beta_geometric(survivors)
    kept_share = sum(survivors[1:]) / sum(survivors[:-1])
    assert fit.survival(1) == pytest.approx(kept_share, abs=0.27 if "never" in finding else 0.001)


def test_almost_nobody_left():
    with pytest.warns(BoundaryWarning, match="the chance to leave went to 0 .*; observe more renewals"):
        fit_shifted_beta_geometric([100_000, 99_999, 99_999, 99_999])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ([100, 100], "none of the 100 customers left"),
        ([1, 0.8, 0.7], "found 1, expected at least 2; give numbers of customers rather than shares"),
        ([10, 12], "survivors rise from 10 to 12 at renewal 1"),
        ([10, math.nan], "survivors after 1 renewals are nan"),
        ([10, -1], "survivors after 1 renewals are -1; expected a number of customers"),
        ([10], "expected at least two numbers in a row"),
        ([[10, 5]], "expected at least two numbers in a row"),
    ],
)
def test_nothing_to_learn_from(source, message):
    with pytest.raises(InputError, match=message):
        fit_shifted_beta_geometric(source)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ContractSummary([1, 2], [3]), r"lost has shape \(2,\) and active \(1,\)"),
        (lambda: ContractSummary([1, -2], [3, 0]), "lost after 1 renewals is -2"),
        (lambda: ContractSummary.of_customers([1, 0.5], [True, True]), "renewals is 0.5 for a customer"),
        (lambda: ContractSummary.of_customers([1, 2], [True]), "expected one entry each per customer"),
        (lambda: ShiftedBetaGeometricFit(1, -1), "parameter beta of shifted beta-geometric is -1"),
        (lambda: ShiftedBetaGeometricFit(1, 1).derl(0, 1), "discount_rate_per_renewal is 0; it must be above 0"),
        (lambda: ShiftedBetaGeometricFit(1, 1).derl(0.1, -1), "renewals is -1 for a customer"),
        (lambda: ShiftedBetaGeometricFit(1, 1).future_value(math.nan, 0.1, 1), "margin_per_renewal is nan"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
