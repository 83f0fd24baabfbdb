import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_sim.border import InputError
from policy_sim.clv import read_transactions

HEADER = "customer,date,amount\n"


def test_cdnow(cdnow):
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


def test_sorted(cdnow):
    assert np.all(cdnow.labels[1:] > cdnow.labels[:-1])
    key = cdnow.customer * 1_000_000 + cdnow.date.astype(int)
    assert np.all(np.diff(key) > 0)


def test_same_day_is_one_purchase(write):
    log = read_transactions(
        write(HEADER + "b,1997-01-09,5\na,1997-01-02,1\nb,1997-01-02,7\nb,1997-01-09,2.5\na,1997-01-02,0\n")
    )
    assert log.labels.tolist() == ["a", "b"]
    assert log.customer.tolist() == [0, 1, 1]
    assert [str(day) for day in log.date] == ["1997-01-02", "1997-01-02", "1997-01-09"]
    assert log.amount.tolist() == [1.0, 7.0, 7.5]
    assert log.reading.merged_same_day == 2


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(0, 30), st.integers(-2, 9)), min_size=1, max_size=40
    ).filter(lambda rows: any(amount >= 0 for _, _, amount in rows)),
)
def test_against_plain_loops(rows):
    start = date(1997, 1, 1).toordinal()
    frame = pd.DataFrame(
        {
            "customer": [who for who, _, _ in rows],
            "date": [date.fromordinal(start + day) for _, day, _ in rows],
            "amount": [amount for _, _, amount in rows],
        }
    )
    log = read_transactions(frame)
    orders = {}
    for who, day, amount in rows:
        if amount >= 0:
            orders[who, day] = orders.get((who, day), 0) + amount
    listed = zip(log.labels[log.customer], log.date.astype(int) - (start - 719163), log.amount, strict=True)
    assert list(listed) == [(who, day, amount) for (who, day), amount in sorted(orders.items())]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            # with spaces that do not count, of other alphabets, and too long to be told apart by their first signs
            st.sampled_from(["a", " a", "a ", "b", "10", "9", "é", "\U0001f600", f"{'x' * 40}1", f"{'x' * 40}0"]),
            st.integers(0, 1_500) | st.integers(0, 3),
            st.integers(-2, 4),
        ),
        min_size=1,
        max_size=40,
    ).filter(lambda rows: any(amount >= 0 for _, _, amount in rows)),
    st.randoms(use_true_random=False),
)
def test_against_a_dictionary_in_any_order(rows, random):
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
        frame = pd.DataFrame({"customer": who, "date": first_day + np.array(day, "timedelta64[D]"), "amount": amount})
        log = read_transactions(frame)
        assert log.labels.tolist() == sorted({who for who, _ in orders})
        listed = zip(log.labels[log.customer], (log.date - first_day).astype(int), log.amount, strict=True)
        assert list(listed) == [(*key, amount) for key, amount in sorted(orders.items())]
        reading = log.reading
        assert reading.duplicates == len(rows) - len(seen_once)
        assert reading.merged_same_day == len(rows) - len(returns) - len(orders)
        assert (reading.dropped_negative, reading.dropped_negative_amount) == (len(returns), sum(returns))


def test_many_customers_over_centuries():
    rng = np.random.default_rng(0)
    who, day = rng.integers(0, 70_000, 90_000), rng.integers(0, 80_000, 90_000)
    first_day = np.datetime64("1900-01-01")
    log = read_transactions(pd.DataFrame({"customer": who, "date": first_day + day, "amount": np.ones(who.size)}))
    expected = sorted((str(one), first_day + then) for one, then in set(zip(who, day, strict=True)))
    assert log.labels.tolist() == sorted({str(one) for one in who})
    assert list(zip(log.labels[log.customer], log.date, strict=True)) == expected


@pytest.mark.parametrize("written", ["(12.00)", "−12", "-12", "$-12", "-$12", "12-", "-12 USD", "(12,00 €)", -12])
def test_returns_are_left_out_and_counted(written):
    reading = read_transactions(
        pd.DataFrame({"customer": ["a", "b"], "date": "1997-01-02", "amount": [3, written]})
    ).reading
    assert (reading.rows, reading.rows_kept, reading.dropped_negative) == (2, 1, 1)
    assert reading.dropped_negative_amount == -12
    assert reading.sentences[0] == "1 row with negative amounts (returns, -12.00 USD in all) was left out"


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


def test_sentences_use_the_singular_for_one(cdnow):
    reading = replace(
        cdnow.reading, merged_same_day=1, dropped_negative=37, dropped_negative_amount=-512.4, duplicates=0
    )
    assert reading.sentences == (
        "37 rows with negative amounts (returns, -512.40 USD in all) were left out",
        "1 row was merged into another purchase of the same customer on the same day",
    )


def test_as_a_table_and_as_plain_data(cdnow):
    table = cdnow.to_frame()
    assert list(table.columns) == ["customer", "date", "amount"]
    assert table["customer"].nunique() == 2357
    again = read_transactions(table)
    assert again.labels.tolist() == cdnow.labels.tolist()
    np.testing.assert_array_equal(again.amount, cdnow.amount)
    content = cdnow.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert content["orders"][0] == {"customer": "00004", "date": "1997-01-01", "amount": 29.33}
    assert content["reading"]["first_date"] == "1997-01-01"
    assert content["reading"]["rows"] == 6919
    assert cdnow.reading.to_frame().empty
    assert content["reading"]["sentences"] == list(cdnow.reading.sentences)
