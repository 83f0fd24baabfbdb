"""Timing: how long work takes, for the benchmarks beside this file.

In: work to do. Out: seconds. Left to others: what the work is, and what it is compared with.
"""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["shortest"]


def shortest(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the shortest of a few runs in seconds, after one that compiles: others met more of the machine's work."""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)
