"""Kernels: the loops over cases, resolutions, tiers and draws, compiled.

In: arrays made by `payoffs`. Out: arrays. Left to others: names, files, intervals, what it all means.

All that is compiled here stands in this one module, because numba's cache only notices changes of the file that a
function is in (`study.journey_kernels` is the other one, and takes nothing from here).
Sums run in a fixed order for each draw, so that results do not depend on how the draws are spread over threads.

The response is written once, for one case under one draw (`_worth`, `_effect`, `_overdone`, `_insulting`, `_answer`,
`_learned`), and applied to `LANES` at a time: draws of one case where many draws are wanted (`score_states`,
`expected_payoffs`), cases under one draw where one is (`payoffs_of_cases`). What differs from lane to lane stands in
rows of one flat buffer: the compiler sees that no two rows overlap and that all are as long, and so turns the loops,
own exp and log included, into vector instructions. Several short loops are better than one long one, where each lane
would wait for one step after the other; those that would only add zeros are left out, which changes no bit of results.
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
    "FACTS",
    "FORMS",
    "GUIDED",
    "LANES",
    "MEASURES",
    "PER_FAILURE",
    "PER_TIER",
    "SHARED",
    "STAFF",
    "STYLES",
    "Facts",
    "Numbers",
    "Options",
    "Rules",
    "States",
    "add_along",
    "add_expected_along",
    "choose",
    "curve_states",
    "expected_payoffs",
    "grid_values",
    "may_be_chosen",
    "payoffs_of_cases",
    "put_in_order",
    "read_between",
    "score_states",
    "weigh_nodes",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: How agents choose among what is allowed, in the order of every array with a style axis.
STYLES = ("guided", "generous", "thrifty")
GUIDED = 0

#: Draws worked on at a time; arrays with a draw axis are padded to a multiple of it.
LANES = 52

#: What is summed over cases, in the order of every array with a measure axis: as `words.MEASURES`, and tests see to it.
#: Compiled code that is kept notices changes of this file only, so the names that it goes by stand here.
MEASURES = (
    "retained",
    "remedy_cost",
    "labour",
    "learned_claiming",
    "customers_kept",
    "escalated",
    "minutes",
    "supervisor_minutes",
)
(_RETAINED, _REMEDY_COST, _LABOUR, _CLAIMING, _KEPT, _ESCALATED, _MINUTES, _SUPERVISED) = (
    row * LANES for row in range(len(MEASURES))
)
_MEASURE_COUNT = len(MEASURES)

#: Columns of `Facts.numbers`.
FACTS = (
    "item_price",
    "severity",
    "hours_open",
    "prior_failures",
    "recent_failure",
    "bond",
    "first_order",
    "future_value",
    "surfaces",
)
(_PRICE_FACT, _SEVERITY_FACT, _HOURS_FACT, _FAILURES_FACT, _RECENT_FACT) = range(5)
(_BOND_FACT, _FIRST_FACT, _VALUE_FACT, _SURFACES_FACT) = range(5, 9)
#: Linear forms in the money columns of a case, third axis of `Numbers.forms`; felt and gain are net of trouble.
FORMS = ("cost", "felt", "gain")
#: Second axis of `Numbers.failures`; kappa is the logit of the churn without remedy.
PER_FAILURE = ("loss_share", "kappa", "compensation_weight", "spend_drop")
_PER_FAILURE_COUNT = len(PER_FAILURE)
#: Second axis of `Numbers.tiers`.
PER_TIER = ("wait_hours", "lost_contact_share")
#: First axis of `Numbers.shared`; idle and quiet are the effort of a contact that leads to nothing, and of none at all,
#: in logits; deterred and gained are money per customer; reach is learned claims where the gain is large; scales are
#: one over what they are named for.
SHARED = (
    "churn_without_failure",
    "severity_weight",
    "wait_weight",
    "idle",
    "quiet",
    "repeat_weight",
    "double_deviation_weight",
    "bond_weight",
    "first_order_weight",
    "over_compensation_weight",
    "insult_weight",
    "insult_scale",
    "suspected_weight",
    "paradox",
    "deterred",
    "gained",
    "future_value_factor",
    "reach",
    "temptation_scale",
)
_SHARED_COUNT = len(SHARED)
#: Third axis of `Numbers.staff`.
STAFF = ("labour", "minutes", "supervisor_minutes")

# Rows of the buffer, as offsets. First what is copied in, in the order of the names above ...
_ROW = LANES
(_FLOOR, _SEVERE, _WAIT, _IDLE, _QUIET, _REPEAT, _DOUBLE, _BONDED, _FIRST_ORDER) = range(0, 9 * _ROW, _ROW)
(_OVER, _INSULT, _INSULT_SCALE, _SUSPECTED, _PARADOX, _DETERRED) = range(9 * _ROW, 15 * _ROW, _ROW)
(_GAINED, _FACTOR, _REACH, _TEMPTATION_SCALE) = range(15 * _ROW, 19 * _ROW, _ROW)
(_LOSS, _KAPPA, _COMPENSATION, _DROP) = range(19 * _ROW, 23 * _ROW, _ROW)
(_TIER_HOURS, _TIER_LOST) = range(23 * _ROW, 25 * _ROW, _ROW)
# ... then what is worked out: money forms; what holds for a case at a tier; the measures
(_COST, _FELT, _GAIN) = range(25 * _ROW, 28 * _ROW, _ROW)
(_PER_LOSS, _PLAIN, _WAITED) = range(28 * _ROW, 31 * _ROW, _ROW)
(_WORTH, _SLOPE) = range(31 * _ROW, 33 * _ROW, _ROW)  # see `_worth`
(_KEPT_EMPTY, _RETAINED_EMPTY, _KEPT_SILENT, _RETAINED_SILENT) = range(33 * _ROW, 37 * _ROW, _ROW)
(_COMPENSATED, _EFFECT, _ETA, _LEARNED) = range(37 * _ROW, 41 * _ROW, _ROW)
(_HOURS, _UNSEEN, _MEASURED) = range(41 * _ROW, 44 * _ROW, _ROW)
_BUFFER = _MEASURED + _MEASURE_COUNT * _ROW
_MONEY = _BUFFER  # where the lanes are cases, their money columns come last, however many there are


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

    forms (F, A, forms, C, M); active (F, A, forms, C) whether a coefficient is ever other than 0; push (F, A, M) logits
    by which effort, gesture and proactivity raise the chance of loss; lead_hours (F, A, M); staff (F, A, K, quantities,
    M) as named in `STAFF`; proactive (F, A); timing (F, A) the same number where resolutions take as long and are as
    proactive; rejected (F,); failures (F, quantities, M); tiers (K, quantities, M); shared (quantities, M); values
    (customers, M) by how much each customer's future value is another under each draw.
    """

    forms: Floats
    active: Bools
    push: Floats
    lead_hours: Floats
    staff: Floats
    proactive: Bools
    timing: Ints
    rejected: Bools
    failures: Floats
    tiers: Floats
    shared: Floats
    values: Floats


