"""Reports: a fitted model together with what follows from it for the customers it was fitted to.

In: fits and tables of predictions. Out: `FitReport`s, one kind for each kind of business, each of which knows itself as
a table and as plain data. Left to others: choosing and fitting (`fitting`), how a report looks on a screen.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import pandas as pd

from policy_sim.border import plain_rows
from policy_sim.clv.bg_bb import BgBbFit
from policy_sim.clv.comparison import ModelComparison
from policy_sim.clv.failure_values import CAVEATS, FailureValues
from policy_sim.clv.fit import Fit
from policy_sim.clv.future_value import FutureValues
from policy_sim.clv.gamma_gamma import GammaGammaFit
from policy_sim.clv.histories import CustomerSummary
from policy_sim.clv.recovery_bg_nbd import RecoveryBgNbdFit
from policy_sim.clv.shifted_beta_geometric import ShiftedBetaGeometricFit

__all__ = ["ContractsReport", "FitReport", "OpportunitiesReport", "PurchasesReport", "RecoveriesReport"]

_QUANTILES = (0.05, 0.5, 0.95, 0.995)


class FitReport(ABC):
    """What `fit_model` returns: the fitted models, and what follows from them."""

    @property
    @abstractmethod
    def fits(self) -> tuple[Fit, ...]:
        """The fitted models: that of when customers buy or renew, and where there is one, that of what they spend."""

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Return the predictions as a table."""

    @abstractmethod
    def to_dict(self) -> dict[str, object]:
        """Return the fits and a summary of the predictions as plain data."""


@dataclass(frozen=True, eq=False)
class PurchasesReport(FitReport):
    """Customers who may buy at any time: models of purchases and of spend, and the future value of each customer.

    Attributes
    ----------
    summary
        The customers that the models were fitted to.
    purchases, spend
        The fitted models.
    future_values
        The future value of each customer.
    comparison
        How well each model foretold the second part of the log, where the best one was to be chosen.
    """

    summary: CustomerSummary
    purchases: Fit
    spend: GammaGammaFit
    future_values: FutureValues
    comparison: ModelComparison | None = None

    @property
    def fits(self) -> tuple[Fit, ...]:
        """The models of purchases and of spend."""
        return self.purchases, self.spend

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each customer, as `FutureValues.to_frame` does."""
        return self.future_values.to_frame()

    def to_dict(self) -> dict[str, object]:
        """Return the model of purchases as `Fit.to_dict` does, with spend, mean_future_value (money) and currency."""
        return self.purchases.to_dict() | {
            "spend": self.spend.to_dict(),
            "mean_future_value": float(self.future_values.future_value.mean()),
            "currency": self.future_values.currency,
        }


@dataclass(frozen=True, eq=False)
class OpportunitiesReport(FitReport):
    """Customers who can buy once a period: the model of whether they do, and the orders to come of each customer.

    Attributes
    ----------
    fit
        The fitted model.
    customers
        One row for each customer: customer (the label), dert (discounted orders to come), orders_per_year,
        probability_alive.
    period
        'year', 'quarter', 'month', or a number of weeks.
    discount_rate_per_year, discount_rate_per_opportunity
        The discount, a year and from one opportunity to the next.
    """

    fit: BgBbFit
    customers: pd.DataFrame
    period: str | int
    discount_rate_per_year: float
    discount_rate_per_opportunity: float

    @property
    def fits(self) -> tuple[Fit, ...]:
        """The one model."""
        return (self.fit,)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each customer, as in `customers`."""
        return self.customers.copy()

    def to_dict(self) -> dict[str, object]:
        """Return the model as `Fit.to_dict` does, with period, discount, mean and quantiles of the orders to come."""
        dert = self.customers["dert"]
        return self.fit.to_dict() | {
            "period": self.period,
            "discount_rate_per_opportunity": self.discount_rate_per_opportunity,
            "mean_dert": float(dert.mean()),
            "dert_quantiles": {f"{q:g}": float(dert.quantile(q)) for q in _QUANTILES},
        }


@dataclass(frozen=True, eq=False)
class RecoveriesReport(FitReport):
    """Customers whose orders may fail: models of purchases with recoveries and of spend, and values at a failure.

    Attributes
    ----------
    fit, spend
        The fitted models.
    at_failure
        What each customer is worth if an order of today fails, by recovery, before the cost of the recovery.
    currency
        Of the values.
    """

    fit: RecoveryBgNbdFit
    spend: GammaGammaFit
    at_failure: FailureValues
    currency: str

    @property
    def fits(self) -> tuple[Fit, ...]:
        """The models of purchases and of spend."""
        return self.fit, self.spend

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each recovery, means over the customers, as `FailureValues.means` does."""
        return self.at_failure.means()

    def to_dict(self) -> dict[str, object]:
        """Return the model as `Fit.to_dict` does, with spend, chances to lose customers, mean values and caveats."""
        return self.fit.to_dict() | {
            "spend": self.spend.to_dict(),
            "loss_after_recovery": plain_rows(self.fit.loss_after_recovery),
            "mean_at_failure": plain_rows(self.to_frame()),
            "caveats": list(CAVEATS),
            "currency": self.currency,
        }


@dataclass(frozen=True, eq=False)
class ContractsReport(FitReport):
    """Customers under contract: the model of how long they keep renewing, and the renewals to come by tenure.

    Attributes
    ----------
    fit
        The fitted model.
    tenures
        One row for each number of renewals: renewals, retention_rate, survival, derl (discounted renewals to come).
    period
        From one renewal to the next: 'year', 'quarter', 'month', or a number of weeks.
    discount_rate_per_year, discount_rate_per_renewal
        The discount, a year and from one renewal to the next.
    """

    fit: ShiftedBetaGeometricFit
    tenures: pd.DataFrame
    period: str | int
    discount_rate_per_year: float
    discount_rate_per_renewal: float

    @property
    def fits(self) -> tuple[Fit, ...]:
        """The one model."""
        return (self.fit,)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each number of renewals, as in `tenures`."""
        return self.tenures.copy()

    def to_dict(self) -> dict[str, object]:
        """Return the model as `Fit.to_dict` does, with period, discount and the rows of `tenures`."""
        return self.fit.to_dict() | {
            "period": self.period,
            "discount_rate_per_renewal": self.discount_rate_per_renewal,
            "tenures": plain_rows(self.tenures),
        }
