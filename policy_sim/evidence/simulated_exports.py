"""Simulated exports: what a simulated firm would export from its help desk, its shop and its payment service.

In: a `SimulatedLog`, the programs that the firm has. Out: tickets.csv, refunds.csv, orders.csv in their shapes, and
truth.json. Left to others: what each export looks like (`export_shapes`), joining them again (`log build`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import unknown, write_whole
from policy_sim.currencies import decimals_of
from policy_sim.evidence.export_shapes import PRIORITIES, SHAPES, ExportShape
from policy_sim.evidence.simulated_world import SimulatedLog
from policy_sim.words import LIMIT_KINDS

__all__ = ["ORDER_SHAPES", "check_shapes", "refund_table", "ticket_table", "write_exports"]

#: The limits that count money paid back, and what the customer is credited, as `words` knows them.
(_PAID_BACK,) = (kind.name for kind in LIMIT_KINDS.values() if kind.is_owed)
(_CREDITED,) = (
    kind.name
    for kind in LIMIT_KINDS.values()
    if not (kind.counts_item_price or kind.covers_everything or kind.beyond_owed)
)
#: What each kind of line of a refund holds.
_LINES = {"calculated": "Refund Line", "adjustment": "Refund Adjustment", "amount": "Transaction"}
_SECONDS_PER_HOUR = 3_600


def write_exports(
    log: SimulatedLog,
    folder: str | Path,
    *,
    tickets: str = "zendesk",
    refunds: str = "shopify",
    orders: str = "shopify",
) -> list[Path]:
    """Write a simulated log as a firm would export it, and its truth beside it.

    What an export cannot carry is lost, as it is in life: severity comes down to four priorities, the day is all that
    an order says of its time where the program writes no more, and nobody writes down how firmly something was asked
    for, or what was in stock. Money paid back stands in the refunds alone, credit in the tickets.

    Parameters
    ----------
    log
        Made by `simulate_log`.
    folder
        Where tickets.csv, refunds.csv, orders.csv and truth.json are written.
    tickets, refunds
        Names of `export_shapes.SHAPES`; of refunds the name of the program will do ("shopify").
    orders
        One of `ORDER_SHAPES`.

    Returns
    -------
    list
        The files, in that order.

    Raises
    ------
    InputError
        If a shape is not known, or the folder cannot be written to.
    """
    check_shapes(tickets, refunds, orders)
    numbered = ORDER_SHAPES[orders].number
    tables = {
        "tickets.csv": ticket_table(log, _shape(tickets, "tickets"), numbered),
        "refunds.csv": refund_table(log, _shape(refunds, "refunds"), numbered),
        "orders.csv": ORDER_SHAPES[orders].table(log),
    }
    texts = {name: table.to_csv(index=False, lineterminator="\n") for name, table in tables.items()}
    texts["truth.json"] = json.dumps(log.to_dict(), indent=2) + "\n"
    paths = [Path(folder) / name for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        write_whole(path, text)
    return paths


def check_shapes(tickets: str, refunds: str, orders: str) -> None:
    """See that shapes are known, before any work is done for them.

    Raises
    ------
    InputError
        If one is not.
    """
    _shape(tickets, "tickets")
    _shape(refunds, "refunds")
    if orders not in ORDER_SHAPES:
        raise unknown("shape of orders", orders, list(ORDER_SHAPES), "--orders")


def ticket_table(log: SimulatedLog, shape: ExportShape, order_number: str = "{}") -> pd.DataFrame:
    """Return tickets as a help desk exports them, one row a case, as text.

    Parameters
    ----------
    shape
        Which help desk's.
    order_number
        How the shop writes the number of an order, "{}" standing for it.
    """
    cases = log.cases
    opened = cases["opened"].to_numpy().astype("datetime64[s]")
    noticed = opened - (cases["hours_open"].to_numpy() * _SECONDS_PER_HOUR).astype("timedelta64[s]")
    decimals = _decimals(log)
    said = np.array(["no", "yes"])
    columns: dict[str, Sequence[object]] = {
        "case": cases["case"].to_list(),
        "customer": cases["customer"].to_list(),
        "email": _emails(cases["customer"]),
        "order": [order_number.format(order) for order in cases["order"]],
        "reason": cases["failure"].to_list(),
        "remedy": cases["resolution"].to_list(),
        "group": cases["tier"].to_list(),
        "agent": cases["agent"].to_list(),
        "noticed": _written(noticed, shape),
        "opened": _written(opened, shape),
        "resolved": _written(cases["resolved"].to_numpy(), shape),
        "channel": cases["channel"].to_list(),
        "asked": cases["ask"].to_list(),
        "priority": _priorities(cases["severity"]),
        "escalated": said[cases["escalated"]].tolist(),
        "exception": said[cases["exception"]].tolist(),
        "status": ["closed"] * len(cases),
        "price": _money(cases["item_price"], decimals),
        "suspicion": [f"{score:.4f}" for score in cases["suspicion"]],
        "credited": _money_if_any(cases[_CREDITED], decimals),
        "currency": cases["currency"].to_list(),
    }
    return _in_shape(columns, shape, len(cases))


def refund_table(log: SimulatedLog, shape: ExportShape, order_number: str = "{}") -> pd.DataFrame:
    """Return refunds as a shop or a payment service exports them, one row each, as text.

    Those of cases that nobody wrote down stand last. Where all of the price went back, that is what the shop reckons by
    itself; of anything less it reckons nothing, and all of it is an adjustment, which Shopify writes with a minus sign.

    Parameters
    ----------
    shape
        Which program's.
    order_number
        How the shop writes the number of an order, "{}" standing for it.
    """
    cases, unseen = _all_cases(log), log.unseen
    is_recorded, comes_back = (unseen[name].to_numpy() for name in ("is_recorded", "brings_item_back"))
    comes_back = np.concatenate([comes_back[is_recorded], comes_back[~is_recorded]])
    is_paid = (cases[_PAID_BACK] > 0).to_numpy()
    cases, comes_back = cases[is_paid], comes_back[is_paid]
    amount, price = cases[_PAID_BACK].to_numpy(), cases["item_price"].to_numpy()
    decimals = _decimals(log)
    calculated = np.where(amount >= price, price, 0.0)
    # a refund that holds no item says nothing of where it is
    back = np.where(calculated == 0, "", np.where(comes_back, "return", "no_restock"))
    columns: dict[str, Sequence[object]] = {
        "refund_id": [f"re_{order}" for order in cases["order"]],
        "order": [order_number.format(order) for order in cases["order"]],
        "customer": cases["customer"].to_list(),
        "email": _emails(cases["customer"]),
        "given": _written(cases["resolved"].to_numpy(), shape),
        "amount": _coins(amount, decimals) if shape.cents else _money(amount, decimals),
        "calculated": _money(calculated, decimals),
        "adjustment": _money(calculated - amount + 0.0, decimals),
        "adjustment_reason": np.where(calculated != amount, "Refund discrepancy", "").tolist(),
        "returned": back.tolist(),
        "agent": cases["agent"].to_list(),
        "note": cases["failure"].to_list(),
        "way": ["card"] * len(cases),
        "status": ["succeeded"] * len(cases),
        "currency": cases["currency"].to_list(),
    }
    table = _in_shape(columns, shape, len(cases))
    return _in_lines(table, shape) if "line_kind" in shape.columns else table


def _in_lines(table: pd.DataFrame, shape: ExportShape) -> pd.DataFrame:
    """Return a refund in lines of their own: what the shop reckons, the adjustment, and what was paid."""
    money = {name: shape.header_of(name) for name in _LINES}
    lines = []
    for name, kind in _LINES.items():
        others = [header for other, header in money.items() if other != name]
        lines.append(table.assign(**{shape.header_of("line_kind"): kind}, **dict.fromkeys(others, "")))
        lines[-1] = lines[-1][(pd.to_numeric(table[money[name]]) != 0).to_numpy()]
    return pd.concat(lines).sort_index(kind="stable", ignore_index=True)


class _OrderShape:
    """How a shop exports its orders: `number`, how it writes that of an order, and a table of all of them."""

    def __init__(self, number: str, columns: Mapping[str, Callable[[SimulatedLog], Sequence[object]]]) -> None:
        self.number, self._columns = number, columns

    def table(self, log: SimulatedLog) -> pd.DataFrame:
        """Return one row an order, as text."""
        count = len(log.orders)
        filled = {name: column(log) for name, column in self._columns.items()}
        return pd.DataFrame({name: list(values) if len(values) else [""] * count for name, values in filled.items()})


def _all_cases(log: SimulatedLog) -> pd.DataFrame:
    """Return cases that are on record, and then those that are not: of these, too, the shop paid money back."""
    return pd.concat([log.cases, log.unrecorded], ignore_index=True)


def _order_numbers(form: str) -> Callable[[SimulatedLog], Sequence[object]]:
    return lambda log: [form.format(order) for order in log.orders["order"]]


def _order_dates(form: str) -> Callable[[SimulatedLog], Sequence[object]]:
    return lambda log: log.orders["date"].dt.strftime(form).to_list()


def _everywhere(word: str) -> Callable[[SimulatedLog], Sequence[object]]:
    return lambda log: [word] * len(log.orders)


def _order_amounts(log: SimulatedLog) -> Sequence[object]:
    return _money(log.orders["amount"], _decimals(log))


def _paid_back(log: SimulatedLog) -> Sequence[object]:
    """Return what went back of each order in the end."""
    by_order = _all_cases(log).groupby("order")[_PAID_BACK].sum()
    return _money(log.orders["order"].map(by_order).fillna(0.0), _decimals(log))


#: Programs whose exports of orders can be written, by name.
ORDER_SHAPES: Mapping[str, _OrderShape] = {
    "shopify": _OrderShape(
        "#{}",
        {
            "Name": _order_numbers("#{}"),
            "Email": lambda log: _emails(log.orders["customer"]),
            "Financial Status": _everywhere("paid"),
            "Paid at": _order_dates("%Y-%m-%d %H:%M:%S +0000"),
            "Fulfillment Status": _everywhere("fulfilled"),
            "Currency": lambda log: log.orders["currency"].to_list(),
            "Subtotal": _order_amounts,
            "Total": _order_amounts,
            "Created at": _order_dates("%Y-%m-%d %H:%M:%S +0000"),
            "Cancelled at": lambda _: [],
            "Refunded Amount": _paid_back,
        },
    ),
    "woocommerce": _OrderShape(
        "{}",
        {
            "order_number": _order_numbers("{}"),
            "order_date": _order_dates("%Y-%m-%d %H:%M:%S"),
            "status": _everywhere("completed"),
            "customer_id": lambda log: log.orders["customer"].to_list(),
            "billing_email": lambda log: _emails(log.orders["customer"]),
            "order_total": _order_amounts,
            "order_currency": lambda log: log.orders["currency"].to_list(),
        },
    ),
    "plain": _OrderShape(
        "{}",
        {
            "customer": lambda log: log.orders["customer"].to_list(),
            "order": _order_numbers("{}"),
            "date": _order_dates("%Y-%m-%d"),
            "amount": _order_amounts,
            "currency": lambda log: log.orders["currency"].to_list(),
        },
    ),
}


def _shape(name: str, kind: str) -> ExportShape:
    """Return the shape of that name, or of that program."""
    of_kind = [shape.name for shape in SHAPES.values() if shape.kind == kind]
    for candidate in (name, f"{name}_{kind}"):
        if candidate in of_kind:
            return SHAPES[candidate]
    raise unknown(f"shape of {kind}", name, of_kind, f"--{kind}")


def _in_shape(columns: Mapping[str, Sequence[object]], shape: ExportShape, count: int) -> pd.DataFrame:
    """Return a table with all columns of a shape, under its own names; what is not there is empty."""
    named = {header: columns[name] for name, header in shape.headers.items() if name in columns}
    return pd.DataFrame({header: list(named.get(header, [""] * count)) for header in shape.header_row})


def _written(moments: NDArray[np.datetime64], shape: ExportShape) -> list[object]:
    """Return moments (UTC) as an export writes them."""
    if shape.date_form == "epoch":
        return list(moments.astype("datetime64[s]").astype(np.int64).tolist())
    return pd.DatetimeIndex(moments).strftime(shape.date_form).to_list()


def _emails(customers: pd.Series) -> list[object]:
    return [f"{customer}@example.com" for customer in customers]


def _priorities(severity: pd.Series) -> list[object]:
    """Return the word of the nearest priority."""
    by_level = {level: word for word, level in reversed(list(PRIORITIES.items()))}
    levels = np.array(sorted(by_level))
    nearest = np.abs(severity.to_numpy()[:, None] - levels).argmin(axis=1)
    return [by_level[float(level)] for level in levels[nearest]]


def _money(amounts: Sequence[float] | pd.Series | NDArray[np.float64], decimals: int) -> list[object]:
    return [f"{amount:.{decimals}f}" for amount in amounts]


def _money_if_any(amounts: pd.Series, decimals: int) -> list[object]:
    return [f"{amount:.{decimals}f}" if amount > 0 else "" for amount in amounts]


def _coins(amounts: NDArray[np.float64], decimals: int) -> list[int]:
    return [round(amount * 10**decimals) for amount in amounts.tolist()]


def _decimals(log: SimulatedLog) -> int:
    return decimals_of(str(log.cases["currency"].iloc[0]))
