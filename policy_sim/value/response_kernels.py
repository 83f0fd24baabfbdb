"""Response kernels: what cases come to under the resolutions that they are given, compiled.

In: arrays of cases and of draws, as `payoffs` makes them. Out: sums of measures, means over draws, payoffs.
Left to others: who chooses what (`choice_kernels`), names, files, intervals, what it all means.

numba's cache notices changes of one file only, the one that a function is in. So nothing that is compiled here calls
another module, or takes a constant from one; names that stand elsewhere too are repeated, and held together by tests.

The formula is written once: `_prepare` (what holds for a case), `_wait_for_tier` (what happens to who gets nothing),
`_respond` (what happens to who gets a resolution). It works on `LANES` numbers at a time, which are draws of one case
where many draws are wanted (`score_assignments`, `expected_payoffs`), and cases under one draw where one is
(`payoffs_of_cases`). What differs from lane to lane is copied into rows of one flat buffer first, and that is all that
the two ways do differently. The compiler sees that no two rows overlap and that all are as long, and so turns the
loops, own exp and log included, into vector instructions. Several short loops are better than one long one, where each
lane would wait for one step after the other; those that would only add zeros are left out, which changes no bit of the
results. Sums run in a fixed order for each draw, so that results do not depend on how draws are spread over threads.
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
    "EXPECTED",
    "FACTS",
    "FORMS",
    "LANES",
    "MEASURES",
    "PER_FAILURE",
    "PER_TIER",
    "SHARED",
    "STAFF",
    "Assignments",
    "CaseArrays",
    "DrawArrays",
    "expected_payoffs",
    "mean_measures",
    "payoffs_of_cases",
    "score_assignments",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Draws, or cases, worked on at a time; arrays with a draw axis are padded to a multiple of it.
LANES = 52
_QUARTER = LANES // 4

#: What is added up over cases, in the order of every array with a measure axis: as `words.MEASURES`.
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
#: What `expected_payoffs` returns, in the order of its last axis: money, money, minutes, money.
EXPECTED = ("net_value", "remedy_cost", "supervisor_minutes", "learned_claiming")

#: Columns of `CaseArrays.facts`: severity centred at .5, at most 3 prior failures, bond = ln((1 + prior purchases)/4).
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
    "live",
)
#: Linear forms in the money columns of a case, third axis of `DrawArrays.forms`; felt and gain are net of trouble.
FORMS = ("cost", "felt", "gain")
#: Second axis of `DrawArrays.failures`; kappa is the logit of the churn without remedy.
PER_FAILURE = ("loss_share", "kappa", "compensation_weight", "spend_drop")
#: Second axis of `DrawArrays.tiers`.
PER_TIER = ("wait_hours", "live_wait_hours", "lost_contact_share")
#: Third axis of `DrawArrays.staff`.
STAFF = ("labour", "minutes", "supervisor_minutes")
#: First axis of `DrawArrays.shared`; idle and quiet are the effort of a contact that leads to nothing, and of none at
#: all, in logits; queue_hours are waited by whoever needs a supervisor; deterred and gained are money per customer;
#: reach is learned claims where the gain is large; scales are one over what they are named for.
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
    "queue_hours",
    "reach",
    "temptation_scale",
)

#: Rows of the buffer: what is copied in, then what is worked out of it, then the measures.
_ROWS = (
    *SHARED,
    *PER_FAILURE,
    *PER_TIER,
    *FACTS,
    *("value_ratio", "suspected", "push", "lead_hours"),
    *FORMS,
    *("per_loss", "plain", "waited", "waits", "worth", "slope"),
    *("kept_empty", "retained_empty", "kept_silent", "retained_silent"),
    *("compensation", "effect", "eta", "learned"),
    *MEASURES,
)


def _row(name: str) -> int:
    """Return where in the buffer a row begins."""
    return LANES * _ROWS.index(name)


#: Of a type, which a literal is not: the compiler makes a copy of every function for every literal that it is given.
_ZERO: Any = np.int64(0)
_ONE: Any = np.int64(1)
_NONE: Any = np.int64(-1)

_MONEY = LANES * len(_ROWS)  # the money columns of the cases come last, however many there are
_FIRST_SHARED, _FIRST_PER_FAILURE, _FIRST_PER_TIER = _row(SHARED[0]), _row(PER_FAILURE[0]), _row(PER_TIER[0])
_FIRST_FACT, _FIRST_FORM, _FIRST_MEASURE = _row(FACTS[0]), _row(FORMS[0]), _row(MEASURES[0])
_FORM_COUNT, _MEASURE_COUNT, _EXPECTED_COUNT = len(FORMS), len(MEASURES), len(EXPECTED)
_COST_FORM, _FELT_FORM, _GAIN_FORM = FORMS.index("cost"), FORMS.index("felt"), FORMS.index("gain")
_STAFF_COUNT, _STAFF_ROWS = len(STAFF), tuple(_row(name) for name in STAFF)

_FLOOR, _SEVERITY_WEIGHT, _WAIT_WEIGHT = _row("churn_without_failure"), _row("severity_weight"), _row("wait_weight")
_IDLE, _QUIET, _REPEAT_WEIGHT = _row("idle"), _row("quiet"), _row("repeat_weight")
_DOUBLE_WEIGHT, _BOND_WEIGHT = _row("double_deviation_weight"), _row("bond_weight")
_FIRST_ORDER_WEIGHT, _OVER_WEIGHT = _row("first_order_weight"), _row("over_compensation_weight")
_INSULT_WEIGHT, _INSULT_SCALE, _SUSPECTED_WEIGHT = _row("insult_weight"), _row("insult_scale"), _row("suspected_weight")
_PARADOX, _DETERRED, _GAINED, _FACTOR = _row("paradox"), _row("deterred"), _row("gained"), _row("future_value_factor")
_REACH, _TEMPTATION_SCALE = _row("reach"), _row("temptation_scale")
_LOSS_SHARE, _KAPPA, _SPEND_DROP = _row("loss_share"), _row("kappa"), _row("spend_drop")
_COMPENSATION_WEIGHT = _row("compensation_weight")
_TIER_WAIT, _TIER_LIVE_WAIT = _row("wait_hours"), _row("live_wait_hours")
_TIER_LOST, _LIVE, _QUEUE_HOURS, _WAITS = (_row(n) for n in ("lost_contact_share", "live", "queue_hours", "waits"))
_PRICE, _SEVERITY, _HOURS_OPEN, _SURFACES = _row("item_price"), _row("severity"), _row("hours_open"), _row("surfaces")
_PRIOR_FAILURES, _RECENT_FAILURE, _BOND = _row("prior_failures"), _row("recent_failure"), _row("bond")
_FIRST_ORDER, _FUTURE_VALUE, _VALUE_RATIO = _row("first_order"), _row("future_value"), _row("value_ratio")
_SUSPECTED = _row("suspected")
_PUSH, _LEAD_HOURS = _row("push"), _row("lead_hours")
_COST, _FELT, _GAIN = _row("cost"), _row("felt"), _row("gain")
_PER_LOSS, _PLAIN, _WAITED, _WORTH, _SLOPE = (_row(n) for n in ("per_loss", "plain", "waited", "worth", "slope"))
_KEPT_EMPTY, _RETAINED_EMPTY = _row("kept_empty"), _row("retained_empty")
_KEPT_SILENT, _RETAINED_SILENT = _row("kept_silent"), _row("retained_silent")
_COMPENSATION, _EFFECT, _ETA, _LEARNED = _row("compensation"), _row("effect"), _row("eta"), _row("learned")
_RETAINED, _REMEDY_COST, _LABOUR = _row("retained"), _row("remedy_cost"), _row("labour")
_CLAIMING, _KEPT, _ESCALATED = _row("learned_claiming"), _row("customers_kept"), _row("escalated")
_SUPERVISED = _row("supervisor_minutes")


class CaseArrays(NamedTuple):
    """What the response needs to know of each of N cases.

    failure, customer (N,); money (N, C) columns of the linear forms; facts (N, facts) as named in `FACTS`.
    """

    failure: Ints
    customer: Ints
    money: Floats
    facts: Floats


class DrawArrays(NamedTuple):
    """All numbers of M draws; F failures, A resolutions, C money columns, K tiers of the scenario.

    forms (F, A, forms, C, M); active (F, A, forms, C) whether a coefficient is ever other than 0; push (F, A, M) logits
    by which effort, gesture and proactivity raise the chance of loss; lead_hours (F, A, M); in_line (F, A) whether the
    customer waits for a supervisor; staff (F, A, K, quantities,
    M) as named in `STAFF`; proactive (F, A); timing (F, A) the same number where resolutions take as long and are as
    proactive; rejected (F,); failures (F, quantities, M) as named in `PER_FAILURE`; tiers (K, quantities, M) as named
    in `PER_TIER`; shared (quantities, M) as named in `SHARED`; value_ratios (customers, M) each customer's future value
    under each draw as a multiple of the estimated one.
    """

    forms: Floats
    active: Bools
    push: Floats
    lead_hours: Floats
    staff: Floats
    proactive: Bools
    in_line: Bools
    timing: Ints
    rejected: Bools
    failures: Floats
    tiers: Floats
    shared: Floats
    value_ratios: Floats


class Assignments(NamedTuple):
    """Who decides cases, and what each style of agents then chooses.

    Assignments of one case that follow each other are the stages that it goes through as a limit rises; where the place
    falls, those of another limit begin.

    case, tier (of the scenario), place (where it is added up) are (assignments,); choice (assignments, styles) is the
    resolution that each style chooses, -1 where a style is to be left out.
    """

    case: Ints
    tier: Ints
    choice: Ints
    place: Ints


def _read_as(source: types.Type, target: types.Type, target_ir: ir.Type) -> Any:
    """Make a compiled function that reads the bits of one type as another."""

    def typed(typing_context: Any, value: Any) -> Any:
        return target(source), lambda context, builder, signature, values: builder.bitcast(values[0], target_ir)

    return intrinsic(typed)


_bits_of = _read_as(types.float64, types.int64, ir.IntType(64))
_float_of = _read_as(types.int64, types.float64, ir.DoubleType())


def _multiply_add(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    kinds = (types.float64,) * 3
    return types.float64(*kinds), lambda context, builder, signature, values: builder.fma(*values)


_fma: Any = intrinsic(_multiply_add)  # a b + c, rounded once


@numba.njit(error_model="numpy", forceinline=True)
def _exp(x: float) -> float:
    """Return e**x to 1e-15 relative, without a branch; x is held within -700 and 700."""
    x = -700.0 if x < -700.0 else x
    x = 700.0 if x > 700.0 else x
    shifted = _fma(x, 1.4426950408889634, 6755399441055744.0)  # 1.5 * 2**52: rounds to a whole number in the low bits
    n = shifted - 6755399441055744.0
    r = _fma(-n, 1.90821492927058770002e-10, _fma(-n, 6.93147180369123816490e-01, x))
    # e**r = 1 + r + r**2 p(r), to 1e-17 where |r| is below ln(2) / 2; even and odd terms of p side by side, as each
    # step has to wait for the one before
    u = r * r
    even = _fma(_fma(2.7620088445409746e-07, u, 2.4801521295954376e-05), u, 0.0013888888917213717)
    odd = _fma(_fma(2.510038549551032e-08, u, 2.7557268459997064e-06), u, 0.00019841269863053618)
    even = _fma(_fma(even, u, 0.04166666666662413), u, 0.5)
    odd = _fma(_fma(odd, u, 0.008333333333330062), u, 0.16666666666666669)
    p = _fma(_fma(odd, r, even), u, r) + 1.0
    return float(p * _float_of((_bits_of(shifted) << 52) + 4607182418800017408))


@numba.njit(error_model="numpy", forceinline=True)
def _log(x: float) -> float:
    """Return ln x to 1e-15 + 4e-16 |ln x|, without a branch, for normal positive x."""
    bits = _bits_of(x)
    exponent = _float_of((bits >> 52) | 4841369599423283200) - 4503599627371519.0  # 2**52 + 1023
    mantissa = _float_of((bits & 4503599627370495) | 4607182418800017408)
    high = 1.0 if mantissa > 1.4142135623730951 else 0.0
    mantissa = mantissa * (1.0 - 0.5 * high)
    t = (mantissa - 1.0) / (mantissa + 1.0)
    u = t * t
    p = _fma(1 / 21, u, 1 / 19)  # the series of artanh, 11 terms
    p = _fma(_fma(p, u, 1 / 17), u, 1 / 15)
    p = _fma(_fma(p, u, 1 / 13), u, 1 / 11)
    p = _fma(_fma(p, u, 1 / 9), u, 1 / 7)
    p = _fma(_fma(p, u, 1 / 5), u, 1 / 3)
    return float(_fma(exponent + high, 0.6931471805599453, 2.0 * t * _fma(p, u, 1.0)))


@numba.njit(error_model="numpy", forceinline=True)
def _log_of_wait(hours: float) -> float:
    """Return the logarithm of a wait, 0 for a day."""
    return _log(0.5 + hours * (0.5 / 24))


@numba.njit(error_model="numpy", forceinline=True)
def _take_logs_of_waits(b: Floats) -> None:
    """Replace the hours waited by their logarithms; one does where all lanes wait as long."""
    different = 0
    for j in range(LANES):
        different += b[_WAITED + j] != b[_WAITED]
    if different > 0:
        for j in range(LANES):
            b[_WAITED + j] = _log_of_wait(b[_WAITED + j])
    else:
        alike = _log_of_wait(b[_WAITED])
        for j in range(LANES):
            b[_WAITED + j] = alike


@numba.njit(error_model="numpy", forceinline=True)
def _effect(compensation: float, rejected: float) -> float:
    """Return how much of the harm is made good."""
    q = compensation * (1 / 1.5)
    q = 0.0 if q < 0.0 else q
    q = 1.0 if q > 1.0 else q
    # q (2 - q), where rejected q**4 (15 - 24 q + 10 q**2)
    steep = _fma(q, _fma(q, 10.0 * rejected, -24.0 * rejected), 15.0 * rejected)
    return float(q * _fma(q, _fma(q * q, steep, rejected - 1.0), 2.0 * (1.0 - rejected)))


@numba.njit(error_model="numpy", forceinline=True)
def _overdone(compensation: float) -> float:
    """Return how much too much was given; 0 up to a compensation of 1.5."""
    excess = compensation - 1.5
    excess = 0.0 if excess < 0.0 else excess
    return excess * excess / (1.0 + excess * excess)


@numba.njit(error_model="numpy", forceinline=True)
def _insulting(compensation: float, insult_scale: float) -> float:
    """Return how insultingly little was given; 0 where nothing was, and from a scale's worth on."""
    token = compensation * insult_scale
    token = 0.0 if token < 0.0 else token
    token = 1.0 if token > 1.0 else token
    return 6.75 * token * (1.0 - token) * (1.0 - token)


