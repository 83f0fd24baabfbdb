import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import central, draw_assumptions, load_scenario
from policy_sim.border import InputError
from policy_sim.failures import ACTS, Rule
from policy_sim.policy import load_policy
from policy_sim.service import compile_menu, read_cases
from policy_sim.value import decide, value_cases
from policy_sim.words import COLUMNS, LIMITS


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


def acts(menu, at):
    """Return the acts that are not 0, by name."""
    return {name: float(amount) for name, amount in zip(ACTS, menu.acts[at][:, 0], strict=True) if amount}


def test_every_combination_of_alternatives_that_makes_sense(scenario, menu):
    assert [len(names) for names in menu.names] == [44, 47, 47, 44, 36, 45]
    assert list(menu.counts) == [len(names) for names in menu.names]
    assert all(len(set(names)) == len(names) for names in menu.names)
    # late delivery: notice first, then goods, goodwill within
    assert menu.names[0][:3] == ("nothing", "apology_note", "coupon_10")
    assert menu.names[0][9] == "shipping_refund"
    assert menu.names[0][34:36] == ("full_refund + managers_call + gift_card_25", "proactive_notice")
    assert menu.names[4][0] == "partial_refund_50"
    # without rules nothing is left out
    everything = compile_menu(scenario.model_copy(update={"rules": ()}), central(scenario))
    assert list(everything.counts) == [2 * 4 * 9, 7 * 7, 7 * 7, 2 * 5 * 7, 6 * 7, 5 * 9]
    assert set(menu.names[0]) < set(everything.names[0])


def test_nothing_gives_nothing(scenario, menu):
    at = place(scenario, menu, "wrong_item", "nothing")
    for values in (menu.cost, menu.worth, menu.felt, menu.trouble, menu.gain, menu.acts, menu.proactive):
        assert not values[at].any()
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
    # the way back, then the money
    assert acts(menu, at) == {"minutes": 1, "lead_hours": 120 + 96, "gesture": 0.5}
    assert not menu.proactive[at]
    uses = {limit: form(menu.uses[at][d]) for d, limit in enumerate(LIMITS)}
    assert uses["refund"] == {"item_price": 1}
    assert uses["credit"] == {"constant": 10}
    assert uses["keep_item"] == uses["replacement"] == {}
    assert uses["total_cost"] == form(menu.cost[at])
    assert uses["goodwill"] == {"item_price": 1, "constant": 10}
    touched = dict.fromkeys(("refund", "credit", "total_cost"), True)
    assert dict(zip(LIMITS, menu.touches[at], strict=True)) == dict.fromkeys(LIMITS, False) | touched


def test_replacement_kept_and_call_by_hand(scenario, menu):
    at = place(scenario, menu, "defective_item", "replacement + keep_item + managers_call + gift_card_10")
    assert form(menu.cost[at]) == pytest.approx({"constant": 0.85 * 10, "unit_cost": 1, "outbound_shipping": 1})
    assert form(menu.worth[at]) == pytest.approx({"constant": 0.97 * 10, "item_price": 1.1})
    # what was kept is broken: nothing to pocket there
    assert form(menu.gain[at]) == pytest.approx({"constant": 0.97 * 10, "item_price": 1})
    assert not menu.trouble[at].any()
    assert acts(menu, at) == {"supervisor_minutes": 6, "lead_hours": 96, "gesture": 0.9}
    uses = {limit: form(menu.uses[at][d]) for d, limit in enumerate(LIMITS)}
    assert uses["replacement"] == uses["keep_item"] == {"item_price": 1}
    assert uses["credit"] == {"constant": 10}
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
    assert menu.counts[3] == 44
    assert menu.counts[4] == 36
    for f in (3, 4):
        for values in (menu.cost, menu.worth, menu.felt, menu.uses, menu.acts, menu.touches, menu.proactive):
            assert not values[f, menu.counts[f] :].any()


