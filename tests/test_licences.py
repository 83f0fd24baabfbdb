"""What users install is free of the GPL; what is not has an extra of its own, and the page on licences says so."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Packages that offer the GPL or LGPL beside a licence that is taken instead.
ALLOWED = {"pyphen": "MPL 1.1"}
#: Extras that bring the GPL, and what does.
UNDER_GPL = {"ema": {"platypus-opt"}, "conformity": {"pydmnrules", "pysfeel", "docutils"}}


def load():
    spec = importlib.util.spec_from_file_location("licences", Path(__file__).with_name("licences.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["licences"] = module  # its records ask for their module
    spec.loader.exec_module(module)
    return module


licences = load()


@pytest.mark.parametrize("extra", [name for name in licences.FOR_USERS if name not in UNDER_GPL])
def test_what_users_install_is_free_of_the_gpl(extra):
    packages = licences.packages_of(extra).values()
    assert packages
    assert [package for package in packages if not package.licence] == []
    assert [package for package in packages if package.kind == "GPL" and package.name not in ALLOWED] == []


def test_what_is_under_the_gpl_has_an_extra_of_its_own():
    for extra, expected in UNDER_GPL.items():
        found = {package.name for package in licences.packages_of(extra).values() if package.kind == "GPL"}
        assert found - set(ALLOWED) == expected
    # nothing for users asks for them in turn
    for extra in set(licences.FOR_USERS) - set(UNDER_GPL):
        asked = {part for requirement in licences.requirements_of(extra) for part in requirement.extras}
        assert not asked & set(UNDER_GPL)


def test_what_is_allowed_is_installed_and_offers_another_licence():
    everything = {
        name: package for extra in licences.FOR_USERS for name, package in licences.packages_of(extra).items()
    }
    for name, taken in ALLOWED.items():
        assert everything[name].kind == "GPL"
        assert taken in everything[name].licence


@pytest.mark.parametrize(
    ("licence", "kind"),
    [
        ("GPL-3.0-or-later", "GPL"),
        ("GNU General Public License v3 (GPLv3)", "GPL"),
        ("GNU GENERAL PUBLIC LICENSE Version 3, 29 June 2007", "GPL"),
        ("LGPL-2.1-only", "GPL"),
        ("GNU Lesser General Public Licence", "GPL"),
        ("AGPL-3.0", "GPL"),
        ("MIT OR GPL-2.0-only", "GPL"),  # a choice is looked at, and named
        ("BSD License / GNU General Public License (GPL)", "GPL"),
        ("BSD-3-Clause AND MIT", "BSD"),
        ("Apache Software License", "Apache"),
        ("Mozilla Public License 2.0 (MPL 2.0)", "MPL"),
        ("ISC License (ISCL)", "ISC"),
    ],
)
def test_a_licence_is_known_by_its_words(licence, kind):
    assert licences.kind_of(licence) == kind


def test_the_page_lists_what_each_extra_names():
    page = (ROOT / "docs" / "reference" / "licences.md").read_text(encoding="utf-8")
    assert licences.table() in page, "write it anew: .venv/bin/python tests/licences.py"
    for name in ALLOWED | {name: "" for names in UNDER_GPL.values() for name in names}:
        assert name in page.lower()
