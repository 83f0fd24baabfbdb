"""Facts of cases are drawn by the laws that their assumptions name."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from policy_sim.assumptions import load_scenario
from policy_sim.service import (
    by_failure,
    draw_asks,
    draw_failures,
    draw_lognormal,
    draw_severity,
    draw_suspicion,
)
from policy_sim.words import ASKS

COUNT = 20_000
#: A right draw is further off but once in some ten thousand seeds; the seed is fixed.
FEW = 1e-4


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("online_retail")


def rng():
    return np.random.default_rng(11)


def test_failures_come_in_their_shares(scenario):
    shares = by_failure(scenario, "share_of_cases")
    assert shares.tolist() == [scenario.value(f"{name}.share_of_cases") for name in scenario.failures]
    counts = np.bincount(draw_failures(rng(), scenario, COUNT), minlength=len(shares))
    assert stats.chisquare(counts, COUNT * shares / shares.sum()).pvalue > FEW


def test_severity_hours_and_scores_follow_their_laws(scenario):
    mean, concentration = scenario.value("cases.severity_mean"), scenario.value("cases.severity_concentration")
    severity = draw_severity(rng(), scenario, COUNT)
    assert stats.kstest(severity, "beta", (mean * concentration, (1 - mean) * concentration)).pvalue > FEW
    hours = draw_lognormal(rng(), scenario, "cases.hours_open", COUNT)
    median, spread = scenario.value("cases.hours_open_median"), scenario.value("cases.hours_open_spread")
    assert stats.kstest(np.log(hours / median) / spread, "norm").pvalue > FEW
    looks = np.arange(COUNT) % 2 == 0
    scores = draw_suspicion(rng(), looks)
    assert scores[looks].mean() == pytest.approx(0.7, abs=0.01)
    assert scores[~looks].mean() == pytest.approx(0.08, abs=0.01)


def test_asks_follow_the_shares_of_their_failure(scenario):
    failure = np.arange(COUNT) % len(scenario.failures)
    drawn = draw_asks(scenario, failure, rng())
    for place, name in enumerate(scenario.failures):
        rows = failure == place
        shares = [scenario.value(f"{name}.{ask.assumption}") if ask.assumption else 0.0 for ask in ASKS.values()]
        shares[0] = 1 - sum(shares)
        for ask, share in enumerate(shares):
            assert (drawn["ask"][rows] == ask).mean() == pytest.approx(share, abs=0.035)
        gone = scenario.value(f"{name}.out_of_stock_share")
        assert 1 - drawn["in_stock"][rows].mean() == pytest.approx(gone, abs=0.025)
    assert (drawn["firmness"] == 1).mean() == pytest.approx(scenario.value("cases.insists_share"), abs=0.015)
    assert drawn["live"].mean() == pytest.approx(scenario.value("cases.live_share"), abs=0.015)
    assert 1 - drawn["part_available"].mean() == pytest.approx(scenario.value("cases.part_gone_share"), abs=0.01)
