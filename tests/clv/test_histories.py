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
from policy_sim.clv.histories import CustomerSummary, end_of_observation, summarise


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
def test_published_summary(cdnow_calibration, label, x, t_x, T, mean):
    k = int(np.flatnonzero(cdnow_calibration.labels == label)[0])
    assert cdnow_calibration.frequency[k] == x
    assert cdnow_calibration.recency_weeks[k] == pytest.approx(t_x, abs=0.00501)
    assert cdnow_calibration.age_weeks[k] == pytest.approx(T, abs=0.00501)
    if x:
        assert cdnow_calibration.mean_spend[k] == pytest.approx(mean, abs=0.00501)
    else:
        assert np.isnan(cdnow_calibration.mean_spend[k])


def test_buyers(cdnow_calibration):
    assert (cdnow_calibration.spend_count > 0).sum() == 946
    assert cdnow_calibration.until == np.datetime64("1997-09-30")


def test_until_is_the_last_date_unless_given(cdnow):
    assert summarise(cdnow).until == np.datetime64("1998-06-30")
    assert summarise(cdnow, date(1997, 9, 30)).until == summarise(cdnow, np.datetime64("1997-09-30")).until
    later = summarise(cdnow, "1999-06-30")
    assert later.age_weeks.max() > summarise(cdnow).age_weeks.max()


def test_later_customers_are_left_out(cdnow):
    early = summarise(cdnow, "1997-01-31")
    assert 0 < early.labels.size < 2357
    assert early.age_weeks.max() <= 30 / 7


@pytest.mark.parametrize("until", ["soon", "1997", "1997-09", "today", "1997-02-30", None])
def test_until_must_be_a_day(cdnow, until):
    if until is None:
        until = np.datetime64("NaT")
    with pytest.raises(InputError, match="which is not a date; expected a day such as 1997-09-30"):
        summarise(cdnow, until)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(0, 30), st.integers(-2, 9)), min_size=1, max_size=40
    ).filter(lambda rows: any(amount >= 0 for _, _, amount in rows)),
    st.integers(0, 40),
)
def test_against_plain_loops(rows, end):
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
    seen = sorted(key for key in orders if key[1] <= end)
    until = date.fromordinal(start + end)
    if not seen:
        with pytest.raises(InputError, match="before the first purchase"):
            summarise(log, until)
        return
    summary = summarise(log, until)
    assert summary.labels.tolist() == sorted({who for who, _ in seen})
    for k, who in enumerate(summary.labels):
        days = [day for other, day in seen if other == who]
        spent = [orders[who, day] for day in days[1:] if orders[who, day] > 0]
        assert summary.frequency[k] == len(days) - 1
        assert summary.recency_weeks[k] == pytest.approx((days[-1] - days[0]) / 7)
        assert summary.age_weeks[k] == pytest.approx((end - days[0]) / 7)
        assert summary.spend_count[k] == len(spent)
        assert summary.mean_spend[k] == pytest.approx(np.mean(spent) if spent else np.nan, nan_ok=True)


def test_as_a_table_and_as_plain_data(cdnow_calibration):
    table = cdnow_calibration.to_frame()
    assert list(table.columns) == [
        "customer", "frequency", "recency_weeks", "age_weeks", "mean_spend", "spend_count",
    ]  # fmt: skip
    np.testing.assert_array_equal(table["mean_spend"], cdnow_calibration.mean_spend)
    content = cdnow_calibration.to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert (content["until"], content["currency"]) == ("1997-09-30", "USD")
    assert content["customers"][1]["mean_spend"] is None
    assert CustomerSummary.of_histories([1], [2], [3]).to_dict()["until"] is None


def test_the_currency_is_that_of_the_log(cdnow):
    assert summarise(replace(cdnow, currency="EUR")).currency == "EUR"


def test_end_of_observation(cdnow):
    assert end_of_observation(cdnow) == np.datetime64("1998-06-30")
    assert end_of_observation(cdnow, date(1997, 9, 30)) == np.datetime64("1997-09-30")
    with pytest.raises(InputError, match="until is 1990-01-01, before the first purchase on 1997-01-01; give a later"):
        end_of_observation(cdnow, "1990-01-01")