class States(NamedTuple):
    """What becomes of cases: one after the other for a case, in the order in which a limit rises.

    case, tier (of the scenario), place (where it is added up) are (states,); choice (states, styles) is the resolution
    that each style chooses, -1 where a style is to be left out.
    """

    case: Ints
    tier: Ints
    choice: Ints
    place: Ints


class Options(NamedTuple):
    """What may be chosen for each case; N cases, A resolutions, L limits, K tiers of the scenario.

    `liked` holds, for guided agents at each tier, for generous and for thrifty ones, the adequate resolutions of a case
    in the order in which they like them, the lower index first where they like two as well. Those that are never chosen
    are left out: one that is liked better draws no more on any limit. -1 fills the rest.
    """

    counts: Ints  # (N,) resolutions of the case's failure
    uses: NDArray[np.signedinteger[Any]]  # (N, A, L) cents, -1 where a resolution does not draw on a limit
    adequate: Bools  # (N, A)
    liked: NDArray[np.int16]  # (K + 2, N, A)
    most: NDArray[np.int16]  # (N,) what is worth most to the customer, adequate or not


class Rules(NamedTuple):
    """What a policy says of each of N cases, whatever is chosen; M draws, L limits."""

    start: Ints  # (N,) tier of the policy that looks first
    cell: Ints  # (N,) row of `limits`: failure and segment
    limits: Ints  # (tiers of the policy, cells, L) cents; -1 is no authority
    tiers: Ints  # (tiers of the policy,) their indices among the tiers of the scenario
    suspected: Bools  # (N,) cases that a guard has passed on because the customer may be lying
    claimed: Floats  # (M,) share of learned claiming that gets past the guards


def _read_as(source: types.Type, target: types.Type, target_ir: ir.Type) -> Any:
    """Make a compiled function that reads the bits of one type as another."""

    def typed(typing_context: Any, value: Any) -> Any:
        return target(source), lambda context, builder, signature, given: builder.bitcast(given[0], target_ir)

    return intrinsic(typed)


_bits_of = _read_as(types.float64, types.int64, ir.IntType(64))
_float_of = _read_as(types.int64, types.float64, ir.DoubleType())


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _exp(x: float) -> float:
    """Return e**x to 1e-15 relative, without a branch; x is held within -700 and 700."""
    x = min(max(x, -700.0), 700.0)
    shifted = x * 1.4426950408889634 + 6755399441055744.0  # 1.5 * 2**52: rounds to a whole number in the low bits
    n = shifted - 6755399441055744.0
    r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10
    # e**r = 1 + r + r**2 p(r), to 1e-17 where |r| is below ln(2) / 2; even and odd terms of p side by side, as each
    # step has to wait for the one before
    u = r * r
    even = ((2.7620088445409746e-07 * u + 2.4801521295954376e-05) * u + 0.0013888888917213717) * u
    odd = ((2.510038549551032e-08 * u + 2.7557268459997064e-06) * u + 0.00019841269863053618) * u
    even = (even + 0.04166666666662413) * u + 0.5
    odd = (odd + 0.008333333333330062) * u + 0.16666666666666669
    p = (odd * r + even) * u + r + 1.0
    return p * _float_of((_bits_of(shifted) << 52) + 4607182418800017408)


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
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


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _waited(weight: float, hours: float) -> float:
    """Return what waiting for so many hours adds to the logit of loss."""
    return weight * _log_of_wait(hours)


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _log_of_wait(hours: float) -> float:
    return _log(0.5 + hours * (0.5 / 24))


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _put_logs_of_wait(hours: float, b: Floats) -> None:
    """Work out the logarithms of the wait for a tier after some hours; one does where all lanes wait as long."""
    different = 0
    for j in range(LANES):
        different += b[_TIER_HOURS + j] != b[_TIER_HOURS]
    if different > 0:
        for j in range(LANES):
            b[_WAITED + j] = _log_of_wait(hours + b[_TIER_HOURS + j])
    else:
        alike = _log_of_wait(hours + b[_TIER_HOURS])
        for j in range(LANES):
            b[_WAITED + j] = alike


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _worth(valued: float, drop: float, paradox: float, gained: float, deterred: float) -> tuple[float, float]:
    """Return what keeping a customer is worth where nothing is made good, and how much that rises with the effect."""
    return valued * (1.0 - drop) + deterred, valued * (drop + paradox) + gained


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _effect(compensation: float, rejected: float) -> float:
    """Return how much of the harm is made good."""
    q = min(max(compensation * (1 / 1.5), 0.0), 1.0)
    # q (2 - q), where rejected q**4 (15 - 24 q + 10 q**2)
    steep = rejected * 15.0 + q * (rejected * -24.0 + q * (rejected * 10.0))
    return q * (2.0 * (1.0 - rejected) + q * (q * q * steep - (1.0 - rejected)))


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _overdone(compensation: float) -> float:
    """Return how much too much was given; 0 up to a compensation of 1.5."""
    excess = max(compensation - 1.5, 0.0)
    return excess * excess / (1.0 + excess * excess)


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _insulting(compensation: float, insult_scale: float) -> float:
    """Return how insultingly little was given; 0 where nothing was, and from a scale's worth on."""
    token = min(max(compensation * insult_scale, 0.0), 1.0)
    return 6.75 * token * (1.0 - token) * (1.0 - token)


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _answer(eta: float, worth: float, floor: float, deterred: float) -> tuple[float, float]:
    """Return the share kept, and the value retained, of a customer with these logits of loss."""
    kept = (1.0 - floor) / (1.0 + _exp(eta))
    return kept, kept * worth - deterred


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _learned(cost: float, gain: float, reach: float, temptation_scale: float) -> float:
    """Return the cost of the claims that a resolution teaches."""
    return reach * (1.0 - _exp(-(max(gain, 0.0) * temptation_scale))) * max(cost, 0.0)


