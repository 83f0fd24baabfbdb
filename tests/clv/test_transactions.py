import gzip
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_sim.border import InputError
from policy_sim.clv import read_transactions, summarise

HEADER = "customer,date,amount\n"


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="log.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def table_of(dates=None, amounts=None):
    """Return a table with one customer a row, so that neither dates nor amounts are merged or reordered."""
    count = len(dates if dates is not None else amounts)
    return pd.DataFrame(
        {
            "customer": [f"c{k:03d}" for k in range(count)],
            "date": dates if dates is not None else ["1997-01-02"] * count,
            "amount": amounts if amounts is not None else [1.0] * count,
        }
    )


def dates_of(dates, **options):
    return [str(day) for day in read_transactions(table_of(dates=dates), **options).date]


def amounts_of(amounts, **options):
    return read_transactions(table_of(amounts=amounts), **options).amount.tolist()


class TestCdnow:
    def test_log(self, cdnow):
        assert cdnow.labels.size == 2357
        assert cdnow.labels[0] == "00004"
        assert cdnow.customer.size == cdnow.date.size == cdnow.amount.size == 6919 - 223
        assert cdnow.date.dtype == "datetime64[D]"
        assert cdnow.reading.amount_column == "amount"
        assert (cdnow.reading.rows, cdnow.reading.rows_kept, cdnow.reading.merged_same_day) == (6919, 6919, 223)
        assert (cdnow.reading.first_date, cdnow.reading.last_date) == (date(1997, 1, 1), date(1998, 6, 30))
        assert cdnow.reading.sentences == (
            "21 rows are exact copies of an earlier one and kept; remove them if they are errors",
            "223 rows were merged into another purchase of the same customer on the same day",
        )

    def test_sorted(self, cdnow):
        assert np.all(cdnow.labels[1:] > cdnow.labels[:-1])
        key = cdnow.customer * 1_000_000 + cdnow.date.astype(int)
        assert np.all(np.diff(key) > 0)

    @pytest.mark.parametrize(
        ("label", "x", "t_x", "T", "mean"),
        [
            ("00004", 2, 30.43, 38.86, 22.35),
            ("00018", 0, 0.0, 38.43, 0.0),
            ("00021", 1, 1.71, 38.86, 11.77),
            ("00071", 0, 0.0, 38.86, 0.0),
            ("01150", 0, 0.0, 38.29, 0.0),
            ("07735", 0, 0.0, 32.86, 0.0),
            ("14918", 3, 17.43, 31.29, 28.94),
            ("23569", 0, 0.0, 27.0, 0.0),
            ("01760", 29, 37.71, 38.0, 26.26),
        ],
    )
    def test_published_summary(self, cdnow_calibration, label, x, t_x, T, mean):
        k = int(np.flatnonzero(cdnow_calibration.labels == label)[0])
        assert cdnow_calibration.frequency[k] == x
        assert cdnow_calibration.recency_weeks[k] == pytest.approx(t_x, abs=0.00501)
        assert cdnow_calibration.age_weeks[k] == pytest.approx(T, abs=0.00501)
        if x:
            assert cdnow_calibration.mean_spend[k] == pytest.approx(mean, abs=0.00501)
        else:
            assert np.isnan(cdnow_calibration.mean_spend[k])

    def test_buyers(self, cdnow_calibration):
        assert (cdnow_calibration.spend_count > 0).sum() == 946
        assert cdnow_calibration.until == np.datetime64("1997-09-30")


