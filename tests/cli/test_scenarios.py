"""Commands about scenarios: they are listed, and shown with all their numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from policy_sim import load_scenario
from policy_sim.border import shipped
from policy_sim.show.assumption_words import sentence_words

Run = Callable[..., tuple[int, str, str]]


def test_scenarios_are_listed(run: Run) -> None:
    status, out, _ = run("scenarios", "--json")
    assert status == 0
    listed = {row["name"]: row for row in json.loads(out)}
    assert set(listed) == {path.stem for path in shipped("data/scenarios").glob("*.yaml")}
    for name, row in listed.items():
        scenario = load_scenario(name)
        assert row["extends"] == (None if name == "online_retail" else "online_retail")
        assert row["failures"] == list(scenario.failures)
        assert sum(row["assumptions"].values()) == len(scenario.assumption_names)
    assert listed["telecom_hardware"]["assumptions"]["measured"] == sum(
        assumption.trust == "measured"
        for group in load_scenario("telecom_hardware").assumptions.values()
        for assumption in group.values()
    )
    status, out, _ = run("scenarios")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    for name, row in listed.items():
        line = next(line for line in out.splitlines() if line.startswith(name))
        counts = [row["assumptions"].get(trust, 0) for trust in ("measured", "calibrated", "assumed")]
        assert line.split()[1:5] == [str(number) for number in (len(row["failures"]), *counts)]
        assert row["title"] in out


def test_a_scenario_is_shown_with_all_its_numbers(run: Run) -> None:
    scenario = load_scenario("quick_service")
    status, out, _ = run("scenario", "show", "quick_service")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    for group, members in scenario.assumptions.items():
        assert f"assumptions.{group}" in words
        for name, assumption in members.items():
            low, high = assumption.range
            number = f"{assumption.value:,.10g} {assumption.unit}; {low:,.10g} to {high:,.10g}"
            title, sentence = scenario.title_of(f"{group}.{name}"), sentence_words(scenario, f"{group}.{name}")
            assert f"{name} {title}: {sentence} {number}" in words
            assert assumption.source in words
    for name, remedy in scenario.remedies.items():
        assert f"{name} {remedy.title}" in words
    assert "cost: unit_cost 1 worth: item_price 1 uses.replacement: item_price 1 lead_hours: remedy.remake" in words
    assert "proactive: given before anybody asks" in words
    assert "wrong_item Wrong order 34" in words
    assert "returning A few orders 2 to 4 orders" in words


def test_a_scenario_of_one_s_own_is_shown_as_json(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "extends: quick_service\nname: own\nassumptions: { shop: { margin_share: { value: 0.6 } } }\n"
    )
    status, out, _ = run("scenario", "show", "own.yaml", "--json")
    assert status == 0
    shown = json.loads(out)
    scenario = load_scenario(tmp_path / "own.yaml")
    assert shown["assumptions"]["shop"]["margin_share"]["value"] == 0.6
    assert shown["fingerprint"] == scenario.fingerprint
    assert shown["resolution_counts"] == {
        "late_delivery": 28, "wrong_item": 34, "defective_item": 34, "poor_service": 31,
    }  # fmt: skip
    assert set(shown["remedies"]) == set(scenario.remedies)
