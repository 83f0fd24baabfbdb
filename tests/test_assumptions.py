import copy

import numpy as np
import pytest
import yaml
from scipy import stats

from policy_sim.assumptions import Assumption, Scenario, central, draw_assumptions, load_scenario
from policy_sim.border import InputError, parse_model, shipped
from policy_sim.failures import Rule
from policy_sim.policy import load_policy
from policy_sim.study import load_stories

DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # in C, ten times as fast, where PyYAML has it
SHIPPED = sorted(path.stem for path in shipped("data/scenarios").glob("*.yaml"))


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("online_retail")


@pytest.fixture(scope="module")
def content():
    return yaml.safe_load((shipped("data/scenarios") / "online_retail.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def changed(content, tmp_path):
    """Write the shipped scenario with one place changed, and return its path."""

    def change(place, value):
        here = changed_content = copy.deepcopy(content)
        *parts, last = place
        for part in parts:
            here = here[part]
        if value is DROPPED:
            del here[last]
        else:
            here[last] = value
        path = tmp_path / "shop.yaml"
        path.write_text(yaml.dump(changed_content, Dumper=DUMPER), encoding="utf-8")
        return path

    return change


DROPPED = object()


def refusal(path):
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_has_unit_range_and_source(name):
    scenario = load_scenario(name)
    assert scenario.assumption_names
    for full_name in scenario.assumption_names:
        assumption = scenario.assumption(full_name)
        low, high = assumption.range
        assert assumption.unit.strip()
        assert len(assumption.source.strip()) > 10, full_name
        assert low <= assumption.value <= high
        assert low < high
        assert assumption.trust in ("measured", "calibrated", "assumed")
        # whoever says that it was measured says where
        if "judgement of the authors" in assumption.source or assumption.source.endswith("size: judgement"):
            assert assumption.trust == "assumed", full_name


def test_one_base_and_six_businesses_over_it():
    assert set(SHIPPED) == {
        "electronics_retail",
        "household_appliances",
        "moving_service",
        "online_clothing",
        "online_retail",
        "quick_service",
        "telecom_hardware",
    }
    for name in SHIPPED:
        scenario, base = load_scenario(name), load_scenario("online_retail")
        assert scenario.name == name
        assert (scenario.currency, scenario.tiers, scenario.segments) == (base.currency, base.tiers, base.segments)


@pytest.mark.parametrize("name", SHIPPED)
def test_each_failure_has_a_choice_that_can_be_looked_through(name):
    scenario = load_scenario(name)
    bundles = {failure: scenario.resolutions(failure) for failure in scenario.failures}
    assert all(
        20 <= len(of_failure) <= 48 and len(set(of_failure)) == len(of_failure) for of_failure in bundles.values()
    )
    assert sum(scenario.value(f"{failure}.share_of_cases") for failure in scenario.failures) == pytest.approx(1)
    # nothing is left lying about: remedies that nobody can give, numbers that no remedy takes, groups of no failure
    used = {variant for of_failure in bundles.values() for bundle in of_failure for variant in bundle}
    # some are only there for a story to compare with
    stories = [story for story in load_stories() if story.scenario == name]
    used |= {variant for story in stories for option in story.options.values() for variant in option.remedies}
    held_out = {"queue_transfer"} if name == "online_retail" else set()
    assert {variant for remedy in scenario.remedies for variant in scenario.variants(remedy)} - used == held_out
    taken = str(scenario.remedies)
    assert all(name in taken for name in scenario.assumption_names if name.startswith("remedy."))
    groups = {
        "shop",
        "cases",
        "response",
        "claiming",
        "queue",
        "remedy",
        "playbook",
        *scenario.tiers,
        *scenario.failures,
    }
    assert set(scenario.assumptions) == groups
    # and every rule that forbids leaves something out
    for position, rule in ((i, rule) for i, rule in enumerate(scenario.rules) if rule.never):
        fewer = scenario.model_copy(update={"rules": scenario.rules[:position] + scenario.rules[position + 1 :]})
        assert any(len(fewer.resolutions(failure)) > len(bundles[failure]) for failure in scenario.failures), rule


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("policy", sorted(path.stem for path in shipped("data/policies").glob("*.yaml")))
def test_every_shipped_policy_fits_every_scenario(name, policy):
    assert load_policy(policy, load_scenario(name)).currency == "USD"


@pytest.mark.parametrize(
    ("name", "failure", "resolution"),
    [
        ("online_clothing", "wrong_item", "full_refund keep_item donate_suggested item_in_cart shipping_credit"),
        ("electronics_retail", "defective_item", "warm_transfer test_and_promise case_summary"),
        ("electronics_retail", "defective_item", "queue_transfer replacement send_back"),
        ("quick_service", "wrong_item", "full_refund managers_call gift_card_20"),
        ("moving_service", "late_delivery", "reschedule apology_note store_credit_25"),
        ("telecom_hardware", "lost_parcel", "own_unit personal_gesture"),
        ("household_appliances", "broken_part", "spare_part apology_note"),
    ],
)
def test_each_scenario_can_tell_its_story(name, failure, resolution):
    assert any(set(resolution.split()) <= set(bundle) for bundle in load_scenario(name).resolutions(failure))


@pytest.mark.parametrize("name", SHIPPED)
def test_no_number_stands_outside_the_assumptions(name):
    # amounts on offer, segment bounds and 1 aside, remedies and failures hold names only
    raw = yaml.safe_load((shipped("data/scenarios") / f"{name}.yaml").read_text(encoding="utf-8"))
    for remedy in raw["remedies"].values():
        for place, form in (remedy or {}).items():
            if place in ("title", "amounts", "shares_of_price"):
                continue
            forms = form.values() if place == "uses" else [form]
            for coefficients in forms:
                for coefficient in coefficients.values() if isinstance(coefficients, dict) else [coefficients]:
                    assert isinstance(coefficient, str) or coefficient in (1, -1)


@pytest.mark.parametrize("missing", ["unit", "source", "range", "value"])
def test_a_number_without_unit_or_source_is_refused(changed, missing):
    message = refusal(changed(("assumptions", "shop", "label_cost", missing), DROPPED))
    assert message == f"'{missing}' is missing (shop.yaml, assumptions.shop.label_cost.{missing}); add it"


@pytest.mark.parametrize("empty", ["unit", "source"])
def test_an_empty_unit_or_source_is_refused(changed, empty):
    message = refusal(changed(("assumptions", "shop", "label_cost", empty), ""))
    assert f"shop.yaml, assumptions.shop.label_cost.{empty}" in message


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (("assumptions", "shop", "label_cost", "value"), 20, "value 20 lies outside its range [3.5, 10.95]"),
        (("assumptions", "shop", "label_cost", "value"), float("nan"), "assumptions.shop.label_cost.value"),
        (("assumptions", "shop", "label_cost", "value"), "ten", "found 'ten'"),
        (("assumptions", "shop", "label_cost", "range"), [14, 6], "the first number must be below the second"),
        (("assumptions", "shop", "label_cost", "range"), [6], "assumptions.shop.label_cost.range"),
        (("assumptions", "shop", "label_cost", "trust"), "sure", "found 'sure'"),
        (("assumptions", "shop", "label_cost", "distribution"), "normal", "found 'normal'"),
        (("assumptions", "shop", "label_cost", "spread"), 1, "unexpected entry 'spread'"),
        (("assumptions", "shop", "unit_cost_share", "range"), [0.35, 1.5], "of a share must lie within 0 and 1"),
        (("assumptions", "shop", "label_cost"), 10.15, "found 10.15"),
        (("assumptions", "shop", "label_cost"), DROPPED, "the assumption 'shop.label_cost' is missing; add it under"),
        (("assumptions", "lost_parcel"), DROPPED, "the assumption 'lost_parcel.share_of_cases' is missing"),
        (("assumptions", "lead"), DROPPED, "the assumption 'lead.minutes' is missing"),
        (("assumptions", "agent", "generous_share", "range"), [0.1, 0.9], "may not add up to more than 1"),
        (("currency",), "dollars", "shop.yaml, currency"),
        (("name",), "Online Shop", "shop.yaml, name"),
        (("tiers",), ["agent"], "shop.yaml, tiers"),
        (("failures",), {}, "shop.yaml, failures"),
        (("segments",), [], "shop.yaml, segments"),
        (("segments", 2, "prior_purchases_up_to"), 9, "segments must have rising prior_purchases_up_to"),
        (("segments", 0, "prior_purchases_up_to"), 4, "segments must have rising prior_purchases_up_to"),
        (("segments", 0, "prior_purchases_up_to"), None, "segments must have rising prior_purchases_up_to"),
        (("segments", 0, "future_value_up_to"), 50, "by prior_purchases_up_to and by future_value_up_to; keep one"),
        (
            ("segments",),
            [
                {"name": name, "title": name, "future_value_up_to": bound}
                for name, bound in zip("abc", (50, 50, None), strict=True)
            ],
            "segments must have rising future_value_up_to, and the last one none",
        ),
        (("remedies", "full_refund", "cost", "item_price"), 0.85, "coefficient 0.85 has no unit and no source"),
        (("remedies", "full_refund", "cost", "item_price"), 2, "coefficient 2 has no unit and no source"),
        (("remedies", "full_refund", "cost", "item_price"), True, "coefficient is True"),
        (("remedies", "full_refund", "cost", "item_price"), [1], "coefficient is [1]"),
        (("remedies", "apology_note", "minutes"), 3, "coefficient 3 has no unit and no source"),
        (
            ("remedies", "full_refund", "cost"),
            {"itemprice": 1},
            "unknown column 'itemprice' (did you mean 'item_price'?)",
        ),
        (("remedies", "full_refund", "cost"), {"amount": 1}, "uses 'amount', but the remedy has no amounts"),
        (("remedies", "full_refund", "uses"), {"refnd": {}}, "unknown limit 'refnd' (did you mean 'refund'?)"),
        (
            ("remedies", "full_refund", "uses"),
            {"total_cost": {}},
            "unknown limit 'total_cost'",
        ),
        (("remedies", "coupon", "shares_of_price"), [0.5], "remedies.coupon has both amounts and shares_of_price"),
        (("remedies", "coupon", "amounts"), [-5], "remedies.coupon.amounts[0]"),
        (("remedies", "partial_refund", "shares_of_price"), [20], "remedies.partial_refund.shares_of_price[0]"),
        (("remedies", "coupon", "minuts"), 1, "unexpected entry 'minuts'"),
        (
            ("remedies", "coupon", "cost", "amount"),
            "remedy.coupon_cost_shar",
            "unknown assumption 'remedy.coupon_cost_shar' (did you mean 'remedy.coupon_cost_share'?)",
        ),
        (("remedies", "coupon", "gesture"), "-remedy.call_gestur", "(did you mean 'remedy.call_gesture'?)"),
        (("remedies", "coupon", "cost", "amount"), "--1", "unknown assumption"),
        (
            ("failures", "wrong_item", "resolutions", "goods"),
            [["full_refnd"]],
            "unknown remedy 'full_refnd' (did you mean 'full_refund'?)",
        ),
        (("failures", "wrong_item", "resolutions", "goods"), [["store_credit"]], "unknown remedy 'store_credit'"),
        (("failures", "wrong_item", "shape"), "refused", "found 'refused'"),
        # a failure about which nothing can be done has the resolution "nothing": [[]]
        (("failures", "wrong_item", "resolutions", "goods"), [], "failures.wrong_item.resolutions"),
        (("tiers",), ["agent", "agent", "manager"], "tier"),
        (("segments", 1, "name"), "first_time", "segment"),
        (("remedies", "store_credit", "amounts"), [5, 5, 10, 25], "store_credit"),
        (("remedies", "store_credit", "kind"), "voucher", "found 'voucher'"),
        (("remedies", "store_credit", "proactive"), "perhaps", "remedies.store_credit.proactive"),
        (("remedies", "store_credit", "lead_hours"), 24, "coefficient 24 has no unit and no source"),
        (
            ("remedies", "store_credit", "supervisor_minutes"),
            "remedy.call_minuts",
            "did you mean 'remedy.call_minutes'",
        ),
        (("failures", "wrong_item", "matched_by"), [], "failures.wrong_item.matched_by"),
        (("failures", "wrong_item", "matched_by"), ["goodwill"], "found 'goodwill'"),
        (
            ("rules", 0, "never"),
            ["proactive_notice", "partial_refnd"],
            "unknown remedy 'partial_refnd' (did you mean 'partial_refund'?)",
        ),
        (("rules", 0, "never"), ["coupon"], "a rule has either `never` with two remedies or more, or `only` with"),
        (("rules", 0), {"because": "nothing said"}, "a rule has either `never`"),
        (("rules", 0, "only"), "coupon", "a rule has either `never`"),
        (("rules", 0, "alongside"), ["coupon"], "a rule has either `never`"),
        (("rules", 0), {"only": "coupon", "because": "alone"}, "a rule has either `never`"),
        (
            ("rules", 0),
            {"never": ["coupon", "gift_card"], "only": "coupon", "alongside": ["gift_card"], "because": "both"},
            "a rule has either `never`",
        ),
        (("rules", 0, "because"), DROPPED, "'because' is missing (shop.yaml, rules[0].because)"),
        (("rules", 0, "because"), "", "rules[0].because"),
        (("assumptions", "shop", "label_cost", "range"), [6, 1e300], "goes above 1e+12; check the number and its unit"),
        (("assumptions", "shop", "cases_per_year", "range"), [0, 200000], "must stay above 0"),
        (("assumptions", "queue", "hours_per_year", "range"), [1e-300, 8760], "must stay above 0"),
        (("assumptions", "queue", "staff", "value"), 1.5, "queue.staff is 1.5; it must be a whole number of people"),
        (("remedies", "coupon_10"), {"title": "Another one"}, "two variants 'coupon_10' (a name, and an amount)"),
    ],
)
def test_faults_are_named_in_one_line(changed, place, value, expected):
    message = refusal(changed(place, value))
    assert expected in message
    assert "shop.yaml" in message


