import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError, shipped
from policy_sim.clv import read_transactions
from policy_sim.policy import load_policy
from policy_sim.service import read_cases
from policy_sim.study import Sample, prepare
from policy_sim.study.prepare import draw_setting
from policy_sim.value import evaluate


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("online_retail")


@pytest.fixture(scope="module")
def setting(scenario):
    return prepare(scenario, sample=Sample(cases=200, draws=8, seed=3))


@pytest.fixture(scope="module")
def log():
    return read_transactions(shipped("data") / "cdnow" / "transactions.csv", currency="USD")


def test_what_it_holds(scenario, setting):
    assert setting.scenario is scenario
    assert setting.payoffs.scenario is scenario
    assert len(setting.payoffs.cases) == 200
    assert len(setting.payoffs.draws) == 8
    assert len(setting.customers.future_values.labels) == 2357
    assert setting.customers.future_values.margin_share == scenario.value("shop.margin_share")
    assert setting.customers.future_values.discount_rate_per_year == scenario.value("shop.discount_rate_per_year")
    assert setting.payoffs.cases.new_customer_value == setting.customers.future_values.new_customer_value


def test_same_seed_same_outcome(scenario, setting):
    again = prepare(scenario, sample=Sample(cases=200, draws=8, seed=3))
    other = prepare(scenario, sample=Sample(cases=200, draws=8, seed=4))
    pd.testing.assert_frame_equal(again.payoffs.cases.to_frame(), setting.payoffs.cases.to_frame())
    np.testing.assert_array_equal(again.payoffs.draws.values, setting.payoffs.draws.values)
    np.testing.assert_array_equal(again.payoffs.agent_view.payoff, setting.payoffs.agent_view.payoff)
    policy = load_policy("current", scenario)
    first, second, third = (evaluate(policy, prepared.payoffs) for prepared in (setting, again, other))
    np.testing.assert_array_equal(first.sums, second.sums)
    assert (first.per_case() != third.per_case()).all()


def test_more_draws_do_not_change_the_cases(scenario, setting):
    more = prepare(scenario, sample=Sample(cases=200, draws=9, seed=3))
    pd.testing.assert_frame_equal(more.payoffs.cases.to_frame(), setting.payoffs.cases.to_frame())


def test_the_shipped_log_is_the_default(scenario, setting, log):
    same = prepare(scenario, log, Sample(cases=200, draws=8, seed=3))
    pd.testing.assert_frame_equal(same.payoffs.cases.to_frame(), setting.payoffs.cases.to_frame())


def test_first_orders_are_as_many_as_in_the_log_or_as_is_said(scenario, setting, log):
    assert (setting.payoffs.cases.prior_purchases == 1).mean() == pytest.approx(0.352, abs=0.01)
    assert setting.to_dict()["cases_drawn_from"]["first_order_share"] == pytest.approx(0.352)
    few = scenario.with_values({"cases.first_order_share": 0.1})
    words = (
        "a closed cohort.* 10% of the cases are, by cases.first_order_share, as against 35% of all orders of the log"
    )
    with pytest.warns(UserWarning, match=words):
        other = draw_setting(few, setting.customers, Sample(cases=200, draws=2, seed=3))
    assert (other.payoffs.cases.prior_purchases == 1).mean() == pytest.approx(0.1, abs=0.01)


def test_each_case_moves_with_the_error_of_its_own_customer(setting):
    ratios, cases = setting.payoffs.value_ratios, setting.payoffs.cases
    assert ratios.shape == (len(setting.orders.place), 8)
    # right after their first order all are alike, and so are the errors of what they are worth
    first = np.unique(cases.customer[cases.prior_purchases == 1])
    np.testing.assert_allclose(ratios[first], ratios[first[:1]] * np.ones((len(first), 1)))
    assert (np.std(ratios, axis=1) > 0.005).all()


STEPS = ["Reading transactions", "Fitting customer models", "Drawing cases", "Valuing every resolution of every case"]


def test_progress_is_reported_step_by_step(scenario, log):
    reports = []
    prepare(scenario, sample=Sample(cases=20, draws=2), on_progress=lambda *report: reports.append(report))
    assert reports == [*((words, done, 4) for done, words in enumerate(STEPS)), (STEPS[-1], 4, 4)]
    reports.clear()
    prepare(scenario, log, Sample(cases=20, draws=2), on_progress=lambda *report: reports.append(report))
    assert reports == [*((words, done, 3) for done, words in enumerate(STEPS[1:])), (STEPS[-1], 3, 3)]


def test_customers_that_are_fitted_already_are_not_fitted_again(scenario, setting):
    reports = []
    again = draw_setting(
        scenario, setting.customers, Sample(cases=200, draws=8, seed=3), lambda *report: reports.append(report)
    )
    assert again.customers is setting.customers
    assert [words for words, _, _ in reports[:-1]] == STEPS[2:]
    pd.testing.assert_frame_equal(again.payoffs.cases.to_frame(), setting.payoffs.cases.to_frame())
    policy = load_policy("current", scenario)
    np.testing.assert_array_equal(evaluate(policy, again.payoffs).sums, evaluate(policy, setting.payoffs).sums)


def test_real_cases_need_no_customers(scenario):
    table = pd.DataFrame({"failure": ["wrong_item", "lost_parcel"], "item_price": [20, 50], "future_value": [100, 40]})
    cases = read_cases(table, scenario)
    reports = []
    setting = prepare(scenario, cases, Sample(draws=5), on_progress=lambda *report: reports.append(report))
    assert setting.customers is None
    assert setting.payoffs.cases is cases
    assert reports == [(STEPS[-1], 0, 1), (STEPS[-1], 1, 1)]
    assert np.isfinite(evaluate(load_policy("current", scenario), setting.payoffs).per_case()).all()


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ({"cases": 0}, r"number of cases is 0; it must be 1 or more \(--cases\)"),
        ({"draws": 0}, r"number of draws is 0; it must be 1 or more \(--draws\)"),
        ({"seed": -1}, r"seed is -1; it must be 0 or more \(--seed\)"),
    ],
)
def test_a_sample_with_a_number_too_small(number, message):
    with pytest.raises(InputError, match=message):
        Sample(**number)


def test_a_log_in_another_currency_is_refused(scenario):
    # 100 EUR of future value are not 100 USD: limits and costs are in the scenario's currency
    euros = read_transactions(shipped("data") / "cdnow" / "transactions.csv", currency="EUR")
    with pytest.raises(InputError, match=r"EUR.*USD|USD.*EUR"):
        prepare(scenario, euros, Sample(cases=10, draws=2))
