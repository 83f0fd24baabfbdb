"""Figures of gaps: how a policy would come, obstacle after obstacle, to the best of every case.

In: gaps. Out: a matplotlib figure. Left to others: the numbers (`value.gap`), the table (`show.terminal.gap`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

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
from policy_sim.show.wording import format_money
from policy_sim.value import Gap
from policy_sim.words import GAP_PARTS

__all__ = ["plot_gap"]

#: Parts that rules and limits can reach are filled; the others, which they cannot, are hatched.
_OUT_OF_REACH: Final = ("entitlements", "luck")
_HEIGHT: Final = 0.56
_WIDTH_OF_A_NAME: Final = 22


def plot_gap(gaps: Sequence[tuple[str, Gap]]) -> Figure:
    """Draw the way from each policy to the best of every case, one part after the other, money a year.

    Parameters
    ----------
    gaps
        What each policy is called, and its gap, on the same cases. The first stands at 0, the others where they are
        ahead of it.
    """
    # take inputs
    first = gaps[0][1]
    currency, yearly = first.policy.currency, first.steps[0].cases_per_year
    # extract the data
    whole = float(first.total_per_case().mean()) * yearly
    rows = ["Gained by it", *(part.title for part in GAP_PARTS.values())]
    has_start = len(gaps) > 1
    names = rows if has_start else rows[1:]
    # draw
    figure = new_figure(3.6 + 3.1 * len(gaps), 1.5 + 0.46 * len(names))
    axes = np.atleast_1d(figure.subplots(1, len(gaps), sharey=True, sharex=True))
    for axis, (name, gap) in zip(axes, gaps, strict=True):
        total = float(gap.total_per_case().mean()) * yearly
        _draw_steps(axis, gap, whole - total, currency, has_start)
        words = f"{name}:\n{format_money(total, currency)} a year to the best of every case"
        axis.set_title(words, loc="left", fontsize=10, color=TEXT)
        axis.xaxis.set_major_formatter(money_ticks(currency))
        quiet(axis)
        axis.grid(visible=False, axis="y")
        axis.grid(axis="x", color=RULE, linewidth=0.6)
        axis.tick_params(axis="y", length=0, colors=TEXT)
    axes[0].set_yticks(range(len(names)), [textwrap.fill(name, _WIDTH_OF_A_NAME) for name in names])
    axes[0].set_ylim(len(names) - 0.4, -0.6)
    low, high = axes[0].get_xlim()
    axes[0].set_xlim(low - 0.04 * (high - low), high + 0.2 * (high - low))
    figure.supylabel(" ")
    note = "lines: 90 %, by assumptions and cases; hatched: out of reach of limits and rules"
    if any(gap.policy.playbook for _, gap in gaps):
        note += ";\ngained before what the playbook costs"
    if any(step.gained.mean() < 0 for _, gap in gaps for step in gap.steps):
        note += "; brown: brings more than it costs"
    finish(figure, f"{currency} a year, on {first.case_count:,} cases; {note}")
    return figure


def _draw_steps(axis: Axes, gap: Gap, start: float, currency: str, has_start: bool) -> None:
    """Draw floating bars from where the policy stands to the best of every case."""
    place = 0
    if has_start:
        axis.barh(0, start, height=_HEIGHT, color=GAIN)
        if start:
            _label(axis, max(start, 0.0), 0, format_money(start, currency, True))
        place = 1
    at = start
    for row, step in enumerate(gap.steps, start=place):
        mean = float(step.per_year().mean())
        is_reachable = step.name not in _OUT_OF_REACH
        colour = COST if mean < 0 else ACCENT
        axis.barh(
            row, mean, left=at, height=_HEIGHT, color=colour if is_reachable else "white", edgecolor=colour,
            hatch=None if is_reachable else "////", linewidth=0.8,
        )  # fmt: skip
        ends = np.array(step.interval_per_year())
        right = max(at, at + mean)
        if np.isfinite(ends).all() and ends[0] < ends[1]:
            _draw_ends(axis, at + ends, row)
            right = max(right, at + float(ends[1]))
        _label(axis, right, row, format_money(mean, currency, True))
        axis.plot([at + mean] * 2, [row - _HEIGHT / 2, row + 1 - _HEIGHT / 2], color=MUTED, linewidth=0.8, zorder=1)
        at += mean


def _draw_ends(axis: Axes, ends: NDArray[np.float64], row: int) -> None:
    """Draw an interval: dark on a white rim, so that it is seen on a bar and beside it."""
    axis.plot(ends, [row, row], color="white", linewidth=3.2, solid_capstyle="butt", zorder=3)
    axis.plot(ends, [row, row], color=TEXT, linewidth=1.3, solid_capstyle="butt", zorder=4)


def _label(axis: Axes, at: float, row: int, words: str) -> None:
    axis.annotate(words, (at, row), xytext=(5, 0), textcoords="offset points", va="center", fontsize=9, color=TEXT)
