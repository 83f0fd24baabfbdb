"""Guidance: the playbook on screen: what its rules say, bring and cost, how sure each is, and what changing one does.

In: policies with a playbook, payoffs. Out: plain data for the page, every word of it. Left to others: finding rules
(`value.best_playbook`), how it is drawn (`page/playbook.js` and what it imports), one case (`one_case`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from policy_sim.assumptions import Scenario
from policy_sim.border import Progress, parse_model
from policy_sim.policy import Playbook, PlaybookRule, Policy, Stretch
from policy_sim.policy.playbook_words import condition_words, give_words, titles_of
from policy_sim.show.wording import NOT_TOLD_APART, TOO_FEW, format_money, format_number
from policy_sim.value import (
    Difference,
    Gap,
    Payoffs,
    chosen_alike,
    compare,
    evaluate,
    everybody_follows,
    runners_up,
    with_playbook,
)
from policy_sim.words import ASKS, GAP_PARTS, RULE_FACTS

__all__ = [
    "FOLLOWED",
    "book_content",
    "effect_content",
    "gap_content",
    "menu_rows",
    "playbook_content",
    "playbook_of",
    "rules_content",
    "steadily",
]

#: The assumption that says how many people follow a playbook.
FOLLOWED = "playbook.followed_share"

_SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

Condition = tuple[str, float]


def playbook_content(playbook: Playbook | None) -> dict[str, Any] | None:
    """Return a playbook as it stands in policy files, None where there is none."""
    return None if playbook is None else playbook.model_dump(mode="json", exclude_defaults=True)


def playbook_of(content: Mapping[str, Any] | None, scenario: Scenario) -> Playbook | None:
    """Return the playbook that the screen sends, None where it sends none.

    Raises
    ------
    InputError
        If it does not fit the scenario, or itself.
    """
    if content is None:
        return None
    playbook = parse_model(Playbook, content, "the rules on screen")
    playbook.check_names(scenario, "the rules on screen")
    return playbook


def menu_rows(scenario: Scenario) -> dict[str, list[dict[str, Any]]]:
    """Return by failure what can be given for it: variants, and words."""
    return {
        failure: [
            {"give": list(bundle), "title": _capital(scenario.resolution_words(bundle))}
            for bundle in scenario.resolutions(failure)
        ]
        for failure in scenario.failures
    }


def book_content(playbook: Playbook | None, scenario: Scenario, currency: str) -> dict[str, Any]:
    """Return what a playbook says: `rules` in words, with what can be changed in each, and `failures`, as trees.

    A tree has `words` and either `children` or the place of a `rule`.
    """
    rules = playbook.rules if playbook else ()
    titles = titles_of(scenario)
    rows = [
        {
            "failure": rule.failure,
            "failure_title": titles.failures[rule.failure],
            "when": condition_words(rule, currency),
            "give": _capital(give_words(rule, titles)),
            "why": rule.why,
            "numbers": _numbers(rule),
        }
        for rule in rules
    ]
    trees = []
    for failure in dict.fromkeys(rule.failure for rule in rules):
        own = [(n, rule) for n, rule in enumerate(rules) if rule.failure == failure]
        trees.append({"words": titles.failures[failure], "failure": failure, "children": _branches(own, currency)})
    return {"rules": rows, "failures": trees}


def _numbers(rule: PlaybookRule) -> list[dict[str, Any]]:
    """Return the ends of a rule's stretches that a person may move."""
    rows = []
    for name, stretch in rule.when.items():
        fact = RULE_FACTS[name]
        for end, words in (("at_least", "from"), ("below", "below")):
            value = getattr(stretch, end)
            if value is not None and not fact.is_yes_or_no:
                rows.append({"fact": name, "end": end, "value": value, "title": f"{fact.title}, {words}"})
    return rows


