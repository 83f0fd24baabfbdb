"""Response kernels: what cases come to under the resolutions that they are given, compiled.

In: arrays of cases and of draws. Out: sums of measures, means over draws, payoffs.
Left to others: the formula (`response_formula`), who chooses what (`choice_kernels`), what it all means.

Lanes are draws of one case where many draws are wanted (`score_assignments`, `expected_payoffs`), and cases under one
draw where one is (`payoffs_of_cases`). All that differs between the two is how rows are copied into the buffer. Sums
run in a fixed order for each draw, so that results do not depend on how draws are spread over threads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policy_sim.value import arrays, response_formula
from policy_sim.value.arrays import FACTS, FORMS, LANES, MEASURES, PER_FAILURE, PER_TIER, QUANTITIES, SHARED, STAFF, STYLES, Assignments, CaseArrays, DrawArrays
from policy_sim.value.compiled import SUMS, helper, kernel
from policy_sim.value.response_formula import ROWS, prepare, respond, row, wait_for_tier, weigh_asking

__all__ = [
    "add_along",
    "expected_payoffs",
    "payoffs_of_cases",
    "read_between",
    "score_assignments",
    "weigh_nodes",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_kept = (arrays, response_formula)

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


@helper(inline="always")
def _copy_shared(first: int, step: int, draws: DrawArrays, b: Floats) -> None:
    # the step from lane to lane is 1 where lanes are draws, 0 where all are cases under one draw; no views of arrays
    # here and below: each would cost an atomic count of its owners
    for q in range(draws.shared.shape[0]):
        for j in range(LANES):
            b[_FIRST_SHARED + q * LANES + j] = draws.shared[q, first + step * j]


@helper(inline="always")
def _copy_failure(f: int, first: int, step: int, draws: DrawArrays, b: Floats) -> None:
    for q in range(draws.failures.shape[1]):
        for j in range(LANES):
            b[_FIRST_PER_FAILURE + q * LANES + j] = draws.failures[f, q, first + step * j]


@helper(inline="always")
def _copy_tier(k: int, first: int, step: int, draws: DrawArrays, b: Floats) -> None:
    for q in range(draws.tiers.shape[1]):
        for j in range(LANES):
            b[_FIRST_PER_TIER + q * LANES + j] = draws.tiers[k, q, first + step * j]


@helper(inline="always")
def _copy_acts(f: int, a: int, k: int, first: int, step: int, is_timed: bool, draws: DrawArrays, b: Floats) -> None:
    """Copy in what a resolution takes of people at a tier, how long it takes, and what it does besides its worth."""
    for j in range(LANES):
        b[_PUSH + j] = draws.push[f, a, first + step * j]
    if not is_timed:
        for j in range(LANES):
            b[_LEAD_HOURS + j] = draws.lead_hours[f, a, first + step * j]
    for q in range(_STAFF_COUNT):
        for j in range(LANES):
            b[_STAFF_ROWS[q] + j] = draws.staff[f, a, k, q, first + step * j]


@helper(inline="always")
def _copy_case(i: int, first: int, cases: CaseArrays, draws: DrawArrays, b: Floats) -> None:
    """Copy one case into all lanes, which are draws."""
    _copy_failure(cases.failure[i], first, 1, draws, b)
    for q in range(cases.facts.shape[1]):
        fact = cases.facts[i, q]
        for j in range(LANES):
            b[_FIRST_FACT + q * LANES + j] = fact
    for j in range(LANES):
        b[_VALUE_RATIO + j] = draws.value_ratios[cases.customer[i], first + j]


@helper(inline="always")
def _copy_resolution(
    i: int, a: int, k: int, first: int, is_timed: bool, cases: CaseArrays, draws: DrawArrays, b: Floats
) -> None:
    """Copy in a resolution that the case in the buffer is given at tier k, under each draw."""
    f = cases.failure[i]
    _copy_acts(f, a, k, first, 1, is_timed, draws, b)
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
                    b[row + j] += draws.forms[f, a, form, c, first + j] * money


@helper()
def _set_aside(is_new: bool, now: Ints, known: Floats) -> None:
    """Keep what each style has chosen at the tier before in rows of their own, the last ones; forget it for a new case.

    `now` (styles,) are rows of `known`; row 0 is nothing at all.
    """
    first = known.shape[0] - _STYLE_COUNT
    for s in range(_STYLE_COUNT):
        if is_new or now[s] == 0:
            now[s] = 0
            continue
        for j in range(_MEASURED):
            known[first + s, j] = known[now[s], j]
        now[s] = first + s


@helper(**SUMS)
def _add_changes(
    now: Ints, before: Ints, known: Floats, style: Floats, first: int, place: int, weight: Floats, out: Floats
) -> None:
    """Add what changes for each style, from its row before to its row now, times its share; styles alike in one go."""
    for s in range(_STYLE_COUNT):
        mine, other = now[s], before[s]
        is_done = mine == other
        for t in range(s):
            is_done = is_done or (now[t] == mine and before[t] == other)
        if is_done:
            continue
        for j in range(LANES):
            weight[j] = style[s, first + j]
        for t in range(s + 1, _STYLE_COUNT):
            if now[t] == mine and before[t] == other:
                for j in range(LANES):
                    weight[j] += style[t, first + j]
        for q in range(_MEASURE_COUNT):
            for j in range(LANES):
                out[place, q, j] += weight[j] * (known[mine, q * LANES + j] - known[other, q * LANES + j])


@kernel(*_kept, **SUMS)
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
        (styles, draws) share of each style.
    """
    case, tier, choice, place = assignments
    b = np.empty(_MONEY)
    _copy_shared(first, 1, draws, b)
    weight = np.empty(LANES)
    resolution_count = draws.push.shape[1]
    # what has been worked out for the case: nothing at all, resolutions at this tier, each style's at the one before
    known = np.empty((1 + resolution_count + _STYLE_COUNT, _MEASURED))
    for j in range(_MEASURED):
        known[0, j] = 0.0
    row_of = np.empty(resolution_count, dtype=np.int64)
    now, before = np.empty(_STYLE_COUNT, dtype=np.int64), np.empty(_STYLE_COUNT, dtype=np.int64)
    rows, timing, unseen = 0, np.int64(-1), np.int64(0)
    for n in range(case.shape[0]):
        i, k = case[n], tier[n]
        f = cases.failure[i]
        is_new = n == 0 or case[n - 1] != i
        if is_new or tier[n - 1] != k:
            _set_aside(is_new, now, known)
            if is_new:
                _copy_case(i, first, cases, draws, b)
                unseen = prepare(b)
            _copy_tier(k, first, 1, draws, b)
            wait_for_tier(suspected[i], b)
            for a in range(resolution_count):
                row_of[a] = 0
            rows, timing = 0, np.int64(-1)
        for s in range(_STYLE_COUNT):
            a = choice[n, s]
            before[s] = now[s]
            if a >= 0 and row_of[a] == 0:
                is_timed, is_asked_for = draws.timing[f, a] == timing, not draws.proactive[f, a]
                timing = draws.timing[f, a]
                _copy_resolution(i, a, k, first, is_timed, cases, draws, b)
                respond(is_asked_for, suspected[i], draws.rejected[f], is_timed, b)
                if is_asked_for and unseen > 0:
                    weigh_asking(b[_SURFACES], b)
                rows += 1
                row_of[a] = rows
                for j in range(_MEASURED):
                    known[rows, j] = b[_FIRST_MEASURE + j]
            now[s] = row_of[a] if a >= 0 else 0
        _add_changes(now, before, known, style, first, place[n], weight, out)


