"""Setting: what policies are compared on: valued cases, drawn from a log of orders or taken from a log of cases.

In: a scenario, a log of orders or of real cases, a `Sample`. Out: `Setting`, with the payoffs.
Left to others: the policies.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import Draws, Scenario, draw_assumptions
from policy_sim.border import InputError, Progress, Steps, check_at_least, shipped
from policy_sim.clv import (
    BoundaryWarning,
    CustomerSummary,
    FutureValues,
    GammaGammaFit,
    PurchaseFit,
    Transactions,
    compare_models,
    draw_value_ratios,
    fit_gamma_gamma,
    fit_purchases,
    future_values,
    read_transactions,
    summarise,
)
from policy_sim.service import Cases, draw_cases
from policy_sim.value import Payoffs, value_cases
from policy_sim.words import decimals_of

__all__ = [
    "DEFAULT_LOG",
    "Customers",
    "Sample",
    "Setting",
    "draw_setting",
    "fit_customers",
    "prepare",
    "read_default_log",
    "thinned",
]

#: The log of orders that is used by default: the CDNOW 1/10 sample, in the folder of shipped data.
DEFAULT_LOG = "cdnow/transactions.csv"


@dataclass(frozen=True)
class Sample:
    """How much is drawn.

    Attributes
    ----------
    cases
        Cases to draw from a log of orders, 1 or more.
    draws
        Joint draws of the assumptions, 1 or more.
    seed
        0 or more; the same seed gives the same cases and draws.

    Raises
    ------
    InputError
        If a number is too small.
    """

    cases: int = 20_000
    draws: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        check_at_least(1, "number of cases", self.cases, "--cases")
        check_at_least(1, "number of draws", self.draws, "--draws")
        check_at_least(0, "seed", self.seed, "--seed")


@dataclass(frozen=True)
class Customers:
    """A log with its customers' histories, the models fitted to them and the future value of each customer."""

    transactions: Transactions
    summary: CustomerSummary
    purchases: PurchaseFit
    spend: GammaGammaFit
    future_values: FutureValues

    def to_dict(self) -> dict[str, object]:
        """Return numbers of customers and orders, the models, and the mean future value (money) as plain data."""
        return {
            "count": len(self.transactions.labels),
            "orders": len(self.transactions.amount),
            "models": {
                fit.model: {"parameters": fit.parameters, "log_likelihood": fit.log_likelihood}
                for fit in (self.purchases, self.spend)
            },
            "mean_future_value": float(self.future_values.future_value.mean()),
        }


@dataclass(frozen=True)
class Setting:
    """A scenario with valued cases; `customers` is there where the cases were drawn from a log."""

    scenario: Scenario
    payoffs: Payoffs
    customers: Customers | None
    seed: int = 0

    def to_dict(self) -> dict[str, object]:
        """Return what policies are compared in as plain data: scenario, cases, draws, seed, customers."""
        content: dict[str, object] = {
            "scenario": self.scenario.name,
            "scenario_fingerprint": self.scenario.fingerprint,
            "currency": self.scenario.currency,
            "cases": len(self.payoffs.cases),
            "cases_per_year": self.scenario.value("shop.cases_per_year"),
            "draws": len(self.payoffs.draws),
            "seed": self.seed,
        }
        return content if self.customers is None else content | {"customers": self.customers.to_dict()}


def prepare(
    scenario: Scenario,
    log: Transactions | Cases | None = None,
    sample: Sample = Sample(),
    *,
    model: str = "bg-nbd",
    on_progress: Progress | None = None,
) -> Setting:
    """Go from a log to cases whose every resolution is valued under every draw of the assumptions.

    Parameters
    ----------
    scenario
        Failures, remedies, assumptions.
    log
        Orders (`read_transactions`): customer models are fitted to them, and cases are drawn from them. Or real cases
        (`read_cases`): all of them are taken as they are. The CDNOW sample of orders where there is no log.
    sample
        How many cases are drawn from orders, how many draws of the assumptions there are, and from which seed.
    model
        Model of purchases by its name, or "auto": the one that predicts the second half of the orders best.
    on_progress
        Called as each step begins: 1 for real cases, 3 for a log of orders, 4 where the sample is read first.

    Returns
    -------
    Setting
        With `customers` where the cases were drawn from orders.

    Raises
    ------
    InputError
        If the log cannot carry the models, or is in another currency than the scenario.
    """
    if isinstance(log, Cases):
        return _valued(scenario, log, None, sample, Steps(on_progress, 1))
    steps = Steps(on_progress, 4 if log is None else 3)
    if log is None:
        steps.begin("Reading transactions")
        log = read_default_log(scenario)
    steps.begin("Fitting customer models")
    customers = fit_customers(log, scenario, model)
    return _drawn(scenario, customers, sample, steps)


