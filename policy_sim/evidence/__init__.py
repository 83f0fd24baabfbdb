"""A company's own cases: from exports of its help desk and its shop to a log of cases, and what that log can say.

build_log(folder, scenario) -> BuiltLog, with a report of what matched; check_log(file, scenario) -> LogCheck
read_case_log(file, scenario) -> CaseLog; calibrate(log, transactions, scenario) -> Calibration; predictive_check,
sensitivity, compare_recoveries, repeat_claims and style_shares look at it, agreement at a playbook; measured_content,
write_measured -> a scenario file
simulate_log(scenario, policy) -> SimulatedLog of a firm with a known truth, for `write_exports`
"""

from policy_sim.evidence.agreement import agreement
from policy_sim.evidence.build_report import BuildReport
from policy_sim.evidence.calibration import Calibration, calibrate
from policy_sim.evidence.case_files import write_table
from policy_sim.evidence.case_log import CaseLog, read_case_log
from policy_sim.evidence.case_values import with_future_values
from policy_sim.evidence.checking import LogCheck, check_log
from policy_sim.evidence.confounding import Sensitivity, sensitivity
from policy_sim.evidence.export_shapes import SHAPES, ExportShape, shape_of
from policy_sim.evidence.hashing import find_salt
from policy_sim.evidence.joining import BuiltLog, build_log
from policy_sim.evidence.log_mapping import CaseLogMapping, read_case_mapping, write_case_mapping
from policy_sim.evidence.measured_scenario import measured_content, write_measured
from policy_sim.evidence.posterior import Estimate
from policy_sim.evidence.predictive import PredictiveCheck, predictive_check
from policy_sim.evidence.recoveries import RecoveryComparison, compare_recoveries
from policy_sim.evidence.repeat_claims import RepeatClaims, repeat_claims
from policy_sim.evidence.shares import counted_shares
from policy_sim.evidence.simulated_exports import write_exports
from policy_sim.evidence.simulated_world import SimulatedLog, simulate_log
from policy_sim.evidence.styles import StyleShares, style_shares
from policy_sim.evidence.world import Agent, World

__all__ = [
    "SHAPES",
    "Agent",
    "BuildReport",
    "BuiltLog",
    "Calibration",
    "CaseLog",
    "CaseLogMapping",
    "Estimate",
    "ExportShape",
    "LogCheck",
    "PredictiveCheck",
    "RecoveryComparison",
    "RepeatClaims",
    "Sensitivity",
    "SimulatedLog",
    "StyleShares",
    "World",
    "agreement",
    "build_log",
    "calibrate",
    "check_log",
    "compare_recoveries",
    "counted_shares",
    "find_salt",
    "measured_content",
    "predictive_check",
    "read_case_log",
    "read_case_mapping",
    "repeat_claims",
    "sensitivity",
    "shape_of",
    "simulate_log",
    "style_shares",
    "with_future_values",
    "write_case_mapping",
    "write_exports",
    "write_measured",
    "write_table",
]
