"""Moments: when things happened, to the second, however the moments of a column are written.

In: a column, the time zone of moments that name none. Out: moments in UTC, which cells cannot be read, remarks.
Left to others: what happened then.
"""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.border import InputError

__all__ = ["Moments", "iso_texts", "read_moments"]

Flags = NDArray[np.bool_]
Times = NDArray[np.datetime64]

_BLANK = pa.array(["", "-", "--", "n/a", "na", "nan", "nat", "none", "null", "<na>"])
_YEAR_FIRST = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)?\s?(Z|[+\-]\d{2}(:?\d{2})?)?$"
_A_NUMBER = r"^\d+(\.\d+)?$"
_HAS_ZONE = r"\d{2}:\d{2}.*(Z|[+\-]\d{2}(:?\d{2})?)$"
_CLOCK = (
    r"(?:[T,]?\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
)
#: Numbers apart by a sign, the year last or first; what stands before and behind is the day or the month.
_YEAR_LAST = r"^(?P<first>\d{1,2})[-/. ](?P<second_of_date>\d{1,2})[-/. ](?P<year>\d{4}|\d{2})" + _CLOCK + "$"
_YEAR_FIRST_LOOSE = r"^(?P<year>\d{4})[-/.](?P<first>\d{1,2})[-/.](?P<second_of_date>\d{1,2})" + _CLOCK + "$"
_MONTH_NAME = r"(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_EPOCHS = ((10, 1), (13, 1_000), (16, 1_000_000))  # digits, parts of a second
_ROWS_AT_ONCE = 100_000  # numpy takes four bytes for a sign, and Python fifty for a text
_USUAL_YEARS = ("1700", "2200")  # within which all libraries read moments alike
_SERIALS = (20_000, 80_000)  # days since 1899-12-30, as spreadsheets count: 1954 to 2119
_NOT = np.datetime64("NaT", "s")


@dataclass(frozen=True, eq=False)
class Moments:
    """The moments of a column.

    Attributes
    ----------
    times
        (n,) datetime64[s] in UTC; not a time where the cell is blank or cannot be read.
    is_unreadable
        (n,) whether something stands in the cell that is no moment.
    notes
        What had to be decided, in words.
    without_zone
        How many name no time zone, and were read as in the one that was given.
    """

    times: Times
    is_unreadable: Flags
    notes: tuple[str, ...] = ()
    without_zone: int = 0


def read_moments(column: pd.Series, name: str, time_zone: str = "UTC", day_first: bool | None = None) -> Moments:
    """Read the moments of a column.

    Parameters
    ----------
    column
        Text, moments, or numbers (seconds since 1970, or days as spreadsheets count them).
    name
        What the column is called, with its file, for messages.
    time_zone
        Of moments that name none: "Europe/Berlin".
    day_first
        Whether 03/04/2024 is the 3rd of April; None to go by the column.

    Raises
    ------
    InputError
        If some moments have the day first and others the month, or there is no such time zone.
    """
    if isinstance(column.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return Moments(_in_utc(column, time_zone), np.zeros(len(column), dtype=np.bool_))
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        at = _of_numbers(numbers)
        return Moments(at, np.isnat(at) & ~np.isnan(numbers))
    texts = _texts(column)
    is_blank = _flags(pc.is_in(pc.utf8_lower(texts), _BLANK))
    at = np.full(len(texts), _NOT)
    notes: list[str] = []
    ways: dict[str, int] = {}
    rest = ~is_blank

    def take(where: Flags, found: Times, way: str) -> None:
        nonlocal rest
        at[where] = found
        read = where.copy()
        read[where] = ~np.isnat(found)
        rest &= ~read
        if read.any():
            ways[way] = int(read.sum())

    where = rest & _flags(pc.match_substring_regex(texts, _YEAR_FIRST))
    if where.any():
        chosen = texts.filter(pa.array(where))
        take(where, _of_iso(chosen, time_zone), f"as '{chosen[0].as_py()}'")
    if rest.any():
        _read_parts(texts, rest, take, name, time_zone, day_first, notes)
    if rest.any():
        _read_rest(texts, rest.copy(), take, time_zone, bool(day_first))
    is_bare = ~is_blank & ~rest & ~_flags(pc.match_substring_regex(texts, _HAS_ZONE + "|" + _A_NUMBER))
    if len(ways) > 1:
        listed = " and ".join(f"{way} ({count:,})" for way, count in ways.items())
        notes.append(f"moments of {name} are written in {len(ways)} ways: {listed}; look whether they mean the same")
    return Moments(at, rest, tuple(notes), int(is_bare.sum()))


def iso_texts(at: Times) -> pd.Series:
    """Return moments as text, "2024-03-01T09:05:00Z"; "" where there is none."""
    parts = []
    for first in range(0, max(len(at), 1), _ROWS_AT_ONCE):
        block = at[first : first + _ROWS_AT_ONCE].astype("datetime64[s]")
        texts = pa.array(np.char.add(np.datetime_as_string(block, unit="s"), "Z"))
        parts.append(pc.if_else(pa.array(np.isnat(block)), "", texts))
    return pd.Series(pa.chunked_array(parts), dtype=pd.ArrowDtype(pa.string()))


def _texts(column: pd.Series) -> pa.Array:
    """Return a column as text in compiled memory, without spaces around it."""
    array = (
        pa.array(column.astype(object).where(column.notna(), "").astype(str), type=pa.string())
        if (not isinstance(column.dtype, pd.ArrowDtype))
        else pa.array(column.array)
    )
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    array = pc.fill_null(array.cast(pa.string()), "")
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(array, r"\s*(UTC|GMT)$", "Z"))


