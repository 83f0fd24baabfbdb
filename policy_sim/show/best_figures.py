"""Figures of best limits: the frontier, the price of simplicity, keeping or sending back.

In: a frontier, best limits, comparisons of keeping and returning. Out: matplotlib figures.
Left to others: the numbers (`value`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter

from policy_sim.policy import NO_LIMIT
from policy_sim.show.figures import ACCENT, COST, GAIN, MUTED, RULE, TEXT, finish, money_ticks, new_figure, quiet
from policy_sim.show.wording import limit_text, money, share
from policy_sim.value import BestLimits, Frontier, KeepOrReturn, interval
from policy_sim.value.frontier import OVER

__all__ = ["plot_frontier", "plot_keep_or_return", "plot_simplicity"]

_AXIS_TITLES: Final = {
    "budget": "remedy cost a year",
    "escalation_minutes": "supervisor minutes a year",
    "learned_claiming": "lost to learned claiming a year",
}

#: What keeping saves or gives away: colour and hatch, so that no part is told by its colour alone.
_PARTS: Final = {
    "customer": ("customer value", ACCENT, None),
    "label": ("return label", GAIN, None),
    "inspection": ("inspection", "#6fb3ae", None),
    "restocking": ("restocking", "#c5dfdd", None),
    "salvage": ("salvage", COST, None),
    "learned_claiming": ("learned claiming", "white", "////"),
}


def plot_frontier(frontier: Frontier) -> Figure:
    """Draw net value a year against the given policy over what is spared, with policies placed beside the frontier.

    Vertical lines hold 90 % of the draws of the difference, paired with the given policy.
    """
    given = frontier.beside[0]
    currency, baseline = given.policy.currency, given.per_year()
    figure = new_figure(7.2, 4.6)
    axis = figure.subplots()
    axis.axhline(0, color=MUTED, linewidth=0.8)

    def place(outcomes: Sequence[object], colour: str, mark: str) -> list[tuple[float, float]]:
        places = []
        for outcome in outcomes:
            gain = outcome.per_year() - baseline  # type: ignore[attr-defined]
            spared = float(outcome.per_year(OVER[frontier.over]).mean())  # type: ignore[attr-defined]
            axis.plot([spared, spared], interval(gain), color=colour, linewidth=1.1, alpha=0.6)
            places.append((spared, float(gain.mean())))
        axis.plot(*zip(*places, strict=True), mark, color=colour, markerfacecolor="white", markersize=6, zorder=4)
        return places

    curve = place(frontier.outcomes, ACCENT, "D-")
    others = place(frontier.beside, TEXT, "o")
    figure.canvas.draw_idle()
    axis.margins(x=0.12, y=0.1)
    _label_right(axis, curve[-1], "frontier", ACCENT)
    for outcome, at in zip(frontier.beside, others, strict=True):
        _label_right(axis, at, outcome.policy.title, TEXT)
    is_money = frontier.over != "escalation_minutes"
    axis.xaxis.set_major_formatter(money_ticks(currency) if is_money else FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axis.yaxis.set_major_formatter(money_ticks(currency))
    axis.set_xlabel(_AXIS_TITLES[frontier.over] + (f" ({currency})" if is_money else ""))
    axis.set_ylabel(f"net value a year against\n“{given.policy.title}” ({currency})")
    quiet(axis)
    finish(figure, f"lines: 90 % of {len(given.payoffs.draws):,} draws, paired with “{given.policy.title}”")
    return figure


def plot_simplicity(best: BestLimits) -> Figure:
    """Draw which share of the oracle's gain over the policy in force each rule gets, from the simplest on."""
    currency = best.policy.currency
    yearly = best.payoffs.scenario.value("shop.cases_per_year")
    table = best.simplicity.iloc[1:]
    start = float(best.simplicity["net_value"].iloc[0])
    places = np.arange(len(table))
    figure = new_figure(7.2, 1.3 + 0.5 * len(table))
    axis = figure.subplots()
    is_oracle = (table["policy"] == "oracle").to_numpy()
    axis.barh(places, table["share_of_gain"], height=0.56, edgecolor=ACCENT, color=np.where(is_oracle, "white", ACCENT))
    for at, row in zip(places, table.to_dict("records"), strict=True):
        words = f"{share(row['share_of_gain'])}, {money(yearly * (row['net_value'] - start), currency, True)} a year"
        axis.annotate(
            words,
            (max(row["share_of_gain"], 0.0), at),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=TEXT,
        )
    names = table["policy"].replace({"oracle": "the best of each case", "rounded": "the same, rounded"})
    axis.set_yticks(
        places, [str(name).replace("limits of its own for each cell", "own limits everywhere") for name in names]
    )
    axis.invert_yaxis()
    axis.set_xlim(min(0.0, float(table["share_of_gain"].min())), 1.35)
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.0f}%"))
    axis.set_xlabel("share of what is possible beyond the policy in force")
    quiet(axis)
    _sideways(axis)
    finish(figure, "the best of each case: the resolution with the highest payoff, whoever may give it")
    return figure


