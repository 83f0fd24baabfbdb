"""Assumption words: an assumption's number in its readable unit, and as something that can be pictured.

In: a scenario, the name of an assumption, a value. Out: short texts: "1.2 times", "4 days", "6 of 100 customers", the
scenario's sentence with such a number in it. Left to others: titles (`Scenario.title_of`), what a weight does to
customers (`service.customers_moved`), money and limits (`wording`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from policy_sim.assumptions import Scenario
from policy_sim.service import customers_moved
from policy_sim.show.wording import format_limit

__all__ = [
    "assumption_unit",
    "assumption_value",
    "picture_words",
    "plain_unit",
    "quantity_words",
    "range_words",
    "sentence_words",
    "turn_words",
]

#: Units that only the model's author knows, by how they begin, and what people read instead.
_PLAIN_UNITS: Mapping[str, str] = {
    "logits": "weight",
    "pseudo-count": "evenness",
    "standard deviation of log": "spread",
}
_RATIO = "ratio"
#: Times of day, long ones first: its name, and how many minutes it has.
_TIMES = (("day", 1440.0), ("hour", 60.0), ("minute", 1.0), ("second", 1 / 60))
#: From how many of them on the longer time is said.
_LEAST = 2
#: Figures that tell a break-even from today's value where two do not.
_FINE = 4


def assumption_value(value: float, unit: str) -> str:
    """Return the value of an assumption for a table: "16%", "$7.82", "1.2 times", "0.334"."""
    if unit.startswith("share"):
        return f"{100 * value:.3g}%"
    if money := _currency(unit):
        return format_limit(value, money)
    number = _number(value)
    return f"{number} times" if unit.startswith(_RATIO) else number


def assumption_unit(unit: str) -> str:
    """Return what the value of an assumption is counted in, after `assumption_value`: "of item price", "per parcel".

    Units of the model's own are said plainly (`plain_unit`).
    """
    plain = plain_unit(unit).removeprefix("times" if unit.startswith(_RATIO) else "share")
    return plain.removeprefix(_currency(unit)).strip()


def plain_unit(unit: str) -> str:
    """Return a unit as it stands beside the bare number: "share of item price", "USD per parcel", "times", "weight"."""
    for start, plain in _PLAIN_UNITS.items():
        if unit.startswith(start):
            return plain
    return unit.replace(f"{_RATIO} to", "times", 1).replace(_RATIO, "times", 1) if unit.startswith(_RATIO) else unit


def quantity_words(value: float, unit: str) -> str:
    """Return a value as it stands in a sentence: "35%", "$6", "4 days", "30 seconds", "1.2 times", "2,000"."""
    if unit.startswith(("share", _RATIO)) or _currency(unit):
        return assumption_value(value, unit)
    time = re.search(r"\b(minute|hour|day)s\b", unit)
    if time is None or unit.startswith(tuple(_PLAIN_UNITS)):
        return _number(value)
    if unit.endswith("per year"):
        return f"{_number(value)} {time[0]}"
    minutes, own = value * dict(_TIMES)[time[1]], dict(_TIMES)[time[1]]
    name, length = time[1], own
    if minutes and not own <= minutes < _LEAST * own:
        name, length = next((known for known in _TIMES if minutes >= _LEAST * known[1]), _TIMES[-1])
    count = _number(minutes / length)
    return f"{count} {name}" if count == "1" else f"{count} {name}s"


def picture_words(scenario: Scenario, name: str, value: float | None = None, figures: int = 2) -> str:
    """Return the number of an assumption as its sentence has it: "6 of 100 customers", "8 of 100", "4 days".

    Without a sentence it is the value with its unit: "16% of item price".

    Parameters
    ----------
    scenario, name
        Whose assumption, by full name.
    value
        In the assumption's unit; the central one by default.
    figures
        Of customers and people of 100, and of factors; all before the point are shown in any case.

    Raises
    ------
    InputError
        If there is no such assumption.
    """
    at, unit, wording = _value(scenario, name, value), scenario.assumption(name).unit, scenario.said(name)
    if wording.sentence is None:
        return f"{assumption_value(at, unit)} {assumption_unit(unit)}".strip()
    if wording.placeholder == "customers":
        return f"{_number(abs(customers_moved(scenario, name, at)), figures)} of 100 customers"
    if wording.placeholder == "value":
        return quantity_words(at, unit)
    return _TRANSLATIONS[wording.placeholder](at, figures)


def range_words(scenario: Scenario, name: str) -> str:
    """Return the plausible range as `picture_words` has its ends: "1.2 to 7.7 of 100 customers", "$3 to $15".

    Raises
    ------
    InputError
        If there is no such assumption.
    """
    low, high = (picture_words(scenario, name, end) for end in scenario.assumption(name).range)
    (number, _, counted), (_, _, same) = low.partition(" "), high.partition(" ")
    return f"{number if counted == same else low} to {high}"


def sentence_words(scenario: Scenario, name: str, value: float | None = None) -> str:
    """Return what an assumption's number means: "a day's wait costs 6 of 100 customers"; nothing without a sentence.

    Parameters and errors as of `picture_words`.
    """
    words = picture_words(scenario, name, value)
    return scenario.said(name).with_number(words if words != "1 times" else "exactly")


def turn_words(scenario: Scenario, name: str, value: float) -> str:
    """Return beyond which value something changes, from today's: "fewer than 5 of 100 customers", "more than $8".

    Parameters and errors as of `picture_words`.
    """
    place = scenario.said(name).placeholder
    today = scenario.value(name)
    if place == "customers":
        is_less = abs(customers_moved(scenario, name, value)) < abs(customers_moved(scenario, name))
    else:
        is_less = value < today
    is_counted = place in ("customers", "of_100", "per_100")
    less, more = ("fewer than", "more than") if is_counted else ("less than", "more than")
    words = picture_words(scenario, name, value)
    if words == picture_words(scenario, name) and value != today:
        words = picture_words(scenario, name, value, _FINE)
    return f"{less if is_less else more} {words}"


def _value(scenario: Scenario, name: str, value: float | None) -> float:
    return scenario.value(name) if value is None else value


def _currency(unit: str) -> str:
    """Return the currency that a unit begins with ("USD per parcel"), nothing for a unit that is no money."""
    code = re.match(r"[A-Z]{3}\b", unit)
    return code[0] if code else ""


def _number(value: float, figures: int = 3) -> str:
    """Return a number in so many figures, all of those before the point: "0.334", "20,902"."""
    if abs(value) >= 10 ** (figures - 1):
        return f"{value:,.0f}"
    return f"{float(f'{value:.{figures}g}'):g}"


_TRANSLATIONS: Mapping[str, Callable[[float, int], str]] = {
    "percent": lambda value, figures: f"{_number(100 * value, figures)}%",
    "per_100": lambda value, figures: _number(100 * value, figures),
    "of_100": lambda value, figures: f"{_number(100 * value, figures)} of 100",
    "factor": lambda value, figures: f"{_number(math.exp(value), figures)} times",
}
