"""Answer: what the limits should be, what that is worth, and which of them matter most.

In: the policy in force, payoffs. Out: `Answer`, in numbers alone, so that it can be kept. Left to others: what holds
each limit and how it stood the test (`optimum`), the sentence (`show.answer`).
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from policy_sim.border import Progress
from policy_sim.policy import Lever, Policy
from policy_sim.policy.limits import Limit
from policy_sim.study.recommendation import recommend
from policy_sim.value import BestLimits, Difference, Payoffs, compare, evaluate

__all__ = ["Answer", "Move", "Worth", "find_answer"]

_NUMBERS = ConfigDict(frozen=True, extra="forbid")


class Worth(BaseModel):
    """Net value a year that something brings (money), with its 90 % interval.

    `told_apart` from nothing; `too_few` cases to trust the interval.
    """

    model_config = _NUMBERS

    change: float
    low: float
    high: float
    told_apart: bool
    too_few: bool

    @classmethod
    def of(cls, difference: Difference) -> Worth:
        """Return what a difference is worth."""
        low, high = difference.interval_per_year()
        return cls(
            change=float(difference.per_year().mean()),
            low=low,
            high=high,
            told_apart=difference.told_apart(),
            too_few=difference.too_few(),
        )


class Move(BaseModel):
    """One limit that should be another.

    Attributes
    ----------
    tier, limit
        Which one.
    in_force, best
        What it is and what it should be (money, `ASK` or `NO_LIMIT`).
    low, high
        From `low` on and below `high` it is as good within 1 % of what it can bring, all others at their best.
    worth
        What would be missing were it left as it is, all others at their best (as far as tiers stay in order).
    """

    model_config = _NUMBERS

    tier: str
    limit: str
    in_force: Limit
    best: Limit
    low: Limit
    high: Limit
    worth: Worth


class Answer(BaseModel):
    """The recommended policy, what it brings against the one in force, and the limits that move, weightiest first."""

    model_config = _NUMBERS

    policy: Policy
    worth: Worth
    moves: tuple[Move, ...]


def find_answer(policy: Policy, payoffs: Payoffs, on_progress: Progress | None = None) -> Answer:
    """Find the best limits in whole units of money, and what each of them is worth among the others.

    Parameters
    ----------
    policy
        The policy in force.
    payoffs
        The valued cases.
    on_progress
        Called as the search goes on.

    Raises
    ------
    InputError
        As `best_limits` does.
    """
    recommendation = recommend(policy, payoffs, on_progress=on_progress)
    moves = _moves(policy, recommendation.best, recommendation.gain)
    return Answer(policy=recommendation.policy, worth=Worth.of(recommendation.gain), moves=moves)


def _moves(in_force: Policy, best: BestLimits, gain: Difference) -> tuple[Move, ...]:
    moves = []
    for lever in best.levers:
        limit, today = (policy.limit(lever.tier, lever.limit) for policy in (best.policy, in_force))
        if limit != today:
            low, high = best.regions[lever]
            left = evaluate(_left(in_force, best.policy, lever), best.payoffs)
            worth = Worth.of(compare(gain.outcome, left))
            named = {"tier": lever.tier, "limit": lever.limit, "in_force": today, "best": limit}
            moves.append(Move(**named, low=low, high=high, worth=worth))
    return tuple(sorted(moves, key=lambda move: -move.worth.change))


def _left(in_force: Policy, best: Policy, lever: Lever) -> Policy:
    """Return the best policy with one limit left as it is in force, as far as tiers stay in order."""
    lowest, highest = best.bounds(lever)
    return best.with_limit(lever, min(max(in_force.limit(lever.tier, lever.limit), lowest), highest))
