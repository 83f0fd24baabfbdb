"""Transaction logs, and what each customer's purchases come down to.

In: a file or table with customer, date and amount, as companies keep them. Out: checked `Transactions`,
`CustomerSummary`.
Left to others: every model of what customers do next.
"""

from __future__ import annotations

import csv
import gzip
import re
import warnings
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import ArrayLike, NDArray

from policy_sim.border import InputError, unknown

__all__ = ["CustomerSummary", "Reading", "Transactions", "read_covariates", "read_transactions", "summarise"]

Vector = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Places = NDArray[np.intp]

DAYS_PER_WEEK = 7


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Names by which each column is known, letters and digits only; an earlier line is preferred to a later one.
_CUSTOMER_NAMES = (
    "customerid customerno customernr customernumber customercode customerkey custid custno",
    "customer cust",
    "clientid clientno userid memberid memberno accountid accountno buyerid buyerno shopperid",
    "client user member account buyer shopper",
    "customeremail email",
)
_DATE_NAMES = (
    "date orderdate purchasedate transactiondate invoicedate saledate purchasedat orderedat",
    "day datetime timestamp orderday orderdatetime transactiontime purchasetime ordertime",
    "createdat paidat boughtat createddate paymentdate time",
)
_AMOUNT_NAMES = (
    "amount orderamount ordervalue ordertotal totalamount purchaseamount transactionamount saleamount salesamount",
    "value total revenue sales spend totalprice grandtotal monetaryvalue netamount turnover",
    "price dollars paid payment usd eur gbp",
)
_COUNT_NAMES = _words("quantity qty units items count pieces")

_NO_CUSTOMER = frozenset(("", "nan", "NaN", "<NA>", "NULL", "null", "None"))

_MARKS = {
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "₺": "TRY",
    "₽": "RUB",
    "₴": "UAH",
    "₪": "ILS",
    "₫": "VND",
    "฿": "THB",
    "₱": "PHP",
    "₦": "NGN",
    "$": "$",
    "US$": "USD",
    "C$": "CAD",
    "CA$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "R$": "BRL",
    "FR.": "CHF",
    "KR": "KR",
    "KR.": "KR",
    "ZŁ": "PLN",
    "KČ": "CZK",
    "FT": "HUF",
    "RS": "INR",
    "RS.": "INR",
}
_CODES = _words(
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KRW KWD MAD MXN MYR "
    "NGN NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD UYU VND ZAR"
)
_FAMILIES = {
    "$": _words("USD CAD AUD NZD SGD HKD TWD MXN CLP COP ARS UYU"),
    "KR": _words("SEK NOK DKK ISK"),
}

_YEAR_FIRST = r"^(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(.*)$"
_YEAR_LAST = r"^(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(.*)$"
_CLOCK = r"^(?:[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?)?$"
_MONTH_NAME = r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
# without a day and a year of its own a date would be completed from the clock
_YEAR_IN_WORDS = (
    r"\d\D.*(?<!\d)(?:1[6-9]|2[01])\d{2}(?!\d)"
    r"|^(?:1[6-9]|2[01])\d{2}[-/ ,.]*[A-Za-z]+[-/ ,.]+\d{1,2}(?![\d:])"
    r"|\d[- ]?[A-Za-z]{3,}[- ,.]+\d{2}(?![\d:])"
)
_ZONE = r":\d{2}.*(?:Z|z|UTC|GMT|[+\-]\d{2}:?\d{2}|[+\-]\d{2})$"


@dataclass(frozen=True)
class Reading:
    """What happened while a log was read.

    Attributes
    ----------
    rows, rows_kept
        Rows found (blank ones aside); rows left without the returns.
    merged_same_day
        How many rows went into another one of the same customer and day.
    dropped_negative, dropped_negative_amount
        Rows with negative amounts (returns) that are left out, and their sum in money (0 or below).
    netted_negative, netted_negative_amount
        Rows with negative amounts that were taken off earlier purchases, and the sum taken off (0 or below).
    duplicates
        Rows that are an exact copy of an earlier one (same customer, day and amount); they are kept.
    customer_column, date_column, amount_column
        Names of the columns that were used.
    first_date, last_date
        Of the purchases that are left.
    currency
        Of the amounts.
    notes
        Anything that had to be decided on the way, in plain words.
    """

    rows: int
    rows_kept: int
    merged_same_day: int
    dropped_negative: int
    dropped_negative_amount: float
    customer_column: str
    date_column: str
    amount_column: str
    first_date: date
    last_date: date
    currency: str = "USD"
    notes: tuple[str, ...] = ()
    netted_negative: int = 0
    netted_negative_amount: float = 0.0
    duplicates: int = 0

    @property
    def sentences(self) -> tuple[str, ...]:
        """Everything noteworthy, one plain sentence each; empty where there is nothing to note."""
        lines = []
        if self.dropped_negative:
            rows, were = ("row", "was") if self.dropped_negative == 1 else ("rows", "were")
            lines.append(
                f"{self.dropped_negative:,} {rows} with negative amounts (returns, "
                f"{self.dropped_negative_amount:,.2f} {self.currency} in all) {were} left out"
            )
        if self.netted_negative:
            rows, were = ("row", "was") if self.netted_negative == 1 else ("rows", "were")
            lines.append(
                f"{self.netted_negative:,} {rows} with negative amounts (returns, "
                f"{self.netted_negative_amount:,.2f} {self.currency} in all) {were} taken off earlier purchases"
            )
        if self.duplicates:
            rows, are = ("row", "is an exact copy") if self.duplicates == 1 else ("rows", "are exact copies")
            lines.append(f"{self.duplicates:,} {rows} {are} of an earlier one and kept; remove them if they are errors")
        if self.merged_same_day:
            rows, were = ("row", "was") if self.merged_same_day == 1 else ("rows", "were")
            lines.append(
                f"{self.merged_same_day:,} {rows} {were} merged into another purchase of the same customer on the "
                "same day"
            )
        return (*lines, *self.notes)


