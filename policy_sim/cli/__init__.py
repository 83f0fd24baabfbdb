"""The command line: thin over the public functions.

In: words and files. Out: tables, CSV and JSON on standard output, everything else on standard error; exit status 2 and
one line where the input cannot be used. Left to others: everything that is computed, and how it reads (`show`).
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import typer

from policy_sim.cli import (
    calibrating,
    comparing,
    customers,
    deciding,
    doctor,
    evidence,
    live,
    orders,
    playbook,
    publishing,
    scenarios,
    scenarios_own,
    starting,
    studies,
)
from policy_sim.cli.console import report_error
from policy_sim.cli.options import with_groups

__all__ = ["main"]

#: Commands by name, in the order of the help.
COMMANDS: Mapping[str, Callable[..., None]] = {
    "run": studies.run,
    "orders": orders.orders,
    "fit": customers.fit,
    "calibrate": calibrating.calibrate,
    "evaluate": studies.evaluate,
    "curve": studies.curve,
    "months": comparing.months,
    "break-evens": comparing.break_evens,
    "what-matters": studies.what_matters,
    "optimize": studies.optimize,
    "playbook": playbook.playbook,
    "frontier": studies.frontier,
    "keep": studies.keep,
    "decide": deciding.decide,
    "export": publishing.export,
    "import": publishing.import_file,
    "conform": publishing.conform,
    "check": publishing.check,
    "diff": publishing.diff,
    "approve": publishing.approve,
    "scenarios": scenarios.scenarios,
    "stories": studies.stories,
    "sweep": studies.sweep,
    "share": live.share,
    "lab": live.lab,
    "app": live.app,
    "init": starting.init,
    "doctor": doctor.doctor,
}
#: Commands of `scenario` by name.
SCENARIO_COMMANDS: Mapping[str, Callable[..., None]] = {
    "show": scenarios.show,
    "new": scenarios_own.new,
    "check": scenarios_own.check,
}


def main() -> None:
    """Run the command line; bad input is one line on standard error and exit status 2."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that knows fewer letters shows the others escaped
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_status())


def _status() -> int:
    """Run the command that the words name; return the exit status."""
    try:
        try:
            status = _program()(sys.argv[1:] or ["--help"], prog_name="policy-sim", standalone_mode=False)
        finally:
            sys.stdout.flush()
    except Exception as error:
        return _status_of(error)
    return status if isinstance(status, int) else 0


def _status_of(error: Exception) -> int:
    """Say in one line why a command came to nothing; what is no fault of its user is raised again."""
    from policy_sim.border import InputError

    if isinstance(error, BrokenPipeError):  # whoever read has seen enough
        _drop_output()
        return 1
    if isinstance(error, InputError):
        words = str(error)
    elif hasattr(error, "format_message"):  # what typer raises where the words of a command do not fit
        command = getattr(getattr(error, "ctx", None), "command_path", "policy-sim")
        words = f"{error.format_message().rstrip('.')}; see {command} --help"
    elif isinstance(error, OSError):
        _drop_output()
        where = f"'{error.filename}'" if error.filename else "the result"
        words = f"cannot read or write {where}: {error.strerror or error}; free some space, or choose another place"
    else:
        raise error
    with suppress(OSError):  # nobody can be told where standard error is full too
        report_error(str(InputError(words)))
    return 2


def _drop_output() -> None:
    """Let go of what standard output did not take, so that Python does not try again at the end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@functools.cache  # whoever calls `main` again, as tests do a thousand times, finds it built
def _program() -> Callable[..., Any]:
    return typer.main.get_command(_app())


def _app() -> typer.Typer:
    app = typer.Typer(
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="Finds how far a support agent may go without asking, and what that is worth.",
    )
    for name, command in COMMANDS.items():
        app.command(name)(with_groups(command))
    scenario = typer.Typer(add_completion=False, rich_markup_mode=None, help="What a scenario assumes.")
    for name, command in SCENARIO_COMMANDS.items():
        scenario.command(name)(command)
    app.add_typer(scenario, name="scenario")
    log = typer.Typer(add_completion=False, rich_markup_mode=None, help="Your own cases: a log of what happened.")
    for name, command in evidence.LOG_COMMANDS.items():
        log.command(name)(with_groups(command))
    app.add_typer(log, name="log")
    return app
