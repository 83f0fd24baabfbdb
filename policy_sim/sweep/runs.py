"""Runs: the outcomes of each row of a design.

In: a resolved design. Out: tasks of a few seconds, each some rows of the design; a table of results for each task.
Left to others: which rows there are (`design`), where tasks run (`workers`), keeping the results (`folder`).

Rows with the same scenario share its cases and the choices of its agents, which are worked out once in each process. Of
these, rows with the same true values of the assumptions ("a world") share their payoffs. Several worlds are evaluated
in one pass, as the draws of a study are. Which rows go together depends on the design alone, so that results do not
depend on the workers, nor on their number.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim import __version__
from policy_sim.assumptions import Draws, Scenario, central, draw_assumptions
from policy_sim.border import InputError, guarded
from policy_sim.clv import read_transactions
from policy_sim.policy import Lever, Policy, to_cents
from policy_sim.service import read_cases
from policy_sim.study.prepare import (
    Customers,
    Sample,
    cases_of,
    draw_setting,
    fit_customers,
    prepare,
    read_default_log,
)
from policy_sim.sweep.design import ResolvedDesign, is_lever, is_missing, is_plain
from policy_sim.value import Outcome, Payoffs, evaluate, interval, threshold_curve, value_cases
from policy_sim.words import OUTCOMES

__all__ = ["Job", "Task", "job_of", "run_task", "with_limits"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Item = TypeVar("Item")

_DRAWS_AT_ONCE = 200  # draws, of all worlds together, in one pass
_TASK_SECONDS = 2.0
#: Rough times by which tasks are cut: seconds per case for so many draws, factor for a curve, seconds per scenario.
_SECONDS_PER_CASE, _DRAWS_OF_THESE, _CURVE_FACTOR, _SETTING_SECONDS = 4e-6, 40, 4.0, 0.1
_CASES_OF_A_FILE = 10_000  # assumed number of cases in a file, by which tasks are cut
_ENOUGH = 0.01  # share of what a limit can bring that may be forgone
_CACHE_SIZE = 4
#: Factors whose values are names.
_NAMES = ("scenario", "policy")
#: Assumptions about the shop by which the customers of a log are valued.
_CUSTOMER_ASSUMPTIONS = ("margin_share", "discount_rate_per_year", "sample_price_factor")


class Task(NamedTuple):
    """Rows that one worker evaluates together.

    Attributes
    ----------
    key
        Fingerprint of everything that affects the results.
    groups
        Rows of each pass: they have one scenario and at most as many worlds as fit one pass.
    table
        The factors of these rows, by row, and `run`, the key of each.
    costs
        Estimated seconds of each pass, up to a common factor.
    is_prepared_once
        Whether the design has so few scenarios that all of them stay in the cache.
    """

    key: str
    groups: tuple[Ints, ...]
    table: pd.DataFrame
    costs: tuple[float, ...]
    is_prepared_once: bool


@dataclass(frozen=True)
class Job:
    """All that is needed to evaluate any row of a design; plain data that can be sent to workers.

    Attributes
    ----------
    resolved
        The design with all that it names.
    log_digest
        Fingerprint of the files of orders and cases that it names.
    """

    resolved: ResolvedDesign
    log_digest: str

    @cached_property
    def run_keys(self) -> tuple[str, ...]:
        """The fingerprint of each row: of scenario, policy, factors, cases, draws, seed and version."""
        design, scenarios, policies, rows = self.resolved
        shared = {
            "version": __version__,
            "outcomes": design.outcomes,
            "cases": design.cases if isinstance(design.cases, int) else "",
            "draws": design.draws,
            "seed": design.seed,
            "agents_know": design.agents_know,
            "log": self.log_digest,
        }
        scenario_prints = {where: scenario.fingerprint for where, scenario in scenarios.items()}
        policy_prints = {
            where: {name: policy.fingerprint for name, policy in by_name.items()} for where, by_name in policies.items()
        }
        keys = []
        for row in rows.to_dict("records"):
            where, what = _scenario_of(row, design.scenario), _policy_of(row, design.policy)
            content = shared | {
                "scenario": scenario_prints[where],
                "policy": policy_prints[where][what],
                "against": "" if design.against is None else policy_prints[where][design.against],
                "row": {
                    name: repr(value) for name, value in row.items() if name not in _NAMES and not is_missing(value)
                },
            }
            keys.append(hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:20])
        return tuple(keys)

    @property
    def key(self) -> str:
        """The fingerprint of the whole job."""
        return _digest(self.run_keys)

    @property
    def without_rows(self) -> Job:
        """The same job as it is sent to workers: tasks hold their own rows."""
        return Job(self.resolved._replace(rows=self.resolved.rows.iloc[:0]), self.log_digest)

    def tasks(self) -> list[Task]:
        """Cut the rows into tasks, in a way that depends on the design alone."""
        tasks: list[Task] = []
        groups: list[Ints] = []
        costs: list[float] = []
        passes, setting_count = self._passes()
        is_prepared_once = setting_count <= _CACHE_SIZE
        for group, cost in passes:
            if groups and sum(costs) + cost > _TASK_SECONDS:
                tasks.append(self._task(groups, costs, is_prepared_once))
                groups, costs = [], []
            groups.append(group)
            costs.append(cost)
        return [*tasks, self._task(groups, costs, is_prepared_once)]

    def _task(self, groups: list[Ints], costs: list[float], is_prepared_once: bool) -> Task:
        order = np.sort(np.concatenate(groups))
        table = self.resolved.rows.loc[order].copy()
        keys = [self.run_keys[row] for row in order]
        table.insert(0, "run", keys)
        return Task(_digest(keys), tuple(groups), table, tuple(costs), is_prepared_once)

    def _passes(self) -> tuple[list[tuple[Ints, float]], int]:
        """Return rows and estimated seconds of each pass, scenario by scenario, and how many scenarios there are."""
        design, rows = self.resolved.design, self.resolved.rows
        settings: dict[object, dict[object, list[int]]] = {}
        policy_names = [name for name in rows.columns if name == "policy" or is_lever(name)]
        policies = _tuples(rows, policy_names)
        for position, row in enumerate(rows.to_dict("records")):
            where = _scenario_of(row, design.scenario)
            known, truth = _split(row, self.resolved.scenarios[where], design.agents_know)
            settings.setdefault((where, known), {}).setdefault(truth, []).append(position)
        at_once = max(1, _DRAWS_AT_ONCE // design.draws)
        cases = design.cases if isinstance(design.cases, int) else _CASES_OF_A_FILE
        passes_each = 1 + _CURVE_FACTOR * len(design.levers) + ("gain" in design.outcomes)
        groups = []
        for worlds in settings.values():
            listed = list(worlds.values())
            preparing = _SETTING_SECONDS if len(settings) > _CACHE_SIZE else 0.0
            for first in range(0, len(listed), at_once):
                group = np.array([row for world in listed[first : first + at_once] for row in world], dtype=np.int64)
                per_policy = pd.Series([policies[row] for row in group]).value_counts()
                passes = np.ceil(per_policy.to_numpy() * design.draws / _DRAWS_OF_THESE).sum()
                groups.append((np.sort(group), float(passes * passes_each * cases * _SECONDS_PER_CASE) + preparing))
                preparing = 0.0
        return groups, len(settings)


def job_of(resolved: ResolvedDesign) -> Job:
    """Make a job of a resolved design, with the fingerprint of the files of orders and cases that it names.

    Raises
    ------
    InputError
        If a file that the design names cannot be read.
    """
    design = resolved.design
    digest = hashlib.sha256()
    for path in (design.transactions, design.cases):
        if isinstance(path, str):
            with guarded(f"file '{path}' of the design {design.name}", "a log of orders or cases"):
                digest.update(Path(path).read_bytes())
    return Job(resolved, digest.hexdigest()[:16])


def with_limits(policy: Policy, moved: Mapping[Lever, float]) -> Policy:
    """Return a policy with other general limits (money); those of higher tiers are raised with them.

    A limit that was drawn from a range stands for the cent below it, which permits the same.

    Raises
    ------
    InputError
        If a lever is unknown or a limit below 0.
    """
    for lever, value in moved.items():
        policy = policy.with_limit(lever, to_cents(value) / 100 if math.isfinite(value) else value)
    for limit in dict.fromkeys(lever.limit for lever in moved):
        for below, above in zip(policy.tier_names[:-2], policy.tier_names[1:-1], strict=True):
            least = policy.limit(below, limit)
            if policy.limit(above, limit) < least:
                policy = policy.with_limit(Lever(above, limit), least)
    return policy


def run_task(job: Job, task: Task) -> pd.DataFrame:
    """Evaluate the rows of a task.

    Returns
    -------
    pandas.DataFrame
        run (the row's key), row, a column for each factor and each outcome, error (empty, or why the outcomes are
        missing).
    """
    design = job.resolved.design
    table = task.table.copy()
    results = pd.DataFrame(np.nan, index=table.index, columns=pd.Index(design.columns), dtype=np.float64)
    errors = pd.Series("", index=table.index, dtype=object)
    for group in task.groups:
        _run_group(job, group, table.loc[group].drop(columns="run"), results, errors)
    for name in _NAMES:
        if name in table:
            table[name] = table[name].fillna(getattr(design, name)).astype(object)
    table.insert(1, "row", table.index)
    table = pd.concat([table, results], axis=1)
    table["error"] = errors
    return table.reset_index(drop=True)


def _run_group(job: Job, group: Ints, rows: pd.DataFrame, results: pd.DataFrame, errors: pd.Series) -> None:
    """Fill in the results of rows that share a scenario; a row that fails leaves its error, and the others go on."""
    design = job.resolved.design
    records = rows.to_dict("records")
    where = _scenario_of(records[0], design.scenario)
    scenario = job.resolved.scenarios[where]
    known = _split(records[0], scenario, design.agents_know)[0]
    try:
        prepared = _prepared(job, where, known)
    except Exception as error:
        errors.loc[group.tolist()] = _in_words(error)
        return
    truths = [_split(row, scenario, design.agents_know)[1] for row in records]
    worlds = list(dict.fromkeys(truths))
    place = np.array([worlds.index(truth) for truth in truths]) if len(worlds) > 1 else np.zeros(len(truths), int)
    shared = _Worlds(prepared, worlds)
    policy_names = [name for name in rows.columns if name == "policy" or is_lever(name)]
    by_policy: dict[object, list[int]] = {}
    for k, key in enumerate(_tuples(rows, policy_names)):
        by_policy.setdefault(key, []).append(k)
    for members in by_policy.values():
        of_group = np.array(members)
        try:
            policy = _policy(job, where, records[members[0]])
            results.loc[group[of_group]] = _results(job, shared, where, policy, place[of_group])
        except Exception:
            _one_by_one(job, shared, where, group, of_group, records, place, results, errors)


def _one_by_one(
    job: Job,
    shared: _Worlds,
    where: str,
    group: Ints,
    members: Ints,
    records: Sequence[Mapping[Any, Any]],
    place: Ints,
    results: pd.DataFrame,
    errors: pd.Series,
) -> None:
    for k in members:
        try:
            policy = _policy(job, where, records[k])
            results.loc[group[[k]]] = _results(job, shared, where, policy, place[[k]])
        except Exception as error:
            errors.loc[group[k]] = _in_words(error)


def _results(job: Job, shared: _Worlds, where: str, policy: Policy, place: Ints) -> Floats:
    """Return the outcomes (rows, columns) of one policy; `place` is the world of each row."""
    design = job.resolved.design
    needed, back = np.unique(place, return_inverse=True)
    payoffs = shared.payoffs(needed)
    shape = (len(needed), design.draws)
    yearly = payoffs.draws["shop.cases_per_year"]
    outcome = evaluate(policy, payoffs)
    columns: dict[str, Floats] = {}
    for name in design.outcomes:
        if not is_plain(name):
            continue
        if name == "gain":
            assert design.against is not None
            baseline = shared.net_value(job.resolved.policies[where][design.against])
            values = outcome.per_case().reshape(shape) - baseline.reshape(-1, design.draws)[needed]
            values = values * yearly.reshape(shape)
        else:
            values = outcome.per_case(name).reshape(shape)
            values = values if OUTCOMES[name].unit == "share" else values * yearly.reshape(shape)
        columns[name] = values.mean(axis=1)
        if design.draws > 1:
            ends = np.array([interval(of_world) for of_world in values])
            columns[f"{name}_low"], columns[f"{name}_high"] = ends.T
    for word in design.levers:
        best, enough = _best(outcome, Lever(*word.split(".")), shape)
        columns |= {f"best.{word}": best, f"enough.{word}": enough}
    return np.column_stack([columns[name] for name in design.columns])[back]


def _best(outcome: Outcome, lever: Lever, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return (worlds,) the best limit in money, 0 for "ask", and the lowest limit that is nearly as good."""
    curve = threshold_curve(outcome, lever)
    low, high = outcome.policy.bounds(lever)
    first, last = curve.step(low), curve.step(high) + 1
    net = curve.per_case()[first:last].reshape(-1, *shape).mean(axis=2)
    limits = np.maximum(curve.limits[first:last], max(low, 0.0))
    enough = net >= net.max(axis=0) - _ENOUGH * (net.max(axis=0) - net.min(axis=0))
    return limits[net.argmax(axis=0)], limits[enough.argmax(axis=0)]


