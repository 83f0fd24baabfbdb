import itertools
import math
import time
from typing import NamedTuple

import numpy as np
import pytest
import simpy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from policy_sim.border import InputError
from policy_sim.service import erlang_c, waiting


def loss(servers, load):
    """Erlang B by its recursion over servers."""
    blocked = np.ones_like(np.asarray(load, dtype=float))
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


class Chain(NamedTuple):
    """What the birth-death chain of an M/M/c+M queue says, from its probabilities summed one by one."""

    chance: float
    wait: float
    left: float
    served_wait: float
    occupancy: float
    waiting: np.ndarray  # probability of each number of people who wait, from none on, all busy
    rates: np.ndarray  # people who leave an hour, served or not, with one more than that waiting


def chain(servers, arrivals, handling, patience):
    busy, surplus = servers / handling, arrivals - servers / handling
    most = int(max(surplus, 0) * patience + 60 * math.sqrt(max(arrivals, busy) * patience) + 400)
    extra = np.arange(1, most + 1)
    deaths = np.concatenate([np.arange(1, servers + 1) / handling, busy + extra / patience])
    weight = np.concatenate([[0.0], np.cumsum(math.log(arrivals) - np.log(deaths))])
    p = np.exp(weight - weight.max())
    p /= p.sum()
    assert p[-1] < 1e-14
    queue, all_busy = p[servers + 1 :], p[servers:]
    length = float((extra * queue).sum())
    left = length / (arrivals * patience)
    # who finds j waiting is served with chance busy / (busy + (j + 1) / patience), having waited for j + 1 events; how
    # long each takes does not depend on which it is
    rates = busy + np.arange(1, all_busy.size + 1) / patience
    served = all_busy * busy / rates
    waited = float((served * np.cumsum(1 / rates)).sum())
    occupancy = float((np.minimum(np.arange(p.size), servers) * p).sum()) / servers
    chance = float(all_busy.sum())
    return Chain(chance, length / arrivals, left, waited / (1 - left), occupancy, all_busy, rates)


# ---- published values and closed forms


@pytest.mark.parametrize(("servers", "load", "chance"), [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (10, 8.0, 0.4091801508)])
def test_published_chances_of_waiting(servers, load, chance):
    assert erlang_c(servers, load) == pytest.approx(chance, abs=5e-11)


def test_published_mean_wait():
    queue = waiting(10, 8, 1)
    assert queue.mean_wait_hours == pytest.approx(0.2045900754, abs=5e-11)
    assert queue.occupancy == pytest.approx(0.8)
    assert queue.abandoned_share == 0
    assert queue.mean_wait_served_hours == queue.mean_wait_hours


@pytest.mark.parametrize("load", [0.01, 0.3, 0.999])
def test_one_server_by_hand(load):
    handling, hours = 0.4, np.array([0.0, 0.1, 2.0])
    queue = waiting(1, load / handling, handling)
    assert queue.probability_of_waiting == pytest.approx(load)
    assert queue.mean_wait_hours == pytest.approx(handling * load / (1 - load))
    np.testing.assert_allclose(queue.probability_over(hours), load * np.exp(-(1 - load) * hours / handling))


@pytest.mark.parametrize("use", [0.001, 0.5, 0.9, 0.99, 0.9999, 1 - 1e-9])
def test_chance_of_waiting_equals_the_recursion_up_to_ten_thousand_servers(use):
    servers = np.array([1, 2, 5, 30, 200, 1_000, 3_000, 10_000])
    blocked = np.array([loss(c, c * use) for c in servers])
    expected = blocked / (blocked + (1 - use) * (1 - blocked))
    np.testing.assert_allclose(erlang_c(servers, servers * use), expected, rtol=1e-11, atol=1e-280)


def test_patience_with_one_server_and_equal_rates_by_hand():
    # patience = handling: every one of the n present leaves at the same rate, so that n is Poisson
    queue = waiting(1, 3.0, 0.5, 0.5)
    load = 1.5
    assert queue.probability_of_waiting == pytest.approx(1 - math.exp(-load))
    assert queue.abandoned_share == pytest.approx(1 - (1 - math.exp(-load)) / load)
    assert queue.mean_wait_hours == pytest.approx(0.5 * (1 - (1 - math.exp(-load)) / load))


# ---- against the chain summed term by term

servers_ = st.integers(1, 50)
loads = st.floats(0.01, 3.0)
patiences = st.floats(0.05, 50.0)
handlings = st.floats(0.1, 4.0)


