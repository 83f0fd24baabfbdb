"""Trees: exactly the best on small instances, held against every tree; bounds that hold; thresholds; sharing leaves."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from policy_sim.border.errors import InputError
from policy_sim.value.trees import Leaf, apply_tree, best_trees, leaves, round_threshold, share_leaves


def by_trying_all(payoff, facts, most_leaves, depth, least_cases):
    """Return what the best tree of at most 1, 2, ... leaves brings: every cut of every fact, level by level."""
    sums = payoff.sum(axis=0)
    best = [float(sums.max())] * most_leaves
    if depth == 0:
        return best
    for f in range(facts.shape[1]):
        for threshold in np.unique(facts[:, f])[1:]:
            is_below = facts[:, f] < threshold
            if min(is_below.sum(), (~is_below).sum()) < least_cases:
                continue
            below = by_trying_all(payoff[is_below], facts[is_below], most_leaves, depth - 1, least_cases)
            above = by_trying_all(payoff[~is_below], facts[~is_below], most_leaves, depth - 1, least_cases)
            for b, a in itertools.product(range(1, most_leaves), repeat=2):
                if b + a <= most_leaves:
                    best[b + a - 1] = max(best[b + a - 1], below[b - 1] + above[a - 1])
    return list(np.maximum.accumulate(best))


def depth_of(tree):
    return 0 if isinstance(tree, Leaf) else 1 + max(depth_of(tree.below), depth_of(tree.above))


def random_instance(rng, count, kinds, resolutions):
    columns = {
        "continuous": lambda: rng.normal(size=count),
        "integer": lambda: rng.integers(0, 5, count) * 1.0,
        "binary": lambda: rng.integers(0, 2, count) * 1.0,
        "constant": lambda: np.full(count, 3.0),
    }
    facts = np.column_stack([columns[kind]() for kind in kinds])
    payoff = rng.normal(0, 10, (count, resolutions)) + np.outer(facts[:, 0], rng.normal(0, 8, resolutions))
    return payoff, facts


def check_tree(best, payoff, facts, leaf_count, depth, least_cases):
    """Hold a tree's own words against the cases."""
    given = apply_tree(best.tree, facts)
    assert payoff[np.arange(len(payoff)), given].sum() == pytest.approx(best.value, abs=1e-8)
    assert best.bound >= best.value
    found = leaves(best.tree)
    assert len(found) <= leaf_count
    assert depth_of(best.tree) <= depth
    covered = np.zeros(len(facts), dtype=int)
    for path, leaf in found:
        inside = np.ones(len(facts), dtype=bool)
        for fact, low, high in path:
            inside &= (facts[:, fact] >= low) & (facts[:, fact] < high)
        covered += inside
        assert inside.sum() == leaf.cases
        assert leaf.cases >= least_cases or len(found) == 1
        assert (given[inside] == leaf.resolution).all()
    assert (covered == 1).all()


SETTINGS = [
    (1, 40, ("continuous", "integer", "binary"), 4, 1),
    (2, 60, ("continuous", "integer", "binary", "constant"), 5, 1),
    (2, 60, ("integer", "integer", "binary"), 3, 7),
    (2, 50, ("continuous", "continuous"), 9, 1),
    (2, 40, ("continuous", "integer"), 3, 4),
    (3, 16, ("continuous", "integer", "binary"), 4, 1),
    (3, 30, ("integer", "binary", "binary", "binary"), 3, 1),
    (3, 20, ("continuous", "integer"), 4, 3),
    (3, 17, ("continuous", "continuous"), 3, 2),
]


@pytest.mark.parametrize(("depth", "count", "kinds", "resolutions", "least_cases"), SETTINGS)
@pytest.mark.parametrize("payoffs", ["distinct", "tied", "some impossible"])
def test_no_tree_brings_more(depth, count, kinds, resolutions, least_cases, payoffs):
    for seed in range(2 if depth == 3 else 4):
        rng = np.random.default_rng([seed, depth, count])
        payoff, facts = random_instance(rng, count, kinds, resolutions)
        if payoffs == "tied":
            payoff = (payoff / 10).round()
        elif payoffs == "some impossible":
            payoff[rng.random(payoff.shape) < 0.15] = -np.inf
            payoff[:, -1] = np.where(np.isneginf(payoff[:, -1]), -20.0, payoff[:, -1])
        expected = by_trying_all(payoff, facts, 8, depth, least_cases)
        found = best_trees(payoff, facts, 8, depth, least_cases=least_cases)
        assert [best.value for best in found] == pytest.approx(expected, abs=1e-8)
        for leaf_count, best in enumerate(found, start=1):
            assert best.bound == best.value
            check_tree(best, payoff, facts, leaf_count, depth, least_cases)


def test_bounds_hold_when_time_is_up():
    rng = np.random.default_rng(5)
    payoff, facts = random_instance(rng, 60, ("continuous", "continuous", "integer"), 5)
    best = best_trees(payoff, facts)
    for seconds in (0.0, 0.05):
        for found, exact in zip(best_trees(payoff, facts, seconds=seconds), best, strict=True):
            assert found.value <= exact.value + 1e-9
            assert found.bound >= exact.value - 1e-9


