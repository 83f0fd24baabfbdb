"""Give table: what to give, as rows of which the first that fits counts: the playbook as rules engines execute it.

In: a policy with a playbook, the failures that there are. Out: rows, as ranges of what is known of a case.
Left to others: how a format writes a row (`dmn`, `jdm`), who decides (`table`).

An engine passes over a rule that looks at what it does not know, and takes the next: so every row for a failure looks
at all that any rule for that failure looks at, as `Playbook.rule_for` does. A case that lacks something fits the last
row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from policy_sim.policy import (
    NO_RULE,
    NOT_DECIDED,
    NOT_DECIDED_RULE,
    Playbook,
    PlaybookRule,
    Policy,
    playbook_rule_words,
)
from policy_sim.publish.table import Interval, Vocabulary
from policy_sim.words import ASKS, RULE_FACTS

__all__ = ["GIVE_DECISION", "NOTHING_SAID", "GiveRow", "give_input_names", "give_rows"]

#: What the table is called in files for engines.
GIVE_DECISION = "what_to_give"
#: What the last row says, of a case that lacks something; in the order of `policy.GIVEN`.
NOTHING_SAID = (NOT_DECIDED, NOT_DECIDED_RULE)
_FROM_0: Interval = (0.0, None)


@dataclass(frozen=True)
class GiveRow:
    """Cases of which the table says the same.

    Attributes
    ----------
    failures
        What went wrong.
    asks
        What customers ask for, of `ASKS`; None where that is not looked at.
    facts
        Intervals of the facts that are looked at.
    said
        What to give ("full_refund + keep_item", "nothing", `NO_RULE`) and the rule in words; in the order of
        `policy.GIVEN`.
    """

    failures: tuple[str, ...]
    asks: tuple[str, ...] | None
    facts: Mapping[str, Interval]
    said: tuple[str, str]


def give_input_names(policy: Policy) -> tuple[str, ...]:
    """Return what the table looks at; nothing where a policy has no playbook, and so no such table."""
    if policy.playbook is None:
        return ()
    looked_at = {fact for rule in policy.playbook.rules for fact in rule.when}
    ask = ("ask",) if any(rule.asks for rule in policy.playbook.rules) else ()
    return ("currency", "failure", *ask, *(fact for fact in RULE_FACTS if fact in looked_at))


def give_rows(policy: Policy, vocabulary: Vocabulary) -> list[GiveRow]:
    """Return the rows, the first that fits counts; facts are 0 or more. None where there is no playbook."""
    playbook = policy.playbook
    if playbook is None:
        return []
    rows = []
    without_rule = []
    for failure in vocabulary.failures:
        rules = [rule for rule in playbook.rules if rule.failure == failure]
        if not rules:
            without_rule.append(failure)
            continue
        rows += [_row(rule, playbook, policy.currency) for rule in rules]
        asks = tuple(ASKS) if playbook.hangs_on_ask(failure) else None
        everywhere = dict.fromkeys(playbook.facts_of(failure), _FROM_0)
        rows.append(GiveRow((failure,), asks, everywhere, (NO_RULE, "")))
    if without_rule:
        rows.append(GiveRow(tuple(without_rule), None, {}, (NO_RULE, "")))
    return rows


def _row(rule: PlaybookRule, playbook: Playbook, currency: str) -> GiveRow:
    asks = (rule.asks or tuple(ASKS)) if playbook.hangs_on_ask(rule.failure) else None
    facts = dict.fromkeys(playbook.facts_of(rule.failure), _FROM_0)
    for fact, stretch in rule.when.items():
        low, high = stretch.ends
        facts[fact] = (max(low, 0.0), None if math.isinf(high) else high)
    return GiveRow((rule.failure,), asks, facts, (rule.resolution, playbook_rule_words(rule, currency)))
