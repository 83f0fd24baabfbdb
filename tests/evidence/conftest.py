"""What tests of calibration share: firms whose truth is known."""

from __future__ import annotations

import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.evidence.calibration import calibrate
from policy_sim.evidence.case_log import read_case_log
from policy_sim.evidence.simulated_world import simulate_log
from policy_sim.evidence.world import World
from policy_sim.orders import read_transactions
from policy_sim.policy import load_policy


class Firm:
    """A simulated firm as its analyst meets it, and the truth."""

    def __init__(self, scenario, folder, cases, seed, **world):
        self.scenario = scenario
        self.world = World(**world)
        policy = load_policy("current", scenario)
        self.simulated = simulate_log(scenario, policy, cases=cases, seed=seed, world=self.world)
        path = folder / f"orders_{seed}.csv"
        self.simulated.orders.to_csv(path, index=False)
        self.orders_file = path
        self.orders = read_transactions(path)
        self.log, self.unused = read_case_log(self.simulated.cases, scenario)
        self.truth = self.simulated.truth


@pytest.fixture(scope="session")
def told_scenario():
    """The shop with every failure on record, so that leaving without a case is leaving without a failure."""
    scenario = load_scenario("online_retail")
    return scenario.with_values({f"{failure}.surfaces_share": 1.0 for failure in scenario.failures})


@pytest.fixture(scope="session")
def firm(told_scenario, tmp_path_factory):
    return Firm(told_scenario, tmp_path_factory.mktemp("firm"), cases=2500, seed=5)


@pytest.fixture(scope="session")
def learned(firm):
    return calibrate(firm.log, firm.orders, firm.scenario)
