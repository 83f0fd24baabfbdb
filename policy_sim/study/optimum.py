"""Optimum: the best limits, and what whoever signs them asks: what holds them where they are, and how sure that is.

In: the policy in force, payoffs, constraints of the search. Out: `Optimum`. Left to others: finding the limits
(`value.best_limits`), how it reads (`show.terminal.optimum`).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, Progress, Steps, plain_rows
from policy_sim.policy import NO_LIMIT, Lever, Policy, limit_content, limit_contents
from policy_sim.study.recommendation import as_recommended
from policy_sim.value import (
    BestLimits,
    Difference,
    Gap,
    Payoffs,
    best_limits,
    compare,
    evaluate,
    find_gap,
    groups_of,
    interval,
    threshold_curve,
)

__all__ = ["HeldOut", "Optimum", "find_optimum"]

Floats = NDArray[np.float64]

_SAME = 1e-9  # money a case: smaller differences are rounding errors


@dataclass(frozen=True)
class HeldOut:
    """What best limits bring on cases that they were not fitted to.

    They are fitted to the cases of half of the customers and evaluated on those of the others, and vice versa.

    Attributes
    ----------
    fitted, held_out
        On either half of the cases, how far the limits that were fitted to it, and those that were fitted to the other
        half, are ahead of the policy in force.
    lost
        On either half, how far its own limits are ahead of the other half's.
    """

    fitted: tuple[Difference, ...]
    held_out: tuple[Difference, ...]
    lost: tuple[Difference, ...]

    @property
    def too_few(self) -> bool:
        """Whether half of the cases is too few to tell what limits bring."""
        return any(half.too_few() for half in self.held_out)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each kind of case: mean of the halves and 90 % interval of net value, money a year."""
        rows = []
        for name, halves in (("fitted", self.fitted), ("held_out", self.held_out), ("lost", self.lost)):
            values = np.mean([half.per_year() for half in halves], axis=0)
            # no customer is in both halves, but both are fitted to one log: their errors may be the same
            reach = float(np.mean([half.cases_per_year * half.of_groups().reach() for half in halves]))
            rows.append((name, values.mean(), *interval(values, reach)))
        return pd.DataFrame(rows, columns=["cases", "net_value", "net_value_low", "net_value_high"])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data, by kind of case."""
        return {str(row.pop("cases")): row for row in plain_rows(self.to_frame())}


@dataclass(frozen=True)
class Optimum:
    """The best limits, with what speaks for and against them.

    Attributes
    ----------
    best
        The best limits, as the policy `recommended`.
    gain
        Difference between that policy and the one in force.
    ignoring
        What it costs to ignore learned claiming: the limits that would be best without it, compared with `best` with it
        (below 0: behind).
    held_out
        None where the cases of half of the customers are too few to find limits.
    gap, gap_left
        What keeps the policy in force, and one with the best limits, from the best of every case.
    limits
        One row for each limit that could move: tier, limit, in_force, best; for the first tier low and high (from `low`
        to below `high` it is as good within 1 % of what the limit can bring, all other limits as they are), joint_low
        and joint_high (the same where all others are set anew); reason (what holds it there).
    """

    best: BestLimits
    gain: Difference
    ignoring: Difference
    held_out: HeldOut | None
    gap: Gap
    gap_left: Gap
    limits: pd.DataFrame

    @property
    def gaps(self) -> tuple[tuple[str, Gap], ...]:
        """What each policy is called, and its gap: the policy in force, and the best limits."""
        return (self.gap.policy.title, self.gap), ("Best limits", self.gap_left)

    def to_frame(self) -> pd.DataFrame:
        """Return `limits`."""
        return self.limits

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain data; limits as they stand in files."""
        careless = self.ignoring.outcome.policy
        return {
            "against": self.gain.baseline.policy.name,
            "limits": plain_rows(self.limits, limit_content),
            **self.best.to_dict(),
            "difference": self.gain.to_dict(),
            "escalation_queue": self.gain.outcome.queue.to_dict(),
            "ignoring_learned_claiming": {
                "limits": limit_contents(careless.tiers[0].limits),
                "difference": self.ignoring.to_dict(),
            },
            "held_out": None if self.held_out is None else plain_rows(self.held_out.to_frame()),
            "gap": self.gap.to_dict(),
            "gap_left": self.gap_left.to_dict(),
        }


