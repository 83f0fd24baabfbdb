"""Table: the columns of a transaction log that have a role, as they were written, and where each row stood.

In: files or a table, and names of columns where a person gave them. Out: `LogTable`.
Left to others: which column has which role (`roles`), what the writing means (`people`, `dates`, `amounts`, `lines`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.orders.files import read_file_columns
from policy_sim.orders.reading import Remark, examples_of
from policy_sim.orders.roles import Roles, find_roles

__all__ = ["DistinctTexts", "LogTable", "SetAside", "read_log_table"]

Places = NDArray[np.intp]
Flags = NDArray[np.bool_]


def read_log_table(source: Path | Sequence[Path] | pd.DataFrame, chosen: Mapping[str, str | None]) -> LogTable:
    """Read the columns that have a role, as they were written.

    Parameters
    ----------
    source
        Path of a .csv, .tsv or .txt file (also with .gz), of a .xlsx or .parquet file; several paths; or a table.
    chosen
        By role the name of its column; None to find it.

    Raises
    ------
    InputError
        If a file is missing or no table, or a column is missing or ambiguous.
    """
    if isinstance(source, pd.DataFrame):
        return _of_frame(source, chosen, "the table")
    if isinstance(source, Path):
        return _of_path(source, chosen)
    if not source:
        raise InputError("no file of transactions is named; name one or more")
    tables = [_of_path(path, chosen) for path in source]
    return tables[0] if len(tables) == 1 else _joined(tables)


@dataclass(frozen=True, eq=False)
class LogTable:
    """The columns of a log that have a role, as they were written, and where each row stood.

    Attributes
    ----------
    columns
        By role (n_rows,).
    names
        By role the name of the column.
    where
        Name of the file, or "the table", for messages.
    rows, row_word
        (n_rows,) number of each row as a person counts them, and what that person calls it: "line" or "row".
    remarks
        What had to be decided on the way.
    shape
        The export that the file was known as, if any.
    files
        Where several files were read: their names, and from which row on each begins.
    """

    columns: Mapping[str, pd.Series]
    names: Mapping[str, str]
    where: str
    rows: Places
    row_word: str
    remarks: tuple[Remark, ...] = ()
    shape: str = ""
    files: tuple[tuple[str, int], ...] = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.rows.size

    def has(self, role: str) -> bool:
        """Tell whether a column has this role."""
        return role in self.columns

    def name_of(self, role: str) -> str:
        """Return the name of the column of a role, or what amounts are worked out from."""
        if role == "amount" and not self.has("amount"):
            return f"{self.names['unit_price']} x {self.names['quantity']}"
        return self.names[role]

    def place(self, position: int) -> str:
        """Return "log.csv, line 5" for a position in the columns."""
        where = self.where
        for name, first in self.files:
            if position >= first:
                where = name
        return f"{where}, {self.row_word} {self.rows[position]}"

    def examples(self, role: str, positions: Places) -> tuple[str, ...]:
        """Return place and content of the first few of some rows."""
        first = positions[:3].tolist()
        return examples_of([self.place(k) for k in first], [self.columns[role].iloc[k] for k in first])

    def text(self, role: str) -> DistinctTexts:
        """Return the distinct texts of a column."""
        return DistinctTexts.of(self, role, self.columns[role])

    def take(self, kept: Places) -> LogTable:
        """Return some rows (rising positions); places stay what they are."""
        columns = {role: column.iloc[kept].reset_index(drop=True) for role, column in self.columns.items()}
        files = tuple((name, int(np.searchsorted(kept, first))) for name, first in self.files)
        return replace(self, columns=columns, rows=self.rows[kept], files=files)

    def without(self, *roles: str) -> LogTable:
        """Return the table without some of its columns; their names stay."""
        return replace(self, columns={role: column for role, column in self.columns.items() if role not in roles})

    def without_rows(self) -> LogTable:
        """Return the names of the columns, and what else is known of the log, without any row of it."""
        return self.take(np.zeros(0, dtype=np.intp))  # a part by a slice would keep the whole

    def refuse_unreadable(self, role: str, is_wrong: Flags, expected: str) -> None:
        """Raise an InputError that names the first wrong cell (of (n_rows,) `is_wrong`) of a column, if there is one.

        Parameters
        ----------
        role
            "date", "amount" or another role.
        is_wrong
            Which cells cannot be read.
        expected
            What was expected instead, in words.
        """
        if not is_wrong.any():
            return
        position = int(np.argmax(is_wrong))
        value = self.columns[role].iloc[position]
        is_missing = (
            value is None
            or value is pd.NA
            or value is pd.NaT
            or value == ""
            or (isinstance(value, float) and value != value)
        )
        what = role.replace("_", " ")
        problem = f"the {what} is missing" if is_missing else f"found {what} '{value}', which cannot be read"
        raise InputError(
            f"{self.place(position)}: {problem}; expected {expected}; correct it, or name another column with "
            f"--{role.replace('_', '-')}-column"
        )


@dataclass(frozen=True, eq=False)
class SetAside:
    """Rows that are not used, and why."""

    remark: Remark
    rows: LogTable

    @classmethod
    def of(cls, table: LogTable, positions: Places, kind: str, says: str, role: str) -> SetAside:
        """Set some rows of a table aside; a few cells of a column are shown."""
        remark = Remark(kind, says, int(positions.size), table.examples(role, positions))
        return cls(remark, table.take(positions))

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each: place, reason, and what stands in the columns that have a role."""
        count = len(self.rows)
        frame = pd.DataFrame({self.rows.names[role]: column for role, column in self.rows.columns.items()})
        frame.insert(0, "place", [self.rows.place(k) for k in range(count)])
        frame.insert(1, "reason", [self.remark.says] * count)
        return frame


