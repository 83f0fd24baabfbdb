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
from policy_sim.border import InputError, read_bytes, read_yaml, unknown, write_whole
from policy_sim.policy import Policy, Provenance, Record, parse_record, record_content
from policy_sim.publish.card import pdf_problem, render_card, render_card_pdf
from policy_sim.publish.dmn import parse_dmn, render_dmn
from policy_sim.publish.jdm import parse_jdm, render_jdm
from policy_sim.publish.spreadsheet import parse_csv, parse_xlsx, render_csv, render_xlsx
from policy_sim.publish.table import Vocabulary
from policy_sim.words import resolution_name

__all__ = [
    "FORMATS",
    "ReadFile",
    "engines_of",
    "export_policy",
    "import_policy",
    "read_file",
    "render",
    "vocabulary_of",
]

_LARGEST = 5_000_000


@dataclass(frozen=True)
class ReadFile:
    """What a file holds: its format, the policy with its provenance, and what it was written for, where it says so."""

    format: str
    record: Record
    vocabulary: Vocabulary | None = None


@dataclass(frozen=True)
class Format:
    """A form in which a policy is written.

    Attributes
    ----------
    name, title
        What it is called on the command line, and on screen.
    ending
        How the names of its files end.
    write
        Returns the content of a file from a policy, a scenario and a provenance.
    read
        Returns what a file at a path holds; None where the format is for people only.
    engines
        Rules engines that run its files; where there are none, we read them as a help desk does.
    is_usual
        Whether it is chosen on screen unless somebody says otherwise.
    problem
        Says why it cannot be written here, in words; nothing where it can.
    """

    name: str
    title: str
    ending: str
    write: Callable[[Policy, Scenario, Provenance | None], str | bytes]
    read: Callable[[Path], ReadFile] | None = None
    engines: tuple[str, ...] = ()
    is_usual: bool = False
    problem: Callable[[], str] = lambda: ""


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
    content = FORMATS[format].write(policy, scenario, provenance)
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
    reader = _reader_of(place)
    return reader(place)


def engines_of(format: str) -> tuple[str, ...]:  # noqa: A002
    """Return the rules engines that run the files of one of `FORMATS`."""
    return FORMATS[format].engines


def vocabulary_of(scenario: Scenario) -> Vocabulary:
    """Return the failures and segments of a scenario."""
    return Vocabulary(tuple(scenario.failures), tuple(segment.name for segment in scenario.segments))


def _resolutions(scenario: Scenario) -> dict[str, dict[str, str]]:
    """Return by failure what can be given for it: its name, and what a person would say."""
    said = scenario.variant_words
    return {
        failure: {
            resolution_name(bundle): ", ".join(said[variant] for variant in bundle) or "nothing"
            for bundle in scenario.resolutions(failure)
        }
        for failure in scenario.failures
    }


def _json(policy: Policy, provenance: Provenance | None) -> str:
    return json.dumps(record_content(policy, provenance), indent=2, ensure_ascii=False) + "\n"


def _yaml(policy: Policy, provenance: Provenance | None) -> str:
    content = record_content(policy, provenance)
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
    return f"# Limits in {policy.currency}: a number, ask, or no_limit. What is changed here counts as a draft.\n{text}"


def _reader_of(path: Path) -> Callable[[Path], ReadFile]:
    """Return what reads a file, by the ending of its name: the longest that fits."""
    name = f"{path.stem}.yaml" if path.suffix == ".yml" else path.name
    readers = {written_as.ending: written_as.read for written_as in FORMATS.values() if written_as.read is not None}
    for ending in sorted(readers, key=len, reverse=True):
        if name.lower().endswith(ending):
            return readers[ending]
    endings = ", ".join(sorted(readers))
    raise InputError(f"file '{path}' ends in '{path.suffix}'; expected a policy as {endings}")


def _read_plain(name: str, path: Path) -> ReadFile:
    """Read JSON or YAML: a policy, or a graph of GoRules whatever the ending of its name."""
    content = read_yaml(path, may_alias=False)
    if name == "jdm" or (isinstance(content, dict) and "nodes" in content):
        return ReadFile("jdm", *parse_jdm(content, path.name))
    return ReadFile(name, parse_record(content, path.name))


def _read_bytes(path: Path) -> bytes:
    return read_bytes(path, f"file '{path}'", _LARGEST)


#: What a policy can be written as, by name.
FORMATS = {
    written_as.name: written_as
    for written_as in (
        Format(
            "json",
            "JSON, for programs",
            ".json",
            lambda policy, _, provenance: _json(policy, provenance),
            lambda path: _read_plain("json", path),
            is_usual=True,
        ),
        Format(
            "yaml",
            "YAML, for people who edit text",
            ".yaml",
            lambda policy, _, provenance: _yaml(policy, provenance),
            lambda path: _read_plain("yaml", path),
        ),
        Format(
            "csv",
            "CSV, a table",
            ".csv",
            lambda policy, _, provenance: render_csv(policy, provenance),
            lambda path: ReadFile("csv", parse_csv(_read_bytes(path), path.name)),
        ),
        Format(
            "xlsx",
            "Excel, a table to edit",
            ".xlsx",
            lambda policy, scenario, provenance: render_xlsx(
                policy, vocabulary_of(scenario), provenance, _resolutions(scenario)
            ),
            lambda path: ReadFile("xlsx", parse_xlsx(_read_bytes(path), path.name)),
        ),
        Format(
            "dmn",
            "DMN, for decision engines",
            ".dmn",
            lambda policy, scenario, provenance: render_dmn(policy, vocabulary_of(scenario), provenance),
            lambda path: ReadFile("dmn", *parse_dmn(_read_bytes(path), path.name)),
            engines=("pyDMNrules", "feelin"),
        ),
        Format(
            "jdm",
            "GoRules JDM, for decision engines",
            ".jdm.json",
            lambda policy, scenario, provenance: render_jdm(policy, vocabulary_of(scenario), provenance),
            lambda path: _read_plain("jdm", path),
            engines=("zen-engine",),
        ),
        Format("html", "Card for agents, a page", ".card.html", render_card, is_usual=True),
        Format("pdf", "Card for agents, PDF", ".card.pdf", render_card_pdf, problem=pdf_problem),
    )
}
