"""Cells of exports: columns as text, numbers and truth values, with what cannot be read told apart and set aside.

In: columns of an `ExportTable`. Out: arrays, and which rows cannot be used, with the reason.
Left to others: what the columns mean (`tickets`, `refunds`), moments (`moments`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from policy_sim.currencies import decimals_of
from policy_sim.evidence.exports import ExportTable
from policy_sim.evidence.moments import read_moments
from policy_sim.orders.amounts import parse_amounts

__all__ = ["TEXT", "Reasons", "below", "flags_of", "folded", "moments_of", "money_of", "no_text", "text_of", "words_of"]

Floats = NDArray[np.float64]
SmallFloats = NDArray[np.float32]
Flags = NDArray[np.bool_]
TEXT = pd.ArrowDtype(pa.string())

_NOT = np.datetime64("NaT", "s")
_MOST_WHOLE = 2**53  # up to which a float tells whole numbers apart
_A_NUMBER = r"\d"
_NO_NUMBER = r"[A-Za-z]{5,}|\d[^\d.,'’\s\x{a0}\x{202f}]+\d|^[=@+]"
_YES = frozenset(("1", "true", "yes", "y", "x", "t", "on", "ja", "oui", "si"))
_NO = frozenset(("0", "false", "no", "n", "f", "off", "", "nein", "non", "none", "nan", "<na>", "-"))


@dataclass
class Reasons:
    """Why rows are set aside; of several reasons the first one counts.

    Attributes
    ----------
    code
        (n,) place of the reason of each row in `texts`; 0 where it stays.
    texts
        The reasons, the first one empty.
    """

    code: NDArray[np.int32]
    texts: list[str] = field(default_factory=lambda: [""])

    @classmethod
    def none(cls, count: int) -> Reasons:
        """Return a start: no row is set aside."""
        return cls(np.zeros(count, dtype=np.int32))

    @property
    def stays(self) -> Flags:
        """(n,) whether each row stays."""
        return np.asarray(self.code == 0)

    def add(self, where: Flags, text: str) -> int:
        """Set rows aside that still stay; return how many that are."""
        where = where & self.stays
        count = int(where.sum())
        if count:
            if text not in self.texts:
                self.texts.append(text)
            self.code[where] = self.texts.index(text)
        return count

    def add_each(self, where: Flags, texts: Sequence[str], codes: NDArray[np.integer[Any]]) -> None:
        """Set rows aside, each with the text that its code names."""
        for k in np.unique(codes[where & self.stays]).tolist():
            self.add(where & (codes == k), texts[k])

    def counts(self) -> dict[str, int]:
        """Return how many rows are set aside, by reason, the most frequent first."""
        counts = np.bincount(self.code, minlength=len(self.texts))
        pairs = [(text, int(count)) for text, count in zip(self.texts, counts, strict=True) if text and count]
        return dict(sorted(pairs, key=lambda pair: -pair[1]))

    @classmethod
    def joined(cls, parts: Sequence[Reasons]) -> Reasons:
        """Return the reasons of several tables one below the other."""
        whole = cls(np.zeros(0, dtype=np.int32))
        codes = []
        for part in parts:
            for text in part.texts:
                if text not in whole.texts:
                    whole.texts.append(text)
            codes.append(np.array([whole.texts.index(text) for text in part.texts], dtype=np.int32)[part.code])
        whole.code = np.concatenate(codes) if codes else whole.code
        return whole


def below(parts: Sequence[Any]) -> Any:
    """Return arrays, columns or reasons of several tables one below the other."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], Reasons):
        return Reasons.joined(parts)
    if not isinstance(parts[0], pd.Series):
        return np.concatenate(parts)
    if isinstance(parts[0].dtype, pd.CategoricalDtype):
        return pd.Series(union_categoricals(list(parts)))
    return pd.concat(parts, ignore_index=True)


def no_text(count: int) -> pd.Series:
    """Return a column of text in which nothing stands."""
    return pd.Series(pa.nulls(count, pa.string()).fill_null(""), dtype=TEXT)


def text_of(table: ExportTable, name: str) -> pd.Series:
    """Return a column as text in compiled memory, without spaces around it; "" where nothing stands there.

    Whole numbers are written without a point: 1001 for 1001.0, as workbooks hold them.
    """
    if not table.has(name):
        return no_text(len(table))
    column = table.columns[name]
    if isinstance(column.dtype, pd.ArrowDtype) and pa.types.is_string(column.dtype.pyarrow_dtype):
        return column.fillna("").reset_index(drop=True)
    written = [_written(cell) for cell in column.astype(object)]
    return pd.Series(pa.array(written, pa.string()), dtype=TEXT).str.strip()


