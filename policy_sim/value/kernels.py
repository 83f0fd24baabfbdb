"""Kernels: the loops over cases, resolutions, tiers and draws, compiled.

In: arrays made by `payoffs`. Out: arrays. Left to others: names, files, intervals, what it all means.

Everything compiled stands in this one module, because numba's cache only notices changes of the file a function is in.
Sums run in a fixed order for each draw, so that results do not depend on how the draws are spread over threads.

Draws are worked on `LANES` at a time, in rows of one flat buffer: the compiler sees that no two rows overlap and that
all are as long, and so turns the loops over lanes, own exp and log included, into vector instructions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = [
    "ACTS",
    "FACTS",
    "FORMS",
    "GUIDED",
    "LANES",
    "MEASURES",
    "PER_FAILURE",
    "PER_TIER",
    "SHARED",
    "STYLES",
    "Facts",
    "Numbers",
    "Options",
    "choose",
    "curve_states",
    "expected_payoffs",
    "score_states",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: How agents choose among what is allowed, in the order of every array with a style axis.
STYLES = ("guided", "generous", "thrifty")
GUIDED = 0

#: What is summed over cases, in the order of every array with a measure axis; money but for the last two.
MEASURES = ("retained", "remedy_cost", "labour", "learned_claiming", "customers_kept", "minutes")

#: Draws worked on at a time; arrays with a draw axis are padded to a multiple of it.
LANES = 40

#: Columns of `Facts.numbers`.
FACTS = ("item_price", "severity", "hours_open", "prior_failures", "bond", "future_value")
_PRICE, _SEVERITY, _HOURS, _FAILURES, _BOND, _VALUE = range(6)
#: Linear forms in the money columns of a case, third axis of `Numbers.forms`; worth and gain are net of trouble.
FORMS = ("cost", "worth", "gain")
#: Third axis of `Numbers.acts`.
ACTS = ("minutes", "effort", "gesture")
#: Second axis of `Numbers.failures`; kappa is the logit of the churn without remedy.
PER_FAILURE = ("loss_share", "kappa", "compensation_weight", "gesture_weight", "spend_drop")
#: Second axis of `Numbers.tiers`.
PER_TIER = ("minutes", "wait_hours", "cost_per_minute", "lost_contact_share")
#: First axis of `Numbers.shared`; deterred and gained are money per customer, reach is spread times publicity.
SHARED = (
    "churn_without_failure",
    "severity_weight",
    "wait_weight",
    "effort_weight",
    "base_effort",
    "repeat_weight",
    "bond_weight",
    "over_compensation_weight",
    "paradox",
    "deterred",
    "gained",
    "future_value_factor",
    "reach",
    "temptation",
)

# Rows of the buffer, as offsets. First what is copied in, in the order of the names above ...
_ROW = LANES
(_FLOOR, _SEVERE, _WAIT, _EFFORT, _BASE_EFFORT, _REPEAT, _BONDED, _OVER, _PARADOX, _DETERRED) = range(
    0, 10 * _ROW, _ROW
)
(_GAINED, _FACTOR, _REACH, _TEMPTATION) = range(10 * _ROW, 14 * _ROW, _ROW)
(_LOSS, _KAPPA, _COMPENSATION, _GESTURE_WEIGHT, _DROP) = range(14 * _ROW, 19 * _ROW, _ROW)
(_TIER_MINUTES, _TIER_HOURS, _TIER_RATE, _TIER_LOST) = range(19 * _ROW, 23 * _ROW, _ROW)
(_AGENT_MINUTES, _AGENT_RATE, _ACT_MINUTES, _ACT_EFFORT, _ACT_GESTURE) = range(23 * _ROW, 28 * _ROW, _ROW)
# ... then what is worked out: money forms; what holds for a case at a tier; the six measures
(_COST, _WORTH, _GAIN) = range(28 * _ROW, 31 * _ROW, _ROW)
(_PLAIN, _VALUED, _KEPT_EMPTY, _RETAINED_EMPTY) = range(31 * _ROW, 35 * _ROW, _ROW)
_MEASURED = 35 * _ROW
_BUFFER = 41 * _ROW


class Facts(NamedTuple):
    """What the response needs to know of each of N cases.

    failure, customer (N,); money (N, C) columns of the linear forms; numbers (N, facts) as named in `FACTS`, severity
    centred at .5, at most 3 prior failures, bond = ln((1 + prior purchases) / 4).
    """

    failure: Ints
    customer: Ints
    money: Floats
    numbers: Floats


class Numbers(NamedTuple):
    """All numbers of M draws; F failures, A resolutions, C columns, K tiers of the scenario.

    forms (F, A, forms, C, M); active (F, A, forms, C) whether a coefficient is ever other than 0; acts (F, A, acts, M);
    rejected (F,); failures (F, quantities, M); tiers (K, quantities, M); shared (quantities, M); values (customers, M)
    by how much each customer's future value is another under each draw.
    """

    forms: Floats
    active: Bools
    acts: Floats
    rejected: Bools
    failures: Floats
    tiers: Floats
    shared: Floats
    values: Floats


class Options(NamedTuple):
    """What may be chosen for each case; N cases, A resolutions, L limits, K tiers of the scenario."""

    counts: Ints  # (N,) resolutions of the case's failure
    uses: Ints  # (N, A, L) cents, -1 where a resolution does not draw on a limit
    adequate: Bools  # (N, A)
    generosity: Floats  # (N, A) worth net of trouble, as believed
    thrift: Floats  # (N, A) minus cost, as believed
    believed: Floats  # (N, A, K) payoff, as believed


def _read_as(source: types.Type, target: types.Type, target_ir: ir.Type) -> Any:
    """Make a compiled function that reads the bits of one type as another."""

    def typed(typing_context: Any, value: Any) -> Any:
        return target(source), lambda context, builder, signature, given: builder.bitcast(given[0], target_ir)

    return intrinsic(typed)


_bits_of = _read_as(types.float64, types.int64, ir.IntType(64))
_float_of = _read_as(types.int64, types.float64, ir.DoubleType())


@numba.njit(nogil=True, error_model="numpy")
def _exp(x: float) -> float:
    """Return e**x to 1e-15 relative, without a branch; x is held within -700 and 700."""
    x = min(max(x, -700.0), 700.0)
    shifted = x * 1.4426950408889634 + 6755399441055744.0  # 1.5 * 2**52: rounds to a whole number in the low bits
    n = shifted - 6755399441055744.0
    r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10
    p = 1 / 6227020800 * r + 1 / 479001600  # Taylor's series, 13 terms
    p = (p * r + 1 / 39916800) * r + 1 / 3628800
    p = (p * r + 1 / 362880) * r + 1 / 40320
    p = (p * r + 1 / 5040) * r + 1 / 720
    p = (p * r + 1 / 120) * r + 1 / 24
    p = (p * r + 1 / 6) * r + 0.5
    p = (p * r + 1.0) * r + 1.0
    return p * _float_of((_bits_of(shifted) << 52) + 4607182418800017408)


@numba.njit(nogil=True, error_model="numpy")
def _log(x: float) -> float:
    """Return ln x to 1e-15 + 4e-16 |ln x|, without a branch, for normal positive x."""
    bits = _bits_of(x)
    exponent = _float_of((bits >> 52) | 4841369599423283200) - 4503599627371519.0  # 2**52 + 1023
    mantissa = _float_of((bits & 4503599627370495) | 4607182418800017408)
    high = 1.0 if mantissa > 1.4142135623730951 else 0.0
    mantissa = mantissa * (1.0 - 0.5 * high)
    t = (mantissa - 1.0) / (mantissa + 1.0)
    u = t * t
    p = 1 / 21 * u + 1 / 19  # the series of artanh, 11 terms
    p = (p * u + 1 / 17) * u + 1 / 15
    p = (p * u + 1 / 13) * u + 1 / 11
    p = (p * u + 1 / 9) * u + 1 / 7
    p = (p * u + 1 / 5) * u + 1 / 3
    return 2.0 * t * (p * u + 1.0) + (exponent + high) * 0.6931471805599453


@numba.njit(nogil=True)
def _copy_shared(first: int, numbers: Numbers, b: Floats) -> None:
    # no views of arrays here and below: each would cost an atomic count of its owners
    for q in range(14):
        for j in range(LANES):
            b[_FLOOR + q * LANES + j] = numbers.shared[q, first + j]
    for j in range(LANES):
        b[_AGENT_MINUTES + j] = numbers.tiers[0, 0, first + j]
        b[_AGENT_RATE + j] = numbers.tiers[0, 2, first + j]


@numba.njit(nogil=True, error_model="numpy")
def _prepare(i: int, k: int, first: int, facts: Facts, numbers: Numbers, b: Floats) -> None:
    """Work out what holds for case i at tier k whatever is given: the response to nothing, and the case's value."""
    f = facts.failure[i]
    for q in range(5):
        for j in range(LANES):
            b[_LOSS + q * LANES + j] = numbers.failures[f, q, first + j]
    for q in range(4):
        for j in range(LANES):
            b[_TIER_MINUTES + q * LANES + j] = numbers.tiers[k, q, first + j]
    severity, hours = facts.numbers[i, _SEVERITY], facts.numbers[i, _HOURS]
    failures, bond, value = facts.numbers[i, _FAILURES], facts.numbers[i, _BOND], facts.numbers[i, _VALUE]
    for j in range(LANES):
        b[_VALUED + j] = value * b[_FACTOR + j] * numbers.values[facts.customer[i], first + j]
        b[_PLAIN + j] = (
            b[_KAPPA + j]
            + b[_SEVERE + j] * severity
            + b[_WAIT + j] * _log(0.5 + (hours + b[_TIER_HOURS + j]) * (0.5 / 24))
            + b[_REPEAT + j] * failures
            - b[_BONDED + j] * bond
        )
        eta = b[_PLAIN + j] + b[_EFFORT + j] * (b[_BASE_EFFORT + j] - 0.5)
        kept = 1.0 - b[_FLOOR + j] - (1.0 - b[_FLOOR + j]) / (1.0 + _exp(-eta))
        b[_KEPT_EMPTY + j] = kept
        b[_RETAINED_EMPTY + j] = b[_VALUED + j] * kept * (1.0 - b[_DROP + j]) - b[_DETERRED + j] * (1.0 - kept)


