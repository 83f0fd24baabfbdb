"""Pareto/NBD with covariates: customers differ by what is known of them and does not change with time.

In: each customer's frequency, recency and age, and numbers about each. Out: the fitted model, and the predictions for
customers with these numbers. Left to others: the likelihood (`pareto_nbd_likelihood`), reading the numbers
(`covariates`), what a purchase is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from policy_sim.border import InputError, plain_rows
from policy_sim.clv.covariates import Covariates, aligned_covariates, mean_and_deviation, named_covariates
from policy_sim.clv.fit import (
    AS_IT_IS,
    LOGARITHM,
    Fit,
    Scale,
    checked_summary,
    refuse_unless_converged,
    warn_at_boundary,
)
from policy_sim.clv.histories import CustomerSummary
from policy_sim.clv.likelihood import Maximum
from policy_sim.clv.pareto_nbd import ParetoNbdFit, ParetoNbdPredictions
from policy_sim.clv.pareto_nbd_likelihood import find_maximum, nobody_leaves

__all__ = ["ParetoNbdCovariatesFit", "ParetoNbdCustomers", "fit_pareto_nbd_covariates"]

Vector = NDArray[np.float64]


def fit_pareto_nbd_covariates(
    summary: CustomerSummary, purchase_covariates: Covariates, dropout_covariates: Covariates | None = None
) -> ParetoNbdCovariatesFit:
    """Fit a Pareto/NBD model whose customers differ by what is known of them and does not change with time.

    Parameters
    ----------
    summary
        Customers with frequency, recency and age.
    purchase_covariates, dropout_covariates
        What purchasing and leaving depend on: an array (n_customers, k) in the order of `summary.labels`, or a table
        whose index holds the customers' labels, in any order. If the second is None, leaving depends on the same as
        purchasing; an array of no columns says that it depends on nothing.

    Returns
    -------
    The fitted model.

    Raises
    ------
    InputError
        If a customer has no covariates, if these are not numbers, do not vary or repeat each other, and for the
        reasons that `fit_pareto_nbd` has.

    Warns
    -----
    BoundaryWarning
        If almost nobody ever leaves (s -> 0), or the data leave a parameter undetermined.

    Notes
    -----
    The rate parameters become alpha_i = alpha exp(-gamma_purchase . z_i) and beta_i = beta exp(-gamma_dropout . z_i),
    so that a coefficient of .1 raises the mean rate of purchasing (or of leaving) by a factor of e^.1 for each unit.

    References
    ----------
    Fader & Hardie (2007), Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models.
    """
    model = ParetoNbdCovariatesFit.model
    checked = checked_summary(summary, model)
    purchase = _Standardised.of(purchase_covariates, checked, "purchase_covariates")
    dropout = (
        purchase if dropout_covariates is None else _Standardised.of(dropout_covariates, checked, "dropout_covariates")
    )
    no_covariates = np.empty((checked.labels.size, 0))
    plain = find_maximum(checked, no_covariates, no_covariates)
    starts = [] if plain.undetermined or not plain.has_converged else [plain.log_parameters]
    maximum = find_maximum(checked, purchase.values, dropout.values, starts)
    refuse_unless_converged(maximum, checked.labels.size, model)
    _warn_at_boundary(_parameter_names(purchase.names, dropout.names), maximum, checked)
    return _in_units_of_covariates(maximum, purchase, dropout, checked.labels.size)


@dataclass(frozen=True, eq=False)
class ParetoNbdCustomers(ParetoNbdPredictions):
    """Customers whose covariates are known: the predictions of `ParetoNbdFit`, each with an alpha and beta of her own.

    The histories that the methods take stand in the order of the covariates, or hold for all where they are numbers.

    Attributes
    ----------
    r, s
        Shapes of the Gamma distributions of the rates of purchasing and leaving.
    alpha_weeks, beta_weeks
        (n_customers,) their rates.
    """

    r: float
    alpha_weeks: Vector
    s: float
    beta_weeks: Vector

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each customer: alpha_weeks, beta_weeks."""
        return pd.DataFrame({"alpha_weeks": self.alpha_weeks, "beta_weeks": self.beta_weeks})

    def to_dict(self) -> dict[str, object]:
        """Return r, s and the rows of `to_frame` (customers), as plain data."""
        return {"r": self.r, "s": self.s, "customers": plain_rows(self.to_frame())}


