"""Claiming: what customers learn to ask for where much can be had, and how many such claims a guard catches.

In: what an opportunist would pocket, how well known the policy is, thresholds of guards. Out: the cost of claims that a
resolution teaches, the share that is caught. Left to others: what catching does to honest customers (`response`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincc

__all__ = ["GENUINE_SCORE", "OPPORTUNIST_SCORE", "caught_share", "learned_claiming"]

Floats = NDArray[np.float64]
#: A number or an array of them; arrays broadcast against each other.
Quantity = float | Floats

#: Parameters of the beta distributions of suspicion scores: of customers who look honest, and of those who do not. The
#: score separates well but not perfectly: means .08 and .7.
GENUINE_SCORE = (1.0, 11.5)
OPPORTUNIST_SCORE = (7.0, 3.0)


def learned_claiming(
    gain: Quantity,
    cost: Quantity,
    *,
    spread: Quantity,
    publicity: Quantity,
    repeat_share: Quantity,
    temptation: Quantity,
) -> Floats:
    """Return what the claims cost that a resolution teaches, in money for each genuine case.

    Parameters
    ----------
    gain
        What an opportunist would pocket, money; below 0 counts as 0.
    cost
        What the resolution costs the firm, money; below 0 counts as 0.
    spread
        Extra claims for each genuine case if everybody knew what can be had and it were irresistible.
    publicity
        Share (0-1) of customers who know.
    repeat_share
        Share (0 to below 1) of such claims that are followed by another within the year.
    temptation
        Gain at which 63 % of those who would ever try do try, money above 0.

    Notes
    -----
    spread publicity / (1 - repeat_share) (1 - exp(-gain / temptation)) cost
    """
    tempted = -np.expm1(-np.maximum(gain, 0.0) / temptation)
    return np.asarray(spread * publicity / (1 - np.asarray(repeat_share)) * tempted * np.maximum(cost, 0.0))


def caught_share(
    *, suspicion_at_least: float, claims_at_least: float, visible_share: Quantity, repeat_share: Quantity
) -> Floats:
    """Return the share (0-1) of learned claims that guards pass on to somebody who takes a closer look.

    Parameters
    ----------
    suspicion_at_least, claims_at_least
        Suspicion score, and claims before this one, from which a case is passed on; infinity where there is no guard.
    visible_share
        Share of learned claims whose score shows what they are; the others score like honest customers.
    repeat_share
        Share of claims that are followed by another: its n-th power has n claims or more before it.
    """
    # the chance that a score that is beta-distributed lies above
    above = min(max(suspicion_at_least, 0.0), 1.0)
    shows, hides = (betaincc(*score, above) for score in (OPPORTUNIST_SCORE, GENUINE_SCORE))
    by_score = visible_share * shows + (1 - np.asarray(visible_share)) * hides
    by_claims = np.asarray(repeat_share) ** max(np.ceil(claims_at_least), 0.0)
    return np.asarray(1 - (1 - by_score) * (1 - by_claims))
