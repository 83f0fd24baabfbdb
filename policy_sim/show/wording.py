"""Wording: numbers and limits as people read them, formatted one way everywhere (screen, figures, command line).

In: numbers, outcomes. Out: short texts. Left to others: what the numbers are, what they are called (`words`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from policy_sim.currencies import amount_words, currency_sign
from policy_sim.policy import ASK, NO_LIMIT

if TYPE_CHECKING:  # the compiled loops take a third of a second to load, and much that is worded needs none of them
    from policy_sim.value import Estimate, Payoffs

__all__ = [
    "LIKELY",
    "NOT_TOLD_APART",
    "TOO_FEW",
    "TRUSTS",
    "WAYS",
    "currency_content",
    "format_limit",
    "format_money",
    "format_number",
    "format_share",
    "format_stretch",
    "likely_words",
    "ways_words",
    "year_words",
]

#: What the ends of an interval hold, where they are shown.
LIKELY = "90%, by assumptions and cases"
#: What draws of the assumptions are called, where people read of them.
WAYS = "ways the assumptions may turn out"
#: What stands in place of an interval that cannot be trusted, or that holds no difference.
TOO_FEW, NOT_TOLD_APART = "too few cases to tell", "cannot be told apart"

#: How far an assumption can be trusted, best first: its mark, which is fuller the better, and its words.
TRUSTS: Mapping[str, tuple[str, str]] = {
    "own": ("●", "measured here"),
    "measured": ("◐", "measured elsewhere"),
    "calibrated": ("◔", "calibrated to a published aggregate"),
    "assumed": ("○", "assumed"),
}

_SPOKEN = {"USD": "dollars"}
_MINUS = "−"


def currency_content(currency: str) -> dict[str, str]:
    """Return a currency as the page needs it: its code, the sign before an amount, and how it is spoken after one."""
    return {"code": currency, "sign": currency_sign(currency), "spoken": _SPOKEN.get(currency, currency)}


def ways_words(count: int) -> str:
    """Return how many draws of the assumptions there are: "200 ways the assumptions may turn out"."""
    return f"{count:,} {WAYS if count != 1 else WAYS.replace('ways', 'way', 1)}"


def likely_words(result: Estimate, name: str, text: Callable[[float], str], is_yearly: bool = False) -> str:
    """Return the interval of an outcome or a difference: "$1.20 to $3.40", or why there is none.

    Parameters
    ----------
    result
        Means over cases.
    name
        One of `OUTCOMES`.
    text
        Formats the ends.
    is_yearly
        A year, instead of a case.
    """
    from policy_sim.value import Difference  # whoever has a result has loaded it

    if result.too_few(name):
        return TOO_FEW
    if isinstance(result, Difference) and not result.told_apart(name):
        return NOT_TOLD_APART
    low, high = result.interval_per_year(name) if is_yearly else result.interval(name)
    return f"{text(low)} to {text(high)}"


def format_money(value: float, currency: str, signed: bool = False) -> str:
    """Return money in three figures: "$63k", "−$1.38", "+€3.90M"."""
    sign = _MINUS if value < 0 else "+" if signed and value > 0 else ""
    size = abs(value)
    unit = next(
        (unit for least, unit in ((999.5e6, "bn"), (999.5e3, "M"), (999.5, "k")) if size >= least),
        "",
    )
    scaled = size / {"bn": 1e9, "M": 1e6, "k": 1e3, "": 1.0}[unit]
    figures = f"{scaled:.2f}" if scaled < 9.995 else f"{scaled:.1f}" if scaled < 99.95 else f"{scaled:.0f}"
    if figures in ("0.00",):
        sign = ""
    if unit == "" and scaled >= 9.995:
        figures = f"{scaled:.2f}" if scaled < 99.995 else f"{scaled:.0f}"
    return f"{sign}{currency_sign(currency)}{figures}{unit}"


def format_share(value: float, signed: bool = False) -> str:
    """Return a share (0-1) in percent with one decimal where it is not whole: "12.7%", "55%"."""
    figures = f"{abs(100 * value):.1f}".removesuffix(".0")
    sign = "" if figures == "0" else _MINUS if value < 0 else "+" if signed else ""
    return f"{sign}{figures}%"


def format_number(value: float, signed: bool = False) -> str:
    """Return a count with thousands separated: "35,923"."""
    figures = f"{abs(value):,.0f}" if abs(value) >= 100 else f"{abs(value):.1f}"
    sign = "" if float(figures.replace(",", "")) == 0 else _MINUS if value < 0 else "+" if signed else ""
    return f"{sign}{figures}"


def format_limit(value: float, currency: str) -> str:
    """Return a limit: "$25", "$11.47", "no limit", "ask first"."""
    if value == ASK:
        return "ask first"
    if value == NO_LIMIT or math.isinf(value):
        return "no limit"
    return amount_words(value, currency)


def format_stretch(low: float, high: float, currency: str) -> str:
    """Return from which limit on and below which one: "$5 to $20", "$5 or more"; "any" for all, "" for not a number."""
    if math.isnan(low):
        return ""
    if (low, high) == (ASK, NO_LIMIT):
        return "any"
    words = format_limit(low, currency)
    return f"{words} or more" if high == NO_LIMIT else f"{words} to {format_limit(high, currency)}"


def year_words(payoffs: Payoffs) -> str:
    """Say how many cases a year has, and how many of them come by themselves."""
    yearly = payoffs.scenario.value("shop.cases_per_year")
    coming = yearly * float(payoffs.cases.surfaces.mean())
    if coming >= yearly:
        return f"a year is {yearly:,.0f} cases, which all come by themselves"
    return f"a year is {yearly:,.0f} cases, complained about or not: {coming:,.0f} come by themselves"
