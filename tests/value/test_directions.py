"""Directions that any head of service expects: what becomes of a policy, and of what a limit is worth, as numbers rise.

Where theory says so they hold for any policy: what makes everything dearer lowers the best as well as each. All on the
same cases and draws; where a number says who the cases are, on cases drawn anew from the same random numbers.
"""

import numpy as np
import pytest

from policy_sim import Lever, best_limits, evaluate, load_policy, threshold_curve
from policy_sim.assumptions import central
from policy_sim.policy import NO_LIMIT
from policy_sim.study import Sample, fit_customers, read_default_log
from policy_sim.study.prepare import cases_of
from policy_sim.value import value_cases

SAMPLE = Sample(cases=800)
#: Many more cases than supervisors can answer.
BUSY = {"shop.cases_per_year": 150_000, "queue.staff": 2}
FAILURES = ("late_delivery", "wrong_item", "defective_item", "lost_parcel", "broken_part", "poor_service")


@pytest.fixture(scope="module")
def current(scenario):
    return load_policy("current", scenario)


@pytest.fixture(scope="module")
def customers(scenario):
    return fit_customers(read_default_log(scenario), scenario)


@pytest.fixture(scope="module")
def valued(scenario, customers):
    """Value the cases under a scenario with other numbers; `drawn` where they say who the cases are."""
    usual = cases_of(scenario, customers, SAMPLE)[1]
    known = {}

    def value(changes, is_drawn=False):
        key = (tuple(sorted(changes.items())), is_drawn)
        if key not in known:
            changed = scenario.with_values(changes)
            cases = cases_of(changed, customers, SAMPLE)[1] if is_drawn else usual
            known[key] = value_cases(changed, cases, central(changed))
        return known[key]

    return value


def rises(valued, policy, low, high, outcome, is_drawn=False):
    """Return by how much an outcome of a policy rises from some numbers to others."""
    before, after = (evaluate(policy, valued(numbers, is_drawn)).per_case(outcome)[0] for numbers in (low, high))
    return float(after - before)


def one(name, low, high):
    return {name: low}, {name: high}


def of_all(name, low, high):
    return {f"{failure}.{name}": low for failure in FAILURES}, {f"{failure}.{name}": high for failure in FAILURES}


def busy(name, low, high):
    return BUSY | {name: low}, BUSY | {name: high}


#: What rises, from which numbers to which, the outcome, whether it rises or falls.
DIRECTIONS = [
    (*one("agent.cost_per_minute", 0.5, 1.0), "labour", +1),
    (*one("agent.cost_per_minute", 0.5, 1.0), "net_value", -1),
    (*one("lead.cost_per_minute", 0.7, 1.4), "labour", +1),
    (*one("lead.cost_per_minute", 0.7, 1.4), "net_value", -1),
    (*one("manager.cost_per_minute", 1.0, 2.0), "labour", +1),
    (*one("agent.minutes", 6, 12), "minutes", +1),
    (*one("lead.minutes", 4, 10), "supervisor_minutes", +1),
    (*one("manager.minutes", 6, 16), "supervisor_minutes", +1),
    (*one("lead.wait_hours", 3, 30), "customers_kept", -1),
    (*one("lead.live_wait_hours", 0.1, 1), "customers_kept", -1),
    (*one("manager.wait_hours", 10, 90), "customers_kept", -1),
    (*one("lead.lost_contact_share", 0.01, 0.08), "customers_kept", -1),
    (*one("manager.lost_contact_share", 0.02, 0.15), "customers_kept", -1),
    (*one("shop.salvage_share", 0.2, 0.7), "net_value", +1),
    (*one("shop.label_cost", 6, 14), "net_value", -1),
    (*one("shop.outbound_cost", 4, 10), "net_value", -1),
    (*one("shop.inspection_cost", 2, 9), "net_value", -1),
    (*one("shop.restocking_share", 0.01, 0.14), "net_value", -1),
    (*one("shop.future_value_factor", 0.8, 1.3), "retained", +1),
    (*one("shop.future_value_factor", 0.8, 1.3), "net_value", +1),
    (*one("claiming.publicity", 0.1, 0.6), "learned_claiming", +1),
    (*one("claiming.publicity", 0.1, 0.6), "net_value", -1),
    (*one("claiming.temptation", 20, 100), "learned_claiming", -1),
    (*one("claiming.refused_share", 0.3, 0.9), "learned_claiming", -1),
    (*one("claiming.visible_share", 0.2, 0.8), "learned_claiming", -1),
    (*one("poor_service.entitlement", 0, 1), "remedy_cost", +1),
    (*one("late_delivery.entitlement", 0, 1), "remedy_cost", +1),
    (*one("agent.generous_share", 0.1, 0.5), "remedy_cost", +1),
    (*one("agent.thrifty_share", 0.0, 0.25), "remedy_cost", -1),
    (*one("lead.generous_share", 0.05, 0.35), "remedy_cost", +1),
    (*one("manager.generous_share", 0.0, 0.25), "remedy_cost", +1),
    (*busy("queue.staff", 4, 2), "customers_kept", -1),
    (*busy("queue.hours_per_year", 2000, 800), "customers_kept", -1),
    ({"shop.cases_per_year": 20_000}, BUSY, "customers_kept", -1),
    (*of_all("churn_without_remedy", 0.3, 0.4), "customers_kept", -1),
    (*of_all("spend_drop", 0.01, 0.08), "retained", -1),
    (*one("response.base_effort", 0.2, 0.6), "customers_kept", -1),
    (*one("response.paradox", 0.0, 0.1), "retained", +1),
    (*one("response.deterred_per_lost", 0.0, 0.3), "net_value", -1),
    (*one("response.gained_per_delighted", 0.0, 0.08), "net_value", +1),
    (*one("response.mismatch_share", 0.05, 0.35), "customers_kept", -1),
    (*one("response.suspected_weight", 0.0, 0.8), "customers_kept", -1),
    (*one("response.repeat_weight", 0.1, 0.8), "customers_kept", -1),
    (*one("response.double_deviation_weight", 0.1, 0.8), "customers_kept", -1),
    (*one("response.first_order_weight", 0.0, 0.5), "customers_kept", -1),
    (*one("remedy.refund_hours", 48, 240), "customers_kept", -1),
    (*one("remedy.return_hours", 72, 240), "customers_kept", -1),
    (*one("remedy.credit_cost_share", 0.6, 0.95), "net_value", -1),
]

