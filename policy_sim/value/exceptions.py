"""Exceptions: limits of their own for the cells of the first tier, where that brings something.

In: a search, the cells, the limits that may move. Out: the exceptions with what they gain, a policy with some of them.
Left to others: which cells and how many (`best_limits`).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from policy_sim.policy import Lever, Policy
from policy_sim.value.payoffs import Payoffs
from policy_sim.value.search import NO_GAIN, Search

__all__ = ["CellException", "best_exceptions", "cells_by", "with_exceptions"]


@dataclass(frozen=True)
class CellException:
    """Limits of the first tier for a cell, and what they gain (money a case, over all cases)."""

    tier: str
    failure: str | None
    segment: str | None
    limits: Mapping[str, float]
    gain: float

    def put_on(self, policy: Policy) -> Policy:
        """Return the policy with this exception."""
        for limit, value in self.limits.items():
            policy = policy.with_limit(Lever(self.tier, limit, self.failure, self.segment), value)
        return policy


def cells_by(payoffs: Payoffs, by: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Return the cells (failure, segment; None for all) into which cases are parted by any of these two."""
    if not by:
        return []
    failures: list[str | None] = list(payoffs.scenario.failures) if "failure" in by else [None]
    segments: list[str | None] = [part.name for part in payoffs.scenario.segments] if "segment" in by else [None]
    return list(itertools.product(failures, segments))


def best_exceptions(
    policy: Policy,
    search: Search,
    cells: Sequence[tuple[str | None, str | None]],
    limits: Sequence[str],
    every: int | None,
) -> list[CellException]:
    """Return for each cell the best exception of the first tier that brings anything, the highest gain first.

    Cells do not touch each other, so their gains add up (but for caps: `with_exceptions` sees to those).
    """
    cases = search.expected.payoffs.cases
    tier = policy.tier_names[0]
    exceptions = []
    for failure, segment in cells:
        of_failure = cases.failure == cases.failures.index(failure) if failure else True
        of_segment = cases.segment == cases.segments.index(segment) if segment else True
        rows = np.flatnonzero(np.broadcast_to(of_failure & of_segment, len(cases)))
        if not rows.size:
            continue
        own = replace(search, expected=search.expected.take(rows), caps={})
        levers = [Lever(tier, limit, failure, segment) for limit in limits]
        open_ = policy
        for lever in levers:
            open_ = open_.with_limit(lever, policy.bounds(lever)[1])
        ends = [own.climb(start, levers, every) for start in (policy, open_)]
        best, value = max(ends, key=lambda end: end[1])
        gain = (value - own.value(policy)) * len(rows) / len(cases)
        moved = {
            lever.limit: best.limit(tier, lever.limit, failure, segment)
            for lever in levers
            if best.limit(tier, lever.limit, failure, segment) != policy.limit(tier, lever.limit, failure, segment)
        }
        if moved and gain > NO_GAIN:
            exceptions.append(CellException(tier, failure, segment, moved, gain))
    return sorted(exceptions, key=lambda exception: -exception.gain)


def with_exceptions(policy: Policy, exceptions: Sequence[CellException], search: Search, at_most: int | None) -> Policy:
    """Put on exceptions, the highest gain first, as many as are allowed; one that breaks a cap is left out."""
    count = 0
    for exception in exceptions:
        if count == at_most:
            break
        tried = exception.put_on(policy)
        if tried != policy and search.is_feasible(tried):
            policy, count = tried, count + 1
    return policy
