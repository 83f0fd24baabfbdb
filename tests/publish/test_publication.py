import os
import sys
from datetime import date

import pytest

from policy_sim.border import InputError
from policy_sim.policy import Lever, Policy, Provenance
from policy_sim.publish import FORMATS, approve, load_versions, pdf_problem, publish, read_file, render, write_file
from policy_sim.publish.card import marks_of, read_marks


def test_every_format_with_the_schema_beside(tmp_path, scenario, rich):
    formats = [name for name in FORMATS if name != "pdf" or not pdf_problem()]
    files = publish(rich, scenario, tmp_path / "new", formats, Provenance(seed=4))
    assert {path.name for path in files} == {
        *(f"current_v1{FORMATS[name].ending}" for name in formats),
        "policy.schema.json",
    }
    assert sorted(os.listdir(tmp_path / "new")) == sorted(path.name for path in files)
    for path in files:
        if path.name.endswith(("card.html", "card.pdf", "schema.json")):
            continue
        assert read_file(path).record.policy == rich
        assert read_file(path).record.provenance.seed == 4


def test_nothing_over_a_newer_version(tmp_path, scenario, current):
    newer = current.model_copy(update={"version": 3})
    publish(newer, scenario, tmp_path, ["json"])
    with pytest.raises(InputError, match=r"holds version 3 of 'current', newer than 1; .*--force"):
        publish(current, scenario, tmp_path, ["csv"])
    assert not (tmp_path / "current_v1.csv").exists()
    publish(current, scenario, tmp_path, ["csv"], is_forced=True)
    with pytest.raises(InputError, match="newer than 1"):
        write_file(tmp_path / "current_v3.json", current, b"{}", scenario)


def test_an_approved_version_is_not_replaced_by_other_content(tmp_path, scenario, current):
    approved = approve(current, "Ana", date(2026, 11, 1))
    publish(approved, scenario, tmp_path, ["json"])
    other = approve(current.with_limit(Lever("agent", "credit"), 11.0), "Ana", date(2026, 11, 1))
    with pytest.raises(InputError, match="with other content, and it is approved"):
        publish(other, scenario, tmp_path, ["json"])
    publish(approved, scenario, tmp_path, ["json"])


def test_what_is_replaced_is_kept(tmp_path, scenario, current):
    path = tmp_path / "p.yaml"
    write_file(path, current, render(current, "yaml", scenario), scenario)
    before = path.read_bytes()
    write_file(path, current, before, scenario)
    assert os.listdir(tmp_path) == ["p.yaml"]
    other = current.with_limit(Lever("agent", "credit"), 11.0)
    write_file(path, other, render(other, "yaml", scenario), scenario)
    assert (tmp_path / "p.yaml.previous").read_bytes() == before


def test_nothing_is_written_where_one_format_fails(tmp_path, scenario, current):
    with pytest.raises(InputError, match="unknown format 'exe'"):
        publish(current, scenario, tmp_path / "new", ["json", "exe"])
    assert not (tmp_path / "new").exists()


def test_nothing_broken_is_published(tmp_path, scenario, current):
    falling = current.with_limit(Lever("lead", "refund"), 20.0)
    with pytest.raises(InputError, match="is not published: the refund limit falls"):
        publish(falling, scenario, tmp_path)


def test_published_versions_decide_by_date(tmp_path, scenario, current):
    first = approve(current, "Ana", date(2026, 1, 1), "live", date(2026, 1, 1))
    second = first.with_limit(Lever("agent", "credit"), 11.0)
    publish(first, scenario, tmp_path, ["json", "yaml", "dmn"])
    publish(approve(second, "Ben", date(2026, 2, 1), "live", date(2026, 2, 1)), scenario, tmp_path, ["json"])
    versions = load_versions(tmp_path, scenario)
    assert [versions.in_force(f"2026-0{month}-15").version for month in (1, 2)] == [1, 2]


def marks_in(folder):
    """Return what each file of a folder says of itself."""
    said = {}
    for path in sorted(folder.iterdir()):
        if path.name.endswith((".card.html", ".card.pdf")):
            said[path.name] = read_marks(path.read_bytes())
        elif not path.name.endswith((".schema.json", ".previous")):
            said[path.name] = marks_of(read_file(path).record.policy)
    return said


ALL = [name for name in FORMATS if name != "pdf" or not pdf_problem()]
DAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("status", "asked"),
    [("approved", ["dmn", "jdm", "html"]), *(("live", [name]) for name in ("json", "csv", "html", "pdf"))],
)
def test_the_next_state_renews_what_lies_there(tmp_path, scenario, current, asked, status):
    if not set(asked) <= set(ALL):
        pytest.skip("no PDF here")
    publish(current, scenario, tmp_path, ALL)
    files = publish(approve(current, "Ana", DAY, status), scenario, tmp_path, asked)
    assert {marks.status for marks in marks_in(tmp_path).values()} == {status}
    renewed = [path.name for path in files if path.name.startswith("current_v1")]
    assert sorted(renewed) == sorted(f"current_v1{FORMATS[name].ending}" for name in ALL)
    assert read_file(tmp_path / "current_v1.yaml").record.policy.status == status
    assert "status: draft" in (tmp_path / "current_v1.yaml.previous").read_text()


