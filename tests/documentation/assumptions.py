"""Assumptions: the page of every number of the shipped online shop, and which of them any scenario has to have.

In: the scenario file, how assumptions are said. Out: a page. Left to others: what they do (model card).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from policy_sim.assumptions import Scenario, load_scenario
from policy_sim.fitting import NEEDED

PAGE = "docs/reference/assumptions.md"
_ABOUT = """\
# Assumptions

Every number that the shipped online shop (`online_retail`) takes on trust, as `policy-sim scenario show
online_retail` lists it; other scenarios have the same names. Draws never leave the range; where none is given the
number is a decision or a known fact and the same in every draw. Trust: `own` (measured on your own cases), `measured`
(elsewhere), `calibrated` (set so that the model meets a published aggregate), `assumed` (judgement). A file of your
own says what you know better: [fields of a scenario](files/scenario.md). What each of them does stands in the [model
card](../explanation/model-card.md).

A scenario that extends none must have all numbers of the groups {needed}, and of each failure
and each tier the ones that are listed here for one of them.
"""


def page() -> str:
    """Return the page."""
    scenario = load_scenario("online_retail")
    needed = ", ".join(f"`{group}`" for group in NEEDED)
    parts = [_ABOUT.format(needed=needed)]
    failures, tiers = list(scenario.failures), list(scenario.tiers)
    for group, members in scenario.assumptions.items():
        if group in (*failures[1:], *tiers[1:]):
            continue
        others = failures[1:] if group == failures[0] else tiers[1:-1] if group == tiers[0] else []
        title = scenario.group_title(group)
        if group == failures[0]:
            title = "Each failure"
        elif group == tiers[0]:
            title = "Each tier"
        parts.append(_table(scenario, title, group, members, others))
    return "".join(parts)


def _table(scenario: Scenario, title: str, group: str, members: Mapping[str, object], others: Sequence[str]) -> str:
    shown = [group, *others]
    heads = [f"`{name}`" for name in shown] if others else ["value"]
    about = f"\nNames begin with that of the {'failure' if group in scenario.failures else 'tier'}.\n" if others else ""
    rows = []
    for name in members:
        assumption = scenario.assumption(f"{group}.{name}")
        words = scenario.said(f"{group}.{name}").title or ""
        values = [
            f"{held.value:g}" + ("" if held.distribution == "chosen" else f" ({held.range[0]:g} to {held.range[1]:g})")
            for held in (scenario.assumption(f"{place}.{name}") for place in shown)
        ]
        label = f"`{name}`" if others else f"`{group}.{name}`"
        source = f"{assumption.trust}: {assumption.source}".replace("|", r"\|")
        values[-1] += f" {assumption.unit}" if not others else ""
        unit = [assumption.unit] if others else []
        cells = [label, f"{words[:1].upper()}{words[1:]}", *values, *unit, source]
        rows.append("| " + " | ".join(cells) + " |\n")
    source_head = f"trust and source (`{group}`)" if others else "trust and source"
    heads = ["assumption", "what it is", *heads, *(["unit"] if others else []), source_head]
    head = "| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|\n"
    return f"\n## {title}\n{about}\n{head}{''.join(rows)}"
