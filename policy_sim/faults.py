"""Faults: everything that is wrong or missing in a scenario's file, named at once, and what looks forgotten.

In: a scenario file. Out: `FileReport`: faults and remarks, each one line with its place and line in the file.
Left to others: reading a file that is right (`assumptions`), whether parts fit together (`fitting`).

What is wrong in itself is set aside and something plain put in its place, so that the rest can be looked at too.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import ValidationError

from policy_sim.assumptions import Scenario
from policy_sim.border import fault_words, lines_of, one_line, read_yaml
from policy_sim.extending import extended_content, scenario_file
from policy_sim.failures import ACTS
from policy_sim.fitting import Fault, Place
from policy_sim.uncertain import GROUPS

__all__ = ["TO_REPLACE", "FileReport", "check_scenario_file", "to_replace"]

#: How the source of a number begins that was written out to be replaced, and has not been.
TO_REPLACE = "to be replaced: "
#: Each round puts at least one part aside.
_MOST_ROUNDS = 60
#: Small, so that sums of shares stay below 1.
_PLAIN_NUMBER = {"value": 0.0001, "unit": "-", "range": [0.00005, 0.0002], "source": "-", "distribution": "chosen"}
_PLAIN_FAILURE: Mapping[str, object] = {
    "title": "-",
    "shape": "accepted",
    "matched_by": ["money"],
    "resolutions": {"plain": [[]]},
}
_PLAIN_TOP: Mapping[str, object] = {
    "name": "plain",
    "title": "-",
    "description": "-",
    "currency": "USD",
    "segments": [{"name": "all", "title": "-"}],
}
#: Where words say themselves where they are about.
_OWN_PLACE = re.compile(r" \((failures|remedies|rules|correlation)[^()]*\)$")
#: How pydantic says that a key of a mapping is meant, not what it leads to.
_KEY = "[key]"
_OPTIONAL_TOP = ("correlation", "wording")


@dataclass(frozen=True)
class FileReport:
    """What was found in the file of a scenario.

    Attributes
    ----------
    path
        The file.
    faults
        What keeps it from being read, one line each, in the order of the file.
    remarks
        What can be read but looks forgotten, one line each.
    scenario
        What was read; None where there are faults.
    """

    path: Path
    faults: tuple[str, ...]
    remarks: tuple[str, ...]
    scenario: Scenario | None

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain data."""
        return {
            "file": str(self.path),
            "faults": list(self.faults),
            "remarks": list(self.remarks),
            "fingerprint": None if self.scenario is None else self.scenario.fingerprint,
        }


def check_scenario_file(scenario: str | Path) -> FileReport:
    """Look at the file of a scenario: all that is wrong or missing, and what looks forgotten.

    Parameters
    ----------
    scenario
        The path of a file, or the name of one that travels with the package.

    Raises
    ------
    InputError
        If it, or a file that it extends, is missing or is no YAML of plain values.
    """
    path = scenario_file(scenario)
    own = read_yaml(path)
    unknown_members: list[Fault] = []
    content = extended_content(path, on_unknown=lambda place, words: unknown_members.append(Fault(place, words)))
    if not isinstance(own, Mapping):
        found = "nothing" if own is None else f"a {type(own).__name__}"
        return FileReport(
            path, (f"{path.name} holds {found}; expected a scenario (policy-sim scenario new)",), (), None
        )
    found_faults, whole = _all_faults(content)
    faults = [*unknown_members, *found_faults]
    lines = lines_of(path)
    said = sorted(
        {_line(fault, lines, path, whole): fault for fault in faults}.items(), key=lambda it: _rank(it, lines)
    )
    remarks = () if whole is None else tuple(_said(fault, lines, path) for fault in _remarks(own, whole))
    return FileReport(path, tuple(words for words, _ in said), remarks, None if faults else whole)


def to_replace(scenario: Scenario) -> list[str]:
    """Return the assumptions that were written out to be replaced and have not been, by their full names."""
    return [name for name in scenario.assumption_names if scenario.assumption(name).source.startswith(TO_REPLACE)]


def _all_faults(content: Any) -> tuple[list[Fault], Scenario | None]:
    """Return all faults of plain data, and what can be made of the rest; None where nothing can."""
    content = _unshared(content)
    faults: list[Fault] = []
    aside: set[Place] = set()
    for _ in range(_MOST_ROUNDS):
        unfitting: list[Fault] = []
        try:
            whole = Scenario.model_validate(content, context={"faults": unfitting})
            return [*faults, *(fault for fault in unfitting if not _hangs_on(fault, aside))], whole
        except ValidationError as error:
            found = [
                Fault(tuple(fault["loc"]), fault_words(fault), fault["type"] == "missing")
                for fault in error.errors(include_url=False)
            ]
        faults += [fault for fault in found if not _hangs_on(fault, aside)]
        filled = [_fill_in(content, fault) for fault in found]
        put_aside = {
            _set_aside(content, fault) for fault, is_filled in zip(found, filled, strict=True) if not is_filled
        }
        if () in put_aside or not (any(filled) or put_aside - aside):
            break
        aside |= put_aside
    more = "what else is wrong cannot be seen before these are mended; mend them and check again"
    return [*faults, Fault((), more)], None


