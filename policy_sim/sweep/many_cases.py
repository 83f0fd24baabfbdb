"""Many cases: policies and limits evaluated over a log of cases that is larger than memory.

In: a Parquet file of cases, a scenario, draws, policies or limits. Out: `Outcome` as from `evaluate`, `CandidateCurve`.
Left to others: a log that fits (`service.read_cases`, `value`), which limits are best (`value.best_limits`).

Outcomes are sums over cases, and so are the changes of an outcome as a limit rises: blocks of rows are evaluated
separately and added up in their order, on any number of threads or machines. A sample of rows from several places of
the file tells roughly how long escalations will wait, see `value.partial_sums`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Draws, Scenario
from policy_sim.border import InputError, Progress, plain_rows
from policy_sim.policy import ASK, Lever, Policy, limit_content, to_cents
from policy_sim.service import Cases, read_cases
from policy_sim.sweep.workers import as_they_come, workers_of
from policy_sim.value import Outcome, PartialSums, Payoffs, Question, best_step, measure, value_cases
from policy_sim.words import LIMITS, MEASURES

__all__ = ["CandidateCurve", "CaseLog", "curves_of_many", "evaluate_many", "open_case_log"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROWS_AT_ONCE = 10_000  # valued together
_ROWS_IN_A_BLOCK = 100_000  # that one worker takes
_SAMPLE = 10_000  # rows from which the load is estimated
_SAMPLE_PLACES = 10  # of the file that these come from
_MOST_LIMITS = 200  # candidates by default


class CaseLog(NamedTuple):
    """A Parquet file of cases: where it is, how many rows, and what a new customer is worth by it (money)."""

    path: Path
    rows: int
    new_customer_value: float


@dataclass(frozen=True)
class CandidateCurve:
    """Outcomes at some values of one limit, all else as in the policy.

    Attributes
    ----------
    policy, scenario, lever
        The policy, the scenario, and the limit that was varied.
    limits
        (limits,) candidates in money, rising; the first is `ASK`.
    means
        (limits, measures, draws) means over all cases.
    """

    policy: Policy
    scenario: Scenario
    lever: Lever
    limits: Floats
    means: Floats

    def per_case(self, outcome: str = "net_value") -> Floats:
        """Return (limits, draws) the mean over cases of one of `OUTCOMES`."""
        return measure(self.means, outcome)

    @property
    def best_limit(self) -> float:
        """The lowest candidate with the highest mean net value that keeps the tiers in order (money)."""
        low, high = self.policy.bounds(self.lever)
        allowed = (self.limits >= low) & (self.limits <= high)
        if not allowed.any():
            return best_step(np.array([-1]), np.zeros(1), (low, high))[1]
        net = np.where(allowed, self.per_case().mean(axis=1), -np.inf)
        return float(self.limits[int(np.argmax(net))])

    def to_frame(self) -> pd.DataFrame:
        """Return one row per candidate: limit (empty: ask first), means per case, 90 % interval of net value."""
        net = self.per_case()
        low, high = np.quantile(net, [0.05, 0.95], axis=1)
        limit = np.where(np.isfinite(self.limits), self.limits, np.nan)
        table = pd.DataFrame(
            {"limit": limit, "net_value": net.mean(axis=1), "net_value_low": low, "net_value_high": high}
        )
        return table.assign(**{name: self.per_case(name).mean(axis=1) for name in MEASURES})

    def to_dict(self) -> dict[str, object]:
        """Return what was moved, the best candidate and all of them as plain data."""
        return {
            "policy": self.policy.name,
            "lever": str(self.lever),
            "best_limit": limit_content(self.best_limit),
            "steps": plain_rows(self.to_frame()),
        }


def open_case_log(path: str | Path) -> CaseLog:
    """Open a Parquet file of cases; only what tells a new customer's value is read, block by block.

    Raises
    ------
    InputError
        If it is missing, no Parquet file, empty, or lacks a column that every log must have.
    """
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError:
        raise InputError(f"case file '{path}' does not exist; give the path of a Parquet file") from None
    except (OSError, pa.ArrowInvalid) as error:
        problem = str(error).splitlines()[0]
        raise InputError(f"case file '{path}' cannot be read: {problem}; expected Parquet") from None
    names = file.schema_arrow.names
    for name in ("failure", "item_price", "future_value"):
        if name not in names:
            raise InputError(f"case file '{path}' has no column '{name}'; found: {', '.join(names)}; rename or add it")
    if not file.metadata.num_rows:
        raise InputError(f"case file '{path}' holds no cases; it needs at least one row")
    columns = [name for name in ("future_value", "prior_purchases", "new_customer_value") if name in names]
    totals = np.zeros((2, 2))
    said: set[float] = set()
    for batch in file.iter_batches(_ROWS_IN_A_BLOCK, columns=columns):
        table = batch.to_pandas()
        if "new_customer_value" in table:
            said |= set(table["new_customer_value"].dropna().unique().tolist())
        values = pd.to_numeric(table["future_value"], errors="coerce").to_numpy(dtype=np.float64)
        first = table["prior_purchases"].to_numpy() <= 1 if "prior_purchases" in table else np.ones(len(values), bool)
        totals += [[values[first].sum(), first.sum()], [values.sum(), len(values)]]
    if len(said) > 1:
        values = ", ".join(f"{value:g}" for value in sorted(said)[:2])
        raise InputError(f"case file '{path}': new_customer_value is {values}; it must be the same for all cases")
    sums, counts = totals.T
    chosen = 0 if counts[0] else 1
    newcomer = float(said.pop()) if said else float(sums[chosen] / counts[chosen])
    return CaseLog(Path(path).resolve(), int(file.metadata.num_rows), newcomer)


def evaluate_many(
    policies: Sequence[Policy],
    log: CaseLog,
    scenario: Scenario,
    draws: Draws,
    workers: int | None = None,
    cluster: str | None = None,
    on_progress: Progress | None = None,
) -> list[Outcome]:
    """Evaluate policies over a log of any length, with memory that does not grow with its number of rows.

    Parameters
    ----------
    policies
        They are evaluated in one pass over the file, and their outcomes can be compared with each other.
    log, scenario, draws
        What they are evaluated on.
    workers, cluster
        Threads of this process, or a dask cluster whose workers see the file (see `cluster_workers`).
    on_progress
        Called as blocks of rows are done, counted in rows.

    Raises
    ------
    InputError
        If a cell of the file cannot be used; the message names the rows.

    Notes
    -----
    The same as `evaluate` on all cases at once, except for the order of summation and the polynomial in the waiting
    time: together less than a millionth of the outcome. The outcomes' payoffs are those of a sample of the cases.
    """
    sample = _sample(log, scenario, draws)
    questions = [Question.about(policy, sample) for policy in policies]
    totals = _added_up(questions, log, scenario, draws, workers, cluster, on_progress)
    return [question.outcome(total, sample) for question, total in zip(questions, totals, strict=True)]


def curves_of_many(
    policy: Policy,
    log: CaseLog,
    scenario: Scenario,
    draws: Draws,
    levers: Sequence[Lever],
    limits: Sequence[float] | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    on_progress: Progress | None = None,
) -> dict[Lever, CandidateCurve]:
    """Return outcomes at candidate values of limits over a log of any length, in one pass over the file.

    Parameters
    ----------
    policy
        Its other limits stay as they are.
    levers
        Limits of tiers other than the last.
    limits
        Candidates in money, 0 or more; "ask" is always one. By default up to 200 whole amounts, placed where cases of
        the log use the limit.
    log, scenario, draws, workers, cluster, on_progress
        As for `evaluate_many`.

    Raises
    ------
    InputError
        If a lever is unknown, a limit is below 0, or a cell of the file cannot be used.
    """
    sample = _sample(log, scenario, draws)
    questions = []
    for lever in levers:
        policy.check_lever(lever)
        scenario.check_cell(lever.failure, lever.segment)
        questions.append(Question.about(policy, sample, lever, _candidates(lever, sample, limits)))
    totals = _added_up(questions, log, scenario, draws, workers, cluster, on_progress)
    curves = {}
    for lever, question, total in zip(levers, questions, totals, strict=True):
        money = np.where(question.cents < 0, ASK, question.cents / 100)
        curves[lever] = CandidateCurve(policy, scenario, lever, money, question.means_along(total, sample))
    return curves


def _candidates(lever: Lever, sample: Payoffs, limits: Sequence[float] | None) -> Ints:
    if limits is None:
        uses = sample.uses[..., LIMITS.index(lever.limit)]
        uses = uses[sample.adequate & (uses >= 0)]
        if not len(uses):
            return np.array([-1, 0])
        quantiles = np.quantile(uses, np.linspace(0, 1, _MOST_LIMITS - 1), method="higher")
        return np.unique(np.concatenate([[-1, 0], np.ceil(quantiles / 100).astype(np.int64) * 100]))
    for limit in limits:
        if not 0 <= limit < np.inf:
            raise InputError(f"candidate limit is {limit}; it must be an amount of 0 or more ('ask' always is one)")
    return np.unique([-1, *(to_cents(limit) for limit in limits)])


def _added_up(
    questions: Sequence[Question],
    log: CaseLog,
    scenario: Scenario,
    draws: Draws,
    workers: int | None,
    cluster: str | None,
    on_progress: Progress | None,
) -> list[PartialSums]:
    """Evaluate all blocks of the file, and add them up in their order."""
    blocks = list(_blocks(log))
    work = partial(_sums_of_block, tuple(questions), log, scenario, draws)
    total: list[PartialSums] | None = None
    early: dict[int, list[PartialSums]] = {}
    next_block = done = 0
    with workers_of(workers, cluster) as at_work:
        for block, result in as_they_come(work, blocks, at_work, Event()):
            if isinstance(result, Exception):
                raise result
            done += block.rows
            early[block.number] = result
            while next_block in early:
                total = _joined(total, early.pop(next_block))
                next_block += 1
            if on_progress is not None:
                on_progress("Reading and valuing cases", done, log.rows)
    assert total is not None
    return total


def _joined(total: list[PartialSums] | None, more: list[PartialSums]) -> list[PartialSums]:
    return more if total is None else [mine.plus(its) for mine, its in zip(total, more, strict=True)]


class _Block(NamedTuple):
    """Rows of one group of the file."""

    number: int
    group: int
    first: int
    rows: int
    before: int


def _blocks(log: CaseLog) -> Iterator[_Block]:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(log.path)
    number = before = 0
    for group in range(file.metadata.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        for first in range(0, rows, _ROWS_IN_A_BLOCK):
            count = min(_ROWS_IN_A_BLOCK, rows - first)
            yield _Block(number, group, first, count, before + first)
            number += 1
        before += rows


def _sums_of_block(
    questions: tuple[Question, ...], log: CaseLog, scenario: Scenario, draws: Draws, block: _Block
) -> list[PartialSums]:
    table = _read(log, block.group, block.first, block.rows)
    total: list[PartialSums] | None = None
    for first in range(0, block.rows, _ROWS_AT_ONCE):
        rows = table.slice(first, _ROWS_AT_ONCE)
        payoffs = value_cases(scenario, _cases(log, scenario, rows.to_pandas(), block.before + first), draws)
        total = _joined(total, [question.add_up(payoffs) for question in questions])
    assert total is not None
    return total


def _read(log: CaseLog, group: int, first: int, count: int) -> Any:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(log.path)
    # labels are not needed, and take long to read
    columns = [name for name in file.schema_arrow.names if name != "case"]
    return file.read_row_group(group, columns=columns).slice(first, count)


def _cases(log: CaseLog, scenario: Scenario, table: pd.DataFrame, before: int) -> Cases:
    try:
        cases = read_cases(table.reset_index(drop=True), scenario)
    except InputError as error:
        where = f"rows from {before + 1:,} on of '{log.path.name}'"
        raise InputError(str(error).replace("the table of cases", where)) from None
    return replace(cases, new_customer_value=log.new_customer_value)


def _sample(log: CaseLog, scenario: Scenario, draws: Draws) -> Payoffs:
    """Value a sample of rows from several places of the file."""
    blocks = list(_blocks(log))
    chosen = np.unique(np.linspace(0, len(blocks) - 1, _SAMPLE_PLACES).astype(int))
    count = -(-_SAMPLE // len(chosen))
    tables = [_read(log, blocks[k].group, blocks[k].first, min(count, blocks[k].rows)).to_pandas() for k in chosen]
    for k, piece in zip(chosen, tables, strict=True):
        _cases(log, scenario, piece, blocks[k].before)  # so that an error names its place in the file
    table = pd.concat(tables, ignore_index=True)
    return value_cases(scenario, _cases(log, scenario, table, 0), draws)
