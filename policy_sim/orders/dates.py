"""Dates: the day of each row of a log, however dates are written.

In: the column of dates as it was written. Out: a day for each row, and what had to be decided.
Left to others: which column that is (`roles`), and what happened on these days.
"""

from __future__ import annotations

import warnings
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.orders.reading import Remark
from policy_sim.orders.table import DistinctTexts, LogTable

__all__ = ["DAYS_PER_WEEK", "Day", "day_of", "far_dates", "parse_dates", "weeks_of"]

Vector = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Places = NDArray[np.intp]

#: How a day may be given where a function takes one: "1997-09-30", or a date.
Day = str | date | np.datetime64

DAYS_PER_WEEK = 7

_EXPECTED = "a date such as 1997-03-17, 03/17/1997 or 19970317"

_YEAR_FIRST = r"^(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(.*)$"
_YEAR_LAST = r"^(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(.*)$"
_SHORT = r"^(\d{2})([-/.])(\d{2})\2(\d{2})(?!\d)"
_CLOCK = r"^(?:[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?)?$"
_MONTH_NAME = r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
# without a day and a year of its own a date would be completed from the clock
_YEAR_IN_WORDS = (
    r"\d\D.*(?<!\d)(?:1[6-9]|2[01])\d{2}(?!\d)"
    r"|^(?:1[6-9]|2[01])\d{2}[-/ ,.]*[A-Za-z]+[-/ ,.]+\d{1,2}(?![\d:])"
    r"|\d[- ]?[A-Za-z]{3,}[- ,.]+\d{2}(?![\d:])"
    r"|^[A-Za-z]{3,}[-/ ,.]+\d{1,2}[-/ ,.]+\d{2}(?![\d:])"
)
_ZONE = r"(:\d{2}(?:[.,]\d+)?(?:\s*[AaPp][Mm])?)\s*(?:Z|z|(?:UTC|GMT)?\s*[+\-]\d{2}:?\d{2}|[+\-]\d{2}|[A-Z]{3,4})$"
_UTC = r":\d{2}(?:[.,]\d+)?\s*(?:Z|z|UTC|GMT|[+\-]00:?00)$"
_USUAL_MOMENT = r"^(\d{4}-\d{2}-\d{2}[T ])(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_NUMBER = r"^\d+(?:\.\d+)?$"
_EPOCHS = ((10, 1.0), (13, 1e3), (16, 1e6))  # digits, and in what part of a second
_SERIALS = (20_000, 80_000)  # days since 1899-12-30, as spreadsheets count: 1954 to 2119
_FAR_YEARS, _FAR_SPANS, _FAR_SHARE, _FEWEST = 5, 2, 0.01, 3


def parse_dates(table: LogTable, day_first: bool) -> tuple[Dates, list[Remark]]:
    """Return (n_rows,) the day of each row, and what had to be decided.

    Times with an offset keep the day that is written: the day where the order was made, not UTC's.

    Parameters
    ----------
    table
        The log.
    day_first
        Whether 03/04/1997 is the 3rd of April. Needed only if no date of the column settles it.

    Raises
    ------
    InputError
        If a date is missing or cannot be read, the day precedes the month in some dates and follows it in others, or a
        spreadsheet has turned some of the dates around.
    """
    column = table.columns["date"]
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            column = column.dt.tz_localize(None)  # the clock on the wall
        days = column.to_numpy().astype("datetime64[D]")
        table.refuse_unreadable("date", np.isnat(days), _EXPECTED)
        return days, []
    texts = DistinctTexts.of(table, "date", _without_clock(column))
    plain = texts.text.str.replace(_ZONE, r"\1", regex=True)
    plain = plain.where(~plain.str.fullmatch(r"\d+\.0+"), plain.str.replace(r"\.0+$", "", regex=True))
    days, remarks = _parse_texts(texts, plain, day_first)
    table.refuse_unreadable("date", np.isnat(days)[texts.codes], _EXPECTED)
    in_utc = texts.text.str.contains(_UTC).to_numpy(bool)
    if in_utc.any():
        place, text = texts.example(int(np.argmax(in_utc)))
        says = f"times such as '{text}' are UTC, so days are UTC's and not those where the orders were made"
        remarks.append(Remark("dates", says, int(texts.counts()[in_utc].sum()), (f"{place}: {text}",)))
    return days[texts.codes], remarks


