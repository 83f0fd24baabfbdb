"""Reading: the account of what happened while a log was read.

In: remarks of all who looked at it. Out: `Reading`, in numbers and in sentences. Left to others: what they looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import NamedTuple

import pandas as pd

__all__ = ["Reading", "Remark", "counted", "examples_of"]

_MOST_EXAMPLES = 3


class Remark(NamedTuple):
    """Something that looks wrong, or was decided, in a log.

    Attributes
    ----------
    kind
        One word for what it is: "dates", "status", "customers", "currency", "lines", "refunds", "amounts", "file".
    says
        What it is and what to do, in words.
    rows
        How many rows it is about; 0 where it is about the file.
    examples
        Where, and what stands there, of the first few.
    """

    kind: str
    says: str
    rows: int = 0
    examples: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the attributes by name, as plain data."""
        return self._asdict() | {"examples": list(self.examples)}


def counted(count: int, one: str = "row", many: str = "rows") -> str:
    """Return "1 row" or "2,000 rows"."""
    return f"{count:,} {one if count == 1 else many}"


@dataclass(frozen=True)
class Reading:
    """What happened while a log was read.

    Attributes
    ----------
    rows, rows_kept
        Rows in the log (blank ones aside); rows that went into an order.
    merged_same_day
        How many orders went into another one of the same customer and day.
    dropped_negative, dropped_negative_amount
        Rows with negative amounts (returns) that are left out, and their sum in money (0 or below).
    netted_negative, netted_negative_amount
        Rows with negative amounts that were taken off earlier orders, and the sum taken off (0 or below).
    duplicates
        Rows that are an exact copy of an earlier one (same customer, day and amount); they count as orders.
    customer_column, date_column, amount_column
        Names of the columns that were used.
    first_date, last_date
        Of the orders that are left.
    currency
        Of the amounts.
    shape
        The export that the file was known as; empty where the columns were found by their names.
    set_aside
        Rows that are not used, by reason.
    warnings
        What looks wrong or was decided on the way.
    """

    rows: int
    rows_kept: int
    merged_same_day: int
    dropped_negative: int
    dropped_negative_amount: float
    customer_column: str
    date_column: str
    amount_column: str
    first_date: date
    last_date: date
    currency: str = "USD"
    netted_negative: int = 0
    netted_negative_amount: float = 0.0
    duplicates: int = 0
    shape: str = ""
    set_aside: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """Everything noteworthy, one plain sentence each; empty where there is nothing to note."""
        lines = [remark.says for remark in self.set_aside]
        if self.dropped_negative:
            were = "was" if self.dropped_negative == 1 else "were"
            lines.append(
                f"{counted(self.dropped_negative)} with negative amounts (returns, "
                f"{self.dropped_negative_amount:,.2f} {self.currency} in all) {were} left out"
            )
        if self.netted_negative:
            were = "was" if self.netted_negative == 1 else "were"
            lines.append(
                f"{counted(self.netted_negative)} with negative amounts (returns, "
                f"{self.netted_negative_amount:,.2f} {self.currency} in all) {were} taken off earlier purchases"
            )
        if self.duplicates:
            are = "is an exact copy" if self.duplicates == 1 else "are exact copies"
            lines.append(f"{counted(self.duplicates)} {are} of an earlier one and kept; remove them if they are errors")
        if self.merged_same_day:
            were = "was" if self.merged_same_day == 1 else "were"
            lines.append(
                f"{counted(self.merged_same_day)} {were} merged into another purchase of the same customer on the "
                "same day"
            )
        return (*lines, *(remark.says for remark in self.warnings))

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each remark: what was done with the rows, kind, says, rows, examples."""
        rows = [{"done": "set aside"} | remark.to_dict() for remark in self.set_aside]
        rows += [{"done": "told"} | remark.to_dict() for remark in self.warnings]
        return pd.DataFrame(rows, columns=["done", *Remark._fields])

    def to_dict(self) -> dict[str, object]:
        """Return the attributes by name, as plain data; days as text, remarks as lists."""
        days = {"first_date": str(self.first_date), "last_date": str(self.last_date)}
        remarks = {name: [remark.to_dict() for remark in getattr(self, name)] for name in ("set_aside", "warnings")}
        return asdict(self) | days | remarks | {"sentences": list(self.sentences)}


def examples_of(places: Sequence[str], values: Sequence[object]) -> tuple[str, ...]:
    """Return "log.csv, line 5: 3/4/97" of the first few."""
    return tuple(f"{place}: {value}" for place, value in zip(places, values, strict=False))[:_MOST_EXAMPLES]
