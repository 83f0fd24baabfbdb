"""Evaluation: what a policy brings over the cases, and how two policies compare.

In: a policy and payoffs. Out: `Outcome` for each draw, `Difference` on the same cases and draws. `evaluate` is pure.
Left to others: the same as a function of one limit (`curves`), finding good limits (`best_limits`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, Progress, plain_rows, unknown
from policy_sim.policy import Policy, authority, limit_words
from policy_sim.service import Waiting
from policy_sim.value.choice_kernels import GUIDED
from policy_sim.value.escalation_queue import escalation_queue, supervisor_minutes, with_wait
from policy_sim.value.handling import Handling
from policy_sim.value.payoffs import Payoffs
from policy_sim.value.scoring import score
from policy_sim.words import MEASURES, OUTCOMES, PARTS

__all__ = [
    "Difference",
    "Outcome",
    "compare",
    "decide",
    "evaluate",
    "interval",
    "measure",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDING = 1e-9  # differences below this come from adding up in another order


@dataclass(frozen=True)
class Outcome:
    """What a policy brings, for each draw of the assumptions.

    Attributes
    ----------
    policy, payoffs
        What was evaluated.
    sums
        (failures, segments, measures, draws) totals over the cases.
    counts
        (failures, segments) cases.
    queue
        How long escalations wait, under each draw.
    """

    policy: Policy
    payoffs: Payoffs
    sums: Floats
    counts: Ints
    queue: Waiting

    def per_case(self, outcome: str = "net_value") -> Floats:
        """Return the mean over cases (draws,) of one of `OUTCOMES`: money, a share (0-1) or minutes per case."""
        return np.asarray(measure(self.sums.sum((0, 1)), outcome) / self.counts.sum())

    def per_year(self, outcome: str = "net_value") -> Floats:
        """Return (draws,) what one of `OUTCOMES` comes to with the scenario's cases per year."""
        return self.per_case(outcome) * self.payoffs.scenario.value("shop.cases_per_year")

    def to_frame(self) -> pd.DataFrame:
        """Return one row per outcome: mean per case and per year with the 90 % interval over the draws."""
        rows = [_row(name, self.per_case(name), self.per_year(name)) for name in OUTCOMES]
        return pd.DataFrame(rows).assign(policy=self.policy.name, currency=self.policy.currency)

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data, by name of the outcome."""
        return {
            str(row.pop("outcome")): row for row in plain_rows(self.to_frame().drop(columns=["policy", "currency"]))
        }


@dataclass(frozen=True)
class Difference:
    """How far one policy is ahead of another on the same cases and draws."""

    outcome: Outcome
    baseline: Outcome

    def per_case(self, outcome: str = "net_value") -> Floats:
        """Return (draws,) the difference per case."""
        return self.outcome.per_case(outcome) - self.baseline.per_case(outcome)

    def per_year(self, outcome: str = "net_value") -> Floats:
        """Return (draws,) the difference per year."""
        return self.outcome.per_year(outcome) - self.baseline.per_year(outcome)

    def told_apart(self, outcome: str = "net_value") -> bool:
        """Tell whether the 90 % interval of the difference lies on one side of zero."""
        low, high = interval(self.per_case(outcome))
        return bool(low > _ROUNDING or high < -_ROUNDING)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per outcome: mean difference, 90 % interval, whether it can be told apart."""
        rows = [
            _row(name, self.per_case(name), self.per_year(name)) | {"told_apart": self.told_apart(name)}
            for name in OUTCOMES
        ]
        return pd.DataFrame(rows).assign(policy=self.outcome.policy.name, baseline=self.baseline.policy.name)

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data, by name of the outcome."""
        return {
            str(row.pop("outcome")): row for row in plain_rows(self.to_frame().drop(columns=["policy", "baseline"]))
        }

    def effect_per_year(self) -> dict[str, object]:
        """Return net value a year in short: mean, 90 % interval (money), whether it can be told from none."""
        per_year = self.per_year()
        low, high = interval(per_year)
        return {"per_year": float(per_year.mean()), "low": low, "high": high, "told_apart": self.told_apart()}


def evaluate(policy: Policy, payoffs: Payoffs, on_progress: Progress | None = None) -> Outcome:
    """Evaluate a policy: each case is handled by the lowest tier that may give an adequate resolution.

    Parameters
    ----------
    policy
        The policy; its tiers, failures and segments are those of the scenario.
    payoffs
        The valued cases.
    on_progress
        Called as blocks of draws are finished.

    Raises
    ------
    InputError
        If the policy names something that the scenario does not know.
    """
    handling = Handling.of(policy, payoffs)
    shape = (len(payoffs.scenario.failures), len(payoffs.scenario.segments))
    cell_count = shape[0] * shape[1]
    assignments = handling.assignments(handling.arrays.cell)
    minutes = supervisor_minutes(payoffs, assignments, cell_count).sum(axis=0) / len(payoffs.cases)
    queue = escalation_queue(payoffs, minutes)
    draw_arrays = with_wait(payoffs, queue.mean_wait_hours)
    sums = score(payoffs, handling.arrays, assignments, cell_count, draw_arrays, on_progress)
    counts = np.bincount(assignments.place, minlength=cell_count).reshape(shape)
    return Outcome(policy, payoffs, sums.reshape(*shape, *sums.shape[1:]), counts, queue)


def compare(outcome: Outcome, baseline: Outcome) -> Difference:
    """Compare two outcomes, paired: same cases, same draws.

    Raises
    ------
    InputError
        If they were not evaluated on the same payoffs.
    """
    if outcome.payoffs is not baseline.payoffs:
        raise InputError(
            f"policies '{outcome.policy.name}' and '{baseline.policy.name}' were evaluated on different payoffs; "
            "evaluate both on the same ones, so that they meet the same cases and draws"
        )
    return Difference(outcome, baseline)


def decide(policy: Policy, payoffs: Payoffs) -> pd.DataFrame:
    """Return for each case who decides, what that tier may do under which rule, and the recommended resolution.

    Columns: case, failure, segment, item_price, starts_at, because, tier, allowed, rules, recommended, worth,
    remedy_cost, payoff (the last three in money, under the central assumptions).
    """
    scenario, cases, view = payoffs.scenario, payoffs.cases, payoffs.agent_view
    handling = Handling.of(policy, payoffs)
    rows = []
    for i in range(len(cases)):
        failure, segment = cases.failures[cases.failure[i]], cases.segments[cases.segment[i]]
        facts = {guard.fact: float(cases.columns[guard.fact][i]) for guard in policy.guards}
        may = authority(policy, failure, segment, facts)
        tier = policy.tier_names[handling.tier[i]]
        a = handling.choice[i, GUIDED]
        limits = may.limits[tier]
        rows.append(
            {
                "case": cases.case[i],
                "failure": failure,
                "segment": segment,
                "item_price": cases.item_price[i],
                "starts_at": may.starts_at,
                "because": may.because,
                "tier": tier,
                "allowed": "; ".join(limit_words(name, limit.value, policy.currency) for name, limit in limits.items()),
                "rules": "; ".join(dict.fromkeys(limit.rule for limit in limits.values())),
                "recommended": payoffs.menu.names[cases.failure[i]][a],
                "worth": view.worth[i, a],
                "remedy_cost": view.cost[i, a],
                "payoff": view.payoff[scenario.tiers.index(tier), i, a],
            }
        )
    return pd.DataFrame(rows)


def measure(sums: Floats, outcome: str) -> Floats:
    """Return one of `OUTCOMES` from sums (..., measures, draws)."""
    if outcome == "net_value":
        return np.asarray(sum(sign * sums[..., MEASURES.index(name), :] for name, sign in PARTS.items()))
    if outcome not in MEASURES:
        raise unknown("outcome", outcome, list(OUTCOMES))
    return np.asarray(sums[..., MEASURES.index(outcome), :])


def interval(values: Floats, level: float = 0.9) -> tuple[float, float]:
    """Return the central interval (0-1 of the draws) of values (draws,)."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def worst(values: Floats, tail: float = 0.1) -> Floats:
    """Return the mean over the lowest share of values (..., draws); the draw on the edge counts in part."""
    weight = np.clip(tail * values.shape[-1] - np.arange(values.shape[-1]), 0.0, 1.0)
    return np.asarray(np.sort(values, axis=-1) @ weight / weight.sum())


def _row(name: str, per_case: Floats, per_year: Floats) -> dict[str, object]:
    low, high = interval(per_case)
    low_year, high_year = interval(per_year)
    return {
        "outcome": name,
        "unit": OUTCOMES[name].unit,
        "per_case": per_case.mean(),
        "per_case_low": low,
        "per_case_high": high,
        "per_year": per_year.mean(),
        "per_year_low": low_year,
        "per_year_high": high_year,
    }
