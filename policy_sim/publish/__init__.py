"""Policies as files that other tools read."""

from policy_sim.publish.card import PAPERS, render_card, render_card_pdf
from policy_sim.publish.files import (
    FORMATS,
    ReadFile,
    export_policy,
    import_policy,
    publish,
    read_file,
    render,
    vocabulary_of,
    write_file,
)

__all__ = [
    "FORMATS",
    "PAPERS",
    "ReadFile",
    "export_policy",
    "import_policy",
    "publish",
    "read_file",
    "render",
    "render_card",
    "render_card_pdf",
    "vocabulary_of",
    "write_file",
]
