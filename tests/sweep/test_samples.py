"""Samples: their sizes, their structure, that they fill the cube, and that a seed gives the same again."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim.sweep.samples import latin_hypercube, morris_step, morris_trajectories, saltelli, sobol_sequence


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: latin_hypercube(3, 64, seed),
        lambda seed: sobol_sequence(3, 64, seed),
        lambda seed: saltelli(3, 64, seed),
        lambda seed: morris_trajectories(3, 64, 4, seed),
    ],
)
def test_points_lie_in_the_cube_and_a_seed_gives_them_again(make) -> None:
    points = make(1)
    assert points.shape[1] == 3
    assert points.min() >= 0
    assert points.max() <= 1
    assert np.array_equal(points, make(1))
    assert not np.array_equal(points, make(2))


def test_each_slice_of_a_latin_hypercube_is_met_once() -> None:
    slices = np.floor(latin_hypercube(4, 50, 0) * 50)
    assert all(sorted(column) == list(range(50)) for column in slices.T)


def test_a_sobol_sequence_has_one_point_in_each_slice() -> None:
    slices = np.floor(sobol_sequence(4, 64, 0) * 64)
    assert all(sorted(column) == list(range(64)) for column in slices.T)


def test_saltelli_goes_from_one_point_to_another_a_factor_at_a_time() -> None:
    blocks = saltelli(3, 16, 0).reshape(16, 5, 3)
    a, b = blocks[:, 0], blocks[:, -1]
    for j in range(3):
        moved = a.copy()
        moved[:, j] = b[:, j]
        assert np.array_equal(blocks[:, 1 + j], moved)


def test_each_step_of_a_trajectory_moves_one_factor_by_the_step() -> None:
    walks = morris_trajectories(5, 40, 6, 0).reshape(40, 6, 5)
    steps = np.diff(walks, axis=1)
    assert ((np.abs(steps) > 1e-12).sum(axis=2) == 1).all()
    assert np.allclose(np.abs(steps).sum(axis=1), morris_step(6))
    places = np.unique(np.round(walks * 5, 9))
    assert set(places) == set(range(6))
