"""Stories: accounts of service that saved a relationship, each replayed as one case of a scenario.

In: a story file with the facts, what the firm did, what it could have done instead, claims. Out: `Replay`, what each
option brings customer and firm. Left to others: figures and tables (`show`), what the scenarios assume.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from policy_sim.assumptions import Draws, Scenario, central, draw_assumptions, load_scenario
from policy_sim.border import Described, InputError, find_file, parse_model, plain_rows, read_yaml, shipped, unknown
from policy_sim.failures import ACTS
from policy_sim.policy import limit_content, load_policy
from policy_sim.service import read_cases
from policy_sim.value import Payoffs, interval, measure, measures_of, value_cases
from policy_sim.words import CASE_COLUMNS, COLUMNS, LIMITS, Name

__all__ = ["ENOUGH", "Claim", "KeepUntil", "Option", "Replay", "Story", "load_stories", "load_story", "replay"]

Floats = NDArray[np.float64]
Bundle = tuple[str, ...]

#: A claim holds where it is true in at least this share of the draws.
ENOUGH: Final = 0.8

#: Options that every story has: what the firm did, and nothing; and the one that is added to them.
_GIVEN, _NOTHING, _BEST = "given", "nothing", "best"

#: Facts of a case that may be others under an option, and those that a story may give.
_OTHER_FACTS = ["segment", "ask", *CASE_COLUMNS]
_FACTS = ["failure", *_OTHER_FACTS]

#: Item prices, as multiples of the story's, at which keeping the item is compared with sending it back.
_PRICES = np.geomspace(1 / 100, 100, 60)

#: Future values of the customer, as multiples of the story's, at which claims are checked.
_MULTIPLES = np.geomspace(1 / 100, 100, 2000)

Text = Annotated[str, Field(min_length=1, max_length=1200)]


class Option(Described):
    """Something that could have been done: a bundle of remedies, decided by a tier."""

    title: Text = Field(description="What people read.")
    remedies: tuple[str, ...] = Field(description="Variants of the scenario's remedies; [] for nothing.")
    tier: str = Field("agent", description="Who decides it.")
    case: Mapping[str, float | str] = Field(
        {}, description="Facts that would have been others then, such as the hours until somebody answers."
    )


class Claim(Described):
    """A statement in plain words, which is true where one option has a higher payoff than another."""

    says: Text = Field(description="The statement.")
    better: str = Field(description="An option of the story, or best: the best of the scenario's own menu.")
    worse: str = Field(description="Another one.")


class Story(Described):
    """An account of service as one case of a scenario."""

    name: Name = Field(description="By which commands name it; as its file is called.")
    title: Text = Field(description="What people read.")
    scenario: str = Field(description="The scenario that it is a case of: a name, or a file.")
    told: Text = Field(description="The account, retold.")
    left_out: Text = Field(description="What of it the model does not know.")
    beyond_limits: Annotated[str, Field(max_length=1200)] = Field(
        "",
        description="Why the limits that are best for the scenario would not have let the agent do it without asking; "
        "empty where they would, or others that are as good.",
    )
    case: Mapping[str, float | str] = Field(
        description="Facts by the names of columns of a case, failure and item_price at least; what is left out is "
        "filled from the scenario."
    )
    options: Mapping[Name, Option] = Field(
        description="By name what could be done: given (what the firm did), nothing, and what else there was."
    )
    claims: Annotated[tuple[Claim, ...], Field(min_length=1)] = Field(
        description="What is said of the options, to be held against the model."
    )

    @model_validator(mode="after")
    def _fits_its_scenario(self) -> Self:
        try:
            scenario = load_scenario(self.scenario)
        except InputError as error:
            raise ValueError(f"{error}, at scenario") from None
        self._check_facts(scenario, self.case, _FACTS, "case")
        self._check_options(scenario)
        self._check_claims()
        return self

    def _check_facts(self, scenario: Scenario, facts: Mapping[str, float | str], known: list[str], place: str) -> None:
        for name in facts:
            if name not in known:
                raise unknown("column of a case", name, known, place)
        read_cases(pd.DataFrame([{**self.case, **facts}]), scenario)

    def _check_options(self, scenario: Scenario) -> None:
        for name in (_GIVEN, _NOTHING):
            if name not in self.options:
                names = ", ".join(self.options) or "none"
                raise ValueError(f"options have no '{name}'; found: {names}; every story is measured by it, add it")
        if _BEST in self.options:
            raise ValueError(f"an option is named '{_BEST}', which stands for the best of the menu; rename it")
        variants = list(scenario.remedy_of_variant)
        for name, option in self.options.items():
            if option.tier not in scenario.tiers:
                raise unknown("tier", option.tier, scenario.tiers, f"options.{name}.tier")
            for variant in option.remedies:
                if variant not in variants:
                    raise unknown("remedy", variant, variants, f"options.{name}.remedies")
            self._check_facts(scenario, option.case, _OTHER_FACTS, f"options.{name}.case")

    def _check_claims(self) -> None:
        for position, claim in enumerate(self.claims):
            for option in (claim.better, claim.worse):
                if option not in (*self.options, _BEST):
                    raise unknown("option", option, [*self.options, _BEST], f"claims[{position}]")


def load_story(story: str | Path) -> Story:
    """Read a story: the path of a file, or the name of one that travels with the package.

    Raises
    ------
    InputError
        If the file is missing or anything in it does not fit its scenario; the message names the place.
    """
    path = find_file("story", story, "data/stories", ".yaml")
    return parse_model(Story, read_yaml(path), path.name)


def load_stories() -> list[Story]:
    """Read every story that travels with the package, by name."""
    return [load_story(file) for file in sorted(shipped("data/stories").glob("*.yaml"))]


@dataclass(frozen=True)
class KeepUntil:
    """What the firm did, with the item kept against with the item sent back, at other item prices.

    Attributes
    ----------
    prices
        (prices,) money, rising evenly on a log scale.
    central
        (prices,) payoff of keeping minus payoff of sending back under the central assumptions, money.
    gains
        (prices, draws) the same under each draw.
    """

    prices: Floats
    central: Floats
    gains: Floats

    @property
    def limit(self) -> float:
        """The item price at which keeping stops beating sending back under the central assumptions (money)."""
        return float(_crossing(self.prices, self.central[:, None])[0])

    @property
    def likely(self) -> tuple[float, float]:
        """The range that holds 90 % of the draws of that price (money); 0 or infinity past all prices."""
        low, high = np.quantile(_crossing(self.prices, self.gains), [0.05, 0.95], method="inverted_cdf")
        return float(low), float(high)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each price: item_price, gain_central, gain_mean (of the draws); money."""
        columns = {"item_price": self.prices, "gain_central": self.central, "gain_mean": self.gains.mean(axis=1)}
        return pd.DataFrame(columns)

    def to_dict(self) -> dict[str, object]:
        """Return the price up to which keeping pays, and the range that holds 90 % of its draws, as limits in files."""
        return {
            "item_price": limit_content(self.limit),
            "item_price_low": limit_content(self.likely[0]),
            "item_price_high": limit_content(self.likely[1]),
        }


