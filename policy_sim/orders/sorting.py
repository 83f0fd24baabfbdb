"""Sorting: what reading a log of millions of rows needs to be fast.

In: arrays of whole numbers or texts. Out: their order, and where in a sorted array a run of equal values begins.
Left to others: what the values are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["begins_run", "order_of_texts", "sorted_with_places"]

Places = NDArray[np.intp]

_AT_ONCE = 1_000_000


def sorted_with_places(key: NDArray[np.int64]) -> tuple[NDArray[np.int64], Places]:
    """Return numbers from 0 up in ascending order, and where each of them stood; equal ones keep their order."""
    if int(key.max()) >= 2**63 // key.size - 1:
        order = np.argsort(key, kind="stable")
        return key[order], order
    # numbers are sorted much faster than their places, so each carries its place along
    combined = key * key.size
    combined += np.arange(key.size)
    combined.sort()
    in_order = combined // key.size
    for first in range(0, key.size, _AT_ONCE):  # in place: there may be tens of millions
        part = slice(first, first + _AT_ONCE)
        combined[part] -= in_order[part] * key.size
    return in_order, combined


def order_of_texts(texts: NDArray[np.str_]) -> Places:
    """Return the positions of the texts in ascending order."""
    # numbers are sorted much faster than texts, so the texts are sorted first by a number made of as many leading
    # characters as fit into one, which leaves little to compare
    characters = texts.view(np.uint32).reshape(texts.size, -1).T
    number, room = np.zeros(texts.size, dtype=np.int64), 2**62
    for character in characters.astype(np.min_scalar_type(characters.max()), order="C"):
        span = int(character.max()) - int(character.min()) + 1
        if span > room:
            break
        number = number * span + (character - character.min())
        room //= span
    else:
        return np.argsort(number)  # it holds the whole texts
    order = np.argsort(number)
    return order[np.argsort(texts[order], kind="stable")]


def begins_run(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return for each value whether it differs from the one before it; the first one does, and of nothing, True."""
    return np.append(True, values[1:] != values[:-1])
