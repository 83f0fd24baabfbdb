"""Panel: the state behind the live screen, without a browser.

In: a setting, the policy in hand, the baseline it is compared with, other policies to place beside it. Out: `Panel`;
its `levers` and `view` are what the screen shows. Left to others: widgets and drawing (`workbench`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import LIMITS
from policy_sim.policy import ASK, NO_LIMIT, Lever, Policy, load_shipped_policies
from policy_sim.publish import export_policy
from policy_sim.show.wording import LIMIT_TITLES
from policy_sim.study import Setting
from policy_sim.value import Curve, Outcome, evaluate, interval, threshold_curve

__all__ = ["SHOWN", "LeverView", "Panel", "limit_number", "open_panel"]

#: Outcomes that the screen follows along a curve.
SHOWN = ("net_value", "remedy_cost", "customers_kept", "escalated", "minutes")


@dataclass(frozen=True)
class LeverView:
    """One limit of the first tier as the screen shows it; money in the policy's currency.

    Attributes
    ----------
    name, title
        The limit, as in files and in words.
    value, baseline, best
        Limit now, in the baseline, and at the top of the curve.
    lowest, highest
        Bounds that keep the tiers in order.
    limits
        (steps,) limit from which each step holds; the first is `ASK`.
    level
        For each of `SHOWN` the mean per case (steps,).
    low, high
        For each of `SHOWN` the 90 % interval of the difference to the baseline per case (steps,).
    """

    name: str
    title: str
    value: float
    baseline: float
    best: float
    lowest: float
    highest: float
    limits: NDArray[np.float64]
    level: Mapping[str, NDArray[np.float64]]
    low: Mapping[str, NDArray[np.float64]]
    high: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Panel:
    """A policy in hand, measured against a baseline on the same cases and draws."""

    setting: Setting
    policy: Policy
    baseline: Outcome
    beside: Sequence[Outcome] = ()

    @property
    def tier(self) -> str:
        """The tier whose limits are moved: the first one."""
        return self.policy.tier_names[0]

    def with_limits(self, limits: Mapping[str, float]) -> Panel:
        """Return a copy in which some limits of the first tier are others, held within what keeps the tiers in order.

        Parameters
        ----------
        limits
            By name: money, `ASK` or `NO_LIMIT`.
        """
        policy = self.policy
        for name, value in limits.items():
            lever = Lever(self.tier, name)
            lowest, highest = policy.bounds(lever)
            policy = policy.with_limit(lever, min(max(value, lowest), highest))
        return replace(self, policy=policy)

    def lever(self, name: str) -> LeverView:
        """Return one limit with its exact curve, all other limits as they are now."""
        lever = Lever(self.tier, name)
        curve = threshold_curve(self.policy, self.setting.payoffs, lever)
        lowest, highest = self.policy.bounds(lever)
        level, low, high = _follow(curve, self.baseline)
        return LeverView(
            name=name,
            title=LIMIT_TITLES[name],
            value=self.policy.limit(self.tier, name),
            baseline=self.baseline.policy.limit(self.tier, name),
            best=curve.best_limit,
            lowest=lowest,
            highest=highest,
            limits=curve.limits,
            level=level,
            low=low,
            high=high,
        )

    def levers(self) -> list[LeverView]:
        """Return all limits of the first tier."""
        return [self.lever(name) for name in LIMITS]

    def points(self) -> list[dict[str, object]]:
        """Return where each policy lies: remedy cost and net value per case, and the interval of the difference."""
        return [self._point(outcome) for outcome in self.beside]

    def _point(self, outcome: Outcome) -> dict[str, object]:
        difference = outcome.per_case() - self.baseline.per_case()
        low, high = interval(difference)
        return {
            "name": outcome.policy.name,
            "title": outcome.policy.title,
            "remedy_cost": float(outcome.per_case("remedy_cost").mean()),
            "net_value": float(difference.mean()),
            "low": low,
            "high": high,
        }

    def export(self, folder: Path) -> tuple[Path, str]:
        """Write the policy in hand as JSON into a folder; return the path and the text.

        Raises
        ------
        InputError
            If the folder cannot be written to.
        """
        policy = self.policy
        if policy != self.baseline.policy:
            policy = policy.model_copy(update={"name": "tuned", "title": f"{policy.title}, tuned"})
        path = folder / f"policy_{policy.fingerprint}.json"
        return path, export_policy(policy, path)


def open_panel(setting: Setting, in_force: Policy) -> Panel:
    """Return the panel that starts from the policy in force, with the shipped policies beside it."""
    beside = [in_force, *load_shipped_policies(setting.scenario, besides=in_force)]
    outcomes = [evaluate(policy, setting.payoffs) for policy in beside]
    return Panel(setting, in_force, outcomes[0], outcomes)


def _follow(
    curve: Curve, baseline: Outcome
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]]:
    level, low, high = {}, {}, {}
    for name in SHOWN:
        values = curve.per_case(name)
        level[name] = values.mean(axis=1)
        low[name], high[name] = np.quantile(values - baseline.per_case(name), [0.05, 0.95], axis=1)
    return level, low, high


def limit_number(text: float | str) -> float:
    """Return a limit as the screen sends it: a number, "ask" or "no_limit"."""
    return {"ask": ASK, "no_limit": NO_LIMIT}.get(text, 0.0) if isinstance(text, str) else float(text)