@dataclass(frozen=True)
class Replay:
    """What each option of a story would have brought, for each draw of the assumptions.

    Attributes
    ----------
    story
        What is replayed.
    payoffs
        Its case, valued with the options and the resolutions that the scenario has for the failure; then the same case
        with the facts of those options that have facts of their own.
    options
        Those of the story and "best": what an agent without limits would choose from the scenario's own menu.
    row, resolution
        By the option's name: the case of the payoffs that it is about, and the position of its bundle among the
        resolutions of the payoffs.
    measures
        (options, measures, draws) of `words.MEASURES`.
    asking
        (tiers, draws) payoff of the option `given` if it is decided by each tier, money.
    keep
        Up to which item price keeping the item pays; None where the customer did not keep it.
    seed
        Of the draws.
    """

    story: Story
    payoffs: Payoffs
    options: Mapping[str, Option]
    row: Mapping[str, int]
    resolution: Mapping[str, int]
    measures: Floats
    asking: Floats
    keep: KeepUntil | None
    seed: int = 0

    @property
    def currency(self) -> str:
        """The scenario's currency."""
        return self.payoffs.scenario.currency

    @property
    def keep_until(self) -> float | None:
        """Item price at which keeping stops beating sending back, under the central assumptions (money)."""
        return None if self.keep is None else self.keep.limit

    @property
    def limits_needed(self) -> dict[str, float]:
        """The limits that an agent would have needed to decide the option `given` without asking (money)."""
        used = self.payoffs.uses[self.row[_GIVEN], self.resolution[_GIVEN]]
        return {name: cents / 100 for name, cents in zip(LIMITS, used.tolist(), strict=True) if cents >= 0}

    @property
    def cost_of_asking(self) -> pd.DataFrame:
        """The option `given`, decided by each tier: one row per tier.

        Columns: tier; hours until the customer has it; payoff and against_agent (payoff minus that of the first tier),
        money, each with its 90 % interval.
        """
        rows = []
        for tier, payoff in zip(self.payoffs.scenario.tiers, self.asking, strict=True):
            hours = self._hours(_GIVEN, tier)
            rows.append({"tier": tier, "hours": hours} | _with_interval("payoff", payoff))
            rows[-1] |= _with_interval("against_agent", payoff - self.asking[0])
        return pd.DataFrame(rows)

    @property
    def claims(self) -> pd.DataFrame:
        """One row per claim: in which share of the draws it is true, and whether it holds.

        Columns: says, better, worse; share (0-1 of the draws); ahead (payoff of better minus that of worse, money, with
        its 90 % interval); holds; holds_from and holds_to, the future values of the customer between which it holds
        (money; 0 to infinity: at any, 0 to 0: at none; "best" stays what is best at the story's).
        """
        rows = []
        for claim in self.story.claims:
            ahead = self.payoff(claim.better) - self.payoff(claim.worse)
            share = float((ahead > 0).mean())
            row = claim.model_dump() | {"share": share} | _with_interval("ahead", ahead) | {"holds": share >= ENOUGH}
            rows.append(row | self._holds_between(claim))
        return pd.DataFrame(rows)

    def payoff(self, option: str) -> Floats:
        """Return the payoff of an option (draws,), money."""
        if option not in self.options:
            raise unknown("option", option, list(self.options), f"story {self.story.name}")
        return measure(self.measures[list(self.options).index(option)], "net_value")

    def to_frame(self) -> pd.DataFrame:
        """Return one row per option; money is a mean over the draws.

        Columns: option, title, remedies (in words), tier, adequate (whether the customer gets at least the entitlement,
        and nothing is proactive if they have come already); worth and trouble to the customer (money) and hours until
        the last remedy has arrived, under the central assumptions; chance_kept (0-1); remedy_cost, labour,
        learned_claiming, retained, payoff, against_given, against_nothing (money, the last three with their 90 %
        intervals); and beats_given, the share of draws with a higher payoff than the option `given`.
        """
        scenario, menu = self.payoffs.scenario, self.payoffs.menu
        money = self.payoffs.cases.money_columns() * self.payoffs.cases.column_factors(central(scenario))[:, 0]
        rows = []
        for position, (name, option) in enumerate(self.options.items()):
            i, a = self.row[name], self.resolution[name]
            sums, payoff = self.measures[position], self.payoff(name)
            row: dict[str, object] = {
                "option": name,
                "title": option.title,
                "remedies": "; ".join(_words(scenario, variant) for variant in option.remedies) or "nothing",
                "tier": option.tier,
                "adequate": bool(self.payoffs.adequate[i, a]),
                "worth": float(money[i] @ menu.worth[0, a, :, 0]),
                "trouble": float(money[i] @ menu.trouble[0, a, :, 0]),
                "hours": self._hours(name, option.tier),
                "chance_kept": float(measure(sums, "customers_kept").mean()),
            }
            for outcome in ("remedy_cost", "labour", "learned_claiming", "retained"):
                row[outcome] = float(measure(sums, outcome).mean())
            row |= _with_interval("payoff", payoff)
            row |= _with_interval("against_given", payoff - self.payoff(_GIVEN))
            row |= _with_interval("against_nothing", payoff - self.payoff(_NOTHING))
            rows.append(row | {"beats_given": float((payoff > self.payoff(_GIVEN)).mean())})
        return pd.DataFrame(rows)

    def _holds_between(self, claim: Claim) -> dict[str, float]:
        """Return the future values (money) between which a claim holds: what is retained is proportional to them."""
        better, worse = (self.measures[list(self.options).index(name)] for name in (claim.better, claim.worse))
        retained = measure(better, "retained") - measure(worse, "retained")
        spent = retained - (self.payoff(claim.better) - self.payoff(claim.worse))
        holding = ((_MULTIPLES[:, None] * retained > spent).mean(axis=1) >= ENOUGH).nonzero()[0]
        if holding.size == 0:
            return {"holds_from": 0.0, "holds_to": 0.0}
        value = float(self.story.case["future_value"])
        low = 0.0 if holding[0] == 0 else value * float(_MULTIPLES[holding[0]])
        high = np.inf if holding[-1] == len(_MULTIPLES) - 1 else value * float(_MULTIPLES[holding[-1]])
        return {"holds_from": low, "holds_to": high}

    def _hours(self, option: str, tier: str) -> float:
        """Return the hours from the failure until the last remedy of an option has arrived, if a tier decides it.

        They are those of the central assumptions.
        """
        menu, resolution = self.payoffs.menu, self.resolution[option]
        open_for = 0.0 if menu.proactive[0, resolution] else float(self.payoffs.cases.hours_open[self.row[option]])
        waiting = self.payoffs.scenario.value(f"{tier}.wait_hours")
        return open_for + waiting + float(menu.acts[0, resolution, ACTS.index("lead_hours"), 0])

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain data."""
        story = self.story
        claims = [row | {"holds_to": limit_content(row["holds_to"])} for row in self.claims.to_dict("records")]
        return {
            "story": story.name,
            "title": story.title,
            "scenario": story.scenario,
            "scenario_fingerprint": self.payoffs.scenario.fingerprint,
            "currency": self.currency,
            "draws": len(self.payoffs.draws),
            "seed": self.seed,
            "told": story.told,
            "left_out": story.left_out,
            "beyond_limits": story.beyond_limits,
            "case": dict(story.case),
            "options": plain_rows(self.to_frame()),
            "limits_needed": self.limits_needed,
            "cost_of_asking": plain_rows(self.cost_of_asking),
            "claims": claims,
            "keep_until": None if self.keep is None else self.keep.to_dict(),
        }


def replay(story: Story, draws: int = 500, seed: int = 0) -> Replay:
    """Value every option of a story, and every resolution that the scenario has, for its case.

    Parameters
    ----------
    story
        Facts, options and claims.
    draws
        Joint draws of the scenario's assumptions, 1 or more.
    seed
        The same seed gives the same draws.

    Raises
    ------
    InputError
        If a number is too small, or no resolution gives the customer what they must get.
    """
    whole = load_scenario(story.scenario)
    sampled = draw_assumptions(whole, draws, seed)
    own = whole.resolutions(str(story.case["failure"]))
    bundles = list(dict.fromkeys([*(option.remedies for option in story.options.values()), *own]))
    facts = [{**story.case, **option.case} for option in story.options.values()]
    distinct = [dict(story.case)]
    distinct += [other for position, other in enumerate(facts) if other not in (distinct + facts[:position])]
    payoffs = _valued(whole, pd.DataFrame(distinct), bundles, sampled)
    tiers = whole.tiers
    menu = np.array([bundles.index(bundle) for bundle in own])
    allowed = menu[payoffs.adequate[0, menu]]
    best = bundles[allowed[np.argmax(payoffs.agent_view.payoff[0, 0, allowed])]]
    options = dict(story.options) | {_BEST: Option(title="The best of the menu", remedies=best, tier=tiers[0])}
    row = {name: distinct.index({**story.case, **option.case}) for name, option in options.items()}
    resolution = {name: bundles.index(option.remedies) for name, option in options.items()}
    decided = [(resolution[name], tiers.index(option.tier)) for name, option in options.items()]
    decided += [(resolution[_GIVEN], k) for k in range(len(tiers))]
    case = np.array([*row.values(), *[row[_GIVEN]] * len(tiers)], dtype=np.int64)
    measures = _scored(payoffs, case, np.array(decided))
    asking = measure(measures[len(options) :], "net_value")
    keep = _keep(story, whole, sampled)
    return Replay(story, payoffs, options, row, resolution, measures[: len(options)], asking, keep, seed)


def _valued(scenario: Scenario, table: pd.DataFrame, bundles: list[Bundle], draws: Draws) -> Payoffs:
    """Value cases of one failure whose only resolutions are some bundles of remedies."""
    failure = str(table["failure"].iloc[0])
    only = scenario.failures[failure].model_copy(update={"resolutions": {"bundle": tuple(bundles)}})
    narrowed = scenario.model_copy(update={"failures": {failure: only}, "rules": ()})
    return value_cases(narrowed, read_cases(table, narrowed), draws)


def _scored(payoffs: Payoffs, case: NDArray[np.int64], decided: NDArray[np.int64]) -> Floats:
    """Return (rows, measures, draws): measures of cases under resolutions at tiers, which `decided` (rows, 2) holds."""
    # a column of a table lies in memory otherwise than an array of its own: the loop would be compiled once more for it
    resolution, tier = np.ascontiguousarray(decided.T)
    return measures_of(load_policy("ask_first", payoffs.scenario), payoffs, case, resolution, tier)


def _keep(story: Story, scenario: Scenario, draws: Draws) -> KeepUntil | None:
    """Compare keeping with sending back at many item prices; columns that are filled from the price move with it."""
    described = {variant: scenario.remedies[name] for variant, name in scenario.remedy_of_variant.items()}
    keeping = story.options[_GIVEN].remedies
    sent_back = next((variant for variant, remedy in described.items() if remedy.brings_item_back), None)
    if sent_back is None or not any(described[variant].waives_return for variant in keeping):
        return None
    returning = tuple(sent_back if described[variant].waives_return else variant for variant in keeping)
    prices = max(float(story.case["item_price"]), 1.0) * _PRICES
    stay = {name: value for name, value in story.case.items() if name not in COLUMNS}
    table = pd.DataFrame([stay | {"item_price": price} for price in prices])
    decided = np.tile([[0, 0], [1, 0]], (len(prices), 1))
    case = np.repeat(np.arange(len(prices)), 2)

    def gains(under: Draws) -> Floats:
        payoffs = _valued(scenario, table, [keeping, returning], under)
        net_value = measure(_scored(payoffs, case, decided), "net_value")
        return net_value[0::2] - net_value[1::2]

    return KeepUntil(prices, gains(central(scenario))[:, 0], gains(draws))


def _crossing(prices: Floats, gains: Floats) -> Floats:
    """Return (draws,) the first price at which gains (prices, draws) are not above 0.

    0 where that is the lowest price, infinity where there is none.
    """
    ended = gains <= 0
    after = np.argmax(ended, axis=0)
    draw = np.arange(gains.shape[1])
    high, low = gains[np.maximum(after - 1, 0), draw], gains[after, draw]
    step = np.log(prices[1] / prices[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        between = prices[after] * np.exp(-step * low / (low - high))
    return np.where(ended.any(axis=0), np.where(after == 0, 0.0, between), np.inf)


def _with_interval(name: str, values: Floats) -> dict[str, object]:
    """Return the mean of values (draws,) under a name, and their 90 % interval under the name with _low and _high."""
    low, high = interval(values)
    return {name: float(values.mean()), f"{name}_low": low, f"{name}_high": high}


def _words(scenario: Scenario, variant: str) -> str:
    """Return a variant of a remedy in words: its title, and how much."""
    name = scenario.remedy_of_variant[variant]
    remedy, position = scenario.remedies[name], scenario.variants(name).index(variant)
    if remedy.amounts:
        return f"{remedy.title}, {remedy.amounts[position]:g} {scenario.currency}"
    if remedy.shares_of_price:
        return f"{remedy.title}, {100 * remedy.shares_of_price[position]:g} %"
    return remedy.title
