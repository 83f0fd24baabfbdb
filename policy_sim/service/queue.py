"""Queue: how long cases wait where escalations and warm transfers share a staff of supervisors.

In: supervisors, arrivals an hour, handling hours, patience. Out: chance of waiting, hours waited, share who give up.
Left to others: where the arrivals come from, and what waiting does to a customer (`service.response`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc, gammaincc, gammaln, xlogy

from policy_sim.border import InputError

__all__ = ["Waiting", "erlang_c", "waiting"]

Floats = NDArray[np.float64]

#: Standard deviations from the mean beyond which incomplete gamma functions are read from continued fractions.
FAR = 4.5
#: Steps of those fractions: at `FAR` and beyond they have converged to the last digits long before.
STEPS = 40
#: Nodes of the quadrature for the mean wait of those served, and how far down (powers of e) it follows the density.
NODES, DEPTH = 64, 40.0
#: Cases that arrive or are handled within one patience, from which on nobody counts as giving up.
ENDLESS = 1e150


@dataclass(frozen=True, eq=False)
class Waiting:
    """How a staff of supervisors keeps up in the long run; every array has the broadcast shape of the arguments.

    Attributes
    ----------
    servers, arrivals_per_hour, handling_hours, patience_hours
        The arguments of `waiting`; patience is inf where nobody gives up.
    probability_of_waiting
        Share (0-1) of arrivals that find every supervisor busy.
    mean_wait_hours
        Mean hours waited by all arrivals, also those at once served and those who give up; inf where work piles up.
    abandoned_share
        Share (0-1) of arrivals that give up; 0 without patience (where overloaded, the queue grows instead).
    is_overloaded
        Whether at least as many hours of work arrive an hour as there are supervisors.
    occupancy
        Share (0-1) of the supervisors' time that is spent on cases.
    """

    servers: Floats
    arrivals_per_hour: Floats
    handling_hours: Floats
    patience_hours: Floats
    probability_of_waiting: Floats
    mean_wait_hours: Floats
    abandoned_share: Floats
    is_overloaded: NDArray[np.bool_]
    occupancy: Floats

    @cached_property
    def mean_wait_served_hours(self) -> Floats:
        """Mean hours waited by those who are served, also at once; worked out on first use.

        Notes
        -----
        With patience, exp(-wait / patience) of those who wait and are served is a gamma variable cut off at 1, of shape
        servers * patience / handling + 1 and rate arrivals * patience. Its mean logarithm is a smooth integral.
        """
        shape, rate, patient = _in_units_of_patience(self)
        waits = patient & (self.probability_of_waiting > 0)
        hours = np.array(self.mean_wait_hours)
        served = 1 - self.abandoned_share[waits]
        share = np.maximum(self.probability_of_waiting[waits] - self.abandoned_share[waits], 0.0) / served
        hours[waits] = self.patience_hours[waits] * _mean_log(shape[waits] + 1, rate[waits]) * share
        return hours

    def probability_over(self, hours: ArrayLike) -> Floats:
        """Return the share (0-1) of arrivals that wait longer than some hours, whether or not they give up later.

        Parameters
        ----------
        hours
            Hours, at least 0; broadcasts against the arrays here.

        Raises
        ------
        InputError
            If hours are below 0 or no number, or do not broadcast.

        Notes
        -----
        Without patience C exp(-(servers / handling - arrivals) t), and 1 where overloaded. With patience the offered
        wait has density proportional to exp(y (1 - s) - x t / patience), s = exp(-t / patience), so that the tail is
        P(wait) s gamma(x, y s) / gamma(x, y) with x = servers * patience / handling and y = arrivals * patience.

        References
        ----------
        Baccelli and Hebuterne 1981; Zeltyn and Mandelbaum 2005.
        """
        times = _numbers("hours", hours, "numbers of at least 0", lambda v: v >= 0)
        shape, rate, patient = _in_units_of_patience(self)
        try:
            time, x, y, patient, first = np.broadcast_arrays(times, shape, rate, patient, self.probability_of_waiting)
        except ValueError:
            raise InputError(
                f"hours have shape {times.shape}; expected one that broadcasts against {self.servers.shape}"
            ) from None
        patience, spare, handling = (
            np.broadcast_to(values, time.shape)
            for values in (
                self.patience_hours,
                self.servers - self.arrivals_per_hour * self.handling_hours,
                self.handling_hours,
            )
        )
        share = np.empty(time.shape)
        endless = ~patient
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            # nobody to spare: the queue grows for ever, and every time is waited, however long
            decay = np.where(spare[endless] > 0, np.exp(-spare[endless] / handling[endless] * time[endless]), 1.0)
        share[endless] = first[endless] * decay
        with np.errstate(over="ignore", under="ignore"):
            x, y, u = x[patient], y[patient], np.minimum(time[patient] / patience[patient], 1e300)
            power = -y * np.expm1(-u) - (x + 1) * u + _busy_sum(x, y * np.exp(-u))[0] - _busy_sum(x, y)[0]
            share[patient] = first[patient] * np.exp(np.minimum(power, 0.0))
        return share

    def words(self) -> str:
        """Return one plain line: overload said to be overload, else the mean wait and who waits over an hour."""
        if self.servers.size != 1:
            rest = self.mean_wait_hours[~self.is_overloaded]
            line = f"{self.servers.size:,} queues, {int(self.is_overloaded.sum()):,} overloaded"
            if not rest.size:
                return line
            shortest, longest = _duration(float(rest.min())), _duration(float(rest.max()))
            return f"{line}; mean wait of the others " + (
                shortest if shortest == longest else f"from {shortest} to {longest}"
            )
        leaves = float(self.abandoned_share.item())
        end = f", {_share(leaves)} give up" if np.isfinite(self.patience_hours).all() else ""
        if self.is_overloaded.item():
            work = f"{float((self.arrivals_per_hour * self.handling_hours).item()):,.1f}".removesuffix(".0")
            people = f"{int(self.servers.item()):,}"
            arrive = "hour of work arrives" if work == "1" else "hours of work arrive"
            return f"overloaded: {work} {arrive} an hour for {people} {'person' if people == '1' else 'people'}{end}"
        over = float(self.probability_over(1.0).item())
        return f"mean wait {_duration(float(self.mean_wait_hours.item()))}, {_share(over)} wait over an hour{end}"

    def __str__(self) -> str:
        return self.words()

    def to_dict(self) -> dict[str, float | None]:
        """Return means over all that was worked out; no mean wait where work piles up."""
        mean_wait = float(self.mean_wait_hours.mean())
        return {
            "occupancy": float(self.occupancy.mean()),
            "mean_wait_hours": mean_wait if np.isfinite(mean_wait) else None,
            "abandoned_share": float(self.abandoned_share.mean()),
            "overloaded_share_of_draws": float(self.is_overloaded.mean()),
        }


def erlang_c(servers: ArrayLike, offered_load: ArrayLike) -> Floats:
    """Return the chance (0-1) that an arrival finds every server busy and waits, when everybody waits (M/M/c).

    Parameters
    ----------
    servers
        Whole numbers of at least 1; broadcasts against the load.
    offered_load
        Hours of work that arrive an hour (erlangs), at least 0. At `servers` and above that is overload: 1.

    Raises
    ------
    InputError
        If a number is outside its range, or the shapes do not fit.

    Notes
    -----
    1 / C = (1 - a / c) / B + a / c, with B the loss of Erlang B. 1 / B is the upper incomplete gamma function of c + 1
    at a, over the Poisson probability of c at mean a: no recursion, and for 10,000 servers as fast as for one.

    References
    ----------
    Erlang 1917.
    """
    c, a = _together(servers=_servers(servers), offered_load=_at_least_0("offered_load", offered_load))
    chance = np.ones(c.shape)
    quiet = a < c
    use = a[quiet] / c[quiet]
    with np.errstate(over="ignore"):
        chance[quiet] = 1 / ((1 - use) * _inverse_loss(c[quiet], a[quiet]) + use)
    return chance


def waiting(
    servers: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handling_hours: ArrayLike,
    patience_hours: ArrayLike | None = None,
) -> Waiting:
    """Return how long arrivals wait for a shared staff: M/M/c (Erlang C), with patience M/M/c+M (Erlang A).

    Parameters
    ----------
    servers
        Supervisors on duty, whole numbers of at least 1.
    arrivals_per_hour
        Escalations and transfers an hour, at least 0, arriving at random (Poisson).
    handling_hours
        Mean hours that an arrival takes, above 0, exponentially distributed.
    patience_hours
        Mean hours after which a customer who still waits gives up, above 0, exponentially distributed; None or inf
        where nobody gives up. All four broadcast against each other.

    Raises
    ------
    InputError
        If a number is outside its range, or the shapes do not fit.

    Notes
    -----
    With x = servers * patience / handling, y = arrivals * patience and A = sum over j of y^j / ((x + 1) ... (x + j)),
    the chance of waiting is A / (1 / B + A - 1). While all are busy x / A - x + y wait on average; Little's law gives
    the mean wait, and over the patience that is the share who give up.

    References
    ----------
    Palm 1957; Garnett, Mandelbaum and Reiman 2002; Zeltyn and Mandelbaum 2005.

    Examples
    --------
    >>> print(waiting(10, 8, 1))
    mean wait 12 minutes, 6 % wait over an hour
    >>> print(waiting(10, 62, 0.2))
    overloaded: 12.4 hours of work arrive an hour for 10 people
    """
    c, rate, hours, patience = _together(
        servers=_servers(servers),
        arrivals_per_hour=_at_least_0("arrivals_per_hour", arrivals_per_hour),
        handling_hours=_numbers(
            "handling_hours", handling_hours, "finite numbers above 0", lambda v: (v > 0) & np.isfinite(v)
        ),
        patience_hours=_numbers(
            "patience_hours",
            np.inf if patience_hours is None else patience_hours,
            "numbers above 0 (inf: nobody gives up)",
            lambda v: v > 0,
        ),
    )
    with np.errstate(over="ignore", under="ignore"):
        load = np.asarray(rate * hours)
    if not np.isfinite(load).all():
        raise InputError("arrivals_per_hour times handling_hours is beyond any number; expected hours of work an hour")
    overloaded = np.asarray(load >= c)
    chance, wait, left = np.ones(c.shape), np.full(c.shape, np.inf), np.zeros(c.shape)
    quiet = ~overloaded
    chance[quiet] = erlang_c(c[quiet], load[quiet])
    with np.errstate(under="ignore"):
        wait[quiet] = chance[quiet] * hours[quiet] / (c[quiet] - load[quiet])
    occupancy = np.asarray(np.minimum(load / c, 1.0))

    result = Waiting(c, rate, hours, patience, chance, wait, left, overloaded, occupancy)
    shape, arrivals, patient = _in_units_of_patience(result)
    if patient.any():
        log_a, given_up = _busy_sum(shape[patient], arrivals[patient])
        with np.errstate(over="ignore", under="ignore"):
            idle = np.exp(-log_a) * (_inverse_loss(c[patient], load[patient]) - 1)
            chance[patient] = 1 / (1 + idle)
            left[patient] = given_up * chance[patient]
            wait[patient] = left[patient] * patience[patient]
        occupancy[patient] = np.minimum(load[patient] * (1 - left[patient]) / c[patient], 1.0)
    return result


def _in_units_of_patience(queue: Waiting) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return what the whole staff handles and what arrives within one patience, and where anybody gives up at all."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        handled = np.asarray(queue.patience_hours * (queue.servers / queue.handling_hours))
        arriving = np.asarray(queue.patience_hours * queue.arrivals_per_hour)
    # a patience of more than ENDLESS cases is no different from one without end, and would overflow
    return handled, arriving, np.asarray((handled < ENDLESS) & (arriving < ENDLESS))


def _log_poisson(x: Floats, y: Floats) -> Floats:
    """Return ln(exp(-y) y^x / Gamma(x + 1)) without cancellation at large x (Loader 2000); x at least 0, y above 0."""
    large = np.maximum(x, 16.0)
    inverse = 1 / large**2
    stirling = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / large
    # the deviance large ln(large / y) + y - large: a series where the two are close
    v = (large - y) / (large + y)
    square = np.minimum(v * v, 0.01)
    series = np.zeros_like(v)
    for power in range(19, 1, -2):
        series = (series + 1 / power) * square
    near = (large - y) * v + 2 * large * v * series
    apart = large * np.log(large / y) + y - large
    deviance = np.where(np.abs(v) < 0.1, near, apart)
    return np.asarray(
        np.where(x < 16, xlogy(x, y) - y - gammaln(x + 1), -0.5 * np.log(2 * np.pi * large) - stirling - deviance)
    )


def _inverse_loss(c: Floats, a: Floats) -> Floats:
    """Return 1 / B(c, a), from 1 to inf: Gamma(c + 1, a) e^a a^-c; flat arrays."""
    inverse = np.full(c.shape, np.inf)
    far = a - c > FAR * np.sqrt(c)
    near = ~far & (a > 0)
    with np.errstate(over="ignore", under="ignore"):
        inverse[near] = gammaincc(c[near] + 1, a[near]) * np.exp(-_log_poisson(c[near], a[near]))
    # Legendre's fraction, which ends after c steps
    servers, spare = c[far], a[far] - c[far]
    tail = np.zeros(spare.shape)
    for k in range(STEPS, 0, -1):
        tail = k * np.maximum(servers - k + 1, 0.0) / (spare + 2 * k + tail)
    inverse[far] = a[far] / (spare + tail)
    return np.asarray(np.maximum(inverse, 1.0))


def _busy_sum(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return ln A(x, y) and the chance that an arrival who has to wait gives up; flat arrays of at least 0.

    Notes
    -----
    A is the lower incomplete gamma function over the Poisson probability, and the chance (x / A - x + y) / y. With few
    waiting that is a small difference of large numbers; there d(x) = x / A(x) - x + y comes from a fraction of positive
    terms, d(x) = y / (x + 1 - y + 2 y / (x + 2 - y + 3 y / ...)), taken at x + 1 and brought back to x by
    d(x) = y (1 + d(x + 1)) / (x + 1 + d(x + 1)).
    """
    log_a, gives_up = np.empty(x.shape), np.empty(x.shape)
    far = (y < 1) | (x - y > FAR * np.sqrt(y))
    busy, arriving = x[far], y[far]
    after = np.zeros_like(busy)
    for k in range(STEPS, 0, -1):
        after = k * arriving / (busy + (k + 1) - arriving + after)
    log_a[far] = np.log1p(arriving / (busy + 1 - arriving + after))
    gives_up[far] = (1 + after) / (busy + 1 + after)
    busy, arriving = x[~far], y[~far]
    log_a[~far] = np.log(gammainc(busy, arriving)) - _log_poisson(busy, arriving)
    with np.errstate(under="ignore"):
        gives_up[~far] = (busy * np.exp(-log_a[~far]) + (arriving - busy)) / arriving
    return log_a, gives_up


