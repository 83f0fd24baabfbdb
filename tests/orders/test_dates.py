from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_sim.border import InputError
from policy_sim.clv import read_transactions


def log_of(dates, **options):
    """Return a log with one customer for each date, so that none is merged or moved."""
    table = pd.DataFrame({"customer": [f"c{k:03d}" for k in range(len(dates))], "date": dates, "amount": 1.0})
    return read_transactions(table, **options)


def dates_of(dates, **options):
    return [str(day) for day in log_of(dates, **options).date]


@pytest.mark.parametrize(
    "written",
    [
        "1997-03-07",
        "1997-3-7",
        "1997/03/07",
        "19970307",
        19970307,
        19970307.0,
        "1997-03-07T10:11:12",
        "1997-03-07 10:11:12.123456",
        "1997-03-07T23:30:00Z",
        "1997-03-07T22:30:00-01:00",
        "1997-03-07 23:30:00 -0500",
        "1997-03-07T00:30:00+01:00",
        "35496",
        35496.5,
        "7 Mar 1997",
        "March 7, 1997",
        "07-MAR-97",
        "1997-Mar-07",
        "Fri, 07 Mar 1997 10:00:00 GMT",
        date(1997, 3, 7),
        np.datetime64("1997-03-07T10:00"),
        pd.Timestamp("1997-03-07 23:00", tz="US/Eastern"),
    ],
)
def test_ways_of_writing(written):
    assert dates_of([written]) == ["1997-03-07"]


def test_times_with_a_zone_keep_their_day():
    zoned = pd.to_datetime(["1997-03-17 23:00"]).tz_localize("US/Eastern")
    log = log_of(zoned)
    assert str(log.date[0]) == "1997-03-17"
    assert log.reading.sentences == ()
    (sentence,) = log_of(["1997-03-07T23:30:00Z"]).reading.sentences
    assert "are UTC" in sentence


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["24-01-31", "24-02-05", "23-12-24"], ["2024-01-31", "2024-02-05", "2023-12-24"]),
        (["98/11/02", "98/12/24", "99/01/07"], ["1998-11-02", "1998-12-24", "1999-01-07"]),
        (["24.03.01", "24.03.02", "24.05.30"], ["2024-03-01", "2024-03-02", "2024-05-30"]),
        (["31-01-24", "05-02-24", "24-12-23"], ["2024-01-31", "2024-02-05", "2023-12-24"]),
    ],
)
def test_the_whole_column_says_where_the_year_stands(dates, expected):
    assert dates_of(dates) == expected


@pytest.mark.parametrize(
    "dates",
    [
        ["2023-05-01", "13/01/2023", "2023-07-01", "25/02/2023"],
        ["2023-05-01 00:00:00", "01/13/2023", "2023-07-12 00:00:00", "02/25/2023"],
        [45047, "13/01/2023", "45048", "28.02.2023"],
        ["13.01.2023", "2023-12-11", "14.01.2023"],
    ],
)
def test_dates_that_a_spreadsheet_turned_around_are_refused(dates):
    with pytest.raises(InputError, match="a spreadsheet has converted a part of the column"):
        dates_of(dates)


@pytest.mark.parametrize(
    "dates",
    [
        ["2023-05-21", "13/01/2023", "2023-07-01"],
        ["2023-05-21", "7 Mar 2023", "2023-07-01"],
        ["2023-05-21", "45013", "2023-07-01"],
    ],
)
def test_two_ways_of_writing_are_told(dates):
    (remark,) = [remark for remark in log_of(dates).reading.warnings if "are written in 2 ways" in remark.says]
    assert (remark.kind, remark.rows, len(remark.examples)) == ("dates", 1, 2)


