"""Figures of what is not known: which assumptions matter, what knowing them is worth, how sure the differences are.

In: a sensitivity, a table of values of information, outcomes. Out: matplotlib figures. Left to others: the numbers.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from policy_sim.assumptions import Scenario
from policy_sim.show.assumption_words import assumption_unit, assumption_value
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
from policy_sim.show.wording import NOT_TOLD_APART, TOO_FEW, WAYS, format_money, ways_words
from policy_sim.study import DecisionAnalysis, InformationValue, Sensitivity
from policy_sim.value import Outcome, compare

__all__ = ["figures_of_decision_analysis", "plot_differences", "plot_information", "plot_tornado"]

_LABEL_LENGTH = 44


def figures_of_decision_analysis(analysis: DecisionAnalysis) -> dict[str, Figure]:
    """Return all figures of a decision analysis by the names of their files."""
    base = analysis.outcomes[0]
    return {
        "tornado": plot_tornado(analysis.sensitivity),
        "worth_of_knowing": plot_information(analysis.evppi, analysis.evpi, base.payoffs.scenario),
        "policy_differences": plot_differences(analysis.outcomes, base),
    }


def plot_tornado(sensitivity: Sensitivity, most: int = 10) -> Figure:
    """Draw how far each assumption moves the difference in net value a year, the one that moves it most on top.

    Bars run from the difference with all at today's values to that at the low end (hatched) and at the high end
    (filled), which bear the assumption's value there.

    Parameters
    ----------
    sensitivity
        One assumption moved at a time.
    most
        How many assumptions to draw.
    """
    currency = sensitivity.baseline.currency
    table = sensitivity.tornado()
    table = table[table["swing"] > 0].head(most)
    figure = new_figure(9.2, 1.6 + 0.56 * max(len(table), 1))
    axis = figure.subplots()
    if table.empty:
        return _without(figure, axis, "no assumption makes a difference")
    today = float(table["difference_today"].iloc[0])
    for place, row in enumerate(table.to_dict("records")):
        for end, colour, filled in (("low", COST, False), ("high", GAIN, True)):
            reached = row[f"difference_{end}"]
            other = row["difference_high" if end == "low" else "difference_low"]
            axis.barh(
                place, reached - today, left=today, height=0.55, color=colour if filled else "white", edgecolor=colour,
                hatch=None if filled else "////", zorder=2 if abs(reached - today) > abs(other - today) else 3,
            )  # fmt: skip
            right = reached > other or (reached == other and filled)
            axis.annotate(
                assumption_value(row[f"{end}_value"], row["unit"]),
                (max(reached, today) if right else min(reached, today), place),
                xytext=(5 if right else -5, 0),
                textcoords="offset points",
                ha="left" if right else "right",
                va="center",
                fontsize=8.5,
                color=TEXT,
            )
    axis.axvline(today, color=TEXT, linewidth=1.0)
    _name_rows(axis, sensitivity.scenario, table["assumption"])
    axis.set_xlabel(
        f"net value a year, “{sensitivity.recommended.title}” against “{sensitivity.baseline.title}” "
        f"({format_money(today, currency, True)} today)"
    )
    axis.legend(
        handles=[
            Patch(facecolor="white", edgecolor=COST, hatch="////", label="at its low end"),
            Patch(facecolor=GAIN, edgecolor=GAIN, label="at its high end"),
        ],
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=9, borderaxespad=0.2,
    )  # fmt: skip
    axis.margins(x=0.14)
    _money_along(axis, currency)
    beyond = f"a tenth of the {WAYS} beyond"
    finish(figure, f"one at a time, all others as today; {beyond}; {sensitivity.case_count:,} cases")
    return figure


def plot_information(
    information: pd.DataFrame, everything: InformationValue, scenario: Scenario, most: int = 8
) -> Figure:
    """Draw what it is worth a year to know each assumption before choosing, with one standard error to each side.

    Parameters
    ----------
    information
        As `evppi` gives it, in money a year.
    everything
        The worth of knowing all of them, as `evpi` gives it.
    scenario
        Whose assumptions they are.
    most
        How many assumptions to draw; those worth nothing are left out.
    """
    currency = scenario.currency
    table = information[information["evppi"] > 0].head(most)
    figure = new_figure(9.2, 1.4 + 0.56 * max(len(table), 1))
    axis = figure.subplots()
    if table.empty:
        return _without(figure, axis, "knowing any one assumption would not change the choice")
    for place, row in enumerate(table.to_dict("records")):
        value, error = row["evppi"], row["standard_error"]
        axis.barh(place, value, height=0.5, color=ACCENT, alpha=0.85)
        axis.plot(
            [max(value - error, 0), value + error], [place] * 2, color=TEXT, linewidth=1.3, marker="|", markersize=8
        )
        axis.annotate(
            format_money(value, currency), (value + error, place), xytext=(7, 0), textcoords="offset points",
            va="center", color=TEXT,
        )  # fmt: skip
    _name_rows(axis, scenario, table["assumption"])
    whole = format_money(everything.value, currency)
    axis.set_xlabel(f"worth of knowing it before choosing, a year (everything: {whole})")
    axis.margins(x=0.16)
    axis.set_xlim(left=0)
    _money_along(axis, currency)
    finish(figure, "lines: one standard error to each side; among the policies that were compared")
    return figure


def plot_differences(outcomes: Sequence[Outcome], baseline: Outcome) -> Figure:
    """Draw each policy's difference in net value a year to the baseline: mean and 90 % interval.

    Hollow where the interval holds zero: cannot be told apart.
    """
    currency = baseline.policy.currency
    drawn = [outcome for outcome in outcomes if outcome.policy.name != baseline.policy.name]
    figure = new_figure(7.6, 1.5 + 0.55 * max(len(drawn), 1))
    axis = figure.subplots()
    if not drawn:
        return _without(figure, axis, "there is no other policy to compare")
    for place, outcome in enumerate(drawn):
        difference = compare(outcome, baseline)
        gain, is_certain = difference.per_year(), difference.told_apart()
        mean, (low, high) = float(gain.mean()), difference.interval_per_year()
        axis.plot([low, high], [place] * 2, color=ACCENT, linewidth=2.2, solid_capstyle="butt")
        axis.plot([mean], [place], "o", color=ACCENT, markerfacecolor=ACCENT if is_certain else "white", markersize=9)
        axis.annotate(
            format_money(mean, currency, True) if is_certain else TOO_FEW if difference.too_few() else NOT_TOLD_APART,
            (mean, place), xytext=(0, 8), textcoords="offset points", ha="center", color=TEXT, fontsize=9,
        )  # fmt: skip
    axis.axvline(0, color=MUTED, linewidth=0.9)
    axis.set_yticks(range(len(drawn)), [outcome.policy.title for outcome in drawn])
    axis.set_ylim(len(drawn) - 0.5, -0.7)
    axis.set_xlabel(f"net value a year against “{baseline.policy.title}” ({currency})")
    axis.margins(x=0.12)
    _money_along(axis, currency)
    finish(figure, f"lines: 90 %, by {ways_words(len(baseline.payoffs.draws))} and the sample of cases, paired")
    return figure


def _name_rows(axis: Axes, scenario: Scenario, names: pd.Series) -> None:
    """Write the assumptions' titles and units beside their rows, the first on top."""
    labels = []
    for name in names:
        counted = textwrap.shorten(assumption_unit(scenario.assumption(name).unit), _LABEL_LENGTH, placeholder=" …")
        labels.append(
            "\n".join(part for part in (textwrap.fill(scenario.title_of(name), _LABEL_LENGTH), counted) if part)
        )
    axis.set_yticks(range(len(labels)), labels)
    axis.set_ylim(len(labels) - 0.4, -0.6)


def _money_along(axis: Axes, currency: str) -> None:
    quiet(axis)
    axis.grid(visible=False, axis="y")
    axis.grid(visible=True, axis="x", color=RULE, linewidth=0.6)
    axis.xaxis.set_major_formatter(money_ticks(currency))
    axis.tick_params(axis="y", length=0, labelcolor=TEXT)


def _without(figure: Figure, axis: Axes, words: str) -> Figure:
    axis.set_axis_off()
    axis.text(0.5, 0.5, words, ha="center", va="center", color=TEXT, transform=axis.transAxes)
    return figure
