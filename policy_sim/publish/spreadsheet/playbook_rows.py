"""Playbook rows: a rule of the playbook as a person wrote it into a row of a policy's table.

In: the cells of a row by the names of their columns. Out: the rule as it stands in policy files, checked.
Left to others: the other rows (`reading`), what there is to give (`policy`, which asks the scenario).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from policy_sim.border import InputError, parse_model, unknown
from policy_sim.cells import read_number, shortened
from policy_sim.policy import PlaybookRule
from policy_sim.publish.spreadsheet.layout import ANY, END_SIGNS, NOTHING, end_column, unmarked
from policy_sim.words import RULE_FACTS

__all__ = ["read_rule"]

_CONDITION = re.compile(r"([a-z][a-z0-9_ ]*?)\s*(>=|<=|=>|==|=|<|>)\s*(\S.*)", re.IGNORECASE)


def read_rule(row: Mapping[str, Any], failure: str, place: str, has_commas: bool) -> dict[str, Any]:
    """Return a rule as it stands in policy files.

    Parameters
    ----------
    row
        Cells: either a column for each end of a stretch (a workbook), or all of them in the column when (CSV).
    failure
        What the rule is for.
    place
        The row, for messages.
    has_commas
        Whether a comma may stand before decimals.

    Raises
    ------
    InputError
        If a cell cannot be read, or the rule makes no sense.
    """
    when = _conditions(str(row.get("when", "")), place, has_commas)
    for fact in RULE_FACTS:
        for end in END_SIGNS:
            column = end_column(fact, end)
            if str(row.get(column, "")).strip():
                when.setdefault(fact, {})[end] = read_number(row[column], f"{place}, {column}", has_commas)
    given = _names(row.get("give", ""))
    if not given:
        raise InputError(f"{place}: the column give is empty; write what to give, or {NOTHING}")
    rule = {
        "failure": failure,
        "when": when,
        "asks": [name for name in _names(row.get("asks", "")) if name != ANY],
        "give": [] if given == [NOTHING] else given,
        "why": unmarked(str(row.get("why", ""))),
    }
    parse_model(PlaybookRule, rule, place)
    return rule


def _conditions(text: str, place: str, has_commas: bool) -> dict[str, dict[str, float]]:
    """Return what CSV says in one cell: "item_price >= 20 and item_price < 45"."""
    when: dict[str, dict[str, float]] = {}
    for part in re.split(r"\s+and\s+", unmarked(text.strip()), flags=re.IGNORECASE) if text.strip() else ():
        condition = _CONDITION.fullmatch(part.strip())
        if condition is None or condition[2] not in END_SIGNS.values():
            raise InputError(
                f"{place}, when: {shortened(part)} is no condition; write them as: item_price >= 20 and item_price < 45"
            )
        fact, sign, number = condition[1].strip().lower().replace(" ", "_"), condition[2], condition[3]
        if fact not in RULE_FACTS:
            raise unknown("fact", fact, list(RULE_FACTS), f"{place}, when")
        end = next(end for end, known in END_SIGNS.items() if known == sign)
        if end in when.setdefault(fact, {}):
            raise InputError(f"{place}, when: {fact} has {sign} twice; keep one of them")
        when[fact][end] = read_number(number, f"{place}, when, {fact} {sign}", has_commas)
    return when


def _names(cell: object) -> list[str]:
    """Return names that stand in a cell, joined by + or commas."""
    parts = re.split(r"[+,]", unmarked(str(cell).strip()))
    return [part.strip().lower().replace(" ", "_") for part in parts if part.strip()]
