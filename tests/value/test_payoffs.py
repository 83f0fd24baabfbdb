import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import Draws, central, draw_assumptions
from policy_sim.border import InputError
from policy_sim.policy import load_policy
from policy_sim.service import chance_lost, read_cases
from policy_sim.value import evaluate, value_cases
from policy_sim.value.handling import policy_arrays_of
from policy_sim.value.payoffs import expect
from policy_sim.value.response_kernels import LANES, Assignments, _exp, _log
from policy_sim.value.scoring import score
from policy_sim.words import LIMITS, MEASURES


def random_rows(payoffs, rng, count):
    # no case twice: rows of one case that follow each other would be taken for its assignments along a limit
    case = rng.choice(len(payoffs.cases), count, replace=False)
    resolution = np.floor(rng.random(count) * payoffs.choice_sets.counts[case]).astype(np.int64)
    return case, resolution, rng.integers(0, len(payoffs.scenario.tiers), count)


def random_suspicion(payoffs, rng):
    """Draw which cases a guard suspects, and which share of learned claiming gets through under each draw."""
    return rng.random(len(payoffs.cases)) < 0.4, rng.random(payoffs.style.shape[-1])


def bundle_of(oracle, payoffs, i, a):
    return oracle.resolutions(payoffs.scenario, payoffs.cases.failures[payoffs.cases.failure[i]])[a]


def one_case(scenario, **columns):
    plain = {"failure": "wrong_item", "item_price": 50.0, "future_value": 100.0}
    return read_cases(pd.DataFrame([plain | columns]), scenario)


def one_state(k, a):
    return Assignments(np.array([0]), np.array([k]), np.full((1, 3), a), np.array([0]))


def all_measures(scenario, case, suspected=False):
    """Return the menu, and (tiers, resolutions, measures, 1) of one case under the central assumptions."""
    payoffs = value_cases(scenario, case, central(scenario))
    rules = policy_arrays_of(load_policy("current", scenario), payoffs)
    rules = rules._replace(suspected=np.array([suspected]), claimed=np.ones(LANES))
    count = payoffs.choice_sets.counts[0]
    # one place for each: a second row of the same case would be taken for its next state
    rows = [
        score(payoffs, rules, one_state(k, a), 1, payoffs.draw_arrays)[0]
        for k in range(len(scenario.tiers))
        for a in range(count)
    ]
    return payoffs.menu, np.reshape(rows, (len(scenario.tiers), count, len(MEASURES), 1))


def silence(scenario, case):
    """Return value retained, and the share kept, of the customer of one case who says nothing and gets nothing."""
    failure = case.failures[case.failure[0]]
    weights = ("severity", "wait", "effort", "repeat", "double_deviation", "bond", "first_order")
    weights += ("over_compensation", "insult", "proactive", "suspected")
    lost = chance_lost(
        effect=0.0,
        over=0.0,
        insulted=0.0,
        gesture=0.0,
        proactive=False,
        suspected=False,
        severity=case.severity[0],
        hours=case.hours_open[0],
        effort=0.0,
        prior_failures=case.prior_failures[0],
        recent_failure=0.0,
        prior_purchases=case.prior_purchases[0],
        churn_without_failure=scenario.value("response.churn_without_failure"),
        churn_without_remedy=scenario.value(f"{failure}.churn_without_remedy"),
        compensation_weight=scenario.value(f"{failure}.compensation_weight"),
        gesture_weight=scenario.value(f"{failure}.gesture_weight"),
        **{f"{name}_weight": scenario.value(f"response.{name}_weight") for name in weights},
    )
    spend = 1 - scenario.value(f"{failure}.spend_drop")
    deterred = scenario.value("response.deterred_per_lost") * case.new_customer_value
    # against customers to whom nothing had happened
    driven_away = 1 - (1 - lost) / (1 - scenario.value("response.churn_without_failure"))
    return case.future_value[0] * (1 - driven_away) * spend - deterred * driven_away, 1 - lost


