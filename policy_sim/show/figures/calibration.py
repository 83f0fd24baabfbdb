"""Figures of calibration: what was known before and is now, and whether customers came back as expected.

In: a calibration and its check. Out: matplotlib figures. Left to others: the numbers (`evidence`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from policy_sim.evidence.calibration import Calibration
from policy_sim.evidence.predictive import PredictiveCheck
from policy_sim.show.figures.drawing import ACCENT, COST, MUTED, RULE, TEXT, finish, new_figure, quiet
from policy_sim.show.wording import assumption_title

__all__ = ["figures_of_calibration", "plot_check", "plot_learned"]


def figures_of_calibration(calibration: Calibration, check: PredictiveCheck) -> Mapping[str, Figure]:
    """Return the figures by the names of their files."""
    return {"learned": plot_learned(calibration), "came_back": plot_check(check)}


def plot_learned(calibration: Calibration) -> Figure:
    """Draw the 90 % interval of each assumption before (grey) and now (blue), on the scale of its own range."""
    table = calibration.to_frame().iloc[::-1].reset_index(drop=True)
    low, high = np.array(
        [calibration.scenario.assumption(str(name)).range for name in table["assumption"]], dtype=np.float64
    ).T
    figure = new_figure(9.6, 1.4 + 0.27 * len(table))
    axis = figure.subplots()
    places = np.arange(len(table))

    def scaled(column: str) -> np.ndarray:
        return np.asarray((table[column].to_numpy() - low) / (high - low))

    axis.hlines(places + 0.14, scaled("prior_low"), scaled("prior_high"), color=RULE, linewidth=5)
    axis.plot(scaled("prior"), places + 0.14, "|", color=MUTED, markersize=6)
    axis.hlines(places - 0.14, scaled("low"), scaled("high"), color=ACCENT, linewidth=3)
    axis.plot(scaled("posterior"), places - 0.14, "o", color=ACCENT, markersize=4)
    axis.set_yticks(places, [assumption_title(str(name)) for name in table["assumption"]], fontsize=8, color=TEXT)
    for place, left in zip(places, table["width_left"], strict=True):
        axis.text(1.02, float(place), f"{left:.0%}", va="center", fontsize=8, color=MUTED)
    axis.text(1.02, len(table) - 0.2, "width\nleft", va="bottom", fontsize=8, color=MUTED)
    axis.set_xlim(0, 1.1)
    axis.set_xticks([0, 0.5, 1], ["lowest", "middle", "highest of its range"], fontsize=8)
    quiet(axis)
    axis.grid(visible=False, axis="y")
    words = f"Grey: before. Blue: now, from {calibration.observed.about()}. Lines: 90 %."
    finish(figure, words)
    return figure


def plot_check(check: PredictiveCheck) -> Figure:
    """Draw the share who came back in each group (dots) against where it should lie 90 % of the time (bars)."""
    table = check.to_frame()
    titles = {"decile": "by what was expected, in tenths", "failure": "by failure", "given": "by what was given"}
    figure = new_figure(11, 4.6)
    axes = figure.subplots(1, len(titles), sharey=True, width_ratios=[1.3, 1, 1])
    for axis, (by, title) in zip(axes, titles.items(), strict=True):
        rows = table[table["by"] == by]
        places = np.arange(len(rows))
        axis.vlines(places, rows["low"], rows["high"], color=RULE, linewidth=9)
        is_off = ~((rows["low"] <= rows["seen"]) & (rows["seen"] <= rows["high"])).to_numpy()
        seen = rows["seen"].to_numpy()
        axis.plot(places[~is_off], seen[~is_off], "o", color=ACCENT, markersize=6)
        axis.plot(places[is_off], seen[is_off], "D", color=COST, markersize=6)
        rotation = 0 if by == "decile" else 35
        axis.set_xticks(places, rows["group"], rotation=rotation, ha="center" if not rotation else "right", fontsize=8)
        axis.set_title(title, loc="left", fontsize=9, color=TEXT)
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        quiet(axis)
    words = (
        f"Who came back within {check.days} days. Dots: seen. Bars: where they lie 90 % of the time if the model "
        f"holds. Diamonds lie outside. {check.left_out:,} cases were not followed that long."
    )
    finish(figure, words)
    return figure
