"""Tables of first months: what a policy costs as it starts and brings later.

In: first months. Out: tables for a terminal. Left to others: printing them (`cli`), sentences (`show.month_words`).
"""

from __future__ import annotations

from rich.table import Table

from policy_sim.show.month_words import about_words, months_sentence
from policy_sim.show.terminal.tables import new_table, prose
from policy_sim.show.wording import format_money, format_number
from policy_sim.study import FirstMonths

__all__ = ["of_first_months"]


def of_first_months(first: FirstMonths) -> list[Table]:
    """Return in a sentence how it goes, then a row a month: cash, cash so far, customers, each against the baseline."""
    currency = first.journey.currency
    title = f"“{first.journey.policy.title}” takes the place of “{first.baseline.policy.title}” today"
    table = new_table("", ("month", "cash", "so far", "likely", "customers", "likely"))
    for row in first.to_frame().to_dict("records"):
        cash = [format_money(row[name], currency, signed=True) for name in ("cash", "cash_so_far")]
        so_far = [format_money(row[f"cash_so_far_{end}"], currency, signed=True) for end in ("low", "high")]
        kept = [format_number(row[name], signed=True) for name in ("customers", "customers_low", "customers_high")]
        table.add_row(f"{row['month']:.0f}", *cash, " to ".join(so_far), kept[0], " to ".join(kept[1:]))
    about = f"Cash: margin less remedies, handling and extra claims, not discounted. {about_words(first)}"
    return [prose(title, months_sentence(first)), table, prose("", f"{about} Likely: 90%, by the assumptions.")]