def _unshared(content: Any) -> Any:
    """Return a copy in which nothing stands for two places, as aliases in YAML do."""
    if isinstance(content, Mapping):
        return {key: _unshared(value) for key, value in content.items()}
    return [_unshared(value) for value in content] if isinstance(content, list) else content


def _fill_in(content: Any, fault: Fault) -> bool:
    """Put something plain where a number, a failure or a remedy lacks a member, so that its others are looked at."""
    *part, name = fault.place or ("",)
    depths = {"assumptions": 3, "remedies": 2, "failures": 2}
    if not fault.is_missing or not part or len(part) != depths.get(str(part[0])):
        return False
    here = content
    for key in part:
        here = here[key]
    if part[0] == "failures":
        here[name] = _PLAIN_FAILURE[str(name)]
    elif name == "value":
        ends = here.get("range")
        is_pair = isinstance(ends, list) and len(ends) == 2 and all(isinstance(end, int | float) for end in ends)
        here[name] = sum(ends) / 2 if is_pair else _PLAIN_NUMBER[name]
    elif name == "range":
        value = here.get("value")
        here[name] = [value / 2, value] if isinstance(value, int | float) and value else [0, _PLAIN_NUMBER["value"]]
    else:
        here[name] = "-"
    return True


def _set_aside(content: Any, fault: Fault) -> Place:
    """Put something plain where a fault is; return the place of the part that was put aside, () where none can be."""
    place = fault.place[: fault.place.index(_KEY)] if _KEY in fault.place else fault.place
    depth = (
        len(place)
        if _KEY in fault.place
        else {"assumptions": 3, "remedies": 2, "failures": 2, "rules": 2}.get(str(place[0] if place else ""), 1)
    )
    part = place[:depth]
    if len(part) < max(depth, 1) or part[0] == "tiers":  # the whole of the assumptions, say
        return ()
    here = content
    for key in part[:-1]:
        here = here[key]
    last = part[-1]
    if _KEY in fault.place:  # a name that cannot be one
        here.pop(last, None)
    elif part[0] == "assumptions":
        here[last] = dict(_PLAIN_NUMBER)
    elif part[0] == "remedies":
        here[last] = {"title": "-", "gesture": "1", **_sizes(here[last])}
    elif part[0] == "failures":
        here[last] = {**_PLAIN_FAILURE, "resolutions": _parts(here[last])}
    elif part[0] == "rules":
        here[last] = {"never": ["-", "--"], "because": "-"}
    elif last in _PLAIN_TOP:
        here[last] = copy.deepcopy(_PLAIN_TOP[str(last)])
    elif last in Scenario.model_fields and last not in _OPTIONAL_TOP:
        return ()
    else:
        here.pop(last, None)
    return part


def _sizes(remedy: object) -> dict[str, object]:
    """Return the amounts of a faulty remedy, where they are such, so that its variants keep their names."""
    for name in ("amounts", "shares_of_price"):
        sizes = remedy.get(name) if isinstance(remedy, Mapping) else None
        if isinstance(sizes, list) and all(isinstance(size, int | float) and size > 0 for size in sizes):
            return {name: sizes}
    return {}


def _parts(failure: object) -> object:
    """Return the resolutions of a faulty failure, where they are such, so that their remedies are looked at too."""
    parts = failure.get("resolutions") if isinstance(failure, Mapping) else None
    is_whole = isinstance(parts, Mapping) and all(
        isinstance(lists, list)
        and lists
        and all(isinstance(one, list) and all(isinstance(r, str) for r in one) for one in lists)
        for lists in parts.values()
    )
    return parts if is_whole else _PLAIN_FAILURE["resolutions"]


def _hangs_on(fault: Fault, aside: set[Place]) -> bool:
    """Return whether a fault is only one of what stands in for a part that was put aside."""
    if any(fault.place[: len(part)] == part for part in aside):
        return fault.place[:1] != ("failures",) or "resolutions" not in fault.place
    named = [str(part[1]) for part in aside if part[0] == "remedies" and len(part) == 2]
    return any(f"unknown remedy '{name}" in fault.words for name in named)


def _line(fault: Fault, lines: Mapping[Place, int], path: Path, whole: Scenario | None) -> str:
    words = fault.words
    if fault.is_missing and whole is not None and len(fault.place) == 3 and fault.place[0] == "assumptions":
        words = _expected(whole, str(fault.place[1]), str(fault.place[2]))
    return _said(Fault(fault.place, words), lines, path)


