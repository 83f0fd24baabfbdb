"""Commands: the reference of the command line, made of the program itself and of what the pages do with it.

In: the commands of `policy_sim.cli`, the pages and their blocks. Out: a page with every command, its arguments and
options, and one line that a page does and a test executes. Left to others: executing it (test_pages.py).
"""

from __future__ import annotations

import inspect
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo

from policy_sim import cli

ROOT = Path(__file__).parents[2]
PAGE = "docs/reference/options.md"
#: A bound of a number that nobody meets.
_ENDLESS = 2**31
_BLOCK = re.compile(r"(?:<!--\s*([^>]*?)\s*-->\n)?^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PROGRAM = ".venv/bin/policy-sim "
_ABOUT = """\
# Options of every command

Made of the program itself: `policy-sim COMMAND --help` says the same. What the commands are for stands in
[commands](commands.md). Each example is a line of the page that is named behind it, and a test does it whenever
anything changes. Results go to standard output, everything else to standard error; exit status 2 is input that cannot
be used.
"""


class Example(NamedTuple):
    """A line of a page that does a command, and whether a test executes it as it stands there."""

    line: str
    page: str
    is_run: bool


def page() -> str:
    """Return the page."""
    examples = examples_of_pages()
    parts = [_ABOUT]
    for name, command in commands().items():
        if name not in examples:
            raise AssertionError(f"no page does policy-sim {name}; let one of docs/ do it, in a block in sh")
        parts.append(_section(name, command, examples[name]))
    return "".join(parts)


def commands() -> dict[str, Callable[..., None]]:
    """Return every command by its name, those of groups by both words."""

    def walk(app: typer.Typer, before: str) -> Iterator[tuple[str, Callable[..., None]]]:
        for command in app.registered_commands:
            if not command.hidden:
                yield f"{before}{command.name}", command.callback
        for group in app.registered_groups:
            yield from walk(group.typer_instance, f"{before}{group.name} ")

    return dict(walk(cli._app(), ""))


def examples_of_pages() -> dict[str, Example]:
    """Return for each command the line that shows it best: one that is executed, and of those the longest short one."""
    found: dict[str, list[Example]] = {}
    pages = [path for path in sorted((ROOT / "docs").rglob("*.md")) if path.relative_to(ROOT).as_posix() != PAGE]
    for path in [*pages, ROOT / "README.md"]:
        place = path.relative_to(ROOT).as_posix()
        for order, text in _BLOCK.findall(path.read_text(encoding="utf-8")):
            for line in text.splitlines():
                if line.startswith(_PROGRAM):
                    line = line.partition(" #")[0].rstrip()
                    found.setdefault(_command_of(line), []).append(Example(line, place, not order))
    return {name: max(lines, key=_worth_showing) for name, lines in found.items()}


def _worth_showing(example: Example) -> tuple[bool, bool, int]:
    return example.is_run, len(example.line) <= 110, len(example.line)


def _command_of(line: str) -> str:
    words = line.removeprefix(_PROGRAM).split()
    pair = " ".join(words[:2])
    return pair if pair in _NAMES else words[0]


def _section(name: str, command: Callable[..., None], example: Example) -> str:
    parameters = list(_parameters(command))
    arguments = [parameter for parameter in parameters if isinstance(parameter.info, ArgumentInfo)]
    options = [parameter for parameter in parameters if not isinstance(parameter.info, ArgumentInfo)]
    usage = " ".join(["policy-sim", name, *(_placeholder(parameter) for parameter in arguments), "[OPTIONS]"])
    link = posixpath.relpath(example.page, posixpath.dirname(PAGE))
    title = (ROOT / example.page).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
    done = "From" if example.is_run else "Tried by tests of its own; from"
    rows = "".join(_row(parameter) for parameter in (*arguments, *options))
    help_text = " ".join((inspect.getdoc(command) or "").split())
    return (
        f"\n## {name}\n\n{help_text}\n\n```text\n{usage}\n```\n\n"
        f"{done} [{title}]({link}):\n\n```text\n{example.line}\n```\n"
        + (f"\n| option | takes | meaning |\n|---|---|---|\n{rows}" if rows else "")
    )


class _Parameter(NamedTuple):
    name: str
    kind: Any
    info: Any
    default: Any

    @property
    def is_needed(self) -> bool:
        return self.default is inspect.Parameter.empty


def _parameters(command: Callable[..., None]) -> Iterator[_Parameter]:
    hints = get_type_hints(command, include_extras=True)
    for parameter in inspect.signature(command).parameters.values():
        kind, *infos = get_args(hints.get(parameter.name, parameter.annotation))
        if not infos[0].hidden:
            yield _Parameter(parameter.name, kind, infos[0], parameter.default)


def _placeholder(parameter: _Parameter) -> str:
    name = (parameter.info.metavar or parameter.name).upper().strip("[].")
    name += "..." if get_origin(parameter.kind) is list else ""
    return name if parameter.is_needed else f"[{name}]"


def _row(parameter: _Parameter) -> str:
    # within Annotated the first name stands where a default would
    said = (parameter.info.default, *(parameter.info.param_decls or ()))
    names = [name for name in said if isinstance(name, str) and name.startswith("-")]
    names = [part for name in names for part in name.split("/")] or [f"--{parameter.name.replace('_', '-')}"]
    if isinstance(parameter.info, ArgumentInfo):
        names = [_placeholder(parameter)]
    cells = (", ".join(f"`{name}`" for name in names), _takes(parameter), " ".join((parameter.info.help or "").split()))
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def _takes(parameter: _Parameter) -> str:
    kinds = [kind for kind in get_args(parameter.kind) if kind is not type(None)] or [parameter.kind]
    several = get_origin(kinds[0]) is list or get_origin(parameter.kind) is list
    kind = next(iter(get_args(kinds[0])), kinds[0])
    if kind is bool:
        return "nothing"
    words = {int: "whole number", float: "number", Path: "file or folder"}.get(kind, "text")
    low, high = parameter.info.min, parameter.info.max
    if low is not None:
        words += f", {low:,} or more" if high is None or high >= _ENDLESS else f", {low:,} to {high:,}"
    if parameter.is_needed:
        return f"{words}; needed"
    if parameter.default in (None, ""):
        return f"{words}, may be repeated" if several else words
    shown = f"{parameter.default:,}" if isinstance(parameter.default, int | float) else parameter.default
    return f"{words}; else {shown}"


_NAMES: Mapping[str, Any] = commands()