@numba.njit(nogil=True)
def _copy_shared(first: int, numbers: Numbers, b: Floats) -> None:
    # no views of arrays here and below: each would cost an atomic count of its owners
    for q in range(_SHARED_COUNT):
        for j in range(LANES):
            b[_FLOOR + q * LANES + j] = numbers.shared[q, first + j]


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _prepare_case(i: int, k: int, first: int, facts: Facts, numbers: Numbers, is_suspected: bool, b: Floats) -> None:
    """Work out what holds for a case at tier k under `LANES` draws, whatever is given."""
    f = facts.failure[i]
    for q in range(_PER_FAILURE_COUNT):
        for j in range(LANES):
            b[_LOSS + q * LANES + j] = numbers.failures[f, q, first + j]
    for q in range(2):
        for j in range(LANES):
            b[_TIER_HOURS + q * LANES + j] = numbers.tiers[k, q, first + j]
    price, severity = max(facts.numbers[i, _PRICE_FACT], 0.01), facts.numbers[i, _SEVERITY_FACT]
    hours, failures = facts.numbers[i, _HOURS_FACT], facts.numbers[i, _FAILURES_FACT]
    recent, bond = facts.numbers[i, _RECENT_FACT], facts.numbers[i, _BOND_FACT]
    is_first, value = facts.numbers[i, _FIRST_FACT], facts.numbers[i, _VALUE_FACT]
    suspected = 1.0 if is_suspected else 0.0
    for j in range(LANES):
        valued = numbers.values[facts.customer[i], first + j] * value * b[_FACTOR + j]
        b[_WORTH + j], b[_SLOPE + j] = _worth(valued, b[_DROP + j], b[_PARADOX + j], b[_GAINED + j], b[_DETERRED + j])
        b[_PER_LOSS + j] = 1.0 / (b[_LOSS + j] * price)
        b[_PLAIN + j] = (
            b[_KAPPA + j]
            + b[_SEVERE + j] * severity
            + b[_REPEAT + j] * failures
            + b[_DOUBLE + j] * recent
            - b[_BONDED + j] * bond
            + b[_FIRST_ORDER + j] * is_first
        )
    _put_logs_of_wait(hours, b)
    for j in range(LANES):
        waited = b[_WAIT + j] * b[_WAITED + j]
        eta = b[_PLAIN + j] + b[_SUSPECTED + j] * suspected + b[_IDLE + j] + waited
        b[_KEPT_EMPTY + j], b[_RETAINED_EMPTY + j] = _answer(eta, b[_WORTH + j], b[_FLOOR + j], b[_DETERRED + j])
    if facts.numbers[i, _SURFACES_FACT] < 1.0:
        for j in range(LANES):
            eta = b[_PLAIN + j] + b[_QUIET + j] + _waited(b[_WAIT + j], hours)
            b[_KEPT_SILENT + j], b[_RETAINED_SILENT + j] = _answer(eta, b[_WORTH + j], b[_FLOOR + j], b[_DETERRED + j])


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _score_case(
    i: int, a: int, k: int, first: int, facts: Facts, numbers: Numbers, is_suspected: bool, timing: int, b: Floats
) -> int:
    """Write the measures of a case under a resolution to the buffer, which `_prepare_case` has seen.

    Returns the timing of the resolution: if it was that of the last one too, what waiting does is known already.
    """
    f = facts.failure[i]
    for j in range(3 * LANES):
        b[_COST + j] = 0.0
    for form in range(3):
        row = _COST + form * LANES
        for c in range(facts.money.shape[1]):
            if numbers.active[f, a, form, c]:
                value = facts.money[i, c]
                for j in range(LANES):
                    b[row + j] += numbers.forms[f, a, form, c, first + j] * value
    is_on_request = not numbers.proactive[f, a]
    if numbers.timing[f, a] != timing:
        hours = facts.numbers[i, _HOURS_FACT] if is_on_request else 0.0
        for j in range(LANES):
            b[_WAITED + j] = numbers.lead_hours[f, a, first + j]
        for j in range(LANES):
            b[_WAITED + j] = b[_PLAIN + j] + _waited(b[_WAIT + j], hours + b[_TIER_HOURS + j] + b[_WAITED + j])
        if is_suspected and is_on_request:
            for j in range(LANES):
                b[_WAITED + j] += b[_SUSPECTED + j]
    rejected = 1.0 if numbers.rejected[f] else 0.0
    in_contact = 1.0 if is_on_request else 0.0
    overdone, insulted, tempted = 0, 0, 0
    for j in range(LANES):
        compensation = b[_FELT + j] * b[_PER_LOSS + j]
        b[_COMPENSATED + j] = compensation
        b[_EFFECT + j] = _effect(compensation, rejected)
        b[_ETA + j] = b[_WAITED + j] + numbers.push[f, a, first + j] - b[_COMPENSATION + j] * b[_EFFECT + j]
        overdone += compensation > 1.5
        insulted += (compensation > 0.0) & (compensation * b[_INSULT_SCALE + j] < 1.0)
        tempted += b[_GAIN + j] > 0.0
    # three terms are mostly 0 in all lanes
    if overdone > 0:
        for j in range(LANES):
            b[_ETA + j] += b[_COMPENSATION + j] * b[_OVER + j] * _overdone(b[_COMPENSATED + j])
    if insulted > 0:
        for j in range(LANES):
            b[_ETA + j] += b[_INSULT + j] * _insulting(b[_COMPENSATED + j], b[_INSULT_SCALE + j])
    for j in range(LANES):
        b[_LEARNED + j] = 0.0
    if tempted > 0:
        for j in range(LANES):
            b[_LEARNED + j] = _learned(b[_COST + j], b[_GAIN + j], b[_REACH + j], b[_TEMPTATION_SCALE + j])
    for j in range(LANES):
        kept, retained = _answer(
            b[_ETA + j], b[_WORTH + j] + b[_SLOPE + j] * b[_EFFECT + j], b[_FLOOR + j], b[_DETERRED + j]
        )
        learned = b[_LEARNED + j]
        # where contact is lost on the way, the customer has waited and gets nothing
        lost = b[_TIER_LOST + j] * in_contact
        b[_MEASURED + j] = (1.0 - lost) * retained + lost * b[_RETAINED_EMPTY + j]
        b[_MEASURED + _REMEDY_COST + j] = (1.0 - lost) * b[_COST + j]
        b[_MEASURED + _CLAIMING + j] = (1.0 - lost) * learned
        b[_MEASURED + _KEPT + j] = (1.0 - lost) * kept + lost * b[_KEPT_EMPTY + j]
    escalated = 1.0 if k > 0 else 0.0
    for j in range(LANES):
        b[_MEASURED + _LABOUR + j] = numbers.staff[f, a, k, 0, first + j]
        b[_MEASURED + _MINUTES + j] = numbers.staff[f, a, k, 1, first + j]
        b[_MEASURED + _SUPERVISED + j] = numbers.staff[f, a, k, 2, first + j]
        b[_MEASURED + _ESCALATED + j] = escalated
    surfaces = facts.numbers[i, _SURFACES_FACT]
    if is_on_request and surfaces < 1.0:
        # who does not ask gets nothing and costs nothing
        for j in range(_MEASURE_COUNT * LANES):
            b[_MEASURED + j] *= surfaces
        for j in range(LANES):
            b[_MEASURED + j] += (1.0 - surfaces) * b[_RETAINED_SILENT + j]
            b[_MEASURED + _KEPT + j] += (1.0 - surfaces) * b[_KEPT_SILENT + j]
    return numbers.timing[f, a]


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def score_states(
    states: States,
    suspected: Bools,
    facts: Facts,
    numbers: Numbers,
    style: Floats,
    first: int,
    out: Floats,
) -> None:
    """Add each state's change of the measures to out (places, measures, LANES), for the draws from first on.

    The first state of a case adds its measures, each further one the difference to the one before.

    Parameters
    ----------
    suspected
        (N,) whether a guard has passed the case on because its customer looks suspicious.
    style
        (styles, draws) share of each style.
    """
    case, tier, choice, place = states.case, states.tier, states.choice, states.place
    b = np.empty(_BUFFER)
    _copy_shared(first, numbers, b)
    weight = np.empty(LANES)
    # what has been worked out for the case: nothing at all, resolutions at this tier, each style's at the one before
    most = numbers.push.shape[1]
    known = np.zeros((1 + most + 3, _MEASURE_COUNT * LANES))
    row_of = np.zeros(most, dtype=np.int64)
    now, before = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
    rows, timing = 0, -1
    for n in range(case.shape[0]):
        i, k, here = case[n], tier[n], place[n]
        is_new = n == 0 or case[n - 1] != i
        if is_new or tier[n - 1] != k:
            for s in range(3):
                if is_new or now[s] == 0:
                    now[s] = 0
                    continue
                for j in range(_MEASURE_COUNT * LANES):
                    known[1 + most + s, j] = known[now[s], j]
                now[s] = 1 + most + s
            _prepare_case(i, k, first, facts, numbers, suspected[i], b)
            row_of[:] = 0
            rows, timing = 0, -1
        for s in range(3):
            a = choice[n, s]
            before[s] = now[s]
            if a >= 0 and row_of[a] == 0:
                timing = _score_case(i, a, k, first, facts, numbers, suspected[i], timing, b)
                rows += 1
                row_of[a] = rows
                for j in range(_MEASURE_COUNT * LANES):
                    known[rows, j] = b[_MEASURED + j]
            now[s] = row_of[a] if a >= 0 else 0
        for s in range(3):
            mine, other = now[s], before[s]
            told = mine == other
            for t in range(s):
                told = told or (now[t] == mine and before[t] == other)
            if told:
                continue
            for j in range(LANES):
                weight[j] = style[s, first + j]
            for t in range(s + 1, 3):
                if now[t] == mine and before[t] == other:
                    for j in range(LANES):
                        weight[j] += style[t, first + j]
            for q in range(_MEASURE_COUNT):
                for j in range(LANES):
                    out[here, q, j] += weight[j] * (known[mine, q * LANES + j] - known[other, q * LANES + j])


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def add_along(changes: Floats, weight: Floats, out: Floats) -> None:
    """Add to out the running sums of changes (places, measures, LANES), times a weight (places, lanes that count)."""
    running = np.zeros((changes.shape[1], LANES))
    for place in range(changes.shape[0]):
        for q in range(changes.shape[1]):
            for j in range(weight.shape[1]):
                running[q, j] += changes[place, q, j]
                out[place, q, j] += weight[place, j] * running[q, j]


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def weigh_nodes(at: Floats, nodes: Floats) -> Floats:
    """Return weights (nodes, steps, draws) of the polynomial through Chebyshev's nodes, read at (steps, draws).

    Both between -1 and 1. The barycentric formula (Berrut and Trefethen 2004, section 5).
    """
    count = nodes.shape[0]
    out = np.empty((count, at.shape[0], at.shape[1]))
    factor = (1.0 - 2.0 * (np.arange(count) % 2)) * np.sqrt(1.0 - nodes * nodes)
    total = np.empty(at.shape[1])
    for step in range(at.shape[0]):
        total[:] = 0.0
        for n in range(count):
            node, above = nodes[n], factor[n]
            for j in range(at.shape[1]):
                distance = at[step, j] - node
                # on a node: as near as makes no difference
                distance = distance if abs(distance) > 1e-14 else 1e-14
                out[n, step, j] = above / distance
                total[j] += above / distance
        for n in range(count):
            for j in range(at.shape[1]):
                out[n, step, j] /= total[j]
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def read_between(values: Floats, place: Floats) -> Floats:
    """Return (steps, draws) values (points, draws) at places (steps, draws) between 0 and the last point, at least 0.

    By the cubic through the four points nearest.
    """
    out = np.empty(place.shape)
    for n in range(place.shape[0]):
        for j in range(place.shape[1]):
            first = min(max(int(np.floor(place[n, j])) - 1, 0), values.shape[0] - 4)
            t = place[n, j] - first
            found = -values[first, j] * (t - 1) * (t - 2) * (t - 3) / 6
            found += values[first + 1, j] * t * (t - 2) * (t - 3) / 2
            found -= values[first + 2, j] * t * (t - 1) * (t - 3) / 2
            found += values[first + 3, j] * t * (t - 1) * (t - 2) / 6
            out[n, j] = max(found, 0.0)
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def expected_payoffs(
    case: Ints,
    resolution: Ints,
    tier: Ints,
    suspected: Bools,
    facts: Facts,
    numbers: Numbers,
    weight: Floats,
    claimed: Floats,
    begin: int,
    end: int,
    out: Floats,
) -> None:
    """Fill out (rows, weights, 4) with sums over draws of weight (weights, draws) times what a row comes to.

    That is payoff, remedy cost, supervisor minutes, learned claiming, for rows begin to end; claimed (draws,) is the
    share of learned claiming that gets through.
    """
    b = np.empty(_BUFFER)
    for n in range(begin, end):
        for s in range(weight.shape[0]):
            for q in range(4):
                out[n, s, q] = 0.0
    for first in range(0, weight.shape[1], LANES):
        _copy_shared(first, numbers, b)
        timing = -1
        for n in range(begin, end):
            if n == begin or case[n - 1] != case[n] or tier[n - 1] != tier[n]:
                _prepare_case(case[n], tier[n], first, facts, numbers, suspected[case[n]], b)
                timing = -1
            i = case[n]
            timing = _score_case(i, resolution[n], tier[n], first, facts, numbers, suspected[i], timing, b)
            for s in range(weight.shape[0]):
                payoff = 0.0
                cost = 0.0
                minutes = 0.0
                learned = 0.0
                for j in range(LANES):
                    share = weight[s, first + j]
                    claims = claimed[first + j] * b[_MEASURED + _CLAIMING + j]
                    spent = b[_MEASURED + _REMEDY_COST + j] + b[_MEASURED + _LABOUR + j] + claims
                    payoff += share * (b[_MEASURED + j] - spent)
                    cost += share * b[_MEASURED + _REMEDY_COST + j]
                    minutes += share * b[_MEASURED + _SUPERVISED + j]
                    learned += share * claims
                out[n, s, 0] += payoff
                out[n, s, 1] += cost
                out[n, s, 2] += minutes
                out[n, s, 3] += learned


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _prepare_cases(case: Ints, block: int, used: int, facts: Facts, numbers: Numbers, b: Floats) -> None:
    """Work out what holds for `LANES` cases under the first draw, whatever is given at whatever tier."""
    f = facts.failure[case[block]]
    floor, severe, wait, quiet, repeat = (
        numbers.shared[0, 0],
        numbers.shared[1, 0],
        numbers.shared[2, 0],
        numbers.shared[4, 0],
        numbers.shared[5, 0],
    )
    double, bonded, first_order, paradox = (
        numbers.shared[6, 0],
        numbers.shared[7, 0],
        numbers.shared[8, 0],
        numbers.shared[13, 0],
    )
    deterred, gained, factor = numbers.shared[14, 0], numbers.shared[15, 0], numbers.shared[16, 0]
    loss, kappa, drop = numbers.failures[f, 0, 0], numbers.failures[f, 1, 0], numbers.failures[f, 3, 0]
    for j in range(LANES):
        i = case[block + min(j, used - 1)]
        valued = facts.numbers[i, _VALUE_FACT] * factor * numbers.values[facts.customer[i], 0]
        b[_WORTH + j], b[_SLOPE + j] = _worth(valued, drop, paradox, gained, deterred)
        b[_PER_LOSS + j] = 1.0 / (loss * max(facts.numbers[i, _PRICE_FACT], 0.01))
        b[_HOURS + j] = facts.numbers[i, _HOURS_FACT]
        b[_UNSEEN + j] = 1.0 - facts.numbers[i, _SURFACES_FACT]
        b[_PLAIN + j] = (
            kappa
            + severe * facts.numbers[i, _SEVERITY_FACT]
            + repeat * facts.numbers[i, _FAILURES_FACT]
            + double * facts.numbers[i, _RECENT_FACT]
            - bonded * facts.numbers[i, _BOND_FACT]
            + first_order * facts.numbers[i, _FIRST_FACT]
        )
        for c in range(facts.money.shape[1]):
            b[_MONEY + c * LANES + j] = facts.money[i, c]
    for j in range(LANES):
        eta = b[_PLAIN + j] + quiet + _waited(wait, b[_HOURS + j])
        b[_KEPT_SILENT + j], b[_RETAINED_SILENT + j] = _answer(eta, b[_WORTH + j], floor, deterred)


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _wait_for_tier(f: int, k: int, numbers: Numbers, b: Floats) -> None:
    """Work out what becomes of cases that get nothing at tier k."""
    floor, wait, idle, deterred = (
        numbers.shared[0, 0],
        numbers.shared[2, 0],
        numbers.shared[3, 0],
        numbers.shared[14, 0],
    )
    hours = numbers.tiers[k, 0, 0]
    for j in range(LANES):
        eta = b[_PLAIN + j] + idle + _waited(wait, b[_HOURS + j] + hours)
        b[_KEPT_EMPTY + j], b[_RETAINED_EMPTY + j] = _answer(eta, b[_WORTH + j], floor, deterred)


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _add_column(c: int, cost: float, felt: float, gain: float, b: Floats) -> None:
    """Add a money column of the cases, times its coefficients, to the linear forms."""
    for j in range(LANES):
        money = b[_MONEY + c * LANES + j]
        b[_COST + j] += cost * money
        b[_FELT + j] += felt * money
        b[_GAIN + j] += gain * money


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def _value_cases(f: int, a: int, k: int, numbers: Numbers, timing: int, b: Floats, tile: Floats) -> int:
    """Write the payoffs of a resolution for `LANES` cases to its row of the tile; returns the resolution's timing."""
    floor, wait, over, insult = numbers.shared[0, 0], numbers.shared[2, 0], numbers.shared[9, 0], numbers.shared[10, 0]
    insult_scale, deterred, reach, temptation_scale = (
        numbers.shared[11, 0],
        numbers.shared[14, 0],
        numbers.shared[17, 0],
        numbers.shared[18, 0],
    )
    weight = numbers.failures[f, 2, 0]
    for j in range(3 * LANES):
        b[_COST + j] = 0.0
    for c in range(numbers.forms.shape[3]):
        if numbers.active[f, a, 0, c] or numbers.active[f, a, 1, c] or numbers.active[f, a, 2, c]:
            _add_column(c, numbers.forms[f, a, 0, c, 0], numbers.forms[f, a, 1, c, 0], numbers.forms[f, a, 2, c, 0], b)
    rejected = 1.0 if numbers.rejected[f] else 0.0
    asked = 0.0 if numbers.proactive[f, a] else 1.0
    if numbers.timing[f, a] != timing:
        hours = numbers.tiers[k, 0, 0] + numbers.lead_hours[f, a, 0]
        for j in range(LANES):
            b[_WAITED + j] = b[_PLAIN + j] + _waited(wait, asked * b[_HOURS + j] + hours)
    push, labour, missed = numbers.push[f, a, 0], numbers.staff[f, a, k, 0, 0], numbers.tiers[k, 1, 0] * asked
    overdone, insulted, tempted = 0, 0, 0
    for j in range(LANES):
        compensation = b[_FELT + j] * b[_PER_LOSS + j]
        b[_COMPENSATED + j] = compensation
        b[_EFFECT + j] = _effect(compensation, rejected)
        b[_ETA + j] = b[_WAITED + j] + push - weight * b[_EFFECT + j]
        overdone += compensation > 1.5
        insulted += (compensation > 0.0) & (compensation * insult_scale < 1.0)
        tempted += b[_GAIN + j] > 0.0
    if overdone > 0:
        for j in range(LANES):
            b[_ETA + j] += weight * over * _overdone(b[_COMPENSATED + j])
    if insulted > 0:
        for j in range(LANES):
            b[_ETA + j] += insult * _insulting(b[_COMPENSATED + j], insult_scale)
    for j in range(LANES):
        b[_LEARNED + j] = b[_COST + j]
    if tempted > 0:
        for j in range(LANES):
            b[_LEARNED + j] += _learned(b[_COST + j], b[_GAIN + j], reach, temptation_scale)
    for j in range(LANES):
        _, retained = _answer(b[_ETA + j], b[_WORTH + j] + b[_SLOPE + j] * b[_EFFECT + j], floor, deterred)
        net = (1.0 - missed) * (retained - b[_LEARNED + j]) - labour + missed * b[_RETAINED_EMPTY + j]
        # who does not ask gets nothing and costs nothing
        tile[a, j] = net + asked * b[_UNSEEN + j] * (b[_RETAINED_SILENT + j] - net)
    return numbers.timing[f, a]


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def payoffs_of_cases(
    case: Ints, resolutions: Ints, facts: Facts, numbers: Numbers, begin: int, end: int, out: Floats
) -> None:
    """Fill out (K, end - begin, A) with the payoffs under the first draw of all resolutions of cases of one failure.

    Parameters
    ----------
    case
        (cases,) cases, all of one failure.
    resolutions
        (resolutions,) in an order in which those of the same timing stand together.
    begin, end
        Places in `case` to work on.
    """
    b = np.empty(_BUFFER + facts.money.shape[1] * LANES)
    tile = np.empty((out.shape[2], LANES))
    f = facts.failure[case[begin]]
    for block in range(begin, end, LANES):
        used = min(LANES, end - block)
        _prepare_cases(case, block, used, facts, numbers, b)
        for k in range(numbers.tiers.shape[0]):
            _wait_for_tier(f, k, numbers, b)
            timing = -1
            for a in resolutions:
                timing = _value_cases(f, a, k, numbers, timing, b, tile)
            for j in range(used):
                for a in range(resolutions.shape[0]):
                    out[k, block - begin + j, a] = tile[a, j]


