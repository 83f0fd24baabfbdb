"""Response formula: how customers answer what they are given, compiled; the one place where it is written for kernels.

In: a buffer into which cases, a tier and a resolution have been copied. Out: the measures, in the same buffer.
Left to others: what is copied in, and what becomes of the measures (`response_kernels`). `service.response` says the
same in plain numpy, and tests hold the two together.

The buffer holds rows of `LANES` numbers. Lanes may be draws or cases: the formula does not know. The compiler sees that
no two rows overlap and that all are as long, and so turns the loops, own exp and log included, into vector
instructions. Several short loops are better than one long one, where each lane would wait for one step after the other;
those that would only add zeros are left out, which changes no bit of the results.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from policy_sim.value.arrays import FACTS, FORMS, LANES, MEASURES, PER_FAILURE, PER_TIER, SHARED
from policy_sim.value.compiled import SUMS, helper

__all__ = ["ROWS", "prepare", "respond", "row", "wait_for_tier", "weigh_asking"]

Floats = NDArray[np.float64]

#: Rows of the buffer: what is copied in, then what is worked out of it, then the measures.
ROWS = (
    *SHARED,
    *PER_FAILURE,
    *PER_TIER,
    *FACTS,
    *("value_ratio", "push", "lead_hours"),
    *FORMS,
    *("per_loss", "plain", "waited", "worth", "slope"),
    *("kept_empty", "retained_empty", "kept_silent", "retained_silent"),
    *("compensation", "effect", "eta", "learned"),
    *MEASURES,
)


def row(name: str) -> int:
    """Return where in the buffer a row begins."""
    return LANES * ROWS.index(name)


_MONEY = LANES * len(ROWS)  # the money columns of the cases come last, however many there are
_FIRST_SHARED, _FIRST_PER_FAILURE, _FIRST_PER_TIER = row(SHARED[0]), row(PER_FAILURE[0]), row(PER_TIER[0])
_FIRST_FACT, _FIRST_FORM, _FIRST_MEASURE = row(FACTS[0]), row(FORMS[0]), row(MEASURES[0])
_FORM_COUNT, _STYLE_COUNT, _MEASURE_COUNT, _MEASURED = len(FORMS), len(STYLES), len(MEASURES), LANES * len(MEASURES)
_COST_FORM, _FELT_FORM, _GAIN_FORM = FORMS.index("cost"), FORMS.index("felt"), FORMS.index("gain")
_NET_VALUE, _SPEND = QUANTITIES.index("net_value"), QUANTITIES.index("remedy_cost")
_SUPERVISOR_TIME, _LEARNED_CLAIMS = QUANTITIES.index("supervisor_minutes"), QUANTITIES.index("learned_claiming")
_STAFF_COUNT, _STAFFROWS = len(STAFF), tuple(row(name) for name in STAFF)

_FLOOR, _SEVERITY_WEIGHT, _WAIT_WEIGHT = row("churn_without_failure"), row("severity_weight"), row("wait_weight")
_IDLE, _QUIET, _REPEAT_WEIGHT = row("idle"), row("quiet"), row("repeat_weight")
_DOUBLE_WEIGHT, _BOND_WEIGHT = row("double_deviation_weight"), row("bond_weight")
_FIRST_ORDER_WEIGHT, _OVER_WEIGHT = row("first_order_weight"), row("over_compensation_weight")
_INSULT_WEIGHT, _INSULT_SCALE, _SUSPECTED_WEIGHT = row("insult_weight"), row("insult_scale"), row("suspected_weight")
_PARADOX, _DETERRED, _GAINED, _FACTOR = row("paradox"), row("deterred"), row("gained"), row("future_value_factor")
_REACH, _TEMPTATION_SCALE = row("reach"), row("temptation_scale")
_LOSS_SHARE, _KAPPA, _SPEND_DROP = row("loss_share"), row("kappa"), row("spend_drop")
_COMPENSATION_WEIGHT = row("compensation_weight")
_TIER_WAIT, _TIER_LOST = row("wait_hours"), row("lost_contact_share")
_PRICE, _SEVERITY, _HOURS_OPEN, _SURFACES = row("item_price"), row("severity"), row("hours_open"), row("surfaces")
_PRIOR_FAILURES, _RECENT_FAILURE, _BOND = row("prior_failures"), row("recent_failure"), row("bond")
_FIRST_ORDER, _FUTURE_VALUE, _VALUE_RATIO = row("first_order"), row("future_value"), row("value_ratio")
_PUSH, _LEAD_HOURS = row("push"), row("lead_hours")
_COST, _FELT, _GAIN = row("cost"), row("felt"), row("gain")
_PER_LOSS, _PLAIN, _WAITED, _WORTH, _SLOPE = (row(n) for n in ("per_loss", "plain", "waited", "worth", "slope"))
_KEPT_EMPTY, _RETAINED_EMPTY = row("kept_empty"), row("retained_empty")
_KEPT_SILENT, _RETAINED_SILENT = row("kept_silent"), row("retained_silent")
_COMPENSATION, _EFFECT, _ETA, _LEARNED = row("compensation"), row("effect"), row("eta"), row("learned")
_RETAINED, _REMEDY_COST, _LABOUR = row("retained"), row("remedy_cost"), row("labour")
_CLAIMING, _KEPT, _ESCALATED = row("learned_claiming"), row("customers_kept"), row("escalated")
_SUPERVISED = row("supervisor_minutes")

#: Lanes from here on round the weighing by who asks in another order, so that results stay what they have always been.
_ROUNDED_OTHERWISE = 48


def _read_as(source: types.Type, target: types.Type, target_ir: ir.Type) -> Any:
    """Make a compiled function that reads the bits of one type as another."""

    def typed(typing_context: Any, value: Any) -> Any:
        return target(source), lambda context, builder, signature, values: builder.bitcast(values[0], target_ir)

    return intrinsic(typed)


_bits_of = _read_as(types.float64, types.int64, ir.IntType(64))
_float_of = _read_as(types.int64, types.float64, ir.DoubleType())


@helper(**SUMS)
def _exp(x: float) -> float:
    """Return e**x to 1e-15 relative, without a branch; x is held within -700 and 700."""
    x = -700.0 if x < -700.0 else x
    x = 700.0 if x > 700.0 else x
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


@helper(**SUMS)
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


@helper(**SUMS)
def _log_of_wait(hours: float) -> float:
    """Return the logarithm of a wait, 0 for a day."""
    return _log(0.5 + hours * (0.5 / 24))


@helper(**SUMS)
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


@helper(**SUMS)
def _effect(compensation: float, rejected: float) -> float:
    """Return how much of the harm is made good."""
    q = compensation * (1 / 1.5)
    q = 0.0 if q < 0.0 else q
    q = 1.0 if q > 1.0 else q
    # q (2 - q), where rejected q**4 (15 - 24 q + 10 q**2)
    steep = rejected * 15.0 + q * (rejected * -24.0 + q * (rejected * 10.0))
    return q * (2.0 * (1.0 - rejected) + q * (q * q * steep - (1.0 - rejected)))


@helper(**SUMS)
def _overdone(compensation: float) -> float:
    """Return how much too much was given; 0 up to a compensation of 1.5."""
    excess = compensation - 1.5
    excess = 0.0 if excess < 0.0 else excess
    return excess * excess / (1.0 + excess * excess)


@helper(**SUMS)
def _insulting(compensation: float, insult_scale: float) -> float:
    """Return how insultingly little was given; 0 where nothing was, and from a scale's worth on."""
    token = compensation * insult_scale
    token = 0.0 if token < 0.0 else token
    token = 1.0 if token > 1.0 else token
    return 6.75 * token * (1.0 - token) * (1.0 - token)