@numba.njit(nogil=True, error_model="numpy")
def _score(i: int, a: int, k: int, first: int, facts: Facts, numbers: Numbers, b: Floats) -> None:
    """Write the measures of case i under resolution a at tier k to the buffer, which `_prepare` has seen."""
    f = facts.failure[i]
    for q in range(3):
        for j in range(LANES):
            b[_ACT_MINUTES + q * LANES + j] = numbers.acts[f, a, q, first + j]
    for j in range(3 * LANES):
        b[_COST + j] = 0.0
    for form in range(3):
        row = _COST + form * LANES
        for c in range(facts.money.shape[1]):
            if numbers.active[f, a, form, c]:
                value = facts.money[i, c]
                for j in range(LANES):
                    b[row + j] += numbers.forms[f, a, form, c, first + j] * value
    price = max(facts.numbers[i, _PRICE], 0.01)
    rejected = 1.0 if numbers.rejected[f] else 0.0
    extra = 1.0 if k > 0 else 0.0
    for j in range(LANES):
        cost = b[_COST + j]
        compensation = b[_WORTH + j] / (b[_LOSS + j] * price)
        q = min(max(compensation * (1 / 1.5), 0.0), 1.0)
        effect = rejected * q * q * q * q * (15.0 - 24.0 * q + 10.0 * q * q) + (1.0 - rejected) * q * (2.0 - q)
        excess = max(compensation - 1.5, 0.0)
        over = excess * excess / (1.0 + excess * excess)
        eta = (
            b[_PLAIN + j]
            + b[_EFFORT + j] * (b[_ACT_EFFORT + j] - 0.5)
            - b[_COMPENSATION + j] * (effect - b[_OVER + j] * over)
            - b[_GESTURE_WEIGHT + j] * b[_ACT_GESTURE + j]
        )
        kept = 1.0 - b[_FLOOR + j] - (1.0 - b[_FLOOR + j]) / (1.0 + _exp(-eta))
        spend = 1.0 - b[_DROP + j] + (b[_DROP + j] + b[_PARADOX + j]) * effect
        learned = b[_REACH + j] * (1.0 - _exp(-max(b[_GAIN + j], 0.0) / b[_TEMPTATION + j])) * max(cost, 0.0)
        stays = 1.0 - b[_TIER_LOST + j]
        minutes = stays * b[_ACT_MINUTES + j]
        retained = b[_VALUED + j] * kept * spend + b[_GAINED + j] * kept * effect - b[_DETERRED + j] * (1.0 - kept)
        # where contact is lost on the way, the customer has waited and gets nothing
        b[_MEASURED + j] = stays * retained + b[_TIER_LOST + j] * b[_RETAINED_EMPTY + j]
        b[_MEASURED + LANES + j] = stays * cost
        b[_MEASURED + 2 * LANES + j] = (
            b[_AGENT_MINUTES + j] * b[_AGENT_RATE + j] + (extra * b[_TIER_MINUTES + j] + minutes) * b[_TIER_RATE + j]
        )
        b[_MEASURED + 3 * LANES + j] = stays * learned
        b[_MEASURED + 4 * LANES + j] = stays * kept + b[_TIER_LOST + j] * b[_KEPT_EMPTY + j]
        b[_MEASURED + 5 * LANES + j] = b[_AGENT_MINUTES + j] + extra * b[_TIER_MINUTES + j] + minutes


