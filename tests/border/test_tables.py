"""Tables: Parquet of any kind, columns as numbers and text."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError, numbers_of, read_parquet, texts_of
from policy_sim.cells import read_table
from policy_sim.policy import NOT_DECIDED, REASON, Decider, decide_table, load_policy
from policy_sim.publish import vocabulary_of
from policy_sim.service import read_cases
from policy_sim.words import GUARD_FACTS

SCENARIO = load_scenario("online_retail")
DAY, NOON = datetime.date(1997, 1, 1), datetime.datetime(1997, 1, 1, 12)
NESTED = [
    pa.array([[1.0], [2.0]]),
    pa.array([{"a": 1}, {"a": 2}]),
    pa.array([[("a", 1)], []], type=pa.map_(pa.string(), pa.int64())),
    pa.array([b"\xff", b"5"]),
    pa.array([b"12", b"34"], type=pa.binary(2)),
    pa.array([b"a", b"b"]).dictionary_encode(),
]
NO_MONEY = [
    pa.array([DAY, DAY]),
    pa.array([NOON, NOON], type=pa.timestamp("us")),
    pa.array([NOON, NOON], type=pa.timestamp("ns", tz="UTC")),
    pa.array([1, 2], type=pa.duration("s")),
    pa.array([1, 2], type=pa.time64("us")),
    pa.array([True, False]),
    pa.array([None, None], type=pa.null()),
    pa.array(["five", "six"]).dictionary_encode(),
    pa.array([float("inf"), 1.0]),
    pa.array(["9" * 400, "1"]),
    pa.array([-1, 2]),
]
MONEY = [
    pa.array([5, 6], type=pa.uint8()),
    pa.array([Decimal("5.00"), Decimal("6.00")]),
    pa.array(["5", " 6 "]),
    pa.array(["5", "6"]).dictionary_encode(),
    pa.array(np.array([5, 6], dtype=np.float16)),
]


def written(path, metadata=None, **columns):
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), path)
    return path


def cases(path, value, name="future_value", **more):
    columns = {"failure": ["wrong_item"] * 2, "item_price": [5.0, 6.0], "future_value": [9.0, 9.0]} | {name: value}
    return written(path, **columns, **more)


def requests(path, **changed):
    columns = {
        "failure": ["wrong_item"] * 2, "segment": ["loyal"] * 2, "asked_for": ["refund"] * 2, "amount": [5.0, 6.0],
        "suspicion": [0.1, 0.2], "prior_claims": [0, 1],
    }  # fmt: skip
    return written(path, **columns | changed)


def decided(path):
    names = vocabulary_of(SCENARIO)
    return decide_table(
        Decider(load_policy("current", SCENARIO), names.failures, names.segments),
        read_table("file of cases", path, ("failure", "segment", "asked_for", "amount", *GUARD_FACTS)).rows,
    )


@pytest.mark.parametrize("value", [*NESTED, *NO_MONEY], ids=lambda value: str(value.type))
@pytest.mark.parametrize("name", ["future_value", "item_price", "prior_claims"])
def test_what_is_no_money_is_not_read_as_money(tmp_path, value, name):
    with pytest.raises(InputError, match=name) as caught:
        read_cases(cases(tmp_path / "c.parquet", value, name), SCENARIO)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("value", MONEY, ids=lambda value: str(value.type))
def test_money_of_any_kind_is_read(tmp_path, value):
    read = read_cases(cases(tmp_path / "c.parquet", value), SCENARIO)
    assert read.future_value.tolist() == [5.0, 6.0]


@pytest.mark.parametrize("name", ["failure", "segment", "asked_for"])
def test_names_that_are_numbers(tmp_path, name):
    for kind in (np.float16, np.float32, np.int8, np.bool_):
        path = requests(tmp_path / "c.parquet", **{name: pa.array(np.array([1, 0], dtype=kind))})
        assert decided(path)[REASON].str.contains(f"unknown {name}").all()


@pytest.mark.parametrize("value", [*NESTED, *NO_MONEY[:5]], ids=lambda value: str(value.type))
@pytest.mark.parametrize("name", ["amount", "failure", "segment", "suspicion"])
def test_requests_that_hold_something_else(tmp_path, value, name):
    path = requests(tmp_path / "c.parquet", **{name: value})
    if value in NESTED:
        with pytest.raises(InputError, match=name) as caught:
            decided(path)
        assert str(caught.value).isprintable()
    else:  # a cell that is nothing of the kind is a matter of its row
        table = decided(path)
        assert (table["tier"] == NOT_DECIDED).all()
        assert table[REASON].str.contains(name).all()


def test_columns_that_nobody_needs_may_hold_anything(tmp_path):
    assert len(decided(requests(tmp_path / "c.parquet", note=NESTED[0], more=NESTED[1]))) == 2
    assert len(read_cases(cases(tmp_path / "d.parquet", [9.0, 9.0], note=NESTED[2]), SCENARIO)) == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"pandas": "{}"},
        {"pandas": "x"},
        {"pandas": '{"index_columns": [7], "columns": 3}'},
        {b"pandas": b"\xff"},
        {"": ""},
    ],
)
def test_what_some_program_noted_beside_is_not_followed(tmp_path, metadata):
    path = written(tmp_path / "c.parquet", metadata, failure=["wrong_item"], item_price=[5.0], future_value=[5.0])
    assert len(read_cases(path, SCENARIO)) == 1


def test_an_index_of_pandas_is_no_column(tmp_path):
    pd.DataFrame({"a": [1, 2]}, index=[5, 7]).to_parquet(tmp_path / "x.parquet")
    assert list(read_parquet(tmp_path / "x.parquet").columns) == ["a"]


@pytest.mark.parametrize("cut", [0, 3, 100, -1, -100])
def test_parquet_that_is_cut(tmp_path, cut):
    path = cases(tmp_path / "c.parquet", [9.0, 9.0])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match=r"case file .*c\.parquet' cannot be read"):
        read_cases(path, SCENARIO)


def test_rows_that_take_no_room_in_the_file_take_none_in_memory(tmp_path):
    path = tmp_path / "c.parquet"
    column = pa.array(np.ones(3_000_000))
    pq.write_table(
        pa.table({"failure": column, "item_price": column, "future_value": column}), path, compression="zstd"
    )
    with pytest.raises(InputError, match="holds 3,000,000 rows in"):
        read_cases(path, SCENARIO)


def test_two_columns_of_one_name(tmp_path):
    pq.write_table(pa.Table.from_arrays([pa.array([1])] * 2, names=["a", "a"]), tmp_path / "x.parquet")
    with pytest.raises(InputError, match="two columns 'a'"):
        read_parquet(tmp_path / "x.parquet")


@pytest.mark.parametrize("header", ["a," * 5_000, "a;" * 5_000, "a\t" * 5_000, "a" * 2_000_000])
def test_a_first_line_that_names_no_columns(tmp_path, header):
    (tmp_path / "c.csv").write_text(f"{header}\n1\n")
    with pytest.raises(InputError, match="expected the names of at most 2,000 columns"):
        read_cases(tmp_path / "c.csv", SCENARIO)


def test_one_long_label_does_not_make_all_of_them_long(tmp_path):
    rows = "".join(f"{label},wrong_item,5,5\n" for label in ("x" * 1_000_000, *"abc"))
    (tmp_path / "c.csv").write_text(f"case,failure,item_price,future_value\n{rows}")
    with pytest.raises(InputError, match="a case has 1,000,000 characters"):
        read_cases(tmp_path / "c.csv", SCENARIO)
    assert texts_of(pd.Series(["a", 7, None]), "case", "x").tolist() == ["a", "7", "None"]


def test_numbers_of_cells_of_any_kind():
    cells = [1, 2.5, "3", " 4 ", Decimal(5), np.float32(6), 10**400, True, None, DAY, [1], {}, b"7", "x", "", 1j]
    numbers = numbers_of(pd.Series(cells, dtype=object))
    assert numbers[:6].tolist() == [1, 2.5, 3, 4, 5, 6]
    assert np.isinf(numbers[6])
    assert np.isnan(numbers[7:]).all()
    assert numbers_of(pd.Series([1, None], dtype="Int64")).tolist()[0] == 1
