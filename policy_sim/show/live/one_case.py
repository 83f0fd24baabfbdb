"""One case: what agents may do in it, and the money on both sides.

In: a policy; a story that travels with the package, or facts of a case. Out: plain data for the page. Left to others:
which resolutions there are and what they are worth (`value`), drawing (`page/one_case.js`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from policy_sim.assumptions import Draws, Scenario
from policy_sim.border import unknown
from policy_sim.currencies import amount_words
from policy_sim.policy import Playbook, PlaybookRule, Policy, playbook_rule_words, titles_of
from policy_sim.service import read_cases
from policy_sim.show.wording import currency_content, format_money
from policy_sim.study import Replay, load_story, replay
from policy_sim.value import Obstacle, Payoffs, book_of, chosen_alike, decide, obstacles_of, rules_of, value_cases
from policy_sim.words import ASKS, GUARDS, LIMIT_KINDS, RULE_FACTS

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
    played = _played(name, draws)
    story = played.story
    titles: dict[int, str] = {}
    for option, content in story.options.items():
        titles.setdefault(played.resolution[option], content.title)
    fitting = _fitting(policy, played.payoffs.scenario)
    return {"words": story.told, **_content(fitting, played.payoffs, titles)}


@lru_cache(maxsize=32)
def _played(name: str, draws: int) -> Replay:
    """Return a story with all that could have been done in it, valued; no policy has a say in that."""
    return replay(load_story(name), draws=draws)


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
    failure = scenario.failures[str(facts["failure"])].title
    words = f"{failure}, {format_money(price, currency)}; the customer is worth {format_money(worth, currency)}."
    return {"words": words, **_content(policy, payoffs, {})}


def _fitting(policy: Policy, scenario: Scenario) -> Policy:
    """Return a policy without exceptions and rules that are for failures or segments of another scenario."""
    segments = {segment.name for segment in scenario.segments}
    exceptions = tuple(
        exception
        for exception in policy.exceptions
        if (exception.failure is None or exception.failure in scenario.failures)
        and exception.segment in (None, *segments)
    )
    rules = tuple(rule for rule in (policy.playbook.rules if policy.playbook else ()) if _is_known(rule, scenario))
    playbook = Playbook(rules=rules) if rules else None
    fitting = policy.model_copy(update={"exceptions": exceptions, "playbook": playbook})
    fitting.check_names(scenario, f"story of scenario '{scenario.name}'")
    return fitting


def _is_known(rule: PlaybookRule, scenario: Scenario) -> bool:
    """Tell whether a scenario knows the failure of a rule and what it gives."""
    if rule.failure not in scenario.failures:
        return False
    return any(set(rule.give) == set(bundle) for bundle in scenario.resolutions(rule.failure))


def _content(policy: Policy, payoffs: Payoffs, titles: Mapping[int, str]) -> dict[str, Any]:
    """Return who decides the only case and why, and what stands to be given.

    That is what is recommended, then the titled or best, each with all that keeps it from being given.
    """
    decision = decide(policy, payoffs).iloc[0]
    scenario = payoffs.scenario
    tier = scenario.tiers.index(decision["tier"])
    place = policy.tier_names.index(decision["tier"])
    count = int(payoffs.menu.counts[payoffs.cases.failure[0]])
    shown = list(titles) or np.argsort(-payoffs.agent_view.payoff[tier, 0, :count])[:_SHOWN].tolist()
    recommended = payoffs.menu.names[payoffs.cases.failure[0]].index(decision["recommended"])
    rule, follows = "", False
    if policy.playbook is not None and int(rules_of(policy.playbook, payoffs)[0]) >= 0:
        told = policy.playbook.rules[int(rules_of(policy.playbook, payoffs)[0])]
        rule = playbook_rule_words(told, policy.currency, titles_of(scenario))
        said, (_, possible, _) = int(book_of(policy.playbook, payoffs)[0]), chosen_alike(policy, payoffs)
        follows = bool(possible[0])
        bundles = [set(bundle) for bundle in scenario.resolutions(told.failure)]
        recommended = said if follows else recommended
        # what a rule says that cannot be followed is shown with what stops it
        shown = [bundles.index(set(told.give)), *shown]
    starts_at = policy.tier_names.index(decision["starts_at"])
    because = ""
    if place > starts_at:
        below = " and ".join(f"the {name}’s" for name in policy.tier_names[starts_at:place])
        because = f"{below} limits allow nothing that the customer accepts"
    elif place > 0:
        because = _guard_words(policy, payoffs, decision["starts_at"])
    return {
        "currency": currency_content(scenario.currency),
        "tier": decision["tier"],
        "is_first": place == 0,
        "because": because,
        "rule": rule,
        "follows": follows,
        "resolutions": [
            _resolution(policy, payoffs, row, place, titles) | {"is_chosen": row == recommended}
            for row in dict.fromkeys([recommended, *shown])
        ],
    }


def _guard_words(policy: Policy, payoffs: Payoffs, starts_at: str) -> str:
    """Return why the only case goes straight to a tier: what the guards say that send it there."""
    caught = [
        guard
        for guard in policy.guards
        if guard.to == starts_at and payoffs.cases.columns[guard.fact][0] >= guard.at_least
    ]
    sentences = []
    for guard in caught:
        kind = GUARDS[guard.fact]
        value = amount_words(guard.at_least, policy.currency) if kind.unit == "money" else f"{guard.at_least:g}"
        sentences.append(kind.sentence.format(value).removesuffix("."))
    return "; ".join(sentences)


def _resolution(policy: Policy, payoffs: Payoffs, row: int, place: int, titles: Mapping[int, str]) -> dict[str, Any]:
    """Return one row of the menu: what it costs and keeps (money), and what keeps it from being given."""
    view, scenario = payoffs.agent_view, payoffs.scenario
    tier = scenario.tiers.index(policy.tier_names[place])
    cost, net = float(view.cost[0, row]), float(view.payoff[tier, 0, row])
    bundle = scenario.resolutions(payoffs.cases.failures[payoffs.cases.failure[0]])[row]
    words = scenario.resolution_words(bundle)
    return {
        "title": titles.get(row) or words,
        "words": words,
        "cost": cost,
        "kept": net + cost,
        "net": net,
        "stops": _stops(policy, payoffs, row, place),
    }


def _stops(policy: Policy, payoffs: Payoffs, row: int, place: int) -> list[str]:
    """Return in words what keeps a resolution from being given; limits of the highest tier that it is beyond alone."""
    obstacles = obstacles_of(policy, payoffs, 0, row, place)
    tiers = [obstacle.tier for obstacle in obstacles if obstacle.kind == "limit"]
    currency = policy.currency
    words = []
    for obstacle in obstacles:
        if obstacle.kind == "lacks":
            words.append(RULE_FACTS[obstacle.name].below)
        elif obstacle.kind == "late":
            words.append("would have had to be given before the customer asked")
        elif obstacle.kind == "owed":
            by, owed = (amount_words(amount, currency) for amount in (obstacle.by, obstacle.most))
            less = "nothing of" if by == owed else f"{by} less than"
            words.append(f"{less} the {owed} that the customer is owed")
        elif obstacle.kind == "asked":
            words.append(f"the customer {ASKS[obstacle.name].sentence}")
        elif obstacle.tier == tiers[-1]:
            words.append(_beyond(obstacle, currency))
    return words


def _beyond(obstacle: Obstacle, currency: str) -> str:
    title, by = LIMIT_KINDS[obstacle.name].title.lower(), amount_words(obstacle.by, currency)
    if obstacle.most < 0:
        return f"the {obstacle.tier} has to ask first ({title}, {by})"
    limit = amount_words(obstacle.most, currency)
    return f"{by} beyond the {obstacle.tier}’s limit of {limit} ({title})"