def test_draws_move_the_coefficients(scenario):
    draws = draw_assumptions(scenario, 20, seed=1)
    menu = compile_menu(scenario, draws)
    at = place(scenario, menu, "wrong_item", "full_refund + send_back + apology_note + store_credit_10")
    np.testing.assert_allclose(
        menu.cost[at][COLUMNS.index("constant")], draws["remedy.note_cost"] + 10 * draws["remedy.credit_cost_share"]
    )
    np.testing.assert_allclose(menu.cost[at][COLUMNS.index("item_price")], 1 + draws["shop.restocking_share"])
    np.testing.assert_array_equal(menu.trouble[at][0], draws["remedy.return_trouble"])
    np.testing.assert_array_equal(menu.acts[at][ACTS.index("gesture")], draws["remedy.note_gesture"])
    # the credit does not match a wrong item and is felt as less, by another share in each draw
    lessened = 10 * draws["remedy.credit_worth_share"] * draws["response.mismatch_share"]
    np.testing.assert_allclose((menu.worth - menu.felt)[at][COLUMNS.index("constant")], lessened)


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
    assert acts(menu, (0, 0)) == {"minutes": 1, "supervisor_minutes": 6, "gesture": 1.0}
    assert acts(menu, (0, 1)) == {"minutes": 2, "gesture": 1.0}
    # a remedy that stands twice counts twice
    assert form(menu.cost[0, 1]) == {"constant": 1.4}


def bound(scenario, *rules):
    return scenario.model_copy(update={"rules": tuple(Rule(**rule, because="a test") for rule in rules)})


@pytest.mark.parametrize(
    "rule",
    [
        {"never": ("apology_note", "store_credit_10")},
        {"never": ("apology_note", "store_credit")},
        {"never": ("shipping_refund", "apology_note", "store_credit_5")},
        {"only": "store_credit_25", "alongside": ("full_refund", "partial_refund_20")},
        {"only": "store_credit", "alongside": ("partial_refund",)},
    ],
)
@pytest.mark.parametrize("failure", ["late_delivery", "wrong_item", "lost_parcel"])
def test_a_rule_binds_variants_by_their_own_name_and_by_that_of_their_remedy(scenario, failure, rule):
    def is_one(variant, name):
        return variant == name or (name in scenario.remedies and variant in scenario.variants(name))

    def holds(bundle, name):
        return any(is_one(variant, name) for variant in bundle)

    everything, sensible = bound(scenario).resolutions(failure), bound(scenario, rule).resolutions(failure)
    if "never" in rule:
        expected = [bundle for bundle in everything if not all(holds(bundle, name) for name in rule["never"])]
    else:
        expected = [
            bundle
            for bundle in everything
            if not holds(bundle, rule["only"]) or any(holds(bundle, name) for name in rule["alongside"])
        ]
    # what is kept stays in its order
    assert sensible == expected
    assert 0 < len(sensible) <= len(everything)


def test_every_rule_of_several_is_obeyed(scenario):
    rules = ({"never": ("full_refund", "apology_note")}, {"only": "managers_call", "alongside": ("shipping_refund",)})
    one, other = (set(bound(scenario, rule).resolutions("late_delivery")) for rule in rules)
    assert set(bound(scenario, *rules).resolutions("late_delivery")) == one & other < one


def test_rules_that_leave_nothing_are_refused(scenario):
    rule = Rule(only="apology_note", alongside=("keep_item",), because="for the test")
    failure = scenario.failures["late_delivery"].model_copy(update={"resolutions": {"goodwill": (("apology_note",),)}})
    changed = scenario.model_copy(update={"failures": {"late_delivery": failure}, "rules": (rule,)})
    with pytest.raises(InputError, match=r"leave out every resolution of failure 'late_delivery'.* 1 combination"):
        changed.resolutions("late_delivery")


def test_a_worth_is_felt_as_less_only_where_its_kind_does_not_match(scenario, menu):
    for f, failure in enumerate(scenario.failures.values()):
        for a, bundle in enumerate(scenario.resolutions(list(scenario.failures)[f])):
            remedies = [
                scenario.remedies[name] for name in scenario.remedies for v in scenario.variants(name) if v in bundle
            ]
            strange = any(remedy.worth and remedy.kind not in (None, *failure.matched_by) for remedy in remedies)
            differs = (menu.felt[f, a] != menu.worth[f, a]).any()
            assert differs == strange
            assert (menu.felt[f, a] <= menu.worth[f, a]).all()


