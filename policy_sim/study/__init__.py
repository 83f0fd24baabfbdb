"""Studies: settings in which policies are compared, how sure that is, what matters most, stories, journeys."""

from policy_sim.study.answer import Answer, Move, Worth, find_answer
from policy_sim.study.decision_analysis import DecisionAnalysis, analyse_decision
from policy_sim.study.first_months import CASH, FirstMonths, first_months
from policy_sim.study.information import InformationValue, Pilot, evpi, evppi, pilot_for_mean, pilot_for_share
from policy_sim.study.learning import Learning, what_learning_changes
from policy_sim.study.optimum import HeldOut, Optimum, find_optimum
from policy_sim.study.playbook import LIMITS_FROM, PlaybookStudy, RuleStudy, study_playbook
from policy_sim.study.prepare import Customers, Sample, Setting, fit_customers, prepare, read_default_log, thinned
from policy_sim.study.provenance import provenance_of
from policy_sim.study.recommendation import (
    WHOLE_UNITS,
    Recommendation,
    as_recommended,
    recommend,
    recommended_limits,
)
from policy_sim.study.risk import Errors, case_error, net_benefits, risk_table, spread_of_cases
from policy_sim.study.sensitivity import Sensitivity, break_evens_between, one_at_a_time
from policy_sim.study.stories import Replay, Story, load_stories, load_story, replay

__all__ = [
    "CASH",
    "LIMITS_FROM",
    "WHOLE_UNITS",
    "Answer",
    "Customers",
    "DecisionAnalysis",
    "Errors",
    "FirstMonths",
    "HeldOut",
    "InformationValue",
    "Learning",
    "Move",
    "Optimum",
    "Pilot",
    "PlaybookStudy",
    "Recommendation",
    "Replay",
    "RuleStudy",
    "Sample",
    "Sensitivity",
    "Setting",
    "Story",
    "Worth",
    "analyse_decision",
    "as_recommended",
    "break_evens_between",
    "case_error",
    "evpi",
    "evppi",
    "find_answer",
    "find_optimum",
    "first_months",
    "fit_customers",
    "load_stories",
    "load_story",
    "net_benefits",
    "one_at_a_time",
    "pilot_for_mean",
    "pilot_for_share",
    "prepare",
    "provenance_of",
    "read_default_log",
    "recommend",
    "recommended_limits",
    "replay",
    "risk_table",
    "spread_of_cases",
    "study_playbook",
    "thinned",
    "what_learning_changes",
]
