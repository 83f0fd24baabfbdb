"""Robust limits: the best by a measure over the draws other than the mean.

In: limits with the best mean, others that a search came across. Out: limits with the best measure, within the caps.
Left to others: the search by the mean (`search`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import Lever, Policy
from policy_sim.value.curves import threshold_curve
from policy_sim.value.evaluation import evaluate, worst
from policy_sim.value.payoffs import Payoffs
from policy_sim.value.search import Search, breaking_none, climb

__all__ = ["CRITERIA", "robust_limits"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CAP_ROUNDS = 4  # of lowering caps until they hold on all cases, at most


def robust_limits(
    best: Policy,
    others: Sequence[Policy],
    payoffs: Payoffs,
    levers: Sequence[Lever],
    robust: str,
    search: Search,
) -> Policy:
    """Return limits that are best by a measure over the draws, on curves of every draw.

    The curves are those of fewer cases than the search has: caps are lowered until they hold there as well. Where that
    fails, the limits with the best mean stay.
    """
    caps = search.caps
    for _ in range(_CAP_ROUNDS):
        policy = _climb_robustly(best, others, payoffs, levers, robust, caps)
        if search.is_feasible(policy):
            return policy
        means = search.means(policy)
        caps = {name: 0.998 * cap * min(search.caps[name] / means[name], 1) for name, cap in caps.items()}
    return best


def _climb_robustly(
    best: Policy,
    others: Sequence[Policy],
    payoffs: Payoffs,
    levers: Sequence[Lever],
    robust: str,
    caps: Mapping[str, float],
) -> Policy:
    outcomes = [evaluate(policy, payoffs) for policy in (best, *others)]
    reference = np.max([outcome.per_case() for outcome in outcomes], axis=0)

    def objective(net: Floats, means: Mapping[str, Floats]) -> Floats:
        return breaking_none(caps, means, CRITERIA[robust](net, reference))

    def along(policy: Policy, lever: Lever) -> tuple[Ints, Floats]:
        curve = threshold_curve(evaluate(policy, payoffs), lever)
        return curve.cents, objective(curve.per_case(), {name: curve.per_case(name).mean(axis=1) for name in caps})

    values = [
        objective(outcome.per_case()[None], {name: outcome.per_case(name).mean(keepdims=True) for name in caps})[0]
        for outcome in outcomes
    ]
    return climb((best, *others)[int(np.argmax(values))], levers, along, None)[0]


def _cvar(values: Floats, reference: Floats) -> Floats:
    """Return the mean (steps,) of the worst tenth of the draws of values (steps, draws)."""
    return worst(values)


def _least_regret(values: Floats, reference: Floats) -> Floats:
    return np.asarray(-(reference - values).max(axis=1))


#: By name what is made as high as can be: of net values (steps, draws), and the highest of others (draws,).
CRITERIA = {"cvar": _cvar, "regret": _least_regret}
