"""Maximum likelihood: the search that all customer models share.

In: a log-likelihood with its gradient on log-parameters, and points to start from. Out: the maximum, its covariance.
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
_EDGE = 0.5  # so close to the bounds the data have nothing left to say
_GRADIENT_TOLERANCE = 1e-6  # largest gradient per customer that counts as a maximum
_AGREEMENT = 1e-3  # in log-likelihood, of two starts that end at the same bound
_GRADIENT_TOLERANCE_AT_EDGE = 1e-3  # there the surface is nearly flat, and its gradient known to fewer digits
_DIFFERENCE = 2e-6  # of parameters in difference quotients of the gradient, where truncation and rounding balance
_LAST_STEP = 1e-6  # of Newton; what it leaves is lost in rounding
_LONGEST_STEP = 1.0  # in log-parameters, a factor of e
_MOST_STEPS = 300
_MOST_NEWTON_STEPS = 12
_MOST_CUTS = 8  # of one step in the line search
_LEAST_GAIN = 1e-4  # of what the gradient promises for a step
_LEAST_TURN = 1e-3  # of the gradient along a step, as a share of what the Hessian foretells
_LONG = 0.1  # for a step from where the gradient already counts as that of a maximum
_LEAST_CURVATURE = 1e-6  # for each customer, lest a flat direction lead away from the others
_ROUNDING = 1e-14  # of the log-likelihood; a smaller gain is lost in rounding
_TOUCH = 1e-6  # so close to a bound, a parameter is at it
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
        Steps of the search, over all starts that were tried.
    has_converged
        Whether the gradient vanishes, apart from what points out of the bounds.
    undetermined
        Positions of the parameters at the bounds of the search or with a standard error beyond all use.
    """

    log_parameters: Vector
    log_likelihood: float
    covariance: Vector
    iteration_count: int
    has_converged: bool
    undetermined: tuple[int, ...]

    @property
    def message(self) -> str:
        """How the search ended, in plain words."""
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
    The best end point. Whether it has converged is for the caller to check.

    Notes
    -----
    A bounded quasi-Newton search (BFGS), finished by Newton steps whose Hessian is measured by differences of the
    gradient, so that repeated fits agree to the last digits. All models are so small that the cost is the number of
    times that the likelihood is computed; a general optimiser, which has to find the scales of the parameters by
    itself, computes it half as often again.
    """
    centre = starts[0]
    lower, upper = centre - _REACH, centre + _REACH
    best: Maximum | None = None
    iteration_count = 0
    for start in starts:
        maximum = _maximise_from(np.clip(start, lower, upper), log_likelihood, lower, upper, customer_count)
        iteration_count += maximum.iteration_count
        agrees = best is not None and abs(maximum.log_likelihood - best.log_likelihood) < _AGREEMENT
        if best is None or (maximum.has_converged, maximum.log_likelihood) > (best.has_converged, best.log_likelihood):
            best = maximum
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
    """Return the distinct rows of equally long columns, how often each occurs, and where each original row went.

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
    """Return ln(1 + u) and the chance u/(1 + u) of odds u, which come as ln u; nothing overflows."""
    log_one_and_odds = np.maximum(log_odds, 0.0) + np.log(1.0 + np.exp(-np.abs(log_odds)))
    return log_one_and_odds, np.exp(log_odds - log_one_and_odds)


# In what follows the Hessian is that of minus the log-likelihood: positive definite where there is a maximum, and at
# the maximum the observed information.


