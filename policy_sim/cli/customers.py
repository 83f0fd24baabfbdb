"""Commands about customers: fit.

In: options. Out: fitted models printed. Left to others: the models (`clv`), how they read (`show`).
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from policy_sim.cli.console import print_json, print_parts, progress_bar, warnings_as_notes
from policy_sim.cli.inputs import read_scenario, read_transactions
from policy_sim.cli.options import AsJson, LogColumns, ScenarioSource

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from policy_sim.assumptions import Scenario
    from policy_sim.clv import Fit, ParetoNbdCustomers, PurchaseFit, Transactions

__all__ = ["fit"]


def fit(
    log: Annotated[
        Path | None,
        typer.Argument(help="Transaction log (CSV, Parquet), else the CDNOW sample; for contracts: renewals, active."),
    ] = None,
    *,
    model: Annotated[
        str,
        typer.Option(help="bg-nbd, mbg-nbd, pareto-nbd (auto: the best of these), bg-bb, recovery-bg-nbd, contracts."),
    ] = "auto",
    until: Annotated[str | None, typer.Option(help="Last day to fit to: 1997-09-30.")] = None,
    covariates: Annotated[
        Path | None, typer.Option(help="Numbers about customers (CSV: customer, then columns); for pareto-nbd.")
    ] = None,
    recoveries: Annotated[
        Path | None, typer.Option(help="Failed orders (CSV: customer, date, recovery); for recovery-bg-nbd.")
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(help="For bg-bb and contracts: year, quarter, month (if not given), or a number of weeks."),
    ] = None,
    columns: LogColumns,
    source: ScenarioSource,
    as_json: AsJson = False,
) -> None:
    """Fit customer models to a log: parameters with errors, and what customers are worth."""
    from policy_sim.border import InputError, unknown

    if model not in _FITTERS:
        raise unknown("model", model, list(_FITTERS))
    fitter, accepted = _FITTERS[model]
    options = {
        "--until": until,
        "--covariates": covariates,
        "--recoveries": recoveries,
        "--period": period,
        "--customer-column": columns.customer_column,
        "--date-column": columns.date_column,
        "--amount-column": columns.amount_column,
        "--day-first": columns.day_first,
    }
    for option, value in options.items():
        if value and option not in accepted:
            takers = [name for name, (_, options) in _FITTERS.items() if option in options]
            raise InputError(f"{option} is for --model {', '.join(takers)}, not for {model}; leave one of them out")
    with progress_bar(4) as begin, warnings_as_notes():
        wish = _Wish(read_scenario(source), log, columns, model, until, covariates, recoveries, _period(period))
        content, parts = fitter(wish, begin)
    if as_json:
        print_json(content)
    else:
        print_parts(parts)


def _transactions(wish: _Wish, step: Any) -> Transactions:
    step("Reading transactions")
    return read_transactions(wish.log, wish.columns, wish.scenario)


class _Wish(NamedTuple):
    """What is to be fitted to what."""

    scenario: Scenario
    log: Path | None
    columns: LogColumns
    model: str
    until: str | None
    covariates: Path | None
    recoveries: Path | None
    period: str | int


#: What a fit says: as JSON, and on the screen.
_Said = tuple[dict[str, object], "list[Table | str]"]


def _fit_purchases(wish: _Wish, step: Any) -> _Said:
    from policy_sim.clv import (
        compare_models,
        fit_gamma_gamma,
        fit_pareto_nbd_covariates,
        fit_purchases,
        future_values,
        read_covariates,
        summarise,
    )
    from policy_sim.show.terminal import customers as tables

    transactions = _transactions(wish, step)
    summary = summarise(transactions, wish.until)
    comparison = None
    if wish.covariates is None and wish.model == "auto":
        step("Comparing models")
        comparison = compare_models(transactions)
    step("Fitting customer models")
    purchases: Fit
    predicted: PurchaseFit | ParetoNbdCustomers
    if wish.covariates is None:
        purchases = predicted = fit_purchases(summary, wish.model if comparison is None else comparison.best)
    else:
        about = read_covariates(wish.covariates, summary)
        explained = fit_pareto_nbd_covariates(summary, about)
        purchases, predicted = explained, explained.at(about)
    spend = fit_gamma_gamma(summary)
    step("Working out future values")
    values = future_values(
        transactions,
        predicted,
        spend,
        margin_share=wish.scenario.value("shop.margin_share"),
        discount_rate_per_year=wish.scenario.value("shop.discount_rate_per_year"),
        until=wish.until,
    )
    content = _fit_content(purchases) | {
        "spend": _fit_content(spend),
        "mean_future_value": float(values.future_value.mean()),
        "currency": values.currency,
    }
    compared: list[Table | str] = [] if comparison is None else [tables.of_comparison(comparison), ""]
    return content, [*compared, *tables.of_fits([purchases, spend]), *tables.of_future_values(values)]


def _fit_opportunities(wish: _Wish, step: Any) -> _Said:
    import pandas as pd

    from policy_sim.clv import fit_bg_bb, opportunities_per_year, summarise_opportunities
    from policy_sim.show.terminal import customers as tables

    transactions = _transactions(wish, step)
    summary = summarise_opportunities(transactions, wish.period, wish.until)
    step("Fitting the customer model")
    fitted = fit_bg_bb(summary)
    step("Working out orders to come")
    history = (summary.frequency, summary.recency, summary.opportunities)
    a_year = opportunities_per_year(wish.period)
    horizon = max(1, round(a_year))
    customers = pd.DataFrame(
        {
            "dert": fitted.dert(_discount(wish), *history),
            "orders_per_year": fitted.expected_purchases(horizon, *history) * a_year / horizon,
            "probability_alive": fitted.probability_alive(*history),
        }
    )
    content = _fit_content(fitted) | {
        "period": wish.period,
        "discount_rate_per_opportunity": _discount(wish),
        "mean_dert": float(customers["dert"].mean()),
        "dert_quantiles": {f"{q:g}": float(customers["dert"].quantile(q)) for q in (0.05, 0.5, 0.95, 0.995)},
    }
    rate = wish.scenario.value("shop.discount_rate_per_year")
    return content, [*tables.of_fits([fitted]), *tables.of_opportunities(customers, wish.period, rate)]


def _fit_recoveries(wish: _Wish, step: Any) -> _Said:
    import numpy as np

    from policy_sim.border import InputError
    from policy_sim.clv import (
        fit_gamma_gamma,
        fit_recovery_bg_nbd,
        read_recoveries,
        summarise,
        summarise_recoveries,
    )
    from policy_sim.show.terminal import customers as tables

    if wish.recoveries is None:
        raise InputError(
            "--model recovery-bg-nbd needs the failed orders; give a CSV file of customer,date,recovery with "
            "--recoveries"
        )
    recovered = read_recoveries(wish.recoveries)
    transactions = _transactions(wish, step)
    customers, summary = summarise(transactions, wish.until), summarise_recoveries(transactions, recovered, wish.until)
    step("Fitting customer models")
    fitted, spend = fit_recovery_bg_nbd(summary), fit_gamma_gamma(customers)
    step("Working out values at a failure")
    # the same for every recovery but for what it does: as if an order of today failed, its remedy still to be paid
    values = fitted.value_at_failure(
        wish.scenario.value("shop.discount_rate_per_year"),
        summary.frequency + 1.0,
        summary.age_weeks,
        summary.chances,
        margin_share=wish.scenario.value("shop.margin_share"),
        expected_spend=spend.expected_spend(customers.mean_spend, customers.spend_count),
        recovery_costs=np.zeros(len(fitted.failure_shares)),
    ).to_frame()
    failures = values.groupby("recovery", sort=False).mean().drop(columns="position").reset_index()
    content = _fit_content(fitted) | {
        "spend": _fit_content(spend),
        "loss_after_recovery": _rows(fitted.loss_after_recovery),
        "mean_at_failure": _rows(failures),
        "caveats": list(values.attrs["caveats"]),
        "currency": transactions.currency,
    }
    return content, [*tables.of_fits([fitted, spend]), *tables.of_failures(fitted, failures, transactions.currency)]


def _fit_contracts(wish: _Wish, step: Any) -> _Said:
    import numpy as np
    import pandas as pd

    from policy_sim.border import InputError
    from policy_sim.clv import fit_shifted_beta_geometric, read_contracts
    from policy_sim.show.terminal import customers as tables

    path = wish.log
    if path is None:
        raise InputError(
            "--model contracts needs a file of contracts; give the path of a CSV file with the columns renewals,active "
            "and a row for each customer"
        )
    step("Reading contracts")
    summary = read_contracts(path)
    step("Fitting the customer model")
    fitted = fit_shifted_beta_geometric(summary)
    step("Working out renewals to come")
    renewals = np.arange(summary.lost.size)
    tenures = pd.DataFrame(
        {
            "renewals": renewals,
            "retention_rate": fitted.retention_rate(renewals),
            "survival": fitted.survival(renewals),
            "derl": fitted.derl(_discount(wish), renewals),
        }
    )
    content = _fit_content(fitted) | {
        "period": wish.period,
        "discount_rate_per_renewal": _discount(wish),
        "tenures": _rows(tenures),
    }
    rate = wish.scenario.value("shop.discount_rate_per_year")
    return content, [*tables.of_fits([fitted]), *tables.of_contracts(tenures, wish.period, rate)]


_OF_A_LOG = ("--until", "--customer-column", "--date-column", "--amount-column", "--day-first")

#: By model: what fits it, and the options that go with it.
_FITTERS: dict[str, tuple[Callable[[_Wish, Any], _Said], tuple[str, ...]]] = {
    "bg-nbd": (_fit_purchases, _OF_A_LOG),
    "mbg-nbd": (_fit_purchases, _OF_A_LOG),
    "pareto-nbd": (_fit_purchases, (*_OF_A_LOG, "--covariates")),
    "bg-bb": (_fit_opportunities, (*_OF_A_LOG, "--period")),
    "recovery-bg-nbd": (_fit_recoveries, (*_OF_A_LOG, "--recoveries")),
    "contracts": (_fit_contracts, ("--period",)),
    "auto": (_fit_purchases, (*_OF_A_LOG, "--covariates")),
}


def _period(period: str | None) -> str | int:
    if period is None:
        return "month"
    return int(period) if period.isdecimal() else period


def _discount(wish: _Wish) -> float:
    """Return the discount from one period to the next."""
    from policy_sim.clv import opportunities_per_year

    rate = wish.scenario.value("shop.discount_rate_per_year")
    return float((1.0 + rate) ** (1.0 / opportunities_per_year(wish.period)) - 1.0)


def _fit_content(fitted: Fit) -> dict[str, object]:
    errors = {name: error if isfinite(error) else None for name, error in fitted.standard_errors.items()}
    return {
        "model": fitted.model,
        "parameters": fitted.parameters,
        "standard_errors": errors,
        "log_likelihood": fitted.log_likelihood,
        "aic": fitted.aic,
        "bic": fitted.bic,
        "customers": fitted.customer_count,
    }


def _rows(table: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {str(name): None if isinstance(value, float) and not isfinite(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]
