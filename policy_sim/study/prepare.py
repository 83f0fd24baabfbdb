"""Setting: what policies are compared on: valued cases, drawn from a log of orders or taken from a log of cases.

In: a scenario, a log of orders or of real cases, a `Sample`. Out: `Setting`, with the payoffs.
Left to others: the policies.
"""

from __future__ import annotations

import functools
import warnings
import weakref
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
    OrderValues,
    PurchaseFit,
    Transactions,
    compare_models,
    draw_value_ratios,
    fit_gamma_gamma,
    fit_purchases,
    future_values,
    order_values,
    read_transactions,
    recent_orders,
    summarise,
)
from policy_sim.currencies import decimals_of
from policy_sim.service import Cases, draw_cases
from policy_sim.value import Payoffs, value_cases

__all__ = [
    "DEFAULT_LOG",
    "Customers",
    "Sample",
    "Setting",
    "cases_of",
    "draw_setting",
    "fit_customers",
    "prepare",
    "read_default_log",
    "thinned",
]

#: The log of orders that is used by default: the CDNOW 1/10 sample, in the folder of shipped data.
DEFAULT_LOG = "cdnow/transactions.csv"
#: What `read_default_log` has read in this process.
_SAMPLES: weakref.WeakSet[Transactions] = weakref.WeakSet()

_SAME_SHARE = 0.01  # of first orders: a difference that needs no words


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
    """A scenario with valued cases; `customers` and `orders` are there where the cases were drawn from a log.

    The rows of `orders`, customers right after an order, are what the cases' `customer` counts.
    """

    scenario: Scenario
    payoffs: Payoffs
    customers: Customers | None
    seed: int = 0
    orders: OrderValues | None = None

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
        if self.customers is not None:
            content["customers"] = self.customers.to_dict()
        if self.orders is not None:
            content["cases_drawn_from"] = self.orders.to_dict()
        return content


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
        Orders (`read_transactions`): customer models are fitted to them, and cases are drawn from those of their last
        year (`clv.recent_orders` says what becomes of a log in which nobody new came then). Or real cases
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
        draws = draw_assumptions(scenario, sample.draws, sample.seed)
        payoffs = _valued(scenario, log, draws, None, Steps(on_progress, 1))
        return Setting(scenario, payoffs, None, sample.seed)
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
    return _default_log(scenario.currency, scenario.value("shop.sample_price_factor"))


@functools.lru_cache(maxsize=8)  # whoever prepares again (sweeps, a panel, tests) reads and fits the sample once
def _default_log(currency: str, factor: float) -> Transactions:
    sample = read_transactions(shipped("data") / DEFAULT_LOG, currency=currency)
    sample = replace(sample, amount=np.round(sample.amount * factor, decimals_of(currency)))
    _SAMPLES.add(sample)
    return sample


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
    money = scenario.value("shop.margin_share"), scenario.value("shop.discount_rate_per_year")
    return (_fit_sample if transactions in _SAMPLES else _fit)(transactions, model, *money)


def _fit(transactions: Transactions, model: str, margin_share: float, discount_rate_per_year: float) -> Customers:
    if model == "auto":
        comparison = compare_models(transactions)
        summary, model = comparison.customers, comparison.best
    else:
        summary = summarise(transactions)
    purchases = fit_purchases(summary, model)
    spend = fit_gamma_gamma(summary)
    values = future_values(
        summary, purchases, spend, margin_share=margin_share, discount_rate_per_year=discount_rate_per_year
    )
    return Customers(transactions, summary, purchases, spend, values)


#: Logs are told apart by which object they are: no log but those of `read_default_log` is ever met again.
_fit_sample = functools.lru_cache(maxsize=8)(_fit)


def cases_of(scenario: Scenario, customers: Customers, sample: Sample) -> tuple[OrderValues, Cases]:
    """Draw cases from customers whose models are fitted already: right after which orders, and the cases.

    Warns
    -----
    UserWarning
        If nobody new came in the log's last year (a closed cohort), and of all its orders another share are first ones
        than the scenario's cases.first_order_share, which is used then.
    """
    log, share = customers.transactions, scenario.value("cases.first_order_share")
    recent = recent_orders(log, share)
    if recent.is_closed_cohort and abs(recent.share_in_use - recent.first_order_share) > _SAME_SHARE:
        warnings.warn(
            f"nobody new came in the last {recent.weeks_without_newcomers:.0f} weeks of the log (a closed cohort), so "
            f"it does not say how many of a year's orders are first ones: {share:.0%} of the cases are, by "
            f"cases.first_order_share, as against {recent.first_order_share:.0%} of all orders of the log; set it to "
            f"{recent.first_order_share:.2f} to have these",
            UserWarning,
            stacklevel=4,
        )
    orders = order_values(
        log,
        recent,
        customers.purchases,
        customers.spend,
        margin_share=scenario.value("shop.margin_share"),
        discount_rate_per_year=scenario.value("shop.discount_rate_per_year"),
        count=sample.cases,
        rng=np.random.default_rng([sample.seed, 4]),
    )
    return orders, draw_cases(scenario, log, orders, sample.seed)


def _drawn(scenario: Scenario, customers: Customers, sample: Sample, steps: Steps) -> Setting:
    steps.begin("Drawing cases")
    orders, cases = cases_of(scenario, customers, sample)
    draws = draw_assumptions(scenario, sample.draws, sample.seed)
    ratios = _draw_ratios(orders, customers, scenario, sample)
    return Setting(scenario, _valued(scenario, cases, draws, ratios, steps), customers, sample.seed, orders)


def _valued(
    scenario: Scenario, cases: Cases, draws: Draws, ratios: NDArray[np.float64] | None, steps: Steps
) -> Payoffs:
    steps.begin("Valuing every resolution of every case")
    payoffs = value_cases(scenario, cases, draws, ratios)
    steps.finish()
    return payoffs


def _draw_ratios(
    orders: OrderValues, customers: Customers, scenario: Scenario, sample: Sample
) -> NDArray[np.float64] | None:
    """Return `draw_value_ratios` right after the orders; none, and a warning, where the models' errors are unknown."""
    try:
        return draw_value_ratios(
            orders.summary,
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
