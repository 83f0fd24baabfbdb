"""Within a budget: the best limits whose remedies cost no more a year than somebody aims at.

In: the policy in force, rules, the valued cases, a budget. Out: a policy to go to, or why there is none. Left to
others: the search (`study.recommended_limits`), how far the policy in hand is over (`page/budget.js`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from policy_sim.border import InputError, Progress
from policy_sim.currencies import AMOUNTS_A_YEAR
from policy_sim.policy import Policy
from policy_sim.show.wording import format_money
from policy_sim.study import recommended_limits
from policy_sim.value import OutOfReachError, Payoffs

__all__ = ["WITHIN", "best_within", "budget_in"]

#: The name of the policy that was found within a budget.
WITHIN = "within_budget"


def best_within(start: Policy, payoffs: Payoffs, budget: float, on_progress: Progress | None = None) -> Policy:
    """Return the best limits within a budget, in whole units, as the policy `WITHIN`; all else as in `start`.

    Parameters
    ----------
    start, payoffs
        Where the search begins; the valued cases.
    budget
        Remedy cost (money a year, above 0) that may not be passed, in the mean over the draws.
    on_progress
        Called as the search goes on.

    Raises
    ------
    InputError
        If no limits are within it; the message says the least that can be spent.
    """
    words = format_money(budget, start.currency)
    try:
        best = recommended_limits(start, payoffs, budget=budget, on_progress=on_progress).policy
    except OutOfReachError as error:
        (least,) = error.least.values()
        raise InputError(
            f"no limits are within {words} a year: the least possible spend that was found is "
            f"{format_money(least, start.currency)} a year; aim at more"
        ) from None
    return best.model_copy(update={"name": WITHIN, "title": f"Best within {words}"})


def budget_in(asked: Mapping[str, Any]) -> float | None:
    """Return the budget (money a year) that the screen sends along, none where it sends none.

    Raises
    ------
    InputError
        If it is no amount, or one that nobody means (`AMOUNTS_A_YEAR`).
    """
    budget = asked.get("budget")
    if budget is None:
        return None
    least, most = AMOUNTS_A_YEAR
    is_amount = isinstance(budget, int | float) and not isinstance(budget, bool)
    if not is_amount or not math.isfinite(budget) or not least <= budget <= most:
        raise InputError(f"budget is {budget!r}; it must be an amount from {least} to {most:.0e} a year")
    return float(budget)
