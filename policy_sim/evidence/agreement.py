"""Agreement: how often people gave what a playbook says, before there was one or since.

In: a playbook, a log of cases, valued. Out: a table, one row a rule. Left to others: whether they followed it, or would
have given the same anyway (`styles`).
"""

from __future__ import annotations

import pandas as pd

from policy_sim.evidence.case_log import UNKNOWN, CaseLog
from policy_sim.policy import Playbook
from policy_sim.value import Payoffs, book_of, rules_of

__all__ = ["agreement"]


def agreement(playbook: Playbook, payoffs: Payoffs, log: CaseLog) -> pd.DataFrame:
    """Return how often people gave what each rule says.

    Parameters
    ----------
    playbook
        The playbook.
    payoffs
        The valued cases of the log.
    log
        The log: which resolution was given.

    Returns
    -------
    pandas.DataFrame
        A row for each rule: rule (from 1), cases of the log that it is for and of which it is known what was given,
        acceptable (of these, cases in which the customer accepts what it says), given (those in which that was given),
        share (given of acceptable, 0-1; none where there are no such cases).
    """
    whose, said = rules_of(playbook, payoffs), book_of(playbook, payoffs)
    is_known = log.resolution != UNKNOWN
    rows = []
    for n in range(len(playbook.rules)):
        own = is_known & (whose == n)
        acceptable = own & (said >= 0)
        given = acceptable & (log.resolution == said)
        counts = [int(part.sum()) for part in (own, acceptable, given)]
        rows.append((n + 1, *counts, counts[2] / counts[1] if counts[1] else None))
    return pd.DataFrame(rows, columns=["rule", "cases", "acceptable", "given", "share"])
