"""Priors: assumptions on a scale without bounds, on which each is standard normal before the log has spoken.

In: assumptions of a scenario. Out: their values, slopes and curvatures at points of that scale.
Left to others: the likelihood (`likelihood`), where they end up (`calibration`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, ndtr

from policy_sim.assumptions import MEASURED_AT, Assumption

__all__ = ["Point", "logit_point", "on_own_scale"]

Floats = NDArray[np.float64]

_FLATTEST = 1e-12  # share below which a quantile function's slope is not followed


class Point(NamedTuple):
    """A number and how it moves with z: value, first and second derivative."""

    value: float
    slope: float
    curvature: float


def on_own_scale(assumption: Assumption, z: float) -> Point:
    """Return the assumption's value at z, where z is standard normal before anything is known.

    value(z) = Q(Phi(z)) with the assumption's quantile function Q, so draws of z give the scenario's own distribution;
    what is chosen stays where it is.
    """
    if assumption.distribution == "chosen":
        return Point(assumption.value, 0.0, 0.0)
    low, high = assumption.range
    below, above = float(ndtr(z)), float(ndtr(-z))
    density = float(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))
    if assumption.distribution == "uniform":
        value, first, second = low + (high - low) * below, high - low, 0.0
    elif assumption.distribution == "measured":
        place = int(np.clip(np.searchsorted(MEASURED_AT, below, side="right") - 1, 0, len(MEASURED_AT) - 2))
        first = (assumption.quantiles[place + 1] - assumption.quantiles[place]) / (
            MEASURED_AT[place + 1] - MEASURED_AT[place]
        )
        value, second = assumption.quantiles[place] + first * (below - MEASURED_AT[place]), 0.0
    else:
        value, first, second = _triangular(low, assumption.value, high, below, above)
    return Point(float(value), float(first * density), float(second * density**2 - z * density * first))


def _triangular(low: float, mode: float, high: float, below: float, above: float) -> tuple[float, float, float]:
    """Return the quantile function at a probability (and one less it), and its first two derivatives."""
    width = high - low
    if below * width <= mode - low:
        scale, share, end, sign = np.sqrt(width * (mode - low)), max(below, _FLATTEST), low, 1.0
    else:
        scale, share, end, sign = np.sqrt(width * (high - mode)), max(above, _FLATTEST), high, -1.0
    root = float(np.sqrt(share))
    return end + sign * scale * root, scale / (2 * root), -sign * scale / (4 * root**3)


def logit_point(point: Point) -> Point:
    """Return the logit of a number (0-1) and how it moves."""
    value, slope, curvature = point
    spread = value * (1 - value)
    bend = -(1 - 2 * value) / spread**2
    return Point(float(logit(value)), slope / spread, curvature / spread + bend * slope**2)