@settings(deadline=None, max_examples=300)
@given(servers_, loads, patiences, handlings)
@example(50, 1.0, 50.0, 0.1)
@example(1, 3.0, 50.0, 0.1)
@example(1, 0.01, 0.05, 4.0)
@example(50, 0.01, 50.0, 0.1)
def test_patience_equals_the_birth_death_chain(servers, load, patience, handling):
    arrivals = load * servers / handling
    queue, expected = waiting(servers, arrivals, handling, patience), chain(servers, arrivals, handling, patience)
    near = {"rel": 1e-8, "abs": 1e-13}
    assert queue.probability_of_waiting == pytest.approx(expected.chance, **near)
    assert queue.mean_wait_hours == pytest.approx(expected.wait, **near)
    assert queue.abandoned_share == pytest.approx(expected.left, **near)
    assert queue.occupancy == pytest.approx(expected.occupancy, **near)
    assert queue.mean_wait_served_hours == pytest.approx(expected.served_wait, **near)
    assert bool(queue.is_overloaded) == (arrivals * handling >= servers)


@pytest.mark.parametrize(
    ("servers", "load", "handling", "patience"),
    [
        (1, 0.6, 0.5, 0.5),
        (1, 3.0, 0.2, 2.0),
        (5, 0.9, 1.0, 4.0),
        (5, 1.3, 1.0, 0.3),
        (20, 1.1, 0.5, 1.0),
        (3, 0.02, 1, 9),
    ],
)
def test_the_tail_with_patience_equals_the_time_of_the_chain_to_move_on(servers, load, handling, patience):
    arrivals = load * servers / handling
    expected = chain(servers, arrivals, handling, patience)
    keep = int(np.flatnonzero(expected.waiting > 1e-15)[-1]) + 1
    # the place in the line, 1 and up, moves down by one at a time, unless it is the customer who gives up
    moves = np.diag(-expected.rates[:keep]) + np.diag(expected.rates[1:keep] - 1 / patience, -1)
    hours = np.array([0.0, 0.01, 0.2, 1.0, 3.0])
    tails = [float((expected.waiting[:keep] @ expm(moves * t)).sum()) for t in hours]
    np.testing.assert_allclose(
        waiting(servers, arrivals, handling, patience).probability_over(hours), tails, rtol=1e-8, atol=1e-13
    )


@settings(deadline=None, max_examples=60)
@given(servers_, loads, patiences, handlings)
def test_the_tail_adds_up_to_the_mean_and_starts_at_the_chance_of_waiting(servers, load, patience, handling):
    queue = waiting(servers, load * servers / handling, handling, patience)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    ends = np.array([0, 0.03, 0.3, 2, 40]) * patience
    area = sum(
        float((queue.probability_over(low + (high - low) * (nodes + 1) / 2) * weights).sum() * (high - low) / 2)
        for low, high in itertools.pairwise(ends)
    )
    assert area == pytest.approx(float(queue.mean_wait_hours), rel=1e-4, abs=1e-12)
    assert queue.probability_over(0) == pytest.approx(float(queue.probability_of_waiting))
    assert queue.probability_over(np.inf) == 0


# ---- limits


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (3, 2.9), (10, 8.0), (50, 10.0), (400, 390.0)])
def test_endless_patience_is_a_queue_that_nobody_leaves(servers, load):
    plain = waiting(servers, load, 1.0)
    for patience in (1e10, 1e14, 1e100, 1e307):
        queue = waiting(servers, load, 1.0, patience)
        for name in ("probability_of_waiting", "mean_wait_hours", "occupancy", "mean_wait_served_hours"):
            assert getattr(queue, name) == pytest.approx(float(getattr(plain, name)), rel=1e-6), (name, patience)
        assert queue.probability_over(0.7) == pytest.approx(float(plain.probability_over(0.7)), rel=1e-6)
        assert queue.abandoned_share < 1e-7
    without_end = waiting(servers, load, 1.0, np.inf)
    assert without_end.mean_wait_hours == plain.mean_wait_hours


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (3, 2.9), (10, 8.0), (50, 80.0), (400, 390.0), (2, 900.0)])
def test_no_patience_at_all_is_the_loss_of_erlang_b(servers, load):
    for patience in (1e-9, 1e-30, 1e-300):
        queue = waiting(servers, load, 1.0, patience)
        assert queue.abandoned_share == pytest.approx(float(loss(servers, load)), rel=1e-5)
        assert queue.probability_of_waiting == pytest.approx(float(loss(servers, load)), rel=1e-5)
        assert queue.mean_wait_hours < 1e-8
        assert queue.probability_over(1e10) == 0


def test_far_overload_loses_what_the_staff_cannot_do():
    queue = waiting(1, 1000.0, 1.0, 1e6)
    assert queue.abandoned_share == pytest.approx(1 - 1 / 1000)
    assert queue.occupancy == pytest.approx(1)
    # the offered wait hardly varies: exp(-wait / patience) is what the staff can do
    assert queue.mean_wait_served_hours == pytest.approx(1e6 * math.log(1000), rel=1e-4)


