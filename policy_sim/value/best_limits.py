"""Best limits: where the limits of all tiers should stand, together.

In: a policy, payoffs, what may move, what must be kept to. Out: `BestLimits`, the policy with its limits at their best,
and how good simpler ones are. Left to others: how limits climb (`search`), exceptions for cells (`exceptions`), other
measures than the mean (`robust`), what the frontier looks like (`frontier`), how sure it all is (`study`).

One limit after the other, each set to the top of its exact curve, gets stuck: limits stand in for each other, and some
have to move together. So all pairs of policies of the two lowest tiers on a grid are worked out first (`grid`). The
best few are polished on exact curves, as are random starts besides; how many agree is reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, Progress, plain_rows, unknown
from policy_sim.policy import Lever, Policy
from policy_sim.value.curves import Curve, smallest_step, threshold_curve
from policy_sim.value.evaluation import evaluate
from policy_sim.value.exceptions import best_exceptions, cells_by, with_exceptions
from policy_sim.value.expected import Expected, load_of
from policy_sim.value.payoffs import Payoffs, spread
from policy_sim.value.robust import CRITERIA, robust_limits
from policy_sim.value.search import (
    Search,
    climb_within,
    iterate_load,
    moving_levers,
    release_upper_limits,
    start_grid,
    starts,
)
from policy_sim.words import MOVED, OUTCOMES, SPARED

__all__ = ["BestLimits", "best_limits"]

Floats = NDArray[np.float64]

_SEARCH_CASES = 20_000  # at most, that limits are fitted to
_START_CASES = 2_000  # at most, that starts are polished on
_CENT = 0.01
_COARSEST = 1e9
_SEARCHING = "Searching the best limits"
_LOOSER = 0.02  # by which a cap is raised to see what it is worth
_CAP_NAMES = {kind.outcome: kind.name for kind in SPARED.values()}


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
    every = _step_in_cents(round_to, policy.currency)
    _refuse_unknown(by, at_most_exceptions, robust)
    report = on_progress or (lambda words, done, of: None)

    few = payoffs.take(spread(len(payoffs.cases), _START_CASES))
    first = _first_search(policy, few, levers, caps, report)
    report(_SEARCHING, 2, 5)
    many = payoffs.take(spread(len(payoffs.cases), _SEARCH_CASES))
    search = replace(first.search, expected=Expected.of(policy, many, first.load, limits))
    best = first.best
    if search.is_feasible(policy) and search.value(policy) > search.value(best):
        best = policy
    best, _ = climb_within(best, search, levers)
    _refuse_infeasible(best, search, budget, escalation_minutes)
    report(_SEARCHING, 3, 5)
    if robust != "mean":
        best = robust_limits(best, [policy, *first.ends], few, levers, robust, search)
    shared, rounded = best, _rounded(best, search, levers, every)
    _refuse_infeasible(rounded, search, budget, escalation_minutes)
    if robust == "mean" and search.value(rounded) > search.value(shared):
        shared = rounded  # caps make the ground rugged: round limits may be the better ones that were found
    exceptions = best_exceptions(rounded, search, cells_by(payoffs, by), limits, every)
    best = with_exceptions(rounded, exceptions, search, at_most_exceptions)
    everything = with_exceptions(best, exceptions, search, None) if exceptions else None
    report(_SEARCHING, 4, 5)
    simplicity = _compare_simplicity(policy, shared, rounded if every else None, best, everything, search)
    binding, price = _shadow_price(best, first.unbound, search, levers)
    report(_SEARCHING, 5, 5)
    return BestLimits(best, payoffs, levers, len(first.ends), first.agreeing, simplicity, binding, price)


class _FirstSearch(NamedTuple):
    """What a search on few cases ends at, from many starts.

    best is the policy, unbound the best without any caps; search and load (draws,) are those under which it is best;
    ends are where each start ended, and agreeing how many of them within a cent a case of the best.
    """

    best: Policy
    unbound: Policy
    search: Search
    load: Floats
    ends: list[Policy]
    agreeing: int


def _first_search(
    policy: Policy, few: Payoffs, levers: Sequence[Lever], caps: Mapping[str, float], report: Progress
) -> _FirstSearch:
    load = load_of(policy, few)
    search = Search(Expected.of(policy, few, load, list(dict.fromkeys(lever.limit for lever in levers))), caps)
    report(_SEARCHING, 1, 5)
    grid = start_grid(policy, search, levers)
    ends = [search.climb(start, levers) for start in starts(policy, grid, caps)]
    best, value = max(ends, key=lambda end: end[1])
    unbound = best
    if caps:
        free = replace(search, caps={})
        without = [free.climb(start, levers) for start in starts(policy, grid, {})]
        unbound = max(without, key=lambda end: end[1])[0]
    agreeing = sum(end[1] >= value - _CENT for end in ends)
    best, search, load = iterate_load(best, search, levers, load)
    best = release_upper_limits(best, search.value(best), search, levers)
    return _FirstSearch(best, unbound, search, load, [end for end, _ in ends], agreeing)


def _rounded(best: Policy, search: Search, levers: Sequence[Lever], every: int | None) -> Policy:
    """Return the best limits that are multiples of a step (cents), the best ones as they are where there is none."""
    if not every:
        return best
    rounded, value = climb_within(best, search, levers, every)
    return release_upper_limits(rounded, value, search, levers, every) if search.caps else rounded


def _step_in_cents(round_to: float | None, currency: str) -> int | None:
    """Return what limits are multiples of, in cents: whole amounts at least where a currency has no others."""
    if round_to is None:
        return smallest_step(currency)
    if not _CENT <= round_to <= _COARSEST:
        raise InputError(
            f"round_to is {round_to}; it must be a cent or more, at most {_COARSEST:,.0f} (5 for whole fives)"
        )
    every = round(100 * round_to)
    if abs(100 * round_to - every) > 1e-6 * max(every, 1) or every % (smallest_step(currency) or 1):
        whole = "units" if smallest_step(currency) else "cents"
        raise InputError(f"round_to is {round_to}; limits in {currency} are whole {whole}: round it")
    return every


def _refuse_unknown(by: Sequence[str], at_most_exceptions: int | None, robust: str) -> None:
    for part in by:
        if part not in ("failure", "segment"):
            raise unknown("part of a case", part, ("failure", "segment"))
    if robust not in CRITERIA and robust != "mean":
        raise unknown("measure of robustness", robust, ("mean", *CRITERIA))
    if at_most_exceptions is not None and at_most_exceptions < 0:
        raise InputError(f"at_most_exceptions is {at_most_exceptions}; it must be 0 or more")


def _refuse_infeasible(policy: Policy, search: Search, budget: float | None, escalation_minutes: float | None) -> None:
    if not search.is_feasible(policy):
        raise InputError(
            f"no limits keep to {_bounds_in_words(budget, escalation_minutes)}; the least that was found comes to "
            f"{_totals_in_words(search, policy, search.expected.payoffs)}; raise it, or let more limits move"
        )


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
    value, price = search.value(best), ("", 0.0)
    most = 1e-6  # money a case: less is rounding
    for name, cap in search.caps.items():
        free = replace(search, caps={other: bound for other, bound in search.caps.items() if other != name})
        policy, free_value = max((free.climb(start, levers) for start in (best, unbound)), key=lambda end: end[1])
        needed = free.means(policy)[name] - cap
        if needed <= 0 or free_value - value <= most:
            continue
        most = free_value - value
        looser = replace(search, caps={**search.caps, name: cap * (1 + _LOOSER)})
        gain = looser.value(looser.climb(best, levers)[0]) - value
        price = _CAP_NAMES[name], max(gain / (cap * _LOOSER), most / needed)
    return price


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
