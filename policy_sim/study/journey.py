"""Journey: customers followed month by month, under several policies with the same random numbers.

In: a setting whose cases were drawn from a log, policies, how many customers and months. Out: `Journey`, monthly sums
under each draw of the assumptions. Left to others: what a case brings (`value`), the loop over customers
(`journey_kernels`).

Each customer has a purchase rate and a chance of leaving, drawn from their posterior under the fitted model. Some
purchases go wrong: a failure is one of the cases of the setting, resolved as the policy resolves it for a customer with
so many earlier failures. Customers who stay may spend less or more. Those who are lost keep others away, those who are
delighted bring some by word of mouth, and newcomers do the same in turn. Learned claiming grows with time. If remedies
have a budget, the cases of a month that come after it is spent are decided by another policy.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, Progress, plain_rows
from policy_sim.clv import PUBLISHED_WEEKS_PER_YEAR, BgNbdFit
from policy_sim.policy import Policy
from policy_sim.study.journey_kernels import ANSWERS, MOST_PRIOR, SUMS, Buyers, follow
from policy_sim.study.prepare import Customers, Setting
from policy_sim.value import Payoffs, measures_by_case, spread, value_cases
from policy_sim.words import MEASURES

__all__ = ["TRAJECTORIES", "Journey", "compare_journeys", "follow_customers", "monthly_sums"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: The monthly sums of a journey, with their units.
TRAJECTORIES = {
    "customers": "count",
    "newcomers": "count",
    "purchases": "count",
    "failures": "count",
    "second_failures": "count",
    "lost": "count",
    "left": "count",
    "margin": "money",
    "remedy_cost": "money",
    "labour": "money",
    "learned_claiming": "money",
    "net_value": "money",
    "supervisor_minutes": "minutes",
}
_WEEKS_A_MONTH = PUBLISHED_WEEKS_PER_YEAR / 12
_MOST_MONTHS = 120
_CUSTOMERS_IN_A_BLOCK = 10_000
_BUDGET_ROUNDS = 8
_LEAST_RATE = 1e-12


@dataclass(frozen=True)
class Journey:
    """What a number of customers do and cost over time under a policy.

    Attributes
    ----------
    policy
        Under which they were followed.
    currency
        Of money.
    discount_rate_per_year
        Annual, for `present_value`.
    monthly
        Arrays (draws, months) by the names of `TRAJECTORIES`.
    """

    policy: Policy
    currency: str
    discount_rate_per_year: float
    monthly: dict[str, Floats]

    @property
    def months(self) -> int:
        """Number of months."""
        return int(self.monthly["customers"].shape[1])

    def present_value(self, trajectory: str = "net_value") -> Floats:
        """Return (draws,) the sum of a trajectory over all months, each discounted to the start from its middle."""
        years = (np.arange(self.months) + 0.5) / 12
        return np.asarray(self.monthly[trajectory] @ (1 + self.discount_rate_per_year) ** -years)

    def to_frame(self, level: float = 0.9) -> pd.DataFrame:
        """Return one row per month and trajectory: month (from 1), outcome, unit, mean, low, high over the draws."""
        return _framed(self.monthly, level).assign(policy=self.policy.name)

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data, with the worth of net value over all months."""
        worth = self.present_value()
        low, high = np.quantile(worth, [0.05, 0.95])
        return {
            "policy": self.policy.name,
            "currency": self.currency,
            "months": self.months,
            "worth": {"mean": float(worth.mean()), "low": float(low), "high": float(high)},
            "monthly": plain_rows(self.to_frame().drop(columns="policy")),
        }


