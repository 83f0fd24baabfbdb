"""Scenarios of one's own: written out, checked, and run straight away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from policy_sim import load_scenario

Run = Callable[..., tuple[int, str, str]]
SMALL = ("--cases", "60", "--draws", "4")


def test_a_skeleton_is_written_checked_and_run(run: Run, tmp_path: Path) -> None:
    words = ("--failure", "billing_error", "--remedy", "loyalty_points", "--out", "my/own.yaml")
    status, out, said = run("scenario", "new", "--extends", "online_retail", *words)
    assert (status, out) == (0, "")
    assert said == "Wrote my/own.yaml; look at it with: policy-sim scenario check my/own.yaml\n"
    assert load_scenario(tmp_path / "my/own.yaml").name == "own"
    status, out, said = run("scenario", "check", "my/own.yaml")
    assert status == 0
    assert out.startswith("own.yaml can be used: 7 failures, 25 remedies, ")
    assert "16 numbers are still as written out, to be replaced by your own: remedy.loyalty_points_cost_share" in said
    status, out, said = run("evaluate", "generous", "--scenario", "my/own.yaml", *SMALL, "--json")
    assert status == 0
    assert "16 of its numbers are only written out to be replaced: policy-sim scenario check my/own.yaml" in said
    status, out, said = run("scenario", "new", *words)
    assert status == 2
    assert said == "policy-sim: 'my/own.yaml' is there already; choose another --out, or write over it with --force\n"
    status, _, _ = run("scenario", "new", *words, "--force", "--name", "other", "--currency", "eur")
    assert status == 0
    assert load_scenario(tmp_path / "my/own.yaml").name == "other"
    assert load_scenario(tmp_path / "my/own.yaml").currency == "EUR"
    # one that extends a file of one's own says where that is from there
    status, _, _ = run("scenario", "new", "--extends", "my/own.yaml", "--failure", "rude_bot", "--out", "else/x.yaml")
    assert status == 0
    assert yaml.safe_load((tmp_path / "else/x.yaml").read_text())["extends"] == "../my/own.yaml"
    assert "rude_bot" in load_scenario(tmp_path / "else/x.yaml").failures


def test_without_a_file_it_is_printed(run: Run, tmp_path: Path) -> None:
    status, out, said = run("scenario", "new", "--extends", "telecom_hardware")
    assert (status, said) == (0, "")
    content = yaml.safe_load(out)
    assert content["name"] == "my_telecom_hardware"
    assert {"cases_per_year", "margin_share"} <= set(content["assumptions"]["shop"])
    assert list(tmp_path.iterdir()) == []


def test_all_faults_are_lines_and_status_1(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("extends: online_retail\nname: own\nfailures: { billing_error: {} }\n")
    status, out, said = run("scenario", "check", "own.yaml")
    assert (status, out) == (1, "")
    *faults, last = said.splitlines()
    assert len(faults) == 16
    assert all(fault.startswith("policy-sim: own.yaml, line 3, ") for fault in faults[:4])
    assert last == "own.yaml cannot be used yet: 16 things to mend."
    status, out, _ = run("scenario", "check", "own.yaml", "--json")
    assert status == 1
    assert len(json.loads(out)["faults"]) == 16
    # whatever else reads it says that there is more
    status, _, said = run("evaluate", "current", "--scenario", "own.yaml", *SMALL)
    assert status == 2
    assert said.endswith("; 15 more: policy-sim scenario check own.yaml names them all\n")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("new", "--extends", "nowhere"), "unknown scenario 'nowhere'"),
        (("new", "--failure", "A"), "failure 'A' cannot be a name"),
        (("new", "--currency", "euro"), "--currency 'euro' is no currency; expected its code of three letters"),
        (("new", "--failure", "x", "--like", "y"), "unknown failure 'y'"),
        (("check", "nowhere.yaml"), "scenario file 'nowhere.yaml' does not exist"),
    ],
)
def test_what_cannot_be_is_one_line(run: Run, words: tuple[str, ...], wanted: str) -> None:
    status, out, said = run("scenario", *words)
    assert (status, out) == (2, "")
    assert wanted in said
    assert len(said.splitlines()) == 1
