"""Tables of a playbook: what it adds, its rules in plain words, how few are enough, what is left.

In: a setting, a study of a playbook. Out: tables for a terminal. Left to others: printing them (`cli`), the numbers
(`study.playbook`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import pandas as pd
from rich.padding import Padding
from rich.table import Table

from policy_sim.policy import PlaybookRule
from policy_sim.policy.playbook_words import Titles, give_words, playbook_rule_words, titles_of
from policy_sim.show.terminal.gap import count_words, gap_table, money_likely
from policy_sim.show.terminal.tables import new_table, prose
from policy_sim.show.wording import LIKELY, TOO_FEW, format_money, format_share, likely_words, ways_words, year_words
from policy_sim.study import PlaybookStudy, RuleStudy, Setting
from policy_sim.value import Difference

__all__ = ["of_playbook"]


def of_playbook(setting: Setting, study: PlaybookStudy, given: pd.DataFrame | None = None) -> list[Table]:
    """Return what the playbook adds, its rules, how few are enough, what following it is worth, what is left.

    Parameters
    ----------
    setting
        What the rules were found in.
    study
        The rules, and how they stood the test.
    given
        How often people gave what each rule says, as `evidence.agreement` has it, where there is a log of cases.
    """
    payoffs = setting.payoffs
    currency = study.policy.currency
    about = (
        f"{count_words(len(payoffs.cases))}, {ways_words(len(payoffs.draws))}; {year_words(payoffs)}. Likely: {LIKELY}."
    )
    return [
        prose(setting.scenario.title, _adds_words(study)),
        prose("", f"{_limits_words(study)}\n{about}"),
        *_rules(study, titles_of(setting.scenario)),
        *([] if given is None else [_given(given), prose("", _GIVEN_WORDS)]),
        _by_rules(study),
        prose("", _enough_words(study)),
        prose("\nHow sure is it?", f"{_held_out_words(study)} {_bound_words(study)}"),
        prose("\nGetting people to follow", _following_words(study)),
        *gap_table("\nWhat is left", [("in force", study.gap), ("all follow", study.gap_left)]),
        prose("", _left_words(study, currency)),
    ]


def _adds_words(study: PlaybookStudy) -> str:
    """Say in one sentence what the playbook adds."""
    currency, count = study.policy.currency, len(study.rules)
    if not count:
        return f"No rule brings anything within the limits of “{study.policy.title}”."
    rules = "1 rule" if count == 1 else f"{count} rules"
    all_of_them, none = study.by_rules_if_all[-1], study.by_rules_if_all[0]
    most = float((all_of_them.per_year() - none.per_year()).mean())
    guidance = study.guidance
    return (
        f"A playbook of {rules} adds {_money(guidance, currency, False)} a year "
        f"({money_likely(guidance, currency, True)}) if {format_share(study.followed_share())} of people follow it, "
        f"and {format_money(most, currency)} if all of them do."
    )


def _limits_words(study: PlaybookStudy) -> str:
    """Say what limits bring before any rule, and with the rules, against the policy in force."""
    currency, title = study.policy.currency, study.in_force.policy.title
    limits, gain = study.by_rules[0], study.gain
    all_of_it = format_share(study.share_of_gain(study.by_rules_if_all[-1]))
    return (
        f"{_limits_alone(limits, currency)} Limits and rules "
        f"together are {_money(gain, currency)} a year ahead of “{title}” ({money_likely(gain, currency, True)}): "
        f"{format_share(study.share_of_gain(gain))} of all that could be gained, {all_of_it} if all follow."
    )


def _limits_alone(limits: Difference, currency: str) -> str:
    if limits.outcome.policy.tiers == limits.baseline.policy.tiers:
        return "Limits stay as they are."
    return (
        f"Better limits alone bring {_money(limits, currency, False)} a year ({money_likely(limits, currency, True)})."
    )


def _rules(study: PlaybookStudy, titles: Titles) -> list[Table]:
    """Return each rule in words, with money, how sure it is, what it nearly was, who can follow, who does so today."""
    if not study.rules:
        return []
    currency = study.policy.currency
    table = new_table(
        "\nThe rules (the first that holds says what to give)", ("", "a year", "cases", "can", "today", "stays")
    )
    for number, rule in enumerate(study.rules, start=1):
        table.add_row(
            f"{number}. {playbook_rule_words(rule.rule, currency, titles)}",
            _money(rule.gain, currency),
            *(f"{share:.0%}" for share in (rule.cases_share, rule.possible_share, rule.as_today, rule.stability)),
        )
        table.add_row(Padding(_doubt_words(rule, titles, currency), (0, 0, 0, 3)))
    words = (
        "A year: what would be missing without the rule, as people follow. Cases: of all cases. Can: of its cases, "
        "those in which whoever decides may give it and the customer accepts it. Today: where people choose it by "
        "themselves. Stays: where rules found with other customers, drawn ten times from these, say the same."
    )
    return [table, prose("", words)]


_GIVEN_WORDS = "Accepts: of the rule's cases, those in which the customer accepts what it says. Gave it: of these."


def _given(given: pd.DataFrame) -> Table:
    """Return how often people gave what each rule says."""
    table = new_table("\nWhat people gave, by the log of cases", ("rule", "cases", "accepts", "gave it"))
    for row in given.to_dict("records"):
        accepts = row["acceptable"] / row["cases"] if row["cases"] else math.nan
        shares = (accepts, row["share"] if row["acceptable"] else math.nan)
        table.add_row(
            str(row["rule"]), f"{row['cases']:,}", *("" if math.isnan(share) else f"{share:.0%}" for share in shares)
        )
    return table


def _doubt_words(study: RuleStudy, titles: Titles, currency: str) -> str:
    """Say how sure a rule is, and which resolution it nearly was."""
    money = partial(format_money, currency=currency, signed=True)
    sure = likely_words(study.gain, "net_value", money, True)
    if study.runner_up is None or study.ahead is None:
        return f"{sure}; there is nothing else to give"
    other = _change_words(study.rule, study.runner_up, titles)
    if study.ahead.told_apart():
        return f"{sure}; {money(float(study.ahead.per_year().mean()))} ahead of {other}"
    return f"{sure}; nearly {other}"


def _change_words(rule: PlaybookRule, instead: tuple[str, ...], titles: Titles) -> str:
    """Say what another resolution gives besides, or in place of, what a rule gives."""

    def words(variants: Sequence[str]) -> str:
        return give_words(PlaybookRule(failure=rule.failure, give=tuple(variants)), titles)

    fewer = [variant for variant in rule.give if variant not in instead]
    more = [variant for variant in instead if variant not in rule.give]
    if not instead or len(fewer) == len(rule.give):
        return f"“{words(instead)}”"
    if not fewer:
        return f"with {words(more)} besides"
    return f"{words(more)} in place of {words(fewer)}" if more else f"without {words(fewer)}"


def _by_rules(study: PlaybookStudy) -> Table:
    currency = study.policy.currency
    money = partial(format_money, currency=currency, signed=True)
    table = new_table(
        f"\nHow few rules are enough? (a year against “{study.in_force.policy.title}”)",
        ("", f"{format_share(study.followed_share())} follow", "likely", "all follow", "of the gain"),
    )
    for count, (some, everybody) in enumerate(zip(study.by_rules, study.by_rules_if_all, strict=True)):
        table.add_row(
            "limits alone" if count == 0 else "1 rule" if count == 1 else f"{count} rules",
            money(float(some.per_year().mean())),
            likely_words(some, "net_value", money, True),
            money(float(everybody.per_year().mean())),
            format_share(study.share_of_gain(everybody)),
        )
    return table


def _enough_words(study: PlaybookStudy) -> str:
    count = study.enough()
    words = {0: "No rule can be told apart from limits alone", 1: "One rule is enough"}
    said = words.get(count, f"{count} rules are enough")
    more = len(study.by_rules) - 1
    last = "" if count == more else f": what up to {more} bring more cannot be told apart"
    return f"{said}{last}. Of the gain: what all that follow get of what limits and rules could bring at all."


def _held_out_words(study: PlaybookStudy) -> str:
    if math.isnan(study.held_out_share_of_gain):
        return "There are too few customers to find rules with some and judge them with others."
    held_out = format_share(study.held_out_share_of_gain)
    own = format_share(study.share_of_gain(study.by_rules_if_all[-1]))
    return (
        f"Rules fitted to half of the customers get {held_out} of the gain with the other half, if all follow; those "
        f"above get {own} with the cases that they were fitted to."
    )


def _bound_words(study: PlaybookStudy) -> str:
    found, bound = float(study.best.found[-1]), float(study.best.bounds[-1])
    yearly = (bound - found) * study.gain.cases_per_year
    currency = study.policy.currency
    if yearly < 1:
        return "No other rules of this number and depth bring more, as long as supervisors wait as they do now."
    return (
        f"No other rules of this number and depth bring more than {format_money(yearly, currency)} a year beyond them, "
        "as long as escalations wait as they do now."
    )


def _following_words(study: PlaybookStudy) -> str:
    mean, low, high = (format_money(value, study.policy.currency) for value in study.worth_of_following())
    likely = TOO_FEW if study.guidance.too_few() else f"likely {low} to {high}"
    return (
        f"If 80% of people follow instead of 30%, that brings {mean} a year ({likely}), before what it takes to get "
        "them there. Who does not follow chooses as today."
    )


def _left_words(study: PlaybookStudy, currency: str) -> str:
    left = format_money(study.gap_left.attainable() * study.gain.cases_per_year, currency)
    return f"Of what limits and rules could bring at all, {left} a year stays even if all follow."


def _money(difference: Difference, currency: str, signed: bool = True) -> str:
    return format_money(float(difference.per_year().mean()), currency, signed)
