"""Changing: some assumptions of a scenario set to other values, or given other ranges.

In: the assumptions of a scenario; numbers, and texts as people type them, by name. Out: the changed assumptions, and
what follows from that for others, in words. Left to others: how a text is read (`typed`), whether what comes of it
still is a scenario (`assumptions`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from policy_sim.border import InputError, parse_model
from policy_sim.typed import Typed, read_typed, typed_text
from policy_sim.words import ASKS

if TYPE_CHECKING:
    from policy_sim.assumptions import Assumption

__all__ = ["changed_assumption", "is_drawn_once", "lower_shares", "read_value", "reading_words"]

#: Assumptions that only shape the cases that are drawn and what their customers are worth, by name or group: all draws
#: have the same cases.
_DRAWN_ONCE = (
    "cases",
    "shop.margin_share",
    "shop.discount_rate_per_year",
    "shop.sample_price_factor",
    "response.double_deviation_half_life_days",
)
#: The same of each failure.
_DRAWN_ONCE_PER_FAILURE = (
    "share_of_cases",
    *(ask.assumption for ask in ASKS.values() if ask.assumption),
    "out_of_stock_share",
    "surfaces_share",
    "entitlement",
)
#: Whole numbers.
_WHOLE = ("queue.staff",)
_LONGEST_SOURCE = 600


def read_value(name: str, value: object, old: Assumption) -> Typed:
    """Return the number or the range that an assumption is to have.

    Parameters
    ----------
    name
        Full name.
    value
        A number in the unit of the assumption, or a text as `typed.read_typed` reads it.
    old
        What the assumption is now.

    Raises
    ------
    InputError
        If it cannot be used, or is a range of what all draws have alike: cases are drawn once.
    """
    if isinstance(value, str):
        try:
            typed = read_typed(value, old.unit)
        except InputError as error:
            raise InputError(f"assumption '{name}' ({old.unit}): {error}") from None
        if typed.is_range and is_drawn_once(name):
            raise InputError(
                f"assumption '{name}' ({old.unit}): '{value.strip()}' is a range, but cases are drawn once, with one "
                "value of this; type one number, and then another one to compare"
            )
        return typed
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"assumption '{name}' is set to {value!r}; expected a number, or a text such as '5 to 9'")
    if not math.isfinite(value):
        raise InputError(f"assumption '{name}' is set to {value}; it must be a finite number")
    return Typed(float(value), float(value))


def changed_assumption(name: str, old: Assumption, typed: Typed) -> Assumption:
    """Return an assumption with another value or another range.

    A value by itself leaves the range as it is, but for growing to hold the value. A range becomes the plausible one,
    which draws never leave; the value stays where that holds it, else it is the middle (a whole number, where it has to
    be one). Draws then fill the range as before (see `Assumption`), by a triangle with its mode at the value where they
    followed a measurement, or where a range is given to what was held at one value.

    Raises
    ------
    InputError
        If the assumption may not be so.
    """
    if typed.is_range:
        low, high = typed.low, typed.high
        middle = float(round((low + high) / 2)) if name in _WHOLE else (low + high) / 2
        value = old.value if low <= old.value <= high else middle
    else:
        value = typed.low
        low, high = min(value, old.range[0]), max(value, old.range[1])
    content = old.model_dump() | {
        "value": value,
        "range": (low, high),
        "source": f"set by the user (was {old.value:g}: {old.source})"[:_LONGEST_SOURCE],
        "trust": "assumed",
    }
    if content["quantiles"] or (typed.is_range and old.distribution == "chosen"):
        content |= {"distribution": "triangular", "quantiles": ()}
    return parse_model(type(old), content, f"assumption '{name}'")


def reading_words(old: Assumption, new: Assumption, typed: Typed) -> str:
    """Say how a value or a range was read that made a new assumption of an old one: "5% to 9%, most likely 7%"."""
    unit = old.unit
    if not typed.is_range:
        words = [typed_text(new.value, new.value, unit)]
        if new.range != old.range and new.distribution != "chosen":
            words.append(f"plausible now {typed_text(*new.range, unit)}")
        if typed.without_sign == "share" and typed.low > 0:
            hundredth = float(f"{typed.low / 100:.12g}")
            other = typed_text(hundredth, hundredth, unit)
            words.append(f"for {other} type {other}")
        return "; ".join(words)
    spread = typed_text(*new.range, unit)
    if new.distribution == "uniform":
        return f"{spread}, each value as likely"
    is_held, is_same = old.distribution == "chosen", new.value == old.value
    if is_same:
        why = ", at which it was held before" if is_held else ", as before"
    else:
        why = f", the middle; it was held at {typed_text(old.value, old.value, unit)}" if is_held else ", the middle"
    return f"{spread}, most likely {typed_text(new.value, new.value, unit)}{why}"


def lower_shares(
    group: str, members: dict[str, Assumption], shares: Sequence[str], set_names: Sequence[str]
) -> list[str]:
    """Lower shares of the same people so that they add up to 1 at most: those not set, then ranges of the rest.

    Parameters
    ----------
    group, members
        A group of assumptions, of which some are replaced.
    shares
        Names in the group of the shares of the same people.
    set_names
        Full names of assumptions that were set.

    Returns
    -------
    list
        What was lowered, a sentence each.
    """
    names = [name for name in shares if name in members]
    if sum(members[name].value for name in names if f"{group}.{name}" in set_names) > 1:
        return []  # refused as it stands
    remarks = []
    for name in sorted(names, key=lambda name: f"{group}.{name}" in set_names):
        share, excess = members[name], sum(members[other].highest for other in names) - 1
        least = share.value if f"{group}.{name}" in set_names else 0.0
        top = max(least, share.highest - excess)
        if excess <= 1e-12 or top >= share.highest:
            continue
        is_wide = top > share.range[0]
        clipped = {"range": (share.range[0], top)} if is_wide else {"range": (0.0, 1.0), "distribution": "chosen"}
        members[name] = share.model_copy(update={"value": min(share.value, top)} | clipped)
        remarks.append(
            f"{group}.{name} is taken to be {top:.4g} at most, not {share.highest:g}: shares of the same people may "
            "not add up to more than 1"
        )
    return remarks


def is_drawn_once(name: str) -> bool:
    """Whether an assumption only shapes the cases that are drawn and what their customers are worth.

    All draws have the same cases, so a range of it would move nothing from draw to draw.
    """
    group, _, member = name.partition(".")
    return name in _DRAWN_ONCE or group in _DRAWN_ONCE or member in _DRAWN_ONCE_PER_FAILURE
