"""Journey kernels: the loop over customers and their purchases, compiled.

In: arrays made by `journey`. Out: sums by month. Left to others: where rates and answers come from, what sums mean.

All compiled functions stand in this file, since numba's cache only notices changes of the file that a function is in.
A customer's random numbers are hashed from seed, customer and number of the purchase, so that two policies meet the
same ones purchase by purchase, whatever happened before. Time is needed per purchase, not per month.
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
_PURCHASES, _FAILURES, _SECOND, _LOST, _LEFT, _MARGIN = (
    SUMS.index(name) for name in ("purchases", "failures", "second_failures", "lost", "left", "margin")
)

#: What a case brings, in the order of the last axis of the tables: the chance (0-1) that the customer stays who would
#: have stayed without a failure, the factor on what they spend from then on, money, customers won by word of mouth,
#: minutes.
ANSWERS = (
    "chance_kept",
    "spend_multiplier",
    "remedy_cost",
    "labour",
    "learned_claiming",
    "word_of_mouth",
    "supervisor_minutes",
)
_KEPT, _SPEND = (ANSWERS.index(name) for name in ("chance_kept", "spend_multiplier"))
#: What is summed as it stands in the answers: where it begins there and among the sums, and how many there are.
_ADDED = tuple(name for name in ANSWERS if name in SUMS)
assert ANSWERS[-len(_ADDED) :] == SUMS[-len(_ADDED) :] == _ADDED
_FROM, _TO, _COUNT = ANSWERS.index(_ADDED[0]), SUMS.index(_ADDED[0]), len(_ADDED)

#: Earlier failures of a customer beyond this number make no further difference.
MOST_PRIOR = 3

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11, _S32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11), np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_UNIT_53, _UNIT_32 = 2.0**-53, 2.0**-32


class Buyers(NamedTuple):
    """Customers at the start; arrays (customers,).

    Attributes
    ----------
    rate
        Purchases a month, above 0.
    leaving
        Chance (0-1) to leave after a purchase.
    margin
        Of a purchase, money.
    prior
        Earlier failures.
    case
        The case that a customer begins with; -1 for none.
    """

    rate: Floats
    leaving: Floats
    margin: Floats
    prior: NDArray[np.int64]
    case: NDArray[np.int64]


@numba.njit(cache=True, nogil=True, inline="always")
def _mix(z: np.uint64) -> np.uint64:
    """Return 64 pseudo-random bits: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
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
        (2, prior failures, cases, answers): under the policy, and under the one that decides once the budget is spent.
    share
        (months,) share (0-1) of the cases that are decided before the budget is spent.
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
                # the purchase has gone wrong
                luck = _mix(state ^ _MIX_1)
                which = 0 if (luck >> _S32) * _UNIT_32 < share[month] else 1
                level = min(prior, MOST_PRIOR)
                out[month, _FAILURES] += 1.0
                if prior > 0:
                    out[month, _SECOND] += 1.0
                for k in range(_COUNT):
                    out[month, _TO + k] += answers[which, level, case, _FROM + k]
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
