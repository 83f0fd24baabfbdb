"""Drawing: some of the customers of a log at random, the same ones among its cases and among the orders.

In: ids of customers, how many cases are enough. Out: `Draw`, which tells who is in.
Left to others: what is learned from their cases (`calibration`).

A customer is in with all cases and orders, or not at all; it goes by a hash of the id, so that nobody depends on how a
log is sorted. Customers without a case are drawn like those with one, as how people buy is learned from all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, check_at_least
from policy_sim.orders import Transactions

__all__ = ["Draw"]

_AT_ONCE = 500_000  # ids that are hashed


@dataclass(frozen=True)
class Draw:
    """Customers who are in: those whose hash is at most `bound`, which hangs on `seed`.

    `cases` of `of_cases`, those of `customers` of `of_customers` with an id, came of it in the log of cases.
    """

    seed: int
    bound: int
    cases: int
    of_cases: int
    customers: int
    of_customers: int

    @classmethod
    def of(cls, ids: Sequence[str] | pd.Index, counts: NDArray[np.int64], most: int, seed: int) -> Draw:
        """Draw as many customers as have at most so many cases together.

        Parameters
        ----------
        ids, counts
            (customers,) ids, "" for nobody, and how many cases each has.
        most
            1 or more.
        seed
            0 or more.

        Raises
        ------
        InputError
            If not even one customer has so few cases.
        """
        check_at_least(1, "number of cases", most, "--most-cases")
        check_at_least(0, "seed", seed, "--seed")
        hashes = _hashes(ids, seed)
        order = np.argsort(hashes, kind="stable")
        order = order[~np.asarray(pd.Index(ids) == "", dtype=np.bool_)[order]]
        together = np.cumsum(counts[order])
        customers = int(np.searchsorted(together, most, side="right"))
        if not customers:
            raise InputError(f"no customers have as few as {most:,} cases; expected more cases (--most-cases)")
        bound = int(hashes[order[customers - 1]])
        return cls(seed, bound, int(together[customers - 1]), int(counts.sum()), customers, len(order))

    def has(self, ids: Sequence[str] | pd.Index | NDArray[np.str_]) -> NDArray[np.bool_]:
        """Return (customers,) who is in; nobody, "", never is."""
        return np.asarray((_hashes(ids, self.seed) <= self.bound) & (pd.Index(ids) != ""), dtype=np.bool_)

    def orders(self, transactions: Transactions) -> Transactions:
        """Return the orders of who is in."""
        is_in = self.has(transactions.labels)
        if is_in.all():
            return transactions
        rows = np.flatnonzero(is_in[transactions.customer])
        if not rows.size:
            raise InputError("none of the customers who were drawn has an order; expected the same ids in both logs")
        return replace(
            transactions,
            labels=transactions.labels[is_in],
            customer=(np.cumsum(is_in) - 1)[transactions.customer[rows]],
            date=transactions.date[rows],
            amount=transactions.amount[rows],
        )

    def __str__(self) -> str:
        """Return in words what was drawn."""
        return (
            f"{self.cases:,} of its {self.of_cases:,} cases: all those of {self.customers:,} of {self.of_customers:,} "
            f"customers, drawn at random (seed {self.seed})"
        )


def _hashes(ids: Sequence[str] | pd.Index | NDArray[np.str_], seed: int) -> NDArray[np.uint64]:
    key = f"{seed:016d}"[-16:]
    hashes = np.empty(len(ids), dtype=np.uint64)
    for first in range(0, len(ids), _AT_ONCE):
        part: Any = ids[first : first + _AT_ONCE]
        texts = np.array(part.tolist() if hasattr(part, "tolist") else list(part), dtype=object)
        hashes[first : first + len(texts)] = pd.util.hash_array(texts, hash_key=key, categorize=False)
    return hashes