def _branches(rules: Sequence[tuple[int, PlaybookRule]], currency: str) -> list[dict[str, Any]]:
    """Return rules as the branches of a tree: split by a number that parts them, else one after the other."""
    if len(rules) > 1:
        for fact, at in dict.fromkeys(condition for _, rule in rules for condition in _cuts(rule)):
            below = [(n, rule) for n, rule in rules if _end(rule, fact, "below") <= at]
            above = [(n, rule) for n, rule in rules if _end(rule, fact, "at_least") >= at]
            if below and above and len(below) + len(above) == len(rules):
                sides = ((Stretch(below=at), below, "below"), (Stretch(at_least=at), above, "at_least"))
                return [_branch(fact, stretch, side, end, currency) for stretch, side, end in sides]
        for ask in ASKS:
            own = [(n, rule) for n, rule in rules if rule.asks == (ask,)]
            others = [(n, rule) for n, rule in rules if rule.asks and ask not in rule.asks]
            if own and others and len(own) + len(others) == len(rules):
                bare = [(n, rule.model_copy(update={"asks": ()})) for n, rule in own]
                words = condition_words(own[0][1].model_copy(update={"when": {}}), currency)
                return [{"words": words, "children": _branches(bare, currency)}, *_branches(others, currency)]
    if len(rules) == 1:
        n, rule = rules[0]
        words = condition_words(rule, currency)
        return [{"words": words, "rule": n}]
    return [{"words": condition_words(rule, currency) or "all others", "rule": n} for n, rule in rules]


def _branch(
    fact: str, stretch: Stretch, side: Sequence[tuple[int, PlaybookRule]], end: str, currency: str
) -> dict[str, Any]:
    """Return a branch with the rules of one side, less what its own words say of them."""
    rest = [(n, _without(rule, fact, end, getattr(stretch, end))) for n, rule in side]
    words = condition_words(rest[0][1].model_copy(update={"when": {fact: stretch}, "asks": ()}), currency)
    if len(rest) == 1:
        n, rule = rest[0]
        further = condition_words(rule, currency)
        return {"words": ", ".join(filter(None, (words, further))), "rule": n}
    return {"words": words, "children": _branches(rest, currency)}


def _cuts(rule: PlaybookRule) -> list[Condition]:
    ends = [(name, end) for name, stretch in rule.when.items() for end in stretch.ends]
    return [(name, end) for name, end in ends if np.isfinite(end)]


def _end(rule: PlaybookRule, fact: str, end: str) -> float:
    """Return an end of a rule's stretch; what is left open is no bound."""
    low, high = rule.when[fact].ends if fact in rule.when else (-np.inf, np.inf)
    return low if end == "at_least" else high


def _without(rule: PlaybookRule, fact: str, end: str, value: float) -> PlaybookRule:
    """Return a rule without one end of a stretch, where that is the value."""
    stretch = rule.when[fact]
    if getattr(stretch, end) != value:
        return rule
    others = {name: other for name, other in rule.when.items() if name != fact}
    other_end = "below" if end == "at_least" else "at_least"
    left = getattr(stretch, other_end)
    kept = {} if left is None else {fact: Stretch(**{other_end: left})}
    return rule.model_copy(update={"when": others | kept})


