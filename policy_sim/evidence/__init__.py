"""A company's own cases: from exports of its help desk and its shop to a log of cases, and what that log can say.

build_log(folder, scenario) -> BuiltLog, with a report of what matched; check_log(file, scenario) -> LogCheck
simulate_log(scenario, policy) -> SimulatedLog of a firm with a known truth, for `write_exports`
"""

from policy_sim.evidence.build_report import BuildReport
from policy_sim.evidence.case_files import write_table
from policy_sim.evidence.checking import LogCheck, check_log
from policy_sim.evidence.export_shapes import SHAPES, ExportShape, shape_of
from policy_sim.evidence.hashing import find_salt
from policy_sim.evidence.joining import BuiltLog, build_log
from policy_sim.evidence.log_mapping import CaseLogMapping, read_case_mapping, write_case_mapping
from policy_sim.evidence.simulated_exports import write_exports
from policy_sim.evidence.simulated_world import SimulatedLog, simulate_log
from policy_sim.evidence.world import Agent, World

__all__ = [
    "SHAPES",
    "Agent",
    "BuildReport",
    "BuiltLog",
    "CaseLogMapping",
    "ExportShape",
    "LogCheck",
    "SimulatedLog",
    "World",
    "build_log",
    "check_log",
    "find_salt",
    "read_case_mapping",
    "shape_of",
    "simulate_log",
    "write_case_mapping",
    "write_exports",
    "write_table",
]
