"""Failure values: what customers whose purchase has just failed are worth, by what is done about it.

In: what a fitted model expects of them after each recovery. Out: `FailureValues`, and what to mind in using them.
Left to others: the model (`recovery_bg_nbd`), who should get which recovery.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import plain_rows

__all__ = ["CAVEATS", "FailureValues"]

Vector = NDArray[np.float64]

CAVEATS = (
    "Where anger (which nobody recorded) decides who gets which remedy, the effects of remedies come out too small: "
    "who gets which must be random given what is recorded.",
    "Where a customer who is prone to leave is so whatever happens, those still there are the loyal ones, "
    "and all drop-out chances come out too low.",
)
"""What must be said wherever the effects of recoveries are shown."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FailureValues:
    """What customers whose purchase has just failed are worth, by recovery; arrays are (n_customers, K).

    Attributes
    ----------
    recoveries
        (K,) names of the classes of recoveries.
    survival
        Chance that the customer stays.
    dert
        Discounted expected residual transactions, from now for ever, leaving counted.
    expected_purchases
        Within the horizon, leaving counted.
    value
        (margin - cost of later recoveries per purchase) * dert - cost of this recovery, in money.
    """

    recoveries: tuple[str, ...]
    survival: Vector
    dert: Vector
    expected_purchases: Vector
    value: Vector

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each customer (by position) and recovery; `attrs["caveats"]` says what to mind."""
        count = self.value.shape[0]
        table = pd.DataFrame(
            {
                "position": np.repeat(np.arange(count), len(self.recoveries)),
                "recovery": np.tile(np.array(self.recoveries, dtype=object), count),
                "survival": self.survival.ravel(),
                "dert": self.dert.ravel(),
                "expected_purchases": self.expected_purchases.ravel(),
                "value": self.value.ravel(),
            }
        )
        table.attrs["caveats"] = CAVEATS
        return table

    def means(self) -> pd.DataFrame:
        """Return one row for each recovery, means over the customers: recovery, and the arrays under their names."""
        return self.to_frame().groupby("recovery", sort=False).mean().drop(columns="position").reset_index()

    def to_dict(self) -> dict[str, object]:
        """Return the rows of `to_frame` (values) and the caveats, as plain data."""
        return {"values": plain_rows(self.to_frame()), "caveats": list(CAVEATS)}
