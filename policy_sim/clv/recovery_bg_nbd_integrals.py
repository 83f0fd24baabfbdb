"""The integrals behind the predictions of the recovery-aware BG/NBD, for customers who are alive.

In: the parameters, and frequency, age and chances to drop out of customers. Out: the purchases to expect of them within
a horizon, or for ever and discounted. Left to others: who is alive (`recovery_bg_nbd_likelihood`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammaincinv, gammaln, kve, ndtr

from policy_sim.clv.beta_mixture import beta_expectation
from policy_sim.clv.discounting import discount_per_week, refuse_horizon
from policy_sim.clv.likelihood import unique_rows

__all__ = ["PurchasesIfAlive", "beta_laplace", "discount_of_gamma"]

Vector = NDArray[np.float64]
Places = NDArray[np.intp]
Kernel = Callable[[Vector, Vector, Vector], Vector]

_LOG_TAU = (-30.0, 18.0)  # window of the integrals over expected purchases while alive
_STEP = 0.4  # of the trapezoid rule in ln tau
_BESSEL_UP_TO = 30.0  # shape s above which K_s overflows near 0
_ROWS_AT_ONCE = 2_000  # customers whose nodes are held in memory together


@dataclass(frozen=True, eq=False)
class PurchasesIfAlive:
    """Purchases to expect of customers who are alive; both methods take and return arrays (n_customers,).

    A purchase that the customer would make if she never left is the tau-th in expectation; the chance that she is still
    there is prod_c M_c(q_c tau), with M_c(y) = E exp(-y p_c) and q_c the share of purchases in class c.

    Attributes
    ----------
    r, alpha_weeks, a, b
        The parameters; a and b are (K+1,), one for each class of chances to drop out.
    purchase_shares
        (K+1,) q: share of purchases in each class; class 0 are those that do not fail.
    """

    r: float
    alpha_weeks: float
    a: Vector
    b: Vector
    purchase_shares: Vector

    def discounted(self, discount_rate_per_year: float, x: Vector, T: Vector, chances: Vector) -> Vector:
        """Return the discounted purchases from now for ever of customers with frequency x, age T and chances (.., K+1).

        Notes
        -----
        int_0^inf Phi_s(beta delta tau) prod_c M_c(q_c tau) dtau with s = r+x, beta = alpha+T and
        Phi_s(z) = 2 z^(s/2) K_s(2 sqrt z)/Gamma(s), the discount until the tau-th purchase at an unknown rate.
        """
        delta = discount_per_week(discount_rate_per_year)

        def kernel(s: Vector, beta: Vector, log_tau: Vector) -> Vector:
            return discount_of_gamma(s, np.log(beta * delta)[:, None] + log_tau)

        return self._integral(kernel, np.zeros(x.size, dtype=np.intp), x, T, chances)

    def within(self, horizon_weeks: float, x: Vector, T: Vector, chances: Vector) -> Vector:
        """Return the purchases within the next `horizon_weeks` (0 or more).

        Notes
        -----
        int_0^inf Q(s, beta tau/t) prod_c M_c(q_c tau) dtau with Q the upper incomplete Gamma function.
        """
        refuse_horizon(horizon_weeks)
        if horizon_weeks == 0:
            return np.zeros(x.shape)

        def kernel(s: Vector, beta: Vector, log_tau: Vector) -> Vector:
            tau = np.exp(log_tau)
            return np.asarray(gammaincc(s[:, None], (beta / horizon_weeks)[:, None] * tau), dtype=np.float64)

        # Q falls from 1 to 0 within 1/sqrt(s) of ln tau, which the step must resolve
        halvings = np.maximum(0.0, np.ceil(np.log2(1.6 * _STEP * np.sqrt(self.r + x)))).astype(np.intp)
        return self._integral(kernel, halvings, x, T, chances)

    def _integral(self, kernel: Kernel, halvings: Places, x: Vector, T: Vector, chances: Vector) -> Vector:
        """Return int_0^inf kernel(tau) prod_c M_c(q_c tau) dtau for each customer, once for each distinct one.

        The trapezoid rule in ln tau, its step halved so often where the kernel is steep. M_c depends on few distinct
        counts, the kernel on few distinct pairs of frequency and age: each is computed once.
        """
        columns, _, place = unique_rows(halvings.astype(np.float64), x, T, *chances.T)
        level, frequency, age, counts = columns[0], columns[1], columns[2], columns[3:]
        integral = np.empty(frequency.size)
        for halved in np.unique(level):
            step = _STEP / 2.0**halved
            log_tau = np.arange(_LOG_TAU[0], _LOG_TAU[1], step)
            rows = np.flatnonzero(level == halved)
            factors = [
                self._staying(c, count[rows], log_tau) for c, count in enumerate(counts) if self.purchase_shares[c] > 0
            ]
            weight = step * np.exp(log_tau)
            at_once = max(1, int(_ROWS_AT_ONCE / 2.0**halved))
            for first in range(0, rows.size, at_once):
                part = slice(first, first + at_once)
                (some_x, some_age), _, pair = unique_rows(frequency[rows[part]], age[rows[part]])
                product = kernel(self.r + some_x, self.alpha_weeks + some_age, log_tau)[pair]
                for of_count, where in factors:
                    product *= of_count[where[part]]
                integral[rows[part]] = product @ weight
        return integral[place]

    def _staying(self, c: int, count: Vector, log_tau: Vector) -> tuple[Vector, Places]:
        """Return M_c(q_c tau) for each distinct count of chances, and which of them each row has."""
        distinct, where = np.unique(count, return_inverse=True)
        exponent = float(self.purchase_shares[c]) * np.exp(log_tau)
        of_count = [beta_laplace(exponent, float(self.a[c]), float(self.b[c] + n)) for n in distinct]
        return np.array(of_count), where


def beta_laplace(exponent: Vector, a: float, b: float) -> Vector:
    """Return E exp(-y p) over p ~ Beta(a, b) for each exponent y above 0; it is 1F1(a; a+b; -y)."""

    def if_p(log_p: Vector, y: Vector, _: Vector) -> Vector:
        return np.exp(-y * np.exp(log_p))

    def flat_below(y: Vector, _: Vector) -> Vector:
        return 1.0 / y

    return beta_expectation(if_p, a, np.full(exponent.shape, b), exponent, exponent, flat_below)


def discount_of_gamma(s: Vector, log_z: Vector) -> Vector:
    """Return Phi_s(z) = E exp(-z/U) over U ~ Gamma(s, 1) for each s (n,) and ln z (n, m).

    It is 2 z^(s/2) K_s(2 sqrt z)/Gamma(s). For large s, where K_s overflows, U is written as the quantile of a normal
    variable, of which it is nearly a multiple, and the trapezoid rule is applied to that.
    """
    discount = np.empty(log_z.shape)
    is_small = s <= _BESSEL_UP_TO
    of_s, near = s[is_small][:, None], log_z[is_small]
    root = 2.0 * np.exp(near / 2.0)
    with np.errstate(divide="ignore"):
        log_bessel = np.log(kve(of_s, root)) - root
    discount[is_small] = np.exp(np.log(2.0) + of_s / 2.0 * near + log_bessel - gammaln(of_s))
    nodes = np.linspace(-8.2, 8.2, 83)
    weights = np.exp(-(nodes**2) / 2.0)
    weights /= weights.sum()
    for shape in np.unique(s[~is_small]):
        rows = s == shape
        quantile = gammaincinv(shape, ndtr(nodes))
        z = np.exp(log_z[rows])
        discount[rows] = sum(weight * np.exp(-z / u) for weight, u in zip(weights, quantile, strict=True))
    return discount