def test_failures_of_which_none_ever_happens(scenario):
    nothing = {f"{failure}.share_of_cases": 0.0 for failure in scenario.failures}
    with pytest.raises(InputError, match="every failure has a share_of_cases of 0; give one of them a share above 0"):
        scenario.with_values(nothing)
    scenario.with_values(nothing | {"lost_parcel.share_of_cases": 0.1})


def test_place_of_unknown_names(changed):
    message = refusal(changed(("failures", "wrong_item", "resolutions", "goods"), [["full_refnd"]]))
    assert "failures.wrong_item.resolutions.goods" in message
    message = refusal(changed(("remedies", "full_refund", "cost"), {"itemprice": 1}))
    assert "remedies.full_refund.cost" in message


@pytest.fixture
def beside(tmp_path):
    """Write scenario files beside each other, as name=text; gives the folder."""

    def write(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


OWN = """
extends: online_retail
name: own
assumptions:
  shop:
    label_cost: { value: 7, source: our contract with the post }
  broken_part: null
remedies:
  spare_part: { title: A part }
  store_credit: { amounts: [3] , worth: { amount: null, constant: remedy.note_cost } }
  coupon: { amounts: [10, 20] }
failures:
  broken_part: null
  late_delivery: { resolutions: { notice: [[]], goodwill: [[], [coupon_20]] } }
  wrong_item: { resolutions: { goodwill: [[]] } }
  defective_item: { resolutions: { goodwill: [[]] } }
  lost_parcel: { resolutions: { goodwill: [[]] } }
  poor_service: { resolutions: { goodwill: [[]] } }
rules: []
"""


def test_a_file_that_extends_another_says_only_what_differs(beside, scenario):
    own = load_scenario(beside(own=OWN) / "own.yaml")
    assert (own.name, own.title, own.rules) == ("own", scenario.title, ())
    # members of a mapping are merged one by one, to any depth
    label, old = own.assumption("shop.label_cost"), scenario.assumption("shop.label_cost")
    assert (label.value, label.source) == (7, "our contract with the post")
    assert (label.unit, label.range, label.trust) == (old.unit, old.range, old.trust)
    assert own.assumption("shop.outbound_cost") == scenario.assumption("shop.outbound_cost")
    # lists are replaced, null takes away
    assert own.variants("store_credit") == ("store_credit_3",)
    assert own.remedies["store_credit"].worth == {"constant": "remedy.note_cost"}
    assert own.remedies["store_credit"].cost == scenario.remedies["store_credit"].cost
    assert list(own.failures) == [name for name in scenario.failures if name != "broken_part"]
    assert "broken_part" not in own.assumptions
    assert own.remedies["spare_part"].cost == scenario.remedies["spare_part"].cost
    # three parts: no notice any more, the goods of the base, goodwill of its own
    assert own.resolutions("late_delivery")[:3] == [(), ("coupon_20",), ("shipping_refund",)]


def test_a_file_may_extend_one_beside_it_or_further_away(beside):
    folder = beside(own=OWN, next="extends: own.yaml\nname: next\n")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "third.yaml").write_text(
        "extends: ../next.yaml\nname: third\ntitle: Third\n", encoding="utf-8"
    )
    third = load_scenario(folder / "deeper" / "third.yaml")
    assert (third.name, third.title, third.value("shop.label_cost")) == ("third", "Third", 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("extends: online_retial", "unknown scenario 'online_retial' (did you mean 'online_retail'?)"),
        ("extends: ../nowhere.yaml", "scenario file '../nowhere.yaml' does not exist; give the path of a file or one"),
        ("extends: [online_retail]", "extends is ['online_retail']; expected the name of a scenario or the path of"),
        ("extends: null", "extends is None; expected the name of a scenario"),
        ("extends: one.yaml", "one.yaml: extends 'one.yaml', which extends it in turn; remove one of the two"),
        ("extends: two.yaml", "two.yaml: extends 'one.yaml', which extends it in turn; remove one of the two"),
        ("extends: three.yaml", "three.yaml, which one.yaml extends, holds a list; expected a scenario"),
        ("extends: online_retail\nremedies: { copon: null }", "take away by null 'copon' (did you mean 'coupon'?)"),
        ("extends: online_retail\nfailures: { broken_part: null }\nremedies: { spare_part: null }\nname: [1]", "name"),
        ("extends: online_retail\nremedies: { coupon: null }", "unknown remedy 'coupon_10'"),
        ("extends: online_retail\nfailures: null", "'failures' is missing"),
        ("extends: online_retail\nassumptions: { broken_part: null }", "'broken_part.share_of_cases' is missing"),
        ("extends: online_retail\nassumptions: { shop: 3 }", "assumptions.shop"),
    ],
)
def test_faults_in_a_file_that_extends_another(beside, text, expected):
    folder = beside(one=text, two="extends: one.yaml\n", three="- not\n- a mapping\n")
    message = refusal(folder / "one.yaml")
    assert expected in message
    assert ".yaml" in message


