"""Assuming: what somebody types for assumptions on the page, read; which assumptions matter most.

In: numbers and texts by name of assumption, a scenario; rows of break-evens. Out: how each was read or what is wrong
with it, as plain data; weights of the response are typed and told as customers of 100. Left to others: the grammar
(`typed`), valuing cases anew (`widget`), how it looks (`page/assumption_dialog.js`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from policy_sim.assumptions import Assumption, Scenario
from policy_sim.border import InputError, nearest
from policy_sim.changing import changed_assumption, read_value, reading_words
from policy_sim.service import value_that_moves
from policy_sim.show.assumption_words import picture_words
from policy_sim.typed import Typed, read_typed, typed_text

__all__ = ["MATTER", "Readings", "most_moving", "read_assumed", "what_fits", "with_texts"]

#: How many assumptions are shown first.
MATTER = 10
_COUNTED = "customers of 100"
_AS_IT_IS = "as the scenario has it"
_LONGEST_NAME = 60
#: "6 of 100", "3 to 6 of 100 customers": what a weight does, in place of the weight.
_OF_100 = re.compile(r"(?P<ends>.*\d) ?(?:customers )?of (?:a )?100(?: customers)?", re.IGNORECASE | re.ASCII)


@dataclass
class Readings:
    """How what was typed for some assumptions was read.

    Attributes
    ----------
    assumed
        What is assumed otherwise than in the scenario, by full name: a number in its unit, or a range as text that
        `typed.read_typed` reads.
    words, problems
        By full name how it was read, and what is wrong with it; each name is in one of them.
    problem
        What is wrong with several together, or with a name; empty where nothing is.
    remarks
        What else follows: shares that have to be lower.
    """

    assumed: dict[str, float | str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def is_fit(self) -> bool:
        """Whether everything can be assumed so."""
        return not self.problems and not self.problem

    @property
    def content(self) -> dict[str, Any]:
        """All of it as plain data."""
        content = {"words": self.words, "problems": self.problems, "problem": self.problem}
        return content | {"remark": " ".join(f"{remark}." for remark in self.remarks)}


def read_assumed(scenario: Scenario, values: object) -> Readings:
    """Read what is to be assumed otherwise; every fault is found, each with the assumption that it is of.

    Parameters
    ----------
    scenario
        As it was loaded.
    values
        By full name a number, or a text as people type it; from a page or a link, so anything may be in it. What a
        weight does may be typed in its place, "6 of 100" customers: it becomes the weight that does it with all
        others as they are assumed.
    """
    readings = Readings()
    if not isinstance(values, Mapping):
        shown = str(values)[:_LONGEST_NAME]
        readings.problem = str(InputError(f"Assumptions are '{shown}'; expected a number or a text for each name"))
        return readings
    known = set(scenario.assumption_names)
    pictured: dict[str, object] = {}
    for name, value in values.items():
        if name not in known:
            called = str(name)[:_LONGEST_NAME]
            readings.problem = str(InputError(f"There is no assumption '{called}'{nearest(called, known)}"))
        elif scenario.said(name).placeholder == "customers":
            pictured[name] = value
        else:
            _read_one(readings, scenario, name, value)
    for name, value in pictured.items():
        _read_pictured(readings, scenario, name, value)
    _read_together(readings, scenario)
    return readings


def what_fits(scenario: Scenario, values: object) -> tuple[dict[str, float | str], list[str]]:
    """Return those assumptions of a link that can be assumed, and of the others why not.

    Parameters
    ----------
    scenario
        As it was loaded.
    values
        As somebody else's link says them: anything may stand there.
    """
    known, left_out = set(scenario.assumption_names), []
    if isinstance(values, Mapping):
        names = [str(name)[:_LONGEST_NAME] for name in values if name not in known]
        left_out = [f"there is no assumption '{name}'{nearest(name, known)}" for name in names]
        values = {name: value for name, value in values.items() if name in known}
    readings = read_assumed(scenario, values)
    left_out += [f"“{scenario.title_of(name)}”: {problem}" for name, problem in readings.problems.items()]
    if readings.problem:
        return {}, [*left_out, readings.problem]
    return {name: value for name, value in readings.assumed.items() if name not in readings.problems}, left_out


def with_texts(
    rows: list[dict[str, Any]], scenario: Scenario, assumed: Mapping[str, float | str]
) -> list[dict[str, Any]]:
    """Return rows of assumptions with what stands in their fields: `text` now, `own` as the scenario has it.

    Parameters
    ----------
    rows
        As `assumed.assumption_rows` gives them, each with its name.
    scenario
        As it was loaded.
    assumed
        What is assumed otherwise, as in `Readings`.
    """
    with_text = []
    for row in rows:
        name = str(row["name"])
        unit, value = scenario.assumption(name).unit, assumed.get(name, _in_short(row["value"]))
        own = _in_short(scenario.value(name))
        text, own_text = value if isinstance(value, str) else typed_text(value, value, unit), typed_text(own, own, unit)
        if row["pictured"]:
            one, ends = row["pictured"]
            text = ends if isinstance(value, str) else one
            own_text = picture_words(scenario, name).removesuffix(f" {row['unit']}")
        with_text.append({**row, "own": own_text, "text": text})
    return with_text


def most_moving(rows: list[dict[str, Any]]) -> list[str]:
    """Return the names of the assumptions whose range moves a difference most, of `assumed.break_even_rows`."""
    swings = {str(row["name"]): abs(row["difference_high"] - row["difference_low"]) for row in rows}
    moving = [name for name, swing in swings.items() if swing > 0]
    return sorted(moving, key=lambda name: -swings[name])[:MATTER]


def _in_short(value: float) -> float:
    """Return a number in as many figures as a field shows; what stands there unchanged is not read."""
    return float(f"{value:.6g}")


def _read_one(readings: Readings, scenario: Scenario, name: str, value: object) -> None:
    old = scenario.assumption(name)
    try:
        typed = read_value(name, value, old)
        new = changed_assumption(name, old, typed)
    except InputError as error:
        readings.problems[name] = _page_words(str(error), scenario, name)
        return
    if _is_as_it_was(old, new):
        readings.words[name] = f"{typed_text(old.value, old.value, old.unit)}, {_AS_IT_IS}"
        return
    readings.words[name] = reading_words(old, new, typed)
    readings.assumed[name] = _canonical(typed, old.unit)


def _read_together(readings: Readings, scenario: Scenario) -> None:
    """See that what was read by itself also fits together; what does not is told of the assumptions that it names."""
    fit = dict(readings.assumed)
    while fit:
        try:
            _, readings.remarks = scenario.changed_by(fit)
        except InputError as error:
            named = [name for name in fit if re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", str(error))]
            words = _page_words(str(error), scenario)
            if not named:
                readings.problem = readings.problem or words
                return
            for name in named:
                del fit[name]
                readings.words.pop(name, None)
                readings.problems[name] = words
        else:
            readings.remarks = tuple(_page_words(remark, scenario) for remark in readings.remarks)
            return


def _read_pictured(readings: Readings, scenario: Scenario, name: str, value: object) -> None:
    """Read a weight, or how many customers of 100 it moves; either way say what it comes to."""
    others = _assumed_so_far(readings, scenario)
    old = scenario.assumption(name)
    typed = _OF_100.fullmatch(" ".join(value.split())) if isinstance(value, str) else None
    try:
        if typed:
            counted = read_typed(typed["ends"], _COUNTED, (5, 9))
            low, high = (_in_short(value_that_moves(others, name, end)) for end in (counted.low, counted.high))
            value = typed_text(low, high, old.unit)
    except InputError as error:
        readings.problems[name] = _page_words(str(error), scenario, name)
        return
    _read_one(readings, scenario, name, value)
    if name in readings.problems:
        readings.problems[name] += f"; or type customers, like {picture_words(others, name)}"
        return
    new = changed_assumption(name, old, read_value(name, value, old))
    ends = new.range if isinstance(readings.assumed.get(name), str) else (new.value, new.value)
    weight = typed_text(float(f"{ends[0]:.3g}"), float(f"{ends[1]:.3g}"), old.unit)
    spread = [picture_words(others, name, end) for end in new.range]
    plausible = "" if new.distribution == "chosen" else f"; plausible {spread[0].partition(' ')[0]} to {spread[1]}"
    same = f", {_AS_IT_IS}" if name not in readings.assumed else ""
    readings.words[name] = f"{picture_words(others, name, new.value)}{plausible} (a weight of {weight}{same})"


def _assumed_so_far(readings: Readings, scenario: Scenario) -> Scenario:
    """Return the scenario with what was read; as it is, where that does not fit together."""
    try:
        return scenario.changed_by(readings.assumed)[0]
    except InputError:
        return scenario


def _is_as_it_was(old: Assumption, new: Assumption) -> bool:
    return (old.value, old.range, old.distribution) == (new.value, new.range, new.distribution)


def _canonical(typed: Typed, unit: str) -> float | str:
    return typed_text(typed.low, typed.high, unit) if typed.is_range else typed.low


def _page_words(text: str, scenario: Scenario, name: str = "") -> str:
    """Return a message without the names of the program: they stand beside the field, or as titles."""
    text = re.sub(r" \((assumption '[^']*'|scenario '[^']*', changed)\)$", "", text)
    if name:
        text = re.sub(rf"^assumption '{re.escape(name)}'( \([^)]*\): | )", "", text)
    for known in scenario.assumption_names:
        text = re.sub(rf"'?(?<![\w.]){re.escape(known)}(?![\w.])'?", f"“{scenario.title_of(known)}”", text)
    return f"{text[:1].upper()}{text[1:]}"
