"""Plain data: YAML and JSON files that hold numbers, text, lists and mappings, and nothing else.

In: a path, or text. Out: plain data that any model, hash or screen can take. Left to others: what they mean (`models`).

Nothing is built from a file before it is known to be of a size that somebody may have written: parts that aliases
repeat count as often as they stand for.
"""

from __future__ import annotations

import copy
import functools
import json
import math
import unicodedata
from collections.abc import Hashable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from policy_sim.border.errors import InputError
from policy_sim.border.guard import guarded, read_bytes

__all__ = ["lines_of", "parse_json", "read_yaml"]

#: Bytes of a file that a person wrote; parts (names, values, lists, mappings) of one in YAML.
_LARGEST, _MOST_PARTS = 5_000_000, 100_000
#: Whole numbers beyond this are no amounts, counts, seeds or versions.
_LARGEST_WHOLE = 2**63
_BEYOND = "is beyond all amounts; expected a finite one (for a limit without end: no_limit)"
_YAML = "tag:yaml.org,2002:"
#: What a value may be called; any other tag would build something.
_PLAIN_TAGS = tuple(f"{_YAML}{kind}" for kind in ("str", "int", "float", "bool", "null", "seq", "map"))


def read_yaml(path: Path, may_alias: bool = True, most_bytes: int = _LARGEST) -> Any:
    """Read a YAML or JSON (.json) file that may only hold plain data.

    Parameters
    ----------
    path
        The file.
    may_alias
        Whether YAML may repeat a part by an alias.
    most_bytes
        That the file may hold.

    Raises
    ------
    InputError
        If the file is missing, too large, not UTF-8 text, not YAML or JSON, tries to construct objects, or holds text
        or numbers that cannot be used anywhere: control characters, endless or infinite numbers.
    """
    what = f"file '{path}'"
    data = read_bytes(path, what, most_bytes)
    with guarded(what, "plain YAML"):
        text = data.decode("utf-8-sig")
    return parse_json(text, what) if path.suffix == ".json" else _parse_yaml(text, what, may_alias)


def lines_of(path: Path, most_bytes: int = _LARGEST) -> dict[tuple[str | int, ...], int]:
    """Return the line, from 1, of every key and list member of a YAML file that `read_yaml` reads, by its place.

    Parts that an alias repeats have the line where they are written out; JSON files have no lines here.
    """
    if path.suffix == ".json":
        return {}
    what = f"file '{path}'"
    text = read_bytes(path, what, most_bytes).decode("utf-8-sig")
    lines: dict[tuple[str | int, ...], int] = {}
    with guarded(what, "YAML of plain values"):
        _check_parts(text, True)
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        _note_lines(root, (), lines)
    return lines


