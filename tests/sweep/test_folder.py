"""Sweeps: the same bytes whoever works, nothing done twice, nothing lost but what was in flight."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.sweep import folder as sweeps
from policy_sim.sweep.design import Design, resolve_design
from policy_sim.sweep.folder import MANIFEST, estimate_sweep, run_sweep
from policy_sim.sweep.results import SweepWarning, open_sweep, read_sweep
from policy_sim.sweep.runs import job_of, run_task

DESIGN = Design(
    name="small",
    runs={
        "method": "cross",
        "of": [
            {"method": "list", "rows": [{"policy": "current"}, {"policy": "generous", "agent.refund": "ask"}]},
            {"method": "sobol", "count": 64, "factors": {"response.paradox": None, "response.wait_weight": None}},
        ],
    },
    cases=80,
    against="current",
    outcomes=("net_value", "gain", "best.agent.keep_item"),
)


@pytest.fixture(autouse=True)
def _small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the design into eight tasks."""
    monkeypatch.setattr("policy_sim.sweep.runs._DRAWS_AT_ONCE", 8)
    monkeypatch.setattr("policy_sim.sweep.runs._TASK_SECONDS", 1e-9)


def content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_one_worker_and_three_leave_the_same_bytes(tmp_path: Path) -> None:
    reports = []
    first = run_sweep(DESIGN, tmp_path / "one", workers=1, on_progress=lambda *report: reports.append(report))
    run_sweep(DESIGN, tmp_path / "three", workers=3)
    assert content(tmp_path / "one") == content(tmp_path / "three")
    assert len(list((tmp_path / "one" / "runs").iterdir())) == 8
    assert (first.runs, first.done, first.found, first.failed, first.lost) == (128, 128, 0, 0, 0)
    assert reports == [("Runs", done, 128) for done in range(0, 129, 16)]


def test_a_folder_goes_on_where_it_was_left_and_repeats_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sweep(DESIGN, tmp_path / "whole", workers=1)
    run_sweep(DESIGN, tmp_path / "part", workers=1)
    gone = sorted((tmp_path / "part" / "runs").iterdir())[2:5]
    for path in gone:
        path.unlink()
    (tmp_path / "part" / "runs" / ".half.parquet.x").write_text("begun")
    done = []

    def counted(job, task):
        done.append(task.key)
        return run_task(job, task)

    monkeypatch.setattr(sweeps, "run_task", counted)
    again = run_sweep(DESIGN, tmp_path / "part", workers=1)
    assert sorted(done) == [path.stem for path in gone]
    assert (again.done, again.found) == (128, 128 - 48)
    assert content(tmp_path / "part") == content(tmp_path / "whole")
    assert run_sweep(DESIGN, tmp_path / "part").found == 128
    assert len(done) == 3


KILLED = """
import os, signal, sys
from policy_sim.sweep import runs
runs._DRAWS_AT_ONCE, runs._TASK_SECONDS = 8, 1e-9
from policy_sim.sweep.design import Design
from policy_sim.sweep.folder import run_sweep
def die_after_three(words, done, of):
    if done == 48:
        os.kill(os.getpid(), signal.SIG{signal})
result = run_sweep(Design.model_validate_json(sys.argv[1]), sys.argv[2], workers=1, on_progress=die_after_three)
print(result.interrupted, result.done)
"""


