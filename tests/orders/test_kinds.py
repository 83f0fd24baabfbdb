"""What goes wrong in other people's logs, by kind, with further variants of each: nothing is misread without a word."""

import json

import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.orders import read_transactions


def counted(log):
    return len(log.labels), len(log.amount), round(float(log.amount.sum()), 2)


def kinds(log):
    return {remark.kind for remark in (*log.reading.set_aside, *log.reading.warnings)}


STATUS = [
    ("status", ["completed", "cancelled", "failed", "pending payment"], (1, 1, 10)),
    ("Order Status", ["Shipped", "Canceled", "Draft", "Chargeback"], (1, 1, 10)),
    ("payment_status", ["PAID", "VOIDED", "REFUNDED", "DECLINED"], (1, 1, 10)),
    ("state", ["bezahlt", "storniert", "abgebrochen", "pending"], (1, 1, 10)),
    ("status", ["completed", "partially refunded", "checkout-draft", "Refunded - lost"], (2, 2, 15)),
]


@pytest.mark.parametrize(("column", "words", "expected"), STATUS)
def test_rows_that_are_no_sale_by_their_status(write, column, words, expected):
    rows = zip("abac", ("01-05", "02-05", "03-05", "04-05"), (10, 5, 7, 3), words, strict=True)
    lines = [f"{who},2024-{day},{amount},{word}" for who, day, amount, word in rows]
    log = read_transactions(write(f"customer_id,order_date,total,{column}\n" + "\n".join(lines) + "\n"))
    assert counted(log) == expected
    (remark,) = log.reading.set_aside
    assert (remark.kind, remark.rows) == ("status", 4 - expected[1])
    assert f"column '{column}'" in remark.says


def test_statuses_that_nobody_knows_count_and_are_told(write):
    path = write("customer,date,amount,status\na,2024-01-05,10,completed\nb,2024-01-06,20,zugeteilt\n")
    log = read_transactions(path)
    assert counted(log) == (2, 2, 30)
    (remark,) = log.reading.warnings
    assert (remark.kind, remark.rows) == ("status", 1)
    assert "'zugeteilt'" in remark.says
    assert counted(read_transactions(path, count=["zugeteilt"])) == (1, 1, 20)
    with pytest.raises(InputError, match=r"--count names 'sold', which no row .* it has: completed, zugeteilt"):
        read_transactions(path, count=["sold"])


def test_a_log_of_which_nothing_is_a_sale_is_refused(write):
    with pytest.raises(InputError, match=r"log\.csv holds no sale: 1 row is no sale by column 'status' \(failed 1\)"):
        read_transactions(write("customer,date,amount,status\na,2024-01-05,10,failed\n"))


@pytest.mark.parametrize("currency", ["USD,JPY,EUR", "usd,eur,usd", "GBP,CHF,", "CAD,USD,AUD"])
def test_several_currencies_are_refused_with_the_sum_of_each(write, currency):
    codes = currency.split(",")
    rows = "".join(f"{who},2024-01-0{k + 1},{10 * (k + 1)},{codes[k]}\n" for k, who in enumerate("abc"))
    path = write("customer_id,order_date,total,currency\n" + rows)
    with pytest.raises(InputError, match=rf"in \d currencies by column 'currency' \(.*{codes[0].upper()} \d"):
        read_transactions(path)
    only = read_transactions(path, only_currency=codes[0])
    assert only.reading.set_aside[0].rows == sum(code.upper() != codes[0].upper() for code in codes)


def test_rates_bring_amounts_into_one_currency(write):
    path = write("customer,date,amount,currency\na,2024-01-05,10,USD\na,2024-02-05,1500,JPY\nb,2024-01-07,5,EUR\n")
    rates = write("currency,rate\nJPY,0.007\nEUR,1.10\n", "rates.csv")
    log = read_transactions(path, rates=rates)
    assert counted(log) == (2, 3, 26.0)
    assert "amounts of 2 rows were converted to USD" in log.reading.warnings[0].says
    with pytest.raises(InputError, match="no rate for JPY"):
        read_transactions(path, rates={"EUR": 1.1})
    for bad in ("EUR,abc", "EUR,0", "EUR,-1", "EUR,inf"):
        with pytest.raises(InputError, match="expected a number above 0"):
            read_transactions(path, rates=write(f"currency,rate\n{bad}\n", "rates.csv"))


@pytest.mark.parametrize("nobody", ["0", "guest", "N/A", "", "Guest Checkout", "-1"])
def test_an_id_that_is_no_person_gives_way_to_the_email(write, nobody):
    path = write(
        "order_id,customer_id,order_date,order_total,billing_email\n"
        f"1,{nobody},2024-01-05,10,a@x.com\n2,{nobody},2024-02-05,20,b@x.com\n3,{nobody},2024-02-05,30,c@x.com\n"
        "4,9,2024-03-05,5,d@x.com\n"
    )
    log = read_transactions(path)
    assert counted(log) == (4, 4, 65)
    assert "customers" in kinds(log)