def _note_lines(node: yaml.Node | None, place: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            lines[here] = key.start_mark.line + 1
            _note_lines(value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            lines[(*place, position)] = value.start_mark.line + 1
            _note_lines(value, (*place, position), lines)


def parse_json(text: str, what: str) -> Any:
    """Return the plain data that JSON text holds; `what` is what it is called in messages.

    Raises
    ------
    InputError
        If it is no JSON, a key stands twice, or as for `read_yaml`.
    """
    with guarded(what, "JSON of plain values"):
        content = json.loads(text, object_pairs_hook=_distinct, parse_float=_finite, parse_constant=_no_number)
        _check_plain(content, what, "")
    return content


def _parse_yaml(text: str, what: str, may_alias: bool) -> Any:
    content = _parsed_yaml(text, what, may_alias)
    with guarded(what, "YAML of plain values"):
        return copy.deepcopy(content)  # each caller has one of its own, in a twentieth of the time of parsing


@functools.lru_cache(maxsize=8)  # scenarios and policies are read again and again; what is refused is not kept
def _parsed_yaml(text: str, what: str, may_alias: bool) -> Any:
    with guarded(what, "YAML of plain values"):
        try:
            _check_parts(text, may_alias)
            # a SafeLoader: it builds plain data only
            content = yaml.load(text, Loader=_StrictLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f", line {mark.line + 1}" if mark else ""
            problem = str(getattr(error, "problem", None) or error).replace("\n", " ")
            mend = "" if ";" in problem else "; correct what stands there: its indentation, quotes, commas or brackets"
            raise InputError(f"{what}{line}: {problem}{mend}") from None
        _check_plain(content, what, "")
    return content


def _check_parts(text: str, may_alias: bool) -> None:
    """See that YAML is small once every alias is written out, and that its tags are those of plain values."""
    sizes: dict[str, int] = {}  # of what aliases may stand for, all in it counted
    open_parts: list[tuple[str | None, int]] = []  # lists and mappings that are begun: anchor, parts before
    count = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.AliasEvent):
            count += _size_of_alias(event, sizes, may_alias)
        elif isinstance(event, yaml.NodeEvent):
            _check_tag(event)
            count += 1
            if isinstance(event, yaml.CollectionStartEvent):
                open_parts.append((event.anchor, count - 1))
            elif event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_parts.pop()
            if anchor:
                sizes[anchor] = count - before
        if count > _MOST_PARTS:
            problem = f"holds more than {_MOST_PARTS:,} parts (aliases written out); expected fewer, write less"
            raise _refused(problem, event.start_mark)


def _size_of_alias(event: yaml.AliasEvent, sizes: dict[str, int], may_alias: bool) -> int:
    if not may_alias:
        problem = f"the alias '*{event.anchor}' stands for another part; write that part out"
    elif event.anchor not in sizes:
        problem = f"the alias '*{event.anchor}' stands for nothing that is complete before it; write that part out"
    else:
        return sizes[event.anchor]
    raise _refused(problem, event.start_mark)


def _check_tag(event: yaml.NodeEvent) -> None:
    tag = getattr(event, "tag", None)
    if tag is not None and tag not in _PLAIN_TAGS:
        problem = f"the tag {tag!r} would construct an object; only plain values are accepted, remove it"
        raise _refused(problem, event.start_mark)


def _refused(problem: str, mark: Any) -> yaml.YAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


class _DistinctKeys(yaml.constructor.SafeConstructor):
    """Builds plain data only, and refuses a key that stands twice (plain YAML keeps the last one silently)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == f"{_YAML}merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise _refused(f"the key '{key}' stands twice; remove one", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (KeyError, IndexError, ValueError, AttributeError, OverflowError):  # what its tag promises it is not
            kind = node.tag.removeprefix(_YAML)
            raise _refused(f"{str(node.value)[:60]!r} cannot be read as {kind}; correct it", node.start_mark) from None

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        value: float = super().construct_yaml_float(node)
        if math.isinf(value) and not node.value.lower().endswith("inf"):
            raise _refused(f"the number {_BEYOND}", node.start_mark)
        return value


# its table of constructors holds functions, not names of methods
_DistinctKeys.add_constructor(f"{_YAML}float", _DistinctKeys.construct_yaml_float)  # type: ignore[type-var]


class _StrictLoader(_DistinctKeys, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML with distinct keys; parsed in C where PyYAML has it, which is ten times as fast."""


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        seen: set[str] = set()
        doubled = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key '{doubled}' stands twice; remove one")
    return content


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number {_BEYOND}")
    return value


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number that JSON knows; write a finite one")


def _check_plain(value: object, what: str, place: str) -> None:
    """See that plain data hold nothing that no file of ours can mean; the first such value is named with its place."""
    if isinstance(value, dict):
        for key, part in value.items():
            inner = f"{place}.{key}" if place else str(key)
            _check_plain(key, what, inner)
            _check_plain(part, what, inner)
        return
    if isinstance(value, list):
        for position, part in enumerate(value):
            _check_plain(part, what, f"{place}[{position}]")
        return
    problem = _problem_of(value)
    if problem:
        raise InputError(f"{problem} ({what}{f', {place}' if place else ''})")


def _problem_of(value: object) -> str:
    """Return what is wrong with a single value; nothing where it can be used."""
    if isinstance(value, str):
        sign = "" if value.isprintable() else _first_control(value)
        return f"text holds the control character {sign!r}; it must be plain text, remove it" if sign else ""
    if isinstance(value, int):
        if abs(value) < _LARGEST_WHOLE:
            return ""
        # Python writes no longer ones
        digits = f"{len(str(abs(value))):,}" if value.bit_length() < 14_000 else "thousands of"
        return f"found a number of {digits} digits; expected at most 18"
    if value is None or isinstance(value, float | date):  # a day as YAML reads it
        return ""
    return f"found a {type(value).__name__}; expected a plain value"


def _first_control(signs: Iterable[str]) -> str:
    return next((sign for sign in signs if unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t"), "")
