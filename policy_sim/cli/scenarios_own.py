"""Commands for scenarios of one's own: a skeleton to begin with, and all that is wrong with a file at once.

In: options. Out: a YAML file, lines or JSON. Left to others: what stands in the file (`skeletons`), what is wrong with
it (`faults`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from policy_sim.cli.completion import failure_names, scenario_names
from policy_sim.cli.console import note, print_json, program, report_error, report_written
from policy_sim.cli.options import AsJson

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario

__all__ = ["base_as_written", "check", "check_new_file", "checked_currency", "new"]


def new(
    extends: Annotated[
        str,
        typer.Option(
            "--extends", help="The scenario that it extends: a name, or a file.", autocompletion=scenario_names
        ),
    ] = "online_retail",
    failure: Annotated[
        str | None, typer.Option("--failure", help="A kind of failure of your own: billing_error.")
    ] = None,
    remedy: Annotated[str | None, typer.Option("--remedy", help="A remedy of your own: loyalty_points.")] = None,
    like: Annotated[
        str | None,
        typer.Option(
            "--like", help="The failure from which numbers are taken over to begin with.", autocompletion=failure_names
        ),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="What it is called; else as the file is.")] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="Its currency, if another: EUR.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write instead of standard output.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write even over a file that is there.")] = False,
) -> None:
    """A commented scenario file of your own to fill in: it runs as it stands, on numbers marked as assumed."""
    from policy_sim.border import check_place, write_whole
    from policy_sim.skeletons import scenario_skeleton

    if out is not None:
        check_new_file(out, force)
        check_place(out)
    base, as_written = base_as_written(extends, out)
    own_name = name or _name_of(out) or f"my_{base.name}"[:60]
    text = scenario_skeleton(
        as_written,
        own_name,
        failure=failure,
        remedy=remedy,
        like=like,
        currency=checked_currency(currency),
        has_own_numbers=failure is None and remedy is None,
        base=base,
    )
    if out is None:
        typer.echo(text, nl=False)
        return
    write_whole(out, text)
    report_written(f"{out}; look at it with: {program()} scenario check {out}")


def check(
    scenario: Annotated[
        str, typer.Argument(help="A scenario's YAML file, or its name.", autocompletion=scenario_names)
    ],
    as_json: AsJson = False,
) -> None:
    """All that is missing or wrong in a scenario's file, one line each, and what looks forgotten; status 1 if wrong."""
    from policy_sim.faults import check_scenario_file

    report = check_scenario_file(scenario)
    if as_json:
        print_json(report.to_dict())
    else:
        for fault in report.faults:
            report_error(fault)
        for remark in report.remarks:
            note(remark)
        if report.scenario is not None:
            counted = f"{len(report.scenario.failures)} failures, {len(report.scenario.remedies)} remedies"
            numbers = f"{len(report.scenario.assumption_names)} numbers"
            typer.echo(
                f"{report.path.name} can be used: {counted}, {numbers}. Next: {program()} run --scenario {scenario}"
            )
        else:
            count = len(report.faults)
            typer.echo(f"{report.path.name} cannot be used yet: {count} thing{'s' * (count > 1)} to mend.", err=True)
    if report.faults:
        raise typer.Exit(1)


def check_new_file(path: Path, force: bool) -> None:
    """See that nothing is written over.

    Raises
    ------
    InputError
        If something is there, and that is not wanted.
    """
    from policy_sim.border import InputError

    if path.exists() and not force:
        raise InputError(f"'{path}' is there already; choose another --out, or write over it with --force")


def base_as_written(extends: str, out: Path | None) -> tuple[Scenario, str]:
    """Return the scenario that is extended, and how a file at `out` names it: by its name, or its path from there."""
    from policy_sim.assumptions import load_scenario
    from policy_sim.border import is_file

    base = load_scenario(extends)
    if not is_file(extends):
        return base, extends
    folder = Path.cwd() if out is None else out.absolute().parent
    return base, Path(os.path.relpath(Path(extends).absolute(), folder)).as_posix()


def checked_currency(currency: str | None) -> str | None:
    """Return a currency by its code.

    Raises
    ------
    InputError
        If it is none.
    """
    from policy_sim.border import InputError

    if currency is None or (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        return currency and currency.upper()
    raise InputError(f"--currency '{currency}' is no currency; expected its code of three letters, for example EUR")


def _name_of(out: Path | None) -> str | None:
    if out is None:
        return None
    return "".join(letter if letter.isalnum() else "_" for letter in out.stem.lower())
