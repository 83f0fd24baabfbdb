"""One truth in a folder of published files, whatever people do with it in between."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from openpyxl import load_workbook

from policy_sim.publish.card import marks_of, read_marks
from policy_sim.publish.files import read_file

Run = Callable[..., tuple[int, str, str]]
CASE = "order_date,case,failure,segment,asked_for,amount,suspicion,prior_claims,currency\n"
#: All formats but the one that takes seconds.
SOME = "json,yaml,csv,xlsx,dmn,jdm,html"
LIVE = ("--by", "Ana", "--on", "2026-11-20", "--live", "--from", "2026-12-01")


def states_in(folder: Path) -> dict[int, set[str]]:
    """Return the states that files say of each version, cards too; files that a person edited are left out."""
    states: dict[int, set[str]] = {}
    for path in folder.iterdir():
        if path.name.endswith((".card.html", ".card.pdf")):
            marks = read_marks(path.read_bytes())
        elif path.name.endswith((".schema.json", ".previous", "cases.csv")) or read_file(path).record.changes:
            continue
        else:
            marks = marks_of(read_file(path).record.policy)
        states.setdefault(marks.version, set()).add(f"{marks.status} {marks.fingerprint}")
    return states


def decided(run: Run, folder: Path, credit: str) -> list[tuple[str, str]]:
    """Return version and tier of two orders, before and after 2026-12-01, that ask for store credit."""
    rows = [
        f"{day},0{k},wrong_item,loyal,credit,{credit},0.1,0,USD\n" for k, day in enumerate(("2026-11-30", "2026-12-02"))
    ]
    (folder.parent / "cases.csv").write_text(CASE + "".join(rows))
    status, out, err = run("decide", str(folder), "cases.csv", "--rules-only")
    assert status == 1, err
    return [(row["version"], row["tier"]) for row in csv.DictReader(io.StringIO(out))]


def edit(path: Path, out: Path) -> None:
    """Raise the agent's credit limit from 10 to 40, as a person does in a file of that kind."""
    if path.suffix == ".xlsx":
        book = load_workbook(path)
        sheet = book["Limits"]
        column = next(cell.column for cell in sheet[1] if cell.value == "credit")
        sheet.cell(2, column).value = 40
        book.save(out)
    elif path.suffix == ".csv":
        out.write_text(path.read_text(encoding="utf-8-sig").replace("any,any,25,10,ask", "any,any,25,40,ask"))
    else:
        text = path.read_text()
        out.write_text(text.replace("credit: 10", "credit: 40", 1).replace('"credit": 10', '"credit": 40', 1))


@pytest.mark.parametrize(
    ("kind", "place", "formats"),
    [
        ("csv", "in place", "dmn,jdm,html"),
        ("xlsx", "beside", "dmn,jdm,html"),
        ("xlsx", "in place", "json"),
        ("yaml", "in place", "csv,xlsx"),
        ("json", "in place", "jdm"),
        ("csv", "beside", "yaml,csv"),
    ],
)
def test_the_flow_of_the_guide(run: Run, tmp_path: Path, kind: str, place: str, formats: str) -> None:
    folder = tmp_path / "published"
    assert run("export", "current", "--format", SOME, "--out", "published")[0] == 0
    exported = folder / f"current_v1.{kind}"
    edited = exported if place == "in place" else tmp_path / f"edited.{kind}"
    edit(exported, edited)
    status, _, err = run("import", str(edited), "--out", "mine.yaml")
    assert status == 0
    assert "credit 10 -> 40; it counts as a draft, version 2" in err
    assert run("approve", "mine.yaml", *LIVE)[2].startswith("current version 2 is live")
    assert run("export", "mine.yaml", "--format", formats, "--out", "published")[0] == 0
    assert all(len(said) == 1 for said in states_in(folder).values())
    assert states_in(folder).keys() == {1, 2}
    assert decided(run, folder, "30") == [("", "not decided"), ("2", "agent")]


