"""State: what the live panel shows, without a browser.

In: a setting, the policy in hand, the baseline it is compared with. Out: `Panel`, and views of it: what each part of
the screen shows, as plain numbers and words. Left to others: the widget (`widget`), drawing (`page/`), one case
(`one_case`), files (`publish`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_sim.border import InputError, Progress, unknown
from policy_sim.policy import ASK, NO_LIMIT, Lever, Policy, limit_content, load_shipped_policies
from policy_sim.publish import publish
from policy_sim.show.live.assumed import assumption_rows, break_even_rows, trust_rows
from policy_sim.show.live.chain import chain_content
from policy_sim.show.live.curve_view import (
    SHOWN,
    SPEND,
    VALUE,
    CurveView,
    places_in_cents,
    view_of_curve,
    view_of_means,
)
from policy_sim.show.live.exporting import review_content
from policy_sim.show.live.guidance import (
    book_content,
    effect_content,
    gap_content,
    playbook_of,
    rules_content,
    steadily,
)
from policy_sim.show.live.kept import Kept
from policy_sim.show.live.months import months_content
from policy_sim.show.live.one_case import case_content, story_content
from policy_sim.show.live.within_budget import WITHIN, best_within
from policy_sim.study import Answer, Setting, find_answer, load_stories, provenance_of, recommended_limits, thinned
from policy_sim.value import (
    Difference,
    GroupSums,
    Outcome,
    Payoffs,
    Places,
    best_playbooks,
    compare,
    evaluate,
    find_gap,
    frontier,
    interval,
    measure,
    threshold_curves,
    with_playbook,
)
from policy_sim.words import LIMITS, MOVED

__all__ = [
    "FOUND",
    "FRONTIER_CASES",
    "FRONTIER_POINTS",
    "SHOWN",
    "SPEND",
    "VALUE",
    "CurveView",
    "Panel",
    "limit_number",
    "open_panel",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RECOMMENDED, _GUIDED = "recommended", "recommended_rules"
#: Policies that a search has found: others who open a link may not have them.
FOUND = (_RECOMMENDED, _GUIDED, WITHIN)
_FAR_BEYOND = 2.0  # times that; a limit there would leave no room for what matters
#: Of the frontier: how many cases it is drawn from, and how many points.
FRONTIER_CASES, FRONTIER_POINTS = 4_000, 9
_MOST_RULES, _QUESTIONS = 8, 2


@dataclass(frozen=True)
class Panel:
    """A policy in hand, measured against a baseline on the same cases and draws.

    `approved` is the policy in force, with which the panel began; `presets` are policies that one may go to; `answer`
    is what should be instead, where that is known.
    """

    setting: Setting
    policy: Policy
    baseline: Outcome
    approved: Policy
    presets: tuple[Policy, ...]
    answer: Answer | None = None
    #: What stays between moves.
    kept: Kept = field(default=None, compare=False, repr=False)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """Begin to keep, where nothing is kept of these payoffs yet."""
        if self.kept is None or self.kept.payoffs is not self.setting.payoffs:
            object.__setattr__(self, "kept", Kept(self.setting.payoffs))

    @property
    def payoffs(self) -> Payoffs:
        """The valued cases."""
        return self.setting.payoffs

    @property
    def levers(self) -> tuple[Lever, ...]:
        """The limits on screen: of each tier but the last those that move, and others where a policy uses them."""
        shown = [
            name
            for name in LIMITS
            if name in MOVED
            or any(policy.limit(tier, name) != NO_LIMIT for policy in (self.approved, *self.presets[:1])
                   for tier in policy.tier_names[:-1])
        ]  # fmt: skip
        return tuple(Lever(tier, name) for tier in self.policy.tier_names[:-1] for name in shown)

    @property
    def first_hand(self) -> Lever:
        """The limit that the screen begins with: of the first tier, the one that a search would move first."""
        ranks = {name: rank for rank, name in enumerate(MOVED)}
        first_tier = [lever for lever in self.levers if lever.tier == self.levers[0].tier]
        return min(first_tier, key=lambda lever: ranks.get(lever.limit, len(ranks)))

    def top(self, lever: Lever) -> float:
        """Return how far a limit's axis goes (money): past nearly all that is drawn on it, and all policies' limits.

        Only a limit that was found far beyond all of these, where any is as good, stands at the end of the axis.
        """
        recommended = [self.answer.policy] if self.answer else []
        known = [policy for policy in (self.approved, *self.presets) if policy not in recommended]
        marks = [1.15 * limit for policy in known for limit in _amounts(policy, lever.limit)]
        most = max([self.kept.drawn[lever.limit], *marks, 1.0])
        further = [1.15 * limit for policy in recommended for limit in _amounts(policy, lever.limit)]
        most = max([most, *(mark for mark in further if mark <= _FAR_BEYOND * most)])
        step = 10.0 ** np.floor(np.log10(most)) / 2
        return float(np.ceil(most / step) * step)

    def stops(self, lever: Lever) -> Floats:
        """Return where the slider of a limit can stand (money, rising): even steps up to `top`, and policies' limits.

        "Ask" and "no limit" stand before and behind these.
        """
        top = self.top(lever)
        step = 1.0 if top <= 400 else 5.0 if top <= 2000 else 10.0 ** np.floor(np.log10(top) - 2)
        policies = (self.policy, self.approved, *self.presets)
        marks = [policy.limit(lever.tier, lever.limit) for policy in policies]
        return np.unique([*np.arange(0, top + step / 2, step), *(limit for limit in marks if 0 <= limit <= top)])

    def with_limits(self, limits: Mapping[str, Mapping[str, float]]) -> Panel:
        """Return a copy in which some general limits are others.

        Parameters
        ----------
        limits
            By tier and name: money, `ASK` or `NO_LIMIT`.

        Raises
        ------
        InputError
            If a name is unknown, or a limit would be above that of a higher tier.
        """
        policy = self.policy
        for tier, of_tier in limits.items():
            for name, value in of_tier.items():
                policy = policy.with_limit(Lever(tier, name), value)
        scenario = self.setting.scenario
        policy.check_order(scenario.failures, [segment.name for segment in scenario.segments], "panel")
        return replace(self, policy=policy)

    def with_rules(self, content: Mapping[str, Any] | None) -> Panel:
        """Return a copy whose policy has the playbook that the screen sends, or none.

        Raises
        ------
        InputError
            If it does not fit.
        """
        return replace(self, policy=with_playbook(self.policy, playbook_of(content, self.setting.scenario)))

    def against(self, policy: Policy) -> Panel:
        """Return a copy that is compared with another policy."""
        return replace(self, baseline=self.outcome_of(policy))

    def assuming(self, setting: Setting) -> Panel:
        """Return a copy in another setting: the same policies, valued by other assumptions, no answer yet."""
        baseline = evaluate(self.baseline.policy, setting.payoffs)
        return replace(self, setting=setting, baseline=baseline, answer=None)

    def outcome_of(self, policy: Policy) -> Outcome:
        """Return what a policy brings; nothing is worked out again for the baseline."""
        return self.baseline if policy == self.baseline.policy else evaluate(policy, self.payoffs)

    @cached_property
    def outcome(self) -> Outcome:
        """What the policy in hand brings."""
        names = {"name": self.policy.name, "title": self.policy.title}
        if self.policy == self.baseline.policy.model_copy(update=names):
            return replace(self.baseline, policy=self.policy)  # no change is none at all, without rounding
        return self.kept.outcome(self.policy)

    def view(self) -> dict[str, Any]:
        """Return what the screen shows of the policy in hand, per case, but for curves.

        outcomes: for each of `SHOWN` level, and change against the baseline with its interval, and whether the cases
        are too few to trust it; ahead: share of draws; failures and segments: name, share of cases, change of net value
        per case (of all cases) with its interval; fingerprint; book: what the playbook says; differs: limits that are
        not those of the policy in force.
        """
        outcome, scenario = self.outcome, self.payoffs.scenario
        difference = compare(outcome, self.baseline)
        outcomes = {}
        for name in SHOWN:
            low, high = _ends(difference.per_case(name), difference.of_groups(name))
            outcomes[name] = {
                "level": float(outcome.per_case(name).mean()),
                "change": float(difference.per_case(name).mean()),
                "low": low,
                "high": high,
                "too_few": difference.too_few(name),
            }
        net = difference.per_case()
        return {
            "outcomes": outcomes,
            "ahead": float((net > 0).mean()),
            "failures": self._split(0, {name: failure.title for name, failure in scenario.failures.items()}),
            "segments": self._split(1, {segment.name: segment.title for segment in scenario.segments}),
            "fingerprint": self.policy.fingerprint,
            "book": book_content(self.policy.playbook, scenario, self.policy.currency),
            "differs": [
                {"tier": lever.tier, "limit": lever.limit}
                for lever in self.levers
                if self.policy.limit(lever.tier, lever.limit) != self.approved.limit(lever.tier, lever.limit)
            ],
        }

    def _split(self, axis: int, titles: Mapping[str, str]) -> list[dict[str, Any]]:
        count = len(self.payoffs.cases)
        by_cell = self.outcome.groups_by_cell.minus(self.baseline.groups_by_cell)
        rows = []
        for k, (name, title) in enumerate(titles.items()):
            mine, other = (
                measure(np.take(outcome.sums, k, axis=axis).sum(axis=0), VALUE) / count
                for outcome in (self.outcome, self.baseline)
            )
            groups = replace(by_cell, sums=np.take(by_cell.sums, k, axis=axis + 1).sum(axis=1))
            low, high = _ends(mine - other, groups)
            share = float(np.take(self.outcome.counts, k, axis=axis).sum() / count)
            rows.append(
                {
                    "name": name,
                    "title": title[:1].upper() + title[1:],
                    "share": share,
                    "change": float((mine - other).mean()),
                    "low": low,
                    "high": high,
                }
            )
        return rows

    def places(self, lever: Lever) -> Ints:
        """Return where a limit is looked at (cents, rising): where its slider can stand, and where policies stand."""
        bounds, policies = self.policy.bounds(lever), (self.policy, self.baseline.policy)
        marks = (policy.limit(lever.tier, lever.limit) for policy in policies)
        return places_in_cents(np.array([*self.stops(lever), *bounds, *marks]))

    def mean_curves(self) -> dict[Lever, CurveView]:
        """Return every limit on screen in the mean, all others as they are now: what can be said at once."""
        places = Places.of(self.policy, self.payoffs, {lever: self.places(lever) for lever in self.levers})
        means = self.kept.means_along(places, self.outcome)
        return {
            lever: view_of_means(lever, cents, means[part], self.policy.bounds(lever), self._limit(lever))
            for lever, cents, part in zip(places.levers, places.cents, places.parts, strict=True)
        }

    def curves(self, levers: Sequence[Lever], on_progress: Progress | None = None) -> dict[Lever, CurveView]:
        """Return limits with how sure they are, each moved alone: exact wherever their sliders stand."""
        curves = threshold_curves(self.outcome, {lever: self.places(lever) for lever in levers}, on_progress)
        return {
            lever: view_of_curve(curve, self.baseline, self.policy.bounds(lever), self._limit(lever))
            for lever, curve in curves.items()
        }

    def _limit(self, lever: Lever) -> float:
        return self.policy.limit(lever.tier, lever.limit)

    def with_recommended(self, on_progress: Progress | None = None) -> Panel:
        """Return a copy that knows the answer: the limits of all tiers at their best, together, in whole units."""
        return self.answered(find_answer(self.approved, self.payoffs, on_progress))

    def answered(self, answer: Answer) -> Panel:
        """Return a copy that knows the answer, with its policy as one more to go to."""
        return replace(self._with_found(answer.policy), answer=answer)

    def with_best_within(self, budget: float, on_progress: Progress | None = None) -> Panel:
        """Return a copy with one more policy to go to: the best limits within a budget, and the rules in hand.

        Raises
        ------
        InputError
            As `within_budget.best_within` does.
        """
        start = with_playbook(self.approved, self.policy.playbook)
        return self._with_found(best_within(start, self.payoffs, budget, on_progress))

    def _with_found(self, found: Policy) -> Panel:
        """Return a copy with a policy to go to, in place of the one that was found under that name before."""
        return replace(self, presets=(*(policy for policy in self.presets if policy.name != found.name), found))

    @property
    def best_rules(self) -> Policy | None:
        """The policy with the best rules that were found, None where nobody has looked for them yet."""
        return next((policy for policy in self.presets if policy.name == _GUIDED), None)

    def with_best_rules(self, are_limits_best: bool, on_progress: Progress | None = None) -> Panel:
        """Return a copy with one more policy to go to: the best rules, within the best limits or those in hand."""
        on_progress, limits = steadily(on_progress, "Finding the rules"), self.policy
        if are_limits_best:
            known = next((policy for policy in self.presets if policy.name == _RECOMMENDED), None)
            limits = known or recommended_limits(self.approved, self.payoffs, on_progress=on_progress).policy
        found = best_playbooks(limits, self.payoffs, _MOST_RULES, _QUESTIONS, on_progress=on_progress).policy_with()
        title = "Recommended, with rules" if are_limits_best else "With the best rules"
        return self._with_found(found.model_copy(update={"name": _GUIDED, "title": title}))

    def rules(self, on_progress: Progress | None = None) -> dict[str, Any]:
        """Return what the rules of the policy in hand bring, each alone and together, as `guidance.rules_content`."""
        return rules_content(self.policy, self.approved, self.payoffs, on_progress)

    def effect(self) -> dict[str, Any] | None:
        """Return what the rules in hand cost or bring against the best ones within the same limits.

        The best ones are those that were found, else those in force; None where there are none, or these are they.
        """
        best = self.best_rules or self.approved
        if best.playbook is None or best.playbook == self.policy.playbook:
            return None
        other = self.outcome_of(with_playbook(self.policy, best.playbook))
        content = effect_content(compare(self.outcome, other), self.setting.scenario)
        return content | {"against": "the best rules" if self.best_rules else "the rules in force"}

    def gap(self, on_progress: Progress | None = None) -> dict[str, Any]:
        """Return what keeps the policy in hand from the best of every case, as `guidance.gap_content`."""
        return gap_content(find_gap(self.policy, self.payoffs, on_progress))

    def chain(self, preset: str | None = None) -> dict[str, Any]:
        """Return how the numbers on the tiles come about, as `chain.chain_content`.

        Parameters
        ----------
        preset
            Name of a policy to look at against the one in force, instead of the one in hand against its baseline.

        Raises
        ------
        InputError
            If there is no such policy.
        """
        if preset is None:
            return chain_content(self.outcome, self.baseline)
        names = [policy.name for policy in self.presets]
        if preset not in names:
            raise unknown("policy", preset, names)
        return chain_content(self.outcome_of(self.presets[names.index(preset)]), self.outcome_of(self.approved))

    def months(self, on_progress: Progress | None = None) -> dict[str, Any]:
        """Return what the policy in hand costs as it starts and brings later, as `months.months_content`."""
        return months_content(self.setting, self.policy, self.baseline.policy, on_progress)

    def showing(self, policy: Policy) -> Panel:
        """Return a copy with another policy in hand.

        Raises
        ------
        InputError
            If it has other tiers than the policy in force.
        """
        if policy.tier_names != self.approved.tier_names:
            raise InputError(
                f"policy '{policy.name}' has the tiers {', '.join(policy.tier_names)}; the policy in force has "
                f"{', '.join(self.approved.tier_names)}: give one with the same"
            )
        return replace(self, policy=policy)

    def frontier(self, on_progress: Progress | None = None) -> list[dict[str, float]]:
        """Return policies with the most net value for each remedy cost, with both, per case."""
        payoffs = thinned(self.payoffs, FRONTIER_CASES, len(self.payoffs.draws))
        best_policies = frontier(self.approved, payoffs, points=FRONTIER_POINTS, on_progress=on_progress)
        return [_point(evaluate(outcome.policy, self.payoffs)) for outcome in best_policies.outcomes]

    def points(self) -> list[dict[str, Any]]:
        """Return where the presets lie, per case: name, title, whether it was found, remedy cost, net value."""
        return [
            {"name": policy.name, "title": policy.title, "is_recommended": policy.name in FOUND}
            | _point(self.outcome_of(policy))
            for policy in self.presets
        ]

    def break_evens(self, on_progress: Progress | None = None) -> list[dict[str, Any]]:
        """Return how far each assumption alone moves the difference to the baseline, as `assumed.break_even_rows`."""
        return break_even_rows(self.policy, self.baseline.policy, self.payoffs, on_progress)

    def doubts(self, on_progress: Progress | None = None) -> list[dict[str, Any]]:
        """Return the same of the answer against the policy in force; nothing where there is none."""
        if self.answer is None:
            return []
        return break_even_rows(self.answer.policy, self.approved, self.payoffs, on_progress)

    def assumptions(self) -> list[dict[str, Any]]:
        """Return every assumption, as `assumed.assumption_rows`."""
        return assumption_rows(self.setting.scenario)

    def trusts(self) -> list[dict[str, Any]]:
        """Return how far assumptions can be trusted, as `assumed.trust_rows`."""
        return trust_rows(self.setting.scenario)

    def case(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what may be done in one case, and the money on both sides.

        Parameters
        ----------
        facts
            `story` for one that travels with the package, or facts of a case of the scenario by their names.

        Raises
        ------
        InputError
            If a fact is unknown, missing or out of its range.
        """
        if "story" in facts:
            return story_content(self.policy, str(facts["story"]), len(self.payoffs.draws))
        return case_content(self.policy, facts, self.setting.scenario, self.payoffs.draws)

    def stories(self) -> list[dict[str, str]]:
        """Return the stories that travel with the package, those of this scenario first: name and title."""
        stories = sorted(load_stories(), key=lambda story: story.scenario != self.setting.scenario.name)
        return [{"name": story.name, "title": story.title} for story in stories]

    def to_publish(self) -> Policy:
        """Return the policy in hand as it would be published: the next version of the one in force, a draft."""
        return self.policy.as_next_version_of(self.approved)

    def review(
        self, assumed: Mapping[str, float | str] | None = None, on_progress: Progress | None = None
    ) -> dict[str, Any]:
        """Return what should be seen before publishing, as `exporting.review_content`."""
        effect = self._effect_on_force()
        where_from = provenance_of(self.setting, effect)
        return review_content(self.to_publish(), self.approved, effect, where_from, assumed, on_progress)

    def _effect_on_force(self) -> Difference:
        return compare(self.outcome, self.outcome_of(self.approved))

    def export(self, folder: Path, formats: Sequence[str] = ("json",), budget: float | None = None) -> list[Path]:
        """Publish the policy in hand into a folder, with where it came from and what it is expected to bring.

        Where a budget (money a year) is aimed at, what remedies come to is written beside it.

        Raises
        ------
        InputError
            If the policy is not fit to be published, a format is unknown, or the folder holds a newer version or cannot
            be written to.
        """
        provenance = provenance_of(self.setting, self._effect_on_force(), budget)
        return publish(self.to_publish(), self.setting.scenario, folder, formats, provenance)


