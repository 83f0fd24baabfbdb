"""Workers: threads of this process, or a dask cluster, that do the tasks of a sweep.

In: a function, tasks, how many workers or which cluster. Out: results as they are done, or the error of a task.
Left to others: what a task is (`runs`), keeping its results (`folder`).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from threading import Event
from typing import Any, NamedTuple, TypeVar

from policy_sim import __version__
from policy_sim.border import InputError, guarded, not_installed, unknown

__all__ = ["Workers", "as_they_come", "cluster_workers", "thread_workers", "workers_of"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 2  # tasks submitted for each worker, so that none waits for the next
_POLL_SECONDS = 0.2  # between checks whether to stop
_PATIENCE_SECONDS = 20  # within which a scheduler has to answer
_RETRIES = 5  # of a task whose worker dies

#: Classes of dask-jobqueue by the names of batch systems on the command line.
_BATCH_SYSTEMS = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "htcondor": "HTCondorCluster",
}


#: What each of them takes jobs with.
_SUBMITS = {"slurm": "sbatch", "pbs": "qsub", "sge": "qsub", "lsf": "bsub", "htcondor": "condor_submit"}
#: Threads and processes of one machine, and jobs: more are none that anybody means.
_MOST_WORKERS = 1_000


class Workers(NamedTuple):
    """An executor, and a function that returns how many tasks it works on at once, as workers come and go."""

    executor: Executor
    at_once: Callable[[], int]


def as_they_come(
    work: Callable[[Item], Result], items: Iterable[Item], workers: Workers, stop: Event
) -> Iterator[tuple[Item, Result | Exception]]:
    """Yield each item with its result, or with its error, in the order in which they are done.

    Once `stop` is set, no further item is begun; those that are being worked on are still awaited.
    """
    waiting = iter(items)
    pending: dict[Future[Result], Item] = {}
    while True:
        if stop.is_set():
            pending = {future: item for future, item in pending.items() if not future.cancel()}
        else:
            room = max(1, _AHEAD * workers.at_once()) - len(pending)
            pending |= {workers.executor.submit(work, item): item for item in islice(waiting, max(room, 0))}
        if not pending:
            return
        done, _ = wait(pending, _POLL_SECONDS, FIRST_COMPLETED)
        for future in done:
            item = pending.pop(future)
            error = None if future.cancelled() else future.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            if not future.cancelled():
                yield item, (future.result() if error is None else error)


def workers_of(count: int | None, cluster: str | None) -> AbstractContextManager[Workers]:
    """Return the workers that somebody wants: threads of this process, or a cluster where one is named."""
    return thread_workers(count) if cluster is None else cluster_workers(cluster)


@contextmanager
def thread_workers(count: int | None = None) -> Iterator[Workers]:
    """Work in threads of this process, by default as many as there are processors; the kernels release the GIL.

    Raises
    ------
    InputError
        If `count` is below 1.
    """
    number = os.cpu_count() or 1 if count is None else count
    if not 1 <= number <= _MOST_WORKERS:
        raise InputError(f"number of workers is {count}; it must be 1 or more, at most {_MOST_WORKERS:,} (--workers)")
    with ThreadPoolExecutor(number) as pool:
        yield Workers(pool, lambda: number)


@contextmanager
def cluster_workers(cluster: str) -> Iterator[Workers]:
    """Work on a dask cluster.

    Parameters
    ----------
    cluster
        Address of a scheduler ("tcp://10.0.0.5:8786"), "local" or "local:4" for processes of this machine, or a batch
        system with the resources to request: "slurm:jobs=10,cores=8,memory=16GB,walltime=02:00:00,queue=short".

    Raises
    ------
    InputError
        If dask is not installed, no scheduler answers, a worker has another version, or the text cannot be read.
    """
    try:
        import distributed
    except ImportError:
        raise not_installed("dask", "cluster") from None
    with _started(cluster) as address:
        try:
            client = distributed.Client(address, timeout=_PATIENCE_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(
                f"no dask scheduler answers at '{cluster}': {reason}; start one with: dask scheduler"
            ) from None
        try:
            with client:
                if "://" in cluster:
                    _wait_for_one(client, cluster)
                _check_versions(client)
                with client.get_executor(pure=False, retries=_RETRIES) as pool:
                    yield Workers(pool, lambda: max(1, sum(client.nthreads().values())))
        except OSError as error:
            raise InputError(
                f"the dask scheduler at '{cluster}' is gone ({type(error).__name__}); what is done is kept, start it "
                "again and give the same command"
            ) from None


def batch_options(cluster: str) -> tuple[str, int, dict[str, Any]]:
    """Read "slurm:jobs=10,cores=8,memory=16GB" into the batch system, the number of jobs and the resources of a job.

    Raises
    ------
    InputError
        If the batch system is unknown, or the number of jobs, cores or memory is missing.
    """
    system, _, text = cluster.partition(":")
    if system not in _BATCH_SYSTEMS:
        raise unknown("cluster", system, ["tcp://HOST:PORT", "local", "local:4", *_BATCH_SYSTEMS], "--cluster")
    options: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            raise InputError(f"--cluster {cluster}: '{part}' is not NAME=VALUE; write, for example, jobs=10")
        number = _whole(value)
        options[name.strip()] = value.strip() if number is None else number
    jobs = options.pop("jobs", None)
    for name in ("cores", "memory"):
        if name not in options:
            raise InputError(
                f"--cluster {cluster} says nothing about {name}; for example {system}:jobs=10,cores=8,memory=16GB"
            )
    if not isinstance(jobs, int) or not 1 <= jobs <= _MOST_WORKERS:
        raise InputError(f"--cluster {cluster} says nothing about the number of jobs; add jobs=10")
    return system, jobs, options


def _whole(text: str) -> int | None:
    """Return the number that text says in digits; none where it says something else."""
    return int(text) if re.fullmatch(r"\s*[0-9]{1,9}\s*", text) else None


@contextmanager
def _started(cluster: str) -> Iterator[Any]:
    """Yield what a client connects to; a cluster that is started here is closed at the end."""
    if "://" in cluster:
        yield cluster
        return
    kind, _, count = cluster.partition(":")
    if kind == "local":
        from distributed import LocalCluster

        workers = _whole(count) if count else os.cpu_count() or 1
        if workers is None or not 1 <= workers <= _MOST_WORKERS:
            raise InputError(f"--cluster {cluster}: expected a number of processes, for example local:4")
        with LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address=None,
            host="127.0.0.1",
            silence_logs=40,
            # any free port: with the usual one two clusters on a machine would get in each other's way
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
        ) as started:
            yield started
        return
    system, jobs, options = batch_options(cluster)
    command = _SUBMITS[system]
    if shutil.which(command) is None:
        raise InputError(
            f"--cluster {cluster} submits jobs with '{command}', which is not on this machine; give the command where "
            f"{system} is installed, or leave --cluster out"
        )
    import dask_jobqueue

    with guarded(f"--cluster {cluster}", "resources that the batch system knows"):
        made = getattr(dask_jobqueue, _BATCH_SYSTEMS[system])(**options)
    with made as started:
        started.scale(jobs=jobs)
        yield started


def _wait_for_one(client: Any, cluster: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_SECONDS)
    except TimeoutError:
        raise InputError(
            f"the dask scheduler at '{cluster}' has no workers; start one with: dask worker {cluster}"
        ) from None


def _check_versions(client: Any) -> None:
    for worker, version in client.run(_version, on_error="return").items():
        if version != __version__:
            raise InputError(
                f"worker {worker} runs policy-sim {version}, this is {__version__}; install the same version everywhere"
            )


def _version() -> str:
    from policy_sim import __version__ as version

    return version
