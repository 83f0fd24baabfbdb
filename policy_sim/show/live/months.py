"""Months: what a policy costs as it starts and brings later, month by month, in the words of the screen.

In: a setting, the policy in hand, the one it is compared with. Out: plain data for the page. Left to others: following
customers (`study.first_months`), how it looks (`page/months.js`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_sim.border import InputError, Progress
from policy_sim.policy import Policy
from policy_sim.show.wording import NOT_TOLD_APART, format_money, ways_words
from policy_sim.study import CASH, FirstMonths, Setting, first_months
from policy_sim.words import OUTCOMES

__all__ = ["months_content", "told_months"]

#: Titles of the parts of cash, by the names of `CASH`: as outcomes are called, where they are outcomes.
_TITLES = {name: OUTCOMES[name].title if name in OUTCOMES else "Margin of what is bought" for name in CASH}
_LEFT_OUT = "What customers who were kept buy after that is not in it; the tiles count all of it."


def months_content(
    setting: Setting, policy: Policy, baseline: Policy, on_progress: Progress | None = None
) -> dict[str, Any]:
    """Return what happens month by month if the policy in hand takes the place of the baseline today.

    Returns
    -------
    dict
        As `told_months`; where the setting does not carry it `problem`, in words, alone.
    """
    parts = ("tiers", "exceptions", "guards", "playbook")
    if all(getattr(policy, part) == getattr(baseline, part) for part in parts):
        return {"problem": "The two policies are the same: nothing to follow."}
    try:
        first = first_months(setting, policy, baseline, on_progress=on_progress)
    except InputError as error:
        return {"problem": f"{str(error)[:1].upper()}{str(error)[1:]}."}
    return told_months(first)


def told_months(first: FirstMonths) -> dict[str, Any]:
    """Return the first months as plain data.

    Returns
    -------
    dict
        rows: by month the parts of cash, cash, cash so far and customers with their ends, as `FirstMonths.to_frame`;
        parts: name and title of each part; even: the month after which the mean of cash so far stays at 0 or above
        (0: always, none: later than all months); sentence and even_words; about: what is followed, and what is left
        out.
    """
    frame = first.to_frame()
    currency = first.journey.currency
    even = float(first.even_after(first.cash_so_far.mean(axis=0, keepdims=True))[0])
    months = first.journey.months

    def told(value: float) -> str:
        return format_money(value, currency)

    last = frame.iloc[-1]
    last = frame.iloc[-1]
    ends, far = float(last["cash_so_far"]), (float(last["cash_so_far_low"]), float(last["cash_so_far_high"]))
    likely = " to ".join(format_money(end, currency, signed=True) for end in far)
    doubt = f"; {NOT_TOLD_APART}" if far[0] <= 0 <= far[1] else ""
    words = even_words(even, first.even_after(), months)
    start = _start_words(float(frame["cash"].iloc[0]), even, currency)
    return {
        "rows": frame.to_dict("records"),
        "parts": [{"name": name, "title": title} for name, title in _TITLES.items()],
        "even": None if np.isinf(even) else int(even),
        "even_words": words,
        "sentence": (
            f"{start}{words}; after {_span(months)} {told(abs(ends))} {'ahead' if ends >= 0 else 'behind'} "
            f"(likely {likely}{doubt})."
        ),
        "about": (
            f"{first.customers:,} customers followed in the size of the shop, under "
            f"{ways_words(len(first.cash))}; {first.cases:,} cases stand for all. {_LEFT_OUT}"
        ),
    }


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