@numba.njit(error_model="numpy", forceinline=True)
def _answer(eta: float, worth: float, floor: float, deterred: float) -> tuple[float, float]:
    """Return the share kept, and the value retained, of a customer with these logits of loss."""
    stays = 1.0 / (1.0 + _exp(eta))
    return (1.0 - floor) * stays, _fma(stays, worth, -deterred)


@numba.njit(error_model="numpy", forceinline=True)
def _learned(cost: float, gain: float, reach: float, temptation_scale: float) -> float:
    """Return the cost of the claims that a resolution teaches."""
    cost = 0.0 if cost < 0.0 else cost
    gain = 0.0 if gain < 0.0 else gain
    return reach * (1.0 - _exp(-(gain * temptation_scale))) * cost


@numba.njit(error_model="numpy", forceinline=True)
def _prepare(b: Floats) -> int:
    """Work out what holds for the cases in the buffer, whatever they are given, whoever decides.

    Returns in how many lanes the customer may never ask.
    """
    unseen = 0
    for j in range(LANES):
        valued = b[_VALUE_RATIO + j] * b[_FUTURE_VALUE + j] * b[_FACTOR + j]
        price = b[_PRICE + j]
        price = 0.01 if price < 0.01 else price
        # what keeping a customer is worth where nothing is made good, and how much that rises with the effect
        b[_WORTH + j] = valued * (1.0 - b[_SPEND_DROP + j]) + b[_DETERRED + j]
        b[_SLOPE + j] = valued * (b[_SPEND_DROP + j] + b[_PARADOX + j]) + b[_GAINED + j]
        b[_PER_LOSS + j] = 1.0 / (b[_LOSS_SHARE + j] * price)
        b[_PLAIN + j] = (
            b[_KAPPA + j]
            + b[_SEVERITY_WEIGHT + j] * b[_SEVERITY + j]
            + b[_REPEAT_WEIGHT + j] * b[_PRIOR_FAILURES + j]
            + b[_DOUBLE_WEIGHT + j] * b[_RECENT_FAILURE + j]
            - b[_BOND_WEIGHT + j] * b[_BOND + j]
            + b[_FIRST_ORDER_WEIGHT + j] * b[_FIRST_ORDER + j]
        )
        unseen += b[_SURFACES + j] < 1.0
    if unseen > 0:
        for j in range(LANES):
            b[_WAITED + j] = b[_HOURS_OPEN + j]
        _take_logs_of_waits(b)
        for j in range(LANES):
            eta = b[_PLAIN + j] + b[_QUIET + j] + b[_WAIT_WEIGHT + j] * b[_WAITED + j]
            b[_KEPT_SILENT + j], b[_RETAINED_SILENT + j] = _answer(eta, b[_WORTH + j], b[_FLOOR + j], b[_DETERRED + j])
    return unseen


