"""Log columns: the columns of a log of cases as they stand in a file, each looked at by itself.

In: a log, a scenario. Out: `LogColumns`, and for each column what is missing, impossible or far from the rest.
Left to others: what columns say together (`checking`), which questions a log can answer (`questions`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, nearest
from policy_sim.cells import read_numbers
from policy_sim.evidence.moments import read_moments
from policy_sim.evidence.resolutions import AMOUNTS
from policy_sim.orders.files import read_file_columns
from policy_sim.orders.reading import counted
from policy_sim.words import ASKS, CASE_COLUMNS

__all__ = ["ColumnCheck", "Finding", "LogColumns", "check_columns", "read_log_columns"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TEXTS = ("case", "customer", "order", "failure", "resolution", "tier", "agent", "channel", "ask", "currency")
MOMENTS = ("opened", "resolved", "satisfied")
FLAGS = ("escalated", "exception")
FACTS = tuple(name for name in CASE_COLUMNS if name not in ("surfaces", "future_value"))
NUMBERS = (*FLAGS, *AMOUNTS, "discretion", *FACTS)
_NEEDED = ("case", "failure", "opened")
_SIGNED = ("discretion",)
_SHARES = (*FLAGS, *(name for name in FACTS if CASE_COLUMNS[name].unit == "share"))
#: How many times the usual spread (on the scale of logarithms) a number lies from the middle that is far from the rest.
_FAR = 8.0
_FEWEST = 20  # numbers of which one can be said to be far from the rest
_MOST_EXAMPLES = 3


@dataclass(frozen=True)
class Finding:
    """Something that looks wrong in a log.

    Attributes
    ----------
    column
        The column that it is about, or several joined by commas.
    kind
        "missing", "impossible", "outliers", "units", "duplicates", "leakage", "censoring" or "agents".
    says
        What it is and what to do, in words.
    rows
        How many cases it is about.
    examples
        Ids of the first few.
    """

    column: str
    kind: str
    says: str
    rows: int = 0
    examples: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the attributes by name, as plain data."""
        return {"column": self.column, "kind": self.kind, "says": self.says, "rows": self.rows,
                "examples": list(self.examples)}  # fmt: skip


@dataclass(frozen=True)
class ColumnCheck:
    """A column in numbers: cells that are filled, missing, impossible, and far from the rest."""

    name: str
    filled: int
    missing: int
    impossible: int = 0
    outliers: int = 0

    def to_dict(self) -> dict[str, object]:
        """Return the attributes by name, as plain data."""
        return dict(vars(self))


@dataclass(frozen=True, eq=False)
class LogColumns:
    """The columns of a log of cases.

    Attributes
    ----------
    where
        Name of the file.
    text
        By column text, "" where nothing stands there.
    moments
        By column datetime64[s], UTC; not a time where nothing stands there, or what cannot be read.
    numbers
        By column numbers; NaN where nothing stands there, or what cannot be read.
    unreadable
        By column (n,) whether something stands in the cell that cannot be read.
    others
        Names of columns that mean nothing here.
    """

    where: str
    text: Mapping[str, pd.Series]
    moments: Mapping[str, NDArray[np.datetime64]]
    numbers: Mapping[str, Floats]
    unreadable: Mapping[str, Flags]
    others: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.text["case"])

    def has(self, name: str) -> bool:
        """Tell whether the log has a column, with anything in it."""
        return bool(self.known(name).any())

    def known(self, name: str) -> Flags:
        """Return (n,) in which cases a column says something that can be read."""
        if name in self.text:
            return np.asarray((self.text[name] != "").to_numpy(dtype=bool))
        if name in self.moments:
            return np.asarray(~np.isnat(self.moments[name]))
        if name in self.numbers:
            return np.asarray(~np.isnan(self.numbers[name]))
        return np.zeros(len(self), dtype=np.bool_)

    def examples(self, where: Flags) -> tuple[str, ...]:
        """Return the ids of the first few cases that are meant."""
        return tuple(str(self.text["case"].iloc[k]) for k in np.flatnonzero(where)[:_MOST_EXAMPLES])


