"""A firm that is made up is written as files, from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

Run = Callable[..., tuple[int, str, str]]


def test_a_firm_is_written(run: Run, tmp_path: Path) -> None:
    status, out, err = run("log", "simulate", "--out", "firm", "--cases", "40", "--seed", "3")
    assert status == 0
    assert "cases of" in out
    assert "Wrote tickets.csv, refunds.csv, orders.csv, truth.json to firm/" in err
    tickets = pd.read_csv(tmp_path / "firm" / "tickets.csv", dtype=str)
    truth = json.loads((tmp_path / "firm" / "truth.json").read_text())
    assert len(tickets) == truth["counts"]["cases"] >= 40
    assert truth["seed"] == 3
    assert truth["policy"] == "current"


def test_other_programs_policies_and_scenarios(run: Run, tmp_path: Path) -> None:
    words = ("--scenario", "quick_service", "--policy", "generous", "--set", "cases.failures_per_order=0.15")
    programs = ("--tickets", "gorgias", "--refunds", "stripe", "--orders", "woocommerce")
    status, out, _ = run("log", "simulate", "--out", "firm", "--cases", "30", *words, *programs, "--json")
    assert status == 0
    said = json.loads(out)
    assert (said["scenario"], said["policy"]) == ("quick_service", "generous")
    assert [Path(name).name for name in said["files"]] == ["tickets.csv", "refunds.csv", "orders.csv", "truth.json"]
    header = (tmp_path / "firm" / "tickets.csv").read_text().splitlines()[0]
    assert "Created datetime" in header


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--tickets", "zendsk"), "unknown shape of tickets 'zendsk' (did you mean 'zendesk'?)"),
        (("--cases", "0"), "number of cases is 0"),
        (("--set", "cases.failures_per_order=0"), "no case comes about in scenario online_retail"),
    ],
)
def test_what_cannot_be_simulated(run: Run, tmp_path: Path, words: tuple[str, ...], found: str) -> None:
    status, out, err = run("log", "simulate", "--out", "firm", *words)
    assert status == 2
    assert out == ""
    assert found in err.replace("\n", " ")
    assert not (tmp_path / "firm").exists()
