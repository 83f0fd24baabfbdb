"""Segments: which customers a policy may treat alike: by how often they have ordered, or by what they are worth.

In: the segments of a scenario file, columns of cases. Out: checked `Segment`s, the segment of each case, words.
Left to others: limits of a segment (`policy`), what customers are worth (`clv`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from policy_sim.border import Described
from policy_sim.words import Name, Text

__all__ = ["Segment", "bounding_column", "check_segments", "segment_words", "upper_bounds"]

#: The bound that a segment may have, by the column of a case that it bounds.
_BOUNDS: Mapping[str, str] = {
    "prior_purchases": "prior_purchases_up_to",
    "future_value": "future_value_up_to",
}


class Segment(Described):
    """Customers up to a bound and above that of the segment before; all segments are bounded by the same."""

    name: Name = Field(description="By which policies name it.")
    title: Text = Field(description="What people read.")
    prior_purchases_up_to: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Most orders of a customer in it, the one that failed included; the last segment has none."
    )
    future_value_up_to: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="Instead of orders: the highest future value of a customer in it, in the scenario's money, right "
        "after the order that failed; the last segment has none.",
    )


def check_segments(segments: Sequence[Segment]) -> None:
    """Raise a ValueError unless all segments but the last are bounded by the same, and the bounds rise."""
    used = [bound for bound in _BOUNDS.values() if any(getattr(segment, bound) is not None for segment in segments)]
    if len(used) > 1:
        raise ValueError(f"segments are bounded by {' and by '.join(used)}; keep one of them")
    bound = _BOUNDS[bounding_column(segments)]
    values = [getattr(segment, bound) for segment in segments]
    inner = [value for value in values[:-1] if value is not None]
    if values[-1] is not None or len(inner) != len(values) - 1 or inner != sorted(set(inner)):
        others = " (or all of them future_value_up_to)" if not used else ""
        raise ValueError(f"segments must have rising {bound}, and the last one none{others}; put them in order")


def bounding_column(segments: Sequence[Segment]) -> str:
    """Return the column of a case by which segments are told apart."""
    for column, bound in _BOUNDS.items():
        if any(getattr(segment, bound) is not None for segment in segments):
            return column
    return next(iter(_BOUNDS))


def upper_bounds(segments: Sequence[Segment]) -> list[float]:
    """Return the upper ends of all segments but the last, which belong to them: orders, or money."""
    bound = _BOUNDS[bounding_column(segments)]
    return [float(getattr(segment, bound)) for segment in segments[:-1]]


def segment_words(segments: Sequence[Segment], currency: str) -> dict[str, str]:
    """Return by its name what a segment holds, in plain words: "2 to 4 orders", "worth 50 to 200 USD from now on"."""
    bounds = upper_bounds(segments)
    if not bounds:
        return {segment.name: "all customers" for segment in segments}
    if bounding_column(segments) == "prior_purchases":
        lows = [1, *(int(bound) + 1 for bound in bounds)]
        words = [_orders(low, int(high)) for low, high in zip(lows, bounds, strict=False)]
        words += [f"{lows[-1]} orders or more"]
    else:
        ends = [f"{bound:,g}" for bound in bounds]
        words = [f"worth up to {ends[0]} {currency} from now on"]
        words += [f"worth {low} to {high} {currency} from now on" for low, high in pairwise(ends)]
        words += [f"worth more than {ends[-1]} {currency} from now on"]
    return {segment.name: said for segment, said in zip(segments, words, strict=True)}


def _orders(low: int, high: int) -> str:
    if high <= 1:
        return "1 order"
    return f"{low} orders" if low == high else f"{low} to {high} orders"
