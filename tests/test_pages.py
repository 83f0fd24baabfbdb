"""The pages are executed as they stand, each in a folder that looks like a clone after `make demo`.

Every block in sh or python is run, in the order of the page, unless a comment directly above it says otherwise:
`not run: REASON`, `write FILE` (the block is a file of the reader's), or `insert into FILE before: TEXT` (before the
record that holds the text). A block in another language needs such a comment; `text` is for reading.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
import typer

from policy_sim import cli

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "data").rglob("*.md")])
RUN = ("sh", "python")
GROUPS = ("scenario", "log")  # commands that have commands of their own
FENCE = re.compile(r"^[ \t]*(```|~~~)", re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*<!--\s*(.*?)\s*-->", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(
    r"(?:<!--\s*(?P<order>[^>]*?)\s*-->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
INLINE = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")


class Block(NamedTuple):
    """A block of a page and what is done with it: "run", "not run", "read", "write" or "insert"; into which file."""

    order: str
    where: str
    language: str
    text: str


def blocks_of(page: str) -> list[Block]:
    """Return the blocks of a page; a block or a comment that would be passed over is refused."""
    matches = list(BLOCK.finditer(page))
    assert 2 * len(matches) == len(FENCE.findall(page)), "a block without a language, or not at the margin"
    ordered = [match for match in matches if match["order"]]
    assert len(ordered) == len(COMMENT.findall(page)), "a comment that does not stand directly above a block"
    return [_block(match["order"] or "", match["language"], match["text"]) for match in matches]


def _block(order: str, language: str, text: str) -> Block:
    if not order:
        assert language in (*RUN, "text"), f"a block in {language} that is neither run nor written: say what it is for"
        return Block("run" if language in RUN else "read", "", language, text)
    for name, opening in (("not run", "not run: "), ("write", "write "), ("insert", "insert into ")):
        if order.startswith(opening) and order.removeprefix(opening).strip():
            return Block(name, order.removeprefix(opening).strip(), language, text)
    raise AssertionError(f"unknown order '{order}'; 'not run' needs a reason")


def clone(folder: Path, blocks: list[Block]) -> None:
    """Make a folder look like a clone in which the program is installed, in .venv as `make demo` has it."""
    for name in ("data", "docs"):
        shutil.copytree(ROOT / name, folder / name)
    if any(block.order in ("write", "insert") and block.where.startswith("policy_sim/") for block in blocks):
        # What is compiled goes along: it minds one file at a time, so it holds where a page changes another one.
        passing = shutil.ignore_patterns("*.tmp.*", "*.pyc.*")  # as another process writes them
        shutil.copytree(ROOT / "policy_sim", folder / "policy_sim", ignore=passing)
    else:
        (folder / "policy_sim").symlink_to(ROOT / "policy_sim")
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    main = "import sys; from policy_sim.cli import main; sys.argv[0] = 'policy-sim'; main()"
    python = f"PYTHONPATH={shlex.quote(str(folder))} exec {shlex.quote(sys.executable)}"
    for name, order in (("python", python), ("policy-sim", f"{python} -c {shlex.quote(main)}")):
        (programs / name).write_text(f'#!/bin/sh\n{order} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)


def run(folder: Path, block: Block) -> None:
    python = str(folder / ".venv" / "bin" / "python")
    order = [python, "-c", block.text] if block.language == "python" else ["sh", "-e", "-c", block.text]
    # Nothing of the environment that runs the tests is at hand by its name alone.
    path = [part for part in os.environ["PATH"].split(os.pathsep) if not (Path(part) / "policy-sim").exists()]
    environment = {**os.environ, "PATH": os.pathsep.join(path)}
    done = subprocess.run(order, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"


def insert(path: Path, before: str, text: str) -> None:
    """Insert lines before the line that holds a text, or before the head of the record of which it is a member."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if before in line)
    while before.startswith("name=") and not lines[place].rstrip().endswith("("):
        place -= 1
    margin = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
    # what stands in a table is a member of it
    comma = "," if margin and not text.rstrip().endswith(",") else ""
    added = textwrap.indent(text.strip(), margin) + comma + "\n"
    path.write_text("".join([*lines[:place], added, *lines[place:]]), encoding="utf-8")