@helper(**SUMS)
def _answer(eta: float, worth: float, floor: float, deterred: float) -> tuple[float, float]:
    """Return the share kept, and the value retained, of a customer with these logits of loss."""
    kept = (1.0 - floor) / (1.0 + _exp(eta))
    return kept, kept * worth - deterred


@helper(**SUMS)
def _learned(cost: float, gain: float, reach: float, temptation_scale: float) -> float:
    """Return the cost of the claims that a resolution teaches."""
    cost = 0.0 if cost < 0.0 else cost
    gain = 0.0 if gain < 0.0 else gain
    return reach * (1.0 - _exp(-(gain * temptation_scale))) * cost


@helper(**SUMS)
def prepare(b: Floats) -> int:
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


@helper(**SUMS)
def wait_for_tier(is_suspected: bool, b: Floats) -> None:
    """Work out what becomes of who waits for the tier in the buffer and gets nothing."""
    suspected = 1.0 if is_suspected else 0.0
    for j in range(LANES):
        b[_WAITED + j] = b[_HOURS_OPEN + j] + b[_TIER_WAIT + j]
    _take_logs_of_waits(b)
    for j in range(LANES):
        waited = b[_WAIT_WEIGHT + j] * b[_WAITED + j]
        eta = b[_PLAIN + j] + b[_SUSPECTED_WEIGHT + j] * suspected + b[_IDLE + j] + waited
        b[_KEPT_EMPTY + j], b[_RETAINED_EMPTY + j] = _answer(eta, b[_WORTH + j], b[_FLOOR + j], b[_DETERRED + j])


