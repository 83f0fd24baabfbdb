"""Completion: names that a shell offers while a command is typed.

In: what has been typed so far. Out: names with a few words about each. Left to others: what they name.

It is called on every press of the tab key, so it looks at names of files and first lines only: nothing is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = [
    "assumption_names",
    "failure_names",
    "format_names",
    "limit_names",
    "policy_names",
    "scenario_names",
]

#: A line that a file has near its top: "title: Online shop".
_TITLE = re.compile(r"^title: *[\"']?([^\"'\n#]+)", re.MULTILINE)
#: How much of a file is looked at for its title.
_HEAD = 4_096
#: Members of a part of a scenario, as the shipped files have them.
_MEMBER = re.compile(r"^  ([a-z][a-z0-9_]*):", re.MULTILINE)
_INNER = re.compile(r"^    ([a-z][a-z0-9_]*):", re.MULTILINE)
_GROUP = re.compile(r"^  ([a-z][a-z0-9_]*):.*\n((?:    .*\n)*)", re.MULTILINE)
#: Formats by name, with their titles in `publish.FORMATS`, which takes too long to load.
_FORMATS: Mapping[str, str] = {
    "json": "JSON, for programs",
    "yaml": "YAML, for people who edit text",
    "csv": "CSV, a table",
    "xlsx": "Excel, a table to edit",
    "dmn": "DMN, for decision engines",
    "jdm": "GoRules JDM, for decision engines",
    "html": "Card for agents, a page",
    "pdf": "Card for agents, PDF",
}


def scenario_names(incomplete: str) -> list[tuple[str, str]]:
    """Return scenarios that travel with the program and begin so, with their titles, and files of one's own."""
    return [*_shipped("scenarios", incomplete), *_files(incomplete, (".yaml", ".yml"))]


def policy_names(incomplete: str) -> list[tuple[str, str]]:
    """Return policies that travel with the program and begin so, with their titles, and files of one's own."""
    endings = (".yaml", ".yml", ".json", ".csv", ".xlsx", ".dmn")
    return [*_shipped("policies", incomplete), *_files(incomplete, endings)]


def failure_names(incomplete: str) -> list[str]:
    """Return kinds of failure of the shipped scenarios that begin so."""
    return _members("failures", incomplete)


def format_names(incomplete: str) -> list[tuple[str, str]]:
    """Return formats of published policies with what each is; of a list with commas, the last one is completed."""
    return _last_of_list(incomplete, _FORMATS)


def limit_names(incomplete: str) -> list[tuple[str, str]]:
    """Return limits that begin so, with their titles; of a list with commas, the last one is completed."""
    from policy_sim.words import LIMIT_KINDS

    return _last_of_list(incomplete, {name: kind.title for name, kind in LIMIT_KINDS.items()})


def assumption_names(incomplete: str) -> list[str]:
    """Return full names of assumptions of the shipped scenarios that begin so, with the sign before a value."""
    names: dict[str, None] = {}
    for path in sorted((_data() / "scenarios").glob("*.yaml")):
        for group, members in _GROUP.findall(_part(path, "assumptions")):
            names |= dict.fromkeys(f"{group}.{member}=" for member in _INNER.findall(members))
    return sorted(name for name in names if name.startswith(incomplete))


def _last_of_list(incomplete: str, known: Mapping[str, str]) -> list[tuple[str, str]]:
    before, comma, last = incomplete.rpartition(",")
    return [(f"{before}{comma}{name}", words) for name, words in known.items() if name.startswith(last)]


def _shipped(kind: str, incomplete: str) -> Iterator[tuple[str, str]]:
    for path in sorted((_data() / kind).glob("*.yaml")):
        if path.stem.startswith(incomplete):
            with path.open(encoding="utf-8") as stream:
                title = _TITLE.search(stream.read(_HEAD))
            yield path.stem, title[1].strip() if title else ""


def _members(part: str, incomplete: str) -> list[str]:
    names: dict[str, None] = {}
    for path in sorted((_data() / "scenarios").glob("*.yaml")):
        names |= dict.fromkeys(_MEMBER.findall(_part(path, part)))
    return sorted(name for name in names if name.startswith(incomplete))


def _part(path: Path, name: str) -> str:
    """Return the lines below a key at the margin of a shipped file."""
    found = re.search(rf"^{name}:\n((?:(?: .*)?\n)*)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""


def _files(incomplete: str, endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Return files and folders that begin so: a shell offers none by itself where a program offers names."""
    head, tail = (incomplete.rpartition("/")[0], incomplete.rpartition("/")[2])
    folder = Path(head or ("/" if incomplete.startswith("/") else "."))
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if not entry.name.startswith(tail) or (entry.name.startswith(".") and not tail):
            continue
        begun = f"{incomplete[: len(incomplete) - len(tail)]}{entry.name}"
        if entry.suffix in endings and entry.is_file():
            yield begun, "file"
        elif entry.is_dir():
            yield f"{begun}/", "folder"


def _data() -> Path:
    """Return the folder of what travels with the program: in a checkout beside the package, else in it."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "data"
    return inside if inside.is_dir() else package.parent / "data"
