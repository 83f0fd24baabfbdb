"""Building a log of cases: each export by hand, what belongs together, what was given, nothing lost."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import Scenario
from policy_sim.evidence import SHAPES, BuiltLog, CaseLogMapping, build_log, shape_of
from policy_sim.evidence.export_shapes import plain_name

Build = Callable[..., BuiltLog]

ORDERS = """customer,email,order,date,amount,currency
ann,ann@x.org,1001,2024-01-01,20.00,USD
bob,bob@x.org,1002,2024-02-01,30.00,USD
ann,ann@x.org,1003,2024-03-01,40.00,USD
bob,bob@x.org,1004,2024-04-01,50.00,USD
"""
TICKETS = """Id,Requester,Requester email,Assignee,Group,Status,Priority,Via,Created at,Solved at,Order number [txt],\
Failure reason [list],Resolution [list]
1,Ann,ann@x.org,Joe,Support,Closed,High,Mail,2024-01-12 10:00:00,2024-01-12 12:00:00,1001,Lost in transit,full refund
2,Bob,bob@x.org,Sue,Team leads,Closed,Low,Phone,2024-02-12 10:00:00,2024-02-13 10:00:00,1002,Wrong item,\
full_refund + keep_item
"""


SALESFORCE = """Case Number,Contact Email,Case Owner,Case Owner Role,Status,Priority,Case Origin,Case Reason,Escalated,\
Date/Time Opened,Date/Time Closed,Order number,Resolution
00001,ANN@x.org,Joe,Support,Closed,High,Phone,Lost in transit,1,"1/13/2024, 9:05 AM","1/13/2024, 1:05 PM",1001,\
Full refund
"""
SALESFORCE_DATA = """CaseNumber,ContactEmail,OwnerId,Status,Priority,Origin,Reason,IsEscalated,CreatedDate,ClosedDate,\
Order_Number__c,Resolution__c
00001,ANN@x.org,Joe,Closed,High,Phone,Lost in transit,true,2024-01-13T09:05:00.000Z,2024-01-13T13:05:00.000+0000,1001,\
Full refund
"""
ZENDESK = """Summation column,Id,Requester,Requester id,Requester external id,Requester email,Requester domain,\
Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,Created at,Updated at,Solved at,Order number [txt],\
Contact reason [list],Resolution [list]
1,00001,Ann,900000000000000001,,Ann@x.org,x.org,Joe,Support,Where is it,vip escalated,Closed,High,\
Phone call (incoming),Incident,2024-01-13 09:05:00,2024-01-13 13:05:00,2024-01-13 13:05:00,#1001,Lost in transit,\
Full refund
"""
GORGIAS = """Ticket ID,Customer ID,Customer email,Assignee user,Assignee team,Tags,Status,Priority,Channel,\
Created datetime,Closed datetime,Contact reason,Resolution,Order number
00001,77,ann@x.org,Joe,Support,"vip,escalated",closed,high,phone,2024-01-13T09:05:00+00:00,2024-01-13T13:05:00+00:00,\
Lost in transit,Full refund,1001
"""
FRESHDESK = """Ticket ID,Subject,Status,Priority,Source,Type,Agent,Group,Created time,Due by Time,Resolved time,\
Closed time,Resolution time (in hrs),Tags,Full name,Email,Contact ID,Failure reason,Resolution,Order number
00001,Where is it,Closed,High,Phone,Problem,Joe,Support,2024-01-13 09:05:00,,2024-01-13 13:05:00,2024-01-14 09:00:00,\
04:00:00,"vip,escalated",Ann,ann@x.org,5,Lost in transit,Full refund,1001
"""
INTERCOM = """Conversation ID,Conversation started at,Conversation closed at,Channel,Team assigned,Teammate assigned,\
User email,User external ID,Conversation tags,Current conversation state,Priority,Failure reason,Resolution,Order number
00001,2024-01-13 09:05:00 UTC,2024-01-13 13:05:00 UTC,Phone call,Support,Joe,ann@x.org,ann,"vip,escalated",closed,high,\
Lost in transit,Full refund,1001
"""
HELP_DESKS = {
    "Zendesk tickets": ZENDESK.replace(" (incoming)", ""),
    "Salesforce cases (report)": SALESFORCE,
    "Salesforce cases (data export)": SALESFORCE_DATA,
    "Gorgias tickets": GORGIAS,
    "Freshdesk tickets": FRESHDESK,
    "Intercom conversations": INTERCOM,
}

SHOPIFY = """Refund ID,Order name,Email,Created at,Total refunded,Calculated refund,Order adjustment,Restock type,\
Staff member,Note,Gateway,Currency
r1,#1001,ann@x.org,2024-01-12 11:00:00 +0000,20.00,15.00,-5.00,RETURN,Joe,,shopify_payments,USD
"""
SHOPIFY_LINES = """Name,Email,Line: Type,Line: Total,Refund: ID,Refund: Created At,Refund: Restock Type,\
Refund Adjustment: Amount,Transaction: Amount,Transaction: Gateway,Currency
#1001,ann@x.org,Line Item,20.00,,,,,,,USD
#1001,ann@x.org,Transaction,,,,,,20.00,shopify_payments,USD
#1001,ann@x.org,Refund Line,-15.00,r1,2024-01-12 11:00:00 +0000,return,,,,USD
#1001,ann@x.org,Refund Adjustment,,r1,2024-01-12 11:00:00 +0000,,-5.00,,,USD
"""
WOOCOMMERCE = """id,parent_id,date_created,date_created_gmt,amount,reason,refunded_by,refunded_payment
91,1001,2024-01-12T12:00:00,2024-01-12T11:00:00,20.00,lost,3,true
"""
STRIPE_PAYMENTS = """id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Fee,Refunded date (UTC),Status,\
Customer ID,Customer Email,order_id (metadata)
ch_1,2024-01-01 10:00:00,20.00,20.00,usd,true,0.88,2024-01-12 11:00:00,Refunded,cus_1,ann@x.org,1001
ch_2,2024-02-01 10:00:00,30.00,0.00,usd,true,0.88,,Paid,cus_2,bob@x.org,1002
"""
STRIPE_REFUNDS = """id,amount,charge,created,currency,reason,status,metadata[order_id]
re_1,2000,ch_1,1705057200,usd,requested_by_customer,succeeded,1001
re_2,3000,ch_2,1705057200,usd,requested_by_customer,failed,1002
"""
#: By export: the file, what is known of discretion and of the way of the item, rows that belong to no case.
REFUNDS = {
    "Shopify refunds": (SHOPIFY, 5.0, True, 0),
    "Shopify refund lines": (SHOPIFY_LINES, 5.0, True, 2),
    "WooCommerce refunds": (WOOCOMMERCE, math.nan, False, 0),
    "Stripe payments": (STRIPE_PAYMENTS, math.nan, False, 1),
    "Stripe refunds": (STRIPE_REFUNDS, math.nan, False, 1),
}
#: A ticket that does not say what was given.
SILENT = TICKETS.splitlines()[0] + "\n" + "1,Ann,ann@x.org,Joe,Support,Closed,High,Mail,2024-01-12 10:00:00,"


def the_case(log: BuiltLog) -> dict[str, object]:
    assert len(log.table) == 1
    return log.table.iloc[0].to_dict()


def nothing_is_lost(log: BuiltLog) -> None:
    report, aside = log.report, log.report.set_aside_count
    assert report.cases == len(log.table)
    assert report.cases + aside["tickets"] == report.tickets
    if report.refunds:
        assert sum(report.refunds_found.values()) == report.refunds
        assert (
            report.refunds - aside["refunds"] == sum(report.refunds_found.values()) - report.refunds_found["not found"]
        )
    assert len(log.set_aside) == sum(aside.values())
    assert (log.set_aside["why"] != "").all()


@pytest.mark.parametrize("title", HELP_DESKS)
def test_tickets_of_each_help_desk(build: Build, title: str) -> None:
    log = build(tickets=HELP_DESKS[title])
    case = the_case(log)
    assert [file.what for file in log.report.files] == [title, "orders"]
    expected = {
        "case": "00001", "customer": "ann", "failure": "lost_parcel", "resolution": "full_refund", "tier": "agent",
        "agent": "Joe", "opened": "2024-01-13T09:05:00Z", "resolved": "2024-01-13T13:05:00Z", "escalated": 1.0,
        "severity": 0.75, "live": 1.0, "item_price": 20.0, "days_since_purchase": 12.0, "prior_purchases": 1.0,
        "prior_failures": 0.0, "prior_claims": 0.0, "refund": 20.0, "credit": 0.0, "replacement": 0.0,
        "keep_item": 0.0, "currency": "USD",
    }  # fmt: skip
    if title == "Salesforce cases (data export)":  # it has ids of record types, and no words for who decides
        expected["tier"] = ""
    assert {name: case[name] for name in expected} == expected
    assert str(case["order"]).lstrip("#") == "1001"
    assert log.report.orders_found["order number"] == 1
    nothing_is_lost(log)


@pytest.mark.parametrize("title", REFUNDS)
def test_refunds_of_each_shop(build: Build, title: str) -> None:
    refunds, discretion, says_way, others = REFUNDS[title]
    ticket = SILENT + "2024-01-12 12:00:00,1001,Wrong item,\n"
    log = build(tickets=ticket, refunds=refunds)
    case = the_case(log)
    assert log.report.files[1].what == title
    assert case["resolution"] == "full_refund + send_back"
    assert (case["refund"], case["credit"], case["keep_item"]) == (20.0, 0.0, 0.0)
    assert case.get("discretion", math.nan) == pytest.approx(discretion, nan_ok=True)
    assert log.report.resolutions["inferred"] == 1
    assert any("nothing says whether the item came back" in remark.says for remark in log.report.remarks) != says_way
    assert log.report.set_aside_count["refunds"] == others
    nothing_is_lost(log)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=lambda shape: shape.name)
def test_each_shape_knows_its_own_header(shape) -> None:
    assert shape_of(shape.header_row) is shape
    positions = shape.fields_of(shape.header_row)
    assert {name: shape.header_row[place] for name, place in positions.items()} == shape.headers


def test_names_of_own_fields_are_known_however_a_help_desk_adds_to_them() -> None:
    assert plain_name("Failure reason [list]") == plain_name("Failure_Reason__c") == plain_name("cf_failure_reason")


@pytest.mark.parametrize(
    ("failure", "paid", "way", "expected"),
    [
        ("Wrong item", "20.00", "return,card", "full_refund + send_back"),
        ("Wrong item", "20.00", "no_restock,card", "full_refund + keep_item"),
        ("Delivered late", "4.00", "no_restock,card", "partial_refund_20"),
        ("Delivered late", "5.90", "no_restock,card", "shipping_refund"),
        ("Badly served", "9.00", "no_restock,card", "partial_refund_50"),
        ("Delivered late", "10.00", ",gift_card", "managers_call + gift_card_10"),
        ("Delivered late", "24.00", ",store credit", "apology_note + store_credit_25"),
    ],
)
def test_what_was_given_is_inferred_from_the_money(
    build: Build, failure: str, paid: str, way: str, expected: str
) -> None:
    returned, gateway = way.split(",")
    refund = f"r1,1001,ann@x.org,2024-01-12 11:00:00 +0000,{paid},,,{returned},Joe,,{gateway},USD\n"
    header = SHOPIFY.splitlines()[0]
    log = build(tickets=f"{SILENT}2024-01-12 12:00:00,1001,{failure},\n", refunds=f"{header}\n{refund}")
    given = str(the_case(log)["resolution"])
    if "gift" in gateway or "credit" in gateway:  # cards and credit of one amount are alike to the money
        assert {given, expected} <= {"coupon_10", "apology_note + store_credit_10", "apology_note + store_credit_25",
                                     "managers_call + gift_card_10", "managers_call + gift_card_25"}  # fmt: skip
    else:
        assert given == expected
    assert log.report.resolutions["inferred"] == 1


def test_what_is_said_comes_first_and_money_tells_the_rest(build: Build) -> None:
    rows = [
        ("1", "refund", "full_refund + send_back"),  # the money tells which
        ("2", "returnless refund", "full_refund + keep_item"),
        ("3", "replacement", "replacement + send_back"),  # nobody says it was kept
        ("4", "Full refund; Apology", "full_refund + send_back + apology_note"),
        ("5", "nothing", "nothing"),
    ]
    tickets = TICKETS.splitlines()[0] + "\n"
    refunds, orders = SHOPIFY.splitlines()[0] + "\n", ORDERS.splitlines()[0] + "\n"
    for case, given, _ in rows:
        tickets += f"{case},A,a{case}@x.org,Joe,Support,Closed,High,Mail,2024-01-12 10:00:00,2024-01-12 12:00:00,"
        tickets += f"{case},Wrong item,{given}\n"
        orders += f"a{case},a{case}@x.org,{case},2024-01-01,20,USD\n"
    refunds += "r1,1,a1@x.org,2024-01-12 11:00:00 +0000,20,,,RETURN,Joe,,card,USD\n"
    log = build(tickets=tickets, refunds=refunds, orders=orders)
    assert log.table["resolution"].tolist() == [expected for _, _, expected in rows]
    # money that is said to have been paid, but is in no record of refunds, is not known
    assert log.table["refund"].isna().tolist() == [False, True, False, True, False]


def test_a_refund_of_nobody_knows_how_much_stays_unknown(build: Build) -> None:
    log = build(tickets=SILENT + "2024-01-12 12:00:00,1001,Delivered late,refund\n")
    assert the_case(log)["resolution"] == ""
    assert any("but not how much" in remark.says for remark in log.report.remarks)


def test_of_nothing_is_anything_known(build: Build) -> None:
    log = build(tickets=SILENT + "2024-01-12 12:00:00,1001,Wrong item,\n")
    assert the_case(log)["resolution"] == ""
    assert log.report.resolutions["unknown"] == 1


def test_orders_are_found_by_number_customer_and_e_mail(build: Build) -> None:
    head = TICKETS.splitlines()[0].replace("Requester email", "Requester external id,Requester email")
    row = "{},X,{},{},Joe,Support,Closed,High,Mail,2024-03-12 10:00:00,2024-03-12 12:00:00,{},Wrong item,nothing\n"
    tickets = f"{head}\n" + "".join(
        row.format(*cells)
        for cells in (
            ("1", "", "", "#1003"),
            ("2", "bob", "", ""),
            ("3", "", "BOB@X.ORG", ""),
            ("4", "", "zoe@x.org", ""),
            ("5", "", "bob@x.org", "9999"),
        )
    )
    log = build(tickets=tickets)
    assert log.table[["case", "customer", "order"]].to_numpy().tolist() == [
        ["1", "ann", "#1003"], ["2", "bob", "1002"], ["3", "bob", "1002"], ["5", "bob", "1002"],
    ]  # fmt: skip
    assert log.report.orders_found == {"not found": 0, "order number": 1, "customer": 1, "e-mail": 2}
    assert log.set_aside[["place", "why"]].to_numpy().tolist() == [
        ["tickets.csv, line 5", "no order was found for it, and it says no price"]
    ]
    assert any("not among the orders" in remark.says and remark.examples == ("5",) for remark in log.report.remarks)
    nothing_is_lost(log)


def test_an_order_outside_the_window_is_not_taken(build: Build) -> None:
    tickets = TICKETS.replace(",1002,", ",,")
    assert build(tickets=tickets).report.cases == 2
    log = build(tickets=tickets, mapping=CaseLogMapping(window_days=10))  # it is 11 days old
    assert log.table["case"].tolist() == ["1"]
    nothing_is_lost(log)


def test_one_number_for_two_orders(build: Build) -> None:
    orders = ORDERS + "cyd,cyd@x.org,1001,2024-01-05,99.00,USD\n"
    log = build(tickets=TICKETS, orders=orders)
    assert log.table["item_price"].tolist() == [20.0, 30.0]  # that of the same customer
    twice = ORDERS.replace("1003", "1001")  # two orders of one customer under one number are lines of one order
    assert build(tickets=TICKETS, orders=twice).table["item_price"].tolist() == [60.0, 30.0]


def test_what_came_before(build: Build) -> None:
    """By hand: ann buys on 1 January, 1 March (two orders) and 1 May, and complains four times."""
    orders = ORDERS.splitlines()[0] + "\n"
    for number, day in (("a", "2023-01-01"), ("b", "2023-03-01"), ("c", "2023-03-01"), ("d", "2024-05-01")):
        orders += f"ann,ann@x.org,{number},{day},20,USD\n"
    tickets = TICKETS.splitlines()[0] + "\n"
    for case, opened, order in (
        ("1", "2023-01-11 00:00:00", "a"), ("2", "2023-03-11 12:00:00", "c"), ("3", "2024-01-20 00:00:00", "c"),
        ("4", "2024-05-06 00:00:00", "d"),
    ):  # fmt: skip
        tickets += f"{case},Ann,ann@x.org,Joe,Support,Closed,Low,Mail,{opened},,{order},Wrong item,nothing\n"
    table = build(tickets=tickets, orders=orders).table
    assert table["prior_purchases"].tolist() == [1, 2, 2, 3]  # two orders of a day are one purchase
    assert table["prior_failures"].tolist() == [0, 1, 2, 3]
    assert table["prior_claims"].tolist() == [0, 1, 1, 1]  # in the twelve months before
    np.testing.assert_allclose(table["days_since_failure"], [np.nan, 59.5, 314.5, 107.0])
    assert table["days_since_purchase"].tolist() == [10, 10, 325, 5]
    assert table["resolved"].tolist() == [""] * 4


def test_repeats_questions_and_statuses_are_set_aside_with_a_reason(build: Build) -> None:
    row = "{},Ann,ann@x.org,Joe,Support,{},High,Mail,{},2024-01-12 12:00:00,1001,{},nothing\n"
    opened = "2024-01-12 10:00:00"
    rows = [("1", "Closed", opened, "Wrong item"), ("1", "Closed", opened, "Wrong item"), ("3", "Closed", opened,
            "Question"), ("4", "Closed", opened, "Wrong colour"), ("5", "Deleted", opened, "Wrong item"),
            ("6", "Closed", "soon", "Wrong item"), ("7", "Closed", "", "Wrong item"), ("8", "Closed", opened, ""),
            ("", "Closed", opened, "Wrong item")]  # fmt: skip
    log = build(tickets=TICKETS.splitlines()[0] + "\n" + "".join(row.format(*cells) for cells in rows))
    assert log.table["case"].tolist() == ["1"]
    assert log.set_aside["why"].tolist() == [
        "a later row has the same number",
        "'Question' is no failure",
        "'Wrong colour' is not in the mapping, under failures",
        "its status 'Deleted' is none of a case",
        "column 'Created at' holds no moment such as 2024-03-17 09:05:00",
        "it does not say when it was opened",
        "it does not say what went wrong",
        "it has no number of its own",
    ]
    assert log.report.unknown["failures"] == {"Wrong colour": 1}
    nothing_is_lost(log)


def test_hostile_cells_stay_what_they_are(build: Build) -> None:
    row = '{},Ann,"{}",{},Support,Closed,High,Mail,2024-01-12 10:00:00,2024-01-12 12:00:00,{},Wrong item,nothing\n'
    rows = [
        ("=1+1", "ANN@X.org", "=cmd|' /C calc'!A0", "1001"),
        ("900000000000000001", "ann@x.org", "a\x01b", "1001"),
        ("900000000000000002", "ann@x.org", "x" * 3000, "1001"),
        ("  7  ", " ann@x.org ", "{0}", " #1001 "),
    ]
    log = build(tickets=TICKETS.splitlines()[0] + "\n" + "".join(row.format(*cells) for cells in rows))
    assert log.table["case"].tolist() == ["=1+1", "900000000000000001", "900000000000000002", "7"]
    assert log.table["agent"].tolist() == ["=cmd|' /C calc'!A0", "a\x01b", "x" * 3000, "{0}"]
    assert set(log.table["customer"]) == {"ann"}
    nothing_is_lost(log)


def test_labels_say_what_fields_do_not(build: Build) -> None:
    head = TICKETS.splitlines()[0].replace("Group", "Tags,Group")
    row = "1,Ann,ann@x.org,Joe,vip lost_parcel full_refund escalated exception,Support,Closed,High,Mail,"
    log = build(tickets=f"{head}\n{row}2024-01-12 10:00:00,,1001,,\n")
    case = the_case(log)
    assert (case["failure"], case["resolution"]) == ("lost_parcel", "full_refund")
    assert (case["escalated"], case["exception"]) == (1.0, 1.0)


def test_credit_in_the_ticket_and_money_in_the_shop(build: Build) -> None:
    head = TICKETS.splitlines()[0] + ",Credit amount"
    row = "1,Ann,ann@x.org,Joe,Support,Closed,High,Mail,2024-01-12 10:00:00,2024-01-12 12:00:00,1001,Wrong item,,10\n"
    case = the_case(build(tickets=f"{head}\n{row}", refunds=SHOPIFY))
    assert (case["refund"], case["credit"]) == (20.0, 10.0)
    given = "full_refund + send_back"  # a card and credit of one amount are alike to the money
    assert case["resolution"] in (
        f"{given} + apology_note + store_credit_10",
        f"{given} + managers_call + gift_card_10",
    )


def test_moments_without_a_zone_are_told_once_a_file(build: Build) -> None:
    log = build(tickets=TICKETS, refunds=WOOCOMMERCE)
    told = [remark.says for remark in log.report.remarks if "time zone" in remark.says]
    assert told == ["'Created at', 'Solved at' of tickets.csv name no time zone and were read as UTC"]


def test_what_was_noticed_scored_and_stated(build: Build) -> None:
    head = TICKETS.splitlines()[0] + ",Noticed at,Risk score,Item price,Refund amount,Credit amount,Asked for"
    row = "1,Ann,ann@x.org,Joe,Support,Closed,0.3,Mail,2024-01-12 10:00:00,,1001,Delivered late,,"
    log = build(tickets=f'{head}\n{row}2024-01-11 10:00:00,85,"$1,234.50",246.90,,money back\n')
    case = the_case(log)
    assert (case["hours_open"], case["suspicion"], case["item_price"]) == (24.0, 0.85, 1234.5)
    assert (case["resolution"], case["refund"], case["ask"]) == ("partial_refund_20", 246.9, "money")
    assert any("read as percent" in remark.says for remark in log.report.remarks)


def test_other_currencies_are_set_aside(build: Build) -> None:
    refunds = SHOPIFY.replace(",USD", ",EUR")
    log = build(tickets=TICKETS, refunds=refunds)
    assert log.set_aside["why"].tolist() == ["its currency is EUR, that of the scenario USD: nothing is converted"]
    nothing_is_lost(log)


def test_workbooks_parquet_and_several_files_are_one_log(put: Callable[..., Path], scenario: Scenario) -> None:
    folder = put(orders=ORDERS)
    lines = TICKETS.splitlines()
    tickets = pd.DataFrame([lines[2].split(",")], columns=lines[0].split(","))
    tickets["Created at"] = pd.to_datetime(tickets["Created at"])
    tickets["Id"] = tickets["Id"].astype(int)
    tickets.to_excel(folder / "february.xlsx", index=False)
    pd.DataFrame([lines[1].split(",")], columns=lines[0].split(",")).to_parquet(folder / "january.parquet")
    (folder / "readme.md").write_text("no table")
    log = build_log(folder, scenario)
    assert log.table[["case", "opened"]].to_numpy().tolist() == [
        ["2", "2024-02-12T10:00:00Z"], ["1", "2024-01-12T10:00:00Z"],
    ]  # fmt: skip
    assert "readme.md" in log.report.left_alone
    nothing_is_lost(log)


def test_what_was_built_before_is_left_alone(put: Callable[..., Path], scenario: Scenario) -> None:
    folder = put(orders=ORDERS, tickets=TICKETS + TICKETS.splitlines()[1] + "\n")
    first = build_log(folder, scenario)
    first.table.to_csv(folder / "cases.csv", index=False)
    first.set_aside.to_csv(folder / "aside.csv", index=False)
    again = build_log(folder, scenario)
    pd.testing.assert_frame_equal(again.table, first.table)
    assert again.report.left_alone == {
        "cases.csv": "it is a log of cases already", "aside.csv": "it holds rows that were set aside",
    }  # fmt: skip


def test_payments_are_orders_where_there_are_no_others(put: Callable[..., Path], scenario: Scenario) -> None:
    log = build_log(put(tickets=TICKETS, payments=STRIPE_PAYMENTS), scenario)
    assert log.table["item_price"].tolist() == [20.0, 30.0]
    assert log.table["refund"].tolist()[0] == 20.0
    assert [file.what for file in log.report.files] == ["Zendesk tickets", "Stripe payments", "orders"]


def test_a_query_over_a_folder(put: Callable[..., Path], scenario: Scenario) -> None:
    pytest.importorskip("duckdb")
    folder = put(orders=ORDERS, tickets=TICKETS)
    query = folder / "tickets.sql"
    query.write_text("select * from read_csv('tick*.csv', all_varchar = true);")
    whole = build_log([folder / "tickets.csv", folder / "orders.csv"], scenario)
    asked = build_log([query, folder / "orders.csv"], scenario)
    pd.testing.assert_frame_equal(asked.table, whole.table)
    # one that merely lies there is not run
    assert build_log(folder, scenario).report.left_alone == {"tickets.sql": "queries are run only where they are named"}