@pytest.mark.parametrize(
    ("rule", "left_out"),
    [
        (
            {"never": ["full_refund", "coupon_10"]},
            {("full_refund", "coupon_10"), ("proactive_notice", "full_refund", "coupon_10")},
        ),
        # the name of a remedy stands for all its variants
        (
            {"never": ["partial_refund", "coupon"]},
            {("partial_refund_20", "coupon_10"), ("proactive_notice", "partial_refund_20", "coupon_10")},
        ),
        (
            {"never": ["proactive_notice", "shipping_refund", "store_credit_25"]},
            {("proactive_notice", "shipping_refund", "apology_note", "store_credit_25")},
        ),
        (
            {"only": "coupon", "alongside": ["shipping_refund", "partial_refund"]},
            {
                ("coupon_10",),
                ("full_refund", "coupon_10"),
                ("proactive_notice", "coupon_10"),
                ("proactive_notice", "full_refund", "coupon_10"),
            },
        ),
    ],
)
def test_rules_leave_out_what_they_say_and_nothing_else(scenario, rule, left_out):
    everything = scenario.model_copy(update={"rules": ()}).resolutions("late_delivery")
    assert len(everything) == 2 * 4 * 9
    bound = scenario.model_copy(update={"rules": (Rule(**rule, because="a test"),)})
    assert set(everything) - set(bound.resolutions("late_delivery")) == left_out


