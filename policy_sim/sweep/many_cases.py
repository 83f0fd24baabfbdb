"""Many cases: policies evaluated, and curves drawn, over a case log larger than memory.

In: a Parquet file of cases, a scenario, draws, policies or limits. Out: `Outcome` as from `evaluate`, `CandidateCurve`.
Left to others: a log that fits (`service.read_cases`, `value`), which limits are best (`value.best_limits`).

What a policy brings is a sum over cases, and so is what a limit changes where it passes an amount: blocks of rows are
worked out by themselves and added up, in their order, on however many threads or machines. Only the wait for the
second line couples cases: a few spread rows tell roughly how long it will be, all blocks are worked out under a few
waits about that, and what the true load makes of it is read from a polynomial through these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
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
from policy_sim.sweep.workers import Workers, as_they_come, cluster_workers, thread_workers
from policy_sim.value import Outcome, Payoffs, measure, value_cases
from policy_sim.value.curves import best_step, stages_of_lever
from policy_sim.value.escalation_queue import (
    WaitNodes,
    escalation_queue,
    is_waiting,
    masked,
    supervisor_minutes,
    with_wait,
)
from policy_sim.value.handling import Handling, policy_arrays_of
from policy_sim.value.scoring import score
from policy_sim.words import LIMITS, MEASURES

__all__ = ["CandidateCurve", "CaseLog", "curves_of_many", "evaluate_many", "open_case_log"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROWS_AT_ONCE = 10_000  # valued together
_ROWS_IN_A_BLOCK = 100_000  # that one worker takes
_SAMPLE = 10_000  # rows that tell roughly how long people wait
_SAMPLE_PLACES = 10  # of the file that these come from
_MARGIN = 0.05  # of the load, by which the sample may be off
_MOST_LIMITS = 200  # candidates that are tried where none are given


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
        What was moved, and where.
    limits
        (limits,) the candidates in money, rising; the first is `ASK`.
    means
        (limits, measures, draws) mean over all cases.
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
    """Look at a Parquet file of cases, without reading more than two of its columns, block by block.

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
    columns = [name for name in ("future_value", "prior_purchases") if name in names]
    totals = np.zeros((2, 2))
    for batch in file.iter_batches(_ROWS_IN_A_BLOCK, columns=columns):
        table = batch.to_pandas()
        values = pd.to_numeric(table["future_value"], errors="coerce").to_numpy(dtype=np.float64)
        first = table["prior_purchases"].to_numpy() <= 1 if "prior_purchases" in table else np.ones(len(values), bool)
        totals += [[values[first].sum(), first.sum()], [values.sum(), len(values)]]
    whole, counts = totals.T
    chosen = 0 if counts[0] else 1
    return CaseLog(Path(path).resolve(), int(file.metadata.num_rows), float(whole[chosen] / counts[chosen]))


