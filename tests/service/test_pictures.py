"""Pictures of weights against the formula of the response, written out by hand."""

from __future__ import annotations

import math

import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.service import customers_moved
from policy_sim.service.pictures import TYPICAL_ORDERS


def chance(scenario, failure, eta):
    """Return the chance of loss of a customer with 3 earlier orders, by what is added to the logit."""
    floor, churn = scenario.value("response.churn_without_failure"), scenario.value(f"{failure}.churn_without_remedy")
    severity, effort = scenario.value("cases.severity_mean"), scenario.value("response.base_effort")
    usual = math.log(churn / (1 - churn)) + scenario.value("response.severity_weight") * (severity - 0.5)
    usual += scenario.value("response.effort_weight") * (effort - 0.5)
    return floor + (1 - floor) / (1 + math.exp(-usual - eta))


def mixed(scenario, lost):
    """Return the mean over failures, by how frequent they are."""
    shares = {failure: scenario.value(f"{failure}.share_of_cases") for failure in scenario.failures}
    return sum(shares[failure] * lost(failure) for failure in shares) / sum(shares.values())


def wait(scenario, weight, hours):
    return weight * math.log((1 + hours / 24) / 2)


@pytest.mark.parametrize("name", ["online_retail", "telecom_hardware"])
def test_a_days_wait_costs_what_the_formula_says(name):
    scenario = load_scenario(name)
    for weight in (scenario.value("response.wait_weight"), 0.2):
        expected = mixed(
            scenario,
            lambda failure, weight=weight: (
                chance(scenario, failure, wait(scenario, weight, 24))
                - chance(scenario, failure, wait(scenario, weight, 0))
            ),
        )
        assert customers_moved(scenario, "response.wait_weight", weight) == pytest.approx(100 * expected)


def test_loyalty_counts_from_the_typical_customers_orders():
    scenario = load_scenario("online_retail")
    bond, usual = scenario.value("response.bond_weight"), wait(scenario, scenario.value("response.wait_weight"), 24)
    assert scenario.value("cases.hours_open_median") == 24
    expected = mixed(
        scenario,
        lambda failure: (
            chance(scenario, failure, usual - bond * math.log(11 / (1 + TYPICAL_ORDERS)))
            - chance(scenario, failure, usual - bond * math.log(3 / (1 + TYPICAL_ORDERS)))
        ),
    )
    assert customers_moved(scenario, "response.bond_weight") == pytest.approx(100 * expected)


def test_compensation_is_looked_at_in_its_own_failure():
    scenario = load_scenario("online_retail")
    usual = wait(scenario, scenario.value("response.wait_weight"), 24)
    # making good the whole loss of a failure that was accepted: concave, 1 - (1 - 1 / 1.5)^2
    effect = 1 - (1 - 1 / 1.5) ** 2
    expected = chance(scenario, "late_delivery", usual - 0.8 * effect) - chance(scenario, "late_delivery", usual)
    assert customers_moved(scenario, "late_delivery.compensation_weight", 0.8) == pytest.approx(100 * expected)
    assert expected < 0


def test_two_failures_in_a_row_count_the_memory_of_the_first():
    scenario = load_scenario("online_retail")
    usual = wait(scenario, scenario.value("response.wait_weight"), 24) + scenario.value("response.repeat_weight")
    weight = scenario.value("response.double_deviation_weight")
    faded = 0.5 ** (3650 / scenario.value("response.double_deviation_half_life_days"))
    expected = mixed(
        scenario,
        lambda failure: chance(scenario, failure, usual + weight) - chance(scenario, failure, usual + weight * faded),
    )
    assert customers_moved(scenario, "response.double_deviation_weight") == pytest.approx(100 * expected)
