"""What tests of a company's own cases share: a scenario, exports, a log joined from them, firms of known truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from policy_sim.assumptions import Scenario, load_scenario
from policy_sim.evidence import BuiltLog, build_log
from policy_sim.evidence.calibration import calibrate
from policy_sim.evidence.case_log import read_case_log
from policy_sim.evidence.simulated_world import simulate_log
from policy_sim.evidence.world import World
from policy_sim.orders import read_transactions
from policy_sim.policy import load_policy

ORDERS = """customer,email,order,date,amount,currency
ann,ann@x.org,1001,2024-01-01,20.00,USD
bob,bob@x.org,1002,2024-02-01,30.00,USD
ann,ann@x.org,1003,2024-03-01,40.00,USD
bob,bob@x.org,1004,2024-04-01,50.00,USD
"""

Build = Callable[..., BuiltLog]


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    return load_scenario("online_retail")


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write files into a folder of their own, by name without ending; returns the folder."""

    def write(**contents: str | bytes) -> Path:
        folder = tmp_path / "exports"
        folder.mkdir(exist_ok=True)
        for name, content in contents.items():
            path = folder / (name if "." in name else f"{name}.csv")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return write


@pytest.fixture
def build(put: Callable[..., Path], scenario: Scenario) -> Build:
    """Join files that are written into a folder; orders are there if no others are."""

    def call(*, mapping: object = None, salt: bytes | None = None, **contents: str | bytes) -> BuiltLog:
        folder = put(**({"orders": ORDERS} | contents))
        return build_log(folder, scenario, mapping, hash_salt=salt)  # type: ignore[arg-type]

    return call


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