def rules_content(policy: Policy, in_force: Policy, payoffs: Payoffs, on_progress: Progress | None) -> dict[str, Any]:
    """Return what a policy's rules bring, money a year, and how sure that is.

    Returns
    -------
    dict
        `limits`, `rules` and `rules_if_all`: what the limits bring against the policy in force, what the rules bring on
        top if as many people follow as is most likely, and if all do. `rows`: each rule, as `_row`, under all that is
        plausible of how many follow. `shares`: for shares of people who follow, what the rules bring. `followed` and
        `followed_range`: the share that is assumed, and its range.
    """
    playbook = policy.playbook
    count = len(playbook.rules) if playbook else 0
    steps = 2 * count + len(_SHARES) + 2

    def tell(done: int) -> None:
        if on_progress is not None:
            on_progress("Valuing each rule", done, steps)

    bare = evaluate(with_playbook(policy, None), payoffs)
    force = evaluate(in_force, payoffs)
    tell(1)
    content: dict[str, Any] = {
        "limits": _said(compare(bare, force)),
        "followed": payoffs.scenario.value(FOLLOWED) if playbook else None,
        "followed_range": list(payoffs.scenario.assumption(FOLLOWED).range) if playbook else None,
        "rows": [],
        "shares": [],
    }
    if playbook is None:
        return content
    whole, everybody = evaluate(policy, payoffs), everybody_follows(payoffs)
    all_follow = evaluate(policy, everybody)
    tell(2)

    def if_follow(share: float) -> dict[str, Any]:
        so_many = everybody_follows(payoffs, share)
        return _said(compare(evaluate(policy, so_many), evaluate(bare.policy, so_many)))

    for n, share in enumerate(_SHARES):
        content["shares"].append({"share": share} | if_follow(share))
        tell(3 + n)
    content |= {"rules": if_follow(content["followed"]), "rules_if_all": content["shares"][-1]}
    alike, possible, whose = chosen_alike(policy, payoffs)
    next_best = runners_up(policy, payoffs)
    for n, rule in enumerate(playbook.rules):
        others = playbook.rules[:n] + playbook.rules[n + 1 :]
        without = evaluate(with_playbook(policy, Playbook(rules=others) if others else None), payoffs)
        ahead = None
        if next_best[n] is not None:
            changed = rule.model_copy(update={"give": next_best[n]})
            instead = Playbook(rules=(*playbook.rules[:n], changed, *playbook.rules[n + 1 :]))
            ahead = compare(all_follow, evaluate(with_playbook(policy, instead), everybody))
        own = whose == n
        row = {
            "share": float(own.mean()),
            "possible": float(possible[own].mean()) if own.any() else 0.0,
            "as_today": float(alike[own].mean()) if own.any() else 0.0,
        }
        content["rows"].append(row | _row(compare(whole, without), ahead, next_best[n], payoffs.scenario))
        tell(3 + len(_SHARES) + 2 * n)
    return content


def _row(
    gain: Difference, ahead: Difference | None, runner_up: tuple[str, ...] | None, scenario: Scenario
) -> dict[str, Any]:
    """Return what a rule brings (money a year with its interval), and how sure it is: a mark, which is fuller the
    surer, and words.
    """
    said = _said(gain)
    next_words = "" if runner_up is None else f"“{scenario.resolution_words(runner_up)}”"
    if gain.too_few() or (ahead is not None and ahead.too_few()):
        mark, words = "?", f"{TOO_FEW}{f'; the next best is {next_words}' if next_words else ''}"
    elif ahead is not None and float(ahead.per_year().mean()) < 0:
        better = format_money(-float(ahead.per_year().mean()), scenario.currency)
        mark, words = "○", f"{next_words} would bring {better} a year more, if all follow"
    elif not gain.told_apart():
        mark, words = "○", "cannot be told apart from no rule"
    elif ahead is None or ahead.told_apart():
        mark, words = "●", f"sure{f', ahead of {next_words}' if next_words else ''}"
    else:
        by = format_money(float(ahead.per_year().mean()), scenario.currency)
        mark, words = "◐", f"nearly as good: {next_words}, {by} a year less if all follow"
    return said | {"mark": mark, "sureness": words}


def effect_content(difference: Difference, scenario: Scenario) -> dict[str, Any]:
    """Return what changed rules cost or bring against others, within the same limits: money a year, and why."""
    changes = _changes(difference.outcome.policy, difference.baseline.policy, scenario)
    return _said(difference) | {"words": [*changes, _why(difference, scenario)]}


def steadily(on_progress: Progress | None, words: str) -> Progress:
    """Return what turns the progress of rounds of which nobody knows how many there will be into one that only grows.

    Each round is taken for the last but one: it fills half of what was left.
    """
    rounds, last = 0, 0.0

    def tell(_: str, done: int, of: int) -> None:
        nonlocal rounds, last
        share = done / of
        rounds, last = rounds + (share < last), share
        if on_progress is not None:
            on_progress(words, round(1000 * (1 - 0.5**rounds * (1 - share / 2))), 1000)

    return tell


