"""Global sensitivity: which factors an outcome depends on when all of them vary together, alone and in interaction.

In: a finished sweep whose design is Saltelli's or Morris's, or values of any function at such points. Out: tables.
Left to others: one assumption moved at a time (`study.sensitivity`, local), the value of knowing it (`information`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.sweep.design import Morris, Saltelli, blocks_of
from policy_sim.sweep.results import SweepResults

__all__ = ["morris_screening", "screen", "sobol_indices", "what_decides"]

Floats = NDArray[np.float64]

_ROWS = 512  # times 512 resampled points are worked on at a time, so that they fit the cache


def what_decides(sweep: SweepResults, outcome: str, resamples: int = 100, level: float = 0.9) -> pd.DataFrame:
    """Return Sobol's indices of an outcome: the share of its variance that each factor accounts for.

    Parameters
    ----------
    sweep
        With a design of the method "saltelli", or a cross with one such part: then there are indices for each
        combination of the other parts (for each policy, for example).
    outcome
        Any outcome of the design, also `best.agent.keep_item`.
    resamples, level
        Of the bootstrap; coverage (0-1) of the intervals.

    Returns
    -------
    pandas.DataFrame
        The factors of the other parts, if any; factor; first_order (share of the variance that knowing this factor
        removes) and total (share that remains if all others are known), each with _low and _high; points (number that
        were used). The largest total first.

    Raises
    ------
    InputError
        If the design has no such part, or fewer than two points have all of their runs.
    """

    def indices(method: Saltelli, values: Floats) -> pd.DataFrame:
        values = values.reshape(method.count, len(method.names) + 2)
        whole = values[np.isfinite(values).all(axis=1)]
        return sobol_indices(whole, method.names, resamples, level, sweep.design.seed).assign(points=len(whole))

    return _by_block(sweep, outcome, Saltelli, indices)


def sobol_indices(
    values: Floats, names: Sequence[str], resamples: int = 100, level: float = 0.9, seed: int = 0
) -> pd.DataFrame:
    """Return Sobol's indices from values at Saltelli's points.

    Parameters
    ----------
    values
        (points, factors + 2): at A, at A with each factor in turn as in B, at B.
    names
        Of the factors.
    resamples
        Of the points, for the intervals.
    level
        Coverage (0-1) of the intervals.
    seed
        The same seed gives the same intervals.

    Returns
    -------
    pandas.DataFrame
        factor, first_order, first_order_low, first_order_high, total, total_low, total_high; the largest total first.
        All 0 where the values are all the same.

    Raises
    ------
    InputError
        If the shape does not fit, there are fewer than two points, or a value is not finite.

    Notes
    -----
    First order: mean(B (AB_j - A)) / var; total: mean((A - AB_j)^2) / (2 var); var over A and B. To resample points is
    to weight them, so all resamples of the bootstrap are one matrix product.

    References
    ----------
    Sobol 2001; Saltelli et al. 2010; Jansen 1999.
    """
    count, factors = len(values), len(names)
    if values.shape != (count, factors + 2) or count < 2:
        raise InputError(f"values have shape {values.shape}; expected 2 points or more and {factors + 2} columns")
    if not np.isfinite(values).all():
        raise InputError("a value is not finite; leave out the points of runs that failed")
    deviation = values.std()
    standardised = (values - values.mean()) / (deviation if deviation > 1e-12 * np.abs(values).max() else np.inf)
    a, mixed, b = standardised[:, :1], standardised[:, 1:-1], standardised[:, -1:]
    terms = np.concatenate([b * (mixed - a), 0.5 * (a - mixed) ** 2, (a + b) / 2, (a**2 + b**2) / 2], axis=1)
    point = _ratios(terms.mean(axis=0)[None])[0]
    ends = np.quantile(_ratios(_resampled(terms, resamples, seed)), [(1 - level) / 2, (1 + level) / 2], axis=0)
    table = pd.DataFrame({"factor": list(names)})
    for k, name in enumerate(("first_order", "total")):
        own = slice(k * factors, (k + 1) * factors)
        table[name], table[f"{name}_low"], table[f"{name}_high"] = point[own], ends[0, own], ends[1, own]
    return table.sort_values("total", ascending=False, kind="stable", ignore_index=True)


def screen(sweep: SweepResults, outcome: str, resamples: int = 100, level: float = 0.9) -> pd.DataFrame:
    """Return Morris's elementary effects of an outcome: a screening of which factors matter, from few runs.

    Parameters
    ----------
    sweep
        With a design of the method "morris", or a cross with one such part.
    outcome, resamples, level
        As for `what_decides`.

    Returns
    -------
    pandas.DataFrame
        The factors of the other parts, if any; then as `morris_screening`, and walks (number that were used).

    Raises
    ------
    InputError
        As `what_decides` does.
    """

    def effects(method: Morris, values: Floats) -> pd.DataFrame:
        factors = len(method.names)
        points = method.points(sweep.design.seed).reshape(method.count, factors + 1, factors)
        values = values.reshape(method.count, factors + 1)
        whole = np.isfinite(values).all(axis=1)
        table = morris_screening(points[whole], values[whole], method.names, resamples, level, sweep.design.seed)
        return table.assign(walks=int(whole.sum()))

    return _by_block(sweep, outcome, Morris, effects)


def morris_screening(
    points: Floats, values: Floats, names: Sequence[str], resamples: int = 100, level: float = 0.9, seed: int = 0
) -> pd.DataFrame:
    """Return Morris's elementary effects from values along trajectories (walks).

    Parameters
    ----------
    points
        (walks, factors + 1, factors) within the unit cube; each step moves one factor.
    values
        (walks, factors + 1).
    names
        Of the factors.
    resamples, level, seed
        As for `sobol_indices`.

    Returns
    -------
    pandas.DataFrame
        factor; mean_size with _low and _high (mean absolute effect of the whole range, in the outcome's unit), mean
        (signed), spread (standard deviation of the effect: large where it is not linear, or depends on other factors);
        the largest mean_size first.

    Raises
    ------
    InputError
        If there are fewer than two walks.

    References
    ----------
    Morris 1991; Campolongo, Cariboni and Saltelli 2007.
    """
    if len(points) < 2:
        raise InputError(f"there are {len(points)} whole walks; effects need two or more")
    steps = np.diff(points, axis=1)
    moved = np.abs(steps).argmax(axis=2)
    size = np.take_along_axis(steps, moved[..., None], axis=2)[..., 0]
    effects = np.empty(moved.shape)
    np.put_along_axis(effects, moved, np.diff(values, axis=1) / size, axis=1)
    ends = np.quantile(_resampled(np.abs(effects), resamples, seed), [(1 - level) / 2, (1 + level) / 2], axis=0)
    table = pd.DataFrame(
        {
            "factor": list(names),
            "mean_size": np.abs(effects).mean(axis=0),
            "mean_size_low": ends[0],
            "mean_size_high": ends[1],
            "mean": effects.mean(axis=0),
            "spread": effects.std(axis=0, ddof=1),
        }
    )
    return table.sort_values("mean_size", ascending=False, kind="stable", ignore_index=True)


def _by_block(sweep: SweepResults, outcome: str, kind: type, work: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Apply `work` to each combination of the other parts of a cross; their factors stand before the result."""
    method, blocks = blocks_of(sweep.design, kind)
    column = sweep.table.set_index("row")[sweep.outcome(outcome)]
    others = [name for name in sweep.table.columns if name in sweep.design.runs.names and name not in method.names]
    by_row = sweep.table.set_index("row")[others]
    tables = []
    for rows in blocks:
        table = work(method, column.reindex(rows).to_numpy(dtype=np.float64))
        for k, name in enumerate(others):
            values = by_row[name].reindex(rows).dropna()
            table.insert(k, name, values.iloc[0] if len(values) else np.nan)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _ratios(means: Floats) -> Floats:
    """Return (resamples, 2 * factors) indices from the means of their terms; 0 where nothing varies."""
    variance = means[:, -1:] - means[:, -2:-1] ** 2
    return np.divide(means[:, :-2], variance, out=np.zeros_like(means[:, :-2]), where=variance > 1e-15)


def _resampled(terms: Floats, resamples: int, seed: int) -> Floats:
    """Return (resamples, terms) the means of terms (points, terms) over resampled points."""
    rng = np.random.default_rng([seed, 8])
    count = len(terms)
    means = np.empty((resamples, terms.shape[1]))
    at_once = max(1, _ROWS * 512 // count)
    for first in range(0, resamples, at_once):
        number = min(at_once, resamples - first)
        drawn = rng.integers(0, count, (number, count), dtype=np.int32 if count * number < 2**31 else np.int64)
        drawn += (np.arange(number, dtype=drawn.dtype) * count)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=number * count).reshape(number, count)
        means[first : first + number] = weights.astype(np.float64) @ terms / count
    return cast(Floats, means)
