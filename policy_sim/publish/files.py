"""Files: a policy as other tools and people read it, and back.

In: a policy with its provenance, a folder. Out: files of every format, each written whole; the policy that a file
holds. Left to others: what each format says (`spreadsheet`, `dmn`, `jdm`, `card`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, read_yaml, unknown, write_whole
from policy_sim.policy import SCHEMA, Policy, Provenance, Record, parse_record, record_content, seal_of
from policy_sim.publish.card import render_card, render_card_pdf
from policy_sim.publish.dmn import parse_dmn, render_dmn
from policy_sim.publish.jdm import parse_jdm, render_jdm
from policy_sim.publish.schema import render_schema
from policy_sim.publish.spreadsheet import parse_csv, parse_xlsx, render_csv, render_xlsx
from policy_sim.publish.table import Vocabulary

__all__ = [
    "FORMATS",
    "ReadFile",
    "export_policy",
    "import_policy",
    "publish",
    "read_file",
    "render",
    "vocabulary_of",
    "write_file",
]

#: What a policy can be written as, with the ending of the file's name.
FORMATS = {
    "json": ".json",
    "yaml": ".yaml",
    "csv": ".csv",
    "xlsx": ".xlsx",
    "dmn": ".dmn",
    "jdm": ".jdm.json",
    "html": ".card.html",
    "pdf": ".card.pdf",
}

#: Formats that cannot be read back: for people only.
CARDS = ("html", "pdf")

_LARGEST = 5_000_000


@dataclass(frozen=True)
class ReadFile:
    """What a file holds: its format, the policy with its provenance, and what it was written for, where it says so."""

    format: str
    record: Record
    vocabulary: Vocabulary | None = None


def publish(
    policy: Policy,
    scenario: Scenario,
    folder: str | Path,
    formats: Iterable[str] = tuple(FORMATS),
    provenance: Provenance | None = None,
    is_forced: bool = False,
) -> list[Path]:
    """Write a policy in several formats into a folder, each file whole, and return their paths.

    Files are named by policy and version; with JSON or YAML the JSON Schema is written beside them. Everything is
    made before anything is written; a file that is replaced is kept as `NAME.previous`.

    Parameters
    ----------
    policy
        The policy.
    scenario
        Its failures and segments are those that the files name.
    folder
        Where to write; it is made where it is missing.
    formats
        Of `FORMATS`.
    provenance
        Where the policy came from; it is written into every file.
    is_forced
        Publish even where the folder holds a newer version.

    Raises
    ------
    InputError
        If a format is unknown or lacks a library, the folder holds a newer version, or cannot be written to.
    """
    place = Path(folder)
    chosen = list(dict.fromkeys(formats))
    contents = {
        f"{policy.name}_v{policy.version}{FORMATS.get(each, '')}": render(policy, each, scenario, provenance)
        for each in chosen
    }
    if {"json", "yaml"} & set(chosen):
        contents[SCHEMA] = render_schema().encode()
    if not is_forced and place.is_dir():
        for path in sorted(place.glob(f"{policy.name}_v*")):
            _check_not_newer(path, policy)
    for name, content in contents.items():
        _keep_and_write(place / name, content)
    return [place / name for name in contents]


def write_file(path: str | Path, policy: Policy, content: str | bytes, is_forced: bool = False) -> None:
    """Write what was rendered of a policy into a file; what it replaces is kept as `NAME.previous`.

    Raises
    ------
    InputError
        If a newer version of the policy is there, unless forced, or the place cannot be written to.
    """
    if not is_forced:
        _check_not_newer(Path(path), policy)
    _keep_and_write(Path(path), content)


def render(policy: Policy, format: str, scenario: Scenario, provenance: Provenance | None = None) -> bytes:  # noqa: A002
    """Return a policy in one of `FORMATS`.

    Raises
    ------
    InputError
        If the format is unknown, the policy does not fit the scenario, or a library is missing.
    """
    if format not in FORMATS:
        raise unknown("format", format, list(FORMATS))
    policy.check_names(scenario, f"policy {policy.name}")
    vocabulary = vocabulary_of(scenario)
    renderers: dict[str, Callable[[], str | bytes]] = {
        "json": lambda: _json(policy, provenance),
        "yaml": lambda: _yaml(policy, provenance),
        "csv": lambda: render_csv(policy, provenance),
        "xlsx": lambda: render_xlsx(policy, vocabulary, provenance),
        "dmn": lambda: render_dmn(policy, vocabulary, provenance),
        "jdm": lambda: render_jdm(policy, vocabulary, provenance),
        "html": lambda: render_card(policy, scenario, provenance),
        "pdf": lambda: render_card_pdf(policy, scenario, provenance),
    }
    content = renderers[format]()
    return content.encode() if isinstance(content, str) else content


def export_policy(
    policy: Policy,
    path: str | Path | None = None,
    format: str = "json",  # noqa: A002
    provenance: Provenance | None = None,
) -> str:
    """Return a policy as JSON or YAML, and write it where a path is given; money is in the policy's currency.

    Raises
    ------
    InputError
        If the format is another, or the path cannot be written.
    """
    if format not in ("json", "yaml"):
        raise unknown("format", format, ("json", "yaml"))
    text = _json(policy, provenance) if format == "json" else _yaml(policy, provenance)
    if path is not None:
        write_whole(Path(path), text)
    return text


def import_policy(path: str | Path, scenario: Scenario) -> Policy:
    """Read back an exported policy, of any format that can be read; nothing is lost on the way.

    A file that was changed after export is read as a draft; `read_file` says what was changed.

    Raises
    ------
    InputError
        If the file is missing or does not hold a policy of this scenario.
    """
    policy = read_file(path).record.policy
    where = Path(path).name
    policy.check_names(scenario, where)
    policy.check_order(scenario.failures, [segment.name for segment in scenario.segments], where)
    return policy


def read_file(path: str | Path) -> ReadFile:
    """Read what a file holds: JSON, YAML, CSV, XLSX, DMN or JDM that we wrote, or a policy by hand.

    Raises
    ------
    InputError
        If the file is missing, too large, of no such format, or holds no policy.
    """
    place = Path(path)
    found = _format_of(place)
    try:
        size = place.stat().st_size
        if size > _LARGEST:
            raise InputError(f"file '{place}' holds {size:,} bytes; expected a policy, at most {_LARGEST:,}")
        data = place.read_bytes() if found in ("csv", "xlsx", "dmn") else b""
    except OSError as error:
        raise InputError(f"file '{place}' cannot be read: {error.strerror}") from None
    if found == "csv":
        return ReadFile(found, parse_csv(data, place.name))
    if found == "xlsx":
        return ReadFile(found, parse_xlsx(data, place.name))
    if found == "dmn":
        return ReadFile(found, *parse_dmn(data, place.name))
    content = read_yaml(place)
    if found == "jdm" or (isinstance(content, dict) and "nodes" in content):
        return ReadFile("jdm", *parse_jdm(content, place.name))
    return ReadFile(found, parse_record(content, place.name))


def vocabulary_of(scenario: Scenario) -> Vocabulary:
    """Return the failures and segments of a scenario."""
    return Vocabulary(tuple(scenario.failures), tuple(segment.name for segment in scenario.segments))


def _json(policy: Policy, provenance: Provenance | None) -> str:
    return json.dumps(record_content(policy, provenance), indent=2, ensure_ascii=False) + "\n"


def _yaml(policy: Policy, provenance: Provenance | None) -> str:
    content = record_content(policy, provenance)
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
    return f"# Limits in {policy.currency}: a number, ask, or no_limit. What is changed here counts as a draft.\n{text}"


def _format_of(path: Path) -> str:
    if path.name.endswith(FORMATS["jdm"]):
        return "jdm"
    suffix = ".yaml" if path.suffix == ".yml" else path.suffix.lower()
    readable = {ending: name for name, ending in FORMATS.items() if name not in CARDS}
    if suffix not in readable:
        endings = ", ".join(sorted(readable))
        raise InputError(f"file '{path}' ends in '{path.suffix}'; expected a policy as {endings}")
    return readable[suffix]


def _check_not_newer(path: Path, policy: Policy) -> None:
    """See that a file that is to be replaced, or stands beside, holds no newer version of the policy."""
    try:
        there = read_file(path).record.policy
    except InputError:
        return  # a card, or not one of ours: it says nothing about versions
    if there.name != policy.name:
        return
    mend = "give this one a higher version, or publish with --force"
    if there.version > policy.version:
        raise InputError(f"'{path}' holds version {there.version} of '{policy.name}', newer than {policy.version}; {mend}")
    is_other = seal_of(there).sha256 != seal_of(policy).sha256
    if there.version == policy.version and there.status != "draft" and is_other:
        raise InputError(
            f"'{path}' holds version {there.version} of '{policy.name}' with other content, and it is {there.status}; "
            f"{mend}"
        )


def _keep_and_write(path: Path, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content
    if path.is_file():
        before = path.read_bytes()
        if before == data:
            return
        write_whole(path.with_name(f"{path.name}.previous"), before)
    write_whole(path, data)

