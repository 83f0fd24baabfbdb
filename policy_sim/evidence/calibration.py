"""Calibration: what a company's own cases say of how its customers answer.

In: a scenario, a log of cases, a log of orders. Out: `Calibration`, the posterior of the response's assumptions.
Left to others: features, follow-up, likelihood; a scenario file with what was learned (`measured_scenario`); how far
something that nobody recorded may have misled it (`confounding`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from policy_sim.assumptions import Assumption, Scenario
from policy_sim.border import InputError, Progress, Steps, check_at_least, plain_rows, unknown
from policy_sim.clv import fit_gamma_gamma
from policy_sim.evidence.case_log import UNKNOWN, CaseLog
from policy_sim.evidence.features import features_of
from policy_sim.evidence.follow_up import FollowUp, before_cases, follow_up
from policy_sim.evidence.likelihood import BUYING, OF_FAILURE, SHARED, Likelihood, Total
from policy_sim.evidence.pareto import RELIABLE, smoothed_weights
from policy_sim.evidence.priors import Point, logit_point, on_own_scale
from policy_sim.orders import Transactions

__all__ = ["Calibration", "Estimate", "calibrate"]

Floats = NDArray[np.float64]

#: Correlation of what is not known of different failures: they were all judged by the same people.
_POOLING = 0.25
#: Standard deviation (logits per standard deviation of what agents saw) of the adjustments before the log has spoken.
_ADJUSTMENT_SPREAD = 0.3
#: Of the logarithms of r, alpha and the concentration of chances to leave: next to nothing is known of the first two.
_BUYING_SPREAD = np.array([3.0, 3.0, 2.0])
_DRAWS = 600
_ROUNDS = 4  # of moving the draws to where the posterior is, at most ...
_CLOSE_ENOUGH = 0.5  # ... until Pareto k is this
_FEWEST_CASES = 30
_TOLD = 0.95  # a log that leaves a parameter wider than this share of its prior cannot tell it
_MOVED, _WIDENED = 0.25, 1.25  # standard deviations, ratio: where the approximation is off by more, it is said
_FIRST_CONCENTRATION = 200.0


@dataclass(frozen=True)
class Estimate:
    """What another study says of one assumption, such as a natural experiment: name, value and standard error."""

    name: str
    value: float
    error: float


@dataclass(frozen=True)
class _Parameters:
    """All that is estimated, on a scale on which it is standard normal before the log has spoken (`priors`)."""

    names: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    adjustments: tuple[str, ...]
    buying_start: Floats

    @classmethod
    def of(cls, scenario: Scenario, adjustments: Sequence[str], buying_start: Floats) -> _Parameters:
        names = [f"response.{name}" for name in SHARED]
        names += [f"{failure}.{name}" for failure in scenario.failures for name in OF_FAILURE]
        assumptions = tuple(scenario.assumption(name) for name in names)
        return cls(tuple(names), assumptions, tuple(adjustments), buying_start)

    def points(self, z: Floats) -> list[Point]:
        """Return the natural parameters at z (P,), and how they move."""
        points = []
        for name, assumption, at in zip(self.names, self.assumptions, z, strict=False):
            point = on_own_scale(assumption, at)
            points.append(logit_point(point) if name.endswith(".churn_without_remedy") else point)
        count = len(self.names)
        adjusted = z[count : count + len(self.adjustments)]
        points += [Point(_ADJUSTMENT_SPREAD * at, _ADJUSTMENT_SPREAD, 0.0) for at in adjusted]
        buying = zip(self.buying_start, z[count + len(self.adjustments) :], _BUYING_SPREAD, strict=True)
        return points + [Point(start + spread * at, spread, 0.0) for start, at, spread in buying]

    @cached_property
    def precision(self) -> Floats:
        """Inverse covariance (P, P) before the log has spoken: each has a variance of 1."""
        count = len(self.names) + len(self.adjustments) + len(self.buying_start)
        covariance = np.eye(count)
        for kind in OF_FAILURE:
            places = [place for place, name in enumerate(self.names) if name.endswith(f".{kind}")]
            covariance[np.ix_(places, places)] += _POOLING * (1 - np.eye(len(places)))
        return np.asarray(np.linalg.inv(covariance), dtype=np.float64)


@dataclass(frozen=True)
class Calibration:
    """The posterior of the assumptions about how customers answer.

    Attributes
    ----------
    scenario
        Whose ranges were the prior.
    names
        Full names of the assumptions that were estimated.
    z, weights
        Draws (draws, assumptions) of them on a scale on which they were standard normal before (`priors.on_own_scale`),
        and what each counts; the weights add up to 1.
    pareto_k
        How far the draws can be relied on: above .7 they cannot.
    doubtful
        Assumptions for which the approximation is off.
    adjustments
        What agents saw besides, with its weight (logits for a standard deviation) and its standard error.
    process
        r, alpha_weeks and churn_concentration of how customers buy.
    case_count, order_count, customer_count
        How many there were, matched.
    first_day, last_day
        Of the orders.
    remarks
        What was left out or assumed, with counts.
    source
        The log, in words.
    """

    scenario: Scenario
    names: tuple[str, ...]
    z: Floats
    weights: Floats
    pareto_k: float
    doubtful: tuple[str, ...]
    adjustments: pd.DataFrame
    process: Mapping[str, float]
    case_count: int
    order_count: int
    customer_count: int
    first_day: str
    last_day: str
    remarks: tuple[str, ...]
    source: str

    @property
    def mean_z(self) -> Floats:
        """Posterior means on the scale of `z` (assumptions,)."""
        return np.asarray(self.weights @ self.z)

    @property
    def covariance_z(self) -> Floats:
        """Posterior covariance on the scale of `z` (assumptions, assumptions)."""
        off = self.z - self.mean_z
        return np.asarray((off * self.weights[:, None]).T @ off)

    @property
    def width_left(self) -> Floats:
        """Posterior standard deviation over the prior one, which is 1, on the scale of `z` (assumptions,)."""
        return np.sqrt(np.diag(self.covariance_z))

    @property
    def is_told(self) -> NDArray[np.bool_]:
        """Whether the log says anything of each assumption (assumptions,)."""
        return np.asarray((self.width_left < _TOLD) | (np.abs(self.mean_z) > _MOVED))

    @property
    def is_reliable(self) -> bool:
        """Whether the approximation holds."""
        return bool(self.pareto_k <= RELIABLE)

    def quantile(self, name: str, probability: float) -> float:
        """Return the value of an assumption below which a share of the posterior lies."""
        from scipy.special import ndtri

        place = self.names.index(name)
        at = self.mean_z[place] + self.width_left[place] * float(ndtri(probability))
        return on_own_scale(self.scenario.assumption(name), at).value

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each assumption: median and 90 % interval before and after, and what the log has taught.

        Columns: assumption, unit, prior, prior_low, prior_high, posterior, low, high, width_left (share of its prior
        width that is left), says ("shrunk to 22 % of its prior width", "this log cannot tell").
        """
        rows = []
        for place, name in enumerate(self.names):
            assumption = self.scenario.assumption(name)
            before = assumption.quantile(np.array([0.5, 0.05, 0.95])).tolist()
            after = [self.quantile(name, probability) for probability in (0.5, 0.05, 0.95)]
            if assumption.distribution == "chosen":
                continue
            rows.append((name, assumption.unit, *before, *after, self.width_left[place], self._says(place)))
        columns = ["assumption", "unit", "prior", "prior_low", "prior_high", "posterior", "low", "high", "width_left"]
        return pd.DataFrame(rows, columns=[*columns, "says"])

    def _says(self, place: int) -> str:
        if not self.is_told[place]:
            return "this log cannot tell"
        words = f"shrunk to {self.width_left[place]:.0%} of its prior width"
        at_an_end = abs(self.mean_z[place]) > 2.5
        return f"{words}; it pulls against the end of its range: widen the range" if at_an_end else words

    def to_dict(self) -> dict[str, object]:
        """Return everything but the draws as plain data."""
        return {
            "scenario": self.scenario.name,
            "cases": self.case_count,
            "orders": self.order_count,
            "customers": self.customer_count,
            "from": self.first_day,
            "to": self.last_day,
            "pareto_k": self.pareto_k,
            "doubtful": list(self.doubtful),
            "process": dict(self.process),
            "assumptions": plain_rows(self.to_frame()),
            "adjustments": plain_rows(self.adjustments),
            "remarks": list(self.remarks),
        }