class _Prepared(NamedTuple):
    """A scenario with valued cases.

    Attributes
    ----------
    payoffs
        Of the cases, under `draws`.
    draws
        Assumptions before a row puts its own values in.
    ratios
        (customers, draws) future values under errors of the customer models; None where there are none.
    """

    payoffs: Payoffs
    draws: Draws
    ratios: Floats | None


class _Worlds:
    """Payoffs in several worlds (true values of some assumptions), worked out when they are first needed."""

    def __init__(self, prepared: _Prepared, truths: Sequence[tuple[tuple[str, float], ...]]) -> None:
        self._prepared = prepared
        self._truths = truths
        self._all: Payoffs | None = None
        self._net_values: dict[str, Floats] = {}

    def payoffs(self, needed: Ints) -> Payoffs:
        """Return the payoffs of some worlds, one block of draws for each."""
        if len(needed) < len(self._truths):
            return self._under(needed)
        if self._all is None:
            self._all = self._under(needed)
        return self._all

    def net_value(self, policy: Policy) -> Floats:
        """Return (worlds * draws,) the mean net value per case of a policy in all worlds."""
        if policy.name not in self._net_values:
            everywhere = self.payoffs(np.arange(len(self._truths)))
            self._net_values[policy.name] = evaluate(policy, everywhere).per_case()
        return self._net_values[policy.name]

    def _under(self, needed: Ints) -> Payoffs:
        draws, count = self._prepared.draws, len(self._prepared.draws)
        values = np.tile(draws.values, (len(needed), 1))
        for k, world in enumerate(needed):
            for name, value in self._truths[world]:
                values[k * count : (k + 1) * count, draws.names.index(name)] = value
        ratios = None if self._prepared.ratios is None else np.tile(self._prepared.ratios, (1, len(needed)))
        return self._prepared.payoffs.under(Draws(draws.names, values), ratios)


