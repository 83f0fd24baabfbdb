"""What policies are worth: payoffs, evaluation, exact curves, best limits."""

from policy_sim.value.best_limits import BestLimits, best_limits
from policy_sim.value.curves import Curve, threshold_curve
from policy_sim.value.evaluation import OUTCOMES, Difference, Outcome, compare, decide, evaluate, interval
from policy_sim.value.payoffs import Payoffs, value_cases

__all__ = [
    "OUTCOMES",
    "BestLimits",
    "Curve",
    "Difference",
    "Outcome",
    "Payoffs",
    "best_limits",
    "compare",
    "decide",
    "evaluate",
    "interval",
    "threshold_curve",
    "value_cases",
]