def test_a_guest_who_has_an_account_too_is_one_customer(write):
    path = write(
        "order_id,customer_id,order_date,order_total,billing_email\n"
        "1,0,2024-01-05,10,a@x.com\n2,0,2024-02-05,20,B@x.com\n3,0,2024-02-05,30,c@x.com\n4,9,2024-03-05,5,b@x.com\n"
    )
    log = read_transactions(path)
    assert counted(log) == (3, 4, 65)
    assert log.labels.tolist() == ["9", "a@x.com", "c@x.com"]


@pytest.mark.parametrize("nobody", ["0", "guest", "n/a", "", "unknown"])
def test_without_an_email_its_rows_are_set_aside(write, nobody):
    rows = "".join(f"{nobody},2024-01-{day:02},10\n" for day in range(1, 10))
    log = read_transactions(write("customer,date,amount\n" + rows + "a,2024-01-05,5\nb,2024-01-06,5\n"))
    assert counted(log) == (2, 2, 10)
    assert (log.reading.set_aside[0].kind, log.reading.set_aside[0].rows) == ("customers", 9)


def test_an_ordinary_id_that_many_people_share_by_their_emails(write):
    rows = "".join(f"4711,2024-01-{day:02},10,p{day}@x.com\n" for day in range(1, 12))
    log = read_transactions(write("customer,date,amount,email\n" + rows + "9,2024-01-05,5,q@x.com\n"))
    assert counted(log) == (12, 12, 115)


@pytest.mark.parametrize(
    ("ids", "customers", "word"),
    [
        (["Ann@x.com", "ann@x.com", "ann@x.com "], 1, "joined"),
        (["123", "123.0", "123"], 1, "joined"),
        (["00123", "123", "00123"], 2, "several spellings"),
        (["AB-1", "ab-1", "AB -1"], 3, "several spellings"),
        (["6.05E+12", "7", "6.05E+12"], 2, "lost digits"),
    ],
)
def test_ids_that_look_alike(write, ids, customers, word):
    rows = "".join(f"{one},2024-0{k + 1}-05,10\n" for k, one in enumerate(ids))
    log = read_transactions(write("customer_id,date,amount\n" + rows))
    assert len(log.labels) == customers
    assert any(word in remark.says for remark in log.reading.warnings)


def test_an_id_with_an_absurd_share_of_the_rows_is_told(write):
    rows = "".join(f"4711,2024-01-{day:02},10\n" for day in range(1, 29))
    log = read_transactions(write("customer,date,amount\n" + rows + "a,2024-01-05,5\nb,2024-01-06,5\n"))
    assert counted(log) == (3, 30, 290)
    (remark,) = log.reading.warnings
    assert (remark.kind, remark.rows) == ("customers", 28)
    assert "'4711'" in remark.says


def test_of_two_columns_of_ids_the_one_that_comes_back_is_used(write):
    rows = "".join(f"o{k},c{k},u{k % 3},2024-01-{k + 1:02},10\n" for k in range(9))
    log = read_transactions(write("order_id,customer_id,customer_unique_id,date,amount\n" + rows))
    assert counted(log) == (3, 9, 90)
    assert log.reading.customer_column == "customer_unique_id"


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        # totals that are repeated on each line
        (
            "order_number,customer,date,order_total",
            ["1,7,2024-01-05,90", "1,7,2024-01-05,90", "2,8,2024-02-05,10"],
            100,
        ),
        # blank totals on item lines
        ("order_number,customer,date,order_total", ["1,7,2024-01-05,90", "1,7,2024-01-05,", "2,8,2024-02-05,10"], 100),
        # amounts of lines
        ("order_id,customer,date,line_total", ["1,7,2024-01-05,60", "1,7,2024-01-05,60", "2,8,2024-02-05,10"], 130),
        ("order_id,customer,date,amount", ["1,7,2024-01-05,60", "1,7,2024-01-05,30", "2,8,2024-02-05,10"], 100),
        # pieces and prices
        (
            "invoice,customer,date,qty,unit_price",
            ["1,7,2024-01-05,3,20", "1,7,2024-01-05,1,30", "2,8,2024-02-05,2,5"],
            100,
        ),
        # the customer only on the first line
        ("order_id,customer,date,amount", ["1,7,2024-01-05,60", "1,,,30", "2,8,2024-02-05,10"], 100),
    ],
)
def test_lines_of_one_order(write, header, rows, expected):
    log = read_transactions(write(header + "\n" + "\n".join(rows) + "\n"))
    assert counted(log) == (2, 2, expected)
    assert "lines" in kinds(log)


