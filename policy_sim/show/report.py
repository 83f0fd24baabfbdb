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
from rich.table import Table

from policy_sim.assumptions import ACTS, Assumption, Remedy, Scenario
from policy_sim.clv import Fit, FutureValues, RecoveryBgNbdFit
from policy_sim.clv.comparison import ModelComparison
from policy_sim.clv.recovery_bg_nbd import CAVEATS
from policy_sim.policy import NO_LIMIT
from policy_sim.service.remedies import compose
from policy_sim.show.wording import (
    LIMIT_TITLES,
    OUTCOME_TITLES,
    assumption_value,
    limit_text,
    money,
    number,
    share,
)
from policy_sim.study import Matters, Setting
from policy_sim.value import BestLimits, Difference, Outcome, compare, interval

__all__ = [
    "of_comparison",
    "of_contracts",
    "of_failures",
    "of_fits",
    "of_future_values",
    "of_opportunities",
    "of_outcome",
    "of_run",
    "of_scenario",
    "of_scenarios",
    "of_what_matters",
]

Floats = NDArray[np.float64]

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
    fixed = [LIMIT_TITLES[name].lower() for name in best.policy.tiers[0].limits if name not in best.curves]
    rest = f"Other limits stay as in “{recommended.baseline.policy.title}”: {', '.join(fixed)}.\n"
    title = f"What they are worth against “{recommended.baseline.policy.title}” (likely: 90% of the draws)"
    return [
        *_customers(setting),
        about + "\n",
        _limits(best, recommended),
        rest,
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
                OUTCOME_TITLES[row["outcome"]],
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
    tier, above = best.policy.tier_names[:2]
    currency = best.policy.currency
    table = _table(f"Recommended limits of the {tier}", ("", "in force", "best", "as good within 1%", ""))
    for name, curve in best.curves.items():
        low, high = curve.flat_region()
        found = best.policy.limit(tier, name)
        flat = limit_text(low, currency) + (" or more" if high == NO_LIMIT else f" to {limit_text(high, currency)}")
        is_held = found == best.policy.bounds(curve.lever)[1] != NO_LIMIT
        table.add_row(
            LIMIT_TITLES[name],
            limit_text(recommended.baseline.policy.limit(tier, name), currency),
            limit_text(found, currency),
            flat,
            f"held by the {above}'s limit" if is_held else "",
        )
    return table


def _amounts(title: str, result: Outcome | Difference, signed: bool) -> Table:
    table = _table(title, ("", "a case", "likely", "a year", "likely"))
    for name, words in OUTCOME_TITLES.items():
        row = []
        for values, yearly in ((result.per_case(name), False), (result.per_year(name), True)):
            text = _formatter(result, name, yearly, signed)
            low, high = (text(each) for each in interval(values))
            row += [text(float(values.mean())), "" if low == high else f"{low} to {high}"]
        if isinstance(result, Difference) and row[1] and not result.told_apart(name):
            row[1] = "cannot be told apart"
        table.add_row(words, *row)
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
            f"Second line under “{title}”: overloaded in {share(overloaded)} of the draws; more is passed on than it "
            f"can answer, and {share(float(queue.abandoned_share.mean()))} of those who are passed on give up."
        )
    low, high = (f"{60 * each:.1f}" for each in interval(queue.mean_wait_hours))
    return f"Second line under “{title}”: {busy}; who is passed on waits {low} to {high} minutes for it."


def _table(title: str, heads: Sequence[str]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, show_header=any(heads)
    )
    for head in heads:
        table.add_column(head, justify="right" if head else "left", header_style="")
    return table
