"""Folder: what the files in a folder say together: the versions of a policy, each number for one content.

In: a folder of exported files of any format. Out: `Versions`; or that the files contradict each other, in words.
Left to others: what a file holds (`files`, `card`), writing (`publication`), which version is in force (`policy`).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, guarded, is_file, is_folder
from policy_sim.policy import Policy, Record, Versions
from policy_sim.publish.card import Marks, marks_of, read_marks
from policy_sim.publish.files import FORMATS, read_file

__all__ = ["HeldFile", "contradiction", "files_of_version", "format_of_published", "load_versions", "published_name"]

_LARGEST_CARD = 5_000_000


@dataclass(frozen=True)
class HeldFile:
    """What a file says: its format and marks; its record too, but for a card."""

    path: Path
    format: str
    marks: Marks
    record: Record | None

    @property
    def is_edited(self) -> bool:
        """Whether it was changed after export: it is a draft then, whatever its name says."""
        return self.record is not None and bool(self.record.changes)


def published_name(policy: Policy, format: str) -> str:  # noqa: A002
    """Return how the file of a policy in one of `FORMATS` is called."""
    return f"{policy.name}_v{policy.version}{FORMATS[format].ending}"


def format_of_published(path: Path, name: str, version: int | None = None) -> str | None:
    """Return the format of a file that is called as `published_name` calls those of a policy; None for any other."""
    number = r"\d+" if version is None else str(version)
    begun = re.match(rf"{re.escape(name)}_v{number}(?=\.)", path.name)
    endings = {known.ending: known.name for known in FORMATS.values()}
    return endings.get(path.name[begun.end() :]) if begun else None


def files_of_version(folder: Path, name: str, version: int) -> list[tuple[Path, str, HeldFile | None]]:
    """Return the files in a folder that are called as those of one version: path, format, and what each says.

    What cannot be read, or bears no marks, says nothing: None.
    """
    files: list[tuple[Path, str, HeldFile | None]] = []
    for known in FORMATS.values():
        path = folder / f"{name}_v{version}{known.ending}"
        if is_file(path):
            try:
                files.append((path, known.name, _held(path, known.name)))
            except InputError:
                files.append((path, known.name, None))
    return files


def contradiction(folder: Path, name: str, version: int) -> str:
    """Return in words that the files of one version in a folder do not say the same; "" where they do."""
    files = [held for _, _, held in files_of_version(folder, name, version) if held is not None]
    return _contradiction(folder, [held for held in files if not held.is_edited])


def load_versions(folder: str | Path, scenario: Scenario, name: str | None = None) -> Versions:
    """Read all versions of a policy from a folder; the same version may lie there in several formats.

    A draft that somebody edited is passed over with a warning: it decides nothing until it is approved.

    Parameters
    ----------
    folder
        Where exported files lie: JSON and YAML of any name, others under the names that `publish` gives them; other
        files are passed over.
    scenario
        Its tiers, failures and segments are the ones that the policies may name.
    name
        Of the policy; needed where the folder holds several.

    Raises
    ------
    InputError
        If a file cannot be read, one that decides cases was changed after export, or two files hold different content
        as one version.
    """
    place = Path(folder)
    if not is_folder(place):
        raise InputError(f"'{folder}' is not a folder; give one that holds the versions of a policy")
    files = [held for held in _held_files(place) if name in (None, held.marks.name)]
    _pass_over_edited(files)
    files = [held for held in files if not held.is_edited]
    names = {held.marks.name for held in files}
    if len(names) > 1:
        raise InputError(f"folder '{folder}' holds policies of several names; say which one is meant")
    policies: dict[int, Policy] = {}
    for held in files:
        if held.record is not None:
            held.record.policy.check_names(scenario, held.path.name)
            policies[held.marks.version] = held.record.policy
    for version in sorted(policies):
        words = _contradiction(place, [held for held in files if held.marks.version == version])
        if words:
            raise InputError(words)
    if not policies:
        raise InputError(
            f"folder '{folder}' holds no version of {f'policy {name!r}' if name else 'a policy'}; write one there with "
            "policy-sim export --out"
        )
    return Versions(tuple(policies[version] for version in sorted(policies)))


def _held_files(folder: Path) -> list[HeldFile]:
    """Return what the files of a folder say, those of policies."""
    files = []
    with guarded(f"folder '{folder}'", "a folder that can be opened"):
        paths = sorted(folder.iterdir())
    for path in paths:
        kind = _format_of(path)
        held = None if kind is None else _held(path, kind)
        if held is not None:
            files.append(held)
    return files


def _format_of(path: Path) -> str | None:
    """Return the format of a file that may be one of a policy; tables and the like only if they are called so."""
    if path.name.startswith(".") or path.name.endswith(".schema.json") or not is_file(path):
        return None
    name = re.match(r"([a-z][a-z0-9_]*)_v\d+\.", path.name)
    published = None if name is None else format_of_published(path, name[1])
    if published is not None:
        return published
    is_plain = path.suffix in (".json", ".yaml", ".yml") and not path.name.endswith(".jdm.json")
    return path.suffix.strip(".").replace("yml", "yaml") if is_plain else None


def _held(path: Path, kind: str) -> HeldFile | None:
    if FORMATS[kind].read is None:
        try:
            marks = read_marks(path.read_bytes()) if path.stat().st_size <= _LARGEST_CARD else None
        except OSError as error:
            raise InputError(
                f"file '{path}' cannot be read: {error.strerror}; expected a file that can be opened"
            ) from None
        return None if marks is None else HeldFile(path, kind, marks, None)
    record = read_file(path).record
    return HeldFile(path, kind, marks_of(record.policy), record)


def _pass_over_edited(files: Sequence[HeldFile]) -> None:
    """Warn of drafts that were edited; refuse what was edited and decides cases."""
    for held in files:
        record = held.record
        if record is None or not record.changes or record.exported_as is None:
            continue
        if record.exported_as[1] in ("live", "retired"):
            raise InputError(f"{held.path.name}: {record.warning}; put the exported file back, or export a new version")
        warnings.warn(f"{held.path.name} decides nothing: {record.warning}", stacklevel=3)


def _contradiction(folder: Path, files: Sequence[HeldFile]) -> str:
    """Return in words that files of one version do not say the same; "" where they do."""
    alike: dict[str, list[HeldFile]] = {}
    for held in files:
        alike.setdefault(held.marks.fingerprint, []).append(held)
    if len(alike) < 2:
        return ""
    marks = files[0].marks
    parts = []
    for same in alike.values():
        names = [held.path.name for held in same]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        parts.append(f"{same[0].marks.status} in {', '.join(names[:3])}{more}")
    what = "different content" if len({held.marks.rules for held in files}) > 1 else "one content in different states"
    return (
        f"folder '{folder}' contradicts itself: its files hold {what} as version {marks.version} of policy "
        f"'{marks.name}' ({'; '.join(parts)}); remove those that do not hold, or export the one that does with --all "
        "--force"
    )
