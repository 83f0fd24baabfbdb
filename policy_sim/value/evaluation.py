"""Evaluation: what a policy brings over the cases, and how two policies compare.

In: a policy and payoffs. Out: `Outcome` for each draw, `Difference` on the same cases and draws, both with intervals
that hold the draws and the sample of cases. `evaluate` is pure.
Left to others: how far a sample is off (`sampling`), outcomes as functions of a limit (`curves`, `best_limits`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import InputError, Progress, plain_rows, unknown
from policy_sim.policy import Policy, authority, limit_words, playbook_rule_words, titles_of
from policy_sim.service import Waiting
from policy_sim.value.choice_kernels import GUIDED, STYLES
from policy_sim.value.escalation_queue import escalation_queue, supervisor_minutes, with_wait
from policy_sim.value.following import following_costs, rules_of
from policy_sim.value.handling import Handling, cells_of
from policy_sim.value.payoffs import Payoffs, in_blocks
from policy_sim.value.response_kernels import LANES, Assignments, DrawArrays
from policy_sim.value.sampling import Groups, GroupSums, groups_of, interval, too_few
from policy_sim.value.scoring import score_lanes
from policy_sim.words import MEASURES, OUTCOMES, PARTS

__all__ = [
    "Difference",
    "Outcome",
    "compare",
    "decide",
    "evaluate",
    "measure",
    "outcome_of",
    "worst",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDING = 1e-9  # differences below this come from adding up in another order


class Estimate(ABC):
    """Means over cases under each draw, with intervals.

    An interval holds two errors: what is assumed, which the draws vary, and that the cases are a sample.
    """

    @property
    @abstractmethod
    def cases_per_year(self) -> float:
        """Cases a year, as the scenario has it."""

    @abstractmethod
    def per_case(self, outcome: str = "net_value") -> Floats:
        """Return (draws,) the mean over cases of one of `OUTCOMES`: money, a share (0-1) or minutes."""

    @abstractmethod
    def of_groups(self, outcome: str = "net_value") -> GroupSums:
        """Return the sums of one of `OUTCOMES` over random groups of the cases."""

    def per_year(self, outcome: str = "net_value") -> Floats:
        """Return (draws,) what one of `OUTCOMES` comes to with the scenario's cases per year."""
        return self.per_case(outcome) * self.cases_per_year

    def error(self, outcome: str = "net_value") -> float:
        """Return the standard error of the mean per case because the cases are a sample; infinite for one case."""
        return float(self.of_groups(outcome).error())

    def interval(self, outcome: str = "net_value") -> tuple[float, float]:
        """Return the ends of the 90 % interval per case, by the draws and the sample of cases together."""
        return interval(self.per_case(outcome), float(self.of_groups(outcome).reach()))

    def interval_per_year(self, outcome: str = "net_value") -> tuple[float, float]:
        """Return the ends of the 90 % interval a year."""
        low, high = self.interval(outcome)
        return low * self.cases_per_year, high * self.cases_per_year

    def too_few(self, outcome: str = "net_value") -> bool:
        """Tell whether the cases are too few for the interval to hold (`sampling.too_few`)."""
        return too_few(self.per_case(outcome), self.of_groups(outcome))

    def _row(self, name: str) -> dict[str, object]:
        low, high = self.interval(name)
        low_year, high_year = self.interval_per_year(name)
        return {
            "outcome": name,
            "unit": OUTCOMES[name].unit,
            "per_case": self.per_case(name).mean(),
            "per_case_low": low,
            "per_case_high": high,
            "per_year": self.per_year(name).mean(),
            "per_year_low": low_year,
            "per_year_high": high_year,
            "too_few_cases": self.too_few(name),
        }