def run_and_stop(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", KILLED.replace("{signal}", name), DESIGN.model_dump_json(), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_kill_9_loses_at_most_what_was_in_flight(tmp_path: Path) -> None:
    stopped = run_and_stop(tmp_path / "killed", "KILL")
    assert stopped.returncode == -signal.SIGKILL
    assert len(list((tmp_path / "killed" / "runs").glob("*.parquet"))) == 3
    with pytest.warns(SweepWarning, match="48 of 128 runs"):
        assert len(read_sweep(tmp_path / "killed")) == 48
    assert run_sweep(DESIGN, tmp_path / "killed").found == 48
    run_sweep(DESIGN, tmp_path / "whole")
    assert content(tmp_path / "killed") == content(tmp_path / "whole")


def test_ctrl_c_finishes_cleanly(tmp_path: Path) -> None:
    stopped = run_and_stop(tmp_path / "stopped", "INT")
    assert stopped.returncode == 0, stopped.stderr
    interrupted, done = stopped.stdout.split()
    assert interrupted == "True"
    assert 48 <= int(done) < 128
    assert run_sweep(DESIGN, tmp_path / "stopped").found == int(done)


def test_two_sweeps_into_one_folder_are_refused(tmp_path: Path) -> None:
    messages = []

    def another(*report) -> None:
        if not messages:
            with pytest.raises(InputError) as refusal:
                run_sweep(DESIGN, tmp_path)
            messages.append(str(refusal.value))

    run_sweep(DESIGN, tmp_path, on_progress=another)
    assert f"another sweep is writing to '{tmp_path}' (process {os.getpid()} on " in messages[0]
    assert run_sweep(DESIGN, tmp_path).done == 128


def test_another_design_and_another_version_are_said_to_be_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_sweep(DESIGN, tmp_path, workers=1)
    with pytest.raises(InputError, match="holds another design, 'small' with 128 runs"):
        run_sweep(DESIGN.model_copy(update={"seed": 1}), tmp_path)
    path = tmp_path / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "0.0.9"}))
    with pytest.raises(InputError, match=r"results of version 0\.0\.9, this is "):
        run_sweep(DESIGN, tmp_path)
    with pytest.warns(SweepWarning, match=r"results of version 0\.0\.9"):
        read_sweep(tmp_path)


def test_failures_are_counted_kept_and_tried_again_where_asked(tmp_path: Path) -> None:
    rows = [{"agent.refund": 10}, {"agent.refund": -5}, {"agent.credit": -1}]
    design = Design(name="f", runs={"method": "list", "rows": rows}, cases=60)
    swept = run_sweep(design, tmp_path)
    assert (swept.done, swept.failed, swept.lost) == (3, 2, 0)
    assert len(swept.errors) == 2
    reports = []
    again = run_sweep(design, tmp_path, on_progress=lambda *report: reports.append(report))
    assert reports == [("Runs, 2 failed, 3 there already", 3, 3)]
    assert (again.found, again.failed, again.errors) == (3, 2, swept.errors)
    retried = run_sweep(design, tmp_path, retry_failed=True)  # the three are one task
    assert (retried.found, retried.failed) == (0, 2)


def test_a_task_that_brings_nothing_is_lost_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(job, task):
        raise MemoryError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(sweeps, "run_task", lost)
        swept = run_sweep(DESIGN, tmp_path)
    assert (swept.done, swept.lost, swept.errors) == (0, 128, ("MemoryError: no room",))
    with pytest.raises(InputError, match="holds no results yet"):
        read_sweep(tmp_path)
    assert run_sweep(DESIGN, tmp_path).done == 128


def test_results_are_read_whole_or_lazily(tmp_path: Path) -> None:
    run_sweep(DESIGN, tmp_path)
    table = read_sweep(tmp_path)
    assert table["row"].tolist() == list(range(128))
    assert table["run"].tolist() == list(job_of(resolve_design(DESIGN)).run_keys)
    lazily = read_sweep(tmp_path, lazily=True).aggregate("policy, avg(gain) as gain", "policy").order("policy").df()
    expected = table.groupby("policy")["gain"].mean()
    assert lazily["gain"].tolist() == pytest.approx(expected.tolist())
    opened = open_sweep(tmp_path)
    assert opened.design == DESIGN
    pd.testing.assert_frame_equal(opened.table, table)


