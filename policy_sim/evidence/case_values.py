"""Case values: what the customers of a log of cases are worth right after the order that failed.

In: a log of cases, a log of orders, models fitted to it. Out: the log with future values, and what was left out.
Left to others: fitting the models (`clv`), what the cases are used for (`study`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from policy_sim.clv import GammaGammaFit, PurchaseFit, Transactions, histories_after, values_after
from policy_sim.evidence.case_log import CaseLog
from policy_sim.evidence.follow_up import follow_up

__all__ = ["with_future_values"]


def with_future_values(
    log: CaseLog,
    transactions: Transactions,
    purchases: PurchaseFit,
    spend: GammaGammaFit,
    rates: Mapping[str, float],
) -> tuple[CaseLog, tuple[str, ...]]:
    """Return the cases that have an order, with what their customers were worth right after it.

    The models were fitted to all orders; of each customer only what was known that day counts.

    Parameters
    ----------
    rates
        margin_share and discount_rate_per_year.

    Returns
    -------
    The cases, in the order of the log; and in words what was left out, with counts.
    """
    follow = follow_up(log, transactions)
    values = values_after(transactions, histories_after(transactions, follow.place), purchases, spend, **rates)
    order = np.argsort(follow.rows, kind="stable")
    cases = log.cases.take(follow.rows[order])
    _, buyer = np.unique(transactions.customer[follow.place][order], return_inverse=True)
    remarks = [
        f"{int(count):,} cases are left out: {why}"
        for why, count in pd.Series(follow.unmatched[follow.unmatched != ""]).value_counts().items()
    ]
    known = replace(cases, buyer=np.asarray(buyer, dtype=np.int64), new_customer_value=values.new_customer_value)
    valued = known.with_columns({"future_value": values.future_value[order]})
    return replace(log.take(follow.rows[order]), cases=valued, has_future_value=True), tuple(remarks)
