"""Tables of scenarios: which there are, and all that one of them assumes.

In: scenarios. Out: tables and lines for a terminal. Left to others: printing them (`cli`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from rich.table import Table

from policy_sim.assumptions import Assumption, Scenario
from policy_sim.failures import ACTS, Remedy
from policy_sim.segments import segment_words
from policy_sim.show.assumption_words import sentence_words
from policy_sim.show.terminal.tables import new_table
from policy_sim.show.wording import WAYS

__all__ = ["of_scenario", "of_scenarios"]

#: How far an assumption can be trusted, best first.
_TRUST: Final = ("own", "measured", "calibrated", "assumed")


def of_scenarios(scenarios: Sequence[Scenario], extends: Mapping[str, str | None]) -> Table:
    """Return scenarios beside each other: what can go wrong, how far the numbers can be trusted.

    Parameters
    ----------
    scenarios
        In the order of the rows.
    extends
        For the name of each scenario the one that it extends, if any.
    """
    counted = [
        Counter(str(scenario.assumption(name).trust) for name in scenario.assumption_names) for scenario in scenarios
    ]
    shown = [trust for trust in _TRUST if trust != "own" or any(trusts["own"] for trusts in counted)]
    table = new_table("Scenarios, and how many of their assumptions are measured", ("", "failures", *shown, "extends"))
    for scenario, trusts in zip(scenarios, counted, strict=True):
        counts = [str(trusts[trust]) for trust in shown]
        base = extends[scenario.name] or "-"
        table.add_row(f"{scenario.name}\n{scenario.title}", str(len(scenario.failures)), *counts, base)
    return table


def of_scenario(scenario: Scenario) -> list[Table | str]:
    """Return all that a scenario holds: assumptions by group with their sources, remedies, failures, segments."""

    about = new_table(f"{scenario.title} ({scenario.name}, {scenario.currency})", ("",))
    about.add_row(scenario.description)
    parts: list[Table | str] = [about, ""]
    for group, members in scenario.assumptions.items():
        table = new_table(f"assumptions.{group}", ("", ""))
        for name, assumption in members.items():
            table.add_row(name, _said(scenario, f"{group}.{name}") + _assumption_words(assumption))
        parts += [table, ""]
    remedies = new_table("remedies", ("", ""))
    for name, remedy in scenario.remedies.items():
        remedies.add_row(name, _remedy_words(remedy))
    failures = new_table("failures", ("", "", "resolutions"))
    for name, failure in scenario.failures.items():
        failures.add_row(name, failure.title, str(len(scenario.resolutions(name))))
    segments = new_table("segments", ("", "", ""))
    words = segment_words(scenario.segments, scenario.currency)
    for segment in scenario.segments:
        segments.add_row(segment.name, segment.title, words[segment.name])
    return [*parts, remedies, "", failures, "", segments]


def _said(scenario: Scenario, name: str) -> str:
    """Return the title and the sentence of an assumption as a line of its own; nothing where it has no title."""
    if scenario.said(name).title is None:
        return ""
    sentence = sentence_words(scenario, name)
    return f"{scenario.title_of(name)}{': ' if sentence else ''}{sentence}\n"


def _assumption_words(assumption: Assumption) -> str:
    """Say what an assumption is: value, unit, range, whether it moves from draw to draw, trust, source."""
    low, high = assumption.range
    constant = f", the same in all {WAYS}" if assumption.distribution == "chosen" else ""
    return (
        f"{assumption.value:,.10g} {assumption.unit}; {low:,.10g} to {high:,.10g}{constant}; {assumption.trust}\n"
        f"{assumption.source}"
    )


def _remedy_words(remedy: Remedy) -> str:
    """Say what a remedy is in the words of its file: its forms and acts by name."""
    lines = [remedy.title]
    if remedy.kind:
        lines.append(f"kind: {remedy.kind}")
    if remedy.proactive:
        lines.append("proactive: given before anybody asks")
    for place, sizes in (("amounts", remedy.amounts), ("shares_of_price", remedy.shares_of_price)):
        lines += [f"{place}: {', '.join(f'{size:g}' for size in sizes)}"] if sizes else []
    lines += [
        f"{place}: {', '.join(f'{column} {factor}' for column, factor in form.items()) or 'nothing'}"
        for place, form in remedy.forms().items()
        if form or place == "gain"
    ]
    lines += [f"{act}: {getattr(remedy, act)}" for act in ACTS if getattr(remedy, act) is not None]
    return "\n".join(lines)
