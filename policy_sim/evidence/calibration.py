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

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, Progress, Steps, check_at_least, plain_rows, unknown
from policy_sim.evidence.case_log import CaseLog
from policy_sim.evidence.likelihood import BUYING
from policy_sim.evidence.observed import Observed
from policy_sim.evidence.pareto import RELIABLE, smoothed_weights
from policy_sim.evidence.posterior import ADJUSTMENT_SPREAD, BUYING_SPREAD, Estimate, Parameters, Posterior
from policy_sim.evidence.priors import on_own_scale
from policy_sim.orders import Transactions

__all__ = ["Calibration", "calibrate"]

Floats = NDArray[np.float64]

_DRAWS = 600
_ROUNDS = 4  # of moving the draws to where the posterior is, at most ...
_CLOSE_ENOUGH = 0.6  # ... until Pareto k is this
_TOLD = 0.95  # a log that leaves a parameter wider than this share of its prior cannot tell it
_MOVED, _WIDENED = 0.25, 1.25  # standard deviations, ratio: where the approximation is off by more, it is said


@dataclass(frozen=True)
class Calibration:
    """The posterior of the assumptions about how customers answer.

    Attributes
    ----------
    observed
        What it was learned from, with the scenario whose ranges were the prior.
    names
        Full names of the assumptions that were estimated.
    all_z, weights
        Draws (draws, P) of all parameters (`Parameters`), the assumptions first, on a scale on which they were standard
        normal before (`priors.on_own_scale`), and what each counts; the weights add up to 1.
    pareto_k
        How far the draws can be relied on: above .7 they cannot.
    doubtful
        Assumptions for which the approximation is off.
    adjustments
        What agents saw besides, with its weight (logits for a standard deviation) and its standard error.
    process
        r, alpha_weeks and churn_concentration of how customers buy.
    """

    observed: Observed
    names: tuple[str, ...]
    all_z: Floats
    weights: Floats
    pareto_k: float
    doubtful: tuple[str, ...]
    adjustments: pd.DataFrame
    process: Mapping[str, float]

    @property
    def scenario(self) -> Scenario:
        """The scenario whose ranges were the prior."""
        return self.observed.scenario

    @property
    def z(self) -> Floats:
        """Those of the assumptions (draws, assumptions)."""
        return self.all_z[:, : len(self.names)]

    @cached_property
    def mean_z(self) -> Floats:
        """Posterior means on the scale of `z` (assumptions,)."""
        return np.asarray(self.weights @ self.z)

    @cached_property
    def covariance_z(self) -> Floats:
        """Posterior covariance on the scale of `z` (assumptions, assumptions)."""
        off = self.z - self.mean_z
        return np.asarray((off * self.weights[:, None]).T @ off)

    @cached_property
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
            **self.observed.to_dict(),
            "pareto_k": self.pareto_k,
            "doubtful": list(self.doubtful),
            "process": dict(self.process),
            "assumptions": plain_rows(self.to_frame()),
            "adjustments": plain_rows(self.adjustments),
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
        Called as each of three steps begins.

    Raises
    ------
    InputError
        If fewer than 30 cases can be followed, or an estimate is of no such assumption.

    Notes
    -----
    The maximum of the posterior is found by Newton's method with exact derivatives; around it the posterior is taken as
    normal on a scale on which every prior is (Laplace), moved to the closest normal distribution, and draws from that
    are weighted by how much likelier they really are. Failures learn from each other: before the log has spoken, what
    is not known of them correlates at .25. Agents give more to better and angrier customers: what they saw (severity,
    earlier failures and orders, amounts, earlier claims) bears on the chance of loss beside what they gave.

    References
    ----------
    Tierney and Kadane 1986; Opper and Archambeau 2009; Vehtari et al. 2024 (weights).
    """
    check_at_least(0, "seed", seed, "--seed")
    steps = Steps(on_progress, 3)
    steps.begin("Following customers")
    observed = Observed.of(log, transactions, scenario)
    steps.begin("Finding the maximum")
    posterior = Posterior(observed.likelihood(), observed.parameters, _checked(further, observed.parameters))
    at_maximum = posterior.maximum()
    steps.begin("Weighting draws")
    rng = np.random.default_rng([seed, 7])
    normal = posterior.closest_normal(*at_maximum, rng)
    z, weights, k = _weighted(posterior, *normal, rng)
    steps.finish()
    return _calibration(observed, normal, (z, weights, k))


def _checked(further: Sequence[Estimate], parameters: Parameters) -> tuple[Estimate, ...]:
    for estimate in further:
        if estimate.name not in parameters.names:
            raise unknown("assumption", estimate.name, parameters.names, "estimates of other studies")
        if not (np.isfinite(estimate.value) and estimate.error > 0):
            raise InputError(
                f"the estimate of {estimate.name} is {estimate.value:g} with error {estimate.error:g}; expected a "
                "number and a standard error above 0"
            )
    return tuple(further)


def _weighted(
    posterior: Posterior, mean: Floats, covariance: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats, float]:
    """Return draws (draws, P) from a normal approximation, their weights, and Pareto k.

    Where the tail of the weights is long, the approximation is moved to the weighted means and stretched to the
    weighted standard deviations, and drawn from anew (Paananen, Piironen, Buerkner and Vehtari 2021).
    """
    root = np.linalg.cholesky(covariance)
    best: tuple[Floats, Floats, float] | None = None
    for _ in range(_ROUNDS):
        # pairs on both sides of the middle: means are exact where the posterior is symmetric
        half = rng.standard_normal((_DRAWS // 2, len(mean)))
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
    observed: Observed, normal: tuple[Floats, Floats], weighted: tuple[Floats, Floats, float]
) -> Calibration:
    """Put together what was learned."""
    parameters = observed.parameters
    (middle, covariance), (z, weights, k) = normal, weighted
    mean = weights @ z
    spread = np.sqrt(weights @ (z - mean) ** 2)
    plain = np.sqrt(np.diag(covariance))
    off = (np.abs(mean - middle) > _MOVED * plain) | (spread > _WIDENED * plain) | (spread < plain / _WIDENED)
    doubtful = tuple(name for name, is_off in zip(parameters.names, off, strict=False) if is_off)
    adjusted = parameters.adjusted
    buying = np.exp(parameters.buying_start + BUYING_SPREAD * mean[adjusted.stop :])
    return Calibration(
        observed=observed,
        names=parameters.names,
        all_z=z,
        weights=weights,
        pareto_k=k,
        doubtful=doubtful,
        adjustments=pd.DataFrame(
            {
                "seen": parameters.adjustments,
                "weight": ADJUSTMENT_SPREAD * mean[adjusted],
                "error": ADJUSTMENT_SPREAD * spread[adjusted],
            }
        ),
        process=dict(zip(BUYING, buying.tolist(), strict=True)),
    )
