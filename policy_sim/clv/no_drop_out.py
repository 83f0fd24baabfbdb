"""No drop-out: whether a log shows at all that customers leave.

In: customers, the log-likelihood of a model in which they may leave. Out: by how much it is above that of the same
purchases without any leaving, and what to say where that is nothing. Left to others: warning (`fit`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from policy_sim.clv.histories import CustomerSummary
from policy_sim.clv.likelihood import maximise_likelihood, unique_rows

__all__ = ["fit_without_drop_out", "not_identified"]

Vector = NDArray[np.float64]

#: Half of 3.84, which twice a gain of nothing passes once in twenty times (chi squared, one degree of freedom).
LEAST_GAIN = 1.92


def fit_without_drop_out(summary: CustomerSummary) -> float:
    """Return the highest log-likelihood of the same purchases if nobody ever leaves (NBD).

    Notes
    -----
    BG/NBD, MBG/NBD and Pareto/NBD come to it where the drop-out chance goes to 0:

        ll = ln G(r+x)/G(r) + r ln alpha - (r+x) ln(alpha+T)

    References
    ----------
    Ehrenberg (1959), The pattern of consumer purchases, Applied Statistics 8(1).
    """
    (x, T), weight, _ = unique_rows(summary.frequency, summary.age_weeks)

    def total(log_parameters: Vector) -> tuple[float, Vector]:
        r, alpha = np.exp(log_parameters)
        share = T / (alpha + T)
        ll = gammaln(r + x) - gammaln(r) - x * log_parameters[1] - (r + x) * np.log1p(T / alpha)
        slope_r = r * (digamma(r + x) - digamma(r) - np.log1p(T / alpha))
        slope_alpha = (r + x) * share - x
        return float(weight @ ll), np.array([weight @ slope_r, weight @ slope_alpha])

    rate = float(summary.frequency.sum()) / max(float(summary.age_weeks.sum()), 1e-9)
    starts = [np.log([r, r / rate]) for r in (0.5, 1.0, 3.0)]
    return maximise_likelihood(total, starts, summary.labels.size).log_likelihood


def not_identified(summary: CustomerSummary, log_likelihood: float) -> str:
    """Return what to say where a model that lets customers leave explains a log no better than one that does not.

    Empty where it does.
    """
    gain = log_likelihood - fit_without_drop_out(summary)
    if gain >= LEAST_GAIN:
        return ""
    return (
        f"nothing in this log shows that customers leave (log-likelihood {max(gain, 0.0):.2f} above that of a model in "
        f"which nobody does; {LEAST_GAIN} would show it), so how many are still there, and values beyond the time of "
        "the log, are guesses; use a longer log"
    )
