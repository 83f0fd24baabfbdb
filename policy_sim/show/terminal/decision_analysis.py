"""Tables of a decision analysis: how sure a choice is, what it hangs on, what would be worth finding out.

In: a decision analysis. Out: tables and lines for a terminal. Left to others: printing them (`cli`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from policy_sim.assumptions import Scenario
from policy_sim.policy import Policy
from policy_sim.show.assumption_words import assumption_value, picture_words, sentence_words, turn_words
from policy_sim.show.terminal.tables import new_table, prose
from policy_sim.show.wording import WAYS, format_money, format_share, ways_words
from policy_sim.study import DecisionAnalysis, Errors, Sensitivity
from policy_sim.value import compare
from policy_sim.words import OUTCOMES

__all__ = ["of_decision_analysis", "of_sensitivity"]


def of_decision_analysis(analysis: DecisionAnalysis, most: int = 10) -> list[Table | str]:
    """Return how sure the choice is, what it hangs on, and what would be worth finding out.

    Parameters
    ----------
    analysis
        Of one policy against another.
    most
        How many assumptions to list.
    """
    base, new = analysis.outcomes[0], analysis.outcomes[-1]
    payoffs = base.payoffs
    yearly = payoffs.scenario.value("shop.cases_per_year")
    against = f"“{new.policy.title}” against “{base.policy.title}”"
    return [
        f"{payoffs.scenario.title}: {against}; {len(payoffs.cases):,} cases, {ways_words(len(payoffs.draws))}; all a "
        f"year of {yearly:,.0f} cases\n",
        *_risk(analysis.risk, base.policy.currency),
        *_ahead(analysis),
        _errors(analysis.errors, base.policy.currency),
        *_tornado(analysis, most),
        *_break_evens(analysis, most),
        *_information(analysis, most),
        *_pilots(analysis),
    ]


def of_sensitivity(sensitivity: Sensitivity, most: int = 10) -> list[Table | str]:
    """Return which assumptions, each alone, would turn the choice between two policies, and which move it most.

    Parameters
    ----------
    sensitivity
        One assumption moved at a time.
    most
        How many assumptions to list.
    """
    scenario, base = sensitivity.scenario, sensitivity.baseline
    currency = base.currency
    rows = sensitivity.tornado().head(most).to_dict("records")
    table = new_table("What the difference hangs on", ("", "low", "gain", "high", "gain"))
    table.columns[0].overflow = "fold"
    for row in rows:
        table.add_row(scenario.title_of(str(row["assumption"])), *_ends_of(row, currency))
    today = format_money(float(rows[0]["difference_today"]), currency, True)
    return [
        f"{scenario.title}: {sensitivity.case_count:,} cases; all a year\n",
        *_flips(sensitivity, base, most),
        "",
        table,
        prose("", f"One at a time; low and high: a tenth of the {WAYS} is beyond. With all as today: {today}."),
    ]


def _ends_of(row: Mapping[Hashable, Any], currency: str) -> list[str]:
    """Return low end and gain there, high end and gain there, of a row of a tornado."""
    return [
        text
        for end in ("low", "high")
        for text in (
            assumption_value(row[f"{end}_value"], row["unit"]),
            format_money(row[f"difference_{end}"], currency, True),
        )
    ]


def _risk(risk: pd.DataFrame, currency: str) -> list[Table | str]:
    gains = new_table("Net value a year", ("", "mean", "likely", "difference", "likely"))
    chances = new_table("\nRisk", ("", "best in", "mean of the worst tenth", "mean regret", "largest"))
    for row in risk.to_dict("records"):
        low, high = (format_money(row[f"net_value_{end}"], currency) for end in ("low", "high"))
        gain_low, gain_high = (format_money(row[f"difference_{end}"], currency, True) for end in ("low", "high"))
        is_in_force = row["verdict"] == "in force"
        is_certain = row["verdict"] in ("better", "worse")
        gains.add_row(
            str(row["title"]),
            format_money(row["net_value"], currency),
            f"{low} to {high}",
            "in force" if is_in_force else format_money(row["difference"], currency, True),
            f"{gain_low} to {gain_high}" if is_certain else "" if is_in_force else row["verdict"],
        )
        chances.add_row(
            str(row["title"]),
            format_share(row["chance_best"]),
            format_money(row["cvar"], currency),
            format_money(row["mean_regret"], currency),
            format_money(row["largest_regret"], currency),
        )
    return [gains, chances]


def _ahead(analysis: DecisionAnalysis) -> list[str]:
    """Say so where another policy is ahead of the recommended one in the mean."""
    new = analysis.outcomes[-1]
    second = next(outcome for outcome in analysis.outcomes if outcome.policy.name == analysis.runner_up.name)
    difference = compare(second, new)
    gain = float(difference.per_year().mean())
    if gain <= 0:
        return []
    words = format_money(gain, new.policy.currency, True)
    doubt = "" if difference.told_apart() else "; the two cannot be told apart"
    return [f"\n“{second.policy.title}” is ahead of “{new.policy.title}” in the mean: {words} a year{doubt}."]


def _errors(errors: Errors, currency: str) -> str:
    """Say how much of the doubt comes from the log, from the sample of cases, and from the assumptions."""
    helps = [
        words
        for words, does in (("more cases", errors.cases_matter), ("a log of more customers", errors.log_matters))
        if does
    ]
    more = f"{' or '.join(helps).capitalize()} would help." if helps else "More cases would not help."
    cases = f"±{format_money(errors.from_cases, currency)} from the sample of cases"
    log = (
        f"±{format_money(errors.from_log, currency)} from which customers are in the log (drawn anew, the models and "
        "the cases with them), "
    )
    return (
        f"\nWhy it is not surer: {f'{cases} (standard error), ' if np.isnan(errors.from_log) else log}"
        f"±{format_money(errors.from_assumptions, currency)} from the assumptions (standard deviation). {more}\n"
    )


def _tornado(analysis: DecisionAnalysis, most: int) -> list[Table | str]:
    currency = analysis.outcomes[0].policy.currency
    rows = analysis.sensitivity.tornado().head(most).to_dict("records")
    best = [dict.fromkeys(str(row[f"best_policy_{end}"]) for end in ("low", "high")) for row in rows]
    is_one = len({name for names in best for name in names}) == 1
    heads = ("", "low", "gain", "high", "gain")
    table = new_table("What the difference hangs on", heads if is_one else (*heads, "best if known"))
    table.columns[0].overflow = "fold"
    for row, names in zip(rows, best, strict=True):
        table.add_row(
            analysis.sensitivity.scenario.title_of(str(row["assumption"])),
            *_ends_of(row, currency),
            *([] if is_one else [" / ".join(names)]),
        )
    about = (
        f"One at a time, on {analysis.sensitivity.case_count:,} of the cases; low and high: a tenth of the "
        f"{WAYS} is beyond. {_today(analysis, float(rows[0]['difference_today']), currency)}"
    )
    best_words = (
        f"Best of these policies at every one of these ends: {next(iter(best[0]))}."
        if is_one
        else "“Best if known”: what to choose at the low and at the high end."
    )
    return [table, f"{about}{best_words}\n"]


def _today(analysis: DecisionAnalysis, on_some: float, currency: str) -> str:
    """Say how the difference with all assumptions as today and the mean over the draws hang together."""
    mean, on_all = analysis.errors.difference, analysis.central_difference
    words = [format_money(amount, currency, True) for amount in (on_some, on_all, mean)]
    all_cases = len(analysis.outcomes[0].payoffs.cases)
    today = f"With all as today: {words[0]}"
    if analysis.sensitivity.case_count < all_cases:
        today += f", on all {all_cases:,} cases {words[1]}"
    if words[1] == words[2]:
        return f"{today}. "
    why = "help more than they hurt" if mean > on_all else "hurt more than they help"
    return f"{today}; {words[2]} is the mean over the {WAYS}: those that turn out otherwise {why}. "


def _break_evens(analysis: DecisionAnalysis, most: int) -> list[str]:
    """Say from where on the choice would be another one: against the baseline, and against the runner-up."""
    base, second = analysis.outcomes[0].policy, analysis.runner_up
    policies = [base] if second.name == base.name else [base, second]
    return [*(line for policy in policies for line in _flips(analysis.sensitivity, policy, most)), ""]


def _flips(sensitivity: Sensitivity, policy: Policy, most: int) -> list[str]:
    """Say from where on each assumption alone makes another policy the better choice."""
    flips = sensitivity.break_evens(policy).dropna(subset="break_even")
    both = f"“{sensitivity.recommended.title}” against “{policy.title}”"
    if flips.empty:
        return [f"{both}: no assumption flips it within its range."]
    return [
        f"{both}, all else as today:",
        *(
            f"  {_turn_words(sensitivity.scenario, str(name), float(value))}"
            for name, value in flips[["assumption", "break_even"]].head(most).itertuples(index=False)
        ),
    ]


def _turn_words(scenario: Scenario, name: str, value: float) -> str:
    """Say from where on the choice flips, and how that is set: the assumption's own name with the number."""
    today = sentence_words(scenario, name) or picture_words(scenario, name)
    turn = turn_words(scenario, name, value)
    return f"{scenario.title_of(name)}: today {today}; flips if it is {turn} ({name} {value:.3g})"