def test_what_a_mismatch_takes_by_hand(scenario, menu):
    # credit matches a late delivery; a lost parcel took money or goods: .15 of 10 * .9 is lost there
    at = place(scenario, menu, "late_delivery", "shipping_refund + apology_note + store_credit_10")
    assert form(menu.felt[at]) == form(menu.worth[at]) == {"outbound_shipping": 1, "constant": 9}
    at = place(scenario, menu, "lost_parcel", "full_refund + apology_note + store_credit_10")
    assert form(menu.felt[at]) == pytest.approx({"item_price": 1, "constant": 0.85 * 9})
    # a broken part is matched by goods only: even money counts for less
    at = place(scenario, menu, "broken_part", "partial_refund_50")
    assert form(menu.felt[at]) == pytest.approx({"item_price": 0.85 * 0.5})
    assert form(menu.worth[at]) == {"item_price": 0.5}
    # keeping the item is of no kind
    at = place(scenario, menu, "broken_part", "replacement + keep_item")
    assert form(menu.felt[at]) == form(menu.worth[at]) == {"item_price": 1.1}


def test_acts_add_up_and_the_last_to_arrive_counts(scenario):
    together = (
        ("expedited_replacement", "replacement", "queue_transfer", "managers_call", "apology_note", "send_back"),
    )
    failures = dict(scenario.failures)
    failures["late_delivery"] = failures["late_delivery"].model_copy(update={"resolutions": {"all": together}})
    changed = bound(scenario.model_copy(update={"failures": failures}))
    draws = draw_assumptions(changed, 100, seed=4)
    menu = compile_menu(changed, draws)
    acts = dict(zip(ACTS, menu.acts[0, 0], strict=True))
    hours = [
        draws[f"remedy.{name}"] for name in ("expedited_lead_hours", "standard_lead_hours", "queue_transfer_hours")
    ]
    # what is asked back has to come first
    np.testing.assert_allclose(acts["lead_hours"], np.max(hours, axis=0) + draws["remedy.return_hours"])
    np.testing.assert_allclose(acts["minutes"], draws["remedy.note_minutes"])
    np.testing.assert_allclose(
        acts["supervisor_minutes"], draws["remedy.transfer_minutes"] + draws["remedy.call_minutes"]
    )
    np.testing.assert_allclose(acts["effort"], draws["remedy.queue_transfer_effort"])
    gestures = draws["remedy.call_gesture"] + draws["remedy.note_gesture"]
    np.testing.assert_allclose(acts["gesture"], np.minimum(gestures, 1))
    assert (gestures > 1).any()
    assert (gestures < 1).any()


def test_lead_hours_by_hand(scenario, menu):
    hours = menu.acts[:, :, ACTS.index("lead_hours"), 0]
    for name, expected in [
        ("full_refund", 96),
        ("replacement + apology_note", 96),
        ("expedited_replacement", 30),
        ("proactive_notice + expedited_replacement", 30),
    ]:
        assert hours[place(scenario, menu, "lost_parcel", name)] == expected


def test_effort_that_is_saved(scenario, menu):
    at = place(scenario, menu, "defective_item", "warm_transfer + other_model + send_back + case_summary")
    expected = {"minutes": 0.5, "supervisor_minutes": 9, "lead_hours": 120 + 96}
    # summary, expert and the suggestion all are gestures; the effort of one is what the other saves
    assert acts(menu, at) == pytest.approx(expected | {"gesture": 0.25 + 0.15 + 0.1})


def test_what_holds_one_proactive_remedy_is_proactive(scenario, menu):
    for names, proactive, count in zip(menu.names, menu.proactive, menu.counts, strict=True):
        assert list(proactive[:count]) == ["proactive_notice" in name for name in names]
    assert menu.proactive.any(axis=1).tolist() == [True, False, False, True, False, False]


