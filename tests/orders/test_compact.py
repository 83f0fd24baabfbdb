"""Columns of large files take little room, and lose no sign of what stood there."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from policy_sim.orders.compact import Gathered, are_distinct, compact

BLOCKS = [
    [["2024-01-01 00:00:01", "2024-01-01 00:00:02"], ["2024-01-01 00:00:03"]],
    [["2024-01-01T00:00:01Z", ""], ["2024-01-01T00:00:03Z"]],
    [["2024-01-01T00:00:01Z", ""], ["x"]],
    [["2024-01-01T00:00:01Z"], ["2024-01-01 00:00:01"]],
    [["2024-02-30 00:00:00"]],
    [["a"] * 9, ["a", "b"]],
    [["a"] * 9, ["b"] * 9],
    [["é", "e"], ["é", ""]],
    [],
]


@pytest.mark.parametrize("blocks", BLOCKS)
def test_a_column_says_what_it_said(blocks):
    gathered = Gathered()
    for block in blocks:
        gathered.add(pa.array(block, pa.string()))
    whole = gathered.whole()
    written = [cell for block in blocks for cell in block]
    if pd.api.types.is_datetime64_any_dtype(whole.dtype):
        written = [cell.replace("T", " ").rstrip("Z") for cell in written]
        assert ["" if moment is pd.NaT else str(moment) for moment in whole] == written
    else:
        assert whole.tolist() == written


def test_moments_and_words_take_little_room():
    moments = pd.Series([f"2024-01-01T00:{k % 60:02d}:00Z" for k in range(500)])
    words = pd.Series(["email", "phone"] * 250)
    assert compact(moments, may_be_moments=True).dtype == "datetime64[s]"
    assert compact(moments).tolist() == moments.tolist()
    assert compact(words).memory_usage(index=False) < words.memory_usage(index=False, deep=True) / 2
    assert compact(pd.Series([1, 2])).tolist() == [1, 2]


@pytest.mark.parametrize("kind", [pd.ArrowDtype(pa.string()), object])
@pytest.mark.parametrize(
    ("cells", "differ"),
    [(["a", "b"], True), (["a", "b", "a"], False), (["", ""], False), (["é", "e", "é"], False), (["é", "e"], True),
     (["abcdefghi", "abcdefghj"], True), ([], True)],
)  # fmt: skip
def test_whether_all_differ(kind, cells, differ):
    assert are_distinct(pd.Series(cells, dtype=kind)) is differ
