"""Scoring: what cases come to under the resolutions that they are given, for every room that needs it case by case.

In: payoffs with a policy, or with resolutions and tiers that are chosen already. Out: measures (sums over cases, or one
row for each case). Left to others: intervals and comparisons (`evaluation`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policy_sim.border import Progress
from policy_sim.policy import Policy
from policy_sim.value.choice_kernels import PolicyArrays
from policy_sim.value.escalation_queue import escalation_queue, supervisor_minutes, with_wait
from policy_sim.value.following import following_costs
from policy_sim.value.handling import Handling, policy_arrays_of
from policy_sim.value.payoffs import Payoffs, in_blocks
from policy_sim.value.response_kernels import LANES, Assignments, DrawArrays, score_assignments
from policy_sim.words import MEASURES

__all__ = ["measures_by_case", "measures_chosen", "measures_of", "score", "score_lanes"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def measures_by_case(policy: Policy, payoffs: Payoffs) -> Floats:
    """Return (N, measures, draws) what each case comes to under a policy.

    Escalated cases wait as long as the load of all cases makes them.
    """
    count = len(payoffs.cases)
    handling = Handling.of(policy, payoffs)
    assignments = handling.assignments(np.arange(count))
    together = handling.assignments(np.zeros(count, dtype=np.int64))
    minutes = supervisor_minutes(payoffs, handling.arrays.style, together, 1)[0] / count
    wait = escalation_queue(payoffs, minutes).mean_wait_hours
    measures = score(payoffs, handling.arrays, assignments, count, with_wait(payoffs, wait))
    if policy.playbook is not None:
        measures += following_costs(policy.playbook, payoffs, assignments.place, count)
    return measures


def measures_of(policy: Policy, payoffs: Payoffs, case: Ints, resolution: Ints, tier: Ints) -> Floats:
    """Return (rows, measures, draws) what cases come to under resolutions that are chosen already.

    Nobody waits in the escalation queue longer than the scenario says: single cases are no load.

    Parameters
    ----------
    policy
        Its guards say which cases look suspicious, and which share of learned claims gets through.
    payoffs
        The valued cases.
    case, resolution, tier
        (rows,) which case is given what at which tier of the scenario. Rows of one case stand together.
    """
    return measures_chosen(payoffs, policy_arrays_of(policy, payoffs), case, resolution, tier)


def measures_chosen(payoffs: Payoffs, arrays: PolicyArrays, case: Ints, resolution: Ints, tier: Ints) -> Floats:
    """Return the same, `arrays` being what a policy says of the cases."""
    choice = np.repeat(resolution[:, None], arrays.style.shape[1], axis=1)
    assignments = Assignments(case, tier, choice, np.arange(len(case)))
    changes = score(payoffs, arrays, assignments, len(case), payoffs.draw_arrays)
    # of rows of the same case that follow each other, the kernel adds up differences
    begins = np.flatnonzero(np.diff(case, prepend=-1))
    return np.concatenate([np.cumsum(part, axis=0) for part in np.split(changes, begins[1:])])


def score(
    payoffs: Payoffs,
    arrays: PolicyArrays,
    assignments: Assignments,
    places: int,
    draw_arrays: DrawArrays,
    on_progress: Progress | None = None,
) -> Floats:
    """Return (places, measures, draws): the measures of assignments, or their changes, added up by place."""
    out = np.empty((places, len(MEASURES), len(payoffs.draws)))

    def work(first: int, last: int) -> None:
        lanes = np.empty((places, len(MEASURES), LANES))
        score_lanes(payoffs, arrays, assignments, draw_arrays, first, lanes)
        out[..., first:last] = lanes[..., : last - first]

    in_blocks(work, len(payoffs.draws), LANES, on_progress, "Evaluating")
    return out


def score_lanes(
    payoffs: Payoffs,
    arrays: PolicyArrays,
    assignments: Assignments,
    draw_arrays: DrawArrays,
    first: int,
    out: Floats,
) -> None:
    """Fill out (places, measures, LANES) with measures, or their changes, for the draws from `first` on."""
    out[:] = 0.0
    score_assignments(assignments, arrays.suspected, payoffs.case_arrays, draw_arrays, arrays.style, first, out)
    out[:, MEASURES.index("learned_claiming")] *= arrays.claimed[first : first + LANES]
