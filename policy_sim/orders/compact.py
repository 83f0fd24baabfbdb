"""Compact: a column of text from a large file in as little room as it needs, without losing a sign of it.

In: blocks of text, as they are read. Out: a column: moments, texts that come again and again as numbers of distinct
ones, or text. Left to others: what the texts mean (`table`, `evidence`).
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

__all__ = ["Gathered", "are_distinct", "compact", "give_room_back", "text_array"]

#: Moments that are text in one way only, so that they can be written again as they stood.
_MOMENT = r"^\d{4}-\d{2}-\d{2}([T ])\d{2}:\d{2}:\d{2}(Z?)$"
_ROWS_AT_ONCE = 100_000
_MOST_BYTES = 2**31 - 1
_FEW = 0.5  # distinct texts to a text, up to which their numbers take less room


def compact(column: pd.Series, may_be_moments: bool = False) -> pd.Series:
    """Return a column of text in little room, "" where nothing stands; another one as it is."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if not pd.api.types.is_string_dtype(column.dtype) or column.dtype == object:
        return column
    gathered = Gathered(may_be_moments=may_be_moments)
    for first in range(0, len(column), _ROWS_AT_ONCE):
        gathered.add(text_array(column.iloc[first : first + _ROWS_AT_ONCE]))
    return gathered.whole()


def are_distinct(column: pd.Series) -> bool:
    """Return whether all cells of a column of text differ, as far as hashes tell; of another kind, whether they do."""
    if not isinstance(column.dtype, pd.ArrowDtype) or pa.types.is_dictionary(column.dtype.pyarrow_dtype):
        return bool(column.is_unique and column.notna().all())
    # to hash texts and to sort the numbers takes far less room than a dictionary of millions of texts
    hashes = np.concatenate(
        [
            _hashes(text_array(column.iloc[first : first + _ROWS_AT_ONCE]))
            for first in range(0, len(column), _ROWS_AT_ONCE)
        ]
        or [np.zeros(0, dtype=np.uint64)]
    )
    hashes.sort()
    return not bool((hashes[1:] == hashes[:-1]).any())


def _hashes(texts: pa.Array) -> NDArray[np.uint64]:
    """Return a number (n,) for each text, alike where they are; different texts seldom share one."""
    words = -(-max(pc.max(pc.binary_length(texts)).as_py(), 1) // 8)
    padded = pc.utf8_rpad(texts.cast(pa.string()), words * 8, padding="\0").cast(pa.binary())
    size = pc.sum(pc.binary_length(padded)).as_py()
    cells = np.frombuffer(padded.buffers()[2], dtype=np.uint8)[:size]  # it was made just now, so it begins at its start
    if cells.size != len(texts) * words * 8:  # letters of several bytes
        return np.asarray(pd.util.hash_array(np.array(texts.to_pylist(), dtype=object), categorize=False))
    hashes = np.zeros(len(texts), dtype=np.uint64)
    for word in cells.view(np.uint64).reshape(len(texts), words).T:
        hashes = (hashes ^ word) * np.uint64(0x9E3779B97F4A7C15)
        hashes ^= hashes >> np.uint64(29)
    return hashes


def give_room_back() -> None:
    """Let go of memory that compiled code keeps for later: gaps between blocks, dictionaries that are done with."""
    pa.default_memory_pool().release_unused()


def text_array(column: pd.Series) -> pa.Array:
    """Return a column of text for compiled code, "" where nothing stands."""
    array = pa.array(column.array, from_pandas=True)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return pc.fill_null(array.cast(pa.string()), "")


class Gathered:
    """The blocks of a column of text without gaps, in the order in which they were added.

    Parameters
    ----------
    is_compact
        Whether it may come to be anything but text.
    may_be_moments
        Whether moments that are all written in one way may come to be that.
    """

    def __init__(self, is_compact: bool = True, may_be_moments: bool = True) -> None:
        self._is_compact, self._may_be_moments = is_compact, may_be_moments
        self._blocks: list[pa.Array] = []
        self._form = ""  # of moments: how they are written

    def add(self, texts: pa.Array) -> None:
        """Add a block."""
        if self._is_compact:
            moments = self._as_moments(texts) if self._may_be_moments else None
            texts = _as_numbers(texts) if moments is None else moments
        self._blocks.append(texts)

    def whole(self) -> pd.Series:
        """Return the column, and forget its blocks."""
        blocks, self._blocks = self._blocks, []
        kinds = {block.type for block in blocks}
        if len(kinds) > 1:
            blocks = [self._as_text(block) for block in blocks]
        chunked = pa.chunked_array(blocks, None if blocks else pa.string())
        del blocks
        if pa.types.is_timestamp(chunked.type):
            return pd.Series(chunked.to_numpy())
        if pa.types.is_dictionary(chunked.type):
            chunked = chunked.unify_dictionaries()
        if chunked.nbytes < _MOST_BYTES:  # what one array of text can hold
            chunked = chunked.combine_chunks()
        give_room_back()
        return pd.Series(pd.arrays.ArrowExtensionArray(chunked))

    def _as_moments(self, texts: pa.Array) -> pa.Array | None:
        """Return a block as moments where all that stands there is one, written in the way of the blocks before."""
        is_blank = pc.equal(texts, "")
        place = pc.index(is_blank, False).as_py()
        first = re.match(_MOMENT, texts[place].as_py()) if place >= 0 else None
        if first is None or self._form not in ("", _form_of(first)):
            return None
        pattern = _MOMENT.replace("([T ])", first[1]).replace("(Z?)", first[2])
        if not pc.all(pc.or_(is_blank, pc.match_substring_regex(texts, pattern))).as_py():
            return None
        try:
            plain = pc.if_else(is_blank, None, pc.utf8_slice_codeunits(texts, 0, 19))
            moments = plain.cast(pa.timestamp("s"))
        except pa.ArrowInvalid:  # such as 30 February
            return None
        self._form = _form_of(first)
        return moments

    def _as_text(self, block: pa.Array) -> pa.Array:
        if pa.types.is_timestamp(block.type):
            return pc.fill_null(pc.strftime(block, self._form), "")
        return block.cast(pa.string())


def _form_of(moment: re.Match[str]) -> str:
    return f"%Y-%m-%d{moment[1]}%H:%M:%S{moment[2]}"


def _as_numbers(texts: pa.Array) -> pa.Array:
    encoded = texts.dictionary_encode()
    return encoded if len(encoded.dictionary) <= _FEW * len(texts) else texts