@dataclass(frozen=True, eq=False)
class Transactions:
    """Purchases, one for each customer and day, sorted by customer and date.

    Attributes
    ----------
    labels
        (n_customers,) customer ids, sorted as text.
    customer
        (n_orders,) position of the buyer in `labels`.
    date
        (n_orders,) datetime64[D].
    amount
        (n_orders,) money, 0 or more.
    currency
        Code of the currency of the amounts.
    reading
        What happened while the log was read.
    """

    labels: NDArray[np.str_]
    customer: Places
    date: Dates
    amount: Vector
    currency: str
    reading: Reading


@dataclass(frozen=True, eq=False)
class CustomerSummary:
    """What each customer's purchases up to a day come down to; arrays are (n_customers,).

    Attributes
    ----------
    labels
        Customer ids, sorted as text.
    frequency
        x: days with a purchase after the first such day.
    recency_weeks
        t_x: from the first to the last purchase; 0 without a repeat purchase.
    age_weeks
        T: from the first purchase to `until`.
    mean_spend
        Mean amount of the repeat purchases with a positive amount; NaN where there is none.
    spend_count
        How many these are.
    until
        Last day of observation.
    """

    labels: NDArray[np.str_]
    frequency: Vector
    recency_weeks: Vector
    age_weeks: Vector
    mean_spend: Vector
    spend_count: Vector
    until: np.datetime64

    @classmethod
    def of_histories(
        cls, frequency: ArrayLike, recency_weeks: ArrayLike, age_weeks: ArrayLike, labels: ArrayLike | None = None
    ) -> CustomerSummary:
        """Return a summary of given (or simulated) purchase histories without amounts."""
        x = np.asarray(frequency, dtype=np.float64)
        names = np.arange(1, x.size + 1) if labels is None else np.asarray(labels)
        return cls(
            labels=names.astype(np.str_),
            frequency=x,
            recency_weeks=np.asarray(recency_weeks, dtype=np.float64),
            age_weeks=np.asarray(age_weeks, dtype=np.float64),
            mean_spend=np.full(x.size, np.nan),
            spend_count=np.zeros(x.size),
            until=np.datetime64("NaT", "D"),
        )


def read_transactions(
    source: str | Path | pd.DataFrame,
    *,
    customer_column: str | None = None,
    date_column: str | None = None,
    amount_column: str | None = None,
    day_first: bool = False,
    currency: str = "USD",
    returns: Literal["drop", "net"] = "drop",
) -> Transactions:
    """Read a transaction log.

    Parameters
    ----------
    source
        Path of a .csv, .tsv or .txt file (also with .gz), of a .parquet file, or a table.
    customer_column, date_column, amount_column
        Names of the columns; found by their usual names where not given.
    day_first
        Whether 03/04/1997 is the 3rd of April. Needed only if no date of the column settles it.
    currency
        Code of the currency of the amounts.
    returns
        What becomes of negative amounts: "drop" leaves them out, "net" takes them off the customer's latest purchases
        up to that day (a purchase stays one, if of amount 0). Either way they are counted.

    Returns
    -------
    The purchases, with an account of what was left out, merged or decided in `reading`.

    Raises
    ------
    InputError
        If the file or a column is missing or ambiguous, a date, an amount or a customer id cannot be read (the
        message names the line), or nothing is left.

    Notes
    -----
    Purchases of one customer on one day are merged, their amounts added. Negative amounts are returns. Dates lose their
    time of day; times with a zone are converted to UTC first.
    """
    given = {"customer": customer_column, "date": date_column, "amount": amount_column}
    table = _from_frame(source, given) if isinstance(source, pd.DataFrame) else _from_file(Path(source), given)
    if not table.rows.size:
        raise InputError(f"{table.where} holds no rows; expected one row for each purchase")
    customer, labels = _number_customers(table)
    day, date_notes = _parse_dates(table, day_first)
    amount, amount_notes = _parse_amounts(table, currency)

    is_return = amount < 0
    if is_return.all():
        raise InputError(
            f"{table.where}: all {amount.size:,} amounts in column '{table.names['amount']}' are negative (returns), "
            "so no purchase is left; expected purchases as positive amounts; turn the sign, or name another column "
            "with --amount-column"
        )
    if returns not in ("drop", "net"):
        raise unknown("treatment of returns", returns, ("drop", "net"), "returns=...")
    customer_of_order, date_of_order, amount_of_order, copies = _merge_days(customer, day, amount)
    netted_count, netted_amount = 0, 0.0
    if returns == "net":
        netted_count, netted_amount = _net_returns(
            customer_of_order,
            date_of_order,
            amount_of_order,
            customer[is_return],
            day[is_return],
            -amount[is_return],
        )
    labels, customer_of_order = _leave_out_unused(labels, customer_of_order)
    return_count = int(is_return.sum())
    dropped_amount = float(amount[is_return].sum()) + netted_amount
    reading = Reading(
        rows=amount.size,
        rows_kept=amount.size - return_count,
        merged_same_day=amount.size - return_count - amount_of_order.size,
        dropped_negative=return_count - netted_count,
        dropped_negative_amount=dropped_amount if abs(dropped_amount) >= 0.005 else 0.0,
        customer_column=table.names["customer"],
        date_column=table.names["date"],
        amount_column=table.names["amount"],
        first_date=date_of_order.min().item(),
        last_date=date_of_order.max().item(),
        currency=currency,
        notes=(*table.notes, *date_notes, *amount_notes),
        netted_negative=netted_count,
        netted_negative_amount=-netted_amount,
        duplicates=copies,
    )
    return Transactions(labels, customer_of_order, date_of_order, amount_of_order, currency, reading)


