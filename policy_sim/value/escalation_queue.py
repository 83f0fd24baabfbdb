"""Escalation queue: what the load that a policy puts on supervisors does to whoever is passed on to them.

In: the assignments that cases are in under a policy. Out: supervisor minutes, how long they make people wait, and the
numbers for the kernels with that wait in them. Left to others: the queue itself (`service.queue`), sums over cases.

Who is passed on waits for a free supervisor, and may give up; how long depends on how many others are passed on, so on
the policy. Choices do not: agents go by the turnaround that the scenario gives. So the load is known before any payoff.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from policy_sim.service import Waiting, waiting
from policy_sim.value.curve_kernels import read_between, weigh_nodes
from policy_sim.value.payoffs import Payoffs
from policy_sim.value.response_kernels import PER_TIER, SHARED, STAFF, Assignments, DrawArrays

__all__ = [
    "NEAR_ENOUGH",
    "WaitNodes",
    "escalation_queue",
    "hours_waited_along",
    "is_waiting",
    "masked",
    "supervisor_minutes",
    "with_load",
    "with_wait",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_LOADS, _FEWEST_LOADS = 256, 9
_MOST_NODES = 8  # of the polynomial in the hours waited
_FADING_HOURS = 24  # of waiting, within which an hour more counts for less and less
#: How far what waiting does may be off at the worst, as a rule: money a case.
NEAR_ENOUGH = 1e-7
_STEEPEST = 5.0  # money a case by which the logarithm of the hours waited moves a case that waits, if it is dear
_MINUTES = STAFF.index("supervisor_minutes")
_LOST, _QUEUE_HOURS = PER_TIER.index("lost_contact_share"), SHARED.index("queue_hours")


def supervisor_minutes(payoffs: Payoffs, style: Floats, assignments: Assignments, places: int) -> Floats:
    """Return (places, padded draws) supervisor minutes of assignments, or their changes, added up by place.

    `style` (K, styles, padded draws) are the shares of who chooses how.

    As `response_kernels.score_assignments` has it, without a queue.
    """
    facts, numbers = payoffs.case_arrays, payoffs.draw_arrays
    resolution_count, tier_count = numbers.staff.shape[1:3]
    failure = facts.failure[assignments.case]
    asks = ~numbers.proactive[failure[:, None], assignments.choice]
    reached = np.where(asks, payoffs.cases.surfaces[assignments.case][:, None], 1.0)
    kind = (failure[:, None] * resolution_count + assignments.choice) * tier_count + assignments.tier[:, None]
    follows = _follows(assignments)
    changes = ~follows[:, None] | (kind != np.roll(kind, 1, axis=0))
    minutes = numbers.staff[:, :, :, _MINUTES]
    total = np.zeros((places, minutes.shape[-1]))
    for s in range(style.shape[1]):
        now = np.flatnonzero(changes[:, s])
        before = now[follows[now]] - 1
        row = assignments.place[np.concatenate([now, before + 1])]
        column = kind[np.concatenate([now, before]), s]
        weight = np.concatenate([reached[now, s], -reached[before, s]])
        shared = (minutes * style[:, s]).reshape(-1, minutes.shape[-1])
        total += sparse.coo_array((weight, (row, column)), shape=(places, len(shared))).tocsr() @ shared
    return total


def _follows(assignments: Assignments) -> Bools:
    """Return (assignments,) whether each is a further stage of the one before."""
    case, place = assignments.case, assignments.place
    return np.append(False, (case[1:] == case[:-1]) & (place[1:] >= place[:-1]))


def escalation_queue(payoffs: Payoffs, minutes: Floats) -> Waiting:
    """Return the queue (..., draws) of a policy whose cases take so many supervisor minutes, mean over all cases."""
    scenario = payoffs.scenario
    draws = payoffs.draws
    handling_minutes = np.maximum(draws[f"{scenario.tiers[1]}.minutes"], 1e-3)
    asked_per_year = minutes[..., : len(draws)] / handling_minutes * draws["shop.cases_per_year"]
    return waiting(
        np.maximum(np.rint(draws["queue.staff"]), 1.0),
        np.maximum(asked_per_year, 0.0) / draws["queue.hours_per_year"],
        handling_minutes / 60,
        draws["queue.patience_hours"],
    )


def with_load(payoffs: Payoffs, minutes: Floats) -> DrawArrays:
    """Return the payoffs' numbers with the wait in them that so many supervisor minutes (draws,) a case make."""
    return with_wait(payoffs, escalation_queue(payoffs, minutes).mean_wait_hours)