class TestFiles:
    def test_separators_names_and_packing(self, write):
        rows = [("x 1", "1997-03-17", 1234.5), ("y", "1997-03-18", 3.0)]
        files = [
            write("customer,date,amount\nx 1,1997-03-17,1234.5\ny,1997-03-18,3\n"),
            write("Customer ID;Order Date;Order Value\nx 1;17.03.1997;1.234,50\ny;18.03.1997;3,00\n", "a.csv"),
            write("client\tPURCHASED_AT\tSpend\nx 1\t1997-03-17T10:00\t1234.5\ny\t1997-03-18T11:00\t3\n", "b.tsv"),
            write("Buyer|day|Revenue\nx 1|19970317|$1,234.50\ny|19970318|$3.00\n", "c.txt"),
            write('\ufeffuser,timestamp,total\r\n"x 1",03/17/1997,"1,234.50"\r\ny,03/18/1997,3\r\n', "d.csv"),
            write(gzip.compress(b"customer,date,amount\nx 1,1997-03-17,1234.5\ny,1997-03-18,3\n"), "e.csv.gz"),
        ]
        for path in files:
            found = read_transactions(path)
            days = [str(day) for day in found.date]
            assert list(zip(found.labels, days, found.amount, strict=True)) == rows, path.name

    def test_parquet(self, tmp_path):
        path = tmp_path / "log.parquet"
        pd.DataFrame(
            {"customer": [2, 1], "date": pd.to_datetime(["1997-01-03", "1997-01-02"]), "amount": [5, 7]}
        ).to_parquet(path)
        found = read_transactions(path)
        assert found.labels.tolist() == ["1", "2"]
        assert found.amount.tolist() == [7.0, 5.0]

    def test_labels_stay_as_they_are(self, write):
        found = read_transactions(write(HEADER + "007,1997-01-02,5\nNA,1997-01-02,5\n7,1997-01-02,5\n"))
        assert found.labels.tolist() == ["007", "7", "NA"]

    def test_whole_floats_are_ids_without_a_point(self):
        frame = table_of(amounts=[1.0, 2.0]).assign(customer=[12.0, 7.0])
        assert read_transactions(frame).labels.tolist() == ["12", "7"]

    def test_blank_lines_do_not_shift_line_numbers(self, write):
        assert read_transactions(write(HEADER + "a,1997-01-02,5\n\nb,1997-01-03,6\n,,\n\n")).reading.rows == 2
        with pytest.raises(InputError, match=r"log\.csv, line 4: found date 'xx'"):
            read_transactions(write(HEADER + "a,1997-01-02,5\n\nb,xx,6\n"))

    def test_columns_that_are_named(self, write):
        path = write("who,when,much,value\na,1997-01-02,5,6\n")
        found = read_transactions(path, customer_column="who", date_column="When", amount_column="much")
        assert found.amount.tolist() == [5.0]
        assert (found.reading.customer_column, found.reading.date_column) == ("who", "when")

    def test_price_beside_quantity_is_noted(self, write):
        sentences = read_transactions(write("customer,date,quantity,price\na,1997-01-02,2,5\n")).reading.sentences
        assert sentences == (
            "amounts come from column 'price' beside a column 'quantity': if it is the price of one piece, multiply "
            "the two and name the product with --amount-column",
        )

    def test_the_given_table_is_left_alone(self):
        frame = table_of(amounts=["$5", "-3"])
        before = frame.copy()
        read_transactions(frame)
        pd.testing.assert_frame_equal(frame, before)

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("log.csv", "", "'log.csv' does not begin with column names"),
            ("log.csv", HEADER, "log.csv holds no rows; expected one row for each purchase"),
            ("log.csv", HEADER + ",1997-01-02,5\n", "log.csv, line 2: the customer id in column 'customer' is missing"),
            ("log.csv", HEADER + "a,1997-01-02,29,33\n", "log.csv, line 2: found more fields than the 3 column names"),
            (
                "log.csv",
                HEADER + "a,1997-01-02,1\nb,1997-01-02,2,3,4,5\n",
                "cannot be read as a table: Expected 4 fields in line 3",
            ),
            ("log.csv", HEADER + "a,1997-01-02\n", "log.csv, line 2: the amount is missing"),
            ("log.csv", HEADER + '"a,1997-01-02,5\n', "cannot be read as a table: EOF inside string"),
            ("log.csv", b"customer,date,amount\n\xe9,1997-01-02,5\n", "is not UTF-8 text .*; save it as UTF-8"),
            (
                "log.csv",
                "customer,when,amount\na,1997-01-02,5\n",
                "looks like the date; found: customer, when, amount; say which it is with --date-column",
            ),
            ("log.csv", "customer,date,quantity\na,1997-01-02,5\n", "no column of log.csv looks like the amount"),
            (
                "log.csv",
                "customer,order_date,invoice_date,amount\na,1997-01-02,1997-01-02,5\n",
                "several columns that could be the date: 'order_date' and 'invoice_date'; .* --date-column",
            ),
            (
                "log.csv",
                HEADER + "a,1997-01-02,-5\n",
                "all 1 amounts in column 'amount' are negative .*--amount-column",
            ),
            ("log.csv.gz", b"nonsense", "'log.csv.gz' cannot be read: Not a gzipped file"),
            ("log.csv.gz", gzip.compress(b"customer,date,amount\n" * 50, mtime=0)[:30], "'log.csv.gz' cannot be read"),
            ("log.parquet", b"nonsense", "'log.parquet' cannot be read"),
            ("log.xlsx", b"", "is of unknown kind; expected .csv, .tsv, .txt"),
        ],
    )
    def test_bad_files(self, write, name, content, message):
        with pytest.raises(InputError, match=message) as caught:
            read_transactions(write(content, name))
        assert "\n" not in str(caught.value)

    def test_missing_file(self, tmp_path):
        with pytest.raises(InputError, match="does not exist; give the path"):
            read_transactions(tmp_path / "none.csv")

    def test_wrong_name_of_a_column(self, write):
        path = write("customer,when,amount\na,1997-01-02,5\n")
        with pytest.raises(InputError, match=r"unknown column 'whn' \(did you mean 'when'\?\).*--date-column"):
            read_transactions(path, date_column="whn")

    def test_one_column_for_two_things(self, write):
        with pytest.raises(InputError, match=r"one column of log\.csv would serve for two things"):
            read_transactions(write(HEADER + "a,1997-01-02,5\n"), amount_column="date", date_column="date")