@dataclass(frozen=True)
class Outcome(Estimate):
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
    groups
        (groups, measures, draws) totals over random groups of the cases, under the first draws.
    groups_by_cell
        (groups, failures, segments, draws) of net value.
    """

    policy: Policy
    payoffs: Payoffs
    sums: Floats
    counts: Ints
    queue: Waiting
    groups: GroupSums
    groups_by_cell: GroupSums

    @property
    def cases_per_year(self) -> float:
        """Cases a year, as the scenario has it."""
        return self.payoffs.scenario.value("shop.cases_per_year")

    def per_case(self, outcome: str = "net_value") -> Floats:
        """Return the mean over cases (draws,) of one of `OUTCOMES`: money, a share (0-1) or minutes per case."""
        return np.asarray(measure(self.sums.sum((0, 1)), outcome) / self.counts.sum())

    def of_groups(self, outcome: str = "net_value") -> GroupSums:
        """Return the sums of one of `OUTCOMES` over random groups of the cases, (groups, draws)."""
        return replace(self.groups, sums=measure(self.groups.sums, outcome))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per outcome: mean per case and per year with the 90 % interval, and whether cases are few."""
        rows = [self._row(name) for name in OUTCOMES]
        return pd.DataFrame(rows).assign(policy=self.policy.name, currency=self.policy.currency)

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data, by name of the outcome."""
        return {
            str(row.pop("outcome")): row for row in plain_rows(self.to_frame().drop(columns=["policy", "currency"]))
        }


@dataclass(frozen=True)
class Difference(Estimate):
    """How far one policy is ahead of another on the same cases and draws."""

    outcome: Outcome
    baseline: Outcome

    @property
    def cases_per_year(self) -> float:
        """Cases a year, as the scenario has it."""
        return self.outcome.cases_per_year

    def per_case(self, outcome: str = "net_value") -> Floats:
        """Return (draws,) the difference per case."""
        return self.outcome.per_case(outcome) - self.baseline.per_case(outcome)

    def of_groups(self, outcome: str = "net_value") -> GroupSums:
        """Return the difference of the sums over random groups of the cases, (groups, draws)."""
        return self.outcome.of_groups(outcome).minus(self.baseline.of_groups(outcome))

    def told_apart(self, outcome: str = "net_value") -> bool:
        """Tell whether the cases are enough, and the 90 % interval of the difference lies on one side of zero."""
        low, high = self.interval(outcome)
        return bool(low > _ROUNDING or high < -_ROUNDING) and not self.too_few(outcome)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per outcome: mean difference, 90 % interval, whether it can be told apart."""
        rows = [self._row(name) | {"told_apart": self.told_apart(name)} for name in OUTCOMES]
        return pd.DataFrame(rows).assign(policy=self.outcome.policy.name, baseline=self.baseline.policy.name)

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data, by name of the outcome."""
        return {
            str(row.pop("outcome")): row for row in plain_rows(self.to_frame().drop(columns=["policy", "baseline"]))
        }

    def effect_per_year(self) -> dict[str, object]:
        """Return net value a year in short: mean, 90 % interval (money; none of one case), whether it can be told."""
        ends = dict(zip(("low", "high"), self.interval_per_year(), strict=True))
        return {
            "per_year": float(self.per_year().mean()),
            **{name: end if np.isfinite(end) else None for name, end in ends.items()},
            "told_apart": self.told_apart(),
            "too_few_cases": self.too_few(),
        }


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
    return outcome_of(policy, payoffs, Handling.of(policy, payoffs), on_progress)


def outcome_of(policy: Policy, payoffs: Payoffs, handling: Handling, on_progress: Progress | None = None) -> Outcome:
    """Return what cases come to that are handled so, by the policy or by whatever takes its place."""
    queue, groups = queue_of(payoffs, handling), groups_of(payoffs.cases)
    assignments = handling.assignments(handling.arrays.cell)
    draw_arrays = with_wait(payoffs, queue.mean_wait_hours)
    sums = score_groups(payoffs, handling, assignments, groups, draw_arrays, on_progress)
    return outcome_from(policy, payoffs, queue, groups, sums)


class GroupedSums(NamedTuple):
    """Sums over cases: by cell (cells, measures, draws), and by group and cell (groups x cells, measures, LANES).

    Those by group are of the first lanes of draws.
    """

    by_cell: Floats
    by_group: Floats


def queue_of(payoffs: Payoffs, handling: Handling) -> Waiting:
    """Return how long escalations wait where cases are handled so."""
    together = handling.assignments(np.zeros(len(payoffs.cases), dtype=np.int64))
    minutes = supervisor_minutes(payoffs, handling.arrays.style, together, 1)[0]
    return escalation_queue(payoffs, minutes / len(payoffs.cases))


def score_groups(
    payoffs: Payoffs,
    handling: Handling,
    assignments: Assignments,
    groups: Groups,
    draw_arrays: DrawArrays,
    on_progress: Progress | None = None,
) -> GroupedSums:
    """Return what assignments come to, whose places are cells.

    The first lanes are added up by group and cell, and the totals are those of all groups: it costs next to nothing.
    """
    cell_count, group_count = len(payoffs.scenario.cells), len(groups.counts)
    sums = np.empty((cell_count, len(MEASURES), len(payoffs.draws)))
    by_group = np.empty((group_count * cell_count, len(MEASURES), LANES))
    grouped = assignments._replace(place=groups.of_case[assignments.case] * cell_count + assignments.place)

    def work(first: int, last: int) -> None:
        if first == 0:
            score_lanes(payoffs, handling.arrays, grouped, draw_arrays, first, by_group)
            lanes = by_group.reshape(group_count, cell_count, *by_group.shape[1:]).sum(axis=0)
        else:
            lanes = np.empty((cell_count, len(MEASURES), LANES))
            score_lanes(payoffs, handling.arrays, assignments, draw_arrays, first, lanes)
        sums[..., first:last] = lanes[..., : last - first]

    in_blocks(work, len(payoffs.draws), LANES, on_progress, "Evaluating")
    return GroupedSums(sums, by_group)


def outcome_from(policy: Policy, payoffs: Payoffs, queue: Waiting, groups: Groups, grouped: GroupedSums) -> Outcome:
    """Return what a policy brings, by the sums over its cases; what its playbook costs comes besides."""
    shape = (len(payoffs.scenario.failures), len(payoffs.scenario.segments))
    cell, cell_count = cells_of(payoffs), shape[0] * shape[1]
    by_group = grouped.by_group[..., : len(payoffs.draws)].reshape(len(groups.counts), cell_count, len(MEASURES), -1)
    sums = grouped.by_cell
    if policy.playbook is not None:
        place = groups.of_case * cell_count + cell
        costs = following_costs(policy.playbook, payoffs, place, len(grouped.by_group))
        costs = costs.reshape(len(groups.counts), cell_count, *costs.shape[1:])
        sums = sums + costs.sum(axis=0)
        by_group = by_group + costs[..., :LANES]
    counts = np.bincount(cell, minlength=cell_count).reshape(shape)
    by_cell = by_group.reshape(-1, *shape, *by_group.shape[2:])
    totals = GroupSums(by_group.sum(axis=1), groups.counts, groups.units)
    net_value = replace(totals, sums=measure(by_cell, "net_value"))
    return Outcome(policy, payoffs, sums.reshape(*shape, *sums.shape[1:]), counts, queue, totals, net_value)


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

    What the playbook says is recommended where it can be followed, else what those choose who go by what they believe.

    Columns: case, failure, segment, item_price, starts_at, because, tier, allowed, rules, recommended, worth,
    remedy_cost, payoff (the last three in money, under the central assumptions), playbook_rule: in words the rule of
    the playbook that is for the case, "" where none is, whether or not it can be followed.
    """
    scenario, cases, view = payoffs.scenario, payoffs.cases, payoffs.agent_view
    handling = Handling.of(policy, payoffs)
    # with a playbook the last of as many styles are those who follow
    recommended = handling.choice[:, handling.choice.shape[1] - len(STYLES) + GUIDED]
    titles = titles_of(scenario)
    playbook_rules = policy.playbook.rules if policy.playbook else ()
    said = [playbook_rule_words(rule, policy.currency, titles) for rule in playbook_rules]
    whose = rules_of(policy.playbook, payoffs)
    rows = []
    for i in range(len(cases)):
        failure, segment = cases.failures[cases.failure[i]], cases.segments[cases.segment[i]]
        facts = {guard.fact: float(cases.columns[guard.fact][i]) for guard in policy.guards}
        may = authority(policy, failure, segment, facts)
        tier = policy.tier_names[handling.tier[i]]
        a = recommended[i]
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
                "playbook_rule": said[whose[i]] if whose[i] >= 0 else "",
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


def worst(values: Floats, tail: float = 0.1) -> Floats:
    """Return the mean over the lowest share of values (..., draws); the draw on the edge counts in part."""
    weight = np.clip(tail * values.shape[-1] - np.arange(values.shape[-1]), 0.0, 1.0)
    return np.asarray(np.sort(values, axis=-1) @ weight / weight.sum())
