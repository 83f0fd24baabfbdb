"""Tables: CSV and Parquet as people hand them in, and columns of them as numbers and text.

In: paths, columns. Out: DataFrames, arrays, plain rows. Left to others: what columns mean.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy_sim.border.errors import InputError
from policy_sim.border.guard import guarded, is_file

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "SEPARATORS",
    "check_header",
    "numbers_of",
    "plain_rows",
    "read_columns",
    "read_parquet",
    "separator_of",
    "texts_of",
]

#: What may stand between the fields of a line.
SEPARATORS = ",;\t|"

#: A Parquet file may hold so many rows whatever its size; more only with fewer than so many to a byte, as columns that
#: say the same in every row take no room in the file, and all the memory that there is.
_ROWS_OF_ANY_FILE, _ROWS_PER_BYTE = 1_000_000, 8
#: Of the first line of a CSV file.
_LONGEST_HEADER, _MOST_COLUMNS = 1_000_000, 2_000
#: Characters of a label: every one of an array takes the room of the longest.
_LONGEST_LABEL = 1_000
#: What pandas calls the numbers of its rows in a file.
_INDEX_COLUMN = r"__index_level_\d+__"


def read_columns(kind: str, path: str | Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read columns of a CSV file as text; the index holds the lines of the file, as an editor counts them.

    Parameters
    ----------
    kind
        What the file is, for messages: "file of recoveries".
    path
        Where it is.
    columns
        Names of the columns that it must have, in small letters; others are left out.

    Raises
    ------
    InputError
        If the file is missing or no table in UTF-8, lacks a column, or holds no rows.
    """
    import pandas as pd

    expected = ",".join(columns)
    if not is_file(path):
        raise InputError(f"{kind} '{path}' does not exist; give the path of a CSV file with the columns {expected}")
    with guarded(f"{kind} '{path}'", "a CSV file in UTF-8"):
        check_header(path)
        warnings.simplefilter("error", pd.errors.ParserWarning)  # of lines with more fields than names
        table = pd.read_csv(
            path, dtype=str, na_filter=False, index_col=False, skip_blank_lines=False, encoding="utf-8-sig"
        )
    table = table.rename(columns=lambda name: str(name).strip().lower())
    for name in columns:
        if name not in table.columns:
            raise InputError(
                f"{kind} '{path}' has no column '{name}'; found: {', '.join(table.columns)}; expected {expected}; "
                "rename or add it"
            )
        if list(table.columns).count(name) > 1:
            raise InputError(f"{kind} '{path}' has two columns '{name}'; expected one; rename the other")
    wanted = pd.DataFrame({name: table[name].str.strip() for name in columns})
    wanted.index = pd.RangeIndex(2, len(wanted) + 2)
    wanted = wanted[(wanted != "").any(axis=1)]
    if wanted.empty:
        raise InputError(f"{kind} '{path}' holds no rows; expected at least one below the column names")
    return wanted


def separator_of(line: str) -> str:
    """Return what separates the fields of a line: of a comma, a semicolon, a tab and a bar the most frequent one.

    What stands in quotes does not count.
    """
    return max(SEPARATORS, key=re.sub(r'"[^"]*"', "", line).count)


def check_header(path: str | Path) -> None:
    """See that the first line of a CSV file may be the names of columns; it belongs inside of `guarded`.

    Raises
    ------
    InputError
        If it is longer than the names of any table of ours.
    """
    with Path(path).open("rb") as stream:
        line = stream.readline(_LONGEST_HEADER + 1)
    columns = 1 + max(line.count(separator.encode()) for separator in SEPARATORS)
    if len(line) > _LONGEST_HEADER or columns > _MOST_COLUMNS:
        raise InputError(
            f"the first line of '{path}' has {len(line):,} bytes or more, {columns:,} columns; expected the names of "
            f"at most {_MOST_COLUMNS:,} columns"
        )