def _said(difference: Difference) -> dict[str, Any]:
    low, high = difference.interval_per_year()
    finite = bool(np.isfinite([low, high]).all())
    mean = float(difference.per_year().mean())
    doubt = TOO_FEW if difference.too_few() else "" if difference.told_apart() else NOT_TOLD_APART
    return {"change": mean, "low": low if finite else mean, "high": high if finite else mean, "doubt": doubt}


def _why(difference: Difference, scenario: Scenario) -> str:
    """Return where a difference comes from, in a sentence."""
    yearly = difference.cases_per_year
    cost, kept = (float(difference.per_year(name).mean()) for name in ("remedy_cost", "retained"))
    staying = float(difference.per_case("customers_kept").mean()) * yearly

    def more(value: float, text: str) -> str:
        return f"{text} {'more' if value > 0 else 'less'}"

    money = scenario.currency
    remedies = f"Remedies cost {more(cost, format_money(abs(cost), money))} a year"
    people = f"{format_number(abs(staying))} {'more' if staying > 0 else 'fewer'} customers stay"
    worth = f"what customers are worth comes to {more(kept, format_money(abs(kept), money))}"
    return f"{remedies}; {people}, and {worth}."


def _changes(policy: Policy, best: Policy, scenario: Scenario) -> list[str]:
    """Return in words what is given otherwise than by the best rules, rule by rule."""
    titles = titles_of(scenario)
    mine, other = (list(each.playbook.rules) if each.playbook else [] for each in (policy, best))
    old = [rule for rule in other if rule not in mine]
    new = [rule for rule in mine if rule not in other]
    sentences = []
    for rule in new:
        like = next((one for one in old if _is_like(one, rule)), None)
        if like is not None:
            old.remove(like)
        sentences.append(_change(rule, like, policy.currency, scenario))
    for rule in old:
        where = _where(rule, policy.currency, scenario)
        sentences.append(f"{where}: no rule, in place of {give_words(rule, titles)}.")
    return sentences


def _is_like(one: PlaybookRule, other: PlaybookRule) -> bool:
    """Tell whether two rules for a failure are for the same cases, or else give the same on the same facts."""
    if one.failure != other.failure:
        return False
    if (one.when, one.asks) == (other.when, other.asks):
        return True
    return set(one.give) == set(other.give) and set(one.when) == set(other.when)


def _change(rule: PlaybookRule, before: PlaybookRule | None, currency: str, scenario: Scenario) -> str:
    titles = titles_of(scenario)
    where, given = _where(rule, currency, scenario), give_words(rule, titles)
    if before is None:
        return f"{where}: {given}, where there was no rule."
    if set(before.give) != set(rule.give):
        return f"{where}: {given}, in place of {give_words(before, titles)}."
    was = condition_words(before, currency) or "always"
    return f"{where}: {given}; before, {was}."


def _where(rule: PlaybookRule, currency: str, scenario: Scenario) -> str:
    conditions = condition_words(rule, currency)
    title = scenario.failures[rule.failure].title
    return f"{title}, {conditions}" if conditions else title


def gap_content(gap: Gap) -> dict[str, Any]:
    """Return the parts of a gap, money a year with the ends of the interval, and how many cases it is of."""
    rows = []
    for step in gap.steps:
        low, high = step.interval()
        part, yearly = GAP_PARTS[step.name], step.cases_per_year
        change = float(step.gained.mean()) * yearly
        ends = (low * yearly, high * yearly) if np.isfinite([low, high]).all() else (change, change)
        rows.append(
            {
                "name": step.name,
                "title": part.title,
                "sentence": part.sentence,
                "change": change,
                "low": ends[0],
                "high": ends[1],
            }
        )
    return {"rows": rows, "cases": gap.case_count}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
