"""Moments, however they are written; held against Python's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_sim.border import InputError
from policy_sim.evidence.export_shapes import SHAPES
from policy_sim.evidence.moments import Moments, iso_texts, read_moments

NAME = "column 'x' of f.csv"


def read(*texts: str, **how: object) -> Moments:
    return read_moments(pd.Series(list(texts), dtype="string[pyarrow]"), NAME, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [
    "2024-03-01 09:05:00", "2024-03-01T09:05:00Z", "2024-03-01T09:05:00.000Z", "2024-03-01 09:05:00 UTC",
    "2024-03-01 09:05:00 +0000", "2024-03-01T11:05:00+02:00", "2024-03-01 04:05:00 -0500", "2024/3/1 9:05",
    "3/1/2024, 9:05 AM", "3/1/2024 9:05:00 am", "03/01/2024 09:05", "1 Mar 2024 09:05", "Mar 1, 2024 9:05 AM",
    "1709283900", "1709283900000", "45352.378472222219", "  2024-03-01 09:05  ",
])  # fmt: skip
def test_one_moment_in_many_ways(text: str) -> None:
    assert read(text).times.tolist() == [datetime(2024, 3, 1, 9, 5)]


@pytest.mark.parametrize("time_zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("texts", [
    ["2024-03-01 09:05:00", "2024-07-01T09:05"], ["2024-03-01 09:05:00Z", "2024-07-01T09:05:00+0200"],
    ["2024-03-01 09:05:00", "2024-07-01 09:05:00Z"], ["2024-03-01 09:05:00", "2024-02-30 09:05:00"],
    ["2024-03-01 09:05:00.250", "2024-03-01"], ["2024-03-01 24:00:00"], ["1500-03-01 09:05:00", "2024-03-01 09:05:00"],
])  # fmt: skip
def test_many_moments_at_once_are_read_as_each_by_itself(texts: list[str], time_zone: str) -> None:
    one_by_one = [read(text, time_zone=time_zone) for text in texts]
    together = read(*texts, time_zone=time_zone)
    np.testing.assert_array_equal(together.times, np.concatenate([one.times for one in one_by_one]))
    assert together.is_unreadable.tolist() == [bool(one.is_unreadable[0]) for one in one_by_one]


def test_the_day_first_is_settled_by_the_column_or_told() -> None:
    settled = read("01.03.2024 09:05", "31.12.2024 10:00")
    assert settled.times[0] == np.datetime64("2024-03-01T09:05")
    guessed = read("03/04/2024 09:05")
    assert guessed.times[0] == np.datetime64("2024-03-04T09:05")
    assert "none of them settles it" in guessed.notes[0]
    said = read("03/04/2024 09:05", day_first=True)
    assert said.times[0] == np.datetime64("2024-04-03T09:05")
    with pytest.raises(InputError, match="has the day first, '01/13/2024' has the month first"):
        read("13/01/2024", "01/13/2024")
    with pytest.raises(InputError, match="take day_first out of it"):
        read("01/13/2024", day_first=True)


def test_what_is_no_moment_is_told_apart_from_what_is_blank() -> None:
    moments = read("", "n/a", "soon", "2024-02-30", "13/13/2024", "99", "2024-01-01")
    assert moments.is_unreadable.tolist() == [False, False, True, True, True, True, False]
    assert np.isnat(moments.times).tolist() == [True] * 6 + [False]


def test_zones() -> None:
    moments = read("2024-07-01 09:05:00", "2024-12-01T09:05:00Z", time_zone="Europe/Berlin")
    assert moments.times.tolist() == [datetime(2024, 7, 1, 7, 5), datetime(2024, 12, 1, 9, 5)]
    assert moments.without_zone == 1
    assert read("31.12.2024 10:00", time_zone="Europe/Berlin").times[0] == np.datetime64("2024-12-31T09:00")
    aware = pd.Series(pd.to_datetime(["2024-01-01 10:00"])).dt.tz_localize("Europe/Berlin")
    assert read_moments(aware, NAME).times[0] == np.datetime64("2024-01-01T09:00")
    with pytest.raises(InputError, match="unknown time zone 'Mars'"):
        read("2024-01-01", time_zone="Mars")


def test_several_ways_in_one_column_are_told() -> None:
    assert "written in 2 ways" in " ".join(read("2024-01-01 10:00", "1709283900").notes)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)), st.sampled_from(sorted(SHAPES)))
def test_each_export_is_read_as_it_is_written(moment: datetime, name: str) -> None:
    form = SHAPES[name].date_form
    moment = moment.replace(microsecond=0, second=0 if "%S" not in form and form != "epoch" else moment.second)
    if form == "epoch" and not datetime(2001, 9, 10) < moment:  # before, they have nine digits
        moment += timedelta(days=20_000)
    text = str(int(moment.replace(tzinfo=UTC).timestamp())) if form == "epoch" else moment.strftime(form)
    assert read(text, day_first=False).times.tolist() == [moment]


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_any_text_is_a_moment_blank_or_told(texts: list[str]) -> None:
    try:
        moments = read(*texts)
    except InputError:
        return
    written = iso_texts(moments.times)
    for text, unreadable, iso in zip(texts, moments.is_unreadable, written, strict=True):
        assert iso == "" if unreadable or not text.strip() else True
