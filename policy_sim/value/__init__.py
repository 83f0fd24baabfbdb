"""What policies are worth: payoffs, evaluation, exact curves, best limits.

Other rooms take what they need from here. What the compiled loops (`*_kernels`) take and give stays in this room.
"""

from policy_sim.value.best_limits import BestLimits, OutOfReachError, best_limits
from policy_sim.value.best_playbook import (
    BestPlaybooks,
    best_playbooks,
    chosen_alike,
    everybody_follows,
    limits_and_playbook,
    runners_up,
    with_playbook,
)
from policy_sim.value.choice_kernels import STYLES
from policy_sim.value.choices import ChoiceTable, choice_table
from policy_sim.value.curves import Curve, best_step, threshold_curve, threshold_curves
from policy_sim.value.decision_change import DecisionChange, decision_change
from policy_sim.value.evaluation import Difference, Estimate, Outcome, compare, decide, evaluate, measure, worst
from policy_sim.value.following import book_of, rules_of
from policy_sim.value.frontier import Frontier, frontier
from policy_sim.value.gap import Gap, find_gap
from policy_sim.value.handling import Handling, policy_arrays_of
from policy_sim.value.keep_or_return import KeepOrReturn, comparable_failures, keep_or_return
from policy_sim.value.mean_curves import MeanCurves
from policy_sim.value.obstacles import Obstacle, obstacles_of
from policy_sim.value.partial_sums import PartialSums, Question
from policy_sim.value.payoffs import Payoffs, spread, value_cases
from policy_sim.value.places import Places
from policy_sim.value.running import RunningOutcome
from policy_sim.value.sampling import GroupSums, groups_of, interval, widened
from policy_sim.value.scoring import measures_by_case, measures_of

__all__ = [
    "STYLES",
    "BestLimits",
    "BestPlaybooks",
    "ChoiceTable",
    "Curve",
    "DecisionChange",
    "Difference",
    "Estimate",
    "Frontier",
    "Gap",
    "GroupSums",
    "Handling",
    "KeepOrReturn",
    "MeanCurves",
    "Obstacle",
    "OutOfReachError",
    "Outcome",
    "PartialSums",
    "Payoffs",
    "Places",
    "Question",
    "RunningOutcome",
    "best_limits",
    "best_playbooks",
    "best_step",
    "book_of",
    "choice_table",
    "chosen_alike",
    "comparable_failures",
    "compare",
    "decide",
    "decision_change",
    "evaluate",
    "everybody_follows",
    "find_gap",
    "frontier",
    "groups_of",
    "interval",
    "keep_or_return",
    "limits_and_playbook",
    "measure",
    "measures_by_case",
    "measures_of",
    "obstacles_of",
    "policy_arrays_of",
    "rules_of",
    "runners_up",
    "spread",
    "threshold_curve",
    "threshold_curves",
    "value_cases",
    "widened",
    "with_playbook",
    "worst",
]