def read_parquet(
    path: str | Path, plain: Collection[str] | None = None, only: Collection[str] | None = None
) -> pd.DataFrame:
    """Read a Parquet file as its columns stand; what some program noted about them beside is not looked at.

    It belongs inside of `guarded`.

    Parameters
    ----------
    path
        The file.
    plain
        Names of columns that must hold single values (numbers, text, days) where they are there; all, if not given.
    only
        Names of the columns that are read; all, if not given.

    Raises
    ------
    InputError
        If one of these holds lists, structures or bytes, two columns have one name, or the file says that it holds far
        more rows than bytes.
    """
    import pandas as pd
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    size = Path(path).stat().st_size
    with pq.ParquetFile(path) as file:
        rows, schema = file.metadata.num_rows, file.schema_arrow
        if len(schema) > _MOST_COLUMNS:
            raise InputError(f"'{path}' has {len(schema):,} columns; expected at most {_MOST_COLUMNS:,}")
        if rows > _ROWS_OF_ANY_FILE and rows > _ROWS_PER_BYTE * size:
            raise InputError(f"'{path}' holds {rows:,} rows in {size:,} bytes; expected rows that differ, split it")
        for name in schema.names:
            if schema.names.count(name) > 1:
                raise InputError(f"'{path}' has two columns '{name}'; rename or remove one")
        for field in schema:
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            is_plain = not (pa.types.is_nested(kind) or _is_binary(pa, kind))
            if not is_plain and (plain is None or field.name in plain):
                raise InputError(
                    f"column '{field.name}' of '{path}' holds {kind}; expected single numbers or text, convert it"
                )
        wanted = [
            name for name in schema.names if (not re.fullmatch(_INDEX_COLUMN, name) if only is None else name in only)
        ]
        columns = file.read(columns=wanted).replace_schema_metadata(None)
        columns.validate(full=True)  # text that is none would be met much later
        # pandas cannot look things up by half numbers
        whole = [
            field.with_type(pa.float32()) if pa.types.is_float16(field.type) else field for field in columns.schema
        ]
        columns = columns.cast(pa.schema(whole))
        table: pd.DataFrame = columns.to_pandas(ignore_metadata=True)
        for name in wanted:
            # whole numbers beside gaps stay whole numbers: as floats, ids of 16 digits and more lose their last ones
            if pa.types.is_integer(columns[name].type) and columns[name].null_count:
                table[name] = columns[name].to_pandas(types_mapper={columns[name].type: pd.Int64Dtype()}.get)
    return table


def _is_binary(pa: Any, kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def numbers_of(column: pd.Series) -> NDArray[np.float64]:
    """Return a column as numbers; not a number where a cell is empty or holds something else.

    Days, spans of time, truth values, lists and bytes are no numbers, though a library may have a number for them. Text
    is one where it is written like one.
    """
    import numpy as np
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if pd.api.types.is_bool_dtype(column.dtype) or column.dtype.kind in "mMc":
        return np.full(len(column), np.nan)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    cells = column.astype(object)
    only = np.array([_number_or_text(cell) for cell in cells], dtype=object)
    return np.asarray(pd.to_numeric(pd.Series(only, dtype=object), errors="coerce"), dtype=np.float64)


def _number_or_text(cell: object) -> object:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool) or not isinstance(cell, Real | Decimal):
        return None
    try:
        return float(cell)
    except OverflowError:
        return math.inf


def texts_of(column: pd.Series, kind: str, where: str) -> NDArray[np.str_]:
    """Return a column of labels as text.

    Raises
    ------
    InputError
        If a label is too long for one; `kind` and `where` are for the message.
    """
    import numpy as np

    texts = [str(cell) for cell in column]
    longest = max(texts, key=len, default="")
    if len(longest) > _LONGEST_LABEL:
        raise InputError(
            f"{where}: a {kind} has {len(longest):,} characters ('{longest[:20]}...'); expected at most "
            f"{_LONGEST_LABEL}, shorten it"
        )
    return np.array(texts, dtype=np.str_)


def plain_rows(table: pd.DataFrame, write: Callable[[float], object] | None = None) -> list[dict[str, object]]:
    """Return the rows of a table as plain data, by the names of their columns.

    Parameters
    ----------
    table
        Any columns; what is missing becomes None.
    write
        What stands for a number that is there; as it is, and None where it is infinite, if not given.
    """
    return [{str(name): _plain_value(value, write) for name, value in row.items()} for row in table.to_dict("records")]


def _plain_value(value: object, write: Callable[[float], object] | None) -> object:
    if not isinstance(value, float):
        return value
    if math.isnan(value):
        return None
    if write is not None:
        return write(value)
    return value if math.isfinite(value) else None
