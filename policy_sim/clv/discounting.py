"""Discounting: what a year's rate means for a week, and for all purchases up to a horizon.

In: a discount rate a year. Out: the rate a week; weights and horizons that make discounted purchases of expected ones.
Left to others: how many purchases to expect (the models).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policy_sim.border import InputError

__all__ = ["PUBLISHED_WEEKS_PER_YEAR", "discount_per_week", "discount_weights", "refuse_horizon", "refuse_margin"]

Vector = NDArray[np.float64]

PUBLISHED_WEEKS_PER_YEAR = 52
"""Weeks in a year wherever a customer model turns a yearly figure into a weekly one or back.

It is part of published formulas, not a length of the year: the values of DERT in the literature rest on
delta = ln(1+d)/52, and its yearly figures are of 52 weeks. Everywhere else a year has `words.DAYS_PER_YEAR` days.
"""

_HORIZON_NODES = 12  # of Gauss and Legendre, for discounting within a horizon


def discount_per_week(discount_rate_per_year: float) -> float:
    """Return delta = ln(1 + d) / 52, at which a yearly rate d above 0 discounts continuously.

    Raises
    ------
    InputError
        If the rate is not above 0.
    """
    if not (np.isfinite(discount_rate_per_year) and discount_rate_per_year > 0):
        raise InputError(
            f"discount_rate_per_year is {discount_rate_per_year}; it must be above 0 (0.15 for 15 %), "
            "for without discount the purchases of all time have no finite sum"
        )
    return float(np.log1p(discount_rate_per_year)) / PUBLISHED_WEEKS_PER_YEAR


def discount_weights(discount_rate_per_year: float, horizon_weeks: float) -> tuple[Vector, Vector]:
    """Return weights and horizons (weeks) so that discounted purchases are the weighted sum of expected ones.

    Notes
    -----
    By parts, with N(t) the expected purchases up to t: e^(-delta H) N(H) + delta int_0^H e^(-delta t) N(t) dt, the
    integral by Gauss and Legendre.
    """
    delta = discount_per_week(discount_rate_per_year)
    nodes, weights = np.polynomial.legendre.leggauss(_HORIZON_NODES)
    horizons = horizon_weeks * (nodes + 1) / 2
    inner = delta * weights * (horizon_weeks / 2) * np.exp(-delta * horizons)
    return np.append(inner, np.exp(-delta * horizon_weeks)), np.append(horizons, horizon_weeks)


def refuse_horizon(horizon_weeks: float) -> None:
    """Raise an InputError unless a horizon is a number of weeks, 0 or more."""
    if not (np.isfinite(horizon_weeks) and horizon_weeks >= 0):
        raise InputError(f"horizon_weeks is {horizon_weeks}; it must be a number of weeks, 0 or more")


def refuse_margin(margin_share: float) -> None:
    """Raise an InputError unless a margin is a share of an order's amount, above 0 and at most 1."""
    if not 0 < margin_share <= 1:
        raise InputError(f"margin_share is {margin_share}; it must be above 0 and at most 1 (0.3 for 30 %)")
