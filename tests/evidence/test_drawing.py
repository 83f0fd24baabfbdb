"""Customers are drawn whole, alike in both logs, and however the log is sorted; and it is said."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim.border import InputError
from policy_sim.evidence.case_log import read_case_log
from policy_sim.evidence.observed import Observed


def test_all_cases_and_orders_of_those_who_are_drawn_and_none_of_others(firm):
    table = firm.simulated.cases
    log, _ = read_case_log(table, firm.scenario, most=len(table) // 3, seed=4)
    counts = table["customer"].astype(str).value_counts()
    assert 0.3 * len(table) < len(log) <= len(table) // 3
    for customer, count in zip(*np.unique(log.customer, return_counts=True), strict=True):
        assert count == counts[customer]
    assert f"{len(log):,} of its {len(table):,} cases" in log.source
    assert log.draw is not None
    orders = log.draw.orders(firm.orders)
    is_in = np.isin(firm.orders.labels, orders.labels)
    assert set(log.customer) <= set(orders.labels)
    assert len(orders.date) == is_in[firm.orders.customer].sum()
    # as many of those without a case
    assert is_in.mean() == pytest.approx(len(np.unique(log.customer)) / len(counts), abs=0.03)
    again, _ = read_case_log(table.iloc[::-1], firm.scenario, most=len(table) // 3, seed=4)
    assert set(again.cases.case) == set(log.cases.case)
    other, _ = read_case_log(table, firm.scenario, most=len(table) // 3, seed=5)
    assert set(other.cases.case) != set(log.cases.case)


def test_what_was_drawn_is_said(firm):
    table = firm.simulated.cases
    log, _ = read_case_log(table, firm.scenario, most=len(table) // 2)
    observed = Observed.of(log, firm.orders, firm.scenario)
    assert "drawn at random (seed 0)" in observed.about()
    assert "--most-cases N looks at more" in observed.remarks[0]
    assert f"of {len(firm.orders.labels):,} customers with orders are drawn in the same way" in observed.remarks[1]
    assert len(observed.follow_up.transactions.labels) < len(firm.orders.labels)


def test_nothing_is_drawn_where_all_fit(firm):
    log, _ = read_case_log(firm.simulated.cases, firm.scenario, most=len(firm.simulated.cases))
    assert log.draw is None
    assert len(log) == len(firm.log)


def test_a_customer_with_more_cases_than_wanted(firm):
    table = firm.simulated.cases.head(20).assign(customer="k")
    with pytest.raises(InputError, match="no customers have as few as 5 cases"):
        read_case_log(table, firm.scenario, most=5)
