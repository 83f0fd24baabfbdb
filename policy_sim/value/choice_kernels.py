"""Choice kernels: who decides each case and what they choose, compiled.

In: what may be chosen for each case, and what a policy says of it. Out: tiers and choices; the stages that a case goes
through as limits rise.
Left to others: what a choice comes to (`response_kernels`), names, files, what it all means.

numba's cache notices changes of one file only, the one that a function is in. So nothing that is compiled here calls
another module, or takes a constant from one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "GUIDED",
    "STYLES",
    "ChoiceSets",
    "PolicyArrays",
    "add_expected_along",
    "choose",
    "may_be_chosen",
    "orders_at",
    "put_in_order",
    "stages_along",
    "stages_at",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Cents = NDArray[np.signedinteger[Any]]

#: How agents choose among what is allowed, in the order of every array with a style axis. Where a policy has a
#: playbook, that axis is twice as long: behind these come those who would choose so, but go by the book where they can.
STYLES = ("guided", "generous", "thrifty")
_STYLE_COUNT = len(STYLES)
GUIDED = STYLES.index("guided")
#: Of a type, which a literal is not: the compiler makes a copy of every function for every literal that it is given.
_ZERO: Any = np.int64(0)
_NO_USE = np.iinfo(np.int64).max  # more than any resolution uses of a limit


class ChoiceSets(NamedTuple):
    """What may be chosen for each case; N cases, A resolutions, L limits, K tiers of the scenario.

    counts (N,) resolutions of the case's failure; uses (N, A, L) cents that a resolution uses of each limit, -1 where
    it uses nothing of it; adequate (N, A) whether it meets the entitlement; most_worth (N,) the resolution that is
    worth most to the customer, adequate or not.

    preference_order (K + 2, N, A) holds, for guided agents at each tier, for generous and for thrifty ones, the
    adequate resolutions of a case in the order in which they prefer them; where two are worth or cost the same, the one
    of the higher payoff at the first tier, and then the lower index.
    Those that are never chosen are left out: one that is preferred uses no more of any limit. -1 fills the rest.
    """

    counts: Ints
    uses: Cents
    adequate: Bools
    preference_order: NDArray[np.int16]
    most_worth: NDArray[np.int16]


class PolicyArrays(NamedTuple):
    """What a policy says of each of N cases, whatever is chosen; L limits, M draws (padded).

    start (N,) tier of the policy that looks first; cell (N,) row of `limits`: failure and segment; limits (tiers of the
    policy, cells, L) cents, -1 for no authority; tiers (tiers of the policy,) their places among those of the scenario;
    suspected (N,) whether a guard has passed the case on because its customer may be lying; claimed (M,) share of
    learned claiming that gets past the guards; book (N,) the adequate resolution that the playbook says, -1 where it
    says none; style (K, styles, M) shares of who chooses how, twice as many with a playbook.
    """

    start: Ints
    cell: Ints
    limits: Ints
    tiers: Ints
    suspected: Bools
    claimed: Floats
    book: Ints
    style: Floats


@numba.njit(cache=True, nogil=True)
def put_in_order(
    payoff: Floats, worth: Floats, cost: Floats, adequate: Bools, uses: Cents, preference_order: NDArray[np.int16]
) -> None:
    """Fill preference_order (K + 2, cases, resolutions), see `ChoiceSets`.

    Parameters
    ----------
    payoff
        (K, cases, resolutions) by which guided agents go.
    worth, cost
        (cases, resolutions) by which generous agents and thrifty ones do.
    """
    last = payoff.shape[0] + 1
    order = np.empty(adequate.shape[1], dtype=np.int64)
    values, payoffs = np.empty(adequate.shape[1]), np.empty(adequate.shape[1])
    all_limits = np.ones(uses.shape[2], dtype=np.bool_)
    for row in range(last + 1):
        for i in range(adequate.shape[0]):
            count = 0
            for a in range(adequate.shape[1]):
                if not adequate[i, a]:
                    continue
                value = -cost[i, a] if row == last else worth[i, a] if row == last - 1 else payoff[row, i, a]
                n, second = count, payoff[0, i, a] if row >= last - 1 else 0.0
                while n > 0 and (values[n - 1] < value or (values[n - 1] == value and payoffs[n - 1] < second)):
                    order[n], values[n], payoffs[n] = order[n - 1], values[n - 1], payoffs[n - 1]
                    n -= 1
                order[n], values[n], payoffs[n] = a, value, second
                count += 1
            unbeaten = _ZERO
            for n in range(count):
                if not _is_beaten(i, order[n], order, unbeaten, uses, all_limits):
                    order[unbeaten] = order[n]
                    unbeaten += 1
            for n in range(adequate.shape[1]):
                preference_order[row, i, n] = order[n] if n < unbeaten else -1


@numba.njit(forceinline=True)
def _is_beaten(i: int, a: int, preferred: Ints, count: int, uses: Cents, counted: Bools) -> bool:
    """Tell whether any of the first `count` preferred ones uses no more than a of every limit that counts."""
    for m in range(count):
        d = 0
        while d < uses.shape[2] and not (counted[d] and uses[i, preferred[m], d] > uses[i, a, d]):
            d += 1
        if d == uses.shape[2]:
            return True
    return False


@numba.njit(forceinline=True)
def _order_of(style: int, tier: int, sets: ChoiceSets) -> int:
    """Return the row of `ChoiceSets.preference_order` that a style goes by at a tier of the scenario."""
    return tier if style == GUIDED else sets.preference_order.shape[0] - _STYLE_COUNT + style


def orders_at(tier: int, sets: ChoiceSets, policy: PolicyArrays) -> NDArray[np.int16]:
    """Return (styles, N, A or more) what each style goes by at a tier of the scenario, the best first, -1 behind it.

    With a playbook, what it says comes first for those who follow; it may then stand there twice.
    """
    # as Python: called from there the loop would be compiled for itself
    own = sets.preference_order[[_order_of.py_func(style, tier, sets) for style in range(_STYLE_COUNT)]]
    if policy.style.shape[1] == _STYLE_COUNT:
        return own
    nothing, book = (
        np.full((*own.shape[:2], 1), -1, np.int16),
        np.broadcast_to(policy.book[:, None], own[..., :1].shape),
    )
    alone = np.concatenate([own, nothing], axis=2)
    by_the_book = np.where(book >= 0, np.concatenate([book.astype(np.int16), own], axis=2), alone)
    return np.concatenate([alone, by_the_book])


@numba.njit(forceinline=True)
def _permitted(i: int, a: int, k: int, policy: PolicyArrays, sets: ChoiceSets) -> bool:
    """Tell whether every use of a resolution is within what tier k may give for the case."""
    d = 0
    while d < policy.limits.shape[2] and sets.uses[i, a, d] <= policy.limits[k, policy.cell[i], d]:
        d += 1
    return bool(d == policy.limits.shape[2])


@numba.njit(forceinline=True)
def _handle(i: int, first: int, end: int, policy: PolicyArrays, sets: ChoiceSets, row: int, choice: Ints) -> int:
    """Write what each style chooses to a row of choice; returns the first of tiers first to end that may, else -1."""
    final: int = policy.tiers.shape[0] - 1
    book = policy.book[i]
    for k in range(first, end):
        for s in range(choice.shape[1]):
            if s >= _STYLE_COUNT:
                is_by_the_book = book >= 0 and (k == final or _permitted(i, book, k, policy, sets))
                choice[row, s] = book if is_by_the_book else choice[row, s - _STYLE_COUNT]
                continue
            order = _order_of(s, policy.tiers[k], sets)
            choice[row, s] = -1
            for n in range(sets.counts[i]):
                a = sets.preference_order[order, i, n]
                if a < 0:
                    break
                if k == final or _permitted(i, a, k, policy, sets):
                    choice[row, s] = a
                    break
            if choice[row, s] < 0:
                break
        if choice[row, 0] >= 0:
            return k
    if end <= final:
        return -1
    # the entitlement cannot be met: the last tier gives the most there is
    for s in range(choice.shape[1]):
        choice[row, s] = sets.most_worth[i]
    return final


@numba.njit(cache=True, nogil=True)
def choose(policy: PolicyArrays, sets: ChoiceSets, begin: int, end: int, tier: Ints, choice: Ints) -> None:
    """Fill tier (N,) and choice (N, styles) for some cases: who handles each, and what each style chooses."""
    for i in range(begin, end):
        tier[i] = _handle(i, policy.start[i], policy.tiers.shape[0], policy, sets, i, choice)


@numba.njit(cache=True, nogil=True)
def may_be_chosen(k: int, counted: Bools, sets: ChoiceSets, begin: int, end: int, out: Bools) -> None:
    """Fill out (N, A) with whether an agent of any style at tier k of the scenario may choose a resolution.

    None does where another one that the style prefers uses no more of any limit that counts (L,).
    """
    unbeaten = np.empty(sets.uses.shape[1], dtype=np.int64)
    for i in range(begin, end):
        for a in range(sets.counts[i]):
            out[i, a] = False
        for s in range(_STYLE_COUNT):
            count = _ZERO
            for n in range(sets.counts[i]):
                a = sets.preference_order[_order_of(s, k, sets), i, n]
                if a < 0:
                    break
                if not _is_beaten(i, a, unbeaten, count, sets.uses, counted):
                    unbeaten[count] = a
                    count += 1
                    out[i, a] = True


@numba.njit(cache=True, nogil=True)
def stages_along(
    k: int, limit: int, in_force: Bools, policy: PolicyArrays, sets: ChoiceSets, begin: int, end: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return every stage that some cases go through while one limit of tier k rises from "ask".

    That is case, tier of the policy, choices (stages, styles), and the cents from which each holds (-1: from "ask" on).

    Parameters
    ----------
    in_force
        (cells,) whether this limit is the one that counts there; cases of other cells stay as they are.
    """
    most = 0
    for i in range(begin, end):
        most += sets.counts[i] + 1
    case, tier, cents = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    styles = policy.style.shape[1]
    choice = np.empty((most, styles), dtype=np.int64)
    desk = _desk_for(sets.uses.shape[1], styles)
    written = _ZERO
    for i in range(begin, end):
        _look_around(i, k, policy, sets, desk)
        is_moved = in_force[policy.cell[i]]
        count = _stages_of_case(i, k, limit, is_moved, policy, sets, desk, written, tier, choice, cents)
        case[written : written + count] = i
        written += count
    return case[:written], tier[:written], choice[:written], cents[:written]


