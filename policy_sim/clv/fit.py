"""Fit: what every fitted customer model carries, and what every model of purchases can say.

In: parameters, and the maximum of the likelihood that they come from. Out: `Fit` and `PurchaseFit`, on which the models
build. Left to others: the models themselves, and finding the maximum (`likelihood`).
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from policy_sim.border import InputError
from policy_sim.clv.discounting import discount_weights, refuse_margin
from policy_sim.clv.histories import CustomerSummary, summary_of
from policy_sim.clv.likelihood import BoundaryWarning, Maximum
from policy_sim.orders.transactions import Transactions

__all__ = [
    "ALMOST_NEVER",
    "AS_IT_IS",
    "LOGARITHM",
    "LOGIT",
    "NOBODY_LEAVES",
    "Fit",
    "PurchaseFit",
    "Scale",
    "checked_history",
    "checked_summary",
    "refuse_unless_converged",
    "warn_at_boundary",
]

Vector = NDArray[np.float64]

ALMOST_NEVER = 1e-4
"""Mean chance to leave below which a fit says that nobody leaves."""

NOBODY_LEAVES = (
    "so everybody counts as alive for ever and future values come out too high; use a longer log, or one that holds "
    "customers who left"
)


class Scale(NamedTuple):
    """A scale on which a parameter is fitted and its error is normal: to it, back from it, and the slope back."""

    name: str
    working: Callable[[float], float]
    natural: Callable[[float], float]
    slope: Callable[[float], float]


LOGARITHM = Scale("ln", np.log, np.exp, lambda value: value)
# chances stay off 0 and 1: parameters that are drawn with a wide error must still make a Beta distribution
LOGIT = Scale("logit", logit, lambda at: np.clip(expit(at), 1e-300, 1.0 - 1e-16), lambda value: value * (1.0 - value))
AS_IT_IS = Scale("", float, float, lambda _: 1.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """A fitted model: its parameters, and their errors.

    Errors are normal on working scales: the logarithm of a rate or shape, the logit of a chance.

    Attributes
    ----------
    model, parameter_names
        Name of the model, and of the fields that hold one parameter each.
    log_likelihood
        Summed over customers, every constant included; NaN where the parameters were not fitted.
    covariance
        (k, k) of the working parameters (see `working_names`), the inverse of the observed information; NaN where that
        has no inverse.
    customer_count, iteration_count
        Customers that were fitted to; steps of the search.
    message
        How the search ended.
    """

    model: ClassVar[str]
    parameter_names: ClassVar[tuple[str, ...]]

    log_likelihood: float = np.nan
    covariance: Vector = field(default_factory=lambda: np.empty((0, 0)))
    customer_count: int = 0
    iteration_count: int = 0
    message: str = "parameters were given, not fitted"

    def __post_init__(self) -> None:
        for name in self.parameter_names:
            value = float(getattr(self, name))
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"parameter {name} of {self.model} is {value:g}; it must be a number above 0")
        count = len(self.parameters)
        if self.covariance.shape != (count, count):
            object.__setattr__(self, "covariance", np.full((count, count), np.nan))

    @classmethod
    def at_maximum(cls, maximum: Maximum, customer_count: int) -> Self:
        """Return the fit at a maximum over log-parameters."""
        return cls(
            *(float(value) for value in np.exp(maximum.log_parameters)),
            log_likelihood=maximum.log_likelihood,
            covariance=maximum.covariance,
            customer_count=customer_count,
            iteration_count=maximum.iteration_count,
            message=maximum.message,
        )

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by name."""
        return {name: float(getattr(self, name)) for name in self.parameter_names}

    @property
    def scales(self) -> tuple[Scale, ...]:
        """The working scale of each parameter: logarithms, unless the model says otherwise."""
        return (LOGARITHM,) * len(self.parameters)

    @property
    def working_names(self) -> tuple[str, ...]:
        """Names of the rows of `covariance`, such as "ln r"."""
        return tuple(f"{scale.name} {name}".strip() for scale, name in zip(self.scales, self.parameters, strict=True))

    @property
    def working_parameters(self) -> Vector:
        """(k,) the parameters on their working scales."""
        return self._rescaled(lambda scale, value: scale.working(value), self.parameters.values())

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors of the parameters, by the delta method."""
        with np.errstate(invalid="ignore"):
            working_errors = np.sqrt(np.diag(self.covariance))
        slopes = self._rescaled(lambda scale, value: scale.slope(value), self.parameters.values())
        errors = working_errors * slopes
        return {name: float(error) for name, error in zip(self.parameters, errors, strict=True)}

    @property
    def aic(self) -> float:
        """Akaike's information criterion; lower is better."""
        return 2 * len(self.parameters) - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Bayesian information criterion; lower is better. NaN where the parameters were not fitted."""
        size = float(np.log(self.customer_count)) if self.customer_count else np.nan
        return size * len(self.parameters) - 2 * self.log_likelihood

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each parameter: parameter, value, standard_error."""
        errors = self.standard_errors
        return pd.DataFrame(
            {
                "parameter": list(errors),
                "value": list(self.parameters.values()),
                "standard_error": list(errors.values()),
            }
        )

    def to_dict(self) -> dict[str, object]:
        """Return model, parameters, standard_errors, log_likelihood, aic, bic and customers (how many), as plain data.

        None stands for what is not known: errors that the data do not determine, the likelihood of parameters that
        were not fitted.
        """
        errors = {name: _finite_or_none(error) for name, error in self.standard_errors.items()}
        return {
            "model": self.model,
            "parameters": self.parameters,
            "standard_errors": errors,
            "log_likelihood": _finite_or_none(self.log_likelihood),
            "aic": _finite_or_none(self.aic),
            "bic": _finite_or_none(self.bic),
            "customers": self.customer_count,
        }

    def draw_parameters(self, rng: np.random.Generator, count: int) -> list[Self]:
        """Draw fits whose parameters are off as far as estimation may be: normal on their working scales.

        Raises
        ------
        InputError
            If the covariance is unknown: the parameters were not fitted, or the data do not determine them.
        """
        if not np.isfinite(self.covariance).all():
            raise InputError(
                f"the errors of {self.model} are unknown ({self.message}), so its parameters cannot be drawn; "
                "fit it to more customers or a longer log"
            )
        drawn = rng.multivariate_normal(self.working_parameters, self.covariance, size=count, method="cholesky")
        return [self.at_working(row) for row in drawn]

    def at_working(self, working: Vector) -> Self:
        """Return the same fit with other parameters, which come on their working scales."""
        return self.with_parameters(self._rescaled(lambda scale, at: scale.natural(at), working))

    def with_parameters(self, values: ArrayLike) -> Self:
        """Return the same fit with other parameters, in the order of `parameters`."""
        numbers = np.asarray(values, dtype=np.float64)
        named: dict[str, Any] = {name: float(value) for name, value in zip(self.parameter_names, numbers, strict=True)}
        return replace(self, **named)

    def _rescaled(self, change: Callable[[Scale, float], float], values: Iterable[float]) -> Vector:
        return np.array([change(scale, value) for scale, value in zip(self.scales, values, strict=True)])


