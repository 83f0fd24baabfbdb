"""Compiled loop of the likelihood: what each customer's silence says of the process of buying.

In: repeats, exposures, chances to stay. Out: sums, and U of each customer.
Left to others: what they mean (`likelihood`).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["add_silence"]

Floats = NDArray[np.float64]


@njit(cache=True, nogil=True, error_model="numpy")
def add_silence(
    x: Floats,
    exposed_weeks: Floats,
    watched_weeks: Floats,
    stay: Floats,
    r: float,
    alpha: float,
    k: float,
    b: float,
    used: Floats,
    gradient: Floats,
) -> float:
    """Return the sum of -(r+x) ln(alpha+E) + ln(1-U) over customers; add to the gradient, and write U of each.

    Parameters
    ----------
    x, exposed_weeks, watched_weeks, stay
        (customers,) orders after the first, weeks up to the last order and since, chance of the last case to keep them.
    r, alpha, k, b
        Of the process of buying: rates are Gamma(r, alpha), chances to leave Beta(k - b, b).
    used, gradient
        Written: U (customers,); added to: the derivatives by d0, ln r, ln alpha, ln k (4,).
    """
    value = 0.0
    for c in range(len(x)):
        events, exposed = r + x[c], alpha + exposed_weeks[c]
        later = exposed + watched_weeks[c]
        log_exposed = np.log(exposed)
        quiet = log_exposed - np.log(later)
        gone = -np.expm1(events * quiet)
        ratio = (b + x[c]) / (k + x[c])
        u = ratio * stay[c] * gone
        used[c] = u
        value += np.log1p(-u) - events * log_exposed
        gradient[1] -= r * log_exposed
        gradient[2] -= alpha * events / exposed
        per = -u / (1.0 - u)
        gradient[0] -= per * k / (b + x[c])
        gradient[3] += per * (b / (b + x[c]) - k / (k + x[c]))
        if gone > 0.0:
            falls = per * (gone - 1.0) / gone
            gradient[1] += falls * r * quiet
            gradient[2] += falls * events * alpha * (1.0 / exposed - 1.0 / later)
    return value