def _without_clock(column: pd.Series) -> pd.Series:
    """Return dates with a clock as those of midnight: of millions of moments only the days are worked out."""
    if not isinstance(column.dtype, pd.ArrowDtype) or not pa.types.is_string(column.dtype.pyarrow_dtype):
        return column
    texts = pc.replace_substring_regex(pa.array(column.array), _USUAL_MOMENT, r"\1" + "00:00:00")
    return pd.Series(texts, dtype=column.dtype)


def far_dates(days: Dates) -> NDArray[np.bool_]:
    """Return (n_rows,) which days are so far from the rest that they must be slips of the pen.

    They are few (1 % of the rows at most, or one row), the rest are three or more, and between them and the rest
    nothing happened for five years and for twice as long as the rest takes.
    """
    is_far = np.zeros(days.size, dtype=np.bool_)
    if not days.size or int((days.max() - days.min()).astype(np.int64)) < 365 * _FAR_YEARS:
        return is_far  # in less time than that there is no such gap
    ordered = np.sort(days)
    gaps = np.diff(ordered).astype(np.int64)
    edges = np.flatnonzero(gaps >= 365 * _FAR_YEARS) + 1
    pieces = np.split(ordered, edges)
    main = max(pieces, key=len)
    span = int((main[-1] - main[0]).astype(np.int64))
    most = max(1, int(_FAR_SHARE * days.size))
    for piece in pieces:
        away = max(int((piece[0] - main[-1]).astype(np.int64)), int((main[0] - piece[-1]).astype(np.int64)))
        if piece is not main and len(main) >= _FEWEST and len(piece) <= most and away > _FAR_SPANS * span:
            is_far |= (days >= piece[0]) & (days <= piece[-1])
    return is_far


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


def _parse_texts(texts: DistinctTexts, text: pd.Series, day_first: bool) -> tuple[Dates, list[Remark]]:
    """Return the day of each distinct text (without its zone), NaT where there is none, and what had to be decided."""
    days = np.full(len(text), np.datetime64("NaT", "D"))
    remarks: list[Remark] = []
    is_counted = _count_days(text, days)
    year_first = text.str.extract(_YEAR_FIRST)
    # without separators only eight digits are a date
    has_form = (year_first[1] != "") | text.str.contains(r"^\d{8}(?!\d)")
    is_year_first = (year_first[0].notna() & has_form).to_numpy(bool) & ~is_counted
    year_last = text.where(~is_year_first & ~is_counted).str.extract(_YEAR_LAST)
    is_year_last = year_last[0].notna().to_numpy(bool)

    by_parts = is_year_first & year_first[4].fillna("").str.contains(_CLOCK).to_numpy(bool)
    days[by_parts] = _compose(*(year_first.loc[by_parts, k] for k in (0, 2, 3)))
    if is_year_last.any():
        is_plain = is_year_last & year_last[4].fillna("").str.contains(_CLOCK).to_numpy(bool)
        if _begin_with_short_years(text[is_year_last]):
            order = (0, 2, 3)
            example = texts.text[int(np.argmax(is_year_last))]
            remarks.append(Remark("dates", f"dates such as '{example}' were read with the year first"))
        else:
            first, second = (pd.to_numeric(year_last.loc[is_year_last, k]).to_numpy() for k in (0, 2))
            day_first, more = _settle_day_first(texts, day_first, np.flatnonzero(is_year_last), first, second)
            remarks += more
            order = (3, 2, 0) if day_first else (3, 0, 2)
        days[is_plain] = _compose(*(year_last.loc[is_plain, k] for k in order))
        if order[0] and not np.isnat(days[is_plain]).any():
            _refuse_half_converted(texts, days, is_year_first | is_counted, is_year_last)
        by_parts |= is_plain

    in_words = text.str.contains(_MONTH_NAME, case=False) & text.str.contains(_YEAR_IN_WORDS)
    rest = ~by_parts & ~is_counted & (in_words.to_numpy(bool) | is_year_first | is_year_last)
    if rest.any():
        days[rest] = _parse_freely(text[rest], day_first)
    forms = {"year first": is_year_first, "year last": is_year_last, "in words": rest & ~is_year_first & ~is_year_last}
    forms["numbers"] = is_counted
    return days, remarks + _told_of_forms(texts, {form: where for form, where in forms.items() if where.any()})