def test_every_measure_agrees_with_the_twin(oracle, payoffs):
    rng = np.random.default_rng(1)
    case, resolution, tier = random_rows(payoffs, rng, 80)
    suspected, claimed = random_suspicion(payoffs, rng)
    rules = policy_arrays_of(load_policy("current", payoffs.scenario), payoffs)
    rules = rules._replace(suspected=suspected, claimed=claimed)
    assignments = Assignments(case, tier, np.column_stack([resolution] * 3), np.arange(80))
    found = score(payoffs, rules, assignments, 80, payoffs.draw_arrays)
    draw = oracle.all_draws(payoffs)
    through = claimed[: len(payoffs.draws)]
    for n, (i, a, k) in enumerate(zip(case, resolution, tier, strict=True)):
        bundle = bundle_of(oracle, payoffs, i, a)
        where = (i, bundle, payoffs.scenario.tiers[k], draw, bool(suspected[i]))
        expected = oracle.measures(payoffs.scenario, payoffs.cases, *where)
        expected["learned_claiming"] = through * expected["learned_claiming"]
        # money is a difference of amounts of the size of the customer's value and the price: scale by those
        money = 1 + payoffs.cases.future_value[i] + payoffs.cases.item_price[i]
        for q, name in enumerate(MEASURES):
            scale = 1e-12 * (money if q < 4 else 1.0)
            np.testing.assert_allclose(found[n, q], np.broadcast_to(expected[name], found[n, q].shape), 1e-12, scale)


def test_states_of_a_case_are_differences_at_whatever_tiers(payoffs):
    # back and forth between tiers, more assignments than there are resolutions, styles apart and left out
    rng = np.random.default_rng(7)
    rules = policy_arrays_of(load_policy("current", payoffs.scenario), payoffs)
    for i in (0, 17):
        count = 3 * payoffs.choice_sets.adequate.shape[1]
        choice = rng.integers(-1, payoffs.choice_sets.counts[i], (count, 3))
        choice[0] = 0
        tier = np.repeat(rng.integers(0, len(payoffs.scenario.tiers), count), 2)[:count]
        together = Assignments(np.full(count, i), tier, choice, np.arange(count))
        found = np.cumsum(score(payoffs, rules, together, count, payoffs.draw_arrays), axis=0)
        for n in range(count):
            alone = Assignments(np.array([i]), tier[n : n + 1], choice[n : n + 1], np.array([0]))
            expected = score(payoffs, rules, alone, 1, payoffs.draw_arrays)[0]
            np.testing.assert_allclose(found[n], expected, rtol=1e-9, atol=1e-9)


def test_expected_payoffs_agree_with_the_twin(oracle, payoffs):
    rng = np.random.default_rng(2)
    case, resolution, tier = random_rows(payoffs, rng, 60)
    suspected, claimed = random_suspicion(payoffs, rng)
    found = expect(payoffs, case, resolution, tier, suspected, claimed, payoffs.style, payoffs.draw_arrays)
    draw = oracle.all_draws(payoffs)
    through = claimed[: len(payoffs.draws)]
    for n, (i, a, k) in enumerate(zip(case, resolution, tier, strict=True)):
        bundle = bundle_of(oracle, payoffs, i, a)
        where = (i, bundle, payoffs.scenario.tiers[k], draw, bool(suspected[i]))
        each = oracle.measures(payoffs.scenario, payoffs.cases, *where)
        spent = each["remedy_cost"] + each["labour"] + through * each["learned_claiming"]
        weights = payoffs.style[k, :, : len(payoffs.draws)] / len(payoffs.draws)
        scale = 1e-12 * (1 + payoffs.cases.future_value[i] + payoffs.cases.item_price[i])
        expected = (each["retained"] - spent, each["remedy_cost"], each["supervisor_minutes"])
        for q, one in enumerate((*expected, through * each["learned_claiming"])):
            np.testing.assert_allclose(found[n, :, q], (weights * one).sum(axis=1), 1e-12, scale)


