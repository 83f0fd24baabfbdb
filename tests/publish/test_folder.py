from datetime import date

import pytest

from policy_sim.border import InputError
from policy_sim.policy import Lever
from policy_sim.publish import FORMATS, approve, contradiction, load_versions, pdf_problem, publish, read_file, render
from policy_sim.publish.card import marks_of, read_marks
from policy_sim.publish.folder import format_of_published

DAY = date(2026, 1, 1)
#: Formats from which a policy can be read back.
READ = [name for name, known in FORMATS.items() if known.read is not None]


def put(folder, policy, scenario, kind, name=None):
    path = folder / (name or f"{policy.name}_v{policy.version}{FORMATS[kind].ending}")
    path.write_bytes(render(policy, kind, scenario))
    return path


def lives(current):
    """Return five versions: retired, live, live, approved, draft."""
    policies = []
    for number, refund, months, status in (
        (1, 10.0, (1, 3), "retired"),
        (2, 20.0, (3, None), "live"),
        (3, 30.0, (6, None), "live"),
        (4, 40.0, (7, None), "approved"),
        (5, 50.0, (None, None), "draft"),
    ):
        policy = current.with_limit(Lever("agent", "refund"), refund).model_copy(update={"version": number})
        first, last = months
        if status != "draft":
            policy = approve(policy, "Ana", DAY, "approved" if status == "approved" else "live", date(2026, first, 1))
        if status == "retired":
            policy = approve(policy, "Ana", DAY, "retired", effective_until=date(2026, last, 31))
        policies.append(policy)
    return policies


@pytest.fixture
def folder(current, scenario, tmp_path):
    for policy in lives(current):
        for kind in ("json", "yaml"):
            put(tmp_path, policy, scenario, kind, f"v{policy.version}.{kind}")
    (tmp_path / "policy.schema.json").write_text("{}")
    (tmp_path / "card.html").write_text("")
    (tmp_path / "cases.csv").write_text("case,failure\n1,wrong_item\n")
    (tmp_path / "v1.json.previous").write_text("not even JSON")
    return tmp_path


def test_all_versions(folder, scenario, current):
    versions = load_versions(folder, scenario)
    assert list(versions.policies) == lives(current)
    assert [versions.in_force(f"2026-{month:02d}-15").version for month in (1, 3, 5, 6, 8)] == [1, 2, 2, 3, 3]


@pytest.mark.parametrize("kind", READ)
def test_versions_in_any_format(tmp_path, scenario, current, kind):
    for policy in lives(current):
        publish(policy, scenario, tmp_path, [kind, "html"])
    assert list(load_versions(tmp_path, scenario).policies) == lives(current)


def test_a_version_in_force_that_was_changed_decides_nothing(folder, scenario):
    path = folder / "v2.json"
    path.write_text(path.read_text().replace('"refund": 20', '"refund": 200', 1))
    with pytest.raises(InputError, match=r"v2\.json: this file was changed after export: .*refund 20 -> 200"):
        load_versions(folder, scenario)


def test_a_draft_that_somebody_edits_is_passed_over_with_a_word(folder, scenario, current):
    path = folder / "v5.yaml"
    path.write_text(path.read_text().replace("refund: 50", "refund: 60", 1))
    with pytest.warns(
        UserWarning, match=r"v5\.yaml decides nothing: .*refund 50 -> 60; it counts as a draft, version 6"
    ):
        versions = load_versions(folder, scenario)
    assert list(versions.policies) == lives(current)


def test_a_table_that_was_changed_in_an_engines_file(folder, scenario, current):
    path = put(folder, lives(current)[1], scenario, "dmn")
    path.write_text(path.read_text().replace("[0..20.01)", "[0..99.01)", 1))
    with pytest.raises(InputError, match=r"current_v2\.dmn: this file was changed after export"):
        load_versions(folder, scenario)


