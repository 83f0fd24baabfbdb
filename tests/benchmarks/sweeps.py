"""Sweeps, sensitivity and journeys against what a user would take instead; run by hand, prints a table.

Needs the extra "benchmark" (ema_workbench, SALib, Mesa, SimPy). Times are of this machine in this minute; only the
ratios mean something.
"""

from __future__ import annotations

import logging
import os
import tempfile
import warnings

import numpy as np
from rich.console import Console
from rich.table import Table
from timing import shortest

os.environ.setdefault("TQDM_DISABLE", "1")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import ema_workbench as ema
    import mesa
    import simpy
    from SALib.analyze import sobol

from policy_sim import evaluate, load_policy, load_scenario, value_cases
from policy_sim.assumptions import Draws, central
from policy_sim.study import Sample, prepare
from policy_sim.study.journey import monthly_sums
from policy_sim.study.journey_kernels import ANSWERS, SUMS, Buyers
from policy_sim.sweep.design import Design
from policy_sim.sweep.ema import to_ema_model
from policy_sim.sweep.folder import run_sweep
from policy_sim.sweep.samples import saltelli
from policy_sim.sweep.sensitivity import sobol_indices

CASES, EXPERIMENTS, RUNS = 10_000, 24, 1_000
POLICIES = ["ask_first", "current", "generous"]
UNCERTAIN = ("response.paradox", "response.wait_weight", "shop.salvage_share", "agent.generous_share")
FACTORS, POINTS = 12, 2**14
CUSTOMERS, MONTHS, AGENTS = 1_000_000, 36, 2_000
FAILING, KEPT = 0.08, 0.7


def experiments(table: Table) -> None:
    """Runs a second on a model of 10,000 cases: a sweep, and EMA Workbench one after the other."""
    scenario = load_scenario("online_retail")
    policy = load_policy("current", scenario)
    payoffs = prepare(scenario, sample=Sample(cases=CASES, draws=1)).payoffs
    runs = {
        "method": "cross",
        "of": [
            {"method": "full_factorial", "factors": {"policy": POLICIES}},
            {"method": "latin_hypercube", "count": RUNS, "factors": dict.fromkeys(UNCERTAIN)},
        ],
    }
    design = Design(name="speed", runs=runs, cases=CASES)

    def own() -> None:
        with tempfile.TemporaryDirectory() as folder:
            run_sweep(design, folder)

    per_run = shortest(own, 2) / (RUNS * len(POLICIES))
    logging.disable(logging.CRITICAL)
    model = to_ema_model(scenario, policy, levers=(), uncertainties=UNCERTAIN, payoffs=payoffs)
    other = shortest(lambda: ema.perform_experiments(model, scenarios=EXPERIMENTS), 2) / EXPERIMENTS
    what = f"experiment, {CASES:,} cases"
    table.add_row(what, "EMA Workbench, to_ema_model", f"{per_run:.2e}", f"{other:.2e}", f"{other / per_run:,.0f}x", "")

    def plainly(**moved: float) -> dict[str, float]:
        named = {name.replace("__", "."): value for name, value in moved.items()}
        middle = central(scenario)
        values = [named.get(name, value) for name, value in zip(middle.names, middle.values[0], strict=True)]
        valued = value_cases(scenario, payoffs.cases, Draws(middle.names, np.array([values])))
        return {"net_value": float(evaluate(policy, valued).per_year()[0])}

    plain = ema.Model("plain", function=plainly)
    plain.uncertainties = list(model.uncertainties)
    plain.outcomes = [ema.ScalarOutcome("net_value")]
    other = shortest(lambda: ema.perform_experiments(plain, scenarios=EXPERIMENTS), 1) / EXPERIMENTS
    against = "EMA Workbench, value_cases and evaluate"
    table.add_row(what, against, f"{per_run:.2e}", f"{other:.2e}", f"{other / per_run:,.0f}x", "100x")