@helper(**SUMS)
def respond(
    is_on_request: bool,
    is_suspected: bool,
    is_rejected: bool,
    is_timed: bool,
    b: Floats,
) -> None:
    """Work out the measures of the resolution in the buffer, at the tier and for the cases that stand there.

    All of them are of customers who ask for it.

    Parameters
    ----------
    is_timed
        Whether the last resolution took as long, so that what waiting does is known already.
    """
    in_contact = 1.0 if is_on_request else 0.0
    if not is_timed:
        for j in range(LANES):
            b[_WAITED + j] = in_contact * b[_HOURS_OPEN + j] + b[_TIER_WAIT + j] + b[_LEAD_HOURS + j]
        _take_logs_of_waits(b)
        for j in range(LANES):
            b[_WAITED + j] = b[_PLAIN + j] + b[_WAIT_WEIGHT + j] * b[_WAITED + j]
        if is_suspected and is_on_request:
            for j in range(LANES):
                b[_WAITED + j] += b[_SUSPECTED_WEIGHT + j]
    _make_good(1.0 if is_rejected else 0.0, b)
    for j in range(LANES):
        worth = b[_WORTH + j] + b[_SLOPE + j] * b[_EFFECT + j]
        kept, retained = _answer(b[_ETA + j], worth, b[_FLOOR + j], b[_DETERRED + j])
        # where contact is lost on the way, the customer has waited and gets nothing
        lost = b[_TIER_LOST + j] * in_contact
        b[_RETAINED + j] = (1.0 - lost) * retained + lost * b[_RETAINED_EMPTY + j]
        b[_REMEDY_COST + j] = (1.0 - lost) * b[_COST + j]
        b[_CLAIMING + j] = (1.0 - lost) * b[_LEARNED + j]
        b[_KEPT + j] = (1.0 - lost) * kept + lost * b[_KEPT_EMPTY + j]


@helper(**SUMS)
def _make_good(rejected: float, b: Floats) -> None:
    """Work out the effect of what is given, the logits of loss, and what it teaches people to claim."""
    overdone, insulted, tempted = 0, 0, 0
    for j in range(LANES):
        compensation = b[_FELT + j] * b[_PER_LOSS + j]
        b[_COMPENSATION + j] = compensation
        b[_EFFECT + j] = _effect(compensation, rejected)
        b[_ETA + j] = b[_WAITED + j] + b[_PUSH + j] - b[_COMPENSATION_WEIGHT + j] * b[_EFFECT + j]
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


@helper(**SUMS)
def weigh_asking(asks: float, b: Floats) -> None:
    """Weigh all measures by the chance that a customer asks: who does not gets nothing and costs nothing."""
    never = 1.0 - asks
    for j in range(_ROUNDED_OTHERWISE):
        b[_RETAINED + j] = b[_RETAINED + j] * asks + never * b[_RETAINED_SILENT + j]
        b[_KEPT + j] = b[_KEPT + j] * asks + never * b[_KEPT_SILENT + j]
    for j in range(_ROUNDED_OTHERWISE, LANES):
        b[_RETAINED + j] = never * b[_RETAINED_SILENT + j] + b[_RETAINED + j] * asks
        b[_KEPT + j] = never * b[_KEPT_SILENT + j] + b[_KEPT + j] * asks
    for j in range(_RETAINED + LANES, _KEPT):
        b[j] *= asks
    for j in range(_KEPT + LANES, _MONEY):
        b[j] *= asks


