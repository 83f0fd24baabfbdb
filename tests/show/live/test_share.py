"""The shared file: small, closed to the network, and its numbers are the panel's."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policy_sim import ASK, NO_LIMIT, load_policy, load_scenario
from policy_sim.border import InputError
from policy_sim.show.live.share import MOST_BYTES, share
from policy_sim.show.live.state import Panel, open_panel
from policy_sim.study import Sample, prepare
from policy_sim.value import evaluate


@pytest.fixture(scope="module")
def panel() -> Panel:
    scenario = load_scenario("online_retail")
    panel = open_panel(prepare(scenario, sample=Sample(cases=400, draws=7, seed=1)), load_policy("current", scenario))
    return panel.with_limits({"agent": {"keep_item": 30.0}})


@pytest.fixture(scope="module")
def small(panel: Panel) -> Panel:
    """A panel of few cases, whose title would end a script, for what does not hang on numbers."""
    scenario = panel.setting.scenario.model_copy(update={"title": "</script><script>alert(1)</script>"})
    setting = prepare(scenario, sample=Sample(cases=60, draws=4, seed=1))
    return open_panel(setting, panel.approved)


@pytest.fixture(scope="module")
def page(panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> str:
    return share(panel, tmp_path_factory.mktemp("shared") / "new" / "panel.html").read_text(encoding="utf-8")


def content_of(page: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    element = re.search(r'<script type="application/json" id="content">(.*?)</script>', page, re.DOTALL)
    assert element is not None
    content = json.loads(element.group(1))
    raw = zlib.decompress(base64.b64decode(content["packed"]))
    arrays = {
        entry["name"]: np.frombuffer(raw, entry["type"], entry["count"], entry["at"]) for entry in content["directory"]
    }
    return content, arrays


def test_it_is_small_and_names_no_other_place(page: str) -> None:
    assert len(page.encode()) < MOST_BYTES
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)


def test_its_policy_lets_nothing_in_but_what_it_holds(page: str) -> None:
    element = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert element is not None
    policy = html.unescape(element.group(1))
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for tag, name in (('script type="module"', "script"), ("style", "style")):
        text = re.search(rf"<{tag}>(.*?)</{name}>", page, re.DOTALL)
        assert text is not None
        digest = base64.b64encode(hashlib.sha256(text.group(1).encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


def test_its_curves_are_the_panel_s_where_a_slider_can_stand(panel: Panel, page: str) -> None:
    _, arrays = content_of(page)
    for lever, view in panel.curves(panel.levers).items():
        stops = np.array([ASK, *panel.stops(lever), NO_LIMIT])
        curve = view.at(stops)
        assert arrays[f"{lever}.limits"].tolist() == stops.tolist()
        for name, values in curve.level.items():
            stored = arrays[f"{lever}.{name}_level"]
            base = 0.0 if stored.dtype == np.float64 else panel.baseline.per_case(name).mean()
            np.testing.assert_allclose(stored + base, values, rtol=1e-7, atol=1e-12)
        np.testing.assert_allclose(arrays[f"{lever}.net_value_low"], curve.low["net_value"], rtol=1e-6, atol=1e-6)


def test_policies_that_one_may_go_to_are_known_exactly(panel: Panel, page: str) -> None:
    content, _ = content_of(page)
    assert [known["limits"] for known in content["known"]] == [row["limits"] for row in content["frame"]["presets"]]
    for preset, known in zip(panel.presets, content["known"], strict=True):
        tiers = [
            tier.model_copy(update={"limits": preset.tiers[k].limits}) for k, tier in enumerate(panel.policy.tiers)
        ]
        outcome = evaluate(panel.policy.model_copy(update={"tiers": tuple(tiers)}), panel.payoffs)
        level = known["view"]["outcomes"]["net_value"]["level"]
        assert level == pytest.approx(outcome.per_case().mean(), rel=1e-9)


def net_by_table(content: dict[str, Any], arrays: dict[str, np.ndarray], moved: Panel) -> float:
    """Return the mean net value that the table of a shared file says for other limits."""
    table, count = content["table"], len(arrays["cell"])
    low, high = np.array(table["low"]), np.array(table["high"])
    value = arrays["value"].reshape(2, len(low), -1) / 65_535 * (high - low)[:, None] + low[:, None]
    uses = arrays["uses"].reshape(-1, len(table["names"]))
    rank = arrays["rank"].reshape(2, len(table["styles"][0]), -1)
    last = arrays["last"].reshape(len(low), -1) / 65_535 * (high - low)[:, None] + low[:, None]
    totals = np.zeros(len(low))
    for i, start in enumerate(arrays["start"]):
        rows = np.arange(arrays["offset"][i], arrays["offset"][i + 1])
        measures = last[:, i]
        for k in range(int(start), 2):
            most = [100 * moved.policy.limit(table["tiers"][k], name) for name in table["names"]]
            permitted = rows[(uses[rows] <= most).all(axis=1)]
            if permitted.size:
                best = [permitted[np.argmin(order[permitted])] for order in rank[k]]
                measures = value[k][:, best] @ np.array(table["styles"][k])
                break
        totals += measures / count
    return float(totals @ np.array(table["signs"]))


OTHERS: tuple[dict[str, dict[str, float]], ...] = ({}, {"agent": {"credit": 25.0}, "lead": {"keep_item": 80.0}})


def test_its_table_chooses_as_the_library_does(panel: Panel, page: str) -> None:
    content, arrays = content_of(page)
    assert len(arrays["cell"]) == 400
    for limits in OTHERS:
        moved = panel.with_limits(limits)
        # shares of styles and values are averaged apart, and the load is that of the shared policy
        expected = moved.outcome.per_case().mean()
        assert net_by_table(content, arrays, moved) == pytest.approx(expected, rel=2e-3)


def test_rules_are_shared_with_what_they_bring(panel: Panel, tmp_path: Path) -> None:
    give = ["replacement", "keep_item", "apology_note"]
    guided = panel.with_rules({"rules": [{"failure": "wrong_item", "give": give}]})
    preset = guided.policy.model_copy(update={"name": "other", "playbook": None})
    guided = Panel(guided.setting, guided.policy, guided.baseline, guided.approved, (*guided.presets, preset))
    page = share(guided, tmp_path / "guided.html").read_text(encoding="utf-8")
    assert len(page.encode()) < MOST_BYTES
    content, arrays = content_of(page)
    assert content["frame"]["has_fixed_rules"]
    assert content["frame"]["playbook"] == {"rules": [{"failure": "wrong_item", "give": give}]}
    assert content["view"]["book"]["rules"][0]["give"] == "Replacement, keep the item, apology note"
    assert len(content["guidance"]["rows"]) == 1
    assert len(content["gap"]["rows"]) == 6
    # whatever has other rules cannot be worked out from the file
    assert [row["name"] for row in content["frame"]["presets"]] == [panel.approved.name]
    nets = [net_by_table(content, arrays, guided.with_limits(limits)) for limits in OTHERS]
    expected = [guided.with_limits(limits).outcome.per_case().mean() for limits in OTHERS]
    # what looking up costs is in all of them
    assert nets[1] - nets[0] == pytest.approx(expected[1] - expected[0], abs=2e-3 * abs(expected[0]))


def test_text_of_a_scenario_cannot_end_its_script(small: Panel, tmp_path: Path) -> None:
    page = share(small, tmp_path / "x.html").read_text()
    assert "alert(1)</script>" not in page
    assert page.count("<script") == 2
    assert content_of(page)[0]["frame"]["scenario"] == small.setting.scenario.title


def test_a_place_that_cannot_be_written_is_said(small: Panel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        share(small, tmp_path / "file" / "panel.html")