def draw_setting(
    scenario: Scenario,
    customers: Customers,
    sample: Sample = Sample(),
    on_progress: Progress | None = None,
) -> Setting:
    """Draw cases from customers whose models are fitted already, and value them: the second half of `prepare`.

    Parameters
    ----------
    scenario
        Failures, remedies, assumptions; what it says of margin and discount is what the customers were valued with.
    customers
        As `fit_customers` returns them.
    sample, on_progress
        As for `prepare`; two steps.
    """
    return _drawn(scenario, customers, sample, Steps(on_progress, 2))


def read_default_log(scenario: Scenario) -> Transactions:
    """Read the log that travels with the package: the CDNOW sample, its amounts brought to the scenario's price level.

    They are multiplied by the assumption shop.sample_price_factor and taken as the scenario's currency.
    """
    sample = read_transactions(shipped("data") / DEFAULT_LOG, currency=scenario.currency)
    factor = scenario.value("shop.sample_price_factor")
    return replace(sample, amount=np.round(sample.amount * factor, decimals_of(scenario.currency)))


def thinned(payoffs: Payoffs, cases: int, draws: int) -> Payoffs:
    """Return the payoffs of at most `cases` cases, evenly spaced over all, under at most the first `draws` draws.

    For work that needs many payoffs of each case and less precision.

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
    rows = np.linspace(0, len(payoffs.cases) - 1, min(cases, len(payoffs.cases))).round().astype(np.int64)
    fewer = Draws(payoffs.draws.names, payoffs.draws.values[:draws])
    return value_cases(payoffs.scenario, payoffs.cases.take(rows), fewer, payoffs.value_ratios[:, : len(fewer)])


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
    if model == "auto":
        comparison = compare_models(transactions)
        summary, model = comparison.customers, comparison.best
    else:
        summary = summarise(transactions)
    purchases = fit_purchases(summary, model)
    spend = fit_gamma_gamma(summary)
    values = future_values(
        summary,
        purchases,
        spend,
        margin_share=scenario.value("shop.margin_share"),
        discount_rate_per_year=scenario.value("shop.discount_rate_per_year"),
    )
    return Customers(transactions, summary, purchases, spend, values)


def _drawn(scenario: Scenario, customers: Customers, sample: Sample, steps: Steps) -> Setting:
    steps.begin("Drawing cases")
    cases = draw_cases(scenario, customers.transactions, customers.future_values, sample.cases, sample.seed)
    return _valued(scenario, cases, customers, sample, steps)


def _valued(scenario: Scenario, cases: Cases, customers: Customers | None, sample: Sample, steps: Steps) -> Setting:
    draws = draw_assumptions(scenario, sample.draws, sample.seed)
    ratios = None if customers is None else _draw_ratios(customers, scenario, sample)
    steps.begin("Valuing every resolution of every case")
    payoffs = value_cases(scenario, cases, draws, ratios)
    steps.finish()
    return Setting(scenario, payoffs, customers, sample.seed)


def _draw_ratios(customers: Customers, scenario: Scenario, sample: Sample) -> NDArray[np.float64] | None:
    """Return `draw_value_ratios` of customers; none, and a warning, where the errors of their models are unknown."""
    try:
        return draw_value_ratios(
            customers.summary,
            customers.purchases,
            customers.spend,
            discount_rate_per_year=scenario.value("shop.discount_rate_per_year"),
            rng=np.random.default_rng([sample.seed, 3]),
            count=sample.draws,
        )
    except InputError as error:
        warnings.warn(
            f"{error}; the intervals leave out the errors of the customer models", BoundaryWarning, stacklevel=5
        )
        return None