def calibrate(
    log: CaseLog,
    transactions: Transactions,
    scenario: Scenario,
    *,
    further: Sequence[Estimate] = (),
    seed: int = 0,
    on_progress: Progress | None = None,
) -> Calibration:
    """Bring the scenario's ranges about how customers answer together with what a log of cases and orders says.

    Parameters
    ----------
    log
        Cases with what was given.
    transactions
        The orders of the same customers, from before and after.
    scenario
        Its ranges are what is known beforehand.
    further
        What other studies say.
    seed
        Of the draws.
    on_progress
        Called as each of four steps begins.

    Raises
    ------
    InputError
        If fewer than 30 cases can be followed, or an estimate is of no such assumption.

    Notes
    -----
    The maximum of the posterior is found by Newton's method with exact derivatives; around it the posterior is taken as
    normal on a scale on which every prior is (Laplace), and draws from that are weighted by how much likelier they
    really are. Failures learn from each other: before the log has spoken, what is not known of them correlates at .25.
    Agents give more to better and angrier customers: what they saw (severity, earlier failures and orders, amounts,
    earlier claims) bears on the chance of loss beside what they gave.

    References
    ----------
    Tierney and Kadane 1986; Vehtari et al. 2024 (weights).
    """
    check_at_least(0, "seed", seed, "--seed")
    steps = Steps(on_progress, 4)
    steps.begin("Following customers")
    known, follow, remarks = _followed(log, transactions)
    features = features_of(known, scenario)
    if features.assumed_hours.any():
        remarks.append(
            f"{int(features.assumed_hours.sum()):,} cases do not say when they were answered: as long as the tier "
            "usually takes"
        )
    steps.begin("Fitting amounts")
    spend = fit_gamma_gamma(before_cases(follow))
    adjustments = _adjustments(known)
    likelihood = Likelihood(features, follow, spend, len(scenario.failures), adjustments)
    parameters = _Parameters.of(scenario, tuple(adjustments), _buying_start(transactions))
    steps.begin("Finding the maximum")
    posterior = _Posterior(likelihood, parameters, _checked(further, parameters))
    maximum, covariance = posterior.maximum()
    steps.begin("Weighting draws")
    z, weights, k = _weighted(posterior, maximum, covariance, np.random.default_rng([seed, 7]))
    steps.finish()
    return _calibration(scenario, parameters, (maximum, covariance), (z, weights, k), follow, remarks, log)