@numba.njit(cache=True, nogil=True, error_model="numpy")
def score_states(
    case: Ints,
    tier: Ints,
    choice: Ints,
    place: Ints,
    facts: Facts,
    numbers: Numbers,
    style: Floats,
    first: int,
    out: Floats,
) -> None:
    """Add each state's change of the measures to out (places, measures, draws), for `LANES` draws from first on.

    A state is one case handled at one tier with one choice per style. States of a case stand one after the other in the
    order of the limit; the first one adds its measures, each further one the difference to the one before.

    Parameters
    ----------
    case, tier, place
        (states,) case, tier of the scenario, row of out.
    choice
        (states, styles) resolution that each style chooses.
    style
        (styles, draws) share of each style.
    """
    b = np.empty(_BUFFER)
    _copy_shared(first, numbers, b)
    weight = np.empty(LANES)
    now = np.empty(6 * LANES)
    before = np.empty(6 * LANES)
    for n in range(case.shape[0]):
        i, k = case[n], tier[n]
        follows = n > 0 and case[n - 1] == i
        if not follows or tier[n - 1] != k:
            _prepare(i, k, first, facts, numbers, b)
        now, before = before, now
        for j in range(6 * LANES):
            now[j] = 0.0
        for s in range(3):
            a = choice[n, s]
            earlier = False
            for t in range(s):
                earlier = earlier or choice[n, t] == a
            if earlier:
                continue
            for j in range(LANES):
                weight[j] = style[s, first + j]
            for t in range(s + 1, 3):
                if choice[n, t] == a:
                    for j in range(LANES):
                        weight[j] += style[t, first + j]
            _score(i, a, k, first, facts, numbers, b)
            for q in range(6):
                for j in range(LANES):
                    now[q * LANES + j] += weight[j] * b[_MEASURED + q * LANES + j]
        for q in range(6):
            if follows:
                for j in range(LANES):
                    out[place[n], q, first + j] += now[q * LANES + j] - before[q * LANES + j]
            else:
                for j in range(LANES):
                    out[place[n], q, first + j] += now[q * LANES + j]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def expected_payoffs(
    case: Ints,
    resolution: Ints,
    tier: Ints,
    facts: Facts,
    numbers: Numbers,
    weight: Floats,
    begin: int,
    end: int,
    out: Floats,
) -> None:
    """Fill out (rows, weights) with sums over draws of weight (weights, draws) times payoff, for rows begin to end."""
    b = np.empty(_BUFFER)
    for n in range(begin, end):
        for s in range(weight.shape[0]):
            out[n, s] = 0.0
    for first in range(0, weight.shape[1], LANES):
        _copy_shared(first, numbers, b)
        for n in range(begin, end):
            if n == begin or case[n - 1] != case[n] or tier[n - 1] != tier[n]:
                _prepare(case[n], tier[n], first, facts, numbers, b)
            _score(case[n], resolution[n], tier[n], first, facts, numbers, b)
            for s in range(weight.shape[0]):
                total = 0.0
                for j in range(LANES):
                    total += weight[s, first + j] * (
                        b[_MEASURED + j]
                        - b[_MEASURED + LANES + j]
                        - b[_MEASURED + 2 * LANES + j]
                        - b[_MEASURED + 3 * LANES + j]
                    )
                out[n, s] += total