def summarise(transactions: Transactions, until: str | date | np.datetime64 | None = None) -> CustomerSummary:
    """Return frequency, recency, age and mean spend of each customer, observed up to a day.

    Parameters
    ----------
    transactions
        The purchases.
    until
        Last day of observation, inclusive ('1997-09-30'); the last date in the log where not given. Customers whose
        first purchase is later are left out.

    Raises
    ------
    InputError
        If `until` is not a date, or lies before the first purchase.
    """
    end = transactions.date.max() if until is None else _day(until)
    seen = transactions.date <= end
    if not seen.any():
        raise InputError(
            f"until is {end}, before the first purchase on {transactions.date.min()}; give a later day, or none"
        )
    orders = slice(None) if seen.all() else seen  # which spares copies
    order_customer, order_date, order_amount = (
        transactions.customer[orders],
        transactions.date[orders],
        transactions.amount[orders],
    )
    is_first = _differs_from_last(order_customer)
    starts = np.flatnonzero(is_first)
    ends = np.append(starts[1:], order_customer.size) - 1
    counts_as_spend = ~is_first & (order_amount > 0)
    spend_count = np.add.reduceat(counts_as_spend, starts, dtype=np.float64)
    spend = np.add.reduceat(np.where(counts_as_spend, order_amount, 0.0), starts)
    mean_spend = np.full(starts.size, np.nan)
    np.divide(spend, spend_count, out=mean_spend, where=spend_count > 0)
    return CustomerSummary(
        labels=transactions.labels[order_customer[starts]],
        frequency=(ends - starts).astype(np.float64),
        recency_weeks=_weeks(order_date[ends] - order_date[starts]),
        age_weeks=_weeks(end - order_date[starts]),
        mean_spend=mean_spend,
        spend_count=spend_count,
        until=end,
    )


def read_covariates(path: str | Path, summary: CustomerSummary) -> pd.DataFrame:
    """Read numbers about customers from a CSV file: the first column names the customer, each other one is a covariate.

    Returns
    -------
    One row for each customer of the summary, in its order; customers that are not in it are left out.

    Raises
    ------
    InputError
        If the file is missing, names a customer twice, or lacks one of the summary's.
    """
    if not Path(path).is_file():
        raise InputError(f"covariates '{path}' do not exist; give the path of a CSV file (--covariates)")
    try:
        table = pd.read_csv(path, dtype={0: str})
    except (ValueError, OSError) as error:
        raise InputError(f"covariates '{path}' cannot be read: {str(error).splitlines()[0]}") from None
    table = table.set_index(table.columns[0])
    table.index = table.index.astype(str)
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise InputError(f"covariates '{path}' name customer '{twice}' twice; keep one row for each customer")
    rows = table.index.get_indexer(pd.Index(summary.labels))
    missing = summary.labels[rows < 0]
    if len(missing):
        raise InputError(
            f"covariates '{path}' lack {len(missing):,} of {len(summary.labels):,} customers, such as '{missing[0]}'; "
            "add a row for each"
        )
    return table.iloc[rows]


@dataclass(frozen=True, eq=False)
class _Table:
    """Three columns as they were found, and how to name a place in them."""

    customer: pd.Series
    date: pd.Series
    amount: pd.Series
    names: dict[str, str]
    where: str
    rows: Places
    row_word: str
    notes: tuple[str, ...] = field(default=())

    def place(self, position: int) -> str:
        """Return "log.csv, line 5" for a position in the columns."""
        return f"{self.where}, {self.row_word} {self.rows[position]}"


