"""Policies as files that other tools read."""

from policy_sim.publish.approval import approve
from policy_sim.publish.card import PAPERS, framed, pdf_problem, render_card, render_card_pdf
from policy_sim.publish.changes import Change, PolicyChanges, policy_changes
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
from policy_sim.publish.folder import contradiction, format_of_published, load_versions, published_name
from policy_sim.publish.publication import publish, write_file
from policy_sim.publish.spreadsheet import render_cases_csv, render_cases_xlsx

__all__ = [
    "ENGINES",
    "FORMATS",
    "PAPERS",
    "Change",
    "Conformity",
    "Finding",
    "PolicyChanges",
    "PolicyDifference",
    "ReadFile",
    "Step",
    "approve",
    "check",
    "conform",
    "contradiction",
    "difference",
    "export_policy",
    "format_of_published",
    "framed",
    "import_policy",
    "load_versions",
    "pdf_problem",
    "policy_changes",
    "publish",
    "published_name",
    "read_file",
    "refuse_broken",
    "render",
    "render_card",
    "render_card_pdf",
    "render_cases_csv",
    "render_cases_xlsx",
    "vocabulary_of",
    "write_file",
]
