"""Draws against scipy.stats, which the program does without because it takes half a second to load: the same bits.

In: shipped scenarios. Out: nothing. Not here: what draws are to be like (test_assumptions.py).
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from policy_sim.assumptions import draw_assumptions, load_scenario
from policy_sim.uncertain import Assumption


@pytest.mark.parametrize(("name", "count", "seed"), [("online_retail", 150, 7), ("quick_service", 1, 0)])
def test_draws_are_the_quantiles_of_scipy_s_latin_hypercube(name, count, seed):
    scenario = load_scenario(name).model_copy(update={"correlation": None})
    draws = draw_assumptions(scenario, count, seed)
    apart = np.array([name.startswith("playbook.") for name in draws.names])
    assert 0 < apart.sum() < len(apart)
    for stream, own in ((1, ~apart), (2, apart)):
        sampler = stats.qmc.LatinHypercube(d=int(own.sum()), rng=np.random.default_rng([seed, stream]))
        points = sampler.random(count)
        names = [name for name, is_own in zip(draws.names, own, strict=True) if is_own]
        for column, name in enumerate(names):
            np.testing.assert_array_equal(draws[name], scenario.assumption(name).quantile(points[:, column]))


@pytest.mark.parametrize(("low", "mode", "high"), [(0.0, 0.1, 1.0), (0.3, 2.2, 2.2), (5.0, 5.0, 9.1), (1e-9, 0.3, 1e6)])
def test_quantiles_of_a_triangle_are_scipy_s(low, mode, high):
    probability = np.concatenate([[0.0, 1.0], np.random.default_rng(3).random(2000)])
    assumption = Assumption(value=mode, unit="USD", range=(low, high), source="a test", distribution="triangular")
    expected = stats.triang.ppf(probability, (mode - low) / (high - low), loc=low, scale=high - low)
    np.testing.assert_array_equal(assumption.quantile(probability), expected)


def test_a_command_goes_without_scipy_stats():
    program = (
        "import sys; import policy_sim as ps; scenario = ps.load_scenario('online_retail');"
        "payoffs = ps.prepare(scenario, sample=ps.Sample(cases=50, draws=5)).payoffs;"
        "ps.evaluate(ps.load_policy('current', scenario), payoffs); sys.exit('scipy.stats' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
