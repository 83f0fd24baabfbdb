"""The command `init`: a project of one's own, from a few questions or options.

In: a folder, options, and answers where a person sits at a terminal. Out: the project, and the next commands.
Left to others: what stands in it (`project`).
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from policy_sim.cli.completion import scenario_names
from policy_sim.cli.console import note, program
from policy_sim.cli.project import Project, check_empty, lay_out
from policy_sim.cli.scenarios_own import base_as_written, checked_currency

__all__ = ["init"]

_BASE = "online_retail"


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to lay out; it is made if it is not there.")],
    scenario: Annotated[
        str,
        typer.Option(
            "--scenario", help="The scenario that yours extends: a name, or a file.", autocompletion=scenario_names
        ),
    ] = _BASE,
    orders: Annotated[
        Path | None, typer.Option("--orders", help="Your log of orders (CSV, Parquet), to be copied; else an example.")
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", help="What its columns are (policy-sim orders FILE --write-mapping), to be copied."),
    ] = None,
    log: Annotated[
        Path | None, typer.Option("--log", help="Your log of cases (CSV, Parquet), to be copied; else an example.")
    ] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="Currency of all amounts: EUR.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: what no option says is as usual.")] = False,
) -> None:
    """A project of your own in a folder: orders, scenario, policy, cases, a notebook; asks a little on a terminal."""
    check_empty(folder)
    if not yes and _is_terminal():
        scenario = _ask_scenario() if scenario == _BASE else scenario
        orders = orders or _ask_file("Your log of orders (CSV, Parquet; nothing for an example)")
        currency = currency or typer.prompt("Currency of all amounts", default=_currency_of(scenario), err=True)
    base, extends = base_as_written(scenario, folder / "scenario.yaml")
    project = Project(
        name=_name_of(folder),
        extends=extends,
        base=base,
        currency=checked_currency(currency) or base.currency,
        orders=orders,
        log=log,
        mapping=mapping,
    )
    _check_files(project)
    lay_out(project, folder)
    if project.currency != base.currency:
        note(
            f"amounts of '{base.name}' are taken from {base.currency} to {project.currency} one for one; the scenario "
            "marks them to be replaced"
        )
    for line in _next_commands(project, folder):
        typer.echo(line)


def _is_terminal() -> bool:
    """Return whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _ask_scenario() -> str:
    from policy_sim.border import InputError
    from policy_sim.extending import scenario_file

    for name, title in scenario_names(""):
        if title not in ("file", "folder"):
            typer.echo(f"  {name:22} {title}", err=True)
    while True:
        answer = str(typer.prompt("Which is nearest to your business", default=_BASE, err=True))
        try:
            scenario_file(answer)
        except InputError as error:
            typer.echo(str(error), err=True)
        else:
            return answer


def _ask_file(question: str) -> Path | None:
    while True:
        answer = str(typer.prompt(question, default="", show_default=False, err=True)).strip()
        if not answer:
            return None
        if Path(answer).expanduser().is_file():
            return Path(answer).expanduser()
        typer.echo(f"There is no file '{answer}'; give its path, or nothing for an example.", err=True)


def _currency_of(scenario: str) -> str:
    from policy_sim.assumptions import load_scenario

    return load_scenario(scenario).currency


def _name_of(folder: Path) -> str:
    """Return the name of a folder as files may bear it: "My shop 2" is my_shop_2."""
    name = re.sub(r"[^a-z0-9]+", "_", folder.absolute().resolve().name.lower()).strip("_")[:50]
    return name if name[:1].isalpha() else f"project_{name}".rstrip("_")


def _check_files(project: Project) -> None:
    """See that files of one's own can be read, before anything is written.

    Raises
    ------
    InputError
        If one is missing or cannot be read; says what to do about it.
    """
    from policy_sim.border import InputError, is_file
    from policy_sim.clv import read_transactions

    for option, path in (("--orders", project.orders), ("--log", project.log), ("--mapping", project.mapping)):
        if path is not None and not is_file(path):
            raise InputError(f"{option} '{path}' does not exist; give the path of a file, or leave {option} out")
    if project.mapping is not None and project.orders is None:
        raise InputError("--mapping says what columns of --orders are, which is not given; give both, or neither")
    if project.orders is not None:
        mapping = None if project.mapping is None else str(project.mapping)
        try:
            reading = read_transactions(project.orders, currency=project.currency, mapping=mapping).reading
        except InputError as error:
            mend = f"{program()} orders {shlex.quote(str(project.orders))} --write-mapping mapping.yaml"
            raise InputError(f"{error}; to say which column is what: {mend}, then --mapping mapping.yaml") from None
        for sentence in reading.sentences:
            note(sentence)
    if project.log is not None:
        from policy_sim.service import read_cases

        read_cases(project.log, project.base)


def _next_commands(project: Project, folder: Path) -> list[str]:
    """Return what was written, and three commands that work from here as they stand."""
    place = {what: shlex.quote(str(folder / name)) for what, name in project.names.items()}
    out, published = (shlex.quote(str(folder / name)) for name in ("out", "published"))
    mapping = f" --mapping {place['mapping']}" if project.mapping else ""
    run = f"--scenario {place['scenario']} --policy {place['policy']} --transactions {place['orders']}{mapping}"
    export = f"{shlex.quote(str(folder / 'out' / 'policy.json'))} --scenario {place['scenario']}"
    return [
        f"Wrote {folder}/: {', '.join(sorted(project.names.values()))}",
        "Next: what is still to be replaced; the main job, as a first look; the best limits for people and tools.",
        f"  {program()} scenario check {place['scenario']}",
        f"  {program()} run {run} --cases 2000 --draws 50 --out {out}",
        f"  {program()} export {export} --format html,csv,json --out {published}",
    ]
