"""Playbook words: a rule of a playbook as a person would say it, and what changed from one playbook to another.

In: rules, what failures and remedies are called where somebody knows it. Out: words in one line.
Left to others: which rule is for a case (`playbook`), what there is to give (`assumptions`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from policy_sim.currencies import amount_words, currency_sign
from policy_sim.policy.playbook import PlaybookRule, Stretch
from policy_sim.words import ASKS, RULE_FACTS, RuleFact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_sim.assumptions import Scenario

__all__ = ["Titles", "condition_words", "give_words", "playbook_changes", "playbook_rule_words", "titles_of"]


class Titles(NamedTuple):
    """What failures, and variants of remedies, are called by their names; one that is not there is called by its name.

    Published tables say rules without titles: a policy file does not hold them.
    """

    failures: Mapping[str, str] = {}
    variants: Mapping[str, str] = {}


_NONE = Titles()
#: "1 orders or more": the s too many is what follows.
_ONE_OF_MANY = re.compile(r"\b(?<![\d.,])(1 [a-z]+)s\b")


def titles_of(scenario: Scenario) -> Titles:
    """Return what a scenario calls its failures and the variants of its remedies."""
    return Titles({name: failure.title for name, failure in scenario.failures.items()}, scenario.variant_words)


def playbook_rule_words(rule: PlaybookRule, currency: str, titles: Titles = _NONE) -> str:
    """Return a rule in one line: "Wrong item, under $45, asks for money: full refund, keep the item".

    Parameters
    ----------
    rule
        The rule.
    currency
        That of its policy.
    titles
        What things are called; by default by their names.
    """
    failure = titles.failures.get(rule.failure) or _spoken(rule.failure).capitalize()
    conditions = condition_words(rule, currency)
    return f"{failure}{f', {conditions}' if conditions else ''}: {give_words(rule, titles)}"


def condition_words(rule: PlaybookRule, currency: str) -> str:
    """Return what a rule hangs on besides the failure: "under $45, fewer than 2 orders"; "" for nothing else."""
    parts = [_stretch_words(fact, rule.when[name], currency) for name, fact in RULE_FACTS.items() if name in rule.when]
    parts.append(" or ".join(ASKS[ask].sentence for ask in rule.asks))
    return ", ".join(filter(None, parts))


def give_words(rule: PlaybookRule, titles: Titles = _NONE) -> str:
    """Return what a rule gives: "full refund, keep the item", "nothing"."""
    return ", ".join(titles.variants.get(variant) or _spoken(variant) for variant in rule.give) or "nothing"


def playbook_changes(
    before: Sequence[PlaybookRule], after: Sequence[PlaybookRule], currency: str, titles: Titles = _NONE
) -> tuple[str, ...]:
    """Return what changed from one playbook's rules to another's: rules changed, taken out, added, put elsewhere.

    A rule counts as changed, rather than taken out and added, where it stands between the same neighbours among the
    rules for its failure and says part of the same.
    """
    words: list[str] = []
    for failure in dict.fromkeys(rule.failure for rule in (*before, *after)):
        old, new = ([rule for rule in rules if rule.failure == failure] for rules in (before, after))
        words += _changes_of_failure(old, new, currency, titles)
    if not words and list(before) != list(after):
        # rules for different failures do not touch each other
        words.append("the order of playbook rules for different failures, which decides nothing")
    return tuple(words)


def _changes_of_failure(
    old: Sequence[PlaybookRule], new: Sequence[PlaybookRule], currency: str, titles: Titles
) -> list[str]:
    texts = [_distinct_texts(rules) for rules in (old, new)]
    taken = [rule for rule, text in zip(old, texts[0], strict=True) if text not in texts[1]]
    added = [rule for rule, text in zip(new, texts[1], strict=True) if text not in texts[0]]
    kept = [[text for text in own if text in other] for own, other in (texts, texts[::-1])]
    words = []
    for rule in list(taken):
        like = next((other for other in added if _says_part_of(rule, other)), None)
        if like is not None:
            taken.remove(rule)
            added.remove(like)
            one, two = (playbook_rule_words(either, currency, titles) for either in (rule, like))
            words.append(f"playbook rule changed: {_with_why(one, two, rule, like)}")
    words += [f"playbook rule taken out: {playbook_rule_words(rule, currency, titles)}" for rule in taken]
    words += [f"playbook rule added: {playbook_rule_words(rule, currency, titles)}" for rule in added]
    if kept[0] != kept[1]:
        failure = titles.failures.get(old[0].failure) or _spoken(old[0].failure).capitalize()
        words.append(f"playbook rules for the same failure in another order, of which the first counts: {failure}")
    return words


def _distinct_texts(rules: Sequence[PlaybookRule]) -> list[str]:
    """Return each rule as text, one that stands a second time with its number."""
    texts: list[str] = []
    for rule in rules:
        text = json.dumps(rule.model_dump(mode="json"), sort_keys=True)
        texts.append(f"{text} {sum(other.startswith(text) for other in texts)}")
    return texts


def _says_part_of(rule: PlaybookRule, other: PlaybookRule) -> bool:
    """Tell whether two rules for a failure give the same, or hang on the same."""
    return set(rule.give) == set(other.give) or (rule.when, rule.asks) == (other.when, other.asks)


def _with_why(one: str, two: str, rule: PlaybookRule, like: PlaybookRule) -> str:
    if one == two:
        # their words are the same: a number beyond what is said, the order of what is given, or the reason
        old, new = (either.why or "nothing" for either in (rule, like))
        return f"{one} (why: {old} -> {new})" if old != new else f"{one} (written otherwise)"
    return f"{one} -> {two}"


def _stretch_words(fact: RuleFact, stretch: Stretch, currency: str) -> str:
    low, high = stretch.at_least, stretch.below
    if fact.is_yes_or_no:
        # 0 or 1: from 0 on, or below more than 1, is either
        said = [fact.at_least] if low else []
        said += [fact.below] if high is not None and high <= 1 else []
        return " and ".join(said)
    parts = [] if low is None else [fact.at_least.format(_number_words(low, fact, currency))]
    parts += [] if high is None else [fact.below.format(_number_words(high, fact, currency))]
    return _ONE_OF_MANY.sub(r"\1", " and ".join(parts))


def _number_words(number: float, fact: RuleFact, currency: str) -> str:
    if fact.unit != "money":
        return f"{number:.15g}"
    is_cents = abs(100 * number - round(100 * number)) < 1e-6 and number < 1e13
    return amount_words(number, currency) if is_cents else f"{currency_sign(currency)}{number:.15g}"


def _spoken(name: str) -> str:
    return name.replace("_", " ")
