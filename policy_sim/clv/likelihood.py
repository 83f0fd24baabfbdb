"""Maximum likelihood, as every customer model here needs it.

In: a log-likelihood with its gradient on log-parameters, and where to start. Out: the maximum with its covariance.
Left to others: what the parameters mean, and what to advise where the data do not determine them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BoundaryWarning", "Maximum", "maximise_likelihood", "one_plus_odds", "unique_rows"]

Vector = NDArray[np.float64]
LogLikelihood = Callable[[Vector], tuple[float, Vector]]

_REACH = 9.5  # log-parameters may leave the first start by this much, a factor of 13,000; beyond, rounding takes over
_EDGE = 0.5  # so close to the end of that reach the data have nothing left to say
_SETTLED = 1e-6  # largest gradient per customer that counts as a maximum
_AGREEMENT = 1e-3  # in log-likelihood, of two starts that end at the same edge
_SETTLED_AT_EDGE = 1e-3  # there the surface is nearly flat, and its slope known to fewer digits
_WIDTH = 2e-6  # of differences of the gradient, where truncation and rounding balance
_LAST_STEP = 1e-6  # of Newton; what it leaves is lost in rounding
_LONGEST_STEP = 1.0  # in log-parameters, a factor of e
_MOST_STEPS = 300
_MOST_NEWTON_STEPS = 12
_MOST_CUTS = 8  # of one step
_LEAST_GAIN = 1e-4  # of what the slope promises for a step
_LEAST_TURN = 1e-3  # of the slope, as a part of what the information foretells
_LONG = 0.1  # for a step from where the slope already counts as that of a maximum
_LEAST_CURVATURE = 1e-6  # for each customer, lest a flat direction lead away from the others
_ROUNDING = 1e-14  # of the log-likelihood; a gain below cannot be told
_TOUCH = 1e-6  # so close to the edge a parameter is there
_UNDETERMINED = 5.0  # standard error of a log-parameter: the data leave a factor of e^5 open


class BoundaryWarning(UserWarning):
    """The likelihood has no inner maximum: the data drive a parameter to its limit or leave it undetermined."""


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where a log-likelihood is highest.

    Attributes
    ----------
    log_parameters
        (n_parameters,) natural logarithms of the parameters.
    log_likelihood
        Its value there.
    covariance
        (n_parameters, n_parameters) of the log-parameters, the inverse of the observed information; NaN where that
        cannot be inverted.
    iteration_count
        Steps of the optimiser, over all starts that were tried.
    has_converged
        Whether the gradient vanishes, apart from what points out of the searched region.
    undetermined
        Positions of the parameters at the edge of the searched region or with a standard error beyond all use.
    """

    log_parameters: Vector
    log_likelihood: float
    covariance: Vector
    iteration_count: int
    has_converged: bool
    undetermined: tuple[int, ...]

    @property
    def message(self) -> str:
        """How it ended, in plain words."""
        if not self.has_converged:
            return f"did not converge in {self.iteration_count} iterations"
        place = "at the edge of what the data determine" if self.undetermined else "inside"
        return f"converged in {self.iteration_count} iterations, {place}"


def maximise_likelihood(log_likelihood: LogLikelihood, starts: Sequence[Vector], customer_count: int) -> Maximum:
    """Find the maximum of a log-likelihood over log-parameters.

    Parameters
    ----------
    log_likelihood
        Takes log-parameters, returns the log-likelihood summed over customers and its gradient.
    starts
        Log-parameters to start from. The later ones are used only until one leads to an inner maximum, or two agree
        that there is none.
    customer_count
        Number of customers, by which tolerances are scaled.

    Returns
    -------
    The best end point. Whether it has converged is for the caller to look at.

    Notes
    -----
    A bounded quasi-Newton search, finished by Newton steps on the information that differences of the gradient give,
    so that repeated fits agree to the last digits. All models are so small that what counts is how often the
    likelihood is computed; a general optimiser that has to find the scales by itself takes half as many again.
    """
    centre = starts[0]
    lower, upper = centre - _REACH, centre + _REACH
    best: Maximum | None = None
    iteration_count = 0
    for start in starts:
        found = _climb(log_likelihood, np.clip(start, lower, upper), lower, upper, customer_count)
        iteration_count += found.iteration_count
        agrees = best is not None and abs(found.log_likelihood - best.log_likelihood) < _AGREEMENT
        if best is None or (found.has_converged, found.log_likelihood) > (best.has_converged, best.log_likelihood):
            best = found
        if best.has_converged and (agrees or not best.undetermined):
            break
    if best is None:
        raise ValueError("starts is empty; give at least one")
    return Maximum(
        best.log_parameters,
        best.log_likelihood,
        best.covariance,
        iteration_count,
        best.has_converged,
        best.undetermined,
    )


