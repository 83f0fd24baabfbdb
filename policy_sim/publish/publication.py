"""Publication: files of a policy put where others will follow them, and nothing broken, older or contradictory beside.

In: a policy with its provenance, a place. Out: files, each written whole; what they replace is kept.
Left to others: what the files say (`files`), what lies in a folder (`folder`), what is an error (`check`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, is_file, is_folder, write_whole
from policy_sim.policy import SCHEMA, Policy, Provenance
from policy_sim.publish.card import Marks, marks_of
from policy_sim.publish.check import refuse_broken
from policy_sim.publish.files import FORMATS, read_file, render
from policy_sim.publish.folder import files_of_version, format_of_published, published_name
from policy_sim.publish.schema import render_schema

__all__ = ["publish", "write_file"]

#: States in the order in which a policy goes through them.
_STATES = ("draft", "approved", "live", "retired")


def publish(
    policy: Policy,
    scenario: Scenario,
    folder: str | Path,
    formats: Iterable[str] = tuple(FORMATS),
    provenance: Provenance | None = None,
    is_forced: bool = False,
) -> list[Path]:
    """Write a policy in several formats into a folder, each file whole, and return their paths.

    Files are named by policy and version; with JSON or YAML the JSON Schema is written beside them. Files of the same
    version that lie there in another state, or as another draft, are renewed too, whatever their format: a version
    number stands for one content. Everything is made before anything is written; a file that is replaced is kept as
    `NAME.previous`.

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
        Publish even where the folder holds a newer version, or this one with other content.

    Returns
    -------
    list
        Paths of the formats asked for, of the schema, then of the files that were renewed besides.

    Raises
    ------
    InputError
        If the policy has a fault that `check` calls an error, a format is unknown or lacks a library, the folder holds
        a newer version or another content as this version, or cannot be written to.
    """
    refuse_broken(policy, scenario)
    place = Path(folder)
    chosen = list(dict.fromkeys(formats))
    # an unknown format is refused by `render`
    rendered = {name: render(policy, name, scenario, provenance) for name in chosen}
    contents = {published_name(policy, name): text for name, text in rendered.items()}
    if {"json", "yaml"} & set(chosen):
        contents[SCHEMA] = render_schema().encode()
    if not is_forced and is_folder(place):
        for path in sorted(place.glob(f"{policy.name}_v*")):
            _check_not_newer(path, policy)
    stale = [name for name in _stale_formats(place, policy, is_forced) if name not in chosen]
    contents |= _renewed(policy, stale, scenario, provenance)
    for name, content in contents.items():
        _keep_and_write(place / name, content)
    return [place / name for name in contents]


def write_file(
    path: str | Path,
    policy: Policy,
    content: str | bytes,
    scenario: Scenario,
    provenance: Provenance | None = None,
    is_forced: bool = False,
) -> list[Path]:
    """Write what was rendered of a policy into a file; what it replaces is kept as `NAME.previous`.

    Where the file is called as `publish` calls it, files of the same version beside it are renewed as `publish` does.

    Parameters
    ----------
    path, policy, content
        Where to write, which policy, and the content of its file.
    scenario, provenance
        For the files that are renewed beside it.
    is_forced
        Write even where there is a newer version, or this one with other content.

    Returns
    -------
    list
        The path, then those of the files that were renewed besides.

    Raises
    ------
    InputError
        If a newer version of the policy is there, or this one with other content, unless forced, or the place cannot be
        written to.
    """
    place = Path(path)
    if not is_forced:
        _check_not_newer(place, policy)
    contents = {place.name: content}
    own = format_of_published(place, policy.name, policy.version)
    if own is not None:
        stale = [name for name in _stale_formats(place.parent, policy, is_forced) if name != own]
        contents |= _renewed(policy, stale, scenario, provenance)
    for name, text in contents.items():
        _keep_and_write(place.parent / name, text)
    return [place.parent / name for name in contents]


def _stale_formats(folder: Path, policy: Policy, is_forced: bool) -> list[str]:
    """Return the formats in which a folder holds this version, but not as it is now.

    A file that somebody edited is left to them: it counts as a draft of a higher version.

    Raises
    ------
    InputError
        If one of them may not be replaced, unless forced.
    """
    own = marks_of(policy)
    stale = []
    for path, kind, held in files_of_version(folder, policy.name, policy.version):
        if held is not None and (held.is_edited or held.marks.fingerprint == own.fingerprint):
            continue
        if held is not None and not is_forced:
            _check_may_follow(path, held.marks, own)
        stale.append(kind)
    return stale


def _renewed(
    policy: Policy, stale: Iterable[str], scenario: Scenario, provenance: Provenance | None
) -> dict[str, bytes]:
    """Return the contents of files that lie there stale, by name."""
    contents = {}
    for kind in stale:
        name = published_name(policy, kind)
        try:
            contents[name] = render(policy, kind, scenario, provenance)
        except InputError as error:
            raise InputError(
                f"'{name}' lies there and would say something else of version {policy.version}; it cannot be renewed: "
                f"{error}; or remove it"
            ) from None
    return contents


def _check_not_newer(path: Path, policy: Policy) -> None:
    """See that a file that is to be replaced, or stands beside, holds no newer version of the policy."""
    try:
        record = read_file(path).record
    except InputError:
        return  # a card, or not one of ours: it says nothing about versions
    there = marks_of(record.policy)
    if there.name != policy.name or record.changes:
        return
    if there.version > policy.version:
        raise InputError(
            f"'{path}' holds version {there.version} of '{policy.name}', newer than {policy.version}; {_MEND}"
        )
    if there.version == policy.version:
        _check_may_follow(path, there, marks_of(policy))


_MEND = "give this one a higher version, or publish with --force"


def _check_may_follow(path: Path, there: Marks, new: Marks) -> None:
    """See that a file of the same version may be replaced: by its next state, or as one draft by another."""
    if there.fingerprint == new.fingerprint or there.status == new.status == "draft":
        return
    if there.rules != new.rules:
        raise InputError(
            f"'{path}' holds version {there.version} of '{there.name}' with other content, and it is {there.status}; "
            f"{_MEND}"
        )
    if _STATES.index(new.status) < _STATES.index(there.status):
        raise InputError(
            f"'{path}' holds version {there.version} of '{there.name}', and it is {there.status}, while this one is "
            f"{new.status}; publish the one that is {there.status}, or this one with --force"
        )


def _keep_and_write(path: Path, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content
    if is_file(path):
        before = path.read_bytes()
        if before == data:
            return
        write_whole(path.with_name(f"{path.name}.previous"), before)
    write_whole(path, data)
