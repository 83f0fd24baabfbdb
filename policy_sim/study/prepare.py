"""Setting: everything that policies are compared in, made from a log or from real cases.

In: a scenario, a transaction log or a case log, how many cases and draws. Out: `Setting`, with the payoffs.
Left to others: the policies.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import Draws, Scenario, draw_assumptions
from policy_sim.border import InputError, shipped
from policy_sim.clv import (
    BoundaryWarning,
    FutureValues,
    GammaGammaFit,
    PurchaseFit,
    Transactions,
    draw_value_ratios,
    fit_gamma_gamma,
    fit_purchases,
    future_values,
    read_transactions,
)
from policy_sim.service import Cases, draw_cases
from policy_sim.value import Payoffs, value_cases

__all__ = ["DEFAULT_LOG", "Customers", "Setting", "fit_customers", "prepare_setting", "read_default_log", "thinned"]

#: The log that is used where none is given: the CDNOW 1/10 sample, under the folder of shipped data.
DEFAULT_LOG = "cdnow/transactions.csv"


@dataclass(frozen=True)
class Customers:
    """A log with the models fitted to it and the future value of each customer."""

    transactions: Transactions
    purchases: PurchaseFit
    spend: GammaGammaFit
    future_values: FutureValues


@dataclass(frozen=True)
class Setting:
    """A scenario with valued cases; `customers` is there where the cases were drawn from a log."""

    scenario: Scenario
    payoffs: Payoffs
    customers: Customers | None
    seed: int = 0


def prepare_setting(
    scenario: Scenario,
    transactions: Transactions | None = None,
    cases: Cases | int = 20_000,
    draws: int = 200,
    seed: int = 0,
    on_step: Callable[[str], None] | None = None,
    model: str = "bg-nbd",
    customers: Customers | None = None,
) -> Setting:
    """Go from a log to valued cases.

    Parameters
    ----------
    scenario
        Failures, remedies, assumptions.
    transactions
        The log; the CDNOW sample where it is not given. Not used where real cases are given.
    cases
        Real cases, or how many to draw from the log.
    draws
        Number of joint draws of the assumptions.
    seed
        The same seed gives the same cases and draws.
    on_step
        Called with a few words as each step begins.
    model
        Model of purchases by its name, or "auto": the one that foretells the second half of the log best.
    customers
        As `fit_customers` gives them for this scenario, where they are there already; instead of log and model.

    Raises
    ------
    InputError
        If the log cannot carry the models, or a number is below 1.
    """
    step = on_step or (lambda words: None)
    sampled = draw_assumptions(scenario, draws, seed)
    ratios = None
    if isinstance(cases, Cases):
        customers = None
    else:
        if customers is None:
            if transactions is None:
                step("Reading transactions")
                transactions = read_default_log(scenario)
            step("Fitting customer models")
            customers = fit_customers(transactions, scenario, model)
        step("Drawing cases")
        cases = draw_cases(scenario, customers.transactions, customers.future_values, cases, seed)
        ratios = _draw_ratios(customers, scenario, draws, seed)
    step("Valuing every resolution of every case")
    return Setting(scenario, value_cases(scenario, cases, sampled, ratios), customers, seed)


def read_default_log(scenario: Scenario) -> Transactions:
    """Read the log that travels with the package: the CDNOW sample, its amounts brought to the scenario's price level.

    They are multiplied by the assumption shop.sample_price_factor and taken as the scenario's currency.
    """
    sample = read_transactions(shipped("data") / DEFAULT_LOG, currency=scenario.currency)
    factor = scenario.value("shop.sample_price_factor")
    return replace(sample, amount=np.round(sample.amount * factor, 2))


def thinned(payoffs: Payoffs, cases: int, draws: int) -> Payoffs:
    """Return payoffs of at most so many cases, evenly spread over all, and of at most so many first draws.

    For work that asks for many payoffs and less precision.

    Raises
    ------
    InputError
        If a number is below 1.
    """
    for words, count in (("cases", cases), ("draws", draws)):
        if count < 1:
            raise InputError(f"number of {words} to keep is {count}; it must be 1 or more")
    if cases >= len(payoffs.cases) and draws >= len(payoffs.draws):
        return payoffs
    spread = np.linspace(0, len(payoffs.cases) - 1, min(cases, len(payoffs.cases))).round().astype(np.int64)
    fewer = Draws(payoffs.draws.names, payoffs.draws.values[:draws])
    return value_cases(payoffs.scenario, payoffs.cases.take(spread), fewer, payoffs.numbers.values[:, : len(fewer)])


def fit_customers(transactions: Transactions, scenario: Scenario, model: str = "bg-nbd") -> Customers:
    """Fit the customer models to a log, and value its customers with the scenario's margin and discount.

    Raises
    ------
    InputError
        If the log cannot carry the models, or is in another currency than the scenario.
    """
    if transactions.currency != scenario.currency:
        raise InputError(
            f"the log is in {transactions.currency}, scenario '{scenario.name}' in {scenario.currency}; convert "
            "the amounts, or choose a scenario in that currency"
        )
    purchases = fit_purchases(transactions, model)
    spend = fit_gamma_gamma(transactions)
    values = future_values(
        transactions,
        purchases,
        spend,
        margin_share=scenario.value("shop.margin_share"),
        discount_rate_per_year=scenario.value("shop.discount_rate_per_year"),
    )
    return Customers(transactions, purchases, spend, values)


def _draw_ratios(customers: Customers, scenario: Scenario, draws: int, seed: int) -> NDArray[np.float64] | None:
    try:
        return draw_value_ratios(
            customers.transactions,
            customers.purchases,
            customers.spend,
            discount_rate_per_year=scenario.value("shop.discount_rate_per_year"),
            rng=np.random.default_rng([seed, 3]),
            count=draws,
        )
    except InputError as error:
        warnings.warn(
            f"{error}; the intervals leave out the errors of the customer models", BoundaryWarning, stacklevel=3
        )
        return None
