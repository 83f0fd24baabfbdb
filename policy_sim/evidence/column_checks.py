"""Column checks: each column of a log of cases looked at by itself.

In: the columns of a log, a scenario. Out: for each column what is missing, impossible or far from the rest.
Left to others: what columns say together (`checking`), which questions a log can answer (`questions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario
from policy_sim.border import nearest
from policy_sim.evidence.log_columns import FLAGS, MOMENTS, TEXTS, LogColumns
from policy_sim.evidence.resolutions import AMOUNTS
from policy_sim.orders.reading import counted
from policy_sim.words import ASKS, CASE_COLUMNS, resolution_name

__all__ = ["ColumnCheck", "Finding", "check_columns", "finding"]

Flags = NDArray[np.bool_]

_SIGNED = ("discretion",)
_SHARES = (*FLAGS, *(name for name, column in CASE_COLUMNS.items() if column.unit == "share"))
#: How many times the usual spread (on the scale of logarithms) a number lies from the middle that is far from the rest.
_FAR = 8.0
_FEWEST = 20  # numbers of which one can be said to be far from the rest


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


def finding(log: LogColumns, column: str, kind: str, where: Flags, says: str) -> list[Finding]:
    """Return what is to be said of the cases in which something is so: one finding, none where there are no such cases.

    Parameters
    ----------
    where
        (cases,) in which it is so.
    says
        What it is and what to do, with {} for how many cases.
    """
    count = int(where.sum())
    if not count:
        return []
    return [Finding(column, kind, says.format(counted(count, "case", "cases")), count, log.examples(where))]


def check_columns(log: LogColumns, scenario: Scenario) -> tuple[list[ColumnCheck], list[Finding]]:
    """Look at each column by itself."""
    checks: list[ColumnCheck] = []
    findings: list[Finding] = []
    valid = _valid_names(scenario)
    for name in (*log.text, *log.moments, *log.numbers):
        known = log.known(name)
        bad = log.is_unreadable(name)
        missing = int((~known & ~bad).sum())
        what = "moment such as 2024-03-17T09:05:00Z" if name in log.moments else "number"
        findings += finding(log, name, "impossible", bad, f"{{}} in which it is no {what}")
        far = np.zeros(len(log), dtype=np.bool_)
        if name in valid:
            bad |= _unknown_names(log, name, valid[name], findings)
        if name == "resolution":
            bad |= _unknown_resolutions(log, scenario, findings)
        if name in log.numbers:
            bad |= _impossible(log, name, findings)
            far = _far_from_rest(log, name, ~bad, findings)
        checks.append(ColumnCheck(name, int(known.sum()), missing, int(bad.sum()), int(far.sum())))
    checks += [ColumnCheck(name, 0, len(log)) for name in (*TEXTS, *MOMENTS[:2], *FLAGS, *AMOUNTS)
               if name not in (*log.text, *log.moments, *log.numbers)]  # fmt: skip
    lacking = ~log.known("item_price")
    findings += finding(log, "item_price", "missing", lacking, "{} without a price, which every case needs")
    return checks, findings


def _valid_names(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    return {
        "failure": tuple(scenario.failures),
        "tier": tuple(scenario.tiers),
        "ask": tuple(ASKS),
        "currency": (scenario.currency,),
    }


def _unknown_names(log: LogColumns, name: str, valid: Sequence[str], findings: list[Finding]) -> Flags:
    codes, distinct = pd.factorize(log.text[name])
    is_bad = np.array([word not in ("", *valid) for word in distinct] + [False])
    where = is_bad[codes]
    if where.any():
        word = str(distinct[int(codes[np.argmax(where)])])
        listed = ", ".join(valid)
        says = f"{{}} in which it is unknown, such as '{_braced(word)}'{nearest(word, valid)}; expected {listed}"
        findings += finding(log, name, "impossible", where, says)
    return np.asarray(where)


def _unknown_resolutions(log: LogColumns, scenario: Scenario, findings: list[Finding]) -> Flags:
    """Return which cases have a resolution that the scenario does not have for their failure."""
    menus = {name: {resolution_name(bundle) for bundle in scenario.resolutions(name)} for name in scenario.failures}
    codes, pairs = log.pairs("failure", "resolution")
    is_bad = np.array([bool(given) and failure in menus and given not in menus[failure] for failure, given in pairs])
    where = is_bad[codes]
    if where.any():
        failure, given = pairs[int(codes[np.argmax(where)])]
        says = (
            f"{{}} in which the scenario has no such resolution of the failure, such as '{_braced(given)}' of "
            f"{failure}{nearest(given, sorted(menus[failure]))}; write remedies as the scenario names them"
        )
        findings += finding(log, "resolution", "impossible", where, says)
    return np.asarray(where)


def _braced(word: str) -> str:
    """Return a word that goes through `str.format` as it is."""
    return word.replace("{", "{{").replace("}", "}}")


def _impossible(log: LogColumns, name: str, findings: list[Finding]) -> Flags:
    values = log.numbers[name]
    below = (values < 0) if name not in _SIGNED else np.zeros(len(values), dtype=np.bool_)
    findings += finding(log, name, "impossible", below, "{} in which it is below 0")
    above = np.zeros(len(values), dtype=np.bool_)
    if name in _SHARES:
        above = values > 1
        share = above.sum() / max((values > 0).sum(), 1)
        if above.any() and np.nanmax(values) <= 100 and share > 0.5:
            says = "{} in which it is above 1, none above 100: it looks like percent; divide by 100"
            findings += finding(log, name, "units", above, says)
        elif above.any():
            findings += finding(log, name, "impossible", above, "{} in which it is above 1; it is a share from 0 to 1")
    odd = np.zeros(len(values), dtype=np.bool_)
    if name in FLAGS:
        odd = ~np.isnan(values) & ~np.isin(values, (0.0, 1.0)) & ~above & ~below
        findings += finding(log, name, "impossible", odd, "{} in which it is neither 0 nor 1")
    if name == "item_price" and (values == 0).any():
        odd = odd | (values == 0)
        findings += finding(log, name, "impossible", values == 0, "{} in which the price is 0")
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
        findings += finding(log, name, "outliers", far, says)
    return far
