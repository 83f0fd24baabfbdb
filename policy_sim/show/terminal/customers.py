"""Tables of customers: parameters of fitted models, how well they predict, what customers are worth.

In: reports of fits, future values, a comparison of models. Out: tables and lines for a terminal.
Left to others: printing them (`cli`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.table import Table

from policy_sim.clv import (
    CAVEATS,
    ContractsReport,
    Fit,
    FitReport,
    FutureValues,
    ModelComparison,
    OpportunitiesReport,
    PurchasesReport,
    RecoveriesReport,
    RecoveryBgNbdFit,
)
from policy_sim.show.terminal.tables import new_table
from policy_sim.show.wording import format_money, format_share

__all__ = [
    "of_comparison",
    "of_contracts",
    "of_failures",
    "of_fit_report",
    "of_fits",
    "of_future_values",
    "of_opportunities",
]

Floats = NDArray[np.float64]


def of_fit_report(report: FitReport) -> list[Table | str]:
    """Return the fitted models of a report, and what follows from them."""
    parts = of_fits(report.fits)
    if isinstance(report, PurchasesReport):
        comparison: list[Table | str] = [] if report.comparison is None else [of_comparison(report.comparison), ""]
        return [*comparison, *parts, *of_future_values(report.future_values)]
    if isinstance(report, OpportunitiesReport):
        return [*parts, *of_opportunities(report.customers, report.period, report.discount_rate_per_year)]
    if isinstance(report, RecoveriesReport):
        return [*parts, *of_failures(report.fit, report.to_frame(), report.currency)]
    assert isinstance(report, ContractsReport)
    return [*parts, *of_contracts(report.tenures, report.period, report.discount_rate_per_year)]


def of_fits(fits: Sequence[Fit]) -> list[Table | str]:
    """Return the parameters of fitted models with standard errors, and how well they fit."""
    parts: list[Table | str] = []
    for fit in fits:
        table = new_table(fit.model, ("", "estimate", "standard error"))
        for name, value in fit.parameters.items():
            error = fit.standard_errors[name]
            table.add_row(name, f"{value:.4g}", f"{error:.2g}" if isfinite(error) else "unknown")
        parts += [
            table,
            f"log-likelihood {fit.log_likelihood:,.2f}, AIC {fit.aic:,.1f}, BIC {fit.bic:,.1f}; "
            f"{fit.customer_count:,} customers; {fit.message}\n",
        ]
    return parts


def of_future_values(values: FutureValues) -> list[Table | str]:
    """Return how the customers' future values are distributed."""
    title = (
        f"Future value of a customer (margin {format_share(values.margin_share)}, discount "
        f"{format_share(values.discount_rate_per_year)} a year)"
    )
    worth = values.future_value
    columns: Mapping[str, tuple[Floats, Callable[[float], str]]] = {
        "future value": (worth, lambda value: format_money(value, values.currency)),
        "orders a year": (values.orders_per_year, lambda value: f"{value:.2f}"),
        "still a customer": (values.probability_alive, format_share),
    }
    mean, total = (format_money(float(amount), values.currency) for amount in (worth.mean(), worth.sum()))
    summary = f"mean {mean}, all {len(worth):,} together {total}; the best tenth holds {_best_tenth(worth)}"
    return [_by_rank(title, columns), summary]


def of_opportunities(customers: pd.DataFrame, period: str | int, discount_rate_per_year: float) -> list[Table | str]:
    """Return how the customers' discounted purchases to come are distributed.

    Parameters
    ----------
    customers
        One row a customer: dert, orders_per_year and probability_alive.
    period, discount_rate_per_year
        What they were computed with.
    """
    title = f"Orders to come (at most one in {_length(period)}, discount {format_share(discount_rate_per_year)} a year)"
    columns: Mapping[str, tuple[Floats, Callable[[float], str]]] = {
        "orders to come": (customers["dert"].to_numpy(), lambda value: f"{value:.3f}"),
        "orders a year": (customers["orders_per_year"].to_numpy(), lambda value: f"{value:.2f}"),
        "still a customer": (customers["probability_alive"].to_numpy(), format_share),
    }
    orders = customers["dert"].to_numpy()
    return [
        _by_rank(title, columns),
        f"mean {orders.mean():.3f}, all {len(orders):,} together {orders.sum():,.1f}; the best tenth holds "
        f"{_best_tenth(orders)}",
    ]


