"""What the screen asks and what it is answered, without a browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from policy_sim import ASK, Lever, compare, evaluate, export_policy, load_policy, load_scenario, threshold_curve
from policy_sim.border import Progress
from policy_sim.show.live.before import WAITING, before_words, scenario_before
from policy_sim.show.live.state import Panel, open_panel
from policy_sim.show.live.widget import Workbench
from policy_sim.show.live.worker import Cancelled
from policy_sim.show.wording import format_money
from policy_sim.study import Sample, Setting, prepare

Message = dict[str, Any]
IN_FORCE = {"preset": "current"}
SMALL = Sample(cases=300, draws=7, seed=1)


class Screen:
    """A workbench and what it has sent."""

    def __init__(self, panel: Panel, folder: Path) -> None:
        scenario = panel.setting.scenario

        def prepare_anew(values: Mapping[str, float], on_progress: Progress) -> Setting:
            on_progress("Drawing cases", 0, 1)
            return prepare(scenario.with_values(values), sample=SMALL)

        self.sent: list[tuple[Message, list[bytes]]] = []
        self.workbench = Workbench(panel, folder, prepare_anew)
        self.workbench.send = lambda content, buffers=None: self.sent.append((content, buffers or []))  # type: ignore[method-assign]

    def ask(self, **message: Any) -> list[Message]:
        self.sent.clear()
        self.workbench._answer(None, message, None)
        self.workbench.wait()
        return [content for content, _ in self.sent]

    def show(self, order: str = "1", baseline: Mapping[str, Any] = IN_FORCE, **agent: Any) -> list[Message]:
        limits = {"agent": agent}
        return self.ask(ask="show", order=order, limits=limits, baseline=baseline, hand=["agent", "credit"])

    def curves(self, is_sure: bool) -> list[Message]:
        """Return the curves that were sent, those with how sure they are or those in the mean alone."""
        curves = (content for content, _ in self.sent if content["kind"] == "curve")
        return [content for content in curves if ("ahead" in content["arrays"]) == is_sure]

    def only(self, kind: str) -> Message:
        messages = [content for content, _ in self.sent if content["kind"] == kind]
        assert len(messages) == 1, [content["kind"] for content, _ in self.sent]
        return messages[0]


@pytest.fixture(scope="module")
def panel() -> Panel:
    scenario = load_scenario("online_retail")
    return open_panel(prepare(scenario, sample=SMALL), load_policy("current", scenario))


@pytest.fixture
def screen(panel: Panel, tmp_path: Path) -> Screen:
    return Screen(panel, tmp_path)


def test_showing_brings_view_curves_and_break_evens(screen: Screen, panel: Panel) -> None:
    kinds = [message["kind"] for message in screen.show(keep_item=30)]
    assert kinds[0] == "heard"
    assert kinds.count("view") == kinds.count("settled") == kinds.count("break_evens") == 1
    assert len(screen.curves(is_sure=True)) == len(screen.curves(is_sure=False)) == len(panel.levers)
    policy = panel.policy.with_limit(Lever("agent", "keep_item"), 30.0)
    outcome = evaluate(policy, panel.payoffs)
    assert screen.only("view")["outcomes"]["net_value"]["level"] == pytest.approx(outcome.per_case().mean())
    curves = [(content, buffers) for content, buffers in screen.sent if content["kind"] == "curve"]
    assert ["ahead" in content["arrays"] for content, _ in curves] == [False] * len(panel.levers) + [True] * len(
        panel.levers
    )
    first = curves[len(panel.levers)]
    assert (first[0]["tier"], first[0]["limit"]) == ("agent", "credit")  # the one in hand
    exact = threshold_curve(evaluate(policy, panel.payoffs), Lever("agent", "credit"))
    in_the_mean = next(each for each in curves if each[0]["limit"] == "credit" and each[0]["tier"] == "agent")
    for (content, buffers), off in ((first, 1e-7), (in_the_mean, 0.02)):
        arrays = {name: np.frombuffer(buffer) for name, buffer in zip(content["arrays"], buffers, strict=True)}
        wanted = [exact.at(limit).mean() for limit in arrays["limits"]]
        np.testing.assert_allclose(arrays["net_value_level"], wanted, atol=off * np.ptp(wanted))


def test_a_limit_s_own_curve_is_not_worked_out_again(screen: Screen, panel: Panel) -> None:
    screen.show(order="1")
    screen.show(order="2", credit=25)
    curves = [content["limit"] for content in screen.curves(is_sure=True) if content["tier"] == "agent"]
    assert sorted(curves) == ["goodwill", "keep_item", "refund", "replacement", "total_cost"]
    screen.show(order="3", credit=25, baseline={"preset": "generous"})
    assert len(screen.curves(is_sure=True)) == len(panel.levers)


def test_a_pinned_policy_is_a_baseline(screen: Screen, panel: Panel) -> None:
    screen.show(keep_item=30, baseline={"limits": {"agent": {"keep_item": 30}}})
    assert screen.only("view")["outcomes"]["net_value"]["change"] == 0.0
    assert screen.workbench.panel.baseline.policy.title == "A"


def test_what_does_not_fit_is_said_in_words(screen: Screen) -> None:
    screen.show(keep_item=80)
    assert "falls from 80.0 for tier 'agent'" in screen.only("problem")["words"]
    assert screen.only("problem")["order"] == "1"  # so that the screen waits for it no longer
    screen.show(keep_item="a lot")
    assert "limit is 'a lot'; it must be a number of money, ask or no_limit" in screen.only("problem")["words"]
    screen.ask(ask="case", facts={"story": "wrong_dress"})
    assert "did you mean 'wrong_dresses'" in screen.only("problem")["words"]
    assert screen.ask(ask="something else") == []


def test_studies_bring_the_recommended_policy_and_the_frontier(screen: Screen) -> None:
    screen.ask(ask="study")
    presets = screen.only("presets")
    assert presets["presets"][-1]["title"] == "Recommended"
    assert len(presets["points"]) == len(presets["presets"])
    points = screen.only("frontier")["points"]
    net = [point["net_value"] for point in points]
    assert net == sorted(net)


def test_changed_assumptions_value_everything_anew(screen: Screen, panel: Panel) -> None:
    screen.show()
    before = screen.only("view")["outcomes"]["net_value"]["level"]
    screen.ask(ask="assume", values={"shop.future_value_factor": 0.5})
    assumed = screen.only("assumed")
    row = next(row for row in assumed["rows"] if row["name"] == "shop.future_value_factor")
    assert (row["value"], row["source"][:15]) == (0.5, "set by the user")
    assert assumed["frame"]["scenario_fingerprint"] != panel.setting.scenario.fingerprint
    screen.show(order="2")
    assert screen.only("view")["outcomes"]["net_value"]["level"] < 0.8 * before
    screen.ask(ask="assume", values={"shop.margin": 0.5})
    assert "shop.margin" in screen.only("problem")["words"]


def test_assumptions_that_were_not_measured_here_have_no_before(screen: Screen) -> None:
    answers = screen.ask(ask="assumptions")
    assert [answer["kind"] for answer in answers] == ["heard", "assumptions"]
    assert screen.only("assumptions")["before"] == ""
    assert sum(trust["count"] for trust in screen.only("assumptions")["trusts"]) == len(answers[1]["rows"])


def test_what_net_value_was_before_calibration_is_told_once_assumptions_are_shown(panel: Panel, tmp_path: Path) -> None:
    scenario = panel.setting.scenario
    asked: list[Mapping[str, float]] = []

    def prepare_before(values: Mapping[str, float], on_progress: Progress) -> Setting:
        asked.append(values)
        return prepare(scenario.with_values({"shop.future_value_factor": 0.5, **values}), sample=SMALL)

    screen = Screen(panel, tmp_path)
    screen.workbench._prepare_before = prepare_before
    screen.ask(ask="assumptions")
    assert screen.only("assumptions")["before"] == WAITING
    words = screen.only("before")["words"]
    own = panel.outcome.per_year().mean()
    assert words.startswith(
        f"Net value a year: {format_money(own, 'USD')}, too few cases to tell; with the assumptions"
    )
    assert "; with the assumptions before calibration $" in words
    screen.show(credit=30.0)
    screen.ask(ask="assumptions")
    words = screen.only("before")["words"]
    then = prepare_before({}, lambda *_: None).payoffs
    moved = compare(evaluate(screen.workbench.panel.policy, then), evaluate(panel.approved, then))
    level = format_money(moved.per_year().mean(), "USD", signed=True)
    assert words.startswith("Net value a year against “Policy in force”: ")
    assert f"before calibration {level}, " in words
    assert len(asked) == 2  # once for the screen, once above: it is kept


def test_the_range_is_told_before_and_now() -> None:
    scenario = load_scenario("online_retail")
    enough = Sample(cases=3_000, draws=20, seed=1)
    panel = open_panel(prepare(scenario, sample=enough), load_policy("current", scenario))
    panel = panel.with_limits({"agent": {"keep_item": 30.0, "goodwill": 40.0}})
    before = prepare(scenario.with_values({"shop.future_value_factor": 0.5}), sample=enough)
    ends = [
        [
            format_money(end, "USD", signed=True)
            for end in compare(evaluate(panel.policy, payoffs), evaluate(panel.approved, payoffs)).interval_per_year()
        ]
        for payoffs in (panel.payoffs, before.payoffs)
    ]
    words = before_words(panel, before)
    for low, high in ends:
        assert f"likely {low} to {high}" in words


def test_the_scenario_before_is_the_nearest_without_own_measurements(tmp_path: Path) -> None:
    assert scenario_before("online_retail") is None
    own = "\n  response:\n    wait_weight: {value: 0.5, trust: own, source: ours}\n"
    (tmp_path / "base.yaml").write_text("extends: online_retail\nname: base\ntitle: Base\n")
    (tmp_path / "mine.yaml").write_text(f"extends: base.yaml\nname: mine\nassumptions:{own}")
    (tmp_path / "again.yaml").write_text("extends: mine.yaml\nname: again\n")
    for name in ("mine", "again"):
        before = scenario_before(tmp_path / f"{name}.yaml")
        assert before is not None
        assert before.name == "base"


def test_the_screen_s_base_is_the_policy_in_force_whatever_it_is_compared_with(screen: Screen) -> None:
    screen.show(baseline={"preset": "generous"})
    screen.ask(ask="assume", values={"shop.future_value_factor": 0.5})
    base = screen.only("assumed")["frame"]["base"]
    panel = screen.workbench.panel
    assert panel.baseline.policy.name == "generous"
    in_force = evaluate(panel.approved, panel.payoffs)
    for name, value in base.items():
        assert value == pytest.approx(in_force.per_case(name).mean()), name


def test_export_and_open_again(screen: Screen, panel: Panel, tmp_path: Path) -> None:
    screen.show(credit=25, keep_item="ask")
    screen.ask(ask="review")
    assert "allows whatever" in screen.only("review")["verdict"]
    screen.ask(ask="export", formats=["json", "html"])
    assert screen.only("exported")["files"][:2] == ["current_v2.json", "current_v2.card.html"]
    text = next(buffers[0] for content, buffers in screen.sent if content["kind"] == "exported").decode()
    assert json.loads(text) == json.loads((tmp_path / "current_v2.json").read_text())
    screen.show(order="2", credit=5)
    screen.ask(ask="load", name="../../policy.json", text=text)
    loaded = screen.only("loaded")
    assert loaded["name"] == "policy.json"
    assert loaded["limits"]["agent"]["credit"] == 25.0
    assert loaded["limits"]["agent"]["keep_item"] == "ask"
    assert panel.policy.limit("agent", "keep_item") == ASK
    screen.ask(ask="load", name="policy.json", text=export_policy(panel.policy).replace('"refund"', '"refnd"', 1))
    assert "refnd" in screen.only("problem")["words"]


def test_rules_are_found_shown_changed_and_written(screen: Screen, panel: Panel, tmp_path: Path) -> None:
    kinds = [message["kind"] for message in screen.ask(ask="find_rules", are_limits_best=False)]
    assert kinds.index("presets") < kinds.index("found")
    preset = next(row for row in screen.only("presets")["presets"] if row["name"] == screen.only("found")["preset"])
    playbook = preset["playbook"]
    assert len(playbook["rules"]) > 1
    asked = {"limits": preset["limits"], "playbook": playbook, "baseline": IN_FORCE, "hand": ["agent", "credit"]}
    screen.ask(ask="show", order="1", **asked)
    assert len(screen.only("view")["book"]["rules"]) == len(playbook["rules"])
    assert screen.only("effect")["effect"] is None
    screen.ask(ask="rules", order="1")
    assert len(screen.only("rules")["rows"]) == len(playbook["rules"])
    assert len(screen.only("gap")["rows"]) == 6
    fewer = {"rules": playbook["rules"][1:]}
    screen.ask(ask="show", order="2", **asked | {"playbook": fewer})
    assert screen.only("effect")["effect"]["change"] < 0
    assert len(screen.curves(is_sure=True)) == len(panel.levers)  # each is another now
    assert screen.workbench.panel.policy.playbook is not None
    # what is written holds the rules, and brings them back
    screen.ask(ask="export", formats=["json"])
    text = (tmp_path / "current_v2.json").read_text()
    screen.ask(ask="load", name="policy.json", text=text)
    assert screen.only("loaded")["playbook"] == fewer
    # a baseline of its own has rules of its own
    screen.ask(ask="show", order="3", **asked | {"baseline": {"limits": preset["limits"], "playbook": playbook}})
    assert screen.only("view")["outcomes"]["net_value"]["change"] == 0.0
    screen.ask(ask="show", order="4", **asked | {"playbook": {"rules": [{"failure": "wrong_itm", "give": []}]}})
    assert "wrong_itm" in screen.only("problem")["words"]


def test_a_search_that_is_given_up_says_so(screen: Screen) -> None:
    def give_up(*_: Any, **__: Any) -> Panel:
        raise Cancelled

    with patch.object(Panel, "with_best_rules", give_up):
        screen.ask(ask="find_rules", are_limits_best=True)
    assert screen.only("found")["preset"] == ""
    assert not [content for content, _ in screen.sent if content["kind"] in ("presets", "problem")]
    screen.ask(ask="cancel")
    assert screen.only("found")["preset"] == ""
