"""Recovery-aware BG/NBD: what a failed purchase, and how it was made good, does to a customer's staying.

In: each customer's frequency, recency and age, and which purchases failed and were recovered how. Out: the fitted model
and its predictions. Left to others: the likelihood (`recovery_bg_nbd_likelihood`), the integrals that predictions take
(`recovery_bg_nbd_integrals`), who should get which recovery, and what recoveries cost.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from policy_sim.border import InputError
from policy_sim.clv.discounting import PUBLISHED_WEEKS_PER_YEAR, refuse_margin
from policy_sim.clv.failure_values import CAVEATS, FailureValues
from policy_sim.clv.fit import (
    ALMOST_NEVER,
    LOGARITHM,
    LOGIT,
    Fit,
    Scale,
    checked_history,
    refuse_unless_converged,
    warn_at_boundary,
)
from policy_sim.clv.recoveries import RecoverySummary, checked_chances, refuse_class_names
from policy_sim.clv.recovery_bg_nbd_integrals import PurchasesIfAlive
from policy_sim.clv.recovery_bg_nbd_likelihood import (
    UniqueCustomers,
    find_maximum,
    log_odds_of_death,
    natural_parameters,
    total_log_likelihood,
)

__all__ = ["RecoveryBgNbdFit", "fit_recovery_bg_nbd"]

Vector = NDArray[np.float64]


def fit_recovery_bg_nbd(
    summary: RecoverySummary, *, failure_shares: ArrayLike | None = None, concentration_prior: bool = True
) -> RecoveryBgNbdFit:
    """Fit the recovery-aware BG/NBD model to a group of customers by penalised maximum likelihood.

    Parameters
    ----------
    summary
        Customers with frequency, recency, age and the counts of their drop-out chances by class.
    failure_shares
        (K,) share of future purchases that fail and are recovered with each class; None for the shares observed.
    concentration_prior
        Whether both concentrations k = a+b have the weak prior ln k ~ Normal(ln 3, standard deviation 1.4). Without
        it this is plain maximum likelihood, where k of rare failures often runs away.

    Returns
    -------
    The fitted model.

    Raises
    ------
    InputError
        If there is only one customer, if nobody bought twice, if a class never occurs, or if there is no maximum.

    Warns
    -----
    BoundaryWarning
        If almost nobody ever drops out after an ordinary purchase, or the data leave a parameter undetermined.

    Notes
    -----
    While alive, a customer buys at rate lambda ~ Gamma(r, alpha). After an ordinary repeat purchase she drops out
    with chance p_0 ~ Beta(a_0, b_0), after a failed purchase (the first one included) that was recovered with class
    c with chance p_c ~ Beta(a_c, b_c). With n_c chances of class c, l the class of the last one,

        ll = ln G(r+x)/G(r) + r ln alpha - (r+x) ln(alpha+T) + sum_c ln B(a_c, b_c+n_c)/B(a_c, b_c) + ln(1 + u)
        u  = [last event was a chance] a_l/(b_l+n_l-1) ((alpha+T)/(alpha+t_x))^(r+x)

    Without failures it is BG/NBD. The means a_c/(a_c+b_c) are identified, and the concentration of class 0; those of
    the failure classes one by one are not, since few customers meet a class twice, so they share one.
    """
    _refuse_uninformative(summary)
    customer_count = summary.frequency.size
    chances_seen = summary.chances.sum(axis=0)
    purchase_count = float((summary.frequency + 1.0).sum())
    shares = chances_seen[1:] / purchase_count if failure_shares is None else failure_shares
    customers = UniqueCustomers.of(summary)
    maximum = find_maximum(summary, customers, concentration_prior)
    refuse_unless_converged(maximum, customer_count, RecoveryBgNbdFit.model)
    r, alpha, a, b = natural_parameters(maximum.log_parameters, chances_seen.size)
    fit = RecoveryBgNbdFit(
        r=r,
        alpha_weeks=alpha,
        a=a,
        b=b,
        class_names=summary.class_names,
        failure_shares=np.asarray(shares, dtype=np.float64),
        log_likelihood=total_log_likelihood(maximum.log_parameters, customers)[0],
        covariance=maximum.covariance,
        customer_count=customer_count,
        iteration_count=maximum.iteration_count,
        message=maximum.message,
        is_penalised=concentration_prior,
        chances_seen=chances_seen,
        customers_seen=(summary.chances > 0).sum(axis=0).astype(np.float64),
    )
    _warn_at_boundary(fit, maximum.undetermined)
    return fit


@dataclass(frozen=True, eq=False, kw_only=True)
class RecoveryBgNbdFit(Fit):
    """A fitted recovery-aware BG/NBD model.

    Two things it must not be used for unsaid. Where anger (which nobody recorded) decides who gets which remedy, the
    effects of remedies come out too small: who gets which must be random given what is recorded. Where a customer who
    is prone to leave is so whatever happens, those still there are the loyal ones, and all drop-out chances come out
    too low.

    Attributes
    ----------
    r, alpha_weeks
        Shape and rate of the Gamma distribution of purchase rates; the mean rate is r / alpha_weeks a week.
    a, b
        (K+1,) the Beta distribution of the chance to drop out after a chance of each class; its mean is a / (a+b).
    class_names
        Names of the K+1 classes; class 0 are ordinary repeat purchases.
    failure_shares
        (K,) share of purchases that fail and are recovered with each class, which predictions take to go on.
    is_penalised
        Whether both concentrations had the prior ln k ~ Normal(ln 3, 1.4). It enters the covariance, but not the
        log-likelihood.
    chances_seen, customers_seen
        (K+1,) chances of each class in the data, and customers with at least one.
    """

    model: ClassVar[str] = "recovery-aware BG/NBD"
    parameter_names: ClassVar[tuple[str, ...]] = ("r", "alpha_weeks")

    r: float
    alpha_weeks: float
    a: Vector
    b: Vector
    class_names: tuple[str, ...]
    failure_shares: Vector
    is_penalised: bool = False
    chances_seen: Vector = field(default_factory=lambda: np.empty(0))
    customers_seen: Vector = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        names = tuple(str(name) for name in self.class_names)
        refuse_class_names(names)
        a, b, shares = (np.asarray(values, dtype=np.float64) for values in (self.a, self.b, self.failure_shares))
        for name, values, size in (
            ("a", a, len(names)),
            ("b", b, len(names)),
            ("failure_shares", shares, len(names) - 1),
        ):
            if values.shape != (size,):
                raise InputError(
                    f"{name} of {self.model} has shape {values.shape}; expected ({size},) for the classes "
                    f"{', '.join(names)}; failure shares have none for the first"
                )
        for name, values in (("a", a), ("b", b)):
            wrong = ~(np.isfinite(values) & (values > 0))
            if wrong.any():
                raise InputError(
                    f"parameter {name} of {self.model} is {values[wrong][0]:g}; it must be a number above 0"
                )
        if not ((shares >= 0).all() and shares.sum() <= 1):
            raise InputError(
                f"failure_shares are {', '.join(f'{share:g}' for share in shares)}; expected shares of all purchases, "
                "0 or more and at most 1 together"
            )
        checked = {"class_names": names, "a": a, "b": b, "failure_shares": shares}
        for name in ("chances_seen", "customers_seen"):
            if getattr(self, name).shape != (len(names),):
                checked[name] = np.full(len(names), np.nan)
        for name, checked_value in checked.items():
            object.__setattr__(self, name, checked_value)
        super().__post_init__()

    def __str__(self) -> str:
        """Return the results and what they must not be used for, in plain words."""
        errors = self.standard_errors
        lines = [f"{self.model}, {self.customer_count:,} customers, {self.message}"]
        lines += [
            f"  {name:<40} {value:10.4f}  (s.e. {errors[name]:.4f})"
            for name, value in self.parameters.items()
            if not name.startswith("drop_out[")
        ]
        lines += ["", "Chance to lose the customer after a purchase of each class:"]
        lines += [
            f"  {row.recovery:<40} {row.mean_drop_out:10.4f}  (s.e. {row.standard_error:.4f}; "
            f"{row.chances:,.0f} chances, {row.customers:,.0f} customers)"
            for row in self.loss_after_recovery.itertuples(index=False)
        ]
        lines += ["", f"log-likelihood {self.log_likelihood:.4f}, AIC {self.aic:.2f}, BIC {self.bic:.2f}"]
        if self.is_penalised:
            lines.append(
                "This is a penalised fit: both concentrations k = a + b have the weak prior ln k ~ Normal(ln 3, 1.4); "
                "the log-likelihood is given without it."
            )
        return "\n".join([*lines, "", "Before use:", *(f"({k}) {text}" for k, text in enumerate(CAVEATS, start=1))])

    @property
    def drop_out(self) -> Vector:
        """(K+1,) mean chance to drop out after a chance of each class, a / (a+b)."""
        return self.a / (self.a + self.b)

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by name: means and concentrations in place of a and b."""
        size = self.a + self.b
        means = {f"drop_out[{name}]": float(mean) for name, mean in zip(self.class_names, self.drop_out, strict=True)}
        sizes = {"concentration": float(size[0])}
        if size.size > 1:
            sizes["failure_concentration"] = float(size[-1])
        return super().parameters | means | sizes

    @property
    def scales(self) -> tuple[Scale, ...]:
        """Logits of mean drop-out chances, logarithms of everything else."""
        return tuple(LOGIT if name.startswith("drop_out[") else LOGARITHM for name in self.parameters)

    @property
    def loss_after_recovery(self) -> pd.DataFrame:
        """The chance to lose a customer, by class: recovery, mean_drop_out, standard_error, chances, customers."""
        errors = list(self.standard_errors.values())[2 : 2 + self.a.size]
        return pd.DataFrame(
            {
                "recovery": self.class_names,
                "mean_drop_out": self.drop_out,
                "standard_error": errors,
                "chances": self.chances_seen,
                "customers": self.customers_seen,
            }
        )

    def with_failure_shares(self, failure_shares: ArrayLike) -> Self:
        """Return the same fit for a future in which other shares (K,) of purchases fail or are recovered otherwise."""
        return replace(self, failure_shares=np.asarray(failure_shares, dtype=np.float64))

    def with_parameters(self, values: ArrayLike) -> Self:
        """Return the same fit with other parameters, in the order of `parameters`."""
        numbers = np.asarray(values, dtype=np.float64)
        means, sizes = np.split(numbers[2:], [self.a.size])
        size = np.append(sizes[0], np.full(self.a.size - 1, sizes[-1]))
        return replace(super().with_parameters(numbers[:2]), a=size * means, b=size * (1.0 - means))

    def probability_alive(self, summary: RecoverySummary) -> Vector:
        """Return the chance that each customer has not dropped out; 1 where there was no chance to.

        Raises
        ------
        InputError
            If the summary has other classes than the fit; so in every prediction.
        """
        self._refuse_other_classes(summary)
        odds = log_odds_of_death(
            self.r,
            self.alpha_weeks,
            self.a,
            self.b,
            summary.frequency,
            summary.recency_weeks,
            summary.age_weeks,
            summary.last,
            summary.of_last,
        )
        return np.asarray(expit(-odds), dtype=np.float64)

    def expected_purchases(self, horizon_weeks: float, summary: RecoverySummary) -> Vector:
        """Return how many purchases to expect of each customer within the next `horizon_weeks` (0 or more).

        Notes
        -----
        The chance that she is alive, times `PurchasesIfAlive.within`.
        """
        alive = self.probability_alive(summary)
        return alive * self._if_alive.within(horizon_weeks, summary.frequency, summary.age_weeks, summary.chances)

    def dert(self, discount_rate_per_year: float, summary: RecoverySummary) -> Vector:
        """Return the discounted expected residual transactions of each customer, from now for ever.

        Notes
        -----
        The chance that she is alive, times `PurchasesIfAlive.discounted`.
        """
        alive = self.probability_alive(summary)
        return alive * self._if_alive.discounted(
            discount_rate_per_year, summary.frequency, summary.age_weeks, summary.chances
        )

    def value_at_failure(
        self,
        discount_rate_per_year: float,
        frequency: ArrayLike,
        age_weeks: ArrayLike,
        chances: ArrayLike,
        *,
        margin_share: float,
        expected_spend: ArrayLike,
        recovery_costs: ArrayLike,
        horizon_weeks: float = float(PUBLISHED_WEEKS_PER_YEAR),
    ) -> FailureValues:
        """Return what each customer whose purchase has just failed is worth, recovered with each class.

        Parameters
        ----------
        discount_rate_per_year
            Above 0: .15 for 15 %.
        frequency, age_weeks
            (n_customers,) repeat purchases up to the failed one, which counts; weeks from the first purchase to it.
        chances
            (n_customers, K+1) chances to drop out before it: each customer's sum to her frequency, less 1 unless her
            first purchase failed too.
        margin_share
            Share of an order's amount that is earned, above 0 and at most 1.
        expected_spend
            Amount to expect of an order, in money; (n_customers,) or one for all.
        recovery_costs
            (K,) cost of a recovery of each class, in money, now and at later failures; or (n_customers, K).
        horizon_weeks
            For which to count expected purchases.

        Raises
        ------
        InputError
            If a value is out of range or counts contradict each other.

        Notes
        -----
        DERT(k) = (b_k+n_k)/(a_k+b_k+n_k) times that of a customer who is alive with n_k+1; value(k) =
        (margin - sum_c q_c cost_c) DERT(k) - cost_k.
        """
        refuse_margin(margin_share)
        failure_count = self.a.size - 1
        if not failure_count:
            raise InputError(f"this {self.model} knows no failures; fit it to customers with recoveries")
        x, _, T = checked_history(np.atleast_1d(np.asarray(frequency, dtype=np.float64)), 0.0, age_weeks)
        if x.ndim != 1:
            raise InputError(f"frequency and age_weeks have shape {x.shape} together; expected one entry per customer")
        n = checked_chances(chances, x.shape, self.class_names)
        others, failed = n.sum(axis=1), n[:, 1:].sum(axis=1)
        wrong = ~(
            ((x > 0) & (others == x - 1)) | ((x > 0) & (others == x) & (failed >= 1)) | ((x == 0) & (others == 0))
        )
        if wrong.any():
            raise InputError(
                f"a customer has frequency {x[wrong][0]:g} and {others[wrong][0]:g} chances to drop out before this "
                "failure; expected one less than the frequency, or as many if the first purchase failed too"
            )
        spend = _broadcast("expected_spend", expected_spend, x.shape)
        costs = _broadcast("recovery_costs", recovery_costs, (x.size, failure_count))
        margin = margin_share * spend - costs @ self.failure_shares
        survival = (self.b[1:] + n[:, 1:]) / (self.a[1:] + self.b[1:] + n[:, 1:])
        # all classes in one go, for they share the kernel of the integral
        stayed = (n[:, None, :] + np.eye(failure_count + 1)[1:]).reshape(-1, failure_count + 1)
        after = (np.repeat(x, failure_count), np.repeat(T, failure_count), stayed)
        dert = survival * self._if_alive.discounted(discount_rate_per_year, *after).reshape(survival.shape)
        purchases = survival * self._if_alive.within(horizon_weeks, *after).reshape(survival.shape)
        return FailureValues(
            recoveries=self.class_names[1:],
            survival=survival,
            dert=dert,
            expected_purchases=purchases,
            value=margin[:, None] * dert - costs,
        )

    def simulate(self, age_weeks: ArrayLike, rng: np.random.Generator) -> RecoverySummary:
        """Draw customers from the model, one for each age: from their first purchase on, observed so long.

        Every purchase fails, and is recovered with class c, with chance `failure_shares[c-1]`, whoever the customer is.
        """
        age = np.atleast_1d(np.asarray(age_weeks, dtype=np.float64))
        rate = rng.gamma(self.r, 1 / self.alpha_weeks, age.size)
        leaving = rng.beta(self.a, self.b, (age.size, self.a.size))
        bounds = np.cumsum(self.failure_shares)
        frequency, recency, time = np.zeros(age.size), np.zeros(age.size), np.zeros(age.size)
        chances, last = np.zeros((age.size, self.a.size)), np.full(age.size, -1)
        active = np.arange(age.size)
        is_first = True
        while active.size:
            if not is_first:
                with np.errstate(divide="ignore"):
                    time[active] += rng.exponential(1.0, active.size) / rate[active]
                active = active[time[active] <= age[active]]
                frequency[active] += 1
                recency[active] = time[active]
            drawn = np.searchsorted(bounds, rng.random(active.size), side="right") + 1
            drawn[drawn > bounds.size] = 0
            is_chance = (drawn > 0) | (not is_first)
            customer, drawn_class = active[is_chance], drawn[is_chance]
            chances[customer, drawn_class] += 1
            last[customer] = drawn_class
            has_left = np.zeros(active.size, dtype=bool)
            has_left[is_chance] = rng.random(customer.size) < leaving[customer, drawn_class]
            active = active[~has_left]
            is_first = False
        return RecoverySummary(
            frequency=frequency,
            recency_weeks=recency,
            age_weeks=age,
            chances=chances,
            last=last,
            class_names=self.class_names,
        )

    @property
    def _if_alive(self) -> PurchasesIfAlive:
        shares = np.append(1.0 - self.failure_shares.sum(), self.failure_shares)
        return PurchasesIfAlive(self.r, self.alpha_weeks, self.a, self.b, shares)

    def _refuse_other_classes(self, summary: RecoverySummary) -> None:
        if summary.class_names != self.class_names:
            raise InputError(
                f"the customers have classes {', '.join(summary.class_names)}, the fit {', '.join(self.class_names)}; "
                "expected the same in the same order; give recovery_classes when summarising"
            )


