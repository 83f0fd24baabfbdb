"""Provenance: how a policy came about, to be written into every file of it.

In: the setting that it was worked out in, its difference to another policy. Out: `Provenance`.
Left to others: the files (`publish`).
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import ExpectedEffect, ExpectedSpending, Provenance
from policy_sim.study.prepare import Setting
from policy_sim.value import Difference

__all__ = ["provenance_of"]


def provenance_of(setting: Setting, difference: Difference | None = None, budget: float | None = None) -> Provenance:
    """Return scenario, data, seed and draws of a setting, and what the policy is expected to bring (money a year).

    Parameters
    ----------
    setting
        In which the policy was worked out.
    difference
        Between the policy and another one.
    budget
        Remedy cost (money a year) that was aimed at; written with what the policy comes to.
    """
    digest = hashlib.sha256()
    parts: tuple[NDArray[Any], ...]
    if setting.customers is None:
        cases = setting.payoffs.cases
        parts = (cases.failure, cases.segment, cases.item_price)
    else:
        log = setting.customers.transactions
        parts = (log.customer, log.date, log.amount)
    for part in parts:
        digest.update(part.tobytes())
    effect = None
    # of one case nobody knows how far it is off: nothing is promised
    if difference is not None and np.isfinite(difference.error()):
        per_year = difference.per_year()
        low, high = difference.interval_per_year()
        effect = ExpectedEffect(
            against=difference.baseline.policy.name,
            per_year=round(float(per_year.mean()), 2),
            low=round(low, 2),
            high=round(high, 2),
        )
    spending = None
    if difference is not None and budget is not None:
        cost = float(difference.outcome.per_year("remedy_cost").mean())
        spending = ExpectedSpending(remedy_cost=round(cost, 2), budget=round(budget, 2))
    return Provenance(
        scenario=setting.scenario.name,
        scenario_fingerprint=setting.scenario.fingerprint,
        data_fingerprint=digest.hexdigest()[:16],
        seed=setting.seed,
        case_count=len(setting.payoffs.cases),
        draw_count=len(setting.payoffs.draws),
        expected_effect=effect,
        expected_spending=spending,
    )