def _from_file(path: Path, given: dict[str, str | None]) -> _Table:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = suffixes[-2] if len(suffixes) > 1 and suffixes[-1] == ".gz" else (suffixes[-1] if suffixes else "")
    if kind not in (".csv", ".tsv", ".txt", ".parquet"):
        raise InputError(
            f"transaction log '{path}' is of unknown kind; expected .csv, .tsv, .txt (also .gz) or .parquet"
        )
    if not path.is_file():
        raise InputError(f"transaction log '{path}' does not exist; give the path of a .csv or .parquet file")
    try:
        return _from_parquet(path, given) if kind == ".parquet" else _from_text(path, given)
    except InputError:
        raise
    except UnicodeDecodeError as error:
        raise InputError(f"'{path.name}' is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except pd.errors.EmptyDataError:
        raise InputError(
            f"'{path.name}' is empty; expected a line of column names and one row for each purchase"
        ) from None
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        problem = str(error).strip().replace("\n", " ").removeprefix("Error tokenizing data. C error: ")
        raise InputError(
            f"'{path.name}' cannot be read as a table: {problem}; expected as many fields in each line as there are "
            "column names; put quotes around fields that contain the separator"
        ) from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        problem = str(error).strip().split("\n")[0]
        raise InputError(f"'{path.name}' cannot be read: {problem}; expected a {kind} file") from None


def _from_parquet(path: Path, given: dict[str, str | None]) -> _Table:
    return _pick(pd.read_parquet(path), given, path.name)


def _from_frame(frame: pd.DataFrame, given: dict[str, str | None]) -> _Table:
    return _pick(frame, given, "the table")


def _pick(frame: pd.DataFrame, given: dict[str, str | None], where: str) -> _Table:
    header = [str(name) for name in frame.columns]
    found, notes = _find_columns(header, given, where)
    columns = [frame.iloc[:, found[role]].reset_index(drop=True) for role in ("customer", "date", "amount")]
    names = {role: header[position] for role, position in found.items()}
    return _Table(columns[0], columns[1], columns[2], names, where, np.arange(1, len(frame) + 1), "row", notes)


def _from_text(path: Path, given: dict[str, str | None]) -> _Table:
    open_text = gzip.open if path.suffix.lower() == ".gz" else open
    with open_text(path, "rt", encoding="utf-8-sig") as stream:
        first_line = stream.readline()
    separator = _separator(first_line)
    header = [name.strip() for name in next(csv.reader([first_line.rstrip("\r\n")], delimiter=separator), [])]
    if not any(header):
        raise InputError(
            f"'{path.name}' does not begin with column names; expected a first line such as customer,date,amount"
        )
    found, notes = _find_columns(header, given, path.name)
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
    columns = [frame[found[role]].astype(str).str.strip() for role in ("customer", "date", "amount")]
    filled = ~np.logical_and.reduce([(column == "").to_numpy(dtype=bool) for column in columns])
    rows = np.flatnonzero(filled)
    columns = [column[filled].reset_index(drop=True) for column in columns]
    names = {role: header[position] for role, position in found.items()}
    return _Table(columns[0], columns[1], columns[2], names, path.name, rows + 2, "line", notes)


def _separator(first_line: str) -> str:
    outside_quotes = re.sub(r'"[^"]*"', "", first_line)
    return max(",;\t|", key=outside_quotes.count)


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())


def _find_columns(
    header: list[str], given: dict[str, str | None], where: str
) -> tuple[dict[str, int], tuple[str, ...]]:
    roles = {"customer": _CUSTOMER_NAMES, "date": _DATE_NAMES, "amount": _AMOUNT_NAMES}
    found = {role: _given_column(header, given[role], role, where) for role in roles}
    taken = {position for position in found.values() if position is not None}
    settled = {
        role: position if position is not None else _usual_column(header, names, role, where, taken)
        for (role, names), position in zip(roles.items(), found.values(), strict=True)
    }
    if len(set(settled.values())) < len(settled):
        raise InputError(
            f"one column of {where} would serve for two things: "
            + ", ".join(f"{role} '{header[position]}'" for role, position in settled.items())
            + "; give three different ones with --customer-column, --date-column and --amount-column"
        )
    notes = []
    counts = [name for name in header if _plain(name) in _COUNT_NAMES]
    if counts and "price" in _plain(header[settled["amount"]]) and "total" not in _plain(header[settled["amount"]]):
        notes.append(
            f"amounts come from column '{header[settled['amount']]}' beside a column '{counts[0]}': if it is the "
            "price of one piece, multiply the two and name the product with --amount-column"
        )
    return settled, tuple(notes)


def _given_column(header: list[str], given: str | None, role: str, where: str) -> int | None:
    if given is None:
        return None
    matches = [k for k, name in enumerate(header) if name == str(given)]
    matches = matches or [k for k, name in enumerate(header) if _plain(name) == _plain(str(given))]
    if not matches:
        raise unknown("column", given, header, f"{where}, --{role}-column")
    if len(matches) > 1:
        raise InputError(f"{where} has {len(matches)} columns '{given}'; rename all but the one that holds the {role}")
    return matches[0]


