"""Tables of limits: the recommended ones, what they are worth, the policies beside each other, one policy alone.

In: a setting, a recommendation, outcomes. Out: tables and lines for a terminal. Left to others: printing them (`cli`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from rich.table import Table

from policy_sim.show.terminal.tables import new_table
from policy_sim.show.wording import (
    LIKELY,
    TOO_FEW,
    WAYS,
    format_limit,
    format_money,
    format_number,
    format_share,
    format_stretch,
    likely_words,
    ways_words,
    year_words,
)
from policy_sim.study import Recommendation, Setting
from policy_sim.value import Difference, Outcome, interval
from policy_sim.words import LIMIT_KINDS, OUTCOMES

__all__ = ["escalation_words", "of_outcome", "of_recommendation"]

#: From this share of the draws with overloaded supervisors on, that is said instead of how long people wait.
_OFTEN = 0.05


def of_recommendation(setting: Setting, recommendation: Recommendation) -> list[Table | str]:
    """Return one screen: the log, the recommended limits, what they are worth, the policies beside each other.

    Parameters
    ----------
    setting
        What the policies were evaluated in.
    recommendation
        The limits that were found, and the policies that they were compared with.
    """
    scenario, payoffs = setting.scenario, setting.payoffs
    about = f"{scenario.title}: {len(payoffs.cases):,} cases, {ways_words(len(payoffs.draws))};\n{year_words(payoffs)}"
    best, gain = recommendation.best, recommendation.gain
    fixed = [LIMIT_KINDS[name].title.lower() for name in best.policy.tiers[0].limits if name not in best.curves]
    rest = "As good within 1%: of what that limit can bring, all the other limits as here.\n"
    rest += f"Other limits stay as in “{gain.baseline.policy.title}”: {', '.join(fixed)}.\n" if fixed else ""
    shares = best.simplicity.set_index("policy")["share_of_gain"]
    captured = (
        f"In whole units they capture {format_share(shares['rounded'])} of what the best resolution of every case\n"
        f"would gain, to the cent {format_share(shares['one limit for all'])}.\n"
    )
    title = f"What they are worth against “{gain.baseline.policy.title}” (likely: {LIKELY})"
    return [
        *_customers(setting),
        about + "\n",
        _limits(recommendation),
        rest + captured,
        _amounts(title, gain, signed=True),
        *_advice(gain),
        _policies(recommendation.differences),
        "",
        escalation_words(gain.outcome),
    ]


def of_outcome(outcome: Outcome) -> list[Table | str]:
    """Return what one policy brings, per case and per year, with 90 % intervals, and what it asks of others."""
    return [
        _amounts(f"{outcome.policy.title} (likely: {LIKELY})", outcome, signed=False),
        escalation_words(outcome),
    ]


def escalation_words(outcome: Outcome) -> str:
    """Say how busy supervisors are, and how long escalations wait for them, or that they are overloaded."""
    queue, title = outcome.queue, outcome.policy.title
    overloaded = float(queue.is_overloaded.mean())
    if overloaded > _OFTEN:
        return (
            f"Supervisors under “{title}”: overloaded in {format_share(overloaded)} of the\n{WAYS};\n"
            "more cases are escalated than they can answer, and "
            f"{format_share(float(queue.abandoned_share.mean()))} of those give up."
        )
    busy = " to ".join(format_share(occupancy) for occupancy in interval(queue.occupancy))
    low, high = (f"{60 * hours:.1f}" for hours in interval(queue.mean_wait_hours))
    return (
        f"Supervisors under “{title}”: busy {busy} of their time;\nescalations wait {low} to {high} minutes for them."
    )


def _advice(gain: Difference) -> list[str]:
    """Say what to do where there are too few cases."""
    if not gain.too_few():
        return []
    cases, groups = len(gain.outcome.payoffs.cases), gain.of_groups()
    whose = "" if cases == groups.units else f" of {groups.units:,} customers"
    needed = max(math.ceil(float(groups.needed())), groups.units + 1)
    return [
        f"{cases:,} cases{whose} are too few to tell: it takes {needed:,} or more, as\n"
        "they differ so much. The limits above are a guess; bring more cases.\n"
    ]


def _customers(setting: Setting) -> list[str]:
    if setting.customers is None:
        return []
    log, fits = setting.customers.transactions, (setting.customers.purchases, setting.customers.spend)
    currency = setting.scenario.currency
    mean_value = format_money(float(setting.customers.future_values.future_value.mean()), currency)
    case_value = format_money(float(setting.payoffs.cases.future_value.mean()), currency)
    return [
        f"{len(log.labels):,} customers, {len(log.amount):,} orders, "
        f"{log.reading.first_date} to {log.reading.last_date}",
        "; ".join(f"{fit.model} " + ", ".join(f"{n} {v:.3g}" for n, v in fit.parameters.items()) for fit in fits),
        f"Future value: {mean_value} a customer, {case_value} a case, right after its order",
        *_orders(setting),
    ]


def _orders(setting: Setting) -> list[str]:
    """Say which orders of the log the cases are, and how many of them are first ones."""
    if setting.orders is None:
        return []
    recent = setting.orders.recent
    which = f"those after {recent.after}, {len(recent.place):,} orders"
    if recent.is_closed_cohort:
        weeks = f"{recent.weeks_without_newcomers:.0f} weeks"
        which = f"all {len(recent.place):,} orders, as nobody new came in the last {weeks}"
    return [f"Cases are like {which};", f"{format_share(recent.share_in_use)} of them are first orders"]


def _limits(recommendation: Recommendation) -> Table:
    """Return the limits of all tiers now and at their best, and how far those of the first may stray."""
    best, policy = recommendation.best, recommendation.best.policy
    in_force, currency = recommendation.gain.baseline.policy, policy.currency
    table = new_table("Recommended limits", ("", "now", "best", "as good within 1%"))
    for tier in policy.tier_names[:-1]:
        table.add_row(tier, style="bold")
        for lever, (low, high) in best.regions.items():
            if lever.tier == tier:
                table.add_row(
                    f"  {LIMIT_KINDS[lever.limit].title}",
                    format_limit(in_force.limit(tier, lever.limit), currency),
                    "any" if lever in best.unreached else format_limit(policy.limit(tier, lever.limit), currency),
                    format_stretch(low, high, currency),
                )
    return table


def _amounts(title: str, result: Outcome | Difference, signed: bool) -> Table:
    """Return every outcome a case and a year with its interval; `signed` writes a plus before what is above 0."""
    table = new_table(title, ("", "a case", "likely", "a year", "likely"))
    for name, kind in OUTCOMES.items():
        row = []
        for values, is_yearly in ((result.per_case(name), False), (result.per_year(name), True)):
            text = _format_of(result, name, is_yearly, signed)
            low, high = (text(end) for end in (result.interval_per_year if is_yearly else result.interval)(name))
            likely = "" if low == high else f"{low} to {high}"
            row += [text(float(values.mean())), likely if is_yearly or not likely else likely_words(result, name, text)]
        if row[1] == TOO_FEW:
            row[3] = ""
        table.add_row(kind.title, *row)
    return table


def _format_of(result: Outcome | Difference, name: str, is_yearly: bool, signed: bool) -> Callable[[float], str]:
    """Return how the numbers of an outcome are formatted: a share of the cases is a count in a year."""
    outcome = result.outcome if isinstance(result, Difference) else result
    unit = OUTCOMES[name].unit
    if unit == "money":
        return lambda value: format_money(value, outcome.policy.currency, signed)
    if unit == "share" and not is_yearly:
        return lambda value: format_share(value, signed)
    return lambda value: format_number(value, signed)


def _policies(differences: Sequence[Difference]) -> Table:
    table = new_table(
        f"\nPolicies (net value a year against “{differences[0].baseline.policy.title}”; the rest a case)",
        ("", "net value", "likely", "remedies", "kept", "asked"),
    )
    for difference in differences:
        outcome, currency = difference.outcome, difference.outcome.policy.currency
        gain = difference.per_year()
        is_baseline = outcome is difference.baseline
        likely = likely_words(difference, "net_value", partial(format_money, currency=currency, signed=True), True)
        table.add_row(
            outcome.policy.title,
            "in force" if is_baseline else format_money(float(gain.mean()), currency, True),
            "" if is_baseline else likely,
            format_money(float(outcome.per_case("remedy_cost").mean()), currency),
            format_share(float(outcome.per_case("customers_kept").mean())),
            format_share(float(outcome.per_case("escalated").mean())),
        )
    return table
