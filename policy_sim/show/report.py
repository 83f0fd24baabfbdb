"""Report: results as tables for a terminal, at most 80 characters wide.

In: a setting, best limits, outcomes, differences. Out: rich tables and lines of text. Left to others: printing them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from numpy import float64
from numpy.typing import NDArray
from rich.table import Table

from policy_sim.policy import NO_LIMIT
from policy_sim.show.wording import LIMIT_TITLES, OUTCOME_TITLES, limit_text, money, number, share
from policy_sim.study import Setting
from policy_sim.value import BestLimits, Difference, Outcome, interval

__all__ = ["of_outcome", "of_run"]

Floats = NDArray[float64]


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
    ]


def of_outcome(outcome: Outcome) -> Table:
    """Return what one policy brings, per case and per year, with 90 % intervals."""
    return _amounts(f"{outcome.policy.title} (likely: 90% of the draws)", outcome, signed=False)


def _customers(setting: Setting) -> list[str]:
    if setting.customers is None:
        return []
    log, buying, spend = setting.customers.transactions, setting.customers.purchases, setting.customers.spend
    currency = setting.scenario.currency
    mean_value = money(float(setting.customers.future_values.future_value.mean()), currency)
    case_value = money(float(setting.payoffs.cases.future_value.mean()), currency)
    return [
        f"{len(log.labels):,} customers, {len(log.amount):,} orders, "
        f"{log.reading.first_date} to {log.reading.last_date}",
        f"BG/NBD r {buying.r:.3f}, alpha {buying.alpha_weeks:.3f} weeks, a {buying.a:.3f}, b {buying.b:.3f}; "
        f"Gamma-Gamma p {spend.p:.2f}, q {spend.q:.2f}, v {spend.v:.2f}",
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
    if name == "minutes":
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


def _table(title: str, heads: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, justify="right" if head else "left", header_style="")
    return table
