"""Curves: every outcome as a function of one limit, exact at every value of it.

In: a policy, payoffs and levers. Out: `Curve`. Left to others: moving several limits at once (`best_limits`).

A case changes hands, or its resolution, only where the limit passes one of the few amounts that its resolutions draw on
it. Those changes are worked out case by case, added up by amount, and summed from the left: one pass, no grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import lcm
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, Progress, plain_rows
from policy_sim.currencies import decimals_of
from policy_sim.policy import ASK, ASK_CENTS, NO_LIMIT, Lever, Policy, limit_content, to_cents
from policy_sim.value.choice_kernels import PolicyArrays, stages_along
from policy_sim.value.curve_kernels import add_along
from policy_sim.value.escalation_queue import (
    NEAR_ENOUGH,
    WaitNodes,
    hours_waited_along,
    is_waiting,
    masked,
    supervisor_minutes,
    with_wait,
)
from policy_sim.value.evaluation import Outcome, evaluate, measure
from policy_sim.value.handling import limits_in_cents, policy_arrays_of
from policy_sim.value.payoffs import Payoffs, in_blocks
from policy_sim.value.places import Places, cells_moved
from policy_sim.value.response_kernels import LANES, Assignments, DrawArrays
from policy_sim.value.sampling import GroupSums, groups_of, widened
from policy_sim.value.scoring import score_lanes
from policy_sim.words import LIMITS, MEASURES

__all__ = ["Curve", "best_step", "smallest_step", "stages_of_lever", "threshold_curve", "threshold_curves"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


_KNOTS = 24  # of the error of the sample of cases along a curve
_ERROR_CASES = 4_000  # at least, that it is made of where there are more ...
_FEWEST_GROUPS = 12  # ... and groups of them
_SEEN = 2e-4  # money a case that waits may be off at the worst where curves are to be looked at; met: a hundredth of it

#: Steps of money (cents) that people find round, the roundest first.
_ROUND_CENTS = (10_000, 5_000, 2_500, 1_000, 500, 100, 50, 10, 5, 1)


@dataclass(frozen=True)
class Curve:
    """Outcomes as step functions of one limit: between two breakpoints nothing changes.

    Attributes
    ----------
    policy, payoffs, lever
        All else is as in this policy.
    cents
        (steps,) limit in cents from which each step holds; the first is -1: ask first.
    sums
        (steps, measures, draws) totals over all cases.
    knots, groups
        (knots,) steps, rising, and the totals on them over random groups of the cases, (groups, knots, measures,
        draws): for the error of the sample of cases, which hardly changes from one step to the next.
    """

    policy: Policy
    payoffs: Payoffs
    lever: Lever
    cents: Ints
    sums: Floats
    knots: Ints
    groups: GroupSums

    @property
    def limits(self) -> Floats:
        """Limit in money from which each step holds (steps,); the first is `ASK`."""
        return np.where(self.cents < 0, ASK, self.cents / 100)

    def step(self, limit: float) -> int:
        """Return the index of the step that holds at a limit (money, `ASK` or `NO_LIMIT`)."""
        return int(np.searchsorted(self.cents, to_cents(limit), side="right")) - 1

    def per_case(self, outcome: str = "net_value") -> Floats:
        """Return (steps, draws) the mean over cases of one of `OUTCOMES`."""
        return measure(self.sums, outcome) / len(self.payoffs.cases)

    def at(self, limit: float, outcome: str = "net_value") -> Floats:
        """Return (draws,) the mean over cases of one of `OUTCOMES` at a limit."""
        return np.asarray(self.per_case(outcome)[self.step(limit)])

    def stretch(self, step: int) -> tuple[float, float]:
        """Return from which limit on, and below which one, a step holds (money, `ASK`, `NO_LIMIT`)."""
        return float(self.limits[step]), float(self.limits[step + 1]) if step + 1 < len(self.limits) else NO_LIMIT

    def intervals(self, outcome: str = "net_value", baseline: Outcome | None = None) -> tuple[Floats, Floats]:
        """Return the ends (steps,) of the 90 % interval of an outcome per case, or of its difference to a baseline.

        By the draws and the sample of cases together, as those of `Outcome` and `Difference`.
        """
        values = self.per_case(outcome)
        sums = measure(self.groups.sums, outcome)
        if baseline is not None:
            values = values - baseline.per_case(outcome)
            sums = sums - baseline.of_groups(outcome).sums[: len(sums), None]
        reach = np.interp(np.arange(len(values)), self.knots, replace(self.groups, sums=sums).reach())
        return widened(values, reach)

    @property
    def best_limit(self) -> float:
        """The roundest limit with the highest mean net value that keeps the tiers in order (money)."""
        every, bounds = smallest_step(self.policy.currency), self.policy.bounds(self.lever)
        return best_step(self.cents, self.per_case().mean(axis=1), bounds, every)[1]

    def flat_region(self, within: float = 0.01, around: float | None = None) -> tuple[float, float]:
        """Return the limits around the best one (money) that give up at most this share of what the limit can gain.

        All other limits stay as they are. Below the second number; `NO_LIMIT` where that holds for any amount. Limits
        that put the tiers out of order count as well: what they would bring is known too. `around`: another limit than
        the best one, which lies in the stretch and against which is measured what is given up.
        """
        net = self.per_case().mean(axis=1)
        best = self.step(self.best_limit)
        first = last = best if around is None else self.step(around)
        enough = net >= net[first] - within * (net[best] - net.min())
        while first > 0 and enough[first - 1]:
            first -= 1
        while last + 1 < len(enough) and enough[last + 1]:
            last += 1
        return float(self.limits[first]), self.stretch(last)[1]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per step: limit (empty: ask first), means per case, 90 % interval of net value."""
        net = self.per_case("net_value")
        low, high = self.intervals()
        return pd.DataFrame(
            {
                "limit": np.where(np.isfinite(self.limits), self.limits, np.nan),
                "net_value": net.mean(axis=1),
                "net_value_low": low,
                "net_value_high": high,
                "remedy_cost": self.per_case("remedy_cost").mean(axis=1),
                "escalated_share": self.per_case("escalated").mean(axis=1),
                "customers_kept": self.per_case("customers_kept").mean(axis=1),
                "minutes": self.per_case("minutes").mean(axis=1),
            }
        )

    def to_dict(self) -> dict[str, object]:
        """Return the lever, its best limit, those as good within 1 % of what it gains, and the steps as plain data."""
        best, region = self.best_limit, self.flat_region()
        return {
            "policy": self.policy.name,
            "lever": str(self.lever),
            "best_limit": limit_content(best),
            "as_good_as_the_best": [limit_content(limit) for limit in region],
            "steps": plain_rows(self.to_frame()),
        }


