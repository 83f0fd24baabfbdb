"""The command `doctor`: whether everything is there that the program needs, and how to mend what is not.

In: this machine and its Python. Out: one line for each thing looked at, or JSON; exit status 1 where something stops
the main job. Left to others: the things themselves. Where packages are missing it works all the same.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shlex
import shutil
import socket
import sys
import tempfile
import tomllib
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import typer

from policy_sim.cli.console import print_json, program
from policy_sim.cli.options import AsJson

__all__ = ["Finding", "doctor", "examine"]

_NAME = "policy-sim"
#: Of a checkout.
_ROOT = Path(__file__).resolve().parents[2]
#: Extras that people choose, and what they are for; others are for tests.
_EXTRAS = {
    "app": "the live panel: lab, app, share",
    "pdf": "the agents' card as PDF",
    "engines": "conform: policies run in real engines",
    "cluster": "sweeps on several machines",
    "sweeps": "queries over the folder of a sweep, and over exports (log build)",
}
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "firefox", "microsoft-edge")
#: Free space below which results may not fit, in bytes.
_LEAST_SPACE = 200_000_000


@dataclass(frozen=True)
class Finding:
    """What was found of one thing.

    Attributes
    ----------
    what
        The thing looked at: "numba".
    status
        "ok"; "to mend" where something does not work; "not there" where it is a part that one can do without.
    found
        What there is, in a few words.
    mend
        How to mend it; empty where it is ok.
    stops
        Whether the main job (policy-sim run) does not work for it.
    """

    what: str
    status: Literal["ok", "to mend", "not there"]
    found: str
    mend: str = ""
    stops: bool = False


def doctor(as_json: AsJson = False) -> None:
    """Whether all that the program needs is there, and how to mend what is not; status 1 if that stops `run`."""
    findings = examine()
    if as_json:
        print_json(
            {"works": not any(finding.stops for finding in findings), "findings": [asdict(one) for one in findings]}
        )
    else:
        width = max(len(finding.what) for finding in findings)
        for finding in findings:
            typer.echo(f"{finding.status:9} {finding.what:{width}}  {finding.found}")
            if finding.mend:
                typer.echo(f"{'':9} {'':{width}}  -> {finding.mend}")
        typer.echo(_summary(findings))
    if any(finding.stops for finding in findings):
        raise typer.Exit(1)


def examine() -> list[Finding]:
    """Return what was found of everything that the program needs; what goes wrong on the way is a finding too."""
    parts: Sequence[tuple[str, Callable[[], Iterator[Finding]]]] = (
        ("packages", _of_packages),
        ("compiled loops", _of_kernels),
        ("threads", _of_threads),
        ("folders", _of_folders),
        ("figures", _of_figures),
        ("PDF", _of_pdf),
        ("browser", _of_browser),
        ("address", _of_address),
    )
    findings = [_of_python()]
    for what, look in parts:
        try:
            findings += look()
        except Exception as error:  # one part that cannot be looked at hides no other
            words = str(error).splitlines() or [type(error).__name__]
            findings.append(Finding(what, "to mend", words[0], f"install the program anew: {_install('')}"))
    return findings


def _summary(findings: Sequence[Finding]) -> str:
    stopping = [finding.what for finding in findings if finding.stops]
    if stopping:
        return f"The main job does not work here: mend {', '.join(stopping)} first."
    others = sum(finding.status == "to mend" for finding in findings)
    more = f"; {others} thing{'s' * (others > 1)} to mend besides" if others else ""
    return f"The main job works here{more}. Next: {program()} run"


def _install(extra: str) -> str:
    extras = f"[{extra}]" if extra else ""
    if not _project():
        return f"in a clone of the project: {shlex.quote(sys.executable)} -m pip install '.{extras}'"
    return f"{shlex.quote(sys.executable)} -m pip install -e {shlex.quote(f'{_ROOT}{extras}')}"


def _of_python() -> Finding:
    project = _project()
    wanted = project["requires-python"] if project else importlib.metadata.metadata(_NAME)["Requires-Python"]
    least = re.sub(r"[^\d.]", "", str(wanted))
    found = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info >= tuple(map(int, least.split("."))):
        return Finding("Python", "ok", found)
    return Finding("Python", "to mend", found, f"install Python {least} or newer, and the program into it", stops=True)


def _of_packages() -> Iterator[Finding]:
    needed = _requirements()
    missing = {extra: [_problem(one) for one in lines] for extra, lines in needed.items()}
    count = len(needed[""])
    faults = [words for words in missing[""] if words]
    if faults:
        yield Finding("packages", "to mend", "; ".join(faults), _install(""), stops=True)
    else:
        yield Finding(
            "packages", "ok", f"all {count} that are needed, in versions that fit ({', '.join(_main_ones())})"
        )
    for extra, purpose in _EXTRAS.items():
        faults = [words for words in missing.get(extra, ()) if words]
        if not faults:
            yield Finding(f"extra {extra}", "ok", purpose)
        else:
            is_there = any("not installed" not in words for words in faults)
            status: Literal["to mend", "not there"] = "to mend" if is_there else "not there"
            yield Finding(f"extra {extra}", status, f"{purpose}: {'; '.join(faults)}", _install(extra))


def _main_ones() -> list[str]:
    return [f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scipy", "numba", "pandas")]


def _requirements() -> dict[str, list[str]]:
    """Return what is needed, by extra ("" for what always is), as pyproject.toml or the installed package says it."""
    project = _project()
    if project:
        lists = {"": project["dependencies"], **project["optional-dependencies"]}
    else:
        lists = {"": []}
        for line in importlib.metadata.requires(_NAME) or []:
            text, _, marker = line.partition(";")
            extra = re.search(r"extra == ['\"]([^'\"]+)", marker)
            lists.setdefault(extra[1] if extra else "", []).append(text.strip())
    return {name: [line for line in lines if not line.startswith(_NAME)] for name, lines in lists.items()}


def _project() -> dict[str, Any]:
    """Return what pyproject.toml says of the project, in a checkout; nothing in an installed copy."""
    path = _ROOT / "pyproject.toml"
    content = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {}) if path.is_file() else {}
    return content if content.get("name") == _NAME else {}


def _problem(requirement: str) -> str:
    """Return what is wrong with an installed package; nothing where it fits, or nobody can tell."""
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None
    try:
        version = importlib.metadata.version(name[0])
    except importlib.metadata.PackageNotFoundError:
        return f"{name[0]} is not installed"
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return ""
    wanted = Requirement(requirement).specifier
    return "" if wanted.contains(version, prereleases=True) else f"{name[0]} is {version}, needed is {wanted}"


def _of_kernels() -> Iterator[Finding]:
    what = "compiled loops"
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        mend = "unset the environment variable NUMBA_DISABLE_JIT: without compiled loops all is many times slower"
        yield Finding(what, "to mend", "numba is told to compile nothing", mend)
        return
    try:
        from policy_sim.value.kernel_cache import kernel_cache

        cache = kernel_cache()
    except RuntimeError as error:  # numba finds no place for them
        mend = "let the environment variable NUMBA_CACHE_DIR name a folder that you may write to"
        yield Finding(what, "to mend", str(error).splitlines()[0], mend, stops=True)
        return
    except (ImportError, AttributeError, SystemError) as error:
        words = (str(error).splitlines() or [type(error).__name__])[0]
        yield Finding(what, "to mend", f"numba cannot be used: {words}", _install(""), stops=True)
        return
    kept = f"{cache.warm_count} of {cache.loop_count} are compiled and kept in {cache.folder}"
    if not cache.is_writable and cache.warm_count < cache.loop_count:
        mend = (
            "let the environment variable NUMBA_CACHE_DIR name a folder that you may write to; else each start compiles"
        )
        yield Finding(what, "to mend", f"{kept}, which cannot be written to", mend)
    else:
        later = "" if cache.warm_count else "; the first run compiles them, which takes about a minute, once"
        yield Finding(what, "ok", kept + later)


def _of_threads() -> Iterator[Finding]:
    cores = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    set_to = [f"{name}={os.environ[name]}" for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS") if name in os.environ]
    words = f"{cores} core{'s' * (cores > 1)}" + (f", {allowed} of them for this program" if allowed < cores else "")
    yield Finding("threads", "ok", ", ".join([words, *set_to]))


def _of_folders() -> Iterator[Finding]:
    yield _writable("this folder", Path.cwd(), "go to a folder that you may write to, or name one by --out", stops=True)
    temporary = "let the environment variable TMPDIR name a folder that you may write to"
    yield _writable("temporary files", Path(tempfile.gettempdir()), temporary, stops=True)
    try:
        from platformdirs import user_cache_path
    except ImportError:  # only the panel keeps something
        return
    folder = user_cache_path("policy_sim", appauthor=False)
    yield _writable("panel's cache", folder, "make it writable, or let XDG_CACHE_HOME name a folder that is")


def _writable(what: str, folder: Path, mend: str, stops: bool = False) -> Finding:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
        free = shutil.disk_usage(there).free
    except OSError as error:
        problem = error.strerror or str(error)
        return Finding(what, "to mend", f"{folder} cannot be written to: {problem}", mend, stops)
    if free < _LEAST_SPACE:
        return Finding(what, "to mend", f"{folder} has {free / 1e6:,.0f} MB left", "free some space")
    return Finding(what, "ok", f"{folder}, {free / 1e9:,.0f} GB free")


def _of_figures() -> Iterator[Finding]:
    backend = os.environ.get("MPLBACKEND")
    try:
        from matplotlib import font_manager, matplotlib_fname
    except ValueError:
        mend = "unset the environment variable MPLBACKEND: figures are drawn without any"
        yield Finding("figures", "to mend", f"matplotlib knows no back end '{backend}'", mend, stops=True)
        return
    except ImportError as error:
        yield Finding("figures", "to mend", str(error), _install(""), stops=True)
        return
    try:
        font = font_manager.findfont("DejaVu Sans", fallback_to_default=False)
    except ValueError:
        mend = "install matplotlib anew: the font DejaVu Sans comes with it"
        yield Finding("figures", "to mend", f"no font DejaVu Sans ({matplotlib_fname()})", mend)
        return
    yield Finding("figures", "ok", f"font DejaVu Sans ({Path(font).name})")


def _of_pdf() -> Iterator[Finding]:
    from policy_sim.publish import pdf_problem

    problem = pdf_problem()
    if problem:
        what, _, mend = problem.partition("; ")
        is_part = "not installed" in what
        yield Finding("PDF", "not there" if is_part else "to mend", what, mend)
    else:
        yield Finding("PDF", "ok", "WeasyPrint and Pango draw it")


def _of_browser() -> Iterator[Finding]:
    programs = [program for program in _BROWSERS if shutil.which(program)]
    try:
        opened = webbrowser.get()
    except webbrowser.Error:
        opened = None
    if programs or opened is not None:
        named = programs[0] if programs else getattr(opened, "name", "the usual one")
        yield Finding("browser", "ok", f"{named}, for lab and app")
    else:
        mend = (
            "install one (Debian: apt-get install firefox-esr), or open the address that lab and app print in a "
            "browser elsewhere; all other commands need none"
        )
        yield Finding("browser", "not there", "none found, for lab and app", mend)


def _of_address() -> Iterator[Finding]:
    try:
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            door.listen(1)
            port = door.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                pass
    except OSError as error:
        mend = "let programs listen on 127.0.0.1 (a firewall or a sandbox may forbid it); lab and app need it"
        yield Finding("address", "to mend", f"127.0.0.1 cannot be reached: {error.strerror or error}", mend)
        return
    yield Finding("address", "ok", "127.0.0.1 takes and answers calls, for lab and app")
