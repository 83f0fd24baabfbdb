"""Journeys: they agree with the static evaluation and with BG/NBD where assumptions coincide, and add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policy_sim.assumptions import central, load_scenario
from policy_sim.border import InputError
from policy_sim.policy import load_policy
from policy_sim.study import Sample, Setting, prepare
from policy_sim.study.journey import TRAJECTORIES, compare_journeys, follow_customers, monthly_sums
from policy_sim.study.journey_kernels import ANSWERS, SUMS, Buyers, follow
from policy_sim.value import evaluate


@pytest.fixture(scope="module")
def setting() -> Setting:
    return prepare(load_scenario("online_retail"), sample=Sample(cases=300, draws=6))


@pytest.fixture(scope="module")
def policies(setting: Setting):
    return [load_policy(name, setting.scenario) for name in ("current", "generous")]


def test_one_failure_each_and_none_after_is_the_static_evaluation() -> None:
    """No second failures, no talk, no newcomers, all claiming learned: then both tell of the same."""
    still = {
        "cases.failures_per_order": 0,
        "response.deterred_per_lost": 0,
        "response.gained_per_delighted": 0,
        # ten years are as good as for ever
        "shop.discount_rate_per_year": 0.7,
    }
    scenario = load_scenario("online_retail").with_values(still)
    setting = prepare(scenario, sample=Sample(cases=400, draws=1))
    setting = replace(setting, payoffs=setting.payoffs.under(central(scenario)))
    policies = [load_policy(name, scenario) for name in ("ask_first", "generous")]
    count = 400 * 1000
    journeys = follow_customers(
        setting, policies, 120, count, newcomers_per_month=0, learning_months=0, failure_at_start=True
    )
    for policy, journey in zip(policies, journeys, strict=True):
        static = evaluate(policy, setting.payoffs)
        for name in ("remedy_cost", "labour", "learned_claiming", "supervisor_minutes"):
            each_month = journey.monthly[name][0] / count
            assert each_month[0] == pytest.approx(static.per_case(name)[0], rel=1e-9)
            assert np.abs(each_month[1:]).max() == 0
        # of those who would have stayed without a failure
        chance_kept = static.per_case("customers_kept")[0] / (1 - scenario.value("response.churn_without_failure"))
        assert journey.monthly["lost"][0].sum() / count == pytest.approx(
            1 - chance_kept, abs=4 * np.sqrt(chance_kept / 4 / count)
        )
        assert journey.present_value("margin")[0] / count == pytest.approx(static.per_case("retained")[0], rel=0.01)
    difference = (journeys[1].present_value() - journeys[0].present_value())[0] / count
    outcomes = [evaluate(policy, setting.payoffs).per_case()[0] for policy in policies]
    # of two sums, each of which is known to 1 % of what is retained
    assert difference == pytest.approx(outcomes[1] - outcomes[0], abs=0.005 * static.per_case("retained")[0])


def test_without_failures_customers_buy_as_bg_nbd_says(setting: Setting) -> None:
    fit = setting.customers.purchases
    rng = np.random.default_rng(0)
    count = 400_000
    nobody = np.full(count, -1)
    buyers = Buyers(
        rng.gamma(fit.r, 1 / fit.alpha_weeks, count) * 52 / 12,
        rng.beta(fit.a, fit.b, count),
        np.ones(count),
        np.zeros(count, dtype=np.int64),
        nobody,
    )
    sums = monthly_sums(buyers, 0.0, np.ones((2, 4, 1, len(ANSWERS))), np.ones(24), 3)
    purchases = sums[:, SUMS.index("purchases")].cumsum() / count
    for months in (1, 6, 24):
        expected = float(fit.expected_purchases(months * 52 / 12, 0.0, 0.0, 0.0))
        assert purchases[months - 1] == pytest.approx(expected, rel=0.02)
    assert np.array_equal(sums[:, SUMS.index("margin")], sums[:, SUMS.index("purchases")])


def plain(buyers: Buyers, failing, answers, share, seed, out) -> None:
    """The kernel's loop as anybody would write it, with its random numbers."""
    mask = (1 << 64) - 1
    golden, one, two = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB

    def mix(z: int) -> int:
        z = ((z ^ (z >> 30)) * one) & mask
        z = ((z ^ (z >> 27)) * two) & mask
        return z ^ (z >> 31)

    columns = {name: k for k, name in enumerate(SUMS)}
    for i in range(len(buyers.rate)):
        state = mix((seed * two + (i + 1) * golden) & mask)
        time, margin, prior, case, month = 0.0, buyers.margin[i], int(buyers.prior[i]), int(buyers.case[i]), 0
        while True:
            if case >= 0:
                luck = mix(state ^ one)
                which = 0 if (luck >> 32) / 2**32 < share[month] else 1
                said = dict(zip(ANSWERS, answers[which, min(prior, 3), case], strict=True))
                out[month, columns["failures"]] += 1
                out[month, columns["second_failures"]] += prior > 0
                for name in ANSWERS[2:]:
                    out[month, columns[name]] += said[name]
                if (luck & 0xFFFFFFFF) / 2**32 >= said["chance_kept"]:
                    out[month, columns["lost"]] += 1
                    break
                margin, prior = margin * said["spend_multiplier"], prior + 1
            state = (state + golden) & mask
            bits = mix(state)
            time += -np.log(((bits >> 11) + 0.5) / 2**53) / buyers.rate[i]
            if time >= len(out):
                break
            month = int(time)
            out[month, columns["purchases"]] += 1
            out[month, columns["margin"]] += margin
            bits = mix(bits ^ two)
            if (bits & 0xFFFFFFFF) / 2**32 < buyers.leaving[i]:
                out[month, columns["left"]] += 1
                break
            chance = (bits >> 32) / 2**32
            case = int(chance / failing * answers.shape[2]) if chance < failing else -1


