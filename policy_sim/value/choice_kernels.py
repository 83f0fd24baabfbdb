"""Choice kernels: who decides each case and what they choose, compiled.

In: what may be chosen for each case, and what a policy says of it. Out: tiers and choices; the stages that a case goes
through as one limit rises; every policy of a grid.
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
    "grid_values",
    "may_be_chosen",
    "orders_at",
    "put_in_order",
    "stages_along",
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
_NO_LIMIT: Any = np.int64(-1)
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
def _permitted(i: int, a: int, k: int, policy: PolicyArrays, sets: ChoiceSets, skip: int) -> bool:
    """Tell whether every use but the one of limit `skip` is within what tier k may give for the case."""
    for d in range(policy.limits.shape[2]):
        if d != skip and sets.uses[i, a, d] > policy.limits[k, policy.cell[i], d]:
            return False
    return True


@numba.njit(forceinline=True)
def _handle(i: int, first: int, end: int, policy: PolicyArrays, sets: ChoiceSets, row: int, choice: Ints) -> int:
    """Write what each style chooses to a row of choice; returns the first of tiers first to end that may, else -1."""
    final: int = policy.tiers.shape[0] - 1
    book = policy.book[i]
    for k in range(first, end):
        for s in range(choice.shape[1]):
            if s >= _STYLE_COUNT:
                is_by_the_book = book >= 0 and (k == final or _permitted(i, book, k, policy, sets, _NO_LIMIT))
                choice[row, s] = book if is_by_the_book else choice[row, s - _STYLE_COUNT]
                continue
            order = _order_of(s, policy.tiers[k], sets)
            choice[row, s] = -1
            for n in range(sets.counts[i]):
                a = sets.preference_order[order, i, n]
                if a < 0:
                    break
                if k == final or _permitted(i, a, k, policy, sets, _NO_LIMIT):
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
def grid_values(
    scenario_tier: int,
    levels: Ints,
    grid: Ints,
    reaches: Bools,
    sets: ChoiceSets,
    choosable: Bools,
    book: Ints,
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
    book
        (N,) as in `PolicyArrays`.
    table
        (N, A, styles) value of each resolution at the tier, for each style's share of the agents.
    begin, end
        Cases to work on.
    handled, out
        (N, combinations) 1 where the tier settles it, else 0; what that comes to, else 0.
    """
    resolution_count = sets.uses.shape[1]
    order = np.empty((table.shape[2], resolution_count + 2), dtype=np.int64)
    needed = np.empty((resolution_count, levels.shape[0]), dtype=np.int64)
    for i in range(begin, end):
        for g in range(grid.shape[0]):
            handled[i, g] = 0.0
            out[i, g] = 0.0
        if not reaches[i]:
            continue
        _find_levels(i, levels, sets, choosable, needed)
        _find_orders(i, scenario_tier, sets, choosable, book[i], order)
        _add_grid(i, order, needed, grid, table, handled, out)


@numba.njit(forceinline=True)
def _find_levels(i: int, levels: Ints, sets: ChoiceSets, choosable: Bools, needed: Ints) -> None:
    """Fill needed (A, L) with the lowest level of each limit that covers what a resolution uses of it."""
    for a in range(sets.counts[i]):
        if not choosable[i, a]:
            continue
        for d in range(levels.shape[0]):
            level = 0
            while level < levels.shape[1] and sets.uses[i, a, d] > levels[d, level]:
                level += 1
            needed[a, d] = level


@numba.njit(forceinline=True)
def _find_orders(i: int, scenario_tier: int, sets: ChoiceSets, choosable: Bools, book: int, order: Ints) -> None:
    """Fill order (styles, A + 2) with the resolutions to look at as each style prefers them, and -1 behind the last."""
    for s in range(order.shape[0]):
        count = 0
        if s >= _STYLE_COUNT and book >= 0:
            order[s, count] = book
            count += 1
        for n in range(sets.counts[i]):
            a = sets.preference_order[_order_of(s % _STYLE_COUNT, scenario_tier, sets), i, n]
            if a >= 0 and choosable[i, a]:
                order[s, count] = a
                count += 1
        order[s, count] = -1


