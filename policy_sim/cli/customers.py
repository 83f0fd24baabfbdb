"""Commands about customers: fit.

In: options. Out: fitted models printed. Left to others: the models (`clv`), how they read (`show`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from policy_sim.cli.console import print_json, print_parts, progress_bar, warnings_as_notes
from policy_sim.cli.inputs import read_scenario, read_transactions
from policy_sim.cli.options import DEFAULT_MODEL, AsJson, LogReading, ScenarioSource

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
    ] = DEFAULT_MODEL,
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
    reading: LogReading,
    source: ScenarioSource,
    as_json: AsJson = False,
) -> None:
    """Fit customer models to a log: parameters with errors, and what customers are worth."""
    from policy_sim.clv import FitRequest, fit_model, refuse_other_options
    from policy_sim.show.terminal.customers import of_fit_report

    options = {"until": until, "covariates": covariates, "recoveries": recoveries, "period": period, **vars(reading)}
    options["returns"] = reading.returns != LogReading.returns
    refuse_other_options(model, [name for name, value in options.items() if value])
    with progress_bar(2) as begin, warnings_as_notes():
        scenario = read_scenario(source)
        begin("Reading transactions")
        is_of_contracts = model == "contracts"
        request = FitRequest(
            model=model,
            log=None if is_of_contracts else read_transactions(log, reading, scenario),
            contracts=log if is_of_contracts else None,
            until=until,
            covariates=covariates,
            recoveries=recoveries,
            period=int(period) if period is not None and re.fullmatch("[0-9]{1,40}", period) else period,
            margin_share=scenario.value("shop.margin_share"),
            discount_rate_per_year=scenario.value("shop.discount_rate_per_year"),
        )
        report = fit_model(request, begin("Fitting customer models"))
    if as_json:
        print_json(report.to_dict())
    else:
        print_parts(of_fit_report(report))
