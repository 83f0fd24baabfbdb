"""Keep or return: the closed form where it has one, its fixed point against simulation, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import central
from policy_sim.border import InputError
from policy_sim.policy import NO_LIMIT
from policy_sim.service import read_cases
from policy_sim.value import value_cases
from policy_sim.value.keep_or_return import keep_or_return
from policy_sim.words import RETURN_PARTS


def spread_cases(scenario, failure="wrong_item", future_value=0.0, count=600):
    prices = np.round(np.geomspace(5, 900, count), 2)
    return read_cases(
        pd.DataFrame({"failure": failure, "item_price": prices, "future_value": future_value, "prior_purchases": 3}),
        scenario,
    )


def valued(scenario, failure="wrong_item", **more):
    return value_cases(scenario, spread_cases(scenario, failure, **more), central(scenario))


@pytest.fixture(scope="module")
def plain(scenario):
    """Customers worth nothing, and nobody who learns: P* is (label + handling) / (salvage - restocking)."""
    return scenario.with_values({"shop.label_cost": 10, "claiming.spread": 0})


def test_customers_worth_nothing_give_the_closed_form(plain):
    found = keep_or_return(valued(plain), "wrong_item")
    # 14 / (.45 * .5 - .05) in this scenario, 91.80 with a unit cost of .45
    assert found.keep_below == pytest.approx(14 / (0.45 * 0.5 - 0.05), rel=1e-6)
    cheaper = keep_or_return(valued(plain.with_values({"shop.unit_cost_share": 0.45})), "wrong_item")
    assert cheaper.keep_below == pytest.approx(91.80, abs=0.01)
    assert cheaper.simulated <= 91.80 < cheaper.simulated_until


def test_always_keep_where_a_return_brings_nothing(plain):
    found = keep_or_return(valued(plain.with_values({"shop.salvage_share": 0.05})), "wrong_item")
    assert found.keep_below == NO_LIMIT
    assert found.simulated_until == NO_LIMIT


@pytest.mark.parametrize("future_value", [20.0, 60.0, 200.0])
def test_fixed_point_meets_the_simulation(scenario, future_value):
    found = keep_or_return(valued(scenario, "defective_item", future_value=future_value), "defective_item")
    assert found.simulated * 0.97 <= found.keep_below <= found.simulated_until * 1.03


def test_worth_more_customers_keep_dearer_items(scenario):
    limits = [
        keep_or_return(valued(scenario, future_value=value), "wrong_item").keep_below for value in (0.0, 50.0, 150.0)
    ]
    assert limits == sorted(limits)
    assert limits[0] < limits[-1]


def test_components_add_up_to_the_difference_of_payoffs(scenario):
    payoffs = valued(scenario, future_value=50.0)
    found = keep_or_return(payoffs, "wrong_item")
    assert tuple(found.components) == tuple(RETURN_PARTS)
    names = payoffs.menu.names[list(scenario.failures).index("wrong_item")]
    same_price = read_cases(
        pd.DataFrame(
            {"failure": "wrong_item", "item_price": [found.price], "future_value": 50.0, "prior_purchases": 3}
        ),
        scenario,
    )
    believed = value_cases(scenario, same_price, central(scenario)).agent_view.payoff[0, 0]
    keep, back = (names.index(f"full_refund + {end}") for end in ("keep_item", "send_back"))
    # newcomers are worth as much as these customers here and there, so the differences agree
    assert sum(found.components.values()) == pytest.approx(believed[keep] - believed[back], abs=1e-9)


def test_refusals(shipped_payoffs):
    with pytest.raises(InputError, match="unknown failure 'wrong_itm'"):
        keep_or_return(shipped_payoffs, "wrong_itm")
    with pytest.raises(InputError, match="no resolution 'full_refund with keep_item'"):
        keep_or_return(shipped_payoffs, "late_delivery")
