"""Case rows: a table of cases with what was decided, written so that a spreadsheet keeps every cell as it is.

In: a table. Out: CSV in which nothing is taken for a formula, or a workbook in which ids are text. Left to others: what
is in the table (`policy`, `value`), the table of a policy (`writing`).
"""

from __future__ import annotations

import io
import math
import re
from typing import TYPE_CHECKING

from policy_sim.border import InputError
from policy_sim.cells import shortened
from policy_sim.publish.spreadsheet.layout import FORMULA_SIGNS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["render_cases_csv", "render_cases_xlsx"]

_MOST_ROWS = 1_048_575
_LONGEST_CELL = 32_767
_SIGNS = frozenset(FORMULA_SIGNS)
#: A number below 0 begins like a formula, and is none.
_BELOW_ZERO = re.compile(r"-(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def render_cases_csv(table: pd.DataFrame, ids: str = "case", float_format: str | None = None) -> tuple[str, int]:
    """Return a table as CSV, and in how many cells an apostrophe was put before what a spreadsheet takes for a formula.

    Parameters
    ----------
    table
        Text and numbers.
    ids
        The column of ids: there a number below 0 is marked too, for it is a name and no number.
    float_format
        How fractions are written: "%.2f"; as many digits as it takes, if none.
    """
    written, marked = table.copy(), 0
    for name in table.columns:
        texts, count = _marked(table[name], is_id=name == ids)
        if count:
            written[name] = texts
            marked += count
    written.columns = [f"'{name}" if str(name).startswith(FORMULA_SIGNS) else name for name in table.columns]
    return written.to_csv(index=False, float_format=float_format, lineterminator="\n"), marked


def render_cases_xlsx(table: pd.DataFrame) -> bytes:
    """Return a table as a workbook of one sheet: text is text, whatever it looks like; numbers are numbers.

    Raises
    ------
    InputError
        If a sheet cannot hold it.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    if len(table) > _MOST_ROWS:
        raise InputError(f"a workbook holds {_MOST_ROWS:,} cases, found {len(table):,}; choose .csv or .parquet")
    lines = [[_cell_content(name) for name in table.columns]]
    whole = table.astype(object).where(table.notna(), None)
    lines += [[_cell_content(value) for value in row] for row in whole.itertuples(index=False, name=None)]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Cases")
    for line in lines:
        cells = [WriteOnlyCell(sheet, value) for value in line]
        for cell, value in zip(cells, line, strict=True):
            if isinstance(value, str):
                cell.data_type, cell.number_format = "s", "@"
        sheet.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _cell_content(value: object) -> str | int | float | None:
    """Return what a workbook holds: numbers as such, everything else as text."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    text = str(value)
    if len(text) > _LONGEST_CELL:
        raise InputError(f"a cell of a workbook holds {_LONGEST_CELL:,} signs, found {len(text):,}; choose .csv")
    if ILLEGAL_CHARACTERS_RE.search(text):
        raise InputError(f"a workbook cannot hold control characters, found {shortened(text)}; choose .csv or .parquet")
    return text


def _marked(column: pd.Series, is_id: bool) -> tuple[pd.Series, int]:
    """Return a column with an apostrophe before each text that looks like a formula, and how many there are."""
    import numpy as np
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        return column, 0
    if isinstance(column.dtype, pd.CategoricalDtype) and not any(
        _is_risky(text, is_id) for text in column.cat.categories
    ):
        return column, 0
    texts = column.astype(object)
    risky = np.fromiter((_is_risky(text, is_id) for text in texts), dtype=bool, count=len(texts))
    return texts.mask(risky, "'" + texts.where(risky, "").astype(str)), int(risky.sum())


def _is_risky(text: object, is_id: bool) -> bool:
    return isinstance(text, str) and text[:1] in _SIGNS and (is_id or not _BELOW_ZERO.fullmatch(text))
