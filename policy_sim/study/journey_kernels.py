"""Journey kernels: the loop over customers and their purchases, compiled.

In: arrays made by `journey`. Out: sums by month. Left to others: where rates and answers come from, what it all means.

All that it compiles stands here: numba's cache only notices changes of the file a function is in. A customer's random
numbers are hashed from seed, customer and number of the purchase, so that two policies meet the same luck purchase by
purchase, whatever happened before; and a customer costs time by the purchase, not by the month.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["ANSWERS", "MOST_PRIOR", "SUMS", "Buyers", "follow"]

Floats = NDArray[np.float64]

#: What is summed by month, in the order of the columns.
SUMS = (
    "purchases",
    "failures",
    "second_failures",
    "lost",
    "left",
    "margin",
    "remedy_cost",
    "labour",
    "learned_claiming",
    "word_of_mouth",
    "supervisor_minutes",
)
(_PURCHASES, _FAILURES, _SECOND, _LOST, _LEFT, _MARGIN, _REMEDY, _LABOUR, _LEARNED, _MOUTH, _MINUTES) = range(11)

#: What a case comes to, last axis of the tables: chance to stay, what is spent from then on, money, newcomers, minutes.
ANSWERS = (
    "kept",
    "spend_multiplier",
    "remedy_cost",
    "labour",
    "learned_claiming",
    "word_of_mouth",
    "supervisor_minutes",
)
(_KEPT, _SPEND) = range(2)

#: Failures before, up to which they make a difference.
MOST_PRIOR = 3

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11, _S32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11), np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_UNIT_53, _UNIT_32 = 2.0**-53, 2.0**-32


class Buyers(NamedTuple):
    """Customers: purchases a month, chance to leave after one, margin of one, failures before, case at the start.

    Arrays (customers,); `case` is -1 where nothing has gone wrong at the start.
    """

    rate: Floats
    leaving: Floats
    margin: Floats
    prior: NDArray[np.int64]
    case: NDArray[np.int64]


@numba.njit(cache=True, nogil=True, inline="always")
def _mix(z: np.uint64) -> np.uint64:
    """Return 64 bits that look random (Steele, Lea and Flood 2014)."""
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def follow(
    buyers: Buyers,
    failing: float,
    answers: Floats,
    share: Floats,
    seed: int,
    first: int,
    last: int,
    out: Floats,
) -> None:
    """Add what customers do month by month to out (months, sums).

    Parameters
    ----------
    failing
        Share (0-1) of purchases that go wrong.
    answers
        (2, prior failures, cases, answers) under the policy, and under the one that holds once the budget is spent.
    share
        (months,) of the cases that come before the budget is spent.
    seed
        Of the random numbers.
    first, last
        Customers to follow.
    """
    months = out.shape[0]
    cases = answers.shape[2]
    horizon = float(months)
    for i in range(first, last):
        state = _mix(np.uint64(seed) * _MIX_2 + np.uint64(i + 1) * _GOLDEN)
        time = 0.0
        margin = buyers.margin[i]
        prior = buyers.prior[i]
        scale = 1.0 / buyers.rate[i]
        leaving = buyers.leaving[i]
        case = buyers.case[i]
        month = 0
        while True:
            if case >= 0:
                # where it goes wrong
                luck = _mix(state ^ _MIX_1)
                which = 0 if (luck >> _S32) * _UNIT_32 < share[month] else 1
                level = min(prior, MOST_PRIOR)
                out[month, _FAILURES] += 1.0
                if prior > 0:
                    out[month, _SECOND] += 1.0
                for k in range(5):
                    out[month, _REMEDY + k] += answers[which, level, case, _SPEND + 1 + k]
                if (luck & _LOW) * _UNIT_32 >= answers[which, level, case, _KEPT]:
                    out[month, _LOST] += 1.0
                    break
                margin *= answers[which, level, case, _SPEND]
                prior += 1
            state += _GOLDEN
            bits = _mix(state)
            time -= math.log(((bits >> _S11) + 0.5) * _UNIT_53) * scale
            if time >= horizon:
                break
            month = int(time)
            out[month, _PURCHASES] += 1.0
            out[month, _MARGIN] += margin
            bits = _mix(bits ^ _MIX_2)
            if (bits & _LOW) * _UNIT_32 < leaving:
                out[month, _LEFT] += 1.0
                break
            chance = (bits >> _S32) * _UNIT_32
            case = int(chance / failing * cases) if chance < failing else -1
