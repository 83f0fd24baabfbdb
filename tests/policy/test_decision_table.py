from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.policy import (
    NOT_DECIDED,
    NOT_DECIDED_RULE,
    REASON,
    Decider,
    Lever,
    Versions,
    authority,
    decide_by_date,
    decide_table,
)
from policy_sim.policy.decision import decision_of
from policy_sim.words import ASKED_FOR

FACTS = ("suspicion", "prior_claims")
ROW = {
    "case": "0007",
    "failure": "wrong_item",
    "segment": "loyal",
    "asked_for": "refund",
    "amount": 20.0,
    "suspicion": 0.1,
    "prior_claims": 0,
    "currency": "USD",
}


@pytest.fixture
def rich(current):
    policy = current.with_limit(Lever("agent", "refund", "wrong_item", "loyal"), 50.0)
    return policy.with_limit(Lever("agent", "credit", None, "first_time"), 0.0)


@pytest.fixture
def decider(rich, scenario, segments):
    return Decider(rich, scenario.failures, segments)


@pytest.fixture
def cases(scenario, segments):
    rng = np.random.default_rng(3)
    count = 3000
    return pd.DataFrame(
        {
            "failure": rng.choice(list(scenario.failures), count),
            "segment": rng.choice(segments, count),
            "asked_for": rng.choice(ASKED_FOR, count),
            "amount": rng.choice([0, 0.01, 9.99, 10, 10.01, 25, 25.01, 50, 50.01, 150, 150.01, 1e6], count),
            "suspicion": rng.choice([0, 0.59, 0.6, 1], count),
            "prior_claims": rng.choice([0, 3, 4], count),
        },
        index=np.arange(count) + 7,
    )


def test_one_by_one_and_all_at_once_say_what_authority_says(rich, decider, cases):
    table = decide_table(decider, cases)
    assert list(table.index) == list(cases.index)
    for row, case in enumerate(cases.to_dict("records")):
        facts = {fact: case[fact] for fact in FACTS}
        expected = decision_of(
            authority(rich, case["failure"], case["segment"], facts), case["asked_for"], case["amount"]
        )
        assert decider.decide(case["failure"], case["segment"], case["asked_for"], case["amount"], facts) == expected
        limit = expected.limit if isinstance(expected.limit, str) else f"{expected.limit:g}"
        assert tuple(table.iloc[row]) == (*expected._replace(limit=limit)[:6], "")
        # without a playbook nothing is said of what to give
        assert (expected.give, expected.playbook_rule) == (None, "")


