"""Card back: what to give, as the back of a card says it: rules in words, by what went wrong.

In: a policy with a playbook, its scenario. Out: plain data for the template. Left to others: the front, which says how
far a tier may go (`card`), how it looks (`templates/card.html`).
"""

from __future__ import annotations

from typing import NamedTuple

from policy_sim.assumptions import Scenario
from policy_sim.policy import Policy, condition_words, give_words, titles_of

__all__ = ["Back", "Group", "Line", "back_of"]

#: How many lines fit on a page in large, in middle-sized and in small letters (letter paper; A4 takes some more).
_LARGE, _MIDDLE, _SMALL = 14, 24, 36
_OWN_CHOICE = "Your own choice"


class Line(NamedTuple):
    """When, what to give then, and why; `is_rule` tells a rule from what stands where there is none."""

    when: str
    give: str
    why: str
    is_rule: bool = True


class Group(NamedTuple):
    """What went wrong, and its lines, of which the first that fits counts."""

    title: str
    lines: tuple[Line, ...]


class Back(NamedTuple):
    """All that the back of a card says, the same for every tier.

    Attributes
    ----------
    groups
        One for each failure that has a rule.
    without_rule
        Titles of the others.
    size
        Class of its letters: "" for large ones, "dense", "dense packed".
    is_long
        Whether it takes more than one page, whatever its letters.
    """

    groups: tuple[Group, ...]
    without_rule: tuple[str, ...]
    size: str
    is_long: bool


def back_of(policy: Policy, scenario: Scenario) -> Back | None:
    """Return what the back says; None where there is no playbook, and so no back."""
    if policy.playbook is None:
        return None
    titles = titles_of(scenario)
    groups, without_rule = [], []
    for failure, described in scenario.failures.items():
        rules = [rule for rule in policy.playbook.rules if rule.failure == failure]
        if not rules:
            without_rule.append(described.title)
            continue
        lines: list[Line] = []
        for rule in rules:
            conditions = condition_words(rule, policy.currency)
            when = _capital(conditions) if conditions else "Otherwise" if lines else "Always"
            lines.append(Line(when, _capital(give_words(rule, titles)), rule.why))
            if not conditions:
                break  # what comes after never counts
        else:
            lines.append(Line("Otherwise", _OWN_CHOICE, "", is_rule=False))
        groups.append(Group(described.title, tuple(lines)))
    count = sum(len(group.lines) + sum(bool(line.why) for line in group.lines) / 2 for group in groups)
    size = "" if count <= _LARGE else "dense" if count <= _MIDDLE else "dense packed"
    return Back(tuple(groups), tuple(without_rule), size, is_long=count > _SMALL)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
