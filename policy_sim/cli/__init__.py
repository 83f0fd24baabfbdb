"""The command line: thin over the public functions.

In: words and files. Out: tables, CSV and JSON on standard output, everything else on standard error; exit status 2 and
one line where the input cannot be used. Left to others: everything that is computed, and how it reads (`show`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import typer

from policy_sim.cli import customers, live, orders, publishing, scenarios, studies
from policy_sim.cli.console import report_error
from policy_sim.cli.options import with_groups

__all__ = ["main"]

#: Commands by name, in the order of the help.
COMMANDS: Mapping[str, Callable[..., None]] = {
    "run": studies.run,
    "orders": orders.orders,
    "fit": customers.fit,
    "evaluate": studies.evaluate,
    "curve": studies.curve,
    "what-matters": studies.what_matters,
    "optimize": studies.optimize,
    "frontier": studies.frontier,
    "keep": studies.keep,
    "decide": publishing.decide,
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
}


def main() -> None:
    """Run the command line; bad input is one line on standard error and exit status 2."""
    try:
        sys.exit(_app()(sys.argv[1:] or ["--help"], prog_name="policy-sim", standalone_mode=False))
    except Exception as error:
        from policy_sim.border import InputError

        if isinstance(error, InputError):
            report_error(str(error))
        elif hasattr(error, "format_message"):  # what typer raises where the words of a command do not fit
            report_error(f"{error.format_message().rstrip('.')}; see policy-sim --help")
        else:
            raise
        sys.exit(2)


def _app() -> typer.Typer:
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="Finds how far a support agent may go without asking, and what that is worth.",
    )
    for name, command in COMMANDS.items():
        app.command(name)(with_groups(command))
    scenario = typer.Typer(add_completion=False, rich_markup_mode=None, help="What a scenario assumes.")
    scenario.callback()(_scenario)
    scenario.command("show")(scenarios.show)
    app.add_typer(scenario, name="scenario")
    return app


def _scenario() -> None:
    """Keep `show` a word of its own: a group of one command would swallow it."""
