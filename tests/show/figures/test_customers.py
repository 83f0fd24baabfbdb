"""The pictures of the customer models hold the numbers of the models."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim import load_scenario
from policy_sim.clv import BgNbdFit, ModelComparison, compare_models
from policy_sim.show.figures.customers import (
    plot_by_frequency,
    plot_frequency_recency,
    plot_probability_alive,
    plot_tracking,
)
from policy_sim.study import read_default_log

FIT = BgNbdFit(0.243, 4.414, 0.793, 2.426)


@pytest.fixture(scope="module")
def comparison() -> ModelComparison:
    return compare_models(read_default_log(load_scenario("online_retail")), ["bg-nbd", "pareto-nbd"])


def test_tracking_and_frequency(comparison: ModelComparison) -> None:
    for figure, table in (
        (plot_tracking(comparison), comparison.tracking),
        (plot_by_frequency(comparison), comparison.by_frequency),
    ):
        lines = {line.get_label(): line for line in figure.axes[0].lines}
        for name in ("actual", "bg-nbd", "pareto-nbd"):
            np.testing.assert_allclose(lines[name].get_ydata(), table[name])


def test_probability_alive_falls_between_orders_and_jumps_at_them() -> None:
    line = plot_probability_alive(FIT, [2.0, 5.0, 20.0], 39.0).axes[0].lines[0]
    weeks, chance = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    assert chance[-1] == pytest.approx(float(FIT.probability_alive(3, 20, 39)))
    assert chance[0] == 1.0
    between = (weeks > 5) & (weeks < 20 - 1e-5)
    assert (np.diff(chance[between]) < 0).all()
    assert plot_probability_alive(FIT, [], 10.0).axes[0].lines[0].get_ydata()[-1] == 1.0


def test_frequency_and_recency() -> None:
    figure = plot_frequency_recency(FIT, 39, 39, most=10)
    drawn = figure.axes[0].collections[0].get_array()
    assert np.max(drawn) == pytest.approx(float(FIT.expected_purchases(39, 10, 39, 39)))
