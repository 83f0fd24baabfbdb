"""Report: results as tables for a terminal, at most 80 characters wide.

In: fits, scenarios, a setting, best limits, outcomes, differences. Out: rich tables and lines of text.
Left to others: printing them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.padding import Padding
from rich.table import Table

from policy_sim.assumptions import ACTS, Assumption, Remedy, Scenario
from policy_sim.clv import Fit, FutureValues, RecoveryBgNbdFit
from policy_sim.clv.comparison import ModelComparison
from policy_sim.clv.recovery_bg_nbd import CAVEATS
from policy_sim.policy import NO_LIMIT, Policy, limit_words
from policy_sim.service.remedies import compose
from policy_sim.show.wording import (
    SIMPLICITY_TITLES,
    assumption_value,
    limit_text,
    money,
    number,
    share,
)
from policy_sim.study import HeldOut, Matters, Optimum, Replay, Setting
from policy_sim.study.stories import ENOUGH, KeepUntil
from policy_sim.value import BestLimits, Difference, Frontier, KeepOrReturn, Outcome, compare, interval
from policy_sim.value.frontier import OVER
from policy_sim.words import LIMIT_KINDS, LIMITS, OUTCOMES

__all__ = [
    "of_comparison",
    "of_contracts",
    "of_failures",
    "of_fits",
    "of_frontier",
    "of_future_values",
    "of_keep_or_return",
    "of_opportunities",
    "of_optimum",
    "of_outcome",
    "of_run",
    "of_scenario",
    "of_scenarios",
    "of_stories",
    "of_story",
    "of_what_matters",
]

Floats = NDArray[np.float64]

#: What is said of claims: the last is the future value of a customer for whom the claim holds.
_OF_CLAIMS: Final = ("", "draws", "holds", "if worth")

#: How a table of the frontier names what can be spared: as head, and one more of it.
_SPARED: Final = {
    "budget": ("remedies", "unit of money more for remedies"),
    "escalation_minutes": ("minutes", "supervisor minute more"),
    "learned_claiming": ("claiming", "unit of money more lost to learned claiming"),
}

#: The parts of keeping or returning in few words.
COMPONENT_TITLES: Final = {
    "label": "label saved",
    "inspection": "inspection saved",
    "restocking": "restocking saved",
    "salvage": "salvage given up",
    "customer": "customer value",
    "learned_claiming": "learned claiming",
}

#: How far an assumption can be trusted, best first.
_TRUST: Final = ("measured", "calibrated", "assumed")


def of_run(setting: Setting, best: BestLimits, differences: Sequence[Difference]) -> list[Table | str]:
    """Return one screen: the log, the recommended limits, what they are worth, the policies beside each other.

    Parameters
    ----------
    setting
        What the policies were evaluated in.
    best
        The limits that were found.
    differences
        Each policy against the one in force; the recommended one is the last.
    """
    scenario, payoffs = setting.scenario, setting.payoffs
    about = (
        f"{scenario.title}: {len(payoffs.cases):,} cases, {len(payoffs.draws):,} draws of the assumptions; "
        f"a year is {scenario.value('shop.cases_per_year'):,.0f} cases"
    )
    recommended = differences[-1]
    fixed = [LIMIT_KINDS[name].title.lower() for name in best.policy.tiers[0].limits if name not in best.curves]
    rest = f"Other limits stay as in “{recommended.baseline.policy.title}”: {', '.join(fixed)}.\n"
    shares = best.simplicity.set_index("policy")["share_of_gain"]
    captured = (
        f"In whole units they capture {share(shares['rounded'])} of what the best resolution of every case\n"
        f"would gain, to the cent {share(shares['one limit for all'])}.\n"
    )
    title = f"What they are worth against “{recommended.baseline.policy.title}” (likely: 90% of the draws)"
    return [
        *_customers(setting),
        about + "\n",
        _limits(best, recommended),
        rest + captured,
        _amounts(title, recommended, signed=True),
        _policies(differences),
        "",
        _second_line(recommended.outcome),
    ]


def of_outcome(outcome: Outcome) -> list[Table | str]:
    """Return what one policy brings, per case and per year, with 90 % intervals, and what it asks of others."""
    return [
        _amounts(f"{outcome.policy.title} (likely: 90% of the draws)", outcome, signed=False),
        _second_line(outcome),
    ]


def of_optimum(setting: Setting, optimum: Optimum, bounds: Mapping[str, float | None]) -> list[Table]:
    """Return the best limits of every tier, what simpler and finer rules bring, and what speaks for them.

    Parameters
    ----------
    setting
        What the limits were found in.
    optimum
        The limits, and how they stood the test.
    bounds
        By name ("budget", "escalation_minutes") what they had to keep to, money or minutes a year.
    """
    best, gain = optimum.best, optimum.gain
    policy, currency = best.policy, best.policy.currency
    in_force = gain.baseline.policy
    moved = {lever.limit for lever in best.levers}
    fixed = [LIMIT_KINDS[name].title.lower() for name in policy.tiers[0].limits if name not in moved]
    rest = f" Other limits stay as in “{in_force.title}”: {', '.join(fixed)}." if fixed else ""
    payoffs = setting.payoffs
    about = (
        f"{len(payoffs.cases):,} cases, {len(payoffs.draws):,} draws of the assumptions; a year is "
        f"{setting.scenario.value('shop.cases_per_year'):,.0f} cases"
    )
    agreed = f"{best.agreeing_starts} of {best.starts} searches from different limits ended as high."
    return [
        _prose(setting.scenario.title, about),
        _optimum_limits(optimum, currency),
        _prose("", agreed + rest),
        *_exceptions(policy),
        _simplicity(best, in_force),
        _prose("", _simplicity_words(best, in_force)),
        _prose(f"\nAgainst “{in_force.title}”", f"{_gain_words(gain)} {_second_line(gain.outcome)}"),
        *_bounds(best, bounds),
        _prose("\nIf learned claiming were ignored", _ignoring_words(optimum.ignoring)),
        _prose("\nOn cases that the limits were not fitted to", _held_out_words(optimum.held_out, currency)),
    ]


def of_frontier(frontier: Frontier) -> list[Table]:
    """Return the policies along the frontier: what is spared, net value, price of the next; then their limits."""
    given = frontier.beside[0].policy
    currency, titles = given.currency, {each.policy.name: each.policy.title for each in frontier.beside}
    rows = frontier.to_frame().to_dict("records")
    head, unit = _SPARED[frontier.over]
    amount = (lambda value: number(value)) if frontier.over == "escalation_minutes" else _in(currency)
    table = _table(
        f"Highest net value for what is spared, a year (against: “{given.title}”)",
        ("", f"{head} a year", "net value", "against", "likely", "price"),
    )
    limits = _table(
        f"\nLimits of the {given.tier_names[0]}", ("", *(LIMIT_KINDS[name].title for name in _in_play(frontier)))
    )
    for row in rows:
        name = titles.get(row["policy"], str(row["policy"]).replace("_", " "))
        is_given = row["policy"] == given.name
        likely = " to ".join(money(row[each], currency, True) for each in ("gain_low", "gain_high"))
        table.add_row(
            name,
            amount(row[OVER[frontier.over]]),
            money(row["net_value"], currency),
            "" if is_given else money(row["gain"], currency, True),
            "" if is_given else likely,
            "" if np.isnan(row["price"]) else money(row["price"], currency),
        )
        first = given.tier_names[0]
        limits.add_row(name, *(limit_text(row[f"{first}.{each}"], currency) for each in _in_play(frontier)))
    words = f"Price: what each {unit} adds to net value, since the row above. Likely: 90% of the draws, paired."
    return [table, _prose("", words), limits]


def of_keep_or_return(found: Sequence[KeepOrReturn], currency: str) -> list[Table]:
    """Return up to which price keeping beats a return, by formula and by simulation, and what speaks on each side."""
    prices = _table("Keep the item, or send it back?", ("", "keep below", "simulated best limit", "price of the parts"))
    parts = _table("\nWhat keeping saves (−: gives away)", ("", *(each.failure.replace("_", " ") for each in found)))
    for each in found:
        low, high = (limit_text(limit, currency) for limit in (each.simulated, each.simulated_until))
        prices.add_row(
            each.failure.replace("_", " "),
            "always" if each.keep_below == NO_LIMIT else limit_text(round(each.keep_below), currency),
            f"{low} or more" if each.simulated_until == NO_LIMIT else f"{low} to {high}",
            limit_text(each.price, currency),
        )
    for name, title in COMPONENT_TITLES.items():
        parts.add_row(title, *(money(each.components[name], currency, True) for each in found))
    parts.add_row("in all", *(money(sum(each.components.values()), currency, True) for each in found), style="bold")
    words = (
        "Keep below: by a formula, at the central assumptions. Simulated: best over the cases and the mean of the "
        "draws. The parts are those of the middle price, a case."
    )
    return [prices, parts, _prose("", words)]


def of_fits(fits: Sequence[Fit]) -> list[Table | str]:
    """Return the parameters of fitted models with standard errors, and how well they fit."""
    parts: list[Table | str] = []
    for fit in fits:
        table = _table(fit.model, ("", "estimate", "standard error"))
        for name, value in fit.parameters.items():
            error = fit.standard_errors[name]
            table.add_row(name, f"{value:.4g}", f"{error:.2g}" if isfinite(error) else "unknown")
        parts += [
            table,
            f"log-likelihood {fit.log_likelihood:,.2f}, AIC {fit.aic:,.1f}, BIC {fit.bic:,.1f}; "
            f"{fit.customer_count:,} customers; {fit.message}\n",
        ]
    return parts


def of_future_values(values: FutureValues) -> list[Table | str]:
    """Return how the customers' future values are distributed."""
    title = (
        f"Future value of a customer (margin {share(values.margin_share)}, discount "
        f"{share(values.discount_rate_per_year)} a year)"
    )
    worth = values.future_value
    columns: Mapping[str, tuple[Floats, Callable[[float], str]]] = {
        "future value": (worth, lambda value: money(value, values.currency)),
        "orders a year": (values.orders_per_year, lambda value: f"{value:.2f}"),
        "still a customer": (values.probability_alive, share),
    }
    mean, total = (money(float(each), values.currency) for each in (worth.mean(), worth.sum()))
    told = f"mean {mean}, all {len(worth):,} together {total}; the best tenth holds {_best_tenth(worth)}"
    return [_by_rank(title, columns), told]


