import os
from datetime import date

import pytest

from policy_sim.border import InputError
from policy_sim.policy import Lever, Policy, Provenance, load_versions
from policy_sim.publish import FORMATS, approve, pdf_problem, publish, read_file, render, write_file


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
        write_file(tmp_path / "current_v3.json", current, b"{}")


def test_an_approved_version_is_not_replaced_by_other_content(tmp_path, scenario, current):
    approved = approve(current, "Ana", date(2026, 11, 1))
    publish(approved, scenario, tmp_path, ["json"])
    other = approve(current.with_limit(Lever("agent", "credit"), 11.0), "Ana", date(2026, 11, 1))
    with pytest.raises(InputError, match="with other content, and it is approved"):
        publish(other, scenario, tmp_path, ["json"])
    publish(approved, scenario, tmp_path, ["json"])


def test_what_is_replaced_is_kept(tmp_path, scenario, current):
    path = tmp_path / "p.yaml"
    write_file(path, current, render(current, "yaml", scenario))
    before = path.read_bytes()
    write_file(path, current, before)
    assert os.listdir(tmp_path) == ["p.yaml"]
    other = current.with_limit(Lever("agent", "credit"), 11.0)
    write_file(path, other, render(other, "yaml", scenario))
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


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", "A", "", "a" * 61, "con.txt"])
def test_names_stay_within_the_folder(current, name):
    with pytest.raises(ValueError, match="name"):
        Policy.model_validate(current.content | {"name": name})
