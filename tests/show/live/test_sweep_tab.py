"""The tab answers what is chosen, and says what cannot be asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from ipywidgets import Dropdown

from policy_sim.border import InputError
from policy_sim.show.live.sweep_tab import sweep_tab
from policy_sim.sweep.design import Design
from policy_sim.sweep.discovery import discover
from policy_sim.sweep.folder import run_sweep
from policy_sim.sweep.results import open_sweep

FACTORS = {"response.paradox": None, "shop.salvage_share": None, "shop.future_value_factor": None}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    design = Design(
        name="tab",
        title="A <small> sweep",
        policy="generous",
        against="current",
        cases=100,
        outcomes=("gain", "enough.agent.keep_item"),
        runs={"method": "saltelli", "count": 16, "factors": FACTORS},
    )
    into = tmp_path_factory.mktemp("tab")
    run_sweep(design, into)
    return into


def test_every_tab_answers(folder: Path) -> None:
    about, outcome, tabs = sweep_tab(folder).children
    assert about.value == "<b>A &lt;small&gt; sweep</b>: 80 runs"
    assert tabs.titles == ("What decides", "Where it is bad", "Best limit where", "Regret")
    decides, bad, where, regret = tabs.children
    assert "<img alt=" in decides.value
    assert "future_value_factor" in decides.value
    control, answer = bad.children
    assert discover(open_sweep(folder), "gain", below=control.value).words[:30] in answer.value
    assert "nothing to choose" in regret.value
    before = where.children[1].value
    outcome.value = "enough.agent.keep_item"
    assert where.children[1].value != before
    sides = where.children[0].children
    assert all(isinstance(side, Dropdown) and side.description for side in sides)
    sides[0].value = sides[1].value
    assert "a map needs two factors" in where.children[1].value


def test_other_designs_say_what_they_cannot_tell(tmp_path: Path) -> None:
    runs = {"method": "full_factorial", "factors": {"policy": ["current", "generous"]}}
    one = Design(name="one", cases=60, runs=runs)
    run_sweep(one, tmp_path)
    _, _, tabs = sweep_tab(tmp_path).children
    assert "no parts of the method" in tabs.children[0].value
    assert "too few factors" in tabs.children[2].children[1].value
    assert "mean_regret" in tabs.children[3].value
    with pytest.raises(InputError, match="holds no sweep"):
        sweep_tab(tmp_path / "none")


def test_a_sweep_of_failures_is_said_to_be_one(tmp_path: Path) -> None:
    run_sweep(Design(name="bad", cases=60, runs={"method": "list", "rows": [{"agent.refund": -1}]}), tmp_path)
    with pytest.raises(InputError, match="every run in"):
        sweep_tab(tmp_path)
