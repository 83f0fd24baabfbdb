"""Case files: logs of cases and their like as CSV, Parquet or workbooks.

In: a table, a path. Out: a file, written whole. Left to others: what is in the table (`joining`).
"""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from policy_sim.border import InputError, write_whole

__all__ = ["ENDINGS", "check_ending", "write_table"]

#: Endings of the names of files that a table may be written to.
ENDINGS = (".csv", ".parquet", ".xlsx")
_ROWS_AT_ONCE = 100_000
_MOST_ROWS_OF_SHEET = 1_048_575  # below the line of names


def check_ending(path: Path, what: str) -> None:
    """See that a table can be written to a file of that name, before work is done for it.

    Raises
    ------
    InputError
        If the ending is of no kind that can be written.
    """
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"{what} '{path}' ends in '{path.suffix}'; expected {', '.join(ENDINGS)}")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table; the ending of the name says how. Text stays as it is, byte for byte, and is never a formula.

    Raises
    ------
    InputError
        If it cannot be written, a workbook cannot hold so many rows, or holds no such sign.
    """
    kind = path.suffix.lower()
    if kind == ".parquet":
        write_whole(path, lambda stream: table.to_parquet(stream, index=False))
    elif kind == ".xlsx":
        write_whole(path, _workbook(table, path))
    else:
        write_whole(path, lambda stream: table.to_csv(stream, index=False, encoding="utf-8", chunksize=_ROWS_AT_ONCE))


def _workbook(table: pd.DataFrame, path: Path) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils.exceptions import IllegalCharacterError

    if len(table) > _MOST_ROWS_OF_SHEET:
        raise InputError(
            f"'{path}' cannot hold {len(table):,} rows; a sheet has at most {_MOST_ROWS_OF_SHEET:,}; write .parquet "
            "or .csv"
        )
    book = Workbook(write_only=True)
    sheet = book.create_sheet("cases")
    sheet.append([str(name) for name in table.columns])
    for row in table.astype(object).where(table.notna(), None).itertuples(index=False):
        cells = []
        for value in row:
            try:
                cell = WriteOnlyCell(sheet, value=value)
            except IllegalCharacterError:
                raise InputError(
                    f"'{path}' cannot hold {str(value)!r}, which has a control character; write .parquet or .csv"
                ) from None
            if isinstance(value, str):
                cell.data_type = "s"  # a text that begins with = is no formula
            cells.append(cell)
        sheet.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
