"""Playbook study: how few rules are enough, what each brings, how sure that is, and what following them is worth.

In: the policy in force, payoffs, what rules may look at. Out: `PlaybookStudy`. Left to others: finding rules
(`value.best_playbook`), how it reads (`show.terminal.playbook`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import Progress, Steps, plain_rows, unknown
from policy_sim.policy import Playbook, PlaybookRule, Policy
from policy_sim.study.recommendation import called_recommended
from policy_sim.value import (
    BestPlaybooks,
    Difference,
    Gap,
    Outcome,
    Payoffs,
    best_limits,
    best_playbooks,
    book_of,
    chosen_alike,
    compare,
    evaluate,
    everybody_follows,
    find_gap,
    groups_of,
    interval,
    limits_and_playbook,
    runners_up,
    with_playbook,
)

__all__ = ["LIMITS_FROM", "PlaybookStudy", "RuleStudy", "study_playbook"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Within whose limits rules are looked for: those of the policy in force, the best ones, or those found with the rules.
LIMITS_FROM = ("given", "best", "together")

_SHARES = np.linspace(0, 1, 11)
_RESAMPLES = 10
_RESAMPLED_CASES = 4_000


@dataclass(frozen=True)
class RuleStudy:
    """What one rule of a playbook does.

    Attributes
    ----------
    rule
        The rule.
    cases_share
        Of all cases, those that it is for (0-1).
    possible_share
        Of its cases, those in which it can be followed: whoever decides may give it, and the customer accepts it.
    gain
        What the playbook brings more with the rule than without it, under the share of people who follow; of the only
        rule there is, that includes what having a playbook costs.
    runner_up
        The resolution that is next best for its cases; None where there is no other.
    ahead
        How far the rule is ahead of the same with the runner-up in its place, if everybody follows.
    as_today
        Of its cases, those in which people choose what it says by themselves (0-1).
    stability
        Of its cases, in how large a share the rules of resampled customers say the same (0-1).
    """

    rule: PlaybookRule
    cases_share: float
    possible_share: float
    gain: Difference
    runner_up: tuple[str, ...] | None
    ahead: Difference | None
    as_today: float
    stability: float


@dataclass(frozen=True)
class PlaybookStudy:
    """The best playbook, and what whoever signs it asks.

    Attributes
    ----------
    in_force
        What the policy in force brings.
    policy
        The recommended policy: limits and playbook.
    best
        The best rules for every number of them.
    by_rules
        For 0, 1, 2, ... rules, how far a policy with these limits and so many rules is ahead of the one in force, under
        the share of people who follow.
    by_rules_if_all
        The same if everybody followed.
    by_share
        For shares of people who follow from none to all, how far the recommended policy is ahead of the one in force.
    rules
        What each rule does.
    gap, gap_left
        What keeps the policy in force, and the recommended one if everybody follows, from the best of every case.
    held_out_share_of_gain
        As `share_of_gain`, of rules that were fitted to the cases of other customers; NaN where there are too few.
    """

    in_force: Outcome
    policy: Policy
    best: BestPlaybooks
    by_rules: tuple[Difference, ...]
    by_rules_if_all: tuple[Difference, ...]
    by_share: tuple[Difference, ...]
    rules: tuple[RuleStudy, ...]
    gap: Gap
    gap_left: Gap
    held_out_share_of_gain: float

    @property
    def gain(self) -> Difference:
        """How far the recommended policy is ahead of the one in force, under the share of people who follow."""
        return self.by_rules[-1]

    @property
    def guidance(self) -> Difference:
        """What the playbook adds to the limits."""
        return compare(self.by_rules[-1].outcome, self.by_rules[0].outcome)

    def share_of_gain(self, difference: Difference) -> float:
        """Return what a difference to the policy in force is of all that could be gained (`Gap.attainable`)."""
        return share_of(difference, self.gap)

    def followed_share(self) -> float:
        """Return the share of people who follow (0-1), in the mean over the draws."""
        return float(self.in_force.payoffs.draws["playbook.followed_share"].mean())

    def worth_of_following(self, low: float = 0.3, high: float = 0.8) -> tuple[float, float, float]:
        """Return what it brings if a larger share of people follow: money a year, and the ends of the 90 % interval.

        Parameters
        ----------
        low, high
            Shares of people who follow, in tenths: 0.3, 0.8.
        """
        few, many = (self.by_share[int(np.abs(_SHARES - share).argmin())] for share in (low, high))
        return _ahead_per_year(many, few)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables by the names of their files."""
        return {
            "rules": self.rules_to_frame(),
            "by_number_of_rules": self.to_frame(),
            "by_share_who_follow": self.shares_to_frame(),
            "gap": self.gap.to_frame(),
            "gap_if_everybody_follows": self.gap_left.to_frame(),
        }

    def enough(self) -> int:
        """Return how few rules are enough: with more, no more can be told apart, if everybody follows."""
        last = self.by_rules_if_all[-1].outcome
        for count, difference in enumerate(self.by_rules_if_all):
            more = compare(last, difference.outcome)
            if not (more.told_apart() and more.per_case().mean() > 0):
                return count
        return len(self.by_rules_if_all) - 1

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each number of rules: money a year more than in force, as people follow and if all do.

        Columns whose names begin with "added" say how much more it is than with the limits alone.
        """
        rows = []
        for count, (some, everybody) in enumerate(zip(self.by_rules, self.by_rules_if_all, strict=True)):
            low, high = some.interval_per_year()
            low_all, high_all = everybody.interval_per_year()
            added = _ahead_per_year(some, self.by_rules[0])
            added_if_all = _ahead_per_year(everybody, self.by_rules_if_all[0])
            rows.append(
                {
                    "rules": count,
                    "per_year": some.per_year().mean(),
                    "low": low,
                    "high": high,
                    "if_all": everybody.per_year().mean(),
                    "if_all_low": low_all,
                    "if_all_high": high_all,
                    **dict(zip(("added", "added_low", "added_high"), added, strict=True)),
                    **dict(zip(("added_if_all", "added_if_all_low", "added_if_all_high"), added_if_all, strict=True)),
                    "share_of_gain": self.share_of_gain(some),
                    "share_of_gain_if_all": self.share_of_gain(everybody),
                    "bound_per_case": self.best.bounds[count],
                }
            )
        return pd.DataFrame(rows)

    def shares_to_frame(self) -> pd.DataFrame:
        """Return a row for each share of people who follow: money a year more than in force, 90 % interval.

        `added` is how much more it is than with the limits alone.
        """
        rows = []
        for share, difference in zip(_SHARES, self.by_share, strict=True):
            low, high = difference.interval_per_year()
            added = dict(
                zip(("added", "added_low", "added_high"), _ahead_per_year(difference, self.by_rules[0]), strict=True)
            )
            mean = difference.per_year().mean()
            rows.append({"share": share, "per_year": mean, "low": low, "high": high, **added})
        return pd.DataFrame(rows)

    def rules_to_frame(self) -> pd.DataFrame:
        """Return a row for each rule, as `RuleStudy` has it; money a year."""
        rows = []
        for number, study in enumerate(self.rules, start=1):
            low, high = study.gain.interval_per_year()
            rows.append(
                {
                    "rule": number,
                    "failure": study.rule.failure,
                    "when": {fact: stretch.model_dump(exclude_none=True) for fact, stretch in study.rule.when.items()},
                    "asks": list(study.rule.asks),
                    "give": list(study.rule.give),
                    "cases_share": study.cases_share,
                    "possible_share": study.possible_share,
                    "per_year": study.gain.per_year().mean(),
                    "low": low,
                    "high": high,
                    "told_apart": study.gain.told_apart(),
                    "runner_up": None if study.runner_up is None else list(study.runner_up),
                    "ahead_per_year": None if study.ahead is None else study.ahead.per_year().mean(),
                    "is_sure": study.ahead is not None and study.ahead.told_apart(),
                    "as_today": study.as_today,
                    "stability": study.stability,
                }
            )
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain data."""
        return {
            "rules": plain_rows(self.rules_to_frame()),
            "net_value": {
                "per_case": float(self.gain.outcome.per_case().mean()),
                "against": self.in_force.policy.name,
                **self.gain.effect_per_year(),
            },
            "limits": self.by_rules[0].effect_per_year(),
            "guidance": self.guidance.effect_per_year(),
            "if_everybody_follows": self.by_rules_if_all[-1].effect_per_year(),
            "share_of_gain": self.share_of_gain(self.gain),
            "share_of_gain_if_everybody_follows": self.share_of_gain(self.by_rules_if_all[-1]),
            "held_out_share_of_gain": None if np.isnan(self.held_out_share_of_gain) else self.held_out_share_of_gain,
            "bound": {"found": self.best.found[-1], "no_rules_bring_more_than": self.best.bounds[-1]},
            "enough": self.enough(),
            "followed_share": self.followed_share(),
            "following_80_instead_of_30_percent": {
                name: amount if np.isfinite(amount) else None
                for name, amount in zip(("per_year", "low", "high"), self.worth_of_following(), strict=True)
            },
            "by_number_of_rules": plain_rows(self.to_frame()),
            "by_share_who_follow": plain_rows(self.shares_to_frame()),
            "gap": self.gap.to_dict(),
            "gap_if_everybody_follows": self.gap_left.to_dict(),
        }


