"""Styles: how many decide guided, generously or thriftily, told from what people gave where they might have given else.

In: the policy in force, a log of cases, valued as the policy saw them. Out: `StyleShares` of each tier.
Left to others: what the shares do to the best limits (they are assumptions of the scenario).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import MEASURED_AT, Scenario
from policy_sim.border import plain_rows
from policy_sim.evidence.case_log import UNKNOWN, CaseLog
from policy_sim.evidence.measured_scenario import as_measured
from policy_sim.policy import Policy
from policy_sim.value import STYLES, Handling, Payoffs

__all__ = ["StyleShares", "style_shares"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GRID = 60  # points of each share
_SLIPS = np.array([0.005, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
_FEWEST = 20  # cases that tell styles apart


@dataclass(frozen=True)
class StyleShares:
    """How people at each tier decide.

    Attributes
    ----------
    shares
        One row for each tier and style but the guided: tier, style, share, low, high (posterior median and 90 %
        interval), cases of the tier, and telling, those in which the styles would not all have given the same.
    slips
        How often the guided of each tier give something else than what pays most by the log: where it is high, they
        know more than the log, or decide otherwise.
    measured
        The assumptions as they stand in a scenario file, by full name; those of tiers with too few telling cases are
        not among them.
    """

    shares: pd.DataFrame
    slips: Mapping[str, float]
    measured: Mapping[str, Mapping[str, Any]]

    def to_frame(self) -> pd.DataFrame:
        """Return `shares`."""
        return self.shares

    def to_dict(self) -> dict[str, object]:
        """Return shares and slips as plain data."""
        return {"shares": plain_rows(self.shares), "slips": dict(self.slips)}


def style_shares(policy: Policy, payoffs: Payoffs, log: CaseLog) -> StyleShares:
    """Estimate which share of people at each tier decides in which style.

    Parameters
    ----------
    policy
        The policy in force when the cases were decided.
    payoffs
        The valued cases of the log.
    log
        The log: which resolution was given at which tier.

    Notes
    -----
    Under the policy, somebody of style j gives case i the resolution a_ij. What is worth most, or costs least, is
    plain; what pays most also hangs on what the guided see of a customer and the log does not hold, so with chance e
    they give something else, each of A resolutions alike. Resolution g_i has the chance p_0 ((1 - e) [a_i0 = g_i] +
    e / A) + p_1 [a_i1 = g_i] + p_2 [a_i2 = g_i]. Only cases that the log and the policy put at the same tier count.
    Shares and e are worked out on a grid, even in the quantiles of the scenario's ranges (the prior), and over e.
    """
    scenario = payoffs.scenario
    handling = Handling.of(policy, payoffs)
    places = np.array([scenario.tiers.index(name) for name in policy.tier_names])
    counts = payoffs.menu.counts[payoffs.cases.failure]
    is_known = (log.resolution != UNKNOWN) & (log.tier == places[handling.tier])
    rows: list[tuple[object, ...]] = []
    slips: dict[str, float] = {}
    measured: dict[str, Mapping[str, Any]] = {}
    for k, tier in enumerate(policy.tier_names):
        here = is_known & (handling.tier == k)
        telling = here & (handling.choice != handling.choice[:, :1]).any(axis=1)
        weights, grid, slips[tier] = _posterior(
            scenario, tier, handling.choice[telling] == log.resolution[telling, None], counts[telling]
        )
        for axis, style in enumerate(STYLES[1:]):
            name = f"{tier}.{style}_share"
            marginal = weights.sum(axis=1 - axis)
            at = np.interp(MEASURED_AT, _cumulative(marginal), grid[axis])
            rows.append((tier, style, at[5], at[2], at[8], int(here.sum()), int(telling.sum())))
            if telling.sum() >= _FEWEST and scenario.assumption(name).distribution != "chosen":
                about = f"told from {int(telling.sum()):,} cases of {log.source} in which styles differ"
                measured[name] = as_measured(scenario.assumption(name), at.tolist(), about)
    columns = ["tier", "style", "share", "low", "high", "cases", "telling"]
    return StyleShares(pd.DataFrame(rows, columns=columns), slips, measured)


def _cumulative(marginal: Floats) -> Floats:
    return np.asarray(np.cumsum(marginal) - marginal / 2)


def _posterior(
    scenario: Scenario, tier: str, agrees: NDArray[np.bool_], counts: Ints
) -> tuple[Floats, tuple[Floats, Floats], float]:
    """Return the posterior (generous, thrifty) on a grid, the grid's shares, and the posterior mean of slips."""
    even = (np.arange(_GRID) + 0.5) / _GRID
    generous, thrifty = (scenario.assumption(f"{tier}.{style}_share").quantile(even) for style in STYLES[1:])
    patterns, cases = np.unique(np.column_stack([agrees, counts]), axis=0, return_counts=True)
    shares = np.stack(
        np.broadcast_arrays(1 - generous[:, None] - thrifty, generous[:, None], thrifty[None, :]), axis=-1
    )
    logs = np.zeros((len(_SLIPS), _GRID, _GRID))
    for pattern, number in zip(patterns, cases, strict=True):
        others = shares[..., 1:] @ pattern[1:-1].astype(np.float64)
        for place, slip in enumerate(_SLIPS):
            guided = (1 - slip) * pattern[0] + slip / max(int(pattern[-1]), 1)
            logs[place] += number * np.log(shares[..., 0] * guided + others)
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    return weights.sum(axis=0), (generous, thrifty), float(weights.sum(axis=(1, 2)) @ _SLIPS)
