"""EMA Workbench: the simulation as a model of that library, for its samplers, optimisers and figures.

In: a scenario, a policy, cases, which limits and assumptions may vary. Out: `ema_workbench.Model`.
Left to others: the outcomes of an experiment (`value`), larger designs (`folder`, which is much faster).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from scipy import stats

from policy_sim.assumptions import Assumption, Draws, Scenario, central
from policy_sim.border import not_installed, unknown
from policy_sim.policy import Lever, Policy
from policy_sim.study.prepare import Sample, prepare
from policy_sim.sweep.runs import with_limits
from policy_sim.value import Payoffs, evaluate
from policy_sim.words import MOVED, OUTCOMES

if TYPE_CHECKING:
    from ema_workbench import Model

__all__ = ["EMA_LEVERS", "Experiment", "import_ema", "to_ema_model"]

#: Levers by default: the limits of agents that the search for the best ones moves.
EMA_LEVERS = tuple(f"agent.{limit}" for limit in MOVED)


def to_ema_model(
    scenario: Scenario,
    policy: Policy,
    cases: int = 2_000,
    seed: int = 0,
    levers: Sequence[str] = EMA_LEVERS,
    uncertainties: Sequence[str] | None = None,
    outcomes: Sequence[str] = ("net_value", "remedy_cost", "customers_kept"),
    highest: float = 200.0,
    payoffs: Payoffs | None = None,
) -> Model:
    """Return the simulation as a model of EMA Workbench; its names have two underscores where ours have a dot.

    Parameters
    ----------
    scenario, policy
        Limits and assumptions that do not vary are as in these.
    cases, seed
        How many to draw from the CDNOW sample; not used with `payoffs`.
    levers
        Limits that vary, from 0 to `highest` (money).
    uncertainties
        Assumptions that vary, each with its own range and distribution; by default all that vary over draws.
    outcomes
        Any of `OUTCOMES`: money and minutes a year, shares of cases.
    highest
        Upper end of the levers.
    payoffs
        Valued cases of the scenario, instead of cases that are drawn.

    Raises
    ------
    InputError
        If a name is unknown or EMA Workbench is not installed.
    """
    for name in levers:
        policy.check_lever(_lever(name))
    named = [name for name in scenario.assumption_names if scenario.assumption(name).distribution != "chosen"]
    moved = named if uncertainties is None else list(uncertainties)
    described = [scenario.assumption(name) for name in moved]
    for name in outcomes:
        if name not in OUTCOMES:
            raise unknown("outcome", name, list(OUTCOMES))
    ema = import_ema("ema_workbench")
    if payoffs is None:
        payoffs = prepare(scenario, sample=Sample(cases, draws=1, seed=seed)).payoffs
    model = ema.Model("policysim", function=Experiment(policy, payoffs, tuple(outcomes)))
    model.levers = [ema.RealParameter(_to_ema(name), 0.0, highest) for name in levers]
    model.uncertainties = [
        ema.RealParameter.from_dist(_to_ema(name), _distribution(assumption))
        for name, assumption in zip(moved, described, strict=True)
    ]
    kinds = {True: ema.ScalarOutcome.MINIMIZE, False: ema.ScalarOutcome.MAXIMIZE}
    model.outcomes = [ema.ScalarOutcome(name, kind=kinds[OUTCOMES[name].less_is_better]) for name in outcomes]
    return cast("Model", model)


def import_ema(name: str) -> Any:
    """Import a module of EMA Workbench, without its warnings about optional parts that are not used here.

    Raises
    ------
    InputError
        If it is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return import_module(name)
        except ImportError:
            raise not_installed("EMA Workbench", "ema") from None


class Experiment:
    """A function from limits and assumptions, by their names, to outcomes; it can be sent to other processes."""

    def __init__(self, policy: Policy, payoffs: Payoffs, outcomes: tuple[str, ...]) -> None:
        self.policy = policy
        self.payoffs = payoffs
        self.outcomes = outcomes
        self.__name__ = "experiment"

    def __call__(self, **moved: float) -> dict[str, float]:
        """Return the outcomes; limits of higher tiers are raised with lower ones, agents go by the central values."""
        names = {_from_ema(name): value for name, value in moved.items()}
        scenario = self.payoffs.scenario
        draws = central(scenario)
        values = [names.pop(name, value) for name, value in zip(draws.names, draws.values[0], strict=True)]
        policy = with_limits(self.policy, {_lever(name): value for name, value in names.items()})
        outcome = evaluate(policy, self.payoffs.under(Draws(draws.names, np.array([values]))))
        yearly = values[draws.names.index("shop.cases_per_year")]
        return {
            name: float(outcome.per_case(name)[0]) * (1.0 if OUTCOMES[name].unit == "share" else yearly)
            for name in self.outcomes
        }


def _lever(name: str) -> Lever:
    tier, _, limit = name.partition(".")
    return Lever(tier, limit)


def _to_ema(name: str) -> str:
    return name.replace(".", "__")


def _from_ema(name: str) -> str:
    return name.replace("__", ".", 1)


def _distribution(assumption: Assumption) -> Any:
    low, high = assumption.range
    if assumption.distribution == "uniform":
        return stats.uniform(low, high - low)
    return stats.triang((assumption.value - low) / (high - low), low, high - low)