def test_what_is_approved_as_it_was_exported_keeps_its_number(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    assert run("export", "current", "--all", "--out", "published")[0] == 0
    assert run("import", "published/current_v1.xlsx", "--out", "mine.yaml")[2] == "Wrote mine.yaml\n"
    assert run("approve", "mine.yaml", *LIVE)[2].startswith("current version 1 is live")
    status, _, err = run("export", "mine.yaml", "--format", "dmn", "--out", "published")
    assert status == 0
    assert "Wrote current_v1.dmn to published/" in err
    assert "renewed current_v1.json, current_v1.yaml, current_v1.csv, current_v1.xlsx, current_v1.jdm.json" in err
    assert [len(said) for said in states_in(folder).values()] == [1]
    assert next(iter(states_in(folder)[1])).startswith("live")
    assert decided(run, folder, "10") == [("", "not decided"), ("1", "agent")]


@pytest.mark.parametrize("kind", ["json", "yaml", "csv", "xlsx"])
def test_approving_in_the_folder(run: Run, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "published"
    assert run("export", "current", "--format", f"{kind},dmn,html", "--out", "published")[0] == 0
    assert run("approve", f"published/current_v1.{kind}", *LIVE)[2].startswith("current version 1 is live")
    assert [len(said) for said in states_in(folder).values()] == [1]
    assert decided(run, folder, "10") == [("", "not decided"), ("1", "agent")]
    # an edit of what is live is the next version, and is called so
    edit(folder / f"current_v1.{kind}", tmp_path / f"edited.{kind}")
    (tmp_path / f"edited.{kind}").replace(folder / f"current_v2.{kind}")
    status, _, err = run("approve", f"published/current_v2.{kind}", "--by", "Ben", "--live", "--from", "2026-12-02")
    assert (status, err.splitlines()[-1].startswith("current version 2 is live")) == (0, True)
    assert decided(run, folder, "30") == [("", "not decided"), ("2", "agent")]


def test_an_edit_in_place_is_approved_under_its_own_number(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    assert run("export", "current", "--format", "json,csv", "--out", "published")[0] == 0
    edit(folder / "current_v1.csv", folder / "current_v1.csv")
    status, _, err = run("approve", "published/current_v1.csv", *LIVE)
    assert status == 0
    assert "wrote published/current_v2.csv" in err
    assert states_in(folder).keys() == {1, 2}
    assert decided(run, folder, "30") == [("", "not decided"), ("2", "agent")]


def test_one_format_into_a_folder_that_is_there(run: Run, tmp_path: Path) -> None:
    assert run("export", "current", "--format", "json,html", "--out", "published")[0] == 0
    assert run("export", "current", "--format", "csv", "--out", "published")[0] == 0
    assert (tmp_path / "published" / "current_v1.csv").is_file()
    assert [len(said) for said in states_in(tmp_path / "published").values()] == [1]


@pytest.fixture
def torn(run: Run, tmp_path: Path) -> Path:
    """Return a folder in which one version is live in some files and a draft in others, as it may lie there."""
    assert run("export", "current", "--format", SOME, "--out", "published")[0] == 0
    draft = (tmp_path / "published" / "current_v1.csv").read_bytes()
    assert run("approve", "published/current_v1.json", *LIVE)[0] == 0
    (tmp_path / "published" / "current_v1.csv").write_bytes(draft)
    return tmp_path / "published"


def test_a_folder_that_contradicts_itself_decides_nothing(run: Run, torn: Path) -> None:
    (torn.parent / "cases.csv").write_text(CASE + "2026-12-02,1,wrong_item,loyal,refund,20,0.1,0,USD\n")
    status, out, err = run("decide", "published", "cases.csv", "--rules-only")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "folder 'published' contradicts itself" in err
    assert "draft in current_v1.csv" in err


@pytest.mark.parametrize(
    "words",
    [
        ("check", "published/current_v1.json", "--rules-only"),
        ("diff", "published/current_v1.dmn", "generous", "--rules-only"),
        ("conform", "published/current_v1.yaml", "--cases", "1"),
        ("import", "published/current_v1.csv"),
        ("decide", "published/current_v1.yaml", "cases.csv", "--rules-only"),
        ("export", "published/current_v1.xlsx"),
        ("approve", "published/current_v1.csv", "--by", "Ana", "--out", "mine.yaml"),
    ],
)
def test_every_command_that_reads_from_it_says_so(run: Run, torn: Path, words: tuple[str, ...]) -> None:
    (torn.parent / "cases.csv").write_text(CASE + "2026-12-02,1,wrong_item,loyal,refund,20,0.1,0,USD\n")
    status, _, err = run(*words)
    assert status == 0
    lines = [line for line in err.splitlines() if "contradicts itself" in line]
    assert len(lines) == 1
    assert lines[0].startswith("Note: folder 'published' contradicts itself: its files hold one content in different")


@pytest.mark.parametrize("formats", ["dmn", "csv", "html", "json,yaml"])
def test_a_further_export_mends_it(run: Run, torn: Path, formats: str) -> None:
    assert run("export", "published/current_v1.json", "--format", formats, "--out", "published")[0] == 0
    assert [len(said) for said in states_in(torn).values()] == [1]
    assert decided(run, torn, "10") == [("", "not decided"), ("1", "agent")]


def test_another_content_under_the_same_number_is_refused(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    assert run("export", "current", "--format", "json,yaml,html", "--out", "published")[0] == 0
    assert run("approve", "published/current_v1.json", *LIVE)[0] == 0
    # by hand, without a seal that would tell
    content = yaml.safe_load((folder / "current_v1.yaml").read_text())
    content.pop("seal")
    content["tiers"][0]["limits"]["credit"] = 40
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for words in (("--format", "dmn,html"), ("--format", "yaml"), ("--format", "csv,json")):
        status, _, err = run("export", "mine.yaml", *words, "--out", "published")
        assert (status, len(err.strip().splitlines())) == (2, 1)
        assert "holds version 1 of 'current' with other content, and it is live; give this one a higher version" in err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert run("export", "mine.yaml", "--format", "dmn", "--out", "published", "--force")[0] == 0
    assert [len(said) for said in states_in(folder).values()] == [1]


@pytest.mark.parametrize("kind", ["json", "yaml", "csv", "xlsx"])
@pytest.mark.parametrize("text", ["25.005", "0.005", "24.999", "1.234"])
def test_a_limit_in_fractions_of_a_cent_is_refused(run: Run, tmp_path: Path, kind: str, text: str) -> None:
    assert run("export", "current", "--format", kind, "--out", f"p.{kind}")[0] == 0
    path = tmp_path / f"p.{kind}"
    if kind == "xlsx":
        book = load_workbook(path)
        column = next(cell.column for cell in book["Limits"][1] if cell.value == "refund")
        book["Limits"].cell(2, column).value = float(text)
        book.save(path)
    else:
        old = path.read_text(encoding="utf-8-sig")
        for before, after in (
            ("any,any,25,", f"any,any,{text},"),
            ("refund: 25", f"refund: {text}"),
            ('"refund": 25', f'"refund": {text}'),
        ):
            old = old.replace(before, after, 1)
        path.write_text(old)
    for words in (
        ("import", path.name),
        ("check", path.name),
        ("export", path.name),
        ("approve", path.name, "--by", "A"),
    ):
        status, out, err = run(*words)
        assert (status, out, len(err.splitlines())) == (2, "", 1)
        assert f"limit is {text}; it must be whole cents, write" in err
