"""Runs: each row of a sweep equals what the library says of the same scenario and policy, however rows are grouped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import Draws, central, draw_assumptions, load_scenario
from policy_sim.policy import Lever, load_policy
from policy_sim.study import Sample, prepare
from policy_sim.sweep.design import Design, resolve_design
from policy_sim.sweep.runs import job_of, run_task
from policy_sim.value import compare, evaluate, threshold_curve

OUTCOMES = ("net_value", "gain", "customers_kept", "best.agent.keep_item", "enough.agent.keep_item")
UNCERTAIN = {"response.severity_weight": 1.8765, "response.paradox": 0.0234}


def run(design: Design) -> pd.DataFrame:
    job = job_of(resolve_design(design))
    tables = [run_task(job.without_rows, task) for task in job.tasks()]
    return pd.concat(tables).sort_values("row", ignore_index=True)


def by_hand(scenario, policy, draws: Draws, ratios=None, cases: int = 300, seed: int = 0):
    payoffs = prepare(scenario, sample=Sample(cases=cases, draws=len(draws), seed=seed)).payoffs.under(draws, ratios)
    return evaluate(policy, payoffs)


def moved(draws: Draws, values: dict[str, float]) -> Draws:
    columns = [np.full(len(draws), values.get(name, np.nan)) for name in draws.names]
    columns = [
        np.where(np.isnan(column), draws[name], column) for name, column in zip(draws.names, columns, strict=True)
    ]
    return Draws(draws.names, np.column_stack(columns))


def test_a_row_is_what_evaluate_says() -> None:
    scenario = load_scenario("online_retail")
    rows = ({"policy": "generous", "agent.refund": 60, **UNCERTAIN}, {"policy": "current"})
    table = run(
        Design(name="one", runs={"method": "list", "rows": rows}, cases=300, against="current", outcomes=OUTCOMES)
    )
    draws = moved(central(scenario), UNCERTAIN)
    policy = load_policy("generous", scenario).with_limit(Lever("agent", "refund"), 60)
    outcome = by_hand(scenario, policy, draws)
    baseline = evaluate(load_policy("current", scenario), outcome.payoffs)
    assert table["error"].tolist() == ["", ""]
    assert table.loc[0, "net_value"] == pytest.approx(outcome.per_year()[0], rel=1e-12)
    assert table.loc[0, "gain"] == pytest.approx(compare(outcome, baseline).per_year()[0], rel=1e-9)
    assert table.loc[0, "customers_kept"] == pytest.approx(outcome.per_case("customers_kept")[0], rel=1e-12)
    assert table.loc[1, "gain"] == 0
    curve = threshold_curve(evaluate(policy, outcome.payoffs), Lever("agent", "keep_item"))
    assert curve.at(table.loc[0, "best.agent.keep_item"])[0] == pytest.approx(curve.at(curve.best_limit)[0], abs=1e-9)
    net = curve.per_case()[:, 0]
    assert curve.at(table.loc[0, "enough.agent.keep_item"])[0] >= curve.at(curve.best_limit)[0] - 0.01 * np.ptp(net)
    assert table.loc[0, "enough.agent.keep_item"] <= table.loc[0, "best.agent.keep_item"]


def test_with_draws_a_row_is_their_mean_with_an_interval() -> None:
    scenario = load_scenario("online_retail")
    table = run(
        Design(
            name="draws", runs={"method": "list", "rows": [{}, UNCERTAIN]}, cases=300, draws=7, outcomes=["net_value"]
        )
    )
    payoffs = prepare(scenario, sample=Sample(cases=300, draws=7)).payoffs
    plain = evaluate(load_policy("current", scenario), payoffs).per_year()
    assert table.loc[0, "net_value"] == pytest.approx(plain.mean(), rel=1e-12)
    ends = table.loc[0, ["net_value_low", "net_value_high"]].astype(float)
    assert np.allclose(ends, np.quantile(plain, [0.05, 0.95]))
    draws = moved(draw_assumptions(scenario, 7), UNCERTAIN)
    other = evaluate(load_policy("current", scenario), payoffs.under(draws, payoffs.draw_arrays.value_ratios[:, :7]))
    assert table.loc[1, "net_value"] == pytest.approx(other.per_year().mean(), rel=1e-12)


def test_a_known_fact_makes_a_scenario_of_its_own_and_so_does_all_that_agents_know() -> None:
    rows = [{"shop.margin_share": 0.25, "response.paradox": 0.02}]
    scenario = load_scenario("online_retail")
    current = load_policy("current", scenario)
    for agents_know in (False, True):
        design = Design(name="k", runs={"method": "list", "rows": rows}, cases=300, agents_know=agents_know)
        known = rows[0] if agents_know else {"shop.margin_share": 0.25}
        changed = scenario.with_values(known)
        expected = by_hand(changed, current, moved(central(changed), {"response.paradox": 0.02}))
        assert run(design).loc[0, "net_value"] == pytest.approx(expected.per_year()[0], rel=1e-12)


def test_groups_change_no_bit() -> None:
    factors = {"response.paradox": None, "agent.keep_item": {"values": [0, 30]}, "response.wait_weight": None}
    design = Design(
        name="g",
        runs={"method": "latin_hypercube", "count": 230, "factors": factors},
        cases=120,
        outcomes=["net_value", "best.agent.credit"],
    )
    table = run(design)
    job = job_of(resolve_design(design))
    for row in (0, 111, 229):
        task = next(task for task in job.tasks() if row in task.table.index)
        alone = run_task(job, task._replace(groups=(np.array([row]),), table=task.table.loc[[row]]))
        pd.testing.assert_frame_equal(
            alone, table.loc[[row]].reset_index(drop=True), check_exact=True, check_dtype=False
        )


def test_higher_tiers_are_raised_with_lower_ones() -> None:
    rows = [{"agent.keep_item": 80}, {"agent.keep_item": 80, "lead.keep_item": 80}]
    table = run(Design(name="raised", runs={"method": "list", "rows": rows}, cases=200))
    assert table.loc[0, "net_value"] == table.loc[1, "net_value"]


def test_a_row_that_fails_is_written_down_and_the_others_go_on() -> None:
    rows = [{"agent.refund": 10}, {"agent.refund": -5}, {"agent.refund": 20}, {"shop.sample_price_factor": 0}]
    table = run(Design(name="f", runs={"method": "list", "rows": rows}, cases=100))
    assert table["error"].astype(bool).tolist() == [False, True, False, True]
    assert "it must be 0 or more" in table.loc[1, "error"]
    assert "shop.sample_price_factor" in table.loc[3, "error"]
    assert table.loc[[0, 2], "net_value"].notna().all()
    assert table.loc[[1, 3], "net_value"].isna().all()
    assert table.loc[1, "agent.refund"] == -5


def test_keys_change_with_whatever_bears_on_a_run() -> None:
    def keys(**changed):
        content = {"name": "k", "runs": {"method": "list", "rows": [{"agent.refund": 1}, {"agent.refund": 2}]}}
        return job_of(resolve_design(Design(**(content | changed)))).run_keys

    first = keys()
    assert len(set(first)) == 2
    assert keys(name="other", title="Other") == first
    for change in ({"seed": 1}, {"cases": 7}, {"draws": 2}, {"policy": "generous"}, {"outcomes": ["minutes"]}):
        assert not set(keys(**change)) & set(first)


def test_real_cases_and_a_log_may_be_given(tmp_path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("failure,item_price,future_value\nwrong_item,50,100\nlost_parcel,20,80\n")
    log = tmp_path / "orders.csv"
    log.write_text(
        "customer,date,amount\n"
        + "".join(f"c{i % 40},2025-{1 + i % 12:02d}-{1 + i % 27:02d},{10 + (7 * i) % 53}.5\n" for i in range(0, 400, 3))
    )
    rows = {"method": "list", "rows": [{"agent.refund": 10}]}
    real = run(Design(name="real", runs=rows, cases=str(cases)))
    assert real.loc[0, "error"] == ""
    design = Design(name="log", runs=rows, cases=50, transactions=str(log))
    assert (
        job_of(resolve_design(design)).run_keys
        != job_of(resolve_design(design.model_copy(update={"transactions": None}))).run_keys
    )
