"""Month words: how a policy does in its first months, in sentences.

In: first months (`study.FirstMonths`). Out: short texts. Left to others: the numbers, tables and pictures of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policy_sim.show.wording import NOT_TOLD_APART, format_money, ways_words
from policy_sim.study import CASH, FirstMonths
from policy_sim.words import OUTCOMES

__all__ = ["PARTS_OF_CASH", "about_words", "even_words", "months_sentence", "words_of_even"]

#: Titles of the parts of cash, by the names of `CASH`: as outcomes are called, where they are outcomes.
PARTS_OF_CASH = {name: OUTCOMES[name].title if name in OUTCOMES else "Margin of what is bought" for name in CASH}
_LEFT_OUT = "What customers who were kept buy after that is not in it; net value counts all of it."


def months_sentence(first: FirstMonths) -> str:
    """Return how it starts, when it is even, and how far it is at the end, in one sentence."""
    frame, currency = first.to_frame(), first.journey.currency
    last = frame.iloc[-1]
    ends, far = float(last["cash_so_far"]), (float(last["cash_so_far_low"]), float(last["cash_so_far_high"]))
    likely = " to ".join(format_money(end, currency, signed=True) for end in far)
    doubt = f"; {NOT_TOLD_APART}" if far[0] <= 0 <= far[1] else ""
    start = _start_words(float(frame["cash"].iloc[0]), first.mean_even_after, currency)
    return (
        f"{start}{words_of_even(first)}; after {_span(first.journey.months)} {format_money(abs(ends), currency)} "
        f"{'ahead' if ends >= 0 else 'behind'} (likely {likely}{doubt})."
    )


def words_of_even(first: FirstMonths) -> str:
    """Return after how many months the mean has paid back, as `even_words`."""
    return even_words(first.mean_even_after, first.even_after(), first.journey.months)


def about_words(first: FirstMonths) -> str:
    """Return what is followed, and what is left out."""
    return (
        f"{first.customers:,} customers followed in the size of the shop, under {ways_words(len(first.cash))}; "
        f"{first.cases:,} cases stand for all. {_LEFT_OUT}"
    )


def _start_words(begins: float, even: float, currency: str) -> str:
    """Say how the first month goes, up to what `even_words` says."""
    if begins < 0:
        return f"Costs {format_money(-begins, currency)} more in the first month and "
    ahead = f"Is {format_money(begins, currency)} ahead after one month"
    return f"{ahead} and " if even == 0 else f"{ahead}, falls behind later and "


def even_words(even: float, by_draw: NDArray[np.float64], months: int) -> str:
    """Say after how many months a policy has paid back: "is even after 5 months (likely 3 to 9)".

    Parameters
    ----------
    even
        Months after which the mean stays at 0 or above; 0 for always, inf for later than all months.
    by_draw
        (draws,) the same in each draw.
    months
        How many were followed.
    """
    chance = f"{100 * float(np.isfinite(by_draw).mean()):.0f}%"
    if np.isinf(even):
        return f"is not even within {months} months (chance that it is: {chance})"
    low, high = np.quantile(by_draw, [0.05, 0.95], method="nearest")
    if even == 0 == high:
        return "never behind"
    if even == 0 and np.isinf(high):
        return f"on average never behind (even within {months} months: a chance of {chance})"
    if even == 0:
        return f"on average never behind (likely even after {high:.0f} months at the latest)"
    end = f"later than {months}" if np.isinf(high) else f"{high:.0f}"
    ends = f"likely {'at once' if low == 0 else f'{low:.0f}'} to {end}"
    return f"is even after {even:.0f} month{'s' if even > 1 else ''} ({ends})"


def _span(months: int) -> str:
    years, rest = divmod(months, 12)
    words = {1: "a year", 2: "two years", 3: "three years"}
    return words[years] if rest == 0 and years in words else f"{months} months"
