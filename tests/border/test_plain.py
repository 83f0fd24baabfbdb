"""Hostile YAML and JSON: refused in one line before anything is built from it."""

import contextlib
import json
import tracemalloc

import pytest

from policy_sim.border import InputError, parse_json, read_yaml
from policy_sim.border.plain import _MOST_PARTS


def refusal(path, content, **options):
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError) as caught:
        read_yaml(path, **options)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 1_000
    return message


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("!!bool x", "'x' cannot be read as bool"),
        ("!!bool ''", "cannot be read as bool"),
        ("!!bool [1]", "file"),
        ("!!int ''", "cannot be read as int"),
        ("!!int 1.5", "'1.5' cannot be read as int"),
        ("!!int 0x", "cannot be read as int"),
        ("!!float x", "cannot be read as float"),
        ("!!timestamp x", "would construct an object"),
        ("!!timestamp 2026-12-01", "would construct an object"),
        ("!!binary aGk=", "would construct an object"),
        ("!!binary '===='", "would construct an object"),
        ("!!set {a, b}", "would construct an object"),
        ("!!omap [a: 1]", "would construct an object"),
        ("!!pairs [a: 1]", "would construct an object"),
        ("!!seq a", "file"),
        ("!!map [1]", "file"),
        ("!<tag:x> 1", "would construct an object"),
        ("2026-02-31", "cannot be read as timestamp"),
        ("2026-13-01", "cannot be read as timestamp"),
        ("2026-01-01 25:00:00", "cannot be read as timestamp"),
    ],
)
def test_tags_that_promise_what_is_not_there(tmp_path, value, words):
    assert words in refusal(tmp_path / "x.yaml", f"a: 1\nx: {value}\n")


def test_tags_of_plain_values_are_read(tmp_path):
    (tmp_path / "x.yaml").write_text("a: !!str 007\nb: !!int '7'\nc: !!float 7\nd: !!bool yes\n")
    assert read_yaml(tmp_path / "x.yaml") == {"a": "007", "b": 7, "c": 7.0, "d": True}


def bomb(first, again, levels=9):
    """Return YAML in which every level repeats the one before nine times."""
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{k}: &a{k} {again(f'*a{k - 1}')}" for k in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "content",
    [
        bomb("[" + ",".join(["lol"] * 9) + "]", lambda alias: "[" + ",".join([alias] * 9) + "]"),
        bomb("{x: lol}", lambda alias: "{" + ",".join(f"k{i}: {alias}" for i in range(9)) + "}"),
        bomb("{x: lol}", lambda alias: "{<<: [" + ",".join([alias] * 9) + "]}"),
        bomb("[1, 2]", lambda alias: f"[{alias}, {alias}]", levels=60),
        "x:\n  - &a [" + ",".join(["1"] * 50_000) + "]\n  - [*a, *a]\n",
        "[" + "1," * (_MOST_PARTS + 1) + "1]",
    ],
    ids=["lists", "mappings", "merged", "doubled", "two of many", "no alias at all"],
)
def test_bombs_go_off_nowhere(tmp_path, content):
    tracemalloc.start()
    try:
        assert f"holds more than {_MOST_PARTS:,} parts" in refusal(tmp_path / "x.yaml", content)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000 + 10 * len(content)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("content", ["a: &a [*a]\n", "&a {b: *a}\n", "&a [&b [*a, *b]]\n", "a: *b\nb: &b 1\n"])
def test_aliases_of_what_is_not_complete(tmp_path, content):
    assert "stands for nothing that is complete" in refusal(tmp_path / "x.yaml", content)


def test_an_alias_may_repeat_what_is_small(tmp_path):
    (tmp_path / "x.yaml").write_text("a: &a [1, {b: &b 2}]\nc: [*a, *b]\nd: &e 3\ne: *e\n")
    assert read_yaml(tmp_path / "x.yaml") == {"a": [1, {"b": 2}], "c": [[1, {"b": 2}], 2], "d": 3, "e": 3}


