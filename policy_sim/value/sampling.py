"""Sampling: how far means over cases may be off because the cases, and the customers they come from, are a sample.

In: sums over random groups of cases. Out: standard errors, how far an interval reaches, whether there are too few cases
to tell. Left to others: adding up (`evaluation`, `curves`), what the assumptions do to the same means (the draws).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from policy_sim.service import Cases

__all__ = ["GROUPS", "GroupSums", "Groups", "groups_of", "interval", "too_few", "widened"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Random groups at most, of whose differences the error is made; up to so many customers each is one by itself.
GROUPS = 64

_ENDS = (0.05, 0.5, 0.95)  # of the 90 % interval, with its middle
# Sugden, Smith and Jones (2000): so many, and so many times the squared skewness, for a normal interval to hold
_FEWEST, _TIMES_SKEWNESS = 28, 25
_MATTERS = 1 / 3  # of the reach of the draws: a smaller error widens an interval by less than 6 %


@dataclass(frozen=True)
class Groups:
    """A random partition of cases into groups that know nothing of each other.

    Attributes
    ----------
    of_case
        (N,) group of each case. Cases of one buyer are in one group.
    units
        How many customers there are.
    """

    of_case: Ints
    units: int

    @property
    def counts(self) -> Floats:
        """(groups,) cases in each."""
        return np.bincount(self.of_case).astype(np.float64)


def groups_of(cases: Cases) -> Groups:
    """Divide cases into `GROUPS` random groups of whole customers; the same cases are always divided alike."""
    known, place = np.unique(cases.buyer, return_inverse=True)
    if len(known) <= GROUPS:
        return Groups(place, len(known))
    return Groups((np.random.default_rng(0).permutation(len(known)) % GROUPS)[place], len(known))


@dataclass(frozen=True)
class GroupSums:
    """Sums over each group of cases, of one outcome or many.

    Attributes
    ----------
    sums
        (groups, ..., draws) some of the draws are enough: the error hardly changes from one to the next.
    counts
        (groups,) cases.
    units
        Customers that the groups are made of.
    shrink
        By which the error is smaller than that of these groups, where they are a part of the cases only (0-1).
    """

    sums: Floats
    counts: Floats
    units: int
    shrink: float = 1.0

    def minus(self, other: GroupSums) -> GroupSums:
        """Return the difference to sums over the same groups."""
        return replace(self, sums=self.sums - other.sums)

    def error(self) -> Floats:
        """Return (...) the standard error of the mean over cases; infinite where there is one group only.

        Notes
        -----
        With z_g = sum_g - mean n_g and G groups, error^2 = G/(G-1) sum_g z_g^2 / N^2, the mean of it over the draws.
        Where every case is a group that is the standard error of a mean of N.
        """
        count = len(self.counts)
        if count < 2:
            return np.full(self.sums.shape[1:-1], np.inf)
        squares = (self._centred() ** 2).sum(axis=0).mean(axis=-1)
        return np.asarray(self.shrink * np.sqrt(squares * count / (count - 1)) / self.counts.sum())

    def reach(self) -> Floats:
        """Return (...) how far the 90 % interval of the mean reaches to each side: Student's t for these groups."""
        from scipy.special import stdtrit  # takes its time to load

        degrees = max(len(self.counts) - 1, 1)
        return np.asarray(stdtrit(degrees, _ENDS[-1]) * self.error())

    def skewness(self) -> Floats:
        """Return (...) the skewness of what single customers come to, as that of the groups tells it."""
        z = self._centred()
        second, third = (z**2).mean(axis=0).mean(axis=-1), (z**3).mean(axis=0).mean(axis=-1)
        of_groups = np.divide(third, second**1.5, out=np.zeros_like(third), where=second > 0)
        return np.asarray(of_groups * np.sqrt(self.units / len(self.counts)))

    def needed(self) -> Floats:
        """Return (...) how many customers it takes for an interval to hold (`too_few`)."""
        return np.asarray(_FEWEST + _TIMES_SKEWNESS * self.skewness() ** 2)

    def _centred(self) -> Floats:
        mean = self.sums.sum(axis=0) / self.counts.sum()
        return np.asarray(self.sums - mean * self.counts.reshape(-1, *[1] * mean.ndim))


def interval(values: Floats, reach: float = 0.0) -> tuple[float, float]:
    """Return the ends of the 90 % interval of a mean over cases, by draws and by the sample of cases together.

    Parameters
    ----------
    values
        (draws,) the mean under each draw.
    reach
        How far the interval of the sample of cases reaches to each side (`GroupSums.reach`); 0 for what is no mean over
        a sample.
    """
    low, high = widened(values, np.asarray(reach))
    return float(low), float(high)


def widened(values: Floats, reach: Floats) -> tuple[Floats, Floats]:
    """Return the ends (...) of the same intervals, of values (..., draws) and reaches (...).

    Notes
    -----
    Both errors are independent, so their reaches add up in squares, on each side of the median of the draws. With one
    draw it is the interval of a mean of paired cases; with infinitely many cases that of the draws.
    """
    low, middle, high = np.quantile(values, _ENDS, axis=-1)
    # so written that nothing changes where the reach is 0
    return low - (np.hypot(middle - low, reach) - (middle - low)), high + (
        np.hypot(high - middle, reach) - (high - middle)
    )


def too_few(values: Floats, groups: GroupSums) -> bool:
    """Tell whether there are too few cases for an interval to hold what it promises.

    Parameters
    ----------
    values
        (draws,) a mean over cases, or a difference of such means, under each draw.
    groups
        Sums of the same, (groups, draws).

    Notes
    -----
    A normal interval of a mean needs 28 + 25 G^2 independent observations, G being their skewness: where a policy
    changes few cases, or few customers are worth much, that many more. Fewer than 28 are always too few; skewness
    counts where the error of the sample is above a third of that of the draws, and so makes the interval.

    References
    ----------
    Cochran (1977), Sampling Techniques, section 2.15; Sugden, Smith & Jones (2000), Cochran's rule for simple random
    sampling, Journal of the Royal Statistical Society B 62(4).
    """
    reach = float(groups.reach())
    if reach == 0.0:
        return False
    if groups.units < _FEWEST:
        return True
    low, high = interval(values)
    is_small = reach <= _MATTERS * (high - low) / 2
    return not is_small and groups.units < float(groups.needed())
