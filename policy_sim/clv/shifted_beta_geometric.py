"""Shifted beta-geometric: how long customers under contract keep renewing.

In: how many customers were lost at each renewal, and how many were still active when last seen. Out: the fitted model
with its retention, survival and discounted renewals. Left to others: reading contracts (`contracts`), customers who
come and go without notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policy_sim.border import InputError
from policy_sim.clv.beta_mixture import beta_expectation
from policy_sim.clv.contracts import ContractSummary, checked_renewals
from policy_sim.clv.fit import ALMOST_NEVER, Fit, warn_at_boundary
from policy_sim.clv.likelihood import maximise_likelihood

__all__ = ["ShiftedBetaGeometricFit", "fit_shifted_beta_geometric", "log_rising"]

Vector = NDArray[np.float64]

_ALIKE = 100.0  # alpha + beta above which customers hardly differ; below its inverse they differ as far as can be


def fit_shifted_beta_geometric(source: ContractSummary | ArrayLike) -> ShiftedBetaGeometricFit:
    """Fit the shifted beta-geometric model to contracts by maximum likelihood.

    Parameters
    ----------
    source
        Contracts lost and active; or, for one cohort, the numbers of customers (not shares) still active after 0, 1,
        2, ... renewals.

    Returns
    -------
    The fitted model.

    Raises
    ------
    InputError
        If the numbers cannot be those of contracts, there is only one customer, nobody left, or there is no maximum.

    Warns
    -----
    BoundaryWarning
        If almost nobody ever leaves (alpha -> 0), or the data leave a parameter undetermined: with only one renewal
        observed, or where the retention rate does not rise with tenure (the model can but make everybody alike).

    Notes
    -----
    At each renewal a customer leaves with her own chance theta ~ Beta(alpha, beta). With rising factorials
    (y)_k = y (y+1) ... (y+k-1),

        P(lost at renewal t)         = alpha (beta)_(t-1) / (alpha+beta)_t
        P(active after t renewals)   = (beta)_t / (alpha+beta)_t

    and the log-likelihood sums their logarithms over customers lost and customers still active when last seen.

    References
    ----------
    Fader & Hardie (2007), How to project customer retention, Journal of Interactive Marketing 21(1).
    """
    summary = source if isinstance(source, ContractSummary) else ContractSummary.of_survivors(source)
    customer_count = round(summary.customer_count)
    lost_count = float(summary.lost.sum())
    if customer_count < 2:
        raise InputError(
            f"shifted beta-geometric needs a group of customers; found {customer_count}, expected at least 2; "
            "give numbers of customers rather than shares"
        )
    if not lost_count > 0:
        raise InputError(
            f"none of the {customer_count:,} customers left, so there is nothing to learn about leaving; "
            "expected some who did not renew; observe them over more renewals"
        )

    def total(log_parameters: Vector) -> tuple[float, Vector]:
        return _log_likelihood(log_parameters, summary.lost, summary.active)

    renewed_count = float(summary.lost[1:] @ np.arange(1.0, summary.lost.size)) + float(
        summary.active @ np.arange(summary.active.size)
    )
    leaving = np.clip(lost_count / (lost_count + renewed_count), 1e-6, 1 - 1e-6)
    starts = [np.log([size * leaving, size * (1 - leaving)]) for size in (2.0, 0.5, 20.0)]
    maximum = maximise_likelihood(total, starts, customer_count)
    if not maximum.has_converged:
        raise InputError(
            f"shifted beta-geometric {maximum.message} for {customer_count:,} customers; "
            "expected an inner maximum; use more customers or more renewals"
        )
    fit = ShiftedBetaGeometricFit.at_maximum(maximum, customer_count)
    _warn_at_boundary(fit, maximum.undetermined)
    return fit


@dataclass(frozen=True, eq=False)
class ShiftedBetaGeometricFit(Fit):
    """A fitted shifted beta-geometric model.

    Time is counted in renewals. The methods take `renewals`, how often a customer has renewed so far (0 for a new
    one), as a number or an array of whole numbers, and return an array of its shape.

    Attributes
    ----------
    alpha, beta
        The Beta distribution of the chance to leave at a renewal; its mean among new customers is
        alpha / (alpha+beta).
    """

    model: ClassVar[str] = "shifted beta-geometric"
    parameter_names: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    alpha: float
    beta: float

    def retention_rate(self, renewals: ArrayLike) -> Vector:
        """Return the chance that an active customer renews once more; it rises with tenure, as the loyal remain."""
        k = checked_renewals(renewals)
        return np.asarray((self.beta + k) / (self.alpha + self.beta + k), dtype=np.float64)

    def survival(self, renewals: ArrayLike) -> Vector:
        """Return the share of new customers who will renew at least so often; 1 at 0 renewals."""
        k = checked_renewals(renewals)
        stays, _ = log_rising(self.beta, int(k.max(initial=0.0)))
        ends, _ = log_rising(self.alpha + self.beta, int(k.max(initial=0.0)))
        return np.asarray(np.exp(stays - ends)[k.astype(np.intp)], dtype=np.float64)

    def derl(self, discount_rate_per_renewal: float, renewals: ArrayLike) -> Vector:
        """Return the discounted expected residual lifetime of active customers, in renewals still to come.

        It is taken just before the next renewal falls due, so that this renewal counts in full (times its chance),
        the one after it is divided by 1+d, and so on. Just after a payment it is `derl_after_payment`.

        Parameters
        ----------
        discount_rate_per_renewal
            d, above 0: .1 for 10 % from one renewal to the next.
        renewals
            As everywhere in this class.

        Notes
        -----
        sum_(j>=1) (1+d)^(1-j) S(k+j)/S(k) = E[(1-theta)(1+d)/(d+theta)] over theta ~ Beta(alpha, beta+k), taken as
        (1+d) retention_rate(k) E[1/(d+theta)] over theta ~ Beta(alpha, beta+k+1): an integral over logit theta, which
        holds where the 2F1 of the closed form is lost.

        References
        ----------
        Fader & Hardie (2010), Customer-base valuation in a contractual setting: the perils of ignoring heterogeneity,
        Marketing Science 29(1).
        """
        k = checked_renewals(renewals)
        d = discount_rate_per_renewal
        if not (np.isfinite(d) and d > 0):
            raise InputError(
                f"discount_rate_per_renewal is {d}; it must be above 0 (0.1 for 10 %), "
                "for without discount the renewals of all time may have no finite sum"
            )

        def if_theta(log_theta: Vector, _s: Vector, _beta: Vector) -> Vector:
            return np.asarray((1.0 + d) / (d + np.exp(log_theta)), dtype=np.float64)

        distinct, place = np.unique(k, return_inverse=True)
        ones = np.ones(distinct.size)
        if not distinct.size:
            return np.zeros(k.shape)
        renewed = beta_expectation(
            if_theta, self.alpha, self.beta + distinct + 1.0, ones, ones, lambda s, _: np.full(s.size, min(d, 1.0))
        )
        return self.retention_rate(k) * renewed[place].reshape(k.shape)

    def derl_after_payment(self, discount_rate_per_renewal: float, renewals: ArrayLike) -> Vector:
        """Return the same right after a payment, the first one or that of the last renewal: derl / (1+d).

        The next renewal is a whole period away then. This is what somebody carries who has just paid and meets a
        failure: the payment counts among the renewals so far, and its own margin is not in it.

        Parameters
        ----------
        discount_rate_per_renewal, renewals
            As in `derl`; 0 renewals right after the first payment.
        """
        return self.derl(discount_rate_per_renewal, renewals) / (1.0 + discount_rate_per_renewal)

    def future_value(self, margin_per_renewal: float, discount_rate_per_renewal: float, renewals: ArrayLike) -> Vector:
        """Return the expected discounted margin of active customers, just before the next renewal falls due.

        Parameters
        ----------
        margin_per_renewal
            What one renewal earns, in money.
        discount_rate_per_renewal, renewals
            As in `derl`.
        """
        if not np.isfinite(margin_per_renewal):
            raise InputError(f"margin_per_renewal is {margin_per_renewal}; it must be an amount of money")
        return margin_per_renewal * self.derl(discount_rate_per_renewal, renewals)

    def simulate(self, renewals_due: ArrayLike, rng: np.random.Generator) -> ContractSummary:
        """Draw new customers from the model, one for each number of renewals that fall due while she is observed."""
        due = np.atleast_1d(checked_renewals(renewals_due))
        leaving = rng.beta(self.alpha, self.beta, due.size)
        renewed, is_active = np.zeros(due.size), np.ones(due.size, dtype=bool)
        asked = np.flatnonzero(due > 0)
        while asked.size:
            stays = rng.random(asked.size) >= leaving[asked]
            is_active[asked[~stays]] = False
            asked = asked[stays]
            renewed[asked] += 1
            asked = asked[renewed[asked] < due[asked]]
        return ContractSummary.of_customers(renewed, is_active)


def _log_likelihood(log_parameters: Vector, lost: Vector, active: Vector) -> tuple[float, Vector]:
    """Return the log-likelihood and its gradient (2,) on the log-parameters."""
    alpha, beta = np.exp(log_parameters)
    stays, slope_stays = log_rising(beta, lost.size)
    ends, slope_ends = log_rising(alpha + beta, lost.size)
    lost_sum = float(lost.sum())
    value = lost @ (stays[:-1] - ends[1:]) + active @ (stays[:-1] - ends[:-1]) + lost_sum * log_parameters[0]
    slope_both = lost @ slope_ends[1:] + active @ slope_ends[:-1]
    gradient = np.array(
        [lost_sum - alpha * slope_both, beta * ((lost + active) @ slope_stays[:-1] - slope_both)], dtype=np.float64
    )
    return float(value), gradient


def log_rising(y: float, length: int) -> tuple[Vector, Vector]:
    """Return ln (y)_k for k = 0, ..., length, with (y)_k = y (y+1) ... (y+k-1), and its slope in y."""
    factors = y + np.arange(length, dtype=np.float64)
    zero = np.zeros(1)
    return np.concatenate((zero, np.cumsum(np.log(factors)))), np.concatenate((zero, np.cumsum(1.0 / factors)))


def _warn_at_boundary(fit: ShiftedBetaGeometricFit, undetermined: tuple[int, ...]) -> None:
    size = fit.alpha + fit.beta
    estimates = f"alpha = {fit.alpha:.2g}, beta = {fit.beta:.2g}"
    at_zero = (
        f"the chance to leave went to 0 ({estimates}), so almost everybody stays for ever and future values come out "
        "too high; observe more renewals"
    )
    if size > _ALIKE:
        cause = (
            f"every customer seems to leave with the same chance, {fit.alpha / size:.3g} at each renewal (or with "
            "one that grows with tenure, which this model cannot show)"
        )
    elif size < 1 / _ALIKE:
        cause = "customers seem to leave at the first renewal or never"
    else:
        cause = "renewals are too few, or leave no room for differences between customers"
    warn_at_boundary(
        fit.model,
        [" and ".join(fit.parameter_names)] if undetermined else [],  # the two are only known together
        at_zero if fit.alpha / size < ALMOST_NEVER else "",
        cause=f"{estimates}: {cause}",
        advice="survival within the renewals observed may still serve, standard errors do not; use more customers or "
        "more renewals",
    )