def _ahead_per_year(one: Difference, other: Difference) -> tuple[float, float, float]:
    """Return how far one difference is above another of the same cases and draws, whoever follows in either.

    Money a year: the mean, and the ends of the 90 % interval.
    """
    more = one.per_case() - other.per_case()
    low, high = interval(more, float(one.of_groups().minus(other.of_groups()).reach()))
    yearly = one.cases_per_year
    return float(more.mean()) * yearly, low * yearly, high * yearly


def share_of(difference: Difference, gap: Gap) -> float:
    """Return what a difference of net value is of all that could be gained (1: all of it)."""
    return float(difference.per_case().mean() / gap.attainable())


def study_playbook(
    policy: Policy,
    payoffs: Payoffs,
    most_rules: int = 8,
    depth: int = 2,
    *,
    limits: str = "best",
    round_to: float | None = 1.0,
    on_progress: Progress | None = None,
    **further: Any,
) -> PlaybookStudy:
    """Find the best playbook and say how sure it is.

    Parameters
    ----------
    policy
        The policy in force.
    payoffs
        The valued cases.
    most_rules, depth
        As for `best_playbooks`; `further` arguments are its facts, budget, robust and seconds.
    limits
        One of `LIMITS_FROM`.
    round_to
        Limits are multiples of this (money).
    on_progress
        Called as the work goes on.

    Raises
    ------
    InputError
        As `best_playbooks` and `best_limits` do; if `limits` is none of `LIMITS_FROM`.
    """
    if limits not in LIMITS_FROM:
        raise unknown("way to limits", limits, list(LIMITS_FROM))
    steps = Steps(on_progress, 6)
    steps.begin("Finding limits")
    best = _found(policy, payoffs, most_rules, depth, limits, round_to, further, steps)
    in_force, everybody = evaluate(policy, payoffs), everybody_follows(payoffs)
    recommended = best.policy_with()
    steps.begin("How many rules are enough")
    by_rules = _against(in_force, [best.policy_with(count) for count in range(most_rules + 1)], payoffs)
    in_force_if_all = evaluate(policy, everybody)
    by_rules_if_all = _against(in_force_if_all, [difference.outcome.policy for difference in by_rules], everybody)
    by_share = []
    for share in _SHARES:
        so_many = everybody_follows(payoffs, float(share))
        by_share.append(compare(evaluate(recommended, so_many), evaluate(policy, so_many)))
    steps.begin("What is left to gain")
    gap, gap_left = find_gap(policy, payoffs), find_gap(recommended, everybody)
    steps.begin("What each rule does")
    stability = _stability(best, most_rules, depth, further)
    rules = _rules(best, by_rules[-1].outcome, by_rules_if_all[-1].outcome, stability)
    steps.begin("Judging on held-out cases")
    held_out = _held_out(policy, best, most_rules, depth, further)
    steps.finish()
    return PlaybookStudy(
        in_force, recommended, best, by_rules, by_rules_if_all, tuple(by_share), rules, gap, gap_left, held_out
    )


