import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.policy import Lever, Policy, load_policy


@pytest.fixture(scope="session")
def scenario():
    return load_scenario("online_retail")


@pytest.fixture
def current(scenario):
    return load_policy("current", scenario)


@pytest.fixture
def segments(scenario):
    return [segment.name for segment in scenario.segments]


@pytest.fixture
def version(current):
    """Return a function that makes a version of the policy in force: its number, state, days and limit of refunds."""

    def make(number, status="live", first=None, last=None, refund=25.0):
        content = current.with_limit(Lever("agent", "refund"), refund).content | {
            "version": number,
            "status": status,
            "effective_from": first,
            "effective_until": last,
        }
        if status != "draft":
            content |= {"approved_by": "Ana", "approved_on": "2026-01-01"}
        return Policy.model_validate(content)

    return make
