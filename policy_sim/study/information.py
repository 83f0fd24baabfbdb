"""Information: what it would be worth to know an assumption before choosing, and what a pilot to find out takes.

In: net benefits of several policies under joint draws of the assumptions. Out: expected values of information in money
a year; agents, weeks and cases of a pilot. Left to others: valuing the policies, choosing which ones to compare.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from policy_sim.assumptions import Draws
from policy_sim.border import InputError, unknown

__all__ = ["InformationValue", "Pilot", "evpi", "evppi", "pilot_for_mean", "pilot_for_share"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Parts of the draws of which one is held out at a time.
_FOLDS = 10

#: Quantiles of the draws at which the knots of the spline stand (Harrell 2015).
_KNOTS = (0.05, 0.275, 0.5, 0.725, 0.95)


class InformationValue(NamedTuple):
    """An expected value of information with its standard error, both in the unit of the net benefits."""

    value: float
    standard_error: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row: value, standard_error."""
        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return self._asdict()


def evpi(net_benefits: Floats) -> InformationValue:
    """Return the expected value of perfect information (EVPI): what knowing every assumption before choosing is worth.

    Parameters
    ----------
    net_benefits
        (draws, policies) net benefit of each policy under each draw, for example in money a year.

    Raises
    ------
    InputError
        If the array has no draw or no policy, or a number in it is not finite.

    Notes
    -----
    mean_m max_p NB - max_p mean_m NB. The policies that are compared are some of all that could be chosen, so this is
    a lower bound of what knowing is worth.

    References
    ----------
    Raiffa and Schlaifer 1961.
    """
    benefits = _checked(net_benefits)
    chosen = int(np.argmax(benefits.mean(axis=0)))
    forgone = benefits.max(axis=1) - benefits[:, chosen]
    return InformationValue(float(forgone.mean()), _standard_error(forgone))


def evppi(net_benefits: Floats, draws: Draws, names: Sequence[str] | None = None, seed: int = 0) -> pd.DataFrame:
    """Return the expected value of partial perfect information (EVPPI): of knowing one assumption, the others unknown.

    Parameters
    ----------
    net_benefits
        (draws, policies) net benefit of each policy under each draw, for example in money a year.
    draws
        The assumptions of the same draws.
    names
        Which assumptions; all of them by default. One that is the same in every draw is worth 0.
    seed
        The same seed divides the draws in the same way.

    Returns
    -------
    pandas.DataFrame
        assumption, evppi and standard_error (unit of the net benefits; 0 or more, at most the EVPI), share_of_evpi; the
        highest first.

    Raises
    ------
    InputError
        If the two do not have the same draws, or a name is unknown.

    Notes
    -----
    Cross-fitted: a tenth of the draws at a time is held out. On the others each policy's net benefit is regressed on a
    restricted cubic spline of the assumption with 5 knots, and the policy with the highest mean is noted. On those held
    out, the policy that the regression names is set against the noted one: mean_m (NB_m,chosen - NB_m,noted). What is
    chosen knows nothing of the draws that judge it, so that nothing is made of chance. (mean_m max_p G - max_p mean_m G
    is too high in both terms where two policies are close, and too low once shuffled data are subtracted.) The price is
    a larger standard error near a tie, which holds how far the noted policies are behind the best one of all draws.
    A choice fitted to nine tenths of the draws is a little worse than the best one: with few draws this is a bound from
    below.

    References
    ----------
    Strong, Oakley and Brennan 2014; Harrell 2015 (restricted cubic splines); Chernozhukov et al. 2018 (cross-fitting).
    """
    benefits = _checked(net_benefits)
    if len(benefits) != len(draws):
        raise InputError(f"net_benefits has {len(benefits)} draws, the assumptions have {len(draws)}; use the same")
    wanted = draws.names if names is None else names
    for name in wanted:
        if name not in draws.names:
            raise unknown("assumption", name, list(draws.names), "evppi")
    # only differences between the policies matter: what is common to them is noise to the regression
    benefits = benefits - benefits[:, [int(np.argmax(benefits.mean(axis=0)))]]
    rng = np.random.default_rng([seed, 4])
    fold = rng.permutation(len(draws)) % min(_FOLDS, len(draws))
    most = evpi(benefits).value
    rows = []
    for name in wanted:
        basis = _spline_basis(draws[name])
        if basis.shape[1] == 1 or len(draws) == 1:
            rows.append((name, 0.0, 0.0))
            continue
        chosen, noted = _choices_held_out(benefits, basis, fold)
        gains = (np.take_along_axis(benefits, np.stack([chosen, noted], axis=1), axis=1) @ [1.0, -1.0]).ravel()
        # how far the noted policies are behind the best one of all draws: they change from fold to fold near a tie
        behind = float(np.take_along_axis(benefits, noted[:, None], axis=1).mean())
        rows.append((name, min(max(float(gains.mean()), 0.0), most), math.hypot(_standard_error(gains), behind)))
    table = pd.DataFrame(rows, columns=["assumption", "evppi", "standard_error"])
    table["share_of_evpi"] = table["evppi"] / most if most > 0 else 0.0
    return table.sort_values("evppi", ascending=False, kind="stable", ignore_index=True)


