"""Publication: files of a policy put where others will follow them, and nothing broken or older over them.

In: a policy with its provenance, a place. Out: files, each written whole; what they replace is kept.
Left to others: what the files say (`files`), what is an error (`check`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, is_file, is_folder, write_whole
from policy_sim.policy import SCHEMA, Policy, Provenance, seal_of
from policy_sim.publish.check import refuse_broken
from policy_sim.publish.files import FORMATS, read_file, render
from policy_sim.publish.schema import render_schema

__all__ = ["publish", "write_file"]


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
        If the policy has a fault that `check` calls an error, a format is unknown or lacks a library, the folder holds
        a newer version, or cannot be written to.
    """
    refuse_broken(policy, scenario)
    place = Path(folder)
    chosen = list(dict.fromkeys(formats))
    # an unknown format is refused by `render`
    rendered = {name: render(policy, name, scenario, provenance) for name in chosen}
    contents = {f"{policy.name}_v{policy.version}{FORMATS[name].ending}": text for name, text in rendered.items()}
    if {"json", "yaml"} & set(chosen):
        contents[SCHEMA] = render_schema().encode()
    if not is_forced and is_folder(place):
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
        raise InputError(
            f"'{path}' holds version {there.version} of '{policy.name}', newer than {policy.version}; {mend}"
        )
    is_other = seal_of(there).sha256 != seal_of(policy).sha256
    if there.version == policy.version and there.status != "draft" and is_other:
        raise InputError(
            f"'{path}' holds version {there.version} of '{policy.name}' with other content, and it is {there.status}; "
            f"{mend}"
        )


def _keep_and_write(path: Path, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content
    if is_file(path):
        before = path.read_bytes()
        if before == data:
            return
        write_whole(path.with_name(f"{path.name}.previous"), before)
    write_whole(path, data)
