"""Shares: what is simply counted in a log of cases: which failures there are, and what customers ask for.

In: a log of cases. Out: assumptions as they stand in a scenario file.
Left to others: what has to be inferred (`calibration`, `styles`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import betaincinv

from policy_sim.assumptions import Scenario
from policy_sim.evidence.case_log import CaseLog
from policy_sim.words import ASKS

__all__ = ["counted_shares"]

_FEWEST = 30  # cases of a failure, for its shares
_ENDS = (0.005, 0.995)  # of the posterior: the range


def counted_shares(log: CaseLog, scenario: Scenario) -> dict[str, Mapping[str, Any]]:
    """Return the shares of failures among cases, and of what customers ask for after each, by full name.

    Where all cases ask for nothing in particular the log does not say what they asked for, and only failures are
    counted. Ranges are where a share lies 99 % of the time (Beta, from a flat prior).
    """
    cases = log.cases
    counted: dict[str, Mapping[str, Any]] = {}
    of_failure = np.bincount(cases.failure, minlength=len(scenario.failures))
    for f, failure in enumerate(scenario.failures):
        counted[f"{failure}.share_of_cases"] = _share(
            scenario, f"{failure}.share_of_cases", of_failure[f], len(log), log
        )
        asks = np.bincount(cases.ask[cases.failure == f], minlength=len(ASKS))
        if not cases.ask.any() or of_failure[f] < _FEWEST:
            continue
        for place, ask in enumerate(ASKS.values()):
            if ask.assumption:
                name = f"{failure}.{ask.assumption}"
                counted[name] = _share(scenario, name, int(asks[place]), int(of_failure[f]), log)
    return counted


def _share(scenario: Scenario, name: str, count: int, of: int, log: CaseLog) -> Mapping[str, Any]:
    assumption = scenario.assumption(name)
    share = float(count / of)
    low, high = (float(betaincinv(count + 1, of - count + 1, end)) for end in _ENDS)
    about = f"counted in {log.source}: {count:,} of {of:,}"
    return {
        "value": round(share, 6),
        "unit": assumption.unit,
        "range": [round(min(low, share), 6), round(max(high, share), 6)],
        "distribution": "chosen",
        "trust": "own",
        "source": f"{about}; prior {assumption.value:g}: {assumption.source}"[:600],
    }
