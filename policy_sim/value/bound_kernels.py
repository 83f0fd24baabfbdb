"""Bound kernels: between which values a case lies while every limit may lie between two, compiled.

In: what may be chosen for each case, what that comes to, the lowest and highest limits. Out: for each case the most
that it can come to, what it comes to under the lowest limits, and the use that stands between. Left to others: which
limits to look at (`bound`).

numba's cache notices changes of one file only, the one that a function is in. So nothing that is compiled here calls
another module, or takes a constant from one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["NOTHING_OPEN", "BoundTables", "bound_cases"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Cents = NDArray[np.signedinteger[Any]]

#: In place of a limit to blame: whatever the limits between the two, the case is treated alike.
NOTHING_OPEN = -2
_NOTHING_TO_GAIN = -1  # the case is not, but comes to nothing more than under the lowest
_CERTAIN, _OUT_OF_REACH = -1, -2


class BoundTables(NamedTuple):
    """What cases come to; N cases, A resolutions, L limits, S styles, T tiers (all of the policy but the last).

    start, cell (N,) tier that looks first, row of the limits; uses (N, A, L) cents; order (T, S, N, A) resolutions that
    may be chosen as a style prefers them, -1 behind the last; table (T, N, A, S) value of a resolution, times the
    style's share; last (N,) value at the last tier.
    """

    start: Ints
    cell: Ints
    uses: Cents
    order: NDArray[np.int16]
    table: Floats
    last: Floats


@numba.njit(cache=True, nogil=True)
def bound_cases(
    rows: Ints, tables: BoundTables, low: Ints, high: Ints, most: Floats, least: Floats, blamed: Ints, use: Ints
) -> None:
    """Fill for some cases what they can come to while limits lie between low and high (T, cells, L) cents.

    Parameters
    ----------
    rows
        (R,) cases.
    most
        (R,) no limits between the two bring more.
    least
        (R,) what the lowest limits bring.
    blamed, use
        (R,) the limit (tier * L + limit) that decides whether the case gets what would bring most, and what that draws
        on it (cents). Where there is none: `NOTHING_OPEN` where all such limits treat the case alike, -1 where no more
        is to be had than under the lowest.
    """
    for n in range(len(rows)):
        i = rows[n]
        blamed[n], use[n], most[n] = NOTHING_OPEN, 0, -np.inf
        is_certain = False
        for k in range(tables.start[i], tables.order.shape[0]):
            is_certain = _bound_at_tier(n, i, k, tables, low, high, most, least, blamed, use)
            if is_certain:
                break
        if not is_certain:
            most[n] = max(most[n], tables.last[i])
            least[n] = tables.last[i]
        if blamed[n] >= 0 and most[n] <= least[n]:
            blamed[n] = _NOTHING_TO_GAIN


@numba.njit(forceinline=True)
def _bound_at_tier(
    n: int,
    i: int,
    k: int,
    tables: BoundTables,
    low: Ints,
    high: Ints,
    most: Floats,
    least: Floats,
    blamed: Ints,
    use: Ints,
) -> bool:
    """Take in what tier k may do for case i, the n-th row; tells whether it must decide it."""
    tier_most, tier_least = 0.0, 0.0
    # what a tier below leaves open comes first
    widest = np.inf if blamed[n] >= 0 else -1.0
    is_possible, is_certain = False, False
    for s in range(tables.order.shape[1]):
        style_most, style_least, by, drawn = -np.inf, -np.inf, _CERTAIN, 0
        for m in range(tables.order.shape[3]):
            a = tables.order[k, s, i, m]
            if a < 0:
                break
            obstacle = _obstacle(i, a, k, tables, low, high)
            if obstacle == _OUT_OF_REACH:
                continue
            is_possible = True
            value = tables.table[k, i, a, s]
            if obstacle != _CERTAIN and (value > style_most or by == _CERTAIN):
                by, drawn = obstacle, tables.uses[i, a, obstacle]
            style_most = max(style_most, value)
            if obstacle == _CERTAIN:
                style_least, is_certain = value, True
                break
        if not is_possible:
            break
        tier_most += style_most
        tier_least += style_least
        if by != _CERTAIN and style_most - style_least > widest:
            widest = style_most - style_least
            blamed[n], use[n] = k * low.shape[2] + by, drawn
    if is_possible:
        most[n] = max(most[n], tier_most)
        least[n] = tier_least
    return is_certain


@numba.njit(forceinline=True)
def _obstacle(i: int, a: int, k: int, tables: BoundTables, low: Ints, high: Ints) -> int:
    """Return the first limit that may keep tier k from a resolution, or that none does, or that one must."""
    first = _CERTAIN
    for d in range(low.shape[2]):
        drawn = tables.uses[i, a, d]
        if drawn > high[k, tables.cell[i], d]:
            return _OUT_OF_REACH
        if first == _CERTAIN and drawn > low[k, tables.cell[i], d]:
            first = d
    return first
