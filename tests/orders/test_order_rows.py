"""Orders one by one, with their numbers."""

from __future__ import annotations

from policy_sim.orders import LogMapping, read_order_rows

SHOPIFY = """Name,Email,Financial Status,Paid at,Currency,Total,Refunded Amount,Created at,Cancelled at
#1001,ann@x.org,paid,2024-01-01,USD,20,0,2024-01-01 10:00:00 +0000,
#1001,,,,,,,2024-01-01 10:00:00 +0000,
#1002,Ann@X.org,refunded,2024-01-01,USD,30,30,2024-01-01 10:00:00 +0000,
#1003,bob@x.org,voided,2024-02-01,USD,40,0,2024-02-01 10:00:00 +0000,
#1004,bob@x.org,paid,2024-02-01,USD,50,0,2024-02-01 10:00:00 +0000,2024-02-02
"""


def test_what_was_paid_back_was_bought_and_what_was_cancelled_was_not(write):
    orders = read_order_rows(write(SHOPIFY))
    assert orders.number.tolist() == ["#1001", "#1002"]
    assert orders.labels[orders.customer].tolist() == ["ann@x.org", "ann@x.org"]
    assert orders.amount.tolist() == [20.0, 30.0]
    assert orders.day.astype(str).tolist() == ["2024-01-01", "2024-01-01"]
    assert (len(orders), orders.rows, sum(aside.remark.rows for aside in orders.unused)) == (2, 5, 2)


def test_e_mails_beside_ids_and_columns_that_are_named(write):
    log = "who,mail,nr,when,how_much\n007,Ann@X.org,a,2024-01-01,5\n8,,b,2024-01-02,6\n9,c@x.org,c,2024-01-03,-7\n"
    columns = {"customer": "who", "email": "mail", "order": "nr", "date": "when", "amount": "how_much"}
    orders = read_order_rows(write(log), mapping=LogMapping(columns=columns))
    assert orders.labels[orders.customer].tolist() == ["007", "8"]
    assert orders.email.tolist() == ["ann@x.org", ""]
    assert "of money that went back" in orders.unused[0].remark.says


def test_orders_without_numbers(write):
    orders = read_order_rows(write("customer,date,amount\nann,2024-01-01,5\nann,2024-01-01,5\n"))
    assert (orders.number.tolist(), orders.email.tolist(), orders.amount.tolist()) == (["", ""], ["", ""], [5.0, 5.0])
