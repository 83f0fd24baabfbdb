"""Recent orders: those orders of a log that stand for a year to come, newcomers' first orders included.

In: transactions, for a log without newcomers also the share of first orders. Out: `RecentOrders`, which orders and how
often each counts. Left to others: what the customers are worth right after them (`future_value`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.clv.discounting import PUBLISHED_WEEKS_PER_YEAR
from policy_sim.orders.dates import DAYS_PER_WEEK, weeks_of
from policy_sim.orders.sorting import begins_run
from policy_sim.orders.transactions import Transactions

__all__ = ["RecentOrders", "recent_orders"]

Vector = NDArray[np.float64]
Places = NDArray[np.intp]

_YEAR = np.timedelta64(PUBLISHED_WEEKS_PER_YEAR * DAYS_PER_WEEK, "D")


@dataclass(frozen=True, eq=False)
class RecentOrders:
    """Orders with money in them that stand for a year to come; arrays are (n_orders,).

    Attributes
    ----------
    place
        Places among the log's orders, rising: sorted by customer and date.
    is_first
        Whether it is the first order of its customer in the log.
    weight
        How often the order counts; 1 but where the share of first orders was given. They sum to the number of orders.
    after
        The orders are later than this day; None where they are all orders of the log.
    first_order_share
        Share of first orders among these orders, as they stand in the log.
    weeks_without_newcomers
        Weeks up to the log's last day in which nobody placed a first order, where these are all that is recent
        (52, or half of a log shorter than two years): a closed cohort. 0 for a log with newcomers.
    """

    place: Places
    is_first: NDArray[np.bool_]
    weight: Vector
    after: np.datetime64 | None
    first_order_share: float
    weeks_without_newcomers: float

    @property
    def is_closed_cohort(self) -> bool:
        """Whether the log holds customers of one time only, so that its recent orders have no newcomers."""
        return self.after is None

    @property
    def share_in_use(self) -> float:
        """Share of first orders by the weights."""
        return float(self.weight[self.is_first].sum() / self.weight.sum())

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each order: place, is_first, weight."""
        return pd.DataFrame({"place": self.place, "is_first": self.is_first, "weight": self.weight})

    def to_dict(self) -> dict[str, object]:
        """Return how many orders count, those after which day (None: all), and the share of first orders in use."""
        return {
            "orders": len(self.place),
            "after": None if self.after is None else str(self.after),
            "first_order_share": self.share_in_use,
        }

    def draw(self, count: int, rng: np.random.Generator) -> Places:
        """Draw orders in proportion to their weights, in random order; spread evenly over customers and time.

        Parameters
        ----------
        count
            How many, 1 or more; an order is drawn again only after all others were, where weights are alike.
        rng
            Random numbers.

        Returns
        -------
        (count,) positions in `place`.

        Notes
        -----
        Systematic sampling: one random start, then equal steps along the summed weights, first orders before all
        others. Each order is drawn as often as its weight says, give or take one, and so are the first ones together:
        shares and means are hardly a matter of luck.
        """
        order = np.argsort(~self.is_first, kind="stable")
        upto = np.cumsum(self.weight[order])
        at = (np.arange(count) + rng.random()) * (upto[-1] / count)
        drawn = order[np.minimum(np.searchsorted(upto, at, side="right"), len(upto) - 1)]
        return np.asarray(rng.permutation(drawn), dtype=np.intp)


def recent_orders(transactions: Transactions, first_order_share: float | None = None) -> RecentOrders:
    """Return the orders of a log that stand for a year to come.

    Where new customers keep coming, these are the orders of the last 52 weeks (of the last half of a log shorter than
    two years, since in a log's first weeks nobody can tell a newcomer from an old customer). Where nobody new came in
    that time, the log is a closed cohort, and its last orders are those of customers who grow ever older. A shop that
    such customers enter at an even rate looks at any moment as one cohort does over its life, so all orders count.

    Parameters
    ----------
    transactions
        The log.
    first_order_share
        For a closed cohort: share (0 or more and below 1) of first orders that a year to come will have; None: as all
        orders of the log have it. A log with newcomers says it itself.

    Raises
    ------
    InputError
        If no order has a positive amount, or the share is out of range.
    """
    if first_order_share is not None and not 0 <= first_order_share < 1:
        raise InputError(f"first_order_share is {first_order_share:g}; it must be 0 or more and below 1")
    end, begin = transactions.date.max(), transactions.date.min()
    after = end - min(_YEAR, (end - begin) // 2)
    is_first = begins_run(transactions.customer)
    has_newcomers = bool((is_first & (transactions.date > after)).any())
    counts = transactions.amount > 0
    if has_newcomers:
        counts &= transactions.date > after
    place = np.flatnonzero(counts)
    if not place.size:
        raise InputError("no order of the log has a positive amount; cases need orders with a price (--amount-column)")
    is_first = is_first[place]
    own_share = float(is_first.mean())
    weight = np.ones(place.size)
    if not has_newcomers and first_order_share is not None and 0 < own_share < 1:
        weight = np.where(is_first, first_order_share / own_share, (1 - first_order_share) / (1 - own_share))
    return RecentOrders(
        place=place,
        is_first=is_first,
        weight=weight,
        after=after if has_newcomers else None,
        first_order_share=own_share,
        weeks_without_newcomers=0.0 if has_newcomers else float(weeks_of(end - after)),
    )
