"""Command that learns from a company's own cases: calibrate.

In: a log of cases, a log of orders, options. Out: a scenario file with what was learned, tables and figures.
Left to others: learning (`evidence`), how it reads (`show`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from policy_sim.cli.console import note, print_json, print_parts, progress_bar, warnings_as_notes
from policy_sim.cli.files import check_out, write_files
from policy_sim.cli.inputs import read_policy, read_scenario, read_transactions
from policy_sim.cli.options import AsJson, LogSource, ScenarioSource, Seed

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario
    from policy_sim.clv import Transactions
    from policy_sim.evidence.case_log import CaseLog
    from policy_sim.evidence.styles import StyleShares
    from policy_sim.policy import Policy

__all__ = ["calibrate"]

_MostCases = Annotated[
    int,
    typer.Option(
        "--most-cases",
        help="Of a log with more cases, customers are drawn at random, each with all cases and orders, up to so many "
        "cases; the report and the new file say so.",
    ),
]


def calibrate(
    log: Annotated[Path, typer.Argument(help="A log of cases (CSV, Parquet, XLSX), as log build writes it.")],
    *,
    orders_of: LogSource,
    source: ScenarioSource,
    out: Annotated[Path, typer.Option("--out", help="File for the scenario with what was learned.")] = Path(
        "mine.yaml"
    ),
    policy: Annotated[
        str | None,
        typer.Option("--policy", help="The policy in force when cases were decided: tells styles, if it is given."),
    ] = None,
    figures: Annotated[Path | None, typer.Option("--figures", help="Folder for tables and figures.")] = None,
    set_aside: Annotated[
        Path | None, typer.Option("--set-aside", help="File (.csv) for the cases that are not used, with the reason.")
    ] = None,
    most_cases: _MostCases = 200_000,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Learn from your own cases how customers answer, as a scenario that every other command takes."""
    from policy_sim.border import InputError, check_place, write_whole
    from policy_sim.evidence.calibration import calibrate as learn
    from policy_sim.evidence.case_log import read_case_log
    from policy_sim.evidence.confounding import sensitivity
    from policy_sim.evidence.measured_scenario import measured_content, write_measured
    from policy_sim.evidence.predictive import predictive_check
    from policy_sim.evidence.recoveries import compare_recoveries
    from policy_sim.evidence.repeat_claims import repeat_claims
    from policy_sim.evidence.shares import counted_shares
    from policy_sim.show.figures.calibration import figures_of_calibration
    from policy_sim.show.terminal.calibration import of_calibration

    if orders_of.transactions is None:
        raise InputError(
            "calibrate learns from what customers ordered afterwards; name their orders: --transactions FILE"
        )
    check_place(out)
    check_out(figures, has_figures=True)
    if set_aside is not None:
        check_place(set_aside)
    with progress_bar(7) as begin:
        scenario = read_scenario(source)
        in_force = None if policy is None else read_policy(policy, scenario).policy
        begin("Reading the log")
        cases, unused = read_case_log(log, scenario, most=most_cases, seed=seed)
        begin("Reading orders")
        orders = _orders(orders_of, cases, scenario)
        with warnings_as_notes():
            calibration = learn(cases, orders, scenario, seed=seed, on_progress=begin("Learning from cases"))
            check = predictive_check(calibration)
            unseen = sensitivity(calibration, on_progress=begin("Supposing something unseen"))
            begin("Fitting the recovery-aware model beside it")
            recoveries, claims = compare_recoveries(calibration), repeat_claims(calibration.observed)
            begin("Telling styles")
            styles = None if in_force is None else _styles(in_force, cases, orders, scenario, orders_of.model)
        begin("Writing files")
        counted = counted_shares(cases, scenario) | (dict(styles.measured) if styles else {})
        write_measured(out, measured_content(calibration, _extended(source, out), out.stem, counted), scenario)
        if set_aside is not None:
            write_whole(set_aside, unused.to_csv(index=False))
        if figures is not None:
            tables = {
                "assumptions": calibration.to_frame(),
                "check": check.to_frame(),
                "unseen": unseen.to_frame(),
                "recoveries": recoveries.to_frame(),
                "repeat_claims": claims.to_frame(),
            }
            write_files(figures, {}, tables, figures_of_calibration(calibration, check, unseen))
    if len(unused):
        where = f"; they are in {set_aside}" if set_aside else ", see them with --set-aside FILE"
        note(f"{len(unused):,} cases cannot be used ({unused['problem'].iloc[0]}){where}")
    if as_json:
        parts = calibration.to_dict() | {"check": check.to_dict()} | unseen.to_dict()
        parts |= recoveries.to_dict() | claims.to_dict()
        print_json(parts | ({"styles": styles.to_dict()} if styles else {}) | {"file": str(out)})
    else:
        screen = of_calibration(calibration, check, unseen, recoveries, claims, styles)
        print_parts([*screen, f"Wrote {out}: --scenario {out}"])


def _orders(orders_of: LogSource, cases: CaseLog, scenario: Scenario) -> Transactions:
    """Read the orders; where customers were drawn, keep theirs, and say so."""
    orders = read_transactions(orders_of.transactions, orders_of.reading, scenario)
    if cases.draw is None:
        return orders
    drawn = cases.draw.orders(orders)
    note(f"The log: {cases.draw}; --most-cases N looks at more")
    note(f"Orders of {len(drawn.labels):,} of {len(orders.labels):,} customers, drawn in the same way, are looked at")
    return drawn


def _extended(source: ScenarioSource, out: Path) -> str:
    """Return how the new file names the scenario that it extends: by its name, or by the path of its file."""
    path = Path(source.scenario)
    if source.assume:
        note("Values that were set (--set) are not in the new file: give them again with it")
    return str(path.resolve()) if path.suffix in (".yaml", ".yml") else source.scenario


def _styles(policy: Policy, log: CaseLog, orders: Transactions, scenario: Scenario, model: str) -> StyleShares:
    from policy_sim.assumptions import central
    from policy_sim.cli.inputs import with_values_of
    from policy_sim.evidence.styles import style_shares
    from policy_sim.value import value_cases

    valued = with_values_of(log, orders, scenario, model)
    return style_shares(policy, value_cases(scenario, valued.cases, central(scenario)), valued)