def read_log_columns(path: Path) -> LogColumns:
    """Read a log of cases.

    Raises
    ------
    InputError
        If it is no table, or lacks a column without which nothing can be said.
    """
    others: list[str] = []

    def find(header: Sequence[str]) -> Mapping[str, int]:
        positions: dict[str, int] = {}
        for place, written in enumerate(header):
            name = written.strip().lower()
            if name not in (*TEXTS, *MOMENTS, *NUMBERS):
                others.append(written)
            elif name in positions:
                raise InputError(f"'{path.name}' has two columns '{name}'; expected one; rename the other")
            else:
                positions[name] = place
        for name in _NEEDED:
            if name not in positions:
                raise InputError(
                    f"log of cases '{path}' has no column '{name}'; found: {', '.join(header)}; expected what "
                    "policy-sim log build writes; rename or add it"
                )
        return positions

    found = read_file_columns(path, find, _rank, "log of cases")
    if not len(found.rows):
        raise InputError(f"log of cases '{path}' holds no rows; expected one for each case")
    text, moments, numbers, unreadable = {}, {}, {}, {}
    for name, column in found.columns.items():
        if name in TEXTS:
            text[name] = _text(column)
        elif name in MOMENTS:
            read = read_moments(column, f"column '{name}' of {path.name}")
            moments[name], unreadable[name] = read.times, read.is_unreadable
        else:
            numbers[name], unreadable[name] = _numbers(column)
    return LogColumns(path.name, text, moments, numbers, unreadable, tuple(dict.fromkeys(others)))


def check_columns(log: LogColumns, scenario: Scenario) -> tuple[list[ColumnCheck], list[Finding]]:
    """Look at each column by itself."""
    checks: list[ColumnCheck] = []
    findings: list[Finding] = []
    valid = _valid_names(scenario)
    for name in (*log.text, *log.moments, *log.numbers):
        known = log.known(name)
        bad = log.unreadable.get(name, np.zeros(len(log), dtype=np.bool_)).copy()
        if bad.any():
            findings.append(_finding(log, name, "impossible", bad, "{} in which it is no " + (
                "moment such as 2024-03-17T09:05:00Z" if name in log.moments else "number")))  # fmt: skip
        far = np.zeros(len(log), dtype=np.bool_)
        if name in valid:
            bad |= _unknown_names(log, name, valid[name], findings)
        if name == "resolution":
            bad |= _unknown_resolutions(log, scenario, findings)
        if name in log.numbers:
            bad |= _impossible(log, name, findings)
            far = _far_from_rest(log, name, ~bad, findings)
        missing = int((~known & ~log.unreadable.get(name, np.zeros(len(log), dtype=np.bool_))).sum())
        checks.append(ColumnCheck(name, int(known.sum()), missing, int(bad.sum()), int(far.sum())))
    checks += [ColumnCheck(name, 0, len(log)) for name in (*TEXTS, *MOMENTS[:2], *FLAGS, *AMOUNTS)
               if name not in (*log.text, *log.moments, *log.numbers)]  # fmt: skip
    if not log.known("item_price").all():
        lacking = ~log.known("item_price")
        findings.append(_finding(log, "item_price", "missing", lacking, "{} without a price, which every case needs"))
    return checks, findings


def _rank(header: Sequence[str]) -> int:
    names = {name.strip().lower() for name in header}
    return sum(name in names for name in _NEEDED)


def _text(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.ArrowDtype) and pa.types.is_string(column.dtype.pyarrow_dtype):
        return column.fillna("")
    written = ["" if cell is None or cell is pd.NA or cell != cell else str(cell) for cell in column.astype(object)]
    return pd.Series(pa.array(written, pa.string()), dtype=pd.ArrowDtype(pa.string()))


