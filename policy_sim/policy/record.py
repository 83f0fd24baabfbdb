"""Records: a policy as files hold it, with where it came from and a seal that shows whether it was changed.

In: a policy file (YAML, or what we export), or its content. Out: `Record`, checked; plain data for files.
Left to others: what the policy means (`limits`), other kinds of files (`publish`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from policy_sim.border import InputError, find_file, parse_json, parse_model, read_yaml, shipped
from policy_sim.policy.limits import MOST_VERSIONS, Policy
from policy_sim.policy.one_line import OneLine
from policy_sim.policy.playbook import Playbook, PlaybookRule
from policy_sim.policy.playbook_words import playbook_changes
from policy_sim.version import __version__
from policy_sim.words import Name

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario

__all__ = [
    "FILE_FORMAT",
    "SCHEMA",
    "ExpectedEffect",
    "ExpectedSpending",
    "Provenance",
    "Record",
    "Seal",
    "changes",
    "load_policy",
    "load_record",
    "load_shipped_policies",
    "make_record",
    "parse_record",
    "record_content",
    "seal_of",
]

#: What an exported policy says of itself; a later format will have another number.
FILE_FORMAT = "policy_sim.policy/1"

#: The JSON Schema that is written beside exported policies.
SCHEMA = "policy.schema.json"

Short = Annotated[OneLine, Field(max_length=200)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class ExpectedEffect(_Frozen):
    """What the policy was expected to bring against another one: money a year with the 90 % interval."""

    against: Name
    per_year: float
    low: float
    high: float


class ExpectedSpending(_Frozen):
    """What remedies were expected to cost, and the budget that was aimed at: money a year."""

    remedy_cost: float
    budget: Annotated[float, Field(gt=0)]


class Provenance(_Frozen):
    """Where a policy came from: what it was worked out with, and what it was expected to bring."""

    package_version: Short = __version__
    scenario: Name | None = None
    scenario_fingerprint: Short | None = None
    data_fingerprint: Short | None = None
    seed: int | None = None
    case_count: int | None = None
    draw_count: int | None = None
    expected_effect: ExpectedEffect | None = None
    expected_spending: ExpectedSpending | None = None


class Seal(_Frozen):
    """SHA-256 of the content as it was exported, and that content as text, so that a change can be named."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    content: Annotated[str, Field(max_length=2_000_000)]


@dataclass(frozen=True)
class Record:
    """A policy with its provenance.

    Attributes
    ----------
    policy
        The policy as the file holds it; a draft of a higher version where the file was changed after export.
    provenance
        Where it came from; nothing is expected of a policy that was changed.
    changes
        What was changed after export, each in words: "tiers.agent.limits.credit 25 -> 40".
    is_sealed
        Whether the file says what was exported.
    exported_as
        Version and state of what was exported, where the file was changed after that.
    """

    policy: Policy
    provenance: Provenance
    changes: tuple[str, ...] = ()
    is_sealed: bool = False
    exported_as: tuple[int, str] | None = None

    @property
    def warning(self) -> str:
        """What to tell people about a file that was changed, in one line; empty where it was not."""
        if not self.changes:
            return ""
        draft = f"it counts as a draft, version {self.policy.version}, until approved"
        return f"this file was changed after export: {'; '.join(self.changes)}; {draft}"


def load_policy(policy: str | Path, scenario: Scenario) -> Policy:
    """Read a policy: the path of a YAML or JSON file, or the name of one that travels with the package.

    A file that was changed after it was exported is read as a draft.

    Parameters
    ----------
    policy
        Path or name.
    scenario
        Its tiers, failures and segments are the ones that the policy may name.

    Raises
    ------
    InputError
        If the file is missing or anything in it does not fit; the message names the place.
    """
    path = find_file("policy", policy, "data/policies", ".yaml")
    read = load_record(path).policy
    read.check_names(scenario, path.name)
    read.check_order(scenario.failures, [segment.name for segment in scenario.segments], path.name)
    return read


def load_shipped_policies(scenario: Scenario, besides: Policy) -> list[Policy]:
    """Return the policies that travel with the package and fit the scenario, other than one of the same name."""
    policies = []
    for path in sorted(shipped("data/policies").glob("*.yaml")):
        # one in another currency, or with other tiers, is no fault of whoever brings a scenario of their own
        with suppress(InputError):
            policies.append(load_policy(path.stem, scenario))
    return [policy for policy in policies if policy.name != besides.name]


def load_record(path: Path) -> Record:
    """Read a policy file (YAML, JSON) with its provenance and seal.

    Raises
    ------
    InputError
        If the file is missing or holds no policy.
    """
    return parse_record(read_yaml(path, may_alias=False), path.name)


def parse_record(content: object, where: str) -> Record:
    """Read the content of a policy file.

    Raises
    ------
    InputError
        If it holds no policy, or its seal is not one that we wrote.
    """
    if not isinstance(content, Mapping):
        return make_record(parse_model(Policy, content, where))
    file_format = content.get("format", FILE_FORMAT)
    if file_format != FILE_FORMAT:
        raise InputError(f"{where} has the format '{file_format}'; expected '{FILE_FORMAT}', export it again")
    about_file = ("$schema", "format", "provenance", "seal")
    own = {key: value for key, value in content.items() if key not in about_file}
    provenance = parse_model(Provenance, content.get("provenance") or {}, f"{where}, provenance")
    seal = None if content.get("seal") is None else parse_model(Seal, content["seal"], f"{where}, seal")
    return make_record(parse_model(Policy, own, where), provenance, seal, where)