def _checked(net_benefits: Floats) -> Floats:
    benefits = np.asarray(net_benefits, dtype=np.float64)
    if benefits.ndim != 2 or 0 in benefits.shape:
        raise InputError(f"net_benefits has shape {benefits.shape}; expected (draws, policies), one or more of each")
    if not np.isfinite(benefits).all():
        raise InputError("net_benefits holds a number that is not finite; evaluate the policies again")
    return benefits


def _spline_basis(values: Floats) -> Floats:
    """Return an orthonormal basis (draws, up to 5) of the restricted cubic splines of values (draws,).

    Fewer columns where values tie so that knots fall together; one, the constant, where all are the same.
    """
    if values.min() == values.max():
        return np.full((len(values), 1), 1 / math.sqrt(len(values)))
    x = (values - values.min()) / (values.max() - values.min())
    knots = np.unique(np.quantile(x, _KNOTS))
    columns = [np.ones_like(x), x]
    if len(knots) > 2:
        before, last = knots[-2:]
        cubes = np.maximum(x[:, None] - knots, 0.0) ** 3
        for k, knot in enumerate(knots[:-2]):
            left, right = (last - knot) / (last - before), (before - knot) / (last - before)
            columns.append(cubes[:, k] - left * cubes[:, -2] + right * cubes[:, -1])
    stacked = np.column_stack(columns)
    directions, sizes, _ = np.linalg.svd(stacked / np.linalg.norm(stacked, axis=0).clip(1e-300), full_matrices=False)
    return np.asarray(directions[:, sizes > 1e-9 * sizes[0]])


def _choices_held_out(benefits: Floats, basis: Floats, fold: Ints) -> tuple[Ints, Ints]:
    """Return (draws,) the policy that a regression on the other folds names, and the best one there without it."""
    chosen, noted = np.empty((2, len(benefits)), dtype=np.int64)
    for held in range(fold.max() + 1):
        out = fold == held
        # the basis is orthonormal over all draws
        gram = np.eye(basis.shape[1]) - basis[out].T @ basis[out]
        slopes = np.linalg.pinv(gram, hermitian=True) @ (basis[~out].T @ benefits[~out])
        chosen[out] = (basis[out] @ slopes).argmax(axis=1)
        noted[out] = int(benefits[~out].mean(axis=0).argmax())
    return chosen, noted


def _standard_error(values: Floats) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0


@dataclass(frozen=True)
class Pilot:
    """What a pilot takes in which half of the agents work by the new policy, half by the one in force.

    Attributes
    ----------
    agents, weeks
        Agents in both halves together; length of the pilot.
    cases
        Number that these agents handle in that time.
    cases_if_independent
        Number that would do if cases of the same agent were no more alike than those of different agents.
    design_effect
        Factor by which more are needed because they are more alike.
    fewest_agents
        With fewer agents no number of weeks is enough.
    difference
        That the pilot would detect, in the unit of the outcome.
    """

    agents: int
    weeks: float
    cases: int
    cases_if_independent: int
    design_effect: float
    fewest_agents: int
    difference: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return asdict(self)


