"""Layout: what writing and reading a policy's table agree on: columns, sheets, entries, marks for what is no number.

In: nothing. Out: names of columns and sheets; text made safe for a spreadsheet, and back. Left to others: the rows
(`writing`), what a person made of them (`reading`).
"""

from __future__ import annotations

from policy_sim.words import LIMITS

__all__ = [
    "ABOUT_SHEET",
    "ANY",
    "COLUMNS",
    "DAYS",
    "DAY_NOTE",
    "FORMULA_SIGNS",
    "GUARD_SHEET",
    "LIFE",
    "LIMIT_SHEET",
    "RULES",
    "is_marked",
    "marked_safe",
    "unmarked",
]

#: What a row is: the general limits of a tier, an exception, a guard, or an entry about the policy.
RULES = ("general", "exception", "guard", "about")
#: Columns of the one table that CSV holds, and of the sheets that a workbook cuts it into.
COLUMNS = ("rule", "tier", "failure", "segment", *LIMITS, "fact", "at_least", "straight_to", "about", "value", "note")
LIMIT_SHEET = ("Limits", ("rule", "tier", "failure", "segment", *LIMITS, "note"))
GUARD_SHEET = ("Guards", ("fact", "at_least", "straight_to", "note"))
ABOUT_SHEET = ("About", ("about", "value", "note"))
#: In the columns failure and segment: whichever.
ANY = "any"

#: Entries about the policy itself, in order; besides these come its provenance and its seal.
LIFE = (
    "name",
    "title",
    "currency",
    "version",
    "owner",
    "status",
    "effective_from",
    "effective_until",
    "approved_by",
    "approved_on",
)
#: Entries that are days, and what follows a day, so that no spreadsheet takes it for a date of its own.
DAYS = ("effective_from", "effective_until", "approved_on")
DAY_NOTE = " (year-month-day)"

#: What begins a formula to a spreadsheet, if a cell begins with it.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
#: The same, and the apostrophe that we put before it.
_RISKY = (*FORMULA_SIGNS, "'")


def marked_safe(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would take for a formula, or that begins with one itself."""
    return f"'{text}" if text.startswith(_RISKY) else text


def unmarked(text: str) -> str:
    """Take off the apostrophe that `marked_safe` put there."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_RISKY) else text


def is_marked(name: str) -> bool:
    """Tell whether an entry of the provenance is written behind its name and a colon.

    A spreadsheet would take these for numbers: a version 0.1, a fingerprint 1234e567.
    """
    return name.endswith(("fingerprint", "version"))