def test_what_kind_a_remedy_is_and_whether_anybody_asked(scenario):
    assert scenario.remedies["proactive_notice"].proactive
    assert not scenario.remedies["apology_note"].proactive
    assert scenario.remedies["store_credit"].kind == "credit"
    assert scenario.remedies["send_back"].kind is None
    for name in SHIPPED:
        kinds = {remedy.kind for remedy in load_scenario(name).remedies.values()} - {None}
        assert {"money", "credit", "goods", "service"} >= kinds >= {"money", "credit", "service"}


def test_unknown_scenario():
    assert "unknown scenario 'online_retial' (did you mean 'online_retail'?)" in refusal("online_retial")


def test_draws_stay_within_range_and_fill_it(scenario):
    draws = draw_assumptions(scenario, 400, seed=1)
    assert len(draws) == 400
    assert draws.names == scenario.assumption_names
    for name in draws.names:
        assumption = scenario.assumption(name)
        low, high = assumption.range
        drawn = draws[name]
        assert ((drawn >= low) & (drawn <= high)).all()
        if assumption.distribution == "chosen":
            assert (drawn == assumption.value).all()
        else:
            # a triangle's mean, closed form; a Latin hypercube is much closer to it than independent draws
            assert assumption.distribution == "triangular"
            assert drawn.mean() == pytest.approx((low + assumption.value + high) / 3, abs=0.002 * (high - low))
            triangle = stats.triang((assumption.value - low) / (high - low), low, high - low)
            assert np.median(drawn) == pytest.approx(triangle.median(), abs=0.005 * (high - low))