def _found(
    policy: Policy,
    payoffs: Payoffs,
    most_rules: int,
    depth: int,
    limits: str,
    round_to: float | None,
    further: dict[str, Any],
    steps: Steps,
) -> BestPlaybooks:
    if limits == "together":
        _, best = limits_and_playbook(policy, payoffs, most_rules, depth, round_to=round_to, **further)
        steps.begin("Finding rules")
        return replace(best, policy=called_recommended(best.policy))
    base = with_playbook(policy, None)
    if limits == "best":
        budget = further.get("budget")
        base = best_limits(base, payoffs, round_to=round_to, budget=budget).policy
    steps.begin("Finding rules")
    return best_playbooks(called_recommended(base), payoffs, most_rules, depth, **further)


def _against(in_force: Outcome, policies: Sequence[Policy], payoffs: Payoffs) -> tuple[Difference, ...]:
    return tuple(compare(evaluate(policy, payoffs), in_force) for policy in policies)


def _rules(best: BestPlaybooks, whole: Outcome, whole_if_all: Outcome, stability: Floats) -> tuple[RuleStudy, ...]:
    """Return what each rule does, by what all of them bring as people follow and if all do.

    `stability` (cases of the study,) is how often resampled rules say the same.
    """
    playbook = best.playbook
    if playbook is None:
        return ()
    alike, possible, whose = chosen_alike(best.policy_with(), best.payoffs)
    next_best = runners_up(best.policy_with(), best.payoffs)
    studies = []
    for n, rule in enumerate(playbook.rules):
        others = playbook.rules[:n] + playbook.rules[n + 1 :]
        without = with_playbook(best.policy, Playbook(rules=others) if others else None)
        ahead = None
        if next_best[n] is not None:
            changed = rule.model_copy(update={"give": next_best[n]})
            instead = Playbook(rules=(*playbook.rules[:n], changed, *playbook.rules[n + 1 :]))
            ahead = compare(whole_if_all, evaluate(with_playbook(best.policy, instead), whole_if_all.payoffs))
        own = whose == n
        studies.append(
            RuleStudy(
                rule=rule,
                cases_share=float(own.mean()),
                possible_share=float(possible[own].mean()) if own.any() else 0.0,
                gain=compare(whole, evaluate(without, whole.payoffs)),
                runner_up=next_best[n],
                ahead=ahead,
                as_today=float(alike[own].mean()) if own.any() else 0.0,
                stability=float(stability[own].mean()) if own.any() else 0.0,
            )
        )
    return tuple(studies)