@numba.njit(cache=True, nogil=True)
def _permitted(i: int, a: int, k: int, cell: int, limits: Ints, options: Options, skip: int) -> bool:
    """Tell whether every use but the one of limit `skip` is within what tier k may give in this cell."""
    permitted = True
    for d in range(limits.shape[2]):
        permitted = permitted and (d == skip or options.uses[i, a, d] <= limits[k, cell, d])
    return permitted


@numba.njit(cache=True, nogil=True)
def _better(i: int, k: int, style: int, a: int, best: int, options: Options) -> bool:
    """Tell whether a style prefers a to best (-1: nothing yet); the lower index wins a tie."""
    if best < 0:
        return True
    if style == 0:
        mine, other = options.believed[i, a, k], options.believed[i, best, k]
    elif style == 1:
        mine, other = options.generosity[i, a], options.generosity[i, best]
    else:
        mine, other = options.thrift[i, a], options.thrift[i, best]
    return mine > other or (mine == other and a < best)


@numba.njit(cache=True, nogil=True)
def choose(
    start: Ints,
    cell: Ints,
    limits: Ints,
    tiers: Ints,
    options: Options,
    tier: Ints,
    choice: Ints,
) -> None:
    """Fill tier (N,) and choice (N, styles): who handles each case, and what each style chooses.

    Parameters
    ----------
    start
        (N,) tier of the policy that looks first.
    cell
        (N,) row of `limits`: failure and segment.
    limits
        (tiers of the policy, cells, L) cents; -1 is no authority.
    tiers
        (tiers of the policy,) their indices among the tiers of the scenario.
    """
    final = tiers.shape[0] - 1
    for i in range(start.shape[0]):
        tier[i] = -1
        for k in range(start[i], final + 1):
            for s in range(3):
                choice[i, s] = -1
            for a in range(options.counts[i]):
                if options.adequate[i, a] and (k == final or _permitted(i, a, k, cell[i], limits, options, -1)):
                    for s in range(3):
                        if _better(i, tiers[k], 0 if k == final else s, a, choice[i, s], options):
                            choice[i, s] = a
            if choice[i, 0] >= 0:
                tier[i] = k
                break
        if tier[i] < 0:
            # the entitlement cannot be met: the last tier gives the most there is
            tier[i] = final
            best = -1
            for a in range(options.counts[i]):
                if _better(i, tiers[final], 1, a, best, options):
                    best = a
            for s in range(3):
                choice[i, s] = best


