"""Observed: all that calibration looks at, put together from a log of cases and a log of orders.

In: both logs, a scenario. Out: `Observed`: the cases that can be followed, their features, what became of their
customers, what agents saw besides; and the likelihood of it all. Left to others: what is learned (`calibration`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError
from policy_sim.clv import BoundaryWarning, GammaGammaFit, fit_gamma_gamma
from policy_sim.evidence.case_log import UNKNOWN, CaseLog
from policy_sim.evidence.features import Features, features_of
from policy_sim.evidence.follow_up import FollowUp, before_cases, follow_up
from policy_sim.evidence.likelihood import Likelihood
from policy_sim.evidence.posterior import Parameters
from policy_sim.orders import Transactions
from policy_sim.orders.sorting import begins_run

__all__ = ["Observed"]

Floats = NDArray[np.float64]

_FEWEST_CASES = 30
_FIRST_CONCENTRATION = 200.0
_LEVEL_UNKNOWN = 0.3  # standard error of the logarithm of the mean amount where the orders do not determine it


@dataclass(frozen=True)
class Observed:
    """The cases of a log that can be followed, and what became of their customers.

    Attributes
    ----------
    scenario
        Failures, remedies, ranges.
    log
        The cases, in the order of their customers and orders.
    follow_up, features
        Of these cases.
    spend
        Gamma-Gamma model of the amounts before any case.
    adjustments
        What agents saw besides what the response knows: columns (cases,), in standard deviations from its mean, by
        name.
    remarks
        What was left out or assumed, with counts.
    """

    scenario: Scenario
    log: CaseLog
    follow_up: FollowUp
    features: Features
    spend: GammaGammaFit
    adjustments: Mapping[str, Floats]
    remarks: tuple[str, ...]

    @classmethod
    def of(cls, log: CaseLog, transactions: Transactions, scenario: Scenario) -> Observed:
        """Follow the cases of a log.

        Raises
        ------
        InputError
            If fewer than 30 cases can be followed, or nobody has ordered twice.
        """
        known, follow, remarks = _followed(log, transactions)
        features = features_of(known, scenario)
        if features.assumed_hours.any():
            remarks.append(
                f"{int(features.assumed_hours.sum()):,} cases do not say when they were answered: as long as the tier "
                "usually takes"
            )
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", BoundaryWarning)
            spend = fit_gamma_gamma(before_cases(follow))
        remarks += [f"amounts before any case: {warning.message}" for warning in said]
        return cls(scenario, known, follow, features, spend, _adjustments(known), tuple(remarks))

    def likelihood(self, offset: Floats | None = None) -> Likelihood:
        """Return the likelihood; `offset` (cases,) is added to the logits of loss."""
        return Likelihood(
            self.features, self.follow_up, self.spend, len(self.scenario.failures), self.adjustments, offset
        )

    @cached_property
    def parameters(self) -> Parameters:
        """All that is estimated."""
        start = _buying_start(self.follow_up.transactions)
        return Parameters.of(self.scenario, tuple(self.adjustments), start, _level_error(self.spend))

    @property
    def first_day(self) -> str:
        """Of the orders."""
        return str(self.follow_up.transactions.date.min())

    @property
    def last_day(self) -> str:
        """Of the orders."""
        return str(self.follow_up.transactions.date.max())

    def about(self) -> str:
        """Return the log, how many cases and between which days, in words."""
        return f"{self.log.source} (n={len(self.log):,}, {self.first_day} to {self.last_day})"

    def to_dict(self) -> dict[str, object]:
        """Return counts, days and remarks as plain data."""
        transactions = self.follow_up.transactions
        return {
            "scenario": self.scenario.name,
            "log": self.log.source,
            "cases": len(self.log),
            "orders": len(transactions.date),
            "customers": len(transactions.labels),
            "from": self.first_day,
            "to": self.last_day,
            "remarks": list(self.remarks),
        }


def _followed(log: CaseLog, transactions: Transactions) -> tuple[CaseLog, FollowUp, list[str]]:
    """Return the cases that can be followed, and what is said of the others."""
    remarks = []
    if log.draw is not None:
        there, transactions = len(transactions.labels), log.draw.orders(transactions)
        remarks.append(f"{log.draw}; --most-cases N looks at more")
        if len(transactions.labels) < there:
            remarks.append(f"{len(transactions.labels):,} of {there:,} customers with orders are drawn in the same way")
    remarks += [
        f"{name.replace('_', ' ')} is missing in {count:,} cases: as the scenario has it"
        for name, count in log.filled.items()
    ]
    is_known = log.resolution != UNKNOWN
    if not is_known.all():
        remarks.append(f"{int((~is_known).sum()):,} cases do not say what was given: left out")
    known = log.take(is_known)
    if len(known) < _FEWEST_CASES:
        raise InputError(
            f"{log.source}: {len(known)} cases say what was given; expected {_FEWEST_CASES} or more to learn from"
        )
    follow = follow_up(known, transactions)
    for why, count in pd.Series(follow.unmatched[follow.unmatched != ""]).value_counts().items():
        remarks.append(f"{int(count):,} cases are left out: {why}")
    if len(follow.rows) < _FEWEST_CASES:
        raise InputError(
            f"{log.source}: {len(follow.rows)} cases have an order; expected {_FEWEST_CASES} or more to learn from"
        )
    return known.take(follow.rows), follow, remarks


def _adjustments(log: CaseLog) -> dict[str, Floats]:
    """Return what agents saw besides what the response knows (cases,), in standard deviations from its mean."""
    seen = {
        "price of the order": np.log1p(log.cases.item_price),
        "earlier claims": np.log1p(log.cases.prior_claims),
        "suspicion": log.cases.suspicion,
    }
    return {name: (column - column.mean()) / column.std() for name, column in seen.items() if column.std() > 1e-9}


def _level_error(spend: GammaGammaFit) -> float:
    """Return the standard error of the logarithm of the mean amount p v / (q - 1)."""
    if not np.isfinite(spend.covariance).all() or spend.q <= 1:
        return _LEVEL_UNKNOWN
    slope = np.array([1.0, -spend.q / (spend.q - 1), 1.0])
    return float(min(np.sqrt(slope @ spend.covariance @ slope), _LEVEL_UNKNOWN))


def _buying_start(transactions: Transactions) -> Floats:
    """Return where the search for the process of buying begins: one rate for all, and few who leave."""
    first = np.flatnonzero(begins_run(transactions.customer))
    last = np.append(first[1:], len(transactions.customer)) - 1
    weeks = float((transactions.date[last] - transactions.date[first]).astype(np.int64).sum()) / 7
    repeats = float((last - first).sum())
    if repeats == 0 or weeks == 0:
        raise InputError("nobody in the log of orders has ordered twice; expected orders from before and after cases")
    return np.log([1.0, weeks / repeats, _FIRST_CONCENTRATION])