def find_optimum(policy: Policy, payoffs: Payoffs, on_progress: Progress | None = None, **constraints: Any) -> Optimum:
    """Find the best limits and test them.

    Parameters
    ----------
    policy
        The policy in force.
    payoffs
        The valued cases.
    on_progress
        Called as each of five steps begins.
    **constraints
        Further arguments of `best_limits`: limits, tiers, by, at_most_exceptions, round_to, budget, escalation_minutes,
        robust.

    Raises
    ------
    InputError
        As `best_limits` does.
    """
    steps = Steps(on_progress, 5)
    in_force = evaluate(policy, payoffs)
    steps.begin("Searching the best limits")
    best = as_recommended(best_limits(policy, payoffs, **constraints))
    gain = compare(evaluate(best.policy, payoffs), in_force)
    steps.begin("Searching without extra claims")
    careless = best_limits(policy, payoffs.without_learned_claiming(), **constraints).policy
    careless = careless.model_copy(update={"name": "ignoring_claiming", "title": "Extra claims ignored"})
    ignoring = compare(evaluate(careless, payoffs), gain.outcome)
    steps.begin("Judging on held-out cases")
    held_out = None
    with suppress(InputError):  # half of the customers may not fit the constraints that all of them do
        held_out = _hold_out(policy, payoffs, constraints)
    steps.begin("What is left to gain")
    gap, gap_left = find_gap(policy, payoffs), find_gap(best.policy, payoffs)
    steps.begin("Drawing exact curves")
    limits = _limits(policy, best)
    steps.finish()
    return Optimum(best, gain, ignoring, held_out, gap, gap_left, limits)


def _hold_out(policy: Policy, payoffs: Payoffs, constraints: dict[str, Any]) -> HeldOut | None:
    groups = groups_of(payoffs.cases)
    if groups.units < 2:
        return None
    halves = [payoffs.take(np.flatnonzero(groups.of_case % 2 == first)) for first in range(2)]
    best = [best_limits(policy, half, **constraints).policy for half in halves]
    fitted, held_out, lost = [], [], []
    for half, own, other in zip(halves, best, reversed(best), strict=True):
        before, mine, its = (evaluate(compared, half) for compared in (policy, own, other))
        fitted.append(compare(mine, before))
        held_out.append(compare(its, before))
        lost.append(compare(mine, its))
    return HeldOut(tuple(fitted), tuple(held_out), tuple(lost))


def _limits(policy: Policy, best: BestLimits) -> pd.DataFrame:
    rows = []
    for lever in best.levers:
        low, high = best.regions[lever]
        joint_low, joint_high = best.joint_regions.get(lever, (np.nan, np.nan))
        rows.append(
            {
                "tier": lever.tier,
                "limit": lever.limit,
                "in_force": policy.limit(lever.tier, lever.limit),
                "best": best.policy.limit(lever.tier, lever.limit),
                "low": low,
                "high": high,
                "joint_low": joint_low,
                "joint_high": joint_high,
                "reason": _reason(best, lever),
            }
        )
    return pd.DataFrame(rows)


def _reason(best: BestLimits, lever: Lever) -> str:
    """Return in words what holds a limit at its value, where that is not its own curve."""
    policy, tiers = best.policy, best.policy.tier_names
    if lever in best.not_asking:
        return "asking would only change the remedy"
    if lever in best.unreached:
        return "no case gets here: any value does"
    if lever in best.of_little_weight:
        return "hardly anything hangs on it"
    k = tiers.index(lever.tier)
    limit, (least, most) = policy.limit(lever.tier, lever.limit), policy.bounds(lever)
    if limit == NO_LIMIT:
        return _reason_for_no_limit(best, lever)
    if limit == most:
        if k > 0:
            return f"as the {tiers[k + 1]}'s"
        curve = best.curves[lever.limit]
        net = curve.per_case().mean(axis=1)
        is_held = net[curve.step(limit) :].max() > net[curve.step(limit)] + _SAME
        return f"held by the {tiers[k + 1]}'s" if is_held else f"as far as the {tiers[k + 1]}'s"
    if limit == least and k > 0:
        return f"at least the {tiers[k - 1]}'s"
    is_short = k == 0 and best.binding and limit < best.curves[lever.limit].flat_region()[0]
    return f"held by the {best.binding.replace('_', ' ')}" if is_short else ""


def _reason_for_no_limit(best: BestLimits, lever: Lever) -> str:
    is_first = lever.tier == best.policy.tier_names[0]
    curve = best.curves[lever.limit] if is_first else threshold_curve(evaluate(best.policy, best.payoffs), lever)
    net = curve.per_case().mean(axis=1)
    if len(net) == 1:
        return "nothing draws on it"
    if (np.diff(net) >= -_SAME).all():
        return "more is never worse"
    return f"nothing draws more than {curve.limits[-1]:,.2f} {best.policy.currency}"
