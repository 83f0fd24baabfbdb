"""Calibration on simulated firms whose truth is known: coverage, what better knowledge is worth, time.

Prints for each assumption how many of the 90 % intervals hold the truth and how much of the prior's width is left; how
much less limits lose that were chosen after calibration, against the best limits of the truth; and seconds. Every
failure comes to the agents here (surfaces_share 1): where some stay silent, what is measured as churn without failure
is that after orders without a case, silent failures among them.

    python tests/benchmarks/calibration.py [--seeds 20] [--cases 5000] [--decisions 4]
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
from policy_sim.evidence import simulate_log
from policy_sim.evidence.calibration import calibrate
from policy_sim.evidence.case_log import read_case_log
from policy_sim.evidence.measured_scenario import measured_content, write_measured
from policy_sim.orders import read_transactions
from policy_sim.study import Sample, prepare
from policy_sim.value import value_cases

SAMPLE = Sample(cases=2_000, draws=40)


def scenario_of_all():
    scenario = policy_sim.load_scenario("online_retail")
    return scenario.with_values({f"{failure}.surfaces_share": 1.0 for failure in scenario.failures})


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("seeds", 20), ("first", 0), ("cases", 5_000), ("decisions", 4)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    scenario = scenario_of_all()
    policy = policy_sim.load_policy("current", scenario)
    rows, losses, seconds, tails = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.first, given.first + given.seeds):
            firm = simulate_log(scenario, policy, cases=given.cases, seed=seed)
            firm.orders.to_csv(Path(folder) / "orders.csv", index=False)
            orders = read_transactions(Path(folder) / "orders.csv")
            log, _ = read_case_log(firm.cases, scenario)
            start = time.perf_counter()
            learned = calibrate(log, orders, scenario)
            seconds.append(time.perf_counter() - start)
            tails.append(learned.pareto_k)
            for row in learned.to_frame().to_dict("records"):
                truth = firm.truth[row["assumption"]]
                rows.append(
                    (row["assumption"], row["low"] <= truth <= row["high"], row["width_left"], truth > row["posterior"])
                )
            if seed - given.first < given.decisions:
                content = measured_content(learned, "online_retail")
                measured = write_measured(Path(folder) / "mine.yaml", content, scenario)
                losses.append(losses_of(scenario, measured, firm.truth))
            print(f"seed {seed}: {seconds[-1]:.1f} s, k {tails[-1]:.2f}", flush=True)
    table = pd.DataFrame(rows, columns=["assumption", "covered", "width_left", "truth_above"])
    table = table[table["assumption"] != "response.insult_weight"]  # not drawn: at its central value in every world
    by_name = table.groupby("assumption", sort=False).mean()
    print(by_name.round(2).to_string())
    told = by_name[by_name["width_left"] < 0.95]
    print(f"all: {table['covered'].mean():.3f}; those that the log informs: {told['covered'].mean():.3f}, ", end="")
    print(f"{told['covered'].min():.2f} to {told['covered'].max():.2f}; of {len(told)} assumptions")
    print(f"seconds: median {np.median(seconds):.1f}; Pareto k: median {np.median(tails):.2f}, max {max(tails):.2f}")
    if losses:
        print_losses(np.array(losses))


def losses_of(scenario, measured, truth):
    """Return what the best limits of the truth bring more than those chosen before and after calibration (a case)."""
    drawn = {name: truth[name] for name in truth["drawn"]}
    true = prepare(scenario.with_values(drawn), sample=Sample(cases=SAMPLE.cases, draws=1)).payoffs
    at_truth = value_cases(true.scenario, true.cases, central(true.scenario))
    policy = policy_sim.load_policy("current", scenario)

    def worth(chosen):
        return float(policy_sim.evaluate(chosen, at_truth).per_case().mean())

    own = worth(policy_sim.best_limits(policy, at_truth, round_to=1.0).policy)
    found = []
    for known in (scenario, measured):
        payoffs = prepare(known, sample=SAMPLE).payoffs
        found.append(own - worth(policy_sim.best_limits(policy, payoffs, round_to=1.0).policy))
    return (*found, own - worth(policy))


def print_losses(losses) -> None:
    before, after, in_force = losses.mean(axis=0)
    spread = (losses[:, 0] - losses[:, 1]).std(ddof=1) / np.sqrt(len(losses)) if len(losses) > 1 else float("nan")
    print(
        f"loss against the truth's own best limits, money a case, {len(losses)} firms: limits of the defaults ", end=""
    )
    print(f"{before:.2f}, after calibration {after:.2f} (less by {before - after:.2f}, error {spread:.2f}); ", end="")
    print(f"policy in force {in_force:.2f}")


if __name__ == "__main__":
    main()
