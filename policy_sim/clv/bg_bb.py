"""BG/BB: who is still a customer where people can buy once a period - a year's donation, a season's ticket.

In: how many opportunities each customer had, how many she used, and the last of these. Out: the fitted model and its
predictions, counted in opportunities. Left to others: counting them (`opportunities`), purchases at any time
(`bg_nbd`), contracts, amounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policy_sim.border import InputError
from policy_sim.clv.fit import (
    ALMOST_NEVER,
    NOBODY_LEAVES,
    Fit,
    refuse_unless_converged,
    warn_at_boundary,
)
from policy_sim.clv.likelihood import maximise_likelihood, unique_rows
from policy_sim.clv.opportunities import DiscreteSummary, checked_opportunities
from policy_sim.clv.shifted_beta_geometric import ShiftedBetaGeometricFit, log_rising

__all__ = ["BgBbFit", "fit_bg_bb"]

Vector = NDArray[np.float64]
Places = NDArray[np.intp]


def fit_bg_bb(summary: DiscreteSummary) -> BgBbFit:
    """Fit the BG/BB model to a group of customers by maximum likelihood.

    Parameters
    ----------
    summary
        Customers with frequency, recency and opportunities.

    Returns
    -------
    The fitted model.

    Raises
    ------
    InputError
        If there is only one customer, if nobody used an opportunity, or if there is no maximum.

    Warns
    -----
    BoundaryWarning
        If almost nobody ever drops out (gamma -> 0), or the data leave a parameter undetermined, as they do where
        everybody uses every opportunity or there are fewer than three.

    Notes
    -----
    At the start of each opportunity a customer drops out for ever with chance theta ~ Beta(gamma, delta); otherwise
    she uses it with chance p ~ Beta(alpha, beta). With x of n opportunities used, the last being number t_x, and
    rising factorials (y)_k = y (y+1) ... (y+k-1),

        L = A(n) (delta)_n / (gamma+delta)_n  +  sum_(m = t_x)^(n-1) A(m) gamma (delta)_m / (gamma+delta)_(m+1)
        A(m) = (alpha)_x (beta)_(m-x) / (alpha+beta)_m

    where m is how many opportunities she was there for. The order of the used ones is part of the data, so that no
    binomial coefficient enters.

    References
    ----------
    Fader, Hardie & Shang (2010), Customer-base analysis in a discrete-time noncontractual setting, Marketing Science
    29(6).
    """
    customer_count = round(float(summary.customer_count.sum()))
    if customer_count < 2:
        raise InputError(f"BG/BB needs a group of customers; found {customer_count}, expected at least 2")
    used = float(summary.customer_count @ summary.frequency)
    if not used > 0:
        raise InputError(
            f"none of the {customer_count:,} customers used an opportunity, so there is nothing to learn about buying "
            "again; expected some; use a longer log or another period"
        )
    rows, _, place = unique_rows(summary.frequency, summary.recency, summary.opportunities)
    weight = np.bincount(place, weights=summary.customer_count)
    seen = (rows[2] > 0) & (weight > 0)
    terms = _Terms.of_rows(*(column[seen] for column in rows))
    weight = weight[seen]

    def total(log_parameters: Vector) -> tuple[float, Vector]:
        values, gradients, _ = _log_likelihoods(log_parameters, terms)
        return float(weight @ values), gradients @ weight

    share = np.clip(used / float(summary.customer_count @ summary.opportunities), 0.02, 0.98)
    shapes = ((1.0, 0.1, 2.0), (1.0, 0.25, 1.0), (4.0, 0.05, 4.0), (0.5, 0.5, 0.5))
    starts = [np.log([k * share, k * (1 - share), size * m, size * (1 - m)]) for k, m, size in shapes]
    maximum = maximise_likelihood(total, starts, customer_count)
    refuse_unless_converged(maximum, customer_count, BgBbFit.model)
    fit = BgBbFit.at_maximum(maximum, customer_count)
    _warn_at_boundary(fit, maximum.undetermined)
    return fit


@dataclass(frozen=True, eq=False)
class BgBbFit(Fit):
    """A fitted BG/BB model.

    Time is counted in opportunities. The methods take arrays (or numbers) of whole numbers that broadcast against
    each other: `frequency` (opportunities used), `recency` (number of the last one used; 0 if none was),
    `opportunities` (how many there were); they return an array of that shape.

    Attributes
    ----------
    alpha, beta
        The Beta distribution of the chance to use an opportunity while a customer; its mean is alpha / (alpha+beta).
    gamma, delta
        The Beta distribution of the chance to drop out at the start of an opportunity; its mean is
        gamma / (gamma+delta).
    """

    model: ClassVar[str] = "BG/BB"
    parameter_names: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")

    alpha: float
    beta: float
    gamma: float
    delta: float

    def probability_alive(
        self, frequency: ArrayLike, recency: ArrayLike, opportunities: ArrayLike, ahead: int = 0
    ) -> Vector:
        """Return the chance that each customer is one still.

        Parameters
        ----------
        frequency, recency, opportunities
            As everywhere in this class.
        ahead
            0: she has not dropped out by the last opportunity. 1: nor at the start of the next, so that she can use
            it (what the literature prints). And so on.
        """
        x, t_x, n = checked_opportunities(frequency, recency, opportunities)
        if not (ahead >= 0 and ahead == int(ahead)):
            raise InputError(f"ahead is {ahead}; it must be a whole number of opportunities, 0 or more")
        chance = self._alive(x, t_x, n)
        for j in range(int(ahead)):
            chance = chance * self._stay().retention_rate(n + j)
        return chance

    def expected_purchases(
        self, horizon_opportunities: int, frequency: ArrayLike, recency: ArrayLike, opportunities: ArrayLike
    ) -> Vector:
        """Return how many of the next `horizon_opportunities` (0 or more) each customer will use on average.

        Notes
        -----
        Of a customer who is alive, E[p] sum_(k=1..horizon) E[(1-theta)^k] with p ~ Beta(alpha+x, beta+n-x) and
        theta ~ Beta(gamma, delta+n), summed as it stands: the closed form divides by gamma-1.
        """
        if not (horizon_opportunities >= 0 and horizon_opportunities == int(horizon_opportunities)):
            raise InputError(f"horizon_opportunities is {horizon_opportunities}; it must be a whole number, 0 or more")
        x, t_x, n = checked_opportunities(frequency, recency, opportunities)
        distinct, place = np.unique(n, return_inverse=True)
        stays, present = np.ones(distinct.size), np.zeros(distinct.size)
        for j in range(int(horizon_opportunities)):
            stays = stays * self._stay().retention_rate(distinct + j)
            present = present + stays
        return self._alive(x, t_x, n) * self._mean_use(x, n) * present[place].reshape(n.shape)

    def dert(
        self,
        discount_rate_per_opportunity: float,
        frequency: ArrayLike,
        recency: ArrayLike,
        opportunities: ArrayLike,
    ) -> Vector:
        """Return the discounted expected residual transactions of each customer, from now for ever.

        Parameters
        ----------
        discount_rate_per_opportunity
            d, above 0: .1 for 10 % from one opportunity to the next. The next opportunity is divided by 1+d.
        frequency, recency, opportunities
            As everywhere in this class.

        Notes
        -----
        Of a customer who is alive, E[p] sum_(k>=1) E[(1-theta)^k] / (1+d)^k, with p and theta as in
        `expected_purchases`: she stays like a customer under contract who has renewed n times
        (`ShiftedBetaGeometricFit.derl`).
        """
        d = discount_rate_per_opportunity
        if not (np.isfinite(d) and d > 0):
            raise InputError(
                f"discount_rate_per_opportunity is {d}; it must be above 0 (0.1 for 10 %), "
                "for without discount the purchases of all time may have no finite sum"
            )
        x, t_x, n = checked_opportunities(frequency, recency, opportunities)
        return self._alive(x, t_x, n) * self._mean_use(x, n) * self._stay().derl(d, n) / (1.0 + d)

    def simulate(self, opportunities: ArrayLike, rng: np.random.Generator) -> DiscreteSummary:
        """Draw customers from the model, one for each number of opportunities (0 or more)."""
        n = np.atleast_1d(checked_opportunities(0, 0, opportunities)[2])
        using, leaving = rng.beta(self.alpha, self.beta, n.size), rng.beta(self.gamma, self.delta, n.size)
        x, t_x = np.zeros(n.size), np.zeros(n.size)
        active = np.arange(n.size)
        number = 0
        while active.size:
            number += 1
            active = active[n[active] >= number]
            active = active[rng.random(active.size) >= leaving[active]]
            users = active[rng.random(active.size) < using[active]]
            x[users] += 1
            t_x[users] = number
        return DiscreteSummary(x, t_x, n)

    def _stay(self) -> ShiftedBetaGeometricFit:
        return ShiftedBetaGeometricFit(self.gamma, self.delta)

    def _mean_use(self, x: Vector, n: Vector) -> Vector:
        return (self.alpha + x) / (self.alpha + self.beta + n)

    def _alive(self, x: Vector, t_x: Vector, n: Vector) -> Vector:
        if not x.size:
            return np.zeros(x.shape)
        rows, _, place = unique_rows(x.ravel(), t_x.ravel(), n.ravel())
        _, _, alive = _log_likelihoods(np.log(list(self.parameters.values())), _Terms.of_rows(*rows))
        return alive[place].reshape(x.shape)


@dataclass(frozen=True, eq=False)
class _Terms:
    """The terms of each row's likelihood, one after the other: one for each opportunity she may have left before.

    Attributes
    ----------
    frequency, first, last
        (n_rows,) x, and where the terms of the row begin and end; the last is that of having stayed throughout.
    row, present, idle, chances
        (n_terms,) the row; m, how many opportunities she was there for; m - x, how many of these she let pass; and
        how many chances to leave have been met, m+1 where she left.
    """

    frequency: Places
    first: Places
    last: Places
    row: Places
    present: Places
    idle: Places
    chances: Places

    @classmethod
    def of_rows(cls, x: Vector, t_x: Vector, n: Vector) -> _Terms:
        """Return the terms of rows of frequency, recency and opportunities."""
        used, since, until = (column.astype(np.intp) for column in (x, t_x, n))
        lengths = until - since + 1
        last = np.cumsum(lengths) - 1
        first = last - lengths + 1
        row = np.repeat(np.arange(lengths.size), lengths)
        present = since[row] + np.arange(row.size) - first[row]
        chances = present + 1
        chances[last] -= 1
        return cls(used, first, last, row, present, present - used[row], chances)


def _log_likelihoods(log_parameters: Vector, terms: _Terms) -> tuple[Vector, Vector, Vector]:
    """Return the log-likelihood of each row, its gradient (4, n_rows) on the log-parameters, and P(alive)."""
    alpha, beta, gamma, delta = np.exp(log_parameters)
    length = int(terms.present.max()) + 1
    use, slope_use = log_rising(alpha, length)
    idle, slope_idle = log_rising(beta, length)
    either, slope_either = log_rising(alpha + beta, length)
    stay, slope_stay = log_rising(delta, length)
    chance, slope_chance = log_rising(gamma + delta, length)

    of_present = stay - either
    log_term = of_present[terms.present] + idle[terms.idle] - chance[terms.chances] + log_parameters[2]
    log_term[terms.last] -= log_parameters[2]
    peak = np.maximum.reduceat(log_term, terms.first)
    share = np.exp(log_term - peak[terms.row])
    total = np.add.reduceat(share, terms.first)
    share /= total[terms.row]

    def mean(values: Vector) -> Vector:
        return np.add.reduceat(share * values, terms.first)

    values = use[terms.frequency] + peak + np.log(total)
    of_either, of_chance = mean(slope_either[terms.present]), mean(slope_chance[terms.chances])
    gone = 1.0 - share[terms.last]
    gradients = np.array(
        [
            alpha * (slope_use[terms.frequency] - of_either),
            beta * (mean(slope_idle[terms.idle]) - of_either),
            gone - gamma * of_chance,
            delta * (mean(slope_stay[terms.present]) - of_chance),
        ]
    )
    return values, gradients, share[terms.last]


def _warn_at_boundary(fit: BgBbFit, undetermined: tuple[int, ...]) -> None:
    at_zero = f"the drop-out chance went to 0 (gamma = {fit.gamma:.2g}, delta = {fit.delta:.2g}), {NOBODY_LEAVES}"
    is_at_zero = fit.gamma / (fit.gamma + fit.delta) < ALMOST_NEVER
    warn_at_boundary(
        fit.model,
        [fit.parameter_names[k] for k in undetermined],
        at_zero if is_at_zero else "",
        cause="opportunities may be too few, or customers too alike",
    )
