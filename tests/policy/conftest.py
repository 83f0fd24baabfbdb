import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.policy import load_policy


@pytest.fixture(scope="session")
def scenario():
    return load_scenario("online_retail")


@pytest.fixture
def current(scenario):
    return load_policy("current", scenario)


@pytest.fixture
def segments(scenario):
    return [segment.name for segment in scenario.segments]
