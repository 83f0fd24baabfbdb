"""Decision change: in how many cases a year another decides, or gives something else, under one policy than another.

In: two policies and payoffs. Out: `DecisionChange`. Left to others: what that is worth (`evaluation`), which parts of a
policy changed and how that is said (`publish.changes`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.policy import Policy
from policy_sim.value.handling import Handling
from policy_sim.value.payoffs import Payoffs

__all__ = ["DecisionChange", "decision_change"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DecisionChange:
    """Cases a year that come out otherwise, each counted once; those of whom nobody hears are not counted.

    Attributes
    ----------
    lower, higher
        Cases that a lower, or a higher, tier decides than before.
    given_otherwise
        Cases that the same tier decides as before, and gives something else: means over the styles of those who
        choose, and over the draws. A case of which nobody would have heard counts where something is given before
        the customer asks.
    error
        Standard error of the total because the cases are a sample; infinite for one case.
    """

    lower: float
    higher: float
    given_otherwise: float
    error: float

    @property
    def total(self) -> float:
        """All cases a year that come out otherwise."""
        return self.lower + self.higher + self.given_otherwise

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, float | None]:
        """Return the same as plain data; the error is none for one case."""
        return asdict(self) | {"error": self.error if np.isfinite(self.error) else None, "total": self.total}


def decision_change(policy: Policy, baseline: Policy, payoffs: Payoffs) -> DecisionChange:
    """Return how many cases a year come out otherwise under a policy than under the one before.

    Every case of the payoffs is decided by both, as `evaluate` does.

    Raises
    ------
    InputError
        If a policy names something that the scenario does not know.
    """
    after, before = (Handling.of(either, payoffs) for either in (policy, baseline))
    tiers = [handling.arrays.tiers[handling.tier] for handling in (after, before)]
    # people of each style, behind them those who follow a playbook, if either policy has one
    count = max(handling.choice.shape[1] for handling in (after, before))
    chosen = [np.tile(handling.choice, count // handling.choice.shape[1]) for handling in (after, before)]
    style = max((after.arrays.style, before.arrays.style), key=lambda shares: shares.shape[1])
    shares = style.sum(axis=-1) / len(payoffs.draws)
    failure = payoffs.cases.failure[:, None]
    heard = [
        np.where(payoffs.menu.proactive[failure, choice], 1.0, payoffs.cases.surfaces[:, None]) for choice in chosen
    ]
    # whoever comes, comes under both policies
    in_both, in_one = np.minimum(*heard), np.abs(heard[0] - heard[1])
    is_moved = (tiers[0] != tiers[1])[:, None]
    of_style = shares[tiers[0]]
    moved = (of_style * in_both * is_moved).sum(axis=1)
    otherwise = (of_style * np.where(is_moved, in_one, in_both + in_one) * (chosen[0] != chosen[1])).sum(axis=1)
    yearly = payoffs.scenario.value("shop.cases_per_year")

    def a_year(per_case: Floats) -> float:
        return yearly * float(per_case.mean())

    total = moved + otherwise
    error = yearly * float(total.std(ddof=1)) / np.sqrt(len(total)) if len(total) > 1 else np.inf
    is_lower = tiers[0] < tiers[1]
    return DecisionChange(a_year(moved * is_lower), a_year(moved * ~is_lower), a_year(otherwise), float(error))
