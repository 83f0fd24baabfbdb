"""Grid kernels: every policy of a grid of limits, compiled.

In: what may be chosen for each case, what it comes to, the limits of a grid. Out: what each policy settles and brings.
Left to others: which grid, and which of its policies is best (`grid`).

numba's cache notices changes of one file only, the one that a function is in. So nothing that is compiled here calls
another module; what stands in `choice_kernels` too is repeated, and held together by tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from policy_sim.value.choice_kernels import ChoiceSets

__all__ = ["grid_values"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_STYLE_COUNT, _GUIDED = 3, 0


@numba.njit(forceinline=True)
def _order_of(style: int, tier: int, sets: ChoiceSets) -> int:
    """Return the row of `ChoiceSets.preference_order` that a style goes by at a tier of the scenario."""
    return tier if style == _GUIDED else sets.preference_order.shape[0] - _STYLE_COUNT + style


@numba.njit(cache=True, nogil=True)
def grid_values(
    scenario_tier: int,
    levels: Ints,
    grid: Ints,
    reaches: Bools,
    sets: ChoiceSets,
    choosable: Bools,
    book: Ints,
    table: Floats,
    begin: int,
    end: int,
    handled: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Fill, for every combination of limits of a grid, whether tier k settles a case, and what that comes to.

    Parameters
    ----------
    levels
        (L, levels) limits in cents, rising; a limit that does not move has one level.
    grid
        (combinations, L) which level of each limit.
    reaches
        (N,) whether the case may be settled by the tier, as far as guards go.
    choosable
        (N, A) resolutions to look at.
    book
        (N,) as in `PolicyArrays`.
    table
        (N, A, styles) value of each resolution at the tier, for each style's share of the agents.
    begin, end
        Cases to work on.
    handled, out
        (N, combinations) 1 where the tier settles it, else 0; what that comes to, else 0.
    """
    resolution_count = sets.uses.shape[1]
    order = np.empty((table.shape[2], resolution_count + 2), dtype=np.int64)
    needed = np.empty((resolution_count, levels.shape[0]), dtype=np.int64)
    for i in range(begin, end):
        for g in range(grid.shape[0]):
            handled[i, g] = 0.0
            out[i, g] = 0.0
        if not reaches[i]:
            continue
        _find_levels(i, levels, sets, choosable, needed)
        _find_orders(i, scenario_tier, sets, choosable, book[i], order)
        _add_grid(i, order, needed, grid, table, handled, out)


@numba.njit(forceinline=True)
def _find_levels(i: int, levels: Ints, sets: ChoiceSets, choosable: Bools, needed: Ints) -> None:
    """Fill needed (A, L) with the lowest level of each limit that covers what a resolution uses of it."""
    for a in range(sets.counts[i]):
        if not choosable[i, a]:
            continue
        for d in range(levels.shape[0]):
            level = 0
            while level < levels.shape[1] and sets.uses[i, a, d] > levels[d, level]:
                level += 1
            needed[a, d] = level


@numba.njit(forceinline=True)
def _find_orders(i: int, scenario_tier: int, sets: ChoiceSets, choosable: Bools, book: int, order: Ints) -> None:
    """Fill order (styles, A + 2) with the resolutions to look at as each style prefers them, and -1 behind the last."""
    for s in range(order.shape[0]):
        count = 0
        if s >= _STYLE_COUNT and book >= 0:
            order[s, count] = book
            count += 1
        for n in range(sets.counts[i]):
            a = sets.preference_order[_order_of(s % _STYLE_COUNT, scenario_tier, sets), i, n]
            if a >= 0 and choosable[i, a]:
                order[s, count] = a
                count += 1
        order[s, count] = -1


@numba.njit(forceinline=True)
def _add_grid(
    i: int,
    order: Ints,
    needed: Ints,
    grid: Ints,
    table: Floats,
    handled: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Add to a case, for every combination, what each style prefers among the resolutions within its limits.

    The loops stand together: a function called for each combination would count the owners of its arrays every time.
    """
    for g in range(grid.shape[0]):
        for s in range(order.shape[0]):
            for n in range(order.shape[1]):
                a = order[s, n]
                if a < 0:
                    break
                is_within = True
                for d in range(grid.shape[1]):
                    if needed[a, d] > grid[g, d]:
                        is_within = False
                        break
                if is_within:
                    handled[i, g] = 1.0
                    out[i, g] += table[i, a, s]
                    break
