"""Checking: what is wrong with a log of cases, and what it can tell.

In: a log of cases, orders beside it. Out: `LogCheck`: column by column what is missing, impossible, far from the rest
or in other units; duplicates, outcomes known before the remedy, customers whose time is not over; what it can answer.
Left to others: reading and looking at single columns (`log_columns`), the questions (`questions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario
from policy_sim.border import Progress, Steps
from policy_sim.evidence.log_columns import (
    ColumnCheck,
    Finding,
    LogColumns,
    check_columns,
    read_log_columns,
)
from policy_sim.evidence.matching import numbered, order_key, texts_of_labels
from policy_sim.evidence.questions import FEWEST_OF_AGENT, WINDOWS, FollowUp, Question, answered
from policy_sim.evidence.resolutions import AMOUNTS
from policy_sim.orders import LogMapping, OrderRows, read_order_rows
from policy_sim.orders.reading import counted
from policy_sim.words import LIMIT_KINDS

__all__ = ["LogCheck", "check_log"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_DAY = 86_400
_SPAN = 1_000_000  # days, room for all of them in a key
_MOSTLY = 0.5
_MONEY = next(name for name, kind in LIMIT_KINDS.items() if kind.is_owed)
#: A price that is so many times the amount of its order, in the middle, is counted in other units.
_CENTS = (50.0, 200.0)


@dataclass(frozen=True)
class LogCheck:
    """What is wrong with a log of cases, and what it can tell.

    Attributes
    ----------
    where
        Name of the file.
    cases, customers, agents
        How many there are; customers and agents that are named.
    first, last
        Days of the first and the last case; empty where none says when it was opened.
    columns
        Each column in numbers.
    findings
        What looks wrong, and what to do.
    questions
        What this log can answer, and what not, with the reason.
    others
        Names of columns that mean nothing here.
    """

    where: str
    cases: int
    customers: int
    agents: int
    first: str
    last: str
    columns: tuple[ColumnCheck, ...]
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    others: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the attributes by name, as plain data."""
        plain = {name: getattr(self, name) for name in ("where", "cases", "customers", "agents", "first", "last")}
        return plain | {
            "columns": [column.to_dict() for column in self.columns],
            "findings": [finding.to_dict() for finding in self.findings],
            "questions": [question.to_dict() for question in self.questions],
            "others": list(self.others),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each column: name, filled, missing, impossible, outliers."""
        return pd.DataFrame([column.to_dict() for column in self.columns])


def check_log(
    path: str | Path,
    scenario: Scenario,
    orders: str | Path | Sequence[str | Path] | None = None,
    *,
    orders_mapping: LogMapping | None = None,
    on_progress: Progress | None = None,
) -> LogCheck:
    """Check a log of cases.

    Parameters
    ----------
    path
        The log: CSV, Parquet or XLSX, as `build_log` makes it.
    scenario
        Its failures, resolutions and tiers are what the log may name.
    orders
        Orders of the same customers, up to the day on which they were exported; with them the log can be asked who came
        back. None where there are none.
    orders_mapping
        Names of the columns of the orders by role; None to find them.
    on_progress
        Told as each step begins.

    Raises
    ------
    InputError
        If a file cannot be read, or the log lacks a column without which nothing can be said.
    """
    steps = Steps(on_progress, 4 if orders is not None else 3)
    steps.begin("Reading the log")
    log = read_log_columns(Path(path))
    order_rows = None
    if orders is not None:
        steps.begin("Reading orders")
        source = Path(orders) if isinstance(orders, str | Path) else [Path(one) for one in orders]
        order_rows = read_order_rows(source, mapping=orders_mapping, currency=scenario.currency)
    steps.begin("Looking at each column")
    columns, findings = check_columns(log, scenario)
    steps.begin("Looking at them together")
    findings += [*_units(log, order_rows, scenario), *_duplicates(log), *_leakage(log)]
    follow_up = None
    if order_rows is not None:
        follow_up = _follow_up(log, order_rows)
        findings += _censoring(log, order_rows, follow_up)
    findings += _agents(log)
    opened = log.moments["opened"][~np.isnat(log.moments["opened"])].astype("datetime64[D]")
    check = LogCheck(
        where=log.where,
        cases=len(log),
        customers=_distinct(log, "customer"),
        agents=_distinct(log, "agent"),
        first=str(opened.min()) if opened.size else "",
        last=str(opened.max()) if opened.size else "",
        columns=tuple(columns),
        findings=tuple(findings),
        questions=tuple(answered(log, scenario, follow_up)),
        others=log.others,
    )
    steps.finish()
    return check


def _distinct(log: LogColumns, name: str) -> int:
    return int(pd.Series(log.text[name][log.text[name] != ""]).nunique()) if name in log.text else 0


def _finding(log: LogColumns, column: str, kind: str, where: Flags, says: str) -> list[Finding]:
    count = int(where.sum())
    if not count:
        return []
    return [Finding(column, kind, says.format(counted(count, "case", "cases")), count, log.examples(where))]


def _units(log: LogColumns, orders: OrderRows | None, scenario: Scenario) -> list[Finding]:
    """Tell of hours that look like minutes, and of money that looks like cents."""
    findings: list[Finding] = []
    hours = log.numbers.get("hours_open")
    if hours is not None:
        days = log.numbers.get("days_since_purchase", np.full(len(log), np.nan))
        both = (hours > 0) & ~np.isnan(days)
        too_long = both & (hours > 24 * (days + 1))
        usual = scenario.assumption("cases.hours_open_median").range[1]
        is_long = too_long.sum() > _MOSTLY * max(both.sum(), 1) and both.any()
        middle = float(np.nanmedian(hours[hours > 0])) if (hours > 0).any() else 0.0
        if is_long or middle > 20 * usual:
            says = (
                f"hours from noticing to opening are {middle:,.4g} in the middle, "
                + (f"longer than the order is old in {too_long.sum():,} of {both.sum():,} cases" if is_long else
                   f"{usual:g} at most in the scenario")
                + ": they look like minutes; divide by 60"
            )  # fmt: skip
            findings.append(Finding("hours_open", "units", says, int((hours > 0).sum())))
    price = log.numbers.get("item_price")
    if price is None:
        return findings
    if orders is not None and len(orders) and "order" in log.text:
        own, theirs = numbered(order_key(log.text["order"]), order_key(orders.number))
        amount = np.full(int(max(own.max(initial=-1), theirs.max(initial=-1))) + 2, np.nan)
        amount[theirs] = orders.amount
        paired = np.where(own >= 0, amount[own], np.nan)
        findings += _in_cents(log, "item_price", price, paired, "the amounts of their orders")
    for name in AMOUNTS:
        if name in log.numbers and name == _MONEY:
            given = log.numbers[name]
            findings += _in_cents(log, name, np.where(given > 0, given, np.nan), price, "the prices")
            findings += _finding(log, name, "outliers", given > price * 1.5 + 0.005, "{} in which more than one and a "
                                 "half of the price was given; look whether it is so")  # fmt: skip
    return findings


def _in_cents(log: LogColumns, name: str, values: Floats, beside: Floats, what: str) -> list[Finding]:
    both = (values > 0) & (beside > 0)
    if both.sum() < 3:
        return []
    ratio = float(np.median(values[both] / beside[both]))
    if _CENTS[0] <= ratio <= _CENTS[1]:
        says = f"it is {ratio:,.4g} times {what} in the middle: it looks like cents; divide by 100"
    elif 1 / _CENTS[1] <= ratio <= 1 / _CENTS[0]:
        says = f"it is {ratio:,.3g} of {what} in the middle: {what} look like cents; divide them by 100"
    else:
        return []
    return [Finding(name, "units", says, int(both.sum()), log.examples(both))]


def _duplicates(log: LogColumns) -> list[Finding]:
    (codes,) = numbered(log.text["case"])
    is_blank = codes < 0
    findings = _finding(log, "case", "missing", is_blank, "{} without a number; nobody can look them up")
    repeated = pd.Series(codes).duplicated().to_numpy(dtype=bool) & ~is_blank
    findings += _finding(log, "case", "duplicates", repeated, "{} with the number of an earlier one; take them out")
    if "customer" in log.text and "order" in log.text:
        customer, order, failure = (
            numbered(log.text["customer"]),
            numbered(log.text["order"]),
            numbered(log.text["failure"]),
        )
        keys = pd.DataFrame(
            {
                "customer": customer[0], "order": order[0], "failure": failure[0],
                "day": log.moments["opened"].astype("datetime64[D]").astype(np.int64),
            }
        )  # fmt: skip
        twice = keys.duplicated().to_numpy(dtype=bool) & (customer[0] >= 0) & (order[0] >= 0) & ~repeated
        findings += _finding(log, "customer, order, failure, opened", "duplicates", twice, "{} of the same customer, "
                             "order, failure and day as an earlier one; it may be one case in two parts")  # fmt: skip
    return findings


def _leakage(log: LogColumns) -> list[Finding]:
    """Tell of outcomes that are dated before the case was closed."""
    findings: list[Finding] = []
    opened, resolved = log.moments["opened"], log.moments.get("resolved")
    findings += _finding(log, "opened", "missing", np.isnat(opened) & ~log.unreadable["opened"], "{} that do not say "
                         "when they were opened")  # fmt: skip
    if resolved is None:
        return findings
    findings += _finding(log, "resolved", "leakage", resolved < opened, "{} closed before being opened; what was known "
                         "then cannot be told: correct the dates")  # fmt: skip
    satisfied = log.moments.get("satisfied")
    if satisfied is not None:
        findings += _finding(log, "satisfied", "leakage", satisfied < resolved, "{} in which the customer's opinion is "
                             "older than the remedy; it cannot be what the remedy did: leave it out")  # fmt: skip
    return findings


def _follow_up(log: LogColumns, orders: OrderRows) -> FollowUp:
    """Look for the next order of each customer, and how long each was watched."""
    closed = _closed(log)
    day = np.where(np.isnat(closed), 0, closed.astype("datetime64[D]").astype(np.int64))
    opened = log.moments["opened"]
    opened_day = np.where(np.isnat(opened), day, opened.astype("datetime64[D]").astype(np.int64))
    last = int(orders.day.max().astype(np.int64)) if len(orders) else 0
    watched = np.where(np.isnat(closed), np.nan, (last - day).astype(np.float64))
    nothing = np.full(len(log), np.nan)
    if "customer" not in log.text:
        return FollowUp(watched, nothing, np.zeros(len(log), dtype=np.bool_), np.zeros(len(log), dtype=np.bool_))
    own, labels = numbered(log.text["customer"], pd.Series(texts_of_labels(orders)))
    keys = np.sort(labels[orders.customer] * _SPAN + orders.day.astype(np.int64))
    is_label = np.zeros(int(max(own.max(initial=-1), labels.max(initial=-1))) + 2, dtype=np.bool_)
    is_label[labels] = True
    is_known = is_label[own] & (own >= 0)

    def days_until_next(after: NDArray[np.int64]) -> Floats:
        place = np.searchsorted(keys, own * _SPAN + after, side="right")
        following = keys[np.minimum(place, len(keys) - 1)]
        is_same = (place < len(keys)) & (following // _SPAN == own) & is_known
        return np.where(is_same, (following % _SPAN - after).astype(np.float64), np.nan)

    # between the day of opening and that of closing: the customer was back before the remedy
    early = (opened_day + np.nan_to_num(days_until_next(opened_day), nan=np.inf)) < day
    return FollowUp(watched, days_until_next(day), np.asarray(early), is_known)


def _closed(log: LogColumns) -> NDArray[np.datetime64]:
    """Return when each case was closed; when it was opened, where that is not known."""
    opened, resolved = log.moments["opened"], log.moments.get("resolved")
    return opened if resolved is None else np.where(np.isnat(resolved), opened, resolved)


def _censoring(log: LogColumns, orders: OrderRows, follow_up: FollowUp) -> list[Finding]:
    findings = _finding(log, "resolved", "leakage", follow_up.came_back_early, "{} in which the customer ordered again "
                        "before the case was closed; that order is no answer to the remedy")  # fmt: skip
    strangers = ~follow_up.is_known
    findings += _finding(log, "customer", "missing", strangers, "{} whose customer is not among the orders: nobody can "
                         "tell whether they came back")  # fmt: skip
    last = str(orders.day.max()) if len(orders) else ""
    for days in WINDOWS:
        short = follow_up.watched < days
        says = f"{{}} closed less than {days} days before the last order ({last}): nobody knows yet who comes back"
        findings += _finding(log, "resolved", "censoring", short, says)
    return findings


def _agents(log: LogColumns) -> list[Finding]:
    if "agent" not in log.text:
        return []
    (codes,) = numbered(log.text["agent"])
    counts = np.bincount(codes[codes >= 0])
    few = (counts > 0) & (counts < FEWEST_OF_AGENT)
    if not few.any():
        return []
    where = (codes >= 0) & few[np.maximum(codes, 0)]
    says = (
        f"{counted(int(few.sum()), 'agent', 'agents')} of {int((counts > 0).sum()):,} with fewer than "
        f"{FEWEST_OF_AGENT} cases ({int(where.sum()):,} in all): habits of theirs cannot be told from chance"
    )
    return [Finding("agent", "agents", says, int(where.sum()), log.examples(where))]