@dataclass(frozen=True, eq=False, kw_only=True)
class PurchaseFit(Fit):
    """A fitted model of when customers buy and when they leave, in continuous time counted in weeks.

    The methods take arrays (or numbers) that broadcast against each other: `frequency` (repeat purchases, 0 or
    more), `recency_weeks` (from the first to the last purchase), `age_weeks` (from the first purchase to the end of
    observation, not below the recency); they return an array of that shape. Customers who have left for good have
    "dropped out"; all others are "alive".
    """

    @abstractmethod
    def probability_alive(self, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike) -> Vector:
        """Return the chance that each customer has not dropped out."""

    @abstractmethod
    def expected_purchases(
        self, horizon_weeks: float, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike
    ) -> Vector:
        """Return how many purchases to expect of each customer within the next `horizon_weeks` (0 or more)."""

    @abstractmethod
    def dert(
        self, discount_rate_per_year: float, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike
    ) -> Vector:
        """Return the discounted expected residual transactions of each customer, from now for ever."""

    @abstractmethod
    def log_likelihoods(self, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike) -> Vector:
        """Return the log-likelihood of each customer's history under these parameters."""

    @abstractmethod
    def simulate(self, age_weeks: ArrayLike, rng: np.random.Generator) -> CustomerSummary:
        """Draw customers from the model, one for each age: from their first purchase on, observed so long."""

    def discounted_purchases(
        self,
        discount_rate_per_year: float,
        horizon_weeks: float | None,
        frequency: ArrayLike,
        recency_weeks: ArrayLike,
        age_weeks: ArrayLike,
    ) -> Vector:
        """Return the discounted purchases of each customer within a horizon, or for ever where it is None."""
        if horizon_weeks is None:
            return self.dert(discount_rate_per_year, frequency, recency_weeks, age_weeks)
        weights, horizons = discount_weights(discount_rate_per_year, horizon_weeks)
        history = (frequency, recency_weeks, age_weeks)
        terms = [w * self.expected_purchases(float(t), *history) for w, t in zip(weights, horizons, strict=True)]
        return np.asarray(sum(terms), dtype=np.float64)

    def future_value(
        self,
        expected_spend: ArrayLike,
        frequency: ArrayLike,
        recency_weeks: ArrayLike,
        age_weeks: ArrayLike,
        *,
        margin_share: float,
        discount_rate_per_year: float,
        horizon_weeks: float | None = None,
    ) -> Vector:
        """Return the expected discounted margin of each customer from now on, within a horizon or for ever (None).

        Parameters
        ----------
        expected_spend
            Amount to expect of an order, in money (`GammaGammaFit.expected_spend`); it sets the currency.
        frequency, recency_weeks, age_weeks
            As everywhere in this class.
        margin_share
            Share of an order's amount that is earned, above 0 and at most 1.
        discount_rate_per_year
            Above 0: .15 for 15 %.
        horizon_weeks
            Weeks from now that count.

        Raises
        ------
        InputError
            If the margin or the discount is out of range.
        """
        refuse_margin(margin_share)
        history = (frequency, recency_weeks, age_weeks)
        purchases = self.discounted_purchases(discount_rate_per_year, horizon_weeks, *history)
        return np.asarray(margin_share * np.asarray(expected_spend, dtype=np.float64) * purchases)


