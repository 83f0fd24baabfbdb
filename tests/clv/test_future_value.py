import json

import numpy as np
import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.clv import (
    BgNbdFit,
    GammaGammaFit,
    draw_value_ratios,
    fit_bg_nbd,
    fit_gamma_gamma,
    future_values,
    read_transactions,
    summarise,
)
from policy_sim.clv.histories import histories_after

PURCHASES = BgNbdFit(0.243, 4.414, 0.793, 2.426)
SPEND = GammaGammaFit(6.25, 3.74, 15.44)
ECONOMICS = {"margin_share": 0.3, "discount_rate_per_year": 0.15}


@pytest.fixture(scope="module")
def values(cdnow_calibration):
    return future_values(cdnow_calibration, PURCHASES, SPEND, **ECONOMICS)


def test_one_customer_by_hand(values):
    # the first of the log: 2 repeat purchases, the last after 30.43 weeks of 38.86, of 22.35 on average
    assert values.labels[0] == "00004"
    assert values.prior_purchases[0] == 3
    assert values.dert[0] == pytest.approx(5.1695539284, rel=3e-4)  # the reference takes weeks with two decimals
    spend = 6.25 * (15.44 + 2 * 22.345) / (6.25 * 2 + 3.74 - 1)
    assert values.expected_spend[0] == pytest.approx(spend, rel=1e-9)
    assert values.future_value[0] == pytest.approx(0.3 * spend * values.dert[0], rel=1e-9)
    assert values.currency == "USD"


def test_columns_agree_with_the_models(cdnow_calibration, values):
    history = cdnow_calibration.history
    np.testing.assert_array_equal(values.orders_per_year, PURCHASES.expected_purchases(52, *history))
    np.testing.assert_array_equal(values.probability_alive, PURCHASES.probability_alive(*history))
    np.testing.assert_array_equal(values.labels, cdnow_calibration.labels)
    # what is bought within a year, hardly discounted, is part of what is bought for ever
    assert np.all(values.orders_per_year / 1.15 <= values.dert)


def test_new_customer(values):
    expected = 0.3 * SPEND.population_mean * PURCHASES.dert(0.15, 0, 0, 0)
    assert values.new_customer_value == pytest.approx(float(expected))


def test_margin_scales_and_discount_lowers(cdnow_calibration, values):
    doubled = future_values(cdnow_calibration, PURCHASES, SPEND, **(ECONOMICS | {"margin_share": 0.6}))
    np.testing.assert_allclose(doubled.future_value, 2 * values.future_value)
    dearer = future_values(cdnow_calibration, PURCHASES, SPEND, **(ECONOMICS | {"discount_rate_per_year": 0.3}))
    assert np.all(dearer.future_value < values.future_value)


def test_to_frame(values):
    frame = values.to_frame()
    assert list(frame.columns) == [
        "customer",
        "prior_purchases",
        "probability_alive",
        "orders_per_year",
        "expected_spend",
        "dert",
        "future_value",
        "value_after_order",
    ]
    assert len(frame) == 2357
    assert frame["future_value"].sum() == pytest.approx(values.future_value.sum())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"margin_share": 30}, "margin_share is 30; it must be above 0 and at most 1"),
        ({"margin_share": float("nan")}, "margin_share is nan"),
        ({"discount_rate_per_year": 0.0}, "discount_rate_per_year is 0.0; it must be above 0"),
    ],
)
def test_bad_input(cdnow, change, message):
    with pytest.raises(InputError, match=message):
        future_values(cdnow, PURCHASES, SPEND, **(ECONOMICS | change))


def test_a_log_is_summarised_up_to_its_last_date(cdnow):
    of_log, of_summary = (future_values(source, PURCHASES, SPEND, **ECONOMICS) for source in (cdnow, summarise(cdnow)))
    pd.testing.assert_frame_equal(of_log.to_frame(), of_summary.to_frame())