@numba.njit(forceinline=True)
def _add_grid(
    i: int,
    order: Ints,
    needed: Ints,
    grid: Ints,
    table: Floats,
    handled: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Add to a case, for every combination, what each style prefers among the resolutions within its limits.

    The loops stand together: a function called for each combination would count the owners of its arrays every time.
    """
    for g in range(grid.shape[0]):
        for s in range(order.shape[0]):
            for n in range(order.shape[1]):
                a = order[s, n]
                if a < 0:
                    break
                is_within = True
                for d in range(grid.shape[1]):
                    if needed[a, d] > grid[g, d]:
                        is_within = False
                        break
                if is_within:
                    handled[i, g] = 1.0
                    out[i, g] += table[i, a, s]
                    break


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
    stairs, heights = np.empty((styles, sets.uses.shape[1], 2), dtype=np.int64), np.empty(styles, dtype=np.int64)
    written = _ZERO
    for i in range(begin, end):
        count = _stages_of_case(i, k, limit, in_force, policy, sets, stairs, heights, written, tier, choice, cents)
        case[written : written + count] = i
        written += count
    return case[:written], tier[:written], choice[:written], cents[:written]


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
    stairs, heights = np.empty((styles, most, 2), dtype=np.int64), np.empty(styles, dtype=np.int64)
    for i in range(begin, end):
        count = _stages_of_case(i, k, limit, in_force, policy, sets, stairs, heights, _ZERO, tier, choice, cents)
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


@numba.njit(forceinline=True)
def _stages_of_case(
    i: int,
    k: int,
    limit: int,
    in_force: Bools,
    policy: PolicyArrays,
    sets: ChoiceSets,
    stairs: Ints,
    heights: Ints,
    row: int,
    tier: Ints,
    choice: Ints,
    cents: Ints,
) -> int:
    """Write the stages of a case as `stages_along` has them, from a row on; returns how many there are."""
    start, is_in_force = policy.start[i], in_force[policy.cell[i]]
    cents[row] = -1
    if start <= k:
        tier[row] = _handle(i, start, k if is_in_force else k + 1, policy, sets, row, choice)
        if tier[row] >= 0:
            return 1
    if start > k or not is_in_force:
        tier[row] = _handle(i, max(start, k + 1), policy.tiers.shape[0], policy, sets, row, choice)
        return 1
    for s in range(heights.shape[0]):
        heights[s] = _descend(i, k, s, limit, policy, sets, stairs)
    written = 0
    if heights[0] == 0 or stairs[0, heights[0] - 1, 0] >= 0:
        tier[row] = _handle(i, k + 1, policy.tiers.shape[0], policy, sets, row, choice)
        written = 1
    return written + _ascend(k, stairs, heights, row + written, tier, choice, cents)


@numba.njit(forceinline=True)
def _descend(i: int, k: int, s: int, limit: int, policy: PolicyArrays, sets: ChoiceSets, stairs: Ints) -> int:
    """Write what a style prefers at every limit, down from no limit: the next best that uses less of it.

    To stairs (styles, stairs, 2) go the use and the resolution; returns how many stairs there are.
    """
    order = _order_of(s % _STYLE_COUNT, policy.tiers[k], sets)
    least, count = _NO_USE, 0
    for n in range(-1, sets.counts[i]):
        if n >= 0:
            a = int(sets.preference_order[order, i, n])
        elif s >= _STYLE_COUNT and policy.book[i] >= 0:
            a = int(policy.book[i])
        else:
            continue
        if a < 0 or least < 0:
            break
        use = sets.uses[i, a, limit]
        if use < least and _permitted(i, a, k, policy, sets, limit):
            stairs[s, count, 0], stairs[s, count, 1] = use, a
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