class TestDates:
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
    def test_ways_of_writing(self, written):
        assert dates_of([written]) == ["1997-03-07"]

    def test_times_with_a_zone_become_utc(self):
        zoned = pd.to_datetime(["1997-03-17 23:00"]).tz_localize("US/Eastern")
        found = read_transactions(table_of(dates=zoned))
        assert str(found.date[0]) == "1997-03-18"
        assert found.reading.sentences == ("times of day with a zone were converted to UTC before the day was taken",)

    @pytest.mark.parametrize(
        ("dates", "expected"),
        [
            (["03/17/1997", "01/02/1997"], ["1997-03-17", "1997-01-02"]),
            (["17/03/1997", "01/02/1997"], ["1997-03-17", "1997-02-01"]),
            (["17.03.1997", "1.2.97"], ["1997-03-17", "1997-02-01"]),
            (["12/1/2010 8:26", "12/13/2010 8:26 PM"], ["2010-12-01", "2010-12-13"]),
        ],
    )
    def test_one_date_settles_the_column(self, dates, expected):
        assert dates_of(dates) == expected
        assert read_transactions(table_of(dates=dates)).reading.sentences == ()

    def test_nothing_settles_the_column(self):
        found = read_transactions(table_of(dates=["01/02/1997", "03/04/1997"]))
        assert [str(day) for day in found.date] == ["1997-01-02", "1997-03-04"]
        assert found.reading.sentences == (
            "dates such as '01/02/1997' were read with the month first, since none of them settles it; if the day "
            "comes first, say so with --day-first",
        )
        assert dates_of(["01/02/1997"], day_first=True) == ["1997-02-01"]

    def test_contradictions(self):
        with pytest.raises(
            InputError, match=r"row 2: date '17/03/1997' has the day first, but .*, row 1 has '03/17/1997'"
        ):
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
    def test_unreadable(self, written):
        with pytest.raises(
            InputError, match=r"the table, row 2: found date '.*', which cannot be read; expected a date"
        ):
            dates_of([19970101 if isinstance(written, int | float) else "1997-01-01", written])

    @pytest.mark.parametrize("missing", [None, "", np.nan, pd.NaT])
    def test_missing(self, missing):
        with pytest.raises(InputError, match="the table, row 2: the date is missing; expected a date"):
            dates_of(["1997-01-01", missing])

    def test_missing_in_typed_columns(self):
        for column in (pd.array([19970101, None], dtype="Int64"), pd.to_datetime(["1997-01-01", None])):
            with pytest.raises(InputError, match="row 2: the date is missing"):
                dates_of(column)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.dates(date(1900, 1, 1), date(2100, 12, 31)), min_size=1, max_size=8), st.booleans())
    def test_what_is_written_is_read(self, days, day_first):
        expected = [str(day) for day in days]
        assert dates_of(expected) == expected
        assert dates_of([int(day.strftime("%Y%m%d")) for day in days]) == expected
        form = "%d.%m.%Y" if day_first else "%m/%d/%Y"
        settled = [date(1999, 12, 31), *days]
        assert dates_of([day.strftime(form) for day in settled])[1:] == expected


