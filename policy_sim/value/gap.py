"""Gap: what keeps a policy from the best resolution of every case, part by part, in money.

In: a policy, payoffs. Out: `Gap`, parts that add up exactly to what the best of every case would bring more. Left to
others: closing it, by limits (`best_limits`) or by a playbook (`best_playbook`).

One obstacle after the other is taken away, in the order of `words.GAP_PARTS`, and the same cases are valued again under
the same draws. What a part comes to depends on the order, as with any such split; that they add up does not.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.border import Progress, plain_rows
from policy_sim.policy import Policy
from policy_sim.value.choice_kernels import PolicyArrays
from policy_sim.value.evaluation import Estimate, measure, outcome_of
from policy_sim.value.following import following_costs
from policy_sim.value.handling import Handling
from policy_sim.value.payoffs import Payoffs, expect, in_blocks, is_there, spread
from policy_sim.value.response_kernels import LANES, DrawArrays
from policy_sim.value.sampling import GroupSums, groups_of
from policy_sim.value.scoring import measures_chosen
from policy_sim.words import GAP_PARTS

__all__ = ["Gap", "GapStep", "find_gap", "mean_payoffs", "permitted"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_MOST_CASES = 4_000  # on which every resolution is valued under every draw
_CASES_AT_A_TIME = 50


@dataclass(frozen=True)
class GapStep(Estimate):
    """What one obstacle costs: net value a case that there would be more without it."""

    name: str
    gained: Floats
    groups: GroupSums
    per_year_count: float

    @property
    def cases_per_year(self) -> float:
        """Cases a year, as the scenario has it."""
        return self.per_year_count

    def per_case(self, outcome: str = "net_value") -> Floats:
        """Return (draws,) net value a case."""
        return self.gained

    def of_groups(self, outcome: str = "net_value") -> GroupSums:
        """Return the sums over random groups of the cases, (groups, draws)."""
        return self.groups


@dataclass(frozen=True)
class Gap:
    """What keeps a policy from the best resolution of every case.

    Attributes
    ----------
    policy
        The policy.
    steps
        One for each of `GAP_PARTS`; what it costs may be below 0: guards may bring more than they cost.
    case_count
        Cases that it was worked out on: 4,000 at most, evenly spread.

    What a playbook costs (looking up, training) is no part: the best of every case is taken with the same costs.
    """

    policy: Policy
    steps: tuple[GapStep, ...]
    case_count: int

    def step(self, name: str) -> GapStep:
        """Return one of the parts."""
        return next(step for step in self.steps if step.name == name)

    def total_per_case(self) -> Floats:
        """Return (draws,) the whole gap, net value a case."""
        return np.asarray(sum(step.gained for step in self.steps))

    def attainable(self) -> float:
        """Return the mean net value a case that limits and rules could gain, if everybody gave the best at once.

        That is all parts but what customers accept, and knowing how it turns out.
        """
        reachable = ("guards", "handing_over", "taste", "limits")
        return float(sum(self.step(name).gained.mean() for name in reachable))

    def to_frame(self) -> pd.DataFrame:
        """Return one row a part: name, title, money a case and a year with the ends of the 90 % interval."""
        rows = []
        for step in self.steps:
            low, high = step.interval()
            rows.append(
                {
                    "part": step.name,
                    "title": GAP_PARTS[step.name].title,
                    "per_case": step.gained.mean(),
                    "per_year": step.per_year().mean(),
                    "per_year_low": low * step.cases_per_year,
                    "per_year_high": high * step.cases_per_year,
                }
            )
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data, by name of the part."""
        return {str(row.pop("part")): row for row in plain_rows(self.to_frame())} | {"cases": self.case_count}