def _flags(array: Any) -> Flags:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _in_utc(column: pd.Series, time_zone: str) -> Times:
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        column = _localized(column, time_zone)
    return np.asarray(column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), dtype="datetime64[s]")


def _localized(column: pd.Series, time_zone: str) -> pd.Series[Any]:
    """Say of moments on the clock in which zone they are; of the hour that autumn has twice the earlier counts."""
    earlier = np.ones(len(column), dtype=bool)
    try:
        zoned: pd.Series[Any] = column.dt.tz_localize(time_zone, ambiguous=earlier, nonexistent="shift_forward")
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"unknown time zone '{time_zone}'; expected a name such as UTC or Europe/Berlin (time_zone in the mapping)"
        ) from None
    return zoned


def _of_iso(texts: pa.Array, time_zone: str) -> Times:
    parts = [_of_iso_block(texts[k : k + _ROWS_AT_ONCE], time_zone) for k in range(0, len(texts), _ROWS_AT_ONCE)]
    return np.concatenate(parts) if parts else np.full(0, _NOT)


def _of_iso_block(texts: pa.Array, time_zone: str) -> Times:
    """Read moments in compiled code where all are whole seconds that name a zone, or none does; else one by one."""
    plain = pc.replace_substring_regex(texts, r"\s([+\-]\d{2}(:?\d{2})?|Z)$", r"\1")
    for zone in (None, "UTC"):
        with contextlib.suppress(pa.ArrowInvalid):
            at = plain.cast(pa.timestamp("s", zone)).to_numpy(zero_copy_only=False).astype("datetime64[s]")
            years = pc.min_max(plain).as_py()
            if years["min"] > _USUAL_YEARS[0] and years["max"] < _USUAL_YEARS[1]:
                return _in_utc(pd.Series(at), "UTC" if zone else time_zone)
    series = pd.Series(plain.to_numpy(zero_copy_only=False))
    if time_zone != "UTC":
        bare = ~_flags(pc.match_substring_regex(plain, _HAS_ZONE))
        at = np.full(len(series), _NOT)
        at[~bare] = _in_utc(pd.to_datetime(series[~bare], format="ISO8601", utc=True, errors="coerce"), "UTC")
        at[bare] = _in_utc(pd.to_datetime(series[bare], format="ISO8601", errors="coerce"), time_zone)
        return at
    return _in_utc(pd.to_datetime(series, format="ISO8601", utc=True, errors="coerce"), "UTC")


def _read_parts(
    texts: pa.Array, rest: Flags, take: Any, name: str, time_zone: str, day_first: bool | None, notes: list[str]
) -> None:
    """Read moments whose date is three numbers: the year last, or first with other signs than usual."""
    for pattern, is_year_last in ((_YEAR_LAST, True), (_YEAR_FIRST_LOOSE, False)):
        parts = pc.extract_regex(texts, pattern)
        where = rest & ~_flags(pc.is_null(parts))
        if not where.any():
            continue
        chosen = parts.filter(pa.array(where))
        first, second = _whole(chosen, "first"), _whole(chosen, "second_of_date")
        example = texts.filter(pa.array(where))[0].as_py()
        is_day_first = False
        if is_year_last:
            is_day_first = _settled(texts.filter(pa.array(where)), first, second, name, day_first, notes)
        month, day = (second, first) if is_day_first else (first, second)
        found = _composed(chosen, month, day)
        series = pd.Series(found.astype("datetime64[s]"))
        take(where, _in_utc(series, time_zone) if time_zone != "UTC" else found, f"as '{example}'")