_settings: OrderedDict[object, _Prepared] = OrderedDict()
_customers: OrderedDict[object, Customers] = OrderedDict()
_lock = threading.RLock()


def forget_settings() -> None:
    """Clear the cache of scenarios with valued cases."""
    with _lock:
        _settings.clear()


def _prepared(job: Job, where: str, known: tuple[tuple[str, float], ...]) -> _Prepared:
    """Return the valued cases of a scenario; the last few are cached, and threads wait for each other."""
    design = job.resolved.design
    scenario = job.resolved.scenarios[where]
    key = (scenario.fingerprint, known, job.log_digest, design.cases, design.draws, design.seed)
    return _cached(_settings, key, lambda: _prepare(job, scenario.with_values(dict(known))))


def _cached(store: OrderedDict[object, Item], key: object, make: Callable[[], Item]) -> Item:
    """Return the entry of a cache, after making it if necessary; the least recently used are dropped."""
    with _lock:
        if key not in store:
            store[key] = make()
            while len(store) > _CACHE_SIZE:
                store.popitem(last=False)
        store.move_to_end(key)
        return store[key]


def _prepare(job: Job, scenario: Scenario) -> _Prepared:
    design = job.resolved.design
    if isinstance(design.cases, str):
        sample = Sample(draws=design.draws, seed=design.seed)
        setting = prepare(scenario, read_cases(design.cases, scenario), sample)
        if design.draws == 1:
            return _Prepared(setting.payoffs, central(scenario), None)
    else:
        priced = [scenario.value(f"shop.{name}") for name in _CUSTOMER_ASSUMPTIONS]
        customers = _cached(_customers, (job.log_digest, scenario.currency, *priced), lambda: _fitted(job, scenario))
        if design.draws == 1:
            _, cases = cases_of(scenario, customers, Sample(design.cases, design.draws, design.seed))
            return _Prepared(value_cases(scenario, cases, central(scenario)), central(scenario), None)
        setting = draw_setting(scenario, customers, Sample(design.cases, design.draws, design.seed))
    ratios = None if setting.customers is None else setting.payoffs.value_ratios
    return _Prepared(setting.payoffs, draw_assumptions(scenario, design.draws, design.seed), ratios)