@numba.njit(cache=True, nogil=True)
def _permitted(i: int, a: int, k: int, rules: Rules, options: Options, skip: int) -> bool:
    """Tell whether every use but the one of limit `skip` is within what tier k may give for the case."""
    for d in range(rules.limits.shape[2]):
        if d != skip and options.uses[i, a, d] > rules.limits[k, rules.cell[i], d]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def put_in_order(
    payoff: Floats,
    worth: Floats,
    cost: Floats,
    adequate: Bools,
    uses: NDArray[np.signedinteger[Any]],
    liked: NDArray[np.int16],
) -> None:
    """Fill liked (K + 2, cases, resolutions), see `Options`.

    Parameters
    ----------
    payoff
        (K, cases, resolutions) by which guided agents go.
    worth, cost
        (cases, resolutions) by which generous agents and thrifty ones do.
    """
    last = payoff.shape[0] + 1
    order = np.empty(adequate.shape[1], dtype=np.int64)
    values = np.empty(adequate.shape[1])
    every = np.ones(uses.shape[2], dtype=np.bool_)
    for row in range(last + 1):
        for i in range(adequate.shape[0]):
            found = 0
            for a in range(adequate.shape[1]):
                if not adequate[i, a]:
                    continue
                value = -cost[i, a] if row == last else worth[i, a] if row == last - 1 else payoff[row, i, a]
                n = found
                while n > 0 and values[n - 1] < value:
                    order[n], values[n] = order[n - 1], values[n - 1]
                    n -= 1
                order[n], values[n] = a, value
                found += 1
            kept = 0
            for n in range(found):
                if not _is_beaten(i, order[n], order, kept, uses, every):
                    order[kept] = order[n]
                    kept += 1
            for n in range(adequate.shape[1]):
                liked[row, i, n] = order[n] if n < kept else -1


