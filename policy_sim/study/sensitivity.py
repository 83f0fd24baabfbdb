"""Local sensitivity: how the difference between two policies changes with one assumption, all others held.

In: a scenario, its cases, two policies, others that could be chosen instead. Out: `Sensitivity`: a tornado and
break-evens. Left to others: what knowing more is worth (`information`), all assumptions drawn together (`risk`), and
factors of a sweep that vary together (`sweep.sensitivity`, global).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Draws, Scenario
from policy_sim.border import InputError, Progress, plain_rows, unknown
from policy_sim.policy import Policy
from policy_sim.service import Cases
from policy_sim.study.prepare import thinned
from policy_sim.value import Payoffs, evaluate, value_cases

__all__ = ["Sensitivity", "break_evens_between", "one_at_a_time"]

Floats = NDArray[np.float64]

#: Quantiles of its draws that are the low and the high end of an assumption.
_ENDS = (0.1, 0.9)
_POINTS = 9
#: Cases on which one assumption after the other is moved, where nobody says how many.
_CASES = 1_000


@dataclass(frozen=True)
class Sensitivity:
    """Net values of policies with one assumption moved and all others at their central values.

    Attributes
    ----------
    scenario, recommended, baseline, candidates
        What was compared; the candidates are all policies that could be chosen, including these two.
    case_count
        Number of cases that were evaluated.
    names
        The assumptions that were moved (A of them).
    points
        (A, P) values of each assumption, rising: 9 evenly over its range, its low and high end, its central value.
    net_value
        (A, P, candidates) net value, money a year.
    customers_kept
        (A, P, candidates) share (0-1) of cases.
    """

    scenario: Scenario
    recommended: Policy
    baseline: Policy
    candidates: tuple[Policy, ...]
    case_count: int
    names: tuple[str, ...]
    points: Floats
    net_value: Floats
    customers_kept: Floats

    @property
    def difference(self) -> Floats:
        """Net value of the recommended policy over the baseline (A, P), money a year."""
        return self._over(self.net_value, self.baseline)

    def tornado(self) -> pd.DataFrame:
        """Return one row per assumption, the one with the largest effect on the difference first.

        Returns
        -------
        pandas.DataFrame
            assumption, unit, today, low_value, high_value (central value, 10th and 90th percentile of its draws);
            difference_today, difference_low, difference_high (recommended - baseline, money a year); swing (absolute
            difference between low and high); best_low, best_high and best_policy_low, best_policy_high (if the value
            were known before choosing: best candidate - baseline, and the name of that candidate); customers_kept_low,
            customers_kept_high (recommended - baseline, share 0-1 of cases).
        """
        customers_kept = self._over(self.customers_kept, self.baseline)
        base = self._position(self.baseline)
        best = self.net_value.argmax(axis=2)
        over = self.net_value.max(axis=2) - self.net_value[:, :, base]
        rows = []
        for j, name in enumerate(self.names):
            assumption = self.scenario.assumption(name)
            today, low, high = (self._place(j, value) for value in (assumption.value, *_ends(self.scenario, name)))
            rows.append(
                {
                    "assumption": name,
                    "unit": assumption.unit,
                    "today": assumption.value,
                    "low_value": self.points[j, low],
                    "high_value": self.points[j, high],
                    "difference_today": self.difference[j, today],
                    "difference_low": self.difference[j, low],
                    "difference_high": self.difference[j, high],
                    "swing": abs(self.difference[j, high] - self.difference[j, low]),
                    "best_low": over[j, low],
                    "best_high": over[j, high],
                    "best_policy_low": self.candidates[best[j, low]].name,
                    "best_policy_high": self.candidates[best[j, high]].name,
                    "customers_kept_low": customers_kept[j, low],
                    "customers_kept_high": customers_kept[j, high],
                }
            )
        return pd.DataFrame(rows).sort_values("swing", ascending=False, kind="stable", ignore_index=True)

    def break_evens(self, against: Policy | None = None) -> pd.DataFrame:
        """Return one row per assumption: its value at which the difference changes sign, and so would turn the choice.

        Between two points the difference is interpolated linearly. Where it changes sign more than once, the change
        nearest to today's value counts.

        Parameters
        ----------
        against
            One of the candidates; the baseline by default.

        Returns
        -------
        pandas.DataFrame
            assumption, unit, today, break_even (missing: none within its range), side (the choice turns "above" or
            "below" it, or empty), words. Those with a break-even come first, the nearest to today, as a share of the
            range, before the others.

        Raises
        ------
        InputError
            If `against` is not among the candidates.
        """
        difference = self._over(self.net_value, self.baseline if against is None else against)
        rows = []
        for j, name in enumerate(self.names):
            assumption = self.scenario.assumption(name)
            turn = _sign_change(self.points[j], difference[j], self._place(j, assumption.value))
            low, high = assumption.range
            side = "" if turn is None else "above" if turn > assumption.value else "below"
            today = f"today {assumption.value:,.4g}"
            words = (
                f"never within its range: {name} from {low:,.4g} to {high:,.4g} ({today})"
                if turn is None
                else f"flips if {name} is {side} {turn:,.3g} ({today})"
            )
            rows.append(
                {
                    "assumption": name,
                    "unit": assumption.unit,
                    "today": assumption.value,
                    "break_even": np.nan if turn is None else turn,
                    "side": side,
                    "words": words,
                    "away": np.inf if turn is None else abs(turn - assumption.value) / (high - low),
                }
            )
        table = pd.DataFrame(rows).sort_values("away", kind="stable", ignore_index=True)
        return table.drop(columns="away")

    def _over(self, values: Floats, other: Policy) -> Floats:
        return np.asarray(values[..., self._position(self.recommended)] - values[..., self._position(other)])

    def _position(self, policy: Policy) -> int:
        names = [candidate.name for candidate in self.candidates]
        if policy.name not in names:
            raise unknown("policy", policy.name, names, "sensitivity")
        return names.index(policy.name)

    def _place(self, j: int, value: float) -> int:
        return int(np.argmin(np.abs(self.points[j] - value)))

    def to_frame(self) -> pd.DataFrame:
        """Return `tornado`."""
        return self.tornado()

    def to_dict(self) -> dict[str, object]:
        """Return what was compared and how far each assumption moves the difference, as plain data."""
        return {
            "policy": self.recommended.name,
            "against": self.baseline.name,
            "cases": self.case_count,
            "tornado": plain_rows(self.tornado()),
            "break_evens": plain_rows(self.break_evens()),
        }


def break_evens_between(
    policy: Policy, baseline: Policy, payoffs: Payoffs, on_progress: Progress | None = None
) -> Sensitivity:
    """Move one assumption at a time on 1,000 of the cases at most, and compare two policies: `one_at_a_time`.

    Raises
    ------
    InputError
        If both policies have one name.
    """
    some = thinned(payoffs, _CASES, 1).cases
    return one_at_a_time(payoffs.scenario, some, policy, baseline, on_progress=on_progress)


def one_at_a_time(
    scenario: Scenario,
    cases: Cases,
    recommended: Policy,
    baseline: Policy,
    candidates: Sequence[Policy] = (),
    names: Sequence[str] | None = None,
    include_chosen: bool = False,
    on_progress: Progress | None = None,
) -> Sensitivity:
    """Move one assumption at a time through its range, all others at their central values, and compare policies.

    Cases, segments and the customers' future values stay as they are, and so do the limits and the choices of agents:
    agents go by the central values, and the moved values only change what their choices bring. Columns of the cases
    that were filled from assumptions move with these. Assumptions that are only used to draw cases or to value
    customers therefore have no effect here; all of them are "chosen".

    Parameters
    ----------
    scenario, cases
        A few thousand cases are enough, as all policies are evaluated on the same ones.
    recommended, baseline
        The two policies to compare.
    candidates
        Other policies that could be chosen if the value of the assumption were known.
    names
        Which assumptions to move; by default all that vary over draws.
    include_chosen
        Also move assumptions that are decisions or known facts, as if they had a triangular distribution.
    on_progress
        Called as policies are evaluated, block by block.

    Raises
    ------
    InputError
        If both policies have one name, a name is unknown, or no assumption is left to move.
    """
    if recommended.name == baseline.name:
        raise InputError(f"policy '{baseline.name}' is compared with itself; give another one, or give it another name")
    moved = tuple(
        name
        for name in (scenario.assumption_names if names is None else names)
        if include_chosen or scenario.assumption(name).distribution != "chosen"
    )
    if not moved:
        raise InputError(
            "no assumption is left to move: those given are decisions or known facts; name others, or let these move "
            "too (include_chosen)"
        )
    points = np.stack([_points(scenario, name) for name in moved])
    draws = _one_moved(scenario, moved, points)
    payoffs = value_cases(scenario, cases, draws)
    all_policies = {policy.name: policy for policy in (baseline, *candidates, recommended)}
    net_value, customers_kept = np.empty((2, len(draws), len(all_policies)))
    for k, policy in enumerate(all_policies.values()):

        def step(_: str, done: int, of: int, k: int = k) -> None:
            if on_progress is not None:
                on_progress("Moving one assumption at a time", k * of + done, len(all_policies) * of)

        outcome = evaluate(policy, payoffs, step)
        # the number of cases a year is an assumption too
        net_value[:, k] = outcome.per_case() * draws["shop.cases_per_year"]
        customers_kept[:, k] = outcome.per_case("customers_kept")
    shape = (*points.shape, len(all_policies))
    return Sensitivity(
        scenario,
        recommended,
        baseline,
        tuple(all_policies.values()),
        len(cases),
        moved,
        points,
        net_value.reshape(shape),
        customers_kept.reshape(shape),
    )


def _ends(scenario: Scenario, name: str) -> Floats:
    """Return the low and the high end of an assumption."""
    assumption = scenario.assumption(name)
    if assumption.distribution == "chosen":
        assumption = assumption.model_copy(update={"distribution": "triangular"})
    return assumption.quantile(np.array(_ENDS))


def _points(scenario: Scenario, name: str) -> Floats:
    assumption = scenario.assumption(name)
    return np.sort(np.concatenate([np.linspace(*assumption.range, _POINTS), _ends(scenario, name), [assumption.value]]))


def _one_moved(scenario: Scenario, names: Sequence[str], points: Floats) -> Draws:
    """Return A * P draws: all assumptions at their central values but one, which is at one of its points (A, P)."""
    every = scenario.assumption_names
    values = np.tile([scenario.value(name) for name in every], (points.size, 1))
    column = np.repeat([every.index(name) for name in names], points.shape[1])
    values[np.arange(points.size), column] = points.ravel()
    return Draws(every, values)


def _sign_change(points: Floats, difference: Floats, today: int) -> float | None:
    """Return the value nearest to today's at which a difference (P,) changes sign; None where it does not."""
    flipped = np.flatnonzero(difference * difference[today] < 0)
    crossings = []
    for side in (flipped[flipped < today][-1:], flipped[flipped > today][:1]):
        for outer in side:
            inner = outer + (1 if outer < today else -1)
            share = difference[inner] / (difference[inner] - difference[outer])
            crossings.append(float(points[inner] + share * (points[outer] - points[inner])))
    return min(crossings, key=lambda value: abs(value - points[today]), default=None)
