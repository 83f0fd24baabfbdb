"""Global sensitivity: the textbook's functions, SALib on the same sample, and sweeps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from SALib.analyze import morris, sobol

from policy_sim.border import InputError
from policy_sim.sweep.design import Design, rows_of
from policy_sim.sweep.results import SweepResults
from policy_sim.sweep.samples import morris_trajectories, saltelli
from policy_sim.sweep.sensitivity import morris_screening, screen, sobol_indices, what_decides

NAMES = ("x0", "x1", "x2")


def ishigami(points):
    x = np.pi * (2 * points - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def sobol_g(points, a):
    return np.prod((np.abs(4 * points - 2) + a) / (1 + a), axis=1)


def problem(names):
    return {"num_vars": len(names), "names": list(names), "bounds": [[0, 1]] * len(names)}


def test_ishigami() -> None:
    count = 2**14
    table = sobol_indices(ishigami(saltelli(3, count, 0)).reshape(count, 5), NAMES).set_index("factor").loc[list(NAMES)]
    # Ishigami and Homma 1990, with a = 7 and b = 0.1
    variance = 7**2 / 8 + 0.1 * np.pi**4 / 5 + 0.1**2 * np.pi**8 / 18 + 0.5
    alone = np.array([0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 7**2 / 8, 0]) / variance
    together = 8 * 0.1**2 * np.pi**8 / 225 / variance
    assert np.allclose(table["first_order"], alone, atol=0.01)
    assert np.allclose(table["total"], alone + np.array([together, 0, together]), atol=0.01)
    assert (table["first_order_low"] <= table["first_order"]).all()
    assert (table["total"] <= table["total_high"]).all()


def test_sobol_g() -> None:
    a, count = np.array([0, 1, 4.5, 9, 99]), 2**14
    names = [f"x{j}" for j in range(5)]
    table = sobol_indices(sobol_g(saltelli(5, count, 0), a).reshape(count, 7), names).set_index("factor").loc[names]
    # Saltelli and Sobol 1995
    parts = 1 / (3 * (1 + a) ** 2)
    variance = np.prod(1 + parts) - 1
    assert np.allclose(table["first_order"], parts / variance, atol=0.01)
    assert np.allclose(table["total"], parts * np.prod(1 + parts) / (1 + parts) / variance, atol=0.01)


@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_salib_says_the_same_on_the_same_sample(scale: float) -> None:
    count, names = 256, [f"x{j}" for j in range(6)]
    values = 1e3 + scale * sobol_g(saltelli(6, count, 3), np.arange(6.0))
    own = sobol_indices(values.reshape(count, 8), names).set_index("factor").loc[names]
    other = sobol.analyze(problem(names), values, calc_second_order=False, num_resamples=2)
    assert np.abs(own["first_order"] - other["S1"]).max() < 1e-12
    assert np.abs(own["total"] - other["ST"]).max() < 1e-12


def test_intervals_are_as_wide_as_salibs() -> None:
    count, names = 1024, [f"x{j}" for j in range(4)]
    values = sobol_g(saltelli(4, count, 1), np.arange(4.0))
    own = sobol_indices(values.reshape(count, 6), names, 400, 0.95).set_index("factor").loc[names]
    other = sobol.analyze(problem(names), values, calc_second_order=False, num_resamples=400, seed=1)
    for name, key in (("first_order", "S1_conf"), ("total", "ST_conf")):
        half = (own[f"{name}_high"] - own[f"{name}_low"]) / 2
        assert np.allclose(half, other[key], rtol=0.25)


def test_salib_finds_the_same_elementary_effects() -> None:
    names = [f"x{j}" for j in range(5)]
    points = morris_trajectories(5, 60, 6, 2)
    values = sobol_g(points, np.arange(5.0))
    own = morris_screening(points.reshape(60, 6, 5), values.reshape(60, 6), names).set_index("factor").loc[names]
    other = morris.analyze(problem(names), points, values, num_levels=6)
    for name, key in (("mean", "mu"), ("mean_size", "mu_star"), ("spread", "sigma")):
        assert np.abs(own[name] - np.asarray(other[key])).max() < 1e-12
    assert (own["mean_size_low"] <= own["mean_size_high"]).all()


def test_what_does_not_vary_has_no_indices() -> None:
    table = sobol_indices(np.full((8, 5), 3.3), NAMES)
    assert (table.drop(columns="factor") == 0).all(axis=None)


@pytest.mark.parametrize(
    ("values", "words"), [(np.ones((1, 5)), "2 points or more"), (np.full((4, 5), np.nan), "not finite")]
)
def test_values_that_cannot_be_used_are_refused(values, words: str) -> None:
    with pytest.raises(InputError, match=words):
        sobol_indices(values, NAMES)


def opened(method: str, count: int) -> SweepResults:
    factors = {"response.paradox": {"range": [0, 1]}, "response.wait_weight": {"range": [0, 1]}}
    runs = [
        {"method": "list", "rows": [{"policy": "current"}, {"policy": "generous"}]},
        {"method": method, "count": count, "factors": factors},
    ]
    design = Design(name="cross", runs={"method": "cross", "of": runs})
    table = rows_of(design).reset_index()
    x, y = table["response.paradox"], table["response.wait_weight"]
    # one policy hangs on one factor only, the other on both
    return SweepResults(design, table.assign(net_value=np.where(table["policy"] == "current", x, 2 * x + y)))


def test_each_policy_of_a_cross_has_indices_of_its_own() -> None:
    table = what_decides(opened("saltelli", 256), "net_value").set_index(["policy", "factor"])
    assert table.loc[("current", "response.paradox"), "total"] == pytest.approx(1, abs=0.02)
    assert table.loc[("current", "response.wait_weight"), "total"] == pytest.approx(0, abs=1e-12)
    assert table.loc[("generous", "response.paradox"), "first_order"] == pytest.approx(0.8, abs=0.05)
    assert (table["points"] == 256).all()


def test_points_with_a_failed_run_are_left_out() -> None:
    sweep = opened("saltelli", 64)
    sweep.table.loc[[0, 1, 9], "net_value"] = np.nan
    fewer = sweep._replace(table=sweep.table.drop(index=[40]))
    table = what_decides(fewer, "net_value").set_index("policy")
    assert table.loc["current", "points"].tolist() == [61, 61]
    assert table.loc["generous", "points"].tolist() == [64, 64]


def test_a_screening_finds_the_slopes_of_a_plane() -> None:
    table = screen(opened("morris", 10), "net_value").set_index(["policy", "factor"])
    assert table.loc[("generous", "response.paradox"), "mean"] == pytest.approx(2)
    assert table.loc[("generous", "response.wait_weight"), "mean_size"] == pytest.approx(1)
    assert table.loc[("current", "response.wait_weight"), "mean_size"] == pytest.approx(0)
    assert table["spread"].max() == pytest.approx(0, abs=1e-9)


def test_another_design_is_no_use() -> None:
    with pytest.raises(InputError, match="no parts of the method 'saltelli'"):
        what_decides(opened("morris", 4), "net_value")
    with pytest.raises(InputError, match="unknown outcome 'net_vale'"):
        what_decides(opened("saltelli", 4), "net_vale")
    assert isinstance(opened("saltelli", 4).table, pd.DataFrame)
