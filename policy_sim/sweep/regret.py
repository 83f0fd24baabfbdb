"""Regret: which of several policies or limits to choose if nobody knows which state of the world is true.

In: a sweep that crosses options with states of the world. Out: a table of regrets, a map of the best limit.
Left to others: regret over draws of one scenario (`study.risk`), where a policy does badly (`discovery`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd

from policy_sim.border import InputError
from policy_sim.sweep.design import is_lever
from policy_sim.sweep.results import SweepResults

__all__ = ["limit_map", "regret_table"]


def regret_table(sweep: SweepResults, outcome: str = "net_value", by: str | None = "scenario") -> pd.DataFrame:
    """Return one row per option: its regret, the difference to the best option in the same state of the world.

    An option is what the firm decides (policy and limits), a state all other factors of the design.

    Parameters
    ----------
    sweep
        A cross of options with states, or a full factorial: only states in which every option was run count.
    outcome
        More of it is better.
    by
        A factor: the mean regret for each of its values gets a column `in VALUE`; left out where the sweep has no such
        factor or more than 12 values of it.

    Returns
    -------
    pandas.DataFrame
        The factors of the option; mean_regret, largest_regret (unit of the outcome; 0 is best), share_best (0-1 of the
        states in which it is best, divided among equals), worst_in (state of the largest regret, in words), columns by
        a factor, states (their number). The lowest largest regret first.

    Raises
    ------
    InputError
        If there is only one option, or no state in which every option was run.

    References
    ----------
    Savage 1951.
    """
    table = sweep.table[np.isfinite(sweep.table[sweep.outcome(outcome)])]
    decided = [name for name in sweep.design.runs.names if name == "policy" or is_lever(name)]
    uncertain = [name for name in sweep.design.runs.names if name not in decided]
    if not decided:
        raise InputError(
            "the sweep moves neither policy nor limits, so there is nothing to choose; add them as factors"
        )
    # a factor that a row leaves as it is counts as a value of its own
    option = table.groupby(decided, dropna=False, sort=False).ngroup().to_numpy()
    state = (
        table.groupby(uncertain, dropna=False, sort=False).ngroup().to_numpy()
        if uncertain
        else np.zeros(len(table), dtype=int)
    )
    wide = pd.DataFrame({"option": option, "state": state, "value": table[outcome].to_numpy()})
    values = wide.groupby(["state", "option"])["value"].mean().unstack().dropna()  # noqa: PD010
    if values.shape[1] < 2:
        raise InputError("the sweep has one option only; regret needs two policies or limits or more")
    if values.empty:
        raise InputError("no state of the world has a run of every option; cross the options with the states")
    outcomes = values.to_numpy()
    best = outcomes.max(axis=1, keepdims=True)
    regret = best - outcomes
    is_best = outcomes >= best - 1e-9 * np.maximum(np.abs(best), 1.0)
    first_of_state = table.iloc[np.unique(state, return_index=True)[1]].reset_index(drop=True).loc[values.index]
    rows = table.iloc[np.unique(option, return_index=True)[1]][decided].reset_index(drop=True)
    rows["mean_regret"] = regret.mean(axis=0)
    rows["largest_regret"] = regret.max(axis=0)
    rows["share_best"] = (is_best / is_best.sum(axis=1, keepdims=True)).mean(axis=0)
    rows["worst_in"] = [
        _state_words(first_of_state.iloc[place], uncertain) if regret[place, k] > 0 else ""
        for k, place in enumerate(regret.argmax(axis=0))
    ]
    if by in uncertain and first_of_state[by].nunique() <= 12:
        for value, places in first_of_state.reset_index(drop=True).groupby(by, sort=False).groups.items():
            rows[f"in {value}"] = regret[np.asarray(places)].mean(axis=0)
    rows["states"] = len(values)
    rows = rows.sort_values(["largest_regret", "mean_regret"], kind="stable", ignore_index=True)
    return cast(pd.DataFrame, rows)


def limit_map(sweep: SweepResults, across: str, down: str, limit: str, cells: int = 8) -> pd.DataFrame:
    """Return a map: which limit would be best for each pair of values of two assumptions.

    Parameters
    ----------
    sweep
        With an outcome `best.LIMIT` or `enough.LIMIT`; all other factors are averaged over.
    across, down
        Two factors: columns and rows of the map.
    limit
        Name of the outcome, such as "enough.agent.keep_item"; any other outcome can be mapped too.
    cells
        A factor with more values than this is cut into as many equal ranges, named by their middles.

    Returns
    -------
    pandas.DataFrame
        The median of the outcome by value of `down` (index) and `across` (columns), both rising; missing where there is
        no run.

    Raises
    ------
    InputError
        If a name is unknown or both factors are the same.
    """
    if across == down:
        raise InputError(f"a map needs two factors, '{across}' is given twice; name another one")
    table = sweep.table[np.isfinite(sweep.table[sweep.outcome(limit)])]
    sides = {name: _in_cells(table[sweep.factor(name)], cells) for name in (down, across)}
    medians = table[limit].groupby([sides[down], sides[across]]).median()
    return cast(pd.DataFrame, medians.unstack())  # noqa: PD010


def _in_cells(column: pd.Series, cells: int) -> pd.Series:
    if column.nunique() <= cells or not pd.api.types.is_numeric_dtype(column):
        return column
    edges = np.linspace(column.min(), column.max(), cells + 1)
    place = np.clip(np.searchsorted(edges, column.to_numpy(), side="right") - 1, 0, cells - 1)
    return pd.Series(((edges[:-1] + edges[1:]) / 2)[place], index=column.index, name=column.name)


def _state_words(state: pd.Series, names: Sequence[str]) -> str:
    parts = [
        f"{name} {value:,.3g}" if isinstance(value, float) else f"{value}"
        for name in names
        if (value := state[name]) == value
    ]
    return ", ".join(parts)