def test_from_live_to_retired_and_a_longer_life(tmp_path, scenario, current):
    live = approve(current, "Ana", DAY, "live")
    publish(live, scenario, tmp_path, ["json", "html"])
    longer = approve(live, "Ana", DAY, "live", effective_until=date(2027, 1, 1))
    publish(longer, scenario, tmp_path, ["html"])
    assert read_file(tmp_path / "current_v1.json").record.policy == longer
    retired = approve(longer, "Ana", DAY, "retired")
    publish(retired, scenario, tmp_path, ["json"])
    assert {marks.status for marks in marks_in(tmp_path).values()} == {"retired"}


def test_one_draft_renews_another(tmp_path, scenario, current):
    publish(current, scenario, tmp_path, ["json", "csv", "html"])
    other = current.with_limit(Lever("agent", "credit"), 11.0)
    publish(other, scenario, tmp_path, ["json"])
    assert set(marks_in(tmp_path).values()) == {marks_of(other)}


@pytest.mark.parametrize("there", [["json"], ["csv"], ["dmn"], ["html"], ["pdf"]])
@pytest.mark.parametrize("status", ["draft", "approved", "live", "retired"])
def test_what_may_not_be_renewed_is_named(tmp_path, scenario, current, there, status):
    if not set(there) <= set(ALL):
        pytest.skip("no PDF here")
    held = current
    for state in {"approved": ["approved"], "live": ["live"], "retired": ["live", "retired"]}.get(status, []):
        held = approve(held, "Ana", DAY, state)
    publish(held, scenario, tmp_path, there)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    name = f"current_v1{FORMATS[there[0]].ending}"
    other = approve(current.with_limit(Lever("agent", "credit"), 11.0), "Ben", DAY, "live")
    with pytest.raises(InputError, match=rf"{name}' holds version 1 .* with other content, and it is {status}"):
        publish(other, scenario, tmp_path, ["yaml"])
    if status != "draft":
        with pytest.raises(
            InputError, match=rf"{name}' holds version 1 .* and it is {status}, while this one is draft"
        ):
            publish(current, scenario, tmp_path, ["yaml"])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    # by force the folder says one thing too
    publish(other, scenario, tmp_path, ["yaml"], is_forced=True)
    assert set(marks_in(tmp_path).values()) == {marks_of(other)}


def test_what_somebody_edited_is_left_to_them(tmp_path, scenario, current):
    publish(current, scenario, tmp_path, ["csv", "json"])
    path = tmp_path / "current_v1.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace("any,any,25,10,ask", "any,any,25,40,ask"))
    edited = path.read_bytes()
    publish(approve(current, "Ana", DAY, "live"), scenario, tmp_path, ["json"])
    assert path.read_bytes() == edited
    approved = approve(read_file(path).record.policy, "Ana", DAY, "live")
    assert approved.version == 2
    publish(approved, scenario, tmp_path, ["dmn"])
    assert path.read_bytes() == edited


def test_a_file_beside_that_cannot_be_renewed(tmp_path, scenario, current, monkeypatch):
    publish(current, scenario, tmp_path, ["json", "html"])
    (tmp_path / "current_v1.card.pdf").write_bytes(b"%PDF- of somebody")
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(
        InputError, match=r"'current_v1.card.pdf' lies there .* cannot be renewed: a PDF needs WeasyPrint"
    ):
        publish(approve(current, "Ana", DAY), scenario, tmp_path, ["json"])
    assert {marks.status for marks in marks_in(tmp_path).values() if marks} == {"draft"}


def test_a_single_file_renews_those_beside_it(tmp_path, scenario, current):
    publish(current, scenario, tmp_path, ["json", "csv", "dmn"])
    live = approve(current, "Ana", DAY, "live")
    files = write_file(tmp_path / "current_v1.json", live, render(live, "json", scenario), scenario)
    assert [path.name for path in files] == ["current_v1.json", "current_v1.csv", "current_v1.dmn"]
    assert set(marks_in(tmp_path).values()) == {marks_of(live)}
    # one of another name is a person's own
    mine = approve(live, "Ana", DAY, "retired")
    assert len(write_file(tmp_path / "mine.json", mine, render(mine, "json", scenario), scenario)) == 1
    assert read_file(tmp_path / "current_v1.csv").record.policy == live


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", "A", "", "a" * 61, "con.txt"])
def test_names_stay_within_the_folder(current, name):
    with pytest.raises(ValueError, match="name"):
        Policy.model_validate(current.content | {"name": name})