def _maximise_from(
    start: Vector, log_likelihood: LogLikelihood, lower: Vector, upper: Vector, customer_count: int
) -> Maximum:
    """Search from one start by a quasi-Newton method, then polish by Newton's."""
    point, value, gradient, hessian, iteration_count = _quasi_newton(
        start, log_likelihood, lower, upper, customer_count
    )
    factor = _cholesky_factor(hessian)
    for _ in range(_MOST_NEWTON_STEPS):
        hessian = _measured_hessian(log_likelihood, point, gradient, factor)
        step = _newton_step(hessian, gradient)
        if step is None or np.any(point + step < lower) or np.any(point + step > upper):
            break
        next_value, next_gradient = log_likelihood(point + step)
        if not np.isfinite(next_value) or next_value < value - 1e-9 * abs(value):
            break
        if np.abs(next_gradient).max() >= np.abs(gradient).max():
            break  # rounding is all that is left
        point, value, gradient, factor = point + step, next_value, next_gradient, _cholesky_factor(hessian)
        iteration_count += 1
        if np.abs(step).max() < _LAST_STEP:
            break
    inner_gradient = np.where(_is_at_bound(point, gradient, lower, upper), 0.0, gradient) / customer_count
    covariance = _inverse(hessian)
    standard_errors = np.sqrt(np.diag(covariance))
    near_edge = np.minimum(point - lower, upper - point) < _EDGE
    undetermined = np.flatnonzero(near_edge | ~(standard_errors < _UNDETERMINED))
    tolerance = _GRADIENT_TOLERANCE_AT_EDGE if undetermined.size else _GRADIENT_TOLERANCE
    return Maximum(
        point,
        float(value),
        covariance,
        iteration_count,
        bool(np.isfinite(value) and np.abs(inner_gradient).max() < tolerance),
        tuple(int(k) for k in undetermined),
    )


def _quasi_newton(
    start: Vector, log_likelihood: LogLikelihood, lower: Vector, upper: Vector, customer_count: int
) -> tuple[Vector, float, Vector, Vector, int]:
    """Return a point close to a maximum, value, gradient and approximate Hessian there, and the number of steps.

    Notes
    -----
    The search begins with the Hessian at the start, by which parameters of all scales, and those that the data tell
    apart badly, are searched alike; then each step updates it by how the gradient has changed (Broyden, Fletcher,
    Goldfarb & Shanno). Where an update would not be positive definite, the Hessian is measured again.
    """
    point = start
    value, gradient = log_likelihood(point)
    unit = np.eye(point.size)
    hessian = _positive_definite(_measured_hessian(log_likelihood, point, gradient, unit), customer_count)
    is_measured = True
    step_count = 0
    while step_count < _MOST_STEPS:
        step = _step_within_bounds(hessian, point, gradient, lower, upper)
        length = np.abs(step).max()
        if length < _LAST_STEP or gradient @ step < _ROUNDING * abs(value):
            break
        if length > _LONG and np.abs(gradient).max() < _GRADIENT_TOLERANCE * customer_count:
            break  # on a plain, where the data have nothing left to say
        next_point, value, next_gradient = _line_search(log_likelihood, point, value, gradient, step, lower, upper)
        moved, turned = next_point - point, gradient - next_gradient
        if is_measured and not moved.any():
            break
        step_count += 1
        point, gradient = next_point, next_gradient
        foretold = hessian @ moved
        is_measured = bool(moved @ turned <= _LEAST_TURN * (moved @ foretold))
        if is_measured:
            measured = _measured_hessian(log_likelihood, point, gradient, _cholesky_factor(hessian))
            hessian = _positive_definite(measured, customer_count)
        else:
            hessian = (
                hessian
                + np.outer(turned, turned) / (moved @ turned)
                - np.outer(foretold, foretold) / (moved @ foretold)
            )
    return point, value, gradient, hessian, step_count


def _positive_definite(hessian: Vector, customer_count: int) -> Vector:
    """Return the Hessian with its eigenvalues made positive, so that steps lead up in every direction."""
    if not np.isfinite(hessian).all():
        return customer_count * np.eye(len(hessian))
    curvature, directions = np.linalg.eigh(hessian)
    curvature = np.maximum(np.abs(curvature), _LEAST_CURVATURE * customer_count)
    return np.asarray((directions * curvature) @ directions.T, dtype=np.float64)


