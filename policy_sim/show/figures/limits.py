"""Figures of limits: exact curves, value against cost, where the money goes.

In: curves, outcomes, differences. Out: matplotlib figures. Left to others: the live panel (`show.live`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from policy_sim.policy import ASK, NO_LIMIT
from policy_sim.show.figures.drawing import ACCENT, COST, GAIN, MUTED, TEXT, finish, money_ticks, new_figure, quiet
from policy_sim.show.wording import WAYS, format_limit, format_money, ways_words
from policy_sim.study import Recommendation
from policy_sim.value import Curve, Difference, Outcome
from policy_sim.words import LIMIT_KINDS, OUTCOMES, PARTS

__all__ = ["curve_span", "figures_of_recommendation", "plot_curves", "plot_value_against_cost", "plot_where_money_goes"]


def figures_of_recommendation(recommendation: Recommendation) -> dict[str, Figure]:
    """Return all figures of a recommendation by the names of their files."""
    gain = recommendation.gain
    return {
        "curves": plot_curves(recommendation.best.curves, gain.baseline),
        "value_against_cost": plot_value_against_cost(recommendation.differences),
        "where_the_money_goes": plot_where_money_goes(gain),
    }


def plot_curves(curves: Mapping[str, Curve], baseline: Outcome) -> Figure:
    """Draw each limit's exact curve: net value a year against the baseline, 90 % band, best and present limit.

    Parameters
    ----------
    curves
        By name of the limit; other limits are as in the curve's policy.
    baseline
        Outcome on the same payoffs; differences are paired.
    """
    currency = baseline.policy.currency
    yearly = baseline.payoffs.scenario.value("shop.cases_per_year")
    columns = len(curves) if len(curves) <= 3 else 2
    rows = -(-len(curves) // columns)
    figure = new_figure(1 + 4.4 * columns, 3.9 * rows)
    axes = np.atleast_1d(figure.subplots(rows, columns, sharey=True)).ravel()
    for axis in axes[len(curves) :]:
        axis.set_visible(False)
    for axis, (name, curve) in zip(axes, curves.items(), strict=False):
        gain = yearly * (curve.per_case() - baseline.per_case())
        mean = gain.mean(axis=1)
        low, high = (yearly * ends for ends in curve.intervals(baseline=baseline))
        end = curve_span(curve)
        inside = (curve.limits > 0) & (curve.limits < end)
        limits = np.concatenate([[0.0], curve.limits[inside], [end]])
        drawn = np.concatenate([[curve.step(0.0)], np.flatnonzero(inside), [curve.step(end)]])
        axis.axhline(0, color=MUTED, linewidth=0.8)
        axis.fill_between(limits, low[drawn], high[drawn], step="post", color=ACCENT, alpha=0.14, linewidth=0)
        axis.step(limits, mean[drawn], where="post", color=ACCENT, linewidth=1.6)
        best = curve.policy.limit(curve.lever.tier, curve.lever.limit)
        present = baseline.policy.limit(curve.lever.tier, curve.lever.limit)
        for limit, mark, words, rise in ((present, "o", "in force", -20), (best, "D", "best", 11)):
            at = -0.04 * end if limit == ASK else min(limit, end)
            value = mean[curve.step(limit)]
            axis.plot([at], [value], mark, color=TEXT, markerfacecolor="white", markersize=7, zorder=5, clip_on=False)
            axis.annotate(
                f"{words}: {format_limit(limit, currency)}",
                (at, value),
                xytext=(0, rise),
                textcoords="offset points",
                ha="left" if at < 0.5 * end else "right",
                color=TEXT,
                path_effects=[withStroke(linewidth=3, foreground="white")],
            )
        axis.set_title(f"{LIMIT_KINDS[name].title}, up to", loc="left", fontsize=11, fontweight="bold")
        axis.set_xlabel(f"limit of the {curve.lever.tier} ({currency})")
        axis.set_xlim(-0.06 * end, end)
        quiet(axis)
    axes[0].set_ylabel(f"net value a year against\n“{baseline.policy.title}” ({currency})")
    axes[0].yaxis.set_major_formatter(money_ticks(currency))
    finish(figure, f"band: 90 %, by {ways_words(len(baseline.payoffs.draws))} and the sample of cases")
    return figure


def plot_value_against_cost(differences: Sequence[Difference]) -> Figure:
    """Draw what each policy costs in remedies a year against its net value, with 90 % intervals of the difference."""
    baseline = differences[0].baseline
    currency = baseline.policy.currency
    figure = new_figure(6.4, 4.4)
    axis = figure.subplots()
    axis.axhline(0, color=MUTED, linewidth=0.8)
    for difference in differences:
        cost, gain = difference.outcome.per_year("remedy_cost").mean(), difference.per_year()
        low, high = difference.interval_per_year()
        same = difference.outcome.policy.name == baseline.policy.name
        colour = ACCENT if difference is differences[-1] else TEXT
        if not same:
            axis.plot([cost, cost], [low, high], color=colour, linewidth=1.2)
        axis.plot(
            [cost], [gain.mean()], "D" if difference is differences[-1] else "o", color=colour, markersize=8,
            markerfacecolor=colour if difference is differences[-1] else "white",
        )  # fmt: skip
        axis.annotate(
            difference.outcome.policy.title,
            (cost, gain.mean()),
            xytext=(9, 5),
            textcoords="offset points",
            color=colour,
        )
    axis.set_xlabel(f"remedy cost a year ({currency})")
    axis.set_ylabel(f"net value a year against\n“{baseline.policy.title}” ({currency})")
    axis.xaxis.set_major_formatter(money_ticks(currency))
    axis.yaxis.set_major_formatter(money_ticks(currency))
    axis.margins(x=0.25, y=0.15)
    quiet(axis)
    finish(
        figure,
        f"lines: 90 %, by {ways_words(len(baseline.payoffs.draws))} and the sample of cases, "
        "paired with the policy in force",
    )
    return figure


def plot_where_money_goes(difference: Difference) -> Figure:
    """Draw how the difference in net value a year is made up, from the baseline to the policy."""
    currency = difference.outcome.policy.currency
    parts = list(PARTS.items())
    figure = new_figure(7.2, 3.6)
    axis = figure.subplots()
    level = 0.0
    labels = []
    for row, (name, sign) in enumerate(parts):
        change = sign * float(difference.per_year(name).mean())
        _bar(axis, row, level, change, currency)
        level += change
        outcome = OUTCOMES[name]
        labels.append(outcome.title + (f",\n{outcome.note}" if outcome.note else ""))
        axis.plot([level, level], [row - 0.3, row + 1.3], color=MUTED, linewidth=0.8, linestyle=":")
    gain = difference.per_year()
    low, high = difference.interval_per_year()
    axis.barh(len(parts), gain.mean(), height=0.5, color=ACCENT)
    axis.plot([low, high], [len(parts)] * 2, color=TEXT, linewidth=1.4, marker="|", markersize=9)
    _bar_label(axis, len(parts), max(gain.mean(), high, 0), gain.mean(), currency)
    axis.set_yticks(range(len(parts) + 1), [*labels, OUTCOMES["net_value"].title])
    axis.invert_yaxis()
    axis.axvline(0, color=MUTED, linewidth=0.8)
    axis.xaxis.set_major_formatter(money_ticks(currency))
    axis.margins(x=0.18)
    axis.set_xlabel(
        f"{currency} a year, “{difference.outcome.policy.title}” against “{difference.baseline.policy.title}”"
    )
    quiet(axis)
    axis.tick_params(axis="y", length=0)
    finish(figure, f"means; the line on the last bar: 90 %, by the {WAYS} and the sample of cases")
    return figure


def curve_span(curve: Curve) -> float:
    """Return up to which limit (money) a curve is worth drawing: past the next tier's limit little can be chosen."""
    tiers = curve.policy.tier_names
    above = curve.policy.limit(tiers[tiers.index(curve.lever.tier) + 1], curve.lever.limit)
    last = float(curve.limits[-1])
    if not np.isfinite(last):
        return 1.0
    wanted = min(1.1 * last, 1.25 * above) if above not in (ASK, NO_LIMIT) and above > 0 else 1.1 * last
    return max(wanted, 1.0)


def _bar(axis: Axes, row: int, start: float, change: float, currency: str) -> None:
    is_gain = change >= 0
    axis.barh(
        row, change, left=start, height=0.5, color=GAIN if is_gain else "white", edgecolor=GAIN if is_gain else COST,
        hatch=None if is_gain else "////",
    )  # fmt: skip
    _bar_label(axis, row, max(start, start + change), change, currency)


def _bar_label(axis: Axes, row: int, at: float, change: float, currency: str) -> None:
    axis.annotate(
        format_money(change, currency, signed=True),
        (at, row),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        color=TEXT,
    )
