"""Search: from where limits are looked for, and how they climb on tables of expected payoffs.

In: tables of expected payoffs, caps and prices on quantities, the limits that may move. Out: policies and their
objective. Left to others: what is searched for and in which order (`best_limits`, `frontier`), exceptions for cells.

One limit after the other is set to the top of its exact curve until none moves. That gets stuck where limits stand in
for each other, so the search begins from many places: "ask everything", "no limits", those that a grid proposes, random
ones. Where escalations wait, limits and the load that they put on supervisors are found in turn, until they agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_sim.border import InputError, unknown
from policy_sim.policy import Lever, Policy
from policy_sim.value.curves import best_step
from policy_sim.value.escalation_queue import escalation_queue
from policy_sim.value.expected import QUANTITIES, Expected, load_of, own_value
from policy_sim.value.grid import Grid, enumerate_pairs
from policy_sim.value.payoffs import Payoffs, spread
from policy_sim.words import LIMITS

__all__ = [
    "NEVER",
    "NO_GAIN",
    "Search",
    "breaking_none",
    "climb",
    "climb_within",
    "moving_levers",
    "price_of_load",
    "release_upper_limits",
    "same_as",
    "settle",
    "start_grid",
    "starts",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Money a case: nothing is changed for less.
NO_GAIN = 1e-9

_GRID_CASES = 1_000  # at most, that a grid is worked out for
_TOP_OF_GRID = 20_000  # pairs, the best ones, among which starts are chosen
_GRID_START_COUNT, _RANDOM_START_COUNT = 4, 3
_ROUNDS = 12  # of coordinate ascent, at most
_LOAD_ROUNDS = 4  # of finding limits and the load that they put on supervisors, at most
_PRICE_ROUNDS = 8  # of finding the price at which caps hold
_FIRST_PRICE = 4.0  # money a case for all that a cap allows
NEVER = 1e12  # below this is what breaks a cap
_NUDGE = 0.02  # by which the load is moved to see what it costs
_SETTLED_HOURS = 0.1  # of wait, between the load that limits were found under and the one that they make


@dataclass(frozen=True)
class Search:
    """A search on tables.

    Attributes
    ----------
    expected
        The tables.
    caps
        What mean quantities per case may not pass.
    prices
        What a unit of a quantity costs (money): supervisor minutes, because others wait for them.
    load
        Supervisor minutes (padded draws,) a case under which the tables hold.
    """

    expected: Expected
    caps: Mapping[str, float]
    prices: Mapping[str, float] = field(default_factory=dict)
    load: Floats = field(default_factory=lambda: np.zeros(1))

    @classmethod
    def of(cls, policy: Policy, payoffs: Payoffs, limits: Sequence[str], caps: Mapping[str, float]) -> Search:
        """Work out the tables under the load of a policy, and what a supervisor minute more costs those who wait."""
        load = load_of(policy, payoffs)
        return cls(Expected.of(policy, payoffs, load, limits), caps, price_of_load(policy, payoffs, load), load)

    def under(self, policy: Policy) -> Search:
        """Return the search under the load of a policy; itself where people wait as long as they do already."""
        payoffs = self.expected.payoffs
        load = load_of(policy, payoffs)
        now, then = (escalation_queue(payoffs, minutes).mean_wait_hours for minutes in (load, self.load))
        if float(np.abs(now - then).max()) < _SETTLED_HOURS:
            return self
        expected = self.expected.under(policy, load)
        return replace(self, expected=expected, prices=price_of_load(policy, payoffs, load), load=load)

    @property
    def wait_hours(self) -> float:
        """How long people wait for a supervisor under the load of the tables, in the draw with the longest wait."""
        return float(escalation_queue(self.expected.payoffs, self.load).mean_wait_hours.max())

    @property
    def is_waiting(self) -> bool:
        """Whether anybody waits for a supervisor under the load of the tables."""
        return self.wait_hours > 0

    def idle(self, policy: Policy) -> Search:
        """Return the search with nobody waiting for a supervisor, whatever the load; tiers and guards of a policy."""
        if not self.is_waiting:
            return self
        nothing = np.zeros_like(self.load)
        return replace(self, expected=self.expected.under(policy, nothing), prices={}, load=nothing)

    def own_value(self, policy: Policy) -> float:
        """Return the mean net value per case under the load of the policy itself; minus infinity if it breaks a cap."""
        if not self.is_feasible(policy):
            return -np.inf
        if not self.prices and not self.is_waiting:
            return self.means(policy)["net_value"]
        return own_value(policy, self.expected.payoffs)

    def means(self, policy: Policy) -> dict[str, float]:
        """Return the mean of each quantity over the cases."""
        means = self.expected.of_policy(policy).mean(axis=0)
        return dict(zip(QUANTITIES, means.tolist(), strict=True))

    def value(self, policy: Policy) -> float:
        """Return the mean net value per case, less what is priced."""
        means = self.means(policy)
        return means["net_value"] - sum(price * means[name] for name, price in self.prices.items())

    def by_case(self, policy: Policy) -> Floats:
        """Return (N,) the net value of each case, less what is priced."""
        values = self.expected.of_policy(policy)
        return np.asarray(values @ [1.0 if name == "net_value" else -self.prices.get(name, 0.0) for name in QUANTITIES])

    def is_feasible(self, policy: Policy) -> bool:
        """Tell whether a policy keeps to the caps."""
        if not self.caps:
            return True
        means = self.means(policy)
        return all(means[name] <= cap * (1 + 1e-9) for name, cap in self.caps.items())

    def along(self, policy: Policy, lever: Lever) -> tuple[Ints, Floats]:
        """Return the steps of a lever and the objective on them; what breaks a cap is below all that does not."""
        cents, totals = self.expected.along(policy, lever)
        means = dict(zip(QUANTITIES, (totals / len(self.expected.payoffs.cases)).T, strict=True))
        objective = means["net_value"] - sum(price * means[name] for name, price in self.prices.items())
        return cents, breaking_none(self.caps, means, objective)

    def reach(self, value: Floats) -> float:
        """Return how much a limit can bring, highest less lowest objective on its steps, among what keeps to caps."""
        kept = value[value > -NEVER] if self.caps else value
        return float(np.ptp(kept)) if kept.size else 0.0

    def climb(self, policy: Policy, levers: Sequence[Lever], every: int | None = None) -> tuple[Policy, float]:
        """Move one limit after the other to its best until none moves; return the policy and its objective."""
        return climb(policy, levers, self.along, every)


def breaking_none(caps: Mapping[str, float], means: Mapping[str, NDArray[Any]], objective: NDArray[Any]) -> Floats:
    """Return the objective, and below all that keeps to the caps what does not, the lower the further it is off."""
    if not caps:
        return objective
    excess = sum((np.maximum(means[name] / cap - 1 - 1e-9, 0) for name, cap in caps.items()), np.zeros(()))
    return np.where(excess > 0, -NEVER * (1 + excess), objective)


def climb(
    policy: Policy, levers: Sequence[Lever], along: Callable[[Policy, Lever], tuple[Ints, Floats]], every: int | None
) -> tuple[Policy, float]:
    """Move one limit after the other to the top of its curve until none moves; return the policy and its objective.

    Parameters
    ----------
    along
        Returns the steps of a lever (cents) and the objective on them (money a case), all else as in a policy.
    every
        Limits are multiples of this (cents).
    """
    value = -np.inf
    for _ in range(_ROUNDS):
        before = value
        for lever in levers:
            cents, objective = along(policy, lever)
            low, high = policy.bounds(lever)
            if low > high:
                continue  # exceptions beside it leave this one no room
            step, limit = best_step(cents, objective, (low, high), every)
            policy, value = policy.with_limit(lever, limit), float(objective[step])
        if value <= before + 1e-9 * abs(before):
            break
    return policy, value


def start_grid(policy: Policy, search: Search, levers: Sequence[Lever]) -> Grid:
    """Work out all pairs of policies of the two lowest tiers on a grid, for a part of the cases."""
    cases = len(search.expected.payoffs.cases)
    expected = search.expected.take(spread(cases, _GRID_CASES))
    return enumerate_pairs(policy, expected, levers, ("net_value", *search.caps))


def starts(policy: Policy, grid: Grid, caps: Mapping[str, float], levers: Sequence[Lever]) -> list[Policy]:
    """Begin at the policy itself, "ask everything", "no limits", the best pairs of the grid, and anywhere on it."""
    objective = breaking_none(caps, grid.totals, grid.totals["net_value"]).ravel()
    in_order = np.flatnonzero(grid.is_in_order.ravel())
    count = min(_TOP_OF_GRID, len(in_order))
    top = np.sort(in_order[np.argpartition(-objective[in_order], count - 1)[:count]])
    top = top[np.argsort(-objective[top], kind="stable")]
    rng = np.random.default_rng(0)
    anywhere = rng.permutation(in_order)[:_RANDOM_START_COUNT]
    places = [*_apart(top, grid, _GRID_START_COUNT), *anywhere.tolist()]
    asking, open_ = policy, policy
    upwards = sorted(levers, key=lambda lever: policy.tier_names.index(lever.tier))
    for lever in upwards:
        asking = asking.with_limit(lever, asking.bounds(lever)[0])
    for lever in reversed(upwards):
        open_ = open_.with_limit(lever, open_.bounds(lever)[1])
    return [policy, asking, open_, *(grid.policy_at(grid.pair(place)) for place in places)]


def same_as(policies: Iterable[Policy]) -> list[int]:
    """Return for each policy the place of the first one that has the same limits."""
    seen: list[Policy] = []
    places = []
    for policy in policies:
        rules = policy.tiers, policy.exceptions
        places.append(next((n for n, other in enumerate(seen) if (other.tiers, other.exceptions) == rules), len(seen)))
        seen.append(policy)
    return places


def _apart(places: Ints, grid: Grid, count: int) -> list[int]:
    """Return the first places whose limits differ from those before in at least two."""
    chosen: list[int] = []
    limits_before: list[Ints] = []
    for place in places.tolist():
        limits = np.concatenate([c[p] for c, p in zip(grid.combinations, grid.pair(place), strict=True)])
        if all((limits != other).sum() >= 2 for other in limits_before):
            chosen.append(place)
            limits_before.append(limits)
        if len(chosen) == count:
            break
    return chosen


def settle(start: Policy, search: Search, levers: Sequence[Lever]) -> tuple[float, Policy, Search]:
    """Climb, and go on until the limits are best under the load that they themselves put on supervisors.

    Whoever is passed on makes others wait longer: that is what a supervisor minute costs besides its wage, and its
    price in the search. Of what comes up the policy with the highest value under its own load is returned, with that
    value (money a case) and the search under its load.
    """
    rounds: list[tuple[float, Policy, Search]] = []
    policy = start
    for _ in range(_LOAD_ROUNDS):
        policy, _ = climb_within(policy, search, levers)
        rounds.append((search.own_value(policy), policy, search))
        under = search.under(policy)
        if under is search:
            break
        search = under
    rounds.append((search.own_value(start), start, search))  # last: of equals the climbed ones, which are in order
    value, policy, search = max(rounds, key=lambda one: one[0])
    return value, policy, search.under(policy)


def climb_within(
    start: Policy, search: Search, levers: Sequence[Lever], every: int | None = None
) -> tuple[Policy, float]:
    """Climb where caps hold: also from what is best at a price on what is capped, the lowest at which the caps hold.

    A start that breaks a cap would else be thrown far by the first limit that can mend it.
    """
    free = replace(search, caps={}).climb(start, levers, every)
    if search.is_feasible(free[0]):
        return free
    ends = [search.climb(start, levers, every)]
    price, low, high = _FIRST_PRICE, 0.0, np.inf
    point = start
    for _ in range(_PRICE_ROUNDS):
        prices = {name: price / cap + search.prices.get(name, 0.0) for name, cap in search.caps.items()}
        point, _ = replace(search, caps={}, prices={**search.prices, **prices}).climb(point, levers, every)
        if search.is_feasible(point):
            high = price
            ends.append((point, search.value(point)))
        else:
            low = price
        price = 4 * price if high == np.inf else (low + high) / 2
    best, value = max(ends, key=lambda end: end[1])
    polished = search.climb(best, levers, every)
    return max(((best, value), polished), key=lambda end: end[1])


def release_upper_limits(
    best: Policy, value: float, search: Search, levers: Sequence[Lever], every: int | None = None
) -> Policy:
    """Free what a higher tier's limit may hold back: open one such limit at a time, and climb again from there."""
    for lever in levers:
        if lever.tier != best.tier_names[0]:
            opened, reached = search.climb(best.with_limit(lever, best.bounds(lever)[1]), levers, every)
            if reached > value + NO_GAIN:
                best, value = opened, reached
    return best


