"""Decisions: which tier may decide what is asked for in a case, and what the playbook says to give, quickly.

In: a policy, the failures and segments that there are, a case with what is asked for. Out: `Decision`.
Left to others: many cases at once (`decision_table`), what each tier may give (`ladder`), and the same in plain steps
(`authority`, `Playbook.rule_for`); what is best (`value`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from policy_sim.border import InputError, unknown
from policy_sim.policy.authority import Authority
from policy_sim.policy.ladder import Ladder, Start, to_cents
from policy_sim.policy.limits import ASK, Policy, is_whole_cents, limit_content
from policy_sim.policy.playbook_words import playbook_rule_words
from policy_sim.words import ASKED_FOR, ASKS, EVERYTHING, LIMIT_KINDS

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MOST_CENTS",
    "Decider",
    "Decision",
    "ReadyRules",
    "Recommendation",
    "amount_in_cents",
    "decision_of",
]

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
    give
        Variants of remedies that the playbook says to give, none for nothing; None where no rule is for the case.
    playbook_rule
        The rule that says so, in plain words; "" where there is none.
    """

    tier: str
    limit: float | str
    rule: str
    return_waived: bool
    starts_at: str
    because: str
    give: tuple[str, ...] | None = None
    playbook_rule: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return self._asdict()


class Recommendation(NamedTuple):
    """What the playbook says to give in a case: None and "" where no rule is for it; as in `Decision`."""

    give: tuple[str, ...] | None = None
    playbook_rule: str = ""


class ReadyRule(NamedTuple):
    """A rule of the playbook made ready.

    Attributes
    ----------
    ends
        For each of the facts that rules for its failure look at: from which value on it holds, and below which one.
    asks
        What customers ask for with whom it holds, of `ASKS`; all of them where None.
    said
        What it says to give.
    """

    ends: tuple[tuple[float, float], ...]
    asks: frozenset[str] | None
    said: Recommendation


