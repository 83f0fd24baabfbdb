import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_sim.clv.pareto_nbd_likelihood import log_likelihoods, log_odds_of_death


def values_and_gradients(log_parameters, x, t_x, T):
    counts, place = np.unique(x, return_inverse=True)
    return log_likelihoods(np.asarray(log_parameters)[:, None] + np.zeros(len(x)), counts, place, t_x, T)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-2.0, 2.5), min_size=4, max_size=4), st.integers(0, 12), st.floats(0, 1), st.floats(0.1, 60))
def test_likelihood_and_gradient(pareto_nbd_textbook, log_parameters, x, share, T):
    at = np.array(log_parameters)
    t_x = share * T if x else 0.0
    row = (np.array([float(x)]), np.array([t_x]), np.array([T]))
    height, slope = values_and_gradients(at, *row)
    expected = pareto_nbd_textbook(*np.exp(at), x, t_x, T)
    assert height[0] == pytest.approx(expected, rel=1e-8, abs=1e-8)
    for k in range(4):
        step = np.eye(4)[k] * 1e-4
        difference = values_and_gradients(at + step, *row)[0] - values_and_gradients(at - step, *row)[0]
        assert slope[k, 0] == pytest.approx(difference[0] / 2e-4, rel=1e-6, abs=1e-7)


def test_integral_over_the_time_of_death_at_extreme_parameters():
    rng = np.random.default_rng(2)
    count = 400
    alpha, beta = 10 ** rng.uniform(-4, 5, (2, count))
    x = np.where(rng.random(count) < 0.3, 0.0, np.floor(10 ** rng.uniform(0, 2.5, count)))
    T = 10 ** rng.uniform(-1, 3.3, count)
    t_x = np.where(x > 0, T * rng.random(count) ** rng.choice([0.1, 1.0, 10.0], count), 0.0)
    panels, nodes = 60, np.polynomial.legendre.leggauss(40)
    for r, s in ((0.01, 0.002), (0.5, 0.6), (300.0, 0.1), (0.2, 500.0)):
        odds, _ = log_odds_of_death(r, s, alpha, beta, x, t_x, T, with_averages=False)
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
    height, slope = values_and_gradients(np.log([0.2, 0.1, 1e-5, 1e-5]), *np.array([[900.0, 0], [1.0, 0], [500.0, 0]]))
    assert np.isfinite(height).all()
    assert np.isfinite(slope).all()