@numba.njit(nogil=True)
def _is_beaten(i: int, a: int, better: Ints, count: int, uses: NDArray[np.signedinteger[Any]], counted: Bools) -> bool:
    """Tell whether any of the first `count` that are liked better draws no more than a on any limit that counts."""
    for m in range(count):
        d = 0
        while d < uses.shape[2] and not (counted[d] and uses[i, better[m], d] > uses[i, a, d]):
            d += 1
        if d == uses.shape[2]:
            return True
    return False


@numba.njit(cache=True, nogil=True)
def _order_of(style: int, tier: int, options: Options) -> int:
    """Return the row of `Options.liked` that a style goes by at a tier of the scenario."""
    return tier if style == 0 else options.liked.shape[0] - 3 + style


@numba.njit(cache=True, nogil=True)
def _handle(i: int, first: int, end: int, rules: Rules, options: Options, row: int, choice: Ints) -> int:
    """Write what each style chooses to a row of choice; returns the first of tiers first to end that may, else -1."""
    final = rules.tiers.shape[0] - 1
    for k in range(first, end):
        for s in range(3):
            # at the last tier everybody is guided
            order = _order_of(0 if k == final else s, rules.tiers[k], options)
            choice[row, s] = -1
            for n in range(options.counts[i]):
                a = options.liked[order, i, n]
                if a < 0:
                    break
                if k == final or _permitted(i, a, k, rules, options, -1):
                    choice[row, s] = a
                    break
            if choice[row, s] < 0:
                break
        if choice[row, 0] >= 0:
            return k
    if end <= final:
        return -1
    # the entitlement cannot be met: the last tier gives the most there is
    for s in range(3):
        choice[row, s] = options.most[i]
    return final


