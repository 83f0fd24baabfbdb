"""First months: what a policy costs as it starts: cash and customers month by month against another policy.

In: a setting whose cases were drawn from a log, two policies. Out: `FirstMonths`: the difference in each month and so
far, and the month after which it is even. Left to others: following customers (`journey`), how it looks (`show`).

Remedies are paid at once; what customers who stay buy comes later. So a policy that is worth more in the long run may
cost more in its first months.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, Progress, plain_rows
from policy_sim.policy import Policy
from policy_sim.study.journey import Journey, follow_customers
from policy_sim.study.prepare import Setting, thinned

__all__ = ["CASH", "FirstMonths", "first_months"]

Floats = NDArray[np.float64]

#: What cash is made of, by the names of `journey.TRAJECTORIES`, with the sign that it counts with.
CASH = {"margin": 1, "remedy_cost": -1, "labour": -1, "learned_claiming": -1}

_CASES, _DRAWS, _CUSTOMERS = 4_000, 100, 100_000
_YEAR = 12


@dataclass(frozen=True)
class FirstMonths:
    """How far one policy is ahead of another in each month since it began, in the shop's size.

    Attributes
    ----------
    journey, baseline
        The same customers under both policies, with the same random numbers.
    scale
        By which both are multiplied to be the shop: failures of the first year under the baseline, mean over the draws,
        come to its cases a year then.
    customers
        How many were followed.
    cases
        How many of the setting's cases stand for all failures.
    """

    journey: Journey
    baseline: Journey
    scale: float
    customers: int
    cases: int

    def difference(self, trajectory: str) -> Floats:
        """Return (draws, months) how much more there is of one of `journey.TRAJECTORIES` in each month."""
        return (self.journey.monthly[trajectory] - self.baseline.monthly[trajectory]) * self.scale

    @property
    def cash(self) -> Floats:
        """Cash (draws, months) more in each month: margin less remedies, handling and learned claiming; money."""
        return self.difference("net_value")

    @property
    def cash_so_far(self) -> Floats:
        """The same added up since the start (draws, months), not discounted."""
        return np.cumsum(self.cash, axis=1)

    def even_after(self, so_far: Floats | None = None) -> Floats:
        """Return (draws,) months after which cash so far stays at 0 or above; inf where that is later than all months.

        It is 0 where cash so far is never below 0.

        Parameters
        ----------
        so_far
            (draws, months) cash so far; that of this difference where not given.
        """
        so_far = self.cash_so_far if so_far is None else so_far
        months = np.arange(1, so_far.shape[1] + 1)
        last_below = np.where(so_far < 0, months, 0).max(axis=1)
        even = np.where(last_below == 0, 0, last_below + 1)
        return np.where(last_below == so_far.shape[1], np.inf, even).astype(np.float64)

    @property
    def mean_even_after(self) -> float:
        """Months after which the mean of cash so far stays at 0 or above, as `even_after`."""
        return float(self.even_after(self.cash_so_far.mean(axis=0, keepdims=True))[0])

    def to_dict(self) -> dict[str, object]:
        """Return `to_frame` as plain data, with the month after which the mean is even (0: always, none: later)."""
        even = self.mean_even_after
        return {
            "policy": self.journey.policy.name,
            "against": self.baseline.policy.name,
            "customers_followed": self.customers,
            "cases": self.cases,
            "draws": len(self.cash),
            "even_after_months": None if np.isinf(even) else int(even),
            "chance_even": float(np.isfinite(self.even_after()).mean()),
            "months": plain_rows(self.to_frame()),
        }

    def to_frame(self, level: float = 0.9) -> pd.DataFrame:
        """Return one row per month: each part of cash, cash, cash so far and customers, with intervals over the draws.

        Columns: month; the names of `CASH` (mean, counted as they come to cash); cash, cash_so_far and customers, each
        with _low and _high.
        """
        ends = ((1 - level) / 2, (1 + level) / 2)
        columns: dict[str, NDArray[Any]] = {"month": np.arange(1, self.journey.months + 1)}
        columns |= {name: sign * self.difference(name).mean(axis=0) for name, sign in CASH.items()}
        kept = self.difference("customers")
        for name, values in (("cash", self.cash), ("cash_so_far", self.cash_so_far), ("customers", kept)):
            low, high = np.quantile(values, ends, axis=0)
            columns |= {name: values.mean(axis=0), f"{name}_low": low, f"{name}_high": high}
        return pd.DataFrame(columns)


def first_months(
    setting: Setting,
    policy: Policy,
    baseline: Policy,
    months: int = 24,
    on_progress: Progress | None = None,
    customers: int = _CUSTOMERS,
    seed: int = 0,
) -> FirstMonths:
    """Follow the shop's customers from the day on which a policy takes the place of another.

    Parameters
    ----------
    setting
        Cases drawn from a log of orders, to which a BG/NBD model was fitted; 4,000 cases and 100 draws at most count.
    policy, baseline
        The policy that begins, and the one that would go on.
    months
        2 to 120; what happens later is left out.
    on_progress
        Called as steps are done.
    customers
        How many are followed for the shop, 1 or more: their luck is not in the intervals, which hold the assumptions.
    seed
        Of the customers and of what happens to them.

    Raises
    ------
    InputError
        As `journey.follow_customers` does; if there are fewer than two months; if nothing goes wrong in a year.
    """
    if months < 2:
        raise InputError(
            f"number of months is {months}; it must be 2 or more, as a policy costs first and brings later"
        )
    payoffs = thinned(setting.payoffs, _CASES, _DRAWS)
    some = replace(setting, payoffs=payoffs)
    both = follow_customers(
        some, (policy, baseline), months, customers, seed, most_cases=_CASES, on_progress=on_progress
    )
    year = min(months, _YEAR)
    failures = float(both[1].monthly["failures"][:, :year].sum(axis=1).mean()) * _YEAR / year
    if failures <= 0:
        raise InputError(
            f"nothing goes wrong for {customers:,} customers in {year} months; follow more of them, or raise "
            "cases.failures_per_order"
        )
    scale = setting.scenario.value("shop.cases_per_year") / failures
    return FirstMonths(both[0], both[1], scale, customers, len(payoffs.cases))
