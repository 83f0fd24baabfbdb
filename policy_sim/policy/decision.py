"""Decisions: which tier may decide what is asked for in a case, quickly.

In: a policy, the failures and segments that there are, a case with what is asked for. Out: `Decision`.
Left to others: many cases at once (`decision_table`), what each tier may give (`ladder`), and the same in plain steps
(`authority`); what is best (`value`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from policy_sim.border import InputError, unknown
from policy_sim.policy.authority import Authority
from policy_sim.policy.ladder import Ladder, Start, to_cents
from policy_sim.policy.limits import ASK, Policy, is_whole_cents, limit_content
from policy_sim.words import ASKED_FOR, EVERYTHING, LIMIT_KINDS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MOST_CENTS", "Decider", "Decision", "amount_in_cents", "decision_of"]

#: The largest amount that may be asked for; a limit above it is never reached.
MOST_CENTS = 10**15


class Decision(NamedTuple):
    """Who may decide what is asked for in a case, and why.

    Attributes
    ----------
    tier
        The lowest tier that may decide it.
    limit
        That tier's limit in force, as it stands in files: a number, "ask" or "no_limit".
    rule
        The rule that set the limit, in plain words.
    return_waived
        Whether the customer keeps the item: that is what was asked for.
    starts_at, because
        The tier that looks at the case first, and why.
    """

    tier: str
    limit: float | str
    rule: str
    return_waived: bool
    starts_at: str
    because: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return self._asdict()


class Decider:
    """A policy made ready to decide many single cases.

    Parameters
    ----------
    policy
        The policy.
    failures, segments
        All that there are; a case of any other is refused.

    Attributes
    ----------
    ladder
        The policy read once.
    answers
        By failure, segment and what is asked for, in the order of their product: for each tier the most that it may
        give in cents, and what is said where it decides (tier, limit, rule, return_waived).
    facts
        What a guard looks at, and must be known of each case that no guard before it catches.
    """

    def __init__(self, policy: Policy, failures: Iterable[str], segments: Iterable[str]) -> None:
        self.policy = policy
        self.failures, self.segments = tuple(failures), tuple(segments)
        self.ladder = Ladder(policy)
        self.facts = self.ladder.facts
        self.answers = {
            (failure, segment, asked_for): [
                (rung.most_cents, (rung.tier, limit_content(rung.limit), rung.rule, kind.waives_return))
                for rung in self.ladder.rungs(failure, segment, asked_for)
            ]
            for failure in self.failures
            for segment in self.segments
            for asked_for, kind in ((name, LIMIT_KINDS[name]) for name in ASKED_FOR)
        }

    def decide(
        self, failure: str, segment: str, asked_for: str, amount: float, facts: Mapping[str, float] | None = None
    ) -> Decision:
        """Return who may decide what is asked for.

        Parameters
        ----------
        failure, segment
            What went wrong, for whom.
        asked_for
            One of `ASKED_FOR`: what is asked for draws on this limit.
        amount
            By how much, in the policy's currency: for keep_item and replacement, the price of the item.
        facts
            Every number that a guard of the policy looks at (`facts`); none that only guards look at that come after
            the one that catches the case.

        Raises
        ------
        InputError
            If a name is unknown, the amount is not money, or a fact that a guard looks at is missing or below 0.
        """
        answers = self.answers.get((failure, segment, asked_for))
        if answers is None:
            raise self._unknown(failure, segment, asked_for)
        asked = amount_in_cents(amount)
        start, because = self._start(facts or {})
        position = start
        while asked > answers[position][0]:  # the last tier has no limit
            position += 1
        return Decision(*answers[position][1], self.ladder.tiers[start], because)

    def _start(self, facts: Mapping[str, float]) -> Start:
        """Return where a case starts; guards are asked in order, so what comes after the one that catches is not."""
        for guard, start in zip(self.ladder.guards, self.ladder.starts, strict=False):
            value = facts.get(guard.fact)
            if value is None or value != value:
                raise InputError(f"the fact '{guard.fact}' of the case is missing; a guard of the policy looks at it")
            if isinstance(value, str) or not 0 <= value < math.inf:
                raise InputError(f"the fact '{guard.fact}' of the case is {value!r}; it must be a number, 0 or more")
            if value >= guard.at_least:
                return start
        return self.ladder.starts[-1]

    def _unknown(self, failure: str, segment: str, asked_for: str) -> InputError:
        for kind, name, valid in (("failure", failure, self.failures), ("segment", segment, self.segments)):
            if name not in valid:
                return unknown(kind, name, valid, "the case")
        return unknown("thing asked for", asked_for, ASKED_FOR, "the case")


def decision_of(may: Authority, asked_for: str, amount: float) -> Decision:
    """Return who may decide what is asked for, read from the authority of a case: the plain reference.

    A tier that must ask for whatever costs anything (`ask` on the limit of `EVERYTHING`) must ask for all it gives.
    """
    for tier in may.limits:  # the one that stops the loop is the answer
        limits = may.limits[tier]
        limit = limits[asked_for]
        if amount_in_cents(amount) <= to_cents(limit.value) and limits[EVERYTHING].value != ASK:
            break
    is_waived = LIMIT_KINDS[asked_for].waives_return
    return Decision(tier, limit_content(limit.value), limit.rule, is_waived, may.starts_at, may.because)


def amount_in_cents(amount: float, where: str = "") -> int:
    """Return an amount of money in whole cents.

    Parameters
    ----------
    amount
        Money, 0 or more.
    where
        Said after the amount in messages: " (row 3)".

    Raises
    ------
    InputError
        If it is negative, no number, or holds a fraction of a cent.
    """
    try:
        exact = 100 * amount
        whole = round(exact)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"amount is {amount!r}{where}; it must be money, 0 or more") from None
    if whole < 0 or whole > MOST_CENTS or amount < 0:
        raise InputError(f"amount is {amount!r}{where}; it must be money, 0 or more")
    if not is_whole_cents(amount):
        raise InputError(f"amount is {amount!r}{where}; it must be whole cents, round it as you will pay it out")
    return whole