def test_near_enough_is_kept():
    rng = np.random.default_rng(6)
    payoff, facts = random_instance(rng, 60, ("continuous", "continuous", "integer"), 5)
    best = best_trees(payoff, facts)
    for found, exact in zip(best_trees(payoff, facts, near_enough=20.0), best, strict=True):
        assert found.value <= exact.value + 1e-9 <= found.bound + 2e-9
        assert found.bound <= found.value + 20.0 + 1e-6


def test_the_same_again():
    rng = np.random.default_rng(7)
    payoff, facts = random_instance(rng, 80, ("continuous", "integer", "binary"), 5)
    assert best_trees(payoff, facts) == best_trees(payoff, facts)


def test_what_progress_raises_ends_the_work():
    class CancelledError(Exception):
        pass

    def cancel(words, done, of):
        raise CancelledError

    payoff, facts = random_instance(np.random.default_rng(8), 300, ("continuous",) * 4, 6)
    with pytest.raises(CancelledError):
        best_trees(payoff, facts, on_progress=cancel)


def test_a_case_without_any_resolution_spoils_every_tree():
    payoff, facts = np.array([[1.0, -np.inf], [-np.inf, -np.inf], [2.0, 5.0]]), np.array([[0.0], [1.0], [2.0]])
    assert all(best.value == best.bound == -np.inf for best in best_trees(payoff, facts, 3))


def test_facts_that_are_all_the_same_give_one_leaf():
    payoff = np.array([[1.0, 2.0], [4.0, 2.5]])
    for facts in (np.ones((2, 3)), np.ones((2, 0))):
        assert {best.tree for best in best_trees(payoff, facts, 4)} == {Leaf(0, 2, 5.0)}


@pytest.mark.parametrize(
    ("below", "at", "threshold"),
    [
        (0.0, 1.0, 1.0),
        (3.0, 4.0, 4.0),
        (44.3, 45.7, 45.0),
        (44.31, 44.39, 44.35),
        (9.99, 10.01, 10.0),
        (99.0, 250.0, 200.0),
        (-2.0, 3.0, 0.0),
        (-0.37, -0.31, -0.35),
        (-7.0, -6.0, -6.0),
        (-1.0, 0.0, 0.0),
        (1234.5678, 1234.5679, 1234.5679),
        (1e-9, 3e-9, 2e-9),
        (1.0, math.nextafter(1.0, 2.0), math.nextafter(1.0, 2.0)),
        (0.1 + 0.2, 0.31, 0.31),
    ],
)
def test_a_threshold_is_the_roundest_number_between(below, at, threshold):
    assert round_threshold(below, at) == threshold


def test_round_thresholds_separate():
    rng = np.random.default_rng(9)
    for low, high in np.sort(rng.normal(size=(500, 2)) * 10.0 ** rng.integers(-6, 9, (500, 1)), axis=1):
        assert low < round_threshold(low, high) <= high
    for _ in range(200):
        low = rng.normal() * 10.0 ** rng.integers(-300, 300)
        high = math.nextafter(low, math.inf)
        assert low < round_threshold(low, high) <= high
    with pytest.raises(InputError, match="no threshold lies between"):
        round_threshold(1.0, 1.0)


def by_trying_all_shares(values, total):
    ranges = [range(1, len(of_group) + 1) for of_group in values]
    return max(
        sum(of_group[given - 1] for of_group, given in zip(values, shares, strict=True))
        for shares in itertools.product(*ranges)
        if sum(shares) <= total
    )


def test_leaves_are_shared_so_that_no_other_way_brings_more():
    rng = np.random.default_rng(10)
    for _ in range(50):
        values = [np.sort(rng.integers(0, 12, rng.integers(1, 6))).tolist() for _ in range(rng.integers(1, 5))]
        for total in range(len(values), 14):
            shares = share_leaves(values, total)
            assert sum(shares) <= total
            assert min(shares) >= 1
            brought = sum(of_group[given - 1] for of_group, given in zip(values, shares, strict=True))
            assert brought == by_trying_all_shares(values, total)


def test_leaves_are_shared_where_there_are_too_few_or_a_group_brings_nothing_finite():
    assert share_leaves([[1.0, 5.0], [3.0, 9.0], [2.0]], 2) == (0, 2, 0)
    assert share_leaves([[-math.inf, 5.0], [3.0, 9.0]], 3) == (2, 1)
    assert share_leaves([[-math.inf], [3.0, 9.0]], 3) == (1, 2)
    assert share_leaves([], 3) == ()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"depth": 4}, "depth is 4; trees have 0 to 3 levels"),
        ({"most_leaves": 0}, "number of leaves is 0"),
        ({"least_cases": 0}, "number of cases in a leaf is 0"),
        ({"near_enough": math.nan}, "near_enough"),
        ({"seconds": -1.0}, "seconds"),
        ({"payoff": np.array([[np.nan], [1.0]])}, "no number"),
        ({"payoff": np.ones((3, 2))}, "of the same cases"),
        ({"facts": np.array([[np.inf], [1.0]])}, "fact 0 is not finite"),
    ],
)
def test_bad_input_is_told_in_one_line(changed, words):
    given = {"payoff": np.ones((2, 2)), "facts": np.arange(2.0)[:, None]} | changed
    with pytest.raises(InputError, match=words):
        best_trees(**given)