def _expected(scenario: Scenario, group: str, name: str) -> str:
    """Return that an assumption of a failure or tier is missing, with what the others of its kind assume."""
    title = scenario.wording.failures.get(name) or scenario.wording.tiers.get(name)
    others = [members[name] for other, members in scenario.assumptions.items() if other != group and name in members]
    others = [other for other in others if other.unit != _PLAIN_NUMBER["unit"]]
    what = f" ({title.title})" if title is not None and title.title else ""
    words = f"'{name}'{what} is missing"
    if not others:
        return f"{words}; add it with value, unit, range and source"
    low, high = min(other.range[0] for other in others), max(other.range[1] for other in others)
    value, unit = median(other.value for other in others), others[0].unit
    return (
        f"{words}; expected {unit}, elsewhere {low:g} to {high:g}: add {name}: "
        f"{{ value: {value:g}, unit: {unit}, range: [{low:g}, {high:g}], source: where it is from }}"
    )


def _said(fault: Fault, lines: Mapping[Place, int], path: Path) -> str:
    """Return a fault with its file, its line and its place."""
    line = _line_number(fault.place, lines)
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in fault.place).lstrip(".")
    where = ", ".join(part for part in (path.name, f"line {line}" if line else "", place) if part)
    taken_over = "" if line or not fault.place else ", taken over from what it extends"
    return one_line(f"{where}{taken_over}: {_OWN_PLACE.sub('', fault.words)}")


def _line_number(place: Place, lines: Mapping[Place, int]) -> int:
    """Return the line of a place, or of the nearest part around it that stands in the file; 0 where none does."""
    return next((lines[place[:depth]] for depth in range(len(place), 0, -1) if place[:depth] in lines), 0)


def _rank(item: tuple[str, Fault], lines: Mapping[Place, int]) -> tuple[bool, bool, int]:
    line = _line_number(item[1].place, lines)
    return (not item[1].place, not line, line)


def _remarks(own: Mapping[str, Any], scenario: Scenario) -> Iterator[Fault]:
    """Yield what the file itself says that has no effect, or that is still as it was written out to be replaced."""
    yield from _unused(own, scenario)
    written: Any = own.get("remedies")
    for name in written if isinstance(written, Mapping) else ():
        remedy = scenario.remedies.get(name)
        if remedy is None or remedy.does_nothing:
            continue
        place: Place = ("remedies", name)
        given = {variant for failure in scenario.failures.values() for variant in _named(failure.resolutions)}
        if not given & set(scenario.variants(name)):
            words = "no failure has it among its resolutions, so nobody can give it; add it to failures.*.resolutions"
            yield Fault(place, words)
        is_felt = remedy.worth or remedy.trouble or remedy.gesture or remedy.effort or remedy.proactive
        if not (is_felt or remedy.in_line or remedy.lead_hours or remedy.gain):
            yield Fault(place, "customers notice nothing of it: it has neither worth nor gesture; add what it is worth")
        costs = remedy.cost or remedy.minutes or remedy.supervisor_minutes or remedy.uses or remedy.in_line
        if not costs and remedy.worth:
            yield Fault(place, "it costs nothing and uses no limit; add cost, minutes or uses, unless that is so")
    yield from _to_replace(scenario)


def _named(resolutions: Mapping[str, Sequence[Sequence[str]]]) -> set[str]:
    return {name for lists in resolutions.values() for alternative in lists for name in alternative}


def _unused(own: Mapping[str, Any], scenario: Scenario) -> Iterator[Fault]:
    """Yield the assumptions of the file that no failure, tier or remedy goes by."""
    used = {
        coefficient.removeprefix("-")
        for remedy in scenario.remedies.values()
        for coefficient in (
            *(one for form in remedy.forms().values() for one in form.values()),
            *(getattr(remedy, act) for act in ACTS if getattr(remedy, act) is not None),
        )
    }
    read = {*GROUPS, *scenario.failures, *scenario.tiers} - {"remedy"}
    groups: Any = own.get("assumptions")
    for group, members in groups.items() if isinstance(groups, Mapping) else ():
        if group in read or not isinstance(members, Mapping):
            continue
        idle = [name for name in members if members[name] is not None and f"{group}.{name}" not in used]
        if idle and group != "remedy" and len(idle) == len(members):
            counted = "its number counts nowhere" if len(idle) == 1 else f"its {len(idle)} numbers count nowhere"
            words = f"no failure, tier or remedy is called '{group}', so {counted}; "
            yield Fault(("assumptions", group), words + f"add failures.{group}, or correct the name")
            continue
        for name in idle:
            words = "no remedy goes by it, so it counts nowhere; name it in a remedy, or take it out"
            yield Fault(("assumptions", group, name), words)


def _to_replace(scenario: Scenario) -> Iterator[Fault]:
    names = to_replace(scenario)
    if names:
        are = "number is" if len(names) == 1 else "numbers are"
        listed = ", ".join(names)
        yield Fault(("assumptions",), f"{len(names)} {are} still as written out, to be replaced by your own: {listed}")
