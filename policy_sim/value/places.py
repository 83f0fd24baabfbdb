"""Places: what happens to every case where the sliders of several limits can stand, all at once.

In: a policy, payoffs, limits and amounts of each. Out: `Places`, the stages that cases go through there, and how long
escalations wait. Left to others: what that comes to, in the mean (`mean_curves`) or under every draw (`curves`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import Lever, Policy
from policy_sim.value.choice_kernels import PolicyArrays, stages_at
from policy_sim.value.handling import policy_arrays_of
from policy_sim.value.payoffs import Payoffs, in_blocks
from policy_sim.value.response_kernels import Assignments
from policy_sim.words import LIMITS

__all__ = ["Places", "cells_moved"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CASES_IN_A_BLOCK = 2_500


@dataclass(frozen=True)
class Places:
    """Amounts of several limits, each limit moved alone, all else as in the policy.

    Attributes
    ----------
    policy, payoffs
        All else is as in this policy.
    levers
        Limits of any tier but the last; those of a tier stand together.
    cents
        For each, (places,) amounts in cents, rising, the first -1: ask first.
    """

    policy: Policy
    payoffs: Payoffs
    levers: tuple[Lever, ...]
    cents: tuple[Ints, ...]

    @classmethod
    def of(cls, policy: Policy, payoffs: Payoffs, cents: Mapping[Lever, Ints]) -> Places:
        """Put the limits of a tier together.

        Raises
        ------
        InputError
            If the policy or a lever names something that the scenario does not know.
        """
        for lever in cents:
            policy.check_lever(lever)
            payoffs.scenario.check_cell(lever.failure, lever.segment)
        levers = sorted(cents, key=lambda lever: policy.tier_names.index(lever.tier))
        return cls(policy, payoffs, tuple(levers), tuple(cents[lever] for lever in levers))

    @cached_property
    def offset(self) -> Ints:
        """Where the places of each limit begin (levers + 1,) among those of all."""
        return np.concatenate([[0], np.cumsum([len(of_lever) for of_lever in self.cents])])

    @property
    def parts(self) -> list[slice]:
        """Where the places of each limit stand among those of all."""
        return [slice(int(first), int(last)) for first, last in zip(self.offset[:-1], self.offset[1:], strict=True)]

    @cached_property
    def arrays(self) -> PolicyArrays:
        """What the policy says of each case."""
        return policy_arrays_of(self.policy, self.payoffs)

    def stages(self, cases: Ints | None = None) -> list[Assignments]:
        """Return the stages of cases, all where not given, that some limit changes or that wait, by blocks of cases.

        Places are those of all limits. Of a case the limits come from the last to the first.
        """
        policy, payoffs, arrays = self.policy, self.payoffs, self.arrays
        levers = np.array([[policy.tier_names.index(lever.tier), LIMITS.index(lever.limit)] for lever in self.levers])
        in_force = np.stack([cells_moved(policy, payoffs, lever) for lever in self.levers])
        held = payoffs.menu.in_line[payoffs.cases.failure]
        rows = np.arange(len(payoffs.cases)) if cases is None else cases
        cents, offset, sets = np.concatenate(self.cents), self.offset, payoffs.choice_sets
        found: dict[int, Assignments] = {}

        def work(first: int, last: int) -> None:
            stages = stages_at(levers, in_force, cents, offset, held, rows, arrays, sets, first, last)
            # what is cut off stays in memory otherwise
            case, tier, choice, place = (column.copy() for column in stages)
            found[first] = Assignments(case, arrays.tiers[tier], choice, place)

        in_blocks(work, len(rows), _CASES_IN_A_BLOCK)
        return [found[first] for first in sorted(found)]

    def touched_since(self, before: Places) -> Ints:
        """Return the cases that may be handled otherwise than under a policy that differs from this one in limits only.

        Those of which a resolution uses more than the lower of a limit's two values, and no more than the higher one.
        """
        sets, now, then = self.payoffs.choice_sets, self.arrays, before.arrays
        touched = np.zeros(len(now.cell), dtype=np.bool_)
        for k, d in zip(*np.nonzero((now.limits != then.limits).any(axis=1)), strict=True):
            ends = np.sort(np.stack([now.limits[k, :, d], then.limits[k, :, d]]), axis=0)[:, now.cell, None]
            uses = sets.uses[..., d]
            touched |= ((uses > ends[0]) & (uses <= ends[1]) & sets.adequate).any(axis=1)
        return np.flatnonzero(touched)

    def differs_in_limits_alone(self, other: Places) -> bool:
        """Tell whether nothing but limits of the policy differs."""
        mine, its = self.policy, other.policy
        return (
            self.payoffs is other.payoffs
            and self.levers == other.levers
            and all(np.array_equal(one, two) for one, two in zip(self.cents, other.cents, strict=True))
            and mine.tier_names == its.tier_names
            and (mine.guards, mine.exceptions) == (its.guards, its.exceptions)
            and mine.playbook == its.playbook
        )


def cells_moved(policy: Policy, payoffs: Payoffs, lever: Lever) -> NDArray[np.bool_]:
    """Return (cells,) whether a lever is the limit that counts there: no exception has a say of its own."""
    return np.array([policy.is_moved(lever, *cell) for cell in payoffs.scenario.cells])
