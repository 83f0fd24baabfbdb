"""The house: what keeps it easy to add to. Floors between rooms are import-linter's, complexity is ruff's."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from policy_sim.words import LIMITS

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "policy_sim").rglob("*.py"))
PYTHON = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]

#: Those that have to be: numba's cache minds one file at a time, so all that one compiled loop calls stands in it.
LONG_FILES = {"policy_sim/value/response_kernels.py", "policy_sim/value/tree_kernels.py"}


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [part for part in ast.walk(tree) if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]


def docstrings(tree: ast.AST) -> set[ast.AST]:
    """Return the nodes of a module that are text for readers only."""
    return {
        part.value for part in ast.walk(tree) if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
    }


def test_no_file_is_over_600_lines():
    lengths = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in PYTHON}
    assert {name for name, length in lengths.items() if length > 600} == LONG_FILES


def test_no_function_is_over_80_lines():
    long = {
        f"{path.relative_to(ROOT)}:{function.name}"
        for path in PYTHON
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno + 1 > 80
    }
    assert long == set()


def test_limits_are_named_in_words_alone():
    named = []
    for path in SOURCES:
        if path.name == "words.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts = docstrings(tree)
        named += [
            f"{path.relative_to(ROOT)}:{part.lineno} {part.value}"
            for part in ast.walk(tree)
            if isinstance(part, ast.Constant) and part.value in LIMITS and part not in texts
        ]
    assert named == []


def test_the_page_names_no_limit():
    pages = list((ROOT / "policy_sim" / "show" / "live").rglob("*.js"))
    assert pages
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert [name for name in LIMITS if re.search(rf"[\"'`]{name}[\"'`]|\b{name}:", text)] == [], path.name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_goes_in_what_comes_out_and_what_it_leaves(path):
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert text, "no docstring"
    if path.name not in ("__init__.py", "version.py", "__main__.py"):
        words = " ".join(text.split())
        for head in ("In: ", "Out: ", "Left to others: "):
            assert head in words


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 400


def test_pages_link_to_what_is_there():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
