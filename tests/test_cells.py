import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policy_sim.border import InputError
from policy_sim.cells import read_numbers, read_table

LINES = [["case", "amount"], ["0007", "20.5"], ["900719925474099301", "25"], ["", "1"], [" 8 ", " 2"]]


def written(path, lines=LINES, separator=",", encoding="utf-8", end="\n", before=""):
    path.write_bytes((before + end.join(separator.join(line) for line in lines) + end).encode(encoding))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(("encoding", "end"), [("utf-8", "\n"), ("utf-8-sig", "\r\n"), ("utf-16", "\n")])
def test_every_cell_is_the_text_that_stands_there(tmp_path, separator, encoding, end):
    table = read_table("file", written(tmp_path / "x.csv", separator=separator, encoding=encoding, end=end))
    assert [list(table.rows.columns), *table.rows.to_numpy().tolist()] == LINES
    assert table.has_commas == (separator != ",")
    assert table.empty_count == 0


@pytest.mark.parametrize(
    "text",
    [
        "NA",
        "nan",
        "null",
        "None",
        "1e5",
        "TRUE",
        "=1+1",
        "'07",
        "007",
        "+49",
        "-",
        "1_000",
        "٣",
        "é",
        "a\nb",
        'a"b',
        "x,y",
    ],
)
def test_nothing_is_taken_for_something_else(tmp_path, text):
    quoted = '"' + text.replace('"', '""') + '"'
    table = read_table("file", written(tmp_path / "x.csv", [["case", "amount"], [quoted, "1"]]))
    assert table.rows["case"].tolist() == [text]


def test_lines_without_anything_are_left_out_and_counted(tmp_path):
    lines = [["case", "amount"], ["1", "2"], ["", ""], [""], ["3", "4"]]
    table = read_table("file", written(tmp_path / "x.csv", lines))
    assert table.rows["case"].tolist() == ["1", "3"]
    assert list(table.rows.index) == [0, 3]
    assert table.empty_count == 2


def test_the_line_of_a_spreadsheet_that_names_the_separator(tmp_path):
    table = read_table("file", written(tmp_path / "x.csv", separator=";", before="sep=;\n"))
    assert table.rows["case"].tolist() == [line[0] for line in LINES[1:]]
    assert table.rows.index[0] == 1


def test_a_separator_within_quotes_does_not_count(tmp_path):
    lines = [['"case, which, is"', "amount"], ["1", "2,5"]]
    table = read_table("file", written(tmp_path / "x.csv", lines, separator=";"))
    assert list(table.rows.columns) == ["case, which, is", "amount"]


def test_lines_that_are_short_and_columns_without_a_name(tmp_path):
    lines = [["case", "amount", ""], ["1"], ["2", "3", ""]]
    table = read_table("file", written(tmp_path / "x.csv", lines))
    assert table.rows.to_dict("list") == {"case": ["1", "2"], "amount": ["", "3"]}
    numbered = written(tmp_path / "y.csv", [["", "case"], ["0", "a"], ["1", "b"]])
    assert read_table("file", numbered).rows.to_dict("list") == {"": ["0", "1"], "case": ["a", "b"]}


def test_whole_numbers_beside_gaps_in_parquet(tmp_path):
    ids = pd.array([900719925474099301, None, 7], dtype="Int64")
    pd.DataFrame({"case": ids, "amount": [1.5, np.nan, 2]}).to_parquet(tmp_path / "x.parquet")
    rows = read_table("file", tmp_path / "x.parquet").rows
    assert rows["case"].tolist() == [900719925474099301, pd.NA, 7]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "cannot be read"),
        (b"case,case\n1,2\n", "two columns are named 'case'"),
        (b"case,amount\n1,2,3\n", "line 2 has 3 cells, the line of names 2"),
        (b"case,amount\n\xff\xfe,2\n", "is not UTF-8 text"),
        (b'case,amount\n"1,2\n', "cannot be read"),
    ],
)
def test_what_is_no_table(tmp_path, content, expected):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(InputError, match=expected) as caught:
        read_table("file", tmp_path / "x.csv")
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match=r"file of cases '.*' does not exist"):
        read_table("file of cases", tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("texts", "has_commas", "numbers"),
    [
        (["1", "2.5", "-3", "1e2"], False, [1, 2.5, -3, 100]),
        (["1", "2,5", "0.125", "1 234,5", "6.1e-05"], True, [1, 2.5, 0.125, 1234.5, 6.1e-05]),
        ([" 7 ", "+8", "9."], False, [7, 8, 9]),
    ],
)
def test_numbers_out_of_text(texts, has_commas, numbers):
    values, problems = read_numbers(pd.Series(texts), has_commas)
    np.testing.assert_array_equal(values, numbers)
    assert list(problems) == [""] * len(texts)


@pytest.mark.parametrize(
    "text", ["", " ", "x", "1,5", "1_000", "0x1F", "inf", "nan", "٣", "1e400", "²", "--5", None, pd.NaT]
)
def test_text_that_is_no_number(text):
    values, problems = read_numbers(pd.Series(["1", text], dtype=object))
    assert problems[0] == ""
    assert problems[1]
    assert np.isnan(values[1])


@pytest.mark.parametrize("metadata", [b"{}", b"[]", b'{"columns": 3, "index_columns": 1}'])
def test_odd_metadata_of_parquet_are_not_looked_at(tmp_path, metadata):
    table = pa.table({"case": ["1"]}).replace_schema_metadata({b"pandas": metadata})
    pq.write_table(table, tmp_path / "x.parquet")
    assert read_table("file", tmp_path / "x.parquet").rows["case"].tolist() == ["1"]
