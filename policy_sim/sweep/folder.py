"""Sweep: a design run to its end, in one folder, however often it has to begin again.

In: a design, a folder, who does the work. Out: the folder: a manifest, and a Parquet file for each task that is done.
Left to others: what a run comes to (`runs`), who works (`workers`), reading the results (`sweep_results`).

A file appears whole or not at all, under a name that says what its runs are. So what is there is done, and beginning
again is the same as beginning.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import pandas as pd

from policy_sim import __version__
from policy_sim.border import InputError, Progress, write_whole
from policy_sim.sweep.design import Design, load_design, resolve_design
from policy_sim.sweep.runs import Job, Task, forget_settings, job_of, run_task
from policy_sim.sweep.workers import Workers, as_they_come, cluster_workers, thread_workers

__all__ = ["FORMAT", "MANIFEST", "SweepEstimate", "SweepSummary", "estimate_sweep", "run_sweep"]

FORMAT = "policy_sim.sweep/1"
MANIFEST = "manifest.json"
_RUNS = "runs"
_LOCK = ".lock"


class SweepSummary(NamedTuple):
    """What a sweep has left behind.

    Attributes
    ----------
    folder
        Where the results are.
    runs, done, found
        All runs of the design; those that are in the folder now; those that it held before.
    failed
        Runs that are written down with an error instead of outcomes.
    lost
        Runs whose workers died or could not give an answer: the next sweep into the folder tries them again.
    interrupted
        Whether somebody asked it to stop before the end.
    errors
        The first few different errors, of failed and of lost runs.
    """

    folder: Path
    runs: int
    done: int
    found: int
    failed: int
    lost: int
    interrupted: bool
    errors: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return self._asdict() | {"folder": str(self.folder), "errors": list(self.errors)}


def run_sweep(
    design: Design | str | Path,
    out: str | Path,
    workers: int | None = None,
    cluster: str | None = None,
    on_progress: Progress | None = None,
    retry_failed: bool = False,
) -> SweepSummary:
    """Make all runs of a design that the folder does not hold yet.

    The first Ctrl-C lets what is being worked on come to its end and be written; the second stops at once.

    Parameters
    ----------
    design
        A design, its file, or the name of one that travels with the package.
    out
        Folder of the results; it is made where there is none.
    workers
        Threads of this process; as many as there are processors where not given.
    cluster
        A dask cluster instead: see `cluster_workers`.
    on_progress
        Called at the beginning and as tasks are done, counted in runs; runs that failed, were lost, or were in the
        folder before count as done, and its words say how many they are.
    retry_failed
        Make those runs again that are written down with an error.

    Raises
    ------
    InputError
        If the design cannot be used, or the folder holds another design, results of another version, or another sweep
        is writing there.
    """
    if workers is not None and cluster is not None:
        raise InputError("both --workers and --cluster are given; keep one of them")
    job = job_of(resolve_design(_design(design)))
    folder = Path(out)
    tasks = job.tasks()
    with _locked(folder):
        _settle_manifest(folder, job, tasks)
        ledger = _Ledger.of(folder, tasks, retry_failed)
        todo = [task for task in tasks if task.key not in ledger.found]
        report = on_progress or (lambda words, done, of: None)
        report(*ledger.progress)
        if not todo:
            return ledger.swept(False)
        who: AbstractContextManager[Workers] = thread_workers(workers) if cluster is None else cluster_workers(cluster)
        with who as at_work, _interruptible() as stop:
            for task, result in as_they_come(partial(as_parquet, job.without_rows), todo, at_work, stop):
                ledger.take(task, result)
                report(*ledger.progress)
            return ledger.swept(stop.is_set())


def as_parquet(job: Job, task: Task) -> tuple[bytes, tuple[str, ...]]:
    """Run a task; return its results as the bytes of a Parquet file, and the error of each run that failed."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    table = run_task(job, task)
    columns: dict[str, Any] = {}
    for name in table.columns:
        kind = pa.string() if name in _TEXTS else pa.int64() if name == "row" else pa.float64()
        columns[name] = pa.array(table[name].tolist(), type=kind)
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, compression="zstd")
    return stream.getvalue(), tuple(error for error in table["error"] if error)


_TEXTS = ("run", "scenario", "policy", "error")


class SweepEstimate(NamedTuple):
    """What a sweep will take: runs, those the folder holds already, tasks, seconds, bytes on disk, runs a second."""

    runs: int
    found: int
    tasks: int
    seconds: float
    size_bytes: float

    @property
    def runs_per_second(self) -> float:
        """How fast it will go."""
        return (self.runs - self.found) / self.seconds if self.seconds > 0 else 0.0

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return self._asdict() | {"runs_per_second": self.runs_per_second}


def estimate_sweep(
    design: Design | str | Path, out: str | Path | None = None, workers: int | None = None
) -> SweepEstimate:
    """Say how many runs a design makes, how long they take in threads of this process, and how much disk.

    A few seconds: the first pass is run and timed, and the rest reckoned from it.

    Raises
    ------
    InputError
        If the design cannot be used.
    """
    job = job_of(resolve_design(_design(design)))
    tasks = job.tasks()
    held = set() if out is None else _held(Path(out))
    todo = [task for task in tasks if task.key not in held]
    runs = len(job.resolved.rows)
    found = runs - sum(len(task.table) for task in todo)
    if not todo:
        return SweepEstimate(runs, found, 0, 0.0, 0.0)
    first = todo[0]
    rows = first.groups[0]
    trial = first._replace(groups=(rows,), table=first.table.loc[rows])
    as_parquet(job.without_rows, trial)  # prepares the scenario and compiles
    if not first.is_prepared_once:
        forget_settings()
    # time of all threads: a pass may spread over processors by itself
    began = time.process_time()
    content, _ = as_parquet(job.without_rows, trial)
    seconds = (time.process_time() - began) / first.costs[0] * sum(sum(task.costs) for task in todo)
    with thread_workers(workers) as at_work:
        seconds /= min(at_work.at_once(), os.cpu_count() or 1)
    return SweepEstimate(runs, found, len(todo), seconds, len(content) / len(rows) * (runs - found))