class TestAmounts:
    @pytest.mark.parametrize(
        ("amounts", "expected"),
        [
            (["$1,234.50", "12"], [1234.5, 12]),
            (["1.234,50 €", "3,5 €"], [1234.5, 3.5]),
            (["1 234,50", "7,1"], [1234.5, 7.1]),
            (["1\u202f234,50\u00a0€"], [1234.5]),
            (["1'234.50", "CHF 1’000.00"], [1234.5, 1000]),
            (["1,23,456.78"], [123456.78]),
            (["1.234.567", "2,5"], [1234567, 2.5]),
            (["1,234", "2.50"], [1234, 2.5]),
            (["1.234", "2.5"], [1.234, 2.5]),
            (["0,125"], [0.125]),
            ([".5", "$1"], [0.5, 1]),
            (["1e3", "$2"], [1000, 2]),
            (["US$ 12 ", "5 usd", "$1,000.00 USD"], [12, 5, 1000]),
            (["5,00 zł", "kr. 3"], None),
            (["Rs. 1,200.00"], [1200]),
            ([Decimal("1.10"), 2, 3.5], [1.1, 2, 3.5]),
            ([0, "0.00", "-0.00"], [0, 0, 0]),
        ],
    )
    def test_ways_of_writing(self, amounts, expected):
        if expected is None:
            with pytest.raises(InputError, match="is in another currency than"):
                amounts_of(amounts)
        else:
            assert amounts_of(amounts) == expected

    @pytest.mark.parametrize("written", ["(12.00)", "−12", "-12", "$-12", "-$12", "12-", "-12 USD", "(12,00 €)", -12])
    def test_returns_are_left_out_and_counted(self, written):
        reading = read_transactions(table_of(amounts=[3, written])).reading
        assert (reading.rows, reading.rows_kept, reading.dropped_negative) == (2, 1, 1)
        assert reading.dropped_negative_amount == -12
        assert reading.sentences[0] == "1 row with negative amounts (returns, -12.00 USD in all) was left out"

    def test_customers_with_nothing_but_returns_vanish(self):
        found = read_transactions(table_of(amounts=[3, -4, 5]))
        assert found.labels.tolist() == ["c000", "c002"]
        assert found.customer.tolist() == [0, 1]

    def test_undecided_separators_are_noted(self):
        for amounts, expected in ((["1,234", "5,678"], [1234, 5678]), (["1.234", "2.500"], [1.234, 2.5])):
            found = read_transactions(table_of(amounts=amounts))
            assert found.amount.tolist() == expected
            assert f"amounts such as '{amounts[0]}' were read with a decimal point" in found.reading.sentences[0]

    def test_other_currency_is_noted(self):
        sentences = read_transactions(table_of(amounts=["€5"])).reading.sentences
        assert sentences == ("amounts are marked as EUR but taken as USD; nothing was converted",)
        assert read_transactions(table_of(amounts=["$5"]), currency="CAD").reading.sentences == ()

    def test_contradictions(self):
        with pytest.raises(InputError, match=r"row 2: amount '1,5' has a decimal comma, but .*, row 1 has '1.5'"):
            amounts_of(["1.5", "1,5"])
        with pytest.raises(InputError, match=r"row 1: amount '\$12' is in another currency than '€3' in .*, row 2"):
            amounts_of(["$12", "€3"])

    @pytest.mark.parametrize(
        "written",
        ["abc", "nan", "inf", "1.2k", "12%", "5 CR", "12 34", "12,34,5", "--5", "(-5)", "5 mio", float("inf"), True],
    )
    def test_unreadable(self, written):
        with pytest.raises(InputError, match=r"the table, row 2: found amount '.*', which cannot be read; expected"):
            amounts_of([5, written])

    @pytest.mark.parametrize("missing", [None, "", np.nan, pd.NA])
    def test_missing(self, missing):
        with pytest.raises(InputError, match="the table, row 2: the amount is missing; expected a number"):
            amounts_of([5, missing])

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.integers(0, 10**9), min_size=1, max_size=8), st.sampled_from([",.", ".,", " ,", "'.", "\u00a0,"])
    )
    def test_what_is_written_is_read(self, cents, signs):
        group, decimal = signs
        written = [f"{c / 100:,.2f}".replace(",", "g").replace(".", decimal).replace("g", group) for c in cents]
        assert amounts_of(written) == [c / 100 for c in cents]
        assert amounts_of([f"{text} €" for text in written], currency="EUR") == [c / 100 for c in cents]


