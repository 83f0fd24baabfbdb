"""Inputs: what people name on the command line, read and checked.

In: options. Out: scenarios, logs, settings, policies, numbers. Left to others: what is done with them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from policy_sim.cli.console import note, warnings_as_notes
from policy_sim.currencies import AMOUNTS_A_YEAR

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario
    from policy_sim.border import Progress
    from policy_sim.cli.options import LogReading, LogSource, Sample, ScenarioSource
    from policy_sim.clv import Transactions
    from policy_sim.evidence.case_log import CaseLog
    from policy_sim.policy import Policy, Record
    from policy_sim.service import Cases
    from policy_sim.study import Setting

__all__ = [
    "amount_per_year",
    "format_of_file",
    "note_contradiction",
    "plain_number",
    "prepare",
    "read_policy",
    "read_scenario",
    "read_transactions",
    "split_words",
    "with_values_of",
]


#: Cases of a drawn sample beyond which nothing is meant.
_MOST_CASES = 10_000_000


def read_scenario(source: ScenarioSource) -> Scenario:
    """Return a scenario with the values and ranges that were set; notes say what was read otherwise than as it stands.

    Raises
    ------
    InputError
        If there is no such scenario or assumption, or a value is neither a number nor a range.
    """
    values = _values_set(source.assume or [])
    scenario = _load_scenario(source.scenario)
    changed, remarks = scenario.changed_by(values)
    for name, text in values.items():
        _note_reading(name, text, scenario, changed)
    for remark in remarks:
        note(remark)
    return changed


def _values_set(settings: Sequence[str]) -> dict[str, str]:
    """Return what assumptions are set to, by name, as it was typed."""
    from policy_sim.border import InputError

    values = {}
    for setting in settings:
        name, _, text = (part.strip() for part in setting.partition("="))
        if not name or not text:
            raise InputError(
                f"--set {setting} is not NAME=NUMBER or NAME=RANGE; write, for example, shop.cases_per_year=8000 or "
                "shop.label_cost=5..9"
            )
        values[name] = text
    return values


def _note_reading(name: str, text: str, scenario: Scenario, changed: Scenario) -> None:
    """Say how a range was read, and a share above 1 that has no percent sign."""
    from policy_sim.changing import read_value, reading_words

    old = scenario.assumption(name)
    typed = read_value(name, text, old)
    if typed.is_range or typed.without_sign == "percent":
        note(f"{name}={text} is read as {reading_words(old, changed.assumption(name), typed)}")


def _load_scenario(name: str) -> Scenario:
    """Return a scenario; what keeps it from being read says how much more does, and who names it."""
    from policy_sim.assumptions import load_scenario
    from policy_sim.border import InputError
    from policy_sim.faults import check_scenario_file, to_replace

    try:
        scenario = load_scenario(name)
        count = len(to_replace(scenario))
        if count:
            note(f"{count} of its numbers are only written out to be replaced: policy-sim scenario check {name}")
        return scenario
    except InputError as error:
        try:
            count = len(check_scenario_file(name).faults)
        except InputError:
            count = 1
        if count > 1:
            raise InputError(f"{error}; {count - 1} more: policy-sim scenario check {name} names them all") from None
        raise


def read_transactions(path: Path | None, reading: LogReading, scenario: Scenario) -> Transactions:
    """Return the transactions of a log, or of the CDNOW sample where no file is named; what was odd becomes a note."""
    from policy_sim import clv
    from policy_sim.study import read_default_log

    if path is None:
        return read_default_log(scenario)
    transactions = clv.read_transactions(path, currency=scenario.currency, **reading.arguments())
    for sentence in transactions.reading.sentences:
        note(sentence)
    return transactions


def prepare(scenario: Scenario, log: LogSource, sample: Sample, on_progress: Progress) -> Setting:
    """Return the setting that policies are compared in: real cases, or cases drawn from the log.

    Parameters
    ----------
    scenario, log, sample
        What to read and what to draw.
    on_progress
        Takes words, how much is done and of how much.
    """
    from policy_sim import study
    from policy_sim.service import read_cases

    source: Transactions | Cases
    count = _count_of_cases(sample.cases)
    if count is not None:
        size = study.Sample(count, sample.draws, sample.seed)
        source = read_transactions(log.transactions, log.reading, scenario)
    else:
        size = study.Sample(draws=sample.draws, seed=sample.seed)
        with warnings_as_notes():
            source = read_cases(sample.cases, scenario) if log.transactions is None else _valued(scenario, log, sample)
    with warnings_as_notes():
        return study.prepare(scenario, source, size, model=log.model, on_progress=on_progress)


def read_given(scenario: Scenario, sample: Sample) -> CaseLog | None:
    """Return real cases with what was given in them; none where cases are drawn, or where a note says why."""
    from policy_sim.border import InputError
    from policy_sim.evidence.case_log import read_case_log

    if _count_of_cases(sample.cases) is not None:
        return None
    try:
        return read_case_log(sample.cases, scenario)[0]
    except InputError as error:
        note(f"rules are not held against what people gave: {error}")
        return None


def _valued(scenario: Scenario, log: LogSource, sample: Sample) -> Cases:
    """Return real cases with what their customers were worth right after the order that failed."""
    from policy_sim.evidence.case_log import read_case_log

    cases, unused = read_case_log(sample.cases, scenario)
    if len(unused):
        note(f"{len(unused):,} cases cannot be used ({unused['problem'].iloc[0]})")
    if cases.has_future_value:
        note("Future values are those of the orders; the file's own do not count")
    return with_values_of(cases, read_transactions(log.transactions, log.reading, scenario), scenario, log.model).cases


def with_values_of(log: CaseLog, orders: Transactions, scenario: Scenario, model: str = "bg-nbd") -> CaseLog:
    """Return the cases that have an order, with future values by models fitted to the orders; notes say the rest."""
    from policy_sim.evidence.case_values import with_future_values
    from policy_sim.study import fit_customers

    customers = fit_customers(orders, scenario, model)
    rates = {name: scenario.value(f"shop.{name}") for name in ("margin_share", "discount_rate_per_year")}
    valued, remarks = with_future_values(log, orders, customers.purchases, customers.spend, rates)
    for remark in remarks:
        note(remark)
    return valued


def read_policy(policy: str | Path, scenario: Scenario, is_noted: bool = True, is_checked: bool = True) -> Record:
    """Return a policy of any format with its provenance.

    Parameters
    ----------
    policy
        A name or a file.
    scenario
        What it is checked against.
    is_noted
        Whether changes after export become a note.
    is_checked
        Whether names that the scenario does not know, and limits that fall from a tier to the next, are refused.
    """
    from policy_sim.border import find_file
    from policy_sim.publish import read_file

    path = find_file("policy", policy, "data/policies", ".yaml")
    record = read_file(path).record
    if record.changes and is_noted:
        note(f"{path.name}: {record.warning}")
    note_contradiction(path, record.policy)
    if is_checked:
        record.policy.check_names(scenario, path.name)
        record.policy.check_order(scenario.failures, [segment.name for segment in scenario.segments], path.name)
    return record


def note_contradiction(path: Path, policy: Policy) -> None:
    """Say that files beside one that was read say something else of the same version, where they do."""
    from policy_sim.publish import contradiction, format_of_published

    if format_of_published(path, policy.name, policy.version) is not None:
        words = contradiction(path.parent, policy.name, policy.version)
        if words:
            note(words)


def format_of_file(path: Path) -> str:
    """Return the format of a policy file by the ending of its name."""
    from policy_sim.border import InputError
    from policy_sim.publish import FORMATS

    name = path.name.removesuffix(".yml") + ".yaml" if path.suffix == ".yml" else path.name
    for known in sorted(FORMATS.values(), key=lambda known: -len(known.ending)):
        if name.endswith(known.ending):
            return known.name
    endings = ", ".join(known.ending for known in FORMATS.values())
    raise InputError(f"'{path}' has no ending of a policy file; expected one of: {endings}")


def plain_number(text: str) -> float | None:
    """Return the finite number that text says in plain digits; none where it says something else."""
    if not re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", text, re.ASCII):
        return None
    number = float(text)
    return number if isfinite(number) else None


def _count_of_cases(text: str) -> int | None:
    """Return how many cases to draw; none where a file is named.

    Raises
    ------
    InputError
        If it is a number, but not one of cases.
    """
    from policy_sim.border import InputError, is_file

    number = plain_number(text)
    if number is None or is_file(text):
        if not is_file(text) and not Path(text).suffix:
            raise InputError(
                f"--cases '{text}' is neither a whole number nor a file; expected how many cases to draw, or a file of "
                "real cases (CSV, Parquet)"
            )
        return None
    if not 1 <= number <= _MOST_CASES or number != round(number):
        raise InputError(f"number of cases is {text}; it must be a whole number from 1 to {_MOST_CASES:,} (--cases)")
    return int(number)


def split_words(text: str | None, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the words between commas, or the default where there is no text."""
    return default if text is None else tuple(word.strip() for word in text.split(",") if word.strip())


def amount_per_year(option: str, text: str | None) -> float | None:
    """Return an amount a year: 250000, 250000/year, 20000/month; none where the option was left out."""
    from policy_sim.border import InputError

    if text is None:
        return None
    number, _, period = text.partition("/")
    periods = {"": 1, "year": 1, "month": 12}
    value = plain_number(number.replace(",", ""))
    if value is None or not AMOUNTS_A_YEAR[0] <= value <= AMOUNTS_A_YEAR[1] or period.strip() not in periods:
        raise InputError(
            f"{option} {text} is not an amount above 0 a year or month; expected a hundredth to 1e15, for example "
            "250000/year"
        )
    return value * periods[period.strip()]