def of_opportunities(customers: pd.DataFrame, period: str | int, discount_rate_per_year: float) -> list[Table | str]:
    """Return how the customers' discounted purchases to come are distributed.

    Parameters
    ----------
    customers
        One row a customer: dert, orders_per_year and probability_alive.
    period, discount_rate_per_year
        What they were computed with.
    """
    title = f"Orders to come (at most one in {_length(period)}, discount {share(discount_rate_per_year)} a year)"
    columns: Mapping[str, tuple[Floats, Callable[[float], str]]] = {
        "orders to come": (customers["dert"].to_numpy(), lambda value: f"{value:.3f}"),
        "orders a year": (customers["orders_per_year"].to_numpy(), lambda value: f"{value:.2f}"),
        "still a customer": (customers["probability_alive"].to_numpy(), share),
    }
    orders = customers["dert"].to_numpy()
    return [
        _by_rank(title, columns),
        f"mean {orders.mean():.3f}, all {len(orders):,} together {orders.sum():,.1f}; the best tenth holds "
        f"{_best_tenth(orders)}",
    ]


def of_contracts(tenures: pd.DataFrame, period: str | int, discount_rate_per_year: float) -> list[Table | str]:
    """Return what a customer is worth in renewals to come, by how often she has renewed; at most eight lines.

    Parameters
    ----------
    tenures
        One row for 0, 1, 2, ... renewals: renewals, retention_rate, survival and derl.
    period, discount_rate_per_year
        What they were computed with.
    """
    title = f"Customers by tenure (renewals {_length(period)} apart, discount {share(discount_rate_per_year)} a year)"
    table = _table(title, ("", "renew next", "newcomers who get there", "renewals to come"))
    for k in np.unique(np.linspace(0, len(tenures) - 1, 8).round().astype(int)):
        row = tenures.iloc[k]
        words = f"{row['renewals']:.0f} renewal{'' if row['renewals'] == 1 else 's'}"
        table.add_row(words, share(row["retention_rate"]), share(row["survival"]), f"{row['derl']:.2f}")
    return [table, "Renewals to come are discounted, as just before the next one falls due."]


