"""Table: the columns of a transaction log that have a role, as they were written, and where each row stood.

In: files or a table, and names of columns where a person gave them. Out: `LogTable`.
Left to others: which column has which role (`roles`), what the writing means (`people`, `dates`, `amounts`, `lines`).
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.border import InputError, check_header, guarded, is_file, read_parquet, separator_of
from policy_sim.orders.reading import Remark, examples_of
from policy_sim.orders.roles import find_roles, header_rank

__all__ = ["DistinctTexts", "LogTable", "SetAside", "header_of", "read_log_table"]

Places = NDArray[np.intp]
Flags = NDArray[np.bool_]
Result = TypeVar("Result")

_KINDS = (".csv", ".tsv", ".txt", ".parquet", ".xlsx")
_PREAMBLE_LINES = 40  # among which the line of column names is looked for


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
    codes: Places

    @classmethod
    def of(cls, table: LogTable, role: str, column: pd.Series) -> DistinctTexts:
        """Return the distinct texts of a column (as it is in `table`, or brought to another type)."""
        codes, unique = pd.factorize(column)
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


def _stripped(unique: pd.Index | NDArray[Any]) -> pd.Series:
    """Return distinct values as texts, without spaces around them."""
    values = pd.Series(unique)
    if values.dtype == object or not pd.api.types.is_string_dtype(values.dtype):
        values = values.astype(object)  # as Python writes them
    return values.astype(str).str.strip()


def header_of(path: Path) -> list[str]:
    """Return the names of the columns of a log.

    Raises
    ------
    InputError
        If it is missing, or no table.
    """
    kind = _kind_of(path)
    if kind == ".parquet":
        return _guarded(path, kind, lambda: _names_in_parquet(path))
    if kind == ".xlsx":
        return _guarded(path, kind, lambda: [str(name) for name in _sheet_of(path)[0].columns])
    encoding, _ = _encoding(path)
    lines = _first_lines(path, encoding)
    separator, head = _separator_and_header(lines)
    return [name.strip() for name in next(csv.reader(lines[head : head + 1], delimiter=separator), [])]


def _of_path(path: Path, chosen: Mapping[str, str | None]) -> LogTable:
    kind = _kind_of(path)

    def read() -> LogTable:
        if kind == ".parquet":
            header = _names_in_parquet(path)
            roles = find_roles(header, chosen, path.name)
            plain = [header[k] for k in roles.positions.values()]
            return _of_frame(read_parquet(path, plain), chosen, path.name)
        return _of_workbook(path, chosen) if kind == ".xlsx" else _of_text_file(path, chosen)

    return _guarded(path, kind, read)


def _names_in_parquet(path: Path) -> list[str]:
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    return [str(name) for name in pq.read_schema(path).names]


def _kind_of(path: Path) -> str:
    """Return the kind of a log by the ending of its name.

    Raises
    ------
    InputError
        If the kind is unknown, or there is no such file.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = suffixes[-2] if len(suffixes) > 1 and suffixes[-1] == ".gz" else (suffixes[-1] if suffixes else "")
    if kind not in _KINDS:
        raise InputError(
            f"transaction log '{path}' is of unknown kind; expected .csv, .tsv, .txt (also .gz), .xlsx or .parquet"
        )
    if not is_file(path):
        raise InputError(f"transaction log '{path}' does not exist; give the path of a .csv, .xlsx or .parquet file")
    return kind


def _guarded(path: Path, kind: str, read: Callable[[], Result]) -> Result:
    """Read a file; what its library cannot make sense of becomes one line for people."""
    with guarded(f"'{path.name}'", f"a {kind} file"):
        try:
            return read()
        except pd.errors.EmptyDataError:
            raise InputError(
                f"'{path.name}' is empty; expected a line of column names and one row for each purchase"
            ) from None
        except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
            problem = str(error).strip().replace("\n", " ").removeprefix("Error tokenizing data. C error: ")
            raise InputError(
                f"'{path.name}' cannot be read as a table: {problem}; expected as many fields in each line as there "
                "are column names; put quotes around fields that contain the separator"
            ) from None


def _of_frame(frame: pd.DataFrame, chosen: Mapping[str, str | None], where: str, first_row: int = 1) -> LogTable:
    header = [str(name) for name in frame.columns]
    roles = find_roles(header, chosen, where)
    columns = {role: frame.iloc[:, k].reset_index(drop=True) for role, k in roles.positions.items()}
    names = {role: header[k] for role, k in roles.positions.items()}
    remarks = tuple(Remark("file", note) for note in roles.notes)
    rows = np.arange(first_row, first_row + len(frame))
    return LogTable(columns, names, where, rows, "row", remarks, roles.title)


def _of_workbook(path: Path, chosen: Mapping[str, str | None]) -> LogTable:
    frame, first_row, remarks = _sheet_of(path)
    table = _of_frame(frame, chosen, path.name, first_row)
    filled = np.flatnonzero(frame.notna().any(axis=1).to_numpy(bool))
    return replace(table.take(filled), remarks=(*remarks, *table.remarks))


