"""Contracts: how often customers under contract have renewed, and whether they left.

In: a file with a row for each customer, or arrays. Out: `ContractSummary`, customers lost and active by renewals.
Left to others: the model of how long they keep renewing (`shifted_beta_geometric`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from policy_sim.border import InputError, plain_rows, read_columns

__all__ = ["ContractSummary", "checked_renewals", "read_contracts"]

Vector = NDArray[np.float64]

_IS_ACTIVE = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_MOST = 10_000  # renewals that a file may hold; beyond, it is another number


def read_contracts(path: str | Path) -> ContractSummary:
    """Read customers under contract from a CSV file, a row each: renewals so far, and whether active when last seen.

    Its columns are `renewals` (0 or more) and `active` (1 or 0, true or false, yes or no); others are ignored.

    Raises
    ------
    InputError
        If the file is missing or no table, lacks a column, holds no rows, or a cell cannot be read.
    """
    table = read_columns("file of contracts", path, ("renewals", "active"))
    renewals = pd.to_numeric(table["renewals"], errors="coerce")
    is_active = table["active"].str.lower().map(_IS_ACTIVE)
    for name, is_wrong, expected in (
        ("renewals", ~((renewals % 1 == 0) & renewals.between(0, _MOST)), f"a whole number from 0 to {_MOST:,}"),
        ("active", is_active.isna(), "1 or 0, true or false, yes or no"),
    ):
        if is_wrong.any():
            row = int(np.argmax(is_wrong))
            raise InputError(
                f"file of contracts '{path}', line {table.index[row]}: found {name} '{table[name].iloc[row]}'; "
                f"expected {expected}"
            )
    return ContractSummary.of_customers(renewals.to_numpy(), is_active.to_numpy(dtype=bool))


@dataclass(frozen=True, eq=False)
class ContractSummary:
    """Customers lost and active by how often they had renewed, whenever their contracts began.

    Attributes
    ----------
    lost
        (n_renewals + 1,) `lost[k]` is the number of customers who renewed k times and then left, at renewal k+1.
    active
        (n_renewals + 1,) `active[k]` is the number of customers who had renewed k times and were active when last seen.

    Raises
    ------
    InputError
        If the arrays are empty or differ in length, or a number is negative or not a number.
    """

    lost: Vector
    active: Vector

    def __post_init__(self) -> None:
        for name in ("lost", "active"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        if self.lost.ndim != 1 or self.lost.shape != self.active.shape or not self.lost.size:
            raise InputError(
                f"lost has shape {self.lost.shape} and active {self.active.shape}; "
                "expected one number each for 0, 1, 2, ... renewals"
            )
        for name, counts in (("lost", self.lost), ("active", self.active)):
            wrong = np.flatnonzero(~(np.isfinite(counts) & (counts >= 0)))
            if wrong.size:
                raise InputError(
                    f"{name} after {wrong[0]} renewals is {counts[wrong[0]]:g}; expected a number of customers, "
                    "0 or more"
                )

    @classmethod
    def of_survivors(cls, survivors: ArrayLike) -> ContractSummary:
        """Summarise one cohort: how many of its customers were still active after 0, 1, 2, ... renewals.

        Raises
        ------
        InputError
            If there are fewer than two numbers, one is negative or not a number, or they rise.
        """
        counts = np.asarray(survivors, dtype=np.float64)
        if counts.ndim != 1 or counts.size < 2:
            raise InputError(
                f"survivors has shape {counts.shape}; expected at least two numbers in a row: customers at the start, "
                "and after the first renewal"
            )
        rising = np.flatnonzero(np.diff(counts) > 0)
        if rising.size:
            k = rising[0]
            raise InputError(
                f"survivors rise from {counts[k]:g} to {counts[k + 1]:g} at renewal {k + 1}; expected the customers "
                "left of one cohort, which never grow; leave out customers who joined later"
            )
        wrong = np.flatnonzero(~(np.isfinite(counts) & (counts >= 0)))
        if wrong.size:
            raise InputError(
                f"survivors after {wrong[0]} renewals are {counts[wrong[0]]:g}; expected a number of customers, "
                "0 or more"
            )
        active = np.zeros(counts.size)
        active[-1] = counts[-1]
        return cls(np.append(-np.diff(counts), 0.0), active)

    @classmethod
    def of_customers(cls, renewals: ArrayLike, is_active: ArrayLike) -> ContractSummary:
        """Summarise single customers: how often each has renewed, and whether she was active when last seen.

        Raises
        ------
        InputError
            If the arrays are empty or differ in length, or a number of renewals is not a whole one from 0 on.
        """
        tenure, stays = np.asarray(renewals, dtype=np.float64), np.asarray(is_active, dtype=bool)
        if tenure.ndim != 1 or tenure.shape != stays.shape or not tenure.size:
            raise InputError(
                f"renewals has shape {tenure.shape} and is_active {stays.shape}; expected one entry each per customer"
            )
        tenure = checked_renewals(tenure)
        places = tenure.astype(np.intp)
        length = int(places.max()) + 1
        return cls(
            np.bincount(places[~stays], minlength=length).astype(np.float64),
            np.bincount(places[stays], minlength=length).astype(np.float64),
        )

    @property
    def customer_count(self) -> float:
        """Customers in all."""
        return float(self.lost.sum() + self.active.sum())

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each number of renewals: renewals, lost, active."""
        return pd.DataFrame({"renewals": np.arange(self.lost.size), "lost": self.lost, "active": self.active})

    def to_dict(self) -> dict[str, object]:
        """Return customers (how many in all) and the rows of `to_frame` (renewals), as plain data."""
        return {"customers": self.customer_count, "renewals": plain_rows(self.to_frame())}


def checked_renewals(renewals: ArrayLike) -> Vector:
    """Return numbers of renewals as an array.

    Raises
    ------
    InputError
        If one is negative or not whole.
    """
    k = np.asarray(renewals, dtype=np.float64)
    wrong = ~(np.isfinite(k) & (k >= 0) & (k == np.floor(k)))
    if wrong.any():
        raise InputError(f"renewals is {k[wrong][0]:g} for a customer; expected a whole number, 0 or more")
    return k
