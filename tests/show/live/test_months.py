"""The first months in words: what is said follows from the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policy_sim import load_policy, load_scenario
from policy_sim.show.live.months import months_content, told_months
from policy_sim.show.month_words import even_words
from policy_sim.study import CASH, FirstMonths, Sample, Setting, prepare
from policy_sim.study.journey import TRAJECTORIES, Journey


@pytest.fixture(scope="module")
def setting() -> Setting:
    return prepare(load_scenario("online_retail"), sample=Sample(cases=100, draws=5))


def months_of(cash: np.ndarray, setting: Setting) -> FirstMonths:
    """Return first months with so much cash (draws, months) more."""
    policy = load_policy("current", setting.scenario)
    nothing = dict.fromkeys(TRAJECTORIES, np.zeros(cash.shape))
    paid, bought = np.where(cash < 0, -cash, 0), np.where(cash > 0, cash, 0)
    ahead = nothing | {"net_value": cash, "remedy_cost": paid, "margin": bought}
    return FirstMonths(Journey(policy, "USD", 0.1, ahead), Journey(policy, "USD", 0.1, nothing), 1.0, 1_000, 100)


def test_refunds_at_once_and_value_later(setting: Setting) -> None:
    begins, brings = np.full((9, 1), -9_000.0), np.linspace(1_500, 4_500, 9)[:, None] * np.ones((9, 23))
    content = told_months(months_of(np.hstack([begins, brings]), setting))
    assert content["even"] == 4  # 9,000 by 3,000 a month
    assert content["sentence"] == (
        "Costs $9.00k more in the first month and is even after 4 months (likely 3 to 7); after two years $60.0k ahead "
        "(likely +$28.9k to +$91.0k)."
    )
    assert "9 ways the assumptions may turn out; 100 cases stand for all" in content["about"]
    assert [part["name"] for part in content["parts"]] == list(CASH)
    assert len(content["rows"]) == 24


def test_never_behind_never_even_and_between(setting: Setting) -> None:
    ahead = told_months(months_of(np.ones((5, 12)), setting))
    assert ahead["even"] == 0
    assert ahead["sentence"].startswith("Is $1.00 ahead after one month and never behind; after a year $12.00 ahead")
    behind = told_months(months_of(-np.ones((5, 7)), setting))
    assert behind["even"] is None
    assert "and is not even within 7 months (chance that it is: 0%); after 7 months $7.00 behind" in behind["sentence"]
    falls = np.hstack([np.ones((2, 1)), np.array([[-9.0], [7]]) * np.ones((2, 4))])
    assert told_months(months_of(falls, setting))["sentence"] == (
        "Is $1.00 ahead after one month, falls behind later and is not even within 5 months (chance that it is: 50%); "
        "after 5 months $3.00 behind (likely −$31.80 to +$25.80; cannot be told apart)."
    )
    assert (
        even_words(0, np.array([0, 0, 6.0]), 24) == "on average never behind (likely even after 6 months at the latest)"
    )
    open_end = even_words(0, np.array([0, np.inf]), 24)
    assert open_end == "on average never behind (even within 24 months: a chance of 50%)"
    late = np.array([3.0, 5, np.inf])
    assert even_words(5, late, 24) == "is even after 5 months (likely 3 to later than 24)"
    assert even_words(np.inf, late, 24) == "is not even within 24 months (chance that it is: 67%)"


def test_what_cannot_be_told_is_said(setting: Setting) -> None:
    current, generous = (load_policy(name, setting.scenario) for name in ("current", "generous"))
    same = current.model_copy(update={"name": "pinned", "title": "A"})
    assert months_content(setting, same, current) == {"problem": "The two policies are the same: nothing to follow."}
    problem = months_content(replace(setting, customers=None), generous, current)["problem"]
    assert problem.startswith("The cases were not drawn from a log")
