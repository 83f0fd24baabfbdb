"""Projects of one's own: laid out whole or not at all; what is printed at the end works as it stands."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

import policy_sim as ps
from policy_sim.border import shipped
from policy_sim.cli import project as projects
from policy_sim.cli import starting

Run = Callable[..., tuple[int, str, str]]
CDNOW = shipped("data/cdnow") / "transactions.csv"
SMALL = ("--cases", "60", "--draws", "4")
FILES = {"README.md", "cases.csv", "explore.ipynb", "orders.csv", "policy.yaml", "scenario.yaml"}


def commands_in(out: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in out.splitlines() if line.startswith("  policy-sim ")]


def small(words: list[str]) -> list[str]:
    """Return a command with fewer cases and draws."""
    if "--draws" not in words:
        return words
    place = words.index("--cases")
    return [*words[:place], *SMALL, *words[words.index("--draws") + 2 :]]


def test_the_next_commands_work_as_they_stand(run: Run, tmp_path: Path) -> None:
    status, out, said = run("init", "my shop", "--scenario", "quick_service")
    assert (status, said) == (0, "")
    assert {path.name for path in (tmp_path / "my shop").iterdir()} == FILES
    assert {path.name for path in tmp_path.iterdir()} == {"my shop"}
    commands = commands_in(out)
    assert [words[0] for words in commands] == ["scenario", "run", "export"]
    for words in commands:
        status, _, said = run(*small(words))
        assert status == 0, said
    assert {"policy.json", "outcomes.csv"} <= {path.name for path in (tmp_path / "my shop" / "out").iterdir()}
    assert any(path.suffix == ".html" for path in (tmp_path / "my shop" / "published").iterdir())
    # the example has prices of the business
    mean = ps.read_transactions(tmp_path / "my shop" / "orders.csv").amount.mean()
    assert mean == pytest.approx(0.33 * ps.read_transactions(CDNOW).amount.mean(), rel=0.01)
    scenario = ps.load_scenario(tmp_path / "my shop" / "scenario.yaml")
    assert scenario.name == "my_shop"
    assert ps.load_policy(tmp_path / "my shop" / "policy.yaml", scenario).name == "my_shop"


def test_notebook_and_cases_run_on_the_project(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init", "shop", "--currency", "eur")
    monkeypatch.chdir(tmp_path / "shop")
    notebook = json.loads(Path("explore.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert "cases=2_000, draws=50" in cells[0]
    names: dict[str, object] = {}
    for cell in cells:
        exec(cell.replace("cases=2_000, draws=50", "cases=60, draws=4"), names)
    assert names["scenario"].currency == "EUR"  # type: ignore[attr-defined]
    cases = shlex.split(next(line for line in Path("README.md").read_text().splitlines() if "--cases" in line))[1:]
    status, _, said = run(*cases[: cases.index("cases.csv") + 1], "--draws", "4")
    assert status == 0, said


def test_files_of_one_s_own_are_copied(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(
        "who,when,how_much\n" + "".join(f"c{k % 40},2024-0{1 + k % 9}-11,{20 + k}\n" for k in range(200))
    )
    (tmp_path / "c.csv").write_text("case,failure,item_price,future_value\n1,wrong_item,42,180\n")
    status, out, said = run("init", "shop", "--orders", "sales.csv")
    assert (status, out) == (2, "")
    assert "policy-sim orders sales.csv --write-mapping mapping.yaml, then --mapping mapping.yaml" in said
    assert not (tmp_path / "shop").exists()
    (tmp_path / "m.yaml").write_text("columns: {customer: who, date: when, amount: how_much}\n")
    status, out, said = run("init", "shop", "--orders", "sales.csv", "--mapping", "m.yaml", "--log", "c.csv")
    assert status == 0, said
    assert (tmp_path / "shop/orders.csv").read_text() == (tmp_path / "sales.csv").read_text()
    assert (tmp_path / "shop/cases.csv").read_text() == (tmp_path / "c.csv").read_text()
    for words in commands_in(out):
        status, _, said = run(*small(words))
        assert status == 0, said


def test_a_folder_that_is_not_empty_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "keep.txt").write_text("mine")
    status, out, said = run("init", "shop")
    assert (status, out) == (2, "")
    assert said == "policy-sim: 'shop' is not empty (it holds 'keep.txt'); name a folder that is empty, or a new one\n"
    assert [path.name for path in (tmp_path / "shop").iterdir()] == ["keep.txt"]


def test_an_empty_folder_is_filled_even_from_within(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    status, out, _ = run("init", ".", "--yes")
    assert status == 0
    assert set(os.listdir()) == FILES
    assert yaml.safe_load(Path("scenario.yaml").read_text())["name"] == "inner"
    assert all(run(*small(words))[0] == 0 for words in commands_in(out)[:1])


def test_what_fails_leaves_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    shutil.copy(CDNOW, tmp_path / "orders.csv")
    monkeypatch.setattr(projects.shutil, "copyfile", full)
    status, _, said = run("init", "shop", "--orders", "orders.csv")
    assert status == 2
    assert "cannot write 'shop': No space left on device; choose another place" in said
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--scenario", "nowhere"), "unknown scenario 'nowhere'"),
        (("--currency", "dollars"), "--currency 'dollars' is no currency"),
        (("--orders", "nowhere.csv"), "--orders 'nowhere.csv' does not exist; give the path of a file"),
        (("--log", "nowhere.csv"), "--log 'nowhere.csv' does not exist"),
        (("--mapping", "../m.yaml"), "--mapping '../m.yaml' does not exist"),
    ],
)
def test_what_cannot_be_is_one_line(run: Run, tmp_path: Path, words: tuple[str, ...], wanted: str) -> None:
    status, out, said = run("init", "shop", *words)
    assert (status, out) == (2, "")
    assert wanted in said
    assert len(said.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_a_few_questions_are_asked(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(CDNOW, tmp_path / "mine.csv")
    answers: Iterator[str] = iter(["nowhere", "moving_service", "not.csv", "mine.csv", "GBP"])
    asked: list[str] = []

    def prompt(question: str, **_: object) -> str:
        asked.append(question)
        return next(answers)

    monkeypatch.setattr(starting, "_is_terminal", lambda: True)
    monkeypatch.setattr(starting.typer, "prompt", prompt)
    status, _, said = run("init", "shop")
    assert status == 0
    assert "unknown scenario 'nowhere'" in said
    assert "There is no file 'not.csv'" in said
    assert len(asked) == 5
    content = yaml.safe_load((tmp_path / "shop/scenario.yaml").read_text())
    assert (content["extends"], content["currency"]) == ("moving_service", "GBP")
    assert "amounts of 'moving_service' are taken from USD to GBP one for one" in said
    # what an option says is not asked, and with --yes nothing is
    status, _, _ = run("init", "other", "--yes")
    assert status == 0
    assert len(asked) == 5