def of_failures(fit: RecoveryBgNbdFit, failures: pd.DataFrame, currency: str) -> list[Table | str]:
    """Return the chance to lose a customer by recovery, and what she is worth then.

    Parameters
    ----------
    fit
        The recovery-aware model.
    failures
        One row a recovery, means over the customers: recovery, survival, dert, expected_purchases and value (money).
    currency
        Of the values.
    """
    lost = _table(
        "Chance to lose a customer after a purchase", ("", "lost", "standard error", "such purchases", "customers")
    )
    for row in fit.loss_after_recovery.to_dict("records"):
        error = row["standard_error"]
        lost.add_row(
            str(row["recovery"]),
            share(row["mean_drop_out"]),
            share(error) if isfinite(error) else "unknown",
            f"{row['chances']:,.0f}",
            f"{row['customers']:,.0f}",
        )
    worth = _table(
        "\nIf an order of today failed: the mean customer by recovery, before its cost",
        ("", "stays", "orders a year", "orders to come", "future value"),
    )
    for row in failures.to_dict("records"):
        worth.add_row(
            str(row["recovery"]),
            share(row["survival"]),
            f"{row['expected_purchases']:.2f}",
            f"{row['dert']:.2f}",
            money(row["value"], currency),
        )
    return [lost, worth, "\nBefore use:", *CAVEATS]


def of_comparison(comparison: ModelComparison) -> Table:
    """Return how well each model foretold the rest of the log, best first."""
    title = f"Fitted up to {comparison.calibration_end}, judged on the {comparison.horizon_weeks:.0f} weeks after"
    table = _table(title, ("", "log-lik. then", "log-lik. after", "total off by", "a customer", "rank corr."))
    for name, row in comparison.table.iterrows():
        table.add_row(
            str(name),
            f"{row['log_likelihood']:,.1f}",
            f"{row['holdout_log_likelihood']:,.1f}",
            share(row["final_error_share"], signed=True),
            f"{row['mean_absolute_error']:.3f}",
            f"{row['rank_correlation']:.3f}",
        )
    return table


def of_scenarios(scenarios: Sequence[Scenario], extends: Mapping[str, str | None]) -> Table:
    """Return scenarios beside each other: what can go wrong, how far the numbers can be trusted.

    Parameters
    ----------
    scenarios
        In the order of the rows.
    extends
        For the name of each scenario the one that it extends, if any.
    """
    table = _table("Scenarios, and how many of their assumptions are measured", ("", "failures", *_TRUST, "extends"))
    for scenario in scenarios:
        trusts = Counter(scenario.assumption(name).trust for name in scenario.assumption_names)
        counts = [str(trusts[trust]) for trust in _TRUST]
        base = extends[scenario.name] or "-"
        table.add_row(f"{scenario.name}\n{scenario.title}", str(len(scenario.failures)), *counts, base)
    return table


