"""The how-tos for those who add something are executed as they stand, in a copy of the package.

A comment before a block says what to do with it: `write FILE`, `insert into FILE before: TEXT` (before the record that
holds the text), `add to FILE` (at its end) or `run` (Python, or commands).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ("add-a-remedy", "add-a-limit", "add-a-customer-model", "add-an-export-format")
BLOCK = re.compile(r"<!-- (?P<order>.*?) -->\n```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)
COMMANDS = "import sys; from policy_sim.cli import main; sys.argv[0] = 'policy-sim'; main()"


def insert(path: Path, before: str, text: str) -> None:
    """Insert lines before the line that holds a text, or before the head of the record of which it is a member."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if before in line)
    while before.startswith("name=") and not lines[place].rstrip().endswith("("):
        place -= 1
    margin = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
    # what stands in a table is a member of it
    comma = "," if margin and not text.rstrip().endswith(",") else ""
    added = textwrap.indent(text.strip(), margin) + comma + "\n"
    path.write_text("".join([*lines[:place], added, *lines[place:]]), encoding="utf-8")


def run(folder: Path, package: Path, language: str, text: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(package)}
    if language == "python":
        orders = [[sys.executable, "-c", text]]
    else:
        lines = [line for line in text.splitlines() if line.strip()]
        assert all(line.startswith("policy-sim ") for line in lines)
        orders = [[sys.executable, "-c", COMMANDS, *line.split()[1:]] for line in lines]
    for order in orders:
        done = subprocess.run(order, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{order[-1]}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("how_to", PAGES)
def test_a_how_to_does_what_it_says(tmp_path, how_to):
    text = (ROOT / "docs" / "how-to" / f"{how_to}.md").read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    assert any(block["order"] == "run" for block in blocks)
    # nothing that looks like an order is passed over
    assert len(blocks) == len(re.findall(r"<!-- ", text)) == len(re.findall(r"^```\w", text, re.MULTILINE))
    package = ROOT
    if any("policy_sim/" in block["order"] for block in blocks):
        for name in ("policy_sim", "data"):
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        package = tmp_path
    for block in blocks:
        order, _, where = block["order"].partition(" ")
        if order == "run":
            run(tmp_path, package, block["language"], block["text"])
        elif order == "write":
            (tmp_path / where).write_text(block["text"], encoding="utf-8")
        elif order == "insert":
            path, _, before = where.removeprefix("into ").partition(" before: ")
            insert(tmp_path / path, before, block["text"])
        else:
            raise AssertionError(f"unknown order '{block['order']}'")