@dataclass(frozen=True, eq=False)
class ParetoNbdCovariatesFit(Fit):
    """A fitted Pareto/NBD model with covariates that do not change with time.

    Attributes
    ----------
    r, alpha_weeks, s, beta_weeks
        As in `ParetoNbdFit`, for a customer whose covariates are all 0.
    purchase_coefficients, dropout_coefficients
        By how much the logarithm of the rate of purchasing (leaving) grows with each unit of each covariate.
    purchase_names, dropout_names
        Names of the covariates.
    """

    model: ClassVar[str] = "Pareto/NBD with covariates"
    parameter_names: ClassVar[tuple[str, ...]] = ParetoNbdFit.parameter_names

    r: float
    alpha_weeks: float
    s: float
    beta_weeks: float
    purchase_coefficients: Vector
    dropout_coefficients: Vector
    purchase_names: tuple[str, ...]
    dropout_names: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("purchase_coefficients", "dropout_coefficients"):
            coefficients = np.atleast_1d(np.asarray(getattr(self, name), dtype=np.float64))
            expected = len(getattr(self, name.replace("coefficients", "names")))
            if coefficients.shape != (expected,) or not np.isfinite(coefficients).all():
                raise InputError(
                    f"{name} of {self.model} are {coefficients}; expected {expected} finite numbers, one a name"
                )
            object.__setattr__(self, name, coefficients)
        super().__post_init__()

    @property
    def parameters(self) -> dict[str, float]:
        """The four parameters and the coefficients ("purchase_..." and "dropout_...") by name."""
        names = _parameter_names(self.purchase_names, self.dropout_names)
        values = (*super().parameters.values(), *self.purchase_coefficients, *self.dropout_coefficients)
        return {name: float(value) for name, value in zip(names, values, strict=True)}

    @property
    def scales(self) -> tuple[Scale, ...]:
        """Logarithms of the four parameters, coefficients as they are."""
        return (*(LOGARITHM,) * 4, *(AS_IT_IS,) * (len(self.parameters) - 4))

    def at(self, purchase_covariates: Covariates, dropout_covariates: Covariates | None = None) -> ParetoNbdCustomers:
        """Return customers with these covariates, whose future can be asked for.

        Parameters
        ----------
        purchase_covariates, dropout_covariates
            (n_customers, k) as an array, or as a table whose columns have the names of the fit; the rows are taken
            in the order in which they stand. Without the second, both processes take the same.

        Raises
        ------
        InputError
            If a covariate is missing or not a number, or the two differ in their number of customers.
        """
        if dropout_covariates is None:
            if self.purchase_names != self.dropout_names:
                raise InputError(
                    "dropout_covariates are missing; the fit has other covariates for leaving "
                    f"({', '.join(self.dropout_names) or 'none'}) than for purchasing "
                    f"({', '.join(self.purchase_names) or 'none'}); give both"
                )
            dropout_covariates = purchase_covariates
        purchase = named_covariates(purchase_covariates, self.purchase_names, "purchase_covariates")
        dropout = named_covariates(dropout_covariates, self.dropout_names, "dropout_covariates")
        if len(purchase) != len(dropout):
            raise InputError(
                f"purchase_covariates have {len(purchase):,} rows and dropout_covariates {len(dropout):,}; "
                "expected one row for each customer in both"
            )
        alpha = self.alpha_weeks * np.exp(-purchase @ self.purchase_coefficients)
        beta = self.beta_weeks * np.exp(-dropout @ self.dropout_coefficients)
        return ParetoNbdCustomers(self.r, alpha, self.s, beta)

    def with_parameters(self, values: ArrayLike) -> Self:
        """Return the same fit with other parameters and coefficients, in the order of `parameters`."""
        numbers = np.asarray(values, dtype=np.float64)
        if numbers.shape != (len(self.parameters),):
            raise InputError(
                f"values have shape {numbers.shape}; expected one for each of {', '.join(self.parameters)}"
            )
        purchase, dropout = np.split(numbers[4:], [len(self.purchase_names)])
        fit = super().with_parameters(numbers[:4])
        return replace(fit, purchase_coefficients=purchase, dropout_coefficients=dropout)


@dataclass(frozen=True, eq=False)
class _Standardised:
    """Covariates with mean 0 and standard deviation 1, as the search varies their coefficients."""

    names: tuple[str, ...]
    values: Vector
    mean: Vector
    deviation: Vector

    @classmethod
    def of(cls, covariates: Covariates, summary: CustomerSummary, argument: str) -> _Standardised:
        values, names = aligned_covariates(covariates, summary.labels, argument)
        mean, deviation = mean_and_deviation(values, names, argument)
        return cls(names, (values - mean) / deviation, mean, deviation)


def _in_units_of_covariates(
    maximum: Maximum, purchase: _Standardised, dropout: _Standardised, customer_count: int
) -> ParetoNbdCovariatesFit:
    """Return the fit at a maximum over coefficients of standardised covariates, for the covariates as they were.

    One follows from the other by a linear map, so the covariance is exact.
    """
    back = np.diag(np.concatenate((np.ones(4), 1 / purchase.deviation, 1 / dropout.deviation)))
    first_dropout = 4 + len(purchase.names)
    back[1, 4:first_dropout] = purchase.mean / purchase.deviation
    back[3, first_dropout:] = dropout.mean / dropout.deviation
    working = back @ maximum.log_parameters
    r, alpha, s, beta = (float(value) for value in np.exp(working[:4]))
    return ParetoNbdCovariatesFit(
        r=r,
        alpha_weeks=alpha,
        s=s,
        beta_weeks=beta,
        purchase_coefficients=working[4:first_dropout],
        dropout_coefficients=working[first_dropout:],
        purchase_names=purchase.names,
        dropout_names=dropout.names,
        log_likelihood=maximum.log_likelihood,
        covariance=back @ maximum.covariance @ back.T,
        customer_count=customer_count,
        iteration_count=maximum.iteration_count,
        message=maximum.message,
    )


def _parameter_names(purchase_names: Sequence[str], dropout_names: Sequence[str]) -> tuple[str, ...]:
    of_purchase = (f"purchase_{name}" for name in purchase_names)
    return (*ParetoNbdFit.parameter_names, *of_purchase, *(f"dropout_{name}" for name in dropout_names))


def _warn_at_boundary(names: Sequence[str], maximum: Maximum, summary: CustomerSummary) -> None:
    undetermined = [names[k] for k in maximum.undetermined]
    warn_at_boundary(ParetoNbdCovariatesFit.model, undetermined, nobody_leaves(maximum, summary))
