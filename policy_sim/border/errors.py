"""Errors: what is wrong with somebody's input, in one line that any terminal can show.

In: what is wrong, in words. Out: `InputError`, with the nearest valid name. Left to others: finding out (`guard`).
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

__all__ = ["InputError", "check_at_least", "check_finite", "nearest", "not_installed", "one_line", "unknown"]

#: Of a word, and of a line: more tells nobody anything, and may be a whole file.
_LONGEST_WORD, _LONGEST_LINE = 200, 8_000
#: Of names: how many are listed, and how many, and how long ones, are compared.
_MOST_LISTED, _MOST_COMPARED, _LONGEST_COMPARED = 200, 2_000, 100
#: What ends lines, moves the cursor, colours the screen or turns the direction of writing.
_UNSAFE = ("Cc", "Cs", "Zl", "Zp")
_TURNING = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


class InputError(ValueError):
    """Input cannot be used; the message is one line: what, where, what was found, what was expected, how to mend it.

    What a screen would not show as it is (line ends, escape codes) is shown escaped; very long words are cut.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(_cut(one_line(str(message))))


def one_line(text: str) -> str:
    r"""Return text with line ends, escape codes and the like escaped: a\nb, \x1b[31m."""
    if text.isprintable():
        return text
    return "".join(_escaped(sign) if _is_unsafe(sign) else sign for sign in text)


def nearest(name: object, valid: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the closest valid name, or an empty text where none is close."""
    wanted = str(name)
    if len(wanted) > _LONGEST_COMPARED:
        return ""
    valid = [candidate for candidate in valid if len(candidate) <= _LONGEST_COMPARED][:_MOST_COMPARED]
    begun = [candidate for candidate in valid if wanted and candidate.startswith(wanted)]
    close = begun or difflib.get_close_matches(wanted, valid, n=1, cutoff=0.5)
    return f" (did you mean '{close[0]}'?)" if close else ""


def unknown(kind: str, name: object, valid: Sequence[str], where: str = "") -> InputError:
    """Build the error for a name that is not among the valid ones, with the nearest one suggested."""
    place = f" ({where})" if where else ""
    listed = ", ".join(valid[:_MOST_LISTED])
    more = f" and {len(valid) - _MOST_LISTED:,} more" if len(valid) > _MOST_LISTED else ""
    return InputError(f"unknown {kind} '{name}'{nearest(name, valid)}; expected one of: {listed}{more}{place}")


def not_installed(what: str, extra: str, otherwise: str = "") -> InputError:
    """Build the error for a part that is an extra and is not there; `otherwise` is another way out, if there is one."""
    return InputError(
        f"{what} is not installed; install it, in a clone of the project, with: pip install '.[{extra}]'{otherwise}"
    )


def check_at_least(least: int, words: str, value: int, option: str) -> None:
    """Raise `InputError` where a number is too small; `option` names the one of the command line that sets it."""
    if value < least:
        raise InputError(f"{words} is {value}; it must be {least} or more ({option})")


def check_finite(words: str, value: float, least: float, most: float, option: str) -> None:
    """Raise `InputError` where a number is none, or lies outside [least, most]; `option` names the one that sets it."""
    if not (math.isfinite(value) and least <= value <= most):
        raise InputError(f"{words} is {value:g}; it must be a number from {least:,g} to {most:,g} ({option})")


def _is_unsafe(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSAFE or sign in _TURNING


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape", "surrogatepass").decode("ascii")


def _cut(line: str) -> str:
    line = re.sub(rf"[^\s'\",;()]{{{_LONGEST_WORD + 1},}}", _cut_word, line)
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE // 2]} ... {line[-_LONGEST_LINE // 2 :]}"


def _cut_word(word: re.Match[str]) -> str:
    text = word[0]
    return f"{text[:100]}...({len(text):,} characters)...{text[-60:]}"
