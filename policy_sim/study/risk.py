"""Risk: policies compared under every draw of the assumptions, and the sources of error of their difference.

In: outcomes on the same payoffs. Out: net benefits, a table of differences, chances, tails and regrets, two errors.
Left to others: what it would be worth to know more (`information`), which assumption matters (`sensitivity`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.value import Outcome, compare, worst

__all__ = ["Errors", "case_error", "net_benefits", "risk_table", "spread_of_cases"]

Floats = NDArray[np.float64]


def risk_table(outcomes: Sequence[Outcome], baseline: Outcome, tail: float = 0.1) -> pd.DataFrame:
    """Return one row per policy: net value a year, difference to the baseline, chance of being best, tail and regret.

    Parameters
    ----------
    outcomes
        Of each policy, all on the same payoffs; the baseline may be among them.
    baseline
        The policy that the others are compared with, draw by draw.
    tail
        The conditional value at risk is the mean over this share (0-1) of the draws, the worst ones.

    Returns
    -------
    pandas.DataFrame
        policy, title; then in money a year: net_value with _low and _high (90 % interval, by the draws and the sample
        of cases), difference with _low and _high; verdict ("better", "worse", "cannot be told apart" where the interval
        holds zero, "too few cases to tell", "in force" for the baseline); chance_best (0-1, over the draws, shared
        among equals); then in money a year again: cvar (mean net value over the worst draws of this policy),
        mean_regret and largest_regret (how far it is behind the best of these policies in the same draw; 0 is best).

    Raises
    ------
    InputError
        If the outcomes are not on the same payoffs, or `tail` is not above 0 and at most 1.

    References
    ----------
    Rockafellar and Uryasev 2000 (conditional value at risk); Savage 1951 (regret).
    """
    if not 0 < tail <= 1:
        raise InputError(f"tail is {tail}; it must be a share of the draws above 0 and up to 1")
    benefits = net_benefits(outcomes)
    best = benefits.max(axis=1, keepdims=True)
    # differences as small as rounding errors are none
    is_best = benefits >= best - 1e-9 * np.maximum(np.abs(best), 1.0)
    chance_best = (is_best / is_best.sum(axis=1, keepdims=True)).mean(axis=0)
    regret = best - benefits
    rows = []
    for k, outcome in enumerate(outcomes):
        difference = compare(outcome, baseline)
        gain = difference.per_year()
        low, high = outcome.interval_per_year()
        gain_low, gain_high = difference.interval_per_year()
        verdict = "better" if gain_low > 0 else "worse"
        if difference.too_few():
            verdict = "too few cases to tell"
        elif not difference.told_apart():
            verdict = "cannot be told apart"
        rows.append(
            {
                "policy": outcome.policy.name,
                "title": outcome.policy.title,
                "net_value": benefits[:, k].mean(),
                "net_value_low": low,
                "net_value_high": high,
                "difference": gain.mean(),
                "difference_low": gain_low,
                "difference_high": gain_high,
                "verdict": "in force" if outcome is baseline else verdict,
                "chance_best": chance_best[k],
                "cvar": float(worst(benefits[:, k], tail)),
                "mean_regret": regret[:, k].mean(),
                "largest_regret": regret[:, k].max(),
            }
        )
    return pd.DataFrame(rows)


def net_benefits(outcomes: Sequence[Outcome]) -> Floats:
    """Return (draws, policies) net value in money a year.

    Raises
    ------
    InputError
        If there is no outcome, or they were not evaluated on the same payoffs.
    """
    if not outcomes:
        raise InputError("no outcome to compare; evaluate one policy or more")
    for outcome in outcomes[1:]:
        compare(outcome, outcomes[0])
    return np.column_stack([outcome.per_year() for outcome in outcomes])


@dataclass(frozen=True)
class Errors:
    """Where the uncertainty of a difference in net value comes from; all in money a year.

    Attributes
    ----------
    difference
        Mean over cases and draws.
    from_cases
        Standard error of that mean because the cases are a sample: it falls with the square root of their number, and
        of that of the customers that they are drawn from.
    from_assumptions
        Standard deviation over the draws of the assumptions: more cases do not reduce it.
    from_log
        Standard error because the customers of the log are a sample (`log_error`), with all that hangs on them: the
        cases drawn, the models fitted, but for what the draws hold. Not a number where there is no log of orders.
    """

    difference: float
    from_cases: float
    from_assumptions: float
    from_log: float = np.nan

    @property
    def cases_matter(self) -> bool:
        """Whether more cases would make the result surer: their error is above a third of that from the assumptions."""
        return self.from_cases > self.from_assumptions / 3

    @property
    def log_matters(self) -> bool:
        """Whether a log of more customers would: the error of the log is above a third of that from the assumptions."""
        return self.from_log > self.from_assumptions / 3

    def to_frame(self) -> pd.DataFrame:
        """Return one row: difference, from_cases, from_assumptions, from_log."""
        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return asdict(self) | {"from_log": self.from_log if np.isfinite(self.from_log) else None}


def case_error(outcome: Outcome, baseline: Outcome) -> Errors:
    """Return two errors of a difference: from the sample of cases, and from the assumptions.

    Parameters
    ----------
    outcome, baseline
        Two policies on the same payoffs, with two cases or more.

    Raises
    ------
    InputError
        If they are on different payoffs, or there is one case only.

    Notes
    -----
    The first is `Difference.error`: cases of one customer count as one observation, so that of drawn cases it holds the
    sample of the log's customers as well. The waiting time of escalations is held at what all cases together make it.
    """
    difference = compare(outcome, baseline)
    if len(outcome.payoffs.cases) < 2:
        raise InputError("there is one case only; the error from the sample of cases needs two or more")
    gain = difference.per_year()
    from_assumptions = float(gain.std(ddof=1)) if len(gain) > 1 else 0.0
    return Errors(float(gain.mean()), difference.cases_per_year * difference.error(), from_assumptions)


def spread_of_cases(outcome: Outcome) -> float:
    """Return the standard deviation of net value over single cases, money.

    Notes
    -----
    Of single cases, not of their expectations: a customer's future value V is either kept whole, with the mean
    probability k, or lost. So the variance is k mean(V^2) - (k mean(V))^2; the cost of remedies varies far less.
    """
    chance_kept = float(outcome.per_case("customers_kept").mean())
    values = outcome.payoffs.cases.future_value
    variance = chance_kept * float((values**2).mean()) - (chance_kept * float(values.mean())) ** 2
    return float(np.sqrt(max(variance, 0.0)))
