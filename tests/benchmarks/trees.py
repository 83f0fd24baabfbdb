"""Best trees: seconds for groups as a shop has them, against plain loops, against `pystreed`; run by hand.

In: nothing, or the Python of an environment in which `pystreed` 1.4 is installed. Out: a table with wall and processor
seconds. Not here: R's `policytree` and `fastpolicytree`, which are not in any Python environment: their published
settings are rows of the table, as deep as trees go here.

Run by hand: python tests/benchmarks/trees.py [--streed PYTHON] [--seconds 60] [--only WORD]
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numba
import numpy as np
from rich.console import Console
from rich.table import Table

from policy_sim.value.trees import best_trees

GROUPS, CASES, RESOLUTIONS, FACTS = 8, 2_500, 30, 12
NEAR_ENOUGH = 0.01  # money a case

STREED = """
import sys, time, numpy as np
from pystreed import STreeDInstanceCostSensitiveClassifier as Trees
given = np.load(sys.argv[1])
began, used = time.perf_counter(), time.process_time()
trees = Trees(max_depth=int(sys.argv[2]), time_limit=float(sys.argv[3]))
trees.fit(given["facts"].astype(int), given["cost"])
seconds, cpu = time.perf_counter() - began, time.process_time() - used
chosen = trees.predict(given["facts"].astype(int))
print(given["cost"][np.arange(len(chosen)), chosen].sum(), seconds, cpu)
"""


def shop(seed: int, cases: int = CASES, noise: float = 2.5) -> tuple[np.ndarray, np.ndarray]:
    """Payoffs that are smooth in a price, a number of orders and some more, with what nobody can see beside."""
    rng = np.random.default_rng(seed)
    third = FACTS // 3
    continuous, whole = rng.lognormal(3.5, 0.6, (cases, third)), rng.poisson(3, (cases, third)) * 1.0
    facts = np.column_stack([continuous, whole, (rng.random((cases, third)) < 0.35) * 1.0])
    price, worth, scaled = facts[:, :1], 60 * (1 + facts[:, third : third + 1]), (facts - facts.mean(0)) / facts.std(0)
    share, fixed = rng.uniform(0, 1.2, RESOLUTIONS), rng.uniform(0, 15, RESOLUTIONS)
    felt, half = rng.uniform(0.2, 1.0, RESOLUTIONS), rng.uniform(20, 80, RESOLUTIONS)
    kept = 0.3 * worth * (1 - np.exp(-felt * ((0.3 + share) * price / half + 0.3)))
    both = 3 * np.tanh(scaled[:, [2]] * scaled[:, [third + 1]]) * rng.normal(0, 1, RESOLUTIONS)
    unseen = rng.normal(0, noise, (cases, 1)) * felt * rng.choice([-1, 1], RESOLUTIONS)
    beside = scaled @ rng.normal(0, 1.2, (FACTS, RESOLUTIONS)) + rng.normal(0, noise / 6, (cases, RESOLUTIONS))
    return kept - share * price - fixed + both + unseen + beside, facts


def nothing_but_noise(seed: int) -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(seed).normal(0, 20, (CASES, RESOLUTIONS)), shop(seed)[1]


def published(cases: int, facts: int, values: int, actions: int) -> tuple[np.ndarray, np.ndarray]:
    """Rewards with a tree behind them and noise, facts of so many values, as the papers have them."""
    rng = np.random.default_rng(cases)
    table = rng.integers(0, values, (cases, facts)) * 1.0
    behind = 2 * (table[:, 0] >= values / 2) + (table[:, 1] >= values / 3)
    return rng.normal(0, 1, (4, actions))[behind.astype(int)] + rng.normal(0, 1, (cases, actions)), table


@numba.njit
def plain_cut(payoff, facts, order, taken):
    """The best single cut of the cases that are taken, every one tried with running sums."""
    total = np.zeros(payoff.shape[1])
    for i in range(len(taken)):
        if taken[i]:
            total += payoff[i]
    best, below = total.max(), np.empty_like(total)
    for f in range(facts.shape[1]):
        below[:] = 0
        last = -np.inf
        for i in order[f]:
            if taken[i]:
                if facts[i, f] != last:
                    best = max(best, below.max() + (total - below).max())
                last = facts[i, f]
                below += payoff[i]
    return best


@numba.njit
def plain_two_levels(payoff, facts, order, every):
    """Every cut (of so many one) with the best single cut on both sides."""
    best, tried = -np.inf, 0
    for f in range(facts.shape[1]):
        cuts = np.unique(facts[:, f])[1:]
        for cut in cuts[::every]:
            below = facts[:, f] < cut
            best = max(best, plain_cut(payoff, facts, order, below) + plain_cut(payoff, facts, order, ~below))
            tried += 1
    return best, tried


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    return work(), time.perf_counter() - wall, time.process_time() - cpu


class Bench:
    def __init__(self, seconds: float, streed: str | None, only: str) -> None:
        self.seconds, self.streed, self.only, self.console = seconds, streed, only, Console(width=130)
        self.table = Table("problem", "depth", "wall s", "processor s", "value a case", "bound above by")

    def row(self, name, groups, depth, near_enough=0.0, seconds=None):
        """Best trees of all groups; returns what they bring with most leaves."""
        if self.only not in name:
            return None
        leaf_count = 2**depth
        best, wall, cpu = timed(
            lambda: [
                best_trees(
                    *group,
                    leaf_count,
                    depth,
                    near_enough=near_enough * len(group[0]),
                    seconds=self.seconds if seconds is None else seconds,
                )[-1]
                for group in groups
            ]
        )
        cases, value = sum(len(payoff) for payoff, _ in groups), sum(tree.value for tree in best)
        gap = sum(tree.bound - tree.value for tree in best) / cases
        self.add(name, depth, wall, cpu, value / cases, "0 (exact)" if gap == 0 else f"{gap:.4f}")
        return value

    def add(self, name, depth, wall, cpu, value, words):
        self.table.add_row(name, str(depth), f"{wall:.2f}", f"{cpu:.2f}", f"{value:.4f}", words)
        self.console.print(f"{name}, depth {depth}: {wall:.2f} s, {cpu:.2f} of the processor, {value:.4f}, {words}")

    def plain(self, name, group, every):
        if self.only not in name:
            return
        payoff, facts = group
        order = np.argsort(facts, axis=0, kind="stable").T.copy()
        plain_two_levels(payoff[:50], facts[:50], np.argsort(facts[:50], axis=0, kind="stable").T.copy(), 1)
        (value, tried), wall, cpu = timed(lambda: plain_two_levels(payoff, facts, order, every))
        words = f"{tried} cuts of the first level; all would take {every} times as long" if every > 1 else "all cuts"
        self.add(name, 2, wall, cpu, value / len(payoff), words)

    def against_streed(self, name, group, depth):
        value = self.row(name, [group], depth)
        if value is None or self.streed is None:
            return
        payoff, facts = group
        most = payoff.max(axis=1, keepdims=True)
        with tempfile.TemporaryDirectory() as folder:
            np.savez(Path(folder) / "given.npz", facts=facts, cost=most - payoff)
            command = [self.streed, "-c", STREED, f"{folder}/given.npz", str(depth), str(self.seconds)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            self.console.print(f"pystreed: {done.stderr.strip().splitlines()[-1:]}")
            return
        cost, wall, cpu = (float(word) for word in done.stdout.split()[-3:])
        other = float(most.sum()) - cost
        words = (
            "the same optimum" if abs(other - value) < 1e-6 * abs(value) else f"{(other - value) / len(payoff):+.6f}"
        )
        self.add(f"  pystreed: {name}", depth, wall, cpu, other / len(payoff), words)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--streed")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    best_trees(*shop(0, 60))
    bench = Bench(given.seconds, given.streed, given.only)
    groups = [shop(seed) for seed in range(GROUPS)]
    bench.against_streed("500 cases, 30 facts of 2 values, 3 actions", published(500, 30, 2, 3), 3)
    bench.against_streed("5,000 cases, 30 facts of 2 values, 10 actions", published(5_000, 30, 2, 10), 3)
    bench.row("8 x 2,500 cases, 30 resolutions, shop", groups, 2)
    bench.plain("plain loops, 1 x 2,500, shop", groups[0], 20)
    bench.row("8 x 2,500, shop, within .01 a case", groups, 3, NEAR_ENOUGH)
    bench.row("8 x 2,500, shop, exact", groups, 3)
    bench.row(
        "8 x 2,500, noise, stopped after 1 s each", [nothing_but_noise(seed) for seed in range(GROUPS)], 3, 0, 1.0
    )
    bench.row("100,000 cases, 30 facts of 30 values, 20 actions", [published(100_000, 30, 30, 20)], 2)
    bench.console.print(bench.table)


if __name__ == "__main__":
    main()
