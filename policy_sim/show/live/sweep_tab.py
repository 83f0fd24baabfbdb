"""Sweep tab: the questions to a sweep as tabs of a notebook, for whoever does not write code.

In: the folder of a sweep. Out: a widget: choose an outcome, read what decides, where it is bad, which limit is best
where. Left to others: the answers (`sweep`), how they are drawn (`figures/sweep`).
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ipywidgets import HTML, BoundedFloatText, Dropdown, HBox, Tab, VBox
from matplotlib.figure import Figure

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError
from policy_sim.show.figures.sweep import plot_discovery, plot_limit_map, plot_what_decides
from policy_sim.sweep.discovery import discover
from policy_sim.sweep.regret import limit_map, regret_table
from policy_sim.sweep.results import SweepResults, open_sweep
from policy_sim.sweep.sensitivity import what_decides
from policy_sim.uncertain import spelled_out

__all__ = ["sweep_tab"]

_FIGURE_DPI = 96
_LARGE = 1e12


def sweep_tab(folder: str | Path) -> VBox:
    """Return the tabs; a choice is answered at once, and what cannot be asked of this sweep is said in a sentence.

    Raises
    ------
    InputError
        If the folder holds no sweep, or no results yet.
    """
    sweep = open_sweep(folder)
    outcomes = [name for name in sweep.design.columns if sweep.table[name].notna().any()]
    varying = [name for name in sweep.design.runs.names if sweep.table[name].nunique(dropna=False) > 1]
    if not outcomes:
        raise InputError(f"every run in '{folder}' failed, so there is nothing to ask; see read_sweep(folder)['error']")
    outcome = Dropdown(options=outcomes, description="Outcome")
    middle = float(sweep.table[outcomes[0]].quantile(0.1))
    below = BoundedFloatText(value=round(middle, 2), min=-_LARGE, max=_LARGE, description="Bad is below")
    sides = [Dropdown(options=varying, value=name, description=words) for name, words in _sides(varying)]
    answers = {"What decides": HTML(), "Where it is bad": HTML(), "Best limit where": HTML(), "Regret": HTML()}

    def ask(_: object = None) -> None:
        questions: dict[str, Callable[[], str]] = {
            "What decides": lambda: _decides(sweep, outcome.value),
            "Where it is bad": lambda: _bad(sweep, outcome.value, below.value),
            "Best limit where": lambda: _map(sweep, outcome.value, *(side.value for side in sides)),
            "Regret": lambda: _regret(sweep, outcome.value),
        }
        for name, question in questions.items():
            answers[name].value = _answered(question)

    for control in (outcome, below, *sides):
        control.observe(ask, names="value")
    ask()
    panels: list[Any] = [
        answers["What decides"],
        VBox([below, answers["Where it is bad"]]),
        VBox([HBox(sides), answers["Best limit where"]]),
        answers["Regret"],
    ]
    about = f"<b>{html.escape(sweep.design.title)}</b>: {len(sweep.table):,} runs"
    return VBox([HTML(about), outcome, Tab(children=panels, titles=tuple(answers))])


def _sides(varying: list[str]) -> list[tuple[str, str]]:
    return list(zip(varying[:2], ("Across", "Down"), strict=False)) if len(varying) > 1 else []


def _answered(question: Callable[[], str]) -> str:
    try:
        return question()
    except (InputError, TypeError) as error:
        words = str(error) if isinstance(error, InputError) else "the sweep moves too few factors for that"
        return f"<p>{html.escape(words)}</p>"


def _decides(sweep: SweepResults, outcome: str) -> str:
    table, titles = what_decides(sweep, outcome), _titles(sweep)
    others = [name for name in table.columns if name in sweep.design.runs.names]
    if not others:
        return _picture(plot_what_decides({outcome: table}, titles=titles), f"Sobol indices of {outcome}") + _rows(
            table
        )
    parts = []
    for key, rows in table.groupby(others, dropna=False, sort=False):
        words = ", ".join(str(level) for level in (key if isinstance(key, tuple) else (key,)))
        picture = _picture(plot_what_decides({outcome: rows}, titles=titles), f"Sobol indices of {outcome}, {words}")
        parts.append(f"<h4>{html.escape(words)}</h4>{picture}")
    return "".join(parts)


def _bad(sweep: SweepResults, outcome: str, below: float) -> str:
    discovery = discover(sweep, outcome, below=below)
    words = f"<p>{html.escape(discovery.words)}</p>"
    try:
        return words + _picture(plot_discovery(sweep, discovery, outcome, below, _titles(sweep)), discovery.words)
    except InputError:
        return words


def _map(sweep: SweepResults, outcome: str, across: str, down: str) -> str:
    limits = limit_map(sweep, across, down, outcome, cells=6)
    is_limit = outcome.startswith(("best.", "enough."))
    currency = load_scenario(sweep.design.scenario).currency if is_limit else ""
    return _picture(plot_limit_map(limits, currency, outcome, _titles(sweep)), f"{outcome} over {across} and {down}")


def _titles(sweep: SweepResults) -> Callable[[str], str]:
    """Return what factors are called; spelled out where the scenario of the sweep is no longer there."""
    try:
        return load_scenario(sweep.design.scenario).title_of
    except InputError:
        return spelled_out


def _regret(sweep: SweepResults, outcome: str) -> str:
    return _rows(regret_table(sweep, outcome))


def _rows(table: Any) -> str:
    return str(table.to_html(index=False, float_format=lambda value: f"{value:,.3g}", border=0))


def _picture(figure: Figure, words: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_FIGURE_DPI)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{html.escape(words, quote=True)}" src="data:image/png;base64,{data}" style="max-width: 100%">'
