"""Posterior: what is known of the assumptions after the log has spoken, up to a constant.

In: a likelihood, the scenario's ranges, what other studies say. Out: `Posterior`, its value, gradient and Hessian on
the scale of `priors`, and its maximum. Left to others: how sure the maximum is (`calibration`).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from policy_sim.assumptions import Assumption, Scenario
from policy_sim.border import InputError
from policy_sim.evidence.likelihood import OF_FAILURE, SHARED, Likelihood, Total
from policy_sim.evidence.priors import Point, logit_point, on_own_scale

__all__ = ["ADJUSTMENT_SPREAD", "BUYING_SPREAD", "Estimate", "Parameters", "Posterior"]

Floats = NDArray[np.float64]

#: Correlation of what is not known of different failures: they were all judged by the same people.
_POOLING = 0.25
#: Standard deviation (logits per standard deviation of what agents saw) of the adjustments before the log has spoken.
ADJUSTMENT_SPREAD = 0.3
#: Of the logarithms of r, alpha and the concentration of chances to leave: next to nothing is known of the first two.
BUYING_SPREAD = np.array([3.0, 3.0, 2.0])

#: Steps from the maximum to the closest normal distribution, and pairs of points of each.
_MOVES, _PAIRS = 2, 12
#: Of the log-posterior: by so much of it its gradient may be off.
_ROUNDING = 1e-9
_FEWEST_PAIRS, _FEW_CASES = 4, 50_000  # more pairs up to so many cases


@dataclass(frozen=True)
class Estimate:
    """What another study says of one assumption, such as a natural experiment: name, value and standard error."""

    name: str
    value: float
    error: float


@dataclass(frozen=True)
class Parameters:
    """All that is estimated, on a scale on which it is standard normal before the log has spoken (`priors`)."""

    names: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    adjustments: tuple[str, ...]
    buying_start: Floats
    level_error: float

    @classmethod
    def of(cls, scenario: Scenario, adjustments: Sequence[str], buying_start: Floats, level_error: float) -> Parameters:
        """Return the parameters of a scenario.

        Parameters
        ----------
        adjustments
            Names of what agents saw besides.
        buying_start
            (3,) what the logarithms of the process of buying are around.
        level_error
            Standard error of the logarithm of the level of amounts.
        """
        names = [f"response.{name}" for name in SHARED]
        names += [f"{failure}.{name}" for failure in scenario.failures for name in OF_FAILURE]
        assumptions = tuple(scenario.assumption(name) for name in names)
        return cls(tuple(names), assumptions, tuple(adjustments), buying_start, level_error)

    @property
    def adjusted(self) -> slice:
        """Places of the adjustments."""
        first = len(self.names) + 1
        return slice(first, first + len(self.adjustments))

    def points(self, z: Floats) -> list[Point]:
        """Return the natural parameters at z (P,), and how they move."""
        points = []
        for name, assumption, at in zip(self.names, self.assumptions, z, strict=False):
            point = on_own_scale(assumption, at)
            points.append(logit_point(point) if name.endswith(".churn_without_remedy") else point)
        points.append(Point(self.level_error * z[len(self.names)], self.level_error, 0.0))
        points += [Point(ADJUSTMENT_SPREAD * at, ADJUSTMENT_SPREAD, 0.0) for at in z[self.adjusted]]
        buying = zip(self.buying_start, z[self.adjusted.stop :], BUYING_SPREAD, strict=True)
        return points + [Point(start + spread * at, spread, 0.0) for start, at, spread in buying]

    @cached_property
    def precision(self) -> Floats:
        """Inverse covariance (P, P) before the log has spoken: each has a variance of 1."""
        count = self.adjusted.stop + len(self.buying_start)
        covariance = np.eye(count)
        for kind in OF_FAILURE:
            places = [place for place, name in enumerate(self.names) if name.endswith(f".{kind}")]
            covariance[np.ix_(places, places)] += _POOLING * (1 - np.eye(len(places)))
        return np.asarray(np.linalg.inv(covariance), dtype=np.float64)


class Posterior:
    """Log-posterior on the scale of z: likelihood, prior, what other studies say."""

    def __init__(self, likelihood: Likelihood, parameters: Parameters, further: tuple[Estimate, ...]) -> None:
        self.likelihood, self.parameters, self.further = likelihood, parameters, further
        self._last: tuple[bytes, Total] | None = None

    def total(self, z: Floats, with_derivatives: bool = True) -> Total:
        """Return value, gradient and Hessian at z."""
        points = self.parameters.points(z)
        natural, slope, curvature = (np.array(part) for part in zip(*points, strict=True))
        of_log = self.likelihood.total(natural, with_derivatives)
        pull = self.parameters.precision @ z
        value = of_log.value - float(z @ pull) / 2
        moves, bend = np.zeros(len(z)), np.zeros(len(z))
        for estimate in self.further:
            place = self.parameters.names.index(estimate.name)
            point = on_own_scale(self.parameters.assumptions[place], float(z[place]))
            off = (point.value - estimate.value) / estimate.error
            value -= off**2 / 2
            moves[place] -= off * point.slope / estimate.error
            bend[place] -= (point.slope / estimate.error) ** 2 + off * point.curvature / estimate.error
        if not with_derivatives:
            return Total(value, np.zeros(0), np.zeros((0, 0)))
        hessian = of_log.hessian * slope[:, None] * slope
        hessian[np.diag_indices(len(z))] += of_log.gradient * curvature + bend
        return Total(value, slope * of_log.gradient + moves - pull, hessian - self.parameters.precision)

    def maximum(self, start: Floats | None = None) -> tuple[Floats, Floats]:
        """Return z at the maximum (P,) and the inverse of minus the Hessian there (P, P); looked for from a start."""
        search: Any = minimize  # its stubs know fewer options than it has
        first = np.zeros(self.likelihood.size) if start is None else start
        # sums over millions of orders are rounded: a gradient below that is none
        options = {"gtol": max(1e-4, _ROUNDING * abs(self._at(first).value)), "maxiter": 200}
        found: Any = search(
            lambda z: -self._at(z).value,
            first,
            jac=lambda z: -self._at(z).gradient,
            hess=lambda z: -self._at(z).hessian,
            method="trust-exact",
            options=options,
        )
        curvature = -self._at(found.x).hessian
        lowest = float(np.linalg.eigvalsh(curvature)[0])
        if lowest <= 0 or not np.isfinite(found.fun):
            raise InputError(
                f"no maximum was found that the log leaves well defined ({found.message}); use a log with more cases "
                "and a longer time after them"
            )
        return np.asarray(found.x), np.asarray(np.linalg.inv(curvature), dtype=np.float64)

    def closest_normal(self, mean: Floats, covariance: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Return mean (P,) and covariance (P, P) of about the normal distribution that is closest to the posterior.

        Parameters
        ----------
        mean, covariance
            Where to begin: those at the maximum.
        rng
            Of the points at which the posterior is looked at.

        Notes
        -----
        The normal distribution q with the least Kullback-Leibler divergence KL(q || posterior) has a mean at which the
        gradient is 0 and an inverse covariance that is minus the Hessian, both as means over q. Where the posterior is
        skew, that is where most of it lies; the maximum is to one side. Two steps of Newton's method, the means taken
        over points on both sides of the middle.

        References
        ----------
        Opper and Archambeau 2009.
        """
        # the more cases, the narrower the posterior and the less skew: fewer points tell as much
        pairs = max(_FEWEST_PAIRS, min(_PAIRS, _PAIRS * _FEW_CASES // max(self.likelihood.case_count, 1)))
        for _ in range(_MOVES):
            half = rng.standard_normal((pairs, len(mean)))
            points = mean + np.concatenate([half, -half]) @ np.linalg.cholesky(covariance).T
            with ThreadPoolExecutor() as pool:
                totals = list(pool.map(self.total, points))
            curvature = -np.mean([total.hessian for total in totals], axis=0)
            if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature)[0] <= 0:
                break
            covariance = np.asarray(np.linalg.inv(curvature))
            mean = mean + covariance @ np.mean([total.gradient for total in totals], axis=0)
        return mean, covariance

    def _at(self, z: Floats) -> Total:
        if self._last is None or self._last[0] != z.tobytes():
            self._last = z.tobytes(), self.total(z)
        return self._last[1]
