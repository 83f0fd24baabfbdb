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
from policy_sim.policy import NO_LIMIT_CENTS, Ladder, Policy, authority, limit_words
from policy_sim.service import Waiting, caught_share
from policy_sim.value.kernels import GUIDED, LANES, Numbers, Rules, States, choose, score_states
from policy_sim.value.payoffs import Payoffs, in_blocks
from policy_sim.value.second_line import numbers_with, second_line, supervisor_minutes
from policy_sim.words import GUARDS, LIMITS, MEASURES, OUTCOMES, PARTS

__all__ = [
    "Difference",
    "Handling",
    "Outcome",
    "compare",
    "decide",
    "evaluate",
    "interval",
    "measure",
    "rules_of",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Facts at which a guard looks because a customer may be lying.
_SUSPICIOUS = tuple(fact.name for fact in GUARDS.values() if fact.hints_at_abuse)

_ROUNDING = 1e-9  # differences below this come from adding up in another order


@dataclass(frozen=True)
class Handling:
    """How a policy handles each case: its rules, tier of the policy (N,), choice of each style (N, styles)."""

    rules: Rules
    tier: Ints
    choice: Ints

    @classmethod
    def of(cls, policy: Policy, payoffs: Payoffs, lowest: int = 0) -> Handling:
        """Work out who handles each case and what is chosen; tiers below `lowest` are passed over."""
        rules = rules_of(policy, payoffs)
        raised = rules._replace(start=np.maximum(rules.start, lowest))
        tier = np.empty(len(payoffs.cases), dtype=np.int64)
        choice = np.empty((len(tier), 3), dtype=np.int64)

        def work(first: int, last: int) -> None:
            choose(raised, payoffs.options, first, last, tier, choice)

        in_blocks(work, len(tier))
        return cls(rules, tier, choice)

    def states(self, place: Ints) -> States:
        """Return one state for each case, to be added up at a place (N,)."""
        return States(np.arange(len(place)), self.rules.tiers[self.tier], self.choice, place)


def rules_of(policy: Policy, payoffs: Payoffs) -> Rules:
    """Work out what a policy says of each case.

    Raises
    ------
    InputError
        If the policy names something that the scenario does not know.
    """
    scenario, cases = payoffs.scenario, payoffs.cases
    policy.check_names(scenario, f"policy {policy.name}")
    tiers = np.array([scenario.tiers.index(name) for name in policy.tier_names])
    start = Ladder(policy).start_positions(cases.columns, len(cases))
    suspected = np.zeros(len(cases), dtype=np.bool_)
    for guard in policy.guards:
        if guard.fact in _SUSPICIOUS:
            suspected |= cases.columns[guard.fact] >= guard.at_least
    limits, claimed = limits_in_cents(policy, payoffs), _claimed(policy, payoffs)
    return Rules(start, cells_of(payoffs), limits, tiers, suspected, claimed)


def limits_in_cents(policy: Policy, payoffs: Payoffs) -> Ints:
    """Return the limits in force: (tiers of the policy, cells, L); none for cells that no case is in."""
    cells = payoffs.scenario.cells
    there = np.flatnonzero(np.bincount(cells_of(payoffs)))
    # where there are no exceptions, one cell stands for all
    looked_up = there if policy.exceptions else there[:1]
    ladder = Ladder(policy)
    limits = np.full((len(policy.tiers), len(cells), len(LIMITS)), NO_LIMIT_CENTS)
    limits[:, there] = np.stack([ladder.limits_in_cents(*cells[cell]) for cell in looked_up], axis=1)
    return limits


def cells_of(payoffs: Payoffs) -> Ints:
    """Return the cell (N,) of each case: failure and segment."""
    return np.asarray(payoffs.cases.failure * len(payoffs.scenario.segments) + payoffs.cases.segment)


def _claimed(policy: Policy, payoffs: Payoffs) -> Floats:
    """Return the share (padded draws,) of learned claiming that the guards of a policy let through."""
    at_least = {
        fact: min((guard.at_least for guard in policy.guards if guard.fact == fact), default=np.inf)
        for fact in _SUSPICIOUS
    }
    draws = payoffs.draws
    caught = caught_share(
        suspicion_at_least=at_least["suspicion"],
        claims_at_least=at_least["prior_claims"],
        visible_share=draws["claiming.visible_share"],
        repeat_share=draws["claiming.repeat_share"],
    )
    through = 1 - caught * draws["claiming.refused_share"]
    return np.pad(through, (0, payoffs.style.shape[1] - len(draws)), mode="edge")


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
        How long whoever is passed on waits for the second line, under each draw.
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
    states = handling.states(handling.rules.cell)
    minutes = supervisor_minutes(payoffs, states, cell_count).sum(axis=0) / len(payoffs.cases)
    queue = second_line(payoffs, minutes)
    numbers = numbers_with(payoffs, queue.mean_wait_hours)
    sums = score(payoffs, handling.rules, states, cell_count, numbers, on_progress)
    counts = np.bincount(states.place, minlength=cell_count).reshape(shape)
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
    scenario, cases, seen = payoffs.scenario, payoffs.cases, payoffs.believed
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
                "allowed": "; ".join(limit_words(name, each.value, policy.currency) for name, each in limits.items()),
                "rules": "; ".join(dict.fromkeys(each.rule for each in limits.values())),
                "recommended": payoffs.menu.names[cases.failure[i]][a],
                "worth": seen.worth[i, a],
                "remedy_cost": seen.cost[i, a],
                "payoff": seen.payoff[scenario.tiers.index(tier), i, a],
            }
        )
    return pd.DataFrame(rows)


def score(
    payoffs: Payoffs,
    rules: Rules,
    states: States,
    places: int,
    numbers: Numbers,
    on_progress: Progress | None = None,
) -> Floats:
    """Return (places, measures, draws): the measures of states, or their changes, added up by place."""
    out = np.empty((places, len(MEASURES), len(payoffs.draws)))

    def work(first: int, last: int) -> None:
        lanes = np.empty((places, len(MEASURES), LANES))
        score_lanes(payoffs, rules, states, numbers, first, lanes)
        out[..., first:last] = lanes[..., : last - first]

    in_blocks(work, len(payoffs.draws), LANES, on_progress, "Evaluating")
    return out


def score_lanes(payoffs: Payoffs, rules: Rules, states: States, numbers: Numbers, first: int, out: Floats) -> None:
    """Fill out (places, measures, LANES): the measures of states, or their changes, for the draws from `first` on."""
    out[:] = 0.0
    score_states(states, rules.suspected, payoffs.facts, numbers, payoffs.style, first, out)
    out[:, MEASURES.index("learned_claiming")] *= rules.claimed[first : first + LANES]


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