def threshold_curve(outcome: Outcome, lever: Lever, on_progress: Progress | None = None) -> Curve:
    """Return every outcome as a function of one limit, at every value at which anything changes.

    At any limit it equals `evaluate` of the policy with that limit. Only cases that the limit makes a difference to are
    worked out: what the rest comes to is known from the policy as it is.

    Parameters
    ----------
    outcome
        What the policy comes to as it is; everything but the lever stays so. The lever may pass the next tier's limit;
        whoever publishes a policy keeps limits in order.
    lever
        A limit of any tier but the last, for all cases or for one failure or segment.

    Raises
    ------
    InputError
        If the policy or the lever names something that the scenario does not know.
    """
    policy, payoffs = outcome.policy, outcome.payoffs
    policy.check_lever(lever)
    payoffs.scenario.check_cell(lever.failure, lever.segment)
    arrays = policy_arrays_of(policy, payoffs)
    assignments, cents = stages_of_lever(policy, payoffs, lever, arrays)
    return _curves_along(outcome, arrays, assignments, {lever: cents}, on_progress)[lever]


def threshold_curves(
    outcome: Outcome, cents: Mapping[Lever, Ints], on_progress: Progress | None = None
) -> dict[Lever, Curve]:
    """Return the curves of several limits, each moved alone, at some of its values: what a step says holds there.

    What cases come to under a resolution is worked out once for all limits. Away from the limit as it is, where a limit
    changes how long people wait for supervisors, that is told from a few waits: off by less than .0002 of a unit of
    money a case that waits.

    Parameters
    ----------
    outcome
        As in `threshold_curve`.
    cents
        For each limit its values in cents, rising from -1, the one in the policy among them.

    Raises
    ------
    InputError
        As `threshold_curve` does.
    """
    places = Places.of(outcome.policy, outcome.payoffs, cents)
    assignments = Assignments(*(np.concatenate(columns) for columns in zip(*places.stages(), strict=True)))
    of_levers = dict(zip(places.levers, places.cents, strict=True))
    return _curves_along(outcome, places.arrays, assignments, of_levers, on_progress, _SEEN)


