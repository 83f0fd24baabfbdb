"""Status: which rows of a log are sales, by what their status and kind say.

In: columns with words such as "completed", "cancelled", "refund". Out: rows that are no sale, and which are
refunds. Left to others: what becomes of refunds (`lines`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.orders.reading import Remark, counted
from policy_sim.orders.table import DistinctTexts, LogTable, SetAside

__all__ = ["refund_rows", "without_no_sales"]

Flags = NDArray[np.bool_]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words of a status of which one is enough: the row is no sale.
_NO_SALE = _words(
    "cancelled canceled cancellation failed failure voided void pending refunded draft chargeback chargebacks "
    "declined expired abandoned unpaid rejected reversed reversal denied trash error incomplete unavailable "
    "disputed returned test authorized unapproved hold holded fraud deleted aborted storniert annulliert "
    "stornierte abgebrochen annulee annule cancelado cancelada anulado anulada reembolsado"
)
#: With these the row is a sale whatever else stands there: part of the money stayed.
_PARTLY = _words("partially partial partly")
_SALE = _words(
    "completed complete paid shipped delivered fulfilled processing closed success successful succeeded captured "
    "settled invoiced approved finished dispatched sold ok done active confirmed received shipping sent unshipped "
    "unfulfilled open created bezahlt abgeschlossen versendet payee completado pagado transit picked packed ready"
)
#: Words of a kind of row.
_REFUNDS = _words("refund refunds return returns chargeback chargebacks reversal dispute credit creditnote")
_TRANSFERS = _words(
    "withdrawal withdrawals payout payouts transfer fee fees conversion hold deposit adjustment tax topup "
    "authorization reserve loan subscription_fee"
)


#: What became of a sale afterwards: with `with_returned` such a row is one.
_SENT_BACK = _words("refunded returned chargeback chargebacks disputed reembolsado")


def without_no_sales(
    table: LogTable, counting: Sequence[str] | None, with_returned: bool = False
) -> tuple[LogTable, list[SetAside], list[Remark]]:
    """Return the table without rows that are no sale by their status or kind, those rows, and what was decided.

    Parameters
    ----------
    table
        The log.
    counting
        Statuses that count as sales, as they stand; None to go by usual words.
    with_returned
        Whether a sale whose money went back later counts as one.

    Raises
    ------
    InputError
        If no row has a status that is to be counted.
    """
    aside: list[SetAside] = []
    remarks: list[Remark] = []
    if table.has("status"):
        texts = table.text("status")
        is_no_sale, more = _by_counting(texts, counting) if counting else _by_words(texts, with_returned)
        remarks += more
        table = _without(table, texts, is_no_sale, "no sale", aside)
    elif counting:
        raise InputError(f"{table.where} has no column with a status; name it with --status-column, or omit --count")
    if table.has("cancelled") and len(table):
        texts = table.text("cancelled")
        blank = texts.text.str.lower().isin(["", "nan", "nat", "none", "false", "no", "0"]).to_numpy(bool)
        table = _without(table, texts, ~blank, "cancelled", aside)
    if table.has("kind") and len(table):
        texts = table.text("kind")
        spoken = [_tokens(text) for text in texts.text]
        moved = np.array([bool(words & _TRANSFERS) and not words & _REFUNDS for words in spoken], dtype=bool)
        if not moved.all():
            table = _without(table, texts, moved, "no sale", aside)
    if not len(table):
        raise InputError(
            f"{table.where} holds no sale: {aside[0].remark.says}; say which statuses count with --count, or name "
            "another column with --status-column"
        )
    return table, aside, remarks


def refund_rows(table: LogTable) -> Flags:
    """Return (n_rows,) which rows are refunds by what their kind says."""
    if not table.has("kind"):
        return np.zeros(len(table), dtype=np.bool_)
    texts = table.text("kind")
    spoken = np.array([bool(_tokens(text) & _REFUNDS) for text in texts.text], dtype=bool)
    return np.zeros(len(table), dtype=np.bool_) if spoken.all() else spoken[texts.codes]


def _tokens(text: str) -> frozenset[str]:
    parts = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))
    return frozenset(part.lower() for part in parts)


def _by_counting(texts: DistinctTexts, counting: Sequence[str]) -> tuple[Flags, list[Remark]]:
    wanted = {status.strip().lower() for status in counting}
    there = texts.text.str.lower()
    unknown = sorted(wanted - set(there))
    if unknown:
        listed = ", ".join(sorted(set(texts.text)))
        raise InputError(
            f"--count names '{unknown[0]}', which no row of {texts.table.where} has in column "
            f"'{texts.table.names['status']}'; it has: {listed}"
        )
    return ~there.isin(wanted).to_numpy(bool), []


def _by_words(texts: DistinctTexts, with_returned: bool) -> tuple[Flags, list[Remark]]:
    name = texts.table.names["status"]
    spoken = [_tokens(text) for text in texts.text]
    no_sale = _NO_SALE - _SENT_BACK if with_returned else _NO_SALE
    is_no_sale = np.array([bool(words & no_sale) and not words & _PARTLY for words in spoken], dtype=bool)
    known = _SALE | _PARTLY | (_SENT_BACK if with_returned else frozenset())
    is_known = is_no_sale | np.array([bool(words & known) for words in spoken], dtype=bool)
    if not is_known.any():
        return is_no_sale, []  # no column of statuses
    unknown = np.flatnonzero(~is_known & (texts.text != "").to_numpy(bool))
    if not unknown.size:
        return is_no_sale, []
    rows = int(texts.counts()[unknown].sum())
    listed = ", ".join(f"'{texts.text[k]}'" for k in unknown[:3])
    says = (
        f"{counted(rows)} with a status that is not known ({listed}) in column '{name}' count as sales; say which do "
        "with --count"
    )
    places = tuple(": ".join(texts.example(int(k))) for k in unknown[:3])
    return is_no_sale, [Remark("status", says, rows, places)]


def _without(table: LogTable, texts: DistinctTexts, is_out: Flags, what: str, aside: list[SetAside]) -> LogTable:
    positions = np.flatnonzero(is_out[texts.codes])
    if not positions.size:
        return table
    counts = texts.counts()
    listed = ", ".join(f"{texts.text[k]} {counts[k]:,}" for k in np.flatnonzero(is_out)[:6])
    if texts.role == "cancelled":
        listed = "a day stands there"
    rows, are = counted(int(positions.size)), "is" if positions.size == 1 else "are"
    says = f"{rows} {are} {what} by column '{table.names[texts.role]}' ({listed}) and left out"
    if texts.role == "status":
        says += "; say which statuses count with --count"
    aside.append(SetAside.of(table, positions, "status", says, texts.role))
    return table.take(np.flatnonzero(~is_out[texts.codes]))
