"""Roles: which column of a log holds what, known by its name or by the export that the file is.

In: the names of the columns, and what a person said of them. Out: `Roles`, the column of each role, and notes.
Left to others: what stands in the columns (`people`, `dates`, `amounts`, `lines`, `status`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from policy_sim.border import InputError, unknown

__all__ = ["ROLES", "Roles", "find_roles", "header_rank", "normalised"]

#: What a column may be: who bought, their e-mail, an id that may be better than the first, when, how much, the number
#: of the order, that of the order that a refund is of, its status, what kind of row it is, the currency, money paid
#: back, pieces, price of one, when cancelled.
ROLES = (
    "customer",
    "email",
    "other_customer",
    "date",
    "amount",
    "order",
    "reference",
    "status",
    "kind",
    "currency",
    "paid_back",
    "quantity",
    "unit_price",
    "cancelled",
)
#: Without these nothing can be read.
_NEEDED = ("customer", "date", "amount")

_NAMED_BY_OPTION = ("customer", "date", "amount", "status", "order")

#: Names by which the column of each role is known, letters and digits only; an earlier line is preferred to a later.
_USUAL_NAMES = {
    "customer": (
        "customerid customerno customernr customernumber customercode customerkey custid custno",
        "customer cust",
        "clientid clientno userid memberid memberno accountid accountno buyerid buyerno shopperid buyeruserid",
        "client user member account buyer shopper buyerusername",
        "customeremail email billingemail buyeremail customeremailaddress emailaddress fromemailaddress",
    ),
    "email": ("customeremail billingemail buyeremail email emailaddress customeremailaddress fromemailaddress",),
    "other_customer": ("customeruniqueid uniquecustomerid personid",),
    "date": (
        "date orderdate purchasedate transactiondate invoicedate saledate purchasedat orderedat orderpurchasetimestamp",
        "day datetime timestamp orderday orderdatetime transactiontime purchasetime ordertime datecreated",
        "createdat created createddate createddateutc createdutc paidat boughtat paymentdate paidondate time",
    ),
    "amount": (
        "amount orderamount ordervalue ordertotal totalamount purchaseamount transactionamount saleamount salesamount",
        "value total revenue sales spend totalprice grandtotal grandtotalpurchased monetaryvalue netamount turnover "
        "totalcollected gross paymentvalue linetotal itemtotal",
        "price dollars paid payment usd eur gbp",
    ),
    "order": (
        "orderid orderno ordernumber ordernr orderkey amazonorderid incrementid",
        "invoiceno invoice invoiceid invoicenumber receiptid receiptno salesrecordnumber transactionid",
        "order",
    ),
    "reference": ("referencetxnid referenceid originalorderid originalorder parentorderid relatedorderid",),
    "status": (
        "financialstatus paymentstatus",
        "status orderstatus orderstate transactionstatus state",
    ),
    "kind": ("type transactiontype eventtype kind reportingcategory",),
    "currency": ("currency currencycode ordercurrency currencyiso paymentcurrency transactioncurrency",),
    "paid_back": ("refundedamount amountrefunded totalrefunded refundamount refunded refundtotal",),
    "quantity": ("quantity qty units pieces quantitypurchased numberofunits",),
    "unit_price": ("unitprice priceperunit pieceprice priceeach itemprice lineitemprice price",),
    "cancelled": ("cancelledat canceledat datecancelled cancellationdate",),
}
_OF_GOODS = frozenset(("subtotal", "netsales", "goods", "itemssubtotal", "productsubtotal", "ordervalue"))
_ADDED = frozenset(("tax", "taxes", "vat", "shipping", "shippingcost", "totaltax", "ordershipping", "salestax"))


class Shape(NamedTuple):
    """An export that is known by its columns; names in letters and digits only."""

    title: str
    known_by: frozenset[str]
    columns: Mapping[str, str]


def _shape(title: str, known_by: str, **columns: str) -> Shape:
    return Shape(title, frozenset(known_by.split()), columns)


_SHAPES = (
    _shape(
        "Shopify orders",
        "name email financialstatus total createdat",
        customer="email",
        order="name",
        date="createdat",
        amount="total",
        status="financialstatus",
        paid_back="refundedamount",
        currency="currency",
        cancelled="cancelledat",
    ),
    _shape(
        "PayPal activity",
        "type status gross fromemailaddress transactionid",
        customer="fromemailaddress",
        order="transactionid",
        reference="referencetxnid",
        date="date",
        amount="gross",
        status="status",
        kind="type",
        currency="currency",
    ),
    _shape(
        "Stripe payments",
        "id amount amountrefunded currency status customeremail",
        customer="customeremail",
        order="id",
        amount="amount",
        paid_back="amountrefunded",
        status="status",
        currency="currency",
    ),
    _shape(
        "Amazon orders",
        "amazonorderid purchasedate orderstatus itemprice",
        customer="buyeremail",
        order="amazonorderid",
        date="purchasedate",
        amount="itemprice",
        status="orderstatus",
        currency="currency",
    ),
    _shape(
        "eBay orders",
        "salesrecordnumber ordernumber buyerusername saledate",
        customer="buyerusername",
        email="buyeremail",
        order="ordernumber",
        date="saledate",
        amount="totalprice",
    ),
    _shape(
        "Square transactions",
        "date grosssales totalcollected transactionid customerid",
        customer="customerid",
        order="transactionid",
        date="date",
        amount="totalcollected",
        kind="eventtype",
    ),
    _shape(
        "Etsy orders",
        "saledate orderid ordertotal buyeruserid",
        customer="buyeruserid",
        order="orderid",
        date="saledate",
        amount="ordertotal",
        status="status",
        currency="currency",
    ),
    _shape(
        "Magento orders",
        "id purchasedate grandtotalpurchased customeremail status",
        customer="customeremail",
        order="id",
        date="purchasedate",
        amount="grandtotalpurchased",
        status="status",
        paid_back="totalrefunded",
    ),
)


class Roles(NamedTuple):
    """The column of each role, as its position; the export that the file is, if it is known; notes for people."""

    positions: Mapping[str, int]
    title: str
    notes: tuple[str, ...]


def normalised(name: str) -> str:
    """Return a name in small letters and digits only."""
    return "".join(character for character in name.lower() if character.isalnum())


def header_rank(header: Sequence[str]) -> int:
    """Return how many of the needed roles the names of a line would serve: 3 where it is a line of column names."""
    names = {normalised(name) for name in header}
    usual = {role: frozenset(" ".join(_USUAL_NAMES[role]).split()) for role in (*_NEEDED, "unit_price")}
    served = sum(bool(names & usual[role]) for role in _NEEDED[:2])
    return served + bool(names & (usual["amount"] | usual["unit_price"]))


def find_roles(header: Sequence[str], chosen: Mapping[str, str | None], where: str) -> Roles:
    """Return the column of each role that a log has.

    Parameters
    ----------
    header
        Names of the columns.
    chosen
        For some roles the name of the column that a person named.

    Raises
    ------
    InputError
        If a column that is needed is missing or ambiguous, or one would serve for two things.
    """
    names = [normalised(name) for name in header]
    positions = {role: _chosen_column(header, name, role, where) for role, name in chosen.items() if name is not None}
    shape = next((shape for shape in _SHAPES if shape.known_by <= set(names)), None)
    if shape is not None:
        for role, name in shape.columns.items():
            if role not in positions and names.count(name) == 1:
                positions[role] = names.index(name)
    _add_usual(header, positions, chosen, where, is_known=shape is not None)
    needed = [role for role in _NEEDED if role in positions]
    if len({positions[role] for role in needed}) < len(needed):
        raise InputError(
            f"one column of {where} would serve for two things: "
            + ", ".join(f"{role} '{header[positions[role]]}'" for role in needed)
            + "; give three different ones with --customer-column, --date-column and --amount-column"
        )
    # a column serves once; what is needed comes first
    taken: set[int] = set()
    once = {}
    for role in ROLES:
        if role in positions and positions[role] not in taken:
            once[role] = positions[role]
            taken.add(positions[role])
    return Roles(once, shape.title if shape else "", _notes_on_amount(header, names, once, chosen))


def _add_usual(
    header: Sequence[str], positions: dict[str, int], chosen: Mapping[str, str | None], where: str, is_known: bool
) -> None:
    names = [normalised(name) for name in header]
    for role in ROLES:
        if role in positions or (is_known and role not in (*_NEEDED, "currency")):
            continue
        needed = _NEEDED[:2] if role == "unit_price" and not chosen.get("amount") else _NEEDED
        taken = {position for other, position in positions.items() if other in needed}
        column = _usual_column(header, names, role, taken, where)
        if column is not None:
            positions[role] = column
    is_priced = "quantity" in positions and "unit_price" in positions
    if is_priced and "amount" in positions and positions["amount"] == positions["unit_price"]:
        del positions["amount"]
    for role in _NEEDED:
        if role not in positions and not (role == "amount" and is_priced):
            raise InputError(
                f"no column of {where} looks like the {role}; found: {', '.join(header)}; say which it is with "
                f"--{role}-column ({role}_column=...)"
            )


def _chosen_column(header: Sequence[str], name: str, role: str, where: str) -> int:
    """Return the position of the column of that name, or else of one with the same letters and digits."""
    matches = [k for k, heading in enumerate(header) if heading == str(name)]
    if not matches:
        matches = [k for k, heading in enumerate(header) if normalised(heading) == normalised(name)]
    if not matches:
        option = f"--{role}-column" if role in _NAMED_BY_OPTION else f"{role} in the mapping"
        raise unknown("column", name, header, f"{where}, {option}")
    if len(matches) > 1:
        raise InputError(f"{where} has {len(matches)} columns '{name}'; rename all but the one that holds the {role}")
    return matches[0]


def _usual_column(header: Sequence[str], names: Sequence[str], role: str, taken: set[int], where: str) -> int | None:
    """Return the position of the column that bears a usual name of its role; None where there is none."""
    for rank in _USUAL_NAMES[role]:
        usual = frozenset(rank.split())
        candidates = [k for k, name in enumerate(names) if k not in taken and name in usual]
        if len(candidates) > 1 and role in _NEEDED:
            listed = " and ".join(f"'{header[k]}'" for k in candidates)
            raise InputError(
                f"{where} has several columns that could be the {role}: {listed}; expected one; say which with "
                f"--{role}-column ({role}_column=...)"
            )
        if candidates:
            return candidates[0]
    return None


def _notes_on_amount(
    header: Sequence[str], names: Sequence[str], positions: Mapping[str, int], chosen: Mapping[str, str | None]
) -> tuple[str, ...]:
    notes: list[str] = []
    if "amount" not in positions:
        price, count = header[positions["unit_price"]], header[positions["quantity"]]
        notes.append(f"amounts are '{price}' times '{count}', added up for each order")
        return tuple(notes)
    amount = positions["amount"]
    if chosen.get("amount") and names[amount] in _USUAL_NAMES["unit_price"][0].split() and "quantity" in positions:
        notes.append(
            f"amounts come from column '{header[amount]}' beside a column '{header[positions['quantity']]}': if it is "
            "the price of one piece, leave out --amount-column, and the two are multiplied"
        )
    goods = [header[k] for k, name in enumerate(names) if name in _OF_GOODS and k != amount]
    added = [header[k] for k, name in enumerate(names) if name in _ADDED]
    if goods and added and not chosen.get("amount"):
        notes.append(
            f"amounts come from '{header[amount]}', which may hold {' and '.join(added)}; the goods alone are in "
            f"'{goods[0]}' (--amount-column '{goods[0]}')"
        )
    return tuple(notes)
