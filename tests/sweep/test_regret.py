"""Regret and the map of the best limit, on tables worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.sweep.design import Design, rows_of
from policy_sim.sweep.regret import limit_map, regret_table
from policy_sim.sweep.results import SweepResults

FACTORS = {"scenario": ["online_retail", "quick_service"], "policy": ["current", "generous"]}


def opened(factors, worth, **options) -> SweepResults:
    design = Design(name="d", runs={"method": "full_factorial", "factors": factors}, **options)
    table = rows_of(design).reset_index()
    return SweepResults(design, table.assign(**{design.outcomes[0]: worth(table)}))


def test_regret_is_the_distance_to_the_best_of_the_same_state() -> None:
    worth = {
        ("online_retail", "current"): 10.0,
        ("online_retail", "generous"): 30.0,
        ("quick_service", "current"): 9.0,
        ("quick_service", "generous"): 4.0,
    }
    sweep = opened(
        FACTORS, lambda table: [worth[state] for state in zip(table["scenario"], table["policy"], strict=True)]
    )
    table = regret_table(sweep).set_index("policy")
    assert table.index.tolist() == ["generous", "current"]
    assert table.loc["generous", ["mean_regret", "largest_regret", "share_best"]].tolist() == [2.5, 5, 0.5]
    assert table.loc["current", ["mean_regret", "largest_regret", "share_best"]].tolist() == [10, 20, 0.5]
    assert table.loc["generous", ["in online_retail", "in quick_service"]].tolist() == [0, 5]
    assert table.loc["current", "worst_in"] == "online_retail"
    assert (table["states"] == 2).all()


def test_limits_are_options_and_states_with_a_failure_do_not_count() -> None:
    factors = {"agent.refund": {"values": ["ask", 10]}, "response.paradox": {"range": [0, 1], "levels": 4}}
    sweep = opened(factors, lambda table: np.where(table["agent.refund"] == 10, table["response.paradox"], 0.5))
    sweep.table.loc[0, "net_value"] = np.nan
    table = regret_table(sweep).set_index("agent.refund")
    assert (table["states"] == 3).all()
    assert table.loc[10, "largest_regret"] == pytest.approx(0.5 - 1 / 3)
    assert table.loc[-np.inf, "largest_regret"] == pytest.approx(0.5)
    assert table.loc[-np.inf, "worst_in"] == "response.paradox 1"


def test_a_map_has_a_cell_for_each_pair_of_values() -> None:
    factors = {
        "response.paradox": {"range": [0, 1], "levels": 3},
        "response.wait_weight": {"range": [0, 1], "levels": 2},
    }
    sweep = opened(
        factors,
        lambda table: 10 * table["response.paradox"] + table["response.wait_weight"],
        outcomes=["best.agent.keep_item"],
    )
    limits = limit_map(sweep, "response.paradox", "response.wait_weight", "best.agent.keep_item")
    expected = pd.DataFrame([[0.0, 5.0, 10.0], [1.0, 6.0, 11.0]], index=[0.0, 1.0], columns=[0.0, 0.5, 1.0])
    pd.testing.assert_frame_equal(limits, expected, check_names=False)


def test_many_values_are_cut_into_equal_ranges() -> None:
    factors = {"response.paradox": {"range": [0, 1], "levels": 100}, "policy": ["current", "generous"]}
    sweep = opened(factors, lambda table: table["response.paradox"], outcomes=["best.agent.credit"])
    limits = limit_map(sweep, "response.paradox", "policy", "best.agent.credit", cells=4)
    assert limits.columns.tolist() == [0.125, 0.375, 0.625, 0.875]
    assert np.allclose(limits, [limits.columns] * 2, atol=0.01)


def test_what_cannot_be_asked_is_refused() -> None:
    nothing = opened({"response.paradox": {"levels": 2}}, lambda table: 1.0)
    with pytest.raises(InputError, match="nothing to choose"):
        regret_table(nothing)
    one = opened({"policy": ["current"], "response.paradox": {"levels": 2}}, lambda table: 1.0)
    with pytest.raises(InputError, match="one option only"):
        regret_table(one)
    with pytest.raises(InputError, match="given twice"):
        limit_map(one, "policy", "policy", "net_value")
    with pytest.raises(InputError, match="unknown factor 'polcy'"):
        limit_map(one, "polcy", "response.paradox", "net_value")
