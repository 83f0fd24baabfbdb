"""How fast payoffs and curves are, as ratios against what a user would write instead; run by hand, prints a table.

Times are of this machine in this minute; only the ratios mean something.
"""

from __future__ import annotations

import resource
import subprocess
import sys

import numpy as np
from rich.console import Console
from rich.table import Table
from timing import shortest

from policy_sim import (
    Lever,
    Payoffs,
    Policy,
    best_limits,
    draw_assumptions,
    evaluate,
    load_policy,
    load_scenario,
    threshold_curve,
    value_cases,
)
from policy_sim.assumptions import central
from policy_sim.service import compile_menu
from policy_sim.study import Sample, prepare
from policy_sim.value.expected import Expected, load_of
from policy_sim.value.payoffs import draw_arrays_of, expect
from policy_sim.value.response_kernels import CaseArrays, payoffs_of_cases

CASES, DRAWS, LIMITS_TRIED = 20_000, 200, 20
MANY, RESOLUTIONS, FEWER_DRAWS = 100_000, 30, 52
MANY_DRAWS, FEWER_CASES = 1_000, 10_000
MILLION = 1_000_000
MOVED = ("refund", "credit", "keep_item", "replacement")


def all_curves(policy: Policy, payoffs: Payoffs) -> None:
    """Evaluate a policy, and work out the exact curve of each of the agents' limits that move."""
    outcome = evaluate(policy, payoffs)
    for limit in MOVED:
        threshold_curve(outcome, Lever("agent", limit))


def add_curves(table: Table, policy: Policy, payoffs: Payoffs) -> None:
    for limit in ("keep_item", "credit", "refund"):
        lever = Lever("agent", limit)
        outcome = evaluate(policy, payoffs)
        steps = len(threshold_curve(outcome, lever).limits)
        tried = np.linspace(0, 150, LIMITS_TRIED).round(2)

        def loop(lever: Lever = lever, tried: np.ndarray = tried) -> None:
            for value in tried:
                evaluate(policy.with_limit(lever, float(value)), payoffs)

        own = shortest(lambda outcome=outcome, lever=lever: threshold_curve(outcome, lever))
        other = shortest(loop, 1) / LIMITS_TRIED * 1_000
        table.add_row(
            f"curve of {limit}, {steps:,} steps",
            "evaluate at 1,000 values",
            f"{own:.3f}",
            f"{other:.1f}",
            f"{other / own:,.0f}x",
        )


def add_payoffs(table: Table, payoffs: Payoffs, values: np.ndarray) -> None:
    scenario = payoffs.scenario
    # 100,000 cases of one failure, 30 resolutions, one tier, one draw, one thread
    failure = list(scenario.failures).index("defective_item")
    rows = np.resize(np.flatnonzero(payoffs.cases.failure == failure), MANY)
    many = CaseArrays(**{name: each[rows] for name, each in payoffs.case_arrays._asdict().items()})
    middle = central(scenario)
    known = np.ones((int(payoffs.cases.customer.max()) + 1, 1))
    believed = draw_arrays_of(scenario, payoffs.cases, middle, compile_menu(scenario, middle), known)
    once = believed._replace(tiers=believed.tiers[:1])
    order = np.argsort(believed.timing[failure, :RESOLUTIONS], kind="stable")
    out, everybody = np.zeros((1, MANY, RESOLUTIONS)), np.arange(MANY)
    own = shortest(lambda: payoffs_of_cases(everybody, order, many, once, 0, MANY, out), 5)
    other = shortest(lambda: np.exp(values), 5)
    table.add_row(
        f"{MANY:,} x {RESOLUTIONS} payoffs, one draw",
        "as many exp in numpy",
        f"{own:.4f}",
        f"{other:.4f}",
        f"{own / other:.1f}x as long",
    )

    rows = np.arange(0, CASES, 2)
    case, resolution = np.repeat(rows, 10), np.tile(np.arange(10), len(rows))
    nobody, all_claims = np.zeros(CASES, dtype=np.bool_), np.ones(payoffs.style.shape[-1])
    tier = np.zeros(len(case), dtype=np.int64)
    own = shortest(lambda: expect(payoffs, case, resolution, tier, nobody, all_claims, payoffs.draw_arrays))
    own, other = own / (len(case) * payoffs.style.shape[-1]), other / len(values)
    table.add_row(
        "one payoff under one of 200 draws",
        "one exp in numpy",
        f"{own:.2e}",
        f"{other:.2e}",
        f"{own / other:.1f}x as long",
    )