def sensitivity(table: Table) -> None:
    """Sobol's indices with 100 resamples."""
    names = [f"x{j}" for j in range(FACTORS)]
    values = np.prod((np.abs(4 * saltelli(FACTORS, POINTS, 0) - 2) + np.arange(FACTORS)) / (1 + np.arange(FACTORS)), 1)
    problem = {"num_vars": FACTORS, "names": names, "bounds": [[0, 1]] * FACTORS}
    own = shortest(lambda: sobol_indices(values.reshape(POINTS, -1), names, 100), 5)
    other = shortest(lambda: sobol.analyze(problem, values, calc_second_order=False, num_resamples=100), 2)
    what = f"Sobol, d={FACTORS}, N={POINTS:,}, 100 resamples"
    table.add_row(what, "SALib", f"{own:.4f}", f"{other:.2f}", f"{other / own:,.0f}x", "40x")


def journeys(table: Table) -> None:
    """A month of a customer: buys, leaves, meets a failure, is lost over it."""
    rng = np.random.default_rng(0)
    rate, leaving = rng.gamma(0.25, 1 / 5.4, CUSTOMERS) * 52 / 12, rng.beta(0.6, 2.6, CUSTOMERS)
    nothing = np.zeros(CUSTOMERS, dtype=np.int64)
    buyers = Buyers(np.maximum(rate, 1e-12), leaving, np.full(CUSTOMERS, 12.0), nothing, nothing - 1)
    answers = np.ones((2, 4, 1_000, len(ANSWERS)))
    answers[..., 0] = KEPT
    own = shortest(lambda: monthly_sums(buyers, FAILING, answers, np.ones(MONTHS), 0), 5) / CUSTOMERS / MONTHS
    table.add_row("customer-month", "5 ns wanted", f"{own:.2e}", "", "", "")
    for name, work, wanted in (
        ("Mesa", in_mesa, "500x"),
        ("SimPy", in_simpy, "1,000x"),
        ("SimPy by event", by_event, ""),
    ):
        other = shortest(lambda work=work: work(rate, leaving), 1) / AGENTS / MONTHS
        table.add_row("customer-month", name, f"{own:.2e}", f"{other:.2e}", f"{other / own:,.0f}x", wanted)


class Customer(mesa.Agent):
    def __init__(self, model: mesa.Model, rate: float, leaving: float) -> None:
        super().__init__(model)
        self.rate, self.leaving = rate, leaving

    def step(self) -> None:
        if month_of(self.model.rng, self.rate, self.leaving, self.model.sums):
            self.remove()


class Shop(mesa.Model):
    def __init__(self, rate: np.ndarray, leaving: np.ndarray) -> None:
        super().__init__(rng=0)
        self.sums = np.zeros(len(SUMS))
        for i in range(AGENTS):
            Customer(self, rate[i], leaving[i])

    def step(self) -> None:
        self.agents.shuffle_do("step")


def month_of(rng: np.random.Generator, rate: float, leaving: float, sums: np.ndarray) -> bool:
    """Live one month; tell whether the customer is gone."""
    for _ in range(rng.poisson(rate)):
        sums[0] += 1
        sums[5] += 12.0
        if rng.random() < leaving:
            return True
        if rng.random() < FAILING:
            sums[1] += 1
            sums[6] += 1.0
            if rng.random() >= KEPT:
                return True
    return False


def in_mesa(rate: np.ndarray, leaving: np.ndarray) -> None:
    shop = Shop(rate, leaving)
    for _ in range(MONTHS):
        shop.step()


def in_simpy(rate: np.ndarray, leaving: np.ndarray) -> None:
    env, rng, sums = simpy.Environment(), np.random.default_rng(0), np.zeros(len(SUMS))

    def customer(i: int):
        while not month_of(rng, rate[i], leaving[i], sums):
            yield env.timeout(1)

    for i in range(AGENTS):
        env.process(customer(i))
    env.run(MONTHS)


def by_event(rate: np.ndarray, leaving: np.ndarray) -> None:
    env, rng, sums = simpy.Environment(), np.random.default_rng(0), np.zeros(len(SUMS))

    def customer(i: int):
        while True:
            yield env.timeout(rng.exponential(1 / max(rate[i], 1e-12)))
            sums[0] += 1
            if rng.random() < leaving[i] or (rng.random() < FAILING and rng.random() >= KEPT):
                return

    for i in range(AGENTS):
        env.process(customer(i))
    env.run(MONTHS)


def main() -> None:
    table = Table("one", "against", "seconds", "seconds of the other", "ratio", "wanted")
    sensitivity(table)
    journeys(table)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        experiments(table)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
