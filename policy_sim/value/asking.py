"""Asking: whether "ask first" is worth it for itself, or only pushes agents to another remedy.

In: limits that a search has found, the search. Out: limits in which every "ask first" is worth asking. Left to others:
finding limits (`search`).

Under "ask first" on one limit a case goes up only where the agent has nothing else that is adequate. So a search may
set it for what it keeps agents from, such as credit in place of a refund, and nobody ever asks: that is no authority to
ask for, but a ban that nobody has decided on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import ASK, Lever, Policy
from policy_sim.value.curves import best_step
from policy_sim.value.handling import Handling
from policy_sim.value.search import NEVER, Search

__all__ = ["AS_GOOD", "instead_of_asking"]

Floats = NDArray[np.float64]

#: Share of what a limit can bring: whatever gives up no more of it is as good.
AS_GOOD = 0.01


def instead_of_asking(
    policy: Policy, search: Search, levers: Sequence[Lever], every: int | None
) -> tuple[Policy, tuple[Lever, ...]]:
    """Return limits without an "ask first" that is not worth asking, and the levers that had one.

    "Ask first" stays where the cases that go up because of it, which would stay with the tier at the highest amount
    that keeps the tiers in order, bring more for it than 1 % of what the limit can bring. Else the highest amount that
    is as good within that 1 % takes its place; the best amount, where none is as good. Where no amount keeps to the
    caps, or the next tier has to ask as well, it stays.

    Parameters
    ----------
    every
        Amounts are multiples of this (cents).
    """
    replaced: list[Lever] = []
    for lever in sorted(levers, key=lambda lever: -policy.tier_names.index(lever.tier)):
        low, high = policy.bounds(lever)
        now = policy.limit(lever.tier, lever.limit, lever.failure, lever.segment)
        if now != ASK or not policy.is_moved(lever, lever.failure, lever.segment) or not low <= ASK < high:
            continue
        cents, value = search.along(policy, lever)
        tolerance = AS_GOOD * _reach(value, search)
        if _gain_of_going_up(policy, policy.with_limit(lever, high), search) > tolerance:
            continue
        last = int(np.argmin(np.append(value >= value[0] - tolerance, False))) - 1
        place = np.arange(len(value))
        highest_as_good = np.where((place > 0) & (place <= last), place, -np.inf)
        for wish in (highest_as_good, np.where(place > 0, value, -np.inf)):
            step, limit = best_step(cents, wish, (low, high), every)
            changed = policy.with_limit(lever, limit)
            if wish[step] > -np.inf and limit != ASK and search.is_feasible(changed):
                policy = changed
                replaced.append(lever)
                break
    return policy, tuple(replaced)


def _reach(value: Floats, search: Search) -> float:
    """Return how much a limit can bring, highest less lowest, among what keeps to the caps."""
    kept = value[value > -NEVER] if search.caps else value
    return float(np.ptp(kept)) if kept.size else 0.0


def _gain_of_going_up(asking: Policy, open_: Policy, search: Search) -> float:
    """Return what the cases gain (money a case, over all cases) that a tier passes on because it has to ask."""
    payoffs = search.expected.payoffs
    before, after = Handling.of(open_, payoffs).tier, Handling.of(asking, payoffs).tier
    goes_up = after > before
    if not goes_up.any():
        return 0.0
    gains = search.by_case(asking)[goes_up] - search.by_case(open_)[goes_up]
    return float(gains.sum() / len(payoffs.cases))
