"""Folder of a sweep: all runs of a design, evaluated and written down, however often the work is interrupted.

In: a design, a folder, workers. Out: the folder, with a manifest and a Parquet file for each task that is done.
Left to others: evaluating runs (`runs`), threads and clusters (`workers`), reading the results (`results`).

A file appears whole or not at all, under a name that is a fingerprint of its runs. So a task whose file is there is
done, and to resume a sweep is to start it again.
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
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Annotated, Any, NamedTuple

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from policy_sim import __version__
from policy_sim.border import InputError, Progress, guarded, is_file, parse_json, parse_model, read_bytes, write_whole
from policy_sim.sweep.design import Design, load_design, resolve_design
from policy_sim.sweep.runs import Job, Task, forget_settings, job_of, run_task
from policy_sim.sweep.workers import as_they_come, thread_workers, workers_of

__all__ = ["FORMAT", "MANIFEST", "SweepEstimate", "SweepSummary", "estimate_sweep", "run_sweep"]

FORMAT = "policy_sim.sweep/1"
MANIFEST = "manifest.json"
_RUNS = "runs"
_LOCK = ".lock"
_RUN_ENDING = ".parquet"
_LARGEST_MANIFEST = 200_000_000


class _File(BaseModel):
    """A file of results: nowhere else than in the folder of the sweep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Annotated[str, Field(pattern=rf"^{_RUNS}/[0-9a-zA-Z_-]{{1,100}}\.parquet$")]
    runs: Annotated[int, Field(ge=1)]