def _fitted(job: Job, scenario: Scenario) -> Customers:
    path = job.resolved.design.transactions
    log = read_default_log(scenario) if path is None else read_transactions(path, currency=scenario.currency)
    return fit_customers(log, scenario)


def _policy(job: Job, where: str, row: Mapping[Any, Any]) -> Policy:
    """Return the policy of a row."""
    policy = job.resolved.policies[where][_policy_of(row, job.resolved.design.policy)]
    moved = {name: value for name, value in row.items() if is_lever(name) and not is_missing(value)}
    return with_limits(policy, {Lever(*name.split(".")): value for name, value in moved.items()})


def _split(
    row: Mapping[Any, Any], scenario: Scenario, agents_know: bool
) -> tuple[tuple[tuple[str, float], ...], tuple[tuple[str, float], ...]]:
    """Return the assumptions of a row that everybody knows, and those whose values are true but unknown (a world)."""
    known: list[tuple[str, float]] = []
    truth: list[tuple[str, float]] = []
    for name, value in row.items():
        if name in _NAMES or is_lever(name) or is_missing(value):
            continue
        is_known = agents_know or scenario.assumption(name).distribution == "chosen"
        (known if is_known else truth).append((str(name), float(value)))
    return tuple(known), tuple(truth)


def _scenario_of(row: Mapping[Any, Any], default: str) -> str:
    value = row.get("scenario")
    return default if is_missing(value) else str(value)


def _policy_of(row: Mapping[Any, Any], default: str) -> str:
    value = row.get("policy")
    return default if is_missing(value) else str(value)


def _tuples(rows: pd.DataFrame, names: Sequence[str]) -> list[tuple[object, ...]]:
    """Return the values of some factors in each row, None where missing, as tuples that can be compared."""
    columns = [[None if is_missing(value) else value for value in rows[name].tolist()] for name in names]
    return list(zip(*columns, strict=True)) if columns else [()] * len(rows)


def _digest(keys: Sequence[str]) -> str:
    return hashlib.sha256("".join(keys).encode()).hexdigest()[:20]


def _in_words(error: Exception) -> str:
    words = str(error).replace("\n", " ")
    return words if isinstance(error, InputError) else f"{type(error).__name__}: {words}"
