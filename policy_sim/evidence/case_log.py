"""Case log: real cases with what was given, by whom, and when.

In: a table of cases (`joining` writes one). Out: `CaseLog`, and the rows that cannot be used, with the reason.
Left to others: what the customers did afterwards (`follow_up`), what it teaches (`calibration`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario, central
from policy_sim.border import InputError, nearest, texts_of
from policy_sim.cells import read_table
from policy_sim.orders.files import read_file_columns
from policy_sim.service import Cases, compile_menu, read_usable_cases
from policy_sim.words import CASE_COLUMNS

__all__ = ["UNKNOWN", "CaseLog", "read_case_log"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Resolution, or tier, of a case of which the log does not say it.
UNKNOWN = -1

_TEXTS = ("case", "customer", "order", "agent", "resolution", "tier", "failure", "segment", "ask")
_ORDER = {"early": "opened", "late": "resolved"}


@dataclass(frozen=True)
class CaseLog:
    """Real cases with what was given; arrays (cases,).

    Attributes
    ----------
    cases
        Their facts. Where the log has no future value, theirs is 0 until orders say it (`follow_up`).
    customer
        Ids (text), as the log of orders has them.
    resolution
        Which of the failure's resolutions was given, in the order of `service.compile_menu`; `UNKNOWN` where it is not
        said.
    tier
        Position among the scenario's tiers of who decided; `UNKNOWN` where it is not said.
    agent
        Who decided (text), "" where it is not said.
    opened, resolved
        Times (datetime64[s]); not a time where they are not said.
    has_future_value
        Whether the log says what customers are worth.
    filled
        By column of how many cases a fact is missing and taken from the scenario.
    source
        The file, in words.
    """

    cases: Cases
    customer: NDArray[np.str_]
    resolution: Ints
    tier: Ints
    agent: NDArray[np.str_]
    opened: NDArray[np.datetime64]
    resolved: NDArray[np.datetime64]
    has_future_value: bool
    filled: Mapping[str, int]
    source: str

    def __len__(self) -> int:
        return len(self.cases)

    def take(self, rows: Ints | NDArray[np.bool_]) -> CaseLog:
        """Return the cases of some rows."""
        places = np.asarray(np.flatnonzero(rows) if rows.dtype == np.bool_ else rows, dtype=np.int64)
        parts = {name: getattr(self, name)[places] for name in _ARRAYS}
        return replace(self, cases=self.cases.take(places), **parts)


_ARRAYS = ("customer", "resolution", "tier", "agent", "opened", "resolved")


def read_case_log(source: str | Path | pd.DataFrame, scenario: Scenario) -> tuple[CaseLog, pd.DataFrame]:
    """Read a log of cases: one row each, with columns as `Cases` has them, and what was given.

    `failure`, `item_price`, `customer` and `resolution` are required; tier, agent, opened and resolved are of use.
    Facts that are left out are filled from the scenario. A cell that cannot be used sets its row aside.

    Parameters
    ----------
    source
        Path of a CSV, Parquet or XLSX file, or a table.
    scenario
        Names failures, remedies and tiers.

    Returns
    -------
    The cases that can be used; and of the others the columns case and problem.

    Raises
    ------
    InputError
        If a column is missing, or no case can be used.
    """
    where = "the table of cases" if isinstance(source, pd.DataFrame) else f"case log '{Path(source).name}'"
    table = source if isinstance(source, pd.DataFrame) else _read(Path(source))
    for name in ("customer", "resolution"):
        if name not in table.columns:
            found = ", ".join(str(column) for column in table.columns)
            hint = nearest(name, [str(column) for column in table.columns]).replace("did you mean", "is it")
            raise InputError(
                f"{where} has no column '{name}'{hint}; found: {found}; `policy-sim log build` writes a log with all "
                "that is needed"
            )
    has_value = "future_value" in table.columns
    complete, filled = _filled(table if has_value else table.assign(future_value=0.0), scenario)
    cases, said = read_usable_cases(complete, scenario)
    problems = said["problem"].to_numpy(dtype=object)
    resolution, of_resolution = _resolutions(table, scenario)
    tier, of_tier = _positions(table, "tier", list(scenario.tiers))
    for further in (of_resolution, of_tier):
        problems = np.where((problems == "") & (further != ""), further, problems)
    usable = problems == ""
    if not usable.any():
        raise InputError(f"{where}, row 1: {problems[0]}")
    rows = np.flatnonzero(usable)
    log = CaseLog(
        cases=cases.take(np.flatnonzero(usable[said["problem"].to_numpy() == ""])),
        customer=_texts(table, "customer", where)[rows],
        resolution=resolution[rows],
        tier=tier[rows],
        agent=_texts(table, "agent", where)[rows],
        opened=_times(table, "opened")[rows],
        resolved=_times(table, "resolved")[rows],
        has_future_value=has_value,
        filled=filled,
        source=where,
    )
    return log, pd.DataFrame({"case": said["case"], "problem": problems})[~usable]


def _read(path: Path) -> pd.DataFrame:
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        columns = read_file_columns(path, lambda header: {name: n for n, name in enumerate(header)}, len, "case log")
        return pd.DataFrame(dict(columns.columns))
    return read_table("case log", path, (*_TEXTS, *CASE_COLUMNS)).rows.dropna(how="all")


def _filled(table: pd.DataFrame, scenario: Scenario) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the table with missing facts as the scenario has them, and how many cases lack each.

    Days since the failure before count only where there was one.
    """
    whole, filled = table.copy(deep=False), {}
    for name, column in CASE_COLUMNS.items():
        if name not in table.columns or column.is_required:
            continue
        is_missing = table[name].isna() | (table[name].astype(str).str.strip() == "")
        if not is_missing.any():
            continue
        usual: object
        if column.filled_from is None:
            default = column.default
            usual = scenario.value(default) if isinstance(default, str) else default
        else:
            base, assumptions = column.filled_from
            factor = float(np.prod([scenario.value(assumption) for assumption in assumptions]))
            usual = factor * pd.to_numeric(whole[base], errors="coerce") if base in whole.columns else factor
        whole[name] = table[name].where(~is_missing, usual)
        counts = is_missing
        if name == "days_since_failure" and "prior_failures" in table.columns:
            counts = is_missing & (pd.to_numeric(table["prior_failures"], errors="coerce") > 0)
        if counts.any():
            filled[name] = int(counts.sum())
    return whole, filled


