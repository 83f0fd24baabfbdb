"""Best limits: where the limits of all tiers should stand, together.

In: a policy, payoffs, what may move, what must be kept to. Out: `BestLimits`, the policy with its limits at their best,
and how good simpler ones are. Left to others: what the frontier looks like (`frontier`), how sure it all is (`study`).

One limit after the other, each set to the top of its exact curve, gets stuck: limits stand in for each other, and some
have to move together. So all pairs of policies of the two lowest tiers on a grid are worked out first, by a matrix
product: what a tier settles adds up over the cases that reach it. The best few are polished on exact curves, as are
random starts besides; how many agree is reported.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, Progress, plain_rows, unknown
from policy_sim.policy import Lever, Policy
from policy_sim.value.curves import Curve, best_step, threshold_curve
from policy_sim.value.escalation_queue import escalation_queue
from policy_sim.value.evaluation import evaluate, worst
from policy_sim.value.expected import QUANTITIES, Expected, load_of
from policy_sim.value.grid import Grid, enumerate_pairs
from policy_sim.value.payoffs import Payoffs, spread
from policy_sim.words import LIMITS, MOVED, OUTCOMES, SPARED

__all__ = ["BestLimits", "Search", "best_limits", "moving_levers"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SEARCH_CASES = 20_000  # at most, that limits are fitted to
_GRID_CASES = 2_000  # at most, that a grid is worked out for
_START_CASES = 2_000  # at most, that starts are polished on
_GRID_START_COUNT, _RANDOM_START_COUNT = 4, 3
_ROUNDS = 12  # of coordinate ascent, at most
_LOAD_ROUNDS = 4  # of finding limits and the load that they put on the second line, at most
_CENT = 0.01
_CAP_ROUNDS = 4  # of lowering caps until they hold on all cases, at most
_PRICE_ROUNDS = 8  # of finding the price at which caps hold
_FIRST_PRICE = 4.0  # money a case for all that a cap allows
_NO_GAIN = 1e-9  # money a case: no exception is made for less
_NEVER = 1e12  # below this is what breaks a cap
_SEARCHING = "Searching the best limits"
_NUDGE = 0.02  # by which the load is moved to see what it costs
_LOOSER = 0.02  # by which a cap is raised to see what it is worth
_SETTLED_HOURS = 1e-3  # of wait, between the load that limits were found under and the one that they make


@dataclass(frozen=True)
class BestLimits:
    """The best limits that were found.

    Attributes
    ----------
    policy
        The given policy with those limits.
    payoffs
        On which they are best.
    levers
        The limits that could move, of all tiers.
    starts, agreeing_starts
        From how many places the search began, and how many of them ended within a cent a case of the best.
    simplicity
        One row for each policy from the given one to the oracle (the best resolution of every case, whoever may give
        it): expected net value a case (money), number of exceptions, share of the oracle's gain over the given one.
    binding, shadow_price
        Which bound holds the limits back most (`budget` or `escalation_minutes`, empty where neither does), and what
        one more unit of it would be worth: money a year for each money, or minute, a year. Where limits jump, so that a
        little more buys nothing, that is the mean over as much more as it takes to be free of the bound.
    """

    policy: Policy
    payoffs: Payoffs
    levers: tuple[Lever, ...]
    starts: int
    agreeing_starts: int
    simplicity: pd.DataFrame
    binding: str = ""
    shadow_price: float = 0.0

    @cached_property
    def curves(self) -> dict[str, Curve]:
        """The exact curve of each general limit of the first tier that could move, the others at their best."""
        own = [lever for lever in self.levers if lever.tier == self.policy.tier_names[0] and not lever.failure]
        outcome = evaluate(self.policy, self.payoffs)
        return {lever.limit: threshold_curve(outcome, lever) for lever in own if not lever.segment}

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each limit that could move: tier, limit, failure, segment (empty: all), value (money)."""
        rows = [
            asdict(lever) | {"value": self.policy.limit(lever.tier, lever.limit, lever.failure, lever.segment)}
            for lever in self.levers
        ]
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, object]:
        """Return the policy, how sure the search is, the price of simplicity and of bounds, as plain data."""
        policy = self.policy.model_dump(mode="json")
        return {
            "exceptions": policy["exceptions"],
            "policy": policy,
            "starts": self.starts,
            "agreeing_starts": self.agreeing_starts,
            "simplicity": plain_rows(self.simplicity),
            "binding": self.binding or None,
            "shadow_price": self.shadow_price,
        }


