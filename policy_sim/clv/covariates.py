"""Covariates: numbers about customers that may explain how they differ, as a model can use them.

In: a file, a table or an array with numbers about customers. Out: finite numbers in the order of the customers, with
their names, means and standard deviations. Left to others: what they explain (`pareto_nbd_covariates`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from policy_sim.border import InputError, check_header, guarded, is_file
from policy_sim.clv.histories import CustomerSummary

__all__ = ["Covariates", "aligned_covariates", "mean_and_deviation", "named_covariates", "read_covariates"]

Vector = NDArray[np.float64]

#: An array (n_customers, k), or a table with a row for each customer and a column for each covariate.
Covariates = pd.DataFrame | ArrayLike


def read_covariates(path: str | Path, summary: CustomerSummary) -> pd.DataFrame:
    """Read numbers about customers from a CSV file: the first column names the customer, each other one is a covariate.

    Returns
    -------
    One row for each customer of the summary, in its order; customers that are not in it are left out.

    Raises
    ------
    InputError
        If the file is missing, names a customer twice, or lacks one of the summary's.
    """
    if not is_file(path):
        raise InputError(f"covariates '{path}' do not exist; give the path of a CSV file (--covariates)")
    with guarded(f"file of covariates '{path}'", "a CSV file (--covariates)"):
        check_header(path)
        table = pd.read_csv(path, dtype={0: str})
    table = table.set_index(table.columns[0])
    table.index = table.index.astype(str)
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise InputError(f"covariates '{path}' name customer '{twice}' twice; keep one row for each customer")
    rows = table.index.get_indexer(pd.Index(summary.labels))
    missing = summary.labels[rows < 0]
    if len(missing):
        raise InputError(
            f"covariates '{path}' lack {len(missing):,} of {len(summary.labels):,} customers, such as '{missing[0]}'; "
            "add a row for each"
        )
    return table.iloc[rows]


def aligned_covariates(
    covariates: Covariates, labels: NDArray[np.str_], argument: str
) -> tuple[Vector, tuple[str, ...]]:
    """Return covariates (n_customers, k) in the order of the customers' labels, and their names.

    Parameters
    ----------
    covariates
        An array in that order, whose columns are called z1, z2, ..., or a table whose index holds the labels.
    labels
        (n_customers,) customer ids.
    argument
        What a person called them, for messages.

    Raises
    ------
    InputError
        If a customer is missing or has two rows, or something is not a finite number.
    """
    if not isinstance(covariates, pd.DataFrame):
        values = _numbers(covariates, argument)
        if len(values) != labels.size:
            raise InputError(
                f"{argument} have {len(values):,} rows for {labels.size:,} customers; expected one for each, "
                "in the order of the summary's labels"
            )
        return values, tuple(f"z{k + 1}" for k in range(values.shape[1]))
    index = pd.Index(covariates.index.astype(str))
    if index.has_duplicates:
        raise InputError(
            f"{argument} name customer '{index[index.duplicated()][0]}' twice; expected one row for each customer"
        )
    place = index.get_indexer(pd.Index(labels.astype(object)))
    if (place < 0).any():
        raise InputError(
            f"{argument} lack customer '{labels[place < 0][0]}' ({int((place < 0).sum()):,} of {labels.size:,} are "
            "missing); expected the customers' labels as the index of the table; add rows, or set the index"
        )
    return _numbers(covariates.iloc[place], argument), tuple(str(name) for name in covariates.columns)


def named_covariates(covariates: Covariates, names: tuple[str, ...], argument: str) -> Vector:
    """Return covariates (n_customers, k) with the columns of these names in this order, rows in the order they stand.

    Raises
    ------
    InputError
        If a column is missing, or something is not a finite number; `argument` is what a person called them.
    """
    if isinstance(covariates, pd.DataFrame):
        columns = [str(name) for name in covariates.columns]
        missing = next((name for name in names if name not in columns), None)
        if missing is not None:
            raise InputError(f"{argument} lack the column '{missing}'; expected {', '.join(names)}")
        return _numbers(covariates.iloc[:, [columns.index(name) for name in names]], argument)
    values = _numbers(covariates, argument)
    if values.shape[1] != len(names):
        raise InputError(
            f"{argument} have {values.shape[1]} columns; expected {len(names)}: {', '.join(names) or 'none'}"
        )
    return values


def mean_and_deviation(values: Vector, names: tuple[str, ...], argument: str) -> tuple[Vector, Vector]:
    """Return mean and standard deviation of each covariate of (n_customers, k), if their effects can be told apart.

    Raises
    ------
    InputError
        If two have one name, one does not vary, or one follows from those before it.
    """
    if len(set(names)) < len(names):
        raise InputError(f"{argument} have two columns of one name among {', '.join(names)}; rename one")
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    constant = np.flatnonzero(deviation <= 1e-10 * np.abs(values).max(axis=0, initial=0.0))
    if constant.size:
        raise InputError(
            f"{argument}: '{names[constant[0]]}' is the same for all customers ({values[0, constant[0]]:g}), so it "
            "explains no difference between them; leave it out"
        )
    residual = (values - mean) / (deviation * np.sqrt(len(values)))  # of what the columns before explain
    for k, name in enumerate(names):
        length = np.linalg.norm(residual[:, k])
        if length < 1e-6:
            raise InputError(
                f"{argument}: '{name}' follows from the columns before it, so their effects cannot be told apart; "
                "leave one out (of the 0-1 columns of a category, too)"
            )
        direction = residual[:, k] / length
        residual[:, k + 1 :] -= np.outer(direction, direction @ residual[:, k + 1 :])
    return mean, deviation


def _numbers(covariates: Covariates, argument: str) -> Vector:
    """Return a table or an array of two dimensions as finite numbers."""
    try:
        values = np.asarray(covariates, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{argument} hold something that is not a number; write categories as columns of 0 and 1"
        ) from None
    if values.ndim != 2:
        raise InputError(
            f"{argument} have shape {values.shape}; expected a row for each customer and a column for each covariate"
        )
    wrong = np.argwhere(~np.isfinite(values))
    if wrong.size:
        row, column = wrong[0]
        where = (
            f"customer '{covariates.index[row]}', column '{covariates.columns[column]}'"
            if isinstance(covariates, pd.DataFrame)
            else f"row {row}, column {column}, counted from 0"
        )
        raise InputError(
            f"{argument} hold {values[row, column]} ({where}); expected finite numbers; fill it in, or leave the "
            "customer or the column out"
        )
    return values
