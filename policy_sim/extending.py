"""Extending: scenario files that only say what differs from another.

In: a file. Out: its content put over that of the scenario that it extends; which file that is.
Left to others: what a scenario is (`assumptions`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from policy_sim.border import InputError, find_file, is_file, read_yaml, unknown

__all__ = ["extended_content", "extended_file", "scenario_file"]


def scenario_file(scenario: str | Path) -> Path:
    """Return the file of a scenario: its path, or the name of one that travels with the package.

    Raises
    ------
    InputError
        If there is none.
    """
    return find_file("scenario", scenario, "data/scenarios", ".yaml")


def extended_file(scenario: str | Path) -> Path | None:
    """Return the file of the scenario that another extends; none where it stands by itself.

    Raises
    ------
    InputError
        If either file is missing or is no scenario.
    """
    path = scenario_file(scenario)
    content: Any = read_yaml(path)
    return _base(path, content["extends"]) if isinstance(content, Mapping) and "extends" in content else None


#: Takes the place of a member that null takes away though it is not there, and what is wrong with that.
OnUnknown = Callable[[tuple[str | int, ...], str], None]


def extended_content(path: Path, descendants: tuple[Path, ...] = (), on_unknown: OnUnknown | None = None) -> Any:
    """Read a file and put it over the scenario that it extends, if any.

    Parameters
    ----------
    path
        The file.
    descendants
        Files that extend it, the nearest one last.
    on_unknown
        Called for each member of this file that null takes away though it is not there; else the first is refused.

    Raises
    ------
    InputError
        If a file is missing, holds no scenario, or they extend each other in a circle.
    """
    content: Any = read_yaml(path)
    if descendants and not isinstance(content, Mapping):
        found = "nothing" if content is None else f"a {type(content).__name__}"
        raise InputError(f"{path.name}, which {descendants[-1].name} extends, holds {found}; expected a scenario")
    if not isinstance(content, Mapping) or "extends" not in content:
        return content
    own = {key: value for key, value in content.items() if key != "extends"}
    base = _base(path, content["extends"])
    if base.resolve() in (path.resolve(), *(descendant.resolve() for descendant in descendants)):
        raise InputError(
            f"{path.name}: extends '{content['extends']}', which extends it in turn; remove one of the two"
        )

    def refuse(place: tuple[str | int, ...], words: str) -> None:
        raise InputError(f"{words} ({', '.join([path.name, *map(str, place[:-1])])})")

    return _put_over(extended_content(base, (*descendants, path)), own, (), on_unknown or refuse)


def _base(path: Path, extended: object) -> Path:
    """Return the file that a file names as the one that it extends: by its path from there, or by its name."""
    if not isinstance(extended, str):
        raise InputError(
            f"{path.name}: extends is {extended!r}; expected the name of a scenario or the path of its file"
        )
    beside = path.parent / extended
    try:
        return beside if is_file(beside) else scenario_file(extended)
    except InputError as error:
        raise InputError(f"{error} ({path.name}, extends)") from None


def _put_over(base: Any, own: Any, place: tuple[str | int, ...], on_unknown: OnUnknown) -> Any:
    """Return own where it says something, else base; mappings are merged, and null takes a member away."""
    if not (isinstance(base, Mapping) and isinstance(own, Mapping)):
        return own
    for key, value in own.items():
        if value is None and key not in base:
            words = str(unknown("member to take away by null", key, [str(member) for member in base]))
            on_unknown((*place, key), words)
    merged = {
        key: _put_over(base.get(key), value, (*place, key), on_unknown)
        for key, value in own.items()
        if value is not None
    }
    return {key: merged.get(key, value) for key, value in base.items() if own.get(key, value) is not None} | merged