def _usual_column(header: list[str], names: Sequence[str], role: str, where: str, taken: set[int]) -> int:
    for rank in names:
        known = frozenset(rank.split())
        candidates = [k for k, name in enumerate(header) if k not in taken and _plain(name) in known]
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


def _number_customers(table: _Table) -> tuple[Places, NDArray[np.str_]]:
    """Return the number of the customer of each row, and the ids that these numbers stand for, sorted as text."""
    column = table.customer
    missing = column.isna().to_numpy(dtype=bool)
    if pd.api.types.is_float_dtype(column.dtype) and not missing.any() and (column % 1 == 0).all():
        column = column.astype(np.int64)
    if column.dtype == object:
        column = column.astype(str)  # of mixed kinds 1 and 1.0 are equal, but not as text
    codes, unique = pd.factorize(column)
    text = pd.Series(unique).astype(str).str.strip()
    missing = missing | np.append(text.isin(_NO_CUSTOMER).to_numpy(dtype=bool), True)[codes]
    if missing.any():
        raise InputError(
            f"{table.place(int(np.argmax(missing)))}: the customer id in column '{table.names['customer']}' is missing "
            f"({_times(int(missing.sum()), 'row')} in all); expected an id in each row; fill it in or "
            "remove the row, or name another column with --customer-column"
        )
    ids = _text_array(text)
    order = _order_of_texts(ids)
    ids = ids[order]
    is_new = _differs_from_last(ids)  # two ids may be one without the spaces around them
    number = np.empty(ids.size, dtype=np.intp)
    number[order] = np.cumsum(is_new) - 1
    return number[codes], ids[is_new]


def _text_array(text: pd.Series) -> NDArray[np.str_]:
    """Return `text.to_numpy(dtype=np.str_)`, without a Python object for each text on the way."""
    column = pa.table({"text": text})["text"].combine_chunks()
    width = pc.max(pc.utf8_length(column)).as_py()
    padded = pc.utf8_rpad(column, width, padding="\0")
    joined = padded.buffers()[2][: pc.sum(pc.binary_length(padded)).as_py()].to_pybytes().decode()
    return np.frombuffer(joined.encode("utf-32-le"), dtype=f"<U{width}")


def _order_of_texts(texts: NDArray[np.str_]) -> Places:
    """Return the positions of the texts in ascending order."""
    # numbers are sorted much faster than texts, so a number made of as many first signs as fit into one goes ahead,
    # which leaves it little to compare
    signs = texts.view(np.uint32).reshape(texts.size, -1).T
    number, room = np.zeros(texts.size, dtype=np.int64), 2**62
    for sign in signs.astype(np.min_scalar_type(signs.max()), order="C"):
        span = int(sign.max()) - int(sign.min()) + 1
        if span > room:
            break
        number = number * span + (sign - sign.min())
        room //= span
    else:
        return np.argsort(number)  # it holds the whole texts
    order = np.argsort(number)
    return order[np.argsort(texts[order], kind="stable")]


def _leave_out_unused(labels: NDArray[np.str_], customer: Places) -> tuple[NDArray[np.str_], Places]:
    """Return the labels of the customers that occur, and the customers numbered by them."""
    occurs = np.zeros(labels.size, dtype=bool)
    occurs[customer] = True
    if occurs.all():
        return labels, customer
    return labels[occurs], (np.cumsum(occurs) - 1)[customer]


def _parse_dates(table: _Table, day_first: bool) -> tuple[Dates, tuple[str, ...]]:
    """Return the day of each row, and notes on what was decided."""
    column = table.date
    zoned = "times of day with a zone were converted to UTC before the day was taken"
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        notes: tuple[str, ...] = ()
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            column = column.dt.tz_convert("UTC").dt.tz_localize(None)
            notes = (zoned,)
        days = column.to_numpy().astype("datetime64[D]")
        _refuse_dates(table, np.isnat(days))
        return days, notes
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        whole = (column.notna() & (column % 1 == 0)).to_numpy(dtype=bool)
        _refuse_dates(table, ~whole)
        column = column.astype(np.int64)
    codes, unique = pd.factorize(column.astype(str).fillna(""))
    text = pd.Series(unique, dtype=str).str.strip()

    def refuse(is_wrong: NDArray[np.bool_]) -> None:
        _refuse_dates(table, is_wrong[codes])

    days = np.full(len(text), np.datetime64("NaT", "D"))
    year_first = text.str.extract(_YEAR_FIRST)
    # without separators only eight digits are a date
    is_year_first = (year_first[0].notna() & ((year_first[1] != "") | text.str.contains(r"^\d{8}(?!\d)"))).to_numpy(
        bool
    )
    year_last = text.where(~is_year_first).str.extract(_YEAR_LAST)
    is_year_last = year_last[0].notna().to_numpy(bool)
    has_zone = text.str.contains(_ZONE).to_numpy(bool)

    by_parts = is_year_first & year_first[4].fillna("").str.contains(_CLOCK).to_numpy(bool)
    days[by_parts] = _compose(*(year_first.loc[by_parts, k] for k in (0, 2, 3)))

    notes = ()
    if is_year_last.any():
        first, second = (pd.to_numeric(year_last.loc[is_year_last, k]).to_numpy() for k in (0, 2))
        day_first, notes = _settle_day_first(table, day_first, codes, np.flatnonzero(is_year_last), first, second)
        plain = is_year_last & year_last[4].fillna("").str.contains(_CLOCK).to_numpy(bool)
        month, day = (2, 0) if day_first else (0, 2)
        days[plain] = _compose(*(year_last.loc[plain, k] for k in (3, month, day)))
        by_parts |= plain

    in_words = text.str.contains(_MONTH_NAME, case=False) & text.str.contains(_YEAR_IN_WORDS)
    rest = ~by_parts & (in_words.to_numpy(bool) | is_year_first | is_year_last)
    if rest.any():
        days[rest] = _parse_freely(text[rest], day_first)
    refuse(np.isnat(days))
    if has_zone.any():
        notes = (*notes, zoned)
    return days[codes], notes