def _information(analysis: DecisionAnalysis, most: int) -> list[Table | str]:
    currency = analysis.outcomes[0].policy.currency
    scenario, everything = analysis.sensitivity.scenario, format_money(analysis.evpi.value, currency)
    table = new_table("Worth of knowing an assumption first", ("", "a year", "standard error"))
    worth_knowing = analysis.evppi[analysis.evppi["evppi"] > 0].head(most // 2)
    for row in worth_knowing.to_dict("records"):
        amount, error = (format_money(row[column], currency) for column in ("evppi", "standard_error"))
        table.add_row(scenario.title_of(str(row["assumption"])), amount, error)
    about = (
        f"Knowing everything is worth {everything} a year (± {format_money(analysis.evpi.standard_error, currency)}), "
        "with the choice among these policies only: at least that."
    )
    return [about] if worth_knowing.empty else [table, about]


def _pilots(analysis: DecisionAnalysis) -> list[Table | str]:
    """Say what a pilot takes that sees the gain, and one that finds out the assumption most worth knowing."""
    currency = analysis.outcomes[0].policy.currency
    title = analysis.sensitivity.scenario.title_of(analysis.pilot_on)
    purposes = {"gain": "to see the gain itself", analysis.pilot_on: f"to find out by the gain “{title}”"}
    parts: list[Table | str] = []
    for about, words in purposes.items():
        parts += _pilot(analysis.pilots[analysis.pilots["about"] == about], words, currency)
    return [
        *parts,
        "\nHalf of the agents by each policy; 80% power at a level of 5%, 1% of the variance between agents.",
    ]


def _pilot(plans: pd.DataFrame, words: str, currency: str) -> list[Table | str]:
    """Return pilots for one purpose; one sentence where they would take a hundred times the cases that there are."""
    if plans.empty:
        return [f"\nA pilot {words} would show nothing: the gain does not depend on it. Measure it directly."]
    least = min(plans.to_dict("records"), key=lambda plan: float(plan["cases"] / plan["cases_there_are"]))
    if least["cases"] > 100 * least["cases_there_are"]:
        return [
            f"\nA pilot {words} would take {least['cases']:,.0f} cases in {least['weeks']:.0f} weeks, where there "
            f"are {least['cases_there_are']:,.0f}. Measure it directly."
        ]
    table = new_table(f"\nA pilot {words}", ("", "difference", "weeks", "agents", "cases", "there are"))
    for row in plans.to_dict("records"):
        kind = OUTCOMES[row["outcome"]]
        is_share = kind.unit == "share"
        table.add_row(
            kind.title,
            format_share(row["difference"], True) if is_share else format_money(row["difference"], currency, True),
            f"{row['weeks']:.0f}",
            f"{row['agents']:,}",
            f"{row['cases']:,}",
            f"{row['cases_there_are']:,}",
        )
    if least["cases"] > least["cases_there_are"]:
        return [table, "More cases than there are: a pilot of that length cannot be sure to see it."]
    return [table]
