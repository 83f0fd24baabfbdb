"""The command on cases: decide.

In: a policy or a folder of its versions, a file of cases. Out: every case of the file with who decides it, or why it is
not decided. Left to others: deciding (`policy`, `value`), reading cases (`cells`, `service`), formats (`publish`).
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from policy_sim.cli.console import note, progress_bar, warnings_as_notes
from policy_sim.cli.files import check_out, write_or_print
from policy_sim.cli.inputs import read_policy, read_scenario
from policy_sim.cli.options import OutFile, ScenarioSource

if TYPE_CHECKING:
    import pandas as pd

    from policy_sim.assumptions import Scenario

__all__ = ["decide"]


def decide(
    policy: Annotated[
        str, typer.Argument(help="A policy: a name, a file, or with --rules-only a folder of versions (by order_date).")
    ],
    cases: Annotated[Path, typer.Argument(help="Cases (CSV, Parquet).")],
    *,
    source: ScenarioSource,
    rules_only: Annotated[
        bool, typer.Option("--rules-only", help="Only who may decide: cases have the columns asked_for and amount.")
    ] = False,
    out: OutFile = None,
) -> None:
    """For each case: who decides, what is allowed under which rule, and the recommended resolution.

    Written as CSV, or by the ending of --out as .xlsx or .parquet. Exit status 1: some cases are not decided, for the
    reason in their column not_decided_because; 2: the input cannot be used at all.
    """
    from policy_sim.policy import REASON

    check_out(out)
    with progress_bar(2) as begin:
        begin("Reading cases")
        scenario = read_scenario(source)
        begin("Deciding")
        table = _decide_by_rules(policy, cases, scenario) if rules_only else _decide_by_payoff(policy, cases, scenario)
    _write(table, out, None if rules_only else "%.2f")
    undecided = int((table[REASON] != "").sum())
    if undecided:
        note(f"{undecided:,} of {len(table):,} cases are not decided; the column {REASON} says why")
        sys.exit(1)


def _decide_by_rules(policy: str, path: Path, scenario: Scenario) -> pd.DataFrame:
    """Return who may decide each case and what to give, by a policy, or by the version live on the day of the order."""
    from policy_sim.border import is_folder
    from policy_sim.cells import read_table
    from policy_sim.policy import Decider, decide_by_date, decide_table
    from policy_sim.publish import load_versions, vocabulary_of
    from policy_sim.words import GUARD_FACTS, RULE_FACTS

    names = vocabulary_of(scenario)
    asked = ("failure", "segment", "asked_for", "amount", "order_date", "ask", *GUARD_FACTS, *RULE_FACTS)
    cells = read_table("file of cases", path, asked)
    if cells.empty_count:
        note(f"{cells.empty_count:,} lines of '{path.name}' without anything were left out")
    if is_folder(policy):
        with warnings_as_notes():
            versions = load_versions(policy, scenario)
        currency = versions.policies[0].currency
        decided = decide_by_date(versions, names.failures, names.segments, cells.rows, cells.has_commas)
    else:
        decider = Decider(read_policy(policy, scenario).policy, names.failures, names.segments)
        currency = decider.policy.currency
        decided = decide_table(decider, cells.rows, cells.has_commas)
    _check_names(cells.rows, decided)
    if "currency" not in cells.rows.columns:
        note(f"cases have no column 'currency'; their amounts are taken to be in {currency}, as the policy's")
    return cells.rows.join(decided)


def _check_names(cases: pd.DataFrame, decided: pd.DataFrame) -> None:
    """See that no column of the cases would be lost to one that says what was decided."""
    from policy_sim.border import InputError

    for name in decided.columns:
        if name in cases.columns:
            raise InputError(f"cases have a column '{name}', which decide writes itself; rename or remove it")


def _decide_by_payoff(policy: str, path: Path, scenario: Scenario) -> pd.DataFrame:
    """Return who decides each case, and the resolution that is worth most of those allowed."""
    import pandas as pd

    from policy_sim import value
    from policy_sim.assumptions import central
    from policy_sim.border import InputError, is_folder
    from policy_sim.policy import NOT_DECIDED, REASON
    from policy_sim.service import read_usable_cases

    if is_folder(policy):
        raise InputError(f"'{policy}' is a folder of versions; add --rules-only, or give one of its files")
    checked = read_policy(policy, scenario).policy
    cases, all_cases = read_usable_cases(path, scenario)
    problems = all_cases["problem"].to_numpy()
    decided = value.decide(checked, value.value_cases(scenario, cases, central(scenario)))
    decided.index = pd.Index((problems == "").nonzero()[0])
    whole = decided.reindex(range(len(all_cases)))
    whole["case"] = all_cases["case"]
    whole.loc[problems != "", "tier"] = NOT_DECIDED
    return whole.assign(**{REASON: problems})


def _write(table: pd.DataFrame, out: Path | None, float_format: str | None) -> None:
    from policy_sim.publish import render_cases_csv, render_cases_xlsx

    ending = "" if out is None else out.suffix.lower()
    if ending == ".parquet":
        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False)
        write_or_print(buffer.getvalue(), out)
    elif ending == ".xlsx":
        write_or_print(render_cases_xlsx(table), out)
    else:
        text, marked = render_cases_csv(table, float_format=float_format)
        write_or_print(text, out)
        if marked:
            note(f"{marked:,} cells begin like a formula; an apostrophe before them keeps spreadsheets from running it")
