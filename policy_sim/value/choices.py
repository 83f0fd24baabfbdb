"""Choices: a table of all that may be chosen for some cases, small enough to travel to where there is no Python.

In: a policy (for its tiers, guards and exceptions), payoffs. Out: `ChoiceTable`. Left to others: choosing from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import Policy
from policy_sim.value.choice_kernels import PolicyArrays, orders_at
from policy_sim.value.escalation_queue import with_load
from policy_sim.value.expected import Expected, load_of
from policy_sim.value.handling import Handling
from policy_sim.value.payoffs import Payoffs
from policy_sim.value.response_kernels import Assignments, DrawArrays
from policy_sim.value.scoring import score
from policy_sim.words import LIMITS, MEASURES

__all__ = ["ChoiceTable", "choice_table"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROWS_AT_A_TIME = 4_000


@dataclass(frozen=True)
class ChoiceTable:
    """What may be chosen for N cases, R rows in all, by T tiers (all of the policy but the last).

    A tier decides a case if it permits any of its rows: all uses within the limits. Each style then takes the permitted
    row of the lowest rank; the case comes to the mean of these rows by the styles' shares. A case that no tier decides
    comes to `last`.

    Attributes
    ----------
    start, cell
        (N,) tier that looks first (T: none of these), failure x segment.
    offset
        (N + 1,) where the rows of each case begin.
    uses
        (R, limits) cents by the order of `LIMITS`, -1 where a row does not draw on a limit.
    rank
        (T, styles, R) order within the case in which a style likes the rows, 0 the best.
    value
        (T, measures, R) measures of a row given at a tier, mean over the draws.
    last
        (measures, N) the same of what the last tier gives.
    styles
        (T, styles) mean share of each style at each tier.
    """

    start: Ints
    cell: Ints
    offset: Ints
    uses: Ints
    rank: Ints
    value: Floats
    last: Floats
    styles: Floats

    def evaluate(self, limits: Ints) -> Floats:
        """Return (measures,) the mean over cases under limits (T, cells, limits) in cents, -1 for no authority."""
        total = np.zeros(self.last.shape[0])
        for i in range(len(self.start)):
            rows = np.arange(self.offset[i], self.offset[i + 1])
            measures = self.last[:, i]
            for k in range(int(self.start[i]), len(self.rank)):
                permitted = rows[(self.uses[rows] <= limits[k, self.cell[i]]).all(axis=1)]
                if permitted.size:
                    chosen = [permitted[np.argmin(rank[permitted])] for rank in self.rank[k]]
                    measures = self.value[k][:, chosen] @ self.styles[k]
                    break
            total += measures
        return total / len(self.start)


def choice_table(policy: Policy, payoffs: Payoffs, moved: Sequence[str] = LIMITS) -> ChoiceTable:
    """Lay out what may be chosen for every case, under the load that the policy puts on the escalation queue.

    Shares of styles and values are averaged over the draws apart: that the two may move together is left out.

    Parameters
    ----------
    policy
        Sets tiers and guards; its limits count where they may move or are not "no limit".
    payoffs
        The valued cases, some hundreds.
    moved
        Limits that may move.
    """
    load = load_of(policy, payoffs)
    numbers = with_load(payoffs, load)
    expected = Expected.of(policy, payoffs, load, moved)
    final = Handling.of(policy, payoffs, lowest=len(policy.tiers) - 1)
    tiers = [payoffs.scenario.tiers.index(name) for name in policy.tier_names]
    chosen = np.logical_or.reduce(expected.choosable)
    case, resolution = np.nonzero(chosen)
    offset = np.concatenate([[0], np.cumsum(chosen.sum(axis=1))])
    options = payoffs.choice_sets
    rank = np.empty((len(tiers) - 1, final.arrays.style.shape[1], len(case)), dtype=np.int64)
    for k, tier in enumerate(tiers[:-1]):
        for s, preference_order in enumerate(orders_at(tier, options, final.arrays)):
            # what is never chosen comes last
            place = np.full(options.adequate.shape, preference_order.shape[1])
            whose, at = np.nonzero(preference_order >= 0)
            np.minimum.at(place, (whose, preference_order[whose, at]), at)
            order = np.lexsort((resolution, place[case, resolution], case))
            rank[k, s, order] = np.arange(len(case)) - offset[case]
    value = np.stack([_measures(payoffs, final.arrays, numbers, case, resolution, tier) for tier in tiers[:-1]])
    everybody = np.arange(len(payoffs.cases))
    styles = final.arrays.style[tiers, :, : len(payoffs.draws)].mean(axis=-1)
    last = sum(
        share * _measures(payoffs, final.arrays, numbers, everybody, choice, tiers[-1])
        for share, choice in zip(styles[-1], final.choice.T, strict=True)
    )
    uses = options.uses[case, resolution].astype(np.int64)
    return ChoiceTable(final.arrays.start, final.arrays.cell, offset, uses, rank, value, np.asarray(last), styles[:-1])


def _measures(
    payoffs: Payoffs, arrays: PolicyArrays, draws: DrawArrays, case: Ints, resolution: Ints, tier: int
) -> Floats:
    """Return (measures, rows) what rows come to at a tier, mean over the draws."""
    out = np.empty((len(MEASURES), len(case)))
    for first in range(0, len(case), _ROWS_AT_A_TIME):
        rows = slice(first, first + _ROWS_AT_A_TIME)
        count = len(case[rows])
        # of rows of one case the kernel takes differences: each row is given as a case of its own
        alone = payoffs.take(case[rows])
        choice = np.repeat(resolution[rows, None], arrays.style.shape[1], axis=1)
        row = np.arange(count)
        assignments = Assignments(row, np.full(count, tier), choice, row)
        own = arrays._replace(suspected=arrays.suspected[case[rows]])
        out[:, rows] = score(alone, own, assignments, count, draws).mean(axis=2).T
    return out
