"""Trees: which resolution to give, by a few cuts of what is known of a case; the best ones, with a bound.

In: what every resolution brings in every case of one group, the facts of these cases. Out: for each number of leaves
the tree of most value, and what no tree exceeds; leaves given out to several groups. Left to others: what payoffs mean
and where they come from, words for rules, which group a case belongs to.

Trees are looked for by `tree_search`, which knows shortfalls only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_sim.border.errors import InputError, check_at_least, check_finite
from policy_sim.border.progress import Progress
from policy_sim.value.tree_search import DEEPEST, NONE, Group, TreeSearch

__all__ = [
    "BestTree",
    "Leaf",
    "Split",
    "Tree",
    "apply_tree",
    "best_trees",
    "leaves",
    "round_threshold",
    "share_leaves",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Leaf:
    """Cases that get one resolution: its place among the resolutions, how many cases, the sum of what they bring."""

    resolution: int
    cases: int
    value: float


@dataclass(frozen=True)
class Split:
    """A cut: cases whose fact is below the threshold, and those where it is the threshold or above."""

    fact: int
    threshold: float
    below: Tree
    above: Tree


Tree = Leaf | Split


@dataclass(frozen=True)
class BestTree:
    """The best tree found of a number of leaves, what it brings over all cases, and what no such tree exceeds."""

    tree: Tree
    value: float
    bound: float


def best_trees(
    payoff: Floats,
    facts: Floats,
    most_leaves: int = 8,
    depth: int = 3,
    *,
    least_cases: int = 1,
    near_enough: float = 0.0,
    seconds: float | None = None,
    on_progress: Progress | None = None,
) -> tuple[BestTree, ...]:
    """Find the best tree for every number of leaves up to the most.

    Parameters
    ----------
    payoff
        (cases, resolutions) what each brings; -inf where a resolution is not possible: no leaf takes it, unless every
        resolution is impossible for one of its cases (then the tree brings -inf).
    facts
        (cases, facts) finite numbers.
    most_leaves
        1 or more; a tree of some levels has at most 2 ** depth.
    depth
        Levels of cuts, 0 to 3.
    least_cases
        Cases that a leaf must hold at least.
    near_enough
        By how much, in units of payoff summed over all cases, bounds may stay above what was found.
    seconds
        Looking ends after about so long, and bounds tell what may have been missed; None: where nothing was.
    on_progress
        Called about five times a second; what it raises ends the work.

    Returns
    -------
    tuple of BestTree
        One for at most 1, 2, ... leaves: values never fall; where more leaves bring nothing, the smaller tree again.

    Raises
    ------
    InputError
        For arrays that do not fit each other, payoffs that are no numbers, facts that are not finite, numbers out of
        range.
    """
    payoff, facts = _checked(payoff, facts, most_leaves, depth, least_cases, near_enough, seconds)
    group = Group.of(payoff, facts, least_cases)
    count = min(most_leaves, 2**depth)
    search = TreeSearch(group, count, near_enough, seconds, on_progress)
    if depth == 1:
        search.cut_once()
    elif depth > 1:
        search.cut_twice(depth == DEEPEST)
    if depth == DEEPEST:
        search.cut_on()
    return _told(group, search, most_leaves)


def apply_tree(tree: Tree, facts: Floats) -> Ints:
    """Return (cases,) the resolution that a tree gives to each case; facts (cases, facts)."""
    resolutions = np.empty(len(facts), dtype=np.int64)
    _apply(tree, np.asarray(facts, dtype=np.float64), np.arange(len(facts)), resolutions)
    return resolutions


def leaves(tree: Tree) -> list[tuple[tuple[tuple[int, float, float], ...], Leaf]]:
    """Return the leaves from below to above, each with its conditions: (fact, at least, below), one for each fact."""
    found: list[tuple[tuple[tuple[int, float, float], ...], Leaf]] = []

    def walk(part_of_tree: Tree, path: dict[int, tuple[float, float]]) -> None:
        if isinstance(part_of_tree, Leaf):
            found.append((tuple((fact, low, high) for fact, (low, high) in path.items()), part_of_tree))
            return
        fact, threshold = part_of_tree.fact, part_of_tree.threshold
        low, high = path.get(fact, (-math.inf, math.inf))
        walk(part_of_tree.below, path | {fact: (low, min(high, threshold))})
        walk(part_of_tree.above, path | {fact: (max(low, threshold), high)})

    walk(tree, {})
    return found


def share_leaves(values: Sequence[Sequence[float]], total: int) -> tuple[int, ...]:
    """Give leaves to groups so that they bring most together.

    Parameters
    ----------
    values
        For each group what it brings with at most 1, 2, ... leaves; nothing is assumed of their shape.
    total
        Leaves of all groups together at most.

    Returns
    -------
    tuple of int
        Leaves of each group, as few as bring that much: at least one each where the total allows; where it does not,
        a group may have none, which then counts as 0.

    Notes
    -----
    Exact: the best of the first groups for every number of leaves that they have together, one group after the other.
    """
    count, least = len(values), 1 if total >= len(values) else 0
    finite = [np.abs(np.array(of_group)[np.isfinite(of_group)]).sum() for of_group in values]
    nothing = -1.0 - 2.0 * float(sum(finite))  # in place of -inf: worse than anything, and it can be added up
    best = np.zeros(max(total, 0) + 1)
    chosen = np.zeros((count, len(best)), dtype=np.int64)
    for g, of_group in enumerate(values):
        now = np.full(len(best), -np.inf)
        for given in range(least, min(len(of_group), total) + 1):
            brought = 0.0 if given == 0 else max(of_group[given - 1], nothing)
            tried = best[: len(best) - given] + brought
            is_more = tried > now[given:]
            now[given:][is_more] = tried[is_more]
            chosen[g, given:][is_more] = given
        best = now
    left, shared = int(np.argmax(best)), []
    for g in reversed(range(count)):
        shared.append(int(chosen[g, left]))
        left -= shared[-1]
    return tuple(reversed(shared))


def round_threshold(below: float, at: float) -> float:
    """Return the number above the one and at most the other that is written with the fewest digits.

    Of several, 5 as the last digit, then the one nearest to the middle; so (0, 1] gives 1 and (44.3, 45.7] gives 45.
    """
    if not below < at:
        raise InputError(f"no threshold lies between {below!r} and {at!r}; the first must be less")
    if below < 0 < at:
        return 0.0
    size = max(abs(below), abs(at))
    for power in range(math.floor(math.log10(size)) + 1, -330, -1):
        found = _multiples_between(below, at, power)
        if found:
            middle = below / 2 + at / 2
            return min(found, key=lambda number: (not number[1], abs(number[0] - middle)))[0]
    return at


def _multiples_between(below: float, at: float, power: int) -> list[tuple[float, bool]]:
    """Return the multiples of a power of ten in (below, at], and whether a five ends each; not the tenfold ones."""
    unit = 10.0**power if power >= 0 else 1.0 / 10.0**-power if power > -300 else 0.0
    if unit == 0.0:
        return []
    first = math.floor(below / unit) - 1
    found = []
    for n in range(first, first + 14):
        number = float(f"{n}e{power}")
        if below < number <= at:
            found.append((number, n % 10 == 5))
    return found


def _apply(tree: Tree, facts: Floats, rows: Ints, resolutions: Ints) -> None:
    if isinstance(tree, Leaf):
        resolutions[rows] = tree.resolution
        return
    is_below = facts[rows, tree.fact] < tree.threshold
    _apply(tree.below, facts, rows[is_below], resolutions)
    _apply(tree.above, facts, rows[~is_below], resolutions)


def _checked(
    payoff: Floats,
    facts: Floats,
    most_leaves: int,
    depth: int,
    least_cases: int,
    near_enough: float,
    seconds: float | None,
) -> tuple[Floats, Floats]:
    payoff, facts = np.asarray(payoff, dtype=np.float64), np.asarray(facts, dtype=np.float64)
    if payoff.ndim != 2 or facts.ndim != 2 or len(payoff) != len(facts) or 0 in payoff.shape:
        raise InputError(
            f"payoffs are {payoff.shape} and facts {facts.shape}; they must be (cases, resolutions) and (cases, facts) "
            "of the same cases, at least one of each"
        )
    if np.isnan(payoff).any() or np.isposinf(payoff).any():
        raise InputError(
            "some payoff is no number, or without end; it must be finite, or -inf where it cannot be given"
        )
    if not np.isfinite(facts).all():
        column = int(np.flatnonzero(~np.isfinite(facts).all(axis=0))[0])
        raise InputError(f"fact {column} is not finite in every case; leave the fact out, or fill it in")
    if not 0 <= depth <= DEEPEST:
        raise InputError(f"depth is {depth}; trees have 0 to {DEEPEST} levels of cuts (depth)")
    check_at_least(1, "number of leaves", most_leaves, "most_leaves")
    check_at_least(1, "number of cases in a leaf", least_cases, "least_cases")
    check_finite("what is near enough", near_enough, 0, 1e300, "near_enough")
    if seconds is not None:
        check_finite("time to look", seconds, 0, 1e9, "seconds")
    return payoff, facts


def _told(group: Group, search: TreeSearch, most_leaves: int) -> tuple[BestTree, ...]:
    """Turn shortfalls into money, and cuts into trees that people can read."""
    told: list[BestTree] = []
    for count in range(1, search.count + 1):
        tree = _tree(group, search.cuts[count], 0, np.arange(len(group.payoff)))
        value = _value(tree)
        bound = group.best - float(search.bound[count])
        if told and value <= told[-1].value + group.tolerance:
            tree, value = told[-1].tree, told[-1].value
        if not math.isfinite(value) or search.found[count] - search.bound[count] <= group.tolerance:
            bound = value
        told.append(BestTree(tree, value, max(bound, value)))
    return tuple(told + told[-1:] * (most_leaves - len(told)))


def _tree(group: Group, cuts: Ints, node: int, rows: Ints) -> Tree:
    if node >= len(cuts) or cuts[node, 0] == NONE:
        sums = group.payoff[rows].sum(axis=0)
        best = int(np.argmax(sums))
        return Leaf(best, len(rows), float(sums[best]))
    f, cut = (int(number) for number in cuts[node])
    fact = group.facts[f]
    column = group.all_facts[rows, fact]
    is_below = group.cases.rank[f, rows] < cut
    threshold = round_threshold(float(column[is_below].max()), float(column[~is_below].min()))
    return Split(
        fact,
        threshold,
        _tree(group, cuts, 2 * node + 1, rows[is_below]),
        _tree(group, cuts, 2 * node + 2, rows[~is_below]),
    )


def _value(tree: Tree) -> float:
    return tree.value if isinstance(tree, Leaf) else _value(tree.below) + _value(tree.above)
