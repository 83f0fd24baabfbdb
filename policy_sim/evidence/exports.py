"""Exports: files of a help desk and a shop, each known as what it is, with the columns that say something.

In: files, folders, queries. Out: `ExportTable` for each file of tickets or refunds; which files hold orders, and which
were left alone, with the reason. Left to others: what the cells mean (`tickets`, `refunds`, `policy_sim.orders`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, guarded, is_file, is_folder, nearest, not_installed
from policy_sim.evidence.build_report import UNKNOWN_FILE
from policy_sim.evidence.export_shapes import (
    REFUND_FIELDS,
    SHAPES,
    TICKET_FIELDS,
    ExportShape,
    plain_name,
    shape_of,
)
from policy_sim.evidence.log_mapping import CaseLogMapping, FileMapping
from policy_sim.orders.files import KINDS, header_of, read_file_columns
from policy_sim.orders.reading import Remark
from policy_sim.orders.roles import header_rank
from policy_sim.orders.table import LogTable

__all__ = ["ExportTable", "Found", "find_exports"]

_WHAT = "export"
#: Files that `log build` wrote itself, by columns that they have.
_OUR_OWN = {
    frozenset(("case", "failure", "resolution", "opened", "item_price")): "it is a log of cases already",
    frozenset(("kind", "place", "why")): "it holds rows that were set aside",
}
_KINDS_OF_FILE = ("tickets", "refunds", "orders")


@dataclass(frozen=True, eq=False)
class ExportTable(LogTable):
    """The columns of an export that say something, as they were written, and where each row stood.

    Attributes
    ----------
    export
        Which export it is; for files whose columns a person named, a shape of their own.
    """

    export: ExportShape = field(default_factory=lambda: next(iter(SHAPES.values())))

    def forget(self, *roles: str) -> None:
        """Let go of columns that nobody needs any more: a log may have millions of rows, and many columns."""
        columns = self.columns
        assert isinstance(columns, dict)
        for role in roles:
            columns.pop(role, None)

    def refuse_unreadable(self, role: str, is_wrong: Any, expected: str) -> None:
        """Raise an InputError that names the first wrong cell of a column, if there is one."""
        if not is_wrong.any():
            return
        position = int(np.argmax(is_wrong))
        raise InputError(
            f"{self.place(position)}: found '{self.columns[role].iloc[position]}' in column '{self.names[role]}'; "
            f"expected {expected}; correct it, or name another column for {role} in the mapping"
        )


@dataclass(frozen=True)
class Found:
    """What was found in the places that somebody named.

    Attributes
    ----------
    tickets, refunds
        By file the export that it is.
    orders
        Files of orders.
    left_alone
        By file why it is not read.
    headers
        By file that is not understood the names of its columns.
    queried
        By file of a query what it gave.
    """

    tickets: Mapping[Path, ExportShape]
    refunds: Mapping[Path, ExportShape]
    orders: tuple[Path, ...]
    left_alone: Mapping[str, str]
    headers: Mapping[Path, tuple[str, ...]]
    queried: Mapping[Path, pd.DataFrame] = field(default_factory=dict)

    def read(self, path: Path, only: NDArray[np.int64] | None = None) -> ExportTable:
        """Read an export of tickets or refunds; of all rows or of some, whose numbers are given (as people count them).

        Raises
        ------
        InputError
            If the file is no table, or a line has more fields than there are names.
        """
        shape = self.tickets[path] if path in self.tickets else self.refunds[path]
        return _read_export(path, shape, self.queried.get(path), only)


def find_exports(places: Sequence[str | Path], mapping: CaseLogMapping) -> Found:
    """Find out what the files in some places are.

    Parameters
    ----------
    places
        Files, folders (all files right in them), and files that end in .sql: a query for DuckDB each. A query that
        merely lies in a folder is not run.
    mapping
        Says of some files what they are.

    Raises
    ------
    InputError
        If a place does not exist, a file is no table, or the mapping names a file that is not there.
    """
    files, left_alone = _files_in(places)
    unmet = [name for name in mapping.files if not any(_is_meant(name, path) for path in files)]
    if unmet:
        names = [path.name for path in files]
        raise InputError(
            f"the mapping names the file '{unmet[0]}', which is not there{nearest(unmet[0], names)}; found: "
            f"{', '.join(names)}; correct it, or take it out"
        )
    tickets: dict[Path, ExportShape] = {}
    refunds: dict[Path, ExportShape] = {}
    orders: list[Path] = []
    headers: dict[Path, tuple[str, ...]] = {}
    both: list[Path] = []
    queried = {path: _run_query(path) for path in files if path.suffix.lower() == ".sql"}
    for path in files:
        said = next((said for name, said in mapping.files.items() if _is_meant(name, path)), FileMapping())
        header = list(map(str, queried[path].columns)) if path in queried else header_of(path, _rank, _WHAT)
        shape = _shape(path, header, said)
        own = next((what for names, what in _OUR_OWN.items() if names <= set(header)), None)
        if said.kind == "none":
            left_alone[path.name] = "the mapping says so"
        elif own is not None and said.kind is None:
            left_alone[path.name] = own
        elif said.kind == "orders":
            orders.append(path)
        elif shape is not None:
            (tickets if shape.kind == "tickets" else refunds)[path] = shape
            if shape.kind == "refunds" and header_rank(header) == len(_KINDS_OF_FILE):
                both.append(path)  # payments with what was paid back of them
        elif header_rank(header) == len(_KINDS_OF_FILE) and path.suffix.lower() != ".sql":
            orders.append(path)
        else:
            left_alone[path.name] = UNKNOWN_FILE
            headers[path] = tuple(header)
    payments = [path for path in both if refunds[path].name == "stripe_payments"]
    return Found(tickets, refunds, tuple(orders or payments), left_alone, headers, queried)


def _read_export(
    path: Path, shape: ExportShape, frame: pd.DataFrame | None, only: NDArray[np.int64] | None
) -> ExportTable:
    """Read the columns of an export that say something."""

    def find(header: Sequence[str]) -> Mapping[str, int]:
        return shape.fields_of(header)

    if frame is not None:
        frame = frame if only is None else frame.iloc[only - 1]
        positions = find(list(frame.columns))
        columns = {name: frame.iloc[:, k].reset_index(drop=True) for name, k in positions.items()}
        names = {name: str(frame.columns[k]) for name, k in positions.items()}
        rows = np.arange(1, len(frame) + 1) if only is None else only
        word, remarks = "row", ()
    else:
        found = read_file_columns(path, find, _rank, _WHAT, only)
        columns, names, rows, word = dict(found.columns), dict(found.names), found.rows, found.row_word
        remarks: tuple[Remark, ...] = found.remarks  # type: ignore[no-redef]
    return ExportTable(columns, names, path.name, rows, word, remarks, shape.title, (), shape)


def _files_in(places: Sequence[str | Path]) -> tuple[list[Path], dict[str, str]]:
    files: list[Path] = []
    left_alone: dict[str, str] = {}
    for place in map(Path, places):
        if is_folder(place):
            for path in sorted(place.iterdir()):
                if not path.is_file() or path.name.startswith("."):
                    continue
                if path.suffix.lower() == ".sql":
                    left_alone[path.name] = "queries are run only where they are named"
                elif not _is_table(path):
                    left_alone[path.name] = f"expected {', '.join(KINDS)}"
                else:
                    files.append(path)
        elif is_file(place):
            files.append(place)
        else:
            raise InputError(f"'{place}' does not exist; give folders or files of tickets, refunds and orders")
    files = list(dict.fromkeys(files))
    if not files:
        listed = ", ".join(f"'{place}'" for place in places)
        raise InputError(
            f"{listed} holds no table; expected exports of tickets, refunds and orders ({', '.join(KINDS)})"
        )
    return files, left_alone


def _is_table(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return bool(suffixes) and (suffixes[-1] in KINDS or (suffixes[-1] == ".gz" and suffixes[-2:-1] != []))


def _is_meant(name: str, path: Path) -> bool:
    return path.match(name)


def _rank(header: Sequence[str]) -> int:
    """Return how much a line looks like one of column names: 3 where it is an export that is known."""
    return len(_KINDS_OF_FILE) if shape_of(header) is not None else header_rank(header)


def _shape(path: Path, header: Sequence[str], said: FileMapping) -> ExportShape | None:
    """Return which export a file is: by what a person said of it, and by its columns."""
    known = SHAPES[said.shape] if said.shape is not None else shape_of(header)
    if not said.columns:
        return known
    kind = "refunds" if said.kind == "refunds" or (known is not None and known.kind == "refunds") else "tickets"
    there = {plain_name(name) for name in header}
    fields = TICKET_FIELDS if kind == "tickets" else REFUND_FIELDS
    for name, column in said.columns.items():
        if name not in fields:
            raise InputError(
                f"the mapping of '{path.name}' names the field '{name}'{nearest(name, fields)}; expected one of: "
                f"{', '.join(fields)}"
            )
        if column and plain_name(column) not in there:
            raise InputError(
                f"'{path.name}' has no column '{column}'{nearest(column, header)}, which the mapping names for {name}; "
                f"found: {', '.join(header)}"
            )
    return _with_columns(known, path.name, kind, said)


def _with_columns(known: ExportShape | None, name: str, kind: str, said: FileMapping) -> ExportShape:
    base = dict(known.columns) if known is not None else {}
    own = dict(known.own) if known is not None else {}
    for field_name, column in said.columns.items():
        own.pop(field_name, None)
        base.pop(field_name, None)
        if column:
            base[field_name] = (column,)
    return ExportShape(
        name=known.name if known is not None else "own",
        title=known.title if known is not None else f"columns of '{name}' as the mapping names them",
        kind="refunds" if kind == "refunds" else "tickets",
        columns=base,
        known_by=(),
        own=own,
        cents=known.cents if said.cents is None and known is not None else bool(said.cents),
        tags_apart=known.tags_apart if known is not None else ",",
    )


def _run_query(path: Path) -> pd.DataFrame:
    """Run the query in a file; paths in it start from its folder, and it reads nothing outside of that."""
    try:
        import duckdb
    except ImportError:
        raise not_installed("DuckDB, which runs queries,", "sweeps", "; or name files instead of a query") from None
    folder = path.resolve().parent
    with guarded(f"query '{path.name}'", "one SELECT over files of its folder"):
        query = path.read_text(encoding="utf-8").strip().rstrip(";")
        # DuckDB looks for relative paths in the folder that the process is in, and checks them there
        with contextlib.chdir(folder), duckdb.connect() as connection:
            connection.execute("SET allowed_directories = ?", [[f"{folder}/"]])
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            table = connection.sql(f"SELECT * FROM ({query})").to_arrow_table()
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame
