"""Build report: the account of how a log of cases was put together.

In: counts, and remarks of all who took part. Out: `BuildReport`, in numbers and as plain data.
Left to others: putting it together (`joining`), how it reads on a screen (`show`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.orders import Remark

__all__ = ["UNKNOWN_FILE", "BuildReport", "FileRead", "examples"]

#: Why a file is left alone that nobody knows.
UNKNOWN_FILE = "its columns are not known"
_MOST_EXAMPLES = 3


@dataclass(frozen=True)
class FileRead:
    """A file that was read: what it is, how many rows it has, which of its columns hold what."""

    name: str
    what: str
    rows: int
    columns: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the attributes by name, as plain data."""
        return {"name": self.name, "what": self.what, "rows": self.rows, "columns": dict(self.columns)}


@dataclass(frozen=True)
class BuildReport:
    """How a log of cases was put together.

    Attributes
    ----------
    files
        What was read.
    left_alone
        By file why it was not read.
    tickets, refunds, cases
        Rows of tickets and of refunds; cases in the log.
    orders_found, refunds_found
        How many cases have an order, and refunds a case, by how they were found (`matching.HOW`).
    resolutions
        How many cases have a resolution, by how it was found (`resolutions.FOUND`).
    set_aside
        Rows that are not used, by kind ("tickets", "refunds", "orders") and reason, with the ids of the first few.
    remarks
        What looks wrong, was decided or is assumed, with the number of cases and ids of the first few.
    unknown
        By list of a mapping the words that are not understood, with the number of their rows.
    """

    files: tuple[FileRead, ...]
    left_alone: Mapping[str, str]
    tickets: int
    refunds: int
    cases: int
    orders_found: Mapping[str, int]
    refunds_found: Mapping[str, int]
    resolutions: Mapping[str, int]
    set_aside: Mapping[str, tuple[Remark, ...]]
    remarks: tuple[Remark, ...]
    unknown: Mapping[str, Mapping[str, int]]

    @property
    def set_aside_count(self) -> Mapping[str, int]:
        """By kind how many rows are set aside."""
        return {kind: sum(remark.rows for remark in remarks) for kind, remarks in self.set_aside.items()}

    @property
    def unknown_count(self) -> int:
        """How many words are not understood."""
        return sum(len(words) for words in self.unknown.values())

    @property
    def has_unknown_files(self) -> bool:
        """Whether there are files of which nobody knows what they are."""
        return UNKNOWN_FILE in self.left_alone.values()

    def to_dict(self) -> dict[str, object]:
        """Return the attributes by name, as plain data."""
        return {
            "cases": self.cases,
            "tickets": self.tickets,
            "refunds": self.refunds,
            "files": [file.to_dict() for file in self.files],
            "left_alone": dict(self.left_alone),
            "orders_found": dict(self.orders_found),
            "refunds_found": dict(self.refunds_found),
            "resolutions": dict(self.resolutions),
            "set_aside": {kind: [remark.to_dict() for remark in remarks] for kind, remarks in self.set_aside.items()},
            "remarks": [remark.to_dict() for remark in self.remarks],
            "unknown": {kind: dict(words) for kind, words in self.unknown.items()},
        }


def examples(ids: pd.Series, where: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return the ids of the first few rows that are meant."""
    first = np.flatnonzero(where)[:_MOST_EXAMPLES]
    return tuple(str(ids.iloc[k]) for k in first)
