import math

import pytest
from scipy.special import gammaln, hyp2f1

from policy_sim.clv import summarise

CALIBRATION_END = "1997-09-30"


@pytest.fixture(scope="session")
def cdnow_calibration(cdnow):
    return summarise(cdnow, CALIBRATION_END)


@pytest.fixture(scope="session")
def pareto_nbd_textbook():
    """Return the log-likelihood of Pareto/NBD as published, with two 2F1; one customer at a time."""

    def log_likelihood(r, alpha, s, beta, x, t_x, T):
        order, near, far = r + s + x, max(alpha, beta), abs(alpha - beta)
        second = s + 1 if alpha >= beta else r + x

        def piece(t):
            return hyp2f1(order, second, order + 1, far / (near + t)) / (near + t) ** order

        alive = 1 / ((alpha + T) ** (r + x) * (beta + T) ** s)
        brackets = alive + s / order * (piece(t_x) - piece(T))
        return gammaln(r + x) - gammaln(r) + r * math.log(alpha) + s * math.log(beta) + math.log(brackets)

    return log_likelihood
