"""Files: the columns of a log that somebody wants, as they were written, from whatever kind of file it is kept in.

In: a path, and functions that know the names of columns. Out: `FileColumns`.
Left to others: which columns are wanted, and what their writing means (`roles`, `table`, `evidence`).
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.border import InputError, check_header, guarded, is_file, read_parquet, separator_of
from policy_sim.orders.compact import Gathered, compact, text_array
from policy_sim.orders.reading import Remark
from policy_sim.orders.roles import header_rank

__all__ = ["KINDS", "FileColumns", "header_of", "read_file_columns"]

Places = NDArray[np.intp]
Result = TypeVar("Result")
#: Which columns are wanted: from the names of all of them, by a word for each the position of its column.
Find = Callable[[Sequence[str]], Mapping[str, int]]
#: How much a line looks like one of column names: 2 or more where it does.
Rank = Callable[[Sequence[str]], int]

#: Endings of the names of files that can be read.
KINDS = (".csv", ".tsv", ".txt", ".parquet", ".xlsx")
_ROWS_AT_ONCE = 100_000
_PREAMBLE_LINES = 40  # among which the line of column names is looked for


@dataclass(frozen=True, eq=False)
class FileColumns:
    """The columns of a file that somebody wanted.

    Attributes
    ----------
    header
        Names of all columns.
    columns
        By the word of whoever wanted it (n_rows,): text without spaces around it, or of the type that it has there.
    names
        By that word the name of the column.
    rows, row_word
        (n_rows,) number of each row as a person counts them, and what that person calls it: "line" or "row".
    remarks
        What had to be decided on the way.
    """

    header: Sequence[str]
    columns: Mapping[str, pd.Series]
    names: Mapping[str, str]
    rows: Places
    row_word: str
    remarks: tuple[Remark, ...] = ()


def read_file_columns(
    path: Path,
    find: Find,
    rank: Rank = header_rank,
    what: str = "transaction log",
    only: Places | None = None,
    moments: Collection[str] | None = None,
) -> FileColumns:
    """Read the columns of a file that somebody wants, as they were written; rows with nothing in them are left out.

    Parameters
    ----------
    path
        A .csv, .tsv or .txt file (also with .gz), a .xlsx or .parquet file.
    find
        Says which columns are wanted.
    rank
        Knows a line of column names, where lines stand above it.
    what
        What the file is, for messages.
    only
        Numbers of the rows that are wanted, as people count them, rising; None for all.
    moments
        Words of the columns that may be read as moments. Where they are given, columns of text take as little room as
        they need (`compact`): moments, and distinct texts by number, stand among them.

    Raises
    ------
    InputError
        If the file is missing or no table, or a line has more fields than there are names.
    """
    kind = _kind_of(path, what)

    def read() -> FileColumns:
        if kind in (".parquet", ".xlsx"):
            found = _of_parquet(path, find, moments) if kind == ".parquet" else _of_workbook(path, find, rank)
            return found if only is None else _taken(found, np.flatnonzero(np.isin(found.rows, only)))
        return _of_text_file(path, find, rank, only, moments)

    return _guarded(path, kind, read)


def _taken(found: FileColumns, places: Places) -> FileColumns:
    """Return some of the rows."""
    columns = {word: column.iloc[places].reset_index(drop=True) for word, column in found.columns.items()}
    return replace(found, columns=columns, rows=found.rows[places])


def header_of(path: Path, rank: Rank = header_rank, what: str = "transaction log") -> list[str]:
    """Return the names of the columns of a log.

    Raises
    ------
    InputError
        If it is missing, or no table.
    """
    kind = _kind_of(path, what)
    if kind == ".parquet":
        return _guarded(path, kind, lambda: _names_in_parquet(path))
    if kind == ".xlsx":
        return _guarded(path, kind, lambda: [str(name) for name in _sheet_of(path, rank)[0].columns])
    encoding, _ = _encoding(path)
    lines = _first_lines(path, encoding)
    separator, head = _separator_and_header(lines, rank)
    return [name.strip() for name in next(csv.reader(lines[head : head + 1], delimiter=separator), [])]


def _names_in_parquet(path: Path) -> list[str]:
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    return [str(name) for name in pq.read_schema(path).names]


def _kind_of(path: Path, what: str) -> str:
    """Return the kind of a log by the ending of its name.

    Raises
    ------
    InputError
        If the kind is unknown, or there is no such file.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = suffixes[-2] if len(suffixes) > 1 and suffixes[-1] == ".gz" else (suffixes[-1] if suffixes else "")
    if kind not in KINDS:
        raise InputError(f"{what} '{path}' is of unknown kind; expected .csv, .tsv, .txt (also .gz), .xlsx or .parquet")
    if not is_file(path):
        raise InputError(f"{what} '{path}' does not exist; give the path of a .csv, .xlsx or .parquet file")
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


def _of_parquet(path: Path, find: Find, moments: Collection[str] | None) -> FileColumns:
    header = _names_in_parquet(path)
    positions = find(header)
    plain = [header[k] for k in positions.values()]
    if moments is None:
        return _of_frame(read_parquet(path, plain), find, 1)
    # one by one: as they stand in the file, texts take far more room than afterwards
    columns = {
        word: compact(read_parquet(path, plain, [header[k]]).iloc[:, 0], word in moments)
        for word, k in positions.items()
    }
    names = {word: header[k] for word, k in positions.items()}
    count = len(next(iter(columns.values()))) if columns else 0
    return FileColumns(header, columns, names, np.arange(1, 1 + count), "row")