def pilot_for_share(
    share: float,
    difference: float,
    *,
    cases_per_agent_week: float,
    weeks: float,
    intraclass_correlation: float = 0.01,
    size_variation: float = 0.3,
    power: float = 0.8,
    level: float = 0.05,
) -> Pilot:
    """Return what it takes to detect a difference in a share, for example of customers kept, between two policies.

    Parameters
    ----------
    share
        Share (0-1) under the policy in force.
    difference
        Difference to detect, signed; not 0, and `share + difference` within 0 and 1.
    cases_per_agent_week, weeks
        Cases that an agent handles in a week on average; how long the pilot runs; both above 0.
    intraclass_correlation
        Share (0-1) of the variance of single cases that lies between agents.
    size_variation
        Standard deviation over mean of the number of cases an agent handles; 0 where all have the same.
    power
        Chance (0-1) to detect the difference if there is one.
    level
        Chance (0-1) to detect one, in either direction, if there is none.

    Raises
    ------
    InputError
        If a number is outside of its range.

    Notes
    -----
    In each half n = (z_{1-level/2} + z_{power})^2 (p (1-p) + q (1-q)) / difference^2 cases, were they independent;
    times 1 + ((1 + size_variation^2) m - 1) ICC for m cases an agent. One agent is added to each half, since so few
    clusters follow Student's t and not the normal.

    References
    ----------
    Fleiss, Levin and Paik 2003; Eldridge, Ashby and Kerry 2006 (unequal clusters); Hayes and Moulton 2017.
    """
    other = share + difference
    if not (0 <= share <= 1 and 0 <= other <= 1):
        raise InputError(f"shares are {share:g} and {other:g}; both must lie within 0 and 1")
    variance = share * (1 - share) + other * (1 - other)
    return _pilot(
        variance, difference, cases_per_agent_week, weeks, intraclass_correlation, size_variation, power, level
    )


def pilot_for_mean(
    standard_deviation: float,
    difference: float,
    *,
    cases_per_agent_week: float,
    weeks: float,
    intraclass_correlation: float = 0.01,
    size_variation: float = 0.3,
    power: float = 0.8,
    level: float = 0.05,
) -> Pilot:
    """Return what it takes to detect a difference in a mean, for example of net value a case, between two policies.

    Parameters
    ----------
    standard_deviation
        Of single cases, above 0, in the unit of `difference`, the same under both policies.
    difference
        Difference to detect; not 0.
    cases_per_agent_week, weeks, intraclass_correlation, size_variation, power, level
        As for `pilot_for_share`.

    Raises
    ------
    InputError
        If a number is outside of its range.

    Notes
    -----
    As `pilot_for_share`, with 2 standard_deviation^2 in place of p (1-p) + q (1-q).
    """
    if not standard_deviation > 0:
        raise InputError(f"standard deviation is {standard_deviation:g}; it must be above 0")
    return _pilot(
        2 * standard_deviation**2,
        difference,
        cases_per_agent_week,
        weeks,
        intraclass_correlation,
        size_variation,
        power,
        level,
    )


def _pilot(
    variance: float,
    difference: float,
    cases_per_agent_week: float,
    weeks: float,
    correlation: float,
    variation: float,
    power: float,
    level: float,
) -> Pilot:
    """Return the pilot for a difference whose square is variance / n for n independent cases in each half."""
    for words, value, is_fine in (
        ("difference to detect", difference, math.isfinite(difference) and difference != 0),
        ("cases_per_agent_week", cases_per_agent_week, cases_per_agent_week > 0),
        ("weeks", weeks, weeks > 0),
        ("intraclass_correlation", correlation, 0 <= correlation <= 1),
        ("size_variation", variation, variation >= 0),
        ("power", power, 0 < power < 1),
        ("level", level, 0 < level < 1),
    ):
        if not is_fine:
            raise InputError(f"{words} of a pilot is {value:g}; it must not be 0 or lie outside of its range")
    quantiles = ndtri(1 - level / 2) + ndtri(power)
    independent = float(quantiles**2 * variance / difference**2)
    size = cases_per_agent_week * weeks
    effect = max(1 + ((1 + variation**2) * size - 1) * correlation, 1.0)
    # a little less, so that rounding errors do not ask for one more
    in_half = math.ceil(independent * effect / size - 1e-9) + 1
    least = math.floor(independent * (1 + variation**2) * correlation) + 2
    return Pilot(
        agents=2 * in_half,
        weeks=weeks,
        cases=math.ceil(2 * in_half * size - 1e-9),
        cases_if_independent=2 * math.ceil(independent - 1e-9),
        design_effect=effect,
        fewest_agents=2 * least,
        difference=abs(difference),
    )
