"""Figures of the customer models: is the fit right, and what does it say of a customer.

In: a comparison of models, a fitted model. Out: matplotlib figures. Left to others: the numbers.
"""

from __future__ import annotations

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from policy_sim.clv import ModelComparison, PurchaseFit
from policy_sim.show.figures.drawing import ACCENT, COST, GAIN, MUTED, TEXT, finish, new_figure, quiet

__all__ = ["plot_by_frequency", "plot_frequency_recency", "plot_probability_alive", "plot_tracking"]

#: Colour and line of each further model: told apart without colour as well.
_LINES = ((ACCENT, "-"), (GAIN, "--"), (COST, "-."), (MUTED, ":"), (TEXT, (0, (5, 1, 1, 1))))


def plot_tracking(comparison: ModelComparison) -> Figure:
    """Draw cumulative repeat purchases week by week: what happened, and what each model expected from the start."""
    figure = new_figure(7.2, 4.0)
    axis = figure.subplots()
    table = comparison.tracking
    axis.plot(table["week"], table["actual"], color=TEXT, linewidth=2.4, label="actual")
    for name, (colour, line) in zip(comparison.fits, _LINES, strict=False):
        axis.plot(table["week"], table[name], color=colour, linestyle=line, linewidth=1.6, label=name)
    split = float(table["week"].iloc[-1]) - comparison.horizon_weeks
    axis.axvline(split, color=MUTED, linewidth=0.8)
    axis.annotate("fitted up to here", (split, 0), xytext=(-6, 6), textcoords="offset points", ha="right", color=MUTED)
    axis.set_xlabel("weeks since the first day of the log")
    axis.set_ylabel("repeat purchases so far")
    axis.legend(frameon=False, loc="upper left")
    quiet(axis)
    finish(figure, "customers who bought by the end of the fitted part")
    return figure


def plot_by_frequency(comparison: ModelComparison) -> Figure:
    """Draw mean purchases in the rest of the log by the number of repeat purchases before, actual and expected."""
    figure = new_figure(7.2, 4.0)
    axis = figure.subplots()
    table = comparison.by_frequency
    axis.plot(table["frequency"], table["actual"], "o-", color=TEXT, linewidth=2.0, label="actual")
    for name, (colour, line) in zip(comparison.fits, _LINES, strict=False):
        axis.plot(table["frequency"], table[name], color=colour, linestyle=line, linewidth=1.6, label=name)
    words = [f"{int(x)}\n({n:,})" for x, n in zip(table["frequency"], table["customers"], strict=True)]
    words[-1] = f"{int(table['frequency'].iloc[-1])}+\n({table['customers'].iloc[-1]:,})"
    axis.set_xticks(table["frequency"], words)
    axis.set_xlabel("repeat purchases in the fitted part (customers)")
    axis.set_ylabel(f"mean purchases in the {comparison.horizon_weeks:.0f} weeks after")
    axis.legend(frameon=False, loc="upper left")
    quiet(axis)
    return figure


def plot_probability_alive(fit: PurchaseFit, purchases_weeks: ArrayLike, age_weeks: float) -> Figure:
    """Draw how sure it is, week by week, that one customer is still a customer.

    Parameters
    ----------
    fit
        The model.
    purchases_weeks
        Weeks after the first purchase at which the customer bought again, rising.
    age_weeks
        Weeks from the first purchase to now.
    """
    bought = np.asarray(purchases_weeks, dtype=np.float64)
    weeks = np.unique(np.concatenate([np.linspace(0, age_weeks, 300), bought, bought - 1e-6]))
    weeks = weeks[weeks >= 0]
    frequency = np.searchsorted(bought, weeks, side="right").astype(np.float64)
    recency = (
        np.where(frequency > 0, bought[np.maximum(frequency.astype(int) - 1, 0)], 0.0) if bought.size else 0 * weeks
    )
    figure = new_figure(7.2, 3.2)
    axis = figure.subplots()
    axis.plot(weeks, fit.probability_alive(frequency, recency, weeks), color=ACCENT, linewidth=1.8)
    axis.plot(bought, np.full(bought.size, 0.02), "|", color=TEXT, markersize=14)
    axis.annotate("orders", (0, 0.02), xytext=(4, 10), textcoords="offset points", color=MUTED)
    axis.set_ylim(0, 1.02)
    axis.set_xlabel("weeks since the first order")
    axis.set_ylabel("chance to be still a customer")
    quiet(axis)
    finish(figure, fit.model)
    return figure


def plot_frequency_recency(
    fit: PurchaseFit, age_weeks: float = 52, horizon_weeks: float = 52, most: int = 20
) -> Figure:
    """Draw the orders to expect of customers of one age, by how often and how lately they bought."""
    frequency, recency = np.meshgrid(np.arange(most + 1.0), np.linspace(0, age_weeks, 60))
    expected = fit.expected_purchases(horizon_weeks, frequency, np.where(frequency > 0, recency, 0.0), age_weeks)
    figure = new_figure(6.4, 4.4)
    axis = figure.subplots()
    shades = LinearSegmentedColormap.from_list("accent", ["#ffffff", ACCENT])
    drawn = axis.pcolormesh(frequency, recency, expected, shading="nearest", cmap=shades)
    lines = axis.contour(frequency, recency, expected, levels=6, colors=TEXT, linewidths=0.7)
    axis.clabel(lines, fmt="%.0f", fontsize=8)
    figure.colorbar(drawn, label=f"orders to expect in {horizon_weeks:.0f} weeks")
    axis.set_xlabel("repeat orders so far")
    axis.set_ylabel("week of the last order")
    finish(figure, f"{fit.model}; first order {age_weeks:.0f} weeks ago")
    return figure