@helper(inline="always")
def _add_means(n: int, first: int, weight: Floats, claimed: Floats, b: Floats, out: Floats) -> None:
    """Add the quantities of the measures in the buffer to a row of out, weighted draw by draw."""
    for s in range(weight.shape[0]):
        payoff, cost, minutes, learned = 0.0, 0.0, 0.0, 0.0
        for j in range(LANES):
            share = weight[s, first + j]
            claims = claimed[first + j] * b[_CLAIMING + j]
            spent = b[_REMEDY_COST + j] + b[_LABOUR + j] + claims
            payoff += share * (b[_RETAINED + j] - spent)
            cost += share * b[_REMEDY_COST + j]
            minutes += share * b[_SUPERVISED + j]
            learned += share * claims
        out[n, s, _NET_VALUE] += payoff
        out[n, s, _SPEND] += cost
        out[n, s, _SUPERVISOR_TIME] += minutes
        out[n, s, _LEARNED_CLAIMS] += learned


@kernel(*_kept, **SUMS)
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
    """Fill out (rows, weights, quantities) with sums over draws of weight (weights, draws) times what a row comes to.

    Quantities are `QUANTITIES`, of rows begin to end; claimed (draws,) is the share of learned claiming that gets
    through.
    """
    b = np.empty(_MONEY)
    for n in range(begin, end):
        for s in range(out.shape[1]):
            for q in range(out.shape[2]):
                out[n, s, q] = 0.0
    for first in range(0, weight.shape[1], LANES):
        _copy_shared(first, 1, draws, b)
        timing, unseen = np.int64(-1), np.int64(0)
        for n in range(begin, end):
            i, a, k = case[n], resolution[n], tier[n]
            f = cases.failure[i]
            is_new = n == begin or case[n - 1] != i
            if is_new:
                _copy_case(i, first, cases, draws, b)
                unseen = prepare(b)
            if is_new or tier[n - 1] != k:
                _copy_tier(k, first, 1, draws, b)
                wait_for_tier(suspected[i], b)
                timing = np.int64(-1)
            is_timed, is_asked_for = draws.timing[f, a] == timing, not draws.proactive[f, a]
            timing = draws.timing[f, a]
            _copy_resolution(i, a, k, first, is_timed, cases, draws, b)
            respond(is_asked_for, suspected[i], draws.rejected[f], is_timed, b)
            if is_asked_for and unseen > 0:
                weigh_asking(b[_SURFACES], b)
            _add_means(n, first, weight, claimed, b, out)


