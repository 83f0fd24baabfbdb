import math

import numpy as np
import pytest
from scipy.special import hyp1f1

from policy_sim.clv.recovery_bg_nbd_integrals import beta_laplace, discount_of_gamma


@pytest.mark.parametrize("s", [0.1, 0.8, 5.0, 29.9, 30.1, 400.0])
def test_discount_kernel_against_a_fine_sum(s):
    log_z = np.array([-9.0, -2.0, 0.0, 2.0, 5.0])
    for at, value in zip(log_z, discount_of_gamma(np.array([s]), log_z[None, :])[0], strict=True):
        v = np.linspace(at - 6.0, math.log(100.0 + 4.0 * s), 100_001)
        expected = np.trapezoid(np.exp(s * v - np.exp(v) - np.exp(at - v) - math.lgamma(s)), v)
        assert value == pytest.approx(expected, rel=2e-9)


@pytest.mark.parametrize(("a", "b"), [(0.36, 2.64), (0.02, 0.3), (3.0, 40.0), (200.0, 900.0)])
def test_chance_to_stay_against_the_hypergeometric_function(a, b):
    y = np.array([1e-9, 1e-3, 0.3, 1.0, 7.0, 15.0])
    np.testing.assert_allclose(beta_laplace(y, a, b), hyp1f1(b, a + b, y) * np.exp(-y), rtol=1e-9)
