"""Asking: whether a limit of nothing is worth it for itself, or only pushes agents to another remedy.

In: limits that a search has found, the search. Out: limits in which every "ask first" is worth asking. Left to others:
finding limits (`search`).

Under "ask first" on one limit, or a limit of 0, a case goes up only where the agent has nothing else that is adequate.
So a search may set it for what it keeps agents from, such as a refund where credit does as well, and hardly anybody
asks: that is no authority to ask for, but a ban. What to give is a rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import Lever, Policy
from policy_sim.value.curves import best_step
from policy_sim.value.handling import Handling
from policy_sim.value.payoffs import spread
from policy_sim.value.search import Search, climb_within

__all__ = ["AS_GOOD", "instead_of_asking"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Share of what a limit can bring: whatever gives up no more of it is as good.
AS_GOOD = 0.01

_CASES = 2_000  # at most, on which it is looked at what goes up
_AMOUNTS = 16  # at most, that are looked at
_ROUNDS = 3  # of setting the others anew


def instead_of_asking(
    policy: Policy, search: Search, levers: Sequence[Lever], every: int | None, at_least: float = -np.inf
) -> tuple[Policy, tuple[Lever, ...]]:
    """Return limits without an "ask first", or limit of 0, that is not worth asking, and the levers that had one.

    A limit is worth asking by the cases that go up because of it, which would stay with the tier at the highest amount
    that keeps the tiers in order: by what they gain. Where an amount gains as much within 1 % of what the limit can
    bring, and asking no more than that, the highest such amount takes its place, and the other limits are set anew.

    Parameters
    ----------
    every
        Amounts are multiples of this (cents).
    at_least
        Mean net value (money a case) below which no limit may bring the policy.
    """
    replaced: list[Lever] = []
    for _ in range(_ROUNDS):
        opened = []
        for lever in sorted(levers, key=lambda lever: -policy.tier_names.index(lever.tier)):
            is_moved = lever not in replaced and policy.is_moved(lever, lever.failure, lever.segment)
            if is_moved and policy.limit(*_of(lever)) <= 0:
                amount = _worth_asking(policy, search, lever, every, at_least)
                if amount > 0:
                    policy = policy.with_limit(lever, amount)
                    opened.append(lever)
        if not opened:
            break
        replaced += opened
        policy, _ = climb_within(policy, search, [lever for lever in levers if lever not in replaced], every)
    return policy, tuple(replaced)


def _worth_asking(policy: Policy, search: Search, lever: Lever, every: int | None, at_least: float) -> float:
    """Return a limit (money) by what the cases gain that go up because of it: the highest that is as good as any.

    The limit in force, "ask" or 0, where that is as good and better than none.
    """
    low, high = policy.bounds(lever)
    now = policy.limit(*_of(lever))
    if not low <= now < high:
        return now
    cents, value = search.along(policy, lever)
    few = replace(search, expected=search.expected.take(spread(len(search.expected.payoffs.cases), _CASES)))
    gain_under = _gain_of_going_up(policy.with_limit(lever, high), few)
    gains = {now: gain_under(policy)}
    places = _with_amounts(cents, every)
    places = places[value[places] >= at_least]
    for place in places[spread(len(places), _AMOUNTS)]:
        step, limit = best_step(cents, (np.arange(len(cents)) == place).astype(float), (low, high), every)
        changed = policy.with_limit(lever, limit)
        if step == place and cents[step] > 0 and search.is_feasible(changed):
            gains[limit] = gain_under(changed)
    tolerance = AS_GOOD * search.reach(value)
    enough = max(gains.values()) - tolerance
    is_worth_it = gains[now] > tolerance and gains[now] >= enough
    return now if is_worth_it else max(limit for limit, gain in gains.items() if gain >= enough)


def _of(lever: Lever) -> tuple[str, str, str | None, str | None]:
    return lever.tier, lever.limit, lever.failure, lever.segment


def _with_amounts(cents: Ints, every: int | None) -> Ints:
    """Return the steps that hold a multiple of so many cents, and the last one."""
    if every is None:
        return np.arange(len(cents))
    multiples = np.where(cents < 0, cents, -(-cents // every) * every)
    return np.unique(np.append(np.searchsorted(cents, multiples, side="right") - 1, len(cents) - 1))


def _gain_of_going_up(open_: Policy, search: Search) -> Callable[[Policy], float]:
    """Return what gives, for a policy, the gain of the cases that a tier passes on because it has to ask.

    Money a case, over all cases; against an open policy, under which they stay.
    """
    payoffs = search.expected.payoffs
    tier, worth = Handling.of(open_, payoffs).tier, search.by_case(open_)

    def gain(asking: Policy) -> float:
        goes_up = Handling.of(asking, payoffs).tier > tier
        return float((search.by_case(asking) - worth)[goes_up].sum() / len(payoffs.cases)) if goes_up.any() else 0.0

    return gain