# What somebody writes who has an idea: five lines for the remedy, three to offer it, and no code.
IDEA = """
extends: online_retail
name: with_courier
title: With a courier
remedies:
  courier:
    title: A courier brings it within the hour
    kind: goods
    worth: { item_price: 1 }
    uses: { replacement: { unit_cost: 1 } }
    gesture: 1
failures:
  lost_parcel:
    resolutions: { courier: [[], [courier]] }
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "idea.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_new_remedy_needs_no_code(scenario, menu, written):
    changed = load_scenario(written(IDEA))
    new = compile_menu(changed, central(changed))
    # offered with and without everything that was there, and nowhere else
    f = list(changed.failures).index("lost_parcel")
    assert new.counts[f] == 2 * menu.counts[f]
    assert {name for name in new.names[f] if "courier" not in name} == set(menu.names[f])
    assert not any("courier" in name for g, names in enumerate(new.names) if g != f for name in names)
    at = place(changed, new, "lost_parcel", "courier")
    assert form(new.worth[at]) == form(new.felt[at]) == {"item_price": 1}
    assert not new.cost[at].any()
    assert form(new.uses[at][LIMITS.index("replacement")]) == {"unit_cost": 1}
    assert acts(new, at) == {"gesture": 1}


def test_a_new_remedy_that_is_better_than_all_others_is_chosen(written):
    changed = load_scenario(written(IDEA))
    rng = np.random.default_rng(6)
    table = pd.DataFrame(
        {
            "failure": rng.choice(["lost_parcel", "wrong_item"], 60),
            "item_price": np.round(rng.uniform(5, 90, 60), 2),
            "future_value": rng.uniform(1, 300, 60),
            "severity": rng.random(60),
        }
    )
    payoffs = value_cases(changed, read_cases(table, changed), central(changed))
    decided = decide(load_policy("current", changed), payoffs)
    lost = decided["failure"] == "lost_parcel"
    assert decided["recommended"][lost].str.contains("courier").all()
    assert not decided["recommended"][~lost].str.contains("courier").any()
    # it draws on what may be replaced, so beyond 50 the agent passes it on: half of 90 is less
    assert (decided["tier"][lost] == "agent").all()
    # whoever may not replace anything may not send the courier either
    asks = load_policy("ask_first", changed)
    assert (decide(asks, payoffs)["tier"][lost] != "agent").all()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "worth: { item_price: 1 }",
            "worth: { item_prize: 1 }",
            "unknown column 'item_prize' (did you mean 'item_price'?)",
        ),
        (
            "uses: { replacement: { unit_cost: 1 } }",
            "uses: { replacment: { unit_cost: 1 } }",
            "unknown limit 'replacment' (did you mean 'replacement'?)",
        ),
        ("kind: goods", "shares_of_price: [1.5]", "remedies.courier.shares_of_price[0]"),
        ("kind: goods", "shares_of_price: [-0.5]", "remedies.courier.shares_of_price[0]"),
        ("kind: goods", "kind: gods", "remedies.courier.kind"),
        ("gesture: 1", "gesture: 0.5", "coefficient 0.5 has no unit and no source"),
        ("gesture: 1", "gesture: remedy.courier_gesture", "unknown assumption 'remedy.courier_gesture'"),
        ("[[], [courier]]", "[[], [couriers]]", "unknown remedy 'couriers' (did you mean 'courier'?)"),
        (
            "failures:",
            "rules: [{ never: [couriers, coupon], because: an idea }]\nfailures:",
            "unknown remedy 'couriers' (did you mean 'courier'?)",
        ),
        (
            "failures:",
            "rules: [{ only: courier, alongside: [repalcement], because: an idea }]\nfailures:",
            "unknown remedy 'repalcement' (did you mean 'replacement'?)",
        ),
    ],
)
def test_a_faulty_remedy_is_refused_in_one_line(written, old, new, expected):
    assert old in IDEA
    with pytest.raises(InputError) as caught:
        load_scenario(written(IDEA.replace(old, new)))
    message = str(caught.value)
    assert expected in message
    assert "idea.yaml" in message
    assert "\n" not in message


@pytest.mark.parametrize("share", ["surfaces_share", "entitlement", "loss_share", "spend_drop"])
def test_a_share_outside_its_scale_is_refused_in_one_line(written, share):
    assumptions = f"assumptions:\n  lost_parcel:\n    {share}: {{ value: 1.2, range: [0.1, 1.5] }}\n"
    with pytest.raises(InputError, match=rf"range \[0.1, 1.5\] of a share .*lost_parcel.{share}") as caught:
        load_scenario(written(IDEA + assumptions))
    assert "\n" not in str(caught.value)
