"""Completion: a shell is offered the names that there are, within the time in which nobody notices."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from policy_sim.border import shipped
from policy_sim.cli import completion
from policy_sim.publish import FORMATS
from policy_sim.words import LIMITS

#: What takes too long to load between two presses of a key.
HEAVY = ("numpy", "numba", "pandas", "scipy", "yaml", "matplotlib", "policy_sim.assumptions")


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[str]]:
    monkeypatch.chdir(tmp_path)

    def offered(*words: str, is_light: bool = False) -> list[str]:
        heavy = f"print(*(m for m in {HEAVY!r} if m in sys.modules), file=sys.stderr)" if is_light else ""
        code = f"import sys\nfrom policy_sim.cli import main\ntry:\n    main()\nfinally:\n    {heavy or 'pass'}"
        environment = {
            "_POLICY_SIM_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(("policy-sim", *words)),
            "COMP_CWORD": str(len(words)),
        }
        path = str(Path(__file__).parents[2])
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": path, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not is_light or done.stderr.strip() == ""
        return done.stdout.splitlines()

    return offered


def test_a_shell_is_offered_names_and_nothing_heavy_is_loaded(complete: Callable[..., list[str]]) -> None:
    assert complete("run", "--scenario", "online", is_light=True) == ["online_clothing", "online_retail"]
    assert complete("scenario", "c") == ["check"]


def test_names_are_those_that_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from policy_sim.assumptions import load_scenario

    monkeypatch.chdir(tmp_path)
    scenarios = {path.stem: load_scenario(path) for path in shipped("data/scenarios").glob("*.yaml")}
    assert dict(completion.scenario_names("")) == {name: scenario.title for name, scenario in scenarios.items()}
    assert {name for name, _ in completion.policy_names("")} == {"ask_first", "current", "generous"}
    assert dict(completion.policy_names("cur")) == {"current": "Policy in force"}
    failures = {failure for scenario in scenarios.values() for failure in scenario.failures}
    assert set(completion.failure_names("")) == failures
    names = {f"{name}=" for scenario in scenarios.values() for name in scenario.assumption_names}
    # a name that a file takes away by null is one of another file
    assert set(completion.assumption_names("")) == names
    assert dict(completion.format_names("")) == {name: kind.title for name, kind in FORMATS.items()}
    assert [name for name, _ in completion.format_names("json,c")] == ["json,csv"]
    assert [name for name, _ in completion.limit_names("")] == list(LIMITS)


def test_files_of_one_s_own_are_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name in ("mine.yaml", "other.txt", ".hidden.yaml", "folder/inner.yaml"):
        (tmp_path / name).write_text("")
    own = [name for name, words in completion.scenario_names("") if words in ("file", "folder")]
    assert own == ["folder/", "mine.yaml"]
    assert completion.scenario_names("folder/") == [("folder/inner.yaml", "file")]
    assert completion.scenario_names("nowhere/x") == []
    assert [name for name, _ in completion.scenario_names(f"{tmp_path}/m")] == [f"{tmp_path}/mine.yaml"]