def test_categories_and_text_are_read_too(decider, cases):
    expected = decide_table(decider, cases)
    coded = cases.astype({"failure": "category", "segment": "category", "asked_for": "category"})
    pd.testing.assert_frame_equal(decide_table(decider, coded), expected)
    pd.testing.assert_frame_equal(decide_table(decider, cases.astype(str)), expected)
    pd.testing.assert_frame_equal(decide_table(decider, cases.convert_dtypes()), expected)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"currency": "EUR"}, "currency is 'EUR'; the policy is in USD, and nothing is converted"),
        ({"currency": ""}, "currency is empty; the policy is in USD, and nothing is converted"),
        ({"currency": None}, "currency is empty; the policy is in USD, and nothing is converted"),
        ({"currency": "usd"}, "currency is 'usd'; the policy is in USD, and nothing is converted"),
        ({"currency": "USD "}, "currency is 'USD '; the policy is in USD, and nothing is converted"),
        ({"failure": "wrong_itm"}, "unknown failure 'wrong_itm' (did you mean 'wrong_item'?)"),
        ({"failure": "Wrong_item"}, "unknown failure 'Wrong_item' (did you mean 'wrong_item'?)"),
        ({"failure": ""}, "failure is empty; expected one of"),
        ({"failure": None}, "failure is empty; expected one of"),
        ({"failure": 7}, "unknown failure '7'"),
        ({"segment": "loyl"}, "unknown segment 'loyl' (did you mean 'loyal'?)"),
        ({"asked_for": "refnd"}, "unknown asked_for 'refnd' (did you mean 'refund'?)"),
        ({"amount": -0.01}, "amount is -0.01; it must be money, from 0 to 10,000,000,000,000"),
        ({"amount": 1e300}, "amount is 1e+300; it must be money"),
        ({"amount": 25.005}, "amount is 25.005; it must be whole cents"),
        ({"amount": 0.005}, "amount is 0.005; it must be whole cents"),
        ({"amount": "0.005"}, "amount is 0.005; it must be whole cents"),
        ({"amount": "$20"}, "amount is '$20'; it must be a plain number"),
        ({"amount": "1,234"}, "amount is '1,234'; it must be a plain number"),
        ({"amount": ""}, "amount is empty"),
        ({"amount": float("inf")}, "amount is 'inf'; it must be a plain number"),
        ({"amount": True}, "amount is 'True'; it must be a plain number"),
        ({"amount": [20]}, "amount is '[20]'; it must be a plain number"),
        ({"suspicion": None}, "the fact 'suspicion' is missing; a guard of the policy looks at it"),
        ({"suspicion": "high"}, "the fact 'suspicion' is 'high'; it must be a plain number"),
        ({"prior_claims": -1}, "the fact 'prior_claims' is -1; it must be 0 or more"),
        (
            {"currency": "EUR", "amount": "", "failure": "x"},
            "currency is 'EUR'; the policy is in USD, and nothing is converted; unknown failure 'x'",
        ),
    ],
)
def test_a_case_that_cannot_be_decided_keeps_no_other_from_it(decider, change, reason):
    # of all kinds of cells in one column: a table of objects
    cases = pd.DataFrame([ROW, ROW | change, ROW], index=[5, 3, 9], dtype=object)
    table = decide_table(decider, cases)
    assert list(table.index) == [5, 3, 9]
    assert list(table["tier"]) == ["agent", NOT_DECIDED, "agent"]
    assert table.loc[3, REASON].startswith(reason), table.loc[3, REASON]
    assert list(table[REASON].iloc[[0, 2]]) == ["", ""]
    undecided = table.loc[3].to_dict()
    assert {undecided.pop(name) for name in ("rule", "because")} == {NOT_DECIDED_RULE}
    assert not undecided.pop("return_waived")
    undecided.pop(REASON)
    assert set(undecided.values()) == {NOT_DECIDED}


@pytest.mark.parametrize("amount", [20, "20", "20.0", " 20.00 ", "2e1", Decimal("20.00"), np.float32(20)])
def test_amounts_however_they_stand_there(decider, amount):
    table = decide_table(decider, pd.DataFrame([ROW | {"amount": amount}], dtype=object))
    assert list(table["tier"]) == ["agent"]


def test_a_comma_before_decimals(decider):
    cases = pd.DataFrame([ROW | {"amount": text} for text in ("50,01", "50.00", "1.000", "1.234,50")])
    table = decide_table(decider, cases, has_commas=True)
    assert list(table["tier"]) == ["lead", "agent", NOT_DECIDED, "manager"]
    assert "can be read as 1000 or as 1.000" in table[REASON][2]
    assert list(decide_table(decider, cases)["tier"]) == [NOT_DECIDED, "agent", "agent", NOT_DECIDED]


def test_a_fact_is_needed_only_where_no_guard_before_it_catches(decider):
    rows = [
        {"suspicion": None, "prior_claims": 4},  # straight to the manager, whatever the suspicion
        {"suspicion": None, "prior_claims": 0},
        {"suspicion": 0.9, "prior_claims": None},
        {"suspicion": -1, "prior_claims": 5},
        {"suspicion": 0.9, "prior_claims": 0},
    ]
    cases = pd.DataFrame([ROW | facts for facts in rows])
    assert list(decide_table(decider, cases)["tier"]) == ["manager", NOT_DECIDED, NOT_DECIDED, "manager", "lead"]
    without = decide_table(decider, cases.drop(columns="suspicion"))
    assert list(without["tier"]) == ["manager", NOT_DECIDED, NOT_DECIDED, "manager", NOT_DECIDED]
    assert "there is no such column" in without[REASON][1]


