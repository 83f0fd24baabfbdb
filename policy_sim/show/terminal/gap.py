"""Tables of gaps: what keeps policies from the best of every case, part by part, in money a year.

In: gaps. Out: a table and sentences for a terminal. Left to others: the numbers (`value.gap`), the picture
(`show.figures.gap`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.table import Table

from policy_sim.show.terminal.tables import new_table, prose
from policy_sim.show.wording import LIKELY, TOO_FEW, format_money
from policy_sim.value import Difference, Gap
from policy_sim.value.gap import GapStep
from policy_sim.words import GAP_PARTS

__all__ = ["count_words", "gap_table", "money_likely", "two_halves"]


def gap_table(title: str, gaps: Sequence[tuple[str, Gap]]) -> list[Table]:
    """Return a row for each part, and what each policy loses to it a year; then what the parts mean.

    Parameters
    ----------
    title
        Of the table.
    gaps
        What each policy is called, and its gap.
    """
    currency = gaps[0][1].policy.currency
    heads = [head for name, _ in gaps for head in (name, "likely")]
    table = new_table(title, ("", *heads))
    for column in table.columns[1:]:
        column.no_wrap = True
    for name, part in GAP_PARTS.items():
        steps = [gap.step(name) for _, gap in gaps]
        table.add_row(part.title, *(cell for step in steps for cell in _cells(step, currency)))
    totals = [gap.total_per_case() * gap.steps[0].cases_per_year for _, gap in gaps]
    table.add_row(
        "in all",
        *(cell for total in totals for cell in (format_money(float(total.mean()), currency), "")),
        style="bold",
    )
    count = gaps[0][1].case_count
    costs = " What a playbook costs is no part of it." if any(gap.policy.playbook for _, gap in gaps) else ""
    words = (
        f"Money a year that the best of every case would bring more, on {count_words(count)}. One obstacle is taken "
        "away after the other, from the top; each row says what that adds. Below 0 it brings more than it costs. "
        f"Limits and rules can reach the first four; nobody can know how it turns out. Likely: {LIKELY}.{costs}"
    )
    return [table, prose("", words)]


def two_halves(limits: Difference, left: Gap) -> str:
    """Say what better limits bring, and what guidance could bring besides.

    Parameters
    ----------
    limits
        What the best limits bring more than those in force.
    left
        The gap that they leave.
    """
    currency, step = limits.outcome.policy.currency, left.step("taste")
    bring = format_money(float(limits.per_year().mean()), currency)
    more = format_money(float(step.per_year().mean()), currency)
    return (
        f"Better limits bring {bring} a year; guidance on what to give within them would bring up to {more} more "
        f"({money_likely(step, currency)})."
    )


def count_words(count: int) -> str:
    """Return so many cases in words: "1 case", "4,000 cases"."""
    return "1 case" if count == 1 else f"{count:,} cases"


def money_likely(step: GapStep | Difference, currency: str, signed: bool = False) -> str:
    """Return the interval of money a year: "likely $10k to $20k", or why there is none."""
    if step.too_few():
        return TOO_FEW
    low, high = step.interval_per_year()
    return f"likely {format_money(low, currency, signed)} to {format_money(high, currency, signed)}"


def _cells(step: GapStep, currency: str) -> tuple[str, str]:
    """Return what a part comes to a year, and its interval; none where it is the same in every case and draw."""
    mean = format_money(float(step.per_year().mean()), currency)
    low, high = step.interval_per_year()
    if not np.isfinite(low) or not np.isfinite(high) or step.too_few():
        return mean, "too few cases" if step.gained.any() else ""
    return mean, "" if low == high else f"{format_money(low, currency)} to {format_money(high, currency)}"