def _mean_log(shape: Floats, rate: Floats) -> Floats:
    """Return the mean of -ln S for gamma variables S cut off at 1: shape at least 1, rate above 0, flat arrays.

    w = -ln S has the log-concave density exp(-rate e^-w - shape w), which Gauss and Legendre's rule takes from the mode
    down to e^-40 of it on both sides.
    """
    mode = np.log(np.maximum(rate / shape, 1.0))
    slope, bend = np.maximum(shape - rate, 0.0), np.minimum(rate, shape)
    below = np.minimum(np.sqrt(2 * DEPTH / shape), mode)
    # d above the mode the logarithm has fallen by slope d + bend (d - 1 + e^-d) >= slope d + bend d^2 / (2 + 2 d / 3)
    square, linear = slope / 3 + bend / 2, slope - DEPTH / 3
    root = np.hypot(linear, 2 * np.sqrt(square * DEPTH))
    above = np.where(linear > 0, 2 * DEPTH / (np.abs(linear) + root), (np.abs(linear) + root) / (2 * square))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    total, moment = np.zeros(mode.shape), np.zeros(mode.shape)
    for node, weight in zip(nodes, weights, strict=True):
        away = (above - below) / 2 + (above + below) / 2 * node  # distance from the mode, where rate e^-w is bend
        density = weight * np.exp(-bend * (np.expm1(-away) + away) - slope * away)
        total += density
        moment += density * away
    return np.asarray(mode + moment / total)