def of_contracts(tenures: pd.DataFrame, period: str | int, discount_rate_per_year: float) -> list[Table | str]:
    """Return what a customer is worth in renewals to come, by how often she has renewed; at most eight lines.

    Parameters
    ----------
    tenures
        One row for 0, 1, 2, ... renewals: renewals, retention_rate, survival and derl.
    period, discount_rate_per_year
        What they were computed with.
    """
    discount = format_share(discount_rate_per_year)
    title = f"Customers by tenure (renewals {_length(period)} apart, discount {discount} a year)"
    table = new_table(title, ("", "renew next", "newcomers who get there", "renewals to come"))
    for k in np.unique(np.linspace(0, len(tenures) - 1, 8).round().astype(int)):
        row = tenures.iloc[k]
        words = f"{row['renewals']:.0f} renewal{'' if row['renewals'] == 1 else 's'}"
        table.add_row(words, format_share(row["retention_rate"]), format_share(row["survival"]), f"{row['derl']:.2f}")
    return [table, "Renewals to come are discounted, as just before the next one falls due."]


def of_failures(fit: RecoveryBgNbdFit, failures: pd.DataFrame, currency: str) -> list[Table | str]:
    """Return the chance to lose a customer by recovery, and what she is worth then.

    Parameters
    ----------
    fit
        The recovery-aware model.
    failures
        One row a recovery, means over the customers: recovery, survival, dert, expected_purchases and value (money).
    currency
        Of the values.
    """
    lost = new_table(
        "Chance to lose a customer after a purchase", ("", "lost", "standard error", "such purchases", "customers")
    )
    for row in fit.loss_after_recovery.to_dict("records"):
        error = row["standard_error"]
        lost.add_row(
            str(row["recovery"]),
            format_share(row["mean_drop_out"]),
            format_share(error) if isfinite(error) else "unknown",
            f"{row['chances']:,.0f}",
            f"{row['customers']:,.0f}",
        )
    worth = new_table(
        "\nIf an order of today failed: the mean customer by recovery, before its cost",
        ("", "stays", "orders a year", "orders to come", "future value"),
    )
    for row in failures.to_dict("records"):
        worth.add_row(
            str(row["recovery"]),
            format_share(row["survival"]),
            f"{row['expected_purchases']:.2f}",
            f"{row['dert']:.2f}",
            format_money(row["value"], currency),
        )
    return [lost, worth, "\nBefore use:", *CAVEATS]


def of_comparison(comparison: ModelComparison) -> Table:
    """Return how well each model predicted the rest of the log, best first."""
    title = f"Fitted up to {comparison.calibration_end}, judged on the {comparison.horizon_weeks:.0f} weeks after"
    table = new_table(title, ("", "log-lik. then", "log-lik. after", "total off by", "a customer", "rank corr."))
    for name, row in comparison.table.iterrows():
        table.add_row(
            str(name),
            f"{row['log_likelihood']:,.1f}",
            f"{row['holdout_log_likelihood']:,.1f}",
            format_share(row["final_error_share"], signed=True),
            f"{row['mean_absolute_error']:.3f}",
            f"{row['rank_correlation']:.3f}",
        )
    return table


def _by_rank(title: str, columns: Mapping[str, tuple[Floats, Callable[[float], str]]]) -> Table:
    """Return a table of typical customers, low to high by the first column: its values and how they are formatted."""
    table = new_table(title, ("", *columns))
    order = np.argsort(next(iter(columns.values()))[0])
    for words, part in (("lowest tenth", 0.05), ("middle", 0.5), ("highest tenth", 0.95), ("highest hundredth", 0.995)):
        i = order[int(part * (len(order) - 1))]
        table.add_row(words, *(text(float(values[i])) for values, text in columns.values()))
    return table


def _length(period: str | int) -> str:
    """Say how long a period is: a month, 4 weeks."""
    return f"a {period}" if isinstance(period, str) else "a week" if period == 1 else f"{period} weeks"


def _best_tenth(values: Floats) -> str:
    """Return the share of the whole that the tenth with the highest values holds."""
    return format_share(float(np.sort(values)[int(0.9 * len(values)) :].sum() / values.sum()))
