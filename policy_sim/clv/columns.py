"""Columns: which column of a transaction log holds the customer, which the date, which the amount.

In: a file or a table, and names of columns where a person gave them. Out: `LogColumns`, three columns as they were
written. Left to others: what the writing means (`customer_ids`, `dates`, `amounts`).
"""

from __future__ import annotations

import csv
import gzip
import re
import warnings
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.border import InputError, unknown

__all__ = ["DistinctTexts", "LogColumns", "read_log_columns"]

Places = NDArray[np.intp]

ROLES = ("customer", "date", "amount")

#: Names by which the column of each role is known, letters and digits only; an earlier line is preferred to a later.
_USUAL_NAMES = {
    "customer": (
        "customerid customerno customernr customernumber customercode customerkey custid custno",
        "customer cust",
        "clientid clientno userid memberid memberno accountid accountno buyerid buyerno shopperid",
        "client user member account buyer shopper",
        "customeremail email",
    ),
    "date": (
        "date orderdate purchasedate transactiondate invoicedate saledate purchasedat orderedat",
        "day datetime timestamp orderday orderdatetime transactiontime purchasetime ordertime",
        "createdat paidat boughtat createddate paymentdate time",
    ),
    "amount": (
        "amount orderamount ordervalue ordertotal totalamount purchaseamount transactionamount saleamount salesamount",
        "value total revenue sales spend totalprice grandtotal monetaryvalue netamount turnover",
        "price dollars paid payment usd eur gbp",
    ),
}
_NAMES_OF_COUNTS = frozenset(("quantity", "qty", "units", "items", "count", "pieces"))