def unique_rows(*columns: Vector) -> tuple[tuple[Vector, ...], Vector, NDArray[np.intp]]:
    """Return the distinct rows of equally long columns, how often each occurs, and where each given row went.

    `unique[k][place]` is `columns[k]` again, so what is computed once for each distinct row expands to all of them.
    """
    order = np.lexsort(columns[::-1])
    is_new = np.ones(order.size, dtype=bool)
    if order.size:
        is_new[1:] = np.any([np.diff(column[order]) != 0 for column in columns], axis=0)
    place = np.empty(order.size, dtype=np.intp)
    place[order] = np.cumsum(is_new) - 1
    weight = np.bincount(place, minlength=int(is_new.sum())).astype(np.float64)
    return tuple(column[order[is_new]] for column in columns), weight, place


def one_plus_odds(log_odds: Vector) -> tuple[Vector, Vector]:
    """Return ln(1 + u) and the chance u/(1 + u) of odds u, given as ln u; nothing overflows."""
    log_one_and_odds = np.maximum(log_odds, 0.0) + np.log(1.0 + np.exp(-np.abs(log_odds)))
    return log_one_and_odds, np.exp(log_odds - log_one_and_odds)


def _climb(log_likelihood: LogLikelihood, start: Vector, lower: Vector, upper: Vector, customer_count: int) -> Maximum:
    at, height, slope, bowl, iteration_count = _search(log_likelihood, start, lower, upper, customer_count)
    root = _root(bowl)
    for _ in range(_MOST_NEWTON_STEPS):
        information = _information(log_likelihood, at, slope, root)
        step = _newton_step(information, slope)
        if step is None or np.any(at + step < lower) or np.any(at + step > upper):
            break
        next_height, next_slope = log_likelihood(at + step)
        if not np.isfinite(next_height) or next_height < height - 1e-9 * abs(height):
            break
        if np.abs(next_slope).max() >= np.abs(slope).max():
            break  # rounding is all that is left
        at, height, slope, root = at + step, next_height, next_slope, _root(information)
        iteration_count += 1
        if np.abs(step).max() < _LAST_STEP:
            break
    inner = np.where(_is_held(at, slope, lower, upper), 0.0, slope) / customer_count
    covariance = _inverse(information)
    spread = np.sqrt(np.diag(covariance))
    near_edge = np.minimum(at - lower, upper - at) < _EDGE
    undetermined = np.flatnonzero(near_edge | ~(spread < _UNDETERMINED))
    settled = _SETTLED_AT_EDGE if undetermined.size else _SETTLED
    return Maximum(
        at,
        float(height),
        covariance,
        iteration_count,
        bool(np.isfinite(height) and np.abs(inner).max() < settled),
        tuple(int(k) for k in undetermined),
    )


def _search(
    log_likelihood: LogLikelihood, start: Vector, lower: Vector, upper: Vector, customer_count: int
) -> tuple[Vector, float, Vector, Vector, int]:
    """Return a place close to a maximum, its height, slope and approximate information, and how many steps it took.

    Notes
    -----
    A quasi-Newton search. It begins with the information at the start, by which parameters of all scales, and those
    that the data tell apart badly, are searched alike; then each step updates that information by how the slope has
    turned (Broyden, Fletcher, Goldfarb & Shanno). Where that fails, the information is measured again.
    """
    at = start
    height, slope = log_likelihood(at)
    bowl = _bowl(_information(log_likelihood, at, slope, np.eye(at.size)), customer_count)
    is_measured = True
    step_count = 0
    while step_count < _MOST_STEPS:
        step = _step(bowl, at, slope, lower, upper)
        length = np.abs(step).max()
        if length < _LAST_STEP or slope @ step < _ROUNDING * abs(height):
            break
        if length > _LONG and np.abs(slope).max() < _SETTLED * customer_count:
            break  # on a plain, where the data have nothing left to say
        reached, height, next_slope = _rise(log_likelihood, at, height, slope, step, lower, upper)
        moved, turned = reached - at, slope - next_slope
        if is_measured and not moved.any():
            break
        step_count += 1
        at, slope = reached, next_slope
        along = bowl @ moved
        is_measured = bool(moved @ turned <= _LEAST_TURN * (moved @ along))
        if is_measured:
            bowl = _bowl(_information(log_likelihood, at, slope, _root(bowl)), customer_count)
        else:
            bowl = bowl + np.outer(turned, turned) / (moved @ turned) - np.outer(along, along) / (moved @ along)
    return at, height, slope, bowl, step_count


