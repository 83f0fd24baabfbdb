import copy

import numpy as np
import pytest
import yaml
from scipy import stats

from policy_sim.assumptions import Assumption, Scenario, central, draw_assumptions, load_scenario
from policy_sim.border import InputError, parse_model, shipped

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
        path.write_text(yaml.safe_dump(changed_content), encoding="utf-8")
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
        if assumption.trust == "assumed":
            continue
        # whoever says that it was measured says where
        assert "judgement of the authors" not in assumption.source, full_name


@pytest.mark.parametrize("name", SHIPPED)
def test_no_number_stands_outside_the_assumptions(name):
    # amounts on offer, segment bounds and 1 aside, remedies and failures hold names only
    raw = yaml.safe_load((shipped("data/scenarios") / f"{name}.yaml").read_text(encoding="utf-8"))
    for remedy in raw["remedies"].values():
        for place, form in remedy.items():
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
        (("assumptions", "shop", "label_cost", "value"), 20, "value 20 lies outside its range [6, 14]"),
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
        (("assumptions", "style", "generous_share", "range"), [0.1, 0.9], "may not add up to more than 1"),
        (("currency",), "dollars", "shop.yaml, currency"),
        (("name",), "Online Shop", "shop.yaml, name"),
        (("tiers",), ["agent"], "shop.yaml, tiers"),
        (("failures",), {}, "shop.yaml, failures"),
        (("segments",), [], "shop.yaml, segments"),
        (("segments", 2, "prior_purchases_up_to"), 9, "segments must have rising prior_purchases_up_to"),
        (("segments", 0, "prior_purchases_up_to"), 4, "segments must have rising prior_purchases_up_to"),
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
        (("remedies", "full_refund", "uses"), {"total_cost": {}}, "unknown limit 'total_cost'"),
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
    ],
)
def test_faults_are_named_in_one_line(changed, place, value, expected):
    message = refusal(changed(place, value))
    assert expected in message
    assert "shop.yaml" in message


def test_place_of_unknown_names(changed):
    message = refusal(changed(("failures", "wrong_item", "resolutions", "goods"), [["full_refnd"]]))
    assert "failures.wrong_item.resolutions.goods" in message
    message = refusal(changed(("remedies", "full_refund", "cost"), {"itemprice": 1}))
    assert "remedies.full_refund.cost" in message


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
    assert middle["shop.label_cost"] == [10.15]
    assert all(middle[name][0] == scenario.value(name) for name in scenario.assumption_names)


def test_with_values_makes_a_changed_copy(scenario):
    before = scenario.fingerprint
    changed = scenario.with_values({"shop.label_cost": 20.0, "response.paradox": 0.05})
    assert changed.value("shop.label_cost") == 20
    assert changed.assumption("shop.label_cost").range == (6, 20)
    assert changed.assumption("response.paradox").range == (0, 0.1)
    assert changed.assumption("shop.label_cost").trust == "assumed"
    assert changed.assumption("shop.label_cost").source.startswith("set by the user (was 10.15: USPS")
    assert changed.assumption("shop.outbound_cost") == scenario.assumption("shop.outbound_cost")
    assert scenario.value("shop.label_cost") == 10.15
    assert scenario.fingerprint == before != changed.fingerprint
    assert scenario.with_values({}).fingerprint == before
    drawn = draw_assumptions(changed, 100)["shop.label_cost"]
    assert ((drawn >= 6) & (drawn <= 20)).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"shop.label_cots": 1.0}, r"unknown assumption 'shop.label_cots' \(did you mean 'shop.label_cost'\?\)"),
        ({"shop.label_cost": float("nan")}, "'shop.label_cost' is set to nan; it must be a finite number"),
        ({"shop.label_cost": float("inf")}, "must be a finite number"),
        ({"shop.unit_cost_share": 1.5}, "of a share must lie within 0 and 1"),
    ],
)
def test_with_values_refuses(scenario, values, message):
    with pytest.raises(InputError, match=message) as caught:
        scenario.with_values(values)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "values", [{"style.generous_share": 0.95}, {"style.generous_share": 0.6, "style.thrifty_share": 0.5}]
)
def test_no_draw_has_less_than_no_guided_agents(scenario, values):
    # a file in which both ranges add up to more than 1 is refused; so a changed copy may not have them either
    try:
        changed = scenario.with_values(values)
    except InputError:
        return
    draws = draw_assumptions(changed, 200)
    assert (draws["style.generous_share"] + draws["style.thrifty_share"] <= 1).all()


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
