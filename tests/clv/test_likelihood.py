import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_sim.clv.likelihood import maximise_likelihood, unique_rows


def poisson(counts):
    """Return the log-likelihood of Poisson counts as a function of the log of their mean."""

    def total(log_parameters):
        mean = np.exp(log_parameters[0])
        return float(np.sum(counts * log_parameters[0] - mean)), np.array([counts.sum() - counts.size * mean])

    return total


def test_poisson_has_a_closed_form():
    counts = np.array([3.0, 0.0, 4.0, 1.0, 7.0])
    maximum = maximise_likelihood(poisson(counts), [np.array([0.0])], counts.size)
    assert np.exp(maximum.log_parameters[0]) == pytest.approx(3.0, rel=1e-10)
    assert maximum.covariance[0, 0] == pytest.approx(1 / 15, rel=1e-6)
    assert maximum.has_converged
    assert maximum.undetermined == ()
    assert maximum.message.startswith("converged in ")


def test_a_maximum_at_infinity_is_at_the_edge():
    maximum = maximise_likelihood(poisson(np.zeros(5)), [np.array([0.0]), np.array([1.0])], 5)
    assert maximum.undetermined == (0,)
    assert "at the edge" in maximum.message


def test_a_parameter_without_influence_is_undetermined():
    def total(log_parameters):
        return -float(log_parameters[0] ** 2), np.array([-2 * log_parameters[0], 0.0])

    maximum = maximise_likelihood(total, [np.array([1.0, 0.0]), np.array([2.0, 0.0])], 1)
    assert 1 in maximum.undetermined
    assert np.isnan(maximum.covariance).all()


def test_the_second_start_serves_where_the_first_fails():
    def total(log_parameters):
        at = float(log_parameters[0])
        if at < 0.5:  # a misleading plain: a slope that promises what does not come
            return -10.0, np.array([1.0])
        return -((at - 1.0) ** 2), np.array([-2 * (at - 1.0)])

    maximum = maximise_likelihood(total, [np.array([-5.0]), np.array([0.8])], 1)
    assert maximum.has_converged
    assert maximum.log_parameters[0] == pytest.approx(1.0, abs=1e-8)


def test_a_narrow_ridge_takes_few_steps():
    information = np.array([[1e6, 0.999e4], [0.999e4, 1e2]])
    top = np.array([1.5, -2.0])
    calls = []

    def total(log_parameters):
        calls.append(log_parameters)
        aside = log_parameters - top
        return -float(aside @ information @ aside) / 2, -information @ aside

    maximum = maximise_likelihood(total, [np.zeros(2)], 1)
    np.testing.assert_allclose(maximum.log_parameters, top, rtol=1e-10)
    np.testing.assert_allclose(maximum.covariance, np.linalg.inv(information), rtol=1e-6)
    assert len(calls) < 20


def test_along_the_edge_the_other_parameter_is_still_found():
    def total(log_parameters):
        first, second = log_parameters
        return float(first - (second - first) ** 2), np.array([1 + 2 * (second - first), -2 * (second - first)])

    maximum = maximise_likelihood(total, [np.zeros(2), np.ones(2)], 1)
    np.testing.assert_allclose(maximum.log_parameters, [9.5, 9.5], atol=1e-4)
    assert maximum.has_converged
    assert 0 in maximum.undetermined


def test_no_convergence_is_said():
    def total(log_parameters):
        return 0.0, np.array([1.0])

    maximum = maximise_likelihood(total, [np.array([0.0])], 1)
    assert not maximum.has_converged
    assert maximum.message.startswith("did not converge")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_unique_rows_expand_to_what_was_given(rows):
    columns = tuple(np.array(column, dtype=float) for column in zip(*rows, strict=True))
    unique, weight, place = unique_rows(*columns)
    for column, distinct in zip(columns, unique, strict=True):
        np.testing.assert_array_equal(distinct[place], column)
    assert weight.sum() == len(rows)
    assert len({tuple(row) for row in np.array(unique).T}) == len(set(rows)) == weight.size
    np.testing.assert_array_equal(np.bincount(place), weight)


def test_unique_rows_of_nothing():
    unique, weight, place = unique_rows(np.array([]), np.array([]))
    assert unique[0].size == weight.size == place.size == 0
