"""BG/BB: who is still a customer where people can buy once a period - a year's donation, a season's ticket.

In: how many opportunities each customer had, how many she used, and the last one. Out: the fitted model and its
predictions, counted in opportunities. Left to others: purchases at any time (`bg_nbd`), contracts, amounts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policy_sim.border import InputError, unknown
from policy_sim.clv.fit import (
    ALMOST_NEVER,
    NOBODY_LEAVES,
    WEEKS_PER_YEAR,
    Fit,
    refuse_unless_converged,
    warn_at_boundary,
)
from policy_sim.clv.likelihood import maximise_likelihood, unique_rows
from policy_sim.clv.shifted_beta_geometric import ShiftedBetaGeometricFit, log_rising
from policy_sim.clv.transactions import Transactions, summarise

__all__ = ["BgBbFit", "DiscreteSummary", "fit_bg_bb", "opportunities_per_year", "summarise_opportunities"]

Vector = NDArray[np.float64]
Places = NDArray[np.intp]

_MOST_WEEKS = 5_200  # a century
_MONTHS = {"year": 12, "quarter": 3, "month": 1}


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
        If there is only one customer, if nobody used an opportunity, or if no maximum was found.

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
        height, slope, _ = _log_likelihood(log_parameters, terms)
        return float(weight @ height), slope @ weight

    share = np.clip(used / float(summary.customer_count @ summary.opportunities), 0.02, 0.98)
    shapes = ((1.0, 0.1, 2.0), (1.0, 0.25, 1.0), (4.0, 0.05, 4.0), (0.5, 0.5, 0.5))
    starts = [np.log([k * share, k * (1 - share), size * m, size * (1 - m)]) for k, m, size in shapes]
    maximum = maximise_likelihood(total, starts, customer_count)
    refuse_unless_converged(maximum, customer_count, BgBbFit.model)
    fit = BgBbFit.at_maximum(maximum, customer_count)
    _warn_at_boundary(fit, maximum.undetermined)
    return fit


def summarise_opportunities(
    transactions: Transactions, period: str | int, until: str | date | np.datetime64 | None = None
) -> DiscreteSummary:
    """Return how many periods each customer had after the one of her first purchase, and in which she bought.

    Parameters
    ----------
    transactions
        The purchases.
    period
        'year', 'quarter' or 'month' of the calendar, or a number of weeks, counted from the first day in the log.
    until
        Last day of observation, inclusive; the last date in the log where not given. The period it lies in counts
        only if this is its last day: where a log of whole years ends with a purchase on 29 December, give
        '2001-12-31'.

    Returns
    -------
    One row for each customer whose first purchase lies in a whole period; those of the last whole period have had no
    opportunity yet (they tell the fit nothing, but can be predicted).

    Raises
    ------
    InputError
        If the period or `until` is unknown, or no period is whole.
    """
    end = summarise(transactions, until).until
    first_day = transactions.date.min()
    number = _numbers_of_periods(transactions.date, period, first_day)
    last = int(_numbers_of_periods(np.array([end + np.timedelta64(1, "D")]), period, first_day)[0]) - 1
    counted = (transactions.date <= end) & (number <= last)
    if not counted.any():
        raise InputError(
            f"no period of {_in_words(period)} is whole between {first_day} and {end}; expected at least one; choose a "
            "shorter period or a longer log"
        )
    customer, number = transactions.customer[counted], number[counted]
    is_new = np.ones(customer.size, dtype=bool)
    is_new[1:] = (np.diff(customer) != 0) | (np.diff(number) != 0)
    customer, number = customer[is_new], number[is_new]
    starts = np.flatnonzero(np.append(True, np.diff(customer) != 0))
    ends = np.append(starts[1:], customer.size) - 1
    return DiscreteSummary(
        frequency=(ends - starts).astype(np.float64),
        recency=(number[ends] - number[starts]).astype(np.float64),
        opportunities=(last - number[starts]).astype(np.float64),
        labels=transactions.labels[customer[starts]],
    )


def opportunities_per_year(period: str | int) -> float:
    """Return how many periods a year has: 1 for 'year', 4, 12, or 52 over a number of weeks.

    Raises
    ------
    InputError
        If the period is unknown.
    """
    if isinstance(period, str) and period in _MONTHS:
        return 12 / _MONTHS[period]
    if isinstance(period, str):
        raise unknown("period", period, [*_MONTHS, "a number of weeks"])
    if isinstance(period, bool) or not (1 <= period <= _MOST_WEEKS and period == int(period)):
        raise InputError(
            f"period is {period}; expected 'year', 'quarter', 'month' or a whole number of weeks from 1 to "
            f"{_MOST_WEEKS:,}"
        )
    return WEEKS_PER_YEAR / period


@dataclass(frozen=True, eq=False)
class DiscreteSummary:
    """What each customer's use of her opportunities comes down to; arrays are (n_rows,).

    Attributes
    ----------
    frequency
        x: opportunities used; the first purchase, which made her a customer, is none.
    recency
        t_x: number of the last opportunity used, counted from 1; 0 where none was.
    opportunities
        n: how many there were.
    customer_count
        How many customers a row stands for; 1 where not given.
    labels
        Customer ids, or names of the rows; numbers from 1 where not given.

    Raises
    ------
    InputError
        If the arrays differ in length, a number is negative or not whole, x > t_x or t_x > n, or only one of x and
        t_x is 0.
    """

    frequency: Vector
    recency: Vector
    opportunities: Vector
    customer_count: Vector = field(default_factory=lambda: np.empty(0))
    labels: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, dtype=np.str_))

    def __post_init__(self) -> None:
        columns = [np.atleast_1d(np.asarray(each)) for each in (self.frequency, self.recency, self.opportunities)]
        size = columns[0].size
        counts = np.asarray(self.customer_count, dtype=np.float64) if np.size(self.customer_count) else np.ones(size)
        labels = np.asarray(self.labels) if np.size(self.labels) else np.arange(1, size + 1)
        shapes = [each.shape for each in (*columns, counts, labels)]
        if any(shape != (size,) for shape in shapes):
            raise InputError(
                "frequency, recency, opportunities, customer_count and labels have the shapes "
                f"{', '.join(str(shape) for shape in shapes)}; expected one entry each per row"
            )
        wrong = ~(np.isfinite(counts) & (counts >= 0))
        if wrong.any():
            raise InputError(f"customer_count of a row is {counts[wrong][0]:g}; expected a number, 0 or more")
        x, t_x, n = _checked_history(*columns)
        for name, value in (("frequency", x), ("recency", t_x), ("opportunities", n), ("customer_count", counts)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "labels", labels.astype(np.str_))


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
        x, t_x, n = _checked_history(frequency, recency, opportunities)
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
        Given that she is alive, E[p] sum_(k=1..horizon) E[(1-theta)^k] with p ~ Beta(alpha+x, beta+n-x) and
        theta ~ Beta(gamma, delta+n), summed as it stands: the closed form divides by gamma-1.
        """
        if not (horizon_opportunities >= 0 and horizon_opportunities == int(horizon_opportunities)):
            raise InputError(f"horizon_opportunities is {horizon_opportunities}; it must be a whole number, 0 or more")
        x, t_x, n = _checked_history(frequency, recency, opportunities)
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
        Given that she is alive, E[p] sum_(k>=1) E[(1-theta)^k] / (1+d)^k, with p and theta as in
        `expected_purchases`: she stays like a customer under contract who has renewed n times
        (`ShiftedBetaGeometricFit.derl`).
        """
        d = discount_rate_per_opportunity
        if not (np.isfinite(d) and d > 0):
            raise InputError(
                f"discount_rate_per_opportunity is {d}; it must be above 0 (0.1 for 10 %), "
                "for without discount the purchases of all time may have no finite sum"
            )
        x, t_x, n = _checked_history(frequency, recency, opportunities)
        return self._alive(x, t_x, n) * self._mean_use(x, n) * self._stay().derl(d, n) / (1.0 + d)

    def simulate(self, opportunities: ArrayLike, rng: np.random.Generator) -> DiscreteSummary:
        """Draw customers from the model, one for each number of opportunities (0 or more)."""
        n = np.atleast_1d(_checked_history(0, 0, opportunities)[2])
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
        _, _, alive = _log_likelihood(np.log(list(self.parameters.values())), _Terms.of_rows(*rows))
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


def _log_likelihood(log_parameters: Vector, terms: _Terms) -> tuple[Vector, Vector, Vector]:
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

    height = use[terms.frequency] + peak + np.log(total)
    of_either, of_chance = mean(slope_either[terms.present]), mean(slope_chance[terms.chances])
    gone = 1.0 - share[terms.last]
    slope = np.array(
        [
            alpha * (slope_use[terms.frequency] - of_either),
            beta * (mean(slope_idle[terms.idle]) - of_either),
            gone - gamma * of_chance,
            delta * (mean(slope_stay[terms.present]) - of_chance),
        ]
    )
    return height, slope, share[terms.last]


def _checked_history(
    frequency: ArrayLike, recency: ArrayLike, opportunities: ArrayLike
) -> tuple[Vector, Vector, Vector]:
    x, t_x, n = np.broadcast_arrays(
        np.asarray(frequency, dtype=np.float64),
        np.asarray(recency, dtype=np.float64),
        np.asarray(opportunities, dtype=np.float64),
    )
    whole = np.isfinite(n) & (x == np.floor(x)) & (t_x == np.floor(t_x)) & (n == np.floor(n))
    wrong = ~(whole & (x >= 0) & (x <= t_x) & (t_x <= n) & ((x > 0) == (t_x > 0)))
    if wrong.any():
        raise InputError(
            f"a customer has frequency {x[wrong][0]:g}, recency {t_x[wrong][0]:g}, opportunities {n[wrong][0]:g}; "
            "expected whole numbers with 0 <= frequency <= recency <= opportunities, and recency 0 only where "
            "frequency is 0"
        )
    return x, t_x, n


def _numbers_of_periods(days: NDArray[np.datetime64], period: str | int, first_day: np.datetime64) -> NDArray[np.int64]:
    opportunities_per_year(period)  # refuses what is no period
    if isinstance(period, str):
        return days.astype("datetime64[M]").astype(np.int64) // _MONTHS[period]
    return (days - first_day).astype("timedelta64[D]").astype(np.int64) // (7 * int(period))


def _in_words(period: str | int) -> str:
    return f"a {period}" if isinstance(period, str) else f"{period} week{'s' if period > 1 else ''}"


def _warn_at_boundary(fit: BgBbFit, undetermined: tuple[int, ...]) -> None:
    at_zero = f"the drop-out chance went to 0 (gamma = {fit.gamma:.2g}, delta = {fit.delta:.2g}), {NOBODY_LEAVES}"
    is_at_zero = fit.gamma / (fit.gamma + fit.delta) < ALMOST_NEVER
    warn_at_boundary(
        fit.model,
        [fit.parameter_names[k] for k in undetermined],
        at_zero if is_at_zero else "",
        cause="opportunities may be too few, or customers too alike",
    )
