"""Chain: how a number on a tile comes about, from orders to money, step by step down to what is assumed.

In: what the policy in hand and the one it is compared with bring. Out: plain data: steps with their numbers, how each
follows from the one before, what it rests on. Left to others: how it looks (`page/chain_dialog.js`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from policy_sim.assumptions import Scenario
from policy_sim.show.assumption_words import assumption_unit, assumption_value, range_words, sentence_words
from policy_sim.show.wording import (
    NOT_TOLD_APART,
    TOO_FEW,
    TRUSTS,
    format_money,
    format_number,
    format_share,
    likely_words,
)
from policy_sim.value import Difference, Outcome, compare, measure
from policy_sim.words import OUTCOMES, PARTS, TILES

__all__ = ["chain_content"]

_VALUE, _FAILURES = "net_value", "failures"


@dataclass(frozen=True)
class _Step:
    """A number a year that is the number of another step times a factor.

    Attributes
    ----------
    name
        Of the step; that of an outcome where it is one.
    links
        Steps that bear on it, for the picture.
    of
        The step that is multiplied; none where it begins the chain.
    factor, unit
        What it is multiplied by, in words, and what that is counted in: share, money, count.
    why
        What the factor hangs on, in a sentence.
    rests_on
        Patterns of the names of assumptions.
    place
        Column and row in the picture.
    title
        What it is called, where it is no outcome.
    """

    name: str
    links: tuple[str, ...]
    of: str | None
    factor: str
    unit: str
    why: str
    rests_on: tuple[str, ...]
    place: tuple[int, int]
    title: str = ""


_STEPS = (
    _Step(
        *("orders", (), None, "", "count"),
        "So many orders lead to the cases of a year, at the share of orders that go wrong.",
        ("shop.cases_per_year", "cases.failures_per_order", "shop.sample_price_factor", "cases.first_order_share"),
        (0, 0),
        "Orders",
    ),
    _Step(
        *(_FAILURES, ("orders",), "orders", "share of orders that go wrong", "share"),
        "What goes wrong, how badly, how often to the same customer: the cases are drawn so.",
        ("shop.cases_per_year", "cases.*", "*.share_of_cases", "*.out_of_stock_share", "*.loss_share"),
        (1, 0),
        "Failures",
    ),
    _Step(
        *("told", (_FAILURES,), _FAILURES, "share of customers who tell us", "share"),
        "The others get nothing, unless somebody writes to them first.",
        ("*.surfaces_share",),
        (2, 0),
        "Customers who complain",
    ),
    _Step(
        *("escalated", ("told",), _FAILURES, "share that a supervisor decides", "share"),
        "The lowest tier decides that may give what the customer accepts; what guards catch starts higher.",
        ("*.entitlement", "*.asks_*_share", "cases.insists_share", "cases.firmness_*", "cases.suspicious_share"),
        (3, 0),
        "Decided by a supervisor",
    ),
    _Step(
        *("remedy_cost", ("told", "escalated"), _FAILURES, "cost of what is given, mean of all failures", "money"),
        "What is given is chosen by whoever decides, within the limits and rules; its cost is ours, not its price.",
        ("shop.*_cost", "shop.*_share", "*.generous_share", "*.thrifty_share", "playbook.*", "remedy.*"),
        (1, 1),
    ),
    _Step(
        *("customers_kept", ("remedy_cost",), _FAILURES, "share of their customers who stay", "share"),
        "Whether they stay hangs on what they are given for what they lost, how long it takes, and how it is done.",
        ("response.*", "*.churn_without_remedy", "*.compensation_weight", "*.gesture_weight", "*.wait_hours",
         "*.live_wait_hours", "*.lost_contact_share", "queue.*", "remedy.*"),
        (0, 1),
    ),
    _Step(
        *("learned_claiming", ("remedy_cost",), _FAILURES, "lost to extra claims, mean of all failures"),
        "money",
        "What is given gets round, the more the more it gains; guards stop a part of it.",
        ("claiming.*",),
        (2, 1),
    ),
    _Step(
        *("minutes", ("escalated",), _FAILURES, "minutes of all who work on it, mean of all failures", "count"),
        "Each tier takes its time, and each remedy some more.",
        ("*.minutes", "remedy.*"),
        (3, 1),
        "Minutes of work",
    ),
    _Step(
        *("retained", ("customers_kept",), "customers_kept", "worth of a customer who stays", "money"),
        "Margin of what they buy from now on, discounted; those who leave keep others away, and talk brings some.",
        ("shop.margin_share", "shop.discount_rate_per_year", "shop.future_value_factor", "*.spend_drop",
         "response.deterred_per_lost", "response.gained_per_delighted", "response.paradox"),
        (0, 2),
    ),
    _Step(
        *("labour", ("minutes",), "minutes", "cost of a minute", "money"),
        "By the hour of whoever works on it.",
        ("*.cost_per_minute", "playbook.*"),
        (3, 2),
    ),
)  # fmt: skip


def chain_content(mine: Outcome, base: Outcome) -> dict[str, Any]:
    """Return how every number on the tiles comes about.

    Parameters
    ----------
    mine, base
        What two policies bring on the same cases and draws.

    Returns
    -------
    dict
        policy, baseline: titles; steps: each with name, title, links, place (column, row), unit, mine and base (numbers
        a year, means over the draws), their words, formula and worked (the same with numbers of both), factor (title,
        unit, mine and base: `of` times factor is the step), why, rests_on (names of assumptions); the last one is net
        value, with parts (names and signs) in place of a factor. outcomes: by tile summary, how far the two are apart,
        and failures, how the number of a year splits over them. assumptions: by name title, value, sentence, range,
        source and trust in words.
    """
    scenario, difference = mine.payoffs.scenario, compare(mine, base)
    steps = _steps(mine, base)
    used = {name for step in steps for name in step["rests_on"]}
    return {
        "policy": mine.policy.title,
        "baseline": base.policy.title,
        "is_compared": mine.policy != base.policy,
        "steps": steps,
        "outcomes": {
            name: {"summary": _summary(name, difference), "failures": _by_failure(name, mine, base)} for name in TILES
        },
        "assumptions": {name: _assumption(name, scenario) for name in scenario.assumption_names if name in used},
    }


_MONEY = tuple(name for name, outcome in OUTCOMES.items() if outcome.unit == "money")


def _summary(name: str, difference: Difference) -> str:
    """Say how far the number of a year is from that of the baseline, and how sure that is."""
    unit = "money" if name in _MONEY else "count"
    tell = _telling(unit, difference.outcome.payoffs.scenario, signed=True)
    likely = likely_words(difference, name, tell, is_yearly=True)
    doubt = "" if likely in (TOO_FEW, NOT_TOLD_APART) else "likely "
    return f"{tell(float(difference.per_year(name).mean()))}, {doubt}{likely}"


def _every_step() -> tuple[_Step, ...]:
    """Return the steps, and one for each further outcome that has a tile."""
    known = {step.name for step in _STEPS}
    others = [name for name in TILES if name not in known and name != _VALUE]
    added = [
        _Step(
            *(name, ("escalated",), _FAILURES, "mean of all failures", "money" if name in _MONEY else "count"),
            *("Added up over all cases.", (), (1 + k % 2, 2 + 2 * (k // 2))),
        )
        for k, name in enumerate(others)
    ]
    return (*_STEPS, *added)


def _steps(mine: Outcome, base: Outcome) -> list[dict[str, Any]]:
    scenario = mine.payoffs.scenario
    numbers = [_numbers(outcome) for outcome in (mine, base)]
    titles = {step.name: step.title or OUTCOMES[step.name].title for step in _every_step()}
    rows = [_row(step, titles, numbers, scenario) for step in _every_step() if step.name in numbers[0]]
    there = {row["name"] for row in rows}
    for row in rows:
        row["links"] = [name for name in row["links"] if name in there]
    tell = _telling("money", scenario)
    parts = [{"name": name, "sign": sign} for name, sign in PARTS.items()]
    said = "".join(f" {'+' if sign > 0 else '−'} {titles[name].lower()}" for name, sign in PARTS.items())
    worked = [
        "".join(f" {'+' if sign > 0 else '−'} {tell(own[name])}" for name, sign in PARTS.items()) for own in numbers
    ]
    net = [float(outcome.per_year(_VALUE).mean()) for outcome in (mine, base)]
    last = {
        "name": _VALUE,
        "title": OUTCOMES[_VALUE].title,
        "links": [name for name in PARTS if name in there],
        "place": [1.5, 3],
        "parts": parts,
        "factor": None,
        "formula": said.removeprefix(" + "),
        "worked": [words.removeprefix(" + ") for words in worked],
        "why": "What customers who stay are worth, less all that it took to keep them.",
        "rests_on": [],
    }
    return [*rows, last | _both("money", net, tell)]


def _numbers(outcome: Outcome) -> dict[str, float]:
    """Return the number of each step a year, by name."""
    scenario = outcome.payoffs.scenario
    yearly, failing = outcome.cases_per_year, scenario.value("cases.failures_per_order")
    numbers = {} if failing == 0 else {"orders": yearly / failing}
    numbers |= {_FAILURES: yearly, "told": yearly * float(outcome.payoffs.cases.surfaces.mean())}
    own = [step.name for step in _every_step() if step.name in OUTCOMES]
    return numbers | {name: float(outcome.per_year(name).mean()) for name in own}


def _row(step: _Step, titles: dict[str, str], numbers: list[dict[str, float]], scenario: Scenario) -> dict[str, Any]:
    unit = "money" if step.name in _MONEY else "count"
    tell, tell_factor = _telling(unit, scenario), _telling(step.unit, scenario)
    row: dict[str, Any] = {
        "name": step.name,
        "title": titles[step.name],
        "links": list(step.links),
        "place": list(step.place),
        "factor": None,
        "formula": "",
        "worked": [],
        "why": step.why,
        "rests_on": [name for name in scenario.assumption_names if _is_any(name, step.rests_on)],
    } | _both(unit, [own[step.name] for own in numbers], tell)
    if step.of is None or step.of not in numbers[0]:
        return row
    of = step.of
    factors = [own[step.name] / own[of] if own[of] else 0.0 for own in numbers]
    tell_of = _telling("money" if of in _MONEY else "count", scenario)
    return row | {
        "factor": {"of": of, "title": step.factor} | _both(step.unit, factors, tell_factor),
        "formula": f"{titles[of].lower()} × {step.factor}",
        "worked": [f"{tell_of(own[of])} × {tell_factor(factor)}" for own, factor in zip(numbers, factors, strict=True)],
    }


def _both(unit: str, values: list[float], tell: Callable[[float], str]) -> dict[str, Any]:
    mine, base = values
    return {"unit": unit, "mine": mine, "base": base, "mine_words": tell(mine), "base_words": tell(base)}


def _telling(unit: str, scenario: Scenario, signed: bool = False) -> Callable[[float], str]:
    """Return what writes a number of a unit in words."""
    if unit == "money":
        return lambda value: format_money(value, scenario.currency, signed)
    write = format_share if unit == "share" else format_number
    return lambda value: write(value, signed)


def _by_failure(name: str, mine: Outcome, base: Outcome) -> list[dict[str, Any]]:
    """Return how the number of a year splits over failures: cases, and what each brings under both policies."""
    scenario = mine.payoffs.scenario
    tell = _telling("money" if name in _MONEY else "count", scenario)
    a_year = mine.cases_per_year / mine.counts.sum()
    rows = []
    for f, failure in enumerate(scenario.failures.values()):
        values = [float(measure(outcome.sums[f].sum(axis=0), name).mean()) * a_year for outcome in (mine, base)]
        cases = float(mine.counts[f].sum()) * a_year
        title = f"{failure.title[:1].upper()}{failure.title[1:]}"
        row = {"title": title, "cases": cases, "cases_words": format_number(cases)}
        rows.append(row | _both("", values, tell))
    return sorted(rows, key=lambda row: -abs(row["mine"] - row["base"]) - 1e-9 * abs(row["mine"]))


def _is_any(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _assumption(name: str, scenario: Scenario) -> dict[str, str]:
    assumption = scenario.assumption(name)
    mark, trust = TRUSTS[assumption.trust]
    value = f"{assumption_value(assumption.value, assumption.unit)} {assumption_unit(assumption.unit)}".strip()
    return {
        "title": scenario.title_of(name),
        "value": value,
        "sentence": sentence_words(scenario, name),
        "range": "" if assumption.distribution == "chosen" else range_words(scenario, name),
        "source": assumption.source,
        "trust": f"{mark} {trust}",
    }
