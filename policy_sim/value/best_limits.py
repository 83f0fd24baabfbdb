"""Best limits: where the limits of all tiers should stand, together.

In: a policy, payoffs, what may move, what must be kept to. Out: `BestLimits`, the policy with its limits at their best,
and how good simpler ones are. Left to others: how limits climb (`search`), exceptions for cells (`exceptions`), other
measures than the mean (`robust`), when to ask (`asking`), the frontier (`frontier`), how sure it all is (`study`).

One limit after the other, each set to the top of its exact curve, gets stuck: limits stand in for each other, and some
have to move together. So the search begins from many places (`search`), on some cases; all cases then decide between
the ends, each climbed anew on them. That may still miss the best: how far is bounded (`bound`), and said.
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
from policy_sim.value.asking import AS_GOOD, instead_of_asking
from policy_sim.value.bound import bound_limits
from policy_sim.value.curves import Curve, smallest_step, threshold_curve
from policy_sim.value.evaluation import evaluate
from policy_sim.value.exceptions import best_exceptions, cells_by, with_exceptions
from policy_sim.value.payoffs import Payoffs, spread
from policy_sim.value.regions import joint_region
from policy_sim.value.robust import CRITERIA, robust_limits
from policy_sim.value.search import (
    NO_GAIN,
    Search,
    climb,
    climb_within,
    moving_levers,
    release_upper_limits,
    same_as,
    settle,
    start_grid,
    starts,
)
from policy_sim.words import MOVED, OUTCOMES, SPARED

__all__ = ["BestLimits", "OutOfReachError", "best_limits"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SEARCH_CASES = 20_000  # at most, that limits are fitted to
_START_CASES = 2_000  # at most, that starts are polished on
_REGION_CASES = 1_000  # at most, on which other limits are set anew
_SETTLED = 1  # ends on these, the best ones, that go on until the load stands
_LONG_WAIT = 0.25  # hours, from which on limits are moved along exact curves, queue and all
_CENT = 0.01
_COARSEST = 1e9
_SEARCHING = "Searching the best limits"
_LOOSER = 0.02  # by which a cap is raised to see what it is worth
_CAP_NAMES = {kind.outcome: kind.name for kind in SPARED.values()}


class OutOfReachError(InputError):
    """No limits keep to a bound; `least` is the least that was found of each quantity that is bounded (a year)."""

    def __init__(self, message: str, least: Mapping[str, float]) -> None:
        super().__init__(message)
        self.least = dict(least)


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
        From how many places the search began, and how many of them ended within a cent a case of the best, on all cases
        that it looks at. That many agree is no proof: `bound` is.
    found, bound
        Mean net value a case (money) of the best general limits of these kinds that were found, on the cases that the
        search looks at, and what no such limits bring more than: of any amounts, keeping tiers in order, nobody waiting
        for a supervisor.
    not_asking, forgone
        Limits for which "ask first" would bring more, but only because agents turn to another remedy (`asking`), and
        how much more (money a case).
    unreached, of_little_weight
        Limits on which nothing hangs, as no case reaches the tier over them, or on all of which together hangs less
        than 1 % of what the weightiest limit can bring: any value does, and none is advised. They stay as they were
        given, where that keeps the tiers in order.
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
    found: float = np.nan
    bound: float = np.inf
    not_asking: tuple[Lever, ...] = ()
    forgone: float = 0.0
    unreached: tuple[Lever, ...] = ()
    of_little_weight: tuple[Lever, ...] = ()

    @cached_property
    def curves(self) -> dict[str, Curve]:
        """The exact curve of each general limit of the first tier that could move, the others at their best."""
        own = [lever for lever in self.levers if lever.tier == self.policy.tier_names[0] and not lever.failure]
        outcome = evaluate(self.policy, self.payoffs)
        return {lever.limit: threshold_curve(outcome, lever) for lever in own if not lever.segment}

    @cached_property
    def regions(self) -> dict[Lever, tuple[float, float]]:
        """From which limit on and below which one (money) each lever is as good within 1 %, all others fixed.

        By `curves` for the first tier; by the curves of 2,000 cases at most for those above it.
        """
        few = evaluate(self.policy, _few_of(self.payoffs))
        regions = {}
        for lever in self.levers:
            is_own = lever.tier == self.policy.tier_names[0]
            curve = self.curves[lever.limit] if is_own else threshold_curve(few, lever)
            regions[lever] = curve.flat_region(AS_GOOD, self.policy.limit(lever.tier, lever.limit))
        return regions

    @cached_property
    def joint_regions(self) -> dict[Lever, tuple[float, float]]:
        """The same for the first tier's, all other limits that could move set anew for it, on 1,000 cases at most."""
        few = self.payoffs.take(spread(len(self.payoffs.cases), _REGION_CASES))
        limits = list(dict.fromkeys(lever.limit for lever in self.levers))
        search = Search.of(self.policy, few, limits, {})
        price = {SPARED[self.binding].outcome: self.shadow_price} if self.binding else {}
        search = replace(search, prices={**search.prices, **price})
        joint = {}
        for lever, (low, high) in self.regions.items():
            if lever.tier == self.policy.tier_names[0]:
                own_low, own_high = joint_region(self.policy, search, self.levers, lever, AS_GOOD)
                joint[lever] = min(low, own_low), max(high, own_high)
        return joint

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
            "bound": {"found": self.found, "no_limits_bring_more_than": self.bound},
            "not_asking": [str(lever) for lever in self.not_asking],
            "forgone_by_not_asking": self.forgone,
            "unreached": [str(lever) for lever in self.unreached],
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
    that the search looks at (20,000 at most, evenly spread; the rest only has its say in `evaluate`), but for what an
    "ask first" brings that only pushes agents to another remedy (`forgone`).

    Parameters
    ----------
    policy, payoffs
        Everything but the limits to move stays as it is in the policy; the valued cases.
    limits, tiers
        Which limits may move, and whose: of all tiers but the last, which has none, where not given.
    by, at_most_exceptions
        Any of "failure" and "segment": exceptions of the first tier may be made for these cells, as many as this, those
        with the highest gain first; None for as many as bring anything.
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
        If a name is unknown, a tier is the last one, or a number is out of range.
    OutOfReachError
        If a bound is below what any limits can meet.
    """
    levers = moving_levers(policy, limits, tiers)
    caps = _caps(payoffs, budget, escalation_minutes)
    every = _step_in_cents(round_to, policy.currency)
    _refuse_unknown(by, at_most_exceptions, robust)
    report = on_progress or _unheard
    ends, on_all, bound, binding, price = _found(policy, payoffs, levers, caps, (budget, escalation_minutes), report)
    best, search, found = on_all.best, on_all.search, on_all.search.own_value(on_all.best)
    if robust != "mean":
        best = robust_limits(best, [policy, *ends], _few_of(payoffs), levers, robust, search)
    advised = _advised(policy, best, search, levers, every, robust)
    _refuse_infeasible(advised.policy, search, budget, escalation_minutes)
    exceptions = best_exceptions(advised.policy, search, cells_by(payoffs, by), limits, every)
    best = with_exceptions(advised.policy, exceptions, search, at_most_exceptions)
    everything = with_exceptions(best, exceptions, search, None) if exceptions else None
    report(_SEARCHING, 4, 5)
    rounded = advised.policy if every else None
    simplicity = _compare_simplicity(policy, advised.shared, rounded, best, everything, search)
    report(_SEARCHING, 5, 5)
    agreeing = sum(value >= found - _CENT for value in on_all.ends_worth)
    return BestLimits(
        *(best, payoffs, levers, len(ends), agreeing),
        simplicity,
        binding,
        price,
        found,
        bound,
        advised.not_asking,
        advised.forgone,
        advised.unreached,
        advised.of_little_weight,
    )


def _found(
    policy: Policy,
    payoffs: Payoffs,
    levers: Sequence[Lever],
    caps: Mapping[str, float],
    bounds: tuple[float | None, float | None],
    report: Progress,
) -> tuple[list[Policy], _OnAll, float, str, float]:
    """Return the ends on few cases, the best on all, what no limits bring more than, which bound binds, its price."""
    few = _few_of(payoffs)
    ends = _ends_on_few(policy, few, levers, caps, report)
    report(_SEARCHING, 2, 5)
    many = payoffs.take(spread(len(payoffs.cases), _SEARCH_CASES))
    limits = list(dict.fromkeys(lever.limit for lever in levers))
    on_all = _best_on_all(policy, ends, Search.of(ends[0], many, limits, caps), levers)
    _refuse_infeasible(on_all.best, on_all.search, *bounds)
    unbound = _ends_on_few(policy, few, levers, {}, _unheard)[0] if caps else on_all.best
    binding, price = _shadow_price(on_all.best, unbound, on_all.search, levers)
    on_all, bound = _bounded(on_all, levers, caps, {SPARED[binding].outcome: price} if binding else {})
    report(_SEARCHING, 3, 5)
    return ends, on_all, bound, binding, price


class _Advised(NamedTuple):
    """The best limits to the cent, those to be advised, and what was given up for these (`BestLimits`)."""

    shared: Policy
    policy: Policy
    not_asking: tuple[Lever, ...]
    unreached: tuple[Lever, ...]
    of_little_weight: tuple[Lever, ...]
    forgone: float


def _advised(
    given: Policy, best: Policy, search: Search, levers: Sequence[Lever], every: int | None, robust: str
) -> _Advised:
    """Return the limits to be advised: round ones, no "ask" that is not worth asking, as given where little matters."""
    shared, rounded = best, _rounded(best, search, levers, every)
    if robust == "mean" and search.value(rounded) > search.value(shared):
        shared = rounded  # caps make the ground rugged: round limits may be the better ones that were found
    at_least = search.value(rounded)
    if search.is_feasible(given) and robust == "mean":
        at_least = min(at_least, search.value(given))
    asking, not_asking = instead_of_asking(rounded, search, levers, every, at_least)
    advised, unreached, of_little_weight = _as_given_where_little_hangs_on_it(given, asking, search, levers)
    forgone = search.value(rounded) - search.value(advised)
    shared = advised if shared is rounded else instead_of_asking(shared, search, levers, None, at_least)[0]
    if search.value(advised) > search.value(shared):
        shared = advised  # what takes the place of "ask" is not the best amount but the highest as good
    return _Advised(shared, advised, not_asking, unreached, of_little_weight, forgone)


def _as_given_where_little_hangs_on_it(
    given: Policy, best: Policy, search: Search, levers: Sequence[Lever]
) -> tuple[Policy, tuple[Lever, ...], tuple[Lever, ...]]:
    """Return the best policy with the given limits where little hangs on them, and the levers: no case, hardly any.

    Little is, for all such limits together, 1 % of what the limit can bring on which most hangs.
    """
    reach = {lever: search.reach(search.along(best, lever)[1]) for lever in levers}
    tolerance = AS_GOOD * max(reach.values())
    least = search.value(best) - tolerance
    unreached, of_little_weight = [], []
    for lever in sorted(levers, key=lambda lever: reach[lever]):
        if reach[lever] > tolerance:
            break
        low, high = best.bounds(lever)
        as_given = best.with_limit(lever, min(max(given.limit(lever.tier, lever.limit), low), high))
        if len(search.along(best, lever)[0]) == 1:
            unreached.append(lever)
        elif search.value(as_given) >= least and search.is_feasible(as_given):
            of_little_weight.append(lever)
        else:
            continue
        best = as_given
    return best, tuple(unreached), tuple(of_little_weight)


class _OnAll(NamedTuple):
    """The best limits on all cases, the search under their load, and what every end (ends,) is worth under its own."""

    best: Policy
    search: Search
    ends_worth: list[float]


def _ends_on_few(
    policy: Policy, few: Payoffs, levers: Sequence[Lever], caps: Mapping[str, float], report: Progress
) -> list[Policy]:
    """Return where a search on few cases ends, for each place that it begins at, the best end first."""
    search = Search.of(policy, few, list(dict.fromkeys(lever.limit for lever in levers)), caps)
    report(_SEARCHING, 1, 5)
    begun = starts(policy, start_grid(policy, search, levers), caps, levers)
    # under the load as it is, and under that of whoever asks nobody: limits may settle at either
    idle = search.under(begun[2])
    origins = [search] if idle is search else [search, idle]
    climbed = [(origin.climb(start, levers)[0], origin) for origin in origins for start in begun]
    places = same_as(end for end, _ in climbed)
    ends = {place: (climbed[place][1].own_value(climbed[place][0]), *climbed[place]) for place in set(places)}
    for place in sorted(ends, key=lambda place: -ends[place][0])[:_SETTLED]:
        ends[place] = settle(*climbed[place], levers)
    best = max(ends.values(), key=lambda end: end[0])
    released = release_upper_limits(best[1], best[2].value(best[1]), best[2], levers)
    reached = sorted((ends[place] for place in places), key=lambda end: -end[0])
    return [released if end is best else end[1] for end in reached]


def _best_on_all(given: Policy, ends: Sequence[Policy], search: Search, levers: Sequence[Lever]) -> _OnAll:
    """Climb on all cases from each distinct end, and go on from the best until the load stands."""
    places = same_as(ends)
    is_climbed = len(search.expected.payoffs.cases) <= _START_CASES  # the few cases are all
    climbed = {
        place: ends[place] if is_climbed else search.climb(ends[place], levers)[0] for place in sorted(set(places))
    }
    worth = {place: search.own_value(policy) for place, policy in climbed.items()}
    best = climbed[max(worth, key=lambda place: worth[place])]
    bounds = {lever: given.bounds(lever) for lever in levers}
    is_in_order = all(low <= given.limit(lever.tier, lever.limit) <= high for lever, (low, high) in bounds.items())
    if is_in_order and search.own_value(given) > max(worth.values()):
        best = given
    _, best, under = settle(best, search, levers)
    if under.wait_hours > _LONG_WAIT and not search.caps:
        best, under = _climbed_with_the_queue(best, under, levers)
    return _OnAll(best, under, [worth[place] for place in places])


def _climbed_with_the_queue(best: Policy, search: Search, levers: Sequence[Lever]) -> tuple[Policy, Search]:
    """Climb along exact curves, in which every limit makes the wait that it makes; a price of load is a slope only."""
    few = _few_of(search.expected.payoffs)

    def along(policy: Policy, lever: Lever) -> tuple[Ints, Floats]:
        curve = threshold_curve(evaluate(policy, few), lever)
        return curve.cents, curve.per_case().mean(axis=1)

    climbed, _ = climb(best, levers, along, None)
    return (climbed, search.under(climbed)) if search.own_value(climbed) > search.own_value(best) else (best, search)


def _bounded(
    on_all: _OnAll, levers: Sequence[Lever], caps: Mapping[str, float], prices: Mapping[str, float]
) -> tuple[_OnAll, float]:
    """Return what no limits bring more than, and the best ones anew where bounding them came across better ones."""
    best, search = on_all.best, on_all.search
    bound = bound_limits(best, replace(search.idle(best), caps={}, prices=prices), levers)
    if bound.at is not best:
        value, better, under = settle(bound.at, search, levers)
        if value > search.own_value(best) + NO_GAIN:
            on_all = on_all._replace(best=better, search=under)
    return on_all, bound.value + sum(price * caps[name] for name, price in prices.items())


def _few_of(payoffs: Payoffs) -> Payoffs:
    """Return the payoffs of as many cases as starts are polished on."""
    return payoffs.take(spread(len(payoffs.cases), _START_CASES))


def _unheard(words: str, done: int, of: int) -> None:
    """Report to nobody."""


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
        means, a_year = search.means(policy), search.expected.payoffs.scenario.value("shop.cases_per_year")
        least = {name: means[name] * a_year for name in search.caps}
        raise OutOfReachError(
            f"no limits keep to {_bounds_in_words(budget, escalation_minutes)}; the least that was found comes to "
            f"{_totals_in_words(least, policy.currency)}; raise it, or let more limits move",
            least,
        )


def _compare_simplicity(
    given: Policy, shared: Policy, rounded: Policy | None, best: Policy, everything: Policy | None, search: Search
) -> pd.DataFrame:
    free = replace(search, caps={})
    named = [("given", given), ("one limit for all", shared)]
    named += [] if rounded is None else [("rounded", rounded)]
    count = len(best.exceptions)
    if count > len(shared.exceptions):
        named.append((f"with {count} exception{'' if count == 1 else 's'}", best))
    named += [] if everything is None else [("limits of its own for each cell", everything)]
    rows = [(words, free.own_value(policy), len(policy.exceptions)) for words, policy in named]
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


def _totals_in_words(totals: Mapping[str, float], currency: str) -> str:
    units = {"money": currency}
    words = ((f"{total:,.0f}", OUTCOMES[name].unit) for name, total in totals.items())
    return " and ".join(f"{figures} {units.get(unit, unit)} a year" for figures, unit in words)