def test_what_agents_see_agrees_with_the_twin(oracle, payoffs):
    scenario, cases, options = payoffs.scenario, payoffs.cases, payoffs.choice_sets
    middle = oracle.middle(scenario)
    for i in np.random.default_rng(3).integers(0, len(cases), 12):
        failure = cases.failures[cases.failure[i]]
        bundles = oracle.resolutions(scenario, failure)
        assert options.counts[i] == len(bundles)
        assert not options.adequate[i, len(bundles) :].any()
        assert options.adequate[i, : len(bundles)].tolist() == oracle.adequate(scenario, cases, i)
        for a, bundle in enumerate(bundles):
            assert payoffs.menu.names[cases.failure[i]][a] == (" + ".join(bundle) or "nothing")
            total, uses = oracle.given(scenario, cases, i, bundle, middle)
            for d, limit in enumerate(LIMITS):
                if limit in uses:
                    # to the nearest cent; which one of two equally near ones is left open
                    assert abs(options.uses[i, a, d] - max(100 * uses[limit], 0)) <= 0.5 + 1e-6
                else:
                    assert options.uses[i, a, d] == -1
            assert payoffs.agent_view.worth[i, a] == pytest.approx(
                total["worth"] - total["trouble"], rel=1e-12, abs=1e-12
            )
            assert payoffs.agent_view.cost[i, a] == pytest.approx(total["cost"], rel=1e-12, abs=1e-12)
            for k, tier in enumerate(scenario.tiers):
                believed = oracle.payoff(scenario, cases, i, bundle, tier, middle)
                scale = 1e-12 * (1 + cases.future_value[i] + cases.item_price[i])
                assert payoffs.agent_view.payoff[k, i, a] == pytest.approx(float(believed), rel=1e-12, abs=scale)


def test_beliefs_agree_with_the_twin_for_every_failure_resolution_and_tier(oracle, payoffs):
    scenario, cases = payoffs.scenario, payoffs.cases
    middle = oracle.middle(scenario)
    seen = set()
    for f, failure in enumerate(cases.failures):
        rows = np.flatnonzero(cases.failure == f)
        # the first, the last (the end of a block that is not full), and one that may stay silent
        silent = rows[cases.surfaces[rows] < 1][-1:]
        for i in {rows[0], rows[-1], *silent}:
            for a, bundle in enumerate(oracle.resolutions(scenario, failure)):
                for k, tier in enumerate(scenario.tiers):
                    expected = float(oracle.payoff(scenario, cases, i, bundle, tier, middle))
                    scale = 1e-12 * (1 + cases.future_value[i] + cases.item_price[i])
                    assert payoffs.agent_view.payoff[k, i, a] == pytest.approx(expected, rel=1e-12, abs=scale)
                seen.add((bool(payoffs.menu.proactive[f, a]), bool(cases.surfaces[i] < 1)))
    assert {(False, True), (True, True)} <= seen


def test_beliefs_are_expectations_over_the_one_central_draw(payoffs):
    # cases in lanes under one draw against draws in lanes for one case: two kernels, one formula
    scenario, cases = payoffs.scenario, payoffs.cases
    middle = value_cases(scenario, cases, central(scenario))
    case, resolution = np.nonzero(np.arange(middle.choice_sets.adequate.shape[1]) < middle.choice_sets.counts[:, None])
    nobody, all_of_it = np.zeros(len(cases), dtype=np.bool_), np.ones(middle.style.shape[-1])
    scale = 1e-12 * (1 + cases.future_value + cases.item_price)[case]
    for k in range(len(scenario.tiers)):
        found = expect(
            middle, case, resolution, np.full(len(case), k), nobody, all_of_it, middle.style, middle.draw_arrays
        )
        found = found[..., 0].sum(axis=1)
        believed = payoffs.agent_view.payoff[k, case, resolution]
        assert (np.abs(found - believed) <= scale + 1e-12 * np.abs(believed)).all()
    # nothing is believed of what there is not
    there = np.zeros(middle.choice_sets.adequate.shape, dtype=np.bool_)
    there[case, resolution] = True
    assert not payoffs.agent_view.payoff[:, ~there].any()


def test_what_is_believed_of_a_case_does_not_depend_on_the_others(scenario, random_cases):
    cases = random_cases(scenario, np.random.default_rng(9), 3 * LANES + 5)
    together = value_cases(scenario, cases, central(scenario)).agent_view
    for rows in (np.arange(7), np.arange(LANES + 1, 2 * LANES), np.array([len(cases) - 1]), np.arange(0, 100, 9)):
        alone = value_cases(scenario, cases.take(rows), central(scenario)).agent_view
        np.testing.assert_array_equal(alone.payoff, together.payoff[:, rows])


