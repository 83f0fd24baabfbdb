"""Style mix: how many decide guided, generously or thriftily, estimated from a log of what was given.

In: the policy in force, valued cases of a log, the amounts given in them. Out: `StyleMix`, shares for each tier.
Left to others: what the shares do to the best limits (they are assumptions of the scenario), reading the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, plain_rows, unknown
from policy_sim.policy import Policy
from policy_sim.value import STYLES, Handling, Payoffs
from policy_sim.words import LIMITS

__all__ = ["StyleMix", "style_mix"]

Floats = NDArray[np.float64]

_STEPS: Final = 2_000  # of the climb, at most
_CLOSE: Final = 1e-10  # in shares, at which it has arrived
_LEAST_SCATTER: Final = 0.005  # money: half a cent
_FEWEST: Final = 20  # cases that tell styles apart, for an error that means something


@dataclass(frozen=True)
class StyleMix:
    """How people at each tier decide, as a log of amounts shows it.

    Attributes
    ----------
    shares
        One row for each tier and style: tier, style, share (0-1) and error (its standard error; not a number where
        fewer than 20 cases tell the styles apart, or a share lies at 0 or 1); cases of the tier, and telling, those in
        which the styles would not all have given the same; scatter (money), how far amounts lie from those of the
        styles, a standard deviation. Where that is as large as what tells styles apart, nobody decides like these
        three.
    """

    shares: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return `shares`."""
        return self.shares

    def to_dict(self) -> dict[str, object]:
        """Return the rows of `shares` as plain data."""
        return {"shares": plain_rows(self.shares.astype(object).where(self.shares.notna(), None))}


def style_mix(policy: Policy, payoffs: Payoffs, given: pd.DataFrame) -> StyleMix:
    """Estimate from a log of amounts which share of people decides in which style.

    Parameters
    ----------
    policy
        The policy in force when the amounts were given.
    payoffs
        The valued cases of the log (all of which have come).
    given
        One row for each case, in their order; one column or more by the names of limits (refund, credit ...): how much
        the case drew on that limit, money, 0 where nothing.

    Raises
    ------
    InputError
        If a column is no limit, there is none, the number of rows is another than that of the cases, or an amount is
        negative or not a number.

    Notes
    -----
    A mixture with known components: under the policy, somebody of style j would have given case i the amounts a_ij, and
    gave g_i = a_ij + noise, normal with the same standard deviation s in every column. Shares p_j and s maximise

        sum_i ln sum_j p_j s^-d exp(-|g_i - a_ij|^2 / (2 s^2))

    by expectation-maximisation, over the cases in which the a_ij differ. Errors are those of the outer product of the
    scores of two shares and ln s.

    References
    ----------
    Dempster, Laird and Rubin 1977; Berndt, Hall, Hall and Hausman 1974 (errors).
    """
    amounts = _checked(given, len(payoffs.cases))
    handling = Handling.of(policy, payoffs)
    drawn = payoffs.uses[np.arange(len(amounts))[:, None], handling.choice]
    would_give = np.maximum(drawn[..., [LIMITS.index(str(name)) for name in given.columns]], 0) / 100
    rows = []
    for k, tier in enumerate(policy.tier_names):
        here = handling.tier == k
        telling = here & (would_give != would_give[:, :1]).any(axis=(1, 2))
        distance = ((amounts[telling, None] - would_give[telling]) ** 2).sum(axis=-1)
        shares, scatter = _climb(distance, amounts.shape[1])
        errors = _errors(distance, amounts.shape[1], shares, scatter)
        rows += [
            (tier, style, share, error, int(here.sum()), int(telling.sum()), scatter)
            for style, share, error in zip(STYLES, shares, errors, strict=True)
        ]
    return StyleMix(pd.DataFrame(rows, columns=["tier", "style", "share", "error", "cases", "telling", "scatter"]))


def _checked(given: pd.DataFrame, count: int) -> Floats:
    """Return the amounts (cases, columns)."""
    for name in given.columns:
        if name not in LIMITS:
            raise unknown("limit", str(name), LIMITS, "amounts given")
    if not len(given.columns) or len(given) != count:
        raise InputError(
            f"amounts given have {len(given.columns)} columns and {len(given)} rows; expected a column for one limit "
            f"or more, and a row for each of the {count} cases"
        )
    amounts = given.to_numpy(dtype=np.float64)
    wrong = np.argwhere(~(np.isfinite(amounts) & (amounts >= 0)))
    if wrong.size:
        row, column = wrong[0]
        raise InputError(
            f"amount given in row {row + 1}, column '{given.columns[column]}' is {amounts[row, column]:g}; expected "
            "money, 0 or more"
        )
    return amounts


def _climb(distance: Floats, columns: int) -> tuple[Floats, float]:
    """Return the shares (styles,) and the scatter (money) that make squared distances (cases, styles) likeliest."""
    shares = np.full(distance.shape[1], 1 / distance.shape[1])
    if not len(distance):
        return np.full(distance.shape[1], np.nan), np.nan
    scatter = max(float(np.sqrt(distance.min(axis=1).mean() / columns)), _LEAST_SCATTER)
    for _ in range(_STEPS):
        belongs = _belongs(distance, shares, scatter)
        moved = belongs.mean(axis=0)
        scatter = max(float(np.sqrt((belongs * distance).sum(axis=1).mean() / columns)), _LEAST_SCATTER)
        arrived = np.abs(moved - shares).max() < _CLOSE
        shares = moved
        if arrived:
            break
    return shares, scatter


def _belongs(distance: Floats, shares: Floats, scatter: float) -> Floats:
    """Return the chance (cases, styles) that each style gave what was given."""
    nearest = distance.min(axis=1, keepdims=True)
    weight = shares * np.exp((nearest - distance) / (2 * scatter**2))
    # a style of share 0 may be the nearest
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny))


def _errors(distance: Floats, columns: int, shares: Floats, scatter: float) -> Floats:
    """Return the standard errors (styles,) of the shares."""
    unknown_errors = np.full(len(shares), np.nan)
    if len(distance) < _FEWEST or (shares < _CLOSE).any():
        return unknown_errors
    belongs = _belongs(distance, shares, scatter)
    of_shares = belongs / shares
    scores = [of_shares[:, j] - of_shares[:, 0] for j in range(1, len(shares))]
    if scatter > _LEAST_SCATTER:
        scores.append((belongs * distance).sum(axis=1) / scatter**2 - columns)
    information = np.array(scores) @ np.array(scores).T
    if np.linalg.matrix_rank(information) < len(information):
        return unknown_errors
    covariance = np.linalg.inv(information)[: len(shares) - 1, : len(shares) - 1]
    return np.asarray(np.sqrt(np.array([covariance.sum(), *np.diag(covariance)])))