def _curves_along(
    outcome: Outcome,
    arrays: PolicyArrays,
    assignments: Assignments,
    cents: Mapping[Lever, Ints],
    on_progress: Progress | None,
    near_enough: float = NEAR_ENOUGH,
) -> dict[Lever, Curve]:
    """Return the curves of limits from the stages of all cases, whose places are those of one limit after the other."""
    policy, payoffs = outcome.policy, outcome.payoffs
    sizes = [len(of_lever) for of_lever in cents.values()]
    parts = _parts(sizes)
    outcomes = [_as_lever_stands(outcome, lever, arrays) for lever in cents]
    now = [part.start + _step_now(policy, lever, of) for part, (lever, of) in zip(parts, cents.items(), strict=True)]
    minutes = supervisor_minutes(payoffs, arrays.style, assignments, sum(sizes))[:, : len(payoffs.draws)]
    for part, step, whole in zip(parts, now, outcomes, strict=True):
        minutes[part] = np.cumsum(minutes[part], axis=0) / len(payoffs.cases)
        minutes[part] += whole.per_case("supervisor_minutes") - minutes[step]
    waits = is_waiting(payoffs, assignments)
    along = assignments.case * len(parts) + np.repeat(np.arange(len(parts)), sizes)[assignments.place]
    moves = np.bincount(along)[along] > 1
    at_once, escalated = masked(assignments, moves[:, None] & ~waits), masked(assignments, waits)
    wait = hours_waited_along(payoffs, minutes)
    share = len(np.unique(escalated.case)) / len(payoffs.cases)
    nodes = WaitNodes.between(wait.min(axis=0), wait.max(axis=0), share, near_enough)
    waiting = [with_wait(payoffs, hours) for hours in nodes.hours]
    moving = _Moving(payoffs, arrays, at_once, escalated, nodes, waiting, parts)
    sums = np.empty((len(wait), len(MEASURES), len(payoffs.draws)))

    def work(first: int, last: int) -> None:
        sums[..., first:last] = moving.totals(wait, first, last)

    in_blocks(work, len(payoffs.draws), LANES, on_progress, "Working out the exact curve")
    knots = []
    for part, step, whole in zip(parts, now, outcomes, strict=True):
        sums[part] += whole.sums.sum((0, 1)) - sums[step]
        knots.append(np.unique([*np.linspace(part.start, part.stop - 1, _KNOTS).astype(np.int64), step]))
    groups = _groups_along(moving, wait, knots, now, [whole.groups for whole in outcomes])
    return {
        lever: Curve(policy, payoffs, lever, of_lever, sums[part], on - part.start, of_groups)
        for (lever, of_lever), part, on, of_groups in zip(cents.items(), parts, knots, groups, strict=True)
    }


def _parts(sizes: Sequence[int]) -> list[slice]:
    """Return where parts of some sizes stand, one after the other."""
    ends = np.cumsum(sizes)
    return [slice(int(end) - size, int(end)) for end, size in zip(ends, sizes, strict=True)]


def _step_now(policy: Policy, lever: Lever, cents: Ints) -> int:
    return int(np.searchsorted(cents, to_cents(_limit_now(policy, lever)), side="right")) - 1


def _limit_now(policy: Policy, lever: Lever) -> float:
    return policy.limit(lever.tier, lever.limit, lever.failure, lever.segment)


