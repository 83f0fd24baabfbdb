"""Figures of first months: cash so far, and what each month brings.

In: first months. Out: a figure. Left to others: writing it (`cli`), the numbers (`study.first_months`).
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from policy_sim.show.figures.drawing import ACCENT, COST, GAIN, MUTED, finish, money_ticks, new_figure, quiet
from policy_sim.show.month_words import words_of_even
from policy_sim.show.wording import WAYS
from policy_sim.study import FirstMonths

__all__ = ["plot_first_months"]


def plot_first_months(first: FirstMonths) -> Figure:
    """Draw cash so far with its 90 % band, and below it the cash of each month: filled above 0, hatched below."""
    table, currency = first.to_frame(), first.journey.currency
    figure = new_figure(8.0, 5.6)
    so_far, monthly = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    months = table["month"].to_numpy()
    begun = np.concatenate([[0], months])
    low, mean, high = (
        np.concatenate([[0.0], table[name].to_numpy()])
        for name in ("cash_so_far_low", "cash_so_far", "cash_so_far_high")
    )
    so_far.fill_between(begun, low, high, color=ACCENT, alpha=0.14, linewidth=0)
    so_far.plot(begun, mean, color=ACCENT)
    so_far.set_ylabel(f"cash so far ({currency})")
    so_far.set_title(f"{words_of_even(first)[:1].upper()}{words_of_even(first)[1:]}", loc="left", fontsize=11)
    cash = table["cash"].to_numpy()
    for is_gain, colour in ((True, GAIN), (False, COST)):
        chosen = (cash >= 0) == is_gain
        monthly.bar(
            months[chosen], cash[chosen], width=0.7, color=colour if is_gain else "white", edgecolor=colour,
            hatch=None if is_gain else "////",
        )  # fmt: skip
    monthly.set_ylabel(f"cash of a month ({currency})")
    monthly.set_xlabel("month")
    for axis in (so_far, monthly):
        axis.axhline(0, color=MUTED, linewidth=0.9)
        axis.yaxis.set_major_formatter(money_ticks(currency))
        quiet(axis)
    against = f"“{first.journey.policy.title}” against “{first.baseline.policy.title}”"
    finish(figure, f"{against}; band: 90 % of the {WAYS}; not discounted")
    return figure
