"""Refunds: what was paid back, credited and sent back, read from the exports of a shop or a payment service.

In: exports of refunds. Out: `Refunds`, one row a refund, with the reason where one cannot be used.
Left to others: the case that a refund belongs to (`matching`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.evidence.cells_of_exports import Reasons, below, folded, moments_of, money_of, text_of, words_of
from policy_sim.evidence.exports import ExportTable
from policy_sim.evidence.log_mapping import CaseLogMapping

__all__ = ["Refunds", "read_refunds"]

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]

_TEXTS = ("refund_id", "order", "customer", "email")
_WORDS = ("agent", "currency")
_SMALLEST = 0.005
_CREDIT = r"(?i)gift|store.?credit|voucher|coupon"
_CAME_BACK = frozenset(("return", "returned", "restock", "restocked", "legacy_restock", "true", "yes", "1"))
_STAYED = frozenset(("no_restock", "no restock", "none", "kept", "keep", "false", "no", "0"))
_CAME_TO_NOTHING = r"(?i)^(failed|canceled|cancelled|requires_action|reversed|voided)$"
#: Kinds of lines in an export that holds whole orders.
_REFUND_LINES = ("refund line", "refund shipping", "refund adjustment", "transaction")


@dataclass(frozen=True, eq=False)
class Refunds:
    """Refunds of all exports, one row a refund or a line of one, in the order of the files.

    Attributes
    ----------
    refund_id, order, customer, email
        (n,) text as it was written, "" where nothing stands there; e-mails in small letters.
    agent, currency
        (n,) the same as categories.
    file, row
        (n,) which of `files` each stands in, and in which row of it, as people count them.
    given
        (n,) datetime64[s], UTC.
    amount
        (n,) money that was paid back or credited in the end, 0 or more.
    discretion
        (n,) how much more that is than what it came to by the shop's own reckoning; NaN where that is not on record.
    is_credit
        (n,) whether it was given as a gift card or the like.
    returned
        (n,) 1 where the item came back, 0 where it did not, NaN where unknown.
    is_line
        (n,) whether the row is a line of a refund, not a whole one.
    reasons
        Why rows cannot be used.
    notes
        What had to be decided, in words.
    """

    refund_id: pd.Series
    order: pd.Series
    customer: pd.Series
    email: pd.Series
    agent: pd.Series
    currency: pd.Series
    file: NDArray[np.int32]
    row: NDArray[np.int32]
    given: Times
    amount: Floats
    discretion: Floats
    is_credit: NDArray[np.bool_]
    returned: NDArray[np.float32]
    is_line: NDArray[np.bool_]
    reasons: Reasons
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.amount)


def read_refunds(tables: Iterable[ExportTable], currency: str, mapping: CaseLogMapping) -> Refunds | None:
    """Read the refunds of several exports; None where there are none. Each is taken apart before the next is asked for.

    Raises
    ------
    InputError
        If a column is written in two ways that contradict each other.
    """
    notes: list[str] = []
    parts: list[dict[str, Any]] = []
    files: list[str] = []
    columns: dict[str, Mapping[str, str]] = {}
    for table in tables:
        parts.append(_read(table, currency, mapping, notes))
        files.append(table.where)
        columns[table.where] = dict(table.names)
    if not parts:
        return None
    counts = [len(part["row"]) for part in parts]
    joined = {entry.name: below([part.pop(entry.name) for part in parts])
              for entry in fields(Refunds) if entry.name in parts[0]}  # fmt: skip
    return Refunds(
        **joined,
        file=np.repeat(np.arange(len(counts), dtype=np.int32), counts),
        files=tuple(files),
        notes=tuple(dict.fromkeys(notes)),
        columns=columns,
    )


def _read(table: ExportTable, currency: str, mapping: CaseLogMapping, notes: list[str]) -> dict[str, Any]:
    """Return the arrays of `Refunds` for one export."""
    reasons = Reasons.none(len(table))
    columns: dict[str, Any] = {name: text_of(table, name) for name in _TEXTS}
    columns["email"] = folded(columns["email"])
    given = moments_of(table, ("given",), reasons, mapping.time_zone, mapping.day_first, notes)["given"]
    columns |= {name: words_of(table, name) for name in _WORDS}
    table.forget("order", "customer", "email", "given", "note", *_WORDS)
    _other_lines(table, reasons)
    failed = text_of(table, "status").str.fullmatch(_CAME_TO_NOTHING).to_numpy(dtype=bool, na_value=False)
    reasons.add(failed, "the refund came to nothing, by its status")
    paid = np.abs(money_of(table, "amount", reasons, currency))
    calculated = np.abs(money_of(table, "calculated", reasons, currency))
    adjustment = money_of(table, "adjustment", reasons, currency)
    amount, discretion = _by_refund(columns["refund_id"], reasons.stays, paid, calculated, adjustment)
    has_any = ~(np.isnan(paid) & np.isnan(calculated) & np.isnan(adjustment))
    words = text_of(table, "returned").str.lower()
    came_back, stayed = words.isin(_CAME_BACK).to_numpy(dtype=bool), words.isin(_STAYED).to_numpy(dtype=bool)
    returned = np.where(came_back, 1, np.where(stayed, 0, np.nan)).astype(np.float32)
    reasons.add(~has_any, "it does not say how much was paid back")
    if not table.has("line_kind"):
        reasons.add((np.abs(amount) < _SMALLEST) & ~came_back, "nothing was paid back")
    kept = int((stayed & reasons.stays).sum())
    if kept:
        notes.append(f"{kept:,} refunds of {table.where} put nothing back into stock: the customer kept the item")
    credit = text_of(table, "way").str.contains(_CREDIT, regex=True)
    return columns | {
        "row": table.rows.astype(np.int32),
        "given": given,
        "amount": np.nan_to_num(amount),
        "discretion": discretion,
        "is_credit": credit.to_numpy(dtype=bool, na_value=False),
        "returned": returned,
        "is_line": np.full(len(table), table.has("line_kind")),
        "reasons": reasons,
    }


def _by_refund(
    refund_id: pd.Series, stays: NDArray[np.bool_], paid: Floats, calculated: Floats, adjustment: Floats
) -> tuple[Floats, Floats]:
    """Return what each row adds to what was paid back, and to how much more that is than the shop's own reckoning.

    Rows of one number are lines of one refund: what was paid counts, if a line says it; else the reckoning with its
    adjustment, which is below 0 where more was paid than that.
    """
    codes, _ = pd.factorize(refund_id)
    blank = (refund_id == "").to_numpy(dtype=bool)
    codes = np.where(blank, len(refund_id) + np.arange(len(refund_id)), codes)
    _, first, group = np.unique(np.where(stays, codes, -1), return_index=True, return_inverse=True)

    def total(values: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        known = ~np.isnan(values) & stays
        sums: Floats = np.bincount(group, np.where(known, values, 0.0)).astype(np.float64)
        return sums, np.bincount(group, known) > 0

    (paid_sum, has_paid), (own_sum, has_own), (moved, has_moved) = total(paid), total(calculated), total(adjustment)
    reckoned = np.nan_to_num(calculated) - np.nan_to_num(adjustment)
    amount = np.where(has_paid[group], np.nan_to_num(paid), reckoned)
    beyond = np.where(has_paid & has_own, paid_sum - own_sum, np.where(has_moved, -moved, np.nan))
    discretion = np.full(len(paid), np.nan)
    discretion[first] = beyond
    return amount, discretion


def _other_lines(table: ExportTable, reasons: Reasons) -> None:
    """Set aside what is no line of a refund, in an export that holds whole orders."""
    if not table.has("line_kind"):
        return
    codes, distinct = pd.factorize(text_of(table, "line_kind"))
    words = [str(word) for word in distinct]
    is_other = np.array([word.strip().lower() not in _REFUND_LINES for word in words] + [True])[codes]
    is_other |= (text_of(table, "refund_id") == "").to_numpy(dtype=bool)  # payments, among transactions
    reasons.add_each(is_other, [f"a line of an order ('{word}'), not of a refund" for word in words],
                     np.asarray(codes, dtype=np.int64))  # fmt: skip
