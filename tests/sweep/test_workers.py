"""Workers: results as they come, a wish to stop, and one line for a cluster that cannot be used."""

from __future__ import annotations

from threading import Event

import pytest

from policy_sim.border import InputError
from policy_sim.sweep.workers import as_they_come, batch_options, cluster_workers, thread_workers


def test_every_item_comes_back_with_its_result_or_its_error() -> None:
    def work(number: int) -> int:
        if number == 5:
            raise ValueError("five")
        return number * number

    with thread_workers(3) as workers:
        results = dict(as_they_come(work, range(40), workers, Event()))
    assert set(results) == set(range(40))
    assert isinstance(results.pop(5), ValueError)
    assert all(results[number] == number * number for number in results)


def test_nothing_is_begun_after_the_wish_to_stop() -> None:
    stop = Event()
    begun = []
    with thread_workers(1) as workers:
        for number, _ in as_they_come(begun.append, range(1000), workers, stop):
            if number == 2:
                stop.set()
    assert len(begun) < 10


def test_a_number_of_workers_is_1_or_more() -> None:
    with pytest.raises(InputError, match="number of workers is 0"), thread_workers(0):
        pass


def test_a_batch_system_is_read() -> None:
    options = batch_options("slurm:jobs=10,cores=8,memory=16GB,walltime=02:00:00,queue=short")
    assert options == ("slurm", 10, {"cores": 8, "memory": "16GB", "walltime": "02:00:00", "queue": "short"})


def test_a_batch_job_starts_a_worker_with_what_was_asked_for() -> None:
    import dask_jobqueue.slurm

    system, _, options = batch_options("slurm:jobs=1,cores=8,memory=16GB,walltime=02:00:00")
    assert system == "slurm"
    script = dask_jobqueue.slurm.SLURMJob("tcp://127.0.0.1:1", "worker", **options).job_script()
    assert "--cpus-per-task=8" in script
    assert "-t 02:00:00" in script


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        ("slrm:jobs=1", "did you mean 'slurm'?"),
        ("slurm:jobs", "is not NAME=VALUE"),
        ("slurm:cores=1,memory=1GB", "add jobs=10"),
        ("slurm:jobs=2,cores=4", "says nothing about memory"),
        ("local:none", "expected a number of processes"),
        ("nonsense://x", "no dask scheduler answers"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(cluster: str, words: str) -> None:
    with pytest.raises(InputError) as refusal, cluster_workers(cluster):
        pass
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
