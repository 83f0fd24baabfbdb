"""Layout: what writing and reading a policy's table agree on: columns, sheets, entries, marks for what is no number.

In: nothing. Out: names of columns and sheets; text made safe for a spreadsheet, and back. Left to others: the rows
(`writing`), what a person made of them (`reading`).
"""

from __future__ import annotations

from policy_sim.words import LIMITS, RULE_FACTS

__all__ = [
    "ABOUT_SHEET",
    "ANY",
    "COLUMNS",
    "CSV_PLAYBOOK",
    "DAYS",
    "DAY_NOTE",
    "END_SIGNS",
    "FORMULA_SIGNS",
    "GUARD_SHEET",
    "LIFE",
    "LIMIT_SHEET",
    "NOTHING",
    "PLAYBOOK_SHEET",
    "RESOLUTION_SHEET",
    "RULES",
    "csv_columns",
    "end_column",
    "is_marked",
    "marked_safe",
    "unmarked",
]

#: What a row is: the general limits of a tier, an exception, a guard, a rule of the playbook, an entry about all of it.
RULES = ("general", "exception", "guard", "playbook", "about")
#: Columns of the one table that CSV holds, and of the sheets that a workbook cuts it into.
COLUMNS = ("rule", "tier", "failure", "segment", *LIMITS, "fact", "at_least", "straight_to", "about", "value", "note")
#: What CSV has besides where the policy has a playbook; a file may lack them.
CSV_PLAYBOOK = ("when", "asks", "give", "why")
#: How the column when says the ends of a stretch.
END_SIGNS = {"at_least": ">=", "below": "<"}
LIMIT_SHEET = ("Limits", ("rule", "tier", "failure", "segment", *LIMITS, "note"))
GUARD_SHEET = ("Guards", ("fact", "at_least", "straight_to", "note"))
ABOUT_SHEET = ("About", ("about", "value", "note"))
#: In the columns failure, segment and asks: whichever.
ANY = "any"
#: In the column give: nothing.
NOTHING = "nothing"

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


def csv_columns(has_playbook: bool) -> tuple[str, ...]:
    """Return the columns of CSV: without a playbook those that there always were."""
    place = COLUMNS.index("about")
    return (*COLUMNS[:place], *CSV_PLAYBOOK, *COLUMNS[place:]) if has_playbook else COLUMNS


def end_column(fact: str, end: str) -> str:
    """Return the column of the sheet Playbook for one end ("at_least", "below") of the stretch of a fact."""
    return f"{fact}_{end}"


_ENDS = tuple(end_column(fact, end) for fact in RULE_FACTS for end in ("at_least", "below"))
PLAYBOOK_SHEET = ("Playbook", ("failure", *_ENDS, "asks", "give", "why", "note"))
#: What may stand in the column give, for each failure, as it was at export.
RESOLUTION_SHEET = ("What can be given", ("failure", "give", "in words"))


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
