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
        "1997-03-08T00:30:00+01:00",
        "7 Mar 1997",
        "March 7, 1997",
        "07-MAR-97",
        "1997-Mar-07",
        "Fri, 07 Mar 1997 10:00:00 GMT",
        date(1997, 3, 7),
        np.datetime64("1997-03-07T10:00"),
        pd.Timestamp("1997-03-07 20:00", tz="US/Eastern") - pd.Timedelta(hours=2),
    ],
)
def test_ways_of_writing(written):
    assert dates_of([written]) == ["1997-03-07"]


def test_times_with_a_zone_become_utc():
    zoned = pd.to_datetime(["1997-03-17 23:00"]).tz_localize("US/Eastern")
    log = log_of(zoned)
    assert str(log.date[0]) == "1997-03-18"
    assert log.reading.sentences == ("times of day with a zone were converted to UTC before the day was taken",)


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
        *("31/04/1997", "13/13/1997", "97-03-17", 852076800, 19970317.5, "199703171", "29.33"),
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
@given(st.lists(st.dates(date(1900, 1, 1), date(2100, 12, 31)), min_size=1, max_size=8), st.booleans())
def test_what_is_written_is_read(days, day_first):
    expected = [str(day) for day in days]
    assert dates_of(expected) == expected
    assert dates_of([int(day.strftime("%Y%m%d")) for day in days]) == expected
    form = "%d.%m.%Y" if day_first else "%m/%d/%Y"
    settled = [date(1999, 12, 31), *days]
    assert dates_of([day.strftime(form) for day in settled])[1:] == expected