def test_who_stays_silent_for_certain_costs_nothing_and_gets_nothing(scenario):
    # measures of every resolution of each failure at each tier, for a case nobody asks about
    for failure in scenario.failures:
        case = one_case(scenario, failure=failure, surfaces=0.0, severity=0.7, hours_open=50.0, prior_purchases=4.0)
        for suspected in (False, True):
            menu, found = all_measures(scenario, case, suspected)
            on_request = ~menu.proactive[case.failure[0], : menu.counts[case.failure[0]]]
            for k in range(len(scenario.tiers)):
                of_tier = dict(zip(MEASURES, np.moveaxis(found[k][on_request], 1, 0), strict=True))
                retained, kept = of_tier.pop("retained"), of_tier.pop("customers_kept")
                assert all((each == 0).all() for each in of_tier.values())
                np.testing.assert_allclose(retained, silence(scenario, case)[0], rtol=1e-12)
                np.testing.assert_allclose(kept, silence(scenario, case)[1], rtol=1e-12)


def test_those_who_may_stay_silent_lie_between(scenario):
    # every measure is a mean of those who ask and those who do not
    for failure in ("late_delivery", "poor_service"):
        ask, some, none = (
            all_measures(scenario, one_case(scenario, failure=failure, surfaces=share), True)[1]
            for share in (1.0, 0.3, 0.0)
        )
        np.testing.assert_allclose(some, 0.3 * ask + 0.7 * none, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("failure", ["late_delivery", "lost_parcel"])
def test_what_is_given_unasked_reaches_all(scenario, failure):
    ask = one_case(scenario, failure=failure, surfaces=1.0)
    menu, found = all_measures(scenario, ask)
    unasked = menu.proactive[ask.failure[0], : menu.counts[ask.failure[0]]]
    assert 5 <= unasked.sum() < len(unasked)
    for share in (0.0, 0.4):
        _, other = all_measures(scenario, one_case(scenario, failure=failure, surfaces=share))
        np.testing.assert_array_equal(other[:, unasked], found[:, unasked])
        assert (other[:, ~unasked] != found[:, ~unasked]).any(axis=(2, 3)).all()
    # and before the customer has waited for anything, as long as no contact is lost on the way
    _, later = all_measures(scenario, one_case(scenario, failure=failure, surfaces=0.4, hours_open=400.0))
    np.testing.assert_array_equal(later[0][unasked], found[0][unasked])
    # whoever has not asked has taken no agent's minutes
    minutes = found[0][:, MEASURES.index("minutes"), 0]
    notice, note = scenario.value("remedy.notice_minutes"), scenario.value("remedy.note_minutes")
    names = menu.names[ask.failure[0]]
    assert minutes[names.index("proactive_notice")] == pytest.approx(notice)
    assert minutes[names.index("proactive_notice + apology_note")] == pytest.approx(notice + note)
    assert minutes[names.index("apology_note")] == pytest.approx(scenario.value("agent.minutes") + note)


def test_cases_that_surface_do_not_notice_that_others_may_not(scenario, random_cases):
    cases = random_cases(scenario, np.random.default_rng(10), 150)
    surfacing = np.flatnonzero(cases.surfaces == 1)
    assert 20 < len(surfacing) < 130
    all_ask = cases.with_columns({"surfaces": np.ones(len(cases))})
    some, every = (value_cases(scenario, each, draw_assumptions(scenario, 2)) for each in (cases, all_ask))
    np.testing.assert_array_equal(some.agent_view.payoff[:, surfacing], every.agent_view.payoff[:, surfacing])
    # nor does what agents see of a case, other than the payoff, depend on whether its customer comes
    for name in ("counts", "uses"):
        np.testing.assert_array_equal(getattr(some.choice_sets, name), getattr(every.choice_sets, name))
    for name in ("worth", "cost"):
        np.testing.assert_array_equal(getattr(some.agent_view, name), getattr(every.agent_view, name))
    # but for what can only be given before anybody asks
    proactive = some.menu.proactive[cases.failure]
    np.testing.assert_array_equal(some.choice_sets.adequate & ~proactive, every.choice_sets.adequate & ~proactive)
    assert (some.choice_sets.adequate & proactive).any()
    assert not (every.choice_sets.adequate & proactive).any()
    # a log that says nothing of it is one of customers who came
    left_out, given = (all_measures(scenario, one_case(scenario, **each))[1] for each in ({}, {"surfaces": 1.0}))
    np.testing.assert_array_equal(left_out, given)


def test_minutes_and_labour_by_hand(scenario):
    menu, found = all_measures(scenario, one_case(scenario, failure="late_delivery"))
    at = menu.names[0].index("managers_call + gift_card_10")
    labour, minutes, second = (found[:, at, MEASURES.index(n), 0] for n in ("labour", "minutes", "supervisor_minutes"))
    agent, lead, manager = (scenario.value(f"{tier}.minutes") for tier in ("agent", "lead", "manager"))
    wages = [scenario.value(f"{tier}.cost_per_minute") for tier in scenario.tiers]
    stay = [1 - scenario.value(f"{tier}.lost_contact_share") for tier in scenario.tiers]
    # those of the agent; those of the tier and six of a supervisor for the call, if the customer is still there for it
    above = [6, (lead + 6) * stay[1], (manager + 6) * stay[2]]
    np.testing.assert_allclose(minutes, agent + np.array(above), rtol=1e-12)
    np.testing.assert_allclose(second, above, rtol=1e-12)
    expected = [agent * wages[0] + 6 * wages[1]]
    expected.append(agent * wages[0] + (lead + 6) * stay[1] * wages[1])
    expected.append(agent * wages[0] + stay[2] * (manager * wages[2] + 6 * wages[1]))
    np.testing.assert_allclose(labour, expected, rtol=1e-12)
    np.testing.assert_allclose(found[:, at, MEASURES.index("escalated"), 0], [0, 1, 1], rtol=1e-12)


def test_a_failure_that_no_case_of_can_be_made_good_is_refused(scenario):
    unmet = scenario.with_values({f"poor_service.{name}": 1.0 for name in ("entitlement", "loss_share")})
    dear = {"failure": "poor_service", "item_price": 500.0, "future_value": 10.0}
    cheap, other = dear | {"item_price": 20.0}, dear | {"failure": "lost_parcel"}
    with pytest.raises(InputError) as caught:
        value_cases(unmet, read_cases(pd.DataFrame([dear, dear, other]), unmet), central(unmet))
    message = str(caught.value)
    assert "failure 'poor_service' has no adequate resolution: none of its 45 resolutions is worth 100%" in message
    assert "as poor_service.entitlement asks (scenario online_retail)" in message
    assert "\n" not in message
    # one case that can be made good is enough, and a failure that did not happen is nobody's fault
    for rows, adequate in (([dear, cheap], [False, True]), ([other], [True])):
        payoffs = value_cases(unmet, read_cases(pd.DataFrame(rows), unmet), central(unmet))
        assert payoffs.choice_sets.adequate.any(axis=1).tolist() == adequate
    # half of 500 and nine tenths of a credit of a tenth of it is .59 of the price
    for entitlement, is_met in ((0.58, True), (0.6, False)):
        half = unmet.with_values({"poor_service.entitlement": entitlement})
        cases = read_cases(pd.DataFrame([dear]), half)
        if is_met:
            assert value_cases(half, cases, central(half)).choice_sets.adequate.any()
        else:
            with pytest.raises(InputError, match=r"worth 60% of the loss, as poor_service\.entitlement asks"):
                value_cases(half, cases, central(half))


def test_uses_and_adequacy_by_hand(scenario):
    payoffs = value_cases(scenario, one_case(scenario, item_price=49.99), draw_assumptions(scenario, 2))
    names = payoffs.menu.names[payoffs.cases.failure[0]]
    uses = {name: dict(zip(LIMITS, payoffs.choice_sets.uses[0, a], strict=True)) for a, name in enumerate(names)}
    assert uses["nothing"] == dict.fromkeys(LIMITS, -1) | {"total_cost": 0}
    kept = uses["full_refund + keep_item + apology_note + store_credit_10"]
    # a refund of 49.99, all of which is owed; a note of .70 and .75 of the credit of 10, which go beyond it
    assert kept == {
        "refund": 4999, "credit": 1000, "keep_item": 4999, "replacement": -1, "goodwill": 1070, "total_cost": 5819
    }  # fmt: skip
    sent = uses["replacement + send_back"]
    # goods .5 * 49.99, postage 6, label 6, inspection 4, restocking .05 * 49.99, less salvage .45 * .5 * 49.99
    assert sent == {
        "refund": -1, "credit": -1, "keep_item": -1, "replacement": 4999, "goodwill": -1, "total_cost": 3225
    }  # fmt: skip
    adequate = dict(zip(names, payoffs.choice_sets.adequate[0], strict=False))
    assert not adequate["nothing"]
    assert not adequate["apology_note + store_credit_25"]
    assert adequate["full_refund + send_back"]


def test_a_use_below_nothing_counts_as_nothing(scenario):
    # sold again at a profit: the return earns more than it costs
    case = one_case(scenario, salvage_value=400.0)
    payoffs = value_cases(scenario, case, draw_assumptions(scenario, 2))
    a = payoffs.menu.names[case.failure[0]].index("full_refund + send_back")
    assert payoffs.agent_view.cost[0, a] < 0
    assert payoffs.choice_sets.uses[0, a, LIMITS.index("total_cost")] == 0


def test_the_dearest_item_there_may_be(scenario):
    with pytest.raises(InputError, match=r"at most 10\^13"):
        one_case(scenario, failure="lost_parcel", item_price=1e30)
    case = one_case(scenario, failure="lost_parcel", item_price=1e13)
    payoffs = value_cases(scenario, case, draw_assumptions(scenario, 1))
    a = payoffs.menu.names[case.failure[0]].index("full_refund")
    assert payoffs.choice_sets.uses[0, a, LIMITS.index("refund")] == 10**15


def test_half_a_cent_is_not_a_breach(scenario):
    entitled = scenario.with_values({"lost_parcel.entitlement": 0.5})
    names = None
    for price, expected in ((10.0, True), (9.99, True)):
        case = one_case(entitled, failure="lost_parcel", item_price=price)
        payoffs = value_cases(entitled, case, draw_assumptions(entitled, 1))
        names = payoffs.menu.names[case.failure[0]]
        assert payoffs.choice_sets.adequate[0, names.index("partial_refund_50")] == expected
    # .504 of 10 is 5.04, 4 cents more than half
    entitled = scenario.with_values({"lost_parcel.entitlement": 0.504})
    case = one_case(entitled, failure="lost_parcel", item_price=10.0)
    payoffs = value_cases(entitled, case, draw_assumptions(scenario))
    assert not payoffs.choice_sets.adequate[0, names.index("partial_refund_50")]


@pytest.mark.parametrize("count", [1, 7, LANES - 1, LANES, LANES + 1, 2 * LANES + 3])
def test_draws_do_not_depend_on_how_many_are_valued_together(scenario, shipped_payoffs, count):
    policy = load_policy("current", scenario)
    cases = shipped_payoffs.cases.take(slice(0, 60))
    draws = draw_assumptions(scenario, 2 * LANES + 3, seed=5)
    all_of_them = evaluate(policy, value_cases(scenario, cases, draws)).sums
    fewer = Draws(draws.names, draws.values[:count])  # noqa: PD011 (no DataFrame)
    some = evaluate(policy, value_cases(scenario, cases, fewer)).sums
    assert some.shape[-1] == count
    np.testing.assert_array_equal(some, all_of_them[..., :count])


def test_rows_do_not_depend_on_each_other(shipped_payoffs):
    rng = np.random.default_rng(4)
    case, resolution, tier = random_rows(shipped_payoffs, rng, 200)
    order = np.lexsort((tier, case))

    suspicion = random_suspicion(shipped_payoffs, rng)

    def found(rows):
        shares, numbers = shipped_payoffs.style, shipped_payoffs.draw_arrays
        return expect(shipped_payoffs, case[rows], resolution[rows], tier[rows], *suspicion, shares, numbers)

    np.testing.assert_array_equal(found(order), found(np.arange(200))[order])


def test_equal_resolutions_are_worth_exactly_the_same(shipped_payoffs):
    # ties are broken by order; rounding must not break them first
    menu, worth, cases = shipped_payoffs.menu, shipped_payoffs.agent_view.worth, shipped_payoffs.cases
    names = menu.names[cases.failures.index("wrong_item")]
    rows = cases.failure == cases.failures.index("wrong_item")
    for goodwill in ("", " + apology_note + store_credit_10", " + managers_call + gift_card_10"):
        a, b = (names.index(f"{goods} + send_back{goodwill}") for goods in ("full_refund", "replacement"))
        np.testing.assert_array_equal(worth[rows, a], worth[rows, b])


def test_own_exponential():
    x = np.concatenate([np.linspace(-700, 700, 20_001), np.linspace(-2, 2, 20_001), [0.0, -0.0, 1e-300, 5e-17]])
    found = np.array([_exp(float(each)) for each in x])
    assert np.abs(found / np.exp(x) - 1).max() <= 1e-15
    assert _exp(0.0) == 1.0
    assert _exp(-1e6) == _exp(-700.0)
    assert _exp(1e6) == _exp(700.0)


def test_own_logarithm():
    x = np.concatenate(
        [np.geomspace(1e-300, 1e300, 20_001), np.geomspace(0.25, 4, 20_001), [1.0, np.sqrt(2), 2.0, 0.5]]
    )
    found = np.array([_log(float(each)) for each in x])
    # absolute near 1, where the result is near 0; elsewhere what a float64 can hold
    assert (np.abs(found - np.log(x)) <= 1e-15 + 4e-16 * np.abs(np.log(x))).all()
    assert _log(1.0) == 0.0
    # over the waiting times that it is meant for: up to ten years
    hours = np.concatenate([np.linspace(0, 1000, 10_001), np.geomspace(1, 87_600, 1001)])
    waited = (1 + hours / 24) / 2
    np.testing.assert_allclose([_log(float(each)) for each in waited], np.log(waited), rtol=2e-16, atol=1e-15)


@pytest.mark.parametrize(
    "name",
    ["shop.unit_cost_share", "shop.salvage_share", "shop.label_cost", "shop.outbound_cost", "shop.inspection_cost"],
)
def test_nothing_is_a_possible_cost(scenario, name):
    # nothing is salvaged, postage is free ...: the columns are 0 in the middle and still move with the draws
    free = scenario.with_values({name: 0.0})
    payoffs = value_cases(free, one_case(free), draw_assumptions(free, 5))
    assert np.isfinite(payoffs.agent_view.payoff[0, 0, : payoffs.choice_sets.counts[0]]).all()
    outcome = evaluate(load_policy("current", scenario), payoffs)
    assert np.isfinite(outcome.per_case()).all()


@pytest.mark.parametrize(
    "values",
    [
        {"wrong_item.loss_share": 0.0},
        {"claiming.temptation": 0.0},
        {"wrong_item.churn_without_remedy": 0.0},
        {"wrong_item.churn_without_remedy": 1.0},
    ],
)
def test_the_edge_of_a_range_is_refused_or_valued(scenario, values):
    # either is fine; a silent "not a number" among what agents believe is not
    try:
        edge = scenario.with_values(values)
    except ValueError:
        return
    payoffs = value_cases(edge, one_case(edge), draw_assumptions(edge, 5))
    assert np.isfinite(payoffs.agent_view.payoff[0, 0, : payoffs.choice_sets.counts[0]]).all()


def test_kept_cases_follow_another_scenario(scenario):
    # what a case left out comes from the scenario it is valued in, not from the one it was drawn in
    dear = scenario.with_values({"shop.unit_cost_share": 0.65})
    cases = one_case(scenario)
    kept, fresh = (value_cases(dear, each, central(dear)) for each in (cases, one_case(dear)))
    np.testing.assert_allclose(kept.agent_view.cost, fresh.agent_view.cost)
    assert (kept.agent_view.cost > value_cases(scenario, cases, central(scenario)).agent_view.cost).any()
