import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import beta as beta_function
from scipy.special import logit

from policy_sim.clv.recovery_bg_nbd import RecoveryBgNbdFit
from policy_sim.clv.recovery_bg_nbd_likelihood import UniqueCustomers, natural_parameters, total_log_likelihood

TRUTH = RecoveryBgNbdFit(
    r=0.8,
    alpha_weeks=8.0,
    a=np.array([0.5, 1.35, 0.75, 0.36]),
    b=np.array([4.5, 1.65, 2.25, 2.64]),
    class_names=("ordinary", "nothing", "apology", "refund"),
    failure_shares=np.array([0.032, 0.028, 0.02]),
)


def textbook_log_likelihood(fit, x, t_x, T, n, last):
    """The likelihood as it is written in the design: products of beta functions, one customer at a time."""

    def survived(c, left_out=0):
        return beta_function(fit.a[c] + left_out, fit.b[c] + n[c] - left_out) / beta_function(fit.a[c], fit.b[c])

    classes = range(fit.a.size)
    alive = math.prod(survived(c) for c in classes) * (fit.alpha_weeks + T) ** -(fit.r + x)
    left = 0.0
    if last >= 0:
        left = math.prod(survived(c, int(c == last)) for c in classes) * (fit.alpha_weeks + t_x) ** -(fit.r + x)
    return math.log(math.gamma(fit.r + x) * fit.alpha_weeks**fit.r / math.gamma(fit.r) * (alive + left))


def working_of(fit):
    sizes = (fit.a + fit.b)[: 2 if fit.a.size > 1 else 1]
    return np.array([math.log(fit.r), math.log(fit.alpha_weeks), *logit(fit.drop_out), *np.log(sizes)])


def test_parameters_go_to_their_working_scales_and_back():
    r, alpha, a, b = natural_parameters(working_of(TRUTH), 4)
    assert (r, alpha) == pytest.approx((TRUTH.r, TRUTH.alpha_weeks))
    np.testing.assert_allclose(a, TRUTH.a)
    np.testing.assert_allclose(b, TRUTH.b)


def test_likelihood_against_the_textbook():
    simulated = TRUTH.simulate(np.linspace(5, 80, 300), np.random.default_rng(4))
    fit = replace(TRUTH, r=1.3, a=TRUTH.a * 1.7, b=TRUTH.b * 1.7)
    rows = zip(
        simulated.frequency,
        simulated.recency_weeks,
        simulated.age_weeks,
        simulated.chances,
        simulated.last,
        strict=True,
    )
    expected = sum(textbook_log_likelihood(fit, *row) for row in rows)
    assert total_log_likelihood(working_of(fit), UniqueCustomers.of(simulated))[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_gradient(seed):
    rng = np.random.default_rng(seed)
    table = UniqueCustomers.of(TRUTH.simulate(rng.uniform(5, 80, 200), rng))
    at = working_of(TRUTH) + rng.normal(0, 1, 8)
    gradient = total_log_likelihood(at, table)[1]
    for k in range(8):
        step = np.eye(8)[k] * 1e-5
        difference = (total_log_likelihood(at + step, table)[0] - total_log_likelihood(at - step, table)[0]) / 2e-5
        assert gradient[k] == pytest.approx(difference, rel=1e-6, abs=1e-5)
