"""Likelihood: how likely the orders of customers are, given how they answer failures and remedies.

In: features of cases, follow-up, the Gamma-Gamma model of amounts. Out: `Likelihood`, the log-likelihood of natural
parameters with its gradient and Hessian. Left to others: priors (`priors`), the maximum (`calibration`).

A customer orders at rate lambda ~ Gamma(r, alpha). After an order she stays with chance (1 - p) q: p ~ Beta(a, b) is
her own chance to leave though nothing went wrong (mean d0 = a / k, k = a + b), and q = 1 / (1 + exp(eta)) that of a
case not to drive her away, 1 without one: the model of `service.chance_lost`. With x orders after the first one,
exposed for E weeks up to the last order, watched for w weeks since, lambda and p integrate to

    ll = ln G(r+x)/G(r) + r ln alpha - (r+x) ln(alpha+E) + ln B(a,b+x)/B(a,b) + sum ln q_j + ln(1 - U)
    U  = (b+x)/(k+x) q_last (1 - ((alpha+E)/(alpha+E+w))^(r+x)),

the sum over cases after which she came back. Left out of E and w is when nobody can come back: the time from a failure
to the answer, and what is left of the day of an order (half of it on average), for orders of one day are one purchase.
Without cases this is MBG/NBD (Batislam, Denizel and Filiztekin 2007).
Orders after a case have amounts m Gamma(p, nu), nu ~ Gamma(q, v), m the spend multiplier, so k of them that come to S
after n that came to s add -k p ln m - (q + p n + p k) ln(v + s + S/m) (Fader and Hardie 2013). All orders up to
the one that failed are among the n: what was given hangs on what customers had bought, what it makes up for on the
price of what failed, and who buys dearly does so again. p, q and v come from orders before any case; their level is
estimated once more (v e^theta, theta around 0 within its error), for it bears on all multipliers alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, expit, gammaln

from policy_sim.clv import GammaGammaFit
from policy_sim.evidence.buying_kernels import add_silence
from policy_sim.evidence.features import Features
from policy_sim.evidence.follow_up import FollowUp, running_spend
from policy_sim.orders.sorting import begins_run

__all__ = ["BUYING", "OF_FAILURE", "SHARED", "Likelihood", "Total"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Parameters of the response that all failures share, in the order of the natural parameters ...
SHARED = (
    "severity_weight",
    "wait_weight",
    "effort_weight",
    "repeat_weight",
    "double_deviation_weight",
    "bond_weight",
    "first_order_weight",
    "over_compensation_weight",
    "insult_weight",
    "churn_without_failure",
    "paradox",
)
#: ... those of each failure, churn_without_remedy as its logit ...
OF_FAILURE = ("churn_without_remedy", "compensation_weight", "gesture_weight", "spend_drop")
#: ... and those of the process of buying, all as logarithms.
BUYING = ("r", "alpha_weeks", "churn_concentration")

_OVER, _INSULT, _D0, _PARADOX = (
    SHARED.index(name) for name in ("over_compensation_weight", "insult_weight", "churn_without_failure", "paradox")
)
_LINEAR = _OVER  # the first so many of the shared ones multiply a feature each
_STEP = 1e-5  # of the differences of the gradient
_HALF_A_DAY = 0.5 / 7  # in weeks: orders come at any hour of their days


@dataclass(frozen=True)
class Total:
    """A log-likelihood, its gradient (P,) and its Hessian (P, P); both are empty where nobody asked for them."""

    value: float
    gradient: Floats
    hessian: Floats


@dataclass(frozen=True)
class _Block:
    """Cases of one failure: columns (cases, .) of what multiplies a parameter, and who they are."""

    columns: Floats  # of the shared linear weights, then the adjustments
    effect: Floats
    over: Floats
    insulted: Floats
    gesture: Floats
    is_last: NDArray[np.bool_]
    customer: Ints  # row among the customers of the last cases
    offset: Floats
    spend: tuple[Floats, ...]  # p k, q + p n + p k, v + s, S
    has_spend: NDArray[np.bool_]


class Likelihood:
    """The log-likelihood of a log of orders with cases in it.

    Natural parameters (P,): `SHARED`, then `OF_FAILURE` for each failure, then theta, the logarithm of the level of
    amounts over that of `spend`, then the coefficients of the adjustments, then `BUYING`.

    Parameters
    ----------
    features, follow_up
        Of the same cases, those that were matched to an order.
    spend
        Gamma-Gamma model of the amounts.
    failures
        How many kinds there are.
    adjustments
        Further columns (cases,) that may bear on the chance of loss, by name: what agents saw.
    offset
        (cases,) added to the logits of loss: for questions of what was not seen.
    """

    def __init__(
        self,
        features: Features,
        follow_up: FollowUp,
        spend: GammaGammaFit,
        failures: int,
        adjustments: Mapping[str, Floats] | None = None,
        offset: Floats | None = None,
    ) -> None:
        self.failures, self.adjustments = failures, tuple(adjustments or ())
        self.case_count = len(features.failure)
        self.level = len(SHARED) + failures * len(OF_FAILURE)
        self.first_adjustment = self.level + 1
        self._v = spend.v
        self.first_of_buying = self.first_adjustment + len(self.adjustments)
        self.size = self.first_of_buying + len(BUYING)
        self._exposures(follow_up)
        columns = [features.weighted[name] for name in SHARED[:_LINEAR]]
        matrix = np.column_stack([*columns, *(adjustments or {}).values()])
        shift = np.zeros(len(features.failure)) if offset is None else offset
        spending, has_spend = _spending(follow_up, spend, features.item_price)
        last_row = np.cumsum(follow_up.is_last) - 1  # cases are sorted by customer
        self._blocks = []
        self._order_of_cases = np.argsort(features.failure, kind="stable")
        for f in range(failures):
            rows = np.flatnonzero(features.failure == f)
            self._blocks.append(
                _Block(
                    columns=matrix[rows],
                    effect=features.effect[rows],
                    over=features.over[rows],
                    insulted=features.insulted[rows],
                    gesture=features.gesture[rows],
                    is_last=follow_up.is_last[rows],
                    customer=last_row[rows],
                    offset=shift[rows],
                    spend=tuple(part[rows] for part in spending),
                    has_spend=has_spend[rows],
                )
            )

    def _exposures(self, follow_up: FollowUp) -> None:
        """Work out x, E and w of every customer; those whose last order had a case come first, in their order."""
        log = follow_up.transactions
        first = np.flatnonzero(begins_run(log.customer))
        last = np.append(first[1:], len(log.customer)) - 1
        weeks = (log.date - log.date.min()).astype(np.int64) / 7.0
        end = float(weeks.max()) + _HALF_A_DAY
        buyer = log.customer[follow_up.place]
        is_last = follow_up.is_last
        count = len(first)
        # beyond the half day that follows every order
        dead = np.maximum(follow_up.dead_weeks - 2 * _HALF_A_DAY, 0.0)
        repeats = (last - first).astype(np.float64)
        exposed = weeks[last] - weeks[first] - _HALF_A_DAY * repeats
        exposed -= np.bincount(buyer[~is_last], dead[~is_last], minlength=count)
        watched = end - _HALF_A_DAY - weeks[last] - np.bincount(buyer[is_last], dead[is_last], minlength=count)
        with_case = np.zeros(count, dtype=np.bool_)
        with_case[buyer[is_last]] = True
        # what the log knew of each case's customer right after the order that failed
        place = follow_up.place
        earlier = np.cumsum(dead) - dead
        first_case = np.searchsorted(buyer, buyer, side="left")
        self._repeats_before = (place - first[buyer]).astype(np.float64)
        exposed_before = weeks[place] - weeks[first[buyer]] - _HALF_A_DAY * self._repeats_before
        self._exposed_before = np.maximum(exposed_before - (earlier - earlier[first_case]), 0.0)
        order = np.concatenate([np.flatnonzero(with_case), np.flatnonzero(~with_case)])
        self._x, self._e = repeats[order], np.maximum(exposed[order], 0.0)
        self._w = np.maximum(watched[order], 0.0)
        self._last_count = int(with_case.sum())
        self._unique_x, self._of_x = np.unique(self._x, return_inverse=True)
        self._weight_x = np.bincount(self._of_x).astype(np.float64)

    def total(self, natural: Floats, with_derivatives: bool = True) -> Total:
        """Return the log-likelihood at natural parameters (P,)."""
        eta = [self._eta(natural, f) for f in range(self.failures)]
        stay = np.ones(len(self._x))
        value = 0.0
        for block, of_block in zip(self._blocks, eta, strict=True):
            stay[block.customer[block.is_last]] = expit(-of_block[block.is_last])
            value -= float(np.logaddexp(0, of_block[~block.is_last]).sum())
        of_buying, moves, used = self._buying(natural, stay)
        spends = [self._spend(natural, f) for f in range(self.failures)]
        value += of_buying + sum(spend.value for spend in spends)
        if not with_derivatives:
            return Total(value, np.zeros(0), np.zeros((0, 0)))
        gradient, hessian = np.zeros(self.size), np.zeros((self.size, self.size))
        gradient[self.first_of_buying :] += moves[1:]
        gradient[_D0] += moves[0]
        for f, (block, of_block) in enumerate(zip(self._blocks, eta, strict=True)):
            leave = expit(of_block)
            chance = used[block.customer] * block.is_last
            odds = chance / (1 - chance)
            slope = np.where(block.is_last, odds * leave, -leave)
            curvature = np.where(block.is_last, odds * leave * (1 - 2 * leave) - slope**2, -leave * (1 - leave))
            matrix, places = self._derivatives(natural, f)
            gradient[places] += slope @ matrix
            hessian[np.ix_(places, places)] += (matrix * curvature[:, None]).T @ matrix
            j = len(SHARED) + f * len(OF_FAILURE) + 1
            mixed = float(slope @ block.over)
            hessian[j, _OVER] += mixed
            hessian[_OVER, j] += mixed
            places = np.array([j + 2, _PARADOX, self.level])
            gradient[places] += spends[f].gradient
            hessian[np.ix_(places, places)] += spends[f].hessian
        self._curve_of_buying(natural, stay, eta, used, hessian)
        return Total(value, gradient, hessian)

    def logits(self, natural: Floats) -> Floats:
        """Return eta (cases,): the logits of loss through the failure and what was done about it."""
        eta = np.empty(len(self._order_of_cases))
        eta[self._order_of_cases] = np.concatenate([self._eta(natural, f) for f in range(self.failures)])
        return eta

    def chance_to_return(self, natural: Floats, weeks: float) -> Floats:
        """Return the chance (cases,) that a customer comes back within so many weeks after the answer."""
        r, alpha, k = np.exp(natural[self.first_of_buying :])
        b = (1 - natural[_D0]) * k
        stay = expit(-self.logits(natural))
        exposed, events = alpha + self._exposed_before, r + self._repeats_before
        silent = np.exp(events * np.log(exposed / (exposed + weeks)))
        return np.asarray((b + self._repeats_before) / (k + self._repeats_before) * stay * (1 - silent))

    def _eta(self, natural: Floats, f: int) -> Floats:
        block, at = self._blocks[f], len(SHARED) + f * len(OF_FAILURE)
        weights = np.concatenate([natural[:_LINEAR], natural[self.first_adjustment : self.first_of_buying]])
        compensated = natural[at + 1] * (block.effect - natural[_OVER] * block.over)
        return np.asarray(
            block.columns @ weights
            + (natural[at] + block.offset - compensated)
            + natural[_INSULT] * block.insulted
            - natural[at + 2] * block.gesture
        )

    def _derivatives(self, natural: Floats, f: int) -> tuple[Floats, Ints]:
        """Return how eta moves with the parameters that it depends on (cases, .), and which these are."""
        block, at = self._blocks[f], len(SHARED) + f * len(OF_FAILURE)
        own = np.column_stack(
            [
                natural[at + 1] * block.over,
                block.insulted,
                np.ones(len(block.effect)),
                natural[_OVER] * block.over - block.effect,
                -block.gesture,
            ]
        )
        adjusted = np.arange(self.first_adjustment, self.first_of_buying)
        places = np.concatenate([np.arange(_LINEAR), adjusted, [_OVER, _INSULT, at, at + 1, at + 2]])
        return np.column_stack([block.columns, own]), places

    def _buying(self, natural: Floats, stay: Floats) -> tuple[float, Floats, Floats]:
        """Return the part of the process of buying, its gradient by d0, ln r, ln alpha, ln k, and each customer's U."""
        d0 = natural[_D0]
        r, alpha, k = np.exp(natural[self.first_of_buying :])
        b = (1 - d0) * k
        n, weight = self._unique_x, self._weight_x
        grown = digamma(b + n) - digamma(b)
        thinned = digamma(k) - digamma(k + n)
        value = float(weight @ (gammaln(r + n) + gammaln(b + n) - gammaln(k + n)))
        value += len(self._x) * float(r * np.log(alpha) - gammaln(r) - gammaln(b) + gammaln(k))
        gradient = np.array(
            [
                -k * float(weight @ grown),
                r * (float(weight @ digamma(r + n)) + len(self._x) * (np.log(alpha) - digamma(r))),
                len(self._x) * r,
                b * float(weight @ grown) + k * float(weight @ thinned),
            ]
        )
        used = np.empty(len(self._x))
        value += add_silence(self._x, self._e, self._w, stay, r, alpha, k, b, used, gradient)
        return value, gradient, used

    def _spend(self, natural: Floats, f: int) -> Total:
        """Return the part of the amounts after cases of a failure; derivatives by its spend drop, paradox and theta."""
        block, drop = self._blocks[f], natural[len(SHARED) + f * len(OF_FAILURE) + 3]
        shape, total, before, after = (part[block.has_spend] for part in block.spend)
        effect = block.effect[block.has_spend]
        multiplier = 1 - drop + (drop + natural[_PARADOX]) * effect
        scaled = after / multiplier
        moved = self._v * np.exp(natural[self.level])
        before = before + (moved - self._v)
        share, part, part_before = scaled / (before + scaled), moved / (before + scaled), moved / before
        earlier = total - shape  # q + p n
        slope = total * share - shape
        curvature = -total * share * (1 - share) - slope
        moves = np.column_stack([effect - 1, effect]) / multiplier[:, None]
        value = float(-(shape @ np.log(multiplier)) - total @ np.log(before + scaled) + earlier @ np.log(before))
        hessian = np.empty((3, 3))
        hessian[:2, :2] = (moves * curvature[:, None]).T @ moves
        hessian[:2, 2] = hessian[2, :2] = -(total * share * part) @ moves
        by_level = earlier * part_before - total * part
        hessian[2, 2] = float((by_level - earlier * part_before**2 + total * part**2).sum())
        return Total(value, np.append(slope @ moves, by_level.sum()), hessian)

    def _curve_of_buying(
        self, natural: Floats, stay: Floats, eta: Sequence[Floats], used: Floats, hessian: Floats
    ) -> None:
        """Add the rows of the process of buying: exact where they meet the response, else gradient differences."""
        places = np.array([_D0, *range(self.first_of_buying, self.size)])
        block_of = np.zeros((len(places), len(places)))
        for column, place in enumerate(places):
            ends = []
            for sign in (1.0, -1.0):
                moved = natural.copy()
                moved[place] += sign * _STEP
                ends.append(self._buying(moved, stay)[1])
            block_of[:, column] = (ends[0] - ends[1]) / (2 * _STEP)
        hessian[np.ix_(places, places)] += (block_of + block_of.T) / 2
        moves = self._log_moves(natural)
        for f, (block, of_block) in enumerate(zip(self._blocks, eta, strict=True)):
            rows = block.customer[block.is_last]
            chance = used[rows]
            matrix, own = self._derivatives(natural, f)
            weight = expit(of_block[block.is_last]) * chance / (1 - chance) ** 2
            mixed = matrix[block.is_last].T @ (weight[:, None] * moves[rows])
            hessian[np.ix_(own, places)] += mixed
            hessian[np.ix_(places, own)] += mixed.T

    def _log_moves(self, natural: Floats) -> Floats:
        """Return how ln U moves with d0, ln r, ln alpha and ln k, for customers whose last order had a case (., 4)."""
        some = slice(0, self._last_count)
        x, exposed = self._x[some], self._e[some]
        d0 = natural[_D0]
        r, alpha, k = np.exp(natural[self.first_of_buying :])
        b, exposed, events = (1 - d0) * k, alpha + exposed, r + x
        later = exposed + self._w[some]
        quiet = np.log(exposed / later)
        gone = -np.expm1(events * quiet)
        falls = np.where(gone > 0, -np.exp(events * quiet) / np.where(gone > 0, gone, 1.0), 0.0)
        return np.column_stack(
            [
                -k / (b + x),
                falls * r * quiet,
                falls * events * alpha * (1 / exposed - 1 / later),
                b / (b + x) - k / (k + x),
            ]
        )


