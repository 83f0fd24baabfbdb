"""Cells: tables of cases as people hand them in, each cell as the text that stands there; numbers out of such text.

In: a CSV file however a spreadsheet saved it, or Parquet. Out: a table of text, and the numbers in its columns.
Left to others: what the columns mean (`policy`, `service`), the table of a policy (`publish`), logs of orders (`clv`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy_sim.border import SEPARATORS, InputError, check_header, guarded, is_file, read_parquet, separator_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["CellTable", "distinct", "read_number", "read_numbers", "read_table", "shortened", "words_about"]

#: How much of a file is looked at for its separator.
_HEAD = 65_536
_TOO_MANY = re.compile(r".*Expected (\d+) fields in line (\d+), saw (\d+)")
_LONGEST = 40  # signs of a number
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_PLAIN_SIGNS = frozenset("0123456789.+-eE")


@dataclass(frozen=True)
class CellTable:
    """A table as it stands in a file.

    Attributes
    ----------
    rows
        One row a line that holds anything, numbered as in the file (0 is the line below the names). From CSV every cell
        is text, byte for byte, blanks around it included; from Parquet it has the type that it has there.
    has_commas
        Whether a comma may stand before decimals: where commas do not separate cells.
    empty_count
        How many lines without anything were left out.
    """

    rows: pd.DataFrame
    has_commas: bool = False
    empty_count: int = 0


def read_table(kind: str, path: Path, plain: Collection[str] = ()) -> CellTable:
    """Read a CSV (cells separated by commas, semicolons, tabs or bars; UTF-8 or UTF-16) or Parquet file.

    Parameters
    ----------
    kind
        What the file is, for messages: "case file".
    path
        Where it is.
    plain
        Columns that must hold single values, where they are there; in others anything may stand.

    Raises
    ------
    InputError
        If the file is missing or no such table, two columns have one name, or a line has more cells than there are
        names.
    """
    if not is_file(path):
        raise InputError(f"{kind} '{path}' does not exist; give the path of a CSV or Parquet file")
    with guarded(f"{kind} '{path}'", "CSV or Parquet with one row for each case"):
        if path.suffix.lower() == ".parquet":
            return CellTable(read_parquet(path, plain))
        check_header(path)
        try:
            return _read_csv(path)
        except UnicodeError:
            raise
        except ValueError as error:
            raise ValueError(_TOO_MANY.sub(r"line \2 has \3 cells, the line of names \1", str(error).strip())) from None


def _read_csv(path: Path) -> CellTable:
    import pandas as pd

    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    lines = head.decode(encoding, errors="replace").splitlines() or [""]
    # a first line "sep=;" is a spreadsheet's
    stated = re.fullmatch(rf'"?sep=([{SEPARATORS}])"?', lines[0].strip(), re.IGNORECASE)
    separator = stated[1] if stated else separator_of(lines[0])
    cells = pd.read_csv(
        path,
        sep=separator,
        skiprows=1 if stated else 0,
        header=None,
        dtype=object,
        na_filter=False,
        skip_blank_lines=False,
        encoding=encoding,
    ).fillna("")
    names = [str(name).strip() for name in cells.iloc[0]]
    rows = cells.iloc[1:].set_axis(names, axis=1)
    rows.index = pd.RangeIndex(len(rows)) + (1 if stated else 0)
    is_named = [bool(name) or bool((rows.iloc[:, k] != "").any()) for k, name in enumerate(names)]
    rows = rows.loc[:, is_named]
    for name in rows.columns[rows.columns.duplicated()]:
        raise ValueError(f"two columns are named '{name}'; rename or remove one")
    is_empty = (rows == "").all(axis=1)
    return CellTable(rows[~is_empty], separator != ",", int(is_empty.sum()))


def distinct(column: pd.Series) -> tuple[NDArray[np.int64], list[Any]]:
    """Return for each cell the place of its value among the distinct ones (-1: nothing there), and these."""
    import numpy as np
    import pandas as pd

    try:
        codes, values = pd.factorize(column)
    except TypeError:  # lists and the like
        codes, values = pd.factorize(column.map(repr))
    return np.asarray(codes, dtype=np.int64), list(values)


def words_about(column: pd.Series, words: Callable[[object], str]) -> NDArray[np.object_]:
    """Return what is to be said of each cell's value ("" where nothing stands there), once for equal values."""
    import numpy as np

    places, values = distinct(column)
    return np.array([words(value) for value in [*values, ""]], dtype=object)[places]  # the last is for code -1


