"""Comparison: which model? Each is fitted to the first part of a log and judged on the rest.

In: transactions, the names of models. Out: `ModelComparison`: a table of how well each did, and what the two usual
pictures show. Left to others: drawing them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, plain_rows, unknown
from policy_sim.clv.bg_nbd import fit_bg_nbd
from policy_sim.clv.fit import PurchaseFit
from policy_sim.clv.histories import CustomerSummary, summarise
from policy_sim.clv.mbg_nbd import fit_mbg_nbd
from policy_sim.clv.pareto_nbd import fit_pareto_nbd
from policy_sim.orders.dates import DAYS_PER_WEEK, Day
from policy_sim.orders.sorting import begins_run
from policy_sim.orders.transactions import Transactions

__all__ = ["PURCHASE_MODELS", "ModelComparison", "compare_models", "fit_purchases"]

Vector = NDArray[np.float64]

#: Models of purchases in continuous time, by the names that people use.
PURCHASE_MODELS: Mapping[str, Callable[[CustomerSummary | Transactions], PurchaseFit]] = {
    "bg-nbd": fit_bg_nbd,
    "mbg-nbd": fit_mbg_nbd,
    "pareto-nbd": fit_pareto_nbd,
}

_FREQUENCIES_SHOWN = 7  # repeat purchases from which on customers are shown together
_WEEK = np.timedelta64(DAYS_PER_WEEK, "D")


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """How well each model, fitted to the first part of a log (the calibration part), foretold the rest.

    Attributes
    ----------
    customers
        All customers of the log, up to its last day: what the chosen model is then fitted to.
    fits
        Each model by its name, fitted to the calibration part.
    calibration_end, horizon_weeks
        Last day of that part; weeks from there to the end of the log.
    table
        One row a model, best first: log-likelihood of the calibration part, and of the rest conditional on it; error of
        the cumulative repeat purchases at the end and on average over the rest (shares), mean absolute error of a
        customer's purchases in the rest, rank correlation with them.
    tracking
        One row a week since the first day: cumulative repeat purchases, actual and by each model.
    by_frequency
        One row for each number of repeat purchases in the calibration part (the last: that many or more): customers,
        mean purchases in the rest, actual and by each model.
    """

    customers: CustomerSummary
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

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each model, best first: model, then the columns of `table`."""
        return self.table.rename_axis("model").reset_index()

    def to_dict(self) -> dict[str, object]:
        """Return best, calibration_end, horizon_weeks and the rows of the tables (models, ...), as plain data."""
        return {
            "best": self.best,
            "calibration_end": str(self.calibration_end),
            "horizon_weeks": self.horizon_weeks,
            "models": plain_rows(self.to_frame()),
            "tracking": plain_rows(self.tracking),
            "by_frequency": plain_rows(self.by_frequency),
        }


