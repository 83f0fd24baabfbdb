"""Files: a policy as other tools and people read it, and back.

In: a policy with its provenance. Out: the bytes of a file of any format; the policy that a file holds.
Left to others: what each format says (`spreadsheet`, `dmn`, `jdm`, `card`), what may be published (`publication`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, read_yaml, unknown, write_whole
from policy_sim.policy import Policy, Provenance, Record, parse_record, record_content
from policy_sim.publish.card import render_card, render_card_pdf
from policy_sim.publish.dmn import parse_dmn, render_dmn
from policy_sim.publish.jdm import parse_jdm, render_jdm
from policy_sim.publish.spreadsheet import parse_csv, parse_xlsx, render_csv, render_xlsx
from policy_sim.publish.table import Vocabulary

__all__ = [
    "FORMATS",
    "ReadFile",
    "export_policy",
    "import_policy",
    "read_file",
    "render",
    "vocabulary_of",
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
    file_format = _format_of(place)
    try:
        size = place.stat().st_size
        if size > _LARGEST:
            raise InputError(f"file '{place}' holds {size:,} bytes; expected a policy, at most {_LARGEST:,}")
        data = place.read_bytes() if file_format in ("csv", "xlsx", "dmn") else b""
    except OSError as error:
        raise InputError(f"file '{place}' cannot be read: {error.strerror}") from None
    if file_format == "csv":
        return ReadFile(file_format, parse_csv(data, place.name))
    if file_format == "xlsx":
        return ReadFile(file_format, parse_xlsx(data, place.name))
    if file_format == "dmn":
        return ReadFile(file_format, *parse_dmn(data, place.name))
    content = read_yaml(place, may_alias=False)
    if file_format == "jdm" or (isinstance(content, dict) and "nodes" in content):
        return ReadFile("jdm", *parse_jdm(content, place.name))
    return ReadFile(file_format, parse_record(content, place.name))


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