def _bowl(information: Vector, customer_count: int) -> Vector:
    """Return the information as if the surface curved down in all directions, so that steps lead up."""
    if not np.isfinite(information).all():
        return customer_count * np.eye(len(information))
    curvature, directions = np.linalg.eigh(information)
    curvature = np.maximum(np.abs(curvature), _LEAST_CURVATURE * customer_count)
    return np.asarray((directions * curvature) @ directions.T, dtype=np.float64)


def _step(bowl: Vector, at: Vector, slope: Vector, lower: Vector, upper: Vector) -> Vector:
    """Return the step to the top, cut where it would be too long or where it meets the edge of the searched region."""
    free = np.flatnonzero(~_is_held(at, slope, lower, upper))
    step = np.zeros(at.size)
    step[free] = np.linalg.solve(bowl[np.ix_(free, free)], slope[free])
    room = np.where(step > 0, upper - at, at - lower)
    longest = np.where(room > _TOUCH, np.minimum(room, _LONGEST_STEP), _LONGEST_STEP)
    return np.asarray(step / max(1.0, float((np.abs(step) / longest).max())), dtype=np.float64)


def _rise(
    log_likelihood: LogLikelihood, at: Vector, height: float, slope: Vector, step: Vector, lower: Vector, upper: Vector
) -> tuple[Vector, float, Vector]:
    """Return a higher place on the way along a step, its height and slope; the old place where none is found."""
    for _ in range(_MOST_CUTS):
        reached = np.clip(at + step, lower, upper)
        promised = float(slope @ (reached - at))
        if promised <= 0:
            break  # the edge has left nothing of the step
        next_height, next_slope = log_likelihood(reached)
        gain = next_height - height
        if gain > _LEAST_GAIN * promised:
            return reached, next_height, next_slope
        # to the top of the parabola through what is known
        step = step * (np.clip(promised / (promised - gain) / 2, 0.1, 0.5) if np.isfinite(gain) else 0.1)
    return at, height, slope


def _is_held(at: Vector, slope: Vector, lower: Vector, upper: Vector) -> NDArray[np.bool_]:
    """Return which parameters are at the edge of the searched region and would leave it."""
    return np.asarray((at - lower < _TOUCH) & (slope < 0) | (upper - at < _TOUCH) & (slope > 0))


def _information(log_likelihood: LogLikelihood, at: Vector, slope: Vector, root: Vector) -> Vector:
    """Return minus the second derivatives, from differences between the gradient at a point, `slope`, and beside it.

    The steps aside are the rows of the inverse of `root`. Where that is a root of the information, be it a rough one,
    no direction is flatter than another, so that the inverse of the result has as many right digits as the result.
    """
    aside = np.linalg.inv(root)
    beside = np.array([log_likelihood(at + _WIDTH * step)[1] for step in aside])
    between = (slope - beside) @ aside.T / _WIDTH
    return np.asarray(root @ (between + between.T) @ root.T / 2, dtype=np.float64)


def _root(information: Vector) -> Vector:
    """Return the Cholesky factor of the information, or of the unit matrix where it has none."""
    try:
        return np.asarray(np.linalg.cholesky(information), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.eye(len(information))


def _newton_step(information: Vector, slope: Vector) -> Vector | None:
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return None
    step = np.asarray(np.linalg.solve(information, slope), dtype=np.float64)
    return step if np.abs(step).max() < 1.0 else None


def _inverse(information: Vector) -> Vector:
    nothing = np.full_like(information, np.nan)
    if not np.isfinite(information).all():
        return nothing
    scale = np.sqrt(np.abs(np.diag(information)))
    if np.any(scale == 0):
        return nothing
    scaled = information / np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled).min() < 1e-10:
        return nothing
    return np.asarray(np.linalg.inv(scaled) / np.outer(scale, scale), dtype=np.float64)
