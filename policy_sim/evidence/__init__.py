"""A company's own cases: from exports of its help desk and its shop to a log of cases, and what that log can say.

A firm with a known truth, to try it all out on, is made by `simulate_log` and written as exports by `write_exports`.
"""

from policy_sim.evidence.export_shapes import SHAPES, ExportShape, shape_of
from policy_sim.evidence.simulated_exports import write_exports
from policy_sim.evidence.simulated_world import SimulatedLog, simulate_log
from policy_sim.evidence.world import Agent, World

__all__ = ["SHAPES", "Agent", "ExportShape", "SimulatedLog", "World", "shape_of", "simulate_log", "write_exports"]