EXECUTED = [
    path for path in PAGES if any(block.order == "run" for block in blocks_of(path.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_passes_no_block_over(path):
    for block in blocks_of(path.read_text(encoding="utf-8")):
        if block.language == "sh" and block.order == "run":
            # of a && b only the last would stop the page
            assert "&&" not in block.text


@pytest.mark.parametrize("path", EXECUTED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_does_what_it_says(tmp_path, path):
    blocks = blocks_of(path.read_text(encoding="utf-8"))
    clone(tmp_path, blocks)
    for block in blocks:
        if block.order == "run":
            run(tmp_path, block)
        elif block.order == "write":
            (tmp_path / block.where).write_text(block.text, encoding="utf-8")
        elif block.order == "insert":
            name, _, before = block.where.partition(" before: ")
            insert(tmp_path / name, before, block.text)


@pytest.mark.parametrize(
    "text",
    [
        "```\npolicy-sim run\n```\n",  # no language
        "```yaml\nname: mine\n```\n",  # neither a file nor for reading
        "```console\n$ policy-sim run\n```\n",
        "1. So:\n   ```sh\n   policy-sim run\n   ```\n",  # not at the margin
        "~~~sh\npolicy-sim run\n~~~\n",
        "<!-- not run -->\n```sh\npolicy-sim run\n```\n",  # no reason
        "<!-- not run:  -->\n```sh\npolicy-sim run\n```\n",
        "<!-- skip: slow -->\n```sh\npolicy-sim run\n```\n",
        "<!-- write  -->\n```yaml\nname: mine\n```\n",
        "<!-- not run: slow -->\n\n```sh\npolicy-sim run\n```\n",  # not directly above
        "<!-- write mine.yaml -->\nSo:\n```sh\npolicy-sim run\n```\n",
        "<!-- a remark -->\n",
    ],
)
def test_what_would_be_passed_over_is_refused(text):
    with pytest.raises(AssertionError):
        blocks_of(text)


def test_what_fails_is_noticed(tmp_path):
    clone(tmp_path, [])
    for language, text in (
        ("sh", ".venv/bin/policy-sim run --scenario nowhere"),
        ("sh", "false\ntrue"),
        ("sh", "policy-sim scenarios"),  # not on the path of whoever has only cloned
        ("python", "import policy_sim as ps\nps.nothing"),
    ):
        with pytest.raises(AssertionError):
            run(tmp_path, Block("run", "", language, text))


def commands() -> dict[str, set[str]]:
    """Return the options of each command of the program, by its name."""
    whole = typer.main.get_command(cli._app())
    groups = {"": whole, **whole.commands}
    for name in GROUPS:
        groups |= {f"{name} {part}": command for part, command in whole.commands[name].commands.items()}
    return {
        name: {text for option in command.params for text in (*option.opts, *option.secondary_opts)} | {"--help"}
        for name, command in groups.items()
    }


def options_of(words: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_page_names_in_passing_is_there(path):
    """Commands, options, targets of make, extras and files within a sentence, or in a block that is not run."""
    text = path.read_text(encoding="utf-8")
    known = commands()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    extras = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    )
    idle = [line for block in blocks_of(text) if block.order == "not run" for line in block.text.splitlines()]
    spans = [" ".join(span.split()) for span in INLINE.findall(BLOCK.sub("", text))]
    for span in [*spans, *idle]:
        words = span.partition("#")[0].replace(".venv/bin/", "").split()
        if words[:1] == ["policy-sim"] and len(words) > 1 and words[1] != "COMMAND":
            own = words[1:3] if words[1] in GROUPS else words[1:2]
            name = "" if words[1].startswith("--") else " ".join(own)
            assert name in known, span
            assert options_of(words) <= known[name], span
        elif words and words[0] in known:
            assert options_of(words) <= known[words[0]], span
        elif words and words[0].startswith("--"):
            assert options_of(words) <= set().union(*known.values()), span
        elif words[:1] == ["make"] and len(words) > 1:
            assert "=" in words[1] or words[1] in targets, span
        for named in re.findall(r"\[([a-z,]+)\]", span) if "pip install" in span else []:
            assert "policy-sim[" not in span, f"{span}: the name is on no index; pip install '.[{named}]' in a clone"
            assert set(named.split(",")) <= extras, span
        if re.fullmatch(r"(data|docs|notebooks|policy_sim|tests)/[\w./-]+", span):
            assert (ROOT / span).exists(), f"{span} is not there"
