"""Exports of shops and payment services: orders, customers and money as read, beside what a person counts by hand."""

import pytest

from policy_sim.border import InputError
from policy_sim.orders import read_transactions

# (name, shape, content, customers, orders, money): what is right was counted by hand, line by line
SHAPES = {
    "shopify": (
        "Shopify orders",
        "Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Lineitem quantity,Lineitem name,"
        "Lineitem price,Cancelled at,Created at,Refunded Amount\n"
        "#1001,ann@x.com,paid,2024-01-05 10:00:00 -0500,USD,40.00,5.00,0.00,45.00,1,Cup,25.00,,"
        "2024-01-05 10:00:00 -0500,0.00\n"
        "#1001,ann@x.com,,,,,,,,1,Lid,15.00,,2024-01-05 10:00:00 -0500,\n"
        "#1002,Ann@x.com,partially_refunded,2024-02-01 23:30:00 -0500,USD,30.00,0.00,0.00,30.00,3,Tea,10.00,,"
        "2024-02-01 23:30:00 -0500,10.00\n"
        "#1003,bob@x.com,paid,2024-02-02 10:00:00 -0500,USD,20.00,0.00,0.00,20.00,1,Cup,20.00,"
        "2024-02-03 09:00:00 -0500,2024-02-02 10:00:00 -0500,0.00\n"
        "#1004,cid@x.com,voided,,USD,9.00,0.00,0.00,9.00,1,Tea,9.00,,2024-02-02 10:00:00 -0500,0.00\n",
        (1, 2, 65.00),
    ),
    "woocommerce": (
        "",
        "order_id,order_date,status,customer_id,billing_email,order_total,order_currency,item_name,item_qty\n"
        "11,2024-01-05 10:00,completed,0,ann@x.com,30.00,USD,a,1\n"
        "11,2024-01-05 10:00,completed,0,ann@x.com,30.00,USD,b,1\n"
        "12,2024-01-06 10:00,processing,0,bob@x.com,12.00,USD,a,1\n"
        "13,2024-01-07 10:00,refunded,7,cid@x.com,99.00,USD,c,1\n"
        "14,2024-01-08 10:00,wc-on-hold,7,cid@x.com,8.00,USD,c,1\n"
        "15,2024-01-09 10:00,completed,7,cid@x.com,8.00,USD,c,1\n",
        (3, 3, 50.00),
    ),
    "stripe": (
        "Stripe payments",
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Status,Customer ID,Customer Email\n"
        "ch_1,2024-01-05 10:00:00,20.00,0.00,usd,true,Paid,cus_1,ann@x.com\n"
        "ch_2,2024-01-06 10:00:00,30.00,30.00,usd,true,Refunded,cus_1,ann@x.com\n"
        "ch_3,2024-01-07 10:00:00,15.00,5.00,usd,true,Paid,cus_2,bob@x.com\n"
        "ch_4,2024-01-08 10:00:00,40.00,0.00,usd,false,Failed,cus_2,bob@x.com\n",
        (2, 2, 30.00),
    ),
    "paypal": (
        "PayPal activity",
        '"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net","From Email Address",'
        '"To Email Address","Transaction ID","Reference Txn ID"\n'
        '"01/15/2024","10:00:00","PST","Ann","Express Checkout Payment","Completed","USD","50.00","-1.75","48.25",'
        '"ann@x.com","shop@x.com","T1",""\n'
        '"01/16/2024","10:00:00","PST","","General Withdrawal","Completed","USD","-48.25","0.00","-48.25",'
        '"shop@x.com","","T2",""\n'
        '"01/20/2024","10:00:00","PST","Ann","Payment Refund","Completed","USD","-20.00","0.60","-19.40",'
        '"ann@x.com","shop@x.com","T3","T1"\n'
        '"01/25/2024","10:00:00","PST","Bob","Express Checkout Payment","Completed","USD","1,050.00","-30.00",'
        '"1,020.00","bob@x.com","shop@x.com","T4",""\n',
        (2, 2, 1080.00),
    ),
    "square": (
        "Square transactions",
        "Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Tax,Total Collected,Transaction ID,Customer ID,"
        "Event Type\n"
        "2024-01-05,10:00:00,Eastern,$20.00,$0.00,$20.00,$1.60,$21.60,t1,C1,Payment\n"
        "2024-01-06,10:00:00,Eastern,$10.00,$0.00,$10.00,$0.80,$10.80,t2,C1,Payment\n"
        "2024-01-07,10:00:00,Eastern,-$10.00,$0.00,-$10.00,-$0.80,-$10.80,t2,C1,Refund\n"
        "2024-01-08,10:00:00,Eastern,$5.00,$0.00,$5.00,$0.40,$5.40,t3,,Payment\n",
        (1, 2, 21.60),
    ),
    "etsy": (
        "Etsy orders",
        "Sale Date,Order ID,Buyer User ID,Full Name,Number of Items,Order Value,Order Total,Status,Currency\n"
        "01/15/24,901,annie,Ann,1,20.00,24.00,,USD\n"
        "01/16/24,902,bobby,Bob,2,30.00,35.00,,USD\n"
        "02/20/24,903,annie,Ann,1,10.00,12.00,,USD\n",
        (2, 3, 71.00),
    ),
    "ebay": (
        "eBay orders",
        "\n"
        "Sales Record Number,Order Number,Buyer Username,Buyer Email,Item Title,Quantity,Sold For,Total Price,"
        "Sale Date\n"
        "\n"
        "101,11-1,ann_7,ann@x.com,Cup,1,$20.00,$25.00,Jan-15-24\n"
        "102,11-2,bob_8,bob@x.com,Lid,1,$5.00,$9.00,Jan-16-24\n"
        "103,11-3,ann_7,ann@x.com,Tea,2,$6.00,$12.00,Feb-20-24\n"
        '"3 record(s) downloaded,from 01-01-2024 to 02-28-2024",,,,,,,,\n',
        (2, 3, 46.00),
    ),
    "amazon": (
        "Amazon orders",
        "amazon-order-id\tpurchase-date\torder-status\tsku\tquantity\tcurrency\titem-price\tbuyer-email\n"
        "114-1\t2024-01-05T10:00:00+00:00\tShipped\ta\t2\tUSD\t20.00\tann@m.amazon.com\n"
        "114-1\t2024-01-05T10:00:00+00:00\tShipped\tb\t1\tUSD\t5.00\tann@m.amazon.com\n"
        "114-2\t2024-01-06T10:00:00+00:00\tCancelled\ta\t0\t\t\tbob@m.amazon.com\n"
        "114-3\t2024-01-07T10:00:00+00:00\tShipped\ta\t1\tUSD\t10.00\tbob@m.amazon.com\n",
        (2, 2, 35.00),
    ),
    "magento": (
        "Magento orders",
        '"ID","Purchase Point","Purchase Date","Bill-to Name","Grand Total (Base)","Grand Total (Purchased)","Status",'
        '"Customer Email","Subtotal","Total Refunded"\n'
        '"000000001","Main","Jan 5, 2024, 10:00:00 AM","Ann","50.00","50.00","complete","ann@x.com","45.00","0.00"\n'
        '"000000002","Main","Jan 6, 2024, 10:00:00 AM","Bob","30.00","30.00","canceled","bob@x.com","30.00","0.00"\n'
        '"000000003","Main","Jan 7, 2024, 10:00:00 AM","Ann","20.00","20.00","complete","ann@x.com","20.00","5.00"\n',
        (1, 2, 65.00),
    ),
    "olist": (
        "",
        "order_id,customer_id,customer_unique_id,order_status,order_purchase_timestamp,payment_value\n"
        "o1,c1,u1,delivered,2018-01-05 10:00:00,50.00\n"
        "o2,c2,u2,delivered,2018-01-06 10:00:00,20.00\n"
        "o3,c3,u1,shipped,2018-02-07 10:00:00,30.00\n"
        "o3,c3,u1,shipped,2018-02-07 10:00:00,5.00\n"
        "o4,c4,u2,canceled,2018-02-08 10:00:00,70.00\n",
        (2, 3, 105.00),
    ),
    "invoices": (
        "",
        "InvoiceNo;StockCode;Description;Quantity;InvoiceDate;UnitPrice;CustomerID;Country\n"
        "536365;a;Cup;6;01.12.2010 08:26;2,55;17850;United Kingdom\n"
        "536365;b;Lid;2;01.12.2010 08:26;3,00;17850;United Kingdom\n"
        "536366;a;Cup;1;13.12.2010 08:28;2,55;13047;United Kingdom\n"
        "C536367;a;Cup;-1;14.12.2010 09:00;2,55;13047;United Kingdom\n"
        "536368;a;Cup;9;15.12.2010 09:00;2,55;;United Kingdom\n",
        (2, 2, 23.85),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_export_is_read_as_a_person_counts_it(write, name):
    shape, content, expected = SHAPES[name]
    log = read_transactions(write(content))
    assert log.reading.shape == shape
    assert (len(log.labels), len(log.amount), round(float(log.amount.sum()), 2)) == expected


def test_times_with_an_offset_keep_the_day_of_the_shop(write):
    log = read_transactions(write(SHAPES["shopify"][1]))
    assert [str(day) for day in log.date] == ["2024-01-05", "2024-02-01"]


def test_a_mapping_that_a_person_corrected(write, tmp_path):
    from policy_sim.orders import read_mapping, write_mapping

    path = write("wer,wann,wieviel,bemerkung\na,2024-01-05,10,x\nb,2024-01-06,20,y\n", "fremd.csv")
    with pytest.raises(InputError, match="looks like the customer; found: wer, wann, wieviel, bemerkung"):
        read_transactions(path)
    mapping = write_mapping(path, tmp_path / "mapping.yaml")
    text = mapping.read_text(encoding="utf-8")
    assert "#   wieviel" in text
    for role, column in (("customer", "wer"), ("date", "wann"), ("amount", "wieviel")):
        text = text.replace(f"{role}: ''", f"{role}: {column}")
    mapping.write_text(text, encoding="utf-8")
    assert read_mapping(mapping).columns["amount"] == "wieviel"
    log = read_transactions(path, mapping=mapping)
    assert (len(log.labels), log.amount.sum()) == (2, 30.0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("columns: {customr: who}\n", "unknown role 'customr'"),
        ("columns: who\n", "mapping"),
        ("colums: {customer: who}\n", "mapping"),
        ("columns: {customer: nobody}\n", "unknown column 'nobody'"),
    ],
)
def test_bad_mappings(write, content, message):
    log = write("customer,date,amount\na,2024-01-05,10\n")
    with pytest.raises(InputError, match=message) as caught:
        read_transactions(log, mapping=write(content, "mapping.yaml"))
    assert "\n" not in str(caught.value)