@numba.njit(cache=True, nogil=True)
def curve_states(
    k: int,
    limit: int,
    open_: Bools,
    cell: Ints,
    limits: Ints,
    tiers: Ints,
    options: Options,
    above_tier: Ints,
    above_choice: Ints,
    case: Ints,
    tier: Ints,
    choice: Ints,
    cents: Ints,
) -> int:
    """Write every state that cases go through while one limit of tier k rises from "ask"; return how many.

    Parameters
    ----------
    open_
        (N,) whether the case reaches tier k and this limit is in force for it; other cases are left out.
    above_tier, above_choice
        Outcome where tier k cannot decide.
    case, tier, choice, cents
        Written: case, tier of the policy, choices, limit from which the state holds (-1: from "ask" on).
    """
    written = 0
    candidates = np.empty(options.uses.shape[1], dtype=np.int64)
    best = np.empty(3, dtype=np.int64)
    for i in range(open_.shape[0]):
        if not open_[i]:
            continue
        found = 0
        for a in range(options.counts[i]):
            if options.adequate[i, a] and _permitted(i, a, k, cell[i], limits, options, limit):
                # insertion sort by use; few candidates
                position = found
                use = options.uses[i, a, limit]
                while position > 0 and options.uses[i, candidates[position - 1], limit] > use:
                    candidates[position] = candidates[position - 1]
                    position -= 1
                candidates[position] = a
                found += 1
        for s in range(3):
            best[s] = -1
        n = 0
        while n < found and options.uses[i, candidates[n], limit] < 0:
            for s in range(3):
                if _better(i, tiers[k], s, candidates[n], best[s], options):
                    best[s] = candidates[n]
            n += 1
        case[written] = i
        cents[written] = -1
        if n > 0:
            tier[written] = k
            for s in range(3):
                choice[written, s] = best[s]
        else:
            tier[written] = above_tier[i]
            for s in range(3):
                choice[written, s] = above_choice[i, s]
        written += 1
        while n < found:
            use = options.uses[i, candidates[n], limit]
            changed = best[0] < 0
            while n < found and options.uses[i, candidates[n], limit] == use:
                for s in range(3):
                    if _better(i, tiers[k], s, candidates[n], best[s], options):
                        best[s] = candidates[n]
                        changed = True
                n += 1
            if changed:
                case[written] = i
                tier[written] = k
                for s in range(3):
                    choice[written, s] = best[s]
                cents[written] = use
                written += 1
    return written
