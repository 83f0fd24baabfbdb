"""Damaged folders of sweeps: what is wrong with which file, in one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policy_sim.border import InputError
from policy_sim.sweep.design import Design
from policy_sim.sweep.folder import MANIFEST, run_sweep
from policy_sim.sweep.results import open_sweep, read_sweep

DESIGN = Design(name="small", runs={"method": "list", "rows": [{"policy": "current"}, {"agent.refund": 40}]}, cases=40)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "sweep"
    run_sweep(DESIGN, folder, workers=1)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "sweep")


def refusals(folder: Path) -> list[str]:
    messages = []
    for action in (read_sweep, open_sweep, lambda place: run_sweep(DESIGN, place, workers=1)):
        with pytest.raises(InputError) as caught:
            action(folder)
        messages.append(str(caught.value))
        assert messages[-1].isprintable()
        assert str(folder) in messages[-1]
    return messages


@pytest.mark.parametrize(
    "content",
    ["", "{", "null", "[]", "3", '"x"', "{}", "\x00", '{"format": "policy_sim.sweep/1"}', '{"format": {}}',
    "[" * 50_000,
     b"\xff\xfe", '{"format": "policy_sim.sweep/1", "files": 3}'],
    ids=lambda content: repr(content[:20]),
)  # fmt: skip
def test_a_manifest_that_is_none(folder: Path, content: str | bytes) -> None:
    (folder / MANIFEST).write_bytes(content if isinstance(content, bytes) else content.encode())
    refusals(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [("version", 3), ("version", None), ("key", []), ("runs", "x"), ("runs", -1), ("runs", 10**400), ("design",
    {}), ("design", 3),
     ("files", {}), ("files", [3]), ("files", [{"file": "runs/x.parquet"}]), ("files", [{"file": "../x.parquet",
     "runs": 1}]),
     ("files", [{"file": "/etc/passwd", "runs": 1}]), ("files", [{"file": "runs/x.parquet", "runs": "many"}]),
     ("scenarios", [1])],
    ids=str,
)  # fmt: skip
def test_a_manifest_with_other_types(folder: Path, name: str, value: object) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    refusals(folder)


def test_a_manifest_that_is_half_written_missing_or_a_folder(folder: Path) -> None:
    path = folder / MANIFEST
    text = path.read_text()
    for length in (1, len(text) // 2, len(text) - 3):
        path.write_text(text[:length])
        refusals(folder)
    path.unlink()
    with pytest.raises(InputError, match="holds no sweep"):
        read_sweep(folder)
    path.mkdir()
    with pytest.raises(InputError, match="holds no sweep"):
        read_sweep(folder)


@pytest.mark.parametrize("cut", [0, 3, 50, -1, -9])
def test_results_that_are_cut(folder: Path, cut: int) -> None:
    (path,) = (folder / "runs").glob("*.parquet")
    path.write_bytes(path.read_bytes()[:cut])
    messages = refusals(folder)
    assert all(path.name in message for message in messages)
    assert "remove this file" in messages[-1]
    path.unlink()
    assert run_sweep(DESIGN, folder, workers=1).done == 2


@pytest.mark.parametrize(
    "columns",
    [{"x": [1]}, {"run": ["a"], "row": [0]}, {"run": ["a"], "row": [[0]], "error": [""]}, {"run": ["a"],
    "row": ["x"], "error": [3]},
     {"run": [b"\xff"], "row": [None], "error": [None]}, {"run": [{"a": 1}], "row": [0], "error": [b""]}],
    ids=str,
)  # fmt: skip
def test_results_of_something_else(folder: Path, columns: dict[str, list[object]]) -> None:
    (path,) = (folder / "runs").glob("*.parquet")
    pq.write_table(pa.table(columns), path)
    refusals(folder)


def test_what_others_put_there_is_left_alone(folder: Path) -> None:
    foreign = folder / "runs" / ".ipynb_checkpoints"
    foreign.mkdir()
    (folder / "runs" / "notes.parquet").write_text("not ours")
    (folder / "runs" / ".hidden").touch()
    (folder / "runs" / "folder.parquet").mkdir()
    assert run_sweep(DESIGN, folder, workers=1).found == 2
    assert len(read_sweep(folder)) == 2
    assert foreign.is_dir()
    assert (folder / "runs" / ".hidden").exists()


def test_a_run_file_that_is_a_folder(folder: Path) -> None:
    (path,) = (folder / "runs").glob("*.parquet")
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="holds no results yet"):
        read_sweep(folder)