def test_what_is_no_sweep_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no sweep: manifest\.json is missing"):
        read_sweep(tmp_path)
    (tmp_path / MANIFEST).write_text("{}")
    with pytest.raises(InputError, match="is not the manifest of a sweep"):
        read_sweep(tmp_path)
    (tmp_path / MANIFEST).write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        run_sweep(DESIGN, tmp_path)
    with pytest.raises(InputError, match="keep one of them"):
        run_sweep(DESIGN, tmp_path, workers=2, cluster="local")


def test_a_dry_run_says_how_many_runs_how_long_how_much_disk(tmp_path: Path) -> None:
    foreseen = estimate_sweep(DESIGN, tmp_path)
    assert (foreseen.runs, foreseen.found, foreseen.tasks) == (128, 0, 8)
    assert foreseen.seconds > 0
    run_sweep(DESIGN, tmp_path)
    size = sum(path.stat().st_size for path in (tmp_path / "runs").iterdir())
    assert 0.5 < foreseen.size_bytes / size < 2
    assert estimate_sweep(DESIGN, tmp_path).tasks == 0


@contextmanager
def started_scheduler(folder: Path, worker_count: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start what the README says, on loopback; give the address, and the processes, the scheduler's last."""
    dask = [sys.executable, "-m", "dask"]
    environment = os.environ | {"DASK_DISTRIBUTED__WORKER__DAEMON": "False"}

    def start(*words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*dask, *words], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    note = folder / "scheduler.json"
    scheduler = start(
        "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(note)
    )
    workers = []
    try:
        while not note.exists() or not note.read_text():
            assert scheduler.poll() is None
            time.sleep(0.1)
        address = json.loads(note.read_text())["address"]
        options = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard")
        workers = [start("worker", address, *options) for _ in range(worker_count)]
        yield address, [*workers, scheduler]
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def test_a_cluster_leaves_the_same_bytes_and_survives_a_worker_that_is_killed(tmp_path: Path) -> None:
    """A real scheduler and two worker processes on loopback; one is killed while it works."""
    from distributed import Client

    run_sweep(DESIGN, tmp_path / "threads")
    with started_scheduler(tmp_path, 2) as (address, processes):
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        killed = []

        def kill_one(words, done, of) -> None:
            if done >= 32 and not killed:
                processes[0].kill()
                killed.append(processes[0].wait())

        swept = run_sweep(DESIGN, tmp_path / "cluster", cluster=address, on_progress=kill_one)
    assert killed == [-signal.SIGKILL]
    assert (swept.done, swept.failed, swept.lost) == (128, 0, 0)
    assert content(tmp_path / "cluster") == content(tmp_path / "threads")


def test_a_cluster_without_workers_or_without_its_scheduler_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    monkeypatch.setattr("policy_sim.sweep.workers._PATIENCE_SECONDS", 1)
    with started_scheduler(tmp_path, 0) as (address, (scheduler,)):
        with pytest.raises(InputError, match="has no workers; start one with: dask worker"):
            run_sweep(DESIGN, tmp_path / "out", cluster=address)
        worker = [sys.executable, "-m", "dask", "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        with subprocess.Popen(worker, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
            with Client(address, set_as_default=False) as client:
                client.wait_for_workers(1, timeout=60)

            def kill_it(words, done, of) -> None:
                if done >= 32:
                    scheduler.kill()
                    scheduler.wait()

            with pytest.raises(InputError, match=r"is gone .*give the same command"):
                run_sweep(DESIGN, tmp_path / "out", cluster=address, on_progress=kill_it)
            started.kill()
    assert 32 <= run_sweep(DESIGN, tmp_path / "out").found < 128


def test_processes_of_this_machine_may_be_the_cluster(tmp_path: Path) -> None:
    design = DESIGN.model_copy(update={"outcomes": ("net_value",), "against": None})
    run_sweep(design, tmp_path / "threads")
    assert run_sweep(design, tmp_path / "local", cluster="local:1").done == 128
    assert content(tmp_path / "local") == content(tmp_path / "threads")