def _stability(best: BestPlaybooks, most_rules: int, depth: int, further: dict[str, Any]) -> Floats:
    """Return for each case of the search (N,) in how large a share of resamples rules say the same of it.

    Customers are drawn with replacement, as many as there are, or as make up 4,000 cases.
    """
    payoffs, own = best.payoffs, book_of(best.playbook, best.payoffs)
    rng = np.random.default_rng(0)
    buyers, place = np.unique(payoffs.cases.buyer, return_inverse=True)
    rows_of = np.split(np.argsort(place, kind="stable"), np.cumsum(np.bincount(place))[:-1])
    count = min(len(buyers), max(int(_RESAMPLED_CASES * len(buyers) / len(place)), 1))
    same = np.zeros(len(own))
    for _ in range(_RESAMPLES):
        drawn = rng.integers(0, len(buyers), count)
        resample = payoffs.take(np.concatenate([rows_of[buyer] for buyer in drawn]))
        other = best_playbooks(best.policy, resample, most_rules, depth, **further)
        same += book_of(other.playbook, payoffs) == own
    return np.asarray(same / _RESAMPLES)


def _held_out(policy: Policy, best: BestPlaybooks, most_rules: int, depth: int, further: dict[str, Any]) -> float:
    """Return the share of the gain of rules that were fitted to the other half of the customers, if all follow."""
    payoffs = best.payoffs
    groups = groups_of(payoffs.cases)
    if groups.units < 2:
        return np.nan
    halves = [payoffs.take(np.flatnonzero(groups.of_case % 2 == first)) for first in range(2)]
    books = [best_playbooks(best.policy, half, most_rules, depth, **further).policy_with() for half in halves]
    shares = []
    for half, other in zip(halves, reversed(books), strict=True):
        everybody = everybody_follows(half)
        gained = compare(evaluate(other, everybody), evaluate(policy, everybody))
        shares.append(share_of(gained, find_gap(policy, half)))
    return float(np.mean(shares))
