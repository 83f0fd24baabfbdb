"""The first months of a policy: they add up, agree with what the journey promises, and with a plain second count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policy_sim.assumptions import central, load_scenario
from policy_sim.border import InputError
from policy_sim.policy import load_policy
from policy_sim.study import CASH, FirstMonths, Sample, Setting, first_months, prepare
from policy_sim.study.journey import TRAJECTORIES, Journey
from policy_sim.value import evaluate


@pytest.fixture(scope="module")
def setting() -> Setting:
    return prepare(load_scenario("online_retail"), sample=Sample(cases=300, draws=6))


@pytest.fixture(scope="module")
def first(setting: Setting) -> FirstMonths:
    generous, current = (load_policy(name, setting.scenario) for name in ("generous", "current"))
    return first_months(setting, generous, current, 12, customers=20_000)


def test_the_parts_are_the_cash_and_the_months_are_the_whole(first: FirstMonths) -> None:
    parts = sum(sign * first.difference(name) for name, sign in CASH.items())
    assert np.allclose(parts, first.cash, atol=1e-6)
    assert np.allclose(first.cash.sum(axis=1), first.cash_so_far[:, -1])
    whole = [journey.monthly["net_value"].sum(axis=1) for journey in (first.journey, first.baseline)]
    assert np.allclose(first.cash_so_far[:, -1], first.scale * (whole[0] - whole[1]))
    frame = first.to_frame()
    assert np.allclose(frame[list(CASH)].sum(axis=1), frame["cash"])
    assert np.allclose(frame["cash"].cumsum(), frame["cash_so_far"])
    assert (frame["cash_low"] <= frame["cash_high"]).all()


def test_a_year_has_the_cases_of_the_shop(first: FirstMonths, setting: Setting) -> None:
    failures = first.scale * first.baseline.monthly["failures"].sum(axis=1).mean()
    assert failures == pytest.approx(setting.scenario.value("shop.cases_per_year"))


def test_what_is_paid_at_once_is_what_the_static_evaluation_has() -> None:
    """Remedies and handling of a year's cases are those of the tiles; where nothing follows later they are all.

    With no second failures to speak of, no talk, and all claiming learned, each case costs what it does for itself.
    """
    still = {
        "cases.failures_per_order": 5e-3,
        "response.deterred_per_lost": 0,
        "response.gained_per_delighted": 0,
    }
    scenario = load_scenario("online_retail").with_values(still)
    setting = prepare(scenario, sample=Sample(cases=400, draws=1))
    setting = replace(setting, payoffs=setting.payoffs.under(central(scenario)))
    policies = [load_policy(name, scenario) for name in ("ask_first", "generous")]
    first = first_months(setting, *policies, 12, customers=1_000_000)
    for policy, journey in zip(policies, (first.journey, first.baseline), strict=True):
        static = evaluate(policy, setting.payoffs)
        failures = journey.monthly["failures"][0].sum()
        assert failures > 5_000
        for name in ("remedy_cost", "labour"):
            # cases of the setting carry failures before; here hardly anybody has one
            each = journey.monthly[name][0].sum() / failures
            assert each == pytest.approx(static.per_case(name)[0], rel=0.05), name


def plain_even(so_far: list[float]) -> float:
    """After how many months it stays at 0 or above, looked up from every month."""
    if min(so_far) >= 0:
        return 0
    for month in range(1, len(so_far) + 1):
        if all(value >= 0 for value in so_far[month - 1 :]):
            return month
    return float("inf")


def test_a_plain_second_count_says_the_same() -> None:
    rng = np.random.default_rng(2)
    scenario = load_scenario("online_retail")
    policy = load_policy("current", scenario)
    draws, months = 40, 6

    def journey() -> Journey:
        monthly = {name: rng.normal(size=(draws, months)) for name in TRAJECTORIES}
        monthly["net_value"] = sum(sign * monthly[name] for name, sign in CASH.items())
        return Journey(policy, "USD", 0.1, monthly)

    first = FirstMonths(journey(), journey(), 2.5, 10, 3)
    one, other = (either.monthly for either in (first.journey, first.baseline))
    even, ends = [], []
    for m in range(draws):
        so_far, total = [], 0.0
        for month in range(months):
            parts = [sign * (one[name][m, month] - other[name][m, month]) * 2.5 for name, sign in CASH.items()]
            total += sum(parts)
            so_far.append(total)
        even.append(plain_even(so_far))
        ends.append(total)
    assert first.even_after().tolist() == even
    assert {0.0, float("inf")} < set(even)
    last = first.to_frame().iloc[-1]
    assert last["cash_so_far"] == pytest.approx(np.mean(ends))
    assert last["cash_so_far_low"] == pytest.approx(np.quantile(ends, 0.05))


def test_what_cannot_be_followed_is_refused(setting: Setting) -> None:
    policies = [load_policy(name, setting.scenario) for name in ("generous", "current")]
    with pytest.raises(InputError, match="number of months is 1"):
        first_months(setting, *policies, 1)
    with pytest.raises(InputError, match="not drawn from a log"):
        first_months(replace(setting, customers=None), *policies)
    never = replace(setting, scenario=setting.scenario.with_values({"cases.failures_per_order": 0}))
    payoffs = replace(setting.payoffs, scenario=never.scenario)
    with pytest.raises(InputError, match="nothing goes wrong for 1,000 customers"):
        first_months(replace(never, payoffs=payoffs), *policies, customers=1_000)


def test_it_says_how_far_it_is(setting: Setting) -> None:
    policies = [load_policy(name, setting.scenario) for name in ("generous", "current")]
    told: list[tuple[int, int]] = []
    first_months(setting, *policies, 3, lambda words, done, of: told.append((done, of)), customers=1_000)
    assert told == [(done, 2 * 4 + 2 * 6) for done in range(1, 21)]