@helper(inline="always")
def _copy_cases(case: Ints, block: int, used: int, cases: CaseArrays, draws: DrawArrays, b: Floats) -> None:
    """Copy cases into the lanes, one each; the last one into those that are left over."""
    for j in range(LANES):
        i = case[block + min(j, used - 1)]
        for q in range(cases.facts.shape[1]):
            b[_FIRST_FACT + q * LANES + j] = cases.facts[i, q]
        for c in range(cases.money.shape[1]):
            b[_MONEY + c * LANES + j] = cases.money[i, c]
        b[_VALUE_RATIO + j] = draws.value_ratios[cases.customer[i], 0]


@helper(inline="always")
def _add_forms_of_cases(f: int, a: int, columns: int, draws: DrawArrays, b: Floats) -> None:
    """Work out the linear forms of a resolution for the cases in the buffer, under the first draw."""
    for j in range(_FORM_COUNT * LANES):
        b[_FIRST_FORM + j] = 0.0
    for c in range(columns):
        cost, felt = draws.forms[f, a, _COST_FORM, c, 0], draws.forms[f, a, _FELT_FORM, c, 0]
        gain = draws.forms[f, a, _GAIN_FORM, c, 0]
        if cost != 0.0 or felt != 0.0 or gain != 0.0:
            for j in range(LANES):
                money = b[_MONEY + c * LANES + j]
                b[_COST + j] += cost * money
                b[_FELT + j] += felt * money
                b[_GAIN + j] += gain * money


@helper(**SUMS)
def _put_net_values(a: int, is_on_request: bool, b: Floats, tile: Floats) -> None:
    """Write the payoffs of the measures in the buffer to a row of tile; who does not ask gets and costs nothing."""
    asked = 1.0 if is_on_request else 0.0
    for j in range(LANES):
        net = b[_RETAINED + j] - b[_REMEDY_COST + j] - b[_LABOUR + j] - b[_CLAIMING + j]
        tile[a, j] = net + asked * (1.0 - b[_SURFACES + j]) * (b[_RETAINED_SILENT + j] - net)


