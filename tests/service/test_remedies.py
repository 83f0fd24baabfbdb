import numpy as np
import pytest

from policy_sim.assumptions import COLUMNS, LIMITS, central, draw_assumptions, load_scenario
from policy_sim.service import compile_menu


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("online_retail")


@pytest.fixture(scope="module")
def menu(scenario):
    return compile_menu(scenario, central(scenario))


def place(scenario, menu, failure, name):
    f = list(scenario.failures).index(failure)
    return f, menu.names[f].index(name)


def form(coefficients):
    """Return the coefficients (columns,) that are not 0, by column."""
    assert coefficients.shape == (len(COLUMNS), 1)
    return {column: float(c) for column, c in zip(COLUMNS, coefficients[:, 0], strict=True) if c}


def test_every_combination_of_alternatives(menu):
    assert [len(names) for names in menu.names] == [32, 40, 40, 32, 40, 32]
    assert list(menu.counts) == [32, 40, 40, 32, 40, 32]
    assert all(len(set(names)) == len(names) for names in menu.names)
    # late delivery: goods first, goodwill within
    assert menu.names[0][:3] == ("nothing", "apology_note", "coupon_10")
    assert menu.names[0][8] == "shipping_refund"
    assert menu.names[0][31] == "full_refund + managers_call + gift_card_25"
    assert menu.names[4][0] == "partial_refund_50"


def test_nothing_gives_nothing(scenario, menu):
    at = place(scenario, menu, "wrong_item", "nothing")
    for each in (menu.cost, menu.worth, menu.trouble, menu.gain, menu.minutes, menu.effort, menu.gesture):
        assert not each[at].any()
    assert not menu.uses[at].any()
    # asking first about everything holds for doing nothing as well
    assert dict(zip(LIMITS, menu.touches[at], strict=True)) == dict.fromkeys(LIMITS, False) | {"total_cost": True}


def test_return_and_note_by_hand(scenario, menu):
    at = place(scenario, menu, "wrong_item", "full_refund + send_back + apology_note + store_credit_10")
    # price back, label, inspection, .05 of the price to shelve it, less what it brings; note .70; .75 of the credit
    assert form(menu.cost[at]) == pytest.approx(
        {"constant": 0.7 + 7.5, "item_price": 1.05, "salvage_value": -1, "return_shipping": 1, "restocking": 1}
    )
    assert form(menu.worth[at]) == pytest.approx({"constant": 9.0, "item_price": 1})
    assert form(menu.trouble[at]) == {"constant": 8}
    # who sends it back pockets the credit only; the note is worth nothing
    assert form(menu.gain[at]) == pytest.approx({"constant": 9.0})
    assert menu.minutes[at] == 1
    assert menu.effort[at] == 0.3
    assert menu.gesture[at] == 0.5
    uses = {limit: form(menu.uses[at][d]) for d, limit in enumerate(LIMITS)}
    assert uses["refund"] == {"item_price": 1}
    assert uses["credit"] == {"constant": 10}
    assert uses["keep_item"] == uses["replacement"] == {}
    assert uses["total_cost"] == form(menu.cost[at])
    assert list(menu.touches[at]) == [True, True, False, False, True]


def test_replacement_kept_and_call_by_hand(scenario, menu):
    at = place(scenario, menu, "defective_item", "replacement + keep_item + managers_call + gift_card_25")
    assert form(menu.cost[at]) == pytest.approx({"constant": 0.85 * 25, "unit_cost": 1, "outbound_shipping": 1})
    assert form(menu.worth[at]) == pytest.approx({"constant": 0.97 * 25, "item_price": 1.1})
    # what was kept is broken: nothing to pocket there
    assert form(menu.gain[at]) == pytest.approx({"constant": 0.97 * 25, "item_price": 1})
    assert not menu.trouble[at].any()
    assert (menu.minutes[at], menu.effort[at], menu.gesture[at]) == (6, 0, 0.9)
    uses = {limit: form(menu.uses[at][d]) for d, limit in enumerate(LIMITS)}
    assert uses["replacement"] == uses["keep_item"] == {"item_price": 1}
    assert uses["credit"] == {"constant": 25}
    assert uses["refund"] == {}


def test_shares_of_the_price_and_spare_part(scenario, menu):
    at = place(scenario, menu, "late_delivery", "partial_refund_20 + coupon_10")
    assert form(menu.cost[at]) == pytest.approx({"constant": 3, "item_price": 0.2})
    assert form(menu.worth[at]) == pytest.approx({"constant": 5, "item_price": 0.2})
    assert form(menu.uses[at][LIMITS.index("refund")]) == {"item_price": 0.2}
    assert form(menu.uses[at][LIMITS.index("credit")]) == {"constant": 10}
    at = place(scenario, menu, "broken_part", "spare_part")
    assert form(menu.cost[at]) == pytest.approx({"unit_cost": 0.12, "outbound_shipping": 1})
    assert form(menu.uses[at][LIMITS.index("replacement")]) == pytest.approx({"unit_cost": 0.12})


def test_padding_is_empty(menu):
    assert not menu.cost[0, 32:].any()
    assert not menu.touches[0, 32:].any()


def test_draws_move_the_coefficients(scenario):
    draws = draw_assumptions(scenario, 20, seed=1)
    menu = compile_menu(scenario, draws)
    at = place(scenario, menu, "wrong_item", "full_refund + send_back + apology_note + store_credit_10")
    np.testing.assert_allclose(
        menu.cost[at][COLUMNS.index("constant")], draws["remedy.note_cost"] + 10 * draws["remedy.credit_cost_share"]
    )
    np.testing.assert_allclose(menu.cost[at][COLUMNS.index("item_price")], 1 + draws["shop.restocking_share"])
    np.testing.assert_array_equal(menu.trouble[at][0], draws["remedy.return_trouble"])
    np.testing.assert_array_equal(menu.gesture[at], draws["remedy.note_gesture"])


def with_remedy(scenario, name, **changes):
    remedies = dict(scenario.remedies)
    remedies[name] = remedies[name].model_copy(update=changes)
    return scenario.model_copy(update={"remedies": remedies})


def test_a_minus_before_a_name(scenario):
    changed = with_remedy(scenario, "apology_note", cost={"constant": "-remedy.note_cost", "unit_cost": "-1"})
    menu = compile_menu(changed, central(changed))
    at = place(changed, menu, "wrong_item", "apology_note")
    assert form(menu.cost[at]) == {"constant": -0.7, "unit_cost": -1}


def test_gestures_add_up_to_one_at_most(scenario):
    failures = dict(scenario.failures)
    failures["late_delivery"] = failures["late_delivery"].model_copy(
        update={"resolutions": {"both": (("apology_note", "managers_call"), ("apology_note", "apology_note"))}}
    )
    changed = scenario.model_copy(update={"failures": failures})
    menu = compile_menu(changed, central(changed))
    assert menu.gesture[0, 0] == 1.0
    assert menu.minutes[0, 0] == 7
    # a remedy that stands twice counts twice
    assert form(menu.cost[0, 1]) == {"constant": 1.4}
