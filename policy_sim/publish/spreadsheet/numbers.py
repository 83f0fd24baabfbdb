"""Numbers: what a person wrote into a cell, read as a number if there is only one way to read it.

In: a cell as text, or as a spreadsheet made of it. Out: a number, or a limit as it stands in files.
Left to others: which cell it is (`reading`).
"""

from __future__ import annotations

import math
import re

from policy_sim.border import InputError

__all__ = ["read_limit", "read_number", "read_whole", "shortened"]


#: Signs of a number: more are none that anybody means.
_LONGEST = 30


def read_limit(value: object, where: str, has_commas: bool) -> float | str:
    """Read a limit: a number of money, ask or no_limit; parameters and errors as for `read_number`."""
    word = str(value).strip().lower().replace(" ", "_")
    return word if word in ("ask", "no_limit") else read_number(value, where, has_commas)


def read_number(value: object, where: str, has_commas: bool) -> float:
    """Read a number.

    Parameters
    ----------
    value
        The cell.
    where
        Which cell it is, for messages.
    has_commas
        Whether a single comma, rather than a point, stands before decimals.

    Raises
    ------
    InputError
        If it is none, or can be read in two ways.
    """
    if isinstance(value, bool):
        raise InputError(f"{where} is {value}; it must be a number")
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise InputError(f"{where} is {value}; it must be a plain number, ask or no_limit")
        return float(value)
    text = str(value).strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("'", "")
    if text.startswith(("=", "@")):
        raise InputError(f"{where} holds the formula {shortened(value)}; put the number there instead")
    if not re.fullmatch(r"-?[\d.,]*\d", text):
        raise InputError(
            f"{where} is {shortened(value)}; it must be a plain number such as 25 or 12.50, ask or no_limit, "
            "without currency or percent sign"
        )
    points, commas = text.count("."), text.count(",")
    if points and commas:
        return _with_both(text, where)
    if len(text) > _LONGEST:
        raise InputError(f"{where} is {shortened(value)}; it must be a number of at most {_LONGEST} signs")
    if points + commas == 0:
        return float(text)
    separator, decimal = "." if points else ",", "," if has_commas else "."
    if points + commas > 1:
        if not _is_grouped(text, separator):
            raise _not_one_number(text, where)
        return float(text.replace(separator, ""))
    if separator != decimal and _is_grouped(text, separator):
        raise InputError(
            f"{where} is {shortened(text)}, which can be read as {text.replace(separator, '')} or as "
            f"{text.replace(separator, '.')}; write it without separators of thousands"
        )
    return float(text.replace(separator, "."))


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


def shortened(value: object) -> str:
    """Return a cell in quotes, cut to what fits into a message."""
    shown = repr(str(value))
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _with_both(text: str, where: str) -> float:
    """Read a number with points and commas: the last sign stands before the decimals, the others between thousands."""
    decimal = max(".,", key=text.rfind)
    thousands = "," if decimal == "." else "."
    if text.count(decimal) > 1 or not _is_grouped(text.split(decimal)[0], thousands):
        raise _not_one_number(text, where)
    return float(text.replace(thousands, "").replace(decimal, "."))


def _is_grouped(text: str, separator: str) -> bool:
    return re.fullmatch(rf"-?[1-9]\d{{0,2}}({re.escape(separator)}\d{{3}})*", text) is not None


def _not_one_number(text: str, where: str) -> InputError:
    return InputError(f"{where} is {shortened(text)}; it must be one number, such as 1234.50")
