import json
import math
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.clv import BoundaryWarning, CustomerSummary, fit_pareto_nbd
from policy_sim.clv.pareto_nbd import ParetoNbdFit
from policy_sim.clv.pareto_nbd_covariates import ParetoNbdCovariatesFit, fit_pareto_nbd_covariates
from policy_sim.clv.pareto_nbd_likelihood import total_log_likelihood

PUBLISHED = ParetoNbdFit(0.553, 10.578, 0.606, 11.669)
ROWS = ([2, 0, 26], [30.43, 0, 38], [38.86, 38.86, 39])


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
    dert = truth.at(known[:3]).dert(0.15, 2, 10, 30)
    for k, (member, distance) in enumerate(known[:3].to_numpy()):
        alpha, beta = 6 / math.exp(0.6 * member - 0.02 * distance), 9 / math.exp(-0.8 * member + 0.03 * distance)
        assert dert[k] == pytest.approx(float(ParetoNbdFit(0.8, alpha, 0.7, beta).dert(0.15, 2, 10, 30)), rel=1e-12)


def test_coefficients_come_back_from_a_simulation(groups):
    summary, known, truth = groups
    fit = fit_pareto_nbd_covariates(summary, known.to_numpy())
    assert list(fit.parameters)[4:] == ["purchase_z1", "purchase_z2", "dropout_z1", "dropout_z2"]
    pairs = zip(fit.parameters.values(), truth.parameters.values(), fit.standard_errors.values(), strict=True)
    for value, expected, error in pairs:
        assert abs(value - expected) < 3 * error
    assert fit.standard_errors["purchase_z1"] < 0.15
    assert fit.log_likelihood > fit_pareto_nbd(summary).log_likelihood + 20
    assert fit.aic == pytest.approx(16 - 2 * fit.log_likelihood)
    assert fit.bic == pytest.approx(8 * math.log(1_500) - 2 * fit.log_likelihood)


def test_gradient_with_covariates(groups):
    summary, known, _ = groups
    z = (known.to_numpy() - known.to_numpy().mean(axis=0)) / known.to_numpy().std(axis=0)
    total = total_log_likelihood(summary, z, z[:, 1:])
    at = np.array([-0.3, 1.9, -0.2, 2.0, 0.4, -0.3, 0.2])
    slope = total(at)[1]
    for k in range(7):
        step = np.eye(7)[k] * 1e-4
        assert slope[k] == pytest.approx((total(at + step)[0] - total(at - step)[0]) / 2e-4, rel=1e-6, abs=1e-4)


def test_the_covariate_fit_is_a_maximum_of_the_textbook_likelihood(groups, pareto_nbd_textbook):
    summary, known, _ = groups
    few = slice(0, 300)
    some = CustomerSummary.of_histories(*(column[few] for column in summary.history))
    z = known.to_numpy()[few]
    fit = fit_pareto_nbd_covariates(some, z, z[:, :1])

    def height(values):
        model = fit.with_parameters(values)
        customers = model.at(z, z[:, :1])
        rows = zip(customers.alpha_weeks, customers.beta_weeks, *some.history, strict=True)
        return sum(pareto_nbd_textbook(model.r, alpha, model.s, beta, *row) for alpha, beta, *row in rows)

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
    working = np.array([list(draw.parameters.values()) for draw in drawn])
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
    x, t_x, T = ParetoNbdFit(1.0, 5.0, 1.0, 8.0).simulate(np.full(600, 50.0), rng).history
    bought_just_now = CustomerSummary.of_histories(x + group, np.where(group, T, t_x), T)
    with pytest.warns(BoundaryWarning, match="do not determine .*dropout_z1"):
        fit = fit_pareto_nbd_covariates(bought_just_now, group[:, None])
    assert fit.dropout_coefficients[0] < -4


FIVE = CustomerSummary.of_histories([1, 0, 3, 2, 1], [5, 0, 9, 4, 8], [20] * 5, labels=list("abcde"))


TABLE = pd.DataFrame({"age": [1.0, 2, 3, 4, 6], "is_new": [0, 1, 0, 0, 1]}, index=list("abcde"))


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        (CustomerSummary.of_histories([2], [3], [5]), "Pareto/NBD with covariates needs a group of customers; found 1"),
        (CustomerSummary.of_histories([0, 0], [0, 0], [5, 6]), "none of the 2 customers bought on a second day"),
    ],
)
def test_nothing_to_learn_from(summary, message):
    with pytest.raises(InputError, match=message):
        fit_pareto_nbd_covariates(summary, np.ones((summary.labels.size, 1)))


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


PLAIN = ParetoNbdCovariatesFit(0.5, 10, 0.6, 12, [0.1], [0.2, 0.3], ("age",), ("age", "is_new"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PLAIN.at(TABLE), r"dropout_covariates are missing; .* \(age, is_new\) than for purchasing \(age\)"),
        (lambda: PLAIN.at(TABLE[["is_new"]], TABLE), "purchase_covariates lack the column 'age'; expected age"),
        (lambda: PLAIN.at([[1.0, 2.0]], TABLE), "purchase_covariates have 2 columns; expected 1: age"),
        (lambda: PLAIN.at([[1.0]], TABLE), "purchase_covariates have 1 rows and dropout_covariates 5"),
        (lambda: PLAIN.at(TABLE, TABLE).dert(0.15, [1, 2], [3, 4], 9), r"shape \(2,\), but .* given for 5 customers"),
        (
            lambda: PLAIN.draw_parameters(np.random.default_rng(0), 3),
            "errors of Pareto/NBD with covariates are unknown",
        ),
        (lambda: PLAIN.with_parameters([1, 2, 3]), r"values have shape \(3,\)"),
        (lambda: PLAIN.with_parameters([0, 2, 3, 4, 0, 0, 0]), "parameter r of Pareto/NBD with covariates is 0"),
        (lambda: replace(PLAIN, purchase_coefficients=[1, 2]), "purchase_coefficients .* expected 1 finite number"),
    ],
)
def test_bad_input_to_a_fit_with_covariates(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_errors_of_parameters_that_were_not_fitted_are_unknown():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(PLAIN.standard_errors["dropout_is_new"])


def test_customers_as_a_table_and_as_plain_data():
    customers = PLAIN.at(TABLE[["age"]], TABLE)
    np.testing.assert_array_equal(customers.to_frame()["alpha_weeks"], customers.alpha_weeks)
    content = customers.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert (content["r"], content["s"], len(content["customers"])) == (0.5, 0.6, 5)
    assert list(PLAIN.to_dict()["parameters"])[4:] == ["purchase_age", "dropout_age", "dropout_is_new"]
