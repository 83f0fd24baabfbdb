"""What the page is told once: every word of it comes from `words`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from policy_sim import load_policy, load_scenario
from policy_sim.show.live.frame import frame_content
from policy_sim.show.live.state import Panel, open_panel
from policy_sim.study import Sample, prepare
from policy_sim.words import LIMIT_KINDS, OUTCOMES, PARTS, TILES


@pytest.fixture(scope="module")
def panel() -> Panel:
    scenario = load_scenario("online_retail")
    return open_panel(prepare(scenario, sample=Sample(100, 5, 1)), load_policy("current", scenario))


@pytest.fixture(scope="module")
def frame(panel: Panel) -> dict[str, Any]:
    return frame_content(panel)


def test_it_goes_to_the_page_as_it_is(frame: dict[str, Any]) -> None:
    assert json.loads(json.dumps(frame, allow_nan=False)) == frame


def test_limits_bring_their_words(frame: dict[str, Any]) -> None:
    for row in frame["levers"]:
        words = LIMIT_KINDS[row["limit"]]
        assert (row["title"], row["axis"]) == (words.title, words.axis)
        assert f"{row['does']} up to" == words.sentence
    assert frame["hand"] == {"tier": "agent", "limit": "keep_item"}


def test_outcomes_bring_units_and_directions(frame: dict[str, Any]) -> None:
    assert (frame["tiles"], frame["parts"]) == (list(TILES), list(PARTS))
    shown = {*TILES, *PARTS}
    assert set(frame["outcomes"]) == set(frame["base"]) == shown
    for name in shown:
        words = frame["outcomes"][name]
        assert all(getattr(OUTCOMES[name], key) == value for key, value in words.items())
    assert {frame["value"], frame["spend"], *frame["curve_columns"]} <= shown


def test_a_case_of_ones_own_asks_for_facts_of_a_case(frame: dict[str, Any], panel: Panel) -> None:
    facts = {
        field["name"]: field["choices"][0]["name"] if "choices" in field else field["value"]
        for field in frame["case_fields"]
    }
    assert panel.case(facts)["resolutions"]
    assert {field["name"]: field["title"] for field in frame["case_fields"]}["item_price"] == "Item price (USD)"


def test_a_tile_takes_a_record_of_words_and_nothing_else(tmp_path: Path) -> None:
    script = Path(__file__).with_name("one_more_tile.py")
    subprocess.run([sys.executable, str(script), str(tmp_path), "frame"], check=True, timeout=300)
    frame = json.loads((tmp_path / "frame.json").read_text(encoding="utf-8"))
    assert frame["tiles"] == [*TILES, "supervisor_minutes"]
    assert frame["outcomes"]["supervisor_minutes"]["title"] == "Supervisor minutes"
    assert frame["base"]["supervisor_minutes"] > 0
