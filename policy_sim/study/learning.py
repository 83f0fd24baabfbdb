"""Learning: what better known assumptions change: the best limits, what they are worth, and how sure that is.

In: the policy in force, the same cases valued by the assumptions of before and of now. Out: `Learning`.
Left to others: where better assumptions come from (`evidence`), pictures (`show`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from policy_sim.border import InputError, Progress, Steps, plain_rows
from policy_sim.policy import Policy, limit_content
from policy_sim.study.recommendation import as_recommended
from policy_sim.value import BestLimits, Difference, Payoffs, best_limits, compare, evaluate

__all__ = ["Learning", "what_learning_changes"]


@dataclass(frozen=True)
class Learning:
    """Limits that were best by the assumptions of before and by those of now, each judged by all of them.

    Attributes
    ----------
    before, now
        The best limits by the assumptions of before, and by those of now.
    gains
        By whose limits ("before", "now") and by whose assumptions they are judged ("before", "now", "truth"): how far
        those limits are ahead of the policy in force.
    """

    before: BestLimits
    now: BestLimits
    gains: dict[tuple[str, str], Difference]

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each pair: net value a year against the policy in force (money), and its 90 % interval.

        Columns: limits_of, judged_by, net_value, low, high. By the truth there is no interval of the assumptions, so
        what remains is that the cases are a sample.
        """
        rows = [
            (limits_of, judged_by, float(gain.per_year().mean()), *gain.interval_per_year())
            for (limits_of, judged_by), gain in self.gains.items()
        ]
        return pd.DataFrame(rows, columns=["limits_of", "judged_by", "net_value", "low", "high"])

    def limits(self) -> pd.DataFrame:
        """Return one row for each limit that could move: tier, limit, in_force, before, now.

        Limits are as they stand in files: money, `ask` or `no_limit`.
        """
        policies = {"in_force": self.gains["now", "now"].baseline.policy}
        policies |= {"before": self.before.policy, "now": self.now.policy}
        rows: list[dict[str, object]] = [
            {"tier": lever.tier, "limit": lever.limit}
            | {name: limit_content(policy.limit(lever.tier, lever.limit)) for name, policy in policies.items()}
            for lever in self.now.levers
        ]
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, object]:
        """Return both tables as plain data."""
        return {"gains": plain_rows(self.to_frame()), "limits": plain_rows(self.limits())}


def what_learning_changes(
    before: Payoffs,
    now: Payoffs,
    truth: Payoffs | None = None,
    *,
    policy: Policy,
    round_to: float | None = 1.0,
    on_progress: Progress | None = None,
) -> Learning:
    """Find the best limits by what was known before and by what is known now, and judge both by both.

    Parameters
    ----------
    before, now
        The same cases, valued by the assumptions of before and by those of now.
    truth
        The same cases, valued by the truth, where it is known (of a firm that is made up).
    policy
        In force, with which all is compared.
    round_to
        Limits are multiples of this (money).
    on_progress
        Called as each of two searches begins.

    Raises
    ------
    InputError
        If the cases are not as many.
    """
    judges = {"before": before, "now": now} | ({} if truth is None else {"truth": truth})
    counts = {len(payoffs.cases) for payoffs in judges.values()}
    if len(counts) > 1:
        found_counts = " and ".join(f"{count:,}" for count in sorted(counts))
        raise InputError(
            f"what was learned is judged on the same cases, but there are {found_counts} of them; value the same cases "
            "by both scenarios"
        )
    steps = Steps(on_progress, 2)
    found = {}
    for name, payoffs in (("before", before), ("now", now)):
        steps.begin(f"Searching the best limits by what is known {name}")
        found[name] = as_recommended(best_limits(policy, payoffs, round_to=round_to))
    steps.finish()
    gains: dict[tuple[str, str], Difference] = {}
    for judged_by, payoffs in judges.items():
        in_force = evaluate(policy, payoffs)
        gains |= {(name, judged_by): compare(evaluate(best.policy, payoffs), in_force) for name, best in found.items()}
    return Learning(found["before"], found["now"], gains)