@pytest.mark.parametrize("patience", [None, 0.5])
def test_nobody_waits_where_nobody_comes(patience):
    queue = waiting(3, 0, 0.5, patience)
    assert queue.probability_of_waiting == queue.mean_wait_hours == queue.mean_wait_served_hours == 0
    assert queue.abandoned_share == queue.occupancy == queue.probability_over(0) == 0
    assert not queue.is_overloaded


@pytest.mark.parametrize("arrivals", [5.0, math.nextafter(5, 6), 5.5])
def test_overload_without_patience_waits_for_ever(arrivals):
    queue = waiting(5, arrivals, 1.0)
    assert queue.is_overloaded
    assert queue.mean_wait_hours == np.inf
    assert queue.probability_of_waiting == queue.occupancy == 1
    np.testing.assert_array_equal(queue.probability_over([0, 100, np.inf]), 1)
    assert erlang_c(5, arrivals) == 1


@settings(deadline=None)
@given(servers_, loads, patiences)
def test_one_more_supervisor_or_less_patience_never_lengthens_the_wait(servers, load, patience):
    queue = waiting([servers, servers + 1, servers], load * servers, 1.0, [patience, patience, patience / 2])
    slack = 1e-12 + queue.mean_wait_hours[0] * 1e-9
    assert queue.mean_wait_hours[1] <= queue.mean_wait_hours[0] + slack
    assert queue.mean_wait_hours[2] <= queue.mean_wait_hours[0] + slack
    assert queue.abandoned_share[2] >= queue.abandoned_share[0] - 1e-12


# ---- arrays


def test_arrays_broadcast_and_equal_one_at_a_time():
    servers, arrivals, patience = (
        np.array([1, 4, 30])[:, None],
        np.array([0.0, 3.0, 40.0]),
        np.array([0.2, np.inf, 3.0]),
    )
    queue = waiting(servers, arrivals, 0.5, patience)
    tails = queue.probability_over(0.25)
    assert queue.mean_wait_hours.shape == queue.is_overloaded.shape == tails.shape == (3, 3)
    for i, j in np.ndindex(3, 3):
        one = waiting(int(servers[i, 0]), arrivals[j], 0.5, patience[j])
        for name in ("probability_of_waiting", "mean_wait_hours", "abandoned_share", "occupancy"):
            assert getattr(queue, name)[i, j] == getattr(one, name)
        assert queue.mean_wait_served_hours[i, j] == pytest.approx(float(one.mean_wait_served_hours), rel=1e-13)
        assert tails[i, j] == one.probability_over(0.25)
    assert queue.probability_over(np.zeros((2, 1, 1))).shape == (2, 3, 3)
    assert waiting([], 1, 1).mean_wait_hours.shape == (0,)


def test_ten_thousand_queues_take_milliseconds():
    rng = np.random.default_rng(5)
    servers, handling = rng.integers(1, 10_001, 10_000), rng.uniform(0.05, 2, 10_000)
    arrivals, patience = servers / handling * rng.uniform(0.01, 3, 10_000), rng.uniform(0.05, 50, 10_000)
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        queue = waiting(servers, arrivals, handling, patience)
        taken.append(time.perf_counter() - start)
    assert np.isfinite(queue.mean_wait_hours).all()
    assert np.isfinite(queue.mean_wait_served_hours).all()
    assert min(taken) < 0.1  # some 5 ms; the rest is room for a busy machine


# ---- simulation


def simulated(servers, arrivals, handling, patience, customers, seed):
    """Waits and who gave up, customer by customer, from a simulation of the queue as people describe it."""
    rng = np.random.default_rng(seed)
    between, work = rng.exponential(1 / arrivals, customers), rng.exponential(handling, customers)
    patient = rng.exponential(patience, customers) if patience else None
    waits, left = np.zeros(customers), np.zeros(customers)
    environment = simpy.Environment()
    staff = simpy.Resource(environment, servers)

    def customer(i):
        came = environment.now
        with staff.request() as turn:
            if not turn.triggered:
                if patient is None:
                    yield turn
                else:
                    yield turn | environment.timeout(patient[i])
                    if not turn.triggered:
                        waits[i], left[i] = environment.now - came, 1
                        return
            waits[i] = environment.now - came
            yield environment.timeout(work[i])

    def come():
        for i in range(customers):
            yield environment.timeout(between[i])
            environment.process(customer(i))

    environment.process(come())
    environment.run()
    return waits, left


