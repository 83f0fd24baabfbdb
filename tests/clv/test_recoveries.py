import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.clv import read_transactions, summarise
from policy_sim.clv.recoveries import RecoverySummary, read_recoveries, summarise_recoveries

ORDERS = pd.DataFrame(
    {
        "customer": ["ann", "ann", "ann", "bob", "cy", "cy", "dee"],
        "date": ["2024-01-01", "2024-01-15", "2024-02-26", "2024-01-08", "2024-01-08", "2024-01-22", "2024-02-05"],
        "amount": [10.0] * 7,
    }
)
FAILED = pd.DataFrame(
    {
        "customer": ["ann", "bob", "cy"],
        "date": ["2024-01-15", "2024-01-08", "2024-01-08"],
        "recovery": ["refund", "apology", "refund"],
    }
)


def summary_of(*rows):
    x, t_x, T, n, last = zip(*(row[:5] for row in rows), strict=True)
    return RecoverySummary(
        frequency=np.array(x, dtype=float),
        recency_weeks=np.array(t_x, dtype=float),
        age_weeks=np.array(T, dtype=float),
        chances=np.array(n, dtype=float).reshape(len(rows), -1),
        last=np.array(last),
        class_names=("ordinary", "nothing", "apology", "refund"),
    )


def test_summary_of_orders():
    log = read_transactions(ORDERS)
    summary = summarise_recoveries(log, FAILED)
    assert summary.class_names == ("ordinary", "apology", "refund")
    assert list(summary.labels) == ["ann", "bob", "cy", "dee"]
    assert summary.chances.tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 1], [0, 0, 0]]
    assert summary.last.tolist() == [0, 1, 0, -1]
    plain = summarise(log)
    for name in ("frequency", "recency_weeks", "age_weeks"):
        assert getattr(summary, name).tolist() == getattr(plain, name).tolist()


def test_summary_up_to_a_day():
    log = read_transactions(ORDERS)
    early = summarise_recoveries(log, FAILED.iloc[::-1], summarise(log, "2024-01-15"))
    assert early.chances.tolist() == [[0, 0, 1], [0, 1, 0], [0, 0, 1]]
    assert early.last.tolist() == [2, 1, 2]
    named = summarise_recoveries(log, FAILED, recovery_classes=["refund", "apology", "voucher"])
    assert named.class_names == ("ordinary", "refund", "apology", "voucher")
    assert named.chances[0].tolist() == [1, 1, 0, 0]
    days_as_dates = FAILED.assign(date=pd.to_datetime(FAILED["date"]))
    assert summarise_recoveries(log, days_as_dates).last.tolist() == [0, 1, 0, -1]
    nothing_failed = summarise_recoveries(log, FAILED.iloc[:0])
    assert nothing_failed.class_names == ("ordinary",)
    assert nothing_failed.last.tolist() == [0, -1, 0, -1]


@pytest.mark.parametrize(
    ("recoveries", "message"),
    [
        (FAILED.drop(columns="recovery"), "no column 'recovery'; found: customer, date"),
        (FAILED.assign(customer=["ann", "zoe", "cy"]), r"row 2 of the recoveries \(customer 'zoe', 2024-01-08\)"),
        (FAILED.assign(date=["2024-01-16", "2024-01-08", "2024-01-08"]), r"customer 'ann', 2024-01-16\) belongs to no"),
        (FAILED.assign(date=["1999-01-16", "2024-01-08", "2031-01-08"]), "2 such rows in all"),
        (FAILED.assign(date=["soon", "2024-01-08", "2024-01-08"]), "found date 'soon' in row 1"),
        (FAILED.assign(recovery=["refund", "ordinary", "refund"]), "recovery 'ordinary' in row 2"),
        (FAILED.assign(recovery=["refund", None, "refund"]), "in row 2 of the recoveries cannot be a class"),
        (
            pd.concat([FAILED, FAILED.iloc[:1].assign(recovery="apology")]),
            "customer 'ann' on 2024-01-15 has two different recoveries",
        ),
    ],
)
def test_bad_recoveries(recoveries, message):
    with pytest.raises(InputError, match=message):
        summarise_recoveries(read_transactions(ORDERS), recoveries)


def test_unknown_recovery_class():
    with pytest.raises(InputError, match=r"unknown recovery class 'apology'.*expected one of: refund"):
        summarise_recoveries(read_transactions(ORDERS), FAILED, recovery_classes=["refund"])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((1, 2, 3, (0, 0, 0, 0), -1), "as many chances as the frequency, or one more"),
        ((1, 2, 3, (2, 0, 0, 0), 0), "a failure among the chances"),
        ((1, 2, 3, (1, 0, 0, 0), -1), "last to be -1 exactly where"),
        ((0, 0, 3, (0, 0, 0, 0), 0), "last to be -1 exactly where"),
        ((1, 2, 3, (1, 0, 0, 0), 2), "at least one chance of the last class"),
        ((2, 2, 3, (2, 1, 0, 0), 1), "two failures at least"),
        ((0, 2, 3, (0, 0, 0, 0), -1), "recency 0 without a repeat purchase"),
        ((1, 2, 3, (1, 0, 0, 0), 4), "last is 4 for a customer; expected the place of a class, 0 to 3"),
        ((1, 2, 3, (1.5, -0.5, 0, 0), 0), "chances hold 1.5; expected counts"),
        ((1, 4, 3, (1, 0, 0, 0), 0), "recency 4 weeks, age 3 weeks"),
        ((1, 2, 3, (1, 0, 0), 0), r"chances has shape \(1, 3\); expected \(1, 4\)"),
    ],
)
def test_contradictions(row, message):
    with pytest.raises(InputError, match=message):
        summary_of(row)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frequency": np.zeros(2)}, "expected one entry for each customer in all"),
        ({"class_names": ("ordinary", "a", "a", "b")}, "a different name for each class"),
        ({"labels": np.array(["x", "y"])}, "labels hold 2 customers; expected 1"),
    ],
)
def test_bad_summary(change, message):
    good = summary_of((0, 0, 52, (0, 0, 0, 0), -1))
    with pytest.raises(InputError, match=message):
        replace(good, **change)


def test_recoveries_from_a_file(tmp_path):
    FAILED.to_csv(tmp_path / "failed.csv", index=False)
    summary = summarise_recoveries(read_transactions(ORDERS), read_recoveries(tmp_path / "failed.csv"))
    assert summary.chances.tolist() == summarise_recoveries(read_transactions(ORDERS), FAILED).chances.tolist()


def test_as_a_table_and_as_plain_data():
    summary = summarise_recoveries(read_transactions(ORDERS), FAILED)
    table = summary.to_frame().set_index("customer")
    assert table["chances[refund]"].to_dict() == {"ann": 1, "bob": 0, "cy": 1, "dee": 0}
    content = summary.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert content["class_names"] == ["ordinary", "apology", "refund"]
    assert [row["last_class"] for row in content["customers"]] == ["ordinary", "apology", "ordinary", None]


def test_chances_of_the_last_class():
    assert summarise_recoveries(read_transactions(ORDERS), FAILED).of_last.tolist() == [1, 1, 1, 0]