#: The same of numbers that say who the cases are.
OF_CASES = [
    (*one("cases.insists_share", 0.2, 0.8), "escalated", +1),
    (*one("cases.firmness_mean", 0.4, 0.9), "escalated", +1),
    (*of_all("asks_money_share", 0.05, 0.35), "escalated", +1),
    (*of_all("asks_more_share", 0.0, 0.1), "remedy_cost", +1),
    (*of_all("out_of_stock_share", 0.0, 0.25), "escalated", +1),
    (*one("cases.part_gone_share", 0.0, 0.3), "remedy_cost", +1),
    (*one("cases.suspicious_share", 0.01, 0.1), "escalated", +1),
    (*one("cases.live_share", 0.2, 0.9), "customers_kept", +1),
    (*one("cases.severity_mean", 0.4, 0.6), "customers_kept", -1),
]

#: What rises, the agents' limit that is looked at, whether "no limit" gains more or less against "ask".
OF_LIMITS = [
    (*one("lead.wait_hours", 3, 30), "refund", +1),
    (*one("lead.lost_contact_share", 0.01, 0.08), "refund", +1),
    (*one("lead.cost_per_minute", 0.7, 1.4), "refund", +1),
    (*one("lead.minutes", 4, 10), "refund", +1),
    (*one("shop.label_cost", 6, 14), "keep_item", +1),
    (*one("shop.inspection_cost", 2, 9), "keep_item", +1),
    (*one("shop.restocking_share", 0.01, 0.14), "keep_item", +1),
    (*one("remedy.return_hours", 72, 240), "keep_item", +1),
    (*one("agent.generous_share", 0.1, 0.5), "goodwill", -1),
]


def name_of(low, high, words, sign):
    return f"{words} {'rises' if sign > 0 else 'falls'} with {next(iter(high))}"


@pytest.mark.parametrize(("low", "high", "outcome", "sign"), DIRECTIONS, ids=[name_of(*row) for row in DIRECTIONS])
def test_direction_of_a_policy(valued, current, low, high, outcome, sign):
    assert sign * rises(valued, current, low, high, outcome) > 0


@pytest.mark.parametrize(("low", "high", "outcome", "sign"), OF_CASES, ids=[name_of(*row) for row in OF_CASES])
def test_direction_where_other_cases_come(valued, current, low, high, outcome, sign):
    assert sign * rises(valued, current, low, high, outcome, is_drawn=True) > 0


@pytest.mark.parametrize(("low", "high", "limit", "sign"), OF_LIMITS, ids=[name_of(*row) for row in OF_LIMITS])
def test_direction_of_what_a_limit_is_worth(valued, current, low, high, limit, sign):
    gains = []
    for numbers in (low, high):
        curve = threshold_curve(evaluate(current, valued(numbers)), Lever("agent", limit))
        gains.append(float((curve.at(NO_LIMIT) - curve.per_case()[0])[0]))
    assert sign * (gains[1] - gains[0]) > 0


@pytest.mark.parametrize("name", ["shop.label_cost", "agent.cost_per_minute"])
def test_what_makes_every_policy_dearer_lowers_the_best_one(valued, current, name):
    # where everybody is guided, the best of many cannot rise where none does: held on the best limits that are found
    guided = {f"{tier}.{style}_share": 0.0 for tier in current.tier_names for style in ("generous", "thrifty")}
    value = valued({}).scenario.value(name)
    some = np.arange(200)
    cheap, dear = (valued(guided | {name: factor * value}).take(some) for factor in (0.8, 1.2))
    best = best_limits(current, dear).policy
    assert evaluate(best, cheap).per_case()[0] >= evaluate(best, dear).per_case()[0]


def test_who_may_do_more_asks_less(valued, current):
    payoffs = valued({})
    curve = threshold_curve(evaluate(current, payoffs), Lever("agent", "goodwill"))
    assert (np.diff(curve.per_case("escalated")[:, 0]) <= 1e-12).all()


def test_shipped_policies_stand_in_the_order_in_which_they_ask(valued, scenario):
    payoffs = valued({})
    asked = [
        evaluate(load_policy(name, scenario), payoffs).per_case("escalated")[0]
        for name in ("ask_first", "current", "generous")
    ]
    assert asked == sorted(asked, reverse=True)