class _Named(BaseModel):
    """The design of another version of the package may hold other entries; it has a name in any case."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: Annotated[str, Field(max_length=100)]


class _Manifest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")

    format: str
    version: Annotated[str, Field(max_length=100)]
    key: Annotated[str, Field(max_length=100)]
    runs: Annotated[int, Field(ge=0)]
    design: _Named
    scenarios: dict[str, str]
    policies: list[str]
    files: list[_File]


class SweepSummary(NamedTuple):
    """What came of a sweep.

    Attributes
    ----------
    folder
        Where the results are.
    runs, done, found
        All runs of the design; those that are in the folder now; those that were there before.
    failed
        Runs that are in the folder with an error instead of outcomes.
    lost
        Runs whose workers died or returned nothing: the next sweep into the folder tries them again.
    interrupted
        Whether it was stopped before the end.
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

    The first Ctrl-C lets the tasks that are being worked on finish and be written; the second stops at once.

    Parameters
    ----------
    design
        A design, its file, or the name of one that travels with the package.
    out
        Folder of the results; it is created if necessary.
    workers
        Threads of this process; as many as there are processors by default.
    cluster
        A dask cluster instead of threads: see `cluster_workers`.
    on_progress
        Called at the beginning and as tasks are done, counted in runs; runs that failed, were lost, or were in the
        folder before count as done, and its words say how many they are.
    retry_failed
        Run those again that are in the folder with an error.

    Raises
    ------
    InputError
        If the design cannot be used, or the folder holds another design, results of another version, or another sweep
        is writing there.
    """
    if workers is not None and cluster is not None:
        raise InputError("both --workers and --cluster are given; keep one of them")
    job = job_of(resolve_design(_loaded(design)))
    folder = Path(out)
    tasks = job.tasks()
    with _locked(folder):
        _settle_manifest(folder, job, tasks)
        ledger = _Ledger.of(folder, tasks, retry_failed)
        todo = [task for task in tasks if task.key not in ledger.there_already]
        report = on_progress or (lambda words, done, of: None)
        report(*ledger.progress)
        if not todo:
            return ledger.summary(False)
        with workers_of(workers, cluster) as at_work, _interruptible() as stop:
            for task, result in as_they_come(partial(as_parquet, job.without_rows), todo, at_work, stop):
                ledger.take(task, result)
                report(*ledger.progress)
            return ledger.summary(stop.is_set())


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
    """What a sweep will take.

    Attributes
    ----------
    runs, found
        All runs of the design; those that the folder holds already.
    tasks, seconds, size_bytes
        For the others: number of tasks, time, size of the results on disk.
    """

    runs: int
    found: int
    tasks: int
    seconds: float
    size_bytes: float

    @property
    def runs_per_second(self) -> float:
        """Speed of the runs that are still to be made."""
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
    """Estimate how many runs a design makes, how long they take in threads of this process, and their size on disk.

    It takes a few seconds: the first pass is run and timed, and the rest estimated from it.

    Raises
    ------
    InputError
        If the design cannot be used.
    """
    job = job_of(resolve_design(_loaded(design)))
    tasks = job.tasks()
    held = set() if out is None else _held(Path(out))
    todo = [task for task in tasks if task.key not in held]
    runs = len(job.resolved.rows)
    there_already = runs - sum(len(task.table) for task in todo)
    if not todo:
        return SweepEstimate(runs, there_already, 0, 0.0, 0.0)
    first = todo[0]
    rows = first.groups[0]
    trial = first._replace(groups=(rows,), table=first.table.loc[rows])
    as_parquet(job.without_rows, trial)  # once, to prepare the scenario and to compile
    if not first.is_prepared_once:
        forget_settings()
    # processor time, as a pass may use several threads itself
    began = time.process_time()
    content, _ = as_parquet(job.without_rows, trial)
    seconds = (time.process_time() - began) / first.costs[0] * sum(sum(task.costs) for task in todo)
    with thread_workers(workers) as at_work:
        seconds /= min(at_work.at_once(), os.cpu_count() or 1)
    return SweepEstimate(runs, there_already, len(todo), seconds, len(content) / len(rows) * (runs - there_already))


class _Ledger:
    """Keeps count of the tasks that are done, and of the runs among them that failed or were lost."""

    def __init__(self, folder: Path, tasks: list[Task], there_already: dict[str, list[str]]) -> None:
        self._folder = folder
        self._total = sum(len(task.table) for task in tasks)
        self._lost = 0
        self.there_already = there_already
        self._found_runs = sum(len(task.table) for task in tasks if task.key in there_already)
        self._done = self._found_runs
        self._failed = sum(len(errors) for errors in there_already.values())
        self._errors = dict.fromkeys(error for errors in there_already.values() for error in errors)

    @classmethod
    def of(cls, folder: Path, tasks: list[Task], retry_failed: bool) -> _Ledger:
        """Look up what the folder holds, and remove files that were begun and never finished."""
        for begun in (folder / _RUNS).glob(f".*{_RUN_ENDING}.*"):
            begun.unlink()
        held, there_already = _held(folder), {}
        for task in tasks:
            if task.key in held:
                path = folder / _RUNS / f"{task.key}.parquet"
                errors = _errors_in(path, len(task.table))
                if errors and retry_failed:
                    path.unlink()
                else:
                    there_already[task.key] = errors
        return cls(folder, tasks, there_already)

    def take(self, task: Task, result: tuple[bytes, tuple[str, ...]] | Exception) -> None:
        """Write the results of a task into the folder, and count them."""
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
        """Words for the screen, runs done, all runs."""
        counts = {"failed": self._failed, "lost": self._lost, "there already": self._found_runs}
        words = ", ".join(["Runs", *(f"{count:,} {name}" for name, count in counts.items() if count)])
        return words, self._done, self._total

    def summary(self, interrupted: bool) -> SweepSummary:
        """Return what came of the sweep."""
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


def _errors_in(path: Path, runs: int) -> list[str]:
    """Return the errors of the runs in a file of results.

    Raises
    ------
    InputError
        If it is not a whole file of so many runs.
    """
    import pyarrow.parquet as pq

    mend = f"results of {runs:,} runs; remove this file, and give the same command: its runs are made again"
    with guarded(f"file '{path}'", mend):
        errors = pq.ParquetFile(path).read(columns=["error"])["error"].to_pylist()
    if len(errors) != runs or not all(isinstance(error, str) for error in errors):
        raise InputError(f"file '{path}' holds {len(errors):,} runs; expected {mend}")
    return [error for error in errors if error]


def _loaded(design: Design | str | Path) -> Design:
    return design if isinstance(design, Design) else load_design(design)


def _held(folder: Path) -> set[str]:
    return {path.stem for path in (folder / _RUNS).glob(f"*{_RUN_ENDING}") if is_file(path)}


def _settle_manifest(folder: Path, job: Job, tasks: list[Task]) -> None:
    """Write the manifest, or check that the one that is there belongs to this job."""
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
        "scenarios": {name: scenario.fingerprint for name, scenario in job.resolved.scenarios.items()},
        "policies": sorted({name for policies in job.resolved.policies.values() for name in policies}),
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
    if not is_file(path):
        raise InputError(f"'{folder}' holds no sweep: {MANIFEST} is missing; give the folder of --out")
    what, mend = f"'{path}'", "the manifest that a sweep wrote; choose another folder with --out"
    data = read_bytes(path, what, _LARGEST_MANIFEST)
    with guarded(what, mend):
        text = data.decode("utf-8")
    content = parse_json(text, what)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"'{path}' is not the manifest of a sweep (format {FORMAT}); choose another folder")
    return parse_model(_Manifest, content, str(path)).model_dump()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the folder against other sweeps; the lock ends with the process, however it ends."""
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
    """Turn the first Ctrl-C into an event; the second interrupts as usual."""
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