class TestMerging:
    def test_same_day_is_one_purchase(self, write):
        found = read_transactions(
            write(HEADER + "b,1997-01-09,5\na,1997-01-02,1\nb,1997-01-02,7\nb,1997-01-09,2.5\na,1997-01-02,0\n")
        )
        assert found.labels.tolist() == ["a", "b"]
        assert found.customer.tolist() == [0, 1, 1]
        assert [str(day) for day in found.date] == ["1997-01-02", "1997-01-02", "1997-01-09"]
        assert found.amount.tolist() == [1.0, 7.0, 7.5]
        assert found.reading.merged_same_day == 2

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(
            st.tuples(st.sampled_from("abcd"), st.integers(0, 30), st.integers(-2, 9)), min_size=1, max_size=40
        ).filter(lambda rows: any(amount >= 0 for _, _, amount in rows)),
        st.integers(0, 40),
    )
    def test_against_plain_loops(self, rows, end):
        start = date(1997, 1, 1).toordinal()
        frame = pd.DataFrame(
            {
                "customer": [who for who, _, _ in rows],
                "date": [date.fromordinal(start + day) for _, day, _ in rows],
                "amount": [amount for _, _, amount in rows],
            }
        )
        found = read_transactions(frame)
        orders = {}
        for who, day, amount in rows:
            if amount >= 0:
                orders[who, day] = orders.get((who, day), 0) + amount
        listed = zip(found.labels[found.customer], found.date.astype(int) - (start - 719163), found.amount, strict=True)
        assert list(listed) == [(who, day, amount) for (who, day), amount in sorted(orders.items())]

        seen = sorted(key for key in orders if key[1] <= end)
        until = date.fromordinal(start + end)
        if not seen:
            with pytest.raises(InputError, match="before the first purchase"):
                summarise(found, until)
            return
        summary = summarise(found, until)
        assert summary.labels.tolist() == sorted({who for who, _ in seen})
        for k, who in enumerate(summary.labels):
            days = [day for other, day in seen if other == who]
            spent = [orders[who, day] for day in days[1:] if orders[who, day] > 0]
            assert summary.frequency[k] == len(days) - 1
            assert summary.recency_weeks[k] == pytest.approx((days[-1] - days[0]) / 7)
            assert summary.age_weeks[k] == pytest.approx((end - days[0]) / 7)
            assert summary.spend_count[k] == len(spent)
            assert summary.mean_spend[k] == pytest.approx(np.mean(spent) if spent else np.nan, nan_ok=True)

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.tuples(
                # with spaces that do not count, of other alphabets, and too long to be told apart by their first signs
                st.sampled_from(["a", " a", "a ", "b", "10", "9", "é", "\U0001f600", f"{'x' * 40}1", f"{'x' * 40}0"]),
                st.integers(0, 70_000) | st.integers(0, 3),
                st.integers(-2, 4),
            ),
            min_size=1,
            max_size=40,
        ).filter(lambda rows: any(amount >= 0 for _, _, amount in rows)),
        st.randoms(use_true_random=False),
    )
    def test_against_a_dictionary_in_any_order(self, rows, random):
        shuffled = random.sample(rows, len(rows))
        orders, seen_once, returns = {}, set(), []
        for who, day, amount in rows:
            seen_once.add((who.strip(), day, amount))
            if amount < 0:
                returns.append(amount)
            else:
                orders[who.strip(), day] = orders.get((who.strip(), day), 0) + amount
        first_day = np.datetime64("1900-01-01")
        for written in (rows, shuffled):
            who, day, amount = zip(*written, strict=True)
            frame = pd.DataFrame(
                {"customer": who, "date": first_day + np.array(day, "timedelta64[D]"), "amount": amount}
            )
            found = read_transactions(frame)
            assert found.labels.tolist() == sorted({who for who, _ in orders})
            listed = zip(found.labels[found.customer], (found.date - first_day).astype(int), found.amount, strict=True)
            assert list(listed) == [(*key, amount) for key, amount in sorted(orders.items())]
            reading = found.reading
            assert reading.duplicates == len(rows) - len(seen_once)
            assert reading.merged_same_day == len(rows) - len(returns) - len(orders)
            assert (reading.dropped_negative, reading.dropped_negative_amount) == (len(returns), sum(returns))

    def test_many_customers_over_centuries(self):
        rng = np.random.default_rng(0)
        who, day = rng.integers(0, 70_000, 90_000), rng.integers(0, 80_000, 90_000)
        first_day = np.datetime64("1900-01-01")
        found = read_transactions(pd.DataFrame({"customer": who, "date": first_day + day, "amount": np.ones(who.size)}))
        expected = sorted((str(one), first_day + then) for one, then in set(zip(who, day, strict=True)))
        assert found.labels.tolist() == sorted({str(one) for one in who})
        assert list(zip(found.labels[found.customer], found.date, strict=True)) == expected


