"""Numbers: what a person wrote into a cell of a policy's table, if there is only one way to read it.

In: a cell as text, or as a spreadsheet made of it. Out: a limit as it stands in files, or a whole number.
Left to others: which cell it is (`reading`), a number of any kind (`cells`).
"""

from __future__ import annotations

import re

from policy_sim.border import InputError
from policy_sim.cells import read_number, shortened

__all__ = ["read_limit", "read_whole"]


#: Signs of a number: more are none that anybody means.
_LONGEST = 30


def read_limit(value: object, where: str, has_commas: bool) -> float | str:
    """Read a limit: a number of money, ask or no_limit; parameters and errors as for `cells.read_number`."""
    word = str(value).strip().lower().replace(" ", "_")
    return word if word in ("ask", "no_limit") else read_number(value, where, has_commas, ", ask or no_limit")


def read_whole(text: str, where: str) -> int:
    """Read a whole number of at most 15 digits.

    Raises
    ------
    InputError
        If it is none.
    """
    if not re.fullmatch(r"-?\d{1,15}", text):
        raise InputError(f"{where} is {shortened(text)}; it must be a whole number")
    return int(text)
