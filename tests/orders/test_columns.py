import gzip

import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.clv import read_transactions

HEADER = "customer,date,amount\n"


def test_separators_names_and_packing(write):
    rows = [("x 1", "1997-03-17", 1234.5), ("y", "1997-03-18", 3.0)]
    files = [
        write("customer,date,amount\nx 1,1997-03-17,1234.5\ny,1997-03-18,3\n"),
        write("Customer ID;Order Date;Order Value\nx 1;17.03.1997;1.234,50\ny;18.03.1997;3,00\n", "a.csv"),
        write("client\tPURCHASED_AT\tSpend\nx 1\t1997-03-17T10:00\t1234.5\ny\t1997-03-18T11:00\t3\n", "b.tsv"),
        write("Buyer|day|Revenue\nx 1|19970317|$1,234.50\ny|19970318|$3.00\n", "c.txt"),
        write('\ufeffuser,timestamp,total\r\n"x 1",03/17/1997,"1,234.50"\r\ny,03/18/1997,3\r\n', "d.csv"),
        write(gzip.compress(b"customer,date,amount\nx 1,1997-03-17,1234.5\ny,1997-03-18,3\n"), "e.csv.gz"),
    ]
    for path in files:
        log = read_transactions(path)
        days = [str(day) for day in log.date]
        assert list(zip(log.labels, days, log.amount, strict=True)) == rows, path.name


def test_parquet(tmp_path):
    path = tmp_path / "log.parquet"
    pd.DataFrame(
        {"customer": [2, 1], "date": pd.to_datetime(["1997-01-03", "1997-01-02"]), "amount": [5, 7]}
    ).to_parquet(path)
    log = read_transactions(path)
    assert log.labels.tolist() == ["1", "2"]
    assert log.amount.tolist() == [7.0, 5.0]


def test_blank_lines_do_not_shift_line_numbers(write):
    assert read_transactions(write(HEADER + "a,1997-01-02,5\n\nb,1997-01-03,6\n,,\n\n")).reading.rows == 2
    with pytest.raises(InputError, match=r"log\.csv, line 4: found date 'xx'"):
        read_transactions(write(HEADER + "a,1997-01-02,5\n\nb,xx,6\n"))


def test_columns_that_are_named(write):
    path = write("who,when,much,value\na,1997-01-02,5,6\n")
    log = read_transactions(path, customer_column="who", date_column="When", amount_column="much")
    assert log.amount.tolist() == [5.0]
    assert (log.reading.customer_column, log.reading.date_column) == ("who", "when")


def test_a_column_that_is_just_called_order_holds_their_numbers(write):
    log = read_transactions(write("customer,order,date,amount\na,7,1997-01-02,5\na,7,1997-01-09,6\nb,8,1997-01-03,1\n"))
    assert log.amount.tolist() == [11.0, 1.0]
    better = write("customer,order,order_id,date,amount\na,7,1,1997-01-02,5\na,7,2,1997-01-09,6\n")
    assert read_transactions(better).amount.tolist() == [5.0, 6.0]


def test_price_times_quantity(write):
    path = write("customer,date,quantity,price\na,1997-01-02,2,5\n")
    log = read_transactions(path)
    assert log.amount.tolist() == [10.0]
    assert log.reading.sentences == ("amounts are 'price' times 'quantity', added up for each order",)
    assert log.reading.amount_column == "price x quantity"
    named = read_transactions(path, amount_column="price")
    assert named.amount.tolist() == [5.0]
    assert "price of one piece" in named.reading.sentences[0]


def test_the_given_table_is_left_alone():
    frame = pd.DataFrame({"customer": ["a", "b"], "date": "1997-01-02", "amount": ["$5", "-3"]})
    before = frame.copy()
    read_transactions(frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("log.csv", "", "'log.csv' does not begin with column names"),
        ("log.csv", HEADER, "log.csv holds no rows; expected one row for each purchase"),
        ("log.csv", HEADER + ",1997-01-02,5\n", "log.csv, line 2: the customer id in column 'customer' is missing"),
        ("log.csv", HEADER + "a,1997-01-02,29,33\n", "log.csv, line 2: found more fields than the 3 column names"),
        (
            "log.csv",
            HEADER + "a,1997-01-02,1\nb,1997-01-02,2,3,4,5\n",
            "cannot be read as a table: Expected 4 fields in line 3",
        ),
        ("log.csv", HEADER + "a,1997-01-02\n", "log.csv, line 2: the amount is missing"),
        ("log.csv", HEADER + '"a,1997-01-02,5\n', "cannot be read as a table: EOF inside string"),
        (
            "log.csv",
            "customer,when,amount\na,1997-01-02,5\n",
            "looks like the date; found: customer, when, amount; say which it is with --date-column",
        ),
        ("log.csv", "customer,date,quantity\na,1997-01-02,5\n", "no column of log.csv looks like the amount"),
        (
            "log.csv",
            "customer,order_date,invoice_date,amount\na,1997-01-02,1997-01-02,5\n",
            "several columns that could be the date: 'order_date' and 'invoice_date'; .* --date-column",
        ),
        (
            "log.csv",
            HEADER + "a,1997-01-02,-5\n",
            "all 1 amounts in column 'amount' are negative .*--amount-column",
        ),
        ("log.csv.gz", b"nonsense", "'log.csv.gz' cannot be read: Not a gzipped file"),
        ("log.csv.gz", gzip.compress(b"customer,date,amount\n" * 50, mtime=0)[:30], "'log.csv.gz' cannot be read"),
        ("log.parquet", b"nonsense", "'log.parquet' cannot be read"),
        ("log.xlsx", b"", "'log.xlsx' cannot be read: File is not a zip file; expected a .xlsx file"),
        ("log.ods", b"", "is of unknown kind; expected .csv, .tsv, .txt"),
    ],
)
def test_bad_files(write, name, content, message):
    with pytest.raises(InputError, match=message) as caught:
        read_transactions(write(content, name))
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="does not exist; give the path"):
        read_transactions(tmp_path / "none.csv")


def test_wrong_name_of_a_column(write):
    path = write("customer,when,amount\na,1997-01-02,5\n")
    with pytest.raises(InputError, match=r"unknown column 'whn' \(did you mean 'when'\?\).*--date-column"):
        read_transactions(path, date_column="whn")


def test_one_column_for_two_things(write):
    with pytest.raises(InputError, match=r"one column of log\.csv would serve for two things"):
        read_transactions(write(HEADER + "a,1997-01-02,5\n"), amount_column="date", date_column="date")
