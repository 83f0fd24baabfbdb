"""Best limits: where the limits of one tier should stand.

In: a policy, payoffs, the limits that may move. Out: `BestLimits`, the policy with those limits at their best and the
exact curve of each. Left to others: prices, exceptions by cell and a joint search over all tiers.

One limit after the other is set to the top of its exact curve until none moves (coordinate ascent). That can get stuck,
since limits stand in for each other; so it is begun from several places, and how many agree is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import LIMITS
from policy_sim.border import InputError, unknown
from policy_sim.policy import ASK, Lever, Policy
from policy_sim.value.curves import Curve, best_step, lever_states, threshold_curve
from policy_sim.value.evaluation import Handling
from policy_sim.value.kernels import STYLES
from policy_sim.value.payoffs import Payoffs, Progress, expect

__all__ = ["BestLimits", "best_limits"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class BestLimits:
    """The best limits found for one tier.

    Attributes
    ----------
    policy
        The given policy with those limits.
    curves
        For each limit that could move, its exact curve with the others at their best.
    starts, agreeing_starts
        From how many places the search began, and how many of them ended within a cent a case of the best.
    """

    policy: Policy
    curves: dict[str, Curve]
    starts: int
    agreeing_starts: int


def best_limits(
    policy: Policy,
    payoffs: Payoffs,
    limits: Sequence[str] = ("keep_item", "credit", "refund"),
    tier: str = "agent",
    on_progress: Progress | None = None,
) -> BestLimits:
    """Find the limits of one tier with the highest mean net value over the draws, all else as in the policy.

    Limits never pass those of the next tier, nor fall below those of the tier before.

    Parameters
    ----------
    policy
        Everything but the limits to move stays as it is here.
    payoffs
        The valued cases.
    limits
        Which limits may move.
    tier
        Whose limits; any but the last tier.
    on_progress
        Called with (done, of).

    Raises
    ------
    InputError
        If the tier or a limit is unknown, or the tier is the last one, which has no limits.
    """
    if not limits:
        raise InputError(f"no limit to move; choose among: {', '.join(LIMITS)}")
    for limit in limits:
        if limit not in LIMITS:
            raise unknown("limit", limit, LIMITS)
    policy.tier(tier)
    if tier == policy.tier_names[-1]:
        raise InputError(
            f"tier '{tier}' is the last one and has no limits; choose one of: {', '.join(policy.tier_names[:-1])}"
        )
    levers = [Lever(tier, limit) for limit in limits]
    steps = 2 + len(levers)
    report = on_progress or (lambda done, of: None)
    expected = _Expected(policy, payoffs, tier)
    report(1, steps)
    ends = [_climb(start, levers, expected) for start in _starts(policy, levers)]
    best_policy, best_value = max(ends, key=lambda end: end[1])
    report(2, steps)
    curves = {}
    for done, lever in enumerate(levers, start=3):
        curves[lever.limit] = threshold_curve(best_policy, payoffs, lever)
        report(done, steps)
    agreeing = sum(value >= best_value - 0.01 * len(payoffs.cases) for _, value in ends)
    return BestLimits(best_policy, curves, len(ends), agreeing)


def _starts(policy: Policy, levers: Sequence[Lever]) -> list[Policy]:
    """Begin at the policy itself, at no authority, and with each limit, and all of them, as far up as they may go."""
    asked, open_ = policy, policy
    for lever in levers:
        asked = asked.with_limit(lever, ASK)
        open_ = open_.with_limit(lever, policy.bounds(lever)[1])
    return [policy, asked, open_, *(asked.with_limit(lever, policy.bounds(lever)[1]) for lever in levers)]


def _climb(policy: Policy, levers: Sequence[Lever], expected: _Expected) -> tuple[Policy, float]:
    """Move one limit after the other to its best until none moves; return the policy and its total value."""
    value = -np.inf
    while True:
        before = value
        for lever in levers:
            limit, value = expected.best(policy, lever)
            policy = policy.with_limit(lever, limit)
        if value <= before + 1e-9 * abs(before):
            return policy, value


class _Expected:
    """Mean payoffs over the draws of whatever one tier, or those above it, may choose."""

    def __init__(self, policy: Policy, payoffs: Payoffs, tier: str) -> None:
        self.payoffs = payoffs
        k = policy.tier_names.index(tier)
        scenario_tiers = np.array([payoffs.scenario.tiers.index(name) for name in policy.tier_names])
        self.above = Handling.of(policy, payoffs, lowest=k + 1)
        case, resolution = np.nonzero(payoffs.options.adequate)
        rows = self._rows(case, resolution, np.full(len(case), scenario_tiers[k]))
        self.here = np.zeros((*payoffs.options.adequate.shape, len(STYLES)))
        self.here[case, resolution] = rows
        self.above_value = np.zeros(len(payoffs.cases))
        for s in range(len(STYLES)):
            rows = self._rows(np.arange(len(payoffs.cases)), self.above.choice[:, s], scenario_tiers[self.above.tier])
            self.above_value += rows[:, s]
        self.tier = scenario_tiers[k]
        self.known: dict[tuple[object, ...], tuple[float, float]] = {}

    def _rows(self, case: Ints, resolution: Ints, tier: Ints) -> Floats:
        return expect(self.payoffs, case, resolution, tier, self.above.suspected, self.above.claimed)

    def best(self, policy: Policy, lever: Lever) -> tuple[float, float]:
        """Return the best limit of a lever (the roundest where several are equally good) and the total value there."""
        others = (lever, *(value for name, value in policy.tier(lever.tier).limits.items() if name != lever.limit))
        if others not in self.known:
            self.known[others] = self._best(policy, lever)
        return self.known[others]

    def _best(self, policy: Policy, lever: Lever) -> tuple[float, float]:
        states, cents = lever_states(policy, self.payoffs, lever, self.above)
        value = np.where(
            states.tier > self.tier,
            self.above_value[states.case],
            np.take_along_axis(self.here[states.case], states.choice[:, None, :], axis=1)[:, 0].sum(axis=-1),
        )
        first = np.append(True, states.case[1:] != states.case[:-1])
        change = value - np.where(first, 0.0, np.append(0.0, value[:-1]))
        total = np.cumsum(np.bincount(states.place, weights=change)).astype(np.float64)
        best, limit = best_step(cents, total, policy.bounds(lever))
        return limit, float(total[best])
