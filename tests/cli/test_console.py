"""Console: the bar moves part by part and within a part; notes are lines on standard error."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest
from rich.progress import Progress

from policy_sim.cli import console
from policy_sim.cli.console import program, progress_bar, warnings_as_notes


def test_a_part_moves_the_bar_by_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[tuple[str, float]] = []

    def record(bar: Progress, task: object, *, description: str, completed: float) -> None:
        states.append((description, completed))

    monkeypatch.setattr(Progress, "update", record)
    with progress_bar(3) as begin:
        on_progress = begin("Reading")
        on_progress("Fitting", 1, 4)
        on_progress("Fitting", 4, 4)
        begin("Searching")
        begin("Writing")("Writing", 0, 0)
    assert states == [
        ("Reading", 0), ("Fitting", 0.25), ("Fitting", 1), ("Searching", 1), ("Writing", 2), ("Writing", 2),
    ]  # fmt: skip


def test_a_cancelled_command_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    def cancelled() -> None:
        with progress_bar(1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cancelled()
    assert "policy-sim: cancelled; no file was left half-written" in capsys.readouterr().err


def test_warnings_become_notes(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings_as_notes():
        warnings.warn("three rows [were] left out", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "Note: three rows [were] left out\n"


def test_commands_are_printed_as_they_work_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = tmp_path / "my env" / "policy-sim"
    here.parent.mkdir()
    here.write_text("")
    monkeypatch.setattr(sys, "argv", [str(here)])
    monkeypatch.setattr(console.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert program() == "policy-sim"
    monkeypatch.setattr(console.shutil, "which", lambda name: None)
    assert program() == f"'{here}'"
    monkeypatch.setattr(sys, "argv", ["-c"])
    assert program() == "policy-sim"