def assumption_of(value, low, high, distribution="triangular"):
    return Assumption(value=value, unit="USD", range=(low, high), source="a test", distribution=distribution)


def test_quantiles_of_a_triangle_in_closed_form():
    # up to the mode F = (x - a)^2 / ((b - a) (c - a)), from there 1 - (b - x)^2 / ((b - a) (b - c))
    p = np.array([0.0, 0.05, 0.2, 0.5, 0.8, 1.0])
    a, c, b = 6.0, 10.0, 26.0
    expected = np.where(p <= 0.2, a + np.sqrt(p * (b - a) * (c - a)), b - np.sqrt((1 - p) * (b - a) * (b - c)))
    np.testing.assert_allclose(assumption_of(c, a, b).quantile(p), expected, rtol=1e-12)


@pytest.mark.parametrize("mode", [0.0, 1.0])
def test_the_mode_may_lie_at_an_end(mode):
    p = np.linspace(0, 1, 11)
    expected = np.sqrt(p) if mode == 1 else 1 - np.sqrt(1 - p)
    np.testing.assert_allclose(assumption_of(mode, 0, 1).quantile(p), expected, atol=1e-12)


def test_quantiles_of_the_other_distributions():
    p = np.array([0.0, 0.25, 1.0])
    np.testing.assert_allclose(assumption_of(3, 2, 6, "uniform").quantile(p), [2, 3, 6])
    np.testing.assert_array_equal(assumption_of(3, 2, 6, "chosen").quantile(p), [3, 3, 3])


