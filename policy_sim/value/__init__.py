"""What policies are worth: payoffs, evaluation, exact curves, best limits."""

from policy_sim.value.best_limits import BestLimits, best_limits
from policy_sim.value.choices import ChoiceTable, choice_table
from policy_sim.value.curves import Curve, threshold_curve
from policy_sim.value.evaluation import Difference, Outcome, compare, decide, evaluate, interval, measure
from policy_sim.value.frontier import Frontier, frontier
from policy_sim.value.keep_or_return import KeepOrReturn, comparable_failures, keep_or_return
from policy_sim.value.kernels import STYLES
from policy_sim.value.payoffs import Payoffs, spread, value_cases

__all__ = [
    "STYLES",
    "BestLimits",
    "ChoiceTable",
    "Curve",
    "Difference",
    "Frontier",
    "KeepOrReturn",
    "Outcome",
    "Payoffs",
    "best_limits",
    "choice_table",
    "comparable_failures",
    "compare",
    "decide",
    "evaluate",
    "frontier",
    "interval",
    "keep_or_return",
    "measure",
    "spread",
    "threshold_curve",
    "value_cases",
]
