"""Many cases: block by block, the same as all at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import draw_assumptions, load_scenario
from policy_sim.border import InputError
from policy_sim.policy import ASK, Lever, load_policy
from policy_sim.service import read_cases
from policy_sim.sweep import many_cases
from policy_sim.sweep.many_cases import curves_of_many, evaluate_many, open_case_log
from policy_sim.value import compare, evaluate, threshold_curve, value_cases
from policy_sim.words import OUTCOMES

SCENARIO = load_scenario("online_retail")


def make_log(count: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "case": [f"c{k}" for k in range(count)],
            "failure": rng.choice(list(SCENARIO.failures), count),
            "item_price": np.round(rng.lognormal(3.5, 0.9, count), 2),
            "future_value": np.round(rng.lognormal(3.5, 1.2, count), 2),
            "severity": rng.random(count),
            "prior_purchases": rng.integers(1, 9, count),
            "suspicion": rng.random(count) ** 3,
        }
    )


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, pd.DataFrame]:
    """A log of several row groups, cut into blocks that do not fit them."""
    monkeypatch.setattr(many_cases, "_ROWS_IN_A_BLOCK", 300)
    monkeypatch.setattr(many_cases, "_ROWS_AT_ONCE", 110)
    monkeypatch.setattr(many_cases, "_SAMPLE", 400)
    table = make_log(2_000)
    table.to_parquet(tmp_path / "log.parquet", row_group_size=700)
    return tmp_path / "log.parquet", table


def test_policies_come_to_the_same_as_all_at_once(log) -> None:
    path, table = log
    draws = draw_assumptions(SCENARIO, 9)
    policies = [load_policy(name, SCENARIO) for name in ("current", "generous")]
    opened = open_case_log(path)
    assert opened.rows == len(table)
    seen = []
    outcomes = evaluate_many(
        policies, opened, SCENARIO, draws, on_progress=lambda words, done, of: seen.append((done, of))
    )
    payoffs = value_cases(SCENARIO, read_cases(table, SCENARIO), draws)
    expected = [evaluate(policy, payoffs) for policy in policies]
    for outcome, known in zip(outcomes, expected, strict=True):
        assert np.array_equal(outcome.counts, known.counts)
        assert np.allclose(outcome.queue.mean_wait_hours, known.queue.mean_wait_hours, rtol=1e-9)
        for name in OUTCOMES:
            assert np.allclose(outcome.per_case(name), known.per_case(name), rtol=1e-6), name
    gain = compare(outcomes[1], outcomes[0]).per_year()
    assert np.allclose(gain, compare(expected[1], expected[0]).per_year(), rtol=1e-4)
    assert seen[-1] == (2_000, 2_000)


def test_curves_are_exact_at_the_candidates(log) -> None:
    path, table = log
    draws = draw_assumptions(SCENARIO, 5)
    policy = load_policy("current", SCENARIO)
    levers = [Lever("agent", "keep_item"), Lever("lead", "refund", failure="wrong_item")]
    limits = [0, 5, 12.5, 30, 1000]
    curves = curves_of_many(policy, open_case_log(path), SCENARIO, draws, levers, limits)
    payoffs = value_cases(SCENARIO, read_cases(table, SCENARIO), draws)
    for lever in levers:
        known, curve = threshold_curve(evaluate(policy, payoffs), lever), curves[lever]
        assert curve.limits.tolist() == [ASK, *limits]
        for name in ("net_value", "remedy_cost", "customers_kept", "escalated", "supervisor_minutes"):
            expected = [known.at(limit, name) for limit in curve.limits]
            assert np.allclose(curve.per_case(name), expected, rtol=1e-6), (lever, name)
    low, high = policy.bounds(levers[0])
    net = curves[levers[0]].per_case().mean(axis=1)
    allowed = [limit for limit in curves[levers[0]].limits if low <= limit <= high]
    assert curves[levers[0]].best_limit in allowed
    assert net[list(curves[levers[0]].limits).index(curves[levers[0]].best_limit)] == max(net[: len(allowed)])


def test_candidates_are_found_where_none_are_given(log) -> None:
    path, _ = log
    lever = Lever("agent", "credit")
    policy = load_policy("current", SCENARIO)
    curve = curves_of_many(policy, open_case_log(path), SCENARIO, draw_assumptions(SCENARIO, 2), [lever])[lever]
    assert curve.limits[0] == ASK
    assert {0.0, 10.0, 25.0} <= set(curve.limits)


def test_threads_change_no_bit(log) -> None:
    path, _ = log
    draws = draw_assumptions(SCENARIO, 3)
    policy = load_policy("generous", SCENARIO)
    one, three = (evaluate_many([policy], open_case_log(path), SCENARIO, draws, workers=count)[0] for count in (1, 3))
    assert np.array_equal(one.sums, three.sums)


def test_a_cluster_reads_the_blocks_as_well(tmp_path: Path) -> None:
    make_log(600).to_parquet(tmp_path / "log.parquet", row_group_size=250)
    opened = open_case_log(tmp_path / "log.parquet")
    asked = ([load_policy("current", SCENARIO)], opened, SCENARIO, draw_assumptions(SCENARIO, 2))
    assert np.array_equal(evaluate_many(*asked, cluster="local:1")[0].sums, evaluate_many(*asked)[0].sums)


def test_what_cannot_be_used_is_said_in_one_line(log, tmp_path: Path) -> None:
    path, table = log
    draws = draw_assumptions(SCENARIO, 1)
    policy = load_policy("current", SCENARIO)
    with pytest.raises(InputError, match="does not exist"):
        open_case_log(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("x")
    with pytest.raises(InputError, match="expected Parquet"):
        open_case_log(tmp_path / "text.parquet")
    table.drop(columns="item_price").to_parquet(tmp_path / "less.parquet")
    with pytest.raises(InputError, match="has no column 'item_price'"):
        open_case_log(tmp_path / "less.parquet")
    table.head(0).to_parquet(tmp_path / "none.parquet")
    with pytest.raises(InputError, match="holds no cases"):
        open_case_log(tmp_path / "none.parquet")
    table.assign(item_price=table["item_price"].where(table.index != 1234, -1)).to_parquet(tmp_path / "wrong.parquet")
    with pytest.raises(InputError, match=r"rows from \d[\d,]* on of 'wrong.parquet', row \d+: item_price is '-1"):
        evaluate_many([policy], open_case_log(tmp_path / "wrong.parquet"), SCENARIO, draws)
    with pytest.raises(InputError, match="candidate limit is -1"):
        curves_of_many(policy, open_case_log(path), SCENARIO, draws, [Lever("agent", "credit")], [-1])
