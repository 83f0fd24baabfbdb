"""Sweeps: designs of many runs, the runs on one machine or many, and the analysis of their results."""

from policy_sim.sweep.design import (
    Cross,
    Design,
    Factor,
    FullFactorial,
    LatinHypercube,
    Listed,
    Morris,
    Saltelli,
    Sobol,
    load_design,
    rows_of,
)
from policy_sim.sweep.discovery import Box, Discovery, discover
from policy_sim.sweep.folder import SweepEstimate, SweepSummary, estimate_sweep, run_sweep
from policy_sim.sweep.regret import limit_map, regret_table
from policy_sim.sweep.results import SweepResults, SweepWarning, open_sweep, read_sweep
from policy_sim.sweep.sensitivity import screen, what_decides

__all__ = [
    "Box",
    "Cross",
    "Design",
    "Discovery",
    "Factor",
    "FullFactorial",
    "LatinHypercube",
    "Listed",
    "Morris",
    "Saltelli",
    "Sobol",
    "SweepEstimate",
    "SweepResults",
    "SweepSummary",
    "SweepWarning",
    "discover",
    "estimate_sweep",
    "limit_map",
    "load_design",
    "open_sweep",
    "read_sweep",
    "regret_table",
    "rows_of",
    "run_sweep",
    "screen",
    "what_decides",
]