@dataclass(frozen=True, eq=False)
class DistinctTexts:
    """The distinct texts of a column, so that each way of writing is worked out once.

    Attributes
    ----------
    table, role
        The log, and which of its columns this is.
    text
        (n_texts,) the distinct texts, without spaces around them.
    codes
        (n_rows,) which of them each row has.
    """

    table: LogTable
    role: str
    text: pd.Series
    codes: NDArray[np.integer[Any]]

    @classmethod
    def of(cls, table: LogTable, role: str, column: pd.Series) -> DistinctTexts:
        """Return the distinct texts of a column (as it is in `table`, or brought to another type)."""
        codes, unique = _numbered(column)
        text = _stripped(unique)
        if (codes < 0).any():  # what is missing
            text = pd.concat([text, pd.Series([""])], ignore_index=True)
            codes = np.where(codes < 0, len(text) - 1, codes)
        return cls(table, role, text, codes)

    @cached_property
    def compact(self) -> pa.Array:
        """The texts (n_texts,) for compiled code."""
        return pa.table({"text": self.text})["text"].combine_chunks().cast(pa.string())

    @cached_property
    def folded(self) -> pa.Array:
        """The texts (n_texts,) in small letters and without spaces, to tell which are alike."""
        return pc.replace_substring_regex(pc.utf8_lower(self.compact), r"\s+", "")

    def counts(self) -> NDArray[np.int64]:
        """Return how many rows have each text (n_texts,)."""
        return np.bincount(self.codes, minlength=len(self.text))

    def example(self, position: int) -> tuple[str, str]:
        """Return place and writing of the first cell with the text at this position: "log.csv, line 5", "3/4/97"."""
        row = int(np.argmax(self.codes == position))
        return self.table.place(row), str(self.table.columns[self.role].iloc[row])


def _numbered(column: pd.Series) -> tuple[NDArray[np.integer[Any]], pd.Index | NDArray[Any]]:
    """Return the number of each cell's text among the distinct ones (-1 for none), and these as they come up."""
    if not isinstance(column.dtype, pd.ArrowDtype):
        return pd.factorize(column)
    array = pa.array(column.array)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    elif array.null_count or not _is_in_order(array.indices.to_numpy(), len(array.dictionary)):
        return pd.factorize(column)
    return array.indices.fill_null(-1).to_numpy(), pd.Index(pd.arrays.ArrowExtensionArray(array.dictionary))


def _is_in_order(codes: NDArray[np.integer[Any]], count: int) -> bool:
    """Return whether numbers from 0 to a count all come up, each for the first time after those below it."""
    highest = np.maximum.accumulate(codes)
    return bool(codes.size and codes[0] == 0 and highest[-1] == count - 1 and (np.diff(highest) <= 1).all())


def _stripped(unique: pd.Index | NDArray[Any]) -> pd.Series:
    """Return distinct values as texts, without spaces around them."""
    values = pd.Series(unique)
    if values.dtype == object or not pd.api.types.is_string_dtype(values.dtype):
        values = values.astype(object)  # as Python writes them
    return values.astype(str).str.strip()


def _of_path(path: Path, chosen: Mapping[str, str | None]) -> LogTable:
    roles: Roles | None = None

    def find(header: Sequence[str]) -> Mapping[str, int]:
        nonlocal roles
        roles = find_roles(header, chosen, path.name)
        return roles.positions

    found = read_file_columns(path, find, moments=("date",))
    notes = tuple(Remark("file", note) for note in roles.notes) if roles is not None else ()
    remarks = (*found.remarks, *notes)
    title = roles.title if roles is not None else ""
    return LogTable(found.columns, found.names, path.name, found.rows, found.row_word, remarks, title)


def _of_frame(frame: pd.DataFrame, chosen: Mapping[str, str | None], where: str, first_row: int = 1) -> LogTable:
    header = [str(name) for name in frame.columns]
    roles = find_roles(header, chosen, where)
    columns = {role: frame.iloc[:, k].reset_index(drop=True) for role, k in roles.positions.items()}
    names = {role: header[k] for role, k in roles.positions.items()}
    remarks = tuple(Remark("file", note) for note in roles.notes)
    rows = np.arange(first_row, first_row + len(frame))
    return LogTable(columns, names, where, rows, "row", remarks, roles.title)


def _joined(tables: Sequence[LogTable]) -> LogTable:
    """Return several files as one; their columns are the same."""
    first = tables[0]
    for table in tables[1:]:
        if dict(table.names) != dict(first.names):
            raise InputError(
                f"'{table.where}' has other columns than '{first.where}': {', '.join(table.names.values())} instead of "
                f"{', '.join(first.names.values())}; read them apart, or rename"
            )
    columns = {role: pd.concat([table.columns[role] for table in tables], ignore_index=True) for role in first.columns}
    starts = np.cumsum([0, *(len(table) for table in tables[:-1])]).tolist()
    remarks = tuple(dict.fromkeys(remark for table in tables for remark in table.remarks))
    return replace(
        first,
        columns=columns,
        where=f"{len(tables)} files",
        rows=np.concatenate([table.rows for table in tables]),
        remarks=(*remarks, Remark("file", f"{len(tables)} files were read as one log")),
        files=tuple((table.where, start) for table, start in zip(tables, starts, strict=True)),
    )
