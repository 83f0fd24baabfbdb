"""Which model? Fitted to the first part of a log, judged on the rest.

In: transactions, the names of models. Out: `ModelComparison`: a table of how well each did, and what the two usual
pictures show. Left to others: drawing them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from policy_sim.border import InputError, unknown
from policy_sim.clv.bg_nbd import fit_bg_nbd
from policy_sim.clv.fit import PurchaseFit
from policy_sim.clv.mbg_nbd import fit_mbg_nbd
from policy_sim.clv.pareto_nbd import fit_pareto_nbd
from policy_sim.clv.transactions import CustomerSummary, Transactions, summarise

__all__ = ["PURCHASE_MODELS", "ModelComparison", "compare_models", "fit_purchases"]

Vector = NDArray[np.float64]

#: Models of purchases in continuous time, by the name that people give.
PURCHASE_MODELS: Mapping[str, Callable[[CustomerSummary | Transactions], PurchaseFit]] = {
    "bg-nbd": fit_bg_nbd,
    "mbg-nbd": fit_mbg_nbd,
    "pareto-nbd": fit_pareto_nbd,
}

_FREQUENCIES_SHOWN = 7  # repeat purchases from which on customers are shown together


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """How well each model foretold the rest of a log.

    Attributes
    ----------
    fits
        Each model, fitted to the calibration part.
    calibration_end, horizon_weeks
        Last day of that part; weeks from there to the end of the log.
    table
        One row a model, best first: log-likelihood of the calibration part and of the rest given it, error of the
        cumulative repeat purchases at the end and on average over the rest (shares), mean absolute error of a
        customer's purchases in the rest, rank correlation with them.
    tracking
        One row a week since the first day: cumulative repeat purchases, actual and by each model.
    by_frequency
        One row for each number of repeat purchases in the calibration part (the last: that many or more): customers,
        mean purchases in the rest, actual and by each model.
    """

    fits: Mapping[str, PurchaseFit]
    calibration_end: np.datetime64
    horizon_weeks: float
    table: pd.DataFrame
    tracking: pd.DataFrame
    by_frequency: pd.DataFrame

    @property
    def best(self) -> str:
        """Name of the model with the highest log-likelihood of the rest."""
        return str(self.table.index[0])


def fit_purchases(source: CustomerSummary | Transactions, model: str) -> PurchaseFit:
    """Fit a model of purchases by its name; "auto" takes the one that `compare_models` finds best on a log.

    Raises
    ------
    InputError
        If there is no model of that name, or it cannot be fitted.
    """
    if model == "auto":
        if not isinstance(source, Transactions):
            raise InputError(
                "the model 'auto' needs a whole log to judge by; name one of: " + ", ".join(PURCHASE_MODELS)
            )
        model = compare_models(source).best
    if model not in PURCHASE_MODELS:
        raise unknown("model", model, [*PURCHASE_MODELS, "auto"])
    return PURCHASE_MODELS[model](source)


def compare_models(
    transactions: Transactions,
    models: Sequence[str] | None = None,
    until: str | date | np.datetime64 | None = None,
) -> ModelComparison:
    """Fit models to a log up to a day and see how well they foretell what came after.

    Parameters
    ----------
    transactions
        The log.
    models
        Names from `PURCHASE_MODELS`; all where not given.
    until
        Last day of the calibration part; the middle of the log where not given. Only customers who bought by then
        are judged.

    Raises
    ------
    InputError
        If a name is unknown, a model cannot be fitted, or nothing comes after `until`.

    Notes
    -----
    The log-likelihood of the rest is that of the whole history less that of the calibration part, under the
    parameters of the calibration part.
    """
    names = list(PURCHASE_MODELS) if models is None else list(models)
    for name in names:
        if name not in PURCHASE_MODELS:
            raise unknown("model", name, list(PURCHASE_MODELS))
    first, last = transactions.date.min(), transactions.date.max()
    early = summarise(transactions, first + (last - first) // 2 if until is None else until)
    horizon = float((last - early.until) / np.timedelta64(1, "D")) / 7
    if horizon <= 0:
        raise InputError(f"no day of the log comes after {early.until}; choose an earlier end of the calibration part")
    whole = summarise(transactions)
    rows = np.searchsorted(whole.labels, early.labels)
    before = (early.frequency, early.recency_weeks, early.age_weeks)
    after = (whole.frequency[rows], whole.recency_weeks[rows], whole.age_weeks[rows])
    bought = after[0] - before[0]
    tracking = _tracked(transactions, early, first, last)
    by_frequency = _by_frequency(early.frequency, bought)
    fits, judged = {}, {}
    for name in names:
        fit = fits[name] = PURCHASE_MODELS[name](early)
        foretold = fit.expected_purchases(horizon, *before)
        tracking[name] = _track(fit, tracking["week"].to_numpy(), early, first)
        by_frequency[name] = _by_frequency(early.frequency, foretold)["actual"]
        rest = tracking[tracking["week"] > tracking["week"].max() - horizon]
        judged[name] = {
            "log_likelihood": fit.log_likelihood,
            "holdout_log_likelihood": float((fit.log_likelihoods(*after) - fit.log_likelihoods(*before)).sum()),
            "final_error_share": float(tracking[name].iloc[-1] / tracking["actual"].iloc[-1] - 1),
            "tracking_error_share": float((rest[name] / rest["actual"] - 1).abs().mean()),
            "mean_absolute_error": float(np.abs(foretold - bought).mean()),
            "rank_correlation": float(spearmanr(foretold, bought).statistic),
        }
    table = pd.DataFrame(judged).T.sort_values("holdout_log_likelihood", ascending=False)
    return ModelComparison(fits, early.until, horizon, table, tracking, by_frequency)


def _tracked(
    transactions: Transactions, early: CustomerSummary, first: np.datetime64, last: np.datetime64
) -> pd.DataFrame:
    """Return week by week the cumulative repeat purchases of the customers of the calibration part."""
    is_first = np.append(True, transactions.customer[1:] != transactions.customer[:-1])
    judged = np.isin(transactions.labels[transactions.customer], early.labels) & ~is_first
    days = (transactions.date[judged] - first) / np.timedelta64(1, "D")
    weeks = np.arange(1, int(np.floor((last - first) / np.timedelta64(7, "D"))) + 1)
    return pd.DataFrame({"week": weeks, "actual": np.searchsorted(np.sort(days), 7 * weeks, side="right")})


def _track(fit: PurchaseFit, weeks: NDArray[np.int64], early: CustomerSummary, first: np.datetime64) -> Vector:
    """Return the cumulative repeat purchases that a model expects of customers who join when these did."""
    joined = (early.until - first) / np.timedelta64(7, "D") - early.age_weeks
    starts, counts = np.unique(np.round(joined * 7), return_counts=True)
    # what one newcomer has bought after so many days, for all days that occur
    span = np.arange(int(weeks.max()) * 7 + 1)
    knots = np.unique(np.round(np.linspace(0, np.sqrt(span.max()), 80) ** 2))
    expected = np.array([float(fit.expected_purchases(float(day) / 7, 0.0, 0.0, 0.0)) for day in knots])
    grown = np.interp(span, knots, expected)
    since = np.maximum(7 * weeks[:, None] - starts[None, :], 0).astype(np.int64)
    return np.asarray(grown[since] @ counts, dtype=np.float64)


def _by_frequency(frequency: Vector, bought: Vector) -> pd.DataFrame:
    group = np.minimum(frequency, _FREQUENCIES_SHOWN)
    means = pd.DataFrame({"frequency": group, "actual": bought}).groupby("frequency")["actual"].agg(["size", "mean"])
    return means.rename(columns={"size": "customers", "mean": "actual"}).reset_index()
