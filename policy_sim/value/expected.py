"""Expected payoffs: what each tier's choices come to in the mean over the draws, so that limits are searched fast.

In: a policy (for its tiers and guards), payoffs, the load under which the second line is met. Out: `Expected`, tables
to look up what a case comes to. Left to others: where limits should stand (`best_limits`), how sure it is (`evaluate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import LIMITS
from policy_sim.policy import Lever, Policy
from policy_sim.value.curves import lever_states
from policy_sim.value.evaluation import Handling
from policy_sim.value.kernels import STYLES, Numbers, States, may_be_chosen
from policy_sim.value.payoffs import Payoffs, expect, in_blocks
from policy_sim.value.second_line import numbers_under, supervisor_minutes

__all__ = ["QUANTITIES", "Expected", "load_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: What is looked up of a case, in the order of every array with a quantity axis: money, money, minutes, money.
QUANTITIES = ("net_value", "remedy_cost", "supervisor_minutes", "learned_claiming")


@dataclass(frozen=True)
class Expected:
    """What every adequate resolution comes to at every tier of a policy, mean over the draws.

    Attributes
    ----------
    payoffs
        The valued cases.
    tables
        For each tier of the policy (N, A, styles, quantities), times the share of each style; the last tier's stands in
        `last`.
    choosable
        For each tier (N, A) whether an agent of any style may ever choose it; the rest of the tables is empty.
    last
        (N, quantities) what becomes of a case at the last tier.
    """

    payoffs: Payoffs
    tables: tuple[Floats, ...]
    choosable: tuple[NDArray[np.bool_], ...]
    last: Floats

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
            Supervisor minutes (draws,) a case that the second line has to do; no wait for it where not given.
        moved
            Limits that may move.
        """
        numbers = payoffs.numbers if load is None else numbers_under(payoffs, load)
        tiers = [payoffs.scenario.tiers.index(name) for name in policy.tier_names]
        final = Handling.of(policy, payoffs, lowest=len(tiers) - 1)
        counted = np.array(
            [
                name in moved or bool((final.limits[:-1, :, d] < final.limits[-1, 0, d]).any())
                for d, name in enumerate(LIMITS)
            ]
        )
        tables, choosable = [], []
        for tier in tiers[:-1]:
            chosen = _choosable(payoffs, tier, counted)
            case, resolution = np.nonzero(chosen)
            table = np.zeros((*chosen.shape, len(STYLES), len(QUANTITIES)))
            table[case, resolution] = _rows(payoffs, case, resolution, tier, final, numbers)
            tables.append(table)
            choosable.append(chosen)
        everybody = np.arange(len(payoffs.cases))
        last = np.zeros((len(everybody), len(QUANTITIES)))
        for s in range(len(STYLES)):
            last += _rows(payoffs, everybody, final.choice[:, s], tiers[-1], final, numbers)[:, s]
        return cls(payoffs, tuple(tables), tuple(choosable), last)

    @staticmethod
    def of_choices(policy: Policy, payoffs: Payoffs, load: Floats) -> Floats:
        """Return (N, quantities) what each case comes to under a policy and a load, without any tables."""
        handling = Handling.of(policy, payoffs)
        numbers = numbers_under(payoffs, load)
        everybody = np.arange(len(payoffs.cases))
        total = np.zeros((len(everybody), len(QUANTITIES)))
        for s in range(len(STYLES)):
            at = handling.tiers[handling.tier]
            rows = expect(payoffs, everybody, handling.choice[:, s], at, handling.suspected, handling.claimed, numbers)
            total += rows[:, s]
        return total

    def take(self, rows: Ints) -> Expected:
        """Return the tables of some of the cases."""
        tables = tuple(table[rows] for table in self.tables)
        choosable = tuple(each[rows] for each in self.choosable)
        return Expected(self.payoffs.take(rows), tables, choosable, self.last[rows])

    def of_states(self, policy: Policy, states: States) -> Floats:
        """Return (states, quantities) what each state comes to."""
        tiers = [self.payoffs.scenario.tiers.index(name) for name in policy.tier_names]
        found = self.last[states.case]
        for k, table in enumerate(self.tables):
            here = np.flatnonzero(states.tier == tiers[k])
            for s in range(len(STYLES)):
                part = table[states.case[here], states.choice[here, s], s]
                found[here] = part if s == 0 else found[here] + part
        return found

    def of_policy(self, policy: Policy) -> Floats:
        """Return (N, quantities) what each case comes to under a policy with the same tiers and guards."""
        handling = Handling.of(policy, self.payoffs)
        everybody = np.arange(len(self.payoffs.cases))
        return self.of_states(policy, States(everybody, handling.tiers[handling.tier], handling.choice, everybody))

    def along(self, policy: Policy, lever: Lever) -> tuple[Ints, Floats]:
        """Return the steps of a lever (cents from which each holds) and totals over the cases (steps, quantities)."""
        k = policy.tier_names.index(lever.tier)
        above = Handling.of(policy, self.payoffs, lowest=k + 1)
        states, cents = lever_states(policy, self.payoffs, lever, above)
        values = self.of_states(policy, states)
        change = values.copy()
        follows = np.flatnonzero(states.case[1:] == states.case[:-1]) + 1
        change[follows] -= values[follows - 1]
        totals = [np.bincount(states.place, weights=column, minlength=len(cents)) for column in change.T]
        return cents, np.cumsum(np.array(totals).T, axis=0)

    def oracle(self) -> float:
        """Return the total net value where each case gets the best of what anybody may choose, at whichever tier."""
        best = self.last[:, 0]
        for table, choosable in zip(self.tables, self.choosable, strict=True):
            # each style's share of a table adds up to the whole, whatever a style would choose
            best = np.maximum(best, np.where(choosable, table[..., 0].sum(axis=-1), -np.inf).max(axis=1))
        return float(best.sum())


def _choosable(payoffs: Payoffs, tier: int, counted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    chosen = np.zeros(payoffs.options.adequate.shape, dtype=np.bool_)

    def work(first: int, last: int) -> None:
        may_be_chosen(tier, counted, payoffs.options, first, last, chosen)

    in_blocks(work, len(chosen), 2_000)
    return chosen


def load_of(policy: Policy, payoffs: Payoffs) -> Floats:
    """Return the supervisor minutes (padded draws,) that a policy takes, mean over the cases."""
    handling = Handling.of(policy, payoffs)
    everybody = np.arange(len(payoffs.cases))
    states = States(everybody, handling.tiers[handling.tier], handling.choice, np.zeros_like(everybody))
    return np.asarray(supervisor_minutes(payoffs, states, 1)[0] / len(everybody), dtype=np.float64)


def _rows(payoffs: Payoffs, case: Ints, resolution: Ints, tier: int, handling: Handling, numbers: Numbers) -> Floats:
    at = np.full(len(case), tier)
    return expect(payoffs, case, resolution, at, handling.suspected, handling.claimed, numbers)