def test_to_dict(values):
    content = values.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert content["currency"] == "USD"
    assert content["new_customer_value"] == values.new_customer_value
    assert content["customers"][0]["customer"] == "00004"
    assert [row["future_value"] for row in content["customers"]] == values.future_value.tolist()


def test_drawn_ratios_follow_refitted_values(cdnow):
    purchases, spend = fit_bg_nbd(cdnow), fit_gamma_gamma(cdnow)
    # right after an order of theirs, as cases are
    summary = histories_after(cdnow, np.arange(0, len(cdnow.amount), 9))
    ratios = draw_value_ratios(
        summary, purchases, spend, discount_rate_per_year=0.15, rng=np.random.default_rng(5), count=12
    )
    assert ratios.shape == (744, 12)
    # the same parameters, drawn in the same order, put through the models themselves
    rng = np.random.default_rng(5)
    history = summary.history
    spent = (summary.mean_spend, summary.spend_count)
    exact = np.ones((744, 12))
    for m, fit in enumerate(purchases.draw_parameters(rng, 12)):
        value, middle = (model.dert(0.15, *history) for model in (fit, purchases))
        exact[:, m] *= value / middle
    for m, fit in enumerate(spend.draw_parameters(rng, 12)):
        exact[:, m] *= fit.expected_spend(*spent) / spend.expected_spend(*spent)
    # first order: the error is small against the spread
    assert np.abs(np.log(ratios / exact)).mean() < 0.05 * np.log(exact).std()
    assert np.abs(np.log(ratios / exact)).max() < 0.1


def test_ratios_of_given_parameters_are_refused(cdnow):
    with pytest.raises(InputError, match="the errors of BG/NBD are unknown"):
        draw_value_ratios(
            cdnow,
            BgNbdFit(0.243, 4.414, 0.793, 2.426),
            fit_gamma_gamma(cdnow),
            discount_rate_per_year=0.15,
            rng=np.random.default_rng(5),
            count=3,
        )


def brought_back(table, chosen, share_of_amount):
    """Return what a shop adds to its log where chosen orders are refunded some days later, in whole or in part."""
    refunds = table[chosen].assign(date=lambda rows: rows["date"] + np.timedelta64(3, "D"))
    return pd.concat([table, refunds.assign(amount=-share_of_amount * refunds["amount"])], ignore_index=True)


@pytest.mark.parametrize("share", [0.0, 0.08, 0.25])
@pytest.mark.parametrize("kind", ["free", "refunded", "half refunded", "half refunded, by number"])
def test_money_that_did_not_stay_lowers_future_value_in_proportion(cdnow, kind, share):
    # at random, so that what is left is expected to be 1 - share of what all orders would bring
    rng = np.random.default_rng(3)
    table = cdnow.to_frame().assign(order_id=lambda rows: np.arange(len(rows)))
    # an order with nothing after it for a week, so that netting takes from the order that was meant
    gap = table.groupby("customer")["date"].shift(-1) - table["date"]
    chosen = rng.random(len(table)) < share
    by_number = kind.endswith("number")
    changed = table.assign(amount=np.where(chosen, 0.0, table["amount"])) if kind == "free" else None
    if changed is None:
        chosen &= (gap.isna() | (gap > np.timedelta64(7, "D"))).to_numpy()
        changed = brought_back(table, chosen, 1.0 if kind == "refunded" else 0.5)
    lost = (chosen * table["amount"]).sum() / table["amount"].sum() * (0.5 if kind.startswith("half") else 1.0)
    totals = []
    for log in (table, changed):
        read = read_transactions(log if by_number else log.drop(columns="order_id"), returns="net")
        summary = summarise(read)
        values = future_values(summary, fit_bg_nbd(summary), fit_gamma_gamma(summary), **ECONOMICS)
        totals.append(float(values.future_value.sum()))
    assert totals[1] / totals[0] == pytest.approx(1 - lost, abs=0.025)