def _settled(
    texts: pa.Array, first: NDArray[np.int64], second: NDArray[np.int64], name: str, day_first: bool | None,
    notes: list[str],
) -> bool:  # fmt: skip
    """Decide for a whole column whether the day precedes the month, and note it where nothing settles it."""
    says_day, says_month = (first > 12) & (second <= 12), (second > 12) & (first <= 12)
    if says_day.any() and says_month.any():
        one, other = (texts[int(np.argmax(flags))].as_py() for flags in (says_day, says_month))
        raise InputError(
            f"{name}: '{one}' has the day first, '{other}' has the month first; expected one way of writing in the "
            "whole column; write all as 2024-03-17"
        )
    if day_first and says_month.any():
        raise InputError(
            f"{name}: '{texts[int(np.argmax(says_month))].as_py()}' has the month first, but the mapping says that the "
            "day comes first; take day_first out of it"
        )
    if says_day.any():
        return True
    if not says_month.any() and day_first is None:
        notes.append(
            f"moments of {name} such as '{texts[0].as_py()}' were read with the month first, since none of them "
            "settles it; if the day comes first, put day_first: true into the mapping"
        )
    return bool(day_first) and not says_month.any()


def _whole(parts: Any, name: str) -> NDArray[np.int64]:
    texts = pc.struct_field(parts, name)
    texts = pc.if_else(pc.equal(texts, ""), "0", texts)
    return np.asarray(texts.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _composed(parts: Any, month: NDArray[np.int64], day: NDArray[np.int64]) -> Times:
    """Return the moments that year, month, day and clock make; not a time where there is none."""
    year = _whole(parts, "year")
    year = np.where(year < 100, year + np.where(year >= 69, 1900, 2000), year)
    hour, minute, second = (_whole(parts, part) for part in ("hour", "minute", "second"))
    half = pc.utf8_lower(pc.struct_field(parts, "half"))
    is_late, has_half = _flags(pc.starts_with(half, "p")), _flags(pc.not_equal(half, ""))
    is_clock = (hour < 24) & (minute < 60) & (second < 60) & ~(has_half & ((hour < 1) | (hour > 12)))
    hour = np.where(has_half, hour % 12 + np.where(is_late, 12, 0), hour)
    is_date = (month >= 1) & (month <= 12) & (day >= 1)
    first_of_month = ((year - 1970) * 12 + np.where(is_date, month, 1) - 1).astype("datetime64[M]")
    days = first_of_month.astype("datetime64[D]") + (day - 1)
    is_date &= days.astype("datetime64[M]") == first_of_month
    at = days.astype("datetime64[s]") + (hour * 3600 + minute * 60 + second).astype("timedelta64[s]")
    return np.where(is_date & is_clock, at, _NOT)


def _read_rest(texts: pa.Array, rest: Flags, take: Any, time_zone: str, day_first: bool) -> None:
    """Read what is left: numbers that count seconds or days, and months in words."""
    is_number = rest & _flags(pc.match_substring_regex(texts, _A_NUMBER))
    if is_number.any():
        chosen = texts.filter(pa.array(is_number))
        take(is_number, _of_numbers(chosen.cast(pa.float64()).to_numpy()), f"as '{chosen[0].as_py()}'")
    in_words = (
        rest & ~is_number & _flags(pc.match_substring_regex(texts, _MONTH_NAME + r".*\d{4}|\d{4}.*" + _MONTH_NAME))
    )
    if in_words.any():
        chosen = texts.filter(pa.array(in_words))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what cannot be read is told with its row
            series = pd.Series(chosen.to_numpy(zero_copy_only=False))
            parsed = pd.to_datetime(series, format="mixed", dayfirst=day_first, utc=True, errors="coerce")
        if not _flags(pc.match_substring_regex(chosen, _HAS_ZONE)).any():
            parsed = parsed.dt.tz_localize(None)  # the clock on the wall
        take(in_words, _in_utc(parsed, time_zone), f"as '{chosen[0].as_py()}'")


def _of_numbers(numbers: NDArray[np.float64]) -> Times:
    """Return what numbers count: seconds, thousandths or millionths since 1970, or days of a spreadsheet."""
    at = np.full(len(numbers), _NOT)
    size = np.floor(np.log10(np.maximum(np.nan_to_num(numbers), 1.0))).astype(np.int64) + 1
    for digits, parts in _EPOCHS:
        here = size == digits
        at[here] = np.floor(numbers[here] / parts).astype(np.int64).astype("datetime64[s]")
    serial = (numbers >= _SERIALS[0]) & (numbers <= _SERIALS[1])
    seconds = np.round(numbers[serial] * 86_400).astype(np.int64).astype("timedelta64[s]")
    at[serial] = np.datetime64("1899-12-30", "s") + seconds
    return at