def test_the_kernel_is_the_plain_loop() -> None:
    rng = np.random.default_rng(1)
    count, months = 300, 18
    buyers = Buyers(
        rng.gamma(1, 0.5, count),
        rng.beta(1, 9, count),
        rng.gamma(2, 5, count),
        rng.integers(0, 6, count),
        rng.integers(-1, 5, count),
    )
    answers = rng.random((2, 4, 5, len(ANSWERS)))
    answers[..., 0] = 0.5 + 0.5 * answers[..., 0]
    share = rng.random(months)
    own, other = np.zeros((2, months, len(SUMS)))
    follow(buyers, 0.3, answers, share, 7, 0, count, own)
    plain(buyers, 0.3, answers, share, 7, other)
    assert own[:, SUMS.index("lost")].sum() > 20
    assert np.allclose(own, other, rtol=1e-12)


def test_customers_add_up_and_a_seed_gives_them_again(setting: Setting, policies) -> None:
    journeys = follow_customers(setting, policies, 24, 3_000, seed=5)
    again = follow_customers(setting, policies[1:], 24, 3_000, seed=5)[0]
    for journey in journeys:
        values = journey.monthly
        assert set(values) == set(TRAJECTORIES)
        gone = np.cumsum(values["lost"] + values["left"], axis=1)
        assert np.allclose(values["customers"], 3_000 + np.cumsum(values["newcomers"], axis=1) - gone)
        assert (values["second_failures"] <= values["failures"] + 1e-9).all()
        assert values["customers"].shape == (6, 24)
    assert all(np.array_equal(journeys[1].monthly[name], again.monthly[name]) for name in TRAJECTORIES)
    assert not np.array_equal(journeys[0].monthly["lost"], journeys[1].monthly["lost"])


def test_the_same_policy_is_ahead_of_itself_by_nothing(setting: Setting, policies) -> None:
    one, two = follow_customers(setting, [policies[0]] * 2, 12, 2_000)
    table = compare_journeys(one, two)
    assert (table[["mean", "low", "high"]] == 0).all(axis=None)
    assert len(table) == 12 * len(TRAJECTORIES)
    frame = one.to_frame()
    assert (frame["low"] <= frame["high"]).all()
    with pytest.raises(InputError, match="follow both in one call"):
        compare_journeys(one, follow_customers(setting, policies[:1], 6, 2_000)[0])


def test_claiming_is_learned_with_time(setting: Setting, policies) -> None:
    slow, known = (follow_customers(setting, policies[1:], 24, 2_000, learning_months=months)[0] for months in (12, 0))
    ratio = slow.monthly["learned_claiming"] / known.monthly["learned_claiming"]
    assert np.allclose(ratio, 1 - np.exp(-np.arange(1, 25) / 12))


def test_talk_brings_newcomers_or_keeps_them_away(setting: Setting, policies) -> None:
    def newcomers(**values) -> float:
        scenario = setting.scenario.with_values({f"response.{name}": value for name, value in values.items()})
        payoffs = prepare(scenario, sample=Sample(cases=300, draws=1)).payoffs.under(central(scenario))
        talking = replace(setting, scenario=scenario, payoffs=payoffs)
        return float(follow_customers(talking, policies[:1], 12, 2_000)[0].monthly["newcomers"].sum())

    silent = newcomers(deterred_per_lost=0, gained_per_delighted=0)
    assert silent == pytest.approx(12 * 20)
    assert newcomers(deterred_per_lost=0.3, gained_per_delighted=0) < silent
    assert newcomers(deterred_per_lost=0, gained_per_delighted=0.3) > silent


def test_a_budget_holds_where_the_other_policy_is_cheaper(setting: Setting, policies) -> None:
    free = follow_customers(setting, policies[1:], 12, 20_000)[0].monthly["remedy_cost"]
    thrifty = load_policy("ask_first", setting.scenario)
    least = follow_customers(setting, [thrifty], 12, 20_000)[0].monthly["remedy_cost"]
    draw = int(np.argmax(free.mean(axis=1) / least.mean(axis=1)))  # where the other one is cheapest
    budget = float((free[draw].mean() + least[draw].mean()) / 2)
    held = follow_customers(setting, policies[1:], 12, 20_000, budget_per_month=budget, after_budget=thrifty)[0]
    spent = held.monthly["remedy_cost"]
    could = least < 0.85 * budget
    assert could.any()
    assert spent[could].max() <= 1.1 * budget
    assert free[could].max() > 1.05 * budget


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"months": 121}, "number of months is 121"),
        ({"count": 0}, "number of customers is 0"),
        ({"learning_months": -1}, "learning_months is -1"),
        ({"budget_per_month": 5.0}, "go together"),
    ],
)
def test_what_is_out_of_range_is_refused(setting: Setting, policies, arguments, words: str) -> None:
    with pytest.raises(InputError, match=words):
        follow_customers(setting, policies, **arguments)


def test_a_journey_needs_a_log_and_its_model(setting: Setting, policies) -> None:
    with pytest.raises(InputError, match="not drawn from a log"):
        follow_customers(Setting(setting.scenario, setting.payoffs, None), policies)
    other = prepare(setting.scenario, sample=Sample(cases=20, draws=1), model="mbg-nbd")
    with pytest.raises(InputError, match="needs bg-nbd"):
        follow_customers(other, policies)
