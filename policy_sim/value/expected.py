"""Expected payoffs: what each tier's choices come to in the mean over the draws, so that limits are searched fast.

In: a policy (for its tiers and guards), payoffs, the load on the escalation queue. Out: `Expected`, tables
to look up what a case comes to. Left to others: where limits should stand (`best_limits`), how sure it is (`evaluate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import Lever, Policy
from policy_sim.value.choice_kernels import PolicyArrays, add_expected_along, may_be_chosen
from policy_sim.value.escalation_queue import supervisor_minutes, with_load
from policy_sim.value.handling import Handling, policy_arrays_of
from policy_sim.value.payoffs import Payoffs, expect, in_blocks
from policy_sim.value.places import cells_moved
from policy_sim.value.response_kernels import EXPECTED, DrawArrays
from policy_sim.words import LIMITS

__all__ = ["QUANTITIES", "Expected", "choosable", "load_of", "own_value"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: What is looked up of a case, in the order of every array with a quantity axis: money, money, minutes, money.
QUANTITIES = EXPECTED


@dataclass(frozen=True)
class Expected:
    """What every adequate resolution comes to at every tier of a policy, mean over the draws.

    Attributes
    ----------
    payoffs
        The valued cases.
    table
        (tiers of the policy but the last, N, A, styles, quantities), times the share of each style.
    choosable
        (tiers of the policy but the last, N, A) whether an agent of any style may ever choose it; the rest of the table
        is empty.
    last
        (N, styles, quantities) what becomes of a case at the last tier, times the share of each style.
    """

    payoffs: Payoffs
    table: Floats
    choosable: NDArray[np.bool_]
    last: Floats
    _levels: dict[int, Ints] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, policy: Policy, payoffs: Payoffs, load: Floats | None = None, moved: Sequence[str] = LIMITS
    ) -> Expected:
        """Work the tables out.

        Parameters
        ----------
        policy
            Sets tiers and guards, and which limits count: those that are not "no limit" throughout, or that may move.
        payoffs
            The valued cases.
        load
            Supervisor minutes (draws,) a case in the escalation queue; nobody waits where not given.
        moved
            Limits that may move.
        """
        tiers = [payoffs.scenario.tiers.index(name) for name in policy.tier_names]
        rules = policy_arrays_of(policy, payoffs)
        limits = rules.limits
        counted = np.array(
            [name in moved or bool((limits[:-1, :, d] < limits[-1, 0, d]).any()) for d, name in enumerate(LIMITS)]
        )
        may_be = np.stack([choosable(payoffs, tier, counted, rules.book) for tier in tiers[:-1]])
        table = np.zeros((*may_be.shape, rules.style.shape[1], len(QUANTITIES)))
        numbers = payoffs.draw_arrays if load is None else with_load(payoffs, load)
        return cls(payoffs, table, may_be, _fill(policy, payoffs, may_be, numbers, table))

    def under(self, policy: Policy, load: Floats | None) -> Expected:
        """Return the tables under another load, of the same tiers and guards: what waits for nobody is as it was."""
        payoffs = self.payoffs
        first = payoffs.scenario.tiers.index(policy.tier_names[0])
        waiting = self.choosable.copy()
        if first == 0:
            waiting[0] &= payoffs.menu.in_line[payoffs.cases.failure]
        table = self.table.copy()
        numbers = payoffs.draw_arrays if load is None else with_load(payoffs, load)
        return replace(self, table=table, last=_fill(policy, payoffs, waiting, numbers, table))

    @staticmethod
    def of_choices(policy: Policy, payoffs: Payoffs, load: Floats) -> Floats:
        """Return (N, quantities) what each case comes to under a policy and a load, without any tables."""
        handling = Handling.of(policy, payoffs)
        numbers = with_load(payoffs, load)
        assignments = handling.assignments(np.zeros(len(payoffs.cases), dtype=np.int64))
        rules, total = handling.arrays, np.zeros((len(assignments.case), len(QUANTITIES)))
        for s in range(rules.style.shape[1]):
            chosen = assignments.choice[:, s]
            rows = _rows(payoffs, assignments.case, chosen, assignments.tier, rules, numbers)
            total += rows[:, s]
        return total

    def take(self, rows: Ints) -> Expected:
        """Return the table of some of the cases."""
        # in C order, as loops are compiled anew for another one
        table, choosable = np.take(self.table, rows, axis=1), np.take(self.choosable, rows, axis=1)
        return Expected(self.payoffs.take(rows), table, choosable, self.last[rows])

    def of_policy(self, policy: Policy, lowest: int = 0) -> Floats:
        """Return (N, quantities) what each case comes to under a policy with the same tiers and guards.

        Tiers below `lowest` are passed over.
        """
        handling = Handling.of(policy, self.payoffs, lowest)
        total = np.asarray(self.last.sum(axis=1))
        for k, table in enumerate(self.table):
            here = np.flatnonzero(handling.tier == k)
            total[here] = sum(table[here, choice, s] for s, choice in enumerate(handling.choice[here].T))
        return total

    def along(self, policy: Policy, lever: Lever) -> tuple[Ints, Floats]:
        """Return the steps of a lever (cents from which each holds) and totals over the cases (steps, quantities)."""
        options, rules = self.payoffs.choice_sets, policy_arrays_of(policy, self.payoffs)
        k, limit = policy.tier_names.index(lever.tier), LIMITS.index(lever.limit)
        in_force = cells_moved(policy, self.payoffs, lever)
        if limit not in self._levels:
            drawn = options.uses[..., limit][options.adequate]
            self._levels[limit] = np.unique(np.append(drawn.astype(np.int64), -1))
        levels = self._levels[limit]
        parts: dict[int, tuple[Floats, NDArray[np.bool_]]] = {}

        def work(first: int, last: int) -> None:
            parts[first] = np.zeros((len(levels), len(QUANTITIES))), np.zeros(len(levels), dtype=np.bool_)
            table, end = self.table, self.last
            add_expected_along(k, limit, in_force, rules, options, table, end, levels, first, last, *parts[first])

        in_blocks(work, len(rules.start))
        changes, touched = (np.array(part) for part in zip(*(parts[n] for n in sorted(parts)), strict=True))
        steps = touched.any(axis=0)
        return levels[steps], np.cumsum(changes.sum(axis=0)[steps], axis=0)

    def oracle(self) -> float:
        """Return the total net value where each case gets the best of what anybody may choose, at whichever tier."""
        best = self.last[..., 0].sum(axis=1)
        for table, choosable in zip(self.table, self.choosable, strict=True):
            # each style's share of a table adds up to the whole, whatever a style would choose
            best = np.maximum(best, np.where(choosable, table[..., 0].sum(axis=-1), -np.inf).max(axis=1))
        return float(best.sum())


def choosable(payoffs: Payoffs, tier: int, counted: NDArray[np.bool_], book: Ints) -> NDArray[np.bool_]:
    """Return (N, A) whether an agent of any style at a tier may ever choose a resolution, or the playbook says it."""
    chosen = np.zeros(payoffs.choice_sets.adequate.shape, dtype=np.bool_)

    def work(first: int, last: int) -> None:
        may_be_chosen(tier, counted, payoffs.choice_sets, first, last, chosen)

    in_blocks(work, len(chosen), 2_000)
    by_the_book = np.flatnonzero(book >= 0)
    chosen[by_the_book, book[by_the_book]] = True
    return chosen


def load_of(policy: Policy, payoffs: Payoffs) -> Floats:
    """Return the supervisor minutes (padded draws,) that a policy takes, mean over the cases."""
    everywhere = np.zeros(len(payoffs.cases), dtype=np.int64)
    handling = Handling.of(policy, payoffs)
    minutes = supervisor_minutes(payoffs, handling.arrays.style, handling.assignments(everywhere), 1)
    return np.asarray(minutes[0] / len(everywhere), dtype=np.float64)


def _fill(policy: Policy, payoffs: Payoffs, wanted: NDArray[np.bool_], numbers: DrawArrays, table: Floats) -> Floats:
    """Fill the wanted rows (tiers but the last, N, A) of a table; return what the last tier's choices come to."""
    tiers = [payoffs.scenario.tiers.index(name) for name in policy.tier_names]
    final = Handling.of(policy, payoffs, lowest=len(tiers) - 1)
    for k, tier in enumerate(tiers[:-1]):
        case, resolution = np.nonzero(wanted[k])
        table[k, case, resolution] = _rows(payoffs, case, resolution, np.full(len(case), tier), final.arrays, numbers)
    everybody = np.arange(len(payoffs.cases))
    final_tier = np.full(len(everybody), tiers[-1])
    last = np.empty((*final.choice.shape, len(QUANTITIES)))
    for s, choice in enumerate(final.choice.T):
        last[:, s] = _rows(payoffs, everybody, choice, final_tier, final.arrays, numbers)[:, s]
    return last


def own_value(policy: Policy, payoffs: Payoffs) -> float:
    """Return the mean net value per case of a policy under the load that it puts on supervisors itself.

    What `evaluate` says of it, without anything else.
    """
    return float(Expected.of_choices(policy, payoffs, load_of(policy, payoffs))[:, 0].mean())


def _rows(payoffs: Payoffs, case: Ints, resolution: Ints, tier: Ints, rules: PolicyArrays, draws: DrawArrays) -> Floats:
    return expect(payoffs, case, resolution, tier, rules.suspected, rules.claimed, rules.style, draws)