def of_scenario(scenario: Scenario) -> list[Table | str]:
    """Return all that a scenario holds: assumptions by group with their sources, remedies, failures."""
    about = _table(f"{scenario.title} ({scenario.name}, {scenario.currency})", ("",))
    about.add_row(scenario.description)
    parts: list[Table | str] = [about, ""]
    for group, members in scenario.assumptions.items():
        table = _table(f"assumptions.{group}", ("", ""))
        for name, assumption in members.items():
            table.add_row(name, _assumption_words(assumption))
        parts += [table, ""]
    remedies = _table("remedies", ("", ""))
    for name, remedy in scenario.remedies.items():
        remedies.add_row(name, _remedy_words(remedy))
    failures = _table("failures", ("", "", "resolutions"))
    for name, failure in scenario.failures.items():
        failures.add_row(name, failure.title, str(len(compose(scenario, name))))
    return [*parts, remedies, "", failures]


def of_stories(replays: Sequence[Replay]) -> list[Table]:
    """Return the claims of all stories: in which share of the draws each is true, and whether it holds."""
    draws = len(replays[0].payoffs.draws)
    table = _table(f"Stories, and in how many of {draws:,} draws their claims are true", _OF_CLAIMS)
    for each in replays:
        table.add_row(f"{each.story.name}: {each.story.title}", "", "", "", style="bold")
        _add_claims(table, each)
    failing = sum(int((~each.claims["holds"]).sum()) for each in replays)
    count = sum(len(each.claims) for each in replays)
    held = f"{count - failing} of {count} claims hold: true in {share(ENOUGH)} of the draws or more."
    return [table, _prose("", f"{held} The last column says for which future values of the customer they would.")]


def of_story(replay: Replay) -> list[Table]:
    """Return one story: what is told, money on both sides of each option, limits needed, cost of asking, claims."""
    story, currency, rows = replay.story, replay.currency, replay.to_frame().to_dict("records")
    draws = len(replay.payoffs.draws)
    options = _table("\nWhat could have been done", ("", ""))
    sides = _table(
        "\nMoney on both sides, a mean of all draws",
        ("", "customer gets", "hours", "stays", "remedies", "time", "payoff"),
    )
    against = _table("\nPayoff against given", ("", "mean", "likely", "ahead in"))
    for row in rows:
        name = str(row["option"]) + ("" if row["adequate"] else " *")
        title = str(row["remedies"]) if row["option"] == "best" else str(row["title"])
        options.add_row(name, f"{row['title']}: {title}" if row["option"] == "best" else title)
        sides.add_row(
            name,
            money(row["worth"] - row["trouble"], currency),
            f"{row['hours']:,.0f}",
            share(row["chance_kept"]),
            *(money(row[each], currency) for each in ("remedy_cost", "labour", "payoff")),
        )
        if row["option"] != "given":
            likely = " to ".join(money(row[f"against_given_{side}"], currency, True) for side in ("low", "high"))
            against.add_row(name, money(row["against_given"], currency, True), likely, share(row["beats_given"]))
    limits = ", ".join(
        f"{LIMIT_KINDS[name].title} {limit_text(each, currency)}" for name, each in replay.limits_needed.items()
    )
    worth = money(float(story.case["future_value"]), currency)
    claims = _table(f"\nClaims (the customer's future value here: {worth})", _OF_CLAIMS)
    _add_claims(claims, replay)
    notes = "Gets: worth less trouble. Hours: from the failure until all is there. Time: of all who work on it. "
    notes += f"Likely: 90% of {draws:,} draws."
    came = float(replay.payoffs.cases.surfaces[0])
    if came < 1:
        notes += f" Only {share(came)} come by themselves: what is given on request reaches nobody else."
    if not all(row["adequate"] for row in rows):
        notes += " *: less than the customer must get, there to measure by."
    return [
        _prose(f"{story.title} ({story.name}, {story.scenario})", story.told),
        options,
        sides,
        _prose("", notes),
        against,
        _prose("\nLimits needed to give it unasked", limits),
        _asking(replay),
        claims,
        *([] if replay.keep is None else [_prose("\nKeep it or send it back", _keep_words(replay.keep, currency))]),
        _prose("\nNot in the model", story.left_out),
    ]


def _prose(title: str, words: str) -> Table:
    """Return a title and words that are wrapped to the screen."""
    table = _table(title, ("",))
    table.add_row(words)
    return table


def _asking(replay: Replay) -> Table:
    """Return what it costs to ask first for what was given."""
    currency = replay.currency
    table = _table("\nWhat waiting for a yes does to what was given", ("", "hours", "payoff", "against", "likely"))
    for row in replay.cost_of_asking.to_dict("records"):
        is_first = row["tier"] == replay.payoffs.scenario.tiers[0]
        likely = " to ".join(money(row[f"against_agent_{end}"], currency, True) for end in ("low", "high"))
        table.add_row(
            f"{row['tier']} decides" + (" at once" if is_first else ""),
            f"{row['hours']:,.0f}",
            money(row["payoff"], currency),
            "" if is_first else money(row["against_agent"], currency, True),
            "" if is_first else likely,
        )
    return table


def _keep_words(keep: KeepUntil, currency: str) -> str:
    limit, low, high = (
        f"past {limit_text(keep.prices[-1], currency)}" if each == NO_LIMIT else limit_text(round(each), currency)
        for each in (keep.limit, *keep.likely)
    )
    return f"Keeping beats sending back up to an item price of {limit} (likely: {low} to {high})."


