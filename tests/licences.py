"""Licences: what each extra installs, what asks for it, and its licence, as the installed packages say themselves.

In: pyproject.toml, the metadata of what is installed. Out: packages with licences; run as a script, the table of
docs/reference/licences.md, or with the name of an extra all that it brings.
Left to others: what is allowed (test_licences.py).
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
#: The packages that are installed without an extra.
BASE = "none"
#: What users may ask for; `test` and `benchmark` are for those who change the project.
FOR_USERS = (BASE, *(name for name in EXTRAS if name not in ("test", "benchmark")))

_KINDS = {
    "GPL": r"\b[AL]?GPL|general public licen[cs]e",
    "Apache": r"apache",
    "BSD": r"\bBSD",
    "MIT": r"\bMIT\b|permission is hereby granted, free of charge, to any person",
    "PSF": r"\bPSF|python software foundation",
    "MPL": r"\bMPL|mozilla public",
    "ISC": r"\bISC\b",
}

_BEGINNING = 160  # characters, of a licence that is there as its text only


class Package(NamedTuple):
    """A package, what asks for it, and its licence in the package's own words."""

    name: str
    asked_by: str
    licence: str

    @property
    def kind(self) -> str:
        """The licence in one word; GPL, LGPL and AGPL are "GPL" even beside others."""
        return kind_of(self.licence)


def kind_of(licence: str) -> str:
    return next((kind for kind, words in _KINDS.items() if re.search(words, licence, re.IGNORECASE)), licence)


def requirements_of(extra: str) -> list[Requirement]:
    return [Requirement(text) for text in (PROJECT["dependencies"] if extra == BASE else EXTRAS[extra])]


def packages_of(extra: str) -> dict[str, Package]:
    """Return everything that an extra installs, here, beside the project itself; by name."""
    waiting = [(requirement, PROJECT["name"]) for requirement in requirements_of(extra)]
    packages: dict[str, Package] = {}
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, asked_by = waiting.pop()
        name = canonicalize_name(requirement.name)
        for part in ("", *requirement.extras):
            if (name, part) in seen:
                continue
            seen.add((name, part))
            if name == PROJECT["name"]:
                waiting += [(further, asked_by) for further in (requirements_of(part) if part else [])]
                continue
            packages.setdefault(name, Package(name, asked_by, licence_of(name)))
            waiting += [(further, name) for further in _asked_for(name, part)]
    return packages


def _asked_for(name: str, part: str) -> list[Requirement]:
    """Return what a package asks for on this machine, for one of its extras ("": for none)."""
    requirements = [Requirement(text) for text in metadata.requires(name) or []]
    return [further for further in requirements if further.marker is None or further.marker.evaluate({"extra": part})]


def licence_of(name: str) -> str:
    """Return the licence as the package has it: an SPDX expression, else its classifiers, else how its text begins."""
    about = metadata.metadata(name)
    classifiers = [text.split(" :: ")[-1] for text in about.get_all("Classifier", []) if text.startswith("License ::")]
    texts = (
        path.read_text(encoding="utf-8")
        for path in metadata.files(name) or []
        if path.name.upper().startswith(("LICENSE", "LICENCE", "COPYING"))
    )
    stated = about.get("License-Expression") or " / ".join(classifiers)
    return stated or " ".join((about.get("License") or next(texts, "")).split())[:_BEGINNING]


def table() -> str:
    """Return a row for each extra: the packages it names, and the licence of each in one word."""
    rows = []
    for extra in FOR_USERS:
        named = []
        for requirement in requirements_of(extra):
            if requirement.name == PROJECT["name"]:
                named.append(f"all of `{', '.join(sorted(requirement.extras))}`")
            else:
                named.append(f"{requirement.name} ({kind_of(licence_of(requirement.name))})")
        rows.append(f"| {'(none)' if extra == BASE else f'`{extra}`'} | {', '.join(named)} |")
    return "\n".join(["| extra | names |", "|---|---|", *rows]) + "\n"


def main() -> None:
    """Print the table, or all that an extra brings."""
    if len(sys.argv) == 1:
        print(table(), end="")
        return
    for package in sorted(packages_of(sys.argv[1]).values()):
        print(f"{package.name:28} {package.asked_by:24} {package.licence}")


if __name__ == "__main__":
    main()
