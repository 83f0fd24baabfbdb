"""Amounts: the money of each row of a log, however amounts are written.

In: the column of amounts as it was written, and the currency that a person named. Out: a number for each row, negative
where goods were returned, and what had to be decided. Left to others: which column that is (`roles`), and what becomes
of returns (`lines`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.orders.reading import Remark
from policy_sim.orders.table import DistinctTexts, LogTable

__all__ = ["parse_amounts"]

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]
Example = Callable[[Flags], tuple[str, str]]

_SIGNS_OF_CURRENCIES = {
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


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CURRENCIES = _words(
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KRW KWD MAD MXN MYR "
    "NGN NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD UYU VND ZAR"
)
#: Currencies that share a sign.
_SHARED_SIGNS = {
    "$": _words("USD CAD AUD NZD SGD HKD TWD MXN CLP COP ARS UYU"),
    "KR": _words("SEK NOK DKK ISK"),
}
_UNKNOWN = "?"
_BLANK = ("", "nan", "none", "null", "<na>", "-", "--", "n/a")


def parse_amounts(table: LogTable, currency: str, role: str = "amount") -> tuple[Vector, list[Remark]]:
    """Return (n_rows,) the amount of each row in money, NaN where the cell is blank, and what had to be decided.

    Parameters
    ----------
    table
        The log.
    currency
        Code of the currency that the amounts are taken to be in.
    role
        Of the column.

    Raises
    ------
    InputError
        If an amount cannot be read, or the column has two currencies or two decimal signs.
    """
    column = table.columns[role]
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        amounts = column.to_numpy(dtype=np.float64, na_value=np.nan)
        table.refuse_unreadable(role, np.isinf(amounts), "a number such as 1234.50")
        return amounts, []
    texts = DistinctTexts.of(table, role, column)
    distinct, notes = _parse_texts(texts, currency)
    is_blank = texts.text.str.lower().isin(_BLANK).to_numpy(bool)
    table.refuse_unreadable(role, (~np.isfinite(distinct) & ~is_blank)[texts.codes], "a number such as 1234.50")
    distinct = np.where(is_blank, np.nan, distinct)
    return distinct[texts.codes], [Remark("amounts", note) for note in notes]


def _parse_texts(texts: DistinctTexts, currency: str) -> tuple[Vector, tuple[str, ...]]:
    """Return the number in each distinct text, NaN where there is none, and notes on what had to be decided."""

    def example(matches: Flags) -> tuple[str, str]:
        return texts.example(int(np.argmax(matches)))

    text = texts.text
    text = text.where(~text.str.lower().isin(_BLANK), "0")  # blank ones settle nothing
    as_numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    has_point = text.str.contains(".", regex=False).to_numpy(bool)
    if not np.isnan(as_numbers).any() and not _all_have_three_decimals(text[has_point]):
        return as_numbers, ()
    bare = _without_signs(text)
    notes = _check_currency(np.where(bare.is_readable, bare.currency, ""), currency, example)
    decimal, group, is_numeric, more_notes = _settle_separators(bare, example)
    d, g = re.escape(decimal), re.escape(group)
    is_well_formed = bare.body.str.contains(rf"^(?:\d+|\d{{1,3}}(?:{g}\d{{2,3}})*{g}\d{{3}})?(?:{d}\d*)?$")
    digits = bare.body.str.replace(group, "", regex=False).str.replace(decimal, ".", regex=False)
    digits = digits.where(is_numeric & is_well_formed.to_numpy(bool))
    amounts = pd.to_numeric(digits, errors="coerce").to_numpy(dtype=np.float64)
    amounts = np.where(bare.minus_count == 1, -amounts, amounts)
    # 1e3, as spreadsheets write it
    is_scientific = np.isnan(amounts) & text.str.contains(r"^[-+]?\d[\d.]*[eE][-+]?\d+$").to_numpy(bool)
    return np.where(is_scientific, as_numbers, amounts), (*notes, *more_notes)


def _all_have_three_decimals(text: pd.Series) -> bool:
    return len(text) > 0 and bool(text.str.contains(r"^-?[1-9]\d{0,2}\.\d{3}$").all())


class _Bare(NamedTuple):
    """Amounts without signs and currencies: `body` has the digits with their separators."""

    body: pd.Series
    minus_count: NDArray[np.int64]
    currency: NDArray[np.str_]  # "" where none is written
    is_readable: Flags


def _without_signs(text: pd.Series) -> _Bare:
    """Take minus signs, brackets (which accountants write for minus), currencies and spaces off amounts."""
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
    currency = np.array([_currency_of(*str(marks).split(" ")) for marks in pairs])[pair]
    body = body.str.replace(r"(?<=\d)[ '’](?=\d{3}(?!\d))", "", regex=True)
    return _Bare(body, minus_count, currency, (currency != _UNKNOWN) & (minus_count <= 1))


def _take_sign(body: pd.Series, minus_count: NDArray[np.int64], pattern: str) -> tuple[pd.Series, NDArray[np.int64]]:
    sign = body.str.extract(pattern)[0].fillna("")
    return body.str.replace(pattern, "", regex=True), minus_count + (sign == "-").to_numpy(dtype=np.int64)


def _currency_of(before: str, behind: str) -> str:
    """Return the currency that is written before and behind an amount: "" for none, "?" for no currency."""
    marks = [
        mark if mark in _CURRENCIES else _SIGNS_OF_CURRENCIES.get(mark, _UNKNOWN) for mark in (before, behind) if mark
    ]
    if not marks or _UNKNOWN in marks:
        return _UNKNOWN if marks else ""
    sharing = _SHARED_SIGNS.get(marks[0])
    if len(marks) == 2 and marks[1] != marks[0] and (sharing is None or marks[1] not in sharing):
        return _UNKNOWN
    return marks[-1]  # in "$12 CAD" the code says more than the sign


def _check_currency(written: NDArray[np.str_], currency: str, example: Example) -> tuple[str, ...]:
    """Refuse a column in two currencies; note where the amounts bear another currency than they are taken to be in."""
    marks = sorted({str(mark) for mark in np.unique(written)} - {""})
    codes = [mark for mark in marks if mark not in _SHARED_SIGNS]
    signs = [mark for mark in marks if mark in _SHARED_SIGNS]
    if len(codes) > 1 or len(signs) > 1 or (codes and signs and codes[0] not in _SHARED_SIGNS[signs[0]]):
        (place, text), (other_place, other_text) = (example(written == mark) for mark in marks[:2])
        raise InputError(
            f"{place}: amount '{text}' is in another currency than '{other_text}' in {other_place}; expected one "
            "currency in the whole column; convert the amounts beforehand"
        )
    for mark in codes or signs:
        if mark != currency.upper() and currency.upper() not in _SHARED_SIGNS.get(mark, ()):
            return (f"amounts are marked as {mark} but taken as {currency}; nothing was converted",)
    return ()


def _settle_separators(bare: _Bare, example: Example) -> tuple[str, str, Flags, tuple[str, ...]]:
    """Decide for the whole column which sign stands before decimals and which between thousands.

    Returns
    -------
    The two signs; which texts consist of digits and separators; notes where no amount settles it.

    Raises
    ------
    InputError
        If some amounts have a decimal comma and others a decimal point.
    """
    body = bare.body
    points, commas = (body.str.count(sign).to_numpy(dtype=np.int64) for sign in (r"\.", ","))
    is_numeric = bare.is_readable & body.str.contains(r"^[\d.,]*\d[\d.,]*$").to_numpy(bool)
    last_is_comma = (body.str.rfind(",") > body.str.rfind(".")).to_numpy(bool)
    has_both = is_numeric & (points > 0) & (commas > 0)
    has_one = is_numeric & (points + commas == 1)
    # one separator and exactly three digits behind it: 1,234 may be either, unless 0 or too much stands before it
    is_open = has_one & body.str.contains(r"^[1-9]\d{0,2}[.,]\d{3}$").to_numpy(bool)
    says_comma = (
        (has_both & last_is_comma) | (has_one & (commas == 1) & ~is_open) | (is_numeric & ~has_both & (points > 1))
    )
    says_point = (
        (has_both & ~last_is_comma) | (has_one & (points == 1) & ~is_open) | (is_numeric & ~has_both & (commas > 1))
    )
    if says_comma.any() and says_point.any():
        (place, text), (other_place, other_text) = example(says_comma), example(says_point)
        raise InputError(
            f"{place}: amount '{text}' has a decimal comma, but {other_place} has '{other_text}' with a decimal point; "
            "expected one way of writing in the whole column; write all amounts as 1234.50"
        )
    if says_comma.any():
        return ",", ".", is_numeric, ()
    if says_point.any() or not is_open.any():
        return ".", ",", is_numeric, ()
    return (
        ".",
        ",",
        is_numeric,
        (
            f"amounts such as '{example(is_open)[1]}' were read with a decimal point and commas between thousands, "
            "since none of them settles it; if that is wrong, write them as 1234.50",
        ),
    )
