"""Commands that open something to work in: share (the panel as a file), lab (notebooks), app (the panel as a page).

In: options. Out: a file, or a server that runs until it is stopped. Left to others: the panel (`show.live`).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from policy_sim.cli.console import progress_bar
from policy_sim.cli.files import check_out
from policy_sim.cli.inputs import prepare, read_scenario, read_transactions
from policy_sim.cli.options import (
    DEFAULT_MODEL,
    Draws,
    LogReading,
    LogSource,
    PolicyInForce,
    Sample,
    ScenarioSource,
    Seed,
)

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario
    from policy_sim.show.live.reproduce import Origin

__all__ = ["app", "lab", "share"]


def share(
    out: Annotated[Path, typer.Argument(help="File to write: panel.html.")],
    *,
    shown: Annotated[
        str | None, typer.Option("--show", help="Policy on screen: a file or a name; else the one in force.")
    ] = None,
    log: LogSource,
    sample: Sample,
    policy: PolicyInForce = "current",
    source: ScenarioSource,
) -> None:
    """The panel as one file that needs neither Python nor a network: for whoever decides, by e-mail."""
    check_out(out)
    _require("anywidget", program="the panel")
    from policy_sim.policy import load_policy
    from policy_sim.show.live.share import share as write_shared
    from policy_sim.show.live.state import open_panel

    with progress_bar(3) as begin:
        scenario = read_scenario(source)
        in_force = load_policy(policy, scenario)
        on_screen = load_policy(shown, scenario) if shown else in_force
        setting = prepare(scenario, log, sample, begin("Reading transactions"))
        begin("Searching the best limits")
        panel = open_panel(setting, in_force).with_recommended().showing(on_screen)
        begin("Working out exact curves")
        path = write_shared(panel, out, _origin(log, sample, policy, source))
    typer.echo(f"{path} ({path.stat().st_size / 1024:,.0f} KiB)")


def lab(
    folder: Annotated[Path, typer.Option(help="Where to copy the notebooks, if installed without a checkout.")] = Path(
        "policy_sim_notebooks"
    ),
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port on this machine.")] = 8888,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
) -> None:
    """Open the notebooks in JupyterLab, on this machine only, behind a token."""
    _require("jupyterlab", program="JupyterLab")
    from policy_sim.border import shipped

    notebooks = shipped("notebooks")
    if notebooks.parent == Path(__file__).resolve().parents[1]:  # inside the package: installed without a checkout
        notebooks = _copy_notebooks(notebooks, folder)
    typer.echo(f"Notebooks in {notebooks}; stop with Ctrl-C", err=True)
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ip=127.0.0.1",
        f"--port={port}",
        f"--ServerApp.root_dir={notebooks.resolve()}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    if not browser:
        command.append("--no-browser")
    os.execv(sys.executable, command)


def app(
    *,
    log: LogSource,
    cases: Annotated[
        int, typer.Option("--cases", min=1, max=1_000_000, help="How many cases to draw from the log.")
    ] = 20_000,
    policy: PolicyInForce = "current",
    source: ScenarioSource,
    draws: Draws = 200,
    seed: Seed = 0,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8866,
    ip: Annotated[str, typer.Option(help="Address to listen on; others than this machine's own let others in.")] = (
        "127.0.0.1"
    ),
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    ready: Annotated[int, typer.Option(help="How many panels stand ready for visitors to come.")] = 2,
    idle_minutes: Annotated[float, typer.Option(help="End a panel that nobody has used for so long.")] = 120.0,
    exports: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write exports into as well, each in one of its own; else they are only downloaded."
        ),
    ] = None,
) -> None:
    """Open the panel in a page of its own, without code, on this machine only, behind a token."""
    _require("voila", "anywidget", "ipykernel", program="Voila")
    from policy_sim.border import unknown
    from policy_sim.clv.comparison import PURCHASE_MODELS
    from policy_sim.policy import load_policy
    from policy_sim.show.live.app import AppSettings, run_app
    from policy_sim.show.live.visit import Visit

    settings = AppSettings(ip, port, browser, ready, idle_minutes)
    if exports is not None:
        check_out(exports / "export_1")
    scenario = read_scenario(source)
    load_policy(policy, scenario)
    if log.model != "auto" and log.model not in PURCHASE_MODELS:
        raise unknown("model", log.model, [*PURCHASE_MODELS, "auto"])
    if log.transactions is not None:
        # read here to complain here; each kernel reads it again
        read_transactions(log.transactions, log.reading, scenario)
    with _scenario_for_others(scenario if source.assume else None, source.scenario) as found_as:
        folder = str(Path.cwd())
        place = None if exports is None else str(exports)
        origin = asdict(_origin(log, Sample(str(cases), draws, seed), policy, source))
        visit = Visit(
            found_as, _absolute(policy), cases, draws, seed, folder, _log_content(log), place, log.model, origin
        )
        typer.echo("Stop with Ctrl-C", err=True)
        run_app(visit, settings, say=lambda words: typer.echo(words, err=True), show=typer.echo)


def _require(*modules: str, program: str) -> None:
    """Refuse where modules are not installed.

    Raises
    ------
    InputError
        If one is missing; says what to install.
    """
    if any(find_spec(module) is None for module in modules):
        from policy_sim.border import not_installed

        raise not_installed(program, "app")


def _copy_notebooks(notebooks: Path, folder: Path) -> Path:
    """Copy the notebooks that are not in a folder yet; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(notebooks.glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copy(notebook, folder / notebook.name)
    return folder


@contextmanager
def _scenario_for_others(changed: Scenario | None, name_or_file: str) -> Iterator[str]:
    """Yield the name or path under which other processes find the scenario, written down if values were changed."""
    if changed is None:
        yield _absolute(name_or_file)
        return
    from policy_sim.border import write_whole

    with TemporaryDirectory(prefix="policy_sim_") as folder:
        path = Path(folder) / "scenario.json"
        write_whole(path, changed.model_dump_json())
        yield str(path)


def _absolute(name_or_file: str) -> str:
    """Return a name as it is, and the path of a file so that it holds in every folder."""
    from policy_sim.border import is_file

    return str(Path(name_or_file).resolve()) if is_file(name_or_file) else name_or_file


def _origin(log: LogSource, sample: Sample, policy: str, source: ScenarioSource) -> Origin:
    """Return what was typed, for whoever wants the same figures again."""
    from policy_sim.show.live.reproduce import Origin

    usual, reading = LogReading(), {}
    if log.transactions is not None:
        # as it was typed, with paths as they were given
        told = {**log.reading.arguments(), **{name: getattr(log.reading, name) for name in ("mapping", "rates")}}
        plain = {name: str(value) if isinstance(value, Path) else value for name, value in told.items()}
        reading = {name: value for name, value in plain.items() if value != getattr(usual, name)}
    return Origin(
        *(source.scenario, policy, sample.cases, sample.draws, sample.seed),
        assumed=dict(part.split("=", 1) for part in source.assume or []),
        transactions=None if log.transactions is None else str(log.transactions),
        reading=reading,
        model=None if log.model == DEFAULT_MODEL else log.model,
    )


def _log_content(log: LogSource) -> dict[str, Any] | None:
    """Return what another process needs to read the log; none for the CDNOW sample."""
    if log.transactions is None:
        return None
    return {"source": str(log.transactions.resolve()), **log.reading.arguments()}