@pytest.mark.parametrize("kind", [*READ, "html", "pdf"])
@pytest.mark.parametrize("what", ["another state", "other content", "another day"])
def test_a_folder_that_contradicts_itself(tmp_path, scenario, current, kind, what):
    if kind == "pdf" and pdf_problem():
        pytest.skip("no PDF here")
    live = approve(current, "Ana", DAY, "live")
    other = {
        "another state": current,
        "other content": approve(current.with_limit(Lever("agent", "refund"), 24.0), "Ana", DAY, "live"),
        "another day": approve(current, "Ana", DAY, "live", date(2026, 2, 1)),
    }[what]
    put(tmp_path, live, scenario, "json", "first.json")
    put(tmp_path, live, scenario, "dmn" if kind != "dmn" else "csv")
    path = put(tmp_path, other, scenario, kind)
    with pytest.raises(InputError, match=r"contradicts itself: .* as version 1 of policy 'current'") as caught:
        load_versions(tmp_path, scenario)
    words = str(caught.value)
    assert "\n" not in words
    assert path.name in words
    assert "first.json" in words
    assert ("different content" in words) == (what == "other content")
    assert f"{other.status} in {path.name}" in words
    # without the one of another name too
    assert path.name in contradiction(tmp_path, "current", 1)
    assert contradiction(tmp_path, "current", 2) == ""
    path.unlink()
    assert contradiction(tmp_path, "current", 1) == ""
    assert list(load_versions(tmp_path, scenario).policies) == [live]


def test_several_policies_in_one_folder(folder, scenario, current):
    put(folder, current.model_copy(update={"name": "other"}), scenario, "json")
    with pytest.raises(InputError, match="policies of several names"):
        load_versions(folder, scenario)
    assert len(load_versions(folder, scenario, "current").policies) == 5
    with pytest.raises(InputError, match="holds no version of policy 'mine'"):
        load_versions(folder, scenario, "mine")
    with pytest.raises(InputError, match="is not a folder"):
        load_versions(folder / "card.html", scenario)


def test_a_folder_without_a_policy(tmp_path, scenario, current):
    (tmp_path / "cases.csv").write_text("a,b\n")
    (tmp_path / "notes_v1.xlsx").mkdir()
    put(tmp_path, current, scenario, "html")
    with pytest.raises(InputError, match="holds no version of a policy"):
        load_versions(tmp_path, scenario)


@pytest.mark.parametrize("kind", ["html", "pdf"])
def test_a_card_says_which_policy_it_is(scenario, rich, kind):
    if kind == "pdf" and pdf_problem():
        pytest.skip("no PDF here")
    live = approve(rich, "Ana", DAY, "live")
    assert read_marks(render(live, kind, scenario)) == marks_of(live)
    assert marks_of(live).rules == marks_of(rich).rules
    assert marks_of(live).fingerprint != marks_of(rich).fingerprint
    assert read_marks(b"%PDF-1.7 stream\nx\nendstream") is None
    assert read_marks(b"<html>") is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("current_v1.json", "json"),
        ("current_v12.jdm.json", "jdm"),
        ("current_v1.card.pdf", "pdf"),
        ("current_v1.json.previous", None),
        ("current_v1.schema.json", None),
        ("currently_v1.json", None),
        ("current_v1x.json", None),
        ("mine.json", None),
    ],
)
def test_names_of_published_files(tmp_path, name, kind):
    assert format_of_published(tmp_path / name, "current") == kind
    assert format_of_published(tmp_path / name, "current", 3) is None


def test_an_edit_raises_the_version_of_a_draft_too(tmp_path, scenario, current):
    for kind in ("json", "yaml", "csv"):
        path = put(tmp_path, current, scenario, kind)
        text = path.read_text(encoding="utf-8-sig")
        for old, new in (('"credit": 10', '"credit": 40'), ("credit: 10", "credit: 40"), (",25,10,", ",25,40,")):
            text = text.replace(old, new, 1)
        path.write_text(text)
        record = read_file(path).record
        assert (record.policy.version, record.policy.status, record.exported_as) == (2, "draft", (1, "draft"))
        assert approve(record.policy, "Ana", DAY, "live").version == 2
        # a person may have raised it already
        raised = text.replace('"version": 1', '"version": 7').replace("version: 1", "version: 7")
        path.write_text(raised.replace(",version,1,", ",version,7,"))
        assert read_file(path).record.policy.version == 7