@kernel(*_kept, **SUMS)
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
    columns, nobody = cases.money.shape[1], np.bool_(False)
    b = np.empty(_MONEY + columns * LANES)
    tile = np.empty((out.shape[2], LANES))
    f = cases.failure[case[begin]]
    _copy_shared(0, 0, draws, b)
    _copy_failure(f, 0, 0, draws, b)
    for block in range(begin, end, LANES):
        used = min(LANES, end - block)
        _copy_cases(case, block, used, cases, draws, b)
        for j in range(LANES):
            b[_RETAINED_SILENT + j] = 0.0
        prepare(b)
        for k in range(draws.tiers.shape[0]):
            _copy_tier(k, 0, 0, draws, b)
            wait_for_tier(nobody, b)
            timing = np.int64(-1)
            for a in resolutions:
                is_timed, is_on_request = draws.timing[f, a] == timing, not draws.proactive[f, a]
                timing = draws.timing[f, a]
                _copy_acts(f, a, k, 0, 0, is_timed, draws, b)
                _add_forms_of_cases(f, a, columns, draws, b)
                respond(is_on_request, nobody, draws.rejected[f], is_timed, b)
                _put_net_values(a, is_on_request, b, tile)
            for j in range(used):
                for a in range(resolutions.shape[0]):
                    out[k, block - begin + j, a] = tile[a, j]


@kernel(*_kept, **SUMS)
def add_along(changes: Floats, weight: Floats, out: Floats) -> None:
    """Add to out the running sums of changes (places, measures, LANES), times a weight (places, lanes that count)."""
    running = np.zeros((changes.shape[1], LANES))
    for place in range(changes.shape[0]):
        for q in range(changes.shape[1]):
            for j in range(weight.shape[1]):
                running[q, j] += changes[place, q, j]
                out[place, q, j] += weight[place, j] * running[q, j]


@kernel(*_kept, **SUMS)
def weigh_nodes(at: Floats, nodes: Floats, factor: Floats, out: Floats) -> None:
    """Fill out (nodes, steps, draws) with weights of the polynomial through some nodes, read at (steps, draws).

    By the barycentric formula (Berrut and Trefethen 2004, section 5); `factor` (nodes,) is that of the nodes.
    """
    total = np.empty(at.shape[1])
    for step in range(at.shape[0]):
        for j in range(at.shape[1]):
            total[j] = 0.0
        for n in range(nodes.shape[0]):
            node, above = nodes[n], factor[n]
            for j in range(at.shape[1]):
                distance = at[step, j] - node
                # on a node: as near as makes no difference
                distance = distance if abs(distance) > 1e-14 else 1e-14
                out[n, step, j] = above / distance
                total[j] += above / distance
        for n in range(nodes.shape[0]):
            for j in range(at.shape[1]):
                out[n, step, j] /= total[j]


@kernel(*_kept, error_model="numpy")
def read_between(values: Floats, place: Floats, out: Floats) -> None:
    """Fill out (steps, draws) with values (points, draws) at places between 0 and the last point, never below 0.

    `place` is (steps, draws); read by the cubic through the four points nearest.
    """
    for n in range(place.shape[0]):
        for j in range(place.shape[1]):
            first = min(max(int(place[n, j]) - 1, 0), values.shape[0] - 4)
            t = place[n, j] - first
            value = -values[first, j] * (t - 1) * (t - 2) * (t - 3) / 6
            value += values[first + 1, j] * t * (t - 2) * (t - 3) / 2
            value -= values[first + 2, j] * t * (t - 1) * (t - 3) / 2
            value += values[first + 3, j] * t * (t - 1) * (t - 2) / 6
            out[n, j] = value if value > 0.0 else 0.0