def _step_within_bounds(hessian: Vector, point: Vector, gradient: Vector, lower: Vector, upper: Vector) -> Vector:
    """Return Newton's step, cut where it would be too long or where it meets a bound."""
    free = np.flatnonzero(~_is_at_bound(point, gradient, lower, upper))
    step = np.zeros(point.size)
    step[free] = np.linalg.solve(hessian[np.ix_(free, free)], gradient[free])
    room = np.where(step > 0, upper - point, point - lower)
    longest = np.where(room > _TOUCH, np.minimum(room, _LONGEST_STEP), _LONGEST_STEP)
    return np.asarray(step / max(1.0, float((np.abs(step) / longest).max())), dtype=np.float64)


def _line_search(
    log_likelihood: LogLikelihood,
    point: Vector,
    value: float,
    gradient: Vector,
    step: Vector,
    lower: Vector,
    upper: Vector,
) -> tuple[Vector, float, Vector]:
    """Return a higher point along a step, with value and gradient there; the old point where there is none."""
    for _ in range(_MOST_CUTS):
        next_point = np.clip(point + step, lower, upper)
        promised = float(gradient @ (next_point - point))
        if promised <= 0:
            break  # the bounds have left nothing of the step
        next_value, next_gradient = log_likelihood(next_point)
        gain = next_value - value
        if gain > _LEAST_GAIN * promised:
            return next_point, next_value, next_gradient
        # to the top of the parabola through what is known
        step = step * (np.clip(promised / (promised - gain) / 2, 0.1, 0.5) if np.isfinite(gain) else 0.1)
    return point, value, gradient


def _is_at_bound(point: Vector, gradient: Vector, lower: Vector, upper: Vector) -> NDArray[np.bool_]:
    """Return which parameters are at a bound and would leave it."""
    return np.asarray((point - lower < _TOUCH) & (gradient < 0) | (upper - point < _TOUCH) & (gradient > 0))


def _measured_hessian(log_likelihood: LogLikelihood, point: Vector, gradient: Vector, factor: Vector) -> Vector:
    """Return the Hessian at a point, from differences between the gradient there and at points beside it.

    The points beside it lie in the directions of the rows of the inverse of `factor`. Where that is the Cholesky
    factor of the Hessian, be it a rough one, no direction is flatter than another, so that the inverse of the result
    has as many right digits as the result.
    """
    directions = np.linalg.inv(factor)
    gradients = np.array([log_likelihood(point + _DIFFERENCE * direction)[1] for direction in directions])
    quotients = (gradient - gradients) @ directions.T / _DIFFERENCE
    return np.asarray(factor @ (quotients + quotients.T) @ factor.T / 2, dtype=np.float64)


def _cholesky_factor(hessian: Vector) -> Vector:
    """Return the Cholesky factor of the Hessian, or of the unit matrix where it has none."""
    try:
        return np.asarray(np.linalg.cholesky(hessian), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.eye(len(hessian))


def _newton_step(hessian: Vector, gradient: Vector) -> Vector | None:
    """Return Newton's step; None where the Hessian is not positive definite, or the step is long."""
    try:
        np.linalg.cholesky(hessian)
    except np.linalg.LinAlgError:
        return None
    step = np.asarray(np.linalg.solve(hessian, gradient), dtype=np.float64)
    return step if np.abs(step).max() < 1.0 else None


def _inverse(hessian: Vector) -> Vector:
    """Return the inverse of the Hessian, which is the covariance; NaN where it is not positive definite."""
    unknown = np.full_like(hessian, np.nan)
    if not np.isfinite(hessian).all():
        return unknown
    scale = np.sqrt(np.abs(np.diag(hessian)))
    if np.any(scale == 0):
        return unknown
    scaled = hessian / np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled).min() < 1e-10:
        return unknown
    return np.asarray(np.linalg.inv(scaled) / np.outer(scale, scale), dtype=np.float64)
