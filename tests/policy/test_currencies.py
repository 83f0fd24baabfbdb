"""Currencies without cents, and with thousandths: nothing is misprinted, cut or rounded without a word."""

import warnings

import numpy as np
import pandas as pd
import pytest
import yaml

from policy_sim.assumptions import central, load_scenario
from policy_sim.border import InputError
from policy_sim.currencies import decimals_of
from policy_sim.policy import ASK, NO_LIMIT, Lever, load_policy
from policy_sim.service import read_cases
from policy_sim.show.wording import format_limit
from policy_sim.value import best_limits, evaluate, threshold_curve, value_cases


def in_currency(currency):
    """The shipped scenario and policy as if they were in another currency."""
    scenario = load_scenario("online_retail")
    policy = load_policy("current", scenario)
    return scenario.model_copy(update={"currency": currency}), policy.model_copy(update={"currency": currency})


def cases_of(scenario, prices):
    table = pd.DataFrame({"failure": "wrong_item", "item_price": prices, "future_value": 3 * np.asarray(prices)})
    return read_cases(table, scenario)


@pytest.mark.parametrize(
    ("currency", "decimals"), [("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("VND", 0), ("KWD", 3), ("BHD", 3)]
)
def test_decimals(currency, decimals):
    assert decimals_of(currency) == decimals


@pytest.mark.parametrize(
    ("value", "currency", "words"),
    [
        (1200.0, "JPY", "¥1,200"),
        (0.355, "KWD", "KWD 0.355"),
        (10.05, "KWD", "KWD 10.050"),
        (12.0, "BHD", "BHD 12"),
        (12.5, "USD", "$12.50"),
    ],
)
def test_limits_are_printed_as_they_are(value, currency, words):
    assert format_limit(value, currency) == words


@pytest.mark.parametrize("currency", ["JPY", "KRW", "CLP"])
def test_best_limits_are_whole_where_there_are_no_cents(currency):
    scenario, policy = in_currency(currency)
    cases = cases_of(scenario, [999.0, 1499.0, 333.0, 777.0, 2501.0])
    payoffs = value_cases(scenario, cases, central(scenario))
    best = best_limits(policy, payoffs)
    for tier in best.policy.tiers:
        assert all(value in (ASK, NO_LIMIT) or value == round(value) for value in tier.limits.values())
    outcome = evaluate(best.policy, payoffs)
    for limit in ("credit", "refund", "keep_item"):
        value = threshold_curve(outcome, Lever("agent", limit)).best_limit
        assert value in (ASK, NO_LIMIT) or value == round(value)
    with pytest.raises(InputError, match=f"round_to is 2.5; limits in {currency} are whole units"):
        best_limits(policy, payoffs, round_to=2.5)


def test_steps_that_are_no_whole_cents_are_refused():
    scenario, policy = in_currency("USD")
    payoffs = value_cases(scenario, cases_of(scenario, [50.0]), central(scenario))
    for step in (0.015, 2.505):
        with pytest.raises(InputError, match="limits in USD are whole cents"):
            best_limits(policy, payoffs, round_to=step)


def test_a_limit_finer_than_the_currency_is_refused(tmp_path):
    scenario, policy = in_currency("JPY")
    content = policy.model_dump(mode="json")
    content["tiers"][0]["limits"]["credit"] = 10.5
    (tmp_path / "yen.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=r"credit limit is 10.5; JPY has whole amounts only, round it"):
        load_policy(tmp_path / "yen.yaml", scenario)


@pytest.mark.parametrize("currency", ["KWD", "BHD", "TND"])
def test_thousandths_are_said(currency):
    scenario, _ = in_currency(currency)
    with pytest.warns(
        UserWarning, match=f"2 of 4 prices in {currency} have a third decimal; .* within 0.005 {currency}"
    ):
        cases_of(scenario, [1.25, 10.005, 3.999, 7.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cases_of(scenario, [1.25, 10.01, 3.99, 7.0])


@pytest.mark.parametrize("price", [1e14, 1e200])
def test_amounts_without_cents_left_are_refused(price):
    scenario, _ = in_currency("USD")
    with pytest.raises(InputError, match=r"at most 10\^13: of more, cents cannot be told apart"):
        cases_of(scenario, [20.0, price])