def _numbers(name: str, numbers: ArrayLike, expected: str, fits: Callable[[Floats], NDArray[np.bool_]]) -> Floats:
    try:
        values = np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError):
        written = " ".join(repr(numbers).split())
        raise InputError(f"{name} is {written[:60]}; expected {expected}") from None
    wrong = ~fits(values)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = f"[{', '.join(map(str, where))}]" if where else ""
        raise InputError(f"{name}{place} is {values[where]:.15g}; expected {expected}")
    return values


def _servers(servers: ArrayLike) -> Floats:
    return _numbers(
        "servers",
        servers,
        "whole numbers of at least 1",
        lambda v: (v >= 1) & np.isfinite(v) & (np.floor(v) == v),
    )


def _at_least_0(name: str, numbers: ArrayLike) -> Floats:
    return _numbers(name, numbers, "finite numbers of at least 0", lambda v: (v >= 0) & np.isfinite(v))


def _together(**arrays: Floats) -> tuple[Floats, ...]:
    try:
        return tuple(np.broadcast_arrays(*arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {values.shape}" for name, values in arrays.items())
        raise InputError(f"the shapes do not fit together ({shapes}); expected shapes that broadcast") from None


def _duration(hours: float) -> str:
    if not np.isfinite(hours):
        return "without end"
    if 0 < hours < 0.5 / 3600:
        return "under a second"
    for unit, size, below in (("second", 1 / 3600, 90 / 3600), ("minute", 1 / 60, 1.5), ("hour", 1.0, 48.0)):
        if 0 < hours < below:
            number = f"{hours / size:.1f}" if unit == "hour" else f"{hours / size:.0f}"
            number = number.removesuffix(".0")
            return f"{number} {unit}" + ("" if number == "1" else "s")
    return f"{hours / 24:,.1f} days".replace(".0 ", " ") if hours else "0 minutes"


def _share(share: float) -> str:
    if 0 < share < 0.005:
        return "under 1 %"
    if 0.995 <= share < 1:
        return "over 99 %"
    return f"{share:.0%}".replace("%", " %")
