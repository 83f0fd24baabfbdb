"""How fast payoffs and curves are, as ratios against what a user would write instead; run by hand, prints a table.

Times are of this machine in this minute; only the ratios mean something.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from policy_sim import Lever, draw_assumptions, evaluate, load_policy, load_scenario, threshold_curve, value_cases
from policy_sim.study import prepare_setting
from policy_sim.value.payoffs import expect

CASES, DRAWS, LIMITS_TRIED = 20_000, 200, 20


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the shortest of a few runs, after one that compiles."""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    scenario = load_scenario("online_retail")
    payoffs = prepare_setting(scenario, cases=CASES, draws=DRAWS).payoffs
    policy = load_policy("current", scenario)
    table = Table(
        "what", "against", "seconds", "seconds of the other", "ratio", title=f"{CASES:,} cases, {DRAWS} draws"
    )

    for limit in ("keep_item", "credit", "refund"):
        lever = Lever("agent", limit)
        curve = threshold_curve(policy, payoffs, lever)
        steps = len(curve.limits)
        tried = np.linspace(0, 150, LIMITS_TRIED)

        def loop(lever: Lever = lever, tried: np.ndarray = tried) -> None:
            for value in tried:
                evaluate(policy.with_limit(lever, float(value)), payoffs)

        own = seconds(lambda lever=lever: threshold_curve(policy, payoffs, lever))
        other = seconds(loop, 1) / LIMITS_TRIED * 1_000
        table.add_row(
            f"curve of {limit}, {steps:,} steps",
            "evaluate at 1,000 values",
            f"{own:.3f}",
            f"{other:.1f}",
            f"{other / own:,.0f}x",
        )

    cases, tiers = np.repeat(np.arange(CASES), 10), np.zeros(CASES * 10, dtype=np.int64)
    resolutions = np.tile(np.arange(10), CASES)
    weight = payoffs.style / DRAWS
    valued = len(cases) * weight.shape[1]
    numbers = np.random.default_rng(0).normal(size=1_000_000)
    own = seconds(lambda: expect(payoffs.facts, payoffs.numbers, weight, cases, resolutions, tiers)) / valued
    other = seconds(lambda: np.exp(numbers)) / len(numbers)
    table.add_row(
        "one payoff under one draw", "one exp in numpy", f"{own:.2e}", f"{other:.2e}", f"{own / other:.1f}x as long"
    )

    wide = prepare_setting(scenario, cases=CASES, draws=1).payoffs
    own = seconds(lambda: value_cases(scenario, wide.cases, draw_assumptions(scenario, DRAWS)))
    table.add_row("value_cases, all believed payoffs", "", f"{own:.2f}", "", "")
    Console().print(table)


if __name__ == "__main__":
    main()