def add_mean_curves(table: Table, policy: Policy) -> None:
    # the mean over the draws, every resolution valued beforehand: what the search for the best limits reads
    long = prepare(load_scenario("online_retail"), sample=Sample(cases=MANY, draws=FEWER_DRAWS)).payoffs
    given = Expected.of(policy, long, load_of(policy, long))
    for limit in MOVED:
        lever = Lever("agent", limit)
        own = shortest(lambda lever=lever: given.along(policy, lever))
        other = shortest(lambda lever=lever: given.of_policy(policy.with_limit(lever, 20.0))) * 1_000
        dearer = shortest(lambda: evaluate(policy, long), 1) * 1_000
        table.add_row(
            f"mean curve of {limit}, {MANY:,} cases, payoffs given",
            "looking up 1,000 policies (evaluate)",
            f"{own:.3f}",
            f"{other:.1f} ({dearer:.0f})",
            f"{other / own:,.0f}x ({dearer / own:,.0f}x)",
        )


def add_the_rest(table: Table, policy: Policy, payoffs: Payoffs, values: np.ndarray) -> None:
    scenario = payoffs.scenario
    moved = policy.with_limit(Lever("agent", "keep_item"), 40.0)
    own = shortest(lambda: all_curves(moved, payoffs), 2)
    table.add_row("a moved limit: tiles, curves of four limits", "0.030 s wanted", f"{own:.2f}", "", "")
    given = Expected.of(policy, payoffs, load_of(policy, payoffs))

    def move_means() -> None:
        given.of_policy(moved)
        for limit in MOVED:
            given.along(moved, Lever("agent", limit))

    table.add_row("the same, means alone, payoffs given", "0.030 s wanted", f"{shortest(move_means):.3f}", "", "")

    wide = prepare(scenario, sample=Sample(cases=FEWER_CASES, draws=MANY_DRAWS)).payoffs
    own = shortest(lambda: all_curves(policy, wide), 1)
    count = MANY_DRAWS * FEWER_CASES * RESOLUTIONS
    other = shortest(lambda: np.exp(values), 3) / len(values) * count
    table.add_row(
        f"{MANY_DRAWS:,} draws x four limits x {FEWER_CASES:,} cases x {RESOLUTIONS}",
        "as many exp in numpy",
        f"{own:.1f}",
        f"{other:.1f}",
        f"{own / other:.1f}x as long",
    )
    own = shortest(lambda: best_limits(policy, payoffs), 2)
    table.add_row("best limits of all tiers", "5 s wanted", f"{own:.1f}", "", "")
    own = shortest(lambda: evaluate(policy, payoffs))
    table.add_row("evaluate", "", f"{own:.3f}", "", "")
    wide = prepare(scenario, sample=Sample(cases=CASES, draws=1)).payoffs
    own = shortest(lambda: value_cases(scenario, wide.cases, draw_assumptions(scenario, DRAWS)))
    table.add_row("value_cases, all believed payoffs", "", f"{own:.2f}", "", "")


def main() -> None:
    # a process of its own, before this one grows: a child begins with the most memory that its parent has taken
    subprocess.run([sys.executable, __file__, "memory"], check=True)
    scenario = load_scenario("online_retail")
    payoffs = prepare(scenario, sample=Sample(cases=CASES, draws=DRAWS)).payoffs
    policy = load_policy("current", scenario)
    table = Table(
        "what", "against", "seconds", "seconds of the other", "ratio", title=f"{CASES:,} cases, {DRAWS} draws"
    )

    values = np.random.default_rng(0).normal(size=MANY * RESOLUTIONS)
    add_curves(table, policy, payoffs)
    add_payoffs(table, payoffs, values)
    add_mean_curves(table, policy)
    add_the_rest(table, policy, payoffs, values)
    Console().print(table)


def print_memory() -> None:
    """Value a million cases in one piece, evaluate a policy on them, and print the most memory that it took."""
    scenario = load_scenario("online_retail")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    payoffs = prepare(scenario, sample=Sample(cases=MILLION, draws=1)).payoffs
    evaluate(load_policy("current", scenario), payoffs)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{MILLION:,} cases in one piece: {(after - before) / 2**20:.1f} GiB at most (2 GiB wanted)")


if __name__ == "__main__":
    print_memory() if sys.argv[1:] == ["memory"] else main()