def _followed(log: CaseLog, transactions: Transactions) -> tuple[CaseLog, FollowUp, list[str]]:
    """Return the cases that can be followed, and what is said of the others."""
    remarks = []
    is_known = log.resolution != UNKNOWN
    if not is_known.all():
        remarks.append(f"{int((~is_known).sum()):,} cases do not say what was given: left out")
    known = log.take(is_known)
    if len(known) < _FEWEST_CASES:
        raise InputError(
            f"{log.source}: {len(known)} cases say what was given; expected {_FEWEST_CASES} or more to learn from"
        )
    follow = follow_up(known, transactions)
    for why, count in pd.Series(follow.unmatched[follow.unmatched != ""]).value_counts().items():
        remarks.append(f"{int(count):,} cases are left out: {why}")
    if len(follow.rows) < _FEWEST_CASES:
        raise InputError(
            f"{log.source}: {len(follow.rows)} cases have an order; expected {_FEWEST_CASES} or more to learn from"
        )
    return known.take(follow.rows), follow, remarks


def _adjustments(log: CaseLog) -> dict[str, Floats]:
    """Return what agents saw besides what the response knows (cases,), in standard deviations from its mean."""
    seen = {
        "price of the order": np.log1p(log.cases.item_price),
        "earlier claims": np.log1p(log.cases.prior_claims),
        "suspicion": log.cases.suspicion,
    }
    return {name: (column - column.mean()) / column.std() for name, column in seen.items() if column.std() > 1e-9}


def _buying_start(transactions: Transactions) -> Floats:
    """Return where the search for the process of buying begins: one rate for all, and few who leave."""
    first = np.flatnonzero(np.append(True, transactions.customer[1:] != transactions.customer[:-1]))
    last = np.append(first[1:], len(transactions.customer)) - 1
    weeks = float((transactions.date[last] - transactions.date[first]).astype(np.int64).sum()) / 7
    repeats = float((last - first).sum())
    if repeats == 0 or weeks == 0:
        raise InputError("nobody in the log of orders has ordered twice; expected orders from before and after cases")
    return np.log([1.0, weeks / repeats, _FIRST_CONCENTRATION])


def _checked(further: Sequence[Estimate], parameters: _Parameters) -> tuple[Estimate, ...]:
    for estimate in further:
        if estimate.name not in parameters.names:
            raise unknown("assumption", estimate.name, parameters.names, "estimates of other studies")
        if not (np.isfinite(estimate.value) and estimate.error > 0):
            raise InputError(
                f"the estimate of {estimate.name} is {estimate.value:g} with error {estimate.error:g}; expected a "
                "number and a standard error above 0"
            )
    return tuple(further)