def best_limits(
    policy: Policy,
    payoffs: Payoffs,
    limits: Sequence[str] = MOVED,
    tiers: Sequence[str] | None = None,
    *,
    by: Sequence[str] = (),
    at_most_exceptions: int | None = 0,
    round_to: float | None = None,
    budget: float | None = None,
    escalation_minutes: float | None = None,
    robust: str = "mean",
    on_progress: Progress | None = None,
) -> BestLimits:
    """Find the limits of all tiers that together bring the highest net value, all else as in the policy.

    Limits never fall from a tier to the next. The policy that is found is never worse than the given one on the cases
    that the search looks at (20,000 at most, evenly spread; the rest only has its say in `evaluate`).

    Parameters
    ----------
    policy
        Everything but the limits to move stays as it is here.
    payoffs
        The valued cases.
    limits
        Which limits may move.
    tiers
        Whose limits may move; all but the last, which has none, where not given.
    by
        Any of "failure" and "segment": exceptions of the first tier may be made for these cells ...
    at_most_exceptions
        ... as many as this, those with the highest gain first; None for as many as bring anything.
    round_to
        Limits are multiples of this (money); exact where not given.
    budget, escalation_minutes
        Remedy cost (money a year) and supervisor minutes (a year) that may not be passed, in the mean over the draws.
    robust
        "mean" for the highest mean over the draws; "cvar" for the highest mean of the worst tenth of the draws;
        "regret" for the lowest highest regret against the policies that the search came across.
    on_progress
        Called as each of five parts of the search is done.

    Raises
    ------
    InputError
        If a name is unknown, a tier is the last one, a number is out of range, or a bound is below what any limits
        can meet.
    """
    levers = moving_levers(policy, limits, tiers)
    caps = _caps(payoffs, budget, escalation_minutes)
    for part in by:
        if part not in ("failure", "segment"):
            raise unknown("part of a case", part, ("failure", "segment"))
    if robust not in _CRITERIA and robust != "mean":
        raise unknown("measure of robustness", robust, ("mean", *_CRITERIA))
    if round_to is not None and not _CENT <= round_to < np.inf:
        raise InputError(f"round_to is {round_to}; it must be a cent or more (5 for whole fives)")
    if at_most_exceptions is not None and at_most_exceptions < 0:
        raise InputError(f"at_most_exceptions is {at_most_exceptions}; it must be 0 or more")
    every = None if round_to is None else round(100 * round_to)
    report = on_progress or (lambda words, done, of: None)

    few = payoffs.take(spread(len(payoffs.cases), _START_CASES))
    load = load_of(policy, few)
    search = Search(Expected.of(policy, few, load, limits), caps)
    report(_SEARCHING, 1, 5)
    grid = _start_grid(policy, search, levers)
    ends = [search.climb(start, levers) for start in _starts(policy, grid, caps)]
    best, value = max(ends, key=lambda end: end[1])
    unbound = best
    if caps:
        free = replace(search, caps={})
        without = [free.climb(start, levers) for start in _starts(policy, grid, {})]
        unbound = max(without, key=lambda end: end[1])[0]
    agreeing = sum(end[1] >= value - _CENT for end in ends)
    best, search, load = _iterate_load(best, search, levers, load)
    best = _release_upper_limits(best, search.value(best), search, levers)
    report(_SEARCHING, 2, 5)

    many = payoffs.take(spread(len(payoffs.cases), _SEARCH_CASES))
    search = replace(search, expected=Expected.of(policy, many, load, limits))
    if search.is_feasible(policy) and search.value(policy) > search.value(best):
        best = policy
    best, _ = _climb_within(best, search, levers)
    _refuse_infeasible(best, search, budget, escalation_minutes)
    report(_SEARCHING, 3, 5)
    if robust != "mean":
        best = _robust(best, [policy, *(end for end, _ in ends)], few, levers, robust, search)
    shared = best
    rounded, value = _climb_within(best, search, levers, every) if every else (best, 0.0)
    if every and caps:
        rounded = _release_upper_limits(rounded, value, search, levers, every)
    _refuse_infeasible(rounded, search, budget, escalation_minutes)
    if robust == "mean" and search.value(rounded) > search.value(shared):
        shared = rounded  # caps make the ground rugged: round limits may be the better ones that were found
    cells = _cells(payoffs, by)
    gains = [] if not cells else _exceptions(rounded, search, cells, limits, every)
    best = _with_exceptions(rounded, gains, search, at_most_exceptions)
    everything = _with_exceptions(best, gains, search, None) if gains else None
    report(_SEARCHING, 4, 5)
    simplicity = _compare_simplicity(policy, shared, rounded if every else None, best, everything, search)
    binding, price = _shadow_price(best, unbound, search, levers)
    report(_SEARCHING, 5, 5)
    return BestLimits(best, payoffs, levers, len(ends), agreeing, simplicity, binding, price)