def _as_lever_stands(outcome: Outcome, lever: Lever, arrays: PolicyArrays) -> Outcome:
    """Return what the policy comes to with the lever's limit where it counts: mostly that is the policy as it is."""
    policy, payoffs = outcome.policy, outcome.payoffs
    as_it_is = policy.with_limit(lever, _limit_now(policy, lever))
    if np.array_equal(limits_in_cents(as_it_is, payoffs), arrays.limits):
        return outcome
    return evaluate(as_it_is, payoffs)  # exceptions have given the lever's cells limits of their own


class _Moving(NamedTuple):
    """The cases that limits move: those that are settled at once, and those that wait, at a few waits.

    `parts` are the places of each limit.
    """

    payoffs: Payoffs
    arrays: PolicyArrays
    at_once: Assignments
    escalated: Assignments
    nodes: WaitNodes
    waiting: list[DrawArrays]
    parts: list[slice]

    def totals(self, wait: Floats, first: int, last: int) -> Floats:
        """Return (places, measures, draws from first to last) what they come to, summed from each limit's first place.

        `wait` (places, draws) is in hours.
        """
        changes = np.empty((len(wait), len(MEASURES), LANES))
        score_lanes(self.payoffs, self.arrays, self.at_once, self.payoffs.draw_arrays, first, changes)
        total = np.empty_like(changes)
        for part in self.parts:
            np.cumsum(changes[part], axis=0, out=total[part])
        for draw_arrays, weight in zip(self.waiting, self.nodes.weights(wait, slice(first, last)), strict=True):
            score_lanes(self.payoffs, self.arrays, self.escalated, draw_arrays, first, changes)
            for part in self.parts:
                add_along(changes[part], weight[part], total[part])
        return total[..., : last - first]

    def part(self, chosen: NDArray[np.bool_], place: Ints, parts: list[slice]) -> _Moving:
        """Return some of the cases (N,), each step being at a place (steps,)."""
        at_once, escalated = (
            Assignments(*(column[chosen[rows.case]] for column in rows)) for rows in (self.at_once, self.escalated)
        )
        return self._replace(
            at_once=at_once._replace(place=place[at_once.place]),
            escalated=escalated._replace(place=place[escalated.place]),
            parts=parts,
        )


def _groups_along(
    moving: _Moving, wait: Floats, knots: list[Ints], now: list[int], whole: list[GroupSums]
) -> list[GroupSums]:
    """Return totals over random groups of the cases at some steps of each limit; `whole` are those at the steps `now`.

    Of many cases some of the groups are enough.
    """
    of_case = groups_of(moving.payoffs.cases).of_case
    known = len(whole[0].counts)
    share = min(1.0, max(_ERROR_CASES / len(of_case), _FEWEST_GROUPS / known))
    count = max(int(share * known), 1)
    every = np.concatenate(knots)
    place = np.searchsorted(every, np.arange(len(wait)))
    parts = _parts([len(on) for on in knots])
    sums = np.empty((count, len(every), *whole[0].sums.shape[1:]))

    def work(first: int, last: int) -> None:
        for group in range(first, last):
            sums[group] = moving.part(of_case == group, place, parts).totals(wait[every], 0, sums.shape[-1])

    in_blocks(work, count, 1)
    shrink = float(np.sqrt(count / known))
    groups = []
    for part, step, all_of_them in zip(parts, now, whole, strict=True):
        along = sums[:, part] + (all_of_them.sums[:count] - sums[:, np.searchsorted(every, step)])[:, None]
        groups.append(replace(all_of_them, sums=along, counts=all_of_them.counts[:count], shrink=shrink))
    return groups