def test_seeds(scenario):
    one, same, other = (draw_assumptions(scenario, 50, seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(one.values, same.values)
    assert (one["shop.label_cost"] != other["shop.label_cost"]).all()
    assert draw_assumptions(scenario, 1).values.shape == (1, len(scenario.assumption_names))


def test_assumptions_are_drawn_independently(scenario):
    draws = draw_assumptions(scenario, 500, seed=2)
    free = [name for name in draws.names if scenario.assumption(name).distribution != "chosen"]
    correlation = np.corrcoef(np.array([draws[name] for name in free]))
    # 4.5 standard errors of 1 / sqrt(500), over some 2,000 pairs
    assert np.abs(correlation - np.eye(len(free))).max() < 0.2


@pytest.mark.parametrize("count", [0, -3])
def test_no_draws(scenario, count):
    with pytest.raises(InputError, match=rf"number of draws is {count}; it must be 1 or more \(--draws\)"):
        draw_assumptions(scenario, count)


def test_a_negative_seed_is_refused_in_words(scenario):
    with pytest.raises(InputError, match="seed"):
        draw_assumptions(scenario, 5, seed=-1)


def test_central(scenario):
    middle = central(scenario)
    assert len(middle) == 1
    assert middle["shop.label_cost"] == [6]
    assert all(middle[name][0] == scenario.value(name) for name in scenario.assumption_names)


def test_with_values_makes_a_changed_copy(scenario):
    before = scenario.fingerprint
    changed = scenario.with_values({"shop.label_cost": 20.0, "response.paradox": 0.05})
    assert changed.value("shop.label_cost") == 20
    assert changed.assumption("shop.label_cost").range == (3.5, 20)
    assert changed.assumption("response.paradox").range == (0, 0.1)
    assert changed.assumption("shop.label_cost").trust == "assumed"
    assert changed.assumption("shop.label_cost").source.startswith("set by the user (was $6: commercial")
    assert changed.assumption("shop.outbound_cost") == scenario.assumption("shop.outbound_cost")
    assert scenario.value("shop.label_cost") == 6
    assert scenario.fingerprint == before != changed.fingerprint
    assert scenario.with_values({}).fingerprint == before
    drawn = draw_assumptions(changed, 100)["shop.label_cost"]
    assert ((drawn >= 3.5) & (drawn <= 20)).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"shop.label_cots": 1.0}, r"unknown assumption 'shop.label_cots' \(did you mean 'shop.label_cost'\?\)"),
        ({"shop.label_cost": float("nan")}, "'shop.label_cost' is set to nan; it must be a finite number"),
        ({"shop.label_cost": float("inf")}, "must be a finite number"),
        ({"shop.unit_cost_share": 1.5}, "of a share must lie within 0 and 1"),
        ({"queue.staff": 2.5}, "whole number of people"),
    ],
)
def test_with_values_refuses(scenario, values, message):
    with pytest.raises(InputError, match=message) as caught:
        scenario.with_values(values)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("generous", [0.85, 0.95, 1.0])
