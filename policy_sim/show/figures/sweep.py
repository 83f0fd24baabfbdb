"""Figures of sweeps and journeys: what decides, where limits should stand, where runs go wrong, a base over time.

In: tables of the questions to a sweep, journeys. Out: matplotlib figures. Left to others: the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from policy_sim.border import InputError
from policy_sim.show.figures.drawing import (
    ACCENT,
    COST,
    GAIN,
    MUTED,
    RULE,
    TEXT,
    finish,
    money_ticks,
    new_figure,
    quiet,
)
from policy_sim.show.wording import WAYS
from policy_sim.study.journey import TRAJECTORIES, Journey
from policy_sim.sweep.discovery import Discovery
from policy_sim.sweep.results import SweepResults
from policy_sim.uncertain import spelled_out
from policy_sim.words import LIMIT_KINDS, OUTCOMES

__all__ = ["plot_discovery", "plot_journeys", "plot_limit_map", "plot_what_decides"]

_DRAWN_RUNS = 1_500
#: Titles of trajectories that are no outcome of a policy.
_TITLES = {"customers": "Customers", "lost": "Lost over a failure, a month"}


def plot_what_decides(
    tables: dict[str, pd.DataFrame], most: int = 8, titles: Callable[[str], str] = spelled_out
) -> Figure:
    """Draw Sobol's indices, one panel for each outcome: known alone (filled) and with all it plays into (open).

    Parameters
    ----------
    tables
        By outcome, as `what_decides` gives them for one policy.
    most
        How many factors to draw; in the order of the first outcome.
    titles
        What a factor is called, by its name: `Scenario.title_of`.
    """
    first = next(iter(tables.values()))
    if first["factor"].duplicated().any():
        raise InputError("a table holds a factor twice; take the rows of one policy or scenario")
    names = first["factor"].head(most).tolist()
    figure = new_figure(4.6 + 3.2 * len(tables), 1.7 + 0.52 * len(names))
    axes = np.atleast_1d(figure.subplots(1, len(tables), sharey=True))
    places = np.arange(len(names))
    for axis, (outcome, table) in zip(axes, tables.items(), strict=True):
        rows = table.set_index("factor").reindex(names)
        axis.barh(
            places, rows["total"], height=0.56, facecolor="white", edgecolor=ACCENT, label="with all it plays into"
        )
        axis.barh(places, rows["first_order"].clip(lower=0), height=0.56, color=ACCENT, alpha=0.85, label="alone")
        axis.hlines(places, rows["total_low"], rows["total_high"], color=TEXT, linewidth=1.3)
        axis.set_title(_outcome_title(outcome), loc="left", fontsize=10.5, color=TEXT)
        axis.set_xlabel("share of the variance")
        axis.set_xlim(0, max(1.0, float(rows["total_high"].max()) * 1.05))
        quiet(axis)
    axes[0].set_yticks(places, [titles(name) for name in names])
    axes[0].invert_yaxis()
    axes[-1].legend(loc="lower right", frameon=False, fontsize=9)
    points = int(first["points"].iloc[0]) if "points" in first else 0
    finish(figure, f"Sobol indices of {points:,} points, bars with the interval that holds nine in ten resamples")
    return figure


def plot_limit_map(
    limits: pd.DataFrame,
    currency: str,
    outcome: str = "enough.agent.keep_item",
    titles: Callable[[str], str] = spelled_out,
) -> Figure:
    """Draw a map of limits: dark where more may be given, each cell with its amount.

    Parameters
    ----------
    limits
        As `limit_map` gives it.
    currency
        Of the limit.
    outcome
        What it is a map of.
    titles
        What a factor is called, by its name: `Scenario.title_of`.
    """
    values = limits.to_numpy(dtype=np.float64)
    figure = new_figure(2.8 + 0.95 * limits.shape[1], 1.9 + 0.52 * limits.shape[0])
    axis = figure.subplots()
    shades = axis.imshow(values, aspect="auto", origin="lower", cmap="Blues", vmin=0)
    strong = np.nanmax(values) * 0.6
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            colour = "white" if value > strong else TEXT
            axis.annotate(f"{value:,.0f}", (column, row), ha="center", va="center", color=colour, fontsize=9)
    axis.set_xticks(range(limits.shape[1]), [_format_level(level) for level in limits.columns])
    axis.set_yticks(range(limits.shape[0]), [_format_level(level) for level in limits.index])
    axis.set_xlabel(titles(str(limits.columns.name)))
    axis.set_ylabel(titles(str(limits.index.name)))
    axis.set_title(", ".join(filter(None, [_outcome_title(outcome), currency])), loc="left", fontsize=10.5, color=TEXT)
    axis.tick_params(length=0)
    for side in axis.spines.values():
        side.set_visible(False)
    shades.set_clim(0, max(float(np.nanmax(values)), 1.0))
    finish(figure, "median over the runs in each cell; all other factors vary")
    return figure


def plot_discovery(
    sweep: SweepResults,
    discovery: Discovery,
    outcome: str,
    below: float = 0.0,
    titles: Callable[[str], str] = spelled_out,
) -> Figure:
    """Draw the runs over the two factors that the first box restricts most: bad ones marked, the box outlined.

    Parameters
    ----------
    sweep, discovery
        The runs, and what `discover` found in them.
    outcome, below
        What was asked: bad runs are below this.
    titles
        What a factor is called, by its name: `Scenario.title_of`.

    Raises
    ------
    InputError
        If no box restricts two numbers.
    """
    box = discovery.boxes[0] if discovery.boxes else None
    numbers = [] if box is None else [name for name, limits in box.limits.items() if not isinstance(limits[0], str)]
    if box is None or len(numbers) < 2:
        raise InputError("no box restricts two numbers, so there is nothing to draw; see Discovery.words")
    table = sweep.table.sort_values("run").head(_DRAWN_RUNS)
    # as far as the other restrictions hold
    inside = pd.Series(True, index=table.index)
    for name, limits in box.limits.items():
        if name not in numbers[:2] and not isinstance(limits[0], str):
            inside &= table[name].between(*limits)
    across, down = numbers[:2]
    figure = new_figure(7.6, 5.0)
    axis = figure.subplots()
    bad = table[outcome] < below
    bad_label = f"{_outcome_title(outcome)} below {below:,.6g}"
    for chosen, colour, mark, label in ((~bad, MUTED, "o", "other runs"), (bad, COST, "X", bad_label)):
        for near, strength in ((inside, 0.85), (~inside, 0.22)):
            shown = table[chosen & near]
            axis.scatter(
                shown[across], shown[down], s=18 if mark == "o" else 30, color=colour, marker=mark, alpha=strength,
                linewidths=0, label=label if strength > 0.5 else None,
            )  # fmt: skip
    ranges = (cast(tuple[float, float], box.limits[name]) for name in (across, down))
    _outline(axis, table[across], table[down], *ranges)
    axis.set_xlabel(titles(across))
    axis.set_ylabel(titles(down))
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=9, borderaxespad=0.2)
    quiet(axis)
    others = [name for name in box.limits if name not in (across, down)]
    pale = f"; pale where {', '.join(titles(name) for name in others)} lies outside" if others else ""
    finish(figure, f"{len(table):,} of {discovery.runs:,} runs; in the box {box.density:.0%} are like that{pale}")
    return figure


def plot_journeys(
    journeys: Sequence[Journey], outcomes: Sequence[str] = ("customers", "lost", "learned_claiming")
) -> Figure:
    """Draw journeys month by month, one panel for each outcome: mean and the range of nine in ten draws.

    With two of them, a last panel has what the second has brought over the first so far, paired draw by draw.

    Raises
    ------
    InputError
        If there is no journey.
    """
    if not journeys:
        raise InputError("there is no journey to draw; follow customers under one policy or more")
    panels = len(outcomes) + (len(journeys) == 2)
    columns = min(panels, 3 if panels > 4 else 2)
    rows = -(-panels // columns)
    figure = new_figure(1 + 4.6 * columns, 0.6 + 2.9 * rows)
    axes = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    styles = ((ACCENT, "-"), (GAIN, "--"), (COST, ":"), (MUTED, "-."))
    for axis, name in zip(axes, outcomes, strict=False):
        for journey, (colour, line) in zip(journeys, styles, strict=False):
            values = journey.monthly[name]
            months = np.arange(1, values.shape[1] + 1)
            low, high = np.quantile(values, [0.05, 0.95], axis=0)
            axis.fill_between(months, low, high, color=colour, alpha=0.13, linewidth=0)
            axis.plot(months, values.mean(axis=0), color=colour, linestyle=line, label=journey.policy.title)
        axis.set_title(_trajectory_title(name), loc="left", fontsize=10.5, color=TEXT)
        axis.set_xlabel("month")
        quiet(axis)
        is_money = TRAJECTORIES[name] == "money"
        axis.yaxis.set_major_formatter(money_ticks(journeys[0].currency) if is_money else "{x:,.0f}")
    if len(journeys) == 2:
        _draw_gain(axes[len(outcomes)], journeys[1], journeys[0])
    for axis in axes[panels:]:
        axis.set_visible(False)
    axes[0].legend(frameon=False, fontsize=9)
    finish(figure, f"the same customers with the same luck; bands hold nine in ten of the {WAYS}")
    return figure


def _draw_gain(axis: Axes, journey: Journey, other: Journey) -> None:
    gained = np.cumsum(journey.monthly["net_value"] - other.monthly["net_value"], axis=1)
    months = np.arange(1, gained.shape[1] + 1)
    low, high = np.quantile(gained, [0.05, 0.95], axis=0)
    axis.axhline(0, color=TEXT, linewidth=1.0)
    axis.fill_between(months, low, high, color=GAIN, alpha=0.18, linewidth=0)
    axis.plot(months, gained.mean(axis=0), color=GAIN)
    axis.set_title(f"“{journey.policy.title}” ahead so far", loc="left", fontsize=10.5, color=TEXT)
    axis.set_xlabel("month")
    quiet(axis)
    axis.yaxis.set_major_formatter(money_ticks(journey.currency))


def _outline(axis: Axes, xs: pd.Series, ys: pd.Series, across: tuple[float, float], down: tuple[float, float]) -> None:
    margin = 0.02
    ends = []
    for values, limits in ((xs, across), (ys, down)):
        width = float(values.max() - values.min())
        low, high = float(values.min()) - margin * width, float(values.max()) + margin * width
        ends.append((max(limits[0], low), min(limits[1], high)))
    (left, right), (bottom, top) = ends
    corner = (left, bottom)
    axis.add_patch(Rectangle(corner, right - left, top - bottom, fill=False, edgecolor=ACCENT, linewidth=2.0, zorder=5))
    axis.set_axisbelow(True)
    axis.grid(visible=True, color=RULE, linewidth=0.6)


def _format_level(value: object) -> str:
    """Return a level of a factor as it stands beside its row or column."""
    return f"{value:,.3g}" if isinstance(value, float) else str(value)


def _trajectory_title(name: str) -> str:
    if name in OUTCOMES:
        return f"{OUTCOMES[name].title} a month"
    return _TITLES.get(name, name.replace("_", " ").capitalize())


def _outcome_title(outcome: str) -> str:
    about, _, lever = outcome.partition(".")
    if lever:
        tier, _, limit = lever.partition(".")
        words = {"best": "Best limit", "enough": "Limit that is enough"}[about]
        return f"{words}, {tier}: {LIMIT_KINDS[limit].title}"
    if outcome in OUTCOMES:
        return OUTCOMES[outcome].title
    return {"gain": "Gain over the policy in force"}.get(outcome, outcome)