def _settle_day_first(
    table: _Table, day_first: bool, codes: Places, places: Places, first: Vector, second: Vector
) -> tuple[bool, tuple[str, ...]]:
    """Decide for the whole column whether the day precedes the month, and note it where no date tells."""

    def example(is_one: NDArray[np.bool_]) -> tuple[str, str]:
        position = int(np.argmax(codes == places[int(np.argmax(is_one))]))
        return table.place(position), str(table.date.iloc[position])

    says_day_first = (first > 12) & (second <= 12)
    says_month_first = (second > 12) & (first <= 12)
    if says_day_first.any() and says_month_first.any():
        (place, found), (other_place, other) = example(says_day_first), example(says_month_first)
        raise InputError(
            f"{place}: date '{found}' has the day first, but {other_place} has '{other}' with the month first; "
            "expected one way of writing in the whole column; write all dates as 1997-03-17"
        )
    if day_first and says_month_first.any():
        place, found = example(says_month_first)
        raise InputError(f"{place}: date '{found}' has the month first; expected the day first; leave out --day-first")
    if says_day_first.any():
        return True, ()
    if says_month_first.any() or day_first:
        return day_first, ()
    found = example(np.ones(places.size, dtype=bool))[1]
    return False, (
        f"dates such as '{found}' were read with the month first, since none of them settles it; if the day comes "
        "first, say so with --day-first",
    )


def _compose(year: pd.Series, month: pd.Series, day: pd.Series) -> Dates:
    """Return the day for each year, month and day in digits; NaT where there is none, two-digit years in 1969-2068."""
    years, months, days = (pd.to_numeric(part).to_numpy(dtype=np.int64) for part in (year, month, day))
    short = year.str.len().to_numpy() == 2
    years = np.where(short, years + np.where(years >= 69, 1900, 2000), years)
    plausible = (months >= 1) & (months <= 12) & (days >= 1) & (years >= 1)
    first_of_month = ((years - 1970) * 12 + np.where(plausible, months, 1) - 1).astype("datetime64[M]")
    found = first_of_month.astype("datetime64[D]") + (days - 1)
    found[~plausible | (found.astype("datetime64[M]") != first_of_month)] = np.datetime64("NaT")
    return np.asarray(found)