@numba.njit(cache=True, nogil=True)
def stages_at(
    levers: Ints,
    in_force: Bools,
    cents: Ints,
    offset: Ints,
    held: Bools,
    rows: Ints,
    policy: PolicyArrays,
    sets: ChoiceSets,
    begin: int,
    end: int,
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the stages that some cases go through while one of several limits rises, as they are at some amounts.

    That is case, tier of the policy, choices (stages, styles), and the place in `cents` from which each holds. Where a
    limit changes nothing for a case, its one stage is there only if somebody waits in it. Of a case the limits come
    from the last to the first, so that places fall where a limit begins.

    Parameters
    ----------
    levers
        (levers, 2) tier of the policy and limit; those of a tier stand together.
    in_force
        (levers, cells) as in `stages_along`.
    cents, offset
        (places,) the amounts of all limits one after the other, those of each rising from -1; (levers + 1,) where they
        begin.
    held
        (N, A) whether somebody waits for a resolution whoever decides; at all tiers but the scenario's first they do.
    rows, begin, end
        Cases; those from begin to end are looked at.
    """
    most, styles, longest = 0, policy.style.shape[1], sets.uses.shape[1] + 1
    for i in rows[begin:end]:
        for lever in range(levers.shape[0]):
            most += min(sets.counts[i] + 1, offset[lever + 1] - offset[lever])
    case, tier, place = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    choice = np.empty((most, styles), dtype=np.int64)
    tiers, chosen = np.empty(longest, dtype=np.int64), np.empty((longest, styles), dtype=np.int64)
    amounts, kept = np.empty(longest, dtype=np.int64), np.empty((longest, 2), dtype=np.int64)
    desk = _desk_for(sets.uses.shape[1], styles)
    written = _ZERO
    for i in rows[begin:end]:
        found = -1
        for lever in range(levers.shape[0] - 1, -1, -1):
            k, limit = levers[lever]
            if k != found:
                _look_around(i, k, policy, sets, desk)
                found = k
            is_moved = in_force[lever, policy.cell[i]]
            count = _stages_of_case(i, k, limit, is_moved, policy, sets, desk, _ZERO, tiers, chosen, amounts)
            at = cents[offset[lever] : offset[lever + 1]]
            found_at = _places_of_stages(amounts, count, at, kept)
            is_moving, is_waiting = found_at > 1, policy.tiers[tiers[0]] > 0
            for s in range(styles):
                is_waiting |= held[i, chosen[0, s]]
            if not (is_moving or is_waiting):
                continue
            for m in range(found_at):
                n = kept[m, 0]
                case[written], tier[written], place[written] = i, tiers[n], offset[lever] + kept[m, 1]
                for s in range(styles):
                    choice[written, s] = chosen[n, s]
                written += 1
    return case[:written], tier[:written], choice[:written], place[:written]


@numba.njit(forceinline=True)
def _places_of_stages(amounts: Ints, count: int, cents: Ints, kept: Ints) -> int:
    """Fill kept (stages, 2) with the stages that hold at some of the amounts `cents`, and from which place each does.

    Stages hold from `amounts` on; both rise from -1. Returns how many there are.
    """
    written, at = 0, 0
    for n in range(count):
        while at < cents.shape[0] and cents[at] < amounts[n]:
            at += 1
        if at == cents.shape[0]:
            break
        if written == 0 or kept[written - 1, 1] < at:
            written += 1
        kept[written - 1, 0], kept[written - 1, 1] = n, at
    return written


@numba.njit(cache=True, nogil=True)
def add_expected_along(
    k: int,
    limit: int,
    in_force: Bools,
    policy: PolicyArrays,
    sets: ChoiceSets,
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
        As in `stages_along`.
    table
        (tiers of the policy but the last, N, A, styles, quantities) what a resolution comes to, times a style's share.
    last
        (N, styles, quantities) what a case comes to at the last tier.
    levels
        (levels,) all amounts at which anything may change, rising, the first -1.
    touched
        (levels,) set where anything does.
    """
    most, final, styles = sets.uses.shape[1] + 1, policy.tiers.shape[0] - 1, policy.style.shape[1]
    tier, cents = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    choice = np.empty((most, styles), np.int64)
    desk = _desk_for(sets.uses.shape[1], styles)
    for i in range(begin, end):
        _look_around(i, k, policy, sets, desk)
        is_moved = in_force[policy.cell[i]]
        count = _stages_of_case(i, k, limit, is_moved, policy, sets, desk, _ZERO, tier, choice, cents)
        for n in range(count):
            place = np.searchsorted(levels, cents[n])
            touched[place] = True
            for s in range(styles):
                if n > 0 and tier[n] == tier[n - 1] and choice[n, s] == choice[n - 1, s]:
                    continue
                for q in range(out.shape[1]):
                    change = table[tier[n], i, choice[n, s], s, q] if tier[n] < final else last[i, s, q]
                    if n > 0:
                        before = tier[n - 1]
                        change -= table[before, i, choice[n - 1, s], s, q] if before < final else last[i, s, q]
                    out[place, q] += change


class _Desk(NamedTuple):
    """What is known of a case whichever limit of a tier moves, and room for what follows from one of them.

    below, above (1,) tier of the policy that settles it before the tier is asked, -1 for none, and where the tier may
    not; choice (2, styles) what is chosen there; liked (styles, A + 2, 2) what each style likes at the tier, the best
    first, and the one limit that it is beyond, -1 for none; -1 behind the last. What is beyond several limits is left
    out: no single one makes it possible. beyond (A,), stairs (styles, A + 1, 2) and heights (styles,) are room.
    """

    below: Ints
    above: Ints
    choice: Ints
    liked: Ints
    beyond: Ints
    stairs: Ints
    heights: Ints


@numba.njit(forceinline=True)
def _desk_for(resolutions: int, styles: int) -> _Desk:
    """Return a desk with nothing on it."""
    return _Desk(
        np.empty(1, dtype=np.int64),
        np.empty(1, dtype=np.int64),
        np.empty((2, styles), dtype=np.int64),
        np.empty((styles, resolutions + 2, 2), dtype=np.int64),
        np.empty(resolutions, dtype=np.int64),
        np.empty((styles, resolutions + 1, 2), dtype=np.int64),
        np.empty(styles, dtype=np.int64),
    )


@numba.njit(forceinline=True)
def _look_around(i: int, k: int, policy: PolicyArrays, sets: ChoiceSets, desk: _Desk) -> None:
    """Put on the desk what is known of a case whichever limit of tier k moves."""
    start, several = policy.start[i], policy.limits.shape[2]
    desk.below[0] = _handle(i, start, k, policy, sets, 0, desk.choice) if start < k else -1
    if desk.below[0] >= 0:
        return
    desk.above[0] = _handle(i, max(start, k + 1), policy.tiers.shape[0], policy, sets, 1, desk.choice)
    if start > k:
        return
    for a in range(sets.counts[i]):
        desk.beyond[a] = -1
        for d in range(several):
            if sets.uses[i, a, d] > policy.limits[k, policy.cell[i], d]:
                desk.beyond[a] = d if desk.beyond[a] < 0 else several
    for s in range(desk.heights.shape[0]):
        order, count = _order_of(s % _STYLE_COUNT, policy.tiers[k], sets), 0
        for n in range(-1, sets.counts[i]):
            if n >= 0:
                a = int(sets.preference_order[order, i, n])
            elif s >= _STYLE_COUNT and policy.book[i] >= 0:
                a = int(policy.book[i])
            else:
                continue
            if a < 0:
                break
            if desk.beyond[a] < several:
                desk.liked[s, count, 0], desk.liked[s, count, 1] = a, desk.beyond[a]
                count += 1
        desk.liked[s, count, 0] = -1


@numba.njit(forceinline=True)
def _stages_of_case(
    i: int,
    k: int,
    limit: int,
    is_in_force: bool,
    policy: PolicyArrays,
    sets: ChoiceSets,
    desk: _Desk,
    row: int,
    tier: Ints,
    choice: Ints,
    cents: Ints,
) -> int:
    """Write the stages of a case as `stages_along` has them, from a row on; returns how many there are.

    On the desk lies what `_look_around` has found for tier k.
    """
    start = policy.start[i]
    cents[row] = -1
    if start <= k and desk.below[0] < 0 and not is_in_force:
        tier[row] = _handle(i, start, policy.tiers.shape[0], policy, sets, row, choice)
        return 1
    is_above = desk.below[0] < 0
    for s in range(choice.shape[1]):
        choice[row, s] = desk.choice[int(is_above), s]
    tier[row] = desk.above[0] if is_above else desk.below[0]
    if start > k or not is_above:
        return 1
    for s in range(desk.heights.shape[0]):
        desk.heights[s] = _descend(i, s, limit, sets, desk)
    # where something is free, nobody has to ask
    written = 1 if desk.heights[0] == 0 or desk.stairs[0, desk.heights[0] - 1, 0] >= 0 else 0
    return written + _ascend(k, desk.stairs, desk.heights, row + written, tier, choice, cents)


@numba.njit(forceinline=True)
def _descend(i: int, s: int, limit: int, sets: ChoiceSets, desk: _Desk) -> int:
    """Write what a style prefers at every limit, down from no limit: the next best that uses less of it.

    To stairs (styles, stairs, 2) go the use and the resolution; returns how many stairs there are.
    """
    least, count, n = _NO_USE, 0, 0
    while least >= 0 and desk.liked[s, n, 0] >= 0:
        a, beyond = desk.liked[s, n]
        n += 1
        if beyond >= 0 and beyond != limit:
            continue
        use = sets.uses[i, a, limit]
        if use < least:
            desk.stairs[s, count, 0], desk.stairs[s, count, 1] = use, a
            count += 1
            least = use
    return count


@numba.njit(forceinline=True)
def _ascend(k: int, stairs: Ints, heights: Ints, row: int, tier: Ints, choice: Ints, cents: Ints) -> int:
    """Write a stage for every limit at which a style climbs a stair, from a row on; returns how many there are.

    All styles begin at the same amount, the least that anything permitted uses.
    """
    written = 0
    while True:
        use = _NO_USE
        for s in range(heights.shape[0]):
            if heights[s] > 0:
                use = min(use, stairs[s, heights[s] - 1, 0])
        if use == _NO_USE:
            break
        now = row + written
        tier[now], cents[now] = k, use
        for s in range(heights.shape[0]):
            if heights[s] > 0 and stairs[s, heights[s] - 1, 0] == use:
                heights[s] -= 1
                choice[now, s] = stairs[s, heights[s], 1]
            else:
                choice[now, s] = choice[now - 1, s]
        written += 1
    return written