def with_wait(payoffs: Payoffs, wait_hours: Floats) -> DrawArrays:
    """Return the payoffs' draw arrays if escalations wait so long (draws,); some customers give up meanwhile.

    Patience ends at random, so that the share who give up is the mean wait over the mean patience (Little's law).
    """
    numbers = payoffs.draw_arrays
    missing = numbers.shared.shape[1] - len(payoffs.draws)
    patience = payoffs.draws["queue.patience_hours"]
    wait, abandoned = (np.pad(values, (0, missing), mode="edge") for values in (wait_hours, wait_hours / patience))
    tiers = numbers.tiers.copy()
    tiers[1:, _LOST] = 1 - (1 - tiers[1:, _LOST]) * (1 - abandoned)
    shared = numbers.shared.copy()
    shared[_QUEUE_HOURS] = wait
    return numbers._replace(tiers=tiers, shared=shared)


def hours_waited_along(payoffs: Payoffs, minutes: Floats) -> Floats:
    """Return hours waited (steps, draws) for supervisor minutes (steps, padded draws) a case.

    The queue is worked out at some loads of each draw, no further apart than a 256th of the highest, and read between
    them by cubics through the four nearest: off by less than 1e-7 of an hour as a rule, by less than 1e-4 where the
    load goes from nothing to far more than can be served.
    """
    minutes = minutes[:, : len(payoffs.draws)]
    low, high = minutes.min(axis=0), minutes.max(axis=0)
    span = float(((high - low) / np.maximum(high, 1e-15)).max())
    count = max(_FEWEST_LOADS, int(np.ceil(_LOADS * span)) + 1)
    width = np.maximum((high - low) / (count - 1), 1e-15)
    hours = escalation_queue(payoffs, low + width * np.arange(count)[:, None]).mean_wait_hours
    return read_between(hours, (minutes - low) / width)


def is_waiting(payoffs: Payoffs, assignments: Assignments) -> Bools:
    """Return (assignments, styles) whether what is chosen waits in the escalation queue."""
    failure = payoffs.case_arrays.failure[assignments.case]
    return np.asarray(payoffs.menu.in_line[failure[:, None], assignments.choice] | (assignments.tier > 0)[:, None])


def masked(assignments: Assignments, chosen: Bools) -> Assignments:
    """Return assignments with some of their choices (assignments, styles) only; those without any are left out."""
    choice = np.where(chosen, assignments.choice, -1)
    is_empty = np.asarray((choice < 0).all(axis=1))
    follows_empty = ~_follows(assignments) | np.append(True, is_empty[:-1])
    counts = ~(is_empty & follows_empty)
    return Assignments(*(column[counts] for column in assignments._replace(choice=choice)))


@dataclass(frozen=True)
class WaitNodes:
    """Waits from which what waiting does can be read, for all waits between two.

    It is smooth in the hours waited (and so is who gives up: a share in proportion to them), so a polynomial through
    Chebyshev's nodes has it; as many nodes as it takes.

    Attributes
    ----------
    low, high
        (draws,) hours.
    places
        (nodes,) of the nodes, -1 at the low end, 1 at the high one.
    """

    low: Floats
    high: Floats
    places: Floats

    @classmethod
    def between(cls, low: Floats, high: Floats, share: float = 1.0, near_enough: float = NEAR_ENOUGH) -> WaitNodes:
        """Return as many nodes as the widest span of the waits takes, where a share of the cases wait.

        `near_enough` (money a case) is how far the polynomial may be off at the worst.
        """
        count, ratio = 1, float((high - low).max()) / 2 / _FADING_HOURS
        while count < _MOST_NODES and share * _STEEPEST * ratio**count / (count * 2 ** (count - 1)) > near_enough:
            count += 1
        return cls(low, high, np.cos((2 * np.arange(count) + 1) / (2 * count) * np.pi))

    @property
    def hours(self) -> Floats:
        """Waits of the nodes (nodes, draws) in hours."""
        return (self.low + self.high) / 2 + (self.high - self.low) / 2 * self.places[:, None]

    def weights(self, wait: Floats, draws: slice = slice(None)) -> Floats:
        """Return what to weigh the nodes with (nodes, steps, draws) to have what happens at waits (steps, draws).

        Of all draws, or of a part of them.
        """
        low, high = self.low[draws], self.high[draws]
        middle, half = (low + high) / 2, np.maximum((high - low) / 2, 1e-12)
        return weigh_nodes((wait[:, draws] - middle) / half, self.places)