def test_a_share_that_leaves_others_less_is_taken_and_said(scenario, generous):
    with pytest.warns(UserWarning, match=r"thrifty_share is taken to be [\d.]+ at most, not 0.3"):
        changed = scenario.with_values({"agent.generous_share": generous})
    assert changed.value("agent.generous_share") == generous
    assert changed.value("agent.thrifty_share") == pytest.approx(min(0.1, 1 - generous))
    # no draw has less than no guided agents
    draws = draw_assumptions(changed, 200)
    assert (draws["agent.generous_share"] + draws["agent.thrifty_share"] <= 1 + 1e-12).all()
    # what was set counts first, whatever the group is called
    group = {"crew": scenario.assumptions["agent"]}
    other = scenario.model_copy(update={"assumptions": {**scenario.assumptions, **group}})
    with pytest.warns(UserWarning, match=r"crew.thrifty_share is taken"):
        assert other.with_values({"crew.generous_share": 0.8}).assumption("crew.thrifty_share").range[1] <= 0.2 + 1e-12


def test_shares_that_are_set_to_more_than_all_are_refused(scenario):
    with pytest.raises(InputError, match="may not add up to more than 1"):
        scenario.with_values({"agent.generous_share": 0.6, "agent.thrifty_share": 0.5})


@pytest.mark.parametrize("name", ["shop.label_cost", "lead.wait_hours", "lead.minutes", "claiming.temptation"])
def test_what_cannot_be_negative_is_refused(scenario, name):
    with pytest.raises(InputError):
        scenario.with_values({name: -50.0})


def test_unknown_assumption(scenario):
    with pytest.raises(InputError, match=r"unknown assumption 'shop.labelcost' \(did you mean 'shop.label_cost'\?\)"):
        scenario.value("shop.labelcost")


def test_variants(scenario):
    assert scenario.variants("full_refund") == ("full_refund",)
    assert scenario.variants("store_credit") == ("store_credit_5", "store_credit_10", "store_credit_25")
    assert scenario.variants("partial_refund") == ("partial_refund_20", "partial_refund_50")


def test_a_scenario_survives_writing_and_reading(scenario):
    again = parse_model(Scenario, yaml.safe_load(scenario.model_dump_json()), "again")
    assert again == scenario
    assert again.fingerprint == scenario.fingerprint