def stages_of_lever(policy: Policy, payoffs: Payoffs, lever: Lever, arrays: PolicyArrays) -> tuple[Assignments, Ints]:
    """Return the assignments that every case goes through as one limit rises, all else as in the policy, and the steps.

    An assignment's place is its step: the limit in cents from which it holds. Every case has one at -1, which is "ask".
    `arrays` are those of the policy.
    """
    k, in_force = policy.tier_names.index(lever.tier), cells_moved(policy, payoffs, lever)
    parts: dict[int, tuple[Ints, Ints, Ints, Ints]] = {}

    def work(first: int, last: int) -> None:
        parts[first] = stages_along(k, LIMITS.index(lever.limit), in_force, arrays, payoffs.choice_sets, first, last)

    in_blocks(work, len(payoffs.cases))
    case, tier, choice, cents = (np.concatenate(part) for part in zip(*(parts[n] for n in sorted(parts)), strict=True))
    steps, place = np.unique(cents, return_inverse=True)
    return Assignments(case, arrays.tiers[tier], choice, place), steps


def smallest_step(currency: str) -> int | None:
    """Return what limits are multiples of, in cents, where a currency has whole amounts only; None where it has cents.

    Amounts are counted in hundredths, finer ones of a few currencies (KWD) as well.
    """
    return 100 if decimals_of(currency) == 0 else None


def best_step(cents: Ints, value: Floats, bounds: tuple[float, float], every: int | None = None) -> tuple[int, float]:
    """Return the best step (the lowest of equals) within bounds (money), and the roundest limit in money on it.

    Parameters
    ----------
    cents, value
        (steps,) limit from which each step holds, rising; what it is worth.
    bounds
        Lowest and highest limit allowed.
    every
        Cents: where given, only multiples of it count, "ask", and the highest limit allowed.
    """
    low, high = (to_cents(bound) for bound in bounds)
    if low > high:
        raise InputError(
            f"no limit keeps the tiers in order: at least {bounds[0]:g}, at most {bounds[1]:g}; mend the ones beside it"
        )
    if every is not None:
        return _best_multiple(cents, value, (low, high), bounds[1], every)
    start = int(np.searchsorted(cents, low, side="right")) - 1
    stop = int(np.searchsorted(cents, high, side="right"))
    best = start + int(np.argmax(value[start:stop]))
    first = max(int(cents[best]), low)
    if first < 0:
        return best, ASK
    if best + 1 == len(cents) or cents[best + 1] > high:
        # nothing changes any more below the highest limit allowed: as far as that one
        return best, bounds[1]
    end = int(cents[best + 1])
    rounded = (-(-first // step) * step for step in _ROUND_CENTS)
    return best, next(amount for amount in rounded if amount < end) / 100


def _best_multiple(
    cents: Ints, value: Floats, bounds: tuple[int, int], highest: float, every: int
) -> tuple[int, float]:
    """Return the best step that holds a multiple of `every` within bounds (cents), and the roundest one on it.

    Steps are looked through, not multiples: what it takes does not depend on how much money there is.
    """
    low, high = bounds
    top = min(high, int(cents[-1]) + every)
    first = -(-np.maximum(cents, max(low, 0)) // every) * every
    last = np.minimum(np.append(cents[1:] - 1, top), top)
    is_usable = first <= last
    is_usable[0] |= low < 0
    is_usable[-1] |= high > top
    if not is_usable.any():
        # where no multiple lies within the bounds, what the next tier may give is all there is
        return int(np.searchsorted(cents, high, side="right")) - 1, highest
    best = int(np.argmax(np.where(is_usable, value, -np.inf)))
    limits = [ASK_CENTS] if low < 0 and best == 0 else []
    if first[best] <= last[best]:
        limits.append(_roundest(int(first[best]), int(last[best]), every))
    if high > top and best == len(cents) - 1:
        limits.append(high)
    limit = min(limits, key=_roundness)
    return best, ASK if limit < 0 else highest if limit == high else limit / 100


def _roundest(first: int, last: int, every: int) -> int:
    """Return the lowest of the roundest multiples of `every` from first to last (cents), one of which there is."""
    steps = (lcm(step, every) for step in _ROUND_CENTS)
    multiples = (-(-first // step) * step for step in steps)
    return next(multiple for multiple in multiples if multiple <= last)


def _roundness(cents: int) -> int:
    return next(place for place, step in enumerate(_ROUND_CENTS) if cents % step == 0)
