"""Scenario discovery: for which values of the factors a policy does badly, in words.

In: the results of a sweep, an outcome, what counts as bad. Out: `Discovery`, with boxes: ranges of a few factors in
which most bad runs lie. Left to others: how much each factor matters (`sensitivity`), finding the boxes (PRIM of EMA
Workbench).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.sweep.ema import import_ema
from policy_sim.sweep.results import SweepResults

__all__ = ["Box", "Discovery", "discover"]

Bools = NDArray[np.bool_]

_LITTLE = 0.03  # a restriction that raises the density by no more is dropped
_TELLING = 0.25  # a box has to raise the density by at least this share of the way to 1


@dataclass(frozen=True)
class Box:
    """Ranges of a few factors in which bad runs are frequent.

    Attributes
    ----------
    limits
        By factor: lowest and highest value, or the values it may have.
    coverage
        Share (0-1) of all bad runs that lie here.
    density
        Share (0-1) of the runs here that are bad.
    mass
        Share (0-1) of all runs that lie here.
    words
        The same in a sentence.
    """

    limits: dict[str, tuple[float, float] | tuple[str, ...]]
    coverage: float
    density: float
    mass: float
    words: str

    def holds(self, table: pd.DataFrame) -> Bools:
        """Return for each row (rows,) of a table whether it lies in the box."""
        inside = np.ones(len(table), dtype=np.bool_)
        for name, limits in self.limits.items():
            inside &= _within(table[name], limits)
        return inside

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return asdict(self) | {"limits": {name: list(limits) for name, limits in self.limits.items()}}


@dataclass(frozen=True)
class Discovery:
    """Where an outcome is bad.

    Attributes
    ----------
    question
        What counts as bad, in words.
    bad_share
        Share (0-1) of the runs that are bad.
    runs
        Number of runs with a finite outcome.
    boxes
        In the order in which they were found: each among the runs that the earlier ones leave.
    """

    question: str
    bad_share: float
    runs: int
    boxes: tuple[Box, ...]

    @property
    def words(self) -> str:
        """The answer in plain words."""
        opening = f"{self.question} in {self.bad_share:.0%} of {self.runs:,} runs."
        if not self.boxes:
            return f"{opening} No range of the factors tells these runs from the others."
        return " ".join([opening, *(box.words for box in self.boxes)])

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each box and factor: box, factor, low, high or among, coverage, density, mass."""
        rows = [
            {
                "box": k,
                "factor": name,
                "low": np.nan if isinstance(limits[0], str) else limits[0],
                "high": np.nan if isinstance(limits[0], str) else limits[1],
                "among": ", ".join(map(str, limits)) if isinstance(limits[0], str) else "",
                "coverage": box.coverage,
                "density": box.density,
                "mass": box.mass,
            }
            for k, box in enumerate(self.boxes)
            for name, limits in box.limits.items()
        ]
        columns = ["box", "factor", "low", "high", "among", "coverage", "density", "mass"]
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return {
            "question": self.question,
            "bad_share": self.bad_share,
            "runs": self.runs,
            "boxes": [box.to_dict() for box in self.boxes],
        }


def discover(
    sweep: SweepResults,
    outcome: str = "gain",
    below: float | None = None,
    above: float | None = None,
    factors: Sequence[str] | None = None,
    boxes: int = 2,
    most_factors: int = 3,
) -> Discovery:
    """Find for which values of the factors an outcome is bad, for example where a policy loses money.

    Parameters
    ----------
    sweep
        Preferably with a design that fills the space: latin_hypercube, sobol or saltelli.
    outcome
        Any outcome of the design.
    below, above
        An outcome below (or above) this is bad; below 0 by default.
    factors
        That may be restricted; by default all that vary.
    boxes
        Largest number of boxes.
    most_factors
        Largest number of factors that a box restricts: people cannot keep many in mind.

    Raises
    ------
    InputError
        If a name is unknown, both bounds are given, no factor varies, or EMA Workbench is not installed.

    Notes
    -----
    The patient rule induction method (PRIM) removes a twentieth of the runs at a time so that the density of bad runs
    among the others rises most; of the boxes on that path the one with the highest harmonic mean of coverage and
    density is taken, and restrictions that hardly matter are dropped.

    References
    ----------
    Friedman and Fisher 1999; Bryant and Lempert 2010.
    """
    if below is not None and above is not None:
        raise InputError("both below and above are given; keep one of them")
    runs = sweep.table[np.isfinite(sweep.table[sweep.outcome(outcome)])]
    wanted = sweep.design.runs.names if factors is None else tuple(sweep.factor(name) for name in factors)
    varying = [name for name in wanted if len(runs[name].unique()) > 1 and not runs[name].isna().any()]
    if not varying:
        raise InputError("none of the factors varies over the runs; discover() needs a sweep that moves some")
    values = runs[outcome].to_numpy(dtype=np.float64)
    bad = values > above if above is not None else values < (0.0 if below is None else below)
    question = _question(outcome, below, above)
    space = runs[varying].reset_index(drop=True)
    found_boxes: list[Box] = []
    left = np.ones(len(space), dtype=np.bool_)
    while len(found_boxes) < boxes and 0 < (bad & left).sum() < left.sum():
        limits = _peeled(space[left].reset_index(drop=True), bad[left])
        limits = _without_idle(space, bad, left, limits, most_factors)
        plain = bad[left].mean()
        if _density(space, bad, left, limits) < plain + _TELLING * (1 - plain):
            break
        box = _box(space, bad, left, limits)
        found_boxes.append(box)
        left &= ~box.holds(space)
    return Discovery(question, float(bad.mean()), len(space), tuple(found_boxes))


