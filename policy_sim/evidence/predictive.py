"""Predictive checks: whether customers came back as the calibrated model says they do.

In: a calibration. Out: `PredictiveCheck`: shares who came back, seen and expected, by decile of what was expected, by
failure, by how much was given. Left to others: pictures of it (`show`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, plain_rows
from policy_sim.evidence.calibration import Calibration

__all__ = ["PredictiveCheck", "predictive_check"]

Floats = NDArray[np.float64]

_DRAWS = 60
_DAYS_PER_WEEK = 7.0
_COMPENSATIONS = (-np.inf, 0.05, 0.5, 0.9, 1.1, 1.5, np.inf)
_LABELS = ("nothing", "under half of the loss", "half to .9", "about the loss", "1.1 to 1.5", "more than 1.5")


@dataclass(frozen=True)
class PredictiveCheck:
    """Shares of customers who came back within some days, seen and expected.

    Attributes
    ----------
    table
        One row for each group: by ("decile", "failure", "given"), group, cases, seen (share), expected, low and high
        (where the seen share lies 90 % of the time if the model holds: draws of the posterior and chance).
    days
        Within how many days.
    left_out
        Cases whose customers have not come back yet and may still do so within these days.
    """

    table: pd.DataFrame
    days: int
    left_out: int

    @property
    def share_within(self) -> float:
        """Share of the groups whose seen share lies within its 90 % interval."""
        return float(((self.table["low"] <= self.table["seen"]) & (self.table["seen"] <= self.table["high"])).mean())

    def to_frame(self) -> pd.DataFrame:
        """Return `table`."""
        return self.table

    def to_dict(self) -> dict[str, object]:
        """Return days, cases left out and the rows of `table` as plain data."""
        return {"days": self.days, "left_out": self.left_out, "groups": plain_rows(self.table)}


def predictive_check(calibration: Calibration, days: int = 180, seed: int = 0) -> PredictiveCheck:
    """Compare who came back within some days with what the calibrated model expects.

    Only cases that were followed as long as that count: who came back sooner would else be among them, and who did not
    would not.

    Parameters
    ----------
    days
        1 or more.

    Raises
    ------
    InputError
        If no case was followed that long.

    Notes
    -----
    A customer with x orders after the first one, exposed for E weeks up to the order that failed, comes back within w
    weeks with chance (b+x)/(k+x) q (1 - ((alpha+E)/(alpha+E+w))^(r+x)): `likelihood`.
    """
    follow = calibration.observed.follow_up
    watched = follow.weeks_observed * _DAYS_PER_WEEK >= days
    if days < 1 or not watched.any():
        raise InputError(f"no case was followed for {days} days; the longest: {_longest(calibration):.0f} days")
    came = (follow.weeks_until_return * _DAYS_PER_WEEK <= days)[watched]
    rng = np.random.default_rng([seed, 8])
    chances = _chances(calibration, days / _DAYS_PER_WEEK, watched, rng)
    features = calibration.observed.features
    expected = chances.mean(axis=0)
    decile = np.argsort(np.argsort(expected, kind="stable"), kind="stable") * 10 // len(expected)
    titles = [failure.title for failure in calibration.scenario.failures.values()]
    given = np.digitize(features.compensation[watched], _COMPENSATIONS[1:-1])
    rows = []
    for by, codes, labels in (
        ("decile", decile, [f"{place + 1}" for place in range(10)]),
        ("failure", features.failure[watched], titles),
        ("given", given, list(_LABELS)),
    ):
        for code, label in enumerate(labels):
            here = codes == code
            if here.any():
                drawn = (rng.random((len(chances), int(here.sum()))) < chances[:, here]).mean(axis=1)
                low, high = np.quantile(drawn, [0.05, 0.95])
                rows.append((by, label, int(here.sum()), came[here].mean(), expected[here].mean(), low, high))
    columns = ["by", "group", "cases", "seen", "expected", "low", "high"]
    return PredictiveCheck(pd.DataFrame(rows, columns=columns), days, int((~watched).sum()))


def _longest(calibration: Calibration) -> float:
    return float(calibration.observed.follow_up.weeks_observed.max() * _DAYS_PER_WEEK)


def _chances(calibration: Calibration, weeks: float, watched: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Return the chance (draws, watched cases) to come back within so many weeks, for draws of the posterior."""
    observed = calibration.observed
    likelihood, parameters = observed.likelihood(), observed.parameters
    rows = rng.choice(len(calibration.weights), _DRAWS, p=calibration.weights)
    chances = np.empty((_DRAWS, int(watched.sum())))  # filled one by one: there may be millions of cases
    for draw, z in enumerate(calibration.all_z[rows]):
        natural = np.array([point.value for point in parameters.points(z)])
        chances[draw] = likelihood.chance_to_return(natural, weeks)[watched]
    return chances
