"""Partial sums: what policies come to over a part of the cases, so that any number of parts can be added up.

In: a policy, as it is or with one limit at candidate values, and the payoffs of a part of the cases.
Out: `PartialSums`, and what their total makes. Left to others: where the parts come from, and who works on them.

Only the waiting time of escalations couples cases. A sample of cases tells roughly how long it will be; each part is
added up for a few waiting times around that, and the total is interpolated at the true one by a polynomial.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import Lever, Policy
from policy_sim.value.choice_kernels import PolicyArrays
from policy_sim.value.curves import stages_of_lever
from policy_sim.value.escalation_queue import (
    WaitNodes,
    escalation_queue,
    is_waiting,
    masked,
    supervisor_minutes,
    with_wait,
)
from policy_sim.value.evaluation import Outcome, evaluate
from policy_sim.value.following import following_costs
from policy_sim.value.handling import Handling, policy_arrays_of
from policy_sim.value.payoffs import Payoffs
from policy_sim.value.response_kernels import Assignments
from policy_sim.value.scoring import score

__all__ = ["PartialSums", "Question"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MARGIN = 0.05  # relative error that the load of a sample may have


class PartialSums(NamedTuple):
    """Sums over some cases by place: a cell, or a candidate limit (and one place for what lies beyond the last).

    Attributes
    ----------
    minutes
        (places, padded draws) of supervisors.
    at_once
        (places, measures, draws) of cases that are not escalated.
    waiting
        (nodes, places, measures, draws) of escalated cases, for each of a few waiting times.
    counts
        (cells,) number of cases.
    """

    minutes: Floats
    at_once: Floats
    waiting: Floats
    counts: Ints

    def plus(self, other: PartialSums) -> PartialSums:
        """Return the sums over the cases of both."""
        return PartialSums(
            self.minutes + other.minutes,
            self.at_once + other.at_once,
            self.waiting + other.waiting,
            self.counts + other.counts,
        )


class Question(NamedTuple):
    """What is added up: a policy as it is, or with one limit at candidate values.

    Attributes
    ----------
    policy, lever
        The policy, and the limit that varies, if any.
    cents
        (limits,) candidates in cents, rising; -1 for "ask".
    waits
        (2, draws) shortest and longest waiting time (hours) between which the true one lies.
    """

    policy: Policy
    lever: Lever | None
    cents: Ints
    waits: Floats

    @classmethod
    def about(cls, policy: Policy, sample: Payoffs, lever: Lever | None = None, cents: Ints | None = None) -> Question:
        """Return the question with bounds of the waiting time, from the load of a sample of the cases."""
        candidates = np.zeros(0, dtype=np.int64) if cents is None else cents
        question = cls(policy, lever, candidates, np.zeros((2, len(sample.draws))))
        arrays, assignments, places = question._assigned(sample)
        minutes = supervisor_minutes(sample, arrays.style, assignments, places)
        along = minutes.sum(axis=0, keepdims=True) if lever is None else np.cumsum(minutes, axis=0)
        loads = along[:, : len(sample.draws)] / len(sample.cases)
        bounds = np.stack([loads.min(axis=0) * (1 - _MARGIN), loads.max(axis=0) * (1 + _MARGIN)])
        return question._replace(waits=escalation_queue(sample, bounds).mean_wait_hours)

    def add_up(self, payoffs: Payoffs) -> PartialSums:
        """Add up over some cases what the question asks for."""
        arrays, assignments, places = self._assigned(payoffs)
        waits = is_waiting(payoffs, assignments)
        escalated = masked(assignments, waits)
        waiting = [
            score(payoffs, arrays, escalated, places, with_wait(payoffs, hours))
            for hours in WaitNodes.between(*self.waits).hours
        ]
        # where a limit varies, places are steps: what all of them have is added to the first
        everywhere = arrays.cell if self.lever is None else np.zeros_like(arrays.cell)
        costs = following_costs(self.policy.playbook, payoffs, everywhere, places)
        return PartialSums(
            minutes=supervisor_minutes(payoffs, arrays.style, assignments, places),
            at_once=costs + score(payoffs, arrays, masked(assignments, ~waits), places, payoffs.draw_arrays),
            waiting=np.stack(waiting),
            counts=np.bincount(arrays.cell, minlength=len(payoffs.scenario.cells)),
        )

    def outcome(self, total: PartialSums, sample: Payoffs) -> Outcome:
        """Return what the policy comes to by the sums over all cases; a sample gives payoffs and the cases' spread."""
        queue = escalation_queue(sample, total.minutes.sum(axis=0) / total.counts.sum())
        sums = total.at_once + self._interpolated(total.waiting, queue.mean_wait_hours[None])
        shape = (len(sample.scenario.failures), len(sample.scenario.segments))
        in_sample = evaluate(self.policy, sample)
        shrink = float(np.sqrt(len(sample.cases) / total.counts.sum()))
        groups, by_cell = (replace(sums, shrink=shrink) for sums in (in_sample.groups, in_sample.groups_by_cell))
        sums = sums.reshape(*shape, *sums.shape[1:])
        return Outcome(self.policy, sample, sums, total.counts.reshape(shape), queue, groups, by_cell)

    def means_along(self, total: PartialSums, sample: Payoffs) -> Floats:
        """Return (limits, measures, draws) means over all cases at each candidate, by the sums over all cases."""
        count = total.counts.sum()
        wait = escalation_queue(sample, np.cumsum(total.minutes, axis=0) / count).mean_wait_hours
        sums = np.cumsum(total.at_once, axis=0) + self._interpolated(np.cumsum(total.waiting, axis=1), wait)
        # the last place holds what changes beyond the last candidate
        return np.asarray(sums[:-1] / count)

    def _assigned(self, payoffs: Payoffs) -> tuple[PolicyArrays, Assignments, int]:
        """Return what the policy says, how some cases are handled, and in how many places that is added up."""
        if self.lever is None:
            handling = Handling.of(self.policy, payoffs)
            return handling.arrays, handling.assignments(handling.arrays.cell), len(payoffs.scenario.cells)
        arrays = policy_arrays_of(self.policy, payoffs)
        assignments, cents = stages_of_lever(self.policy, payoffs, self.lever, arrays)
        place = np.searchsorted(self.cents, cents, side="left")[assignments.place]
        return arrays, assignments._replace(place=place), len(self.cents) + 1

    def _interpolated(self, values: Floats, wait: Floats) -> Floats:
        """Interpolate values (nodes, places, measures, draws) at waiting times (places or 1, draws)."""
        out = np.zeros(values.shape[1:])
        for value, weight in zip(values, WaitNodes.between(*self.waits).weights(wait), strict=True):
            out += value * weight[:, None]
        return out