class _Ledger:
    """Which tasks are done, and what came of them."""

    def __init__(self, folder: Path, tasks: list[Task], found: dict[str, tuple[int, list[str]]]) -> None:
        self._folder = folder
        self._total = sum(len(task.table) for task in tasks)
        self._lost = 0
        self.found = found
        self._found_runs = sum(len(task.table) for task in tasks if task.key in found)
        self._done = self._found_runs
        self._failed = sum(failed for failed, _ in found.values())
        self._errors = dict.fromkeys(error for _, errors in found.values() for error in errors)

    @classmethod
    def of(cls, folder: Path, tasks: list[Task], retry_failed: bool) -> _Ledger:
        """Look up what the folder holds; what was begun and never finished goes."""
        import pyarrow.parquet as pq

        for begun in (folder / _RUNS).glob(".*"):
            begun.unlink()
        held, found = _held(folder), {}
        for task in tasks:
            if task.key in held:
                path = folder / _RUNS / f"{task.key}.parquet"
                errors = [error for error in pq.read_table(path, columns=["error"])["error"].to_pylist() if error]
                if errors and retry_failed:
                    path.unlink()
                else:
                    found[task.key] = (len(errors), errors)
        return cls(folder, tasks, found)

    def take(self, task: Task, result: tuple[bytes, tuple[str, ...]] | Exception) -> None:
        """Write down what a task has brought."""
        self._done += len(task.table)
        if isinstance(result, Exception):
            self._lost += len(task.table)
            self._errors.setdefault(f"{type(result).__name__}: {result}".replace("\n", " "))
            return
        content, errors = result
        write_whole(self._folder / _RUNS / f"{task.key}.parquet", content)
        self._failed += len(errors)
        self._errors |= dict.fromkeys(errors)

    @property
    def progress(self) -> tuple[str, int, int]:
        """How far it has come: words for the screen, runs done, all runs."""
        counts = {"failed": self._failed, "lost": self._lost, "there already": self._found_runs}
        words = ", ".join(["Runs", *(f"{count:,} {name}" for name, count in counts.items() if count)])
        return words, self._done, self._total

    def swept(self, interrupted: bool) -> SweepSummary:
        """Sum up."""
        return SweepSummary(
            self._folder,
            self._total,
            self._done - self._lost,
            self._found_runs,
            self._failed,
            self._lost,
            interrupted,
            tuple(self._errors)[:5],
        )


def _design(given: Design | str | Path) -> Design:
    return given if isinstance(given, Design) else load_design(given)


def _held(folder: Path) -> set[str]:
    return {path.stem for path in (folder / _RUNS).glob("*.parquet")}


def _settle_manifest(folder: Path, job: Job, tasks: list[Task]) -> None:
    """Write the manifest, or see that the one that is there is ours."""
    path = folder / MANIFEST
    design = job.resolved.design
    if path.exists():
        held = read_manifest(folder)
        if held["version"] != __version__:
            raise InputError(
                f"'{folder}' holds results of version {held['version']}, this is {__version__}; go on there with that "
                "version, or choose another folder with --out"
            )
        if held["key"] != job.key:
            raise InputError(
                f"'{folder}' holds another design, '{held['design']['name']}' with {held['runs']:,} runs (or its "
                "scenario, policy or log has changed since); choose another folder with --out"
            )
        return
    content = {
        "format": FORMAT,
        "version": __version__,
        "key": job.key,
        "runs": len(job.resolved.rows),
        "design": design.model_dump(mode="json"),
        "scenarios": {name: each.fingerprint for name, each in job.resolved.scenarios.items()},
        "policies": sorted({word for each in job.resolved.policies.values() for word in each}),
        "files": [{"file": f"{_RUNS}/{task.key}.parquet", "runs": len(task.table)} for task in tasks],
    }
    write_whole(path, json.dumps(content, indent=1) + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the content of a sweep's manifest.

    Raises
    ------
    InputError
        If there is none, or it is not one of ours.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"'{folder}' holds no sweep: {MANIFEST} is missing; give the folder of --out") from None
    except (OSError, ValueError) as error:
        raise InputError(f"'{path}' cannot be read: {error}; choose another folder with --out") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"'{path}' is not the manifest of a sweep (format {FORMAT}); choose another folder")
    return content


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other sweeps out of the folder; the lock goes with the process, however it ends."""
    try:
        (folder / _RUNS).mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise InputError(f"cannot write '{folder}': {error.strerror}; choose another place with --out") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            who = os.read(handle, 200).decode(errors="replace").strip() or "another process"
            raise InputError(
                f"another sweep is writing to '{folder}' ({who}); wait for it, or choose another folder with --out"
            ) from None
        os.truncate(handle, 0)
        os.write(handle, f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
        os.truncate(handle, 0)
    finally:
        os.close(handle)


@contextmanager
def _interruptible() -> Iterator[Event]:
    """Turn the first Ctrl-C into a wish to stop; the second is one as ever."""
    stop = Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.getsignal(signal.SIGINT)

    def ask(number: int, frame: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