def evaluate_many(
    policies: Sequence[Policy],
    log: CaseLog,
    scenario: Scenario,
    draws: Draws,
    workers: int | None = None,
    cluster: str | None = None,
    on_progress: Progress | None = None,
) -> list[Outcome]:
    """Evaluate policies over a log of any length; memory does not grow with its rows.

    Parameters
    ----------
    policies
        All in one reading; their outcomes can be compared with each other.
    log, scenario, draws
        What to evaluate them on.
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
    The same as `evaluate` on all of the cases at once, but for the order of the sums and the polynomial in the wait:
    together less than a millionth of the outcome. The outcomes' payoffs are those of a few of the cases.
    """
    few = _sample(log, scenario, draws)
    questions = [_Question(policy, None, np.zeros(0, dtype=np.int64), None) for policy in policies]
    asked = [_with_waits(question, few) for question in questions]
    tallies = _added_up(asked, log, scenario, draws, workers, cluster, on_progress)
    outcomes = []
    shape = (len(scenario.failures), len(scenario.segments))
    for question, tally in zip(asked, tallies, strict=True):
        minutes = tally.minutes.sum(axis=0) / log.rows
        queue = escalation_queue(few, minutes)
        sums = tally.at_once + _weighed(tally.waiting, question, queue.mean_wait_hours[None])
        counts = tally.counts.reshape(shape)
        outcomes.append(Outcome(question.policy, few, sums.reshape(*shape, *sums.shape[1:]), counts, queue))
    return outcomes


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
    """Return what each lever brings at candidate limits, over a log of any length, in one reading.

    Parameters
    ----------
    policy
        Everything but the lever stays as it is here.
    levers
        Limits of tiers other than the last.
    limits
        Candidates in money, 0 or more; "ask" always is one. Where not given, up to 200 whole amounts, placed where
        cases of the log draw on the limit.
    log, scenario, draws, workers, cluster, on_progress
        As for `evaluate_many`.

    Raises
    ------
    InputError
        If a lever is unknown, a limit is below 0, or a cell of the file cannot be used.
    """
    few = _sample(log, scenario, draws)
    asked = []
    for lever in levers:
        policy.check_lever(lever)
        scenario.check_cell(lever.failure, lever.segment)
        asked.append(_with_waits(_Question(policy, lever, _candidates(lever, few, limits), None), few))
    tallies = _added_up(asked, log, scenario, draws, workers, cluster, on_progress)
    curves = {}
    for lever, question, tally in zip(levers, asked, tallies, strict=True):
        minutes = np.cumsum(tally.minutes, axis=0) / log.rows
        wait = escalation_queue(few, minutes).mean_wait_hours
        sums = np.cumsum(tally.at_once, axis=0) + _weighed(np.cumsum(tally.waiting, axis=1), question, wait)
        money = np.where(question.cents < 0, ASK, question.cents / 100)
        # what lies beyond the last candidate is not told
        curves[lever] = CandidateCurve(policy, scenario, lever, money, sums[:-1] / log.rows)
    return curves


class _Question(NamedTuple):
    """What is asked of each block: a policy as it is, or with one lever at each of some cents (the first -1).

    `waits` are the lowest and highest waits (2, draws) that are reckoned with.
    """

    policy: Policy
    lever: Lever | None
    cents: Ints
    waits: Floats | None


class _Tally(NamedTuple):
    """Sums over cases: by place (cell, or candidate and one beyond), draws last.

    Supervisor minutes (places, padded draws); measures of what is done at once (places, measures, draws); of what waits
    (nodes, places, measures, draws); cases by cell.
    """

    minutes: Floats
    at_once: Floats
    waiting: Floats
    counts: Ints


def _tally(question: _Question, payoffs: Payoffs) -> _Tally:
    """Add up what a question comes to over some cases."""
    cells = len(payoffs.scenario.failures) * len(payoffs.scenario.segments)
    if question.lever is None:
        handling = Handling.of(question.policy, payoffs)
        rules, assignments = handling.arrays, handling.assignments(handling.arrays.cell)
        places = cells
    else:
        rules = policy_arrays_of(question.policy, payoffs)
        assignments, cents = stages_of_lever(question.policy, payoffs, question.lever, rules)
        assignments = assignments._replace(place=np.searchsorted(question.cents, cents, side="left")[assignments.place])
        places = len(question.cents) + 1
    counts = np.bincount(rules.cell, minlength=cells)
    minutes = supervisor_minutes(payoffs, assignments, places)
    empty = np.zeros((places, len(MEASURES), len(payoffs.draws)))
    if question.waits is None:
        return _Tally(minutes, empty, empty[None], counts)
    waits = is_waiting(payoffs, assignments)
    at_once = score(payoffs, rules, masked(assignments, ~waits), places, payoffs.draw_arrays)
    passed_on = masked(assignments, waits)
    nodes = WaitNodes.between(*question.waits)
    waiting = [score(payoffs, rules, passed_on, places, with_wait(payoffs, hours)) for hours in nodes.hours]
    return _Tally(minutes, at_once, np.stack(waiting), counts)


def _weighed(values: Floats, question: _Question, wait: Floats) -> Floats:
    """Return what values (nodes, places, measures, draws) are at waits (places or 1, draws)."""
    assert question.waits is not None
    out = np.zeros(values.shape[1:])
    for value, weight in zip(values, WaitNodes.between(*question.waits).weights(wait), strict=True):
        out += value * weight[:, None]
    return out


