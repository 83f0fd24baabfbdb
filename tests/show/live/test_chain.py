"""The chain behind a number: it adds up, multiplies, and leads down to every assumption."""

from __future__ import annotations

import json

import pytest

from policy_sim import InputError, load_policy, load_scenario
from policy_sim.show.live.state import Panel, open_panel
from policy_sim.study import Sample, prepare
from policy_sim.value import measure
from policy_sim.words import OUTCOMES, PARTS, TILES


@pytest.fixture(scope="module")
def panel() -> Panel:
    scenario = load_scenario("online_retail")
    panel = open_panel(prepare(scenario, sample=Sample(cases=400, draws=7)), load_policy("current", scenario))
    return panel.with_limits({"agent": {"keep_item": 40}}).against(panel.presets[-1])


def test_parts_add_up_and_factors_multiply(panel: Panel) -> None:
    content = panel.chain()
    steps = {step["name"]: step for step in content["steps"]}
    outcomes = {"mine": panel.outcome, "base": panel.baseline}
    for side, outcome in outcomes.items():
        for name, step in steps.items():
            if name in OUTCOMES:
                assert step[side] == pytest.approx(outcome.per_year(name).mean(), rel=1e-12)
            if step["factor"]:
                of = steps[step["factor"]["of"]]
                assert step[side] == pytest.approx(of[side] * step["factor"][side], rel=1e-12), name
        parts = {part["name"]: part["sign"] for part in steps["net_value"]["parts"]}
        assert parts == dict(PARTS)
        assert steps["net_value"][side] == pytest.approx(sum(sign * steps[name][side] for name, sign in parts.items()))
    assert content["steps"][-1]["name"] == "net_value"
    # what is multiplied stands before what comes of it
    seen: set[str] = set()
    for step in content["steps"]:
        assert set(step["links"]) <= seen
        seen.add(step["name"])


def test_failures_add_up_to_every_number(panel: Panel) -> None:
    content = panel.chain()
    steps = {step["name"]: step for step in content["steps"]}
    assert set(content["outcomes"]) == set(TILES)
    for name, told in content["outcomes"].items():
        assert sum(row["cases"] for row in told["failures"]) == pytest.approx(steps["failures"]["mine"])
        for side in ("mine", "base"):
            assert sum(row[side] for row in told["failures"]) == pytest.approx(steps[name][side], rel=1e-9)
    late = next(row for row in content["outcomes"]["net_value"]["failures"] if row["title"] == "Delivered late")
    outcome = panel.outcome
    own = measure(outcome.sums[0].sum(axis=0), "net_value").mean() * outcome.cases_per_year / outcome.counts.sum()
    assert late["mine"] == pytest.approx(own)


def test_it_leads_down_to_every_assumption_with_its_source(panel: Panel) -> None:
    content = panel.chain()
    scenario = panel.setting.scenario
    assert set(content["assumptions"]) == set(scenario.assumption_names)
    for name, row in content["assumptions"].items():
        assert row["source"] == scenario.assumption(name).source
        assert row["trust"][0] in "●◐◔○"
    assert {name for step in content["steps"] for name in step["rests_on"]} == set(scenario.assumption_names)
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_no_two_steps_stand_in_one_place(panel: Panel) -> None:
    places = [tuple(step["place"]) for step in panel.chain()["steps"]]
    assert len(set(places)) == len(places)


def test_a_preset_is_looked_at_against_the_policy_in_force(panel: Panel) -> None:
    content = panel.chain("generous")
    assert (content["policy"], content["baseline"]) == ("Generous", panel.approved.title)
    mine, base = (panel.outcome_of(policy) for policy in (panel.presets[-1], panel.approved))
    assert content["steps"][-1]["mine"] == pytest.approx(mine.per_year().mean())
    assert content["steps"][-1]["base"] == pytest.approx(base.per_year().mean())
    with pytest.raises(InputError, match="did you mean 'generous'"):
        panel.chain("generos")


def test_where_hardly_anything_goes_wrong_there_are_no_orders_to_tell_of(panel: Panel) -> None:
    scenario = panel.setting.scenario.with_values({"cases.failures_per_order": 0})
    never = open_panel(prepare(scenario, sample=Sample(cases=50, draws=3)), panel.approved)
    steps = never.chain()["steps"]
    assert steps[0]["name"] == "failures"
    assert steps[0]["links"] == []
    assert steps[0]["factor"] is None