def _refuse_uninformative(summary: RecoverySummary) -> None:
    """Raise an InputError if the customers are too few or alike, or a class never occurs."""
    customer_count = summary.frequency.size
    if customer_count < 2:
        raise InputError(
            f"{RecoveryBgNbdFit.model} needs a group of customers; found {customer_count}, expected at least 2; "
            "use a longer log"
        )
    if not (summary.frequency > 0).any():
        raise InputError(
            f"none of the {customer_count:,} customers bought on a second day, so there is nothing to learn about "
            "buying again; expected some repeat purchases; use a longer log"
        )
    for name, chance_count in zip(summary.class_names, summary.chances.sum(axis=0), strict=True):
        if not chance_count:
            raise InputError(
                f"class '{name}' never occurs among the {customer_count:,} customers, so nothing can be said about it; "
                "expected at least one chance to drop out in each class; leave the class out"
            )


def _broadcast(name: str, money: ArrayLike, shape: tuple[int, ...]) -> Vector:
    """Return money, 0 or more, as an array of a shape."""
    values = np.asarray(money, dtype=np.float64)
    wrong = ~((values >= 0) & np.isfinite(values))
    if wrong.any():
        raise InputError(f"{name} holds {values[wrong].flat[0]:g}; expected money, 0 or more")
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise InputError(f"{name} has shape {values.shape}; expected {shape}, or what extends to it") from None


def _warn_at_boundary(fit: RecoveryBgNbdFit, undetermined: tuple[int, ...]) -> None:
    at_zero = (
        f"the drop-out chance after an ordinary purchase went to 0 ({fit.drop_out[0]:.2g}), so everybody counts as "
        "alive until a failure and future values come out too high; use a longer log, or one that holds customers who "
        "left"
    )
    warn_at_boundary(
        fit.model,
        [list(fit.parameters)[k] for k in undetermined],
        at_zero if fit.drop_out[0] < ALMOST_NEVER else "",
        cause="customers or failures may be too few",
        advice="standard errors of these do not serve; use more customers or a longer log, or put rare classes "
        "together",
    )