@pytest.mark.parametrize("missing", ["failure", "segment", "asked_for", "amount"])
def test_without_a_column_that_every_case_needs(decider, missing):
    with pytest.raises(InputError, match=f"cases have no column '{missing}'; found: case, .*add it"):
        decide_table(decider, pd.DataFrame([ROW]).drop(columns=missing))


def test_no_case_at_all(decider, cases):
    assert decide_table(decider, cases.head(0)).empty


@pytest.fixture
def versions(version):
    return Versions(
        (
            version(1, "retired", "2026-01-01", "2026-03-31", 10),
            version(2, "live", "2026-03-01", refund=20),
            version(3, "live", "2026-06-01", refund=30),
        )
    )


def test_many_orders_each_by_its_day(versions, scenario, segments):
    cases = pd.DataFrame([ROW | {"amount": 15.0}] * 4)
    days = ["2026-06-01", "2026-01-01", "2026-03-01", "2026-01-01"]
    for column in (
        days,
        pd.to_datetime(days),
        pd.to_datetime(days).date,
        [f"{day}T23:59:00-08:00" for day in days],
        [f"{day} 00:00:00" for day in days],
    ):
        decided = decide_by_date(versions, scenario.failures, segments, cases.assign(order_date=column))
        assert list(decided["version"]) == [3, 1, 2, 1]
        assert list(decided["tier"]) == ["agent", "lead", "agent", "lead"]
        assert list(decided["return_waived"]) == [False] * 4
        assert list(decided[REASON]) == [""] * 4
    with pytest.raises(InputError, match=r"no column 'order_date'.*versions decide by that day"):
        decide_by_date(versions, scenario.failures, segments, cases)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2025-12-31", "no version of policy 'current' was live on 2025-12-31 (found: version 1 retired from"),
        ("1999-01-01", "no version of policy 'current' was live on 1999-01-01"),
        (date(2025, 1, 1), "no version of policy 'current' was live on 2025-01-01"),
        (datetime(2025, 1, 1, 12), "no version of policy 'current' was live on 2025-01-01"),
        ("", "order_date is empty"),
        (None, "order_date is empty"),
        (pd.NaT, "order_date is empty"),
        ("31.12.2026", "date of the order is '31.12.2026'; expected year-month-day"),
        ("2026-02-30", "date of the order is '2026-02-30'"),
    ],
)
def test_an_order_that_no_version_decides_keeps_no_other_from_it(versions, scenario, segments, day, reason):
    cases = pd.DataFrame(
        [ROW | {"order_date": "2026-06-01"}, ROW | {"order_date": day}, ROW | {"order_date": "2026-03-02"}]
    )
    cases.loc[2, "failure"] = "wrong_itm"
    decided = decide_by_date(versions, scenario.failures, segments, cases)
    assert list(decided["tier"]) == ["agent", NOT_DECIDED, NOT_DECIDED]
    assert list(decided["version"].fillna(0)) == [3, 0, 2]
    assert decided[REASON][1].startswith(reason)
    assert decided[REASON][2].startswith("unknown failure")
    assert not decided["return_waived"].any()


def test_each_version_needs_its_own_facts(current, scenario, segments, version):
    first = version(1, first="2026-01-01").model_copy(update={"guards": current.guards[:1]})
    second = version(2, first="2026-02-01")
    cases = pd.DataFrame([ROW | {"order_date": day} for day in ("2026-01-15", "2026-02-15")])
    cases = cases.drop(columns="prior_claims")
    decided = decide_by_date(Versions((first, second)), scenario.failures, segments, cases)
    assert list(decided["tier"]) == ["agent", NOT_DECIDED]