def make_record(
    policy: Policy, provenance: Provenance | None = None, seal: Seal | None = None, where: str = "the policy"
) -> Record:
    """Put a policy and its provenance together, and see by the seal whether they are as they were exported.

    Raises
    ------
    InputError
        If the seal is broken in itself.
    """
    provenance = provenance or Provenance()
    if seal is None:
        return Record(policy, provenance)
    if hashlib.sha256(seal.content.encode("utf-8", "surrogatepass")).hexdigest() != seal.sha256:
        raise InputError(f"{where}: the seal itself was changed (its SHA-256 does not fit); export the policy again")
    if seal.content == canonical(policy, provenance):
        return Record(policy, provenance, is_sealed=True)
    before, status, version = _sealed(seal, where)
    changed = changes(before, json.loads(canonical(policy, provenance)))
    # a version number stands for one content, also that of a draft: others may hold what was exported
    draft = policy.as_draft().model_copy(update={"version": max(policy.version, version + 1)})
    unexpected = provenance.model_copy(update={"expected_effect": None, "expected_spending": None})
    return Record(draft, unexpected, changed, is_sealed=True, exported_as=(version, status))


def _sealed(seal: Seal, where: str) -> tuple[Mapping[str, Any], str, int]:
    """Return what a seal holds, with the status and version of the policy in it."""
    before: Any = None
    with suppress(InputError):
        before = parse_json(seal.content, "the seal")
    policy = before.get("policy") if isinstance(before, Mapping) else None
    if isinstance(policy, Mapping):
        status, version = policy.get("status"), policy.get("version")
        if isinstance(status, str) and type(version) is int and 1 <= version <= MOST_VERSIONS:
            return before, status, version
    raise InputError(f"{where}: the seal holds no policy of a version from 1 to {MOST_VERSIONS:,}; export it again")


def record_content(policy: Policy, provenance: Provenance | None = None) -> dict[str, object]:
    """Return what a file holds: the policy as plain data, with format, provenance and seal."""
    provenance = provenance or Provenance()
    return {
        "$schema": SCHEMA,
        "format": FILE_FORMAT,
        **{key: value for key, value in policy.content.items() if value not in (None, "")},
        "provenance": provenance.model_dump(mode="json", exclude_none=True),
        "seal": seal_of(policy, provenance).model_dump(),
    }


def seal_of(policy: Policy, provenance: Provenance | None = None) -> Seal:
    """Return the seal of a policy with its provenance."""
    content = canonical(policy, provenance or Provenance())
    return Seal(sha256=hashlib.sha256(content.encode()).hexdigest(), content=content)


def canonical(policy: Policy, provenance: Provenance) -> str:
    """Return policy and provenance in the one form that is sealed: sorted keys, no blanks, whole numbers as such."""
    content = {"policy": policy.content, "provenance": provenance.model_dump(mode="json", exclude_none=True)}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what differs between two sealed contents, each in words: "tiers.agent.limits.credit 25 -> 40"."""
    old, new = _paths(before), _paths(after)
    changed = [
        f"{path} {_value_words(old.get(path))} -> {_value_words(new.get(path))}"
        for path in dict.fromkeys((*old, *new))
        if old.get(path) != new.get(path)
    ]
    changed += _playbook_changes(before, after)
    return tuple(changed) or ("the order of exceptions or guards",)


def _playbook_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what differs in the rules of two sealed contents, whose places say nothing to people."""
    try:
        old, new = (_rules_of(content.get("policy", {})) for content in (before, after))
    except (TypeError, ValueError):  # a seal that none of us wrote
        return ("the playbook, which held no rules before",)
    return playbook_changes(old, new, str(after["policy"].get("currency", "")))


def _rules_of(policy: Mapping[str, Any]) -> tuple[PlaybookRule, ...]:
    return Playbook.model_validate(policy["playbook"]).rules if "playbook" in policy else ()


def _value_words(value: object) -> str:
    return "nothing" if value in (None, "") else str(value)


def _paths(content: Mapping[str, Any]) -> dict[str, object]:
    """Return every value by its path; parts of lists bear what they are for instead of their position."""
    paths: dict[str, object] = {}

    def walk(path: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, part in value.items():
                walk(f"{path}.{key}" if path else str(key), part)
        elif isinstance(value, list):
            seen: dict[str, int] = {}
            for part in value:
                label = _label(part)
                seen[label] = seen.get(label, 0) + 1
                number = "" if seen[label] == 1 else f"#{seen[label]}"
                # what the label says is not said again
                is_labelled = isinstance(part, Mapping)
                rest = {key: held for key, held in part.items() if key not in _LABELS} if is_labelled else part
                walk(f"{path}.{label}{number}", rest)
        else:
            paths[path] = value

    walk("", {name: value for name, value in content.get("policy", {}).items() if name != "playbook"})
    walk("provenance", content.get("provenance", {}))
    return paths


#: What tells parts of a list apart, besides a name.
_LABELS = ("tier", "failure", "segment", "fact", "to")


def _label(part: object) -> str:
    if not isinstance(part, Mapping):
        return str(part)
    labels = [part.get(key) for key in ("name", *_LABELS)]
    return ".".join(str(label) for label in labels if label is not None)
