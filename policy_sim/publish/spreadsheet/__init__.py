"""A policy as the table that an operations manager edits."""

from policy_sim.publish.spreadsheet.layout import COLUMNS
from policy_sim.publish.spreadsheet.reading import parse_csv, parse_xlsx
from policy_sim.publish.spreadsheet.writing import render_csv, render_xlsx

__all__ = ["COLUMNS", "parse_csv", "parse_xlsx", "render_csv", "render_xlsx"]
