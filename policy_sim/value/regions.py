"""Regions: how far a limit may stray where the other limits may be set anew for it.

In: limits at their best, a search on some cases, the limits that may move. Out: a stretch of a limit. Left to others:
the stretch with all others fixed (`Curve.flat_region`), how it reads (`show`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from policy_sim.policy import ASK, ASK_CENTS, NO_LIMIT, Lever, Policy, to_cents
from policy_sim.value.search import Search

__all__ = ["joint_region"]

_HALVINGS = 6  # of what is open on each side


def joint_region(
    policy: Policy, search: Search, levers: Sequence[Lever], lever: Lever, within: float
) -> tuple[float, float]:
    """Return from which limit on and below which one (money) the best of all others makes up for it.

    At each limit the others climb anew from where they are. What is given up is at most a share of what the limit can
    bring with the others fixed, as in `Curve.flat_region`, whose stretch lies within this one but for the cases that
    either looks at. The ends are found by halving, so the stretch may be a little wider than is said, and not every
    limit in it was tried.

    Parameters
    ----------
    search
        Tables on some cases.
    levers
        All limits that may be set anew.
    within
        The share (0-1).
    """
    others = [other for other in levers if other != lever]
    cents, value = search.along(policy, lever)
    now = policy.limit(lever.tier, lever.limit, lever.failure, lever.segment)
    here = int(np.searchsorted(cents, to_cents(now), side="right")) - 1
    _, highest = search.climb(policy, others)
    enough = max(highest, float(value[here])) - within * float(np.ptp(value))

    def is_enough(step: int) -> bool:
        tried = _with_room(policy, others, lever, ASK if cents[step] == ASK_CENTS else float(cents[step]) / 100)
        return value[step] >= enough or (tried is not None and search.climb(tried, others)[1] >= enough)

    first, last = (_farthest(here, end, is_enough) for end in (0, len(cents) - 1))
    low = ASK if cents[first] == ASK_CENTS else float(cents[first]) / 100
    return low, float(cents[last + 1]) / 100 if last + 1 < len(cents) else NO_LIMIT


def _farthest(good: int, end: int, is_enough: Callable[[int], bool]) -> int:
    """Return the step farthest towards an end that was found to be enough; `good` is."""
    if good == end or is_enough(end):
        return end
    bad = end
    for _ in range(_HALVINGS):
        if abs(bad - good) <= 1:
            break
        middle = (good + bad) // 2
        good, bad = (middle, bad) if is_enough(middle) else (good, middle)
    return good


def _with_room(policy: Policy, others: Sequence[Lever], lever: Lever, limit: float) -> Policy | None:
    """Return the policy with a limit, the same limit of other tiers moved to make room; None where they may not be."""
    place = policy.tier_names.index(lever.tier)
    for other in others:
        if other.limit == lever.limit:
            now = policy.limit(other.tier, other.limit)
            is_higher = policy.tier_names.index(other.tier) > place
            policy = policy.with_limit(other, max(now, limit) if is_higher else min(now, limit))
    low, high = policy.bounds(lever)
    return policy.with_limit(lever, limit) if low <= limit <= high else None