def _of_workbook(path: Path, find: Find, rank: Rank) -> FileColumns:
    frame, first_row, remarks = _sheet_of(path, rank)
    found = _of_frame(frame, find, first_row)
    filled = np.flatnonzero(frame.notna().any(axis=1).to_numpy(bool))
    return replace(_taken(found, filled), remarks=remarks)


def _of_frame(frame: pd.DataFrame, find: Find, first_row: int) -> FileColumns:
    header = [str(name) for name in frame.columns]
    positions = find(header)
    columns = {word: frame.iloc[:, k].reset_index(drop=True) for word, k in positions.items()}
    names = {word: header[k] for word, k in positions.items()}
    return FileColumns(header, columns, names, np.arange(first_row, first_row + len(frame)), "row")


def _sheet_of(path: Path, rank: Rank) -> tuple[pd.DataFrame, int, tuple[Remark, ...]]:
    """Return the sheet of a workbook that looks most like a log, the row where it begins, and a remark."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    best: tuple[int, str, int, list[tuple[Any, ...]]] | None = None
    for sheet in book.worksheets:
        rows: list[tuple[Any, ...]] = list(sheet.iter_rows(values_only=True))
        head = _header_line(
            [["" if cell is None else str(cell) for cell in row] for row in rows[:_PREAMBLE_LINES]], rank
        )
        score = rank(["" if cell is None else str(cell) for cell in rows[head]]) if rows else -1
        if best is None or score > best[0]:
            best = score, sheet.title, head, rows
    if best is None or not best[3]:
        raise InputError(f"'{path.name}' is empty; expected a line of column names and one row for each purchase")
    _, title, head, rows = best
    header = ["" if cell is None else str(cell).strip() for cell in rows[head]]
    frame = pd.DataFrame([row[: len(header)] for row in rows[head + 1 :]], columns=pd.Index(header), dtype=object)
    says = f"'{path.name}' has {len(book.worksheets)} sheets; '{title}' was read"
    return frame, head + 2, (Remark("file", says),) if len(book.worksheets) > 1 else ()


def _of_text_file(
    path: Path, find: Find, rank: Rank, only: Places | None, moments: Collection[str] | None
) -> FileColumns:
    if path.suffix.lower() != ".gz":
        check_header(path)
    encoding, remarks = _encoding(path)
    lines = _first_lines(path, encoding)
    separator, head = _separator_and_header(lines, rank)
    header = [name.strip() for name in next(csv.reader([lines[head]], delimiter=separator), [])] if lines else []
    if not any(header):
        raise InputError(
            f"'{path.name}' does not begin with column names; expected a first line such as customer,date,amount"
        )
    if head:
        remarks = (*remarks, Remark("file", f"{head} lines above the column names of '{path.name}' were passed over"))
    positions = find(header)
    surplus = len(header)  # one more than there should be, lest a decimal comma cut a number in two
    columns = {role: Gathered(moments is not None, role in (moments or ())) for role in positions}
    places: list[Places] = []
    read = 0
    options: dict[str, Any] = {
        "sep": separator,
        "header": None,
        "names": range(surplus + 1),
        "skiprows": head + 1,
        "index_col": False,
        "dtype": pd.ArrowDtype(pa.string()),  # spares a Python object for each field
        "na_filter": False,
        "skip_blank_lines": False,
        "encoding": encoding,
        "chunksize": _ROWS_AT_ONCE,  # spares room for the columns that nobody wants
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        with pd.read_csv(path, **options) as blocks:
            for block in blocks:
                is_surplus = (block[surplus] != "").to_numpy(dtype=bool)
                if is_surplus.any():
                    raise InputError(
                        f"{path.name}, line {read + int(np.argmax(is_surplus)) + head + 2}: found more fields than the "
                        f"{surplus} column names; expected one field for each; put quotes around fields that contain "
                        f"'{separator}'"
                    )
                place = np.arange(read, read + len(block)) + head + 2
                read += len(block)
                if only is not None:
                    wanted = np.isin(place, only)
                    block, place = block[wanted], place[wanted]
                texts = {role: text_array(block[k].str.strip()) for role, k in positions.items()}
                is_filled = np.logical_or.reduce([np.asarray(pc.not_equal(text, "")) for text in texts.values()])
                for role, text in texts.items():
                    columns[role].add(text if is_filled.all() else text.filter(is_filled))
                places.append(place[is_filled])
    names = {role: header[k] for role, k in positions.items()}
    whole = {role: columns.pop(role).whole() for role in positions}
    return FileColumns(header, whole, names, np.concatenate(places), "line", remarks)


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


def _separator_and_header(lines: Sequence[str], rank: Rank) -> tuple[str, int]:
    """Return the separator of a text, and which of its first lines holds the column names."""
    if not lines:
        return ",", 0
    stated = re.fullmatch(r"sep=(.)", lines[0].strip('"'), re.IGNORECASE)
    best, head, separator = -1, 0, ","
    for k, line in enumerate(lines):
        of_line = stated[1] if stated else separator_of(line)
        score = rank(next(csv.reader([line], delimiter=of_line), []))
        if score > best:
            best, head, separator = score, k, of_line
    # without any usual names the first line is taken, whatever it says
    if best < 2:
        head = 1 if stated and len(lines) > 1 else 0
        separator = stated[1] if stated else separator_of(lines[head])
    return separator, head


def _header_line(rows: Sequence[Sequence[str]], rank: Rank) -> int:
    ranks = [rank(row) for row in rows[:_PREAMBLE_LINES]]
    return int(np.argmax(ranks)) if ranks and max(ranks) >= 2 else 0