def _numbers(column: pd.Series) -> tuple[Floats, Flags]:
    """Return the numbers of a column, NaN for none, and which cells hold something else."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(np.isinf(numbers), np.nan, numbers), np.isinf(numbers)
    text = _text(column)
    array = pa.array(text.array)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    try:
        numbers = pc.if_else(pc.equal(array, ""), None, array).cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        numbers, problems = read_numbers(text.astype(object))
        return numbers, np.asarray((problems != "") & (text != "").to_numpy(dtype=bool))
    numbers = np.asarray(numbers, dtype=np.float64)
    return np.where(np.isinf(numbers), np.nan, numbers), np.isinf(numbers)


def _valid_names(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    return {
        "failure": tuple(scenario.failures),
        "tier": tuple(scenario.tiers),
        "ask": tuple(ASKS),
        "currency": (scenario.currency,),
    }


def _finding(log: LogColumns, column: str, kind: str, where: Flags, says: str) -> Finding:
    count = int(where.sum())
    return Finding(column, kind, says.format(counted(count, "case", "cases")), count, log.examples(where))


def _unknown_names(log: LogColumns, name: str, valid: Sequence[str], findings: list[Finding]) -> Flags:
    codes, distinct = pd.factorize(log.text[name])
    is_bad = np.array([word not in ("", *valid) for word in distinct] + [False])
    where = is_bad[codes]
    if where.any():
        word = str(distinct[int(codes[np.argmax(where)])])
        listed = ", ".join(valid)
        says = f"{{}} in which it is unknown, such as '{_braced(word)}'{nearest(word, valid)}; expected {listed}"
        findings.append(_finding(log, name, "impossible", where, says))
    return np.asarray(where)


def _unknown_resolutions(log: LogColumns, scenario: Scenario, findings: list[Finding]) -> Flags:
    """Return which cases have a resolution that the scenario does not have for their failure."""
    menus = {
        name: {" + ".join(bundle) or "nothing" for bundle in scenario.resolutions(name)} for name in scenario.failures
    }
    pair = pd.DataFrame({"failure": log.text["failure"], "resolution": log.text["resolution"]})
    codes = pair.groupby(["failure", "resolution"], sort=False).ngroup().to_numpy()
    firsts = pair.iloc[np.unique(codes, return_index=True)[1]]
    pairs = list(zip(firsts["failure"], firsts["resolution"], strict=True))
    is_bad = np.array([bool(given) and failure in menus and given not in menus[failure] for failure, given in pairs])
    where = is_bad[codes]
    if where.any():
        failure, given = pairs[int(codes[np.argmax(where)])]
        says = (
            f"{{}} in which the scenario has no such resolution of the failure, such as '{_braced(str(given))}' of "
            f"{failure}{nearest(str(given), sorted(menus[str(failure)]))}; write remedies as the scenario names them"
        )
        findings.append(_finding(log, "resolution", "impossible", where, says))
    return np.asarray(where)


def _braced(word: str) -> str:
    """Return a word that goes through `str.format` as it is."""
    return word.replace("{", "{{").replace("}", "}}")


def _impossible(log: LogColumns, name: str, findings: list[Finding]) -> Flags:
    values = log.numbers[name]
    below = (values < 0) if name not in _SIGNED else np.zeros(len(values), dtype=np.bool_)
    if below.any():
        findings.append(_finding(log, name, "impossible", below, "{} in which it is below 0"))
    above = np.zeros(len(values), dtype=np.bool_)
    if name in _SHARES:
        above = values > 1
        share = above.sum() / max((values > 0).sum(), 1)
        if above.any() and np.nanmax(values) <= 100 and share > 0.5:
            says = "{} in which it is above 1, none above 100: it looks like percent; divide by 100"
            findings.append(_finding(log, name, "units", above, says))
        elif above.any():
            findings.append(
                _finding(log, name, "impossible", above, "{} in which it is above 1; it is a share from 0 to 1")
            )
    odd = np.zeros(len(values), dtype=np.bool_)
    if name in FLAGS:
        odd = ~np.isnan(values) & ~np.isin(values, (0.0, 1.0)) & ~above & ~below
        if odd.any():
            findings.append(_finding(log, name, "impossible", odd, "{} in which it is neither 0 nor 1"))
    if name == "item_price" and (values == 0).any():
        odd = odd | (values == 0)
        findings.append(_finding(log, name, "impossible", values == 0, "{} in which the price is 0"))
    return np.asarray(below | above | odd)


def _far_from_rest(log: LogColumns, name: str, is_fine: Flags, findings: list[Finding]) -> Flags:
    """Return which numbers lie far from the rest, on the scale of logarithms."""
    values = log.numbers[name]
    none = np.zeros(len(values), dtype=np.bool_)
    unit = CASE_COLUMNS[name].unit if name in CASE_COLUMNS else "money"
    usable = is_fine & (values > 0)
    if unit == "share" or name in FLAGS or usable.sum() < _FEWEST:
        return none
    logs = np.log(values[usable])
    low, middle, high = np.quantile(logs, (0.25, 0.5, 0.75))
    spread = (high - low) / 1.349  # of a normal distribution that is one standard deviation
    if spread == 0:
        return none
    far = none.copy()
    far[usable] = np.abs(logs - middle) > _FAR * spread
    if far.any():
        most = float(np.max(values[far])) if (values[far] > np.exp(middle)).any() else float(np.min(values[far]))
        says = f"{{}} in which it is far from the rest, such as {most:,.10g} where the middle is {np.exp(middle):,.6g}"
        findings.append(_finding(log, name, "outliers", far, says))
    return far