def fit_purchases(source: CustomerSummary | Transactions, model: str) -> PurchaseFit:
    """Fit a model of purchases by its name.

    Parameters
    ----------
    source
        Customers with frequency, recency and age, or a log, which is summarised up to its last date.
    model
        A name from `PURCHASE_MODELS`; or "auto", for which the source must be a log: the model that foretells the
        second half of the log best (`compare_models`), fitted to the whole.

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
        comparison = compare_models(source)
        source, model = comparison.customers, comparison.best
    if model not in PURCHASE_MODELS:
        raise unknown("model", model, [*PURCHASE_MODELS, "auto"])
    return PURCHASE_MODELS[model](source)


def compare_models(
    transactions: Transactions,
    models: Sequence[str] | None = None,
    until: Day | None = None,
) -> ModelComparison:
    """Fit models to a log up to a day and see how well they foretell what came after.

    Parameters
    ----------
    transactions
        The log.
    models
        Names from `PURCHASE_MODELS`; None for all.
    until
        Last day of the calibration part; None for the middle of the log. Only customers who bought by then are judged.

    Raises
    ------
    InputError
        If a name is unknown, a model cannot be fitted, or nothing comes after `until`.

    Notes
    -----
    The log-likelihood of the rest is that of the whole history less that of the calibration part, under the
    parameters of the calibration part.
    """
    from scipy.stats import spearmanr  # takes half a second to load, and a single model needs none of it

    names = list(PURCHASE_MODELS) if models is None else list(models)
    for name in names:
        if name not in PURCHASE_MODELS:
            raise unknown("model", name, list(PURCHASE_MODELS))
    first, last = transactions.date.min(), transactions.date.max()
    early = summarise(transactions, first + (last - first) // 2 if until is None else until)
    horizon = float((last - early.until) / np.timedelta64(1, "D")) / DAYS_PER_WEEK
    if horizon <= 0:
        raise InputError(f"no day of the log comes after {early.until}; choose an earlier end of the calibration part")
    whole = summarise(transactions)
    rows = np.searchsorted(whole.labels, early.labels)
    before = early.history
    after = tuple(column[rows] for column in whole.history)
    bought = after[0] - before[0]
    tracking = _tracked(transactions, early, first, last)
    by_frequency = _by_frequency(early.frequency, bought)
    fits, scores = {}, {}
    for name in names:
        fit = fits[name] = PURCHASE_MODELS[name](early)
        foretold = fit.expected_purchases(horizon, *before)
        tracking[name] = _track(fit, tracking["week"].to_numpy(), early, first)
        by_frequency[name] = _by_frequency(early.frequency, foretold)["actual"]
        rest = tracking[tracking["week"] > tracking["week"].max() - horizon]
        scores[name] = {
            "log_likelihood": fit.log_likelihood,
            "holdout_log_likelihood": float((fit.log_likelihoods(*after) - fit.log_likelihoods(*before)).sum()),
            "final_error_share": float(tracking[name].iloc[-1] / tracking["actual"].iloc[-1] - 1),
            "tracking_error_share": float((rest[name] / rest["actual"] - 1).abs().mean()),
            "mean_absolute_error": float(np.abs(foretold - bought).mean()),
            "rank_correlation": float(spearmanr(foretold, bought).statistic),
        }
    table = pd.DataFrame(scores).T.sort_values("holdout_log_likelihood", ascending=False)
    return ModelComparison(whole, fits, early.until, horizon, table, tracking, by_frequency)


def _tracked(
    transactions: Transactions, early: CustomerSummary, first: np.datetime64, last: np.datetime64
) -> pd.DataFrame:
    """Return week by week the cumulative repeat purchases of the customers of the calibration part."""
    is_repeat = ~begins_run(transactions.customer)
    is_judged = np.isin(transactions.labels[transactions.customer], early.labels) & is_repeat
    days = (transactions.date[is_judged] - first) / np.timedelta64(1, "D")
    weeks = np.arange(1, int(np.floor((last - first) / _WEEK)) + 1)
    return pd.DataFrame({"week": weeks, "actual": np.searchsorted(np.sort(days), DAYS_PER_WEEK * weeks, side="right")})


def _track(fit: PurchaseFit, weeks: NDArray[np.int64], early: CustomerSummary, first: np.datetime64) -> Vector:
    """Return the cumulative repeat purchases that a model expects of customers who join when these did."""
    joined = (early.until - first) / _WEEK - early.age_weeks
    starts, counts = np.unique(np.round(joined * DAYS_PER_WEEK), return_counts=True)
    # what one newcomer has bought after so many days, for all days that occur
    span = np.arange(int(weeks.max()) * DAYS_PER_WEEK + 1)
    knots = np.unique(np.round(np.linspace(0, np.sqrt(span.max()), 80) ** 2))
    expected = np.array([float(fit.expected_purchases(float(day) / DAYS_PER_WEEK, 0.0, 0.0, 0.0)) for day in knots])
    grown = np.interp(span, knots, expected)
    since = np.maximum(DAYS_PER_WEEK * weeks[:, None] - starts[None, :], 0).astype(np.int64)
    return np.asarray(grown[since] @ counts, dtype=np.float64)


def _by_frequency(frequency: Vector, bought: Vector) -> pd.DataFrame:
    """Return customers and mean purchases in the rest ("actual") by repeat purchases in the calibration part."""
    group = np.minimum(frequency, _FREQUENCIES_SHOWN)
    means = pd.DataFrame({"frequency": group, "actual": bought}).groupby("frequency")["actual"].agg(["size", "mean"])
    return means.rename(columns={"size": "customers", "mean": "actual"}).reset_index()