@numba.njit(error_model="numpy", forceinline=True)
def _wait_for_tier(k: int, b: Floats) -> None:
    """Work out how long tier k, which is in the buffer, makes wait, and what becomes of who waits and gets nothing."""
    is_queued = 1.0 if k > 0 else 0.0
    for j in range(LANES):
        waits = _fma(b[_LIVE + j], b[_TIER_LIVE_WAIT + j] - b[_TIER_WAIT + j], b[_TIER_WAIT + j])
        b[_WAITS + j] = waits
        b[_WAITED + j] = b[_HOURS_OPEN + j] + waits + is_queued * b[_QUEUE_HOURS + j]
    _take_logs_of_waits(b)
    for j in range(LANES):
        waited = b[_WAIT_WEIGHT + j] * b[_WAITED + j]
        eta = b[_PLAIN + j] + b[_SUSPECTED_WEIGHT + j] * b[_SUSPECTED + j] + b[_IDLE + j] + waited
        b[_KEPT_EMPTY + j], b[_RETAINED_EMPTY + j] = _answer(eta, b[_WORTH + j], b[_FLOOR + j], b[_DETERRED + j])


@numba.njit(error_model="numpy", forceinline=True)
def _respond(is_on_request: bool, is_queued: bool, is_rejected: bool, is_timed: bool, b: Floats) -> None:
    """Work out the measures of the resolution in the buffer, at the tier and for the cases that stand there.

    All of them are of customers who ask for it.

    Parameters
    ----------
    is_queued
        Whether the customer waits for a supervisor: once, be it to be decided upon or to be transferred.
    is_timed
        Whether the last resolution took as long, so that what waiting does is known already.
    """
    in_contact, in_queue = 1.0 if is_on_request else 0.0, 1.0 if is_queued else 0.0
    if not is_timed:
        for j in range(LANES):
            hours = b[_WAITS + j] + in_queue * b[_QUEUE_HOURS + j] + b[_LEAD_HOURS + j]
            b[_WAITED + j] = _fma(in_contact, b[_HOURS_OPEN + j], hours)
        _take_logs_of_waits(b)
        for j in range(LANES):
            suspicion = in_contact * b[_SUSPECTED_WEIGHT + j] * b[_SUSPECTED + j]
            b[_WAITED + j] = _fma(b[_WAIT_WEIGHT + j], b[_WAITED + j], b[_PLAIN + j]) + suspicion
    _make_good(1.0 if is_rejected else 0.0, b)
    for j in range(LANES):
        worth = _fma(b[_SLOPE + j], b[_EFFECT + j], b[_WORTH + j])
        kept, retained = _answer(b[_ETA + j], worth, b[_FLOOR + j], b[_DETERRED + j])
        # where contact is lost on the way, the customer has waited and gets nothing
        lost = b[_TIER_LOST + j] * in_contact
        b[_RETAINED + j] = _fma(lost, b[_RETAINED_EMPTY + j] - retained, retained)
        b[_REMEDY_COST + j] = (1.0 - lost) * b[_COST + j]
        b[_CLAIMING + j] = (1.0 - lost) * b[_LEARNED + j]
        b[_KEPT + j] = _fma(lost, b[_KEPT_EMPTY + j] - kept, kept)


