"""Running: what a policy brings after one of its limits has moved, from what it brought before.

In: payoffs, one policy after the other. Out: for each the same `Outcome` that `evaluate` gives, to rounding.
Left to others: the first policy, curves (`curves`, `mean_curves`).

Only cases that are handled otherwise are valued anew, and those that wait for supervisors, who hold up each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import Policy
from policy_sim.value.escalation_queue import is_waiting, masked, with_wait
from policy_sim.value.evaluation import GroupedSums, Outcome, outcome_from, queue_of, score_groups
from policy_sim.value.handling import Handling
from policy_sim.value.payoffs import Payoffs
from policy_sim.value.response_kernels import Assignments
from policy_sim.value.sampling import Groups, groups_of

__all__ = ["RunningOutcome"]

Bools = NDArray[np.bool_]

_FEW = 0.4  # of the cases: where more are handled otherwise, all are valued anew


@dataclass
class RunningOutcome:
    """Evaluates policies that come one after the other, for one set of payoffs.

    What is kept is bounded: sums over those cases that nobody waits for, by cell and group (at most 64 groups x cells x
    8 measures x 52 draws, 4 MB for 18 cells), and who handles each case.
    """

    payoffs: Payoffs
    _groups: Groups = field(init=False)
    _last: tuple[Policy, Handling, GroupedSums] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Divide the cases."""
        self._groups = groups_of(self.payoffs.cases)

    def evaluate(self, policy: Policy) -> Outcome:
        """Return what a policy brings.

        Raises
        ------
        InputError
            If the policy names something that the scenario does not know.
        """
        payoffs, handling = self.payoffs, Handling.of(policy, self.payoffs)
        now, is_waiting_now = self._assignments(handling)
        at_once = None
        if self._last is not None and _says_the_same_of_cases(policy, self._last[0]):
            before, at_once = self._last[1:]
            changed = (handling.tier != before.tier) | (handling.choice != before.choice).any(axis=1)
            if changed.sum() < _FEW * len(changed):
                then, is_waiting_then = self._assignments(before)
                more = self._score_at_once(handling, now, ~is_waiting_now & changed[:, None])
                less = self._score_at_once(before, then, ~is_waiting_then & changed[:, None])
                at_once = GroupedSums(*(a + b - c for a, b, c in zip(at_once, more, less, strict=True)))
            else:
                at_once = None
        if at_once is None:
            at_once = self._score_at_once(handling, now, ~is_waiting_now)
        self._last = policy, handling, at_once
        queue = queue_of(payoffs, handling)
        numbers = with_wait(payoffs, queue.mean_wait_hours)
        waiting = score_groups(payoffs, handling, masked(now, is_waiting_now), self._groups, numbers)
        total = GroupedSums(*(a + b for a, b in zip(at_once, waiting, strict=True)))
        return outcome_from(policy, payoffs, queue, self._groups, total)

    def _assignments(self, handling: Handling) -> tuple[Assignments, Bools]:
        assignments = handling.assignments(handling.arrays.cell)
        return assignments, is_waiting(self.payoffs, assignments)

    def _score_at_once(self, handling: Handling, assignments: Assignments, chosen: Bools) -> GroupedSums:
        payoffs = self.payoffs
        return score_groups(payoffs, handling, masked(assignments, chosen), self._groups, payoffs.draw_arrays)


def _says_the_same_of_cases(one: Policy, other: Policy) -> bool:
    """Tell whether two policies differ in what tiers may give at most."""
    return one.tier_names == other.tier_names and one.guards == other.guards and one.playbook == other.playbook
