"""One case: what agents may do in it, and the money on both sides.

In: a policy; a story that travels with the package, or facts of a case. Out: plain data for the page. Left to others:
which resolutions there are and what they are worth (`value`), drawing (`page/one_case.js`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from policy_sim.assumptions import Draws, Scenario
from policy_sim.border import unknown
from policy_sim.policy import Ladder, Policy
from policy_sim.service import read_cases
from policy_sim.show.wording import currency_content, format_money
from policy_sim.study import load_story, replay
from policy_sim.value import Payoffs, decide, value_cases
from policy_sim.words import LIMIT_KINDS, LIMITS

__all__ = ["case_content", "story_content"]

_FACTS = ("failure", "segment", "item_price", "future_value", "severity", "prior_purchases", "prior_claims")
_SHOWN = 4


def story_content(policy: Policy, name: str, draws: int) -> dict[str, Any]:
    """Return what a policy lets agents do in a story, with as many draws of the assumptions.

    Raises
    ------
    InputError
        If there is no such story, or the policy does not fit its scenario.
    """
    story = load_story(name)
    played = replay(story, draws=draws)
    titles: dict[int, str] = {}
    for option, content in story.options.items():
        titles.setdefault(played.resolution[option], content.title)
    fitting = _fitting(policy, played.payoffs.scenario)
    return {"words": story.told, **_content(fitting, played.payoffs, titles)}


def case_content(policy: Policy, facts: Mapping[str, Any], scenario: Scenario, draws: Draws) -> dict[str, Any]:
    """Return what a policy lets agents do in a case of the scenario, its facts given by their names.

    Raises
    ------
    InputError
        If a fact is unknown, missing or out of its range.
    """
    for name in facts:
        if name not in _FACTS:
            raise unknown("fact of a case", name, _FACTS)
    payoffs = value_cases(scenario, read_cases(pd.DataFrame([facts]), scenario), draws)
    currency = scenario.currency
    price, worth = float(payoffs.cases.item_price[0]), float(payoffs.cases.future_value[0])
    failure = str(facts["failure"]).replace("_", " ").capitalize()
    words = f"{failure}, {format_money(price, currency)}; the customer is worth {format_money(worth, currency)}."
    return {"words": words, **_content(policy, payoffs, {})}


def _fitting(policy: Policy, scenario: Scenario) -> Policy:
    """Return a policy without the exceptions that are for failures or segments of another scenario."""
    segments = {segment.name for segment in scenario.segments}
    exceptions = tuple(
        exception
        for exception in policy.exceptions
        if (exception.failure is None or exception.failure in scenario.failures)
        and exception.segment in (None, *segments)
    )
    fitting = policy.model_copy(update={"exceptions": exceptions})
    fitting.check_names(scenario, f"story of scenario '{scenario.name}'")
    return fitting


def _content(policy: Policy, payoffs: Payoffs, titles: Mapping[int, str]) -> dict[str, Any]:
    """Return who decides the only case, and what stands to be given: what is recommended, then the titled or best."""
    decision = decide(policy, payoffs).iloc[0]
    names = payoffs.menu.names[payoffs.cases.failure[0]]
    tier = payoffs.scenario.tiers.index(decision["tier"])
    shown = list(titles) or np.argsort(-payoffs.agent_view.payoff[tier, 0, : len(names)])[:_SHOWN].tolist()
    recommended = names.index(decision["recommended"])
    return {
        "currency": currency_content(payoffs.scenario.currency),
        "tier": decision["tier"],
        "is_first": policy.tier_names.index(decision["tier"]) == 0,
        "resolutions": [
            _resolution(policy, payoffs, row, tier, titles) | {"is_chosen": row == recommended}
            for row in dict.fromkeys([recommended, *shown])
        ],
    }


def _resolution(policy: Policy, payoffs: Payoffs, row: int, tier: int, titles: Mapping[int, str]) -> dict[str, Any]:
    """Return one row of the menu: what it costs and keeps (money), and which limits of the first tier it breaks."""
    cases, view = payoffs.cases, payoffs.agent_view
    cell = (cases.failures[cases.failure[0]], cases.segments[cases.segment[0]])
    lowest = Ladder(policy).limits_in_cents(*cell)[0]
    over = [LIMIT_KINDS[name].title.lower() for d, name in enumerate(LIMITS) if payoffs.uses[0, row, d] > lowest[d]]
    cost, net = float(view.cost[0, row]), float(view.payoff[tier, 0, row])
    name = payoffs.menu.names[cases.failure[0]][row]
    return {
        "title": titles.get(row) or name.replace("_", " ").replace(" + ", ", "),
        "cost": cost,
        "kept": net + cost,
        "net": net,
        "over": over,
        "is_adequate": bool(payoffs.adequate[0, row]),
    }