@numba.njit(error_model="numpy", forceinline=True)
def _make_good(rejected: float, b: Floats) -> None:
    """Work out the effect of what is given, the logits of loss, and what it teaches people to claim."""
    overdone, insulted, tempted = 0, 0, 0
    for j in range(LANES):
        compensation = b[_FELT + j] * b[_PER_LOSS + j]
        b[_COMPENSATION + j] = compensation
        b[_EFFECT + j] = _effect(compensation, rejected)
        b[_ETA + j] = _fma(-b[_COMPENSATION_WEIGHT + j], b[_EFFECT + j], b[_WAITED + j] + b[_PUSH + j])
        overdone += compensation > 1.5
        insulted += (compensation > 0.0) & (compensation * b[_INSULT_SCALE + j] < 1.0)
        tempted += b[_GAIN + j] > 0.0
    # three terms are mostly 0 in all lanes
    if overdone > 0:
        for j in range(LANES):
            b[_ETA + j] += b[_COMPENSATION_WEIGHT + j] * b[_OVER_WEIGHT + j] * _overdone(b[_COMPENSATION + j])
    if insulted > 0:
        for j in range(LANES):
            b[_ETA + j] += b[_INSULT_WEIGHT + j] * _insulting(b[_COMPENSATION + j], b[_INSULT_SCALE + j])
    for j in range(LANES):
        b[_LEARNED + j] = 0.0
    if tempted > 0:
        for j in range(LANES):
            b[_LEARNED + j] = _learned(b[_COST + j], b[_GAIN + j], b[_REACH + j], b[_TEMPTATION_SCALE + j])