@dataclass(frozen=True)
class Search:
    """A search on tables: `caps` are what mean quantities per case may not pass, `prices` what a unit of them costs."""

    expected: Expected
    caps: Mapping[str, float]
    prices: Mapping[str, float] = field(default_factory=dict)

    def means(self, policy: Policy) -> dict[str, float]:
        """Return the mean of each quantity over the cases."""
        found = self.expected.of_policy(policy).mean(axis=0)
        return dict(zip(QUANTITIES, found.tolist(), strict=True))

    def value(self, policy: Policy) -> float:
        """Return the mean net value per case, less what is priced."""
        means = self.means(policy)
        return means["net_value"] - sum(price * means[name] for name, price in self.prices.items())

    def is_feasible(self, policy: Policy) -> bool:
        """Tell whether a policy keeps to the caps."""
        means = self.means(policy)
        return all(means[name] <= cap * (1 + 1e-9) for name, cap in self.caps.items())

    def along(self, policy: Policy, lever: Lever) -> tuple[Ints, Floats]:
        """Return the steps of a lever and the objective on them; what breaks a cap is below all that does not."""
        cents, totals = self.expected.along(policy, lever)
        means = dict(zip(QUANTITIES, (totals / len(self.expected.payoffs.cases)).T, strict=True))
        objective = means["net_value"] - sum(price * means[name] for name, price in self.prices.items())
        return cents, _kept_to(self.caps, means, objective)

    def climb(self, policy: Policy, levers: Sequence[Lever], every: int | None = None) -> tuple[Policy, float]:
        """Move one limit after the other to its best until none moves; return the policy and its objective."""
        return _climb(policy, levers, self.along, every)


def _kept_to(caps: Mapping[str, float], means: Mapping[str, NDArray[Any]], objective: NDArray[Any]) -> Floats:
    """Return the objective, and below all that keeps to the caps what does not, the lower the further it is off."""
    excess = sum((np.maximum(means[name] / cap - 1 - 1e-9, 0) for name, cap in caps.items()), np.zeros(()))
    return np.where(excess > 0, -_NEVER * (1 + excess), objective)


def _climb(
    policy: Policy, levers: Sequence[Lever], along: Callable[[Policy, Lever], tuple[Ints, Floats]], every: int | None
) -> tuple[Policy, float]:
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


