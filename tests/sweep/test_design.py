"""Designs: what rows they make, from YAML and from Python, and one line for whatever does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError, shipped
from policy_sim.sweep.design import Cross, Design, Factor, FullFactorial, Listed, Saltelli, load_design, rows_of


def test_a_full_factorial_holds_every_combination() -> None:
    runs = FullFactorial(
        factors={
            "policy": Factor(values=("current", "generous")),
            "agent.keep_item": Factor(values=("ask", 10, "no_limit")),
            "response.paradox": Factor(range=(0, 0.1), levels=3),
        }
    )
    rows = rows_of(Design(name="all", runs=runs))
    assert len(rows) == 2 * 3 * 3
    assert len(rows.drop_duplicates()) == len(rows)
    assert set(rows["agent.keep_item"]) == {-np.inf, 10.0, np.inf}
    assert np.allclose(sorted(set(rows["response.paradox"])), [0, 0.05, 0.1])


def test_an_assumption_without_a_range_follows_its_own_distribution() -> None:
    runs = {"method": "sobol", "count": 1024, "factors": {"response.severity_weight": None}}
    values = rows_of(Design(name="own", runs=runs))["response.severity_weight"]
    known = load_scenario("online_retail").assumption("response.severity_weight")
    assert known.range[0] <= values.min() < values.max() <= known.range[1]
    expected = known.quantile(np.array([0.1, 0.5, 0.9]))
    assert np.allclose(np.quantile(values, [0.1, 0.5, 0.9]), expected, rtol=0.01)


def test_each_scenario_of_a_cross_has_ranges_of_its_own() -> None:
    design = Design(
        name="two",
        runs=Cross(
            of=(
                Listed(rows=({"scenario": "online_retail"}, {"scenario": "telecom_hardware"})),
                FullFactorial(factors={"shop.outbound_cost": Factor(levels=2)}),
            )
        ),
    )
    rows = rows_of(design)
    for name in ("online_retail", "telecom_hardware"):
        ends = load_scenario(name).assumption("shop.outbound_cost").range
        assert tuple(rows.loc[rows["scenario"] == name, "shop.outbound_cost"]) == pytest.approx(ends)


def test_a_list_leaves_out_what_stays_as_it_is() -> None:
    rows = rows_of(Design(name="some", runs=Listed(rows=({"policy": "generous"}, {"agent.refund": 40}))))
    assert rows["policy"].isna().tolist() == [False, True]
    assert rows["agent.refund"].isna().tolist() == [True, False]


def test_a_limit_is_rounded_where_asked_and_values_are_spread_evenly() -> None:
    factors = {"agent.credit": Factor(range=(0, 50), round_to=5), "policy": Factor(values=("current", "generous"))}
    rows = rows_of(Design(name="round", runs={"method": "latin_hypercube", "count": 100, "factors": factors}))
    assert (rows["agent.credit"] % 5 == 0).all()
    assert (rows["policy"] == "current").sum() == 50


def test_a_design_survives_json_and_yaml(tmp_path: Path) -> None:
    design = Design(name="back", runs=Saltelli(count=4, factors={"response.paradox": Factor()}), draws=3)
    assert Design.model_validate_json(design.model_dump_json()) == design
    path = tmp_path / "back.yaml"
    path.write_text("name: back\ndraws: 3\nruns: {method: saltelli, count: 4, factors: {response.paradox: }}\n")
    assert load_design(path) == design


@pytest.mark.parametrize("path", sorted(shipped("data/designs").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_designs_that_travel_along_make_rows(path: Path) -> None:
    assert load_design(path.stem).name == path.stem
    assert len(rows_of(load_design(path))) > 1


def test_files_beside_a_design_are_found(tmp_path: Path) -> None:
    policy = (shipped("data/policies") / "current.yaml").read_text().replace("name: current", "name: mine")
    (tmp_path / "mine.yaml").write_text(policy)
    (tmp_path / "d.yaml").write_text("name: d\npolicy: mine.yaml\nruns: {method: list, rows: [{agent.refund: 1}]}\n")
    assert load_design(tmp_path / "d.yaml").policy == str(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{method: sobel, count: 4, factors: {response.paradox: }}", "unknown method 'sobel' (did you mean 'sobol'?)"),
        ("{method: sobol, count: 5, factors: {response.paradox: }}", "expected a power of 2, such as 4 or 8"),
        ("{method: list, rows: []}", "rows"),
        ("{method: list, rows: [{response.paradx: 1}]}", "did you mean 'response.paradox'?"),
        ("{method: list, rows: [{agnt.refund: 1}]}", "did you mean 'agent.refund'?"),
        ("{method: list, rows: [{response.paradox: much}]}", "'response.paradox' is 'much'"),
        ("{method: list, rows: [{policy: currrent}]}", "did you mean 'current'?"),
        ("{method: list, rows: [{policy: 3}]}", "policy is 3.0"),
        ("{method: list, rows: [{scenario: nowhere}]}", "unknown scenario 'nowhere'"),
        ("{method: full_factorial, factors: {agent.refund: }}", "give it values: [...] or range: [0, 100]"),
        ("{method: full_factorial, factors: {agent.refund: {range: [5, 1]}}}", "the first below the second"),
        ("{method: full_factorial, factors: {agent.refund: {range: [1, 5], values: [1]}}}", "keep one of them"),
        (
            "{method: cross, of: [{method: list, rows: [{policy: a}]}, {method: list, rows: [{policy: b}]}]}",
            "the factor 'policy' stands in two parts",
        ),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(f"name: wrong\nruns: {content}\n")
    with pytest.raises(InputError) as refusal:
        rows_of(load_design(path))
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        (("net_vale",), "did you mean 'net_value'?"),
        (("gain",), "add: against: current"),
        (("net_value", "net_value"), "twice"),
        (("best.agent.refnd",), "did you mean 'agent.refund'?"),
    ],
)
def test_outcomes_are_checked(tmp_path: Path, outcomes: tuple[str, ...], words: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(
        f"name: wrong\noutcomes: [{', '.join(outcomes)}]\nruns: {{method: list, rows: [{{policy: current}}]}}\n"
    )
    with pytest.raises(InputError, match="wrong") as refusal:
        rows_of(load_design(path))
    assert words in str(refusal.value)


def test_a_design_too_large_to_hold_is_refused() -> None:
    wide = {f"response.{name}": Factor(range=(0, 1), levels=1000) for name in ("paradox", "wait_weight", "bond_weight")}
    with pytest.raises(InputError, match="1,000,000,000 rows"):
        rows_of(Design(name="wide", runs=FullFactorial(factors=wide)))


@pytest.mark.parametrize("value", [25.005, 0.005, 24.9999, 1e-3])
@pytest.mark.parametrize("method", ["list", "full_factorial", "cross"])
def test_a_limit_that_is_written_is_whole_cents(tmp_path: Path, value: float, method: str) -> None:
    listed = {"method": "list", "rows": [{"agent.refund": 25}, {"agent.refund": value}]}
    factors = {"method": "full_factorial", "factors": {"agent.refund": {"values": [10, value]}}}
    other = {"method": "full_factorial", "factors": {"shop.label_cost": {"values": [5, 6]}}}
    runs = {"list": listed, "full_factorial": factors, "cross": {"method": "cross", "of": [other, listed]}}[method]
    path = tmp_path / "cents.yaml"
    path.write_text(json.dumps({"name": "cents", "title": "Cents", "runs": runs}))
    with pytest.raises(InputError, match=r"design cents: agent\.refund is .*; a limit must be whole cents"):
        load_design(path)
