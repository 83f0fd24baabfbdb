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
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import Bbox

from policy_sim.policy import NO_LIMIT
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
from policy_sim.show.wording import format_limit, format_money, format_share, ways_words
from policy_sim.value import BestLimits, Frontier, KeepOrReturn, compare
from policy_sim.words import OUTCOMES, RETURN_PARTS, SIMPLICITY, SPARED

__all__ = ["plot_frontier", "plot_keep_or_return", "plot_simplicity"]

#: Where words may stand beside a place, points to the right and up, the usual first.
_SIDES: Final = ((8, 6), (8, -15), (-8, 6), (-8, -15), (8, 20), (-8, 20), (8, -29), (-8, -29))

#: Parts of keeping or returning, from the axis outwards: colour and hatch.
_PARTS: Final = {
    "customer": (ACCENT, None),
    "label": (GAIN, None),
    "inspection": ("#6fb3ae", None),
    "restocking": ("#c5dfdd", None),
    "salvage": (COST, None),
    "learned_claiming": ("white", "////"),
}


def plot_frontier(frontier: Frontier) -> Figure:
    """Draw net value a year against the policy in force over what is spared, with policies placed beside the frontier.

    Vertical lines are 90 % intervals of the difference, paired with the policy in force.
    """
    in_force, spared = frontier.beside[0], SPARED[frontier.over]
    currency = in_force.policy.currency
    figure = new_figure(7.2, 4.6)
    axis = figure.subplots()
    axis.axhline(0, color=MUTED, linewidth=0.8)
    places = []
    for outcomes, colour, mark in ((frontier.outcomes, ACCENT, "D-"), (frontier.beside, TEXT, "o")):
        amounts = [float(outcome.per_year(spared.outcome).mean()) for outcome in outcomes]
        gains = [compare(outcome, in_force) for outcome in outcomes]
        for amount, gain in zip(amounts, gains, strict=True):
            axis.plot([amount, amount], gain.interval_per_year(), color=colour, linewidth=1.1, alpha=0.6)
        means = [float(gain.per_year().mean()) for gain in gains]
        axis.plot(amounts, means, mark, color=colour, markerfacecolor="white", markersize=6, zorder=4)
        places.append(list(zip(amounts, means, strict=True)))
    is_money = OUTCOMES[spared.outcome].unit == "money"
    axis.xaxis.set_major_formatter(money_ticks(currency) if is_money else FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axis.yaxis.set_major_formatter(money_ticks(currency))
    axis.set_xlabel(spared.axis + (f" ({currency})" if is_money else ""))
    axis.set_ylabel(f"net value a year against\n“{in_force.policy.title}” ({currency})")
    axis.margins(x=0.18, y=0.1)
    quiet(axis)
    finish(
        figure,
        f"lines: 90 %, by {ways_words(len(in_force.payoffs.draws))} and the sample of cases, "
        f"paired with “{in_force.policy.title}”",
    )
    curve, others = places
    titles = [outcome.policy.title for outcome in frontier.beside]
    marks = [("frontier", curve[-1], ACCENT), *((title, at, TEXT) for title, at in zip(titles, others, strict=True))]
    _label_apart(axis, marks, [*curve, *others])
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
        gain = format_money(yearly * (row["net_value"] - start), currency, True)
        words = f"{format_share(row['share_of_gain'])}, {gain} a year"
        axis.annotate(
            words,
            (max(row["share_of_gain"], 0.0), at),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=TEXT,
        )
    axis.set_yticks(places, [SIMPLICITY.get(name, name) for name in table["policy"]])
    axis.invert_yaxis()
    axis.set_xlim(min(0.0, float(table["share_of_gain"].min())), 1.5)
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.0f}%"))
    axis.set_xlabel("share of what is possible beyond the policy in force")
    quiet(axis)
    _sideways(axis)
    finish(figure, "the best of each case: the resolution with the highest payoff, whoever may give it")
    return figure