def _start_grid(policy: Policy, search: Search, levers: Sequence[Lever]) -> Grid:
    cases = len(search.expected.payoffs.cases)
    expected = search.expected.take(spread(cases, _GRID_CASES))
    return enumerate_pairs(policy, expected, levers, ("net_value", *search.caps))


def _starts(policy: Policy, grid: Grid, caps: Mapping[str, float]) -> list[Policy]:
    """Begin at the policy itself, at the best pairs of the grid, and anywhere on it."""
    objective = _kept_to(caps, grid.totals, grid.totals["net_value"]).ravel()
    in_order = np.flatnonzero(grid.is_in_order.ravel())
    top = in_order[np.argsort(-objective[in_order], kind="stable")[:20_000]]
    rng = np.random.default_rng(0)
    anywhere = rng.permutation(in_order)[:_RANDOM_START_COUNT]
    chosen = [*_apart(top, grid, _GRID_START_COUNT), *(int(each) for each in anywhere)]
    return [policy, *(grid.policy_at(grid.pair(each)) for each in chosen)]


def _apart(places: Ints, grid: Grid, count: int) -> list[int]:
    """Return the first places whose limits differ from those before in at least two."""
    chosen: list[int] = []
    seen: list[Ints] = []
    for place in places.tolist():
        limits = np.concatenate([c[p] for c, p in zip(grid.combinations, grid.pair(place), strict=True)])
        if all((limits != other).sum() >= 2 for other in seen):
            chosen.append(place)
            seen.append(limits)
        if len(chosen) == count:
            break
    return chosen


def _iterate_load(best: Policy, search: Search, levers: Sequence[Lever], load: Floats) -> tuple[Policy, Search, Floats]:
    """Go on until the limits are best under the load that they themselves put on the second line.

    Whoever is passed on makes others wait longer: that is what a supervisor minute costs besides its wage, and its
    price in the search. Of what comes up the policy with the highest value under its own load is returned.
    """
    payoffs = search.expected.payoffs
    found: list[tuple[float, Policy, Search, Floats]] = []
    for _ in range(_LOAD_ROUNDS):
        own = load_of(best, payoffs)
        wait = [escalation_queue(payoffs, each).mean_wait_hours for each in (own, load)]
        under = replace(
            search,
            expected=Expected.of(best, payoffs, own, [lever.limit for lever in levers]),
            prices=_price_of_load(best, payoffs, own),
        )
        found.append((under.means(best)["net_value"], best, under, own))
        if float(np.abs(wait[0] - wait[1]).max()) < _SETTLED_HOURS and len(found) > 1:
            break
        search, load = under, own
        before = best
        best, _ = search.climb(best, levers)
        if best == before:
            break
    _, best, search, load = max(found, key=lambda each: each[0])
    return best, search, load


