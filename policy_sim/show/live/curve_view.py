"""Curve view: one limit as the screen follows it, first in the mean, then with how sure it is.

In: means at the places of a slider, or a curve under every draw. Out: `CurveView`; places where sliders can stand.
Left to others: which policy (`state`), how it goes to the screen (`widget`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.policy import ASK, NO_LIMIT, Lever, limit_content, to_cents
from policy_sim.value import Curve, Outcome, measure, widened
from policy_sim.words import PARTS, TILES

__all__ = ["SHOWN", "SPEND", "VALUE", "CurveView", "places_in_cents", "view_of_curve", "view_of_means"]

#: The outcome that is maximised, and the one that it is held against on the frontier.
VALUE, SPEND = "net_value", "remedy_cost"
#: Every outcome that is on the screen.
SHOWN = tuple(dict.fromkeys((*TILES, *PARTS)))

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_AS_GOOD = 0.01  # of what a limit can gain
_SAME = 1e-9  # money a case: differences below this come from adding up in another order


@dataclass(frozen=True)
class CurveView:
    """One limit as the screen follows it, at every place where its slider can stand, per case; money in the currency.

    Attributes
    ----------
    lever
        Which limit; all others are as in the policy in hand.
    best, flat
        The best limit; from where to below where the limit gives up at most 1 % of what it can gain.
    limits
        (places,) limits, rising; the first is `ASK`, the last `NO_LIMIT`.
    level
        For each outcome of `SHOWN` the mean (places,).
    low, high
        For each of `TILES` the 90 % interval of the difference to the baseline (places,); none in the mean alone.
    ahead
        (places,) share of the draws (0-1) in which the policy is ahead of the baseline; None in the mean alone.
    """

    lever: Lever
    best: float
    flat: tuple[float, float]
    limits: Floats
    level: Mapping[str, Floats]
    low: Mapping[str, Floats]
    high: Mapping[str, Floats]
    ahead: Floats | None

    def at(self, limits: Floats) -> CurveView:
        """Return the curve at some limits alone (money, rising, the first one `ASK`)."""
        steps = np.searchsorted(self.limits, limits, side="right") - 1
        level, low, high = (
            {name: values[steps] for name, values in of_kind.items()} for of_kind in (self.level, self.low, self.high)
        )
        ahead = None if self.ahead is None else self.ahead[steps]
        return replace(self, limits=limits, ahead=ahead, level=level, low=low, high=high)

    @property
    def arrays(self) -> dict[str, Floats]:
        """Every array (places,) by name: `limits`, `ahead`, `net_value_level`, `net_value_low` and so on."""
        arrays = {"limits": self.limits} | ({} if self.ahead is None else {"ahead": self.ahead})
        for kind in ("level", "low", "high"):
            arrays |= {f"{name}_{kind}": values for name, values in getattr(self, kind).items()}
        return arrays

    @property
    def about(self) -> dict[str, object]:
        """Which limit it is, its best value and what is nearly as good: plain data, limits as in policy files."""
        return {
            "tier": self.lever.tier,
            "limit": self.lever.limit,
            "best": limit_content(self.best),
            "flat": [limit_content(limit) for limit in self.flat],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per place, with a column for each of `arrays`."""
        return pd.DataFrame(self.arrays)

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain data."""
        rows = self.to_frame().to_dict("records")
        return {**self.about, "steps": [{**row, "limits": limit_content(row["limits"])} for row in rows]}


def places_in_cents(limits: Floats) -> Ints:
    """Return places in cents, rising, from "ask" to "no limit", for limits in money in any order."""
    return np.unique([to_cents(limit) for limit in (ASK, *limits, NO_LIMIT)])


def view_of_means(lever: Lever, cents: Ints, means: Floats, bounds: tuple[float, float], now: float) -> CurveView:
    """Return a curve in the mean.

    Parameters
    ----------
    cents
        (places,) as `places_in_cents` gives them.
    means
        (places, measures) per case.
    bounds, now
        Between which limits the best one may lie (money), and the limit as it is, where none may.
    """
    limits = np.where(cents < 0, ASK, np.where(cents >= to_cents(NO_LIMIT), NO_LIMIT, cents / 100))
    level = {name: measure(means[..., None], name)[:, 0] for name in SHOWN}
    best, flat = _best(limits, level[VALUE], bounds, now)
    return CurveView(lever, best, flat, limits, level, {}, {}, None)


def view_of_curve(curve: Curve, baseline: Outcome, bounds: tuple[float, float], now: float) -> CurveView:
    """Return a curve with how sure it is: every outcome under each draw, and against a baseline."""
    count = len(curve.payoffs.cases)
    view = view_of_means(curve.lever, curve.cents, curve.sums.mean(axis=-1) / count, bounds, now)
    low, high = {}, {}
    for name in TILES:
        low[name], high[name] = curve.intervals(name, baseline)
        if not np.isfinite(low[name]).all():  # of one case: those of the draws alone, for a page can draw no others
            values = curve.per_case(name)
            low[name], high[name] = widened(values - baseline.per_case(name), np.zeros(len(values)))
    ahead = (curve.per_case() > baseline.per_case()).mean(axis=1)
    return replace(view, low=low, high=high, ahead=ahead)


def _best(limits: Floats, value: Floats, bounds: tuple[float, float], now: float) -> tuple[float, tuple[float, float]]:
    """Return the best place within bounds, the lowest of equals, and from where to below where it is nearly as good."""
    allowed = np.flatnonzero((limits >= bounds[0]) & (limits <= bounds[1]))
    if not allowed.size:
        return now, (now, now)
    most = value[allowed].max()
    best = int(allowed[value[allowed] >= most - _SAME][0])
    if allowed[-1] > best and (value[best : allowed[-1] + 1] >= most - _SAME).all():
        best = int(allowed[-1])  # nothing changes any more: as far as the limit may go
    enough = value >= value[best] - _AS_GOOD * (value[best] - value.min())
    first = last = best
    while first > 0 and enough[first - 1]:
        first -= 1
    while last + 1 < len(limits) and enough[last + 1]:
        last += 1
    return float(limits[best]), (float(limits[first]), float(limits[last + 1]) if last + 1 < len(limits) else NO_LIMIT)
