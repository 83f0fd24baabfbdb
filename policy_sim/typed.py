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
_RATIO = "ratio"
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


def read_typed(text: str, unit: str, example: tuple[float, float] | None = None) -> Typed:
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
    example
        A range that would do, in that unit, for messages.

    Returns
    -------
    Typed
        A share as 0-1.

    Raises
    ------
    InputError
        If it says neither, is below 0, not finite, of another unit, falls, or is a share above 1.
    """
    plain, wanted = " ".join(text.replace("−", "-").split()), _wanted(unit, example)
    if not plain or len(plain) > _LONGEST:
        fault = f"'{plain[:20]}…' is too long" if plain else "nothing is typed"
        raise InputError(f"{fault}; {wanted}")
    sides = _sides(plain)
    if not sides:
        raise _refused(plain, wanted)
    strange = next((side for side in sides if _is_of_another_unit(side, unit)), None)
    if strange:
        raise InputError(f"'{strange[0].strip()}' has another unit than this has; {wanted}")
    amounts = [Decimal(side["number"].replace(",", "")) for side in sides]
    is_marked = any(side["behind"].strip().lower() in _PERCENT for side in sides)
    values, without_sign = _in_unit(amounts, is_marked, unit)
    if unit.startswith("share") and max(values) > 1:
        raise InputError(f"'{plain}' is above 100%, but this is a share; {wanted}")
    for side, value in zip(sides, values, strict=True):
        if not isfinite(value):
            raise InputError(f"'{side[0].strip()}' is too large; it must be a finite number")
        if value < 0:
            raise InputError(f"'{side[0].strip()}' is below 0; {wanted}")
    low, high = values[0], values[-1]
    if len(sides) > 1 and low == high:
        raise InputError(f"'{plain}' has the same number twice; for one number type {typed_text(low, low, unit)}")
    if low > high:
        raise InputError(f"'{plain}' falls; type {typed_text(high, low, unit)}")
    return Typed(low, high, without_sign)


def typed_text(low: float, high: float, unit: str) -> str:
    """Return a number, or a range, as `read_typed` reads it back to the same: "7%", "$1,200", "5 to 9", "2 times"."""
    ends = (low,) if low == high else (low, high)
    return " to ".join(_text(end, unit) for end in ends) + (" times" if unit.startswith(_RATIO) else "")


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


def _is_of_another_unit(side: re.Match[str], unit: str) -> bool:
    """Whether a number has a mark of another unit than it is read for: a currency, a percent sign, a word."""
    before, behind = side["before"].strip().upper(), side["behind"].strip().lower()
    currency = currency_of(unit)
    own = [currency_sign(currency).strip(), currency] if currency else []
    if before and before not in own:
        return True
    if behind in _PERCENT:
        return bool(before) or not unit.startswith(("share", _RATIO))
    if unit.startswith("share"):
        return bool(behind)
    words = own if currency else [unit, *unit.split()[:1]]
    known = [form for word in words for form in (word.lower(), word.lower().removesuffix("s"))]
    return bool(behind) and behind not in [*known, *(_TIMES if unit.startswith(_RATIO) else ())]


def _in_unit(amounts: list[Decimal], is_marked: bool, unit: str) -> tuple[list[float], Literal["", "share", "percent"]]:
    """Return numbers in their unit, and how a share was read that has no percent sign."""
    is_share = unit.startswith("share")
    is_in_percent = is_marked or (is_share and max(amounts) > 1)
    values = [float(amount / 100 if is_in_percent else amount) for amount in amounts]
    return values, "" if is_marked or not is_share else "percent" if is_in_percent else "share"


def _refused(text: str, wanted: str) -> InputError:
    if "," in text and any(_LOOSE_COMMA.fullmatch(word) for word in re.split(r"[^\d.,]+", text)):
        return InputError(
            f"'{text}' has a comma that does not stand before three digits; write decimals with a dot (1.5) and "
            "thousands as 1,200"
        )
    return InputError(f"'{text}' is neither a number nor a range; {wanted}")


def _wanted(unit: str, example: tuple[float, float] | None) -> str:
    """Say what would do."""
    low, high = example or ((0.05, 0.09) if unit.startswith("share") else (5, 9))
    low, high = (float(f"{end:.3g}") for end in (low, high))
    return f"expected a number or a range, for example {typed_text(high, high, unit)} or {typed_text(low, high, unit)}"


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
