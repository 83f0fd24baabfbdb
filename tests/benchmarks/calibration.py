"""Calibration on simulated firms whose truth is known: coverage, what better knowledge is worth, time.

Prints for each assumption how many of the 90 % intervals hold the truth, how far the truth lies from the median on
average (in posterior standard deviations), and how much of the prior's width is left; how much less limits lose that
were chosen after calibration, against the best limits of the truth; and seconds. Every failure comes to the agents here
(surfaces_share 1): where some stay silent, what is measured as churn without failure is that after orders without a
case, silent failures among them.

The truth is drawn from the scenario's ranges. Limits of the defaults are chosen with these same ranges before them,
which no real firm's truth is drawn from; --off-centre draws it from their outer quarters instead, the low or the high
one for each kind of assumption, as where the authors' judgement is off in the same way for all failures. All limits are
chosen on the same cases, and judged on the same others.

    python tests/benchmarks/calibration.py [--seeds 20] [--cases 5000] [--decisions 4] [--off-centre]
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import policy_sim
from policy_sim.assumptions import central
from policy_sim.evidence import World, simulate_log
from policy_sim.evidence.calibration import calibrate
from policy_sim.evidence.case_log import read_case_log
from policy_sim.evidence.measured_scenario import measured_content, write_measured
from policy_sim.evidence.priors import on_own_scale
from policy_sim.evidence.world import DRAWN_PER_FAILURE, DRAWN_SHARED
from policy_sim.orders import read_transactions
from policy_sim.study import Sample, prepare
from policy_sim.value import value_cases

CHOOSING, JUDGING = Sample(cases=1_000, draws=40), Sample(cases=10_000, draws=1, seed=1)


def scenario_of_all():
    scenario = policy_sim.load_scenario("online_retail")
    return scenario.with_values({f"{failure}.surfaces_share": 1.0 for failure in scenario.failures})


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("seeds", 20), ("first", 0), ("cases", 5_000), ("decisions", 4)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--off-centre", action="store_true")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    scenario = scenario_of_all()
    policy = policy_sim.load_policy("current", scenario)
    choices = Choices(scenario, policy) if given.decisions else None
    rows, losses, seconds, tails = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.first, given.first + given.seeds):
            world = World(values=outer_values(scenario, seed)) if given.off_centre else World()
            firm = simulate_log(scenario, policy, cases=given.cases, seed=seed, world=world)
            firm.orders.to_csv(Path(folder) / "orders.csv", index=False)
            orders = read_transactions(Path(folder) / "orders.csv")
            log, _ = read_case_log(firm.cases, scenario)
            start = time.perf_counter()
            learned = calibrate(log, orders, scenario)
            seconds.append(time.perf_counter() - start)
            tails.append(learned.pareto_k)
            rows += rows_of(learned, firm.truth)
            print(f"seed {seed}: {seconds[-1]:.1f} s, k {tails[-1]:.2f}", end="", flush=True)
            if seed - given.first < given.decisions:
                content = measured_content(learned, "online_retail")
                measured = write_measured(Path(folder) / "mine.yaml", content, scenario)
                losses.append(choices.losses(measured, firm.truth))
                print("; losses " + ", ".join(f"{loss:.3f}" for loss in losses[-1]), end="")
            print(flush=True)
    print_coverage(pd.DataFrame(rows, columns=["assumption", "covered", "width_left", "truth_off"]))
    print(f"seconds: median {np.median(seconds):.1f}; Pareto k: median {np.median(tails):.2f}, max {max(tails):.2f}")
    if losses:
        print_losses(np.array(losses))


def outer_values(scenario, seed):
    """Return a truth far from what the authors hold likeliest."""
    rng = np.random.default_rng([seed, 21])
    names = [f"response.{kind}" for kind in DRAWN_SHARED]
    names += [f"{failure}.{kind}" for failure in scenario.failures for kind in DRAWN_PER_FAILURE]
    is_high = {kind: rng.random() < 0.5 for kind in (*DRAWN_SHARED, *DRAWN_PER_FAILURE)}
    places = [0.25 * rng.random() + 0.75 * is_high[name.split(".")[1]] for name in names]
    return {
        name: float(scenario.assumption(name).quantile(np.array([place]))[0])
        for name, place in zip(names, places, strict=True)
    }


def rows_of(learned, truth):
    """Return for each assumption whether its interval holds the truth, the width left, and how far the truth is off."""
    rows = []
    for row in learned.to_frame().to_dict("records"):
        name = row["assumption"]
        place = learned.names.index(name)
        assumption, value = learned.scenario.assumption(name), truth[name]
        grid = np.linspace(-6, 6, 2_401)
        at = np.interp(value, [on_own_scale(assumption, z).value for z in grid], grid)
        off = (at - learned.mean_z[place]) / learned.width_left[place]
        rows.append((name, row["low"] <= value <= row["high"], row["width_left"], off))
    return rows


def print_coverage(table) -> None:
    table = table[table["assumption"] != "response.insult_weight"]  # not drawn: at its central value in every world
    by_name = table.groupby("assumption", sort=False).mean()
    print(by_name.round(2).to_string())
    told = by_name[by_name["width_left"] < 0.95]
    print(f"all: {table['covered'].mean():.3f}; those that the log informs: {told['covered'].mean():.3f}, ", end="")
    print(f"{told['covered'].min():.2f} to {told['covered'].max():.2f}; of {len(told)} assumptions")


class Choices:
    """Limits chosen before and after calibration, and what they bring where the truth is known."""

    def __init__(self, scenario, policy) -> None:
        self.scenario, self.policy = scenario, policy
        self.cases = prepare(scenario, sample=CHOOSING).payoffs.cases
        self.others = prepare(scenario, sample=JUDGING).payoffs.cases
        self.before = self.best(self.payoffs(scenario))

    def payoffs(self, known):
        return prepare(known, self.cases, sample=CHOOSING).payoffs

    def best(self, payoffs):
        return policy_sim.best_limits(self.policy, payoffs, round_to=1.0).policy

    def losses(self, measured, truth):
        """Return what the best limits of the truth bring more than those of the defaults, those after calibration and
        the policy in force, money a case."""
        true = self.scenario.with_values({name: truth[name] for name in truth["drawn"]})
        own = self.best(value_cases(true, self.cases, central(true)))
        judged = value_cases(true, self.others, central(true))
        chosen = (own, self.before, self.best(self.payoffs(measured)), self.policy)
        worth = [float(policy_sim.evaluate(one, judged).per_case().mean()) for one in chosen]
        return tuple(worth[0] - one for one in worth[1:])


def print_losses(losses) -> None:
    def told(values):
        error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
        return f"{values.mean():.3f} (error {error:.3f})"

    before, after, in_force = losses.T
    print(f"loss against the truth's own best limits, money a case, {len(losses)} firms: policy in force ", end="")
    print(f"{told(in_force)}, limits of the defaults {told(before)}, after calibration {told(after)}; less by ", end="")
    print(f"{told(before - after)}, in {(before > after).mean():.0%} of firms")


if __name__ == "__main__":
    main()
