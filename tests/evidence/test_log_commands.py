"""The commands: what they print and write, within 80 characters, and one line for what cannot be used."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from policy_sim.cli import main

Run = Callable[..., tuple[int, str, str]]
TICKETS = """Id,Requester,Requester email,Assignee,Group,Status,Priority,Via,Created at,Solved at,Order number [txt],\
Failure reason [list],Resolution [list]
=1+1,Ann,ann@x.org,Joe,Support,Closed,High,Mail,2024-01-12 10:00:00,2024-01-12 12:00:00,1001,Lost in transit,full refund
2,Bob,bob@x.org,Sue,Team leads,Closed,Low,Phone,2024-02-12 10:00:00,2024-02-13 10:00:00,1002,Wrong item,nothing
3,Bob,bob@x.org,Sue,Team leads,Closed,Low,Phone,2024-02-12 10:00:00,2024-02-13 10:00:00,1002,Wrong colour,nothing
"""
ORDERS = """customer,email,order,date,amount,currency
ann,ann@x.org,1001,2024-01-01,20.00,USD
bob,bob@x.org,1002,2024-02-01,30.00,USD
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command line in a folder with exports; gives exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("POLICY_SIM_SALT", raising=False)
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "tickets.csv").write_text(TICKETS)
    (tmp_path / "exports" / "orders.csv").write_text(ORDERS)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["policy-sim", "log", *words])
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = capsys.readouterr()
        code = stopped.value.code
        return (code if isinstance(code, int) else 0), printed.out, printed.err

    return call


def test_build_then_check(run: Run) -> None:
    status, out, err = run("build", "exports", "--out", "cases.csv", "--set-aside", "aside.csv")
    assert status == 0, err
    assert out.startswith("2 cases of 3 tickets; 1 tickets are set aside")
    assert max(map(len, out.splitlines())) <= 80
    assert "Wrote 2 cases to cases.csv" in err
    assert "fill in cases.mapping.yaml and give it back with --mapping" in err
    assert "Wrong colour: '?' # 1" in Path("cases.mapping.yaml").read_text()
    assert pd.read_csv("aside.csv")["why"].tolist() == ["'Wrong colour' is not in the mapping, under failures"]
    assert pd.read_csv("cases.csv", dtype=str)["case"].tolist() == ["=1+1", "2"]
    status, out, err = run("check", "cases.csv", "--orders", "exports/orders.csv")
    assert status == 0, err
    assert out.startswith("2 cases of 2 customers, 2 agents, 2024-01-12 to 2024-02-12")
    assert max(map(len, out.splitlines())) <= 80
    assert "Cannot be answered" in out


def test_as_plain_data(run: Run) -> None:
    status, out, _ = run("build", "exports", "--out", "cases.parquet", "--json")
    content = json.loads(out)
    assert (status, content["cases"], content["orders_found"]["order number"]) == (0, 2, 2)
    status, out, _ = run("check", "cases.parquet", "--json")
    content = json.loads(out)
    assert (status, content["cases"]) == (0, 2)
    assert {question["answer"] for question in content["questions"]} == {"no"}


def test_a_filled_in_mapping_is_taken(run: Run) -> None:
    run("build", "exports", "--out", "cases.csv")
    draft = Path("cases.mapping.yaml")
    draft.write_text(draft.read_text().replace("'?'", "wrong_item"))
    status, out, err = run("build", "exports", "--out", "cases.csv", "--mapping", str(draft))
    assert (status, out.splitlines()[0]) == (0, "3 cases of 3 tickets; 0 tickets are set aside")
    assert "--mapping" not in err


def test_a_workbook_holds_text_and_no_formulas(run: Run) -> None:
    assert run("build", "exports", "--out", "cases.xlsx")[0] == 0
    sheet = openpyxl.load_workbook("cases.xlsx").active
    assert sheet is not None
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=1+1", "s")
    assert run("check", "cases.xlsx")[0] == 0


def test_hashed(run: Run) -> None:
    status, out, err = run("build", "exports", "--out", "cases.csv", "--hash", "--orders-out", "orders.csv")
    assert status == 0
    salt = Path("cases.salt")
    assert stat.S_IMODE(salt.stat().st_mode) == 0o600
    printed = out + err + Path("cases.csv").read_text() + Path("orders.csv").read_text()
    assert salt.read_text().strip() not in printed
    assert "ann@" not in printed
    assert "bob" not in printed.lower()
    assert "which was made; keep it" in " ".join(err.split())
    first = Path("cases.csv").read_text()
    run("build", "exports", "--out", "cases.csv", "--hash")
    assert Path("cases.csv").read_text() == first  # the same salt, the same ids
    status, out, _ = run("check", "cases.csv", "--orders", "orders.csv")
    assert status == 0
    assert "not among the orders" not in out


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("build", "exports"), "--out"),
        (("build", "--out", "x.csv"), "Missing argument"),
        (("build", "nowhere", "--out", "x.csv"), "'nowhere' does not exist"),
        (("build", "exports", "--out", "x.txt"), "ends in '.txt'; expected .csv, .parquet, .xlsx"),
        (("build", "exports", "--out", "exports/tickets.csv/x.csv"), "is a file, not a folder"),
        (("build", "exports", "--out", "x.csv", "--set-aside", "a.md"), "ends in '.md'"),
        (("build", "exports", "--out", "x.csv", "--mapping", "m.yaml"), "m.yaml"),
        (("build", "exports", "--out", "x.csv", "--scenario", "none"), "none"),
        (("build", "exports", "--out", "x.csv", "--salt", "s"), "--salt is of no use without --hash"),
        (("build", "exports/orders.csv", "--out", "x.csv"), "no file holds tickets"),
        (("build", "a" * 300, "--out", "x.csv"), "does not exist"),
        (("build", "a\x1b[31mb", "--out", "x.csv"), "does not exist"),
        (("check", "none.csv"), "log of cases 'none.csv' does not exist"),
        (("check", "exports/orders.csv"), "has no column 'case'"),
        (("check", "exports/tickets.csv", "--orders", "none.csv"), "'none.csv' does not exist"),
        (("nothing",), "nothing"),
    ],
)
def test_what_cannot_be_used_is_one_line(run: Run, words: tuple[str, ...], wanted: str) -> None:
    status, out, err = run(*words)
    lines = [line for line in err.splitlines() if line.strip()]
    assert (status, out, len(lines)) == (2, "", 1), err
    assert lines[0].startswith("policy-sim: ")
    assert lines[0].isprintable()
    assert wanted in lines[0]
    assert not Path("x.csv").exists()