@pytest.mark.parametrize("slip", ["2204-01-07", "0202-01-07", "1970-01-01", "2033-01-09"])
def test_a_date_far_from_the_rest_is_set_aside_and_named(slip):
    log = log_of(["2024-01-05", "2024-03-02", slip, "2024-06-30", "2024-08-11"])
    assert (log.reading.first_date, log.reading.last_date) == (date(2024, 1, 5), date(2024, 8, 11))
    (remark,) = log.reading.set_aside
    assert (remark.kind, remark.rows, remark.examples) == ("dates", 1, (f"the table, row 3: {slip}",))
    assert log.unused_to_frame()["place"].tolist() == ["the table, row 3"]


def test_seconds_since_1970():
    assert dates_of(["1710000000", "1710090000"]) == ["2024-03-09", "2024-03-10"]
    assert dates_of([1710000000000, 1710090000000]) == ["2024-03-09", "2024-03-10"]
    assert dates_of(["1710000000.25"]) == ["2024-03-09"]


def test_a_gap_in_a_log_is_no_slip():
    log = log_of(["2004-01-05", "2005-03-02", "2012-06-30", "2013-08-11", "2014-01-01"])
    assert log.reading.set_aside == ()


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["03/17/1997", "01/02/1997"], ["1997-03-17", "1997-01-02"]),
        (["17/03/1997", "01/02/1997"], ["1997-03-17", "1997-02-01"]),
        (["17.03.1997", "1.2.97"], ["1997-03-17", "1997-02-01"]),
        (["12/1/2010 8:26", "12/13/2010 8:26 PM"], ["2010-12-01", "2010-12-13"]),
    ],
)
def test_one_date_settles_the_column(dates, expected):
    assert dates_of(dates) == expected
    assert log_of(dates).reading.sentences == ()


def test_nothing_settles_the_column():
    log = log_of(["01/02/1997", "03/04/1997"])
    assert [str(day) for day in log.date] == ["1997-01-02", "1997-03-04"]
    assert log.reading.sentences == (
        "dates such as '01/02/1997' were read with the month first, since none of them settles it; if the day "
        "comes first, say so with --day-first",
    )
    assert dates_of(["01/02/1997"], day_first=True) == ["1997-02-01"]


def test_contradictions():
    with pytest.raises(InputError, match=r"row 2: date '17/03/1997' has the day first, but .*, row 1 has '03/17/1997'"):
        dates_of(["03/17/1997", "17/03/1997"])
    with pytest.raises(InputError, match=r"date '01/17/1997' has the month first; .* leave out --day-first"):
        dates_of(["01/17/1997"], day_first=True)


@pytest.mark.parametrize(
    "written",
    [
        *("hello", "1997", 1997, "1997-03", "Mar 1997", "Mar 17", "10:30 AM", "Mar 17 10:30", "1997-02-30"),
        *("31/04/1997", "13/13/1997", 852076800, 19970317.5, "199703171", "29.33"),
    ],
)
def test_unreadable(written):
    with pytest.raises(InputError, match=r"the table, row 2: found date '.*', which cannot be read; expected a date"):
        dates_of([19970101 if isinstance(written, int | float) else "1997-01-01", written])


@pytest.mark.parametrize("missing", [None, "", np.nan, pd.NaT])
def test_missing(missing):
    with pytest.raises(InputError, match="the table, row 2: the date is missing; expected a date"):
        dates_of(["1997-01-01", missing])


def test_missing_in_typed_columns():
    for column in (pd.array([19970101, None], dtype="Int64"), pd.to_datetime(["1997-01-01", None])):
        with pytest.raises(InputError, match="row 2: the date is missing"):
            dates_of(column)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1900, 2096),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 12), st.integers(1, 28)), min_size=1, max_size=8),
    st.booleans(),
)
def test_what_is_written_is_read(year, parts, day_first):
    days = [date(year + more, month, day) for more, month, day in parts]
    expected = [str(day) for day in days]
    assert dates_of(expected) == expected
    assert dates_of([int(day.strftime("%Y%m%d")) for day in days]) == expected
    form = "%d.%m.%Y" if day_first else "%m/%d/%Y"
    settled = [date(year, 12, 31), *days]
    assert dates_of([day.strftime(form) for day in settled])[1:] == expected