def price_of_load(policy: Policy, payoffs: Payoffs, load: Floats) -> dict[str, float]:
    """Return what one more supervisor minute costs those who wait (money), if it makes a difference at all."""
    more, less = (
        float(Expected.of_choices(policy, payoffs, load * factor)[:, 0].mean()) for factor in (1 + _NUDGE, 1 - _NUDGE)
    )
    minutes = float(load[: len(payoffs.draws)].mean())
    price = (less - more) / (2 * _NUDGE * minutes) if minutes > 0 else 0.0
    return {"supervisor_minutes": price} if price > 1e-6 else {}


def moving_levers(policy: Policy, limits: Sequence[str], tiers: Sequence[str] | None) -> tuple[Lever, ...]:
    """Return the general limits that may move, of all tiers but the last where none are named.

    Raises
    ------
    InputError
        If a name is unknown, or a tier is the last one.
    """
    if not limits:
        raise InputError(f"no limit to move; choose among: {', '.join(LIMITS)}")
    for limit in limits:
        if limit not in LIMITS:
            raise unknown("limit", limit, LIMITS)
    whose = policy.tier_names[:-1] if tiers is None else tuple(tiers)
    for tier in whose:
        policy.tier(tier)
        if tier == policy.tier_names[-1]:
            raise InputError(
                f"tier '{tier}' is the last one and has no limits; choose one of: {', '.join(policy.tier_names[:-1])}"
            )
    return tuple(Lever(tier, limit) for tier in whose for limit in limits)