def _climb_within(
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


def _release_upper_limits(
    best: Policy, value: float, search: Search, levers: Sequence[Lever], every: int | None = None
) -> Policy:
    """Free what a higher tier's limit may hold back: open one such limit at a time, and climb again from there."""
    for lever in levers:
        if lever.tier != best.tier_names[0]:
            opened, reached = search.climb(best.with_limit(lever, best.bounds(lever)[1]), levers, every)
            if reached > value + _NO_GAIN:
                best, value = opened, reached
    return best


def _price_of_load(policy: Policy, payoffs: Payoffs, load: Floats) -> dict[str, float]:
    """Return what one more supervisor minute costs those who wait (money), if it makes a difference at all."""
    more, less = (
        float(Expected.of_choices(policy, payoffs, load * factor)[:, 0].mean()) for factor in (1 + _NUDGE, 1 - _NUDGE)
    )
    minutes = float(load[: len(payoffs.draws)].mean())
    price = (less - more) / (2 * _NUDGE * minutes) if minutes > 0 else 0.0
    return {"supervisor_minutes": price} if price > 1e-6 else {}


def _refuse_infeasible(policy: Policy, search: Search, budget: float | None, escalation_minutes: float | None) -> None:
    if not search.is_feasible(policy):
        raise InputError(
            f"no limits keep to {_bounds_in_words(budget, escalation_minutes)}; the least that was found comes to "
            f"{_totals_in_words(search, policy, search.expected.payoffs)}; raise it, or let more limits move"
        )


@dataclass(frozen=True)
class _Exception:
    """Limits of the first tier for a cell, and what they gain (money a case, over all cases)."""

    tier: str
    failure: str | None
    segment: str | None
    limits: Mapping[str, float]
    gain: float

    def put_on(self, policy: Policy) -> Policy:
        for limit, value in self.limits.items():
            policy = policy.with_limit(Lever(self.tier, limit, self.failure, self.segment), value)
        return policy


def _cells(payoffs: Payoffs, by: Sequence[str]) -> list[tuple[str | None, str | None]]:
    if not by:
        return []
    failures: list[str | None] = list(payoffs.scenario.failures) if "failure" in by else [None]
    segments: list[str | None] = [each.name for each in payoffs.scenario.segments] if "segment" in by else [None]
    return list(itertools.product(failures, segments))


def _exceptions(
    policy: Policy,
    search: Search,
    cells: Sequence[tuple[str | None, str | None]],
    limits: Sequence[str],
    every: int | None,
) -> list[_Exception]:
    """Return for each cell the best exception of the first tier that brings anything, the highest gain first.

    Cells do not touch each other, so their gains add up (but for caps: `_with_exceptions` sees to those).
    """
    cases = search.expected.payoffs.cases
    tier = policy.tier_names[0]
    found = []
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
        if moved and gain > _NO_GAIN:
            found.append(_Exception(tier, failure, segment, moved, gain))
    return sorted(found, key=lambda each: -each.gain)


def _with_exceptions(policy: Policy, gains: Sequence[_Exception], search: Search, at_most: int | None) -> Policy:
    """Put on exceptions, the highest gain first, as many as are allowed; one that breaks a cap is left out."""
    count = 0
    for each in gains:
        if count == at_most:
            break
        tried = each.put_on(policy)
        if tried != policy and search.is_feasible(tried):
            policy, count = tried, count + 1
    return policy


def _compare_simplicity(
    given: Policy, shared: Policy, rounded: Policy | None, best: Policy, everything: Policy | None, search: Search
) -> pd.DataFrame:
    bare = replace(search, prices={})
    named = [("given", given), ("one limit for all", shared)]
    named += [] if rounded is None else [("rounded", rounded)]
    count = len(best.exceptions)
    if count > len(shared.exceptions):
        named.append((f"with {count} exception{'' if count == 1 else 's'}", best))
    named += [] if everything is None else [("limits of its own for each cell", everything)]
    rows = [(words, bare.value(policy), len(policy.exceptions)) for words, policy in named]
    oracle = search.expected.oracle() / len(search.expected.payoffs.cases)
    rows.append(("oracle", oracle, 0))
    table = pd.DataFrame(rows, columns=["policy", "net_value", "exceptions"])
    attainable = max(oracle - rows[0][1], 1e-12)
    table["share_of_gain"] = (table["net_value"] - rows[0][1]) / attainable
    return table


def _shadow_price(best: Policy, unbound: Policy, search: Search, levers: Sequence[Lever]) -> tuple[str, float]:
    """Return which cap holds back most, and what a unit more of it would bring: money for each unit."""
    value, found = search.value(best), ("", 0.0)
    most = 1e-6  # money a case: less is rounding
    for name, cap in search.caps.items():
        free = replace(search, caps={other: each for other, each in search.caps.items() if other != name})
        policy, free_value = max((free.climb(start, levers) for start in (best, unbound)), key=lambda end: end[1])
        needed = free.means(policy)[name] - cap
        if needed <= 0 or free_value - value <= most:
            continue
        most = free_value - value
        looser = replace(search, caps={**search.caps, name: cap * (1 + _LOOSER)})
        gain = looser.value(looser.climb(best, levers)[0]) - value
        found = _CAP_NAMES[name], max(gain / (cap * _LOOSER), most / needed)
    return found


def _robust(
    best: Policy,
    others: Sequence[Policy],
    payoffs: Payoffs,
    levers: Sequence[Lever],
    robust: str,
    search: Search,
) -> Policy:
    """Return limits that are best by a measure over the draws, on curves of every draw.

    The curves are those of fewer cases than the search has: caps are lowered until they hold there as well. Where that
    fails, the limits with the best mean stay.
    """
    caps = search.caps
    for _ in range(_CAP_ROUNDS):
        found = _climb_robustly(best, others, payoffs, levers, robust, caps)
        if search.is_feasible(found):
            return found
        means = search.means(found)
        caps = {name: 0.998 * cap * min(search.caps[name] / means[name], 1) for name, cap in caps.items()}
    return best


def _climb_robustly(
    best: Policy,
    others: Sequence[Policy],
    payoffs: Payoffs,
    levers: Sequence[Lever],
    robust: str,
    caps: Mapping[str, float],
) -> Policy:
    met = [evaluate(each, payoffs) for each in (best, *others)]
    reference = np.max([each.per_case() for each in met], axis=0)

    def objective(net: Floats, means: Mapping[str, Floats]) -> Floats:
        excess = np.sum([np.maximum(means[name] / cap - 1 - 1e-9, 0) for name, cap in caps.items()], axis=0)
        return np.asarray(np.where(excess > 0, -_NEVER * (1 + excess), _CRITERIA[robust](net, reference)))

    def along(policy: Policy, lever: Lever) -> tuple[Ints, Floats]:
        curve = threshold_curve(evaluate(policy, payoffs), lever)
        return curve.cents, objective(curve.per_case(), {name: curve.per_case(name).mean(axis=1) for name in caps})

    values = [
        objective(each.per_case()[None], {name: each.per_case(name).mean(keepdims=True) for name in caps})[0]
        for each in met
    ]
    return _climb((best, *others)[int(np.argmax(values))], levers, along, None)[0]


def _cvar(values: Floats, reference: Floats) -> Floats:
    """Return the mean (steps,) of the worst tenth of the draws of values (steps, draws)."""
    return worst(values)


def _least_regret(values: Floats, reference: Floats) -> Floats:
    return np.asarray(-(reference - values).max(axis=1))


_CRITERIA = {"cvar": _cvar, "regret": _least_regret}
_CAP_NAMES = {kind.outcome: kind.name for kind in SPARED.values()}


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


def _caps(payoffs: Payoffs, budget: float | None, escalation_minutes: float | None) -> dict[str, float]:
    a_year = payoffs.scenario.value("shop.cases_per_year")
    caps = {}
    for name, given in (("remedy_cost", budget), ("supervisor_minutes", escalation_minutes)):
        if given is not None:
            if not given > 0:
                raise InputError(f"{_CAP_NAMES[name]} is {given}; it must be above 0 (a year)")
            caps[name] = given / a_year
    return caps


def _bounds_in_words(budget: float | None, escalation_minutes: float | None) -> str:
    parts = [] if budget is None else [f"a budget of {budget:,.0f} a year"]
    parts += [] if escalation_minutes is None else [f"{escalation_minutes:,.0f} supervisor minutes a year"]
    return " and ".join(parts)


def _totals_in_words(search: Search, policy: Policy, payoffs: Payoffs) -> str:
    means, a_year = search.means(policy), payoffs.scenario.value("shop.cases_per_year")
    return " and ".join(f"{means[name] * a_year:,.0f} {OUTCOMES[name].unit} a year" for name in search.caps)
