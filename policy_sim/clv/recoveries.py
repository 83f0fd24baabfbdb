"""Recoveries: each customer's history with the orders that failed, and how each failure was made good.

In: transactions, and which orders failed and were recovered how. Out: `RecoverySummary`, frequency, recency, age and
counts of failures. Left to others: what failures and recoveries do to a customer's staying (`recovery_bg_nbd`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from policy_sim.border import InputError, plain_rows, read_columns, unknown
from policy_sim.clv.fit import checked_history
from policy_sim.clv.histories import CustomerSummary, summarise
from policy_sim.orders.sorting import begins_run
from policy_sim.orders.transactions import Transactions

__all__ = [
    "ORDINARY",
    "RecoverySummary",
    "checked_chances",
    "read_recoveries",
    "refuse_class_names",
    "summarise_recoveries",
]

Vector = NDArray[np.float64]
Places = NDArray[np.intp]

ORDINARY = "ordinary"
"""Name of class 0: a repeat purchase that did not fail."""

_RECENCY_SLACK = 1e-9  # weeks


def read_recoveries(path: str | Path) -> pd.DataFrame:
    """Read the failed orders that `summarise_recoveries` takes from a CSV file with customer, date and recovery.

    Raises
    ------
    InputError
        If the file is missing or no table, lacks a column, or holds no rows.
    """
    return read_columns("file of recoveries", path, ("customer", "date", "recovery"))


def summarise_recoveries(
    transactions: Transactions,
    recoveries: pd.DataFrame,
    summary: CustomerSummary | None = None,
    *,
    recovery_classes: Sequence[str] | None = None,
) -> RecoverySummary:
    """Return each customer's frequency, recency and age with the chances to drop out that failures brought.

    Parameters
    ----------
    transactions
        The purchases.
    recoveries
        One row for each failed order, with columns `customer`, `date` (of the order: a day, or text such as
        1997-09-30) and `recovery` (name of the class it was recovered with; also a name for "nothing was done").
    summary
        The same log as `summarise` returns it, up to the last day of observation; None for the last date in the log.
        Rows of `recoveries` on later orders do not count.
    recovery_classes
        Names of the classes 1..K in order; None for those that occur, sorted.

    Returns
    -------
    One row for each customer, in the order of the summary.

    Raises
    ------
    InputError
        If a column is missing, a row cannot be read or belongs to no order, an order has two recoveries, or a class
        is unknown.
    """
    base = summarise(transactions) if summary is None else summary
    failed, recovery = _failed_orders(transactions, recoveries)
    observed = transactions.date <= base.until
    occurring = sorted(set(recovery[observed[failed]].tolist()))
    names = occurring if recovery_classes is None else list(recovery_classes)
    for name in occurring:
        if name not in names:
            raise unknown("recovery class", name, names, "column 'recovery'")
    place_of = {name: place for place, name in enumerate(names, start=1)}
    class_of_order = np.zeros(transactions.date.size, dtype=np.intp)
    class_of_order[failed] = [place_of.get(name, 0) for name in recovery]

    customer, order_class = transactions.customer[observed], class_of_order[observed]
    is_first = begins_run(customer)
    row = np.cumsum(is_first) - 1
    is_chance = ~is_first | (order_class > 0)
    chances = np.zeros((base.labels.size, len(names) + 1))
    np.add.at(chances, (row[is_chance], order_class[is_chance]), 1.0)
    ends = np.append(np.flatnonzero(is_first)[1:], customer.size) - 1
    return RecoverySummary(
        frequency=base.frequency,
        recency_weeks=base.recency_weeks,
        age_weeks=base.age_weeks,
        chances=chances,
        last=np.where(is_chance[ends], order_class[ends], -1),
        class_names=(ORDINARY, *names),
        labels=base.labels,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class RecoverySummary:
    """Frequency, recency and age of customers, and the chances to drop out that they met; arrays are (n_customers,).

    A purchase is a chance to drop out if it is a repeat purchase, or if it failed.

    Attributes
    ----------
    frequency, recency_weeks, age_weeks
        x, t_x and T as in `CustomerSummary`.
    chances
        (n_customers, K+1) chances to drop out in each class: class 0 counts repeat purchases that did not fail,
        classes 1..K failed purchases (the first one included) by what they were recovered with.
    last
        Class of the last purchase's chance; -1 where there was none (a first purchase that did not fail).
    class_names
        Names of the K+1 classes.
    labels
        Customer ids; 1, 2, ... by default.

    Raises
    ------
    InputError
        If shapes differ, a count is negative or broken, or counts, frequency and last class contradict each other.
    """

    frequency: Vector
    recency_weeks: Vector
    age_weeks: Vector
    chances: Vector
    last: Places
    class_names: tuple[str, ...]
    labels: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, dtype=np.str_))

    def __post_init__(self) -> None:
        columns = (self.frequency, self.recency_weeks, self.age_weeks, self.last)
        shapes = [np.shape(column) for column in columns]
        if len(set(shapes)) > 1 or len(shapes[0]) != 1:
            raise InputError(
                "frequency, recency_weeks, age_weeks and last have shapes "
                f"{', '.join(str(shape) for shape in shapes)}; expected one entry for each customer in all"
            )
        x, t_x, T = checked_history(self.frequency, self.recency_weeks, self.age_weeks)
        names = tuple(str(name) for name in self.class_names)
        chances, last = checked_chances(self.chances, x.shape, names), np.asarray(self.last)
        if not np.isin(last, np.arange(-1, len(names))).all():
            raise InputError(
                f"last is {last[~np.isin(last, np.arange(-1, len(names)))][0]} for a customer; expected the place of a "
                f"class, 0 to {len(names) - 1}, or -1 where the last purchase was no chance to drop out"
            )
        last = last.astype(np.intp)
        _refuse_contradictions(x, t_x, chances, last, names)
        ids = np.asarray(self.labels)
        labels = ids.astype(np.str_) if ids.size else np.arange(1, x.size + 1).astype(np.str_)
        if labels.shape != x.shape:
            raise InputError(f"labels hold {labels.size} customers; expected {x.size}, as many as frequency")
        checked = {
            "frequency": x,
            "recency_weeks": t_x,
            "age_weeks": T,
            "chances": chances,
            "last": last,
            "class_names": names,
            "labels": labels,
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def of_last(self) -> Vector:
        """Chances of the class of each customer's last chance; those of class 0 where there was none."""
        return np.take_along_axis(self.chances, np.maximum(self.last, 0)[:, None], axis=1)[:, 0]

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each customer: customer, frequency, recency_weeks, age_weeks, chances[...], last_class.

        There is one column of chances for each class; last_class is its name, None where there was no chance.
        """
        names = np.array([*self.class_names, None], dtype=object)  # of which -1 is the last
        chances = {f"chances[{name}]": column for name, column in zip(self.class_names, self.chances.T, strict=True)}
        return pd.DataFrame(
            {
                "customer": self.labels,
                "frequency": self.frequency,
                "recency_weeks": self.recency_weeks,
                "age_weeks": self.age_weeks,
                **chances,
                "last_class": names[self.last],
            }
        )

    def to_dict(self) -> dict[str, object]:
        """Return class_names and the rows of `to_frame` (customers), as plain data."""
        return {"class_names": list(self.class_names), "customers": plain_rows(self.to_frame())}


def refuse_class_names(names: tuple[str, ...]) -> None:
    """Raise an InputError unless there are classes and each has a name of its own."""
    if not names or len(set(names)) < len(names):
        raise InputError(f"class_names are {names}; expected a different name for each class, '{ORDINARY}' first")


def checked_chances(chances: ArrayLike, shape: tuple[int, ...], names: tuple[str, ...]) -> Vector:
    """Return chances as (*shape, K+1) numbers, if these are counts of that shape for the named classes.

    Raises
    ------
    InputError
        If the shape is another one, or a number is negative or not whole.
    """
    n = np.asarray(chances, dtype=np.float64)
    refuse_class_names(names)
    if n.shape != (*shape, len(names)):
        raise InputError(
            f"chances has shape {n.shape}; expected {(*shape, len(names))}: a row for each customer, a column for each "
            f"of the classes {', '.join(names)}"
        )
    wrong = ~((n >= 0) & np.isfinite(n) & (n % 1 == 0))
    if wrong.any():
        raise InputError(f"chances hold {n[wrong][0]:g}; expected counts: whole numbers, 0 or more")
    return n


def _refuse_contradictions(x: Vector, t_x: Vector, n: Vector, last: Places, names: tuple[str, ...]) -> None:
    """Raise an InputError where frequency, recency, chances and last class of a customer contradict each other."""
    total, failed = n.sum(axis=1), n[:, 1:].sum(axis=1)
    first_failed = total == x + 1

    def refuse(wrong: NDArray[np.bool_], expected: str) -> None:
        if wrong.any():
            k = int(np.argmax(wrong))
            counts = ", ".join(f"{name} {count:g}" for name, count in zip(names, n[k], strict=True))
            raise InputError(
                f"customer at position {k} has frequency {x[k]:g}, recency {t_x[k]:g} weeks, chances to drop out "
                f"({counts}) and last class {last[k]}; expected {expected}"
            )

    refuse((x == 0) & (t_x > _RECENCY_SLACK), "recency 0 without a repeat purchase")
    refuse(~(first_failed | (total == x)), "as many chances as the frequency, or one more if the first purchase failed")
    refuse(first_failed & (failed < 1), "a failure among the chances, for there is one more than repeat purchases")
    refuse((total == 0) != (last < 0), "last to be -1 exactly where there was no chance")
    of_last = np.take_along_axis(n, np.maximum(last, 0)[:, None], axis=1)[:, 0]
    refuse((last >= 0) & (of_last < 1), "at least one chance of the last class")
    refuse(
        first_failed & (x > 0) & (last > 0) & (failed < 2),
        "two failures at least, if both the first and the last purchase failed",
    )


def _failed_orders(transactions: Transactions, recoveries: pd.DataFrame) -> tuple[Places, NDArray[np.str_]]:
    """Return the positions of the orders that failed, and the names of what they were recovered with."""
    missing = [name for name in ("customer", "date", "recovery") if name not in recoveries.columns]
    if missing:
        raise InputError(
            f"the table of recoveries has no column '{missing[0]}'; found: "
            f"{', '.join(str(name) for name in recoveries.columns)}; expected customer, date and recovery"
        )
    names = recoveries["recovery"].astype(str).str.strip()
    is_blank = (recoveries["recovery"].isna() | names.isin(("", ORDINARY))).to_numpy(dtype=bool)
    if is_blank.any():
        k = int(np.argmax(is_blank))
        raise InputError(
            f"recovery '{names.iloc[k]}' in row {k + 1} of the recoveries cannot be a class; expected a name (one for "
            f"'nothing was done' too) other than '{ORDINARY}', which stands for purchases that did not fail"
        )
    ids = recoveries["customer"]
    if pd.api.types.is_float_dtype(ids.dtype) and ids.notna().all() and (ids % 1 == 0).all():
        ids = ids.astype(np.int64)
    labels = ids.astype(str).str.strip().to_numpy(dtype=object)
    days = pd.to_datetime(recoveries["date"].astype(str).str.strip(), format="ISO8601", errors="coerce", utc=True)
    day = days.dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    if np.isnat(day).any():
        k = int(np.argmax(np.isnat(day)))
        raise InputError(
            f"found date '{recoveries['date'].iloc[k]}' in row {k + 1} of the recoveries, which cannot be read; "
            "expected a day such as 1997-09-30"
        )
    customer = pd.Index(transactions.labels.astype(object)).get_indexer(pd.Index(labels))
    origin = transactions.date.min()
    span = int((transactions.date.max() - origin).astype(np.int64)) + 1
    keys = transactions.customer.astype(np.int64) * span + (transactions.date - origin).astype(np.int64)
    offset = (day - origin).astype(np.int64)
    wanted = customer.astype(np.int64) * span + offset
    order = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    unmatched = (customer < 0) | (offset < 0) | (offset >= span) | (keys[order] != wanted)
    if unmatched.any():
        k = int(np.argmax(unmatched))
        raise InputError(
            f"row {k + 1} of the recoveries (customer '{labels[k]}', {day[k]}) belongs to no order "
            f"({int(unmatched.sum()):,} such rows in all); expected the customer and day of an order in the log"
        )
    table = pd.DataFrame({"order": order, "recovery": names.to_numpy(dtype=object)}).drop_duplicates()
    twice = table["order"].duplicated().to_numpy(dtype=bool)
    if twice.any():
        k = int(table["order"].iloc[int(np.argmax(twice))])
        raise InputError(
            f"the order of customer '{transactions.labels[transactions.customer[k]]}' on {transactions.date[k]} has "
            "two different recoveries; expected one; give the two together a name of their own"
        )
    return table["order"].to_numpy(dtype=np.intp), table["recovery"].to_numpy(dtype=np.str_)