def _texts(table: pd.DataFrame, name: str, where: str) -> NDArray[np.str_]:
    if name not in table.columns:
        return np.zeros(len(table), dtype=np.str_)
    column = table[name].astype(object)
    return texts_of(column.where(column.notna(), ""), name, where)


def _times(table: pd.DataFrame, name: str) -> NDArray[np.datetime64]:
    if name not in table.columns:
        return np.full(len(table), np.datetime64("NaT"), dtype="datetime64[s]")
    times = pd.to_datetime(table[name], utc=True, errors="coerce", format="ISO8601")
    return np.asarray(times.dt.tz_localize(None).to_numpy().astype("datetime64[s]"))


def _positions(table: pd.DataFrame, name: str, valid: list[str]) -> tuple[Ints, NDArray[np.object_]]:
    """Return for each name its place among the valid ones, `UNKNOWN` for none, and what is wrong with it."""
    if name not in table.columns:
        return np.full(len(table), UNKNOWN), np.full(len(table), "", dtype=object)
    codes, words = pd.factorize(table[name].astype(object))
    names = [str(word).strip() for word in words]
    places = np.array([*(valid.index(word) if word in valid else UNKNOWN for word in names), UNKNOWN])
    wrong = [
        "" if word in valid or not word else f"{name} is '{word}'; expected one of {', '.join(valid)}" for word in names
    ]
    return places[codes], np.array([*wrong, ""], dtype=object)[codes]


def _resolutions(table: pd.DataFrame, scenario: Scenario) -> tuple[Ints, NDArray[np.object_]]:
    """Return which resolution of its failure each case got; remedies may stand in any order."""
    menu = compile_menu(scenario, central(scenario))
    known = {
        (failure, frozenset(name.split(" + "))): place
        for failure, names in zip(scenario.failures, menu.names, strict=True)
        for place, name in enumerate(names)
    }
    pairs = table["failure"].astype(str).str.strip() + "\n" + table["resolution"].fillna("").astype(str).str.strip()
    codes, words = pd.factorize(pairs)
    places, problems = [], []
    for word in words:
        failure, _, given = str(word).partition("\n")
        remedies = frozenset(part.strip() for part in given.split("+"))
        place = UNKNOWN if not given else known.get((failure, remedies), UNKNOWN)
        places.append(place)
        is_wrong = bool(given) and place == UNKNOWN and failure in scenario.failures
        problems.append(
            f"resolution is '{given}'; expected one that {failure} has in scenario {scenario.name}, such as "
            f"'{menu.names[list(scenario.failures).index(failure)][-1]}'"
            if is_wrong
            else ""
        )
    return np.array(places, dtype=np.int64)[codes], np.array(problems, dtype=object)[codes]
