"""Assumed: the assumptions as the page shows them, and which of them could turn the choice.

In: a scenario; two policies and their valued cases. Out: rows of plain data. Left to others: valuing cases anew by
changed assumptions (`widget`), how the rows look (`page/mind.js`, `page/assumption_dialog.js`).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from policy_sim.assumptions import Scenario
from policy_sim.border import Progress
from policy_sim.policy import Policy
from policy_sim.show.assumption_words import (
    assumption_unit,
    assumption_value,
    picture_words,
    range_words,
    sentence_words,
    turn_words,
)
from policy_sim.show.wording import TRUSTS
from policy_sim.study import break_evens_between
from policy_sim.value import Payoffs

__all__ = ["assumption_rows", "break_even_rows", "trust_rows"]

#: What weights are counted in, as fields show them.
CUSTOMERS = "customers"


def assumption_rows(scenario: Scenario) -> list[dict[str, Any]]:
    """Return every assumption as the page shows it.

    name; group and title: what it is about, and what it is called; sentence: what its value means; value, low, high,
    unit; words: its range; source; trust; pictured: the value, and the ends of its range, as customers of 100, in the
    figures of a field, where that is what its sentence says, else empty.
    """
    rows = []
    for name in scenario.assumption_names:
        assumption = scenario.assumption(name)
        low, high = assumption.range
        ends = f"{assumption_value(low, assumption.unit)} to {assumption_value(high, assumption.unit)}"
        is_pictured = scenario.said(name).placeholder == "customers"
        rows.append(
            {
                "name": name,
                "group": scenario.group_title(name.partition(".")[0]),
                "title": scenario.title_of(name),
                "sentence": sentence_words(scenario, name),
                "value": assumption.value,
                "low": low,
                "high": high,
                "unit": CUSTOMERS if is_pictured else assumption_unit(assumption.unit),
                "words": range_words(scenario, name) if is_pictured else ends,
                "pictured": [_field(picture_words(scenario, name)), _field(range_words(scenario, name))]
                if is_pictured
                else [],
                "source": assumption.source,
                "trust": assumption.trust,
            }
        )
    return rows


def _field(words: str) -> str:
    """Return customers of 100 as they stand in a field, before their unit."""
    return words.removesuffix(f" {CUSTOMERS}")


def trust_rows(scenario: Scenario) -> list[dict[str, Any]]:
    """Return how far assumptions can be trusted, best first: name, mark, words, and of how many that holds."""
    counts = Counter(str(scenario.assumption(name).trust) for name in scenario.assumption_names)
    return [
        {"name": name, "mark": mark, "words": words, "count": counts[name]} for name, (mark, words) in TRUSTS.items()
    ]


def break_even_rows(
    policy: Policy, baseline: Policy, payoffs: Payoffs, on_progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Return how far each assumption alone moves the difference between two policies, and where it turns.

    Parameters
    ----------
    policy, baseline
        The two policies; none of the assumptions can turn a policy against itself.
    payoffs
        The valued cases, of which 1,000 at most are valued anew with one assumption moved at a time.

    Returns
    -------
    list
        One row per assumption, those that come nearest to turning it first: name, title, unit; sentence: what today's
        value means; today, low and high end of what is plausible, turns_at (none: never within its range), each with
        its words for a table; as the sentence would have them: today_picture, between (low to high), turns (from where
        on it turns); the difference at low, today and high (money a year).
    """
    if policy == baseline:
        return []
    scenario = payoffs.scenario
    mine = policy.model_copy(update={"name": "in_hand"})
    other = baseline.model_copy(update={"name": "baseline"})
    study = break_evens_between(mine, other, payoffs, on_progress)
    moves = {str(row["assumption"]): row for row in study.tornado().to_dict("records")}
    rows = []
    for row in study.break_evens().to_dict("records"):
        name, unit = str(row["assumption"]), str(row["unit"])
        moved = moves[name]
        low, high = scenario.assumption(name).range
        turns_at = None if np.isnan(row["break_even"]) else float(row["break_even"])
        values = {"today": row["today"], "low": low, "high": high, "turns_at": turns_at}
        rows.append(
            {"name": name, "title": scenario.title_of(name), "unit": assumption_unit(unit)}
            | {"sentence": sentence_words(scenario, name), "today_picture": picture_words(scenario, name)}
            | {"between": range_words(scenario, name)}
            | {"turns": "" if turns_at is None else turn_words(scenario, name, turns_at)}
            | values
            | {f"{key}_words": "" if x is None else assumption_value(x, unit) for key, x in values.items()}
            | {f"difference_{key}": float(moved[f"difference_{key}"]) for key in ("low", "today", "high")}
        )
    swings = {row["name"]: abs(row["difference_high"] - row["difference_low"]) for row in rows}
    turning = [row for row in rows if row["turns_at"] is not None]
    never = sorted((row for row in rows if row["turns_at"] is None), key=lambda row: -swings[row["name"]])
    return turning + never