def _spending(
    follow_up: FollowUp, spend: GammaGammaFit, item_price: Floats
) -> tuple[tuple[Floats, ...], NDArray[np.bool_]]:
    """Return p k, q + p n + p k, v + s and S of each case, and which count: a customer's first, with later orders."""
    log, place = follow_up.transactions, follow_up.place
    first = np.searchsorted(log.customer, log.customer[place], side="left")
    sums, counts = running_spend(log)
    before, count = sums[place] - sums[first], counts[place] - counts[first]
    # money for the order that failed may not have stayed, but it cost no less than its item
    failed = np.maximum(log.amount[place], item_price)
    # the first order is often another than those that follow
    added = _rise_after_first(follow_up) - 1
    before = before + failed + added * np.where(place == first, failed, log.amount[first])
    is_first_case = begins_run(log.customer[place])
    shape = spend.p * follow_up.later_count
    total = spend.q + spend.p * (count + 1) + shape
    parts = tuple(
        np.asarray(part, dtype=np.float64) for part in (shape, total, spend.v + before, follow_up.later_spend)
    )
    return parts, is_first_case & (follow_up.later_count > 0)


def _rise_after_first(follow_up: FollowUp) -> float:
    """Return how much larger second orders are than first ones (geometric mean), of those that did not fail."""
    log = follow_up.transactions
    first = np.flatnonzero(begins_run(log.customer))
    both = first[np.diff(np.append(first, len(log.customer))) > 1]
    amounts = np.stack([log.amount[both], log.amount[both + 1]])
    failed = np.isin(both, follow_up.place) | np.isin(both + 1, follow_up.place)
    rises = np.log(amounts[:, ~failed & (amounts > 0).all(axis=0)])
    return float(np.exp((rises[1] - rises[0]).mean())) if rises.size else 1.0