@numba.njit(error_model="numpy", forceinline=True)
def _weigh_asking(surfaces: float, b: Floats) -> None:
    """Weigh the measures by the chance that the customer asks: who does not gets nothing and costs nothing."""
    for j in range(_MEASURE_COUNT * LANES):
        b[_FIRST_MEASURE + j] *= surfaces
    for j in range(LANES):
        b[_RETAINED + j] += (1.0 - surfaces) * b[_RETAINED_SILENT + j]
        b[_KEPT + j] += (1.0 - surfaces) * b[_KEPT_SILENT + j]


@numba.njit(error_model="numpy", forceinline=True)
def _copy_shared(first: int, step: int, draws: DrawArrays, b: Floats) -> None:
    # no views of arrays here and below: each would cost an atomic count of its owners
    for q in range(draws.shared.shape[0]):
        for j in range(LANES):
            b[_FIRST_SHARED + q * LANES + j] = draws.shared[q, first + step * j]


@numba.njit(error_model="numpy", forceinline=True)
def _copy_failure(f: int, first: int, step: int, draws: DrawArrays, b: Floats) -> None:
    for q in range(draws.failures.shape[1]):
        for j in range(LANES):
            b[_FIRST_PER_FAILURE + q * LANES + j] = draws.failures[f, q, first + step * j]


@numba.njit(error_model="numpy", forceinline=True)
def _copy_tier(k: int, first: int, step: int, draws: DrawArrays, b: Floats) -> None:
    for q in range(draws.tiers.shape[1]):
        for j in range(LANES):
            b[_FIRST_PER_TIER + q * LANES + j] = draws.tiers[k, q, first + step * j]


@numba.njit(error_model="numpy", forceinline=True)
def _copy_acts(f: int, a: int, k: int, first: int, step: int, draws: DrawArrays, b: Floats) -> None:
    """Copy in what a resolution takes of people at a tier, how long it takes, and what it does besides its worth."""
    for j in range(LANES):
        b[_PUSH + j] = draws.push[f, a, first + step * j]
        b[_LEAD_HOURS + j] = draws.lead_hours[f, a, first + step * j]
    for q in range(_STAFF_COUNT):
        for j in range(LANES):
            b[_STAFF_ROWS[q] + j] = draws.staff[f, a, k, q, first + step * j]