@pytest.mark.parametrize(
    ("ending", "content", "words"),
    [
        ("yaml", "x: [" + "9" * 400 + "]", "a number of 400 digits; expected at most 18 (file"),
        ("json", '{"x": [' + "9" * 400 + "]}", ", x[0])"),
        ("json", '{"x": -' + "9" * 4000 + "}", "a number of 4,000 digits"),
        ("json", '{"x": ' + "9" * 5000 + "}", "cannot be read"),
        ("yaml", "x: " + "9" * 5000, "cannot be read as int"),
        ("yaml", "x: 0x" + "f" * 400, "digits"),
        ("yaml", f"x: {2**63}", "a number of 19 digits"),
        ("yaml", "x: 1.0e+999", "beyond all amounts"),
        ("yaml", "x: -1.0e+999", "beyond all amounts"),
        ("yaml", "x: " + "9" * 400 + ".0", "beyond all amounts"),
        ("json", '{"x": 1e999}', "beyond all amounts"),
        ("json", '{"x": -1e999}', "beyond all amounts"),
        ("json", '{"x": Infinity}', "is not a number that JSON knows"),
        ("json", '{"x": NaN}', "is not a number that JSON knows"),
    ],
)
def test_numbers_beyond_all_amounts(tmp_path, ending, content, words):
    assert words in refusal(tmp_path / f"x.{ending}", content)


def test_infinities_that_are_written_as_such_are_left_to_models(tmp_path):
    (tmp_path / "x.yaml").write_text("[.inf, -.INF, +.Inf]")
    assert read_yaml(tmp_path / "x.yaml") == [float("inf"), float("-inf"), float("inf")]


@pytest.mark.parametrize("sign", ["\x1b[31m", "\x00", "\x7f", "\x9b", "\r", "\x08", "\ud800"])
def test_text_that_no_screen_can_show(tmp_path, sign):
    for content in ({"title": f"a{sign}b"}, {f"a{sign}b": 1}, ["x", {"y": [sign]}]):
        assert "control character" in refusal(tmp_path / "x.json", json.dumps(content))


def test_text_of_several_lines_and_any_script_is_read(tmp_path):
    content = {"a": "one\ntwo\tthree", "b": "Größe 😀 日本語 עברית"}
    (tmp_path / "x.json").write_text(json.dumps(content))
    assert read_yaml(tmp_path / "x.json") == content


@pytest.mark.parametrize(
    ("ending", "content"),
    [("json", "[" * 100_000), ("json", '{"a":' * 100_000), ("yaml", "[" * 100_000), ("yaml", "- " * 5_000)],
)
def test_nesting_beyond_reason(tmp_path, ending, content):
    refusal(tmp_path / f"x.{ending}", content)


@pytest.mark.parametrize("levels", range(100, 1100, 100))
def test_whatever_the_nesting_it_is_read_or_refused(tmp_path, levels):
    path = tmp_path / "file.yaml"
    path.write_text("[" * levels + "]" * levels)
    with contextlib.suppress(InputError):
        read_yaml(path)


def test_what_one_reader_changes_no_other_sees(tmp_path):
    path = tmp_path / "file.yaml"
    path.write_text("names: [a]")
    read_yaml(path)["names"].append("b")
    assert read_yaml(path) == {"names": ["a"]}


def test_many_keys_take_no_longer_than_they_should():
    count = 40_000
    content = {f"k{k}": 1 for k in range(count)}
    assert parse_json(json.dumps(content), "x") == content
    doubled = "{" + ",".join(f'"k{k}": 1' for k in range(count)) + ', "k7": 1}'
    with pytest.raises(InputError, match="the key 'k7' stands twice"):
        parse_json(doubled, "x")


def test_files_that_are_too_large_or_endless(tmp_path):
    assert "more than 5,000,000 bytes" in refusal(tmp_path / "x.yaml", b" " * 5_000_001)
    (tmp_path / "endless.yaml").symlink_to("/dev/zero")
    with pytest.raises(InputError, match="more than 5,000,000 bytes"):
        read_yaml(tmp_path / "endless.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        read_yaml(tmp_path / ("x" * 300))