@pytest.mark.parametrize("has_orders", [False, True])
def test_a_file_that_was_exported_twice(write, has_orders):
    rows = [f"a,2024-01-0{k},{10 * k}" + (f",{k}" if has_orders else "") for k in range(1, 6)]
    header = "customer,date,amount" + (",order_id" if has_orders else "")
    log = read_transactions(write("\n".join([header, *rows, *rows]) + "\n"))
    assert counted(log) == (1, 5, 150)
    assert (log.reading.set_aside[0].kind, log.reading.set_aside[0].rows) == ("lines", 5)


@pytest.mark.parametrize("total", ["Total,,300", ",,300", "Grand total,,", "3 records downloaded,,"])
def test_a_total_row_is_no_customer(write, total):
    log = read_transactions(write(f"customer,date,amount\na,2024-01-05,100\nb,2024-01-06,200\n{total}\n"))
    assert counted(log) == (2, 2, 300)
    assert log.reading.set_aside[0].rows == 1


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        ("customer,date,amount,refunded_amount", ["a,2024-01-05,50,20", "b,2024-01-06,10,0"], 40),
        ("customer,date,amount,Amount Refunded", ["a,2024-01-05,50,60", "b,2024-01-06,10,"], 10),
        ("customer,date,amount,order_id", ["a,2024-01-05,50,1", "b,2024-01-06,10,2", "a,2024-01-20,-20,1"], 40),
        ("customer,date,amount,order_id,type", ["a,2024-01-05,50,1,sale", "b,2024-01-06,10,2,sale",
                                                "a,2024-01-20,20,1,refund"], 40),
    ],
)  # fmt: skip
def test_money_that_went_back_is_taken_off_its_order(write, header, rows, expected):
    log = read_transactions(write(header + "\n" + "\n".join(rows) + "\n"))
    assert counted(log) == (2, 2, expected)
    assert "refunds" in kinds(log)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"sep=;\ncustomer;date;amount\na;2024-01-05;1,50\nb;2024-01-06;2,50\n"),
        ("b.csv", b"Report of 2024\n\nShop: X\ncustomer,date,amount\na,2024-01-05,1.50\nb,2024-01-06,2.50\n"),
        ("c.csv", "customer\tdate\tamount\na\t2024-01-05\t1.50\nb\t2024-01-06\t2.50\n".encode("utf-16")),
        ("d.csv", "customer,date,amount,café\na,2024-01-05,1.50,\nb,2024-01-06,2.50,é\n".encode("cp1252")),
        ("e.txt", b"customer|date|amount\na|2024-01-05|1.50\nb|2024-01-06|2.50\n"),
    ],
)
def test_files_of_every_kind(write, name, content):
    assert counted(read_transactions(write(content, name))) == (2, 2, 4.0)


def test_workbooks_and_several_files(write, tmp_path):
    table = pd.DataFrame(
        {"customer": ["a", "b"], "date": pd.to_datetime(["2024-01-05", "2024-01-06"]), "amount": [1.5, 2.5]}
    )
    with pd.ExcelWriter(tmp_path / "log.xlsx") as book:
        pd.DataFrame({"note": ["read me"]}).to_excel(book, sheet_name="info", index=False)
        table.to_excel(book, sheet_name="orders", index=False)
    log = read_transactions(tmp_path / "log.xlsx")
    assert counted(log) == (2, 2, 4.0)
    assert "'orders' was read" in log.reading.warnings[0].says
    one = write("customer,date,amount\na,2024-01-05,1.5\n", "one.csv")
    two = write("customer,date,amount\na,2024-02-05,2.5\nb,xx,3\n", "two.csv")
    with pytest.raises(InputError, match=r"two\.csv, line 3: found date 'xx'"):
        read_transactions([one, two])
    two = write("customer,date,amount\na,2024-02-05,2.5\n", "two.csv")
    assert counted(read_transactions([one, two])) == (1, 2, 4.0)
    three = write("customer,day,amount\na,2024-02-05,2.5\n", "three.csv")
    with pytest.raises(InputError, match=r"'three\.csv' has other columns than 'one\.csv'"):
        read_transactions([one, three])


def test_the_summary_is_plain_data(write):
    path = write("customer,date,amount,status\na,2024-01-05,10,paid\nb,2024-01-06,20,void\n")
    content = read_transactions(path).summary_to_dict()
    assert json.loads(json.dumps(content)) == content
    assert (content["customers"], content["orders"], content["amount"]) == (1, 1, 10.0)
    assert set(content["set_aside"][0]) == {"kind", "says", "rows", "examples"}
    assert content["set_aside"][0]["examples"] == ["log.csv, line 3: void"]


def test_totals_beside_the_value_of_goods_are_told(write):
    path = write("customer,date,subtotal,tax,shipping,total\na,2024-01-05,10,1,2,13\n")
    (sentence,) = read_transactions(path).reading.sentences
    assert "the goods alone are in 'subtotal'" in sentence
    assert read_transactions(path, amount_column="subtotal").amount.tolist() == [10.0]
