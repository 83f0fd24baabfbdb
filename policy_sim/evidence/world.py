"""World: what a simulated firm is like, and the truth about it that nobody in it knows.

In: a scenario, options, random numbers. Out: `World`, true assumptions, customers, agents with habits of their own.
Left to others: how customers answer (`true_response`), what happens day by day (`simulated_world`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import Draws, Scenario, central
from policy_sim.border import InputError, unknown
from policy_sim.evidence.likelihood import OF_FAILURE, SHARED
from policy_sim.orders.dates import DAYS_PER_WEEK
from policy_sim.policy import Policy
from policy_sim.value import STYLES
from policy_sim.words import DAYS_PER_YEAR

__all__ = [
    "DRAWN_PER_FAILURE",
    "DRAWN_SHARED",
    "RESPONSE_SHAPES",
    "Agent",
    "Customers",
    "World",
    "draw_agents",
    "draw_customers",
    "draw_truth",
    "future_value_after_order",
]

Floats = NDArray[np.float64]

#: Assumptions about how customers answer that are drawn anew for every world: those of all failures alike, but for one
#: that moves next to nothing, and those of each.
DRAWN_SHARED = tuple(name for name in SHARED if name != "insult_weight")
DRAWN_PER_FAILURE = OF_FAILURE

#: How the effect of a compensation may depend on its size.
RESPONSE_SHAPES: Mapping[str, str] = {
    "assumed": "as the scenario has it",
    "swapped": "S-shaped where the scenario has it concave, and concave where it has it S-shaped",
    "linear": "in proportion, up to its peak",
    "all_or_nothing": "nothing below the loss, all of it from there on",
}


@dataclass(frozen=True)
class World:
    """How a simulated firm differs from what the model takes for granted; by default not at all.

    Attributes
    ----------
    first_day, days
        First day of the log (2024-01-01), and how many it spans, 1 or more.
    rate_shape, rate_weeks
        r and alpha: customers order at rates of a gamma distribution, r / alpha times a week on average. The defaults
        (five orders a year) are those of no shop in particular; the CDNOW sample has .243 and 4.414 (Fader, Hardie and
        Lee 2005).
    amount_shape, spread_shape, spread_scale
        p, q and v of the amounts (Gamma-Gamma): p v / (q - 1) on average, times the scenario's
        shop.sample_price_factor. The defaults are those of the CDNOW sample (Fader and Hardie 2013).
    values
        True values of assumptions by full name ("response.wait_weight"); the others of `DRAWN_SHARED` and
        `DRAWN_PER_FAILURE` are drawn from the scenario's ranges, all others are at their central values.
    churn_concentration
        Pseudo-count of the beta distribution of customers' own chances to leave after an order without failure, around
        the true response.churn_without_failure; None where all have the same.
    habit_concentration
        Pseudo-count of the Dirichlet distribution of agents' own style mixes around the scenario's shares of their
        tier; None where all agents of a tier are alike.
    response_shape
        One of `RESPONSE_SHAPES`.
    confounding
        Strength gamma of what agents see and no log holds: u ~ N(0, 1) for each case, and gamma u is added to the
        logits of loss.
    noticed
        By how much one unit of u raises the log-odds that the agent is generous; of no account where gamma is 0.
    unrecorded_share
        Share (0-0.5) of cases that are not written down, the mild ones above all: with chance 2 share (1 - severity).
    heaped_share
        Share (0-1) of orders with an amount that ends in .99.
    several_a_day
        Whether customers may order again on the day of an order. Who reads a log takes the orders of one day for one
        purchase, so by default nobody does.
    taught
        Chance (0-1) that an order that did not fail is claimed all the same, by a customer to whom the whole loss was
        made good at the case before; in proportion where it was less, and none where there was no case. What is given
        for such a claim moves nobody.
    second_policy
        The policy in force from the middle of the span on; None where it does not change.

    Raises
    ------
    InputError
        If a number is out of its range.
    """

    first_day: str = "2024-01-01"
    days: int = 731
    rate_shape: float = 1.0
    rate_weeks: float = 10.0
    amount_shape: float = 6.25
    spread_shape: float = 3.74
    spread_scale: float = 15.44
    values: Mapping[str, float] = field(default_factory=dict)
    churn_concentration: float | None = None
    habit_concentration: float | None = 20.0
    response_shape: str = "assumed"
    confounding: float = 0.0
    noticed: float = 1.0
    unrecorded_share: float = 0.0
    heaped_share: float = 0.0
    several_a_day: bool = False
    taught: float = 0.0
    second_policy: Policy | None = None

    def __post_init__(self) -> None:
        ranges: dict[str, tuple[float, float]] = {
            "days": (1, 36_525),
            "spread_shape": (1.001, 1e6),
            "confounding": (-20, 20),
            "noticed": (-20, 20),
            "unrecorded_share": (0, 0.5),
            "heaped_share": (0, 1),
            "taught": (0, 1),
        }
        for name in ("rate_shape", "rate_weeks", "amount_shape", "spread_scale"):
            ranges[name] = (1e-3, 1e6)
        for name in ("churn_concentration", "habit_concentration"):
            if getattr(self, name) is not None:
                ranges[name] = (1e-3, 1e9)
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not (isfinite(value) and low <= value <= high):
                raise InputError(f"{name} of the simulated world is {value:g}; expected {low:g} to {high:g}")
        if self.response_shape not in RESPONSE_SHAPES:
            raise unknown("response shape", self.response_shape, list(RESPONSE_SHAPES), "of the simulated world")
        try:
            np.datetime64(self.first_day, "D")
        except ValueError:
            raise InputError(
                f"first_day of the simulated world is '{self.first_day}'; expected a day such as 2024-01-01"
            ) from None

    def to_dict(self) -> dict[str, object]:
        """Return the options as plain data; of a second policy its name."""
        plain = {member.name: getattr(self, member.name) for member in fields(self)}
        second = None if self.second_policy is None else self.second_policy.name
        return plain | {"values": dict(self.values), "second_policy": second}


@dataclass(frozen=True)
class Agent:
    """Somebody who decides cases at a tier, with a style mix of their own.

    Attributes
    ----------
    name, tier
        What the log calls them, and the tier of the scenario at which they decide.
    shares
        (styles,) chances of each style of `value.STYLES`, 0 or more, adding up to 1.
    """

    name: str
    tier: str
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        fits = len(self.shares) == len(STYLES) and min(self.shares) >= 0 and abs(sum(self.shares) - 1) < 1e-9
        if not fits:
            raise InputError(
                f"style shares of agent '{self.name}' are {self.shares}; expected {len(STYLES)} numbers of 0 or more "
                f"that add up to 1 ({', '.join(STYLES)})"
            )

    def to_dict(self) -> dict[str, object]:
        """Return name, tier and the share of each style."""
        return {"name": self.name, "tier": self.tier, "shares": dict(zip(STYLES, self.shares, strict=True))}


@dataclass(frozen=True)
class Customers:
    """Customers of a simulated firm; every array is (customers,).

    Attributes
    ----------
    arrival
        Days from the beginning of the log to the first order.
    rate
        Orders a day while they stay.
    churn
        Chance to leave after an order without failure.
    gamma_rate
        nu: amounts are gamma-distributed with this rate, `World.amount_shape` and mean `mean_amount`.
    mean_amount
        Mean amount of an order, money.
    """

    arrival: Floats
    rate: Floats
    churn: Floats
    gamma_rate: Floats
    mean_amount: Floats


def draw_truth(scenario: Scenario, world: World, rng: np.random.Generator) -> tuple[Draws, tuple[str, ...]]:
    """Draw what is true: one draw of all assumptions, and the names of those that are not at their central values.

    Raises
    ------
    InputError
        If `World.values` names something that is no assumption, or a value that it cannot have.
    """
    drawn = [f"response.{name}" for name in DRAWN_SHARED]
    drawn += [f"{failure}.{name}" for failure in scenario.failures for name in DRAWN_PER_FAILURE]
    values = dict(zip(scenario.assumption_names, central(scenario).values[0], strict=True))
    # all are drawn, so that a value that is set leaves the others as they are
    values |= {name: float(scenario.assumption(name).quantile(rng.random(1))[0]) for name in drawn}
    if world.values:
        scenario.with_values(world.values)  # refuses what no scenario may hold
    changed = tuple(dict.fromkeys([*drawn, *world.values]))
    values |= world.values
    return Draws(scenario.assumption_names, np.array([list(values.values())])), changed


def draw_customers(world: World, scenario: Scenario, churn: float, count: int, rng: np.random.Generator) -> Customers:
    """Draw customers who arrive evenly over the span, `churn` being the true chance to leave after a good order."""
    rate = rng.gamma(world.rate_shape, 1 / (world.rate_weeks * DAYS_PER_WEEK), count)
    gamma_rate = rng.gamma(world.spread_shape, 1 / world.spread_scale, count)
    gamma_rate /= scenario.value("shop.sample_price_factor")
    concentration = world.churn_concentration
    own = np.full(count, churn)
    if concentration is not None and 0 < churn < 1:
        own = rng.beta(churn * concentration, (1 - churn) * concentration, count)
    return Customers(world.days * rng.random(count), rate, own, gamma_rate, world.amount_shape / gamma_rate)


def draw_agents(
    world: World, scenario: Scenario, tiers: Sequence[str], count: int, rng: np.random.Generator
) -> tuple[Agent, ...]:
    """Draw agents with habits: `count` at the first of some tiers, a third of those before at each further one."""
    if count < 1:
        raise InputError(f"number of agents is {count}; it must be 1 or more")
    agents = []
    for position, tier in enumerate(tiers):
        of_tier = max(1, count // 3**position)
        others = [scenario.value(f"{tier}.{style}_share") for style in STYLES[1:]]
        shares = np.array([1 - sum(others), *others])
        own = np.tile(shares, (of_tier, 1))
        if world.habit_concentration is not None:
            # who never does a thing has no habit of it
            own[:, shares > 0] = rng.dirichlet(world.habit_concentration * shares[shares > 0], of_tier)
        names = (f"{tier}-{number:0{len(str(of_tier))}d}" for number in range(1, of_tier + 1))
        agents += [Agent(name, tier, tuple(map(float, mix))) for name, mix in zip(names, own, strict=True)]
    return tuple(agents)


def future_value_after_order(customers: Customers, scenario: Scenario) -> Floats:
    """Return the expected discounted margin (customers,) of all orders after one that did not fail.

    Notes
    -----
    With margin share m, mean amount z, rate lambda, chance d0 to leave after an order, and delta = ln(1 + d) of the
    yearly discount rate d, per day as lambda is: the next order comes, discounted, with (1 - d0) lambda / (lambda +
    delta), and after it all is as before, so that the value is m z (1 - d0) lambda / (delta + d0 lambda). Failures to
    come are left out.
    """
    delta = np.log1p(scenario.value("shop.discount_rate_per_year")) / DAYS_PER_YEAR
    margin = scenario.value("shop.margin_share") * customers.mean_amount
    stays = (1 - customers.churn) * customers.rate
    return np.asarray(margin * stays / np.maximum(delta + customers.churn * customers.rate, np.finfo(float).tiny))