def _add_claims(table: Table, replay: Replay) -> None:
    for claim in replay.claims.to_dict("records"):
        words = Padding(str(claim["says"]), (0, 0, 0, 2))
        held = "yes" if claim["holds"] else "NO"
        between = _worth_words(claim["holds_from"], claim["holds_to"], replay.currency)
        table.add_row(words, share(claim["share"]), held, between)


def _worth_words(low: float, high: float, currency: str) -> str:
    """Say for which future values of the customer (money) a claim holds."""
    if high == 0:
        return "none"
    least, most = (limit_text(round(value) if isfinite(value) else value, currency) for value in (low, high))
    if isfinite(high):
        return f"up to {most}" if low == 0 else f"{least} to {most}"
    return "any" if low == 0 else f"from {least}"


def of_what_matters(matters: Matters, most: int = 10) -> list[Table | str]:
    """Return how sure the choice is, what it hangs on, and what would be worth finding out.

    Parameters
    ----------
    matters
        The study.
    most
        How many assumptions to list.
    """
    base, new = matters.outcomes[0], matters.outcomes[-1]
    currency, payoffs = base.policy.currency, base.payoffs
    yearly = payoffs.scenario.value("shop.cases_per_year")
    against = f"“{new.policy.title}” against “{base.policy.title}”"
    parts: list[Table | str] = [
        f"{payoffs.scenario.title}: {against}; {len(payoffs.cases):,} cases, {len(payoffs.draws):,} draws; all a "
        f"year of {yearly:,.0f} cases\n",
        *_risk(matters.risk, currency),
        *_ahead(matters),
        f"\nWhy it is not surer: ±{money(matters.errors.from_cases, currency)} from the sample of cases (standard "
        f"error), ±{money(matters.errors.from_assumptions, currency)} from the assumptions (standard deviation)."
        f"{' More cases would help (--cases).' if matters.errors.cases_matter else ' More cases would not help.'}\n",
        *_tornado(matters, most),
        *_break_evens(matters, most),
        *_information(matters, most),
        *_pilots(matters),
    ]
    return parts


def _risk(risk: pd.DataFrame, currency: str) -> list[Table | str]:
    gains = _table("Net value a year", ("", "mean", "likely", "difference", "likely"))
    chances = _table("\nRisk", ("", "best in", "worst tenth of draws", "mean regret", "largest"))
    for row in risk.to_dict("records"):
        low, high = (money(row[f"net_value_{end}"], currency) for end in ("low", "high"))
        gain_low, gain_high = (money(row[f"difference_{end}"], currency, True) for end in ("low", "high"))
        is_told = row["verdict"] in ("better", "worse")
        gains.add_row(
            str(row["title"]),
            money(row["net_value"], currency),
            f"{low} to {high}",
            "in force" if row["verdict"] == "in force" else money(row["difference"], currency, True),
            f"{gain_low} to {gain_high}" if is_told else "" if row["verdict"] == "in force" else row["verdict"],
        )
        chances.add_row(
            str(row["title"]),
            share(row["chance_best"]),
            money(row["cvar"], currency),
            money(row["mean_regret"], currency),
            money(row["largest_regret"], currency),
        )
    return [gains, chances]


def _ahead(matters: Matters) -> list[str]:
    """Say so where another policy is ahead of the recommended one in the mean."""
    new = matters.outcomes[-1]
    second = next(outcome for outcome in matters.outcomes if outcome.policy.name == matters.runner_up.name)
    difference = compare(second, new)
    gain = money(float(difference.per_year().mean()), new.policy.currency, True)
    if difference.per_year().mean() <= 0:
        return []
    told = "" if difference.told_apart() else "; the two cannot be told apart"
    return [f"\n“{second.policy.title}” is ahead of “{new.policy.title}” in the mean: {gain} a year{told}."]


def _tornado(matters: Matters, most: int) -> list[Table | str]:
    currency = matters.outcomes[0].policy.currency
    rows = matters.sensitivity.tornado().head(most).to_dict("records")
    best = [dict.fromkeys(str(row[f"best_policy_{end}"]) for end in ("low", "high")) for row in rows]
    is_one = len({name for names in best for name in names}) == 1
    heads = ("", "low", "gain", "high", "gain")
    table = _table("What the difference hangs on", heads if is_one else (*heads, "best if known"))
    table.columns[0].overflow = "fold"
    for row, names in zip(rows, best, strict=True):
        ends = [
            text
            for end in ("low", "high")
            for text in (
                assumption_value(row[f"{end}_value"], row["unit"]),
                money(row[f"difference_{end}"], currency, True),
            )
        ]
        table.add_row(row["assumption"], *ends, *([] if is_one else [" / ".join(names)]))
    about = (
        f"One at a time, on {matters.sensitivity.case_count:,} of the cases; low and high: a tenth of the draws is "
        f"beyond. With all as today: {money(rows[0]['difference_today'], currency, True)}. "
    )
    told = (
        f"Best of these policies at every one of these ends: {next(iter(best[0]))}."
        if is_one
        else "“Best if known”: what to choose at the low and at the high end."
    )
    return [table, f"{about}{told}\n"]