def _peeled(space: pd.DataFrame, bad: Bools) -> dict[str, Any]:
    """Return the limits of the best box on the path of PRIM."""
    prim = import_ema("ema_workbench.analysis.prim")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of divisions where a box holds nothing
        table = space.copy()
        for name in table.columns:
            if not pd.api.types.is_numeric_dtype(table[name]):
                table[name] = table[name].astype(object)
        path = prim.Prim(table, bad.astype(int), threshold=1e-9, peel_alpha=0.05, mass_min=0.02).find_box()
        coverage, density = (path.peeling_trajectory[name].to_numpy() for name in ("coverage", "density"))
        together = 2 * coverage * density / np.maximum(coverage + density, 1e-300)
        lims = path.box_lims[int(np.argmax(together))]
    limits: dict[str, Any] = {}
    for name in space.columns:
        low, high = lims[name]
        if pd.api.types.is_numeric_dtype(space[name]):
            whole = (space[name].min(), space[name].max())
            if low > whole[0] or high < whole[1]:
                limits[name] = (-np.inf if low <= whole[0] else float(low), np.inf if high >= whole[1] else float(high))
        elif set(low) != set(space[name]):
            limits[name] = tuple(sorted(str(value) for value in low))
    return limits


def _without_idle(space: pd.DataFrame, bad: Bools, left: Bools, limits: dict[str, Any], most: int) -> dict[str, Any]:
    """Drop the restriction that adds least to the density, while that is little or there are too many of them."""
    while limits:
        whole = _density(space, bad, left, limits)
        without = {
            name: _density(space, bad, left, {other: limits[other] for other in limits if other != name})
            for name in limits
        }
        idle = max(without, key=lambda name: without[name])
        if whole - without[idle] > _LITTLE and len(limits) <= most:
            return limits
        limits = {other: limits[other] for other in limits if other != idle}
    return limits


def _density(space: pd.DataFrame, bad: Bools, left: Bools, limits: dict[str, Any]) -> float:
    inside = _inside(space, left, limits)
    return float(bad[inside].mean()) if inside.any() else 0.0


def _inside(space: pd.DataFrame, left: Bools, limits: dict[str, Any]) -> Bools:
    inside = left.copy()
    for name, restriction in limits.items():
        inside &= _within(space[name], restriction)
    return inside


def _box(space: pd.DataFrame, bad: Bools, left: Bools, limits: dict[str, Any]) -> Box:
    inside = _inside(space, left, limits)
    coverage, density = float(bad[inside].sum() / bad.sum()), float(bad[inside].mean())
    outside = left & ~inside
    where = " and ".join(_restriction(name, restriction) for name, restriction in limits.items())
    begin, others = ("{} of these", "runs") if left.all() else ("Another {}", "others")
    elsewhere = bad[outside].mean() if outside.any() else 0.0
    words = (
        f"{begin.format(f'{coverage:.0%}')} lie where {where}: {density:.0%} of the {others} there are like that, "
        f"elsewhere {elsewhere:.0%}."
    )
    return Box(limits, coverage, density, float(inside.mean()), words)


def _within(column: pd.Series, limits: tuple[Any, ...]) -> Bools:
    if isinstance(limits[0], str):
        return np.asarray(column.astype(str).isin(limits), dtype=np.bool_)
    return np.asarray((column >= limits[0]) & (column <= limits[1]), dtype=np.bool_)


def _restriction(name: str, limits: tuple[Any, ...]) -> str:
    if isinstance(limits[0], str):
        return f"{name} is {' or '.join(limits)}"
    low, high = limits
    if low == -np.inf:
        return f"{name} is at most {high:,.3g}"
    return f"{name} is at least {low:,.3g}" if high == np.inf else f"{name} is between {low:,.3g} and {high:,.3g}"


def _question(outcome: str, below: float | None, above: float | None) -> str:
    if outcome == "gain" and above is None and not below:
        return "The policy loses money"
    return f"{outcome} is above {above:,.6g}" if above is not None else f"{outcome} is below {below or 0:,.6g}"
