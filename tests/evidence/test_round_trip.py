"""What a simulated firm exports, joined again, is the log of an ideal join, as far as exports can carry it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.evidence.joining import build_log
from policy_sim.evidence.simulated_exports import write_exports
from policy_sim.evidence.simulated_world import AMOUNTS_GIVEN, simulate_log
from policy_sim.evidence.world import World
from policy_sim.policy import load_policy

#: Programs of a firm: help desk, refunds, orders.
FIRMS = (
    ("zendesk", "shopify", "shopify"),
    ("salesforce", "shopify_refund_lines", "shopify"),
    ("salesforce_data", "stripe", "woocommerce"),
    ("gorgias", "shopify", "shopify"),
    ("freshdesk", "woocommerce", "woocommerce"),
    ("intercom", "stripe_payments", "plain"),
)
EXACT = ("case", "failure", "resolution", "tier", "agent", "channel", "escalated", "exception", "ask", "currency")
COUNTS = ("live", "prior_failures", "prior_claims")


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("online_retail")


@pytest.fixture(scope="module")
def log(scenario):
    return simulate_log(scenario, load_policy("current", scenario), cases=1500, seed=9)


@pytest.fixture(scope="module", params=FIRMS, ids=lambda firm: "-".join(firm))
def built(request, log, scenario, tmp_path_factory):
    tickets, refunds, orders = request.param
    folder = tmp_path_factory.mktemp("firm")
    write_exports(log, folder, tickets=tickets, refunds=refunds, orders=orders)
    return request.param, build_log(folder, scenario)


def moments(column):
    return pd.to_datetime(column.astype(str), utc=True).dt.tz_localize(None).to_numpy()


def test_nothing_is_lost(built, log):
    (_, refunds, _), joined = built
    assert len(joined.table) == len(log.cases)
    aside = joined.set_aside
    if refunds == "shopify_refund_lines":
        assert aside["why"].str.contains("'Transaction'").all()
    else:
        assert aside.empty, aside.head()


def test_words_and_names_come_back(built, log):
    (_, _, orders), joined = built
    for name in EXACT:
        assert joined.table[name].to_list() == log.cases[name].to_list(), name
    number = "#{}" if orders == "shopify" else "{}"
    assert joined.table["order"].to_list() == [number.format(order) for order in log.cases["order"]]
    pairs = set(zip(joined.table["customer"], log.cases["customer"], strict=True))
    assert len(pairs) == joined.table["customer"].nunique() == log.cases["customer"].nunique()


def test_moments_come_back(built, log):
    (tickets, _, _), joined = built
    a_minute = np.timedelta64(59 if tickets == "salesforce" else 0, "s")
    for name in ("opened", "resolved"):
        away = np.abs(moments(joined.table[name]) - log.cases[name].to_numpy())
        assert away.max() <= a_minute, name
    minutes = 2 if tickets == "salesforce" else 1 / 60
    np.testing.assert_allclose(joined.table["hours_open"], log.cases["hours_open"], atol=minutes / 60)
    np.testing.assert_allclose(joined.table["days_since_purchase"], log.cases["days_since_purchase"], atol=1.01)
    again = (log.cases["prior_failures"] > 0).to_numpy()
    since = joined.table["days_since_failure"].to_numpy()
    assert np.isnan(since[~again]).all()
    np.testing.assert_allclose(since[again], log.cases["days_since_failure"][again], atol=2 * minutes / 1440)


def test_numbers_come_back(built, log):
    _, joined = built
    np.testing.assert_allclose(joined.table["item_price"], log.cases["item_price"])
    np.testing.assert_allclose(joined.table["suspicion"], log.cases["suspicion"], atol=5.1e-5)
    np.testing.assert_allclose(joined.table["severity"], log.cases["severity"], atol=0.2501)
    near = np.abs(joined.table["severity"] - log.cases["severity"]) < 0.1251
    assert near[log.cases["severity"] > 0.125].all()
    for name in COUNTS:
        assert joined.table[name].to_list() == log.cases[name].to_list(), name
    # orders of one day are one purchase
    fewer = log.cases["prior_purchases"] - joined.table["prior_purchases"]
    assert ((fewer >= -1) & (fewer <= 3)).all()
    assert (fewer == 0).mean() > 0.9


def test_amounts_come_back(built, log):
    _, joined = built
    for name in AMOUNTS_GIVEN:
        np.testing.assert_allclose(joined.table[name].astype(float), log.cases[name], atol=0.005, err_msg=name)


def test_what_nobody_wrote_down_leaves_refunds_behind(scenario, tmp_path):
    policy = load_policy("current", scenario)
    log = simulate_log(scenario, policy, cases=600, seed=9, world=World(unrecorded_share=0.3))
    write_exports(log, tmp_path)
    joined = build_log(tmp_path, scenario)
    assert joined.table["case"].to_list() == log.cases["case"].to_list()
    for name in COUNTS:
        assert joined.table[name].to_list() == log.cases[name].to_list(), name
    # some of them are taken for those of another case of the same customer
    behind = (log.unrecorded["refund"] > 0).sum()
    assert 0.7 * behind < len(joined.set_aside) <= behind
    assert set(joined.set_aside["kind"]) == {"refunds"}