def _with_waits(question: _Question, few: Payoffs) -> _Question:
    """Say between which waits the answer will lie, from what a few cases make of the load."""
    minutes = _tally(question, few).minutes
    along = minutes.sum(axis=0, keepdims=True) if question.lever is None else np.cumsum(minutes, axis=0)
    loads = along[:, : len(few.draws)] / len(few.cases)
    least, most = loads.min(axis=0) * (1 - _MARGIN), loads.max(axis=0) * (1 + _MARGIN)
    wait = escalation_queue(few, np.stack([least, most])).mean_wait_hours
    return question._replace(waits=wait)


def _candidates(lever: Lever, few: Payoffs, limits: Sequence[float] | None) -> Ints:
    if limits is None:
        drawn = few.choice_sets.uses[..., LIMITS.index(lever.limit)]
        drawn = drawn[few.choice_sets.adequate & (drawn >= 0)]
        if not len(drawn):
            return np.array([-1, 0])
        spread_out = np.quantile(drawn, np.linspace(0, 1, _MOST_LIMITS - 1), method="higher")
        return np.unique(np.concatenate([[-1, 0], np.ceil(spread_out / 100).astype(np.int64) * 100]))
    for limit in limits:
        if not 0 <= limit < np.inf:
            raise InputError(f"candidate limit is {limit}; it must be an amount of 0 or more ('ask' always is one)")
    return np.unique([-1, *(to_cents(limit) for limit in limits)])


def _added_up(
    questions: Sequence[_Question],
    log: CaseLog,
    scenario: Scenario,
    draws: Draws,
    workers: int | None,
    cluster: str | None,
    on_progress: Progress | None,
) -> list[_Tally]:
    """Add up all blocks of the file, in their order, as they come."""
    blocks = list(_blocks(log))
    work = partial(_block_tally, tuple(questions), log, scenario, draws)
    who: AbstractContextManager[Workers] = thread_workers(workers) if cluster is None else cluster_workers(cluster)
    total: list[_Tally] | None = None
    early: dict[int, list[_Tally]] = {}
    next_block = done = 0
    with who as at_work:
        for block, result in as_they_come(work, blocks, at_work, Event()):
            if isinstance(result, Exception):
                raise result
            done += block.rows
            early[block.number] = result
            while next_block in early:
                found = early.pop(next_block)
                total = found if total is None else [_sum(*pair) for pair in zip(total, found, strict=True)]
                next_block += 1
            if on_progress is not None:
                on_progress("Reading and valuing cases", done, log.rows)
    assert total is not None
    return total


def _sum(one: _Tally, other: _Tally) -> _Tally:
    return _Tally(
        one.minutes + other.minutes,
        one.at_once + other.at_once,
        one.waiting + other.waiting,
        one.counts + other.counts,
    )


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


def _block_tally(
    questions: tuple[_Question, ...], log: CaseLog, scenario: Scenario, draws: Draws, block: _Block
) -> list[_Tally]:
    table = _read(log, block.group, block.first, block.rows)
    total: list[_Tally] | None = None
    for first in range(0, block.rows, _ROWS_AT_ONCE):
        rows = table.slice(first, _ROWS_AT_ONCE)
        payoffs = value_cases(scenario, _cases(log, scenario, rows.to_pandas(), block.before + first), draws)
        found = [_tally(question, payoffs) for question in questions]
        total = found if total is None else [_sum(*pair) for pair in zip(total, found, strict=True)]
    assert total is not None
    return total


def _read(log: CaseLog, group: int, first: int, count: int) -> Any:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(log.path)
    # labels are of no use here, and take long
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
    """Value a few rows, spread over the file."""
    blocks = list(_blocks(log))
    chosen = np.unique(np.linspace(0, len(blocks) - 1, _SAMPLE_PLACES).astype(int))
    each = -(-_SAMPLE // len(chosen))
    tables = [_read(log, blocks[k].group, blocks[k].first, min(each, blocks[k].rows)).to_pandas() for k in chosen]
    for k, piece in zip(chosen, tables, strict=True):
        _cases(log, scenario, piece, blocks[k].before)  # so that a fault is told with its place
    table = pd.concat(tables, ignore_index=True)
    return value_cases(scenario, _cases(log, scenario, table, 0), draws)
