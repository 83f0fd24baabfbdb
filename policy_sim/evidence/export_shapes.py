"""Export shapes: what the exports of help desks, shops and payment services are called, column by column.

In: the names of the columns of a file. Out: `ExportShape`, which export it is and what each of its columns holds.
Left to others: reading the file (`exports`), what its words mean (`log_mapping`).

Orders have no shape here: `policy_sim.orders` knows those. Where a program lets its users choose the columns of an
export, the names are those that it gives them; where it has no export of its own (refunds of Shopify and WooCommerce),
those of its public interface, one row a record. Fields that every company adds by itself (why it went wrong, what was
done) have no fixed name: the shapes suggest one, others are known too, and a mapping file corrects the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "PRIORITIES",
    "REFUND_FIELDS",
    "SHAPES",
    "TICKET_FIELDS",
    "ExportShape",
    "plain_name",
    "shape_of",
]

#: What a column of tickets may hold: the id; whose it is; the number of the order; why it went wrong; what was done;
#: labels that may say either; group and person that decided; when it was noticed, opened and closed; by which way it
#: came in; what was asked for; how bad it is (in words); passed up; beyond the policy; what became of it; what the
#: customer thought of it, and when; numbers: price, hours, money given back and in credit.
TICKET_FIELDS = (
    "case",
    "customer",
    "email",
    "order",
    "reason",
    "remedy",
    "tags",
    "group",
    "agent",
    "noticed",
    "opened",
    "resolved",
    "channel",
    "asked",
    "priority",
    "escalated",
    "exception",
    "status",
    "satisfaction",
    "satisfied",
    "price",
    "suspicion",
    "paid_back",
    "credited",
    "currency",
)

#: What a column of refunds may hold: the id; the number of the order; whose it is; when; how much was paid back in the
#: end; what it came to by the shop's own reckoning; the difference of the two, which is discretion on record; whether
#: the item came back; who gave it; why; by which way (gift cards are credit); what kind of line a row is. The
#: difference is signed as Shopify does: below 0 where more was paid back than by that reckoning.
REFUND_FIELDS = (
    "refund_id",
    "order",
    "customer",
    "email",
    "given",
    "amount",
    "calculated",
    "adjustment",
    "adjustment_reason",
    "returned",
    "agent",
    "note",
    "way",
    "status",
    "currency",
    "line_kind",
)

#: How bad a case is by the priority that it was given, as a share of the worst: a suggestion of ours, for a person to
#: correct. The middle one is the middle of the scale.
PRIORITIES: Mapping[str, float] = {
    "low": 0.25,
    "normal": 0.5,
    "medium": 0.5,
    "high": 0.75,
    "urgent": 1.0,
    "critical": 1.0,
}

#: Names that companies give to fields of their own, by field.
_OWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "order": ("Order number", "Order", "Order ID", "Order no", "Order name", "Shopify order"),
    "reason": (
        "Failure reason",
        "Contact reason",
        "Issue type",
        "Issue",
        "Reason",
        "Problem",
        "Category",
        "Failure",
        "Type",
    ),
    "remedy": ("Resolution", "Remedy", "Resolution code", "Compensation", "Action taken", "Outcome"),
    "asked": ("Asked for", "Customer wants", "Requested resolution", "Request"),
    "escalated": ("Escalated", "Is escalated"),
    "exception": ("Exception", "Policy exception", "Beyond policy"),
    "noticed": ("Noticed at", "Problem noticed", "Failure noticed"),
    "price": ("Item price", "Price", "Item value"),
    "suspicion": ("Risk score", "Fraud score", "Suspicion"),
    "paid_back": ("Refund amount", "Amount refunded", "Refunded"),
    "credited": ("Credit amount", "Store credit", "Gift card amount"),
    "currency": ("Currency", "Currency code"),
    "customer": ("Customer number", "Customer ID", "Customer id"),
}


@dataclass(frozen=True)
class ExportShape:
    """An export, known by its columns.

    Attributes
    ----------
    name, title
        What it is called in files, and on screens.
    kind
        "tickets" (one row a case) or "refunds" (one row a refund, or a line of one).
    columns
        By field of `TICKET_FIELDS` or `REFUND_FIELDS` the names that its column may have; the first is the usual one.
        Fields that companies add by themselves are not here: see `headers_of`.
    known_by
        Columns that all have to be there for a file to be this export.
    own_form
        How the header of a field that a company added is written; "{}" stands for its name.
    own
        Fields that companies add by themselves, with the name that is suggested for each.
    date_form
        How it writes a moment, as `datetime.strftime` takes it; "epoch" for seconds since 1970.
    cents
        Whether amounts are counted in the smallest coin of the currency.
    tags_apart
        What stands between labels in one cell.
    """

    name: str
    title: str
    kind: Literal["tickets", "refunds"]
    columns: Mapping[str, tuple[str, ...]]
    known_by: tuple[str, ...]
    own: Mapping[str, str] = field(default_factory=dict)
    own_form: str = "{}"
    date_form: str = "%Y-%m-%d %H:%M:%S"
    cents: bool = False
    tags_apart: str = ","

    def header_of(self, name: str) -> str:
        """Return the usual header of a field: what an export of this shape would write.

        Raises
        ------
        KeyError
            If this export has no such field.
        """
        if name in self.columns:
            return self.columns[name][0]
        return self.own_form.format(self.own[name])

    @property
    def headers(self) -> dict[str, str]:
        """The usual header of each field: those of the export itself, then those that the company added."""
        return {name: self.header_of(name) for name in (*self.columns, *self.own)}

    @property
    def header_row(self) -> tuple[str, ...]:
        """All names of columns that an export of this shape has at least: `headers`, and what else it is known by."""
        named = tuple(self.headers.values())
        return (*(name for name in self.known_by if name not in named), *named)

    def fields_of(self, header: Sequence[str]) -> dict[str, int]:
        """Return by field the position of its column among the names of a file; the first name that is there counts."""
        positions = {plain_name(name): place for place, name in reversed(list(enumerate(header)))}
        found: dict[str, int] = {}
        for name in TICKET_FIELDS if self.kind == "tickets" else REFUND_FIELDS:
            own = (self.own[name], *_OWN_NAMES.get(name, ())) if name in self.own else ()
            for candidate in (*self.columns.get(name, ()), *own):
                place = positions.get(plain_name(candidate))
                if place is not None and place not in found.values():
                    found[name] = place
                    break
        return found

    def is_known_by(self, header: Sequence[str]) -> bool:
        """Tell whether a file with these names of columns is this export."""
        there = {plain_name(name) for name in header}
        return all(plain_name(name) in there for name in self.known_by)


def plain_name(name: str) -> str:
    """Return a name of a column in small letters and digits only, without what a help desk adds to fields of one's own.

    "Failure reason [list]" (Zendesk), "Order_Number__c" (Salesforce) and "order_id (metadata)" (Stripe) become
    "failurereason", "ordernumber" and "orderidmetadata".
    """
    bare = re.sub(r"\s*\[[a-z]+\]\s*$|__c\s*$|^\s*cf_", "", name.strip(), flags=re.IGNORECASE)
    return "".join(sign for sign in bare.lower() if sign.isalnum())


def shape_of(header: Sequence[str], shapes: Sequence[ExportShape] | None = None) -> ExportShape | None:
    """Return which export a file with these columns is: of those that fit, the one with the most columns to know it by.

    None where it is none of them.
    """
    fitting = [
        shape for shape in (shapes if shapes is not None else tuple(SHAPES.values())) if shape.is_known_by(header)
    ]
    return max(fitting, key=lambda shape: len(shape.known_by), default=None)


_OWN_OF_TICKETS = {
    "order": "Order number",
    "reason": "Failure reason",
    "remedy": "Resolution",
    "asked": "Asked for",
    "exception": "Exception",
    "noticed": "Noticed at",
    "price": "Item price",
    "suspicion": "Risk score",
    "paid_back": "Refund amount",
    "credited": "Credit amount",
    "currency": "Currency",
}

_ZENDESK = ExportShape(
    name="zendesk",
    title="Zendesk tickets",
    kind="tickets",
    columns={
        "case": ("Id", "Ticket ID"),
        "customer": ("Requester external id", "Requester id"),
        "email": ("Requester email",),
        "agent": ("Assignee",),
        "group": ("Group",),
        "tags": ("Tags",),
        "status": ("Status",),
        "priority": ("Priority",),
        "channel": ("Via", "Channel"),
        "opened": ("Created at",),
        "resolved": ("Solved at",),
        "satisfaction": ("Satisfaction Score",),
        "satisfied": ("Satisfaction at",),
    },
    known_by=("Id", "Requester", "Assignee", "Via", "Created at", "Solved at"),
    own=_OWN_OF_TICKETS | {"escalated": "Escalated"},
    own_form="{} [list]",
    tags_apart=" ",
)
_SALESFORCE = ExportShape(
    name="salesforce",
    title="Salesforce cases (report)",
    kind="tickets",
    columns={
        "case": ("Case Number",),
        "customer": ("Contact ID", "Account ID", "Contact Name", "Account Name"),
        "email": ("Contact Email", "Web Email"),
        "agent": ("Case Owner", "Owner"),
        "group": ("Case Owner Role", "Owner Role", "Case Record Type"),
        "status": ("Status",),
        "priority": ("Priority",),
        "channel": ("Case Origin",),
        "reason": ("Case Reason",),
        "escalated": ("Escalated",),
        "opened": ("Date/Time Opened", "Opened Date"),
        "resolved": ("Date/Time Closed", "Closed Date"),
    },
    known_by=("Case Number", "Date/Time Opened"),
    own=_OWN_OF_TICKETS,
    date_form="%m/%d/%Y, %I:%M %p",
    tags_apart=";",
)
_SALESFORCE_DATA = ExportShape(
    name="salesforce_data",
    title="Salesforce cases (data export)",
    kind="tickets",
    columns={
        "case": ("CaseNumber",),
        "customer": ("ContactId", "AccountId"),
        "email": ("ContactEmail", "SuppliedEmail"),
        "agent": ("OwnerId",),
        "group": ("RecordTypeId",),
        "status": ("Status",),
        "priority": ("Priority",),
        "channel": ("Origin",),
        "reason": ("Reason",),
        "escalated": ("IsEscalated",),
        "opened": ("CreatedDate",),
        "resolved": ("ClosedDate",),
    },
    known_by=("CaseNumber", "CreatedDate", "ClosedDate", "IsEscalated"),
    own={name: title.replace(" ", "_") for name, title in _OWN_OF_TICKETS.items()},
    own_form="{}__c",
    date_form="%Y-%m-%dT%H:%M:%S.000Z",
    tags_apart=";",
)
_GORGIAS = ExportShape(
    name="gorgias",
    title="Gorgias tickets",
    kind="tickets",
    columns={
        "case": ("Ticket ID", "id"),
        "customer": ("Customer ID",),
        "email": ("Customer email",),
        "agent": ("Assignee user", "Assignee name", "Assignee email", "Assignee"),
        "group": ("Assignee team", "Team"),
        "tags": ("Tags",),
        "status": ("Status",),
        "priority": ("Priority",),
        "channel": ("Channel", "Initial channel"),
        "opened": ("Created datetime", "Creation date", "Created date"),
        "resolved": ("Closed datetime", "Closed date"),
        "satisfaction": ("Satisfaction survey score", "Survey score"),
        "satisfied": ("Satisfaction survey datetime",),
    },
    known_by=("Customer email", "Created datetime", "Closed datetime"),
    own=_OWN_OF_TICKETS | {"reason": "Contact reason", "escalated": "Escalated"},
    date_form="%Y-%m-%dT%H:%M:%S+00:00",
)
_FRESHDESK = ExportShape(
    name="freshdesk",
    title="Freshdesk tickets",
    kind="tickets",
    columns={
        "case": ("Ticket ID",),
        "customer": ("Contact ID", "Unique external ID"),
        "email": ("Email",),
        "agent": ("Agent",),
        "group": ("Group",),
        "tags": ("Tags",),
        "status": ("Status",),
        "priority": ("Priority",),
        "channel": ("Source",),
        "opened": ("Created time",),
        "resolved": ("Resolved time", "Closed time"),
        "satisfaction": ("Survey results",),
    },
    known_by=("Ticket ID", "Source", "Created time", "Resolved time"),
    own=_OWN_OF_TICKETS | {"escalated": "Escalated"},
)
_INTERCOM = ExportShape(
    name="intercom",
    title="Intercom conversations",
    kind="tickets",
    columns={
        "case": ("Conversation ID",),
        "customer": ("User external ID", "User ID", "Contact ID"),
        "email": ("User email", "Contact email", "Email"),
        "agent": ("Teammate assigned", "Currently assigned teammate", "Closed by"),
        "group": ("Team assigned", "Currently assigned team"),
        "tags": ("Conversation tags", "Conversation tag", "Tags"),
        "status": ("Current conversation state", "State"),
        "priority": ("Priority",),
        "channel": ("Channel",),
        "opened": ("Conversation started at",),
        "resolved": ("Conversation closed at", "Last closed at", "First closed at"),
        "satisfaction": ("Last teammate rating", "Conversation rating"),
        "satisfied": ("Conversation rated at",),
    },
    known_by=("Conversation ID", "Conversation started at"),
    own=_OWN_OF_TICKETS | {"escalated": "Escalated"},
)

_SHOPIFY = ExportShape(
    name="shopify_refunds",
    title="Shopify refunds",
    kind="refunds",
    columns={
        "refund_id": ("Refund ID", "Refund: ID"),
        "order": ("Order name", "Name", "Order"),
        "customer": ("Customer ID", "Customer: ID"),
        "email": ("Email", "Customer: Email"),
        "given": ("Created at", "Refund: Created At"),
        "amount": ("Total refunded", "Actual refund"),
        "calculated": ("Calculated refund",),
        "adjustment": ("Order adjustment", "Order adjustment amount"),
        "adjustment_reason": ("Order adjustment reason",),
        "returned": ("Restock type", "Refund: Restock Type"),
        "agent": ("Staff member", "Staff member name"),
        "note": ("Note", "Refund: Note"),
        "way": ("Gateway", "Transaction gateway"),
        "currency": ("Currency",),
    },
    known_by=("Refund ID", "Restock type", "Total refunded"),
    date_form="%Y-%m-%d %H:%M:%S +0000",
)
_SHOPIFY_LINES = ExportShape(
    name="shopify_refund_lines",
    title="Shopify refund lines",
    kind="refunds",
    columns={
        "refund_id": ("Refund: ID",),
        "order": ("Name",),
        "customer": ("Customer: ID",),
        "email": ("Email", "Customer: Email"),
        "given": ("Refund: Created At",),
        "line_kind": ("Line: Type",),
        "amount": ("Transaction: Amount",),
        "calculated": ("Line: Total",),
        "adjustment": ("Refund Adjustment: Amount",),
        "returned": ("Refund: Restock Type",),
        "agent": ("Transaction: User ID",),
        "note": ("Refund: Note",),
        "way": ("Transaction: Gateway",),
        "currency": ("Currency", "Transaction: Currency"),
    },
    known_by=("Name", "Line: Type", "Refund: ID", "Refund: Created At"),
    date_form="%Y-%m-%d %H:%M:%S +0000",
)
_WOOCOMMERCE = ExportShape(
    name="woocommerce_refunds",
    title="WooCommerce refunds",
    kind="refunds",
    columns={
        "refund_id": ("id", "refund_id"),
        "order": ("parent_id", "order_number", "order_id"),
        "customer": ("customer_id",),
        "email": ("billing_email",),
        "given": ("date_created_gmt", "date_created"),
        "amount": ("amount", "refund_amount"),
        "note": ("reason", "refund_reason"),
        "agent": ("refunded_by",),
        "currency": ("currency",),
    },
    known_by=("parent_id", "amount", "reason", "refunded_by"),
    date_form="%Y-%m-%dT%H:%M:%S",
)
_STRIPE_PAYMENTS = ExportShape(
    name="stripe_payments",
    title="Stripe payments",
    kind="refunds",
    columns={
        "refund_id": ("id",),
        "order": ("order_id (metadata)", "order_number (metadata)", "Order ID (metadata)"),
        "customer": ("Customer ID",),
        "email": ("Customer Email",),
        "given": ("Refunded date (UTC)",),
        "amount": ("Amount Refunded",),
        "status": ("Status",),
        "currency": ("Currency",),
    },
    known_by=("id", "Amount Refunded", "Refunded date (UTC)", "Status"),
)
_STRIPE_REFUNDS = ExportShape(
    name="stripe_refunds",
    title="Stripe refunds",
    kind="refunds",
    columns={
        "refund_id": ("id",),
        "order": ("metadata[order_id]", "order_id (metadata)", "metadata.order_id"),
        "customer": ("customer", "Customer ID"),
        "email": ("customer_email", "Customer Email", "receipt_email"),
        "given": ("created",),
        "amount": ("amount",),
        "note": ("reason",),
        "status": ("status",),
        "currency": ("currency",),
    },
    known_by=("id", "amount", "charge", "created", "status", "reason"),
    date_form="epoch",
    cents=True,
)

#: Exports that are known, by name.
SHAPES: Mapping[str, ExportShape] = {
    shape.name: shape
    for shape in (
        _ZENDESK,
        _SALESFORCE,
        _SALESFORCE_DATA,
        _GORGIAS,
        _FRESHDESK,
        _INTERCOM,
        _SHOPIFY,
        _SHOPIFY_LINES,
        _WOOCOMMERCE,
        _STRIPE_PAYMENTS,
        _STRIPE_REFUNDS,
    )
}
