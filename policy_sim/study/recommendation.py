"""Recommendation: the best limits, compared with the policy in force and with others.

In: the policy in force, payoffs, other policies. Out: `Recommendation`. Left to others: finding the limits
(`value.best_limits`), what speaks for and against them (`optimum`, `decision_analysis`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from policy_sim.border import Progress
from policy_sim.policy import Policy, limit_content, limit_contents
from policy_sim.value import BestLimits, Difference, Payoffs, best_limits, compare, evaluate

__all__ = ["WHOLE_UNITS", "Recommendation", "as_recommended", "called_recommended", "recommend", "recommended_limits"]

#: What recommended limits are multiples of (money): people can keep whole units in mind, and it costs next to nothing.
WHOLE_UNITS = 1.0


@dataclass(frozen=True)
class Recommendation:
    """The best limits, and the difference between every policy and the one in force.

    Attributes
    ----------
    best
        The best limits, as the policy `recommended`.
    differences
        Between each policy and the one in force: the one in force first, then the others, the recommended one last.
    """

    best: BestLimits
    differences: tuple[Difference, ...]

    @property
    def policy(self) -> Policy:
        """The recommended policy."""
        return self.best.policy

    @property
    def gain(self) -> Difference:
        """Difference between the recommended policy and the one in force."""
        return self.differences[-1]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables by the names of their files: outcomes, differences, the exact curves."""
        curves = self.best.curves.values()
        return {
            "outcomes": self.to_frame(),
            "differences": pd.concat([difference.to_frame() for difference in self.differences[1:]]),
            "curves": pd.concat([curve.to_frame().assign(lever=str(curve.lever)) for curve in curves]),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the outcomes of every policy, one row each, as `Outcome.to_frame`."""
        return pd.concat([difference.outcome.to_frame() for difference in self.differences])

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain data; limits as they stand in files."""
        outcomes = {difference.outcome.policy.name: difference for difference in self.differences}
        return {
            "recommended": {
                "limits": {tier.name: limit_contents(tier.limits) for tier in self.policy.tiers[:-1]},
                "as_good_as_the_best": {
                    str(lever): [limit_content(limit) for limit in region]
                    for lever, region in self.best.regions.items()
                },
                "starts": self.best.starts,
                "agreeing_starts": self.best.agreeing_starts,
                "found": self.best.found,
                "no_limits_bring_more_than": self.best.bound,
                "against": self.gain.baseline.policy.name,
                "difference": self.gain.to_dict(),
            },
            "policies": {name: difference.outcome.to_dict() for name, difference in outcomes.items()},
            "escalation_queue": {name: difference.outcome.queue.to_dict() for name, difference in outcomes.items()},
        }


def recommend(
    policy: Policy,
    payoffs: Payoffs,
    others: Sequence[Policy] = (),
    *,
    round_to: float | None = WHOLE_UNITS,
    on_progress: Progress | None = None,
) -> Recommendation:
    """Find the best limits, and compare them and other policies with the policy in force.

    Parameters
    ----------
    policy
        The policy in force.
    payoffs
        The valued cases.
    others
        Policies to compare besides.
    round_to
        Limits are multiples of this (money).
    on_progress
        Called as the search goes on.

    Raises
    ------
    InputError
        As `best_limits` does.
    """
    outcomes = [evaluate(compared, payoffs) for compared in (policy, *others)]
    best = recommended_limits(policy, payoffs, round_to=round_to, on_progress=on_progress)
    outcomes.append(evaluate(best.policy, payoffs))
    return Recommendation(best, tuple(compare(outcome, outcomes[0]) for outcome in outcomes))


def recommended_limits(
    policy: Policy,
    payoffs: Payoffs,
    *,
    budget: float | None = None,
    round_to: float | None = WHOLE_UNITS,
    on_progress: Progress | None = None,
) -> BestLimits:
    """Find the limits that every part of the package calls recommended, as the policy `recommended`.

    Parameters
    ----------
    policy, payoffs
        Everything but the limits stays as it is in the policy; the valued cases.
    budget
        Remedy cost (money a year) that may not be passed, in the mean over the draws.
    round_to
        Limits are multiples of this (money).
    on_progress
        Called as the search goes on.

    Raises
    ------
    InputError
        As `best_limits` does.
    """
    best = best_limits(policy, payoffs, round_to=round_to, budget=budget, on_progress=on_progress)
    return as_recommended(best)


def as_recommended(best: BestLimits) -> BestLimits:
    """Return best limits whose policy is called `recommended`."""
    return replace(best, policy=called_recommended(best.policy))


def called_recommended(policy: Policy) -> Policy:
    """Return a policy under the name `recommended`."""
    return policy.model_copy(update={"name": "recommended", "title": "Recommended"})