@pytest.mark.parametrize(
    ("servers", "arrivals", "handling", "patience", "seed"),
    [(4, 6.0, 0.5, None, 11), (4, 7.0, 0.5, 0.6, 12), (4, 12.0, 0.5, 0.25, 13)],
)
def test_a_simulation_of_customers_agrees(servers, arrivals, handling, patience, seed):
    waits, left = simulated(servers, arrivals, handling, patience, 31_000, seed)
    queue = waiting(servers, arrivals, handling, patience)
    measures = {
        "chance": (waits > 0, queue.probability_of_waiting),
        "mean": (waits, queue.mean_wait_hours),
        "over": (waits > 0.2, queue.probability_over(0.2)),
        "left": (left, queue.abandoned_share),
        # the mean over those served, as a ratio: its error to first order
        "served": ((1 - left) * (waits - queue.mean_wait_served_hours), 0.0),
    }
    for name, (samples, expected) in measures.items():
        batches = np.asarray(samples, dtype=float)[1000:].reshape(30, 1000).mean(axis=1)
        error = batches.std(ddof=1) / math.sqrt(30)
        assert abs(batches.mean() - float(expected)) <= 3.5 * error, name


# ---- words


@pytest.mark.parametrize(
    ("given_", "line"),
    [
        ((10, 62, 0.2), "overloaded: 12.4 hours of work arrive an hour for 10 people"),
        ((10, 62, 0.2, 0.5), "overloaded: 12.4 hours of work arrive an hour for 10 people, 21 % give up"),
        ((1, 1, 1), "overloaded: 1 hour of work arrives an hour for 1 person"),
        ((10, 8, 1), "mean wait 12 minutes, 6 % wait over an hour"),
        ((10, 8, 1, 0.5), "mean wait 2 minutes, under 1 % wait over an hour, 7 % give up"),
        ((1, 0.99, 1), "mean wait 4.1 days, 98 % wait over an hour"),
        ((1, 0.9, 1), "mean wait 9 hours, 81 % wait over an hour"),
        ((50, 20, 1), "mean wait under a second, under 1 % wait over an hour"),
        ((3, 0, 1), "mean wait 0 minutes, 0 % wait over an hour"),
        (
            ([1, 1, 1], [0.2, 0.5, 2], 1),
            "3 queues, 1 overloaded; mean wait of the others from 15 minutes to 60 minutes",
        ),
        (([1, 1], [3, 2], 1), "2 queues, 2 overloaded"),
    ],
)
def test_words(given_, line):
    assert str(waiting(*given_)) == waiting(*given_).words() == line


# ---- bad input


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ((0, 1, 1), r"servers is 0; expected whole numbers of at least 1"),
        ((2.5, 1, 1), r"servers is 2\.5; expected whole numbers of at least 1"),
        ((2.0000001, 1, 1), r"servers is 2\.0000001; expected whole numbers"),
        (([[1, 2], [3, -4]], 1, 1), r"servers\[1, 1\] is -4; expected whole numbers"),
        ((np.inf, 1, 1), r"servers is inf; expected whole numbers"),
        (("ten", 1, 1), r"servers is 'ten'; expected whole numbers"),
        ((1, -1, 1), r"arrivals_per_hour is -1; expected finite numbers of at least 0"),
        ((1, [0.5, np.nan], 1), r"arrivals_per_hour\[1\] is nan; expected finite numbers"),
        ((1, np.inf, 1), r"arrivals_per_hour is inf; expected finite numbers"),
        ((1, 1, 0), r"handling_hours is 0; expected finite numbers above 0"),
        ((1, 1, np.nan), r"handling_hours is nan; expected finite numbers above 0"),
        ((1, 1, 1, 0), r"patience_hours is 0; expected numbers above 0"),
        ((1, 1, 1, np.nan), r"patience_hours is nan; expected numbers above 0"),
        (([1, 2], [1, 2, 3], 1), r"shapes do not fit together \(servers \(2,\), arrivals_per_hour \(3,\)"),
        ((1, 1e300, 1e300), r"arrivals_per_hour times handling_hours is beyond any number"),
    ],
)
def test_bad_input_is_refused_in_one_line(given_, message):
    with pytest.raises(InputError, match=message) as caught:
        waiting(*given_)
    assert "\n" not in str(caught.value)


def test_bad_hours_and_loads_are_refused():
    with pytest.raises(InputError, match=r"hours is -1; expected numbers of at least 0"):
        waiting(1, 0.5, 1).probability_over(-1)
    with pytest.raises(InputError, match=r"hours have shape \(3,\); expected one that broadcasts against \(2,\)"):
        waiting([1, 2], 0.5, 1).probability_over([1, 2, 3])
    with pytest.raises(InputError, match=r"offered_load is -0\.5; expected finite numbers of at least 0"):
        erlang_c(1, -0.5)
    with pytest.raises(InputError, match=r"servers is 1\.5; expected whole numbers"):
        erlang_c(1.5, 1)
