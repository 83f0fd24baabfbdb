"""Simulated world: orders, failures, cases and what customers did afterwards, of a firm with a known truth.

In: a scenario, the policy in force, a `World`, a seed. Out: `SimulatedLog`: orders, the log of cases as an ideal join
would give it, and what no log holds. Left to others: what happens to customers (`lives`), files in the shapes of help
desks and shops (`simulated_exports`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, Progress, check_at_least
from policy_sim.currencies import decimals_of
from policy_sim.evidence.lives import FACTS, Firm, Lives, live
from policy_sim.evidence.world import Agent, World
from policy_sim.policy import Policy
from policy_sim.value import STYLES
from policy_sim.words import ASKS, DAYS_PER_YEAR, EVERYTHING, GOODWILL, LIMITS

__all__ = ["AMOUNTS_GIVEN", "SimulatedLog", "simulate_log"]

#: Limits that count something that is given: the columns with amounts of a log of cases.
AMOUNTS_GIVEN = tuple(name for name in LIMITS if name not in (EVERYTHING, GOODWILL))

#: Customers whose lives are told at once: what bounds the memory.
_MOST_AT_ONCE = 400_000
#: How many customers more than are expected to be needed, so that a second helping is seldom.
_SPARE = 1.1
#: Helpings without a case on record, after which none is to be expected.
_MOST_IN_VAIN = 3
_MOST_CASES = 10_000_000
_SECONDS_PER_DAY = 86_400
#: Ways of coming in: of those who have written, and of those on the line.
_CHANNELS = np.array([["email", "web"], ["phone", "chat"]])
#: What no log holds of a case, besides the style of its agent.
_UNSEEN = (
    "is_recorded",
    "follows",
    "brings_item_back",
    "u",
    "future_value",
    "orders_per_week",
    "churn_without_failure",
    "mean_amount",
    "compensation",
    "has_cause",
    "delta",
    "left",
    "multiplier",
    "days_until_next_order",
)
#: The first number of an order, as shops have it.
_FIRST_ORDER = 1001


@dataclass(frozen=True, eq=False)
class SimulatedLog:
    """What a simulated firm has on record, and what is true.

    Attributes
    ----------
    orders
        One row an order, in the order of time: customer, order, date (to the second, UTC), amount, currency.
    cases
        The log of cases, one row each, in the order in which they were opened: what an ideal join of tickets, refunds
        and orders would give. Where there was no failure before, days_since_failure is the scenario's.
    unrecorded
        Cases that nobody wrote down, in the same form but for case, which is empty: the shop knows what was paid back.
    unseen
        What no log holds, one row a case, also of those that were not written down (case is empty there): case,
        customer, order, style, is_recorded, brings_item_back (what was given), u (what the agent saw), future_value (by
        which guided agents went); of the customer orders_per_week, churn_without_failure and mean_amount (before the
        case); compensation (net worth over the loss), has_cause (whether anything went wrong), delta (chance to leave),
        left, multiplier (of later spending), days_until_next_order (from the end of the case, also beyond that of the
        log; none for those who left).
    truth
        By full name the true value of every assumption; "drawn", the names of those that are not at their central
        values; scenario, policy, seed, world (its options), agents, counts.
    """

    orders: pd.DataFrame
    cases: pd.DataFrame
    unrecorded: pd.DataFrame
    unseen: pd.DataFrame
    truth: Mapping[str, object]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many customers, orders, cases and the like there are."""
        counts = self.truth["counts"]
        assert isinstance(counts, Mapping)
        return counts

    @property
    def summary(self) -> str:
        """What there is, in a line."""
        counts = self.counts
        return (
            f"{counts['cases']:,} cases of {counts['customers']:,} customers with {counts['orders']:,} orders; left "
            f"out: {counts['silent_failures']:,} failures of which nobody heard, {counts['still_open']:,} cases that "
            f"were open on the last day, {counts['unrecorded']:,} that nobody wrote down"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the log of cases."""
        return self.cases

    def to_dict(self) -> dict[str, object]:
        """Return the truth as plain data."""
        return dict(self.truth)


def simulate_log(
    scenario: Scenario,
    policy: Policy,
    *,
    cases: int = 5_000,
    seed: int = 0,
    agents: Sequence[Agent] | int = 24,
    world: World | None = None,
    on_progress: Progress | None = None,
) -> SimulatedLog:
    """Simulate what a firm with a known truth has on record.

    Customers arrive evenly over the span and order at rates of their own until they leave. Orders fail as the scenario
    has it; who then asks is decided upon under the policy in force, by an agent with habits, and stays or leaves with
    the true chance. Orders are seen to the last day.

    Parameters
    ----------
    scenario
        What can go wrong and be done, and the ranges from which the truth is drawn; agents believe its central values.
    policy
        In force, from the beginning to the end unless the world has a second one.
    cases
        How many cases are to be on record, 1 to 10,000,000; the last customer may bring a few more.
    seed
        0 or more; the same seed gives the same log.
    agents
        Who decides; a number: so many at the first tier, and fewer at those above.
    world
        How the firm differs from what the model takes for granted; by default not at all.
    on_progress
        Called with what is being done, how many cases there are, and of how many.

    Raises
    ------
    InputError
        If a number is out of range, nobody is there to decide at a tier, or no case ever comes about.

    Notes
    -----
    The chance to leave is `service.chance_lost` with the true assumptions; hours are those that the failure was known
    before it was told, the tier's turnaround, and those until the last of what was given arrived. The next order of who
    stays comes an exponential time after the case was resolved (after the order where nobody asked), and later amounts
    are multiplied, for good, by `service.spend_multiplier`. Failures that nobody told are not among the earlier
    failures of a later case, for no log could know them.
    """
    check_at_least(1, "number of cases", cases, "--cases")
    check_at_least(0, "seed", seed, "--seed")
    if cases > _MOST_CASES:
        raise InputError(f"number of cases is {cases:,}; it must be at most {_MOST_CASES:,} (--cases)")
    firm = Firm.of(scenario, policy, agents, world or World(), seed)
    expected = firm.cases_per_customer()
    helpings: list[Lives] = []
    count = 0
    while count < cases:
        customers = min(_SPARE * (cases - count) / max(expected, 1e-6) + 50, _MOST_AT_ONCE)
        lives = live(firm, int(customers), np.random.default_rng([seed, 11, len(helpings)]))
        expected = (lives.recorded_count + 1) / lives.customers
        helpings.append(lives.until(cases - count))
        count += helpings[-1].recorded_count
        if not count and len(helpings) == _MOST_IN_VAIN:
            raise InputError(
                f"no case comes about in scenario {scenario.name} within {firm.world.days:,} days; expected a higher "
                "cases.failures_per_order, a higher surfaces_share of its failures, or more days"
            )
        if on_progress is not None:
            on_progress("Simulating customers", min(count, cases), cases)
    return _log_of(firm, helpings, seed)


def _log_of(firm: Firm, helpings: Sequence[Lives], seed: int) -> SimulatedLog:
    """Give names and dates to what happened, in the order of time."""
    orders, cases = _together(helpings)
    customer_count = sum(lives.customers for lives in helpings)
    width = len(str(customer_count))
    people = np.char.add("c", np.char.zfill((np.arange(customer_count) + 1).astype(np.str_), width))
    by_time = np.argsort(orders["time"].to_numpy(), kind="stable")
    number = np.empty(len(orders), dtype=np.int64)
    number[by_time] = np.arange(len(orders))
    orders = orders.iloc[by_time].reset_index(drop=True)
    labels = people[orders["customer"].to_numpy()]
    names = (np.arange(len(orders)) + _FIRST_ORDER).astype(np.str_)
    cases = cases.assign(order=number[cases["order"].to_numpy()])
    cases = cases.sort_values(["opened", "order"], kind="stable", ignore_index=True)
    rng = np.random.default_rng([seed, 13])
    on_record = _with_known_history(firm, cases[cases["is_recorded"]].reset_index(drop=True))
    log = _named(firm, on_record, labels, names, rng)
    unrecorded = _named(firm, cases[~cases["is_recorded"]].reset_index(drop=True), labels, names, rng)
    without_cause = int((~cases["has_cause"]).sum())
    counts = {
        "customers": customer_count,
        "orders": len(orders),
        "failures": sum(len(lives.silent) + len(lives.still_open) for lives in helpings) + len(cases) - without_cause,
        "silent_failures": sum(len(lives.silent) for lives in helpings),
        "still_open": sum(len(lives.still_open) for lives in helpings),
        "unrecorded": len(unrecorded),
        "cases": len(log),
        "without_cause": without_cause,
        "insisted": int((log["firmness"] == 1).sum()),
        "left_after_case": int(on_record["left"].sum()),
    }
    return SimulatedLog(
        orders=pd.DataFrame(
            {
                "customer": labels,
                "order": names,
                "date": _moments(firm, orders["time"].to_numpy()),
                "amount": orders["amount"],
                "currency": firm.scenario.currency,
            }
        ),
        cases=log,
        unrecorded=unrecorded.assign(case=""),
        unseen=_unseen(cases, labels, names),
        truth=_truth(firm, seed, counts),
    )


def _together(helpings: Sequence[Lives]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return all orders and all cases, customers and orders numbered through."""
    orders, cases, customers, rows = [], [], 0, 0
    for lives in helpings:
        orders.append(lives.orders.assign(customer=lives.orders["customer"] + customers))
        if len(lives.cases):
            cases.append(
                lives.cases.assign(customer=lives.cases["customer"] + customers, order=lives.cases["order"] + rows)
            )
        customers, rows = customers + lives.customers, rows + len(lives.orders)
    return pd.concat(orders, ignore_index=True), pd.concat(cases, ignore_index=True)


def _with_known_history(firm: Firm, cases: pd.DataFrame) -> pd.DataFrame:
    """Return cases with the failures and claims before each as those on record tell them; they are sorted by time.

    That is what it was where all cases are on record.
    """
    if not firm.world.unrecorded_share:
        return cases
    opened, claims = cases["opened"].to_numpy(), np.zeros(len(cases))
    by_customer = cases.groupby("customer", sort=False)["opened"]
    prior = by_customer.cumcount().to_numpy(dtype=np.float64)
    for back in range(1, int(prior.max(initial=0)) + 1):
        claims += opened - by_customer.shift(back).to_numpy() <= DAYS_PER_YEAR
    since = pd.Series(opened - by_customer.shift(1).to_numpy())
    default = firm.scenario.value("cases.days_since_failure_median")
    return cases.assign(prior_failures=prior, prior_claims=claims, days_since_failure=since.fillna(default))


def _named(
    firm: Firm, cases: pd.DataFrame, customers: NDArray[np.str_], orders: NDArray[np.str_], rng: np.random.Generator
) -> pd.DataFrame:
    """Return cases in the form of a case log."""
    scenario, failure = firm.scenario, cases["failure"].to_numpy()
    order, tier = cases["order"].to_numpy(), cases["tier"].to_numpy()
    menu = firm.response.menu
    pairs = zip(failure, cases["resolution"], strict=True)
    is_live = cases["live"].to_numpy() >= 0.5
    decimals = decimals_of(scenario.currency)
    named: dict[str, object] = {
        "case": (np.arange(len(cases)) + 1).astype(np.str_),
        "customer": customers[order],
        "order": orders[order],
        "failure": np.array(list(scenario.failures))[failure],
        "resolution": [menu.names[kind][resolution] for kind, resolution in pairs],
        "tier": np.array(firm.tiers)[tier],
        "agent": np.array([agent.name for agent in firm.agents])[cases["agent"].to_numpy()],
        "opened": _moments(firm, cases["opened"].to_numpy()),
        "resolved": _moments(firm, cases["resolved"].to_numpy()),
        "channel": _CHANNELS[is_live.astype(np.int64), rng.integers(_CHANNELS.shape[1], size=len(cases))],
        "escalated": (tier > 0).astype(np.int64),
        "exception": np.zeros(len(cases), dtype=np.int64),
    }
    named |= {name: cases[name].round(decimals).to_numpy() for name in AMOUNTS_GIVEN}
    named |= {name: cases[name].to_numpy() for name in ("item_price", *FACTS)}
    named |= {"ask": np.array(list(ASKS))[cases["ask"].to_numpy()], "currency": scenario.currency}
    return pd.DataFrame(named)


def _unseen(cases: pd.DataFrame, customers: NDArray[np.str_], orders: NDArray[np.str_]) -> pd.DataFrame:
    """Return what no log holds of each case."""
    order, recorded = cases["order"].to_numpy(), cases["is_recorded"].to_numpy()
    return pd.DataFrame(
        {
            "case": np.where(recorded, np.cumsum(recorded).astype(np.str_), ""),
            "customer": customers[order],
            "order": orders[order],
            "style": np.array(STYLES)[cases["style"].to_numpy()],
            **{name: cases[name].to_numpy() for name in _UNSEEN},
        }
    )


def _moments(firm: Firm, days: NDArray[np.float64]) -> NDArray[np.datetime64]:
    seconds = np.floor(days * _SECONDS_PER_DAY).astype("timedelta64[s]")
    return np.asarray(np.datetime64(firm.world.first_day, "s") + seconds)


def _truth(firm: Firm, seed: int, counts: Mapping[str, int]) -> dict[str, object]:
    return {
        **{name: float(firm.truth[name][0]) for name in firm.truth.names},
        "drawn": list(firm.drawn),
        "scenario": firm.scenario.name,
        "scenario_fingerprint": firm.scenario.fingerprint,
        "policy": firm.policy.name,
        "seed": seed,
        "world": firm.world.to_dict(),
        "new_customer_value": firm.new_customer_value,
        "agents": [agent.to_dict() for agent in firm.agents],
        "counts": dict(counts),
    }
