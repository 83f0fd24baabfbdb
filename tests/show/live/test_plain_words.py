"""Nothing that the page shows is a name of the program: all that Python sends, and all sentences of its modules."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from policy_sim import load_policy, load_scenario
from policy_sim.show.live.frame import frame_content
from policy_sim.show.live.script import PAGE
from policy_sim.show.live.state import Panel, open_panel
from policy_sim.study import Sample, prepare

#: Keys of what is sent to the page whose values name something to Python, and are shown nowhere.
SILENT = frozenset(
    (
        *(
            "name",
            "tier",
            "limit",
            "limits",
            "failure",
            "fact",
            "end",
            "give",
            "followed",
            "approved",
            "value",
            "spend",
        ),
        *("tiles", "parts", "curve_columns", "hand", "menus", "scenario_fingerprint", "fingerprint", "version"),
        *("links", "rests_on", "of"),
        *("currency", "unit", "playbook", "base", "trust", "severity", "arrays", "card"),
    )
)
#: Units of assumptions are shown; those of outcomes and of fields are not.
SHOWN_UNITS = SILENT - {"unit", "severity"}


@pytest.fixture(scope="module")
def plain() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plain_words", Path(__file__).parents[2] / "plain_words.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def opened(scenario_name: str) -> Panel:
    scenario = load_scenario(scenario_name)
    panel = open_panel(prepare(scenario, sample=Sample(60, 4, 1)), load_policy("current", scenario))
    return panel.with_limits({"agent": {"keep_item": 30.0, "credit": 15.0}})


@pytest.mark.parametrize("scenario_name", ["online_retail", "moving_service"])
def test_nothing_that_python_sends_is_a_name_of_the_program(plain: ModuleType, scenario_name: str) -> None:
    panel = opened(scenario_name)
    assert panel.break_evens()
    sent: dict[str, Any] = {
        "frame": frame_content(panel),
        "view": panel.view(),
        "review": panel.review(),
        "gap": panel.gap(),
        "stories": [panel.case({"story": story["name"]}) for story in panel.stories()],
        "case": panel.case({field["name"]: _first(field) for field in frame_content(panel)["case_fields"]}),
        "trusts": panel.trusts(),
        "chain": panel.chain(),
        "months": panel.months(),
    }
    texts = list(plain.texts_of(sent, SILENT))
    texts += plain.texts_of([panel.assumptions(), panel.break_evens()], SHOWN_UNITS)
    assert len(texts) > 300
    assert not plain.names_of_the_program(texts)


def _first(field: dict[str, Any]) -> Any:
    return field["choices"][0]["name"] if "choices" in field else field["value"]


@pytest.mark.parametrize("path", sorted(PAGE.glob("*.js")), ids=lambda path: path.name)
def test_no_sentence_of_the_page_s_modules_is_a_name_of_the_program(plain: ModuleType, path: Path) -> None:
    assert not plain.names_of_the_program(plain.shown_literals(path.read_text(encoding="utf-8")))


def test_names_are_told_from_words(plain: ModuleType) -> None:
    names = ["weight is 0.3 logits", "response.wait_weight", "up to nan", "1.2 ratio", "200 draws", "a {value}"]
    assert len(plain.names_of_the_program(names)) == len(names)
    words = ["looks suspicious (score 0.6 or more)", "4.1 of 100 customers", "policy_sim 0.1.0", "current_v2.json"]
    assert not plain.names_of_the_program(words)
    script = '// no draws here\nconst a = node("p", { class: "ps-a ps-b" }, `Of ${count} draws in ten`);'
    assert list(plain.shown_literals(script)) == ["Of … draws in ten"]
