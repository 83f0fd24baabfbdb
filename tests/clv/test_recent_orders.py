from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.clv import read_transactions, recent_orders, summarise
from policy_sim.clv.histories import histories_after


@pytest.fixture(scope="module")
def growing():
    """Two new customers a week for three years, each of whom buys every 20 weeks, four times in all."""
    rows = [
        {"customer": f"{week:03}-{k}", "date": np.datetime64("2020-01-01") + 7 * (week + 20 * n), "amount": 10.0 + n}
        for week in range(157)
        for k in range(2)
        for n in range(4)
        if week + 20 * n <= 156
    ]
    return read_transactions(pd.DataFrame(rows))


def test_where_newcomers_keep_coming_the_last_year_counts(growing):
    recent = recent_orders(growing)
    assert not recent.is_closed_cohort
    assert recent.after == growing.date.max() - np.timedelta64(364, "D")
    np.testing.assert_array_equal(recent.place, np.flatnonzero(growing.date > recent.after))
    # 104 first orders, and as many second, third and fourth ones of those who came up to 60 weeks before
    assert recent.first_order_share == recent.share_in_use == 0.25
    assert recent.to_dict() == {"orders": 416, "after": "2021-12-29", "first_order_share": 0.25}


def test_a_log_with_newcomers_says_how_many_itself(growing):
    np.testing.assert_array_equal(recent_orders(growing, 0.6).weight, 1)


def test_a_short_log_is_judged_by_its_second_half(growing):
    short = read_transactions(growing.to_frame().query("date < '2020-08-01'"))
    recent = recent_orders(short)
    assert recent.after == short.date.min() + (short.date.max() - short.date.min()) / 2
    assert not recent.is_closed_cohort


def test_of_a_closed_cohort_all_orders_count(cdnow):
    # everybody came in the first 12 of 78 weeks
    recent = recent_orders(cdnow)
    assert recent.is_closed_cohort
    assert recent.after is None
    assert 38 < recent.weeks_without_newcomers < 40
    paid = cdnow.amount > 0
    assert len(recent.place) == paid.sum()
    assert recent.first_order_share == pytest.approx(0.352, abs=0.001)
    np.testing.assert_array_equal(recent.weight, 1)
    assert len(recent.to_frame()) == paid.sum()


def test_a_given_share_of_first_orders_holds(cdnow):
    recent = recent_orders(cdnow, 0.2)
    assert recent.share_in_use == pytest.approx(0.2)
    assert recent.weight.sum() == pytest.approx(len(recent.place))
    drawn = recent.draw(5_000, np.random.default_rng(1))
    assert recent.is_first[drawn].mean() == pytest.approx(0.2, abs=1e-3)
    assert recent_orders(cdnow, 0.0).share_in_use == 0


def test_draws_follow_the_weights_and_no_more_luck_than_need_be(cdnow):
    recent = recent_orders(cdnow, 0.5)
    drawn = recent.draw(30_000, np.random.default_rng(2))
    times = np.bincount(drawn, minlength=len(recent.place))
    expected = 30_000 * recent.weight / recent.weight.sum()
    assert np.abs(times - expected).max() <= 1 + 1e-9
    assert np.abs(np.corrcoef(drawn, np.arange(30_000))[0, 1]) < 0.03  # in random order
    all_of_them = recent_orders(cdnow).draw(len(recent.place), np.random.default_rng(3))
    np.testing.assert_array_equal(np.sort(all_of_them), np.arange(len(recent.place)))


def test_what_cannot_be_used(cdnow):
    for share in (-0.1, 1.0, np.nan):
        with pytest.raises(InputError, match=r"first_order_share is .*; it must be 0 or more and below 1"):
            recent_orders(cdnow, share)
    with pytest.raises(InputError, match="no order of the log has a positive amount"):
        recent_orders(replace(cdnow, amount=np.zeros_like(cdnow.amount)))


def test_histories_after_orders_are_those_of_the_log_up_to_them(cdnow):
    orders = np.sort(np.random.default_rng(4).choice(len(cdnow.amount), 40, replace=False))
    at_orders = histories_after(cdnow, orders)
    for row, order in enumerate(orders):
        until = summarise(cdnow, cdnow.date[order])
        own = np.flatnonzero(until.labels == at_orders.labels[row])[0]
        for name in ("frequency", "recency_weeks", "age_weeks", "spend_count", "mean_spend"):
            expected = getattr(until, name)[own]
            assert getattr(at_orders, name)[row] == pytest.approx(expected, rel=1e-12, nan_ok=True), name
    np.testing.assert_array_equal(at_orders.recency_weeks, at_orders.age_weeks)
    assert histories_after(cdnow, orders[:0]).frequency.size == 0
