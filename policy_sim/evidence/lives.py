"""Lives: what happens to the customers of a simulated firm, order by order and case by case.

In: a firm with a known truth, how many customers, random numbers. Out: `Lives`: orders and cases, with times in days.
Left to others: what the firm is like (`world`), how customers answer (`true_response`), names and dates
(`simulated_world`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Draws, Scenario, central
from policy_sim.border import InputError
from policy_sim.currencies import decimals_of
from policy_sim.evidence.true_response import TrueResponse
from policy_sim.evidence.world import (
    Agent,
    Customers,
    World,
    draw_agents,
    draw_customers,
    draw_truth,
    future_value_after_order,
)
from policy_sim.orders.dates import DAYS_PER_WEEK
from policy_sim.policy import Policy
from policy_sim.service import (
    Cases,
    by_failure,
    complete_cases,
    draw_asks,
    draw_failures,
    draw_lognormal,
    draw_severity,
    draw_suspicion,
)
from policy_sim.value import STYLES, Handling, value_cases
from policy_sim.words import DAYS_PER_YEAR

__all__ = ["FACTS", "Firm", "Lives", "live"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Facts of a case that are known when it is opened, besides failure, ask and price.
FACTS = (
    "severity",
    "hours_open",
    "days_since_purchase",
    "prior_purchases",
    "prior_failures",
    "prior_claims",
    "days_since_failure",
    "suspicion",
    "live",
    "firmness",
    "in_stock",
    "part_available",
)
#: Customers of whom the worth of somebody new is a mean.
_NEWCOMERS = 50_000
_HOURS_PER_DAY = 24.0
FOLLOWED = "playbook.followed_share"
_GENEROUS = STYLES.index("generous")


@dataclass(frozen=True, eq=False)
class Firm:
    """Everything that stays as it is while customers come and go.

    Attributes
    ----------
    truth, drawn
        True assumptions, and the names of those that are not at their central values.
    agents, tiers
        Who decides, and the tiers of the scenario that any policy in force has.
    new_customer_value
        Worth of somebody who has just placed a first order, money.
    """

    scenario: Scenario
    policy: Policy
    world: World
    truth: Draws
    drawn: tuple[str, ...]
    response: TrueResponse
    agents: tuple[Agent, ...]
    tiers: tuple[str, ...]
    new_customer_value: float

    @classmethod
    def of(cls, scenario: Scenario, policy: Policy, agents: Sequence[Agent] | int, world: World, seed: int) -> Firm:
        """Draw the truth and, where `agents` is a number, who decides.

        Raises
        ------
        InputError
            If a policy does not fit the scenario, or nobody is there to decide at a tier.
        """
        in_force = [policy] if world.second_policy is None else [policy, world.second_policy]
        for one in in_force:
            one.check_names(scenario, f"policy {one.name}")
        tiers = tuple(tier for tier in scenario.tiers if any(tier in one.tier_names for one in in_force))
        rng = np.random.default_rng([seed, 10])
        truth, drawn = draw_truth(scenario, world, rng)
        team = draw_agents(world, scenario, tiers, agents, rng) if isinstance(agents, int) else tuple(agents)
        team = tuple(agent for agent in team if agent.tier in tiers)
        for tier in tiers:
            if not any(agent.tier == tier for agent in team):
                raise InputError(f"nobody decides at tier '{tier}' of policy {policy.name}; give an agent of that tier")
        churn = float(truth["response.churn_without_failure"][0])
        newcomers = draw_customers(world, scenario, churn, _NEWCOMERS, np.random.default_rng([seed, 12]))
        response = TrueResponse(scenario, truth, world.response_shape, world.confounding)
        worth = float(future_value_after_order(newcomers, scenario).mean())
        return cls(scenario, policy, world, truth, drawn, response, team, tiers, worth)

    @property
    def churn(self) -> float:
        """The true chance to leave after an order without failure; the mean one where it differs by customer."""
        return float(self.truth["response.churn_without_failure"][0])

    def cases_per_customer(self) -> float:
        """Return about how many cases a customer brings to the log.

        Notes
        -----
        Who orders at rate lambda, leaves after an order with chance p and has t left until the end places 1 +
        (1 - p) / p (1 - exp(-p lambda t)) orders; the mean of the exponential over the gamma distribution of rates is
        (1 + p t / alpha)^-r, and t is spread evenly.
        """
        world, scenario = self.world, self.scenario
        failing = scenario.value("cases.failures_per_order")
        shares = by_failure(scenario, "share_of_cases")
        shares = shares / shares.sum()
        lost = float(shares @ by_failure(scenario, "churn_without_remedy"))
        leaves = max((1 - failing) * self.churn + failing * lost, 1e-6)
        weeks_left = np.linspace(0, world.days, 201) / DAYS_PER_WEEK
        stayed = (1 + leaves * weeks_left / world.rate_weeks) ** -world.rate_shape
        orders = 1 + (1 - leaves) / leaves * float((1 - stayed).mean())
        told = float(shares @ by_failure(scenario, "surfaces_share")) * (1 - world.unrecorded_share)
        return orders * failing * told


@dataclass(frozen=True, eq=False)
class Lives:
    """What happened to some customers until the last day; times are days since the log began.

    Attributes
    ----------
    customers
        How many they are.
    orders
        One row an order: customer (row, from 0), time, amount.
    cases
        One row a case that was resolved: customer, order (row of `orders`), failure and ask (indices), item_price,
        `FACTS`, opened, resolved, tier and agent (places in those of the firm), style, resolution (index), the limits
        with the money given by each, brings_item_back, is_recorded, u, future_value, orders_per_week,
        churn_without_failure, mean_amount, compensation, has_cause, delta, left, multiplier, days_until_next_order.
    silent, still_open
        Customers (rows) of failures of which nobody heard, and of cases open on the last day; one entry each.
    """

    customers: int
    orders: pd.DataFrame
    cases: pd.DataFrame
    silent: Ints
    still_open: Ints

    @property
    def recorded_count(self) -> int:
        """Cases that are on record."""
        return int(self.cases["is_recorded"].sum())

    def until(self, count: int) -> Lives:
        """Return the first customers only, as many as it takes for so many cases on record; all if they have fewer."""
        if not self.recorded_count:
            return self
        on_record = self.cases["customer"].to_numpy()[self.cases["is_recorded"].to_numpy()]
        last = int(np.searchsorted(np.cumsum(np.bincount(on_record, minlength=self.customers)), count))
        if last >= self.customers:
            return self
        stays = (self.orders["customer"] <= last).to_numpy()
        cases = self.cases[self.cases["customer"] <= last].reset_index(drop=True)
        cases["order"] = (np.cumsum(stays) - 1)[cases["order"].to_numpy()]
        return Lives(
            customers=last + 1,
            orders=self.orders[stays].reset_index(drop=True),
            cases=cases,
            silent=self.silent[self.silent <= last],
            still_open=self.still_open[self.still_open <= last],
        )


def live(firm: Firm, count: int, rng: np.random.Generator) -> Lives:
    """Tell the lives of customers: in each round all who are there order until their next case, which is then decided.

    Parameters
    ----------
    count
        Number of customers, 1 or more.
    """
    told = _Telling(firm, count, rng)
    going = np.arange(count)
    while going.size:
        failed = told.order(going)
        going = told.decide(failed) if len(failed) else np.empty(0, dtype=np.int64)
    return told.lives()


class _Telling:
    """Where each customer stands, and what has been told so far."""

    def __init__(self, firm: Firm, count: int, rng: np.random.Generator) -> None:
        self.firm, self.rng = firm, rng
        self.customers = draw_customers(firm.world, firm.scenario, firm.churn, count, rng)
        self.next_order = self.customers.arrival.copy()
        self.spend = np.ones(count)
        # compensation at the case before, up to the whole loss
        self.made_good = np.zeros(count)
        self.purchases = np.zeros(count)
        self.spent = np.zeros(count)
        # when the n-th case of each customer was opened, one array for each n
        self.opened: list[Floats] = []
        self.order_count = 0
        self.orders: list[pd.DataFrame] = []
        self.cases: list[pd.DataFrame] = []
        self.silent: list[Ints] = []
        self.still_open: list[Ints] = []
        self.failures_per_order = firm.scenario.value("cases.failures_per_order")
        self.surfaces = by_failure(firm.scenario, "surfaces_share")

    def lives(self) -> Lives:
        """Return all that has been told."""
        none = np.empty(0, dtype=np.int64)
        return Lives(
            customers=len(self.spend),
            orders=pd.concat(self.orders, ignore_index=True),
            cases=pd.concat(self.cases, ignore_index=True) if self.cases else pd.DataFrame({"is_recorded": []}),
            silent=np.concatenate([none, *self.silent]),
            still_open=np.concatenate([none, *self.still_open]),
        )

    def order(self, going: Ints) -> pd.DataFrame:
        """Let customers order until they leave, the log ends, or an order fails and they say so; return the latter."""
        told = []
        while (going := going[self.next_order[going] < self.firm.world.days]).size:
            time = self.next_order[going]
            amount = self._amounts(going)
            rows = self.order_count + np.arange(going.size)
            self.orders.append(pd.DataFrame({"customer": going, "time": time, "amount": amount}))
            self.order_count += going.size
            self.purchases[going] += 1
            self.spent[going] += amount
            fails = self.rng.random(going.size) < self.failures_per_order
            claims = self._without_cause(going) & ~fails
            content = going[~(fails | claims)]
            stays = content[self.rng.random(content.size) >= self.customers.churn[content]]
            self._plan(stays, self.next_order[stays])
            fails |= claims
            failed = self._failures(going[fails], rows[fails], amount[fails]).assign(has_cause=~claims[fails])
            is_told = self.rng.random(len(failed)) < self.surfaces[failed["failure"]]
            is_told |= ~failed["has_cause"].to_numpy()
            told.append(failed[is_told])
            going = np.concatenate([stays, self._keep_silent(failed[~is_told])])
        return pd.concat(told, ignore_index=True) if told else pd.DataFrame()

    def decide(self, failed: pd.DataFrame) -> Ints:
        """Let agents decide on cases, and customers answer; return those who stay."""
        firm, rng = self.firm, self.rng
        failed = self._facts(failed)
        failed = failed[failed["opened"] < firm.world.days].reset_index(drop=True)
        if failed.empty:
            return np.empty(0, dtype=np.int64)
        who = failed["customer"].to_numpy()
        cases = self._cases(failed)
        tier, choice, suspected = self._handle(cases, failed["opened"].to_numpy())
        u = rng.standard_normal(len(failed))
        agent, style = self._who_decides(tier, u)
        follows = self._follows(choice)
        resolution = choice[np.arange(len(failed)), style + len(STYLES) * follows]
        waited = self._turnaround(tier, cases.live)
        answer = firm.response.to_resolution(
            cases, resolution, waited, suspected.astype(np.float64), self.customers.churn[who], u
        )
        has_cause = failed["has_cause"].to_numpy()
        delta = np.where(has_cause, answer.delta, self.customers.churn[who])
        multiplier = np.where(has_cause, answer.multiplier, 1.0)
        compensation = firm.response.compensation(cases, resolution)
        self.made_good[who] = np.clip(compensation, 0.0, 1.0)
        left = rng.random(len(failed)) < delta
        resolved = failed["opened"].to_numpy() + waited / _HOURS_PER_DAY
        self._remember(who, failed["opened"].to_numpy())
        before = self.spend[who] * self.customers.mean_amount[who]
        self.spend[who] *= np.where(left, 1.0, multiplier)
        self._plan(who, resolved)
        recorded = rng.random(len(failed)) >= 2 * firm.world.unrecorded_share * (1 - failed["severity"].to_numpy())
        decided = failed.assign(
            resolved=resolved,
            tier=tier,
            agent=agent,
            style=style,
            follows=follows,
            resolution=resolution,
            **firm.response.amounts(cases, resolution),
            brings_item_back=firm.response.menu.brings_item_back[cases.failure, resolution],
            is_recorded=recorded,
            u=u,
            orders_per_week=self.customers.rate[who] * DAYS_PER_WEEK,
            churn_without_failure=self.customers.churn[who],
            mean_amount=before,
            compensation=compensation,
            delta=delta,
            left=left,
            multiplier=multiplier,
            days_until_next_order=np.where(left, np.nan, self.next_order[who] - resolved),
        )
        is_over = resolved < firm.world.days
        self.cases.append(decided[is_over])
        self.still_open.append(who[~is_over])
        return who[is_over & ~left]

    def _without_cause(self, going: Ints) -> Bools:
        """Draw who would claim though nothing went wrong, taught by what they were given before."""
        if not self.firm.world.taught:
            return np.zeros(going.size, dtype=np.bool_)
        return np.asarray(self.rng.random(going.size) < self.firm.world.taught * self.made_good[going])

    def _amounts(self, going: Ints) -> Floats:
        """Draw what customers pay for an order, in whole coins, some of it ending in .99."""
        world, decimals = self.firm.world, decimals_of(self.firm.scenario.currency)
        amount = self.spend[going] * self.rng.gamma(world.amount_shape, 1 / self.customers.gamma_rate[going])
        # where there are no cents, it is the last two digits
        whole = 1.0 if decimals else 100.0
        heaped = np.floor(amount / whole) * whole + 0.99 * whole
        amount = np.where(self.rng.random(going.size) < world.heaped_share, heaped, amount)
        return np.asarray(np.maximum(np.round(amount, decimals), 10.0**-decimals))

    def _plan(self, customers: Ints, since: Floats) -> None:
        """Draw when customers order next, who have just ordered; the rest of that day they usually do not."""
        with np.errstate(divide="ignore", over="ignore"):  # who orders at a rate of 0 never does
            wait = self.rng.standard_exponential(customers.size) / self.customers.rate[customers]
        if not self.firm.world.several_a_day:
            since = np.maximum(since, np.floor(self.next_order[customers]) + 1)
        self.next_order[customers] = since + wait

    def _failures(self, customers: Ints, orders: Ints, amount: Floats) -> pd.DataFrame:
        """Draw what went wrong with orders just placed."""
        scenario, count = self.firm.scenario, customers.size
        return pd.DataFrame(
            {
                "customer": customers,
                "order": orders,
                "failure": draw_failures(self.rng, scenario, count),
                "item_price": amount,
                "severity": draw_severity(self.rng, scenario, count),
                "hours_open": draw_lognormal(self.rng, scenario, "cases.hours_open", count),
                "prior_purchases": self.purchases[customers],
            }
        )

    def _keep_silent(self, failed: pd.DataFrame) -> Ints:
        """Let customers answer who say nothing; return those who stay."""
        who = failed["customer"].to_numpy()
        self.silent.append(who)
        facts = {name: failed[name].to_numpy() for name in ("severity", "hours_open", "prior_purchases")}
        facts |= self._earlier(who, self.next_order[who])
        unseen = self.rng.standard_normal(len(failed))
        answer = self.firm.response.to_silence(failed["failure"].to_numpy(), facts, self.customers.churn[who], unseen)
        stays = self.rng.random(len(failed)) >= answer.delta
        who = who[stays]
        self.spend[who] *= answer.multiplier[stays]
        self._plan(who, self.next_order[who])
        return who

    def _earlier(self, who: Ints, time: Floats) -> dict[str, Floats]:
        """Return what a log knows of the failures before this one."""
        count, recent = np.zeros(who.size), np.zeros(who.size)
        since = np.full(who.size, self.firm.scenario.value("cases.days_since_failure_median"))
        for opened in self.opened:
            days = time - opened[who]
            count += ~np.isnan(days)
            recent += days <= DAYS_PER_YEAR
            since = np.where(np.isnan(days), since, days)
        return {"prior_failures": count, "prior_claims": recent, "days_since_failure": since}

    def _remember(self, who: Ints, opened: Floats) -> None:
        latest = np.full(len(self.spend), np.nan)
        latest[who] = opened
        self.opened.append(latest)

    def _facts(self, failed: pd.DataFrame) -> pd.DataFrame:
        """Draw and work out what else is known of cases when they are opened."""
        scenario, rng, count = self.firm.scenario, self.rng, len(failed)
        who = failed["customer"].to_numpy()
        days = draw_lognormal(rng, scenario, "cases.days_since_purchase", count)
        opened = self.next_order[who] + days
        looks_suspicious = rng.random(count) < scenario.value("cases.suspicious_share")
        return failed.assign(
            days_since_purchase=days,
            opened=opened,
            **self._earlier(who, opened),
            suspicion=draw_suspicion(rng, looks_suspicious),
            **draw_asks(scenario, failed["failure"].to_numpy(), rng),
            future_value=future_value_after_order(self._as_known(who), scenario),
        )

    def _as_known(self, who: Ints) -> Customers:
        """Return customers as their orders show them to who knows the firm's mix: expected rates and amounts.

        Nobody at the firm knows more, so nothing but what the log holds makes agents give more to one than to another.
        """
        world, customers = self.firm.world, self.customers
        weeks = (self.next_order[who] - customers.arrival[who]) / DAYS_PER_WEEK
        rate = (world.rate_shape + self.purchases[who] - 1) / (world.rate_weeks + weeks) / DAYS_PER_WEEK
        scale = world.spread_scale * self.firm.scenario.value("shop.sample_price_factor")
        known = world.spread_shape + world.amount_shape * self.purchases[who]
        mean_amount = world.amount_shape * (scale + self.spent[who]) / (known - 1)
        churn = np.full(who.size, self.firm.churn)
        return Customers(customers.arrival[who], rate, churn, world.amount_shape / mean_amount, mean_amount)

    def _cases(self, failed: pd.DataFrame) -> Cases:
        names = (*FACTS, "failure", "ask", "item_price", "future_value")
        columns = {name: failed[name].to_numpy() for name in names}
        labels = np.arange(1, len(failed) + 1).astype(np.str_)
        scenario = self.firm.scenario
        return complete_cases(scenario, labels, columns, self.firm.new_customer_value, scenario.currency)

    def _handle(self, cases: Cases, opened: Floats) -> tuple[Ints, Ints, Bools]:
        """Return who decides (place in the firm's tiers), what each style would choose, and who looks suspicious."""
        firm = self.firm
        payoffs = value_cases(firm.scenario, cases, central(firm.scenario))

        def under(policy: Policy) -> tuple[Ints, Ints, Bools]:
            handling = Handling.of(policy, payoffs)
            places = np.array([firm.tiers.index(name) for name in policy.tier_names])
            choice = handling.choice
            # behind the styles come those who go by a playbook: where there is none, everybody chooses alike
            both = choice if choice.shape[1] > len(STYLES) else np.hstack([choice, choice])
            return places[handling.tier], both, handling.arrays.suspected

        first = under(firm.policy)
        if firm.world.second_policy is None:
            return first
        is_late = opened >= firm.world.days / 2
        (tier, choice, suspected), later = first, under(firm.world.second_policy)
        return (
            np.where(is_late, later[0], tier),
            np.where(is_late[:, None], later[1], choice),
            np.where(is_late, later[2], suspected),
        )

    def _who_decides(self, tier: Ints, u: Floats) -> tuple[Ints, Ints]:
        """Draw the agent of each case, and the style in which they decide it; what they see makes them generous."""
        firm = self.firm
        agent = np.empty(tier.size, dtype=np.int64)
        for place, name in enumerate(firm.tiers):
            team = np.array([number for number, one in enumerate(firm.agents) if one.tier == name])
            rows = np.flatnonzero(tier == place)
            agent[rows] = team[self.rng.integers(team.size, size=rows.size)]
        shares = np.array([one.shares for one in firm.agents])[agent]
        if firm.world.confounding != 0:
            shares[:, _GENEROUS] *= np.exp(firm.world.noticed * u)
        bounds = np.cumsum(shares, axis=1)
        bounds /= bounds[:, -1:]
        style = (self.rng.random(tier.size)[:, None] >= bounds).sum(axis=1)
        return agent, np.minimum(style, len(STYLES) - 1)

    def _follows(self, choice: Ints) -> Ints:
        """Draw who goes by the playbook, 0 or 1; nobody where that makes no difference to any case."""
        own, following = choice[:, : len(STYLES)], choice[:, len(STYLES) :]
        if (own == following).all():
            return np.zeros(len(choice), dtype=np.int64)
        return np.asarray(self.rng.random(len(choice)) < self.firm.truth[FOLLOWED][0], dtype=np.int64)

    def _turnaround(self, tier: Ints, is_live: Floats) -> Floats:
        """Return the hours from opening a case to the answer."""
        truth = self.firm.truth
        hours = {
            name: np.array([truth[f"{one}.{name}"][0] for one in self.firm.tiers])[tier]
            for name in ("live_wait_hours", "wait_hours")
        }
        return np.asarray(is_live * hours["live_wait_hours"] + (1 - is_live) * hours["wait_hours"])