def find_gap(policy: Policy, payoffs: Payoffs, on_progress: Progress | None = None) -> Gap:
    """Split what keeps a policy from the best resolution of every case.

    Parameters
    ----------
    policy
        The policy, with its playbook, if it has one.
    payoffs
        The valued cases; of more than 4,000 some are taken, evenly spread.
    on_progress
        Called as the cases are gone through.

    Raises
    ------
    InputError
        If the policy names something that the scenario does not know.
    """
    some = payoffs.take(spread(len(payoffs.cases), _MOST_CASES))
    values: dict[str, tuple[Floats, Floats]] = {}
    groups = groups_of(some.cases)

    def add(name: str, handling: Handling) -> None:
        outcome = outcome_of(policy, some, handling)
        values[name] = outcome.per_case(), measure(outcome.groups.sums, "net_value")

    in_force = Handling.of(policy, some)
    add("in_force", in_force)
    arrays = in_force.arrays
    unsuspected = np.zeros_like(arrays.suspected)
    trusting = arrays._replace(suspected=unsuspected, claimed=np.ones_like(arrays.claimed))
    unguarded = np.where(arrays.start > 0, 0, in_force.tier)
    add("guards", Handling(trusting, unguarded, in_force.choice))
    at_once = np.zeros_like(in_force.tier)
    add("handing_over", Handling(trusting, at_once, in_force.choice))
    first = np.full(len(at_once), arrays.tiers[0])
    possible = _possible(some)
    expected = mean_payoffs(some, trusting, possible, first, some.draw_arrays)[..., 0]
    met = np.asarray(some.adequate.any(axis=1))
    # where nobody can give what is owed, the last tier gives the most there is: as it was
    stay = np.zeros_like(possible)
    stay[np.arange(len(stay)), in_force.choice[:, 0]] = True
    adequate = np.where(met[:, None], some.adequate & possible, stay)
    own = np.where(met[:, None], adequate & permitted(arrays, some, in_force.tier), stay)
    styles = arrays.style.shape[1]
    for name, allowed in (("taste", own), ("limits", adequate), ("entitlements", possible)):
        best = np.where(allowed, expected, -np.inf).argmax(axis=1)
        add(name, Handling(trusting, at_once, np.repeat(best[:, None], styles, axis=1)))
    best_of_each = _best_of_each_draw(some, trusting, possible, groups.of_case, on_progress)
    values["luck"] = _with_costs(policy, some, groups.of_case, *best_of_each)
    names = list(values)
    count = some.scenario.value("shop.cases_per_year")
    steps = tuple(
        GapStep(
            name,
            values[name][0] - values[before][0],
            GroupSums(values[name][1] - values[before][1], groups.counts, groups.units),
            count,
        )
        for before, name in itertools.pairwise(names)
    )
    return Gap(policy, steps, len(at_once))


def permitted(arrays: PolicyArrays, payoffs: Payoffs, tier: Ints) -> Bools:
    """Return (N, A) whether the tier of the policy (N,) may give each resolution, as far as its limits go."""
    limits = arrays.limits[tier, arrays.cell]
    within = np.asarray((payoffs.uses <= limits[:, None]).all(axis=-1))
    return np.asarray(within | (tier == len(arrays.tiers) - 1)[:, None])


def mean_payoffs(payoffs: Payoffs, arrays: PolicyArrays, wanted: Bools, tier: Ints, draw_arrays: DrawArrays) -> Floats:
    """Return (N, A, quantities) what resolutions come to in the mean over the draws; 0 for those not wanted.

    Parameters
    ----------
    wanted
        (N, A) resolutions to work out.
    tier
        (N,) of the scenario, at which they are given.
    draw_arrays
        Those of the payoffs, or those with the wait of a load in them.
    """
    case, resolution = np.nonzero(wanted)
    rows = expect(
        payoffs, case, resolution, tier[case], arrays.suspected, arrays.claimed, arrays.style, draw_arrays
    ).sum(axis=1)
    table = np.zeros((*wanted.shape, rows.shape[-1]))
    table[case, resolution] = rows
    return table


def _with_costs(policy: Policy, payoffs: Payoffs, group: Ints, mean: Floats, sums: Floats) -> tuple[Floats, Floats]:
    """Return means (draws,) and sums (groups, some draws) less what the playbook costs, as all other steps have it."""
    if policy.playbook is None:
        return mean, sums
    costs = measure(following_costs(policy.playbook, payoffs, group, len(sums)), "net_value")
    return mean + costs.sum(axis=0) / len(group), sums + costs[:, : sums.shape[1]]


def _possible(payoffs: Payoffs) -> Bools:
    """Return (N, A) which resolutions can be given at all: what they need is there, and nobody has asked before."""
    menu, cases = payoffs.menu, payoffs.cases
    possible = np.zeros(payoffs.adequate.shape, dtype=np.bool_)
    for f, count in enumerate(menu.counts):
        rows = np.flatnonzero(cases.failure == f)
        if rows.size:
            late = menu.proactive[f, :count] & (cases.surfaces[rows] >= 1)[:, None]
            possible[rows, :count] = is_there(menu, cases, rows) & ~late
    return possible


def _best_of_each_draw(
    payoffs: Payoffs, arrays: PolicyArrays, possible: Bools, group: Ints, on_progress: Progress | None
) -> tuple[Floats, Floats]:
    """Return (draws,) the mean over cases of the best that each draw has, and (groups, some draws) sums of it."""
    count, draw_count = len(group), len(payoffs.draws)
    best = np.empty((count, draw_count))

    def work(first: int, last: int) -> None:
        case, resolution = np.nonzero(possible[first:last])
        tier = np.full(len(case), arrays.tiers[0])
        net = measure(measures_chosen(payoffs, arrays, case + first, resolution, tier), "net_value")
        best[first:last] = np.maximum.reduceat(net, np.flatnonzero(np.diff(case, prepend=-1)))

    in_blocks(work, count, _CASES_AT_A_TIME, on_progress, "Valuing every resolution")
    sums = np.zeros((int(group.max()) + 1, min(draw_count, LANES)))
    np.add.at(sums, group, best[:, :LANES])
    return best.mean(axis=0), sums
