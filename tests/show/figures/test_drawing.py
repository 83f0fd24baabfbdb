"""Figures as files: the same seed gives the same bytes, whichever process draws them, and when."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from policy_sim.show.figures.drawing import new_figure, saved

ROOT = Path(__file__).parents[3]

#: Commands that write figures, on few cases.
DRAW = """
import sys
from policy_sim.cli import main

for command in ("frontier", "keep"):
    sys.argv = ["policy-sim", command, "--cases", "100", "--draws", "8", "--out", command]
    try:
        main()
    except SystemExit as stopped:
        assert not stopped.code, command
"""


def drawn_in(folder: Path, hash_seed: str, moment: str) -> dict[str, bytes]:
    """Return the figures that a process of its own writes: their content by their path."""
    folder.mkdir()
    # matplotlib takes the moment from here, where it asks for one: so the test need not wait a second
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed, "SOURCE_DATE_EPOCH": moment}
    done = subprocess.run(
        [sys.executable, "-c", DRAW], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in (".png", ".svg")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_two_processes_write_the_same_bytes(tmp_path):
    first, second = drawn_in(tmp_path / "first", "1", "1000000000"), drawn_in(tmp_path / "second", "2", "2000000000")
    assert len(first) == 4
    assert {Path(name).suffix for name in first} == {".png", ".svg"}
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.parametrize("draw", ["line", "many points", "filled", "clipped text"])
def test_one_figure_is_the_same_file_twice(draw):
    files = []
    for _ in range(2):
        figure = new_figure(3, 2)
        axis = figure.subplots()
        if draw == "line":
            axis.plot([0, 1], [2, 3], marker="D")
        elif draw == "many points":
            axis.scatter(range(100), range(100))
        elif draw == "filled":
            axis.fill_between([0, 1, 2], [0, 1, 0], hatch="/")
        else:
            axis.text(0.5, 0.5, "beyond the edge" * 9, clip_on=True)
        files.append(saved(figure))
    assert files[0] == files[1]
    assert not re.search(rb"<dc:date>", files[0]["svg"])
