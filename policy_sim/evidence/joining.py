"""Joining: a log of cases from what the help desk and the shop know, each in its own files.

In: exports of tickets, refunds and orders, a scenario, a mapping. Out: `BuiltLog`: one row a case, with a report of
what matched, what did not and why, and every row that is not used.
Left to others: each step (`exports`, `tickets`, `refunds`, `matching`, `resolutions`), what a log can say (`checking`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, Progress, Steps
from policy_sim.evidence.build_report import BuildReport, FileRead, examples
from policy_sim.evidence.case_table import case_table
from policy_sim.evidence.cells_of_exports import no_text, text_of
from policy_sim.evidence.exports import Found, find_exports
from policy_sim.evidence.hashing import hashed
from policy_sim.evidence.log_mapping import CaseLogMapping, read_case_mapping, write_case_mapping
from policy_sim.evidence.matching import (
    HOW,
    OrderMatch,
    RefundMatch,
    match_orders,
    match_refunds,
    numbered,
)
from policy_sim.evidence.moments import iso_texts
from policy_sim.evidence.refunds import Refunds, read_refunds
from policy_sim.evidence.resolutions import FOUND, Evidence, Given, find_given
from policy_sim.evidence.tickets import Tickets, read_tickets
from policy_sim.evidence.vocabulary import Vocabulary
from policy_sim.orders import OrderRows, Remark, read_order_rows

__all__ = ["BuiltLog", "build_log"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

Rows = TypeVar("Rows", Tickets, Refunds)
_TEXT = pd.ArrowDtype(pa.string())


@dataclass(frozen=True, eq=False)
class BuiltLog:
    """A log of cases, put together.

    Attributes
    ----------
    table
        One row a case, with the columns of a case log.
    report
        What matched, what did not and why.
    set_aside
        One row for each row of the files that is not used: kind, place, why, and what stands in it.
    order_rows
        The orders that were read; None where there are none.
    salt
        With which ids of customers are hashed in `table`; None where they are not.
    """

    table: pd.DataFrame
    report: BuildReport
    set_aside: pd.DataFrame
    order_rows: OrderRows | None = None
    salt: bytes | None = field(default=None, repr=False)

    def orders_to_frame(self) -> pd.DataFrame:
        """Return one row for each order: customer (as in `table`), order, date, amount, currency."""
        orders = self.order_rows
        if orders is None:
            return pd.DataFrame(columns=["customer", "order", "date", "amount", "currency"])
        labels = orders.labels if self.salt is None else hashed(orders.labels, self.salt)
        return pd.DataFrame(
            {
                "customer": labels.iloc[orders.customer].reset_index(drop=True),
                "order": orders.number,
                "date": iso_texts(orders.day).str.slice(0, len("2024-03-17")),
                "amount": orders.amount,
                "currency": orders.currency,
            }
        )


def build_log(
    places: str | Path | Sequence[str | Path],
    scenario: Scenario,
    mapping: CaseLogMapping | str | Path | None = None,
    *,
    hash_salt: bytes | None = None,
    draft: str | Path | None = None,
    on_progress: Progress | None = None,
) -> BuiltLog:
    """Join tickets, refunds and orders to a log of cases.

    Parameters
    ----------
    places
        Folders, files, or files that end in .sql (a query for DuckDB each). What a file is, is known by its columns.
    scenario
        Its failures, remedies and tiers are what cases are told in.
    mapping
        What files and words mean, or the file in which a person said so.
    hash_salt
        Where it is given, customers' ids and e-mails are hashed with it.
    draft
        Where something is not understood, a mapping is written here for a person to fill in.
    on_progress
        Told as each step begins.

    Raises
    ------
    InputError
        If a place or file cannot be read, no file holds tickets, or no ticket can be a case.

    Notes
    -----
    A ticket finds its order by number, else as the latest one of its customer, else of its e-mail, within
    `window_days` of the mapping. A refund finds its ticket likewise, until `refund_days` after the case was closed.
    Every ticket and every refund is either used or set aside with a reason. Facts are those known when the case was
    opened: a customer's purchases up to the order that failed, cases opened before this one.
    """
    if isinstance(mapping, str | Path):
        where = f"mapping '{mapping}'"
        mapping = read_case_mapping(mapping)
        mapping.check(scenario, where)
    mapping = mapping or CaseLogMapping()
    steps = Steps(on_progress, 7)
    steps.begin("Looking at the files")
    found = find_exports([places] if isinstance(places, str | Path) else places, mapping)
    _refuse_without_tickets(found, mapping, draft)
    steps.begin("Reading orders")
    orders = _read_orders(found, scenario, mapping)  # before anything else takes room: it takes most of all
    _let_go()
    steps.begin("Reading tickets")
    tickets = _read_tickets(found, scenario, mapping, draft)
    _let_go()
    steps.begin("Reading refunds")
    refunds = read_refunds((found.read(path) for path in found.refunds), scenario.currency, mapping)
    if draft is not None and (found.headers or tickets.unknown):
        headers = {path.name: header for path, header in found.headers.items()}
        write_case_mapping(draft, mapping, tickets.unknown, headers)
    _let_go()
    steps.begin("Finding orders and refunds")
    join = _join(tickets, refunds, orders, scenario, mapping)
    tickets, refunds = _without_keys(tickets), _without_keys(refunds) if refunds is not None else None
    if not tickets.reasons.stays.any():
        reason, count = next(iter(tickets.reasons.counts().items()))
        told = f"; what is not understood stands in '{draft}'" if draft is not None and tickets.unknown else ""
        raise InputError(
            f"none of {len(tickets):,} tickets can be a case; of {count:,} {reason}; expected at least one; fill in a "
            f"mapping and give it with --mapping{told}"
        )
    _let_go()
    steps.begin("What was given")
    given = _given(tickets, refunds, join, scenario)
    aside = _set_aside(found, tickets, refunds, orders, hash_salt)
    _let_go()
    steps.begin("Putting it together")
    table, remarks = case_table(tickets, join.match, given, orders, join.columns, scenario)
    report = _report(found, tickets, refunds, orders, join, given, remarks, mapping)
    log = BuiltLog(table, report, aside, orders, hash_salt)
    steps.finish()
    return log if hash_salt is None else _hashed(log, hash_salt)


def _let_go() -> None:
    """Give memory back of columns that nobody needs any more."""
    pa.default_memory_pool().release_unused()


@dataclass(frozen=True, eq=False)
class _Join:
    """What belongs to each ticket: its order, its refunds, and columns put together from all of them."""

    match: OrderMatch
    refund_match: RefundMatch | None
    columns: dict[str, pd.Series | NDArray[np.floating[Any]]]


def _read_tickets(found: Found, scenario: Scenario, mapping: CaseLogMapping, draft: str | Path | None) -> Tickets:
    """Read all tickets, of which there must be one."""
    tables = (found.read(path) for path in found.tickets)
    tickets = read_tickets(tables, scenario, Vocabulary.of(scenario, mapping), mapping)
    _refuse_without_tickets(found, mapping, draft, len(tickets))
    return tickets


def _refuse_without_tickets(
    found: Found, mapping: CaseLogMapping, draft: str | Path | None, rows: int | None = None
) -> None:
    """See that there are tickets; if not, what is not understood is written for a person to say what it is."""
    if found.tickets and rows != 0:
        return
    told = ""
    if draft is not None and found.headers:
        write_case_mapping(draft, mapping, {}, {path.name: header for path, header in found.headers.items()})
        told = f" in '{draft}', which was written, and give it back with --mapping"
    seen = [*found.left_alone, *(path.name for path in (*found.tickets, *found.refunds, *found.orders))]
    raise InputError(
        f"no file holds tickets; found: {', '.join(seen)}; expected an export of Zendesk, Salesforce, Gorgias, "
        f"Freshdesk or Intercom; say which file it is, and which column is what{told}"
    )


def _read_orders(found: Found, scenario: Scenario, mapping: CaseLogMapping) -> OrderRows | None:
    if not found.orders:
        return None
    source = found.orders[0] if len(found.orders) == 1 else list(found.orders)
    return read_order_rows(source, day_first=bool(mapping.day_first), currency=scenario.currency)


def _join(
    tickets: Tickets, refunds: Refunds | None, orders: OrderRows | None, scenario: Scenario, mapping: CaseLogMapping
) -> _Join:
    """Find orders, then refunds, and set aside what cannot be a case."""
    reasons, currency = tickets.reasons, scenario.currency
    _other_currency(tickets, currency)
    match = match_orders(tickets, orders, mapping.window_days)
    price = tickets.price.copy()
    order = tickets.order
    customer = tickets.customer.where(tickets.customer != "", tickets.email)
    if orders is not None and len(orders):
        has_order = match.order >= 0
        price = np.where(np.isnan(price) & has_order, orders.amount[match.order], price)
        by_other_way = pd.Series(match.how >= HOW.index("customer"))
        order = order.where(~by_other_way, orders.number.iloc[match.order].reset_index(drop=True))
        known = orders.labels.iloc[match.customer].reset_index(drop=True)
        customer = customer.where(~pd.Series(match.customer >= 0), known)
    customer = customer.where(~customer.str.contains("@", regex=False), customer.str.lower())
    reasons.add(np.isnan(price), "no order was found for it, and it says no price")
    reasons.add(~(price > 0), "the price of its order is not above 0")
    _repeats(tickets)
    columns: dict[str, pd.Series | NDArray[np.floating[Any]]] = {"price": price, "order": order, "customer": customer}
    refund_match = None
    if refunds is not None:
        _other_currency(refunds, currency)
        _repeated_refunds(refunds)
        refund_match = match_refunds(tickets, order, refunds, mapping.refund_days)
        refunds.reasons.add(refund_match.ticket < 0, "no case has its order, its customer or its e-mail at that time")
        columns |= _added_up(len(tickets), refunds, refund_match)
    return _Join(match, refund_match, columns)


def _without_keys(rows: Rows) -> Rows:
    """Return tickets or refunds without what they were found by, which nobody asks for any more."""
    gone = no_text(0)
    return replace(rows, order=gone, customer=gone, email=gone)


def _other_currency(rows: Tickets | Refunds, currency: str) -> None:
    distinct = [str(code).upper() for code in rows.currency.cat.categories]
    codes = rows.currency.cat.codes.to_numpy()
    is_other = np.array([code not in ("", currency.upper()) for code in distinct] + [False])[codes]
    texts = [f"its currency is {code}, that of the scenario {currency}: nothing is converted" for code in distinct]
    rows.reasons.add_each(is_other, texts, codes)


def _repeats(tickets: Tickets) -> None:
    """Of rows with one number the last one stays: exports overlap, and the later one knows more."""
    (codes,) = numbered(tickets.case)
    tickets.reasons.add(_followed(codes, tickets.reasons.stays), "a later row has the same number")


def _repeated_refunds(refunds: Refunds) -> None:
    """Of refunds with one number the last one stays, but where rows are lines of one refund."""
    (codes,) = numbered(refunds.refund_id)
    whole = refunds.reasons.stays & ~refunds.is_line
    refunds.reasons.add(_followed(codes, whole), "a later row has the same number")


def _followed(codes: NDArray[np.int64], counts: Flags) -> Flags:
    """Return which of the rows that count are followed by another one of the same number."""
    rows = np.flatnonzero(counts & (codes >= 0))
    repeated = np.zeros(len(codes), dtype=np.bool_)
    last = np.empty(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    last[codes[rows]] = rows
    repeated[rows] = last[codes[rows]] != rows
    return repeated


def _added_up(count: int, refunds: Refunds, match: RefundMatch) -> dict[str, pd.Series | NDArray[np.floating[Any]]]:
    """Add up what was paid back, credited and sent back for each ticket; NaN where there is no refund."""
    rows = np.flatnonzero(match.ticket >= 0)
    ticket, amount, is_credit = match.ticket[rows], refunds.amount[rows], refunds.is_credit[rows]
    paid = np.bincount(ticket, np.where(is_credit, 0.0, amount), count)
    credited = np.bincount(ticket, np.where(is_credit, amount, 0.0), count)
    has_paid, has_credited = (np.bincount(ticket, where, count) > 0 for where in (~is_credit, is_credit))
    beyond = refunds.discretion[rows]
    discretion = np.bincount(ticket, np.nan_to_num(beyond), count)
    is_recorded = np.bincount(ticket, ~np.isnan(beyond), count) > 0
    returned = np.full(count, np.nan, dtype=np.float32)
    for value in (0.0, 1.0):  # of one that came back and one that did not, the first counts
        returned[ticket[refunds.returned[rows] == value]] = value
    first = np.unique(ticket, return_index=True)
    agent = np.full(count, -1, dtype=np.int32)
    agent[first[0]] = refunds.agent.cat.codes.to_numpy()[rows[first[1]]]
    return {
        "paid": np.where(has_paid, paid, np.nan),
        "credited": np.where(has_credited, credited, np.nan),
        "returned": returned,
        "discretion": np.where(is_recorded, discretion, np.nan),
        "refund_agent": pd.Series(pd.Categorical.from_codes(agent, refunds.agent.cat.categories)),
    }


def _given(tickets: Tickets, refunds: Refunds | None, join: _Join, scenario: Scenario) -> Given:
    """Find what was given; the amounts of refunds come before those that a ticket states."""

    def number(name: str, stated: Floats) -> Floats:
        recorded = join.columns.pop(name, None)
        return stated if recorded is None else np.where(np.isnan(recorded), stated, recorded)

    nothing = np.broadcast_to(np.nan, len(tickets))
    evidence = Evidence(
        failure=np.maximum(tickets.failure, 0),
        said=np.where(tickets.reasons.stays, tickets.given, -1),
        meanings=tickets.meanings,
        price=np.asarray(join.columns["price"], dtype=np.float64),
        paid=number("paid", tickets.paid_back),
        credited=number("credited", tickets.credited),
        returned=number("returned", nothing),
    )
    return find_given(scenario, evidence, has_refunds=refunds is not None)


def _report(
    found: Found, tickets: Tickets, refunds: Refunds | None, orders: OrderRows | None, join: _Join, given: Given,
    remarks: Sequence[Remark], mapping: CaseLogMapping,
) -> BuildReport:  # fmt: skip
    stays = tickets.reasons.stays
    files = [FileRead(path.name, shape.title, int((tickets.file == k).sum()), tickets.columns.get(path.name, {}))
             for k, (path, shape) in enumerate(found.tickets.items())]  # fmt: skip
    if refunds is not None:
        files += [FileRead(path.name, shape.title, int((refunds.file == k).sum()), refunds.columns.get(path.name, {}))
                  for k, (path, shape) in enumerate(found.refunds.items())]  # fmt: skip
    if orders is not None:
        files.append(FileRead(", ".join(path.name for path in found.orders), "orders", orders.rows))
    aside = {"tickets": _asides(tickets, tickets.case)}
    if refunds is not None:
        aside["refunds"] = _asides(refunds, refunds.refund_id)
    if orders is not None:
        aside["orders"] = tuple(one.remark for one in orders.unused)
    remarks = [*remarks, *_windows(join, mapping)]
    notes = [Remark("files", note) for note in (*tickets.notes, *(refunds.notes if refunds is not None else ()))]
    by = np.bincount(join.match.how[stays], minlength=len(HOW))
    refunds_found: Mapping[str, int] = {}
    if join.refund_match is not None:
        counts = np.bincount(join.refund_match.how, minlength=len(HOW))
        refunds_found = dict(zip(HOW, map(int, counts), strict=True))
        several = join.refund_match.is_ambiguous
        if several.any() and refunds is not None:
            says = f"{int(several.sum()):,} refunds would fit several cases; the latest before the refund was taken"
            notes.append(Remark("refunds", says, int(several.sum()), examples(refunds.refund_id, several)))
    return BuildReport(
        files=tuple(files),
        left_alone=found.left_alone,
        tickets=len(tickets),
        refunds=len(refunds) if refunds is not None else 0,
        cases=int(stays.sum()),
        orders_found=dict(zip(HOW, map(int, by), strict=True)),
        refunds_found=refunds_found,
        resolutions=dict(zip(FOUND, map(int, np.bincount(given.found[stays], minlength=len(FOUND))), strict=True)),
        set_aside=aside,
        remarks=(*remarks, *notes, *(orders.remarks if orders is not None else ())),
        unknown=tickets.unknown,
    )


def _windows(join: _Join, mapping: CaseLogMapping) -> list[Remark]:
    """Say within how many days orders and refunds were looked for, where that played a part."""
    remarks: list[Remark] = []
    by_other_way = join.match.how > HOW.index("order number")
    if by_other_way.any():
        says = f"by customer and e-mail, the latest order of at most {mapping.window_days} days before the case counts"
        remarks.append(Remark("orders", f"{says} (window_days in a mapping)", int(by_other_way.sum())))
    if join.refund_match is not None:
        says = f"a refund belongs to a case until {mapping.refund_days} days after it was closed"
        remarks.append(Remark("refunds", f"{says} (refund_days in a mapping)"))
    return remarks


def _asides(rows: Tickets | Refunds, ids: pd.Series) -> tuple[Remark, ...]:
    codes = {text: k for k, text in enumerate(rows.reasons.texts)}
    return tuple(
        Remark("set aside", text, count, examples(ids, rows.reasons.code == codes[text]))
        for text, count in rows.reasons.counts().items()
    )


def _set_aside(
    found: Found, tickets: Tickets, refunds: Refunds | None, orders: OrderRows | None, salt: bytes | None
) -> pd.DataFrame:
    """Return every row that is not used: kind, place, why, and its cells as they were written."""
    parts = [_rows_aside("tickets", found, list(found.tickets), tickets)]
    if refunds is not None:
        parts.append(_rows_aside("refunds", found, list(found.refunds), refunds))
    if orders is not None:
        for one in orders.unused:
            frame = one.to_frame().rename(columns={"reason": "why"}).astype(str)
            parts.append(frame.assign(kind="orders") if salt is None else frame[["place", "why"]].assign(kind="orders"))
    parts = [part for part in parts if len(part)]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["kind", "place", "why"])
    whole = whole.fillna("")
    first = ["kind", "place", "why"]
    whole = whole[[*first, *(name for name in whole.columns if name not in first)]]
    if salt is None:
        return whole
    # nothing that names a customer: ids hashed, and of free text nothing
    kept = [name for name in (*first, "case", "order", "refund_id", "customer", "email") if name in whole.columns]
    whole = whole[kept]
    for name in ("customer", "email"):
        if name in whole.columns:
            whole[name] = hashed(whole[name].astype(_TEXT), salt)
    return whole


def _rows_aside(kind: str, found: Found, files: Sequence[Path], rows: Tickets | Refunds) -> pd.DataFrame:
    """Return rows that are not used as they stand in their files, which are read again: nobody keeps them meanwhile."""
    frames = []
    reasons = pa.array(rows.reasons.texts, pa.string())
    for k, path in enumerate(files):
        code = rows.reasons.code[rows.file == k]
        where = np.flatnonzero(code)
        if not where.size:
            continue
        table = found.read(path, rows.row[rows.file == k][where])
        cells = {name: text_of(table, name) for name in table.columns}
        place = pc.binary_join_element_wise(
            f"{table.where}, {table.row_word}", pa.array(table.rows).cast(pa.string()), " "
        )
        why = pa.DictionaryArray.from_arrays(pa.array(code[where]), reasons).cast(pa.string())
        first = {"kind": pd.Series(pa.repeat(kind, len(table)), dtype=_TEXT)}
        frame = pd.DataFrame(
            first | {"place": pd.Series(place, dtype=_TEXT), "why": pd.Series(why, dtype=_TEXT)} | cells
        )
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _hashed(log: BuiltLog, salt: bytes) -> BuiltLog:
    """Return a log in which nothing names a customer; remarks on ids and e-mails lose their examples."""
    table = log.table.assign(customer=hashed(log.table["customer"], salt))
    told = tuple(remark for remark in log.report.remarks if remark.kind != "customers")
    hidden = len(log.report.remarks) - len(told)
    if hidden:
        told = (*told, Remark("customers", f"{hidden} remarks name ids of customers, which are hashed: not shown"))
    aside = {kind: tuple(remark._replace(examples=()) if kind == "orders" else remark for remark in remarks)
             for kind, remarks in log.report.set_aside.items()}  # fmt: skip
    told = tuple(remark._replace(examples=()) if remark.kind in ("dates", "lines", "refunds", "status") else remark
                 for remark in told)  # fmt: skip
    return replace(log, table=table, report=replace(log.report, remarks=told, set_aside=aside))