@numba.njit(error_model="numpy", forceinline=True)
def _copy_case(i: int, is_suspected: bool, first: int, cases: CaseArrays, draws: DrawArrays, b: Floats) -> None:
    """Copy one case into all lanes, which are draws."""
    _copy_failure(cases.failure[i], first, _ONE, draws, b)
    for q in range(cases.facts.shape[1]):
        fact = cases.facts[i, q]
        for j in range(LANES):
            b[_FIRST_FACT + q * LANES + j] = fact
    suspected = 1.0 if is_suspected else 0.0
    for j in range(LANES):
        b[_SUSPECTED + j] = suspected
        b[_VALUE_RATIO + j] = draws.value_ratios[cases.customer[i], first + j]


@numba.njit(error_model="numpy", forceinline=True)
def _copy_resolution(i: int, a: int, k: int, first: int, cases: CaseArrays, draws: DrawArrays, b: Floats) -> None:
    """Copy in a resolution of the case in the buffer: its acts, and its linear forms under each draw."""
    f = cases.failure[i]
    _copy_acts(f, a, k, first, _ONE, draws, b)
    escalated = 1.0 if k > 0 else 0.0
    for j in range(LANES):
        b[_ESCALATED + j] = escalated
    for j in range(_FORM_COUNT * LANES):
        b[_FIRST_FORM + j] = 0.0
    for form in range(_FORM_COUNT):
        row = _FIRST_FORM + form * LANES
        for c in range(cases.money.shape[1]):
            if draws.active[f, a, form, c]:
                money = cases.money[i, c]
                for j in range(LANES):
                    b[row + j] = _fma(draws.forms[f, a, form, c, first + j], money, b[row + j])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def score_assignments(
    assignments: Assignments,
    suspected: Bools,
    cases: CaseArrays,
    draws: DrawArrays,
    style: Floats,
    first: int,
    out: Floats,
) -> None:
    """Add each assignment's change of the measures to out (places, measures, LANES), for the draws from first on.

    The first assignment of a case adds its measures, each further one the difference to the one before.

    Parameters
    ----------
    suspected
        (N,) whether a guard has passed the case on because its customer looks suspicious.
    style
        (K, styles, draws) share of each style at each tier.
    """
    case, tier, choice, place = assignments
    b = np.empty(_MONEY)
    _copy_shared(first, _ONE, draws, b)
    # what has been worked out for the case: nothing at all, then each resolution at each tier when it is first chosen
    tiers, most = draws.tiers.shape[0], draws.push.shape[1]
    known = np.zeros((1 + tiers * most, _MEASURE_COUNT * LANES))
    row_of = np.zeros((tiers, most), dtype=np.int64)
    now, before = np.zeros(choice.shape[1], dtype=np.int64), np.zeros(choice.shape[1], dtype=np.int64)
    weights = np.empty((2, LANES))
    rows, timing, unseen, in_buffer = 0, _NONE, 0, _NONE
    for n in range(case.shape[0]):
        i, k = case[n], tier[n]
        f = cases.failure[i]
        is_new = n == 0 or case[n - 1] != i
        begins = is_new or place[n] < place[n - 1]
        k_before = k if begins else tier[n - 1]
        if is_new:
            _copy_case(i, suspected[i], first, cases, draws, b)
            unseen = _prepare(b)
            row_of[:] = 0
            rows, in_buffer = 0, _NONE
        if begins:
            now[:] = 0
        for s in range(choice.shape[1]):
            a = choice[n, s]
            before[s] = now[s]
            if a >= 0 and row_of[k, a] == 0:
                if in_buffer != k:
                    _copy_tier(k, first, _ONE, draws, b)
                    _wait_for_tier(k, b)
                    in_buffer, timing = k, _NONE
                _copy_resolution(i, a, k, first, cases, draws, b)
                is_timed = draws.timing[f, a] == timing
                timing = int(draws.timing[f, a])
                is_queued = k > 0 or draws.in_line[f, a]
                _respond(not draws.proactive[f, a], is_queued, draws.rejected[f], is_timed, b)
                if not draws.proactive[f, a] and unseen > 0:
                    _weigh_asking(b[_SURFACES], b)
                rows += 1
                row_of[k, a] = rows
                for j in range(_MEASURE_COUNT * LANES):
                    known[rows, j] = b[_FIRST_MEASURE + j]
            now[s] = row_of[k, a] if a >= 0 else 0
        for s in range(choice.shape[1]):
            if not _is_counted(s, now, before):
                _add_change(s, k, k_before, now, before, known, style, first, weights, place[n], out)


@numba.njit(error_model="numpy", forceinline=True)
def _is_counted(s: int, now: Ints, before: Ints) -> bool:
    """Tell whether nothing changes for a style, or the same as for a style before it, which has counted it."""
    is_counted = now[s] == before[s]
    for t in range(s):
        is_counted |= now[t] == now[s] and before[t] == before[s]
    return bool(is_counted)