def open_panel(setting: Setting, in_force: Policy) -> Panel:
    """Return the panel that starts from the policy in force, with the shipped policies beside it."""
    presets = (in_force, *load_shipped_policies(setting.scenario, besides=in_force))
    return Panel(setting, in_force, evaluate(in_force, setting.payoffs), in_force, presets)


def _amounts(policy: Policy, name: str) -> list[float]:
    """Return a policy's limits of one kind, of all tiers, as far as they are amounts (money)."""
    limits = (policy.limit(tier, name) for tier in policy.tier_names[:-1])
    return [limit for limit in limits if np.isfinite(limit)]


def _point(outcome: Outcome) -> dict[str, float]:
    return {
        SPEND: float(outcome.per_case(SPEND).mean()),
        VALUE: float(outcome.per_case(VALUE).mean()),
    }


def _ends(values: Floats, groups: GroupSums) -> tuple[float, float]:
    """Return the ends of an interval; of one case those of the draws alone, for a page can draw no others."""
    reach = float(groups.reach())
    return interval(values, reach if np.isfinite(reach) else 0.0)


def limit_number(text: float | str) -> float:
    """Return a limit as the screen sends it: a number, "ask" or "no_limit".

    Raises
    ------
    InputError
        If it is none of these.
    """
    known = {limit_content(limit): limit for limit in (ASK, NO_LIMIT)}
    if isinstance(text, str):
        if text not in known:
            raise InputError(f"limit is '{text}'; it must be a number of money, ask or no_limit")
        return known[text]
    return float(text)
