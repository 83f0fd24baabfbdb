"""Handling: who decides each case under a policy, and what agents of each style choose.

In: a policy and payoffs. Out: `Handling`; what a policy says of each case as arrays.
Left to others: what the choices come to (`scoring`, `evaluation`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import NO_LIMIT_CENTS, Ladder, Policy
from policy_sim.service import caught_share
from policy_sim.value.choice_kernels import PolicyArrays, choose
from policy_sim.value.following import book_of, style_under
from policy_sim.value.payoffs import Payoffs, in_blocks
from policy_sim.value.response_kernels import Assignments
from policy_sim.words import GUARDS, LIMITS

__all__ = ["Handling", "cells_of", "limits_in_cents", "policy_arrays_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Facts at which a guard looks because a customer may be lying.
_SUSPICIOUS = tuple(fact.name for fact in GUARDS.values() if fact.hints_at_abuse)


@dataclass(frozen=True)
class Handling:
    """Who decides each case and what they choose.

    Attributes
    ----------
    arrays
        What the policy says of each case.
    tier
        (N,) tier of the policy that decides.
    choice
        (N, styles) resolution that agents of each style choose; with a playbook there are twice as many styles.
    """

    arrays: PolicyArrays
    tier: Ints
    choice: Ints

    @classmethod
    def of(cls, policy: Policy, payoffs: Payoffs, lowest: int = 0) -> Handling:
        """Work out who decides each case and what is chosen; tiers below `lowest` are passed over."""
        arrays = policy_arrays_of(policy, payoffs)
        raised = arrays._replace(start=np.maximum(arrays.start, lowest))
        tier = np.empty(len(payoffs.cases), dtype=np.int64)
        choice = np.empty((len(tier), arrays.style.shape[1]), dtype=np.int64)

        def work(first: int, last: int) -> None:
            choose(raised, payoffs.choice_sets, first, last, tier, choice)

        in_blocks(work, len(tier))
        return cls(arrays, tier, choice)

    def assignments(self, place: Ints) -> Assignments:
        """Return one assignment for each case, to be added up at a place (N,)."""
        return Assignments(np.arange(len(place)), self.arrays.tiers[self.tier], self.choice, place)


def policy_arrays_of(policy: Policy, payoffs: Payoffs) -> PolicyArrays:
    """Work out what a policy says of each case.

    Raises
    ------
    InputError
        If the policy names something that the scenario does not know.
    """
    scenario, cases = payoffs.scenario, payoffs.cases
    policy.check_names(scenario, f"policy {policy.name}")
    tiers = np.array([scenario.tiers.index(name) for name in policy.tier_names])
    start = Ladder(policy).start_positions(cases.columns, len(cases))
    suspected = np.zeros(len(cases), dtype=np.bool_)
    for guard in policy.guards:
        if guard.fact in _SUSPICIOUS:
            suspected |= cases.columns[guard.fact] >= guard.at_least
    limits, claimed = limits_in_cents(policy, payoffs), _claimed(policy, payoffs)
    book, style = book_of(policy.playbook, payoffs), style_under(policy.playbook, payoffs)
    return PolicyArrays(start, cells_of(payoffs), limits, tiers, suspected, claimed, book, style)


def limits_in_cents(policy: Policy, payoffs: Payoffs) -> Ints:
    """Return the limits in force: (tiers of the policy, cells, L); none for cells that no case is in."""
    cells = payoffs.scenario.cells
    there = np.flatnonzero(np.bincount(cells_of(payoffs)))
    # where there are no exceptions, one cell stands for all
    looked_up = there if policy.exceptions else there[:1]
    ladder = Ladder(policy)
    limits = np.full((len(policy.tiers), len(cells), len(LIMITS)), NO_LIMIT_CENTS)
    limits[:, there] = np.stack([ladder.limits_in_cents(*cells[cell]) for cell in looked_up], axis=1)
    return limits


def cells_of(payoffs: Payoffs) -> Ints:
    """Return the cell (N,) of each case: failure and segment."""
    return np.asarray(payoffs.cases.failure * len(payoffs.scenario.segments) + payoffs.cases.segment)


def _claimed(policy: Policy, payoffs: Payoffs) -> Floats:
    """Return the share (padded draws,) of learned claiming that the guards of a policy let through."""
    at_least = {
        fact: min((guard.at_least for guard in policy.guards if guard.fact == fact), default=np.inf)
        for fact in _SUSPICIOUS
    }
    draws = payoffs.draws
    caught = caught_share(
        suspicion_at_least=at_least["suspicion"],
        claims_at_least=at_least["prior_claims"],
        visible_share=draws["claiming.visible_share"],
        repeat_share=draws["claiming.repeat_share"],
    )
    through = 1 - caught * draws["claiming.refused_share"]
    return np.pad(through, (0, payoffs.style.shape[-1] - len(draws)), mode="edge")
