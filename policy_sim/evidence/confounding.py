"""Confounding: how far something that agents saw, and no log holds, may have misled a calibration.

In: a calibration, strengths. Out: `Sensitivity`, what each strength would make of the effects of what is given.
Left to others: what agents saw and the log holds (`observed`), evidence that does not suffer from it (`Estimate`s).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, Progress, Steps, plain_rows
from policy_sim.evidence.calibration import Calibration
from policy_sim.evidence.posterior import Posterior
from policy_sim.evidence.priors import on_own_scale

__all__ = ["STRENGTHS", "Sensitivity", "sensitivity"]

Floats = NDArray[np.float64]

#: Strengths (logits) that are looked at where none are named.
STRENGTHS = (0.1, 0.2, 0.4)

_EFFECTS = ("compensation_weight", "gesture_weight")


@dataclass(frozen=True)
class Sensitivity:
    """What effects would be if agents had seen something that bears on the chance of loss and is not on record.

    Attributes
    ----------
    table
        One row for each strength and effect: strength (logits of loss that go with one standard deviation of what was
        given, beyond what is on record), assumption, as_read (posterior median), low and high: its 90 % interval, the
        widest of what was seen pointing either way.
    """

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return `table`."""
        return self.table

    def to_dict(self) -> dict[str, object]:
        """Return the rows of `table` as plain data."""
        return {"sensitivity": plain_rows(self.table)}


def sensitivity(
    calibration: Calibration, strengths: Sequence[float] = STRENGTHS, on_progress: Progress | None = None
) -> Sensitivity:
    """Work out how effects of compensation and gestures move with an unseen confounder of given strength.

    Parameters
    ----------
    strengths
        Each: by how many logits customers to whom one standard deviation more is given would be likelier (or less
        likely) to leave whatever they are given. Something that adds gamma to the logits for each of its own standard
        deviations, and correlates at rho with what is given, has strength gamma rho.

    Raises
    ------
    InputError
        If a strength is not a number above 0.

    Notes
    -----
    With u = rho g + noise for what was given, g (in standard deviations, within each failure and given what is on
    record), E[gamma u | g] = gamma rho g: the calibration is done again with that added to the logits of loss, once for
    either sign.
    """
    for strength in strengths:
        if not (np.isfinite(strength) and strength > 0):
            raise InputError(f"strength of an unseen confounder is {strength:g}; expected logits, above 0")
    given = _generosity(calibration)
    steps = Steps(on_progress, 2 * len(strengths))
    rows = []
    for strength in strengths:
        ends: dict[str, list[float]] = {}
        for sign in (1.0, -1.0):
            steps.begin("Supposing something unseen")
            for name, low, high in _effects(calibration, sign * strength * given):
                ends.setdefault(name, []).extend((low, high))
        for name, values in ends.items():
            rows.append((strength, name, calibration.quantile(name, 0.5), min(values), max(values)))
    steps.finish()
    return Sensitivity(pd.DataFrame(rows, columns=["strength", "assumption", "as_read", "low", "high"]))


def _generosity(calibration: Calibration) -> Floats:
    """Return what was given beyond what is on record (cases,), in standard deviations within each failure."""
    observed = calibration.observed
    features = observed.features
    known = np.column_stack([*features.weighted.values(), *observed.adjustments.values()])
    given = np.zeros(len(features.failure))
    for f in range(len(observed.scenario.failures)):
        rows = np.flatnonzero(features.failure == f)
        columns = np.column_stack([np.ones(rows.size), known[rows]])
        if rows.size <= columns.shape[1]:
            continue
        effect = features.effect[rows] + features.gesture[rows]
        rest = effect - columns @ np.linalg.lstsq(columns, effect, rcond=None)[0]
        given[rows] = rest / (rest.std() or 1.0)
    return given


def _effects(calibration: Calibration, offset: Floats) -> list[tuple[str, float, float]]:
    """Return the 90 % intervals of the effects where so much (cases,) is added to the logits of loss."""
    observed = calibration.observed
    posterior = Posterior(observed.likelihood(offset), observed.parameters, ())
    maximum, covariance = posterior.maximum(calibration.weights @ calibration.all_z)
    spread = np.sqrt(np.diag(covariance))
    found = []
    for place, name in enumerate(calibration.names):
        if name.split(".")[1] in _EFFECTS:
            assumption = calibration.scenario.assumption(name)
            low, high = (
                on_own_scale(assumption, float(maximum[place] + sign * 1.645 * spread[place])).value
                for sign in (-1.0, 1.0)
            )
            found.append((name, low, high))
    return found
