"""Work in the background: the most urgent first, and what is not wanted any more is dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable

from policy_sim.show.live.worker import PriorityWorker

Check = Callable[[], None]


def test_the_most_urgent_comes_first() -> None:
    done: list[str] = []
    gate = threading.Event()
    worker = PriorityWorker(lambda error: done.append(repr(error)))
    worker.add(0, "gate", lambda check: gate.wait() and None)
    for priority, name in ((2, "late"), (0, "early"), (1, "between"), (0, "early too")):
        worker.add(priority, name, lambda check, name=name: done.append(name))  # type: ignore[misc]
    gate.set()
    worker.wait()
    assert done == ["early", "early too", "between", "late"]


def test_what_is_dropped_stops_and_the_rest_goes_on() -> None:
    done: list[str] = []
    began, go_on = threading.Event(), threading.Event()
    worker = PriorityWorker(lambda error: done.append(repr(error)))

    def long(check: Check) -> None:
        began.set()
        go_on.wait()
        check()
        done.append("the end of what was dropped")

    worker.add(0, "policy", long)
    worker.add(0, "policy", lambda check: done.append("dropped before it began"))
    worker.add(1, "study", lambda check: done.append("studied"))
    began.wait()
    worker.drop("policy")
    worker.add(0, "policy", lambda check: (check(), done.append("new"))[1])
    go_on.set()
    worker.wait()
    assert done == ["new", "studied"]


def test_an_error_is_reported_and_the_worker_goes_on() -> None:
    errors: list[Exception] = []
    done: list[int] = []
    worker = PriorityWorker(errors.append)
    worker.add(0, "a", lambda check: done.append(1 // 0))
    worker.add(0, "b", lambda check: done.append(1))
    worker.wait()
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert done == [1]
