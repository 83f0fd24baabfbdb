import os
import stat

import pytest
from pydantic import BaseModel, ConfigDict

from policy_sim import border
from policy_sim.border import (
    InputError,
    Steps,
    find_file,
    nearest,
    parse_model,
    read_columns,
    read_yaml,
    shipped,
    unknown,
    write_whole,
)


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "given.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(action, *arguments):
    """Return the message of an InputError, which is one line whatever went wrong."""
    with pytest.raises(InputError) as caught:
        action(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_plain_data(written):
    assert read_yaml(written("a: 1\nb: [x, 2.5, true, null]\n")) == {"a": 1, "b": ["x", 2.5, True, None]}
    assert read_yaml(written('{"format": "x", "limits": {"refund": "ask"}}'))["limits"] == {"refund": "ask"}
    assert read_yaml(written("")) is None


def test_merged_keys_may_be_overridden(written):
    assert read_yaml(written("x: &x {a: 1, b: 2}\ny: {<<: *x, a: 3}\n"))["y"] == {"a": 3, "b": 2}


def test_missing_file(tmp_path):
    assert (
        refusal(read_yaml, tmp_path / "none.yaml")
        == f"file '{tmp_path}/none.yaml' does not exist; give the path of one that does"
    )
    assert "cannot be read" in refusal(read_yaml, tmp_path)


@pytest.mark.parametrize(
    "tag",
    ["!!python/object/apply:os.system ['touch made']", "!!python/name:os.system", "!!python/object:os.x {}", "!x 1"],
)
def test_objects_are_not_constructed(written, tmp_path, monkeypatch, tag):
    monkeypatch.chdir(tmp_path)
    message = refusal(read_yaml, written(f"a: 1\nb: {tag}\n"))
    assert "would construct an object; only plain values are accepted, remove it" in message
    assert "line 2" in message
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("content", "key", "line"),
    [("a: 1\nb: 2\na: 3\n", "a", 3), ("x:\n  refund: 1\n  refund: 2\n", "refund", 3), ("- {1: a, 1: b}\n", "1", 1)],
)
def test_duplicate_key(written, content, key, line):
    message = refusal(read_yaml, written(content))
    assert f"line {line}: the key '{key}' stands twice" in message


@pytest.mark.parametrize("content", ["ä".encode("latin-1"), "ä".encode("utf-16")])
def test_not_utf8(written, content):
    assert "is not UTF-8 text (byte 0); save it as UTF-8" in refusal(read_yaml, written(content))


@pytest.mark.parametrize(
    "content",
    [
        "a: [1, 2\n",
        "a: *nowhere\n",
        "a: 1\n---\nb: 2\n",
        "a: \x00\n",
        "\ta: 1\n",
        "? [1, 2]\n: 3\n",  # a list as a key
        "{a: 1}: 2\n",  # a mapping as a key
        "a: 2026-02-31\n",  # no such day
        "a: !!int many\n",
        "a: !!float much\n",
    ],
)
def test_broken_yaml(written, content):
    assert refusal(read_yaml, written(content)).startswith("file '")


def test_yaml_nested_beyond_reason(written):
    assert refusal(read_yaml, written("[" * 20_000)).startswith("file '")


def test_nearest():
    assert nearest("refnd", ["refund", "credit"]) == " (did you mean 'refund'?)"
    assert nearest("ref", ["credit", "refund"]) == " (did you mean 'refund'?)"
    assert nearest("xyzzy", ["refund", "credit"]) == ""
    assert nearest("", ["refund"]) == ""
    assert nearest(7, iter(["refund"])) == ""


def test_unknown():
    assert str(unknown("tier", "agnet", ["agent", "lead"], "policy p")) == (
        "unknown tier 'agnet' (did you mean 'agent'?); expected one of: agent, lead (policy p)"
    )
    assert str(unknown("tier", "xyzzy", ("agent",))) == "unknown tier 'xyzzy'; expected one of: agent"