def follow_customers(
    setting: Setting,
    policies: Sequence[Policy],
    months: int = 36,
    count: int = 20_000,
    seed: int = 0,
    *,
    newcomers_per_month: float | None = None,
    learning_months: float = 12.0,
    budget_per_month: float | None = None,
    after_budget: Policy | None = None,
    failure_at_start: bool = False,
    most_cases: int = 1_000,
    on_progress: Progress | None = None,
) -> list[Journey]:
    """Follow the same customers with the same random numbers under several policies.

    Parameters
    ----------
    setting
        Cases drawn from a log of orders, to which a BG/NBD model was fitted.
    policies
        One journey is returned for each.
    months
        Up to 120.
    count
        Customers at the start; all counts and money are for so many.
    seed
        The same seed gives the same customers and random numbers.
    newcomers_per_month
        Customers who come without word of mouth; 1 % of `count` by default.
    learning_months
        Time constant of learned claiming: 63 % of it is there after so many months; 0: all of it from the start.
    budget_per_month, after_budget
        Money for remedies; cases of a month that come after it is spent are decided by the other policy.
    failure_at_start
        Whether each customer begins with a failure: one of the setting's cases, and its customer.
    most_cases
        At most so many of the setting's cases, evenly spaced, represent all failures.
    on_progress
        Called as steps are done: what cases bring, by earlier failures, and each draw.

    Raises
    ------
    InputError
        If the cases were not drawn from a log, another model was fitted, or a number is out of range.

    Notes
    -----
    Purchases are a Poisson process, and a customer leaves after each with the same chance (Fader, Hardie and Lee 2005);
    rate and chance are drawn for each customer from the posterior given that they are alive. Newcomers are followed
    once from their first purchase; their number in each month solves a renewal equation: those who come anyway plus
    those whom word of mouth of all earlier customers brings (or keeps away), at least 0.
    """
    customers = _checked(setting, months, count, learning_months, budget_per_month, after_budget)
    payoffs = setting.payoffs.take(spread(len(setting.payoffs.cases), most_cases))
    rng = np.random.default_rng([seed, 9])
    base = _base(setting, payoffs, rng, count, failure_at_start)
    failing = payoffs.scenario.value("cases.failures_per_order")
    cohort = _cohort(customers, rng, max(count // 4, 1_000), failing, len(payoffs.cases))
    arriving = 0.01 * count if newcomers_per_month is None else float(newcomers_per_month)
    learned = 1.0 if learning_months == 0 else -np.expm1(-(np.arange(months) + 1) / learning_months)
    factor = payoffs.draws["shop.future_value_factor"]
    decided_by = len(policies) + (after_budget is not None)
    step = _counted(on_progress, decided_by * (MOST_PRIOR + 1) + len(policies) * len(factor))
    fallback = None if after_budget is None else _answers(after_budget, payoffs, step)
    journeys = []
    for policy in policies:
        own = _answers(policy, payoffs, step)
        pairs = np.stack([own, own if fallback is None else fallback], axis=1)
        by_draw = []
        for answers, scale in zip(pairs, factor, strict=True):
            scaled = [buyers._replace(margin=buyers.margin * scale) for buyers in (base, cohort)]
            by_draw.append(_within_budget(scaled, failing, answers, months, seed, arriving, budget_per_month))
            step()
        monthly = _monthly(by_draw, learned)
        journeys.append(
            Journey(policy, policy.currency, payoffs.scenario.value("shop.discount_rate_per_year"), monthly)
        )
    return journeys


def _monthly(by_draw: Sequence[Mapping[str, Floats]], learned: Floats | float) -> dict[str, Floats]:
    """Return the trajectories (draws, months) of all draws, with the share of claiming learned by each month."""
    values = {name: np.stack([sums[name] for sums in by_draw]) for name in by_draw[0]}
    values["learned_claiming"] *= learned
    spent = values["remedy_cost"] + values["labour"] + values["learned_claiming"]
    values["net_value"] = values["margin"] - spent
    return {name: values[name] for name in TRAJECTORIES}


def compare_journeys(journey: Journey, baseline: Journey, level: float = 0.9) -> pd.DataFrame:
    """Return the differences between two journeys month by month, paired by draw; columns as `Journey.to_frame`.

    Raises
    ------
    InputError
        If they do not have the same months and draws.
    """
    shapes = [followed.monthly["customers"].shape for followed in (journey, baseline)]
    if shapes[0] != shapes[1]:
        raise InputError(f"journeys of {shapes[0]} and {shapes[1]} draws and months; follow both in one call")
    differences = {name: journey.monthly[name] - baseline.monthly[name] for name in TRAJECTORIES}
    return _framed(differences, level).assign(policy=journey.policy.name, baseline=baseline.policy.name)


def monthly_sums(buyers: Buyers, failing: float, answers: Floats, share: Floats, seed: int) -> Floats:
    """Return (months, sums) of what customers do, computed in as many threads as there are processors.

    Blocks are the same on every machine and added up in order, so results do not depend on the number of threads.
    """
    edges = list(range(0, len(buyers.rate), _CUSTOMERS_IN_A_BLOCK))
    parts = np.zeros((len(edges), len(share), len(SUMS)))

    def work(k: int) -> None:
        last = min(edges[k] + _CUSTOMERS_IN_A_BLOCK, len(buyers.rate))
        follow(buyers, failing, answers, share, seed, edges[k], last, parts[k])

    if len(edges) == 1:
        work(0)
    else:
        with ThreadPoolExecutor(cpu_count()) as pool:
            list(pool.map(work, range(len(edges))))
    return np.asarray(parts.sum(axis=0))


def _checked(
    setting: Setting,
    months: int,
    count: int,
    learning_months: float,
    budget_per_month: float | None,
    after_budget: Policy | None,
) -> Customers:
    if setting.customers is None or setting.orders is None:
        raise InputError(
            "the cases were not drawn from a log, so nothing is known of who buys when; prepare with a log"
        )
    if not isinstance(setting.customers.purchases, BgNbdFit):
        raise InputError(
            f"the model of purchases is {setting.customers.purchases.model}; a journey needs bg-nbd (--model bg-nbd)"
        )
    for words, value, is_fine in (
        ("number of months", months, 1 <= months <= _MOST_MONTHS),
        ("number of customers", count, count >= 1),
        ("learning_months", learning_months, learning_months >= 0),
        ("budget_per_month", budget_per_month or 0, budget_per_month is None or budget_per_month > 0),
    ):
        if not is_fine:
            raise InputError(f"{words} is {value:g}; it is out of range (months: 1 to {_MOST_MONTHS})")
    if (budget_per_month is None) != (after_budget is None):
        raise InputError(
            "budget_per_month and after_budget, who decides once the budget is spent, go together; give both, or "
            "neither"
        )
    return setting.customers


def _base(setting: Setting, payoffs: Payoffs, rng: np.random.Generator, count: int, failure_at_start: bool) -> Buyers:
    """Draw customers of the log in proportion to their chance of being alive, or take those of the cases.

    Who has a case has just ordered, and may leave after that order even if the case is made good; after the first of
    all orders, nobody does by BG/NBD.
    """
    assert setting.customers is not None
    customers, cases = setting.customers, payoffs.cases
    if failure_at_start:
        assert setting.orders is not None
        values, summary = setting.orders.future_values, setting.orders.summary
        case = np.arange(count) % len(cases)
        rows = cases.customer[case]
        prior = cases.prior_failures[case].astype(np.int64)
        stayed = np.maximum(summary.frequency[rows] - 1, 0)
    else:
        values, summary = customers.future_values, customers.summary
        alive = values.probability_alive
        rows = rng.choice(len(alive), size=count, p=alive / alive.sum())
        case = np.full(count, -1)
        share = payoffs.scenario.value("cases.failures_per_order")
        prior = rng.poisson(values.prior_purchases[rows] * share)
        stayed = summary.frequency[rows]
    frequency = summary.frequency[rows]
    margin = values.margin_share * values.expected_spend[rows]
    buyers = _drawn(customers, rng, frequency, summary.age_weeks[rows], stayed, margin, prior, case)
    if not failure_at_start:
        return buyers
    leaves = (rng.random(count) < buyers.leaving) & (frequency > 0)
    return buyers._replace(rate=np.where(leaves, _LEAST_RATE, buyers.rate))


def _cohort(customers: Customers, rng: np.random.Generator, count: int, failing: float, cases: int) -> Buyers:
    """Draw newcomers with their first purchase, which may go wrong as any other does."""
    margin = customers.future_values.margin_share * customers.spend.population_mean
    nothing = np.zeros(count)
    return _drawn(
        customers,
        rng,
        nothing,
        nothing,
        nothing,
        np.full(count, margin),
        np.zeros(count, dtype=np.int64),
        np.where(rng.random(count) < failing, rng.integers(0, cases, count), -1),
    )


def _drawn(
    customers: Customers,
    rng: np.random.Generator,
    frequency: Floats,
    age_weeks: Floats,
    stayed: Floats,
    margin: Floats,
    prior: Ints,
    case: Ints,
) -> Buyers:
    fit = customers.purchases
    assert isinstance(fit, BgNbdFit)
    rate = rng.gamma(fit.r + frequency) / (fit.alpha_weeks + age_weeks) * _WEEKS_A_MONTH
    leaving = rng.beta(fit.a, fit.b + stayed)
    return Buyers(np.maximum(rate, _LEAST_RATE), leaving, margin, prior, case.astype(np.int64))


def _counted(on_progress: Progress | None, count: int) -> Callable[[], None]:
    """Return what is called as each of so many steps is done."""
    done = itertools.count(1)

    def step() -> None:
        if on_progress is not None:
            on_progress("Following customers", next(done), count)

    return step


def _answers(policy: Policy, payoffs: Payoffs, step: Callable[[], None]) -> Floats:
    """Return (draws, prior failures, cases, answers): what each case brings, by the customer's earlier failures."""
    tables = []
    for prior in range(MOST_PRIOR + 1):
        cases = payoffs.cases.with_columns({"prior_failures": np.full(len(payoffs.cases), float(prior))})
        tables.append(_answers_to(policy, value_cases(payoffs.scenario, cases, payoffs.draws)))
        step()
    return np.ascontiguousarray(np.stack(tables, axis=1))


def _answers_to(policy: Policy, payoffs: Payoffs) -> Floats:
    """Return (draws, cases, answers) under a policy; escalated cases wait as long as its load makes them.

    A customer who leaves after an order though nothing went wrong does so by the model of purchases; so the chance to
    stay is that of the customers to whom nothing had happened, d0 taken out: (1 - delta) / (1 - d0).
    """
    measured = dict(zip(MEASURES, np.moveaxis(measures_by_case(policy, payoffs), 1, 0), strict=True))
    silent = measures_by_case(policy, payoffs.without_word_of_mouth())[:, MEASURES.index("retained")]
    factor = payoffs.draws["shop.future_value_factor"]
    kept = measured["customers_kept"] / (1 - payoffs.draws["response.churn_without_failure"])
    valued = payoffs.cases.future_value[:, None] * factor * kept
    multiplier = np.divide(silent, valued, out=np.ones_like(valued), where=valued > 0)
    word_of_mouth = (measured["retained"] - silent) / (payoffs.cases.new_customer_value * factor)
    answers = measured | {
        "chance_kept": kept,
        "spend_multiplier": multiplier,
        "word_of_mouth": word_of_mouth,
    }
    return np.stack([answers[name].T for name in ANSWERS], axis=-1)


def _within_budget(
    buyers: Sequence[Buyers],
    failing: float,
    answers: Floats,
    months: int,
    seed: int,
    arriving: float,
    budget_per_month: float | None,
) -> dict[str, Floats]:
    """Return the trajectories (months,) of one draw; the share of cases that a budget allows is iterated."""
    share = np.ones(months)
    values = _with_newcomers(buyers, failing, answers, share, seed, arriving)
    for _ in range(_BUDGET_ROUNDS if budget_per_month is not None else 0):
        assert budget_per_month is not None
        share = np.minimum(share * budget_per_month / np.maximum(values["remedy_cost"], 1e-9), 1.0)
        values = _with_newcomers(buyers, failing, answers, share, seed, arriving)
    return values


def _with_newcomers(
    buyers: Sequence[Buyers], failing: float, answers: Floats, share: Floats, seed: int, arriving: float
) -> dict[str, Floats]:
    """Return the trajectories (months,) of the customers of the start and of newcomers together."""
    base, cohort = buyers
    months = len(share)
    own = monthly_sums(base, failing, answers, share, seed)
    newcomer = monthly_sums(cohort, failing, answers, share, seed + 1) / len(cohort.rate)
    talk = SUMS.index("word_of_mouth")
    came = np.zeros(months)
    for month in range(months):
        # newcomers of this month bring others in the same month: hence the division
        brought = own[month, talk] + came[:month] @ newcomer[month:0:-1, talk]
        came[month] = max((arriving + brought) / max(1 - newcomer[0, talk], 0.1), 0.0)
    later = np.stack([np.convolve(came, newcomer[:, k])[:months] for k in range(len(SUMS))], axis=1)
    total = dict(zip(SUMS, (own + later).T, strict=True))
    gone = np.cumsum(total["lost"] + total["left"])
    # the first purchase of a newcomer is not among the sums
    first = came * float(cohort.margin[0])
    return total | {
        "newcomers": came,
        "customers": len(base.rate) + np.cumsum(came) - gone,
        "purchases": total["purchases"] + came,
        "margin": total["margin"] + first,
    }


def _framed(values: dict[str, Floats], level: float) -> pd.DataFrame:
    tables = []
    for name, unit in TRAJECTORIES.items():
        low, high = np.quantile(values[name], [(1 - level) / 2, (1 + level) / 2], axis=0)
        months = np.arange(1, values[name].shape[1] + 1)
        mean = values[name].mean(axis=0)
        columns = {"month": months, "outcome": name, "unit": unit, "mean": mean, "low": low, "high": high}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)
