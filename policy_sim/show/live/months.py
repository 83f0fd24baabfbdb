"""Months: what a policy costs as it starts and brings later, month by month, in the words of the screen.

In: a setting, the policy in hand, the one it is compared with. Out: plain data for the page. Left to others: following
customers (`study.first_months`), sentences (`month_words`), how it looks (`page/months.js`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from policy_sim.border import InputError, Progress
from policy_sim.policy import Policy
from policy_sim.show.month_words import PARTS_OF_CASH, about_words, months_sentence, words_of_even
from policy_sim.study import FirstMonths, Setting, first_months

__all__ = ["months_content", "told_months"]


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
    even = first.mean_even_after
    return {
        "rows": first.to_frame().to_dict("records"),
        "parts": [{"name": name, "title": title} for name, title in PARTS_OF_CASH.items()],
        "even": None if np.isinf(even) else int(even),
        "even_words": words_of_even(first),
        "sentence": months_sentence(first),
        "about": about_words(first),
    }