class ReadyRules(NamedTuple):
    """The rules for one failure, the facts that they look at, and whether they look at what the customer asks for."""

    facts: tuple[str, ...]
    hangs_on_ask: bool
    rules: tuple[ReadyRule, ...]


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
    playbook
        By failure, the rules that say what to give; a failure for which there is none is not there.
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
        self.playbook = _ready_rules(policy, self.failures)

    def decide(
        self,
        failure: str,
        segment: str,
        asked_for: str,
        amount: float,
        facts: Mapping[str, float] | None = None,
        ask: str | None = None,
    ) -> Decision:
        """Return who may decide what is asked for, and what the playbook says to give.

        What the playbook says is not checked against limits: how much a resolution draws on them hangs on money that
        only a scenario knows (`value`). It is to be given where whoever decides may give it.

        Parameters
        ----------
        failure, segment
            What went wrong, for whom.
        asked_for
            One of `ASKED_FOR`: what is asked for draws on this limit.
        amount
            By how much, in the policy's currency: for keep_item and replacement, the price of the item.
        facts
            Every number that a guard of the policy looks at (`facts`), none that only guards look at that come after
            the one that catches the case; and every number that a rule of the playbook for this failure looks at.
        ask
            What the customer asks for, of `ASKS` ("anything" for nothing in particular); needed where a rule for this
            failure looks at it.

        Raises
        ------
        InputError
            If a name is unknown, the amount is not money, or what a guard or a rule looks at is missing or below 0.
        """
        answers = self.answers.get((failure, segment, asked_for))
        if answers is None:
            raise self._unknown(failure, segment, asked_for)
        asked = amount_in_cents(amount)
        start, because = self._start(facts or {})
        position = start
        while asked > answers[position][0]:  # the last tier has no limit
            position += 1
        if failure not in self.playbook:
            return Decision(*answers[position][1], self.ladder.tiers[start], because)
        return Decision(*answers[position][1], self.ladder.tiers[start], because, *self._said(failure, facts, ask))

    def recommend(
        self, failure: str, facts: Mapping[str, float] | None = None, ask: str | None = None
    ) -> Recommendation:
        """Return what the playbook says to give, before anything was asked for; parameters as for `decide`.

        Raises
        ------
        InputError
            If the failure or the ask is unknown, or what a rule for this failure looks at is missing or below 0.
        """
        if failure not in self.failures:
            raise unknown("failure", failure, self.failures, "the case")
        return self._said(failure, facts, ask) if failure in self.playbook else _NO_RULE

    def _said(self, failure: str, facts: Mapping[str, float] | None, ask: str | None) -> Recommendation:
        """Return what the first rule says that is for the case."""
        looked_at, hangs_on_ask, rules = self.playbook[failure]
        known = facts or {}
        values = []
        for fact in looked_at:
            value = known.get(fact)
            try:
                is_number = 0 <= value < math.inf  # type: ignore[operator]
            except TypeError:
                is_number = False
            if value is None or not is_number:
                raise _no_fact(value, fact, "a rule of the playbook")
            values.append(value)
        if hangs_on_ask and ask not in ASKS:
            raise _unknown_ask(ask)
        for ends, asks, said in rules:
            if asks is None or ask in asks:
                for value, (low, high) in zip(values, ends, strict=False):
                    if not low <= value < high:
                        break
                else:
                    return said
        return _NO_RULE

    def _start(self, facts: Mapping[str, float]) -> Start:
        """Return where a case starts; guards are asked in order, so what comes after the one that catches is not."""
        for guard, start in zip(self.ladder.guards, self.ladder.starts, strict=False):
            value = facts.get(guard.fact)
            try:
                if value >= guard.at_least and 0 <= value < math.inf:  # type: ignore[operator]
                    return start
                is_number = 0 <= value < math.inf  # type: ignore[operator]
            except TypeError:
                is_number = False
            if not is_number:
                raise _no_fact(value, guard.fact, "a guard of the policy")
        return self.ladder.starts[-1]

    def _unknown(self, failure: str, segment: str, asked_for: str) -> InputError:
        for kind, name, valid in (("failure", failure, self.failures), ("segment", segment, self.segments)):
            if name not in valid:
                return unknown(kind, name, valid, "the case")
        return unknown("thing asked for", asked_for, ASKED_FOR, "the case")


#: What a Decider says where no rule is for a case.
_NO_RULE = Recommendation()


def _no_fact(value: object, fact: str, looked_at_by: str) -> InputError:
    if value is None or value != value:
        return InputError(f"the fact '{fact}' of the case is missing; {looked_at_by} looks at it")
    return InputError(f"the fact '{fact}' of the case is {value!r}; it must be a number, 0 or more")


def _unknown_ask(ask: str | None) -> InputError:
    if ask is None:
        listed = ", ".join(ASKS)
        return InputError(
            f"what the customer asks for is missing; a rule of the playbook looks at it, give ask as one of: {listed}"
        )
    return unknown("ask", ask, list(ASKS), "the case")


def _ready_rules(policy: Policy, failures: Iterable[str]) -> dict[str, ReadyRules]:
    """Return the rules of a policy's playbook by failure, of these failures."""
    playbook = policy.playbook
    if playbook is None:
        return {}
    ready: dict[str, ReadyRules] = {}
    anywhere = (-math.inf, math.inf)
    for failure in failures:
        facts = playbook.facts_of(failure)
        rules = tuple(
            ReadyRule(
                tuple(rule.when[fact].ends if fact in rule.when else anywhere for fact in facts),
                frozenset(rule.asks) or None,
                Recommendation(rule.give, playbook_rule_words(rule, policy.currency)),
            )
            for rule in playbook.rules
            if rule.failure == failure
        )
        if rules:
            ready[failure] = ReadyRules(facts, playbook.hangs_on_ask(failure), rules)
    return ready


def decision_of(may: Authority, asked_for: str, amount: float) -> Decision:
    """Return who may decide what is asked for, read from the authority of a case: the plain reference.

    What the playbook says is no matter of authority: `Playbook.rule_for` is the reference for that.

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