class _Posterior:
    """Log-posterior on the scale of z: likelihood, prior, what other studies say."""

    def __init__(self, likelihood: Likelihood, parameters: _Parameters, further: tuple[Estimate, ...]) -> None:
        self.likelihood, self.parameters, self.further = likelihood, parameters, further
        self._last: tuple[bytes, Total] | None = None

    def total(self, z: Floats, with_derivatives: bool = True) -> Total:
        """Return value, gradient and Hessian at z."""
        points = self.parameters.points(z)
        natural, slope, curvature = (np.array(part) for part in zip(*points, strict=True))
        of_log = self.likelihood.total(natural, with_derivatives)
        pull = self.parameters.precision @ z
        value, gradient = of_log.value - float(z @ pull) / 2, of_log.gradient.copy()
        bend = np.zeros(len(z))
        for estimate in self.further:
            place = self.parameters.names.index(estimate.name)
            point = on_own_scale(self.parameters.assumptions[place], float(z[place]))
            off = (point.value - estimate.value) / estimate.error
            value -= off**2 / 2
            # in z itself: this number may be the logit of another
            gradient[place] -= off / estimate.error * point.slope / (slope[place] or 1.0)
            bend[place] -= (point.slope / estimate.error) ** 2 + off / estimate.error * (
                point.curvature - point.slope * curvature[place] / (slope[place] or 1.0)
            )
        if not with_derivatives:
            return Total(value, slope * gradient - pull, np.zeros((0, 0)))
        hessian = of_log.hessian * slope[:, None] * slope
        hessian[np.diag_indices(len(z))] += gradient * curvature + bend
        return Total(value, slope * gradient - pull, hessian - self.parameters.precision)

    def maximum(self) -> tuple[Floats, Floats]:
        """Return z at the maximum (P,) and the inverse of minus the Hessian there (P, P)."""
        options: Any = {"gtol": 1e-4, "maxiter": 200}
        found: Any = minimize(
            lambda z: -self._at(z).value,
            np.zeros(self.likelihood.size),
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

    def _at(self, z: Floats) -> Total:
        if self._last is None or self._last[0] != z.tobytes():
            self._last = z.tobytes(), self.total(z)
        return self._last[1]


def _weighted(
    posterior: _Posterior, maximum: Floats, covariance: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats, float]:
    """Return draws (draws, P) from a normal approximation, their weights, and Pareto k.

    Where the tail of the weights is long, the approximation is moved to the weighted means and stretched to the
    weighted standard deviations, and drawn from anew (Paananen, Piironen, Buerkner and Vehtari 2021).
    """
    mean, root = maximum, np.linalg.cholesky(covariance)
    best: tuple[Floats, Floats, float] | None = None
    for _ in range(_ROUNDS):
        # pairs on both sides of the middle: means are exact where the posterior is symmetric
        half = rng.standard_normal((_DRAWS // 2, len(maximum)))
        scores = np.concatenate([half, -half])
        z = mean + scores @ root.T
        with ThreadPoolExecutor() as pool:
            values = np.array(list(pool.map(lambda draw: posterior.total(draw, False).value, z)))
        weights, k = smoothed_weights(values + (scores**2).sum(axis=1) / 2)
        if best is None or not k >= best[2]:
            best = z, weights, k
        if best[2] <= _CLOSE_ENOUGH:
            break
        mean = weights @ z
        stretch = np.sqrt((weights @ (z - mean) ** 2) / (root**2).sum(axis=1))
        root = np.clip(stretch, 0.7, 1.5)[:, None] * root
    assert best is not None
    return best


def _calibration(
    scenario: Scenario,
    parameters: _Parameters,
    at_maximum: tuple[Floats, Floats],
    weighted: tuple[Floats, Floats, float],
    follow: FollowUp,
    remarks: list[str],
    log: CaseLog,
) -> Calibration:
    """Put together what was learned."""
    (maximum, covariance), (z, weights, k) = at_maximum, weighted
    count = len(parameters.names)
    mean = weights @ z
    spread = np.sqrt(weights @ (z - mean) ** 2)
    plain = np.sqrt(np.diag(covariance))
    off = (np.abs(mean - maximum) > _MOVED * plain) | (spread > _WIDENED * plain) | (spread < plain / _WIDENED)
    doubtful = tuple(name for name, is_off in zip(parameters.names, off, strict=False) if is_off)
    adjusted = slice(count, count + len(parameters.adjustments))
    buying = np.exp(parameters.buying_start + _BUYING_SPREAD * mean[count + len(parameters.adjustments) :])
    date = follow.transactions.date
    return Calibration(
        scenario=scenario,
        names=parameters.names,
        z=z[:, :count],
        weights=weights,
        pareto_k=k,
        doubtful=doubtful,
        adjustments=pd.DataFrame(
            {
                "seen": parameters.adjustments,
                "weight": _ADJUSTMENT_SPREAD * mean[adjusted],
                "error": _ADJUSTMENT_SPREAD * spread[adjusted],
            }
        ),
        process=dict(zip(BUYING, buying.tolist(), strict=True)),
        case_count=len(follow.rows),
        order_count=len(date),
        customer_count=len(follow.transactions.labels),
        first_day=str(date.min()),
        last_day=str(date.max()),
        remarks=tuple(remarks),
        source=log.source,
    )
