"""Case log: real cases with what was given, by whom, and when.

In: a table of cases (`joining` writes one). Out: `CaseLog`, and the rows that cannot be used, with the reason.
Left to others: reading columns (`log_columns`), what the customers did afterwards (`follow_up`), what it teaches
(`calibration`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario, central
from policy_sim.border import InputError, texts_of
from policy_sim.evidence.drawing import Draw
from policy_sim.evidence.log_columns import LogColumns, read_log_columns
from policy_sim.service import Cases, compile_menu, read_usable_cases
from policy_sim.words import CASE_COLUMNS

__all__ = ["UNKNOWN", "CaseLog", "read_case_log"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Resolution, or tier, of a case of which the log does not say it.
UNKNOWN = -1

_NEEDED = ("customer", "resolution", "failure", "item_price")


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
        The file, in words, and what was drawn from it.
    draw
        How customers were drawn, where the log has more cases than were wanted; None where all of them are here.
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
    draw: Draw | None = None

    def __len__(self) -> int:
        return len(self.cases)

    def take(self, rows: Ints | NDArray[np.bool_]) -> CaseLog:
        """Return the cases of some rows."""
        places = np.asarray(np.flatnonzero(rows) if rows.dtype == np.bool_ else rows, dtype=np.int64)
        parts = {name: getattr(self, name)[places] for name in _ARRAYS}
        return replace(self, cases=self.cases.take(places), **parts)


_ARRAYS = ("customer", "resolution", "tier", "agent", "opened", "resolved")


def read_case_log(
    source: str | Path | pd.DataFrame, scenario: Scenario, *, most: int | None = None, seed: int = 0
) -> tuple[CaseLog, pd.DataFrame]:
    """Read a log of cases: one row each, with columns as `Cases` has them, and what was given.

    `failure`, `item_price`, `customer` and `resolution` are required; tier, agent, opened and resolved are of use.
    Facts that are left out are filled from the scenario. A cell that cannot be used sets its row aside.

    Parameters
    ----------
    source
        Path of a CSV, Parquet or XLSX file, or a table.
    scenario
        Names failures, remedies and tiers.
    most
        How many cases are enough, 1 or more: where the log has more, customers are drawn at random, each with all of
        their cases, and `source` says so (`Draw`). None for all.
    seed
        Of that draw.

    Returns
    -------
    The cases that can be used; and of the others the columns case and problem.

    Raises
    ------
    InputError
        If a column is missing, or no case can be used.
    """
    log = read_log_columns(Path(source) if isinstance(source, str) else source, _NEEDED)
    log, draw = (log, None) if most is None else _drawn(log, most, seed)
    facts, filled = _filled(log, scenario)
    cases, said = read_usable_cases(facts, scenario)
    del facts
    problems = said["problem"].to_numpy(dtype=object)
    resolution, of_resolution = _resolutions(log, scenario)
    tier, of_tier = _positions(log, "tier", list(scenario.tiers))
    for further in (of_resolution, of_tier):
        problems = np.where((problems == "") & (further != ""), further, problems)
    usable = problems == ""
    if not usable.any():
        raise InputError(
            f"{log.source}, row 1: {problems[0]} (none of its cases can be used; policy-sim log check says more)"
        )
    rows = np.flatnonzero(usable)
    not_a_time = np.full(len(log), np.datetime64("NaT"), dtype="datetime64[s]")
    of_all = CaseLog(
        cases=cases.take(np.flatnonzero(usable[said["problem"].to_numpy() == ""])),
        customer=_texts(log, "customer", rows),
        resolution=resolution[rows],
        tier=tier[rows],
        agent=_texts(log, "agent", rows),
        opened=log.moments.get("opened", not_a_time)[rows],
        resolved=log.moments.get("resolved", not_a_time)[rows],
        has_future_value="future_value" in log.numbers,
        filled=filled,
        source=log.source if draw is None else f"{log.source}, {draw}",
        draw=draw,
    )
    return of_all, pd.DataFrame({"case": said["case"], "problem": problems})[~usable]


def _drawn(log: LogColumns, most: int, seed: int) -> tuple[LogColumns, Draw | None]:
    """Return the cases of some customers, where there are more cases than enough, and how they were drawn."""
    if len(log) <= most:
        return log, None
    codes, ids = pd.factorize(log.text["customer"])
    draw = Draw.of(ids, np.bincount(codes), most, seed)
    return log.take(np.flatnonzero(draw.has(ids)[codes])), draw


def _filled(log: LogColumns, scenario: Scenario) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return a table of facts, missing ones as the scenario has them, and how many cases lack each.

    Days since the failure before count only where there was one.
    """
    facts: dict[str, Any] = dict(log.text)
    filled: dict[str, int] = {}
    for name in dict.fromkeys((*(name for name in CASE_COLUMNS if name in log.numbers), *log.numbers)):
        values, column = log.numbers[name], CASE_COLUMNS.get(name)
        is_missing = np.isnan(values) & ~log.is_unreadable(name)
        if column is not None and not column.is_required and is_missing.any():
            usual: Any
            if column.filled_from is None:
                usual = scenario.value(column.default) if isinstance(column.default, str) else column.default
            else:
                base, assumptions = column.filled_from
                factor = float(np.prod([scenario.value(assumption) for assumption in assumptions]))
                # the base was filled before
                usual = factor * pd.to_numeric(pd.Series(facts[base]), errors="coerce") if base in facts else factor
            values = np.where(is_missing, usual, values)
            if name == "days_since_failure" and "prior_failures" in log.numbers:
                is_missing &= log.numbers["prior_failures"] > 0
            if is_missing.any():
                filled[name] = int(is_missing.sum())
        if name in log.unreadable:
            values = values.astype(object)
            values[log.unreadable[name].index] = log.unreadable[name]
        facts[name] = values
    facts.setdefault("future_value", np.zeros(len(log)))
    return pd.DataFrame(facts, copy=False), filled


def _texts(log: LogColumns, name: str, rows: Ints) -> NDArray[np.str_]:
    if name not in log.text:
        return np.zeros(len(rows), dtype=np.str_)
    return texts_of(log.text[name].iloc[rows], name, log.source)


def _positions(log: LogColumns, name: str, valid: list[str]) -> tuple[Ints, NDArray[np.object_]]:
    """Return for each name its place among the valid ones, `UNKNOWN` for none, and what is wrong with it."""
    if name not in log.text:
        return np.full(len(log), UNKNOWN), np.full(len(log), "", dtype=object)
    codes, words = pd.factorize(log.text[name])
    names = [str(word).strip() for word in words]
    places = np.array([valid.index(word) if word in valid else UNKNOWN for word in names])
    wrong = [
        "" if word in valid or not word else f"{name} is '{word}'; expected one of {', '.join(valid)}" for word in names
    ]
    return places[codes], np.array(wrong, dtype=object)[codes]


def _resolutions(log: LogColumns, scenario: Scenario) -> tuple[Ints, NDArray[np.object_]]:
    """Return which resolution of its failure each case got; remedies may stand in any order."""
    menu = compile_menu(scenario, central(scenario))
    known = {
        (failure, frozenset(name.split(" + "))): place
        for failure, names in zip(scenario.failures, menu.names, strict=True)
        for place, name in enumerate(names)
    }
    codes, pairs = log.pairs("failure", "resolution")
    places, problems = [], []
    for failure, given in ((failure.strip(), given.strip()) for failure, given in pairs):
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
