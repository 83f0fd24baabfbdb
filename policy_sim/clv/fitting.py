"""Fitting: from a log or a file of contracts to fitted models and what follows from them, in one call.

In: `FitRequest`, what to fit to what. Out: a `FitReport`. Left to others: reading the log (`transactions`), each model,
how a report looks on a screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from policy_sim.border import InputError, Progress, Steps, unknown
from policy_sim.clv.bg_bb import fit_bg_bb
from policy_sim.clv.comparison import PURCHASE_MODELS, compare_models, fit_purchases
from policy_sim.clv.contracts import read_contracts
from policy_sim.clv.covariates import read_covariates
from policy_sim.clv.fit import Fit, PurchaseFit
from policy_sim.clv.fit_reports import (
    ContractsReport,
    FitReport,
    OpportunitiesReport,
    PurchasesReport,
    RecoveriesReport,
)
from policy_sim.clv.future_value import future_values
from policy_sim.clv.gamma_gamma import fit_gamma_gamma
from policy_sim.clv.histories import summarise
from policy_sim.clv.opportunities import (
    discount_per_opportunity,
    opportunities_per_year,
    summarise_opportunities,
)
from policy_sim.clv.pareto_nbd_covariates import ParetoNbdCustomers, fit_pareto_nbd_covariates
from policy_sim.clv.recoveries import read_recoveries, summarise_recoveries
from policy_sim.clv.recovery_bg_nbd import fit_recovery_bg_nbd
from policy_sim.clv.shifted_beta_geometric import fit_shifted_beta_geometric
from policy_sim.orders.dates import Day
from policy_sim.orders.transactions import Transactions

__all__ = ["FIT_MODELS", "FitRequest", "fit_model", "refuse_other_options"]


def fit_model(request: FitRequest, on_progress: Progress | None = None) -> FitReport:
    """Choose and fit the models that a request asks for, and work out what follows from them.

    Parameters
    ----------
    request
        What to fit to what.
    on_progress
        Called as each step begins: 2 for most models, 3 for auto and contracts.

    Returns
    -------
    For bg-nbd, mbg-nbd, pareto-nbd and auto a `PurchasesReport`, for bg-bb an `OpportunitiesReport`, for
    recovery-bg-nbd a `RecoveriesReport`, for contracts a `ContractsReport`.

    Raises
    ------
    InputError
        If a file cannot be read, or the data cannot carry the model.

    Warns
    -----
    BoundaryWarning
        If the data leave a parameter undetermined.
    """
    recipe = FIT_MODELS[request.model]
    steps = Steps(on_progress, recipe.step_count)
    report = recipe.fit(request, steps)
    steps.finish()
    return report


@dataclass(frozen=True, kw_only=True)
class FitRequest:
    """What to fit to what.

    Attributes
    ----------
    model
        bg-nbd, mbg-nbd, pareto-nbd, or auto: that one of these that foretells the second half of the log best;
        bg-bb for customers who can buy once a period; recovery-bg-nbd for logs with failed orders; contracts.
    log
        The purchases; for every model but contracts.
    contracts
        CSV file with the columns renewals and active and a row for each customer; for contracts.
    until
        Last day to fit to; None for the last date in the log.
    covariates
        CSV file with numbers about customers (customer, then columns); for pareto-nbd and auto, which is Pareto/NBD
        then.
    recoveries
        CSV file with the failed orders (customer, date, recovery); for recovery-bg-nbd.
    period
        For bg-bb and contracts: 'year', 'quarter', 'month' (None is the same) or a number of weeks.
    margin_share
        Share of an order's amount that is earned, above 0 and at most 1.
    discount_rate_per_year
        Above 0: .15 for 15 %.

    Raises
    ------
    InputError
        If there is no such model, the data that it needs are missing, or something means nothing to it.
    """

    model: str = "auto"
    log: Transactions | None = None
    contracts: str | Path | None = None
    until: Day | None = None
    covariates: str | Path | None = None
    recoveries: str | Path | None = None
    period: str | int | None = None
    margin_share: float
    discount_rate_per_year: float

    def __post_init__(self) -> None:
        options = ("until", "covariates", "recoveries", "period")
        refuse_other_options(self.model, [name for name in options if getattr(self, name) is not None])
        if self.model == "contracts" and self.contracts is None:
            raise InputError(
                "--model contracts needs a file of contracts; give the path of a CSV file with the columns "
                "renewals,active and a row for each customer"
            )
        if self.model == "recovery-bg-nbd" and self.recoveries is None:
            raise InputError(
                "--model recovery-bg-nbd needs the failed orders; give a CSV file of customer,date,recovery with "
                "--recoveries"
            )
        if self.model != "contracts" and self.log is None:
            raise InputError(f"model {self.model} needs a log of purchases; give log=read_transactions(...)")

    @property
    def length_of_period(self) -> str | int:
        """The period, 'month' where it is None."""
        return "month" if self.period is None else self.period

    @property
    def purchases(self) -> Transactions:
        """The log, which is there for every model but contracts."""
        assert self.log is not None
        return self.log


def refuse_other_options(model: str, options: Iterable[str]) -> None:
    """Raise an InputError if there is no such model, or the first of the options that means nothing to it.

    Parameters
    ----------
    model
        Name of the model.
    options
        Names of attributes of `FitRequest`, or of arguments by which `read_transactions` reads the log, that somebody
        gave.
    """
    if model not in FIT_MODELS:
        raise unknown("model", model, list(FIT_MODELS))
    for option in options:
        if option not in FIT_MODELS[model].options:
            takers = [name for name, recipe in FIT_MODELS.items() if option in recipe.options]
            words = f"--{option.replace('_', '-')}"
            raise InputError(f"{words} is for --model {', '.join(takers)}, not for {model}; leave one of them out")


def _fit_purchases(request: FitRequest, steps: Steps) -> PurchasesReport:
    log = request.purchases
    comparison = None
    if request.model == "auto" and request.covariates is None:
        steps.begin("Comparing models")
        comparison = compare_models(log)
    if comparison is not None and request.until is None:
        summary = comparison.customers
    else:
        summary = summarise(log, request.until)
    steps.begin("Fitting customer models")
    purchases: Fit
    predictions: PurchaseFit | ParetoNbdCustomers
    if request.covariates is None:
        name = request.model if comparison is None else comparison.best
        purchases = predictions = fit_purchases(summary, name)
    else:
        covariates = read_covariates(request.covariates, summary)
        with_covariates = fit_pareto_nbd_covariates(summary, covariates)
        purchases, predictions = with_covariates, with_covariates.at(covariates)
    spend = fit_gamma_gamma(summary)
    steps.begin("Working out future values")
    values = future_values(
        summary,
        predictions,
        spend,
        margin_share=request.margin_share,
        discount_rate_per_year=request.discount_rate_per_year,
    )
    return PurchasesReport(summary, purchases, spend, values, comparison)


def _fit_opportunities(request: FitRequest, steps: Steps) -> OpportunitiesReport:
    period = request.length_of_period
    summary = summarise_opportunities(request.purchases, period, request.until)
    steps.begin("Fitting the customer model")
    fit = fit_bg_bb(summary)
    steps.begin("Working out orders to come")
    discount = discount_per_opportunity(request.discount_rate_per_year, period)
    per_year = opportunities_per_year(period)
    horizon = max(1, round(per_year))
    customers = pd.DataFrame(
        {
            "customer": summary.labels,
            "dert": fit.dert(discount, *summary.history),
            "orders_per_year": fit.expected_purchases(horizon, *summary.history) * per_year / horizon,
            "probability_alive": fit.probability_alive(*summary.history),
        }
    )
    return OpportunitiesReport(fit, customers, period, request.discount_rate_per_year, discount)


def _fit_recoveries(request: FitRequest, steps: Steps) -> RecoveriesReport:
    assert request.recoveries is not None
    failed_orders = read_recoveries(request.recoveries)
    summary = summarise(request.purchases, request.until)
    recoveries = summarise_recoveries(request.purchases, failed_orders, summary)
    steps.begin("Fitting customer models")
    fit, spend = fit_recovery_bg_nbd(recoveries), fit_gamma_gamma(summary)
    steps.begin("Working out values at a failure")
    # the same for every recovery but for what it does: as if an order of today failed, its remedy still to be paid
    values = fit.value_at_failure(
        request.discount_rate_per_year,
        recoveries.frequency + 1.0,
        recoveries.age_weeks,
        recoveries.chances,
        margin_share=request.margin_share,
        expected_spend=summary.paid_share * spend.expected_spend(summary.mean_spend, summary.spend_count),
        recovery_costs=np.zeros(len(fit.failure_shares)),
    )
    return RecoveriesReport(fit, spend, values, summary.currency)


def _fit_contracts(request: FitRequest, steps: Steps) -> ContractsReport:
    assert request.contracts is not None
    steps.begin("Reading contracts")
    summary = read_contracts(request.contracts)
    steps.begin("Fitting the customer model")
    fit = fit_shifted_beta_geometric(summary)
    steps.begin("Working out renewals to come")
    period = request.length_of_period
    discount = discount_per_opportunity(request.discount_rate_per_year, period)
    renewals = np.arange(summary.lost.size)
    tenures = pd.DataFrame(
        {
            "renewals": renewals,
            "retention_rate": fit.retention_rate(renewals),
            "survival": fit.survival(renewals),
            "derl": fit.derl(discount, renewals),
        }
    )
    return ContractsReport(fit, tenures, period, request.discount_rate_per_year, discount)


class Recipe(NamedTuple):
    """How a model is fitted: by which function, with which options, in how many steps."""

    fit: Callable[[FitRequest, Steps], FitReport]
    options: tuple[str, ...]
    step_count: int


_OF_A_LOG = (
    "until",
    *("customer_column", "date_column", "amount_column", "status_column", "order_column", "mapping", "day_first"),
    *("count", "returns", "only_currency", "rates"),
)

#: The models that can be asked for by name, and how each is fitted.
FIT_MODELS: Mapping[str, Recipe] = {
    **dict.fromkeys(PURCHASE_MODELS, Recipe(_fit_purchases, _OF_A_LOG, 2)),
    "pareto-nbd": Recipe(_fit_purchases, (*_OF_A_LOG, "covariates"), 2),
    "bg-bb": Recipe(_fit_opportunities, (*_OF_A_LOG, "period"), 2),
    "recovery-bg-nbd": Recipe(_fit_recoveries, (*_OF_A_LOG, "recoveries"), 2),
    "contracts": Recipe(_fit_contracts, ("period",), 3),
    "auto": Recipe(_fit_purchases, (*_OF_A_LOG, "covariates"), 3),
}
