"""Log columns: the columns of a log of cases as they stand in a file or a table, in little room.

In: a log. Out: `LogColumns`: text, moments and numbers, and which cells hold something else.
Left to others: what looks wrong (`column_checks`, `checking`), the cases that can be learned from (`case_log`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.border import InputError, nearest
from policy_sim.cells import read_numbers
from policy_sim.evidence.moments import read_moments
from policy_sim.evidence.resolutions import AMOUNTS
from policy_sim.orders.compact import compact, give_room_back, text_array
from policy_sim.orders.files import read_file_columns
from policy_sim.words import CASE_COLUMNS

__all__ = ["FLAGS", "MOMENTS", "TEXTS", "LogColumns", "read_log_columns"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]

TEXTS = ("case", "customer", "order", "failure", "resolution", "tier", "agent", "channel", "ask", "currency")
MOMENTS = ("opened", "resolved", "satisfied")
FLAGS = ("escalated", "exception")
#: What a table of cases may say besides (`service.read_cases`).
_FURTHER_TEXTS = ("segment", "buyer", "assumed")
_NUMBERS = (*FLAGS, *AMOUNTS, "discretion", *CASE_COLUMNS, "new_customer_value")
_NEEDED = ("case", "failure", "opened")
_PLAIN = r"^(-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)?$"
_MOST_EXAMPLES = 3
_TABLE = "the table of cases"


class _Numbers(Mapping[str, Floats]):
    """Columns of numbers by name; those that are as exact with half of the digits are kept with half of them."""

    def __init__(self, columns: Mapping[str, NDArray[np.floating]]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> Floats:
        return self._columns[name].astype(np.float64, copy=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def take(self, rows: Places) -> _Numbers:
        return _Numbers({name: column[rows] for name, column in self._columns.items()})


def _in_little_room(column: Floats) -> NDArray[np.floating]:
    with np.errstate(over="ignore"):
        half = column.astype(np.float32)
    return half if np.array_equal(half, column, equal_nan=True) else column


@dataclass(frozen=True, eq=False)
class LogColumns:
    """The columns of a log of cases.

    Attributes
    ----------
    where
        Name of the file, or that it is a table.
    text
        By column text, "" where nothing stands there; in some of them by number (`compact`).
    moments
        By column datetime64[s], UTC; not a time where nothing stands there, or what cannot be read.
    numbers
        By column numbers; NaN where nothing stands there, or what cannot be read.
    unreadable
        By column the cells that hold something that cannot be read, by their rows; columns without any are not there.
    others
        Names of columns that mean nothing here.
    """

    where: str
    text: Mapping[str, pd.Series]
    moments: Mapping[str, NDArray[np.datetime64]]
    numbers: _Numbers
    unreadable: Mapping[str, pd.Series]
    others: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.text["failure"])

    @property
    def source(self) -> str:
        """What the log is, in words."""
        return _in_words(self.where)

    def known(self, name: str) -> Flags:
        """Return (n,) in which cases a column says something that can be read."""
        if name in self.text:
            return np.asarray((self.text[name] != "").to_numpy(dtype=bool))
        if name in self.moments:
            return np.asarray(~np.isnat(self.moments[name]))
        if name in self.numbers:
            return np.asarray(~np.isnan(self.numbers[name]))
        return np.zeros(len(self), dtype=np.bool_)

    def pairs(self, first: str, second: str) -> tuple[Places, list[tuple[str, str]]]:
        """Return (n,) which of the different pairs of what stands in two columns each case has, and these."""
        (codes, words), (more_codes, more_words) = (pd.factorize(self.text[name]) for name in (first, second))
        both, pairs = pd.factorize(codes.astype(np.int64) * len(more_words) + more_codes)
        places = (divmod(int(pair), len(more_words)) for pair in pairs)
        return both, [(str(words[place]), str(more_words[more_place])) for place, more_place in places]

    def is_unreadable(self, name: str) -> Flags:
        """Return (n,) in which cases something stands in a column that cannot be read."""
        where = np.zeros(len(self), dtype=np.bool_)
        if name in self.unreadable:
            where[self.unreadable[name].index] = True
        return where

    def take(self, rows: Places) -> LogColumns:
        """Return some of the cases, rising."""
        cells = {name: column.reindex(rows) for name, column in self.unreadable.items()}
        cells = {name: column.set_axis(range(len(rows))).dropna() for name, column in cells.items()}
        return replace(
            self,
            text={name: column.iloc[rows].reset_index(drop=True) for name, column in self.text.items()},
            moments={name: column[rows] for name, column in self.moments.items()},
            numbers=self.numbers.take(rows),
            unreadable={name: column for name, column in cells.items() if len(column)},
        )

    def examples(self, where: Flags) -> tuple[str, ...]:
        """Return the ids of the first few cases that are meant."""
        return tuple(str(self.text["case"].iloc[k]) for k in np.flatnonzero(where)[:_MOST_EXAMPLES])


def read_log_columns(source: Path | pd.DataFrame, needed: Sequence[str] = _NEEDED) -> LogColumns:
    """Read a log of cases.

    Parameters
    ----------
    source
        A CSV, Parquet or XLSX file, or a table.
    needed
        Columns without which nothing can be said.

    Raises
    ------
    InputError
        If it is no table, has one of these columns twice or not at all, or holds no cases.
    """
    where = source.name if isinstance(source, Path) else _TABLE
    what = _in_words(where)
    others: list[str] = []

    def find(header: Sequence[str]) -> Mapping[str, int]:
        others.clear()
        positions: dict[str, int] = {}
        for place, written in enumerate(header):
            name = written.strip().lower()
            if name not in (*TEXTS, *_FURTHER_TEXTS, *MOMENTS, *_NUMBERS):
                others.append(written)
            elif name in positions:
                raise InputError(f"'{where}' has two columns '{name}'; expected one; rename the other")
            else:
                positions[name] = place
        for name in needed:
            if name not in positions:
                hint = nearest(name, list(header)).replace("did you mean", "is it")
                raise InputError(
                    f"{what} has no column '{name}'{hint}; found: {', '.join(header)}; expected what "
                    "policy-sim log build writes; rename or add it"
                )
        return positions

    if isinstance(source, Path):
        columns = dict(read_file_columns(source, find, _rank, "log of cases", moments=MOMENTS).columns)
    else:
        header = [str(name) for name in source.columns]
        columns = {
            name: compact(source.iloc[:, k].reset_index(drop=True), name in MOMENTS) for name, k in find(header).items()
        }
    if not len(columns["failure"]):
        raise InputError(f"{what} holds no cases; expected a row for each below the names of the columns")
    return _read(columns, where, tuple(dict.fromkeys(others)))


def _in_words(where: str) -> str:
    return where if where == _TABLE else f"log of cases '{where}'"


def _rank(header: Sequence[str]) -> int:
    names = {name.strip().lower() for name in header}
    return sum(name in names for name in _NEEDED)


def _read(columns: dict[str, pd.Series], where: str, others: tuple[str, ...]) -> LogColumns:
    text: dict[str, pd.Series] = {}
    moments: dict[str, NDArray[np.datetime64]] = {}
    numbers: dict[str, NDArray[np.floating]] = {}
    unreadable: dict[str, pd.Series] = {}
    for name in list(columns):
        column = columns.pop(name)  # one by one, as there may be millions of each
        if name in (*TEXTS, *_FURTHER_TEXTS):
            text[name] = compact(_text(column))
            continue
        if name in MOMENTS:
            read = read_moments(column, f"column '{name}' of {where}")
            moments[name], is_unreadable = read.times, read.is_unreadable
        else:
            values, is_unreadable = _numbers(column)
            numbers[name] = _in_little_room(values)
        if is_unreadable.any():
            rows = np.flatnonzero(is_unreadable)
            unreadable[name] = pd.Series(_text(column.iloc[rows]).to_numpy(dtype=object), index=rows)
    give_room_back()
    return LogColumns(where, text, moments, _Numbers(numbers), unreadable, others)


def _text(column: pd.Series) -> pd.Series:
    """Return a column as text, "" where nothing stands."""
    if isinstance(column.dtype, pd.ArrowDtype) and not pd.api.types.is_numeric_dtype(column.dtype):
        return column
    written = ["" if cell is None or cell is pd.NA or cell != cell else str(cell) for cell in column.astype(object)]
    return pd.Series(pa.array(written, pa.string()), dtype=pd.ArrowDtype(pa.string()))


def _numbers(column: pd.Series) -> tuple[Floats, Flags]:
    """Return the numbers of a column, NaN for none, and which cells hold something else."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(np.isinf(numbers), np.nan, numbers), np.isinf(numbers)
    texts = text_array(_text(column))
    is_plain = pc.match_substring_regex(texts, _PLAIN)
    plain = pc.if_else(pc.and_(is_plain, pc.not_equal(texts, "")), texts, None)
    numbers = np.array(plain.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    rest = np.flatnonzero(~np.asarray(is_plain))
    others, problems = read_numbers(pd.Series(texts.take(pa.array(rest)).to_pylist(), dtype=object))
    numbers[rest] = others
    is_odd = np.isinf(numbers)
    is_odd[rest] = problems != ""
    return np.where(np.isinf(numbers), np.nan, numbers), is_odd
