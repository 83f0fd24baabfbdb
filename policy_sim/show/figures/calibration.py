"""Figures of calibration: what was known before and is now, and whether customers came back as expected.

In: a calibration and its checks, what learning changes. Out: matplotlib figures. Left to others: the numbers
(`evidence`, `study`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from policy_sim.evidence.calibration import Calibration
from policy_sim.evidence.confounding import Sensitivity
from policy_sim.evidence.predictive import PredictiveCheck
from policy_sim.show.figures.drawing import ACCENT, COST, MUTED, RULE, TEXT, finish, money_ticks, new_figure, quiet
from policy_sim.study import Learning
from policy_sim.uncertain import spelled_out

__all__ = ["figures_of_calibration", "plot_check", "plot_learned", "plot_unseen", "plot_what_learning_changes"]


def figures_of_calibration(
    calibration: Calibration, check: PredictiveCheck, unseen: Sensitivity
) -> Mapping[str, Figure]:
    """Return the figures by the names of their files."""
    titles = calibration.scenario.title_of
    return {"learned": plot_learned(calibration), "came_back": plot_check(check), "unseen": plot_unseen(unseen, titles)}


def plot_learned(calibration: Calibration, truth: Mapping[str, object] | None = None) -> Figure:
    """Draw the 90 % interval of each assumption before (grey) and now (blue), on the scale of its own range.

    Where the truth is known, by full name of the assumption (of a firm that is made up), a cross stands where it is.
    """
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
    if truth is not None:
        true = np.array([float(str(truth[str(name)])) for name in table["assumption"]])
        axis.plot((true - low) / (high - low), places - 0.14, "X", color=COST, markersize=7, markeredgecolor="white")
    titles = [calibration.scenario.title_of(str(name)) for name in table["assumption"]]
    axis.set_yticks(places, titles, fontsize=8, color=TEXT)
    for place, left in zip(places, table["width_left"], strict=True):
        axis.text(1.02, float(place), f"{left:.0%}", va="center", fontsize=8, color=MUTED)
    axis.text(1.02, len(table) - 0.4, "width\nleft", va="bottom", fontsize=8, color=MUTED)
    axis.set_xlim(0, 1.1)
    axis.set_ylim(-0.8, len(table) + 0.8)
    axis.set_xticks([0, 0.5, 1], ["lowest", "middle", "highest of its range"], fontsize=8)
    quiet(axis)
    axis.grid(visible=False, axis="y")
    words = f"Grey: before. Blue: now, from {calibration.observed.about()}. Lines: 90 %."
    words += "" if truth is None else " Crosses: the truth."
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


def plot_unseen(unseen: Sensitivity, titles: Callable[[str], str] = spelled_out) -> Figure:
    """Draw the 90 % interval of each effect as far as something that nobody recorded may move it, by its strength.

    `titles` says what an assumption is called, by its name: `Scenario.title_of`.
    """
    table = unseen.to_frame()
    names = list(dict.fromkeys(table["assumption"]))[::-1]
    strengths = sorted(table["strength"].unique(), reverse=True)
    figure = new_figure(9.6, 1.2 + 0.32 * len(names))
    axis = figure.subplots()
    places = {name: place for place, name in enumerate(names)}
    for strength, width, colour in zip(strengths, _widths(len(strengths)), _shades(len(strengths)), strict=True):
        rows = table[table["strength"] == strength]
        at = [places[name] for name in rows["assumption"]]
        axis.hlines(at, rows["low"], rows["high"], color=colour, linewidth=width, label=f"strength {strength:g}")
    read = table.drop_duplicates("assumption")
    at = [places[name] for name in read["assumption"]]
    axis.plot(read["as_read"], at, "o", color=TEXT, markersize=5, linestyle="none", label="as read")
    axis.axvline(0, color=MUTED, linewidth=0.8)
    axis.set_yticks(range(len(names)), [titles(str(name)) for name in names], fontsize=8, color=TEXT)
    axis.set_xlabel("what it does to the chance to stay (logits)", fontsize=9, color=MUTED)
    quiet(axis)
    axis.grid(visible=False, axis="y")
    figure.legend(loc="outside upper right", ncols=len(strengths) + 1, frameon=False, fontsize=8)
    finish(
        figure,
        "Strength: logits of loss that go with a standard deviation more given, beyond what is on record. Lines: 90 %.",
    )
    return figure


def _widths(count: int) -> list[float]:
    return [float(width) for width in np.linspace(9, 3, count)]


def _shades(count: int) -> list[str]:
    return [RULE, "#a9b8e6", ACCENT][-count:] if count <= 3 else [RULE] * (count - 2) + ["#a9b8e6", ACCENT]


def plot_what_learning_changes(learning: Learning) -> Figure:
    """Draw what the limits of before and of now are worth against the policy in force, and how sure that is.

    Lines hold 90 %; where the truth is known, a cross says what the same limits bring by it.
    """
    table = learning.to_frame()
    currency = learning.now.payoffs.scenario.currency
    figure = new_figure(9.6, 2.7)
    axis = figure.subplots()
    rows = [("before", "before"), ("before", "now"), ("now", "now")]
    titles = (
        "limits and assumptions of before",
        "limits of before, assumptions of now",
        "limits and assumptions of now",
    )
    for place, (limits_of, judged_by) in enumerate(rows[::-1]):
        row = table[(table["limits_of"] == limits_of) & (table["judged_by"] == judged_by)].iloc[0]
        colour = MUTED if judged_by == "before" else ACCENT
        axis.hlines(place, row["low"], row["high"], color=colour, linewidth=4)
        axis.plot(row["net_value"], place, "o", color=colour, markersize=7)
        true = table[(table["limits_of"] == limits_of) & (table["judged_by"] == "truth")]
        axis.plot(true["net_value"], [place] * len(true), "X", color=COST, markersize=9, markeredgecolor="white")
    axis.axvline(0, color=MUTED, linewidth=0.8)
    axis.set_yticks(range(len(rows)), titles[::-1], fontsize=9, color=TEXT)
    axis.set_ylim(-0.6, len(rows) - 0.4)
    axis.xaxis.set_major_formatter(money_ticks(currency))
    quiet(axis)
    axis.grid(visible=False, axis="y")
    in_force = learning.gains["now", "now"].baseline.policy.title
    words = f"Net value a year against “{in_force}”. Lines: 90 %, by assumptions and cases."
    is_known = ("now", "truth") in learning.gains
    finish(figure, words + (" Crosses: what those limits bring by the truth." if is_known else ""))
    return figure
