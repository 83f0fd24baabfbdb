"""What policies are worth: payoffs, evaluation, exact curves, best limits."""

from policy_sim.value.best_limits import BestLimits, best_limits
from policy_sim.value.curves import Curve, threshold_curve
from policy_sim.value.evaluation import OUTCOMES, Difference, Outcome, compare, decide, evaluate, interval
from policy_sim.value.frontier import Frontier, frontier
from policy_sim.value.keep_or_return import KeepOrReturn, comparable_failures, keep_or_return
from policy_sim.value.payoffs import Payoffs, value_cases

__all__ = [
    "OUTCOMES",
    "BestLimits",
    "Curve",
    "Difference",
    "Frontier",
    "KeepOrReturn",
    "Outcome",
    "Payoffs",
    "best_limits",
    "comparable_failures",
    "compare",
    "decide",
    "evaluate",
    "frontier",
    "interval",
    "keep_or_return",
    "threshold_curve",
    "value_cases",
]
