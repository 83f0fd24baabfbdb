"""What the screen asks and what it is answered, without a browser."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from policy_sim import ASK, Lever, compare, evaluate, export_policy, load_policy, load_scenario, threshold_curve
from policy_sim.border import Progress
from policy_sim.publish import read_file
from policy_sim.show.live.assuming import most_moving
from policy_sim.show.live.before import WAITING, before_words, change_words, scenario_before
from policy_sim.show.live.frame import frame_content
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

    def __init__(self, panel: Panel, folder: Path | None, has_visitors: bool = False) -> None:
        scenario = panel.setting.scenario

        def prepare_anew(values: Mapping[str, float | str], on_progress: Progress) -> Setting:
            on_progress("Drawing cases", 0, 1)
            return prepare(scenario.with_values(values), sample=SMALL)

        self.sent: list[tuple[Message, list[bytes]]] = []
        self.workbench = Workbench(panel, folder, prepare_anew, has_visitors=has_visitors)
        self.workbench.send = lambda content, buffers=None: self.sent.append((content, buffers or []))  # type: ignore[method-assign]

    def ask(self, **message: Any) -> list[Message]:
        self.sent.clear()
        self.workbench._answer(None, message, None)
        self.workbench.wait()
        return [content for content, _ in self.sent]

    def show(self, order: str = "1", baseline: Mapping[str, Any] = IN_FORCE, **agent: Any) -> list[Message]:
        limits = {"agent": agent}
        return self.ask(ask="show", order=order, limits=limits, baseline=baseline, hand=["agent", "credit"])

    def saved(self) -> bytes:
        """What the browser saves of the last export."""
        return next(buffers[0] for content, buffers in self.sent if content["kind"] == "exported")

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
    answer = screen.only("answer")["answer"]
    assert answer == frame_content(screen.workbench.panel)["answer"]
    doubts = screen.only("doubts")["rows"]
    assert {row["name"] for row in doubts} >= {"shop.future_value_factor"}
    # a second time everything is there but what follows from it
    kinds = [message["kind"] for message in screen.ask(ask="study")]
    assert "answer" not in kinds
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


def test_what_was_typed_is_read_before_anything_is_valued(screen: Screen, panel: Panel) -> None:
    typed = {
        "shop.label_cost": "5-9",
        "shop.unit_cost_share": "much",
        "claiming.temptation": "0 to 9",
        "queue.staff": "2.5",
    }
    assert [answer["kind"] for answer in screen.ask(ask="read_assumed", values=typed)] == ["heard", "readings"]
    readings = screen.only("readings")
    assert readings["words"] == {"shop.label_cost": "$5 to $9, most likely $6, as before"}
    assert sorted(readings["problems"]) == ["claiming.temptation", "queue.staff", "shop.unit_cost_share"]
    assert (readings["is_taken"], readings["is_refused"]) == (False, False)
    # asked for, nothing is valued while something is wrong
    assert [answer["kind"] for answer in screen.ask(ask="assume", values=typed)] == ["heard", "readings"]
    assert screen.only("readings")["is_refused"]
    assert screen.workbench.panel.setting is panel.setting
    for hostile in (
        "abc",
        5,
        None,
        ["shop.label_cost"],
        {"shop.label_cots": 3},
        {"<b>": {"a": []}},
        {"queue.staff": []},
    ):
        screen.ask(ask="assume", values=hostile)
        readings = screen.only("readings")
        assert readings["is_refused"]
        assert "\n" not in readings["problem"] + "".join(readings["problems"].values())
    # what is mended is taken: in a form that a link can carry, and that brings the same again
    screen.ask(ask="assume", values={"shop.label_cost": "5-9", "shop.unit_cost_share": "40 %", "queue.staff": "2"})
    assert screen.only("readings")["is_taken"]
    assumed = screen.only("assumed")
    assert assumed["values"] == {"shop.label_cost": "$5 to $9", "shop.unit_cost_share": 0.4}
    now = screen.workbench.panel.setting.scenario
    assert now.assumption("shop.label_cost").range == (5, 9)
    screen.ask(ask="assume", values=assumed["values"])
    assert screen.workbench.panel.setting.scenario == now


def test_a_range_is_read_by_what_the_scenario_has_whatever_was_assumed_since(screen: Screen) -> None:
    screen.ask(ask="assume", values={"shop.label_cost": 9})
    screen.ask(ask="assume", values={"shop.label_cost": "5 to 10"})
    assert screen.workbench.panel.setting.scenario.value("shop.label_cost") == 6
    rows = {row["name"]: row for row in screen.ask(ask="assumptions")[1]["rows"]}
    assert (rows["shop.label_cost"]["text"], rows["shop.label_cost"]["own"]) == ("$5 to $10", "$6")
    screen.ask(ask="assume", values={})
    assert screen.only("assumed")["values"] == {}
    assert screen.workbench.panel.setting.scenario.assumption("shop.label_cost").trust == "assumed"
    rows = {row["name"]: row for row in screen.ask(ask="assumptions")[1]["rows"]}
    assert rows["shop.label_cost"]["text"] == "$6"


def test_assumptions_that_move_most_come_first(screen: Screen) -> None:
    assert screen.ask(ask="assumptions")[1]["matter"] == {"of": "", "names": []}
    screen.show(credit=25.0)
    swings = {
        row["name"]: abs(row["difference_high"] - row["difference_low"]) for row in screen.only("break_evens")["rows"]
    }
    matter = screen.ask(ask="assumptions")[1]["matter"]
    assert matter["of"] == "what this policy brings over the one that it is compared with"
    assert matter["names"] == sorted(swings, key=lambda name: -swings[name])[:10]
    # those of the answer count for more, as soon as there is one
    screen.ask(ask="study")
    matter = screen.only("matter")["matter"]
    rows = screen.workbench.panel.doubts()
    assert matter == {"of": "what the recommended limits bring over the policy in force", "names": most_moving(rows)}
    assert screen.ask(ask="assumptions")[1]["matter"] == matter


def test_assumptions_that_were_not_measured_here_have_no_before(screen: Screen) -> None:
    answers = screen.ask(ask="assumptions")
    assert [answer["kind"] for answer in answers] == ["heard", "assumptions"]
    assert screen.only("assumptions")["before"] == ""
    assert sum(trust["count"] for trust in screen.only("assumptions")["trusts"]) == len(answers[1]["rows"])


def test_what_net_value_was_before_calibration_is_told_once_assumptions_are_shown(panel: Panel, tmp_path: Path) -> None:
    scenario = panel.setting.scenario
    asked: list[Mapping[str, float | str]] = []

    def prepare_before(values: Mapping[str, float | str], on_progress: Progress) -> Setting:
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


def test_what_a_change_does_to_the_interval_is_told() -> None:
    scenario = load_scenario("online_retail")
    enough = Sample(cases=3_000, draws=20, seed=1)
    panel = open_panel(prepare(scenario, sample=enough), load_policy("current", scenario))
    level = format_money(panel.outcome.per_year().mean(), "USD")
    told = f"{level}, too few cases to tell"  # of the policy itself, which needs more of them than a difference does
    assert change_words(panel, panel) == f"Net value a year was {told}; with these assumptions it is {told}."
    panel = panel.with_limits({"agent": {"keep_item": 30.0, "goodwill": 40.0}})
    assert change_words(panel, panel).endswith(", as wide as before.")
    unsure = scenario.with_values({"remedy.return_trouble": "$0 to $20"})
    now = panel.assuming(prepare(unsure, sample=enough))
    words = change_words(panel, now)
    widths = []
    for one in (panel, now):
        low, high = compare(one.outcome, one.baseline).interval_per_year()
        assert f"likely {format_money(low, 'USD', signed=True)} to {format_money(high, 'USD', signed=True)}" in words
        widths.append(high - low)
    assert words.endswith(f", {round(100 * widths[1] / widths[0] - 100)}% wider.")


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
    review = screen.only("review")
    assert "allows whatever" in review["verdict"]
    assert not any("Assumptions" in warning["words"] for warning in review["warnings"])
    screen.ask(ask="export", formats=["json", "html"])
    assert screen.only("exported")["files"] == ["current_v2.json", "current_v2.card.html", "policy.schema.json"]
    assert screen.only("exported")["download"] == "current_v2.zip"
    with zipfile.ZipFile(io.BytesIO(screen.saved())) as together:
        assert {name: together.read(name) for name in together.namelist()} == {
            path.name: path.read_bytes() for path in tmp_path.iterdir()
        }
    screen.ask(ask="export", formats=["json"])
    assert screen.only("exported")["download"] == "current_v2.json"
    text = screen.saved().decode()
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


def test_an_export_without_a_folder_is_only_downloaded(
    panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    screen = Screen(panel, None, has_visitors=True)
    assert screen.workbench.frame["is_writing"] is False
    screen.show(credit=25)
    screen.ask(ask="export", formats=["json"])
    told = screen.only("exported")
    assert (told["files"], told["place"], told["download"]) == (["current_v2.json"], "", "current_v2.json")
    assert not list(tmp_path.iterdir())
    screen.ask(ask="export", formats=["json", "csv"])
    first = screen.saved()
    screen.ask(ask="export", formats=["json", "csv"])
    assert screen.saved() == first  # the same files make the same archive
    assert not list(tmp_path.iterdir())


def test_exports_of_visitors_lie_in_folders_of_their_own(panel: Panel, tmp_path: Path) -> None:
    top = tmp_path / "exports"
    (top / "export_7").mkdir(parents=True)  # of a day before
    for number, credit in ((8, 25), (9, 15)):
        screen = Screen(panel, top, has_visitors=True)
        assert screen.workbench.frame["is_writing"] is True
        screen.show(credit=credit)
        screen.ask(ask="export", formats=["json"])
        assert screen.only("exported")["place"] == str(top / f"export_{number}")
    for number, credit in ((8, 25), (9, 15)):
        written = json.loads((top / f"export_{number}" / "current_v2.json").read_text())
        assert next(tier for tier in written["tiers"] if tier["name"] == "agent")["limits"]["credit"] == credit
    # what is refused leaves nothing behind
    screen.ask(ask="export", formats=["json", "../../csv"])
    assert "unknown format '../../csv'" in screen.only("problem")["words"]
    screen.ask(ask="export", formats=[])
    assert "no format was chosen" in screen.only("problem")["words"]
    assert sorted(path.name for path in top.iterdir()) == ["export_7", "export_8", "export_9"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("../..", "{}", "a file cannot be opened under the name '../..'"),
        ("", "{}", "a file cannot be opened under the name ''"),
        ("a\0.json", "{}", r"a file cannot be opened under the name 'a\x00.json'"),
        ("x" * 300 + ".json", "{}", "a file cannot be opened under the name 'xxx"),
        ("C:\\users\\..\\policy.json", "[", "file 'policy.json'"),
        ("policy.json", " " * 5_000_001, "holds more than 5,000,000 bytes"),
        ("policy.json", "[" * 100_000, "nested too deeply"),
        ("policy.json", "\ud800", "is not UTF-8 text"),
        ("policy.exe", "x" * 100_000, ".exe"),
    ],
)
def test_a_hostile_file_is_refused_in_one_line(screen: Screen, name: str, text: str, words: str) -> None:
    screen.ask(ask="load", name=name, text=text)
    said = screen.only("problem")["words"]
    assert words in said
    assert said.isprintable()
    assert len(said) < 1_000
    assert "/tmp" not in said


@pytest.mark.parametrize(
    "message",
    [
        {"ask": "show", "order": "1"},
        {"ask": "show", "order": "1", "limits": {"agent": {"x" * 1_000_000: 1}}, "baseline": IN_FORCE, "hand": []},
        {"ask": "show", "order": "1", "limits": {}, "baseline": {"preset": "a\nb"}, "hand": ["agent", "credit"]},
        {"ask": "show", "order": "1", "limits": [], "baseline": IN_FORCE, "hand": ["agent", "credit"]},
        {"ask": "load", "order": "1"},
    ],
)
def test_a_message_that_makes_no_sense_is_answered_in_one_line(screen: Screen, message: Message) -> None:
    screen.ask(**message)
    # what is wrong with assumptions is said beside their fields
    said = screen.only("readings")["problem"] if message["ask"] == "assume" else screen.only("problem")["words"]
    assert said
    assert said.isprintable()
    assert len(said) < 1_000


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


def test_the_best_within_a_budget_is_found_in_whole_units_or_said_not_to_be(screen: Screen, panel: Panel) -> None:
    spent = panel.baseline.per_year("remedy_cost").mean()
    screen.ask(ask="within_budget", budget=0.85 * spent)
    preset = next(
        row for row in screen.only("presets")["presets"] if row["name"] == screen.only("found_within")["preset"]
    )
    assert preset["title"] == f"Best within {format_money(0.85 * spent, 'USD')}"
    limits = [limit for of_tier in preset["limits"].values() for limit in of_tier.values()]
    assert all(isinstance(limit, str) or limit == int(limit) for limit in limits)
    found = screen.workbench.panel
    assert found.outcome_of(found.presets[-1]).per_year("remedy_cost").mean() <= 0.85 * spent
    point = found.points()[-1]
    assert (point["name"], point["is_recommended"]) == ("within_budget", True)
    refused = {1.0: "no limits are within $1.00 a year: the least possible spend", -1: "budget is -1"}
    for budget, words in (refused | {None: "no budget is set", "all": "budget is 'all'", np.nan: "is nan"}).items():
        screen.ask(ask="within_budget", budget=budget)
        assert words in screen.only("problem")["words"]
        assert screen.only("found_within")["preset"] == ""


def test_the_budget_is_written_where_the_policy_came_from(screen: Screen, panel: Panel, tmp_path: Path) -> None:
    screen.show(keep_item=30)
    for name in ("json", "csv", "html"):
        screen.ask(ask="export", formats=[name], budget=300_000)
    spent = panel.with_limits({"agent": {"keep_item": 30.0}}).outcome.per_year("remedy_cost").mean()
    read = read_file(next(tmp_path.glob("*.json"))).record.provenance.expected_spending
    assert read is not None
    assert (read.remedy_cost, read.budget) == (pytest.approx(spent, abs=0.01), 300_000)
    assert read_file(next(tmp_path.glob("*.csv"))).record.provenance.expected_spending == read
    assert "expected_spending" in next(tmp_path.glob("*.html")).read_text()


def test_a_case_is_answered_for_its_order_and_problems_too(screen: Screen, panel: Panel) -> None:
    screen.ask(ask="case", facts={"story": "lost_adapter"}, order="case 1")
    assert screen.only("case")["order"] == "case 1"
    assert screen.only("case")["tier"] == panel.case({"story": "lost_adapter"})["tier"]
    for facts in ({"story": "lost"}, {"item_price": "much"}, [], None):
        screen.ask(ask="case", facts=facts, order="case 2")
        assert screen.only("problem")["order"] == "case 2"


def test_of_a_link_s_assumptions_those_that_fit_are_made(screen: Screen) -> None:
    values = {"shop.future_value_factor": 0.5, "shop.margin": 2, "of.mine": 1, "shop.cases_per_year": "a lot"}
    screen.ask(ask="assume_what_fits", values=values)
    assert screen.only("assumed")["values"] == {"shop.future_value_factor": 0.5}
    parts = screen.only("left_out")["parts"]
    assert len(parts) == 3
    assert "there is no assumption 'of.mine'" in parts[1]
    screen.ask(ask="assume_what_fits", values={"of.mine": 1})
    assert screen.only("frontier")["points"]  # what follows without assumptions


@pytest.mark.parametrize("limits", [None, [], {"agent": None}, {"agent": {"credit": {}}}, {"boss": {"credit": 1}}])
def test_whatever_is_sent_is_answered(screen: Screen, limits: Any) -> None:
    screen.ask(ask="show", order="1", limits=limits, baseline=IN_FORCE, hand=["agent", "credit"])
    assert screen.only("problem")["order"] == "1"
    screen.ask(ask="show", order="2", limits={}, baseline={"preset": "mine"}, hand=["agent", "credit"])
    assert "unknown policy 'mine'" in screen.only("problem")["words"]


def test_what_is_behind_the_screen_is_told(screen: Screen) -> None:
    """How its numbers come about, what gives them again, and what they cost month by month."""
    screen.show(keep_item=30)
    screen.ask(ask="chain", outcome="remedy_cost")
    told = screen.only("chain")
    assert (told["outcome"], told["policy"]) == ("remedy_cost", "Policy in force")
    assert told["steps"][-1]["mine"] == pytest.approx(screen.workbench.panel.outcome.per_year().mean())
    screen.ask(ask="chain", outcome="net_value", preset="generous")
    assert screen.only("chain")["policy"] == "Generous"
    screen.ask(ask="chain", outcome="net_value", preset="nobody")
    assert "policy 'nobody'" in screen.only("problem")["words"]
    screen.ask(ask="reproduce")
    texts = {block["name"]: block["text"] for block in screen.only("reproduce")["blocks"]}
    assert '.with_limit(Lever("agent", "keep_item"), 30)' in texts["python"]
    assert "curve agent.credit --policy policy_in_hand.yaml --cases 300 --draws 7 --seed 1" in texts["command"]
    screen.ask(ask="months", order="1")
    assert len(screen.only("months")["rows"]) == 24
    assert screen.only("months")["order"] == "1"
