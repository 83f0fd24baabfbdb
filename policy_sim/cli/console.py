"""Console: what a command prints, and how it tells how far it has come.

In: results, tables, notes. Out: results on standard output, notes and a progress bar on standard error.
Left to others: what is in a result (`to_dict` of the result), how it reads (`show.terminal`).
"""

from __future__ import annotations

import functools
import json
import shlex
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from policy_sim.border import Progress

__all__ = [
    "error_console",
    "note",
    "print_json",
    "print_parts",
    "program",
    "progress_bar",
    "report_error",
    "report_files",
    "report_written",
    "warnings_as_notes",
]


def print_json(content: Mapping[str, object] | Sequence[object]) -> None:
    """Print a result as JSON."""
    typer.echo(json.dumps(content, indent=2))


def print_parts(parts: Sequence[Table | str]) -> None:
    """Print a result as tables and lines for people."""
    from rich.console import Console

    from policy_sim.border import one_line

    screen = Console(highlight=False, markup=False)
    for part in parts:
        if isinstance(part, str):
            screen.print("\n".join(map(one_line, part.split("\n"))), soft_wrap=True)
        else:
            screen.print(part)


def program() -> str:
    """Return how this program is called from here, for commands that are to work as they are printed.

    Its name where that is enough; where it is not on the path (.venv/bin/policy-sim), as it was called now.
    """
    called = sys.argv[0]
    if shutil.which("policy-sim") or Path(called).name != "policy-sim" or not Path(called).is_file():
        return "policy-sim"
    return shlex.quote(called)


def note(words: str) -> None:
    """Print a note on standard error."""
    _say(f"Note: {words}")


def report_error(words: str) -> None:
    """Print on standard error why a command came to nothing."""
    _say(f"policy-sim: {words}")


def _say(words: str) -> None:
    from policy_sim.border import one_line

    error_console().print(one_line(words), markup=False, soft_wrap=True)


def report_files(paths: Sequence[Path], folder: Path) -> None:
    """Say on standard error which files were written."""
    report_written(f"{', '.join(path.name for path in paths)} to {folder}/")


def report_written(what: str) -> None:
    """Say on standard error what was written where."""
    from policy_sim.border import one_line

    typer.echo(one_line(f"Wrote {what}"), err=True)


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Turn warnings of the models into notes on standard error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in caught:
        note(str(warning.message))


@contextmanager
def progress_bar(parts: int) -> Iterator[Callable[[str], Progress]]:
    """Show a bar with the time left on standard error while a command works.

    Parameters
    ----------
    parts
        Number of parts of the work; each takes an equal length of the bar.

    Yields
    ------
    Callable
        To be called as each part begins, with a few words; returns what a function takes as `on_progress` to move the
        bar within that part.
    """
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description:34}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    console = error_console()
    # where nobody watches, what is said stays what is to be said: no empty line for a bar that is not drawn
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Starting", total=parts)
        begun = 0

        def begin(words: str) -> Progress:
            nonlocal begun
            before, begun = begun, begun + 1

            def on_progress(words: str, done: int, of: int) -> None:
                bar.update(task, description=words, completed=before + done / max(of, 1))

            bar.update(task, description=words, completed=before)
            return on_progress

        try:
            yield begin
        except KeyboardInterrupt:
            report_error("cancelled; no file was left half-written")
            raise


@functools.cache
def error_console() -> Console:
    """Return the console on standard error, where notes and bars do not get into each other's way."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)
