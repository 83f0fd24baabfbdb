"""Logs of cases are read or refused in one line; what customers did is found in the orders; styles are told."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import central
from policy_sim.border import InputError
from policy_sim.clv import BoundaryWarning, fit_bg_nbd, fit_gamma_gamma
from policy_sim.evidence import agreement, simulate_log
from policy_sim.evidence.case_log import UNKNOWN, read_case_log
from policy_sim.evidence.case_values import with_future_values
from policy_sim.evidence.follow_up import follow_up
from policy_sim.evidence.styles import style_shares
from policy_sim.orders import read_transactions
from policy_sim.policy import Playbook, load_policy
from policy_sim.value import STYLES, value_cases


@pytest.fixture
def table(firm):
    return firm.simulated.cases.head(60).copy()


def test_files_of_all_kinds_give_the_same_log(firm, table, tmp_path):
    table.to_csv(tmp_path / "log.csv", index=False)
    table.to_parquet(tmp_path / "log.parquet")
    table.assign(opened=table["opened"].astype(str), resolved=table["resolved"].astype(str)).to_excel(
        tmp_path / "log.xlsx", index=False
    )
    read, _ = read_case_log(table, firm.scenario)
    for name in ("log.csv", "log.parquet", "log.xlsx"):
        log, unused = read_case_log(tmp_path / name, firm.scenario)
        assert unused.empty
        assert (log.customer == read.customer).all()
        assert (log.resolution == read.resolution).all()
        assert (log.tier == read.tier).all()
        assert (log.resolved == read.resolved).all()
        np.testing.assert_allclose(log.cases.item_price, read.cases.item_price)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="customer"), "the table of cases has no column 'customer'.*; found: case, order"),
        (lambda t: t.rename(columns={"resolution": "resolutoin"}), "no column 'resolution'.*is it 'resolutoin'"),
        (lambda t: t.assign(failure="lost in the post"), "row 1: unknown failure 'lost in the post'"),
        (lambda t: t.assign(tier="boss"), "row 1: tier is 'boss'; expected one of agent, lead, manager"),
        (lambda t: t.assign(resolution="a hug"), "row 1: resolution is 'a hug'; expected one that"),
        (lambda t: t.assign(item_price="dear"), "item_price is 'dear'; expected a number"),
        (lambda t: t.head(0), "holds no cases"),
    ],
)
def test_bad_logs_are_refused_in_one_line(firm, table, change, message):
    with pytest.raises(InputError, match=message) as refused:
        read_case_log(change(table), firm.scenario)
    assert "\n" not in str(refused.value)


def test_rows_that_cannot_be_used_are_given_back_with_the_reason(firm, table):
    table = table.astype({"item_price": object})
    table.loc[table.index[3], "item_price"] = "free"
    table.loc[table.index[5], "resolution"] = "a hug"
    table.loc[table.index[7], "tier"] = "boss"
    table.loc[table.index[9], "resolution"] = None
    log, unused = read_case_log(table, firm.scenario)
    assert len(log) + len(unused) == len(table)
    assert list(unused["case"]) == list(table["case"].iloc[[3, 5, 7]])
    assert unused["problem"].str.contains("item_price|resolution|tier").all()
    assert (log.resolution == UNKNOWN).sum() == 1


def test_remedies_may_stand_in_any_order(firm, table):
    turned = table.assign(resolution=[" + ".join(reversed(text.split(" + "))) for text in table["resolution"]])
    read, turned_log = (read_case_log(one, firm.scenario)[0] for one in (table, turned))
    assert (read.resolution == turned_log.resolution).all()


def test_follow_up_is_what_happened(firm):
    follow = follow_up(firm.log, firm.orders)
    told = firm.simulated.unseen.set_index("case").reindex(firm.log.cases.case[follow.rows])
    days = told["days_until_next_order"].to_numpy(dtype=float)
    came = ~np.isnan(follow.weeks_until_return)
    # to the day, and but for orders that share one day with another
    assert np.median(np.abs(days[came] - 7 * follow.weeks_until_return[came])) < 1
    assert not told["left"].to_numpy()[came].any()
    frame = follow.to_frame(firm.log)
    seen = frame[frame["came_back_90"].notna()]
    assert ((seen["days_until_return"] <= 90) == seen["came_back_90"].astype(bool)).all()
    # who may still come back is counted neither way
    open_ = frame["came_back_180"].isna()
    assert (frame.loc[open_, "days_observed"] < 180).all()
    assert frame.loc[open_, "days_until_return"].isna().all() or (frame.loc[open_, "days_until_return"] > 180).any()


def test_a_hand_made_log_is_followed(firm, write):
    orders = "customer,date,amount\na,2024-01-01,10\na,2024-01-20,30\na,2024-03-01,20\nb,2024-02-01,5\nc,2024-04-01,7\n"
    transactions = read_transactions(write(orders))
    common = {"failure": "late_delivery", "item_price": 10, "resolution": "nothing", "tier": "agent"}
    menu_first = {"resolution": firm.log and read_first_resolution(firm.scenario)}
    rows = [
        {"customer": "a", "opened": "2024-01-22T00:00:00", "resolved": "2024-01-23T12:00:00"},
        {"customer": "b", "opened": "2024-02-03T00:00:00", "resolved": "2024-02-03T00:00:00"},
        {"customer": "nobody", "opened": "2024-02-03T00:00:00", "resolved": "2024-02-03T00:00:00"},
        {"customer": "c", "opened": "2024-03-01T00:00:00", "resolved": "2024-03-02T00:00:00"},
    ]
    log, _ = read_case_log(pd.DataFrame([common | menu_first | row for row in rows]), firm.scenario)
    follow = follow_up(log, transactions)
    assert list(follow.unmatched) == [
        "",
        "",
        "its customer has no order",
        "its customer had not ordered before it was opened",
    ]
    assert list(follow.rows) == [0, 1]
    # a: the order of 20 January failed, was answered three and a half days later, and followed by that of 1 March
    assert 7 * follow.weeks_until_return[0] == pytest.approx(41 - 3.5)
    assert follow.later_count[0] == 1
    assert follow.later_spend[0] == 20
    # b has not come back; the log ends at noon of 1 April, as orders come at any hour
    assert np.isnan(follow.weeks_until_return[1])
    assert 7 * follow.weeks_observed[1] == pytest.approx(60.5 - 2)


def test_an_order_after_the_answer_on_the_same_day_is_the_next_one(firm, write):
    orders = "customer,date,amount\na,2024-01-01,10\na,2024-01-22,30\nb,2024-01-22,5\nb,2024-03-01,8\n"
    transactions = read_transactions(write(orders))
    row = {"failure": "late_delivery", "item_price": 10, "resolution": read_first_resolution(firm.scenario)}
    row |= {"opened": "2024-01-22T08:00:00", "resolved": "2024-01-22T09:00:00", "tier": "agent"}
    rows = [row | {"customer": name, "days_since_purchase": days} for name, days in (("a", 21), ("a", 0.2), ("b", 21))]
    places = []
    for one in rows:
        log, _ = read_case_log(pd.DataFrame([one]), firm.scenario)
        places.append(int(follow_up(log, transactions).place[0]))
    # a's case is about the order of three weeks ago; where it says so, about that of today; b had no other before
    assert places == [0, 1, 2]


def read_first_resolution(scenario):
    from policy_sim.service import compile_menu

    return compile_menu(scenario, central(scenario)).names[list(scenario.failures).index("late_delivery")][0]


@pytest.fixture(scope="module")
def valued(firm):
    rates = {name: firm.scenario.value(f"shop.{name}") for name in ("margin_share", "discount_rate_per_year")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BoundaryWarning)  # all of these customers leave with the same chance
        purchases = fit_bg_nbd(firm.orders)
    return with_future_values(firm.log, firm.orders, purchases, fit_gamma_gamma(firm.orders), rates)


def test_cases_are_worth_what_their_customers_are_right_after_the_order(firm, valued):
    log, remarks = valued
    assert len(log) + sum(int(remark.split()[0].replace(",", "")) for remark in remarks) == len(firm.log)
    # in the order of the log, and worth more the more was ordered before
    place = {case: n for n, case in enumerate(firm.log.cases.case)}
    assert (np.diff([place[case] for case in log.cases.case]) > 0).all()
    first = log.cases.prior_purchases <= 1
    assert log.cases.future_value[first].mean() < log.cases.future_value[~first].mean()
    told = firm.simulated.unseen.set_index("case").reindex(log.cases.case)["future_value"].to_numpy(dtype=float)
    assert np.corrcoef(np.log(told), np.log(log.cases.future_value))[0, 1] > 0.8
    assert len(np.unique(log.cases.buyer)) == len(np.unique(log.customer))


def test_styles_are_told_from_what_was_given(firm, valued):
    log, _ = valued
    policy = load_policy("current", firm.scenario)
    told = style_shares(policy, value_cases(firm.scenario, log.cases, central(firm.scenario)), log)
    chosen = firm.simulated.unseen.set_index("case").reindex(log.cases.case)["style"]
    rows = told.to_frame().set_index(["tier", "style"])
    for tier, place in (("agent", 0), ("lead", 1)):
        for style in STYLES[1:]:
            true = (chosen[log.tier == place] == style).mean()
            row = rows.loc[(tier, style)]
            assert row["low"] - 0.04 < true < row["high"] + 0.04
            assert f"{tier}.{style}_share" in told.measured
    # hardly anything gets to the manager: what was known before stands
    assert "manager.generous_share" not in told.measured


def test_who_goes_by_the_book_is_told_from_what_was_given(firm):
    rules = [
        {"failure": "late_delivery", "give": ["apology_note", "store_credit_10"]},
        {"failure": "wrong_item", "when": {"item_price": {"below": 40}}, "give": ["replacement", "keep_item"]},
        {"failure": "poor_service", "give": ["apology_note"]},
    ]
    policy = load_policy("current", firm.scenario)
    policy = policy.model_copy(update={"playbook": Playbook.model_validate({"rules": rules})})
    simulated = simulate_log(firm.scenario, policy, cases=1_500, seed=3)
    log, _ = read_case_log(simulated.cases.assign(future_value=40.0), firm.scenario)
    told = style_shares(policy, value_cases(firm.scenario, log.cases, central(firm.scenario)), log)
    row = told.to_frame().set_index("style").loc["by the book"]
    assert row["low"] - 0.03 < simulated.unseen["follows"].mean() < row["high"] + 0.03
    assert row["high"] - row["low"] < 0.2
    assert "playbook.followed_share" in told.measured
    # a rule is for every case that the rules before it are not for, and what it says is acceptable or not
    payoffs = value_cases(firm.scenario, log.cases, central(firm.scenario))
    table = agreement(policy.playbook, payoffs, log).set_index("rule")
    is_late = log.cases.failure == log.cases.failures.index("late_delivery")
    said = payoffs.menu.names[log.cases.failures.index("late_delivery")].index("apology_note + store_credit_10")
    assert table.loc[1, "cases"] == is_late.sum()
    assert table.loc[1, "acceptable"] == payoffs.adequate[is_late, said].sum()
    assert table.loc[1, "given"] == (log.resolution[is_late & payoffs.adequate[:, said]] == said).sum()
    assert (table["given"] <= table["acceptable"]).all()
