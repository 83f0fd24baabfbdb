"""A policy as the table that an operations manager edits; cases as a table that a spreadsheet opens."""

from policy_sim.publish.spreadsheet.case_rows import render_cases_csv, render_cases_xlsx
from policy_sim.publish.spreadsheet.layout import COLUMNS
from policy_sim.publish.spreadsheet.reading import parse_csv, parse_xlsx
from policy_sim.publish.spreadsheet.writing import render_csv, render_xlsx

__all__ = [
    "COLUMNS",
    "parse_csv",
    "parse_xlsx",
    "render_cases_csv",
    "render_cases_xlsx",
    "render_csv",
    "render_xlsx",
]
