"""Ladder: which tier looks at a case first, and the most that each tier may give without asking, in cents.

In: a policy. Out: `Ladder`: the one reading of its guards and limits that decisions, valuation, published tables, the
agents' card and checks share. Left to others: the same for a single case, kept plain on purpose (`authority`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from policy_sim.policy.authority import guard_words, rule_words, start_words
from policy_sim.policy.limits import ASK, NO_LIMIT, LimitException, Policy, Tier, most_specific_first
from policy_sim.words import EVERYTHING, GUARD_FACTS, LIMITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["ASK_CENTS", "NO_LIMIT_CENTS", "Ladder", "Rung", "Start", "to_cents"]

#: No authority, in cents: below what draws nothing.
ASK_CENTS = -1
#: Any amount, in cents: the largest number of an array of whole numbers.
NO_LIMIT_CENTS = 2**63 - 1


class Start(NamedTuple):
    """Where a case starts: the position of the tier that looks first, and why, in plain words."""

    position: int
    because: str


class Rung(NamedTuple):
    """What one tier may give of one kind.

    Attributes
    ----------
    tier
        Name of the tier.
    most_cents
        The most that it may give without asking: `ASK_CENTS` where not even nothing, `NO_LIMIT_CENTS` for any amount.
    limit
        The limit in force, in money (`ASK`, `NO_LIMIT`). It counts for nothing where the tier must ask for everything.
    rule
        The rule that set the limit, in plain words.
    """

    tier: str
    most_cents: int
    limit: float
    rule: str


class Ladder:
    """A policy read once, for many cases.

    Parameters
    ----------
    policy
        The policy.

    Attributes
    ----------
    tiers
        Names of the tiers, the lowest first; positions count from 0.
    guards
        In the order in which they are looked at: those to the highest tier first, then as they stand in the policy. The
        first that catches a case says where it starts.
    starts
        Where a case starts if that guard catches it; the last one is for a case that no guard catches.
    facts
        What must be known of each case because a guard looks at it, in the order of `GUARD_FACTS`.
    """

    def __init__(self, policy: Policy) -> None:
        self.tiers = policy.tier_names
        self.guards = tuple(sorted(policy.guards, key=lambda guard: -self.tiers.index(guard.to)))
        caught = (Start(self.tiers.index(guard.to), guard_words(guard, policy.currency)) for guard in self.guards)
        self.starts = (*caught, Start(0, start_words(self.tiers[0])))
        looked_at = {guard.fact for guard in self.guards}
        self.facts = tuple(fact for fact in GUARD_FACTS if fact in looked_at)
        self._conditions = [(guard.fact, guard.at_least) for guard in self.guards]
        self._general = policy.tiers
        self._exceptions: dict[tuple[str, str | None, str | None, str], LimitException] = {}
        for exception in policy.exceptions:
            for kind in exception.limits:
                place = (exception.tier, exception.failure, exception.segment, kind)
                self._exceptions.setdefault(place, exception)

    def start(self, facts: Mapping[str, float]) -> Start:
        """Return where one case starts; a fact that is missing trips no guard."""
        for place, (fact, at_least) in enumerate(self._conditions):
            if fact in facts and facts[fact] >= at_least:
                return self.starts[place]
        return self.starts[-1]

    def start_places(self, facts: Mapping[str, ArrayLike], count: int) -> NDArray[np.int64]:
        """Return for each of many cases its place among `starts`.

        Parameters
        ----------
        facts
            Every fact that a guard looks at (`facts`), one number a case.
        count
            How many cases there are.
        """
        import numpy as np

        places = np.full(count, len(self.guards), dtype=np.int64)
        for place in reversed(range(len(self.guards))):
            fact, at_least = self._conditions[place]
            places = np.where(np.asarray(facts[fact]) >= at_least, place, places)
        return places

    def start_positions(self, facts: Mapping[str, ArrayLike], count: int) -> NDArray[np.int64]:
        """Return for each of many cases the position of the tier that looks first; parameters as `start_places`."""
        import numpy as np

        positions = np.array([start.position for start in self.starts], dtype=np.int64)
        return np.asarray(positions[self.start_places(facts, count)])

    def rungs(self, failure: str | None, segment: str | None, kind: str) -> tuple[Rung, ...]:
        """Return what each tier may give of one of `LIMITS`, the lowest tier first.

        A tier that must ask for whatever costs anything (`ask` on the limit of `EVERYTHING`) must ask for every kind.

        Parameters
        ----------
        failure, segment
            What went wrong, for whom; None for one that no exception names.
        kind
            Which limit.
        """
        places = most_specific_first(failure, segment)
        rungs = []
        for tier in self._general:
            rule = self._rule(tier, places, kind)
            limit = rule.limits.get(kind, NO_LIMIT)
            must_ask = self._limit(tier, places, EVERYTHING) == ASK
            most_cents = ASK_CENTS if must_ask else to_cents(limit)
            rungs.append(Rung(tier.name, most_cents, limit, rule_words(rule)))
        return tuple(rungs)

    def limits_in_cents(self, failure: str | None, segment: str | None) -> list[list[int]]:
        """Return the limits in force as they stand, (tiers, kinds) in the order of `LIMITS`.

        What one limit does to the others is left to whoever compares every use of a resolution with its limit: each
        resolution draws its whole cost on the limit of `EVERYTHING`.
        """
        places = most_specific_first(failure, segment)
        return [[to_cents(self._limit(tier, places, kind)) for kind in LIMITS] for tier in self._general]

    def _rule(self, tier: Tier, places: Iterable[tuple[str | None, str | None]], kind: str) -> LimitException | Tier:
        for failure, segment in places if self._exceptions else ():
            exception = self._exceptions.get((tier.name, failure, segment, kind))
            if exception is not None:
                return exception
        return tier

    def _limit(self, tier: Tier, places: Iterable[tuple[str | None, str | None]], kind: str) -> float:
        # the last tier has no limits
        return self._rule(tier, places, kind).limits.get(kind, NO_LIMIT)


def to_cents(limit: float) -> int:
    """Return a limit (money, `ASK`, `NO_LIMIT`) in whole cents; a fraction of a cent permits nothing more."""
    if limit == ASK:
        return ASK_CENTS
    return NO_LIMIT_CENTS if limit == NO_LIMIT else min(math.floor(100 * limit + 1e-6), NO_LIMIT_CENTS)