def plot_keep_or_return(found: Sequence[KeepOrReturn], currency: str) -> Figure:
    """Draw what speaks for keeping (right) and for a return (left) at the middle price of each failure."""
    figure = new_figure(8.6, 1.9 + 0.85 * len(found))
    axis = figure.subplots()
    for row, each in enumerate(found):
        ends = {True: 0.0, False: 0.0}
        for name, (_, colour, hatch) in _PARTS.items():
            value = each.components[name]
            axis.barh(
                row, value, left=ends[value >= 0], height=0.5, color=colour, hatch=hatch,
                edgecolor=COST if hatch else "white", linewidth=0.6,
            )  # fmt: skip
            ends[value >= 0] += value
        axis.annotate(_keep_words(each, currency), (ends[True], row), xytext=(8, 0), textcoords="offset points",
                      va="center", color=TEXT, linespacing=1.35)  # fmt: skip
    handles = [
        axis.barh(0, 0, color=colour, hatch=hatch, edgecolor=COST if hatch else "white", linewidth=0.6)
        for _, colour, hatch in _PARTS.values()
    ]
    figure.legend(
        handles, [title for title, _, _ in _PARTS.values()], loc="outside upper left", ncols=len(_PARTS),
        frameon=False, fontsize=9, handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip
    axis.axvline(0, color=TEXT, linewidth=0.9)
    axis.set_yticks(
        range(len(found)),
        [f"{each.failure.replace('_', ' ')},\nitem of {limit_text(each.price, currency)}" for each in found],
    )
    axis.set_ylim(len(found) - 0.5, -0.5)
    low, high = axis.get_xlim()
    axis.set_xlim(low, high + 0.42 * (high - low))
    axis.xaxis.set_major_formatter(money_ticks(currency))
    axis.set_xlabel(f"← speaks for a return   |   speaks for keeping →   ({currency} a case)")
    quiet(axis)
    _sideways(axis)
    finish(figure, "bars: central assumptions, at the middle price of the cases")
    return figure


def _keep_words(each: KeepOrReturn, currency: str) -> str:
    formula = "always" if each.keep_below == NO_LIMIT else f"below {limit_text(round(each.keep_below), currency)}"
    return f"keep {formula} by formula,\nup to {limit_text(each.simulated, currency)} simulated"


def _label_right(axis: Axes, at: tuple[float, float], words: str, colour: str) -> None:
    axis.annotate(
        words, at, xytext=(8, 6), textcoords="offset points", color=colour,
        path_effects=[withStroke(linewidth=3, foreground="white")], zorder=6,
    )  # fmt: skip


def _sideways(axis: Axes) -> None:
    """Turn the grid of a quiet axis for bars that lie."""
    axis.grid(visible=False, axis="y")
    axis.grid(axis="x", color=RULE, linewidth=0.6)
    axis.tick_params(axis="y", length=0, colors=TEXT)