class TestSummarise:
    def test_until_is_the_last_date_unless_given(self, cdnow):
        assert summarise(cdnow).until == np.datetime64("1998-06-30")
        assert summarise(cdnow, date(1997, 9, 30)).until == summarise(cdnow, np.datetime64("1997-09-30")).until
        later = summarise(cdnow, "1999-06-30")
        assert later.age_weeks.max() > summarise(cdnow).age_weeks.max()

    def test_later_customers_are_left_out(self, cdnow):
        early = summarise(cdnow, "1997-01-31")
        assert 0 < early.labels.size < 2357
        assert early.age_weeks.max() <= 30 / 7

    @pytest.mark.parametrize("until", ["soon", "1997", "1997-09", "today", "1997-02-30", None])
    def test_until_must_be_a_day(self, cdnow, until):
        if until is None:
            until = np.datetime64("NaT")
        with pytest.raises(InputError, match="which is not a date; expected a day such as 1997-09-30"):
            summarise(cdnow, until)

    def test_sentences_use_the_singular_for_one(self, cdnow):
        reading = replace(
            cdnow.reading, merged_same_day=1, dropped_negative=37, dropped_negative_amount=-512.4, duplicates=0
        )
        assert reading.sentences == (
            "37 rows with negative amounts (returns, -512.40 USD in all) were left out",
            "1 row was merged into another purchase of the same customer on the same day",
        )


def test_returns_can_be_netted():
    log = pd.DataFrame(
        {
            "customer": ["a", "a", "a", "b", "b", "c"],
            "date": ["2025-01-01", "2025-02-01", "2025-02-10", "2025-01-05", "2025-03-01", "2025-01-01"],
            "amount": [20.0, 30.0, -45.0, -5.0, 10.0, 7.0],
        }
    )
    netted = read_transactions(log, returns="net")
    # 30 come off the latest order before the return, 15 off the one before; b has no order before the return
    np.testing.assert_allclose(netted.amount, [5.0, 0.0, 10.0, 7.0])
    assert (netted.reading.netted_negative, netted.reading.netted_negative_amount) == (1, -45.0)
    assert (netted.reading.dropped_negative, netted.reading.dropped_negative_amount) == (1, -5.0)
    assert any("taken off earlier purchases" in sentence for sentence in netted.reading.sentences)
    dropped = read_transactions(log)
    np.testing.assert_allclose(dropped.amount, [20.0, 30.0, 10.0, 7.0])
    assert (dropped.reading.dropped_negative, dropped.reading.dropped_negative_amount) == (2, -50.0)
    with pytest.raises(InputError, match="unknown treatment of returns 'ignore'"):
        read_transactions(log, returns="ignore")


def test_exact_copies_are_counted_and_kept():
    log = pd.DataFrame({"customer": ["a", "a", "b"], "date": ["2025-01-01"] * 3, "amount": [5.0, 5.0, 5.0]})
    read = read_transactions(log)
    assert read.reading.duplicates == 1
    assert read.amount[0] == 10.0