@numba.njit(error_model="numpy", forceinline=True)
def _add_change(
    s: int,
    k: int,
    k_before: int,
    now: Ints,
    before: Ints,
    known: Floats,
    style: Floats,
    first: int,
    weights: Floats,
    place: int,
    out: Floats,
) -> None:
    """Add to out what changes for a style, and for all after it for which the same does, by their shares.

    Shares are those at tier k, and those at tier k_before for what was chosen before.
    """
    mine, other = now[s], before[s]
    for j in range(LANES):
        weights[0, j] = style[k, s, first + j]
        weights[1, j] = style[k_before, s, first + j]
    for t in range(s + 1, now.shape[0]):
        if now[t] == mine and before[t] == other:
            for j in range(LANES):
                weights[0, j] += style[k, t, first + j]
                weights[1, j] += style[k_before, t, first + j]
    for q in range(_MEASURE_COUNT):
        for j in range(LANES):
            new = known[mine, q * LANES + j]
            old = known[other, q * LANES + j]
            out[place, q, j] = _fma(weights[0, j], new, _fma(-weights[1, j], old, out[place, q, j]))


@numba.njit(error_model="numpy", forceinline=True)
def _value_row(
    n: int,
    begin: int,
    case: Ints,
    resolution: Ints,
    tier: Ints,
    suspected: Bools,
    first: int,
    timing: int,
    unseen: int,
    cases: CaseArrays,
    draws: DrawArrays,
    b: Floats,
) -> tuple[int, int]:
    """Work out the measures of a row, for the draws from first on; the row before is in the buffer, but for row begin.

    Returns the timing of the resolution in the buffer, and in how many lanes the customer may never ask.
    """
    i, a, k = case[n], resolution[n], tier[n]
    f = cases.failure[i]
    is_new = n == begin or case[n - 1] != i
    if is_new:
        _copy_case(i, suspected[i], first, cases, draws, b)
        unseen = _prepare(b)
    if is_new or tier[n - 1] != k:
        _copy_tier(k, first, _ONE, draws, b)
        _wait_for_tier(k, b)
        timing = _NONE
    _copy_resolution(i, a, k, first, cases, draws, b)
    is_timed = draws.timing[f, a] == timing
    is_queued = k > 0 or draws.in_line[f, a]
    _respond(not draws.proactive[f, a], is_queued, draws.rejected[f], is_timed, b)
    if not draws.proactive[f, a] and unseen > 0:
        _weigh_asking(b[_SURFACES], b)
    return int(draws.timing[f, a]), unseen


@numba.njit(cache=True, nogil=True, error_model="numpy")
def expected_payoffs(
    case: Ints,
    resolution: Ints,
    tier: Ints,
    suspected: Bools,
    cases: CaseArrays,
    draws: DrawArrays,
    weight: Floats,
    claimed: Floats,
    begin: int,
    end: int,
    out: Floats,
) -> None:
    """Fill out (rows, styles, quantities) with sums over draws of a style's weight times what a row comes to.

    Quantities are those of `EXPECTED`, for rows begin to end; weight is (K, styles, draws), and that of a row's tier
    counts; claimed (draws,) is the share of learned claiming that gets through.
    """
    b = np.empty(_MONEY)
    for n in range(begin, end):
        for s in range(weight.shape[1]):
            for q in range(_EXPECTED_COUNT):
                out[n, s, q] = 0.0
    for first in range(0, weight.shape[2], LANES):
        _copy_shared(first, _ONE, draws, b)
        timing, unseen = _NONE, _ZERO
        for n in range(begin, end):
            k = tier[n]
            timing, unseen = _value_row(
                n, begin, case, resolution, tier, suspected, first, timing, unseen, cases, draws, b
            )
            for s in range(weight.shape[1]):
                payoff = 0.0
                cost = 0.0
                minutes = 0.0
                learned = 0.0
                for j in range(LANES):
                    share = weight[k, s, first + j]
                    claims = claimed[first + j] * b[_CLAIMING + j]
                    spent = b[_REMEDY_COST + j] + b[_LABOUR + j] + claims
                    payoff = _fma(share, b[_RETAINED + j] - spent, payoff)
                    cost = _fma(share, b[_REMEDY_COST + j], cost)
                    minutes = _fma(share, b[_SUPERVISED + j], minutes)
                    learned = _fma(share, claims, learned)
                out[n, s, 0] += payoff
                out[n, s, 1] += cost
                out[n, s, 2] += minutes
                out[n, s, 3] += learned


@numba.njit(cache=True, nogil=True, error_model="numpy")
def mean_measures(
    case: Ints,
    resolution: Ints,
    tier: Ints,
    suspected: Bools,
    cases: CaseArrays,
    draws: DrawArrays,
    weight: Floats,
    claimed: Floats,
    begin: int,
    end: int,
    out: Floats,
) -> None:
    """Fill out (rows, styles, measures) with sums over draws of a style's weight times what a row comes to.

    All else is as in `expected_payoffs`.
    """
    b, parts = np.empty(_MONEY), np.empty((_MEASURE_COUNT + 1, LANES))
    out[begin:end] = 0.0
    for first in range(0, weight.shape[2], LANES):
        _copy_shared(first, _ONE, draws, b)
        timing, unseen = _NONE, _ZERO
        for n in range(begin, end):
            timing, unseen = _value_row(
                n, begin, case, resolution, tier, suspected, first, timing, unseen, cases, draws, b
            )
            for j in range(LANES):
                b[_CLAIMING + j] *= claimed[first + j]
            for s in range(weight.shape[1]):
                _add_means(weight, tier[n], s, first, n, b, parts, out)