def read_log_columns(source: Path | pd.DataFrame, chosen: Mapping[str, str | None]) -> LogColumns:
    """Read the columns with customer, date and amount, as they were written.

    Parameters
    ----------
    source
        Path of a .csv, .tsv or .txt file (also with .gz), of a .parquet file, or a table.
    chosen
        For "customer", "date" and "amount" the name of its column; None to find it by the usual names.

    Raises
    ------
    InputError
        If the file is missing or no table, or a column is missing or ambiguous.
    """
    if isinstance(source, pd.DataFrame):
        return _of_frame(source, chosen, "the table")
    suffixes = [suffix.lower() for suffix in source.suffixes]
    kind = suffixes[-2] if len(suffixes) > 1 and suffixes[-1] == ".gz" else (suffixes[-1] if suffixes else "")
    if kind not in (".csv", ".tsv", ".txt", ".parquet"):
        raise InputError(
            f"transaction log '{source}' is of unknown kind; expected .csv, .tsv, .txt (also .gz) or .parquet"
        )
    if not source.is_file():
        raise InputError(f"transaction log '{source}' does not exist; give the path of a .csv or .parquet file")
    try:
        if kind == ".parquet":
            return _of_frame(pd.read_parquet(source), chosen, source.name)
        return _of_text_file(source, chosen)
    except InputError:
        raise
    except UnicodeDecodeError as error:
        raise InputError(f"'{source.name}' is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except pd.errors.EmptyDataError:
        raise InputError(
            f"'{source.name}' is empty; expected a line of column names and one row for each purchase"
        ) from None
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        problem = str(error).strip().replace("\n", " ").removeprefix("Error tokenizing data. C error: ")
        raise InputError(
            f"'{source.name}' cannot be read as a table: {problem}; expected as many fields in each line as there are "
            "column names; put quotes around fields that contain the separator"
        ) from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        problem = str(error).strip().split("\n")[0]
        raise InputError(f"'{source.name}' cannot be read: {problem}; expected a {kind} file") from None


@dataclass(frozen=True, eq=False)
class LogColumns:
    """The three columns of a log as they were written, and where each row stood.

    Attributes
    ----------
    customer, date, amount
        (n_rows,) the columns.
    names
        Name of the column for "customer", "date" and "amount".
    where
        Name of the file, or "the table", for messages.
    rows, row_word
        (n_rows,) number of each row as a person counts them, and what that person calls it: "line" or "row".
    notes
        What had to be decided on the way, in plain words.
    """

    customer: pd.Series
    date: pd.Series
    amount: pd.Series
    names: Mapping[str, str]
    where: str
    rows: Places
    row_word: str
    notes: tuple[str, ...] = ()

    def place(self, position: int) -> str:
        """Return "log.csv, line 5" for a position in the columns."""
        return f"{self.where}, {self.row_word} {self.rows[position]}"

    def of_role(self, role: str) -> pd.Series:
        """Return the column for "customer", "date" or "amount"."""
        return {"customer": self.customer, "date": self.date, "amount": self.amount}[role]

    def refuse_unreadable(self, role: str, is_wrong: NDArray[np.bool_], expected: str) -> None:
        """Raise an InputError that names the first wrong cell (of (n_rows,) `is_wrong`) of a column, if there is one.

        Parameters
        ----------
        role
            "date" or "amount".
        is_wrong
            Which cells cannot be read.
        expected
            What was expected instead, in words.
        """
        if not is_wrong.any():
            return
        position = int(np.argmax(is_wrong))
        value = self.of_role(role).iloc[position]
        is_missing = (
            value is None
            or value is pd.NA
            or value is pd.NaT
            or value == ""
            or (isinstance(value, float) and value != value)
        )
        problem = f"the {role} is missing" if is_missing else f"found {role} '{value}', which cannot be read"
        raise InputError(
            f"{self.place(position)}: {problem}; expected {expected}; correct it, or name another column with "
            f"--{role}-column"
        )


@dataclass(frozen=True, eq=False)
class DistinctTexts:
    """The distinct texts of a column, so that each way of writing is worked out once.

    Attributes
    ----------
    columns, role
        The log, and which of its columns this is: "date" or "amount".
    text
        (n_texts,) the distinct texts, without spaces around them.
    codes
        (n_rows,) which of them each row has.
    """

    columns: LogColumns
    role: str
    text: pd.Series
    codes: Places

    @classmethod
    def of(cls, columns: LogColumns, role: str, column: pd.Series) -> DistinctTexts:
        """Return the distinct texts of a column (as it is in `columns`, or brought to another type)."""
        codes, unique = pd.factorize(column.astype(str).fillna(""))
        return cls(columns, role, pd.Series(unique, dtype=str).str.strip(), codes)

    def example(self, position: int) -> tuple[str, str]:
        """Return place and writing of the first cell with the text at this position: "log.csv, line 5", "3/4/97"."""
        row = int(np.argmax(self.codes == position))
        return self.columns.place(row), str(self.columns.of_role(self.role).iloc[row])


def _of_frame(frame: pd.DataFrame, chosen: Mapping[str, str | None], where: str) -> LogColumns:
    header = [str(name) for name in frame.columns]
    positions, notes = _find_columns(header, chosen, where)
    customer, date, amount = (frame.iloc[:, positions[role]].reset_index(drop=True) for role in ROLES)
    names = {role: header[position] for role, position in positions.items()}
    return LogColumns(customer, date, amount, names, where, np.arange(1, len(frame) + 1), "row", notes)


def _of_text_file(path: Path, chosen: Mapping[str, str | None]) -> LogColumns:
    open_text = gzip.open if path.suffix.lower() == ".gz" else open
    with open_text(path, "rt", encoding="utf-8-sig") as stream:
        first_line = stream.readline()
    separator = _separator(first_line)
    header = [name.strip() for name in next(csv.reader([first_line.rstrip("\r\n")], delimiter=separator), [])]
    if not any(header):
        raise InputError(
            f"'{path.name}' does not begin with column names; expected a first line such as customer,date,amount"
        )
    positions, notes = _find_columns(header, chosen, path.name)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        frame = pd.read_csv(
            path,
            sep=separator,
            header=None,
            names=range(len(header) + 1),  # one more than there should be, lest a decimal comma cut a number in two
            skiprows=1,
            index_col=False,
            dtype=pd.ArrowDtype(pa.string()),  # spares a Python object for each field
            na_filter=False,
            skip_blank_lines=False,
            encoding="utf-8-sig",
        )
    surplus = (frame[len(header)] != "").to_numpy(dtype=bool)
    if surplus.any():
        raise InputError(
            f"{path.name}, line {int(np.argmax(surplus)) + 2}: found more fields than the {len(header)} column names; "
            f"expected one field for each; put quotes around fields that contain '{separator}'"
        )
    columns = [frame[positions[role]].astype(str).str.strip() for role in ROLES]
    filled = ~np.logical_and.reduce([(column == "").to_numpy(dtype=bool) for column in columns])
    rows = np.flatnonzero(filled)
    customer, date, amount = (column[filled].reset_index(drop=True) for column in columns)
    names = {role: header[position] for role, position in positions.items()}
    return LogColumns(customer, date, amount, names, path.name, rows + 2, "line", notes)


def _separator(first_line: str) -> str:
    outside_quotes = re.sub(r'"[^"]*"', "", first_line)
    return max(",;\t|", key=outside_quotes.count)


def _letters_and_digits(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _find_columns(
    header: list[str], chosen: Mapping[str, str | None], where: str
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return the position of the column for each role, and notes on what had to be decided."""
    by_choice = {role: _chosen_column(header, chosen[role], role, where) for role in ROLES}
    taken = {position for position in by_choice.values() if position is not None}
    positions = {
        role: _usual_column(header, role, where, taken) if position is None else position
        for role, position in by_choice.items()
    }
    if len(set(positions.values())) < len(positions):
        raise InputError(
            f"one column of {where} would serve for two things: "
            + ", ".join(f"{role} '{header[position]}'" for role, position in positions.items())
            + "; give three different ones with --customer-column, --date-column and --amount-column"
        )
    amount_name = header[positions["amount"]]
    counts = [name for name in header if _letters_and_digits(name) in _NAMES_OF_COUNTS]
    if counts and "price" in _letters_and_digits(amount_name) and "total" not in _letters_and_digits(amount_name):
        note = (
            f"amounts come from column '{amount_name}' beside a column '{counts[0]}': if it is the "
            "price of one piece, multiply the two and name the product with --amount-column"
        )
        return positions, (note,)
    return positions, ()


def _chosen_column(header: list[str], name: str | None, role: str, where: str) -> int | None:
    """Return the position of the column of that name, or else of one with the same letters and digits."""
    if name is None:
        return None
    matches = [k for k, heading in enumerate(header) if heading == str(name)]
    if not matches:
        matches = [k for k, heading in enumerate(header) if _letters_and_digits(heading) == _letters_and_digits(name)]
    if not matches:
        raise unknown("column", name, header, f"{where}, --{role}-column")
    if len(matches) > 1:
        raise InputError(f"{where} has {len(matches)} columns '{name}'; rename all but the one that holds the {role}")
    return matches[0]


def _usual_column(header: Sequence[str], role: str, where: str, taken: set[int]) -> int:
    """Return the position of the column that bears a usual name of its role, the columns chosen for others aside."""
    for rank in _USUAL_NAMES[role]:
        usual = frozenset(rank.split())
        candidates = [k for k, name in enumerate(header) if k not in taken and _letters_and_digits(name) in usual]
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            listed = " and ".join(f"'{header[k]}'" for k in candidates)
            raise InputError(
                f"{where} has several columns that could be the {role}: {listed}; expected one; say which with "
                f"--{role}-column ({role}_column=...)"
            )
    raise InputError(
        f"no column of {where} looks like the {role}; found: {', '.join(header)}; say which it is with "
        f"--{role}-column ({role}_column=...)"
    )
