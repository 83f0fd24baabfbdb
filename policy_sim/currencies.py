"""Currencies: how many decimals each has, its sign, and an amount as people write it.

In: a currency by its code (ISO 4217), an amount. Out: a count of decimals, short texts; light to import.
Left to others: how other numbers are written (`show.wording`), reading amounts (`orders`, `cells`).
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["AMOUNTS_A_YEAR", "SIGNED_CURRENCIES", "amount_words", "currency_sign", "decimals_of"]

#: How many decimals the smallest amount of a currency has, where that is not 2 (ISO 4217).
_WHOLE = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
_THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_DECIMALS: Mapping[str, int] = {**dict.fromkeys(_WHOLE, 0), **dict.fromkeys(_THOUSANDTHS, 3)}


#: The least and the most that a budget may be, or another amount a year that people name: nobody means less or more.
AMOUNTS_A_YEAR = (0.01, 1e15)


def decimals_of(currency: str) -> int:
    """Return how many decimals the smallest amount of a currency has: 2 for USD, 0 for JPY, 3 for KWD."""
    return _DECIMALS.get(currency, 2)


#: What stands before an amount, by currency; before any other stands its code and a blank.
_SIGNS: Mapping[str, str] = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
#: Currencies of which people know the sign.
SIGNED_CURRENCIES = tuple(_SIGNS)


def currency_sign(currency: str) -> str:
    """Return what stands before an amount: "$", "KRW "."""
    return _SIGNS.get(currency, f"{currency} ")


def amount_words(amount: float, currency: str) -> str:
    """Return an amount of money as people write it: "$25", "$11.47", "KRW 4,500"."""
    places = max(decimals_of(currency), 2)
    return f"{currency_sign(currency)}{amount:,.{places}f}".removesuffix("." + places * "0")
