"""Repeat claims: how often customers come with another case, by what they were given at the one before.

In: what calibration looked at. Out: `RepeatClaims`: orders, cases among them, and the share with its range.
Left to others: why no assumption about claiming is learned from it (`NOT_TOLD` says it in words), what taught claims
cost (`service.claiming`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from policy_sim.border import plain_rows
from policy_sim.evidence.observed import Observed
from policy_sim.evidence.recoveries import remedy_kinds
from policy_sim.orders.sorting import begins_run

__all__ = ["NOT_TOLD", "RepeatClaims", "repeat_claims"]

#: Why the assumptions about claiming stay as they are.
NOT_TOLD = (
    "No log says which claims have no cause; those that a policy teaches come from whoever hears of it, not only from "
    "those to whom something was given; and under one policy nobody is seen who expects another. So how many claims a "
    "policy teaches stays as the scenario has it (claiming): only a policy that changed, or one that differs between "
    "regions, could tell it."
)
#: How much of the loss was made good at the case before: up to where each part goes.
_PARTS = {"less than half": 0.5, "half or more": 1.0, "all of it or more": np.inf}
_ENDS = (0.05, 0.95)
_PRIOR = 0.5  # of both outcomes (Jeffreys)
_MOST = 0.95  # of cases are opened within the days that the end of a log is left out for


@dataclass(frozen=True)
class RepeatClaims:
    """How often orders come with a case, by what was given at the customer's case before.

    Attributes
    ----------
    table
        One row each: by ("case before", "loss made good", "remedy"), group, orders, claims (those of them with a case),
        share, low and high (90 %). Orders after a case are those up to the next one with a case.
    days_left_out
        Orders of so many last days are left out: their cases may be yet to come.
    """

    table: pd.DataFrame
    days_left_out: int

    def to_frame(self) -> pd.DataFrame:
        """Return `table`."""
        return self.table

    def to_dict(self) -> dict[str, object]:
        """Return the rows of `table`, what they say, and the days left out, as plain data."""
        rows = {"repeat_claims": plain_rows(self.table), "repeat_claims_say": self.says()}
        return rows | {"repeat_claims_days_left_out": self.days_left_out}

    def says(self) -> str:
        """Return in words whether customers claim more often once they were given something, and what that tells."""
        before, after = self._group("case before", "no"), self._group("case before", "yes")
        if after["low"] > before["high"]:
            first = f"Customers who have had a case claim more often ({_words(after)} of orders) than others "
            first += f"({_words(before)}): it taught them, or it is they with whom more goes wrong."
        else:
            first = f"Customers who have had a case do not claim more often ({_words(after)} of orders) than others "
            first += f"({_words(before)})."
        least, most = (self._group("loss made good", name) for name in (next(iter(_PARTS)), list(_PARTS)[-1]))
        rises = most["low"] > least["high"]
        second = "It rises" if rises else "It does not rise, as far as can be seen,"
        second += (
            f" with what was made good: {_words(least)} after less than half the loss, {_words(most)} after all of it."
        )
        return f"{first} {second} {NOT_TOLD}"

    def _group(self, by: str, group: str) -> dict[str, float]:
        row = self.table[(self.table["by"] == by) & (self.table["group"] == group)]
        return {name: float(row[name].iloc[0]) for name in ("share", "low", "high")}


def repeat_claims(observed: Observed) -> RepeatClaims:
    """Count how often orders come with a case: before any case of their customer, and after one.

    Each order is one chance to claim, so those who buy more often are not taken for those who claim more often. If what
    is given taught customers themselves to claim, shares would rise with how much of the loss was made good.
    """
    follow = observed.follow_up
    place, customer, date = follow.place, follow.transactions.customer, follow.transactions.date
    days = (observed.log.opened.astype("datetime64[D]") - date[place]).astype("timedelta64[D]")
    known = days[~np.isnat(days)].astype(np.int64)
    left_out = int(np.quantile(known, _MOST)) if known.size else 0
    is_early = date <= date.max() - np.timedelta64(left_out, "D")
    so_far = np.append(0, np.cumsum(is_early))
    first = np.flatnonzero(begins_run(customer))
    last = np.append(first[1:], len(customer)) - 1
    buyer = customer[place]
    is_first = begins_run(buyer)
    has_next = np.append(~is_first[1:], False)
    until = np.where(has_next, np.append(place[1:], 0), last[buyer])
    claims = has_next & is_early[until]
    orders = so_far[until + 1] - so_far[place + 1]
    # before any case: up to the first order with one, or all orders of who never had one
    until_first = last.copy()
    until_first[buyer[is_first]] = place[is_first]
    before = int((so_far[until_first + 1] - so_far[first]).sum())
    rows = [_row("case before", "no", int(is_early[place[is_first]].sum()), before)]
    rows.append(_row("case before", "yes", int(claims.sum()), int(orders.sum())))
    parts = np.searchsorted(list(_PARTS.values()), observed.features.compensation, side="right")
    groups = {"loss made good": (np.array(list(_PARTS))[parts], list(_PARTS))}
    kinds = remedy_kinds(observed)
    groups["remedy"] = (kinds, sorted(set(kinds.tolist())))
    for by, (of_case, names) in groups.items():
        for name in names:
            here = of_case == name
            rows.append(_row(by, name, int(claims[here].sum()), int(orders[here].sum())))
    table = pd.DataFrame(rows, columns=["by", "group", "orders", "claims", "share", "low", "high"])
    return RepeatClaims(table, left_out)


def _row(by: str, group: str, claims: int, orders: int) -> tuple[object, ...]:
    share = claims / orders if orders else float("nan")
    low, high = (float(betaincinv(claims + _PRIOR, orders - claims + _PRIOR, end)) for end in _ENDS)
    return by, group, orders, claims, share, low, high


def _words(group: dict[str, float]) -> str:
    return f"{group['low']:.1%} to {group['high']:.1%}"