def _count_days(text: pd.Series, days: Dates) -> NDArray[np.bool_]:
    """Fill in the days of numbers that count seconds since 1970, or days of a spreadsheet; return which these are."""
    is_number = text.str.contains(_NUMBER).to_numpy(bool)
    counted = np.zeros(len(text), dtype=np.bool_)
    if not is_number.any():
        return counted
    values = pd.to_numeric(text.where(is_number), errors="coerce").to_numpy(dtype=np.float64)
    digits = text.str.replace(r"\..*$", "", regex=True).str.len().to_numpy()
    for length, per_second in _EPOCHS:
        here = is_number & (digits == length)
        days[here] = (values[here] / per_second // 86_400).astype(np.int64).astype("datetime64[D]")
        counted |= here
    serial = is_number & (digits == 5) & (values >= _SERIALS[0]) & (values <= _SERIALS[1])
    days[serial] = np.datetime64("1899-12-30") + values[serial].astype(np.int64).astype("timedelta64[D]")
    return np.asarray(counted | serial)


def _begin_with_short_years(text: pd.Series) -> bool:
    """Tell whether dates of three pairs of digits begin with the year: 24-01-31."""
    parts = text.str.extract(_SHORT)
    if parts[0].isna().any():
        return False
    first, middle, last = (pd.to_numeric(parts[k]).to_numpy() for k in (0, 2, 3))
    could_begin = bool(((middle >= 1) & (middle <= 12) & (last >= 1) & (last <= 31)).all())
    in_order = np.sort(np.stack([first, middle]), axis=0)
    could_end = bool(((in_order[0] >= 1) & (in_order[0] <= 12) & (in_order[1] <= 31)).all())
    if could_begin and could_end:
        # years come back, days of the month vary
        return len(np.unique(first)) < len(np.unique(last))
    return could_begin


def _refuse_half_converted(
    texts: DistinctTexts, days: Dates, is_converted: NDArray[np.bool_], is_year_last: NDArray[np.bool_]
) -> None:
    """Refuse a column in which a spreadsheet has read what it could, with day and month turned around."""
    if not is_converted.any():
        return
    day = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    if (day[is_converted] <= 12).all() and (day[is_year_last] > 12).all():
        place, text = texts.example(int(np.argmax(is_year_last)))
        other_place, other = texts.example(int(np.argmax(is_converted)))
        raise InputError(
            f"{place}: date '{text}' is written in another way than '{other}' in {other_place}, and only those of the "
            "second kind could have day and month turned around: a spreadsheet has converted a part of the column; "
            "expected one way of writing; export the dates again as 1997-03-17"
        )


def _told_of_forms(texts: DistinctTexts, forms: dict[str, NDArray[np.bool_]]) -> list[Remark]:
    if len(forms) < 2:
        return []
    counts = texts.counts()
    shown = {form: texts.example(int(np.argmax(where))) for form, where in forms.items()}
    listed = " and ".join(f"'{text}' ({int(counts[forms[form]].sum()):,})" for form, (_, text) in shown.items())
    rows = min(int(counts[where].sum()) for where in forms.values())
    says = f"dates are written in {len(forms)} ways: {listed}; look whether they mean the same"
    return [Remark("dates", says, rows, tuple(": ".join(example) for example in shown.values()))]


def _settle_day_first(
    texts: DistinctTexts, day_first: bool, positions: Places, first: Vector, second: Vector
) -> tuple[bool, list[Remark]]:
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
        return True, []
    if says_month_first.any() or day_first:
        return day_first, []
    place, text = example(np.ones(positions.size, dtype=bool))
    says = (
        f"dates such as '{text}' were read with the month first, since none of them settles it; if the day comes "
        "first, say so with --day-first"
    )
    return False, [Remark("dates", says, int(texts.counts()[positions].sum()), (f"{place}: {text}",))]


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
    """Return the day of dates in words; NaT where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what cannot be read is reported with its line
        parsed = pd.to_datetime(text, format="mixed", dayfirst=day_first, utc=True, errors="coerce")
    return np.asarray(parsed.dt.tz_localize(None).to_numpy().astype("datetime64[D]"))