@numba.njit(error_model="numpy", forceinline=True)
def _add_means(weight: Floats, k: int, s: int, first: int, n: int, b: Floats, parts: Floats, out: Floats) -> None:
    """Add a style's weights times the measures in the buffer to a row of out; in parts, as one sum waits for itself."""
    for j in range(LANES):
        parts[_MEASURE_COUNT, j] = weight[k, s, first + j]
    for q in range(_MEASURE_COUNT):
        row = _FIRST_MEASURE + q * LANES
        for j in range(_QUARTER):
            one = _fma(
                parts[_MEASURE_COUNT, j], b[row + j], parts[_MEASURE_COUNT, _QUARTER + j] * b[row + _QUARTER + j]
            )
            other = parts[_MEASURE_COUNT, 3 * _QUARTER + j] * b[row + 3 * _QUARTER + j]
            other = _fma(parts[_MEASURE_COUNT, 2 * _QUARTER + j], b[row + 2 * _QUARTER + j], other)
            parts[q, j] = one + other
    for q in range(_MEASURE_COUNT):
        even, odd, third = parts[q, 12], 0.0, 0.0
        for j in range(0, 12, 3):
            even += parts[q, j]
            odd += parts[q, j + 1]
            third += parts[q, j + 2]
        out[n, s, q] += even + odd + third


@numba.njit(error_model="numpy", forceinline=True)
def _gather_cases(case: Ints, block: int, used: int, cases: CaseArrays, draws: DrawArrays, b: Floats) -> None:
    """Copy cases into the lanes, one each; the last one into those that are left over."""
    for j in range(LANES):
        i = case[block + min(j, used - 1)]
        for q in range(cases.facts.shape[1]):
            b[_FIRST_FACT + q * LANES + j] = cases.facts[i, q]
        b[_VALUE_RATIO + j] = draws.value_ratios[cases.customer[i], 0]
        b[_SUSPECTED + j] = 0.0
        for c in range(cases.money.shape[1]):
            b[_MONEY + c * LANES + j] = cases.money[i, c]


@numba.njit(error_model="numpy", forceinline=True)
def _add_forms(f: int, a: int, columns: int, draws: DrawArrays, b: Floats) -> None:
    """Work out the linear forms of a resolution for the cases in the buffer, under the first draw."""
    for j in range(_FORM_COUNT * LANES):
        b[_FIRST_FORM + j] = 0.0
    for c in range(columns):
        cost, felt = draws.forms[f, a, _COST_FORM, c, 0], draws.forms[f, a, _FELT_FORM, c, 0]
        gain = draws.forms[f, a, _GAIN_FORM, c, 0]
        if cost != 0.0 or felt != 0.0 or gain != 0.0:
            for j in range(LANES):
                money = b[_MONEY + c * LANES + j]
                b[_COST + j] = _fma(cost, money, b[_COST + j])
                b[_FELT + j] = _fma(felt, money, b[_FELT + j])
                b[_GAIN + j] = _fma(gain, money, b[_GAIN + j])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def payoffs_of_cases(
    case: Ints, resolutions: Ints, cases: CaseArrays, draws: DrawArrays, begin: int, end: int, out: Floats
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
    columns = cases.money.shape[1]
    b = np.empty(_MONEY + columns * LANES)
    tile = np.empty((out.shape[2], LANES))
    f = cases.failure[case[begin]]
    _copy_shared(_ZERO, _ZERO, draws, b)
    _copy_failure(f, _ZERO, _ZERO, draws, b)
    for block in range(begin, end, LANES):
        used = min(LANES, end - block)
        _gather_cases(case, block, used, cases, draws, b)
        unseen = _prepare(b)
        for k in range(draws.tiers.shape[0]):
            _copy_tier(k, _ZERO, _ZERO, draws, b)
            _wait_for_tier(k, b)
            timing = _NONE
            for a in resolutions:
                _copy_acts(f, a, k, _ZERO, _ZERO, draws, b)
                _add_forms(f, a, columns, draws, b)
                is_timed = draws.timing[f, a] == timing
                timing = int(draws.timing[f, a])
                is_queued = k > 0 or draws.in_line[f, a]
                _respond(not draws.proactive[f, a], is_queued, draws.rejected[f], is_timed, b)
                for j in range(LANES):
                    net = b[_RETAINED + j] - b[_REMEDY_COST + j] - b[_LABOUR + j] - b[_CLAIMING + j]
                    tile[a, j] = net
                if not draws.proactive[f, a] and unseen > 0:
                    for j in range(LANES):
                        tile[a, j] += (1.0 - b[_SURFACES + j]) * (b[_RETAINED_SILENT + j] - tile[a, j])
            for j in range(used):
                for a in range(resolutions.shape[0]):
                    out[k, block - begin + j, a] = tile[a, j]