def words_of(table: ExportTable, name: str) -> pd.Series:
    """Return a column that says the same again and again as categories; "" where nothing stands there."""
    codes, distinct = pd.factorize(text_of(table, name))
    return pd.Series(pd.Categorical.from_codes(codes, categories=distinct))


def folded(column: pd.Series) -> pd.Series:
    """Return text in small letters, as e-mails are compared."""
    return column.str.lower()


def _written(cell: object) -> str:
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _MOST_WHOLE:
        return str(int(cell))
    return str(cell)


def moments_of(
    table: ExportTable, names: Sequence[str], reasons: Reasons, time_zone: str, day_first: bool | None, notes: list[str]
) -> dict[str, NDArray[np.datetime64]]:
    """Return the moments of columns, not a time where there is none; rows whose cell cannot be read are set aside."""
    found: dict[str, NDArray[np.datetime64]] = {}
    bare: list[str] = []
    for name in names:
        if not table.has(name):
            found[name] = np.broadcast_to(_NOT, len(table))  # takes no room
            continue
        header = table.names[name]
        moments = read_moments(table.columns[name], f"column '{header}' of {table.where}", time_zone, day_first)
        reasons.add(moments.is_unreadable, f"column '{header}' holds no moment such as 2024-03-17 09:05:00")
        notes += moments.notes
        if moments.without_zone and not re.search(r"utc|gmt", header, re.IGNORECASE):
            bare.append(f"'{header}'")
        times = moments.times
        found[name] = np.broadcast_to(_NOT, len(table)) if np.isnat(times).all() else times
    if bare:
        notes.append(f"{', '.join(bare)} of {table.where} name no time zone and were read as {time_zone}")
    return found


def money_of(table: ExportTable, name: str, reasons: Reasons, currency: str, is_count: bool = False) -> Floats:
    """Return the amounts of a column in money, NaN where the cell is blank; rows that cannot be read are set aside."""
    if not table.has(name):
        return np.broadcast_to(np.nan, len(table))  # takes no room
    column = table.columns[name]
    factor = 10.0 ** -decimals_of(currency) if table.export.cents and not is_count else 1.0
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan) * factor
    text = text_of(table, name)
    texts = pa.array(text.array)
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    try:
        numbers = pc.if_else(pc.equal(texts, ""), None, texts).cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        is_blank = pc.is_in(pc.utf8_lower(texts), pa.array(["", "-", "n/a", "nan", "null", "none"]))
        has_digit = pc.match_substring_regex(texts, _A_NUMBER)
        is_odd = pc.or_(pc.invert(has_digit), pc.match_substring_regex(texts, _NO_NUMBER))
        wrong = np.asarray(pc.and_(pc.invert(is_blank), is_odd).to_numpy(zero_copy_only=False), dtype=np.bool_)
        reasons.add(wrong, f"column '{table.names[name]}' holds no amount such as 12.50")
        plain = text.where(~pd.Series(wrong), "")
        numbers, _ = parse_amounts(_with(table, name, plain), currency, name)
    numbers = np.asarray(numbers, dtype=np.float64)
    reasons.add(np.isinf(numbers), f"column '{table.names[name]}' holds no amount such as 12.50")
    is_number = np.isfinite(numbers)
    return np.where(is_number, numbers, np.nan) * factor if is_number.any() else np.broadcast_to(np.nan, len(table))


def _with(table: ExportTable, name: str, column: pd.Series) -> ExportTable:
    return ExportTable(
        {name: column}, table.names, table.where, table.rows, table.row_word, (), table.shape, table.files, table.export
    )


def flags_of(table: ExportTable, name: str) -> SmallFloats:
    """Return 1, 0, or NaN where the column is not there, or says neither yes nor no; blank is no."""
    if not table.has(name):
        return np.broadcast_to(np.float32(np.nan), len(table))
    codes, distinct = pd.factorize(text_of(table, name))
    words = [str(word).strip().lower() for word in distinct]
    values = [1.0 if word in _YES else 0.0 if word in _NO else np.nan for word in words]
    return np.array([*values, 0.0], dtype=np.float32)[codes]