def _parse_freely(text: pd.Series, day_first: bool) -> Dates:
    """Return the UTC day of dates in words or with time zones; NaT where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what cannot be read is reported with its line
        parsed = pd.to_datetime(text, format="mixed", dayfirst=day_first, utc=True, errors="coerce")
    return np.asarray(parsed.dt.tz_localize(None).to_numpy().astype("datetime64[D]"))


def _refuse_dates(table: _Table, is_wrong: NDArray[np.bool_]) -> None:
    if is_wrong.any():
        position = int(np.argmax(is_wrong))
        raise InputError(
            f"{table.place(position)}: {_found('date', table.date.iloc[position])}; expected a date such "
            "as 1997-03-17, 03/17/1997 or 19970317; correct it, or name another column with --date-column"
        )


def _parse_amounts(table: _Table, currency: str) -> tuple[Vector, tuple[str, ...]]:
    """Return the amount of each row as a number, and notes on what was decided."""
    column = table.amount
    notes: tuple[str, ...] = ()
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        amounts = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        codes, unique = pd.factorize(column.astype(str).fillna(""))
        text = pd.Series(unique, dtype=str).str.strip()

        def example(is_one: NDArray[np.bool_]) -> tuple[str, str]:
            position = int(np.argmax(codes == int(np.argmax(is_one))))
            return table.place(position), str(column.iloc[position])

        read, notes = _read_amounts(text, currency, example)
        amounts = read[codes]
    wrong = ~np.isfinite(amounts)
    if wrong.any():
        position = int(np.argmax(wrong))
        raise InputError(
            f"{table.place(position)}: {_found('amount', column.iloc[position])}; expected a number such as 1234.50; "
            "correct it, or name another column with --amount-column"
        )
    return amounts, notes


def _read_amounts(
    text: pd.Series, currency: str, example: Callable[[NDArray[np.bool_]], tuple[str, str]]
) -> tuple[Vector, tuple[str, ...]]:
    """Return the number in each text (NaN where there is none), and notes; text is as people and programs write it."""
    plain = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    has_point = text.str.contains(".", regex=False).to_numpy(bool)
    if not np.isnan(plain).any() and not _all_three_digits(text[has_point]):
        return plain, ()
    body = text.str.replace(r"[\s\u00a0\u2000-\u200b\u202f\u2060]+", " ", regex=True).str.strip()
    body = body.str.replace("[\u2212\u2010-\u2013\ufe63\uff0d]", "-", regex=True)
    in_brackets = body.str.contains(r"^\(.*\)$").to_numpy(bool)
    body = body.where(~in_brackets, body.str.slice(1, -1).str.strip())
    # a sign may stand before or behind the currency, or last of all; each is taken off in turn
    minus_count = in_brackets.astype(np.int64)
    for pattern in (r"^([-+])\s*", r"\s*(-)$"):
        body, minus_count = _take_sign(body, minus_count, pattern)
    sides = []
    for pattern in (r"^([^\d\s.,'’+\-()]+\.?)\s*", r"\s*([^\d\s.,'’+\-()]+\.?)$"):
        sides.append(body.str.extract(pattern)[0].fillna("").str.upper())
        body = body.str.replace(pattern, "", regex=True)
    for pattern in (r"^([-+])\s*", r"\s*(-)$"):
        body, minus_count = _take_sign(body, minus_count, pattern)
    pairs, pair = np.unique([f"{before} {behind}" for before, behind in zip(*sides, strict=True)], return_inverse=True)
    money = np.array([_mark(*str(both).split(" ")) for both in pairs])[pair]
    readable = (money != "?") & (minus_count <= 1)
    body = body.str.replace(r"(?<=\d)[ '’](?=\d{3}(?!\d))", "", regex=True)
    notes = _check_marks(np.where(readable, money, ""), currency, example)

    points, commas = (body.str.count(sign).to_numpy(dtype=np.int64) for sign in (r"\.", ","))
    numeric = readable & body.str.contains(r"^[\d.,]*\d[\d.,]*$").to_numpy(bool)
    last_is_comma = (body.str.rfind(",") > body.str.rfind(".")).to_numpy(bool)
    both = numeric & (points > 0) & (commas > 0)
    single = numeric & (points + commas == 1)
    # one separator and exactly three digits behind it: 1,234 may be either, unless 0 or too much stands before it
    open_case = single & body.str.contains(r"^[1-9]\d{0,2}[.,]\d{3}$").to_numpy(bool)
    says_comma = (both & last_is_comma) | (single & (commas == 1) & ~open_case) | (numeric & ~both & (points > 1))
    says_point = (both & ~last_is_comma) | (single & (points == 1) & ~open_case) | (numeric & ~both & (commas > 1))
    if says_comma.any() and says_point.any():
        (place, found), (other_place, other) = example(says_comma), example(says_point)
        raise InputError(
            f"{place}: amount '{found}' has a decimal comma, but {other_place} has '{other}' with a decimal point; "
            "expected one way of writing in the whole column; write all amounts as 1234.50"
        )
    decimal, group = (",", ".") if says_comma.any() else (".", ",")
    is_open = open_case & ~(says_comma.any() or says_point.any())
    if is_open.any():
        notes = (
            *notes,
            f"amounts such as '{example(is_open)[1]}' were read with a decimal point and commas between thousands, "
            "since none of them settles it; if that is wrong, write them as 1234.50",
        )
    d, g = re.escape(decimal), re.escape(group)
    well_formed = body.str.contains(rf"^(?:\d+|\d{{1,3}}(?:{g}\d{{2,3}})*{g}\d{{3}})?(?:{d}\d*)?$").to_numpy(bool)
    digits = body.str.replace(group, "", regex=False).str.replace(decimal, ".", regex=False)
    read = pd.to_numeric(digits.where(numeric & well_formed), errors="coerce").to_numpy(dtype=np.float64)
    read = np.where(minus_count == 1, -read, read)
    # 1e3, as spreadsheets write it
    scientific = np.isnan(read) & text.str.contains(r"^[-+]?\d[\d.]*[eE][-+]?\d+$").to_numpy(bool)
    return np.where(scientific, plain, read), notes


def _all_three_digits(text: pd.Series) -> bool:
    return len(text) > 0 and bool(text.str.contains(r"^-?[1-9]\d{0,2}\.\d{3}$").all())


def _take_sign(body: pd.Series, minus_count: NDArray[np.int64], pattern: str) -> tuple[pd.Series, NDArray[np.int64]]:
    sign = body.str.extract(pattern)[0].fillna("")
    return body.str.replace(pattern, "", regex=True), minus_count + (sign == "-").to_numpy(dtype=np.int64)


def _mark(before: str, behind: str) -> str:
    """Return the currency that the signs before and behind an amount stand for: "" for none, "?" for no currency."""
    known = [mark if mark in _CODES else _MARKS.get(mark, "?") for mark in (before, behind) if mark]
    if not known or "?" in known:
        return "?" if known else ""
    family = _FAMILIES.get(known[0])
    if len(known) == 2 and known[1] != known[0] and (family is None or known[1] not in family):
        return "?"
    return known[-1]  # in "$12 CAD" the code tells more than the sign


def _check_marks(
    money: NDArray[np.str_], currency: str, example: Callable[[NDArray[np.bool_]], tuple[str, str]]
) -> tuple[str, ...]:
    """Refuse a column in two currencies; note where the amounts bear another currency than the one given."""
    found = sorted({str(mark) for mark in np.unique(money)} - {""})
    exact = [mark for mark in found if mark not in _FAMILIES]
    signs = [mark for mark in found if mark in _FAMILIES]
    if len(exact) > 1 or len(signs) > 1 or (exact and signs and exact[0] not in _FAMILIES[signs[0]]):
        (place, one), (other_place, other) = (example(money == mark) for mark in found[:2])
        raise InputError(
            f"{place}: amount '{one}' is in another currency than '{other}' in {other_place}; expected one currency in "
            "the whole column; convert the amounts beforehand"
        )
    for mark in exact or signs:
        if mark != currency.upper() and currency.upper() not in _FAMILIES.get(mark, ()):
            return (f"amounts are marked as {mark} but taken as {currency}; nothing was converted",)
    return ()


def _merge_days(customer: Places, day: Dates, amount: Vector) -> tuple[Places, Dates, Vector, int]:
    """Return one order for each customer and day with a purchase, sorted by both, and how many rows repeat another."""
    first = day.min()
    offset = (day - first).astype(np.int64)
    days = int(offset.max()) + 1
    key, rows = _sorted_with_places(customer * days + offset)
    amount = amount[rows]

    copies = _count_copies(key, amount)

    is_purchase = amount >= 0
    key, amount = key[is_purchase], amount[is_purchase]
    starts = np.flatnonzero(_differs_from_last(key))
    customer, offset = np.divmod(key[starts], days)
    return customer, first + offset, np.add.reduceat(amount, starts), copies


def _count_copies(key: NDArray[np.int64], amount: Vector) -> int:
    """Return how many rows have the key and the amount of an earlier one; keys are sorted."""
    is_new = _differs_from_last(key)
    is_alone = is_new & np.append(is_new[1:], True)
    return int(pd.DataFrame({"key": key[~is_alone], "amount": amount[~is_alone]}).duplicated().sum())


def _sorted_with_places(key: NDArray[np.int64]) -> tuple[NDArray[np.int64], Places]:
    """Return numbers from 0 up in ascending order, and where each of them stood; equal ones stay as they came."""
    if int(key.max()) >= 2**63 // key.size - 1:
        order = np.argsort(key, kind="stable")
        return key[order], order
    # numbers are sorted much faster than their places, so each bears its own
    both = np.sort(key * key.size + np.arange(key.size))
    in_order = both // key.size
    return in_order, both - in_order * key.size


def _differs_from_last(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    return np.append(True, values[1:] != values[:-1])


def _net_returns(
    customer: Places, day: Dates, amount: Vector, return_customer: Places, return_day: Dates, returned: Vector
) -> tuple[int, float]:
    """Take returns off the orders before them, in place; return how many found an order, and the sum taken off."""
    count, total = 0, 0.0
    first = np.searchsorted(customer, return_customer, side="left")
    for n in np.argsort(return_day, kind="stable"):
        last = np.searchsorted(customer, return_customer[n], side="right")
        order = int(first[n] + np.searchsorted(day[first[n] : last], return_day[n], side="right")) - 1
        left = float(returned[n])
        while left > 0 and order >= first[n]:
            taken = min(left, float(amount[order]))
            amount[order] -= taken
            left -= taken
            order -= 1
        total += float(returned[n]) - left
        count += int(left < returned[n])
    return count, total


def _day(given: str | date | np.datetime64) -> np.datetime64:
    text = str(given)
    try:
        day = np.datetime64(text, "D") if len(text) >= len("1997-09-30") else np.datetime64("NaT", "D")
    except ValueError:
        day = np.datetime64("NaT", "D")
    if np.isnat(day):
        raise InputError(f"until is '{given}', which is not a date; expected a day such as 1997-09-30")
    return day


def _weeks(span: NDArray[np.timedelta64]) -> Vector:
    return np.asarray(span / np.timedelta64(1, "D") / DAYS_PER_WEEK, dtype=np.float64)


def _found(what: str, value: object) -> str:
    if (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or value == ""
        or (isinstance(value, float) and value != value)
    ):
        return f"the {what} is missing"
    return f"found {what} '{value}', which cannot be read"


def _times(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