def test_find_file(tmp_path, monkeypatch):
    where = ("policy", "data/policies", ".yaml")

    def find(file):
        return find_file(where[0], file, *where[1:])

    monkeypatch.chdir(tmp_path)
    assert find("current") == shipped("data/policies") / "current.yaml"
    mine = tmp_path / "mine.yaml"
    mine.touch()
    assert find(mine) == mine
    assert find("mine.yaml").samefile(mine)
    assert "unknown policy 'curent' (did you mean 'current'?)" in refusal(find, "curent")
    for file in ("none.yaml", tmp_path / "none", "../current"):
        message = refusal(find, file)
        assert message.startswith(f"policy file '{file}' does not exist")
        assert "ask_first, current, generous" in message
    # a folder is no file
    (tmp_path / "folder").mkdir()
    refusal(find, "folder")


class _Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    amount: float


class _Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    parts: list[_Inner]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"parts": [{"amount": 1}, {}]}, "'amount' is missing (f.yaml, parts[1].amount); add it"),
        ({"parts": [{"amount": 1, "unit": 2}]}, "unexpected entry 'unit' (f.yaml, parts[0].unit); remove it"),
        ({"parts": [{"amount": "much"}]}, "found 'much': expected a number (f.yaml, parts[0].amount)"),
        ([1], "found [1]: expected entries, each a name and what it stands for (f.yaml)"),
        (None, "found None: expected entries, each a name"),
        ({"parts": "x" * 500}, "..."),
    ],
)
def test_first_fault_in_one_line(content, message):
    assert message in refusal(parse_model, _Outer, content, "f.yaml")


@pytest.mark.parametrize("content", ["ä\n", b"\x00\xff"])
def test_write_whole(tmp_path, content):
    path = tmp_path / "new" / "deep" / "out.json"
    write_whole(path, content)
    assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    assert os.listdir(path.parent) == ["out.json"]
    write_whole(path, "second")
    assert path.read_text() == "second"


def test_written_files_have_ordinary_rights(tmp_path):
    path, ordinary = tmp_path / "out.json", tmp_path / "ordinary"
    write_whole(path, "x")
    ordinary.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)


def test_a_file_may_be_written_piece_by_piece(tmp_path):
    path = tmp_path / "out.csv"
    write_whole(path, lambda stream: stream.writelines((b"a\n", b"b\n")))
    assert path.read_bytes() == b"a\nb\n"

    def broken(stream):
        stream.write(b"half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_whole(path, broken)
    assert path.read_bytes() == b"a\nb\n"
    assert os.listdir(tmp_path) == ["out.csv"]


@pytest.mark.parametrize("broken", ["replace", "fdopen", "chmod"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, broken):
    path = tmp_path / "out.json"
    path.write_text("old")

    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(border.places.os, broken, fail)
    message = refusal(write_whole, path, "new")
    assert message == f"cannot write '{path}': No space left on device; choose another place with --out"
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.json"]


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "out.json"
    path.write_text("old")

    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(border.places.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.json"]


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").touch()
    for place in (tmp_path / "file" / "out.json", tmp_path / "folder", tmp_path / ("x" * 300)):
        assert refusal(write_whole, place, "x").startswith("cannot write")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_columns_of_a_table(written):
    table = read_columns("list of a", written("\ufeffb, A ,c\n1,007,\n\n2, NA ,x\n"), ("a", "b"))
    assert table.to_dict("list") == {"a": ["007", "NA"], "b": ["1", "2"]}
    assert list(table.index) == [2, 4]  # as an editor counts lines


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "No columns to parse from file"),
        ("a,b\n", "holds no rows"),
        ("a,c\n1,2\n", "has no column 'b'; found: a, c; expected a,b"),
        ("a,b,B\n1,2,3\n", "has two columns 'b'"),
        ("a,b\n1,2,3\n", "cannot be read"),
        (b"a,b\n\xff,2\n", "save it as UTF-8"),
    ],
)
def test_a_table_that_cannot_be_used(written, content, words):
    message = refusal(read_columns, "list of a", written(content), ("a", "b"))
    assert message.startswith("list of a '")
    assert words in message


def test_a_table_that_is_not_there(tmp_path):
    assert "does not exist; give the path of a CSV file" in refusal(read_columns, "list", tmp_path / "x.csv", ("a",))


def test_steps_report_how_many_are_done_before_each_and_at_the_end():
    reports = []
    steps = Steps(lambda *report: reports.append(report), 2)
    steps.begin("reading")
    steps.begin("fitting")
    steps.finish()
    assert reports == [("reading", 0, 2), ("fitting", 1, 2), ("fitting", 2, 2)]
    Steps(None, 1).begin("nobody listens")