def _sheet_of(path: Path) -> tuple[pd.DataFrame, int, tuple[Remark, ...]]:
    """Return the sheet of a workbook that looks most like a log, the row where it begins, and a remark."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    best: tuple[int, str, int, list[tuple[Any, ...]]] | None = None
    for sheet in book.worksheets:
        rows: list[tuple[Any, ...]] = list(sheet.iter_rows(values_only=True))
        head = _header_line([["" if cell is None else str(cell) for cell in row] for row in rows[:_PREAMBLE_LINES]])
        rank = header_rank(["" if cell is None else str(cell) for cell in rows[head]]) if rows else -1
        if best is None or rank > best[0]:
            best = rank, sheet.title, head, rows
    if best is None or not best[3]:
        raise InputError(f"'{path.name}' is empty; expected a line of column names and one row for each purchase")
    _, title, head, rows = best
    header = ["" if cell is None else str(cell).strip() for cell in rows[head]]
    frame = pd.DataFrame([row[: len(header)] for row in rows[head + 1 :]], columns=pd.Index(header), dtype=object)
    says = f"'{path.name}' has {len(book.worksheets)} sheets; '{title}' was read"
    return frame, head + 2, (Remark("file", says),) if len(book.worksheets) > 1 else ()


def _of_text_file(path: Path, chosen: Mapping[str, str | None]) -> LogTable:
    if path.suffix.lower() != ".gz":
        check_header(path)
    encoding, remarks = _encoding(path)
    lines = _first_lines(path, encoding)
    separator, head = _separator_and_header(lines)
    header = [name.strip() for name in next(csv.reader([lines[head]], delimiter=separator), [])] if lines else []
    if not any(header):
        raise InputError(
            f"'{path.name}' does not begin with column names; expected a first line such as customer,date,amount"
        )
    if head:
        remarks = (*remarks, Remark("file", f"{head} lines above the column names of '{path.name}' were passed over"))
    roles = find_roles(header, chosen, path.name)
    positions = roles.positions
    surplus = len(header)  # one more than there should be, lest a decimal comma cut a number in two
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        frame = pd.read_csv(
            path,
            sep=separator,
            header=None,
            names=range(surplus + 1),
            skiprows=head + 1,
            index_col=False,
            dtype=pd.ArrowDtype(pa.string()),  # spares a Python object for each field
            na_filter=False,
            skip_blank_lines=False,
            encoding=encoding,
        )
    is_surplus = (frame[surplus] != "").to_numpy(dtype=bool)
    if is_surplus.any():
        raise InputError(
            f"{path.name}, line {int(np.argmax(is_surplus)) + head + 2}: found more fields than the {surplus} column "
            f"names; expected one field for each; put quotes around fields that contain '{separator}'"
        )
    columns = {role: frame[k].str.strip() for role, k in positions.items()}
    filled = ~np.logical_and.reduce([(column == "").to_numpy(dtype=bool) for column in columns.values()])
    rows = np.flatnonzero(filled)
    if len(rows) < len(frame):
        columns = {role: column[filled].reset_index(drop=True) for role, column in columns.items()}
    names = {role: header[k] for role, k in positions.items()}
    remarks = (*remarks, *(Remark("file", note) for note in roles.notes))
    return LogTable(columns, names, path.name, rows + head + 2, "line", remarks, roles.title)


def _encoding(path: Path) -> tuple[str, tuple[Remark, ...]]:
    """Return how the text of a file is encoded, and a remark where it is not UTF-8."""
    open_bytes = gzip.open if path.suffix.lower() == ".gz" else open
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open_bytes(path, "rb") as stream:
        start = stream.read(4)
        if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16", (Remark("file", f"'{path.name}' is UTF-16 text"),)
        try:
            decoder.decode(start)
            while block := stream.read(1 << 22):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            says = f"'{path.name}' is not UTF-8 text; it was read as Windows-1252, as spreadsheets write it"
            return "cp1252", (Remark("file", says),)
    return "utf-8-sig", ()


def _first_lines(path: Path, encoding: str) -> list[str]:
    open_bytes = gzip.open if path.suffix.lower() == ".gz" else open
    with open_bytes(path, "rb") as stream, io.TextIOWrapper(stream, encoding, errors="replace") as text:
        return [line.rstrip("\r\n") for line in (text.readline(100_000) for _ in range(_PREAMBLE_LINES)) if line]


def _separator_and_header(lines: Sequence[str]) -> tuple[str, int]:
    """Return the separator of a text, and which of its first lines holds the column names."""
    if not lines:
        return ",", 0
    stated = re.fullmatch(r"sep=(.)", lines[0].strip('"'), re.IGNORECASE)
    best, head, separator = -1, 0, ","
    for k, line in enumerate(lines):
        of_line = stated[1] if stated else separator_of(line)
        rank = header_rank(next(csv.reader([line], delimiter=of_line), []))
        if rank > best:
            best, head, separator = rank, k, of_line
    # without any usual names the first line is taken, whatever it says
    if best < 2:
        head = 1 if stated and len(lines) > 1 else 0
        separator = stated[1] if stated else separator_of(lines[head])
    return separator, head


def _header_line(rows: Sequence[Sequence[str]]) -> int:
    ranks = [header_rank(row) for row in rows[:_PREAMBLE_LINES]]
    return int(np.argmax(ranks)) if ranks and max(ranks) >= 2 else 0


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
