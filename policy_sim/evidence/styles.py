"""Styles: how many decide guided, generously or thriftily, and how many by the book, told from what people gave.

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
_FOLLOWED = "playbook.followed_share"
_FOLLOWED_GRID = 20  # points of the share who go by a playbook
_SLIPS = np.array([0.005, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
_FEWEST = 20  # cases that tell styles apart


@dataclass(frozen=True)
class StyleShares:
    """How people at each tier decide.

    Attributes
    ----------
    shares
        One row for each tier and style but the guided: tier, style, share, low, high (posterior median and 90 %
        interval), cases of the tier, and telling, those in which the styles would not all have given the same. Where
        the policy has a playbook, one row more for all tiers together ("all", "by the book"): the share who go by it.
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
    Where the policy has a playbook, a share f goes by it, and the chance is (1 - f) times that, and f where the
    playbook says g_i and may be followed, or f times that where it may not; f is the same at all tiers.
    Shares, e and f are worked out on a grid, even in the quantiles of the scenario's ranges (the prior), and over e.
    """
    scenario = payoffs.scenario
    handling = Handling.of(policy, payoffs)
    places = np.array([scenario.tiers.index(name) for name in policy.tier_names])
    counts = payoffs.menu.counts[payoffs.cases.failure]
    is_known = (log.resolution != UNKNOWN) & (log.tier == places[handling.tier])
    followed = _even(scenario, _FOLLOWED, _FOLLOWED_GRID) if policy.playbook else np.zeros(1)
    of_followed = np.zeros(len(followed))
    rows: list[tuple[object, ...]] = []
    slips: dict[str, float] = {}
    measured: dict[str, Mapping[str, Any]] = {}

    def tell(name: str, whose: tuple[str, str], at: Floats, cases: int, telling: int) -> None:
        rows.append((*whose, at[5], at[2], at[8], cases, telling))
        if telling >= _FEWEST and scenario.assumption(name).distribution != "chosen":
            about = f"told from {telling:,} cases of {log.source} in which {_TELLING[name == _FOLLOWED]}"
            measured[name] = as_measured(scenario.assumption(name), at.tolist(), about)

    differs = (handling.choice != handling.choice[:, :1]).any(axis=1)
    for k, tier in enumerate(policy.tier_names):
        here = is_known & (handling.tier == k)
        telling = here & differs
        agrees = handling.choice[telling] == log.resolution[telling, None]
        by_the_book = _goes_by_the_book(handling.choice[telling])
        logs, grid = _log_likelihood(scenario, tier, agrees, by_the_book, counts[telling], followed)
        weights = _normal(logs)
        slips[tier] = float(weights.sum(axis=(0, 2, 3)) @ _SLIPS)
        of_followed += np.log(_normal(logs).sum(axis=(1, 2, 3)))
        for axis, style in enumerate(STYLES[1:]):
            marginal = weights.sum(axis=(0, 1)).sum(axis=1 - axis)
            at = np.interp(MEASURED_AT, _cumulative(marginal), grid[axis])
            tell(f"{tier}.{style}_share", (tier, style), at, int(here.sum()), int(telling.sum()))
    if policy.playbook:
        at = np.interp(MEASURED_AT, _cumulative(_normal(of_followed)), followed)
        other = (handling.choice[:, : len(STYLES)] != handling.choice[:, len(STYLES) :]).any(axis=1)
        tell(_FOLLOWED, ("all", "by the book"), at, int(is_known.sum()), int((is_known & other).sum()))
    columns = ["tier", "style", "share", "low", "high", "cases", "telling"]
    return StyleShares(pd.DataFrame(rows, columns=columns), slips, measured)


#: In which cases a share of styles, and the share who go by the book, can be told.
_TELLING = ("styles differ", "the playbook says something else than people choose")


def _goes_by_the_book(choice: Ints) -> NDArray[np.bool_]:
    """Tell in which cases all who follow give the same, though others would not: the playbook may be followed."""
    own, following = choice[:, : len(STYLES)], choice[:, len(STYLES) :]
    if not following.shape[1]:
        return np.zeros(len(choice), dtype=np.bool_)
    return np.asarray((following == following[:, :1]).all(axis=1) & (following != own).any(axis=1))


def _even(scenario: Scenario, name: str, count: int) -> Floats:
    """Return values of an assumption, even in its quantiles."""
    return np.asarray(scenario.assumption(name).quantile((np.arange(count) + 0.5) / count))


def _normal(logs: Floats) -> Floats:
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def _cumulative(marginal: Floats) -> Floats:
    return np.asarray(np.cumsum(marginal) - marginal / 2)


def _log_likelihood(
    scenario: Scenario,
    tier: str,
    agrees: NDArray[np.bool_],
    by_the_book: NDArray[np.bool_],
    counts: Ints,
    followed: Floats,
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Return the logarithm of the likelihood (followed, slips, generous, thrifty) on a grid, and the grid's shares.

    Parameters
    ----------
    agrees
        (cases, styles) whether what was given is what each would have given.
    by_the_book
        (cases,) whether those who follow a playbook would all have given the same because of it.
    counts
        (cases,) resolutions that there are.
    followed
        (followed,) shares of people who follow.
    """
    generous, thrifty = (_even(scenario, f"{tier}.{style}_share", _GRID) for style in STYLES[1:])
    patterns, cases = np.unique(np.column_stack([agrees, by_the_book, counts]), axis=0, return_counts=True)
    shares = np.stack(
        np.broadcast_arrays(1 - generous[:, None] - thrifty, generous[:, None], thrifty[None, :]), axis=-1
    )
    logs = np.zeros((len(followed), len(_SLIPS), _GRID, _GRID))
    for pattern, number in zip(patterns, cases, strict=True):
        others = shares[..., 1:] @ pattern[1:3].astype(np.float64)
        for place, slip in enumerate(_SLIPS):
            guided = (1 - slip) * pattern[0] + slip / max(int(pattern[-1]), 1)
            own = shares[..., 0] * guided + others
            # what the playbook says where it may be followed, else as by oneself
            chance = (
                own
                if not pattern[-2]
                else np.multiply.outer(1 - followed, own) + (followed * pattern[len(STYLES)]).reshape(-1, 1, 1)
            )
            logs[:, place] += number * np.log(chance)
    return logs, (generous, thrifty)