def checked_summary(source: CustomerSummary | Transactions, model: str) -> CustomerSummary:
    """Return the customers of a summary or a log, if a model of purchases can learn from them.

    Raises
    ------
    InputError
        If there is only one customer, or nobody bought twice; the message names the model.
    """
    summary = summary_of(source)
    customer_count = summary.labels.size
    if customer_count < 2:
        raise InputError(
            f"{model} needs a group of customers; found {customer_count}, expected at least 2; use a longer log"
        )
    if not (summary.frequency > 0).any():
        raise InputError(
            f"none of the {customer_count:,} customers bought on a second day, so there is nothing to learn about "
            "buying again; expected some repeat purchases; use a longer log, or check --customer-column"
        )
    return summary


def checked_history(
    frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike
) -> tuple[Vector, Vector, Vector]:
    """Return frequency, recency and age as arrays of one shape.

    Raises
    ------
    InputError
        If one is negative or not a number, or a recency is above the age.
    """
    x, t_x, T = np.broadcast_arrays(
        np.asarray(frequency, dtype=np.float64),
        np.asarray(recency_weeks, dtype=np.float64),
        np.asarray(age_weeks, dtype=np.float64),
    )
    wrong = ~((x >= 0) & (t_x >= 0) & (t_x <= T) & np.isfinite(x) & np.isfinite(T))
    if wrong.any():
        raise InputError(
            f"a customer has frequency {x[wrong][0]:g}, recency {t_x[wrong][0]:g} weeks, age {T[wrong][0]:g} weeks; "
            "expected frequency >= 0 and 0 <= recency <= age"
        )
    return x, t_x, T


def refuse_unless_converged(maximum: Maximum, customer_count: int, model: str) -> None:
    """Raise an InputError in words if the search for a maximum did not end at one."""
    if not maximum.has_converged:
        raise InputError(
            f"{model} {maximum.message} for {customer_count:,} customers; "
            "expected an inner maximum; use a longer log or more customers"
        )


def warn_at_boundary(
    model: str,
    undetermined: Sequence[str],
    at_limit: str = "",
    *,
    cause: str = "customers may be too few or too alike",
    advice: str = "means may still serve, standard errors do not; use more customers or a longer log",
) -> None:
    """Warn on behalf of whoever called the caller's caller where the likelihood has no inner maximum.

    Parameters
    ----------
    model
        Its name.
    undetermined
        Names of the parameters that the data leave open.
    at_limit
        What the data drive to its limit, and what follows; it explains the rest, so the rest is not said.
    cause, advice
        Why parameters may be left open, and what still serves and what to do then.
    """
    if at_limit or undetermined:
        left_open = f"these customers do not determine {', '.join(undetermined)} ({cause}); {advice}"
        warnings.warn(f"{model}: {at_limit or left_open}", BoundaryWarning, stacklevel=4)


def _finite_or_none(number: float) -> float | None:
    return number if isfinite(number) else None
