"""Dates: the day of each row of a log, however dates are written.

In: the column of dates as it was written. Out: a day for each row, and notes on what had to be decided.
Left to others: which column that is (`columns`), and what happened on these days.
"""

from __future__ import annotations

import warnings
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.clv.columns import DistinctTexts, LogColumns

__all__ = ["DAYS_PER_WEEK", "Day", "day_of", "parse_dates", "weeks_of"]

Vector = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Places = NDArray[np.intp]

#: How a day may be given where a function takes one: "1997-09-30", or a date.
Day = str | date | np.datetime64

DAYS_PER_WEEK = 7

_EXPECTED = "a date such as 1997-03-17, 03/17/1997 or 19970317"
_CONVERTED = "times of day with a zone were converted to UTC before the day was taken"

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


def parse_dates(columns: LogColumns, day_first: bool) -> tuple[Dates, tuple[str, ...]]:
    """Return (n_rows,) the day of each row, and notes on what had to be decided.

    Parameters
    ----------
    columns
        The log.
    day_first
        Whether 03/04/1997 is the 3rd of April. Needed only if no date of the column settles it.

    Raises
    ------
    InputError
        If a date is missing or cannot be read, or the day precedes the month in some dates and follows it in others.
    """
    column = columns.date
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        notes: tuple[str, ...] = ()
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            column = column.dt.tz_convert("UTC").dt.tz_localize(None)
            notes = (_CONVERTED,)
        days = column.to_numpy().astype("datetime64[D]")
        columns.refuse_unreadable("date", np.isnat(days), _EXPECTED)
        return days, notes
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        whole = (column.notna() & (column % 1 == 0)).to_numpy(dtype=bool)
        columns.refuse_unreadable("date", ~whole, _EXPECTED)
        column = column.astype(np.int64)
    texts = DistinctTexts.of(columns, "date", column)
    days, notes = _parse_texts(texts, day_first)
    columns.refuse_unreadable("date", np.isnat(days)[texts.codes], _EXPECTED)
    if texts.text.str.contains(_ZONE).any():
        notes = (*notes, _CONVERTED)
    return days[texts.codes], notes


def day_of(day: Day) -> np.datetime64:
    """Return the last day of observation from a date or its text ("1997-09-30").

    Raises
    ------
    InputError
        If it is not a whole date.
    """
    text = str(day)
    try:
        parsed = np.datetime64(text, "D") if len(text) >= len("1997-09-30") else np.datetime64("NaT", "D")
    except ValueError:
        parsed = np.datetime64("NaT", "D")
    if np.isnat(parsed):
        raise InputError(f"until is '{day}', which is not a date; expected a day such as 1997-09-30")
    return parsed


def weeks_of(span: NDArray[np.timedelta64]) -> Vector:
    """Return spans of time in weeks."""
    return np.asarray(span / np.timedelta64(1, "D") / DAYS_PER_WEEK, dtype=np.float64)


def _parse_texts(texts: DistinctTexts, day_first: bool) -> tuple[Dates, tuple[str, ...]]:
    """Return the day of each distinct text, NaT where there is none, and notes on what had to be decided."""
    text = texts.text
    days = np.full(len(text), np.datetime64("NaT", "D"))
    year_first = text.str.extract(_YEAR_FIRST)
    # without separators only eight digits are a date
    has_form = (year_first[1] != "") | text.str.contains(r"^\d{8}(?!\d)")
    is_year_first = (year_first[0].notna() & has_form).to_numpy(bool)
    year_last = text.where(~is_year_first).str.extract(_YEAR_LAST)
    is_year_last = year_last[0].notna().to_numpy(bool)

    by_parts = is_year_first & year_first[4].fillna("").str.contains(_CLOCK).to_numpy(bool)
    days[by_parts] = _compose(*(year_first.loc[by_parts, k] for k in (0, 2, 3)))

    notes: tuple[str, ...] = ()
    if is_year_last.any():
        first, second = (pd.to_numeric(year_last.loc[is_year_last, k]).to_numpy() for k in (0, 2))
        day_first, notes = _settle_day_first(texts, day_first, np.flatnonzero(is_year_last), first, second)
        is_plain = is_year_last & year_last[4].fillna("").str.contains(_CLOCK).to_numpy(bool)
        month, day = (2, 0) if day_first else (0, 2)
        days[is_plain] = _compose(*(year_last.loc[is_plain, k] for k in (3, month, day)))
        by_parts |= is_plain

    in_words = text.str.contains(_MONTH_NAME, case=False) & text.str.contains(_YEAR_IN_WORDS)
    rest = ~by_parts & (in_words.to_numpy(bool) | is_year_first | is_year_last)
    if rest.any():
        days[rest] = _parse_freely(text[rest], day_first)
    return days, notes


def _settle_day_first(
    texts: DistinctTexts, day_first: bool, positions: Places, first: Vector, second: Vector
) -> tuple[bool, tuple[str, ...]]:
    """Decide for the whole column whether the day precedes the month, and note it where no date settles it.

    Parameters
    ----------
    texts, day_first
        The column, and what a person said.
    positions, first, second
        (n,) the texts that are two numbers before a year, and these numbers.
    """

    def example(matches: NDArray[np.bool_]) -> tuple[str, str]:
        return texts.example(int(positions[int(np.argmax(matches))]))

    says_day_first = (first > 12) & (second <= 12)
    says_month_first = (second > 12) & (first <= 12)
    if says_day_first.any() and says_month_first.any():
        (place, text), (other_place, other_text) = example(says_day_first), example(says_month_first)
        raise InputError(
            f"{place}: date '{text}' has the day first, but {other_place} has '{other_text}' with the month first; "
            "expected one way of writing in the whole column; write all dates as 1997-03-17"
        )
    if day_first and says_month_first.any():
        place, text = example(says_month_first)
        raise InputError(f"{place}: date '{text}' has the month first; expected the day first; leave out --day-first")
    if says_day_first.any():
        return True, ()
    if says_month_first.any() or day_first:
        return day_first, ()
    text = example(np.ones(positions.size, dtype=bool))[1]
    return False, (
        f"dates such as '{text}' were read with the month first, since none of them settles it; if the day comes "
        "first, say so with --day-first",
    )


def _compose(year: pd.Series, month: pd.Series, day: pd.Series) -> Dates:
    """Return the day for each year, month and day in digits; NaT where there is none, two-digit years in 1969-2068."""
    years, months, days = (pd.to_numeric(part).to_numpy(dtype=np.int64) for part in (year, month, day))
    is_short = year.str.len().to_numpy() == 2
    years = np.where(is_short, years + np.where(years >= 69, 1900, 2000), years)
    plausible = (months >= 1) & (months <= 12) & (days >= 1) & (years >= 1)
    first_of_month = ((years - 1970) * 12 + np.where(plausible, months, 1) - 1).astype("datetime64[M]")
    composed = first_of_month.astype("datetime64[D]") + (days - 1)
    composed[~plausible | (composed.astype("datetime64[M]") != first_of_month)] = np.datetime64("NaT")
    return np.asarray(composed)


def _parse_freely(text: pd.Series, day_first: bool) -> Dates:
    """Return the UTC day of dates in words or with time zones; NaT where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what cannot be read is reported with its line
        parsed = pd.to_datetime(text, format="mixed", dayfirst=day_first, utc=True, errors="coerce")
    return np.asarray(parsed.dt.tz_localize(None).to_numpy().astype("datetime64[D]"))