def _break_evens(matters: Matters, most: int) -> list[str]:
    """Say from where on the choice would be another one: against the baseline, and against the runner-up."""
    title = f"“{matters.outcomes[-1].policy.title}”"
    base, second = matters.outcomes[0].policy, matters.runner_up
    lines = []
    for policy in [base] if second.name == base.name else [base, second]:
        flips = matters.sensitivity.break_evens(policy).dropna(subset="break_even")
        if flips.empty:
            lines.append(f"{title} against “{policy.title}”: no assumption flips it within its range.")
        else:
            lines.append(f"{title} against “{policy.title}”, all else as today:")
            lines += [f"  {words}" for words in flips["words"].head(most)]
    return [*lines, ""]


def _information(matters: Matters, most: int) -> list[Table | str]:
    currency = matters.outcomes[0].policy.currency
    everything = money(matters.evpi.value, currency)
    table = _table("Worth of knowing an assumption first", ("", "a year", "standard error"))
    found = matters.evppi[matters.evppi["evppi"] > 0].head(most // 2)
    for row in found.to_dict("records"):
        table.add_row(row["assumption"], money(row["evppi"], currency), money(row["standard_error"], currency))
    about = (
        f"Knowing everything is worth {everything} a year (± {money(matters.evpi.standard_error, currency)}), with the "
        "choice among these policies only: at least that."
    )
    return [about] if found.empty else [table, about]


def _pilots(matters: Matters) -> list[Table | str]:
    """Say what a pilot takes; in one sentence where it would take a hundred times the cases that there are."""
    currency = matters.outcomes[0].policy.currency
    parts: list[Table | str] = []
    for about, words in (
        ("gain", "to see the gain itself"),
        (matters.pilot_on, f"to find out {matters.pilot_on} by the gain"),
    ):
        plans = matters.pilots[matters.pilots["about"] == about]
        if plans.empty:
            parts.append(f"\nA pilot {words} would show nothing: the gain does not depend on it. Measure it directly.")
            continue
        least = min(plans.to_dict("records"), key=lambda plan: float(plan["cases"] / plan["cases_there_are"]))
        if least["cases"] > 100 * least["cases_there_are"]:
            parts.append(
                f"\nA pilot {words} would take {least['cases']:,.0f} cases in {least['weeks']:.0f} weeks, where there "
                f"are {least['cases_there_are']:,.0f}. Measure it directly."
            )
            continue
        table = _table(f"\nA pilot {words}", ("", "difference", "weeks", "agents", "cases", "there are"))
        for row in plans.to_dict("records"):
            is_share = row["outcome"] == "customers_kept"
            table.add_row(
                OUTCOMES[row["outcome"]].title,
                share(row["difference"], True) if is_share else money(row["difference"], currency, True),
                f"{row['weeks']:.0f}",
                f"{row['agents']:,}",
                f"{row['cases']:,}",
                f"{row['cases_there_are']:,}",
            )
        parts.append(table)
        if least["cases"] > least["cases_there_are"]:
            parts.append("More cases than there are: a pilot of that length cannot be sure to see it.")
    return [
        *parts,
        "\nHalf of the agents by each policy; 80% power at a level of 5%, 1% of the variance between agents.",
    ]


def _assumption_words(assumption: Assumption) -> str:
    low, high = assumption.range
    held = ", held in every draw" if assumption.distribution == "chosen" else ""
    number_and_trust = (
        f"{assumption.value:,.10g} {assumption.unit}; {low:,.10g} to {high:,.10g}{held}; {assumption.trust}"
    )
    return f"{number_and_trust}\n{assumption.source}"


def _remedy_words(remedy: Remedy) -> str:
    """Say what a remedy is in the words of its file: its forms and acts by name."""
    lines = [remedy.title]
    if remedy.kind:
        lines.append(f"kind: {remedy.kind}")
    if remedy.proactive:
        lines.append("proactive: given before anybody asks")
    for place, sizes in (("amounts", remedy.amounts), ("shares_of_price", remedy.shares_of_price)):
        lines += [f"{place}: {', '.join(f'{size:g}' for size in sizes)}"] if sizes else []
    lines += [
        f"{place}: {', '.join(f'{column} {each}' for column, each in form.items()) or 'nothing'}"
        for place, form in remedy.forms().items()
        if form or place == "gain"
    ]
    lines += [f"{act}: {getattr(remedy, act)}" for act in ACTS if getattr(remedy, act) is not None]
    return "\n".join(lines)


def _by_rank(title: str, columns: Mapping[str, tuple[Floats, Callable[[float], str]]]) -> Table:
    """Return a table of typical customers, low to high by the first column: its values and how to write them."""
    table = _table(title, ("", *columns))
    order = np.argsort(next(iter(columns.values()))[0])
    for words, part in (("lowest tenth", 0.05), ("middle", 0.5), ("highest tenth", 0.95), ("highest hundredth", 0.995)):
        i = order[int(part * (len(order) - 1))]
        table.add_row(words, *(text(float(values[i])) for values, text in columns.values()))
    return table


def _length(period: str | int) -> str:
    return f"a {period}" if isinstance(period, str) else "a week" if period == 1 else f"{period} weeks"


def _best_tenth(values: Floats) -> str:
    """Return the share of the whole that the tenth with the highest values holds."""
    return share(float(np.sort(values)[int(0.9 * len(values)) :].sum() / values.sum()))


def _customers(setting: Setting) -> list[str]:
    if setting.customers is None:
        return []
    log, fits = setting.customers.transactions, (setting.customers.purchases, setting.customers.spend)
    currency = setting.scenario.currency
    mean_value = money(float(setting.customers.future_values.future_value.mean()), currency)
    case_value = money(float(setting.payoffs.cases.future_value.mean()), currency)
    return [
        f"{len(log.labels):,} customers, {len(log.amount):,} orders, "
        f"{log.reading.first_date} to {log.reading.last_date}",
        "; ".join(f"{fit.model} " + ", ".join(f"{n} {v:.3g}" for n, v in fit.parameters.items()) for fit in fits),
        f"Future value: {mean_value} a customer, {case_value} a case (who orders more meets more failures)",
    ]


def _limits(best: BestLimits, recommended: Difference) -> Table:
    """Return the limits of all tiers now and at their best, and how far those of the first may stray."""
    currency = best.policy.currency
    first, *others = best.policy.tier_names[:-1]
    now = recommended.baseline.policy
    heads = ["", f"{first} now", "best", "as good within 1%"]
    for tier in others:
        heads += [f"{tier} now", "best"]
    table = _table("Recommended limits", heads)
    for name, curve in best.curves.items():
        low, high = curve.flat_region()
        flat = limit_text(low, currency) + (" or more" if high == NO_LIMIT else f" to {limit_text(high, currency)}")
        pairs = [[limit_text(each.limit(tier, name), currency) for each in (now, best.policy)] for tier in others]
        own = [limit_text(each.limit(first, name), currency) for each in (now, best.policy)]
        table.add_row(LIMIT_KINDS[name].title, *own, flat, *(words for pair in pairs for words in pair))
    return table


def _amounts(title: str, result: Outcome | Difference, signed: bool) -> Table:
    table = _table(title, ("", "a case", "likely", "a year", "likely"))
    for name, outcome in OUTCOMES.items():
        row = []
        for values, yearly in ((result.per_case(name), False), (result.per_year(name), True)):
            text = _formatter(result, name, yearly, signed)
            low, high = (text(each) for each in interval(values))
            row += [text(float(values.mean())), "" if low == high else f"{low} to {high}"]
        if isinstance(result, Difference) and row[1] and not result.told_apart(name):
            row[1] = "cannot be told apart"
        table.add_row(outcome.title, *row)
    return table


def _formatter(result: Outcome | Difference, name: str, yearly: bool, signed: bool) -> Callable[[float], str]:
    outcome = result.outcome if isinstance(result, Difference) else result
    if name in ("customers_kept", "escalated"):
        return (lambda value: number(value, signed)) if yearly else (lambda value: share(value, signed))
    if name in ("minutes", "supervisor_minutes"):
        return lambda value: number(value, signed)
    return lambda value: money(value, outcome.policy.currency, signed)


def _policies(differences: Sequence[Difference]) -> Table:
    heads = ("", "net value", "likely", "remedies", "kept", "asked")
    table = _table(
        f"\nPolicies (net value a year against “{differences[0].baseline.policy.title}”; the rest a case)", heads
    )
    for difference in differences:
        outcome, currency = difference.outcome, difference.outcome.policy.currency
        gain = difference.per_year()
        low, high = (money(each, currency, True) for each in interval(gain))
        is_baseline = outcome is difference.baseline
        likely = f"{low} to {high}" if difference.told_apart() else "cannot be told apart"
        table.add_row(
            outcome.policy.title,
            "in force" if is_baseline else money(float(gain.mean()), currency, True),
            "" if is_baseline else likely,
            money(float(outcome.per_case("remedy_cost").mean()), currency),
            share(float(outcome.per_case("customers_kept").mean())),
            share(float(outcome.per_case("escalated").mean())),
        )
    return table


def _second_line(outcome: Outcome) -> str:
    """Say how busy the second line is, and how long people wait for it, or that it is overloaded."""
    queue, title = outcome.queue, outcome.policy.title
    overloaded = float(queue.is_overloaded.mean())
    busy = "busy " + " to ".join(share(each) for each in interval(queue.occupancy)) + " of its time"
    if overloaded > 0.05:
        return (
            f"Second line under “{title}”: overloaded in {share(overloaded)} of the draws;\n"
            f"more is passed on than it can answer, and {share(float(queue.abandoned_share.mean()))} of those give up."
        )
    low, high = (f"{60 * each:.1f}" for each in interval(queue.mean_wait_hours))
    return f"Second line under “{title}”: {busy};\nwho is passed on waits {low} to {high} minutes for it."


def _optimum_limits(optimum: Optimum, currency: str) -> Table:
    table = _table("\nLimits of every tier that could move", ("", "in force", "best", "as good within 1%", " "))
    table.columns[-1].justify = "left"
    for tier, rows in optimum.limits.groupby("tier", sort=False):
        table.add_row(str(tier), style="bold")
        for row in rows.to_dict("records"):
            low, high = (limit_text(row[each], currency) for each in ("low", "high"))
            flat = f"{low} or more" if row["high"] == NO_LIMIT else f"{low} to {high}"
            table.add_row(
                f"  {LIMIT_KINDS[row['limit']].title}",
                limit_text(row["in_force"], currency),
                limit_text(row["best"], currency),
                "" if np.isnan(row["low"]) else flat,
                row["reason"],
            )
    return table


def _exceptions(policy: Policy) -> list[Table]:
    """Say for each exception whom it is for and what may be done, one line each."""
    if not policy.exceptions:
        return []
    table = _table("\nExceptions", ("",))
    for each in policy.exceptions:
        only = ", ".join(part.replace("_", " ") for part in (each.failure, each.segment) if part)
        words = "; ".join(limit_words(name, value, policy.currency) for name, value in each.limits.items())
        table.add_row(f"{each.tier}, {only}: {words}")
    return [table]


def _simplicity(best: BestLimits, in_force: Policy) -> Table:
    yearly = best.payoffs.scenario.value("shop.cases_per_year")
    currency = best.policy.currency
    table = _table("\nPrice of simplicity", ("", "a case", "a year", "of what is possible", "exceptions"))
    for row in best.simplicity.to_dict("records"):
        table.add_row(
            SIMPLICITY_TITLES.get(row["policy"], row["policy"]).replace("in force", f"“{in_force.title}”"),
            money(row["net_value"], currency),
            money(yearly * row["net_value"], currency),
            share(row["share_of_gain"]),
            "" if row["policy"] == "oracle" else f"{row['exceptions']}",
        )
    return table


def _simplicity_words(best: BestLimits, in_force: Policy) -> str:
    rows = best.simplicity.set_index("policy")
    last = next(name for name in reversed(rows.index) if name not in ("oracle", "limits of its own for each cell"))
    missed = float(rows["net_value"]["oracle"] - rows["net_value"][last])
    yearly = money(missed * best.payoffs.scenario.value("shop.cases_per_year"), best.policy.currency)
    return (
        f"These limits get {share(rows['share_of_gain'][last])} of what the best resolution of every case would bring "
        f"beyond “{in_force.title}”; rules so simple leave {yearly} a year."
    )


def _gain_words(gain: Difference) -> str:
    currency = gain.outcome.policy.currency
    low, high = (money(each, currency, True) for each in interval(gain.per_year()))
    mean = money(float(gain.per_year().mean()), currency, True)
    apart = "" if gain.told_apart() else "; the two cannot be told apart"
    return f"Net value {mean} a year, likely (90% of the draws) {low} to {high}{apart}."


def _bounds(best: BestLimits, bounds: Mapping[str, float | None]) -> list[Table]:
    currency, lines = best.policy.currency, []
    for name, bound in bounds.items():
        if bound is None:
            continue
        if name == "budget":
            kept, unit = f"{money(bound, currency)} a year for remedies", "each unit of money more for remedies"
        else:
            kept, unit = f"{bound:,.0f} supervisor minutes a year", "each minute more"
        price = money(best.shadow_price, currency)
        told = f"holds the limits back; {unit} would bring {price}." if best.binding == name else "does not bind."
        lines.append(f"{kept}: {told}")
    return [_prose("\nBounds", "\n".join(lines))] if lines else []


def _ignoring_words(ignoring: Difference) -> str:
    """Say what limits cost that are best if nobody learns to claim, when people do."""
    policy, currency = ignoring.outcome.policy, ignoring.outcome.policy.currency
    first = policy.tiers[0]
    changed = [
        f"{LIMIT_KINDS[name].title.lower()} {limit_text(value, currency)}"
        for name, value in first.limits.items()
        if value != ignoring.baseline.policy.tiers[0].limits[name]
    ]
    if policy.tiers == ignoring.baseline.policy.tiers and policy.exceptions == ignoring.baseline.policy.exceptions:
        return "The best limits would be the same."
    where = f"The {first.name} would get: {', '.join(changed)}. " if changed else "Other limits would move. "
    cost = -ignoring.per_year()
    if cost.mean() < 0:
        ahead = money(-float(cost.mean()), currency)
        return f"{where}They come out {ahead} a year ahead even so: no search is sure to find the very best."
    low, high = (money(each, currency) for each in interval(cost))
    mean = money(float(cost.mean()), currency)
    apart = "" if ignoring.told_apart() else "; cannot be told apart"
    return f"{where}As people do learn, that costs {mean} a year, likely {low} to {high}{apart}."


def _held_out_words(held_out: HeldOut | None, currency: str) -> str:
    if held_out is None:
        return "Half of the cases is too few to find limits that keep to the bounds; bring more cases."
    rows = held_out.to_frame().set_index("cases")
    fitted, judged, lost = (
        f"{money(row['net_value'], currency, True)} a year ({money(row['net_value_low'], currency, True)} to "
        f"{money(row['net_value_high'], currency, True)})"
        for row in (rows.loc[name].to_dict() for name in ("fitted", "held_out", "lost"))
    )
    return (
        f"Limits fitted to every other case bring {judged} on the rest, against {fitted} on their own cases: fitting "
        f"flatters them by {lost}."
    )


def _in_play(frontier: Frontier) -> list[str]:
    """Return the limits of the first tier that differ somewhere among the policies."""
    first = [outcome.policy.tiers[0].limits for outcome in (*frontier.outcomes, *frontier.beside)]
    return [name for name in LIMITS if len({limits[name] for limits in first}) > 1]


def _in(currency: str) -> Callable[[float], str]:
    return lambda value: money(value, currency)


def _table(title: str, heads: Sequence[str]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, show_header=any(heads)
    )
    for head in heads:
        table.add_column(head, justify="right" if head else "left", header_style="")
    return table