def read_numbers(column: pd.Series, has_commas: bool = False) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Return the numbers of a column, and for each cell what is wrong with it.

    Parameters
    ----------
    column
        Numbers, or text.
    has_commas
        Whether a comma may stand before decimals in text.

    Returns
    -------
    tuple
        The numbers, NaN where there is none, and words such as "is empty" or "is '$5'; it must be a plain number ...",
        empty where a cell holds a number.
    """
    import numpy as np
    import pandas as pd

    problems = np.full(len(column), "", dtype=object)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        problems[np.isnan(numbers)] = "is empty"
        problems[np.isinf(numbers)] = "is infinite; it must be a plain number"
        return np.where(np.isfinite(numbers), numbers, np.nan), problems
    fast = _plain_numbers(column)
    if fast is not None and not (has_commas and any("." in text for text in column)):
        return fast, problems
    codes, values = distinct(column)
    read = [_read_cell(value, has_commas) for value in values] + [_read_cell("", has_commas)]  # the last is for code -1
    return np.array([number for number, _ in read])[codes], np.array([words for _, words in read], dtype=object)[codes]


def _plain_numbers(column: pd.Series) -> NDArray[np.float64] | None:
    """Return a column of text as numbers where all of it is digits with points; None where something is not."""
    import numpy as np

    try:
        if not frozenset("".join(column)) <= _PLAIN_SIGNS:
            return None
        numbers = column.to_numpy(dtype=object).astype(np.float64)
    except (TypeError, ValueError):
        return None
    return numbers if np.isfinite(numbers).all() else None


def _read_cell(value: object, has_commas: bool) -> tuple[float, str]:
    text = str(value).strip()
    if not text:
        return math.nan, "is empty"
    number = math.nan
    if _PLAIN.fullmatch(text) and not (has_commas and "." in text and "e" not in text.lower()):
        number = float(text)
    elif has_commas and isinstance(value, str):
        try:
            number = read_number(value, "", has_commas=True)
        except InputError as error:
            return math.nan, str(error).strip()
    if math.isfinite(number):
        return number, ""
    return math.nan, f"is {shortened(value)}; it must be a plain number such as 25 or 12.50"


def read_number(value: object, where: str, has_commas: bool, besides: str = "") -> float:
    """Read a number.

    Parameters
    ----------
    value
        The cell.
    where
        Which cell it is, for messages.
    has_commas
        Whether a single comma, rather than a point, stands before decimals.
    besides
        What the cell may hold besides a number, for messages: ", ask or no_limit".

    Raises
    ------
    InputError
        If it is none, or can be read in two ways.
    """
    if isinstance(value, bool):
        raise InputError(f"{where} is {value}; it must be a number")
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise InputError(f"{where} is {value}; it must be a plain number{besides}")
        return float(value)
    text = str(value).strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("'", "")
    if text.startswith(("=", "@")):
        raise InputError(f"{where} holds the formula {shortened(value)}; put the number there instead")
    if not re.fullmatch(r"-?[\d.,]*\d", text, re.ASCII):
        raise InputError(
            f"{where} is {shortened(value)}; it must be a plain number such as 25 or 12.50{besides}, "
            "without currency or percent sign"
        )
    if len(text) > _LONGEST:
        raise InputError(f"{where} is {shortened(value)}; it must be a number of at most {_LONGEST} signs")
    points, commas = text.count("."), text.count(",")
    if points and commas:
        return _with_both(text, where)
    if points + commas == 0:
        return float(text)
    separator, decimal = "." if points else ",", "," if has_commas else "."
    if points + commas > 1:
        if not _is_grouped(text, separator):
            raise _not_one_number(text, where)
        return float(text.replace(separator, ""))
    if separator != decimal and _is_grouped(text, separator):
        raise InputError(
            f"{where} is {shortened(text)}, which can be read as {text.replace(separator, '')} or as "
            f"{text.replace(separator, '.')}; write it without separators of thousands"
        )
    return float(text.replace(separator, "."))


def shortened(value: object) -> str:
    """Return a cell in quotes, cut to what fits into a message."""
    shown = repr(str(value))
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _with_both(text: str, where: str) -> float:
    """Read a number with points and commas: the last sign stands before the decimals, the others between thousands."""
    decimal = max(".,", key=text.rfind)
    thousands = "," if decimal == "." else "."
    if text.count(decimal) > 1 or not _is_grouped(text.split(decimal)[0], thousands):
        raise _not_one_number(text, where)
    return float(text.replace(thousands, "").replace(decimal, "."))


def _is_grouped(text: str, separator: str) -> bool:
    return re.fullmatch(rf"-?[1-9]\d{{0,2}}({re.escape(separator)}\d{{3}})*", text) is not None


def _not_one_number(text: str, where: str) -> InputError:
    return InputError(f"{where} is {shortened(text)}; it must be one number, such as 1234.50")
