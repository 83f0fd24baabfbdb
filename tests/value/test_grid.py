"""Grid: every pair comes to what looking its policy up comes to; tiers are in order where no limit falls."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim.value import grid_kernels
from policy_sim.value.choice_kernels import GUIDED, STYLES
from policy_sim.value.expected import QUANTITIES, Expected, load_of
from policy_sim.value.grid import enumerate_pairs
from policy_sim.value.search import moving_levers
from policy_sim.words import LIMITS, MOVED


@pytest.mark.parametrize("limits", [MOVED, ("refund", "total_cost")])
def test_every_pair_is_worth_what_its_policy_is(payoffs, random_policy, limits):
    # a policy for each of the ten settings: the grid is large, and says the same of any
    rng = np.random.default_rng(51)
    policy = random_policy(rng, payoffs).model_copy(update={"exceptions": ()})
    expected = Expected.of(policy, payoffs, load_of(policy, payoffs), limits)
    grid = enumerate_pairs(policy, expected, moving_levers(policy, limits, None), QUANTITIES)
    for place in rng.integers(0, grid.is_in_order.size, 60):
        chosen = grid.policy_at(grid.pair(int(place)))
        found = [grid.totals[name].ravel()[place] for name in QUANTITIES]
        # single precision, of amounts of some hundreds
        np.testing.assert_allclose(found, expected.of_policy(chosen).mean(axis=0), rtol=1e-4, atol=1e-3)
        names = chosen.tier_names[: len(grid.tiers)]
        low, high = ([chosen.limit(name, limit) for limit in LIMITS] for name in (names[0], names[-1]))
        assert grid.is_in_order.ravel()[place] == all(a <= b for a, b in zip(low, high, strict=True))


def test_its_loops_repeat_what_is_said_elsewhere():
    assert (len(STYLES), GUIDED) == (grid_kernels._STYLE_COUNT, grid_kernels._GUIDED)
