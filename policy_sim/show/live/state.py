"""Panel: the state behind the live screen, without a browser.

In: a setting, the policy in hand, the baseline it is compared with. Out: `Panel`, and views of it: what each part of
the screen shows, as plain numbers and words. Left to others: widgets and drawing (`workbench`), files (`publish`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, unknown
from policy_sim.policy import ASK, NO_LIMIT, Ladder, Lever, Policy, limit_content, load_shipped_policies
from policy_sim.publish import FORMATS, check, difference, pdf_problem, publish
from policy_sim.service import read_cases
from policy_sim.show.wording import assumption_title, assumption_unit, assumption_value
from policy_sim.study import Setting, load_stories, load_story, one_at_a_time, provenance_of, replay, thinned
from policy_sim.value import (
    Curve,
    Outcome,
    Payoffs,
    Progress,
    best_limits,
    compare,
    decide,
    evaluate,
    frontier,
    interval,
    measure,
    threshold_curve,
    value_cases,
)
from policy_sim.words import LIMIT_KINDS, LIMITS, MOVED, PARTS, TILES

__all__ = ["CurveView", "Panel", "limit_number", "open_panel"]

Floats = NDArray[np.float64]


_RECOMMENDED = "recommended"
_NEARLY_ALL = 0.97  # of what resolutions draw on a limit lies on its axis
_STUDY_CASES = 1_000  # on which one assumption is moved at a time
_FRONTIER_CASES, _FRONTIER_POINTS = 4_000, 9
_CASE_FACTS = ("failure", "segment", "item_price", "future_value", "severity", "prior_purchases", "prior_claims")


@dataclass(frozen=True)
class CurveView:
    """One limit as the screen follows it, per case; money in the policy's currency.

    Attributes
    ----------
    lever
        Which limit; all others are as in the policy in hand.
    best, flat
        The best limit; from where to below where the limit gives up at most 1 % of what it can gain.
    limits
        (steps,) limit from which each step holds; the first is `ASK`.
    level
        For each outcome of `TILES` and `PARTS` the mean (steps,).
    low, high
        For each of `TILES` the 90 % interval of the difference to the baseline (steps,).
    ahead
        (steps,) share of the draws (0-1) in which the policy is ahead of the baseline.
    """

    lever: Lever
    best: float
    flat: tuple[float, float]
    limits: Floats
    level: Mapping[str, Floats]
    low: Mapping[str, Floats]
    high: Mapping[str, Floats]
    ahead: Floats

    def at(self, limits: Floats) -> CurveView:
        """Return the curve at some limits alone (money, rising, the first one `ASK`)."""
        steps = np.searchsorted(self.limits, limits, side="right") - 1
        level, low, high = (
            {name: values[steps] for name, values in each.items()} for each in (self.level, self.low, self.high)
        )
        return replace(self, limits=limits, ahead=self.ahead[steps], level=level, low=low, high=high)


@dataclass(frozen=True)
class Panel:
    """A policy in hand, measured against a baseline on the same cases and draws.

    `approved` is the policy in force, with which the panel began; `presets` are policies that one may go to.
    """

    setting: Setting
    policy: Policy
    baseline: Outcome
    approved: Policy
    presets: tuple[Policy, ...]

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

    def top(self, lever: Lever) -> float:
        """Return how far a limit's axis goes (money): past nearly all that is drawn on it, and all policies' limits."""
        d = LIMITS.index(lever.limit)
        drawn = self.payoffs.choice_sets.uses[..., d][self.payoffs.choice_sets.adequate]
        drawn_money = drawn[drawn > 0] / 100
        policies = (self.approved, *self.presets)
        finite = [policy.limit(tier, lever.limit) for policy in policies for tier in policy.tier_names[:-1]]
        marks = [1.15 * each for each in finite if np.isfinite(each)]
        most = max([float(np.quantile(drawn_money, _NEARLY_ALL)) if drawn_money.size else 0.0, *marks, 1.0])
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
        return np.unique([*np.arange(0, top + step / 2, step), *(each for each in marks if 0 <= each <= top)])

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
        for tier, given in limits.items():
            for name, value in given.items():
                policy = policy.with_limit(Lever(tier, name), value)
        scenario = self.setting.scenario
        policy.check_order(scenario.failures, [segment.name for segment in scenario.segments], "panel")
        return replace(self, policy=policy)

    def against(self, policy: Policy) -> Panel:
        """Return a copy that is compared with another policy."""
        return replace(self, baseline=self.outcome_of(policy))

    def assuming(self, setting: Setting) -> Panel:
        """Return a copy of the panel in another setting: the same policies, valued by other assumptions."""
        return replace(self, setting=setting, baseline=evaluate(self.baseline.policy, setting.payoffs))

    def outcome_of(self, policy: Policy) -> Outcome:
        """Return what a policy brings; nothing is worked out again for the baseline."""
        return self.baseline if policy == self.baseline.policy else evaluate(policy, self.payoffs)

    @cached_property
    def outcome(self) -> Outcome:
        """What the policy in hand brings."""
        return self.outcome_of(self.policy)

    def view(self) -> dict[str, Any]:
        """Return what the screen shows of the policy in hand, per case, but for curves.

        outcomes: for each of `TILES` and `PARTS` level, and change against the baseline with its interval; ahead: share
        of draws; failures and segments: name, share of cases, change of net value per case (of all cases) with its
        interval; fingerprint; differs: limits that are not those of the policy in force.
        """
        outcome, baseline = self.outcome, self.baseline
        outcomes = {}
        for name in dict.fromkeys((*TILES, *PARTS)):
            change = outcome.per_case(name) - baseline.per_case(name)
            low, high = interval(change)
            outcomes[name] = {
                "level": float(outcome.per_case(name).mean()),
                "change": float(change.mean()),
                "low": low,
                "high": high,
            }
        net = outcome.per_case() - baseline.per_case()
        return {
            "outcomes": outcomes,
            "ahead": float((net > 0).mean()),
            "failures": self._split(0, list(self.payoffs.scenario.failures)),
            "segments": self._split(1, [segment.name for segment in self.payoffs.scenario.segments]),
            "fingerprint": self.policy.fingerprint,
            "differs": [
                {"tier": lever.tier, "limit": lever.limit}
                for lever in self.levers
                if self.policy.limit(lever.tier, lever.limit) != self.approved.limit(lever.tier, lever.limit)
            ],
        }

    def _split(self, axis: int, names: Sequence[str]) -> list[dict[str, Any]]:
        count = len(self.payoffs.cases)
        rows = []
        for k, name in enumerate(names):
            mine, other = (
                measure(np.take(each.sums, k, axis=axis).sum(axis=0), "net_value") / count
                for each in (self.outcome, self.baseline)
            )
            low, high = interval(mine - other)
            share = float(np.take(self.outcome.counts, k, axis=axis).sum() / count)
            rows.append(
                {
                    "name": name,
                    "title": name.replace("_", " ").capitalize(),
                    "share": share,
                    "change": float((mine - other).mean()),
                    "low": low,
                    "high": high,
                }
            )
        return rows

    def curve(self, lever: Lever, on_progress: Progress | None = None) -> CurveView:
        """Return one limit with its exact curve, all other limits as they are now."""
        curve = threshold_curve(self.outcome, lever, on_progress)
        lowest, highest = self.policy.bounds(lever)
        level, low, high, ahead = _follow(curve, self.baseline)
        best = curve.best_limit if lowest <= highest else self.policy.limit(lever.tier, lever.limit)
        flat = curve.flat_region() if lowest <= highest else (best, best)
        return CurveView(lever, best, flat, curve.limits, level, low, high, ahead)

    def with_recommended(self, on_progress: Progress | None = None) -> Panel:
        """Return a copy with one more policy to go to: the limits of all tiers at their best, together."""
        found = best_limits(self.approved, self.payoffs, on_progress=on_progress).policy
        found = found.model_copy(update={"name": _RECOMMENDED, "title": "Recommended"})
        return replace(self, presets=(*(each for each in self.presets if each.name != _RECOMMENDED), found))

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
        """Return policies with the most net value for each spend: remedy cost and net value, per case."""
        payoffs = thinned(self.payoffs, _FRONTIER_CASES, len(self.payoffs.draws))
        found = frontier(self.approved, payoffs, points=_FRONTIER_POINTS, on_progress=on_progress)
        exact = (evaluate(each.policy, self.payoffs) for each in found.outcomes)
        return [_point(outcome) for outcome in exact]

    def points(self) -> list[dict[str, Any]]:
        """Return where the presets lie: title, remedy cost and net value, per case."""
        return [{"title": each.title} | _point(self.outcome_of(each)) for each in self.presets]

    def break_evens(self, on_progress: Progress | None = None) -> list[dict[str, Any]]:
        """Return how far each assumption alone moves the difference to the baseline, and where it turns.

        One row per assumption, those that come nearest to turning it first: name, title, unit; today, low and high end
        of what is plausible, turns_at (none: never within its range), each with its words; the difference at low, today
        and high (money a year).
        """
        if self.policy == self.baseline.policy:
            return []
        mine = self.policy.model_copy(update={"name": "in_hand"})
        other = self.baseline.policy.model_copy(update={"name": "baseline"})
        some = thinned(self.payoffs, _STUDY_CASES, 1).cases

        def show(words: str, done: int, of: int) -> None:
            if on_progress is not None:
                on_progress(done, of)

        found = one_at_a_time(self.setting.scenario, some, mine, other, on_progress=show)
        moves = {str(row["assumption"]): row for row in found.tornado().to_dict("records")}
        rows = []
        for row in found.break_evens().to_dict("records"):
            name, unit = str(row["assumption"]), str(row["unit"])
            moved = moves[name]
            low, high = self.setting.scenario.assumption(name).range
            turns_at = None if np.isnan(row["break_even"]) else float(row["break_even"])
            told = {"today": row["today"], "low": low, "high": high, "turns_at": turns_at}
            rows.append(
                {"name": name, "title": assumption_title(name), "unit": assumption_unit(unit), "side": row["side"]}
                | told
                | {f"{key}_words": "" if each is None else assumption_value(each, unit) for key, each in told.items()}
                | {f"difference_{key}": float(moved[f"difference_{key}"]) for key in ("low", "today", "high")}
            )
        swings = {row["name"]: abs(row["difference_high"] - row["difference_low"]) for row in rows}
        turning = [row for row in rows if row["turns_at"] is not None]
        never = sorted((row for row in rows if row["turns_at"] is None), key=lambda row: -swings[row["name"]])
        return turning + never

    def assumptions(self) -> list[dict[str, Any]]:
        """Return every assumption as the drawer shows it: name, group, title, value, range, unit, source, words."""
        rows = []
        for name in self.setting.scenario.assumption_names:
            each = self.setting.scenario.assumption(name)
            low, high = each.range
            rows.append(
                {
                    "name": name,
                    "group": assumption_title(name).partition(":")[0],
                    "title": assumption_title(name).partition(": ")[2],
                    "value": each.value,
                    "low": low,
                    "high": high,
                    "unit": each.unit,
                    "words": f"{assumption_value(low, each.unit)} to {assumption_value(high, each.unit)}",
                    "source": each.source,
                    "trust": each.trust,
                }
            )
        return rows

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
            story = load_story(str(facts["story"]))
            told = replay(story, draws=len(self.payoffs.draws))
            payoffs, words = told.payoffs, story.told
            policy = _fitting(self.policy, payoffs.scenario)
            bundles = {
                each: story.options[name].title for name, each in told.resolution.items() if name in story.options
            }
        else:
            for name in facts:
                if name not in _CASE_FACTS:
                    raise unknown("fact of a case", name, _CASE_FACTS)
            cases = read_cases(pd.DataFrame([facts]), self.setting.scenario)
            payoffs, words = value_cases(self.setting.scenario, cases, self.payoffs.draws), ""
            policy, bundles = self.policy, {}
        return {"told": words, "currency": payoffs.scenario.currency, **_case_view(policy, payoffs, bundles)}

    def stories(self) -> list[dict[str, str]]:
        """Return the stories that travel with the package, those of this scenario first: name and title."""
        told = sorted(load_stories(), key=lambda story: story.scenario != self.setting.scenario.name)
        return [{"name": story.name, "title": story.title} for story in told]

    def to_publish(self) -> Policy:
        """Return the policy in hand as it would be published: the next version of the one in force, a draft."""
        if self.policy == self.approved:
            return self.approved
        return self.policy.model_copy(update={"version": self.approved.version + 1, "status": "draft"})

    def review(self) -> dict[str, Any]:
        """Return what should be seen before publishing.

        findings: severity and words of what is wrong; verdict and steps: how it differs from the policy in force, each
        step with what it says, in which policy agents may do more, and an example; name and version; formats.
        """
        policy, scenario = self.to_publish(), self.setting.scenario
        changed = difference(self.approved, policy, scenario)
        return {
            "name": policy.name,
            "version": policy.version,
            "findings": [
                {"severity": each.severity, "words": each.words} for each in check(policy, scenario, self.payoffs)
            ],
            "verdict": changed.verdict if policy != self.approved else "the policy in force, unchanged",
            "steps": [
                {"words": each.words, "more_generous": each.more_generous, "example": each.example_words}
                for each in changed.steps
            ],
            "formats": list(FORMATS),
            "pdf_problem": pdf_problem(),
        }

    def export(self, folder: Path, formats: Sequence[str] = ("json",)) -> list[Path]:
        """Publish the policy in hand into a folder, with where it came from and what it is expected to bring.

        Raises
        ------
        InputError
            If the policy is not fit to be published, a format is unknown, or the folder holds a newer version or cannot
            be written to.
        """
        effect = compare(self.outcome, self.outcome_of(self.approved))
        told = provenance_of(self.setting, effect)
        return publish(self.to_publish(), self.setting.scenario, folder, formats, told)


def open_panel(setting: Setting, in_force: Policy) -> Panel:
    """Return the panel that starts from the policy in force, with the shipped policies beside it."""
    presets = (in_force, *load_shipped_policies(setting.scenario, besides=in_force))
    return Panel(setting, in_force, evaluate(in_force, setting.payoffs), in_force, presets)


def _point(outcome: Outcome) -> dict[str, float]:
    return {
        "remedy_cost": float(outcome.per_case("remedy_cost").mean()),
        "net_value": float(outcome.per_case().mean()),
    }


def _fitting(policy: Policy, scenario: Scenario) -> Policy:
    """Return a policy without the exceptions that are for failures or segments of another scenario."""
    segments = {segment.name for segment in scenario.segments}
    kept = tuple(
        each
        for each in policy.exceptions
        if (each.failure is None or each.failure in scenario.failures) and each.segment in (None, *segments)
    )
    fitting = policy.model_copy(update={"exceptions": kept})
    fitting.check_names(scenario, f"story of scenario '{scenario.name}'")
    return fitting


def _case_view(policy: Policy, payoffs: Payoffs, bundles: Mapping[int, str]) -> dict[str, Any]:
    row = decide(policy, payoffs).iloc[0]
    names = payoffs.menu.names[payoffs.cases.failure[0]]
    tier = policy.tier_names.index(row["tier"])
    at = payoffs.scenario.tiers.index(row["tier"])
    shown = list(bundles) or np.argsort(-payoffs.agent_view.payoff[at, 0, : len(names)])[:4].tolist()
    chosen = names.index(row["recommended"])
    shown = list(dict.fromkeys([chosen, *shown]))
    return {
        "tier": row["tier"],
        "is_first": tier == 0,
        "because": row["because"],
        "allowed": row["allowed"],
        "future_value": float(payoffs.cases.future_value[0]),
        "resolutions": [_resolution(policy, payoffs, a, at, bundles, a == chosen) for a in shown],
    }


def _resolution(
    policy: Policy, payoffs: Payoffs, a: int, at: int, bundles: Mapping[int, str], is_chosen: bool
) -> dict[str, Any]:
    options, cases, seen = payoffs.choice_sets, payoffs.cases, payoffs.agent_view
    cell = (cases.failures[cases.failure[0]], cases.segments[cases.segment[0]])
    lowest = Ladder(policy).limits_in_cents(*cell)[0]
    over = [LIMIT_KINDS[name].title.lower() for d, name in enumerate(LIMITS) if options.uses[0, a, d] > lowest[d]]
    cost, net = float(seen.cost[0, a]), float(seen.payoff[at, 0, a])
    return {
        "title": bundles.get(a) or payoffs.menu.names[cases.failure[0]][a].replace("_", " ").replace(" + ", ", "),
        "cost": cost,
        "kept": net + cost,
        "net": net,
        "over": over,
        "is_adequate": bool(options.adequate[0, a]),
        "is_chosen": is_chosen,
    }


def _follow(curve: Curve, baseline: Outcome) -> tuple[dict[str, Floats], dict[str, Floats], dict[str, Floats], Floats]:
    level, low, high = {}, {}, {}
    for name in dict.fromkeys((*TILES, *PARTS)):
        values = curve.per_case(name)
        level[name] = values.mean(axis=1)
        if name in TILES:
            low[name], high[name] = np.quantile(values - baseline.per_case(name), [0.05, 0.95], axis=1)
    ahead = (curve.per_case() > baseline.per_case()).mean(axis=1)
    return level, low, high, ahead


def limit_number(text: float | str) -> float:
    """Return a limit as the screen sends it: a number, "ask" or "no_limit".

    Raises
    ------
    InputError
        If it is none of these.
    """
    known = {limit_content(each): each for each in (ASK, NO_LIMIT)}
    if isinstance(text, str):
        if text not in known:
            raise InputError(f"limit is '{text}'; it must be a number of money, ask or no_limit")
        return known[text]
    return float(text)
