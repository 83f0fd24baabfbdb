"""Figures of replayed stories: what each option brings to both sides, up to which value keeping the item pays.

In: a replay. Out: matplotlib figures. Left to others: the numbers (`study`).
"""

from __future__ import annotations

from textwrap import fill

import numpy as np
from matplotlib.figure import Figure

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
from policy_sim.show.wording import format_limit, format_money, format_share, ways_words
from policy_sim.study import Replay

__all__ = ["plot_keep_until", "plot_replay"]


def plot_replay(replay: Replay) -> Figure:
    """Draw both sides of each option: payoff against what was given with its 90 % interval, and what the customer gets.

    Options that are less than the customer must get are hatched, and left out where no claim is about them.
    """
    currency = replay.currency
    table = replay.to_frame()
    claimed = {name for claim in replay.story.claims for name in (claim.better, claim.worse)}
    table = table[table["adequate"] | table["option"].isin(claimed)]
    places = np.arange(len(table))
    gets = table["worth"] - table["trouble"]
    figure = new_figure(9.6, 1.5 + 0.52 * len(table))
    firm, customer = figure.subplots(1, 2, sharey=True, width_ratios=[1.7, 1])
    for axis, values, colour in ((firm, table["against_given"], ACCENT), (customer, gets, GAIN)):
        for place, value, name, adequate in zip(places, values, table["option"], table["adequate"], strict=True):
            axis.barh(
                place,
                value,
                height=0.56,
                color=colour if name == "given" else "white",
                edgecolor=colour,
                linewidth=1.2,
                hatch=None if adequate else "////",
            )
        axis.axvline(0, color=MUTED, linewidth=0.8)
        axis.xaxis.set_major_formatter(money_ticks(currency))
        quiet(axis)
        axis.grid(visible=False, axis="y")
        axis.grid(axis="x", color=RULE, linewidth=0.6)
        axis.tick_params(axis="y", length=0)
    for place, row in zip(places, table.to_dict("records"), strict=True):
        is_given = row["option"] == "given"
        likely = [row["against_given_low"], row["against_given_high"]]
        if not is_given:
            firm.plot(likely, [place, place], color=TEXT, linewidth=1.4, marker="|", markersize=8)
        firm.annotate(
            "what was given" if is_given else format_money(row["against_given"], currency, signed=True),
            (max(*likely, 0.0), place),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            color=TEXT,
        )
        customer.annotate(
            f"stays {format_share(row['chance_kept'])}",
            (max(row["worth"] - row["trouble"], 0.0), place),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            color=TEXT,
        )
    firm.set_yticks(places, [fill(str(title), 30) for title in table["title"]])
    firm.tick_params(axis="y", colors=TEXT)
    firm.invert_yaxis()
    firm.set_title(f"Payoff against what was given ({currency})", loc="left", fontsize=11, fontweight="bold")
    customer.set_title(f"What the customer gets ({currency})", loc="left", fontsize=11, fontweight="bold")
    firm.margins(x=0.2)
    customer.set_xlim(0, 1.7 * max(float(gets.max()), 1.0))
    note = f"stays: chance that the customer is kept; lines: 90 % of {ways_words(len(replay.payoffs.draws))}"
    if not table["adequate"].all():
        note += "; hatched: less than the customer must get"
    best = "the best of the menu: " + table["remedies"].iloc[-1]
    finish(figure, "\n".join([fill(best, 130), note]))
    return figure


def plot_keep_until(replay: Replay) -> Figure:
    """Draw how far keeping the item is ahead of sending it back, by item price, with the 90 % band of the draws.

    Raises
    ------
    InputError
        If nothing was kept in the story.
    """
    keep = replay.keep
    if keep is None:
        raise InputError(
            f"nothing was kept in the story '{replay.story.name}'; expected keep_item among what was given"
        )
    currency = replay.currency
    low, high = np.quantile(keep.gains, [0.05, 0.95], axis=1)
    end = keep.likely[1] if np.isfinite(keep.likely[1]) else keep.prices[-1] / 1.6
    inside = keep.prices <= 1.6 * end
    figure = new_figure(7.2, 4.0)
    axis = figure.subplots()
    axis.axhline(0, color=MUTED, linewidth=0.8)
    axis.fill_between(keep.prices[inside], low[inside], high[inside], color=ACCENT, alpha=0.14, linewidth=0)
    axis.plot(keep.prices[inside], keep.central[inside], color=ACCENT, linewidth=1.8)
    price = float(replay.story.case["item_price"])
    marks = [(price, float(np.interp(price, keep.prices, keep.central)), "o", "the story", (0, 12), "left")]
    if np.isfinite(keep.limit):
        marks.append((keep.limit, 0.0, "D", "keep up to", (6, 12), "left"))
    for at, value, mark, words, offset, side in marks:
        axis.plot([at], [value], mark, color=COST, markerfacecolor="white", markersize=7, zorder=5)
        axis.annotate(
            f"{words}: {format_limit(round(at), currency)}",
            (at, value),
            xytext=offset,
            textcoords="offset points",
            ha=side,
            color=TEXT,
        )
    axis.xaxis.set_major_formatter(money_ticks(currency))
    axis.yaxis.set_major_formatter(money_ticks(currency))
    axis.set_xlim(0, keep.prices[inside][-1])
    axis.set_xlabel(f"item price ({currency})")
    axis.set_ylabel(f"payoff of keeping against\nsending back ({currency} a case)")
    quiet(axis)
    finish(figure, f"line: central assumptions; band: 90 % of {ways_words(len(replay.payoffs.draws))}")
    return figure
