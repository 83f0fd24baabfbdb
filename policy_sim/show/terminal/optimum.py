"""Tables of best limits: what speaks for them, the frontier, keeping or sending back.

In: an optimum, a frontier, comparisons of keeping and returning. Out: tables for a terminal.
Left to others: printing them (`cli`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from rich.table import Table

from policy_sim.policy import NO_LIMIT, Policy, limit_words
from policy_sim.show.terminal.gap import gap_table, two_halves
from policy_sim.show.terminal.limits import escalation_words
from policy_sim.show.terminal.tables import new_table, prose
from policy_sim.show.wording import (
    LIKELY,
    TOO_FEW,
    WAYS,
    format_limit,
    format_money,
    format_number,
    format_share,
    format_stretch,
    ways_words,
    year_words,
)
from policy_sim.study import HeldOut, Optimum, Setting
from policy_sim.value import BestLimits, Difference, Frontier, KeepOrReturn
from policy_sim.words import LIMIT_KINDS, LIMITS, OUTCOMES, RETURN_PARTS, SIMPLICITY, SPARED

__all__ = ["of_frontier", "of_keep_or_return", "of_optimum"]

_STRETCHES = (
    "As good: gives up at most 1% of what that limit can bring, all others as here (alone), or set anew for it (with "
    "the others). "
)


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
        f"{len(payoffs.cases):,} cases{_drawn_words(setting)}, {ways_words(len(payoffs.draws))}; {year_words(payoffs)}"
    )
    agreed = f"{best.agreeing_starts} of {best.starts} searches from different limits ended as high. "
    return [
        prose(setting.scenario.title, about),
        _optimum_limits(optimum, currency),
        prose("", f"{_STRETCHES}{agreed}{_bound_words(best)}{rest}"),
        *_exceptions(policy),
        _simplicity(best, in_force),
        prose("", _simplicity_words(best, in_force)),
        prose(f"\nAgainst “{in_force.title}”", f"{_gain_words(gain)} {escalation_words(gain.outcome)}"),
        *gap_table(
            "\nWhat keeps it from the best of every case",
            (("in force", optimum.gap), ("best limits", optimum.gap_left)),
        ),
        prose("", two_halves(gain, optimum.gap_left)),
        *_bounds(best, bounds),
        prose("\nIf extra claims were ignored", _ignoring_words(optimum.ignoring)),
        prose("\nWith customers that the limits were not fitted to", _held_out_words(optimum.held_out, currency)),
    ]


def of_frontier(frontier: Frontier) -> list[Table]:
    """Return the policies along the frontier: what is spared, net value, price of the next; then their limits."""
    in_force = frontier.beside[0].policy
    currency, first = in_force.currency, in_force.tier_names[0]
    spared = SPARED[frontier.over]
    is_money = OUTCOMES[spared.outcome].unit == "money"
    titles = {outcome.policy.name: outcome.policy.title for outcome in frontier.beside}
    differing = _differing_limits(frontier)
    table = new_table(
        f"Highest net value for what is spared, a year (against: “{in_force.title}”)",
        ("", f"{spared.head} a year", "net value", "against", "likely", "price"),
    )
    limits = new_table(f"\nLimits of the {first}", ("", *(LIMIT_KINDS[name].title for name in differing)))
    for row in frontier.to_frame().to_dict("records"):
        title = titles.get(row["policy"], str(row["policy"]).replace("_", " "))
        is_in_force = row["policy"] == in_force.name
        low, high = (format_money(row[end], currency, True) for end in ("gain_low", "gain_high"))
        likely = TOO_FEW if row["too_few_cases"] else f"{low} to {high}"
        amount = row[spared.outcome]
        table.add_row(
            title,
            format_money(amount, currency) if is_money else format_number(amount),
            format_money(row["net_value"], currency),
            "" if is_in_force else format_money(row["gain"], currency, True),
            "" if is_in_force else likely,
            "" if np.isnan(row["price"]) else format_money(row["price"], currency),
        )
        limits.add_row(title, *(format_limit(row[f"{first}.{name}"], currency) for name in differing))
    words = f"Price: what each {spared.one_more} adds to net value, since the row above. Likely: {LIKELY}; paired."
    return [table, prose("", words), limits]


def of_keep_or_return(answers: Sequence[KeepOrReturn], currency: str) -> list[Table]:
    """Return up to which price keeping beats a return, by formula and by simulation, and what speaks on each side."""
    failures = [answer.failure.replace("_", " ") for answer in answers]
    prices = new_table(
        "Keep the item, or send it back?", ("", "keep below", "simulated best limit", "price of the parts")
    )
    for failure, answer in zip(failures, answers, strict=True):
        prices.add_row(
            failure,
            "always" if answer.keep_below == NO_LIMIT else format_limit(round(answer.keep_below), currency),
            format_stretch(answer.simulated, answer.simulated_until, currency),
            format_limit(answer.price, currency),
        )
    parts = new_table("\nWhat keeping saves (−: gives away)", ("", *failures))
    for part in RETURN_PARTS.values():
        parts.add_row(
            part.when_kept, *(format_money(answer.components[part.name], currency, True) for answer in answers)
        )
    sums = [sum(answer.components.values()) for answer in answers]
    parts.add_row("in all", *(format_money(amount, currency, True) for amount in sums), style="bold")
    words = (
        "Keep below: by a formula, at the central assumptions. Simulated: best over the cases and the mean of the "
        f"{WAYS}. The parts are those of the middle price, a case."
    )
    return [prices, parts, prose("", words)]


def _drawn_words(setting: Setting) -> str:
    """Say from whom cases were drawn, and by which models."""
    if setting.customers is None:
        return ""
    customers = setting.customers
    models = f"{customers.purchases.model} and {customers.spend.model}"
    return f" of {len(customers.transactions.labels):,} customers ({models})"


def _optimum_limits(optimum: Optimum, currency: str) -> Table:
    heads = ("", "in force", "best", "as good alone", "with the others", " ")
    table = new_table("\nLimits of every tier that could move", heads)
    table.columns[-1].justify = "left"
    for tier, rows in optimum.limits.groupby("tier", sort=False):
        table.add_row(str(tier), style="bold")
        for row in rows.to_dict("records"):
            table.add_row(
                f"  {LIMIT_KINDS[row['limit']].title}",
                format_limit(row["in_force"], currency),
                format_limit(row["best"], currency),
                format_stretch(row["low"], row["high"], currency),
                format_stretch(row["joint_low"], row["joint_high"], currency),
                row["reason"],
            )
    return table


def _bound_words(best: BestLimits) -> str:
    """Say what no limits of this kind are worth more than, and what that leaves open."""
    currency, yearly = best.policy.currency, best.payoffs.scenario.value("shop.cases_per_year")
    gained = best.found - float(best.simplicity["net_value"].iloc[0])
    left = max(best.bound - best.found, 0.0)
    share = f", {format_share(left / gained)} of what they gain" if gained > 0 else ""
    most, found, short = (format_money(value * yearly, currency) for value in (best.bound, best.found, left))
    words = (
        "No limits of these kinds, one for all cases, nobody waiting for a supervisor, are worth more than "
        f"{most} a year; found: {found}, at most {short} short{share}."
    )
    if best.not_asking:
        names = ", ".join(str(lever) for lever in best.not_asking)
        more = format_money(best.forgone * yearly, currency)
        words += (
            f" “Ask first” for {names} would bring {more} a year more, but only as agents would give something else, "
            "not as somebody above would decide better: what to give is a rule of its own."
        )
    return words


def _exceptions(policy: Policy) -> list[Table]:
    """Say for each exception whom it is for and what may be done, one line each."""
    if not policy.exceptions:
        return []
    table = new_table("\nExceptions", ("",))
    for exception in policy.exceptions:
        only = ", ".join(part.replace("_", " ") for part in (exception.failure, exception.segment) if part)
        words = "; ".join(limit_words(name, value, policy.currency) for name, value in exception.limits.items())
        table.add_row(f"{exception.tier}, {only}: {words}")
    return [table]


def _simplicity(best: BestLimits, in_force: Policy) -> Table:
    yearly = best.payoffs.scenario.value("shop.cases_per_year")
    currency = best.policy.currency
    table = new_table("\nPrice of simplicity", ("", "a case", "a year", "of what is possible", "exceptions"))
    for row in best.simplicity.to_dict("records"):
        table.add_row(
            SIMPLICITY.get(row["policy"], row["policy"]).replace("in force", f"“{in_force.title}”"),
            format_money(row["net_value"], currency),
            format_money(yearly * row["net_value"], currency),
            format_share(row["share_of_gain"]),
            "" if row["policy"] == "oracle" else f"{row['exceptions']}",
        )
    return table


def _simplicity_words(best: BestLimits, in_force: Policy) -> str:
    rows = best.simplicity.set_index("policy")
    last = next(name for name in reversed(rows.index) if name not in ("oracle", "limits of its own for each cell"))
    missed = float(rows["net_value"]["oracle"] - rows["net_value"][last])
    yearly = format_money(missed * best.payoffs.scenario.value("shop.cases_per_year"), best.policy.currency)
    return (
        f"These limits get {format_share(rows['share_of_gain'][last])} of what the best resolution of every case "
        f"would bring beyond “{in_force.title}”; rules so simple leave {yearly} a year."
    )


def _gain_words(gain: Difference) -> str:
    currency = gain.outcome.policy.currency
    low, high = (format_money(end, currency, True) for end in gain.interval_per_year())
    mean = format_money(float(gain.per_year().mean()), currency, True)
    if gain.too_few():
        return f"Net value {mean} a year: {TOO_FEW}."
    apart = "" if gain.told_apart() else "; the two cannot be told apart"
    return f"Net value {mean} a year, likely {low} to {high} ({LIKELY}){apart}."


def _bounds(best: BestLimits, bounds: Mapping[str, float | None]) -> list[Table]:
    """Say of each bound whether it holds the limits back, and what a little more of it would bring."""
    currency, lines = best.policy.currency, []
    for name, bound in bounds.items():
        if bound is None:
            continue
        if OUTCOMES[SPARED[name].outcome].unit == "money":
            words, unit = f"{format_money(bound, currency)} a year for remedies", "each unit of money more for remedies"
        else:
            words, unit = f"{bound:,.0f} supervisor minutes a year", "each minute more"
        price = format_money(best.shadow_price, currency)
        effect = f"holds the limits back; {unit} would bring {price}." if best.binding == name else "does not bind."
        lines.append(f"{words}: {effect}")
    return [prose("\nBounds", "\n".join(lines))] if lines else []


def _ignoring_words(ignoring: Difference) -> str:
    """Say what limits cost that are best if nobody learns to claim, when people do."""
    policy, currency = ignoring.outcome.policy, ignoring.outcome.policy.currency
    first = policy.tiers[0]
    changed = [
        f"{LIMIT_KINDS[name].title.lower()} {format_limit(value, currency)}"
        for name, value in first.limits.items()
        if value != ignoring.baseline.policy.tiers[0].limits[name]
    ]
    if policy.tiers == ignoring.baseline.policy.tiers and policy.exceptions == ignoring.baseline.policy.exceptions:
        return "The best limits would be the same."
    where = f"The {first.name} would get: {', '.join(changed)}. " if changed else "Other limits would move. "
    cost = -ignoring.per_year()
    if cost.mean() < 0:
        ahead = format_money(-float(cost.mean()), currency)
        return f"{where}They come out {ahead} a year ahead even so: no search is sure to find the very best."
    high, low = (format_money(-end, currency) for end in ignoring.interval_per_year())
    mean = format_money(float(cost.mean()), currency)
    if ignoring.too_few():
        return f"{where}As people do learn, that costs {mean} a year: {TOO_FEW}."
    apart = "" if ignoring.told_apart() else "; cannot be told apart"
    return f"{where}As people do learn, that costs {mean} a year, likely {low} to {high}{apart}."


def _held_out_words(held_out: HeldOut | None, currency: str) -> str:
    if held_out is None:
        return "The cases of half of the customers are too few to find limits that keep to the bounds; bring more."
    if held_out.too_few:
        return f"The cases of half of the customers: {TOO_FEW}; bring more cases."
    words = {}
    for row in held_out.to_frame().to_dict("records"):
        mean, low, high = (format_money(row[f"net_value{end}"], currency, True) for end in ("", "_low", "_high"))
        words[row["cases"]] = f"{mean} a year ({low} to {high})"
    return (
        f"Limits fitted to half of the customers bring {words['held_out']} with the others, against {words['fitted']} "
        f"with their own: fitting flatters them by {words['lost']}."
    )


def _differing_limits(frontier: Frontier) -> list[str]:
    """Return the limits of the first tier that differ somewhere among the policies."""
    first = [outcome.policy.tiers[0].limits for outcome in (*frontier.outcomes, *frontier.beside)]
    return [name for name in LIMITS if len({limits[name] for limits in first}) > 1]
