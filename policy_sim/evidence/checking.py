"""Checking: what is wrong with a log of cases, and what it can tell.

In: a log of cases, orders beside it. Out: `LogCheck`: column by column what is missing, impossible, far from the rest
or in other units; duplicates, outcomes known before the remedy, customers whose time is not over; what it can answer.
Left to others: reading (`log_columns`), single columns (`column_checks`), who came back (`follow_up`), the questions
(`questions`).
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
from policy_sim.evidence.column_checks import ColumnCheck, Finding, check_columns, finding
from policy_sim.evidence.follow_up import Returns, returns_of
from policy_sim.evidence.log_columns import LogColumns, read_log_columns
from policy_sim.evidence.matching import numbered
from policy_sim.evidence.questions import FEWEST_OF_AGENT, WINDOWS, Question, answered
from policy_sim.evidence.resolutions import AMOUNTS
from policy_sim.orders import LogMapping, Transactions, read_transactions
from policy_sim.orders.reading import counted
from policy_sim.words import LIMIT_KINDS

__all__ = ["LogCheck", "check_log"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

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
    transactions = None
    if orders is not None:  # to read them takes more room than anything that is kept: first
        steps.begin("Reading orders")
        transactions = read_transactions(orders, mapping=orders_mapping, currency=scenario.currency)
    steps.begin("Reading the log")
    log = read_log_columns(Path(path))
    returns = None
    if transactions is not None:
        returns = _returns(log, transactions)
        last = str(transactions.date.max())
        del transactions
    steps.begin("Looking at each column")
    columns, findings = check_columns(log, scenario)
    steps.begin("Looking at them together")
    findings += [*_units(log, returns, scenario), *_duplicates(log), *_leakage(log)]
    if returns is not None:
        findings += _censoring(log, returns, last)
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
        questions=tuple(answered(log, scenario, returns)),
        others=log.others,
    )
    steps.finish()
    return check


def _distinct(log: LogColumns, name: str) -> int:
    return int(pd.Series(log.text[name][log.text[name] != ""]).nunique()) if name in log.text else 0


def _units(log: LogColumns, returns: Returns | None, scenario: Scenario) -> list[Finding]:
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
    if returns is not None:
        findings += _in_cents(log, "item_price", price, returns.amount, "the amounts of their orders")
    for name in AMOUNTS:
        if name in log.numbers and name == _MONEY:
            given = log.numbers[name]
            findings += _in_cents(log, name, np.where(given > 0, given, np.nan), price, "the prices")
            findings += finding(log, name, "outliers", given > price * 1.5 + 0.005, "{} in which more than one and a "
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
    findings = finding(log, "case", "missing", is_blank, "{} without a number; nobody can look them up")
    repeated = pd.Series(codes).duplicated().to_numpy(dtype=bool) & ~is_blank
    findings += finding(log, "case", "duplicates", repeated, "{} with the number of an earlier one; take them out")
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
        findings += finding(log, "customer, order, failure, opened", "duplicates", twice, "{} of the same customer, "
                             "order, failure and day as an earlier one; it may be one case in two parts")  # fmt: skip
    return findings


def _leakage(log: LogColumns) -> list[Finding]:
    """Tell of outcomes that are dated before the case was closed."""
    findings: list[Finding] = []
    opened, resolved = log.moments["opened"], log.moments.get("resolved")
    findings += finding(log, "opened", "missing", np.isnat(opened) & ~log.is_unreadable("opened"), "{} that do not say "
                         "when they were opened")  # fmt: skip
    if resolved is None:
        return findings
    findings += finding(log, "resolved", "leakage", resolved < opened, "{} closed before being opened; what was known "
                         "then cannot be told: correct the dates")  # fmt: skip
    satisfied = log.moments.get("satisfied")
    if satisfied is not None:
        findings += finding(log, "satisfied", "leakage", satisfied < resolved, "{} in which the customer's opinion is "
                             "older than the remedy; it cannot be what the remedy did: leave it out")  # fmt: skip
    return findings


def _returns(log: LogColumns, transactions: Transactions) -> Returns:
    """Look for the next order of each customer, and how long each was watched."""
    opened = log.moments["opened"]
    nobody = pd.Series(np.full(len(log), ""), dtype="str")
    resolved = log.moments.get("resolved", np.full(len(log), np.datetime64("NaT"), dtype=opened.dtype))
    return returns_of(log.text.get("customer", nobody), opened, resolved, transactions)


def _censoring(log: LogColumns, returns: Returns, last: str) -> list[Finding]:
    findings = finding(log, "resolved", "leakage", returns.came_back_early, "{} in which the customer ordered again "
                        "before the case was closed; that order is no answer to the remedy")  # fmt: skip
    strangers = ~returns.is_known
    findings += finding(log, "customer", "missing", strangers, "{} whose customer is not among the orders: nobody can "
                         "tell whether they came back")  # fmt: skip
    for days in WINDOWS:
        short = returns.days_watched < days
        says = f"{{}} closed less than {days} days before the last order ({last}): nobody knows yet who comes back"
        findings += finding(log, "resolved", "censoring", short, says)
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
