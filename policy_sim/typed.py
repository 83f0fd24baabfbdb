"""Typed: a number or a range as people type it: 7, 7%, $7, 1,200, 5 to 9, 5-9, 5..9.

In: a text, and the unit of what it says. Out: `Typed`, or one line that says what is wrong; a number or a range as
text. Left to others: what becomes of an assumption by it (`changing`), how other numbers are read (`cells`, `orders`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Literal

from policy_sim.border import InputError
from policy_sim.currencies import currency_sign

__all__ = ["Typed", "currency_of", "read_typed", "typed_text"]

#: Letters that a number or a range may take.
_LONGEST = 60
_DIGITS = r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+"
#: A number, with a currency before or a percent sign, a currency or a unit behind it.
_AMOUNT = re.compile(
    rf"(?P<before>[^\d\s.,+%-]{{0,3}})\s*(?P<number>[+-]?(?:{_DIGITS})(?:[eE][+-]?\d{{1,3}})?)"
    r"\s*(?P<behind>(?!\d)[^\d.,+-]*)",
    re.ASCII,
)
#: Digits with commas, of which one does not stand before three digits: what is meant, nobody can tell.
_LOOSE_COMMA = re.compile(r"[\d.]*,[\d.,]*", re.ASCII)
#: What stands between the ends of a range, but for a hyphen.
_BETWEEN = re.compile(r"\s*(?:\.{2,3}|…|[–—]|(?<![a-z])to(?![a-z]))\s*", re.IGNORECASE)
#: Money has two decimals, or none.
_ONE_DECIMAL = re.compile(r"(?<=\.\d)$")
_PERCENT = ("%", "percent", "per cent")
_TIMES = ("times", "x", "×")
#: Below and from here on a number is written with an exponent.
_SMALL, _LARGE = 1e-6, 1e13


@dataclass(frozen=True)
class Typed:
    """A number, or a range, that somebody typed, in the unit that it was read for.

    Attributes
    ----------
    low, high
        The ends; the same where one number was typed.
    without_sign
        How a share was read that has no percent sign: as a "share" where it is at most 1 (0.07 is 7%), else in
        "percent" (7 is 7%); nothing where it has one, and for what is no share.
    """

    low: float
    high: float
    without_sign: Literal["", "share", "percent"] = ""

    @property
    def is_range(self) -> bool:
        """Whether it is more than one number."""
        return self.low < self.high


def read_typed(text: str, unit: str) -> Typed:
    """Read a number or a range.

    Decimals have a dot; commas may stand before three digits. A range is two numbers with `to`, `-`, `..` or a dash
    between them. Of a share, numbers are percent where one has a percent sign or is above 1 ("7%", "5 to 9%", "7"),
    and shares of one else ("0.07"). Money may have its sign or code, other numbers the first word of their unit.

    Parameters
    ----------
    text
        As it was typed.
    unit
        As scenarios have it: "share of item price", "USD per parcel", "hours".

    Returns
    -------
    Typed
        A share as 0-1.

    Raises
    ------
    InputError
        If it says neither, is below 0, not finite, of another unit, falls, or is a share above 1.
    """
    plain = " ".join(text.replace("−", "-").split())
    if not plain or len(plain) > _LONGEST:
        found = f"'{plain[:20]}…' is too long" if plain else "nothing is typed"
        raise InputError(f"{found}; expected {_expected(unit)}")
    sides = _sides(plain)
    if not sides:
        raise _refused(plain, unit)
    marks = [_mark_of(side, unit) for side in sides]
    amounts = [Decimal(side["number"].replace(",", "")) for side in sides]
    values, without_sign = _in_unit(amounts, marks, plain, unit)
    for side, value in zip(sides, values, strict=True):
        if not isfinite(value):
            raise InputError(f"'{side[0].strip()}' is too large; it must be a finite number")
        if value < 0:
            raise InputError(f"'{side[0].strip()}' is below 0; expected {_expected(unit)}")
    low, high = values[0], values[-1]
    if len(sides) > 1 and low == high:
        raise InputError(f"'{plain}' has the same number twice; for one number type {typed_text(low, low, unit)}")
    if low > high:
        raise InputError(f"'{plain}' falls; type {typed_text(high, low, unit)}")
    return Typed(low, high, without_sign)


def typed_text(low: float, high: float, unit: str) -> str:
    """Return a number, or a range, as `read_typed` reads it back to the same: "7%", "$1,200", "5 to 9"."""
    ends = (low,) if low == high else (low, high)
    return " to ".join(_text(end, unit) for end in ends)


def currency_of(unit: str) -> str:
    """Return the currency of a unit of money: "USD" of "USD per parcel"; nothing for any other unit."""
    return unit[:3] if re.match(r"[A-Z]{3}(?![^ ])", unit) else ""


def _sides(text: str) -> list[re.Match[str]]:
    """Return the number, or both ends of the range, that a text says; nothing where it says neither."""
    parts = _BETWEEN.split(text)
    if len(parts) == 1 and not _AMOUNT.fullmatch(text):
        hyphens = [place.start() for place in re.finditer("-", text)]
        halves = ([text[:k].rstrip(), text[k + 1 :].lstrip()] for k in hyphens)
        parts = next((half for half in halves if all(map(_AMOUNT.fullmatch, half))), parts)
    sides = [_AMOUNT.fullmatch(part) for part in parts]
    return [side for side in sides if side] if len(sides) <= 2 and all(sides) else []


def _mark_of(side: re.Match[str], unit: str) -> str:
    """Return "%" where a number has a percent sign, nothing where it has none.

    Raises
    ------
    InputError
        If it has a mark of something else than its unit.
    """
    before, behind = side["before"].strip(), side["behind"].strip().lower()
    currency = currency_of(unit)
    own = [currency_sign(currency).strip(), currency] if currency else []
    if before and before.upper() not in own:
        raise _other_unit(side[0], unit)
    if behind in _PERCENT:
        if before or not unit.startswith(("share", "ratio")):
            raise _other_unit(side[0], unit)
        return "%"
    words = [unit.lower(), *unit.lower().split()[:1]] if not currency else [word.lower() for word in own]
    words += [word.removesuffix("s") for word in words] + [*_TIMES] * unit.startswith("ratio")
    if behind and (unit.startswith("share") or behind not in words):
        raise _other_unit(side[0], unit)
    return ""


def _in_unit(
    amounts: list[Decimal], marks: list[str], text: str, unit: str
) -> tuple[list[float], Literal["", "share", "percent"]]:
    """Return numbers in their unit, and how a share was read that has no percent sign."""
    is_share, is_marked = unit.startswith("share"), "%" in marks
    is_in_percent = is_marked or (is_share and max(amounts) > 1)
    if is_in_percent:
        amounts = [amount / 100 for amount in amounts]
    if is_share and max(amounts) > 1:
        raise InputError(f"'{text}' is above 100%, but this is a share; expected {_expected(unit)}")
    return [float(amount) for amount in amounts], (
        "" if is_marked or not is_share else "percent" if is_in_percent else "share"
    )


def _refused(text: str, unit: str) -> InputError:
    if "," in text and any(_LOOSE_COMMA.fullmatch(word) for word in re.split(r"[^\d.,]+", text)):
        return InputError(
            f"'{text}' has a comma that does not stand before three digits; write decimals with a dot (1.5) and "
            "thousands as 1,200"
        )
    return InputError(f"'{text}' is neither a number nor a range; expected {_expected(unit)}")


def _other_unit(text: str, unit: str) -> InputError:
    """Build the error for a number with a mark of another unit."""
    return InputError(f"'{text.strip()}' has another unit than this has; expected {_expected(unit)}")


def _expected(unit: str) -> str:
    low, high = (0.05, 0.09) if unit.startswith("share") else (5, 9)
    return f"a number or a range, for example {typed_text(high, high, unit)} or {typed_text(low, high, unit)}"


def _text(value: float, unit: str) -> str:
    number = Decimal(repr(float(value)))
    if unit.startswith("share"):
        return f"{_digits(number * 100)}%"
    currency, digits = currency_of(unit), _digits(number)
    if not currency:
        return digits
    return f"{currency_sign(currency)}{re.sub(_ONE_DECIMAL, '0', digits)}"


def _digits(number: Decimal) -> str:
    if number and not _SMALL <= number < _LARGE:
        return str(number.normalize())
    digits = f"{number:,f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
