"""Frame: what the page is told once, whatever the limits are: its words, its policies, numbers of the setting.

In: a panel. Out: plain data with every title, unit, direction and sentence that the page shows of a limit or an
outcome; the page knows none of them by name. Left to others: what changes as limits move (`state`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from policy_sim import __version__
from policy_sim.assumptions import Scenario
from policy_sim.currencies import AMOUNTS_A_YEAR
from policy_sim.policy import Policy, limit_content, limit_words, plain_guard
from policy_sim.show.live.answer import answer_content
from policy_sim.show.live.guidance import FOLLOWED, menu_rows, playbook_content
from policy_sim.show.live.state import FOUND, SHOWN, SPEND, VALUE, Panel
from policy_sim.show.wording import currency_content, year_words
from policy_sim.words import CASE_COLUMNS, LIMIT_KINDS, OUTCOMES, PARTS, TILES

__all__ = ["frame_content", "general_limits", "lever_rows", "preset_rows"]

#: Outcomes beside net value in the table of a curve.
_CURVE_COLUMNS = (SPEND, "escalated")

#: What is asked of a case of one's own: title, and what stands in the field at first.
_CASE_FORM: Mapping[str, tuple[str, float]] = {
    "item_price": ("Item price", 30),
    "future_value": ("What the customer is worth", 150),
    "severity": ("How bad, 0 to 1", 0.5),
    "prior_claims": ("Claims in 12 months", 0),
}
#: How numbers are typed, by the unit of their column.
_FIELDS: Mapping[str, Mapping[str, float | str]] = {
    "money": {"min": 0, "step": "any"},
    "share": {"min": 0, "max": 1, "step": 0.1},
    "count": {"min": 0, "step": 1},
}


def frame_content(panel: Panel) -> dict[str, Any]:
    """Return what the screen shows whatever the limits are, as plain data.

    answer: what should be instead, as `answer.answer_content`, None where it is being worked out;
    levers: limits with title, axis, what they let agents do, the end of the axis, and where the slider can stand;
    budgets: the least and the most that a budget may be (money a year);
    menus: what can be given for each failure; followed: the assumption that says how many follow;
    outcomes: title, unit, sign in net value, direction, whether it adds up over a month or year, and a note; value,
    spend, tiles, parts, curve_columns: which outcomes stand where; base: outcomes per case of the policy in force.
    """
    scenario, policy = panel.setting.scenario, panel.approved
    in_force = panel.outcome_of(policy)
    return {
        "scenario": scenario.title,
        "scenario_fingerprint": scenario.fingerprint,
        "version": __version__,
        "currency": currency_content(policy.currency),
        "budgets": list(AMOUNTS_A_YEAR),
        "cases_per_year": scenario.value("shop.cases_per_year"),
        "year": year_words(panel.payoffs),
        "cases": len(panel.payoffs.cases),
        "draws": len(panel.payoffs.draws),
        "seed": panel.setting.seed,
        "tiers": list(policy.tier_names),
        "levers": lever_rows(panel),
        "hand": {"tier": panel.first_hand.tier, "limit": panel.first_hand.limit},
        "limits": general_limits(panel.policy, panel),
        "playbook": playbook_content(panel.policy.playbook),
        "menus": menu_rows(scenario),
        "followed": FOLLOWED,
        "approved": panel.approved.name,
        "presets": preset_rows(panel),
        "points": panel.points(),
        "answer": answer_content(panel.answer) if panel.answer else None,
        "outcomes": {name: _outcome_words(name) for name in SHOWN},
        "value": VALUE,
        "spend": SPEND,
        "tiles": list(TILES),
        "parts": list(PARTS),
        "curve_columns": list(_CURVE_COLUMNS),
        "base": {name: float(in_force.per_case(name).mean()) for name in SHOWN},
        "exceptions": [_exception_words(policy, k, scenario) for k in range(len(policy.exceptions))],
        "guards": [_capital(plain_guard(guard, policy.currency)) for guard in policy.guards],
        "stories": panel.stories(),
        "case_fields": _case_fields(scenario, policy.currency),
    }


def lever_rows(panel: Panel) -> list[dict[str, Any]]:
    """Return the limits on screen with their words and where their sliders can stand (money)."""
    return [
        {
            "tier": lever.tier,
            "limit": lever.limit,
            "title": LIMIT_KINDS[lever.limit].title,
            "axis": LIMIT_KINDS[lever.limit].axis,
            "does": LIMIT_KINDS[lever.limit].sentence.removesuffix(" up to"),
            "top": panel.top(lever),
            "stops": panel.stops(lever).tolist(),
        }
        for lever in panel.levers
    ]


def preset_rows(panel: Panel) -> list[dict[str, Any]]:
    """Return the policies that one may go to: name, title, limits, playbook, and whether a search has found it."""
    return [
        {
            "name": policy.name,
            "title": policy.title,
            "limits": general_limits(policy, panel),
            "playbook": playbook_content(policy.playbook),
            "is_found": policy.name in FOUND,
        }
        for policy in panel.presets
    ]


def general_limits(policy: Policy, panel: Panel) -> dict[str, dict[str, float | str]]:
    """Return a policy's limits as far as they are on screen, by tier and name, as in policy files."""
    limits: dict[str, dict[str, float | str]] = {}
    for lever in panel.levers:
        limits.setdefault(lever.tier, {})[lever.limit] = limit_content(policy.limit(lever.tier, lever.limit))
    return limits


def _outcome_words(name: str) -> dict[str, Any]:
    words = asdict(OUTCOMES[name])
    return {key: words[key] for key in ("title", "unit", "sign", "less_is_better", "adds_up", "note")}


def _case_fields(scenario: Scenario, currency: str) -> list[dict[str, Any]]:
    failures = [{"name": name, "title": failure.title} for name, failure in scenario.failures.items()]
    segments = [{"name": segment.name, "title": segment.title} for segment in scenario.segments]
    fields: list[dict[str, Any]] = [
        {"name": "failure", "title": "What went wrong", "choices": failures},
        {"name": "segment", "title": "Customer", "choices": segments},
    ]
    for name, (title, value) in _CASE_FORM.items():
        unit = CASE_COLUMNS[name].unit
        words = f"{title} ({currency})" if unit == "money" else title
        fields.append({"name": name, "title": words, **_FIELDS[unit], "value": value})
    return fields


def _exception_words(policy: Policy, k: int, scenario: Scenario) -> str:
    exception = policy.exceptions[k]
    failures = [failure.title for name, failure in scenario.failures.items() if name == exception.failure]
    segments = [segment.title for segment in scenario.segments if segment.name == exception.segment]
    only = ", ".join([*failures, *segments])
    limits = "; ".join(limit_words(name, value, policy.currency) for name, value in exception.limits.items())
    return f"{_capital(only)} ({exception.tier}): {limits}"


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
