"""Cases: failures as they reach an agent, one row each.

In: a scenario with the customers and orders of a log, or a table of real cases. Out: `Cases`, equal-length arrays.
Left to others: what can be done about a case (`remedies`), how its customer answers (`response`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Draws, Scenario
from policy_sim.border import InputError, check_at_least, nearest, texts_of, unknown
from policy_sim.cells import distinct, read_numbers, read_table, shortened, words_about
from policy_sim.currencies import decimals_of
from policy_sim.segments import bounding_column, upper_bounds
from policy_sim.service.facts import (
    by_failure,
    draw_asks,
    draw_failures,
    draw_lognormal,
    draw_severity,
    draw_suspicion,
)
from policy_sim.words import ASKS, CASE_COLUMNS, COLUMNS

if TYPE_CHECKING:
    from policy_sim.clv import OrderValues, Transactions

__all__ = ["Cases", "complete_cases", "draw_cases", "read_cases", "read_usable_cases"]

Floats = NDArray[np.float64]

_MOST_MONEY = 1e13  # of a case: what still has cents as a floating-point number
_WORDS = ("case", "failure", "segment", "ask", "buyer", "new_customer_value", "assumed")
_INDICES = ("failure", "segment", "customer", "ask", "buyer")


@dataclass(frozen=True)
class Cases:
    """A table of cases; every array has one entry per case, money is in `currency`.

    Numbers are read as attributes too: `cases.item_price` is `cases.columns["item_price"]`.

    Attributes
    ----------
    case
        Labels (text).
    failure, segment
        Indices into `failures` and `segments`.
    ask
        Index into `words.ASKS`: what the customer asks for.
    customer
        Row of the case's customer, as she was right after the order, among the `OrderValues` that the cases were drawn
        from; 0 for all in a case log.
    buyer
        Number that tells customers apart, from 0: cases of one buyer hang together. In a case log that has no column
        buyer each case has its own.
    columns
        The numbers of `words.CASE_COLUMNS`, all 0 or more. Money: item_price (paid), unit_cost (of the goods),
        salvage_value (what the item brings after a return), return_shipping (label of the way back), outbound_shipping
        (postage of a second parcel), restocking (inspection), future_value (expected discounted margin of all orders
        after the one that failed, if nothing had gone wrong with it: some would leave then, too). Shares: severity,
        suspicion, and surfaces: the chance that the customer comes by themselves, as far as the firm can tell
        beforehand. Most unhappy customers never do: only what is given before anybody asks reaches the others. It is 1
        for cases of a log, who have come: nothing can be given before they ask. live: whether they are on the line, by
        phone or chat, and wait for a tier as long as that takes; the others have written. firmness: the share of what
        they asked for that something else must be worth to be accepted instead; who is at 1 insists. in_stock,
        part_available: below a half, what needs it cannot be given. Times: hours_open since the failure was noticed,
        days_since_purchase, days_since_failure since the failure before this one, which counts where there is one.
        Counts before this case: prior_purchases (the order that failed is one), prior_failures, prior_claims (in the
        last twelve months).
    new_customer_value
        Future value of somebody who has just placed a first order.
    assumed
        Columns that were filled: the column they are a multiple of, and the assumptions whose product is the multiple.
        They move with the assumptions from draw to draw, and from scenario to scenario.
    """

    case: NDArray[np.str_]
    failure: NDArray[np.int64]
    segment: NDArray[np.int64]
    customer: NDArray[np.int64]
    ask: NDArray[np.int64]
    buyer: NDArray[np.int64]
    columns: Mapping[str, Floats]
    failures: tuple[str, ...]
    segments: tuple[str, ...]
    currency: str
    new_customer_value: float
    assumed: Mapping[str, tuple[str, tuple[str, ...]]]

    def __getattr__(self, name: str) -> Floats:
        """Return a column by its name."""
        # not through an attribute: there is none yet while a copy is being made
        columns = self.__dict__.get("columns", {})
        if name not in columns:
            raise AttributeError(f"cases have no '{name}'")
        return np.asarray(columns[name])

    def __len__(self) -> int:
        return len(self.failure)

    def money_columns(self) -> Floats:
        """Return (cases, columns) for `COLUMNS`, "constant" being 1; filled columns without their assumptions.

        Times `column_factors` it gives the columns under each draw.
        """
        known = [self.assumed.get(name, (name, ()))[0] for name in COLUMNS]
        return np.column_stack([np.ones(len(self)) if name == "constant" else self.columns[name] for name in known])

    def column_factors(self, draws: Draws) -> Floats:
        """Return what `money_columns` are to be multiplied by under each draw: (columns, draws), 1 for data."""
        factors = np.ones((len(COLUMNS), len(draws)))
        for column, (_, names) in self.assumed.items():
            for name in names:
                factors[COLUMNS.index(column)] *= draws[name]
        return factors

    def take(self, rows: NDArray[np.int64] | slice) -> Cases:
        """Return the cases of some rows."""
        indices = {name: getattr(self, name)[rows] for name in _INDICES}
        columns = {name: values[rows] for name, values in self.columns.items()}
        return replace(self, case=self.case[rows], **indices, columns=columns)

    def with_columns(self, columns: Mapping[str, Floats]) -> Cases:
        """Return the same cases with other numbers in some columns."""
        return replace(self, columns={**self.columns, **columns})

    def to_frame(self) -> pd.DataFrame:
        """Return the table, one row per case with the names of failure and segment; `read_cases` makes the same of it.

        Besides the numbers it holds buyer; new_customer_value, the same in each row; and assumed: which columns were
        filled from the scenario, so that whoever reads it fills them again and does not take them for data.
        """
        names = {
            "case": self.case,
            "failure": np.array(self.failures)[self.failure],
            "segment": np.array(self.segments)[self.segment],
            "ask": np.array(list(ASKS))[self.ask],
            "buyer": self.buyer,
        }
        kept = {"new_customer_value": self.new_customer_value, "assumed": " ".join(self.assumed)}
        return pd.DataFrame({**names, **self.columns, **kept})


def draw_cases(scenario: Scenario, transactions: Transactions, orders: OrderValues, seed: int = 0) -> Cases:
    """Draw cases: orders like those of the log that go wrong in the ways of the scenario.

    A failure strikes an order that was just placed. So each order that was drawn from those that stand for a year to
    come, newcomers' first orders among them, becomes a case: with its price, and with what its customer is worth right
    after it.

    Parameters
    ----------
    scenario
        The failures, their shares, and how severe, late and repeated they are.
    transactions
        The log that `orders` was made from.
    orders
        Orders drawn from it, and what their customers are worth right after them (`clv.order_values`).
    seed
        The same seed gives the same cases.
    """
    check_at_least(0, "seed", seed, "--seed")
    rng = np.random.default_rng([seed, 2])
    values, who, count = orders.future_values, orders.row, len(orders.row)
    place = orders.place[who]
    item_price = np.round(transactions.amount[place], decimals_of(transactions.currency))

    prior_purchases = values.prior_purchases[who].astype(np.float64)
    prior_failures = rng.poisson(prior_purchases * scenario.value("cases.failures_per_order")).astype(np.float64)
    looks_suspicious = rng.random(count) < scenario.value("cases.suspicious_share")
    failure = draw_failures(rng, scenario, count)
    columns = {
        "failure": failure,
        "customer": who,
        "buyer": transactions.customer[place],
        "item_price": item_price,
        "severity": draw_severity(rng, scenario, count),
        "hours_open": draw_lognormal(rng, scenario, "cases.hours_open", count),
        "days_since_purchase": draw_lognormal(rng, scenario, "cases.days_since_purchase", count),
        "prior_purchases": prior_purchases,
        "prior_failures": prior_failures,
        "prior_claims": rng.binomial(prior_failures.astype(np.int64), scenario.value("cases.claims_per_failure")),
        "suspicion": draw_suspicion(rng, looks_suspicious),
        "days_since_failure": draw_lognormal(rng, scenario, "cases.days_since_failure", count),
        "surfaces": by_failure(scenario, "surfaces_share")[failure],
        "future_value": values.future_value[who],
        **draw_asks(scenario, failure, np.random.default_rng([seed, 5])),
    }
    labels = np.char.add("case-", np.arange(1, count + 1).astype(np.str_))
    return complete_cases(scenario, labels, columns, values.new_customer_value, transactions.currency)


def complete_cases(
    scenario: Scenario,
    labels: NDArray[np.str_],
    columns: Mapping[str, NDArray[Any]],
    new_customer_value: float,
    currency: str,
) -> Cases:
    """Make cases of the columns that there are, the others filled from the scenario's assumptions.

    Parameters
    ----------
    scenario
        Names the failures and segments, and fills what is left out.
    labels
        (N,) ids of the cases.
    columns
        By the names of `Cases`, each (N,): failure, item_price and future_value at least; failure, segment and ask as
        indices.
    new_customer_value
        Future value of somebody who has just placed a first order.
    currency
        Code of the currency.
    """
    full: dict[str, NDArray[Any]] = dict(columns)
    ones = np.ones(len(labels))
    assumed: dict[str, tuple[str, tuple[str, ...]]] = {}
    for name, column in CASE_COLUMNS.items():
        if name in full:
            continue
        if column.filled_from is not None:
            base, names = column.filled_from
            full[name] = full.get(base, ones) * np.prod([scenario.value(assumption) for assumption in names])
            known, earlier = assumed.get(base, (base, ()))
            assumed[name] = (known, earlier + names)
        elif column.default is not None:
            default = column.default
            full[name] = ones * (scenario.value(default) if isinstance(default, str) else default)
    full.setdefault("customer", np.zeros(len(labels)))
    full.setdefault("ask", np.zeros(len(labels)))
    full.setdefault("buyer", np.arange(len(labels)))
    if "segment" not in full:
        bounds, bounded = upper_bounds(scenario.segments), bounding_column(scenario.segments)
        full["segment"] = np.searchsorted(np.array(bounds, dtype=np.float64), full[bounded], side="left")
    # as all others are: what pandas hands out read-only would have the loops compiled once more
    indices = {name: np.require(full[name], np.int64, ("C", "W")) for name in _INDICES}
    _warn_of_thousandths(np.asarray(full["item_price"], dtype=np.float64), currency)
    return Cases(
        case=labels,
        **indices,
        columns={name: np.asarray(full[name], dtype=np.float64) for name in CASE_COLUMNS},
        failures=tuple(scenario.failures),
        segments=tuple(segment.name for segment in scenario.segments),
        currency=currency,
        new_customer_value=float(new_customer_value),
        assumed=assumed,
    )


def _warn_of_thousandths(prices: Floats, currency: str) -> None:
    """Say so where prices are finer than what limits are counted in."""
    if decimals_of(currency) <= 2:
        return
    fine = int((np.abs(prices - np.round(prices, 2)) > 1e-9 * np.maximum(prices, 1)).sum())
    if fine:
        warnings.warn(
            f"{fine:,} of {len(prices):,} prices in {currency} have a third decimal; what remedies draw on a limit is "
            f"counted in hundredths, so limits hold to within 0.005 {currency}",
            UserWarning,
            stacklevel=4,
        )


def read_cases(source: str | Path | pd.DataFrame, scenario: Scenario) -> Cases:
    """Read real cases from a CSV or Parquet file or a table; columns bear the names of `Cases`.

    `failure`, `item_price` and `future_value` are required; `case`, `segment`, `ask` and the rest are filled from the
    scenario where they are left out. Where there is a column `currency`, it must be the scenario's. A column `buyer`
    (text or numbers) says whose cases hang together, `new_customer_value` (the same in each row) what somebody is worth
    who has just placed a first order, `assumed` (as `Cases.to_frame` writes it) which columns to fill anew. Columns of
    other names are ignored.

    Parameters
    ----------
    source
        Path of the file, or a DataFrame.
    scenario
        Names the failures and segments, and fills what is left out.

    Raises
    ------
    InputError
        If a column is missing or a cell cannot be used; the message names the row.
    """
    table = _table(source)
    columns, problems = _columns(table, scenario)
    wrong = (problems != "").nonzero()[0]
    if len(wrong):
        raise InputError(f"{_line(table, int(wrong[0]))}: {problems[wrong[0]]}")
    return _cases(table, columns, scenario)


def read_usable_cases(source: str | Path | pd.DataFrame, scenario: Scenario) -> tuple[Cases, pd.DataFrame]:
    """Read those of the cases that can be used, and say of each of the others why it cannot.

    Parameters and errors are those of `read_cases`, but that a cell is an error only where no case can be used at all.

    Returns
    -------
    tuple
        The cases that can be used; and of all, in their order, the columns case, as it stands there, and problem, empty
        for those that can be used.
    """
    table = _table(source)
    columns, problems = _columns(table, scenario)
    usable = problems == ""
    if not usable.any():
        raise InputError(f"{_line(table, 0)}: {problems[0]}")
    some = _Table(table.rows[usable], table.where, table.has_commas)
    cases = _cases(some, {name: values[usable] for name, values in columns.items()}, scenario)
    all_cases = pd.DataFrame({"case": _labels(table), "problem": problems})
    return replace(cases, case=_labels(table)[usable]), all_cases


@dataclass(frozen=True)
class _Table:
    """Cases as they stand in a file or a table, and where that is, in words."""

    rows: pd.DataFrame
    where: str
    has_commas: bool = False


def _table(source: str | Path | pd.DataFrame) -> _Table:
    if isinstance(source, pd.DataFrame):
        return _Table(source, "the table of cases")
    path = Path(source)
    cells = read_table("case file", path, (*_WORDS, *CASE_COLUMNS))
    return _Table(cells.rows.dropna(how="all"), f"case file '{path.name}'", cells.has_commas)


def _columns(table: _Table, scenario: Scenario) -> tuple[dict[str, NDArray[Any]], NDArray[np.object_]]:
    """Return the columns that there are, and for each case what is wrong with it, "" where nothing is."""
    rows = table.rows
    for name in ("failure", *(column.name for column in CASE_COLUMNS.values() if column.is_required)):
        if name not in rows.columns:
            hint = nearest(name, [str(column) for column in rows.columns]).replace("did you mean", "is it")
            names = ", ".join(str(column) for column in rows.columns) or "none"
            raise InputError(f"{table.where} has no column '{name}'{hint}; found: {names}; rename or add it")
    if rows.empty:
        raise InputError(f"{table.where} holds no cases; it needs at least one row below the header")
    columns: dict[str, NDArray[Any]] = {}
    problems = np.full(len(rows), "", dtype=object)

    def add(further: NDArray[np.object_]) -> None:
        first = (problems == "") & (further != "")
        problems[first] = further[first]

    if "buyer" in rows.columns:
        columns["buyer"] = _buyers(rows["buyer"], table.has_commas)
    if "currency" in rows.columns:
        add(words_about(rows["currency"], lambda value: _currency_problem(value, scenario.currency)))
    segments = [segment.name for segment in scenario.segments]
    for kind, valid in (("failure", list(scenario.failures)), ("segment", segments), ("ask", list(ASKS))):
        if kind in rows.columns:
            columns[kind], further = _names(rows[kind], kind, valid)
            add(further)
    for name in CASE_COLUMNS:
        if name in rows.columns:
            columns[name], further = _numbers(rows[name], name, table.has_commas)
            add(further)
    return columns, problems


def _cases(table: _Table, columns: Mapping[str, NDArray[Any]], scenario: Scenario) -> Cases:
    known = {name: values for name, values in columns.items() if name not in _assumed(table)}
    return complete_cases(scenario, _labels(table), known, _new_customer_value(table, columns), scenario.currency)


def _assumed(table: _Table) -> tuple[str, ...]:
    """Return the columns that were filled from a scenario, as the table says itself."""
    said = _one_of_all(table, "assumed")
    names = tuple(str(said or "").split())
    fillable = [name for name, column in CASE_COLUMNS.items() if column.filled_from is not None]
    for name in names:
        if name not in fillable:
            raise unknown("column", name, fillable, f"{table.where}, assumed")
    return names


def _new_customer_value(table: _Table, columns: Mapping[str, NDArray[Any]]) -> float:
    """Return what a table says a new customer is worth, else the mean of those on their first order, else of all."""
    said = _one_of_all(table, "new_customer_value")
    if said is not None:
        values, problems = _numbers(pd.Series([said]), "new_customer_value", table.has_commas)
        if problems[0]:
            raise InputError(f"{table.where}: {problems[0]}")
        return float(values[0])
    values = np.asarray(columns["future_value"], dtype=np.float64)
    first = np.asarray(columns.get("prior_purchases", np.ones(len(values))), dtype=np.float64) <= 1
    return float((values[first] if first.any() else values).mean())


def _one_of_all(table: _Table, name: str) -> object:
    """Return what a column says that says the same in each row; None where there is no such column, or it is empty."""
    if name not in table.rows.columns:
        return None
    _, values = distinct(table.rows[name])
    if len(values) > 1:
        raise InputError(
            f"{table.where}: {name} is {shortened(values[0])} and {shortened(values[1])}; "
            "it must be the same for all cases"
        )
    return values[0] if len(values) else None


def _labels(table: _Table) -> NDArray[np.str_]:
    """Return the ids of cases as they stand there, "" for none; numbers from 1 where there is no such column."""
    rows = table.rows
    if "case" not in rows.columns:
        return np.arange(1, len(rows) + 1).astype(np.str_)
    ids = rows["case"].astype(object)
    return texts_of(ids.where(ids.notna(), ""), "case", table.where)


def _line(table: _Table, position: int) -> str:
    if table.where.startswith("the table"):
        return f"{table.where}, row {position + 1}"
    return f"{table.where}, line {int(table.rows.index[position]) + 2}"


def _buyers(column: pd.Series, has_commas: bool) -> NDArray[np.int64]:
    """Return a number for each buyer, in the order of their names (of numbers by size); unnamed ones stay apart."""
    names: NDArray[Any]
    names, problems = read_numbers(column, has_commas)
    if (problems != "").any():
        names = np.array([str(name) for name in column.astype(object).fillna("")], dtype=object)
    named, buyer = np.unique(names, return_inverse=True)
    is_unnamed = np.asarray(names == "")
    buyer[is_unnamed] = len(named) + np.arange(int(is_unnamed.sum()))
    return np.asarray(buyer, dtype=np.int64)


def _currency_problem(value: object, currency: str) -> str:
    if value == currency:
        return ""
    return f"currency is {shortened(value)}; expected {currency}, as in the scenario: nothing is converted"


def _names(column: pd.Series, kind: str, valid: list[str]) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Return for each name its place among the valid ones, and what is wrong; blanks around a name do not matter."""
    codes, words = distinct(column)
    names = [str(word).strip() for word in words] + ["nothing"]  # the last is for code -1
    places = [valid.index(name) if name in valid else -1 for name in names]
    pairs = zip(names, places, strict=True)
    problems = ["" if place >= 0 else str(unknown(kind, name or "nothing", valid)) for name, place in pairs]
    return np.array(places, dtype=np.int64)[codes], np.array(problems, dtype=object)[codes]


def _numbers(column: pd.Series, name: str, has_commas: bool) -> tuple[Floats, NDArray[np.object_]]:
    values, problems = read_numbers(column, has_commas)
    unit = CASE_COLUMNS[name].unit if name in CASE_COLUMNS else "money"
    is_share, is_money = unit == "share", unit == "money"
    top = 1.0 if is_share else _MOST_MONEY if is_money else np.inf
    wrong = (problems != "") | (values < 0) | (values > top)
    expected = "a number from 0 to 1" if is_share else "a number, 0 or more"
    if is_money:
        expected += " and at most 10^13: of more, cents cannot be told apart" if (values > top).any() else ""
    written = column.to_numpy(dtype=object)
    for row in wrong.nonzero()[0]:
        cell = "" if pd.api.types.is_scalar(written[row]) and pd.isna(written[row]) else written[row]
        why = problems[row].partition(", ")[2] if "which can be read" in problems[row] else f"expected {expected}"
        problems[row] = f"{name} is {shortened(cell)}; {why}"
    return values, problems