def plot_keep_or_return(answers: Sequence[KeepOrReturn], currency: str) -> Figure:
    """Draw what speaks for keeping (right) and for a return (left) at the middle price of each failure."""
    figure = new_figure(8.6, 1.9 + 0.85 * len(answers))
    axis = figure.subplots()
    for row, answer in enumerate(answers):
        ends = {True: 0.0, False: 0.0}
        for name, (colour, hatch) in _PARTS.items():
            value = answer.components[name]
            axis.barh(
                row, value, left=ends[value >= 0], height=0.5, color=colour, hatch=hatch,
                edgecolor=COST if hatch else "white", linewidth=0.6,
            )  # fmt: skip
            ends[value >= 0] += value
        axis.annotate(_keep_words(answer, currency), (ends[True], row), xytext=(8, 0), textcoords="offset points",
                      va="center", color=TEXT, linespacing=1.35)  # fmt: skip
    handles = [
        Patch(
            facecolor=colour,
            hatch=hatch,
            edgecolor=COST if hatch else "white",
            linewidth=0.6,
            label=RETURN_PARTS[name].title,
        )
        for name, (colour, hatch) in _PARTS.items()
    ]
    figure.legend(
        handles=handles, loc="outside upper left", ncols=len(handles), frameon=False, fontsize=9, handlelength=1.2,
        columnspacing=1.2,
    )  # fmt: skip
    axis.axvline(0, color=TEXT, linewidth=0.9)
    axis.set_yticks(
        range(len(answers)),
        [f"{answer.failure.replace('_', ' ')},\nitem of {format_limit(answer.price, currency)}" for answer in answers],
    )
    axis.set_ylim(len(answers) - 0.5, -0.5)
    low, high = axis.get_xlim()
    axis.set_xlim(low, high + 0.42 * (high - low))
    axis.xaxis.set_major_formatter(money_ticks(currency))
    axis.set_xlabel(f"← speaks for a return   |   speaks for keeping →   ({currency} a case)")
    quiet(axis)
    _sideways(axis)
    finish(figure, "bars: central assumptions, at the middle price of the cases")
    return figure


def _keep_words(answer: KeepOrReturn, currency: str) -> str:
    """Say up to which price to keep, by the formula and by the simulation."""
    formula = "always" if answer.keep_below == NO_LIMIT else f"below {format_limit(round(answer.keep_below), currency)}"
    more = " or more" if answer.simulated_until == NO_LIMIT else ""
    simulated = format_limit(round(answer.simulated), currency) + more
    return f"keep {formula} by formula,\nup to {simulated} simulated"


def _label_apart(
    axis: Axes, marks: Sequence[tuple[str, tuple[float, float], str]], points: Sequence[tuple[float, float]]
) -> None:
    """Write words beside places (words, place, colour), each on the side where it covers least of what is there."""
    figure = axis.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # now it is known where everything stands
    whole = axis.get_window_extent()
    taken = [Bbox.from_bounds(x - 5, y - 5, 10, 10) for x, y in axis.transData.transform(list(points))]
    lines = [line.get_window_extent().padded(1) for line in axis.lines if len(np.asarray(line.get_xdata())) == 2]
    for words, at, colour in marks:
        best: tuple[int, Bbox, tuple[int, int]] | None = None
        text = axis.annotate(
            words, at, xytext=_SIDES[0], textcoords="offset points", color=colour,
            path_effects=[withStroke(linewidth=3, foreground="white")], zorder=6,
        )  # fmt: skip
        for side in _SIDES:
            text.set(position=side, ha="left" if side[0] > 0 else "right")
            box = text.get_window_extent().padded(2)
            is_outside = box.x0 < whole.x0 or box.x1 > whole.x1 or box.y0 < whole.y0 or box.y1 > whole.y1
            covered = 9 * is_outside + 9 * box.count_overlaps(taken) + box.count_overlaps(lines)
            if best is None or covered < best[0]:
                best = covered, box, side
        assert best is not None
        taken.append(best[1])
        text.set(position=best[2], ha="left" if best[2][0] > 0 else "right")


def _sideways(axis: Axes) -> None:
    """Turn the grid of a quiet axis for bars that lie."""
    axis.grid(visible=False, axis="y")
    axis.grid(axis="x", color=RULE, linewidth=0.6)
    axis.tick_params(axis="y", length=0, colors=TEXT)
