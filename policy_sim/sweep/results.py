"""Sweep results: the folder of a sweep as a table.

In: the folder of a sweep, finished or not. Out: a DataFrame, or a DuckDB relation that reads only what is asked for.
Left to others: making the runs (`folder`), the analysis of results (`sensitivity`, `discovery`, `regret`).
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Literal, NamedTuple, overload

import numpy as np
import pandas as pd

from policy_sim import __version__
from policy_sim.border import (
    InputError,
    guarded,
    is_file,
    not_installed,
    numbers_of,
    parse_model,
    read_parquet,
    unknown,
)
from policy_sim.sweep.design import Design
from policy_sim.sweep.folder import MANIFEST, read_manifest

__all__ = ["SweepResults", "SweepWarning", "open_sweep", "read_sweep"]


#: What every file of results has, besides factors and outcomes.
_COLUMNS = ("run", "row", "error")
_MEND = "results as a sweep wrote them; remove the file and run the sweep again"


class SweepWarning(UserWarning):
    """A sweep is not finished, some of its runs failed, or another version made it."""


class SweepResults(NamedTuple):
    """The design of a sweep and its results: one row per run that is there, in the order of the design."""

    design: Design
    table: pd.DataFrame

    def outcome(self, name: str) -> str:
        """Check that the sweep has an outcome, and return its name.

        Raises
        ------
        InputError
            If it has not, naming those that it has.
        """
        if name not in self.design.columns:
            raise unknown("outcome", name, self.design.columns, f"sweep {self.design.name}")
        return name

    def factor(self, name: str) -> str:
        """Check that the sweep has a factor, and return its name.

        Raises
        ------
        InputError
            If it has not, naming those that it has.
        """
        if name not in self.design.runs.names:
            raise unknown("factor", name, self.design.runs.names, f"sweep {self.design.name}")
        return name


@overload
def read_sweep(folder: str | Path, lazily: Literal[False] = False) -> pd.DataFrame: ...
@overload
def read_sweep(folder: str | Path, lazily: Literal[True]) -> Any: ...


def read_sweep(folder: str | Path, lazily: bool = False) -> Any:
    """Return the results of a sweep, one row per run.

    Parameters
    ----------
    folder
        The folder of the sweep; it need not be finished.
    lazily
        Return a DuckDB relation instead of a DataFrame, which reads only what a query needs, as in
        `read_sweep(folder, lazily=True).filter("error = ''").aggregate("policy, avg(net_value)", "policy").df()`.

    Returns
    -------
    pandas.DataFrame
        run (its key), row (of the design), a column for each factor (missing where a row leaves it as it is) and each
        outcome, error (empty where all went well); sorted by row.

    Raises
    ------
    InputError
        If the folder holds no sweep, or no results yet, or DuckDB is wanted and not installed.

    Warns
    -----
    SweepWarning
        If runs are still to come, or another version of the package made them.
    """
    files = _files(Path(folder))
    if lazily:
        try:
            import duckdb
        except ImportError:
            raise not_installed("DuckDB", "sweeps") from None
        with guarded(f"a file of results in '{folder}'", _MEND):
            return duckdb.read_parquet([str(path) for path in files])
    table = pd.concat([_results_in(path) for path in files], ignore_index=True)
    return table.sort_values("row", ignore_index=True)


def _results_in(path: Path) -> pd.DataFrame:
    with guarded(f"file '{path}'", _MEND):
        table = read_parquet(path)
    for name in _COLUMNS:
        if name not in table.columns:
            raise InputError(f"file '{path}' has no column '{name}'; expected {_MEND}")
    if not np.isfinite(numbers_of(table["row"])).all():
        raise InputError(f"file '{path}' holds rows without a number; expected {_MEND}")
    return table


def open_sweep(folder: str | Path) -> SweepResults:
    """Return design and results of a sweep, ready for analysis.

    Raises
    ------
    InputError
        As `read_sweep` does.

    Warns
    -----
    SweepWarning
        As `read_sweep` does.
    """
    content = read_manifest(Path(folder))
    design = parse_model(Design, content["design"], f"{folder}/{MANIFEST}, design")
    return SweepResults(design, read_sweep(folder))


def _files(folder: Path) -> list[Path]:
    content = read_manifest(folder)
    files = [folder / entry["file"] for entry in content["files"]]
    there = [path for path in files if is_file(path)]
    if not there:
        raise InputError(
            f"'{folder}' holds no results yet; run the sweep first: policy-sim sweep DESIGN --out {folder}"
        )
    if len(there) < len(files):
        done = sum(entry["runs"] for entry, path in zip(content["files"], files, strict=True) if path in there)
        warnings.warn(
            f"'{folder}' holds {done:,} of {content['runs']:,} runs; the sweep is not finished",
            SweepWarning,
            stacklevel=3,
        )
    if content["version"] != __version__:
        warnings.warn(
            f"'{folder}' holds results of version {content['version']}, this is {__version__}",
            SweepWarning,
            stacklevel=3,
        )
    return there