@numba.njit(cache=True, nogil=True)
def choose(rules: Rules, options: Options, begin: int, end: int, tier: Ints, choice: Ints) -> None:
    """Fill tier (N,) and choice (N, styles) for some cases: who handles each, and what each style chooses."""
    for i in range(begin, end):
        tier[i] = _handle(i, rules.start[i], rules.tiers.shape[0], rules, options, i, choice)


@numba.njit(cache=True, nogil=True)
def may_be_chosen(k: int, counted: Bools, options: Options, begin: int, end: int, out: Bools) -> None:
    """Fill out (N, A) with whether an agent of any style at tier k of the scenario may choose a resolution.

    None does where another one draws no more on any limit that counts (L,) and is liked better by that style.
    """
    unbeaten = np.empty(options.uses.shape[1], dtype=np.int64)
    for i in range(begin, end):
        for a in range(options.counts[i]):
            out[i, a] = False
        for s in range(3):
            found = 0
            for n in range(options.counts[i]):
                a = options.liked[_order_of(s, k, options), i, n]
                if a < 0:
                    break
                if not _is_beaten(i, a, unbeaten, found, options.uses, counted):
                    unbeaten[found] = a
                    found += 1
                    out[i, a] = True


@numba.njit(cache=True, nogil=True)
def grid_values(
    scenario_tier: int,
    levels: Ints,
    grid: Ints,
    reaches: Bools,
    options: Options,
    choosable: Bools,
    table: Floats,
    begin: int,
    end: int,
    handled: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Fill, for every combination of limits of a grid, whether tier k settles a case, and what that comes to.

    Parameters
    ----------
    levels
        (L, levels) limits in cents, rising; a limit that does not move has one level.
    grid
        (combinations, L) which level of each limit.
    reaches
        (N,) whether the case may be settled by the tier, as far as guards go.
    choosable
        (N, A) resolutions to look at.
    table
        (N, A, styles) value of each resolution at the tier, for each style's share of the agents.
    begin, end
        Cases to work on.
    handled, out
        (N, combinations) 1 where the tier settles it, else 0; what that comes to, else 0.
    """
    resolution_count = options.uses.shape[1]
    limit_count = levels.shape[0]
    order = np.empty((3, resolution_count + 1), dtype=np.int64)
    needed = np.empty((resolution_count, limit_count), dtype=np.int64)
    for i in range(begin, end):
        for g in range(grid.shape[0]):
            handled[i, g] = 0.0
            out[i, g] = 0.0
        if not reaches[i]:
            continue
        for a in range(options.counts[i]):
            if not choosable[i, a]:
                continue
            for d in range(limit_count):
                level = 0
                while level < levels.shape[1] and options.uses[i, a, d] > levels[d, level]:
                    level += 1
                needed[a, d] = level
        for s in range(3):
            found = 0
            for n in range(options.counts[i]):
                a = options.liked[_order_of(s, scenario_tier, options), i, n]
                if a >= 0 and choosable[i, a]:
                    order[s, found] = a
                    found += 1
            order[s, found] = -1
        for g in range(grid.shape[0]):
            for s in range(3):
                for n in range(resolution_count):
                    a = order[s, n]
                    if a < 0:
                        break
                    permitted = True
                    for d in range(limit_count):
                        if needed[a, d] > grid[g, d]:
                            permitted = False
                            break
                    if permitted:
                        handled[i, g] = 1.0
                        out[i, g] += table[i, a, s]
                        break


@numba.njit(cache=True, nogil=True)
def _states_of_case(
    i: int,
    k: int,
    limit: int,
    in_force: Bools,
    rules: Rules,
    options: Options,
    stairs: Ints,
    heights: Ints,
    row: int,
    tier: Ints,
    choice: Ints,
    cents: Ints,
) -> int:
    """Write the states of a case as `curve_states` has them, from a row on; returns how many there are."""
    start, is_in_force = rules.start[i], in_force[rules.cell[i]]
    cents[row] = -1
    if start <= k:
        tier[row] = _handle(i, start, k if is_in_force else k + 1, rules, options, row, choice)
        if tier[row] >= 0:
            return 1
    if start > k or not is_in_force:
        tier[row] = _handle(i, max(start, k + 1), rules.tiers.shape[0], rules, options, row, choice)
        return 1
    # what each style likes best at every limit: down from no limit, the next best that draws less
    heights[:] = 0
    for s in range(3):
        order = _order_of(s, rules.tiers[k], options)
        least = np.iinfo(np.int64).max
        for n in range(options.counts[i]):
            a = options.liked[order, i, n]
            if a < 0 or least < 0:
                break
            use = options.uses[i, a, limit]
            if use < least and _permitted(i, a, k, rules, options, limit):
                stairs[s, heights[s], 0], stairs[s, heights[s], 1] = use, a
                heights[s] += 1
                least = use
    written = 0
    if heights[0] == 0 or stairs[0, heights[0] - 1, 0] >= 0:
        tier[row] = _handle(i, k + 1, rules.tiers.shape[0], rules, options, row, choice)
        written = 1
    # up again: all styles begin at the same amount, the least that anything permitted draws
    while heights[0] > 0 or heights[1] > 0 or heights[2] > 0:
        use = np.iinfo(np.int64).max
        for s in range(3):
            if heights[s] > 0:
                use = min(use, stairs[s, heights[s] - 1, 0])
        now = row + written
        tier[now], cents[now] = k, use
        for s in range(3):
            if heights[s] > 0 and stairs[s, heights[s] - 1, 0] == use:
                heights[s] -= 1
                choice[now, s] = stairs[s, heights[s], 1]
            else:
                choice[now, s] = choice[now - 1, s]
        written += 1
    return written


@numba.njit(cache=True, nogil=True)
def curve_states(
    k: int,
    limit: int,
    in_force: Bools,
    rules: Rules,
    options: Options,
    begin: int,
    end: int,
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return every state that some cases go through while one limit of tier k rises from "ask".

    That is case, tier of the policy, choices (states, styles), and the cents from which each holds (-1: from "ask" on).

    Parameters
    ----------
    in_force
        (cells,) whether this limit is the one that counts there; cases of other cells stay as they are.
    """
    most = 0
    for i in range(begin, end):
        most += options.counts[i] + 1
    case, tier, cents = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    choice = np.empty((most, 3), dtype=np.int64)
    stairs, heights = np.empty((3, options.uses.shape[1], 2), dtype=np.int64), np.empty(3, dtype=np.int64)
    written = 0
    for i in range(begin, end):
        count = _states_of_case(i, k, limit, in_force, rules, options, stairs, heights, written, tier, choice, cents)
        case[written : written + count] = i
        written += count
    return case[:written], tier[:written], choice[:written], cents[:written]


@numba.njit(cache=True, nogil=True)
def add_expected_along(
    k: int,
    limit: int,
    in_force: Bools,
    rules: Rules,
    options: Options,
    table: Floats,
    last: Floats,
    levels: Ints,
    begin: int,
    end: int,
    out: Floats,
    touched: Bools,
) -> None:
    """Add to out (levels, quantities) by how much what cases come to changes as one limit of tier k rises from "ask".

    Parameters
    ----------
    in_force
        As in `curve_states`.
    table
        (tiers of the policy but the last, N, A, styles, quantities) what a resolution comes to, times a style's share.
    last
        (N, styles, quantities) what a case comes to at the last tier.
    levels
        (levels,) all amounts at which anything may change, rising, the first -1.
    touched
        (levels,) set where anything does.
    """
    most, final = options.uses.shape[1] + 1, rules.tiers.shape[0] - 1
    tier, cents, choice = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64), np.empty((most, 3), np.int64)
    stairs, heights = np.empty((3, most, 2), dtype=np.int64), np.empty(3, dtype=np.int64)
    for i in range(begin, end):
        count = _states_of_case(i, k, limit, in_force, rules, options, stairs, heights, 0, tier, choice, cents)
        for n in range(count):
            place = np.searchsorted(levels, cents[n])
            touched[place] = True
            for s in range(3):
                if n > 0 and tier[n] == tier[n - 1] and choice[n, s] == choice[n - 1, s]:
                    continue
                for q in range(out.shape[1]):
                    change = table[tier[n], i, choice[n, s], s, q] if tier[n] < final else last[i, s, q]
                    if n > 0:
                        before = tier[n - 1]
                        change -= table[before, i, choice[n - 1, s], s, q] if before < final else last[i, s, q]
                    out[place, q] += change
