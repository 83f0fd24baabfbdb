"""Response: how a customer answers a failure and its resolution, in plain numpy.

In: facts of the case, what the resolution is worth, gesture, effort and waiting. Out: the chance that the customer is
lost, what survivors spend, word of mouth. Left to others: money of the firm, and doing this millions of times
(`value.response_kernels` does the same, compiled; the tests hold the two together).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "chance_lost",
    "compensation_effect",
    "insult",
    "over_compensation",
    "recency_of_failure",
    "spend_multiplier",
]

Floats = NDArray[np.float64]
#: A number or an array of them; arrays broadcast against each other.
Quantity = float | Floats

#: Compensation, as a multiple of the loss, at which its effect peaks (Haesevoets et al. 2017).
PEAK = 1.5


def compensation_effect(compensation: Quantity, shape: str) -> Floats:
    """Return how much of its full effect a compensation has: 0 at nothing, 1 from 1.5 times the loss on.

    Parameters
    ----------
    compensation
        Worth of the resolution over the loss, net of the customer's trouble; below 0 counts as 0.
    shape
        "rejected" (S-shaped, steepest at .9 of the loss) or "accepted" (concave: the first dollars do most).

    References
    ----------
    Gelbrich, Gaethke and Gregoire 2015.
    """
    q = np.clip(np.asarray(compensation, dtype=np.float64) / PEAK, 0.0, 1.0)
    if shape == "rejected":
        return np.asarray(q**4 * (15 - 24 * q + 10 * q**2))
    return np.asarray(1 - (1 - q) ** 2)


def over_compensation(compensation: Quantity) -> Floats:
    """Return how far a compensation is past its peak: 0 up to 1.5 times the loss, towards 1 far above."""
    v = np.maximum(np.asarray(compensation, dtype=np.float64) - PEAK, 0.0)
    return np.asarray(v**2 / (1 + v**2))


def insult(compensation: Quantity, below: Quantity) -> Floats:
    """Return how insulting a token is: 0 for nothing at all, 1 at a third of `below`, 0 again from `below` on.

    Parameters
    ----------
    compensation
        Worth of the resolution over the loss, net of the customer's trouble; below 0 counts as 0.
    below
        Compensation from which nobody is offended any more, above 0.
    """
    t = np.clip(np.asarray(compensation, dtype=np.float64) / below, 0.0, 1.0)
    return np.asarray(6.75 * t * (1 - t) ** 2)


def recency_of_failure(prior_failures: Quantity, days_since_failure: Quantity, half_life_days: float) -> Floats:
    """Return how fresh the failure before this one is: 1 for one of today, a half after the half-life, 0 for none."""
    fresh = 0.5 ** (np.asarray(days_since_failure, dtype=np.float64) / half_life_days)
    return np.where(np.asarray(prior_failures) > 0, fresh, 0.0)


def chance_lost(
    *,
    effect: Quantity,
    over: Quantity,
    insulted: Quantity,
    gesture: Quantity,
    proactive: Quantity,
    suspected: Quantity,
    severity: Quantity,
    hours: Quantity,
    effort: Quantity,
    prior_failures: Quantity,
    recent_failure: Quantity,
    prior_purchases: Quantity,
    churn_without_failure: Quantity,
    churn_without_remedy: Quantity,
    compensation_weight: Quantity,
    gesture_weight: Quantity,
    severity_weight: Quantity,
    wait_weight: Quantity,
    effort_weight: Quantity,
    repeat_weight: Quantity,
    double_deviation_weight: Quantity,
    bond_weight: Quantity,
    first_order_weight: Quantity,
    over_compensation_weight: Quantity,
    insult_weight: Quantity,
    proactive_weight: Quantity,
    suspected_weight: Quantity,
) -> Floats:
    """Return the chance (0-1) that the customer is lost.

    Notes
    -----
    delta = d0 + (1 - d0) logistic(eta), with

        eta = logit(churn_without_remedy) + severity_weight (severity - .5) + wait_weight ln((1 + hours / 24) / 2)
              + effort_weight (effort - .5) + repeat_weight min(prior_failures, 3)
              + double_deviation_weight recent_failure
              - bond_weight ln((1 + prior_purchases) / 4) + first_order_weight [prior_purchases <= 1]
              - compensation_weight (effect - over_compensation_weight over) + insult_weight insulted
              - gesture_weight gesture - proactive_weight proactive + suspected_weight suspected

    The order that failed counts as a purchase, so a first order has one. The floor d0 keeps a full recovery from
    beating "nothing had gone wrong". churn_without_remedy is the loss caused by the failure with no compensation at
    severity .5, 24 hours, effort .5, no earlier failure and 3 earlier orders.
    """
    churn = np.asarray(churn_without_remedy, dtype=np.float64)
    floor = np.asarray(churn_without_failure, dtype=np.float64)
    eta = (
        np.log(churn / (1 - churn))
        + severity_weight * (np.asarray(severity) - 0.5)
        + wait_weight * np.log((1 + np.asarray(hours) / 24) / 2)
        + effort_weight * (np.asarray(effort) - 0.5)
        + repeat_weight * np.minimum(prior_failures, 3.0)
        + double_deviation_weight * np.asarray(recent_failure)
        - bond_weight * np.log((1 + np.asarray(prior_purchases)) / 4)
        + first_order_weight * (np.asarray(prior_purchases) <= 1)
        - compensation_weight * (np.asarray(effect) - over_compensation_weight * np.asarray(over))
        + insult_weight * np.asarray(insulted)
        - gesture_weight * np.asarray(gesture)
        - proactive_weight * np.asarray(proactive)
        + suspected_weight * np.asarray(suspected)
    )
    return np.asarray(floor + (1 - floor) / (1 + np.exp(-eta)))


def spend_multiplier(effect: Quantity, spend_drop: Quantity, paradox: Quantity) -> Floats:
    """Return what survivors spend against before: from 1 - spend_drop without compensation to 1 + paradox with all."""
    return np.asarray(1 - np.asarray(spend_drop) + (np.asarray(spend_drop) + np.asarray(paradox)) * np.asarray(effect))
