"""Policies as files that other tools read."""

from policy_sim.publish.approval import approve
from policy_sim.publish.card import PAPERS, framed, pdf_problem, render_card, render_card_pdf
from policy_sim.publish.check import Finding, check, refuse_broken
from policy_sim.publish.conformity import Conformity, conform
from policy_sim.publish.difference import PolicyDifference, Step, difference
from policy_sim.publish.engines import ENGINES
from policy_sim.publish.files import (
    FORMATS,
    ReadFile,
    export_policy,
    import_policy,
    read_file,
    render,
    vocabulary_of,
)
from policy_sim.publish.publication import publish, write_file

__all__ = [
    "ENGINES",
    "FORMATS",
    "PAPERS",
    "Conformity",
    "Finding",
    "PolicyDifference",
    "ReadFile",
    "Step",
    "approve",
    "check",
    "conform",
    "difference",
    "export_policy",
    "framed",
    "import_policy",
    "pdf_problem",
    "publish",
    "read_file",
    "refuse_broken",
    "render",
    "render_card",
    "render_card_pdf",
    "vocabulary_of",
    "write_file",
]
