"""Work in the background: the most urgent first, and what is not wanted any more is dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable

from policy_sim.show.live.worker import Lane

Check = Callable[[], None]


def test_the_most_urgent_comes_first() -> None:
    done: list[str] = []
    gate = threading.Event()
    lane = Lane(lambda error: done.append(repr(error)))
    lane.add(0, "gate", lambda check: gate.wait() and None)
    for urgency, name in ((2, "late"), (0, "early"), (1, "between"), (0, "early too")):
        lane.add(urgency, name, lambda check, name=name: done.append(name))  # type: ignore[misc]
    gate.set()
    lane.wait()
    assert done == ["early", "early too", "between", "late"]


def test_what_is_dropped_stops_and_the_rest_goes_on() -> None:
    done: list[str] = []
    began, go_on = threading.Event(), threading.Event()
    lane = Lane(lambda error: done.append(repr(error)))

    def long(check: Check) -> None:
        began.set()
        go_on.wait()
        check()
        done.append("the end of what was dropped")

    lane.add(0, "policy", long)
    lane.add(0, "policy", lambda check: done.append("dropped before it began"))
    lane.add(1, "study", lambda check: done.append("kept"))
    began.wait()
    lane.drop("policy")
    lane.add(0, "policy", lambda check: (check(), done.append("new"))[1])
    go_on.set()
    lane.wait()
    assert done == ["new", "kept"]


def test_an_error_is_told_and_the_lane_goes_on() -> None:
    told: list[Exception] = []
    done: list[int] = []
    lane = Lane(told.append)
    lane.add(0, "a", lambda check: done.append(1 // 0))
    lane.add(0, "b", lambda check: done.append(1))
    lane.wait()
    assert [type(error) for error in told] == [ZeroDivisionError]
    assert done == [1]
